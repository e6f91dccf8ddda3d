/* SPDX-License-Identifier: MIT
 *
 * Opening a trace: by its index if it was finished, else by walking from head to
 * head. Where the way is lost (a flipped bit, a torn end) the walk looks for the
 * next magic with a valid head behind it, and what lies between is a gap.
 *
 * The file is hostile: every number in it is compared with the file's size or with
 * a limit of its kind before it is used, and neither way takes more than a few
 * looks at each byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "tracer/store/bytes.h"
#include "tracer/store/inside.h"

#define SEARCH_BYTES	   (256u << 10)
#define FIRST_BLOCK_WITHIN (1u << 20) /* else it is a file of another kind */

/* ---- Walking ---- */

struct walk {
	struct gtv_store *st;
	uint64_t size;	  /* of the file */
	uint8_t *buf;	  /* SEARCH_BYTES */
	uint32_t ordinal; /* EVENTS blocks so far, lost ones included */
	uint64_t last_ns; /* the latest time seen */
	size_t open_gap;  /* idx + 1 of the gap that ends at the next EVENTS block */
	uint64_t blocks;
};

/* A good head at offset whose block is in the file as a whole. */
static int block_at(const struct walk *w, uint64_t offset, struct gtv_head *head)
{
	uint8_t bytes[GTV_HEAD_BYTES];

	if (w->size - offset < GTV_HEAD_BYTES ||
	    gtv_store__pread(w->st->fd, bytes, sizeof bytes, offset))
		return 0;
	return gtv_head_read(head, bytes) == GTV_HEAD_GOOD &&
	       head->stored_bytes <= w->size - offset - GTV_HEAD_BYTES;
}

/* The next block at or after offset, but before `limit`; w->size if there is none. */
static uint64_t find_block(const struct walk *w, uint64_t offset, uint64_t limit,
			   struct gtv_head *head)
{
	while (offset < limit && w->size - offset >= GTV_HEAD_BYTES) {
		uint64_t left = w->size - offset;
		size_t n = left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES;
		if (gtv_store__pread(w->st->fd, w->buf, n, offset))
			break;
		const uint8_t *p = w->buf, *end = w->buf + n;
		while ((p = memmem(p, (size_t)(end - p), GTV_BLOCK_MAGIC,
				   GTV_MAGIC_BYTES))) {
			uint64_t at = offset + (uint64_t)(p - w->buf);
			if (at >= limit)
				return w->size;
			if (block_at(w, at, head))
				return at;
			p++;
		}
		if (n < SEARCH_BYTES)
			break;
		offset += n - (GTV_MAGIC_BYTES - 1); /* it may lie across the border */
	}
	return w->size;
}

/* Bytes from `from` to `to` are lost; head: what follows, NULL at the end. If no
 * EVENTS block is missing, no time is lost, only something else. */
static int lost(struct walk *w, uint64_t from, uint64_t to, const struct gtv_head *head)
{
	int rc = gtv_store__note_gap(w->st, w->last_ns, w->last_ns, to - from);
	if (!rc && !w->open_gap && (!head || head->ordinal != w->ordinal))
		w->open_gap = w->st->gap_count;
	return rc;
}

/* Events are there again, from ns on. */
static void end_gap(struct walk *w, uint64_t ns)
{
	if (!w->open_gap)
		return;
	struct gap *gap = &w->st->gap[w->open_gap - 1];
	if (ns > gap->to_ns)
		gap->to_ns = ns;
	if (!gap->from_ns) /* nothing came before: the trace begins here */
		gap->from_ns = gap->to_ns;
	w->open_gap = 0;
}

static int found(struct walk *w, const struct gtv_head *head, uint64_t offset)
{
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
	return gtv_store__note(w->st, head, offset);
}

/* What is left after the last block: a torn one may still tell how far it went. */
static int torn_end(struct walk *w, uint64_t offset)
{
	uint8_t bytes[GTV_HEAD_BYTES];
	struct gtv_head head;

	int rc = lost(w, offset, w->size, NULL);
	if (!rc && w->size - offset >= GTV_HEAD_BYTES &&
	    !gtv_store__pread(w->st->fd, bytes, sizeof bytes, offset) &&
	    gtv_head_read(&head, bytes) == GTV_HEAD_GOOD && head.kind == GTV_BLOCK_EVENTS)
		end_gap(w, head.to_ns);
	return rc;
}

static int walk(struct walk *w)
{
	struct gtv_head head;
	uint64_t offset = 0;

	while (offset < w->size) {
		uint64_t at = offset;
		int rc = 0;
		if (!block_at(w, offset, &head)) {
			at = find_block(w, offset + 1, w->size, &head);
			rc = at < w->size ? lost(w, offset, at, &head)
					  : torn_end(w, offset);
		}
		if (!rc && at < w->size)
			rc = found(w, &head, at);
		if (rc)
			return rc;
		offset = at < w->size ? at + GTV_HEAD_BYTES + head.stored_bytes : w->size;
	}
	return 0;
}

/* ---- The index ---- */

/* Lists the blocks that one INDEX payload names, in a row from *offset. */
static int apply_index(struct gtv_store *st, const uint8_t *raw, uint32_t count,
		       uint64_t *offset, uint64_t limit)
{
	for (uint32_t i = 0; i < count; i++) {
		struct gtv_head head;
		gtv_index_read(&head, raw + (size_t)i * GTV_INDEX_ENTRY_BYTES);
		if (!gtv_head_plausible(&head) || limit - *offset < GTV_HEAD_BYTES ||
		    limit - *offset - GTV_HEAD_BYTES < head.stored_bytes)
			return -GTV_ECORRUPT;
		int rc = gtv_store__note(st, &head, *offset);
		if (rc)
			return rc;
		*offset += GTV_HEAD_BYTES + head.stored_bytes;
	}
	return 0;
}

/* Uses the INDEX block at `at`, and moves on to the block after it. */
static int read_index_block(const struct walk *w, uint64_t *at, uint64_t *listed,
			    uint64_t limit)
{
	struct gtv_head head;
	void *raw;

	if (!block_at(w, *at, &head) || head.kind != GTV_BLOCK_INDEX ||
	    (uint64_t)head.count * GTV_INDEX_ENTRY_BYTES != head.raw_bytes)
		return -GTV_ECORRUPT;
	struct ref ref = {.offset = *at,
			  .from_ns = head.from_ns,
			  .to_ns = head.to_ns,
			  .count = head.count,
			  .stored_bytes = head.stored_bytes,
			  .raw_bytes = head.raw_bytes,
			  .aux = head.aux};
	int rc = gtv_store__load(w->st, GTV_BLOCK_INDEX, &ref, &raw);
	if (!rc)
		rc = apply_index(w->st, raw, head.count, listed, limit);
	free(raw);
	*at += GTV_HEAD_BYTES + head.stored_bytes;
	return rc;
}

/* Uses the INDEX blocks in [from, to), which name the blocks in [0, from). */
static int read_index(const struct walk *w, uint64_t from, uint64_t to)
{
	uint64_t at = from, listed = 0;

	while (at < to) {
		int rc = read_index_block(w, &at, &listed, from);
		if (rc)
			return rc;
	}
	return at == to && listed == from ? 0 : -GTV_ECORRUPT;
}

/* 0: the lists are filled from the index. Else they are empty. */
static int use_index(const struct walk *w)
{
	struct gtv_head footer;
	uint64_t at = w->size - GTV_HEAD_BYTES;

	if (w->size < 2 * GTV_HEAD_BYTES || !block_at(w, at, &footer) ||
	    footer.kind != GTV_BLOCK_FOOTER || footer.to_ns != at || footer.from_ns >= at)
		return -GTV_ENOTFOUND;
	int rc = read_index(w, footer.from_ns, at);
	if (rc) {
		gtv_store__forget(w->st);
		return rc;
	}
	w->st->stats.complete = 1;
	w->st->stats.bytes = w->size;
	return 0;
}

/* ---- Facts and names ---- */

/* The last INFO block that can be read: finish repeats it with the exit status. */
static int load_info(struct gtv_store *st)
{
	int good = 0;

	for (size_t i = 0; i < st->infos.count; i++) {
		struct ref *ref = &st->infos.ref[i];
		void *raw;
		int rc = gtv_store__load(st, GTV_BLOCK_INFO, ref, &raw);
		if (rc == -GTV_ENOMEM)
			return rc;
		if (!rc)
			rc = gtv_info_read(&st->info, raw, ref->raw_bytes);
		good |= !rc;
		if (rc && gtv_store__note_gap(st, ref->from_ns, ref->from_ns,
					      GTV_HEAD_BYTES + ref->stored_bytes))
			rc = -GTV_ENOMEM;
		free(raw);
		if (rc == -GTV_ENOMEM)
			return rc;
	}
	if (!good && st->events.count)
		st->info.start_ns = st->from_ns;
	for (size_t i = 0; i < st->gap_count; i++) /* before all that is known */
		if (!st->gap[i].from_ns)
			st->gap[i].from_ns = st->gap[i].to_ns = st->info.start_ns;
	return 0;
}

/* Adds the names of the blocks whose aux is as asked; a damaged one is a gap of no
 * length, and counted in *bad. */
static int load_names(struct gtv_store *st, uint32_t snapshot, size_t *found_count,
		      size_t *bad)
{
	*found_count = *bad = 0;
	for (size_t i = 0; i < st->names_blocks.count; i++) {
		struct ref *ref = &st->names_blocks.ref[i];
		void *raw;
		if (ref->aux != snapshot)
			continue;
		++*found_count;
		int rc = gtv_store__load(st, GTV_BLOCK_NAMES, ref, &raw);
		if (!rc)
			rc = gtv_names_read(st->names, raw, ref->raw_bytes);
		free(raw);
		if (rc == -GTV_ENOMEM)
			return rc;
		*bad += rc != 0;
		if (rc && gtv_store__note_gap(st, ref->from_ns, ref->from_ns,
					      GTV_HEAD_BYTES + ref->stored_bytes))
			return -GTV_ENOMEM;
	}
	return 0;
}

static int load_all_names(struct gtv_store *st)
{
	size_t count, bad;

	/* With its index a trace is whole, so a snapshot says everything. */
	if (st->stats.complete) {
		int rc = load_names(st, 1, &count, &bad);
		if (rc || (count && !bad))
			return rc;
	}
	return load_names(st, 0, &count, &bad);
}

/* ---- Opening ---- */

/* Copies a pipe into memory; returns the new descriptor or -1 with errno. */
static int slurp(int fd)
{
	char buf[65536];
	int copy = memfd_create("gtviz", MFD_CLOEXEC);

	while (copy >= 0) {
		ssize_t n = read(fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (!n)
			return copy;
		ssize_t done = 0;
		while (n > 0 && done < n) {
			ssize_t m = write(copy, buf + done, (size_t)(n - done));
			if (m <= 0)
				break;
			done += m;
		}
		if (n < 0 || done < n) {
			int error = errno;
			close(copy);
			errno = error;
			return -1;
		}
	}
	return copy;
}

/* Looks at the beginning: is it a trace, and of a version that is known? */
static int recognise(const struct walk *w, const char *name, struct gtv_err *err)
{
	uint8_t bytes[GTV_HEAD_BYTES] = {0};
	struct gtv_head head;
	size_t n = w->size < sizeof bytes ? (size_t)w->size : sizeof bytes;

	if (!n)
		return gtv_err_set(err, GTV_EFORMAT, name, NULL, "the file is empty");
	int rc = gtv_store__pread(w->st->fd, bytes, n, 0);
	if (rc)
		return gtv_err_set(err, GTV_EIO, name, NULL, "cannot be read: %s",
				   strerror(errno));
	if (gtv_head_read(&head, bytes) == GTV_HEAD_LATER)
		return gtv_err_set(
			err, GTV_EVERSION, name, "use a newer gtviz",
			"a trace of format version %u; this gtviz reads up to %u",
			head.version, GTV_FORMAT_VERSION);
	if (!memcmp(bytes, GTV_BLOCK_MAGIC, n < GTV_MAGIC_BYTES ? n : GTV_MAGIC_BYTES))
		return 0;
	if (find_block(w, 0, FIRST_BLOCK_WITHIN, &head) < w->size)
		return 0;
	return gtv_err_set(err, GTV_EFORMAT, name, NULL, "not a gtviz trace");
}

static int load(struct walk *w, const char *name, struct gtv_err *err)
{
	int rc = recognise(w, name, err);
	if (rc)
		return rc;
	rc = use_index(w);
	if (rc && rc != -GTV_ENOMEM)
		rc = walk(w);
	if (!rc && !w->blocks && !w->st->stats.complete)
		return gtv_err_set(err, GTV_EFORMAT, name, NULL,
				   "damaged or cut short: no part of it can be read");
	if (!rc)
		rc = load_info(w->st);
	if (!rc)
		rc = load_all_names(w->st);
	return rc ? gtv_err_set(err, -rc, name, NULL, "no memory") : 0;
}

static int open_fd(struct gtv_store **out, int fd, uint64_t size, const char *name,
		   struct gtv_err *err)
{
	struct gtv_store *st = gtv_store__new(fd);
	struct walk w = {.st = st, .size = size, .buf = malloc(SEARCH_BYTES)};
	int rc;

	if (st) {
		st->readable = 1;
		st->own_names = 1;
		st->names = gtv_names_new();
	}
	if (!st || !st->names || !w.buf)
		rc = gtv_err_set(err, GTV_ENOMEM, name, NULL, "no memory");
	else
		rc = load(&w, name, err);
	free(w.buf);
	if (!rc)
		*out = st;
	else if (st)
		gtv_store__free(st);
	return rc;
}

int gtv_store_open(struct gtv_store **out, int fd, const char *name, struct gtv_err *err)
{
	struct stat sb;
	int rc = fstat(fd, &sb);

	*out = NULL;
	if (!rc && S_ISDIR(sb.st_mode)) {
		errno = EISDIR;
		rc = -1;
	} else if (!rc && !S_ISREG(sb.st_mode)) {
		int copy = slurp(fd);
		close(fd);
		fd = copy;
		rc = fd < 0 ? -1 : fstat(fd, &sb);
	}
	if (rc) {
		gtv_err_set(err, GTV_EIO, name, NULL, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -GTV_EIO;
	}
	rc = open_fd(out, fd, (uint64_t)sb.st_size, name, err);
	if (rc)
		close(fd);
	return rc;
}
