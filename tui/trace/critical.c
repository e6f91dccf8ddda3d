/* SPDX-License-Identifier: MIT */
#include "tui/trace/critical.h"

#include <stdlib.h>
#include <string.h>

void tui_trace_critical_forget(struct tui_trace *t)
{
	if (!t->critical)
		return;
	gtv_critical_fini(&t->critical->path);
	free(t->critical);
	t->critical = NULL;
}

/* Who is inside: a core and a lock do nothing by themselves. */
static struct gtv_lane actor_of(const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_GT || s->lane.kind == GTV_LANE_THREAD)
		return s->lane;
	if (s->gt)
		return (struct gtv_lane){GTV_LANE_GT, s->gt};
	return (struct gtv_lane){s->tid ? GTV_LANE_THREAD : 0, s->tid};
}

/* When the lane was last alive in the window; 0: never. */
static uint64_t last_seen_ns(struct gtv_window *w, struct gtv_lane lane)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(w, lane, &count);

	while (count > 0 && (p[count - 1].span.state == GTV_ST_NONE ||
			     p[count - 1].span.state == GTV_ST_DONE))
		count--;
	return count ? p[count - 1].span.to_ns : 0;
}

static struct gtv_lane last_to_end(struct tui_trace *t)
{
	enum gtv_lane_kind kind =
		gtv_names_count(t->names, GTV_CLASS_GT) ? GTV_LANE_GT : GTV_LANE_THREAD;
	size_t count = gtv_window_lane_count(t->window, kind);
	struct gtv_lane best = {0};
	uint64_t best_ns = 0;

	for (size_t i = 0; i < count; i++) {
		struct gtv_lane lane = gtv_window_lane(t->window, kind, i);
		uint64_t ns = last_seen_ns(t->window, lane);

		if (ns <= best_ns)
			continue;
		best_ns = ns;
		best = lane;
	}
	return best;
}

static void add_piece(struct tui_critical *c, const struct gtv_critical_piece *p)
{
	uint64_t ns = p->to_ns - p->from_ns;

	for (int i = 0; i < c->sums; i++) {
		struct tui_critical_sum *s = &c->sum[i];

		if (s->who.kind != p->who.kind || s->who.id != p->who.id ||
		    s->state != p->state)
			continue;
		s->ns += ns;
		s->pieces++;
		return;
	}
	if (c->sums == TUI_CRITICAL_SUMS) {
		c->rest_ns += ns;
		return;
	}
	c->sum[c->sums++] = (struct tui_critical_sum){p->who, p->state, ns, 1};
}

static int most_first(const void *a, const void *b)
{
	const struct tui_critical_sum *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

int tui_trace_critical_find(struct tui_trace *t)
{
	const struct tui_nav *nav = &t->nav;
	struct tui_critical *c = calloc(1, sizeof(*c));
	int rc;

	tui_trace_critical_forget(t);
	if (!c)
		return -GTV_ENOMEM;
	c->from_ns = nav->from_ns > nav->first_ns ? nav->from_ns : nav->first_ns;
	c->to_ns = nav->to_ns < nav->last_ns ? nav->to_ns : nav->last_ns;
	rc = gtv_window_look(t->window, nav->from_ns, nav->to_ns,
			     (nav->to_ns - nav->from_ns) / 200 + 1);
	if (!rc && nav->span.to_ns > nav->span.from_ns) {
		c->lane = actor_of(&nav->span);
		c->from_ns = nav->span.from_ns;
		c->to_ns = nav->span.to_ns;
	} else if (!rc && !gtv_window_exact(t->window)) {
		/* Before a hundred thousand lanes are asked who ends last. */
		rc = -GTV_EUSAGE;
	} else if (!rc && (nav->selected.kind == GTV_LANE_GT ||
			   nav->selected.kind == GTV_LANE_THREAD)) {
		c->lane = nav->selected;
	} else if (!rc) {
		c->lane = last_to_end(t);
	}
	if (!rc && !c->lane.kind)
		rc = -GTV_ENOTFOUND;
	if (!rc && nav->span.to_ns <= nav->span.from_ns) {
		uint64_t seen_ns = last_seen_ns(t->window, c->lane);

		c->to_ns = seen_ns && seen_ns < c->to_ns ? seen_ns : c->to_ns;
	}
	if (!rc)
		rc = gtv_critical_find(t->window, c->lane, c->from_ns, c->to_ns, &c->path);
	t->critical = c;
	if (rc) {
		tui_trace_critical_forget(t);
		return rc;
	}
	for (size_t i = 0; i < c->path.count; i++)
		add_piece(c, &c->path.piece[i]);
	qsort(c->sum, (size_t)c->sums, sizeof(c->sum[0]), most_first);
	return 0;
}
