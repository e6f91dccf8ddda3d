/* SPDX-License-Identifier: MIT
 *
 * Canvas, glyphs, themes and back ends: hostile text stays text, nothing outside a
 * canvas is touched, every colour can be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"
#include "tui/canvas/theme.h"

static void text_of(const struct tui_canvas *c, struct tui_buf *buf)
{
	memset(buf, 0, sizeof(*buf));
	assert_int_equal(tui_back_text(c, buf), 0);
}

static void check_text(const char *text, int width, const char *want)
{
	struct tui_canvas c;
	struct tui_buf buf;
	assert_int_equal(tui_canvas_init(&c, 12, 1), 0);
	tui_canvas_text(&c, 0, 0, width, TUI_TEXT, text);
	text_of(&c, &buf);
	assert_string_equal(buf.bytes, want);
	tui_buf_fini(&buf);
	tui_canvas_fini(&c);
}

static void hostile_text(void **state)
{
	(void)state;
	check_text("plain", 12, "plain       \n");
	check_text("plain", 3, "pla         \n");
	check_text("a\033[31mb", 12, "a\\x1b[31mb  \n");
	check_text("\xff\xfe", 12, "\\xff\\xfe    \n");
	check_text("\xc0\x80", 12, "\\xc0\\x80    \n");	     /* overlong */
	check_text("\xe2\x80\xae", 12, "\\xe2\\x80\\xae\n"); /* turns the line around */
	check_text("\xcc\x81x", 12, "\\xcc\\x81x   \n");     /* combines */
	check_text("\xe4\xb8\xad", 11, "\\xe4\\xb8    \n");  /* wide: two columns */
	check_text("µ ×", 12, "µ ×         \n");
}

static void drawing_clips(void **state)
{
	struct tui_canvas c;
	(void)state;
	assert_int_equal(tui_canvas_init(&c, 3, 2), 0);
	for (int y = -2; y < 5; y++)
		for (int x = -3; x < 7; x++) {
			tui_canvas_put(&c, x, y, '#', TUI_TEXT, TUI_DEFAULT);
			tui_canvas_text(&c, x, y, 100, TUI_TEXT,
					"long text \x01 that goes out");
		}
	assert_null(tui_canvas_at(&c, 3, 0));
	assert_null(tui_canvas_at(&c, 0, 2));
	assert_null(tui_canvas_at(&c, -1, 0));
	tui_canvas_put(&c, 0, 0, 0x1f600, TUI_TEXT, TUI_DEFAULT); /* wide */
	assert_int_equal(tui_canvas_at(&c, 0, 0)->glyph, '?');
	tui_canvas_fini(&c);
	assert_int_equal(tui_canvas_init(&c, -5, 0), 0);
	assert_null(tui_canvas_at(&c, 0, 0));
	tui_canvas_fini(&c);
}

static void glyphs_round_trip(void **state)
{
	char bytes[5];
	uint32_t back;
	(void)state;
	for (uint32_t g = 1; g < 0x11000; g++) {
		if (g >= 0xd800 && g < 0xe000)
			continue;
		int n = tui_glyph_encode(g, bytes);
		assert_int_equal(tui_glyph_decode(bytes, (size_t)n, &back), n);
		assert_int_equal(back, g);
		assert_int_equal(tui_glyph_decode(bytes, (size_t)n - 1, &back), 0);
	}
	for (int k = 0; k <= 8; k++) {
		assert_true(tui_glyph_is_plain(tui_glyph_left(k)));
		assert_true(tui_glyph_is_plain(tui_glyph_level(k)));
		if (k)
			assert_int_equal(tui_glyph_left_eighths(tui_glyph_left(k)), k);
	}
	for (uint32_t g = 0x20; g < 0x3000; g++)
		assert_in_range(tui_glyph_ascii(g), 0x20, 0x7e);
}

/* ---- colours ---- */

static int is_identity(int role)
{
	return role >= TUI_ID1 && role <= TUI_ID12;
}

/* Grounds, and what need not be read: the grid, ghosts, the ends of lanes. */
static int is_quiet(int role)
{
	return role == TUI_FAINT || role == TUI_BAR_GROUND || role == TUI_SEL_GROUND ||
	       role == TUI_BLACK || role == TUI_DONE || role == TUI_DEFAULT ||
	       (role >= TUI_GHOST_LOCK && role <= TUI_GHOST_SYSCALL);
}

static int is_words(int role)
{
	return (role >= TUI_TEXT && role <= TUI_EDGE) || role == TUI_SEL;
}

static void colours_can_be_read(void **state)
{
	static const char *const name[] = {
#define X(id, letter) #id,
		TUI_ROLES(X)
#undef X
	};
	(void)state;
	for (int theme = TUI_THEME_DARK; theme <= TUI_THEME_PROJECTOR; theme++)
		for (int role = 1; role < TUI_ROLE_MAX; role++) {
			struct tui_cell cell = {.glyph = is_words(role) ? 'x' : 0x2588,
						.ink = (uint8_t)role};
			struct tui_paint paint =
				tui_theme_paint((enum tui_theme)theme, &cell);
			uint32_t ink = tui_theme_rgb(paint.ink);
			uint32_t ground =
				paint.ground < 0
					? tui_theme_reference((enum tui_theme)theme, 1)
					: tui_theme_rgb(paint.ground);
			double on_ground = tui_theme_contrast(ink, ground);
			double label = tui_theme_contrast(ink, tui_theme_rgb(16));
			print_message("%-9s %-14s %5.1f on the ground, black on it %5.1f\n",
				      tui_theme_name((enum tui_theme)theme), name[role],
				      on_ground, label);
			/* A hall needs more than a desk. */
			double more = theme == TUI_THEME_PROJECTOR ? 1.5 : 1;
			if (is_identity(role))
				assert_true(label >= 4.0 * more);
			if (!is_quiet(role))
				assert_true(on_ground >=
					    (is_words(role) ? 4.5 : 2.95) * more);
		}
}

static void themes_differ_and_are_found(void **state)
{
	struct tui_cell cell = {.glyph = 'x', .ink = TUI_PREEMPTED};
	(void)state;
	for (int t = 0; t < TUI_THEME_MAX; t++)
		assert_int_equal(tui_theme_find(tui_theme_name((enum tui_theme)t)), t);
	assert_int_equal(tui_theme_find("pink"), -1);
	assert_int_equal(tui_theme_paint(TUI_THEME_MONO, &cell).ink, -1);
	assert_int_equal(tui_theme_paint(TUI_THEME_16, &cell).ink, 9);
	cell.inverse = 1;
	assert_true(tui_theme_paint(TUI_THEME_DARK, &cell).attrs & TUI_ATTR_REVERSE);
}

/* ---- back ends ---- */

static void ansi_is_minimal_and_reset(void **state)
{
	struct tui_canvas c;
	struct tui_buf buf = {0};
	(void)state;
	assert_int_equal(tui_canvas_init(&c, 6, 2), 0);
	tui_canvas_text(&c, 0, 0, 6, TUI_GIL, "ab cd");
	tui_canvas_put(&c, 0, 1, 'x', TUI_BLACK, TUI_ID1);
	assert_int_equal(tui_back_ansi(&c, TUI_THEME_DARK, &buf), 0);
	assert_string_equal(buf.bytes,
			    "\033[0;38;5;208mab\033[0m \033[0;38;5;208mcd\033[0m \n"
			    "\033[0;38;5;16;48;5;110mx\033[0m     \n");
	tui_buf_fini(&buf);
	assert_int_equal(tui_back_ansi(&c, TUI_THEME_16, &buf), 0);
	assert_non_null(strstr(buf.bytes, "\033[0;30;102mx"));
	tui_buf_fini(&buf);
	tui_canvas_fini(&c);
}

static void svg_escapes_and_closes(void **state)
{
	struct tui_canvas c;
	struct tui_buf buf = {0};
	(void)state;
	assert_int_equal(tui_canvas_init(&c, 20, 2), 0);
	tui_canvas_text(&c, 0, 0, 20, TUI_TEXT, "<a & b> \"q\"");
	for (int x = 0; x < 20; x++)
		tui_canvas_put(&c, x, 1, 0x2580u + (uint32_t)x, TUI_ID1, TUI_ID2);
	assert_int_equal(tui_back_svg(&c, TUI_THEME_LIGHT, &buf), 0);
	assert_non_null(strstr(buf.bytes, "&lt;a &amp; b&gt;"));
	assert_null(strstr(buf.bytes, "<a &"));
	assert_non_null(strstr(buf.bytes, "</svg>\n"));
	tui_buf_fini(&buf);
	tui_canvas_fini(&c);
}

/* Every cell of every role in every theme: no back end trips. */
static void every_cell_everywhere(void **state)
{
	struct tui_canvas c;
	struct tui_buf buf = {0};
	(void)state;
	assert_int_equal(tui_canvas_init(&c, 64, 64), 0);
	for (int y = 0; y < 64; y++)
		for (int x = 0; x < 64; x++) {
			tui_canvas_put(&c, x, y, 0x2500u + (uint32_t)(x + 2 * y),
				       (x * 7 + y) % 64, y % 64);
			tui_canvas_at(&c, x, y)->inverse = x & 1;
		}
	for (int t = 0; t < TUI_THEME_MAX; t++) {
		assert_int_equal(tui_back_ansi(&c, (enum tui_theme)t, &buf), 0);
		assert_int_equal(tui_back_svg(&c, (enum tui_theme)t, &buf), 0);
		tui_buf_fini(&buf);
	}
	tui_canvas_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(drawing_clips),
		cmocka_unit_test(glyphs_round_trip),
		cmocka_unit_test(colours_can_be_read),
		cmocka_unit_test(themes_differ_and_are_found),
		cmocka_unit_test(ansi_is_minimal_and_reset),
		cmocka_unit_test(svg_escapes_and_closes),
		cmocka_unit_test(every_cell_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
