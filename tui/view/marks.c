/* SPDX-License-Identifier: MIT
 *
 * Marks as a list, in order of time: the program's own and the user's.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/canvas/format.h"
#include "tui/scene/ident.h"
#include "tui/scene/scope.h"
#include "tui/view/views.h"

/* Where columns begin; 0: there is no room for it. */
struct columns {
	int time, since, who, name;
};

static struct columns columns_of(int cols)
{
	if (cols < 50)
		return (struct columns){.time = 2, .name = 16};
	if (cols < 70)
		return (struct columns){.time = 2, .who = 17, .name = 32};
	return (struct columns){.time = 2, .since = 18, .who = 34, .name = 52};
}

static void draw_row(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		     size_t idx, const struct tui_mark *m)
{
	const struct tui_scope *s = scene->scope;
	const struct columns c = columns_of(canvas->cols);
	const struct tui_mark *before = idx ? tui_scope_mark_at(s, idx - 1) : NULL;
	char text[GTV_NAME_BYTES * 4], time[TUI_FIGURE];
	int chosen = idx == s->chosen, x;

	tui_spot(scene->spots, TUI_SPOT_ROW, 0, y, canvas->cols, 1, idx);
	int role = !m->said ? TUI_KEY : m->gt ? tui_ident_gt(scene->names, m->gt) : TUI_DIM;

	tui_format_time(time, sizeof(time), (int64_t)(m->ts_ns - scene->nav->first_ns),
			1000);
	tui_canvas_textf(canvas, c.time, y, 13, chosen ? TUI_BOLD : TUI_TEXT, "%13s", time);
	if (c.since && before) {
		tui_format_length(text, TUI_FIGURE, m->ts_ns - before->ts_ns);
		tui_canvas_textf(canvas, c.since, y, 12, TUI_DIM, "+%s", text);
	}
	if (c.who && m->said && m->gt)
		gtv_names_label(scene->names, GTV_CLASS_GT, m->gt, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", m->said ? "the program" : "you");
	if (c.who)
		tui_canvas_text(canvas, c.who, y, c.name - c.who - 1, role, text);
	tui_canvas_text(canvas, c.name, y, canvas->cols - c.name - 1,
			chosen ? TUI_BOLD : TUI_TEXT, m->name);
	if (!chosen)
		return;
	tui_canvas_put(canvas, 0, y, 0x25b6, TUI_SEL, TUI_DEFAULT);
	for (x = 1; x < canvas->cols; x++) {
		struct tui_cell *cell = tui_canvas_at(canvas, x, y);
		if (cell && cell->ground == TUI_DEFAULT)
			cell->ground = TUI_SEL_GROUND;
	}
}

static void draw_summary(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_scope *s = scene->scope;
	char count[TUI_FIGURE];
	int x = 1, end = canvas->cols - 1;

	tui_sayf(canvas, &x, y, end, TUI_BOLD, "%s of the program's",
		 tui_format_count(count, sizeof(count), s ? s->said_count : 0));
	tui_sayf(canvas, &x, y, end, TUI_BOLD, ", %d of yours", s ? s->marks : 0);
	tui_say(canvas, &x, y, end, TUI_DIM,
		scene->facts->keeps_marks ? "  (kept for this trace)"
					  : "  (kept while gtviz runs)");
	if (s && !s->said_all && scene->facts->mode != TUI_LIVE)
		tui_say(canvas, &x, y, end, TUI_WARN, "  looking on…");
}

static void draw_head(struct tui_canvas *canvas, int y)
{
	const struct columns c = columns_of(canvas->cols);

	tui_canvas_textf(canvas, c.time, y, 13, TUI_DIM, "%13s", "TIME s");
	if (c.since)
		tui_canvas_text(canvas, c.since, y, 14, TUI_DIM, "SINCE LAST");
	if (c.who)
		tui_canvas_text(canvas, c.who, y, 10, TUI_DIM, "WHOSE");
	tui_canvas_text(canvas, c.name, y, 10, TUI_DIM, "TEXT");
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {
		"j/k",	 "choose", "Enter", "go there", "X", "take yours away",
		":mark", "NAME",   "Esc",   "back",	"?", "help",
		NULL};
	const struct tui_scope *s = scene->scope;
	size_t count = s ? tui_scope_mark_count(s) : 0, room, first = 0;
	int tall = canvas->rows >= 8, top = tall ? 3 : 0;
	int end = canvas->rows - (tall ? 2 : 0);

	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (tall) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_MARKS, "marks");
		draw_summary(canvas, scene, 1);
		draw_head(canvas, 2);
		tui_chrome_status_list(canvas, scene, canvas->rows - 2);
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	if (!count) {
		tui_canvas_text(canvas, 2, top, canvas->cols - 3, TUI_DIM,
				"no marks: m in the timeline, or :mark NAME, makes one");
		return 0;
	}
	room = end > top ? (size_t)(end - top) : 0;
	if (s->chosen >= room)
		first = s->chosen - room + 1;
	for (size_t i = first; i < count && i < first + room; i++)
		draw_row(canvas, scene, top + (int)(i - first), i, tui_scope_mark_at(s, i));
	return 0;
}

const struct tui_view_ops tui_view_marks = {
	.id = TUI_VIEW_MARKS,
	.place = TUI_IN_LIST,
	.name = "marks",
	.summary = "the program's marks and yours, in order",
	.draw = draw,
};
