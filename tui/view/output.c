/* SPDX-License-Identifier: MIT
 *
 * What the program wrote, each line with the time at which it began. Live it
 * follows the end; otherwise it shows what had been written by the end of the
 * timeline's window. Only as much as the screen shows is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/view/views.h"

#define LINE_BYTES 512 /* of a line; more is not shown */
#define TIME_WIDTH 13

/* The last `room` lines, in a ring. */
struct lines {
	struct text_line {
		uint64_t ts_ns;
		size_t size;
		char bytes[LINE_BYTES];
	} * line;
	size_t room, count; /* count: ever begun */
	int open;	    /* the last one has not ended yet */
};

static struct text_line *last_line(struct lines *l)
{
	return &l->line[(l->count - 1) % l->room];
}

static void put_byte(struct lines *l, uint64_t ts_ns, char byte)
{
	if (!l->open) {
		l->count++;
		*last_line(l) = (struct text_line){.ts_ns = ts_ns};
		l->open = 1;
	}
	struct text_line *line = last_line(l);
	if (byte == '\n')
		l->open = 0;
	else if (byte == '\r')
		return; /* a terminal's line end is two bytes */
	else if (line->size < LINE_BYTES - 1)
		line->bytes[line->size++] = byte;
}

/* Chunks written at or before ts_ns. */
static size_t chunks_until(const struct gtv_store *store, uint64_t ts_ns)
{
	size_t lo = gtv_store_first_output(store), hi = gtv_store_output_count(store);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2, size;
		uint64_t at;
		void *bytes;
		if (gtv_store_get_output(store, mid, &at, &bytes, &size)) {
			lo = mid + 1;
			continue;
		}
		free(bytes);
		if (at <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* How far back enough lines begin: the first chunk of those to be read. */
static size_t first_chunk(const struct gtv_store *store, size_t end, size_t want)
{
	size_t found = 0, i = end;
	while (i > gtv_store_first_output(store) && found <= want) {
		uint64_t at;
		size_t size;
		void *bytes;
		if (gtv_store_get_output(store, --i, &at, &bytes, &size))
			continue;
		for (size_t k = 0; k < size; k++)
			found += ((const char *)bytes)[k] == '\n';
		free(bytes);
	}
	return i;
}

static void read_lines(const struct gtv_store *store, size_t from, size_t end,
		       struct lines *l)
{
	for (size_t i = from; i < end; i++) {
		uint64_t at;
		size_t size;
		void *bytes;
		if (gtv_store_get_output(store, i, &at, &bytes, &size))
			continue;
		for (size_t k = 0; k < size; k++)
			put_byte(l, at, ((const char *)bytes)[k]);
		free(bytes);
	}
}

/* Tabs as blanks; colours and cursor movements of a terminal are dropped, for
 * their escaped bytes would bury the text. What else is unsafe the canvas escapes. */
static void plain_text(const struct text_line *line, char out[LINE_BYTES * 8])
{
	size_t n = 0;
	for (size_t i = 0; i < line->size; i++) {
		char c = line->bytes[i];
		if (c == '\t') {
			do {
				out[n++] = ' ';
			} while (n % 8);
		} else if (c == '\033' && i + 1 < line->size && line->bytes[i + 1] == '[') {
			for (i += 2; i < line->size &&
				     (line->bytes[i] < 0x40 || line->bytes[i] > 0x7e);)
				i++;
		} else if (c != '\0') {
			out[n++] = c;
		}
	}
	out[n] = '\0';
}

static void draw_line(struct tui_canvas *canvas, int y, const struct text_line *line,
		      uint64_t start_ns)
{
	char text[LINE_BYTES * 8], time[TUI_FIGURE];
	int narrow = canvas->cols < 60;
	tui_format_time(time, sizeof(time), (int64_t)(line->ts_ns - start_ns), 1000);
	if (!narrow)
		tui_canvas_textf(canvas, 1, y, TIME_WIDTH, TUI_DIM, "%*s", TIME_WIDTH - 2,
				 time);
	plain_text(line, text);
	tui_canvas_text(canvas, narrow ? 0 : TIME_WIDTH + 1, y,
			canvas->cols - (narrow ? 0 : TIME_WIDTH + 2), TUI_TEXT, text);
}

static int draw_lines(struct tui_canvas *canvas, const struct tui_scene *scene, int top,
		      int end)
{
	const struct tui_nav *nav = scene->nav;
	struct gtv_store_info info;
	struct lines l = {.room = end > top ? (size_t)(end - top) : 1};
	l.line = calloc(l.room, sizeof(*l.line));
	if (!l.line)
		return -GTV_ENOMEM;
	gtv_store_get_info(scene->store, &info);
	int at_end = scene->facts->mode == TUI_LIVE && nav->follow && !nav->paused;
	size_t chunks = at_end ? gtv_store_output_count(scene->store)
			       : chunks_until(scene->store, nav->to_ns);
	read_lines(scene->store, first_chunk(scene->store, chunks, l.room), chunks, &l);
	size_t shown = l.count < l.room ? l.count : l.room;
	for (size_t i = 0; i < shown; i++)
		draw_line(canvas, top + (int)i, &l.line[(l.count - shown + i) % l.room],
			  info.start_ns);
	if (shown == 0)
		tui_canvas_text(canvas, 1, top, canvas->cols - 2, TUI_DIM,
				gtv_store_output_count(scene->store)
					? "nothing was written until then"
					: "the program's output is not in this trace");
	free(l.line);
	return 0;
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"a/d", "earlier, later", "G",   "end",
					    "i",   "input",	     "Esc", "back",
					    "q",   "quit",	     NULL};
	int tall = canvas->rows >= 6;
	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (tall) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_OUTPUT, "output");
		tui_chrome_status_list(canvas, scene, canvas->rows - 2);
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	return draw_lines(canvas, scene, tall ? 1 : 0, canvas->rows - (tall ? 2 : 0));
}

const struct tui_view_ops tui_view_output = {
	.id = TUI_VIEW_OUTPUT,
	.name = "output",
	.summary = "what the program wrote, with times",
	.draw = draw,
};
