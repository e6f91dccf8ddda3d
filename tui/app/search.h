/* SPDX-License-Identifier: MIT
 *
 * Search: lanes by their names, else marks and events in time. What takes long goes on
 * between frames, and stops at any key.
 */
#ifndef TUI_APP_SEARCH_H
#define TUI_APP_SEARCH_H

#include "tui/trace/trace.h"

struct tui_app;
struct tui_search;

/* Searches for it, and goes to the first found. Says what it found, or what is wrong. */
void tui_search_begin(struct tui_app *app, const char *text);
/* To the next (dir > 0) or previous one. */
void tui_search_next(struct tui_app *app, int dir);
/* Goes on for about budget_ns. */
void tui_search_go(struct tui_app *app, uint64_t budget_ns);
int tui_search_runs(const struct tui_app *app);
void tui_search_stop(struct tui_app *app);
void tui_search_free(struct tui_search *search);

/* The lane that is called so, by number or by name, whole or in part. 0, or
 * -GTV_ENOTFOUND. */
int tui_search_lane(const struct tui_trace *t, const char *text, struct gtv_lane *out);
/* Selects what it does at the cursor or, if it is not alive then, when it is next seen. */
void tui_search_go_lane(struct tui_app *app, struct gtv_lane lane);
/* What the lane does at the cursor was looked for: rc as of tui_ask_span. */
void tui_search_seen(struct tui_app *app, int rc);
/* Goes to the next mark or region whose text is like this. */
void tui_search_mark(struct tui_app *app, const char *text);

#endif
