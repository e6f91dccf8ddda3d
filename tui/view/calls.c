/* SPDX-License-Identifier: MIT
 *
 * System calls: a table of them, what hurts first; below, the chosen one's histogram, who
 * made it, and its worst cases. It says what the level of the trace cannot show.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/model/syscall_names.h"
#include "tui/scene/calls.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/histogram.h"
#include "tui/scene/ident.h"
#include "tui/view/views.h"

const char *tui_calls_sort_name(enum tui_calls_sort sort)
{
	static const char *const name[] = {
#define X(id, text) [TUI_CALLS_##id] = text,
		TUI_CALLS_SORTS(X)
#undef X
	};
	return sort < TUI_CALLS_SORT_MAX ? name[sort] : "";
}

char *tui_calls_name(const struct gtv_names *names, const struct gtv_call_row *row,
		     char *buf, size_t size)
{
	struct gtv_name name;
	const char *text;
	if (row->source == GTV_CALL_DECLARED) {
		gtv_names_get(names, GTV_CLASS_CALL, row->number, &name);
		gtv_names_escape(name.text, buf, size);
		if (!buf[0])
			snprintf(buf, size, "call %u", row->number);
		return buf;
	}
	text = gtv_syscall_name(names, row->number);
	if (text)
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "call %u", row->number);
	return buf;
}

/* ---- the table ---- */

enum column { NAME, COUNT, ERRORS, TOTAL, MEAN, P99, MAX, ASLEEP, WHO, COLUMNS };

struct layout {
	int x[COLUMNS], width[COLUMNS]; /* width 0: left out */
};

static struct layout lay_columns(int cols, int timed)
{
	struct layout l = {.width = {16, 9, 7, 9, 8, 8, 8, 9, 0}};
	int x = 2, used;
	if (cols >= 100)
		l.width[NAME] = 24;
	if (cols < 90 || !timed)
		l.width[ASLEEP] = 0;
	if (!timed)
		l.width[ERRORS] = 0;
	if (cols < 70)
		l.width[ERRORS] = l.width[MEAN] = 0;
	if (cols < 50)
		l.width[P99] = 0;
	if (cols < 40)
		l.width[NAME] = 10;
	for (int c = 0; c < WHO; c++) {
		used = l.width[c];
		l.x[c] = x;
		if (x + used > cols - 1) /* no room is left for it */
			used = l.width[c] = 0;
		x += used + (used ? 1 : 0);
	}
	l.x[WHO] = x;
	l.width[WHO] = cols - x - 1 > 8 ? cols - x - 1 : 0;
	return l;
}

/* Columns of a figure: µ is one of two bytes. */
static int columns_of(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void right(struct tui_canvas *canvas, const struct layout *l, enum column c, int y,
		  int role, const char *text)
{
	int x = l->x[c] + l->width[c] - columns_of(text);
	if (l->width[c])
		tui_canvas_text(canvas, x, y, l->x[c] + l->width[c] - x, role, text);
}

static void draw_head(struct tui_canvas *canvas, const struct tui_scene *scene,
		      const struct layout *l, int y)
{
	static const char *const word[COLUMNS] = {
		[COUNT] = "COUNT", [ERRORS] = "ERRORS", [TOTAL] = "TOTAL",  [MEAN] = "MEAN",
		[P99] = "P99",	   [MAX] = "MAX",	[ASLEEP] = "ASLEEP"};
	static const enum column of[TUI_CALLS_SORT_MAX] = {TOTAL, COUNT, MEAN,
							   P99,	  MAX,	 ERRORS};
	const struct tui_calls *calls = scene->calls;
	tui_canvas_text(canvas, l->x[NAME], y, l->width[NAME], TUI_DIM,
			calls->timed ? "SYSTEM CALL" : "ASLEEP IN");
	for (int c = COUNT; c < WHO; c++)
		right(canvas, l, (enum column)c, y,
		      of[calls->sort] == (enum column)c ? TUI_KEY : TUI_DIM, word[c]);
	for (int s = 0; s < TUI_CALLS_SORT_MAX; s++)
		tui_spot(scene->spots, TUI_SPOT_SORT, l->x[of[s]], y, l->width[of[s]], 1,
			 (unsigned long)s);
	if (l->width[WHO])
		tui_canvas_text(canvas, l->x[WHO] + 2, y, l->width[WHO] - 2, TUI_DIM,
				"WHO");
}

static void length(struct tui_canvas *canvas, const struct layout *l, enum column c, int y,
		   uint64_t ns)
{
	char text[TUI_FIGURE];
	right(canvas, l, c, y, TUI_TEXT, tui_format_length(text, sizeof(text), ns));
}

static void draw_row(struct tui_canvas *canvas, const struct tui_scene *scene,
		     const struct layout *l, const struct gtv_call_row *row, int y,
		     int chosen)
{
	const struct gtv_histogram *h = row->histogram;
	uint64_t count = gtv_histogram_count(h), sum = gtv_histogram_sum_ns(h);
	char text[TUI_LABEL];
	int x = l->x[NAME], end = l->x[NAME] + l->width[NAME];
	tui_say(canvas, &x, y, end, chosen ? TUI_BOLD : TUI_TEXT,
		tui_calls_name(scene->names, row, text, sizeof(text)));
	if (row->source == GTV_CALL_DECLARED)
		tui_say(canvas, &x, y, end, TUI_DIM, " handed out");
	right(canvas, l, COUNT, y, TUI_TEXT, tui_format_count(text, sizeof(text), count));
	if (row->source == GTV_CALL_TIMED)
		right(canvas, l, ERRORS, y, row->errors ? TUI_WARN : TUI_FAINT,
		      tui_format_count(text, sizeof(text), row->errors));
	else
		right(canvas, l, ERRORS, y, TUI_FAINT, "-");
	length(canvas, l, TOTAL, y, sum);
	length(canvas, l, MEAN, y, count ? sum / count : 0);
	length(canvas, l, P99, y, gtv_histogram_percentile_ns(h, 990));
	length(canvas, l, MAX, y, gtv_histogram_max_ns(h));
	if (row->source == GTV_CALL_TIMED)
		right(canvas, l, ASLEEP, y, row->asleep_ns ? TUI_TEXT : TUI_FAINT,
		      row->asleep_ns ? tui_format_length(text, sizeof(text), row->asleep_ns)
				     : "-");
	else
		right(canvas, l, ASLEEP, y, TUI_FAINT, "-");
	x = l->x[WHO];
	if (l->width[WHO])
		tui_histogram_who(canvas, scene, h, GTV_HISTOGRAM_ALL, &x, y,
				  canvas->cols - 1);
	if (!chosen)
		return;
	tui_canvas_put(canvas, 0, y, 0x25b6, TUI_SEL, TUI_SEL_GROUND);
	for (int c = 0; c < canvas->cols; c++) {
		struct tui_cell *cell = tui_canvas_at(canvas, c, y);
		if (cell)
			cell->ground = TUI_SEL_GROUND;
	}
}

static void draw_table(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		       int end)
{
	const struct tui_calls *calls = scene->calls;
	struct layout l = lay_columns(canvas->cols, calls->timed);
	size_t room = end - y > 1 ? (size_t)(end - y - 1) : 0, first = 0;
	draw_head(canvas, scene, &l, y++);
	/* The line that says how many more there are. */
	int more = calls->count > room && room > 1;
	room -= (size_t)more;
	if (calls->chosen >= room && room)
		first = calls->chosen - room + 1;
	for (size_t i = first; i < calls->count && i - first < room; i++) {
		draw_row(canvas, scene, &l, &calls->row[i], y + (int)(i - first),
			 i == calls->chosen);
		tui_spot(scene->spots, TUI_SPOT_ROW, 0, y + (int)(i - first), canvas->cols,
			 1, i);
	}
	if (more && calls->count > first + room)
		tui_canvas_textf(canvas, canvas->cols - 12, end - 1, 11, TUI_DIM,
				 "+%zu more", calls->count - first - room);
}

/* ---- the chosen call ---- */

static void draw_chosen(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
			int end_y)
{
	const struct tui_calls *calls = scene->calls;
	const struct gtv_call_row *row = &calls->row[calls->chosen];
	struct gtv_case worst[GTV_HISTOGRAM_CASES];
	char name[TUI_LABEL];
	int half = canvas->cols >= 110 ? 60 : 0, end = canvas->cols - 1;
	struct tui_histogram d = {.h = row->histogram,
				  .x = 0,
				  .y = y + 1,
				  .width = half ? half - 1 : canvas->cols - 1,
				  .height = end_y - y - 1,
				  .role = TUI_SYSCALL,
				  .chosen = TUI_HISTOGRAM_MOST,
				  .many = row->source == GTV_CALL_ASLEEP ? "sleeps"
									 : "calls"};
	tui_chrome_rule(canvas, y, tui_calls_name(scene->names, row, name, sizeof(name)));
	if (!half && d.height > 7)
		d.height -= 3;
	tui_histogram_draw(canvas, &d);
	int top = half ? y + 1 : y + 1 + d.height;
	size_t count = gtv_histogram_worst(row->histogram, GTV_HISTOGRAM_ALL, worst,
					   GTV_HISTOGRAM_CASES);
	if (half) {
		int x = half + 1;
		tui_say(canvas, &x, top, end, TUI_DIM, "the worst   ");
		tui_say(canvas, &x, top, end, TUI_KEY, "Enter");
		tui_say(canvas, &x, top++, end, TUI_DIM,
			" opens the first in the timeline");
	}
	for (size_t i = 0; i < count && top + (int)i < end_y; i++)
		tui_histogram_case(canvas, scene, &worst[i], i + 1, "", TUI_DIM, half,
				   top + (int)i, end);
}

/* ---- the page ---- */

/* What the trace cannot tell of calls, "" if nothing is missing. */
static const char *missing(const struct tui_scene *scene, const struct tui_calls *calls)
{
	struct gtv_store_info info = {0};
	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	if (scene->facts->simulated)
		return "simulated: the calls in which threads slept";
	if (info.scope & GTV_SCOPE_SYSCALLS_ALL)
		return "";
	if (calls->timed)
		return "only calls that slept were recorded (--syscalls=all has the rest)";
	if (scene->facts->level >= 2)
		return "only sleeps are known: off the core to woken "
		       "(--syscalls times whole calls)";
	if (scene->facts->level == 1)
		return "level 1 does not tell in which calls threads sleep; "
		       "calls handed out are known";
	return "level 0: the kernel was not watched; calls handed out are known";
}

static void draw_summary(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_calls *calls = scene->calls;
	const struct tui_latency *lat = calls->latency;
	char text[64], length_text[TUI_FIGURE];
	int x = 1, end = canvas->cols - 1;
	tui_sayf(canvas, &x, y, end, TUI_BOLD, "%zu call%s", calls->count,
		 calls->count == 1 ? "" : "s");
	tui_sayf(canvas, &x, y, end, TUI_DIM, " by %s, ", tui_calls_sort_name(calls->sort));
	uint64_t upto = lat->upto_ns > lat->from_ns ? lat->upto_ns - lat->from_ns : 0;
	tui_format_length(length_text, sizeof(length_text), upto);
	if (lat->range.kind)
		tui_chrome_range(canvas, &x, y, end, &lat->range, scene->nav->first_ns,
				 lat->upto_ns);
	else
		tui_sayf(canvas, &x, y, end, TUI_TEXT, "%s %s",
			 lat->done || lat->caught_up ? "all of" : "the first", length_text);
	tui_latency_progress(lat, text, sizeof(text));
	if (text[0])
		tui_sayf(canvas, &x, y, end, TUI_WARN, "  %s", text);
	if (gtv_latency_calls_left(lat->data))
		tui_say(canvas, &x, y, end, TUI_WARN, "  more numbers than are told apart");
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"j/k",	 "choose", "s",	    "sort", "Enter",
					    "the worst", "r",	   "range", "Esc",  "back",
					    "q",	 "quit",   "?",	    "help", NULL};
	const struct tui_calls *calls = scene->calls;
	int tall = canvas->rows >= 8, y = tall, end = canvas->rows - 2 * tall;
	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (tall) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_CALLS, "system calls");
		tui_chrome_status_list(canvas, scene, canvas->rows - 2);
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	if (!calls || !calls->latency || !calls->latency->data) {
		tui_canvas_text(canvas, 1, y, canvas->cols - 2, TUI_DIM,
				"nothing was read yet");
		return 0;
	}
	if (end - y >= 5) {
		const char *text = missing(scene, calls);
		draw_summary(canvas, scene, y++);
		if (text[0])
			tui_canvas_text(canvas, 1, y++, canvas->cols - 2, TUI_WARN, text);
		y += end - y > 20;
	}
	if (!calls->count) {
		const struct tui_latency *lat = calls->latency;
		tui_canvas_text(canvas, 1, y, canvas->cols - 2, TUI_DIM,
				lat->done || lat->caught_up
					? "no call ended in this stretch"
					: "reading…");
		return 0;
	}
	int room = end - y, below = 0;
	if (room >= 12) {
		below = room - (int)calls->count - 2;
		below = below < room / 2 ? room / 2 : below;
		draw_chosen(canvas, scene, end - below, end);
	}
	draw_table(canvas, scene, y, end - below);
	return 0;
}

const struct tui_view_ops tui_view_calls = {
	.id = TUI_VIEW_CALLS,
	.place = TUI_IN_LIST,
	.name = "calls",
	.summary = "system calls: how often, how long, who, and the worst",
	.draw = draw,
};
