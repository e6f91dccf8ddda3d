/* SPDX-License-Identifier: MIT
 *
 * The commands: a function each, called by main with the parsed command line.
 * They return the exit status of gtviz and print what went wrong themselves.
 */
#ifndef GTV_CMD_H
#define GTV_CMD_H

#include <stdatomic.h>
#include <sys/types.h>

#include "tracer/base/err.h"
#include "tracer/cmd/options.h"

/* Exit statuses. run and record take on the program's own, or these, as env and
 * timeout do. */
enum {
	GTV_EXIT_GOOD = 0,
	GTV_EXIT_FAILED = 1,	 /* or check found a fault */
	GTV_EXIT_USAGE = 2,	 /* wrong usage */
	GTV_EXIT_GTVIZ = 125,	 /* run, record: gtviz itself failed */
	GTV_EXIT_NOEXEC = 126,	 /* run, record: the program cannot be executed */
	GTV_EXIT_NOTFOUND = 127, /* run, record: there is no such program */
};

int gtv_cmd_record(const struct gtv_options *opts);
int gtv_cmd_report(const struct gtv_options *opts);
int gtv_cmd_events(const struct gtv_options *opts);
int gtv_cmd_check(const struct gtv_options *opts);
int gtv_cmd_export(const struct gtv_options *opts);
int gtv_cmd_import(const struct gtv_options *opts);
int gtv_cmd_doctor(const struct gtv_options *opts);

struct gtv_store;
/* Writes a store's trace to a file, as perfetto or chrome; *stop (may be NULL) not 0: no
 * further. Any thread. 0, or -GTV_E* and err. */
int gtv_cmd_export_store(const struct gtv_store *store, const char *format,
			 const char *output, const atomic_int *stop, struct gtv_err *err);

/* In a gtviz that only views (make REPLAY_ONLY=1): that it cannot do `what`. Returns
 * -GTV_EUNAVAIL. */
int gtv_cmd_viewer_only(const char *what, struct gtv_err *err);

/* Prints "gtviz: WHAT: WHY (HOW TO MEND)" on stderr. Returns the exit status that
 * goes with the error: 2 for GTV_EUSAGE, else 1. */
int gtv_cmd_error(const struct gtv_err *err);
/* The same for run and record: 125, 126, 127 or 2. */
int gtv_cmd_launch_error(const struct gtv_err *err);

/* The process that -p names, if there is one and we may look at it. 0, or -GTV_E*. */
int gtv_cmd_attach_pid(const char *text, pid_t *pid, struct gtv_err *err);

#endif
