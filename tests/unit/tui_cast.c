/* SPDX-License-Identifier: MIT
 *
 * A cast's frames, given to a terminal (libvterm), show what the canvas showed; each line
 * is JSON, and times do not go back.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <vterm.h>

#include "tui/app/cast.h"
#include "tui/canvas/glyph.h"

static char path[] = "/tmp/gtviz-cast-XXXXXX";

/* Something else each time, in colours, with glyphs of several bytes and with quotes. */
static void scribble(struct tui_canvas *c, unsigned *seed, int cells)
{
	static const uint32_t glyphs[] = {'a', '"', '\\', ' ', 0x2588, 0x256c, 0xb5, '['};

	for (int i = 0; i < cells; i++) {
		*seed = *seed * 1103515245u + 12345u;
		tui_canvas_put(c, (int)(*seed >> 8) % c->cols, (int)(*seed >> 18) % c->rows,
			       glyphs[*seed >> 5 & 7], TUI_ID1 + (int)(*seed >> 11) % 4,
			       *seed >> 14 & 1 ? TUI_BAR_GROUND : TUI_DEFAULT);
	}
}

static void same_on_terminal(VTerm *vt, const struct tui_canvas *c)
{
	VTermScreen *screen = vterm_obtain_screen(vt);

	for (int y = 0; y < c->rows; y++) {
		for (int x = 0; x < c->cols; x++) {
			VTermScreenCell cell;
			uint32_t want = c->cells[y * c->cols + x].glyph;

			vterm_screen_get_cell(screen, (VTermPos){y, x}, &cell);
			uint32_t have = cell.chars[0] ? cell.chars[0] : ' ';

			if (have != want)
				fail_msg("%d,%d: %x for %x", x, y, have, want);
		}
	}
}

/* The nth line's data, given to the terminal; its time. -1: there is no such line. */
static double play_line(FILE *f, VTerm *vt, char *kind)
{
	char *line = NULL;
	size_t room = 0;
	double at;

	if (getline(&line, &room, f) < 0) {
		free(line);
		return -1;
	}
	struct json_object *json = json_tokener_parse(line);

	assert_non_null(json);
	assert_int_equal(json_object_array_length(json), 3);
	at = json_object_get_double(json_object_array_get_idx(json, 0));
	*kind = *json_object_get_string(json_object_array_get_idx(json, 1));
	struct json_object *data = json_object_array_get_idx(json, 2);

	if (*kind == 'o')
		vterm_input_write(vt, json_object_get_string(data),
				  (size_t)json_object_get_string_len(data));
	json_object_put(json);
	free(line);
	return at;
}

static void frames_come_back(void **state)
{
	struct tui_canvas canvas, copy[6];
	struct tui_cast *cast;
	struct gtv_err err;
	unsigned seed = 7;

	(void)state;
	assert_int_equal(tui_cast_new(&cast, path, &err), 0);
	assert_int_equal(tui_canvas_init(&canvas, 20, 6), 0);
	tui_canvas_clear(&canvas);
	for (uint64_t i = 0; i < 6; i++) {
		if (i != 3) /* the same once more: no line */
			scribble(&canvas, &seed, i ? 5 : 60);
		assert_int_equal(
			tui_cast_frame(cast, &canvas, TUI_THEME_DARK, 1000 + i * 40000000),
			0);
		assert_int_equal(tui_canvas_init(&copy[i], 20, 6), 0);
		memcpy(copy[i].cells, canvas.cells, 20 * 6 * sizeof(*canvas.cells));
	}
	assert_int_equal(tui_cast_free(cast), 0);

	FILE *f = fopen(path, "r");
	char *head = NULL, kind;
	size_t room = 0;
	VTerm *vt = vterm_new(6, 20);
	double before = -1, at;

	assert_non_null(f);
	vterm_set_utf8(vt, 1);
	vterm_screen_reset(vterm_obtain_screen(vt), 1);
	assert_true(getline(&head, &room, f) > 0);
	struct json_object *json = json_tokener_parse(head), *v;

	assert_true(json_object_object_get_ex(json, "version", &v));
	assert_int_equal(json_object_get_int(v), 2);
	assert_true(json_object_object_get_ex(json, "width", &v));
	assert_int_equal(json_object_get_int(v), 20);
	json_object_put(json);
	free(head);
	for (int i = 0; i < 6; i++) {
		if (i != 3) {
			at = play_line(f, vt, &kind);
			assert_true(at > before);
			assert_int_equal(kind, 'o');
			before = at;
		}
		same_on_terminal(vt, &copy[i]);
		tui_canvas_fini(&copy[i]);
	}
	assert_true(play_line(f, vt, &kind) < 0);
	vterm_free(vt);
	fclose(f);
	tui_canvas_fini(&canvas);
}

/* Another size is told, and the frame after it is whole. */
static void resize_is_told(void **state)
{
	struct tui_canvas canvas;
	struct tui_cast *cast;
	struct gtv_err err;
	char line[512];

	(void)state;
	assert_int_equal(tui_cast_new(&cast, path, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tui_canvas_init(&canvas, 10 + i, 3), 0);
		tui_canvas_clear(&canvas);
		tui_canvas_text(&canvas, 0, 0, 5, TUI_TEXT, "hello");
		assert_int_equal(
			tui_cast_frame(cast, &canvas, TUI_THEME_MONO, 1 + (uint64_t)i), 0);
		tui_canvas_fini(&canvas);
	}
	assert_int_equal(tui_cast_free(cast), 0);
	FILE *f = fopen(path, "r");

	for (int i = 0; i < 3; i++)
		assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, "\"r\", \"11x3\""));
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, "hello"));
	fclose(f);
}

/* A full disk is told once, and the screen goes on. */
static void full_disk(void **state)
{
	struct rlimit limit, full;
	struct tui_canvas canvas;
	struct tui_cast *cast;
	struct gtv_err err;

	(void)state;
	/* Room for the header, and little more. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	full = limit;
	full.rlim_cur = 150;
	assert_int_equal(tui_cast_new(&cast, path, &err), 0);
	setrlimit(RLIMIT_FSIZE, &full);
	assert_int_equal(tui_canvas_init(&canvas, 10, 3), 0);
	tui_canvas_clear(&canvas);
	assert_int_equal(tui_cast_frame(cast, &canvas, TUI_THEME_DARK, 1), 1);
	assert_string_equal(tui_cast_error(cast), strerror(EFBIG));
	assert_int_equal(tui_cast_frame(cast, &canvas, TUI_THEME_DARK, 2), 0);
	assert_int_equal(tui_cast_free(cast), -1);
	setrlimit(RLIMIT_FSIZE, &limit);
	tui_canvas_fini(&canvas);
}

static int made(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	return fd < 0;
}

static int removed(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_back),
		cmocka_unit_test(resize_is_told),
		cmocka_unit_test(full_disk),
	};
	return cmocka_run_group_tests_name("cast", tests, made, removed);
}
