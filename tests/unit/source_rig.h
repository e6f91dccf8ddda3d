/* SPDX-License-Identifier: MIT
 *
 * A ring source, and a producer that writes the ABI by hand.
 */
#ifndef SOURCE_RIG_H
#define SOURCE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>
#include <cmocka.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/source/source.h"

#ifndef RING_BYTES
#define RING_BYTES 65536u
#endif
#define SLOTS (RING_BYTES / 32)

struct rig {
	struct gtv_names *names;
	struct gtv_merge *merge;
	struct gtv_clock clock;
	struct gtv_source *src;
	struct gtv_shm *shm; /* as the program sees it */
	size_t size;
};

static struct rig rig;

static inline void rig_open_clock(unsigned rings, uint32_t clock)
{
	struct gtv_err err;

	memset(&rig, 0, sizeof rig);
	rig.names = gtv_names_new();
	rig.merge = gtv_merge_new();
	gtv_clock_init(&rig.clock, clock);
	struct gtv_source_config config = {
		.names = rig.names,
		.merge = rig.merge,
		.clock = &rig.clock,
		.ring_bytes = RING_BYTES,
		.ring_count = rings,
		.self = getpid(),
	};
	assert_int_equal(gtv_source_ring.open(&rig.src, &config, &err), 0);
	assert_int_equal(rig.src->ops->attach(rig.src, getpid(), &err), 0);
	rig.size = gtv_shm_size(rings, RING_BYTES);
	rig.shm = mmap(NULL, rig.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       gtv_source_ring_fd(rig.src), 0);
	assert_ptr_not_equal(rig.shm, MAP_FAILED);
}

static inline void rig_open(unsigned rings)
{
	rig_open_clock(rings, gtv_clock_best_kind());
}

static inline void rig_close(void)
{
	munmap(rig.shm, rig.size);
	rig.src->ops->close(rig.src);
	gtv_merge_free(rig.merge);
	gtv_names_free(rig.names);
}

static inline int drain(void)
{
	return rig.src->ops->drain(rig.src);
}

static inline struct gtv_source_stats stats(void)
{
	struct gtv_source_stats s;

	rig.src->ops->stats(rig.src, &s);
	return s;
}

/* Everything merged so far, up to max; returns how many. (The line may be a little ahead of
 * the clock: so until the clock has come there, which it does soon.) */
static inline size_t take(struct gtv_ev *out, size_t max)
{
	uint64_t end = gtv_clock_mono_ns() + 60000000000u, now = 0;
	size_t n = 0;

	while (n < max && gtv_merge_queued(rig.merge) && now < end) {
		now = gtv_clock_mono_ns();
		while (n < max && !gtv_merge_pop(rig.merge, now, &out[n]))
			n++;
	}
	return n;
}

/* ------------------------------------------------------------ a producer */

struct producer {
	struct gtv_ring *ring;
	struct gtv_event *events;
	uint64_t head;
	int lossy;
};

static inline int claim_as(struct producer *p, uint32_t pid, uint32_t tid)
{
	*p = (struct producer){0};
	for (uint32_t i = 0; i < rig.shm->ring_count; i++) {
		struct gtv_ring *ring =
			(void *)((char *)rig.shm + gtv_ring_control_offset(i));
		uint32_t expected = GTV_RING_FREE;
		if (!__atomic_compare_exchange_n(&ring->state, &expected, GTV_RING_LIVE, 0,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		ring->pid = pid;
		ring->tid = tid;
		ring->generation++;
		*p = (struct producer){
			.ring = ring,
			.events = (void *)((char *)rig.shm +
					   gtv_ring_data_offset(rig.shm->ring_count,
								RING_BYTES, i)),
			.head = ring->head,
		};
		return (int)i;
	}
	return -1;
}

static inline int claim(struct producer *p)
{
	return claim_as(p, (uint32_t)getpid(), (uint32_t)gettid());
}

static inline void release(struct producer *p)
{
	__atomic_store_n(&p->ring->state, GTV_RING_CLOSED, __ATOMIC_RELEASE);
}

static inline void publish(struct producer *p, struct gtv_event ev)
{
	if (!ev.ts_raw)
		ev.ts_raw = gtv_clock_raw(rig.shm->clock);
	p->events[p->head % SLOTS] = ev;
	__atomic_store_n(&p->ring->head, ++p->head, __ATOMIC_RELEASE);
}

/* As an honest runtime does: drops and counts when full, tells when there is room. */
static inline void emit(struct producer *p, struct gtv_event ev)
{
	uint64_t used = p->head - __atomic_load_n(&p->ring->tail, __ATOMIC_ACQUIRE);

	if (used + (p->lossy ? 8 : 0) >= SLOTS) {
		ev.ts_raw = gtv_clock_raw(rig.shm->clock);
		if (!p->lossy)
			p->ring->loss_first_raw = ev.ts_raw;
		p->ring->loss_last_raw = ev.ts_raw;
		p->lossy = 1;
		__atomic_fetch_add(&p->ring->dropped[ev.kind], 1, __ATOMIC_RELEASE);
		return;
	}
	for (uint32_t k = 0; p->lossy && k < GTV_EV_USER_MAX; k++) {
		uint64_t n = p->ring->dropped[k] - p->ring->told[k];
		if (!n)
			continue;
		publish(p,
			(struct gtv_event){
				.ts_raw = p->ring->loss_last_raw,
				.kind = GTV_EV_LOST,
				.gt = (uint32_t)p->ring->loss_first_raw,
				.u.f = {k, (uint32_t)(p->ring->loss_first_raw >> 32), n}});
		p->ring->told[k] = p->ring->dropped[k];
	}
	p->lossy = 0;
	publish(p, ev);
}

static inline struct gtv_event mk(uint16_t kind, uint32_t gt, uint32_t obj, uint32_t seq,
				  uint64_t arg)
{
	return (struct gtv_event){.kind = kind, .gt = gt, .u.f = {obj, seq, arg}};
}

static inline void emit_text(struct producer *p, uint8_t cls, uint32_t id, const char *text)
{
	size_t len = strlen(text), chunks = (len + 15) / 16;

	for (size_t i = 0; i < chunks; i++) {
		struct gtv_event ev = {.kind = GTV_EV_TEXT, .aux = cls, .gt = id};
		ev.flags = (uint8_t)(i | (i + 1 == chunks ? GTV_TEXT_LAST : 0));
		memcpy(ev.u.text, text + 16 * i, len - 16 * i < 16 ? len - 16 * i : 16);
		emit(p, ev);
	}
}

static inline void wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

#endif
