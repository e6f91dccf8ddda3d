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
#include "tui/timeline.h"

/* ---- chrome ---- */

/* From this many rows on there is room for it. */
enum need {
	NEED_RULER = 6,
	NEED_PANEL = 7,
	NEED_TITLE = 10,
	NEED_RULES = 16, /* between groups; and the line of keys */
	NEED_MAP = 20,
	NEED_TALL = 30, /* three rows a core, two a lock */
	NEED_ALL = 36,	/* legend, cursor line, gaps between cores */
};

static int panel_rows(int rows)
{
	return rows >= NEED_ALL ? 7 : rows >= 28 ? 5 : rows >= 20 ? 4 : 1;
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
	tl->panel_rows = rows >= NEED_PANEL ? panel_rows(rows) : 0;
	bottom -= tl->panel_rows;
	tl->y_panel = tl->panel_rows ? bottom : -1;
	tl->y_lanes = top;
	tl->lanes_end = rows >= NEED_RULER ? bottom : top;
}

/* ---- groups ---- */

static int same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

/* On a small machine every core has its lane, one on which nothing has happened too:
 * lanes that come and go can't be read. */
#define CORES_ALWAYS 16

static void add_quiet_cores(struct tui_timeline *tl, struct tui_tl_group *g)
{
	int cores = tl->scene->facts->cores;
	if (cores > CORES_ALWAYS)
		return;
	for (int core = 0; core < cores; core++) {
		if (core < g->count && g->lane[core].id == (uint32_t)core)
			continue;
		memmove(&g->lane[core + 1], &g->lane[core],
			(size_t)(g->count - core) * sizeof(*g->lane));
		g->lane[core] = (struct gtv_lane){GTV_LANE_CORE, (uint32_t)core};
		g->count++;
	}
}

static int fill_group(struct tui_timeline *tl, struct tui_tl_group *g,
		      enum gtv_lane_kind kind)
{
	size_t all = gtv_window_lane_count(tl->scene->window, kind);
	if (all > TUI_TL_LANES_MAX)
		all = TUI_TL_LANES_MAX;
	memset(g, 0, sizeof(*g));
	g->kind = kind;
	g->lane = calloc(all + CORES_ALWAYS, sizeof(*g->lane));
	if (!g->lane)
		return -GTV_ENOMEM;
	/* Without the kernel there is nothing to say of cores: one row says so. */
	if (kind == GTV_LANE_CORE && tl->scene->facts->level == 0) {
		g->lane[0] = (struct gtv_lane){GTV_LANE_CORE, 0};
		g->count = 1;
		return 0;
	}
	const struct tui_filter *filter = &tl->scene->nav->filter;
	for (size_t i = 0; i < all; i++) {
		struct gtv_lane lane = gtv_window_lane(tl->scene->window, kind, i);
		if (tui_filter_lane(filter, tl->scene->names, tl->scene->window, lane))
			g->lane[g->count++] = lane;
	}
	if (kind == GTV_LANE_CORE && tui_filter_is_empty(filter))
		add_quiet_cores(tl, g);
	return 0;
}

int tui_tl_groups(struct tui_timeline *tl)
{
	static const enum gtv_lane_kind pivot[TUI_ROWS_MAX] = {
		GTV_LANE_CORE, GTV_LANE_THREAD, GTV_LANE_GT, GTV_LANE_LOCK};
	static const enum gtv_lane_kind order[TUI_TL_GROUPS] = {
		GTV_LANE_CORE, GTV_LANE_LOCK, GTV_LANE_GT, GTV_LANE_THREAD};
	enum gtv_lane_kind first = pivot[tl->scene->nav->rows % TUI_ROWS_MAX];
	int n = 0, err = fill_group(tl, &tl->group[n++], first);
	for (int i = 0; i < TUI_TL_GROUPS && !err; i++)
		if (order[i] != first)
			err = fill_group(tl, &tl->group[n++], order[i]);
	return err;
}

/* ---- sharing the rows ---- */

static int rows_used(const struct tui_tl_group *g, int lanes)
{
	int rows = lanes * g->height;
	if (g->height == 4 && lanes > 0)
		rows--; /* no gap after the last */
	return rows + g->rule + g->more;
}

/* The tallest form in which all of the group fits into `room`; else one row each. */
static void choose_height(const struct tui_timeline *tl, struct tui_tl_group *g, int room)
{
	int most = 1;
	if (g->kind == GTV_LANE_CORE && tl->scene->facts->level != 0)
		most = tl->rows >= NEED_ALL    ? 4
		       : tl->rows >= NEED_TALL ? 3
		       : tl->rows >= 20	       ? 2
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
	while (g->shown > 0 && rows_used(g, g->shown) > room)
		g->shown--;
	if (g->shown == 0)
		g->more = g->rule = 0;
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
	return want > 0 ? want + g->rule : 0;
}

/* Lines between groups: not before the first, not where each row is needed; on
 * middling screens locks and green threads share one. */
static void plan_rules(struct tui_timeline *tl)
{
	int seen_lock = 0;
	for (int i = 0; i < TUI_TL_GROUPS; i++) {
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
	struct gtv_name name;
	int kept = 0;
	g->height = 1;
	if (!tl->has_gts || rows_used(g, g->count) <= room)
		return;
	for (int i = 0; i < g->count; i++) {
		struct gtv_lane lane = g->lane[i];
		int worker = gtv_names_get(tl->scene->names, GTV_CLASS_THREAD, lane.id,
					   &name) == 0 &&
			     name.local != 0;
		if (!worker || same_lane(lane, tl->scene->nav->selected))
			g->lane[kept++] = lane;
	}
	g->count = kept;
	g->rule = 0;
}

static void share_rows(struct tui_timeline *tl)
{
	int room = tl->lanes_end - tl->y_lanes;
	plan_rules(tl);
	for (int i = 0; i < TUI_TL_GROUPS; i++) {
		struct tui_tl_group *g = &tl->group[i];
		int kept = 0;
		for (int k = i + 1; k < TUI_TL_GROUPS; k++)
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
}

/* ---- which lanes ---- */

static int index_of(const struct tui_tl_group *g, struct gtv_lane lane)
{
	for (int i = 0; i < g->count; i++)
		if (same_lane(g->lane[i], lane))
			return i;
	return -1;
}

/* The pivoted group scrolls, as far as the selected lane needs. */
static int scroll_to(struct tui_timeline *tl, const struct tui_tl_group *g)
{
	struct tui_nav *nav = tl->scene->nav;
	int at = index_of(g, nav->selected), top = nav->scroll;
	if (at >= 0 && at < top)
		top = at;
	if (at >= 0 && at >= top + g->shown)
		top = at - g->shown + 1;
	if (top > g->count - g->shown)
		top = g->count - g->shown;
	nav->scroll = top < 0 ? 0 : top;
	return nav->scroll;
}

/* The selected lane, its lock and that one's holder before all; then by activity. */
static uint64_t importance(const struct tui_timeline *tl, struct gtv_lane lane)
{
	const struct tui_nav *nav = tl->scene->nav;
	const struct gtv_span *s = &nav->span;
	if (same_lane(lane, nav->selected))
		return UINT64_MAX;
	if (s->to_ns > 0 && lane.kind == GTV_LANE_LOCK && lane.id == s->lock)
		return UINT64_MAX - 1;
	if (s->to_ns > 0 && lane.kind == GTV_LANE_GT && lane.id == s->who &&
	    !(s->flags & GTV_SP_WHO_TID))
		return UINT64_MAX - 2;
	return gtv_window_activity(tl->scene->window, lane);
}

#define CANDIDATES 512

struct candidate {
	uint64_t importance;
	int idx;
};

static int by_importance(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->importance != y->importance)
		return x->importance > y->importance ? -1 : 1;
	return x->idx - y->idx;
}

static int by_index(const void *a, const void *b)
{
	return ((const struct candidate *)a)->idx - ((const struct candidate *)b)->idx;
}

/* Moves the chosen lanes of a following group to its front, in their order. */
static void choose_lanes(const struct tui_timeline *tl, struct tui_tl_group *g)
{
	struct candidate c[CANDIDATES];
	int n = g->count < CANDIDATES ? g->count : CANDIDATES;
	int selected = index_of(g, tl->scene->nav->selected);
	for (int i = 0; i < n; i++) {
		c[i].idx = i == n - 1 && selected >= n ? selected : i;
		c[i].importance = importance(tl, g->lane[c[i].idx]);
	}
	qsort(c, (size_t)n, sizeof(c[0]), by_importance);
	n = g->shown < n ? g->shown : n;
	qsort(c, (size_t)n, sizeof(c[0]), by_index);
	/* Ascending indexes, each at or after its new place: nothing is overwritten. */
	for (int i = 0; i < n; i++)
		g->lane[i] = g->lane[c[i].idx];
	g->shown = n;
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
						      : "OS threads";
	int shares = g->kind == GTV_LANE_LOCK && idx + 1 < TUI_TL_GROUPS && idx > 0 &&
		     tl->group[idx + 1].kind == GTV_LANE_GT && !tl->group[idx + 1].rule &&
		     tl->group[idx + 1].shown;
	if (shares && g->count == 1 && tui_ident_is_gil(tl->scene->names, g->lane[0].id))
		name = "GIL";
	snprintf(buf, size, "%s%s", name, shares ? " and green threads" : "");
}

static int place_group(struct tui_timeline *tl, int idx, int y)
{
	struct tui_tl_group *g = &tl->group[idx];
	int top = idx == 0 ? scroll_to(tl, g) : 0;
	char text[48];
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
			g->lane[top + i], y, g->height == 4 ? 3 : g->height};
	if (idx == 0 && top > 0)
		tl->y_above = tl->row[0].y;
	if (idx == 0 && top + g->shown < g->count)
		tl->y_below = tl->row[tl->row_count - 1].y;
	if (g->height == 4)
		y--;
	if (g->more) {
		snprintf(text, sizeof(text), "+%d more", g->count - g->shown);
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
	for (int i = 0; i < TUI_TL_GROUPS; i++)
		y = place_group(tl, i, y);
	return 0;
}

void tui_tl_layout_fini(struct tui_timeline *tl)
{
	for (int i = 0; i < TUI_TL_GROUPS; i++)
		free(tl->group[i].lane);
	free(tl->row);
}
