/* SPDX-License-Identifier: MIT
 *
 * Inside the timeline view: what its files share. A frame goes through them in
 * this order: layout (which row shows what), lanes (spans into cells), marks
 * (loss, selection, edges on top), chrome (bars, ruler, minimap), panel (words
 * about the selected span).
 */
#ifndef TUI_VIEW_TIMELINE_H
#define TUI_VIEW_TIMELINE_H

#include "tui/scene/ident.h"
#include "tui/canvas/strip.h"
#include "tui/scene/view.h"

#define TUI_TL_GROUPS 5

/* A process, above those of its lanes that are shown. Among lanes it is one of kind 0 with
 * its index as id. */
struct tui_tl_head {
	uint32_t pid;
	int lanes, hidden; /* of all that are listed; folded away */
};

/* Lanes of one kind. */
struct tui_tl_group {
	enum gtv_lane_kind kind;
	enum tui_tl_who { TUI_TL_ALL, TUI_TL_WORKERS, TUI_TL_OTHERS } who; /* threads */
	const struct gtv_lane *lane; /* heads among them */
	struct gtv_lane *own;	     /* the same, or NULL: the window's */
	int count;
	int all;     /* lanes of the kind in the window, those not listed too */
	int quiet;   /* of them, left out because nothing happens in them */
	int unasked; /* of them, not known to be active or not */
	int heads;   /* the first of its heads; -1: it has none */
	int height;  /* rows a lane: cores 5 (queue and gap), 4 (gap), 3, 2, 1; locks 2,
		      * 1; others 1 */
	int shown;
	int more; /* a line says how many are not shown */
	int rule; /* a line with its name goes first */
};

/* A lane on the screen. */
struct tui_tl_row {
	struct gtv_lane lane;
	int y, height;
	int y_queue; /* cores on tall screens: who waits for it; 0: no such lane */
};

struct tui_timeline {
	const struct tui_scene *scene;
	struct tui_canvas *canvas;
	int cols, rows, gutter;
	int side; /* columns of words about the selection beside the lanes; 0: none */
	struct tui_axis axis;
	struct tui_strip strip;
	uint64_t start_ns; /* times are shown relative to it */
	int exact, has_gts;
	int worker_lane; /* the lane being drawn is a worker's */
	/* Where the chrome is; -1: there is no room for it. */
	int y_title, y_map, y_marks, y_ruler, y_legend, y_cursor, y_status, y_hints;
	int y_lanes, lanes_end; /* rows for lanes */
	int y_panel, panel_rows;
	struct tui_tl_group group[TUI_TL_GROUPS]; /* from top to bottom */
	int groups;
	struct tui_tl_head *head;
	int head_count;
	struct tui_tl_row *row;
	int row_count;
	struct {
		int y;
		char text[96];
	} rule[2 * TUI_TL_GROUPS];
	int rule_count;
	int y_above, y_below; /* where lanes are scrolled off; -1: none are */
};

/* timeline.c */
/* Looks at nav's window; no canvas if lanes are only to be listed. 0 or -GTV_E*. */
int tui_tl_begin(struct tui_timeline *tl, struct tui_canvas *canvas,
		 const struct tui_scene *scene, int cols, int rows);
/* The same with so many columns (tui_timeline_side) kept free at the right. */
int tui_tl_begin_side(struct tui_timeline *tl, struct tui_canvas *canvas,
		      const struct tui_scene *scene, int cols, int rows, int side);
int tui_tl_gt_role(const struct tui_timeline *tl, uint32_t gt);
/* Who is inside a core's or thread's piece: its role, and *who tells two apart. */
int tui_tl_fill_role(struct tui_timeline *tl, uint32_t gt, uint32_t tid, uint32_t *who);
const struct tui_tl_row *tui_tl_row_of(const struct tui_timeline *tl, struct gtv_lane lane);
/* The first piece that ends after a time; count if none. */
size_t tui_tl_first(const struct gtv_piece *p, size_t count, uint64_t ts_ns);
/* Whether [from, to) is so narrow that no label fits: saves looking names up. */
int tui_tl_is_narrow(const struct tui_timeline *tl, uint64_t from_ns, uint64_t to_ns);
/* Shorter than a cell. The runtime's own steps between two green threads are left
 * out then: they would make each boundary dense, and the floors show them. */
int tui_tl_is_short(const struct tui_timeline *tl, const struct gtv_span *s);
/* Columns on the canvas of [from, to): 0 if none. */
int tui_tl_columns(const struct tui_timeline *tl, uint64_t from_ns, uint64_t to_ns,
		   int *first, int *last);

/* timeline_rows.c */
/* Every lane of every group, in order. 0 or -GTV_ENOMEM. */
int tui_tl_groups(struct tui_timeline *tl);
/* Puts the `shown` most important of so many lanes into `out` (which may be `lane`), in
 * their order: returns how many. */
int tui_tl_choose(const struct tui_timeline *tl, const struct gtv_lane *lane, int count,
		  int shown, struct gtv_lane *out);
int tui_tl_same_lane(struct gtv_lane a, struct gtv_lane b);
/* What the line above a group says. */
void tui_tl_group_words(const struct tui_timeline *tl, const struct tui_tl_group *g,
			const char *name, char *buf, size_t size);
/* A process, in place of a lane. */
void tui_tl_head_row(struct tui_timeline *tl, const struct tui_tl_row *row);

/* timeline_layout.c */
void tui_tl_chrome_rows(struct tui_timeline *tl);
/* 0 or -GTV_ENOMEM. */
int tui_tl_layout(struct tui_timeline *tl);
void tui_tl_layout_fini(struct tui_timeline *tl);

/* What is left of a tile's `ns` when what it told of it is gone: of more than a tile names,
 * so of nobody in particular. Sums are rounded; what comes of that is nobody's time. */
static inline uint64_t tui_tl_rest_ns(const struct gtv_span *tile, uint64_t ns,
				      uint64_t told)
{
	uint64_t rounding = told ? (tile->to_ns - tile->from_ns) / 32 : 0;
	return ns > told + rounding ? ns - told : 0;
}

/* timeline_lanes.c */
void tui_tl_lane(struct tui_timeline *tl, const struct tui_tl_row *row);
/* timeline_core.c */
void tui_tl_core(struct tui_timeline *tl, const struct tui_tl_row *row);
/* A word in the middle of the cells that [from, to) covers; `name` may be "". */
void tui_tl_label(struct tui_timeline *tl, int y, uint64_t from_ns, uint64_t to_ns,
		  const char *name, const char *id, int ink, int ground);

/* timeline_thick.c */
/* Copies the fills of row y into the rows [from, to): a label is left out. */
void tui_tl_thicken(struct tui_timeline *tl, int y, int from, int to);
/* Gives `room` rows that are left to the lanes of threads. */
void tui_tl_spread(struct tui_timeline *tl, int room);

/* timeline_side.c */
/* Clears the columns beside the lanes; returns the row after the last. */
int tui_tl_side_begin(struct tui_timeline *tl);
/* Writes there at *x, *y and moves both on: words that have no room begin a line. */
void tui_tl_side_say(struct tui_timeline *tl, int *x, int *y, int end_y, int role,
		     const char *text);

/* timeline_queue.c */
/* Whether the depth of cores' queues can be told of this window at all. */
int tui_tl_has_queues(const struct tui_timeline *tl);
void tui_tl_queues(struct tui_timeline *tl);

/* timeline_events.c */
/* How many of the rows that no lane needs go to the events of the selection. */
int tui_tl_event_rows(const struct tui_timeline *tl, int free_rows);
/* In [y, end_y) of the panel. */
void tui_tl_events(struct tui_timeline *tl, int x_value, int y, int end_y);

/* timeline_marks.c */
void tui_tl_losses(struct tui_timeline *tl);
void tui_tl_selection(struct tui_timeline *tl);
/* The columns of a selected span's brackets, -1 each if it has none in sight; 0: no part of
 * the span is in sight. */
int tui_tl_brackets(const struct tui_timeline *tl, const struct gtv_span *s, int *open,
		    int *close);

/* timeline_edges.c */
void tui_tl_edges(struct tui_timeline *tl);

/* timeline_kept.c */
void tui_tl_dropped(struct tui_timeline *tl);
/* timeline_unread.c */
void tui_tl_unread(struct tui_timeline *tl);

/* timeline_notes.c */
/* The program's own marks and regions, on the lanes of their green threads. */
void tui_tl_notes(struct tui_timeline *tl);

/* timeline_irq.c */
/* Where interrupts had much of a core (--irq): on its floor. */
void tui_tl_interrupts(struct tui_timeline *tl);
/* Says what that mark is, in columns [x, end) of the legend, where there may be one. */
void tui_tl_irq_legend(struct tui_timeline *tl, int x, int end);

/* timeline_chrome.c */
void tui_tl_minimap(struct tui_timeline *tl);
void tui_tl_ruler(struct tui_timeline *tl);
void tui_tl_rules(struct tui_timeline *tl);
void tui_tl_legend(struct tui_timeline *tl);
void tui_tl_cursor_line(struct tui_timeline *tl);

/* timeline_gutter.c */
void tui_tl_gutter_of(struct tui_timeline *tl, const struct tui_tl_row *row);

/* timeline_critical.c */
void tui_tl_critical(struct tui_timeline *tl);
/* In place of the panel, if a path is shown: returns 1 then. */
int tui_tl_critical_panel(struct tui_timeline *tl);

/* timeline_scope.c */
/* Marks, cursors and the trigger on ruler and minimap. */
void tui_tl_scope(struct tui_timeline *tl);
/* What was measured between the cursors, in the panel's place. 0: there are not two. */
int tui_tl_scope_panel(struct tui_timeline *tl);
/* timeline_panel.c */
void tui_tl_panel(struct tui_timeline *tl);
/* timeline_headline.c: after all rules and what stands on them. */
void tui_tl_headline(struct tui_timeline *tl);

/* States as they are drawn: shared with the legend and other views. */
struct tui_look {
	uint32_t glyph;
	uint8_t role, ghost; /* ghost: the role on an idle core, 0 none */
	uint8_t rare;	     /* TUI_STRIP_RARE, TUI_STRIP_ALWAYS: seen though it is short */
};
const struct tui_look *tui_look_of(unsigned state);

#endif
