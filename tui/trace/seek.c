/* SPDX-License-Identifier: MIT */
#include "tui/trace/seek.h"

#include <stdlib.h>

#include "tui/trace/reading.h"

struct tui_seek {
	struct tui_reading *reading;
	struct gtv_watch *watch; /* NULL: for the longest wait of `lane` */
	struct gtv_model_sink sink;
	unsigned left; /* hits up to the one asked for */
	struct gtv_lane lane;
	uint64_t from_ns, to_ns; /* where the lane is looked at */
	struct gtv_trigger_hit hit;
	uint64_t longest_ns;
	enum tui_seek_state state;
};

/* ---- a condition ---- */

static void on_span(void *arg, const struct gtv_span *span)
{
	const struct tui_seek *s = arg;

	if (s->sink.span)
		s->sink.span(s->sink.arg, span);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	const struct tui_seek *s = arg;

	if (s->sink.edge)
		s->sink.edge(s->sink.arg, edge);
}

static void on_note(void *arg, const struct gtv_ev *ev)
{
	const struct tui_seek *s = arg;

	if (s->sink.note)
		s->sink.note(s->sink.arg, ev);
}

static void take_hits(struct tui_seek *s)
{
	while (s->left && gtv_watch_next(s->watch, &s->hit))
		s->left--;
}

static int feed(void *arg, struct gtv_model *model, const struct gtv_ev *evs, size_t count)
{
	struct tui_seek *s = arg;
	int rc = gtv_watch_feed(s->watch, model, evs, count);

	take_hits(s);
	return rc;
}

static int feed_gap(void *arg, struct gtv_model *model, uint64_t from_ns, uint64_t to_ns)
{
	struct tui_seek *s = arg;
	int rc = gtv_watch_gap(s->watch, model, from_ns, to_ns);

	take_hits(s);
	return rc;
}

/* What is open at the end may have lasted long enough. */
static void finish(void *arg, struct gtv_model *model, uint64_t end_ns)
{
	struct tui_seek *s = arg;

	gtv_watch_upto(s->watch, model, end_ns ? end_ns - 1 : 0);
	take_hits(s);
	gtv_model_finish(model, end_ns);
}

static const struct tui_reading_ops condition_ops = {
	.span = on_span,
	.edge = on_edge,
	.note = on_note,
	.feed = feed,
	.feed_gap = feed_gap,
	.finish = finish,
};

struct tui_seek *tui_seek_condition(struct tui_trace *t, const struct gtv_condition *cond,
				    unsigned nth)
{
	struct tui_seek *s = calloc(1, sizeof(*s));
	struct gtv_store_info info;

	if (!s)
		return NULL;
	gtv_store_get_info(t->store, &info);
	s->left = nth;
	s->watch = gtv_watch_new(cond, info.level, t->names, 0);
	if (s->watch) {
		s->sink = gtv_watch_sink(s->watch, NULL);
		s->reading = tui_reading_new(t, &condition_ops, s);
	}
	if (s->reading)
		return s;
	tui_seek_free(s);
	return NULL;
}

/* ---- the longest wait ---- */

static int is_wait(unsigned state)
{
	return (state >= GTV_ST_READY && state <= GTV_ST_SYSCALL) ||
	       state == GTV_ST_PREEMPTED || state == GTV_ST_RUNNABLE ||
	       state == GTV_ST_SLEEPING || state == GTV_ST_DISK ||
	       (state >= GTV_ST_HELD && state <= GTV_ST_HELD_ASLEEP);
}

static void on_wait(void *arg, const struct gtv_span *span)
{
	struct tui_seek *s = arg;
	uint64_t length_ns = span->to_ns - span->from_ns;

	if (span->lane.kind != s->lane.kind || span->lane.id != s->lane.id ||
	    !is_wait(span->state) || length_ns <= s->longest_ns ||
	    span->to_ns <= s->from_ns || span->from_ns >= s->to_ns)
		return;
	s->longest_ns = length_ns;
	s->hit.ts_ns = span->from_ns + length_ns / 2;
}

static const struct tui_reading_ops longest_ops = {.span = on_wait};

struct tui_seek *tui_seek_longest(struct tui_trace *t, struct gtv_lane lane)
{
	struct tui_seek *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->lane = s->hit.lane = lane;
	s->to_ns = UINT64_MAX;
	s->reading = tui_reading_new(t, &longest_ops, s);
	if (s->reading)
		return s;
	tui_seek_free(s);
	return NULL;
}

struct tui_seek *tui_seek_longest_in(struct tui_trace *t, struct gtv_lane lane,
				     uint64_t from_ns, uint64_t to_ns)
{
	struct tui_seek *s = tui_seek_longest(t, lane);

	if (!s)
		return NULL;
	s->from_ns = from_ns;
	s->to_ns = to_ns;
	tui_reading_range(s->reading, from_ns, to_ns);
	return s;
}

/* ---- both ---- */

void tui_seek_free(struct tui_seek *s)
{
	if (!s)
		return;
	tui_reading_free(s->reading);
	gtv_watch_free(s->watch);
	free(s);
}

enum tui_seek_state tui_seek_go(struct tui_seek *s, uint64_t budget_ns)
{
	if (s->state != TUI_SEEK_ON)
		return s->state;
	tui_reading_go(s->reading, budget_ns);
	int done = tui_reading_done(s->reading);

	if (s->watch && !s->left)
		s->state = TUI_SEEK_FOUND;
	else if (!s->watch && s->longest_ns && (done || tui_reading_caught_up(s->reading)))
		s->state = TUI_SEEK_FOUND;
	else if (done)
		s->state = TUI_SEEK_NONE;
	return s->state;
}

uint64_t tui_seek_ts_ns(const struct tui_seek *s)
{
	return s->hit.ts_ns;
}

struct gtv_lane tui_seek_lane(const struct tui_seek *s)
{
	return s->hit.lane;
}
