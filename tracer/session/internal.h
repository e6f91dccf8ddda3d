/* SPDX-License-Identifier: MIT
 *
 * What session.c (start, ask, end) and collector.c (the thread) share.
 */
#ifndef GTV_SESSION_INTERNAL_H
#define GTV_SESSION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/clock/clock.h"
#include "tracer/merge/merge.h"
#include "tracer/model/model.h"
#include "tracer/model/zoom.h"
#include "tracer/session/family.h"
#include "tracer/session/flight.h"
#include "tracer/session/futexes.h"
#include "tracer/session/pace.h"
#include "tracer/session/session.h"
#include "tracer/session/shots.h"
#include "tracer/source/mapped.h"
#include "tracer/source/attach.h"
#include "tracer/source/source.h"

#define GTV_RATE_SLOTS 11 /* of 100 ms: the last second */

struct gtv_session {
	/* Set before the thread starts, constant then. */
	struct gtv_user user;
	struct gtv_names *names;
	struct gtv_merge *merge;
	struct gtv_clock clock;
	struct gtv_source *rings;
	struct gtv_source *kernel; /* NULL at level 0 */
	struct gtv_store *store;
	struct gtv_launch launch;
	struct gtv_attached *attached; /* of the program's processes, those on libgt */
	size_t attached_count;
	int launched, output_opened;
	int event_fd;
	int screen;    /* who looks at the store is told when it has grown */
	int keeper_fd; /* held open: its closing tells the keeper that we are gone */
	int recorder_stream;

	/* The collector's own. */
	struct gtv_model *model;
	struct gtv_zoom *zoom;	   /* NULL with --ring and no screen */
	struct gtv_flight *flight; /* --ring, else NULL */
	int flight_last;	   /* and what is kept in the end is written */
	struct gtv_shots *shots;   /* --trigger, else NULL */
	uint64_t cut_ns; /* the trace ends here, whatever still comes; 0: not yet */
	struct gtv_family *family;
	struct gtv_futexes *futexes;
	struct gtv_mapped *mapped; /* NULL: below level 3, or refused */
	struct gtv_ev *batch;
	uint64_t checkpoint_ns, checkpoint_events, checkpoint_bytes;
	size_t checkpoint_size;
	uint64_t zoom_ns;
	uint64_t last_ns;     /* of the last event stored */
	uint64_t complete_ns; /* up to there all was drained; 0: nothing was yet */
	struct gtv_pace pace;
	uint64_t taken;	     /* what had come by the last round, counted */
	uint64_t told_bytes; /* how long the store was when the screen was told */
	uint64_t kill_ns;    /* when SIGKILL is due; 0 none */
	int wait_status;
	uint64_t end_ns;
	struct {
		uint64_t ns, events;
	} rate[GTV_RATE_SLOTS];
	int rate_count;

	pthread_t thread;
	int thread_started;
	atomic_int want_kill, want_stop, want_write;
	atomic_int told;      /* that there is more; not yet looked at */
	pthread_mutex_t lock; /* guards status */
	struct gtv_session_status status;
};

#define GTV_BATCH 4096

/* The program's pid as the trace has it. */
static inline uint32_t gtv_session_pid(const struct gtv_session *s)
{
	return s->status.simulated ? GTV_SIM_PID : (uint32_t)s->launch.pid;
}

/* attach.c: the source follows all threads of s->launch.pid and its descendants; then
 * what they do is told. */
int gtv_session_follow(struct gtv_session *s, struct gtv_source *source,
		       struct gtv_err *err);
int gtv_session_rundown(struct gtv_session *s, struct gtv_err *err);
/* Asks those of its processes that run on libgt for their rings, and waits a while for
 * their answers; and has them switch their tracing off again. */
int gtv_session_ask_rings(struct gtv_session *s, struct gtv_err *err);
void gtv_session_return_rings(struct gtv_session *s);

void *gtv_session_collect(void *session);
/* Models and stores what is due: all up to the watermark. The collector's own step. */
void gtv_session_advance(struct gtv_session *s, uint64_t watermark_ns);

/* triggered.c: feeds model and trigger with a batch, and does what has become due. Returns
 * how many of the events belong to the trace: fewer than count once it has ended, and the
 * last of them may then be another. */
size_t gtv_session_feed(struct gtv_session *s, struct gtv_ev *evs, size_t count);
/* All up to now_ns is with the model. */
void gtv_session_serve_trigger(struct gtv_session *s, uint64_t now_ns);
/* The end: what was waited for is written as it is. Returns whether a file is made
 * already, so that the end needs not write one. */
int gtv_session_end_trigger(struct gtv_session *s);

/* A small process that keeps the program's terminal alive, and empty, should we
 * vanish or detach: a closed master would hang up the program. It has no privilege
 * (keep_root: as gtv_privileges_drop). Returns the
 * descriptor whose closing sets it to work, or -1. */
int gtv_keeper_start(int pty_master, const struct gtv_user *user, int keep_root);

#endif
