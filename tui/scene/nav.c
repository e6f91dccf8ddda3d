/* SPDX-License-Identifier: MIT */
#include "tui/scene/nav.h"

#include <string.h>

#define SPAN_MIN_NS  100u
#define LIVE_SPAN_NS 200000000u /* what a live screen shows at first */

static uint64_t range_ns(const struct tui_nav *nav)
{
	uint64_t range = nav->last_ns - nav->first_ns;
	return range < SPAN_MIN_NS ? SPAN_MIN_NS : range;
}

static uint64_t span_ns(const struct tui_nav *nav)
{
	return nav->to_ns - nav->from_ns;
}

/* v * num / den without overflow for any window: the parts stay exact. */
static uint64_t scale(uint64_t v, uint64_t num, uint64_t den)
{
	return v / den * num + v % den * num / den;
}

/* The window may reach past the range by half of itself, so that an end can be
 * brought to the middle; not further, or one is lost in the void. */
static void place(struct tui_nav *nav, uint64_t from_ns, uint64_t span)
{
	uint64_t range = range_ns(nav);
	if (span < SPAN_MIN_NS)
		span = SPAN_MIN_NS;
	if (span > 2 * range)
		span = 2 * range;
	uint64_t lowest = nav->first_ns > span / 2 ? nav->first_ns - span / 2 : 0;
	uint64_t highest = nav->first_ns + range - (span / 2 < range ? span / 2 : range);
	if (from_ns < lowest)
		from_ns = lowest;
	if (from_ns > highest)
		from_ns = highest;
	nav->from_ns = from_ns;
	nav->to_ns = from_ns + span;
}

static void keep_cursor_inside(struct tui_nav *nav)
{
	if (nav->cursor_ns < nav->from_ns)
		nav->cursor_ns = nav->from_ns;
	if (nav->cursor_ns >= nav->to_ns)
		nav->cursor_ns = nav->to_ns - 1;
}

static struct tui_place place_of(const struct tui_nav *nav)
{
	return (struct tui_place){nav->from_ns, nav->to_ns,    nav->cursor_ns, nav->rows,
				  nav->scroll,	nav->selected, nav->span};
}

/* The oldest goes when there is no room. */
static void push(struct tui_place *places, int *count, const struct tui_place *place)
{
	if (*count == TUI_PLACES) {
		memmove(&places[0], &places[1], (TUI_PLACES - 1) * sizeof(places[0]));
		--*count;
	}
	places[(*count)++] = *place;
}

void tui_nav_remember(struct tui_nav *nav)
{
	struct tui_place place = place_of(nav);

	if (nav->step == 2)
		return;
	if (nav->step)
		nav->step = 2;
	push(nav->undo, &nav->undo_count, &place);
	nav->redo_count = 0;
}

void tui_nav_step(struct tui_nav *nav, int on)
{
	nav->step = on != 0;
}

void tui_nav_init(struct tui_nav *nav, uint64_t first_ns, uint64_t last_ns, int live)
{
	memset(nav, 0, sizeof(*nav));
	nav->first_ns = first_ns;
	nav->last_ns = last_ns < first_ns ? first_ns : last_ns;
	nav->follow = live;
	nav->speed_permille = 1000;
	nav->from_ns = first_ns;
	nav->to_ns = first_ns + (live ? LIVE_SPAN_NS : range_ns(nav));
	nav->cursor_ns = nav->from_ns + span_ns(nav) / 2;
	if (live)
		tui_nav_grow(nav, nav->last_ns, 0);
}

void tui_nav_grow(struct tui_nav *nav, uint64_t last_ns, int cells)
{
	if (last_ns > nav->last_ns)
		nav->last_ns = last_ns;
	if (!nav->follow || nav->paused || nav->last_ns <= nav->to_ns)
		return;
	uint64_t step = nav->last_ns - nav->to_ns;
	if (cells > 0) {
		/* Whole cells: what is drawn moves, it does not shimmer. */
		uint64_t cell = span_ns(nav) / (uint64_t)cells;
		if (cell > 0)
			step = (step + cell - 1) / cell * cell;
	}
	nav->from_ns += step;
	nav->to_ns += step;
	nav->cursor_ns += step;
	keep_cursor_inside(nav);
}

void tui_nav_live_span(struct tui_nav *nav, uint64_t span)
{
	if (!nav->follow || span < SPAN_MIN_NS)
		return;
	nav->to_ns = nav->from_ns + span;
	keep_cursor_inside(nav);
	tui_nav_grow(nav, nav->last_ns, 0);
}

void tui_nav_zoom(struct tui_nav *nav, int factor_permille)
{
	tui_nav_zoom_at(nav, nav->cursor_ns, factor_permille);
}

void tui_nav_zoom_at(struct tui_nav *nav, uint64_t at_ns, int factor_permille)
{
	if (factor_permille <= 0)
		return;
	uint64_t old = span_ns(nav);
	uint64_t span = scale(old, (uint64_t)factor_permille, 1000);
	if (span < SPAN_MIN_NS)
		span = SPAN_MIN_NS;
	/* Past the range there is nothing more to see; what is shown stays. */
	uint64_t most = range_ns(nav) > old ? range_ns(nav) : old;
	if (span > most)
		span = most;
	if (span == old)
		return;
	tui_nav_remember(nav);
	if (at_ns < nav->from_ns)
		at_ns = nav->from_ns;
	if (at_ns > nav->to_ns)
		at_ns = nav->to_ns;
	if (nav->follow && !nav->paused) {
		/* The present stays at the right edge. */
		nav->from_ns = nav->to_ns > span ? nav->to_ns - span : 0;
		nav->to_ns = nav->from_ns + span;
		nav->cursor_ns = nav->from_ns + scale(at_ns + old - nav->to_ns, span, old);
		keep_cursor_inside(nav);
		return;
	}
	uint64_t before = scale(at_ns - nav->from_ns, span, old);
	place(nav, at_ns > before ? at_ns - before : 0, span);
	keep_cursor_inside(nav);
}

void tui_nav_pan(struct tui_nav *nav, int hundredths)
{
	uint64_t span = span_ns(nav);
	uint64_t by = scale(
		span, (uint64_t)(hundredths < 0 ? -(int64_t)hundredths : hundredths), 100);
	uint64_t column = nav->cursor_ns - nav->from_ns;
	nav->follow = 0;
	if (hundredths < 0)
		place(nav, nav->from_ns > by ? nav->from_ns - by : 0, span);
	else
		place(nav, nav->from_ns + by, span);
	/* The cursor is a place on the screen: it keeps its column. */
	nav->cursor_ns = nav->from_ns + column;
	keep_cursor_inside(nav);
}

void tui_nav_drag(struct tui_nav *nav, int64_t ns)
{
	uint64_t by = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, span = span_ns(nav);

	nav->follow = 0;
	if (ns < 0)
		place(nav, nav->from_ns > by ? nav->from_ns - by : 0, span);
	else
		place(nav, nav->from_ns + by, span);
	keep_cursor_inside(nav);
}

void tui_nav_cursor(struct tui_nav *nav, int cells, int across)
{
	if (across <= 0)
		return;
	uint64_t cell = span_ns(nav) / (uint64_t)across;
	if (cell == 0)
		cell = 1;
	uint64_t by = cell * (uint64_t)(cells < 0 ? -(int64_t)cells : cells);
	uint64_t at = cells < 0 ? (nav->cursor_ns > by ? nav->cursor_ns - by : 0)
				: nav->cursor_ns + by;
	if (at < nav->from_ns)
		place(nav, at, span_ns(nav));
	else if (at >= nav->to_ns)
		place(nav, nav->from_ns + (at - nav->to_ns) + cell, span_ns(nav));
	if (at < nav->from_ns || at >= nav->to_ns || at != nav->cursor_ns)
		nav->follow = 0;
	nav->cursor_ns = at;
	keep_cursor_inside(nav);
}

void tui_nav_begin(struct tui_nav *nav)
{
	tui_nav_remember(nav);
	nav->follow = 0;
	place(nav, nav->first_ns, span_ns(nav));
	nav->cursor_ns = nav->from_ns;
}

void tui_nav_end(struct tui_nav *nav, int live)
{
	uint64_t span = span_ns(nav);
	tui_nav_remember(nav);
	place(nav, nav->last_ns > span ? nav->last_ns - span : 0, span);
	nav->cursor_ns = nav->to_ns - 1;
	nav->follow = live;
	/* What is frozen follows nothing. */
	if (live)
		nav->paused = 0;
}

void tui_nav_window(struct tui_nav *nav, uint64_t from_ns, uint64_t to_ns)
{
	if (to_ns <= from_ns)
		to_ns = from_ns + SPAN_MIN_NS;
	tui_nav_remember(nav);
	nav->follow = 0;
	place(nav, from_ns, to_ns - from_ns);
	keep_cursor_inside(nav);
}

void tui_nav_fit(struct tui_nav *nav)
{
	if (nav->span.to_ns <= nav->span.from_ns) {
		tui_nav_window(nav, nav->first_ns, nav->first_ns + range_ns(nav));
		return;
	}
	/* A margin of a fifth on both sides: what led to it and what came of it. */
	uint64_t margin = (nav->span.to_ns - nav->span.from_ns) / 5 + 1;
	uint64_t from = nav->span.from_ns > margin ? nav->span.from_ns - margin : 0;
	tui_nav_window(nav, from, nav->span.to_ns + margin);
	nav->cursor_ns = nav->span.from_ns;
	keep_cursor_inside(nav);
}

static void go_back(struct tui_nav *nav, const struct tui_place *to)
{
	nav->follow = 0;
	nav->from_ns = to->from_ns;
	nav->to_ns = to->to_ns;
	nav->cursor_ns = to->cursor_ns;
	nav->rows = to->rows;
	nav->scroll = to->scroll;
	nav->selected = to->selected;
	nav->span = to->span;
	keep_cursor_inside(nav);
}

int tui_nav_undo(struct tui_nav *nav)
{
	struct tui_place now = place_of(nav);

	if (nav->undo_count == 0)
		return 0;
	push(nav->redo, &nav->redo_count, &now);
	go_back(nav, &nav->undo[--nav->undo_count]);
	return 1;
}

int tui_nav_redo(struct tui_nav *nav)
{
	struct tui_place now = place_of(nav);

	if (nav->redo_count == 0)
		return 0;
	push(nav->undo, &nav->undo_count, &now);
	go_back(nav, &nav->redo[--nav->redo_count]);
	return 1;
}

void tui_nav_jump(struct tui_nav *nav, uint64_t ts_ns)
{
	tui_nav_remember(nav);
	tui_nav_cursor_to(nav, ts_ns);
}

void tui_nav_cursor_to(struct tui_nav *nav, uint64_t ts_ns)
{
	nav->follow = 0;
	if (ts_ns < nav->from_ns || ts_ns >= nav->to_ns)
		place(nav, ts_ns > span_ns(nav) / 2 ? ts_ns - span_ns(nav) / 2 : 0,
		      span_ns(nav));
	nav->cursor_ns = ts_ns;
	keep_cursor_inside(nav);
}

void tui_nav_rows(struct tui_nav *nav, enum tui_rows rows)
{
	tui_nav_remember(nav);
	nav->rows = rows;
	nav->scroll = 0;
}

void tui_nav_rows_next(struct tui_nav *nav, int dir)
{
	int rows = (int)nav->rows + (dir < 0 ? TUI_ROWS_MAX - 1 : 1);
	tui_nav_rows(nav, (enum tui_rows)(rows % TUI_ROWS_MAX));
}

void tui_nav_choose(struct tui_nav *nav, struct gtv_lane lane)
{
	if (lane.kind == nav->selected.kind && lane.id == nav->selected.id &&
	    nav->span.to_ns == 0)
		return;
	tui_nav_remember(nav);
	nav->selected = lane;
	memset(&nav->span, 0, sizeof(nav->span));
}

/* As little as brings [from, to) into the window; if it is wider, its begin. */
static uint64_t needed_from(const struct tui_nav *nav, const struct gtv_span *span)
{
	uint64_t width = span_ns(nav), margin = width / 20;
	if (span->from_ns >= nav->from_ns && span->to_ns <= nav->to_ns)
		return nav->from_ns;
	int covers = span->from_ns < nav->from_ns && span->to_ns > nav->to_ns;
	int too_wide = span->to_ns - span->from_ns > width - 2 * margin;
	if (span->from_ns < nav->from_ns || too_wide || covers)
		return span->from_ns > margin ? span->from_ns - margin : 0;
	return span->to_ns + margin - width;
}

void tui_nav_select(struct tui_nav *nav, const struct gtv_span *span)
{
	tui_nav_remember(nav);
	tui_nav_fill(nav, span, 0);
}

void tui_nav_fill(struct tui_nav *nav, const struct gtv_span *span, int stay)
{
	uint64_t from = needed_from(nav, span);
	nav->selected = span->lane;
	nav->span = *span;
	if (stay)
		return;
	if (from != nav->from_ns) {
		nav->follow = 0;
		place(nav, from, span_ns(nav));
	}
	nav->cursor_ns = span->from_ns;
	keep_cursor_inside(nav);
}

void tui_nav_play(struct tui_nav *nav, uint64_t elapsed_ns)
{
	if (!nav->playing || nav->paused || nav->speed_permille <= 0)
		return;
	uint64_t step = scale(elapsed_ns, (uint64_t)nav->speed_permille, 1000);
	uint64_t span = span_ns(nav);
	if (nav->to_ns + step >= nav->last_ns) {
		/* At the end it stops, the last events at the right edge. */
		step = nav->last_ns > nav->to_ns ? nav->last_ns - nav->to_ns : 0;
		nav->playing = 0;
	}
	nav->from_ns += step;
	nav->to_ns = nav->from_ns + span;
	nav->cursor_ns += step;
	keep_cursor_inside(nav);
}
