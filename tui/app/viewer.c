/* SPDX-License-Identifier: MIT
 *
 * What live.c is in a gtviz that only views (make REPLAY_ONLY=1): there is no session,
 * so all but the start is never called.
 */
#include "tui/app/app.h"

#include "tracer/cmd/cmd.h"

int tui_live_start(struct tui_app *app, int cols, int rows, struct gtv_err *err)
{
	(void)app;
	(void)cols;
	(void)rows;
	return gtv_cmd_viewer_only("run", err);
}

void tui_live_update(struct tui_app *app)
{
	(void)app;
}

void tui_live_resize(struct tui_app *app, int cols, int rows)
{
	(void)app;
	(void)cols;
	(void)rows;
}

int tui_live_event_fd(const struct tui_app *app)
{
	(void)app;
	return -1;
}

int tui_live_input_fd(const struct tui_app *app)
{
	(void)app;
	return -1;
}

void tui_live_key(struct tui_app *app, int key)
{
	(void)app;
	(void)key;
}

void tui_live_flush(struct tui_app *app)
{
	app->typed_size = 0;
}

void tui_live_write(struct tui_app *app)
{
	(void)app;
}

int tui_live_end(struct tui_app *app)
{
	tui_trace_close(&app->trace);
	return GTV_EXIT_GTVIZ;
}
