/* SPDX-License-Identifier: MIT
 *
 * Lanes of green threads, OS threads and locks: their pieces as fills and lines.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/model/extra.h"
#include "tui/canvas/glyph.h"
#include "tui/view/timeline.h"

/* What each state looks like. A blank: nothing happens there, or nobody is there. */
static const struct tui_look looks[GTV_ST_MAX] = {
	[GTV_ST_NONE] = {' ', TUI_DEFAULT, 0, 0},
	[GTV_ST_RUNNING] = {0x2588, TUI_RUNNING, 0, 0},
	[GTV_ST_PREEMPTED] = {0x2593, TUI_PREEMPTED, TUI_PREEMPTED, TUI_STRIP_RARE},
	[GTV_ST_READY] = {0x2591, TUI_READY, 0, 0},
	[GTV_ST_STALLED] = {0x2592, TUI_STALLED, TUI_STALLED, TUI_STRIP_RARE},
	[GTV_ST_LOCK] = {0x253c, TUI_LOCK, TUI_GHOST_LOCK, 0},
	[GTV_ST_GIL] = {0x256c, TUI_GIL, TUI_GHOST_GIL, 0},
	[GTV_ST_CHAN] = {0x2550, TUI_CHAN, TUI_GHOST_CHAN, 0},
	[GTV_ST_IO] = {'~', TUI_IO, TUI_GHOST_IO, 0},
	[GTV_ST_SLEEP] = {0x2504, TUI_SLEEP, TUI_GHOST_SLEEP, 0},
	[GTV_ST_SYSCALL] = {0x2501, TUI_SYSCALL, TUI_GHOST_SYSCALL, 0},
	[GTV_ST_UNKNOWN] = {0x2571, TUI_UNKNOWN, 0, TUI_STRIP_ALWAYS},
	[GTV_ST_DONE] = {' ', TUI_DONE, 0, 0},
	[GTV_ST_RUNNABLE] = {0x2591, TUI_READY, 0, 0},
	[GTV_ST_SLEEPING] = {0x2504, TUI_SLEEP, TUI_GHOST_SLEEP, 0},
	[GTV_ST_DISK] = {0x2501, TUI_SYSCALL, TUI_GHOST_SYSCALL, 0},
	[GTV_ST_STOPPED] = {0x25a1, TUI_DIM, 0, 0},
	[GTV_ST_FREE] = {0x2500, TUI_SLEEP, 0, 0},
	[GTV_ST_HELD] = {0x2588, TUI_LOCK, 0, 0},
	[GTV_ST_HELD_PREEMPTED] = {0x2580, TUI_OFF, 0, TUI_STRIP_RARE},
	[GTV_ST_HELD_ASLEEP] = {0x2580, TUI_OFF, 0, TUI_STRIP_RARE},
	[GTV_ST_AWAY] = {' ', TUI_DEFAULT, 0, 0},
	[GTV_ST_IDLE] = {' ', TUI_DEFAULT, 0, 0},
	[GTV_ST_BUSY] = {0x2588, TUI_RUNNING, 0, 0},
	[GTV_ST_OTHER] = {0x2588, TUI_OTHER, 0, 0},
};

const struct tui_look *tui_look_of(unsigned state)
{
	return &looks[state < GTV_ST_MAX ? state : GTV_ST_UNKNOWN];
}

static int is_held(unsigned state)
{
	return state == GTV_ST_HELD;
}

static int is_off(unsigned state)
{
	return state == GTV_ST_HELD_PREEMPTED || state == GTV_ST_HELD_ASLEEP;
}

/* Whose fill an active span of the lane has. */
static int active_role(struct tui_timeline *tl, const struct gtv_span *s, uint32_t *who)
{
	switch (s->lane.kind) {
	case GTV_LANE_GT:
		*who = s->lane.id;
		return tui_tl_gt_role(tl, s->lane.id);
	case GTV_LANE_LOCK:
		/* A lock without a runtime has the fill of the OS thread that has it. */
		if (!s->gt && s->tid && !tl->has_gts)
			return tui_tl_fill_role(tl, 0, s->tid, who);
		*who = s->gt;
		return s->gt ? tui_tl_gt_role(tl, s->gt) : TUI_LOCK;
	default:
		return tui_tl_fill_role(tl, s->gt, s->lane.id, who);
	}
}

static void put_exact(struct tui_timeline *tl, const struct gtv_span *s)
{
	const struct tui_look *look = tui_look_of(s->state);
	uint32_t who;
	if (s->state == GTV_ST_RUNNING || is_held(s->state)) {
		int role = active_role(tl, s, &who);
		if (tl->worker_lane && !s->gt && tui_tl_is_short(tl, s))
			return;
		tui_strip_fill(&tl->strip, s->from_ns, s->to_ns, role, who);
	} else if (look->glyph != ' ') {
		tui_strip_line(&tl->strip, s->from_ns, s->to_ns, look->glyph, look->role,
			       look->rare);
	}
}

/* A tile: how much of each state, and of each who ran or held. */
static void put_tile(struct tui_timeline *tl, const struct gtv_piece *p)
{
	const struct gtv_span *s = &p->span;
	const struct gtv_sums *sums = p->sums;
	uint32_t who;
	uint64_t told = 0;
	for (int i = 0; i < GTV_SUM_IDS && s->lane.kind != GTV_LANE_GT; i++) {
		struct gtv_span one = *s;
		if (sums->id_ns[i] == 0)
			continue;
		one.gt = sums->id[i] & GTV_SUM_TID ? 0 : sums->id[i];
		one.tid = sums->id[i] & GTV_SUM_TID ? sums->id[i] & ~GTV_SUM_TID : 0;
		int role = active_role(tl, &one, &who);
		tui_strip_share(&tl->strip, s->from_ns, s->to_ns, sums->id_ns[i], role,
				who);
		told += sums->id_ns[i];
	}
	uint64_t active =
		(uint64_t)sums->state_ns[GTV_ST_RUNNING] + sums->state_ns[GTV_ST_HELD];
	uint64_t rest = tui_tl_rest_ns(s, active, told);
	if (rest > 0) {
		struct gtv_span one = *s;
		one.gt = one.tid = 0;
		int role = s->lane.kind == GTV_LANE_LOCK
				   ? tui_ident_lane(tl->scene->names, s->lane)
				   : active_role(tl, &one, &who);
		tui_strip_share(&tl->strip, s->from_ns, s->to_ns, rest, role, 0);
	}
	/* Each state as long as it was, from the tile's begin: what counts is which
	 * took most, and whether a rare one was there. */
	uint64_t at = s->from_ns;
	for (unsigned st = 1; st < GTV_ST_MAX; st++) {
		const struct tui_look *look = tui_look_of(st);
		uint64_t to = at + sums->state_ns[st];
		if (sums->state_ns[st] == 0 || st == GTV_ST_RUNNING || is_held(st) ||
		    look->glyph == ' ')
			continue;
		tui_strip_line(&tl->strip, at, to < s->to_ns ? to : s->to_ns, look->glyph,
			       look->role, look->rare);
		at = to < s->to_ns ? to : at;
	}
}

void tui_tl_label(struct tui_timeline *tl, int y, uint64_t from_ns, uint64_t to_ns,
		  const char *name, const char *id, int ink, int ground)
{
	char text[2 * TUI_LABEL];
	if (to_ns <= tl->axis.from_ns || from_ns >= tl->axis.to_ns)
		return;
	int a = (tui_axis_eighth(&tl->axis, from_ns) + 7) / 8;
	int room = tui_axis_eighth(&tl->axis, to_ns) / 8 - a;
	snprintf(text, sizeof(text), "%s%s%s", id, name[0] && id[0] ? " " : "", name);
	int size = (int)strlen(text);
	if (size + 2 > room) {
		snprintf(text, sizeof(text), "%s", id);
		size = (int)strlen(text);
	}
	if (size == 0 || size + 2 > room)
		return;
	int x = tl->gutter + a + (room - size) / 2;
	/* A label within a line stands free of it; within a fill it lies on it. */
	int pad = ground == TUI_DEFAULT;
	for (int i = -pad; i < size + pad; i++) {
		int inside = i >= 0 && i < size;
		tui_canvas_put(tl->canvas, x + i, y,
			       inside ? (uint32_t)(unsigned char)text[i] : ' ', ink,
			       ground);
	}
}

/* ---- labels ---- */

/* Spans that look alike and touch are one to the eye: a lock's spans, for one, end
 * whenever its waiters change. */
static size_t run_end(const struct gtv_piece *p, size_t i, size_t count)
{
	size_t end = i + 1;
	while (end < count && p[end].spans == 1 && p[end].span.state == p[i].span.state &&
	       p[end].span.gt == p[i].span.gt && p[end].span.call == p[i].span.call)
		end++;
	return end;
}

/* Names are escaped, but may be of other alphabets: only what is one byte a column
 * can be centred. */
static void ascii_only(char *text)
{
	for (char *s = text; *s; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
}

static void wait_label(struct tui_timeline *tl, const struct gtv_span *s, char *buf,
		       size_t size)
{
	struct gtv_name name;
	buf[0] = '\0';
	if (s->state == GTV_ST_SYSCALL && s->call &&
	    gtv_names_get(tl->scene->names, GTV_CLASS_CALL, s->call, &name) == 0)
		gtv_names_escape(name.text, buf, size);
	else if (s->call && (s->state == GTV_ST_DISK || s->flags & GTV_SP_IO ||
			     s->call == GTV_CALL_FAULT))
		gtv_extra_sleep_word(tl->scene->names, s, buf, size);
	else if (s->state == GTV_ST_LOCK && s->lock)
		tui_ident_label(tl->scene->names, (struct gtv_lane){GTV_LANE_LOCK, s->lock},
				buf, size);
	ascii_only(buf);
}

static void span_label(struct tui_timeline *tl, int y, const struct gtv_span *s,
		       uint64_t to_ns)
{
	char id[TUI_LABEL] = "", name[TUI_LABEL] = "";
	const struct gtv_names *names = tl->scene->names;
	uint32_t who;
	int held = is_held(s->state) && (s->gt || s->tid),
	    inside = s->lane.kind == GTV_LANE_THREAD && s->gt;
	if (is_off(s->state)) {
		tui_tl_label(tl, y, s->from_ns, to_ns, "", "off", TUI_OFF, TUI_DEFAULT);
	} else if (s->state == GTV_ST_RUNNING || held) {
		struct gtv_lane gt = {s->gt ? GTV_LANE_GT : GTV_LANE_THREAD,
				      s->gt ? s->gt : s->tid};
		if (held || inside) {
			tui_ident_id(names, gt, id, sizeof(id));
			tui_ident_name(names, gt, name, sizeof(name));
		} else {
			snprintf(id, sizeof(id), "run");
		}
		ascii_only(name);
		int role = active_role(tl, s, &who);
		tui_tl_label(tl, y, s->from_ns, to_ns, name, id, TUI_BLACK, role);
	} else {
		wait_label(tl, s, id, sizeof(id));
		tui_tl_label(tl, y, s->from_ns, to_ns, "", id, tui_look_of(s->state)->role,
			     TUI_DEFAULT);
	}
}

static void labels(struct tui_timeline *tl, int y, const struct gtv_piece *p, size_t count)
{
	for (size_t i = 0; i < count;) {
		size_t end = run_end(p, i, count);
		uint64_t to_ns = p[end - 1].span.to_ns;
		if (p[i].spans == 1 && !tui_tl_is_narrow(tl, p[i].span.from_ns, to_ns))
			span_label(tl, y, &p[i].span, to_ns);
		i = end;
	}
}

/* ---- lanes ---- */

/* Tiles don't know how many waited for which lock: said once. */
static void no_waiters(struct tui_timeline *tl, const struct tui_tl_row *row)
{
	if (row > tl->row && row[-1].lane.kind == GTV_LANE_LOCK)
		return;
	tui_canvas_text(tl->canvas, tl->gutter + 1, row->y + 1, tl->axis.cells - 1, TUI_DIM,
			"zoom in to see how many wait");
}

/* ▁ one waits … █ eight or more: how many is in the gutter's figure. */
static void waiters(struct tui_timeline *tl, int y, const struct gtv_piece *p, size_t count,
		    int role)
{
	uint32_t most = 0;
	for (size_t i = 0; i < count; i++)
		most = p[i].span.waiters > most ? p[i].span.waiters : most;
	for (int x = 0; x < tl->axis.cells && most > 0; x++) {
		uint64_t from = tui_axis_time(&tl->axis, x),
			 to = tui_axis_time(&tl->axis, x + 1);
		uint32_t here = 0;
		while (count > 0 && p->span.to_ns <= from) {
			p++;
			count--;
		}
		for (size_t i = 0; i < count && p[i].span.from_ns < to; i++)
			here = p[i].span.waiters > here ? p[i].span.waiters : here;
		int level = most <= 4 ? (int)here * 2
				      : (int)((8 * (uint64_t)here + most - 1) / most);
		if (level > 0)
			tui_canvas_put(tl->canvas, tl->gutter + x, y,
				       tui_glyph_level(level), role, TUI_DEFAULT);
	}
	if (most > 0 && tl->gutter >= 15)
		tui_canvas_text(tl->canvas, tl->gutter >= 19 ? 5 : 2, y, 7, TUI_DIM,
				"waiters");
	if (most > 0 && tl->gutter >= 9)
		tui_canvas_textf(tl->canvas, tl->gutter - 5, y, 4, TUI_TEXT, "%4u",
				 most > 9999 ? 9999 : most);
}

/* Where a lane ends for good: ┤ and then nothing. */
static void end_mark(struct tui_timeline *tl, int y, const struct gtv_piece *p,
		     size_t count)
{
	const struct gtv_span *last = &p[count - 1].span;
	if (last->lane.kind == GTV_LANE_LOCK || (last->flags & GTV_SP_OPEN) ||
	    last->to_ns >= tl->axis.to_ns || last->to_ns >= tl->scene->nav->last_ns)
		return;
	int eighth = tui_axis_eighth(&tl->axis, last->to_ns);
	int x = tl->gutter + (eighth + 7) / 8;
	if (x < tl->gutter + tl->axis.cells)
		tui_canvas_put(tl->canvas, x, y, 0x2524, TUI_DONE, TUI_DEFAULT);
}

void tui_tl_lane(struct tui_timeline *tl, const struct tui_tl_row *row)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(tl->scene->window, row->lane, &count);
	struct gtv_name name;
	if (count == 0)
		return;
	tl->worker_lane = row->lane.kind == GTV_LANE_THREAD && tl->has_gts &&
			  gtv_names_get(tl->scene->names, GTV_CLASS_THREAD, row->lane.id,
					&name) == 0 &&
			  name.local != 0;
	tui_strip_clear(&tl->strip);
	for (size_t i = 0; i < count; i++) {
		if (p[i].spans == 1)
			put_exact(tl, &p[i].span);
		else
			put_tile(tl, &p[i]);
	}
	int y = row->height == 3 ? row->y + 1 : row->y;
	tui_strip_draw(&tl->strip, tl->canvas, tl->gutter, y);
	labels(tl, y, p, count);
	end_mark(tl, y, p, count);
	if (row->lane.kind != GTV_LANE_LOCK && row->height > 1)
		tui_tl_thicken(tl, y, row->y, row->y + row->height);
	if (row->lane.kind == GTV_LANE_LOCK && row->height > 1 && !tl->exact)
		no_waiters(tl, row);
	else if (row->lane.kind == GTV_LANE_LOCK && row->height > 1)
		waiters(tl, row->y + 1, p, count,
			tui_ident_lane(tl->scene->names, row->lane));
}
