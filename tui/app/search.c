/* SPDX-License-Identifier: MIT */
#include "tui/app/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app/app.h"
#include "tui/canvas/format.h"
#include "tui/scene/ident.h"
#include "tui/scene/named.h"
#include "tui/trace/asking.h"
#include "tui/trace/events.h"
#include "tui/trace/select.h"
#include "tui/trace/pick.h"
#include "tui/trace/span.h"

#define LANES_MAX  4096
#define AT_ONCE_NS 4000000u /* a search may hold up a key for so long */

struct tui_search {
	char text[TUI_FILTER_WORD];
	struct gtv_lane *lane;
	size_t lanes, at; /* at: the one shown, lanes: none yet */
	struct tui_pick pick;
	struct tui_scan scan;
	int has_scan, running, dir, wrapped;
	struct gtv_lane wanted; /* whose next event is sought, kind 0: any lane's */
	uint64_t origin_ns;	/* where it began: once around is enough */
	uint64_t found_ns;	/* where the last one was, and the scan stands behind it */
};

/* ---- lanes ---- */

/* A single word that names lanes: a phrase, blanks and all. */
static void term_of(const char *text, struct tui_filter *one)
{
	char quoted[TUI_FILTER_WORD + 2];

	snprintf(quoted, sizeof(quoted), "\"%.*s\"", TUI_FILTER_WORD - 2, text);
	for (char *p = quoted + 1; *p; p++)
		if (*p == '"' && p[1])
			*p = '?';
	if (tui_filter_parse(one, quoted, NULL))
		memset(one, 0, sizeof(*one));
}

static const enum gtv_lane_kind kinds[] = {GTV_LANE_GT, GTV_LANE_LOCK, GTV_LANE_THREAD};

/* Lanes whose names fit, in the order of classes; at most max, which are kept. */
static size_t find_lanes(const struct tui_trace *t, const char *text, struct gtv_lane *out,
			 size_t max)
{
	struct tui_filter one;
	size_t found = 0;

	term_of(text, &one);
	if (!one.count)
		return 0;
	if (one.term[0].lane.kind == GTV_LANE_CORE) {
		out[0] = one.term[0].lane;
		return one.term[0].lane.id < (uint32_t)t->facts.cores;
	}
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		found += tui_named(&one.term[0], t->names, kinds[k], out + found,
				   max - found);
	return found;
}

int tui_search_lane(const struct tui_trace *t, const char *text, struct gtv_lane *out)
{
	struct tui_filter one;

	term_of(text, &one);
	/* By its whole name before by a part of it; numbers are whole names. */
	if (one.count && !one.term[0].lane.kind && one.term[0].worker < 0 &&
	    !tui_trace_lane(t, text, out))
		return 0;
	return find_lanes(t, text, out, 1) ? 0 : -GTV_ENOTFOUND;
}

/* ---- in time ---- */

static void free_pick(struct tui_search *s)
{
	tui_pick_fini(&s->pick);
	if (s->has_scan)
		tui_scan_fini(&s->scan);
	s->has_scan = s->running = 0;
}

void tui_search_free(struct tui_search *s)
{
	if (!s)
		return;
	free_pick(s);
	free(s->lane);
	free(s);
}

static struct tui_search *renew(struct tui_app *app, const char *text)
{
	struct tui_search *s = calloc(1, sizeof(*s));

	tui_search_free(app->search);
	app->search = s;
	if (!s) {
		tui_app_say(app, "out of memory");
		return NULL;
	}
	snprintf(s->text, sizeof(s->text), "%s", text);
	s->found_ns = UINT64_MAX;
	return s;
}

/* From the cursor; on from the last one found if nobody moved since. */
static int start_scan(struct tui_app *app, int dir)
{
	struct tui_search *s = app->search;
	const struct tui_nav *nav = &app->trace.nav;

	if (!s->has_scan && tui_scan_init(&s->scan, app->trace.store, nav->cursor_ns)) {
		tui_app_say(app, "out of memory");
		return -GTV_ENOMEM;
	}
	if (!s->has_scan || s->found_ns != nav->cursor_ns)
		tui_scan_seek(&s->scan, nav->cursor_ns);
	else if (dir != s->dir && dir > 0)
		s->scan.idx++; /* over the one that is shown */
	s->has_scan = s->running = 1;
	s->wrapped = 0;
	s->dir = dir;
	s->origin_ns = nav->cursor_ns;
	return 0;
}

/* Whose lane it is best seen on, and what it does there. */
static void show_event(struct tui_app *app, const struct gtv_ev *ev)
{
	struct tui_search *s = app->search;
	struct tui_trace *t = &app->trace;
	struct gtv_lane lane = s->wanted;

	if (!lane.kind && ev->gt && ev->kind != GTV_EV_LOSS)
		lane = (struct gtv_lane){GTV_LANE_GT, ev->gt};
	else if (!lane.kind && ev->tid)
		lane = (struct gtv_lane){GTV_LANE_THREAD, ev->tid};
	if (lane.kind)
		(void)tui_span_select(t, lane, ev->ts_ns);
	tui_nav_jump(&t->nav, ev->ts_ns);
	tui_span_stay(t);
	s->found_ns = t->nav.cursor_ns;
}

static void say_event(struct tui_app *app, const struct gtv_ev *ev)
{
	char time[TUI_FIGURE], text[GTV_TEXT_CHUNK + 1] = "", safe[4 * GTV_TEXT_CHUNK + 1];
	const struct tui_search *s = app->search;
	const char *name = gtv_event_name(ev->kind);
	int own = ev->kind == GTV_EV_MARK || ev->kind == GTV_EV_REGION_BEGIN ||
		  ev->kind == GTV_EV_REGION_END;

	if (own) {
		memcpy(text, &ev->obj, sizeof(ev->obj));
		memcpy(text + 4, &ev->seq, sizeof(ev->seq));
		memcpy(text + 8, &ev->arg, sizeof(ev->arg));
	}
	tui_format_time(time, sizeof(time), (int64_t)(ev->ts_ns - app->trace.start_ns),
			1000);
	tui_app_say(app, "%s%s%s at %s s%s", name ? name : "event", own ? " " : "",
		    gtv_names_escape(text, safe, sizeof(safe)), time,
		    s->wrapped ? (s->dir > 0 ? ", from the beginning again"
					     : ", from the end again")
			       : "");
}

static void found(struct tui_app *app, const struct gtv_ev *ev, size_t block, uint32_t idx)
{
	struct tui_search *s = app->search;
	char label[TUI_LABEL], time[TUI_FIGURE];

	s->running = 0;
	show_event(app, ev);
	tui_trace_place_event(&app->trace, block, idx);
	if (!s->wanted.kind) {
		say_event(app, ev);
		return;
	}
	tui_format_time(time, sizeof(time), (int64_t)(ev->ts_ns - app->trace.start_ns),
			1000);
	tui_app_say(app, "%s is seen at %s s",
		    tui_ident_label(app->trace.names, s->wanted, label, sizeof(label)),
		    time);
}

/* At an end of the trace: once around, from the other one. 0: that was done. */
static int wrap(struct tui_search *s)
{
	if (s->wrapped)
		return 0;
	s->wrapped = 1;
	tui_scan_seek(&s->scan, s->dir > 0 ? 0 : UINT64_MAX);
	return 1;
}

static int is_around(const struct tui_search *s)
{
	uint64_t at_ns = s->scan.count > 0 ? s->scan.evs[0].ts_ns : 0;

	return s->wrapped && (s->dir > 0 ? at_ns > s->origin_ns : at_ns < s->origin_ns);
}

/* How much of the way around it has gone. */
static int percent_of(const struct tui_search *s, const struct tui_nav *nav)
{
	double range = (double)(nav->last_ns - nav->first_ns), at = 0;
	double now = (double)(s->scan.count > 0 ? s->scan.evs[0].ts_ns : s->origin_ns);

	at = s->dir > 0 ? now - (double)s->origin_ns : (double)s->origin_ns - now;
	if (s->wrapped)
		at += range;
	return range <= 0 || at <= 0 ? 0 : at >= range ? 100 : (int)(at * 100 / range);
}

void tui_search_go(struct tui_app *app, uint64_t budget_ns)
{
	struct tui_search *s = app->search;
	uint64_t began_ns = tui_app_now_ns();
	char time[TUI_FIGURE];
	struct gtv_ev ev;
	size_t block;
	uint32_t idx;

	while (s->running) {
		enum tui_scanned rc =
			tui_scan_step(&s->scan, &s->pick, s->dir, &ev, &block, &idx);
		/* Once around, it is the one that is shown already, or none. */
		int over = rc == TUI_SCAN_END ? !wrap(s) : is_around(s);

		if (rc == TUI_SCAN_FOUND && !over) {
			found(app, &ev, block, idx);
		} else if (over) {
			s->running = 0;
			tui_app_say(app,
				    s->found_ns == UINT64_MAX
					    ? "%s: no lane, mark or event of this trace"
					    : "%s: nothing more of it in this trace",
				    s->text);
		} else if (tui_app_now_ns() - began_ns >= budget_ns) {
			tui_format_time(
				time, sizeof(time),
				(int64_t)(s->scan.evs[0].ts_ns - app->trace.start_ns),
				100000000);
			tui_app_say(app, "searching, at %s s, %d%%; any key stops it", time,
				    percent_of(s, &app->trace.nav));
			return;
		}
	}
}

int tui_search_runs(const struct tui_app *app)
{
	return app->search && app->search->running;
}

void tui_search_stop(struct tui_app *app)
{
	if (app->search)
		app->search->running = 0;
}

/* ---- going ---- */

/* The lane is not alive here: to its next event, or the first one there is. */
static void go_to_next_event(struct tui_app *app, struct gtv_lane lane)
{
	struct tui_trace *t = &app->trace;
	struct tui_filter one = {.count = 1};
	struct tui_search *s;
	char label[TUI_LABEL];

	s = app->search ? app->search
			: renew(app, tui_ident_label(t->names, lane, label, sizeof(label)));
	if (!s)
		return;
	free_pick(s);
	s->wanted = lane;
	one.term[0] = (struct tui_filter_term){
		.key = TUI_FILTER_NAME, .lane = lane, .worker = -1};
	snprintf(one.term[0].word, sizeof(one.term[0].word), "C%u", lane.id);
	if (tui_pick_init(&s->pick, &one, t->names) || start_scan(app, 1))
		return;
	tui_search_go(app, AT_ONCE_NS);
}

void tui_search_seen(struct tui_app *app, int rc)
{
	if (rc == -GTV_ENOTFOUND)
		go_to_next_event(app, app->trace.nav.selected);
	else
		tui_app_tell(app, rc, "");
}

void tui_search_go_lane(struct tui_app *app, struct gtv_lane lane)
{
	tui_nav_choose(&app->trace.nav, lane);
	app->why.for_search = 1;
	int rc = tui_ask_span(&app->trace, lane, app->trace.nav.cursor_ns, 0);

	if (rc != TUI_ASKED_LATER)
		tui_search_seen(app, rc);
}

/* Views that show neither time nor lanes give way to the timeline. */
static void to_timeline(struct tui_app *app)
{
	if (app->view != TUI_VIEW_EVENTS)
		app->view = TUI_VIEW_TIMELINE;
}

static void next_lane(struct tui_app *app, int dir)
{
	struct tui_search *s = app->search;
	char label[TUI_LABEL];

	if (s->at == s->lanes)
		s->at = dir > 0 ? 0 : s->lanes - 1;
	else
		s->at = (s->at + (dir > 0 ? 1 : s->lanes - 1)) % s->lanes;
	to_timeline(app);
	tui_app_say(app, "%s: %zu of %zu%s",
		    tui_ident_label(app->trace.names, s->lane[s->at], label, sizeof(label)),
		    s->at + 1, s->lanes, s->lanes == LANES_MAX ? " or more" : "");
	tui_search_go_lane(app, s->lane[s->at]);
}

void tui_search_next(struct tui_app *app, int dir)
{
	struct tui_search *s = app->search;

	if (!s || !s->text[0]) {
		tui_app_say(app, "nothing was searched for yet: / does");
	} else if (s->lanes) {
		next_lane(app, dir);
	} else if (s->pick.count && !start_scan(app, dir)) {
		to_timeline(app);
		tui_search_go(app, AT_ONCE_NS);
	}
}

/* The words of a search as a filter of events: an expression if it has a key or a !, else
 * the phrase. */
static int parse(struct tui_app *app, const char *text, struct tui_filter *filter)
{
	struct gtv_err err;
	int plain = 1;

	if (tui_filter_parse(filter, text, &err)) {
		tui_app_say(app, "%s: %s (%s)", err.what, err.why, err.mend);
		return -1;
	}
	for (int i = 0; i < filter->count; i++)
		plain &= filter->term[i].key == TUI_FILTER_NAME && !filter->term[i].negate;
	if (plain)
		term_of(text, filter);
	return plain;
}

static void search_events(struct tui_app *app, const struct tui_filter *filter)
{
	struct tui_search *s = app->search;

	if (tui_pick_init(&s->pick, filter, app->trace.names))
		tui_app_say(app, "out of memory");
	else
		tui_search_next(app, 1);
}

void tui_search_begin(struct tui_app *app, const char *text)
{
	struct tui_filter filter;
	struct tui_search *s = renew(app, text);

	app->hits_on = 0;
	int plain = s && *text ? parse(app, text, &filter) : -1;

	if (plain < 0) {
		if (s)
			s->text[0] = '\0';
		return;
	}
	/* In the list of events, events are meant. */
	if (plain && app->view != TUI_VIEW_EVENTS) {
		s->lane = calloc(LANES_MAX, sizeof(*s->lane));
		if (s->lane)
			s->lanes = find_lanes(&app->trace, text, s->lane, LANES_MAX);
		s->at = s->lanes;
	}
	if (s->lanes)
		tui_search_next(app, 1);
	else
		search_events(app, &filter);
}

void tui_search_mark(struct tui_app *app, const char *text)
{
	struct tui_filter filter = {.count = 2};
	struct tui_search *s = renew(app, *text ? text : "mark");

	if (!s)
		return;
	filter.term[0] = (struct tui_filter_term){.key = TUI_FILTER_KIND, .worker = -1};
	snprintf(filter.term[0].word, sizeof(filter.term[0].word), "mark,region_*");
	filter.term[1] = (struct tui_filter_term){.key = TUI_FILTER_NAME, .worker = -1};
	snprintf(filter.term[1].word, sizeof(filter.term[1].word), "%.*s",
		 TUI_FILTER_WORD - 1, *text ? text : "*");
	search_events(app, &filter);
}
