/* SPDX-License-Identifier: MIT
 *
 * Help: the keys, from the table that the application itself obeys, and what the
 * glyphs mean.
 */
#include <stdio.h>
#include <string.h>

#include "tui/chrome.h"
#include "tui/keys.h"
#include "tui/timeline.h"
#include "tui/views.h"

static const char *const group_names[] = {
#define X(id, name) name,
	TUI_KEY_GROUPS(X)
#undef X
};

struct key_line {
	enum tui_key_group group;
	const char *keys, *help;
};

static const struct key_line key_lines[] = {
#define X(id, group, place, keys, help) {TUI_GROUP_##group, keys, help},
	TUI_KEYS(X)
#undef X
};
#define KEY_LINES (int)(sizeof(key_lines) / sizeof(key_lines[0]))

static const struct {
	uint8_t state;
	const char *word;
} glyphs[] = {
	{GTV_ST_RUNNING, "running, in its own colour"},
	{GTV_ST_READY, "ready, but nobody runs it"},
	{GTV_ST_PREEMPTED, "preempted by the kernel"},
	{GTV_ST_STALLED, "stalled: asleep in the kernel"},
	{GTV_ST_LOCK, "waits for a lock"},
	{GTV_ST_GIL, "waits for the GIL"},
	{GTV_ST_CHAN, "for another green thread"},
	{GTV_ST_IO, "waits for a descriptor"},
	{GTV_ST_SLEEP, "sleeps"},
	{GTV_ST_SYSCALL, "a blocking call, in a pool"},
	{GTV_ST_HELD_PREEMPTED, "a lock held off core"},
	{GTV_ST_UNKNOWN, "unknown: the evidence is lost"},
};
#define GLYPHS (int)(sizeof(glyphs) / sizeof(glyphs[0]))

/* The page: lines fill columns, columns fill pages; one of them is drawn. */
struct page {
	struct tui_canvas *canvas;
	int columns, lines; /* of a page */
	int width;	    /* of a column */
	int top;	    /* the first line's row */
	int line;	    /* the next one, from the first page's on */
	int shown;	    /* which page is drawn */
};

/* Where the next line goes: 0 if it is on another page. */
static int next_line(struct page *p, int *x, int *y)
{
	int line = p->line++, each = p->columns * p->lines;

	if (line / each != p->shown)
		return 0;
	*x = 1 + line % each / p->lines * (p->width + 2);
	*y = p->top + line % p->lines;
	return 1;
}

static void head(struct page *p, const char *text)
{
	int x, y;

	/* A head alone at the foot of a column would be lost. */
	if (p->line % p->lines == p->lines - 1)
		p->line++;
	if (next_line(p, &x, &y))
		tui_canvas_text(p->canvas, x, y, p->width, TUI_BOLD, text);
}

static void key_line(struct page *p, const struct key_line *k)
{
	int x, y;

	if (!next_line(p, &x, &y))
		return;
	tui_canvas_text(p->canvas, x + 1, y, 8, TUI_KEY, k->keys);
	tui_canvas_text(p->canvas, x + 9, y, p->width - 9, TUI_TEXT, k->help);
}

static void glyph_line(struct page *p, int i)
{
	const struct tui_look *look = tui_look_of(glyphs[i].state);
	int ink = glyphs[i].state == GTV_ST_RUNNING ? TUI_ID1 : look->role, x, y;

	if (!next_line(p, &x, &y))
		return;
	for (int k = 0; k < 4; k++)
		tui_canvas_put(p->canvas, x + 1 + k, y, look->glyph, ink, TUI_DEFAULT);
	tui_canvas_text(p->canvas, x + 9, y, p->width - 9, TUI_TEXT, glyphs[i].word);
}

/* All of it, of which the page shown is drawn. Returns how many pages there are. */
static int lay_out(struct page *p, int shown)
{
	p->line = 0;
	p->shown = shown;
	for (int g = 0; g < TUI_GROUP_MAX; g++) {
		head(p, group_names[g]);
		for (int i = 0; i < KEY_LINES; i++)
			if ((int)key_lines[i].group == g)
				key_line(p, &key_lines[i]);
		/* A gap, but not at a column's top. */
		p->line += p->line % p->lines != 0;
	}
	head(p, "what is drawn");
	for (int i = 0; i < GLYPHS; i++)
		glyph_line(p, i);
	return (p->line + p->columns * p->lines - 1) / (p->columns * p->lines);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"j/k", "page", "Esc", "back",
					    "q",   "quit", NULL};
	int tall = canvas->rows >= 12;
	struct page p = {.canvas = canvas, .top = tall ? 2 : 0};

	p.lines = canvas->rows - (tall ? 4 : 0);
	p.lines = p.lines > 0 ? p.lines : 1;
	p.columns = canvas->cols >= 150 ? 3 : canvas->cols >= 76 ? 2 : 1;
	p.width = (canvas->cols - 1) / p.columns - 2;
	int pages = lay_out(&p, -1);

	if (scene->nav->help_page >= pages)
		scene->nav->help_page = pages - 1;
	lay_out(&p, scene->nav->help_page);
	if (tall) {
		char title[40];

		snprintf(title, sizeof(title), "help %d/%d", scene->nav->help_page + 1,
			 pages);
		tui_chrome_title(canvas, scene, 0, pages > 1 ? title : "help");
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	return 0;
}

const struct tui_view_ops tui_view_help = {
	.id = TUI_VIEW_HELP,
	.name = "help",
	.summary = "the keys and the glyphs",
	.draw = draw,
};
