/* SPDX-License-Identifier: MIT
 *
 * Green threads, or OS threads, as a table: how long each lived, ran and waited, and a
 * bar of where its time went; below, the chosen one in full (threads_below.c). Only
 * rows that are seen are looked up and written.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/bar.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/scene/ident.h"
#include "tui/view/threads.h"
#include "tui/view/views.h"

/* Where columns end (their last cell); 0: there is no room for it. */
struct columns {
	int label, life, run, wait, bar, bar_end, worst, runs;
};

static struct columns columns_of(int cols)
{
	struct columns c = {.label = cols >= 100  ? 20
				     : cols >= 80 ? 15
				     : cols >= 60 ? 12
				     : cols >= 24 ? 9
						  : 5};
	int right = cols - 2;
	c.wait = c.label + 7;
	if (cols < 40)
		return c;
	c.life = c.label + 9;
	c.run = c.life + 7;
	c.wait = c.run + 7;
	if (cols < 50)
		return c;
	if (cols >= 80) {
		c.runs = right;
		right -= 10;
	}
	if (cols >= 140) {
		c.worst = right;
		right -= 12;
	}
	c.bar = c.wait + 3;
	c.bar_end = right;
	return c;
}

static const char *kind_word(const struct tui_threads *t, size_t count)
{
	if (t->kind == GTV_LANE_GT)
		return count == 1 ? "green thread" : "green threads";
	return count == 1 ? "OS thread" : "OS threads";
}

/* ---- above the table ---- */

static void draw_summary(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_threads *t = scene->threads;
	const struct tui_nav *nav = scene->nav;
	char count[TUI_FIGURE], length[TUI_FIGURE];
	uint64_t end = t->range.kind ? t->range.to_ns : nav->last_ns;
	int x = 1, right = canvas->cols - 1;
	tui_format_count(count, sizeof(count), t->count);
	tui_sayf(canvas, &x, y, right, TUI_BOLD, "%s %s", count, kind_word(t, t->count));
	if (t->filter.text[0])
		tui_sayf(canvas, &x, y, right, TUI_WARN, " of %zu that fit %s", t->all,
			 t->filter.text);
	tui_say(canvas, &x, y, right, TUI_DIM, "  sorted by ");
	tui_sayf(canvas, &x, y, right, TUI_KEY, "%s ▼", tui_threads_sort_word(t->row_sort));
	if (t->making.on && t->making.of)
		tui_sayf(canvas, &x, y, right, TUI_WARN, "  %s %s, %d%%",
			 t->sort != t->row_sort ? "sorting by" : "listing by",
			 tui_threads_sort_word(t->sort),
			 (int)(100 * t->making.at / t->making.of));
	tui_format_length(length, sizeof(length), t->upto_ns - t->from_ns);
	if (t->range.kind) {
		tui_say(canvas, &x, y, right, TUI_DIM, "  ");
		tui_chrome_range(canvas, &x, y, right, &t->range, nav->first_ns,
				 t->upto_ns);
	} else {
		tui_sayf(canvas, &x, y, right, TUI_DIM, "  over the whole trace, %s",
			 length);
	}
	if (!t->done && scene->facts->mode != TUI_LIVE && end > t->from_ns)
		tui_sayf(canvas, &x, y, right, TUI_WARN, "  reading, %d%%",
			 (int)(100 * ((double)(t->upto_ns - t->from_ns) /
				      (double)(end - t->from_ns))));
	else if (canvas->cols - x > 60)
		tui_say(canvas, &x, y, right, TUI_DIM,
			"   each bar is one lifetime: its states sum to 100%");
	if (gtv_attribution_is_short(t->attr))
		tui_say(canvas, &x, y, right, TUI_WARN, "   not all of it could be kept");
}

/* What a click on a column's head sorts by. */
static void note_heads(struct tui_spots *spots, const struct columns *c, int y)
{
	tui_spot(spots, TUI_SPOT_SORT, 1, y, c->label, 1, TUI_SORT_BIRTH);
	tui_spot(spots, TUI_SPOT_SORT, c->wait - 5, y, 6, 1, TUI_SORT_WAIT);
	if (c->life)
		tui_spot(spots, TUI_SPOT_SORT, c->life - 8, y, 9, 1, TUI_SORT_LIFE);
	if (c->run)
		tui_spot(spots, TUI_SPOT_SORT, c->run - 5, y, 6, 1, TUI_SORT_RUN);
	if (c->worst)
		tui_spot(spots, TUI_SPOT_SORT, c->worst - 10, y, 11, 1, TUI_SORT_WORST);
	if (c->runs)
		tui_spot(spots, TUI_SPOT_SORT, c->runs - 7, y, 8, 1, TUI_SORT_RUNS);
}

static void draw_head(struct tui_canvas *canvas, const struct columns *c, int y,
		      struct tui_unit life, struct tui_unit worst)
{
	tui_canvas_text(canvas, 1, y, c->label, TUI_DIM, "NAME");
	if (c->life)
		tui_unit_head(canvas, c->life, y, 9, "LIFE", life.name);
	if (c->run)
		tui_unit_head(canvas, c->run, y, 6, "RUN", "%");
	tui_unit_head(canvas, c->wait, y, 6, "WAIT", "%");
	if (c->bar) {
		int middle = (c->bar + c->bar_end) / 2 - 9;
		tui_canvas_text(canvas, c->bar, y, 1, TUI_DIM, "0");
		if (c->bar_end - c->bar > 32)
			tui_canvas_text(canvas, middle, y, 19, TUI_DIM,
					"WHERE ITS TIME WENT");
		tui_unit_right(canvas, c->bar_end, y, 4, TUI_DIM, "100%");
	}
	if (c->worst)
		tui_unit_head(canvas, c->worst, y, 11, "LONGEST", worst.name);
	if (c->runs)
		tui_unit_head(canvas, c->runs, y, 8, "RUNS", "");
}

/* ---- the table ---- */

void tui_threads_mark(struct tui_canvas *canvas, int y, int from_x, int to_x)
{
	for (int x = from_x; x < to_x; x++) {
		struct tui_cell *cell = tui_canvas_at(canvas, x, y);
		if (cell && cell->ground == TUI_DEFAULT)
			cell->ground = TUI_SEL_GROUND;
	}
}

void tui_threads_point(struct tui_canvas *canvas, int y)
{
	tui_canvas_put(canvas, 0, y, 0x25b6, TUI_SEL, TUI_DEFAULT);
}

void tui_threads_label(struct tui_canvas *canvas, const struct gtv_names *names,
		       struct gtv_lane lane, int x, int y, int width, int chosen)
{
	char id[TUI_LABEL], name[TUI_LABEL];
	int end = x + width, pad;
	tui_ident_id(names, lane, id, sizeof(id));
	tui_ident_name(names, lane, name, sizeof(name));
	pad = lane.kind == GTV_LANE_THREAD ? 7 : 4;
	int from = x;
	tui_say(canvas, &x, y, end, tui_ident_lane(names, lane), id);
	x = width > 10 && x < from + pad ? from + pad : x;
	x++;
	if (x < end)
		tui_say(canvas, &x, y, end, chosen ? TUI_BOLD : TUI_TEXT, name);
}

static void draw_row(struct tui_canvas *canvas, const struct tui_scene *scene,
		     const struct columns *c, int y, size_t row, struct tui_unit life,
		     struct tui_unit worst)
{
	const struct tui_threads *t = scene->threads;
	int chosen = row == t->chosen, role = chosen ? TUI_BOLD : TUI_TEXT;
	uint64_t ns[GTV_ST_MAX];
	struct gtv_attr_lane l;
	if (gtv_attr_lane(t->attr, t->kind, t->row[row].idx, &l))
		return;
	tui_threads_label(canvas, scene->names, l.lane, 1, y, c->label, chosen);
	if (c->life)
		tui_unit_ns(canvas, c->life, y, 9, role, l.life_ns, life);
	if (c->run)
		tui_unit_share(canvas, c->run, y, 6, role, l.run_ns, l.life_ns, "");
	tui_unit_share(canvas, c->wait, y, 6, role, l.wait_ns, l.life_ns, "");
	if (c->worst)
		tui_unit_ns(canvas, c->worst, y, 11, role, l.worst_ns, worst);
	if (c->runs)
		tui_unit_count(canvas, c->runs, y, 8, role, l.runs);
	if (chosen) {
		tui_threads_mark(canvas, y, 0, c->bar ? c->bar : canvas->cols);
		if (c->bar)
			tui_threads_mark(canvas, y, c->bar_end + 1, canvas->cols);
		if (!t->line)
			tui_threads_point(canvas, y);
	}
	if (!c->bar)
		return;
	gtv_attr_times(t->attr, t->kind, t->row[row].idx, ns);
	int fill = tui_ident_lane(scene->names, l.lane);
	tui_bar_draw(canvas, c->bar, y, c->bar_end - c->bar + 1, ns,
		     fill == TUI_TEXT ? TUI_RUNNING : fill);
}

/* The units of the rows that are seen. */
static void find_units(const struct tui_threads *t, size_t first, size_t rows,
		       struct tui_unit *life, struct tui_unit *worst)
{
	uint64_t most = 0, longest = 0;
	for (size_t i = first; i < first + rows && i < t->count; i++) {
		struct gtv_attr_lane l;
		if (gtv_attr_lane(t->attr, t->kind, t->row[i].idx, &l))
			continue;
		most = l.life_ns > most ? l.life_ns : most;
		longest = l.worst_ns > longest ? l.worst_ns : longest;
	}
	*life = tui_unit_of(most);
	*worst = tui_unit_of(longest);
}

static void draw_table(struct tui_canvas *canvas, const struct tui_scene *scene, int y_head,
		       int y, int rows, int gap, int more)
{
	const struct tui_threads *t = scene->threads;
	struct columns c = columns_of(canvas->cols);
	struct tui_unit life, worst;
	size_t first = t->chosen < (size_t)rows ? 0 : t->chosen - (size_t)rows + 1;
	find_units(t, first, (size_t)rows, &life, &worst);
	if (y_head >= 0) {
		draw_head(canvas, &c, y_head, life, worst);
		note_heads(scene->spots, &c, y_head);
	}
	for (int i = 0; i < rows && first + (size_t)i < t->count; i++) {
		draw_row(canvas, scene, &c, y + i * (1 + gap), first + (size_t)i, life,
			 worst);
		tui_spot(scene->spots, TUI_SPOT_ROW, 0, y + i * (1 + gap), canvas->cols,
			 1 + gap, first + (size_t)i);
	}
	if (more && first + (size_t)rows < t->count)
		tui_canvas_textf(canvas, canvas->cols - 14, y + rows * (1 + gap) - gap, 13,
				 TUI_DIM, "+%zu more", t->count - first - (size_t)rows);
}

/* ---- the page ---- */

/* Which states the rows that are seen have: for the legend, all that there are. */
static uint32_t states_seen(const struct tui_threads *t)
{
	uint32_t states = 0;
	size_t first = t->chosen < 50 ? 0 : t->chosen - 50;
	for (size_t i = first; i < first + 100 && i < t->count; i++) {
		uint64_t ns[GTV_ST_MAX];
		gtv_attr_times(t->attr, t->kind, t->row[i].idx, ns);
		for (unsigned st = 0; st < GTV_ST_MAX; st++)
			states |= (uint32_t)(ns[st] != 0) << st;
	}
	return states;
}

static void draw_hints(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {
		"j/k",	"row", ", .",	"line", "Enter", "go there", "s",    "sort", "Tab",
		"kind", "r",   "range", "Esc",	"back",	 "?",	     "help", NULL};
	tui_chrome_title(canvas, scene, 0, TUI_ACT_THREADS, kind_word(scene->threads, 2));
	tui_chrome_status_list(canvas, scene, canvas->rows - 2);
	tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
}

static const char *nothing(const struct tui_scene *scene)
{
	const struct tui_threads *t = scene->threads;
	if (t->making.on)
		return "they are being listed";
	if (t->filter.text[0])
		return "none fits the filter: \\ changes it";
	if (t->kind == GTV_LANE_GT)
		return "no green threads here: Tab shows the OS threads";
	return "nothing is known of OS threads here: Tab shows the green threads";
}

static void draw_page(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      int end)
{
	const struct tui_threads *t = scene->threads;
	int spaced = canvas->rows >= 34, legend = canvas->rows >= 30,
	    strip = canvas->rows >= 24 && canvas->cols >= 60 ? 3 : 0;
	int head, rows, gap, room, want = tui_threads_below_rows(t);
	draw_summary(canvas, scene, y);
	y += 1 + spaced;
	if (y >= end)
		return;
	if (!t->count) {
		tui_canvas_text(canvas, 1, y + (y + 1 < end), canvas->cols - 2, TUI_DIM,
				nothing(scene));
		return;
	}
	head = y++;
	if (canvas->rows >= 20)
		tui_chrome_rule(canvas, y++, "");
	room = end - y - strip - legend;
	rows = tui_chrome_table_rows(room, want, t->count);
	if (rows < 0)
		return;
	gap = 2 * rows + want + 1 <= room && (size_t)rows == t->count;
	draw_table(canvas, scene, head, y, rows, gap, rows < room);
	y += rows * (1 + gap);
	if ((size_t)rows < t->count && y < end)
		y++;
	if (legend)
		tui_bar_legend(canvas, 1, y++, canvas->cols - 1, states_seen(t));
	if (strip && room >= 9) {
		struct gtv_attr_lane l;
		if (!gtv_attr_lane(t->attr, t->kind, t->row[t->chosen].idx, &l))
			(void)tui_threads_strip(canvas, scene, l.lane, end - strip, 1);
		end -= strip;
	}
	tui_threads_below(canvas, scene, y, end);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	const struct tui_threads *t = scene->threads;
	int tall = canvas->rows >= 8;
	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (!t || !t->attr) {
		tui_canvas_text(canvas, 1, canvas->rows / 2, canvas->cols - 2, TUI_DIM,
				"nothing was read yet");
		return 0;
	}
	if (tall)
		draw_hints(canvas, scene);
	draw_page(canvas, scene, tall ? 1 : 0, canvas->rows - (tall ? 2 : 0));
	return 0;
}

const struct tui_view_ops tui_view_threads = {
	.id = TUI_VIEW_THREADS,
	.place = TUI_IN_LIST,
	.name = "threads",
	.summary = "green threads and OS threads: where their time went",
	.draw = draw,
};
