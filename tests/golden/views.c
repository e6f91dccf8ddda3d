/* SPDX-License-Identifier: MIT
 *
 * Golden frames of every view (stage.h) at the three sizes that screens are designed for,
 * in every theme, and as ASCII. A frame is one file: its text without the blanks at the
 * ends of lines; for each line the runs of cells that look alike, `a12b3` (a line like the
 * one before it is `=`); and how each letter is painted in each theme: the colour of its
 * ink over that of its ground, `-` for the terminal's own, and b(old), d(im), r(everse).
 *
 * GENERATE=1 writes them anew; look at them before you commit (`git diff`).
 */
#include "stage.h"
#include "tui/canvas/glyph.h"

/* What a cell looks like in all themes: two that do so are of one letter. */
struct looks {
	struct tui_paint paint[TUI_THEME_MAX];
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "!#$%&()*+,-./:;<>?@[]^_{|}~";

struct palette {
	struct looks looks[sizeof(letters) - 1];
	int used[sizeof(letters) - 1];
	size_t order[sizeof(letters) - 1], count; /* by first use */
};

/* The ink of a blank does not show. */
static struct looks looks_of(const struct tui_cell *cell)
{
	struct looks looks;

	memset(&looks, 0, sizeof(looks));
	for (int t = 0; t < TUI_THEME_MAX; t++) {
		struct tui_paint paint = tui_theme_paint((enum tui_theme)t, cell);
		int hidden = cell->glyph == ' ' && !(paint.attrs & TUI_ATTR_REVERSE);

		looks.paint[t].ink = hidden ? -1 : paint.ink;
		looks.paint[t].ground = paint.ground;
		looks.paint[t].attrs = hidden ? 0 : paint.attrs;
	}
	return looks;
}

/* The letter that canvas.h has for what is seen of the cell, if it is free, or the next
 * that is: so letters mostly stay what they were when a frame changes. */
static char letter_of(struct palette *p, const struct tui_cell *cell)
{
	static const char role[] = {
#define X(id, letter) letter,
		TUI_ROLES(X)
#undef X
	};
	struct looks looks = looks_of(cell);
	int seen = cell->glyph == ' ' ? cell->ground : cell->ink;
	const char *like = strchr(letters, seen == TUI_DEFAULT ? '.' : role[seen]);
	size_t first = like ? (size_t)(like - letters) : 0;

	for (size_t n = 0; n < p->count; n++)
		if (memcmp(&p->looks[p->order[n]], &looks, sizeof(looks)) == 0)
			return letters[p->order[n]];
	assert_true(p->count < sizeof(letters) - 1);
	while (p->used[first])
		first = (first + 1) % (sizeof(letters) - 1);
	p->used[first] = 1;
	p->looks[first] = looks;
	p->order[p->count++] = first;
	return letters[first];
}

static void put_text(const struct tui_canvas *c, struct tui_buf *out)
{
	for (int y = 0; y < c->rows; y++) {
		const struct tui_cell *row = &c->cells[y * c->cols];
		int end = c->cols;

		while (end > 0 && row[end - 1].glyph == ' ')
			end--;
		for (int x = 0; x < end; x++)
			tui_buf_glyph(out, row[x].glyph);
		tui_buf_text(out, "\n");
	}
}

static void put_runs(const struct tui_canvas *c, struct palette *p, struct tui_buf *out)
{
	char line[4096], before[4096] = "";

	for (int y = 0; y < c->rows; y++) {
		size_t size = 0;

		for (int x = 0, run; x < c->cols; x += run) {
			char letter = letter_of(p, &c->cells[y * c->cols + x]);

			for (run = 1; x + run < c->cols; run++)
				if (letter_of(p, &c->cells[y * c->cols + x + run]) !=
				    letter)
					break;
			size += (size_t)snprintf(line + size, sizeof(line) - size,
						 run > 1 ? "%c%d" : "%c", letter, run);
			assert_true(size + 8 < sizeof(line));
		}
		tui_buf_format(out, "%s\n", strcmp(line, before) != 0 ? line : "=");
		memcpy(before, line, size + 1);
	}
}

static void put_colour(struct tui_buf *out, int colour)
{
	if (colour < 0)
		tui_buf_text(out, "-");
	else
		tui_buf_format(out, "%d", colour);
}

static void put_palette(const struct palette *p, struct tui_buf *out)
{
	for (int t = 0; t < TUI_THEME_MAX; t++) {
		tui_buf_format(out, "%s\n", tui_theme_name((enum tui_theme)t));
		for (size_t i = 0; i < p->count; i++) {
			struct tui_paint paint = p->looks[p->order[i]].paint[t];

			tui_buf_format(out, "%s%c ",
				       i % 8 ? "  "
				       : i   ? "\n"
					     : "",
				       letters[p->order[i]]);
			put_colour(out, paint.ink);
			tui_buf_text(out, "/");
			put_colour(out, paint.ground);
			tui_buf_text(out, paint.attrs & TUI_ATTR_BOLD ? "b" : "");
			tui_buf_text(out, paint.attrs & TUI_ATTR_DIM ? "d" : "");
			tui_buf_text(out, paint.attrs & TUI_ATTR_REVERSE ? "r" : "");
		}
		tui_buf_text(out, "\n");
	}
}

static void put_frame(const struct tui_canvas *c, struct tui_buf *out)
{
	struct palette p = {.count = 0};

	put_text(c, out);
	tui_buf_text(out, "\n");
	put_runs(c, &p, out);
	tui_buf_text(out, "\n");
	put_palette(&p, out);
}

/* Each at all sizes before it fails: one look shows what has changed. */
static int one_act(const struct act *act)
{
	static const int size[][2] = {{80, 24}, {120, 40}, {200, 60}};
	struct stage s;
	char name[64];
	int good = 1;

	stage_open(&s, act);
	for (int i = 0; i < 3; i++) {
		struct tui_canvas canvas;
		struct tui_buf buf = {0};

		assert_int_equal(tui_canvas_init(&canvas, size[i][0], size[i][1]), 0);
		stage_draw(&s, act->view, &canvas);
		put_frame(&canvas, &buf);
		if (size[i][0] == 80) { /* once more as ASCII, its colours being the same */
			tui_glyph_canvas_ascii(&canvas);
			tui_buf_text(&buf, "\nASCII\n");
			for (int k = 0; k < canvas.cols * canvas.rows; k++)
				assert_in_range(canvas.cells[k].glyph, 0x20, 0x7e);
			put_text(&canvas, &buf);
		}
		snprintf(name, sizeof(name), "%s-%dx%d.txt", act->name, size[i][0],
			 size[i][1]);
		good &= golden_same(name, &buf);
		tui_buf_fini(&buf);
		tui_canvas_fini(&canvas);
	}
	stage_close(&s);
	return good;
}

static void every_view(void **state)
{
	int good = 1;

	(void)state;
	for (size_t i = 0; i < ACTS; i++)
		good &= one_act(&acts[i]);
	assert_true(good);
}

/* A view that is new has no frames until it is an act. */
static void none_is_left_out(void **state)
{
	(void)state;
	for (int v = 0; tui_views[v]; v++) {
		size_t i = 0;

		while (i < ACTS && acts[i].view != tui_views[v]->id)
			i++;
		if (i == ACTS)
			fail_msg("the view %s has no golden frame", tui_views[v]->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_view),
		cmocka_unit_test(none_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
