/* SPDX-License-Identifier: MIT
 *
 * Edges of every kind can be followed both ways by the two keys that do so: on recordings
 * of the samples that have them, made on the simulated system, where a seed always gives
 * the same run.
 */
#include "tests/e2e/pty.h"
#include "tracer/model/critical.h"
#include "tui/trace/select.h"
#include "tui/trace/trace.h"

#define TRIES 200 /* edges of a kind: the nearest one of several wins */

static char dir[] = "/tmp/gtv-follow-XXXXXX";
static struct tui_trace trace;
static struct gtv_edge edge[4096];
static size_t edges;

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char out[16];

	(void)state;
	return pty_command(out, sizeof(out), "rm -rf %s", dir);
}

/* Records a sample and keeps the edges of its first part. */
static void open_recording(const char *sim, const char *policy, const char *sample,
			   const char *arguments)
{
	const char *path = pty_sample(sample);
	const struct gtv_edge *all = NULL;
	char out[PTY_LINE], file[64];
	struct gtv_err err;

	if (!path)
		fail_msg("the sample %s is not built", sample);
	snprintf(file, sizeof(file), "%s/trace.gtv", dir);
	if (pty_command(out, sizeof(out), "%s%s GT_POLICY=%s %s record -o %s -- %s %s 2>&1",
			*sim ? "GT_SIM=" : "", sim, policy, pty_gtviz(), file, path,
			arguments))
		fail_msg("%s", out);
	assert_int_equal(tui_trace_open(&trace, file, &err), 0);
	/* Edges are there where a window is exact. */
	for (uint64_t ns = trace.nav.last_ns - trace.nav.first_ns; ns; ns /= 2) {
		assert_int_equal(gtv_window_look(trace.window, trace.nav.first_ns,
						 trace.nav.first_ns + ns, 1),
				 0);
		all = gtv_window_edges(trace.window, &edges);
		if (gtv_window_exact(trace.window))
			break;
	}
	if (edges > sizeof(edge) / sizeof(edge[0]))
		edges = sizeof(edge) / sizeof(edge[0]);
	memcpy(edge, all, edges * sizeof(edge[0]));
}

/* Selects what a lane does just then, as if it had been clicked. */
static int choose(struct gtv_lane lane, uint64_t ts_ns)
{
	return !tui_select_at(&trace, lane, ts_ns) &&
	       trace.nav.span.to_ns > trace.nav.span.from_ns;
}

static int selected(struct gtv_lane lane, uint64_t ts_ns)
{
	const struct gtv_span *s = &trace.nav.span;

	return s->lane.kind == lane.kind && s->lane.id == lane.id && s->from_ns <= ts_ns &&
	       ts_ns <= s->to_ns;
}

/* How many edges of a kind the keys follow, back and on. */
static void follow(enum gtv_edge_kind kind, int *back, int *on)
{
	int tries = 0;

	*back = *on = 0;
	for (size_t i = 0; i < edges && tries < TRIES; i++) {
		const struct gtv_edge *e = &edge[i];

		if (e->kind != kind || !e->from.kind || !e->to.kind || !e->from_ns)
			continue;
		tries++;
		if (choose(e->to, e->to_ns) && !tui_select_edge(&trace, -1))
			*back += selected(e->from, e->from_ns);
		if (choose(e->from, e->from_ns - 1) && !tui_select_edge(&trace, 1))
			*on += selected(e->to, e->to_ns);
	}
}

static void followed(const char *what, enum gtv_edge_kind kind)
{
	int back, on;

	follow(kind, &back, &on);
	print_message("%s: %d back, %d on\n", what, back, on);
	if (!back || !on)
		fail_msg("%s: %d were followed back, %d on", what, back, on);
}

static void spawns_steals_and_joins(void **state)
{
	(void)state;
	open_recording("3,cores=4", "gmp", "fib", "18 6");
	followed("spawn -> first run", GTV_EDGE_SPAWN);
	followed("steal", GTV_EDGE_STEAL);
	followed("join", GTV_EDGE_JOIN);
	tui_trace_close(&trace);
}

static void sends(void **state)
{
	(void)state;
	open_recording("1", "gmp", "chansum", "");
	followed("send -> receive", GTV_EDGE_CHAN);
	tui_trace_close(&trace);
}

static void handoffs_and_wakes(void **state)
{
	(void)state;
	open_recording("1", "gil3", "convoy", "--seconds 0.1");
	followed("hand-off", GTV_EDGE_HANDOFF);
	followed("the kernel's wake-up", GTV_EDGE_KWAKE);
	followed("preemption", GTV_EDGE_PREEMPT);
	tui_trace_close(&trace);
	open_recording("1", "green", "semaphores", "");
	followed("wake", GTV_EDGE_WAKE);
	tui_trace_close(&trace);
}

/* From the end of main back to its begin: who joined goes on in whom it waited for, though
 * that one had ended when it was told. */
static void the_whole_run_has_a_path(void **state)
{
	/* On the real system too: there who ends may tell it before it wakes the joiner. */
	static const char *const policies[] = {"gil3", "threads", "gmp", "green", "gil3"};
	const struct gtv_lane joiner = {GTV_LANE_GT, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		uint64_t unknown_ns = 0, all_ns = 0;
		struct gtv_critical path;
		size_t pieces;

		open_recording(i < 4 ? "1" : "", policies[i], "convoy", "--seconds 0.02");
		const struct gtv_piece *piece =
			gtv_window_pieces(trace.window, joiner, &pieces);

		assert_true(pieces > 0);
		uint64_t from_ns = piece[0].span.from_ns,
			 to_ns = piece[pieces - 1].span.to_ns;

		assert_int_equal(
			gtv_critical_find(trace.window, joiner, from_ns, to_ns, &path), 0);
		for (size_t k = 0; k < path.count; k++) {
			uint64_t ns = path.piece[k].to_ns - path.piece[k].from_ns;

			all_ns += ns;
			unknown_ns += path.piece[k].state == GTV_ST_UNKNOWN ? ns : 0;
		}
		print_message("%s: %zu pieces, %.3f of %.3f ms unknown\n", policies[i],
			      path.count, (double)unknown_ns / 1e6, (double)all_ns / 1e6);
		assert_int_equal(all_ns, to_ns - from_ns);
		assert_true(unknown_ns < all_ns / 10);
		gtv_critical_fini(&path);
		tui_trace_close(&trace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spawns_steals_and_joins),
		cmocka_unit_test(sends),
		cmocka_unit_test(handoffs_and_wakes),
		cmocka_unit_test(the_whole_run_has_a_path),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
