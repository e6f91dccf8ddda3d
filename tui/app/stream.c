/* SPDX-License-Identifier: MIT
 *
 * What only the replay of a stream has: a trace that somebody else records, here or on
 * another machine, and whose end is not ours to bring about. The store grows in a
 * thread of its own; we look how far it is.
 */
#include "tui/app/app.h"

#include <stdio.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"

#define RATE_NS 500000000u

static void update_rate(struct tui_app *app, uint64_t events)
{
	struct tui_facts *facts = &app->trace.facts;
	uint64_t now_ns = tui_app_now_ns(), span_ns = now_ns - app->rate_ns;

	if (app->rate_ns && span_ns < RATE_NS)
		return;
	double rate = app->rate_ns
			      ? (double)(events - app->rate_events) * 1e9 / (double)span_ns
			      : 0;
	/* A rate that falls to nought is news though no event came. */
	if ((int)rate != (int)facts->events_per_s)
		app->dirty = 1;
	facts->events_per_s = rate;
	app->rate_ns = now_ns;
	app->rate_events = events;
}

static void say_end(struct tui_app *app, enum gtv_stream_state state)
{
	struct tui_facts *facts = &app->trace.facts;
	struct gtv_store_info info;

	gtv_store_get_info(app->trace.store, &info);
	if (state == GTV_STREAM_ENDED && info.exit_status != -1)
		tui_live_say_end(app, info.exit_status);
	else if (state == GTV_STREAM_ENDED)
		snprintf(facts->ended, sizeof(facts->ended), "ended; q quits");
	else
		snprintf(facts->ended, sizeof(facts->ended), "cut off; q quits");
	if (state == GTV_STREAM_CUT)
		tui_app_say(app, "the stream ended in the middle of the trace");
	else if (state == GTV_STREAM_FAILED)
		tui_app_say(app, "%s", gtv_store_error(app->trace.store)->why);
}

void tui_stream_update(struct tui_app *app)
{
	struct tui_facts *facts = &app->trace.facts;
	struct gtv_store_stats stats;

	if (facts->mode != TUI_LIVE)
		return;
	/* The state first: what it says is all there is in what is read after it. */
	enum gtv_stream_state state = gtv_store_stream(app->trace.store);

	if (tui_trace_grow(&app->trace,
			   tui_timeline_cells_at(app->canvas.cols, app->canvas.rows)))
		app->dirty = 1;
	gtv_store_get_stats(app->trace.store, &stats);
	if (stats.events != facts->events || stats.lost != facts->lost)
		app->dirty = 1;
	facts->events = stats.events;
	facts->lost = stats.lost;
	facts->bytes = stats.bytes;
	facts->lost_seen = facts->lost == app->lost_told;
	update_rate(app, stats.events);
	if (state == GTV_STREAM_GROWS)
		return;
	say_end(app, state);
	tui_live_become_ended(app);
	app->dirty = 1;
}

int tui_stream_end(const struct tui_app *app)
{
	const struct gtv_store *store = app->trace.store;
	enum gtv_stream_state state = gtv_store_stream(store);
	struct gtv_store_info info;
	uint64_t from_ns, to_ns;
	char time[48];

	if (state == GTV_STREAM_FAILED)
		return gtv_cmd_error(gtv_store_error(store));
	if (state != GTV_STREAM_CUT)
		return GTV_EXIT_GOOD;
	gtv_store_get_info(store, &info);
	if (gtv_store_range(store, &from_ns, &to_ns))
		to_ns = info.start_ns;
	fprintf(stderr, "gtviz: %s: the stream was cut: what came after %s s is missing\n",
		app->opts->file, gtv_out_time(to_ns, info.start_ns, time, sizeof(time)));
	return GTV_EXIT_GOOD;
}
