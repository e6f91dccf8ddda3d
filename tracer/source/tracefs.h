/* SPDX-License-Identifier: MIT
 *
 * What tracefs says of a kernel's events: their numbers, where their fields lie, and
 * what the letters of a thread's state mean there. All of it differs by kernel, so
 * none of it is written down here: it is read from the event's own format file.
 */
#ifndef GTV_TRACEFS_H
#define GTV_TRACEFS_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/base/err.h"

#define GTV_TRACEFS_FIELDS 24
#define GTV_TRACEFS_STATES 16

struct gtv_tracefs_field {
	char name[32];
	unsigned offset, size; /* of a record's raw bytes */
	int is_signed;
};

struct gtv_tracefs_format {
	unsigned id; /* common_type of its records, config of its perf event */
	struct gtv_tracefs_field field[GTV_TRACEFS_FIELDS];
	size_t field_count;
	/* The flags that its print format names: { 0x1, "S" }… */
	struct {
		uint64_t bit;
		char letter;
	} state[GTV_TRACEFS_STATES];
	size_t state_count;
};

/* Parses a format file's text. 0, or -GTV_ECORRUPT if it is none. */
int gtv_tracefs_parse(struct gtv_tracefs_format *out, const char *text);
/* Reads that of an event, "sched/sched_switch". -GTV_EPERM, -GTV_EUNAVAIL and err. */
int gtv_tracefs_read(struct gtv_tracefs_format *out, const char *event,
		     struct gtv_err *err);
/* The field of that name, or NULL. */
const struct gtv_tracefs_field *gtv_tracefs_find(const struct gtv_tracefs_format *format,
						 const char *name);
/* A number out of a record: 0 if the record is too short, or there is no field. */
int64_t gtv_tracefs_number(const struct gtv_tracefs_field *field, const void *raw,
			   size_t size);
/* enum gtv_off of a prev_state, by the letters of the event's own print format: no
 * flag, or one above all that are named ("+"), is a thread that is still runnable. */
uint8_t gtv_tracefs_off(const struct gtv_tracefs_format *format, uint64_t prev_state);

#endif
