/* SPDX-License-Identifier: MIT
 *
 * The kernel's switches and wakings as Perfetto wants them: per core, in columns
 * ("compact sched"), which is what its viewer makes core lanes and thread states of.
 *
 * The format says only who comes on a core: who was there goes on until the next
 * switch. So a switch is held back until the next one of its core is known. If that
 * has another thread leave than the one that came, the rest was filtered out by the
 * kernel source: then who came is one that has no name but "not recorded". After
 * loss it is "unknown: lost".
 */
#ifndef GTV_EXPORT_SCHED_H
#define GTV_EXPORT_SCHED_H

#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/export/keys.h"
#include "tracer/export/proto.h"

/* Numbers above all that the kernel gives (2^22). */
#define GTV__TID_NOT_RECORDED 4194401u
#define GTV__TID_LOST	      4194402u

struct gtv__sched_core;

struct gtv__sched {
	const struct gtv_names *names;
	struct gtv__sched_core *core;
	size_t count;
	struct gtv__keys comm; /* of the bundle: tid + 1 -> generation << 32 | index */
	uint64_t generation;
	int no_memory;
};

/* A kernel event; others are passed over. */
void gtv__sched_event(struct gtv__sched *s, const struct gtv_ev *ev);
/* Nothing is known of core (-1: of all) from then on. */
void gtv__sched_lost(struct gtv__sched *s, int core, uint64_t from_ns);
/* Writes what waits: each bundle through `emit`, as the bytes of an
 * FtraceEventBundle. last: what was held back goes too. */
void gtv__sched_flush(struct gtv__sched *s, int last,
		      void (*emit)(void *arg, const struct gtv__bytes *bundle), void *arg);
void gtv__sched_free(struct gtv__sched *s);

#endif
