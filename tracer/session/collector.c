/* SPDX-License-Identifier: MIT
 *
 * The collector thread: rings -> merge -> model and store, round after round.
 *
 * A round notes the time, drains every source, and lets out of the merge what is
 * older than that time less the lateness: a producer may be preempted between
 * reading the clock and publishing its event, and a core's ring is read a little
 * after another's. What was drained is in the file at most LATENESS + a block's
 * age (25 ms) later, so a killed recorder loses nothing older than 50 ms: of the time in
 * which it could run. Who waits for a core or for the disk drains nothing, and no bound
 * can be given for that; what its program had committed by then dies with the rings.
 *
 * When the program has ended its rings can only shrink: they are drained until
 * dry and everything leaves the merge at once.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "tracer/session/internal.h"

#define LATENESS_NS 8000000ull
#define SYNC_NS	    250000000ull
#define ZOOM_NS	    500000000ull
#define RATE_NS	    100000000ull
#define TICK_NS	    100000000ull
#define KILL_NS	    1000000000ull

/* What can be stored in about 15 ms: more would be lost with a killed recorder. */
#define QUEUE_MAX 150000u
/* What is in the kernel's rings would be lost with us, too: there it is no safer than
 * here, and here is more room. */
#define KERNEL_QUEUE_MAX 1000000u

/* More rounds than rings can be full: a program that runs on does not keep us. */
#define REST_MAX 4096u

#define CHECKPOINT_EVENTS 100000u
#define CHECKPOINT_NS	  2000000000ull

static void push_recorder(struct gtv_session *s, unsigned kind, uint32_t tid, uint32_t obj,
			  uint64_t arg, uint64_t ts_ns)
{
	struct gtv_ev ev = {.ts_ns = ts_ns,
			    .kind = (uint16_t)kind,
			    .core = GTV_CORE_NONE,
			    .tid = tid,
			    .obj = obj,
			    .arg = arg};
	gtv_merge_push(s->merge, s->recorder_stream, &ev);
}

/* What the program wrote on its terminal since the last round. Returns whether it did. */
static int take_output(struct gtv_session *s)
{
	char buf[8192];
	int round = 0;

	for (; s->launch.pty >= 0 && round < 32; round++) {
		ssize_t n = read(s->launch.pty, buf, sizeof buf);
		if (n <= 0)
			break;
		uint64_t now = s->status.simulated ? s->last_ns : gtv_clock_mono_ns();
		gtv_store_put_output(s->store, now, buf, (size_t)n);
		push_recorder(s, GTV_EV_OUTPUT, gtv_session_pid(s), 1, (uint64_t)n, now);
	}
	return round > 0;
}

static void drain_sources(struct gtv_session *s)
{
	s->rings->ops->drain(s->rings);
	if (s->kernel)
		s->kernel->ops->drain(s->kernel);
	gtv_mapped_drain(s->mapped);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* Takes what there is. What waited already in the merge leaves it first, if it is much: a
 * burst is not to be copied into our memory whole. Returns up to when all is there. */
static uint64_t take_round(struct gtv_session *s, uint64_t now)
{
	if (s->status.simulated) {
		drain_sources(s);
		return gtv_source_ring_virtual_ns(s->rings, 0);
	}
	if (s->complete_ns && gtv_merge_queued(s->merge) >= QUEUE_MAX)
		gtv_session_advance(s, s->complete_ns);
	drain_sources(s);
	s->complete_ns = earlier(now - LATENESS_NS, gtv_source_ring_behind_ns(s->rings));
	return s->complete_ns;
}

/* The last of it: the rings are drained dry. */
static void take_rest(struct gtv_session *s, uint64_t cut_ns)
{
	uint64_t behind_ns;

	drain_sources(s);
	for (unsigned i = 0; i < REST_MAX; i++) {
		behind_ns = gtv_source_ring_behind_ns(s->rings);
		if (behind_ns == UINT64_MAX)
			break;
		gtv_session_advance(s, earlier(behind_ns, cut_ns));
		drain_sources(s);
	}
	drain_sources(s); /* what the others made room for: pending LOST records */
}

/* A loss is told where its range ends. One that begins before the trace is cut off and ends
 * behind belongs to it all the same: without it what is missing would be nobody's fault. */
static void tell_cut_losses(struct gtv_session *s, uint64_t cut_ns)
{
	size_t count;

	while ((count = gtv_merge_take(s->merge, UINT64_MAX, s->batch, GTV_BATCH))) {
		for (size_t i = 0; i < count; i++) {
			struct gtv_ev *ev = &s->batch[i];
			uint64_t from_ns = gtv_ev_loss_from(ev);

			if (ev->kind != GTV_EV_LOSS || from_ns >= cut_ns ||
			    ev->ts_ns <= cut_ns)
				continue;
			ev->ts_ns = cut_ns;
			ev->gt = (uint32_t)(cut_ns - from_ns);
			if (gtv_session_feed(s, ev, 1)) {
				gtv_store_append(s->store, ev, 1);
				s->last_ns = cut_ns;
			}
		}
	}
}

/* Whether a checkpoint is worth its bytes: it bounds what a seek must decode. */
static int checkpoint_due(const struct gtv_session *s, const struct gtv_store_stats *stats,
			  uint64_t now)
{
	uint64_t events = stats->events - s->checkpoint_events;

	if (events < 1000 || stats->bytes - s->checkpoint_bytes < 16 * s->checkpoint_size)
		return 0;
	return events >= CHECKPOINT_EVENTS || now - s->checkpoint_ns >= CHECKPOINT_NS;
}

static void put_checkpoint(struct gtv_session *s, uint64_t ts_ns)
{
	struct gtv_store_stats stats;
	void *bytes;
	size_t size;

	gtv_store_get_stats(s->store, &stats);
	if (!checkpoint_due(s, &stats, ts_ns) &&
	    !(s->flight && gtv_flight_wants_state(s->flight, ts_ns)))
		return;
	if (gtv_model_save(s->model, &bytes, &size) < 0)
		return;
	gtv_store_put_checkpoint(s->store, ts_ns, bytes, size);
	free(bytes);
	gtv_store_get_stats(s->store, &stats);
	s->checkpoint_ns = ts_ns;
	s->checkpoint_events = stats.events;
	s->checkpoint_bytes = stats.bytes;
	s->checkpoint_size = size;
	if (s->flight)
		gtv_flight_state(s->flight, ts_ns);
}

/* Between two batches: what the queue has room for. */
static void drain_between(struct gtv_session *s)
{
	size_t queued = gtv_merge_queued(s->merge);

	if (queued < QUEUE_MAX)
		drain_sources(s);
	else if (s->kernel && queued < KERNEL_QUEUE_MAX)
		s->kernel->ops->drain(s->kernel);
}

static void take_in(struct gtv_session *s, struct gtv_ev *evs, size_t count)
{
	if (!count || s->cut_ns)
		return;
	count = gtv_session_feed(s, evs, count);
	gtv_store_append(s->store, evs, count);
	if (count)
		s->last_ns = evs[count - 1].ts_ns;
}

/* Few kinds tell the recorder itself anything. */
static int tells_recorder(const struct gtv_ev *ev)
{
	return ev->kind >= GTV_EV_K_FORK && ev->kind <= GTV_EV_K_FUTEX;
}

/* A batch into model and store; what the recorder itself learns of it goes before. */
static void take_batch(struct gtv_session *s, struct gtv_ev *evs, size_t count)
{
	struct gtv_ev tell;
	size_t done = 0;

	for (size_t i = 0; i < count; i++) {
		if (!tells_recorder(&evs[i]))
			continue;
		if (!s->status.simulated)
			gtv_family_feed(s->family, &evs[i]);
		if (gtv_futexes_feed(s->futexes, &evs[i], &tell)) {
			take_in(s, evs + done, i - done);
			take_in(s, &tell, 1);
			done = i;
		}
	}
	take_in(s, evs + done, count - done);
}

/* The next batch that is due, right into the store's open block: events are many, and each
 * copy of all of them costs. Only what may need others between its own is put in aside.
 * Returns how many. */
static size_t take_due(struct gtv_session *s, uint64_t watermark_ns)
{
	size_t room = GTV_BATCH, count, i = 0;
	struct gtv_ev *evs = gtv_store_room(s->store, &room);
	int in_place = evs != NULL;

	if (!in_place)
		evs = s->batch;
	count = gtv_merge_take(s->merge, watermark_ns, evs,
			       room < GTV_BATCH ? room : GTV_BATCH);
	if (!s->kernel && !s->status.simulated)
		i = count; /* only the kernel's do */
	while (i < count && !tells_recorder(&evs[i]))
		i++;
	if (!in_place || i < count) {
		if (in_place)
			memcpy(s->batch, evs, count * sizeof *evs);
		take_batch(s, s->batch, count);
	} else if (count) {
		size_t fed = gtv_session_feed(s, evs, count);
		gtv_store_made(s->store, fed);
		if (fed)
			s->last_ns = evs[fed - 1].ts_ns;
	}
	return count;
}

/*
 * Lets out of the merge what is due, in batches. Modelling and storing an event costs
 * several times what taking it from a ring does, so the rings are emptied between
 * batches too: a burst waits in the merge, which has room, and not in a ring.
 */
void gtv_session_advance(struct gtv_session *s, uint64_t watermark_ns)
{
	if (s->cut_ns)
		return;
	while (take_due(s, watermark_ns)) {
		if (s->cut_ns)
			return;
		gtv_session_serve_trigger(s, s->last_ns);
		put_checkpoint(s, s->last_ns);
		/* At the end all that was there has left: what a program that runs on
		 * still writes has no place any more. */
		if (watermark_ns != UINT64_MAX)
			drain_between(s);
	}
	if (s->zoom && watermark_ns != UINT64_MAX && watermark_ns - s->zoom_ns >= ZOOM_NS) {
		gtv_zoom_flush(s->zoom, watermark_ns, 0);
		s->zoom_ns = watermark_ns;
	}
}

/* A program that sleeps makes no events, but its time goes on: on the screen, and in
 * the file of a recorder that is killed. */
static void tick(struct gtv_session *s, uint64_t watermark_ns)
{
	if (s->status.simulated || watermark_ns < s->last_ns + TICK_NS)
		return;
	push_recorder(s, GTV_EV_TICK, 0, 0, 0, watermark_ns);
	gtv_session_advance(s, watermark_ns);
}

static double event_rate(struct gtv_session *s, uint64_t now, uint64_t events)
{
	if (!s->rate_count || now - s->rate[s->rate_count - 1].ns >= RATE_NS) {
		if (s->rate_count == GTV_RATE_SLOTS) {
			memmove(s->rate, s->rate + 1, sizeof s->rate - sizeof s->rate[0]);
			s->rate_count--;
		}
		s->rate[s->rate_count].ns = now;
		s->rate[s->rate_count++].events = events;
	}
	uint64_t span = now - s->rate[0].ns;
	return span ? (double)(events - s->rate[0].events) * 1e9 / (double)span : 0;
}

/* --ring: what is too old is dropped, and what is left written when it is asked for. */
static void keep_last(struct gtv_session *s)
{
	if (!s->flight)
		return;
	gtv_flight_turn(s->flight, s->last_ns);
	if (atomic_exchange(&s->want_write, 0))
		gtv_flight_write(s->flight, s->last_ns); /* not twice at a time */
}

/* The screen looks when it is told, and not again and again; and it is told once until it
 * has looked. */
static void tell_screen(struct gtv_session *s, uint64_t bytes)
{
	if (!s->screen || bytes == s->told_bytes)
		return;
	s->told_bytes = bytes;
	if (!atomic_exchange(&s->told, 1))
		eventfd_write(s->event_fd, 1);
}

static void update_status(struct gtv_session *s, uint64_t complete_ns, uint64_t now,
			  int running, int finished)
{
	struct gtv_source_stats rings, kernel = {0};
	struct gtv_store_stats stored;
	uint64_t from_ns, to_ns;

	s->rings->ops->stats(s->rings, &rings);
	if (s->kernel)
		s->kernel->ops->stats(s->kernel, &kernel);
	gtv_store_get_stats(s->store, &stored);
	gtv_store_range(s->store, &from_ns, &to_ns);
	pthread_mutex_lock(&s->lock);
	struct gtv_session_status *st = &s->status;
	st->events = stored.events;
	st->bytes = stored.bytes;
	st->kept_bytes = stored.bytes - stored.dropped_bytes;
	if (s->flight)
		st->kept_from_ns = from_ns;
	st->lost = rings.lost + kernel.lost;
	st->corrupt = rings.corrupt + kernel.corrupt;
	st->late = gtv_merge_late(s->merge);
	st->ring_percent = rings.fill_percent > kernel.fill_percent ? rings.fill_percent
								    : kernel.fill_percent;
	st->events_per_s = event_rate(s, now, stored.events);
	st->now_ns = complete_ns;
	st->clock_residual_ns = s->clock.worst_residual_ns;
	int failed = gtv_store_error(s->store)->code != 0;
	int changed =
		st->running != running || st->finished != finished || st->failed != failed;
	st->running = running;
	st->finished = finished;
	st->failed = failed;
	if (!running)
		st->wait_status = s->wait_status;
	pthread_mutex_unlock(&s->lock);
	if (changed)
		eventfd_write(s->event_fd, 1);
	tell_screen(s, stored.bytes);
}

/* SIGTERM to the program's group, SIGKILL when a second was not enough. */
static void serve_kill(struct gtv_session *s, uint64_t now)
{
	pid_t target = s->launch.pty >= 0 ? -s->launch.pid : s->launch.pid;

	if (atomic_exchange(&s->want_kill, 0) && !s->kill_ns) {
		kill(target, SIGTERM);
		kill(target, SIGCONT);
		s->kill_ns = now + KILL_NS;
	} else if (s->kill_ns && now >= s->kill_ns) {
		kill(target, SIGKILL);
		s->kill_ns = now + KILL_NS;
	}
}

static void name_survivors(struct gtv_session *s)
{
	pthread_mutex_lock(&s->lock);
	s->status.survivors = gtv_family_survivors(s->family, (uint32_t)s->launch.pid,
						   s->names, s->status.survivor_names,
						   sizeof s->status.survivor_names);
	pthread_mutex_unlock(&s->lock);
}

/* The program is gone or no longer wanted: everything left goes into the file. */
static void finish(struct gtv_session *s, int ended)
{
	/* A program that runs on writes while its rings are drained one after the other:
	 * the trace ends where all of them had been drained. */
	uint64_t cut = ended || s->status.simulated ? UINT64_MAX
						    : gtv_clock_mono_ns() - LATENESS_NS;

	gtv_session_return_rings(s);
	s->rings->ops->stop(s->rings);
	if (s->kernel)
		s->kernel->ops->stop(s->kernel);
	if (ended)
		gtv_source_ring_process_gone(s->rings, s->launch.pid);
	gtv_clock_sync(&s->clock, 0);
	take_output(s);
	take_rest(s, cut);
	if (s->status.simulated)
		s->end_ns = gtv_source_ring_virtual_ns(s->rings, 1) + 1;
	if (ended)
		push_recorder(s, GTV_EV_END, gtv_session_pid(s), 0,
			      (uint64_t)(uint32_t)s->wait_status, s->end_ns);
	gtv_session_advance(s, cut);
	if (cut != UINT64_MAX && !s->cut_ns)
		tell_cut_losses(s, cut);
	uint64_t now = s->status.simulated ? s->last_ns
		       : cut != UINT64_MAX ? cut
					   : gtv_clock_mono_ns();
	if (s->cut_ns)
		now = s->cut_ns;
	if (now < s->last_ns)
		now = s->last_ns;
	gtv_model_finish(s->model, now);
	if (s->zoom)
		gtv_zoom_flush(s->zoom, now, 1);
	if (s->status.simulated)
		gtv_store_set_cores(s->store, gtv_source_ring_virtual_cores(s->rings));
	if (s->kernel) {
		struct gtv_source_stats kernel = {0};
		s->kernel->ops->stats(s->kernel, &kernel);
		/* The mappings, which name futexes, come from /proc or not at all. */
		kernel.fallbacks += s->status.level == 3 && !s->mapped;
		gtv_store_set_fallbacks(s->store, kernel.fallbacks);
	}
	struct gtv_source_stats rings;
	s->rings->ops->stats(s->rings, &rings);
	gtv_store_set_implausible(s->store, rings.corrupt);
	gtv_store_set_clock(s->store, s->clock.worst_residual_ns,
			    gtv_clock_drift_ppb(&s->clock));
	if (ended && s->wait_status != -1)
		gtv_store_set_exit(s->store, s->wait_status);
	int hit = gtv_session_end_trigger(s);
	if (s->flight && s->flight_last && !hit)
		gtv_flight_finish(s->flight, now, ended ? s->wait_status : -1);
	else if (s->flight)
		gtv_flight_wait(s->flight);
	gtv_store_finish(s->store);
	if (ended)
		name_survivors(s);
	update_status(s, now, now, !ended, !s->cut_ns || s->launch.adopted);
}

/* All that sources have ever brought or lost. */
static uint64_t taken(struct gtv_session *s)
{
	struct gtv_source_stats rings, kernel = {0};

	s->rings->ops->stats(s->rings, &rings);
	if (s->kernel)
		s->kernel->ops->stats(s->kernel, &kernel);
	return rings.events + rings.lost + rings.corrupt + kernel.events + kernel.lost;
}

/* Rounds grow while nothing comes. */
static void set_pace(struct gtv_session *s, int came)
{
	uint64_t now_taken = taken(s);

	gtv_pace_turn(&s->pace, came || now_taken != s->taken);
	s->taken = now_taken;
}

/* The recording has ended, the program runs on: who waits for us waits for it. */
static void wait_for_program(struct gtv_session *s)
{
	struct pollfd end = {.fd = s->launch.pidfd, .events = POLLIN};

	while (!atomic_load(&s->want_stop)) {
		poll(&end, 1, 100);
		if (gtv_launch_poll(&s->launch, &s->wait_status) == 0) {
			update_status(s, s->cut_ns, gtv_clock_mono_ns(), 0, 1);
			return;
		}
		serve_kill(s, gtv_clock_mono_ns());
	}
	update_status(s, s->cut_ns, gtv_clock_mono_ns(), 1, 1);
}

/* Whether the program may have ended, or have written on its terminal: one call instead of
 * two that mostly tell nothing. */
static void look(struct gtv_session *s, int *may_end, int *wrote)
{
	struct pollfd fds[] = {{.fd = s->launch.pidfd, .events = POLLIN},
			       {.fd = s->launch.pty, .events = POLLIN}};
	int any = poll(fds, 2, 0) > 0;

	*may_end = s->launch.pidfd < 0 || (any && fds[0].revents);
	*wrote = any && fds[1].revents;
}

void *gtv_session_collect(void *session)
{
	struct gtv_session *s = session;
	int ended = 0, may_end, wrote;

	while (!ended && !s->cut_ns && !atomic_load(&s->want_stop)) {
		if (!s->complete_ns || gtv_source_ring_behind_ns(s->rings) == UINT64_MAX)
			gtv_source_ring_wait(s->rings, s->pace.round_ns);
		look(s, &may_end, &wrote);
		ended = may_end && gtv_launch_poll(&s->launch, &s->wait_status) == 0;
		uint64_t now = gtv_clock_mono_ns();
		if (ended) {
			s->end_ns = now;
			break;
		}
		serve_kill(s, now);
		gtv_clock_sync(&s->clock, SYNC_NS);
		if (wrote)
			wrote = take_output(s);
		uint64_t here = take_round(s, now);
		gtv_session_advance(s, here);
		tick(s, here);
		gtv_session_serve_trigger(s, here);
		keep_last(s);
		gtv_store_flush(s->store, s->status.simulated ? 0 : gtv_clock_mono_ns());
		update_status(s, here, now, 1, 0);
		set_pace(s, wrote);
	}
	finish(s, ended);
	if (!ended && s->cut_ns && !s->launch.adopted)
		wait_for_program(s);
	return NULL;
}
