/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/cmd.h"

#include <stdio.h>

static void print_error(const struct gtv_err *err)
{
	char line[768];

	fprintf(stderr, "gtviz: %s\n", gtv_err_line(err, line, sizeof(line)));
}

int gtv_cmd_error(const struct gtv_err *err)
{
	print_error(err);
	return err->code == GTV_EUSAGE ? GTV_EXIT_USAGE : GTV_EXIT_FAILED;
}

int gtv_cmd_launch_error(const struct gtv_err *err)
{
	print_error(err);
	switch (err->code) {
	case GTV_EUSAGE:
		return GTV_EXIT_USAGE;
	case GTV_ENOEXEC:
		return GTV_EXIT_NOEXEC;
	case GTV_ENOTFOUND:
		return GTV_EXIT_NOTFOUND;
	default:
		return GTV_EXIT_GTVIZ;
	}
}
