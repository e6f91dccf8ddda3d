/* SPDX-License-Identifier: MIT
 *
 * A talk on the screen: what the loop (app.c) asks of it, and the speaker's keys. While the
 * speaker explores, the screen is a replay's with all its keys; q comes back to the talk.
 */
#ifndef TUI_APP_TALK_H
#define TUI_APP_TALK_H

#include "tui/app/app.h"

/* X(KEYS, "what they do"): also of the man page gtviz-talk.1. */
#define TUI_TALK_KEYS(X)                                                                   \
	X("Space Right Down PgDn Enter n", "the next step")                                \
	X("Left Up PgUp Backspace p", "the step before")                                   \
	X("Home End 1-9", "the first chapter, the last, a chapter by its number")          \
	X("b .", "the screen goes dark, and comes back")                                   \
	X("t", "how long the talk has lasted, on or off")                                  \
	X("r R", "the chapter again: live, or its recording")                              \
	X("x", "explore: all keys of a replay; q comes back to the talk")                  \
	X("q", "end the talk")

/* The terminal is there: the first chapter begins. */
void tui_talking_begin(struct tui_app *app);
/* Whether the talk draws the screen, and not what is being explored. */
int tui_talking_draws(const struct tui_app *app);
void tui_talking_draw(struct tui_app *app, struct tui_canvas *canvas);
/* Returns whether the key was the talk's. */
int tui_talking_key(struct tui_app *app, int key);
void tui_talking_turn(struct tui_app *app);
int tui_talking_active(const struct tui_app *app);
/* Readable when who reads the notes has come, gone, or pressed a key. */
int tui_talking_fd(const struct tui_app *app);

#endif
