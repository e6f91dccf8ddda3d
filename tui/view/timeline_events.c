/* SPDX-License-Identifier: MIT
 *
 * On a tall screen the rows that no lane needs say what happened in the selected span: its
 * first events, straight from the store. The whole list is the events view's.
 */
#include <stdlib.h>

#include "tracer/base/event.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/timeline.h"

#define ROWS_MAX   12
#define BLOCKS_MAX 2 /* decoded in a frame */

struct listing {
	const struct gtv_span *span;
	struct gtv_ev ev[ROWS_MAX];
	int count, room;
	int more;
};

int tui_tl_event_rows(const struct tui_timeline *tl, int free_rows)
{
	const struct tui_nav *nav = tl->scene->nav;
	int rows = free_rows - 1 < ROWS_MAX ? free_rows - 1 : ROWS_MAX;
	return nav->selected.kind && nav->span.to_ns > nav->span.from_ns && rows > 2 ? rows
										     : 0;
}

/* Its own, and the kernel's of the thread that carries it. A lock does nothing itself. */
static int is_of(const struct gtv_span *s, const struct gtv_ev *ev)
{
	switch (s->lane.kind) {
	case GTV_LANE_CORE:
		return ev->core == (int32_t)s->lane.id;
	case GTV_LANE_THREAD:
		return ev->tid == s->lane.id;
	case GTV_LANE_GT:
		return ev->gt == s->lane.id || (!ev->gt && s->tid && ev->tid == s->tid);
	default:
		return s->gt ? ev->gt == s->gt : s->tid && ev->tid == s->tid;
	}
}

static void take(struct listing *l, const struct gtv_ev *evs, long count)
{
	for (long i = 0; i < count && !l->more; i++) {
		const struct gtv_ev *ev = &evs[i];
		if (ev->ts_ns < l->span->from_ns || ev->ts_ns > l->span->to_ns ||
		    ev->kind == GTV_EV_LOSS || !is_of(l->span, ev))
			continue;
		if (l->count < l->room)
			l->ev[l->count++] = *ev;
		else
			l->more = 1;
	}
}

static void collect(const struct tui_timeline *tl, struct listing *l)
{
	const struct gtv_store *store = tl->scene->store;
	struct gtv_ev *evs = malloc(GTV_BLOCK_MAX * sizeof(*evs));
	size_t block = store ? gtv_store_find(store, l->span->from_ns) : 0;
	struct gtv_block_info info;
	for (int n = 0; evs && store && n < BLOCKS_MAX && !l->more; n++, block++) {
		if (gtv_store_block(store, block, &info) || info.from_ns > l->span->to_ns)
			break;
		take(l, evs, gtv_store_read(store, block, evs));
		/* A span longer than what was read has more, perhaps. */
		if (n == BLOCKS_MAX - 1 && info.to_ns < l->span->to_ns)
			l->more = 1;
	}
	free(evs);
}

static void event_line(struct tui_timeline *tl, const struct listing *l, int i, int x,
		       int y)
{
	const struct gtv_names *names = tl->scene->names;
	const struct gtv_ev *ev = &l->ev[i];
	char text[2 * TUI_LABEL];
	int end = tl->cols - 1, from = x;
	const char *name = gtv_event_name(ev->kind);
	tui_say(tl->canvas, &x, y, end, TUI_TEXT,
		tui_format_time(text, sizeof(text), (int64_t)(ev->ts_ns - tl->start_ns),
				(l->span->to_ns - l->span->from_ns) / 4000));
	if (tl->side) { /* no room for more than what it was */
		x = x < from + 11 ? from + 11 : x + 1;
		tui_say(tl->canvas, &x, y, end, TUI_BOLD, name ? name : "?");
		return;
	}
	x = x < from + 18 ? from + 18 : x + 1;
	tui_say(tl->canvas, &x, y, end, TUI_BOLD, name ? name : "?");
	x = x < from + 36 ? from + 36 : x + 1;
	if (ev->gt)
		tui_say(tl->canvas, &x, y, end,
			tui_ident_lane(names, (struct gtv_lane){GTV_LANE_GT, ev->gt}),
			tui_ident_label(names, (struct gtv_lane){GTV_LANE_GT, ev->gt}, text,
					sizeof(text)));
	if (ev->tid) {
		tui_say(tl->canvas, &x, y, end, TUI_DIM, ev->gt ? " in " : "");
		tui_say(tl->canvas, &x, y, end, TUI_TEXT,
			tui_ident_label(names, (struct gtv_lane){GTV_LANE_THREAD, ev->tid},
					text, sizeof(text)));
	}
	if (ev->core >= 0)
		tui_sayf(tl->canvas, &x, y, end, TUI_DIM, " on C%d", ev->core);
}

void tui_tl_events(struct tui_timeline *tl, int x_value, int y, int end_y)
{
	struct listing l = {.span = &tl->scene->nav->span};
	int x;
	/* The rows that layout gave to this, and no others. */
	if (end_y - y < 3 || (tl->panel_rows < 10 && !tl->side))
		return;
	l.room = end_y - y - 2 < ROWS_MAX ? end_y - y - 2 : ROWS_MAX;
	collect(tl, &l);
	if (l.count && tl->side)
		tui_canvas_text(tl->canvas, x_value, ++y, 6, TUI_DIM, "events");
	else if (l.count)
		tui_canvas_text(tl->canvas, 2, ++y, x_value - 3, TUI_DIM, "events");
	y += l.count && tl->side;
	l.count -= l.count && tl->side && y + l.count > end_y ? y + l.count - end_y : 0;
	for (int i = 0; i < l.count; i++)
		event_line(tl, &l, i, x_value, y++);
	if (!l.more || y >= end_y)
		return;
	x = x_value;
	tui_say(tl->canvas, &x, y, tl->cols - 1, TUI_DIM, "more: ");
	tui_say(tl->canvas, &x, y, tl->cols - 1, TUI_KEY, "8");
	tui_say(tl->canvas, &x, y, tl->cols - 1, TUI_DIM, " lists them all");
}
