/* SPDX-License-Identifier: MIT
 *
 * The runtime's trace hook: one mapping a process, a producer (gtv_producer.h) an OS
 * thread, and the ring that a simulated process's threads share.
 */
#include "runtime/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/os/raw.h"
#include "runtime/sim/sim.h"
#include "runtime/os/sys.h"

uint32_t gt__fences;
uint32_t gt__trace_round = 1;

static struct gtv_map map;
static int opened;
static uint32_t begun = 1; /* atomic: 0 while a trace is being begun */

/* ---------------------------------------------------------------- mapping */

int gt__trace_map(int fd)
{
	return gtv_map_fd(&map, fd);
}

void gt__trace_unmap(void)
{
	gtv_map_close(&map);
	opened = 0;
}

/* A trace's clock is a real one unless gtviz was started with GT_SIM, and its times must
 * be true. */
static int clock_is_right(void)
{
	static const char line[] = "gt: GT_SIM: a simulated run is not traced here "
				   "(give gtviz the same GT_SIM)\n";
	const char *seed = getenv("GT_SIM");

	if (!seed || !*seed || map.clock == GTV_CLOCK_SIM)
		return 1;
	(void)!gt__raw_write(STDERR_FILENO, line, sizeof line - 1);
	gt__trace_unmap();
	opened = 1;
	return 0;
}

int gt__trace_open(void)
{
	if (opened || map.shm)
		return map.shm != NULL;
	opened = 1;
	return gtv_map_environment(&map) && clock_is_right();
}

/* ------------------------------------------------------------------ rings */

int gt__trace_is_on(void)
{
	return gtv_map_is_on(&map);
}

static void claim(struct gtv_producer *tr)
{
	uint64_t lost = tr->lost;

	memset(tr, 0, sizeof *tr);
	tr->lost = lost;
	if (!gt__trace_is_on() || gt__sim_on != (map.clock == GTV_CLOCK_SIM))
		return;
	tr->round = __atomic_load_n(&gt__trace_round, __ATOMIC_ACQUIRE);
	tr->clock = map.clock;
	__atomic_store_n(&tr->on, 1, __ATOMIC_RELAXED);
	tr->last_raw = gt__trace_now(tr);
	/* A simulated thread has none: every event goes the slow way. */
	if (!gt__sim_on)
		gt__trace_claim_ring(tr);
}

void gt__trace_claim(struct gtv_producer *tr)
{
	if (__atomic_load_n(&begun, __ATOMIC_SEQ_CST)) {
		claim(tr);
		return;
	}
	memset(tr, 0, sizeof *tr); /* round 0: its first event asks again */
	__atomic_store_n(&tr->on, 1, __ATOMIC_RELAXED);
}

void gt__trace_claim_first(struct gtv_producer *tr)
{
	claim(tr);
}

void gt__trace_claim_ring(struct gtv_producer *tr)
{
	gtv_producer_claim(&map, tr, (uint32_t)gt__sys_tid());
}

/* ------------------------------------------------------------- attaching */

/* The descriptor of a memory file that may be believed, *fresh its mapping; or -errno. */
static int fetch(struct gtv_map *fresh, const char *socket)
{
	int fd = gtv_map__ask(socket, SOCK_STREAM), err;

	if (fd < 0)
		return -ENOENT;
	err = gtv_map_fd(fresh, fd);
	if (!err && fresh->clock == GTV_CLOCK_SIM) {
		gtv_map_close(fresh);
		err = -EINVAL;
	}
	if (err)
		close(fd);
	return err ? err : fd;
}

int gt__trace_fetch(struct gt__trace_next *next, const char *socket)
{
	if (gt__trace_is_on() && __atomic_load_n(&map.shm->enabled, __ATOMIC_RELAXED) &&
	    !gtv_map_reader_is_still(&map, GTV_HEARTBEAT_STALE_NS))
		return -EBUSY;
	memset(next, 0, sizeof *next);
	next->fd = fetch(&next->map, socket);
	if (next->fd < 0)
		return next->fd;
	next->in_place = map.shm && map.bytes == next->map.bytes &&
			 __atomic_load_n(&map.gone, __ATOMIC_RELAXED);
	__atomic_store_n(&map.gone, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&begun, 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&gt__trace_round, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* In place of the last one if that is as large and over: who is in the midst of an event
 * for longer than that still writes there. Else memory of nobody's takes its place. */
void gt__trace_take(struct gt__trace_next *next)
{
	void *at = map.shm;

	if (next->in_place && mmap(at, map.bytes, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, next->fd, 0) == at) {
		munmap(next->map.shm, next->map.bytes);
		next->map.shm = at;
	} else {
		gt__trace_end();
	}
	close(next->fd);
	map = next->map;
	opened = 1;
}

void gt__trace_go(void)
{
	__atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
}

void gt__trace_end(void)
{
	__atomic_store_n(&map.gone, 1, __ATOMIC_SEQ_CST);
	if (map.shm)
		mmap(map.shm, map.bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void gt__trace_poke(struct gtv_producer *tr)
{
	__atomic_store_n(&tr->limit, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&tr->on, 1, __ATOMIC_SEQ_CST);
}

void gt__trace_give_way(const struct gtv_producer *tr)
{
	struct timespec pause = {.tv_nsec = 100000};

	for (int i = 0; tr->ring && gtv_producer_room(tr) < 64 && i < 10000; i++) {
		if (gtv_map_reader_is_gone(&map))
			return;
		gtv_map_doorbell(&map);
		gt__raw_ppoll(NULL, 0, &pause, NULL);
		pause.tv_nsec = 100000;
	}
}

/* tr's ring is of an earlier trace, or it has none. Returns whether to write. */
static int renew(struct gtv_producer *tr)
{
	if (!__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
		return 0; /* and its next event asks again */
	claim(tr);
	return tr->on != 0;
}

void gt__trace_close(struct gtv_producer *tr)
{
	gtv_producer_close(tr);
}

void gt__trace_forget(struct gtv_producer *tr)
{
	memset(tr, 0, sizeof *tr);
}

struct gtv_shm *gt__trace_simulated(void)
{
	return gt__trace_is_on() && map.clock == GTV_CLOCK_SIM ? map.shm : NULL;
}

int gt__trace_put(struct gtv_producer *tr, const struct gtv_event *ev)
{
	struct timespec pause = {.tv_nsec = 100000};
	uint64_t free_slots;

	while (!(free_slots = gtv_producer_room(tr))) {
		if (!__atomic_load_n(&map.shm->enabled, __ATOMIC_RELAXED) ||
		    gtv_map_reader_is_gone(&map)) {
			__atomic_store_n(&map.gone, 1, __ATOMIC_RELAXED);
			return 0;
		}
		gtv_map_doorbell(&map);
		gt__raw_ppoll(NULL, 0, &pause, NULL);
		pause.tv_nsec = 100000; /* the kernel wrote there */
	}
	gtv_producer_publish(tr, ev);
	if (free_slots == (tr->mask + 1) / 2)
		gtv_map_doorbell(&map);
	return 1;
}

__attribute__((cold)) void gt__emit_slow(struct gtv_producer *tr,
					 const struct gtv_event *ev)
{
	uint32_t round = __atomic_load_n(&gt__trace_round, __ATOMIC_SEQ_CST);
	struct gtv_event late;

	if (gt__sim_on) {
		gt__sim_emit(tr, ev);
		return;
	}
	if (tr->round != round) {
		if (!renew(tr))
			return;
		late = *ev;
		late.ts_raw = tr->last_raw; /* it was taken by another clock, or long ago */
		ev = &late;
	}
	gtv_producer_slow(&map, tr, ev);
	/* Poked meanwhile: our limit has taken the place of that one. */
	if (__atomic_load_n(&gt__trace_round, __ATOMIC_SEQ_CST) != round)
		__atomic_store_n(&tr->limit, 0, __ATOMIC_RELAXED);
}

void gt__trace_text(struct gtv_producer *tr, enum gtv_text class, uint32_t id,
		    const char *text)
{
	for (unsigned i = 0; gt__trace_wants(tr) && i < gtv_text_pieces(text); i++) {
		struct gtv_event ev;

		gtv_text_piece(&ev, i, (uint8_t) class, id, text);
		gt__emit(tr, GTV_EV_TEXT, ev.flags, ev.aux, id, ev.u.f.obj, ev.u.f.seq,
			 ev.u.f.arg);
	}
}
