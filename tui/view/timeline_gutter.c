/* SPDX-License-Identifier: MIT
 *
 * The gutter: who a lane is, and how much of the window it worked. As wide as the screen
 * allows: ids alone, with names, with shares, with the numbers of OS threads and bars.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/timeline.h"

#define GUTTER_WIDE 24
/* The bar of a lane that is no core, in a wide gutter. */
#define BAR_AT	  11
#define BAR_CELLS 4

static int is_selected(const struct tui_timeline *tl, struct gtv_lane lane)
{
	const struct tui_nav *nav = tl->scene->nav;
	return lane.kind && lane.kind == nav->selected.kind && lane.id == nav->selected.id;
}

/* So many cells of how much of the window it worked. */
static void share_bar(struct tui_timeline *tl, int x, int y, int cells, uint64_t part,
		      uint64_t whole)
{
	uint64_t n = (uint64_t)cells;
	int full = whole ? (int)((n * part + whole / 2) / whole) : 0;
	for (int i = 0; i < cells; i++)
		tui_canvas_put(tl->canvas, x + i, y, i < full ? 0x2588 : 0xb7,
			       i < full ? TUI_SLEEP : TUI_FAINT, TUI_DEFAULT);
}

/* What the lane worked, of the time that was seen: a live window reaches past it at
 * first. */
static uint64_t share_of(const struct tui_timeline *tl, struct gtv_lane lane,
			 uint64_t *whole)
{
	const struct tui_nav *nav = tl->scene->nav;
	uint64_t from = tl->axis.from_ns > nav->first_ns ? tl->axis.from_ns : nav->first_ns;
	uint64_t to = tl->axis.to_ns < nav->last_ns ? tl->axis.to_ns : nav->last_ns;
	uint64_t part = gtv_window_activity(tl->scene->window, lane);
	*whole = to > from ? to - from : 0;
	return part > *whole ? *whole : part;
}

/* Returns the column at which it begins. */
static int gutter_share(struct tui_timeline *tl, struct gtv_lane lane, int y, uint64_t part,
			uint64_t whole)
{
	char share[TUI_FIGURE];
	if (tl->gutter >= 19)
		tui_format_share(share, sizeof(share), part, whole);
	else
		tui_format_share_short(share, sizeof(share), part, whole);
	int x = tl->gutter - 1 - (int)strlen(share);
	tui_canvas_text(tl->canvas, x, y, 6,
			lane.kind == GTV_LANE_CORE ? TUI_TEXT : TUI_DIM, share);
	if (lane.kind == GTV_LANE_CORE && tl->gutter >= 19)
		share_bar(tl, tl->gutter - 14, y, 8, part, whole);
	return x;
}

/* How much of a long name's end tells it from others: the digits of "serve-10", the low
 * half of "futex 0x55..41d4c8". 0: nothing in particular. */
static int telling_end(const char *name, int size, int room)
{
	int digits = 0;
	if (strncmp(name, "futex 0x", 8) == 0 && room >= 14)
		return room - (int)strlen("futex ..");
	while (digits < size && name[size - 1 - digits] >= '0' &&
	       name[size - 1 - digits] <= '9')
		digits++;
	for (int i = 0; i < size; i++)
		if ((unsigned char)name[i] >= 0x80)
			return 0; /* a byte is no column */
	return digits <= room - 3 ? digits : 0;
}

/* A name that is too long keeps what tells it from others: cut off, "serve-10" would be
 * another thread's name. Returns the column after it. */
static int long_name(struct tui_timeline *tl, int x, int y, int end, int role,
		     const char *name)
{
	int room = end - x, size = (int)strlen(name);
	int kept = size > room ? telling_end(name, size, room) : 0;
	if (kept > 0) {
		tui_say(tl->canvas, &x, y, end - kept - 2, role, name);
		tui_say(tl->canvas, &x, y, end, role, "..");
		name += size - kept;
	}
	tui_say(tl->canvas, &x, y, end, role, name);
	return x;
}

/* A thread that is no worker is known by its name; its number comes second. */
static int by_name(struct tui_timeline *tl, struct gtv_lane lane, int y, int end,
		   const char *name, int role)
{
	int x = 1;
	char digits[16];
	snprintf(digits, sizeof(digits), " %u", lane.id);
	/* Half a number would be another one: the name gives way. */
	int size = tl->gutter >= 19 ? (int)strlen(digits) : 0;
	tui_say(tl->canvas, &x, y, end - size, is_selected(tl, lane) ? TUI_BOLD : role,
		name);
	if (size)
		tui_say(tl->canvas, &x, y, end, TUI_DIM, digits);
	return x;
}

/* Returns the column after what was said. */
static int gutter_words(struct tui_timeline *tl, struct gtv_lane lane, int y, int end)
{
	char id[TUI_LABEL], name[TUI_LABEL];
	const struct gtv_names *names = tl->scene->names;
	int x = 1;
	tui_ident_id(names, lane, id, sizeof(id));
	tui_ident_name(names, lane, name, sizeof(name));
	int role = tui_ident_lane(names, lane);
	if (lane.kind == GTV_LANE_THREAD && id[0] == 'T' && name[0] && tl->gutter >= 15)
		return by_name(tl, lane, y, end, name, role);
	tui_say(tl->canvas, &x, y, end, role, id);
	if (tl->gutter < 15)
		return x;
	x++;
	/* Workers' names are all the same; their numbers are what other tools show. */
	if (lane.kind == GTV_LANE_THREAD && id[0] == 'W' && tl->gutter >= GUTTER_WIDE)
		tui_sayf(tl->canvas, &x, y, end, TUI_DIM, "%u", lane.id);
	else if (lane.kind == GTV_LANE_LOCK)
		long_name(tl, x, y, tl->gutter - 2, TUI_TEXT, name[0] ? name : "held by");
	else
		x = long_name(tl, x, y, end, is_selected(tl, lane) ? TUI_BOLD : TUI_TEXT,
			      name);
	return x;
}

/* How deep the core's queue of runnable threads gets: the scale of its lane. */
static void gutter_queue(struct tui_timeline *tl, const struct tui_tl_row *row)
{
	tui_canvas_put(tl->canvas, tl->gutter - 1, row->y_queue, 0x2502, TUI_DIM,
		       TUI_DEFAULT);
	/* A narrow gutter has room for the figure only. */
	if (tl->gutter >= 15)
		tui_canvas_text(tl->canvas, 5, row->y_queue, tl->gutter - 6, TUI_DIM,
				"queue");
}

void tui_tl_gutter_of(struct tui_timeline *tl, const struct tui_tl_row *row)
{
	struct gtv_lane lane = row->lane;
	int core = lane.kind == GTV_LANE_CORE,
	    body = row->height == 3 ? row->y + 1 : row->y;
	int first_core = core && row == &tl->row[0] && tl->gutter >= 19;
	for (int y = row->y; y < row->y + row->height; y++)
		tui_canvas_put(tl->canvas, tl->gutter - 1, y,
			       core && y == body ? 0x2503 : 0x2502,
			       core && y == body ? TUI_TEXT : TUI_DIM, TUI_DEFAULT);
	if (core && tl->scene->facts->level == 0) {
		tui_canvas_text(tl->canvas, 1, body, tl->gutter - 2, TUI_BOLD, "cores");
		return;
	}
	int end = tl->gutter - 1, shares = lane.kind != GTV_LANE_LOCK && tl->gutter >= 9;
	uint64_t whole = 0, part = shares ? share_of(tl, lane, &whole) : 0;
	if (shares)
		end = gutter_share(tl, lane, body, part, whole);
	int said = gutter_words(tl, lane, body, tl->gutter >= 19 ? end - 1 : end);
	if (shares && !core && tl->gutter >= GUTTER_WIDE && said < tl->gutter - BAR_AT)
		share_bar(tl, tl->gutter - BAR_AT, body, BAR_CELLS, part, whole);
	if (row->y_queue > 0)
		gutter_queue(tl, row);
	if (is_selected(tl, lane))
		tui_canvas_put(tl->canvas, 0, body, 0x25b6, TUI_SEL, TUI_DEFAULT);
	if (first_core && row->height == 3) {
		tui_canvas_text(tl->canvas, 1, row->y, 16, TUI_DIM,
				tl->scene->facts->level < 2 ? "own threads only"
				: tl->has_gts		    ? "lock"
							    : "");
		tui_canvas_text(tl->canvas, 1, row->y + 2, 16, TUI_DIM, "OS thread");
	}
}
