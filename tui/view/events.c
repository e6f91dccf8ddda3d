/* SPDX-License-Identifier: MIT
 *
 * Every event of the trace in order, around the timeline's cursor: when, where, who, what,
 * and its own fields. The chosen one is said in full below.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/scene/events.h"
#include "tui/canvas/format.h"
#include "tui/canvas/unit.h"
#include "tui/scene/ident.h"
#include "tui/view/views.h"

#define KIND_WIDTH  15
#define SINCE_WIDTH 10

/* Where the columns begin; 0: there is no room for it. */
struct columns {
	int since, core, thread, kind, who, text;
};

static struct columns columns_of(int cols)
{
	struct columns c = {0};
	int x = 18;

	if (cols >= 100) {
		c.since = x;
		x += 12;
	}
	c.core = x;
	x += 5;
	if (cols >= 60) {
		c.thread = x;
		x += cols >= 120 ? 16 : 9;
	}
	c.kind = x;
	x += KIND_WIDTH + 1;
	if (cols >= 70) {
		c.who = x;
		x += cols >= 120 ? 16 : 10;
	}
	c.text = x;
	return c;
}

/* What an event is, by colour: lost evidence and the kernel's taking a core stand out. */
static int kind_role(const struct gtv_ev *ev)
{
	switch (ev->kind) {
	case 0:
	case GTV_EV_LOSS:
		return TUI_BAD;
	case GTV_EV_MARK:
	case GTV_EV_REGION_BEGIN:
	case GTV_EV_REGION_END:
		return TUI_KEY;
	case GTV_EV_K_SWITCH:
		return ev->flags & GTV_KF_PREEMPTED ? TUI_PREEMPTED : TUI_TEXT;
	default:
		return ev->kind >= GTV_EV_K_SWITCH ? TUI_TEXT : TUI_BOLD;
	}
}

static const char *kind_name(const struct gtv_ev *ev)
{
	const char *name = ev->kind ? gtv_event_name(ev->kind) : "unreadable";

	return name ? name : "unknown";
}

static uint64_t start_of(const struct tui_scene *scene)
{
	struct gtv_store_info info = {0};

	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	return info.start_ns;
}

static void draw_times(struct tui_canvas *canvas, const struct columns *c, int y,
		       const struct tui_event_row *row, const struct tui_event_row *before,
		       uint64_t start_ns)
{
	char time[TUI_FIGURE], text[TUI_FIGURE + 1];

	tui_format_time(time, sizeof(time), (int64_t)(row->ev.ts_ns - start_ns), 1);
	tui_canvas_textf(canvas, 2, y, 15, TUI_DIM, "%15s", time);
	if (!c->since || !before || row->ev.ts_ns < before->ev.ts_ns)
		return;
	tui_format_length(time, sizeof(time), row->ev.ts_ns - before->ev.ts_ns);
	snprintf(text, sizeof(text), "+%s", time);
	tui_unit_right(canvas, c->since + SINCE_WIDTH - 1, y, SINCE_WIDTH, TUI_DIM, text);
}

static void draw_places(struct tui_canvas *canvas, const struct tui_scene *scene,
			const struct columns *c, int y, const struct gtv_ev *ev)
{
	struct gtv_lane thread = {GTV_LANE_THREAD, ev->tid}, gt = {GTV_LANE_GT, ev->gt};
	char label[TUI_LABEL];

	if (ev->core >= 0)
		tui_canvas_textf(canvas, c->core, y, 4, TUI_TEXT, "C%d", ev->core);
	if (c->thread && ev->tid) {
		tui_ident_label(scene->names, thread, label, sizeof(label));
		tui_canvas_text(canvas, c->thread, y, c->kind - c->thread - 1, TUI_DIM,
				label);
	}
	if (!c->who || !ev->gt || ev->kind == GTV_EV_LOSS)
		return;
	tui_ident_label(scene->names, gt, label, sizeof(label));
	tui_canvas_text(canvas, c->who, y, c->text - c->who - 1,
			tui_ident_lane(scene->names, gt), label);
}

static void mark_chosen(struct tui_canvas *canvas, int y)
{
	for (int x = 0; x < canvas->cols; x++) {
		struct tui_cell *cell = tui_canvas_at(canvas, x, y);

		if (cell)
			cell->ground = TUI_SEL_GROUND;
	}
	tui_canvas_put(canvas, 0, y, 0x25b6, TUI_SEL, TUI_SEL_GROUND);
}

static void draw_row(struct tui_canvas *canvas, const struct tui_scene *scene,
		     const struct columns *c, int y, size_t i, uint64_t start_ns)
{
	const struct tui_events *e = scene->events;
	const struct tui_event_row *row = &e->row[i];
	int x = c->text;

	tui_spot(scene->spots, TUI_SPOT_ROW, 0, y, canvas->cols, 1, i);
	draw_times(canvas, c, y, row, i ? row - 1 : NULL, start_ns);
	draw_places(canvas, scene, c, y, &row->ev);
	tui_canvas_text(canvas, c->kind, y, KIND_WIDTH, kind_role(&row->ev),
			kind_name(&row->ev));
	tui_say(canvas, &x, y, canvas->cols - 1, TUI_TEXT,
		row->ev.kind ? row->text : "these events are damaged in the file");
	if (i == e->chosen)
		mark_chosen(canvas, y);
}

/* ---- the frame around it ---- */

static void draw_summary(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_events *e = scene->events;
	int x = 2, end = canvas->cols - 1;
	char number[TUI_FIGURE], all[TUI_FIGURE], at[TUI_FIGURE];

	tui_format_count(all, sizeof(all), e->all);
	if (e->number)
		tui_sayf(canvas, &x, y, end, TUI_BOLD, "event %s",
			 tui_format_count(number, sizeof(number), e->number));
	tui_sayf(canvas, &x, y, end, TUI_DIM, e->number ? " of %s" : "%s events", all);
	if (e->range.kind) {
		tui_say(canvas, &x, y, end, TUI_DIM, "   ");
		tui_chrome_range(canvas, &x, y, end, &e->range, start_of(scene), 0);
	}
	if (e->is_live)
		tui_say(canvas, &x, y, end, TUI_GOOD, "   follows the end");
	if (e->filter[0]) {
		tui_say(canvas, &x, y, end, TUI_DIM, "   filter ");
		tui_say(canvas, &x, y, end, TUI_KEY, e->filter);
	}
	if (!e->looking)
		return;
	tui_format_time(at, sizeof(at), (int64_t)(e->looked_ns - start_of(scene)),
			100000000);
	tui_sayf(canvas, &x, y, end, TUI_WARN, "   looking on, at %s s…", at);
}

static void draw_head(struct tui_canvas *canvas, const struct columns *c, int y)
{
	tui_canvas_textf(canvas, 2, y, 15, TUI_DIM, "%15s", "TIME s");
	if (c->since)
		tui_canvas_text(canvas, c->since, y, SINCE_WIDTH, TUI_DIM, "SINCE LAST");
	tui_canvas_text(canvas, c->core, y, 4, TUI_DIM, "CORE");
	if (c->thread)
		tui_canvas_text(canvas, c->thread, y, c->kind - c->thread - 1, TUI_DIM,
				"THREAD");
	tui_canvas_text(canvas, c->kind, y, KIND_WIDTH, TUI_DIM, "KIND");
	if (c->who)
		tui_canvas_text(canvas, c->who, y, c->text - c->who - 1, TUI_DIM, "GREEN");
	tui_canvas_text(canvas, c->text, y, canvas->cols - c->text - 1, TUI_DIM,
			"ITS FIELDS");
}

/* The chosen event's fields in full, on `rows` rows. */
static void draw_chosen(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
			int rows)
{
	const struct tui_events *e = scene->events;
	const struct tui_event_row *row = &e->row[e->chosen];
	int width = canvas->cols - 3, x = tui_chrome_rule(canvas, y, "the chosen event");
	const char *text = row->text;

	tui_say(canvas, &x, y, canvas->cols - 1, kind_role(&row->ev), kind_name(&row->ev));
	tui_say(canvas, &x, y, canvas->cols - 1, TUI_DIM, " ");
	for (int i = 1; i < rows && *text; i++) {
		size_t size = strlen(text), cut = size;

		if (width > 0 && size > (size_t)width) {
			for (cut = (size_t)width; cut > 0 && text[cut] != ' '; cut--)
				;
			cut = cut ? cut : (size_t)width;
		}
		char line[TUI_EVENT_TEXT];

		snprintf(line, sizeof(line), "%.*s", (int)cut, text);
		tui_canvas_text(canvas, 2, y + i, width, TUI_TEXT, line);
		text += cut + strspn(text + cut, " ");
	}
	if (!row->text[0])
		tui_canvas_text(canvas, 2, y + 1, width, TUI_DIM,
				"it has no fields of its own");
}

static void draw_nothing(struct tui_canvas *canvas, const struct tui_events *e, int y)
{
	const char *text = "nothing was looked at yet";

	if (e && e->looking)
		text = "looking for events that fit the filter…";
	else if (e && e->filter[0])
		text = "no event fits the filter: \\ changes it, and an empty one shows "
		       "all";
	else if (e)
		text = "there are no events yet";
	tui_canvas_text(canvas, 2, y, canvas->cols - 3, TUI_DIM, text);
}

static void draw_list(struct tui_canvas *canvas, const struct tui_scene *scene, int top,
		      int end)
{
	const struct tui_events *e = scene->events;
	struct columns c = columns_of(canvas->cols);
	uint64_t start_ns = start_of(scene);
	size_t room = end > top ? (size_t)(end - top) : 0;
	/* The chosen one in the middle, but where an end of the list is near. */
	size_t first = e->chosen > room / 2 ? e->chosen - room / 2 : 0;

	if (first + room > e->count)
		first = e->count > room ? e->count - room : 0;
	for (size_t i = first; i < e->count && i < first + room; i++)
		draw_row(canvas, scene, &c, top + (int)(i - first), i, start_ns);
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {
		"j/k", "choose", "PgUp/PgDn", "page",	"Enter", "go to it",
		"\\",  "filter", "/",	      "search", "Esc",	 "back",
		"q",   "quit",	 "?",	      "help",	NULL};
	const struct tui_events *e = scene->events;
	int tall = canvas->rows >= 8, top = tall ? 1 : 0;
	int end = canvas->rows - (tall ? 2 : 0);

	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (tall) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_EVENTS, "events");
		tui_chrome_status_list(canvas, scene, canvas->rows - 2);
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	if (!e) {
		draw_nothing(canvas, e, top);
		return 0;
	}
	if (tall) {
		struct columns c = columns_of(canvas->cols);

		draw_summary(canvas, scene, top);
		draw_head(canvas, &c, top + 1);
		top += 2;
	}
	if (!e->count) {
		draw_nothing(canvas, e, top);
		return 0;
	}
	if (canvas->rows >= 20) {
		end -= canvas->rows >= 40 ? 4 : 3;
		draw_chosen(canvas, scene, end, canvas->rows >= 40 ? 4 : 3);
	}
	draw_list(canvas, scene, top, end);
	return 0;
}

const struct tui_view_ops tui_view_events = {
	.id = TUI_VIEW_EVENTS,
	.place = TUI_IN_LIST,
	.name = "events",
	.summary = "every event in order, filtered, around the timeline's cursor",
	.draw = draw,
};
