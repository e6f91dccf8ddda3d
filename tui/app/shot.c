/* SPDX-License-Identifier: MIT */
#include "tui/app/shot.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tracer/cmd/cmd.h"
#include "tracer/launch/launch.h"
#include "tui/trace/panes.h"
#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"
#include "tui/canvas/theme.h"
#include "tui/trace/trace.h"
#include "tui/trace/compare.h"

#define COLS_DEFAULT 120
#define ROWS_DEFAULT 40

struct shot {
	const struct tui_view_ops *view;
	enum tui_theme theme;
	enum gtv_format format;
	int cols, rows;
};

static int check_options(struct shot *shot, const struct gtv_options *opts,
			 struct gtv_err *err)
{
	int to_stdout = !opts->output || !strcmp(opts->output, "-");
	int theme = opts->theme ? tui_theme_find(opts->theme) : TUI_THEME_DARK;

	if (theme < 0)
		return gtv_err_set(err, GTV_EUSAGE, "--theme",
				   "dark, light, safe, projector, 16, mono",
				   "there is no theme \"%s\"", opts->theme);
	shot->theme = (enum tui_theme)theme;
	shot->view = tui_view_find(opts->view	 ? opts->view
				   : opts->file2 ? "compare"
						 : "timeline");
	if (!shot->view)
		return gtv_err_set(err, GTV_EUSAGE, "--view", "gtviz help shot",
				   "there is no view \"%s\"", opts->view);
	shot->format = opts->format;
	if (shot->format == GTV_FORMAT_AUTO)
		shot->format = to_stdout && isatty(STDOUT_FILENO) ? GTV_FORMAT_ANSI
								  : GTV_FORMAT_TEXT;
	shot->cols = opts->cols_count ? opts->cols_count : COLS_DEFAULT;
	shot->rows = opts->rows_count ? opts->rows_count : ROWS_DEFAULT;
	return 0;
}

static int render(enum gtv_format format, enum tui_theme theme,
		  const struct tui_canvas *canvas, struct tui_buf *out)
{
	switch (format) {
	case GTV_FORMAT_SVG:
		return tui_back_svg(canvas, theme, out);
	case GTV_FORMAT_ANSI:
		return tui_back_ansi(canvas, theme, out);
	default:
		return tui_back_text(canvas, out);
	}
}

/* One frame of the trace, drawn and rendered. */
static int draw(const struct shot *shot, struct tui_trace *trace, struct tui_buf *out,
		struct gtv_err *err)
{
	struct tui_canvas canvas;
	struct tui_scene scene;
	int rc;

	if (shot->view->id == TUI_VIEW_EXPLAIN && tui_trace_explain(trace))
		return gtv_err_set(err, GTV_EUSAGE, "--view explain", "--select LANE", "%s",
				   "no wait is selected to be explained");
	tui_pane_read(trace, shot->view->id, UINT64_MAX);
	if (tui_canvas_init(&canvas, shot->cols, shot->rows))
		return gtv_err_set(err, GTV_ENOMEM, "frame", "", "out of memory");
	tui_trace_scene(trace, &scene);
	tui_canvas_clear(&canvas);
	rc = shot->view->draw(&canvas, &scene);
	if (rc)
		gtv_err_set(err, -rc, "trace", "gtviz check FILE", "%s",
			    "this part of it cannot be read");
	if (trace->facts.ascii)
		tui_glyph_canvas_ascii(&canvas);
	if (!rc && (rc = render(shot->format, shot->theme, &canvas, out)))
		gtv_err_set(err, GTV_ENOMEM, "frame", "", "out of memory");
	tui_canvas_fini(&canvas);
	return rc;
}

static int write_out(const char *path, const struct tui_buf *buf, struct gtv_err *err)
{
	struct gtv_user user;
	size_t done = 0;
	int rc = 0, fd;

	if ((rc = gtv_user_get(&user, err)))
		return rc;
	fd = gtv_output_open(path, &user, err);
	if (fd < 0)
		return -GTV_EIO;
	while (!rc && done < buf->size) {
		ssize_t n = write(fd, buf->bytes + done, buf->size - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			rc = gtv_err_set(err, GTV_EIO, path, "", "%s", strerror(errno));
	}
	if (close(fd) && !rc)
		rc = gtv_err_set(err, GTV_EIO, path, "", "%s", strerror(errno));
	return rc;
}

int tui_shot_write(const struct tui_canvas *canvas, enum tui_theme theme,
		   enum gtv_format format, const char *path, struct gtv_err *err)
{
	struct tui_buf buf = {0};
	int rc = render(format, theme, canvas, &buf);

	if (rc)
		gtv_err_set(err, GTV_ENOMEM, "frame", "", "out of memory");
	else
		rc = write_out(path, &buf, err);
	tui_buf_fini(&buf);
	return rc;
}

int tui_shot(const struct gtv_options *opts)
{
	struct gtv_err err = {0};
	struct tui_buf buf = {0};
	struct tui_trace trace;
	struct shot shot = {0};

	if (check_options(&shot, opts, &err) || tui_trace_open(&trace, opts->file, &err))
		return gtv_cmd_error(&err);
	trace.facts.ascii = opts->ascii;
	int rc = opts->file2 ? tui_trace_compare_open(&trace, opts->file2, &err) : 0;

	if (!rc)
		rc = tui_trace_place(&trace, opts, &err);

	if (!rc)
		rc = draw(&shot, &trace, &buf, &err);
	tui_trace_close(&trace);
	if (!rc)
		rc = write_out(opts->output ? opts->output : "-", &buf, &err);
	tui_buf_fini(&buf);
	return rc ? gtv_cmd_error(&err) : GTV_EXIT_GOOD;
}
