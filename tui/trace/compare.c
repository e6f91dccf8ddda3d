/* SPDX-License-Identifier: MIT */
#include "tui/trace/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/abi/gtv_ring.h"
#include "tui/trace/asking.h"
#include "tui/trace/panes.h"
#include "tui/scene/ident.h"
#include "tui/trace/findings.h"
#include "tui/trace/reading.h"

#define MARKS_MAX 64 /* of each trace, for one that both have */
#define LANES_MAX 8  /* lines of the difference about single lanes */

/* What is read of a side. */
struct side_reading {
	struct gtv_digest *digest;
	struct tui_reading *reading;
	struct {
		char text[GTV_TEXT_CHUNK + 1];
		uint64_t ts_ns;
	} mark[MARKS_MAX];
	int marks, finished;
};

/* The data first: the view knows only that. */
struct comparing {
	struct tui_compare compare;
	struct tui_trace other;
	struct side_reading side[2];
};

static struct comparing *comparing_of(const struct tui_trace *t)
{
	return (struct comparing *)(void *)t->compare;
}

static struct tui_trace *trace_of(struct tui_trace *t, int side)
{
	return side ? &comparing_of(t)->other : t;
}

/* ---- reading ---- */

static void on_span(void *arg, const struct gtv_span *span)
{
	struct side_reading *r = arg;

	(void)gtv_digest_span(r->digest, span);
}

static void on_events(void *arg, const struct gtv_ev *evs, size_t count)
{
	struct side_reading *r = arg;

	for (size_t i = 0; i < count && r->marks < MARKS_MAX; i++) {
		if (evs[i].kind != GTV_EV_MARK)
			continue;
		char *text = r->mark[r->marks].text; /* 16 bytes in three words */

		memcpy(text, &evs[i].obj, sizeof(evs[i].obj));
		memcpy(text + 4, &evs[i].seq, sizeof(evs[i].seq));
		memcpy(text + 8, &evs[i].arg, sizeof(evs[i].arg));
		r->mark[r->marks++].ts_ns = evs[i].ts_ns;
	}
}

static const struct tui_reading_ops ops = {.span = on_span, .events = on_events};

static int begin(struct tui_trace *t, struct side_reading *r)
{
	r->digest = gtv_digest_new();
	r->reading = r->digest ? tui_reading_new(t, &ops, r) : NULL;
	return r->reading ? 0 : -GTV_ENOMEM;
}

static void end(struct side_reading *r)
{
	tui_reading_free(r->reading);
	gtv_digest_free(r->digest);
	memset(r, 0, sizeof(*r));
}

/* ---- who is who ---- */

static void add_rows(struct tui_compare *c, struct gtv_match *match, size_t all)
{
	size_t n = all < TUI_COMPARE_ROWS ? all : TUI_COMPARE_ROWS;

	c->row_all += all;
	for (size_t i = 0; i < n; i++) {
		struct tui_compare_row *row = &c->row[c->row_count++];

		for (int s = 0; s < 2; s++)
			row->lane[s] = (struct gtv_lane){
				match[i].has[s] ? match[i].kind : 0, match[i].id[s]};
	}
}

static void add_kind(struct tui_compare *c, struct gtv_match *match,
		     enum gtv_lane_kind kind)
{
	add_rows(c, match,
		 gtv_digest_match(c->side[0].names, c->side[1].names, kind, match,
				  TUI_COMPARE_ROWS));
}

static void add_cores(struct tui_compare *c, struct gtv_match *match)
{
	int cores[2] = {c->side[0].facts->cores, c->side[1].facts->cores};
	int most = cores[0] > cores[1] ? cores[0] : cores[1], n = 0;

	for (; n < most && n < TUI_COMPARE_ROWS; n++)
		match[n] = (struct gtv_match){.kind = GTV_LANE_CORE,
					      .has = {n < cores[0], n < cores[1]},
					      .id = {(uint32_t)n, (uint32_t)n}};
	add_rows(c, match, (size_t)most);
}

static int has_gts(const struct tui_compare *c)
{
	return gtv_names_count(c->side[0].names, GTV_CLASS_GT) ||
	       gtv_names_count(c->side[1].names, GTV_CLASS_GT);
}

static int make_rows(struct tui_compare *c)
{
	struct gtv_match *match = calloc(TUI_COMPARE_ROWS, sizeof(*match));

	c->row = calloc(3 * TUI_COMPARE_ROWS, sizeof(*c->row));
	c->row_count = c->row_all = 0;
	if (c->row && match) {
		if (c->side[0].facts->level > 0 || c->side[1].facts->level > 0)
			add_cores(c, match);
		add_kind(c, match, has_gts(c) ? GTV_LANE_GT : GTV_LANE_THREAD);
		add_kind(c, match, GTV_LANE_LOCK);
	}
	free(match);
	return c->row && match ? 0 : -GTV_ENOMEM;
}

/* ---- times ---- */

/* The first mark of A's that B has too. */
static void find_mark(struct comparing *p, uint64_t at_ns[2])
{
	p->compare.mark[0] = 0;
	for (int a = 0; a < p->side[0].marks; a++)
		for (int b = 0; b < p->side[1].marks; b++) {
			if (strcmp(p->side[0].mark[a].text, p->side[1].mark[b].text))
				continue;
			at_ns[0] = p->side[0].mark[a].ts_ns;
			at_ns[1] = p->side[1].mark[b].ts_ns;
			gtv_names_escape(p->side[0].mark[a].text, p->compare.mark,
					 sizeof(p->compare.mark));
			return;
		}
}

static void align(struct comparing *p)
{
	struct tui_compare *c = &p->compare;
	uint64_t at_ns[2] = {c->side[0].start_ns, c->side[1].start_ns};

	find_mark(p, at_ns);
	if (c->align == TUI_ALIGN_START || !c->mark[0]) {
		at_ns[0] = c->side[0].start_ns;
		at_ns[1] = c->side[1].start_ns;
	}
	for (int s = 0; s < 2; s++)
		c->side[s].align_ns = at_ns[s];
}

/* ---- the difference ---- */

static struct tui_measure *add_measure(struct tui_compare *c, enum tui_measure_unit unit,
				       uint64_t a, uint64_t b, int less_is_better)
{
	struct tui_measure *m;

	if (c->measures == TUI_COMPARE_MEASURES)
		return NULL;
	m = &c->measure[c->measures++];
	*m = (struct tui_measure){.unit = unit,
				  .value = {a, b},
				  .has = {1, 1},
				  .less_is_better = less_is_better};
	return m;
}

static void add_named(struct tui_compare *c, const char *what, enum tui_measure_unit unit,
		      uint64_t a, uint64_t b, int less_is_better)
{
	struct tui_measure *m = add_measure(c, unit, a, b, less_is_better);

	if (m)
		snprintf(m->what, sizeof(m->what), "%s", what);
}

/* How far apart the two worst waits of a row are; 0 if one has none. */
static uint64_t apart_ns(const struct tui_compare *c, size_t row,
			 const struct gtv_digest_lane *l[2])
{
	for (int s = 0; s < 2; s++) {
		l[s] = c->row[row].lane[s].kind
			       ? gtv_digest_lane(c->side[s].digest, c->row[row].lane[s])
			       : NULL;
		if (!l[s])
			return 0;
	}
	return l[0]->ready_max_ns > l[1]->ready_max_ns
		       ? l[0]->ready_max_ns - l[1]->ready_max_ns
		       : l[1]->ready_max_ns - l[0]->ready_max_ns;
}

static void add_lane(struct tui_compare *c, const struct gtv_digest_lane *l[2],
		     const char *what, uint64_t a, uint64_t b, int at_worst)
{
	struct tui_measure *m = add_measure(c, TUI_MEASURE_NS, a, b, 1);
	char name[TUI_LABEL];

	if (!m)
		return;
	tui_ident_name(c->side[0].names, l[0]->lane, name, sizeof(name));
	if (!name[0])
		tui_ident_id(c->side[0].names, l[0]->lane, name, sizeof(name));
	snprintf(m->what, sizeof(m->what), "%.40s: %s", name, what);
	for (int s = 0; s < 2; s++) {
		m->lane[s] = l[s]->lane;
		m->at_ns[s] = at_worst ? l[s]->ready_max_at_ns : l[s]->end_ns;
	}
}

/* The rows whose worst waits differ most, the furthest apart first; and when those that
 * ended in both did, if that differs by more than a hundredth. */
static void add_lanes(struct tui_compare *c)
{
	uint8_t told[3 * TUI_COMPARE_ROWS] = {0};
	const struct gtv_digest_lane *l[2], *best[2];

	for (int n = 0; n < LANES_MAX; n++) {
		uint64_t most_ns = 0;
		size_t which = 0;

		for (size_t i = 0; i < c->row_count; i++) {
			uint64_t ns = told[i] ? 0 : apart_ns(c, i, l);

			if (ns <= most_ns)
				continue;
			most_ns = ns;
			which = i;
			best[0] = l[0];
			best[1] = l[1];
		}
		if (!most_ns)
			return;
		told[which] = 1;
		add_lane(c, best, "worst wait to run", best[0]->ready_max_ns,
			 best[1]->ready_max_ns, 1);
		uint64_t end[2] = {best[0]->end_ns - c->side[0].align_ns,
				   best[1]->end_ns - c->side[1].align_ns};

		int ended = best[0]->ended && best[1]->ended &&
			    best[0]->end_ns > c->side[0].align_ns &&
			    best[1]->end_ns > c->side[1].align_ns;
		uint64_t by = end[0] > end[1] ? end[0] - end[1] : end[1] - end[0];

		if (ended && by > end[0] / 100)
			add_lane(c, best, "finished at", end[0], end[1], 0);
	}
}

static uint64_t permille(uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((double)part / (double)whole * 1000 + 0.5) : 0;
}

static void make_difference(struct tui_compare *c)
{
	const struct gtv_digest_totals *a = gtv_digest_get_totals(c->side[0].digest);
	const struct gtv_digest_totals *b = gtv_digest_get_totals(c->side[1].digest);

	c->measures = 0;
	add_named(c, "from first to last", TUI_MEASURE_NS, a->duration_ns, b->duration_ns,
		  1);
	add_named(c, "running, all together", TUI_MEASURE_NS, a->run_ns, b->run_ns, 0);
	add_named(c, "ready, and nobody runs it", TUI_MEASURE_NS, a->ready_ns, b->ready_ns,
		  1);
	if (a->lock_ns || b->lock_ns)
		add_named(c, "waiting for locks", TUI_MEASURE_NS, a->lock_ns, b->lock_ns,
			  1);
	if (a->off_core_ns || b->off_core_ns)
		add_named(c, "locks held off core", TUI_MEASURE_NS, a->off_core_ns,
			  b->off_core_ns, 1);
	add_named(c, "switches", TUI_MEASURE_COUNT, a->switches, b->switches, 0);
	if (a->handoffs || b->handoffs)
		add_named(c, "hand-offs of locks", TUI_MEASURE_COUNT, a->handoffs,
			  b->handoffs, 0);
	add_named(c, "preempted by the kernel", TUI_MEASURE_COUNT, a->preempted,
		  b->preempted, 0);
	if (a->core_ns && b->core_ns)
		add_named(c, "cores busy with it", TUI_MEASURE_PERMILLE,
			  permille(a->busy_ns, a->core_ns),
			  permille(b->busy_ns, b->core_ns), 0);
	add_lanes(c);
}

/* ---- the sides ---- */

/* What tells one from the other: the policy if they differ in it, else the file. */
static void label_sides(struct tui_compare *c)
{
	const struct tui_facts *a = c->side[0].facts, *b = c->side[1].facts;
	int by_policy = strcmp(a->policy, b->policy) && a->policy[0] && b->policy[0];

	for (int s = 0; s < 2; s++) {
		const struct tui_facts *f = c->side[s].facts;

		snprintf(c->side[s].label, sizeof(c->side[s].label), "%.60s",
			 by_policy ? f->policy : f->file);
	}
}

/* Everything that points into the two traces. */
static void look_at_sides(struct tui_trace *t)
{
	struct comparing *p = comparing_of(t);

	for (int s = 0; s < 2; s++) {
		struct tui_trace *own = trace_of(t, s);

		p->compare.side[s] = (struct tui_compare_side){
			.store = own->store,
			.names = own->names,
			.window = own->window,
			.roles = own->roles,
			.facts = &own->facts,
			.findings = &own->findings,
			.digest = p->side[s].digest,
			.start_ns = own->nav.first_ns,
			.last_ns = own->nav.last_ns,
			.read = p->side[s].finished,
		};
	}
	label_sides(&p->compare);
	align(p);
}

int tui_trace_compare_with(struct tui_trace *t, struct tui_trace *other,
			   struct gtv_err *err)
{
	struct comparing *p = calloc(1, sizeof(*p));

	if (!p) {
		tui_trace_close(other);
		return gtv_err_set(err, GTV_ENOMEM, "trace", "", "out of memory");
	}
	p->other = *other;
	t->compare = &p->compare;
	p->compare.align = TUI_ALIGN_MARK;
	if (begin(t, &p->side[0]) || begin(&p->other, &p->side[1])) {
		tui_trace_compare_forget(t);
		return gtv_err_set(err, GTV_ENOMEM, "trace", "", "out of memory");
	}
	look_at_sides(t);
	if (make_rows(&p->compare)) {
		tui_trace_compare_forget(t);
		return gtv_err_set(err, GTV_ENOMEM, "trace", "", "out of memory");
	}
	return 0;
}

int tui_trace_compare_open(struct tui_trace *t, const char *file, struct gtv_err *err)
{
	struct tui_trace other;
	int rc = tui_trace_open(&other, file, err);

	return rc ? rc : tui_trace_compare_with(t, &other, err);
}

void tui_trace_compare_forget(struct tui_trace *t)
{
	struct comparing *p = comparing_of(t);

	if (!p)
		return;
	end(&p->side[0]);
	end(&p->side[1]);
	tui_trace_close(&p->other);
	free(p->compare.row);
	free(p);
	t->compare = NULL;
}

/* All of both is compared, whatever the lists count. Returns whether it may have changed.
 */
static int notice(struct tui_trace *own, uint64_t budget_ns)
{
	int range = own->nav.range, changed;

	own->nav.range = TUI_RANGE_OF_ALL;
	changed = tui_trace_notice(own, budget_ns);
	own->nav.range = range;
	return changed;
}

static double part_read(const struct side_reading *r, const struct tui_trace *t)
{
	double all = (double)(t->nav.last_ns - t->nav.first_ns);

	if (r->finished || !r->reading || all <= 0)
		return r->finished;
	return (double)(tui_reading_upto_ns(r->reading) - t->nav.first_ns) / all;
}

int tui_trace_compare_percent(const struct tui_trace *t)
{
	const struct comparing *p = comparing_of(t);

	if (!p)
		return -1;
	return (int)(50 * (part_read(&p->side[0], t) + part_read(&p->side[1], &p->other)));
}

int tui_trace_compare_unread(const struct tui_trace *t)
{
	const struct comparing *p = comparing_of(t);

	return p && (t->findings.range.kind || !p->side[0].finished ||
		     !p->side[1].finished || !t->findings.done || !p->other.findings.done);
}

int tui_trace_compare_read(struct tui_trace *t, uint64_t budget_ns)
{
	struct comparing *p = comparing_of(t);
	uint64_t each_ns = budget_ns == UINT64_MAX ? UINT64_MAX : budget_ns / 4;
	int changed = 0;

	if (!p)
		return 0;
	for (int s = 0; s < 2; s++) {
		struct side_reading *r = &p->side[s];

		changed |= notice(trace_of(t, s), each_ns);
		if (r->finished || !r->reading)
			continue;
		tui_reading_go(r->reading, each_ns);
		if (!tui_reading_done(r->reading))
			continue;
		r->finished = 1;
		changed = 1;
		if (gtv_digest_finish(r->digest, tui_reading_model(r->reading)))
			r->finished = 0;
		tui_reading_free(r->reading);
		r->reading = NULL;
	}
	if (changed) {
		look_at_sides(t);
		if (p->side[0].finished && p->side[1].finished)
			make_difference(&p->compare);
	}
	return changed;
}

/* ---- what keys do ---- */

void tui_trace_compare_swap(struct tui_trace *t)
{
	struct comparing *p = comparing_of(t);
	struct tui_compare *c = &p->compare;
	struct tui_nav nav = t->nav;
	struct side_reading reading = p->side[0];
	int64_t by_ns = (int64_t)(c->side[1].align_ns - c->side[0].align_ns);
	struct tui_trace was;

	/* What points at the one or the other is made anew. */
	tui_asking_forget(t);
	t->compare = NULL;
	tui_panes_forget(t);
	tui_panes_forget(&p->other);
	was = *t;
	*t = p->other;
	p->other = was;
	t->compare = c;
	p->side[0] = p->side[1];
	p->side[1] = reading;
	for (size_t i = 0; i < c->row_count; i++) {
		struct gtv_lane lane = c->row[i].lane[0];

		c->row[i].lane[0] = c->row[i].lane[1];
		c->row[i].lane[1] = lane;
	}
	/* A reading under way read the trace where it was: anew. */
	for (int s = 0; s < 2; s++) {
		if (p->side[s].finished)
			continue;
		end(&p->side[s]);
		(void)begin(trace_of(t, s), &p->side[s]);
	}
	c->on_b = !c->on_b;
	look_at_sides(t);
	if (p->side[0].finished && p->side[1].finished)
		make_difference(c);
	/* The same place in time. */
	nav.first_ns = t->nav.first_ns;
	nav.last_ns = t->nav.last_ns;
	nav.from_ns = (uint64_t)((int64_t)nav.from_ns + by_ns);
	nav.to_ns = (uint64_t)((int64_t)nav.to_ns + by_ns);
	nav.cursor_ns = (uint64_t)((int64_t)nav.cursor_ns + by_ns);
	if ((int64_t)nav.from_ns < 0) {
		nav.from_ns = t->nav.from_ns;
		nav.to_ns = t->nav.to_ns;
		nav.cursor_ns = t->nav.cursor_ns;
	}
	nav.selected = (struct gtv_lane){0};
	nav.span = (struct gtv_span){0};
	nav.undo_count = 0;
	t->nav = nav;
	t->explained = 0;
}

void tui_trace_compare_align(struct tui_trace *t)
{
	struct comparing *p = comparing_of(t);
	struct tui_compare *c = &p->compare;

	c->align = c->align == TUI_ALIGN_START && c->mark[0] ? TUI_ALIGN_MARK
							     : TUI_ALIGN_START;
	align(p);
	if (p->side[0].finished && p->side[1].finished)
		make_difference(c);
}

void tui_trace_compare_shift(struct tui_trace *t, int hundredths)
{
	struct tui_compare *c = t->compare;
	int64_t by_ns = (int64_t)((t->nav.to_ns - t->nav.from_ns) / 100) * hundredths;
	int64_t at_ns = (int64_t)c->side[1].align_ns + by_ns;

	c->align = TUI_ALIGN_FREE;
	c->side[1].align_ns = at_ns > 0 ? (uint64_t)at_ns : 0;
}

int tui_trace_compare_choose(struct tui_trace *t, int dir)
{
	struct tui_compare *c = t->compare;

	if (dir < 0 ? c->chosen == 0 : c->chosen + 1 >= c->row_count)
		return 0;
	c->chosen += dir < 0 ? (size_t)-1 : 1;
	return 1;
}

int tui_trace_compare_go(struct tui_trace *t)
{
	struct tui_compare *c = t->compare;
	int side = c->on_b;

	if (c->chosen >= c->row_count || !c->row[c->chosen].lane[side].kind)
		return -GTV_ENOTFOUND;
	if (side)
		tui_trace_compare_swap(t);
	tui_nav_remember(&t->nav);
	t->nav.selected = c->row[c->chosen].lane[0];
	t->nav.rows = t->nav.selected.kind == GTV_LANE_CORE	? TUI_ROWS_CORE
		      : t->nav.selected.kind == GTV_LANE_THREAD ? TUI_ROWS_THREAD
		      : t->nav.selected.kind == GTV_LANE_GT	? TUI_ROWS_GT
								: TUI_ROWS_LOCK;
	t->nav.span = (struct gtv_span){0};
	return 0;
}
