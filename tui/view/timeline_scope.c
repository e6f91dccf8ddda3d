/* SPDX-License-Identifier: MIT
 *
 * The oscilloscope's part of the timeline: marks, cursors and the trigger's place on ruler
 * and minimap, and what was measured between the cursors, in place of the words about the
 * selected span.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/scene/scope.h"
#include "tui/view/timeline.h"

/* ---- places ---- */

struct place {
	uint64_t ts_ns;
	char letter;
	uint8_t ink, ground;
};
#define PLACES_MAX (TUI_MARKS_MAX + 3)

/* The user's marks, then what is drawn above them. */
static int places_of(const struct tui_scope *s, struct place *out)
{
	const struct tui_trigger *t = &s->trigger;
	int n = 0;

	for (int i = 0; i < s->marks; i++)
		out[n++] = (struct place){s->mark[i].ts_ns, s->mark[i].name[0], TUI_KEY,
					  TUI_DEFAULT};
	if (t->hits && t->hit.ts_ns)
		out[n++] = (struct place){t->hit.ts_ns, 'T', TUI_WARN, TUI_SEL_GROUND};
	if (s->has_a)
		out[n++] = (struct place){s->a_ns, 'A', TUI_SEL, TUI_SEL_GROUND};
	if (s->has_b)
		out[n++] = (struct place){s->b_ns, 'B', TUI_SEL, TUI_SEL_GROUND};
	return n;
}

static void put_places(struct tui_timeline *tl, const struct tui_axis *axis, int y,
		       const struct place *p, int count)
{
	for (int i = 0; y >= 0 && i < count; i++) {
		int x = tui_axis_cell(axis, p[i].ts_ns);

		if (x < 0 || x >= axis->cells)
			continue;
		uint32_t glyph = p[i].letter > ' ' && p[i].letter < 127
					 ? (uint32_t)p[i].letter
					 : 0x25c6;

		tui_canvas_put(tl->canvas, tl->gutter + x, y, glyph, p[i].ink, p[i].ground);
	}
}

/* Between the cursors the ruler has the ground of what is chosen. */
static void shade_interval(struct tui_timeline *tl, const struct tui_scope *s)
{
	uint64_t from, to;
	int first, last;

	if (!tui_scope_interval(s, &from, &to) ||
	    !tui_tl_columns(tl, from, to, &first, &last))
		return;
	for (int x = first; x <= last; x++) {
		struct tui_cell *cell = tui_canvas_at(tl->canvas, x, tl->y_ruler);

		if (cell)
			cell->ground = TUI_SEL_GROUND;
	}
}

void tui_tl_scope(struct tui_timeline *tl)
{
	const struct tui_scope *s = tl->scene->scope;
	const struct tui_nav *nav = tl->scene->nav;
	struct tui_axis all = {nav->first_ns, nav->last_ns, tl->axis.cells};
	struct place place[PLACES_MAX];
	int count;

	if (!s)
		return;
	count = places_of(s, place);
	if (tl->y_ruler >= 0)
		shade_interval(tl, s);
	put_places(tl, &tl->axis, tl->y_ruler, place, count);
	if (nav->last_ns > nav->first_ns)
		put_places(tl, &all, tl->y_marks >= 0 ? tl->y_marks : tl->y_map, place,
			   count);
}

/* ---- what was measured ---- */

struct sums {
	struct tui_timeline *tl;
	const struct tui_scope *s;
	struct gtv_lane lane;
	struct gtv_measured m;
	uint64_t from_ns, to_ns;
	int y, end_y; /* the next line, and the one after the last */
	int end_x;
};

static const char *time_of(const struct sums *u, uint64_t ts_ns, char buf[TUI_FIGURE])
{
	return tui_format_time(buf, TUI_FIGURE, (int64_t)(ts_ns - u->tl->start_ns),
			       (u->to_ns - u->from_ns) / 400);
}

static void head(struct sums *u)
{
	struct tui_canvas *c = u->tl->canvas;
	char a[TUI_FIGURE], b[TUI_FIGURE];
	int x = u->tl->panel_rows > 1 ? tui_chrome_rule(c, u->y, "A to B") : 1, y = u->y++;

	tui_sayf(c, &x, y, u->end_x, TUI_SEL, "%s%s ",
		 u->tl->panel_rows > 1 ? "" : "A to B ",
		 tui_format_length(a, sizeof(a), u->to_ns - u->from_ns));
	if (u->s->measured)
		tui_sayf(c, &x, y, u->end_x, TUI_TEXT, " %s events ",
			 tui_format_count(a, sizeof(a),
					  gtv_measure_all_events(u->s->measure)));
	else
		tui_sayf(c, &x, y, u->end_x, TUI_WARN, " read up to %s s ",
			 time_of(u,
				 u->s->measured_ns > u->from_ns ? u->s->measured_ns
								: u->from_ns,
				 a));
	if (u->tl->panel_rows > 1)
		tui_sayf(c, &x, y, u->end_x, TUI_DIM, " %s - %s s ",
			 time_of(u, u->s->a_ns, a), time_of(u, u->s->b_ns, b));
}

static void say_state(struct sums *u, int *x, int y, unsigned state, uint64_t ns,
		      const char *name)
{
	const struct tui_look *look = tui_look_of(state);
	char length[TUI_FIGURE], share[TUI_FIGURE];
	int role = look->role == TUI_RUNNING || look->role == TUI_DEFAULT
			   ? tui_ident_lane(u->tl->scene->names, u->lane)
			   : look->role;

	tui_sayf(u->tl->canvas, x, y, u->end_x, state ? role : TUI_DIM, "%s ", name);
	tui_sayf(u->tl->canvas, x, y, u->end_x, TUI_TEXT, "%s",
		 tui_format_length(length, sizeof(length), ns));
	tui_sayf(u->tl->canvas, x, y, u->end_x, TUI_DIM, " %s   ",
		 tui_format_share(share, sizeof(share), ns, u->to_ns - u->from_ns));
}

/* The states, the longest first, in as many lines as there are; all of them, or it says
 * how much is left. */
static void states(struct sums *u, int lines)
{
	uint64_t ns[GTV_ST_MAX];
	char length[TUI_FIGURE];
	int x = 2, last_y = u->y + lines - 1;

	memcpy(ns, u->m.state_ns, sizeof(ns));
	ns[GTV_ST_NONE] += u->m.absent_ns;
	for (;;) {
		unsigned most = 0;
		uint64_t rest = 0;

		for (unsigned st = 0; st < GTV_ST_MAX; st++) {
			most = ns[st] > ns[most] ? st : most;
			rest += ns[st];
		}
		if (!rest)
			break;
		if (x > 2 && x + 34 > u->end_x && u->y < last_y) {
			u->y++;
			x = 2;
		}
		/* In the last place of all: what does not fit any more is told as one. */
		if (u->y == last_y && x + 34 > u->end_x && rest > ns[most]) {
			tui_sayf(u->tl->canvas, &x, u->y, u->end_x, TUI_DIM, "others %s",
				 tui_format_length(length, sizeof(length), rest));
			break;
		}
		say_state(u, &x, u->y, most, ns[most],
			  most ? gtv_state_name(most) : "not there");
		ns[most] = 0;
	}
	u->y++;
}

static void counts(struct sums *u)
{
	struct tui_canvas *c = u->tl->canvas;
	char figure[TUI_FIGURE];
	const struct {
		const char *word;
		uint64_t count;
	} item[] = {{"switches", u->m.switches},
		    {"handoffs", u->m.handoffs},
		    {"spans", u->m.spans},
		    {"events", u->m.events}};
	int x = 2;

	for (size_t i = 0; i < sizeof(item) / sizeof(*item); i++) {
		tui_sayf(c, &x, u->y, u->end_x, TUI_DIM, "%s ", item[i].word);
		tui_sayf(c, &x, u->y, u->end_x, TUI_TEXT, "%s   ",
			 tui_format_count(figure, sizeof(figure), item[i].count));
	}
	u->y++;
}

static void lane_word(struct sums *u, int *x, int y)
{
	const struct gtv_names *names = u->tl->scene->names;
	char label[2 * TUI_LABEL];

	tui_say(u->tl->canvas, x, y, u->end_x, tui_ident_lane(names, u->lane),
		tui_ident_label(names, u->lane, label, sizeof(label)));
}

int tui_tl_scope_panel(struct tui_timeline *tl)
{
	const struct tui_nav *nav = tl->scene->nav;
	struct sums u = {.tl = tl,
			 .s = tl->scene->scope,
			 .y = tl->y_panel,
			 .end_y = tl->y_panel + tl->panel_rows,
			 .end_x = tl->cols - 1,
			 .lane = nav->selected.kind ? nav->selected
				 : tl->row_count    ? tl->row[0].lane
						    : (struct gtv_lane){0}};
	int x = 2;

	if (!u.s || !tui_scope_interval(u.s, &u.from_ns, &u.to_ns))
		return 0;
	head(&u);
	if (tl->panel_rows >= 7)
		tui_chrome_rule(tl->canvas, --u.end_y, "");
	if (!u.lane.kind || !u.s->measured || u.y >= u.end_y)
		return 1;
	gtv_measure_lane(u.s->measure, u.lane, &u.m);
	if (u.end_y - u.y >= 3)
		lane_word(&u, &x, u.y++);
	states(&u, u.end_y - u.y >= 3 ? 2 : 1);
	if (u.y < u.end_y)
		counts(&u);
	return 1;
}
