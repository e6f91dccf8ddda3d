/* SPDX-License-Identifier: MIT
 *
 * A reading: a trace read once from end to end through a model of its own, piece by
 * piece with a budget of time, for what a view gathers from all of it (findings, tables,
 * histograms). While the trace grows, it reads on whenever it is asked.
 */
#ifndef TUI_TRACE_READING_H
#define TUI_TRACE_READING_H

#include "tracer/model/model.h"
#include "tui/trace/trace.h"

struct tui_reading;

/* Who gathers; each may be NULL. */
struct tui_reading_ops {
	/* What the model makes of the events: its sink (model.h). */
	void (*span)(void *arg, const struct gtv_span *span);
	void (*edge)(void *arg, const struct gtv_edge *edge);
	void (*note)(void *arg, const struct gtv_ev *ev);
	/* The events of a part, before the model sees them. */
	void (*events)(void *arg, const struct gtv_ev *evs, size_t count);
	/* Nothing is known of [from, to]; before the model is told. */
	void (*gap)(void *arg, uint64_t from_ns, uint64_t to_ns);
	/* Who feeds the model by himself, in place of gtv_model_feed, gap and finish. */
	int (*feed)(void *arg, struct gtv_model *model, const struct gtv_ev *evs,
		    size_t count);
	int (*feed_gap)(void *arg, struct gtv_model *model, uint64_t from_ns,
			uint64_t to_ns);
	void (*finish)(void *arg, struct gtv_model *model, uint64_t end_ns);
};

/* Reads nothing yet. Borrows t, ops and arg. Returns owned, NULL without memory. */
struct tui_reading *tui_reading_new(struct tui_trace *t, const struct tui_reading_ops *ops,
				    void *arg);
void tui_reading_free(struct tui_reading *r);
/* Before the first go: begins at the last checkpoint before from_ns, as a seek does, and
 * is done at to_ns. What is told may lie before from_ns. */
void tui_reading_range(struct tui_reading *r, uint64_t from_ns, uint64_t to_ns);

/* In place of it: of [from_ns, to_ns) alone, what goes on across its edges is cut there
 * (tracer/cmd/part.h). 0 or -GTV_ENOMEM. */
int tui_reading_part(struct tui_reading *r, uint64_t from_ns, uint64_t to_ns);

/* Reads on for about budget_ns of real time (UINT64_MAX: all there is). Returns whether it
 * read anything, or came to the end. */
int tui_reading_go(struct tui_reading *r, uint64_t budget_ns);
/* All that there will be was read, and the model finished. */
int tui_reading_done(const struct tui_reading *r);
/* All that there is now was read; a growing trace may have more later. */
int tui_reading_caught_up(const struct tui_reading *r);
/* How far: all before it was read. */
uint64_t tui_reading_upto_ns(const struct tui_reading *r);
/* The file could not be read to its end, or there was no memory: done, too. */
int tui_reading_failed(const struct tui_reading *r);
/* Of one that is done only that is known then: its memory, a model of all there was, serves
 * the next. */
void tui_reading_release(struct tui_reading *r);
/* For its totals and open spans; NULL once released. Borrows. */
const struct gtv_model *tui_reading_model(const struct tui_reading *r);

/* The frame that answers a key comes first: of a crowd nothing is read for it. */
int tui_reading_waits(const struct tui_trace *t);

#endif
