/* SPDX-License-Identifier: MIT
 *
 * Golden frames of what a program says of itself: regions with room for their names, a
 * comb of short ones that would hide what the lane does, one short one alone, a mark.
 */
#include "convoy.h"
#include "frame.h"

#define BEGIN (CONVOY_START + 1210 * CONVOY_MS)

/* As the runtime says it: the text's sixteen bytes in obj, seq and arg. */
static void say(struct convoy *c, uint64_t us, unsigned kind, uint32_t gt, const char *text)
{
	struct gtv_ev *ev = convoy_user(c, BEGIN + us * CONVOY_US, kind, gt, 0);
	char chunk[16] = {0};

	memcpy(chunk, text, strlen(text));
	memcpy(&ev->obj, chunk, 4);
	memcpy(&ev->seq, chunk + 4, 4);
	memcpy(&ev->arg, chunk + 8, 8);
}

static void region(struct convoy *c, uint64_t from_us, uint64_t to_us, uint32_t gt,
		   const char *text)
{
	say(c, from_us, GTV_EV_REGION_BEGIN, gt, text);
	say(c, to_us, GTV_EV_REGION_END, gt, text);
}

static int by_time(const void *a, const void *b)
{
	const struct gtv_ev *x = a, *y = b;

	return x->ts_ns < y->ts_ns ? -1 : x->ts_ns > y->ts_ns;
}

static struct gtv_store *store_with_notes(struct gtv_names *names)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 4,
				      .start_ns = CONVOY_START,
				      .pid = CONVOY_PID,
				      .command = "./convoy --spin 2 --echo"};
	struct gtv_store *st;
	struct convoy c;

	convoy_names(names);
	convoy_script(&c, 60);
	region(&c, 1003, 5003, 1, "parse");
	region(&c, 13003, 17003, 1, "parse");
	for (uint64_t us = 10; us < 20000; us += 200)
		region(&c, us + 1, us + 101, 2, "round trip");
	region(&c, 11007, 11107, 3, "alone");
	say(&c, 16009, GTV_EV_MARK, 3, "here");
	/* The script is in order but for what was said just now. */
	qsort(c.ev, c.count, sizeof *c.ev, by_time);
	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, c.ev, c.count), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	free(c.ev);
	return st;
}

static void frames(void **state)
{
	struct gtv_names *names = gtv_names_new();
	struct tui_trace t;
	struct gtv_err err;

	(void)state;
	assert_non_null(names);
	assert_int_equal(tui_trace_attach(&t, store_with_notes(names), &err), 0);
	t.owned = 1;
	t.nav.follow = 0;
	t.facts.mode = TUI_REPLAY;
	snprintf(t.facts.file, sizeof(t.facts.file), "notes.gtv");
	t.nav.rows = TUI_ROWS_GT;
	tui_nav_window(&t.nav, BEGIN, BEGIN + 20 * CONVOY_MS);
	golden_view("notes-120x40.txt", &t, TUI_VIEW_TIMELINE, 120, 40);
	/* Close by there is room for every name. */
	tui_nav_window(&t.nav, BEGIN, BEGIN + 400 * CONVOY_US);
	golden_view("notes-near-120x40.txt", &t, TUI_VIEW_TIMELINE, 120, 40);
	tui_trace_close(&t);
	gtv_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(frames)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
