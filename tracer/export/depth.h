/* SPDX-License-Identifier: MIT
 *
 * How many wait for a core or a worker, over time: the depth of run queues.
 *
 * Spans are told when they end, so a depth at an instant is known only later. Each
 * waiting span is a step up and a step down; steps are gathered and told in order of
 * time when all earlier ones are known, which is at the end of a batch, once the
 * spans that are open then have been counted too. So memory is bounded by a batch
 * and the lanes.
 */
#ifndef GTV_EXPORT_DEPTH_H
#define GTV_EXPORT_DEPTH_H

#include "tracer/export/keys.h"
#include "tracer/model/model.h"

/* Series: of all OS threads; of a core's run queue; of a process's green threads. */
#define GTV__DEPTH_ALL	  0u
#define GTV__DEPTH_CORE	  0x40000000u
#define GTV__DEPTH_GREEN  0x80000000u
#define GTV__DEPTH_NUMBER 0x3fffffffu /* the core, the process */

struct gtv__step {
	uint64_t ts_ns;
	uint32_t series;
	int32_t by;
};

struct gtv__depth {
	struct gtv__step *step;
	size_t count, cap;
	struct gtv__keys open;	/* lane: 1 + from of the open span that was counted */
	struct gtv__keys where; /* lane: its core's series then, + 1 */
	struct gtv__keys value; /* series + 1: its depth */
	uint64_t told_ns;	/* up to here all was told */
	int no_memory;
	/* The process of a green thread's lane. */
	uint32_t (*pid)(void *arg, struct gtv_lane lane);
	void (*tell)(void *arg, uint32_t series, uint64_t ts_ns, int64_t value);
	void *arg;
};

/* A span ended. */
void gtv__depth_span(struct gtv__depth *d, const struct gtv_span *span);
/* Tells all steps up to now_ns. */
void gtv__depth_flush(struct gtv__depth *d, const struct gtv_model *m, uint64_t now_ns);
void gtv__depth_free(struct gtv__depth *d);

#endif
