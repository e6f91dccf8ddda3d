/* SPDX-License-Identifier: MIT
 *
 * A window onto a trace: what the screen asks. For any interval it gives, per
 * lane, either exact spans or zoom tiles, whichever is cheap: a narrow window is
 * decoded from the events behind the nearest checkpoint, a wide one is read from
 * the zoom summaries, so a frame costs its width in columns and not its events.
 *
 * It keeps what it last decoded: a window that moves forward with a live trace
 * only reads the new blocks.
 */
#ifndef GTV_WINDOW_H
#define GTV_WINDOW_H

#include <stddef.h>

#include "tracer/base/err.h"
#include "tracer/model/span.h"
#include "tracer/store/store.h"

struct gtv_window;

/* What is summed of the several spans of a tile. */
#define GTV_SUM_IDS 3
#define GTV_SUM_TID 0x80000000u /* in id[]: a tid, not a green thread */
struct gtv_sums {
	uint64_t state_ns[GTV_ST_MAX]; /* ns of each state */
	uint64_t id_ns[GTV_SUM_IDS];
	uint32_t id[GTV_SUM_IDS]; /* who ran or held, most first: a gt, or (core and lock
				   * lanes without one) GTV_SUM_TID | tid; 0 none.
				   * Empty in lanes of green threads */
};

/* A piece of a lane: exact (spans == 1, the span itself), or a tile: a summary of
 * several spans in [from, to). Small, for a screen may have fifty thousand exact ones. */
struct gtv_piece {
	struct gtv_span span;	     /* exact: the span. Tile: its interval and lane; state,
				      * gt, tid, core of what took the most time */
	uint32_t spans;		     /* 1 exact; else how many spans fell in the tile */
	uint32_t states;	     /* mask of the states seen, 1 << enum gtv_state */
	const struct gtv_sums *sums; /* of a tile; NULL: exact */
};

/* ns of the piece in a state. */
static inline uint64_t gtv_piece_ns(const struct gtv_piece *p, unsigned state)
{
	if (p->sums)
		return p->sums->state_ns[state];
	return state == p->span.state ? p->span.to_ns - p->span.from_ns : 0;
}

struct gtv_window *gtv_window_new(
	const struct gtv_store *st); /* Borrows st. Returns owned */
void gtv_window_free(struct gtv_window *w);

/* Looks at [from, to); no piece needs to be finer than cell_ns. 0, or -GTV_E*. */
int gtv_window_look(struct gtv_window *w, uint64_t from_ns, uint64_t to_ns,
		    uint64_t cell_ns);

/* Rises with each look that may show something else. */
uint64_t gtv_window_looks(const struct gtv_window *w);

/*
 * A look may be made in parts, so that nobody waits for a stretch that takes long to
 * decode: `enough` is asked before each piece of work (a block of events or tiles), and
 * once it says so (not 0) the look ends with what is known by then, which may be nothing;
 * worked: a piece was done since it was asked last. The same look again goes on from
 * there. NULL, as at the beginning: looks are whole.
 */
typedef int gtv_window_enough_fn(void *arg, int worked);
void gtv_window_patience(struct gtv_window *w, gtv_window_enough_fn *enough, void *arg);
/* For a window that no frame waits for: all it does is whole, single spans too, unless
 * `stop` says that nobody wants it any more; then what is not known by then is missing. */
void gtv_window_until(struct gtv_window *w, gtv_window_enough_fn *stop, void *arg);
/* Whether the last look is not whole yet. */
int gtv_window_unread(const struct gtv_window *w);
/* Up to when its lanes are known; UINT64_MAX: all of it. Later there is nothing, or tiles
 * coarser than wanted. */
uint64_t gtv_window_known_ns(const struct gtv_window *w);
/* Reads on for it, if it is not whole, a piece at least; looking again shows what came of
 * that. 0 or -GTV_E*. */
int gtv_window_go_on(struct gtv_window *w);

/* Lanes known in the looked-at window (alive in it), in a stable order: cores by
 * number; threads by process and tid; green threads and locks by id. */
size_t gtv_window_lane_count(const struct gtv_window *w, enum gtv_lane_kind kind);
struct gtv_lane gtv_window_lane(const struct gtv_window *w, enum gtv_lane_kind kind,
				size_t idx);
/* All of a kind where they lie together in that order; NULL for threads, which don't.
 * Borrows until the next look. */
const struct gtv_lane *gtv_window_lanes(const struct gtv_window *w,
					enum gtv_lane_kind kind);
/* ns of the lane's time in the window in which it was on a core (gt, thread), held
 * (lock), busy (core). */
uint64_t gtv_window_activity(const struct gtv_window *w, struct gtv_lane lane);
/* The lanes of a kind with any activity in the window, in the order of gtv_window_lane.
 * *unasked: so many of a wide window's many lanes were not looked at, the last ones, or
 * not yet (gtv_window_unread). Borrows until the next look. */
const struct gtv_lane *gtv_window_busy(const struct gtv_window *w, enum gtv_lane_kind kind,
				       size_t *count, size_t *unasked);
/* Whether some of those asked for in this look were not looked at for want of patience:
 * asked again, it goes on. */
int gtv_window_busy_unread(const struct gtv_window *w);
/* Whose a thread or green thread is; 0: not known. */
uint32_t gtv_window_pid(const struct gtv_window *w, struct gtv_lane lane);
/* Whether an OS thread is a worker. */
int gtv_window_is_worker(const struct gtv_window *w, uint32_t tid);
/* The lane's pieces that meet the window, in order of time, touching. Borrows
 * until the next look. */
const struct gtv_piece *gtv_window_pieces(const struct gtv_window *w, struct gtv_lane lane,
					  size_t *count);
/* The lane's pieces are not wanted again soon: who goes through all of a hundred thousand
 * lanes need not keep them all. What was borrowed of it is gone. */
void gtv_window_drop_pieces(struct gtv_window *w, struct gtv_lane lane);
/* Whether the pieces are exact. */
int gtv_window_exact(const struct gtv_window *w);
/* Edges with an end in the window (exact windows only). Borrows. */
const struct gtv_edge *gtv_window_edges(const struct gtv_window *w, size_t *count);
/* Marks and regions (exact windows only), by their ends, which lie in the window or, for
 * regions, beyond it. A region without its begin begins before what was decoded. Borrows.
 */
struct gtv_note {
	uint64_t from_ns, to_ns; /* a mark: the same; a region still open: UINT64_MAX */
	uint32_t gt;
	uint8_t is_region;
	char text[GTV_TEXT_CHUNK + 1]; /* as the program wrote it: to be escaped */
};
const struct gtv_note *gtv_window_notes(const struct gtv_window *w, size_t *count);
/* Loss in the window: ranges, for hatching. tid 0: all lanes. Borrows. */
struct gtv_loss {
	uint64_t from_ns, to_ns, count;
	uint32_t tid;
	int core;
};
/* Whether a part of the file that was read for it is damaged: what is lost there nobody
 * has counted, and it is among no losses. */
int gtv_window_damaged(const struct gtv_window *w);
const struct gtv_loss *gtv_window_losses(const struct gtv_window *w, size_t *count);
/* Events in the window (of its blocks, pro rata at the edges when not exact). */
uint64_t gtv_window_events(const struct gtv_window *w);

/* The exact span of a lane at a time (decodes around it if it must). 0, or
 * -GTV_ENOTFOUND. */
int gtv_window_span_at(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
		       struct gtv_span *out);
/* The same with the patience of looks: 1 if that ended before; again, it goes on. */
int gtv_window_span_try(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
			struct gtv_span *out);
/* The span after (dir > 0) or before (dir < 0) the one at ts_ns. */
int gtv_window_span_step(struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
			 int dir, struct gtv_span *out);

#endif
