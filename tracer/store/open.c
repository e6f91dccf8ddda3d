/* SPDX-License-Identifier: MIT
 *
 * Opening a trace that is all there: by its index if it was finished, else by
 * walking from head to head (walk.c).
 *
 * The file is hostile: every number in it is compared with the file's size or with
 * a limit of its kind before it is used, and neither way takes more than a few
 * looks at each byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/base/progress.h"
#include "tracer/store/bytes.h"
#include "tracer/store/inside.h"

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
static int read_index_block(const struct gtv_walker *w, uint64_t *at, uint64_t *listed,
			    uint64_t limit)
{
	struct gtv_head head;
	void *raw;

	if (gtv_walk__look(w, *at, &head) != GTV_SIGHT_WHOLE ||
	    head.kind != GTV_BLOCK_INDEX ||
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
static int read_index(const struct gtv_walker *w, uint64_t from, uint64_t to)
{
	uint64_t at = from, listed = 0;

	while (at < to) {
		gtv_progress_at(GTV_STEP_INDEX, at - from, to - from);
		int rc = read_index_block(w, &at, &listed, from);
		if (rc)
			return rc;
	}
	return at == to && listed == from ? 0 : -GTV_ECORRUPT;
}

/* 0: the lists are filled from the index. Else they are empty. */
static int use_index(const struct gtv_walker *w)
{
	struct gtv_head footer;
	uint64_t at = w->size - GTV_HEAD_BYTES;

	if (w->size < 2 * GTV_HEAD_BYTES ||
	    gtv_walk__look(w, at, &footer) != GTV_SIGHT_WHOLE ||
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
	gtv_names_set_kernel(st->names, st->info.kernel);
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
		gtv_progress_at(GTV_STEP_NAMES, i, st->names_blocks.count);
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

int gtv_store__recognise(const struct gtv_walker *w, const char *name, struct gtv_err *err)
{
	uint8_t bytes[GTV_HEAD_BYTES] = {0};
	struct gtv_head head;
	size_t n = w->size < sizeof bytes ? (size_t)w->size : sizeof bytes;
	uint64_t at = 0;

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
	if (gtv_walk__find(w, &at, GTV_FIRST_BLOCK_WITHIN, &head) == GTV_SIGHT_WHOLE)
		return 0;
	return gtv_err_set(err, GTV_EFORMAT, name, NULL, "not a gtviz trace");
}

int gtv_store__unreadable(const char *name, struct gtv_err *err)
{
	return gtv_err_set(err, GTV_EFORMAT, name, NULL,
			   "damaged or cut short: no part of it can be read");
}

static int load(struct gtv_walker *w, const char *name, struct gtv_err *err)
{
	int rc = gtv_store__recognise(w, name, err);
	if (rc)
		return rc;
	rc = use_index(w);
	if (rc && rc != -GTV_ENOMEM)
		rc = gtv_walk__on(w);
	if (!rc && !w->blocks && !w->st->stats.complete)
		return gtv_store__unreadable(name, err);
	if (!rc)
		rc = load_info(w->st);
	if (!rc)
		rc = load_all_names(w->st);
	return rc ? gtv_err_set(err, -rc, name, NULL, "no memory") : 0;
}

struct gtv_store *gtv_store__new_reader(int fd)
{
	struct gtv_store *st = gtv_store__new(fd);

	if (!st)
		return NULL;
	st->readable = 1;
	st->own_names = 1;
	st->names = gtv_names_new();
	if (st->names)
		return st;
	gtv_store__free(st);
	return NULL;
}

static int open_fd(struct gtv_store **out, int fd, uint64_t size, const char *name,
		   struct gtv_err *err)
{
	struct gtv_walker w;
	struct gtv_store *st = gtv_store__new_reader(fd);
	int rc;

	if (!st || gtv_walk__init(&w, st)) {
		if (st)
			gtv_store__free(st);
		return gtv_err_set(err, GTV_ENOMEM, name, NULL, "no memory");
	}
	w.size = size;
	rc = load(&w, name, err);
	gtv_walk__fini(&w);
	if (!rc)
		*out = st;
	else
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
		int copy = gtv_spool_all(fd, name, err);
		close(fd);
		if (copy < 0)
			return copy;
		fd = copy;
		rc = fstat(fd, &sb);
	}
	if (rc) {
		gtv_err_set(err, GTV_EIO, name, NULL, "%s", strerror(errno));
		close(fd);
		return -GTV_EIO;
	}
	rc = open_fd(out, fd, (uint64_t)sb.st_size, name, err);
	if (rc)
		close(fd);
	return rc;
}
