/* SPDX-License-Identifier: MIT
 *
 * Words about the selected span: only what the window and the names prove. Why it
 * was so, down to the root, is for the explain view.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/model/extra.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/view/timeline.h"

struct panel {
	struct tui_timeline *tl;
	const struct gtv_span *s;
	int y, end_y; /* the next line, and the one after the last */
	int side; /* beside the lanes: each word has a line, and what it says the next */
	int x_value;
};

static const char *phrase(const struct gtv_span *s)
{
	static const char *const words[GTV_ST_MAX] = {
		[GTV_ST_RUNNING] = "runs",
		[GTV_ST_PREEMPTED] = "preempted",
		[GTV_ST_READY] = "ready",
		[GTV_ST_STALLED] = "stalled",
		[GTV_ST_LOCK] = "lock wait",
		[GTV_ST_GIL] = "gil wait",
		[GTV_ST_CHAN] = "chan wait",
		[GTV_ST_IO] = "io wait",
		[GTV_ST_SLEEP] = "sleep",
		[GTV_ST_SYSCALL] = "system call",
		[GTV_ST_UNKNOWN] = "unknown",
		[GTV_ST_DONE] = "done",
		[GTV_ST_RUNNABLE] = "runnable",
		[GTV_ST_SLEEPING] = "sleeps",
		[GTV_ST_DISK] = "disk sleep",
		[GTV_ST_STOPPED] = "stopped",
		[GTV_ST_FREE] = "free",
		[GTV_ST_HELD] = "held",
		[GTV_ST_HELD_PREEMPTED] = "held off core",
		[GTV_ST_HELD_ASLEEP] = "held off core",
		[GTV_ST_IDLE] = "idle",
		[GTV_ST_BUSY] = "busy",
		[GTV_ST_OTHER] = "another program",
	};
	if (s->state == GTV_ST_CHAN && s->flags & GTV_SP_JOIN)
		return "join";
	return s->state < GTV_ST_MAX && words[s->state] ? words[s->state] : "";
}

/* ---- lines ---- */

/* Begins a line with its word; 0 if there is no room for one more. */
static int line(struct panel *p, const char *word, int *x)
{
	if (p->y + p->side >= p->end_y)
		return 0;
	if (p->side) {
		tui_canvas_text(p->tl->canvas, p->x_value, ++p->y,
				p->tl->cols - p->x_value - 1, TUI_DIM, word);
		*x = p->x_value;
		p->y += 2;
		return 1;
	}
	tui_canvas_text(p->tl->canvas, 2, p->y, p->x_value - 3, TUI_DIM, word);
	*x = p->x_value;
	p->y++;
	return 1;
}

static void say(struct panel *p, int *x, int role, const char *text)
{
	if (p->side) {
		int y = p->y - 1;
		tui_tl_side_say(p->tl, x, &y, p->end_y, role, text);
		p->y = y + 1;
		return;
	}
	tui_say(p->tl->canvas, x, p->y - 1, p->tl->cols - 1, role, text);
}

static void say_length(struct panel *p, int *x, int role, uint64_t ns)
{
	char text[TUI_FIGURE];
	say(p, x, role, tui_format_length(text, sizeof(text), ns));
}

static void say_lane(struct panel *p, int *x, enum gtv_lane_kind kind, uint32_t id)
{
	const struct gtv_names *names = p->tl->scene->names;
	struct gtv_lane lane = {(uint8_t)kind, id};
	char text[2 * TUI_LABEL];
	say(p, x, tui_ident_lane(names, lane),
	    tui_ident_label(names, lane, text, sizeof(text)));
}

static void say_where(struct panel *p, int *x, int core, uint32_t tid)
{
	char text[TUI_LABEL], id[TUI_LABEL];
	struct gtv_lane thread = {GTV_LANE_THREAD, tid};
	if (core >= 0) {
		snprintf(text, sizeof(text), " on C%d", core);
		say(p, x, TUI_TEXT, text);
	}
	if (tid && p->s->lane.kind != GTV_LANE_THREAD) {
		say(p, x, TUI_DIM, " in ");
		say(p, x, TUI_TEXT,
		    tui_ident_id(p->tl->scene->names, thread, id, sizeof(id)));
	}
}

/* In what the span's thread sleeps, and for what. */
static void say_sleep(struct panel *p, int *x)
{
	char text[96];
	say(p, x, TUI_SYSCALL,
	    gtv_extra_sleep_word(p->tl->scene->names, p->s, text, sizeof(text)));
}

/* Its call's result, where system calls are recorded. */
static void say_result(struct panel *p, int *x)
{
	uint32_t tid = p->s->lane.kind == GTV_LANE_THREAD ? p->s->lane.id : p->s->tid;
	const struct gtv_extra *call =
		gtv_extra_call_at(p->tl->scene->window, tid, p->s->from_ns);
	char text[48];
	if (!call || call->nr + 1 != p->s->call)
		return;
	say(p, x, TUI_DIM, ", returned ");
	say(p, x, call->result < 0 ? TUI_WARN : TUI_TEXT,
	    gtv_extra_result(call, text, sizeof(text)));
	say(p, x, TUI_DIM, " after ");
	say_length(p, x, TUI_TEXT, call->to_ns - call->from_ns);
}

/* ---- who is to blame ---- */

struct holder {
	uint32_t gt;
	uint64_t on_ns, off_ns;
};
#define HOLDERS 8

static uint64_t sum_holders(const struct panel *p, struct holder *h, int *holders)
{
	size_t count;
	const struct gtv_piece *piece = gtv_window_pieces(
		p->tl->scene->window, (struct gtv_lane){GTV_LANE_LOCK, p->s->lock}, &count);
	uint64_t told = 0;
	for (size_t i = tui_tl_first(piece, count, p->s->from_ns);
	     i < count && piece[i].span.from_ns < p->s->to_ns; i++) {
		const struct gtv_span *s = &piece[i].span;
		uint64_t a = s->from_ns > p->s->from_ns ? s->from_ns : p->s->from_ns;
		uint64_t b = s->to_ns < p->s->to_ns ? s->to_ns : p->s->to_ns;
		int k = 0, on = s->state == GTV_ST_HELD;
		if (piece[i].spans != 1 || (!on && s->state != GTV_ST_HELD_PREEMPTED &&
					    s->state != GTV_ST_HELD_ASLEEP))
			continue;
		while (k < *holders && h[k].gt != s->gt)
			k++;
		if (k == HOLDERS)
			continue;
		*holders += k == *holders;
		h[k].gt = s->gt;
		h[k].on_ns += on ? b - a : 0;
		h[k].off_ns += on ? 0 : b - a;
		told += b - a;
	}
	return told;
}

static void lock_lines(struct panel *p)
{
	struct holder h[HOLDERS] = {0};
	int x, holders = 0, best = 0;
	uint64_t told = sum_holders(p, h, &holders), length = p->s->to_ns - p->s->from_ns;
	if (holders == 0 || !line(p, "held by", &x))
		return;
	for (int i = 1; i < holders; i++)
		if (h[i].on_ns + h[i].off_ns > h[best].on_ns + h[best].off_ns)
			best = i;
	say_lane(p, &x, GTV_LANE_GT, h[best].gt);
	say(p, &x, TUI_TEXT, ": ");
	say_length(p, &x, TUI_TEXT, h[best].on_ns);
	say(p, &x, TUI_TEXT, " on core, ");
	if (h[best].off_ns) {
		say_length(p, &x, TUI_BAD, h[best].off_ns);
		say(p, &x, TUI_BAD, " off core");
	} else {
		say(p, &x, TUI_GOOD, "0 off core");
	}
	if (holders > 1) {
		char text[48];
		snprintf(text, sizeof(text), ", %d other%s", holders - 1,
			 holders > 2 ? "s" : "");
		say(p, &x, TUI_DIM, text);
	}
	/* Of what lies outside the window nothing was looked at. */
	if (p->s->from_ns < p->tl->axis.from_ns || p->s->to_ns > p->tl->axis.to_ns) {
		say(p, &x, TUI_DIM, ", as far as in sight");
	} else if (length > told) {
		say(p, &x, TUI_DIM, ", ");
		say_length(p, &x, TUI_TEXT, length - told);
		say(p, &x, TUI_DIM, " in hand-offs");
	}
}

static void taken_line(struct panel *p)
{
	int x;
	if (!p->s->who || !line(p, "core taken", &x))
		return;
	say(p, &x, TUI_TEXT, "by ");
	say_lane(p, &x, p->s->flags & GTV_SP_WHO_TID ? GTV_LANE_THREAD : GTV_LANE_GT,
		 p->s->who);
	if (p->s->core >= 0)
		say_where(p, &x, p->s->core, 0);
}

/* Asleep on a lock without a runtime, or until a thread ends. */
static void say_futex(struct panel *p, int *x)
{
	if (p->s->lock) {
		say(p, x, TUI_DIM, " for ");
		say_lane(p, x, GTV_LANE_LOCK, p->s->lock);
	}
	if (!p->s->who || !(p->s->flags & GTV_SP_WHO_TID))
		return;
	say(p, x, TUI_DIM, p->s->flags & GTV_SP_JOIN ? " until the end of " : ", held by ");
	say_lane(p, x, GTV_LANE_THREAD, p->s->who);
}

static void call_line(struct panel *p)
{
	struct gtv_name name;
	char text[TUI_LABEL];
	int x;
	if ((!p->s->call && !(p->s->flags & GTV_SP_IO)) ||
	    !line(p, p->s->state == GTV_ST_IO ? "waits for" : "asleep in", &x))
		return;
	if (p->s->state == GTV_ST_IO) {
		snprintf(text, sizeof(text), "descriptor %u", p->s->call - 1);
		say(p, &x, TUI_IO, text);
	} else if (p->s->state == GTV_ST_SYSCALL) {
		gtv_names_get(p->tl->scene->names, GTV_CLASS_CALL, p->s->call, &name);
		say(p, &x, TUI_SYSCALL, gtv_names_escape(name.text, text, sizeof(text)));
		say(p, &x, TUI_DIM, ", handed to the pool");
	} else {
		say_sleep(p, &x);
		say_result(p, &x);
		say_futex(p, &x);
		say_where(p, &x, -1, p->s->tid);
	}
}

static void peer_line(struct panel *p)
{
	char text[2 * TUI_LABEL], name[TUI_LABEL];
	int x;
	if (!p->s->call || !line(p, "waits for", &x))
		return;
	if (p->s->flags & GTV_SP_JOIN) {
		say_lane(p, &x, GTV_LANE_GT, p->s->call);
		say(p, &x, TUI_TEXT, " to end");
	} else {
		gtv_names_label(p->tl->scene->names, GTV_CLASS_CHAN, p->s->call, name,
				sizeof(name));
		snprintf(text, sizeof(text), "channel %s", name);
		say(p, &x, TUI_CHAN, text);
	}
}

/* A lock's lane: who has it, since when it was not on a core, who suffers. */
static void owner_line(struct panel *p)
{
	char text[48];
	int x;
	if (p->s->state == GTV_ST_FREE || !line(p, "held by", &x))
		return;
	if (p->s->gt)
		say_lane(p, &x, GTV_LANE_GT, p->s->gt);
	else if (p->s->tid)
		say_lane(p, &x, GTV_LANE_THREAD, p->s->tid);
	say_where(p, &x, p->s->core, p->s->gt ? p->s->tid : 0);
	if (p->s->state == GTV_ST_HELD_ASLEEP) {
		say(p, &x, TUI_BAD, ", which sleeps in ");
		say_sleep(p, &x);
	} else if (p->s->state == GTV_ST_HELD_PREEMPTED && p->s->who) {
		say(p, &x, TUI_BAD, ", its core taken by ");
		say_lane(p, &x,
			 p->s->flags & GTV_SP_WHO_TID ? GTV_LANE_THREAD : GTV_LANE_GT,
			 p->s->who);
	}
	snprintf(text, sizeof(text), "   %u wait%s", p->s->waiters,
		 p->s->waiters == 1 ? "s" : "");
	say(p, &x, TUI_DIM, text);
}

static void inside_line(struct panel *p)
{
	int x;
	if ((!p->s->gt && !p->s->tid) || !line(p, "runs", &x))
		return;
	if (p->s->gt)
		say_lane(p, &x, GTV_LANE_GT, p->s->gt);
	if (p->s->tid && p->s->lane.kind == GTV_LANE_CORE) {
		say(p, &x, TUI_DIM, p->s->gt ? " in " : "");
		say_lane(p, &x, GTV_LANE_THREAD, p->s->tid);
	}
	if (p->s->lock) {
		say(p, &x, TUI_DIM, ", holds ");
		say_lane(p, &x, GTV_LANE_LOCK, p->s->lock);
	}
}

/* What interrupts had of the core meanwhile, and its thread's system calls. */
static void kernel_lines(struct panel *p)
{
	const struct gtv_span *s = p->s;
	int core = s->lane.kind == GTV_LANE_CORE ? (int)s->lane.id : s->core, n, x;
	uint32_t tid = s->lane.kind == GTV_LANE_THREAD ? s->lane.id : s->tid;
	int runs = s->state == GTV_ST_RUNNING || s->state == GTV_ST_BUSY;
	struct gtv_extra_share share[4];
	char text[96];
	uint64_t sum;
	for (int calls = 0; calls <= runs; calls++) {
		n = calls ? gtv_extra_calls(p->tl->scene->window, tid, core, s->from_ns,
					    s->to_ns, share, 4, &sum)
			  : gtv_extra_stolen(p->tl->scene->window, core, s->from_ns,
					     s->to_ns, share, 4, &sum);
		if (n == 0 || !line(p, calls ? "in calls" : "interrupts", &x))
			continue;
		say_length(p, &x, calls ? TUI_SYSCALL : TUI_WARN, sum);
		say(p, &x, TUI_DIM, calls ? " on its core:" : runs ? " of its core:" : ":");
		for (int i = 0; i < n; i++) {
			say(p, &x, TUI_TEXT, i ? ", " : " ");
			say(p, &x, TUI_TEXT,
			    gtv_extra_word(p->tl->scene->names, share[i].kind, share[i].nr,
					   text, sizeof(text)));
			say(p, &x, TUI_DIM, " ");
			say_length(p, &x, TUI_TEXT, share[i].ns);
			snprintf(text, sizeof(text), " ×%llu",
				 (unsigned long long)share[i].times);
			if (share[i].times > 1)
				say(p, &x, TUI_DIM, text);
		}
	}
}

static void cause_lines(struct panel *p)
{
	if (p->s->lane.kind == GTV_LANE_LOCK) {
		owner_line(p);
		return;
	}
	switch (p->s->state) {
	case GTV_ST_LOCK:
	case GTV_ST_GIL:
		lock_lines(p);
		break;
	case GTV_ST_PREEMPTED:
	case GTV_ST_RUNNABLE:
		taken_line(p);
		kernel_lines(p);
		break;
	case GTV_ST_CHAN:
		peer_line(p);
		break;
	case GTV_ST_STALLED:
	case GTV_ST_SLEEPING:
	case GTV_ST_DISK:
	case GTV_ST_SYSCALL:
	case GTV_ST_IO:
		call_line(p);
		break;
	default:
		if (p->s->lane.kind != GTV_LANE_GT)
			inside_line(p);
		kernel_lines(p);
	}
}

/* ---- before, after, and the whole ---- */

static void woken_line(struct panel *p)
{
	size_t count;
	const struct gtv_edge *e = gtv_window_edges(p->tl->scene->window, &count),
			      *best = NULL;
	const struct gtv_span *s = p->s;
	int x;
	/* The edge that ends the wait: it begins in it and ends at or after its end. */
	for (size_t i = 0; i < count; i++)
		if (e[i].to.kind == s->lane.kind && e[i].to.id == s->lane.id &&
		    e[i].from_ns >= s->from_ns && e[i].from_ns <= s->to_ns &&
		    e[i].to_ns >= s->to_ns && (!best || e[i].to_ns < best->to_ns))
			best = &e[i];
	if (!best || !line(p, "woken by", &x))
		return;
	say_lane(p, &x, (enum gtv_lane_kind)best->from.kind, best->from.id);
	say(p, &x, TUI_EDGE, " ─► ");
	say(p, &x, TUI_EDGE, "runs ");
	say_length(p, &x, TUI_EDGE, best->to_ns - best->from_ns);
	say(p, &x, TUI_EDGE, " later");
	if (p->side) {
		x = p->x_value;
		p->y++;
	}
	say(p, &x, TUI_KEY, "   [");
	say(p, &x, TUI_DIM, " follow back  ");
	say(p, &x, TUI_KEY, "]");
	say(p, &x, TUI_DIM, " follow on");
}

/* The states of the lane in sight, the longest first. */
static void shares_line(struct panel *p)
{
	const struct gtv_names *names = p->tl->scene->names;
	uint64_t ns[GTV_ST_MAX] = {0}, whole = 0;
	char share[TUI_FIGURE], text[TUI_FIGURE + 40];
	size_t count;
	int x;
	const struct gtv_piece *piece =
		gtv_window_pieces(p->tl->scene->window, p->s->lane, &count);
	for (size_t i = 0; i < count; i++) {
		const struct gtv_span *s = &piece[i].span;
		uint64_t a =
			s->from_ns > p->tl->axis.from_ns ? s->from_ns : p->tl->axis.from_ns;
		uint64_t b = s->to_ns < p->tl->axis.to_ns ? s->to_ns : p->tl->axis.to_ns;
		if (piece[i].spans == 1 && s->state < GTV_ST_MAX && b > a)
			ns[s->state] += b - a;
		for (unsigned st = 0; piece[i].spans != 1 && st < GTV_ST_MAX; st++)
			ns[st] += gtv_piece_ns(&piece[i], st);
	}
	for (int st = 1; st < GTV_ST_MAX; st++)
		whole += ns[st];
	if (whole == 0 || !line(p, "in sight", &x))
		return;
	for (int n = 0; n < 6; n++) {
		unsigned most = 0;
		for (unsigned st = 1; st < GTV_ST_MAX; st++)
			if (ns[st] > ns[most] || most == 0)
				most = st;
		if (ns[most] == 0)
			break;
		const struct tui_look *look = tui_look_of(most);
		int role = look->role == TUI_RUNNING || look->role == TUI_DEFAULT
				   ? tui_ident_lane(names, p->s->lane)
				   : look->role;
		snprintf(text, sizeof(text), "%s%s ", n ? "  " : "", gtv_state_name(most));
		say(p, &x, TUI_DIM, text);
		say(p, &x, role, tui_format_share(share, sizeof(share), ns[most], whole));
		ns[most] = 0;
	}
}

/* ---- the panel ---- */

static void say_times(struct panel *p, int *x, int y)
{
	char from[TUI_FIGURE], to[TUI_FIGURE];
	uint64_t start = p->tl->start_ns, resolution = (p->s->to_ns - p->s->from_ns) / 400;
	char text[2 * TUI_FIGURE + 8];
	snprintf(text, sizeof(text), "%s - %s s",
		 tui_format_time(from, sizeof(from), (int64_t)(p->s->from_ns - start),
				 resolution),
		 tui_format_time(to, sizeof(to), (int64_t)(p->s->to_ns - start),
				 resolution));
	if (p->side)
		say(p, x, TUI_TEXT, text);
	else
		tui_say(p->tl->canvas, x, y, p->tl->cols - 1, TUI_TEXT, text);
}

static void head(struct panel *p, int x, int y)
{
	const struct gtv_names *names = p->tl->scene->names;
	char label[2 * TUI_LABEL], length[TUI_FIGURE];
	int end = p->tl->cols - 1;
	tui_say(p->tl->canvas, &x, y, end, tui_ident_lane(names, p->s->lane),
		tui_ident_label(names, p->s->lane, label, sizeof(label)));
	int open = p->s->flags & GTV_SP_OPEN;
	tui_sayf(p->tl->canvas, &x, y, end, TUI_SEL, " %s %s%s", phrase(p->s),
		 tui_format_length(length, sizeof(length), p->s->to_ns - p->s->from_ns),
		 open ? " so far" : "");
	if (p->tl->panel_rows < 7) {
		tui_say(p->tl->canvas, &x, y, end, TUI_DIM, "  ");
		say_times(p, &x, y);
	}
	/* What stands on the rule stands free of it. */
	tui_canvas_put(p->tl->canvas, x, y, ' ', TUI_DIM, TUI_DEFAULT);
}

static void nothing_selected(struct tui_timeline *tl, int x, int y)
{
	int end = tl->cols - 1;
	tui_say(tl->canvas, &x, y, end, TUI_KEY, " j/k");
	tui_say(tl->canvas, &x, y, end, TUI_DIM, " choose a row  ");
	tui_say(tl->canvas, &x, y, end, TUI_KEY, ", .");
	tui_say(tl->canvas, &x, y, end, TUI_DIM, " its spans  ");
	tui_say(tl->canvas, &x, y, end, TUI_KEY, "Enter");
	tui_say(tl->canvas, &x, y, end, TUI_DIM, " says why it waited ");
}

/* A lane without a span here: a core on which nothing has happened. */
static void quiet_lane(struct tui_timeline *tl, int x, int y)
{
	const struct tui_nav *nav = tl->scene->nav;
	char label[TUI_LABEL];
	tui_say(tl->canvas, &x, y, tl->cols - 2,
		tui_ident_lane(tl->scene->names, nav->selected),
		tui_ident_label(tl->scene->names, nav->selected, label, sizeof(label)));
	tui_say(tl->canvas, &x, y, tl->cols - 2, TUI_DIM,
		nav->sought.kind ? "  reading " : "  nothing of it at the cursor  ");
	if (nav->sought.kind)
		return;
	tui_say(tl->canvas, &x, y, tl->cols - 2, TUI_KEY, ", .");
	tui_say(tl->canvas, &x, y, tl->cols - 2, TUI_DIM, " its spans ");
}

static void body(struct panel *p)
{
	cause_lines(p);
	woken_line(p);
	shares_line(p);
}

/* Beside the lanes: the same words, one below the other, then its events. */
static void side(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	const struct gtv_names *names = tl->scene->names;
	struct panel p = {.tl = tl, .s = &nav->span, .side = 1};
	char label[2 * TUI_LABEL], length[TUI_FIGURE];
	int x = tl->cols - tl->side + 2;
	p.end_y = tui_tl_side_begin(tl);
	p.x_value = x;
	p.y = tl->y_title + 3;
	tui_canvas_text(tl->canvas, x, tl->y_title + 1, tl->side - 3, TUI_DIM,
			nav->selected.kind ? "selected" : "no selection");
	if (!nav->selected.kind) {
		say(&p, &x, TUI_KEY, "j/k");
		say(&p, &x, TUI_DIM, " choose a row ");
		say(&p, &x, TUI_KEY, " , .");
		say(&p, &x, TUI_DIM, " its spans ");
		say(&p, &x, TUI_KEY, " Enter");
		say(&p, &x, TUI_DIM, " says why it waited");
		return;
	}
	say(&p, &x, tui_ident_lane(names, nav->selected),
	    tui_ident_label(names, nav->selected, label, sizeof(label)));
	if (nav->span.to_ns <= nav->span.from_ns) {
		say(&p, &x, TUI_DIM, "  nothing of it in sight");
		return;
	}
	say(&p, &x, TUI_SEL, " ");
	say(&p, &x, TUI_SEL, phrase(p.s));
	say(&p, &x, TUI_SEL, " ");
	say(&p, &x, TUI_SEL,
	    tui_format_length(length, sizeof(length), p.s->to_ns - p.s->from_ns));
	if (p.s->flags & GTV_SP_OPEN)
		say(&p, &x, TUI_SEL, " so far");
	if (line(&p, "when", &x)) {
		say_times(&p, &x, p.y - 1);
		say(&p, &x, TUI_DIM, "  ");
		say_where(&p, &x, p.s->core, p.s->tid);
	}
	body(&p);
	tui_tl_events(tl, p.x_value, p.y, p.end_y);
}

void tui_tl_panel(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	if (tl->side)
		side(tl);
	struct panel p = {.tl = tl, .s = &nav->span, .y = tl->y_panel};
	int some = nav->selected.kind && nav->span.to_ns > nav->span.from_ns, x;
	if (tl->panel_rows == 0 || tui_tl_critical_panel(tl) || tui_tl_scope_panel(tl))
		return;
	p.x_value = tl->cols >= 100 ? 14 : 12;
	p.end_y = tl->y_panel + tl->panel_rows;
	x = tl->panel_rows > 1
		    ? tui_chrome_rule(tl->canvas, p.y,
				      nav->selected.kind ? "selected" : "no selection")
		    : 1;
	if (some)
		head(&p, x, p.y);
	else if (nav->selected.kind)
		quiet_lane(tl, x, p.y);
	else
		nothing_selected(tl, x, p.y);
	p.y++;
	if (tl->panel_rows >= 7)
		tui_chrome_rule(tl->canvas, --p.end_y, "");
	if (!some)
		return;
	if (tl->panel_rows >= 7 && line(&p, "when", &x)) {
		say_times(&p, &x, p.y - 1);
		say(&p, &x, TUI_DIM, "  ");
		say_where(&p, &x, p.s->core, p.s->tid);
	}
	body(&p);
	tui_tl_events(tl, p.x_value, p.y, p.end_y);
}
