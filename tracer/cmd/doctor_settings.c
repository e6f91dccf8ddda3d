/* SPDX-License-Identifier: MIT
 *
 * What `gtviz doctor` says of the settings file: which one is used, and what is wrong
 * with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "tracer/base/names.h"
#include "tracer/cmd/doctor.h"

void (*gtv_doctor_ask_settings)(struct gtv_doctor_settings *out);

static struct gtv_doctor_settings *ask(void)
{
	struct gtv_doctor_settings *s = calloc(1, sizeof *s);

	if (s && gtv_doctor_ask_settings)
		gtv_doctor_ask_settings(s);
	return s;
}

struct json_object *gtv_doctor_settings_json(void)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct gtv_doctor_settings *s = ask();
	char safe[2560];

	json_object_object_add(o, "file",
			       json_object_new_string(gtv_names_escape(s ? s->file : "",
								       safe, sizeof safe)));
	json_object_object_add(o, "found", json_object_new_boolean(s && s->found));
	for (int i = 0; s && i < s->problem_count; i++)
		json_object_array_add(list, json_object_new_string(gtv_names_escape(
						    s->problem[i], safe, sizeof safe)));
	json_object_object_add(o, "problems", list);
	free(s);
	return o;
}

void gtv_doctor_print_settings(void)
{
	struct gtv_doctor_settings *s = ask();
	char safe[2560];

	if (!s)
		return;
	printf("\nSETTINGS\n  file           %s%s\n",
	       s->file[0] ? gtv_names_escape(s->file, safe, sizeof safe) : "none",
	       s->found || s->problem_count ? ""
					    : " (there is none: all is as by default)");
	for (int i = 0; i < s->problem_count; i++)
		printf("  left out       %s\n",
		       gtv_names_escape(s->problem[i], safe, sizeof safe));
	free(s);
}
