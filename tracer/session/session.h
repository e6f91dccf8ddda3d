/* SPDX-License-Identifier: MIT
 *
 * A session: a program started, its events collected, merged, modelled for zoom
 * and checkpoints, and stored; the store can be read meanwhile. `record` and the
 * live screen differ only in what they do beside it.
 */
#ifndef GTV_SESSION_H
#define GTV_SESSION_H

#include "tracer/base/err.h"
#include "tracer/launch/launch.h"
#include "tracer/session/flight.h"
#include "tracer/store/store.h"

struct gtv_session;
struct gtv_condition;

/* --trigger */
struct gtv_session_trigger {
	const struct gtv_condition *condition; /* NULL: none. Copied */
	uint64_t post_ns; /* what came so long after it belongs to it */
	unsigned hits;	  /* so many; 0: one */
};

struct gtv_session_config {
	char *const *argv;
	pid_t attach;	    /* instead: a process that runs already; 0 none */
	const char *output; /* -o FILE, "-" stdout, NULL: an unlinked file */
	const char *policy; /* --policy */
	int level;	    /* --level N; -1: the best that works */
	int all_tasks;	    /* --all */
	int syscalls;	    /* --syscalls: 0 none, 1 those that slept, 2 all */
	int irq;	    /* --irq */
	int as_root;	    /* --as-root */
	int screen;	    /* live: the store is read while it is written */
	int use_pty;	    /* the program gets its own terminal */
	unsigned short rows, cols;
	uint64_t keep_bytes, keep_ns; /* --ring: only the last so much; 0 and 0: all */
	size_t ring_bytes;	      /* of a user ring, 0 default */
	unsigned ring_count;	      /* 0 default */
	struct gtv_session_trigger trigger;
};

/* What the status bar and the progress line show. */
struct gtv_session_status {
	int level;	     /* in use */
	int simulated;	     /* GT_SIM: time, threads and cores are virtual */
	char level_why[240]; /* why not a higher one, empty at 3 */
	uint64_t events, lost, corrupt, late, bytes;
	unsigned ring_percent; /* fullest ring */
	double events_per_s;   /* over the last second */
	int running;	       /* the program has not been reaped */
	char rings_why[160];   /* attached: why its green threads are not shown; empty */
	int attached;	       /* it ran before us, and runs on after us */
	int wait_status;       /* valid when not running; -1 not known */
	int failed;	       /* the trace cannot be written any more: gtv_store_error */
	int finished;	       /* rings drained, file finalised */
	uint64_t now_ns;       /* CLOCK_MONOTONIC up to which the store is complete */
	uint64_t start_ns;
	int64_t clock_residual_ns;
	int keeping; /* --ring: from where on it is kept, and how much */
	uint64_t kept_from_ns, kept_bytes;
	struct gtv_flight_told flight; /* what was written of it */
	unsigned hits;		       /* of --trigger… */
	char hit_text[300];	       /* …and the last in words, escaped */
	int stopped;		       /* after the last wanted the recording has ended */
	size_t survivors;	       /* descendants alive when the program ended… */
	char survivor_names[160];      /* …by name and pid, escaped */
};

/* Opens the sources, starts the program, drops privileges, starts the collector
 * thread. On error nothing is left running but what ran before. err->code GTV_ENOEXEC,
 * GTV_ENOTFOUND tell of the program. */
int gtv_session_start(struct gtv_session **out, const struct gtv_session_config *config,
		      struct gtv_err *err);
struct gtv_store *gtv_session_store(struct gtv_session *s); /* Borrows */
void gtv_session_status(struct gtv_session *s, struct gtv_session_status *out);
/* Readable when the status changed in kind: the program ended, or finished; with a screen
 * also when the store has grown since the status was last asked for. */
int gtv_session_event_fd(struct gtv_session *s);
/* The program's terminal (live), or -1: output is taken by the collector; write
 * input here. */
int gtv_session_pty(struct gtv_session *s);
void gtv_session_resize(struct gtv_session *s, unsigned short rows, unsigned short cols);
/* Asks the program to end (not one that was attached to): SIGTERM to its group, SIGKILL
 * after a second. */
void gtv_session_kill(struct gtv_session *s);
/* Sends the program (only it) a signal. */
void gtv_session_signal(struct gtv_session *s, int sig);
/* With --ring: has what is kept written (flight.h), soon; status tells what became of
 * it. After the end too. */
void gtv_session_write(struct gtv_session *s);
/* Stops collecting at once though the program runs on (unharmed). */
void gtv_session_detach(struct gtv_session *s);
/* Waits until finished. 0, or the error that stopped the file. */
int gtv_session_wait(struct gtv_session *s, struct gtv_err *err);
void gtv_session_close(struct gtv_session *s); /* Takes; the store goes with it */

#endif
