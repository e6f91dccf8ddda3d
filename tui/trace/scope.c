/* SPDX-License-Identifier: MIT */
#include "tui/trace/scope.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tracer/cmd/walk.h"

#define SAID_MAX 100000u

/* A walk through the trace from a checkpoint on, with a model of its own. */
struct scan {
	struct gtv_walk walk;
	struct gtv_model *model; /* NULL: it is not begun */
	uint64_t upto_ns;
	int ended; /* of what there is: a trace that grows may have more later */
	int failed;
};

/* The scope, and behind it what only this file knows. */
struct scoping {
	struct tui_scope scope; /* first */
	struct gtv_watch *watch;
	struct scan seek, sums, said;
	size_t said_cap;
	uint64_t sums_from_ns, sums_to_ns;
};

static struct scoping *scoping_of(const struct tui_trace *t)
{
	return (struct scoping *)t->scope;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct tui_scope *tui_scope_of(struct tui_trace *t)
{
	if (!t->scope) {
		struct scoping *s = calloc(1, sizeof(*s));

		t->scope = s ? &s->scope : NULL;
	}
	return t->scope;
}

/* ---- walking ---- */

static void scan_end(struct scan *scan)
{
	if (scan->model || scan->walk.evs)
		gtv_walk_fini(&scan->walk);
	gtv_model_free(scan->model);
	memset(scan, 0, sizeof(*scan));
}

/* From the last checkpoint before from_ns, so that all states are known there. */
static int scan_begin(struct scan *scan, struct tui_trace *t, uint64_t from_ns,
		      const struct gtv_model_sink *sink)
{
	struct gtv_store_info info;
	struct gtv_block_info block = {0};
	void *bytes = NULL;
	size_t size, first = 0;

	scan_end(scan);
	gtv_store_get_info(t->store, &info);
	scan->model = gtv_model_new(info.level, t->names, sink);
	if (!scan->model)
		return -GTV_ENOMEM;
	if (!gtv_store_get_checkpoint(t->store, from_ns, &bytes, &size, &first) &&
	    gtv_model_restore(scan->model, bytes, size)) {
		/* A damaged one is as none: from the beginning. */
		gtv_model_free(scan->model);
		scan->model = gtv_model_new(info.level, t->names, sink);
		first = 0;
	}
	free(bytes);
	if (!scan->model)
		return -GTV_ENOMEM;
	if (first)
		gtv_store_block(t->store, first, &block);
	if (gtv_walk_init(&scan->walk, t->store, block.from_ns)) {
		scan_end(scan);
		return -GTV_ENOMEM;
	}
	scan->walk.block = first;
	scan->upto_ns = block.from_ns;
	return 0;
}

/* The next part: 1 if there is none (now). */
static int scan_next(struct scan *scan, struct tui_trace *t, struct gtv_walk_item *item)
{
	int rc = gtv_walk_next(&scan->walk, item);

	scan->ended = rc != 0;
	scan->failed |= rc < 0;
	if (rc)
		return 1;
	if (item->to_ns > t->nav.last_ns)
		item->to_ns = t->nav.last_ns;
	if (item->to_ns > scan->upto_ns)
		scan->upto_ns = item->to_ns;
	return 0;
}

static int is_growing(const struct tui_trace *t)
{
	return t->facts.mode == TUI_LIVE;
}

/* ---- the trigger ---- */

void tui_scope_disarm(struct tui_trace *t)
{
	struct scoping *s = scoping_of(t);

	if (!s)
		return;
	scan_end(&s->seek);
	gtv_watch_free(s->watch);
	s->watch = NULL;
	s->scope.trigger.state = TUI_TRIGGER_OFF;
	s->scope.trigger.pending = 0;
}

int tui_scope_arm(struct tui_trace *t, const struct tui_trigger *set, uint64_t armed_ns)
{
	struct scoping *s = (struct scoping *)tui_scope_of(t);
	struct tui_trigger wanted = *set;
	struct gtv_model_sink sink;
	struct gtv_store_info info;
	uint64_t longest_ns = 0;

	if (!s)
		return -GTV_ENOMEM;
	tui_scope_disarm(t);
	for (int i = 0; i < wanted.condition.alts; i++)
		if (wanted.condition.alt[i].min_ns > longest_ns)
			longest_ns = wanted.condition.alt[i].min_ns;
	gtv_store_get_info(t->store, &info);
	s->watch = gtv_watch_new(&wanted.condition, info.level, t->names, armed_ns);
	if (!s->watch)
		return -GTV_ENOMEM;
	sink = gtv_watch_sink(s->watch, NULL);
	/* What fires at armed_ns has begun so long before. */
	int rc = scan_begin(&s->seek, t,
			    armed_ns > 2 * longest_ns ? armed_ns - 2 * longest_ns : 0,
			    &sink);

	if (rc) {
		tui_scope_disarm(t);
		return rc;
	}
	s->scope.trigger = wanted;
	s->scope.trigger.state = TUI_TRIGGER_ARMED;
	s->scope.trigger.armed_ns = s->scope.trigger.upto_ns = armed_ns;
	s->scope.trigger.pending = 0;
	return 0;
}

void tui_scope_hold(struct tui_trace *t, uint64_t ts_ns)
{
	struct scoping *s = scoping_of(t);

	if (s && s->watch)
		gtv_watch_hold(s->watch, ts_ns);
}

/* The next hit that was found already, or comes in the next part. */
static int seek_part(struct tui_trace *t, struct scoping *s)
{
	struct tui_trigger *trigger = &s->scope.trigger;
	struct gtv_walk_item item;

	if (gtv_watch_next(s->watch, &trigger->hit))
		return 1;
	if (scan_next(&s->seek, t, &item)) {
		/* What is open at the end may have lasted long enough. */
		if (t->nav.last_ns)
			gtv_watch_upto(s->watch, s->seek.model, t->nav.last_ns - 1);
		return gtv_watch_next(s->watch, &trigger->hit);
	}
	if (item.gap)
		gtv_watch_gap(s->watch, s->seek.model, item.from_ns, item.to_ns);
	else
		gtv_watch_feed(s->watch, s->seek.model, item.evs, item.count);
	if (s->seek.upto_ns > trigger->upto_ns)
		trigger->upto_ns = s->seek.upto_ns;
	return gtv_watch_next(s->watch, &trigger->hit);
}

int tui_scope_seek(struct tui_trace *t, uint64_t budget_ns)
{
	struct scoping *s = scoping_of(t);
	uint64_t began_ns = now_ns();
	struct tui_trigger *trigger;
	int hit;

	if (!s || !s->watch || s->scope.trigger.state != TUI_TRIGGER_ARMED)
		return 0;
	trigger = &s->scope.trigger;
	do {
		hit = seek_part(t, s);
	} while (!hit && !s->seek.ended && now_ns() - began_ns < budget_ns);
	if (!hit && s->seek.ended && (!is_growing(t) || s->seek.failed))
		trigger->state = TUI_TRIGGER_NONE;
	if (!hit)
		return 0;
	trigger->hits++;
	gtv_trigger_say(&trigger->condition, &trigger->hit, t->names, trigger->words,
			sizeof(trigger->words));
	return 1;
}

/* ---- between the cursors ---- */

static void sums_end(struct scoping *s)
{
	scan_end(&s->sums);
	gtv_measure_free(s->scope.measure);
	s->scope.measure = NULL;
	s->scope.measured = 0;
	s->sums_from_ns = s->sums_to_ns = 0;
}

static int sums_begin(struct tui_trace *t, struct scoping *s, uint64_t from_ns,
		      uint64_t to_ns)
{
	struct gtv_model_sink sink = {.span = gtv_measure_span, .edge = gtv_measure_edge};

	sums_end(s);
	s->scope.measure = sink.arg = gtv_measure_new(from_ns, to_ns);
	if (!s->scope.measure || scan_begin(&s->sums, t, from_ns, &sink)) {
		sums_end(s);
		return -GTV_ENOMEM;
	}
	s->sums_from_ns = from_ns;
	s->sums_to_ns = to_ns;
	return 0;
}

static void sums_part(struct tui_trace *t, struct scoping *s)
{
	struct gtv_walk_item item;
	struct gtv_measure *m = s->scope.measure;

	if (s->sums.upto_ns < s->sums_to_ns && !scan_next(&s->sums, t, &item)) {
		if (item.gap) {
			gtv_model_gap(s->sums.model, item.from_ns, item.to_ns);
		} else {
			gtv_measure_events(m, item.evs, item.count);
			gtv_model_feed(s->sums.model, item.evs, item.count);
		}
		s->scope.measured_ns = s->sums.upto_ns;
	}
	int reached = s->sums.upto_ns >= s->sums_to_ns;

	if (!reached && !(s->sums.ended && (!is_growing(t) || s->sums.failed)))
		return;
	/* Beyond the end of the trace nothing is known: it is absent. */
	gtv_measure_finish(m, s->sums.model, reached ? s->sums.upto_ns : t->nav.last_ns);
	scan_end(&s->sums);
	s->scope.measured = 1;
}

int tui_scope_measure(struct tui_trace *t, uint64_t budget_ns)
{
	struct scoping *s = scoping_of(t);
	uint64_t from_ns, to_ns, began_ns = now_ns();

	if (!s)
		return 0;
	if (!tui_scope_interval(&s->scope, &from_ns, &to_ns)) {
		if (s->scope.measure)
			sums_end(s);
		return 0;
	}
	if ((from_ns != s->sums_from_ns || to_ns != s->sums_to_ns) &&
	    sums_begin(t, s, from_ns, to_ns))
		return 0;
	if (s->scope.measured)
		return 0;
	do {
		sums_part(t, s);
	} while (!s->scope.measured && !s->sums.ended && now_ns() - began_ns < budget_ns);
	return 1;
}

/* ---- what the program says ---- */

static void keep_said(struct scoping *s, const struct gtv_ev *ev)
{
	struct tui_scope *scope = &s->scope;
	char text[24] = {0};

	if (scope->said_count == s->said_cap) {
		size_t cap = s->said_cap ? 2 * s->said_cap : 64;
		struct tui_mark *grown =
			scope->said_count < SAID_MAX
				? realloc(scope->said, cap * sizeof(*grown))
				: NULL;

		if (!grown)
			return;
		scope->said = grown;
		s->said_cap = cap;
	}
	struct tui_mark *m = &scope->said[scope->said_count++];

	memcpy(text, &ev->obj, 4);
	memcpy(text + 4, &ev->seq, 4);
	memcpy(text + 8, &ev->arg, 8);
	*m = (struct tui_mark){.ts_ns = ev->ts_ns, .gt = ev->gt, .said = 1};
	gtv_names_escape(text, m->name, sizeof(m->name));
}

int tui_scope_said(struct tui_trace *t, uint64_t budget_ns)
{
	struct scoping *s = (struct scoping *)tui_scope_of(t);
	uint64_t began_ns = now_ns();
	struct gtv_walk_item item;

	if (!s || (!s->said.walk.evs && gtv_walk_init(&s->said.walk, t->store, 0)))
		return 1;
	do {
		if (scan_next(&s->said, t, &item))
			return 1;
		for (size_t i = 0; i < item.count; i++)
			if (item.evs[i].kind == GTV_EV_MARK ||
			    item.evs[i].kind == GTV_EV_REGION_BEGIN)
				keep_said(s, &item.evs[i]);
	} while (now_ns() - began_ns < budget_ns);
	return 0;
}

/* ---- life ---- */

int tui_scope_unread(const struct tui_trace *t)
{
	const struct scoping *s = scoping_of(t);
	uint64_t from_ns, to_ns;

	if (!s)
		return 0;
	return s->scope.trigger.state == TUI_TRIGGER_ARMED ||
	       (tui_scope_interval(&s->scope, &from_ns, &to_ns) && !s->scope.measured);
}

void tui_scope_forget(struct tui_trace *t)
{
	struct scoping *s = scoping_of(t);

	if (!s)
		return;
	tui_scope_disarm(t);
	sums_end(s);
	scan_end(&s->said);
	free(s->scope.said);
	free(s);
	t->scope = NULL;
}
