/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/report_waits.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tracer/cmd/out.h"
#include "tracer/cmd/report.h"
#include "tracer/model/attribution.h"

#define CAUSES_MAX   65536u /* told apart; the rest is without a who */
#define LANES_SHOWN  20
#define LISTED_MAX   1000u /* in JSON */
#define CAUSES_SHOWN 5
#define SHARES	     64
#define WAITS	     64

enum why {
	BY_NOBODY, /* nobody is known who ended it: a timer, a device, another program */
	BY_WAKER,  /* who made it ready */
	BY_TAKER,  /* who had the core */
	BY_HOLDER, /* who had the lock */
	BY_HAND,   /* nobody had the lock: it was being handed over */
	BY_OTHERS, /* who had the lock, not told apart */
	BY_LOST,   /* the trace does not tell */
};

struct cause {
	struct gtv_lane lane, who;
	uint32_t lock;
	uint8_t why, state;
	uint64_t ns, off_ns, times, max_ns; /* off: the holder had no core; of ns */
};

/* A wait that has ended, until it is known who ended it. */
struct pending {
	struct gtv_lane lane;
	uint8_t state;
	uint64_t from_ns, to_ns;
};

struct gtv_report_waits {
	struct gtv_attribution *attr;
	uint64_t from_ns, to_ns;
	struct cause *cause; /* open addressing; ns 0: empty */
	size_t cap, used;
	struct pending *pending; /* by lane, as above; state NONE: nothing pends */
	size_t lanes_cap, lanes;
	struct victim *victim; /* once asked for: most first */
	size_t victims;
	int no_memory;
};

struct gtv_report_waits *gtv_report_waits_new(uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_report_waits *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->from_ns = from_ns;
	w->to_ns = to_ns;
	w->attr = gtv_attribution_new(from_ns, to_ns);
	if (w->attr)
		return w;
	free(w);
	return NULL;
}

void gtv_report_waits_free(struct gtv_report_waits *w)
{
	if (!w)
		return;
	gtv_attribution_free(w->attr);
	free(w->cause);
	free(w->pending);
	free(w->victim);
	free(w);
}

/* ---- gathering ---- */

static size_t mix(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15u;
	return (size_t)(x ^ x >> 29);
}

static int same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

static size_t cause_hash(const struct cause *c)
{
	return mix(((uint64_t)c->lane.id << 32 | c->who.id) +
		   (uint64_t)(c->why << 8 | c->state << 16 | c->lane.kind) * 0x10001u);
}

static struct cause *cause_slot(struct cause *table, size_t cap, const struct cause *want)
{
	size_t at = cause_hash(want) & (cap - 1);

	while (table[at].ns &&
	       !(same_lane(table[at].lane, want->lane) &&
		 same_lane(table[at].who, want->who) && table[at].why == want->why &&
		 table[at].state == want->state))
		at = (at + 1) & (cap - 1);
	return &table[at];
}

static int grow_causes(struct gtv_report_waits *w)
{
	size_t cap = w->cap ? 2 * w->cap : 256;
	struct cause *table = calloc(cap, sizeof *table);

	if (!table)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < w->cap; i++)
		if (w->cause[i].ns)
			*cause_slot(table, cap, &w->cause[i]) = w->cause[i];
	free(w->cause);
	w->cause = table;
	w->cap = cap;
	return 0;
}

static void add(struct gtv_report_waits *w, struct gtv_lane lane, unsigned state,
		enum why why, struct gtv_lane who, uint64_t ns)
{
	struct cause want = {
		.lane = lane, .who = who, .why = (uint8_t)why, .state = (uint8_t)state};
	struct cause *c;

	if (!ns)
		return;
	if (2 * w->used >= w->cap && grow_causes(w)) {
		w->no_memory = 1;
		return;
	}
	c = cause_slot(w->cause, w->cap, &want);
	if (!c->ns && w->used >= CAUSES_MAX && who.kind) {
		want.who = (struct gtv_lane){0};
		c = cause_slot(w->cause, w->cap, &want);
	}
	if (!c->ns) {
		*c = want;
		w->used++;
	}
	c->ns += ns;
	c->times++;
	c->max_ns = ns > c->max_ns ? ns : c->max_ns;
}

static int grow_lanes(struct gtv_report_waits *w)
{
	size_t cap = w->lanes_cap ? 2 * w->lanes_cap : 256;
	struct pending *table = calloc(cap, sizeof *table);

	if (!table)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < w->lanes_cap; i++) {
		size_t at = mix(w->pending[i].lane.id) & (cap - 1);

		if (!w->pending[i].lane.kind)
			continue;
		while (table[at].lane.kind)
			at = (at + 1) & (cap - 1);
		table[at] = w->pending[i];
	}
	free(w->pending);
	w->pending = table;
	w->lanes_cap = cap;
	return 0;
}

/* The lane's; made if asked for. NULL: there is none. */
static struct pending *pending_of(struct gtv_report_waits *w, struct gtv_lane lane,
				  int make)
{
	size_t at;

	if (make && 2 * w->lanes >= w->lanes_cap && grow_lanes(w)) {
		w->no_memory = 1;
		return NULL;
	}
	if (!w->lanes_cap)
		return NULL;
	at = mix(lane.id) & (w->lanes_cap - 1);
	while (w->pending[at].lane.kind && !same_lane(w->pending[at].lane, lane))
		at = (at + 1) & (w->lanes_cap - 1);
	if (w->pending[at].lane.kind)
		return &w->pending[at];
	if (!make)
		return NULL;
	w->lanes++;
	w->pending[at].lane = lane;
	return &w->pending[at];
}

static void settle(struct gtv_report_waits *w, struct pending *p, enum why why,
		   struct gtv_lane who)
{
	if (p->state == GTV_ST_NONE)
		return;
	add(w, p->lane, p->state, why, who, p->to_ns - p->from_ns);
	p->state = GTV_ST_NONE;
}

/* As attribution.h has it: the lock whose holders the wait is put on. */
static int waits_for_lock(const struct gtv_span *s)
{
	if (!s->lock)
		return 0;
	if (s->lane.kind == GTV_LANE_GT)
		return s->state == GTV_ST_LOCK || s->state == GTV_ST_GIL ||
		       s->state == GTV_ST_STALLED;
	return s->state == GTV_ST_SLEEPING && !s->gt;
}

/* It waits for a core, not for anybody's word. */
static int waits_for_core(unsigned state)
{
	return state == GTV_ST_PREEMPTED || state == GTV_ST_READY ||
	       state == GTV_ST_RUNNABLE;
}

static void core_wait(struct gtv_report_waits *w, const struct gtv_span *s)
{
	struct gtv_lane who = {0};

	if ((s->flags & GTV_SP_WHO_TID) && s->who)
		who = (struct gtv_lane){GTV_LANE_THREAD, s->who};
	add(w, s->lane, s->state, who.kind ? BY_TAKER : BY_NOBODY, who,
	    s->to_ns - s->from_ns);
}

void gtv_report_waits_span(struct gtv_report_waits *w, const struct gtv_span *whole)
{
	struct gtv_span s = *whole;
	struct pending *p;

	gtv_attribution_span(w->attr, whole);
	if (s.lane.kind != GTV_LANE_GT && s.lane.kind != GTV_LANE_THREAD)
		return;
	s.from_ns = s.from_ns > w->from_ns ? s.from_ns : w->from_ns;
	s.to_ns = s.to_ns < w->to_ns ? s.to_ns : w->to_ns;
	if (s.from_ns >= s.to_ns)
		return;
	if (waits_for_core(s.state)) {
		core_wait(w, &s);
		return;
	}
	p = pending_of(w, s.lane, 1);
	if (!p)
		return;
	settle(w, p, BY_NOBODY, (struct gtv_lane){0});
	if (s.state == GTV_ST_RUNNING || s.state == GTV_ST_UNKNOWN ||
	    s.state == GTV_ST_DONE || waits_for_lock(&s))
		return;
	p->state = s.state;
	p->from_ns = s.from_ns;
	p->to_ns = s.to_ns;
}

void gtv_report_waits_edge(struct gtv_report_waits *w, const struct gtv_edge *e)
{
	struct pending *p;

	gtv_attribution_edge(w->attr, e);
	if (e->kind != GTV_EDGE_WAKE && e->kind != GTV_EDGE_KWAKE &&
	    e->kind != GTV_EDGE_JOIN)
		return;
	p = pending_of(w, e->to, 0);
	if (p && p->state != GTV_ST_NONE && e->from_ns >= p->from_ns &&
	    e->to_ns >= p->to_ns)
		settle(w, p, BY_WAKER, e->from);
}

/* ---- asking ---- */

/* All causes of one lane, most time first. */
struct list {
	struct cause *cause;
	size_t count, cap;
	uint64_t ns;
};

static void put(struct list *l, const struct cause *c)
{
	if (!c->ns)
		return;
	if (l->count == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 32;
		struct cause *grown = realloc(l->cause, cap * sizeof *grown);

		if (!grown)
			return;
		l->cause = grown;
		l->cap = cap;
	}
	l->cause[l->count++] = *c;
	l->ns += c->ns;
}

static void put_lock(struct list *l, const struct gtv_attribution *a, struct gtv_lane lane,
		     const struct gtv_attr_wait *wait)
{
	static const uint8_t why[] = {[GTV_ATTR_HOLDER] = BY_HOLDER,
				      [GTV_ATTR_OTHERS] = BY_OTHERS,
				      [GTV_ATTR_FREE] = BY_HAND,
				      [GTV_ATTR_UNKNOWN] = BY_LOST};
	struct gtv_attr_share share[SHARES];
	size_t count = gtv_attr_shares(a, lane, wait->lock, share, SHARES);
	uint64_t told = 0;

	count = count < SHARES ? count : SHARES;
	for (size_t i = 0; i < count; i++) {
		struct cause c = {.lane = lane,
				  .who = share[i].who,
				  .lock = wait->lock,
				  .why = why[share[i].why],
				  .ns = share[i].on_ns + share[i].off_ns,
				  .off_ns = share[i].off_ns,
				  .times = share[i].handed,
				  .max_ns = share[i].max_ns};
		if (share[i].why != GTV_ATTR_HOLDER) {
			c.who = (struct gtv_lane){0};
			c.times = 0;
		}
		told += c.ns;
		put(l, &c);
	}
	/* What more holders had than are listed. */
	put(l, &(struct cause){.lane = lane,
			       .lock = wait->lock,
			       .why = BY_OTHERS,
			       .ns = wait->ns > told ? wait->ns - told : 0});
}

static int by_time(const void *x, const void *y)
{
	const struct cause *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	if (a->lane.id != b->lane.id)
		return a->lane.id < b->lane.id ? -1 : 1;
	return (a->who.id > b->who.id) - (a->who.id < b->who.id);
}

static void list_causes(const struct gtv_report_waits *w, struct gtv_lane lane,
			struct list *l)
{
	struct gtv_attr_wait wait[WAITS];
	size_t count = gtv_attr_waits(w->attr, lane, wait, WAITS);

	memset(l, 0, sizeof *l);
	for (size_t i = 0; i < count && i < WAITS; i++)
		put_lock(l, w->attr, lane, &wait[i]);
	for (size_t i = 0; i < w->cap; i++)
		if (w->cause[i].ns && same_lane(w->cause[i].lane, lane))
			put(l, &w->cause[i]);
	for (size_t i = 0; i < w->lanes_cap; i++) {
		const struct pending *p = &w->pending[i];

		if (p->lane.kind && p->state != GTV_ST_NONE && same_lane(p->lane, lane))
			put(l, &(struct cause){.lane = lane,
					       .why = BY_NOBODY,
					       .state = p->state,
					       .ns = p->to_ns - p->from_ns,
					       .times = 1,
					       .max_ns = p->to_ns - p->from_ns});
	}
	if (l->count)
		qsort(l->cause, l->count, sizeof *l->cause, by_time);
}

struct victim {
	struct gtv_lane lane;
	uint64_t wait_ns;
};

static int by_wait(const void *x, const void *y)
{
	const struct victim *a = x, *b = y;

	if (a->wait_ns != b->wait_ns)
		return a->wait_ns > b->wait_ns ? -1 : 1;
	return (a->lane.id > b->lane.id) - (a->lane.id < b->lane.id);
}

/* Who waited, most first: *count of them. NULL without memory. */
static const struct victim *victims(struct gtv_report_waits *w, size_t *count)
{
	enum gtv_lane_kind kind =
		gtv_attr_count(w->attr, GTV_LANE_GT) ? GTV_LANE_GT : GTV_LANE_THREAD;
	size_t all = gtv_attr_count(w->attr, kind);
	struct victim *v = calloc(all + 1, sizeof *v);
	struct gtv_attr_lane l;

	*count = w->victims;
	if (w->victim) {
		free(v);
		return w->victim;
	}
	for (size_t i = 0; v && i < all; i++)
		if (!gtv_attr_lane(w->attr, kind, i, &l) && l.wait_ns)
			v[(*count)++] = (struct victim){l.lane, l.wait_ns};
	if (*count)
		qsort(v, *count, sizeof *v, by_wait);
	w->victim = v;
	w->victims = *count;
	return v;
}

/* ---- words ---- */

#define LABEL (4 * GTV_NAME_BYTES + 16)

static const char *lane_name(const struct gtv_report *r, struct gtv_lane lane, char *buf)
{
	return gtv_names_label(r->names,
			       lane.kind == GTV_LANE_GT ? GTV_CLASS_GT : GTV_CLASS_THREAD,
			       lane.id, buf, LABEL);
}

static void say_cause(const struct gtv_report *r, const struct cause *c, char *buf,
		      size_t size)
{
	char who[LABEL], lock[LABEL];

	if (c->who.kind)
		lane_name(r, c->who, who);
	if (c->lock)
		gtv_names_label(r->names, GTV_CLASS_LOCK, c->lock, lock, sizeof lock);
	switch ((enum why)c->why) {
	case BY_HOLDER:
		snprintf(buf, size, "%s, held by %s", lock, who);
		return;
	case BY_HAND:
		snprintf(buf, size, "%s, being handed over", lock);
		return;
	case BY_OTHERS:
		snprintf(buf, size, "%s, held by others", lock);
		return;
	case BY_LOST:
		snprintf(buf, size, "%s, holder not known", lock);
		return;
	case BY_TAKER:
		snprintf(buf, size, "%s, %s has the core", gtv_state_name(c->state), who);
		return;
	case BY_WAKER:
		snprintf(buf, size, "%s, woken by %s", gtv_state_name(c->state), who);
		return;
	default:
		snprintf(buf, size, "%s", gtv_state_name(c->state));
	}
}

static void share_cell(struct gtv_table *t, uint64_t part, uint64_t whole)
{
	gtv_table_cell(t, "%.1f", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static void ns_cell(struct gtv_table *t, uint64_t ns)
{
	char buf[32];

	gtv_table_cell(t, "%s", ns ? gtv_out_ns(ns, buf, sizeof buf) : "-");
}

static void cause_row(const struct gtv_report *r, struct gtv_table *t,
		      const struct victim *v, const struct cause *c, const char *what)
{
	char text[3 * LABEL], n[32];

	if (!what)
		say_cause(r, c, text, sizeof text);
	gtv_table_cell(t, "  %s", what ? what : text);
	ns_cell(t, c->ns);
	share_cell(t, c->ns, v->wait_ns);
	ns_cell(t, c->off_ns);
	gtv_table_cell(t, "%s", c->times ? gtv_out_count(c->times, n, sizeof n) : "-");
	ns_cell(t, c->max_ns);
}

static void victim_rows(const struct gtv_report *r, struct gtv_table *t,
			const struct victim *v)
{
	struct cause rest = {.ns = 0};
	char label[LABEL], text[48];
	struct list l;
	size_t i;

	list_causes(r->waits, v->lane, &l);
	gtv_table_cell(t, "%s", lane_name(r, v->lane, label));
	ns_cell(t, v->wait_ns);
	share_cell(t, v->wait_ns, v->wait_ns);
	for (i = 0; i < 3; i++)
		gtv_table_cell(t, "%s", "");
	for (i = 0; i < l.count && (i < CAUSES_SHOWN || l.count == CAUSES_SHOWN + 1); i++)
		cause_row(r, t, v, &l.cause[i], NULL);
	snprintf(text, sizeof text, "%zu more causes", l.count - i);
	for (; i < l.count; i++) {
		rest.ns += l.cause[i].ns;
		rest.off_ns += l.cause[i].off_ns;
	}
	if (rest.ns)
		cause_row(r, t, v, &rest, text);
	free(l.cause);
}

int gtv_report_waits_text(const struct gtv_report *r, FILE *f)
{
	static const struct gtv_table_column column[] = {{"WHO WAITED, AND WHO MADE IT", 0},
							 {"WAITED", 1},
							 {"%", 1},
							 {"HOLDER OFF CORE", 1},
							 {"TIMES", 1},
							 {"LONGEST", 1}};
	struct gtv_table *t;
	const struct victim *v;
	size_t count;
	int rc = 0;

	if (!r->waits)
		return 0;
	v = victims(r->waits, &count);
	t = v ? gtv_table_new(column, sizeof column / sizeof *column) : NULL;
	for (size_t i = 0; t && i < count && i < LANES_SHOWN; i++)
		victim_rows(r, t, &v[i]);
	if (count)
		putc('\n', f);
	rc = !t ? 1 : count ? gtv_table_print(t, f) : 0;
	if (count > LANES_SHOWN)
		fprintf(f, "… and %zu more (--json lists them)\n", count - LANES_SHOWN);
	if (r->waits->no_memory || gtv_attribution_is_short(r->waits->attr))
		fprintf(f, "! not all causes could be kept apart\n");
	gtv_table_free(t);
	return rc;
}

/* ---- JSON ---- */

static void put_ns(struct json_object *o, const char *key, uint64_t ns)
{
	json_object_object_add(o, key, json_object_new_uint64(ns));
}

static void put_lane(struct json_object *o, const char *key, struct gtv_lane lane)
{
	char text[16];

	snprintf(text, sizeof text, "%c%u", lane.kind == GTV_LANE_GT ? 'G' : 'T', lane.id);
	json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *cause_json(const struct cause *c)
{
	static const char *const why[] = {
		[BY_NOBODY] = "unknown",	  [BY_WAKER] = "woken_by",
		[BY_TAKER] = "core_taken_by",	  [BY_HOLDER] = "lock_held_by",
		[BY_HAND] = "lock_handed_over",	  [BY_OTHERS] = "lock_held_by_others",
		[BY_LOST] = "lock_holder_unknown"};
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "cause", json_object_new_string(why[c->why]));
	if (c->lock)
		json_object_object_add(o, "lock", json_object_new_int64(c->lock));
	else
		json_object_object_add(o, "state",
				       json_object_new_string(gtv_state_name(c->state)));
	if (c->who.kind)
		put_lane(o, "who", c->who);
	put_ns(o, "ns", c->ns);
	if (c->lock)
		put_ns(o, "off_core_ns", c->off_ns);
	put_ns(o, "times", c->times);
	put_ns(o, "max_ns", c->max_ns);
	return o;
}

struct json_object *gtv_report_waits_json(const struct gtv_report *r, size_t idx)
{
	struct json_object *o = NULL, *causes;
	size_t count;
	const struct victim *v = r->waits ? victims(r->waits, &count) : NULL;
	struct list l;

	if (v && idx < count && idx < LISTED_MAX) {
		o = json_object_new_object();
		causes = json_object_new_array();
		put_lane(o, "lane", v[idx].lane);
		put_ns(o, "wait_ns", v[idx].wait_ns);
		list_causes(r->waits, v[idx].lane, &l);
		for (size_t i = 0; i < l.count; i++)
			json_object_array_add(causes, cause_json(&l.cause[i]));
		json_object_object_add(o, "causes", causes);
		free(l.cause);
	}
	return o;
}
