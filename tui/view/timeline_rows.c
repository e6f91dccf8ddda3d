/* SPDX-License-Identifier: MIT
 *
 * Which lanes there are, and in which order: the groups of the pivot. Lanes are in order
 * of their numbers, or the most active first; those in which nothing happens may be left
 * out. The pivoted threads and green threads of several processes stand below a line for
 * each process, which shows all of them or, folded, as many as have room.
 *
 * A crowd has a hundred thousand lanes: what is done for each of them here must cost
 * nanoseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/scene/sieve.h"
#include "tui/view/timeline.h"

#define JUDGED 6000 /* names that a frame looks up for the filter */

int tui_tl_same_lane(struct gtv_lane a, struct gtv_lane b)
{
	return a.kind == b.kind && a.id == b.id;
}

/* ---- the lanes of a group ---- */

/* On a small machine every core has its lane, one on which nothing has happened too:
 * lanes that come and go can't be read. */
#define CORES_ALWAYS 16

static void add_quiet_cores(struct tui_timeline *tl, struct tui_tl_group *g)
{
	int cores = tl->scene->facts->cores;
	if (cores > CORES_ALWAYS || tl->scene->nav->busy_only)
		return;
	for (int core = 0; core < cores; core++) {
		if (core < g->count && g->own[core].id == (uint32_t)core)
			continue;
		memmove(&g->own[core + 1], &g->own[core],
			(size_t)(g->count - core) * sizeof(*g->own));
		g->own[core] = (struct gtv_lane){GTV_LANE_CORE, (uint32_t)core};
		g->count++;
	}
}

static int is_worker(const struct tui_timeline *tl, uint32_t tid)
{
	return gtv_window_is_worker(tl->scene->window, tid);
}

static int belongs(const struct tui_timeline *tl, const struct tui_tl_group *g,
		   struct gtv_lane lane)
{
	return g->who == TUI_TL_ALL || is_worker(tl, lane.id) == (g->who == TUI_TL_WORKERS);
}

/* By what was judged already, and some more in each frame. */
static int fits(const struct tui_timeline *tl, struct gtv_lane lane)
{
	const struct tui_scene *scene = tl->scene;
	return scene->sieve
		       ? tui_sieve_lane(scene->sieve, scene->names, scene->window, lane)
		       : tui_filter_lane(&scene->nav->filter, scene->names, scene->window,
					 lane);
}

static int is_listed(const struct tui_timeline *tl, const struct tui_tl_group *g,
		     struct gtv_lane lane)
{
	const struct tui_filter *filter = &tl->scene->nav->filter;
	return belongs(tl, g, lane) &&
	       (tui_filter_is_empty(filter) ||
		tui_tl_same_lane(lane, tl->scene->nav->selected) || fits(tl, lane));
}

/* All of them, as they lie in the window. */
static int is_all(const struct tui_timeline *tl, const struct tui_tl_group *g)
{
	const struct tui_nav *nav = tl->scene->nav;
	return g->who == TUI_TL_ALL && !nav->busy_only && tui_filter_is_empty(&nav->filter);
}

static void add_all(struct tui_timeline *tl, struct tui_tl_group *g)
{
	size_t lanes = gtv_window_lane_count(tl->scene->window, g->kind);
	for (size_t i = 0; i < lanes; i++)
		g->own[i] = gtv_window_lane(tl->scene->window, g->kind, i);
	g->count = g->all = (int)lanes;
}

/* To copy a hundred thousand into new memory costs a third of a millisecond: where they
 * stay as they are, the window's own serve. */
static int borrow_all(struct tui_timeline *tl, struct tui_tl_group *g, int first)
{
	int changes =
		(first && tl->scene->nav->by_activity) ||
		(g->kind == GTV_LANE_CORE &&
		 (tl->scene->facts->level == 0 || tl->scene->facts->cores <= CORES_ALWAYS));
	if (changes || !is_all(tl, g))
		return 0;
	g->lane = gtv_window_lanes(tl->scene->window, g->kind);
	if (!g->lane)
		return 0;
	g->count = g->all = (int)gtv_window_lane_count(tl->scene->window, g->kind);
	return 1;
}

/* By number: all, or those that are active; the selected one in any case. */
static void add_in_order(struct tui_timeline *tl, struct tui_tl_group *g,
			 const struct gtv_lane *busy, size_t busy_count)
{
	const struct gtv_window *w = tl->scene->window;
	const struct tui_nav *nav = tl->scene->nav;
	size_t lanes = gtv_window_lane_count(w, g->kind), at = 0;
	if (is_all(tl, g)) {
		add_all(tl, g);
		return;
	}
	for (size_t i = 0; i < lanes; i++) {
		struct gtv_lane lane = gtv_window_lane(w, g->kind, i);
		int is_busy = at < busy_count && tui_tl_same_lane(busy[at], lane);
		at += (size_t)is_busy;
		if (!is_listed(tl, g, lane))
			continue;
		g->all++;
		if (nav->busy_only && !is_busy && !tui_tl_same_lane(lane, nav->selected) &&
		    i < lanes - (size_t)g->unasked)
			g->quiet++;
		else
			g->own[g->count++] = lane;
	}
}

struct ranked {
	uint64_t ns;
	int idx;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->idx - y->idx;
}

/* The active ones first, the most active before the others, which keep their order. */
static int sort_by_activity(struct tui_timeline *tl, struct tui_tl_group *g,
			    const struct gtv_lane *busy, size_t busy_count)
{
	size_t count = (size_t)g->count, at = 0, n = 0;
	struct ranked *rank = malloc((busy_count + 1) * sizeof(*rank));
	struct gtv_lane *sorted = malloc((busy_count + 1) * sizeof(*sorted));
	if (!rank || !sorted) {
		free(rank);
		free(sorted);
		return -GTV_ENOMEM;
	}
	for (size_t i = 0; i < count && at < busy_count; i++) {
		while (at < busy_count && !tui_tl_same_lane(busy[at], g->lane[i]) &&
		       !is_listed(tl, g, busy[at]))
			at++;
		int is_busy = at < busy_count && tui_tl_same_lane(busy[at], g->lane[i]);
		at += (size_t)is_busy;
		if (is_busy)
			rank[n++] = (struct ranked){
				gtv_window_activity(tl->scene->window, g->lane[i]), (int)i};
	}
	qsort(rank, n, sizeof(*rank), by_rank);
	for (size_t i = 0; i < n; i++) {
		sorted[i] = g->lane[rank[i].idx];
		g->own[rank[i].idx].kind = 0; /* taken */
	}
	for (size_t i = count, to = count; n && i-- > 0;)
		if (g->lane[i].kind)
			g->own[--to] = g->own[i];
	memcpy(g->own, sorted, n * sizeof(*sorted));
	free(rank);
	free(sorted);
	return 0;
}

static int fill_group(struct tui_timeline *tl, struct tui_tl_group *g,
		      enum gtv_lane_kind kind, enum tui_tl_who who, int first)
{
	const struct tui_nav *nav = tl->scene->nav;
	size_t all = gtv_window_lane_count(tl->scene->window, kind);
	size_t busy_count = 0, unasked = 0;
	const struct gtv_lane *busy = NULL;
	memset(g, 0, sizeof(*g));
	g->kind = kind;
	g->who = who;
	g->heads = -1;
	if (borrow_all(tl, g, first))
		return 0;
	g->lane = g->own = malloc((all + CORES_ALWAYS) * sizeof(*g->own));
	if (!g->own)
		return -GTV_ENOMEM;
	/* Without the kernel there is nothing to say of cores: one row says so. */
	if (kind == GTV_LANE_CORE && tl->scene->facts->level == 0) {
		g->own[0] = (struct gtv_lane){GTV_LANE_CORE, 0};
		g->count = g->all = 1;
		return 0;
	}
	if (nav->busy_only || (first && nav->by_activity))
		busy = gtv_window_busy(tl->scene->window, kind, &busy_count, &unasked);
	g->unasked = (int)unasked;
	add_in_order(tl, g, busy, busy_count);
	if (first && nav->by_activity)
		return sort_by_activity(tl, g, busy, busy_count);
	if (kind == GTV_LANE_CORE && tui_filter_is_empty(&nav->filter))
		add_quiet_cores(tl, g);
	return 0;
}

/* ---- which of many ---- */

/* The selected lane, its lock and that one's holder before all; then by activity. */
static uint64_t importance(const struct tui_timeline *tl, struct gtv_lane lane)
{
	const struct tui_nav *nav = tl->scene->nav;
	const struct gtv_span *s = &nav->span;
	if (tui_tl_same_lane(lane, nav->selected))
		return UINT64_MAX;
	if (s->to_ns > 0 && lane.kind == GTV_LANE_LOCK && lane.id == s->lock)
		return UINT64_MAX - 1;
	if (s->to_ns > 0 && lane.kind == GTV_LANE_GT && lane.id == s->who &&
	    !(s->flags & GTV_SP_WHO_TID))
		return UINT64_MAX - 2;
	return gtv_window_activity(tl->scene->window, lane);
}

#define CANDIDATES 256

static int by_index(const void *a, const void *b)
{
	return ((const struct ranked *)a)->idx - ((const struct ranked *)b)->idx;
}

int tui_tl_choose(const struct tui_timeline *tl, const struct gtv_lane *lane, int count,
		  int shown, struct gtv_lane *out)
{
	struct gtv_lane wanted = tl->scene->nav->selected;
	struct ranked c[CANDIDATES];
	int n = count < CANDIDATES ? count : CANDIDATES, selected = 0;
	if (n == 0)
		return 0;
	if (!wanted.kind || wanted.kind != lane[0].kind)
		selected = count;
	while (selected < count && !tui_tl_same_lane(lane[selected], wanted))
		selected++;
	for (int i = 0; i < n; i++) {
		c[i].idx = i == n - 1 && selected >= n && selected < count ? selected : i;
		c[i].ns = importance(tl, lane[c[i].idx]);
	}
	qsort(c, (size_t)n, sizeof(c[0]), by_rank);
	n = shown < n ? shown : n;
	qsort(c, (size_t)n, sizeof(c[0]), by_index);
	/* Ascending indexes, each at or after its new place: nothing is overwritten. */
	for (int i = 0; i < n; i++)
		out[i] = lane[c[i].idx];
	return n;
}

/* ---- processes ---- */

#define HEADS_MAX 256 /* of more processes no line each is drawn */

static int head_of(struct tui_timeline *tl, uint32_t pid)
{
	for (int i = tl->head_count; i-- > 0;)
		if (tl->head[i].pid == pid)
			return i;
	if (tl->head_count == HEADS_MAX)
		return -1;
	tl->head[tl->head_count] = (struct tui_tl_head){.pid = pid};
	return tl->head_count++;
}

/* Lanes by process, in the order in which the processes come. */
static int part_by_process(struct tui_timeline *tl, struct tui_tl_group *g)
{
	uint8_t *of = calloc((size_t)g->count + 1, sizeof(*of));
	struct gtv_lane *parted;
	int at[HEADS_MAX + 1] = {0}, enough = 1;
	tl->head = calloc(HEADS_MAX, sizeof(*tl->head));
	parted = calloc((size_t)g->count + HEADS_MAX, sizeof(*parted));
	if (!of || !tl->head || !parted) {
		free(of);
		free(parted);
		return -GTV_ENOMEM;
	}
	for (int i = 0; i < g->count && enough; i++) {
		int head = head_of(tl, gtv_window_pid(tl->scene->window, g->lane[i]));
		enough = head >= 0;
		of[i] = (uint8_t)head;
		if (enough)
			tl->head[head].lanes++;
	}
	if (!enough || tl->head_count < 2) {
		tl->head_count = 0;
		free(of);
		free(parted);
		return 0;
	}
	for (int h = 0; h < tl->head_count; h++) {
		parted[at[h]] = (struct gtv_lane){0, (uint32_t)h};
		at[h + 1] = at[h] + 1 + tl->head[h].lanes;
		at[h]++;
	}
	for (int i = 0; i < g->count; i++)
		parted[at[of[i]]++] = g->lane[i];
	g->count += tl->head_count;
	g->heads = 0;
	free(g->own);
	g->lane = g->own = parted;
	free(of);
	return 0;
}

/* Folded, a process keeps as many of its lanes as its part of the room. */
static void fold(struct tui_timeline *tl, struct tui_tl_group *g)
{
	struct tui_nav *nav = tl->scene->nav;
	int room = (tl->lanes_end - tl->y_lanes) / 2, to = 0;
	int each = room / tl->head_count - 1;
	nav->folded = nav->fold == TUI_FOLDED ||
		      (nav->fold == TUI_FOLD_AUTO && g->count > 4 * room);
	if (!nav->folded)
		return;
	each = each < 1 ? 1 : each;
	for (int h = 0, from = 0; h < tl->head_count; h++) {
		struct tui_tl_head *head = &tl->head[h];
		struct gtv_lane *lane = &g->own[from + 1];
		int kept = head->lanes > each
				   ? tui_tl_choose(tl, lane, head->lanes, each, lane)
				   : head->lanes;
		head->hidden = head->lanes - kept;
		memmove(&g->own[to], &g->own[from], (size_t)(kept + 1) * sizeof(*g->own));
		to += kept + 1;
		from += head->lanes + 1;
	}
	g->count = to;
}

static int part_and_fold(struct tui_timeline *tl, struct tui_tl_group *g)
{
	int by_process = g->kind == GTV_LANE_THREAD || g->kind == GTV_LANE_GT;
	tl->scene->nav->folded = 0;
	if (!by_process || g->count < 2 ||
	    gtv_names_count(tl->scene->names, GTV_CLASS_PROCESS) < 2)
		return 0;
	int err = part_by_process(tl, g);
	if (!err && g->heads >= 0)
		fold(tl, g);
	return err;
}

int tui_tl_groups(struct tui_timeline *tl)
{
	static const struct {
		uint8_t kind, who;
	} pivot[TUI_ROWS_MAX] = {
		[TUI_ROWS_CORE] = {GTV_LANE_CORE, TUI_TL_ALL},
		[TUI_ROWS_THREAD] = {GTV_LANE_THREAD, TUI_TL_ALL},
		[TUI_ROWS_GT] = {GTV_LANE_GT, TUI_TL_ALL},
		[TUI_ROWS_LOCK] = {GTV_LANE_LOCK, TUI_TL_ALL},
		[TUI_ROWS_WORKER] = {GTV_LANE_THREAD, TUI_TL_WORKERS},
	};
	static const enum gtv_lane_kind order[] = {GTV_LANE_CORE, GTV_LANE_LOCK,
						   GTV_LANE_GT, GTV_LANE_THREAD};
	int row = (int)tl->scene->nav->rows % TUI_ROWS_MAX, n = 0;
	enum gtv_lane_kind first = (enum gtv_lane_kind)pivot[row].kind;
	enum tui_tl_who who = (enum tui_tl_who)pivot[row].who;
	const struct tui_scene *scene = tl->scene;
	if (scene->sieve && !tui_filter_is_empty(&scene->nav->filter))
		tui_sieve_begin(scene->sieve, &scene->nav->filter, scene->names,
				scene->window, JUDGED);
	int err = fill_group(tl, &tl->group[n++], first, who, 1);
	if (!err)
		err = part_and_fold(tl, &tl->group[0]);
	for (int i = 0; i < 4 && !err; i++) {
		if (order[i] != first)
			err = fill_group(tl, &tl->group[n++], order[i], TUI_TL_ALL, 0);
		else if (who != TUI_TL_ALL)
			err = fill_group(tl, &tl->group[n++], first, TUI_TL_OTHERS, 0);
	}
	tl->groups = n;
	return err;
}

/* ---- words ---- */

void tui_tl_group_words(const struct tui_timeline *tl, const struct tui_tl_group *g,
			const char *name, char *buf, size_t size)
{
	char some[TUI_FIGURE], all[TUI_FIGURE];
	const struct tui_nav *nav = tl->scene->nav;
	int first = g == &tl->group[0];
	size_t n = (size_t)snprintf(buf, size, "%s", name);
	if (nav->busy_only && n < size)
		n += (size_t)snprintf(
			buf + n, size - n, ": %s of %s active",
			tui_format_count(some, sizeof(some), (uint64_t)(g->all - g->quiet)),
			tui_format_count(all, sizeof(all), (uint64_t)g->all));
	if (first && nav->by_activity && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", the most active first");
	if (first && !tui_filter_is_empty(&nav->filter) && tl->scene->sieve &&
	    tl->scene->sieve->unjudged && n < size)
		n += (size_t)snprintf(
			buf + n, size - n, ", %s still to be sifted",
			tui_format_count(some, sizeof(some), tl->scene->sieve->unjudged));
	if (g->unasked && (nav->busy_only || (first && nav->by_activity)) && n < size)
		snprintf(buf + n, size - n, ", the last %s not looked at",
			 tui_format_count(some, sizeof(some), (uint64_t)g->unasked));
}

void tui_tl_head_row(struct tui_timeline *tl, const struct tui_tl_row *row)
{
	const struct tui_tl_head *head = &tl->head[row->lane.id];
	char name[TUI_LABEL], count[TUI_FIGURE];
	struct gtv_name entry;
	int end = tl->cols - 1, x = 3;
	gtv_names_get(tl->scene->names, GTV_CLASS_PROCESS, head->pid, &entry);
	gtv_names_escape(entry.text, name, sizeof(name));
	for (int i = 0; i < tl->cols; i++)
		tui_canvas_put(tl->canvas, i, row->y, 0x2500, TUI_FAINT, TUI_DEFAULT);
	tui_canvas_put(tl->canvas, 1, row->y, head->hidden ? '+' : '-', TUI_KEY,
		       TUI_DEFAULT);
	tui_canvas_put(tl->canvas, 2, row->y, ' ', TUI_DIM, TUI_DEFAULT);
	tui_sayf(tl->canvas, &x, row->y, end, TUI_TEXT, "%s ", name[0] ? name : "pid");
	if (head->pid)
		tui_sayf(tl->canvas, &x, row->y, end, TUI_DIM, "%u  ", head->pid);
	tui_sayf(tl->canvas, &x, row->y, end, TUI_DIM, "%s lane%s ",
		 tui_format_count(count, sizeof(count), (uint64_t)head->lanes),
		 head->lanes == 1 ? "" : "s");
	if (!head->hidden)
		return;
	tui_sayf(tl->canvas, &x, row->y, end, TUI_TEXT, " +%s more ",
		 tui_format_count(count, sizeof(count), (uint64_t)head->hidden));
	tui_say(tl->canvas, &x, row->y, end, TUI_KEY, "u");
	tui_say(tl->canvas, &x, row->y, end, TUI_DIM, " unfolds ");
}
