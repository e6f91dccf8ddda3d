/* SPDX-License-Identifier: MIT
 *
 * What an event's fields mean, kind by kind: one table, from which the three
 * output formats and the lane filter come. A key once printed is stable.
 */
#ifndef GTV_CMD_EVENTS_H
#define GTV_CMD_EVENTS_H

#include <stdint.h>
#include <stdio.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/cmd/walk.h"

/* What a field's number is. */
enum gtv_field_type {
	GTV_FIELD_NUMBER = 1,
	GTV_FIELD_SIGNED,
	GTV_FIELD_FLAG, /* printed as true or false */
	GTV_FIELD_GT,	/* ids of lanes: */
	GTV_FIELD_TID,
	GTV_FIELD_CORE,
	GTV_FIELD_LOCK,
	GTV_FIELD_CHAN,
	GTV_FIELD_CALL,	  /* printed as its name */
	GTV_FIELD_OFF,	  /* enum gtv_off */
	GTV_FIELD_BY,	  /* enum gtv_by */
	GTV_FIELD_IO,	  /* GTV_IO_* */
	GTV_FIELD_KIND,	  /* of an event */
	GTV_FIELD_SOURCE, /* enum gtv_source_id */
	GTV_FIELD_FUTEX,  /* enum gtv_futex */
	GTV_FIELD_SOFTIRQ,
	GTV_FIELD_SYSCALL, /* printed as its name, or number */
	GTV_FIELD_TEXT,	   /* 16 bytes in obj, seq and arg */
};

#define GTV_FIELDS_MAX 8

struct gtv_field {
	const char *key;
	uint8_t from; /* private: which part of the event */
	uint8_t type; /* enum gtv_field_type */
	uint8_t mask; /* of a flag */
};

/* The fields of a kind, after ts_ns, kind, core, tid and gt; ends with key NULL. */
const struct gtv_field *gtv_event_fields(unsigned kind);
uint64_t gtv_event_field(const struct gtv_ev *ev, const struct gtv_field *field);

enum gtv_events_format { GTV_EVENTS_TEXT, GTV_EVENTS_JSON, GTV_EVENTS_CSV };

struct gtv_events_printer {
	FILE *f;
	const struct gtv_names *names;
	enum gtv_events_format format;
	uint64_t start_ns; /* text: times relative to it */
};

void gtv_events_head(const struct gtv_events_printer *p);
void gtv_events_print(const struct gtv_events_printer *p, const struct gtv_ev *ev);
/* What `gtviz events` prints of a kind's own fields: "next_gt=3 lock=GIL". Returns buf. */
char *gtv_events_details(const struct gtv_events_printer *p, const struct gtv_ev *ev,
			 char *buf, size_t size);
void gtv_events_print_gap(const struct gtv_events_printer *p,
			  const struct gtv_walk_item *gap);

/* Which events are wanted. */
struct gtv_events_filter {
	uint64_t from_ns, to_ns; /* half-open */
	uint64_t kinds[GTV_EV_MAX / 64];
	uint8_t lane_type; /* GTV_FIELD_CORE, _TID, _GT or _LOCK; 0: all lanes */
	uint32_t *ids;	   /* of lanes, ascending */
	size_t id_count;
};

/* kind: names or patterns of the shell, parted by commas; lane: C0, G12, T4711,
 * W0, L3 or a lock's name; NULL: all. 0, or -GTV_EUSAGE, -GTV_ENOTFOUND,
 * -GTV_ENOMEM and err; fini in either case. Leaves the times open. */
int gtv_events_filter_init(struct gtv_events_filter *filter, const struct gtv_names *names,
			   const char *kind, const char *lane, struct gtv_err *err);
int gtv_events_wanted(const struct gtv_events_filter *filter, const struct gtv_ev *ev);
void gtv_events_filter_fini(struct gtv_events_filter *filter);

#endif
