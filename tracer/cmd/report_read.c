/* SPDX-License-Identifier: MIT
 * Reads a whole trace through the model. See report.h.
 */
#include "tracer/cmd/report.h"
#include "tracer/cmd/part.h"
#include "tracer/cmd/report_calls.h"
#include "tracer/cmd/report_latency.h"
#include "tracer/cmd/report_waits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void note_losses(struct gtv_report *r, const struct gtv_ev *evs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct gtv_ev *ev = &evs[i];

		if (ev->kind != GTV_EV_LOSS)
			continue;
		uint64_t *lost = ev->obj == GTV_SRC_RING ? r->user_lost : r->kernel_lost;

		lost[ev->seq < GTV_EV_MAX ? ev->seq : 0] += ev->arg;
	}
}

/* Tells the model of a gap, cut to what the trace covers: the last one may have
 * no end. */
static int feed_gap(struct gtv_report *r, const struct gtv_walk_item *gap)
{
	uint64_t to = gap->to_ns < r->end_ns ? gap->to_ns : r->end_ns;
	uint64_t from = gap->from_ns < to ? gap->from_ns : to;

	r->gap_count++;
	r->bad_blocks += gap->block_damaged != 0;
	r->gap_bytes += gap->gap_bytes;
	r->gap_ns += to - from;
	if (r->latency)
		gtv_latency_gap(r->latency);
	return from < to ? gtv_findings_gap(r->findings, r->model, from, to) : 0;
}

static int feed_block(struct gtv_report *r, const struct gtv_walk_item *item)
{
	int rc = 0;

	note_losses(r, item->evs, item->count);
	for (size_t i = 0; r->info.scope && i < item->count && !rc; i++)
		rc = gtv_report_calls_note(&r->calls, &item->evs[i]);
	for (size_t i = 0; r->latency && i < item->count && !rc; i++)
		rc = gtv_latency_event(r->latency, &item->evs[i]);
	if (rc)
		return rc;
	r->events += item->count;
	return gtv_findings_feed(r->findings, r->model, item->evs, item->count);
}

static int feed_all(struct gtv_report *r, struct gtv_walk *w, gtv_report_item_fn *each,
		    void *arg)
{
	struct gtv_walk_item item;
	int rc;

	while ((rc = gtv_walk_next(w, &item)) == 0) {
		if (each)
			each(arg, &item);
		rc = item.gap ? feed_gap(r, &item) : feed_block(r, &item);
		if (rc)
			return rc;
	}
	/* What is cut off by the end has not ended: no latency. */
	if (r->latency) {
		if (r->tee->no_memory)
			return -GTV_ENOMEM;
		gtv_latency_stop(r->latency);
	}
	if (rc == 1)
		gtv_findings_finish(r->findings, r->model, r->end_ns);
	return rc < 0 ? rc : 0;
}

/* Times are shown relative to the recorded start; a damaged header has none. */
static void set_range(struct gtv_report *r)
{
	uint64_t from;

	r->start_ns = r->info.start_ns;
	if (gtv_store_range(r->store, &from, &r->end_ns))
		from = r->end_ns = r->start_ns;
	else
		r->end_ns--; /* the range is half-open: the last event's time */
	if (!r->start_ns || r->start_ns > r->end_ns)
		r->start_ns = from;
	r->from_ns = r->start_ns;
	r->to_ns = r->end_ns;
}

/* Of more it is told when it is asked for: it doubles what reading costs. */
#define WAITS_EVENTS 1000000u

static int wants_waits(const struct gtv_report *r)
{
	struct gtv_block_info block;
	uint64_t events = 0;

	for (size_t i = gtv_store_first_block(r->store);
	     events <= WAITS_EVENTS && !gtv_store_block(r->store, i, &block); i++)
		events += block.count;
	return r->with_waits || events <= WAITS_EVENTS;
}

/* listen: latencies and waits are told too; part: of that alone. */
static void new_findings(struct gtv_report *r, int listen, struct gtv_part_reader *part)
{
	struct gtv_model_sink sink;

	r->findings = gtv_findings_new(r->info.level, r->names);
	if (!r->findings)
		return;
	gtv_findings_filtered(r->findings, r->info.level >= 2 &&
						   r->info.clock != GTV_CLOCK_SIM &&
						   !(r->info.scope & GTV_SCOPE_ALL));
	sink = gtv_findings_sink(r->findings);
	if (listen) {
		r->tee = calloc(1, sizeof *r->tee);
		if (!part)
			r->latency = gtv_latency_new(0, UINT64_MAX);
		if (wants_waits(r))
			r->waits = gtv_report_waits_new(part ? part->from_ns : 0,
							part ? part->to_ns : UINT64_MAX);
		if (!r->tee || (!part && !r->latency))
			return;
		*r->tee = (struct gtv_report_tee){
			.next = sink, .latency = r->latency, .waits = r->waits};
		sink = gtv_report_tee_sink(r->tee);
	}
	if (part)
		sink = gtv_part_sink(part, &sink);
	r->model = gtv_model_new(r->info.level, r->names, &sink);
	if (part)
		part->model = r->model;
}

uint64_t gtv_report_begin(struct gtv_model *model, const struct gtv_store *store)
{
	uint64_t ts_ns;
	size_t block, size;
	void *bytes;
	int rc;

	size_t first = gtv_store_first_checkpoint(store);

	if (gtv_store_checkpoint(store, first, &ts_ns, &block) ||
	    block > gtv_store_first_block(store) ||
	    gtv_store_load_checkpoint(store, first, &bytes, &size))
		return 0;
	rc = gtv_model_restore(model, bytes, size);
	free(bytes);
	return rc ? 0 : ts_ns;
}

int gtv_report_read(struct gtv_report *r, const struct gtv_store *store,
		    gtv_report_item_fn *each, void *arg, struct gtv_err *err)
{
	struct gtv_walk walk;
	int rc;

	int with_waits = r->with_waits;

	memset(r, 0, sizeof *r);
	r->with_waits = with_waits;
	r->store = store;
	r->names = gtv_store_names(store);
	gtv_store_get_info(store, &r->info);
	gtv_store_get_stats(store, &r->stats);
	set_range(r);
	new_findings(r, !each, NULL);
	rc = gtv_walk_init(&walk, store, 0);
	if (r->model)
		gtv_report_begin(r->model, store);
	if (!r->model)
		rc = -GTV_ENOMEM;
	if (!rc)
		rc = feed_all(r, &walk, each, arg);
	gtv_walk_fini(&walk);
	if (rc == -GTV_ENOMEM)
		return gtv_err_set(err, GTV_ENOMEM, "trace", "", "out of memory");
	if (rc)
		return gtv_err_set(err, -rc, "trace", "", "cannot be read to its end");
	return 0;
}

/* ---- of a part ---- */

static int feed_part(struct gtv_report *r, struct gtv_part_reader *part, struct gtv_walk *w)
{
	struct gtv_walk_item item;
	int rc = 0;

	while (!part->over && !rc && (rc = gtv_walk_next(w, &item)) == 0) {
		if (!gtv_part_take(part, &item))
			continue;
		rc = item.gap ? feed_gap(r, &item) : feed_block(r, &item);
	}
	if (rc >= 0)
		gtv_findings_finish(r->findings, r->model, gtv_part_end(part, r->end_ns));
	return rc < 0 ? rc : 0;
}

/* Latencies are of whole waits, wherever they began: by a model that is not cut. */
static int part_latency(struct gtv_report *r)
{
	struct gtv_report_tee tee = {.latency = r->latency};
	struct gtv_model_sink sink = gtv_report_tee_sink(&tee);
	struct gtv_part_reader ahead = {.from_ns = r->from_ns};
	struct gtv_walk_item item;
	struct gtv_walk walk;
	int rc;

	ahead.model = gtv_model_new(r->info.level, r->names, &sink);
	rc = ahead.model ? gtv_part_seek(&ahead, &walk, r->store)
			 : gtv_walk_init(&walk, r->store, 0) - GTV_ENOMEM;
	while (!rc && (rc = gtv_walk_next(&walk, &item)) == 0 && item.from_ns <= r->to_ns) {
		if (item.gap) {
			gtv_latency_gap(r->latency);
			rc = gtv_model_gap(ahead.model, item.from_ns,
					   item.to_ns < r->end_ns ? item.to_ns : r->end_ns);
			continue;
		}
		for (size_t i = 0; i < item.count && !rc; i++)
			rc = gtv_latency_event(r->latency, &item.evs[i]);
		rc = rc ? rc : gtv_model_feed(ahead.model, item.evs, item.count);
	}
	gtv_walk_fini(&walk);
	gtv_model_free(ahead.model);
	return tee.no_memory ? -GTV_ENOMEM : rc < 0 ? rc : 0;
}

/* Whether there is anything of [from, to) in the trace. */
static int set_part(struct gtv_report *r, uint64_t from_ns, uint64_t to_ns)
{
	r->is_part = 1;
	if (from_ns > r->from_ns)
		r->from_ns = from_ns;
	/* The last event belongs to the part that reaches behind it. */
	r->to_ns = to_ns <= r->end_ns ? to_ns : r->end_ns + 1;
	return r->from_ns < r->to_ns;
}

int gtv_report_read_part(struct gtv_report *r, const struct gtv_store *store,
			 uint64_t from_ns, uint64_t to_ns, struct gtv_err *err)
{
	struct gtv_part_reader part = {0};
	struct gtv_walk walk;
	int rc;

	int with_waits = r->with_waits;

	memset(r, 0, sizeof *r);
	r->with_waits = with_waits;
	r->store = store;
	r->names = gtv_store_names(store);
	gtv_store_get_info(store, &r->info);
	gtv_store_get_stats(store, &r->stats);
	set_range(r);
	if (!set_part(r, from_ns, to_ns))
		return gtv_err_set(err, GTV_EUSAGE, "--from, --to", "gtviz report FILE",
				   "nothing of the trace lies between them");
	part.from_ns = r->from_ns;
	part.to_ns = r->to_ns;
	new_findings(r, 1, &part);
	rc = r->model ? gtv_part_seek(&part, &walk, store)
		      : gtv_walk_init(&walk, store, 0) - GTV_ENOMEM;
	if (!rc)
		rc = feed_part(r, &part, &walk);
	gtv_walk_fini(&walk);
	if (!rc)
		r->latency = gtv_latency_new(r->from_ns, r->to_ns - 1);
	if (!rc)
		rc = r->latency ? part_latency(r) : -GTV_ENOMEM;
	if (rc == -GTV_ENOMEM)
		return gtv_err_set(err, GTV_ENOMEM, "trace", "", "out of memory");
	if (rc)
		return gtv_err_set(err, -rc, "trace", "", "cannot be read to its end");
	return 0;
}

void gtv_report_fini(struct gtv_report *r)
{
	gtv_model_free(r->model);
	gtv_findings_free(r->findings);
	gtv_report_calls_free(r->calls);
	gtv_latency_free(r->latency);
	gtv_report_waits_free(r->waits);
	r->waits = NULL;
	free(r->tee);
	r->latency = NULL;
	r->tee = NULL;
	r->calls = NULL;
	r->model = NULL;
	r->findings = NULL;
}

uint64_t gtv_report_lost(const struct gtv_report *r)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < GTV_EV_MAX; k++)
		sum += r->user_lost[k] + r->kernel_lost[k];
	return sum;
}

char *gtv_report_exit(const struct gtv_report *r, char *buf, size_t size)
{
	int status = r->info.exit_status;

	if (status == -1)
		snprintf(buf, size, "still running when the trace ends");
	else if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(buf, size, "exited %d", WEXITSTATUS(status));
	return buf;
}

void gtv_report_policy(const struct gtv_report *r, char policy[GTV_KIND_BYTES])
{
	struct gtv_name process;

	policy[0] = 0;
	if (!gtv_names_get(r->names, GTV_CLASS_PROCESS, r->info.pid, &process))
		memcpy(policy, process.extra, GTV_KIND_BYTES);
	for (size_t i = 0; !policy[0] && i < gtv_names_count(r->names, GTV_CLASS_PROCESS);
	     i++)
		if (!gtv_names_at(r->names, GTV_CLASS_PROCESS, i, &process))
			memcpy(policy, process.extra, GTV_KIND_BYTES);
	policy[GTV_KIND_BYTES - 1] = 0;
}

const uint8_t *gtv_report_states(int level)
{
	static const uint8_t with_kernel[] = {
		GTV_ST_RUNNING, GTV_ST_PREEMPTED, GTV_ST_READY,	  GTV_ST_STALLED,
		GTV_ST_LOCK,	GTV_ST_GIL,	  GTV_ST_CHAN,	  GTV_ST_IO,
		GTV_ST_SLEEP,	GTV_ST_SYSCALL,	  GTV_ST_UNKNOWN, GTV_ST_NONE};
	/* Level 0 has no kernel: what it cannot tell apart is absent, not 0. */
	static const uint8_t runtime_only[] = {
		GTV_ST_RUNNING, GTV_ST_READY, GTV_ST_LOCK,    GTV_ST_GIL,     GTV_ST_CHAN,
		GTV_ST_IO,	GTV_ST_SLEEP, GTV_ST_SYSCALL, GTV_ST_UNKNOWN, GTV_ST_NONE};

	return level > 0 ? with_kernel : runtime_only;
}
