/* SPDX-License-Identifier: MIT
 *
 * The views there are, for the table in view.c: each is one file's.
 */
#ifndef TUI_VIEW_VIEWS_H
#define TUI_VIEW_VIEWS_H

#include "tui/scene/view.h"

extern const struct tui_view_ops tui_view_timeline; /* timeline.c */
extern const struct tui_view_ops tui_view_explain;  /* explain.c */
extern const struct tui_view_ops tui_view_output;   /* output.c */
extern const struct tui_view_ops tui_view_threads;  /* threads.c */
extern const struct tui_view_ops tui_view_locks;    /* locks.c */
extern const struct tui_view_ops tui_view_findings; /* findings.c */
extern const struct tui_view_ops tui_view_compare;  /* compare.c */
extern const struct tui_view_ops tui_view_latency;  /* latency.c */
extern const struct tui_view_ops tui_view_load;	    /* load.c */
extern const struct tui_view_ops tui_view_calls;    /* calls.c */
extern const struct tui_view_ops tui_view_events;   /* events.c */
extern const struct tui_view_ops tui_view_marks;    /* marks.c */
extern const struct tui_view_ops tui_view_help;	    /* help.c */
extern const struct tui_view_ops tui_view_presenter;

#endif
