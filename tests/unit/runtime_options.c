/* SPDX-License-Identifier: MIT
 *
 * GT_POLICY: every policy, parameter and well-known name of the tables is told as it is
 * when something is wrong with it, and stands in gtviz.1, and with --policy in what its
 * pages are made of, as it is here.
 */
#include "runtime/core/options.c"

#include "tests/unit/runtime_rig.h"

#define PAGE	  "docs/gtviz.1"
#define OPTIONS	  "docs/man/options.mdoc"
#define WORDS_MAX 64
#define ERROR_MAX 256 /* gt_run has so much room */

/* ------------------------------------------------------------------- errors */

static void expect_error(const char *text, const char *error)
{
	char got[ERROR_MAX];

	assert_null(gt__policy_parse(text, got, sizeof got));
	assert_string_equal(got, error);
}

static void a_wrong_policy_is_told_with_all_there_are(void **state)
{
	char error[1024] = "no policy 'nosuch' (there are: ";

	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		strcat(error, i ? ", " : "");
		strcat(error, policies[i]->name);
	}
	strcat(error, ")");
	expect_error("nosuch", error);
	expect_error("nosuch,cores=1", error);
}

static void a_wrong_parameter_is_told_with_all_it_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		const struct gt__param *params = policies[i]->params;
		char error[1024], text[64];

		snprintf(text, sizeof text, "%s,nosuch=1", policies[i]->name);
		snprintf(error, sizeof error, "policy %s takes no parameter 'nosuch' (%s",
			 policies[i]->name,
			 params[0].name ? "it takes: " : "it takes none");
		for (int p = 0; p < GT__PARAMS_MAX && params[p].name; p++) {
			strcat(error, p ? ", " : "");
			strcat(error, params[p].name);
		}
		strcat(error, ")");
		expect_error(text, error);
	}
}

/* Too little, too much, and nonsense: the line says what would be right. */
static void refuse_value(const struct gt__policy *policy, const struct gt__param *param,
			 const char *value)
{
	char text[128], begin[128], got[ERROR_MAX];

	snprintf(text, sizeof text, "%s,%s=%s", policy->name, param->name, value);
	snprintf(begin, sizeof begin, "parameter %s cannot be '%s' (", param->name, value);
	assert_null(gt__policy_parse(text, got, sizeof got));
	assert_memory_equal(got, begin, strlen(begin));
	assert_int_equal(got[strlen(got) - 1], ')');
	assert_null(strchr(got, '\n'));
	if (param->unit == GT__UNIT_CHOICE)
		assert_non_null(strstr(got, param->choices));
}

static void wrong_values_of(const struct gt__policy *policy, const struct gt__param *param)
{
	char value[64];

	refuse_value(policy, param, "");
	refuse_value(policy, param, "x");
	refuse_value(policy, param, "-1");
	refuse_value(policy, param, "99999999999999999999");
	if (param->unit == GT__UNIT_CHOICE)
		return;
	snprintf(value, sizeof value, "%" PRIu64 "%s", param->max + 1,
		 param->unit == GT__UNIT_TIME ? "ns" : "");
	refuse_value(policy, param, value);
	if (!param->min)
		return;
	snprintf(value, sizeof value, "%" PRIu64 "%s", param->min - 1,
		 param->unit == GT__UNIT_TIME ? "ns" : "");
	refuse_value(policy, param, value);
}

static void a_wrong_value_is_told_with_what_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++)
		for (int p = 0; p < GT__PARAMS_MAX && policies[i]->params[p].name; p++)
			wrong_values_of(policies[i], &policies[i]->params[p]);
}

static void accept_value(const struct gt__policy *policy, const struct gt__param *param,
			 uint64_t value)
{
	char text[128], error[ERROR_MAX];

	snprintf(text, sizeof text, "%s,%s=%" PRIu64 "%s", policy->name, param->name, value,
		 param->unit == GT__UNIT_TIME ? "ns" : "");
	assert_ptr_equal(gt__policy_parse(text, error, sizeof error), policy);
	assert_true(gt__param(param->name) == value);
}

static void the_least_and_the_most_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < POLICIES; i++) {
		const struct gt__param *param = policies[i]->params;

		for (; param < policies[i]->params + GT__PARAMS_MAX && param->name;
		     param++) {
			if (param->unit == GT__UNIT_CHOICE)
				continue;
			accept_value(policies[i], param, param->min);
			accept_value(policies[i], param, param->max);
		}
	}
}

static void a_well_known_name_is_its_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALIASES; i++) {
		char error[ERROR_MAX];
		const struct gt__policy *policy =
			gt__policy_parse(aliases[i].name, error, sizeof error);

		assert_non_null(policy);
		assert_string_equal(policy->name, aliases[i].policy);
		assert_string_equal(gt__policy_alias(), aliases[i].name);
		assert_null(find_policy(aliases[i].name, strlen(aliases[i].name)));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(aliases[i].name, aliases[j].name);
	}
}

/* ----------------------------------------------------------------- the page */

static char page[1 << 17];

/* From the line that is `line`. */
static char *line_from(char *at, const char *line)
{
	size_t len = strlen(line);

	for (; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (!strncmp(at, line, len) && (at[len] == '\n' || !at[len]))
			return at;
	fail_msg("%s: no line '%s'", PAGE, line);
	return NULL;
}

/* Both, one behind the other. */
static int read_page(void **state)
{
	static const char *const names[] = {PAGE, OPTIONS};
	size_t used = 0;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		FILE *f = fopen(names[i], "r");
		size_t n = f ? fread(page + used, 1, sizeof page - 1 - used, f) : 0;

		if (f)
			fclose(f);
		used += n;
		if (!n || used == sizeof page - 1) {
			print_error("%s cannot be read: tests run in the source's own "
				    "folder\n",
				    names[i]);
			return -1;
		}
	}
	page[used] = '\0';
	return 0;
}

struct words {
	char word[WORDS_MAX][32];
	int count;
};

static int has_word(const struct words *words, const char *word)
{
	for (int i = 0; i < words->count; i++)
		if (!strcmp(words->word[i], word))
			return 1;
	return 0;
}

/* The arguments of a macro that are words; what is set right behind one is no more. */
static void add_words(struct words *words, const char *line)
{
	char copy[256], *save, *token;

	snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
	for (token = strtok_r(copy, " ", &save); token;
	     token = strtok_r(NULL, " ", &save)) {
		if (!strcmp(token, "Ns"))
			return;
		if (!isalnum((unsigned char)*token))
			continue;
		assert_true(words->count < WORDS_MAX && strlen(token) < 32);
		strcpy(words->word[words->count++], token);
	}
}

static char *next_line(char *line)
{
	char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

static int begins(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

/* What lines of .Cm name up to the next item, or the end of the list. */
static struct words words_of(char *item, char **end)
{
	struct words words = {.count = 0};
	char *line = next_line(item);

	for (; *line && !begins(line, ".It ") && !begins(line, ".El");
	     line = next_line(line))
		if (begins(line, ".Cm "))
			add_words(&words, line + 4);
	*end = line;
	return words;
}

static void split_choices(struct words *words, const char *choices)
{
	char copy[256], *save, *token;

	snprintf(copy, sizeof copy, "%s", choices);
	for (token = strtok_r(copy, "|", &save); token; token = strtok_r(NULL, "|", &save))
		add_words(words, token);
}

/* "(5ms)", "(100)": where it has a default that is a figure. */
static void expect_default(const struct gt__param *param, const char *item, const char *end)
{
	char shown[64];
	const char *at;

	if (param->unit == GT__UNIT_CHOICE || !param->value)
		return;
	if (param->unit == GT__UNIT_TIME)
		snprintf(shown, sizeof shown, "(%gms)", (double)param->value / 1e6);
	else
		snprintf(shown, sizeof shown, "(%" PRIu64 ")", param->value);
	at = strstr(item, shown);
	if (!at || at > end)
		fail_msg("%s: parameter %s: no '%s'", PAGE, param->name, shown);
}

static void compare_policy(const struct gt__policy *policy, char *list)
{
	struct words right = {.count = 0}, found;
	char line[64], *item, *end;

	snprintf(line, sizeof line, ".It Cm %s", policy->name);
	item = line_from(list, line);
	found = words_of(item, &end);
	for (int p = 0; p < GT__PARAMS_MAX && policy->params[p].name; p++) {
		const struct gt__param *param = &policy->params[p];

		add_words(&right, param->name);
		if (param->unit == GT__UNIT_CHOICE)
			split_choices(&right, param->choices);
		expect_default(param, item, end);
	}
	for (int i = 0; i < right.count; i++)
		if (!has_word(&found, right.word[i]))
			fail_msg("%s: %s: nothing of '%s'", PAGE, policy->name,
				 right.word[i]);
	for (int i = 0; i < found.count; i++)
		if (!has_word(&right, found.word[i]))
			fail_msg("%s: %s: there is no '%s'", PAGE, policy->name,
				 found.word[i]);
}

static int items_of(char *list)
{
	int items = 0;

	for (char *line = next_line(list); *line && !begins(line, ".El");
	     line = next_line(line))
		items += begins(line, ".It ");
	return items;
}

static void the_page_has_all_policies_and_parameters(void **state)
{
	char *list =
		line_from(line_from(page, ".It Ev GT_POLICY"), ".Bl -tag -width quantum");

	(void)state;
	for (size_t i = 0; i < POLICIES; i++)
		compare_policy(policies[i], list);
	assert_int_equal(items_of(list), POLICIES);
}

static void the_option_has_all_policies(void **state)
{
	char *end;
	struct words found = words_of(line_from(page, ".It Fl Fl policy Ar NAME"), &end);

	(void)state;
	for (size_t i = 0; i < POLICIES; i++)
		if (!has_word(&found, policies[i]->name))
			fail_msg("%s: --policy: nothing of '%s'", OPTIONS,
				 policies[i]->name);
	assert_int_equal(found.count, POLICIES);
}

/* What the page says of a well-known name: the policy with its parameters. */
static void expect_alias(char *list, const struct alias *wanted)
{
	char stands_for[128];

	snprintf(stands_for, sizeof stands_for, ".Li %s%s\n", wanted->policy,
		 wanted->params);
	for (char *line = next_line(list); *line && !begins(line, ".El");
	     line = next_line(line)) {
		struct words names = {.count = 0};

		if (!begins(line, ".It Cm "))
			continue;
		add_words(&names, line + 7);
		if (!has_word(&names, wanted->name))
			continue;
		if (!begins(next_line(line), stands_for))
			fail_msg("%s: %s is not %s", PAGE, wanted->name, stands_for);
		return;
	}
	fail_msg("%s: nothing of the name '%s'", PAGE, wanted->name);
}

static void the_page_has_all_well_known_names(void **state)
{
	char *list = line_from(page, ".Bl -tag -compact -width windowsserver");
	struct words names = {.count = 0};

	(void)state;
	for (size_t i = 0; i < ALIASES; i++)
		expect_alias(list, &aliases[i]);
	for (char *line = next_line(list); *line && !begins(line, ".El");
	     line = next_line(line))
		if (begins(line, ".It Cm "))
			add_words(&names, line + 7);
	assert_int_equal(names.count, ALIASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_policy_is_told_with_all_there_are),
		cmocka_unit_test(a_wrong_parameter_is_told_with_all_it_takes),
		cmocka_unit_test(a_wrong_value_is_told_with_what_is_right),
		cmocka_unit_test(the_least_and_the_most_are_right),
		cmocka_unit_test(a_well_known_name_is_its_policy),
		cmocka_unit_test(the_page_has_all_policies_and_parameters),
		cmocka_unit_test(the_option_has_all_policies),
		cmocka_unit_test(the_page_has_all_well_known_names),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
