/* SPDX-License-Identifier: MIT
 *
 * The lists of blocks, and what readers ask of them. Any thread may.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "tracer/store/bytes.h"
#include "tracer/store/inside.h"

/* ---- The store itself ---- */

struct gtv_store *gtv_store__new(int fd)
{
	struct gtv_store *st = calloc(1, sizeof *st);
	if (!st)
		return NULL;
	pthread_rwlockattr_t attr;
	pthread_rwlockattr_init(&attr);
	/* A busy screen must not keep the collector from adding a block. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&st->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&st->scratch_lock, NULL);
	pthread_mutex_init(&st->output_lock, NULL);
	st->fd = fd;
	st->info.version = GTV_FORMAT_VERSION;
	st->info.exit_status = -1;
	return st;
}

static void free_scratch(struct scratch *s)
{
	if (!s)
		return;
	ZSTD_freeDCtx(s->zstd);
	gtv_codec_free(s->codec);
	free(s->stored);
	free(s->raw);
	free(s);
}

void gtv_store__forget(struct gtv_store *st)
{
	struct refs *lists[] = {&st->events, &st->checkpoints, &st->outputs, &st->infos,
				&st->names_blocks};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		lists[i]->count = 0;
	for (int level = 0; level < GTV_ZOOM_LIST_MAX; level++)
		st->zoom[level].count = 0;
	st->gap_count = 0;
	st->stats = (struct gtv_store_stats){0};
}

void gtv_store__free(struct gtv_store *st)
{
	free(st->events.ref);
	free(st->checkpoints.ref);
	free(st->outputs.ref);
	free(st->infos.ref);
	free(st->names_blocks.ref);
	for (int level = 0; level < GTV_ZOOM_LIST_MAX; level++)
		free(st->zoom[level].ref);
	free(st->gap);
	free(st->output.raw);
	for (struct scratch *s = st->scratch, *next; s; s = next) {
		next = s->next;
		free_scratch(s);
	}
	if (st->own_names)
		gtv_names_free(st->names);
	pthread_rwlock_destroy(&st->lock);
	pthread_mutex_destroy(&st->scratch_lock);
	pthread_mutex_destroy(&st->output_lock);
	free(st);
}

void gtv_store_close(struct gtv_store *st)
{
	if (!st)
		return;
	gtv_stream__free(st->stream);
	gtv_writer__free(st->writer);
	close(st->fd);
	gtv_store__free(st);
}

/* Readers change nothing of a store but its locks and the scratch they share. */
static struct gtv_store *unconst(const struct gtv_store *st)
{
	return (struct gtv_store *)st;
}

static void lock_read(const struct gtv_store *st)
{
	pthread_rwlock_rdlock(&unconst(st)->lock);
}

static void unlock(const struct gtv_store *st)
{
	pthread_rwlock_unlock(&unconst(st)->lock);
}

/* ---- Listing blocks ---- */

int gtv_store__grow(void **array, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return 0;
	size_t more = *room ? 2 * *room : 32;
	void *moved = reallocarray(*array, more, size);
	if (!moved)
		return -GTV_ENOMEM;
	*array = moved;
	*room = more;
	return 0;
}

/* The list that blocks of this kind are in, NULL if nobody asks for them. */
static struct refs *list_of(struct gtv_store *st, const struct gtv_head *head)
{
	switch (head->kind) {
	case GTV_BLOCK_EVENTS:
		return &st->events;
	case GTV_BLOCK_CHECKPOINT:
		return &st->checkpoints;
	case GTV_BLOCK_OUTPUT:
		return &st->outputs;
	case GTV_BLOCK_INFO:
		return &st->infos;
	case GTV_BLOCK_NAMES:
		return &st->names_blocks;
	case GTV_BLOCK_ZOOM:
		return head->aux < GTV_ZOOM_LIST_MAX ? &st->zoom[head->aux] : NULL;
	default:
		return NULL;
	}
}

static uint64_t mark_of(const struct gtv_store *st, const struct refs *list,
			const struct gtv_head *head)
{
	const struct ref *last = list->count ? &list->ref[list->count - 1] : NULL;

	switch (head->kind) {
	case GTV_BLOCK_EVENTS:
		return last && last->mark > head->to_ns ? last->mark : head->to_ns;
	case GTV_BLOCK_CHECKPOINT:
		return st->events.first + st->events.count;
	case GTV_BLOCK_OUTPUT:
		return last ? last->mark + last->count : st->dropped_outputs;
	default:
		return 0;
	}
}

static int note_locked(struct gtv_store *st, const struct gtv_head *head, uint64_t offset)
{
	struct refs *list = list_of(st, head);

	st->stats.bytes = offset + GTV_HEAD_BYTES + head->stored_bytes;
	if (!list)
		return 0;
	/* Checkpoints are searched by time: one that goes back is of no use. */
	if (list == &st->checkpoints && list->count &&
	    head->from_ns < list->ref[list->count - 1].from_ns)
		return 0;
	uint64_t mark = mark_of(st, list, head);
	if (st->unread && list->count)
		list->count = 0;
	if (gtv_store__grow((void **)&list->ref, &list->room, list->count,
			    sizeof *list->ref))
		return -GTV_ENOMEM;
	list->ref[list->count] = (struct ref){
		.offset = offset,
		.from_ns = head->from_ns,
		.to_ns = head->to_ns,
		.mark = mark,
		.count = head->count,
		.stored_bytes = head->stored_bytes,
		.raw_bytes = head->raw_bytes,
		.aux = head->aux,
	};
	list->count++;
	if (list == &st->events) {
		if (!st->stats.blocks || head->from_ns < st->from_ns)
			st->from_ns = head->from_ns;
		st->stats.blocks++;
		st->stats.events += head->count;
		st->stats.lost += head->aux;
	}
	return 0;
}

int gtv_store__note(struct gtv_store *st, const struct gtv_head *head, uint64_t offset)
{
	pthread_rwlock_wrlock(&st->lock);
	int rc = note_locked(st, head, offset);
	unlock(st);
	return rc;
}

int gtv_store__note_gap(struct gtv_store *st, uint64_t from_ns, uint64_t to_ns,
			uint64_t bytes)
{
	int rc = 0;

	pthread_rwlock_wrlock(&st->lock);
	if (gtv_store__grow((void **)&st->gap, &st->gap_room, st->gap_count,
			    sizeof *st->gap)) {
		rc = -GTV_ENOMEM;
	} else {
		if (to_ns < from_ns)
			to_ns = from_ns;
		st->gap[st->gap_count++] = (struct gap){from_ns, to_ns, bytes};
		st->stats.gaps = st->gap_count;
	}
	unlock(st);
	return rc;
}

/* ---- Reading a block ---- */

int gtv_store__pread(int fd, void *buf, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n =
			pread(fd, (char *)buf + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -GTV_EIO;
		if (!n)
			return -GTV_ECORRUPT;
		done += (size_t)n;
	}
	return 0;
}

static struct scratch *take_scratch(const struct gtv_store *cst)
{
	struct gtv_store *st = unconst(cst);

	pthread_mutex_lock(&st->scratch_lock);
	struct scratch *s = st->scratch;
	if (s)
		st->scratch = s->next;
	pthread_mutex_unlock(&st->scratch_lock);
	if (s)
		return s;
	s = calloc(1, sizeof *s);
	if (s && (s->zstd = ZSTD_createDCtx()))
		return s;
	free_scratch(s);
	return NULL;
}

#define SCRATCH_KEEP (4u << 20) /* a checkpoint's giant buffer is not kept */

static void give_scratch(const struct gtv_store *cst, struct scratch *s)
{
	struct gtv_store *st = unconst(cst);

	if (s->stored_room > SCRATCH_KEEP) {
		free(s->stored);
		s->stored = NULL;
		s->stored_room = 0;
	}
	pthread_mutex_lock(&st->scratch_lock);
	s->next = st->scratch;
	st->scratch = s;
	pthread_mutex_unlock(&st->scratch_lock);
}

static int reserve(uint8_t **buf, size_t *room, size_t size)
{
	if (size <= *room)
		return 0;
	free(*buf);
	*buf = malloc(size);
	*room = *buf ? size : 0;
	return *buf ? 0 : -GTV_ENOMEM;
}

/* Fetches a block as it is in the file; its head must still say what the list says. */
static int fetch(const struct gtv_store *st, struct scratch *s, unsigned kind,
		 const struct ref *ref, struct gtv_head *head)
{
	size_t size = GTV_HEAD_BYTES + (size_t)ref->stored_bytes;

	if (!st->readable)
		return -GTV_EIO;
	if (reserve(&s->stored, &s->stored_room, size))
		return -GTV_ENOMEM;
	atomic_fetch_add_explicit(&unconst(st)->reads, 1, memory_order_relaxed);
	int rc = gtv_store__pread(st->fd, s->stored, size, ref->offset);
	if (rc)
		return rc;
	if (gtv_head_read(head, s->stored) != GTV_HEAD_GOOD || head->kind != kind ||
	    head->count != ref->count || head->stored_bytes != ref->stored_bytes ||
	    head->raw_bytes != ref->raw_bytes || head->from_ns != ref->from_ns ||
	    head->to_ns != ref->to_ns || head->aux != ref->aux)
		return -GTV_ECORRUPT;
	return 0;
}

int gtv_store__load(const struct gtv_store *st, unsigned kind, const struct ref *ref,
		    void **bytes)
{
	struct gtv_head head;
	*bytes = NULL;
	struct scratch *s = take_scratch(st);
	if (!s)
		return -GTV_ENOMEM;
	int rc = fetch(st, s, kind, ref, &head);
	if (!rc) {
		*bytes = malloc((size_t)ref->raw_bytes + 1);
		rc = *bytes ? gtv_block_unpack(s->zstd, &head, s->stored + GTV_HEAD_BYTES,
					       *bytes)
			    : -GTV_ENOMEM;
	}
	give_scratch(st, s);
	if (rc) {
		free(*bytes);
		*bytes = NULL;
	}
	return rc;
}

/* Readers place events by their block's times, so these must be true. */
static int within(const struct gtv_ev *evs, uint32_t count, uint64_t from_ns,
		  uint64_t to_ns)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (uint32_t i = 0; i < count; i++) {
		low = evs[i].ts_ns < low ? evs[i].ts_ns : low;
		high = evs[i].ts_ns > high ? evs[i].ts_ns : high;
	}
	return low == from_ns && high == to_ns;
}

static int read_events(const struct gtv_store *st, struct scratch *s, const struct ref *ref,
		       struct gtv_ev *evs)
{
	struct gtv_head head;

	if (!s->codec && !(s->codec = gtv_codec_new()))
		return -GTV_ENOMEM;
	if (reserve(&s->raw, &s->raw_room, ref->raw_bytes))
		return -GTV_ENOMEM;
	int rc = fetch(st, s, GTV_BLOCK_EVENTS, ref, &head);
	if (!rc)
		rc = gtv_block_unpack(s->zstd, &head, s->stored + GTV_HEAD_BYTES, s->raw);
	if (!rc)
		rc = gtv_codec_decode(s->codec, ref->from_ns, s->raw, ref->raw_bytes, evs,
				      ref->count);
	if (!rc && !within(evs, ref->count, ref->from_ns, ref->to_ns))
		rc = -GTV_ECORRUPT;
	return rc;
}

/* Copies entry idx of a list; 0 or -GTV_ENOTFOUND. */
static int get_ref(const struct gtv_store *st, const struct refs *list, size_t idx,
		   struct ref *out)
{
	int rc = -GTV_ENOTFOUND;

	lock_read(st);
	if (idx >= list->first && idx - list->first < list->count) {
		*out = list->ref[idx - list->first];
		rc = 0;
	}
	unlock(st);
	return rc;
}

long gtv_store_read(const struct gtv_store *st, size_t idx, struct gtv_ev *evs)
{
	struct ref ref;
	int rc = get_ref(st, &st->events, idx, &ref);
	if (rc)
		return rc;
	struct scratch *s = take_scratch(st);
	if (!s)
		return -GTV_ENOMEM;
	rc = read_events(st, s, &ref, evs);
	give_scratch(st, s);
	return rc ? rc : (long)ref.count;
}

/* ---- Questions ---- */

void gtv_store_get_info(const struct gtv_store *st, struct gtv_store_info *out)
{
	lock_read(st);
	*out = st->info;
	unlock(st);
}

void gtv_store_get_stats(const struct gtv_store *st, struct gtv_store_stats *out)
{
	lock_read(st);
	*out = st->stats;
	unlock(st);
	out->reads = atomic_load_explicit(&unconst(st)->reads, memory_order_relaxed);
}

const struct gtv_names *gtv_store_names(const struct gtv_store *st)
{
	return st->names;
}

const struct gtv_err *gtv_store_error(const struct gtv_store *st)
{
	static const struct gtv_err none;
	return atomic_load_explicit(&unconst(st)->failed, memory_order_acquire) ? &st->err
										: &none;
}

int gtv_store_range(const struct gtv_store *st, uint64_t *from_ns, uint64_t *to_ns)
{
	lock_read(st);
	size_t count = st->events.count;
	*from_ns = count ? st->from_ns : st->info.start_ns;
	*to_ns = count ? st->events.ref[count - 1].mark : st->info.start_ns;
	if (count && *to_ns < UINT64_MAX)
		++*to_ns;
	unlock(st);
	return count ? 0 : 1;
}

static size_t count_of(const struct gtv_store *st, const struct refs *list)
{
	lock_read(st);
	size_t count = list->first + list->count;
	unlock(st);
	return count;
}

size_t gtv_store_block_count(const struct gtv_store *st)
{
	return count_of(st, &st->events);
}

int gtv_store_block(const struct gtv_store *st, size_t idx, struct gtv_block_info *out)
{
	struct ref ref;
	int rc = get_ref(st, &st->events, idx, &ref);

	*out = (struct gtv_block_info){0};
	if (!rc)
		*out = (struct gtv_block_info){ref.from_ns, ref.to_ns, ref.count,
					       ref.offset};
	return rc;
}

size_t gtv_store_find(const struct gtv_store *st, uint64_t ts_ns)
{
	lock_read(st);
	size_t low = 0, high = st->events.count;
	/* `mark` never falls, and rises only at a block that reaches further itself. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (st->events.ref[mid].mark >= ts_ns)
			high = mid;
		else
			low = mid + 1;
	}
	low += st->events.first;
	unlock(st);
	return low;
}

size_t gtv_store_gap_count(const struct gtv_store *st)
{
	lock_read(st);
	size_t count = st->gap_count;
	unlock(st);
	return count;
}

int gtv_store_gap(const struct gtv_store *st, size_t idx, uint64_t *from_ns,
		  uint64_t *to_ns, uint64_t *bytes)
{
	int rc = -GTV_ENOTFOUND;

	lock_read(st);
	if (idx < st->gap_count) {
		*from_ns = st->gap[idx].from_ns;
		*to_ns = st->gap[idx].to_ns;
		*bytes = st->gap[idx].bytes;
		rc = 0;
	}
	unlock(st);
	return rc;
}

/* How many checkpoints stand at or before ts_ns. */
static size_t checkpoints_upto(const struct gtv_store *st, uint64_t ts_ns)
{
	lock_read(st);
	size_t low = 0, high = st->checkpoints.count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (st->checkpoints.ref[mid].from_ns <= ts_ns)
			low = mid + 1;
		else
			high = mid;
	}
	low += st->checkpoints.first;
	unlock(st);
	return low;
}

int gtv_store_get_checkpoint(const struct gtv_store *st, uint64_t ts_ns, void **bytes,
			     size_t *size, size_t *block_idx)
{
	struct ref ref;

	/* A damaged one costs time, not truth: take the one before. */
	for (size_t idx = checkpoints_upto(st, ts_ns); idx-- > 0;) {
		if (get_ref(st, &st->checkpoints, idx, &ref))
			break; /* it was dropped, and all before it */
		int rc = gtv_store__load(st, GTV_BLOCK_CHECKPOINT, &ref, bytes);
		if (rc == -GTV_ENOMEM)
			return rc;
		if (rc)
			continue;
		*size = ref.raw_bytes;
		*block_idx = (size_t)ref.mark;
		return 0;
	}
	return -GTV_ENOTFOUND;
}

int gtv_store_checkpoint(const struct gtv_store *st, size_t idx, uint64_t *ts_ns,
			 size_t *block_idx)
{
	struct ref ref;
	int rc = get_ref(st, &st->checkpoints, idx, &ref);

	if (rc)
		return rc;
	*ts_ns = ref.from_ns;
	*block_idx = (size_t)ref.mark;
	return 0;
}

int gtv_store_load_checkpoint(const struct gtv_store *st, size_t idx, void **bytes,
			      size_t *size)
{
	struct ref ref;
	int rc = get_ref(st, &st->checkpoints, idx, &ref);

	if (rc)
		return rc;
	*size = ref.raw_bytes;
	return gtv_store__load(st, GTV_BLOCK_CHECKPOINT, &ref, bytes);
}

size_t gtv_store_zoom_count(const struct gtv_store *st, unsigned level)
{
	return level < GTV_ZOOM_LIST_MAX ? count_of(st, &st->zoom[level]) : 0;
}

int gtv_store_zoom_info(const struct gtv_store *st, unsigned level, size_t idx,
			uint64_t *from_ns, uint64_t *to_ns)
{
	struct ref ref;

	if (level >= GTV_ZOOM_LIST_MAX || get_ref(st, &st->zoom[level], idx, &ref))
		return -GTV_ENOTFOUND;
	*from_ns = ref.from_ns;
	*to_ns = ref.to_ns;
	return 0;
}

uint32_t gtv_store_zoom_back(const struct gtv_store *st, unsigned level, size_t idx)
{
	struct ref ref;

	if (level >= GTV_ZOOM_LIST_MAX || get_ref(st, &st->zoom[level], idx, &ref))
		return 0;
	return ref.count;
}

int gtv_store_get_zoom(const struct gtv_store *st, unsigned level, size_t idx, void **bytes,
		       size_t *size)
{
	struct ref ref;

	if (level >= GTV_ZOOM_LIST_MAX || get_ref(st, &st->zoom[level], idx, &ref))
		return -GTV_ENOTFOUND;
	*size = ref.raw_bytes;
	return gtv_store__load(st, GTV_BLOCK_ZOOM, &ref, bytes);
}

size_t gtv_store_output_count(const struct gtv_store *st)
{
	lock_read(st);
	const struct refs *list = &st->outputs;
	uint64_t count = list->count ? list->ref[list->count - 1].mark +
					       list->ref[list->count - 1].count
				     : st->dropped_outputs;
	unlock(st);
	return (size_t)count;
}

/* The OUTPUT block that holds output idx. */
static int output_block(const struct gtv_store *st, size_t idx, struct ref *out)
{
	int rc = -GTV_ENOTFOUND;

	lock_read(st);
	const struct refs *list = &st->outputs;
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (list->ref[mid].mark + list->ref[mid].count > idx)
			high = mid;
		else
			low = mid + 1;
	}
	if (low < list->count && idx >= list->ref[low].mark) {
		*out = list->ref[low];
		rc = 0;
	}
	unlock(st);
	return rc;
}

/* The n-th output of the block in the cache: (u64 time, u32 size, bytes) each. */
static int pick_output(struct output_cache *c, size_t raw_bytes, size_t n, uint64_t *ts_ns,
		       void **bytes, size_t *size)
{
	if (n < c->next)
		c->next = c->next_pos = 0;
	struct cursor in = {.p = c->raw + c->next_pos, .end = c->raw + raw_bytes};
	for (;;) {
		*ts_ns = take_u64(&in);
		*size = take_u32(&in);
		const uint8_t *text = take(&in, *size);
		if (!text)
			return -GTV_ECORRUPT;
		c->next_pos = (size_t)(in.p - c->raw);
		if (c->next++ < n)
			continue;
		*bytes = malloc(*size + 1);
		if (!*bytes)
			return -GTV_ENOMEM;
		put_bytes(*bytes, text, *size);
		return 0;
	}
}

static int cached_output(const struct gtv_store *st, struct output_cache *c,
			 const struct ref *ref, size_t n, uint64_t *ts_ns, void **bytes,
			 size_t *size)
{
	if (!c->raw || c->offset != ref->offset) {
		void *raw;
		int rc = gtv_store__load(st, GTV_BLOCK_OUTPUT, ref, &raw);
		if (rc)
			return rc;
		free(c->raw);
		*c = (struct output_cache){.offset = ref->offset, .raw = raw};
	}
	return pick_output(c, ref->raw_bytes, n, ts_ns, bytes, size);
}

int gtv_store_get_output(const struct gtv_store *cst, size_t idx, uint64_t *ts_ns,
			 void **bytes, size_t *size)
{
	struct gtv_store *st = unconst(cst);
	struct ref ref;

	*bytes = NULL;
	int rc = output_block(st, idx, &ref);
	if (rc)
		return rc;
	pthread_mutex_lock(&st->output_lock);
	rc = cached_output(st, &st->output, &ref, idx - (size_t)ref.mark, ts_ns, bytes,
			   size);
	pthread_mutex_unlock(&st->output_lock);
	return rc;
}
