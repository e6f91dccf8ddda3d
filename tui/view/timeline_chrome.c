/* SPDX-License-Identifier: MIT
 *
 * Around the lanes: minimap, ruler, rules, legend, cursor line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/view/timeline.h"

/* ---- minimap ---- */

/* What a column of the minimap sums up. */
struct map_column {
	double busy_ns, wait_ns;
	double off_ns; /* held off core */
};

#define OFF_PART                                                                           \
	3 /* of the worst column's time that is held off core: red from here on            \
	   */

struct map {
	struct tui_axis axis;
	struct map_column *column;
	size_t cores;
	int exact;
};

/* What a piece adds to each of its nanoseconds: cores that run the program, green
 * threads that wait for locks. Locks know who waits as long as spans are exact;
 * else the green threads' own tiles do. */
static void map_weights(const struct map *m, const struct gtv_piece *p, double *busy,
			double *wait)
{
	const struct gtv_span *s = &p->span;
	double length = (double)(s->to_ns - s->from_ns);
	*busy = *wait = 0;
	if (s->lane.kind == GTV_LANE_CORE)
		*busy = p->spans == 1 ? s->state == GTV_ST_BUSY
				      : (double)gtv_piece_ns(p, GTV_ST_BUSY) / length;
	else if (s->lane.kind == GTV_LANE_LOCK)
		*wait = m->exact ? s->waiters : 0;
	else if (p->spans == 1)
		*wait = s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL;
	else
		*wait = (double)(gtv_piece_ns(p, GTV_ST_LOCK) +
				 gtv_piece_ns(p, GTV_ST_GIL)) /
			length;
}

static void map_piece(struct map *m, const struct gtv_piece *p)
{
	const struct gtv_span *s = &p->span;
	double busy, wait, off = 0;
	if (s->to_ns <= s->from_ns)
		return;
	if (s->lane.kind == GTV_LANE_LOCK && p->states & 1u << GTV_ST_HELD_PREEMPTED)
		off = p->spans == 1 ? 1
				    : (double)gtv_piece_ns(p, GTV_ST_HELD_PREEMPTED) /
					      (double)(s->to_ns - s->from_ns);
	map_weights(m, p, &busy, &wait);
	if (busy <= 0 && wait <= 0 && off <= 0)
		return;
	int first = tui_axis_cell(&m->axis, s->from_ns);
	int last = tui_axis_cell(&m->axis, s->to_ns - 1);
	for (int x = first < 0 ? 0 : first; x <= last && x < m->axis.cells; x++) {
		struct map_column *c = &m->column[x];
		uint64_t a = tui_axis_time(&m->axis, x), b = tui_axis_time(&m->axis, x + 1);
		a = s->from_ns > a ? s->from_ns : a;
		b = s->to_ns < b ? s->to_ns : b;
		if (b <= a)
			continue;
		c->busy_ns += busy * (double)(b - a);
		c->wait_ns += wait * (double)(b - a);
		c->off_ns += off * (double)(b - a);
	}
}

#define MAP_LANES 64

static void map_lanes(struct tui_timeline *tl, struct map *m, enum gtv_lane_kind kind)
{
	struct gtv_window *w = tl->scene->overview;
	size_t lanes = gtv_window_lane_count(w, kind);
	for (size_t i = 0; i < lanes && i < MAP_LANES; i++) {
		size_t count;
		const struct gtv_piece *p =
			gtv_window_pieces(w, gtv_window_lane(w, kind, i), &count);
		for (size_t k = 0; k < count; k++)
			map_piece(m, &p[k]);
	}
	if (kind == GTV_LANE_CORE)
		m->cores = lanes < MAP_LANES ? lanes : MAP_LANES;
}

/* The height of a column in eighths: how many wait for locks, of the most that ever
 * do; if nobody does, how busy the program keeps the cores. */
static int map_level(const struct map *m, int x, double most)
{
	double ns = (double)(tui_axis_time(&m->axis, x + 1) - tui_axis_time(&m->axis, x));
	double part = most > 0	     ? m->column[x].wait_ns / (ns * most)
		      : m->cores > 0 ? m->column[x].busy_ns / (ns * (double)m->cores)
				     : 0;
	int level = (int)(part * 8 + 0.5);
	return part <= 0 ? 0 : level < 1 ? 1 : level > 8 ? 8 : level;
}

static void map_draw(struct tui_timeline *tl, const struct map *m)
{
	const struct tui_nav *nav = tl->scene->nav;
	double most = 0, worst = 0;
	for (int x = 0; x < m->axis.cells; x++) {
		worst = m->column[x].off_ns > worst ? m->column[x].off_ns : worst;
		double ns = (double)(tui_axis_time(&m->axis, x + 1) -
				     tui_axis_time(&m->axis, x));
		double wait = ns > 0 ? m->column[x].wait_ns / ns : 0;
		most = wait > most ? wait : most;
	}
	int first = tui_axis_cell(&m->axis, nav->from_ns);
	int last = tui_axis_cell(&m->axis, nav->to_ns - 1);
	first = first < 0 ? 0 : first >= m->axis.cells ? m->axis.cells - 1 : first;
	last = last >= m->axis.cells ? m->axis.cells - 1 : last < first ? first : last;
	int whole = first == 0 && last == m->axis.cells - 1;
	for (int x = 0; x < m->axis.cells; x++) {
		/* Where locks are held off core all over, only where it is worst is red. */
		int off = worst > 0 && m->column[x].off_ns >= worst / OFF_PART;
		int inside = x >= first && x <= last && !whole,
		    level = map_level(m, x, most);
		/* Without a line for its marks the window is to be seen here. */
		int ink = inside && tl->y_marks < 0 ? TUI_SEL
			  : off			    ? TUI_OFF
			  : inside		    ? TUI_SEL
			  : most > 0		    ? TUI_GHOST_GIL
						    : TUI_DIM;
		tui_canvas_put(tl->canvas, tl->gutter + x, tl->y_map,
			       tui_glyph_level(off && level < 2 ? 2 : level), ink,
			       inside ? TUI_SEL_GROUND : TUI_DEFAULT);
		if (tl->y_marks >= 0)
			tui_canvas_put(tl->canvas, tl->gutter + x, tl->y_marks, 0x2500,
				       TUI_FAINT, TUI_DEFAULT);
	}
	if (tl->y_marks >= 0) {
		for (int x = first; x <= last; x++)
			tui_canvas_put(tl->canvas, tl->gutter + x, tl->y_marks, 0x2500,
				       TUI_SEL, TUI_DEFAULT);
		tui_canvas_put(tl->canvas, tl->gutter + first, tl->y_marks,
			       first == last ? 0x2534 : 0x2514, TUI_SEL, TUI_DEFAULT);
		if (first != last)
			tui_canvas_put(tl->canvas, tl->gutter + last, tl->y_marks, 0x2518,
				       TUI_SEL, TUI_DEFAULT);
		if (tl->gutter >= 15)
			tui_canvas_text(tl->canvas, 1, tl->y_marks, tl->gutter - 2, TUI_DIM,
					most > 0 ? "lock waiters" : "cores busy");
	}
}

void tui_tl_minimap(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	char length[TUI_FIGURE];
	struct map m = {.axis = {nav->first_ns, nav->last_ns, tl->axis.cells}};
	if (tl->y_map < 0 || nav->last_ns <= nav->first_ns)
		return;
	uint64_t range = nav->last_ns - nav->first_ns;
	m.column = calloc((size_t)m.axis.cells, sizeof(*m.column));
	if (!m.column || gtv_window_look(tl->scene->overview, nav->first_ns, nav->last_ns,
					 range / (uint64_t)m.axis.cells + 1)) {
		free(m.column);
		return;
	}
	m.exact = gtv_window_exact(tl->scene->overview);
	map_lanes(tl, &m, GTV_LANE_CORE);
	map_lanes(tl, &m, GTV_LANE_LOCK);
	if (!m.exact)
		map_lanes(tl, &m, GTV_LANE_GT);
	map_draw(tl, &m);
	free(m.column);
	if (tl->gutter >= 15)
		tui_canvas_textf(tl->canvas, 1, tl->y_map, tl->gutter - 2, TUI_DIM,
				 "trace %s",
				 tui_format_length(length, sizeof(length), range));
	else if (tl->gutter >= 9)
		tui_canvas_text(tl->canvas, 1, tl->y_map, tl->gutter - 2, TUI_DIM, "trace");
}

/* ---- ruler ---- */

/* The first of 1, 2, 5, 10 … that is at least this. */
static uint64_t step_125(uint64_t least)
{
	uint64_t step = 1;
	while (step < least && step < UINT64_MAX / 10) {
		if (2 * step >= least)
			return 2 * step;
		if (5 * step >= least)
			return 5 * step;
		step *= 10;
	}
	return step;
}

static int64_t floor_to(int64_t v, int64_t step)
{
	int64_t rest = v % step;
	return v - (rest < 0 ? rest + step : rest);
}

struct unit {
	int64_t ns;
	const char *name;
	int decimals; /* that a step needs in it */
};

/* Ticks are told in the unit of the window, not of the step: 3.5 ms, not 3500 µs. */
static struct unit ruler_unit(uint64_t span, uint64_t step)
{
	static const struct unit units[] = {
		{1000000000, "s", 0}, {1000000, "ms", 0}, {1000, "µs", 0}, {1, "ns", 0}};
	struct unit unit = units[3];
	for (size_t i = 0; i < 3; i++)
		if (span >= (uint64_t)units[i].ns) {
			unit = units[i];
			break;
		}
	for (uint64_t u = (uint64_t)unit.ns; u > 1 && step % u; u /= 10)
		unit.decimals++;
	return unit;
}

/* Relative ticks keep short: the window's start, to a round figure above the
 * window's own length, is written once in the gutter. */
static int64_t ruler_base(const struct tui_timeline *tl, int64_t from)
{
	uint64_t span = tl->axis.to_ns - tl->axis.from_ns, round = 1;
	while (round < span && round < 1000000000000000u)
		round *= 10;
	/* A hair before the trace's begin is no reason to count from a negative figure. */
	return from < 0 && from + (int64_t)span > 0 ? 0 : floor_to(from, (int64_t)round);
}

static void ruler_gutter(struct tui_timeline *tl, int64_t base)
{
	uint64_t span = tl->axis.to_ns - tl->axis.from_ns, resolution = 1;
	char time[TUI_FIGURE];
	while (resolution < span && resolution < 1000000000u)
		resolution *= 10;
	tui_format_time(time, sizeof(time), base, resolution);
	if (tl->gutter >= 15) {
		/* Nine digits and their blanks are as wide as a gutter: the words go. */
		int narrow = (int)strlen(time) + 9 > tl->gutter;
		tui_canvas_textf(tl->canvas, 1, tl->y_ruler, tl->gutter - 1, TUI_BOLD,
				 narrow ? "%s s+" : "at %s s +", time);
	} else {
		tui_canvas_textf(tl->canvas, 0, tl->y_ruler, tl->gutter, TUI_BOLD, "%s",
				 time);
	}
}

/* A tick at `at` (relative to the trace's start); its column or -1. */
static int tick_column(const struct tui_timeline *tl, int64_t at)
{
	int64_t ts = at + (int64_t)tl->start_ns;
	if (ts < 0 || (uint64_t)ts < tl->axis.from_ns || (uint64_t)ts >= tl->axis.to_ns)
		return -1;
	return tl->gutter + tui_axis_cell(&tl->axis, (uint64_t)ts);
}

static void ruler_label(struct tui_timeline *tl, int x, int64_t offset, struct unit unit,
			int first)
{
	char text[48];
	int end = tl->gutter + tl->axis.cells;
	int n = snprintf(text, sizeof(text), "%.*f", unit.decimals,
			 (double)offset / (double)unit.ns);
	tui_canvas_put(tl->canvas, x, tl->y_ruler, 0x252c, TUI_DIM, TUI_DEFAULT);
	if (first && x + 4 + n <= end)
		snprintf(text + n, sizeof(text) - (size_t)n, " %s", unit.name);
	if (x + 1 + n <= end)
		tui_canvas_text(tl->canvas, x + 1, tl->y_ruler, n + 3, TUI_TEXT, text);
}

void tui_tl_ruler(struct tui_timeline *tl)
{
	if (tl->y_ruler < 0)
		return;
	uint64_t span = tl->axis.to_ns - tl->axis.from_ns;
	int64_t from = (int64_t)tl->axis.from_ns - (int64_t)tl->start_ns;
	uint64_t cells = (uint64_t)tl->axis.cells;
	/* Eight cells at least, those of less than a nanosecond too. */
	int64_t step = (int64_t)step_125(span / cells * 8 + span % cells * 8 / cells + 1);
	struct unit unit = ruler_unit(span, (uint64_t)step);
	int64_t base = ruler_base(tl, from), minor = step / 5;
	ruler_gutter(tl, base);
	if (step % 5 != 0 || (uint64_t)minor * cells < 2 * span)
		minor = step % 2 ? step : step / 2;
	for (int64_t at = floor_to(from, minor); at < from + (int64_t)span; at += minor) {
		int x = tick_column(tl, at);
		if (x >= 0)
			tui_canvas_put(tl->canvas, x, tl->y_ruler, 0xb7, TUI_FAINT,
				       TUI_DEFAULT);
	}
	int first = 1;
	for (int64_t at = floor_to(from, step); at < from + (int64_t)span; at += step) {
		int x = tick_column(tl, at);
		if (x < 0)
			continue;
		ruler_label(tl, x, at - base, unit, first);
		first = 0;
	}
	int cursor = tui_axis_cell(&tl->axis, tl->scene->nav->cursor_ns);
	if (cursor >= 0 && cursor < tl->axis.cells)
		tui_canvas_put(tl->canvas, tl->gutter + cursor, tl->y_ruler, 0x25bc,
			       TUI_SEL, TUI_DEFAULT);
}

/* ---- rules ---- */

void tui_tl_rules(struct tui_timeline *tl)
{
	if (tl->y_above >= 0)
		tui_canvas_put(tl->canvas, tl->gutter + tl->axis.cells, tl->y_above, 0x25b2,
			       TUI_KEY, TUI_DEFAULT);
	if (tl->y_below >= 0)
		tui_canvas_put(tl->canvas, tl->gutter + tl->axis.cells, tl->y_below, 0x25bc,
			       TUI_KEY, TUI_DEFAULT);
	for (int i = 0; i < tl->rule_count; i++) {
		const char *text = tl->rule[i].text;
		if (text[0] == '+')
			tui_canvas_text(tl->canvas, 1, tl->rule[i].y, tl->gutter + 10,
					TUI_DIM, text);
		else
			tui_chrome_rule(tl->canvas, tl->rule[i].y, text);
	}
}

/* ---- legend, cursor ---- */

void tui_tl_legend(struct tui_timeline *tl)
{
	static const struct {
		uint8_t state;
		const char *word;
	} items[] = {
		{GTV_ST_RUNNING, "running"},
		{GTV_ST_READY, "ready"},
		{GTV_ST_PREEMPTED, "preempted"},
		{GTV_ST_STALLED, "stalled"},
		{GTV_ST_GIL, "gil"},
		{GTV_ST_LOCK, "lock"},
		{GTV_ST_CHAN, "chan"},
		{GTV_ST_IO, "io"},
		{GTV_ST_SLEEP, "sleep"},
		{GTV_ST_SYSCALL, "syscall"},
		{GTV_ST_HELD_PREEMPTED, "off core"},
		{GTV_ST_UNKNOWN, "lost"},
	};
	int x = 1, end = tl->cols - 1;
	if (tl->y_legend < 0)
		return;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		const struct tui_look *look = tui_look_of(items[i].state);
		int width = (int)strlen(items[i].word) + 3;
		if (x + width > end)
			continue;
		tui_canvas_put(tl->canvas, x, tl->y_legend, look->glyph,
			       items[i].state == GTV_ST_RUNNING ? TUI_ID1 : look->role,
			       TUI_DEFAULT);
		tui_canvas_text(tl->canvas, x + 2, tl->y_legend, width, TUI_DIM,
				items[i].word);
		x += width;
	}
	if (x + 7 <= end) {
		tui_canvas_put(tl->canvas, x, tl->y_legend, 0x259a, TUI_ID2, TUI_ID1);
		tui_canvas_text(tl->canvas, x + 2, tl->y_legend, 5, TUI_DIM, "dense");
	}
	tui_tl_irq_legend(tl, x + 8, end);
}

/* Which states the pieces of [from, to) had, and for how long. */
static uint64_t sum_states(const struct gtv_piece *p, size_t count, uint64_t from,
			   uint64_t to, uint64_t ns[GTV_ST_MAX])
{
	uint64_t spans = 0;
	for (size_t i = tui_tl_first(p, count, from); i < count && p[i].span.from_ns < to;
	     i++) {
		const struct gtv_span *s = &p[i].span;
		uint64_t a = s->from_ns > from ? s->from_ns : from,
			 b = s->to_ns < to ? s->to_ns : to;
		spans += p[i].spans;
		if (p[i].spans == 1)
			ns[s->state < GTV_ST_MAX ? s->state : 0] += b > a ? b - a : 0;
		for (unsigned st = 0; p[i].spans != 1 && st < GTV_ST_MAX; st++)
			ns[st] += gtv_piece_ns(&p[i], st);
	}
	return spans;
}

void tui_tl_cursor_line(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	char from[TUI_FIGURE], to[TUI_FIGURE], label[TUI_LABEL], count[TUI_FIGURE];
	int x = 1, y = tl->y_cursor, end = tl->cols - 1;
	int cell = tui_axis_cell(&tl->axis, nav->cursor_ns);
	if (y < 0 || cell < 0 || cell >= tl->axis.cells)
		return;
	uint64_t a = tui_axis_time(&tl->axis, cell), b = tui_axis_time(&tl->axis, cell + 1);
	tui_say(tl->canvas, &x, y, end, TUI_DIM, "cursor  ");
	tui_sayf(
		tl->canvas, &x, y, end, TUI_TEXT, "%s - %s s   ",
		tui_format_time(from, sizeof(from), (int64_t)(a - tl->start_ns),
				(b - a) / 10),
		tui_format_time(to, sizeof(to), (int64_t)(b - tl->start_ns), (b - a) / 10));
	struct gtv_lane lane = nav->selected.kind ? nav->selected
			       : tl->row_count	  ? tl->row[0].lane
						  : (struct gtv_lane){0};
	uint64_t ns[GTV_ST_MAX] = {0};
	size_t pieces;
	const struct gtv_piece *p = gtv_window_pieces(tl->scene->window, lane, &pieces);
	uint64_t spans = sum_states(p, pieces, a, b, ns);
	if (spans == 0)
		return;
	tui_sayf(tl->canvas, &x, y, end, tui_ident_lane(tl->scene->names, lane), "%s ",
		 tui_ident_id(tl->scene->names, lane, label, sizeof(label)));
	for (unsigned st = 1; st < GTV_ST_MAX; st++)
		if (ns[st])
			tui_sayf(tl->canvas, &x, y, end, TUI_TEXT, " %s %s",
				 gtv_state_name(st),
				 tui_format_length(label, sizeof(label), ns[st]));
	if (spans > 1)
		tui_sayf(tl->canvas, &x, y, end, TUI_DIM, "   %s spans in this cell",
			 tui_format_count(count, sizeof(count), spans));
}
