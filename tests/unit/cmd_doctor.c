/* SPDX-License-Identifier: MIT
 * `gtviz doctor`: whatever this machine is, it must say so and not invent.
 */
#include "tests/unit/cmd_trace.h"

#include <json-c/json.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/doctor.h"
#include "tracer/source/source.h"

static int call_doctor(void *opts)
{
	return gtv_cmd_doctor(opts);
}

static struct json_object *get(struct json_object *o, const char *path)
{
	struct json_object *v = NULL;

	if (json_pointer_get(o, path, &v))
		fail_msg("no %s in %.300s", path, json_object_to_json_string(o));
	return v;
}

static struct json_object *doctor(void)
{
	struct gtv_options opts = {.json = 1};
	struct json_object *o;
	int rc;
	char *text = captured(call_doctor, &opts, &rc);

	assert_int_equal(rc, 0);
	o = json_tokener_parse(text);
	if (!o)
		fail_msg("not JSON: %.300s", text);
	free(text);
	return o;
}

/* Every source has its level, as its probe says; a level that fails says why. */
static void levels_are_what_the_probes_say(void **state)
{
	struct json_object *o = doctor(), *list = get(o, "/levels");
	size_t count = 0;
	int best = 0;

	(void)state;
	for (; gtv_sources[count]; count++) {
		struct json_object *l = json_object_array_get_idx(list, count);
		struct gtv_err err = {0};
		int works = gtv_sources[count]->probe(&err) == 0;

		assert_int_equal(json_object_get_int(get(l, "/level")),
				 gtv_sources[count]->level);
		assert_int_equal(json_object_get_boolean(get(l, "/works")), works);
		assert_int_equal(json_object_get_string_len(get(l, "/why")) == 0, works);
		if (works && gtv_sources[count]->level > best)
			best = gtv_sources[count]->level;
	}
	assert_int_equal(json_object_array_length(list), count + 1); /* and level 0 */
	assert_int_equal(json_object_get_int(get(o, "/best_level")), best);
	json_object_put(o);
}

static void it_names_libraries_machine_user_and_terminal(void **state)
{
	struct json_object *o = doctor(), *list = get(o, "/libraries");

	(void)state;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *l = json_object_array_get_idx(list, i);
		int built_in = json_object_get_boolean(get(l, "/built_in"));

		assert_int_equal(json_object_get_string_len(get(l, "/version")) > 0,
				 built_in);
	}
	assert_true(json_object_get_string_len(get(o, "/machine/kernel")) > 0);
	assert_true(json_object_get_int(get(o, "/machine/cores_online")) > 0);
	assert_non_null(get(o, "/machine/clock"));
	assert_int_equal(json_object_get_boolean(get(o, "/machine/io_uring")),
			 !gtv_doctor_uring());
	assert_int_equal(json_object_get_int(get(o, "/user/uid")), (int)geteuid());
	assert_false(json_object_get_boolean(get(o, "/terminal/tty")));
	json_object_put(o);
}

static void a_hostile_terminal_type_is_escaped(void **state)
{
	struct gtv_options opts = {0};
	char *text;
	int rc;

	(void)state;
	setenv("TERM", "\033]0;owned\007", 1);
	text = captured(call_doctor, &opts, &rc);
	assert_int_equal(rc, 0);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "\\x1b]0;owned"));
	free(text);
	assert_int_equal(gtv_doctor_colours("no-such-terminal"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_what_the_probes_say),
		cmocka_unit_test(it_names_libraries_machine_user_and_terminal),
		cmocka_unit_test(a_hostile_terminal_type_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
