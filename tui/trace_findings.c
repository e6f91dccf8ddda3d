/* SPDX-License-Identifier: MIT */
#include "tui/trace_findings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/cmd/walk.h"

#define LIST_NS 500000000ull /* a list of what grows is made so seldom */

/* The rules, the model they need, and how far they have read. */
struct tui_noticing {
	struct gtv_findings *findings;
	struct gtv_model *model;
	struct gtv_walk walk;
	uint64_t listed_ns; /* real time */
	int failed, unlisted;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void tui_trace_forget_findings(struct tui_trace *t)
{
	struct tui_noticing *n = t->noticing;

	free(t->findings.list);
	memset(&t->findings, 0, sizeof(t->findings));
	t->noticing = NULL;
	if (!n)
		return;
	gtv_walk_fini(&n->walk);
	gtv_model_free(n->model);
	gtv_findings_free(n->findings);
	free(n);
}

static struct tui_noticing *begin(struct tui_trace *t)
{
	struct tui_noticing *n = calloc(1, sizeof(*n));
	struct gtv_model_sink sink;
	struct gtv_store_info info;

	if (!n)
		return NULL;
	t->noticing = n;
	gtv_store_get_info(t->store, &info);
	t->findings.list = calloc(TUI_FINDINGS_MAX, sizeof(*t->findings.list));
	t->findings.from_ns = t->findings.upto_ns = t->nav.first_ns;
	n->findings = gtv_findings_new(info.level, t->names);
	if (n->findings) {
		sink = gtv_findings_sink(n->findings);
		n->model = gtv_model_new(info.level, t->names, &sink);
		gtv_findings_filtered(n->findings, info.level >= 2 &&
							   info.clock != GTV_CLOCK_SIM &&
							   !(info.scope & GTV_SCOPE_ALL));
	}
	if (gtv_walk_init(&n->walk, t->store, 0) || !n->model || !t->findings.list) {
		tui_trace_forget_findings(t);
		return NULL;
	}
	return n;
}

static void make_list(struct tui_trace *t)
{
	struct tui_findings *f = &t->findings;
	struct tui_noticing *n = t->noticing;
	uint32_t kinds = 0;

	f->all = gtv_findings_list(n->findings, f->list, TUI_FINDINGS_MAX);
	f->count = f->all < TUI_FINDINGS_MAX ? f->all : TUI_FINDINGS_MAX;
	for (size_t i = 0; i < f->count; i++)
		kinds |= 1u << f->list[i].kind;
	for (unsigned k = 0; k < GTV_FIND_MAX; k++)
		f->rule[k].verdict =
			gtv_findings_verdict(n->findings, k, (int)(kinds >> k & 1),
					     f->rule[k].why, sizeof(f->rule[k].why));
	if (f->chosen >= f->count)
		f->chosen = f->count ? f->count - 1 : 0;
	n->listed_ns = now_ns();
	n->unlisted = 0;
}

/* One part of the trace. 1: there is no more. */
static int read_part(struct tui_trace *t, struct tui_noticing *n)
{
	struct gtv_walk_item item;
	uint64_t to;
	int rc = gtv_walk_next(&n->walk, &item);

	if (rc < 0)
		n->failed = 1;
	if (rc)
		return 1;
	to = item.to_ns < t->nav.last_ns ? item.to_ns : t->nav.last_ns;
	if (!item.gap)
		gtv_findings_feed(n->findings, n->model, item.evs, item.count);
	else if (item.from_ns < to)
		gtv_findings_gap(n->findings, n->model, item.from_ns, to);
	if (to > t->findings.upto_ns)
		t->findings.upto_ns = to;
	n->unlisted = 1;
	return 0;
}

int tui_trace_notice(struct tui_trace *t, uint64_t budget_ns)
{
	struct tui_noticing *n = t->noticing ? t->noticing : begin(t);
	uint64_t began_ns = now_ns();
	int ended;

	if (!n || t->findings.done)
		return 0;
	do {
		ended = read_part(t, n);
	} while (!ended && now_ns() - began_ns < budget_ns);
	if (ended && (t->facts.mode != TUI_LIVE || n->failed)) {
		gtv_findings_finish(n->findings, n->model,
				    t->nav.last_ns ? t->nav.last_ns - 1 : 0);
		t->findings.upto_ns = t->nav.last_ns;
		t->findings.done = 1;
		make_list(t);
		return 1;
	}
	if (!n->unlisted || now_ns() - n->listed_ns < LIST_NS)
		return 0;
	make_list(t);
	return 1;
}

int tui_trace_choose_finding(struct tui_trace *t, int dir)
{
	struct tui_findings *f = &t->findings;

	if (dir < 0 ? f->chosen == 0 : f->chosen + 1 >= f->count)
		return 0;
	f->chosen += dir < 0 ? (size_t)-1 : 1;
	return 1;
}

static enum tui_rows rows_of(struct gtv_lane lane)
{
	switch (lane.kind) {
	case GTV_LANE_THREAD:
		return TUI_ROWS_THREAD;
	case GTV_LANE_GT:
		return TUI_ROWS_GT;
	case GTV_LANE_LOCK:
		return TUI_ROWS_LOCK;
	default:
		return TUI_ROWS_CORE;
	}
}

int tui_trace_show_finding(struct tui_trace *t)
{
	const struct gtv_finding *it = t->findings.list;
	struct tui_nav *nav = &t->nav;
	struct gtv_span span;
	uint64_t margin;
	int rc;

	if (!t->findings.count)
		return -GTV_ENOTFOUND;
	it += t->findings.chosen;
	margin = (it->to_ns - it->from_ns) / 3 + 1000;
	nav->rows = rows_of(it->lane[0]);
	tui_nav_window(nav, it->from_ns > margin ? it->from_ns - margin : 0,
		       it->to_ns + margin);
	nav->selected = it->lane[0];
	nav->span = (struct gtv_span){0};
	nav->cursor_ns = it->from_ns;
	rc = gtv_window_look(t->window, nav->from_ns, nav->to_ns,
			     (nav->to_ns - nav->from_ns) / 100 + 1);
	if (!rc && !gtv_window_span_at(t->window, it->lane[0], it->from_ns, &span))
		tui_nav_select(nav, &span);
	return rc;
}
