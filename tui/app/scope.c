/* SPDX-License-Identifier: MIT */
#include "tui/app/scope.h"

#include <stdio.h>
#include <string.h>

#include "tui/app/kept.h"
#include "tui/app/prompt.h"
#include "tui/canvas/format.h"
#include "tui/trace/scope.h"
#include "tui/trace/span.h"

#define LIVE_NS	    8000000u	/* of a round, while a program runs that needs the cores */
#define REPLAY_NS   4000000u	/* at once, of a round that has several */
#define MARKS_NS    200000000u	/* at once, for the program's marks */
#define AGAIN_NS    1000000000u /* a hit is shown so long at least, when each is */
#define SPEED_LEAST 1

static int is_live(const struct tui_app *app)
{
	return app->trace.facts.mode == TUI_LIVE;
}

/* A moment, to the microsecond. Returns buf. */
static const char *moment(const struct tui_app *app, uint64_t ts_ns, char buf[TUI_FIGURE])
{
	return tui_format_time(buf, TUI_FIGURE, (int64_t)(ts_ns - app->trace.start_ns),
			       1000);
}

/* ---- the trigger ---- */

/* From where to look: live what comes, else what comes after the cursor. */
static void arm(struct tui_app *app, const struct tui_trigger *set, uint64_t from_ns)
{
	struct tui_nav *nav = &app->trace.nav;

	if (tui_scope_arm(&app->trace, set, is_live(app) ? nav->last_ns : from_ns)) {
		tui_app_say(app, "the trigger cannot be armed: out of memory");
		return;
	}
	if (!is_live(app)) {
		tui_app_say(app, "looking for %s", set->condition.text);
		return;
	}
	nav->paused = nav->playing = 0;
	tui_nav_end(nav, 1);
	tui_app_say(app, "armed: %s; T changes it", set->condition.text);
}

void tui_app_trigger(struct tui_app *app, const char *line)
{
	struct tui_scope *scope = tui_scope_of(&app->trace);
	struct tui_trigger set;
	struct gtv_err err = {0};
	char text[700];

	if (!scope)
		return;
	if (!line[strspn(line, " ")]) {
		tui_scope_disarm(&app->trace);
		scope->trigger = (struct tui_trigger){0};
		tui_app_say(app, "no trigger");
		return;
	}
	if (tui_trigger_parse(&set, line, &err)) {
		tui_app_say(app, "%s", gtv_err_line(&err, text, sizeof(text)));
		return;
	}
	arm(app, &set, app->trace.nav.cursor_ns);
}

/* What is asked for at first, and what was asked for last. */
static void edit(struct tui_app *app)
{
	const struct tui_scope *scope = app->trace.scope;
	char line[TUI_PROMPT_BYTES];

	snprintf(line, sizeof(line), "wait>5ms");
	if (scope && scope->trigger.condition.alts)
		tui_trigger_line(&scope->trigger, line, sizeof(line));
	tui_app_prompt_open(app, TUI_PROMPT_TRIGGER, line);
	tui_prompt_suggest(&app->prompt);
}

void act_TRIGGER(struct tui_app *app)
{
	const struct tui_scope *scope = app->trace.scope;
	const struct tui_trigger *t = scope ? &scope->trigger : NULL;

	if (!t || t->state == TUI_TRIGGER_OFF || t->state == TUI_TRIGGER_ARMED) {
		edit(app);
		return;
	}
	struct tui_trigger again = *t;

	/* After the hit that is shown; after none, from the cursor. */
	arm(app, &again,
	    t->state == TUI_TRIGGER_HIT && app->trace.nav.cursor_ns <= t->hit.ts_ns
		    ? t->hit.ts_ns + 1
		    : app->trace.nav.cursor_ns + 1);
}

void act_TRIGGER_EDIT(struct tui_app *app)
{
	edit(app);
}

/* The lane that fired, as it was at that instant. */
static void select_hit(struct tui_app *app, const struct gtv_trigger_hit *hit)
{
	struct tui_nav *nav = &app->trace.nav;
	uint64_t at_ns = hit->ts_ns > hit->from_ns ? hit->ts_ns - 1 : hit->ts_ns;

	nav->selected = hit->lane;
	memset(&nav->span, 0, sizeof(nav->span));
	(void)tui_span_read(&app->trace, hit->lane, at_ns);
}

static void show_hit(struct tui_app *app, struct tui_trigger *t)
{
	struct tui_nav *nav = &app->trace.nav;
	uint64_t lasted_ns = t->hit.ts_ns - t->hit.from_ns, pre_ns = t->pre_ns;
	char time[TUI_FIGURE];

	if (pre_ns < lasted_ns + lasted_ns / 5)
		pre_ns = lasted_ns + lasted_ns / 5;
	tui_nav_window(nav, t->hit.ts_ns > pre_ns ? t->hit.ts_ns - pre_ns : 0,
		       t->hit.ts_ns + t->post_ns);
	nav->cursor_ns = t->hit.ts_ns;
	nav->playing = 0;
	nav->paused = is_live(app);
	select_hit(app, &t->hit);
	app->view = TUI_VIEW_TIMELINE;
	tui_app_say(app, "trigger: %s, at %s s; t: %s", t->words,
		    moment(app, t->hit.ts_ns, time),
		    !is_live(app) ? t->repeat ? "the next; n and N go from hit to hit"
					      : "the next"
		    : t->repeat	  ? "edit, T: off"
				  : "again");
	t->pending = 0;
	app->hits_on = t->repeat && !is_live(app);
	if (app->hits_on)
		tui_trigger_keep(t);
	app->scope_shown_ns = tui_app_now_ns();
	if (t->repeat && is_live(app))
		tui_scope_hold(&app->trace, t->hit.ts_ns + t->post_ns + 1);
	else
		t->state = TUI_TRIGGER_HIT;
}

int tui_app_next_hit(struct tui_app *app, int dir)
{
	struct tui_trigger *t = app->trace.scope ? &app->trace.scope->trigger : NULL;

	if (!app->hits_on || !t || !t->past_count)
		return 0;
	if (t->past_at + dir < 0) {
		tui_app_say(app, "this is the first hit that was shown");
	} else if (t->past_at + dir < t->past_count) {
		t->hit = t->past[t->past_at + dir];
		gtv_trigger_say(&t->condition, &t->hit, app->trace.names, t->words,
				sizeof(t->words));
		show_hit(app, t);
	} else if (t->state == TUI_TRIGGER_NONE) {
		tui_app_say(app, "this is the last hit");
	} else if (t->state == TUI_TRIGGER_HIT) {
		struct tui_trigger again = *t;

		arm(app, &again, t->past[t->past_count - 1].ts_ns + 1);
	}
	return 1;
}

static void seek(struct tui_app *app, struct tui_trigger *t)
{
	uint64_t budget_ns = is_live(app) ? LIVE_NS : REPLAY_NS, upto_ns = t->upto_ns;
	char time[TUI_FIGURE];

	/* Each is to be seen before the next: meanwhile hits are passed over. */
	if (t->repeat && t->hits && tui_app_now_ns() - app->scope_shown_ns < AGAIN_NS) {
		tui_scope_hold(&app->trace, app->trace.nav.last_ns);
		return;
	}
	if (tui_scope_seek(&app->trace, budget_ns)) {
		t->pending = 1;
		app->dirty = 1;
	} else if (t->state == TUI_TRIGGER_NONE) {
		tui_app_say(app, "no%s hit of %s up to the end", t->hits ? " further" : "",
			    t->condition.text);
	} else if (!is_live(app) && t->upto_ns != upto_ns) {
		tui_app_say(app, "looking for %s: up to %s s", t->condition.text,
			    moment(app, t->upto_ns, time));
	}
}

void tui_app_scope_turn(struct tui_app *app)
{
	struct tui_scope *scope = app->trace.scope;

	if (!scope)
		return;
	struct tui_trigger *t = &scope->trigger;

	if (t->state == TUI_TRIGGER_ARMED && !t->pending)
		seek(app, t);
	if (t->pending &&
	    (!is_live(app) || app->trace.nav.last_ns >= t->hit.ts_ns + t->post_ns))
		show_hit(app, t);
	if (tui_scope_measure(&app->trace, is_live(app) ? LIVE_NS : REPLAY_NS))
		app->dirty = 1;
}

/* ---- marks ---- */

void tui_app_mark(struct tui_app *app, uint64_t ts_ns, const char *name)
{
	struct tui_scope *scope = tui_scope_of(&app->trace);
	char time[TUI_FIGURE];

	if (ts_ns == UINT64_MAX)
		ts_ns = app->scope_at_ns;
	/* What is still to come cannot be marked: live, a window may be wider than the run.
	 */
	if (ts_ns > app->trace.nav.last_ns)
		ts_ns = app->trace.nav.last_ns;
	const struct tui_mark *mark = scope ? tui_scope_mark(scope, ts_ns, name) : NULL;

	if (mark) {
		tui_app_say(app, "mark %s at %s s; ( and ) go to marks", mark->name,
			    moment(app, ts_ns, time));
		tui_app_keep(app);
	} else
		tui_app_say(app, "there are too many marks: X takes one away");
}

void act_MARK(struct tui_app *app)
{
	app->scope_at_ns = app->trace.nav.cursor_ns;
	tui_app_prompt_open(app, TUI_PROMPT_MARK, "");
}

void act_UNMARK(struct tui_app *app)
{
	const struct tui_nav *nav = &app->trace.nav;
	uint64_t cell_ns =
		(nav->to_ns - nav->from_ns) /
		(uint64_t)tui_timeline_cells_at(app->canvas.cols, app->canvas.rows);

	if (!app->trace.scope ||
	    !tui_scope_unmark(app->trace.scope, nav->cursor_ns, 2 * cell_ns))
		tui_app_say(app, "there is no mark of yours at the cursor");
	else
		tui_app_unmarked(app);
}

void tui_app_unmarked(struct tui_app *app)
{
	tui_app_say(app, "the mark is gone");
	tui_app_keep(app);
}

int tui_app_unmark_named(struct tui_app *app, const char *name)
{
	const struct tui_scope *s = app->trace.scope;

	for (int i = 0; s && i < s->marks; i++)
		if (!strcmp(s->mark[i].name, name)) {
			tui_scope_unmark(app->trace.scope, s->mark[i].ts_ns, 0);
			tui_app_unmarked(app);
			return 1;
		}
	return 0;
}

static void go_to(struct tui_app *app, uint64_t ts_ns)
{
	struct tui_nav *nav = &app->trace.nav;
	uint64_t half_ns = (nav->to_ns - nav->from_ns) / 2;

	if (ts_ns < nav->from_ns || ts_ns >= nav->to_ns)
		tui_nav_window(nav, ts_ns > half_ns ? ts_ns - half_ns : 0,
			       ts_ns > half_ns ? ts_ns + half_ns : 2 * half_ns);
	nav->follow = nav->playing = 0;
	nav->cursor_ns = ts_ns;
	app->view = TUI_VIEW_TIMELINE;
}

void tui_app_show_mark(struct tui_app *app, const struct tui_mark *mark)
{
	char time[TUI_FIGURE], who[GTV_NAME_BYTES * 4];

	go_to(app, mark->ts_ns);
	if (mark->said)
		tui_app_say(app, "%s marks \"%s\" at %s s",
			    mark->gt ? gtv_names_label(app->trace.names, GTV_CLASS_GT,
						       mark->gt, who, sizeof(who))
				     : "the program",
			    mark->name, moment(app, mark->ts_ns, time));
	else
		tui_app_say(app, "mark %s at %s s", mark->name,
			    moment(app, mark->ts_ns, time));
}

int tui_app_goto_mark(struct tui_app *app, const char *name)
{
	const struct tui_mark *mark;

	tui_scope_said(&app->trace, MARKS_NS);
	mark = app->trace.scope ? tui_scope_mark_named(app->trace.scope, name) : NULL;
	if (mark)
		tui_app_show_mark(app, mark);
	return mark != NULL;
}

static void go_mark(struct tui_app *app, int dir)
{
	int all = tui_scope_said(&app->trace, MARKS_NS);
	const struct tui_mark *mark =
		app->trace.scope ? tui_scope_mark_from(app->trace.scope,
						       app->trace.nav.cursor_ns, dir)
				 : NULL;

	if (mark)
		tui_app_show_mark(app, mark);
	else
		tui_app_say(app,
			    all ? "no mark %s the cursor"
				: "no mark %s the cursor so far: press again to look on",
			    dir > 0 ? "after" : "before");
}

void act_MARK_NEXT(struct tui_app *app)
{
	go_mark(app, 1);
}

void act_MARK_BACK(struct tui_app *app)
{
	go_mark(app, -1);
}

/* ---- cursors ---- */

static void set_cursor(struct tui_app *app, int is_b)
{
	struct tui_scope *s = tui_scope_of(&app->trace);
	uint64_t at_ns = app->trace.nav.cursor_ns, from_ns, to_ns;
	char length[TUI_FIGURE], time[TUI_FIGURE];

	if (!s)
		return;
	int *has = is_b ? &s->has_b : &s->has_a;
	uint64_t *ns = is_b ? &s->b_ns : &s->a_ns;

	/* Again at the same place: taken away. */
	*has = !(*has && *ns == at_ns);
	*ns = at_ns;
	if (!*has)
		tui_app_say(app, "cursor %c is gone", is_b ? 'B' : 'A');
	else if (tui_scope_interval(s, &from_ns, &to_ns)) {
		app->trace.nav.range = TUI_RANGE_AUTO;
		tui_app_say(app, "B - A = %s%s; lists and tables count that: r",
			    s->b_ns < s->a_ns ? "-" : "",
			    tui_format_length(length, sizeof(length), to_ns - from_ns));
	} else
		tui_app_say(app, "cursor %c at %s s; %c sets the other", is_b ? 'B' : 'A',
			    moment(app, at_ns, time), is_b ? 'A' : 'B');
}

void act_CURSOR_A(struct tui_app *app)
{
	set_cursor(app, 0);
}

void act_CURSOR_B(struct tui_app *app)
{
	set_cursor(app, 1);
}

/* ---- slow motion ---- */

void tui_app_live_speed(struct tui_app *app, int permille)
{
	struct tui_nav *nav = &app->trace.nav;

	if (permille >= 1000 && !nav->playing && nav->follow) {
		tui_app_say(app, "live runs at its own speed; { slows the picture down");
		return;
	}
	nav->speed_permille = permille < SPEED_LEAST ? SPEED_LEAST : permille;
	nav->playing = 1;
	nav->follow = nav->paused = 0;
	app->played_ns = tui_app_now_ns();
	tui_app_say(app, "%gx: capture goes on; } faster, G to the present",
		    nav->speed_permille / 1000.0);
}

void tui_app_live_played(struct tui_app *app)
{
	struct tui_nav *nav = &app->trace.nav;

	if (!is_live(app))
		return;
	/* Slower than time it falls behind, from the present too. */
	if (nav->speed_permille < 1000 && !nav->follow)
		nav->playing = 1;
	if (nav->playing && !nav->follow)
		return;
	/* It has caught up; or was told to follow. */
	nav->playing = 0;
	nav->speed_permille = 1000;
	nav->follow = 1;
}
