/* SPDX-License-Identifier: MIT
 *
 * `gtviz report --json`: one object whose keys are stable. Each row of a list is
 * built by json-c and printed at once, so that a trace with a million green
 * threads needs the memory of one.
 */
#include "tracer/cmd/report.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/cmd/out.h"
#include "tracer/cmd/report_calls.h"
#include "tracer/cmd/report_latency.h"
#include "tracer/cmd/report_waits.h"

/* Appends to a list or an object being printed, with the commas it needs. */
struct writer {
	FILE *f;
	const struct gtv_report *r;
	const char *sep;
	int failed; /* json-c had no memory */
};

static void put_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

static void put_bool(struct json_object *o, const char *key, int v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

static void put_text(struct json_object *o, const char *key, const char *raw)
{
	char safe[4 * 512 + 1];

	json_object_object_add(
		o, key, json_object_new_string(gtv_names_escape(raw, safe, sizeof safe)));
}

/* Prints `o` and gives it back. */
static void emit(struct writer *w, const char *key, struct json_object *o)
{
	const char *text =
		o ? json_object_to_json_string_ext(
			    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
		  : NULL;

	if (!text)
		w->failed = 1;
	else if (key)
		fprintf(w->f, "%s\"%s\":%s", w->sep, key, text);
	else
		fprintf(w->f, "%s%s", w->sep, text);
	w->sep = ",\n";
	json_object_put(o);
}

static void list_begin(struct writer *w, const char *key)
{
	fprintf(w->f, "%s\"%s\":[", w->sep, key);
	w->sep = "\n";
}

static void list_end(struct writer *w)
{
	fputs("]", w->f);
	w->sep = ",\n";
}

static struct json_object *by_kind(const uint64_t *lost)
{
	struct json_object *o = json_object_new_object();

	for (unsigned k = 0; k < GTV_EV_MAX; k++) {
		const char *name = gtv_event_name(k);
		uint64_t old = 0, n = lost[k];
		struct json_object *have;

		if (!n)
			continue;
		if (!name)
			name = "unknown";
		if (json_object_object_get_ex(o, name, &have))
			old = json_object_get_uint64(have);
		put_u64(o, name, old + n);
	}
	return o;
}

static struct json_object *lost_object(const struct gtv_report *r)
{
	struct json_object *o = json_object_new_object();

	put_u64(o, "total", gtv_report_lost(r));
	json_object_object_add(o, "user", by_kind(r->user_lost));
	json_object_object_add(o, "kernel", by_kind(r->kernel_lost));
	put_u64(o, "gaps", r->gap_count);
	put_u64(o, "gap_ns", r->gap_ns);
	put_u64(o, "gap_bytes", r->gap_bytes);
	return o;
}

static struct json_object *counts_object(const struct gtv_report *r)
{
	struct json_object *o = json_object_new_object();
	const uint64_t *counts = gtv_model_counts(r->model);

	for (unsigned c = 0; c < GTV_COUNT_MAX; c++)
		put_u64(o, gtv_counter_name(c), counts[c]);
	return o;
}

static struct json_object *trace_object(const struct gtv_report *r)
{
	struct json_object *o = json_object_new_object();
	char policy[GTV_KIND_BYTES], text[64];

	put_text(o, "command", r->info.command);
	gtv_report_policy(r, policy);
	put_text(o, "policy", policy);
	put_text(o, "host", r->info.host);
	put_text(o, "kernel", r->info.kernel);
	put_u64(o, "pid", r->info.pid);
	put_u64(o, "uid", r->info.uid);
	put_u64(o, "cores", r->info.core_count);
	put_text(o, "clock",
		 r->info.clock == GTV_CLOCK_TSC	  ? "tsc"
		 : r->info.clock == GTV_CLOCK_SIM ? "simulated"
						  : "monotonic");
	put_u64(o, "clock_off_ns", r->info.clock_off_ns);
	json_object_object_add(o, "clock_drift_ppb",
			       json_object_new_int64(r->info.clock_drift_ppb));
	put_u64(o, "wall_ns", r->info.wall_ns);
	put_text(o, "exit", gtv_report_exit(r, text, sizeof text));
	put_u64(o, "format_version", r->info.version);
	put_bool(o, "complete", r->stats.complete);
	put_u64(o, "futex_waits_untold", gtv_model_futex_untold(r->model));
	put_u64(o, "events", r->events);
	put_u64(o, "bytes", r->stats.bytes);
	return o;
}

static void gt_row(struct writer *w, size_t idx)
{
	struct gtv_gt_totals gt;
	struct gtv_name name;

	if (gtv_model_gt_totals(w->r->model, idx, &gt) || !gtv_report_has(w->r, gt.end_ns))
		return;

	struct json_object *o = json_object_new_object();
	struct json_object *states = json_object_new_object();

	gtv_names_get(w->r->names, GTV_CLASS_GT, gt.id, &name);
	put_u64(o, "id", gt.id);
	put_text(o, "name", name.text);
	put_u64(o, "pid", name.pid);
	put_u64(o, "local_id", name.local);
	put_u64(o, "spawn_ns", gt.spawn_ns);
	put_u64(o, "end_ns", gt.end_ns);
	put_u64(o, "lifetime_ns", gt.end_ns - gt.spawn_ns);
	put_bool(o, "exited", gt.exited);
	for (const uint8_t *s = gtv_report_states(w->r->info.level); *s != GTV_ST_NONE; s++)
		put_u64(states, gtv_state_name(*s), gt.state_ns[*s]);
	json_object_object_add(o, "states", states);
	put_u64(o, "switches", gt.switches);
	put_u64(o, "waits", gt.waits);
	emit(w, NULL, o);
}

static void thread_row(struct writer *w, size_t idx)
{
	struct gtv_thread_totals th;
	struct gtv_name name;

	if (gtv_model_thread_totals(w->r->model, idx, &th) || !th.ours ||
	    !gtv_report_has(w->r, th.end_ns))
		return;

	struct json_object *o = json_object_new_object();
	const uint64_t *st = th.state_ns;

	gtv_names_get(w->r->names, GTV_CLASS_THREAD, th.tid, &name);
	put_u64(o, "tid", th.tid);
	put_u64(o, "pid", th.pid ? th.pid : name.pid);
	put_text(o, "comm", name.text);
	if (name.local)
		put_u64(o, "worker", name.local - 1);
	put_u64(o, "first_ns", th.first_ns);
	put_u64(o, "end_ns", th.end_ns);
	put_u64(o, "running_ns", st[GTV_ST_RUNNING]);
	put_u64(o, "runnable_ns", st[GTV_ST_RUNNABLE] + st[GTV_ST_PREEMPTED]);
	put_u64(o, "preempted_ns", st[GTV_ST_PREEMPTED]);
	put_u64(o, "sleeping_ns", st[GTV_ST_SLEEPING]);
	put_u64(o, "disk_ns", st[GTV_ST_DISK]);
	put_u64(o, "stopped_ns", st[GTV_ST_STOPPED]);
	put_u64(o, "unknown_ns", st[GTV_ST_UNKNOWN]);
	put_u64(o, "switches", th.switches);
	put_u64(o, "voluntary", th.voluntary);
	put_u64(o, "involuntary", th.switches - th.voluntary);
	put_u64(o, "migrations", th.migrations);
	put_u64(o, "interrupted_ns", th.irq_ns);
	emit(w, NULL, o);
}

static void lock_row(struct writer *w, size_t idx)
{
	struct gtv_lock_totals lock;
	struct gtv_name name;

	if (gtv_model_lock_totals(w->r->model, idx, &lock) ||
	    !gtv_report_lock_told(w->r, &lock))
		return;

	struct json_object *o = json_object_new_object();

	gtv_names_get(w->r->names, GTV_CLASS_LOCK, lock.id, &name);
	put_u64(o, "id", lock.id);
	put_text(o, "name", name.text);
	put_text(o, "kind", name.extra);
	put_u64(o, "pid", name.pid);
	put_u64(o, "local_id", name.local);
	if (lock.addr) {
		put_u64(o, "address", lock.addr);
		put_bool(o, "owner_seen", lock.mutex);
	}
	put_u64(o, "lifetime_ns", lock.end_ns - lock.first_ns);
	put_u64(o, "takes", lock.takes);
	put_u64(o, "handoffs", lock.handoffs);
	put_u64(o, "waits", lock.waits);
	put_u64(o, "requests", lock.requests);
	put_u64(o, "false_wakeups", lock.false_wakeups);
	put_u64(o, "held_on_core_ns", lock.held_on_ns);
	put_u64(o, "held_off_core_ns", gtv_report_held_off(&lock));
	put_u64(o, "held_preempted_ns", lock.held_preempted_ns);
	put_u64(o, "held_asleep_ns", lock.held_asleep_ns);
	put_u64(o, "free_ns", lock.free_ns);
	put_u64(o, "unknown_ns", lock.unknown_ns);
	put_u64(o, "wait_ns", lock.wait_ns);
	put_u64(o, "wait_max_ns", lock.wait_max_ns);
	emit(w, NULL, o);
}

static void core_row(struct writer *w, size_t idx)
{
	struct gtv_core_totals core;

	if (gtv_model_core_totals(w->r->model, idx, &core) ||
	    !gtv_report_has(w->r, core.end_ns))
		return;

	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "core", json_object_new_int(core.core));
	put_u64(o, "busy_ns", core.busy_ns);
	put_u64(o, "other_ns", core.other_ns);
	put_u64(o, "idle_ns", core.idle_ns);
	put_u64(o, "not_ours_ns", core.away_ns);
	put_u64(o, "unknown_ns", core.unknown_ns);
	put_u64(o, "switches", core.switches);
	put_u64(o, "interrupted_ns", core.irq_ns);
	emit(w, NULL, o);
}

static void finding_row(struct writer *w, const struct gtv_finding *found)
{
	static const char letter[] = "?CTGL";
	struct json_object *o = json_object_new_object();
	struct json_object *lanes = json_object_new_array();

	put_text(o, "kind", gtv_finding_key(found->kind));
	put_text(o, "severity", gtv_severity_name(found->severity));
	put_text(o, "text", found->text);
	put_u64(o, "from_ns", found->from_ns);
	put_u64(o, "to_ns", found->to_ns);
	for (int i = 0; i < found->lanes; i++) {
		char lane[16];
		snprintf(lane, sizeof lane, "%c%u", letter[found->lane[i].kind],
			 found->lane[i].id);
		json_object_array_add(lanes, json_object_new_string(lane));
	}
	json_object_object_add(o, "lanes", lanes);
	put_u64(o, "first_ns", found->first_ns);
	put_u64(o, "times", found->times);
	put_u64(o, "worst_ns", found->worst_ns);
	put_u64(o, "lost_ns", found->lost_ns);
	put_text(o, "advice", found->advice);
	emit(w, NULL, o);
}

/* What was looked for, found or not, and what could not be seen. */
static void rule_row(struct writer *w, unsigned kind, int found)
{
	static const char *const verdict[] = {[GTV_RULE_FOUND] = "found",
					      [GTV_RULE_FINE] = "fine",
					      [GTV_RULE_NOTHING] = "nothing to check",
					      [GTV_RULE_CANNOT] = "cannot tell"};
	struct json_object *o = json_object_new_object();
	char why[96];

	put_text(o, "kind", gtv_finding_key(kind));
	put_text(o, "verdict",
		 verdict[gtv_findings_verdict(w->r->findings, kind, found, why,
					      sizeof why)]);
	if (*why)
		put_text(o, "why", why);
	emit(w, NULL, o);
}

static void findings(struct writer *w)
{
	size_t count;
	uint32_t kinds;
	struct gtv_finding *list = gtv_report_list_findings(w->r, &count, &kinds);

	w->failed |= !list;
	list_begin(w, "findings");
	for (size_t i = 0; list && i < count; i++)
		finding_row(w, &list[i]);
	list_end(w);
	list_begin(w, "rules");
	for (unsigned kind = 0; kind < GTV_FIND_MAX; kind++)
		rule_row(w, kind, (int)(kinds >> kind & 1));
	list_end(w);
	free(list);
}

static void lists(struct writer *w)
{
	const struct gtv_model *m = w->r->model;

	list_begin(w, "green_threads");
	for (size_t i = 0; i < gtv_model_gt_count(m); i++)
		gt_row(w, i);
	list_end(w);
	list_begin(w, "os_threads");
	for (size_t i = 0; i < gtv_model_thread_count(m); i++)
		thread_row(w, i);
	list_end(w);
	list_begin(w, "locks");
	for (size_t i = 0; i < gtv_model_lock_count(m); i++)
		lock_row(w, i);
	list_end(w);
	list_begin(w, "cores");
	for (size_t i = 0; i < gtv_model_core_count(m); i++)
		core_row(w, i);
	list_end(w);
	list_begin(w, "calls");
	for (size_t i = 0; gtv_report_calls_at(w->r, i); i++)
		emit(w, NULL, gtv_report_calls_json(w->r, i));
	list_end(w);
	list_begin(w, "latencies");
	for (unsigned k = 0; w->r->latency && k < GTV_LAT_MAX; k++)
		if (gtv_latency_histogram(w->r->latency, k))
			emit(w, NULL, gtv_report_latency_json(w->r, k));
	list_end(w);
	list_begin(w, "waits");
	for (size_t i = 0;; i++) {
		struct json_object *o = gtv_report_waits_json(w->r, i);
		if (!o)
			break;
		emit(w, NULL, o);
	}
	list_end(w);
	findings(w);
}

static struct json_object *part_object(const struct gtv_report *r)
{
	struct json_object *o = json_object_new_object();

	put_u64(o, "from_ns", r->from_ns);
	put_u64(o, "to_ns", gtv_report_end(r));
	return o;
}

int gtv_report_json(const struct gtv_report *r, FILE *f)
{
	struct writer w = {.f = f, .r = r, .sep = ""};

	fputs("{", f);
	emit(&w, "duration_ns", json_object_new_uint64(gtv_report_end(r) - r->from_ns));
	emit(&w, "start_ns", json_object_new_uint64(r->start_ns));
	if (r->is_part)
		emit(&w, "part", part_object(r));
	emit(&w, "level", json_object_new_int(r->info.level));
	emit(&w, "fallbacks", json_object_new_int64(r->info.fallbacks));
	emit(&w, "implausible", json_object_new_int64(r->info.implausible));
	emit(&w, "all_tasks", json_object_new_boolean(r->info.scope & GTV_SCOPE_ALL));
	emit(&w, "syscalls",
	     json_object_new_string(r->info.scope & GTV_SCOPE_SYSCALLS_ALL ? "all"
				    : r->info.scope & GTV_SCOPE_SYSCALLS   ? "slept"
									   : "none"));
	emit(&w, "irq", json_object_new_boolean((r->info.scope & GTV_SCOPE_IRQ) != 0));
	emit(&w, "trace", trace_object(r));
	emit(&w, "lost", lost_object(r));
	emit(&w, "counts", counts_object(r));
	lists(&w);
	fputs("}\n", f);
	if (w.failed)
		fprintf(stderr, "gtviz: report: out of memory\n");
	return w.failed;
}
