/* SPDX-License-Identifier: MIT */
#include "tui/trace/findings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/abi/gtv_ring.h"
#include "tui/trace/reading.h"
#include "tui/trace/span.h"

#define LIST_NS 500000000ull /* a list of what grows is made so seldom */

/* The rules, and how far they have read. */
struct tui_noticing {
	struct gtv_findings *findings;
	struct gtv_model_sink sink; /* the rules' */
	struct tui_reading *reading;
	uint64_t listed_ns; /* real time */
	uint64_t begun_ns;
	int unlisted;
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
	tui_reading_free(n->reading);
	gtv_findings_free(n->findings);
	free(n);
}

static void on_span(void *arg, const struct gtv_span *span)
{
	const struct tui_noticing *n = arg;

	n->sink.span(n->sink.arg, span);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	const struct tui_noticing *n = arg;

	if (n->sink.edge)
		n->sink.edge(n->sink.arg, edge);
}

static int feed(void *arg, struct gtv_model *model, const struct gtv_ev *evs, size_t count)
{
	const struct tui_noticing *n = arg;

	return gtv_findings_feed(n->findings, model, evs, count);
}

static int feed_gap(void *arg, struct gtv_model *model, uint64_t from_ns, uint64_t to_ns)
{
	const struct tui_noticing *n = arg;

	return gtv_findings_gap(n->findings, model, from_ns, to_ns);
}

static void finish(void *arg, struct gtv_model *model, uint64_t end_ns)
{
	const struct tui_noticing *n = arg;

	gtv_findings_finish(n->findings, model, end_ns);
}

static const struct tui_reading_ops ops = {
	.span = on_span,
	.edge = on_edge,
	.feed = feed,
	.feed_gap = feed_gap,
	.finish = finish,
};

static struct tui_noticing *begin(struct tui_trace *t)
{
	struct tui_noticing *n = calloc(1, sizeof(*n));
	struct gtv_store_info info;

	if (!n)
		return NULL;
	t->noticing = n;
	n->begun_ns = now_ns();
	t->findings.range = tui_range_of(&t->nav, t->scope);
	gtv_store_get_info(t->store, &info);
	t->findings.list = calloc(TUI_FINDINGS_MAX, sizeof(*t->findings.list));
	t->findings.from_ns = t->findings.upto_ns = t->findings.range.from_ns;
	n->findings = gtv_findings_new(info.level, t->names);
	if (n->findings) {
		n->sink = gtv_findings_sink(n->findings);
		n->reading = tui_reading_new(t, &ops, n);
		gtv_findings_filtered(n->findings, info.level >= 2 &&
							   info.clock != GTV_CLOCK_SIM &&
							   !(info.scope & GTV_SCOPE_ALL));
	}
	if (n->reading && t->findings.range.kind &&
	    tui_reading_part(n->reading, t->findings.range.from_ns,
			     t->findings.range.to_ns)) {
		tui_reading_free(n->reading);
		n->reading = NULL;
	}
	if (!n->reading || !t->findings.list) {
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
	size_t kept = 0;

	f->all = gtv_findings_list(n->findings, f->list, TUI_FINDINGS_MAX);
	f->count = f->all < TUI_FINDINGS_MAX ? f->all : TUI_FINDINGS_MAX;
	for (size_t i = 0; i < f->count; i++) {
		kinds |= 1u << f->list[i].kind;
		if (!(f->ignored >> f->list[i].kind & 1))
			f->list[kept++] = f->list[i];
	}
	f->hidden = f->count - kept;
	f->count = kept;
	for (unsigned k = 0; k < GTV_FIND_MAX; k++)
		f->rule[k].verdict =
			gtv_findings_verdict(n->findings, k, (int)(kinds >> k & 1),
					     f->rule[k].why, sizeof(f->rule[k].why));
	if (f->chosen >= f->count)
		f->chosen = f->count ? f->count - 1 : 0;
	n->listed_ns = now_ns();
	n->unlisted = 0;
}

/* Another range is to be looked at. */
static int is_stale(const struct tui_trace *t)
{
	return t->noticing && tui_range_is_due(&t->findings.range, &t->nav, t->scope,
					       t->noticing->begun_ns, now_ns());
}

int tui_trace_findings_unread(const struct tui_trace *t)
{
	return !t->findings.done || is_stale(t);
}

int tui_trace_notice(struct tui_trace *t, uint64_t budget_ns)
{
	struct tui_noticing *n;
	uint32_t ignored = t->findings.ignored;

	if (is_stale(t)) {
		tui_trace_forget_findings(t);
		t->findings.ignored = ignored;
	}
	n = t->noticing ? t->noticing : begin(t);
	if (!n || t->findings.done || tui_reading_waits(t))
		return 0;
	n->unlisted |= tui_reading_go(n->reading, budget_ns);
	t->findings.upto_ns = tui_reading_upto_ns(n->reading);
	t->findings.done = tui_reading_done(n->reading);
	if (!t->findings.done && (!n->unlisted || now_ns() - n->listed_ns < LIST_NS))
		return 0;
	make_list(t);
	tui_reading_release(n->reading);
	return 1;
}

void tui_trace_ignore_findings(struct tui_trace *t, uint32_t kinds)
{
	t->findings.ignored = kinds;
	if (t->noticing && t->findings.list)
		make_list(t);
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
	uint64_t margin;
	int rc;

	if (!t->findings.count)
		return -GTV_ENOTFOUND;
	it += t->findings.chosen;
	margin = (it->to_ns - it->from_ns) / 3 + 1000;
	tui_nav_remember(nav);
	nav->rows = rows_of(it->lane[0]);
	tui_nav_window(nav, it->from_ns > margin ? it->from_ns - margin : 0,
		       it->to_ns + margin);
	nav->selected = it->lane[0];
	nav->span = (struct gtv_span){0};
	nav->cursor_ns = it->from_ns;
	rc = tui_span_select(t, it->lane[0], it->from_ns);
	return rc == -GTV_ENOTFOUND ? 0 : rc;
}
