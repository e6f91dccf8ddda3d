/* SPDX-License-Identifier: MIT */
#include "tui/app/cast.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tracer/launch/launch.h"
#include "tui/canvas/back.h"

struct tui_cast {
	FILE *file;
	struct tui_canvas before; /* cells NULL: nothing yet */
	uint64_t began_ns;
	int failed; /* errno */
};

int tui_cast_new(struct tui_cast **out, const char *path, struct gtv_err *err)
{
	struct tui_cast *cast = calloc(1, sizeof(*cast));
	struct gtv_user user;
	int rc = cast ? gtv_user_get(&user, err) : -GTV_ENOMEM;
	int fd = rc ? -1 : gtv_output_open(path, &user, err);

	if (fd >= 0)
		cast->file = fdopen(fd, "w");
	if (cast && cast->file) {
		*out = cast;
		return 0;
	}
	free(cast);
	if (fd >= 0)
		close(fd);
	else if (!rc)
		return -GTV_EIO; /* err says why */
	return rc && rc != -GTV_ENOMEM
		       ? rc
		       : gtv_err_set(err, GTV_ENOMEM, path, "", "out of memory");
}

/* The first line: how large the screen is, and when it was. */
static void put_head(const struct tui_cast *cast, const struct tui_canvas *c)
{
	fprintf(cast->file,
		"{\"version\": 2, \"width\": %d, \"height\": %d, \"timestamp\": %lld, "
		"\"title\": \"gtviz\", \"env\": {\"TERM\": \"xterm-256color\"}}\n",
		c->cols, c->rows, (long long)time(NULL));
}

static void put_json(FILE *f, const struct tui_buf *buf)
{
	for (size_t i = 0; i < buf->size; i++) {
		unsigned char ch = (unsigned char)buf->bytes[i];

		if (ch == '"' || ch == '\\')
			fputc('\\', f);
		if (ch < 0x20)
			fprintf(f, "\\u%04x", ch);
		else
			fputc(ch, f);
	}
}

static void put_change(const struct tui_cast *cast, uint64_t at_ns, const char *kind,
		       const struct tui_buf *buf)
{
	fprintf(cast->file, "[%llu.%06llu, \"%s\", \"",
		(unsigned long long)(at_ns / 1000000000u),
		(unsigned long long)(at_ns / 1000u % 1000000u), kind);
	put_json(cast->file, buf);
	fputs("\"]\n", cast->file);
}

static void put_size(const struct tui_cast *cast, uint64_t at_ns,
		     const struct tui_canvas *c)
{
	struct tui_buf buf = {0};

	tui_buf_format(&buf, "%dx%d", c->cols, c->rows);
	put_change(cast, at_ns, "r", &buf);
	tui_buf_fini(&buf);
}

/* What is shown is what the next frame is compared with. */
static int keep(struct tui_cast *cast, const struct tui_canvas *c)
{
	if (cast->before.cols != c->cols || cast->before.rows != c->rows) {
		tui_canvas_fini(&cast->before);
		if (tui_canvas_init(&cast->before, c->cols, c->rows)) {
			memset(&cast->before, 0, sizeof(cast->before));
			return -1;
		}
	}
	memcpy(cast->before.cells, c->cells,
	       (size_t)c->rows * (size_t)c->cols * sizeof(*c->cells));
	return 0;
}

int tui_cast_frame(struct tui_cast *cast, const struct tui_canvas *canvas,
		   enum tui_theme theme, uint64_t now_ns)
{
	const struct tui_canvas *before = cast->before.cells ? &cast->before : NULL;
	struct tui_buf buf = {0};
	int rc;

	if (cast->failed)
		return 0;
	if (!before) {
		cast->began_ns = now_ns;
		put_head(cast, canvas);
	} else if (before->cols != canvas->cols || before->rows != canvas->rows) {
		put_size(cast, now_ns - cast->began_ns, canvas);
	}
	rc = tui_back_ansi_changes(canvas, before, theme, &buf);
	if (!rc && buf.size)
		put_change(cast, now_ns - cast->began_ns, "o", &buf);
	tui_buf_fini(&buf);
	errno = 0;
	if (rc || keep(cast, canvas))
		cast->failed = ENOMEM;
	else if (fflush(cast->file) || ferror(cast->file))
		cast->failed = errno ? errno : EIO;
	return cast->failed != 0;
}

const char *tui_cast_error(const struct tui_cast *cast)
{
	return strerror(cast->failed);
}

int tui_cast_free(struct tui_cast *cast)
{
	int failed;

	if (!cast)
		return 0;
	failed = cast->failed | fclose(cast->file);
	tui_canvas_fini(&cast->before);
	free(cast);
	return failed ? -1 : 0;
}
