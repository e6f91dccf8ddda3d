/* SPDX-License-Identifier: MIT
 *
 * The panes of the latency view and of the system calls: what their keys do.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/view/histogram.h"
#include "tui/trace/latency.h"

void act_LATENCY(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_LATENCY);
}

void act_CALLS(struct tui_app *app)
{
	tui_app_view(app, TUI_VIEW_CALLS);
}

/* All that is counted is: of each list and table, and of the load. */
void act_RANGE(struct tui_app *app)
{
	tui_app_say(app, "lists and tables count %s",
		    tui_range_next(&app->trace.nav, app->trace.scope));
}

void act_SORT(struct tui_app *app)
{
	tui_app_say(app, "there is no table to sort here");
}

void act_LOG_BARS(struct tui_app *app)
{
	tui_app_say(app, "there are no bars here");
}

static void show(struct tui_app *app, const struct gtv_case *c, int mid)
{
	int rc = tui_latency_show(&app->trace, c, mid);

	app->view = TUI_VIEW_TIMELINE;
	tui_app_tell(app, rc, "");
}

/* ---- latency ---- */

static void choose_kind(struct tui_app *app, int dir)
{
	struct tui_latency *lat = app->trace.latency;
	unsigned kind[GTV_LAT_MAX];
	int count = tui_latency_kinds(lat, kind), at = 0;

	if (!count || lat->listing)
		return;
	while (at < count - 1 && (int)kind[at] != tui_latency_chosen(lat))
		at++;
	at += dir;
	if (at < 0 || at >= count)
		tui_app_say(app, dir < 0 ? "this is the first" : "this is the last");
	else
		lat->kind = kind[at];
}

static void choose_bucket(struct tui_app *app, int dir)
{
	struct tui_latency *lat = app->trace.latency;
	int kind = lat ? tui_latency_chosen(lat) : -1;
	const struct gtv_histogram *h =
		kind < 0 ? NULL : gtv_latency_histogram(lat->data, (unsigned)kind);
	int bucket = h ? tui_histogram_chosen(h, lat->bucket[kind]) : -1;
	unsigned first, last;

	if (bucket < 0 || gtv_histogram_range(h, &first, &last))
		return;
	if (bucket + dir < (int)first || bucket + dir > (int)last)
		tui_app_say(app, dir < 0 ? "none is shorter" : "none is longer");
	else
		lat->bucket[kind] = bucket + dir;
}

static void choose_case(struct tui_app *app, int dir)
{
	struct tui_latency *lat = app->trace.latency;
	struct gtv_case worst[GTV_HISTOGRAM_CASES];
	size_t count = tui_latency_cases(lat, worst, GTV_HISTOGRAM_CASES);

	if (dir < 0 ? lat->row == 0 : lat->row + 1 >= count)
		tui_app_say(app, dir < 0 ? "this is the longest" : "this is the last kept");
	else
		lat->row += dir < 0 ? (size_t)-1 : 1;
}

static void choose(struct tui_app *app, int dir)
{
	struct tui_latency *lat = app->trace.latency;

	if (lat && lat->listing)
		choose_case(app, dir);
	else
		choose_bucket(app, dir);
}

/* The row-th worst of the bucket, in the timeline. */
static void show_case(struct tui_app *app, size_t row)
{
	struct tui_latency *lat = app->trace.latency;
	struct gtv_case worst[GTV_HISTOGRAM_CASES];
	size_t count = lat ? tui_latency_cases(lat, worst, GTV_HISTOGRAM_CASES) : 0;

	if (!count)
		tui_app_say(app, "the bucket is empty");
	else
		show(app, &worst[row < count ? row : count - 1],
		     tui_latency_chosen(lat) == GTV_LAT_CALL);
}

static void enter(struct tui_app *app)
{
	struct tui_latency *lat = app->trace.latency;
	struct gtv_case one;

	if (lat && lat->listing) {
		show_case(app, lat->row);
	} else if (lat && tui_latency_cases(lat, &one, 1)) {
		lat->listing = 1;
		lat->row = 0;
	} else {
		tui_app_say(app, "the bucket is empty");
	}
}

int tui_latency_key(struct tui_app *app, enum tui_action action)
{
	struct tui_latency *lat = app->trace.latency;

	switch (action) {
	case TUI_ACT_CURSOR_LEFT:
	case TUI_ACT_PAN_LEFT:
		choose_kind(app, -1);
		return 1;
	case TUI_ACT_CURSOR_RIGHT:
	case TUI_ACT_PAN_RIGHT:
		choose_kind(app, 1);
		return 1;
	case TUI_ACT_ROW_DOWN:
		choose(app, 1);
		return 1;
	case TUI_ACT_ROW_UP:
		choose(app, -1);
		return 1;
	case TUI_ACT_EXPLAIN:
		enter(app);
		return 1;
	case TUI_ACT_FIT:
		show_case(app, 0);
		return 1;
	case TUI_ACT_LOG_BARS:
		if (lat)
			lat->log = !lat->log;
		return 1;
	case TUI_ACT_BACK:
		if (!lat || !lat->listing)
			return 0;
		lat->listing = 0;
		return 1;
	default:
		return 0;
	}
}

/* ---- system calls ---- */

static void choose_call(struct tui_app *app, int dir)
{
	struct tui_calls *calls = app->trace.calls;

	if (!calls || (dir < 0 ? calls->chosen == 0 : calls->chosen + 1 >= calls->count))
		tui_app_say(app,
			    dir < 0 ? "this is the first call" : "this is the last call");
	else
		calls->chosen += dir < 0 ? (size_t)-1 : 1;
}

static void show_call(struct tui_app *app)
{
	const struct tui_calls *calls = app->trace.calls;
	struct gtv_case worst;

	/* Keys may come before the rows are made of what was counted anew. */
	if (!calls || calls->chosen >= calls->count || !app->trace.latency ||
	    calls->generation != app->trace.latency->generation ||
	    !gtv_histogram_worst(calls->row[calls->chosen].histogram, GTV_HISTOGRAM_ALL,
				 &worst, 1))
		tui_app_say(app, "there is no call to go to");
	else
		show(app, &worst, calls->row[calls->chosen].source == GTV_CALL_TIMED);
}

int tui_calls_key(struct tui_app *app, enum tui_action action)
{
	switch (action) {
	case TUI_ACT_ROW_DOWN:
		choose_call(app, 1);
		return 1;
	case TUI_ACT_ROW_UP:
		choose_call(app, -1);
		return 1;
	case TUI_ACT_EXPLAIN:
	case TUI_ACT_FIT:
		show_call(app);
		return 1;
	case TUI_ACT_SORT:
		tui_calls_order(&app->trace, 1);
		if (app->trace.calls)
			tui_app_say(app, "sorted by %s",
				    tui_calls_sort_name(app->trace.calls->sort));
		return 1;
	default:
		return 0;
	}
}
