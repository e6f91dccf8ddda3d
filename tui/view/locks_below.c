/* SPDX-License-Identifier: MIT
 *
 * Below the table of locks: the chosen one at the cursor (who has it, who waits since
 * when), its time, what its waits look like, who held it, who lets go to whom, and the
 * last hand-offs before the cursor.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/model/syscall_names.h"
#include "tui/view/bar.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/scene/ident.h"
#include "tui/view/locks.h"
#include "tui/view/threads.h"

enum row_kind {
	ROW_BLANK,
	ROW_NOW, /* the rule */
	ROW_HOLDS,
	ROW_TIME,
	ROW_TIME_BAR,
	ROW_WAITS,
	ROW_CONVOY,
	ROW_COUNTS,
	ROW_HOLDERS,
	ROW_HOLDERS_HEAD,
	ROW_MATRIX,
	ROW_MATRIX_HEAD,
	ROW_MATRIX_LINE,
	ROW_HANDOFFS,
	ROW_LINE, /* one that can be chosen: arg is its number */
};

#define MATRIX_MAX 6
#define PAIRS_MAX  256
#define ROWS_MAX   (TUI_LOCKS_LINES + MATRIX_MAX + 24)

struct below {
	struct tui_canvas *canvas;
	const struct tui_scene *scene;
	const struct tui_locks *l;
	const struct tui_locks_row *r;
	struct tui_locks_line line[TUI_LOCKS_LINES];
	int lines;
	struct gtv_attr_holder holder[TUI_LOCKS_HOLDERS];
	int holders;
	struct gtv_attr_pair pair[PAIRS_MAX];
	int pairs;
	struct {
		uint8_t kind;
		int arg;
	} row[ROWS_MAX];
	int rows;
	struct tui_unit unit; /* of holds */
};

/* ---- what stands where ---- */

static void put(struct below *b, enum row_kind kind, int arg)
{
	if (b->rows == ROWS_MAX)
		return;
	b->row[b->rows].kind = (uint8_t)kind;
	b->row[b->rows++].arg = arg;
}

static void put_lines(struct below *b, enum tui_locks_part part)
{
	for (int i = 0; i < b->lines; i++)
		if (b->line[i].part == part)
			put(b, ROW_LINE, i);
}

static void put_matrix(struct below *b)
{
	int any = 0;
	for (int i = 0; i < b->pairs; i++)
		any |= b->pair[i].handed != 0;
	if (!any || b->holders < 2 || b->canvas->cols < 60)
		return;
	put(b, ROW_BLANK, 0);
	put(b, ROW_MATRIX, 0);
	put(b, ROW_MATRIX_HEAD, 0);
	for (int i = 0; i < b->holders && i < MATRIX_MAX; i++)
		put(b, ROW_MATRIX_LINE, i);
}

static void lay_out(struct below *b)
{
	put(b, ROW_NOW, 0);
	put(b, ROW_HOLDS, 0);
	put_lines(b, TUI_LOCKS_WAITER);
	put(b, ROW_BLANK, 0);
	put(b, ROW_TIME, 0);
	put(b, ROW_TIME_BAR, 0);
	put(b, ROW_BLANK, 0);
	put(b, ROW_WAITS, 0);
	if (b->r->a.convoy_who.kind)
		put(b, ROW_CONVOY, 0);
	put_lines(b, TUI_LOCKS_WORST_WAIT);
	put_lines(b, TUI_LOCKS_SLOWEST);
	put(b, ROW_COUNTS, 0);
	if (b->holders) {
		put(b, ROW_BLANK, 0);
		put(b, ROW_HOLDERS, 0);
		put(b, ROW_HOLDERS_HEAD, 0);
		put_lines(b, TUI_LOCKS_HOLDER);
	}
	put_matrix(b);
	if (b->l->handoffs) {
		put(b, ROW_BLANK, 0);
		put(b, ROW_HANDOFFS, 0);
		put_lines(b, TUI_LOCKS_HANDOFF);
	}
}

static int begin(struct below *b, struct tui_canvas *canvas, const struct tui_scene *scene)
{
	const struct tui_locks *l = scene->locks;
	size_t count;
	memset(b, 0, sizeof(*b));
	if (l->chosen >= l->count)
		return 0;
	b->canvas = canvas;
	b->scene = scene;
	b->l = l;
	b->r = &l->row[l->chosen];
	b->lines = tui_locks_lines(l, b->line);
	count = gtv_attr_holders(l->attr, b->r->a.id, b->holder, TUI_LOCKS_HOLDERS);
	b->holders = count < TUI_LOCKS_HOLDERS ? (int)count : TUI_LOCKS_HOLDERS;
	count = gtv_attr_pairs(l->attr, b->r->a.id, b->pair, PAIRS_MAX);
	b->pairs = count < PAIRS_MAX ? (int)count : PAIRS_MAX;
	b->unit = tui_unit_of(b->r->a.on_ns > b->r->a.off_ns ? b->r->a.on_ns
							     : b->r->a.off_ns);
	lay_out(b);
	return 1;
}

int tui_locks_below_rows(const struct tui_scene *scene, int cols)
{
	struct tui_canvas canvas = {.cols = cols};
	struct below b;
	return begin(&b, &canvas, scene) ? b.rows : 0;
}

/* ---- at the cursor ---- */

static int end_of(const struct below *b)
{
	return b->canvas->cols - 1;
}

static void say_lane(struct below *b, int *x, int y, struct gtv_lane lane)
{
	char label[TUI_LABEL];
	tui_ident_label(b->scene->names, lane, label, sizeof(label));
	tui_say(b->canvas, x, y, end_of(b), tui_ident_lane(b->scene->names, lane), label);
}

static void say_length(struct below *b, int *x, int y, int role, uint64_t ns)
{
	char text[TUI_FIGURE];
	tui_say(b->canvas, x, y, end_of(b), role,
		tui_format_length(text, sizeof(text), ns));
}

static void rule_now(struct below *b, int y)
{
	struct gtv_lane lane = {GTV_LANE_LOCK, b->r->a.id};
	char label[TUI_LABEL], at[TUI_FIGURE];
	int x;
	tui_ident_label(b->scene->names, lane, label, sizeof(label));
	x = tui_chrome_rule(b->canvas, y, label);
	tui_format_time(at, sizeof(at),
			(int64_t)(b->l->cursor_ns - b->scene->nav->first_ns), 10000);
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, " at %s s ", at);
}

/* Why the holder has no core. */
static void say_off(struct below *b, int *x, int y)
{
	const struct gtv_span *now = &b->r->now;
	char who[TUI_LABEL];
	const char *call;
	if (now->state == GTV_ST_HELD_PREEMPTED && now->who &&
	    now->flags & GTV_SP_WHO_TID) {
		gtv_names_label(b->scene->names, GTV_CLASS_THREAD, now->who, who,
				sizeof(who));
		tui_sayf(b->canvas, x, y, end_of(b), TUI_DIM, ": C%d runs %s instead",
			 now->core, who);
	} else if (now->state == GTV_ST_HELD_PREEMPTED && now->who) {
		tui_say(b->canvas, x, y, end_of(b), TUI_DIM, ": its worker runs ");
		say_lane(b, x, y, (struct gtv_lane){GTV_LANE_GT, now->who});
	} else if (now->state == GTV_ST_HELD_ASLEEP && now->call) {
		call = gtv_syscall_name(b->scene->names, now->call - 1);
		tui_sayf(b->canvas, x, y, end_of(b), TUI_DIM, ": asleep in %s",
			 call ? call : "a system call");
	} else if (now->state == GTV_ST_HELD_ASLEEP) {
		tui_say(b->canvas, x, y, end_of(b), TUI_DIM, ": asleep");
	}
}

static void draw_holds(struct below *b, int y)
{
	const struct gtv_span *now = &b->r->now;
	struct gtv_lane who = tui_locks_holder(now);
	int off = now->state == GTV_ST_HELD_PREEMPTED || now->state == GTV_ST_HELD_ASLEEP;
	int x = 3;
	if (who.kind) {
		say_lane(b, &x, y, who);
		tui_say(b->canvas, &x, y, end_of(b), off ? TUI_OFF : TUI_TEXT,
			off ? " ▀▀ has it, off core" : " has it");
		say_off(b, &x, y);
	} else {
		tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, tui_locks_state(now));
		if (now->to_ns && now->state == GTV_ST_HELD)
			tui_say(b->canvas, &x, y, end_of(b), TUI_DIM,
				", by nobody that is known");
	}
	if (!now->to_ns)
		return;
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM,
		 b->r->waiting ? ", %u wait%s:" : ", nobody waits", b->r->waiting,
		 b->r->waiting == 1 ? "s" : "");
}

static void draw_waiter(struct below *b, int y, int num)
{
	const struct tui_locks_waiter *w = &b->r->queue[num];
	char at[TUI_FIGURE];
	int x = 3;
	tui_say(b->canvas, &x, y, end_of(b), TUI_EDGE, "◄─ ");
	say_lane(b, &x, y, w->lane);
	x = x < 28 && b->canvas->cols >= 60 ? 28 : x + 1;
	say_length(b, &x, y, TUI_WARN, b->l->cursor_ns - w->since_ns);
	tui_format_time(at, sizeof(at), (int64_t)(w->since_ns - b->scene->nav->first_ns),
			10000);
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, "  since %s s", at);
	if (num == 0)
		tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, ", the longest");
	if (num == TUI_LOCKS_QUEUE - 1 && b->r->waiting > TUI_LOCKS_QUEUE)
		tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, "  +%u more",
			 b->r->waiting - TUI_LOCKS_QUEUE);
}

/* ---- its time ---- */

static void rule_time(struct below *b, int y)
{
	char text[80], length[TUI_FIGURE];
	snprintf(
		text, sizeof(text), "its time, %s",
		tui_format_length(length, sizeof(length), b->r->a.to_ns - b->r->a.from_ns));
	tui_chrome_rule(b->canvas, y, text);
}

static void draw_time(struct below *b, int y)
{
	static const struct {
		const char *word;
		uint32_t glyph;
		int role;
	} part[] = {{"on core", 0x2588, TUI_LOCK},
		    {"off core", 0x2580, TUI_OFF},
		    {"free", 0x2500, TUI_SLEEP},
		    {"unknown", 0x2571, TUI_UNKNOWN}};
	const struct gtv_attr_lock *a = &b->r->a;
	uint64_t ns[] = {a->on_ns, a->off_ns, a->free_ns, a->unknown_ns};
	uint64_t all = a->on_ns + a->off_ns + a->free_ns + a->unknown_ns;
	int cells[4], words = b->canvas->cols >= 80 ? 58 : 0;
	int width = b->canvas->cols - 4 - words, x = 2;
	if (width < 1)
		return;
	int gil = tui_ident_is_gil(b->scene->names, a->id);
	tui_bar_share(ns, 4, width, cells);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < cells[i]; k++)
			tui_canvas_put(b->canvas, x++, y, part[i].glyph,
				       i == 0 && gil ? TUI_GIL : part[i].role, TUI_DEFAULT);
	x = 2 + width + 1;
	for (int i = 0; i < 4 && words; i++) {
		char share[TUI_FIGURE];
		if (!ns[i])
			continue;
		tui_sayf(b->canvas, &x, y, end_of(b), i == 1 ? TUI_OFF : TUI_TEXT, " %s %s",
			 part[i].word, tui_format_share(share, sizeof(share), ns[i], all));
	}
}

/* ---- its waits ---- */

static int word(struct below *b, int y, const char *text)
{
	tui_canvas_text(b->canvas, 2, y, 16, TUI_DIM, text);
	return 19;
}

static void draw_convoy(struct below *b, int y)
{
	const struct gtv_attr_lock *a = &b->r->a;
	double ratio = (double)a->convoy_wait_ns /
		       (double)(a->convoy_hold_ns ? a->convoy_hold_ns : 1);
	int x = word(b, y, "convoy figure");
	tui_sayf(b->canvas, &x, y, end_of(b), ratio >= 10 ? TUI_WARN : TUI_TEXT, "%.*f×  ",
		 ratio >= 10 ? 0 : 1, ratio);
	say_lane(b, &x, y, a->convoy_who);
	tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, " waits ");
	say_length(b, &x, y, TUI_TEXT, a->convoy_wait_ns);
	tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, " to hold it for ");
	say_length(b, &x, y, TUI_TEXT, a->convoy_hold_ns);
	tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, ", on average");
}

static void draw_worst(struct below *b, int y)
{
	const struct gtv_attr_lock *a = &b->r->a;
	char count[TUI_FIGURE];
	int x = word(b, y, "longest wait");
	say_length(b, &x, y, TUI_BOLD, a->wait_max_ns);
	tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, "  ");
	say_lane(b, &x, y, a->wait_max_who);
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, "; of %s wait%s, mean ",
		 tui_format_count(count, sizeof(count), a->waits),
		 a->waits == 1 ? "" : "s");
	say_length(b, &x, y, TUI_TEXT, a->wait_ns / (a->waits ? a->waits : 1));
}

static void draw_slowest(struct below *b, int y)
{
	const struct gtv_attr_lock *a = &b->r->a;
	char count[TUI_FIGURE];
	int x = word(b, y, "handed over in");
	say_length(b, &x, y, TUI_BOLD, a->handed_median_ns);
	tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, " median, ");
	say_length(b, &x, y, TUI_BOLD, a->handed_max_ns);
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, " worst; %s times to one who waited",
		 tui_format_count(count, sizeof(count), a->handed));
}

static void draw_counts(struct below *b, int y)
{
	const struct tui_locks_row *r = b->r;
	char count[TUI_FIGURE], takes[TUI_FIGURE];
	int x = word(b, y, "false wake-ups");
	if (!r->counted) {
		tui_say(b->canvas, &x, y, end_of(b), TUI_DIM,
			"are counted over the whole trace only");
		return;
	}
	tui_say(b->canvas, &x, y, end_of(b), r->false_wakeups ? TUI_WARN : TUI_TEXT,
		tui_format_count(count, sizeof(count), r->false_wakeups));
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, "   asked for %s times, of %s takes",
		 tui_format_count(count, sizeof(count), r->requests),
		 tui_format_count(takes, sizeof(takes), r->takes));
}

/* ---- who held it ---- */

static void head_holders(struct below *b, int y)
{
	int cols = b->canvas->cols;
	tui_canvas_text(b->canvas, 2, y, 20, TUI_DIM, "HOLDER");
	tui_unit_head(b->canvas, 29, y, 8, "TAKES", "");
	if (cols > 42)
		tui_unit_head(b->canvas, 41, y, 11, "ON CORE", b->unit.name);
	if (cols > 54)
		tui_unit_head(b->canvas, 53, y, 11, "OFF CORE", b->unit.name);
	if (cols > 72)
		tui_unit_head(b->canvas, 66, y, 12, "LONGEST", "");
	if (cols > 90)
		tui_canvas_text(b->canvas, 69, y, cols - 70, TUI_DIM,
				"CORE TAKEN BY, VICTIMS");
}

static void say_victims(struct below *b, int *x, int y, struct gtv_lane holder)
{
	int n = 0;
	for (int i = 0; i < b->pairs && n < 4; i++) {
		const struct gtv_attr_pair *p = &b->pair[i];
		char id[TUI_LABEL];
		if (!p->off_ns || p->from.kind != holder.kind || p->from.id != holder.id)
			continue;
		tui_ident_id(b->scene->names, p->to, id, sizeof(id));
		tui_sayf(b->canvas, x, y, end_of(b), tui_ident_lane(b->scene->names, p->to),
			 "  %s ", id);
		say_length(b, x, y, TUI_TEXT, p->off_ns);
		n++;
	}
}

static void draw_holder(struct below *b, int y, int num)
{
	const struct gtv_attr_holder *h = &b->holder[num];
	int cols = b->canvas->cols, x = 69;
	char text[TUI_LABEL];
	if (h->who.kind)
		tui_threads_label(b->canvas, b->scene->names, h->who, 2, y, 19, 0);
	else
		tui_canvas_text(b->canvas, 2, y, 19, TUI_DIM, "others");
	tui_unit_count(b->canvas, 29, y, 8, TUI_TEXT, h->takes);
	if (cols > 42)
		tui_unit_ns(b->canvas, 41, y, 11, TUI_TEXT, h->on_ns, b->unit);
	if (cols > 54)
		tui_unit_ns(b->canvas, 53, y, 11, tui_locks_off_role(h->off_ns, b->unit),
			    h->off_ns, b->unit);
	if (cols > 72 && h->off_ns)
		tui_unit_right(b->canvas, 66, y, 12, TUI_TEXT,
			       tui_format_length(text, sizeof(text), h->off_max_ns));
	if (cols <= 90 || !h->off_ns)
		return;
	if (h->taker) {
		gtv_names_label(b->scene->names, GTV_CLASS_THREAD, h->taker, text,
				sizeof(text));
		tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, text);
	} else {
		tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, "asleep");
	}
	say_victims(b, &x, y, h->who);
}

/* ---- hand-offs ---- */

static uint64_t handed(const struct below *b, struct gtv_lane from, struct gtv_lane to)
{
	for (int i = 0; i < b->pairs; i++) {
		const struct gtv_attr_pair *p = &b->pair[i];
		if (p->from.kind == from.kind && p->from.id == from.id &&
		    p->to.kind == to.kind && p->to.id == to.id)
			return p->handed;
	}
	return 0;
}

static int matrix_right(int i)
{
	return 31 + 10 * i;
}

/* What a row hands out, to whomever; the column of it is behind those of the takers. */
static uint64_t handed_out(const struct below *b, struct gtv_lane from)
{
	uint64_t sum = 0;
	for (int i = 0; i < b->pairs; i++)
		if (b->pair[i].from.kind == from.kind && b->pair[i].from.id == from.id)
			sum += b->pair[i].handed;
	return sum;
}

static int matrix_all(const struct below *b)
{
	return matrix_right(b->holders < MATRIX_MAX ? b->holders : MATRIX_MAX);
}

static void head_matrix(struct below *b, int y)
{
	if (matrix_all(b) < b->canvas->cols)
		tui_unit_right(b->canvas, matrix_all(b), y, 9, TUI_DIM, "all");
	for (int i = 0; i < b->holders && i < MATRIX_MAX; i++) {
		char id[TUI_LABEL], text[TUI_LABEL + 8];
		if (!b->holder[i].who.kind || matrix_right(i) >= b->canvas->cols)
			continue;
		tui_ident_id(b->scene->names, b->holder[i].who, id, sizeof(id));
		snprintf(text, sizeof(text), "► %s", id);
		tui_unit_right(b->canvas, matrix_right(i), y, 9,
			       tui_ident_lane(b->scene->names, b->holder[i].who), text);
	}
}

static void draw_matrix(struct below *b, int y, int num)
{
	if (!b->holder[num].who.kind) {
		tui_canvas_text(b->canvas, 2, y, 19, TUI_DIM, "others are not told apart");
		return;
	}
	tui_threads_label(b->canvas, b->scene->names, b->holder[num].who, 2, y, 19, 0);
	for (int i = 0; i < b->holders && i < MATRIX_MAX; i++) {
		uint64_t n = handed(b, b->holder[num].who, b->holder[i].who);
		if (matrix_right(i) >= b->canvas->cols || !b->holder[i].who.kind)
			continue;
		if (n)
			tui_unit_count(b->canvas, matrix_right(i), y, 9, TUI_TEXT, n);
		else
			tui_unit_right(b->canvas, matrix_right(i), y, 1, TUI_DIM, "·");
	}
	if (matrix_all(b) < b->canvas->cols)
		tui_unit_count(b->canvas, matrix_all(b), y, 9, TUI_BOLD,
			       handed_out(b, b->holder[num].who));
}

static void draw_handoff(struct below *b, int y, int num)
{
	const struct gtv_edge *e = &b->l->handoff[num];
	char at[TUI_FIGURE];
	int x = 3;
	tui_format_time(at, sizeof(at), (int64_t)(e->to_ns - b->scene->nav->first_ns),
			1000);
	tui_sayf(b->canvas, &x, y, end_of(b), TUI_DIM, "%s s  ", at);
	say_lane(b, &x, y, e->from);
	tui_say(b->canvas, &x, y, end_of(b), TUI_EDGE, " ─► ");
	say_lane(b, &x, y, e->to);
	x = x < 50 && b->canvas->cols >= 80 ? 50 : x + 2;
	tui_say(b->canvas, &x, y, end_of(b), TUI_DIM, "in ");
	say_length(b, &x, y, TUI_TEXT, e->to_ns - e->from_ns);
}

/* ---- drawing ---- */

static void draw_line(struct below *b, int y, int num)
{
	const struct tui_locks_line *line = &b->line[num];
	tui_spot(b->scene->spots, TUI_SPOT_LINE, 0, y, b->canvas->cols, 1,
		 (unsigned long)num + 1);
	switch (line->part) {
	case TUI_LOCKS_WAITER:
		draw_waiter(b, y, line->num);
		break;
	case TUI_LOCKS_WORST_WAIT:
		draw_worst(b, y);
		break;
	case TUI_LOCKS_SLOWEST:
		draw_slowest(b, y);
		break;
	case TUI_LOCKS_HOLDER:
		draw_holder(b, y, line->num);
		break;
	default:
		draw_handoff(b, y, line->num);
	}
	if (b->l->line != num + 1)
		return;
	tui_threads_mark(b->canvas, y, 0, b->canvas->cols);
	tui_threads_point(b->canvas, y);
}

static void draw_row(struct below *b, int y, int i)
{
	int arg = b->row[i].arg;
	switch (b->row[i].kind) {
	case ROW_NOW:
		rule_now(b, y);
		break;
	case ROW_HOLDS:
		draw_holds(b, y);
		break;
	case ROW_TIME:
		rule_time(b, y);
		break;
	case ROW_TIME_BAR:
		draw_time(b, y);
		break;
	case ROW_WAITS:
		tui_chrome_rule(b->canvas, y, "its waits");
		break;
	case ROW_CONVOY:
		draw_convoy(b, y);
		break;
	case ROW_COUNTS:
		draw_counts(b, y);
		break;
	case ROW_HOLDERS:
		tui_chrome_rule(b->canvas, y, "who held it");
		break;
	case ROW_HOLDERS_HEAD:
		head_holders(b, y);
		break;
	case ROW_MATRIX:
		tui_chrome_rule(b->canvas, y,
				"hand-offs to who waited, from row to column");
		break;
	case ROW_MATRIX_HEAD:
		head_matrix(b, y);
		break;
	case ROW_MATRIX_LINE:
		draw_matrix(b, y, arg);
		break;
	case ROW_HANDOFFS:
		tui_chrome_rule(b->canvas, y, "the last hand-offs before the cursor");
		break;
	case ROW_LINE:
		draw_line(b, y, arg);
		break;
	default:
		break;
	}
}

/* Too many rows: blank ones go, as many as must. */
static void squeeze(struct below *b, int room)
{
	int n = 0, over = b->rows - room;
	for (int i = 0; i < b->rows; i++) {
		if (b->row[i].kind == ROW_BLANK && over > 0)
			over--;
		else
			b->row[n++] = b->row[i];
	}
	b->rows = n;
}

void tui_locks_below(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		     int end_y)
{
	struct below b;
	int first = 0, room = end_y - y;
	if (room < 2 || !begin(&b, canvas, scene))
		return;
	squeeze(&b, room);
	room = tui_threads_room(canvas, end_y, room, b.rows);
	for (int i = 0; i < b.rows; i++)
		if (b.row[i].kind == ROW_LINE && b.row[i].arg + 1 == b.l->line &&
		    i + 2 > room)
			first = i + 2 - room;
	if (first + room > b.rows)
		first = b.rows > room ? b.rows - room : 0;
	for (int i = first; i < b.rows && i - first < room; i++)
		draw_row(&b, y + i - first, i);
	if (first + room < b.rows)
		tui_threads_more(canvas, end_y, end_y - y > 2 ? room : 0,
				 b.rows - first - room);
}
