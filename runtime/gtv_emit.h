/* SPDX-License-Identifier: MIT
 *
 * gtv_emit.h: any runtime tells gtviz about its own green threads, locks, channels and
 * blocking calls. One header, no library; C99 and C++11, Linux. Interface version 1.
 *
 * In exactly one file of the program, before any other include:
 *
 *     #define GTV_EMIT_IMPLEMENTATION
 *     #include "gtv_emit.h"
 *
 * and elsewhere the include alone. From Python and the like (ctypes, cffi), build it once:
 *
 *     cc -shared -fPIC -DGTV_EMIT_IMPLEMENTATION -DGTV_EMIT_EXPORT -x c gtv_emit.h \
 *        -o gtv_emit.so
 *
 * Then the program runs under gtviz: `gtviz ./program`. Not started by gtviz, each call
 * is one predictable branch. Nothing here allocates, locks, waits or fails: what finds no
 * room is dropped, counted, and shown as lost.
 *
 * What must hold, so that the picture is true:
 *  - gtv_emit_start comes first, once; a child after fork starts by itself.
 *  - An object (gtv_emit_gt, _lock, _chan) begins as all zero, lives as long as it is
 *    spoken of, and is told of by one OS thread at a time: a green thread by who runs it,
 *    and by who makes it ready; a lock by its owner. Your runtime's own order suffices.
 *  - A wait is told before anybody can end it, a taking after the lock was taken, a
 *    dropping before it is let go.
 *  - `to` is who goes on at once on this OS thread; NULL: the scheduler. The scheduler
 *    starts one with gtv_emit_run. Under 1:1 (GTV_PROC_ONE_TO_ONE) `to` is always NULL.
 *  - Names are UTF-8, cut at 64 bytes.
 */
#ifndef GTV_EMIT_H
#define GTV_EMIT_H

#define GTV_EMIT_VERSION 1

#if defined(GTV_EMIT_IMPLEMENTATION) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#include <stddef.h>
#include <stdint.h>

#include "runtime/abi/gtv_event.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gtv_emit_gt {
	uint32_t id, seq;
};

struct gtv_emit_lock {
	uint32_t id, seq, last;
};

struct gtv_emit_chan {
	uint32_t id;
};

/* A blocking call's name, once for all its callers. */
struct gtv_emit_call {
	uint32_t id;
};

/* The process emits: set by gtv_emit_start. Read it; do not write it. */
extern int gtv_emit_on;

/*
 * Begins: finds what gtviz lent. `policy` is what the runtime calls its scheduling
 * ("mygreen"), `workers` the OS threads it runs green threads on (0: one a green thread),
 * `flags` of GTV_PROC_ONE_TO_ONE, GTV_PROC_HAS_GIL. Returns whether the process is traced.
 */
int gtv_emit_start(const char *policy, uint32_t workers, uint32_t flags);

/* Below the surface: what the calls here come to when the process emits. */
void gtv_emit__switch(uint16_t kind, uint8_t aux, struct gtv_emit_gt *from,
		      struct gtv_emit_gt *to, uint32_t what);
void gtv_emit__ready(struct gtv_emit_gt *gt, const struct gtv_emit_gt *by, uint8_t how);
void gtv_emit__spawn(struct gtv_emit_gt *gt, const struct gtv_emit_gt *parent,
		     const char *name);
void gtv_emit__lock(uint16_t kind, uint8_t flags, struct gtv_emit_lock *lock,
		    const struct gtv_emit_gt *gt);
void gtv_emit__plain(uint16_t kind, const struct gtv_emit_gt *gt, uint32_t obj,
		     uint64_t arg);
void gtv_emit__chan(uint16_t kind, struct gtv_emit_chan *chan, const struct gtv_emit_gt *gt,
		    const struct gtv_emit_gt *peer);
void gtv_emit__note(uint16_t kind, const struct gtv_emit_gt *gt, const char *text);
void gtv_emit__name(uint8_t what, uint32_t *id, const char *name);

#ifdef GTV_EMIT_EXPORT
#define GTV_EMIT_FN
#else
#define GTV_EMIT_FN static inline
#endif
#define GTV_EMIT_IF __builtin_expect(gtv_emit_on, 0)

/* ------------------------------------------------------------ green threads */

/* A new green thread, ready to run; `parent` NULL: made outside any. */
GTV_EMIT_FN void gtv_emit_spawn(struct gtv_emit_gt *gt, const struct gtv_emit_gt *parent,
				const char *name)
{
	if (GTV_EMIT_IF)
		gtv_emit__spawn(gt, parent, name);
}

/* The scheduler starts or resumes `to`. */
GTV_EMIT_FN void gtv_emit_run(struct gtv_emit_gt *to)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_RUN, 0, NULL, to, 0);
}

/* `from` stops and stays ready: of itself, or because its time was over. */
GTV_EMIT_FN void gtv_emit_yield(struct gtv_emit_gt *from, struct gtv_emit_gt *to)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_YIELD, 0, from, to, 0);
}

GTV_EMIT_FN void gtv_emit_preempt(struct gtv_emit_gt *from, struct gtv_emit_gt *to)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_PREEMPT, 0, from, to, 0);
}

/* `from` waits: for a lock, the GIL, a channel, another's end, a descriptor
 * (GTV_IO_READ, GTV_IO_WRITE), time, or a call that others make for it. */
GTV_EMIT_FN void gtv_emit_wait_lock(struct gtv_emit_gt *from, struct gtv_emit_gt *to,
				    struct gtv_emit_lock *lock)
{
	if (GTV_EMIT_IF) {
		gtv_emit__name(GTV_TEXT_LOCK, &lock->id, NULL);
		gtv_emit__switch(GTV_EV_SWITCH_LOCK, 0, from, to, lock->id);
	}
}

GTV_EMIT_FN void gtv_emit_wait_gil(struct gtv_emit_gt *from, struct gtv_emit_gt *to,
				   struct gtv_emit_lock *gil)
{
	if (GTV_EMIT_IF) {
		gtv_emit__name(GTV_TEXT_LOCK, &gil->id, NULL);
		gtv_emit__switch(GTV_EV_SWITCH_GIL, 0, from, to, gil->id);
	}
}

GTV_EMIT_FN void gtv_emit_wait_chan(struct gtv_emit_gt *from, struct gtv_emit_gt *to,
				    struct gtv_emit_chan *chan)
{
	if (GTV_EMIT_IF) {
		gtv_emit__name(GTV_TEXT_CHAN, &chan->id, NULL);
		gtv_emit__switch(GTV_EV_SWITCH_CHAN, 0, from, to, chan->id);
	}
}

GTV_EMIT_FN void gtv_emit_wait_join(struct gtv_emit_gt *from, struct gtv_emit_gt *to,
				    const struct gtv_emit_gt *joined)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_JOIN, 0, from, to, joined->id);
}

GTV_EMIT_FN void gtv_emit_wait_io(struct gtv_emit_gt *from, struct gtv_emit_gt *to, int fd,
				  uint8_t direction)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_IO, direction, from, to, (uint32_t)fd);
}

GTV_EMIT_FN void gtv_emit_sleep(struct gtv_emit_gt *from, struct gtv_emit_gt *to)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_SLEEP, 0, from, to, 0);
}

GTV_EMIT_FN void gtv_emit_wait_call(struct gtv_emit_gt *from, struct gtv_emit_gt *to,
				    const struct gtv_emit_call *call)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_SYSCALL, 0, from, to, call->id);
}

GTV_EMIT_FN void gtv_emit_exit(struct gtv_emit_gt *from, struct gtv_emit_gt *to)
{
	if (GTV_EMIT_IF)
		gtv_emit__switch(GTV_EV_SWITCH_EXIT, 0, from, to, 0);
}

/* `gt` waited and is ready: made so by green thread `by`, or by what `how` says
 * (enum gtv_by; GTV_BY_GT with `by`, else `by` is NULL). */
GTV_EMIT_FN void gtv_emit_ready(struct gtv_emit_gt *gt, const struct gtv_emit_gt *by,
				uint8_t how)
{
	if (GTV_EMIT_IF)
		gtv_emit__ready(gt, by, how);
}

/* ------------------------------------------------------------------ workers */

/* The calling OS thread runs green threads from now on, as number `worker` (from 0). */
GTV_EMIT_FN void gtv_emit_worker_start(uint32_t worker)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_WORKER_START, NULL, worker, 0);
}

GTV_EMIT_FN void gtv_emit_worker_stop(uint32_t worker)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_WORKER_STOP, NULL, worker, 0);
}

/* It has nothing to run and goes to sleep, and goes on. */
GTV_EMIT_FN void gtv_emit_park(uint32_t worker)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_PARK, NULL, worker, 0);
}

GTV_EMIT_FN void gtv_emit_unpark(uint32_t worker)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_UNPARK, NULL, worker, 0);
}

/* The calling worker stole `count` green threads of worker `victim`, `first` among them. */
GTV_EMIT_FN void gtv_emit_steal(const struct gtv_emit_gt *first, uint32_t victim,
				uint64_t count)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_STEAL, first, victim, count);
}

/* -------------------------------------------------------------------- locks */

/* Optional: what it is called, and of what kind ("mutex", "rwlock", "gil…"). */
GTV_EMIT_FN void gtv_emit_lock_name(struct gtv_emit_lock *lock, const char *kind,
				    const char *name)
{
	if (GTV_EMIT_IF) {
		gtv_emit__name(GTV_TEXT_LOCK, &lock->id, name);
		gtv_emit__name(GTV_TEXT_LOCK_KIND, &lock->id, kind);
	}
}

GTV_EMIT_FN void gtv_emit_lock_take(struct gtv_emit_lock *lock,
				    const struct gtv_emit_gt *owner)
{
	if (GTV_EMIT_IF)
		gtv_emit__lock(GTV_EV_LOCK_TAKE, 0, lock, owner);
}

GTV_EMIT_FN void gtv_emit_lock_drop(struct gtv_emit_lock *lock,
				    const struct gtv_emit_gt *owner)
{
	if (GTV_EMIT_IF)
		gtv_emit__lock(GTV_EV_LOCK_DROP, 0, lock, owner);
}

/* A lock without which none may run. `forced`: dropped because another asked. */
GTV_EMIT_FN void gtv_emit_gil_take(struct gtv_emit_lock *gil,
				   const struct gtv_emit_gt *owner)
{
	if (GTV_EMIT_IF)
		gtv_emit__lock(gil->last == owner->id && gil->last ? GTV_EV_GIL_RETAKE
								   : GTV_EV_GIL_TAKE,
			       0, gil, owner);
}

GTV_EMIT_FN void gtv_emit_gil_drop(struct gtv_emit_lock *gil,
				   const struct gtv_emit_gt *owner, int forced)
{
	if (GTV_EMIT_IF)
		gtv_emit__lock(GTV_EV_GIL_DROP, forced ? GTV_GIL_FORCED : 0, gil, owner);
}

GTV_EMIT_FN void gtv_emit_gil_request(const struct gtv_emit_lock *gil,
				      const struct gtv_emit_gt *who)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_GIL_REQUEST, who, gil->id, 0);
}

/* ----------------------------------------------------------------- channels */

GTV_EMIT_FN void gtv_emit_chan_name(struct gtv_emit_chan *chan, const char *name)
{
	if (GTV_EMIT_IF)
		gtv_emit__name(GTV_TEXT_CHAN, &chan->id, name);
}

/* Completed; the peer is who received or sent the very element, NULL: the buffer. */
GTV_EMIT_FN void gtv_emit_sent(struct gtv_emit_chan *chan, const struct gtv_emit_gt *gt,
			       const struct gtv_emit_gt *receiver)
{
	if (GTV_EMIT_IF)
		gtv_emit__chan(GTV_EV_CHAN_SEND, chan, gt, receiver);
}

GTV_EMIT_FN void gtv_emit_received(struct gtv_emit_chan *chan, const struct gtv_emit_gt *gt,
				   const struct gtv_emit_gt *sender)
{
	if (GTV_EMIT_IF)
		gtv_emit__chan(GTV_EV_CHAN_RECV, chan, gt, sender);
}

GTV_EMIT_FN void gtv_emit_closed(struct gtv_emit_chan *chan, const struct gtv_emit_gt *gt)
{
	if (GTV_EMIT_IF)
		gtv_emit__chan(GTV_EV_CHAN_CLOSE, chan, gt, NULL);
}

/* ----------------------------------------------------------- blocking calls */

GTV_EMIT_FN void gtv_emit_call_name(struct gtv_emit_call *call, const char *name)
{
	if (GTV_EMIT_IF)
		gtv_emit__name(GTV_TEXT_CALL, &call->id, name);
}

/* On the OS thread that makes it for `gt`, which waits (gtv_emit_wait_call). */
GTV_EMIT_FN void gtv_emit_call_begin(const struct gtv_emit_gt *gt,
				     const struct gtv_emit_call *call)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_CALL_BEGIN, gt, call->id, 0);
}

GTV_EMIT_FN void gtv_emit_call_end(const struct gtv_emit_gt *gt, int64_t result)
{
	if (GTV_EMIT_IF)
		gtv_emit__plain(GTV_EV_CALL_END, gt, 0, (uint64_t)result);
}

/* ------------------------------------------------------------ marks, regions */

/* For the timeline; `text` is cut at 16 bytes. Regions of one green thread nest. */
GTV_EMIT_FN void gtv_emit_mark(const struct gtv_emit_gt *gt, const char *text)
{
	if (GTV_EMIT_IF)
		gtv_emit__note(GTV_EV_MARK, gt, text);
}

GTV_EMIT_FN void gtv_emit_region_begin(const struct gtv_emit_gt *gt, const char *text)
{
	if (GTV_EMIT_IF)
		gtv_emit__note(GTV_EV_REGION_BEGIN, gt, text);
}

GTV_EMIT_FN void gtv_emit_region_end(const struct gtv_emit_gt *gt, const char *text)
{
	if (GTV_EMIT_IF)
		gtv_emit__note(GTV_EV_REGION_END, gt, text);
}

/* ============================================================ implementation */

#ifdef GTV_EMIT_IMPLEMENTATION

#ifdef __cplusplus
}
#endif

#include <pthread.h>

#include "runtime/gtv_producer.h"

#ifdef __cplusplus
extern "C" {
#endif

int gtv_emit_on;

static struct {
	struct gtv_map map;
	pthread_key_t at_end; /* closes a thread's ring */
	uint32_t opened, workers, flags;
	char policy[GTV_TEXT_BYTES];
	uint32_t gts, locks, chans, calls; /* atomic: the last id given out */
} gtv_emit__process;

static __thread struct gtv_producer gtv_emit__self;
static __thread int gtv_emit__claimed;

static void gtv_emit__close(void *self)
{
	gtv_producer_close((struct gtv_producer *)self);
}

/* Never inlined: green threads change their OS threads, and compilers keep the addresses
 * of thread-local variables. */
static __attribute__((noinline)) struct gtv_producer *gtv_emit__producer(void)
{
	struct gtv_producer *p = &gtv_emit__self;

	if (!gtv_emit__claimed) {
		gtv_emit__claimed = 1;
		if (!gtv_map_is_on(&gtv_emit__process.map))
			return p;
		p->clock = gtv_emit__process.map.clock;
		p->on = 1;
		gtv_producer_claim(&gtv_emit__process.map, p,
				   (uint32_t)syscall(SYS_gettid));
		pthread_setspecific(gtv_emit__process.at_end, p);
	}
	return p;
}

static void gtv_emit__put(struct gtv_producer *p, struct gtv_event *ev)
{
	if (!p->on)
		return;
	ev->ts_raw = p->last_raw = gtv_producer_now(p);
	if (p->head == p->limit)
		gtv_producer_slow(&gtv_emit__process.map, p, ev);
	else
		gtv_producer_publish(p, ev);
}

static void gtv_emit__write(uint16_t kind, uint8_t flags, uint8_t aux, uint32_t gt,
			    uint32_t obj, uint32_t seq, uint64_t arg)
{
	struct gtv_event ev;

	ev.kind = kind;
	ev.flags = flags;
	ev.aux = aux;
	ev.gt = gt;
	ev.u.f.obj = obj;
	ev.u.f.seq = seq;
	ev.u.f.arg = arg;
	gtv_emit__put(gtv_emit__producer(), &ev);
}

static void gtv_emit__text(uint8_t what, uint32_t id, const char *text)
{
	struct gtv_producer *p = gtv_emit__producer();
	unsigned i, pieces = gtv_text_pieces(text);

	for (i = 0; i < pieces; i++) {
		struct gtv_event ev;

		gtv_text_piece(&ev, i, what, id, text);
		gtv_emit__put(p, &ev);
	}
}

static void gtv_emit__announce(void)
{
	gtv_emit__write(GTV_EV_PROC_START, 0, 0, 0, gtv_emit__process.workers,
			GTV_ABI_VERSION, gtv_emit__process.flags);
	gtv_emit__text(GTV_TEXT_POLICY, 0, gtv_emit__process.policy);
}

/* Of the OS threads only the caller of fork is there; the ring stays the parent's. */
static void gtv_emit__forked(void)
{
	memset(&gtv_emit__self, 0, sizeof gtv_emit__self);
	gtv_emit__claimed = 0;
	if (gtv_emit_on)
		gtv_emit__announce();
}

int gtv_emit_start(const char *policy, uint32_t workers, uint32_t flags)
{
	if (!gtv_emit__process.opened) {
		gtv_emit__process.opened = 1;
		if (!gtv_map_environment(&gtv_emit__process.map))
			return 0;
		/* A simulated run's clock is not ours. */
		if (gtv_emit__process.map.clock == GTV_CLOCK_SIM ||
		    pthread_key_create(&gtv_emit__process.at_end, gtv_emit__close) ||
		    pthread_atfork(NULL, NULL, gtv_emit__forked)) {
			gtv_map_close(&gtv_emit__process.map);
			return 0;
		}
	}
	if (!gtv_emit__process.map.shm)
		return 0;
	gtv_emit__process.workers = workers;
	gtv_emit__process.flags = flags & (GTV_PROC_ONE_TO_ONE | GTV_PROC_HAS_GIL);
	strncpy(gtv_emit__process.policy, policy, GTV_TEXT_BYTES - 1);
	gtv_emit__announce();
	gtv_emit_on = 1;
	return 1;
}

/* The id of an object; its first use gives it one. */
static uint32_t gtv_emit__id(uint32_t *id, uint32_t *last)
{
	uint32_t mine, none = 0;

	if (__atomic_load_n(id, __ATOMIC_RELAXED))
		return *id;
	mine = __atomic_add_fetch(last, 1, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n(id, &none, mine, 0, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED)
		       ? mine
		       : none;
}

static uint32_t gtv_emit__gt_id(struct gtv_emit_gt *gt)
{
	return gt ? gtv_emit__id(&gt->id, &gtv_emit__process.gts) : 0;
}

void gtv_emit__name(uint8_t what, uint32_t *id, const char *name)
{
	uint32_t *last = what == GTV_TEXT_CHAN	 ? &gtv_emit__process.chans
			 : what == GTV_TEXT_CALL ? &gtv_emit__process.calls
						 : &gtv_emit__process.locks;
	uint32_t mine = gtv_emit__id(id, last);

	if (name)
		gtv_emit__text(what, mine, name);
}

void gtv_emit__spawn(struct gtv_emit_gt *gt, const struct gtv_emit_gt *parent,
		     const char *name)
{
	gt->id = gt->seq = 0;
	gtv_emit__write(GTV_EV_SPAWN, 0, 0, gtv_emit__gt_id(gt), parent ? parent->id : 0, 0,
			0);
	if (name)
		gtv_emit__text(GTV_TEXT_GT, gt->id, name);
}

void gtv_emit__switch(uint16_t kind, uint8_t aux, struct gtv_emit_gt *from,
		      struct gtv_emit_gt *to, uint32_t what)
{
	uint32_t stop = from ? ++from->seq : 0;
	uint64_t go = to ? ++to->seq : 0;

	gtv_emit__write(kind, 0, aux, gtv_emit__gt_id(from), gtv_emit__gt_id(to), stop,
			what | go << 32);
}

void gtv_emit__ready(struct gtv_emit_gt *gt, const struct gtv_emit_gt *by, uint8_t how)
{
	uint32_t seq = ++gt->seq;

	gtv_emit__write(GTV_EV_READY, 0, how, gtv_emit__gt_id(gt), by ? by->id : 0, seq, 0);
}

void gtv_emit__lock(uint16_t kind, uint8_t flags, struct gtv_emit_lock *lock,
		    const struct gtv_emit_gt *gt)
{
	uint32_t id = gtv_emit__id(&lock->id, &gtv_emit__process.locks), seq = ++lock->seq;

	lock->last = gt->id;
	gtv_emit__write(kind, flags, 0, gt->id, id, seq, 0);
}

void gtv_emit__plain(uint16_t kind, const struct gtv_emit_gt *gt, uint32_t obj,
		     uint64_t arg)
{
	gtv_emit__write(kind, 0, 0, gt ? gt->id : 0, obj, 0, arg);
}

void gtv_emit__chan(uint16_t kind, struct gtv_emit_chan *chan, const struct gtv_emit_gt *gt,
		    const struct gtv_emit_gt *peer)
{
	gtv_emit__write(kind, 0, 0, gt ? gt->id : 0,
			gtv_emit__id(&chan->id, &gtv_emit__process.chans), 0,
			peer ? peer->id : 0);
}

void gtv_emit__note(uint16_t kind, const struct gtv_emit_gt *gt, const char *text)
{
	struct gtv_event ev;

	memset(&ev, 0, sizeof ev);
	ev.kind = kind;
	ev.gt = gt ? gt->id : 0;
	memcpy(ev.u.text, text, strnlen(text, GTV_TEXT_CHUNK));
	gtv_emit__put(gtv_emit__producer(), &ev);
}

#endif /* GTV_EMIT_IMPLEMENTATION */

#ifdef __cplusplus
}
#endif

#endif
