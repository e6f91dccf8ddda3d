/* SPDX-License-Identifier: MIT
 *
 * The critical path: what an interval of somebody's time was made of. It is walked back
 * from the end of the interval: while that one ran, its running is a piece; while it
 * waited, whoever it waited for is followed back in its place. The pieces touch, and their
 * lengths sum to the interval exactly; what the trace does not tell is a piece of its own.
 */
#ifndef GTV_CRITICAL_H
#define GTV_CRITICAL_H

#include "tracer/model/span.h"
#include "tracer/model/window.h"

struct gtv_critical_piece {
	uint64_t from_ns, to_ns;
	struct gtv_lane who; /* kind 0: not known */
	uint8_t state;	     /* enum gtv_state of who: RUNNING, or the wait that nobody's
			      * doing explains; UNKNOWN */
};

struct gtv_critical {
	struct gtv_critical_piece *piece; /* from the end back */
	size_t count, cap;
	int cut; /* there were too many: the first stretch is one unknown piece */
};

/* Where the walk reads: the window's, or a test's. */
struct gtv_critical_source {
	void *arg;
	/* The lane's span at ts. 0, or -GTV_E*: it had none. */
	int (*span_at)(void *arg, struct gtv_lane lane, uint64_t ts_ns,
		       struct gtv_span *out);
	/* Who ended the wait, or had what it waited for, at its end: 1 and *who, and the
	 * time *at_ns <= span.to_ns up to which that one is followed back from; or 0. */
	int (*cause)(void *arg, const struct gtv_span *span, struct gtv_lane *who,
		     uint64_t *at_ns);
};

/* Walks back from to_ns in `lane` until from_ns. 0 or -GTV_ENOMEM. */
int gtv_critical_walk(const struct gtv_critical_source *source, struct gtv_lane lane,
		      uint64_t from_ns, uint64_t to_ns, struct gtv_critical *out);
/* The same through a window (moves it, if it must look). An interval that can't be decoded
 * exactly in one look is -GTV_EUSAGE. */
int gtv_critical_find(struct gtv_window *w, struct gtv_lane lane, uint64_t from_ns,
		      uint64_t to_ns, struct gtv_critical *out);
void gtv_critical_fini(struct gtv_critical *c);

#endif
