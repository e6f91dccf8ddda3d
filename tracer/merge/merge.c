/* SPDX-License-Identifier: MIT
 *
 * Each stream keeps its queued events in a circular array in order of time; a heap
 * holds the streams that have any, by their first event. Two things make the result
 * depend on the events alone and not on when they were queued: within a stream equal
 * times keep the order in which they came, and between streams the order of two first
 * events is total: time, transition number, stream.
 */
#include "tracer/merge/merge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tracer/base/err.h"

#define FIRST_ROOM 256u
#define KEPT_ROOM  16384u /* less is not worth giving back */
#define OUTSIDE	   UINT32_MAX

struct stream {
	struct gtv_ev *ev; /* circular: room is 0 or a power of two */
	uint32_t room, first, count;
	uint32_t most;	/* that it held since it was empty, or last went round */
	uint32_t place; /* in the heap, OUTSIDE when empty */
	uint64_t order;
};

/* A heap entry carries the keys, so that sifting touches no stream. */
struct head {
	uint64_t ts_ns;
	uint32_t seq;
	uint32_t stream;
};

struct gtv_merge {
	struct stream *stream;
	struct head *heap;
	uint32_t stream_count, stream_room, heap_count;
	uint64_t watermark_ns;
	uint64_t late;
	size_t queued;
};

struct gtv_merge *gtv_merge_new(void)
{
	return calloc(1, sizeof(struct gtv_merge));
}

/* Large rooms are mapped: a heap would keep what bursts have made it. */
static struct gtv_ev *get_room(uint32_t room)
{
	size_t bytes = (size_t)room * sizeof(struct gtv_ev);

	if (room > 1u << 30)
		return NULL;
	if (room <= KEPT_ROOM)
		return malloc(bytes);
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	return map == MAP_FAILED ? NULL : map;
}

static void put_room(struct gtv_ev *ev, uint32_t room)
{
	if (room <= KEPT_ROOM)
		free(ev);
	else
		munmap(ev, (size_t)room * sizeof *ev);
}

void gtv_merge_free(struct gtv_merge *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < m->stream_count; i++)
		put_room(m->stream[i].ev, m->stream[i].room);
	free(m->stream);
	free(m->heap);
	free(m);
}

static int grow_streams(struct gtv_merge *m)
{
	uint32_t room = m->stream_room ? 2 * m->stream_room : 16;
	struct stream *stream = realloc(m->stream, room * sizeof *stream);

	if (!stream)
		return -GTV_ENOMEM;
	m->stream = stream;
	struct head *heap = realloc(m->heap, room * sizeof *heap);
	if (!heap)
		return -GTV_ENOMEM;
	m->heap = heap;
	m->stream_room = room;
	return 0;
}

int gtv_merge_stream(struct gtv_merge *m, uint64_t order)
{
	if (m->stream_count >= 1u << 24 ||
	    (m->stream_count == m->stream_room && grow_streams(m) < 0))
		return -GTV_ENOMEM;
	m->stream[m->stream_count] = (struct stream){.place = OUTSIDE, .order = order};
	return (int)m->stream_count++;
}

/* ------------------------------------------------------------------- heap */

/* The transition number that orders an event among equals in time: that of its
 * subject, or of who goes on where the scheduler is the subject. Other kinds use the
 * field for other things. */
static uint32_t transition(const struct gtv_ev *ev)
{
	if (ev->kind == GTV_EV_SWITCH_RUN)
		return (uint32_t)(ev->arg >> 32);
	int is_text = ev->kind == GTV_EV_MARK || ev->kind == GTV_EV_REGION_BEGIN ||
		      ev->kind == GTV_EV_REGION_END;

	return ev->kind < GTV_EV_USER_MAX && !is_text ? ev->seq : 0;
}

static int before(const struct gtv_merge *m, const struct head *a, const struct head *b)
{
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns;
	if (a->seq != b->seq)
		return a->seq < b->seq;
	uint64_t x = m->stream[a->stream].order, y = m->stream[b->stream].order;
	return x != y ? x < y : a->stream < b->stream;
}

static void put_at(struct gtv_merge *m, uint32_t place, struct head h)
{
	m->heap[place] = h;
	m->stream[h.stream].place = place;
}

static void sift_up(struct gtv_merge *m, uint32_t place, struct head h)
{
	while (place > 0) {
		uint32_t parent = (place - 1) / 2;
		if (!before(m, &h, &m->heap[parent]))
			break;
		put_at(m, place, m->heap[parent]);
		place = parent;
	}
	put_at(m, place, h);
}

static void sift_down(struct gtv_merge *m, uint32_t place, struct head h)
{
	for (;;) {
		uint32_t child = 2 * place + 1;
		if (child >= m->heap_count)
			break;
		if (child + 1 < m->heap_count &&
		    before(m, &m->heap[child + 1], &m->heap[child]))
			child++;
		if (!before(m, &m->heap[child], &h))
			break;
		put_at(m, place, m->heap[child]);
		place = child;
	}
	put_at(m, place, h);
}

static struct head head_of(const struct gtv_merge *m, uint32_t idx)
{
	const struct gtv_ev *ev = &m->stream[idx].ev[m->stream[idx].first];

	return (struct head){ev->ts_ns, transition(ev), idx};
}

/* ---------------------------------------------------------------- streams */

static struct gtv_ev *at(const struct stream *s, uint32_t pos)
{
	return &s->ev[(s->first + pos) & (s->room - 1)];
}

/* Its events into another room, that is large enough. */
static int resize(struct stream *s, uint32_t room)
{
	struct gtv_ev *ev = get_room(room);

	if (!ev)
		return -GTV_ENOMEM;
	uint32_t tail = s->room - s->first < s->count ? s->room - s->first : s->count;
	if (s->count) {
		memcpy(ev, s->ev + s->first, tail * sizeof *ev);
		memcpy(ev + tail, s->ev, (s->count - tail) * sizeof *ev);
	}
	put_room(s->ev, s->room);
	s->ev = ev;
	s->room = room;
	s->first = 0;
	return 0;
}

static int grow(struct stream *s)
{
	return resize(s, s->room ? 2 * s->room : FIRST_ROOM);
}

/* It is empty, or has gone round once. A burst's room is given back by halves: the next
 * one may be as large. Without memory it stays as it is. */
static void shrink(struct stream *s)
{
	if (s->room > KEPT_ROOM && s->most < s->room / 4)
		(void)resize(s, s->room / 2);
	if (!s->count)
		s->first = 0;
	s->most = s->count;
}

/* Field by field: the event was made so a moment ago, and a copy in larger pieces would
 * have to wait until its parts have reached the cache. */
static inline void put(struct gtv_ev *to, const struct gtv_ev *ev)
{
	to->ts_ns = ev->ts_ns;
	to->kind = ev->kind;
	to->flags = ev->flags;
	to->state = ev->state;
	to->core = ev->core;
	to->tid = ev->tid;
	to->gt = ev->gt;
	to->obj = ev->obj;
	to->seq = ev->seq;
	to->arg = ev->arg;
}

/* Puts a copy in its place: behind all that are not later. Returns the place. */
static inline uint32_t insert(struct stream *s, const struct gtv_ev *ev)
{
	uint32_t pos = s->count++;

	while (pos > 0 && at(s, pos - 1)->ts_ns > ev->ts_ns) {
		*at(s, pos) = *at(s, pos - 1);
		pos--;
	}
	put(at(s, pos), ev);
	return pos;
}

/* Moves a late event to the watermark. A loss stays a range from where it began. */
static void clamp_late(struct gtv_merge *m, struct gtv_ev *ev)
{
	uint64_t by = m->watermark_ns - ev->ts_ns;

	if (ev->kind == GTV_EV_LOSS)
		ev->gt = by > UINT32_MAX - ev->gt ? UINT32_MAX : ev->gt + (uint32_t)by;
	else
		ev->flags |= GTV_EV_LATE;
	ev->ts_ns = m->watermark_ns;
	m->late++;
}

int gtv_merge_push(struct gtv_merge *m, int stream, const struct gtv_ev *ev)
{
	uint32_t idx = (uint32_t)stream;
	struct stream *s;
	struct gtv_ev moved;

	if (stream < 0 || idx >= m->stream_count)
		return -GTV_EUSAGE;
	s = &m->stream[idx];
	if (s->count == s->room && grow(s) < 0)
		return -GTV_ENOMEM;
	if (ev->ts_ns < m->watermark_ns) {
		moved = *ev;
		clamp_late(m, &moved);
		ev = &moved;
	}
	uint32_t pos = insert(s, ev);
	s->most = s->count > s->most ? s->count : s->most;
	m->queued++;
	if (pos == 0) {
		if (s->place == OUTSIDE)
			s->place = m->heap_count++;
		sift_up(m, s->place, head_of(m, idx));
	}
	return 0;
}

int gtv_merge_room(struct gtv_merge *m, int stream, struct gtv_merge_room *room)
{
	uint32_t idx = (uint32_t)stream, end;
	struct stream *s;

	if (stream < 0 || idx >= m->stream_count)
		return -GTV_EUSAGE;
	s = &m->stream[idx];
	if (s->count == s->room && grow(s) < 0)
		return -GTV_ENOMEM;
	end = (s->first + s->count) & (s->room - 1);
	room->ev = &s->ev[end];
	room->count = end >= s->first ? s->room - end : s->first - end;
	room->from_ns = m->watermark_ns;
	if (s->count && at(s, s->count - 1)->ts_ns > room->from_ns)
		room->from_ns = at(s, s->count - 1)->ts_ns;
	return 0;
}

void gtv_merge_made(struct gtv_merge *m, int stream, size_t count)
{
	uint32_t idx = (uint32_t)stream;
	struct stream *s = &m->stream[idx];

	if (!count)
		return;
	s->count += (uint32_t)count;
	s->most = s->count > s->most ? s->count : s->most;
	m->queued += count;
	if (s->place == OUTSIDE) {
		s->place = m->heap_count++;
		sift_up(m, s->place, head_of(m, idx));
	}
}

/* The first stream's first `count` events are gone: its next one, or none. */
static void advance(struct gtv_merge *m, uint32_t idx, uint32_t count)
{
	struct stream *s = &m->stream[idx];
	int round = s->first + count >= s->room;

	s->first = (s->first + count) & (s->room - 1);
	s->count -= count;
	m->queued -= count;
	if (s->count) {
		/* One that never rests is never empty. */
		if (round)
			shrink(s);
		sift_down(m, 0, head_of(m, idx));
		return;
	}
	s->place = OUTSIDE;
	m->heap_count--;
	if (m->heap_count)
		sift_down(m, 0, m->heap[m->heap_count]);
	shrink(s);
}

/* The first stream's events up to the first one of the next stream, all at once: mostly
 * one stream has many in a row, and the heap need not be asked for each of them. */
static uint32_t take_run(struct gtv_merge *m, uint64_t watermark_ns, struct gtv_ev *out,
			 size_t max)
{
	uint32_t idx = m->heap[0].stream, n = 0;
	const struct stream *s = &m->stream[idx];
	const struct head *next = m->heap_count > 1 ? &m->heap[1] : NULL;

	if (m->heap_count > 2 && before(m, &m->heap[2], next))
		next = &m->heap[2];
	uint64_t end_ns = next && next->ts_ns < watermark_ns ? next->ts_ns : watermark_ns;
	max = max < s->count ? max : s->count;
	for (; n < max; n++) {
		const struct gtv_ev *ev = at(s, n);
		if (ev->ts_ns > end_ns)
			break;
		if (n && next && ev->ts_ns == next->ts_ns) {
			struct head h = {ev->ts_ns, transition(ev), idx};
			if (!before(m, &h, next))
				break;
		}
		out[n] = *ev;
	}
	advance(m, idx, n);
	return n;
}

size_t gtv_merge_take(struct gtv_merge *m, uint64_t watermark_ns, struct gtv_ev *out,
		      size_t max)
{
	size_t count = 0;

	if (watermark_ns > m->watermark_ns)
		m->watermark_ns = watermark_ns;
	while (count < max && m->heap_count && m->heap[0].ts_ns <= watermark_ns)
		count += take_run(m, watermark_ns, out + count, max - count);
	return count;
}

int gtv_merge_pop(struct gtv_merge *m, uint64_t watermark_ns, struct gtv_ev *out)
{
	return !gtv_merge_take(m, watermark_ns, out, 1);
}

uint64_t gtv_merge_late(const struct gtv_merge *m)
{
	return m->late;
}

size_t gtv_merge_bytes(const struct gtv_merge *m)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < m->stream_count; i++)
		bytes += m->stream[i].room * sizeof(struct gtv_ev);
	return bytes;
}

size_t gtv_merge_queued(const struct gtv_merge *m)
{
	return m->queued;
}
