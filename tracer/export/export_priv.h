/* SPDX-License-Identifier: MIT
 *
 * What export.c (the model's spans and edges, told one by one) and the writers share.
 */
#ifndef GTV_EXPORT_PRIV_H
#define GTV_EXPORT_PRIV_H

#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/export/depth.h"
#include "tracer/export/export.h"
#include "tracer/export/keys.h"
#include "tracer/model/model.h"

/* Tracks that are no lanes have numbers of kinds above those of lanes. */
enum {
	GTV__TRACK_PROCESS = GTV_LANE_KIND_MAX, /* id: pid */
	GTV__TRACK_GROUP_GT,			/* id: pid: its green threads */
	GTV__TRACK_GROUP_THREAD,		/* its OS threads */
	GTV__TRACK_GROUP_LOCK,			/* its locks */
	GTV__TRACK_GROUP_CORE,
	GTV__TRACK_REGIONS, /* id: gt */
	GTV__TRACK_LOSS,
	GTV__TRACK_DEPTH,   /* id: of the series; a counter */
	GTV__TRACK_HOLDERS, /* id: lock; counters */
	GTV__TRACK_WAITERS,
	GTV__TRACK_LOCK_UNKNOWN,
};

static inline uint64_t gtv__track(unsigned kind, uint32_t id)
{
	return (uint64_t)kind << 40 | id;
}

static inline uint64_t gtv__lane_track(struct gtv_lane lane)
{
	return gtv__track(lane.kind, lane.id);
}

struct gtv__writer;

struct gtv_export {
	FILE *f;
	const struct gtv_names *names;
	struct gtv_store_info info;
	uint64_t start_ns;
	uint64_t now_ns; /* of the last event */
	struct gtv_model *model;
	const struct gtv__writer *writer;
	void *state;	       /* the writer's own */
	struct gtv__keys seen; /* tracks described; regions open: how many */
	struct gtv__depth depth;
	uint64_t since_flush; /* events since depths were told */
	uint64_t flows;
	int no_memory;
};

struct gtv__writer {
	/* Makes x->state and writes the beginning. 0 or -GTV_ENOMEM. */
	int (*begin)(struct gtv_export *x);
	void (*span)(struct gtv_export *x, const struct gtv_span *span);
	void (*edge)(struct gtv_export *x, const struct gtv_edge *edge, uint64_t id);
	/* Marks, regions; the kernel's switches and wakings. */
	void (*event)(struct gtv_export *x, const struct gtv_ev *ev);
	/* Nothing, or not all, is known of [from, to]; core -1: of no core in particular.
	 */
	void (*loss)(struct gtv_export *x, uint64_t from_ns, uint64_t to_ns, int core,
		     const char *text);
	/* track: GTV__TRACK_DEPTH… */
	void (*counter)(struct gtv_export *x, unsigned track, uint32_t id, uint64_t ts_ns,
			int64_t value);
	void (*batch_end)(struct gtv_export *x); /* what waits may be written */
	void (*end)(struct gtv_export *x);	 /* the end of the file */
	void (*free)(struct gtv_export *x);
};

extern const struct gtv__writer gtv__chrome, gtv__perfetto;

/* Words for a span: its state, or who is inside (a core's). */
const char *gtv__span_title(const struct gtv_export *x, const struct gtv_span *span,
			    char *buf, size_t size);
/* Whether the span says something: a free lock and an idle core do not. */
int gtv__span_shown(const struct gtv_span *span);

#define GTV__ARGS_MAX 8
struct gtv__arg {
	const char *key;
	char text[4 * GTV_NAME_BYTES]; /* "": a number */
	int64_t number;
};
/* What more there is to say of a span. Returns how many. */
size_t gtv__span_args(const struct gtv_export *x, const struct gtv_span *span,
		      struct gtv__arg args[GTV__ARGS_MAX]);
/* "wake", "handoff"… */
const char *gtv__edge_name(unsigned kind);
/* The name of a lane, as everywhere in gtviz. */
char *gtv__lane_label(const struct gtv_export *x, struct gtv_lane lane, char *buf,
		      size_t size);
/* The process of a lane, 0 if it has none. */
uint32_t gtv__lane_pid(const struct gtv_export *x, struct gtv_lane lane);
/* The text of a MARK or REGION event, escaped. */
char *gtv__note_text(const struct gtv_ev *ev, char *buf, size_t size);
/* The name of a counter's track. */
char *gtv__counter_name(const struct gtv_export *x, unsigned track, uint32_t id, char *buf,
			size_t size);

#endif
