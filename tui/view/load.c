/* SPDX-License-Identifier: MIT
 *
 * Load: cores, run queues and threads over time, as levels on the timeline's own window,
 * so that its keys work here too. Each column is the mean of its time; the cursor's
 * column is told in figures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/load.h"
#include "tui/view/timeline.h"
#include "tui/view/views.h"

#define COLS_MIN  40
#define PARTS_MAX 5

struct load {
	struct tui_timeline tl;
	struct tui_load_sums sums;
	int shared; /* sums are the pane's */
	struct tui_canvas *canvas;
	const struct tui_scene *scene;
	double *lane;  /* of one core: states by cell */
	double *queue; /* by core and cell; NULL: not known */
	size_t cores, queues;
	int x, cells, cursor; /* cursor: its cell, -1 none */
	double column_ns;
};

/* One thing of several that are stacked in a column, the first below. */
struct part {
	const double *ns;
	uint32_t glyph; /* 0: levels of ▁…█; else it fills whole cells */
	uint8_t role;
};

/* ---- drawing ---- */

/* Cell `cell` of rows [y, y + height): parts from below, `scale` ns fill it. */
static void draw_stack(const struct load *l, const struct part *part, int parts, int cell,
		       int y, int height, double scale)
{
	double sum = 0;
	int from = 0; /* eighths from below */
	for (int i = 0; i < parts; i++) {
		double ns = part[i].ns[cell];
		int to;
		if (ns <= 0)
			continue;
		sum += ns;
		to = (int)(sum / scale * 8 * height + 0.5);
		/* Nothing is averaged away, and nothing outgrows its rows. */
		to = to <= from ? from + 1 : to;
		to = to > 8 * height ? 8 * height : to;
		for (int r = from / 8; r < height && r * 8 < to; r++) {
			int top = to - r * 8 < 8 ? to - r * 8 : 8;
			int bottom = from - r * 8 > 0 ? from - r * 8 : 0;
			int row = y + height - 1 - r, x = l->x + cell;
			struct tui_cell *at = tui_canvas_at(l->canvas, x, row);
			if (!part[i].glyph && bottom == 0)
				tui_canvas_put(l->canvas, x, row, tui_glyph_level(top),
					       part[i].role, TUI_DEFAULT);
			else if (at && (at->glyph == ' ' || at->glyph == 0) &&
				 (top - bottom >= 4 || bottom == 0))
				tui_canvas_put(l->canvas, x, row,
					       part[i].glyph ? part[i].glyph
							     : tui_glyph_level(top),
					       part[i].role, TUI_DEFAULT);
			else if (at && part[i].role == TUI_OTHER && top - bottom >= 3)
				at->ground = TUI_BAR_GROUND; /* behind the program's */
		}
		from = to;
	}
}

static double most_of(const struct load *l, const struct part *part, int parts)
{
	double most = 0;
	for (int c = 0; c < l->cells; c++) {
		double sum = 0;
		for (int i = 0; i < parts; i++)
			sum += part[i].ns[c];
		most = sum > most ? sum : most;
	}
	return most / l->column_ns;
}

/* A round figure that is not less: 1, 2, 5, 10… */
static double round_up(double v)
{
	double unit = 1;
	while (unit < 1e12) {
		static const int step[] = {1, 2, 3, 4, 5, 6, 8};
		for (size_t i = 0; i < sizeof(step) / sizeof(*step); i++)
			if (v <= unit * step[i] * 1.0001)
				return unit * step[i];
		unit *= 10;
	}
	return v;
}

static void say_scale(const struct load *l, int y, int height, double scale)
{
	char text[24];
	snprintf(text, sizeof(text), "%.0f", scale);
	int x = l->x - 1 - (int)strlen(text);
	if (height > 1 && x > 0)
		tui_canvas_text(l->canvas, x, y, l->x - x, TUI_DIM, text);
	if (height > 2)
		tui_canvas_text(l->canvas, l->x - 2, y + height - 1, 1, TUI_DIM, "0");
	for (int r = 0; r < height; r++)
		tui_canvas_put(l->canvas, l->x - 1, y + r, 0x2502, TUI_FAINT, TUI_DEFAULT);
}

/* A row of its own that says what the rows below show. Returns the column after it. */
static int say_head(const struct load *l, int y, const char *title, const struct part *part,
		    const char *const *word, int parts)
{
	int x = 1, end = l->canvas->cols - 1;
	tui_say(l->canvas, &x, y, end, TUI_BOLD, title);
	for (int i = 0; i < parts; i++) {
		char glyph[8] = "";
		if (x + 5 + (int)strlen(word[i]) > end)
			return x;
		glyph[tui_glyph_encode(part[i].glyph ? part[i].glyph : 0x2588, glyph)] = 0;
		tui_say(l->canvas, &x, y, end, TUI_DIM, "  ");
		tui_say(l->canvas, &x, y, end, part[i].role, glyph);
		tui_sayf(l->canvas, &x, y, end, TUI_DIM, " %s", word[i]);
	}
	return x;
}

/* ---- cores ---- */

static const char *const core_word[PARTS_MAX] = {"program", "others", "unknown", "not ours",
						 "idle"};
static const uint8_t core_state[PARTS_MAX] = {GTV_ST_BUSY, GTV_ST_OTHER, GTV_ST_UNKNOWN,
					      GTV_ST_AWAY, GTV_ST_IDLE};

static void core_parts(struct part *part, double *const *ns)
{
	static const uint32_t glyph[PARTS_MAX] = {0, 0x2592, 0x2571, 0xb7, 0};
	static const uint8_t role[PARTS_MAX] = {TUI_RUNNING, TUI_OTHER, TUI_UNKNOWN,
						TUI_FAINT, TUI_FAINT};
	for (int i = 0; i < PARTS_MAX; i++)
		part[i] = (struct part){ns[core_state[i]], glyph[i], role[i]};
}

static double sum_of(const double *ns, int cells)
{
	double sum = 0;
	for (int c = 0; c < cells; c++)
		sum += ns[c];
	return sum;
}

static void core_gutter(const struct load *l, struct gtv_lane lane, int y, int height,
			int chosen)
{
	char text[TUI_LABEL], share[TUI_FIGURE];
	int x = 1, end = l->x - 1;
	double busy = sum_of(&l->lane[GTV_ST_BUSY * l->cells], l->cells);
	double all = 0;
	for (int i = 0; i < PARTS_MAX; i++)
		all += sum_of(&l->lane[core_state[i] * l->cells], l->cells);
	if (chosen)
		tui_canvas_put(l->canvas, 0, y, 0x25b6, TUI_SEL, TUI_DEFAULT);
	tui_say(l->canvas, &x, y, end, chosen ? TUI_SEL : TUI_BOLD,
		tui_ident_id(l->scene->names, lane, text, sizeof(text)));
	tui_format_share_short(share, sizeof(share), (uint64_t)busy, (uint64_t)all);
	if (l->x >= 9) {
		x = height > 1 ? 6 : l->x - 2 - (int)strlen(share);
		tui_say(l->canvas, &x, y, end, TUI_TEXT, share);
	}
	if (height > 1) {
		if (l->x >= 15)
			tui_canvas_text(l->canvas, l->x - 5, y, 4, TUI_DIM, "100%");
		tui_canvas_text(l->canvas, l->x - 2, y + height - 1, 1, TUI_DIM, "0");
	}
	for (int r = 0; r < height; r++)
		tui_canvas_put(l->canvas, l->x - 1, y + r, 0x2502, TUI_FAINT, TUI_DEFAULT);
}

static void draw_core(struct load *l, size_t idx, int y, int height, int with_queue)
{
	const struct tui_load *place = l->scene->load;
	struct gtv_lane lane = gtv_window_lane(l->scene->window, GTV_LANE_CORE, idx);
	double *by_state[GTV_ST_MAX];
	struct part part[PARTS_MAX];
	memset(l->lane, 0, GTV_ST_MAX * (size_t)l->cells * sizeof(*l->lane));
	tui_load_lane(l->scene->window, lane, &l->tl.axis, l->lane);
	for (int st = 0; st < GTV_ST_MAX; st++)
		by_state[st] = &l->lane[st * l->cells];
	core_parts(part, by_state);
	for (int c = 0; c < l->cells; c++)
		draw_stack(l, part, 4, c, y, height, l->column_ns);
	core_gutter(l, lane, y, height, (place ? place->chosen : 0) == idx);
	tui_spot(l->scene->spots, TUI_SPOT_ROW, 0, y, l->canvas->cols, height + with_queue,
		 idx);
	if (!with_queue)
		return;
	y += height;
	tui_canvas_put(l->canvas, l->x - 1, y, 0x2502, TUI_FAINT, TUI_DEFAULT);
	if (!l->queue || lane.id >= l->queues)
		return;
	struct part queue = {&l->queue[lane.id * (size_t)l->cells], 0, TUI_READY};
	double scale = round_up(most_of(l, &queue, 1));
	if (most_of(l, &queue, 1) <= 0)
		return;
	for (int c = 0; c < l->cells; c++)
		draw_stack(l, &queue, 1, c, y, 1, scale * l->column_ns);
	if (l->x >= 15)
		tui_canvas_textf(l->canvas, 3, y, l->x - 4, TUI_DIM, "queue, to %.0f",
				 scale);
}

/* Where not every core has a row: all of them together, two rows. */
static void draw_all_cores(const struct load *l, const struct part *part, int y)
{
	char text[24];
	int x = 1;
	for (int c = 0; c < l->cells; c++)
		draw_stack(l, part, PARTS_MAX - 1, c, y, 2,
			   l->column_ns * (double)l->cores);
	snprintf(text, sizeof(text), "all %zu", l->cores);
	tui_say(l->canvas, &x, y, l->x - 1, TUI_BOLD, text);
	say_scale(l, y, 2, (double)l->cores);
}

/* Rows for cores; those that have no room are told. */
static void draw_cores(struct load *l, int y, int end)
{
	const struct tui_load *place = l->scene->load;
	double *by_state[GTV_ST_MAX];
	struct part part[PARTS_MAX];
	size_t first = 0, shown = l->cores, chosen = place ? place->chosen : 0;
	int room = end - y - 1, height, queue = 0, head = y;
	for (int st = 0; st < GTV_ST_MAX; st++)
		by_state[st] = l->sums.core[st];
	core_parts(part, by_state);
	int said = say_head(l, y++, "cores", part, core_word, PARTS_MAX - 1);
	if (!l->cores) {
		tui_canvas_text(l->canvas, 1, y, l->canvas->cols - 2, TUI_DIM,
				l->scene->facts->level
					? "no core in this window"
					: "level 0: the kernel was not watched");
		return;
	}
	if (room < 1)
		return;
	if ((int)shown > room && room >= 6) {
		draw_all_cores(l, part, y);
		y += 2;
		room -= 2;
	}
	if ((int)shown > room)
		shown = (size_t)room;
	height = room / (int)shown;
	if (height >= 3 && l->queue)
		queue = 1;
	height = height - queue > 6 ? 6 : height - queue;
	if (chosen >= shown && chosen < l->cores)
		first = chosen - shown + 1;
	for (size_t i = 0; i < shown; i++)
		draw_core(l, first + i, y + (int)i * (height + queue), height, queue);
	if (l->cores > shown && said < l->canvas->cols - 16)
		tui_canvas_textf(l->canvas, l->canvas->cols - 16, head, 15, TUI_DIM,
				 "+%zu more cores", l->cores - shown);
}

/* ---- queues and threads ---- */

static void draw_level(const struct load *l, const char *title, const struct part *part,
		       const char *const *word, int parts, int y, int height)
{
	double scale = round_up(most_of(l, part, parts));
	if (height < 2)
		return;
	say_head(l, y++, title, part, word, parts);
	height--;
	for (int c = 0; c < l->cells; c++)
		draw_stack(l, part, parts, c, y, height, scale * l->column_ns);
	say_scale(l, y, height, scale);
}

static void draw_queue(const struct load *l, int y, int height)
{
	static const char *const word[] = {"OS threads that are runnable, on all cores"};
	struct part part = {l->sums.queue, 0, TUI_READY};
	draw_level(l, "run queue", &part, word, 1, y, height);
}

static void draw_threads(const struct load *l, int y, int height)
{
	static const char *const word[] = {"running", "runnable", "blocked", "unknown"};
	struct part part[] = {
		{l->sums.threads[TUI_LOAD_RUNNING], 0, TUI_RUNNING},
		{l->sums.threads[TUI_LOAD_RUNNABLE], 0x2591, TUI_READY},
		{l->sums.threads[TUI_LOAD_BLOCKED], 0x2504, TUI_SLEEP},
		{l->sums.threads[TUI_LOAD_UNKNOWN], 0x2571, TUI_UNKNOWN},
	};
	draw_level(l, l->sums.green ? "green threads" : "OS threads", part, word, 4, y,
		   height);
}

/* ---- words ---- */

static void say_count(const struct load *l, int *x, int y, int role, const char *word,
		      const double *ns)
{
	double count = ns[l->cursor] / l->column_ns;
	int end = l->canvas->cols - 1;
	if (*x + (int)strlen(word) + 8 > end || ns[l->cursor] <= 0)
		return;
	tui_sayf(l->canvas, x, y, end, TUI_BOLD,
		 count < 0.995 && count > 0 ? "  %.2g" : "  %.3g", count);
	tui_sayf(l->canvas, x, y, end, role, " %s", word);
}

static void draw_cursor(const struct load *l, int y)
{
	static const uint8_t role[PARTS_MAX] = {TUI_RUNNING, TUI_OTHER, TUI_UNKNOWN,
						TUI_DIM, TUI_DIM};
	char time[TUI_FIGURE], text[64];
	int x = 1, end = l->canvas->cols - 1;
	if (l->cursor < 0)
		return;
	uint64_t at = tui_axis_time(&l->tl.axis, l->cursor);
	tui_format_time(time, sizeof(time), (int64_t)(at - l->tl.start_ns),
			(uint64_t)(l->column_ns / 10) + 1);
	tui_sayf(l->canvas, &x, y, end, TUI_DIM, "at ");
	tui_sayf(l->canvas, &x, y, end, TUI_TEXT, "%s s", time);
	tui_say(l->canvas, &x, y, end, TUI_DIM, "  cores");
	for (int i = 0; i < PARTS_MAX; i++)
		say_count(l, &x, y, role[i], core_word[i], l->sums.core[core_state[i]]);
	tui_say(l->canvas, &x, y, end, TUI_DIM, "  queue");
	tui_sayf(l->canvas, &x, y, end, TUI_BOLD, " %.2g",
		 l->sums.queue[l->cursor] / l->column_ns);
	if (l->canvas->cols < 100) {
		x = 1;
		y++;
	}
	snprintf(text, sizeof(text), "  %s",
		 l->sums.green ? "green threads" : "OS threads");
	tui_say(l->canvas, &x, y, end, TUI_DIM, text);
	say_count(l, &x, y, TUI_RUNNING, "running", l->sums.threads[TUI_LOAD_RUNNING]);
	say_count(l, &x, y, TUI_READY, "runnable", l->sums.threads[TUI_LOAD_RUNNABLE]);
	say_count(l, &x, y, TUI_SLEEP, "blocked", l->sums.threads[TUI_LOAD_BLOCKED]);
	say_count(l, &x, y, TUI_UNKNOWN, "unknown", l->sums.threads[TUI_LOAD_UNKNOWN]);
}

static void draw_source(const struct load *l, int y)
{
	char length[TUI_FIGURE];
	int x = 1, end = l->canvas->cols - 1;
	struct tui_range range = tui_range_of(l->scene->nav, l->scene->scope);
	if (range.kind == TUI_RANGE_CURSORS) {
		tui_chrome_range(l->canvas, &x, y, end, &range, l->tl.start_ns, 0);
		tui_say(l->canvas, &x, y, end, TUI_DIM, "; ");
	}
	tui_format_length(length, sizeof(length), (uint64_t)l->column_ns);
	tui_sayf(l->canvas, &x, y, end, TUI_TEXT, "means of %s a column", length);
	tui_say(l->canvas, &x, y, end, l->sums.exact ? TUI_DIM : TUI_WARN,
		l->sums.exact ? ", from exact spans"
			      : ", from summaries: no queue of a core's own");
	if (gtv_window_known_ns(l->scene->window) != UINT64_MAX)
		tui_say(l->canvas, &x, y, end, TUI_WARN, "  reading");
	else if (l->sums.summed < l->sums.lanes)
		tui_sayf(l->canvas, &x, y, end, TUI_WARN, "  summing: %zu of %zu lanes",
			 l->sums.summed, l->sums.lanes);
	if (l->scene->facts->lost)
		tui_say(l->canvas, &x, y, end, TUI_WARN, "  with losses");
}

/* ---- the page ---- */

static void draw_page(struct load *l)
{
	static const char *const hints[] = {
		"w/s",	  "zoom", "a/d",  "pan",   "h/l",
		"cursor", "j/k",  "core", "Enter", "in the timeline",
		"f",	  "fit",  "r",	  "range", "Esc",
		"back",	  "?",	  "help", NULL};
	struct tui_canvas *canvas = l->canvas;
	int tall = canvas->rows >= 10, y = tall ? 1 : 0;
	int end = canvas->rows - (tall ? 2 : 0), room;
	if (tall) {
		tui_chrome_title(canvas, l->scene, 0, TUI_ACT_LOAD, "load");
		draw_source(l, y++);
		end -= canvas->cols < 100 ? 2 : 1;
		draw_cursor(l, end);
		tui_chrome_status_list(canvas, l->scene, canvas->rows - 2);
		tui_chrome_hints(canvas, l->scene, canvas->rows - 1, hints);
	}
	l->tl.y_ruler = y++;
	tui_tl_ruler(&l->tl);
	if (tui_range_of(l->scene->nav, l->scene->scope).kind != TUI_RANGE_CURSORS)
		tui_spot(l->scene->spots, TUI_SPOT_TIME, l->x, y - 1, l->cells, end - y + 1,
			 0);
	room = end - y;
	int threads = room >= 34 ? 9 : room >= 24 ? 7 : room >= 14 ? 5 : room >= 8 ? 3 : 0;
	int queue = room >= 34 ? 5 : room >= 24 ? 4 : room >= 14 ? 3 : room >= 11 ? 2 : 0;
	if (l->scene->facts->level == 0)
		queue = 0;
	/* What few cores leave is for the others. */
	int spare = l->cores ? room - threads - queue - 1 - (int)l->cores * 7 : 0;
	if (spare > 1 && queue) {
		queue += spare / 3;
		threads += spare - spare / 3;
	}
	draw_cores(l, y, end - threads - queue);
	draw_queue(l, end - threads - queue, queue);
	draw_threads(l, end - threads, threads);
	if (l->cursor < 0)
		return;
	for (int row = y; row < end; row++) {
		struct tui_cell *cell = tui_canvas_at(canvas, l->x + l->cursor, row);
		if (cell)
			cell->ground = TUI_SEL_GROUND;
	}
}

/* The pane has summed, or sums, just this. */
static int is_made(const struct load *l)
{
	const struct tui_load *load = l->scene->load;
	return load && load->sums.memory && load->axis.from_ns == l->tl.axis.from_ns &&
	       load->axis.to_ns == l->tl.axis.to_ns && load->axis.cells == l->cells;
}

/* Of how many threads the waits for each core are summed in a frame. */
#define QUEUE_THREADS 1000

static int make_queues(struct load *l)
{
	const struct gtv_window *w = l->scene->window;
	size_t cells = (size_t)l->cells;
	if (!l->sums.exact || !l->cores ||
	    gtv_window_lane_count(w, GTV_LANE_THREAD) > QUEUE_THREADS)
		return 0;
	l->queues = gtv_window_lane(w, GTV_LANE_CORE, l->cores - 1).id + 1;
	l->queues = l->queues < 1024 ? l->queues : 1024;
	l->queue = calloc(l->queues * cells, sizeof(*l->queue));
	if (!l->queue)
		return -GTV_ENOMEM;
	tui_load_queues(w, &l->tl.axis, l->queue, l->queues);
	return 0;
}

/* Where somebody sums between frames, it is not done here. */
static int make(struct load *l)
{
	const struct tui_load *load = l->scene->load;
	size_t cells = (size_t)l->cells;
	int rc = 0;
	if (is_made(l)) {
		l->sums = load->sums;
		l->shared = 1;
	} else if (load && load->cols) {
		rc = tui_load_begin(&l->sums, l->scene->window, &l->tl.axis, l->tl.has_gts);
	} else {
		rc = tui_load_sum(&l->sums, l->scene->window, &l->tl.axis, l->tl.has_gts);
	}
	if (rc)
		return rc;
	l->cores = gtv_window_lane_count(l->scene->window, GTV_LANE_CORE);
	l->lane = calloc(GTV_ST_MAX * cells, sizeof(*l->lane));
	return l->lane ? make_queues(l) : -GTV_ENOMEM;
}

static int draw_window(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	struct load l = {.canvas = canvas, .scene = scene, .cursor = -1};
	int rc = tui_tl_begin(&l.tl, canvas, scene, canvas->cols, canvas->rows);
	if (rc) {
		tui_chrome_error(canvas, "this part of the trace cannot be read");
		return rc;
	}
	l.x = l.tl.gutter;
	l.cells = l.tl.axis.cells;
	l.column_ns = (double)(l.tl.axis.to_ns - l.tl.axis.from_ns) / l.cells;
	int cursor = tui_axis_cell(&l.tl.axis, scene->nav->cursor_ns);
	if (cursor >= 0 && cursor < l.cells)
		l.cursor = cursor;
	rc = make(&l);
	if (!rc)
		draw_page(&l);
	if (!l.shared)
		tui_load_fini(&l.sums);
	free(l.lane);
	free(l.queue);
	return rc;
}

/* From cursor A to B it is as if the window were there. */
static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	struct tui_range range = tui_range_of(scene->nav, scene->scope);
	struct tui_scene part = *scene;
	struct tui_nav nav;
	if (tui_chrome_too_small(canvas, COLS_MIN, 3))
		return 0;
	if (range.kind != TUI_RANGE_CURSORS)
		return draw_window(canvas, scene);
	nav = *scene->nav;
	nav.from_ns = range.from_ns;
	nav.to_ns = range.to_ns;
	part.nav = &nav;
	return draw_window(canvas, &part);
}

const struct tui_view_ops tui_view_load = {
	.id = TUI_VIEW_LOAD,
	.place = TUI_IN_TIMELINE,
	.name = "load",
	.summary = "cores, run queues and threads over time",
	.draw = draw,
};
