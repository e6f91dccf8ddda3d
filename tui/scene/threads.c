/* SPDX-License-Identifier: MIT */
#include "tui/scene/threads.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tracer/model/syscall_names.h"
#include "tui/scene/ident.h"

const char *tui_threads_sort_word(unsigned sort)
{
	static const char *const words[] = {
#define X(id, word) word,
		TUI_THREADS_SORTS(X)
#undef X
	};
	return sort < TUI_SORT_MAX ? words[sort] : "";
}

/* ---- rows ---- */

static uint64_t key_of(const struct gtv_attr_lane *l, unsigned sort)
{
	switch (sort) {
	case TUI_SORT_RUN:
		return l->run_ns;
	case TUI_SORT_LIFE:
		return l->life_ns;
	case TUI_SORT_RUNS:
		return l->runs;
	case TUI_SORT_WORST:
		return l->worst_ns;
	case TUI_SORT_BIRTH: /* the first one first, and so with the ids */
		return UINT64_MAX - l->from_ns;
	default:
		return l->wait_ns;
	}
}

static int make_room(struct tui_threads *t, size_t count)
{
	struct tui_ranked *row, *spare;
	size_t cap = count + count / 4;
	if (count <= t->making.cap)
		return 0;
	row = realloc(t->making.row, cap * sizeof(*row));
	if (row)
		t->making.row = row;
	spare = realloc(t->making.spare, cap * sizeof(*spare));
	if (spare)
		t->making.spare = spare;
	if (!row || !spare)
		return -GTV_ENOMEM;
	t->making.cap = cap;
	return 0;
}

static void keep_chosen(struct tui_threads *t)
{
	struct gtv_attr_lane l;
	/* Who never chose looks at the worst, whoever that is now. */
	long idx = t->lane.kind == t->kind ? gtv_attr_find(t->attr, t->lane) : -1;
	for (size_t i = 0; idx >= 0 && i < t->count; i++)
		if (t->row[i].idx == (uint32_t)idx) {
			t->chosen = i;
			return;
		}
	if (t->chosen >= t->count || !t->lane.kind)
		t->chosen = t->lane.kind && t->count ? t->count - 1 : 0;
	if (t->lane.kind && t->count &&
	    !gtv_attr_lane(t->attr, t->kind, t->row[t->chosen].idx, &l))
		t->lane = l.lane;
}

void tui_threads_look(struct tui_threads *t)
{
	if (t->attr && t->count)
		keep_chosen(t);
}

void tui_threads_relist(struct tui_threads *t)
{
	t->making.on = 1;
	t->making.at = t->making.count = t->making.all = 0;
	t->making.of = gtv_attr_count(t->attr, t->kind);
}

/* Whether the filter asks what the lane does, and not only what it is called. */
static int is_dear(const struct tui_filter *filter)
{
	for (int i = 0; i < filter->count; i++)
		if (filter->term[i].key != TUI_FILTER_NAME &&
		    filter->term[i].key != TUI_FILTER_PID &&
		    filter->term[i].key != TUI_FILTER_PROCESS &&
		    filter->term[i].key != TUI_FILTER_KIND)
			return 1;
	return 0;
}

#define NAME_WORK   2	 /* of a lane whose name is looked up */
#define WINDOW_WORK 40	 /* whose doings are */
#define SORT_MIN    8192 /* so many rows are put in order at another time */

/* Looks at more lanes. Returns the work that is left. */
static long look_on(struct tui_threads *t, const struct gtv_names *names,
		    const struct gtv_window *window, long work)
{
	int all_fit = tui_filter_is_empty(&t->filter);
	long each = all_fit ? 1 : is_dear(&t->filter) ? WINDOW_WORK : NAME_WORK;
	struct gtv_attr_lane l;
	for (; t->making.at < t->making.of && work > 0; t->making.at++, work -= each) {
		if (gtv_attr_lane(t->attr, t->kind, t->making.at, &l) || !l.life_ns)
			continue;
		t->making.all++;
		if (!all_fit && !tui_filter_lane(&t->filter, names, window, l.lane))
			continue;
		t->making.row[t->making.count++] =
			(struct tui_ranked){key_of(&l, t->sort), (uint32_t)t->making.at};
	}
	return work;
}

/* What was made is shown. */
static void take_over(struct tui_threads *t)
{
	struct tui_ranked *row = t->row;
	size_t cap = t->cap;
	t->row = t->making.row;
	t->cap = t->making.cap;
	t->count = t->making.count;
	t->all = t->making.all;
	t->row_sort = t->sort;
	/* The spare has as much room, so both go on together. */
	t->making.row = row;
	t->making.cap = cap < t->cap ? cap : t->cap;
	t->making.on = 0;
	keep_chosen(t);
}

int tui_threads_list_on(struct tui_threads *t, const struct gtv_names *names,
			const struct gtv_window *window, long work)
{
	if (!t->making.on)
		return 0;
	if (!t->making.at && make_room(t, t->making.of)) {
		t->making.on = 0;
		return -GTV_ENOMEM;
	}
	int looked = t->making.at < t->making.of;
	if (looked)
		work = look_on(t, names, window, work);
	if (t->making.at < t->making.of || (looked && t->making.count > SORT_MIN))
		return 0;
	tui_rank(t->making.row, t->making.spare, t->making.count);
	take_over(t);
	return 1;
}

int tui_threads_list(struct tui_threads *t, const struct gtv_names *names,
		     const struct gtv_window *window)
{
	int rc;
	tui_threads_relist(t);
	while (!(rc = tui_threads_list_on(t, names, window, LONG_MAX)))
		;
	return rc < 0 ? rc : 0;
}

void tui_threads_fini(struct tui_threads *t)
{
	free(t->row);
	free(t->making.row);
	free(t->making.spare);
	t->row = t->making.row = t->making.spare = NULL;
	t->count = t->cap = t->making.cap = 0;
	t->making.on = 0;
}

void tui_threads_choose(struct tui_threads *t, size_t row)
{
	t->chosen = row;
	t->line = 0;
	tui_threads_keep(t);
}

void tui_threads_keep(struct tui_threads *t)
{
	struct gtv_attr_lane l;
	if (!gtv_attr_lane(t->attr, t->kind, t->row[t->chosen].idx, &l))
		t->lane = l.lane;
}

/* ---- lines ---- */

static int lock_lines(const struct tui_threads *t, struct gtv_lane lane, uint32_t lock,
		      struct tui_threads_line *out, int max)
{
	struct gtv_attr_share share[TUI_THREADS_LINES];
	size_t count = gtv_attr_shares(t->attr, lane, lock, share, TUI_THREADS_LINES);
	int n = 0;
	for (size_t i = 0; i < count && i < TUI_THREADS_LINES && n < max; i++, n++) {
		out[n] = (struct tui_threads_line){.lock = lock, .share = share[i]};
		out[n].from_ns = share[i].max_from_ns;
		out[n].to_ns = share[i].max_from_ns + share[i].max_ns;
	}
	return n;
}

int tui_threads_lines(const struct tui_threads *t,
		      struct tui_threads_line out[TUI_THREADS_LINES])
{
	struct gtv_attr_state state[GTV_ST_MAX];
	struct gtv_attr_wait wait[TUI_THREADS_LOCKS];
	struct gtv_attr_lane l;
	size_t count;
	int n = 0;
	if (!t->attr || t->chosen >= t->count ||
	    gtv_attr_lane(t->attr, t->kind, t->row[t->chosen].idx, &l))
		return 0;
	count = gtv_attr_states(t->attr, t->kind, t->row[t->chosen].idx, state, GTV_ST_MAX);
	for (size_t i = 0; i < count && i < GTV_ST_MAX; i++, n++) {
		out[n] = (struct tui_threads_line){.state = state[i]};
		out[n].from_ns = state[i].max_from_ns;
		out[n].to_ns = state[i].max_from_ns + state[i].max_ns;
	}
	count = gtv_attr_waits(t->attr, l.lane, wait, TUI_THREADS_LOCKS);
	for (size_t i = 0; i < count && i < TUI_THREADS_LOCKS; i++)
		n += lock_lines(t, l.lane, wait[i].lock, out + n, TUI_THREADS_LINES - n);
	return n;
}

static void on_lane(const struct gtv_names *names, enum gtv_lane_kind kind, uint32_t id,
		    char *buf, size_t size)
{
	tui_ident_label(names, (struct gtv_lane){(uint8_t)kind, id}, buf, size);
}

char *tui_threads_on(const struct gtv_names *names, const struct gtv_attr_state *state,
		     char *buf, size_t size)
{
	char what[TUI_LABEL + 24] = "", who[TUI_LABEL];
	const char *call;
	struct gtv_name name;
	switch (state->on) {
	case GTV_ATTR_CORE:
		snprintf(what, sizeof(what), "C%u", state->on_id);
		break;
	case GTV_ATTR_WORKER:
		on_lane(names, GTV_LANE_THREAD, state->on_id, who, sizeof(who));
		snprintf(what, sizeof(what), "run queue of %s", who);
		break;
	case GTV_ATTR_LOCK:
		on_lane(names, GTV_LANE_LOCK, state->on_id, what, sizeof(what));
		break;
	case GTV_ATTR_FD:
		snprintf(what, sizeof(what), "fd %u", state->on_id);
		break;
	case GTV_ATTR_SYSCALL:
		call = gtv_syscall_name(names, state->on_id);
		snprintf(what, sizeof(what), "%s", call ? call : "");
		if (!call)
			snprintf(what, sizeof(what), "system call %u", state->on_id);
		break;
	case GTV_ATTR_CALL:
		if (!gtv_names_get(names, GTV_CLASS_CALL, state->on_id, &name))
			gtv_names_escape(name.text, what, sizeof(what));
		break;
	case GTV_ATTR_CHAN:
		gtv_names_label(names, GTV_CLASS_CHAN, state->on_id, what, sizeof(what));
		break;
	case GTV_ATTR_JOIN:
		on_lane(names, GTV_LANE_GT, state->on_id, who, sizeof(who));
		snprintf(what, sizeof(what), "the end of %s", who);
		break;
	case GTV_ATTR_JOIN_TID:
		on_lane(names, GTV_LANE_THREAD, state->on_id, who, sizeof(who));
		snprintf(what, sizeof(what), "the end of %s", who);
		break;
	default:
		break;
	}
	snprintf(buf, size, "%s%s", what, what[0] && state->more ? " and others" : "");
	return buf;
}
