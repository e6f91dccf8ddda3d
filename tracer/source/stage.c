/* SPDX-License-Identifier: MIT
 *
 * Once a simulated process has forked, several run at once in real time, and whose ring is
 * read first is a matter of chance; ids are given out in the order of first sight. So what
 * comes from then on is kept here as it came, and taken in at the end, in the order of
 * virtual time, of virtual pids where that is equal, and of a ring's own: then a seed has
 * one trace.
 */
#include <stdlib.h>

#include "tracer/source/ring.h"

#define FIRST_COUNT 1024u

/* What one claim of a ring has said; it outlives the claim. */
struct gtv_staged {
	struct gtv_reader reader; /* as it was; goes on when the events are taken in */
	struct gtv_event *event;
	size_t count, room, at;
	uint64_t raw; /* of its last that was taken in: time does not fall */
	struct gtv_staged *next;
};

static struct gtv_staged *begin(struct gtv_ring_source *src, struct gtv_reader *r)
{
	struct gtv_staged *s = calloc(1, sizeof *s), **link = &src->staged;

	if (!s)
		return NULL;
	s->reader = *r;
	r->image->ring_count++; /* it stays while its events do */
	/* One stream for all: which ring a process got is chance, too. */
	if (src->staged)
		s->reader.stream = src->staged->reader.stream;
	while (*link)
		link = &(*link)->next;
	*link = s;
	return s;
}

int gtv_ring_stage(struct gtv_ring_source *src, struct gtv_reader *r,
		   const struct gtv_event *wire)
{
	struct gtv_staged *s = r->staged;

	if (!s)
		s = r->staged = begin(src, r);
	if (!s)
		return -GTV_ENOMEM;
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : FIRST_COUNT;
		struct gtv_event *event = realloc(s->event, room * sizeof *event);

		if (!event)
			return -GTV_ENOMEM;
		s->event = event;
		s->room = room;
	}
	s->event[s->count++] = *wire;
	return 0;
}

static uint64_t head_raw(const struct gtv_staged *s)
{
	uint64_t raw = s->event[s->at].ts_raw;

	/* A piece of a name has no time of its own: it comes with what was before it. */
	return s->event[s->at].kind == GTV_EV_TEXT || raw < s->raw ? s->raw : raw;
}

static struct gtv_staged *first_of(struct gtv_ring_source *src)
{
	struct gtv_staged *first = NULL;

	for (struct gtv_staged *s = src->staged; s; s = s->next) {
		if (s->at == s->count)
			continue;
		if (!first || head_raw(s) < head_raw(first) ||
		    (head_raw(s) == head_raw(first) && s->reader.pid < first->reader.pid))
			first = s;
	}
	return first;
}

/* Its ring may still be read: there it goes on as it was. */
static void go_on(struct gtv_ring_source *src)
{
	for (uint32_t i = 0; i < src->ring_count; i++) {
		struct gtv_reader *r = &src->reader[i];

		if (!r->staged)
			continue;
		r->tid = r->staged->reader.tid;
		r->last_ns = r->staged->reader.last_ns;
		r->name = r->staged->reader.name;
		r->staged = NULL;
	}
}

void gtv_ring_stage_drop(struct gtv_ring_source *src)
{
	while (src->staged) {
		struct gtv_staged *s = src->staged;

		src->staged = s->next;
		s->reader.image->ring_count--;
		free(s->event);
		free(s);
	}
}

int gtv_ring_unstage(struct gtv_ring_source *src, uint64_t now_ns)
{
	struct gtv_staged *s;
	int rc = 0;

	while (!rc && (s = first_of(src))) {
		s->raw = head_raw(s);
		rc = gtv_ring_ingest(src, &s->reader, &s->event[s->at++], now_ns);
	}
	for (s = src->staged; s && !rc; s = s->next)
		rc = gtv_ring_tell_losses(src, &s->reader, 0);
	go_on(src);
	gtv_ring_stage_drop(src);
	return rc;
}
