/* SPDX-License-Identifier: MIT
 *
 * The model's state as bytes: a checkpoint, from which a reader can start.
 *
 * Numbers are varints (7 bits a byte, low first); objects name each other by
 * id, and times are distances back from the model's present, so most fields
 * take a byte. What is over (exited green threads, dead threads) is left out,
 * and so are the totals. Restoring trusts nothing: ids are looked up, states
 * bounded, counts limited by the bytes that are left.
 *
 *   version, now, losses (any, kernel), processes, threads, cores, locks,
 *   green threads (each with the locks that it holds), futexes, threads on them
 */
#include "tracer/model/model_priv.h"

#include <stdlib.h>

#define SAVE_VERSION	 3
#define SAVE_VERSION_IO	 3 /* with what a sleep is for */
#define SAVE_VERSION_MIN 1 /* without futexes */

/* ---- bytes out ---- */

struct out {
	uint8_t *bytes;
	size_t size, cap;
	int failed;
	uint64_t now_ns;
};

static void put(struct out *o, uint64_t v)
{
	if (o->size + 10 > o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 4096;
		uint8_t *bytes = o->failed ? NULL : realloc(o->bytes, cap);
		if (!bytes) {
			o->failed = 1;
			return;
		}
		o->bytes = bytes;
		o->cap = cap;
	}
	for (; v >= 0x80; v >>= 7)
		o->bytes[o->size++] = (uint8_t)(v | 0x80);
	o->bytes[o->size++] = (uint8_t)v;
}

/* 0 stays 0; else the distance back from now (wrapping for a hostile one), + 1. */
static void put_time(struct out *o, uint64_t ts_ns)
{
	put(o, ts_ns ? (o->now_ns - ts_ns) * 2 + 1 : 0);
}

/* Times that may lie anywhere: 0 is a time too. */
static void put_from(struct out *o, uint64_t ts_ns)
{
	int64_t d = (int64_t)(o->now_ns - ts_ns);
	put(o, ((uint64_t)d << 1) ^ (uint64_t)(d >> 63));
}

static void put_span(struct out *o, const struct gtv_span *s)
{
	put(o, s->state);
	if (s->state == GTV_ST_NONE)
		return;
	put_from(o, s->from_ns);
	put(o, s->flags);
	put(o, (uint16_t)(s->core + 1));
	put(o, s->gt);
	put(o, s->tid);
	put(o, s->lock);
	put(o, s->who);
	put(o, s->call);
	put(o, s->waiters);
}

static void put_losses(struct out *o, const struct gtv__losses *l)
{
	put(o, l->count);
	for (size_t i = 0; i < l->count; i++) {
		put_from(o, l->range[i].from_ns);
		put(o, l->range[i].to_ns - l->range[i].from_ns);
	}
}

static void put_proc(struct out *o, const struct gtv__proc *p)
{
	put(o, p->pid);
	put(o, p->flags);
	put(o, p->live_threads);
	put_losses(o, &p->losses);
	put(o, p->worker_cap);
	for (uint32_t i = 0; i < p->worker_cap; i++)
		put(o, p->worker_tid[i]);
}

static void put_thread(struct out *o, const struct gtv__thread *t)
{
	put(o, t->tid);
	put(o, t->pid);
	put_span(o, &t->lane.cur);
	put(o, t->on);
	put(o, t->exiting);
	put(o, t->gt_known);
	put(o, (uint32_t)(t->core + 1));
	put(o, (uint32_t)(t->last_core + 1));
	put(o, t->taker);
	put(o, t->call);
	put_from(o, t->last_ns);
	put_from(o, t->left_ns);
	put_time(o, t->early_ns);
	put_time(o, t->wake_ns);
	put(o, t->waker);
	put(o, t->io);
}

static void put_core(struct out *o, const struct gtv__core *c)
{
	put(o, (uint32_t)c->core);
	put_span(o, &c->lane.cur);
	put(o, c->known);
	put(o, c->tid);
	put(o, c->thread != NULL);
}

static void put_lock(struct out *o, const struct gtv__lock *l)
{
	put(o, l->id);
	put(o, l->proc->pid);
	put_span(o, &l->lane.cur);
	put(o, l->seq);
	put(o, (uint64_t)(l->seen | l->known << 1 | l->held << 2 | l->doubt << 3 |
			  l->gil << 4));
	put(o, l->last_owner);
	put_from(o, l->last_ns);
	put_time(o, l->drop_ns);
}

/* Who is gone is nobody: the dead are not saved. */
static uint32_t living(const struct gtv__lock *l)
{
	return l && !l->gone ? l->id : 0;
}

static uint32_t living_tid(const struct gtv__gt *g)
{
	return g->thread && g->thread->on != GTV__K_DEAD ? gtv__gt_tid(g) : 0;
}

static void put_gt(struct out *o, const struct gtv__gt *g)
{
	const struct gtv__lock *list[GTV__HELD_MAX];
	size_t n = 0;

	put(o, g->id);
	put(o, g->proc->pid);
	put_span(o, &g->lane.cur);
	put(o, g->seq);
	put(o, g->run);
	put(o, g->doubt);
	put(o, g->state);
	put(o, g->flags);
	put(o, g->woken_by);
	put(o, g->who);
	put(o, g->call);
	put(o, living_tid(g));
	put_from(o, g->last_ns);
	put_time(o, g->wake_ns);
	put(o, g->waker);
	put(o, g->wake_edge);
	put_time(o, g->send_ns);
	put(o, g->send_chan);
	put(o, g->send_peer);
	put(o, g->owed_chan);
	put(o, g->owed_peer);
	put(o, living(g->wait));
	put(o, living(g->want));
	put_from(o, g->want_ns);
	/* Last first: taken in this order again, the list is the same. */
	for (const struct gtv__lock *l = g->held; l; l = l->next_held)
		list[n++] = l;
	put(o, n);
	while (n)
		put(o, list[--n]->id);
}

/* A futex's facts beside those of a lock. */
static void put_futex(struct out *o, const struct gtv__lock *l)
{
	put(o, l->id);
	put(o, l->addr);
	put(o, l->mutex);
}

static void put_trial(struct out *o, const struct gtv__lock *l)
{
	struct gtv__futex_saved saved;

	put(o, l->trial != NULL);
	if (!l->trial)
		return;
	gtv__futex_save(l, &saved);
	put_from(o, saved.from_ns);
	put_time(o, saved.drop_ns);
	put(o, saved.dropper);
	put(o, (uint64_t)saved.sure);
	put(o, (uint64_t)saved.count);
	for (int i = 0; i < saved.count; i++)
		put_span(o, &saved.part[i]);
}

/* What a thread does with futexes. */
static void put_futex_thread(struct out *o, const struct gtv__thread *t)
{
	const struct gtv__lock *list[GTV__HELD_MAX];
	size_t n = 0;

	put(o, t->tid);
	put(o, living(t->futex));
	put(o, living(t->want));
	put_from(o, t->want_ns);
	put_time(o, t->sleep_ns);
	put(o, t->whom);
	put(o, t->joins);
	put(o, t->woken);
	for (const struct gtv__lock *l = t->has; l; l = l->next_has)
		list[n++] = l;
	put(o, n);
	while (n) {
		put(o, list[--n]->id);
		put_trial(o, list[n]);
	}
}

static int futex_thread(const void *obj)
{
	const struct gtv__thread *t = obj;

	return t->on != GTV__K_DEAD &&
	       (living(t->futex) || living(t->want) || t->whom || t->has);
}

static void put_futexes(struct out *o, const struct gtv_model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->futexes; i++)
		n += !m->futex[i]->gone;
	put(o, n);
	for (size_t i = 0; i < m->futexes; i++) {
		if (!m->futex[i]->gone)
			put_futex(o, m->futex[i]);
	}
	n = 0;
	for (size_t i = 0; i < m->threads.count; i++)
		n += (size_t)futex_thread(gtv__pool_at(&m->threads, i));
	put(o, n);
	for (size_t i = 0; i < m->threads.count; i++) {
		if (futex_thread(gtv__pool_at(&m->threads, i)))
			put_futex_thread(o, gtv__pool_at(&m->threads, i));
	}
}

static size_t count_alive(const struct gtv__pool *pool, int (*alive)(const void *obj))
{
	size_t n = 0;

	for (size_t i = 0; i < pool->count; i++)
		n += alive(gtv__pool_at(pool, i)) != 0;
	return n;
}

static int thread_alive(const void *obj)
{
	return ((const struct gtv__thread *)obj)->on != GTV__K_DEAD;
}

static int lock_alive(const void *obj)
{
	return !((const struct gtv__lock *)obj)->gone;
}

static int gt_alive(const void *obj)
{
	return ((const struct gtv__gt *)obj)->run != GTV__RUN_DONE;
}

int gtv_model_save(const struct gtv_model *m, void **bytes, size_t *size)
{
	struct out o = {.now_ns = m->now_ns};

	put(&o, SAVE_VERSION);
	put(&o, m->now_ns);
	put_losses(&o, &m->any_losses);
	put_losses(&o, &m->kernel_losses);
	put(&o, m->procs.count);
	for (size_t i = 0; i < m->procs.count; i++)
		put_proc(&o, gtv__pool_at(&m->procs, i));
	put(&o, count_alive(&m->threads, thread_alive));
	for (size_t i = 0; i < m->threads.count; i++) {
		if (thread_alive(gtv__pool_at(&m->threads, i)))
			put_thread(&o, gtv__pool_at(&m->threads, i));
	}
	put(&o, m->cores.count);
	for (size_t i = 0; i < m->cores.count; i++)
		put_core(&o, gtv__pool_at(&m->cores, i));
	put(&o, count_alive(&m->locks, lock_alive));
	for (size_t i = 0; i < m->locks.count; i++) {
		if (lock_alive(gtv__pool_at(&m->locks, i)))
			put_lock(&o, gtv__pool_at(&m->locks, i));
	}
	put(&o, count_alive(&m->gts, gt_alive));
	for (size_t i = 0; i < m->gts.count; i++) {
		if (gt_alive(gtv__pool_at(&m->gts, i)))
			put_gt(&o, gtv__pool_at(&m->gts, i));
	}
	put_futexes(&o, m);
	if (o.failed) {
		free(o.bytes);
		return -GTV_ENOMEM;
	}
	*bytes = o.bytes;
	*size = o.size;
	return 0;
}

/* ---- bytes in ---- */

struct in {
	const uint8_t *at, *end;
	int bad;
	uint64_t now_ns, version;
};

static uint64_t get(struct in *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (in->at == in->end)
			break;
		uint8_t b = *in->at++;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	in->bad = 1;
	return 0;
}

static uint64_t get_max(struct in *in, uint64_t max)
{
	uint64_t v = get(in);

	if (v > max)
		in->bad = 1;
	return in->bad ? 0 : v;
}

static uint32_t get32(struct in *in)
{
	return (uint32_t)get_max(in, UINT32_MAX);
}

/* Of things that take at least `least` bytes each. */
static size_t get_count(struct in *in, size_t least)
{
	return (size_t)get_max(in, (uint64_t)(in->end - in->at) / least);
}

static uint64_t get_time(struct in *in)
{
	uint64_t v = get(in);
	return v ? in->now_ns - v / 2 : 0;
}

static uint64_t get_from(struct in *in)
{
	uint64_t v = get(in);
	return in->now_ns - ((v >> 1) ^ (0 - (v & 1)));
}

/* Of something alive: what is done has no lane. */
static uint8_t get_state(struct in *in)
{
	uint8_t state = (uint8_t)get_max(in, GTV_ST_MAX - 1);

	in->bad |= state == GTV_ST_DONE;
	return state;
}

/* Whether such a lane can be in that state: totals are by lane kind. */
static int state_fits(unsigned kind, unsigned state)
{
	if (state == GTV_ST_UNKNOWN)
		return 1;
	switch (kind) {
	case GTV_LANE_CORE:
		return state >= GTV_ST_IDLE;
	case GTV_LANE_LOCK:
		return state >= GTV_ST_FREE && state <= GTV_ST_HELD_ASLEEP;
	default:
		return state < GTV_ST_FREE;
	}
}

static void get_lane(struct in *in, struct gtv__lane *lane)
{
	struct gtv_span *s = &lane->cur;

	s->state = get_state(in);
	if (s->state == GTV_ST_NONE)
		return;
	if (!state_fits(s->lane.kind, s->state)) {
		s->state = GTV_ST_NONE;
		in->bad = 1;
		return;
	}
	s->from_ns = get_from(in);
	if (s->from_ns > in->now_ns)
		s->from_ns = in->now_ns;
	lane->first_ns = s->from_ns;
	s->flags = (uint8_t)get_max(in, UINT8_MAX) & (uint8_t)~GTV_SP_OPEN;
	s->core = (int16_t)((int)get_max(in, GTV__CORES_MAX) - 1);
	s->gt = get32(in);
	s->tid = get32(in);
	s->lock = get32(in);
	s->who = get32(in);
	s->call = get32(in);
	s->waiters = get32(in);
}

static void get_losses(struct in *in, struct gtv__losses *l)
{
	for (size_t n = get_count(in, 2); n && !in->bad; n--) {
		uint64_t from = get_from(in);
		uint64_t len = get(in);
		if (from + len >= from)
			gtv__losses_add(l, from, from + len);
	}
}

static void get_proc(struct gtv_model *m, struct in *in)
{
	struct gtv__proc *p = gtv__proc(m, get32(in));
	struct gtv__proc none = {0};
	uint32_t workers;

	if (!p) {
		in->bad = 1;
		p = &none;
	}
	p->flags = get32(in);
	p->live_threads = get32(in);
	get_losses(in, &p->losses);
	workers = (uint32_t)get_max(in, GTV__WORKERS_MAX);
	if (workers && !p->worker_tid)
		p->worker_tid = calloc(workers, sizeof *p->worker_tid);
	else if (workers)
		in->bad = 1;
	p->worker_cap = p->worker_tid ? workers : 0;
	for (uint32_t i = 0; i < workers && !in->bad; i++) {
		uint32_t tid = get32(in);
		if (i < p->worker_cap)
			p->worker_tid[i] = tid;
	}
	free(none.worker_tid);
	free(none.losses.range);
}

static void get_thread(struct gtv_model *m, struct in *in)
{
	uint32_t tid = get32(in), pid = get32(in);

	if (in->bad || !tid || gtv__thread_find(m, tid)) {
		in->bad = 1;
		return;
	}
	struct gtv__thread *t = gtv__thread_new(m, tid, pid);
	if (!t) {
		in->bad = 1;
		return;
	}
	t->proc->live_threads--; /* restored with the process */
	get_lane(in, &t->lane);
	t->on = (uint8_t)get_max(in, GTV__K_STOPPED);
	t->exiting = (uint8_t)get_max(in, 1);
	t->gt_known = (uint8_t)get_max(in, 1);
	t->core = (int32_t)get_max(in, GTV__CORES_MAX) - 1;
	t->last_core = (int32_t)get_max(in, GTV__CORES_MAX) - 1;
	t->taker = get32(in);
	t->call = get32(in);
	t->last_ns = get_from(in);
	t->left_ns = get_from(in);
	t->early_ns = get_time(in);
	t->wake_ns = get_time(in);
	t->waker = get32(in);
	t->io = in->version >= SAVE_VERSION_IO ? (uint8_t)get_max(in, 1) : 0;
}

static void get_core(struct gtv_model *m, struct in *in)
{
	struct gtv__core *c = gtv__core(m, (int32_t)get_max(in, GTV__CORES_MAX - 1));

	if (in->bad || !c) {
		in->bad = 1;
		return;
	}
	get_lane(in, &c->lane);
	c->known = (uint8_t)get_max(in, GTV__CORE_AWAY);
	c->tid = get32(in);
	if (get_max(in, 1))
		c->thread = gtv__thread_find(m, c->tid);
}

static void get_lock(struct gtv_model *m, struct in *in)
{
	uint32_t id = get32(in);
	struct gtv__proc *p = gtv__proc(m, get32(in));

	if (in->bad || !p || gtv__map_get(&m->lock_map, id)) {
		in->bad = 1;
		return;
	}
	struct gtv__lock *l = gtv__lock_new(m, id, p);
	if (!l) {
		in->bad = 1;
		return;
	}
	get_lane(in, &l->lane);
	l->seq = get32(in);
	unsigned bits = (unsigned)get_max(in, 31);
	l->seen = bits & 1;
	l->known = bits >> 1 & 1;
	l->held = bits >> 2 & 1;
	l->doubt = bits >> 3 & 1;
	l->gil = bits >> 4 & 1;
	l->last_owner = get32(in);
	l->last_ns = get_from(in);
	l->drop_ns = get_time(in);
}

/* The objects that a green thread names: they must be there. */
static void get_gt_links(struct gtv_model *m, struct in *in, struct gtv__gt *g)
{
	uint32_t wait = get32(in), want = get32(in);

	g->wait = wait ? gtv__map_get(&m->lock_map, wait) : NULL;
	g->want = want ? gtv__map_get(&m->lock_map, want) : NULL;
	if (g->wait)
		g->wait->waiters++;
	g->want_ns = get_from(in);
	for (uint64_t n = get_max(in, GTV__HELD_MAX); n && !in->bad; n--) {
		struct gtv__lock *l = gtv__map_get(&m->lock_map, get32(in));
		if (!l || l->owner || !l->known || !l->held)
			in->bad = 1;
		else
			gtv__lock_hold(l, g);
	}
}

static void get_gt(struct gtv_model *m, struct in *in)
{
	uint32_t id = get32(in);
	struct gtv__proc *p = gtv__proc(m, get32(in));

	if (in->bad || !p || gtv__map_get(&m->gt_map, id)) {
		in->bad = 1;
		return;
	}
	struct gtv__gt *g = gtv__gt_new(m, id, p);
	if (!g) {
		in->bad = 1;
		return;
	}
	get_lane(in, &g->lane);
	g->seq = get32(in);
	g->run = (uint8_t)get_max(in, GTV__RUN_WAIT);
	g->doubt = (uint8_t)get_max(in, 1);
	g->state = get_state(in);
	g->flags = (uint8_t)get_max(in, UINT8_MAX);
	g->woken_by = (uint8_t)get_max(in, UINT8_MAX);
	g->who = get32(in);
	g->call = get32(in);
	g->thread = gtv__thread_find(m, get32(in));
	g->last_ns = get_from(in);
	g->wake_ns = get_time(in);
	g->waker = get32(in);
	g->wake_edge = (uint8_t)get_max(in, GTV_EDGE_KWAKE);
	g->send_ns = get_time(in);
	g->send_chan = get32(in);
	g->send_peer = get32(in);
	g->owed_chan = get32(in);
	g->owed_peer = get32(in);
	/* What must hold of a living one; a state of NONE would end its lane. */
	if ((g->run == GTV__RUN_READY || g->run == GTV__RUN_WAIT) &&
	    g->state == GTV_ST_NONE)
		in->bad = 1;
	if (g->run == GTV__RUN_RUNNING && (!g->thread || g->thread->gt)) {
		g->run = GTV__RUN_UNKNOWN;
		in->bad = 1;
	}
	if (g->run == GTV__RUN_RUNNING)
		g->thread->gt = g;
	get_gt_links(m, in, g);
}

static void get_futex(struct gtv_model *m, struct in *in)
{
	struct gtv__lock *l = gtv__map_get(&m->lock_map, get32(in));
	uint64_t addr = get(in);
	unsigned mutex = (unsigned)get_max(in, 1);

	if (in->bad || !l || gtv__futex_is(m, l, addr)) {
		in->bad = 1;
		return;
	}
	l->mutex = (uint8_t)mutex;
}

/* A futex by number; *bad if there is none. 0: none is meant. */
static struct gtv__lock *get_futex_link(struct gtv_model *m, struct in *in)
{
	uint32_t id = get32(in);
	struct gtv__lock *l = id ? gtv__map_get(&m->lock_map, id) : NULL;

	in->bad |= id && (!l || !l->addr);
	return in->bad ? NULL : l;
}

static void get_has(struct gtv_model *m, struct in *in, struct gtv__thread *t)
{
	struct gtv__lock *l = get_futex_link(m, in);
	struct gtv__futex_saved saved = {0};
	int trial = (int)get_max(in, 1);

	if (trial) {
		saved.from_ns = get_from(in);
		saved.drop_ns = get_time(in);
		saved.dropper = get32(in);
		saved.sure = (int)get_max(in, 1);
		saved.count = (int)get_max(in, sizeof saved.part / sizeof saved.part[0]);
		for (int i = 0; i < saved.count && !in->bad; i++) {
			struct gtv__lane lane = {.cur.lane.kind = GTV_LANE_LOCK};
			get_lane(in, &lane);
			saved.part[i] = lane.cur;
			in->bad |= lane.cur.state == GTV_ST_NONE;
		}
	}
	if (in->bad || !l || gtv__futex_restore(m, l, t, trial ? &saved : NULL))
		in->bad = 1;
}

static void get_futex_thread(struct gtv_model *m, struct in *in)
{
	struct gtv__thread *t = gtv__thread_find(m, get32(in));

	if (!t || t->has || t->futex) {
		in->bad = 1;
		return;
	}
	t->futex = get_futex_link(m, in);
	t->want = get_futex_link(m, in);
	t->want_ns = get_from(in);
	t->sleep_ns = get_time(in);
	t->whom = get32(in);
	t->joins = (uint8_t)get_max(in, 1);
	t->woken = (uint8_t)get_max(in, 2);
	if (t->futex)
		t->futex->waiters++;
	for (uint64_t n = get_max(in, GTV__HELD_MAX); n && !in->bad; n--)
		get_has(m, in, t);
}

int gtv_model_restore(struct gtv_model *m, const void *bytes, size_t size)
{
	struct in in = {.at = bytes, .end = (const uint8_t *)bytes + size};

	if (m->gts.count || m->threads.count || m->locks.count || m->cores.count)
		return -GTV_EUSAGE;
	uint64_t version = get(&in);
	if (version < SAVE_VERSION_MIN || version > SAVE_VERSION)
		return -GTV_EVERSION;
	in.version = version;
	m->now_ns = in.now_ns = get(&in);
	get_losses(&in, &m->any_losses);
	get_losses(&in, &m->kernel_losses);
	for (size_t n = get_count(&in, 5); n && !in.bad; n--)
		get_proc(m, &in);
	for (size_t n = get_count(&in, 12); n && !in.bad; n--)
		get_thread(m, &in);
	for (size_t n = get_count(&in, 5); n && !in.bad; n--)
		get_core(m, &in);
	for (size_t n = get_count(&in, 8); n && !in.bad; n--)
		get_lock(m, &in);
	for (size_t n = get_count(&in, 20); n && !in.bad; n--)
		get_gt(m, &in);
	for (size_t n = version > 1 ? get_count(&in, 3) : 0; n && !in.bad; n--)
		get_futex(m, &in);
	for (size_t n = version > 1 ? get_count(&in, 9) : 0; n && !in.bad; n--)
		get_futex_thread(m, &in);
	if (m->no_memory)
		return -GTV_ENOMEM;
	return in.bad || in.at != in.end ? -GTV_ECORRUPT : 0;
}
