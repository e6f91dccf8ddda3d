/* SPDX-License-Identifier: MIT
 *
 * The runtime's trace hook: one mapping a process, a producer (gtv_producer.h) an OS
 * thread, and the ring that a simulated process's threads share.
 */
#include "runtime/trace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/raw.h"
#include "runtime/sim.h"
#include "runtime/sys.h"

uint32_t gt__fences;

static struct gtv_map map;
static int opened;

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

void gt__trace_claim(struct gtv_producer *tr)
{
	uint64_t lost = tr->lost;

	memset(tr, 0, sizeof *tr);
	tr->lost = lost;
	if (!gt__trace_is_on() || gt__sim_on != (map.clock == GTV_CLOCK_SIM))
		return;
	tr->clock = map.clock;
	tr->on = 1;
	tr->last_raw = gt__trace_now(tr);
	/* A simulated thread has none: every event goes the slow way. */
	if (!gt__sim_on)
		gt__trace_claim_ring(tr);
}

void gt__trace_claim_ring(struct gtv_producer *tr)
{
	gtv_producer_claim(&map, tr, (uint32_t)gt__sys_tid());
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
	if (gt__sim_on)
		gt__sim_emit(tr, ev);
	else
		gtv_producer_slow(&map, tr, ev);
}

void gt__trace_text(struct gtv_producer *tr, enum gtv_text class, uint32_t id,
		    const char *text)
{
	for (unsigned i = 0; tr->on && i < gtv_text_pieces(text); i++) {
		struct gtv_event ev;

		gtv_text_piece(&ev, i, (uint8_t) class, id, text);
		gt__emit(tr, GTV_EV_TEXT, ev.flags, ev.aux, id, ev.u.f.obj, ev.u.f.seq,
			 ev.u.f.arg);
	}
}
