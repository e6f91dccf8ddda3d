/* SPDX-License-Identifier: MIT */
#include "tui/view/histogram.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/ident.h"

#define LABEL_COLS 17 /* "16.38 - 32.77 ms" and a blank */
#define COUNT_COLS 9

/* ---- labels ---- */

/* Four digits at most, none that say nothing. */
static void edge_text(char *buf, size_t size, double v)
{
	if (v >= 999.5 || v == (double)(uint64_t)v)
		snprintf(buf, size, "%.0f", v);
	else
		snprintf(buf, size, "%.4g", v);
}

static char *range_label(char *buf, size_t size, unsigned first, unsigned after)
{
	static const char *const unit[] = {"ns", "µs", "ms", "s"};
	uint64_t from_ns = gtv_histogram_edge_ns(first);
	double scale = 1;
	char from[24], to[24];
	int u = 0;
	for (uint64_t v = from_ns; u < 3 && v >= 1000; v /= 1000, u++)
		scale *= 1000;
	edge_text(from, sizeof(from), (double)from_ns / scale);
	edge_text(to, sizeof(to), (double)gtv_histogram_edge_ns(after) / scale);
	snprintf(buf, size, "%5s - %5s %s", from, to, unit[u]);
	return buf;
}

char *tui_histogram_label(char *buf, size_t size, unsigned bucket)
{
	return range_label(buf, size, bucket, bucket + 1);
}

int tui_histogram_rows(const struct gtv_histogram *h)
{
	unsigned first, last;
	return h && !gtv_histogram_range(h, &first, &last) ? (int)(last - first) + 2 : 1;
}

/* ---- bars ---- */

/* Eighths of cells; at least one, if there is anything. */
static int bar_eighths(uint64_t count, uint64_t most, int cells, int log)
{
	double part;
	if (!count || !most || cells < 1)
		return 0;
	part = log ? log2(1.0 + (double)count) / log2(1.0 + (double)most)
		   : (double)count / (double)most;
	int eighths = (int)(part * 8 * cells + 0.5);
	return eighths < 1 ? 1 : eighths > 8 * cells ? 8 * cells : eighths;
}

static void draw_bar(struct tui_canvas *canvas, int x, int y, int eighths, int role)
{
	for (; eighths > 0; eighths -= 8, x++)
		tui_canvas_put(canvas, x, y, tui_glyph_left(eighths > 8 ? 8 : eighths),
			       role, TUI_DEFAULT);
}

/* Which percentiles fall into [first, after): "p50 p90". */
static void percentile_words(const struct gtv_histogram *h, unsigned first, unsigned after,
			     char *buf, size_t size)
{
	static const struct {
		unsigned permille;
		const char *word;
	} words[] = {{500, "p50"}, {900, "p90"}, {990, "p99"}};
	size_t used = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		uint64_t ns = gtv_histogram_percentile_ns(h, words[i].permille);
		unsigned bucket = gtv_histogram_bucket(ns);
		if (bucket >= first && bucket < after && used < size)
			used += (size_t)snprintf(buf + used, size - used, " %s",
						 words[i].word);
	}
}

struct frame {
	struct tui_canvas *canvas;
	const struct tui_histogram *d;
	uint64_t most;
	unsigned step; /* buckets a row */
	int bar_x, bar_cells, end, chosen;
};

static uint64_t in_row(const struct frame *f, unsigned row)
{
	uint64_t count = 0;
	for (unsigned b = row * f->step; b < (row + 1) * f->step; b++)
		count += gtv_histogram_in(f->d->h, b);
	return count;
}

static void mark_row(const struct frame *f, int y)
{
	for (int i = f->d->x; i < f->bar_x; i++) {
		struct tui_cell *cell = tui_canvas_at(f->canvas, i, y);
		if (cell)
			cell->ground = TUI_SEL_GROUND;
	}
	tui_canvas_put(f->canvas, f->d->x, y, 0x25b6, TUI_SEL, TUI_SEL_GROUND);
}

static void draw_row(const struct frame *f, int y, unsigned row)
{
	const struct tui_histogram *d = f->d;
	unsigned first = row * f->step, after = first + f->step;
	uint64_t count = in_row(f, row);
	char label[64], figure[TUI_FIGURE], words[32];
	int x = d->x + 1;
	int is_chosen = d->marked && f->chosen >= (int)first && f->chosen < (int)after;
	int eighths = bar_eighths(count, f->most, f->bar_cells, d->log);
	range_label(label, sizeof(label), first, after);
	tui_say(f->canvas, &x, y, f->end, is_chosen ? TUI_BOLD : TUI_TEXT, label);
	tui_format_count(figure, sizeof(figure), count);
	x = f->bar_x - 1 - (int)strlen(figure);
	tui_say(f->canvas, &x, y, f->end,
		is_chosen ? TUI_BOLD
		: count	  ? TUI_TEXT
			  : TUI_FAINT,
		figure);
	if (is_chosen)
		mark_row(f, y);
	tui_spot(d->spots, TUI_SPOT_PART, d->x, y, d->width, 1, d->part + 1 + first);
	draw_bar(f->canvas, f->bar_x, y, eighths, d->role);
	percentile_words(d->h, first, after, words, sizeof(words));
	x = f->bar_x + (eighths + 7) / 8;
	if (x + (int)strlen(words) <= f->end)
		tui_say(f->canvas, &x, y, f->end, TUI_DIM, words);
}

void tui_histogram_draw(struct tui_canvas *canvas, const struct tui_histogram *d)
{
	struct frame f = {.canvas = canvas, .d = d, .end = d->x + d->width, .step = 1};
	unsigned first, last;
	int rows = d->height - 1, y = d->y;
	if (d->height < 1 || d->width < 8)
		return;
	if (!d->h || gtv_histogram_range(d->h, &first, &last)) {
		int x = d->x + 1;
		tui_say(canvas, &x, y, f.end, TUI_DIM, "none");
		return;
	}
	f.chosen = tui_histogram_chosen(d->h, d->chosen);
	f.bar_x = d->x + 1 + LABEL_COLS + COUNT_COLS + 1;
	f.bar_cells = f.end - f.bar_x - 8; /* room for " p50 p90" behind the longest */
	/* Too many for the rows: each is of two powers of two, or of four. */
	while ((int)(last / f.step - first / f.step) >= rows && f.step < 64)
		f.step *= 2;
	for (unsigned row = first / f.step; row <= last / f.step; row++)
		f.most = in_row(&f, row) > f.most ? in_row(&f, row) : f.most;
	for (unsigned row = first / f.step; row <= last / f.step && y < d->y + rows; row++)
		draw_row(&f, y++, row);
	tui_histogram_summary(canvas, d->h, d->many, d->x + 1, y, f.end);
}

/* ---- words ---- */

void tui_histogram_summary(struct tui_canvas *canvas, const struct gtv_histogram *h,
			   const char *many, int x, int y, int end)
{
	char count[TUI_FIGURE];
	tui_format_count(count, sizeof(count), gtv_histogram_count(h));
	tui_say(canvas, &x, y, end, TUI_BOLD, count);
	tui_sayf(canvas, &x, y, end, TUI_DIM, " %s", many);
	/* In the order of size; where not all have room, the first to stay is the last. */
	static const char *const word[] = {"p50", "p90", "p99", "max"};
	static const uint8_t weight[] = {3, 2, 0, 1}; /* of word[] */
	char length[4][TUI_FIGURE];
	int kept[4] = {0}, room = end - x;
	tui_format_length(length[0], TUI_FIGURE, gtv_histogram_percentile_ns(h, 500));
	tui_format_length(length[1], TUI_FIGURE, gtv_histogram_percentile_ns(h, 900));
	tui_format_length(length[2], TUI_FIGURE, gtv_histogram_percentile_ns(h, 990));
	tui_format_length(length[3], TUI_FIGURE, gtv_histogram_max_ns(h));
	for (int i = 0; i < 4; i++) {
		int which = weight[i], width = (int)strlen(length[which]) + 6;
		/* A figure that is cut would be another one. */
		kept[which] = width <= room;
		room -= kept[which] ? width : 0;
	}
	for (int i = 0; i < 4; i++)
		if (kept[i]) {
			tui_sayf(canvas, &x, y, end, TUI_DIM, "  %s ", word[i]);
			tui_say(canvas, &x, y, end, TUI_BOLD, length[i]);
		}
}

void tui_histogram_who(struct tui_canvas *canvas, const struct tui_scene *scene,
		       const struct gtv_histogram *h, int bucket, int *x, int y, int end)
{
	struct gtv_histogram_who who[GTV_HISTOGRAM_WHO];
	size_t count = gtv_histogram_who(h, bucket, who, GTV_HISTOGRAM_WHO);
	char most[TUI_FIGURE];
	/* More of them than the list has places, and none stands out. */
	if (count && who[0].over * 2 > who[0].count) {
		tui_sayf(canvas, x, y, end, TUI_DIM, "  many, none with more than %s",
			 tui_format_count(most, sizeof(most), who[0].count));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char label[TUI_LABEL], figures[TUI_FIGURE];
		if (who[i].over * 2 > who[i].count) {
			tui_say(canvas, x, y, end, TUI_DIM, "  …");
			return;
		}
		tui_ident_id(scene->names, who[i].lane, label, sizeof(label));
		tui_format_count(figures, sizeof(figures), who[i].count);
		int width = (int)(strlen(label) + strlen(figures)) + (who[i].over ? 7 : 3);
		if (*x + width > end) {
			tui_say(canvas, x, y, end, TUI_DIM, "  …");
			return;
		}
		tui_say(canvas, x, y, end, TUI_TEXT, "  ");
		tui_say(canvas, x, y, end, tui_ident_lane(scene->names, who[i].lane),
			label);
		tui_sayf(canvas, x, y, end, TUI_TEXT, " %s", figures);
		/* Its list is short, and this one came late: no more than that. */
		if (who[i].over)
			tui_say(canvas, x, y, end, TUI_DIM, " or less");
	}
}

void tui_histogram_bucket(struct tui_canvas *canvas, const struct gtv_histogram *h,
			  unsigned bucket, const char *many, int *x, int y, int end)
{
	char label[48], in[TUI_FIGURE], all[TUI_FIGURE], share[TUI_FIGURE];
	const char *text = tui_histogram_label(label, sizeof(label), bucket);
	uint64_t count = gtv_histogram_in(h, bucket), whole = gtv_histogram_count(h);
	tui_say(canvas, x, y, end, TUI_DIM, "bucket ");
	tui_sayf(canvas, x, y, end, TUI_TEXT, "%s: ", text + strspn(text, " "));
	tui_sayf(canvas, x, y, end, TUI_BOLD, "%s of %s %s, %s",
		 tui_format_count(in, sizeof(in), count),
		 tui_format_count(all, sizeof(all), whole), many,
		 tui_format_share(share, sizeof(share), count, whole));
	tui_say(canvas, x, y, end, TUI_TEXT, " ");
}

void tui_histogram_case(struct tui_canvas *canvas, const struct tui_scene *scene,
			const struct gtv_case *c, size_t number, const char *about,
			int about_role, int x, int y, int end)
{
	struct gtv_store_info info = {0};
	char length[TUI_FIGURE], time[TUI_FIGURE], label[TUI_LABEL];
	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	tui_format_length(length, sizeof(length), gtv_case_ns(c));
	tui_format_time(time, sizeof(time), (int64_t)(c->from_ns - info.start_ns), 1000);
	tui_sayf(canvas, &x, y, end, TUI_DIM, "%3zu ", number);
	x += 8 - (int)strlen(length) - (strstr(length, "µ") ? -1 : 0);
	tui_say(canvas, &x, y, end, TUI_BOLD, length);
	tui_say(canvas, &x, y, end, TUI_DIM, "  at ");
	tui_sayf(canvas, &x, y, end, TUI_TEXT, "%s s  ", time);
	tui_say(canvas, &x, y, end, tui_ident_lane(scene->names, c->lane),
		tui_ident_label(scene->names, c->lane, label, sizeof(label)));
	if (about[0] && x + 3 + (int)strlen(about) < end) {
		tui_say(canvas, &x, y, end, TUI_DIM, "  ");
		tui_say(canvas, &x, y, end, about_role, about);
	}
}
