/* SPDX-License-Identifier: MIT
 *
 * Errors of the tracer's libraries: functions return 0 or -GTV_E*; only the
 * command line and the screen print. Where a file, a kernel or a person is at
 * fault, a function fills a struct gtv_err whose three parts become the one
 * line `gtviz: WHAT: WHY (HOW TO MEND)`.
 */
#ifndef GTV_ERR_H
#define GTV_ERR_H

#include <stdarg.h>

enum {
	GTV_ENOMEM = 1,
	GTV_EIO,      /* a system call failed; see the text */
	GTV_EFORMAT,  /* not a trace, or damaged beyond use */
	GTV_EVERSION, /* a trace of a later version */
	GTV_ECORRUPT, /* a part is damaged; the rest can be used */
	GTV_EPERM,    /* a privilege is missing */
	GTV_EUNAVAIL, /* not built in, or this kernel lacks it */
	GTV_EUSAGE,   /* what the person asked for makes no sense */
	GTV_EEXIST,
	GTV_EFULL,     /* no room: disk, table, budget */
	GTV_ENOEXEC,   /* the program cannot be executed (exit status 126) */
	GTV_ENOTFOUND, /* there is no such program (127), file, lane or id */
};

struct gtv_err {
	int code;	/* GTV_E*, 0 if nothing happened */
	char what[160]; /* the thing: a file, a flag, a source */
	char why[240];
	char mend[240]; /* may be empty */
};

/* Fills `err` (may be NULL) and returns -code. what and mend (may be NULL) are plain
 * text, so that a file's name may be given as it is; why is a printf format. */
int gtv_err_set(struct gtv_err *err, int code, const char *what, const char *mend,
		const char *why_fmt, ...) __attribute__((format(printf, 5, 6)));

/* Writes "WHAT: WHY (HOW TO MEND)" without a newline, control characters
 * escaped, cut at size. Returns buf. */
char *gtv_err_line(const struct gtv_err *err, char *buf, unsigned long size);

#endif
