/* SPDX-License-Identifier: MIT
 *
 * What the collector does with a trigger: its model is watched, and when what belongs to
 * a hit is all there, it is written (--ring) or the trace ends there. So that it ends there
 * and not a batch later, events are then modelled a few at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tracer/session/internal.h"

#define SOME	64
#define SOME_NS 200000u

static void tell_hit(struct gtv_session *s)
{
	char text[sizeof s->status.hit_text];

	gtv_shots_say(s->shots, text, sizeof text);
	pthread_mutex_lock(&s->lock);
	s->status.hits = s->shots->hits;
	memcpy(s->status.hit_text, text, sizeof text);
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->event_fd, 1);
}

/* The trace ends at `ns`; what runs on is no longer recorded. */
static void stop_at(struct gtv_session *s, uint64_t ns)
{
	s->cut_ns = ns ? ns : 1;
	pthread_mutex_lock(&s->lock);
	s->status.stopped = 1;
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->event_fd, 1);
}

/* What is kept goes into the hit's own file: the first into that of -o. */
static void write_hit(struct gtv_session *s)
{
	/* Hits that come faster than they are written are waited for: none is left out. */
	gtv_flight_wait(s->flight);
	gtv_flight_write(s->flight, s->last_ns);
}

/* How many of the first `most` events lie at or before ts_ns. */
static size_t upto(const struct gtv_ev *evs, size_t most, uint64_t ts_ns)
{
	while (most && evs[most - 1].ts_ns > ts_ns)
		most--;
	return most;
}

/* Nothing has happened up to there, but the time belongs to the trace. */
static struct gtv_ev tick_at(uint64_t ts_ns)
{
	return (struct gtv_ev){.ts_ns = ts_ns, .kind = GTV_EV_TICK, .core = GTV_CORE_NONE};
}

/* A few events, after which the trace may end. Returns how many it took. */
static size_t feed_some(struct gtv_session *s, struct gtv_ev *evs, size_t count)
{
	struct gtv_shots *shots = s->shots;

	count = upto(evs, count, evs[0].ts_ns + SOME_NS);
	if (shots->due_ns && shots->hits == shots->wanted)
		count = upto(evs, count, shots->due_ns);
	if (!count) /* what comes next lies behind the end */
		evs[count++] = tick_at(shots->due_ns);
	gtv_watch_feed(shots->watch, s->model, evs, count);
	s->last_ns = evs[count - 1].ts_ns;
	if (gtv_shots_look(shots, s->model, s->last_ns))
		tell_hit(s);
	if (gtv_shots_due(shots, s->last_ns) && gtv_shots_done(shots))
		stop_at(s, s->last_ns);
	return count;
}

size_t gtv_session_feed(struct gtv_session *s, struct gtv_ev *evs, size_t count)
{
	size_t fed = 0;

	if (!s->shots) {
		gtv_model_feed(s->model, evs, count);
		return count;
	}
	if (s->flight) {
		gtv_watch_feed(s->shots->watch, s->model, evs, count);
		return count;
	}
	while (fed < count && !s->cut_ns)
		fed += feed_some(s, evs + fed, count - fed < SOME ? count - fed : SOME);
	return fed;
}

static void fill_up(struct gtv_session *s, uint64_t ts_ns)
{
	struct gtv_ev tick = tick_at(ts_ns);

	if (s->flight || ts_ns <= s->last_ns)
		return;
	gtv_model_feed(s->model, &tick, 1);
	gtv_store_append(s->store, &tick, 1);
	s->last_ns = ts_ns;
}

void gtv_session_serve_trigger(struct gtv_session *s, uint64_t now_ns)
{
	if (!s->shots || s->cut_ns)
		return;
	if (gtv_shots_look(s->shots, s->model, now_ns))
		tell_hit(s);
	if (!gtv_shots_due(s->shots, now_ns))
		return;
	uint64_t due_ns = s->shots->due_ns;

	if (s->flight)
		write_hit(s);
	if (!gtv_shots_done(s->shots))
		return;
	fill_up(s, due_ns);
	stop_at(s, s->last_ns);
}

int gtv_session_end_trigger(struct gtv_session *s)
{
	if (!s->shots || !s->shots->hits)
		return 0;
	if (s->shots->due_ns) {
		if (s->flight)
			write_hit(s);
		gtv_shots_done(s->shots);
	}
	return 1;
}
