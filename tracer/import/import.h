/* SPDX-License-Identifier: MIT
 *
 * Import: traces of other tools become traces of gtviz, so that the screen, report
 * and check work on them. What they hold of the scheduler becomes the same kernel
 * events that gtviz's own sources deliver; what they have not is said in the facts.
 *
 * Files are hostile, and so they make the libraries that read them. All parsing is
 * done by a child process: it sends events and names, which are checked here; should
 * it crash, what came before is kept.
 */
#ifndef GTV_IMPORT_H
#define GTV_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/base/err.h"

struct gtv_import_result {
	uint64_t events, lost;
	char format[32]; /* "perf.data" */
	char lacks[256]; /* "no wakers, no migrations", or "" */
	char notes[256]; /* what was odd about the file, or "" */
};

/* It tells how far it is (base/progress.h, GTV_STEP_IMPORT) from its child process: who is
 * told there lies in memory that is shared.
 *
 * Reads in_fd (Borrows; in_name is its path: a folder is found by it) and writes a trace
 * to out_fd (Takes). -GTV_EFORMAT, -GTV_EUNAVAIL… and err; then result->events says
 * whether something was written all the same. */
int gtv_import(int in_fd, const char *in_name, int out_fd, struct gtv_import_result *result,
	       struct gtv_err *err);

/* Libraries that importers want, for `gtviz doctor`. */
struct gtv_import_library {
	const char *name, *use, *version; /* NULL: not built in */
};
const struct gtv_import_library *gtv_import_libraries(size_t *count);

#endif
