/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the reading of traces: any bytes are opened as a file and everything in
 * them is read.
 *
 * Checksums would stop nearly every mutation at the door, so each input is tried
 * twice: as it is, and with the checksums of all its blocks made right again. The
 * corpus has blocks that are stored unpacked, so that mutations reach the columns
 * and not only zstd.
 *
 * Built by libFuzzer, or as a program that replays files. `store --corpus DIR`
 * writes the corpus anew.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "tracer/store/block.h"
#include "tracer/store/store.h"
#include "tests/fuzz/files.h"

static void read_events(const struct gtv_store *st)
{
	static struct gtv_ev evs[GTV_BLOCK_MAX];
	struct gtv_block_info block;

	for (size_t i = 0; i < gtv_store_block_count(st); i++) {
		if (gtv_store_block(st, i, &block) || block.count > GTV_BLOCK_MAX)
			abort();
		long n = gtv_store_read(st, i, evs);
		if (n > 0 && (n != block.count || evs[0].ts_ns < block.from_ns ||
			      evs[n - 1].ts_ns > block.to_ns))
			abort();
		if (gtv_store_find(st, block.to_ns) > i)
			abort();
	}
}

static void read_rest(const struct gtv_store *st)
{
	uint64_t from_ns, to_ns, bytes_lost;
	struct gtv_name name;
	void *bytes;
	size_t size, idx;

	for (unsigned level = 0; level < 17; level++)
		for (size_t i = 0; i < gtv_store_zoom_count(st, level); i++)
			if (!gtv_store_get_zoom(st, level, i, &bytes, &size))
				free(bytes);
	size_t outputs = gtv_store_output_count(st);
	for (size_t i = 0; i < outputs && i < 10000; i++)
		if (!gtv_store_get_output(st, i, &from_ns, &bytes, &size))
			free(bytes);
	if (!gtv_store_get_checkpoint(st, UINT64_MAX, &bytes, &size, &idx)) {
		if (idx > gtv_store_block_count(st))
			abort();
		free(bytes);
	}
	for (size_t i = 0; i < gtv_store_gap_count(st); i++)
		if (gtv_store_gap(st, i, &from_ns, &to_ns, &bytes_lost) || from_ns > to_ns)
			abort();
	for (int cls = 1; cls < GTV_CLASS_MAX; cls++)
		for (size_t i = 0;
		     !gtv_names_at(gtv_store_names(st), (enum gtv_class)cls, i, &name); i++)
			if (!memchr(name.text, 0, sizeof name.text) ||
			    !memchr(name.extra, 0, sizeof name.extra))
				abort();
}

static void try_file(const uint8_t *data, size_t size)
{
	struct gtv_store *st;
	struct gtv_err err = {0};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (gtv_store_open(&st, fd, "fuzz", &err)) {
		if (!err.code || !err.why[0])
			abort();
		return;
	}
	read_events(st);
	read_rest(st);
	gtv_store_close(st);
}

/* Makes every head that has its magic valid again, and its payload's checksum. */
static void repair(uint8_t *data, size_t size)
{
	uint8_t *p = data, *end = data + size;

	while ((p = memmem(p, (size_t)(end - p), GTV_BLOCK_MAGIC, GTV_MAGIC_BYTES)) &&
	       end - p >= GTV_HEAD_BYTES) {
		struct gtv_head head;
		gtv_head_read(&head, p); /* fills in what it can, whatever it says of it */
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
	try_file(copy, size);
	repair(copy, size);
	try_file(copy, size);
	free(copy);
	return 0;
}

#ifndef GTV_LIBFUZZER

/* A small trace with one of everything, made by the store itself. */
static void make_trace(const char *path, int finish)
{
	struct gtv_store_info info = {.level = 3, .core_count = 2, .command = "./x"};
	struct gtv_names *names = gtv_names_new();
	struct gtv_store *st;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (gtv_store_create(&st, fd, &info, names, NULL))
		abort();
	for (uint32_t i = 1; i <= 60; i++) {
		struct gtv_ev ev = {
			.ts_ns = i * 100,
			.kind = (uint16_t)(i % 3 ? 8 + i % 30 : GTV_EV_K_SWITCH),
			.core = i % 3 ? GTV_CORE_NONE : (int32_t)(i % 2),
			.tid = 10 + i % 4,
			.gt = i % 3 ? i % 5 : 0,
			.obj = i % 7,
			.seq = i,
			.arg = (uint64_t)i << 32 | i % 2};
		gtv_names_intern(names, (enum gtv_class)(1 + i % 6), 7, i);
		gtv_store_append(st, &ev, 1);
		if (i % 20 == 0) {
			gtv_store_put_output(st, ev.ts_ns, "hello\n", 6);
			gtv_store_flush(st, 0);
			gtv_store_put_checkpoint(st, ev.ts_ns, "state", 5);
			gtv_store_put_zoom(st, 1, ev.ts_ns - 100, ev.ts_ns, "tiles", 5);
		}
	}
	if (finish)
		gtv_store_finish(st);
	gtv_store_close(st);
	gtv_names_free(names);
}

/* The same blocks, none of them packed; without index and footer, whose offsets
 * would be wrong. */
static void unpack_trace(const char *from, const char *to)
{
	size_t size, at = 0;
	uint8_t *data = fuzz_read(from, &size), *raw = malloc(1u << 20);
	FILE *out = fopen(to, "wb");
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	struct gtv_head head;

	while (data && out && raw && at < size &&
	       gtv_head_read(&head, data + at) == GTV_HEAD_GOOD) {
		uint8_t bytes[GTV_HEAD_BYTES];
		size_t stored = head.stored_bytes;
		if (gtv_block_unpack(zstd, &head, data + at + GTV_HEAD_BYTES, raw))
			abort();
		at += GTV_HEAD_BYTES + stored;
		if (head.kind >= GTV_BLOCK_INDEX)
			break;
		head.flags = 0;
		head.stored_bytes = head.raw_bytes;
		head.payload_hash = gtv_payload_hash(raw, head.raw_bytes);
		gtv_head_write(&head, bytes);
		fwrite(bytes, 1, sizeof bytes, out);
		fwrite(raw, 1, head.raw_bytes, out);
	}
	if (out)
		fclose(out);
	ZSTD_freeDCtx(zstd);
	free(data);
	free(raw);
}

static void make_corpus(const char *dir)
{
	char whole[4096], killed[4096], plain[4096];

	snprintf(whole, sizeof whole, "%s/whole", dir);
	snprintf(killed, sizeof killed, "%s/killed", dir);
	snprintf(plain, sizeof plain, "%s/unpacked", dir);
	make_trace(whole, 1);
	make_trace(killed, 0);
	unpack_trace(whole, plain);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--corpus")) {
		make_corpus(argv[2]);
		return 0;
	}
	return fuzz_files(argc, argv);
}

#endif
