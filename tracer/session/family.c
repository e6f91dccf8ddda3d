/* SPDX-License-Identifier: MIT
 *
 * A hash of live threads with their processes: open addressing, Robin Hood not
 * needed for the handful of threads that usual programs have. A program that
 * forks without end is cut off at MAX_LIVE: what is then not counted is only the
 * courtesy of being named at the end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tracer/session/family.h"

#define MAX_LIVE 65536u

struct member {
	uint32_t tid; /* 0: free */
	uint32_t pid;
};

struct gtv_family {
	struct member *slot;
	uint32_t size; /* a power of two */
	uint32_t live;
};

static uint32_t home_of(const struct gtv_family *f, uint32_t tid)
{
	return tid * 2654435761u & (f->size - 1);
}

struct gtv_family *gtv_family_new(void)
{
	struct gtv_family *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->size = 64;
	f->slot = calloc(f->size, sizeof *f->slot);
	if (!f->slot) {
		free(f);
		return NULL;
	}
	return f;
}

void gtv_family_free(struct gtv_family *family)
{
	if (family)
		free(family->slot);
	free(family);
}

static void put(struct gtv_family *f, uint32_t tid, uint32_t pid)
{
	uint32_t i = home_of(f, tid);

	while (f->slot[i].tid && f->slot[i].tid != tid)
		i = (i + 1) & (f->size - 1);
	f->live += !f->slot[i].tid;
	f->slot[i] = (struct member){tid, pid};
}

static int grow(struct gtv_family *f)
{
	struct member *old = f->slot;
	uint32_t old_size = f->size;

	if (old_size >= 2 * MAX_LIVE)
		return -1;
	f->slot = calloc(2 * (size_t)old_size, sizeof *f->slot);
	if (!f->slot) {
		f->slot = old;
		return -1;
	}
	f->size = 2 * old_size;
	f->live = 0;
	for (uint32_t i = 0; i < old_size; i++)
		if (old[i].tid)
			put(f, old[i].tid, old[i].pid);
	free(old);
	return 0;
}

/* Removes, and moves back what had been displaced over the hole. */
static void drop(struct gtv_family *f, uint32_t tid)
{
	uint32_t mask = f->size - 1, i = home_of(f, tid);

	while (f->slot[i].tid && f->slot[i].tid != tid)
		i = (i + 1) & mask;
	if (!f->slot[i].tid)
		return;
	f->live--;
	for (uint32_t j = (i + 1) & mask; f->slot[j].tid; j = (j + 1) & mask) {
		uint32_t home = home_of(f, f->slot[j].tid);
		if (((j - home) & mask) >= ((j - i) & mask)) {
			f->slot[i] = f->slot[j];
			i = j;
		}
	}
	f->slot[i].tid = 0;
}

void gtv_family_feed(struct gtv_family *family, const struct gtv_ev *ev)
{
	if (ev->kind == GTV_EV_K_FORK && ev->flags & GTV_KF_FOREIGN)
		return;
	if (ev->kind == GTV_EV_K_FORK && ev->obj) {
		if (family->live * 2 >= family->size && grow(family) < 0)
			return;
		put(family, ev->obj, (uint32_t)ev->arg);
	} else if (ev->kind == GTV_EV_K_EXIT) {
		drop(family, ev->tid);
	}
}

size_t gtv_family_survivors(const struct gtv_family *family, uint32_t root,
			    const struct gtv_names *names, char *buf, size_t size)
{
	size_t found = 0, used = 0;

	buf[0] = 0;
	for (uint32_t i = 0; i < family->size; i++) {
		const struct member *m = &family->slot[i];
		struct gtv_name name;
		char text[4 * GTV_NAME_BYTES];

		/* One line a process: its first thread has the process' id. */
		if (!m->tid || m->tid != m->pid || m->pid == root)
			continue;
		if (kill((pid_t)m->pid, 0) < 0 && errno == ESRCH)
			continue;
		found++;
		gtv_names_get(names, GTV_CLASS_THREAD, m->tid, &name);
		gtv_names_escape(name.text, text, sizeof text);
		if (used + 16 < size) {
			int n = snprintf(buf + used, size - used, "%s%s (%u)",
					 found > 1 ? ", " : "", text, m->pid);
			used += n > 0 ? (size_t)n : 0;
		}
	}
	return found;
}
