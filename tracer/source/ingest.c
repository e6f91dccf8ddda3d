/* SPDX-License-Identifier: MIT
 *
 * Wire events into events. A wire event comes from the traced program and may say
 * anything: kinds, ids and times are checked here, and what is not plausible costs
 * its producer that event and nothing else.
 *
 * Each kind has a shape: which of its fields are process-local ids, and of what.
 */
#include <string.h>

#include "tracer/source/naming.h"
#include "tracer/source/ring.h"

/* What a field is: a class of local ids (map + 1), or as it stands. */
enum { RAW, GT, LOCK, CHAN, CALL };
_Static_assert(GT - 1 == GTV_MAP_GT && CALL - 1 == GTV_MAP_CALL, "field classes");

struct shape {
	uint8_t known;
	uint8_t gt, obj;
	uint8_t low; /* the low half of arg; the high half stays */
	uint8_t is_gil;
	uint8_t tells; /* more than the event itself: see note() */
};

static const struct shape shapes[GTV_EV_USER_MAX] = {
	[GTV_EV_PROC_START] = {.known = 1, .tells = 1},
	[GTV_EV_WORKER_START] = {.known = 1, .tells = 1},
	[GTV_EV_WORKER_STOP] = {.known = 1},
	[GTV_EV_SPAWN] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_SWITCH_RUN] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_SWITCH_YIELD] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_SWITCH_PREEMPT] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_SWITCH_LOCK] = {.known = 1, .gt = GT, .obj = GT, .low = LOCK},
	[GTV_EV_SWITCH_GIL] = {.known = 1, .gt = GT, .obj = GT, .low = LOCK, .is_gil = 1},
	[GTV_EV_SWITCH_CHAN] = {.known = 1, .gt = GT, .obj = GT, .low = CHAN},
	[GTV_EV_SWITCH_JOIN] = {.known = 1, .gt = GT, .obj = GT, .low = GT},
	[GTV_EV_SWITCH_IO] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_SWITCH_SLEEP] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_SWITCH_SYSCALL] = {.known = 1, .gt = GT, .obj = GT, .low = CALL},
	[GTV_EV_SWITCH_EXIT] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_READY] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_STEAL] = {.known = 1, .gt = GT},
	[GTV_EV_LOCK_TAKE] = {.known = 1, .gt = GT, .obj = LOCK},
	[GTV_EV_LOCK_DROP] = {.known = 1, .gt = GT, .obj = LOCK},
	[GTV_EV_GIL_TAKE] = {.known = 1, .gt = GT, .obj = LOCK, .is_gil = 1},
	[GTV_EV_GIL_RETAKE] = {.known = 1, .gt = GT, .obj = LOCK, .is_gil = 1},
	[GTV_EV_GIL_DROP] = {.known = 1, .gt = GT, .obj = LOCK, .is_gil = 1},
	[GTV_EV_GIL_REQUEST] = {.known = 1, .gt = GT, .obj = LOCK, .is_gil = 1},
	[GTV_EV_CHAN_SEND] = {.known = 1, .gt = GT, .obj = CHAN, .low = GT},
	[GTV_EV_CHAN_RECV] = {.known = 1, .gt = GT, .obj = CHAN, .low = GT},
	[GTV_EV_CHAN_CLOSE] = {.known = 1, .gt = GT, .obj = CHAN},
	[GTV_EV_CALL_BEGIN] = {.known = 1, .gt = GT, .obj = CALL},
	[GTV_EV_CALL_END] = {.known = 1, .gt = GT},
	[GTV_EV_PARK] = {.known = 1},
	[GTV_EV_UNPARK] = {.known = 1},
	[GTV_EV_MARK] = {.known = 1, .gt = GT},
	[GTV_EV_CANCEL] = {.known = 1, .gt = GT, .obj = GT},
	[GTV_EV_REGION_BEGIN] = {.known = 1, .gt = GT},
	[GTV_EV_REGION_END] = {.known = 1, .gt = GT},
	[GTV_EV_CALLBACK_BEGIN] = {.known = 1, .obj = CALL},
	[GTV_EV_CALLBACK_END] = {.known = 1, .obj = CALL},
	[GTV_EV_HANDOFF] = {.known = 1, .gt = GT},
	[GTV_EV_GT_STATE] = {.known = 1, .tells = 1, .gt = GT},
	[GTV_EV_LOCK_STATE] = {.known = 1, .gt = GT, .obj = LOCK},
	[GTV_EV_WORKER_STATE] = {.known = 1, .tells = 1},
	[GTV_EV_PREEMPT_ASK] = {.known = 1, .gt = GT},
};

#define AHEAD 32u /* events that are fetched ahead */

/* How far ahead of now an honest event may seem: the line's own error, and more. */
#define AHEAD_NS 1000000ull
/* How far time may fall within a ring before it is called a lie. */
#define BEHIND_NS 1000000ull
/* What was dropped is its producer's word. It takes longer than a nanosecond to drop one:
 * a larger number is a lie, of which only that something is missing is believed. */
static uint64_t plausible_loss(struct gtv_ring_source *src, uint64_t count)
{
	if (gtv_ring_is_simulated(src) || count <= gtv_clock_mono_ns() - src->begun_ns)
		return count;
	src->stats.corrupt++;
	return 1;
}

int gtv_ring_push_loss(struct gtv_ring_source *src, int stream, uint32_t tid, uint32_t kind,
		       uint64_t count, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_loss_range loss = {
		.source = GTV_SRC_RING,
		.tid = tid,
		.core = GTV_CORE_NONE,
		.kind = kind,
		.count = plausible_loss(src, count),
		.from_ns = from_ns,
		.to_ns = to_ns,
	};
	src->stats.lost += loss.count;
	src->stats.lost_kind[kind] += loss.count;
	return gtv_naming_loss(src->base.config.merge, stream, &loss);
}

/* An event that cannot be kept: counted, and told at the end of the drain. */
static void refuse(struct gtv_reader *r, uint32_t kind, uint64_t ts_ns)
{
	if (!r->refused_from_ns)
		r->refused_from_ns = ts_ns;
	r->refused_to_ns = ts_ns;
	r->refused[kind]++;
}

/* ------------------------------------------------------------------- time */

/* Raw to ns, neither ahead of now nor behind the ring's last event. */
static uint64_t event_time(struct gtv_ring_source *src, struct gtv_reader *r, uint64_t raw,
			   uint64_t now_ns)
{
	uint64_t ns = gtv_clock_ns(src->base.config.clock, raw);

	if (gtv_ring_is_simulated(src)) {
		ns = gtv_ring_virtual_time(src, r, ns);
	} else if (ns > now_ns + AHEAD_NS) {
		src->stats.corrupt++;
		ns = now_ns;
	}
	if (ns < r->last_ns) {
		src->stats.corrupt += r->last_ns - ns > BEHIND_NS;
		ns = r->last_ns;
	}
	r->last_ns = ns;
	return ns;
}

/* ------------------------------------------------------------------ names */

static unsigned text_map(uint32_t cls)
{
	switch (cls) {
	case GTV_TEXT_GT:
		return GT;
	case GTV_TEXT_LOCK:
	case GTV_TEXT_LOCK_KIND:
		return LOCK;
	case GTV_TEXT_CHAN:
		return CHAN;
	case GTV_TEXT_CALL:
		return CALL;
	default:
		return RAW;
	}
}

static const enum gtv_class name_class[] = {
	[GT] = GTV_CLASS_GT,
	[LOCK] = GTV_CLASS_LOCK,
	[CHAN] = GTV_CLASS_CHAN,
	[CALL] = GTV_CLASS_CALL,
};

static void set_policy(struct gtv_ring_source *src, uint32_t pid, const char *text)
{
	struct gtv_name name;

	gtv_names_get(src->base.config.names, GTV_CLASS_PROCESS, pid, &name);
	memset(name.extra, 0, sizeof name.extra);
	memcpy(name.extra, text, strnlen(text, GTV_KIND_BYTES - 1));
	gtv_names_set(src->base.config.names, GTV_CLASS_PROCESS, &name);
}

/* A whole name has arrived in r->name. */
static void apply_name(struct gtv_ring_source *src, struct gtv_reader *r)
{
	unsigned map = text_map(r->name.cls);
	struct gtv_name name;
	uint32_t id;

	if (r->name.cls == GTV_TEXT_POLICY) {
		set_policy(src, r->image->name_pid, r->name.text);
		return;
	}
	if (r->name.cls == GTV_TEXT_THREAD) {
		gtv_naming_thread(src->base.config.names, r->name.id, r->pid, r->name.text,
				  GTV_NAME_OURS);
		return;
	}
	if (map == RAW || !r->name.id) {
		src->stats.corrupt++;
		return;
	}
	id = gtv_image_intern(src, r->image, map - 1, r->name.id);
	if (!id || gtv_names_get(src->base.config.names, name_class[map], id, &name))
		return;
	if (r->name.cls == GTV_TEXT_LOCK_KIND) {
		memset(name.extra, 0, sizeof name.extra);
		memcpy(name.extra, r->name.text, strnlen(r->name.text, GTV_KIND_BYTES - 1));
		if (!strncmp(name.extra, "gil", 3))
			name.flags |= GTV_NAME_IS_GIL;
	} else {
		memset(name.text, 0, sizeof name.text);
		memcpy(name.text, r->name.text, strnlen(r->name.text, GTV_NAME_BYTES - 1));
	}
	gtv_names_set(src->base.config.names, name_class[map], &name);
}

/* One chunk of a name. They come in order, without anything of the same thread
 * between; after a loss the rest of a name is worth nothing. */
static void take_text(struct gtv_ring_source *src, struct gtv_reader *r,
		      const struct gtv_event *wire)
{
	uint32_t chunk = wire->flags & ~GTV_TEXT_LAST;

	if (!chunk) {
		memset(&r->name, 0, sizeof r->name);
		r->name.cls = wire->aux;
		r->name.id = wire->gt;
	} else if (chunk != r->name.next || wire->aux != r->name.cls ||
		   wire->gt != r->name.id || chunk >= 4) {
		src->stats.corrupt++;
		r->name.next = 0;
		return;
	}
	memcpy(r->name.text + chunk * GTV_TEXT_CHUNK, wire->u.text, GTV_TEXT_CHUNK);
	r->name.next = chunk + 1;
	if (wire->flags & GTV_TEXT_LAST) {
		apply_name(src, r);
		r->name.next = 0;
	}
}

static void set_worker(struct gtv_ring_source *src, uint32_t tid, uint32_t local)
{
	struct gtv_name name;

	if (gtv_names_get(src->base.config.names, GTV_CLASS_THREAD, tid, &name))
		return;
	name.local = local;
	gtv_names_set(src->base.config.names, GTV_CLASS_THREAD, &name);
}

static void start_process(struct gtv_ring_source *src, struct gtv_reader *r, uint64_t flags)
{
	struct gtv_names *names = src->base.config.names;
	char comm[GTV_COMM_BYTES] = "";
	struct gtv_name name;

	r->image->started = 1;
	if (!gtv_ring_is_simulated(src))
		gtv_naming_comm(r->pid, r->tid, comm);
	gtv_naming_thread(names, r->tid, r->pid, comm, GTV_NAME_OURS);
	if (gtv_names_get(names, GTV_CLASS_PROCESS, r->pid, &name))
		return;
	name.flags &= ~GTV_NAME_ONE_TO_ONE;
	if (flags & GTV_PROC_ONE_TO_ONE)
		name.flags |= GTV_NAME_ONE_TO_ONE;
	gtv_names_set(names, GTV_CLASS_PROCESS, &name);
}

/* The first event that treats a lock as a GIL makes it one. */
static void mark_gil(struct gtv_ring_source *src, uint32_t lock)
{
	struct gtv_name name;

	if (!lock || gtv_idmap_get(&src->gil, lock))
		return;
	gtv_idmap_put(&src->gil, lock, 1);
	if (gtv_names_get(src->base.config.names, GTV_CLASS_LOCK, lock, &name))
		return;
	name.flags |= GTV_NAME_IS_GIL;
	gtv_names_set(src->base.config.names, GTV_CLASS_LOCK, &name);
}

/* ----------------------------------------------------------------- events */

/* A field by its class; -1: there is no room for the object it names. */
static inline int resolve(struct gtv_ring_source *src, struct gtv_reader *r, unsigned cls,
			  uint32_t value, uint32_t *out)
{
	*out = value;
	if (cls == RAW || !value)
		return 0;
	struct gtv_known *known = &r->known[cls - 1][value % GTV_RING_KNOWN];
	if (known->local != value) {
		uint32_t id = gtv_image_intern(src, r->image, cls - 1, value);
		if (!id)
			return -1;
		known->local = value;
		known->id = id;
	}
	*out = known->id;
	return 0;
}

/* A program may speak of its own threads only. */
static int is_own_thread(const struct gtv_ring_source *src, const struct gtv_reader *r,
			 uint32_t tid)
{
	struct gtv_name name;

	return !gtv_names_get(src->base.config.names, GTV_CLASS_THREAD, tid, &name) &&
	       name.pid == r->pid;
}

static int resolve_all(struct gtv_ring_source *src, struct gtv_reader *r,
		       const struct gtv_event *wire, struct gtv_ev *ev)
{
	const struct shape *shape = &shapes[wire->kind];
	uint8_t low_class = shape->low;
	uint32_t low;

	/* What it waits for is what that wait would name. */
	if (wire->kind == GTV_EV_GT_STATE && wire->aux < GTV_EV_USER_MAX)
		low_class = shapes[wire->aux].low;

	if (resolve(src, r, shape->gt, wire->gt, &ev->gt) ||
	    resolve(src, r, shape->obj, wire->u.f.obj, &ev->obj) ||
	    resolve(src, r, low_class, (uint32_t)wire->u.f.arg, &low))
		return -1;
	ev->seq = wire->u.f.seq;
	if (wire->kind == GTV_EV_GT_STATE && ev->obj && !is_own_thread(src, r, ev->obj))
		ev->obj = 0;
	ev->arg = low_class == RAW ? wire->u.f.arg
				   : (wire->u.f.arg & ~(uint64_t)UINT32_MAX) | low;
	if (shape->is_gil)
		mark_gil(src, shape->low == LOCK ? low : ev->obj);
	return 0;
}

/* What an event means beside being one. */
static void note(struct gtv_ring_source *src, struct gtv_reader *r,
		 const struct gtv_event *wire)
{
	switch (wire->kind) {
	case GTV_EV_PROC_START:
		start_process(src, r, wire->u.f.arg);
		break;
	case GTV_EV_WORKER_START:
		if (wire->u.f.obj < GTV_NAMING_MAX)
			set_worker(src, r->tid, wire->u.f.obj + 1);
		break;
	case GTV_EV_WORKER_STATE:
		if (wire->u.f.obj < GTV_NAMING_MAX &&
		    is_own_thread(src, r, (uint32_t)wire->u.f.arg))
			set_worker(src, (uint32_t)wire->u.f.arg, wire->u.f.obj + 1);
		break;
	default:
		break;
	}
}

static int deliver(struct gtv_ring_source *src, struct gtv_reader *r,
		   const struct gtv_event *wire, uint64_t ts_ns)
{
	struct gtv_ev ev = {
		.ts_ns = ts_ns,
		.kind = wire->kind,
		.flags = wire->flags,
		.state = wire->aux,
		.core = GTV_CORE_NONE,
		.tid = r->tid,
	};

	if (!r->image || resolve_all(src, r, wire, &ev) < 0) {
		refuse(r, wire->kind, ts_ns);
		return 0;
	}
	note(src, r, wire);
	src->stats.events++;
	return gtv_merge_push(src->base.config.merge, r->stream, &ev);
}

/* A producer's word on what it dropped. Most often the dropped counts said so before
 * (gtv_ring_tell_losses), in time for the watermark; then it is no news. */
static int take_lost(struct gtv_ring_source *src, struct gtv_reader *r,
		     const struct gtv_event *wire, uint64_t ts_ns)
{
	uint32_t kind = wire->u.f.obj;
	uint64_t count = wire->u.f.arg;
	uint64_t first_raw = wire->gt | (uint64_t)wire->u.f.seq << 32;

	if (kind >= GTV_EV_USER_MAX || !kind || count >= 1ull << 48) {
		src->stats.corrupt++;
		return 0;
	}
	r->told[kind] += count;
	if (r->told[kind] <= r->loss[kind])
		return 0;
	count = r->told[kind] - r->loss[kind];
	r->loss[kind] = r->told[kind];
	uint64_t from_ns = gtv_clock_ns(src->base.config.clock, first_raw);
	if (from_ns < r->last_loss_ns)
		from_ns = r->last_loss_ns;
	r->last_loss_ns = ts_ns;
	return gtv_ring_push_loss(src, r->stream, r->tid, kind, count, from_ns, ts_ns);
}

int gtv_ring_ingest(struct gtv_ring_source *src, struct gtv_reader *r,
		    const struct gtv_event *wire, uint64_t now_ns)
{
	if (!wire->kind || wire->kind >= GTV_EV_USER_MAX) {
		src->stats.corrupt++;
		return 0;
	}
	uint64_t ts_ns = event_time(src, r, wire->ts_raw, now_ns);
	if (wire->kind == GTV_EV_TEXT) {
		if (r->image)
			take_text(src, r, wire);
		return 0;
	}
	if (wire->kind == GTV_EV_LOST)
		return take_lost(src, r, wire, ts_ns);
	if (wire->kind >= GTV_EV_SIM_PROC && wire->kind <= GTV_EV_SIM_START)
		return gtv_ring_ingest_simulated(src, r, wire, ts_ns);
	if (!shapes[wire->kind].known) {
		src->stats.corrupt++;
		return 0;
	}
	return deliver(src, r, wire, ts_ns);
}

/* An event of which nothing is to be told but itself. */
static inline int is_ordinary(const struct gtv_event *wire)
{
	const struct shape *shape;

	if (wire->kind >= GTV_EV_USER_MAX)
		return 0;
	shape = &shapes[wire->kind];
	return shape->known && !shape->is_gil && !shape->tells;
}

/* Makes *ev of an ordinary event. Returns whether there was room for its objects. */
static inline int make_event(struct gtv_ring_source *src, struct gtv_reader *r,
			     const struct gtv_event *wire, uint64_t ts_ns,
			     struct gtv_ev *ev)
{
	const struct shape *shape = &shapes[wire->kind];
	uint32_t gt, obj, low;

	if (resolve(src, r, shape->gt, wire->gt, &gt) ||
	    resolve(src, r, shape->obj, wire->u.f.obj, &obj) ||
	    resolve(src, r, shape->low, (uint32_t)wire->u.f.arg, &low))
		return 0;
	ev->ts_ns = ts_ns;
	ev->kind = wire->kind;
	ev->flags = wire->flags;
	ev->state = wire->aux;
	ev->core = GTV_CORE_NONE;
	ev->tid = r->tid;
	ev->gt = gt;
	ev->obj = obj;
	ev->seq = wire->u.f.seq;
	ev->arg = (wire->u.f.arg & ~(uint64_t)UINT32_MAX) | low;
	return 1;
}

int64_t gtv_ring_ingest_run(struct gtv_ring_source *src, struct gtv_reader *r, uint64_t max,
			    uint64_t now_ns)
{
	struct gtv_merge_room room;
	uint64_t count = 0, last_ns = r->last_ns, tail = r->tail, slots = src->slots;

	if (!r->image || gtv_ring_is_simulated(src))
		return 0;
	int rc = gtv_merge_room(src->base.config.merge, r->stream, &room);
	if (rc < 0)
		return rc;
	max = max < room.count ? max : room.count;
	last_ns = last_ns > room.from_ns ? last_ns : room.from_ns;
	for (; count < max; count++) {
		struct gtv_event wire;
		/* It comes from another core's cache: ask for it early. */
		__builtin_prefetch(&r->events[(tail + AHEAD) & (slots - 1)]);
		gtv_ring_copy_event(r, tail, slots, &wire);
		if (!is_ordinary(&wire))
			break;
		uint64_t ts_ns = gtv_clock_ns_now(src->base.config.clock, wire.ts_raw);
		if (ts_ns < last_ns || ts_ns > now_ns + AHEAD_NS ||
		    !make_event(src, r, &wire, ts_ns, &room.ev[count]))
			break;
		last_ns = ts_ns;
		if (!(++tail % GTV_RING_TAIL_BATCH))
			__atomic_store_n(&r->control->tail, tail, __ATOMIC_RELEASE);
	}
	gtv_merge_made(src->base.config.merge, r->stream, count);
	if (count)
		r->last_ns = last_ns;
	r->tail = tail;
	src->stats.events += count;
	return (int64_t)count;
}

/* ------------------------------------------------------------------- loss */

static int tell_refused(struct gtv_ring_source *src, struct gtv_reader *r)
{
	int rc = 0;

	if (!r->refused_from_ns)
		return 0;
	for (uint32_t k = 0; k < GTV_EV_USER_MAX && !rc; k++)
		if (r->refused[k])
			rc = gtv_ring_push_loss(src, r->stream, r->tid, k, r->refused[k],
						r->refused_from_ns, r->refused_to_ns);
	memset(r->refused, 0, sizeof r->refused);
	r->refused_from_ns = r->refused_to_ns = 0;
	return rc;
}

/* The range of what was dropped, as plausible as it can be had: not before what was
 * told already, not after now. */
static void dropped_range(const struct gtv_ring_source *src, const struct gtv_reader *r,
			  uint64_t now_ns, uint64_t *from_ns, uint64_t *to_ns)
{
	const struct gtv_clock *clock = src->base.config.clock;
	uint64_t first = __atomic_load_n(&r->control->loss_first_raw, __ATOMIC_RELAXED);
	uint64_t last = __atomic_load_n(&r->control->loss_last_raw, __ATOMIC_RELAXED);

	*from_ns = gtv_clock_ns(clock, first);
	*to_ns = gtv_clock_ns(clock, last);
	if (*to_ns > now_ns || *to_ns < r->last_loss_ns)
		*to_ns = now_ns;
	if (*from_ns < r->last_loss_ns)
		*from_ns = r->last_loss_ns;
	if (*from_ns > *to_ns)
		*from_ns = *to_ns;
}

/* A full ring drops events, and its producer tells of it when there is room and it
 * has something to say, which may be much later than the watermark. The counts are
 * there at once, and in a dry ring they are of one stretch of time: a second one would
 * have needed room, and left something to read. */
static int tell_dropped(struct gtv_ring_source *src, struct gtv_reader *r)
{
	uint64_t dropped[GTV_EV_USER_MAX], from_ns, to_ns;
	int rc = 0, news = 0;

	for (uint32_t k = 1; k < GTV_EV_USER_MAX; k++) {
		dropped[k] = __atomic_load_n(&r->control->dropped[k], __ATOMIC_ACQUIRE);
		news |= dropped[k] > r->loss[k];
	}
	/* After the counts: what they count lies in the range that is read now, however
	 * long we were kept between them. And if something was published since, they may
	 * be of two stretches: then its producer has told there what it dropped. */
	if (!news)
		return 0;
	dropped_range(src, r, gtv_clock_mono_ns(), &from_ns, &to_ns);
	if (__atomic_load_n(&r->control->head, __ATOMIC_ACQUIRE) != r->tail)
		return 0;
	for (uint32_t k = 1; k < GTV_EV_USER_MAX && !rc; k++) {
		if (dropped[k] <= r->loss[k])
			continue;
		rc = gtv_ring_push_loss(src, r->stream, r->tid, k, dropped[k] - r->loss[k],
					from_ns, to_ns);
		r->loss[k] = dropped[k];
	}
	r->last_loss_ns = to_ns;
	return rc;
}

int gtv_ring_tell_losses(struct gtv_ring_source *src, struct gtv_reader *r, int dry)
{
	int rc = tell_refused(src, r);

	return rc < 0 || !dry ? rc : tell_dropped(src, r);
}
