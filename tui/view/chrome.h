/* SPDX-License-Identifier: MIT
 *
 * What frames every view: the title bar, the status bar, rules with a word in
 * them, the line of keys; and words of several colours in one line.
 */
#ifndef TUI_VIEW_CHROME_H
#define TUI_VIEW_CHROME_H

#include "tui/scene/range.h"
#include "tui/scene/view.h"

/* Writes at *x, moves it on; stops before `end`. */
void tui_say(struct tui_canvas *canvas, int *x, int y, int end, int role, const char *text);
void tui_sayf(struct tui_canvas *canvas, int *x, int y, int end, int role, const char *fmt,
	      ...) __attribute__((format(printf, 6, 7)));
/* A sentence: "G3" and the name after it in their thread's colour, figures bold. */
void tui_say_rich(struct tui_canvas *canvas, int *x, int y, int end, int role,
		  const struct gtv_names *names, const char *text);

/* The view's name, and before it the key that opens it, drawn as one: "[3] locks". NULL:
 * none is named. */
void tui_chrome_title(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      enum tui_action opens, const char *view);
/* The first key that an action has now: "Enter"; "" if it has none. Returns buf. */
char *tui_chrome_key(const struct tui_scene *scene, enum tui_action action, char *buf,
		     size_t size);
/* "[3]": a key that stands among words and figures. */
void tui_say_key(struct tui_canvas *canvas, int *x, int y, int end, const char *key);
void tui_chrome_status(struct tui_canvas *canvas, const struct tui_scene *scene, int y);
/* The same for lists and tables: without the rows and cells that only lanes have. */
void tui_chrome_status_list(struct tui_canvas *canvas, const struct tui_scene *scene,
			    int y);
/* The keys: "w/s zoom  a/d pan" from pairs, NULL-terminated, the last of which
 * (help) must fit; a message instead if there is one. */
void tui_chrome_hints(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      const char *const *pairs);
/* ─ text ─────; returns the column after the text, for more of it. */
int tui_chrome_rule(struct tui_canvas *canvas, int y, const char *text);
/* Narrower than this no view can say anything. */
#define TUI_CHROME_COLS 40
/* Draws a line that says how many columns, or rows, it needs if the canvas is too small:
 * returns 1 then. */
int tui_chrome_too_small(struct tui_canvas *canvas, int cols, int rows);
/* How many of `count` rows a table has in `room` lines, where what stands below it wants so
 * many: two fifths at least, all if there is little room. -1: there is none. */
int tui_chrome_table_rows(int room, int want, size_t count);
/* "the trace cannot be read" in the middle of an otherwise empty canvas. */
void tui_chrome_error(struct tui_canvas *canvas, const char *text);
/* What is counted (tui_range_words) at *x of a line, and for ALL "all of 10.0 s" of what
 * was read. */
void tui_chrome_range(struct tui_canvas *canvas, int *x, int y, int end,
		      const struct tui_range *r, uint64_t start_ns, uint64_t upto_ns);

#endif
