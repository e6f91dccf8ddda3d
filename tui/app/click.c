/* SPDX-License-Identifier: MIT
 *
 * A click on what a view has noted (scene/spots.h): it chooses rows and lines, sorts by a
 * column, and is a key where a key's name stands. Each is what keys do as well.
 */
#include "tui/app/app.h"
#include "tui/app/panes.h"
#include "tui/scene/compare.h"
#include "tui/scene/events.h"
#include "tui/scene/load.h"
#include "tui/scene/scope.h"
#include "tui/scene/spots.h"
#include "tui/trace/events.h"
#include "tui/trace/latency.h"
#include "tui/trace/load.h"
#include "tui/trace/locks.h"
#include "tui/trace/threads.h"
#include "tui/view/histogram.h"

static void choose_thread(struct tui_app *app, size_t row)
{
	struct tui_threads *s = app->trace.threads;

	if (!s || row >= s->count)
		return;
	s->line = 0;
	tui_threads_choose(s, row);
	tui_threads_keep(s);
}

static void choose_lock(struct tui_app *app, size_t row)
{
	struct tui_locks *s = app->trace.locks;

	if (!s || row >= s->count)
		return;
	s->line = 0;
	tui_trace_locks_choose(&app->trace, row);
}

static void choose_case(struct tui_app *app, size_t row)
{
	struct tui_latency *lat = app->trace.latency;

	if (!lat)
		return;
	lat->listing = 1;
	lat->row = row;
}

static void choose_core(struct tui_app *app, size_t row)
{
	struct tui_load *load = tui_load_of(&app->trace);

	if (load)
		load->chosen = row;
}

/* Rows of both sides are counted together. */
static void choose_pair(struct tui_app *app, size_t row)
{
	struct tui_compare *c = app->trace.compare;

	if (!c || row / 2 >= c->row_count)
		return;
	c->chosen = row / 2;
	c->on_b = (int)(row % 2);
}

static void choose_row(struct tui_app *app, size_t row)
{
	struct tui_trace *t = &app->trace;

	switch (app->view) {
	case TUI_VIEW_THREADS:
		choose_thread(app, row);
		break;
	case TUI_VIEW_LOCKS:
		choose_lock(app, row);
		break;
	case TUI_VIEW_LATENCY:
		choose_case(app, row);
		break;
	case TUI_VIEW_LOAD:
		choose_core(app, row);
		break;
	case TUI_VIEW_CALLS:
		if (t->calls && row < t->calls->count)
			t->calls->chosen = row;
		break;
	case TUI_VIEW_FINDINGS:
		if (row < t->findings.count)
			t->findings.chosen = row;
		break;
	case TUI_VIEW_EVENTS:
		if (t->events)
			(void)tui_trace_choose_event(t, (int)row - (int)t->events->chosen);
		break;
	case TUI_VIEW_COMPARE:
		choose_pair(app, row);
		break;
	case TUI_VIEW_EXPLAIN:
		tui_app_explain_cause(app, row);
		break;
	case TUI_VIEW_MARKS:
		if (t->scope)
			t->scope->chosen = row;
		break;
	default:
		break;
	}
}

static void choose_line(struct tui_app *app, int line)
{
	if (app->view == TUI_VIEW_THREADS && app->trace.threads) {
		app->trace.threads->line = line;
		tui_threads_keep(app->trace.threads);
	} else if (app->view == TUI_VIEW_LOCKS && app->trace.locks) {
		struct tui_locks *s = app->trace.locks;

		s->line = line;
		s->lock = s->row[s->chosen].a.id;
	}
}

/* Of the latencies: a histogram, or a bucket of one. */
static void choose_part(struct tui_app *app, unsigned long number)
{
	struct tui_latency *lat = app->trace.latency;
	int bucket = (int)(number % TUI_HISTOGRAM_PART) - 1;

	if (!lat || number / TUI_HISTOGRAM_PART >= GTV_LAT_MAX)
		return;
	lat->kind = (unsigned)(number / TUI_HISTOGRAM_PART);
	if (bucket >= 0)
		lat->bucket[lat->kind] = bucket;
}

/* The key goes to the next one. */
static unsigned before(unsigned long sort, unsigned count)
{
	return (unsigned)((sort + count - 1) % count);
}

static void sort_by(struct tui_app *app, unsigned long sort)
{
	struct tui_trace *t = &app->trace;

	if (app->view == TUI_VIEW_THREADS && t->threads)
		t->threads->sort = (uint8_t)before(sort, TUI_SORT_MAX);
	else if (app->view == TUI_VIEW_LOCKS && t->locks)
		t->locks->sort = (uint8_t)before(sort, TUI_LOCKS_BY_MAX);
	else if (app->view == TUI_VIEW_CALLS && t->calls)
		t->calls->sort = (enum tui_calls_sort)before(sort, TUI_CALLS_SORT_MAX);
	else
		return;
	(void)tui_pane_key(app, app->view, TUI_ACT_SORT);
}

void tui_app_click(struct tui_app *app, const struct tui_spot *spot, int again)
{
	app->trace.facts.message[0] = 0;
	switch (spot->kind) {
	case TUI_SPOT_ROW:
		if (again && app->view != TUI_VIEW_EXPLAIN)
			tui_app_key(app, TUI_KEY_ENTER);
		else
			choose_row(app, spot->number);
		break;
	case TUI_SPOT_LINE:
		if (again)
			tui_app_key(app, TUI_KEY_ENTER);
		else
			choose_line(app, (int)spot->number);
		break;
	case TUI_SPOT_PART:
		if (again)
			tui_app_key(app, TUI_KEY_ENTER);
		else
			choose_part(app, spot->number);
		break;
	case TUI_SPOT_SORT:
		sort_by(app, spot->number);
		break;
	case TUI_SPOT_KEY:
		tui_app_key(app, (int)spot->number);
		break;
	default:
		break;
	}
}
