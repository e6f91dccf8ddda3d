/* SPDX-License-Identifier: MIT */
#include "tui/trace/locks.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/trace/threads.h"

#define NOW_NS	100000000ull /* what grows is looked at so seldom at the cursor */
#define BACK_NS 100000000ull /* hand-offs are sought so far back */

/* The view's data is the first: tui_trace.locks points there. */
struct looking {
	struct tui_locks shown;
	struct gtv_window *window;
	uint64_t looked_ns;	      /* real time; 0: never */
	uint64_t last_ns;	      /* of the trace, when it was looked at */
	char filter[TUI_FILTER_TEXT]; /* what the rows fit */
	struct by_id {
		uint32_t id, row;
	} * by_id;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct looking *of(const struct tui_trace *t)
{
	return (struct looking *)t->locks;
}

void tui_trace_forget_locks(struct tui_trace *t)
{
	struct looking *k = of(t);

	t->locks = NULL;
	if (!k)
		return;
	gtv_window_free(k->window);
	free(k->shown.row);
	free(k->by_id);
	free(k);
}

static struct looking *make(struct tui_trace *t)
{
	struct looking *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	t->locks = &k->shown;
	if (t->nav.selected.kind == GTV_LANE_LOCK)
		k->shown.lock = t->nav.selected.id;
	return k;
}

/* ---- rows ---- */

static uint64_t key_of(const struct tui_locks_row *r, unsigned sort)
{
	switch (sort) {
	case TUI_LOCKS_BY_OFF:
		return r->a.off_ns;
	case TUI_LOCKS_BY_HELD:
		return r->a.on_ns + r->a.off_ns;
	case TUI_LOCKS_BY_HANDOFFS:
		return r->a.handoffs;
	case TUI_LOCKS_BY_FALSE:
		return r->false_wakeups;
	case TUI_LOCKS_BY_NUMBER:
		return UINT64_MAX - r->a.id;
	default:
		return r->a.wait_ns;
	}
}

static int row_order(const void *x, const void *y)
{
	const struct tui_locks_row *a = x, *b = y;

	if (a->key != b->key)
		return a->key > b->key ? -1 : 1;
	return (a->a.id > b->a.id) - (a->a.id < b->a.id);
}

static int id_order(const void *x, const void *y)
{
	const struct by_id *a = x, *b = y;

	return (a->id > b->id) - (a->id < b->id);
}

static struct tui_locks_row *row_of(const struct looking *k, uint32_t lock)
{
	const struct by_id want = {.id = lock};
	const struct by_id *it = k->shown.count ? bsearch(&want, k->by_id, k->shown.count,
							  sizeof(want), id_order)
						: NULL;

	return it ? &k->shown.row[it->row] : NULL;
}

static void number_rows(struct looking *k)
{
	for (size_t i = 0; i < k->shown.count; i++)
		k->by_id[i] = (struct by_id){k->shown.row[i].a.id, (uint32_t)i};
	if (k->shown.count)
		qsort(k->by_id, k->shown.count, sizeof(*k->by_id), id_order);
}

/* What only the model counted. */
static void add_counts(struct looking *k, const struct gtv_model *m)
{
	struct gtv_lock_totals totals;
	struct tui_locks_row *r;

	for (size_t i = 0; m && !gtv_model_lock_totals(m, i, &totals); i++) {
		r = row_of(k, totals.id);
		if (!r)
			continue;
		r->counted = 1;
		r->false_wakeups = totals.false_wakeups;
		r->requests = totals.requests;
		r->takes = totals.takes;
	}
}

static void sort_rows(struct looking *k)
{
	struct tui_locks *s = &k->shown;

	for (size_t i = 0; i < s->count; i++)
		s->row[i].key = key_of(&s->row[i], s->sort);
	if (s->count)
		qsort(s->row, s->count, sizeof(*s->row), row_order);
	number_rows(k);
	if (s->chosen >= s->count || !s->lock)
		s->chosen = 0;
	for (size_t i = 0; s->lock && i < s->count; i++)
		if (s->row[i].a.id == s->lock)
			s->chosen = i;
}

static int make_room(struct looking *k)
{
	if (!k->shown.row)
		k->shown.row = calloc(TUI_LOCKS_ROWS, sizeof(*k->shown.row));
	if (!k->by_id)
		k->by_id = calloc(TUI_LOCKS_ROWS, sizeof(*k->by_id));
	return k->shown.row && k->by_id ? 0 : -GTV_ENOMEM;
}

static int is_wanted(const struct tui_trace *t, uint32_t lock)
{
	const struct tui_filter *filter = &t->nav.filter;

	return tui_filter_is_empty(filter) ||
	       tui_filter_lane(filter, t->names, t->window,
			       (struct gtv_lane){GTV_LANE_LOCK, lock});
}

static void list(struct tui_trace *t, struct looking *k)
{
	const struct tui_threads *read = t->threads;
	struct tui_locks *s = &k->shown;

	s->attr = read->attr;
	s->range = read->range;
	s->from_ns = read->from_ns;
	s->upto_ns = read->upto_ns;
	s->done = read->done;
	s->count = s->all = 0;
	if (!s->attr || make_room(k))
		return;
	s->all = gtv_attr_lock_count(s->attr);
	for (size_t i = 0; i < s->all && s->count < TUI_LOCKS_ROWS; i++) {
		struct tui_locks_row *r = &s->row[s->count];
		memset(r, 0, sizeof(*r));
		s->count += !gtv_attr_lock(s->attr, i, &r->a) && is_wanted(t, r->a.id);
	}
	number_rows(k);
	add_counts(k, tui_trace_threads_model(t));
	sort_rows(k);
}

/* ---- the moment of the cursor ---- */

/* The lock that is waited for in this span, 0 none: as attribution has it. */
static uint32_t waits_for(const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_GT)
		return s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL ||
				       s->state == GTV_ST_STALLED
			       ? s->lock
			       : 0;
	return s->state == GTV_ST_SLEEPING && !s->gt ? s->lock : 0;
}

static void put_waiter(struct tui_locks_row *r, const struct gtv_span *s)
{
	const struct tui_locks_waiter w = {s->lane, s->from_ns, s->to_ns};
	int n = r->waiting < TUI_LOCKS_QUEUE ? (int)r->waiting : TUI_LOCKS_QUEUE;
	int at = n;

	r->waiting++;
	while (at > 0 && r->queue[at - 1].since_ns > w.since_ns)
		at--;
	if (at == TUI_LOCKS_QUEUE)
		return;
	if (n == TUI_LOCKS_QUEUE)
		n--;
	memmove(&r->queue[at + 1], &r->queue[at], (size_t)(n - at) * sizeof(w));
	r->queue[at] = w;
}

static void find_waiters(struct looking *k, enum gtv_lane_kind kind, uint64_t at_ns)
{
	size_t lanes = gtv_window_lane_count(k->window, kind), count;

	for (size_t i = 0; i < lanes; i++) {
		const struct gtv_piece *p = gtv_window_pieces(
			k->window, gtv_window_lane(k->window, kind, i), &count);
		size_t n = count;
		while (n > 0 && p[n - 1].span.from_ns > at_ns)
			n--;
		if (!n || p[n - 1].spans != 1 || p[n - 1].span.to_ns <= at_ns)
			continue;
		uint32_t lock = waits_for(&p[n - 1].span);
		struct tui_locks_row *r = lock ? row_of(k, lock) : NULL;
		/* An OS thread's lock may be one that it holds. */
		if (r && (kind == GTV_LANE_GT || r->now.gt ||
			  r->now.tid != p[n - 1].span.lane.id))
			put_waiter(r, &p[n - 1].span);
	}
}

/* The last hand-offs of the chosen lock. */
static void find_handoffs(struct looking *k)
{
	struct tui_locks *s = &k->shown;
	size_t count = 0;
	const struct gtv_edge *e = k->window ? gtv_window_edges(k->window, &count) : NULL;
	uint32_t lock = s->chosen < s->count ? s->row[s->chosen].a.id : 0;

	s->handoffs = 0;
	for (size_t i = 0; i < count; i++) {
		int at;
		if (e[i].kind != GTV_EDGE_HANDOFF || e[i].obj != lock ||
		    e[i].to_ns > s->cursor_ns)
			continue;
		at = s->handoffs;
		while (at > 0 && s->handoff[at - 1].to_ns < e[i].to_ns)
			at--;
		if (at == TUI_LOCKS_HANDOFFS)
			continue;
		if (s->handoffs < TUI_LOCKS_HANDOFFS)
			s->handoffs++;
		memmove(&s->handoff[at + 1], &s->handoff[at],
			(size_t)(s->handoffs - 1 - at) * sizeof(*e));
		s->handoff[at] = e[i];
	}
}

static uint64_t cursor_of(const struct tui_nav *nav)
{
	uint64_t at = nav->cursor_ns;

	if (at >= nav->last_ns)
		at = nav->last_ns - 1;
	return at < nav->first_ns ? nav->first_ns : at;
}

static void look(struct tui_trace *t, struct looking *k)
{
	struct tui_locks *s = &k->shown;
	uint64_t at = cursor_of(&t->nav), back = t->nav.to_ns - t->nav.from_ns;

	if (back > BACK_NS)
		back = BACK_NS;
	k->looked_ns = now_ns();
	k->last_ns = t->nav.last_ns;
	s->cursor_ns = at;
	if (!k->window)
		k->window = gtv_window_new(t->store);
	for (size_t i = 0; i < s->count; i++) {
		s->row[i].waiting = 0;
		s->row[i].now.to_ns = 0;
	}
	if (!k->window || gtv_window_look(k->window, at > back ? at - back : 0, at + 1, 1))
		return;
	for (size_t i = 0; i < s->count; i++) {
		struct gtv_lane lane = {GTV_LANE_LOCK, s->row[i].a.id};
		if (gtv_window_span_at(k->window, lane, at, &s->row[i].now))
			s->row[i].now.to_ns = 0;
	}
	find_waiters(k, GTV_LANE_GT, at);
	find_waiters(k, GTV_LANE_THREAD, at);
	find_handoffs(k);
}

static int is_old(const struct tui_trace *t, const struct looking *k)
{
	if (!k->looked_ns)
		return 1;
	if (k->shown.cursor_ns == cursor_of(&t->nav) && k->last_ns == t->nav.last_ns)
		return 0;
	return t->facts.mode != TUI_LIVE || now_ns() - k->looked_ns >= NOW_NS;
}

int tui_trace_locks(struct tui_trace *t, uint64_t budget_ns)
{
	struct looking *k = t->locks ? of(t) : make(t);
	int listed = tui_trace_threads(t, budget_ns);

	if (!k || !t->threads)
		return 0;
	/* The threads view may have read it all, or begun a new range. */
	if (listed || k->shown.attr != t->threads->attr ||
	    k->shown.upto_ns != t->threads->upto_ns ||
	    strcmp(k->filter, t->nav.filter.text)) {
		memcpy(k->filter, t->nav.filter.text, sizeof(k->filter));
		list(t, k);
		k->looked_ns = 0;
	}
	if (k->shown.attr && is_old(t, k)) {
		look(t, k);
		return 1;
	}
	return listed;
}

void tui_trace_locks_sort(struct tui_trace *t)
{
	struct looking *k = of(t);

	if (!k)
		return;
	k->shown.sort = (uint8_t)((k->shown.sort + 1) % TUI_LOCKS_BY_MAX);
	sort_rows(k);
	find_handoffs(k);
}

void tui_trace_locks_choose(struct tui_trace *t, size_t row)
{
	struct looking *k = of(t);

	k->shown.chosen = row;
	k->shown.lock = k->shown.row[row].a.id;
	k->shown.line = 0;
	find_handoffs(k);
}
