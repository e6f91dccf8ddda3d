/* SPDX-License-Identifier: MIT
 *
 * The walk from head to head, for a file without index and for one that is still
 * coming. Where the way is lost (a flipped bit, a torn end) it looks for the next magic
 * with a valid head behind it, and what lies between is a gap.
 *
 * While more may come, "not whole" is no verdict: the walk stops there, remembers how
 * far it has searched, and goes on from that place when there is more. So each byte is
 * looked at a few times at most, however it was cut into pieces.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/base/progress.h"
#include "tracer/store/inside.h"

#define SEARCH_BYTES (256u << 10)

int gtv_walk__init(struct gtv_walker *w, struct gtv_store *st)
{
	*w = (struct gtv_walker){.st = st, .buf = malloc(SEARCH_BYTES)};
	return w->buf ? 0 : -GTV_ENOMEM;
}

void gtv_walk__fini(struct gtv_walker *w)
{
	free(w->buf);
	w->buf = NULL;
}

/* A file's walk may take long; a pipe's is told by who waits for it. */
static void tell(const struct gtv_walker *w, uint64_t offset)
{
	if (!w->growing)
		gtv_progress_at(GTV_STEP_WALK, offset, w->size);
}

enum gtv_sight gtv_walk__look(const struct gtv_walker *w, uint64_t offset,
			      struct gtv_head *head)
{
	enum gtv_sight part = w->growing ? GTV_SIGHT_PART : GTV_SIGHT_NOTHING;
	uint8_t bytes[GTV_HEAD_BYTES];

	if (w->size - offset < GTV_HEAD_BYTES)
		return part;
	if (gtv_store__pread(w->st->fd, bytes, sizeof bytes, offset) ||
	    gtv_head_read(head, bytes) != GTV_HEAD_GOOD)
		return GTV_SIGHT_NOTHING;
	return head->stored_bytes <= w->size - offset - GTV_HEAD_BYTES ? GTV_SIGHT_WHOLE
								       : part;
}

/* Where the next byte is that was ever written: a hole has no magic. */
static uint64_t skip_hole(const struct gtv_walker *w, uint64_t offset)
{
	off_t data = lseek(w->st->fd, (off_t)offset, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? w->size : offset;
	return (uint64_t)data > offset ? (uint64_t)data : offset;
}

/* The first block that begins in the n bytes of w->buf, which are those at offset. */
static enum gtv_sight find_here(const struct gtv_walker *w, uint64_t offset, size_t n,
				uint64_t *at, uint64_t limit, struct gtv_head *head)
{
	const uint8_t *p = w->buf, *end = w->buf + n;

	while ((p = memmem(p, (size_t)(end - p), GTV_BLOCK_MAGIC, GTV_MAGIC_BYTES))) {
		*at = offset + (uint64_t)(p - w->buf);
		if (*at >= limit)
			return GTV_SIGHT_NOTHING;
		enum gtv_sight sight = gtv_walk__look(w, *at, head);
		if (sight != GTV_SIGHT_NOTHING)
			return sight;
		p++;
	}
	return GTV_SIGHT_NOTHING;
}

enum gtv_sight gtv_walk__find(const struct gtv_walker *w, uint64_t *at, uint64_t limit,
			      struct gtv_head *head)
{
	uint64_t offset = *at;

	while (offset < limit && offset < w->size) {
		tell(w, offset);
		offset = skip_hole(w, offset);
		uint64_t left = w->size - offset;
		size_t n = left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES;
		if (n < GTV_MAGIC_BYTES || gtv_store__pread(w->st->fd, w->buf, n, offset))
			break;
		enum gtv_sight sight = find_here(w, offset, n, at, limit, head);
		if (sight != GTV_SIGHT_NOTHING)
			return sight;
		offset += n - (GTV_MAGIC_BYTES - 1); /* it may lie across the border */
		if (n < SEARCH_BYTES)
			break;
	}
	*at = offset;
	return GTV_SIGHT_NOTHING;
}

/* Bytes from `from` to `to` are lost; head: what follows, NULL at the end. If no
 * EVENTS block is missing, no time is lost, only something else. */
static int lost(struct gtv_walker *w, uint64_t from, uint64_t to,
		const struct gtv_head *head)
{
	int rc = gtv_store__note_gap(w->st, w->last_ns, w->last_ns, to - from);
	if (!rc && !w->open_gap && (!head || head->ordinal != w->ordinal))
		w->open_gap = w->st->gap_count;
	return rc;
}

/* Events are there again, from ns on. */
static void end_gap(struct gtv_walker *w, uint64_t ns)
{
	if (!w->open_gap)
		return;
	pthread_rwlock_wrlock(&w->st->lock);
	struct gap *gap = &w->st->gap[w->open_gap - 1];
	if (ns > gap->to_ns)
		gap->to_ns = ns;
	if (!gap->from_ns) /* nothing came before: the trace begins here */
		gap->from_ns = gap->to_ns;
	pthread_rwlock_unlock(&w->st->lock);
	w->open_gap = 0;
}

static int found(struct gtv_walker *w, const struct gtv_head *head, uint64_t offset)
{
	int rc = w->before ? w->before(w, head, offset) : 0;

	if (rc)
		return rc;
	w->blocks++;
	if (head->kind == GTV_BLOCK_EVENTS) {
		end_gap(w, head->from_ns);
		if (head->to_ns > w->last_ns)
			w->last_ns = head->to_ns;
		w->ordinal = head->ordinal + 1;
	} else {
		if (head->kind == GTV_BLOCK_INFO && !w->last_ns)
			w->last_ns = head->from_ns;
		w->ordinal = head->ordinal;
	}
	w->ended = head->kind == GTV_BLOCK_FOOTER && head->to_ns == offset;
	w->footers |= head->kind == GTV_BLOCK_FOOTER;
	return gtv_store__note(w->st, head, offset);
}

/* What is left after the last block: a torn one may still tell how far it went. */
static int torn_end(struct gtv_walker *w)
{
	uint8_t bytes[GTV_HEAD_BYTES];
	uint64_t offset = w->offset;
	struct gtv_head head;

	int rc = lost(w, offset, w->size, NULL);
	int has_head = w->size - offset >= GTV_HEAD_BYTES;
	int good = has_head && !gtv_store__pread(w->st->fd, bytes, sizeof bytes, offset) &&
		   gtv_head_read(&head, bytes) == GTV_HEAD_GOOD;
	w->offset = w->size;
	w->ended = 0;
	w->st->stats.cut = !w->footers && (good || !has_head);
	if (!rc && good && head.kind == GTV_BLOCK_EVENTS)
		end_gap(w, head.to_ns);
	return rc;
}

int gtv_walk__on(struct gtv_walker *w)
{
	struct gtv_head head;

	while (w->offset < w->size) {
		uint64_t at = w->offset;
		enum gtv_sight sight = gtv_walk__look(w, at, &head);
		int rc = 0;
		tell(w, at);
		if (sight == GTV_SIGHT_NOTHING) {
			at = w->searched > at ? w->searched : at + 1;
			sight = gtv_walk__find(w, &at, w->size, &head);
			if (sight == GTV_SIGHT_WHOLE)
				rc = lost(w, w->offset, at, &head);
		}
		if (sight != GTV_SIGHT_WHOLE && w->growing) {
			w->searched = at;
			return 0;
		}
		if (sight != GTV_SIGHT_WHOLE)
			return torn_end(w);
		if (!rc)
			rc = found(w, &head, at);
		if (rc)
			return rc;
		w->offset = at + GTV_HEAD_BYTES + head.stored_bytes;
	}
	w->st->stats.cut = !w->growing && !w->footers;
	return 0;
}
