/* SPDX-License-Identifier: MIT
 *
 * A gtviz that only views (make REPLAY_ONLY=1): what it says instead of recording, and
 * its doctor.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/doctor.h"
#include "tracer/cmd/out.h"

#define WHY  "this gtviz only shows what others recorded"
#define MEND "build it without REPLAY_ONLY=1, on Linux"

int gtv_cmd_viewer_only(const char *what, struct gtv_err *err)
{
	return gtv_err_set(err, GTV_EUNAVAIL, what, MEND, "%s", WHY);
}

int gtv_cmd_record(const struct gtv_options *opts)
{
	struct gtv_err err = {0};

	(void)opts;
	gtv_cmd_viewer_only("record", &err);
	return gtv_cmd_launch_error(&err);
}

int gtv_cmd_import(const struct gtv_options *opts)
{
	struct gtv_err err = {0};

	(void)opts;
	gtv_cmd_viewer_only("import", &err);
	return gtv_cmd_error(&err);
}

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text ? text : ""));
}

int gtv_cmd_doctor(const struct gtv_options *opts)
{
	const char *term = getenv("TERM");
	int colours = gtv_doctor_colours(term);

	setlocale(LC_CTYPE, "");
	if (!opts->json) {
		printf("LEVELS\n  none: %s\n  to mend: %s\n", WHY, MEND);
		printf("\nTERMINAL\n  type           %s\n  colours        %d\n"
		       "  characters     %s\n",
		       term ? term : "not set", colours, nl_langinfo(CODESET));
		gtv_doctor_print_settings();
		return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
	}
	struct json_object *o = json_object_new_object(), *t = json_object_new_object();

	put_text(o, "version", GTV_VERSION);
	json_object_object_add(o, "levels", json_object_new_array());
	json_object_object_add(o, "best_level", json_object_new_int(-1));
	put_text(o, "why", WHY);
	put_text(o, "mend", MEND);
	put_text(t, "term", term);
	json_object_object_add(t, "colours", json_object_new_int(colours));
	put_text(t, "charset", nl_langinfo(CODESET));
	json_object_object_add(o, "terminal", t);
	json_object_object_add(o, "settings", gtv_doctor_settings_json());
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
}
