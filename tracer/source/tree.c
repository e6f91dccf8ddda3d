/* SPDX-License-Identifier: MIT
 *
 * Members in a hash (open addressing, holes closed by moving back); of each core, how
 * many members run or wait there.
 */
#include "tracer/source/tree.h"

#include <stdlib.h>

#include "tracer/base/err.h"

#define CORES_MAX   8192
#define MEMBERS_MAX (1u << 22) /* as many threads as a kernel has at most */

/* GONE: a process whose first thread has ended; another one may exec, and be that. */
enum { NEW, ON, OFF, GONE };

struct member {
	uint32_t tid;	   /* 0: free */
	uint8_t on, leads; /* leads: it is its process''' first */
	int32_t core;	   /* where it runs or waits to run; -1: it sleeps */
	int32_t last;	   /* where it last did */
	uint64_t left_ns;
};

struct gtv_tree {
	struct member *slot;
	uint32_t size, count; /* a power of two, at most half full */
	int all;
	int32_t runnable[CORES_MAX];
};

static uint32_t home_of(const struct gtv_tree *t, uint32_t tid)
{
	return tid * 2654435761u & (t->size - 1);
}

struct gtv_tree *gtv_tree_new(int all)
{
	struct gtv_tree *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->all = all;
	t->size = 64;
	t->slot = calloc(t->size, sizeof *t->slot);
	if (!t->slot) {
		free(t);
		return NULL;
	}
	return t;
}

void gtv_tree_free(struct gtv_tree *tree)
{
	if (tree)
		free(tree->slot);
	free(tree);
}

static struct member *slot_of(const struct gtv_tree *t, uint32_t tid)
{
	uint32_t i = home_of(t, tid);

	while (t->slot[i].tid && t->slot[i].tid != tid)
		i = (i + 1) & (t->size - 1);
	return &t->slot[i];
}

static struct member *find(const struct gtv_tree *t, uint32_t tid)
{
	struct member *m = tid ? slot_of(t, tid) : NULL;

	return m && m->tid ? m : NULL;
}

int gtv_tree_has(const struct gtv_tree *tree, uint32_t tid)
{
	return find(tree, tid) != NULL;
}

static int grow(struct gtv_tree *t)
{
	struct member *old = t->slot;
	uint32_t old_size = t->size;

	if (old_size >= 2 * MEMBERS_MAX)
		return -GTV_ENOMEM;
	t->slot = calloc(2 * (size_t)old_size, sizeof *t->slot);
	if (!t->slot) {
		t->slot = old;
		return -GTV_ENOMEM;
	}
	t->size = 2 * old_size;
	for (uint32_t i = 0; i < old_size; i++)
		if (old[i].tid)
			*slot_of(t, old[i].tid) = old[i];
	free(old);
	return 0;
}

static void place(struct gtv_tree *t, struct member *m, int32_t core)
{
	if (m->core >= 0)
		t->runnable[m->core]--;
	m->core = core >= 0 && core < CORES_MAX ? core : -1;
	if (m->core >= 0) {
		m->last = m->core;
		t->runnable[m->core]++;
	}
}

/* Removes, and moves back what had been displaced over the hole. */
static void drop(struct gtv_tree *t, struct member *m)
{
	uint32_t mask = t->size - 1, i = (uint32_t)(m - t->slot);

	place(t, m, -1);
	t->count--;
	for (uint32_t j = (i + 1) & mask; t->slot[j].tid; j = (j + 1) & mask) {
		uint32_t home = home_of(t, t->slot[j].tid);
		if (((j - home) & mask) >= ((j - i) & mask)) {
			t->slot[i] = t->slot[j];
			i = j;
		}
	}
	t->slot[i].tid = 0;
}

int gtv_tree_add(struct gtv_tree *tree, uint32_t tid, uint32_t pid)
{
	struct member *m;

	if (!tid)
		return 0;
	if (2 * (tree->count + 1) > tree->size && grow(tree) < 0)
		return -GTV_ENOMEM;
	m = slot_of(tree, tid);
	if (m->tid)
		place(tree, m, -1); /* its end was lost: the number is used again */
	else
		tree->count++;
	*m = (struct member){
		.tid = tid, .on = NEW, .leads = tid == pid, .core = -1, .last = -1};
	return 0;
}

static int take_switch(struct gtv_tree *t, struct gtv_ev *ev, uint64_t *since_ns)
{
	int in = ev->core >= 0 && ev->core < CORES_MAX;
	int waited = in && t->runnable[ev->core] > 0, hole = 0;
	struct member *m = find(t, ev->tid);

	if (!m && ev->tid && ev->gt && find(t, ev->gt)) {
		if (gtv_tree_add(t, ev->tid, ev->gt) < 0)
			return -GTV_ENOMEM;
		m = find(t, ev->tid);
	}
	if (m) {
		ev->flags |= GTV_KF_PREV_OURS;
		hole = m->on == OFF;
		*since_ns = m->left_ns;
		m->on = OFF;
		m->left_ns = ev->ts_ns;
		if (ev->state == GTV_OFF_DEAD && m->leads) {
			m->on = GONE;
			place(t, m, -1);
		} else if (ev->state == GTV_OFF_DEAD) {
			drop(t, m);
		} else {
			place(t, m, ev->state == GTV_OFF_PREEMPTED ? ev->core : -1);
		}
	}
	m = find(t, ev->obj);
	if (m) {
		ev->flags |= GTV_KF_NEXT_OURS;
		m->on = ON;
		place(t, m, ev->core);
	}
	if (!(ev->flags & (GTV_KF_PREV_OURS | GTV_KF_NEXT_OURS)) && !waited && !t->all)
		return GTV_TREE_DROP;
	return hole ? GTV_TREE_HOLE : GTV_TREE_KEEP;
}

static int take_fork(struct gtv_tree *t, struct gtv_ev *ev)
{
	struct member *m = find(t, ev->obj);

	if (find(t, ev->tid)) {
		if (gtv_tree_add(t, ev->obj, (uint32_t)ev->arg) < 0)
			return -GTV_ENOMEM;
		if ((m = find(t, ev->obj))) { /* it has been on no core yet */
			m->on = OFF;
			m->left_ns = ev->ts_ns;
		}
		return GTV_TREE_KEEP;
	}
	if (m)
		drop(t, m); /* the number is somebody else's now */
	ev->flags |= GTV_KF_FOREIGN;
	return t->all ? GTV_TREE_KEEP : GTV_TREE_DROP;
}

int gtv_tree_take(struct gtv_tree *tree, struct gtv_ev *ev, uint64_t *since_ns)
{
	struct member *m = find(tree, ev->obj);
	int rc;

	switch (ev->kind) {
	case GTV_EV_K_SWITCH:
		rc = take_switch(tree, ev, since_ns);
		ev->gt = 0;
		return rc;
	case GTV_EV_K_WAKING:
		if (m && m->core < 0)
			place(tree, m, m->last);
		break;
	case GTV_EV_K_NEW:
		if (m && ev->arg < CORES_MAX)
			place(tree, m, (int32_t)ev->arg);
		break;
	case GTV_EV_K_MIGRATE:
		if (m && m->core >= 0 && ev->arg < CORES_MAX)
			place(tree, m, (int32_t)ev->arg);
		break;
	case GTV_EV_K_FORK:
		return take_fork(tree, ev);
	case GTV_EV_K_EXEC:
	case GTV_EV_K_EXIT:
		m = find(tree, ev->tid);
		if (m && m->on == GONE)
			m->on = NEW;
		if (m)
			return GTV_TREE_KEEP;
		ev->flags |= GTV_KF_FOREIGN;
		break;
	default:
		return GTV_TREE_KEEP;
	}
	return m || tree->all ? GTV_TREE_KEEP : GTV_TREE_DROP;
}
