/* SPDX-License-Identifier: MIT
 *
 * A terminal that is a program: tui/term/term.h is the seam. Whoever includes this plays
 * the real application: `press` gives the keys, `look` is shown each frame. One terminal,
 * which begins as `terminal` says.
 */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include <unistd.h>

#include "tui/app/app.h"

struct tui_term {
	int fd; /* readable when press wants to be asked */
	int cols, rows;
	enum tui_theme theme;
	int ready; /* the trace is there: until then Esc leaves */
	long shown;
	struct tui_mouse mouse;
	int (*press)(struct tui_term *t); /* as tui_term_key; the trace is there */
	void (*look)(struct tui_term *t, const struct tui_canvas *c);
	void (*copied)(const char *text, size_t size); /* may be NULL */
};

static struct tui_term terminal;

int tui_term_check(int *cols, int *rows, const char *instead, struct gtv_err *err)
{
	(void)instead;
	(void)err;
	*cols = terminal.cols;
	*rows = terminal.rows;
	return 0;
}

int tui_term_open(struct tui_term **out, int theme, struct gtv_err *err)
{
	(void)theme;
	(void)err;
	*out = &terminal;
	return 0;
}

enum tui_theme tui_term_theme(const struct tui_term *t)
{
	return t->theme;
}

void tui_term_set_theme(struct tui_term *t, enum tui_theme theme)
{
	t->theme = theme;
}

void tui_term_close(struct tui_term *t)
{
	(void)t;
}

void tui_term_size(const struct tui_term *t, int *cols, int *rows)
{
	*cols = t->cols;
	*rows = t->rows;
}

void tui_term_resized(struct tui_term *t)
{
	(void)t;
}

int tui_term_is_ascii(const struct tui_term *t)
{
	(void)t;
	return 0;
}

void tui_term_show(struct tui_term *t, const struct tui_canvas *c)
{
	t->look(t, c);
	t->shown++;
}

int tui_term_fd(const struct tui_term *t)
{
	return t->fd;
}

int tui_term_key(struct tui_term *t)
{
	if (t->ready)
		return t->press(t);
	usleep(1000); /* fd may be readable always */
	return TUI_KEY_NONE;
}

enum tui_copied tui_term_copy(struct tui_term *t, const char *text, size_t size)
{
	if (t->copied)
		t->copied(text, size);
	return (enum tui_copied)(size % 3);
}

void tui_term_use_mouse(struct tui_term *t)
{
	t->ready = 1;
}

void tui_term_mouse(struct tui_term *t, struct tui_mouse *out)
{
	*out = t->mouse;
}

void tui_term_suspend(struct tui_term *t)
{
	(void)t;
}

void tui_term_retake(struct tui_term *t)
{
	(void)t;
}

void tui_term_repaint(struct tui_term *t)
{
	(void)t;
}

/* Plays the file until `press` has pressed Ctrl-C (3). The exit status. */
static inline int terminal_replay(const char *file)
{
	struct gtv_options opts = {
		.from_ns = UINT64_MAX, .to_ns = UINT64_MAX, .file = file};

	return tui_app_replay(&opts);
}

#endif
