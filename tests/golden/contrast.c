/* SPDX-License-Identifier: MIT
 *
 * Every cell that any view draws, in every theme with colours: letters have a contrast of
 * 4.5:1 at least on what they stand on, labels on fills 4:1, bars and lines 3:1 (on a
 * selection, which brackets and its ground mark too, 2.4:1). Only what need not be read is
 * left out: the grid, and ghosts of waits on idle cores. The 16 colours are the terminal's
 * own: with the palette of our pictures they have 3:1.
 */
#include "stage.h"
#include "tui/canvas/glyph.h"
#include "tui/canvas/theme.h"
#include "tui/view/timeline.h"

static int need_not_be_read(const struct tui_cell *cell)
{
	int ink = cell->ink;

	return cell->glyph == ' ' || ink == TUI_FAINT || ink == TUI_DONE ||
	       ink == TUI_BAR_GROUND || ink == TUI_SEL_GROUND ||
	       (ink >= TUI_GHOST_LOCK && ink <= TUI_GHOST_SYSCALL);
}

static int is_raised(int ground)
{
	return ground == TUI_BAR_GROUND || ground == TUI_SEL_GROUND;
}

/* What the cell must have; 0: two fills meet in it. */
static double floor_of(enum tui_theme theme, const struct tui_cell *cell)
{
	int word = tui_theme_is_word(cell->glyph);

	if (cell->ground != TUI_DEFAULT && !is_raised(cell->ground) && !word)
		return 0;
	if (theme == TUI_THEME_16)
		return word || cell->ground == TUI_DEFAULT ? 3 : 0;
	if (word)
		return cell->ink == TUI_BLACK ? 4 : 4.5;
	return cell->ground == TUI_DEFAULT ? 2.95 : 2.4;
}

static double contrast_of(enum tui_theme theme, const struct tui_cell *cell)
{
	struct tui_paint paint = tui_theme_paint(theme, cell);
	uint32_t ink =
		paint.ink < 0 ? tui_theme_reference(theme, 0) : tui_theme_rgb(paint.ink);
	uint32_t ground = paint.ground < 0 ? tui_theme_reference(theme, 1)
					   : tui_theme_rgb(paint.ground);

	return tui_theme_contrast(ink, ground);
}

static int look(const struct tui_canvas *canvas, const char *act)
{
	static const char *const name[] = {
#define X(id, letter) #id,
		TUI_ROLES(X)
#undef X
	};
	static uint8_t told[TUI_THEME_MONO][TUI_ROLE_MAX][TUI_ROLE_MAX][2];
	int poor = 0;

	for (int i = 0; i < canvas->cols * canvas->rows; i++)
		for (int t = 0; t < TUI_THEME_MONO; t++) {
			const struct tui_cell *cell = &canvas->cells[i];
			double has = contrast_of((enum tui_theme)t, cell);
			int word = tui_theme_is_word(cell->glyph);

			if (need_not_be_read(cell) ||
			    has >= floor_of((enum tui_theme)t, cell) ||
			    told[t][cell->ink][cell->ground][word]++)
				continue;
			print_error("%s, %s: %s on %s, %s: %.1f\n", act,
				    tui_theme_name((enum tui_theme)t), name[cell->ink],
				    name[cell->ground], word ? "letters" : "bars", has);
			poor++;
		}
	return poor;
}

static void what_is_drawn_can_be_read(void **state)
{
	static const int size[][2] = {{80, 24}, {120, 40}, {200, 60}};
	int poor = 0;

	(void)state;
	for (size_t i = 0; i < ACTS; i++) {
		struct stage s;

		stage_open(&s, &acts[i]);
		for (int k = 0; k < 3; k++) {
			struct tui_canvas canvas;

			assert_int_equal(tui_canvas_init(&canvas, size[k][0], size[k][1]),
					 0);
			stage_draw(&s, acts[i].view, &canvas);
			poor += look(&canvas, acts[i].name);
			tui_canvas_fini(&canvas);
		}
		stage_close(&s);
	}
	assert_int_equal(poor, 0);
}

/* States are told apart without colour: each has a glyph of its own, as ASCII too. */
static void each_state_has_a_glyph(void **state)
{
	static const uint32_t glyph[] = {0x2588, 0x2591, 0x2593, 0x2592, 0x253c,
					 0x256c, 0x2550, '~',	 0x2504, 0x2501,
					 0x2571, 0x259a, 0x2580};
	const size_t count = sizeof(glyph) / sizeof(*glyph);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			assert_int_not_equal(tui_glyph_ascii(glyph[i]),
					     tui_glyph_ascii(glyph[k]));
	for (unsigned a = 1; a < GTV_ST_MAX; a++)
		for (unsigned b = a + 1; b < GTV_ST_MAX; b++) {
			const struct tui_look *x = tui_look_of(a), *y = tui_look_of(b);

			/* Fills say who it is by their label; what is alike in role too is
			 * one state to the eye. */
			if (x->glyph == y->glyph && x->glyph != ' ' && x->glyph != 0x2588 &&
			    x->role != y->role)
				fail_msg("%s and %s differ by colour alone",
					 gtv_state_name(a), gtv_state_name(b));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_drawn_can_be_read),
		cmocka_unit_test(each_state_has_a_glyph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
