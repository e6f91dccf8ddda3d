/* SPDX-License-Identifier: MIT
 *
 * A crowd: a machine of thousands of cores and a program of a hundred thousand green
 * threads, as a trace. tracegen's machine is truer to life and stops at 256 cores; this
 * one is only as true as a large screen needs, and is made in seconds. Each core has a
 * worker that lets its green threads run in turn; some yield, others sleep or wait; now
 * and then another program takes the core. Every event follows from the arguments.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/model/model.h"
#include "tracer/model/zoom.h"
#include "tracer/store/store.h"

#define CROWD_START 5000000000ull
#define CROWD_PID   9000u
#define CROWD_PIDS  3u /* processes that share the cores */
#define CROWD_TID   10000u
#define CROWD_OTHER 4321u
#define CROWD_STEP  2500u /* ns between the turns of two cores */
#define CROWD_BATCH 512u
#define CROWD_MEMBER                                                                       \
	4u /* of a core's green threads take part in the turns, the others wait */

struct crowd {
	struct gtv_store *store;
	struct gtv_model *model;
	struct gtv_zoom *zoom;
	struct gtv_ev batch[CROWD_BATCH];
	size_t batched, checkpoint;
	uint64_t now_ns, zoom_ns;
	int cores, gts;
	uint32_t *seq;
	struct crowd_core {
		int at, stolen, waits; /* waits: which of its own sleeps, -1 none */
		unsigned turn;
	} * core;
};

static inline void crowd_write(struct crowd *c)
{
	void *bytes;
	size_t size;

	if (gtv_model_feed(c->model, c->batch, c->batched) ||
	    gtv_store_append(c->store, c->batch, c->batched))
		abort();
	c->batched = 0;
	gtv_store_flush(c->store, c->now_ns);
	if (gtv_store_block_count(c->store) >= c->checkpoint + 64) {
		if (gtv_model_save(c->model, &bytes, &size))
			abort();
		gtv_store_put_checkpoint(c->store, c->now_ns, bytes, size);
		free(bytes);
		c->checkpoint = gtv_store_block_count(c->store);
	}
	if (c->now_ns - c->zoom_ns >= 1000000000u) {
		gtv_zoom_flush(c->zoom, c->now_ns, 0);
		c->zoom_ns = c->now_ns;
	}
}

static inline struct gtv_ev *crowd_ev(struct crowd *c, unsigned kind, int core)
{
	if (c->batched == CROWD_BATCH)
		crowd_write(c);
	struct gtv_ev *ev = &c->batch[c->batched++];
	*ev = (struct gtv_ev){.ts_ns = c->now_ns, .kind = (uint16_t)kind, .core = core};
	ev->tid = CROWD_TID + (uint32_t)core;
	c->now_ns += 20;
	return ev;
}

/* The k-th green thread of a core, 0 if it has not so many. */
static inline uint32_t crowd_gt(const struct crowd *c, int core, int k)
{
	int64_t gt = (int64_t)k * c->cores + core + 1;
	return gt <= c->gts ? (uint32_t)gt : 0;
}

static inline void crowd_kswitch(struct crowd *c, int core, uint32_t prev, uint32_t next,
				 unsigned off)
{
	struct gtv_ev *ev = crowd_ev(c, GTV_EV_K_SWITCH, core);
	ev->tid = prev;
	ev->obj = next;
	ev->state = (uint8_t)off;
	ev->flags = off == GTV_OFF_PREEMPTED ? GTV_KF_PREEMPTED : 0;
	ev->flags |= prev >= CROWD_TID ? GTV_KF_PREV_OURS : 0;
	ev->flags |= next >= CROWD_TID ? GTV_KF_NEXT_OURS : 0;
}

static inline void crowd_name(struct gtv_names *names, enum gtv_class cls, uint32_t id,
			      uint32_t pid, uint32_t local, const char *text)
{
	struct gtv_name name = {
		.id = id, .pid = pid, .local = local, .flags = GTV_NAME_OURS};
	strncpy(name.text, text, sizeof(name.text) - 1);
	if (gtv_names_set(names, cls, &name))
		abort();
}

static inline uint32_t crowd_pid(int core)
{
	return CROWD_PID + (uint32_t)core % CROWD_PIDS;
}

static inline void crowd_begin(struct crowd *c, struct gtv_names *names)
{
	static const char *const role[] = {"fetch", "parse", "store", "wait"};
	struct gtv_ev *ev;
	char text[32];

	for (uint32_t p = 0; p < CROWD_PIDS; p++)
		crowd_name(names, GTV_CLASS_PROCESS, CROWD_PID + p, CROWD_PID + p, 1,
			   p ? "helper" : "crowd");
	crowd_name(names, GTV_CLASS_THREAD, CROWD_OTHER, CROWD_OTHER, 0, "cc1");
	for (int i = 0; i < c->cores; i++) {
		uint32_t tid = CROWD_TID + (uint32_t)i;
		crowd_name(names, GTV_CLASS_THREAD, tid, crowd_pid(i), (uint32_t)i + 1,
			   "crowd");
		ev = crowd_ev(c, GTV_EV_K_THREAD, i);
		ev->core = GTV_CORE_NONE;
		ev->arg = crowd_pid(i);
		crowd_kswitch(c, i, 0, tid, GTV_OFF_IDLE);
		for (int k = 0; crowd_gt(c, i, k); k++) {
			uint32_t gt = crowd_gt(c, i, k);
			strcpy(text, role[k % 4]);
			crowd_name(names, GTV_CLASS_GT, gt, crowd_pid(i), gt, text);
			crowd_ev(c, GTV_EV_SPAWN, i)->gt = gt;
		}
		if (!crowd_gt(c, i, 0))
			continue;
		ev = crowd_ev(c, GTV_EV_SWITCH_RUN, i);
		ev->obj = crowd_gt(c, i, 0);
		ev->arg = (uint64_t)++c->seq[ev->obj] << 32;
		c->core[i].waits = -1;
	}
}

/* The core's worker goes from one green thread to its next. */
static inline void crowd_turn(struct crowd *c, int i)
{
	static const unsigned how[] = {GTV_EV_SWITCH_YIELD, GTV_EV_SWITCH_SLEEP,
				       GTV_EV_SWITCH_YIELD, GTV_EV_SWITCH_IO};
	struct crowd_core *core = &c->core[i];
	uint32_t tid = CROWD_TID + (uint32_t)i, from = crowd_gt(c, i, core->at), to;
	unsigned turn = core->turn++;
	int next = core->at + 1;

	if (core->stolen) {
		crowd_kswitch(c, i, CROWD_OTHER, tid, GTV_OFF_SLEEP);
		core->stolen = 0;
		return;
	}
	if ((turn + (unsigned)i) % 13 == 12) {
		crowd_kswitch(c, i, tid, CROWD_OTHER, GTV_OFF_PREEMPTED);
		core->stolen = 1;
		return;
	}
	if (core->waits >= 0) {
		struct gtv_ev *ev = crowd_ev(c, GTV_EV_READY, i);
		ev->gt = crowd_gt(c, i, core->waits);
		ev->seq = ++c->seq[ev->gt];
		ev->state = GTV_BY_TIMER;
		core->waits = -1;
	}
	if (!crowd_gt(c, i, next) || next >= (int)CROWD_MEMBER)
		next = 0;
	to = crowd_gt(c, i, next);
	if (!from || from == to)
		return;
	unsigned kind = how[turn % 4];
	struct gtv_ev *ev = crowd_ev(c, kind, i);
	ev->gt = from;
	ev->obj = to;
	ev->seq = ++c->seq[from];
	ev->arg = kind == GTV_EV_SWITCH_IO ? 5 : 0;
	ev->arg |= (uint64_t)++c->seq[to] << 32;
	if (kind != GTV_EV_SWITCH_YIELD)
		core->waits = core->at;
	core->at = next;
}

static inline void crowd_span(void *zoom, const struct gtv_span *span)
{
	gtv_zoom_span(zoom, span);
}

/* Writes the trace into a store that was made with crowd_info, and finishes it: so many
 * turns, of an event or two each. Aborts if it can't be made. */
static inline void crowd_fill(struct gtv_store *st, struct gtv_names *names, int cores,
			      int gts, size_t turns)
{
	struct crowd c = {.store = st, .now_ns = CROWD_START, .zoom_ns = CROWD_START};
	struct gtv_model_sink sink = {.span = crowd_span};

	c.cores = cores;
	c.gts = gts;
	c.seq = calloc((size_t)gts + 1, sizeof(*c.seq));
	c.core = calloc((size_t)cores, sizeof(*c.core));
	c.zoom = gtv_zoom_new(st);
	sink.arg = c.zoom;
	c.model = gtv_model_new(3, names, &sink);
	if (!c.seq || !c.core || !c.zoom || !c.model)
		abort();
	crowd_begin(&c, names);
	for (size_t n = 0; n < turns; n++) {
		uint64_t due_ns = CROWD_START + 100000000u + n * CROWD_STEP;
		if (c.now_ns < due_ns)
			c.now_ns = due_ns;
		crowd_turn(&c, (int)(n % (size_t)cores));
	}
	crowd_write(&c);
	gtv_model_finish(c.model, c.now_ns);
	gtv_zoom_flush(c.zoom, c.now_ns, 1);
	gtv_store_set_exit(st, 0);
	if (gtv_store_finish(st))
		abort();
	gtv_model_free(c.model);
	gtv_zoom_free(c.zoom);
	free(c.seq);
	free(c.core);
}

static inline struct gtv_store_info crowd_info(int cores)
{
	return (struct gtv_store_info){.level = 3,
				       .core_count = (uint32_t)cores,
				       .start_ns = CROWD_START,
				       .pid = CROWD_PID,
				       .exit_status = -1,
				       .command = "./crowd"};
}

/* The same in an unlinked file. */
static inline struct gtv_store *crowd_store(struct gtv_names *names, int cores, int gts,
					    size_t turns)
{
	struct gtv_store_info info = crowd_info(cores);
	struct gtv_store *st;

	if (gtv_store_create_temp(&st, &info, names, NULL))
		abort();
	crowd_fill(st, names, cores, gts, turns);
	return st;
}

#endif
