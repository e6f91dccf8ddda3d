/* SPDX-License-Identifier: MIT
 *
 * The words of an export: the same names and states as on gtviz's own screen.
 */
#include "tracer/export/export_priv.h"

#include <stdio.h>
#include <string.h>

#include "tracer/model/syscall_names.h"

static char *name_label(const struct gtv_export *x, enum gtv_class cls, uint32_t id,
			char *buf, size_t size)
{
	return gtv_names_label(x->names, cls, id, buf, size);
}

char *gtv__lane_label(const struct gtv_export *x, struct gtv_lane lane, char *buf,
		      size_t size)
{
	static const enum gtv_class cls[GTV_LANE_KIND_MAX] = {
		[GTV_LANE_THREAD] = GTV_CLASS_THREAD,
		[GTV_LANE_GT] = GTV_CLASS_GT,
		[GTV_LANE_LOCK] = GTV_CLASS_LOCK,
	};

	if (lane.kind == GTV_LANE_CORE)
		snprintf(buf, size, "C%u", lane.id);
	else
		name_label(x, cls[lane.kind], lane.id, buf, size);
	return buf;
}

uint32_t gtv__lane_pid(const struct gtv_export *x, struct gtv_lane lane)
{
	struct gtv_name name = {0};

	if (lane.kind == GTV_LANE_THREAD)
		gtv_names_get(x->names, GTV_CLASS_THREAD, lane.id, &name);
	else if (lane.kind == GTV_LANE_GT)
		gtv_names_get(x->names, GTV_CLASS_GT, lane.id, &name);
	else if (lane.kind == GTV_LANE_LOCK)
		gtv_names_get(x->names, GTV_CLASS_LOCK, lane.id, &name);
	return name.pid;
}

int gtv__span_shown(const struct gtv_span *span)
{
	return span->state != GTV_ST_NONE && span->state != GTV_ST_FREE &&
	       span->state != GTV_ST_IDLE;
}

const char *gtv__span_title(const struct gtv_export *x, const struct gtv_span *span,
			    char *buf, size_t size)
{
	if (span->lane.kind == GTV_LANE_CORE &&
	    (span->state == GTV_ST_BUSY || span->state == GTV_ST_OTHER))
		return name_label(x, span->gt ? GTV_CLASS_GT : GTV_CLASS_THREAD,
				  span->gt ? span->gt : span->tid, buf, size);
	return gtv_state_name(span->state);
}

static void add_number(struct gtv__arg *args, size_t *count, const char *key, int64_t n)
{
	struct gtv__arg *arg = &args[(*count)++];

	arg->key = key;
	arg->text[0] = 0;
	arg->number = n;
}

static void add_name(const struct gtv_export *x, struct gtv__arg *args, size_t *count,
		     const char *key, enum gtv_class cls, uint32_t id)
{
	struct gtv__arg *arg = &args[(*count)++];

	arg->key = key;
	name_label(x, cls, id, arg->text, sizeof arg->text);
}

/* What the span's call means depends on its state. */
static void add_call(const struct gtv_export *x, const struct gtv_span *span,
		     struct gtv__arg *args, size_t *count)
{
	const char *name;

	switch (span->state) {
	case GTV_ST_SYSCALL:
		add_name(x, args, count, "call", GTV_CLASS_CALL, span->call);
		break;
	case GTV_ST_IO:
		add_number(args, count, "fd", (int64_t)span->call - 1);
		break;
	case GTV_ST_CHAN:
		if (span->flags & GTV_SP_JOIN)
			add_name(x, args, count, "joins", GTV_CLASS_GT, span->call);
		else
			add_name(x, args, count, "chan", GTV_CLASS_CHAN, span->call);
		break;
	default:
		name = gtv_syscall_name(x->names, span->call - 1);
		add_number(args, count, "syscall", (int64_t)span->call - 1);
		if (name)
			snprintf(args[*count - 1].text, sizeof args->text, "%s", name);
	}
}

size_t gtv__span_args(const struct gtv_export *x, const struct gtv_span *span,
		      struct gtv__arg args[GTV__ARGS_MAX])
{
	size_t n = 0;
	unsigned kind = span->lane.kind;

	if (kind == GTV_LANE_CORE) {
		add_number(args, &n, "state", 0);
		snprintf(args[0].text, sizeof args->text, "%s",
			 gtv_state_name(span->state));
	} else if (span->core >= 0) {
		add_number(args, &n, "core", span->core);
	}
	if (span->tid && kind != GTV_LANE_THREAD)
		add_number(args, &n, "tid", span->tid);
	if (span->gt && kind != GTV_LANE_GT)
		add_name(x, args, &n, kind == GTV_LANE_LOCK ? "owner" : "gt", GTV_CLASS_GT,
			 span->gt);
	if (span->lock)
		add_name(x, args, &n, kind == GTV_LANE_GT ? "lock" : "holds",
			 GTV_CLASS_LOCK, span->lock);
	if (span->who)
		add_name(x, args, &n, "who",
			 span->flags & GTV_SP_WHO_TID ? GTV_CLASS_THREAD : GTV_CLASS_GT,
			 span->who);
	if (span->call)
		add_call(x, span, args, &n);
	if (kind == GTV_LANE_LOCK)
		add_number(args, &n, "waiters", span->waiters);
	return n;
}

const char *gtv__edge_name(unsigned kind)
{
	static const char *const name[] = {"",	    "wake",  "handoff", "send",
					   "steal", "spawn", "join",	"kernel wake"};

	return kind < sizeof name / sizeof name[0] ? name[kind] : "";
}

char *gtv__note_text(const struct gtv_ev *ev, char *buf, size_t size)
{
	char raw[GTV_TEXT_CHUNK + 1] = "";

	memcpy(raw, &ev->obj, 4);
	memcpy(raw + 4, &ev->seq, 4);
	memcpy(raw + 8, &ev->arg, 8);
	return gtv_names_escape(raw, buf, size);
}

char *gtv__counter_name(const struct gtv_export *x, unsigned track, uint32_t id, char *buf,
			size_t size)
{
	char label[4 * GTV_NAME_BYTES];
	uint32_t n = id & GTV__DEPTH_NUMBER;

	if (track != GTV__TRACK_DEPTH) {
		name_label(x, GTV_CLASS_LOCK, id, label, sizeof label);
		snprintf(buf, size, "%s: %s", label,
			 track == GTV__TRACK_HOLDERS   ? "holders"
			 : track == GTV__TRACK_WAITERS ? "waiters"
						       : "unknown");
	} else if (id & GTV__DEPTH_GREEN) {
		name_label(x, GTV_CLASS_PROCESS, n, label, sizeof label);
		snprintf(buf, size, "ready green threads, %s", label);
	} else if (id & GTV__DEPTH_CORE) {
		snprintf(buf, size, "run queue C%u", n);
	} else {
		snprintf(buf, size, "runnable OS threads");
	}
	return buf;
}
