/* SPDX-License-Identifier: MIT
 *
 * Help: keys, commands and settings, from the tables that the application itself obeys,
 * and what the glyphs mean; page by page, in as many columns as there is room for.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/scene/commands.h"
#include "tui/scene/keys.h"
#include "tui/scene/settings.h"
#include "tui/view/timeline.h"
#include "tui/view/views.h"

/* A line of the help: a head, or a word and what it means; or a glyph (state). */
struct line {
	const char *head, *word, *help;
	char keys[32];
	uint8_t state, is_glyph;
};

#define LINES_MAX   256
#define COLUMN_COLS 39 /* a column is at least so wide */

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

struct page {
	struct line line[LINES_MAX];
	int count;
};

static struct line *add(struct page *p)
{
	static struct line nowhere;
	struct line *line = p->count < LINES_MAX ? &p->line[p->count++] : &nowhere;

	memset(line, 0, sizeof(*line));
	return line;
}

static void add_word(struct page *p, const char *word, const char *help)
{
	struct line *line = add(p);

	line->word = word;
	line->help = help;
}

/* As the user has bound them; an action without a key has none to show. */
static void add_keys(struct page *p, const struct tui_key_binding *b,
		     const struct tui_keymap *map)
{
	struct line *line = add(p);

	line->word = tui_keymap_words(map, b, line->keys, sizeof(line->keys));
	line->help = b->help;
}

static void collect(struct page *p, const struct tui_keymap *map)
{
	p->count = 0;
	for (int g = 0; g < TUI_GROUP_MAX; g++) {
		add(p)->head = tui_key_group_name((enum tui_key_group)g);
		for (const struct tui_key_binding *b = tui_keys; b->keys; b++)
			if ((int)b->group == g)
				add_keys(p, b, map);
	}
	add(p)->head = "what is drawn";
	for (int i = 0; i < GLYPHS; i++) {
		struct line *line = add(p);

		line->is_glyph = 1;
		line->state = glyphs[i].state;
		line->help = glyphs[i].word;
	}
	add(p)->head = "commands, behind :";
	for (int i = 0; i < TUI_COMMAND_MAX; i++)
		add_word(p, tui_commands[i].name, tui_commands[i].help);
	add(p)->head = "settings, by :set";
	for (int i = 0; i < TUI_SET_MAX; i++)
		add_word(p, tui_settings[i].name, tui_settings[i].help);
}

static int has(const struct line *line, const char *word)
{
	const char *in[] = {line->head, line->word, line->help};

	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
		if (in[i] && strcasestr(in[i], word))
			return 1;
	return 0;
}

static void draw_line(struct tui_canvas *canvas, const struct line *line, int x, int y,
		      int width, const char *sought)
{
	if (sought[0] && has(line, sought))
		for (int i = 0; i < width; i++)
			tui_canvas_put(canvas, x + i, y, ' ', TUI_TEXT, TUI_SEL_GROUND);
	if (line->head) {
		tui_canvas_text(canvas, x, y, width, TUI_BOLD, line->head);
		return;
	}
	if (line->is_glyph) {
		const struct tui_look *look = tui_look_of(line->state);
		int ink = line->state == GTV_ST_RUNNING ? TUI_ID1 : look->role;

		for (int k = 0; k < 4; k++)
			tui_canvas_put(canvas, x + 1 + k, y, look->glyph, ink, TUI_DEFAULT);
	} else {
		tui_canvas_text(canvas, x + 1, y, 8, TUI_KEY, line->word);
	}
	tui_canvas_text(canvas, x + 9, y, width - 9, TUI_TEXT, line->help);
}

/* How the help lies on a screen. */
struct form {
	int height, columns, top, pages;
};

/* Where each line goes: a column and a row of it. A head alone at the foot of a column
 * would be lost. Returns how many columns that takes; draws the page, if canvas is not
 * NULL; notes on which pages the word is, if pages is not NULL. */
static int flow(const struct page *p, const struct form *form, struct tui_canvas *canvas,
		int page, const char *sought, unsigned char *pages)
{
	int height = form->height, columns = form->columns, top = form->top;
	int first = page * columns;
	int column = 0, y = 0;

	for (int i = 0; i < p->count; i++) {
		const struct line *line = &p->line[i];

		if (line->head && y > 0 && y + 3 <= height)
			y++; /* a blank before a head */
		if (y >= height || (line->head && y + 2 > height && height > 1)) {
			column++;
			y = 0;
		}
		if (canvas && column >= first && column < first + columns)
			draw_line(canvas, line,
				  1 + (column - first) * (canvas->cols / columns), top + y,
				  canvas->cols / columns - 2, sought);
		if (pages && has(line, sought))
			pages[column / columns] = 1;
		y++;
	}
	return column + 1;
}

static struct page page;

/* The lines, as they lie on a screen of that size. */
static struct form lay(int cols, int rows, const struct tui_keymap *map)
{
	int tall = rows >= 12, height = rows - (tall ? 4 : 0);
	struct form f = {.height = height > 0 ? height : 1,
			 .columns = cols >= 2 * COLUMN_COLS ? cols / COLUMN_COLS : 1,
			 .top = tall ? 2 : 0};

	collect(&page, map);
	int all = flow(&page, &f, NULL, 0, "", NULL);

	f.columns = f.columns > all ? all : f.columns;
	f.pages = (all + f.columns - 1) / f.columns;
	return f;
}

int tui_help_find(int cols, int rows, const struct tui_keymap *map, const char *word,
		  int from, int dir)
{
	unsigned char has_it[LINES_MAX] = {0};
	struct form f = lay(cols, rows, map);

	flow(&page, &f, NULL, 0, word, has_it);
	for (int i = dir != 0; i < f.pages + (dir != 0); i++) {
		int at = (from + (dir < 0 ? f.pages - i : i)) % f.pages;

		if (at >= 0 && has_it[at])
			return at;
	}
	return -1;
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {
		"PgDn",	 "more", "PgUp", "back a page", "/",	"search", "n",
		"go on", "Esc",	 "back", "q",		"quit", NULL};
	char title[40];

	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	struct form f = lay(canvas->cols, canvas->rows, scene->keymap);

	if (scene->nav->help_page >= f.pages)
		scene->nav->help_page = f.pages - 1;
	if (scene->nav->help_page < 0)
		scene->nav->help_page = 0;
	flow(&page, &f, canvas, scene->nav->help_page, scene->nav->help_word, NULL);
	if (!f.top)
		return 0;
	snprintf(title, sizeof(title), f.pages > 1 ? "help %d of %d" : "help",
		 scene->nav->help_page + 1, f.pages);
	tui_chrome_title(canvas, scene, 0, TUI_ACT_HELP, title);
	tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	return 0;
}

const struct tui_view_ops tui_view_help = {
	.id = TUI_VIEW_HELP,
	.name = "help",
	.summary = "the keys and the glyphs",
	.draw = draw,
};
