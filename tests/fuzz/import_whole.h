/* SPDX-License-Identifier: MIT
 *
 * A whole import, into a trace that is then opened. The formats that libraries read are
 * read in a process of their own: that may crash, and gtviz has to stand.
 */
#ifndef IMPORT_WHOLE_H
#define IMPORT_WHOLE_H

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/import_feed.h"
#include "tracer/import/import.h"
#include "tracer/store/store.h"

static inline void import_whole(int in_fd, const char *name)
{
	int out = memfd_create("out", MFD_CLOEXEC), copy = dup(out), rc;
	struct gtv_import_result result;
	struct gtv_err err = {0};
	struct gtv_store *st;

	if (copy < 0)
		abort();
	rc = gtv_import(in_fd, name, out, &result, &err);
	if (rc > 0 || (rc < 0 && (err.code != -rc || !err.why[0])) ||
	    (!rc && !result.events))
		abort();
	if (!result.events)
		close(copy);
	else if (gtv_store_open(&st, copy, "out", &err))
		abort();
	else
		gtv_store_close(st);
}

#endif
