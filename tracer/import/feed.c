/* SPDX-License-Identifier: MIT */
#include "tracer/import/feed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 1024
#define TIME_MAX                                                                           \
	(UINT64_C(1) << 62) /* no clock of a machine: a damaged or hostile file            \
			     */
#define SCANNED_CORES 4096
#define NOBODY	      UINT32_MAX  /* that we know of */
#define PIECE_NS      4000000000u /* of a loss: its range is told in 32 bits */

int gtv__feed_init(struct gtv__feed *f, const char *format)
{
	snprintf(f->facts.format, sizeof f->facts.format, "%s", format);
	f->names = gtv_names_new();
	return f->names ? 0 : -GTV_ENOMEM;
}

void gtv__feed_fini(struct gtv__feed *f)
{
	gtv_names_free(f->names);
	free(f->queue);
	free(f->last_ns);
	free(f->place);
	f->place = NULL;
	f->names = NULL;
	f->queue = NULL;
	f->last_ns = NULL;
}

static uint64_t *last_of(struct gtv__feed *f, int core)
{
	if (core < 0 || core >= GTV__IMPORT_CORES)
		return NULL;
	if ((uint32_t)core >= f->last_count) {
		uint32_t count = (uint32_t)core + 1;
		uint64_t *last = realloc(f->last_ns, count * sizeof *last);

		if (!last)
			return NULL;
		memset(last + f->last_count, 0, (count - f->last_count) * sizeof *last);
		f->last_ns = last;
		f->last_count = count;
	}
	return &f->last_ns[core];
}

static int queue(struct gtv__feed *f, const struct gtv_ev *ev)
{
	if (f->count == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 4096;
		struct gtv__waiting *q = realloc(f->queue, cap * sizeof *q);

		if (!q)
			return -GTV_ENOMEM;
		f->queue = q;
		f->cap = cap;
	}
	f->queue[f->count] = (struct gtv__waiting){*ev, f->order++};
	if (f->queue[f->count].ev.ts_ns < f->told_ns) {
		if (ev->kind != GTV_EV_LOSS)
			f->queue[f->count].ev.flags |= GTV_EV_LATE;
		f->queue[f->count].ev.ts_ns = f->told_ns;
	}
	f->count++;
	return 0;
}

int gtv__feed_event(struct gtv__feed *f, const struct gtv_ev *ev)
{
	uint64_t *last = last_of(f, ev->core);

	if (ev->ts_ns >= TIME_MAX) {
		gtv__feed_note(f, "events at impossible times were left out");
		return 0;
	}
	if (ev->core >= GTV__IMPORT_CORES || (ev->core >= 0 && !last)) {
		gtv__feed_note(f, "events on impossible cores were left out");
		return 0;
	}
	if (last && ev->ts_ns > *last)
		*last = ev->ts_ns;
	if (ev->core >= 0 && (uint32_t)ev->core >= f->facts.cores)
		f->facts.cores = (uint32_t)ev->core + 1;
	f->seen |= 1ull << (ev->kind - 64);
	/* A migration names its cores itself: any number. */
	struct gtv_ev settled = *ev;

	if (settled.core < 0)
		settled.core = GTV_CORE_NONE;
	return queue(f, &settled);
}

static int earlier(const void *a, const void *b)
{
	const struct gtv__waiting *x = a, *y = b;

	if (x->ev.ts_ns != y->ev.ts_ns)
		return x->ev.ts_ns < y->ev.ts_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Files that are in order, or nearly, need no sorting. */
static void sort(struct gtv__feed *f)
{
	for (size_t i = 1; i < f->count; i++)
		if (earlier(&f->queue[i - 1], &f->queue[i]) > 0) {
			qsort(f->queue, f->count, sizeof *f->queue, earlier);
			return;
		}
}

/* ---- in order ---- */

struct batch {
	struct gtv_ev ev[BATCH];
	size_t count;
	int rc;
};

static void flush(struct gtv__feed *f, struct batch *b)
{
	if (b->count && !b->rc)
		b->rc = f->events(f->arg, b->ev, b->count);
	b->count = 0;
}

static void tell(struct gtv__feed *f, struct batch *b, const struct gtv_ev *ev)
{
	b->ev[b->count++] = *ev;
	if (b->count == BATCH)
		flush(f, b);
}

static struct gtv__place *place_of(struct gtv__feed *f, int core)
{
	if (core < 0 || core >= GTV__IMPORT_CORES)
		return NULL;
	if ((uint32_t)core >= f->place_count) {
		uint32_t count = (uint32_t)core + 1;
		struct gtv__place *all = realloc(f->place, count * sizeof *all);

		if (!all)
			return NULL;
		memset(all + f->place_count, 0, (count - f->place_count) * sizeof *all);
		f->place = all;
		f->place_count = count;
	}
	return &f->place[core];
}

/* Of the core nothing is known from since_ns to ev: a loss that counts none. */
static void tell_doubt(struct gtv__feed *f, struct batch *b, const struct gtv_ev *ev,
		       int core, uint64_t since_ns)
{
	uint64_t ns = ev->ts_ns - since_ns;
	struct gtv_ev loss = {.ts_ns = ev->ts_ns,
			      .kind = GTV_EV_LOSS,
			      .core = core,
			      .gt = ns > PIECE_NS ? PIECE_NS : (uint32_t)ns,
			      .obj = GTV_SRC_PERF};

	tell(f, b, &loss);
}

/* Who comes on a core is, by the file, still on another: it left that unseen. (No
 * machine has so many cores that looking at all of them takes long; a hostile file
 * says it has.) */
static void leave_others(struct gtv__feed *f, struct batch *b, const struct gtv_ev *ev)
{
	for (uint32_t i = 0; ev->obj && i < f->place_count && i < SCANNED_CORES; i++) {
		struct gtv__place *other = &f->place[i];

		if (other->tid != ev->obj || !other->since_ns || (int)i == ev->core)
			continue;
		f->missing++;
		tell_doubt(f, b, ev, (int)i, other->since_ns);
		*other = (struct gtv__place){ev->ts_ns, NOBODY};
	}
}

/*
 * Somebody leaves a core who, by the file, is not there: switches are missing. They
 * were filtered out (of some threads only was recorded), or hidden, or lost without a
 * word. When is not known, but between the core's last switch and this one (or 4 s
 * before, which is as far as one event can tell). How many is not known either: none
 * are counted.
 */
static void check_place(struct gtv__feed *f, struct batch *b, const struct gtv_ev *ev)
{
	struct gtv__place *at = place_of(f, ev->core);

	if (!at)
		return;
	if (!f->first_ns)
		f->first_ns = ev->ts_ns;
	/* Who was there before the first switch may have come from elsewhere since. */
	if (!at->since_ns ? ev->tid : at->tid != ev->tid) {
		f->missing += at->since_ns && at->tid != NOBODY;
		tell_doubt(f, b, ev, ev->core, at->since_ns ? at->since_ns : f->first_ns);
	}
	leave_others(f, b, ev);
	*at = (struct gtv__place){ev->ts_ns, ev->obj};
}

int gtv__feed_until(struct gtv__feed *f, uint64_t ts_ns)
{
	struct batch *b = &(struct batch){.rc = 0};
	size_t i = 0;

	sort(f);
	for (; i < f->count && f->queue[i].ev.ts_ns <= ts_ns && !b->rc; i++) {
		const struct gtv_ev *ev = &f->queue[i].ev;

		f->told_ns = ev->ts_ns;
		if (ev->kind == GTV_EV_K_SWITCH)
			check_place(f, b, ev);
		tell(f, b, ev);
	}
	flush(f, b);
	if (i)
		memmove(f->queue, f->queue + i, (f->count - i) * sizeof *f->queue);
	f->count -= i;
	return b->rc;
}

static void add_lack(struct gtv__feed *f, const char *what)
{
	size_t len = strlen(f->facts.lacks);

	snprintf(f->facts.lacks + len, sizeof f->facts.lacks - len, "%sno %s",
		 len ? ", " : "", what);
}

int gtv__feed_end(struct gtv__feed *f)
{
	static const struct {
		uint16_t kind;
		const char *what;
	} wanted[] = {{GTV_EV_K_SWITCH, "switches"},	{GTV_EV_K_WAKING, "wake-ups"},
		      {GTV_EV_K_NEW, "first wake-ups"}, {GTV_EV_K_MIGRATE, "migrations"},
		      {GTV_EV_K_FORK, "forks"},		{GTV_EV_K_EXIT, "exits"}};
	int rc = gtv__feed_until(f, UINT64_MAX);

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!(f->seen >> (wanted[i].kind - 64) & 1))
			add_lack(f, wanted[i].what);
	if (!f->wakers)
		add_lack(f, "wakers");
	if (f->missing)
		gtv__feed_note(f,
			       "switches are missing in %llu places: what was there is "
			       "unknown",
			       (unsigned long long)f->missing);
	return rc;
}

static int send_name(struct gtv__feed *f, enum gtv_class cls, uint32_t id, uint32_t pid,
		     const char *comm)
{
	struct gtv_name name, old;
	int known = !gtv_names_get(f->names, cls, id, &old);

	name = old;
	name.flags = GTV_NAME_OURS;
	if (pid)
		name.pid = pid;
	if (comm && *comm)
		snprintf(name.text, sizeof name.text, "%s", comm);
	if (known && !memcmp(&name, &old, sizeof name))
		return 0;
	if (gtv_names_set(f->names, cls, &name))
		return -GTV_ENOMEM;
	return f->name(f->arg, cls, &name);
}

int gtv__feed_thread(struct gtv__feed *f, uint32_t tid, uint32_t pid, const char *comm,
		     size_t size)
{
	char text[GTV_NAME_BYTES] = "";
	int rc;

	if (!tid)
		return 0;
	if (comm)
		memcpy(text, comm, strnlen(comm, size < 15 ? size : 15));
	/* Nearly all is as it was. */
	typeof(f->known[0]) *k = &f->known[tid % 1024];
	if (k->tid == tid && (!pid || k->pid == pid) &&
	    (!*text || !strncmp(k->comm, text, sizeof k->comm)))
		return 0;
	if (k->tid != tid) {
		memset(k, 0, sizeof *k);
		k->tid = tid;
	}
	if (pid)
		k->pid = pid;
	if (*text)
		memcpy(k->comm, text, sizeof k->comm);
	rc = send_name(f, GTV_CLASS_THREAD, tid, pid, text);
	if (!rc && pid && pid == tid)
		rc = send_name(f, GTV_CLASS_PROCESS, pid, 0, text);
	return rc;
}

uint32_t gtv__feed_pid(const struct gtv__feed *f, uint32_t tid)
{
	struct gtv_name name;

	gtv_names_get(f->names, GTV_CLASS_THREAD, tid, &name);
	return name.pid;
}

int gtv__feed_lost(struct gtv__feed *f, int core, uint64_t count, uint64_t to_ns)
{
	uint64_t *last = last_of(f, core);

	return gtv__feed_lost_from(f, core, count, last && *last ? *last : f->told_ns,
				   to_ns);
}

int gtv__feed_lost_from(struct gtv__feed *f, int core, uint64_t count, uint64_t from_ns,
			uint64_t to_ns)
{
	uint64_t *last = last_of(f, core);
	int rc = 0;

	if (to_ns >= TIME_MAX || core >= GTV__IMPORT_CORES)
		to_ns = f->told_ns;
	if (!from_ns || from_ns > to_ns)
		from_ns = to_ns;
	if (last)
		*last = to_ns;
	/* As long as nobody can know, in pieces; all of the count with the last. */
	if ((to_ns - from_ns) / PIECE_NS > 1000)
		from_ns = to_ns - 1000ull * PIECE_NS;
	do {
		uint64_t end = to_ns - from_ns > PIECE_NS ? from_ns + PIECE_NS : to_ns;
		struct gtv_ev ev = {.ts_ns = end,
				    .kind = GTV_EV_LOSS,
				    .core = last ? core : GTV_CORE_NONE,
				    .gt = (uint32_t)(end - from_ns),
				    .obj = GTV_SRC_PERF,
				    .arg = end == to_ns ? count : 0};

		rc = queue(f, &ev);
		from_ns = end;
	} while (!rc && from_ns < to_ns);
	return rc;
}

void gtv__feed_note(struct gtv__feed *f, const char *fmt, ...)
{
	char text[160];
	va_list args;
	size_t len = strlen(f->facts.notes);

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (strstr(f->facts.notes, text))
		return;
	snprintf(f->facts.notes + len, sizeof f->facts.notes - len, "%s%s", len ? "; " : "",
		 text);
}

int gtv__feed_switch(struct gtv__feed *f, uint64_t ts_ns, int core, uint32_t prev,
		     uint8_t state, uint32_t next)
{
	struct gtv_ev ev = {.ts_ns = ts_ns,
			    .kind = GTV_EV_K_SWITCH,
			    .core = core,
			    .tid = prev,
			    .obj = next,
			    .state = state};

	ev.flags = (uint8_t)((prev ? GTV_KF_PREV_OURS : 0) | (next ? GTV_KF_NEXT_OURS : 0) |
			     (state == GTV_OFF_PREEMPTED ? GTV_KF_PREEMPTED : 0));
	return gtv__feed_event(f, &ev);
}

int gtv__feed_wake(struct gtv__feed *f, uint64_t ts_ns, int core, uint16_t kind,
		   uint32_t waker, uint32_t woken, uint64_t arg)
{
	struct gtv_ev ev = {.ts_ns = ts_ns,
			    .kind = kind,
			    .core = core,
			    .tid = waker,
			    .obj = woken,
			    .arg = arg};

	f->wakers |= kind == GTV_EV_K_WAKING && waker;
	return gtv__feed_event(f, &ev);
}
