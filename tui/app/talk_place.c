/* SPDX-License-Identifier: MIT
 *
 * Where in its trace a step looks: at the present, at a time, at what is sought for.
 */
#include "tui/app/talk_inside.h"
#include "tui/trace/critical.h"

#define LIVE_NS	      200000000u
#define BEFORE_TENTHS 4 /* of the window lie before what is looked at */

static uint64_t window_ns(const struct tui_show *s)
{
	const struct tui_nav *nav = &s->app->trace.nav;
	uint64_t all_ns = nav->last_ns - nav->first_ns;
	uint64_t wanted_ns = step_of(s)->window_ns;

	if (!wanted_ns)
		wanted_ns = grows(s) && step_of(s)->at == TUI_AT_LIVE ? LIVE_NS : all_ns;
	return wanted_ns ? wanted_ns : 1;
}

/* ts at four tenths of the window; the trace has come so far, or will not. */
static int place_around(struct tui_show *s, uint64_t ts_ns)
{
	struct tui_nav *nav = &trace_of(s)->nav;
	uint64_t wide_ns = window_ns(s), before_ns = wide_ns / 10 * BEFORE_TENTHS;
	uint64_t from_ns =
		ts_ns > nav->first_ns + before_ns ? ts_ns - before_ns : nav->first_ns;

	if (grows(s) && nav->last_ns < from_ns + wide_ns)
		return 0;
	tui_nav_window(nav, from_ns, from_ns + wide_ns);
	nav->cursor_ns = ts_ns;
	return 1;
}

static void select_at(struct tui_show *s, struct gtv_lane lane, uint64_t ts_ns)
{
	struct gtv_span span;

	if (lane.kind && !gtv_window_span_at(trace_of(s)->window, lane, ts_ns, &span))
		tui_nav_select(&trace_of(s)->nav, &span);
}

/* What is looked for was found: there, and the span that it is about. */
static int place_found(struct tui_show *s)
{
	uint64_t ts_ns = tui_seek_ts_ns(s->place);
	struct tui_nav *nav = &trace_of(s)->nav;

	nav->span = (struct gtv_span){0};
	nav->selected = (struct gtv_lane){0};
	if (!place_around(s, ts_ns))
		return 0;
	select_at(s, tui_seek_lane(s->place), ts_ns);
	/* The window stays where it is although the selection may begin before. */
	place_around(s, ts_ns);
	return 1;
}

static struct tui_seek *seek_of(struct tui_show *s)
{
	const struct tui_talk_step *step = step_of(s);
	struct gtv_lane lane;

	if (step->at == TUI_AT_HIT)
		return tui_seek_condition(trace_of(s), &step->at_condition, step->at_nth);
	if (tui_trace_lane(trace_of(s), step->at_lane, &lane))
		return NULL;
	return tui_seek_longest(trace_of(s), lane);
}

/* 1: the window is where the step wants it; 0 not yet; -1: there is no such place. */
static int place_sought(struct tui_show *s)
{
	if (!s->place)
		s->place = seek_of(s);
	if (!s->place)
		return grows(s) ? 0 : -1;
	switch (tui_seek_go(s->place, TUI_TALK_SEEK_NS)) {
	case TUI_SEEK_FOUND:
		return place_found(s);
	case TUI_SEEK_NONE:
		return -1;
	default:
		return 0;
	}
}

static int place_live(struct tui_show *s)
{
	struct tui_nav *nav = &trace_of(s)->nav;
	uint64_t wide_ns = window_ns(s);
	uint64_t from_ns = nav->last_ns > nav->first_ns + wide_ns ? nav->last_ns - wide_ns
								  : nav->first_ns;

	tui_nav_window(nav, from_ns, from_ns + wide_ns);
	nav->follow = grows(s);
	/* It may be clipped to what there is so far: once more when more is there. */
	return !grows(s) || nav->to_ns - nav->from_ns >= wide_ns;
}

static int place(struct tui_show *s)
{
	const struct tui_talk_step *step = step_of(s);
	struct tui_nav *nav = &trace_of(s)->nav;

	switch (step->at) {
	case TUI_AT_LIVE:
		return place_live(s);
	case TUI_AT_BEGIN:
		/* All of what grows is all there is so far, until it has ended. */
		if (!step->window_ns && grows(s)) {
			tui_nav_window(nav, nav->first_ns, nav->last_ns);
			return 0;
		}
		tui_nav_window(nav, nav->first_ns, nav->first_ns + window_ns(s));
		return !grows(s) || nav->last_ns - nav->first_ns >= window_ns(s);
	case TUI_AT_END:
		place_live(s);
		nav->follow = grows(s);
		return !grows(s);
	case TUI_AT_TIME:
		return place_around(s, trace_of(s)->start_ns + step->at_ns);
	default:
		return place_sought(s);
	}
}

/* While what is looked for has not come, the present is shown. */
static void place_meanwhile(struct tui_show *s)
{
	if (grows(s) && !trace_of(s)->nav.follow)
		place_live(s);
}

static void arrived(struct tui_show *s)
{
	struct tui_trace *t = trace_of(s);
	const struct tui_talk_step *step = step_of(s);

	s->placed = 1;
	t->nav.undo_count = t->nav.redo_count = 0;
	t->nav.rows = step->rows;
	tui_trace_critical_forget(t);
	if (step->critical)
		(void)tui_trace_critical_find(t);
	if (step->view == TUI_VIEW_EXPLAIN && tui_trace_explain(t))
		s->app->view = TUI_VIEW_PRESENTER;
	t->nav.playing = step->play_permille > 0;
	if (step->play_permille) {
		t->nav.follow = 0;
		t->nav.speed_permille = step->play_permille;
		s->app->played_ns = tui_app_now_ns();
	}
}

void tui_show_turn_place(struct tui_show *s)
{
	int rc;

	if (s->placed || !trace_of(s)->store)
		return;
	rc = place(s);
	if (!rc)
		place_meanwhile(s);
	else if (rc > 0)
		arrived(s);
	else if (s->origin == FROM_LIVE && chapter_of(s)->recording) {
		tui_show_fall_back(s, "the live run did not come to what this step shows");
		tui_show_turn_place(s);
	} else {
		/* Nothing better to show than all of it. */
		tui_nav_window(&trace_of(s)->nav, trace_of(s)->nav.first_ns,
			       trace_of(s)->nav.last_ns);
		arrived(s);
	}
	s->app->dirty = 1;
}
