/* SPDX-License-Identifier: MIT
 *
 * Inside zoom: tiles being filled, and the bytes of a zoom block.
 *
 * A level of a lane is a sequence of pieces in order of time. A piece is a run, a
 * part of one span (exact), or a tile, the sum of several; pieces touch while the
 * lane lives. A tile never crosses a multiple of its level's length. So any set of
 * pieces that covers an interval sums to it exactly, whatever its levels.
 *
 * A block of the store covers [from, to): with the blocks before it, it knows all of
 * each lane there. Its pieces may reach further back, by up to `back` tiles: spans
 * that began before from and closed within. A stretch of few events is left out,
 * and is then covered by no block of that level; but of a span that began in a
 * stretch that was stored, the piece is kept, in a block that covers nothing.
 *
 * Its bytes (numbers are varints, 7 bits a byte, low first):
 *   version 1, level, from, lanes,
 *   directory, a lane each, by kind and id: kind, id, its from - from, its length,
 *     pieces, bytes, ns active
 *   then each lane's pieces:
 *     head: 1 tile | 2 a gap comes first | 4 ids have shares; [gap]; length
 *     run:  span's start before the piece, span's end after it, state, flags,
 *           core + 1, gt, tid, lock, who, call, waiters
 *     tile: spans, mask of states, ns of each but the last, number of ids, (id, ns or
 *           1024ths of the length)…,
 *           then state, flags, core + 1, gt, tid, lock of what took the most time
 */
#ifndef GTV_ZOOM_PRIV_H
#define GTV_ZOOM_PRIV_H

#include "tracer/model/zoom.h"

#define GTV__ZOOM_SLOTS	 6
#define GTV__ZOOM_RECENT 64

/*
 * Where tiles pay. A window of few events is decoded instead, so level k of a
 * stretch is only stored if some window that would use it has many there. Such a
 * window is about 200 cells wide, each less than a tile of level k + 1:
 * 640 events per tile of level k + 1 make 128,000 in it. Once stored, a level is kept
 * up down to half of that, so that stretches do not alternate. Levels 4 and 5 are
 * always stored, and nothing before a trace has as many events as an exact look may.
 *
 * With many lanes that each did little there are nearly as many pieces as events: they
 * cost more bytes than the events and spare a reader next to nothing. So a level needs
 * GAIN events to a piece; modelling an event costs some three times what reading a
 * piece does.
 */
#define GTV__ZOOM_DENSE	  640u
#define GTV__ZOOM_GAIN	  12u
#define GTV__ZOOM_ALWAYS  4u
#define GTV__EXACT_EVENTS 64000u

/* Who ran or held in a tile, with where it was last. */
struct gtv__zslot {
	uint32_t id, gt, tid, lock;
	int16_t core;
	uint8_t flags;
	uint64_t ns;
};

/* The tile that a lane is filling: [from, to) so far. */
struct gtv__zacc {
	uint64_t from_ns, to_ns;
	uint32_t spans, states;
	uint64_t state_ns[GTV_ST_MAX];
	struct gtv__zslot slot[GTV__ZOOM_SLOTS];
	uint32_t last_slot;	    /* the one used last: mostly used again */
	struct gtv_span longest;    /* of the spans seen */
	uint64_t longest_ns;	    /* its part in here */
	uint64_t first_ns, last_ns; /* starts of the first and the last span */
};

/* A lane's pieces as bytes. */
struct gtv__zout {
	uint8_t *bytes;
	size_t size, cap;
	uint64_t from_ns, to_ns, active_ns;
	uint32_t pieces;
};

struct gtv__zlane {
	struct gtv_lane lane;
	uint32_t nr; /* so many were made before it */
	struct gtv__zacc *acc[GTV_ZOOM_LEVELS];
	struct gtv__zout *out[GTV_ZOOM_LEVELS];
	struct gtv__zlane *next; /* same hash */
};

struct gtv_zoom {
	struct gtv_store *st; /* NULL: kept in memory, for a reader's own tail */
	struct gtv__zlane **hash;
	size_t hash_cap, lanes, accs;
	uint32_t made;	   /* lanes ever */
	uint64_t begin_ns; /* of the trace: what spans have before is not in it */
	uint64_t flushed_ns[GTV_ZOOM_LEVELS];
	uint64_t stored_ns[GTV_ZOOM_LEVELS];	  /* where its last stored stretch ends */
	uint64_t flushed_events[GTV_ZOOM_LEVELS]; /* of the store, at the last flush */
	int dense[GTV_ZOOM_LEVELS];		  /* the last stretch was stored */
	size_t out_bytes[GTV_ZOOM_LEVELS];
	struct gtv__zlane *recent[GTV__ZOOM_RECENT]; /* lanes just looked up */
	int err;
};

struct gtv__zlane *gtv__zoom_find(const struct gtv_zoom *z, struct gtv_lane lane);

/* zoom_block.c */
/* Leaves the pieces that begin before ts_ns. */
void gtv__zout_trim(struct gtv__zout *out, struct gtv_lane lane, uint64_t ts_ns);
int gtv__zout_run(struct gtv__zout *out, const struct gtv_span *span, uint64_t from_ns,
		  uint64_t to_ns);
int gtv__zout_tile(struct gtv__zout *out, const struct gtv__zacc *acc, uint8_t lane_kind);
/* A piece with room for its sums: p.sums is NULL or &sums, so it is not to be copied but
 * by gtv__zpiece_copy. */
struct gtv__zpiece {
	struct gtv_piece p;
	struct gtv_sums sums;
};
void gtv__zpiece_copy(struct gtv__zpiece *to, const struct gtv__zpiece *from);
/* The piece that a tile being filled makes. */
void gtv__zacc_piece(const struct gtv__zacc *acc, struct gtv_lane lane,
		     struct gtv__zpiece *piece);
/* ns in which the lane was on a core, held, busy. */
uint64_t gtv__zoom_active(uint8_t lane_kind, const uint64_t *state_ns);
uint64_t gtv__piece_active(const struct gtv_piece *p);
int gtv__zoom_state_active(uint8_t lane_kind, unsigned state);

/* The bytes of a block of all lanes that have pieces of the level. */
int gtv__zoom_block(struct gtv__zlane *const *lane, size_t lanes, unsigned level,
		    void **bytes, size_t *size, uint64_t *from_ns);

struct gtv__zdir {
	struct gtv_lane lane;
	uint64_t from_ns, to_ns, active_ns;
	uint32_t pieces;
	uint32_t offset, bytes; /* of its pieces, from the first lane's on */
};

/* Which of 32 ids a block has, and how many of their kind lie before them: most look-ups
 * are of lanes that a block has not, and are answered without a look at its directory. */
struct gtv__zrank {
	uint32_t bit, before;
};

/* A block opened: its directory. Borrows the bytes. */
struct gtv__zblock {
	const uint8_t *at, *end; /* what is not read yet: at last, the lanes' pieces */
	struct gtv__zdir *dir;
	size_t lanes, known; /* of so many lanes; their directory was read up to here */
	uint32_t first[GTV_LANE_KIND_MAX + 1]; /* of each kind: its first lane's place */
	uint32_t first_id[GTV_LANE_KIND_MAX];  /* and id: dir is seldom in the cache */
	struct gtv__zrank *rank[GTV_LANE_KIND_MAX]; /* of ids from first_id on */
	size_t ranks[GTV_LANE_KIND_MAX], rank_cap[GTV_LANE_KIND_MAX];
	uint8_t unranked[GTV_LANE_KIND_MAX]; /* too far apart: they are searched */
	uint64_t pieces_bytes;
	unsigned level;
	uint64_t from_ns;
};
int gtv__zblock_open(struct gtv__zblock *b, const void *bytes, size_t size);
/* The same in parts: begun, and then so many lanes of the directory at a time. Nothing is
 * found in it before all are known. 0 all are; 1 not yet; -GTV_E*: closed. */
int gtv__zblock_begin(struct gtv__zblock *b, const void *bytes, size_t size);
int gtv__zblock_go_on(struct gtv__zblock *b, size_t lanes);
void gtv__zblock_close(struct gtv__zblock *b);
const struct gtv__zdir *gtv__zblock_find(const struct gtv__zblock *b, struct gtv_lane lane);

struct gtv__zcursor {
	const uint8_t *at, *end;
	uint64_t pos_ns;
	struct gtv_lane lane;
	uint32_t left;
};
void gtv__zcursor_init(struct gtv__zcursor *c, const uint8_t *bytes, size_t size,
		       struct gtv_lane lane, uint64_t from_ns, uint32_t pieces);
/* The next piece: 0; 1 at the end; -GTV_ECORRUPT. A run's piece is clipped to the
 * piece; *whole (may be NULL) is its span in full. */
int gtv__zcursor_next(struct gtv__zcursor *c, struct gtv__zpiece *piece,
		      struct gtv_span *whole);

#endif
