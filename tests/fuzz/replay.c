/* SPDX-License-Identifier: MIT
 *
 * Fuzzes what is made of a trace that could be opened: the model over its events, its
 * checkpoints and tiles, windows of all widths onto it, and the walk over a stream that
 * is still coming. As in store.c each input is tried as it is and with its checksums
 * made right; the corpus is that of the store.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tracer/model/model.h"
#include "tracer/model/window.h"
#include "tracer/model/zoom.h"
#include "tracer/store/block.h"
#include "tracer/store/store.h"
#include "tests/fuzz/files.h"

#define PIPE_BYTES (1 << 20)

static void see_piece(void *arg, const struct gtv_piece *piece)
{
	uint64_t *sum = arg;

	if (piece->span.to_ns < piece->span.from_ns)
		abort();
	*sum += piece->span.to_ns - piece->span.from_ns;
}

static void see_span(void *arg, const struct gtv_span *span)
{
	see_piece(arg, &(struct gtv_piece){.span = *span, .spans = 1});
}

/* The model over all events, and from each checkpoint. */
static void model_all(const struct gtv_store *st)
{
	static struct gtv_ev evs[GTV_BLOCK_MAX];
	uint64_t sum = 0, from_ns, to_ns, ts_ns;
	struct gtv_model_sink sink = {.arg = &sum, .span = see_span};
	struct gtv_store_info info;
	size_t size, block;
	void *bytes;

	gtv_store_get_info(st, &info);
	struct gtv_model *m = gtv_model_new(info.level, gtv_store_names(st), &sink);
	if (!m)
		abort();
	for (size_t i = 0; i < gtv_store_block_count(st); i++) {
		long n = gtv_store_read(st, i, evs);
		if (n > 0 && gtv_model_feed(m, evs, (size_t)n))
			abort();
	}
	if (!gtv_model_save(m, &bytes, &size)) {
		struct gtv_model *same =
			gtv_model_new(info.level, gtv_store_names(st), NULL);
		if (!same || gtv_model_restore(same, bytes, size))
			abort(); /* its own state */
		gtv_model_free(same);
		free(bytes);
	}
	if (!gtv_store_range(st, &from_ns, &to_ns))
		gtv_model_finish(m, to_ns);
	gtv_model_free(m);
	for (size_t i = 0; !gtv_store_checkpoint(st, i, &ts_ns, &block); i++) {
		if (gtv_store_load_checkpoint(st, i, &bytes, &size))
			continue;
		m = gtv_model_new(info.level, gtv_store_names(st), NULL);
		if (m)
			gtv_model_restore(m, bytes, size);
		gtv_model_free(m);
		free(bytes);
	}
}

static void look_around(const struct gtv_store *st)
{
	uint64_t from_ns, to_ns, sum = 0;
	struct gtv_window *w = gtv_window_new(st);

	if (!w)
		abort();
	if (!gtv_store_range(st, &from_ns, &to_ns))
		for (unsigned shift = 0; shift < 40; shift += 5) {
			uint64_t width = (to_ns - from_ns) >> shift;
			uint64_t at = from_ns + (to_ns - from_ns) / 3;
			if (!width || at + width < at)
				break;
			gtv_window_look(w, at, at + width, width / 100 + 1);
			for (int kind = GTV_LANE_CORE; kind <= GTV_LANE_LOCK; kind++) {
				size_t lanes =
					gtv_window_lane_count(w, (enum gtv_lane_kind)kind);
				for (size_t i = 0; i < lanes && i < 20; i++) {
					size_t count;
					const struct gtv_piece *p = gtv_window_pieces(
						w,
						gtv_window_lane(w, (enum gtv_lane_kind)kind,
								i),
						&count);
					while (count--)
						see_piece(&sum, p++);
				}
			}
		}
	gtv_window_free(w);
}

static void decode_tiles(const struct gtv_store *st)
{
	uint64_t sum = 0;
	void *bytes;
	size_t size;

	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++)
		for (size_t i = 0; i < gtv_store_zoom_count(st, level); i++)
			if (!gtv_store_get_zoom(st, level, i, &bytes, &size)) {
				gtv_zoom_decode(bytes, size, see_piece, &sum);
				free(bytes);
			}
}

static void look_at(struct gtv_store *st)
{
	model_all(st);
	decode_tiles(st);
	look_around(st);
}

/* The same bytes as a file and as a stream must tell the same. */
static void try_both(const uint8_t *data, size_t size)
{
	struct gtv_store *file = NULL, *stream = NULL;
	struct gtv_store_stats a, b;
	int fd = memfd_create("fuzz", MFD_CLOEXEC), ends[2];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!gtv_store_open(&file, fd, "file", NULL))
		look_at(file);
	if (size < PIPE_BYTES && !pipe(ends)) {
		fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		ssize_t wrote = write(ends[1], data, size);
		close(ends[1]);
		if (wrote != (ssize_t)size)
			close(ends[0]);
		else
			gtv_store_open_stream(&stream, ends[0], "stream", NULL);
	}
	while (stream && gtv_store_stream(stream) == GTV_STREAM_GROWS)
		sched_yield();
	if (stream) {
		gtv_store_get_stats(stream, &a);
		if (!file)
			abort();
		gtv_store_get_stats(file, &b);
		/* By its index a file may be seen otherwise than by walking it. */
		if (!b.complete && (a.events != b.events || a.blocks != b.blocks))
			abort();
		look_around(stream);
	}
	gtv_store_close(stream);
	gtv_store_close(file);
}

static void repair(uint8_t *data, size_t size)
{
	uint8_t *p = data, *end = data + size;

	while ((p = memmem(p, (size_t)(end - p), GTV_BLOCK_MAGIC, GTV_MAGIC_BYTES)) &&
	       end - p >= GTV_HEAD_BYTES) {
		struct gtv_head head;
		gtv_head_read(&head, p);
		size_t left = (size_t)(end - p) - GTV_HEAD_BYTES;
		if (head.stored_bytes <= left)
			head.payload_hash =
				gtv_payload_hash(p + GTV_HEAD_BYTES, head.stored_bytes);
		gtv_head_write(&head, p);
		p += GTV_HEAD_BYTES + (head.stored_bytes <= left ? head.stored_bytes : 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	try_both(copy, size);
	repair(copy, size);
	try_both(copy, size);
	free(copy);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
