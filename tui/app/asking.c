/* SPDX-License-Identifier: MIT
 *
 * The keys that ask for spans: the next one, who caused it or what it caused, and why. What
 * is not known in a moment is answered by a later frame (trace/asking.h), unless something
 * else was selected since.
 */
#include "tui/app/app.h"

#include "tui/app/prompt.h"
#include "tui/app/search.h"
#include "tui/trace/asking.h"
#include "tui/trace/select.h"
#include "tui/trace/span.h"

static struct tui_nav *nav_of(struct tui_app *app)
{
	return &app->trace.nav;
}

/* ---- spans ---- */

static void step(struct tui_app *app, int dir)
{
	int rc = tui_select_span(&app->trace, app->canvas.cols, app->canvas.rows, dir);

	app->why.for_search = 0;
	app->why.dir = dir;
	if (rc == TUI_ASKED_LATER)
		tui_app_say(app, "looking for its next span");
	else
		tui_app_tell(app, rc, dir < 0 ? "no span before" : "no span after");
}

void act_SPAN_PREV(struct tui_app *app)
{
	step(app, -1);
}

void act_SPAN_NEXT(struct tui_app *app)
{
	step(app, 1);
}

static void span_found(struct tui_app *app, int rc)
{
	if (app->why.for_search)
		tui_search_seen(app, rc);
	else
		tui_app_tell(app, rc,
			     app->why.dir < 0 ? "no span before" : "no span after");
}

/* ---- along edges ---- */

static void followed(struct tui_app *app, int rc)
{
	const struct tui_trace *t = &app->trace;

	if (rc)
		tui_app_tell(app, rc,
			     app->why.dir < 0 ? "no edge leads here"
					      : "no edge leads on from here");
	else if (t->followed.count > 1 && t->nav.span.to_ns &&
		 t->nav.span.from_ns == t->followed.to.from_ns)
		tui_app_say(app, "%u of %u from there: [ and ] again take the next",
			    t->followed.nth, t->followed.count);
}

static void follow(struct tui_app *app, int dir)
{
	app->why.dir = dir;
	int rc = tui_ask_edge(&app->trace, dir);

	if (rc == TUI_ASKED_LATER)
		tui_app_say(app, "looking where it leads");
	else
		followed(app, rc);
}

void act_EDGE_BACK(struct tui_app *app)
{
	follow(app, -1);
}

void act_EDGE_FORWARD(struct tui_app *app)
{
	follow(app, 1);
}

/* ---- why ---- */

static void explained(struct tui_app *app, int rc)
{
	if (rc) {
		if (app->view == TUI_VIEW_EXPLAIN && !app->why.deeper)
			tui_app_timeline(app);
		tui_app_tell(app, rc, "nothing to explain here");
		return;
	}
	if (app->why.deeper)
		app->asked[app->asked_count++] = app->why.of;
	app->why.deeper = 0;
	app->view = TUI_VIEW_EXPLAIN;
}

/* span NULL: the selected one. */
static void explain(struct tui_app *app, const struct gtv_span *span, int deeper)
{
	app->why.deeper = deeper;
	app->why.of = nav_of(app)->span;
	app->why.from_view = (int)app->view;
	int rc = tui_ask_why(&app->trace, span);

	if (rc == TUI_ASKED_LATER)
		tui_app_say(app, "looking for its cause");
	else
		explained(app, rc);
}

static int is_known(const struct gtv_span *span)
{
	return span->to_ns > span->from_ns;
}

static int is_same(const struct gtv_span *a, const struct gtv_span *b)
{
	return a->lane.kind == b->lane.kind && a->lane.id == b->lane.id &&
	       a->from_ns == b->from_ns;
}

/* The first cause that is another span than the explained one. */
static const struct gtv_span *next_cause(const struct tui_app *app)
{
	const struct gtv_explanation *e = &app->trace.explanation;
	const struct gtv_span *now = &app->trace.nav.span;

	for (int i = 0; i < e->causes && i < GTV_CAUSES_MAX; i++) {
		const struct gtv_span *s = &e->cause[i].span;

		if (is_known(s) && !is_same(s, now))
			return s;
	}
	return NULL;
}

/* One cause deeper; the way back is kept. */
static void explain_deeper(struct tui_app *app, const struct gtv_span *cause)
{
	struct gtv_span next;

	if (!cause || app->asked_count == TUI_APP_DEPTH) {
		tui_app_say(app, "the trace proves no deeper cause");
		return;
	}
	next = *cause;
	explain(app, &next, 1);
}

void tui_app_explain_cause(struct tui_app *app, size_t cause)
{
	const struct gtv_explanation *e = &app->trace.explanation;

	/* The first is what is explained now. */
	if (app->trace.explained && cause && cause < (size_t)e->causes)
		explain_deeper(app, is_known(&e->cause[cause].span) ? &e->cause[cause].span
								    : NULL);
}

void act_EXPLAIN(struct tui_app *app)
{
	if (app->view == TUI_VIEW_EXPLAIN) {
		explain_deeper(app, next_cause(app));
		return;
	}
	int rc = tui_select_any(&app->trace, app->canvas.cols, app->canvas.rows);

	app->asked_count = 0;
	if (rc)
		tui_app_tell(app, rc, "nothing to explain here");
	else
		explain(app, NULL, 0);
}

void tui_app_timeline(struct tui_app *app)
{
	tui_asking_drop(&app->trace);
	app->view = TUI_VIEW_TIMELINE;
	app->trace.explained = 0;
	app->asked_count = 0;
}

void act_BACK(struct tui_app *app)
{
	if (app->view == TUI_VIEW_EXPLAIN && app->asked_count)
		explain(app, &app->asked[--app->asked_count], 0);
	else if (tui_app_exports(app))
		tui_app_stop_export(app);
	else if (app->view != TUI_VIEW_TIMELINE)
		tui_app_timeline(app);
	else if (tui_asking_unread(&app->trace))
		tui_asking_drop(&app->trace);
	else
		tui_select_none(&app->trace);
}

/* What is explained is what is selected: another span, by whatever key, is asked about in
 * its turn; once, for what cannot be explained does not become so. */
static void keep_up(struct tui_app *app)
{
	const struct gtv_span *span = &nav_of(app)->span;
	const struct gtv_span *of = &app->trace.explanation.cause[0].span;

	if (app->view != TUI_VIEW_EXPLAIN || !app->trace.explained ||
	    tui_asking_unread(&app->trace) || tui_span_unread(&app->trace) ||
	    is_same(span, of) || (is_known(span) && is_same(span, &app->why.kept_up)))
		return;
	app->dirty = 1;
	app->why.kept_up = *span;
	app->asked_count = 0;
	if (is_known(span)) {
		explain(app, NULL, 0);
	} else {
		tui_app_timeline(app);
		tui_app_say(app, "nothing to explain here");
	}
}

/* ---- what is known by now ---- */

void tui_app_answered(struct tui_app *app)
{
	enum tui_asked what;
	int rc = 0;

	keep_up(app);
	what = tui_asking_take(&app->trace, &rc);
	if (!what)
		return;
	app->dirty = 1;
	/* What it looked for. */
	if (what != TUI_ASKED_SPAN || !app->why.for_search)
		app->trace.facts.message[0] = 0;
	/* Another span was selected since, or another view opened. */
	if (rc == -GTV_EUSAGE ||
	    (what == TUI_ASKED_WHY && (int)app->view != app->why.from_view))
		return;
	if (what == TUI_ASKED_WHY)
		explained(app, rc);
	else if (what == TUI_ASKED_SPAN)
		span_found(app, rc);
	else
		followed(app, rc);
}
