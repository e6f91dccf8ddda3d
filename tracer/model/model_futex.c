/* SPDX-License-Identifier: MIT
 *
 * The locks of programs that have no runtime to tell of them: futexes, as the kernel
 * sees them. Only waits are events; a lock that nobody waits for is taken and dropped
 * without the kernel, so then its state is not known, and is not shown as if it were.
 * While somebody waits there is evidence:
 *
 *   futex_wait        says, as the waiter goes to sleep, whom the word or the mutex
 *                     around it names as the owner
 *   the owner's wake  who drops a lock that is waited for wakes a waiter; so from a
 *                     futex_wait until then an owner stays the owner
 *   a woken waiter    tries to take it as soon as it runs. Whether it could is told by
 *                     what it does next: it waits again, or it goes on. Until then the
 *                     lock is on trial: what would be true is kept aside, and shown
 *                     only when it is proved. A lane's past is then told late, never
 *                     otherwise than it was.
 *
 * A runtime on libgt (or on the emit header) tells its locks itself. Its parking places
 * are futexes too, so of its process only those with an owner count.
 */
#include "tracer/model/model_priv.h"

#include <stdlib.h>

#define PARTS_MAX 16

/* How a waiter was woken, as far as that concerns the lock. */
enum {
	WOKEN_BY_OWNER = 1, /* by its owner: but perhaps a clock's interrupt on its core */
	WOKEN_BY_CALL = 2,  /* by a futex call for that address */
};

/* What a lock on trial would show. */
struct gtv__trial {
	int count;
	uint8_t sure; /* it was a futex call that woke the taker: it can't have timed out */
	uint64_t from_ns;
	uint64_t drop_ns; /* its last owner dropped it then */
	uint32_t dropper;
	struct {
		uint64_t ts_ns;
		struct gtv_span s;
	} part[PARTS_MAX];
};

/* ---- who holds what ---- */

struct gtv__lock *gtv__futex_held(const struct gtv__thread *t)
{
	for (struct gtv__lock *l = t->has; l; l = l->next_has) {
		if (l->waiters && !l->trial)
			return l;
	}
	return NULL;
}

void gtv__futex_content(const struct gtv__thread *t, struct gtv_span *s)
{
	s->lock = t->futex && !t->futex->gone ? t->futex->id : 0;
	if (!t->whom)
		return;
	s->who = t->whom;
	s->flags |= (uint8_t)(GTV_SP_WHO_TID | (t->joins ? GTV_SP_JOIN : 0));
}

static void unlink_holder(struct gtv__lock *l)
{
	struct gtv__lock **p = &l->holder->has;

	while (*p && *p != l)
		p = &(*p)->next_has;
	if (*p) {
		*p = l->next_has;
		l->holder->has_count--;
	}
	l->next_has = NULL;
	l->holder = NULL;
}

/* Nobody holds so many; a trace that says so stays cheap. */
static void set_holder(struct gtv__lock *l, struct gtv__thread *t)
{
	if (l->holder)
		unlink_holder(l);
	if (!t || t->has_count >= GTV__HELD_MAX)
		return;
	l->holder = t;
	l->next_has = t->has;
	t->has = l;
	t->has_count++;
}

/* ---- the lane ---- */

static void held_by_thread(const struct gtv__thread *t, struct gtv_span *s)
{
	s->tid = t->tid;
	s->gt = t->gt ? t->gt->id : 0;
	s->core = (int16_t)t->core;
	switch (t->on) {
	case GTV__K_ON:
		s->state = GTV_ST_HELD;
		break;
	case GTV__K_RUNNABLE:
	case GTV__K_PREEMPTED:
		s->state = GTV_ST_HELD_PREEMPTED;
		s->who = t->taker;
		s->flags |= t->taker ? GTV_SP_WHO_TID : 0;
		break;
	case GTV__K_UNKNOWN:
		s->state = GTV_ST_UNKNOWN;
		s->core = -1;
		break;
	default:
		s->state = GTV_ST_HELD_ASLEEP;
		s->core = -1;
		s->call = t->call;
		s->flags |= t->io ? GTV_SP_IO : 0;
	}
}

static void blank(struct gtv_span *s)
{
	*s = (struct gtv_span){.state = GTV_ST_UNKNOWN, .core = -1, .waiters = s->waiters};
}

static int same_content(const struct gtv_span *a, const struct gtv_span *b)
{
	return a->state == b->state && a->flags == b->flags && a->core == b->core &&
	       a->gt == b->gt && a->tid == b->tid && a->who == b->who &&
	       a->call == b->call && a->waiters == b->waiters;
}

/* Tells what was kept aside, or that it is not known. */
static void flush_trial(struct gtv_model *m, struct gtv__lock *l, int proved)
{
	struct gtv__trial *tr = l->trial;

	for (int i = 0; i < tr->count; i++) {
		if (!proved)
			blank(&tr->part[i].s);
		gtv__lane_set(m, &l->lane, tr->part[i].ts_ns, &tr->part[i].s);
	}
	tr->count = 0;
}

static void keep_aside(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns,
		       const struct gtv_span *s)
{
	struct gtv__trial *tr = l->trial;

	if (tr->count && same_content(&tr->part[tr->count - 1].s, s))
		return;
	/* So much has happened meanwhile that it can't be kept: not known. */
	if (tr->count == PARTS_MAX)
		flush_trial(m, l, 0);
	tr->part[tr->count].ts_ns = ts_ns;
	tr->part[tr->count++].s = *s;
}

void gtv__futex_show(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns)
{
	struct gtv_span s = {.state = GTV_ST_UNKNOWN, .core = -1, .waiters = l->waiters};

	if (l->gone)
		return;
	if (l->holder && l->waiters)
		held_by_thread(l->holder, &s);
	if (l->trial)
		keep_aside(m, l, ts_ns, &s);
	else
		gtv__lane_set(m, &l->lane, ts_ns, &s);
}

/* The lock, and the places of its holders old and new. */
static void show_all(struct gtv_model *m, struct gtv__lock *l, struct gtv__thread *old,
		     uint64_t ts_ns)
{
	gtv__futex_show(m, l, ts_ns);
	if (old && old != l->holder)
		gtv__place_show(m, old, ts_ns);
	if (l->holder)
		gtv__place_show(m, l->holder, ts_ns);
}

/* ---- trials ---- */

static void took(struct gtv_model *m, struct gtv__lock *l, uint64_t from_ns,
		 uint64_t drop_ns, uint32_t dropper)
{
	uint32_t tid = l->holder->tid;

	l->takes++;
	if (!dropper || dropper == tid)
		return;
	l->handoffs++;
	if (drop_ns)
		gtv__edge(m, GTV_EDGE_HANDOFF, drop_ns,
			  gtv__lane_of(GTV_LANE_THREAD, dropper), from_ns,
			  gtv__lane_of(GTV_LANE_THREAD, tid), l->id);
}

static void settle(struct gtv_model *m, struct gtv__lock *l, int proved)
{
	struct gtv__trial *tr = l->trial;

	if (!tr)
		return;
	flush_trial(m, l, proved);
	if (l->holder) {
		l->holder->trial = NULL;
		if (proved) {
			took(m, l, tr->from_ns, tr->drop_ns, tr->dropper);
			l->last_owner = l->holder->tid;
		} else {
			set_holder(l, NULL);
		}
	}
	l->trial = NULL;
	free(tr);
}

static void put_on_trial(struct gtv_model *m, struct gtv__lock *l, struct gtv__thread *t,
			 uint64_t ts_ns, int sure)
{
	struct gtv__trial *tr = calloc(1, sizeof *tr);

	if (!tr) {
		m->no_memory = 1;
		return;
	}
	tr->from_ns = ts_ns;
	tr->sure = (uint8_t)sure;
	tr->drop_ns = l->drop_ns;
	tr->dropper = l->last_owner;
	l->drop_ns = 0;
	l->trial = tr;
	set_holder(l, t);
	if (l->holder)
		t->trial = l;
	else
		settle(m, l, 0);
}

/* Evidence: t has l at ts. NULL: nothing names an owner. */
static void told_holder(struct gtv_model *m, struct gtv__lock *l, struct gtv__thread *t,
			uint64_t ts_ns)
{
	settle(m, l, t && l->holder == t);
	if (l->holder != t) {
		set_holder(l, t);
		if (l->holder) {
			took(m, l, ts_ns, 0, l->last_owner);
			l->last_owner = t->tid;
		}
	}
	l->drop_ns = 0;
}

void gtv__futex_unknown(struct gtv_model *m, struct gtv__lock *l, uint64_t ts_ns)
{
	struct gtv__thread *old = l->holder;

	settle(m, l, 0);
	set_holder(l, NULL);
	l->drop_ns = 0;
	l->last_owner = 0;
	if (!gtv__lane_alive(&l->lane))
		return;
	m->retro++;
	gtv__futex_show(m, l, ts_ns);
	if (old)
		gtv__place_show(m, old, ts_ns);
	m->retro--;
}

void gtv__futexes_lost(struct gtv_model *m, uint64_t ts_ns)
{
	for (size_t i = 0; i < m->futexes; i++) {
		struct gtv__lock *l = m->futex[i];
		if (!l->gone && (l->holder || l->last_owner))
			gtv__futex_unknown(m, l, ts_ns);
	}
}

void gtv__futexes_finish(struct gtv_model *m)
{
	for (size_t i = 0; i < m->futexes; i++)
		settle(m, m->futex[i], 0);
}

void gtv__futexes_free(struct gtv_model *m)
{
	for (size_t i = 0; i < m->futexes; i++)
		free(m->futex[i]->trial);
	free(m->futex);
	free(m->futex_map.slot);
}

/* ---- addresses ---- */

static uint32_t address_hash(const struct gtv__proc *p, uint64_t addr)
{
	uint64_t h = (addr ^ (uint64_t)p->pid << 40) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(h >> 32);
}

static struct gtv__lock *at_address(const struct gtv_model *m, const struct gtv__proc *p,
				    uint64_t addr)
{
	struct gtv__lock *l = gtv__map_get(&m->futex_map, address_hash(p, addr));

	while (l && (l->addr != addr || l->proc != p || l->gone))
		l = l->next_addr;
	return l;
}

int gtv__futex_is(struct gtv_model *m, struct gtv__lock *l, uint64_t addr)
{
	uint32_t h = address_hash(l->proc, addr);

	if (l->addr || !addr || m->futexes >= GTV__FUTEXES_MAX)
		return -GTV_EUSAGE;
	if (!(m->futexes & (m->futexes - 1))) {
		size_t cap = m->futexes ? 2 * m->futexes : 1;
		struct gtv__lock **all = realloc(m->futex, cap * sizeof *all);
		if (!all) {
			m->no_memory = 1;
			return -GTV_ENOMEM;
		}
		m->futex = all;
	}
	l->next_addr = gtv__map_get(&m->futex_map, h);
	if (gtv__map_set(&m->futex_map, h, l)) {
		m->no_memory = 1;
		return -GTV_ENOMEM;
	}
	l->addr = addr;
	m->futex[m->futexes++] = l;
	return 0;
}

/* The recorder found a lock: its number from now on. */
static void ev_found(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread_find(m, ev->tid);
	struct gtv__lock *l;

	if (!t || !ev->obj || !ev->arg || at_address(m, t->proc, ev->arg))
		return;
	if (m->futexes >= GTV__FUTEXES_MAX || gtv__map_get(&m->lock_map, ev->obj))
		return;
	l = gtv__lock_new(m, ev->obj, t->proc);
	if (l)
		gtv__futex_is(m, l, ev->arg);
}

/* ---- waits ---- */

static void leave_queue(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	struct gtv__lock *l = t->futex;

	t->futex = NULL;
	t->whom = 0;
	t->joins = 0;
	if (!l || l->gone)
		return;
	if (l->waiters)
		l->waiters--;
	show_all(m, l, l->holder, ts_ns);
}

/* A living thread of the tree, and not the waiter itself: else no owner is named. */
static struct gtv__thread *named(struct gtv_model *m, const struct gtv__thread *t,
				 uint32_t tid)
{
	struct gtv__thread *own = tid && tid != t->tid ? gtv__thread_find(m, tid) : NULL;

	return own && !own->exiting ? own : NULL;
}

/* pthread_join waits on the word that the kernel clears when the thread is gone. */
static int is_join(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__thread *own = NULL;

	if (ev->state == GTV_FUTEX_WAIT && (!ev->obj || ev->obj == ev->seq))
		own = ev->seq != t->tid ? gtv__thread_find(m, ev->seq) : NULL;
	if (!own || own->proc != t->proc)
		return 0;
	t->whom = own->tid;
	t->joins = 1;
	return 1;
}

static void ev_wait(struct gtv_model *m, const struct gtv_ev *ev)
{
	struct gtv__thread *t = gtv__thread_find(m, ev->tid), *own, *old;
	uint64_t ts = ev->ts_ns;
	struct gtv__lock *l;
	int again;

	if (!t)
		return;
	leave_queue(m, t, ts);
	l = at_address(m, t->proc, ev->arg);
	if (t->trial && t->trial != l)
		settle(m, t->trial, t->trial->trial->sure);
	if ((!l || !l->mutex) && is_join(m, t, ev)) {
		t->want = NULL;
		return;
	}
	own = named(m, t, ev->obj);
	if (!l || (t->proc->flags & GTV__PROC_RUNTIME && !own && !l->mutex)) {
		m->futex_untold += !l && !(t->proc->flags & GTV__PROC_RUNTIME);
		t->want = NULL;
		return;
	}
	again = t->want == l;
	if (again)
		l->false_wakeups += t->woken != 0;
	else
		t->want_ns = ts;
	t->want = l;
	t->futex = l;
	t->sleep_ns = ts;
	t->woken = 0;
	t->whom = own ? own->tid : 0;
	l->mutex |= own != NULL;
	l->waits++;
	l->last_ns = ts;
	old = l->holder;
	told_holder(m, l, own, ts);
	l->waiters++;
	show_all(m, l, old, ts);
}

void gtv__futex_event(struct gtv_model *m, const struct gtv_ev *ev)
{
	if (ev->kind == GTV_EV_K_FUTEX)
		ev_wait(m, ev);
	else
		ev_found(m, ev);
}

/* ---- what threads do ---- */

void gtv__futex_woken(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev)
{
	struct gtv__lock *l = t->futex;
	struct gtv__thread *by = gtv__thread_find(m, ev->tid), *old;
	int called = (ev->flags & GTV_KF_FUTEX) != 0;

	if (!l || l->gone) {
		leave_queue(m, t, ev->ts_ns);
		return;
	}
	old = l->holder;
	t->woken = called ? WOKEN_BY_CALL : by && by == old ? WOKEN_BY_OWNER : 0;
	if (t->woken) {
		/* Who wakes by it has dropped it; another than we thought: so be it. */
		settle(m, l, by && by == l->holder);
		set_holder(l, NULL);
		l->drop_ns = l->mutex && by ? ev->ts_ns : 0;
		l->last_owner = l->mutex && by ? by->tid : 0;
	}
	t->futex = NULL;
	t->whom = 0;
	if (l->waiters)
		l->waiters--;
	show_all(m, l, old, ev->ts_ns);
}

void gtv__futex_on(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	struct gtv__lock *l = t->want;
	uint64_t ns;

	if (t->futex || t->whom)
		leave_queue(m, t, ts_ns);
	if (!l || !t->sleep_ns)
		return;
	l->wait_ns += ts_ns - t->sleep_ns;
	ns = ts_ns - t->want_ns;
	if (ns > l->wait_max_ns)
		l->wait_max_ns = ns;
	t->sleep_ns = 0;
	if (l->gone || !l->mutex || l->holder || t->trial || !t->woken)
		return;
	put_on_trial(m, l, t, ts_ns, t->woken == WOKEN_BY_CALL);
	gtv__futex_show(m, l, ts_ns);
}

void gtv__futex_off(struct gtv_model *m, struct gtv__thread *t, const struct gtv_ev *ev,
		    int asleep)
{
	struct gtv__lock *l = t->trial;

	if (t->futex)
		return; /* futex_wait told all */
	t->want = NULL;
	/* It sleeps in another call: it has left that which took the lock. */
	if (l && asleep && ev->seq && l->trial->sure) {
		settle(m, l, ev->arg != l->addr);
		show_all(m, l, t, ev->ts_ns);
	}
}

void gtv__futex_thread_gone(struct gtv_model *m, struct gtv__thread *t, uint64_t ts_ns)
{
	leave_queue(m, t, ts_ns);
	while (t->has) {
		struct gtv__lock *l = t->has;
		settle(m, l, 0);
		if (l->holder)
			set_holder(l, NULL);
		gtv__futex_show(m, l, ts_ns);
	}
	t->want = NULL;
	t->sleep_ns = 0;
}

void gtv__futex_lock_gone(struct gtv_model *m, struct gtv__lock *l)
{
	settle(m, l, 0);
	set_holder(l, NULL);
}

/* ---- a checkpoint's part (model_save.c) ---- */

void gtv__futex_save(const struct gtv__lock *l, struct gtv__futex_saved *out)
{
	const struct gtv__trial *tr = l->trial;

	*out = (struct gtv__futex_saved){.from_ns = tr->from_ns,
					 .drop_ns = tr->drop_ns,
					 .dropper = tr->dropper,
					 .sure = tr->sure,
					 .count = tr->count};
	for (int i = 0; i < tr->count; i++) {
		out->part[i] = tr->part[i].s;
		out->part[i].from_ns = tr->part[i].ts_ns;
	}
}

int gtv__futex_restore(struct gtv_model *m, struct gtv__lock *l, struct gtv__thread *t,
		       const struct gtv__futex_saved *saved)
{
	if (t->has_count >= GTV__HELD_MAX || l->holder || l->gone)
		return -GTV_ECORRUPT;
	if (!saved) {
		set_holder(l, t);
		return 0;
	}
	if (t->trial || saved->count > PARTS_MAX)
		return -GTV_ECORRUPT;
	put_on_trial(m, l, t, saved->from_ns, saved->sure);
	if (!l->trial)
		return -GTV_ENOMEM;
	l->trial->drop_ns = saved->drop_ns;
	l->trial->dropper = saved->dropper;
	l->trial->count = saved->count;
	for (int i = 0; i < saved->count; i++) {
		l->trial->part[i].ts_ns = saved->part[i].from_ns;
		l->trial->part[i].s = saved->part[i];
	}
	return 0;
}
