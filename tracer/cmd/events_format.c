/* SPDX-License-Identifier: MIT
 *
 * Events as text, JSON or CSV. A trace has millions, so a line is put together
 * in a buffer by hand: its keys are constants, its values numbers and names that
 * were escaped.
 */
#include "tracer/cmd/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tracer/cmd/out.h"
#include "tracer/model/syscall_names.h"

/* Parts of an event that a field is taken from. */
enum {
	OBJ = 1,
	SEQ,
	SEQ_LESS_1, /* system calls are stored + 1 */
	ARG,
	ARG_LOW,
	ARG_HIGH,
	TID,
	STATE,
	FLAGS,
	LOSS_FROM,
	ON_SINCE,
	TOOK,
};

#define NUM GTV_FIELD_NUMBER
#define SWITCH                                                                             \
	{"next_gt", OBJ, GTV_FIELD_GT, 0}, {"seq", SEQ, NUM, 0},                           \
	{                                                                                  \
		"next_seq", ARG_HIGH, NUM, 0                                               \
	}
#define LOCKED                                                                             \
	{"lock", OBJ, GTV_FIELD_LOCK, 0},                                                  \
	{                                                                                  \
		"seq", SEQ, NUM, 0                                                         \
	}

static const struct gtv_field fields[GTV_EV_MAX][GTV_FIELDS_MAX] = {
	[GTV_EV_PROC_START] = {{"workers", OBJ, NUM, 0},
			       {"one_to_one", ARG, GTV_FIELD_FLAG, GTV_PROC_ONE_TO_ONE},
			       {"has_gil", ARG, GTV_FIELD_FLAG, GTV_PROC_HAS_GIL},
			       {"shared_ids", ARG, GTV_FIELD_FLAG, GTV_PROC_SHARED_IDS}},
	[GTV_EV_WORKER_START] = {{"worker", OBJ, NUM, 0}},
	[GTV_EV_WORKER_STOP] = {{"worker", OBJ, NUM, 0}},
	[GTV_EV_SPAWN] = {{"parent_gt", OBJ, GTV_FIELD_GT, 0}, {"entry", ARG, NUM, 0}},
	[GTV_EV_SWITCH_RUN] = {SWITCH},
	[GTV_EV_SWITCH_YIELD] = {SWITCH},
	[GTV_EV_SWITCH_PREEMPT] = {SWITCH},
	[GTV_EV_SWITCH_LOCK] = {SWITCH, {"lock", ARG_LOW, GTV_FIELD_LOCK, 0}},
	[GTV_EV_SWITCH_GIL] = {SWITCH, {"lock", ARG_LOW, GTV_FIELD_LOCK, 0}},
	[GTV_EV_SWITCH_CHAN] = {SWITCH, {"chan", ARG_LOW, GTV_FIELD_CHAN, 0}},
	[GTV_EV_SWITCH_JOIN] = {SWITCH, {"joined_gt", ARG_LOW, GTV_FIELD_GT, 0}},
	[GTV_EV_SWITCH_IO] = {SWITCH,
			      {"fd", ARG_LOW, NUM, 0},
			      {"io", STATE, GTV_FIELD_IO, 0}},
	[GTV_EV_SWITCH_SLEEP] = {SWITCH},
	[GTV_EV_SWITCH_SYSCALL] = {SWITCH, {"call", ARG_LOW, GTV_FIELD_CALL, 0}},
	[GTV_EV_SWITCH_EXIT] = {SWITCH},
	[GTV_EV_READY] = {{"by", STATE, GTV_FIELD_BY, 0},
			  {"waker_gt", OBJ, GTV_FIELD_GT, 0},
			  {"seq", SEQ, NUM, 0}},
	[GTV_EV_STEAL] = {{"from_worker", OBJ, NUM, 0}, {"count", ARG, NUM, 0}},
	[GTV_EV_LOCK_TAKE] = {LOCKED},
	[GTV_EV_LOCK_DROP] = {LOCKED},
	[GTV_EV_GIL_TAKE] = {LOCKED},
	[GTV_EV_GIL_RETAKE] = {LOCKED},
	[GTV_EV_GIL_DROP] = {LOCKED, {"forced", FLAGS, GTV_FIELD_FLAG, GTV_GIL_FORCED}},
	[GTV_EV_GIL_REQUEST] = {{"lock", OBJ, GTV_FIELD_LOCK, 0}},
	[GTV_EV_CHAN_SEND] = {{"chan", OBJ, GTV_FIELD_CHAN, 0},
			      {"receiver_gt", ARG, GTV_FIELD_GT, 0}},
	[GTV_EV_CHAN_RECV] = {{"chan", OBJ, GTV_FIELD_CHAN, 0},
			      {"sender_gt", ARG, GTV_FIELD_GT, 0}},
	[GTV_EV_CHAN_CLOSE] = {{"chan", OBJ, GTV_FIELD_CHAN, 0}},
	[GTV_EV_CALL_BEGIN] = {{"call", OBJ, GTV_FIELD_CALL, 0}},
	[GTV_EV_CALL_END] = {{"call", OBJ, GTV_FIELD_CALL, 0},
			     {"result", ARG, GTV_FIELD_SIGNED, 0}},
	[GTV_EV_PARK] = {{"worker", OBJ, NUM, 0}},
	[GTV_EV_UNPARK] = {{"worker", OBJ, NUM, 0}},
	[GTV_EV_MARK] = {{"text", OBJ, GTV_FIELD_TEXT, 0}},
	[GTV_EV_CANCEL] = {{"by_gt", OBJ, GTV_FIELD_GT, 0}},
	[GTV_EV_REGION_BEGIN] = {{"text", OBJ, GTV_FIELD_TEXT, 0}},
	[GTV_EV_REGION_END] = {{"text", OBJ, GTV_FIELD_TEXT, 0}},
	[GTV_EV_CALLBACK_BEGIN] = {{"call", OBJ, GTV_FIELD_CALL, 0}},
	[GTV_EV_CALLBACK_END] = {{"call", OBJ, GTV_FIELD_CALL, 0}},
	[GTV_EV_HANDOFF] = {{"from_worker", OBJ, NUM, 0}, {"to_worker", ARG, NUM, 0}},
	[GTV_EV_GT_STATE] = {{"state", STATE, GTV_FIELD_KIND, 0},
			     {"on_tid", OBJ, GTV_FIELD_TID, 0},
			     {"waits_for", ARG_LOW, NUM, 0}},
	[GTV_EV_LOCK_STATE] = {{"lock", OBJ, GTV_FIELD_LOCK, 0}},
	[GTV_EV_WORKER_STATE] = {{"worker", OBJ, NUM, 0},
				 {"worker_tid", ARG, GTV_FIELD_TID, 0}},
	[GTV_EV_PREEMPT_ASK] = {{"worker", OBJ, NUM, 0}},
	[GTV_EV_K_SWITCH] = {{"prev_tid", TID, GTV_FIELD_TID, 0},
			     {"next_tid", OBJ, GTV_FIELD_TID, 0},
			     {"state", STATE, GTV_FIELD_OFF, 0},
			     {"syscall", SEQ_LESS_1, GTV_FIELD_SIGNED, 0},
			     {"syscall_arg", ARG, NUM, 0},
			     {"io_wait", FLAGS, GTV_FIELD_FLAG, GTV_KF_IO},
			     {"page_fault", FLAGS, GTV_FIELD_FLAG, GTV_KF_FAULT}},
	[GTV_EV_K_WAKING] = {{"woken_tid", OBJ, GTV_FIELD_TID, 0},
			     {"futex", FLAGS, GTV_FIELD_FLAG, GTV_KF_FUTEX}},
	[GTV_EV_K_NEW] = {{"woken_tid", OBJ, GTV_FIELD_TID, 0},
			  {"to_core", ARG, GTV_FIELD_CORE, 0}},
	[GTV_EV_K_MIGRATE] = {{"moved_tid", OBJ, GTV_FIELD_TID, 0},
			      {"to_core", ARG, GTV_FIELD_CORE, 0}},
	[GTV_EV_K_FORK] = {{"child_tid", OBJ, GTV_FIELD_TID, 0},
			   {"child_pid", ARG, NUM, 0}},
	[GTV_EV_K_EXIT] = {{"pid", ARG, NUM, 0}},
	[GTV_EV_K_ON] = {{"since_ns", ON_SINCE, NUM, 0},
			 {"recovered", FLAGS, GTV_FIELD_FLAG, GTV_KF_RECOVERED}},
	[GTV_EV_K_OFF] = {{"preempted", FLAGS, GTV_FIELD_FLAG, GTV_KF_PREEMPTED}},
	[GTV_EV_K_THREAD] = {{"pid", ARG, NUM, 0}, {"parent_tid", OBJ, NUM, 0}},
	[GTV_EV_K_SYSCALL] = {{"call", SEQ_LESS_1, GTV_FIELD_SYSCALL, 0},
			      {"syscall", SEQ_LESS_1, GTV_FIELD_SIGNED, 0},
			      {"result", ARG, GTV_FIELD_SIGNED, 0},
			      {"took_ns", TOOK, NUM, 0},
			      {"slept", FLAGS, GTV_FIELD_FLAG, GTV_KF_SLEPT}},
	[GTV_EV_K_FUTEX] = {{"address", ARG, NUM, 0},
			    {"how", STATE, GTV_FIELD_FUTEX, 0},
			    {"word", SEQ, NUM, 0},
			    {"owner_tid", OBJ, GTV_FIELD_TID, 0}},
	[GTV_EV_K_IRQ] = {{"irq", SEQ, NUM, 0}, {"took_ns", TOOK, NUM, 0}},
	[GTV_EV_K_SOFTIRQ] = {{"vector", SEQ, GTV_FIELD_SOFTIRQ, 0},
			      {"took_ns", TOOK, NUM, 0}},
	[GTV_EV_LOSS] = {{"from_ns", LOSS_FROM, NUM, 0},
			 {"source", OBJ, GTV_FIELD_SOURCE, 0},
			 {"lost_kind", SEQ, GTV_FIELD_KIND, 0},
			 {"count", ARG, NUM, 0}},
	[GTV_EV_OUTPUT] = {{"fd", OBJ, NUM, 0}, {"bytes", ARG, NUM, 0}},
	[GTV_EV_END] = {{"wait_status", ARG, NUM, 0}},
	[GTV_EV_FUTEX_LOCK] = {{"lock", OBJ, GTV_FIELD_LOCK, 0},
			       {"address", ARG, NUM, 0},
			       {"pid", SEQ, NUM, 0}},
};

const struct gtv_field *gtv_event_fields(unsigned kind)
{
	return fields[kind < GTV_EV_MAX ? kind : 0];
}

uint64_t gtv_event_field(const struct gtv_ev *ev, const struct gtv_field *field)
{
	switch (field->from) {
	case OBJ:
		return ev->obj;
	case SEQ:
		return ev->seq;
	case SEQ_LESS_1:
		return (uint64_t)((int64_t)ev->seq - 1);
	case ARG:
		return ev->arg;
	case ARG_LOW:
		return (uint32_t)ev->arg;
	case ARG_HIGH:
		return ev->arg >> 32;
	case TID:
		return ev->tid;
	case STATE:
		return ev->state;
	case FLAGS:
		return ev->flags;
	case LOSS_FROM:
		return gtv_ev_loss_from(ev);
	case ON_SINCE:
		return ev->flags & GTV_KF_RECOVERED ? ev->arg : ev->ts_ns;
	case TOOK:
		return gtv_ev_took_ns(ev);
	default:
		return 0;
	}
}

/* A line in the making. Longest: about 12 fields of at most 300 bytes. */
struct line {
	char buf[4096];
	size_t len;
};

static void add_bytes(struct line *l, const char *text, size_t len)
{
	if (len > sizeof l->buf - l->len)
		len = sizeof l->buf - l->len;
	memcpy(l->buf + l->len, text, len);
	l->len += len;
}

static void add(struct line *l, const char *text)
{
	add_bytes(l, text, strlen(text));
}

static void add_number(struct line *l, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add_bytes(l, digits + at, sizeof digits - at);
}

static void add_signed(struct line *l, int64_t n)
{
	if (n < 0)
		add(l, "-");
	add_number(l, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void add_padding(struct line *l, size_t column)
{
	static const char blanks[] = "                                ";

	while (l->len < column)
		add_bytes(l, blanks, column - l->len < 32 ? column - l->len : 32);
}

/* The word for an enumerated value, "unknown" for one of a later version. */
static const char *word(const struct gtv_field *field, uint64_t v)
{
	static const char *const off[] = {"preempted", "sleeping", "disk",   "stopped",
					  "dead",      "idle",	   "unknown"};
	static const char *const by[] = {"unknown", "gt",   "timer",
					 "poller",  "pool", "outside"};
	static const char *const io[] = {"none", "read", "write", "read+write"};
	static const char *const futex[] = {"unknown", "wait", "pi", "requeue", "waitv"};
	static const char *const source[] = {"unknown", "ring", "bpf", "perf", "recorder"};
	const char *name;

#define WORD(list) (v < sizeof(list) / sizeof(list)[0] ? (list)[v] : "unknown")
	switch (field->type) {
	case GTV_FIELD_OFF:
		return WORD(off);
	case GTV_FIELD_BY:
		return WORD(by);
	case GTV_FIELD_IO:
		return WORD(io);
	case GTV_FIELD_SOURCE:
		return WORD(source);
	case GTV_FIELD_FUTEX:
		return WORD(futex);
	case GTV_FIELD_SOFTIRQ:
		name = gtv_event_softirq(v < UINT32_MAX ? (uint32_t)v : UINT32_MAX);
		return name ? name : "unknown";
	case GTV_FIELD_KIND:
		name = gtv_event_name(v < GTV_EV_MAX ? (unsigned)v : 0);
		return name ? name : "unknown";
	case GTV_FIELD_FLAG:
		return v & field->mask ? "true" : "false";
	default:
		return NULL;
	}
#undef WORD
}

/* Escaped text that is a program's own: a mark's, a call's name. 1 if it is one. */
static int own_text(const struct gtv_events_printer *p, const struct gtv_ev *ev,
		    const struct gtv_field *field, char *buf, size_t size)
{
	char raw[GTV_TEXT_CHUNK + 1] = "";
	uint64_t v = gtv_event_field(ev, field);

	if (field->type == GTV_FIELD_CALL) {
		gtv_names_label(p->names, GTV_CLASS_CALL, (uint32_t)v, buf, size);
		return 1;
	}
	if (field->type == GTV_FIELD_SYSCALL) {
		const char *name = gtv_syscall_name(p->names, (unsigned)v);
		if (name)
			snprintf(buf, size, "%s", name);
		else
			snprintf(buf, size, "%" PRId64, (int64_t)v);
		return 1;
	}
	if (field->type != GTV_FIELD_TEXT)
		return 0;
	memcpy(raw, &ev->obj, sizeof ev->obj);
	memcpy(raw + 4, &ev->seq, sizeof ev->seq);
	memcpy(raw + 8, &ev->arg, sizeof ev->arg);
	gtv_names_escape(raw, buf, size);
	return 1;
}

/* A JSON string's inside, or a CSV cell's: `quote` is put before what needs it. */
static void add_quoted(struct line *l, const char *text, const char *special, char quote)
{
	for (const char *p = text; *p; p++) {
		if (strchr(special, *p))
			add_bytes(l, &quote, 1);
		add_bytes(l, p, 1);
	}
}

static void add_json_field(struct line *l, const struct gtv_events_printer *p,
			   const struct gtv_ev *ev, const struct gtv_field *field)
{
	uint64_t v = gtv_event_field(ev, field);
	const char *fixed = word(field, v);
	char text[4 * GTV_NAME_BYTES];

	add(l, ",\"");
	add(l, field->key);
	add(l, "\":");
	if (own_text(p, ev, field, text, sizeof text)) {
		add(l, "\"");
		add_quoted(l, text, "\"\\", '\\');
		add(l, "\"");
	} else if (fixed && field->type == GTV_FIELD_FLAG) {
		add(l, fixed);
	} else if (fixed) {
		add(l, "\"");
		add(l, fixed);
		add(l, "\"");
	} else if (field->type == GTV_FIELD_SIGNED) {
		add_signed(l, (int64_t)v);
	} else {
		add_number(l, v);
	}
}

/* "key=value", names as labels: for people, and for the last column of CSV. */
static void add_plain_field(struct line *l, const struct gtv_events_printer *p,
			    const struct gtv_ev *ev, const struct gtv_field *field)
{
	uint64_t v = gtv_event_field(ev, field);
	const char *fixed = word(field, v);
	char text[4 * GTV_NAME_BYTES + 16];

	add(l, field->key);
	add(l, "=");
	if (own_text(p, ev, field, text, sizeof text))
		add(l, text);
	else if (fixed)
		add(l, fixed);
	else if ((field->from == LOSS_FROM || field->from == ON_SINCE) &&
		 p->format == GTV_EVENTS_TEXT)
		add(l, gtv_out_time(v, p->start_ns, text, sizeof text));
	else if (field->type == GTV_FIELD_SIGNED)
		add_signed(l, (int64_t)v);
	else if (field->type == GTV_FIELD_LOCK && p->format == GTV_EVENTS_TEXT)
		add(l, gtv_names_label(p->names, GTV_CLASS_LOCK, (uint32_t)v, text,
				       sizeof text));
	else
		add_number(l, v);
}

static const char *kind_name(const struct gtv_ev *ev)
{
	const char *name = gtv_event_name(ev->kind);

	return name ? name : "unknown";
}

/* A LOSS event keeps the length of its range where others keep their gt. */
static uint32_t subject(const struct gtv_ev *ev)
{
	return ev->kind == GTV_EV_LOSS ? 0 : ev->gt;
}

static int is_late(const struct gtv_ev *ev)
{
	return ev->kind != GTV_EV_LOSS && ev->flags & GTV_EV_LATE;
}

static void add_json(struct line *l, const struct gtv_events_printer *p,
		     const struct gtv_ev *ev)
{
	add(l, "{\"ts_ns\":");
	add_number(l, ev->ts_ns);
	add(l, ",\"kind\":\"");
	add(l, kind_name(ev));
	add(l, "\",\"core\":");
	add_signed(l, ev->core);
	add(l, ",\"tid\":");
	add_number(l, ev->tid);
	add(l, ",\"gt\":");
	add_number(l, subject(ev));
	for (const struct gtv_field *fd = gtv_event_fields(ev->kind); fd->key; fd++)
		add_json_field(l, p, ev, fd);
	if (is_late(ev))
		add(l, ",\"late\":true");
	add(l, "}");
}

static void add_csv(struct line *l, const struct gtv_events_printer *p,
		    const struct gtv_ev *ev)
{
	struct line details = {.len = 0};

	add_number(l, ev->ts_ns);
	add(l, ",");
	add(l, kind_name(ev));
	add(l, ",");
	add_signed(l, ev->core);
	add(l, ",");
	add_number(l, ev->tid);
	add(l, ",");
	add_number(l, subject(ev));
	add(l, ",\"");
	for (const struct gtv_field *fd = gtv_event_fields(ev->kind); fd->key; fd++) {
		add(&details, details.len ? " " : "");
		add_plain_field(&details, p, ev, fd);
	}
	if (is_late(ev))
		add(&details, details.len ? " late=true" : "late=true");
	details.buf[details.len < sizeof details.buf ? details.len
						     : sizeof details.buf - 1] = 0;
	add_quoted(l, details.buf, "\"", '"');
	add(l, "\"");
}

static void add_details(struct line *l, const struct gtv_events_printer *p,
			const struct gtv_ev *ev)
{
	for (const struct gtv_field *fd = gtv_event_fields(ev->kind); fd->key; fd++) {
		add_plain_field(l, p, ev, fd);
		add(l, fd[1].key ? " " : "");
	}
	if (is_late(ev))
		add(l, "  late=true");
	while (l->len && l->buf[l->len - 1] == ' ')
		l->len--;
}

char *gtv_events_details(const struct gtv_events_printer *p, const struct gtv_ev *ev,
			 char *buf, size_t size)
{
	struct line l;

	l.len = 0;
	add_details(&l, p, ev);
	snprintf(buf, size, "%.*s", (int)l.len, l.buf);
	return buf;
}

static void add_text(struct line *l, const struct gtv_events_printer *p,
		     const struct gtv_ev *ev)
{
	char label[4 * GTV_NAME_BYTES + 16];

	add(l, gtv_out_time(ev->ts_ns, p->start_ns, label, sizeof label));
	add_padding(l, 15);
	if (ev->core != GTV_CORE_NONE) {
		add(l, "C");
		add_signed(l, ev->core);
	}
	add_padding(l, 20);
	add(l, "T");
	add_number(l, ev->tid);
	add_padding(l, 29);
	add(l, kind_name(ev));
	add_padding(l, 46);
	if (subject(ev)) {
		add(l,
		    gtv_names_label(p->names, GTV_CLASS_GT, ev->gt, label, sizeof label));
		add(l, "  ");
	}
	add_details(l, p, ev);
}

static void finish_line(const struct gtv_events_printer *p, struct line *l)
{
	if (l->len == sizeof l->buf)
		l->len--;
	l->buf[l->len++] = '\n';
	fwrite_unlocked(l->buf, 1, l->len, p->f);
}

void gtv_events_head(const struct gtv_events_printer *p)
{
	if (p->format == GTV_EVENTS_CSV)
		fputs("ts_ns,kind,core,tid,gt,details\n", p->f);
}

void gtv_events_print(const struct gtv_events_printer *p, const struct gtv_ev *ev)
{
	struct line l;

	l.len = 0;
	if (p->format == GTV_EVENTS_JSON)
		add_json(&l, p, ev);
	else if (p->format == GTV_EVENTS_CSV)
		add_csv(&l, p, ev);
	else
		add_text(&l, p, ev);
	finish_line(p, &l);
}

void gtv_events_print_gap(const struct gtv_events_printer *p,
			  const struct gtv_walk_item *gap)
{
	struct line l;
	char time[48];

	l.len = 0;
	if (p->format == GTV_EVENTS_TEXT) {
		add(&l, gtv_out_time(gap->to_ns, p->start_ns, time, sizeof time));
		add_padding(&l, 29);
		add(&l, "gap");
		add_padding(&l, 46);
		add(&l, "unreadable since ");
		add(&l, gtv_out_time(gap->from_ns, p->start_ns, time, sizeof time));
	} else {
		int json = p->format == GTV_EVENTS_JSON;

		add(&l, json ? "{\"ts_ns\":" : "");
		add_number(&l, gap->to_ns);
		add(&l,
		    json ? ",\"kind\":\"gap\",\"core\":-1,\"tid\":0,\"gt\":0,\"from_ns\":"
			 : ",gap,-1,0,0,\"from_ns=");
		add_number(&l, gap->from_ns);
		add(&l, json ? "}" : "\"");
	}
	finish_line(p, &l);
}
