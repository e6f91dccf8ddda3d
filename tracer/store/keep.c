/* SPDX-License-Identifier: MIT
 *
 * A store of which only the last part is kept (the flight recorder). Its beginning is
 * dropped up to a checkpoint, where a reader can begin: the entries of the lists, and the
 * file's blocks by a hole. Readers may be anywhere meanwhile. Numbers are never given
 * again, so one that asks for what is gone is told so, and one that was just reading it
 * finds zeroes, which are no block.
 */
#include <string.h>

#include "tracer/store/inside.h"

#define PAGE 4096u

/* Drops the first n entries. */
static void forget(struct refs *list, size_t n)
{
	n = n < list->count ? n : list->count;
	if (!n)
		return;
	list->count -= n;
	list->first += n;
	memmove(list->ref, list->ref + n, list->count * sizeof *list->ref);
}

static size_t before_offset(const struct refs *list, uint64_t offset)
{
	size_t n = 0;

	while (n < list->count && list->ref[n].offset < offset)
		n++;
	return n;
}

static void forget_events(struct gtv_store *st, size_t upto)
{
	size_t n = upto - st->events.first;

	for (size_t i = 0; i < n; i++)
		st->stats.dropped_events += st->events.ref[i].count;
	forget(&st->events, n);
}

/* A tile block tells of time before it was written: what ends later is kept. It was
 * written later, too, so it lies behind the beginning. */
static void forget_zoom(struct refs *list, uint64_t from_ns, uint64_t offset)
{
	size_t n = 0;

	while (n < list->count &&
	       (list->ref[n].to_ns <= from_ns || list->ref[n].offset < offset))
		n++;
	forget(list, n);
}

static void forget_outputs(struct gtv_store *st, uint64_t offset)
{
	size_t n = before_offset(&st->outputs, offset);

	for (size_t i = 0; i < n; i++)
		st->dropped_outputs += st->outputs.ref[i].count;
	forget(&st->outputs, n);
}

static void forget_before(struct gtv_store *st, const struct ref *begin)
{
	forget_events(st, (size_t)begin->mark);
	forget_outputs(st, begin->offset);
	forget(&st->infos, before_offset(&st->infos, begin->offset));
	forget(&st->names_blocks, before_offset(&st->names_blocks, begin->offset));
	for (int level = 0; level < GTV_ZOOM_LIST_MAX; level++)
		forget_zoom(&st->zoom[level], begin->from_ns, begin->offset);
	st->from_ns = begin->from_ns;
	st->stats.dropped_bytes = begin->offset;
}

int gtv_store_drop(struct gtv_store *st, size_t checkpoint)
{
	uint64_t upto = 0;
	int rc = -GTV_EUSAGE;

	pthread_rwlock_wrlock(&st->lock);
	struct refs *list = &st->checkpoints;
	size_t at = checkpoint - list->first;
	if (st->keeps_last && checkpoint >= list->first && at < list->count &&
	    list->ref[at].mark < st->events.first + st->events.count) {
		const struct ref begin = list->ref[at];
		forget(list, at);
		forget_before(st, &begin);
		upto = begin.offset / PAGE * PAGE;
		rc = 0;
	}
	pthread_rwlock_unlock(&st->lock);
	/* A hole that cannot be made costs room on the disk only. It can: that was tried
	 * when the spool was opened. */
	if (upto > st->punched && !gtv_spool_drop(st->fd, st->punched, upto))
		st->punched = upto;
	return rc;
}

/* ---- Questions ---- */

static size_t first_of(const struct gtv_store *cst, const struct refs *list)
{
	struct gtv_store *st = (struct gtv_store *)cst; /* only its lock */

	pthread_rwlock_rdlock(&st->lock);
	size_t first = list->first;
	pthread_rwlock_unlock(&st->lock);
	return first;
}

size_t gtv_store_first_block(const struct gtv_store *st)
{
	return first_of(st, &st->events);
}

size_t gtv_store_first_checkpoint(const struct gtv_store *st)
{
	return first_of(st, &st->checkpoints);
}

size_t gtv_store_first_zoom(const struct gtv_store *st, unsigned level)
{
	return level < GTV_ZOOM_LIST_MAX ? first_of(st, &st->zoom[level]) : 0;
}

size_t gtv_store_first_output(const struct gtv_store *cst)
{
	struct gtv_store *st = (struct gtv_store *)cst;

	pthread_rwlock_rdlock(&st->lock);
	size_t first = st->dropped_outputs;
	pthread_rwlock_unlock(&st->lock);
	return first;
}
