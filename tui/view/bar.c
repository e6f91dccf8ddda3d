/* SPDX-License-Identifier: MIT */
#include "tui/view/bar.h"

#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/view/timeline.h"

#define PARTS_MAX GTV_ST_MAX

const uint8_t tui_bar_order[] = {
	GTV_ST_RUNNING, GTV_ST_PREEMPTED, GTV_ST_READY,	   GTV_ST_RUNNABLE,
	GTV_ST_STALLED, GTV_ST_LOCK,	  GTV_ST_GIL,	   GTV_ST_CHAN,
	GTV_ST_IO,	GTV_ST_SLEEP,	  GTV_ST_SLEEPING, GTV_ST_DISK,
	GTV_ST_STOPPED, GTV_ST_SYSCALL,	  GTV_ST_UNKNOWN,  GTV_ST_NONE,
};

/* ---- shares ---- */

/* The most under (dir 1) or over (dir -1) its quota, of those that may change. */
static int furthest(const double *quota, const int *out, const uint64_t *ns, int parts,
		    int dir)
{
	double most = 0;
	int at = -1;
	for (int i = 0; i < parts; i++) {
		double off = dir * (quota[i] - out[i]);
		if (!ns[i] || (dir < 0 && out[i] < 2))
			continue;
		if (at < 0 || off > most) {
			most = off;
			at = i;
		}
	}
	return at;
}

/* Fewer cells than parts: one for each of the largest. */
static void only_largest(const uint64_t *ns, int parts, int cells, int *out)
{
	for (; cells > 0; cells--) {
		int at = -1;
		for (int i = 0; i < parts; i++)
			if (ns[i] && !out[i] && (at < 0 || ns[i] > ns[at]))
				at = i;
		if (at >= 0)
			out[at] = 1;
	}
}

void tui_bar_share(const uint64_t *ns, int parts, int cells, int *out)
{
	double quota[PARTS_MAX], total = 0;
	int present = 0, used = 0, at;
	if (parts > PARTS_MAX)
		parts = PARTS_MAX;
	memset(out, 0, (size_t)parts * sizeof(*out));
	for (int i = 0; i < parts; i++) {
		total += (double)ns[i];
		present += ns[i] != 0;
	}
	if (!present || cells <= 0)
		return;
	if (present > cells) {
		only_largest(ns, parts, cells, out);
		return;
	}
	for (int i = 0; i < parts; i++) {
		quota[i] = (double)ns[i] / total * cells;
		out[i] = (int)quota[i];
		if (ns[i] && !out[i])
			out[i] = 1;
		used += out[i];
	}
	for (; used < cells && (at = furthest(quota, out, ns, parts, 1)) >= 0; used++)
		out[at]++;
	for (; used > cells && (at = furthest(quota, out, ns, parts, -1)) >= 0; used--)
		out[at]--;
}

/* ---- drawing ---- */

static void draw_part(struct tui_canvas *canvas, int x, int y, int cells, unsigned state,
		      int fill)
{
	const struct tui_look *look = tui_look_of(state);
	int ink = state == GTV_ST_RUNNING ? fill : look->role;
	for (int i = 0; i < cells; i++)
		tui_canvas_put(canvas, x + i, y, look->glyph, ink, TUI_DEFAULT);
}

/* " 91.6% " in the middle: on a fill it lies, in a line it stands free. */
static void draw_share(struct tui_canvas *canvas, int x, int y, int cells, unsigned state,
		       int fill, double share)
{
	char text[16];
	int is_fill = state == GTV_ST_RUNNING;
	/* Shades have no ground that a letter could stand on. */
	if (state == GTV_ST_PREEMPTED || state == GTV_ST_READY ||
	    state == GTV_ST_RUNNABLE || state == GTV_ST_STALLED)
		return;
	if (share < 100 && share > 99.9)
		share = 99.9;
	int size = snprintf(text, sizeof(text), "%.1f%%", share);
	if (size + 4 > cells)
		return;
	x += (cells - size) / 2;
	for (int i = is_fill ? 0 : -1; i < size + !is_fill; i++)
		tui_canvas_put(canvas, x + i, y,
			       i < 0 || i >= size ? ' ' : (uint32_t)text[i],
			       is_fill ? TUI_BLACK : tui_look_of(state)->role,
			       is_fill ? fill : TUI_DEFAULT);
}

void tui_bar_draw(struct tui_canvas *canvas, int x, int y, int cells,
		  const uint64_t ns[GTV_ST_MAX], int fill)
{
	uint64_t part[PARTS_MAX], total = 0;
	int out[PARTS_MAX], parts = 0;
	for (; tui_bar_order[parts] != GTV_ST_NONE; parts++) {
		part[parts] = ns[tui_bar_order[parts]];
		total += part[parts];
	}
	tui_bar_share(part, parts, cells, out);
	for (int i = 0; i < parts; i++) {
		draw_part(canvas, x, y, out[i], tui_bar_order[i], fill);
		if (total)
			draw_share(canvas, x, y, out[i], tui_bar_order[i], fill,
				   100.0 * (double)part[i] / (double)total);
		x += out[i];
	}
}

void tui_bar_legend(struct tui_canvas *canvas, int x, int y, int end, uint32_t states)
{
	for (int i = 0; tui_bar_order[i] != GTV_ST_NONE; i++) {
		unsigned state = tui_bar_order[i];
		const char *name = gtv_state_name(state);
		if (!(states >> state & 1) || x + 3 + (int)strlen(name) > end)
			continue;
		draw_part(canvas, x, y, 2, state, TUI_RUNNING);
		x += 3;
		tui_say(canvas, &x, y, end, TUI_DIM, name);
		x += 2;
	}
}
