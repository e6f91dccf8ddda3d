/* SPDX-License-Identifier: MIT
 *
 * Golden frames of the latencies, the load and the system calls: the convoy scene, once
 * more with system calls timed, at every size from nothing to large; compared with
 * tests/golden/frames (GENERATE=1 writes them anew).
 */
#include "convoy.h"
#include "frame.h"
#include "tui/trace/panes.h"
#include "tui/canvas/back.h"
#include "tui/scene/load.h"
#include "tui/trace/latency.h"

struct stage {
	struct gtv_names *names;
	struct tui_trace trace;
};

/* Reads and writes of the peer, beside the scene: some fail, some sleep. */
static void add_calls(struct convoy *c)
{
	uint64_t ts = c->ev[c->count - 1].ts_ns + CONVOY_MS;
	for (uint32_t i = 0; i < 400; i++) {
		struct gtv_ev *ev = convoy_ev(c, ts + i * 10000, GTV_EV_K_SYSCALL,
					      i % 3 ? CONVOY_PEER : convoy_tid(3), 3);
		ev->seq = 1 + (i % 7 == 0 ? 202 : i % 2);
		ev->obj = 700 + i * i;
		ev->arg = i % 10 ? 64 : (uint64_t)-11;
		ev->flags = ev->obj > 50000 ? GTV_KF_SLEPT : 0;
	}
}

static struct gtv_store *store_with_calls(struct gtv_names *names)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 4,
				      .start_ns = CONVOY_START,
				      .pid = CONVOY_PID,
				      .exit_status = 0,
				      .scope = GTV_SCOPE_SYSCALLS | GTV_SCOPE_SYSCALLS_ALL,
				      .command = "./convoy --spin 2 --echo"};
	struct gtv_store *st;
	struct convoy c;
	convoy_names(names);
	convoy_script(&c, 60);
	add_calls(&c);
	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, c.ev, c.count), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	free(c.ev);
	return st;
}

static void stage_init(struct stage *s, int stripes)
{
	struct tui_trace *t = &s->trace;
	struct gtv_err err;
	memset(s, 0, sizeof(*s));
	s->names = gtv_names_new();
	assert_non_null(s->names);
	gtv_names_set_kernel(s->names, "Linux 6.1.0 x86_64");
	assert_int_equal(tui_trace_attach(t,
					  stripes ? convoy_store(s->names, stripes)
						  : store_with_calls(s->names),
					  &err),
			 0);
	t->owned = 1;
	t->nav.follow = 0;
	t->facts.mode = TUI_REPLAY;
	t->facts.events = 4711;
	t->facts.bytes = 4 << 20;
	snprintf(t->facts.file, sizeof(t->facts.file), "convoy.gtv");
}

static void stage_fini(struct stage *s)
{
	tui_trace_close(&s->trace);
	gtv_names_free(s->names);
}

static void draw(struct stage *s, struct tui_canvas *canvas, enum tui_view_id view,
		 int cols, int rows)
{
	struct tui_scene scene;
	tui_pane_read(&s->trace, view, UINT64_MAX);
	tui_trace_scene(&s->trace, &scene);
	assert_int_equal(tui_canvas_init(canvas, cols, rows), 0);
	assert_int_equal(tui_view_by_id(view)->draw(canvas, &scene), 0);
}

static void compare_text(struct stage *s, const char *name, enum tui_view_id view, int cols,
			 int rows)
{
	struct tui_canvas canvas;
	struct tui_buf buf = {0};
	draw(s, &canvas, view, cols, rows);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	golden_frame(name, &buf);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
}

/* ---- frames ---- */

static void latencies(void **state)
{
	struct stage s;
	(void)state;
	stage_init(&s, 60);
	compare_text(&s, "latency-48x16.txt", TUI_VIEW_LATENCY, 48, 16);
	s.trace.latency->log = 1;
	/* The window only: 20 ms in which the GIL's holder is robbed of its core. */
	tui_nav_window(&s.trace.nav, CONVOY_START + 1210 * CONVOY_MS,
		       CONVOY_START + 1230 * CONVOY_MS);
	s.trace.nav.range = TUI_RANGE_OF_WINDOW;
	compare_text(&s, "latency-window-120x40.txt", TUI_VIEW_LATENCY, 120, 40);
	stage_fini(&s);
}

static void loads(void **state)
{
	struct stage s;
	(void)state;
	stage_init(&s, 60);
	tui_nav_window(&s.trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	s.trace.nav.cursor_ns = CONVOY_START + 1222 * CONVOY_MS;
	compare_text(&s, "load-48x16.txt", TUI_VIEW_LOAD, 48, 16);
	stage_fini(&s);
	stage_init(&s, 24000); /* more events than a window decodes: from summaries */
	tui_nav_window(&s.trace.nav, s.trace.nav.first_ns, s.trace.nav.last_ns);
	compare_text(&s, "load-wide-120x40.txt", TUI_VIEW_LOAD, 120, 40);
	assert_false(gtv_window_exact(s.trace.window));
	stage_fini(&s);
}

static void system_calls(void **state)
{
	struct stage s;
	(void)state;
	stage_init(&s, 0);
	compare_text(&s, "calls-48x16.txt", TUI_VIEW_CALLS, 48, 16);
	stage_fini(&s);
	stage_init(&s, 60); /* only sleeps are known */
	compare_text(&s, "calls-slept-120x40.txt", TUI_VIEW_CALLS, 120, 40);
	stage_fini(&s);
}

/* ---- what must hold ---- */

/* Any size, read or not, chosen anywhere: nothing crashes, and it draws the same twice. */
static void every_size(void **state)
{
	static const enum tui_view_id view[] = {TUI_VIEW_LATENCY, TUI_VIEW_LOAD,
						TUI_VIEW_CALLS};
	struct stage s;
	struct tui_canvas a, b;
	(void)state;
	stage_init(&s, 0);
	for (int cols = 1; cols <= 220; cols += cols < 90 ? 2 : 17)
		for (int rows = 1; rows <= 70; rows += rows < 42 ? 1 : 9)
			for (int v = 0; v < 3; v++) {
				draw(&s, &a, view[v], cols, rows);
				draw(&s, &b, view[v], cols, rows);
				assert_memory_equal(a.cells, b.cells,
						    (size_t)cols * (size_t)rows *
							    sizeof(*a.cells));
				tui_canvas_fini(&a);
				tui_canvas_fini(&b);
				s.trace.latency->listing = (cols + rows) % 2;
				s.trace.latency->row = (size_t)(cols % 50);
				s.trace.latency->kind = (unsigned)rows % GTV_LAT_MAX;
				s.trace.latency->bucket[rows % GTV_LAT_MAX] = cols % 60 - 1;
			}
	stage_fini(&s);
}

static void nothing_read_and_nothing_there(void **state)
{
	static const enum tui_view_id view[] = {TUI_VIEW_LATENCY, TUI_VIEW_LOAD,
						TUI_VIEW_CALLS};
	struct stage s;
	struct tui_canvas canvas;
	struct tui_scene scene;
	(void)state;
	stage_init(&s, 60);
	for (int v = 0; v < 3; v++) {
		tui_trace_scene(&s.trace, &scene);
		assert_int_equal(tui_canvas_init(&canvas, 80, 24), 0);
		assert_int_equal(tui_view_by_id(view[v])->draw(&canvas, &scene), 0);
		tui_canvas_fini(&canvas);
	}
	/* Before anything happened. */
	tui_nav_window(&s.trace.nav, CONVOY_START, CONVOY_START + 1000);
	tui_latency_read(&s.trace, UINT64_MAX);
	s.trace.nav.range = TUI_RANGE_OF_WINDOW;
	for (int v = 0; v < 3; v++) {
		draw(&s, &canvas, view[v], 80, 24);
		tui_canvas_fini(&canvas);
	}
	stage_fini(&s);
}

/* The same whether it is read in one go or block by block; a window of all is all, and
 * what is sorted for one view stays right when the other counts anew. */
static void reading_by_parts(void **state)
{
	struct stage s, whole;
	struct gtv_call_row *row;
	struct tui_trace *t = &s.trace;
	int rounds = 0;
	(void)state;
	stage_init(&s, 0);
	stage_init(&whole, 0);
	tui_calls_read(&whole.trace, UINT64_MAX);
	while (tui_latency_unread(t) && rounds++ < 100000)
		tui_calls_read(t, 1);
	assert_true(t->latency->done);
	for (unsigned k = 0; k < GTV_LAT_MAX; k++) {
		const struct gtv_histogram *a = gtv_latency_histogram(t->latency->data, k),
					   *b = gtv_latency_histogram(
						   whole.trace.latency->data, k);
		assert_int_equal(!a, !b);
		if (!a)
			continue;
		assert_int_equal(gtv_histogram_count(a), gtv_histogram_count(b));
		assert_int_equal(gtv_histogram_sum_ns(a), gtv_histogram_sum_ns(b));
	}
	assert_int_equal(t->calls->count, whole.trace.calls->count);
	assert_true(t->calls->count >= 3 && t->calls->timed);
	t->nav.range = TUI_RANGE_OF_WINDOW;
	tui_nav_window(&t->nav, t->nav.first_ns, t->nav.last_ns);
	tui_latency_read(t, UINT64_MAX);
	assert_true(t->latency->done);
	tui_calls_read(t, UINT64_MAX);
	row = t->calls->row;
	for (size_t i = 0; i < t->calls->count; i++) {
		assert_int_equal(row[i].number, whole.trace.calls->row[i].number);
		assert_int_equal(gtv_histogram_count(row[i].histogram),
				 gtv_histogram_count(whole.trace.calls->row[i].histogram));
	}
	stage_fini(&s);
	stage_fini(&whole);
}

/* From the worst of a bucket to the span in the timeline. */
static void to_the_worst(void **state)
{
	struct stage s;
	struct gtv_case worst;
	struct tui_trace *t = &s.trace;
	(void)state;
	stage_init(&s, 60);
	tui_latency_read(t, UINT64_MAX);
	assert_int_equal(tui_latency_chosen(t->latency), GTV_LAT_GIL);
	assert_int_equal(tui_latency_cases(t->latency, &worst, 1), 1);
	assert_int_equal(tui_latency_show(t, &worst, 0), 0);
	assert_int_equal(t->nav.span.state, GTV_ST_GIL);
	assert_int_equal(t->nav.span.from_ns, worst.from_ns);
	assert_true(t->nav.from_ns <= worst.from_ns && t->nav.to_ns >= worst.to_ns);
	assert_int_equal(t->nav.rows, TUI_ROWS_GT);
	stage_fini(&s);
}

/* A column's parts are its time, whatever the zoom: cores and threads are conserved. */
static void columns_conserve_time(void **state)
{
	struct stage s;
	(void)state;
	stage_init(&s, 60);
	for (int zoom = 0; zoom < 6; zoom++) {
		uint64_t width = (600 * CONVOY_MS) >> (2 * zoom);
		struct tui_axis axis = {CONVOY_START + 1050 * CONVOY_MS,
					CONVOY_START + 1050 * CONVOY_MS + width, 61};
		struct tui_load_sums sums;
		assert_int_equal(gtv_window_look(s.trace.window, axis.from_ns, axis.to_ns,
						 width / 61 + 1),
				 0);
		size_t cores = gtv_window_lane_count(s.trace.window, GTV_LANE_CORE);
		if (axis.to_ns > s.trace.nav.last_ns)
			continue;
		assert_int_equal(tui_load_sum(&sums, s.trace.window, &axis, 1), 0);
		double all = 0, gts = 0;
		for (int c = 0; c < axis.cells; c++) {
			for (int st = 0; st < GTV_ST_MAX; st++)
				all += sums.core[st][c];
			for (int k = 0; k < TUI_LOAD_THREADS_MAX; k++)
				gts += sums.threads[k][c];
		}
		double want = (double)width * (double)cores;
		assert_true(all > want * 0.999 && all < want * 1.001);
		want = (double)width *
		       (double)gtv_window_lane_count(s.trace.window, GTV_LANE_GT);
		assert_true(gts > want * 0.999 && gts < want * 1.001);
		tui_load_fini(&sums);
	}
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latencies),
		cmocka_unit_test(loads),
		cmocka_unit_test(system_calls),
		cmocka_unit_test(every_size),
		cmocka_unit_test(nothing_read_and_nothing_there),
		cmocka_unit_test(reading_by_parts),
		cmocka_unit_test(to_the_worst),
		cmocka_unit_test(columns_conserve_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
