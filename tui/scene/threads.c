/* SPDX-License-Identifier: MIT */
#include "tui/scene/threads.h"

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

static int row_order(const void *x, const void *y)
{
	const struct tui_threads_row *a = x, *b = y;
	if (a->key != b->key)
		return a->key > b->key ? -1 : 1;
	return (a->idx > b->idx) - (a->idx < b->idx);
}

static int make_room(struct tui_threads *t, size_t count)
{
	struct tui_threads_row *row;
	if (count <= t->cap)
		return 0;
	row = realloc(t->row, (count + count / 4) * sizeof(*row));
	if (!row)
		return -GTV_ENOMEM;
	t->row = row;
	t->cap = count + count / 4;
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

int tui_threads_list(struct tui_threads *t, const struct gtv_names *names,
		     const struct gtv_window *window)
{
	size_t all = gtv_attr_count(t->attr, t->kind);
	struct gtv_attr_lane l;
	t->count = 0;
	t->all = 0;
	if (make_room(t, all))
		return -GTV_ENOMEM;
	for (size_t i = 0; i < all; i++) {
		if (gtv_attr_lane(t->attr, t->kind, i, &l) || !l.life_ns)
			continue;
		t->all++;
		if (!tui_filter_is_empty(&t->filter) &&
		    !tui_filter_lane(&t->filter, names, window, l.lane))
			continue;
		t->row[t->count].key = key_of(&l, t->sort);
		t->row[t->count++].idx = (uint32_t)i;
	}
	if (t->count)
		qsort(t->row, t->count, sizeof(*t->row), row_order);
	keep_chosen(t);
	return 0;
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
