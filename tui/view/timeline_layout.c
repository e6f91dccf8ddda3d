/* SPDX-License-Identifier: MIT
 *
 * Which row shows what. The chrome takes its rows first, by the height of the
 * screen; the rest is shared by the groups of lanes. The pivoted group comes first
 * and scrolls; it leaves room for a few lanes of the others, which show their
 * selected and busiest ones. Lanes keep their order whatever they do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/format.h"
#include "tui/scene/scope.h"
#include "tui/view/timeline.h"

/* ---- chrome ---- */

/* From this many rows on there is room for it. */
enum need {
	NEED_RULER = 6,
	NEED_PANEL = 7,
	NEED_TITLE = 10,
	NEED_RULES = 16, /* between groups; and the line of keys */
	NEED_MAP = 20,
	NEED_TALL = 30,	  /* three rows a core, two a lock */
	NEED_ALL = 36,	  /* legend, cursor line, gaps between cores */
	NEED_SPREAD = 36, /* lanes of threads of several rows, where some are left */
	NEED_QUEUE = 60,  /* who waits for each core */
};

static int panel_rows(int rows)
{
	return rows >= NEED_ALL ? 7 : rows >= 28 ? 5 : rows >= 20 ? 4 : 1;
}

/* Nothing stands in the panel's place that has no room beside the lanes. */
static int only_selection(const struct tui_scene *scene)
{
	uint64_t from, to;
	return !scene->critical &&
	       !(scene->scope && tui_scope_interval(scene->scope, &from, &to));
}

void tui_tl_chrome_rows(struct tui_timeline *tl)
{
	int rows = tl->rows, top = 0, bottom = rows;
	tl->y_title = rows >= NEED_TITLE ? top++ : -1;
	tl->y_map = rows >= NEED_MAP && tl->scene->overview ? top++ : -1;
	tl->y_marks = rows >= NEED_TALL && tl->y_map >= 0 ? top++ : -1;
	tl->y_ruler = rows >= NEED_RULER ? top++ : -1;
	tl->y_hints = rows >= NEED_RULES ? --bottom : -1;
	tl->y_status = --bottom;
	tl->y_cursor = rows >= NEED_ALL ? --bottom : -1;
	tl->y_legend = rows >= NEED_ALL ? --bottom : -1;
	tl->panel_rows = rows >= NEED_PANEL && !(tl->side && only_selection(tl->scene))
				 ? panel_rows(rows)
				 : 0;
	bottom -= tl->panel_rows;
	tl->y_panel = tl->panel_rows ? bottom : -1;
	tl->y_lanes = top;
	tl->lanes_end = rows >= NEED_RULER ? bottom : top;
}

/* ---- sharing the rows ---- */

static int rows_used(const struct tui_tl_group *g, int lanes)
{
	int rows = lanes * g->height;
	if (g->height >= 4 && lanes > 0)
		rows--; /* no gap after the last */
	return rows + g->rule + g->more;
}

/* The tallest form in which all of the group fits into `room`; else one row each. */
static void choose_height(const struct tui_timeline *tl, struct tui_tl_group *g, int room)
{
	int most = 1;
	if (g->kind == GTV_LANE_CORE && tl->scene->facts->level != 0)
		most = tl->rows >= NEED_QUEUE && tui_tl_has_queues(tl) ? 5
		       : tl->rows >= NEED_ALL			       ? 4
		       : tl->rows >= NEED_TALL			       ? 3
		       : tl->rows >= 20				       ? 2
								       : 1;
	else if (g->kind == GTV_LANE_LOCK)
		most = tl->rows >= NEED_TALL ? 2 : 1;
	for (g->height = most; g->height > 1; g->height--)
		if (rows_used(g, g->count) <= room)
			return;
}

static void take_lanes(struct tui_tl_group *g, int room)
{
	g->shown = g->count;
	if (rows_used(g, g->count) <= room)
		return;
	/* Where there is room for one row only, it is better a lane. */
	g->more = room - g->rule >= 2;
	/* Each takes a row at least. */
	if (g->shown > room)
		g->shown = room > 0 ? room : 0;
	while (g->shown > 0 && rows_used(g, g->shown) > room)
		g->shown--;
	if (g->shown == 0)
		g->more = g->rule = 0;
}

static int index_of(const struct tui_tl_group *g, struct gtv_lane lane)
{
	for (int i = 0; i < g->count; i++)
		if (tui_tl_same_lane(g->lane[i], lane))
			return i;
	return -1;
}

/* What a following group wants at least. */
static int least(const struct tui_timeline *tl, const struct tui_tl_group *g)
{
	const int lanes[GTV_LANE_KIND_MAX] = {
		[GTV_LANE_CORE] = tl->rows >= NEED_MAP ? 2 : 1,
		[GTV_LANE_THREAD] = 0,
		[GTV_LANE_GT] = tl->rows >= NEED_MAP	 ? 4
				: tl->rows >= NEED_RULES ? 3
							 : 1,
		[GTV_LANE_LOCK] = 1,
	};
	int want = g->count < lanes[g->kind] ? g->count : lanes[g->kind];
	/* Whoever was gone to is to be seen. */
	if (want == 0 && tl->scene->nav->selected.kind == g->kind &&
	    index_of(g, tl->scene->nav->selected) >= 0)
		want = 1;
	return want > 0 ? want + g->rule : 0;
}

/* Lines between groups: not before the first, not where each row is needed; on
 * middling screens locks and green threads share one. */
static void plan_rules(struct tui_timeline *tl)
{
	int seen_lock = 0;
	for (int i = 0; i < tl->groups; i++) {
		struct tui_tl_group *g = &tl->group[i];
		g->rule = tl->rows >= NEED_RULES && g->count > 0 &&
			  (i > 0 || g->kind != GTV_LANE_CORE || tl->rows >= NEED_TALL);
		if (i == 0 && g->kind == GTV_LANE_CORE)
			g->rule = 0;
		if (tl->rows < NEED_TALL && i > 0 && g->kind == GTV_LANE_GT && seen_lock)
			g->rule = 0;
		seen_lock |= i > 0 && g->kind == GTV_LANE_LOCK && g->count > 0;
	}
}

/* Workers are seen in the lanes of what they carry: where not all threads have
 * room, the others remain, and follow the green threads without a line. */
static void drop_workers(struct tui_timeline *tl, struct tui_tl_group *g, int room)
{
	int kept = 0;
	g->height = 1;
	if (!tl->has_gts || g->who != TUI_TL_ALL || rows_used(g, g->count) <= room)
		return;
	for (int i = 0; i < g->count; i++) {
		struct gtv_lane lane = g->lane[i];
		int worker = gtv_window_is_worker(tl->scene->window, lane.id);
		if (!worker || tui_tl_same_lane(lane, tl->scene->nav->selected))
			g->own[kept++] = lane;
	}
	g->count = kept;
	g->rule = 0;
}

static void share_rows(struct tui_timeline *tl)
{
	int room = tl->lanes_end - tl->y_lanes;
	plan_rules(tl);
	for (int i = 0; i < tl->groups; i++) {
		struct tui_tl_group *g = &tl->group[i];
		int kept = 0;
		for (int k = i + 1; k < tl->groups; k++)
			kept += least(tl, &tl->group[k]);
		/* The pivot has at least half. */
		if (i == 0 && kept > room / 2)
			kept = room / 2;
		int mine = room - kept > 0 ? room - kept : i == 0 ? room : 0;
		if (i > 0 && g->kind == GTV_LANE_THREAD)
			drop_workers(tl, g, mine);
		if (mine < 1 + g->rule)
			mine = 0;
		choose_height(tl, g, mine);
		take_lanes(g, mine);
		room -= g->shown ? rows_used(g, g->shown) : 0;
	}
	if (tl->rows >= NEED_SPREAD || tl->side)
		tui_tl_spread(tl, room);
}

/* ---- which lanes ---- */

/* The pivoted group scrolls, as far as the selected lane needs. */
static int scroll_to(struct tui_timeline *tl, const struct tui_tl_group *g)
{
	struct tui_nav *nav = tl->scene->nav;
	int at = index_of(g, nav->selected), top = nav->scroll;
	if (at >= 0 && at < top)
		top = at;
	/* The line of its process is at the top, and covers what is there. */
	if (at > 0 && at == top && g->heads >= 0)
		top--;
	if (at >= 0 && at >= top + g->shown)
		top = at - g->shown + 1;
	if (top > g->count - g->shown)
		top = g->count - g->shown;
	nav->scroll = top < 0 ? 0 : top;
	return nav->scroll;
}

/* ---- rows ---- */

static void add_rule(struct tui_timeline *tl, int y, const char *text)
{
	if (tl->rule_count == 2 * TUI_TL_GROUPS)
		return;
	tl->rule[tl->rule_count].y = y;
	snprintf(tl->rule[tl->rule_count++].text, sizeof(tl->rule[0].text), "%s", text);
}

static void rule_text(const struct tui_timeline *tl, int idx, char *buf, size_t size)
{
	const struct tui_tl_group *g = &tl->group[idx];
	const char *name = g->kind == GTV_LANE_CORE   ? "cores"
			   : g->kind == GTV_LANE_LOCK ? "locks"
			   : g->kind == GTV_LANE_GT   ? "green threads"
			   : g->who == TUI_TL_WORKERS ? "workers"
			   : g->who == TUI_TL_OTHERS  ? "other OS threads"
						      : "OS threads";
	char words[80];
	int shares = g->kind == GTV_LANE_LOCK && idx + 1 < tl->groups && idx > 0 &&
		     tl->group[idx + 1].kind == GTV_LANE_GT && !tl->group[idx + 1].rule &&
		     tl->group[idx + 1].shown;
	if (shares && g->count == 1 && tui_ident_is_gil(tl->scene->names, g->lane[0].id))
		name = "GIL";
	tui_tl_group_words(tl, g, name, words, sizeof(words));
	snprintf(buf, size, "%.70s%s", words, shares ? " and green threads" : "");
}

/* The line of the process that the topmost lane belongs to stays at the top. */
static struct gtv_lane sticky(const struct tui_tl_group *g, int top)
{
	while (g->heads >= 0 && top > 0 && g->lane[top].kind)
		top--;
	return g->lane[top];
}

/* Those that are shown of more than have room. */
static void choose_lanes(struct tui_timeline *tl, struct tui_tl_group *g)
{
	if (!g->own)
		g->own = malloc((size_t)g->shown * sizeof(*g->own));
	g->shown = g->own ? tui_tl_choose(tl, g->lane, g->count, g->shown, g->own) : 0;
	g->lane = g->own;
}

static int place_group(struct tui_timeline *tl, int idx, int y)
{
	struct tui_tl_group *g = &tl->group[idx];
	int top = idx == 0 ? scroll_to(tl, g) : 0;
	char text[96], count[TUI_FIGURE];
	if (g->shown == 0)
		return y;
	if (g->rule) {
		rule_text(tl, idx, text, sizeof(text));
		add_rule(tl, y++, text);
	}
	if (idx > 0 && g->shown < g->count)
		choose_lanes(tl, g);
	for (int i = 0; i < g->shown; i++, y += g->height)
		tl->row[tl->row_count++] = (struct tui_tl_row){
			g->lane[top + i], y, g->height >= 4 ? 3 : g->height,
			g->height == 5 ? y + 3 : 0};
	if (idx == 0)
		tl->row[tl->row_count - g->shown].lane = sticky(g, top);
	if (idx == 0 && top > 0)
		tl->y_above = tl->row[0].y;
	if (idx == 0 && top + g->shown < g->count)
		tl->y_below = tl->row[tl->row_count - 1].y;
	if (g->height >= 4)
		y--;
	if (g->more) {
		snprintf(text, sizeof(text), "+%s more",
			 tui_format_count(count, sizeof(count),
					  (uint64_t)(g->count - g->shown)));
		add_rule(tl, y++, text);
	}
	return y;
}

int tui_tl_layout(struct tui_timeline *tl)
{
	int y = tl->y_lanes, err = tui_tl_groups(tl);
	tl->y_above = tl->y_below = -1;
	tl->row = calloc((size_t)(tl->rows > 0 ? tl->rows : 1), sizeof(*tl->row));
	if (err || !tl->row)
		return -GTV_ENOMEM;
	share_rows(tl);
	for (int i = 0; i < tl->groups; i++)
		y = place_group(tl, i, y);
	if (tl->rows >= NEED_QUEUE && tl->panel_rows) {
		int rows = tui_tl_event_rows(tl, tl->lanes_end - y);
		tl->lanes_end -= rows;
		tl->y_panel -= rows;
		tl->panel_rows += rows;
	}
	return 0;
}

void tui_tl_layout_fini(struct tui_timeline *tl)
{
	for (int i = 0; i < TUI_TL_GROUPS; i++)
		free(tl->group[i].own);
	free(tl->head);
	free(tl->row);
}
