/* SPDX-License-Identifier: MIT
 *
 * Golden screens of what is recorded with --syscalls and --irq: a thread that is slowed by
 * interrupts while it runs, sleeps for the disk in a call that returns something, and
 * is kept from its core by a softirq.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/golden/convoy.h"
#include "tests/golden/frame.h"
#include "tui/canvas/glyph.h"

#define START 7000000000ull
#define US    1000ull
#define MS    1000000ull
#define SAVER 4242u
#define CC1   9001u
#define NIC   24u

static struct convoy script;
static struct gtv_names *names;
static struct gtv_store *store;
static struct gtv_window *window, *overview;

static struct gtv_ev *ev(uint64_t at, unsigned kind, uint32_t tid, uint32_t seq,
			 uint64_t took)
{
	struct gtv_ev *e = convoy_ev(&script, START + at, kind, tid, 0);

	e->seq = seq;
	e->obj = (uint32_t)took;
	return e;
}

static void k_switch(uint64_t at, uint32_t prev, uint32_t next, unsigned off, uint32_t call,
		     unsigned flags)
{
	convoy_kswitch(&script, START + at, 0, prev, next, off, call);
	script.ev[script.count - 1].flags |= (uint8_t)flags;
}

/* 10 ms of C0. */
static void events(void)
{
	memset(&script, 0, sizeof(script));
	convoy_ev(&script, START, GTV_EV_K_THREAD, SAVER, GTV_CORE_NONE)->arg = SAVER;
	k_switch(100 * US, 0, SAVER, GTV_OFF_IDLE, 0, 0);
	ev(900 * US, GTV_EV_K_IRQ, SAVER, NIC, 150 * US);
	ev(1400 * US, GTV_EV_K_SOFTIRQ, SAVER, 3, 450 * US);
	ev(2000 * US, GTV_EV_K_SYSCALL, SAVER, 1 + 1, 120 * US)->arg = 512;
	k_switch(3 * MS, SAVER, CC1, GTV_OFF_DISK, 74 + 1, GTV_KF_IO);
	ev(7 * MS, GTV_EV_K_WAKING, CC1, 0, SAVER);
	ev(7800 * US, GTV_EV_K_SOFTIRQ, CC1, 3, 700 * US);
	k_switch(8 * MS, CC1, SAVER, GTV_OFF_PREEMPTED, 0, 0);
	ev(8100 * US, GTV_EV_K_SYSCALL, SAVER, 74 + 1, 5200 * US)->flags = GTV_KF_SLEPT;
	k_switch(10 * MS, SAVER, 0, GTV_OFF_SLEEP, 35 + 1, 0);
}

static void name(enum gtv_class cls, uint32_t id, uint32_t flags, const char *text)
{
	struct gtv_name n = {.id = id, .pid = SAVER, .flags = flags};

	snprintf(n.text, sizeof(n.text), "%s", text);
	assert_int_equal(gtv_names_set(names, cls, &n), 0);
}

static int open_scene(void **state)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 1,
				      .start_ns = START,
				      .pid = SAVER,
				      .exit_status = 0,
				      .command = "./saver"};

	(void)state;
	names = gtv_names_new();
	gtv_names_set_kernel(names, "Linux 6.1.0 x86_64");
	name(GTV_CLASS_PROCESS, SAVER, GTV_NAME_OURS, "saver");
	name(GTV_CLASS_THREAD, SAVER, GTV_NAME_OURS, "saver");
	name(GTV_CLASS_THREAD, CC1, 0, "cc1");
	name(GTV_CLASS_IRQ, NIC + 1, 0, "eth0");
	events();
	assert_int_equal(gtv_store_create_temp(&store, &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(store, script.ev, script.count), 0);
	assert_int_equal(gtv_store_finish(store), 0);
	free(script.ev);
	window = gtv_window_new(store);
	overview = gtv_window_new(store);
	return !window || !overview;
}

static int close_scene(void **state)
{
	(void)state;
	gtv_window_free(window);
	gtv_window_free(overview);
	gtv_store_close(store);
	gtv_names_free(names);
	return 0;
}

/* All of it, with the thread's span at that time selected, drawn at a size. */
static void draw(struct tui_canvas *canvas, enum tui_view_id view, uint64_t at, int rows_of,
		 int cols, int rows)
{
	static struct tui_facts facts = {.mode = TUI_REPLAY,
					 .level = 3,
					 .events = 12,
					 .bytes = 4 << 10,
					 .command = "./saver",
					 .policy = "",
					 .file = "saver.gtv",
					 .cores = 1};
	struct gtv_lane lane = {GTV_LANE_THREAD, SAVER};
	static struct gtv_explanation why;
	struct tui_scene scene = {.store = store,
				  .names = names,
				  .window = window,
				  .overview = overview,
				  .facts = &facts};
	struct tui_nav nav;
	struct gtv_span span;
	uint64_t from, to;

	assert_int_equal(gtv_store_range(store, &from, &to), 0);
	tui_nav_init(&nav, START, to, 0);
	tui_nav_window(&nav, START, to);
	nav.rows = (enum tui_rows)rows_of;
	assert_int_equal(gtv_window_look(window, START, to, 100 * US), 0);
	assert_int_equal(gtv_window_span_at(window, lane, START + at, &span), 0);
	tui_nav_select(&nav, &span);
	scene.nav = &nav;
	if (view == TUI_VIEW_EXPLAIN) {
		assert_int_equal(gtv_explain(window, names, &span, &why), 0);
		scene.explanation = &why;
	}
	assert_int_equal(tui_canvas_init(canvas, cols, rows), 0);
	assert_int_equal(tui_view_by_id(view)->draw(canvas, &scene), 0);
}

static void frame(const char *golden, enum tui_view_id view, uint64_t at, int rows_of)
{
	struct tui_canvas canvas;
	struct tui_buf buf = {0};

	draw(&canvas, view, at, rows_of, 100, 30);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	golden_frame(golden, &buf);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
}

static void a_thread_that_is_slowed(void **state)
{
	(void)state;
	frame("waits-slowed-100x30.txt", TUI_VIEW_TIMELINE, 1 * MS, TUI_ROWS_CORE);
	frame("waits-slowed-explain-100x30.txt", TUI_VIEW_EXPLAIN, 1 * MS, TUI_ROWS_CORE);
}

static void a_sleep_for_the_disk(void **state)
{
	(void)state;
	frame("waits-disk-100x30.txt", TUI_VIEW_TIMELINE, 5 * MS, TUI_ROWS_THREAD);
	frame("waits-disk-explain-100x30.txt", TUI_VIEW_EXPLAIN, 5 * MS, TUI_ROWS_THREAD);
}

static void a_core_that_interrupts_have(void **state)
{
	(void)state;
	frame("waits-kept-100x30.txt", TUI_VIEW_TIMELINE, 7500 * US, TUI_ROWS_CORE);
	frame("waits-kept-explain-100x30.txt", TUI_VIEW_EXPLAIN, 7500 * US, TUI_ROWS_CORE);
}

/* Whatever the size, a mark stays in its lane's floor. */
static void every_size(void **state)
{
	static const uint64_t at[] = {1 * MS, 5 * MS, 7500 * US};
	struct tui_canvas canvas;

	(void)state;
	for (int cols = 1; cols <= 500; cols += cols < 100 ? 3 : 57)
		for (int rows = 1; rows <= 200; rows += rows < 44 ? 1 : 39)
			for (int i = 0; i < 2; i++) {
				draw(&canvas, i ? TUI_VIEW_EXPLAIN : TUI_VIEW_TIMELINE,
				     at[(cols + rows) % 3], (cols + rows) % TUI_ROWS_MAX,
				     cols, rows);
				tui_canvas_fini(&canvas);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_is_slowed),
		cmocka_unit_test(a_sleep_for_the_disk),
		cmocka_unit_test(a_core_that_interrupts_have),
		cmocka_unit_test(every_size),
	};

	return cmocka_run_group_tests(tests, open_scene, close_scene);
}
