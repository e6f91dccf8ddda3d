/* SPDX-License-Identifier: MIT
 *
 * The worst finding, named on the timeline with the key that lists all. It has no row of
 * its own: it stands on a rule that is there anyway, in one sentence where the rule is
 * free, else in a few words at the right end of one that has room.
 */
#include <stdio.h>
#include <string.h>

#include "tui/canvas/format.h"
#include "tui/scene/findings.h"
#include "tui/view/chrome.h"
#include "tui/view/timeline.h"

#define LONG_LEAST 40 /* columns of a sentence */

/* On the timeline red is for the kernel's taking a core. */
static const int severity_role[GTV_SEV_MAX] = {TUI_DIM, TUI_WARN, TUI_WARN};

/* From which column on a row is an empty rule, to its end; its end if it is none. */
static int free_from(const struct tui_timeline *tl, int y, int end)
{
	int x = end;

	for (; x > 0; x--) {
		const struct tui_cell *cell = tui_canvas_at(tl->canvas, x - 1, y);

		if (!cell || cell->glyph != 0x2500)
			break;
	}
	return x;
}

static int columns_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Cut at a blank, and seen to be. */
static void cut(char *text, int columns)
{
	size_t at = 0, blank = 0;
	int n = 0;

	if (columns_of(text) <= columns)
		return;
	for (; text[at] && n < columns; at++) {
		if (text[at] == ' ')
			blank = at;
		n += ((unsigned char)text[at + 1] & 0xc0) != 0x80;
	}
	while (blank > 0 && strchr(",;:", text[blank - 1]))
		blank--;
	snprintf(text + blank, 4, "…");
}

/* " [7] all 3 " */
static int tail_width(const char *key, const char *words)
{
	return (key[0] ? (int)strlen(key) + 3 : 0) + (int)strlen(words) + 2;
}

static void say_tail(struct tui_timeline *tl, int x, int y, const char *key,
		     const char *words)
{
	int end = tl->cols;

	tui_say(tl->canvas, &x, y, end, TUI_DIM, " ");
	if (key[0])
		tui_say_key(tl->canvas, &x, y, end, key);
	tui_sayf(tl->canvas, &x, y, end, TUI_DIM, "%s ", words);
}

static void say_title(struct tui_timeline *tl, int *x, int y, int end,
		      const struct gtv_finding *it)
{
	int role = severity_role[it->severity < GTV_SEV_MAX ? it->severity : 0];

	tui_say(tl->canvas, x, y, end, role, it->severity == GTV_SEV_NOTE ? " · " : " ! ");
	tui_say(tl->canvas, x, y, end, role == TUI_DIM ? TUI_BOLD : role,
		gtv_finding_title(it->kind));
}

static int say_long(struct tui_timeline *tl, int y, const char *key)
{
	const struct tui_findings *f = tl->scene->findings;
	char text[sizeof(f->list->text) + 4], words[32] = "";
	int x = 1, end;

	if (f->count > 1)
		snprintf(words, sizeof(words), " all %zu", f->count);
	end = tl->cols - 1 - tail_width(key, words);
	if (end < LONG_LEAST || free_from(tl, y, tl->cols) > 0)
		return 0;
	say_title(tl, &x, y, end, f->list);
	snprintf(text, sizeof(text), ": %s", f->list->text);
	cut(text, end - x - 2);
	tui_say_rich(tl->canvas, &x, y, end, TUI_TEXT, tl->scene->names, text);
	tui_canvas_put(tl->canvas, x, y, ' ', TUI_DIM, TUI_DEFAULT);
	say_tail(tl, end, y, key, words);
	return 1;
}

static int say_short(struct tui_timeline *tl, int y, const char *key)
{
	const struct gtv_finding *it = tl->scene->findings->list;
	char lost[TUI_FIGURE + 8] = "", length[TUI_FIGURE];
	int end = tl->cols - tl->side - 1, width, x;

	if (it->lost_ns)
		snprintf(lost, sizeof(lost), ", %s lost",
			 tui_format_length(length, sizeof(length), it->lost_ns));
	width = 3 + columns_of(gtv_finding_title(it->kind)) + columns_of(lost) +
		tail_width(key, "");
	x = end - width;
	if (x < 1 || free_from(tl, y, end + 1) > x - 2)
		return 0;
	say_title(tl, &x, y, end, it);
	tui_say(tl->canvas, &x, y, end, TUI_TEXT, lost);
	say_tail(tl, x, y, key, "");
	return 1;
}

void tui_tl_headline(struct tui_timeline *tl)
{
	const struct tui_findings *f = tl->scene->findings;
	int below = tl->y_panel + tl->panel_rows - 1;
	char key[16];

	if (!f || !f->list || !f->count || f->range.kind != TUI_RANGE_ALL)
		return;
	tui_chrome_key(tl->scene, TUI_ACT_FINDINGS, key, sizeof(key));
	if (tl->panel_rows > 2 && say_long(tl, below, key))
		return;
	if (tl->panel_rows > 1 && say_short(tl, tl->y_panel, key))
		return;
	for (int i = tl->rule_count - 1; i >= 0; i--)
		if (say_short(tl, tl->rule[i].y, key))
			return;
}
