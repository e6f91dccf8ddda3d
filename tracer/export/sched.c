/* SPDX-License-Identifier: MIT */
#include "tracer/export/sched.h"

#include <stdlib.h>

#define CORES_MAX 65536

struct row {
	uint64_t ts_ns;
	uint32_t tid; /* a switch: who comes; a waking: who wakes up */
	uint32_t state;
};

struct rows {
	struct row *row;
	size_t count, cap;
};

struct gtv__sched_core {
	struct rows switches, wakings;
	struct row held; /* the last switch, ts_ns 0: none */
	int begun;	 /* the full event was written */
	uint32_t here;	 /* who was there before the first */
	int lost;
};

/* task_struct's state, in the bits that all kernels have in common. */
static uint32_t state_bits(unsigned state)
{
	static const uint32_t bits[] = {
		[GTV_OFF_PREEMPTED] = 0, [GTV_OFF_SLEEP] = 1, [GTV_OFF_DISK] = 2,
		[GTV_OFF_STOPPED] = 4,	 [GTV_OFF_DEAD] = 16, [GTV_OFF_IDLE] = 0,
	};

	/* A bit that no state has: it is shown as unknown. */
	return state < sizeof bits / sizeof bits[0] ? bits[state] : 0x8000;
}

static struct gtv__sched_core *core_at(struct gtv__sched *s, int core)
{
	if (core < 0 || core >= CORES_MAX)
		return NULL;
	if ((size_t)core >= s->count) {
		size_t count = (size_t)core + 1;
		struct gtv__sched_core *all = realloc(s->core, count * sizeof *all);

		if (!all) {
			s->no_memory = 1;
			return NULL;
		}
		for (size_t i = s->count; i < count; i++)
			all[i] = (struct gtv__sched_core){0};
		s->core = all;
		s->count = count;
	}
	return &s->core[core];
}

static void add(struct gtv__sched *s, struct rows *rows, struct row row)
{
	if (rows->count == rows->cap) {
		size_t cap = rows->cap ? 2 * rows->cap : 256;
		struct row *p = realloc(rows->row, cap * sizeof *p);

		if (!p) {
			s->no_memory = 1;
			return;
		}
		rows->row = p;
		rows->cap = cap;
	}
	rows->row[rows->count++] = row;
}

/* The next switch of a core: who was said to come before is known now. */
static void put_switch(struct gtv__sched *s, struct gtv__sched_core *c, uint32_t leaves,
		       struct row next)
{
	if (!c->held.ts_ns) {
		c->here = leaves;
	} else {
		if (c->held.tid != leaves && c->held.tid != GTV__TID_LOST)
			c->held.tid = GTV__TID_NOT_RECORDED;
		if (next.ts_ns < c->held.ts_ns)
			next.ts_ns = c->held.ts_ns;
		add(s, &c->switches, c->held);
	}
	c->held = next;
}

void gtv__sched_event(struct gtv__sched *s, const struct gtv_ev *ev)
{
	struct gtv__sched_core *c;
	struct row row = {ev->ts_ns, ev->obj, 0};

	if (ev->kind != GTV_EV_K_SWITCH && ev->kind != GTV_EV_K_WAKING &&
	    !(ev->kind == GTV_EV_K_ON && ev->flags & GTV_KF_RECOVERED))
		return;
	c = core_at(s, ev->core);
	if (!c)
		return;
	switch (ev->kind) {
	case GTV_EV_K_WAKING:
		add(s, &c->wakings, row);
		break;
	case GTV_EV_K_SWITCH:
		row.state = state_bits(ev->state);
		put_switch(s, c, ev->tid, row);
		break;
	default: /* came by a switch that was not told: from whom, nobody knows */
		row.tid = ev->tid;
		row.ts_ns = ev->arg;
		row.state = state_bits(GTV_OFF_UNKNOWN);
		put_switch(s, c, c->held.ts_ns ? GTV__TID_NOT_RECORDED : 0, row);
	}
}

static void lose(struct gtv__sched *s, struct gtv__sched_core *c, uint64_t from_ns)
{
	struct row row = {from_ns, GTV__TID_LOST, state_bits(GTV_OFF_UNKNOWN)};

	if (!c->held.ts_ns)
		return;
	c->lost = 1;
	if (c->held.tid != GTV__TID_LOST)
		put_switch(s, c, c->held.tid, row);
}

void gtv__sched_lost(struct gtv__sched *s, int core, uint64_t from_ns)
{
	for (size_t i = 0; i < s->count; i++)
		if (core < 0 || (size_t)core == i)
			lose(s, &s->core[i], from_ns);
}

static const char *comm_of(const struct gtv__sched *s, uint32_t tid, char *buf, size_t size)
{
	struct gtv_name name;

	if (!tid)
		return "swapper";
	if (tid == GTV__TID_NOT_RECORDED)
		return "[not recorded]";
	if (tid == GTV__TID_LOST)
		return "[unknown: lost]";
	gtv_names_get(s->names, GTV_CLASS_THREAD, tid, &name);
	return gtv_names_escape(name.text, buf, size);
}

/* The place of a thread's name in the bundle's table; written there if it is new. */
static uint64_t comm_index(struct gtv__sched *s, struct gtv__bytes *compact, uint32_t tid,
			   uint32_t *count)
{
	char buf[4 * GTV_NAME_BYTES];
	uint64_t *at = gtv__keys_at(&s->comm, (uint64_t)tid + 1);

	if (!at) {
		s->no_memory = 1;
		return 0;
	}
	if (*at >> 32 != s->generation) {
		*at = s->generation << 32 | (*count)++;
		gtv__put_text(compact, 5, comm_of(s, tid, buf, sizeof buf));
	}
	return *at & UINT32_MAX;
}

enum column { TIME, TID, STATE, COMM, MINUS_1 };

/* One packed column. */
static void put_column(struct gtv__sched *s, struct gtv__bytes *out, unsigned field,
		       const struct rows *rows, enum column what)
{
	size_t at = gtv__put_begin(out, field);
	uint64_t before = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];
		uint64_t *comm;

		switch (what) {
		case TIME:
			gtv__put_varint(out, row->ts_ns - before);
			before = row->ts_ns;
			break;
		case TID:
			gtv__put_varint(out, row->tid);
			break;
		case STATE:
			gtv__put_varint(out, row->state);
			break;
		case COMM:
			comm = gtv__keys_at(&s->comm, (uint64_t)row->tid + 1);
			gtv__put_varint(out, comm ? *comm & UINT32_MAX : 0);
			break;
		default: /* not recorded */
			gtv__put_varint(out, UINT64_MAX);
		}
	}
	gtv__put_end(out, at);
}

static void put_compact(struct gtv__sched *s, struct gtv__bytes *out,
			struct gtv__sched_core *c)
{
	size_t at = gtv__put_begin(out, 4);
	uint32_t comms = 0;

	s->generation++;
	for (size_t i = 0; i < c->switches.count; i++)
		comm_index(s, out, c->switches.row[i].tid, &comms);
	for (size_t i = 0; i < c->wakings.count; i++)
		comm_index(s, out, c->wakings.row[i].tid, &comms);
	put_column(s, out, 1, &c->switches, TIME);
	put_column(s, out, 2, &c->switches, STATE);
	put_column(s, out, 3, &c->switches, TID);
	put_column(s, out, 4, &c->switches, MINUS_1); /* priorities */
	put_column(s, out, 6, &c->switches, COMM);
	put_column(s, out, 7, &c->wakings, TIME);
	put_column(s, out, 8, &c->wakings, TID);
	put_column(s, out, 9, &c->wakings, MINUS_1); /* the core it goes to */
	put_column(s, out, 10, &c->wakings, MINUS_1);
	put_column(s, out, 11, &c->wakings, COMM);
	gtv__put_end(out, at);
}

/* The first switch of a core must be a full event: who leaves is said nowhere else,
 * and Perfetto drops a compact one whose predecessor it does not know. */
static void put_first(struct gtv__sched *s, struct gtv__bytes *out,
		      struct gtv__sched_core *c)
{
	const struct row row = c->switches.row[0];
	size_t event = gtv__put_begin(out, 2), inside;
	char buf[4 * GTV_NAME_BYTES];

	gtv__put_number(out, 1, row.ts_ns);
	gtv__put_number(out, 2, c->here);
	inside = gtv__put_begin(out, 4);
	gtv__put_text(out, 1, comm_of(s, c->here, buf, sizeof buf));
	gtv__put_number(out, 2, c->here);
	gtv__put_number(out, 3, UINT64_MAX);
	gtv__put_number(out, 4, row.state);
	gtv__put_text(out, 5, comm_of(s, row.tid, buf, sizeof buf));
	gtv__put_number(out, 6, row.tid);
	gtv__put_number(out, 7, UINT64_MAX);
	gtv__put_end(out, inside);
	gtv__put_end(out, event);
	for (size_t i = 1; i < c->switches.count; i++)
		c->switches.row[i - 1] = c->switches.row[i];
	c->switches.count--;
	c->begun = 1;
}

void gtv__sched_flush(struct gtv__sched *s, int last,
		      void (*emit)(void *arg, const struct gtv__bytes *bundle), void *arg)
{
	struct gtv__bytes out = {0};

	for (size_t i = 0; i < s->count; i++) {
		struct gtv__sched_core *c = &s->core[i];

		if (last && c->held.ts_ns) {
			add(s, &c->switches, c->held);
			c->held.ts_ns = 0;
		}
		if (!c->switches.count && !c->wakings.count)
			continue;
		out.len = 0;
		gtv__put_number(&out, 1, i);
		if (!c->begun && c->switches.count)
			put_first(s, &out, c);
		if (c->lost)
			gtv__put_number(&out, 3, 1);
		put_compact(s, &out, c);
		emit(arg, &out);
		c->switches.count = c->wakings.count = 0;
		c->lost = 0;
	}
	s->no_memory |= out.no_memory;
	gtv__bytes_free(&out);
}

void gtv__sched_free(struct gtv__sched *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->core[i].switches.row);
		free(s->core[i].wakings.row);
	}
	free(s->core);
	gtv__keys_free(&s->comm);
}
