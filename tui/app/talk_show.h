/* SPDX-License-Identifier: MIT
 *
 * A talk being given: which chapter and step is on the screen, and what that takes. A
 * chapter is run live; if it cannot be, or does not show what it must, its recording takes
 * its place and the corner says so. What was shown once is kept, so that going back costs
 * nothing. Works on the app's trace; keys and the terminal are talk.c's.
 */
#ifndef TUI_APP_TALK_SHOW_H
#define TUI_APP_TALK_SHOW_H

#include "tui/app/app.h"
#include "tui/scene/talk.h"
#include "tui/app/talk_run.h"

struct tui_show;

struct tui_show_config {
	const struct tui_talk *talk;
	struct tui_talk_runs *runs; /* NULL: recordings only */
	uint64_t auto_ns;	    /* a key that is waited for comes by itself; 0: never */
};

/* Borrows the app and all in the config. Returns owned, NULL without memory. */
struct tui_show *tui_show_new(struct tui_app *app, const struct tui_show_config *config);
void tui_show_free(struct tui_show *s); /* may be NULL */

/* The next step (dir > 0) or the one before; 0: there is none. */
int tui_show_step(struct tui_show *s, int dir);
/* A chapter's first step; clipped to what there is. */
void tui_show_chapter(struct tui_show *s, int chapter);
/* The chapter anew: live, or its recording. */
void tui_show_again(struct tui_show *s, int live);
/* Takes in what has come, as often as the loop turns. Returns whether it must be drawn. */
int tui_show_turn(struct tui_show *s);
/* Something comes without a key: the loop must not sleep for ever. */
int tui_show_active(const struct tui_show *s);
/* The last step is on the screen, and what it waits for has come. */
int tui_show_over(const struct tui_show *s);
void tui_show_draw(struct tui_show *s, struct tui_canvas *canvas);

/* The speaker's: shown or not. */
void tui_show_blank(struct tui_show *s, int on);
int tui_show_is_blank(const struct tui_show *s);
void tui_show_timer(struct tui_show *s, int on);
int tui_show_timer_is_on(const struct tui_show *s);

/* For the speaker's own terminal: where the talk is, and what is to be said. Plain text of
 * several lines. Returns buf. */
char *tui_show_notes(const struct tui_show *s, char *buf, size_t size);
/* Why what is shown is recorded; "" if it is live, or meant to be recorded. */
const char *tui_show_why(const struct tui_show *s);

#endif
