/* SPDX-License-Identifier: MIT
 *
 * How far a long step is: opening a trace, above all. Who does it tells; a screen in
 * another thread looks. The one who is told is the thread's, so that what lies deep in
 * the store needs no word of it handed down.
 */
#ifndef GTV_PROGRESS_H
#define GTV_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

enum gtv_step {
	GTV_STEP_BEGIN,
	GTV_STEP_FIRST,	 /* a pipe has brought nothing yet */
	GTV_STEP_COPY,	 /* bytes of a pipe; nobody knows of how many */
	GTV_STEP_INDEX,	 /* bytes */
	GTV_STEP_WALK,	 /* bytes of a file without an index */
	GTV_STEP_NAMES,	 /* blocks */
	GTV_STEP_LOOK,	 /* the first picture */
	GTV_STEP_SEEK,	 /* the longest wait of a lane */
	GTV_STEP_WRITE,	 /* ns of a trace that is written in another format */
	GTV_STEP_WRITER, /* a named pipe that nobody writes to yet */
	GTV_STEP_IMPORT, /* bytes of another tool's file; all 0: events */
	GTV_STEP_MAX
};

struct gtv_progress {
	_Atomic int step;	    /* enum gtv_step */
	_Atomic uint64_t done, all; /* all 0: not known */
};

/* From now on `p` (Borrows; NULL nobody) is told what this thread does. */
void gtv_progress_to(struct gtv_progress *p);
/* So much of a step is done. Costs a few stores. */
void gtv_progress_at(enum gtv_step step, uint64_t done, uint64_t all);

#endif
