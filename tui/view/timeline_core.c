/* SPDX-License-Identifier: MIT
 *
 * A core's lane is a house. Its body is the green thread that runs; its floor the
 * OS thread that carries it, a bracket from switch-in to switch-out; its roof the
 * lock that the green thread holds. When the kernel takes the core from somebody
 * who holds a lock, the roof lifts off and turns red. A core that idles shows why:
 * dimmed, the wait of the green thread that ran there last.
 */
#include <stdio.h>
#include <string.h>

#include "tui/scene/roles.h"
#include "tui/view/timeline.h"

#define ROOF_ON	 0x2584 /* ▄ */
#define ROOF_OFF 0x2580 /* ▀ */
/* Other programs are one to the eye: a cell has room for few, and ours must be seen. */
#define OTHERS 0

struct core {
	struct tui_timeline *tl;
	const struct gtv_piece *p;
	size_t count;
	int body, roof, floor; /* rows; roof and floor -1: no room */
	uint32_t resident;     /* the green thread that ran here last; at the window's
				* begin, the one that runs here next */
	uint32_t lock;	       /* whose role this is, so that it is looked up once */
	int lock_role;
};

/* ---- body ---- */

/* The states of a green thread in [from, to) as ghosts, as long as it is not on
 * another core. */
static void ghost(struct core *c, uint32_t gt, uint64_t from_ns, uint64_t to_ns)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(
		c->tl->scene->window, (struct gtv_lane){GTV_LANE_GT, gt}, &count);
	for (size_t i = tui_tl_first(p, count, from_ns);
	     i < count && p[i].span.from_ns < to_ns; i++) {
		const struct gtv_span *s = &p[i].span;
		const struct tui_look *look = tui_look_of(s->state);
		/* It went on elsewhere: no longer what this core idles for. */
		if (p[i].spans != 1 || s->state == GTV_ST_RUNNING)
			return;
		if (look->ghost)
			tui_strip_line(&c->tl->strip,
				       s->from_ns > from_ns ? s->from_ns : from_ns,
				       s->to_ns < to_ns ? s->to_ns : to_ns, look->glyph,
				       look->ghost, look->rare);
	}
}

static uint32_t first_resident(const struct core *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->p[i].spans == 1 && c->p[i].span.gt)
			return c->p[i].span.gt;
	return 0;
}

/* The green thread that [from, to) was taken from: off its core, not asleep. */
static int is_victim(const struct core *c, uint32_t gt, const struct gtv_span *s)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(
		c->tl->scene->window, (struct gtv_lane){GTV_LANE_GT, gt}, &count);
	for (size_t i = tui_tl_first(p, count, s->from_ns);
	     i < count && p[i].span.from_ns < s->to_ns; i++)
		if (p[i].span.state == GTV_ST_PREEMPTED &&
		    (p[i].span.core < 0 || p[i].span.core == s->core))
			return 1;
	return 0;
}

static void body_exact(struct core *c, const struct gtv_span *s)
{
	struct tui_strip *strip = &c->tl->strip;
	uint32_t who;
	switch (s->state) {
	case GTV_ST_BUSY: {
		if (!s->gt && c->tl->has_gts && tui_tl_is_short(c->tl, s))
			break;
		int role = tui_tl_fill_role(c->tl, s->gt, s->tid, &who);
		tui_strip_fill(strip, s->from_ns, s->to_ns, role, who);
		c->resident = s->gt ? s->gt : c->resident;
		break;
	}
	case GTV_ST_OTHER:
		/* Taken from one of ours, that is what matters; else it is just busy. */
		if (c->resident && is_victim(c, c->resident, s))
			ghost(c, c->resident, s->from_ns, s->to_ns);
		else
			tui_strip_fill(strip, s->from_ns, s->to_ns, TUI_DONE, OTHERS);
		break;
	case GTV_ST_UNKNOWN:
		tui_strip_line(strip, s->from_ns, s->to_ns, tui_look_of(s->state)->glyph,
			       TUI_UNKNOWN, 1);
		break;
	default:
		if (c->resident)
			ghost(c, c->resident, s->from_ns, s->to_ns);
	}
}

static int is_ours(const struct core *c, uint32_t tid)
{
	struct tui_roles *roles = c->tl->scene->roles;
	return roles ? tui_roles_is_ours(roles, tid)
		     : tui_ident_is_ours(c->tl->scene->names, tid);
}

static void body_rest(struct core *c, const struct gtv_span *s, uint64_t ns, uint64_t told,
		      int role)
{
	uint64_t rest = tui_tl_rest_ns(s, ns, told);
	if (rest > 0)
		tui_strip_share(&c->tl->strip, s->from_ns, s->to_ns, rest, role, OTHERS);
}

static void body_tile(struct core *c, const struct gtv_piece *p)
{
	const struct gtv_span *s = &p->span;
	const struct gtv_sums *sums = p->sums;
	uint64_t busy_ns = sums->state_ns[GTV_ST_BUSY],
		 other_ns = sums->state_ns[GTV_ST_OTHER];
	uint64_t busy_told = 0, other_told = 0;
	uint32_t who;
	for (int i = 0; i < GTV_SUM_IDS; i++) {
		if (sums->id_ns[i] == 0)
			continue;
		/* A green thread, or an OS thread without one: a worker's own steps, or
		 * another program's. */
		uint32_t id = sums->id[i] & ~GTV_SUM_TID;
		int is_tid = (sums->id[i] & GTV_SUM_TID) != 0;
		int other = is_tid && other_ns > 0 && (busy_ns == 0 || !is_ours(c, id));
		int role = tui_tl_fill_role(c->tl, is_tid ? 0 : id, is_tid ? id : 0, &who);
		tui_strip_share(&c->tl->strip, s->from_ns, s->to_ns, sums->id_ns[i],
				other ? TUI_DONE : role, other ? OTHERS : who);
		*(other ? &other_told : &busy_told) += sums->id_ns[i];
	}
	body_rest(c, s, busy_ns, busy_told, TUI_OTHER);
	body_rest(c, s, other_ns, other_told, TUI_DONE);
	if (sums->state_ns[GTV_ST_UNKNOWN])
		tui_strip_line(&c->tl->strip, s->from_ns, s->to_ns,
			       tui_look_of(GTV_ST_UNKNOWN)->glyph, TUI_UNKNOWN, 0);
}

/* Spans of the same green thread, or the same thread where there is none, touch. */
static size_t same_body(const struct core *c, size_t i)
{
	const struct gtv_span *s = &c->p[i].span;
	size_t end = i + 1;
	while (end < c->count && c->p[end].spans == 1 && c->p[end].span.state == s->state &&
	       c->p[end].span.gt == s->gt && (s->gt || c->p[end].span.tid == s->tid))
		end++;
	return end;
}

static void body_labels(struct core *c)
{
	const struct gtv_names *names = c->tl->scene->names;
	char id[TUI_LABEL], name[TUI_LABEL];
	for (size_t i = 0; i < c->count;) {
		const struct gtv_span *s = &c->p[i].span;
		size_t end = same_body(c, i);
		uint64_t to_ns = c->p[end - 1].span.to_ns;
		uint32_t who;
		struct gtv_lane lane = {s->gt ? GTV_LANE_GT : GTV_LANE_THREAD,
					s->gt ? s->gt : s->tid};
		if (c->p[i].spans == 1 && s->state == GTV_ST_BUSY &&
		    (s->gt || !c->tl->has_gts) &&
		    !tui_tl_is_narrow(c->tl, s->from_ns, to_ns)) {
			int role = tui_tl_fill_role(c->tl, s->gt, s->tid, &who);
			tui_ident_id(names, lane, id, sizeof(id));
			tui_ident_name(names, lane, name, sizeof(name));
			for (char *t = name; *t; t++)
				*t = (unsigned char)*t < 0x80 ? *t : '?';
			tui_tl_label(c->tl, c->body, s->from_ns, to_ns, name, id, TUI_BLACK,
				     role);
		}
		i = end;
	}
}

/* ---- roof ---- */

static int lock_role(struct core *c, uint32_t lock)
{
	if (c->lock != lock || !c->lock_role) {
		c->lock = lock;
		c->lock_role = tui_ident_lane(c->tl->scene->names,
					      (struct gtv_lane){GTV_LANE_LOCK, lock});
	}
	return c->lock_role;
}

static void roof_label(struct core *c, uint64_t from_ns, uint64_t to_ns, uint32_t lock,
		       int off)
{
	int first, last;
	char id[TUI_LABEL] = "off";
	struct gtv_lane lane = {GTV_LANE_LOCK, lock};
	int role = off ? TUI_OFF : lock_role(c, lock);
	if (!tui_tl_columns(c->tl, from_ns, to_ns, &first, &last))
		return;
	if (!off)
		tui_ident_id(c->tl->scene->names, lane, id, sizeof(id));
	int size = (int)strlen(id);
	if (last - first + 1 < size + 4)
		return;
	int x = first + (last - first + 1 - size) / 2;
	tui_canvas_put(c->tl->canvas, x - 1, c->roof, ' ', role, TUI_DEFAULT);
	tui_canvas_put(c->tl->canvas, x + size, c->roof, ' ', role, TUI_DEFAULT);
	tui_canvas_text(c->tl->canvas, x, c->roof, size, role, id);
}

/* Off core for a cell or longer is seen from where it begins to where it ends; shorter,
 * where that stands out. */
static void roof_line(struct core *c, uint64_t from_ns, uint64_t to_ns, uint32_t lock,
		      int off)
{
	const struct tui_axis *axis = &c->tl->axis;
	uint64_t cell_ns = (axis->to_ns - axis->from_ns) / (unsigned)axis->cells;
	int rare = to_ns - from_ns >= cell_ns ? TUI_STRIP_ALWAYS : TUI_STRIP_RARE;
	tui_strip_line(&c->tl->strip, from_ns, to_ns, off ? ROOF_OFF : ROOF_ON,
		       off ? TUI_OFF : lock_role(c, lock), off ? rare : 0);
}

typedef void roof_part(struct core *c, uint64_t from_ns, uint64_t to_ns, uint32_t lock,
		       int off);

/* The lock's off-core spans whose owner last ran here, from `from` on. */
static void roof_off(struct core *c, uint64_t from_ns, uint32_t lock, uint32_t owner,
		     roof_part *part)
{
	size_t count;
	const struct gtv_piece *p = gtv_window_pieces(
		c->tl->scene->window, (struct gtv_lane){GTV_LANE_LOCK, lock}, &count);
	uint64_t begin = 0, end = 0;
	for (size_t i = tui_tl_first(p, count, from_ns); i < count; i++) {
		const struct gtv_span *s = &p[i].span;
		int off = p[i].spans == 1 && s->gt == owner &&
			  (s->state == GTV_ST_HELD_PREEMPTED ||
			   s->state == GTV_ST_HELD_ASLEEP);
		if (!off)
			break;
		begin = begin ? begin : s->from_ns;
		end = s->to_ns;
	}
	if (begin)
		part(c, begin > from_ns ? begin : from_ns, end, lock, 1);
}

static void each_roof(struct core *c, roof_part *part)
{
	for (size_t i = 0; i < c->count;) {
		const struct gtv_span *s = &c->p[i].span;
		size_t end = i + 1;
		if (c->p[i].spans != 1 || s->state != GTV_ST_BUSY || !s->lock) {
			i = end;
			continue;
		}
		while (end < c->count && c->p[end].spans == 1 &&
		       c->p[end].span.lock == s->lock && c->p[end].span.gt == s->gt &&
		       c->p[end].span.state == GTV_ST_BUSY)
			end++;
		uint64_t to = c->p[end - 1].span.to_ns;
		part(c, s->from_ns, to, s->lock, 0);
		roof_off(c, to, s->lock, s->gt, part);
		i = end;
	}
}

static void roofs(struct core *c)
{
	tui_strip_clear(&c->tl->strip);
	each_roof(c, roof_line);
	tui_strip_draw(&c->tl->strip, c->tl->canvas, c->tl->gutter, c->roof);
	each_roof(c, roof_label);
}

/* ---- floor ---- */

struct floor {
	uint64_t from_ns, to_ns;
	uint32_t tid;
	int ours, lock_role; /* lock_role: of the lock it held, 0 none */
};

static void floor_text(const struct core *c, const struct floor *f, char *buf, size_t size)
{
	const struct gtv_names *names = c->tl->scene->names;
	struct gtv_lane lane = {GTV_LANE_THREAD, f->tid};
	char name[TUI_LABEL];
	struct gtv_name entry;
	tui_ident_id(names, lane, buf, size);
	/* A worker is known by its number, all others by their names. */
	if (gtv_names_get(names, GTV_CLASS_THREAD, f->tid, &entry) != 0 ||
	    entry.local == 0) {
		tui_ident_name(names, lane, name, sizeof(name));
		if (name[0])
			snprintf(buf, size, "%s", name);
	}
	for (char *t = buf; *t; t++)
		*t = (unsigned char)*t < 0x80 ? *t : '?';
}

static void floor_put(struct core *c, int x, int ink, uint32_t glyph)
{
	struct tui_cell *cell = tui_canvas_at(c->tl->canvas, x, c->floor);
	/* Two brackets in a cell, or one that begins and ends in it. */
	if (cell && cell->glyph != ' ')
		glyph = cell->glyph == 0x255b || cell->glyph == 0x2558 ? 0x2567 : 0x2534;
	tui_canvas_put(c->tl->canvas, x, c->floor, glyph, ink, TUI_DEFAULT);
}

/* └─ W0 ─┘ */
static void floor_draw(struct core *c, const struct floor *f)
{
	int first, last, two_rows = c->roof < 0;
	char text[TUI_LABEL];
	if (!tui_tl_columns(c->tl, f->from_ns, f->to_ns, &first, &last))
		return;
	/* Without a roof the floor says that a lock is held: doubled, in its colour. */
	int twice = two_rows && f->lock_role;
	int ink = twice ? f->lock_role : f->ours ? TUI_OTHER : TUI_TEXT;
	uint32_t mid = twice ? 0x2550 : 0x2500;
	int opens = f->from_ns >= c->tl->axis.from_ns,
	    closes = f->to_ns <= c->tl->axis.to_ns;
	if (first == last) {
		floor_put(c, first, TUI_DIM, 0x2534);
		return;
	}
	floor_put(c, first, ink, !opens ? mid : twice ? 0x2558 : 0x2514);
	for (int x = first + 1; x < last; x++)
		tui_canvas_put(c->tl->canvas, x, c->floor, mid, ink, TUI_DEFAULT);
	tui_canvas_put(c->tl->canvas, last, c->floor,
		       !closes ? mid
		       : twice ? 0x255b
			       : 0x2518,
		       ink, TUI_DEFAULT);
	if (last - first < 4)
		return;
	floor_text(c, f, text, sizeof(text));
	int size = (int)strlen(text), room = last - first + 1;
	if (size + 4 > room)
		return;
	int x = first + (room - size) / 2;
	tui_canvas_put(c->tl->canvas, x - 1, c->floor, ' ', ink, TUI_DEFAULT);
	tui_canvas_put(c->tl->canvas, x + size, c->floor, ' ', ink, TUI_DEFAULT);
	tui_canvas_text(c->tl->canvas, x, c->floor, size, f->ours ? TUI_OTHER : TUI_TEXT,
			text);
}

static void floors(struct core *c)
{
	for (size_t i = 0; i < c->count;) {
		const struct gtv_span *s = &c->p[i].span;
		size_t end = i;
		struct floor f = {.from_ns = s->from_ns, .tid = s->tid};
		if (c->p[i].spans != 1 || !s->tid || s->state == GTV_ST_IDLE ||
		    s->state == GTV_ST_UNKNOWN) {
			i++;
			continue;
		}
		f.ours = s->state == GTV_ST_BUSY;
		for (;
		     end < c->count && c->p[end].spans == 1 && c->p[end].span.tid == s->tid;
		     end++) {
			uint32_t lock = c->p[end].span.lock;
			f.to_ns = c->p[end].span.to_ns;
			if (lock)
				f.lock_role = lock_role(c, lock);
		}
		floor_draw(c, &f);
		i = end;
	}
}

/* ---- the house ---- */

/* Level 0: what cores do is not known, and the row says so. */
static void no_kernel(struct tui_timeline *tl, int y)
{
	const char *text = " level 0: no kernel source ";
	int size = (int)strlen(text);
	for (int x = 0; x < tl->axis.cells; x++)
		tui_canvas_put(tl->canvas, tl->gutter + x, y, 0x2571, TUI_FAINT,
			       TUI_DEFAULT);
	if (size <= tl->axis.cells)
		tui_canvas_text(tl->canvas, tl->gutter + (tl->axis.cells - size) / 2, y,
				size, TUI_WARN, text);
}

void tui_tl_core(struct tui_timeline *tl, const struct tui_tl_row *row)
{
	struct core c = {.tl = tl, .body = row->y, .roof = -1, .floor = -1};
	if (tl->scene->facts->level == 0) {
		no_kernel(tl, row->y);
		return;
	}
	c.p = gtv_window_pieces(tl->scene->window, row->lane, &c.count);
	if (row->height == 3) {
		c.roof = row->y;
		c.body = row->y + 1;
	}
	if (row->height > 1)
		c.floor = c.body + 1;
	c.resident = first_resident(&c);
	tui_strip_clear(&tl->strip);
	for (size_t i = 0; i < c.count; i++) {
		if (c.p[i].spans == 1)
			body_exact(&c, &c.p[i].span);
		else
			body_tile(&c, &c.p[i]);
	}
	tui_strip_draw(&tl->strip, tl->canvas, tl->gutter, c.body);
	body_labels(&c);
	if (c.roof >= 0)
		roofs(&c);
	if (c.floor >= 0)
		floors(&c);
}
