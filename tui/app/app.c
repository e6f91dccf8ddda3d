/* SPDX-License-Identifier: MIT
 *
 * The loop: sleep until a key, a signal, the session or the next frame; take in
 * what there is; draw if anything changed; read. A key is answered before anything is
 * read, and what is read comes in pieces, between which it is seen whether one waits. A
 * frame is never begun sooner than a thirtieth of a second after the last, and drawing
 * takes a fifth of a core at most: what we watch needs the cores more than we do.
 */
#include "tui/app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tracer/cmd/cmd.h"
#include "tui/app/opening.h"
#include "tui/app/panes.h"
#include "tui/trace/asking.h"
#include "tui/trace/load.h"
#include "tui/trace/panes.h"
#include "tui/app/prompt.h"
#include "tui/app/search.h"
#include "tui/app/scope.h"
#include "tui/app/talk.h"
#include "tui/app/cast.h"
#include "tui/app/kept.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/sieve.h"
#include "tui/trace/scope.h"
#include "tui/trace/patience.h"
#include "tui/trace/span.h"

#define FRAME_NS      33000000u
#define FRAME_COST    5 /* frames are at least so many times their cost apart */
#define NS_PER_MS     1000000u
#define KEYS_AT_ONCE  256
#define BEGUN_NS      1000000u
#define ANSWER_NS     8000000u	/* after a key the next frame may follow so soon */
#define LOOK_NS	      1000000u	/* of a frame: what it may decode before it is shown */
#define MESSAGE_ROWS  16	/* smaller screens have no line for messages of their own */
#define READ_NS	      15000000u /* of a frame: reading for the view that is shown */
#define PIECE_NS      4000000u	/* of it, until it is seen whether a key waits */
#define SCOPE_NS      24000000u /* of a frame: the trigger and the cursors, in a replay */
#define READ_ON_NS    250000000u /* for the window at most; a key ends it */
#define LOOK_AGAIN_MS 100	 /* live: so soon though nothing was told */
#define OPENING_MS    100	 /* how often it is said how far the opening is */

/* Signals come in by this pipe, a byte each: its number. */
static int signal_pipe[2] = {-1, -1};

static const int caught[] = {SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT,
			     SIGTSTP, SIGCONT, SIGWINCH, SIGUSR1};
#define CAUGHT_COUNT (sizeof(caught) / sizeof(*caught))

uint64_t tui_app_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void tui_app_say(struct tui_app *app, const char *fmt, ...)
{
	struct tui_facts *facts = &app->trace.facts;
	va_list args;

	va_start(args, fmt);
	vsnprintf(facts->message, sizeof(facts->message), fmt, args);
	va_end(args);
	app->dirty = 1;
}

static void on_signal(int sig)
{
	int saved = errno;
	unsigned char byte = (unsigned char)sig;

	/* A full pipe has news enough. */
	if (write(signal_pipe[1], &byte, 1) < 0)
		errno = saved;
	errno = saved;
}

static int catch_signals(struct gtv_err *err)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (pipe(signal_pipe))
		return gtv_err_set(err, GTV_EIO, "signals", "", "%s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
	}
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		sigaction(caught[i], &sa, NULL);
	return 0;
}

static void leave_signals(void)
{
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		signal(caught[i], SIG_DFL);
	close(signal_pipe[0]);
	close(signal_pipe[1]);
}

static void fit_canvas(struct tui_app *app)
{
	int cols, rows;

	tui_term_size(app->term, &cols, &rows);
	if (cols == app->canvas.cols && rows == app->canvas.rows)
		return;
	tui_canvas_fini(&app->canvas);
	if (tui_canvas_init(&app->canvas, cols, rows))
		memset(&app->canvas, 0, sizeof(app->canvas));
	if (app->session)
		tui_live_resize(app, cols, rows);
}

void tui_app_draw_view(struct tui_app *app, struct tui_canvas *canvas)
{
	const struct tui_view_ops *view = tui_view_by_id(app->view);
	struct tui_scene scene;

	if (app->view == TUI_VIEW_LOAD && app->trace.store)
		tui_load_for(&app->trace, canvas->cols);
	tui_trace_scene(&app->trace, &scene);
	scene.keymap = &app->keymap;
	if (canvas == &app->canvas) {
		app->spots.count = 0;
		scene.spots = &app->spots;
	}
	tui_canvas_clear(canvas);
	/* An error has drawn its own line. */
	if (app->talking && tui_talking_draws(app))
		tui_talking_draw(app, canvas);
	else if (view)
		(void)view->draw(canvas, &scene);
	if (app->trace.facts.ascii)
		tui_glyph_canvas_ascii(canvas);
}

static void draw(struct tui_app *app)
{
	uint64_t began_ns = tui_app_now_ns();

	fit_canvas(app);
	if (!app->canvas.cells)
		return;
	tui_trace_hurry(&app->trace, LOOK_NS, NULL, NULL);
	tui_app_draw_view(app, &app->canvas);
	tui_trace_whole(&app->trace);
	if (app->trace.facts.message[0] && app->canvas.rows < MESSAGE_ROWS)
		tui_prompt_draw_message(app->trace.facts.message, &app->canvas);
	if (!app->talking || !tui_talking_draws(app))
		tui_app_draw_progress(app, &app->canvas);
	tui_prompt_draw(&app->prompt, &app->canvas);
	tui_term_show(app->term, &app->canvas);
	if (app->cast && tui_cast_frame(app->cast, &app->canvas, tui_term_theme(app->term),
					tui_app_now_ns()))
		tui_app_say(app, "%s: %s", app->opts->cast, tui_cast_error(app->cast));
	app->frame_cost_ns = tui_app_now_ns() - began_ns;
	app->dirty = app->answering = 0;
}

/* When to look again at what has grown, and draw if it has. A key is not kept waiting,
 * but drawing takes half of a core at most even then. */
static uint64_t next_round_ns(const struct tui_app *app)
{
	uint64_t apart_ns = FRAME_COST * app->frame_cost_ns;

	if (app->answering)
		return app->round_ns + (2 * app->frame_cost_ns > ANSWER_NS
						? 2 * app->frame_cost_ns
						: ANSWER_NS);
	return app->round_ns + (apart_ns > FRAME_NS ? apart_ns : FRAME_NS);
}

static void take_signals(struct tui_app *app)
{
	unsigned char sigs[64];
	ssize_t n = read(signal_pipe[0], sigs, sizeof(sigs));

	for (ssize_t i = 0; i < n; i++) {
		switch (sigs[i]) {
		case SIGWINCH:
			tui_term_resized(app->term);
			break;
		case SIGTSTP:
			tui_term_suspend(app->term);
			break;
		case SIGCONT:
			tui_term_retake(app->term);
			break;
		case SIGUSR1:
			if (app->session)
				tui_live_write(app);
			break;
		default:
			app->dying = sigs[i];
			app->leave = TUI_LEAVE_QUIT;
		}
		app->dirty = 1;
	}
}

static void take_key(struct tui_app *app, int key)
{
	if (app->opening)
		tui_opening_key(app, key);
	else if (!app->talking || !tui_talking_key(app, key))
		tui_app_key(app, key);
}

static void take_keys(struct tui_app *app)
{
	for (int i = 0; i < KEYS_AT_ONCE && !app->leave; i++) {
		int key = tui_term_key(app->term);

		if (key == TUI_KEY_NONE)
			return;
		if (key < 0) {
			/* The terminal is gone: as if it had hung up on us. */
			app->dying = SIGHUP;
			app->leave = TUI_LEAVE_QUIT;
			return;
		}
		take_key(app, key);
		app->answering = 1;
	}
}

/* How long to read before what came of it is drawn: where drawing is dear, longer. */
static uint64_t read_on_ns(const struct tui_app *app)
{
	uint64_t ns = (FRAME_COST - 1) * app->frame_cost_ns;

	return ns < READ_NS ? READ_NS : ns < READ_ON_NS ? ns : READ_ON_NS;
}

/* A key waits: reading can wait longer. */
static int key_waits(void *arg)
{
	const struct tui_app *app = arg;
	struct pollfd fd = {.fd = tui_term_fd(app->term), .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

static void play(struct tui_app *app)
{
	uint64_t now_ns = tui_app_now_ns();

	if (!app->trace.nav.playing)
		return;
	tui_nav_play(&app->trace.nav, now_ns - app->played_ns);
	app->played_ns = now_ns;
	app->dirty = 1;
	tui_app_live_played(app);
}

/* Rows that the last frame had not the time to look at: the next one goes on. */
static int is_half_listed(const struct tui_app *app)
{
	return app->view == TUI_VIEW_TIMELINE && app->trace.store &&
	       (tui_sieve_unread(app->trace.sieve) ||
		gtv_window_busy_unread(app->trace.window));
}

/* Live: whether the next round is to come as soon as it may. What a pipe brings tells
 * nobody of it. */
static int is_soon(const struct tui_app *app)
{
	return tui_live_active(app) &&
	       (app->news || app->streaming || app->answering || app->begins);
}

/* How long there is nothing to do: until the next frame if one is wanted or more has come
 * or may have, else for ever. A session says when there is more; what changes by itself
 * meanwhile, as a rate that falls, is seen to a few times a second. */
static int sleep_ms(const struct tui_app *app)
{
	uint64_t now_ns = tui_app_now_ns(), next_ns = next_round_ns(app);
	int has_trace = app->trace.store != NULL;

	if (!app->dirty && !app->trace.nav.playing && !is_soon(app) &&
	    !(has_trace &&
	      (tui_pane_unread(&app->trace, app->view) || tui_trace_unread(&app->trace))) &&
	    !tui_search_runs(app) && !tui_app_exports(app) && !is_half_listed(app) &&
	    !tui_scope_unread(&app->trace) && !tui_span_unread(&app->trace) &&
	    !tui_asking_unread(&app->trace) && !(app->talking && tui_talking_active(app)))
		return tui_live_active(app) ? LOOK_AGAIN_MS : -1;
	return next_ns > now_ns ? (int)((next_ns - now_ns) / NS_PER_MS) + 1 : 0;
}

/* The view's, piece by piece. Where a piece ends early there is no more just now. */
static void read_pane(struct tui_app *app, uint64_t budget_ns)
{
	uint64_t began_ns = tui_app_now_ns(), at_ns = began_ns, last_ns;

	do {
		last_ns = at_ns;
		if (tui_pane_read(&app->trace, app->view, PIECE_NS))
			app->dirty = 1;
		at_ns = tui_app_now_ns();
	} while (at_ns - last_ns >= PIECE_NS && at_ns - began_ns < budget_ns &&
		 tui_pane_unread(&app->trace, app->view) && !key_waits(app));
}

static void read_scope(struct tui_app *app)
{
	uint64_t began_ns = tui_app_now_ns();
	int pieces = 0;

	do
		tui_app_scope_turn(app);
	while (app->trace.facts.mode != TUI_LIVE && ++pieces < (int)(SCOPE_NS / PIECE_NS) &&
	       tui_scope_unread(&app->trace) && tui_app_now_ns() - began_ns < SCOPE_NS &&
	       !key_waits(app));
}

/* What the trigger, the cursors, the view, the window and the selection ask of the trace; a
 * key that waits ends it. */
static void read_on(struct tui_app *app)
{
	if (is_half_listed(app))
		app->dirty = 1;
	if (app->view == TUI_VIEW_TIMELINE && !key_waits(app))
		tui_trace_read_newest(
			&app->trace,
			tui_timeline_cells_at(app->canvas.cols, app->canvas.rows), READ_NS,
			key_waits, app);
	read_scope(app);
	if (!key_waits(app))
		read_pane(app, READ_NS);
	if (!key_waits(app) &&
	    tui_trace_read_on(&app->trace, read_on_ns(app), key_waits, app))
		app->dirty = 1;
	if (!key_waits(app) && !tui_trace_unread(&app->trace) &&
	    tui_span_read_on(&app->trace, READ_NS, key_waits, app))
		app->dirty = 1;
	if (tui_search_runs(app) && !key_waits(app))
		tui_search_go(app, READ_NS);
	tui_app_answered(app);
	tui_app_found_one(app);
}

/* The answer to a key: what its view can read at once, and the frame. */
static void answer(struct tui_app *app)
{
	app->trace.patience.answering = 1;
	if (app->trace.store && tui_pane_read(&app->trace, app->view, LOOK_NS))
		app->dirty = 1;
	app->trace.patience.answering = 0;
	if (app->dirty)
		draw(app);
	app->answering = 0;
}

/* A window and a trigger want some time to be set on: a program that has only just been
 * started has none yet. */
static int has_begun(const struct tui_app *app)
{
	const struct tui_nav *nav = &app->trace.nav;

	return app->trace.facts.mode != TUI_LIVE || nav->last_ns - nav->first_ns > BEGUN_NS;
}

/* What the screen is to begin with, as if it had been typed behind `:`. */
static void begin_commands(struct tui_app *app)
{
	const char *at = app->opts->screen;

	app->begins = 0;
	while (at && *at) {
		size_t size = strcspn(at, ";");
		char line[TUI_PROMPT_BYTES];

		snprintf(line, sizeof(line), "%.*s", (int)size, at);
		tui_app_command(app, line);
		at += size + (at[size] == ';');
	}
	/* Last: arming a trigger goes to the present, which may be narrower yet. */
	if (app->opts->zoom_ns)
		tui_nav_live_span(&app->trace.nav, app->opts->zoom_ns);
}

static void step(struct tui_app *app)
{
	struct pollfd fds[] = {
		{.fd = tui_term_fd(app->term), .events = POLLIN},
		{.fd = signal_pipe[0], .events = POLLIN},
		{.fd = app->session ? tui_live_event_fd(app) : -1, .events = POLLIN},
		{.fd = app->typed_size ? tui_live_input_fd(app) : -1, .events = POLLOUT},
		{.fd = app->talking ? tui_talking_fd(app) : -1, .events = POLLIN},
	};
	uint64_t told;

	poll(fds, sizeof(fds) / sizeof(*fds), sleep_ms(app));
	/* An eventfd: reading it takes its news back. */
	if (fds[2].revents && read(fds[2].fd, &told, sizeof(told)) < 0)
		fds[2].revents = 0;
	app->news |= fds[2].revents != 0;
	if (fds[1].revents)
		take_signals(app);
	if (fds[0].revents)
		take_keys(app);
	if (fds[3].revents)
		tui_live_flush(app);
	uint64_t now_ns = tui_app_now_ns();

	if (app->leave || now_ns < next_round_ns(app))
		return;
	int answering = app->answering;

	app->round_ns = now_ns;
	app->news = 0;
	play(app);
	/* Of what the last frame showed: what has come since then waits for the next one.
	 */
	if (answering)
		answer(app);
	if (app->session)
		tui_live_update(app);
	if (app->streaming)
		tui_stream_update(app);
	if (app->begins && has_begun(app))
		begin_commands(app);
	if (app->talking)
		tui_talking_turn(app);
	if (app->trace.store)
		tui_app_keep_look(app);
	if (app->trace.store)
		read_on(app);
	tui_app_look_export(app);
	/* What was read after an answer is shown by the next frame. */
	if (app->dirty && !answering)
		draw(app);
}

/* Who leaves while a trace is being opened does not wait for that: nothing was written
 * that could be left half done, and the thread ends with us. */
__attribute__((noreturn)) static void leave_opening(struct tui_app *app)
{
	tui_term_close(app->term);
	leave_signals();
	fflush(NULL);
	if (app->dying)
		raise(app->dying);
	_exit(GTV_EXIT_GOOD);
}

/* Until the trace is there: how far it is, and the keys that leave. */
static int opened(struct tui_app *app, struct gtv_err *err)
{
	while (app->opening && !tui_opening_is_done(app)) {
		struct pollfd fds[] = {
			{.fd = tui_term_fd(app->term), .events = POLLIN},
			{.fd = signal_pipe[0], .events = POLLIN},
			{.fd = tui_opening_fd(app), .events = POLLIN},
		};

		fit_canvas(app);
		if (app->canvas.cells) {
			tui_opening_draw_app(app, &app->canvas);
			tui_term_show(app->term, &app->canvas);
		}
		poll(fds, sizeof(fds) / sizeof(*fds), OPENING_MS);
		if (fds[1].revents)
			take_signals(app);
		if (fds[0].revents)
			take_keys(app);
		if (app->leave)
			leave_opening(app);
	}
	return app->opening ? tui_opening_end(app, err) : 0;
}

int tui_app_check_options(struct tui_app *app, int *theme, struct gtv_err *err)
{
	const struct gtv_options *opts = app->opts;
	const struct tui_view_ops *view;

	tui_app_read_settings(app);
	*theme = app->settings.given >> TUI_SET_THEME & 1 ? (int)app->settings.theme : -1;
	app->view = app->settings.view;
	if (opts->theme && (*theme = tui_theme_find(opts->theme)) < 0)
		return gtv_err_set(err, GTV_EUSAGE, "--theme",
				   "dark, light, safe, projector, 16, mono",
				   "there is no theme \"%s\"", opts->theme);
	if (opts->view) {
		if (!(view = tui_view_find(opts->view)))
			return gtv_err_set(err, GTV_EUSAGE, "--view", "gtviz help shot",
					   "there is no view \"%s\"", opts->view);
		app->view = view->id;
	} else if (opts->file2) {
		app->view = TUI_VIEW_COMPARE;
	}
	return 0;
}

/* Explaining needs something explained. */
static void begin_view(struct tui_app *app)
{
	if (app->view == TUI_VIEW_EXPLAIN && tui_trace_explain(&app->trace)) {
		app->view = TUI_VIEW_TIMELINE;
		tui_app_say(app, "choose a span to explain first");
	}
}

int tui_app_show(struct tui_app *app, int theme, struct gtv_err *err)
{
	int rc = app->opts->cast ? tui_cast_new(&app->cast, app->opts->cast, err) : 0;

	if (!rc)
		rc = catch_signals(err);
	if (rc)
		return rc;
	rc = tui_term_open(&app->term, theme, err);
	if (!rc && (rc = opened(app, err)))
		tui_term_close(app->term);
	if (!rc) {
		app->trace.facts.ascii |= app->opts->ascii || tui_term_is_ascii(app->term);
		if (!app->opts->no_mouse)
			tui_term_use_mouse(app->term);
		app->trace.sought.later = 1;
		app->trace.sieve = calloc(1, sizeof(*app->trace.sieve));
		fit_canvas(app);
		if (app->talking)
			tui_talking_begin(app);
		begin_view(app);
		app->begins = 1;
		tui_app_keep_look(app);
		if (app->settings_problems > 1)
			tui_app_say(app, "%d lines are wrong: %s", app->settings_problems,
				    app->settings_problem);
		else if (app->settings_problem[0])
			tui_app_say(app, "%s", app->settings_problem);
		app->dirty = 1;
		draw(app);
		while (!app->leave)
			step(app);
		tui_app_stop_export(app);
		tui_search_free(app->search);
		app->search = NULL;
		tui_term_close(app->term);
		app->term = NULL;
	}
	leave_signals();
	if (tui_cast_free(app->cast) && !rc)
		rc = gtv_err_set(err, GTV_EIO, app->opts->cast, "free some space",
				 "not all of the screen was written");
	tui_canvas_fini(&app->canvas);
	return rc;
}

int tui_app_die_of(int sig, int status)
{
	if (sig) {
		fflush(NULL);
		raise(sig);
	}
	return status;
}

int tui_app_replay(const struct gtv_options *opts)
{
	struct tui_app app = {.opts = opts};
	struct gtv_err err = {0};
	int theme, cols, rows, rc;

	if (tui_app_check_options(&app, &theme, &err) ||
	    tui_term_check(&cols, &rows, "gtviz report, or gtviz shot", &err) ||
	    tui_opening_begin(&app, cols, rows, &err))
		return gtv_cmd_error(&err);
	/* There already, or not to be opened: the terminal need not know. */
	rc = tui_opening_is_done(&app) ? tui_opening_end(&app, &err) : 0;
	if (!rc)
		rc = tui_app_show(&app, theme, &err);
	int status = rc ? gtv_cmd_error(&err) : tui_stream_end(&app);

	tui_trace_close(&app.trace);
	return rc ? status : tui_app_die_of(app.dying, status);
}

/* To load what watches the kernel takes a moment, and the screen is not there yet: until
 * then a line says so, which is gone again before anything else is written. */
static void say_starting(int on)
{
	if (isatty(STDERR_FILENO))
		fputs(on ? "gtviz: starting" : "\r               \r", stderr);
	fflush(stderr);
}

int tui_app_run(const struct gtv_options *opts)
{
	struct tui_app app = {.opts = opts};
	struct gtv_err err = {0};
	int theme, cols, rows;

	if (opts->output && !strcmp(opts->output, "-")) {
		gtv_err_set(&err, GTV_EUSAGE, "-o -", "gtviz record -o -", "%s",
			    "the screen needs the standard output");
		return gtv_cmd_launch_error(&err);
	}
	if (tui_app_check_options(&app, &theme, &err) ||
	    tui_term_check(&cols, &rows, "gtviz record -o FILE", &err))
		return gtv_cmd_launch_error(&err);
	say_starting(1);
	int started = tui_live_start(&app, cols, rows, &err);
	say_starting(0);
	if (started)
		return gtv_cmd_launch_error(&err);
	tui_app_apply_settings(&app);
	int rc = tui_trace_place(&app.trace, opts, &err);

	if (!rc)
		rc = tui_app_show(&app, theme, &err);
	int status = tui_live_end(&app);

	return rc ? gtv_cmd_launch_error(&err) : tui_app_die_of(app.dying, status);
}
