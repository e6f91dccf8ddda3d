/* SPDX-License-Identifier: MIT
 *
 * The inside of a store, shared by its files: store.c keeps the lists of blocks
 * and answers readers, write.c appends, open.c finds the blocks of a file.
 *
 * One lock guards the lists and the facts; it is held to look up or to add an
 * entry, never while a block is read, unpacked or written. What a block holds
 * never changes once it is in a list.
 */
#ifndef GTV_STORE_INSIDE_H
#define GTV_STORE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "tracer/store/block.h"
#include "tracer/store/store.h"

#define GTV_ZOOM_LIST_MAX 16 /* levels that a store keeps */

/* A block of the file, as its list remembers it. */
struct ref {
	uint64_t offset;
	uint64_t from_ns, to_ns;
	uint64_t mark; /* EVENTS: the latest to_ns so far; CHECKPOINT: EVENTS blocks
			* before it; OUTPUT: outputs before it */
	uint32_t count, stored_bytes, raw_bytes, aux;
};

struct refs {
	struct ref *ref;
	size_t count, room;
};

struct gap {
	uint64_t from_ns, to_ns, bytes;
};

/* What it takes to read one block; kept for the next reader. */
struct scratch {
	struct scratch *next;
	struct ZSTD_DCtx_s *zstd;
	struct gtv_codec *codec;
	uint8_t *stored, *raw;
	size_t stored_room, raw_room;
};

/* The OUTPUT block read last, and where its reader is: outputs are many and small,
 * and are read one after the other. */
struct output_cache {
	uint64_t offset;
	uint8_t *raw; /* NULL: nothing yet */
	size_t next, next_pos;
};

struct writer;

struct gtv_store {
	int fd, readable;
	struct gtv_names *names;
	int own_names;
	struct writer *writer; /* NULL: opened for reading */

	pthread_rwlock_t lock;
	struct gtv_store_info info;
	struct gtv_store_stats stats;
	uint64_t from_ns; /* the earliest event */
	struct refs events, checkpoints, outputs, infos, names_blocks;
	struct refs zoom[GTV_ZOOM_LIST_MAX];
	struct gap *gap;
	size_t gap_count, gap_room;

	pthread_mutex_t scratch_lock;
	struct scratch *scratch;
	pthread_mutex_t output_lock;
	struct output_cache output;

	atomic_int failed; /* err is set for good */
	struct gtv_err err;
};

/* store.c */
struct gtv_store *gtv_store__new(int fd); /* Takes fd on success; NULL without memory */
void gtv_store__free(struct gtv_store *st);
/* Drops what is listed: the walk begins anew. */
void gtv_store__forget(struct gtv_store *st);
/* Lists a block that is in the file at `offset`. 0 or -GTV_ENOMEM. */
int gtv_store__note(struct gtv_store *st, const struct gtv_head *head, uint64_t offset);
int gtv_store__note_gap(struct gtv_store *st, uint64_t from_ns, uint64_t to_ns,
			uint64_t bytes);
/* Reads and unpacks a listed block. Returns owned (never NULL on success). 0,
 * -GTV_ENOMEM, -GTV_EIO or -GTV_ECORRUPT. */
int gtv_store__load(const struct gtv_store *st, unsigned kind, const struct ref *ref,
		    void **bytes);
/* Reads exactly size bytes at offset. 0, -GTV_EIO, or -GTV_ECORRUPT past the end. */
int gtv_store__pread(int fd, void *buf, size_t size, uint64_t offset);
/* Room for one more in an array that grows by doubling. */
int gtv_store__grow(void **array, size_t *room, size_t count, size_t size);

/* meta.c: the payloads of INFO and NAMES blocks. */
#define GTV_INFO_BYTES_MAX 1024
size_t gtv_info_write(const struct gtv_store_info *info, uint8_t *out);
int gtv_info_read(struct gtv_store_info *info, const void *bytes, size_t size);
#define GTV_NAME_BYTES_MAX 128
size_t gtv_name_write(enum gtv_class cls, const struct gtv_name *name, uint8_t *out);
/* Adds every entry of a payload to names; 0, -GTV_ENOMEM or -GTV_ECORRUPT. */
int gtv_names_read(struct gtv_names *names, const void *bytes, size_t size);

/* The INDEX block's entries: every block of the file before it, in order. */
#define GTV_INDEX_ENTRY_BYTES 40
#define GTV_INDEX_ENTRIES_MAX (GTV_RAW_MAX / GTV_INDEX_ENTRY_BYTES)
void gtv_index_write(const struct gtv_head *head, uint8_t *out);
void gtv_index_read(struct gtv_head *head, const uint8_t *bytes);

/* write.c */
void gtv_writer__free(struct writer *w);

#endif
