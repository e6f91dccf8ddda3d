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
	size_t first; /* of all there ever were: so many were dropped (keep.c) */
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
struct stream;

struct gtv_store {
	int fd, readable;
	struct gtv_names *names;
	int own_names;
	int unread; /* nobody looks at the lists: they keep their last entry only */
	struct writer *writer; /* NULL: opened for reading */
	struct stream *stream; /* what feeds it; NULL: nothing does */

	pthread_rwlock_t lock;
	struct gtv_store_info info;
	struct gtv_store_stats stats;
	uint64_t from_ns; /* the earliest event */
	struct refs events, checkpoints, outputs, infos, names_blocks;
	struct refs zoom[GTV_ZOOM_LIST_MAX];
	struct gap *gap;
	size_t gap_count, gap_room;
	int keeps_last;	  /* only its last part is wanted: it has no index */
	uint64_t punched; /* of the file: given back up to here */
	size_t dropped_outputs;

	pthread_mutex_t scratch_lock;
	struct scratch *scratch;
	pthread_mutex_t output_lock;
	struct output_cache output;

	_Atomic uint64_t reads;

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

/* walk.c: from head to head through a file, or through as much of it as is there. */
struct gtv_walker {
	struct gtv_store *st; /* Borrows */
	uint64_t size;	      /* of what is there */
	int growing;	      /* more may come: what is not whole is waited for */
	/* Called with each block before it is listed; may be NULL. 0 or -GTV_ENOMEM. */
	int (*before)(struct gtv_walker *w, const struct gtv_head *head, uint64_t offset);

	uint8_t *buf;	   /* for searching */
	uint64_t offset;   /* up to here everything is listed, or known as a gap */
	uint64_t searched; /* no block begins between offset and here */
	uint32_t ordinal;  /* EVENTS blocks so far, lost ones included */
	uint64_t last_ns;  /* the latest time seen */
	size_t open_gap;   /* idx + 1 of the gap that ends at the next EVENTS block */
	uint64_t blocks;
	int ended;   /* the last block was a FOOTER in its place */
	int footers; /* there was one, wherever */
};

enum gtv_sight {
	GTV_SIGHT_NOTHING, /* no block begins here */
	GTV_SIGHT_PART,	   /* perhaps one does, if more comes (only while growing) */
	GTV_SIGHT_WHOLE,
};

#define GTV_FIRST_BLOCK_WITHIN (1u << 20) /* else it is a file of another kind */

int gtv_walk__init(struct gtv_walker *w, struct gtv_store *st); /* 0 or -GTV_ENOMEM */
void gtv_walk__fini(struct gtv_walker *w);
/* Goes on to the end of what is there; lists blocks and notes gaps. 0 or -GTV_ENOMEM. */
int gtv_walk__on(struct gtv_walker *w);
/* Looks whether a block begins at `offset`. */
enum gtv_sight gtv_walk__look(const struct gtv_walker *w, uint64_t offset,
			      struct gtv_head *head);
/* The next block at or after *at, but before `limit`; moves *at to it, or to where
 * the search should go on when there is more. */
enum gtv_sight gtv_walk__find(const struct gtv_walker *w, uint64_t *at, uint64_t limit,
			      struct gtv_head *head);

/* open.c */
struct gtv_store *gtv_store__new_reader(int fd); /* as gtv_store__new, with names */
/* Looks at the beginning: is it a trace, and of a version that is known? */
int gtv_store__recognise(const struct gtv_walker *w, const char *name, struct gtv_err *err);
int gtv_store__unreadable(const char *name, struct gtv_err *err); /* sets err */

/* spool.c: files without a name, for what has to be kept somewhere while we run. */
int gtv_spool_open(void); /* A descriptor, or -1 and errno */
/* One whose beginning can be given back, see gtv_spool_drop. */
int gtv_spool_open_kept(void);
/* The file system has [from, to) back. 0, or -1 and errno. */
int gtv_spool_drop(int spool, uint64_t from, uint64_t to);
/* Copies a pipe to its end. A descriptor, or -GTV_E* and err. */
int gtv_spool_all(int fd, const char *name, struct gtv_err *err);
/* Appends to a spool. Returns how much; if it is less than size, errno says why. */
size_t gtv_spool_write(int spool, const void *bytes, size_t size, uint64_t offset);
int gtv_spool_failed(int error, const char *name, struct gtv_err *err); /* -GTV_E* */

/* stream.c */
void gtv_stream__free(struct stream *s); /* ends its thread; Takes */

#endif
