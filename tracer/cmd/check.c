/* SPDX-License-Identifier: MIT
 *
 * `gtviz check FILE`: is the file whole, and does what it says hold together?
 *
 * Every part is read, so every checksum is verified. The invariants are of two
 * kinds: those of the events, recomputed here on their own, and those that the
 * model counts while it runs. A trace whose recorder was killed is good if what
 * was written is; the line says what is missing.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tracer/cmd/check_model.h"
#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"
#include "tracer/cmd/report.h"
#include "tracer/model/zoom.h"

struct check {
	const char *file;
	uint64_t faults;
	uint64_t start_ns;
	/* The events, counted without the model. */
	uint64_t counts[GTV_COUNT_MAX];
	uint64_t last_ns, unordered, outside, strange;
	struct gtv_recheck *recheck;
	uint64_t present; /* green threads that were there when we came */
	/* The last item was a gap: the torn end of an unfinished file, or damage. */
	int gap_pending;
	struct gtv_walk_item gap;
};

static void __attribute__((format(printf, 2, 3)))
fault(struct check *c, const char *fmt, ...)
{
	va_list ap;

	c->faults++;
	fprintf(stdout, "fault: ");
	va_start(ap, fmt);
	vfprintf(stdout, fmt, ap);
	va_end(ap);
	putc('\n', stdout);
}

static void fault_gap(struct check *c, const struct gtv_walk_item *gap)
{
	char from[48], to[48];

	gtv_out_time(gap->from_ns, c->start_ns, from, sizeof from);
	gtv_out_time(gap->to_ns, c->start_ns, to, sizeof to);
	if (gap->block_damaged)
		fault(c, "damaged: the block of %" PRIu32 " events from %s s to %s s",
		      gap->block.count, from, to);
	else
		fault(c, "damaged: %" PRIu64 " bytes between %s s and %s s", gap->gap_bytes,
		      from, to);
}

static void count_events(struct check *c, const struct gtv_walk_item *item)
{
	for (size_t i = 0; i < item->count; i++) {
		const struct gtv_ev *ev = &item->evs[i];
		uint64_t adds = gtv_event_counts(ev->kind);

		c->unordered += ev->ts_ns < c->last_ns;
		c->outside += ev->ts_ns < item->from_ns || ev->ts_ns > item->to_ns;
		c->present += ev->kind == GTV_EV_GT_STATE;
		c->strange += !gtv_event_name(ev->kind);
		c->last_ns = ev->ts_ns;
		for (; adds; adds &= adds - 1)
			c->counts[__builtin_ctzll(adds)]++;
	}
}

static void see_item(void *arg, const struct gtv_walk_item *item)
{
	struct check *c = arg;

	gtv_recheck_item(c->recheck, item);
	if (c->gap_pending)
		fault_gap(c, &c->gap);
	c->gap_pending = item->gap;
	if (item->gap) {
		c->gap = *item;
		return;
	}
	if (item->count != item->block.count)
		fault(c, "a block of %" PRIu32 " events holds %zu", item->block.count,
		      item->count);
	count_events(c, item);
}

/* The file: parts beside the events. */

/* It was made by just this gtviz's model, so it must hold what this one would write. */
static int is_ours(const struct gtv_report *r)
{
	return r->info.model == gtv_model_id();
}

static void ignore_piece(void *arg, const struct gtv_piece *piece)
{
	(void)arg;
	(void)piece;
}

/* What another version's model made is private to that: its checksum is all there is to
 * judge, and a reader passes over what it cannot read. */
static void check_zoom(struct check *c, const struct gtv_report *r, unsigned level)
{
	const struct gtv_store *store = r->store;
	size_t count = gtv_store_zoom_count(store, level), size, bad = 0;
	void *bytes;

	for (size_t i = 0; i < count; i++) {
		if (gtv_store_get_zoom(store, level, i, &bytes, &size)) {
			bad++;
			continue;
		}
		bad += gtv_zoom_decode(bytes, size, ignore_piece, NULL) != 0 && is_ours(r);
		free(bytes);
	}
	if (bad)
		fault(c, "damaged: %zu of %zu zoom blocks of level %u", bad, count, level);
}

static void check_outputs(struct check *c, const struct gtv_store *store)
{
	size_t count = gtv_store_output_count(store), size, bad = 0;
	uint64_t ts;
	void *bytes;

	for (size_t i = 0; i < count; i++) {
		if (gtv_store_get_output(store, i, &ts, &bytes, &size))
			bad++;
		else
			free(bytes);
	}
	if (bad)
		fault(c, "damaged: %zu of %zu blocks of the program's output", bad, count);
}

static int restores(const struct gtv_report *r, const void *bytes, size_t size)
{
	struct gtv_model *m = gtv_model_new(r->info.level, r->names, NULL);
	int rc = m && is_ours(r) ? gtv_model_restore(m, bytes, size) : 0;

	gtv_model_free(m);
	return rc == 0;
}

/* From the end backwards: each must be one that a reader can start at. */
static void check_checkpoints(struct check *c, const struct gtv_report *r)
{
	uint64_t ts = UINT64_MAX;
	size_t size, block = 0, bad = 0, before = SIZE_MAX;
	struct gtv_block_info info;
	void *bytes;
	int rc;

	for (;;) {
		rc = gtv_store_get_checkpoint(r->store, ts, &bytes, &size, &block);
		if (rc)
			break;
		bad += !restores(r, bytes, size);
		free(bytes);
		if (!block || block >= before ||
		    gtv_store_block(r->store, block - 1, &info) || !info.from_ns)
			break;
		before = block;
		ts = info.from_ns - 1;
	}
	if (rc && rc != -GTV_ENOTFOUND)
		bad++;
	if (bad)
		fault(c, "damaged: %zu checkpoints cannot be restored", bad);
}

/* What the recorder's model made of the events, beside what ours makes of them. */
static void check_recomputed(struct check *c, const struct gtv_report *r)
{
	uint64_t first, wrong;
	char at[48];

	gtv_recheck_finish(c->recheck, r->end_ns);
	wrong = gtv_recheck_checkpoints(c->recheck, &first);
	if (wrong)
		fault(c,
		      "%" PRIu64 " checkpoints are not the state that the events lead to, "
		      "the first at %s s",
		      wrong, gtv_out_time(first, c->start_ns, at, sizeof at));
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++)
		if (gtv_recheck_zoom(c->recheck, level))
			fault(c, "the zoom tiles of level %u do not sum to the spans",
			      level);
}

/* What the events say. */

static void check_order(struct check *c, const struct gtv_report *r)
{
	if (c->unordered)
		fault(c, "%" PRIu64 " events are earlier than the one before them",
		      c->unordered);
	if (c->outside)
		fault(c, "%" PRIu64 " events lie outside their block's times", c->outside);
	/* Later ones may have more kinds: those are told, and no fault. */
	if (c->strange && is_ours(r))
		fault(c, "%" PRIu64 " events are of no known kind", c->strange);
	if (!r->gap_count && r->stats.lost != gtv_report_lost(r))
		fault(c,
		      "the blocks' heads say that %" PRIu64 " events were lost, their loss "
		      "events %" PRIu64,
		      r->stats.lost, gtv_report_lost(r));
	if (r->stats.complete && !r->gap_count && r->stats.events != r->events)
		fault(c, "the index counts %" PRIu64 " events, the blocks hold %" PRIu64,
		      r->stats.events, r->events);
}

static void check_counts(struct check *c, const struct gtv_report *r)
{
	const uint64_t *counts = gtv_model_counts(r->model);

	for (unsigned i = 0; i < GTV_COUNT_MAX; i++)
		if (counts[i] != c->counts[i])
			fault(c, "%s: the model counts %" PRIu64 ", the events %" PRIu64,
			      gtv_counter_name(i), counts[i], c->counts[i]);
	/* With nothing missing, whoever ended had begun. */
	if (gtv_report_lost(r) || r->gap_count)
		return;
	uint64_t ts_ns;
	size_t block;
	/* …unless it begins in the midst of things. */
	if (!gtv_store_checkpoint(r->store, 0, &ts_ns, &block) && !block)
		return;
	if (c->counts[GTV_COUNT_EXITS] > c->counts[GTV_COUNT_SPAWNS] + c->present)
		fault(c, "%" PRIu64 " green threads ended, %" PRIu64 " began",
		      c->counts[GTV_COUNT_EXITS], c->counts[GTV_COUNT_SPAWNS]);
}

/* What the model made of them: times sum to lifetimes, to the nanosecond. */

static uint64_t sum_states(const uint64_t *state_ns)
{
	uint64_t sum = 0;

	for (unsigned s = 0; s < GTV_ST_MAX; s++)
		sum += state_ns[s];
	return sum;
}

static void check_gts(struct check *c, const struct gtv_report *r)
{
	uint64_t exited = 0, wrong = 0, first = 0;
	struct gtv_gt_totals gt;

	for (size_t i = 0; i < gtv_model_gt_count(r->model); i++) {
		if (gtv_model_gt_totals(r->model, i, &gt))
			continue;
		exited += gt.exited != 0;
		if (sum_states(gt.state_ns) - gt.state_ns[GTV_ST_DONE] ==
		    gt.end_ns - gt.spawn_ns)
			continue;
		if (!wrong++)
			first = gt.id;
	}
	if (wrong)
		fault(c,
		      "%" PRIu64 " green threads' states do not sum to their lifetimes, "
		      "G%" PRIu64 " first",
		      wrong, first);
	if (!gtv_report_lost(r) && !r->gap_count && exited != c->counts[GTV_COUNT_EXITS])
		fault(c, "%" PRIu64 " green threads ended, but there are %" PRIu64 " exits",
		      exited, c->counts[GTV_COUNT_EXITS]);
}

static void check_threads(struct check *c, const struct gtv_report *r)
{
	struct gtv_thread_totals th;
	uint64_t wrong = 0, first = 0;

	for (size_t i = 0; i < gtv_model_thread_count(r->model); i++) {
		if (gtv_model_thread_totals(r->model, i, &th) ||
		    (sum_states(th.state_ns) == th.end_ns - th.first_ns &&
		     th.voluntary <= th.switches))
			continue;
		if (!wrong++)
			first = th.tid;
	}
	if (wrong)
		fault(c,
		      "%" PRIu64 " OS threads' states do not sum to their lifetimes, "
		      "T%" PRIu64 " first",
		      wrong, first);
}

static void check_faults(struct check *c, const struct gtv_report *r)
{
	for (unsigned i = 0; i < GTV_FAULT_MAX; i++) {
		uint64_t n = gtv_model_faults(r->model, i), ts = 0;
		char at[48];

		if (!n)
			continue;

		const char *text = gtv_model_fault_text(r->model, i, &ts);

		fault(c, "%s: %" PRIu64 " times, first at %s s: %s", gtv_fault_name(i), n,
		      gtv_out_time(ts, c->start_ns, at, sizeof at), text);
	}
}

static void check_all(struct check *c, const struct gtv_report *r)
{
	/* The exit status is written when all else is: what follows it is the index. A
	 * recorder may be killed in the middle of that. */
	if (!r->stats.complete && r->info.exit_status != -1 && !r->stats.cut)
		fault(c,
		      "the index is damaged or missing: it was made anew from the blocks");
	/* A file that ends in the middle of a part was being written: not damage. */
	if (c->gap_pending && (r->stats.complete || c->gap.block_damaged))
		fault_gap(c, &c->gap);
	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++)
		check_zoom(c, r, level);
	check_outputs(c, r->store);
	check_checkpoints(c, r);
	check_recomputed(c, r);
	check_order(c, r);
	check_counts(c, r);
	check_gts(c, r);
	check_threads(c, r);
	check_faults(c, r);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_verdict(const struct check *c, const struct gtv_report *r)
{
	uint64_t lost = gtv_report_lost(r);
	char name[512], events[32], span[32], n[32];

	printf("%s: ", gtv_names_escape(c->file, name, sizeof name));
	if (c->faults)
		printf("%s fault%s; ", gtv_out_count(c->faults, n, sizeof n),
		       plural(c->faults));
	else
		printf("good; ");
	printf("%s event%s in %zu block%s, %s, %s",
	       gtv_out_count(r->events, events, sizeof events), plural(r->events),
	       gtv_store_block_count(r->store), plural(gtv_store_block_count(r->store)),
	       gtv_out_ns(r->end_ns - r->start_ns, span, sizeof span),
	       gtv_out_level(r->info.level, r->info.clock == GTV_CLOCK_SIM));
	if (lost)
		printf("; %s event%s lost and accounted for",
		       gtv_out_count(lost, n, sizeof n), plural(lost));
	if (c->strange && !is_ours(r))
		printf("; %s event%s of kinds that this gtviz does not know",
		       gtv_out_count(c->strange, n, sizeof n), plural(c->strange));
	if (r->info.implausible)
		printf("; %u implausible records of the program's left out",
		       r->info.implausible);
	if (r->stats.cut && r->info.exit_status != -1)
		printf("; not finished: the recorder was killed when all but the index was "
		       "written");
	else if (!r->stats.complete && r->info.exit_status == -1)
		printf("; not finished: the recorder was killed; %zu blocks recovered, "
		       "what came after %s s is missing",
		       gtv_store_block_count(r->store) - (size_t)r->bad_blocks,
		       gtv_out_time(r->end_ns, r->start_ns, span, sizeof span));
	if (!r->stats.complete && c->gap_pending && !c->gap.block_damaged)
		printf(" (%" PRIu64 " bytes of an unwritten end)", c->gap.gap_bytes);
	putchar('\n');
}

int gtv_cmd_check(const struct gtv_options *opts)
{
	struct check c = {.file = opts->file};
	struct gtv_err err = {0};
	struct gtv_store_info info;
	struct gtv_store *store;
	struct gtv_report report = {0};
	int rc;

	if (gtv_out_open(opts->file, &store, &err))
		return gtv_cmd_error(&err);
	gtv_store_get_info(store, &info);
	c.start_ns = info.start_ns;
	c.recheck = gtv_recheck_new(store);
	if (!c.recheck) {
		gtv_err_set(&err, GTV_ENOMEM, "check", "", "out of memory");
		gtv_store_close(store);
		return gtv_cmd_error(&err);
	}
	rc = gtv_report_read(&report, store, see_item, &c, &err) ? gtv_cmd_error(&err) : 0;
	if (!rc) {
		check_all(&c, &report);
		print_verdict(&c, &report);
		rc = c.faults ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
	}
	gtv_recheck_free(c.recheck);
	gtv_report_fini(&report);
	gtv_store_close(store);
	return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : rc;
}
