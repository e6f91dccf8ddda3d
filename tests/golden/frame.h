/* SPDX-License-Identifier: MIT
 *
 * Golden frames: what a view drew, compared byte for byte with a file.
 * golden_view draws one of a whole trace (trace.h), with what its pane reads first.
 */
#ifndef FRAME_H
#define FRAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/trace/panes.h"
#include "tui/canvas/back.h"
#include "tui/trace/trace.h"

static inline char *golden_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *bytes;
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*size = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *size, f), *size);
	bytes[*size] = '\0';
	fclose(f);
	return bytes;
}

static inline void golden_write(const char *path, const struct tui_buf *buf)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(buf->bytes, 1, buf->size, f), buf->size);
	assert_int_equal(fclose(f), 0);
}

/* The first line that differs, both ways. */
static inline void golden_difference(const char *path, const char *want, const char *have)
{
	int line = 1;
	while (*want && *have) {
		size_t a = strcspn(want, "\n"), b = strcspn(have, "\n");
		if (a != b || strncmp(want, have, a) != 0) {
			print_message("%s:%d differs\n  want %.*s\n  have %.*s\n", path,
				      line, (int)a, want, (int)b, have);
			return;
		}
		want += a + (want[a] == '\n');
		have += b + (have[b] == '\n');
		line++;
	}
	print_message("%s: one is longer\n", path);
}

/* Whether buf is byte for byte the frame tests/golden/frames/NAME; says where it is not.
 * GENERATE=1 writes it. */
static inline int golden_same(const char *name, const struct tui_buf *buf)
{
	char path[256];
	size_t size = 0;
	snprintf(path, sizeof(path), "tests/golden/frames/%s", name);
	if (getenv("GENERATE")) {
		golden_write(path, buf);
		return 1;
	}
	char *want = golden_read(path, &size);
	if (!want)
		fail_msg("no %s: GENERATE=1 makes it", path);
	int same = size == buf->size && memcmp(want, buf->bytes, size) == 0;
	if (!same)
		golden_difference(path, want, buf->bytes);
	free(want);
	return same;
}

static inline void golden_frame(const char *name, const struct tui_buf *buf)
{
	assert_true(golden_same(name, buf));
}

/* The view of a trace that is open, at a size, as text. */
static inline void golden_view(const char *name, struct tui_trace *t, enum tui_view_id view,
			       int cols, int rows)
{
	struct tui_canvas canvas;
	struct tui_scene scene;
	struct tui_buf buf = {0};

	tui_pane_read(t, view, UINT64_MAX);
	assert_int_equal(tui_canvas_init(&canvas, cols, rows), 0);
	tui_trace_scene(t, &scene);
	assert_int_equal(tui_view_by_id(view)->draw(&canvas, &scene), 0);
	assert_int_equal(tui_back_text(&canvas, &buf), 0);
	golden_frame(name, &buf);
	tui_buf_fini(&buf);
	tui_canvas_fini(&canvas);
}

#endif
