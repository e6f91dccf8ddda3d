/* SPDX-License-Identifier: MIT */
#include "tracer/base/event.h"

#include <stddef.h>
#include <string.h>

struct kind {
	const char *name;
	uint64_t counts;
};

static const struct kind kinds[GTV_EV_MAX] = {
#define X(num, id, name, counts) [num] = {name, counts},
	GTV_USER_EVENTS(X)
#undef X
#define X(num, id, name) [num] = {name, 0},
		GTV_KERNEL_EVENTS(X)
#undef X
};

static const char *const counters[GTV_COUNT_MAX] = {
#define X(id, name) [GTV_COUNT_##id] = #name,
	GTV_COUNTERS(X)
#undef X
};

const char *gtv_event_name(unsigned kind)
{
	return kind < GTV_EV_MAX ? kinds[kind].name : NULL;
}

unsigned gtv_event_kind(const char *name)
{
	for (unsigned kind = 1; kind < GTV_EV_MAX; kind++)
		if (kinds[kind].name && !strcmp(kinds[kind].name, name))
			return kind;
	return 0;
}

uint64_t gtv_event_counts(unsigned kind)
{
	return kind < GTV_EV_MAX ? kinds[kind].counts : 0;
}

const char *gtv_counter_name(unsigned counter)
{
	return counter < GTV_COUNT_MAX ? counters[counter] : NULL;
}

/* include/linux/interrupt.h; the same since 4.2. */
const char *gtv_event_softirq(uint32_t vector)
{
	static const char *const names[] = {"hi",      "timer",	   "net_tx",  "net_rx",
					    "block",   "irq_poll", "tasklet", "sched",
					    "hrtimer", "rcu"};

	return vector < sizeof names / sizeof names[0] ? names[vector] : NULL;
}
