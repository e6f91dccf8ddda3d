/* SPDX-License-Identifier: MIT
 *
 * gtviz: reads the command line and calls the command. The composition root: it
 * alone knows the commands of every layer.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/demo.h"
#include "tracer/cmd/doctor.h"
#include "tui/app/app.h"
#include "tui/app/config.h"
#include "tui/app/words.h"
#include "tui/scene/help.h"
#include "tui/app/shot.h"

static int help(const struct gtv_options *opts)
{
	if (gtv_options_given(opts, GTV_OPTION_MAN_OPTIONS)) {
		gtv_options_man(stdout);
		tui_app_words(stdout);
	} else if (opts->topic && !strcmp(opts->topic, "keys")) {
		tui_help_print(stdout);
	} else if (opts->topic) {
		gtv_options_help(stdout, gtv_options_command(opts->topic));
	} else {
		gtv_options_overview(stdout);
	}
	return fflush(stdout) ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
}

static int (*const functions[GTV_COMMAND_MAX])(const struct gtv_options *) = {
	[GTV_COMMAND_RUN] = tui_app_run,
	[GTV_COMMAND_RECORD] = gtv_cmd_record,
	[GTV_COMMAND_REPLAY] = tui_app_replay,
	[GTV_COMMAND_REPORT] = gtv_cmd_report,
	[GTV_COMMAND_EVENTS] = gtv_cmd_events,
	[GTV_COMMAND_SHOT] = tui_shot,
	[GTV_COMMAND_CHECK] = gtv_cmd_check,
	[GTV_COMMAND_EXPORT] = gtv_cmd_export,
	[GTV_COMMAND_IMPORT] = gtv_cmd_import,
	[GTV_COMMAND_DEMO] = tui_app_demo,
	[GTV_COMMAND_TALK] = tui_app_talk,
	[GTV_COMMAND_DOCTOR] = gtv_cmd_doctor,
	[GTV_COMMAND_HELP] = help,
};

int main(int argc, char **argv)
{
	struct gtv_options opts;
	struct gtv_err err = {0};

	if (gtv_options_parse(&opts, argc, argv, &err))
		return gtv_cmd_error(&err);
	if (gtv_options_given(&opts, GTV_OPTION_VERSION)) {
		puts("gtviz " GTV_VERSION);
		return GTV_EXIT_GOOD;
	}
	if (gtv_options_given(&opts, GTV_OPTION_HELP) && opts.command != GTV_COMMAND_HELP) {
		gtv_options_help(stdout, opts.command);
		if (opts.command == GTV_COMMAND_DEMO)
			gtv_demo_list(stdout, 1);
		return GTV_EXIT_GOOD;
	}
	gtv_doctor_ask_settings = tui_config_doctor;
	return functions[opts.command](&opts);
}
