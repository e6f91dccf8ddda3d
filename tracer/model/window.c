/* SPDX-License-Identifier: MIT
 *
 * The window: decides whether a look is exact or made of tiles, finds the lanes that
 * live in it, and makes their pieces when somebody asks (a screen shows few of many).
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

#define LOSSES_MAX 4096

struct gtv_window *gtv_window_new(const struct gtv_store *st)
{
	struct gtv_window *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->st = st;
	w->evs = malloc(GTV_BLOCK_MAX * sizeof *w->evs);
	if (!w->evs) {
		free(w);
		return NULL;
	}
	gtv__tiles_init(&w->tiles, st, w);
	return w;
}

const struct gtv_store *gtv__window_store(const struct gtv_window *w)
{
	return w->st;
}

static int grow(void **array, size_t *cap, size_t count, size_t bytes)
{
	if (count < *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 64;
	void *grown = realloc(*array, more * bytes);
	if (!grown)
		return -GTV_ENOMEM;
	*array = grown;
	*cap = more;
	return 0;
}

void gtv_window_free(struct gtv_window *w)
{
	if (!w)
		return;
	gtv__pieces_fini(w);
	gtv__lane_set_fini(&w->set);
	gtv__lane_set_fini(&w->lively);
	free(w->gt_pid);
	gtv__region_fini(&w->region);
	gtv__region_fini(&w->probe);
	gtv__tiles_fini(&w->tiles);
	gtv__threads_fini(&w->threads);
	free(w->block);
	free(w->edge);
	free(w->all_loss);
	free(w->loss);
	free(w->evs);
	free(w);
}

/* ---- blocks ---- */

static int refresh_blocks(struct gtv_window *w)
{
	struct gtv_block_info info;

	while (!gtv_store_block(w->st, w->first_block + w->blocks, &info)) {
		if (grow((void **)&w->block, &w->block_cap, w->blocks, sizeof *w->block))
			return -GTV_ENOMEM;
		const struct gtv__wblock *last =
			w->blocks ? &w->block[w->blocks - 1] : NULL;
		w->block[w->blocks++] = (struct gtv__wblock){
			info.from_ns, info.to_ns, last ? last->before + last->count : 0,
			info.count};
	}
	return 0;
}

/* First block that ends at or after ts. */
static size_t block_at(const struct gtv_window *w, uint64_t ts_ns)
{
	size_t lo = 0, hi = w->blocks;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (w->block[mid].to_ns < ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t events_before(const struct gtv_window *w, uint64_t ts_ns)
{
	size_t i = block_at(w, ts_ns);

	if (i == w->blocks)
		return i ? w->block[i - 1].before + w->block[i - 1].count : 0;
	const struct gtv__wblock *b = &w->block[i];
	if (ts_ns <= b->from_ns)
		return b->before;
	double part = (double)(ts_ns - b->from_ns) / (double)(b->to_ns - b->from_ns + 1);
	return b->before + (uint64_t)(part * b->count);
}

uint64_t gtv__window_block_events(const struct gtv_window *w, uint64_t from_ns,
				  uint64_t to_ns)
{
	size_t a = block_at(w, from_ns), b = block_at(w, to_ns);
	uint64_t end;

	if (a == w->blocks)
		return 0;
	if (b == w->blocks)
		end = w->block[b - 1].before + w->block[b - 1].count;
	else
		end = w->block[b].before +
		      (w->block[b].from_ns < to_ns ? w->block[b].count : 0);
	return end - w->block[a].before;
}

uint64_t gtv__window_margin(const struct gtv_window *w, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t margin = to_ns - from_ns;

	margin = margin < from_ns ? margin : from_ns;
	if (gtv__window_block_events(w, from_ns - margin, from_ns) > GTV__EXACT_EVENTS)
		return 0;
	return margin;
}

uint64_t gtv_window_events(const struct gtv_window *w)
{
	uint64_t from = events_before(w, w->from_ns), to = events_before(w, w->to_ns);

	return to > from ? to - from : 0;
}

/* ---- lanes ---- */

static void exact_lanes(struct gtv_window *w)
{
	const struct gtv__region *r = &w->region;

	for (size_t i = 0; i < r->lives; i++) {
		const struct gtv__rlife *life = &r->life[i];
		uint64_t from_ns = life->to_ns ? life->from_ns : life->open_ns;
		uint64_t to_ns = life->end_ns > life->to_ns ? life->end_ns : life->to_ns;
		/* What lives where decoding has come to probably does so later too. */
		if (from_ns < w->to_ns && to_ns > from_ns &&
		    (to_ns > w->from_ns || (r->unread && to_ns >= gtv__region_known_ns(r))))
			gtv__lane_set_add(&w->set, life->lane);
		if (life->to_ns || !life->quiet)
			gtv__lane_set_add(&w->lively, life->lane);
	}
}

const struct gtv_lane *gtv_window_lanes(const struct gtv_window *w, enum gtv_lane_kind kind)
{
	return kind <= 0 || kind >= GTV_LANE_KIND_MAX || kind == GTV_LANE_THREAD
		       ? NULL
		       : w->set.lane + w->set.first[kind];
}

size_t gtv_window_lane_count(const struct gtv_window *w, enum gtv_lane_kind kind)
{
	if (kind <= 0 || kind >= GTV_LANE_KIND_MAX)
		return 0;
	return w->set.first[kind + 1] - w->set.first[kind];
}

struct gtv_lane gtv_window_lane(const struct gtv_window *w, enum gtv_lane_kind kind,
				size_t idx)
{
	if (idx >= gtv_window_lane_count(w, kind))
		return (struct gtv_lane){0};
	return kind == GTV_LANE_THREAD ? w->threads.shown[idx].lane
				       : w->set.lane[w->set.first[kind] + idx];
}

/* ---- whose ---- */

/* Who began a green thread never changes: it is looked up once. */
static uint32_t *gt_pid(struct gtv_window *w, uint32_t gt)
{
	size_t more = w->gt_pids ? w->gt_pids : 1024;

	while (more <= gt)
		more *= 2;
	if (gt >= w->gt_pids) {
		uint32_t *grown = realloc(w->gt_pid, more * sizeof *grown);
		if (!grown)
			return NULL;
		memset(grown + w->gt_pids, 0, (more - w->gt_pids) * sizeof *grown);
		w->gt_pid = grown;
		w->gt_pids = more;
	}
	return &w->gt_pid[gt];
}

uint32_t gtv_window_pid(const struct gtv_window *w, struct gtv_lane lane)
{
	int is_gt = lane.kind == GTV_LANE_GT;
	uint32_t *kept = is_gt && lane.id < GTV__SET_IDS
				 ? gt_pid((struct gtv_window *)(uintptr_t)w, lane.id)
				 : NULL;

	if (!is_gt)
		return gtv__threads_get((struct gtv__threads *)(uintptr_t)&w->threads,
					gtv_store_names(w->st), lane.id)
			.pid;
	if (kept && *kept)
		return *kept;
	uint32_t pid = gtv_names_pid(gtv_store_names(w->st), GTV_CLASS_GT, lane.id);

	if (kept)
		*kept = pid;
	return pid;
}

int gtv_window_is_worker(const struct gtv_window *w, uint32_t tid)
{
	struct gtv__threads *threads = (struct gtv__threads *)(uintptr_t)&w->threads;

	return gtv__threads_get(threads, gtv_store_names(w->st), tid).stamp >=
	       GTV__THREAD_WORKS;
}

int gtv_window_exact(const struct gtv_window *w)
{
	return w->exact;
}

uint64_t gtv_window_looks(const struct gtv_window *w)
{
	return w->looks;
}

/* ---- edges and loss ---- */

static int make_edges(struct gtv_window *w)
{
	const struct gtv__region *r = &w->region;

	w->edges = 0;
	for (size_t i = 0; w->exact && !w->blank && i < r->edges; i++) {
		const struct gtv_edge *e = &r->edge[i];
		int from = e->from_ns >= w->from_ns && e->from_ns < w->to_ns;
		int to = e->to_ns >= w->from_ns && e->to_ns < w->to_ns;
		if (!from && !to)
			continue;
		if (grow((void **)&w->edge, &w->edge_cap, w->edges, sizeof *e))
			return -GTV_ENOMEM;
		w->edge[w->edges++] = *e;
	}
	return 0;
}

const struct gtv_note *gtv_window_notes(const struct gtv_window *w, size_t *count)
{
	*count = w->exact ? w->region.notes : 0;
	return w->region.note;
}

const struct gtv_extra *gtv_window_extras(const struct gtv_window *w, size_t *count)
{
	*count = w->exact ? w->region.extras : 0;
	return w->region.extra;
}

const struct gtv_edge *gtv_window_edges(const struct gtv_window *w, size_t *count)
{
	*count = w->edges;
	return w->edge;
}

static int loss_add(struct gtv_window *w, const struct gtv_loss *loss)
{
	struct gtv_loss *last = w->all_losses ? &w->all_loss[w->all_losses - 1] : NULL;

	/* One a kind of event: the same range again only adds to the count. And there
	 * is an end to how many are worth telling apart. */
	if (last && last->tid == loss->tid && last->core == loss->core &&
	    (last->from_ns == loss->from_ns || w->all_losses >= LOSSES_MAX)) {
		last->count += loss->count;
		last->to_ns = loss->to_ns > last->to_ns ? loss->to_ns : last->to_ns;
		return 0;
	}
	if (w->all_losses >= LOSSES_MAX) {
		last->tid = 0;
		last->core = GTV_CORE_NONE;
		return loss_add(w, &(struct gtv_loss){loss->from_ns, loss->to_ns,
						      loss->count, 0, GTV_CORE_NONE});
	}
	if (grow((void **)&w->all_loss, &w->all_loss_cap, w->all_losses, sizeof *loss))
		return -GTV_ENOMEM;
	w->all_loss[w->all_losses++] = *loss;
	return 0;
}

/* Where something was lost: only a trace that says so is searched, each block once. */
static int refresh_losses(struct gtv_window *w)
{
	struct gtv_store_stats stats;
	struct gtv_loss loss = {.core = GTV_CORE_NONE};
	uint64_t bytes;
	int err = 0;

	while (w->loss_gaps < gtv_store_gap_count(w->st) && !err) {
		if (!gtv_store_gap(w->st, w->loss_gaps++, &loss.from_ns, &loss.to_ns,
				   &bytes))
			err = loss_add(w, &loss);
	}
	gtv_store_get_stats(w->st, &stats);
	if (!stats.lost)
		return err;
	for (; w->loss_blocks < w->blocks && !err; w->loss_blocks++) {
		if (gtv__has_enough(&w->wait))
			break;
		long n = gtv_store_read(w->st, w->first_block + w->loss_blocks, w->evs);
		for (long i = 0; i < n && !err; i++) {
			const struct gtv_ev *ev = &w->evs[i];
			if (ev->kind != GTV_EV_LOSS || ev->gt > ev->ts_ns)
				continue;
			loss = (struct gtv_loss){gtv_ev_loss_from(ev), ev->ts_ns, ev->arg,
						 ev->tid, ev->core};
			err = loss_add(w, &loss);
		}
	}
	return err;
}

static int make_losses(struct gtv_window *w)
{
	int err = refresh_losses(w);

	w->losses = 0;
	for (size_t i = 0; i < w->all_losses && !err; i++) {
		const struct gtv_loss *l = &w->all_loss[i];
		if (l->from_ns >= w->to_ns || l->to_ns < w->from_ns)
			continue;
		err = grow((void **)&w->loss, &w->loss_cap, w->losses, sizeof *l);
		if (!err)
			w->loss[w->losses++] = *l;
	}
	return err;
}

const struct gtv_loss *gtv_window_losses(const struct gtv_window *w, size_t *count)
{
	*count = w->losses;
	return w->loss;
}

/* ---- the look ---- */

/* The store has dropped its oldest part: what we knew of it is no longer in the trace. */
static void follow_drops(struct gtv_window *w)
{
	size_t first = gtv_store_first_block(w->st);

	if (first == w->first_block)
		return;
	w->first_block = first;
	w->looked.valid = 0;
	w->blocks = w->loss_blocks = w->loss_gaps = w->all_losses = 0;
	gtv__region_fini(&w->region);
	gtv__region_fini(&w->probe);
	gtv__tiles_fini(&w->tiles);
	gtv__tiles_init(&w->tiles, w->st, w);
}

static int losses_unread(const struct gtv_window *w)
{
	struct gtv_store_stats stats;

	gtv_store_get_stats(w->st, &stats);
	return stats.lost && w->loss_blocks < w->blocks;
}

static uint64_t reads_of(const struct gtv_window *w)
{
	return w->wait.decoded + w->tiles.reads;
}

static size_t zooms_of(const struct gtv_window *w)
{
	size_t zooms = 0;

	for (unsigned level = 0; level < GTV_ZOOM_LEVELS; level++)
		zooms += gtv_store_zoom_count(w->st, level);
	return zooms;
}

/* The same look again, at a trace that has not grown: what is known holds. */
static int is_same_look(struct gtv_window *w, uint64_t from_ns, uint64_t to_ns,
			uint64_t cell_ns)
{
	struct gtv__looked *was = &w->looked, now = {from_ns, to_ns, cell_ns, .valid = 1};
	struct gtv_store_stats stats;

	gtv_store_get_stats(w->st, &stats);
	now.names_version = gtv_names_version(gtv_store_names(w->st));
	now.reads = reads_of(w);
	now.blocks = w->blocks;
	now.gaps = gtv_store_gap_count(w->st);
	now.zooms = zooms_of(w);
	now.complete = stats.complete;
	int same = was->valid && was->from_ns == from_ns && was->to_ns == to_ns &&
		   was->cell_ns == cell_ns && was->names_version == now.names_version &&
		   was->blocks == now.blocks && was->gaps == now.gaps &&
		   was->complete == now.complete;
	if (same && was->unread)
		same = was->reads == now.reads && was->zooms == now.zooms &&
		       gtv__never_decodes(&w->wait) && !losses_unread(w);
	now.unread = same && was->unread;
	*was = now;
	return same;
}

/* The look's events or tiles, as far as patience goes. */
static int decode(struct gtv_window *w)
{
	uint64_t from_ns = w->from_ns, to_ns = w->to_ns;

	w->exact = w->cell_ns < GTV_ZOOM_TILE_NS(0) ||
		   gtv__window_block_events(w, from_ns, to_ns) <= GTV__EXACT_EVENTS;
	return w->exact ? gtv__region_load(&w->region, w->st, w->evs, from_ns, to_ns,
					   gtv__window_margin(w, from_ns, to_ns), &w->wait)
			: gtv__tiles_look(&w->tiles, w->evs, from_ns, to_ns, w->cell_ns,
					  &w->wait);
}

/* There was not the time to go there: nothing is known of it. */
static int is_blank(const struct gtv_window *w)
{
	if (w->exact)
		return w->region.elsewhere;
	return w->tiles.unread && !w->tiles.uses;
}

static int find_lanes(struct gtv_window *w)
{
	if (w->exact)
		exact_lanes(w);
	else
		gtv__tiles_lanes(&w->tiles, w->from_ns, w->to_ns, &w->set);
	int err = gtv__lane_set_settle(&w->set);
	if (!err)
		err = gtv__lane_set_settle(&w->lively);
	if (err)
		return err;
	return gtv__threads_settle(&w->threads, gtv_store_names(w->st),
				   w->set.lane + w->set.first[GTV_LANE_THREAD],
				   gtv_window_lane_count(w, GTV_LANE_THREAD));
}

static int look_anew(struct gtv_window *w, uint64_t from_ns, uint64_t to_ns,
		     uint64_t cell_ns)
{
	w->no_memory = w->wait.worked = 0;
	w->looks++;
	w->from_ns = from_ns;
	w->to_ns = to_ns;
	w->cell_ns = cell_ns;
	int err = decode(w);
	w->blank = !err && is_blank(w);
	/* The lanes stay, in their order, until something is known of the new place. */
	if (!w->blank) {
		gtv__pieces_forget(w);
		err = err ? err : find_lanes(w);
	}
	if (!err)
		err = make_edges(w);
	if (!err)
		err = make_losses(w);
	return w->no_memory ? -GTV_ENOMEM : err;
}

void gtv_window_patience(struct gtv_window *w, gtv_window_enough_fn *enough, void *arg)
{
	w->wait = (struct gtv__patience){.enough = enough,
					 .arg = arg,
					 .crowd = w->wait.crowd,
					 .decoded = w->wait.decoded};
}

void gtv_window_until(struct gtv_window *w, gtv_window_enough_fn *stop, void *arg)
{
	w->wait = (struct gtv__patience){
		.enough = stop,
		.arg = arg,
		.going = 1,
		.always = stop != NULL,
		.decoded = w->wait.decoded,
	};
}

int gtv_window_unread(const struct gtv_window *w)
{
	return gtv_window_known_ns(w) != UINT64_MAX || losses_unread(w) ||
	       gtv_window_busy_unread(w);
}

int gtv_window_damaged(const struct gtv_window *w)
{
	return w->region.feeder.unreadable != 0;
}

uint64_t gtv_window_known_ns(const struct gtv_window *w)
{
	uint64_t known_ns = w->exact ? gtv__region_known_ns(&w->region) : w->tiles.known_ns;

	if (!(w->exact ? w->region.unread : w->tiles.unread))
		return UINT64_MAX;
	return !w->blank && known_ns > w->from_ns ? known_ns : w->from_ns;
}

/* Only reads: the lanes are found, and pieces made, when it is looked at again. */
int gtv_window_go_on(struct gtv_window *w)
{
	if (!gtv_window_unread(w))
		return 0;
	follow_drops(w);
	w->wait.one = w->wait.going = 1;
	w->wait.worked = 0;
	int err = refresh_blocks(w);
	if (!err && gtv_window_known_ns(w) != UINT64_MAX)
		err = decode(w);
	if (!err)
		err = refresh_losses(w);
	if (!err)
		gtv__busy_go_on(w);
	w->wait.one = 0;
	w->wait.going = w->wait.always;
	return err;
}

int gtv_window_look(struct gtv_window *w, uint64_t from_ns, uint64_t to_ns,
		    uint64_t cell_ns)
{
	gtv__pieces_forget_on(w);
	follow_drops(w);
	int err = refresh_blocks(w);

	if (from_ns >= to_ns)
		return -GTV_EUSAGE;
	int never = gtv__never_decodes(&w->wait);
	if (!err && is_same_look(w, from_ns, to_ns, cell_ns))
		return 0;
	if (!err)
		err = look_anew(w, from_ns, to_ns, cell_ns);
	w->looked.unread = gtv_window_unread(w);
	w->looked.valid =
		!err && (!w->looked.unread || (never && w->looked.reads == reads_of(w)));
	return err;
}

/* ---- single spans ---- */

int gtv__window_known_at(const struct gtv_window *w, struct gtv_lane lane, uint64_t ts_ns,
			 struct gtv_span *out)
{
	return gtv__region_at(&w->region, lane, ts_ns, out);
}

struct gtv__span_parts gtv__window_span_parts(struct gtv_window *w)
{
	return (struct gtv__span_parts){w->st,	   w->evs,    &w->region,
					&w->probe, &w->tiles, &w->wait};
}
