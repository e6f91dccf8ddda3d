/* SPDX-License-Identifier: MIT
 *
 * The terminal application: one screen for a live session and for a replay.
 * app.c is the loop, actions.c what the keys do, live.c what is the
 * session's alone.
 */
#ifndef TUI_APP_APP_H
#define TUI_APP_APP_H

#include <signal.h>

#include "tracer/cmd/options.h"
#include "tracer/session/session.h"
#include "tui/scene/prompt.h"
#include "tui/scene/settings.h"
#include "tui/term/term.h"
#include "tui/trace/trace.h"

/* `gtviz [run]` and `gtviz [replay]`: return the exit status. */
int tui_app_run(const struct gtv_options *opts);
int tui_app_replay(const struct gtv_options *opts);
/* `gtviz demo`: the same (demo.c). */
int tui_app_demo(const struct gtv_options *opts);
/* `gtviz talk`: the same (talk.c). */
int tui_app_talk(const struct gtv_options *opts);

#define TUI_APP_DEPTH 16 /* causes followed down */

enum tui_leave {
	TUI_STAY,
	TUI_LEAVE_QUIT,	  /* and end the program, if it runs */
	TUI_LEAVE_DETACH, /* and let it run on */
};

struct tui_talking;
struct tui_cast;

struct tui_app {
	const struct gtv_options *opts;
	struct tui_trace trace;
	struct tui_term *term;
	struct tui_canvas canvas;
	struct tui_spots spots;		      /* what can be clicked on it */
	enum tui_view_id view, view_before;   /* before: where typing began */
	struct gtv_span asked[TUI_APP_DEPTH]; /* explained on the way down */
	int asked_count;
	struct {		    /* asking.c */
		int from_view;	    /* where it was asked why */
		int deeper;	    /* of the explained one: its cause */
		struct gtv_span of; /* what was explained then */
		int dir;	    /* of the span or edge that is looked for */
		int for_search;	    /* …by a search (search.c) */
		struct gtv_span
			kept_up; /* the last one asked about because it was selected */
	} why;
	enum tui_leave leave;
	int dying;			  /* a signal asked us to end, 0 none */
	int dirty;			  /* what is shown is not what is */
	int news;			  /* the session said that there is more */
	int begins;			  /* what the screen begins with was not yet done */
	uint64_t round_ns, frame_cost_ns; /* when we last looked; the last frame's cost */
	int answering;			  /* a key was pressed since the last frame */
	uint64_t played_ns;		  /* replay: up to when time has passed */
	uint64_t reading_ns;		  /* since when the view reads, 0: it does not */
	uint64_t lost_told;		  /* lost events when a key was last pressed */

	struct tui_prompt prompt;  /* prompt.h */
	struct tui_search *search; /* search.h; NULL: nothing was searched yet */
	struct tui_settings settings;
	struct tui_keymap keymap;
	int settings_problems;		 /* how many there were */
	char settings_problem[160];	 /* what was wrong in their file, told first */
	struct tui_exporting *exporting; /* NULL: nothing is */
	struct tui_opening *opening;	 /* opening.h; NULL: the trace is there */
	uint64_t scope_at_ns;		 /* where the mark goes that is asked for */
	uint64_t scope_shown_ns;	 /* real time: when a hit was shown last */
	int wants_finding;		 /* the first one, once it is read */
	int hits_on;			 /* n and N go from hit to hit */

	const struct gtv_store *kept_store; /* kept.h: whose marks are there */

	struct tui_cast *cast;	       /* --cast; NULL: none */
	struct tui_talking *talking;   /* talk.h; NULL: no talk is given */
	struct gtv_session *session;   /* live, else NULL */
	int streaming;		       /* a replay of what still comes by a pipe */
	uint64_t rate_ns, rate_events; /* of it: since when, and how many by then */
	struct gtv_session_status status;
	struct {
		int x, y, moved; /* where it was last, with the button down; it moved */
		int from_x;	 /* where that began */
		int down;	 /* it is down */
		int click_x, click_y; /* the last click, for the second one */
		uint64_t click_ns;
	} mouse;
	int typing;	  /* keys go to the program */
	char typed[4096]; /* what its terminal has not yet taken */
	size_t typed_size;
};

/* app.c */
uint64_t tui_app_now_ns(void);
void tui_app_say(struct tui_app *app, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The view and the looks asked for; *theme -1: as the terminal can. */
int tui_app_check_options(struct tui_app *app, int *theme, struct gtv_err *err);
/* The screen, from the terminal taken to the terminal given back. */
int tui_app_show(struct tui_app *app, int theme, struct gtv_err *err);
/* Dies of the signal that ended us, as the shell expects; returns status if none did. */
int tui_app_die_of(int sig, int status);

/* The view that is shown, without the prompt. */
void tui_app_draw_view(struct tui_app *app, struct tui_canvas *canvas);

/* Actions of the keys table that have files of their own. */
void act_COMMAND(struct tui_app *app); /* prompt.c */
void act_SEARCH(struct tui_app *app);
void act_SEARCH_NEXT(struct tui_app *app);
void act_SEARCH_BACK(struct tui_app *app);
void act_FILTER(struct tui_app *app);
void act_GOTO(struct tui_app *app);
void act_EVENTS(struct tui_app *app); /* events.c */
/* mouse.c: what the mouse did, in the view that is open */
void tui_app_mouse(struct tui_app *app, const struct tui_mouse *mouse);
/* click.c: on what a view noted; again: a second time, soon after */
void tui_app_click(struct tui_app *app, const struct tui_spot *spot, int again);

/* progress.c: how far a view is that reads the whole trace */
void tui_app_draw_progress(struct tui_app *app, struct tui_canvas *canvas);

/* rows.c */
void act_FOLD(struct tui_app *app);
void act_BUSY(struct tui_app *app);
void act_CRITICAL(struct tui_app *app);
void act_BY_ACTIVITY(struct tui_app *app);

/* asking.c: spans, edges, explaining */
void act_SPAN_PREV(struct tui_app *app);
void act_SPAN_NEXT(struct tui_app *app);
void act_EDGE_BACK(struct tui_app *app);
void act_EDGE_FORWARD(struct tui_app *app);
void act_EXPLAIN(struct tui_app *app);
void act_BACK(struct tui_app *app);
/* Takes in what was asked and is known by now. */
void tui_app_answered(struct tui_app *app);
/* To the timeline, whatever is shown. */
void tui_app_timeline(struct tui_app *app);

/* actions.c */
void tui_app_key(struct tui_app *app, int key);
/* In the explain view: asks why that cause of what is explained was so. */
void tui_app_explain_cause(struct tui_app *app, size_t cause);
/* Says why nothing was selected: rc as select.h's functions return it. */
void tui_app_tell(struct tui_app *app, int rc, const char *nothing);
/* Opens a view; the one that is open is left for the timeline. */
void tui_app_view(struct tui_app *app, enum tui_view_id view);

/* Actions of panes' own files, for the table: latency.c, load.c, threads.c,
 * locks.c */
void act_LATENCY(struct tui_app *app);
void act_CALLS(struct tui_app *app);
void act_RANGE(struct tui_app *app);
void act_LOG_BARS(struct tui_app *app);
void act_SORT(struct tui_app *app);
void act_LOAD(struct tui_app *app);
void act_THREADS(struct tui_app *app);
void act_LOCKS(struct tui_app *app);

/* end.c */
/* Still to be asked now and then: it runs, or the screen does not yet say that it ended. */
int tui_live_active(const struct tui_app *app);
/* "exited 0; q quits", from a wait status. */
void tui_live_say_end(struct tui_app *app, int wait_status);
/* All of it is there: from now on the screen is a replay's. */
void tui_live_become_ended(struct tui_app *app);

/* compare.c */
void act_COMPARE(struct tui_app *app);
void act_SWAP(struct tui_app *app);
void act_ALIGN(struct tui_app *app);
void act_DIFFERENCE(struct tui_app *app);

/* scope.c */
void act_TRIGGER(struct tui_app *app);
void act_TRIGGER_EDIT(struct tui_app *app);
void act_MARK(struct tui_app *app);
void act_UNMARK(struct tui_app *app);
void act_MARK_NEXT(struct tui_app *app);
void act_MARK_BACK(struct tui_app *app);
void act_CURSOR_A(struct tui_app *app);
void act_CURSOR_B(struct tui_app *app);

/* marks.c, copy.c, findings.c */
void act_MARKS(struct tui_app *app);
void act_COPY(struct tui_app *app);
void act_IGNORE(struct tui_app *app);
void act_UNIGNORE(struct tui_app *app);
/* A finding was asked for before there was any: there, if there is one now. */
void tui_app_found_one(struct tui_app *app);
void act_INPUT(struct tui_app *app); /* actions.c */

/* live.c; in a viewer (REPLAY_ONLY) viewer.c, where there is never a session */
/* Starts opts->program. 0, or -GTV_E* and err. */
int tui_live_start(struct tui_app *app, int cols, int rows, struct gtv_err *err);
/* Takes in what the session has to tell. */
void tui_live_update(struct tui_app *app);
void tui_live_resize(struct tui_app *app, int cols, int rows);
int tui_live_event_fd(const struct tui_app *app); /* readable when there is news */
int tui_live_input_fd(const struct tui_app *app); /* the program's terminal, or -1 */
void tui_live_key(struct tui_app *app, int key);  /* to the program */
void tui_live_flush(struct tui_app *app);	  /* typed bytes to its terminal */
/* --ring: has what is kept written, or says why not. */
void tui_live_write(struct tui_app *app);
/* Ends or leaves the program and waits for the trace; what it last printed goes to
 * standard output. Returns the exit status. The terminal is the caller's again. */
int tui_live_end(struct tui_app *app);

/* stream.c */
/* Takes in what a stream has brought since. */
void tui_stream_update(struct tui_app *app);
/* After the screen: says on stderr if the stream was cut. Returns the exit status. */
int tui_stream_end(const struct tui_app *app);

#endif
