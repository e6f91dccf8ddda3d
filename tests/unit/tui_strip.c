/* SPDX-License-Identifier: MIT
 *
 * Strips: how spans become cells, glyph by glyph. An axis of ten cells of 800 ns:
 * an eighth is 100 ns. And figures as words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tui/canvas/back.h"
#include "tui/canvas/format.h"
#include "tui/canvas/strip.h"

static struct tui_strip strip;
static struct tui_canvas canvas;

static int begin(void **state)
{
	static const struct tui_axis axis = {10000, 18000, 10};
	(void)state;
	return tui_strip_init(&strip, &axis) || tui_canvas_init(&canvas, 10, 1);
}

static int end(void **state)
{
	(void)state;
	tui_strip_fini(&strip);
	tui_canvas_fini(&canvas);
	return 0;
}

static void fill(int from, int to, int who)
{
	tui_strip_fill(&strip, (uint64_t)(10000 + from), (uint64_t)(10000 + to),
		       TUI_ID1 + who, (uint32_t)who);
}

static void line(int from, int to, uint32_t glyph, int rare)
{
	tui_strip_line(&strip, (uint64_t)(10000 + from), (uint64_t)(10000 + to), glyph,
		       TUI_GIL, rare);
}

static void expect(const char *want)
{
	struct tui_buf buf = {0};
	tui_strip_draw(&strip, &canvas, 0, 0);
	for (int x = 0; x < 10; x++)
		tui_buf_glyph(&buf, tui_canvas_at(&canvas, x, 0)->glyph);
	assert_string_equal(buf.bytes, want);
	tui_buf_fini(&buf);
}

static const struct tui_cell *cell(int x)
{
	return tui_canvas_at(&canvas, x, 0);
}

static void edges_are_eighths(void **state)
{
	(void)state;
	fill(800, 2100, 0);
	expect(" █▋       ");
	assert_int_equal(cell(2)->inverse, 0);
}

static void a_begin_inside_a_cell_is_inverted(void **state)
{
	(void)state;
	fill(1100, 2400, 0);
	expect(" ▍█       "); /* three eighths of ground cut out */
	assert_int_equal(cell(1)->inverse, 1);
	assert_int_equal(cell(2)->inverse, 0);
}

static void two_meet_in_a_cell(void **state)
{
	(void)state;
	fill(0, 1200, 0);
	fill(1200, 2400, 1);
	expect("█▌█       ");
	assert_int_equal(cell(1)->ink, TUI_ID1);
	assert_int_equal(cell(1)->ground, TUI_ID2);
}

static void a_pulse_is_two_eighths(void **state)
{
	(void)state;
	line(0, 8000, '~', 0);
	fill(2000, 2001, 0);
	expect("~~▎~~~~~~~");
}

static void pulses_are_summed(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++)
		fill(800 + 100 * i, 810 + 100 * i, 0);
	expect(" ▎        "); /* 80 of 800 ns, eight times */
}

static void three_are_dense(void **state)
{
	(void)state;
	fill(0, 300, 0);
	fill(300, 500, 1);
	fill(500, 800, 0);
	fill(800, 1000, 0);
	fill(1000, 1300, 1);
	fill(1300, 1600, 2);
	expect("▚▚        ");
	assert_int_equal(cell(0)->ink, TUI_ID2);
	assert_int_equal(cell(0)->ground, TUI_ID1);
}

static void the_longest_wait_is_shown_unless_one_is_rare(void **state)
{
	(void)state;
	line(0, 100, '~', 0);
	line(100, 800, '=', 0);
	line(800, 900, '!', 1);
	line(900, 1600, '=', 0);
	expect("=!        ");
}

static void a_rare_one_that_all_have_is_not_rare(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		line(800 * i, 800 * i + 750, '=', 0);
		if (i < 4 || i == 7)
			line(800 * i + 750, 800 * i + 800, '!', TUI_STRIP_RARE);
	}
	/* Two stand beside a cell without it, one alone; the rest are among their like.
	 * The edge of the screen says nothing of what lies beyond. */
	expect("!==!===!==");
	tui_strip_clear(&strip);
	for (int i = 0; i < 10; i++) {
		line(800 * i, 800 * i + 700, '=', 0);
		line(800 * i + 700, 800 * i + 800, '!', TUI_STRIP_RARE);
	}
	expect("!!!!!!!!!!"); /* an eighth of each is not short */
}

static void what_must_be_seen_always_is(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		line(800 * i, 800 * i + 750, '=', 0);
		line(800 * i + 750, 800 * i + 800, '%', TUI_STRIP_ALWAYS);
	}
	expect("%%%%%%%%%%");
	tui_strip_clear(&strip);
	line(0, 8000, '=', 0);
	line(790, 2410, '%', TUI_STRIP_ALWAYS);
	expect("%%%%======");
}

static void many_states_are_dense(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		line(200 * i, 200 * i + 200, (uint32_t) "~=+@"[i], 0);
	expect("▚         ");
	/* But where one took three quarters, that is what was. */
	tui_strip_clear(&strip);
	for (int i = 0; i < 3; i++)
		line(600 + 50 * i, 650 + 50 * i, (uint32_t) "~=+"[i], 0);
	line(0, 600, '@', 0);
	expect("@         ");
}

static void shares_fill_as_much_as_they_are(void **state)
{
	(void)state;
	tui_strip_share(&strip, 10000, 10800, 400, TUI_ID1, 1);
	tui_strip_share(&strip, 10800, 11600, 1, TUI_ID1, 1);
	tui_strip_share(&strip, 11600, 12400, 500, TUI_ID1, 1);
	tui_strip_share(&strip, 11600, 12400, 300, TUI_ID2, 2);
	/* More than there are fills for: the fifth counts too. */
	for (uint32_t who = 1; who <= 5; who++)
		tui_strip_share(&strip, 12400, 13200, 100, TUI_ID1 + (int)who, who);
	expect("▌▎▚▋      ");
}

static void a_comb_of_pulses_lets_the_wait_through(void **state)
{
	(void)state;
	line(0, 8000, '@', 0);
	for (int i = 0; i < 10; i++)
		fill(800 * i + 10, 800 * i + 20, 0);
	expect("▎@▎@▎@▎@▎▎");
}

/* Random spans, in order: never out of the strip, and what is full is full. */
static void random_spans(void **state)
{
	uint64_t rnd = 1;
	(void)state;
	for (int round = 0; round < 2000; round++) {
		uint64_t at = 0;
		tui_strip_clear(&strip);
		while (at < 30000) {
			rnd = rnd * 6364136223846793005u + 1442695040888963407u;
			uint64_t to = at + 1 + (rnd >> 33) % (round % 2 ? 3000 : 90);
			if (rnd >> 62)
				tui_strip_fill(&strip, at, to,
					       TUI_ID1 + (int)(rnd >> 40) % 3,
					       (uint32_t)(rnd >> 40) % 3);
			else
				tui_strip_line(&strip, at, to, '~', TUI_IO, 0);
			at = to;
		}
		tui_strip_draw(&strip, &canvas, 0, 0);
		for (int x = 0; x < 10; x++)
			assert_int_not_equal(cell(x)->glyph, ' ');
	}
}

static void the_axis_is_monotone(void **state)
{
	const struct tui_axis axes[] = {
		{0, 1, 500}, {0, 7, 3}, {5, UINT64_MAX, 200}, {100, 1000, 90}};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct tui_axis *a = &axes[i];
		uint64_t last = a->from_ns;
		for (int c = 0; c <= a->cells; c++) {
			uint64_t at = tui_axis_time(a, c);
			assert_true(at >= last && at <= a->to_ns);
			if (at < a->to_ns)
				assert_true(tui_axis_cell(a, at) >= c);
			last = at;
		}
		assert_int_equal(tui_axis_eighth(a, a->to_ns), 8 * a->cells);
		assert_int_equal(tui_axis_eighth(a, 0), 0);
		assert_int_equal(tui_axis_cell(a, a->to_ns), a->cells);
	}
}

/* ---- figures ---- */

static void check_length(uint64_t ns, const char *want)
{
	char buf[TUI_FIGURE];
	assert_string_equal(tui_format_length(buf, sizeof(buf), ns), want);
}

static void figures(void **state)
{
	char buf[TUI_FIGURE];
	(void)state;
	check_length(0, "0 ns");
	check_length(999, "999 ns");
	check_length(1000, "1 µs");
	check_length(4930000, "4.93 ms");
	check_length(50000000, "50 ms");
	check_length(999600000, "1.00 s");
	check_length(126440000000u, "126 s");
	assert_string_equal(tui_format_time(buf, sizeof(buf), 1202723456, 10000),
			    "1.202 72");
	assert_string_equal(tui_format_time(buf, sizeof(buf), 1202723456, 1),
			    "1.202 723 456");
	assert_string_equal(tui_format_time(buf, sizeof(buf), -5000000, 1000000), "-0.005");
	assert_string_equal(tui_format_time(buf, sizeof(buf), INT64_MIN, 1),
			    "-9223372036.854 775 808");
	assert_string_equal(tui_format_count(buf, sizeof(buf), 1204), "1,204");
	assert_string_equal(tui_format_count(buf, sizeof(buf), 999), "999");
	assert_string_equal(tui_format_count(buf, sizeof(buf), UINT64_MAX),
			    "18,446,744,073,709,551,615");
	assert_string_equal(tui_format_rate(buf, sizeof(buf), 48200), "48.2 k");
	assert_string_equal(tui_format_bytes(buf, sizeof(buf), 4 << 20), "4.0 MiB");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 1, 3), "33%");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 1, 50), "2.0%");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 1, 50000), "<0.1%");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 0, 0), "0%");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 9951, 10000), "99.5%");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 99999, 100000), "99.9%");
	assert_string_equal(tui_format_share(buf, sizeof(buf), 7, 7), "100%");
	assert_string_equal(tui_format_share_short(buf, sizeof(buf), 999, 1000), "99%");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(edges_are_eighths),
		T(a_begin_inside_a_cell_is_inverted),
		T(two_meet_in_a_cell),
		T(a_pulse_is_two_eighths),
		T(pulses_are_summed),
		T(three_are_dense),
		T(the_longest_wait_is_shown_unless_one_is_rare),
		T(a_rare_one_that_all_have_is_not_rare),
		T(what_must_be_seen_always_is),
		T(many_states_are_dense),
		T(shares_fill_as_much_as_they_are),
		T(a_comb_of_pulses_lets_the_wait_through),
		T(random_spans),
		T(the_axis_is_monotone),
		cmocka_unit_test(figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
