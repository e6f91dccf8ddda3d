/* SPDX-License-Identifier: MIT
 *
 * The timeline for a hall of people: a few lanes, several rows high, no status and no
 * keys; a caption, one big figure. A lane is drawn as the timeline draws it, in its
 * middle row, and who runs is then made as high as the lane: ink is work, lines are
 * waits. At most two waits say how long they are. Loss is shown here too.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/base/err.h"
#include "tui/canvas/big.h"
#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/canvas/glyph.h"
#include "tui/scene/presenter.h"
#include "tui/view/timeline.h"
#include "tui/view/views.h"

#define COLS_MIN 40
#define ROWS_MIN 10
/* From here on the figure has two cells a point. */
#define HALL_COLS      150
#define HALL_ROWS      48
#define LANE_MOST      7 /* rows; odd */
#define LANE_MOST_HALL 11
#define WAITS_LABELLED 2
#define FULL	       0x2588

static const struct tui_presenter nobody; /* outside a talk */

static const struct tui_presenter *presenter_of(const struct tui_scene *scene)
{
	return scene->presenter ? scene->presenter : &nobody;
}

static int scale_of(const struct tui_canvas *c)
{
	return c->cols >= HALL_COLS && c->rows >= HALL_ROWS ? 2 : 1;
}

/* ---- the frame ---- */

int tui_presenter_top(int rows)
{
	return rows >= 20 ? 2 : 1;
}

int tui_presenter_bottom(int rows)
{
	return rows >= HALL_ROWS ? 10 : rows >= 22 ? 7 : rows >= 14 ? 3 : 0;
}

/* ■ ■ ■ □ □: how far the talk is. */
static int draw_dots(struct tui_canvas *c, const struct tui_presenter *p)
{
	int x = c->cols - 1 - 2 * p->chapters;

	if (p->chapters < 2 || x < c->cols / 2)
		return c->cols;
	for (int i = 0; i < p->chapters; i++)
		tui_canvas_put(c, x + 2 * i, 0, i < p->chapter ? 0x25a0 : 0x25a1,
			       i + 1 == p->chapter ? TUI_KEY : TUI_DIM, TUI_DEFAULT);
	return x;
}

static void draw_title(struct tui_canvas *c, const struct tui_scene *scene)
{
	const struct tui_presenter *p = presenter_of(scene);
	const struct tui_facts *facts = scene->facts;
	char count[TUI_FIGURE], right[160] = "";
	int x = 1, end = draw_dots(c, p);

	if (facts->lost)
		snprintf(right, sizeof(right), " lost %s ",
			 tui_format_count(count, sizeof(count), facts->lost));
	snprintf(right + strlen(right), sizeof(right) - strlen(right), "%s%s%s", p->corner,
		 p->corner[0] && p->timer[0] ? "  " : "", p->timer);
	int size = (int)strlen(right); /* ASCII */

	if (size && end - size - 2 > c->cols / 3) {
		tui_canvas_text(c, end - size - 2, 0, size, facts->lost ? TUI_BAD : TUI_DIM,
				right);
		end -= size + 3;
	}
	if (p->chapter)
		tui_sayf(c, &x, 0, end, TUI_KEY, "%d/%d  ", p->chapter, p->chapters);
	tui_say(c, &x, 0, end, TUI_BOLD, p->title[0] ? p->title : facts->command);
}

/* Columns that text takes: a byte that begins a character is one. */
static int columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Caption and figure side by side, in the rows below. */
static void draw_caption(struct tui_canvas *c, const struct tui_presenter *p, int y,
			 int rows)
{
	int scale = rows >= tui_big_rows(2) + 2 ? scale_of(c) : 1, x = 4, line = y;
	int ascii = 0, high = tui_big_rows(scale);

	if (rows <= 0)
		return;
	if (p->big[0] && rows > high) {
		x = tui_big_draw(c, x, y + (rows - high) / 2, c->cols / 2 + 4, scale,
				 TUI_KEY, p->big);
		ascii = x > 4;
	}
	if (p->big[0] && !ascii) {
		tui_canvas_text(c, x, y + rows / 2, c->cols - x, TUI_KEY, p->big);
		x += columns(p->big);
	}
	x += p->big[0] ? 4 : 0;
	line = y + (rows >= 4 ? (rows - 4 + 1) / 2 : 0);
	for (int i = 0; i < TUI_PRESENTER_CAPTIONS && rows > i; i++)
		tui_canvas_text(c, x, line + i, c->cols - x, TUI_BOLD, p->caption[i]);
	if (p->key[0] && rows >= 3)
		tui_canvas_text(c, x, line + (rows >= 4 ? 3 : 2), c->cols - x, TUI_DIM,
				p->key);
}

void tui_presenter_frame(struct tui_canvas *canvas, const struct tui_scene *scene,
			 int bottom)
{
	draw_title(canvas, scene);
	draw_caption(canvas, presenter_of(scene), canvas->rows - bottom, bottom);
}

/* ---- which lanes, and where ---- */

static void add_lane(struct tui_presenter *p, struct gtv_lane lane)
{
	if (p->lanes < TUI_PRESENTER_LANES)
		p->lane[p->lanes++] = lane;
}

/* Cores as far as the kernel is known, else green threads; and the lock that is held most.
 */
static void choose_lanes(const struct tui_timeline *tl, struct tui_presenter *p)
{
	const struct tui_scene *scene = tl->scene;
	enum gtv_lane_kind kind = scene->facts->level > 0 ? GTV_LANE_CORE : GTV_LANE_GT;
	size_t count = gtv_window_lane_count(scene->window, kind);
	struct gtv_lane most = {0};
	uint64_t most_ns = 0;

	for (size_t i = 0; i < count && p->lanes < 4; i++)
		add_lane(p, gtv_window_lane(scene->window, kind, i));
	count = gtv_window_lane_count(scene->window, GTV_LANE_LOCK);
	for (size_t i = 0; i < count && i < 64; i++) {
		struct gtv_lane lane = gtv_window_lane(scene->window, GTV_LANE_LOCK, i);
		uint64_t ns = gtv_window_activity(scene->window, lane);

		if (ns > most_ns) {
			most = lane;
			most_ns = ns;
		}
	}
	if (most.kind)
		add_lane(p, most);
}

struct stage {
	struct tui_timeline tl;
	struct tui_presenter p;
	struct tui_tl_row row[TUI_PRESENTER_LANES]; /* y: the middle of the lane */
	int high, shown;
	int tight;  /* no gaps between lanes */
	int hidden; /* lanes that have no room */
};

static int is_lock(const struct stage *s, int i)
{
	return s->p.lane[i].kind == GTV_LANE_LOCK;
}

/* Rows of lane `i`: locks two, one where it is tight. */
static int height(const struct stage *s, int i)
{
	return is_lock(s, i) ? (s->high >= 3 ? 2 : 1) : s->high;
}

static int gap(const struct stage *s)
{
	return s->high >= 3 && !s->tight;
}

static int rows_needed(const struct stage *s)
{
	int rows = 1; /* the ruler */

	for (int i = 0; i < s->shown; i++)
		rows += height(s, i) + (i ? gap(s) : 0);
	return rows;
}

static void lay_out(struct stage *s, int y, int rows)
{
	int most = rows >= HALL_ROWS - 14 ? LANE_MOST_HALL : LANE_MOST;

	s->shown = s->p.lanes;
	for (s->high = most; s->high > 1 && rows_needed(s) > rows; s->high -= 2)
		;
	/* Rather high and side by side than thin and apart. */
	s->tight = s->high == 1 && s->shown > 1;
	s->high += 2 * s->tight;
	if (s->tight && rows_needed(s) > rows)
		s->high = 1;
	while (s->shown > 0 && rows_needed(s) > rows)
		s->shown--;
	s->hidden = s->p.lanes - s->shown;
	s->tl.y_ruler = -1;
	for (int i = 0; i < s->shown; i++) {
		/* Time stands between who runs and what they fight for. */
		if (is_lock(s, i) && s->tl.y_ruler < 0)
			s->tl.y_ruler = y++;
		s->row[i] = (struct tui_tl_row){
			.lane = s->p.lane[i],
			.y = y + (is_lock(s, i) ? height(s, i) - 1 : height(s, i) / 2),
			.height = 1,
		};
		y += height(s, i) + gap(s);
	}
	if (s->tl.y_ruler < 0)
		s->tl.y_ruler = y - (s->shown ? gap(s) : 0);
	s->tl.row = s->row;
	s->tl.row_count = s->shown;
}

/* ---- lanes ---- */

/* Who ran for less than half a cell is seen from afar all the same; two such in a row are
 * one. The tail of a longer fill is none of them. */
static void widen_pulses(struct stage *s, int y)
{
	uint32_t before = ' ';

	for (int x = s->tl.gutter; x < s->tl.gutter + s->tl.axis.cells; x++) {
		struct tui_cell *cell = tui_canvas_at(s->tl.canvas, x, y);
		int eighths = cell ? tui_glyph_left_eighths(cell->glyph) : -1;
		int after_fill = (before >= FULL && before <= 0x258f) || before == 0x2590;

		before = cell ? cell->glyph : ' ';
		if (eighths < 1 || eighths > 3 || cell->inverse)
			continue;
		if (!after_fill)
			cell->glyph = tui_glyph_left(4);
		else if (tui_glyph_left_eighths(before) < 4 && x > s->tl.gutter &&
			 tui_canvas_at(s->tl.canvas, x - 1, y)->glyph == tui_glyph_left(4))
			cell->glyph = ' ';
		before = cell->glyph;
	}
}

/* The only green thread that ran on a core in the window, 0: none, or several. */
static uint32_t resident(const struct stage *s, struct gtv_lane lane)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(s->tl.scene->window, lane, &count);
	uint32_t gt = 0;

	if (lane.kind == GTV_LANE_GT)
		return lane.id;
	for (size_t i = 0; i < count && lane.kind != GTV_LANE_LOCK; i++) {
		uint32_t here = p[i].spans == 1 ? p[i].span.gt : 0;

		if (p[i].spans != 1 || (here && gt && here != gt))
			return 0;
		gt = here ? here : gt;
	}
	return gt;
}

/* A green thread's name, where there is room for all of it: a hall knows no ids. */
static int draw_name(struct stage *s, const struct tui_tl_row *row, int colour)
{
	struct gtv_name known;

	if (row->lane.kind != GTV_LANE_GT)
		return 0;
	gtv_names_get(s->tl.scene->names, GTV_CLASS_GT, row->lane.id, &known);
	if (!known.text[0] || columns(known.text) > s->tl.gutter - 1)
		return 0;
	tui_canvas_text(s->tl.canvas, 1, row->y, s->tl.gutter - 1, colour, known.text);
	return 1;
}

static void draw_gutter(struct stage *s, int i)
{
	const struct tui_tl_row *row = &s->row[i];
	const struct gtv_names *names = s->tl.scene->names;
	char id[TUI_LABEL];
	uint32_t gt = row->lane.kind == GTV_LANE_CORE ? resident(s, row->lane) : 0;
	int y = row->y - (is_lock(s, i) && height(s, i) > 1);
	struct gtv_lane who = {GTV_LANE_GT, gt};
	int lit =
		row->lane.kind == s->p.highlight.kind && row->lane.id == s->p.highlight.id;

	int colour = lit			       ? TUI_KEY
		     : row->lane.kind == GTV_LANE_CORE ? TUI_BOLD
						       : tui_ident_lane(names, row->lane);

	tui_ident_id(names, row->lane, id, sizeof(id));
	/* Arrows speak of ids: there it stands above the name. */
	if (draw_name(s, row, colour))
		y = height(s, i) >= 3 ? y - 1 : -1;
	if (y >= 0)
		tui_canvas_text(s->tl.canvas, 1, y, s->tl.gutter - 2, colour, id);
	if (gt && height(s, i) >= 3)
		tui_canvas_text(s->tl.canvas, 1, row->y - 1, s->tl.gutter - 2,
				tui_ident_lane(names, who),
				tui_ident_id(names, who, id, sizeof(id)));
}

static void dim_lane(struct stage *s, int from, int to)
{
	for (int y = from; y < to; y++) {
		for (int x = s->tl.gutter; x < s->tl.cols; x++) {
			struct tui_cell *cell = tui_canvas_at(s->tl.canvas, x, y);

			if (!cell || cell->glyph == ' ')
				continue;
			cell->ink = cell->ink == TUI_BLACK ? TUI_BLACK : TUI_FAINT;
			cell->ground =
				cell->ground == TUI_DEFAULT ? TUI_DEFAULT : TUI_FAINT;
		}
	}
}

static void draw_lane(struct stage *s, int i)
{
	const struct tui_tl_row *row = &s->row[i];
	int from = is_lock(s, i) ? row->y - height(s, i) + 1 : row->y - height(s, i) / 2;
	int to = from + height(s, i);

	if (row->lane.kind == GTV_LANE_CORE)
		tui_tl_core(&s->tl, row);
	else
		tui_tl_lane(&s->tl, row);
	widen_pulses(s, row->y);
	tui_tl_thicken(&s->tl, row->y, from, to);
	draw_gutter(s, i);
	if (s->p.highlight.kind && !tui_tl_same_lane(row->lane, s->p.highlight))
		dim_lane(s, from, to);
}

/* ---- how long they wait ---- */

static int is_wait(unsigned state)
{
	static const uint32_t waits =
		1u << GTV_ST_READY | 1u << GTV_ST_LOCK | 1u << GTV_ST_GIL |
		1u << GTV_ST_CHAN | 1u << GTV_ST_IO | 1u << GTV_ST_SLEEP |
		1u << GTV_ST_SYSCALL | 1u << GTV_ST_STALLED | 1u << GTV_ST_RUNNABLE;

	return waits >> state & 1;
}

struct wait {
	struct gtv_span span;
	int y, lit;
};

/* The longest first; of a lane that is pointed at before all others. */
static void offer_wait(struct wait *best, struct wait offered)
{
	for (int i = 0; i < WAITS_LABELLED; i++) {
		struct wait *b = &best[i];
		uint64_t a_ns = offered.span.to_ns - offered.span.from_ns,
			 b_ns = b->span.to_ns - b->span.from_ns;

		if (offered.lit < b->lit || (offered.lit == b->lit && a_ns <= b_ns))
			continue;
		struct wait given_way = *b;

		*b = offered;
		offered = given_way;
	}
}

static void label_waits(struct stage *s)
{
	struct wait best[WAITS_LABELLED] = {0};
	const struct tui_timeline *tl = &s->tl;

	for (int i = 0; i < s->shown && s->high >= 3; i++) {
		uint32_t gt = resident(s, s->row[i].lane);
		int lit = tui_tl_same_lane(s->row[i].lane, s->p.highlight);
		struct gtv_lane lane = {GTV_LANE_GT, gt};
		size_t count = 0;
		const struct gtv_piece *p =
			gt ? gtv_window_pieces(tl->scene->window, lane, &count) : NULL;

		for (size_t k = 0; k < count; k++)
			if (p[k].spans == 1 && is_wait(p[k].span.state))
				offer_wait(best,
					   (struct wait){p[k].span, s->row[i].y, lit});
	}
	for (int i = 0; i < WAITS_LABELLED; i++) {
		char text[TUI_FIGURE];

		if (!best[i].span.to_ns || (s->p.highlight.kind && !best[i].lit))
			continue;
		tui_format_short(text, sizeof(text),
				 best[i].span.to_ns - best[i].span.from_ns);
		/* Only ASCII is centred: a µ is two bytes. */
		char *micro = strstr(text, "µ");

		if (micro)
			memmove(micro + 1, micro + 2, strlen(micro + 2) + 1), *micro = 'u';
		tui_tl_label(&s->tl, best[i].y, best[i].span.from_ns, best[i].span.to_ns,
			     "", text, TUI_KEY, TUI_DEFAULT);
	}
}

/* ---- a frame ---- */

static int begin(struct stage *s, struct tui_canvas *canvas, const struct tui_scene *scene)
{
	int err = tui_tl_begin(&s->tl, canvas, scene, canvas->cols, canvas->rows);

	s->p = *presenter_of(scene);
	s->tl.gutter = 8;
	s->tl.axis.cells = canvas->cols - s->tl.gutter;
	s->tl.y_title = s->tl.y_map = s->tl.y_marks = s->tl.y_legend = -1;
	s->tl.y_cursor = s->tl.y_status = s->tl.y_hints = s->tl.y_panel = -1;
	s->tl.y_above = s->tl.y_below = -1;
	return err;
}

static void draw_all(struct stage *s)
{
	for (int i = 0; i < s->shown; i++)
		draw_lane(s, i);
	label_waits(s);
	tui_tl_critical(&s->tl);
	tui_tl_losses(&s->tl);
	tui_tl_selection(&s->tl);
	tui_tl_edges(&s->tl);
	tui_tl_ruler(&s->tl);
	if (s->hidden)
		tui_canvas_textf(s->tl.canvas, 1, s->tl.y_ruler, s->tl.gutter - 2, TUI_DIM,
				 "+%d", s->hidden);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	struct stage s = {0};
	int top = tui_presenter_top(canvas->rows),
	    bottom = tui_presenter_bottom(canvas->rows);

	if (tui_chrome_too_small(canvas, COLS_MIN, ROWS_MIN) || presenter_of(scene)->blank)
		return 0;
	int err = begin(&s, canvas, scene);

	if (err) {
		tui_chrome_error(canvas, "this part of the trace cannot be read");
		return err;
	}
	if (!s.p.lanes)
		choose_lanes(&s.tl, &s.p);
	lay_out(&s, top, canvas->rows - top - bottom);
	err = tui_strip_init(&s.tl.strip, &s.tl.axis);
	if (!err)
		draw_all(&s);
	tui_strip_fini(&s.tl.strip);
	tui_presenter_frame(canvas, scene, bottom);
	return err;
}

const struct tui_view_ops tui_view_presenter = {
	.id = TUI_VIEW_PRESENTER,
	.place = TUI_IN_TIMELINE,
	.name = "presenter",
	.summary = "a few lanes, large, with a caption: for a hall",
	.draw = draw,
};
