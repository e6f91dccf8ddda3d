/* SPDX-License-Identifier: MIT
 *
 * The user's own marks outlive the screen: $XDG_STATE_HOME/gtviz/marks/, else
 * ~/.local/state/gtviz/marks/, has a small text file for each trace that has any. The trace
 * itself is never written to; its file is found again by what its first block says of the
 * run (when, which process, which command), so that a copy has the same marks.
 *
 * The files are read as what anybody may have written. They are written by a new file that
 * takes the old one's place, mode 0600, in folders that must be the user's own; no link is
 * followed there.
 */
#ifndef TUI_APP_KEPT_H
#define TUI_APP_KEPT_H

#include "tracer/store/store.h"
#include "tui/scene/scope.h"

#define TUI_KEPT_NAME	   17 /* 16 hexadecimal digits */
#define TUI_KEPT_BYTES_MAX 32768

struct tui_app;

/* The name of the trace's file. 0, or -GTV_ENOTFOUND: nothing tells it from others. */
int tui_kept_name(const struct gtv_store *store, char name[TUI_KEPT_NAME]);
/* Adds the marks of that file that lie in [from, to] to s, unless s has one of that name.
 * Times in the file count from start_ns. 0, also if there is no such file; or -GTV_E* and
 * err: what is wrong with it first; its good lines are taken all the same. */
int tui_kept_read(const char *name, uint64_t start_ns, uint64_t from_ns, uint64_t to_ns,
		  struct tui_scope *s, struct gtv_err *err);
/* Writes the user's marks of s, or removes the file if there are none. `about` is a line
 * for people. 0, or -GTV_E* and err: the old file is as it was. */
int tui_kept_write(const char *name, uint64_t start_ns, const char *about,
		   const struct tui_scope *s, struct gtv_err *err);

/* Once for each trace that is shown: brings its marks back. */
void tui_app_keep_look(struct tui_app *app);
/* The marks have changed. */
void tui_app_keep(struct tui_app *app);

#endif
