/* SPDX-License-Identifier: MIT */
#include "tracer/import/tep.h"

#ifdef GTV_HAVE_TRACEEVENT

#include <event-parse.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source/tracefs.h"

enum { SWITCH, WAKING, WAKEUP, NEW, MIGRATE, FORK, EXEC, EXIT, EVENTS };

static const char *const event_name[EVENTS] = {"sched_switch",	     "sched_waking",
					       "sched_wakeup",	     "sched_wakeup_new",
					       "sched_migrate_task", "sched_process_fork",
					       "sched_process_exec", "sched_process_exit"};

/* The fields that each is read by; what a kind has not stays NULL. */
static const struct {
	const char *pid, *comm, *to, *comm2, *state;
} field_name[EVENTS] = {
	[SWITCH] = {"prev_pid", "prev_comm", "next_pid", "next_comm", "prev_state"},
	[WAKING] = {"pid", "comm", "target_cpu", NULL, NULL},
	[WAKEUP] = {"pid", "comm", "target_cpu", NULL, NULL},
	[NEW] = {"pid", "comm", "target_cpu", NULL, NULL},
	[MIGRATE] = {"pid", "comm", "dest_cpu", NULL, NULL},
	[FORK] = {"parent_pid", "parent_comm", "child_pid", "child_comm", NULL},
	[EXEC] = {"pid", NULL, NULL, NULL, NULL},
	[EXIT] = {"pid", "comm", NULL, NULL, NULL},
};

struct event {
	int known;
	struct gtv_tracefs_format format;
	const struct gtv_tracefs_field *common_pid, *pid, *comm, *to, *comm2, *state, *from;
};

struct gtv__tep {
	struct event event[EVENTS];
	uint8_t by_id[65536]; /* 1 + event */
	int waking;	      /* the file has wakings: its wake-ups add nothing */
};

/* The flags of the print format are somewhere in the tree of its arguments. */
static const struct tep_print_arg *find_flags(const struct tep_print_arg *arg, int depth)
{
	const struct tep_print_arg *found = NULL;

	for (; arg && !found && depth < 64; arg = arg->next) {
		switch (arg->type) {
		case TEP_PRINT_FLAGS:
			return arg;
		case TEP_PRINT_OP:
			found = find_flags(arg->op.left, depth + 1);
			if (!found)
				found = find_flags(arg->op.right, depth + 1);
			break;
		case TEP_PRINT_TYPE:
			found = find_flags(arg->typecast.item, depth + 1);
			break;
		default:
			break;
		}
	}
	return found;
}

static void take_states(struct gtv_tracefs_format *format, const struct tep_event *event)
{
	const struct tep_print_arg *arg = find_flags(event->print_fmt.args, 0);

	for (const struct tep_print_flag_sym *f = arg ? arg->flags.flags : NULL;
	     f && format->state_count < GTV_TRACEFS_STATES; f = f->next) {
		uint64_t bit = f->value ? strtoull(f->value, NULL, 0) : 0;

		if (!bit || !f->str || !*f->str)
			continue;
		format->state[format->state_count].bit = bit;
		format->state[format->state_count++].letter = f->str[0];
	}
}

static void take_fields(struct gtv_tracefs_format *format,
			const struct tep_format_field *field)
{
	for (; field && format->field_count < GTV_TRACEFS_FIELDS; field = field->next) {
		struct gtv_tracefs_field *to = &format->field[format->field_count];

		if (field->offset < 0 || field->size <= 0 || !field->name)
			continue;
		strncpy(to->name, field->name, sizeof to->name - 1);
		to->offset = (unsigned)field->offset;
		to->size = (unsigned)field->size;
		to->is_signed = (field->flags & TEP_FIELD_IS_SIGNED) != 0;
		/* A text elsewhere in the record is no array of characters here. */
		if (!(field->flags & TEP_FIELD_IS_DYNAMIC) || to->size != 4)
			format->field_count++;
	}
}

static const struct gtv_tracefs_field *find(const struct gtv_tracefs_format *format,
					    const char *name)
{
	return name ? gtv_tracefs_find(format, name) : NULL;
}

static void take_event(struct gtv__tep *t, int e, const struct tep_event *from)
{
	struct event *ev = &t->event[e];

	if (from->id < 0 || from->id > 65535)
		return;
	memset(&ev->format, 0, sizeof ev->format);
	ev->format.id = (unsigned)from->id;
	take_fields(&ev->format, from->format.common_fields);
	take_fields(&ev->format, from->format.fields);
	take_states(&ev->format, from);
	ev->common_pid = find(&ev->format, "common_pid");
	ev->pid = find(&ev->format, field_name[e].pid);
	ev->comm = find(&ev->format, field_name[e].comm);
	ev->to = find(&ev->format, field_name[e].to);
	ev->comm2 = find(&ev->format, field_name[e].comm2);
	ev->state = find(&ev->format, field_name[e].state);
	ev->from = find(&ev->format, "orig_cpu");
	if (!ev->pid || (e == SWITCH && (!ev->to || !ev->state)))
		return;
	ev->known = 1;
	t->by_id[from->id] = (uint8_t)(e + 1);
}

struct gtv__tep *gtv__tep_new(struct tep_handle *tep)
{
	struct gtv__tep *t = calloc(1, sizeof *t);

	for (int e = 0; t && e < EVENTS; e++) {
		struct tep_event *event =
			tep_find_event_by_name(tep, "sched", event_name[e]);

		if (event)
			take_event(t, e, event);
	}
	return t;
}

void gtv__tep_free(struct gtv__tep *t)
{
	free(t);
}

int gtv__tep_any(const struct gtv__tep *t)
{
	for (int e = 0; e < EVENTS; e++)
		if (t->event[e].known)
			return 1;
	return 0;
}

int gtv__tep_tells(const struct gtv__tep *t, unsigned kind)
{
	return t->event[kind == GTV_EV_K_FORK	? FORK
			: kind == GTV_EV_K_EXEC ? EXEC
						: EXIT]
		.known;
}

/* ---------------------------------------------------------------- records */

struct record {
	const struct gtv__tep_at *at;
	const unsigned char *raw;
	size_t size;
};

static uint32_t thread_in(const struct record *r, const struct gtv_tracefs_field *field)
{
	int64_t tid = gtv_tracefs_number(field, r->raw, r->size);

	return tid > 0 && tid <= UINT32_MAX ? (uint32_t)tid : 0;
}

static int name_in(struct gtv__feed *f, const struct record *r, uint32_t tid,
		   const struct gtv_tracefs_field *field)
{
	uint32_t pid = tid == r->at->tid ? r->at->pid : 0;

	if (!field || field->offset > r->size || field->size > r->size - field->offset)
		return gtv__feed_thread(f, tid, pid, NULL, 0);
	return gtv__feed_thread(f, tid, pid, (const char *)r->raw + field->offset,
				field->size);
}

static int on_switch(const struct event *ev, struct gtv__feed *f, const struct record *r)
{
	uint32_t prev = thread_in(r, ev->pid), next = thread_in(r, ev->to);
	uint64_t state = (uint64_t)gtv_tracefs_number(ev->state, r->raw, r->size);
	int rc = name_in(f, r, prev, ev->comm);

	if (!rc)
		rc = name_in(f, r, next, ev->comm2);
	if (rc)
		return rc;
	return gtv__feed_switch(f, r->at->ts_ns, r->at->core, prev,
				gtv_tracefs_off(&ev->format, state), next);
}

/* A wake-up is done where its thread will run, often by an interrupt that the waker
 * sent: who it was is not known by it. */
static int on_wake(struct gtv__tep *t, int e, struct gtv__feed *f, const struct record *r)
{
	const struct event *ev = &t->event[e];
	uint32_t waker = thread_in(r, ev->common_pid), woken = thread_in(r, ev->pid);
	int rc;

	t->waking |= e == WAKING;
	if (e == WAKEUP && t->waking)
		return 0;
	rc = name_in(f, r, woken, ev->comm);
	if (!rc && waker == r->at->tid)
		rc = gtv__feed_thread(f, waker, r->at->pid, NULL, 0);
	if (rc)
		return rc;
	return gtv__feed_wake(
		f, r->at->ts_ns, r->at->core, e == NEW ? GTV_EV_K_NEW : GTV_EV_K_WAKING,
		e == WAKEUP ? 0 : waker, woken,
		e == NEW ? (uint64_t)gtv_tracefs_number(ev->to, r->raw, r->size) : 0);
}

static int on_other(const struct event *ev, int e, struct gtv__feed *f,
		    const struct record *r)
{
	struct gtv_ev out = {.ts_ns = r->at->ts_ns, .core = r->at->core};
	uint32_t tid = thread_in(r, ev->pid);
	int rc = name_in(f, r, tid, ev->comm);

	switch (e) {
	case MIGRATE:
		out.kind = GTV_EV_K_MIGRATE;
		out.tid = 0;
		out.obj = tid;
		out.arg = (uint64_t)gtv_tracefs_number(ev->to, r->raw, r->size);
		if (ev->from)
			out.core = (int32_t)gtv_tracefs_number(ev->from, r->raw, r->size);
		break;
	case FORK:
		out.kind = GTV_EV_K_FORK;
		out.tid = tid;
		out.obj = thread_in(r, ev->to);
		out.arg = gtv__feed_pid(f, out.obj);
		rc = rc ? rc : name_in(f, r, out.obj, ev->comm2);
		break;
	case EXEC:
		out.kind = GTV_EV_K_EXEC;
		out.tid = tid;
		break;
	default:
		out.kind = GTV_EV_K_EXIT;
		out.tid = tid;
		out.arg = gtv__feed_pid(f, tid);
	}
	return rc ? rc : gtv__feed_event(f, &out);
}

int gtv__tep_record(struct gtv__tep *t, struct gtv__feed *f, const struct gtv__tep_at *at,
		    const void *raw, size_t size)
{
	struct record r = {at, raw, size};
	uint16_t type;
	int e;

	if (size < sizeof type)
		return 0;
	memcpy(&type, raw, sizeof type); /* common_type, the first field of all */
	e = t->by_id[type] - 1;
	switch (e) {
	case -1:
		return 0;
	case SWITCH:
		return on_switch(&t->event[e], f, &r);
	case WAKING:
	case WAKEUP:
	case NEW:
		return on_wake(t, e, f, &r);
	default:
		return on_other(&t->event[e], e, f, &r);
	}
}

#endif
