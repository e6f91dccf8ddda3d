/* SPDX-License-Identifier: MIT */
#include "tui/app/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/cmd/out.h"
#include "tui/app/prompt.h"
#include "tui/canvas/glyph.h"
#include "tui/view/opening.h"
#include "tui/trace/compare.h"
#include "tui/trace/patience.h"

/* What is over sooner needs no screen of its own. */
#define BLINK_MS 150

enum { CTRL_C = 3, CTRL_L = 12, CTRL_Z = 26 };

struct tui_opening {
	pthread_t thread;
	int fd;		    /* the trace's, until it is taken; -1: a named pipe */
	int done_fd[2];	    /* hangs up when it is done */
	int cols, rows;	    /* of the first picture */
	int growing, ascii; /* growing: what comes by a pipe is shown while it comes */
	uint64_t began_ns;
	struct gtv_progress progress;
	_Atomic int second; /* the second trace is being opened */
	int rc;		    /* once it is done */
	struct gtv_err err;
};

/* What of the first picture takes longer is read while one looks at it. */
#define LOOK_NS 300000000u

/* The first picture, made for nobody: what it reads is read then. */
static void look(struct tui_app *app)
{
	struct tui_canvas canvas;

	gtv_progress_at(GTV_STEP_LOOK, 0, 0);
	if (tui_canvas_init(&canvas, app->opening->cols, app->opening->rows))
		return;
	tui_trace_hurry(&app->trace, LOOK_NS, NULL, NULL);
	if (app->view != TUI_VIEW_EXPLAIN)
		tui_app_draw_view(app, &canvas);
	tui_trace_whole(&app->trace);
	tui_canvas_fini(&canvas);
}

static void *work(void *arg)
{
	struct tui_app *app = arg;
	struct tui_opening *o = app->opening;
	const struct gtv_options *opts = app->opts;
	struct tui_trace *t = &app->trace;

	gtv_progress_to(&o->progress);
	/* A named pipe opens when somebody writes to it: that is waited for here. */
	if (o->fd < 0)
		o->fd = gtv_out_fd(opts->file, &o->err);
	o->rc = o->fd < 0 ? -o->err.code
			  : tui_trace_open_fd(t, o->fd, opts->file, o->growing, &o->err);
	if (!o->rc) {
		app->streaming = t->facts.mode == TUI_LIVE;
		tui_app_apply_settings(app);
		if (opts->file2) {
			atomic_store(&o->second, 1);
			o->rc = tui_trace_compare_open(t, opts->file2, &o->err);
		}
		if (!o->rc)
			o->rc = tui_trace_place(t, opts, &o->err);
		if (o->rc)
			tui_trace_close(t);
	}
	if (!o->rc)
		look(app);
	gtv_progress_to(NULL);
	close(o->done_fd[1]);
	return NULL;
}

static void forget(struct tui_app *app)
{
	struct tui_opening *o = app->opening;

	if (o->done_fd[0] >= 0)
		close(o->done_fd[0]);
	free(o);
	app->opening = NULL;
}

/* Signals are for the loop. */
static int start(struct tui_app *app, struct gtv_err *err)
{
	struct tui_opening *o = app->opening;
	sigset_t all, old;

	if (pipe(o->done_fd))
		return gtv_err_set(err, GTV_EIO, app->opts->file, "", "%s",
				   strerror(errno));
	for (int i = 0; i < 2; i++)
		fcntl(o->done_fd[i], F_SETFD, FD_CLOEXEC);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&o->thread, NULL, work, app);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!rc)
		return 0;
	close(o->done_fd[1]);
	return gtv_err_set(err, GTV_EIO, app->opts->file, "", "%s", strerror(rc));
}

static int wait_for(const struct tui_opening *o, int ms)
{
	struct pollfd fd = {.fd = o->done_fd[0], .events = POLLIN};

	return poll(&fd, 1, ms) > 0;
}

int tui_opening_begin(struct tui_app *app, int cols, int rows, struct gtv_err *err)
{
	const struct gtv_options *opts = app->opts;
	/* A place in the trace is asked for: all of it must be there to know where. */
	int placed = opts->file2 || opts->from_ns != UINT64_MAX ||
		     opts->to_ns != UINT64_MAX || opts->select;
	int waits = gtv_out_is_fifo(opts->file), fd = -1, rc;

	/* Privileges go before there is a second thread. */
	rc = waits ? gtv_out_drop(err) : 0;
	if (!waits)
		fd = gtv_out_fd(opts->file, err);
	if (rc || (!waits && fd < 0))
		return -err->code;
	app->opening = calloc(1, sizeof(*app->opening));
	if (!app->opening) {
		if (fd >= 0)
			close(fd);
		return gtv_err_set(err, GTV_ENOMEM, opts->file, "", "out of memory");
	}
	*app->opening = (struct tui_opening){.fd = fd,
					     .done_fd = {-1, -1},
					     .cols = cols,
					     .rows = rows,
					     .growing = !placed,
					     .ascii = opts->ascii || app->settings.ascii,
					     .began_ns = tui_app_now_ns()};
	rc = start(app, err);
	if (rc) {
		if (fd >= 0)
			close(fd);
		forget(app);
		return rc;
	}
	wait_for(app->opening, BLINK_MS);
	return 0;
}

int tui_opening_fd(const struct tui_app *app)
{
	return app->opening->done_fd[0];
}

int tui_opening_is_done(const struct tui_app *app)
{
	return wait_for(app->opening, 0);
}

/* What is not whole is said once: what is missing is hatched, or is not there at all. */
static void say_damage(struct tui_app *app)
{
	struct gtv_store_stats stats;
	struct gtv_store_info info;

	gtv_store_get_stats(app->trace.store, &stats);
	gtv_store_get_info(app->trace.store, &info);
	if (app->streaming)
		return;
	if (!stats.complete && info.exit_status == -1)
		tui_app_say(app, "the recorder was killed: this is what it had written");
	else if (!stats.complete || stats.gaps)
		tui_app_say(app, "the file is damaged: what is missing is hatched; "
				 "gtviz check tells more");
}

int tui_opening_end(struct tui_app *app, struct gtv_err *err)
{
	struct tui_opening *o = app->opening;
	int rc;

	pthread_join(o->thread, NULL);
	rc = o->rc;
	if (rc)
		*err = o->err;
	else
		say_damage(app);
	forget(app);
	return rc;
}

void tui_opening_draw_app(const struct tui_app *app, struct tui_canvas *canvas)
{
	struct tui_opening *o = app->opening;
	struct tui_opening_facts facts = {
		.step = (enum gtv_step)atomic_load(&o->progress.step),
		.done = atomic_load(&o->progress.done),
		.all = atomic_load(&o->progress.all),
		.for_ns = tui_app_now_ns() - o->began_ns,
	};
	const char *file = atomic_load(&o->second) ? app->opts->file2 : app->opts->file;
	const char *name = strrchr(file, '/');

	/* They are read one by one while they change. */
	if (facts.done > facts.all && facts.all)
		facts.done = facts.all;
	gtv_names_escape(name && name[1] ? name + 1 : file, facts.file, sizeof(facts.file));
	tui_opening_draw(canvas, &facts);
	if (o->ascii || tui_term_is_ascii(app->term))
		tui_glyph_canvas_ascii(canvas);
}

void tui_opening_key(struct tui_app *app, int key)
{
	switch (key) {
	case CTRL_L:
		tui_term_repaint(app->term);
		break;
	case CTRL_Z:
		tui_term_suspend(app->term);
		break;
	case CTRL_C:
	case TUI_KEY_ESC:
		app->leave = TUI_LEAVE_QUIT;
		break;
	default:
		if (tui_keymap_action(&app->keymap, TUI_IN_TIMELINE, key) == TUI_ACT_QUIT)
			app->leave = TUI_LEAVE_QUIT;
	}
}
