/* SPDX-License-Identifier: MIT
 *
 * How far a view is that reads the whole trace first: at the end of the line of keys, if
 * it takes longer than a blink. Keys work meanwhile; another view stops it.
 */
#include <stdio.h>
#include <string.h>

#include "tui/app/app.h"
#include "tui/trace/panes.h"
#include "tui/scene/latency.h"
#include "tui/scene/load.h"
#include "tui/scene/locks.h"
#include "tui/trace/compare.h"

#define BLINK_NS 200000000u

/* Of the whole trace, or of the range that it counts. */
static int share(const struct tui_trace *t, const struct tui_range *range, uint64_t from_ns,
		 uint64_t upto_ns)
{
	uint64_t end_ns = t->nav.last_ns;

	if (range->to_ns < end_ns)
		end_ns = range->to_ns;
	if (end_ns <= from_ns || upto_ns <= from_ns)
		return 0;
	return upto_ns >= end_ns ? 100
				 : (int)((double)(upto_ns - from_ns) * 100 /
					 (double)(end_ns - from_ns));
}

/* In percent; -1: nothing is read, or the view says so itself. */
static int percent_of(const struct tui_app *app)
{
	const struct tui_trace *t = &app->trace;
	const struct tui_locks *locks = t->locks;
	const struct tui_latency *lat = t->latency;
	const struct tui_findings *found = &t->findings;

	switch (app->view) {
	case TUI_VIEW_LOCKS:
		return locks ? share(t, &locks->range, locks->from_ns, locks->upto_ns) : 0;
	case TUI_VIEW_LATENCY:
	case TUI_VIEW_CALLS:
		return lat ? share(t, &lat->range, lat->from_ns, lat->upto_ns) : 0;
	case TUI_VIEW_FINDINGS:
		return share(t, &found->range, found->from_ns, found->upto_ns);
	case TUI_VIEW_LOAD:
		return t->load && t->load->sums.lanes
			       ? (int)(t->load->sums.summed * 100 / t->load->sums.lanes)
			       : 0;
	case TUI_VIEW_COMPARE:
		return tui_trace_compare_percent(t);
	default:
		return -1;
	}
}

void tui_app_draw_progress(struct tui_app *app, struct tui_canvas *canvas)
{
	uint64_t now_ns = tui_app_now_ns();
	int percent = percent_of(app);
	char text[40];

	if (percent < 0 || app->trace.facts.mode == TUI_LIVE || app->prompt.open ||
	    !tui_pane_unread(&app->trace, app->view)) {
		app->reading_ns = 0;
		return;
	}
	if (!app->reading_ns)
		app->reading_ns = now_ns;
	if (now_ns - app->reading_ns < BLINK_NS)
		return;
	int size = snprintf(text, sizeof(text), " reading the trace, %d%% ", percent);
	if (size < canvas->cols)
		tui_canvas_text(canvas, canvas->cols - size, canvas->rows - 1, size,
				TUI_WARN, text);
}
