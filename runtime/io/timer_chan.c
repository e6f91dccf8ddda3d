/* SPDX-License-Identifier: MIT
 *
 * Timers and tickers for programs: a timer that sends the time on a channel of one.
 */
#include "runtime/io/timer.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/sync/chan.h"

#define PERIOD_MIN_NS 1000u

struct gt_timer {
	struct gt__timer timer; /* first: one is the other */
	uint64_t period_ns;	/* 0: once */
	struct gt_chan *chan;
};

/* The next time is a whole number of periods from the first, and in the future. */
static uint64_t next_tick(const struct gt_timer *timer, uint64_t now)
{
	uint64_t last = timer->timer.deadline_ns, late = now > last ? now - last : 0;
	uint64_t step = (late / timer->period_ns + 1) * timer->period_ns;

	return step < GT__NEVER - last ? last + step : GT__NEVER - 1;
}

static uint64_t fire(struct gt__os *os, struct gt__timer *inner)
{
	struct gt_timer *timer = (struct gt_timer *)inner;
	uint64_t now = gt__sys_now_ns();
	uint64_t again = timer->period_ns ? next_tick(timer, now) : 0;
	struct gt_chan *ch = timer->chan;
	struct gt *wake;

	gt__guard_lock(&ch->guard);
	gt__chan_try_send(os, ch, &now, &wake);
	gt__guard_unlock(&ch->guard);
	if (wake)
		gt__ready(os, wake, GTV_BY_TIMER, 0);
	return again;
}

static struct gt_timer *make(uint64_t ns, uint64_t period_ns, const char *name)
{
	struct gt__os *os = gt__os();
	struct gt_timer *new;

	if (!os || !os->current)
		return NULL;
	new = calloc(1, sizeof *new);
	if (!new)
		return NULL;
	new->timer.fire = fire;
	new->timer.deadline_ns = gt__deadline_in(ns);
	new->period_ns = period_ns;
	new->chan = gt_chan_new(sizeof(uint64_t), 1, name);
	if (new->chan && !gt__timer_start(os, &new->timer))
		return new;
	gt_chan_free(new->chan);
	free(new);
	return NULL;
}

struct gt_timer *gt_timer_new(uint64_t after_ns, const char *name)
{
	return make(after_ns, 0, name);
}

struct gt_timer *gt_ticker_new(uint64_t period_ns, const char *name)
{
	if (period_ns < PERIOD_MIN_NS)
		period_ns = PERIOD_MIN_NS;
	return make(period_ns, period_ns, name);
}

struct gt_chan *gt_timer_chan(struct gt_timer *timer)
{
	return timer->chan;
}

int gt_timer_stop(struct gt_timer *timer)
{
	return gt__timer_stop(&timer->timer);
}

void gt_timer_free(struct gt_timer *timer)
{
	if (!timer)
		return;
	gt__timer_stop(&timer->timer);
	gt_chan_free(timer->chan);
	free(timer);
}
