/* SPDX-License-Identifier: MIT
 *
 * Inside the window.
 *
 *   window.c        the questions of the screen
 *   window_span.c   single spans, decoded to their ends
 *   window_pieces.c a lane's pieces and activity in the present look
 *   window_lanes.c  which lanes there are, in order
 *   window_threads.c  who the OS threads in sight are, and their order
 *   window_exact.c  regions: a stretch of the trace decoded to spans
 *   window_tiles.c  which zoom blocks a look is made of, and what to decode where
 *                   there are none
 *   window_join.c   a lane's pieces, put together from those
 *   window_patch.c  stretches decoded to tiles of our own
 */
#ifndef GTV_WINDOW_PRIV_H
#define GTV_WINDOW_PRIV_H

#include "tracer/model/extra.h"
#include "tracer/model/model.h"
#include "tracer/model/window.h"
#include "tracer/model/zoom_priv.h"

/* A set of lanes that gives them back in order, each once. What many ids have in common,
 * that they are small, makes it fast. */
#define GTV__SET_IDS (1u << 22) /* the highest process id; larger ones are sorted */
struct gtv__lane_set {
	uint64_t *bit[GTV_LANE_KIND_MAX];
	size_t words[GTV_LANE_KIND_MAX];
	struct gtv_lane *other;
	size_t others, other_cap;
	struct gtv_lane *lane; /* what came of it */
	size_t lanes, lane_cap;
	size_t first[GTV_LANE_KIND_MAX + 1]; /* of a kind */
	int no_memory;
};
void gtv__lane_set_add(struct gtv__lane_set *s, struct gtv_lane lane);
/* Adds what was added to another, and not yet settled. */
void gtv__lane_set_or(struct gtv__lane_set *s, const struct gtv__lane_set *more);
/* Puts what was added into lane[], and begins anew. 0 or -GTV_ENOMEM. */
int gtv__lane_set_settle(struct gtv__lane_set *s);
/* Whether the lane is one of lane[]. */
int gtv__lane_set_has(const struct gtv__lane_set *s, struct gtv_lane lane);
void gtv__lane_set_fini(struct gtv__lane_set *s);

/* Who asks for a look may have enough of it before it is whole. NULL: never. It is asked
 * before each piece of work: who has enough at once is given what is known already. */
struct gtv__patience {
	gtv_window_enough_fn *enough;
	void *arg;
	int one;	  /* a piece is done in any case: the next question is not asked */
	int worked;	  /* since the last question */
	int crowd;	  /* so many lanes live that decoding is not for a frame */
	int going;	  /* this is none: it is read between frames */
	int always;	  /* nor is any look, and single spans are asked about, too */
	uint64_t decoded; /* so many pieces of decoding were begun, or may have been */
};
#define GTV__CROWD 4096u
static inline int gtv__has_enough(struct gtv__patience *wait)
{
	if (!wait || !wait->enough)
		return 0;
	int one = wait->one, worked = wait->worked;
	wait->one = 0;
	wait->worked = 1;
	return one ? 0 : wait->enough(wait->arg, worked);
}

/* A look now decodes nothing, whatever the time. */
static inline int gtv__never_decodes(const struct gtv__patience *wait)
{
	return wait->enough && wait->crowd && !wait->going;
}

/* Before events are decoded, or decoding begins elsewhere. */
static inline int gtv__has_enough_to_decode(struct gtv__patience *wait)
{
	if (wait && gtv__never_decodes(wait))
		return 1;
	int enough = gtv__has_enough(wait);
	if (wait && !enough)
		wait->decoded++;
	return enough;
}

/* The OS threads in sight (window_threads.c). */
#define GTV__THREAD_WORKS 0x80000000u
struct gtv__thread {
	uint32_t pid, stamp; /* 0: not known who it is; and GTV__THREAD_WORKS: a worker */
};
struct gtv__shown {
	uint32_t pid;
	struct gtv_lane lane;
};
struct gtv__threads {
	struct gtv__thread *thread; /* by tid */
	size_t cap;
	uint64_t version;	  /* of the names, at this look */
	struct gtv__shown *shown; /* those in sight, in the order of the screen */
	size_t showns, shown_cap;
	uint64_t shown_version;
	struct gtv_lane *asked; /* the same by id, as they were asked for */
	size_t asked_cap;
};
/* Puts the threads of a look in order. 0 or -GTV_ENOMEM. */
int gtv__threads_settle(struct gtv__threads *t, const struct gtv_names *names,
			const struct gtv_lane *lane, size_t count);
struct gtv__thread gtv__threads_get(struct gtv__threads *t, const struct gtv_names *names,
				    uint32_t tid);
void gtv__threads_fini(struct gtv__threads *t);

/* The store a window looks at. */
const struct gtv_store *gtv__window_store(const struct gtv_window *w);
/* Events in the blocks that meet [from, to): what must be decoded to know it. */
uint64_t gtv__window_block_events(const struct gtv_window *w, uint64_t from_ns,
				  uint64_t to_ns);
/* How much before a window is decoded with it, so that it can move left: as much as it
 * is wide, but little if that costs much. */
uint64_t gtv__window_margin(const struct gtv_window *w, uint64_t from_ns, uint64_t to_ns);

/* Feeds a model with the store's blocks, one after the other, gaps included. */
struct gtv__feeder {
	const struct gtv_store *st;
	struct gtv_model *m;
	struct gtv_ev *evs; /* GTV_BLOCK_MAX; Borrows */
	size_t next_block, next_gap;
	size_t unreadable; /* blocks that could not be read */
	uint64_t done_ns;  /* the model knows everything before this */
	int finished;	   /* the trace is complete and over: the model was finished */
	int ending;	   /* that was begun: steps tell what ends with it */
	struct gtv_model_at end_at;
	int in_parts; /* a step may end within a block: it has so many events in a crowd */
	struct gtv_ev
		*rest; /* of next_block, its events from `fed` on are still to be fed */
	size_t rests, fed;
};
/* Starts at the last checkpoint at or before from_ns. 0 or -GTV_E*. */
int gtv__feeder_seek(struct gtv__feeder *f, const struct gtv_store *st, struct gtv_ev *evs,
		     uint64_t from_ns, const struct gtv_model_sink *sink);
/* The next block, or a part of it: 0; 1 if there is none (now). */
int gtv__feeder_step(struct gtv__feeder *f);
/* Whether there is a step to be made (now). */
int gtv__feeder_has_more(const struct gtv__feeder *f);
/* Whether no events are left: the trace is over, and all that is open ends. */
int gtv__feeder_ends(const struct gtv__feeder *f);
/* What is open is told of so many lanes between two questions for patience: half a ms. */
#define GTV__TOLD_AT_ONCE 8192u
/* …and not after each piece, where it costs more than the piece: so many lanes a step. */
#define GTV__TOLD_A_STEP 2048u
/* Whether to go on is the shortest way to from_ns: no checkpoint lies between. */
int gtv__feeder_is_near(const struct gtv__feeder *f, uint64_t from_ns);
/* Whether what is open was told for where it stands: told last for `ns`, before `block`. */
static inline int gtv__feeder_is_told(const struct gtv__feeder *f, uint64_t ns,
				      size_t block)
{
	return f->finished || (ns == f->done_ns && block == f->next_block);
}
void gtv__feeder_fini(struct gtv__feeder *f);

/* A lane's closed spans in a region, in order of time. */
struct gtv__rlane {
	struct gtv_lane lane;
	struct gtv_span *span;
	size_t count, cap;
	struct gtv_span open; /* as it was told last, or what ended with the trace; to_ns
			       * 0: none (gtv__rlane_open) */
	struct gtv__rlane *next, *after; /* after: was told to be open after it */
	uint32_t nr;			 /* of its life in the region */
};

/* When a lane lives, as far as a region knows: it is asked of all lanes in each look, and
 * there may be a hundred thousand. So they lie together, by the lanes' numbers. */
struct gtv__rlife {
	struct gtv_lane lane;
	int quiet;		  /* its open span, if it has no other, is not active */
	uint64_t from_ns, to_ns;  /* of its closed spans; to 0: none */
	uint64_t open_ns, end_ns; /* of its open one; it has none where end <= to */
};

/* A stretch of the trace as exact spans: [from, feeder.done_ns). */
struct gtv__region {
	struct gtv__feeder feeder;
	uint64_t from_ns; /* spans that end after this are kept */
	int valid, no_memory;
	int unread;    /* the last load had not the time for all */
	int elsewhere; /* nor to go there: what is known is of another stretch */
	int ends;      /* the trace ends: spans are kept as open ones are */
	struct gtv__rlane **hash;
	size_t hash_cap, lanes, spans;
	uint64_t opened_ns;	      /* what is open was told for then, all of it; and */
	size_t opened_block, steps;   /* so many steps ago */
	int telling;		      /* it is being told again */
	struct gtv_model_at tells_at; /* of them, the next */
	struct gtv__rlane *first_open, *last_open;
	struct gtv__rlane *ended; /* the last that ended with the trace */
	struct gtv__rlife *life;
	size_t lives, life_cap;
	struct gtv_edge *edge;
	size_t edges, edge_cap;
	struct gtv_note *note;
	size_t notes, note_cap;
	struct gtv_extra *extra; /* in order of their ends */
	size_t extras, extra_cap;
};
/* Makes it know [from, to), as far as patience goes; margin: how much before it is worth
 * knowing when it must start anew. 0 or -GTV_ENOMEM. */
int gtv__region_load(struct gtv__region *r, const struct gtv_store *st, struct gtv_ev *evs,
		     uint64_t from_ns, uint64_t to_ns, uint64_t margin_ns,
		     struct gtv__patience *wait);
void gtv__region_fini(struct gtv__region *r);
/* Up to when all lanes are known: what is open may not be told yet of where decoding is. */
uint64_t gtv__region_known_ns(const struct gtv__region *r);
/* The lane's open span, NULL: none. One that was closed since it was told lies before the
 * end of a closed one. */
static inline const struct gtv_span *gtv__rlane_open(const struct gtv__rlane *l)
{
	return l->open.to_ns &&
			       (!l->count || l->open.from_ns >= l->span[l->count - 1].to_ns)
		       ? &l->open
		       : NULL;
}
struct gtv__rlane *gtv__region_lane(const struct gtv__region *r, struct gtv_lane lane);
/* The lane's span at ts: 0; the last one may be cut at the region's end and then has
 * GTV_SP_OPEN. -GTV_ENOTFOUND. */
int gtv__region_at(const struct gtv__region *r, struct gtv_lane lane, uint64_t ts_ns,
		   struct gtv_span *out);
/* First of the lane's closed spans that ends after ts. */
size_t gtv__rlane_find(const struct gtv__rlane *l, uint64_t ts_ns);

/*
 * A stretch of the trace as tiles of our own: its events fed through a model and a
 * zoom in memory. It knows all spans that end after from, up to feeder.done_ns, and
 * grows to the right.
 */
struct gtv__patch {
	struct gtv__feeder feeder;
	struct gtv_zoom *zoom;	/* NULL: nothing yet */
	uint64_t from_ns, used; /* used: the look that wanted it last */
	struct gtv_span *open;	/* those not closed at its end, or closed by it */
	size_t opens, open_cap;
	uint32_t *open_at; /* by lane: the index of its open span + 1, 0 none */
	size_t open_at_cap;
	struct gtv__lane_set open_lanes; /* theirs, as bits */
	uint64_t open_most_from_ns,
		open_least_to_ns;   /* of them: the last to begin, the first to end */
	uint64_t opened_ns;	    /* they were told for then; and */
	size_t opened_block, steps; /* so many steps ago */
	/* They are told again, or end with the trace, a part at a time: this takes their
	 * place when all are told. */
	struct gtv__next {
		struct gtv_span *span;
		size_t count, cap;
		size_t same; /* so many are the same lanes as before, in the same order */
		uint64_t most_from_ns, least_to_ns;
	} next;
	int telling;
	struct gtv_model_at tells_at;
	struct gtv__zlife { /* of the zoom's lanes, by their numbers */
		struct gtv_lane lane;
		uint64_t from_ns, to_ns;
	} * life;
	size_t lives, life_cap;
	int no_memory;
	int unread;    /* the last load had not the time for all */
	int elsewhere; /* nor to go there: what is known is of another stretch */
	int ends;      /* the trace ends: spans are kept as open ones are */
};
/* As gtv__region_known_ns. */
uint64_t gtv__patch_known_ns(const struct gtv__patch *p);
/* Makes it know [from, to), as far as the store and patience go; margin: how much before
 * it is worth knowing when it must start anew. 0 or -GTV_ENOMEM. */
int gtv__patch_load(struct gtv__patch *p, const struct gtv_store *st, struct gtv_ev *evs,
		    uint64_t from_ns, uint64_t to_ns, uint64_t margin_ns,
		    struct gtv__patience *wait);
/* Whether it knows [from, to), or comes to it by going on sooner than by a new start. */
int gtv__patch_near(const struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
		    uint64_t margin_ns);
const struct gtv_span *gtv__patch_open(const struct gtv__patch *p, struct gtv_lane lane);
/* Adds all that are open, if all are in [from, to); else returns 0. */
int gtv__patch_open_lanes(const struct gtv__patch *p, uint64_t from_ns, uint64_t to_ns,
			  struct gtv__lane_set *set);
void gtv__patch_fini(struct gtv__patch *p);

/* A zoom block in memory. */
struct gtv__zcached {
	unsigned level;
	size_t idx;
	uint64_t used; /* the look that wanted it last */
	void *bytes;
	size_t size; /* in memory, its directory included */
	struct gtv__zblock block;
	int bad, opening;
	int all_known; /* the next three are */
	struct gtv__lane_set all;
	uint64_t most_from_ns, least_to_ns; /* of its lanes: the last to begin, the
					     * first to end */
};

/* A zoom block of the store: it covers [from, to), and reaches back to reach. */
struct gtv__zinfo {
	uint64_t from_ns, to_ns, reach_ns;
	struct gtv__zcached *cached; /* or NULL */
};

/* What a look is made of: a block or a patch, in the order in which lanes take from
 * them. It begins to be wanted at from, and is cut at to. */
struct gtv__source {
	struct gtv__zcached *block;
	const struct gtv__patch *patch;
	uint64_t from_ns, to_ns;
};

struct gtv__hole {
	uint64_t from_ns, to_ns;
};

#define GTV__HOLES_MAX 64

/* The tiles of a trace: what the store has, and patches where it has none. */
struct gtv__tiles {
	const struct gtv_store *st;
	const struct gtv_window *w;
	struct gtv__zinfo *info[GTV_ZOOM_LEVELS];
	size_t infos[GTV_ZOOM_LEVELS], info_cap[GTV_ZOOM_LEVELS];
	size_t first[GTV_ZOOM_LEVELS];	    /* the number of info[level][0] in the store */
	uint64_t front_ns[GTV_ZOOM_LEVELS]; /* stored up to here, or left out */
	struct gtv__zcached **cached;
	size_t cached_count, cached_cap, cached_bytes;
	uint64_t looks, reads; /* reads: so many parts of blocks were read */
	struct gtv__patch patch[3];
	/* This look. */
	unsigned level;				   /* wanted */
	size_t look_bytes;			   /* of blocks */
	struct gtv__hole hole[GTV__HOLES_MAX + 1]; /* not yet covered */
	size_t holes;
	unsigned end_level; /* whose blocks cover the look's end */
	struct gtv__source *use;
	size_t uses, use_cap;
	struct gtv__patience *wait;
	int unread;	   /* patience ended before the look was whole */
	uint64_t known_ns; /* up to here it is, if unread */
	int no_memory;
};
void gtv__tiles_init(struct gtv__tiles *t, const struct gtv_store *st,
		     const struct gtv_window *w);
void gtv__tiles_fini(struct gtv__tiles *t);
int gtv__tiles_look(struct gtv__tiles *t, struct gtv_ev *evs, uint64_t from_ns,
		    uint64_t to_ns, uint64_t cell_ns, struct gtv__patience *wait);
/* Calls for each piece of the lane that meets [from, to), in order, touching. */
typedef void gtv__piece_fn(void *arg, const struct gtv_piece *piece);
void gtv__tiles_pieces(const struct gtv__tiles *t, struct gtv_lane lane, uint64_t from_ns,
		       uint64_t to_ns, gtv__piece_fn *each, void *arg);
uint64_t gtv__tiles_activity(const struct gtv__tiles *t, struct gtv_lane lane,
			     uint64_t from_ns, uint64_t to_ns);
/* Adds each lane that lives in [from, to). */
void gtv__tiles_lanes(const struct gtv__tiles *t, uint64_t from_ns, uint64_t to_ns,
		      struct gtv__lane_set *set);
/* The whole span of a run that covers ts, from the stored level 0. 0 or
 * -GTV_ENOTFOUND. */
int gtv__tiles_run_at(struct gtv__tiles *t, struct gtv_lane lane, uint64_t ts_ns,
		      struct gtv_span *out);

/* ---- the window itself ---- */

/* Memory of pieces that are no longer wanted: the next look takes it, for to ask the
 * kernel for new pages costs more than to fill them. */
#define GTV__SPARE_BYTES (8u << 20) /* the dearest exact look has 4 MB of them */
struct gtv__spares {
	struct gtv__spare {
		void *at;
		size_t cap; /* elements */
	} * array;
	size_t count, cap, bytes;
};

/* Pieces of a lane in the present look. */
struct gtv__wlane {
	struct gtv_lane lane;
	int has_pieces, has_activity; /* each is made when first asked for */
	uint64_t activity_ns;
	struct gtv_piece *piece;
	size_t count, cap;
	struct gtv_sums *sums; /* those of the tiles among them, in order */
	size_t sums_count, sums_cap;
};

/* What a look depends on beside its arguments: the same again, and nothing has changed.
 * One that was not whole, but read nothing and took what was known, is the same again as
 * long as nothing is read in between, and it would read nothing itself. */
struct gtv__looked {
	uint64_t from_ns, to_ns, cell_ns, names_version;
	uint64_t reads; /* before it; all that was read for the window until then */
	size_t blocks, gaps, zooms;
	int complete, valid;
	int unread; /* it was not whole; and valid: it read nothing */
};

struct gtv__wblock {
	uint64_t from_ns, to_ns, before; /* events before it */
	uint32_t count;
};

struct gtv_window {
	const struct gtv_store *st;
	struct gtv_ev *evs;
	struct gtv__wblock *block; /* all blocks of the store, as far as it has grown */
	size_t blocks, block_cap;
	size_t first_block;	   /* the number of block[0]: those before were dropped */
	struct gtv__region region; /* the look's, when exact */
	struct gtv__region probe;  /* for single spans elsewhere */
	struct gtv__tiles tiles;
	uint64_t from_ns, to_ns, cell_ns;
	int exact;
	int blank; /* of this look nothing is known yet; the lanes are the last one's */
	struct gtv__patience wait;
	uint64_t looks; /* that were not the same again */
	struct gtv__looked looked;
	struct gtv__lane_set set;    /* the lanes in sight */
	struct gtv__lane_set lively; /* exact: those that may be active */
	struct gtv__busy {
		struct gtv_lane *lane;
		size_t count, cap;
		size_t at, asked; /* lanes gone through, and of these asked */
		size_t unasked;	  /* not yet, or too many to ask */
		int known, wanted;
	} busy[GTV_LANE_KIND_MAX];
	struct gtv__threads threads; /* of them, the OS threads */
	uint32_t *gt_pid;	     /* by id; 0: not known, or not asked for */
	size_t gt_pids;
	struct gtv__wlane **made; /* those whose pieces were asked for, by hash */
	size_t mades, made_cap;
	struct gtv__forgotten {
		struct gtv__wlane **made; /* those of the look before, not yet freed */
		size_t cap, at;
	} forgotten;
	struct gtv__spares spare_pieces, spare_sums;
	struct gtv_edge *edge;
	size_t edges, edge_cap;
	struct gtv_loss *all_loss; /* of the whole trace */
	size_t all_losses, all_loss_cap, loss_blocks, loss_gaps;
	struct gtv_loss *loss;
	size_t losses, loss_cap;
	int no_memory;
};

/* window_pieces.c */
void gtv__pieces_forget(struct gtv_window *w);	  /* for another look */
void gtv__pieces_forget_on(struct gtv_window *w); /* a part of what that left behind */
void gtv__pieces_fini(struct gtv_window *w);
/* Looks at more of the lanes of which somebody asked whether they are busy. */
void gtv__busy_go_on(struct gtv_window *w);

/* window.c */
/* What single spans are found by: the look's region, one of their own, tiles. */
struct gtv__span_parts {
	const struct gtv_store *st;
	struct gtv_ev *evs;
	struct gtv__region *region, *probe;
	struct gtv__tiles *tiles;
	struct gtv__patience *wait;
};
struct gtv__span_parts gtv__window_span_parts(struct gtv_window *w);
/* Of what was decoded exactly: the span there, perhaps cut off where that ends. 0, or
 * -GTV_ENOTFOUND without having read anything. */
int gtv__window_known_at(const struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
			 struct gtv_span *out);

#endif
