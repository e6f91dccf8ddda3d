/* SPDX-License-Identifier: MIT
 *
 * The views there are, for the table in view.c: each is one file's.
 */
#ifndef TUI_VIEWS_H
#define TUI_VIEWS_H

#include "tui/view.h"

extern const struct tui_view_ops tui_view_timeline; /* view_timeline.c */
extern const struct tui_view_ops tui_view_explain;  /* view_explain.c */
extern const struct tui_view_ops tui_view_output;   /* view_output.c */
extern const struct tui_view_ops tui_view_threads;  /* view_threads.c */
extern const struct tui_view_ops tui_view_locks;    /* view_locks.c */
extern const struct tui_view_ops tui_view_findings; /* view_findings.c */
extern const struct tui_view_ops tui_view_compare;  /* view_compare.c */
extern const struct tui_view_ops tui_view_latency;  /* view_latency.c */
extern const struct tui_view_ops tui_view_load;	    /* view_load.c */
extern const struct tui_view_ops tui_view_calls;    /* view_calls.c */
extern const struct tui_view_ops tui_view_events;   /* view_events.c */
extern const struct tui_view_ops tui_view_marks;    /* view_marks.c */
extern const struct tui_view_ops tui_view_help;	    /* view_help.c */
extern const struct tui_view_ops tui_view_presenter;

#endif
