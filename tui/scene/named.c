/* SPDX-License-Identifier: MIT */
#include "tui/scene/named.h"

#define PROCESSES_MAX 32 /* of that name; where there are more, names are looked up */

struct naming {
	const struct tui_filter_term *term;
	enum gtv_lane_kind kind;
	struct gtv_lane *out;
	size_t count, max;
	uint32_t pid[PROCESSES_MAX];
	size_t pids;
};

static enum gtv_class class_of(enum gtv_lane_kind kind)
{
	return kind == GTV_LANE_GT	 ? GTV_CLASS_GT
	       : kind == GTV_LANE_THREAD ? GTV_CLASS_THREAD
					 : GTV_CLASS_LOCK;
}

static int add(struct naming *n, uint32_t id)
{
	n->out[n->count++] = (struct gtv_lane){(uint8_t)n->kind, id};
	return n->count == n->max;
}

static int look_at_process(void *arg, const struct gtv_name *name)
{
	struct naming *n = arg;

	if (!*name->text || !tui_filter_like(n->term->word, name->text))
		return 0;
	if (n->pids < PROCESSES_MAX)
		n->pid[n->pids] = name->id;
	return ++n->pids > PROCESSES_MAX;
}

static int is_of_those(const struct naming *n, uint32_t pid)
{
	for (size_t i = 0; i < n->pids; i++)
		if (pid && n->pid[i] == pid)
			return 1;
	return 0;
}

static int look_at(void *arg, const struct gtv_name *name)
{
	struct naming *n = arg;

	if (n->term->worker >= 0)
		return name->local == (uint32_t)n->term->worker + 1 && add(n, name->id);
	return ((*name->text && tui_filter_like(n->term->word, name->text)) ||
		is_of_those(n, name->pid)) &&
	       add(n, name->id);
}

/* Whatever tui_filter_name asks. */
static size_t look_up_all(struct naming *n, const struct gtv_names *names)
{
	enum gtv_class cls = class_of(n->kind);
	size_t count = gtv_names_count(names, cls);
	struct gtv_name name;

	for (size_t i = 0; i < count && n->count < n->max; i++)
		if (!gtv_names_at(names, cls, i, &name) &&
		    tui_filter_name(n->term, names,
				    (struct gtv_lane){(uint8_t)n->kind, name.id}))
			(void)add(n, name.id);
	return n->count;
}

static size_t by_number(struct naming *n, const struct gtv_names *names)
{
	struct gtv_name name;

	if (n->term->lane.kind == n->kind &&
	    !gtv_names_get(names, class_of(n->kind), n->term->lane.id, &name))
		(void)add(n, n->term->lane.id);
	return n->count;
}

size_t tui_named(const struct tui_filter_term *term, const struct gtv_names *names,
		 enum gtv_lane_kind kind, struct gtv_lane *out, size_t max)
{
	struct naming n = {.term = term, .kind = kind, .out = out, .max = max};
	size_t count = gtv_names_count(names, class_of(kind)), processes;

	if (!max)
		return 0;
	if (term->lane.kind)
		return by_number(&n, names);
	if (term->worker >= 0 && kind != GTV_LANE_THREAD)
		return 0;
	/* A lock without a name has one all the same ("GIL"). */
	if (kind == GTV_LANE_LOCK)
		return look_up_all(&n, names);
	processes = gtv_names_count(names, GTV_CLASS_PROCESS);
	for (size_t i = 0; i < processes && n.pids <= PROCESSES_MAX;)
		i = gtv_names_some(names, GTV_CLASS_PROCESS, i, look_at_process, &n);
	if (n.pids > PROCESSES_MAX)
		return look_up_all(&n, names);
	for (size_t i = 0; i < count && n.count < max;)
		i = gtv_names_some(names, class_of(kind), i, look_at, &n);
	return n.count;
}
