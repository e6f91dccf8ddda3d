/* SPDX-License-Identifier: MIT */
#include "tui/scene/prompt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tui/canvas/glyph.h"
#include "tui/scene/key_codes.h"

#define CTRL(letter) ((letter) - '@')

/* ---- candidates ---- */

void tui_candidates_add(struct tui_candidates *c, const char *typed, size_t size,
			const char *word)
{
	if (!*word || strlen(word) >= TUI_CANDIDATE || strncasecmp(typed, word, size) != 0)
		return;
	if (c->count && !strcmp(c->word[c->count - 1], word))
		return;
	if (c->count == TUI_CANDIDATES) {
		c->more++;
		return;
	}
	snprintf(c->word[c->count++], TUI_CANDIDATE, "%s", word);
}

static void look_for_candidates(struct tui_prompt *p)
{
	char before[TUI_PROMPT_BYTES];

	p->candidates.count = p->candidates.more = p->candidates.hint_is_error = 0;
	p->candidates.from = p->cursor;
	p->candidates.hint[0] = '\0';
	p->chosen = -1;
	if (!p->complete)
		return;
	memcpy(before, p->text, p->cursor);
	before[p->cursor] = '\0';
	p->complete(p->arg, p->kind, before, &p->candidates);
	if (p->candidates.from > p->cursor)
		p->candidates.from = p->cursor;
}

/* ---- editing ---- */

static void remove_bytes(struct tui_prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->size - to + 1);
	p->size -= to - from;
	p->cursor = from;
}

static int insert_bytes(struct tui_prompt *p, const char *bytes, size_t size)
{
	if (p->size + size >= sizeof(p->text))
		return 0;
	memmove(p->text + p->cursor + size, p->text + p->cursor, p->size - p->cursor + 1);
	memcpy(p->text + p->cursor, bytes, size);
	p->size += size;
	p->cursor += size;
	return 1;
}

/* The beginnings of the characters beside the cursor. */
static size_t before(const struct tui_prompt *p, size_t at)
{
	while (at > 0 && ((unsigned char)p->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct tui_prompt *p, size_t at)
{
	if (at < p->size)
		at++;
	while (at < p->size && ((unsigned char)p->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static size_t word_before(const struct tui_prompt *p)
{
	size_t at = p->cursor;

	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

static void set_text(struct tui_prompt *p, const char *text)
{
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->size = p->cursor = strlen(p->text);
}

/* ---- history ---- */

static void keep_line(struct tui_history *h, const char *line)
{
	if (!*line || (h->count && !strcmp(h->line[h->count - 1], line)))
		return;
	if (h->count == TUI_PROMPT_HISTORY) {
		memmove(h->line[0], h->line[1], sizeof(h->line) - sizeof(h->line[0]));
		h->count--;
	}
	snprintf(h->line[h->count++], TUI_PROMPT_BYTES, "%s", line);
}

static void recall(struct tui_prompt *p, int dir)
{
	const struct tui_history *h = &p->history[p->kind];
	int to = p->at + dir;

	if (to < 0 || to > h->count)
		return;
	if (p->at == h->count)
		memcpy(p->typed, p->text, sizeof(p->typed));
	p->at = to;
	set_text(p, to == h->count ? p->typed : h->line[to]);
}

/* ---- completion ---- */

/* How many bytes all candidates begin with. */
static size_t common_size(const struct tui_candidates *c)
{
	size_t size = strlen(c->word[0]);

	for (int i = 1; i < c->count; i++)
		while (strncasecmp(c->word[0], c->word[i], size) != 0)
			size--;
	/* Not in the middle of a character. */
	while (size && ((unsigned char)c->word[0][size] & 0xc0) == 0x80)
		size--;
	return size;
}

static void put_candidate(struct tui_prompt *p, const char *word, size_t size)
{
	size_t from = p->candidates.from;

	if (p->size - (p->cursor - from) + size >= sizeof(p->text))
		return;
	remove_bytes(p, from, p->cursor);
	insert_bytes(p, word, size);
}

/* All that the candidates have in common first; then one after the other. */
static void complete(struct tui_prompt *p)
{
	struct tui_candidates *c = &p->candidates;

	if (!c->count)
		return;
	size_t common = common_size(c), typed = p->cursor - c->from;

	if (p->chosen < 0 && (c->count == 1 || common > typed)) {
		put_candidate(p, c->word[0], common);
		/* A word that a value follows ("core:") is not over. */
		if (c->count == 1 && c->word[0][common - 1] != ':')
			insert_bytes(p, " ", 1);
		look_for_candidates(p);
		return;
	}
	p->chosen = (p->chosen + 1) % c->count;
	put_candidate(p, c->word[p->chosen], strlen(c->word[p->chosen]));
}

/* ---- keys ---- */

void tui_prompt_open(struct tui_prompt *p, enum tui_prompt_kind kind, const char *text)
{
	p->open = 1;
	p->kind = kind;
	p->at = p->history[kind].count;
	p->suggested = 0;
	set_text(p, text);
	look_for_candidates(p);
}

void tui_prompt_suggest(struct tui_prompt *p)
{
	p->suggested = 1;
}

static enum tui_prompt_answer leave(struct tui_prompt *p, enum tui_prompt_answer answer)
{
	p->open = 0;
	if (answer == TUI_PROMPT_DONE)
		keep_line(&p->history[p->kind], p->text);
	return answer;
}

static void type(struct tui_prompt *p, int key)
{
	char bytes[4];

	/* What a terminal may not show in one column has no place in names either. */
	if (key >= ' ' && key < TUI_KEY_LEFT && tui_glyph_is_plain((uint32_t)key))
		insert_bytes(p, bytes, (size_t)tui_glyph_encode((uint32_t)key, bytes));
}

/* Keys that move or delete. Returns whether it was one. */
static int edit(struct tui_prompt *p, int key)
{
	switch (key) {
	case TUI_KEY_LEFT:
	case CTRL('B'):
		p->cursor = before(p, p->cursor);
		return 1;
	case TUI_KEY_RIGHT:
	case CTRL('F'):
		p->cursor = after(p, p->cursor);
		return 1;
	case TUI_KEY_HOME:
	case CTRL('A'):
		p->cursor = 0;
		return 1;
	case TUI_KEY_END:
	case CTRL('E'):
		p->cursor = p->size;
		return 1;
	case TUI_KEY_BACKSPACE:
	case CTRL('H'):
		remove_bytes(p, before(p, p->cursor), p->cursor);
		return 1;
	case TUI_KEY_DELETE:
	case CTRL('D'):
		remove_bytes(p, p->cursor, after(p, p->cursor));
		return 1;
	case CTRL('W'):
		remove_bytes(p, word_before(p), p->cursor);
		return 1;
	case CTRL('U'):
		remove_bytes(p, 0, p->cursor);
		return 1;
	case CTRL('K'):
		remove_bytes(p, p->cursor, p->size);
		return 1;
	case TUI_KEY_UP:
	case CTRL('P'):
		recall(p, -1);
		return 1;
	case TUI_KEY_DOWN:
	case CTRL('N'):
		recall(p, 1);
		return 1;
	}
	return 0;
}

enum tui_prompt_answer tui_prompt_key(struct tui_prompt *p, int key)
{
	int erases = key == TUI_KEY_BACKSPACE || key == CTRL('H');

	if (key == TUI_KEY_ENTER || key == '\n')
		return leave(p, TUI_PROMPT_DONE);
	if (key == TUI_KEY_ESC || key == CTRL('C') || (erases && !p->size))
		return leave(p, TUI_PROMPT_CANCELLED);
	if (key == TUI_KEY_TAB) {
		p->suggested = 0;
		complete(p);
		return TUI_PROMPT_GOES_ON;
	}
	if (!edit(p, key)) {
		if (p->suggested)
			set_text(p, "");
		type(p, key);
	}
	p->suggested = 0;
	look_for_candidates(p);
	return TUI_PROMPT_GOES_ON;
}

/* ---- drawing ---- */

static int columns(const char *text, size_t size)
{
	int n = 0;

	for (size_t i = 0; i < size; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static void blank(struct tui_canvas *canvas, int y)
{
	for (int x = 0; x < canvas->cols; x++)
		tui_canvas_put(canvas, x, y, ' ', TUI_TEXT, TUI_BAR_GROUND);
}

/* Text on the bar; returns the column behind it. */
static int say(struct tui_canvas *canvas, int x, int y, int role, const char *text)
{
	int end = x + tui_canvas_text(canvas, x, y, canvas->cols - x, role, text);

	for (int i = x; i < end; i++) {
		struct tui_cell *cell = tui_canvas_at(canvas, i, y);

		if (cell)
			cell->ground = TUI_BAR_GROUND;
	}
	return end;
}

static void invert(struct tui_canvas *canvas, int from, int to, int y)
{
	for (int x = from; x < to; x++) {
		struct tui_cell *cell = tui_canvas_at(canvas, x, y);

		if (cell)
			cell->inverse = 1;
	}
}

/* The candidates from the chosen one on, as many as fit; how many more at the end. */
static void draw_candidates(const struct tui_prompt *p, struct tui_canvas *canvas, int y)
{
	const struct tui_candidates *c = &p->candidates;
	int x = 1, end = canvas->cols - 6, i = 0, width = 0;
	char more[24];

	for (int k = 0; k <= p->chosen; k++) {
		width += columns(c->word[k], strlen(c->word[k])) + 2;
		if (width > end) {
			i = k;
			width = columns(c->word[k], strlen(c->word[k])) + 2;
		}
	}
	blank(canvas, y);
	for (; i < c->count; i++) {
		int from = x, size = columns(c->word[i], strlen(c->word[i]));

		if (x > 1 && x + size > end)
			break;
		x = say(canvas, x, y, i == p->chosen ? TUI_SEL : TUI_TEXT, c->word[i]);
		if (i == p->chosen)
			invert(canvas, from, x, y);
		x += 2;
	}
	if (c->count - i + c->more > 0) {
		snprintf(more, sizeof(more), "+%d", c->count - i + c->more);
		say(canvas, x, y, TUI_DIM, more);
	}
}

void tui_prompt_draw(const struct tui_prompt *p, struct tui_canvas *canvas)
{
	static const char *const sign[TUI_PROMPT_KINDS] = {":",	     "/",	 "\\",
							   "go to ", "trigger ", "mark "};
	int y = canvas->rows - 1, x;
	size_t from = 0;

	if (!p->open || y < 0)
		return;
	blank(canvas, y);
	x = say(canvas, 1, y, TUI_KEY, sign[p->kind]);
	/* A line longer than the screen shows the part with the cursor. */
	while (columns(p->text + from, p->cursor - from) > canvas->cols - x - 2 &&
	       from < p->cursor)
		from = after(p, from);
	int end = say(canvas, x, y, p->suggested ? TUI_DIM : TUI_BOLD, p->text + from);
	int cursor = x + columns(p->text + from, p->cursor - from);

	invert(canvas, cursor, cursor + 1, y);
	if (p->candidates.hint[0])
		say(canvas, end + 2, y, p->candidates.hint_is_error ? TUI_WARN : TUI_DIM,
		    p->candidates.hint);
	if (p->candidates.count && y > 0)
		draw_candidates(p, canvas, y - 1);
}

void tui_prompt_draw_message(const char *text, struct tui_canvas *canvas)
{
	blank(canvas, canvas->rows - 1);
	say(canvas, 1, canvas->rows - 1, TUI_WARN, text);
}
