/* SPDX-License-Identifier: MIT */
#include "tui/view/opening.h"

#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"

#define BAR_CELLS_MAX 60
#define MARGIN	      4

const char *tui_opening_words(enum gtv_step step)
{
	static const char *const words[GTV_STEP_MAX] = {
		[GTV_STEP_BEGIN] = "opening it",
		[GTV_STEP_FIRST] = "waiting for the pipe's first bytes",
		[GTV_STEP_COPY] = "taking in all that the pipe brings",
		[GTV_STEP_INDEX] = "reading its index",
		[GTV_STEP_WALK] = "finding its blocks, for it has no index",
		[GTV_STEP_NAMES] = "reading its names",
		[GTV_STEP_LOOK] = "making the first picture",
		[GTV_STEP_SEEK] = "looking for the longest wait",
		[GTV_STEP_WRITE] = "writing it",
		[GTV_STEP_WRITER] = "waiting for somebody to write to the pipe",
		[GTV_STEP_IMPORT] = "reading it",
	};
	return words[step < GTV_STEP_MAX ? step : GTV_STEP_BEGIN];
}

static void bar(struct tui_canvas *canvas, int x, int y, int cells, uint64_t done,
		uint64_t all)
{
	double part = all ? (double)done / (double)all : 0;
	int eighths = (int)((part > 1 ? 1 : part) * 8 * cells);

	for (int i = 0; i < cells; i++) {
		int here = eighths - 8 * i;

		if (here > 0)
			tui_canvas_put(canvas, x + i, y,
				       here >= 8 ? 0x2588 : 0x2590 - (uint32_t)here,
				       TUI_GOOD, TUI_DEFAULT);
		else
			tui_canvas_put(canvas, x + i, y, 0xb7, TUI_FAINT, TUI_DEFAULT);
	}
}

static int is_bytes(enum gtv_step step)
{
	return step == GTV_STEP_COPY || step == GTV_STEP_WALK || step == GTV_STEP_INDEX;
}

/* "199 MiB of 463 MiB   1.2 s" */
static void amounts(struct tui_canvas *canvas, const struct tui_opening_facts *f, int x,
		    int y)
{
	char figure[TUI_FIGURE];
	int end = canvas->cols;

	if (is_bytes(f->step) && f->done)
		tui_say(canvas, &x, y, end, TUI_TEXT,
			tui_format_bytes(figure, sizeof(figure), f->done));
	if (is_bytes(f->step) && f->done && f->all) {
		tui_say(canvas, &x, y, end, TUI_DIM, " of ");
		tui_say(canvas, &x, y, end, TUI_TEXT,
			tui_format_bytes(figure, sizeof(figure), f->all));
	}
	if (is_bytes(f->step) && f->done)
		tui_say(canvas, &x, y, end, TUI_DIM, "   ");
	/* Whole tenths: digits that flicker are no news. */
	tui_sayf(canvas, &x, y, end, TUI_DIM, "%.1f s so far", (double)f->for_ns / 1e9);
}

static void title(struct tui_canvas *canvas, const struct tui_opening_facts *f)
{
	int x = 1, end = canvas->cols - (int)sizeof("opening");

	for (int i = 0; i < canvas->cols; i++)
		tui_canvas_put(canvas, i, 0, ' ', TUI_TEXT, TUI_BAR_GROUND);
	tui_say(canvas, &x, 0, end, TUI_TITLE, "gtviz");
	x += 2;
	tui_say(canvas, &x, 0, end, TUI_TEXT, f->file);
	tui_canvas_text(canvas, end, 0, canvas->cols - end, TUI_WARN, "opening");
}

void tui_opening_draw(struct tui_canvas *canvas, const struct tui_opening_facts *f)
{
	int cells = canvas->cols - 2 * MARGIN, y = canvas->rows / 2 - 1, x;

	cells = cells > BAR_CELLS_MAX ? BAR_CELLS_MAX : cells;
	tui_canvas_clear(canvas);
	/* One line on a tiny screen: that, and no more. */
	if (canvas->rows < 6 || cells < 8) {
		x = 0;
		tui_say(canvas, &x, 0, canvas->cols, TUI_WARN, "opening");
		if (f->all)
			tui_sayf(canvas, &x, 0, canvas->cols, TUI_TEXT, " %u%%",
				 (unsigned)((double)f->done * 100 / (double)f->all));
		return;
	}
	title(canvas, f);
	int left = x = (canvas->cols - cells) / 2;
	tui_say(canvas, &x, y, canvas->cols, TUI_TEXT, tui_opening_words(f->step));
	if (f->all) {
		bar(canvas, left, y + 1, cells, f->done, f->all);
		tui_canvas_textf(canvas, left + cells - 4, y, 4, TUI_BOLD, "%3u%%",
				 (unsigned)((double)f->done * 100 / (double)f->all));
	}
	amounts(canvas, f, left, y + 2);
	x = 1;
	tui_say(canvas, &x, canvas->rows - 1, canvas->cols, TUI_KEY, "q");
	tui_say(canvas, &x, canvas->rows - 1, canvas->cols, TUI_DIM, " quit at once");
}
