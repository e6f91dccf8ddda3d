/* SPDX-License-Identifier: MIT
 *
 * The scene of the golden screens: a GIL convoy under gil3, as events. Two spinners
 * hand the GIL to each other every 5 ms; an echo thread gets a byte, needs the GIL
 * for 0.1 ms and queues behind a full stripe each time; a fourth thread saves with
 * fsync. Four pinned workers; at 1.220 4 s cc1 takes C0 for 4 ms from the spinner
 * that holds the GIL. Every event follows from the script: the same on every machine.
 */
#ifndef CONVOY_H
#define CONVOY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/store/store.h"

#define CONVOY_START 7000000000ull /* the trace's nought */
#define CONVOY_US    1000ull
#define CONVOY_MS    1000000ull
#define CONVOY_PID   4242u
#define CONVOY_PEER  4250u
#define CONVOY_CC1   9001u
#define CONVOY_GIL   1u
#define CONVOY_FSYNC 1u

struct convoy {
	struct gtv_ev *ev;
	size_t count, cap;
	uint32_t seq[5], lock_seq;
};

static inline uint32_t convoy_tid(uint32_t gt)
{
	return CONVOY_PID + gt - 1; /* G1 on W0 on C0, and so on */
}

static inline struct gtv_ev *convoy_ev(struct convoy *c, uint64_t ts, unsigned kind,
				       uint32_t tid, int core)
{
	if (c->count == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 1024;
		c->ev = realloc(c->ev, c->cap * sizeof(*c->ev));
		if (!c->ev)
			abort();
	}
	struct gtv_ev *ev = &c->ev[c->count++];
	*ev = (struct gtv_ev){
		.ts_ns = ts, .kind = (uint16_t)kind, .tid = tid, .core = core};
	return ev;
}

static inline void convoy_kswitch(struct convoy *c, uint64_t ts, int core, uint32_t prev,
				  uint32_t next, unsigned off, uint32_t call)
{
	struct gtv_ev *ev = convoy_ev(c, ts, GTV_EV_K_SWITCH, prev, core);
	ev->obj = next;
	ev->state = (uint8_t)off;
	ev->seq = call;
	ev->flags = off == GTV_OFF_PREEMPTED ? GTV_KF_PREEMPTED : 0;
	if (prev && prev != CONVOY_CC1)
		ev->flags |= GTV_KF_PREV_OURS;
	if (next && next != CONVOY_CC1)
		ev->flags |= GTV_KF_NEXT_OURS;
}

static inline struct gtv_ev *convoy_user(struct convoy *c, uint64_t ts, unsigned kind,
					 uint32_t gt, uint32_t obj)
{
	uint32_t by = gt ? gt : obj;
	struct gtv_ev *ev = convoy_ev(c, ts, kind, convoy_tid(by), (int)by - 1);
	ev->gt = gt;
	ev->obj = obj;
	return ev;
}

/* g waits (kind says for what), and its OS thread goes to sleep in `call`. */
static inline void convoy_block(struct convoy *c, uint64_t ts, uint32_t g, unsigned kind,
				uint32_t what, uint32_t call)
{
	struct gtv_ev *ev = convoy_user(c, ts, kind, g, 0);
	ev->seq = ++c->seq[g];
	ev->arg = what;
	convoy_kswitch(c, ts + 2 * CONVOY_US, (int)g - 1, convoy_tid(g), 0, GTV_OFF_SLEEP,
		       call);
}

static inline void convoy_wake(struct convoy *c, uint64_t ts, uint32_t by, uint32_t g,
			       unsigned aux)
{
	uint32_t tid = by ? convoy_tid(by) : CONVOY_PEER;
	int core = by ? (int)by - 1 : 3;
	struct gtv_ev *ev = convoy_ev(c, ts, GTV_EV_READY, by ? tid : convoy_tid(g), core);
	ev->gt = g;
	ev->obj = by;
	ev->seq = ++c->seq[g];
	ev->state = (uint8_t)aux;
	ev = convoy_ev(c, ts + CONVOY_US, GTV_EV_K_WAKING, tid, core);
	ev->obj = convoy_tid(g);
}

/* g's OS thread comes on its core, and g with it. */
static inline void convoy_run(struct convoy *c, uint64_t ts, uint32_t g)
{
	convoy_kswitch(c, ts, (int)g - 1, 0, convoy_tid(g), GTV_OFF_IDLE, 0);
	struct gtv_ev *ev = convoy_user(c, ts + CONVOY_US, GTV_EV_SWITCH_RUN, 0, g);
	ev->arg = (uint64_t)++c->seq[g] << 32;
}

static inline void convoy_take(struct convoy *c, uint64_t ts, uint32_t g)
{
	convoy_user(c, ts, GTV_EV_GIL_TAKE, g, CONVOY_GIL)->seq = ++c->lock_seq;
}

static inline void convoy_drop(struct convoy *c, uint64_t ts, uint32_t g)
{
	convoy_user(c, ts, GTV_EV_GIL_DROP, g, CONVOY_GIL)->seq = ++c->lock_seq;
}

/* `from` lets the GIL go, `to` wakes and takes it 30 µs later. */
static inline void convoy_hand(struct convoy *c, uint64_t ts, uint32_t from, uint32_t to)
{
	convoy_drop(c, ts, from);
	convoy_wake(c, ts + 2 * CONVOY_US, from, to, GTV_BY_GT);
	convoy_run(c, ts + 30 * CONVOY_US, to);
	convoy_take(c, ts + 32 * CONVOY_US, to);
}

/* The peer answers: it runs for 40 µs on C3, and the echo thread has its byte. */
static inline void convoy_byte(struct convoy *c, uint64_t ts)
{
	convoy_kswitch(c, ts, 3, 0, CONVOY_PEER, GTV_OFF_IDLE, 0);
	convoy_wake(c, ts + 20 * CONVOY_US, 0, 3, GTV_BY_POLLER);
	convoy_kswitch(c, ts + 40 * CONVOY_US, 3, CONVOY_PEER, 0, GTV_OFF_SLEEP, 1);
	convoy_run(c, ts + 50 * CONVOY_US, 3);
	convoy_user(c, ts + 60 * CONVOY_US, GTV_EV_GIL_REQUEST, 3, CONVOY_GIL);
	convoy_block(c, ts + 70 * CONVOY_US, 3, GTV_EV_SWITCH_GIL, CONVOY_GIL, 203);
}

/* One stripe: `spin` has had the GIL since ts; at its end the echo thread has it for
 * 0.1 ms, then `next`. Returns when `next` has it. */
static inline uint64_t convoy_stripe(struct convoy *c, uint64_t ts, uint32_t spin,
				     uint32_t next, uint64_t length, int saver)
{
	uint64_t end = ts + length;
	convoy_byte(c, ts + 50 * CONVOY_US);
	convoy_user(c, end - 20 * CONVOY_US, GTV_EV_GIL_REQUEST, next, CONVOY_GIL)->tid =
		convoy_tid(spin);
	convoy_hand(c, end, spin, 3);
	convoy_block(c, end + 5 * CONVOY_US, spin, GTV_EV_SWITCH_GIL, CONVOY_GIL, 203);
	end += 132 * CONVOY_US;
	if (saver) {
		convoy_hand(c, end, 3, 4);
		convoy_block(c, end + 10 * CONVOY_US, 3, GTV_EV_SWITCH_IO, 8, 45);
		end += 500 * CONVOY_US;
		convoy_hand(c, end, 4, next);
		convoy_block(c, end + 10 * CONVOY_US, 4, GTV_EV_SWITCH_SYSCALL,
			     CONVOY_FSYNC, 203);
	} else {
		convoy_hand(c, end, 3, next);
		convoy_block(c, end + 10 * CONVOY_US, 3, GTV_EV_SWITCH_IO, 8, 45);
	}
	return end + 32 * CONVOY_US;
}

static inline void convoy_begin(struct convoy *c, uint64_t ts)
{
	struct gtv_ev *ev;
	for (uint32_t g = 1; g <= 4; g++) {
		ev = convoy_ev(c, ts, GTV_EV_K_THREAD, convoy_tid(g), GTV_CORE_NONE);
		ev->arg = CONVOY_PID;
	}
	convoy_ev(c, ts, GTV_EV_K_THREAD, CONVOY_PEER, GTV_CORE_NONE)->arg = CONVOY_PEER;
	for (uint32_t g = 1; g <= 4; g++) {
		convoy_kswitch(c, ts + g * CONVOY_US, (int)g - 1, 0, convoy_tid(g),
			       GTV_OFF_IDLE, 0);
		ev = convoy_ev(c, ts + 10 * CONVOY_US + g, GTV_EV_SPAWN, convoy_tid(g),
			       (int)g - 1);
		ev->gt = g;
		ev = convoy_user(c, ts + 20 * CONVOY_US + g, GTV_EV_SWITCH_RUN, 0, g);
		ev->arg = (uint64_t)++c->seq[g] << 32;
	}
	convoy_take(c, ts + 30 * CONVOY_US, 1);
	convoy_block(c, ts + 40 * CONVOY_US, 2, GTV_EV_SWITCH_GIL, CONVOY_GIL, 203);
	convoy_block(c, ts + 42 * CONVOY_US, 3, GTV_EV_SWITCH_IO, 8, 45);
	convoy_block(c, ts + 44 * CONVOY_US, 4, GTV_EV_SWITCH_SYSCALL, CONVOY_FSYNC, 203);
}

static inline int convoy_order(const void *a, const void *b)
{
	const struct gtv_ev *x = a, *y = b;
	return (x->ts_ns > y->ts_ns) - (x->ts_ns < y->ts_ns);
}

/* From 1.0 s on for so many stripes; cc1 comes in the one that holds 1.220 4 s, the
 * saver asks in every eighth. */
static inline void convoy_script(struct convoy *c, int stripes)
{
	uint64_t ts = CONVOY_START + 1000 * CONVOY_MS,
		 theft = CONVOY_START + 1220400 * CONVOY_US;
	memset(c, 0, sizeof(*c));
	convoy_begin(c, ts);
	ts += 100 * CONVOY_US;
	for (int i = 0; i < stripes; i++) {
		uint32_t spin = i % 2 ? 2 : 1, next = 3 - spin;
		uint64_t length = 5 * CONVOY_MS;
		int saver = i % 8 == 7;
		if (spin == 1 && ts < theft && ts + length > theft) {
			length += 4 * CONVOY_MS;
			convoy_kswitch(c, theft, 0, convoy_tid(1), CONVOY_CC1,
				       GTV_OFF_PREEMPTED, 0);
			convoy_kswitch(c, theft + 4 * CONVOY_MS, 0, CONVOY_CC1,
				       convoy_tid(1), GTV_OFF_SLEEP, 0);
		}
		if (saver) {
			convoy_wake(c, ts + 1500 * CONVOY_US, 0, 4, GTV_BY_POOL);
			convoy_run(c, ts + 1520 * CONVOY_US, 4);
			convoy_block(c, ts + 1530 * CONVOY_US, 4, GTV_EV_SWITCH_GIL,
				     CONVOY_GIL, 203);
		}
		ts = convoy_stripe(c, ts, spin, next, length, saver);
	}
	qsort(c->ev, c->count, sizeof(*c->ev), convoy_order);
}

static inline void convoy_name(struct gtv_names *names, enum gtv_class cls, uint32_t id,
			       uint32_t local, uint32_t flags, const char *text,
			       const char *extra)
{
	struct gtv_name name = {
		.id = id, .pid = CONVOY_PID, .local = local, .flags = flags};
	strncpy(name.text, text, sizeof(name.text) - 1);
	strncpy(name.extra, extra, sizeof(name.extra) - 1);
	if (gtv_names_set(names, cls, &name))
		abort();
}

static inline void convoy_names(struct gtv_names *names)
{
	static const char *const gt[] = {"spin-a", "spin-b", "echo", "save"};
	convoy_name(names, GTV_CLASS_PROCESS, CONVOY_PID, 1,
		    GTV_NAME_OURS | GTV_NAME_ONE_TO_ONE, "convoy", "gil3");
	for (uint32_t g = 1; g <= 4; g++) {
		convoy_name(names, GTV_CLASS_THREAD, convoy_tid(g), g, GTV_NAME_OURS,
			    "convoy", "");
		convoy_name(names, GTV_CLASS_GT, g, g, GTV_NAME_OURS, gt[g - 1], "");
	}
	convoy_name(names, GTV_CLASS_THREAD, CONVOY_PEER, 0, GTV_NAME_OURS, "peer", "");
	convoy_name(names, GTV_CLASS_THREAD, CONVOY_CC1, 0, 0, "cc1", "");
	convoy_name(names, GTV_CLASS_LOCK, CONVOY_GIL, 1, GTV_NAME_IS_GIL, "GIL", "gil3");
	convoy_name(names, GTV_CLASS_CALL, CONVOY_FSYNC, 1, 0, "fsync", "");
}

/* The scene as a complete trace in an unlinked file. Aborts if it can't be made. */
static inline struct gtv_store *convoy_store(struct gtv_names *names, int stripes)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 4,
				      .start_ns = CONVOY_START,
				      .pid = CONVOY_PID,
				      .exit_status = -1,
				      .command = "./convoy --spin 2 --echo"};
	static const char *const output[] = {"warming up\n", "round trip 5.05 ms\n",
					     "\033[31mred\033[0m and a tab\there\n",
					     "half a line"};
	struct gtv_store *st;
	struct convoy c;
	convoy_names(names);
	convoy_script(&c, stripes);
	if (gtv_store_create_temp(&st, &info, names, NULL))
		abort();
	for (size_t i = 0; i < 4; i++)
		if (gtv_store_put_output(st, CONVOY_START + (1000 + 60 * i) * CONVOY_MS,
					 output[i], strlen(output[i])))
			abort();
	for (size_t i = 0; i < c.count; i += 512)
		if (gtv_store_append(st, &c.ev[i], c.count - i < 512 ? c.count - i : 512))
			abort();
	gtv_store_set_exit(st, 0);
	if (gtv_store_finish(st))
		abort();
	free(c.ev);
	return st;
}

#endif
