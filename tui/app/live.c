/* SPDX-License-Identifier: MIT
 *
 * What only a live screen has: the session, the program's keyboard, and the end of
 * both. Typing is raw: each key goes to the program's terminal at once, which
 * echoes and edits as any terminal does.
 */
#include "tui/app/app.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/tail.h"

#define TAIL_LINES 20

/* What is not to be seen, and why: a line that the first key takes away. */
static void say_limits(struct tui_app *app)
{
	const struct gtv_session_status *st = &app->status;
	char why[240];

	app->trace.facts.no_green = st->rings_why[0] != 0;
	if (st->rings_why[0])
		tui_app_say(app, "its green threads are not shown: %s", st->rings_why);
	else if (st->level_why[0] && app->opts->level < 0)
		tui_app_say(app, "level %d only: %s", st->level,
			    gtv_names_escape(st->level_why, why, sizeof(why)));
}

int tui_live_start(struct tui_app *app, int cols, int rows, struct gtv_err *err)
{
	const struct gtv_options *opts = app->opts;
	struct gtv_session_config config = {
		.argv = opts->program,
		.output = opts->output,
		.policy = opts->policy,
		.level = opts->level,
		.all_tasks = opts->all,
		.syscalls = opts->syscalls,
		.irq = opts->irq,
		.as_root = opts->as_root,
		.screen = 1,
		.use_pty = 1,
		.rows = (unsigned short)rows,
		.cols = (unsigned short)cols,
		.ring_bytes = opts->ring_bytes,
		.ring_count = opts->rings,
		.keep_bytes = opts->keep_bytes,
		.keep_ns = opts->keep_ns,
	};
	int rc = opts->attach ? gtv_cmd_attach_pid(opts->attach, &config.attach, err) : 0;

	if (rc)
		return rc;
	config.use_pty = !config.attach;
	rc = gtv_session_start(&app->session, &config, err);

	if (rc)
		return rc;
	rc = tui_trace_attach(&app->trace, gtv_session_store(app->session), err);
	if (rc) {
		gtv_session_kill(app->session);
		gtv_session_wait(app->session, err);
		gtv_session_close(app->session);
		app->session = NULL;
		return rc;
	}
	if (opts->output) {
		const char *name = strrchr(opts->output, '/');

		gtv_names_escape(name ? name + 1 : opts->output, app->trace.facts.file,
				 sizeof(app->trace.facts.file));
	}
	gtv_session_status(app->session, &app->status);
	say_limits(app);
	return 0;
}

void tui_live_resize(struct tui_app *app, int cols, int rows)
{
	gtv_session_resize(app->session, (unsigned short)rows, (unsigned short)cols);
}

int tui_live_event_fd(const struct tui_app *app)
{
	return gtv_session_event_fd(app->session);
}

int tui_live_input_fd(const struct tui_app *app)
{
	return gtv_session_pty(app->session);
}

void tui_live_write(struct tui_app *app)
{
	const struct gtv_session_status *st = &app->status;

	if (!st->keeping) {
		tui_app_say(app, "all of it is kept: R is for --ring SIZE|TIME");
	} else if (st->flight.writing) {
		tui_app_say(app, "it is being written already");
	} else {
		gtv_session_write(app->session);
		tui_app_say(app, "what is kept is being written");
	}
}

/* Where it went, or why not. Said once it is over. */
static void say_written(struct tui_app *app)
{
	const struct gtv_flight_told *told = &app->status.flight;
	char path[160], length[TUI_FIGURE], bytes[TUI_FIGURE], line[512];

	if (told->err.code) {
		tui_app_say(app, "not written: %s",
			    gtv_err_line(&told->err, line, sizeof(line)));
		return;
	}
	gtv_names_escape(told->path, path, sizeof(path));
	tui_app_say(app, "written to %s: the last %s, %s", path,
		    tui_format_length(length, sizeof(length), told->kept_ns),
		    tui_format_bytes(bytes, sizeof(bytes), told->bytes));
}

void tui_live_update(struct tui_app *app)
{
	struct gtv_session_status old = app->status;
	struct tui_facts *facts = &app->trace.facts;

	gtv_session_status(app->session, &app->status);
	facts->level = app->status.level;
	gtv_names_escape(app->status.level_why, facts->level_why, sizeof(facts->level_why));
	facts->events_per_s = app->status.running ? app->status.events_per_s : 0;
	facts->ring_percent = app->status.ring_percent;
	if (tui_trace_grow(&app->trace,
			   tui_timeline_cells_at(app->canvas.cols, app->canvas.rows)))
		app->dirty = 1;
	facts->events = app->status.events;
	facts->lost = app->status.lost;
	facts->bytes = app->status.keeping ? app->status.kept_bytes : app->status.bytes;
	if (app->status.flight.written != old.flight.written)
		say_written(app);
	facts->lost_seen = facts->lost == app->lost_told;
	if (app->status.finished && facts->mode == TUI_LIVE) {
		tui_live_say_end(app, app->status.wait_status);
		tui_live_become_ended(app);
	}
	/* A rate that falls to nought is news though no event came. */
	if (old.events != app->status.events || old.running != app->status.running ||
	    old.finished != app->status.finished || old.lost != app->status.lost ||
	    (int)old.events_per_s != (int)app->status.events_per_s)
		app->dirty = 1;
}

/* What a terminal sends for the keys that are more than a character. */
static const char *key_bytes(int key)
{
	switch (key) {
	case TUI_KEY_UP:
		return "\033[A";
	case TUI_KEY_DOWN:
		return "\033[B";
	case TUI_KEY_RIGHT:
		return "\033[C";
	case TUI_KEY_LEFT:
		return "\033[D";
	case TUI_KEY_HOME:
		return "\033[H";
	case TUI_KEY_END:
		return "\033[F";
	case TUI_KEY_PGUP:
		return "\033[5~";
	case TUI_KEY_PGDN:
		return "\033[6~";
	case TUI_KEY_DELETE:
		return "\033[3~";
	default:
		return "";
	}
}

void tui_live_key(struct tui_app *app, int key)
{
	const char *bytes;
	char buf[5] = {0};

	if (key >= TUI_KEY_LEFT) {
		bytes = key_bytes(key);
	} else {
		buf[tui_glyph_encode((uint32_t)key, buf)] = 0;
		bytes = buf;
	}
	/* NUL (Ctrl-Space) is a key too, though no text. */
	size_t size = key ? strlen(bytes) : 1;

	if (app->typed_size + size > sizeof(app->typed)) {
		tui_app_say(app, "the program reads nothing: this key was dropped");
		return;
	}
	memcpy(app->typed + app->typed_size, bytes, size);
	app->typed_size += size;
	tui_live_flush(app);
}

void tui_live_flush(struct tui_app *app)
{
	int fd = gtv_session_pty(app->session);
	ssize_t n;

	if (fd < 0 || !app->typed_size)
		return;
	n = write(fd, app->typed, app->typed_size);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		app->typed_size = 0; /* nobody reads there any more */
	if (n <= 0)
		return;
	app->typed_size -= (size_t)n;
	memmove(app->typed, app->typed + n, app->typed_size);
}

static void say_goodbye(const struct tui_app *app, int detached)
{
	const struct gtv_session_status *st = &app->status;
	struct gtv_store_info info;
	char path[256];

	gtv_store_get_info(app->trace.store, &info);
	if (st->flight.written)
		fprintf(stderr, "gtviz: %s: the last %.3f s\n",
			gtv_names_escape(st->flight.path, path, sizeof(path)),
			(double)st->flight.kept_ns / 1e9);
	else if (app->opts->output)
		fprintf(stderr, "gtviz: %s: %llu events, lost %llu, %s\n",
			app->opts->output, (unsigned long long)st->events,
			(unsigned long long)st->lost,
			gtv_out_level(st->level, st->simulated));
	if (detached)
		fprintf(stderr, "gtviz: process %u runs on, no longer traced\n", info.pid);
	else if (st->survivors)
		fprintf(stderr, "gtviz: still running, no longer traced: %s\n",
			st->survivor_names);
}

int tui_live_end(struct tui_app *app)
{
	struct gtv_err err = {0};
	int detached = app->leave == TUI_LEAVE_DETACH || app->status.attached, rc;

	if (detached)
		gtv_session_detach(app->session);
	else
		gtv_session_kill(app->session);
	rc = gtv_session_wait(app->session, &err);
	gtv_session_status(app->session, &app->status);
	tui_tail_print(app->trace.store, TAIL_LINES, stdout);
	if (!rc)
		say_goodbye(app, detached && app->status.running);
	int running = app->status.running, wait_status = app->status.wait_status;

	tui_trace_close(&app->trace);
	gtv_session_close(app->session);
	app->session = NULL;
	if (rc)
		return gtv_cmd_launch_error(&err);
	return running || app->status.attached ? GTV_EXIT_GOOD
					       : gtv_launch_exit_code(wait_status);
}
