/* SPDX-License-Identifier: MIT
 *
 * The importers. Each reads a whole file and feeds what it has. They run in a process
 * of their own; what they are given is hostile. 0, or -GTV_E* and err; what was fed
 * before an error is good.
 */
#ifndef GTV_IMPORTERS_H
#define GTV_IMPORTERS_H

#include "tracer/import/feed.h"

int gtv__import_perf(struct gtv__feed *f, const uint8_t *bytes, size_t size,
		     struct gtv_err *err);
int gtv__import_text(struct gtv__feed *f, const uint8_t *bytes, size_t size,
		     struct gtv_err *err);
int gtv__import_dat(struct gtv__feed *f, int fd, struct gtv_err *err);
/* path: a folder with a file "metadata" in it, or below it. */
int gtv__import_ctf(struct gtv__feed *f, const char *path, struct gtv_err *err);

/* For the one line when a library is not there. */
int gtv__import_without(const char *library, const char *package, struct gtv_err *err);

#endif
