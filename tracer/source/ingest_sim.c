/* SPDX-License-Identifier: MIT
 *
 * What a simulated system tells of itself (GTV_CLOCK_SIM): its scheduling becomes the
 * kernel events that a real kernel's would be. Pids, tids, cores and time are virtual;
 * one ring holds a whole process. What is not plausible costs its producer that event.
 */
#include <string.h>

#include "tracer/source/naming.h"
#include "tracer/source/ring.h"

#define CORES_MAX   65536u
#define NS_MAX	    ((uint64_t)1 << 62)
#define IMPLAUSIBLE 1

static int is_tid(uint32_t tid)
{
	return tid >> 22 == 0;
}

void gtv_ring_identify_simulated(struct gtv_ring_source *src, struct gtv_reader *r,
				 const struct gtv_event *first)
{
	uint32_t pid = first->u.f.obj;

	r->os_tid = r->os_pid; /* whoever writes, the ring is the process's */
	if (first->kind == GTV_EV_SIM_PROC && pid && is_tid(pid))
		r->image->name_pid = pid;
	r->pid = r->tid = r->image->name_pid;
	gtv_naming_thread(src->base.config.names, r->tid, r->pid, NULL, GTV_NAME_OURS);
}

static int push(struct gtv_ring_source *src, struct gtv_reader *r, struct gtv_ev ev)
{
	src->stats.events++;
	return gtv_merge_push(src->base.config.merge, r->stream, &ev);
}

static int take_proc(struct gtv_ring_source *src, struct gtv_reader *r,
		     const struct gtv_event *wire, uint64_t ts_ns)
{
	if (wire->gt) /* its parent told of it */
		return 0;
	return push(src, r,
		    (struct gtv_ev){.ts_ns = ts_ns,
				    .kind = GTV_EV_K_THREAD,
				    .core = GTV_CORE_NONE,
				    .tid = r->tid,
				    .arg = r->pid});
}

static int take_start(struct gtv_ring_source *src, struct gtv_reader *r,
		      const struct gtv_event *wire, uint64_t ts_ns)
{
	uint32_t parent = wire->gt, child = wire->u.f.obj;
	struct gtv_ev ev = {.ts_ns = ts_ns,
			    .kind = GTV_EV_K_FORK,
			    .core = (int32_t)wire->u.f.seq,
			    .tid = parent,
			    .obj = child,
			    .arg = wire->u.f.arg};
	int rc;

	if (ev.arg >> 22)
		return IMPLAUSIBLE;
	gtv_naming_fork(src->base.config.names, parent, child, (uint32_t)ev.arg);
	if (ev.arg != r->pid && !src->virtual_held_ns)
		src->virtual_held_ns = ts_ns;
	rc = push(src, r, ev);
	if (rc)
		return rc;
	ev.kind = GTV_EV_K_NEW;
	ev.arg = wire->u.f.seq;
	return push(src, r, ev);
}

static int take_switch(struct gtv_ring_source *src, struct gtv_reader *r,
		       const struct gtv_event *wire, uint64_t ts_ns)
{
	static const uint8_t off[] = {[GTV_SIM_PREEMPTED] = GTV_OFF_PREEMPTED,
				      [GTV_SIM_WAITS] = GTV_OFF_SLEEP,
				      [GTV_SIM_ENDS] = GTV_OFF_DEAD};
	struct gtv_ev ev = {.ts_ns = ts_ns,
			    .kind = GTV_EV_K_EXIT,
			    .core = (int32_t)wire->u.f.seq,
			    .tid = wire->gt,
			    .arg = r->pid};
	int rc;

	if (wire->aux >= sizeof off || wire->u.f.arg > UINT32_MAX)
		return IMPLAUSIBLE;
	if (wire->aux == GTV_SIM_ENDS && (rc = push(src, r, ev)))
		return rc;
	ev.kind = GTV_EV_K_SWITCH;
	ev.arg = 0;
	ev.obj = wire->u.f.obj;
	ev.seq = (uint32_t)wire->u.f.arg;
	ev.state = ev.tid ? off[wire->aux] : GTV_OFF_IDLE;
	ev.flags = (uint8_t)((ev.tid ? GTV_KF_PREV_OURS : 0) |
			     (ev.obj ? GTV_KF_NEXT_OURS : 0));
	if (ev.tid && wire->aux == GTV_SIM_PREEMPTED)
		ev.flags |= GTV_KF_PREEMPTED;
	return push(src, r, ev);
}

static int take_wake(struct gtv_ring_source *src, struct gtv_reader *r,
		     const struct gtv_event *wire, uint64_t ts_ns)
{
	return push(src, r,
		    (struct gtv_ev){.ts_ns = ts_ns,
				    .kind = GTV_EV_K_WAKING,
				    .core = (int32_t)wire->u.f.seq,
				    .tid = wire->gt,
				    .obj = wire->u.f.obj});
}

static int take(struct gtv_ring_source *src, struct gtv_reader *r,
		const struct gtv_event *wire, uint64_t ts_ns)
{
	switch (wire->kind) {
	case GTV_EV_SIM_PROC:
		return take_proc(src, r, wire, ts_ns);
	case GTV_EV_SIM_THREAD:
		r->tid = wire->u.f.obj;
		return 0;
	case GTV_EV_SIM_START:
		return take_start(src, r, wire, ts_ns);
	case GTV_EV_SIM_SWITCH:
		return take_switch(src, r, wire, ts_ns);
	default:
		return take_wake(src, r, wire, ts_ns);
	}
}

int gtv_ring_ingest_simulated(struct gtv_ring_source *src, struct gtv_reader *r,
			      const struct gtv_event *wire, uint64_t ts_ns)
{
	int rc = IMPLAUSIBLE;

	if (gtv_ring_is_simulated(src) && r->image && is_tid(wire->gt) &&
	    is_tid(wire->u.f.obj) && wire->u.f.seq < CORES_MAX)
		rc = take(src, r, wire, ts_ns);
	if (rc != IMPLAUSIBLE)
		return rc;
	src->stats.corrupt++;
	return 0;
}

uint64_t gtv_ring_virtual_time(struct gtv_ring_source *src, const struct gtv_reader *r,
			       uint64_t ns)
{
	if (ns >= NS_MAX) {
		src->stats.corrupt++;
		ns = r->last_ns;
	}
	if (ns > src->virtual_last_ns)
		src->virtual_last_ns = ns;
	return ns;
}

uint64_t gtv_source_ring_virtual_ns(const struct gtv_source *base, int last)
{
	const struct gtv_ring_source *src = (const struct gtv_ring_source *)base;

	if (src->virtual_held_ns && !last)
		return src->virtual_held_ns - 1;
	return src->virtual_last_ns > GTV_SIM_START_NS ? src->virtual_last_ns
						       : GTV_SIM_START_NS;
}

unsigned gtv_source_ring_virtual_cores(const struct gtv_source *base)
{
	const struct gtv_ring_source *src = (const struct gtv_ring_source *)base;
	uint32_t cores = __atomic_load_n(&src->shm->sim_cores, __ATOMIC_RELAXED);

	return cores < CORES_MAX ? cores : CORES_MAX;
}
