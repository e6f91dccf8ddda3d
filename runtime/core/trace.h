/* SPDX-License-Identifier: MIT
 *
 * The trace hook: wire events (abi/gtv_event.h) from one OS thread into its own ring
 * (abi/gtv_ring.h). Not traced, an event is one predictable branch; traced, a time
 * stamp, 32 bytes, and a store-release.
 *
 * The writer (gtv_producer.h) looks at shared memory only when its private `head` meets
 * its private `limit`: an eighth of a ring further on, or where the ring is full. That is
 * where the doorbell, overflow, and a reader that went away are seen to.
 */
#ifndef GT_TRACE_H
#define GT_TRACE_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime/gtv_producer.h"

/* Finds the memory file that the environment names and maps it, once a process.
 * Returns whether there is one. Nothing in it is trusted. */
int gt__trace_open(void);
/* For tests: the same with a given descriptor (Borrows), 0 or -errno; and back. */
int gt__trace_map(int fd);
void gt__trace_unmap(void);
/* Claims a ring for the calling OS thread if the process is traced. */
void gt__trace_claim(struct gtv_producer *tr);
int gt__trace_is_on(void); /* of the process */
/* Hands it back: the reader frees it once it is drained. */
void gt__trace_close(struct gtv_producer *tr);
/* Attaching (attach.h), all within gt__os_all_try. The file that the socket hands out: 0,
 * -EBUSY while another reader lives, -errno; from then on nothing is written by anybody,
 * once all have been poked and passed a barrier. Then it becomes the process's, and it
 * begins; and is over. */
struct gt__trace_next {
	struct gtv_map map;
	int fd, in_place;
};
int gt__trace_fetch(struct gt__trace_next *next, const char *socket);
void gt__trace_take(struct gt__trace_next *next);
void gt__trace_claim_first(struct gtv_producer *tr);
void gt__trace_go(void);
void gt__trace_end(void);
/* Has tr's next event look at what was said last. By another OS thread than its own. */
void gt__trace_poke(struct gtv_producer *tr);
/* Waits a while for room, if the ring is nearly full and somebody reads it. */
void gt__trace_give_way(const struct gtv_producer *tr);
/* Which trace of the process this is: names are told once in each. */
extern uint32_t gt__trace_round;

/* After fork, in the child: the ring stays the parent's. */
void gt__trace_forget(struct gtv_producer *tr);

void gt__emit_slow(struct gtv_producer *tr, const struct gtv_event *ev);
/* For the simulation (sim_trace.c), whose threads share one ring: takes the lent file's
 * header (NULL: it is not for simulated programs), a ring, and puts an event there,
 * waiting for room. 0: the reader is gone. */
struct gtv_shm *gt__trace_simulated(void);
void gt__trace_claim_ring(struct gtv_producer *tr);
void gt__sim_emit(struct gtv_producer *tr,
		  const struct gtv_event *ev); /* an own thread's */
int gt__trace_put(struct gtv_producer *tr, const struct gtv_event *ev);
/* A name, in chunks. */
void gt__trace_text(struct gtv_producer *tr, enum gtv_text class, uint32_t id,
		    const char *text);

/* Whether an event is to be written: the one branch. */
static inline long gt__trace_wants(const struct gtv_producer *tr)
{
	return __builtin_expect(__atomic_load_n(&tr->on, __ATOMIC_RELAXED) != 0, 0);
}

/* The time of an event. A time stamp counter may be read before earlier instructions
 * are done. Where such an instruction made us the heirs of another OS thread's event
 * (we took a lock, a queue gave us a green thread), ours must not seem to be the
 * earlier one: gt__acquired, called right after, holds the next stamp back. */
extern uint32_t gt__fences; /* there are other OS threads, and we are traced */
static inline void gt__acquired(void)
{
	if (__builtin_expect(__atomic_load_n(&gt__fences, __ATOMIC_RELAXED), 0)) {
#if defined(__x86_64__)
		_mm_lfence();
#elif defined(__aarch64__)
		__asm__ volatile("isb" ::: "memory");
#endif
	}
}

static inline uint64_t gt__trace_now(const struct gtv_producer *tr)
{
	extern uint64_t gt__sys_now_ns(void);

	if (__builtin_expect(tr->clock != GTV_CLOCK_TSC, 0))
		return gt__sys_now_ns();
#if defined(__x86_64__)
	return __rdtsc();
#elif defined(__aarch64__)
	uint64_t raw;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(raw)::"memory");
	return raw;
#else
	return gt__sys_now_ns();
#endif
}

/* Writes one event that happened at the last stamp taken: one of the same call of the
 * runtime, or of the switch that let the caller go on. None but our own instructions may
 * lie between, and nothing of another OS thread's may have been acquired since. The
 * caller has looked at tr->on. */
static inline void gt__emit_too_on(struct gtv_producer *tr, uint16_t kind, uint8_t flags,
				   uint8_t aux, uint32_t gt, uint32_t obj, uint32_t seq,
				   uint64_t arg)
{
	struct gtv_event *at;

	/* >=: another OS thread may put the limit below, see gt__trace_poke. */
	if (__builtin_expect(tr->head >= __atomic_load_n(&tr->limit, __ATOMIC_RELAXED),
			     0)) {
		const struct gtv_event ev = {
			.ts_raw = tr->last_raw,
			.kind = kind,
			.flags = flags,
			.aux = aux,
			.gt = gt,
			.u.f = {.obj = obj, .seq = seq, .arg = arg},
		};

		gt__emit_slow(tr, &ev);
		return;
	}
	/* Field by field into its place: put together elsewhere, it would be read back in
	 * wider pieces than it was written in, which stalls. */
	at = &tr->events[tr->head & tr->mask];
	at->ts_raw = tr->last_raw;
	at->kind = kind;
	at->flags = flags;
	at->aux = aux;
	at->gt = gt;
	at->u.f.obj = obj;
	at->u.f.seq = seq;
	at->u.f.arg = arg;
	__atomic_store_n(&tr->ring->head, ++tr->head, __ATOMIC_RELEASE);
}

/* The same with a stamp of its own. */
static inline void gt__emit_on(struct gtv_producer *tr, uint16_t kind, uint8_t flags,
			       uint8_t aux, uint32_t gt, uint32_t obj, uint32_t seq,
			       uint64_t arg)
{
	tr->last_raw = gt__trace_now(tr);
	gt__emit_too_on(tr, kind, flags, aux, gt, obj, seq, arg);
}

/* Several events of one instant, which a reader sees together: gt__together_begin says
 * whether there is room for `count` (if not, they are emitted one by one), then each is
 * put, by its place among them, and gt__together_end shows them. */
static inline int gt__together_begin(struct gtv_producer *tr, uint32_t count)
{
	if (__builtin_expect(tr->limit - tr->head < count, 0))
		return 0;
	tr->last_raw = gt__trace_now(tr);
	return 1;
}

static inline void gt__together_put(const struct gtv_producer *tr, uint32_t place,
				    uint16_t kind, uint8_t aux, uint32_t gt, uint32_t obj,
				    uint32_t seq, uint64_t arg)
{
	struct gtv_event *at = &tr->events[(tr->head + place) & tr->mask];

	at->ts_raw = tr->last_raw;
	at->kind = kind;
	at->flags = 0;
	at->aux = aux;
	at->gt = gt;
	at->u.f.obj = obj;
	at->u.f.seq = seq;
	at->u.f.arg = arg;
}

static inline void gt__together_end(struct gtv_producer *tr, uint32_t count)
{
	tr->head += count;
	__atomic_store_n(&tr->ring->head, tr->head, __ATOMIC_RELEASE);
}

static inline void gt__emit(struct gtv_producer *tr, uint16_t kind, uint8_t flags,
			    uint8_t aux, uint32_t gt, uint32_t obj, uint32_t seq,
			    uint64_t arg)
{
	if (gt__trace_wants(tr))
		gt__emit_on(tr, kind, flags, aux, gt, obj, seq, arg);
}

static inline void gt__emit_too(struct gtv_producer *tr, uint16_t kind, uint8_t flags,
				uint8_t aux, uint32_t gt, uint32_t obj, uint32_t seq,
				uint64_t arg)
{
	if (gt__trace_wants(tr))
		gt__emit_too_on(tr, kind, flags, aux, gt, obj, seq, arg);
}

#endif
