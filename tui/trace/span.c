/* SPDX-License-Identifier: MIT */
#include "tui/trace/span.h"

#include <stdio.h>

#include "tui/trace/patience.h"

#define KEY_NS 3000000u /* what a key looks at */

static int same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

void tui_span_hurry(struct tui_trace *t)
{
	if (t->sought.later)
		tui_trace_hurry(t, KEY_NS, NULL, NULL);
}

/* Without patience if that is wanted later: only what is known. */
static int look_up(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns,
		   struct gtv_span *out)
{
	if (!t->sought.later)
		return gtv_window_span_at(t->window, lane, at_ns, out);
	if (same_lane(lane, t->sought.missed) && at_ns == t->sought.missed_ns)
		return -GTV_ENOTFOUND;
	tui_trace_hurry(t, 0, NULL, NULL);
	int rc = gtv_window_span_try(t->window, lane, at_ns, out);

	tui_trace_whole(t);
	return rc;
}

static void seek(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns)
{
	const struct tui_nav *nav = &t->nav;

	t->nav.sought = lane;
	t->sought.at_ns = at_ns;
	t->sought.origin_ns = nav->span.from_ns;
	t->sought.stay = t->sought.renews = t->sought.steps = 0;
	t->sought.from_ns = nav->from_ns;
	t->sought.to_ns = nav->to_ns;
	t->sought.cursor_ns = nav->cursor_ns;
}

int tui_span_select(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns)
{
	struct gtv_span span;
	int rc = lane.kind ? look_up(t, lane, at_ns, &span) : -GTV_ENOTFOUND;

	t->nav.sought.kind = 0;
	if (!rc) {
		tui_nav_select(&t->nav, &span);
		return 0;
	}
	if (rc > 0 || rc == -GTV_ENOTFOUND)
		tui_nav_choose(&t->nav, lane);
	if (rc > 0)
		seek(t, lane, at_ns);
	return rc > 0 ? 0 : rc;
}

int tui_span_read(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns)
{
	struct gtv_span span;
	int rc = lane.kind ? look_up(t, lane, at_ns, &span) : -GTV_ENOTFOUND;

	t->nav.sought.kind = 0;
	if (!rc)
		t->nav.span = span;
	if (rc > 0) {
		seek(t, lane, at_ns);
		t->sought.stay = 1;
	}
	return rc > 0 ? 0 : rc;
}

void tui_span_stay(struct tui_trace *t)
{
	t->sought.stay = 1;
}

void tui_span_renew(struct tui_trace *t)
{
	struct gtv_span *old = &t->nav.span, now;
	int rc = look_up(t, old->lane, old->from_ns, &now);

	if (!rc && now.from_ns == old->from_ns)
		*old = now;
	if (rc <= 0 || t->nav.sought.kind)
		return;
	seek(t, old->lane, old->from_ns);
	t->sought.stay = t->sought.renews = 1;
}

int tui_span_unread(const struct tui_trace *t)
{
	return t->nav.sought.kind != 0;
}

/* Nobody has selected anything else since. */
static int is_wanted(const struct tui_trace *t)
{
	const struct tui_nav *nav = &t->nav;
	int has_span = nav->span.to_ns > nav->span.from_ns;

	return same_lane(nav->sought, nav->selected) &&
	       (t->sought.renews || t->sought.steps
			? has_span && nav->span.from_ns == t->sought.origin_ns
			: !has_span);
}

/* Where the user is now is where he stays, if he has gone there meanwhile. */
static int has_moved(const struct tui_trace *t)
{
	const struct tui_nav *nav = &t->nav;

	return t->sought.stay || nav->from_ns != t->sought.from_ns ||
	       nav->to_ns != t->sought.to_ns || nav->cursor_ns != t->sought.cursor_ns;
}

/* Where a step leads was read; the user may have gone elsewhere, but not to another span.
 */
static void arrive(struct tui_trace *t, int rc, const struct gtv_span *span)
{
	if (!rc)
		tui_nav_select(&t->nav, span);
	else
		snprintf(t->facts.message, sizeof(t->facts.message),
			 "nothing of it touches that; once more goes further");
}

int tui_span_step(struct tui_trace *t, int dir)
{
	const struct gtv_span *now = &t->nav.span;
	uint64_t at_ns = dir > 0 ? now->to_ns : now->from_ns - 1;
	struct gtv_span span;
	int rc = dir > 0 || now->from_ns ? look_up(t, now->lane, at_ns, &span)
					 : -GTV_ENOTFOUND;

	t->nav.sought.kind = 0;
	if (!rc)
		tui_nav_select(&t->nav, &span);
	if (rc <= 0)
		return rc;
	seek(t, now->lane, at_ns);
	t->sought.steps = 1;
	return 0;
}

int tui_span_read_on(struct tui_trace *t, uint64_t budget_ns, int (*stop)(void *arg),
		     void *arg)
{
	struct gtv_lane lane = t->nav.sought;
	struct gtv_span span;

	if (!tui_span_unread(t))
		return 0;
	if (!is_wanted(t)) {
		t->nav.sought.kind = 0;
		return 1;
	}
	tui_trace_hurry(t, budget_ns, stop, arg);
	int rc = gtv_window_span_try(t->window, lane, t->sought.at_ns, &span);

	tui_trace_whole(t);
	if (rc > 0)
		return 0;
	t->nav.sought.kind = 0;
	if (rc == -GTV_ENOTFOUND) {
		t->sought.missed = lane;
		t->sought.missed_ns = t->sought.at_ns;
	}
	if (t->sought.steps)
		arrive(t, rc, &span);
	else if (!rc && (!t->sought.renews || span.from_ns == t->sought.at_ns))
		tui_nav_fill(&t->nav, &span, has_moved(t));
	return 1;
}
