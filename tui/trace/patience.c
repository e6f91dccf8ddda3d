/* SPDX-License-Identifier: MIT */
#include "tui/trace/patience.h"

#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define FRAME_NS 8000000u /* who has less time than that makes a frame */

/* Asked before each piece of work: what the last one took the next one takes too, so that
 * a frame does not begin what it has not the time for. In a crowd one piece may be longer
 * than a frame. A single long one is soon forgotten. */
static int enough(void *arg, int worked)
{
	struct tui_trace *t = arg;
	uint64_t now = now_ns(), took_ns = now - t->patience.asked_ns;

	t->patience.asked_ns = now;
	if (worked)
		t->patience.piece_ns = took_ns > t->patience.piece_ns
					       ? took_ns
					       : (t->patience.piece_ns + took_ns) / 2;
	return now >= t->patience.until_ns ||
	       (t->patience.is_frame &&
		t->patience.piece_ns > t->patience.until_ns - now) ||
	       (t->patience.stop && t->patience.stop(t->patience.arg));
}

void tui_trace_hurry(struct tui_trace *t, uint64_t budget_ns, int (*stop)(void *arg),
		     void *arg)
{
	uint64_t now = now_ns();

	if (!t->store)
		return;
	t->patience.until_ns = budget_ns < UINT64_MAX - now ? now + budget_ns : UINT64_MAX;
	t->patience.asked_ns = now;
	t->patience.is_frame = budget_ns < FRAME_NS;
	t->patience.stop = stop;
	t->patience.arg = arg;
	gtv_window_patience(t->window, enough, t);
	gtv_window_patience(t->overview, enough, t);
}

void tui_trace_whole(struct tui_trace *t)
{
	if (!t->store)
		return;
	gtv_window_patience(t->window, NULL, NULL);
	gtv_window_patience(t->overview, NULL, NULL);
}

int tui_trace_unread(const struct tui_trace *t)
{
	return t->store && (gtv_window_unread(t->window) || gtv_window_unread(t->overview));
}

int tui_trace_read_on(struct tui_trace *t, uint64_t budget_ns, int (*stop)(void *arg),
		      void *arg)
{
	if (!tui_trace_unread(t))
		return 0;
	tui_trace_hurry(t, budget_ns, stop, arg);
	/* What cannot be read the drawing says. What is in sight comes first. */
	(void)gtv_window_go_on(t->window);
	if (!gtv_window_unread(t->window))
		(void)gtv_window_go_on(t->overview);
	tui_trace_whole(t);
	return 1;
}

void tui_trace_read_newest(struct tui_trace *t, int cells, uint64_t budget_ns,
			   int (*stop)(void *arg), void *arg)
{
	const struct tui_nav *nav = &t->nav;
	uint64_t cell_ns;

	if (!t->store || t->facts.mode != TUI_LIVE || !nav->follow || nav->paused ||
	    nav->to_ns <= nav->from_ns || cells < 1)
		return;
	cell_ns = (nav->to_ns - nav->from_ns) / (uint64_t)cells;
	tui_trace_hurry(t, budget_ns, stop, arg);
	/* What cannot be read the drawing says. */
	(void)gtv_window_look(t->window, nav->from_ns, nav->to_ns, cell_ns ? cell_ns : 1);
	tui_trace_whole(t);
}
