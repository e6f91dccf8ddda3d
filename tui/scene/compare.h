/* SPDX-License-Identifier: MIT
 *
 * What the compare view shows, as data: two traces, who is who in both, where their times
 * are laid on each other, and the difference. trace/compare.c makes it; the view only
 * draws.
 */
#ifndef TUI_SCENE_COMPARE_H
#define TUI_SCENE_COMPARE_H

#include "tracer/model/digest.h"
#include "tui/scene/findings.h"
#include "tui/scene/view.h"

#define TUI_COMPARE_ROWS     1024 /* of a kind; more are counted */
#define TUI_COMPARE_MEASURES 24

struct tui_compare_side {
	const struct gtv_store *store;
	const struct gtv_names *names;
	struct gtv_window *window;
	struct tui_roles *roles;
	const struct tui_facts *facts;
	const struct tui_findings *findings;
	const struct gtv_digest *digest;
	uint64_t start_ns, last_ns; /* the trace's range */
	uint64_t align_ns;	    /* this time of the two is the same column */
	int read;		    /* its digest is of all of it */
	char label[64];		    /* the policy, or the file: what tells them apart */
};

/* A row: one who is in either trace or both. */
struct tui_compare_row {
	struct gtv_lane lane[2]; /* kind 0: not in this one */
};

/* A line of the difference. */
enum tui_measure_unit { TUI_MEASURE_NS, TUI_MEASURE_COUNT, TUI_MEASURE_PERMILLE };
struct tui_measure {
	char what[64];
	enum tui_measure_unit unit;
	uint64_t value[2];
	int has[2];
	int less_is_better; /* else it is neither */
	struct gtv_lane lane[2];
	uint64_t at_ns[2]; /* where to see it; 0: nowhere */
};

enum tui_compare_align {
	TUI_ALIGN_START, /* where the traces begin */
	TUI_ALIGN_MARK,	 /* at the first mark of the program's that both have */
	TUI_ALIGN_FREE,	 /* B was moved by hand */
	TUI_ALIGN_MAX
};

struct tui_compare {
	struct tui_compare_side side[2]; /* A, which the other views show, and B */
	struct tui_compare_row *row;
	size_t row_count, row_all;
	size_t chosen; /* row */
	int on_b;      /* whose lane is chosen, and moved when not locked */
	enum tui_compare_align align;
	char mark[48]; /* the common mark's name, escaped; "": there is none */
	int differences_only;
	struct tui_measure measure[TUI_COMPARE_MEASURES];
	int measures;
};

#endif
