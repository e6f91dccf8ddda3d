/* SPDX-License-Identifier: MIT
 *
 * The store: a trace that grows (live) or is complete (replay), block by block
 * in one file (docs/gtviz-format.5 is its specification).
 *
 * A writer appends events in order of time; a block closes at about 16 K events
 * or 25 ms and is then compressed, written, and visible to readers. Readers in
 * other threads see a growing list of closed blocks and decode them when asked:
 * live and replay are one path. Without an output file the store lives in an
 * unlinked one.
 *
 * The store knows nothing of models: checkpoints and zoom summaries are bytes
 * that model/ gives and takes.
 */
#ifndef GTV_STORE_H
#define GTV_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"
#include "tracer/base/names.h"

struct gtv_store;

/* Facts of a trace: the header block, and what its end adds. */
struct gtv_store_info {
	uint32_t version; /* of the file format */
	int level;	  /* of the kernel source: 3 to 0 */
	uint32_t core_count;
	uint32_t clock;	      /* enum gtv_clock_kind the program used */
	uint64_t start_ns;    /* CLOCK_MONOTONIC; times are shown relative to it */
	uint64_t wall_ns;     /* CLOCK_REALTIME at start_ns */
	uint32_t uid;	      /* whom the program ran as */
	uint32_t pid;	      /* the direct child */
	int32_t exit_status;  /* wait status, -1 while it runs or unknown */
	uint32_t scope;	      /* GTV_SCOPE_*: what the kernel source was asked for */
	uint32_t fallbacks;   /* how often it had to do without a feature of the kernel */
	uint32_t model;	      /* which one made checkpoints and tiles; 0 unknown */
	uint32_t implausible; /* records of the program that no producer writes */
	/* How good the times of user events are: by how much the line was off the clock at
	 * worst when it was looked at, and how the counter's rate changed. */
	uint32_t clock_off_ns;
	int32_t clock_drift_ppb;
	char host[64], kernel[96], command[512]; /* hostile: escape */
};

#define GTV_SCOPE_ALL	       1u /* --all: every task of the machine */
#define GTV_SCOPE_SYSCALLS     2u /* --syscalls: calls that slept */
#define GTV_SCOPE_SYSCALLS_ALL 4u /* and those that did not */
#define GTV_SCOPE_IRQ	       8u /* --irq */

struct gtv_store_stats {
	uint64_t events, blocks; /* in closed event blocks */
	uint64_t bytes;		 /* of the file: all closed blocks */
	uint64_t lost;		 /* as the LOSS events tell */
	uint64_t gaps;		 /* damaged parts skipped when opening */
	uint64_t reads;		 /* blocks that were read from the file so far */
	int complete;		 /* has index and footer: was finished */
	int cut; /* ends as a killed writer leaves it: in, or between, blocks */
	uint64_t dropped_bytes;	 /* of bytes and events, those that are gone: */
	uint64_t dropped_events; /* gtv_store_drop */
};

/* Makes a trace in `fd` (Takes; must be empty and writable; a pipe will do when
 * it is not also read). */
int gtv_store_create(struct gtv_store **out, int fd, const struct gtv_store_info *info,
		     struct gtv_names *names, struct gtv_err *err);
/* An unlinked file of its own: for live sessions without -o. */
int gtv_store_create_temp(struct gtv_store **out, const struct gtv_store_info *info,
			  struct gtv_names *names, struct gtv_err *err);
/* Opens a trace (Takes fd; a pipe is copied to its end into a nameless file first).
 * Uses the index, or rebuilds it by walking the headers; damage becomes gaps. `name`
 * is for messages. */
int gtv_store_open(struct gtv_store **out, int fd, const char *name, struct gtv_err *err);
/* The same for a pipe whose trace is still being written: returns with its first block,
 * and the store grows in a thread of its own, as a live one does. What comes is kept
 * in a nameless file. A file is opened as above. */
int gtv_store_open_stream(struct gtv_store **out, int fd, const char *name,
			  struct gtv_err *err);
enum gtv_stream_state {
	GTV_STREAM_NONE,  /* the store was not opened from a stream */
	GTV_STREAM_GROWS, /* more is to come */
	GTV_STREAM_ENDED, /* all of it is there */
	GTV_STREAM_CUT,	  /* it ended in the middle */
	GTV_STREAM_FAILED /* it could not be read or kept any further: gtv_store_error */
};
enum gtv_stream_state gtv_store_stream(const struct gtv_store *st);
void gtv_store_close(struct gtv_store *st); /* Takes; without finish: as if killed */

/* Nobody will read this store while it is written: its lists need not grow. To be set
 * before the writer's first append; block questions then know the last block only. */
void gtv_store_unread(struct gtv_store *st);
/* Only its last part is wanted: what is older may be dropped, and a finished file has no
 * index. A temporary store, before the writer's first append. */
int gtv_store_create_kept(struct gtv_store **out, const struct gtv_store_info *info,
			  struct gtv_names *names, struct gtv_err *err);
/* Of such a one: drops all before a checkpoint, by its number, which becomes its
 * beginning; its disk space too. Numbers (of blocks, checkpoints, tiles, outputs) go on as
 * they were; who asks for a dropped one hears -GTV_ENOTFOUND. -GTV_EUSAGE if nothing
 * follows the checkpoint. */
int gtv_store_drop(struct gtv_store *st, size_t checkpoint);
/* Calls `wait` about ten times a second while a pipe does not take what is written. To
 * be set before the writer's first append. */
void gtv_store_on_wait(struct gtv_store *st, void (*wait)(void *arg), void *arg);

/* Writer; one thread. All return 0 or -GTV_E*: once writing has failed, the same error
 * for good (see gtv_store_error); -GTV_EUSAGE if the store was opened or finished. A
 * name must be set before the first event that uses it is appended. */
int gtv_store_append(struct gtv_store *st, const struct gtv_ev *evs, size_t count);
/* The same for who can make events in their place: room for up to *count of them (at
 * least one), good until the next call of the writer's, and how many of them are made.
 * NULL: nothing can be appended, see gtv_store_error. */
struct gtv_ev *gtv_store_room(struct gtv_store *st, size_t *count);
int gtv_store_made(struct gtv_store *st, size_t count);
/* Closes the open block if its first event is 25 ms old at `now_ns` (or always, if 0),
 * and with it the program's output so far. */
int gtv_store_flush(struct gtv_store *st, uint64_t now_ns);
/* The state at ts_ns of all that was appended before: closes the open block
 * first, so that a checkpoint stands between blocks. */
int gtv_store_put_checkpoint(struct gtv_store *st, uint64_t ts_ns, const void *bytes,
			     size_t size);
/* level: below 16; at most GTV_ZOOM_BYTES_MAX, or -GTV_EFULL. */
#define GTV_ZOOM_BYTES_MAX (16u << 20)
int gtv_store_put_zoom(struct gtv_store *st, unsigned level, uint64_t from_ns,
		       uint64_t to_ns, const void *bytes, size_t size);
/* The same for a block that also knows something of the time before from_ns: back
 * is how far it reaches, in a unit that the store leaves to its user. */
int gtv_store_put_zoom_back(struct gtv_store *st, unsigned level, uint64_t from_ns,
			    uint64_t to_ns, uint32_t back, const void *bytes, size_t size);
/* Program output and other texts tied to a time (OUTPUT events): bytes. */
int gtv_store_put_output(struct gtv_store *st, uint64_t ts_ns, const void *bytes,
			 size_t size);
void gtv_store_set_exit(struct gtv_store *st, int wait_status);
/* What the kernel source did without, and what of the program's was left out, in the end.
 */
void gtv_store_set_fallbacks(struct gtv_store *st, uint64_t count);
void gtv_store_set_implausible(struct gtv_store *st, uint64_t count);
void gtv_store_set_clock(struct gtv_store *st, int64_t off_ns, int64_t drift_ppb);
/* Where an imported trace comes from: known when all of it was read. */
void gtv_store_set_origin(struct gtv_store *st, const char *command, const char *host,
			  const char *kernel);
/* What was simulated tells only then how many cores it has. */
void gtv_store_set_cores(struct gtv_store *st, unsigned count);
/* Writes what is open, the index and the footer. */
int gtv_store_finish(struct gtv_store *st);
/* The error that stopped writing (a full disk…) or a stream, or code 0. What was
 * written before it stays a valid trace. */
const struct gtv_err *gtv_store_error(const struct gtv_store *st);

/* Readers; any thread. */
void gtv_store_get_info(const struct gtv_store *st, struct gtv_store_info *out);
void gtv_store_get_stats(const struct gtv_store *st, struct gtv_store_stats *out);
const struct gtv_names *gtv_store_names(const struct gtv_store *st);
/* [from, to) of all closed event blocks; 0, or 1 if there is none yet. */
int gtv_store_range(const struct gtv_store *st, uint64_t *from_ns, uint64_t *to_ns);

/* Event blocks, in order of time; idx counts event blocks only. */
struct gtv_block_info {
	uint64_t from_ns, to_ns; /* first and last event */
	uint32_t count;
	uint64_t offset; /* in the file */
};
size_t gtv_store_block_count(const struct gtv_store *st);
/* The first that was not dropped; 0 but for kept stores. */
size_t gtv_store_first_block(const struct gtv_store *st);
int gtv_store_block(const struct gtv_store *st, size_t idx, struct gtv_block_info *out);
/* First block whose to_ns >= ts_ns (block_count if none). */
size_t gtv_store_find(const struct gtv_store *st, uint64_t ts_ns);
/* Decodes block idx into *evs (room for at least info.count, at most
 * GTV_BLOCK_MAX). Returns the number, or -GTV_ECORRUPT: then the caller must
 * treat [from_ns, to_ns] as lost. Safe from several threads. */
#define GTV_BLOCK_MAX 16384
long gtv_store_read(const struct gtv_store *st, size_t idx, struct gtv_ev *evs);

/* Parts of the file that could not be read: drawn as loss. */
size_t gtv_store_gap_count(const struct gtv_store *st);
int gtv_store_gap(const struct gtv_store *st, size_t idx, uint64_t *from_ns,
		  uint64_t *to_ns, uint64_t *bytes);

/* The last checkpoint at or before ts_ns: its bytes (Returns owned: free), and
 * the index of the first event block after it. -GTV_ENOTFOUND: start at 0. */
int gtv_store_get_checkpoint(const struct gtv_store *st, uint64_t ts_ns, void **bytes,
			     size_t *size, size_t *block_idx);
/* The checkpoints by number: when, and the first event block after it; and the bytes
 * (Returns owned). -GTV_ENOTFOUND behind the last, or before the first. */
size_t gtv_store_first_checkpoint(const struct gtv_store *st);
int gtv_store_checkpoint(const struct gtv_store *st, size_t idx, uint64_t *ts_ns,
			 size_t *block_idx);
int gtv_store_load_checkpoint(const struct gtv_store *st, size_t idx, void **bytes,
			      size_t *size);
/* Zoom blocks of a level, in order of time. */
size_t gtv_store_zoom_count(const struct gtv_store *st, unsigned level);
size_t gtv_store_first_zoom(const struct gtv_store *st, unsigned level);
int gtv_store_zoom_info(const struct gtv_store *st, unsigned level, size_t idx,
			uint64_t *from_ns, uint64_t *to_ns);
uint32_t gtv_store_zoom_back(const struct gtv_store *st, unsigned level, size_t idx);
int gtv_store_get_zoom(const struct gtv_store *st, unsigned level, size_t idx, void **bytes,
		       size_t *size); /* Returns owned */
/* Program output, in order. */
size_t gtv_store_output_count(const struct gtv_store *st);
size_t gtv_store_first_output(const struct gtv_store *st);
int gtv_store_get_output(const struct gtv_store *st, size_t idx, uint64_t *ts_ns,
			 void **bytes, size_t *size); /* Returns owned */

#endif
