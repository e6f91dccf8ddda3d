/* SPDX-License-Identifier: MIT
 *
 * Locks as a table: at the cursor's time who holds each and who waits for it; over the
 * trace how long it was held with a core and without, and what that cost. Below, the
 * chosen one in full (locks_below.c).
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/scene/ident.h"
#include "tui/view/timeline.h"
#include "tui/view/locks.h"
#include "tui/view/threads.h"
#include "tui/view/views.h"

const char *tui_locks_state(const struct gtv_span *now)
{
	if (!now->to_ns)
		return "not there";
	switch (now->state) {
	case GTV_ST_FREE:
		return "free";
	case GTV_ST_HELD:
		return "held";
	case GTV_ST_HELD_PREEMPTED:
	case GTV_ST_HELD_ASLEEP:
		return "held off core";
	default:
		return "unknown";
	}
}

struct gtv_lane tui_locks_holder(const struct gtv_span *now)
{
	int held = now->to_ns &&
		   (now->state == GTV_ST_HELD || now->state == GTV_ST_HELD_PREEMPTED ||
		    now->state == GTV_ST_HELD_ASLEEP);
	if (held && now->gt)
		return (struct gtv_lane){GTV_LANE_GT, now->gt};
	return (struct gtv_lane){(uint8_t)(held && now->tid ? GTV_LANE_THREAD : 0),
				 now->tid};
}

/* ---- the table ---- */

/* Where columns begin (words) or end (figures); 0: there is no room for it. */
struct columns {
	int name, kind, state, holder, holder_end, queue, queue_end;
	int handoffs, on, off, wait, false_wakes;
};

static struct columns columns_of(int cols)
{
	struct columns c = {.name = 1};
	int right = cols - 2;
	if (cols < 44) {
		c.wait = right;
		c.state = 12;
		return c;
	}
	if (cols >= 100) {
		c.false_wakes = right;
		right -= 12;
	}
	c.wait = right;
	right -= cols >= 100 ? 11 : 10;
	c.off = right;
	right -= 12;
	if (cols >= 76) {
		c.on = right;
		right -= 11;
	}
	if (cols >= 90) {
		c.handoffs = right;
		right -= 10;
	}
	c.state = cols >= 100 ? 23 : 13;
	c.kind = cols >= 100 ? 14 : 0;
	c.holder = c.state + 17;
	if (c.holder + 6 > right)
		c.holder = 0;
	c.queue = c.holder && right - c.holder > 20 ? c.holder + 13 : 0;
	c.queue_end = right;
	c.holder_end = c.queue ? c.queue - 1 : right;
	return c;
}

static void draw_head(struct tui_canvas *canvas, const struct columns *c, int y,
		      struct tui_unit held, struct tui_unit wait)
{
	const struct {
		int x;
		const char *word;
	} words[] = {{c->name, "NAME"},
		     {c->kind, "KIND"},
		     {c->state, "STATE NOW"},
		     {c->holder, "HOLDER"},
		     {c->queue, "QUEUE"}};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].x)
			tui_canvas_text(canvas, words[i].x, y, 9, TUI_DIM, words[i].word);
	if (c->handoffs)
		tui_unit_head(canvas, c->handoffs, y, 9, "HANDOFFS", "");
	if (c->on)
		tui_unit_head(canvas, c->on, y, 11, "ON CORE", held.name);
	if (c->off)
		tui_unit_head(canvas, c->off, y, 11, "OFF CORE", held.name);
	tui_unit_head(canvas, c->wait, y, 10, "WAIT", wait.name);
	if (c->false_wakes)
		tui_unit_head(canvas, c->false_wakes, y, 11, "FALSE WAKES", "");
}

/* What a click on a column's head sorts by; figures end where the column is. */
static void note_heads(struct tui_spots *spots, const struct columns *c, int y)
{
	const struct {
		int x, width;
		enum tui_locks_sort sort;
	} head[] = {{c->handoffs, 9, TUI_LOCKS_BY_HANDOFFS},
		    {c->on, 11, TUI_LOCKS_BY_HELD},
		    {c->off, 11, TUI_LOCKS_BY_OFF},
		    {c->wait, 10, TUI_LOCKS_BY_WAIT},
		    {c->false_wakes, 11, TUI_LOCKS_BY_FALSE}};
	tui_spot(spots, TUI_SPOT_SORT, c->name, y, 9, 1, TUI_LOCKS_BY_NUMBER);
	for (size_t i = 0; i < sizeof(head) / sizeof(*head); i++)
		if (head[i].x)
			tui_spot(spots, TUI_SPOT_SORT, head[i].x - head[i].width + 1, y,
				 head[i].width, 1, head[i].sort);
}

static void draw_state(struct tui_canvas *canvas, const struct columns *c, int y,
		       const struct gtv_span *now, int hue)
{
	const struct tui_look *look = tui_look_of(now->to_ns ? now->state : GTV_ST_NONE);
	int off = now->state == GTV_ST_HELD_PREEMPTED || now->state == GTV_ST_HELD_ASLEEP;
	for (int i = 0; i < 2; i++)
		tui_canvas_put(canvas, c->state + i, y, look->glyph,
			       now->state == GTV_ST_HELD ? hue : look->role, TUI_DEFAULT);
	tui_canvas_text(canvas, c->state + 3, y, c->holder ? 13 : 14,
			now->to_ns && off ? TUI_OFF : TUI_TEXT, tui_locks_state(now));
}

static void draw_queue(struct tui_canvas *canvas, const struct tui_scene *scene,
		       const struct columns *c, int y, const struct tui_locks_row *r)
{
	char id[TUI_LABEL];
	int x = c->queue, shown = 0;
	for (; shown < TUI_LOCKS_QUEUE && shown < (int)r->waiting; shown++) {
		tui_ident_id(scene->names, r->queue[shown].lane, id, sizeof(id));
		if (x + (int)strlen(id) + 4 > c->queue_end)
			break;
		tui_say(canvas, &x, y, c->queue_end,
			tui_ident_lane(scene->names, r->queue[shown].lane), id);
		x++;
	}
	if (shown < (int)r->waiting)
		tui_sayf(canvas, &x, y, c->queue_end, TUI_DIM, "+%u",
			 r->waiting - (unsigned)shown);
}

int tui_locks_off_role(uint64_t ns, struct tui_unit unit)
{
	return ns && !tui_unit_is_least(ns, unit) ? TUI_OFF : TUI_DIM;
}

static void draw_row(struct tui_canvas *canvas, const struct tui_scene *scene,
		     const struct columns *c, int y, size_t row, struct tui_unit held,
		     struct tui_unit wait)
{
	const struct tui_locks *l = scene->locks;
	const struct tui_locks_row *r = &l->row[row];
	struct gtv_lane lane = {GTV_LANE_LOCK, r->a.id}, holder = tui_locks_holder(&r->now);
	int chosen = row == l->chosen, role = chosen ? TUI_BOLD : TUI_TEXT;
	struct gtv_name name;
	char text[TUI_LABEL];
	int x = c->name;
	tui_spot(scene->spots, TUI_SPOT_ROW, 0, y, canvas->cols, 1, row);
	tui_ident_label(scene->names, lane, text, sizeof(text));
	tui_say(canvas, &x, y, (c->kind ? c->kind : c->state) - 1,
		tui_ident_lane(scene->names, lane), text);
	if (c->kind && !gtv_names_get(scene->names, GTV_CLASS_LOCK, r->a.id, &name))
		tui_canvas_text(canvas, c->kind, y, 8, TUI_TEXT,
				gtv_names_escape(name.extra, text, sizeof(text)));
	draw_state(canvas, c, y, &r->now, tui_ident_lane(scene->names, lane));
	if (c->holder && holder.kind)
		tui_threads_label(canvas, scene->names, holder, c->holder, y,
				  c->holder_end - c->holder, chosen);
	else if (c->holder)
		tui_canvas_text(canvas, c->holder, y, 1, TUI_DIM, "-");
	if (c->queue)
		draw_queue(canvas, scene, c, y, r);
	if (c->handoffs)
		tui_unit_count(canvas, c->handoffs, y, 9, role, r->a.handoffs);
	if (c->on)
		tui_unit_ns(canvas, c->on, y, 10, role, r->a.on_ns, held);
	if (c->off)
		tui_unit_ns(canvas, c->off, y, 10, tui_locks_off_role(r->a.off_ns, held),
			    r->a.off_ns, held);
	tui_unit_ns(canvas, c->wait, y, 9, role, r->a.wait_ns, wait);
	if (c->false_wakes && r->counted)
		tui_unit_count(canvas, c->false_wakes, y, 10, role, r->false_wakeups);
	else if (c->false_wakes)
		tui_unit_right(canvas, c->false_wakes, y, 1, TUI_DIM, "-");
	if (!chosen)
		return;
	tui_threads_mark(canvas, y, 0, canvas->cols);
	if (!l->line)
		tui_threads_point(canvas, y);
}

static void draw_table(struct tui_canvas *canvas, const struct tui_scene *scene, int y_head,
		       int y, int rows, int more)
{
	const struct tui_locks *l = scene->locks;
	struct columns c = columns_of(canvas->cols);
	size_t first = l->chosen < (size_t)rows ? 0 : l->chosen - (size_t)rows + 1;
	uint64_t held = 0, wait = 0;
	for (size_t i = first; i < first + (size_t)rows && i < l->count; i++) {
		const struct gtv_attr_lock *a = &l->row[i].a;
		held = a->on_ns > held ? a->on_ns : held;
		held = a->off_ns > held ? a->off_ns : held;
		wait = a->wait_ns > wait ? a->wait_ns : wait;
	}
	draw_head(canvas, &c, y_head, tui_unit_of(held), tui_unit_of(wait));
	note_heads(scene->spots, &c, y_head);
	for (int i = 0; i < rows && first + (size_t)i < l->count; i++)
		draw_row(canvas, scene, &c, y + i, first + (size_t)i, tui_unit_of(held),
			 tui_unit_of(wait));
	if (more && first + (size_t)rows < l->count)
		tui_canvas_textf(canvas, canvas->cols - 14, y + rows, 13, TUI_DIM,
				 "+%zu more", l->count - first - (size_t)rows);
}

/* ---- the page ---- */

static void draw_summary(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_locks *l = scene->locks;
	const struct tui_nav *nav = scene->nav;
	char at[TUI_FIGURE], length[TUI_FIGURE];
	int x = 1, end = canvas->cols - 1;
	tui_sayf(canvas, &x, y, end, TUI_BOLD, "%zu lock%s", l->all,
		 l->all == 1 ? "" : "s");
	if (scene->nav->filter.text[0])
		tui_sayf(canvas, &x, y, end, TUI_WARN, ", %zu that fit %s", l->count,
			 scene->nav->filter.text);
	tui_say(canvas, &x, y, end, TUI_DIM, "  sorted by ");
	tui_sayf(canvas, &x, y, end, TUI_KEY, "%s ▼", tui_locks_sort_word(l->sort));
	tui_format_time(at, sizeof(at), (int64_t)(l->cursor_ns - nav->first_ns), 10000);
	tui_format_length(length, sizeof(length), l->upto_ns - l->from_ns);
	tui_sayf(canvas, &x, y, end, TUI_DIM, "   now is the cursor, %s s", at);
	tui_say(canvas, &x, y, end, TUI_DIM, "; totals over ");
	if (l->range.kind)
		tui_chrome_range(canvas, &x, y, end, &l->range, nav->first_ns, l->upto_ns);
	else
		tui_say(canvas, &x, y, end, TUI_DIM, length);
	if (!l->done && scene->facts->mode != TUI_LIVE)
		tui_say(canvas, &x, y, end, TUI_WARN, "  reading…");
}

static void draw_page(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      int end)
{
	const struct tui_locks *l = scene->locks;
	int spaced = canvas->rows >= 34,
	    strip = canvas->rows >= 24 && canvas->cols >= 60 ? 4 : 0;
	int head, rows, room, want = tui_locks_below_rows(scene, canvas->cols);
	draw_summary(canvas, scene, y);
	y += 1 + spaced;
	if (y >= end)
		return;
	if (!l->count) {
		tui_canvas_text(
			canvas, 1, y + (y + 1 < end), canvas->cols - 2, TUI_DIM,
			scene->nav->filter.text[0]
				? "none fits the filter: \\ changes it"
				: "nobody was seen to take a lock, or to wait for one");
		return;
	}
	head = y++;
	if (canvas->rows >= 20)
		tui_chrome_rule(canvas, y++, "");
	room = end - y - strip;
	rows = tui_chrome_table_rows(room, want, l->count);
	if (rows < 0)
		return;
	draw_table(canvas, scene, head, y, rows, rows < room);
	y += (size_t)rows < l->count && rows < room;
	y += rows + (end - strip - y - rows > want);
	if (strip && room >= 9) {
		struct gtv_lane lane = {GTV_LANE_LOCK, l->row[l->chosen].a.id};
		(void)tui_threads_strip(canvas, scene, lane, end - strip, 2);
		end -= strip;
	}
	tui_locks_below(canvas, scene, y, end);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"j/k",	"row",	 ", .",	 "line", "Enter",
					    "go there", "s",	 "sort", "h/l",	 "cursor",
					    "r",	"range", "Esc",	 "back", "?",
					    "help",	NULL};
	const struct tui_locks *l = scene->locks;
	int tall = canvas->rows >= 8;
	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (!l || !l->attr) {
		tui_canvas_text(canvas, 1, canvas->rows / 2, canvas->cols - 2, TUI_DIM,
				"nothing was read yet");
		return 0;
	}
	if (tall) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_LOCKS, "locks");
		tui_chrome_status_list(canvas, scene, canvas->rows - 2);
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	draw_page(canvas, scene, tall ? 1 : 0, canvas->rows - (tall ? 2 : 0));
	return 0;
}

const struct tui_view_ops tui_view_locks = {
	.id = TUI_VIEW_LOCKS,
	.place = TUI_IN_LIST,
	.name = "locks",
	.summary = "locks: who holds and waits at the cursor, and what each cost",
	.draw = draw,
};
