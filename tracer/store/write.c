/* SPDX-License-Identifier: MIT
 *
 * The writer: one thread appends. What a block needs to be understood (names) is
 * written before it, and a block is written with one call before it is listed, so
 * that a reader, and whoever opens the file of a killed writer, finds whole blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "tracer/store/bytes.h"
#include "tracer/store/inside.h"

#define BLOCK_AGE_NS	 25000000u
#define WAIT_MS		 100
#define OUTPUT_BYTES_MAX (256u << 10) /* a block's, before it is closed */
#define NAMES_BYTES_MAX	 (512u << 10)
#define INDEX_HERE	 4096u	/* index entries in memory */
#define INDEX_ENTRIES	 65536u /* in an INDEX block: 2.6 MB */
#define NAMES_SCATTERED	 16	/* more blocks of names than this: gather them at the end */

struct writer {
	ZSTD_CCtx *zstd;
	struct gtv_codec *codec;
	uint8_t *raw, *out; /* payload and packed block under construction */
	size_t raw_room, out_room;
	uint64_t offset; /* the file's end */
	uint32_t ordinal;
	uint64_t last_ns;  /* the latest time appended */
	uint64_t names_ns; /* when flush last saw all names written */

	/* The open block. Its first event is its oldest but for sources that lie. */
	struct gtv_ev *open;
	uint32_t open_count;

	uint8_t *output; /* the open OUTPUT block's payload */
	size_t output_bytes;
	uint32_t output_count;
	uint64_t output_from_ns, output_to_ns;

	uint64_t names_version; /* up to which they are written */
	uint32_t names_blocks;

	int is_file;		 /* else a pipe, a socket, a device */
	void (*wait)(void *arg); /* while it takes nothing; NULL: nobody minds */
	void *wait_arg;

	/* Of every block written, as the INDEX will have it: the last few here, what is
	 * older in a spool, for a recorder runs for hours. */
	uint8_t *index;
	size_t index_count, index_spooled;
	int index_spool; /* -1: none yet */
	int finished;
};

void gtv_writer__free(struct writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->zstd);
	gtv_codec_free(w->codec);
	free(w->raw);
	free(w->out);
	free(w->open);
	free(w->output);
	free(w->index);
	if (w->index_spool >= 0)
		close(w->index_spool);
	free(w);
}

static struct writer *writer_new(void)
{
	struct writer *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->index_spool = -1;
	w->index = malloc(INDEX_HERE * GTV_INDEX_ENTRY_BYTES);
	w->zstd = ZSTD_createCCtx();
	w->codec = gtv_codec_new();
	w->raw_room = GTV_CODEC_RAW_MAX;
	w->raw = malloc(w->raw_room);
	w->out_room = gtv_block_bound(GTV_CODEC_RAW_MAX);
	w->out = malloc(w->out_room);
	w->open = malloc(GTV_BLOCK_MAX * sizeof *w->open);
	w->output = malloc(OUTPUT_BYTES_MAX);
	if (w->zstd && w->codec && w->raw && w->out && w->open && w->output && w->index)
		return w;
	gtv_writer__free(w);
	return NULL;
}

/* ---- Writing ---- */

/* Stops writing for good: `err` is published once. */
static int fail(struct gtv_store *st, int code, const char *why, const char *mend)
{
	if (!atomic_load_explicit(&st->failed, memory_order_relaxed)) {
		gtv_err_set(&st->err, code, "the trace", mend, "%s", why);
		atomic_store_explicit(&st->failed, 1, memory_order_release);
	}
	return -code;
}

static int fail_write(struct gtv_store *st, int error)
{
	char buf[128];
	const char *why = strerror_r(error, buf, sizeof buf);

	if (error == EPIPE)
		return fail(st, GTV_EIO, "whoever read it has gone", NULL);
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return fail(st, GTV_EFULL, why,
			    "free some space; what was written is valid");
	return fail(st, GTV_EIO, why, NULL);
}

/*
 * A reader that is slow must not make us forget our duties, so we wait for room with
 * a limit and write no more than what room is certain to take: a page (PIPE_BUF). The
 * description is shared with whoever gave us the pipe, so it is not ours to make it one
 * that does not block.
 */
static ssize_t write_some(const struct writer *w, int fd, const uint8_t *p, size_t size)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};

	if (w->is_file)
		return write(fd, p, size);
	int ready = poll(&pfd, 1, WAIT_MS);
	if (ready > 0)
		return write(fd, p, size < PIPE_BUF ? size : PIPE_BUF);
	if (!ready && w->wait)
		w->wait(w->wait_arg);
	if (!ready)
		errno = EAGAIN;
	return -1;
}

/* 0, or the error number. */
static int write_all(const struct writer *w, int fd, const uint8_t *p, size_t size)
{
	while (size) {
		ssize_t n = write_some(w, fd, p, size);
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
			return errno;
		} else if (!n) {
			return EIO;
		}
	}
	return 0;
}

void gtv_store_on_wait(struct gtv_store *st, void (*wait)(void *arg), void *arg)
{
	st->writer->wait = wait;
	st->writer->wait_arg = arg;
}

/* Takes back what a failed write left of a block; a pipe keeps it, torn. */
static void take_back(const struct gtv_store *st)
{
	off_t end = (off_t)st->writer->offset;
	if (!ftruncate(st->fd, end))
		(void)lseek(st->fd, end, SEEK_SET);
}

static int stopped(const struct gtv_store *st)
{
	return st->failed ? -st->err.code : 0;
}

/* Makes room for one more entry of the index. 0 or -GTV_E*. */
static int reserve_entry(struct gtv_store *st)
{
	struct writer *w = st->writer;
	size_t size = w->index_count * GTV_INDEX_ENTRY_BYTES;

	if (w->index_count < INDEX_HERE)
		return 0;
	if (w->index_spool < 0)
		w->index_spool = gtv_spool_open();
	if (w->index_spool < 0 ||
	    gtv_spool_write(w->index_spool, w->index, size,
			    w->index_spooled * GTV_INDEX_ENTRY_BYTES) < size)
		return fail(st, GTV_EIO, "its index cannot be kept meanwhile",
			    "set TMPDIR to where there is room");
	w->index_spooled += w->index_count;
	w->index_count = 0;
	return 0;
}

/* Packs, writes and lists one block. head: kind, count, times, aux. */
static int put_payload(struct gtv_store *st, struct gtv_head *head,
		       const struct gtv_payload *payload)
{
	struct writer *w = st->writer;
	size_t bound = gtv_block_bound(payload->size);

	if (stopped(st))
		return stopped(st);
	if (bound > w->out_room) {
		uint8_t *out = realloc(w->out, bound);
		if (!out)
			return fail(st, GTV_ENOMEM, "no memory", NULL);
		w->out = out;
		w->out_room = bound;
	}
	if (!st->keeps_last && reserve_entry(st))
		return stopped(st);
	head->ordinal = w->ordinal;
	size_t size = gtv_block_pack(w->zstd, head, payload, w->out);
	int error = write_all(w, st->fd, w->out, size);
	if (error) {
		take_back(st);
		return fail_write(st, error);
	}
	if (!st->keeps_last)
		gtv_index_write(head, w->index + w->index_count++ * GTV_INDEX_ENTRY_BYTES);
	w->ordinal += head->kind == GTV_BLOCK_EVENTS;
	uint64_t offset = w->offset;
	w->offset += size;
	return gtv_store__note(st, head, offset) ? fail(st, GTV_ENOMEM, "no memory", NULL)
						 : 0;
}

static int put_block(struct gtv_store *st, struct gtv_head *head, const void *raw,
		     size_t raw_bytes)
{
	struct gtv_payload payload = {.raw = raw, .size = raw_bytes};

	return put_payload(st, head, &payload);
}

static int put_info(struct gtv_store *st)
{
	uint8_t raw[GTV_INFO_BYTES_MAX];
	struct gtv_head head = {.kind = GTV_BLOCK_INFO,
				.count = 1,
				.from_ns = st->info.start_ns,
				.to_ns = st->info.start_ns};
	return put_block(st, &head, raw, gtv_info_write(&st->info, raw));
}

/* ---- Names ---- */

/* Names blocks in the making: entries are gathered in w->raw. */
struct names_put {
	struct gtv_store *st;
	size_t used;
	uint32_t count, snapshot;
};

static int close_names(struct names_put *put)
{
	struct writer *w = put->st->writer;
	struct gtv_head head = {.kind = GTV_BLOCK_NAMES,
				.count = put->count,
				.from_ns = w->last_ns,
				.to_ns = w->last_ns,
				.aux = put->snapshot};
	if (!put->count)
		return 0;
	int rc = put_block(put->st, &head, w->raw, put->used);
	w->names_blocks++;
	put->used = 0;
	put->count = 0;
	return rc;
}

static int add_name(struct names_put *put, enum gtv_class cls, const struct gtv_name *name)
{
	put->used += gtv_name_write(cls, name, put->st->writer->raw + put->used);
	put->count++;
	return put->used + GTV_NAME_BYTES_MAX > NAMES_BYTES_MAX ? close_names(put) : 0;
}

static int by_first_sight(const void *a, const void *b)
{
	const struct gtv_name_change *x = a, *y = b;
	if (x->cls != y->cls)
		return x->cls < y->cls ? -1 : 1;
	return x->idx < y->idx ? -1 : x->idx > y->idx;
}

/* Writes the names that changed. In order of first sight, so that a reader's order
 * is the recorder's. */
static int put_names(struct gtv_store *st)
{
	struct writer *w = st->writer;
	uint64_t version = gtv_names_version(st->names);
	if (version == w->names_version)
		return 0;

	size_t max = 0; /* no more entries can have changed than there are or changes */
	for (int cls = 1; cls < GTV_CLASS_MAX; cls++)
		max += gtv_names_count(st->names, (enum gtv_class)cls);
	if (max > version - w->names_version)
		max = (size_t)(version - w->names_version);
	struct gtv_name_change *changes = calloc(max, sizeof *changes);
	if (!changes)
		return fail(st, GTV_ENOMEM, "no memory", NULL);
	size_t count = gtv_names_changes(st->names, w->names_version, changes, max,
					 &w->names_version);
	qsort(changes, count, sizeof *changes, by_first_sight);

	struct names_put put = {.st = st};
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_name(&put, changes[i].cls, &changes[i].name);
	free(changes);
	return rc ? rc : close_names(&put);
}

/* All names once more in one place, so that opening a long trace does not need to
 * collect them. */
static int put_snapshot(struct gtv_store *st)
{
	struct names_put put = {.st = st, .snapshot = 1};
	struct gtv_name name;
	int rc = 0;

	for (int c = 1; c < GTV_CLASS_MAX; c++) {
		enum gtv_class cls = (enum gtv_class)c;
		for (size_t idx = 0; !rc && !gtv_names_at(st->names, cls, idx, &name);
		     idx++)
			rc = add_name(&put, cls, &name);
	}
	return rc ? rc : close_names(&put);
}

/* ---- Events and outputs ---- */

static struct gtv_head head_of(const struct gtv_ev *evs, uint32_t count)
{
	struct gtv_head head = {.kind = GTV_BLOCK_EVENTS,
				.count = count,
				.from_ns = evs[0].ts_ns,
				.to_ns = evs[0].ts_ns};
	uint64_t lost = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t ts_ns = evs[i].ts_ns;
		head.from_ns = ts_ns < head.from_ns ? ts_ns : head.from_ns;
		head.to_ns = ts_ns > head.to_ns ? ts_ns : head.to_ns;
		if (evs[i].kind == GTV_EV_LOSS &&
		    __builtin_add_overflow(lost, evs[i].arg, &lost))
			lost = UINT64_MAX;
	}
	head.aux = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
	return head;
}

static int close_events(struct gtv_store *st)
{
	struct writer *w = st->writer;
	if (!w->open_count)
		return stopped(st);
	int rc = put_names(st);
	if (rc)
		return rc;
	struct gtv_head head = head_of(w->open, w->open_count);
	struct gtv_payload payload = {.raw = w->raw};
	payload.size =
		gtv_codec_encode(w->codec, head.from_ns, w->open, w->open_count, w->raw);
	payload.seam = gtv_codec_seams(w->codec, &payload.seams);
	w->open_count = 0;
	return put_payload(st, &head, &payload);
}

static int close_output(struct gtv_store *st)
{
	struct writer *w = st->writer;
	struct gtv_head head = {.kind = GTV_BLOCK_OUTPUT,
				.count = w->output_count,
				.from_ns = w->output_from_ns,
				.to_ns = w->output_to_ns};
	if (!w->output_count)
		return stopped(st);
	int rc = put_block(st, &head, w->output, w->output_bytes);
	w->output_bytes = 0;
	w->output_count = 0;
	return rc;
}

static int close_all(struct gtv_store *st)
{
	int rc = put_names(st);
	if (!rc)
		rc = close_events(st);
	return rc ? rc : close_output(st);
}

/* A store that is read only or finished takes nothing. */
static int writable(const struct gtv_store *st)
{
	if (!st->writer || st->writer->finished)
		return -GTV_EUSAGE;
	return stopped(st);
}

int gtv_store_append(struct gtv_store *st, const struct gtv_ev *evs, size_t count)
{
	int rc = writable(st);

	while (count && !rc) {
		struct writer *w = st->writer;
		size_t n = GTV_BLOCK_MAX - w->open_count;
		n = count < n ? count : n;
		memcpy(w->open + w->open_count, evs, n * sizeof *evs);
		w->open_count += (uint32_t)n;
		w->last_ns = evs[n - 1].ts_ns;
		evs += n;
		count -= n;
		if (w->open_count == GTV_BLOCK_MAX)
			rc = close_events(st);
	}
	return rc;
}

struct gtv_ev *gtv_store_room(struct gtv_store *st, size_t *count)
{
	struct writer *w = st->writer;

	if (writable(st))
		return NULL;
	*count = GTV_BLOCK_MAX - w->open_count;
	return w->open + w->open_count;
}

int gtv_store_made(struct gtv_store *st, size_t count)
{
	struct writer *w = st->writer;
	int rc = writable(st);

	if (rc || !count)
		return rc;
	w->open_count += (uint32_t)count;
	w->last_ns = w->open[w->open_count - 1].ts_ns;
	return w->open_count == GTV_BLOCK_MAX ? close_events(st) : 0;
}

static int old(uint64_t since_ns, uint64_t now_ns)
{
	return now_ns >= since_ns && now_ns - since_ns >= BLOCK_AGE_NS;
}

int gtv_store_flush(struct gtv_store *st, uint64_t now_ns)
{
	int rc = writable(st);
	if (rc)
		return rc;
	struct writer *w = st->writer;
	if (!now_ns || (w->open_count && old(w->open[0].ts_ns, now_ns)) ||
	    (w->output_count && old(w->output_from_ns, now_ns)))
		return close_all(st);
	/* Names without events: a program that only starts threads, say. */
	if (old(w->names_ns, now_ns)) {
		w->names_ns = now_ns;
		return put_names(st);
	}
	return 0;
}

int gtv_store_put_checkpoint(struct gtv_store *st, uint64_t ts_ns, const void *bytes,
			     size_t size)
{
	struct gtv_head head = {
		.kind = GTV_BLOCK_CHECKPOINT, .from_ns = ts_ns, .to_ns = ts_ns};
	int rc = writable(st);

	if (!rc && size > GTV_RAW_MAX)
		return -GTV_EFULL;
	if (!rc)
		rc = close_events(st);
	return rc ? rc : put_block(st, &head, bytes, size);
}

int gtv_store_put_zoom(struct gtv_store *st, unsigned level, uint64_t from_ns,
		       uint64_t to_ns, const void *bytes, size_t size)
{
	return gtv_store_put_zoom_back(st, level, from_ns, to_ns, 0, bytes, size);
}

int gtv_store_put_zoom_back(struct gtv_store *st, unsigned level, uint64_t from_ns,
			    uint64_t to_ns, uint32_t back, const void *bytes, size_t size)
{
	struct gtv_head head = {.kind = GTV_BLOCK_ZOOM,
				.aux = level,
				.count = back,
				.from_ns = from_ns,
				.to_ns = to_ns};
	int rc = writable(st);

	if (!rc && level >= GTV_ZOOM_LIST_MAX)
		return -GTV_EUSAGE;
	if (!rc && size > GTV_ZOOM_BYTES_MAX)
		return -GTV_EFULL;
	return rc ? rc : put_block(st, &head, bytes, size);
}

static int add_output(struct gtv_store *st, uint64_t ts_ns, const uint8_t *bytes,
		      size_t size)
{
	struct writer *w = st->writer;

	if (w->output_bytes + GTV_OUTPUT_BYTES_MIN + size > OUTPUT_BYTES_MAX) {
		int rc = close_output(st);
		if (rc)
			return rc;
	}
	if (!w->output_count)
		w->output_from_ns = ts_ns;
	w->output_to_ns = ts_ns;
	w->output_count++;
	uint8_t *p = w->output + w->output_bytes;
	p = put_u64(p, ts_ns);
	p = put_u32(p, (uint32_t)size);
	p = put_bytes(p, bytes, size);
	w->output_bytes = (size_t)(p - w->output);
	return 0;
}

int gtv_store_put_output(struct gtv_store *st, uint64_t ts_ns, const void *bytes,
			 size_t size)
{
	const uint8_t *p = bytes;
	size_t piece = OUTPUT_BYTES_MAX - GTV_OUTPUT_BYTES_MIN;
	int rc = writable(st);

	do {
		size_t n = size < piece ? size : piece;
		if (!rc)
			rc = add_output(st, ts_ns, p, n);
		p += n;
		size -= n;
	} while (size && !rc);
	return rc;
}

/* ---- The beginning and the end ---- */

void gtv_store_set_exit(struct gtv_store *st, int wait_status)
{
	pthread_rwlock_wrlock(&st->lock);
	st->info.exit_status = wait_status;
	pthread_rwlock_unlock(&st->lock);
}

void gtv_store_set_fallbacks(struct gtv_store *st, uint64_t count)
{
	pthread_rwlock_wrlock(&st->lock);
	st->info.fallbacks = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	pthread_rwlock_unlock(&st->lock);
}

void gtv_store_set_implausible(struct gtv_store *st, uint64_t count)
{
	pthread_rwlock_wrlock(&st->lock);
	st->info.implausible = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	pthread_rwlock_unlock(&st->lock);
}

static int32_t clamp_i32(int64_t v)
{
	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

void gtv_store_set_clock(struct gtv_store *st, int64_t off_ns, int64_t drift_ppb)
{
	pthread_rwlock_wrlock(&st->lock);
	st->info.clock_off_ns = (uint32_t)clamp_i32(off_ns < 0 ? -off_ns : off_ns);
	st->info.clock_drift_ppb = clamp_i32(drift_ppb);
	pthread_rwlock_unlock(&st->lock);
}

void gtv_store_set_cores(struct gtv_store *st, unsigned count)
{
	pthread_rwlock_wrlock(&st->lock);
	st->info.core_count = count;
	pthread_rwlock_unlock(&st->lock);
}

void gtv_store_set_origin(struct gtv_store *st, const char *command, const char *host,
			  const char *kernel)
{
	pthread_rwlock_wrlock(&st->lock);
	snprintf(st->info.command, sizeof st->info.command, "%s", command);
	snprintf(st->info.host, sizeof st->info.host, "%s", host);
	snprintf(st->info.kernel, sizeof st->info.kernel, "%s", kernel);
	pthread_rwlock_unlock(&st->lock);
}

/* Entries [from, from + n) of the index, wherever they are. 0 or -GTV_E*. */
static int fetch_entries(struct gtv_store *st, size_t from, size_t n, uint8_t *raw)
{
	struct writer *w = st->writer;
	size_t spooled = from < w->index_spooled ? w->index_spooled - from : 0;

	spooled = spooled < n ? spooled : n;
	if (spooled &&
	    gtv_store__pread(w->index_spool, raw, spooled * GTV_INDEX_ENTRY_BYTES,
			     from * GTV_INDEX_ENTRY_BYTES))
		return fail(st, GTV_EIO, "its index was lost meanwhile", NULL);
	if (n > spooled)
		memcpy(raw + spooled * GTV_INDEX_ENTRY_BYTES,
		       w->index +
			       (from + spooled - w->index_spooled) * GTV_INDEX_ENTRY_BYTES,
		       (n - spooled) * GTV_INDEX_ENTRY_BYTES);
	return 0;
}

/* The INDEX blocks are not in the index, so writing them must add nothing to what is
 * read meanwhile: their own entries come behind it. */
static int put_index(struct gtv_store *st)
{
	struct writer *w = st->writer;
	size_t total = w->index_spooled + w->index_count;
	uint64_t from = w->offset;
	uint8_t *raw = malloc(INDEX_ENTRIES * GTV_INDEX_ENTRY_BYTES);
	uint32_t blocks = 0;
	int rc = raw ? 0 : fail(st, GTV_ENOMEM, "no memory", NULL);

	for (size_t done = 0; done < total && !rc; blocks++) {
		size_t n = total - done < INDEX_ENTRIES ? total - done : INDEX_ENTRIES;
		struct gtv_head head = {.kind = GTV_BLOCK_INDEX, .count = (uint32_t)n};
		rc = fetch_entries(st, done, n, raw);
		if (!rc)
			rc = put_block(st, &head, raw, n * GTV_INDEX_ENTRY_BYTES);
		done += n;
	}
	free(raw);
	struct gtv_head footer = {.kind = GTV_BLOCK_FOOTER,
				  .count = blocks,
				  .from_ns = from,
				  .to_ns = w->offset};
	return rc ? rc : put_block(st, &footer, NULL, 0);
}

void gtv_store_unread(struct gtv_store *st)
{
	pthread_rwlock_wrlock(&st->lock);
	st->unread = 1;
	pthread_rwlock_unlock(&st->lock);
}

int gtv_store_finish(struct gtv_store *st)
{
	if (!st->writer)
		return -GTV_EUSAGE;
	if (st->writer->finished)
		return stopped(st);
	int rc = close_all(st);
	if (!rc)
		rc = put_info(st);
	if (!rc && st->writer->names_blocks > NAMES_SCATTERED)
		rc = put_snapshot(st);
	if (!rc && !st->keeps_last)
		rc = put_index(st);
	st->writer->finished = 1;
	if (!rc) {
		pthread_rwlock_wrlock(&st->lock);
		st->stats.complete = 1;
		pthread_rwlock_unlock(&st->lock);
	}
	return rc;
}

static struct gtv_store_info settled(const struct gtv_store_info *info)
{
	struct gtv_store_info out = *info;

	out.version = GTV_FORMAT_VERSION;
	out.host[sizeof out.host - 1] = '\0';
	out.kernel[sizeof out.kernel - 1] = '\0';
	out.command[sizeof out.command - 1] = '\0';
	return out;
}

int gtv_store_create(struct gtv_store **out, int fd, const struct gtv_store_info *info,
		     struct gtv_names *names, struct gtv_err *err)
{
	struct stat sb;
	int mode = fcntl(fd, F_GETFL);

	*out = NULL;
	if (mode < 0 || fstat(fd, &sb)) {
		int error = errno;
		close(fd);
		return gtv_err_set(err, GTV_EIO, "the trace", NULL, "%s", strerror(error));
	}
	if (S_ISREG(sb.st_mode) && sb.st_size) {
		close(fd);
		return gtv_err_set(err, GTV_EEXIST, "the trace", "give a new or empty file",
				   "the file holds something already");
	}
	struct gtv_store *st = gtv_store__new(fd);
	if (!st || !(st->writer = writer_new())) {
		if (st)
			gtv_store__free(st);
		close(fd);
		return gtv_err_set(err, GTV_ENOMEM, "the trace", NULL, "no memory");
	}
	st->readable = S_ISREG(sb.st_mode) && (mode & O_ACCMODE) == O_RDWR;
	st->info = settled(info);
	st->names = names;
	gtv_names_set_kernel(names, info->kernel);
	st->writer->last_ns = info->start_ns;
	st->writer->is_file = S_ISREG(sb.st_mode);
	int rc = put_info(st);
	if (rc) {
		if (err)
			*err = st->err;
		gtv_store_close(st);
		return rc;
	}
	*out = st;
	return 0;
}

static int create_in(struct gtv_store **out, int fd, const struct gtv_store_info *info,
		     struct gtv_names *names, struct gtv_err *err)
{
	*out = NULL;
	if (fd < 0)
		return gtv_err_set(err, GTV_EIO, "a temporary file", "set TMPDIR", "%s",
				   strerror(errno));
	return gtv_store_create(out, fd, info, names, err);
}

int gtv_store_create_temp(struct gtv_store **out, const struct gtv_store_info *info,
			  struct gtv_names *names, struct gtv_err *err)
{
	return create_in(out, gtv_spool_open(), info, names, err);
}

int gtv_store_create_kept(struct gtv_store **out, const struct gtv_store_info *info,
			  struct gtv_names *names, struct gtv_err *err)
{
	int rc = create_in(out, gtv_spool_open_kept(), info, names, err);

	if (!rc)
		(*out)->keeps_last = 1; /* its first block, INFO, is in an index of one */
	return rc;
}
