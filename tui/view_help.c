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

/* A column of the page: where the next line goes, and whether it still fits. */
struct column {
	struct tui_canvas *canvas;
	int x, y, width, top, end_y;
	int next_x; /* where the page goes on */
};

static int next_line(struct column *c)
{
	if (c->y >= c->end_y && c->next_x > c->x) {
		c->x = c->next_x;
		c->y = c->top;
	}
	return c->y < c->end_y ? c->y++ : -1;
}

static void head(struct column *c, const char *text)
{
	/* A head alone at the foot of a column would be lost. */
	if (c->y + 2 > c->end_y)
		c->y = c->end_y;
	int y = next_line(c);
	if (y >= 0)
		tui_canvas_text(c->canvas, c->x, y, c->width, TUI_BOLD, text);
}

static void key_line(struct column *c, const struct key_line *k)
{
	int y = next_line(c);
	if (y < 0)
		return;
	tui_canvas_text(c->canvas, c->x + 1, y, 8, TUI_KEY, k->keys);
	tui_canvas_text(c->canvas, c->x + 9, y, c->width - 9, TUI_TEXT, k->help);
}

static void glyph_line(struct column *c, int i)
{
	const struct tui_look *look = tui_look_of(glyphs[i].state);
	int y = next_line(c);
	if (y < 0)
		return;
	int ink = glyphs[i].state == GTV_ST_RUNNING ? TUI_ID1 : look->role;
	for (int k = 0; k < 4; k++)
		tui_canvas_put(c->canvas, c->x + 1 + k, y, look->glyph, ink, TUI_DEFAULT);
	tui_canvas_text(c->canvas, c->x + 9, y, c->width - 9, TUI_TEXT, glyphs[i].word);
}

static void page(struct column *c, int spaced)
{
	for (int g = 0; g < TUI_GROUP_MAX; g++) {
		head(c, group_names[g]);
		for (int i = 0; i < KEY_LINES; i++)
			if ((int)key_lines[i].group == g)
				key_line(c, &key_lines[i]);
		if (spaced && c->y > c->top)
			(void)next_line(c);
	}
	head(c, "what is drawn");
	for (int i = 0; i < GLYPHS; i++)
		glyph_line(c, i);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"Esc", "back", "q", "quit", NULL};
	int tall = canvas->rows >= 12, wide = canvas->cols >= 76;
	int lines = KEY_LINES + TUI_GROUP_MAX + GLYPHS + 1;
	struct column c = {.canvas = canvas, .x = 1, .top = tall ? 2 : 0};
	c.end_y = canvas->rows - (tall ? 2 : 0);
	c.y = c.top;
	/* One column if all of it fits; else two, where there is the width. */
	int two = wide && lines > c.end_y - c.top;
	c.width = two ? canvas->cols / 2 - 2 : canvas->cols - 2;
	c.next_x = two ? canvas->cols / 2 + 1 : 0;
	if (tall) {
		tui_chrome_title(canvas, scene, 0, "help");
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	page(&c, (two ? 2 : 1) * (c.end_y - c.top) >= lines + TUI_GROUP_MAX + 2);
	return 0;
}

const struct tui_view_ops tui_view_help = {
	.id = TUI_VIEW_HELP,
	.name = "help",
	.summary = "the keys and the glyphs",
	.draw = draw,
};
