/* SPDX-License-Identifier: MIT
 *
 * The model's tables: objects by id, the open span of each lane, ranges of loss,
 * faults. Everything here is on the path of each event: lookups hash once, and
 * objects never move, so they point at each other.
 */
#include "tracer/model/model_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- id -> object ---- */

static int map_grow(struct gtv__map *map)
{
	struct gtv__map big = {.cap = map->cap ? map->cap * 2 : 64};

	big.shift = 32;
	for (size_t n = big.cap; n > 1; n /= 2)
		big.shift--;
	big.slot = calloc(big.cap, sizeof *big.slot);
	if (!big.slot)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < map->cap; i++) {
		if (map->slot[i].obj)
			gtv__map_set(&big, map->slot[i].id, map->slot[i].obj);
	}
	free(map->slot);
	*map = big;
	return 0;
}

int gtv__map_set(struct gtv__map *map, uint32_t id, void *obj)
{
	if (map->used * 3 >= map->cap * 2 && map_grow(map))
		return -GTV_ENOMEM;
	size_t i = gtv__map_place(map, id);
	while (map->slot[i].obj && map->slot[i].id != id)
		i = (i + 1) & (map->cap - 1);
	if (!map->slot[i].obj)
		map->used++;
	map->slot[i] = (struct gtv__slot){.id = id, .obj = obj};
	return 0;
}

/* ---- storage ---- */

void *gtv__pool_new(struct gtv__pool *pool)
{
	size_t c = pool->count / GTV__POOL_CHUNK;

	if (pool->count >= GTV__OBJECTS_MAX)
		return NULL;
	if (c == pool->chunk_cap) {
		size_t cap = c ? c * 2 : 4;
		char **chunk = realloc(pool->chunk, cap * sizeof *chunk);
		if (!chunk)
			return NULL;
		memset(chunk + c, 0, (cap - c) * sizeof *chunk);
		pool->chunk = chunk;
		pool->chunk_cap = cap;
	}
	if (!pool->chunk[c])
		pool->chunk[c] = calloc(GTV__POOL_CHUNK, pool->elem_bytes);
	if (!pool->chunk[c])
		return NULL;
	return pool->chunk[c] + pool->count++ % GTV__POOL_CHUNK * pool->elem_bytes;
}

void *gtv__pool_at(const struct gtv__pool *pool, size_t idx)
{
	return pool->chunk[idx / GTV__POOL_CHUNK] +
	       idx % GTV__POOL_CHUNK * pool->elem_bytes;
}

void gtv__pool_free(struct gtv__pool *pool)
{
	for (size_t i = 0; i < pool->chunk_cap; i++)
		free(pool->chunk[i]);
	free(pool->chunk);
	pool->chunk = NULL;
	pool->chunk_cap = pool->count = 0;
}

/* A new object in pool and map (map may be NULL). */
static void *object_new(struct gtv_model *m, struct gtv__pool *pool, struct gtv__map *map,
			uint32_t id)
{
	void *obj = gtv__pool_new(pool);

	if (!obj || (map && gtv__map_set(map, id, obj))) {
		if (pool->count < GTV__OBJECTS_MAX)
			m->no_memory = 1;
		return NULL;
	}
	return obj;
}

static void lane_init(struct gtv__lane *lane, enum gtv_lane_kind kind, uint32_t id)
{
	lane->cur.lane = gtv__lane_of(kind, id);
	lane->cur.state = GTV_ST_NONE;
	lane->cur.core = -1;
}

static int name_of(const struct gtv_model *m, enum gtv_class cls, uint32_t id,
		   struct gtv_name *out)
{
	memset(out, 0, sizeof *out);
	return m->names ? gtv_names_get(m->names, cls, id, out) : -GTV_ENOTFOUND;
}

struct gtv__proc *gtv__proc(struct gtv_model *m, uint32_t pid)
{
	struct gtv__proc *p = gtv__map_get(&m->proc_map, pid);
	struct gtv_name name;

	if (p)
		return p;
	p = object_new(m, &m->procs, &m->proc_map, pid);
	if (!p)
		return NULL;
	p->pid = pid;
	if (!name_of(m, GTV_CLASS_PROCESS, pid, &name) &&
	    (name.flags & GTV_NAME_ONE_TO_ONE))
		p->flags |= GTV_PROC_ONE_TO_ONE;
	return p;
}

/* Whose it is: what the names say, else whose thread spoke of it. */
static struct gtv__proc *owner_proc(struct gtv_model *m, uint32_t pid,
				    const struct gtv__thread *by)
{
	return gtv__proc(m, pid ? pid : by ? by->pid : 0);
}

struct gtv__gt *gtv__gt_new(struct gtv_model *m, uint32_t id, struct gtv__proc *p)
{
	struct gtv__gt *g = object_new(m, &m->gts, &m->gt_map, id);

	if (!g)
		return NULL;
	g->id = id;
	lane_init(&g->lane, GTV_LANE_GT, id);
	gtv__gt_link(g, p);
	return g;
}

struct gtv__gt *gtv__gt(struct gtv_model *m, uint32_t id, const struct gtv__thread *by)
{
	struct gtv__gt *g = gtv__map_get(&m->gt_map, id);
	struct gtv_name name;

	if (g)
		return g;
	name_of(m, GTV_CLASS_GT, id, &name);
	struct gtv__proc *p = owner_proc(m, name.pid, by);
	return p ? gtv__gt_new(m, id, p) : NULL;
}

struct gtv__lock *gtv__lock_new(struct gtv_model *m, uint32_t id, struct gtv__proc *p)
{
	struct gtv__lock *l = object_new(m, &m->locks, &m->lock_map, id);

	if (!l)
		return NULL;
	l->id = id;
	l->proc = p;
	l->next = p->locks;
	p->locks = l;
	lane_init(&l->lane, GTV_LANE_LOCK, id);
	return l;
}

struct gtv__lock *gtv__lock(struct gtv_model *m, uint32_t id, const struct gtv__thread *by)
{
	struct gtv__lock *l = gtv__map_get(&m->lock_map, id);
	struct gtv_name name;

	if (l)
		return l;
	name_of(m, GTV_CLASS_LOCK, id, &name);
	struct gtv__proc *p = owner_proc(m, name.pid, by);
	l = p ? gtv__lock_new(m, id, p) : NULL;
	if (l)
		l->gil = (name.flags & GTV_NAME_IS_GIL) != 0;
	return l;
}

struct gtv__core *gtv__core(struct gtv_model *m, int32_t core)
{
	if (core < 0 || core >= GTV__CORES_MAX)
		return NULL;
	size_t idx = (size_t)core;
	if (idx >= m->core_cap) {
		size_t cap = m->core_cap ? m->core_cap : 16;
		while (cap <= idx)
			cap *= 2;
		struct gtv__core **by = realloc(m->core, cap * sizeof *by);
		if (!by) {
			m->no_memory = 1;
			return NULL;
		}
		memset(by + m->core_cap, 0, (cap - m->core_cap) * sizeof *by);
		m->core = by;
		m->core_cap = cap;
	}
	struct gtv__core *c = m->core[idx];
	if (!c) {
		c = object_new(m, &m->cores, NULL, 0);
		if (!c)
			return NULL;
		c->core = core;
		lane_init(&c->lane, GTV_LANE_CORE, (uint32_t)core);
		m->core[idx] = c;
	}
	return c;
}

struct gtv__thread *gtv__thread_find_slowly(struct gtv_model *m, uint32_t tid)
{
	struct gtv__thread *t = tid ? gtv__map_get(&m->thread_map, tid) : NULL;
	if (!t || t->on == GTV__K_DEAD)
		return NULL;
	m->last_thread = t;
	return t;
}

struct gtv__thread *gtv__thread_new(struct gtv_model *m, uint32_t tid, uint32_t pid)
{
	struct gtv__thread *t = object_new(m, &m->threads, &m->thread_map, tid);
	struct gtv_name name;

	if (!t)
		return NULL;
	if (!pid) {
		name_of(m, GTV_CLASS_THREAD, tid, &name);
		pid = name.pid;
	}
	t->tid = tid;
	t->pid = pid;
	t->core = t->last_core = GTV_CORE_NONE;
	t->proc = gtv__proc(m, pid);
	if (!t->proc)
		return NULL;
	t->proc->live_threads++;
	lane_init(&t->lane, GTV_LANE_THREAD, tid);
	m->last_thread = t;
	return t;
}

/* ---- lanes ---- */

/* Content is compared and copied field by field: it was put together so a moment ago, and
 * a load of several fields at once would wait until they have all reached the cache. */
static inline int same_content(const struct gtv_span *a, const struct gtv_span *b)
{
	uint32_t small = (uint32_t)(a->state ^ b->state) | (uint32_t)(a->flags ^ b->flags) |
			 (uint32_t)(a->core ^ b->core);

	return !(small | (a->gt ^ b->gt) | (a->tid ^ b->tid) | (a->lock ^ b->lock) |
		 (a->who ^ b->who) | (a->call ^ b->call) | (a->waiters ^ b->waiters));
}

static inline void take_content(struct gtv_span *to, const struct gtv_span *from)
{
	to->state = from->state;
	to->flags = from->flags;
	to->core = from->core;
	to->gt = from->gt;
	to->tid = from->tid;
	to->lock = from->lock;
	to->who = from->who;
	to->call = from->call;
	to->waiters = from->waiters;
}
_Static_assert(offsetof(struct gtv_span, waiters) + sizeof(uint32_t) -
			       offsetof(struct gtv_span, state) ==
		       2 * sizeof(uint8_t) + sizeof(int16_t) + 6 * sizeof(uint32_t),
	       "all fields of the content are here");

static uint64_t lane_clamp(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns)
{
	if (ts_ns >= lane->cur.from_ns)
		return ts_ns;
	if (!m->retro)
		gtv__fault(m, GTV_FAULT_CLAMPED, ts_ns,
			   "lane %u/%u: a boundary lies %llu ns before the last one",
			   lane->cur.lane.kind, lane->cur.lane.id,
			   (unsigned long long)(lane->cur.from_ns - ts_ns));
	return lane->cur.from_ns;
}

void gtv__lane_set(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns,
		   const struct gtv_span *content)
{
	if (!gtv__lane_alive(lane)) {
		lane->first_ns = lane->cur.from_ns = ts_ns;
	} else {
		if (lane->cur.state == content->state && same_content(&lane->cur, content))
			return;
		gtv__lane_close(m, lane, lane_clamp(m, lane, ts_ns));
	}
	take_content(&lane->cur, content);
}

void gtv__lane_unknown(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns)
{
	struct gtv_span s = {.state = GTV_ST_UNKNOWN, .core = -1};

	if (gtv__lane_alive(lane)) {
		m->retro++;
		gtv__lane_set(m, lane, ts_ns, &s);
		m->retro--;
	}
}

void gtv__lane_end(struct gtv_model *m, struct gtv__lane *lane, uint64_t ts_ns)
{
	if (!gtv__lane_alive(lane))
		return;
	ts_ns = lane_clamp(m, lane, ts_ns);
	gtv__lane_close(m, lane, ts_ns);
	lane->cur.state = GTV_ST_NONE;
	lane->end_ns = ts_ns;
}

void gtv__edge(struct gtv_model *m, enum gtv_edge_kind kind, uint64_t from_ns,
	       struct gtv_lane from, uint64_t to_ns, struct gtv_lane to, uint32_t obj)
{
	struct gtv_edge edge = {.from_ns = from_ns,
				.to_ns = to_ns < from_ns ? from_ns : to_ns,
				.from = from,
				.to = to,
				.kind = (uint8_t)kind,
				.obj = obj};

	if (m->sink.edge)
		m->sink.edge(m->sink.arg, &edge);
}

/* ---- faults and loss ---- */

void gtv__fault(struct gtv_model *m, enum gtv_fault fault, uint64_t ts_ns, const char *fmt,
		...)
{
	struct gtv__fault *f = &m->fault[fault];
	va_list ap;

	if (f->count++)
		return;
	f->ts_ns = ts_ns;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
}

static void drop_suspect(struct gtv_model *m, size_t idx)
{
	m->suspects--;
	memmove(&m->suspect[idx], &m->suspect[idx + 1],
		(m->suspects - idx) * sizeof *m->suspect);
}

static void convict_first(struct gtv_model *m)
{
	const struct gtv__suspect *s = &m->suspect[0];

	gtv__fault(m, s->fault, s->ts_ns, "%s", s->text);
	m->fault[s->fault].count += s->count - 1;
	drop_suspect(m, 0);
}

/* Too many: the oldest two of a kind become one. A loss that meets one of them explains
 * both: too kind is safe here, for where so much is suspect something was lost. Returns 0
 * if no two are of a kind. */
static int melt_suspects(struct gtv_model *m)
{
	for (size_t i = 0; i < m->suspects; i++) {
		for (size_t k = i + 1; k < m->suspects; k++) {
			struct gtv__suspect *a = &m->suspect[i], *b = &m->suspect[k];

			if (a->fault != b->fault || a->proc != b->proc)
				continue;
			a->from_ns = b->from_ns < a->from_ns ? b->from_ns : a->from_ns;
			a->to_ns = b->to_ns > a->to_ns ? b->to_ns : a->to_ns;
			a->count += b->count;
			drop_suspect(m, k);
			return 1;
		}
	}
	return 0;
}

void gtv__suspect(struct gtv_model *m, enum gtv_fault fault, const struct gtv__proc *proc,
		  uint64_t from_ns, uint64_t ts_ns, const char *fmt, ...)
{
	va_list ap;

	if (m->suspects == GTV__SUSPECTS_MAX && !melt_suspects(m))
		convict_first(m);
	struct gtv__suspect *s = &m->suspect[m->suspects++];
	s->from_ns = from_ns;
	s->ts_ns = s->to_ns = ts_ns;
	s->count = 1;
	s->proc = proc;
	s->fault = (uint8_t)fault;
	va_start(ap, fmt);
	vsnprintf(s->text, sizeof s->text, fmt, ap);
	va_end(ap);
}

void gtv__absolve(struct gtv_model *m, int kernel, const struct gtv__proc *proc,
		  uint64_t from_ns, uint64_t to_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->suspects; i++) {
		const struct gtv__suspect *s = &m->suspect[i];
		int mine = kernel ? !s->proc : s->proc && (!proc || s->proc == proc);
		if (!mine || from_ns > s->to_ns || to_ns < s->from_ns)
			m->suspect[kept++] = *s;
	}
	m->suspects = kept;
}

void gtv__losses_add(struct gtv__losses *l, uint64_t from_ns, uint64_t to_ns)
{
	/* They come nearly in order of their ends: melt from the back. */
	while (l->count && l->range[l->count - 1].to_ns >= from_ns) {
		l->count--;
		if (l->range[l->count].from_ns < from_ns)
			from_ns = l->range[l->count].from_ns;
		if (l->range[l->count].to_ns > to_ns)
			to_ns = l->range[l->count].to_ns;
	}
	if (l->count == l->cap && l->cap < GTV__LOSSES_MAX) {
		size_t cap = l->cap ? l->cap * 2 : 8;
		void *range = realloc(l->range, cap * sizeof *l->range);
		if (range) {
			l->range = range;
			l->cap = cap;
		}
	}
	if (l->count == l->cap) {
		/* Full: the oldest two become one. Too wide is safe, too narrow is not. */
		if (l->count < 2)
			return;
		l->range[0].to_ns = l->range[1].to_ns;
		l->count--;
		memmove(l->range + 1, l->range + 2, (l->count - 1) * sizeof *l->range);
	}
	l->range[l->count].from_ns = from_ns;
	l->range[l->count++].to_ns = to_ns;
}

int gtv__losses_after(const struct gtv__losses *l, uint64_t ts_ns, uint64_t *at_ns)
{
	size_t lo = 0, hi = l->count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (l->range[mid].to_ns < ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == l->count)
		return 0;
	*at_ns = l->range[lo].from_ns > ts_ns ? l->range[lo].from_ns : ts_ns;
	return 1;
}

int gtv__user_loss_after(const struct gtv_model *m, const struct gtv__proc *proc,
			 uint64_t ts_ns, uint64_t *at_ns)
{
	uint64_t any;
	int own = gtv__losses_after(&proc->losses, ts_ns, at_ns);

	if (!gtv__losses_after(&m->any_losses, ts_ns, &any))
		return own;
	if (!own || any < *at_ns)
		*at_ns = any;
	return 1;
}
