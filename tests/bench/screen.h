/* SPDX-License-Identifier: MIT
 *
 * The screen without a terminal: a trace opened and drawn by the code that draws it, at
 * 200×60, as the loop of the application does (tui/app/app.c). What a frame costs is told
 * in CPU time of this thread: what else the machine does is not our frame.
 */
#ifndef BENCH_SCREEN_H
#define BENCH_SCREEN_H

#include <sys/stat.h>
#include <time.h>

#include "tests/bench/bench.h"
#include "tests/bench/tracers.h"
#include "tui/trace/load.h"
#include "tui/trace/panes.h"
#include "tui/canvas/back.h"
#include "tui/trace/patience.h"

#define SCREEN_COLS    200
#define SCREEN_ROWS    60
#define SCREEN_LOOK_NS 1000000u	 /* what a frame may decode: as in tui/app/app.c */
#define SCREEN_READ_NS 15000000u /* and what is read between two */

struct screen {
	struct tui_trace trace;
	struct tui_canvas canvas;
	int open;
};

static inline double screen_cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* The path of a trace that `generator` (arguments up to NULL, "FILE" for the path) makes,
 * once a build; NULL if it cannot. */
static inline const char *screen_trace(const char *name, const char *generator,
				       const char *const *args)
{
	static char path[8][512];
	static int turn;
	const char *argv[ARGS_MAX], *maker = tool(generator);
	struct stat trace, made_by;
	char out[256];
	int n = 0;

	turn = (turn + 1) % 8;
	snprintf(path[turn], sizeof path[turn], "%s", scratch(name));
	argv[n++] = maker;
	for (int i = 0; args[i]; i++)
		argv[n++] = strcmp(args[i], "FILE") ? args[i] : path[turn];
	argv[n] = NULL;
	if (stat(maker, &made_by) < 0)
		return NULL;
	if (stat(path[turn], &trace) < 0 || trace.st_mtime < made_by.st_mtime) {
		unlink(path[turn]);
		if (run(argv, out, sizeof out) < 0)
			return NULL;
	}
	return path[turn];
}

static inline const char *screen_1m(void)
{
	return screen_trace("1m.gtv", "tracegen",
			    (const char *[]){"1000000", "8", "FILE", NULL});
}

static inline const char *screen_10m(void)
{
	return screen_trace("10m.gtv", "tracegen",
			    (const char *[]){"10000000", "8", "FILE", NULL});
}

static inline const char *screen_100m(void)
{
	return screen_trace("100m.gtv", "tracegen",
			    (const char *[]){"100000000", "8", "FILE", NULL});
}

/* 4,096 cores, 100,000 green threads; two hundred thousand turns of theirs. */
static inline const char *screen_crowd(void)
{
	return screen_trace("crowd.gtv", "crowd",
			    (const char *[]){"4096", "100000", "200000", "FILE", NULL});
}

static inline int screen_open(struct screen *s, const char *path)
{
	struct gtv_err err = {0};

	if (s->open)
		return 0;
	if (!path || tui_trace_open(&s->trace, path, &err))
		return -1;
	s->open = !tui_canvas_init(&s->canvas, SCREEN_COLS, SCREEN_ROWS);
	return s->open ? 0 : -1;
}

static inline void screen_close(struct screen *s)
{
	if (!s->open)
		return;
	tui_canvas_fini(&s->canvas);
	tui_trace_close(&s->trace);
	memset(s, 0, sizeof *s);
}

/* One frame of a view, as the loop makes it: its cost in ms, or CANNOT. */
static inline double screen_frame(struct screen *s, enum tui_view_id view)
{
	struct tui_scene scene;
	double began_ms = screen_cpu_ms();

	tui_trace_scene(&s->trace, &scene);
	tui_trace_hurry(&s->trace, SCREEN_LOOK_NS, NULL, NULL);
	tui_canvas_clear(&s->canvas);
	int rc = tui_view_by_id(view)->draw(&s->canvas, &scene);
	tui_trace_whole(&s->trace);
	return rc ? CANNOT : screen_cpu_ms() - began_ms;
}

/* The longest reading between two frames of the last screen_settle: a key waits for it. */
static double screen_piece_ms;

/* Frames until all is read: the worst of them; *sum_ms (may be NULL): what all of it cost,
 * reading included. Or CANNOT. */
static inline double screen_settle(struct screen *s, enum tui_view_id view, double *sum_ms)
{
	double began_ms = screen_cpu_ms(), worst_ms = 0, ms;
	int more;

	screen_piece_ms = 0;
	do {
		ms = screen_frame(s, view);
		if (ms < 0)
			return CANNOT;
		if (ms > worst_ms)
			worst_ms = ms;
		ms = screen_cpu_ms();
		more = tui_trace_read_on(&s->trace, SCREEN_READ_NS, NULL, NULL);
		ms = screen_cpu_ms() - ms;
		screen_piece_ms = ms > screen_piece_ms ? ms : screen_piece_ms;
	} while (more);
	if (sum_ms)
		*sum_ms = screen_cpu_ms() - began_ms;
	return worst_ms;
}

static inline int screen_verbose(void)
{
	return getenv("BENCH_VERBOSE") != NULL;
}

#endif
