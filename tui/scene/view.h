/* SPDX-License-Identifier: MIT
 *
 * Views: what can fill the screen. One table of operations, one file a view
 * (view/timeline.c, view/explain.c, view/output.c, view/help.c); a new view is a
 * new file and a line in view.c. Drawing is pure: the same data, size and place
 * give the same canvas, byte for byte.
 */
#ifndef TUI_SCENE_VIEW_H
#define TUI_SCENE_VIEW_H

#include "tracer/base/names.h"
#include "tracer/model/explain.h"
#include "tracer/model/window.h"
#include "tracer/store/store.h"
#include "tui/canvas/canvas.h"
#include "tui/scene/keys.h"
#include "tui/scene/nav.h"
#include "tui/scene/spots.h"

struct tui_findings;
struct tui_threads;
struct tui_locks;
struct tui_latency;
struct tui_load;
struct tui_calls;
struct tui_events;
struct tui_compare;
struct tui_scope;
struct tui_critical;
struct tui_presenter;
struct tui_keymap;

enum tui_mode { TUI_LIVE, TUI_ENDED, TUI_REPLAY };

/* What the chrome shows beside the data. Filled by app and shot. */
struct tui_facts {
	enum tui_mode mode;
	char command[256]; /* escaped */
	char policy[32];   /* "" none */
	char file[128];	   /* being written or replayed; "" none */
	char message[200]; /* one line for the user, shown until the next key */
	char ended[64];	   /* "exited 0; q quits" */
	int level;
	int simulated;	     /* GT_SIM: not a real kernel's doing */
	char level_why[160]; /* why not a higher one */
	int no_green;	     /* attached, and its green threads are not shown */
	double events_per_s; /* live */
	uint64_t events, lost, bytes;
	uint64_t gaps; /* damaged parts of the file: what was lost there is not counted */
	uint64_t kept_ns; /* the flight recorder has dropped what is older; 0: nothing is */
	unsigned ring_percent;
	int keeps_marks; /* the user's are there when this trace is opened again */
	int streamed;	 /* comes from elsewhere: its recorder's rings are not seen */
	int lost_seen;	 /* the user has looked at it: no longer reversed */
	int workers, green_threads, cores;
	int ascii; /* use the ASCII glyph set */
};

/* Everything a view draws from. Borrows all. */
struct tui_scene {
	const struct gtv_store *store;
	const struct gtv_names *names;
	struct gtv_window *window;
	struct gtv_window *overview; /* a second one, for the minimap, so that looking at
				      * the whole trace does not evict the window's
				      * blocks; NULL: no minimap */
	struct tui_nav *nav;	     /* draw may note layout (scroll clamps) */
	const struct tui_facts *facts;
	const struct gtv_explanation *explanation; /* explain view, else NULL */
	const struct tui_findings *findings;	   /* findings view, else may be NULL */
	/* Each is its view's, which says so if there is none yet. */
	const struct tui_threads *threads;
	const struct tui_locks *locks;
	const struct tui_latency *latency;
	const struct tui_load *load;
	const struct tui_calls *calls;
	const struct tui_events *events;
	const struct tui_compare *compare;
	const struct tui_scope *scope;	       /* trigger, marks, cursors; NULL: none */
	const struct tui_critical *critical;   /* NULL: none is shown */
	const struct tui_presenter *presenter; /* of a talk; NULL: it is none */
	const struct tui_keymap *keymap;       /* the user's keys; NULL: as they are */
	struct tui_spots *spots; /* what can be clicked is noted; NULL: is not */
	struct tui_sieve *sieve; /* verdicts of the filter; NULL: each lane is judged */
	struct tui_roles *roles; /* fills kept between frames; NULL: each is looked up */
};

enum tui_view_id {
	TUI_VIEW_TIMELINE = 1, /* the numbers are the keys that open them */
	TUI_VIEW_THREADS = 2,
	TUI_VIEW_LOCKS = 3,
	TUI_VIEW_LATENCY = 4,
	TUI_VIEW_LOAD = 5,
	TUI_VIEW_CALLS = 6,
	TUI_VIEW_FINDINGS = 7,
	TUI_VIEW_EVENTS = 8,
	TUI_VIEW_COMPARE = 9,
	TUI_VIEW_EXPLAIN = 10,
	TUI_VIEW_OUTPUT = 11,
	TUI_VIEW_HELP = 12,
	TUI_VIEW_PRESENTER = 13,
	TUI_VIEW_MARKS = 14,
};

struct tui_view_ops {
	enum tui_view_id id;
	enum tui_key_place place; /* which keys it has (keys.h) */
	const char *name;	  /* of `gtviz shot --view NAME` */
	const char *summary;
	/* 0, or -GTV_E* (the canvas then holds a line that says so). */
	int (*draw)(struct tui_canvas *canvas, const struct tui_scene *scene);
};

extern const struct tui_view_ops *const tui_views[]; /* NULL-terminated */
const struct tui_view_ops *tui_view_find(const char *name);
const struct tui_view_ops *tui_view_by_id(enum tui_view_id id);
enum tui_key_place tui_view_place(enum tui_view_id id);

/* The page of the help, behind (dir 1) or before (-1) `page` and around, on which a line
 * has the word, whatever its case; `page` itself with dir 0 first. -1: there is none. */
int tui_help_find(int cols, int rows, const struct tui_keymap *map, const char *word,
		  int page, int dir);

/* The lane so many rows (by < 0: up) from another as the timeline would draw them, scrolled
 * off ones too; of more than one, the last there is; from one that is not there, the first
 * or the last. 0, or -GTV_ENOTFOUND: there is none further, or another -GTV_E*. */
int tui_timeline_step(const struct tui_scene *scene, int cols, int rows,
		      struct gtv_lane from, int by, struct gtv_lane *out);
/* The lane at a row of the screen. 0, or -GTV_ENOTFOUND: there is something else. */
int tui_timeline_lane_at(const struct tui_scene *scene, int cols, int rows, int y,
			 struct gtv_lane *out);
/* Which time a column is, and cells of time across at this width. */
int tui_timeline_cells(int cols);
/* The same of the timeline itself, which may have words at its right (tui_timeline_side:
 * how many columns). */
int tui_timeline_cells_at(int cols, int rows);
int tui_timeline_side(int cols, int rows);
int tui_timeline_gutter(int cols);

#endif
