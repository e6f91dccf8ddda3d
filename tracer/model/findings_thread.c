/* SPDX-License-Identifier: MIT
 *
 * OS threads and cores: who waits for a core while another is idle, or because of the
 * program's own threads; who goes to and fro between cores; and which worker sleeps in
 * the kernel, or makes a blocking call, while green threads are ready.
 */
#include "tracer/model/findings_priv.h"

#include <stdlib.h>
#include <string.h>

struct gtv__f_thread *gtv__f_thread(struct gtv_findings *f, uint32_t tid, uint32_t pid)
{
	struct gtv__f_thread *t = gtv__f_get(&f->threads, tid);
	struct gtv_name name = {0};

	if (t || !tid)
		return t;
	t = gtv__f_make(&f->threads, tid);
	if (!t)
		return NULL;
	if (!pid && f->names) {
		gtv_names_get(f->names, GTV_CLASS_THREAD, tid, &name);
		pid = name.pid;
	}
	t->core = t->old_core = t->queue = GTV_CORE_NONE;
	t->proc = gtv__f_proc(f, pid);
	if (t->proc)
		t->proc->threads++;
	f->saw_thread = 1;
	return t;
}

int gtv__f_ping(uint64_t goes, uint64_t *backs)
{
	++*backs;
	return *backs >= GTV__PING_TIMES && *backs * GTV__PING_SHARE >= goes;
}

/* ---- on a core, off a core ---- */

/* NULL if there is no such core, or no memory. */
static struct gtv__f_core *core_of(struct gtv_findings *f, int32_t core)
{
	struct gtv__f_core *all;
	uint32_t cores = f->cores ? f->cores : 16;

	if (core < 0 || core >= GTV__F_CORES)
		return NULL;
	if ((uint32_t)core < f->cores)
		return &f->core[core];
	while (cores <= (uint32_t)core)
		cores *= 2;
	all = realloc(f->core, cores * sizeof *all);
	if (!all) {
		f->no_memory = 1;
		return NULL;
	}
	memset(all + f->cores, 0, (cores - f->cores) * sizeof *all);
	f->core = all;
	f->cores = cores;
	return &f->core[core];
}

/* Who has it from now on: nobody, one of ours (tid), or another program. */
static void core_is(struct gtv_findings *f, int32_t core, int idle, uint32_t tid,
		    uint64_t ns)
{
	struct gtv__f_core *c = core_of(f, core);

	if (!c)
		return;
	f->idle += (uint32_t)idle;
	f->idle -= c->idle_ns != 0;
	c->idle_ns = idle ? ns : 0;
	if (c->ours_since_ns && ns > c->ours_since_ns)
		c->ours_ns += ns - c->ours_since_ns;
	c->ours_since_ns = tid ? ns : 0;
	if (tid)
		c->tid = tid;
}

/* For how long ours had the core, up to ns. */
static uint64_t ours(const struct gtv_findings *f, int32_t core, uint64_t ns)
{
	const struct gtv__f_core *c;

	if (core < 0 || (uint32_t)core >= f->cores)
		return 0;
	c = &f->core[core];
	return c->ours_ns +
	       (c->ours_since_ns && ns > c->ours_since_ns ? ns - c->ours_since_ns : 0);
}

/* It waits for a core from now on. */
static void queue_on(struct gtv_findings *f, struct gtv__f_thread *t, int32_t core,
		     uint64_t ns)
{
	t->queue = core;
	t->queue_ours_ns = ours(f, core, ns);
	t->queue_own_ns = 0;
}

static void requeue(struct gtv_findings *f, struct gtv__f_thread *t, int32_t core,
		    uint64_t ns)
{
	t->queue_own_ns += ours(f, t->queue, ns) - t->queue_ours_ns;
	t->queue = core;
	t->queue_ours_ns = ours(f, core, ns);
}

static void thread_on(struct gtv__f_thread *t, int32_t core, uint64_t ns)
{
	struct gtv__found *a = t->proc ? &t->proc->found[GTV__P_PING] : NULL;

	t->off = 0;
	t->goes++;
	if (t->core == core)
		return;
	if (t->old_core == core && a) {
		if (!t->backs)
			t->first_back_ns = ns;
		if (gtv__f_ping(t->goes, &t->backs)) {
			a->victims += !t->ping;
			a->times += t->ping ? 0 : t->backs - 1;
			t->ping = 1;
			if (gtv__found(a, t->first_back_ns, ns, 0, t->backs)) {
				a->who = gtv__f_lane(GTV_LANE_THREAD, t->tid);
				a->by = (struct gtv_lane){GTV_LANE_CORE, (uint32_t)t->core};
				a->extra[0] = (uint32_t)core;
				a->extra[1] = t->goes;
			}
		}
	}
	t->old_core = t->core;
	t->core = core;
}

static void thread_off(struct gtv__f_thread *t, uint64_t ns)
{
	t->off = 1;
	if (t->proc)
		t->off_mark = gtv__f_mark(t->proc, ns);
}

static void ev_switch(struct gtv_findings *f, const struct gtv_ev *ev)
{
	struct gtv__f_thread *t;

	t = gtv__f_get(&f->threads, ev->tid);
	if (!t && ev->flags & GTV_KF_PREV_OURS && ev->state != GTV_OFF_DEAD)
		t = gtv__f_thread(f, ev->tid, 0);
	if (t) {
		thread_off(t, ev->ts_ns);
		queue_on(f, t, ev->core, ev->ts_ns);
	}
	t = ev->flags & GTV_KF_NEXT_OURS ? gtv__f_thread(f, ev->obj, 0)
					 : gtv__f_get(&f->threads, ev->obj);
	if (t)
		thread_on(t, ev->core, ev->ts_ns);
	core_is(f, ev->core, !ev->obj, t ? t->tid : 0, ev->ts_ns);
}

/* ---- OS threads that wait for one another ---- */

/* t sleeps on a futex: does who has that wait for t? What the futex says is the
 * program's word. */
static void futex_wait(struct gtv_findings *f, struct gtv__f_thread *t, uint32_t owner,
		       uint64_t ns)
{
	struct gtv__f_cycle c = {.proc = t->proc, .from_ns = ns, .threads = 1};
	const struct gtv__f_thread *at = t;
	uint8_t idx;

	t->waits_tid = owner;
	if (!owner || t->cycle)
		return;
	do {
		if (c.members == GTV__F_MEMBERS || !at->waits_tid || at->cycle)
			return;
		c.member[c.members++] = at->tid;
		owner = at->waits_tid;
		at = gtv__f_peek(&f->threads, owner);
	} while (at && at != t);
	if (!at || !gtv__f_cycle_new(f, &c, &idx))
		return;
	for (int m = 0; m < c.members; m++) {
		struct gtv__f_thread *member = gtv__f_peek(&f->threads, c.member[m]);
		member->cycle = idx;
	}
}

static void futex_woken(struct gtv_findings *f, struct gtv__f_thread *t, uint64_t ns)
{
	struct gtv__f_cycle *c = t->cycle ? &f->cycle[t->cycle - 1] : NULL;

	t->waits_tid = 0;
	if (!c || !c->proc || !c->threads) {
		t->cycle = 0;
		return;
	}
	gtv__f_cycle_add(&c->proc->found[GTV__P_CYCLE], c, ns, 0);
	for (int m = 0; m < c->members; m++) {
		struct gtv__f_thread *member = gtv__f_peek(&f->threads, c->member[m]);
		if (member)
			member->cycle = 0;
	}
	c->proc = NULL;
}

/* ---- ends ---- */

static void proc_end(struct gtv_findings *f, uint32_t pid, uint64_t ns)
{
	struct gtv__f_proc *p = gtv__f_get(&f->procs, pid);

	if (p)
		gtv__f_gt_end(f, p, ns);
}

static void thread_end(struct gtv_findings *f, const struct gtv_ev *ev)
{
	struct gtv__f_thread *t = gtv__f_get(&f->threads, ev->tid);
	struct gtv__f_proc *p = t ? t->proc : NULL;

	if (!t)
		return;
	futex_woken(f, t, ev->ts_ns);
	gtv__f_drop(&f->threads, ev->tid);
	if (!p || (p->threads && --p->threads))
		return;
	gtv__f_gt_end(f, p, ev->ts_ns);
}

void gtv__f_thread_event(struct gtv_findings *f, const struct gtv_ev *ev)
{
	struct gtv__f_thread *t;

	switch (ev->kind) {
	case GTV_EV_K_SWITCH:
		ev_switch(f, ev);
		break;
	case GTV_EV_K_ON:
		t = gtv__f_thread(f, ev->tid, 0);
		if (t)
			thread_on(t, ev->core, ev->ts_ns);
		core_is(f, ev->core, 0, ev->tid, ev->ts_ns);
		break;
	case GTV_EV_K_OFF:
		t = gtv__f_get(&f->threads, ev->tid);
		if (t)
			thread_off(t, ev->ts_ns);
		break;
	case GTV_EV_K_WAKING:
	case GTV_EV_K_NEW:
		t = gtv__f_get(&f->threads, ev->obj);
		if (t)
			futex_woken(f, t, ev->ts_ns);
		if (t && ev->kind == GTV_EV_K_NEW)
			queue_on(f, t, ev->arg < GTV__F_CORES ? (int32_t)ev->arg : -1,
				 ev->ts_ns);
		else if (t && t->off)
			queue_on(f, t, t->core, ev->ts_ns);
		break;
	case GTV_EV_K_FUTEX:
		t = gtv__f_get(&f->threads, ev->tid);
		if (t && t->proc)
			futex_wait(f, t, ev->obj, ev->ts_ns);
		break;
	case GTV_EV_K_MIGRATE:
		t = gtv__f_get(&f->threads, ev->obj);
		if (t && ev->arg < GTV__F_CORES)
			requeue(f, t, (int32_t)ev->arg, ev->ts_ns);
		break;
	case GTV_EV_K_FORK:
		if (!(ev->flags & GTV_KF_FOREIGN))
			gtv__f_thread(f, ev->obj, (uint32_t)ev->arg);
		break;
	case GTV_EV_K_THREAD:
		gtv__f_thread(f, ev->tid, (uint32_t)ev->arg);
		break;
	case GTV_EV_K_EXEC:
		t = gtv__f_get(&f->threads, ev->tid);
		if (t && t->proc)
			gtv__f_gt_end(f, t->proc, ev->ts_ns);
		break;
	case GTV_EV_K_EXIT:
		thread_end(f, ev);
		break;
	case GTV_EV_END:
		proc_end(f, ev->tid, ev->ts_ns);
		break;
	default:
		break;
	}
}

/* ---- blocking ---- */

struct blocked {
	uint64_t from_ns, to_ns;
	uint32_t gt, call, call_name;
	int inside; /* the green thread's own doing, not the loop's */
};

/* The worker could run nobody: whom did that harm? */
static void worker_blocked(struct gtv__f_proc *p, const struct gtv__f_mark *since,
			   const struct blocked *b)
{
	struct gtv__f_mark now = gtv__f_mark(p, b->to_ns);
	struct gtv__found *a = &p->found[GTV__P_BLOCK];
	uint64_t ns = b->to_ns - b->from_ns;
	int single = p->workers == 1;

	if (ns < GTV__BLOCK_NS || p->one_to_one)
		return;
	/* Somebody began to run meanwhile: there was a worker for those who were ready. */
	if (!single && now.runs != since->runs)
		return;
	if (2 * (now.any_ns - since->any_ns) < ns) {
		if (single && b->inside)
			gtv__f_pend(p, &(struct gtv__f_pending){.kind = GTV__P_BLOCK,
								.from_ns = b->from_ns,
								.to_ns = b->to_ns,
								.gt = b->gt,
								.call = b->call,
								.call_name = b->call_name});
		return;
	}
	if (gtv__found(a, b->from_ns, b->to_ns, now.sum_ns - since->sum_ns, ns)) {
		a->who = gtv__f_lane(GTV_LANE_GT, b->gt);
		a->call = b->call;
		a->call_name = b->call_name;
	}
}

void gtv__f_thread_call(struct gtv_findings *f, struct gtv__f_thread *t,
			const struct gtv_ev *ev)
{
	struct blocked b;

	(void)f;
	if (!t->worker)
		return; /* the pool's: that is what it is for */
	if (ev->kind == GTV_EV_CALL_BEGIN) {
		t->call_gt = ev->gt;
		t->call_name = ev->obj;
		t->call_mark = gtv__f_mark(t->proc, ev->ts_ns);
		return;
	}
	if (!t->call_gt)
		return;
	b = (struct blocked){.from_ns = t->call_mark.ns,
			     .to_ns = ev->ts_ns,
			     .gt = t->call_gt,
			     .call_name = t->call_name,
			     .inside = 1};
	t->call_gt = 0;
	worker_blocked(t->proc, &t->call_mark, &b);
}

/* A callback that the loop calls holds up all, as a green thread does. */
void gtv__f_thread_callback(struct gtv_findings *f, struct gtv__f_thread *t,
			    const struct gtv_ev *ev)
{
	struct gtv__f_proc *p = t->proc;
	struct gtv__f_mark now = gtv__f_mark(p, ev->ts_ns), *since = &t->back_mark;
	struct gtv__found *a = &p->found[GTV__P_HOG];
	uint64_t ns = now.ns - since->ns;
	uint32_t name = t->back_name;

	(void)f;
	t->back_name = 0;
	if (ev->kind == GTV_EV_CALLBACK_BEGIN) {
		t->back_name = ev->obj;
		*since = now;
		return;
	}
	if (!name || ns < GTV__HOG_NS || p->one_to_one || p->workers != 1)
		return;
	if (2 * (now.any_ns - since->any_ns) < ns) {
		gtv__f_pend(p, &(struct gtv__f_pending){.kind = GTV__P_HOG,
							.from_ns = since->ns,
							.to_ns = now.ns,
							.tid = t->tid,
							.call_name = name});
	} else if (gtv__found(a, since->ns, now.ns, now.sum_ns - since->sum_ns, ns)) {
		a->who = gtv__f_lane(GTV_LANE_THREAD, t->tid);
		a->call_name = name;
	}
}

static void asleep(struct gtv_findings *f, struct gtv__f_thread *t,
		   const struct gtv_span *s)
{
	const struct gtv__f_mark *since = &t->off_mark;
	struct blocked b = {.from_ns = s->from_ns,
			    .to_ns = s->to_ns,
			    .gt = s->gt ? s->gt : t->gt,
			    .call = s->call,
			    .inside = s->gt != 0};

	if (s->to_ns - s->from_ns < GTV__BLOCK_NS || f->level == 0 || !t->worker ||
	    t->call_gt || !t->off || since->ns != s->from_ns)
		return;
	if (s->gt || t->proc->workers == 1)
		worker_blocked(t->proc, since, &b);
}

/* ---- waiting for a core ---- */

static void idle_core(struct gtv_findings *f, const struct gtv_span *s)
{
	uint64_t from, best = 0;
	uint32_t core = 0;

	/* What others do on a core may be left out: then nobody knows whether it is idle.
	 */
	if (f->filtered || s->to_ns - s->from_ns < GTV__IDLE_NS || !f->idle)
		return;
	for (uint32_t c = 0; c < f->cores; c++) {
		if (!f->core[c].idle_ns)
			continue;
		from = f->core[c].idle_ns > s->from_ns ? f->core[c].idle_ns : s->from_ns;
		if (from < s->to_ns && s->to_ns - from > best) {
			best = s->to_ns - from;
			core = c;
		}
	}
	if (best < GTV__IDLE_NS)
		return;
	if (gtv__found(&f->idle_core, s->to_ns - best, s->to_ns, best, best)) {
		f->idle_core.who = s->lane;
		f->idle_core.by = (struct gtv_lane){GTV_LANE_CORE, core};
		f->idle_core.extra[0] = s->core >= 0 ? (uint64_t)s->core + 1 : 0;
	}
}

static void waits_for_core(struct gtv_findings *f, const struct gtv__f_thread *t,
			   const struct gtv_span *s)
{
	uint64_t ns = s->to_ns - s->from_ns;
	uint32_t taker = s->flags & GTV_SP_WHO_TID ? s->who : 0;
	uint64_t own;

	idle_core(f, s);
	/* Our own had the core for a part of it, and no core is idle. */
	own = t->queue_own_ns + ours(f, t->queue, s->to_ns) - t->queue_ours_ns;
	if (!f->idle && t->queue >= 0 && own && own <= ns &&
	    gtv__found(&f->over, s->from_ns, s->to_ns, own, own)) {
		f->over.who = s->lane;
		f->over.by = gtv__f_lane(GTV_LANE_THREAD, f->core[t->queue].tid);
		f->over.extra[0] = (uint64_t)t->queue + 1;
	}
	if (ns >= GTV__STARVED_NS && t->proc) {
		struct gtv__found *a = &t->proc->found[GTV__P_STARVED];
		if (gtv__found(a, s->from_ns, s->to_ns, ns, ns)) {
			a->who = s->lane;
			a->by = gtv__f_lane(GTV_LANE_THREAD, taker);
		}
	}
}

void gtv__f_thread_span(struct gtv_findings *f, const struct gtv_span *s)
{
	struct gtv__f_thread *t = gtv__f_get(&f->threads, s->lane.id);

	if (!t || !t->proc)
		return;
	switch (s->state) {
	case GTV_ST_RUNNING:
		f->over_run_ns += s->to_ns - s->from_ns;
		break;
	case GTV_ST_RUNNABLE:
	case GTV_ST_PREEMPTED:
		waits_for_core(f, t, s);
		break;
	case GTV_ST_SLEEPING:
	case GTV_ST_DISK:
	case GTV_ST_STOPPED:
		if (s->lock)
			gtv__f_futex_wait(f, t, s);
		asleep(f, t, s);
		break;
	default:
		break;
	}
}
