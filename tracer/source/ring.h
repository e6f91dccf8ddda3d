/* SPDX-License-Identifier: MIT
 *
 * Inside of the ring source: ring.c makes and lends the memory file and walks the
 * rings; ingest.c turns wire events into events; images.c keeps track of processes;
 * stage.c holds back what several simulated processes say at once.
 */
#ifndef GTV_SOURCE_RING_H
#define GTV_SOURCE_RING_H

#include <stdint.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/source/idmap.h"
#include "tracer/source/source.h"

/* Green threads, locks, channels and calls in one trace: about 100 bytes each in the
 * names table. Events about more of them become losses. */
#define GTV_RING_OBJECTS_MAX 1000000u
#define GTV_RING_IMAGES_MAX  4096u
#define GTV_RING_UIDS_MAX    8
#define GTV_RING_TAIL_BATCH  1024u /* events between two stores of a ring's tail */

/* The object classes that have process-local ids. */
enum { GTV_MAP_GT, GTV_MAP_LOCK, GTV_MAP_CHAN, GTV_MAP_CALL, GTV_MAP_COUNT };

/* A program in a process: exec makes a new one, whose ids start again. */
struct gtv_image {
	uint32_t pid;
	uint32_t name_pid;	  /* as the trace calls it: virtual if it is simulated */
	uint32_t number;	  /* images this pid had before */
	uint32_t ring_count;	  /* rings that are its own */
	uint8_t started;	  /* its PROC_START was seen */
	uint8_t seen_alive;	  /* its pid was one that we can see */
	uint8_t reaped;		  /* nothing more will come; what is there is its own */
	uint8_t over;		  /* drained after that, or replaced by exec */
	uint32_t run_pid;	  /* whose ids it says it shares; 0: it has its own */
	uint32_t followers;	  /* images that share this one's ids */
	struct gtv_image *leader; /* the one whose ids it shares; NULL: none yet */
	struct gtv_idmap map[GTV_MAP_COUNT];
};

/* Ids looked up last, by the low bits of the local one: most events name few objects. */
#define GTV_RING_KNOWN 16u
struct gtv_known {
	uint32_t local, id; /* local 0: nothing */
};

/* The reader's own view of a ring: nothing here can be written by a producer. */
struct gtv_reader {
	struct gtv_ring *control;
	const struct gtv_event *events;
	int stream;		   /* in the merge, -1 none yet */
	int taken;		   /* a claim's events are being read */
	int fresh;		   /* ...but not yet whose they are */
	uint32_t pid, tid;	   /* as the trace calls them */
	uint32_t os_pid, os_tid;   /* as the kernel does */
	struct gtv_image *image;   /* NULL: not believed, its events are losses */
	struct gtv_staged *staged; /* what of this claim is held back; NULL: nothing */
	uint64_t tail;
	uint64_t last_ns;		   /* of its last event: time does not fall */
	uint64_t last_loss_ns;		   /* up to where loss has been told */
	uint64_t next_check_ns;		   /* whether the thread lives */
	uint64_t loss[GTV_EV_USER_MAX];	   /* of this claim, already delivered */
	uint64_t told[GTV_EV_USER_MAX];	   /* of this claim, by LOST events */
	uint64_t refused[GTV_EV_USER_MAX]; /* in this drain: no room for its objects */
	uint64_t refused_from_ns, refused_to_ns;
	struct gtv_known known[GTV_MAP_COUNT][GTV_RING_KNOWN]; /* of image */
	struct { /* a name that arrives in pieces */
		char text[GTV_TEXT_CHUNK * 4 + 1];
		uint32_t cls, id, next;
	} name;
};

struct gtv_ring_source {
	struct gtv_source base;
	int fd, socket;
	char socket_name[64];
	struct gtv_shm *shm;
	uint64_t total_bytes;
	uint32_t ring_count, ring_bytes;
	uint64_t slots; /* events a ring holds */
	struct gtv_reader *reader;
	struct gtv_image **image;
	uint32_t image_count, objects, salt;
	struct gtv_idmap pids; /* how many images each pid had */
	struct gtv_idmap gil;  /* locks known to be GILs */
	uint64_t unringed[GTV_EV_USER_MAX];
	uint64_t begun_ns, last_drain_ns, last_wake_ns;
	uint32_t rung;		  /* the doorbell, when it was heard last */
	uint64_t drain_left;	  /* what this drain may still take */
	uint64_t behind_ns;	  /* of what it left: nothing there is earlier; UINT64_MAX:
				     nothing */
	uint64_t virtual_last_ns; /* of the simulated events so far */
	uint64_t virtual_held_ns; /* when a simulated process first forked; 0: none did */
	struct gtv_staged *staged;
	int stopped;	  /* nothing more is to come: what is held back goes on */
	int stray_stream; /* for losses without a ring */
	uid_t uid[GTV_RING_UIDS_MAX]; /* who may ask for the memory file */
	unsigned uid_count;
	struct gtv_source_stats stats;
};

/* ingest.c: one wire event, already copied out of shared memory. 0 or -GTV_ENOMEM. */
int gtv_ring_ingest(struct gtv_ring_source *src, struct gtv_reader *r,
		    const struct gtv_event *wire, uint64_t now_ns);
/* Takes events out of the ring as long as they are ordinary, at most max, up to the first
 * that needs more care: made where they are queued. Returns how many, or -GTV_ENOMEM. */
int64_t gtv_ring_ingest_run(struct gtv_ring_source *src, struct gtv_reader *r, uint64_t max,
			    uint64_t now_ns);
/* Copies one event out of memory that may change meanwhile: each word is read once. */
static inline void gtv_ring_copy_event(const struct gtv_reader *r, uint64_t pos,
				       uint64_t slots, struct gtv_event *out)
{
	const volatile uint64_t *from =
		(const volatile void *)&r->events[pos & (slots - 1)];

	for (int i = 0; i < 4; i++) {
		uint64_t word = from[i];
		__builtin_memcpy((char *)out + 8 * i, &word, sizeof word);
	}
}
/* Delivers what this drain refused, and, if the ring is dry, what the producer dropped
 * and has not told. */
int gtv_ring_tell_losses(struct gtv_ring_source *src, struct gtv_reader *r, int dry);
int gtv_ring_push_loss(struct gtv_ring_source *src, int stream, uint32_t tid, uint32_t kind,
		       uint64_t count, uint64_t from_ns, uint64_t to_ns);

/* stage.c: whether what comes from this ring is to be kept for the end; keeps an event, 0
 * or -GTV_ENOMEM; takes all in, 0 or -GTV_E*; drops it. */
static inline int gtv_ring_stages(const struct gtv_ring_source *src,
				  const struct gtv_reader *r)
{
	return src->virtual_held_ns && r->image;
}
int gtv_ring_stage(struct gtv_ring_source *src, struct gtv_reader *r,
		   const struct gtv_event *wire);
int gtv_ring_unstage(struct gtv_ring_source *src, uint64_t now_ns);
void gtv_ring_stage_drop(struct gtv_ring_source *src);

/* ingest_sim.c: the same for the kinds of a simulated system. */
static inline int gtv_ring_is_simulated(const struct gtv_ring_source *src)
{
	return src->base.config.clock->kind == GTV_CLOCK_SIM;
}
int gtv_ring_ingest_simulated(struct gtv_ring_source *src, struct gtv_reader *r,
			      const struct gtv_event *wire, uint64_t ts_ns);
/* The time of an event, plausible; how far the trace has come is noted. */
uint64_t gtv_ring_virtual_time(struct gtv_ring_source *src, const struct gtv_reader *r,
			       uint64_t ns);
/* Whose a ring is, by its first event; the image is known. */
void gtv_ring_identify_simulated(struct gtv_ring_source *src, struct gtv_reader *r,
				 const struct gtv_event *first);

/* images.c: the running image of a process; NULL if there is none and no room.
 * fresh: its PROC_START is here, so an older one is over. */
struct gtv_image *gtv_image_get(struct gtv_ring_source *src, uint32_t pid, int fresh);
/* Its first event, a PROC_START, says in `arg` whose ids it uses. */
void gtv_image_starts(struct gtv_image *image, uint64_t arg);
/* Its process was reaped: takes effect for good when the next drain is done. */
void gtv_image_gone(struct gtv_ring_source *src, uint32_t pid);
/* The trace-unique id of a local one; 0 if there is no room. */
uint32_t gtv_image_intern(struct gtv_ring_source *src, struct gtv_image *image,
			  unsigned map, uint32_t local);
void gtv_images_bury(struct gtv_ring_source *src);
void gtv_images_free(struct gtv_ring_source *src);

#endif
