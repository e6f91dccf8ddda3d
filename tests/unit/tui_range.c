/* SPDX-License-Identifier: MIT
 *
 * Parts of a trace: they sum to all of it, and what a view shows of one is what `gtviz
 * report --from --to` says of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "tests/golden/convoy_trace.h"
#include "tracer/cmd/report.h"
#include "tracer/cmd/report_waits.h"
#include "tui/scene/events.h"
#include "tui/scene/load.h"
#include "tui/scene/locks.h"
#include "tui/trace/events.h"
#include "tui/trace/findings.h"
#include "tui/trace/latency.h"
#include "tui/trace/locks.h"
#include "tui/trace/scope.h"
#include "tui/trace/threads.h"

/* ---- parts sum ---- */

#define FIGURES 4096

static void add(uint64_t *sum, size_t *at, const uint64_t *figures, size_t count)
{
	assert_true(*at + count <= FIGURES);
	for (size_t i = 0; i < count; i++)
		sum[(*at)++] += figures[i];
}

/* All that conserves, in a row. Returns how many figures. */
static size_t add_report(const struct gtv_report *r, uint64_t *sum)
{
	struct gtv_thread_totals thread;
	struct gtv_core_totals core;
	struct gtv_lock_totals lock;
	struct gtv_gt_totals gt;
	size_t at = 0;

	add(sum, &at, &r->events, 1);
	add(sum, &at, gtv_model_counts(r->model), GTV_COUNT_MAX);
	for (size_t i = 0; i < 8; i++) {
		memset(&gt, 0, sizeof(gt));
		gtv_model_gt_totals(r->model, i, &gt);
		add(sum, &at, gt.state_ns, GTV_ST_MAX);
		add(sum, &at, (uint64_t[]){gt.end_ns - gt.spawn_ns, gt.switches}, 2);
		memset(&thread, 0, sizeof(thread));
		gtv_model_thread_totals(r->model, i, &thread);
		add(sum, &at, thread.state_ns, GTV_ST_MAX);
		add(sum, &at,
		    (uint64_t[]){thread.end_ns - thread.first_ns, thread.switches,
				 thread.migrations},
		    3);
		memset(&core, 0, sizeof(core));
		gtv_model_core_totals(r->model, i, &core);
		add(sum, &at,
		    (uint64_t[]){core.busy_ns, core.other_ns, core.idle_ns, core.away_ns,
				 core.unknown_ns, core.switches},
		    6);
		memset(&lock, 0, sizeof(lock));
		gtv_model_lock_totals(r->model, i, &lock);
		add(sum, &at,
		    (uint64_t[]){lock.held_on_ns, lock.held_preempted_ns,
				 lock.held_asleep_ns, lock.free_ns, lock.unknown_ns,
				 lock.takes, lock.handoffs, lock.waits, lock.false_wakeups},
		    9);
	}
	return at;
}

static void parts_sum_to_all(void **state)
{
	uint64_t *all = calloc(FIGURES, sizeof(*all)), *sum = calloc(FIGURES, sizeof(*sum));
	struct gtv_report r = {0};
	uint64_t from = trace.nav.first_ns, rng = 7, waited = 0, wait_all = 0;
	struct gtv_lock_totals lock;
	size_t figures;
	int parts = 0;

	(void)state;
	assert_int_equal(gtv_report_read(&r, trace.store, NULL, NULL, NULL), 0);
	figures = add_report(&r, all);
	gtv_model_sum_waits(r.model, r.end_ns);
	assert_int_equal(gtv_model_lock_totals(r.model, 0, &lock), 0);
	wait_all = lock.wait_ns;
	gtv_report_fini(&r);
	while (from < trace.nav.last_ns) {
		rng = rng * 6364136223846793005u + 1442695040888963407u;
		uint64_t to = from + 1 + (rng >> 32) % (400 * CONVOY_MS);

		assert_int_equal(gtv_report_read_part(&r, trace.store, from, to, NULL), 0);
		add_report(&r, sum);
		if (!gtv_model_lock_totals(r.model, 0, &lock))
			waited += lock.wait_ns;
		gtv_report_fini(&r);
		from = to;
		parts++;
	}
	assert_true(parts > 4 && figures > 500);
	for (size_t i = 0; i < figures; i++)
		if (all[i] != sum[i])
			fail_msg("figure %zu: %llu of all, %llu of the parts", i,
				 (unsigned long long)all[i], (unsigned long long)sum[i]);
	/* A wait counts in each part as long as it is in it. */
	assert_int_equal(waited, wait_all);
	free(all);
	free(sum);
}

static void nothing_between(void **state)
{
	struct gtv_err err = {0};
	struct gtv_report r = {0};

	(void)state;
	assert_int_equal(gtv_report_read_part(&r, trace.store, trace.nav.last_ns + 5,
					      trace.nav.last_ns + 10, &err),
			 -GTV_EUSAGE);
	gtv_report_fini(&r);
	assert_int_equal(gtv_report_read_part(&r, trace.store, 10, 5, &err), -GTV_EUSAGE);
	gtv_report_fini(&r);
}

/* ---- views show what the report says ---- */

static void cursors_at(uint64_t a_ns, uint64_t b_ns)
{
	struct tui_scope *s = tui_scope_of(&trace);

	assert_non_null(s);
	s->has_a = s->has_b = 1;
	s->a_ns = a_ns;
	s->b_ns = b_ns;
}

static void same_threads(const struct gtv_report *r, unsigned kind)
{
	uint64_t ns[GTV_ST_MAX], life;
	struct gtv_thread_totals thread;
	struct gtv_gt_totals gt;
	struct gtv_attr_lane l;
	size_t seen = 0;

	tui_trace_threads(&trace, UINT64_MAX);
	if (trace.threads->kind != kind)
		tui_trace_threads_kind(&trace);
	assert_int_equal(trace.threads->range.kind, TUI_RANGE_CURSORS);
	assert_true(trace.threads->done);
	for (size_t i = 0; i < 64; i++) {
		const uint64_t *want = kind == GTV_LANE_GT ? gt.state_ns : thread.state_ns;
		struct gtv_lane lane = {(uint8_t)kind, 0};

		if (kind == GTV_LANE_GT ? gtv_model_gt_totals(r->model, i, &gt)
					: gtv_model_thread_totals(r->model, i, &thread))
			break;
		lane.id = kind == GTV_LANE_GT ? gt.id : thread.tid;
		life = kind == GTV_LANE_GT ? gt.end_ns - gt.spawn_ns
					   : thread.end_ns - thread.first_ns;
		long idx = gtv_attr_find(trace.threads->attr, lane);
		if (!life)
			continue;
		assert_true(idx >= 0);
		assert_int_equal(gtv_attr_lane(trace.threads->attr, kind, (size_t)idx, &l),
				 0);
		gtv_attr_times(trace.threads->attr, kind, (size_t)idx, ns);
		assert_int_equal(l.life_ns, life);
		assert_memory_equal(ns, want, sizeof(ns));
		seen++;
	}
	assert_true(seen >= 4);
	assert_int_equal(trace.threads->count, seen);
}

static void same_locks(const struct gtv_report *r)
{
	struct gtv_lock_totals lock;

	tui_trace_locks(&trace, UINT64_MAX);
	assert_true(trace.locks->count > 0);
	for (size_t i = 0; i < trace.locks->count; i++) {
		const struct tui_locks_row *row = &trace.locks->row[i];

		for (size_t k = 0; !gtv_model_lock_totals(r->model, k, &lock); k++)
			if (lock.id == row->a.id)
				break;
		assert_int_equal(lock.id, row->a.id);
		assert_int_equal(row->a.on_ns, lock.held_on_ns);
		assert_int_equal(row->a.off_ns,
				 lock.held_preempted_ns + lock.held_asleep_ns);
		assert_int_equal(row->a.free_ns, lock.free_ns);
		assert_true(row->counted);
		assert_int_equal(row->false_wakeups, lock.false_wakeups);
		assert_int_equal(row->takes, lock.takes);
	}
}

static void same_latencies(const struct gtv_report *r)
{
	tui_latency_read(&trace, UINT64_MAX);
	assert_int_equal(trace.latency->range.kind, TUI_RANGE_CURSORS);
	for (unsigned k = 0; k < GTV_LAT_MAX; k++) {
		const struct gtv_histogram *a = gtv_latency_histogram(r->latency, k),
					   *b = gtv_latency_histogram(trace.latency->data,
								      k);
		assert_int_equal(!a, !b);
		if (!a)
			continue;
		assert_int_equal(gtv_histogram_count(a), gtv_histogram_count(b));
		assert_int_equal(gtv_histogram_sum_ns(a), gtv_histogram_sum_ns(b));
		assert_int_equal(gtv_histogram_max_ns(a), gtv_histogram_max_ns(b));
	}
}

static void same_findings(const struct gtv_report *r)
{
	size_t count;
	uint32_t kinds;
	struct gtv_finding *list = gtv_report_list_findings(r, &count, &kinds);

	tui_trace_notice(&trace, UINT64_MAX);
	assert_true(trace.findings.done);
	assert_non_null(list);
	assert_int_equal(trace.findings.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(trace.findings.list[i].text, list[i].text);
		assert_int_equal(trace.findings.list[i].lost_ns, list[i].lost_ns);
		assert_true(list[i].from_ns >= r->from_ns && list[i].to_ns <= r->to_ns);
	}
	free(list);
}

/* Shares of a lane's columns are rounded: to a thousandth. */
static void same_load(const struct gtv_report *r)
{
	struct tui_axis axis = {r->from_ns, r->to_ns, 100};
	struct tui_load_sums sums;
	struct gtv_core_totals core;
	double busy = 0, want = 0;

	assert_int_equal(tui_load_sum(&sums, trace.window, &axis, 1), 0);
	for (int c = 0; c < axis.cells; c++)
		busy += sums.core[GTV_ST_BUSY][c];
	tui_load_fini(&sums);
	for (size_t i = 0; !gtv_model_core_totals(r->model, i, &core); i++)
		want += (double)core.busy_ns;
	assert_true(want > 0);
	assert_true(busy > want * 0.999 && busy < want * 1.001);
}

static void views_show_what_the_report_says(void **state)
{
	static const uint32_t range_us[][2] = {
		{1200000, 1250000}, {1203210, 1221477}, {0, 7}, {333333, 2000001}};
	struct gtv_report r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(range_us) / sizeof(*range_us); i++) {
		uint64_t from = CONVOY_START + range_us[i][0] * 1000ull;
		uint64_t to = CONVOY_START + range_us[i][1] * 1000ull;

		/* Either may be the earlier one. */
		cursors_at(i % 2 ? to : from, i % 2 ? from : to);
		if (gtv_report_read_part(&r, trace.store, from, to, NULL)) {
			gtv_report_fini(&r);
			continue;
		}
		same_latencies(&r);
		same_findings(&r);
		tui_trace_read_events(&trace, UINT64_MAX);
		assert_int_equal(trace.events->all, r.events);
		if (i != 2) {
			same_threads(&r, GTV_LANE_GT);
			same_threads(&r, GTV_LANE_THREAD);
			same_locks(&r);
			same_load(&r);
		}
		gtv_report_fini(&r);
	}
}

/* Only events of the range are listed, all of them, whichever way one goes. */
static void events_of_the_range(void **state)
{
	uint64_t from = CONVOY_START + 1200 * CONVOY_MS, to = from + 15 * CONVOY_MS;
	size_t seen = 1;

	(void)state;
	cursors_at(from, to);
	trace.nav.cursor_ns = 0;
	tui_trace_read_events(&trace, UINT64_MAX);
	assert_int_equal(trace.events->number, 1);
	assert_true(trace.events->all > 20);
	while (tui_trace_choose_event(&trace, 1)) {
		tui_trace_read_events(&trace, UINT64_MAX);
		const struct gtv_ev *ev = &trace.events->row[trace.events->chosen].ev;
		assert_true(ev->ts_ns >= from && ev->ts_ns < to);
		seen++;
	}
	assert_int_equal(seen, trace.events->all);
	while (tui_trace_choose_event(&trace, -1)) {
		tui_trace_read_events(&trace, UINT64_MAX);
		seen--;
	}
	assert_int_equal(seen, 1);
}

/* Of everybody the causes of its waits sum to them, and they are what the view shows. */
static void causes_sum_to_waits(void **state)
{
	uint64_t from = CONVOY_START + 1203 * CONVOY_MS, to = from + 61 * CONVOY_MS;
	struct gtv_report r = {0};
	struct json_object *o;
	size_t seen = 0, who = 0;

	(void)state;
	for (int part = 0; part < 2; part++) {
		assert_int_equal(
			part ? gtv_report_read_part(&r, trace.store, from, to, NULL)
			     : gtv_report_read(&r, trace.store, NULL, NULL, NULL),
			0);
		for (size_t i = 0; (o = gtv_report_waits_json(&r, i)); i++, seen++) {
			struct json_object *causes = json_object_object_get(o, "causes");
			struct gtv_gt_totals gt = {.id = 0};
			uint64_t sum = 0, wait;

			wait = json_object_get_uint64(json_object_object_get(o, "wait_ns"));
			for (size_t k = 0; k < json_object_array_length(causes); k++) {
				struct json_object *c =
					json_object_array_get_idx(causes, k);
				sum += json_object_get_uint64(
					json_object_object_get(c, "ns"));
				who += json_object_object_get(c, "who") != NULL;
			}
			assert_int_equal(sum, wait);
			for (size_t k = 0; !gtv_model_gt_totals(r.model, k, &gt); k++)
				if (gt.id ==
				    strtoul(json_object_get_string(
						    json_object_object_get(o, "lane")) +
						    1,
					    NULL, 10))
					break;
			assert_int_equal(wait, gt.end_ns - gt.spawn_ns -
						       gt.state_ns[GTV_ST_RUNNING] -
						       gt.state_ns[GTV_ST_UNKNOWN]);
			json_object_put(o);
		}
		gtv_report_fini(&r);
	}
	assert_true(seen >= 8 && who > 8);
}

/* The key goes round; cursors that go away take their range with them. */
static void the_key_takes_it_away(void **state)
{
	struct tui_scope *s = tui_scope_of(&trace);
	char text[128];

	(void)state;
	struct tui_range r = tui_range_of(&trace.nav, s);

	assert_int_equal(r.kind, TUI_RANGE_ALL);
	assert_string_equal(tui_range_words(&r, 0, text, sizeof(text)), "");
	cursors_at(CONVOY_START + 1200 * CONVOY_MS, CONVOY_START + 1203200000ull);
	r = tui_range_of(&trace.nav, s);
	assert_int_equal(r.kind, TUI_RANGE_CURSORS);
	assert_non_null(
		strstr(tui_range_words(&r, CONVOY_START, text, sizeof(text)), "A–B 3.2"));
	tui_range_next(&trace.nav, s);
	assert_int_equal(tui_range_of(&trace.nav, s).kind, TUI_RANGE_WINDOW);
	tui_range_next(&trace.nav, s);
	assert_int_equal(tui_range_of(&trace.nav, s).kind, TUI_RANGE_ALL);
	tui_range_next(&trace.nav, s);
	assert_int_equal(tui_range_of(&trace.nav, s).kind, TUI_RANGE_CURSORS);
	s->has_b = 0;
	assert_int_equal(tui_range_of(&trace.nav, s).kind, TUI_RANGE_ALL);
	tui_trace_threads(&trace, UINT64_MAX);
	assert_int_equal(trace.threads->range.kind, TUI_RANGE_ALL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_trace, close_trace)
	const struct CMUnitTest tests[] = {
		TEST(parts_sum_to_all),	     TEST(nothing_between),
		TEST(events_of_the_range),   TEST(views_show_what_the_report_says),
		TEST(the_key_takes_it_away), TEST(causes_sum_to_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
