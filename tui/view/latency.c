/* SPDX-License-Identifier: MIT
 *
 * Latencies: a histogram of each kind that the trace has, side by side as many as fit;
 * below, who is in the chosen bucket and its worst cases; on Enter, the list of these.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/model/syscall_names.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/histogram.h"
#include "tui/scene/ident.h"
#include "tui/scene/latency.h"
#include "tui/view/views.h"

#define PANEL_COLS     58 /* a histogram's, at least, where there is more than one */
#define PANEL_ROWS_MIN 7
#define PANEL_ROWS_MAX 16 /* a higher one shows its long end */

int tui_latency_role(unsigned kind)
{
	static const uint8_t role[GTV_LAT_MAX] = {
		[GTV_LAT_GIL] = TUI_GIL,	[GTV_LAT_LOCK] = TUI_LOCK,
		[GTV_LAT_RUNQ] = TUI_READY,	[GTV_LAT_HANDOFF] = TUI_OTHER,
		[GTV_LAT_READY] = TUI_READY,	[GTV_LAT_WAKE] = TUI_GOOD,
		[GTV_LAT_KWAKE] = TUI_GOOD,	[GTV_LAT_CALL] = TUI_SYSCALL,
		[GTV_LAT_ASLEEP] = TUI_STALLED, [GTV_LAT_BLOCKING] = TUI_SYSCALL,
		[GTV_LAT_IO] = TUI_IO,		[GTV_LAT_CHAN] = TUI_CHAN,
	};
	return kind < GTV_LAT_MAX ? role[kind] : TUI_TEXT;
}

char *tui_latency_progress(const struct tui_latency *lat, char *buf, size_t size)
{
	buf[0] = '\0';
	if (lat->failed)
		snprintf(buf, size, "the trace could not be read to its end");
	else if (!lat->done && !lat->caught_up)
		snprintf(buf, size, "reading…");
	return buf;
}

int tui_latency_kinds(const struct tui_latency *lat, unsigned *out)
{
	struct gtv_case longest;
	int count = 0;
	for (unsigned k = 0; lat && lat->data && k < GTV_LAT_MAX; k++)
		if (gtv_latency_histogram(lat->data, k) ||
		    gtv_latency_still_open(lat->data, k, &longest))
			out[count++] = k;
	return count;
}

int tui_latency_chosen(const struct tui_latency *lat)
{
	unsigned kind[GTV_LAT_MAX];
	int count = tui_latency_kinds(lat, kind);
	for (int i = 0; i < count; i++)
		if (kind[i] == lat->kind)
			return (int)kind[i];
	return count ? (int)kind[0] : -1;
}

/* ---- words ---- */

/* What a case was about: the lock, the call, who woke it. */
static int about(const struct tui_scene *scene, unsigned kind, const struct gtv_case *c,
		 char *buf, size_t size)
{
	char label[TUI_LABEL];
	const char *word = kind == GTV_LAT_WAKE || kind == GTV_LAT_KWAKE ? "woken by "
			   : kind == GTV_LAT_RUNQ			 ? "behind "
			   : kind == GTV_LAT_READY			 ? "made ready by "
									 : "";
	buf[0] = '\0';
	if (c->by.kind) {
		snprintf(buf, size, "%s%s", word,
			 tui_ident_label(scene->names, c->by, label, sizeof(label)));
		return tui_ident_lane(scene->names, c->by);
	}
	if (kind == GTV_LAT_BLOCKING && c->by.id) {
		struct gtv_name name;
		gtv_names_get(scene->names, GTV_CLASS_CALL, c->by.id, &name);
		gtv_names_escape(name.text, buf, size);
	} else if (c->by.id) {
		const char *name = gtv_syscall_name(scene->names, c->by.id - 1);
		if (name)
			snprintf(buf, size, "%s", name);
		else
			snprintf(buf, size, "call %u", c->by.id - 1);
	}
	return TUI_SYSCALL;
}

static void say_range(struct tui_canvas *canvas, const struct tui_scene *scene, int *x,
		      int y, int end)
{
	const struct tui_latency *lat = scene->latency;
	char length[TUI_FIGURE], text[64];
	uint64_t to = lat->upto_ns > lat->from_ns ? lat->upto_ns : lat->from_ns;
	struct gtv_store_info info = {0};
	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	tui_format_length(length, sizeof(length), to - lat->from_ns);
	if (lat->range.kind) {
		tui_chrome_range(canvas, x, y, end, &lat->range, info.start_ns,
				 lat->upto_ns);
	} else if (lat->done || lat->caught_up) {
		tui_sayf(canvas, x, y, end, TUI_TEXT, "all of %s", length);
	} else {
		uint64_t all = scene->nav->last_ns - lat->from_ns;
		tui_sayf(canvas, x, y, end, TUI_WARN, "the first %s, %s of the trace",
			 length,
			 tui_format_share(text, sizeof(text), to - lat->from_ns, all));
	}
	tui_latency_progress(lat, text, sizeof(text));
	if (text[0])
		tui_sayf(canvas, x, y, end, TUI_WARN, "  %s", text);
	if (scene->facts->lost)
		tui_say(canvas, x, y, end, TUI_WARN, "  with losses");
}

/* The kinds in a line, the chosen one standing out. */
static void draw_tabs(struct tui_canvas *canvas, struct tui_spots *spots,
		      const unsigned *kind, int count, int chosen, int y)
{
	int x = 1, end = canvas->cols - 1, first = 0, width = 0;
	/* The chosen one is always seen: those before it go first. */
	for (int i = 0; i <= chosen; i++)
		width += (int)strlen(gtv_latency_name(kind[i])->title) + 3;
	for (; first < chosen && width > end - 6; first++)
		width -= (int)strlen(gtv_latency_name(kind[first])->title) + 3;
	if (first)
		tui_say(canvas, &x, y, end, TUI_DIM, "… ");
	for (int i = first; i < count; i++) {
		const char *title = gtv_latency_name(kind[i])->title;
		if (x + (int)strlen(title) + 3 > end) {
			tui_say(canvas, &x, y, end, TUI_DIM, "…");
			return;
		}
		if (i > first)
			tui_say(canvas, &x, y, end, TUI_FAINT, " · ");
		int from = x;

		tui_say(canvas, &x, y, end, i == chosen ? TUI_BOLD : TUI_DIM, title);
		tui_spot(spots, TUI_SPOT_PART, from, y, x - from, 1,
			 (unsigned long)kind[i] * TUI_HISTOGRAM_PART);
		for (; i == chosen && from < x; from++) {
			struct tui_cell *cell = tui_canvas_at(canvas, from, y);
			if (cell)
				cell->ground = TUI_SEL_GROUND;
		}
	}
}

/* ---- panels ---- */

static void draw_panel(struct tui_canvas *canvas, const struct tui_scene *scene,
		       unsigned kind, int chosen, int x, int y, int width, int height)
{
	const struct tui_latency *lat = scene->latency;
	const struct gtv_latency_name *name = gtv_latency_name(kind);
	struct gtv_case longest;
	uint64_t open = gtv_latency_still_open(lat->data, kind, &longest);
	char length[TUI_FIGURE], text[64];
	int at = x + 1, end = x + width;
	struct tui_histogram d = {.h = gtv_latency_histogram(lat->data, kind),
				  .x = x,
				  .y = y + 1,
				  .width = width,
				  .height = height - 1,
				  .role = tui_latency_role(kind),
				  .chosen = lat->bucket[kind],
				  .marked = chosen,
				  .log = lat->log,
				  .many = name->many,
				  .spots = scene->spots,
				  .part = (unsigned long)kind * TUI_HISTOGRAM_PART};
	if (height < 2)
		return;
	tui_spot(scene->spots, TUI_SPOT_PART, x, y, width, height, d.part);
	tui_say(canvas, &at, y, end, d.role, name->title);
	tui_sayf(canvas, &at, y, end, TUI_DIM, "   %s", name->what);
	if (open) {
		snprintf(text, sizeof(text), "   %llu not ended, %s so far",
			 (unsigned long long)open,
			 tui_format_length(length, sizeof(length), gtv_case_ns(&longest)));
		if (at + (int)strlen(text) < end)
			tui_say(canvas, &at, y, end, TUI_WARN, text);
	}
	tui_histogram_draw(canvas, &d);
}

/* Panels on a page: in columns, each as high as it needs, the next one under the column
 * that is shortest. */
struct page {
	int columns, width;
	int first, count; /* of the kinds */
	int column[GTV_LAT_MAX], y[GTV_LAT_MAX], height[GTV_LAT_MAX];
};

static int height_of(const struct tui_latency *lat, unsigned kind, int room)
{
	/* A title, the buckets with their summary, and a line between. */
	int height = tui_histogram_rows(gtv_latency_histogram(lat->data, kind)) + 2;
	int most = room >= 2 * PANEL_ROWS_MAX ? PANEL_ROWS_MAX : room;
	return height < most ? height : most;
}

static struct page lay_page(const struct tui_canvas *canvas, const struct tui_latency *lat,
			    const unsigned *kind, int count, int first, int room)
{
	struct page p = {.columns = canvas->cols / PANEL_COLS, .first = first};
	int used[3] = {0};
	p.columns = p.columns < 1 ? 1 : p.columns > 3 ? 3 : p.columns;
	p.columns = p.columns > count ? count : p.columns;
	p.width = canvas->cols / p.columns;
	for (int i = first; i < count; i++) {
		int height = height_of(lat, kind[i], room), at = 0;
		for (int c = 1; c < p.columns; c++)
			at = used[c] < used[at] ? c : at;
		/* What is left of a column may hold the long end of one. */
		if (used[at] + height > room && room - used[at] >= PANEL_ROWS_MIN)
			height = room - used[at];
		if (used[at] + height > room && p.count)
			break;
		p.column[p.count] = at;
		p.y[p.count] = used[at];
		p.height[p.count++] = height;
		used[at] += height;
	}
	return p;
}

/* The page that the chosen one is on. */
static struct page find_page(const struct tui_canvas *canvas, const struct tui_latency *lat,
			     const unsigned *kind, int count, int chosen, int room)
{
	struct page p = lay_page(canvas, lat, kind, count, 0, room);
	while (chosen >= p.first + p.count)
		p = lay_page(canvas, lat, kind, count, p.first + p.count, room);
	return p;
}

/* Rows that the longest of its columns needs. */
static int rows_used(const struct page *p)
{
	int rows = 0;
	for (int i = 0; i < p->count; i++)
		rows = p->y[i] + p->height[i] > rows ? p->y[i] + p->height[i] : rows;
	return rows;
}

static void draw_page(struct tui_canvas *canvas, const struct tui_scene *scene,
		      const unsigned *kind, const struct page *page, int chosen, int y,
		      int end)
{
	struct page p = *page;
	for (int c = 1; c < p.columns; c++)
		for (int row = y; row < end; row++)
			tui_canvas_put(canvas, c * p.width - 1, row, 0x2502, TUI_FAINT,
				       TUI_DEFAULT);
	for (int i = 0; i < p.count; i++) {
		int x = p.column[i] * p.width, last = 1;
		for (int k = i + 1; k < p.count; k++)
			last &= p.column[k] != p.column[i];
		draw_panel(canvas, scene, kind[p.first + i], p.first + i == chosen, x,
			   y + p.y[i], p.width - 1,
			   last ? end - y - p.y[i] : p.height[i] - 1);
	}
}

/* ---- the chosen bucket ---- */

static void draw_cases(struct tui_canvas *canvas, const struct tui_scene *scene,
		       unsigned kind, int bucket, int x, int y, int end_y, int end)
{
	const struct tui_latency *lat = scene->latency;
	const struct gtv_histogram *h = gtv_latency_histogram(lat->data, kind);
	struct gtv_case worst[GTV_HISTOGRAM_CASES];
	size_t count = gtv_histogram_worst(h, bucket, worst, GTV_HISTOGRAM_CASES);
	size_t room = end_y > y ? (size_t)(end_y - y) : 0, first = 0;
	if (lat->listing && lat->row >= room && room)
		first = (lat->row < count ? lat->row : count - 1) - room + 1;
	for (size_t i = first; i < count && i - first < room; i++) {
		char text[2 * TUI_LABEL];
		int row = y + (int)(i - first), role;
		int is_chosen = lat->listing && i == lat->row;
		role = about(scene, kind, &worst[i], text, sizeof(text));
		tui_spot(scene->spots, TUI_SPOT_ROW, x, row, end - x, 1, i);
		tui_histogram_case(canvas, scene, &worst[i], i + 1, text, role, x + 1, row,
				   end);
		if (!is_chosen)
			continue;
		tui_canvas_put(canvas, x, row, 0x25b6, TUI_SEL, TUI_SEL_GROUND);
		for (int c = x; c < end; c++) {
			struct tui_cell *cell = tui_canvas_at(canvas, c, row);
			if (cell)
				cell->ground = TUI_SEL_GROUND;
		}
	}
}

static void draw_bucket(struct tui_canvas *canvas, const struct tui_scene *scene,
			unsigned kind, int y, int end_y)
{
	const struct tui_latency *lat = scene->latency;
	const struct gtv_histogram *h = gtv_latency_histogram(lat->data, kind);
	int bucket = tui_histogram_chosen(h, lat->bucket[kind]);
	int x = 1, end = canvas->cols - 1;
	if (bucket < 0)
		return;
	tui_histogram_bucket(canvas, h, (unsigned)bucket, gtv_latency_name(kind)->many, &x,
			     y, end);
	if (canvas->cols < 100 && end_y - y > 1) {
		x = 1;
		y++;
	}
	tui_histogram_who(canvas, scene, h, bucket, &x, y, end);
	draw_cases(canvas, scene, kind, bucket, 0, y + 1, end_y, end);
}

static void draw_listing(struct tui_canvas *canvas, const struct tui_scene *scene,
			 unsigned kind, int y, int end_y)
{
	const struct tui_latency *lat = scene->latency;
	const struct gtv_histogram *h = gtv_latency_histogram(lat->data, kind);
	int bucket = tui_histogram_chosen(h, lat->bucket[kind]);
	int split = canvas->cols >= 110 ? PANEL_COLS : 0, x = split + 2;
	int end = canvas->cols - 1;
	char in[TUI_FIGURE];
	if (bucket < 0)
		return;
	if (split) {
		draw_panel(canvas, scene, kind, 1, 0, y, split - 1, end_y - y);
		for (int row = y; row < end_y; row++)
			tui_canvas_put(canvas, split, row, 0x2502, TUI_FAINT, TUI_DEFAULT);
	}
	tui_histogram_bucket(canvas, h, (unsigned)bucket, gtv_latency_name(kind)->many, &x,
			     y, end);
	x = split + 1;
	if (y + 1 < end_y)
		tui_histogram_who(canvas, scene, h, bucket, &x, y + 1, end);
	x = split + 2;
	if (y + 2 >= end_y)
		return;
	uint64_t count = gtv_histogram_in(h, (unsigned)bucket);
	if (count > GTV_HISTOGRAM_CASES)
		tui_sayf(canvas, &x, y + 2, end, TUI_DIM, "the %d longest of %s",
			 GTV_HISTOGRAM_CASES, tui_format_count(in, sizeof(in), count));
	else
		tui_say(canvas, &x, y + 2, end, TUI_DIM, "all of them, longest first");
	draw_cases(canvas, scene, kind, bucket, split + 1, y + 3, end_y, end);
}

/* ---- the page ---- */

static void draw_nothing(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_latency *lat = scene->latency;
	const char *text = !lat || !lat->data ? "nothing was read yet"
			   : lat->done || lat->caught_up
				   ? "nothing that takes time ended in this stretch"
				   : "reading…";
	tui_canvas_text(canvas, 1, y, canvas->cols - 2, TUI_DIM, text);
}

static void draw_chrome(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {
		"h/l",	 "histogram", "j/k", "bucket",
		"Enter", "its worst", "f",   "worst in the timeline",
		"L",	 "log bars",  "r",   "range",
		"Esc",	 "back",      "?",   "help",
		NULL};
	static const char *const listing[] = {"j/k", "choose", "Enter", "in the timeline",
					      "Esc", "back",   "?",	"help",
					      NULL};
	const struct tui_latency *lat = scene->latency;
	tui_chrome_title(canvas, scene, 0, TUI_ACT_LATENCY, "latency");
	tui_chrome_status_list(canvas, scene, canvas->rows - 2);
	tui_chrome_hints(canvas, scene, canvas->rows - 1,
			 lat && lat->listing ? listing : hints);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	const struct tui_latency *lat = scene->latency;
	unsigned kind[GTV_LAT_MAX];
	int count = tui_latency_kinds(lat, kind), chosen = 0;
	int tall = canvas->rows >= 8, y = tall, end = canvas->rows - 2 * tall;
	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (tall)
		draw_chrome(canvas, scene);
	if (!count) {
		draw_nothing(canvas, scene, y);
		return 0;
	}
	while (chosen < count - 1 && (int)kind[chosen] != tui_latency_chosen(lat))
		chosen++;
	if (end - y >= 6) {
		int x = 1;
		tui_say(canvas, &x, y, canvas->cols - 1, TUI_DIM, "powers of two  ");
		say_range(canvas, scene, &x, y++, canvas->cols - 1);
		if (canvas->cols >= 110)
			tui_say(canvas, &x, y - 1, canvas->cols - 1, TUI_DIM,
				lat->log ? "  bars logarithmic"
					 : "  bars linear, none shorter than ▏");
		draw_tabs(canvas, scene->spots, kind, count, chosen, y++);
		y += end - y > 24;
	}
	if (lat->listing) {
		draw_listing(canvas, scene, kind[chosen], y, end);
		return 0;
	}
	int below = end - y >= 40 ? 9 : end - y >= 28 ? 6 : end - y >= 14 ? 4 : 0;
	struct page page = find_page(canvas, lat, kind, count, chosen, end - below - y);
	/* What the histograms leave is for the worst cases. */
	if (below && end - y - rows_used(&page) > below)
		below = end - y - rows_used(&page);
	if (below) {
		tui_chrome_rule(canvas, end - below, gtv_latency_name(kind[chosen])->title);
		draw_bucket(canvas, scene, kind[chosen], end - below + 1, end);
	}
	draw_page(canvas, scene, kind, &page, chosen, y, end - below);
	return 0;
}

const struct tui_view_ops tui_view_latency = {
	.id = TUI_VIEW_LATENCY,
	.place = TUI_IN_LIST,
	.name = "latency",
	.summary = "histograms: waits for locks and cores, handoffs, system calls",
	.draw = draw,
};
