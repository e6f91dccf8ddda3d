/* SPDX-License-Identifier: MIT
 *
 * What gtviz noticed by itself, worst first: each with its evidence's place in the
 * trace and what it costs; the chosen one with what to try. Below, what was checked and
 * is fine, and what cannot be told.
 */
#include <stdio.h>
#include <string.h>

#include "tui/view/chrome.h"
#include "tui/scene/findings.h"
#include "tui/canvas/format.h"
#include "tui/scene/threads.h"
#include "tui/canvas/strip.h"
#include "tui/canvas/unit.h"
#include "tui/view/threads.h"
#include "tui/view/views.h"

#define TEXT_X	   5
#define TEXT_LINES 3

/* The end of the part of text that fits into width columns, cut at a blank if it can. */
static size_t line_bytes(const char *text, int width)
{
	size_t fits = 0, at = 0;
	int columns = 0;
	while (text[at] && columns <= width) {
		if (text[at] == ' ')
			fits = at;
		columns += ((unsigned char)text[at] & 0xc0) != 0x80;
		at++;
	}
	if (!text[at] && columns <= width)
		return at;
	return fits ? fits : at - 1;
}

/* Wrapped at blanks; draws, if canvas is not NULL. Returns the lines. */
static int wrapped(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		   int width, int role, const char *text, int max)
{
	int lines = 0;
	while (*text && lines < max && width > 0) {
		char line[512];
		size_t size = line_bytes(text, width);
		int x = TEXT_X;
		snprintf(line, sizeof(line), "%.*s", (int)size, text);
		if (canvas)
			tui_say_rich(canvas, &x, y + lines, TEXT_X + width, role,
				     scene->names, line);
		text += size;
		text += strspn(text, " ");
		lines++;
	}
	return lines;
}

/* ---- a finding ---- */

static int width_of(const struct tui_canvas *canvas)
{
	return canvas->cols - TEXT_X - 2;
}

static int height(const struct tui_canvas *canvas, const struct gtv_finding *it, int chosen)
{
	int width = width_of(canvas);
	int lines = 1 + wrapped(NULL, NULL, 0, width, 0, it->text, TEXT_LINES);
	if (chosen)
		lines += wrapped(NULL, NULL, 0, width, 0, it->advice, TEXT_LINES);
	return lines + 1;
}

/* Where figures end and the strip of places begins; 0: there is no room for columns. */
struct columns {
	int times, lost, at, place;
};

static struct columns columns_of(int cols)
{
	struct columns c = {0};
	if (cols < 78)
		return c;
	c.times = cols >= 100 ? 52 : 54;
	c.lost = c.times + 11;
	c.at = c.lost + 12;
	c.place = cols >= 100 ? c.at + 3 : 0;
	return c;
}

static const int severity_role[GTV_SEV_MAX] = {TUI_DIM, TUI_WARN, TUI_BAD};

/* Where in the trace: high at the worst, to which Enter goes, low at the other times it
 * happened, dots elsewhere. */
static void draw_place(struct tui_canvas *canvas, const struct tui_findings *f,
		       const struct gtv_finding *it, int x, int y, int width)
{
	uint64_t range = f->upto_ns > f->from_ns ? f->upto_ns - f->from_ns : 1;
	uint64_t from = it->from_ns > f->from_ns ? it->from_ns - f->from_ns : 0;
	uint64_t to = it->to_ns > f->from_ns ? it->to_ns - f->from_ns : 0;
	struct tui_axis axis = {f->from_ns, f->from_ns + range, width};
	int first = (int)((double)from / (double)range * width);
	int last = (int)((double)to / (double)range * width);
	for (int i = 0; i < width; i++) {
		int worst = i >= first && (i <= last || i == first);
		int some = worst || gtv_where_has(&it->where, tui_axis_time(&axis, i),
						  tui_axis_time(&axis, i + 1));
		tui_canvas_put(canvas, x + i, y,
			       worst  ? 0x2588
			       : some ? 0x2583
				      : 0xb7,
			       some ? severity_role[it->severity] : TUI_FAINT, TUI_DEFAULT);
	}
}

static void draw_columns(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_findings *f = scene->findings;
	struct columns c = columns_of(canvas->cols);
	char length[TUI_FIGURE];
	if (!c.times)
		return;
	tui_canvas_text(canvas, TEXT_X, y, 20, TUI_DIM, "WHAT");
	tui_unit_right(canvas, c.times, y, 6, TUI_DIM, "TIMES");
	tui_unit_right(canvas, c.lost, y, 10, TUI_DIM, "TIME LOST");
	tui_unit_right(canvas, c.at, y, 11, TUI_DIM, "WORST AT s");
	if (!c.place)
		return;
	int width = canvas->cols - 2 - c.place;
	tui_format_length(length, sizeof(length), f->upto_ns - f->from_ns);
	tui_canvas_text(canvas, c.place, y, 1, TUI_DIM, "0");
	if (width >= 48)
		tui_canvas_text(canvas, c.place + width / 2 - 15, y, 30, TUI_DIM,
				"WHERE IN THE TRACE, █ THE WORST");
	else if (width >= 38)
		tui_canvas_text(canvas, c.place + width / 2 - 9, y, 18, TUI_DIM,
				"WHERE, █ THE WORST");
	else if (width >= 26)
		tui_canvas_text(canvas, c.place + width / 2 - 4, y, 7, TUI_DIM, "█ WORST");
	tui_unit_right(canvas, c.place + width, y, 10, TUI_DIM, length);
}

static void draw_figures(struct tui_canvas *canvas, const struct tui_scene *scene,
			 const struct gtv_finding *it, int y, int x)
{
	struct columns c = columns_of(canvas->cols);
	char lost[TUI_FIGURE] = "-", count[TUI_FIGURE], at[TUI_FIGURE];
	int end = canvas->cols - 1;
	tui_format_count(count, sizeof(count), it->times);
	tui_format_time(at, sizeof(at), (int64_t)(it->from_ns - scene->nav->first_ns),
			100000);
	if (it->lost_ns)
		tui_format_length(lost, sizeof(lost), it->lost_ns);
	if (c.times) {
		tui_unit_right(canvas, c.times, y, c.times - x, TUI_TEXT, count);
		tui_unit_right(canvas, c.lost, y, 10, it->lost_ns ? TUI_BOLD : TUI_DIM,
			       lost);
		tui_unit_right(canvas, c.at, y, 11, TUI_TEXT, at);
		return;
	}
	tui_sayf(canvas, &x, y, end, TUI_DIM, "  %s×", count);
	if (it->lost_ns)
		tui_sayf(canvas, &x, y, end, TUI_TEXT, "  %s lost", lost);
	tui_sayf(canvas, &x, y, end, TUI_DIM, "  at %s s", at);
}

static void draw_head(struct tui_canvas *canvas, const struct tui_scene *scene,
		      const struct gtv_finding *it, int y, int chosen)
{
	struct columns c = columns_of(canvas->cols);
	int end = c.times ? c.times - 1 : canvas->cols - 1, x = 3;
	tui_say(canvas, &x, y, end, severity_role[it->severity],
		it->severity == GTV_SEV_NOTE ? "· " : "! ");
	tui_say(canvas, &x, y, end, TUI_BOLD, gtv_finding_title(it->kind));
	tui_sayf(canvas, &x, y, end, severity_role[it->severity], "  %s",
		 gtv_severity_name(it->severity));
	draw_figures(canvas, scene, it, y, x);
	if (c.place)
		draw_place(canvas, scene->findings, it, c.place, y,
			   canvas->cols - 1 - c.place);
	if (!chosen)
		return;
	tui_threads_mark(canvas, y, 0, c.place ? c.place : canvas->cols);
	tui_threads_point(canvas, y);
}

/* What has no room before `end` is left out. */
static void draw_one(struct tui_canvas *canvas, const struct tui_scene *scene, size_t i,
		     int y, int end)
{
	const struct gtv_finding *it = &scene->findings->list[i];
	int chosen = i == scene->findings->chosen, width = width_of(canvas);
	draw_head(canvas, scene, it, y++, chosen);
	y += wrapped(canvas, scene, y, width, TUI_TEXT, it->text,
		     end - y < TEXT_LINES ? end - y : TEXT_LINES);
	if (chosen)
		wrapped(canvas, scene, y, width, TUI_DIM, it->advice,
			end - y < TEXT_LINES ? end - y : TEXT_LINES);
}

/* ---- the page ---- */

/* The first shown, so that the chosen one is seen whole. */
static size_t first_shown(const struct tui_canvas *canvas, const struct tui_findings *f,
			  int room)
{
	size_t first = f->chosen;
	int used = f->count ? height(canvas, &f->list[f->chosen], 1) : 0;
	while (first > 0) {
		used += height(canvas, &f->list[first - 1], 0);
		if (used > room)
			break;
		first--;
	}
	return first;
}

static void draw_list(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      int end)
{
	const struct tui_findings *f = scene->findings;
	int whole = 0;
	for (size_t i = 0; i < f->count; i++)
		whole += height(canvas, &f->list[i], i == f->chosen);
	/* The line that says how many more there are. */
	int more = whole - 1 > end - y && end - y > 2;
	end -= more;
	size_t i = first_shown(canvas, f, end - y);
	for (; i < f->count && y < end; i++) {
		int rows = height(canvas, &f->list[i], i == f->chosen);
		if (y + rows - 1 > end && i != f->chosen)
			break;
		draw_one(canvas, scene, i, y, end);
		tui_spot(scene->spots, TUI_SPOT_ROW, 0, y, canvas->cols, rows - 1, i);
		y += rows;
	}
	end += more;
	if (more && i < f->count)
		tui_canvas_textf(canvas, canvas->cols - 12, end - 1, 11, TUI_DIM,
				 "+%zu more", f->count - i);
}

/* The rules that found nothing, one after the other, wrapped; drawn if canvas is not
 * NULL. Returns the lines. */
static int draw_rules(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      int width)
{
	static const struct {
		enum gtv_verdict verdict;
		const char *head;
		int role;
	} part[] = {{GTV_RULE_FINE, "+ checked, and fine: ", TUI_GOOD},
		    {GTV_RULE_CANNOT, "? cannot tell: ", TUI_WARN},
		    {GTV_RULE_NOTHING, "  nothing to check: ", TUI_DIM}};
	const struct tui_findings *f = scene->findings;
	int lines = 0;
	for (size_t p = 0; p < sizeof(part) / sizeof(*part); p++) {
		char text[1600];
		size_t used = 0;
		for (unsigned k = 0; k < GTV_FIND_MAX; k++) {
			int why = *f->rule[k].why != 0;
			if (f->rule[k].verdict != part[p].verdict)
				continue;
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "%s%s%s%s%s", used ? ", " : part[p].head,
						 gtv_finding_title(k), why ? " (" : "",
						 f->rule[k].why, why ? ")" : "");
		}
		if (!used)
			continue;
		int first = y + lines;
		lines += wrapped(canvas, scene, first, width,
				 part[p].verdict == GTV_RULE_NOTHING ? TUI_DIM : TUI_TEXT,
				 text, 4);
		if (canvas)
			tui_canvas_text(canvas, TEXT_X, first, width, part[p].role,
					part[p].head);
	}
	return lines;
}

static void draw_summary(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	const struct tui_findings *f = scene->findings;
	char length[TUI_FIGURE];
	int x = 1, end = canvas->cols - 1;
	tui_format_length(length, sizeof(length), f->upto_ns - f->from_ns);
	if (f->all)
		tui_sayf(canvas, &x, y, end, TUI_BOLD, "%zu finding%s", f->all,
			 f->all == 1 ? "" : "s");
	else
		tui_say(canvas, &x, y, end, TUI_GOOD, "no findings");
	if (f->hidden)
		tui_sayf(canvas, &x, y, end, TUI_WARN, ", %zu ignored (I shows them)",
			 f->hidden);
	tui_say(canvas, &x, y, end, TUI_DIM, f->all ? "  worst first; " : "  ");
	if (f->range.kind)
		tui_chrome_range(canvas, &x, y, end, &f->range, scene->nav->first_ns,
				 f->upto_ns);
	else
		tui_sayf(canvas, &x, y, end, TUI_DIM, "%s of the trace", length);
	if (scene->facts->lost)
		tui_say(canvas, &x, y, end, TUI_WARN, ", with losses");
	if (!f->done)
		tui_say(canvas, &x, y, end, TUI_WARN, "  looking on…");
}

static int draw(struct tui_canvas *canvas, const struct tui_scene *scene)
{
	static const char *const hints[] = {"j/k",   "choose",
					    "Enter", "go to the evidence",
					    "i",     "ignore this kind",
					    "y",     "copy as text",
					    "r",     "range",
					    "Esc",   "back",
					    "?",     "help",
					    NULL};
	const struct tui_findings *f = scene->findings;
	int tall = canvas->rows >= 8, top = tall ? 1 : 0, end;
	if (tui_chrome_too_small(canvas, TUI_CHROME_COLS, 1))
		return 0;
	if (tall) {
		tui_chrome_title(canvas, scene, 0, TUI_ACT_FINDINGS, "findings");
		tui_chrome_status_list(canvas, scene, canvas->rows - 2);
		tui_chrome_hints(canvas, scene, canvas->rows - 1, hints);
	}
	if (!f || !f->list) {
		tui_canvas_text(canvas, 1, top, canvas->cols - 2, TUI_DIM,
				"nothing was looked at yet");
		return 0;
	}
	end = canvas->rows - (tall ? 2 : 0);
	draw_summary(canvas, scene, top);
	int spaced = canvas->rows >= 34 && f->count;
	int rules = canvas->rows >= 16 ? draw_rules(NULL, scene, 0, width_of(canvas)) : 0;
	if (rules && end - rules - 1 > top + 6) {
		end -= rules + 1;
		tui_chrome_rule(canvas, end, "what found nothing");
		draw_rules(canvas, scene, end + 1, width_of(canvas));
	}
	if (canvas->rows >= 16 && f->count)
		draw_columns(canvas, scene, top + 1 + spaced);
	if (spaced)
		tui_chrome_rule(canvas, top + 3, "");
	draw_list(canvas, scene, top + 2 + 2 * spaced, end);
	return 0;
}

const struct tui_view_ops tui_view_findings = {
	.id = TUI_VIEW_FINDINGS,
	.place = TUI_IN_LIST,
	.name = "findings",
	.summary = "what gtviz noticed by itself, worst first",
	.draw = draw,
};
