/* SPDX-License-Identifier: MIT
 *
 * A trace being looked at: its store, the windows onto it, the place in it, and
 * the facts that the screen shows beside it. The live screen, the replay and
 * `shot` have all of this in common; what differs is who makes the store grow.
 */
#ifndef TUI_TRACE_TRACE_H
#define TUI_TRACE_TRACE_H

#include "tracer/base/names.h"
#include "tracer/cmd/options.h"
#include "tracer/model/explain.h"
#include "tracer/model/window.h"
#include "tracer/store/store.h"
#include "tui/scene/findings.h"
#include "tui/scene/nav.h"
#include "tui/scene/view.h"

struct tui_trace {
	struct gtv_store *store;
	int owned; /* the store is ours to close */
	const struct gtv_names *names;
	struct gtv_window *window, *overview;
	struct tui_nav nav;
	struct tui_facts facts;
	struct gtv_explanation explanation; /* of the explained span, if explained */
	int explained;
	uint64_t start_ns; /* the trace's: times are relative to it */
	uint64_t names_version;
	struct tui_findings findings;  /* findings.h: empty until asked for */
	struct tui_noticing *noticing; /* who makes them, NULL: not yet */
	/* What views gathered, each its own file's (trace_NAME.c); NULL: not yet. */
	struct tui_threads *threads;
	struct tui_locks *locks;
	struct tui_latency *latency;
	struct tui_load *load;
	struct tui_calls *calls;
	struct tui_events *events;
	struct tui_compare *compare;
	struct tui_scope *scope;
	struct tui_critical *critical; /* critical.h */
	struct {		       /* patience.h */
		uint64_t until_ns;     /* real time */
		uint64_t asked_ns;     /* when it was asked last */
		uint64_t piece_ns;     /* what a piece of work takes */
		int is_frame;	       /* the next must fit, too */
		int (*stop)(void *arg);
		void *arg;
		int answering; /* a key waits for its frame: in a crowd nothing is read */
	} patience;
	struct tui_sieve *sieve;   /* the loop's (sieve.h); NULL: frames judge all rows */
	struct tui_roles *roles;   /* roles.h */
	struct {		   /* span.h */
		int later;	   /* what takes long is read between frames */
		int stay;	   /* when it comes, the cursor stays */
		int renews, steps; /* it is known up to what was read then */
		uint64_t at_ns, origin_ns, from_ns, to_ns,
			cursor_ns;	/* the place it was asked at */
		struct gtv_lane missed; /* nothing of it was found, when it was sought */
		uint64_t missed_ns;	/* …here */
	} sought;
	struct { /* follow.h */
		struct gtv_span from,
			to; /* the last edge that was followed on; to_ns 0: none */
		struct gtv_edge edge;
		unsigned nth, count;
	} followed;
	struct { /* events.h: an event that was found, for the list of events */
		uint64_t ts_ns;
		size_t block;
		uint32_t idx;
		int is_new; /* the list has not gone there yet */
	} found;
	struct tui_asking *asking;	 /* asking.h; NULL: nothing was asked yet */
	struct tui_presenter *presenter; /* Borrowed: a talk's (app/talk.c), else NULL */
};

/* Opens FILE ("-": stdin), the whole of it in the window. 0, or -GTV_E* and err. */
int tui_trace_open(struct tui_trace *t, const char *file, struct gtv_err *err);
/* The same of a file that is open (Takes fd); growing: what comes by a pipe is shown
 * while it comes, and nav follows it. */
int tui_trace_open_fd(struct tui_trace *t, int fd, const char *file, int growing,
		      struct gtv_err *err);
/* Looks at a store that grows. Borrows it. */
int tui_trace_attach(struct tui_trace *t, struct gtv_store *store, struct gtv_err *err);
void tui_trace_close(struct tui_trace *t);

/* Takes in what has grown; `cells` of time across. Returns whether anything did. */
int tui_trace_grow(struct tui_trace *t, int cells);
/* Goes where --from --to --rows --select say. 0, or -GTV_E* and err. */
int tui_trace_place(struct tui_trace *t, const struct gtv_options *opts,
		    struct gtv_err *err);
/* What views draw from. Borrows t. */
void tui_trace_scene(struct tui_trace *t, struct tui_scene *scene);

/* Which lane is called so: C0, T4711, G12, L3, W0, or the name of a lock or a green
 * thread. 0, or -GTV_ENOTFOUND. */
int tui_trace_lane(const struct tui_trace *t, const char *name, struct gtv_lane *out);
/* Explains the selected span into t->explanation. 0, or -GTV_E*. */
int tui_trace_explain(struct tui_trace *t);

#endif
