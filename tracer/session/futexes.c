/* SPDX-License-Identifier: MIT
 *
 * A hash of addresses by process. After an exec the same addresses are other locks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/session/futexes.h"
#include "tracer/session/symbols.h"

#define ENTRIES_MAX (4 * GTV_FUTEXES_MAX) /* with those that are no locks */
#define HEADS	    4096

/* The numbers of a process' locks in the names: apart from those of its runtime. */
#define LOCAL_FIRST 0x40000000u

struct entry {
	uint64_t addr;
	uint32_t pid;
	uint32_t id;   /* 0: no lock */
	uint32_t next; /* index + 1 */
	uint8_t owned; /* it was seen to have an owner */
};

struct gtv_futexes {
	struct gtv_names *names;
	struct gtv_symbols *symbols;
	const struct gtv_mapped *mapped;
	struct entry *entry;
	uint32_t count, room, locks;
	uint32_t head[HEADS]; /* index + 1 */
};

struct gtv_futexes *gtv_futexes_new(struct gtv_names *names)
{
	struct gtv_futexes *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->names = names;
	f->symbols = gtv_symbols_new();
	if (!f->symbols) {
		free(f);
		return NULL;
	}
	return f;
}

void gtv_futexes_free(struct gtv_futexes *f)
{
	if (!f)
		return;
	gtv_symbols_free(f->symbols);
	free(f->entry);
	free(f);
}

void gtv_futexes_use(struct gtv_futexes *f, const struct gtv_mapped *mapped)
{
	f->mapped = mapped;
}

static uint32_t *head_of(struct gtv_futexes *f, uint32_t pid, uint64_t addr)
{
	uint64_t h = (addr ^ (uint64_t)pid << 40) * 0x9e3779b97f4a7c15ull;

	return &f->head[h >> 52];
}

static struct entry *find(struct gtv_futexes *f, uint32_t pid, uint64_t addr)
{
	for (uint32_t i = *head_of(f, pid, addr); i; i = f->entry[i - 1].next) {
		if (f->entry[i - 1].addr == addr && f->entry[i - 1].pid == pid)
			return &f->entry[i - 1];
	}
	return NULL;
}

static void link_entry(struct gtv_futexes *f, uint32_t idx)
{
	uint32_t *head = head_of(f, f->entry[idx].pid, f->entry[idx].addr);

	f->entry[idx].next = *head;
	*head = idx + 1;
}

static struct entry *add(struct gtv_futexes *f, uint32_t pid, uint64_t addr)
{
	if (f->count == f->room) {
		uint32_t room = f->room ? 2 * f->room : 64;
		struct entry *entry = room <= ENTRIES_MAX
					      ? realloc(f->entry, room * sizeof *entry)
					      : NULL;
		if (!entry)
			return NULL;
		f->entry = entry;
		f->room = room;
	}
	f->entry[f->count] = (struct entry){.addr = addr, .pid = pid};
	link_entry(f, f->count);
	return &f->entry[f->count++];
}

/* The process has another program now, or none. */
static void forget(struct gtv_futexes *f, uint32_t pid)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->count; i++)
		if (f->entry[i].pid != pid)
			f->entry[kept++] = f->entry[i];
	if (kept == f->count)
		return;
	f->count = kept;
	memset(f->head, 0, sizeof f->head);
	for (uint32_t i = 0; i < f->count; i++)
		link_entry(f, i);
}

/* Its locks are told by its runtime; its other futexes are where that parks. */
static int has_runtime(const struct gtv_futexes *f, uint32_t pid)
{
	struct gtv_name name;

	return !gtv_names_get(f->names, GTV_CLASS_PROCESS, pid, &name) && name.extra[0];
}

/* The word holds the number of a thread of that process: it waits for that one's end,
 * where the kernel clears it. */
static int is_join(const struct gtv_futexes *f, uint32_t pid, const struct gtv_ev *ev)
{
	struct gtv_name name;

	return !ev->obj && ev->seq && ev->seq != ev->tid &&
	       !gtv_names_get(f->names, GTV_CLASS_THREAD, ev->seq, &name) &&
	       name.pid == pid;
}

static const char *kind_of(const struct gtv_ev *ev)
{
	if (ev->state == GTV_FUTEX_PI)
		return "pi mutex";
	return ev->obj ? "mutex" : "futex";
}

static uint32_t number(struct gtv_futexes *f, uint32_t pid, const struct gtv_ev *ev)
{
	uint32_t id = f->locks < GTV_FUTEXES_MAX
			      ? gtv_names_intern(f->names, GTV_CLASS_LOCK, pid,
						 LOCAL_FIRST + f->locks)
			      : 0;
	struct gtv_name name;

	if (!id || gtv_names_get(f->names, GTV_CLASS_LOCK, id, &name))
		return 0;
	f->locks++;
	if (!gtv_symbols_name(f->symbols, f->mapped, pid, ev->ts_ns, ev->arg, name.text,
			      sizeof name.text))
		snprintf(name.text, sizeof name.text, "futex 0x%" PRIx64, ev->arg);
	snprintf(name.extra, sizeof name.extra, "%s", kind_of(ev));
	gtv_names_set(f->names, GTV_CLASS_LOCK, &name);
	return id;
}

static void now_owned(struct gtv_futexes *f, struct entry *e, const struct gtv_ev *ev)
{
	struct gtv_name name;

	e->owned = 1;
	if (gtv_names_get(f->names, GTV_CLASS_LOCK, e->id, &name))
		return;
	snprintf(name.extra, sizeof name.extra, "%s", kind_of(ev));
	gtv_names_set(f->names, GTV_CLASS_LOCK, &name);
}

static uint32_t process_of(const struct gtv_futexes *f, uint32_t tid)
{
	struct gtv_name name;

	return gtv_names_get(f->names, GTV_CLASS_THREAD, tid, &name) ? 0 : name.pid;
}

int gtv_futexes_feed(struct gtv_futexes *f, const struct gtv_ev *ev, struct gtv_ev *tell)
{
	struct entry *e;
	uint32_t pid;

	if (ev->kind == GTV_EV_K_EXEC || (ev->kind == GTV_EV_K_EXIT && ev->tid == ev->arg))
		forget(f, ev->tid);
	if (ev->kind != GTV_EV_K_FUTEX || !ev->arg || !(pid = process_of(f, ev->tid)))
		return 0;
	e = find(f, pid, ev->arg);
	if (e && e->id) {
		if (ev->obj && !e->owned)
			now_owned(f, e, ev);
		return 0;
	}
	if (!e && !(e = add(f, pid, ev->arg)))
		return 0;
	if (!ev->obj && (has_runtime(f, pid) || is_join(f, pid, ev)))
		return 0;
	e->id = number(f, pid, ev);
	e->owned = ev->obj != 0;
	if (!e->id)
		return 0;
	*tell = (struct gtv_ev){.ts_ns = ev->ts_ns,
				.kind = GTV_EV_FUTEX_LOCK,
				.core = ev->core,
				.tid = ev->tid,
				.obj = e->id,
				.seq = pid,
				.arg = ev->arg};
	return 1;
}
