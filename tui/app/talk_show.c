/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/canvas/format.h"
#include "tui/app/talk_inside.h"

#define NS_PER_S    1000000000ull
#define FRAMED_ROWS 3 /* below another view: its caption */

/* ---- a step ---- */

static void replace(char *to, size_t size, const char *text, const char *field,
		    const char *with)
{
	const char *at = strstr(text, field);

	if (!at)
		snprintf(to, size, "%s", text);
	else
		snprintf(to, size, "%.*s%s%s", (int)(at - text), text, with,
			 at + strlen(field));
}

static uint64_t wall_of(const struct tui_trace *t)
{
	return t->store ? t->nav.last_ns - t->nav.first_ns : 0;
}

static uint64_t recorded_ns(struct tui_show *s)
{
	const char *name = s->config.talk->chapter[0].recording;
	struct tui_trace first;
	char path[1200];

	if (s->recorded_ns || !name)
		return s->recorded_ns;
	if (tui_trace_open(&first, tui_talk_path(s->config.talk, name, path, sizeof(path)),
			   NULL))
		return 0;
	s->recorded_ns = wall_of(&first);
	tui_trace_close(&first);
	return s->recorded_ns;
}

/* How long the first chapter took, on the machine that this one was run on; 0: it was not
 * seen there. */
static uint64_t first_ns(struct tui_show *s)
{
	if (s->chapter == 0)
		return wall_of(trace_of(s));
	if (s->origin == FROM_RECORDING)
		return recorded_ns(s);
	return s->kept[0].origin == FROM_LIVE ? wall_of(&s->kept[0].trace) : 0;
}

/* "{span}", "{wall}" and "{part}": what the traces themselves say. */
static void fill(struct tui_show *s, char *to, size_t size, const char *text)
{
	const struct tui_trace *t = trace_of(s);
	char span[TUI_FIGURE] = "?", wall[TUI_FIGURE] = "?", part[TUI_FIGURE] = "?";
	char once[TUI_PRESENTER_TEXT * 2], twice[TUI_PRESENTER_TEXT * 2];

	if (t->store && t->nav.span.to_ns > t->nav.span.from_ns)
		tui_format_short(span, sizeof(span),
				 t->nav.span.to_ns - t->nav.span.from_ns);
	if (t->store && !grows(s))
		tui_format_length(wall, sizeof(wall), t->nav.last_ns - t->nav.first_ns);
	if (t->store && !grows(s) && strstr(text, "{part}") && first_ns(s))
		snprintf(part, sizeof(part), "%.2f×",
			 (double)wall_of(t) / (double)first_ns(s));
	replace(once, sizeof(once), text, "{span}", span);
	replace(twice, sizeof(twice), once, "{wall}", wall);
	replace(to, size, twice, "{part}", part);
}

static void tell_presenter(struct tui_show *s)
{
	const struct tui_talk_step *step = step_of(s);
	struct tui_presenter *p = &s->presenter;

	p->chapter = s->chapter + 1;
	p->chapters = s->config.talk->chapters;
	snprintf(p->title, sizeof(p->title), "%s", chapter_of(s)->title);
	for (int i = 0; i < TUI_PRESENTER_CAPTIONS; i++)
		fill(s, p->caption[i], sizeof(p->caption[i]), step->caption[i]);
	char big[TUI_PRESENTER_TEXT];

	fill(s, big, sizeof(big), step->big);
	snprintf(p->big, sizeof(p->big), "%.*s", (int)sizeof(p->big) - 1,
		 strchr(big, '?') ? "" : big);
	fill(s, p->key, sizeof(p->key), step->legend);
	snprintf(p->corner, sizeof(p->corner), "%s",
		 s->origin == FROM_RECORDING && chapter_of(s)->run[0] && s->config.runs
			 ? "recorded"
		 : s->origin == FROM_START   ? "starting"
		 : s->origin == FROM_NOTHING ? "nothing to show"
					     : "");
	s->shown_s = (long)((tui_app_now_ns() - s->began_ns) / NS_PER_S);
	p->timer[0] = 0;
	if (s->timer)
		snprintf(p->timer, sizeof(p->timer), "%ld:%02ld", s->shown_s / 60,
			 s->shown_s % 60);
	/* Names come while a program runs: asked again each time. */
	p->lanes = 0;
	p->highlight = (struct gtv_lane){0};
	if (!trace_of(s)->store)
		return;
	for (int i = 0; i < step->lanes; i++)
		if (!tui_trace_lane(trace_of(s), step->lane[i], &p->lane[p->lanes]))
			p->lanes++;
	if (step->light[0])
		tui_trace_lane(trace_of(s), step->light, &p->highlight);
}

static void apply_step(struct tui_show *s)
{
	tui_show_end_seeks(s);
	s->step_ns = tui_app_now_ns();
	s->placed = s->over = 0;
	s->app->view = step_of(s)->view;
	s->app->dirty = 1;
}

/* ---- turns ---- */

/* What the step waits for has come by itself. */
static int is_over(const struct tui_show *s)
{
	const struct tui_talk_step *step = step_of(s);
	uint64_t shown_ns = tui_app_now_ns() - s->step_ns;

	switch (step->wait) {
	case TUI_WAIT_TIME:
		return shown_ns >= step->wait_ns;
	case TUI_WAIT_END:
		return s->origin != FROM_START && !grows(s);
	default:
		return s->config.auto_ns && (s->placed || s->origin == FROM_NOTHING) &&
		       shown_ns >= s->config.auto_ns;
	}
}

int tui_show_turn(struct tui_show *s)
{
	struct tui_presenter before = s->presenter;

	tui_show_turn_source(s);
	tui_show_turn_place(s);
	if (is_over(s) && !tui_show_step(s, 1))
		s->over = 1;
	tell_presenter(s);
	return memcmp(&before, &s->presenter, sizeof(before)) != 0;
}

int tui_show_active(const struct tui_show *s)
{
	return s->origin == FROM_START || !s->placed || !s->expected || s->timer ||
	       step_of(s)->wait != TUI_WAIT_KEY || (s->config.auto_ns && !s->over);
}

int tui_show_over(const struct tui_show *s)
{
	return s->over;
}

/* ---- what the speaker does ---- */

struct tui_show *tui_show_new(struct tui_app *app, const struct tui_show_config *config)
{
	struct tui_show *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->app = app;
	s->config = *config;
	s->opener.fd = s->said_fd = -1;
	s->began_ns = tui_app_now_ns();
	app->trace.presenter = &s->presenter;
	tui_show_begin_chapter(s, 1);
	apply_step(s);
	tell_presenter(s);
	return s;
}

void tui_show_free(struct tui_show *s)
{
	if (!s)
		return;
	tui_show_end_run(s);
	tui_show_drop_trace(s);
	trace_of(s)->presenter = NULL;
	for (int i = 0; i < TUI_TALK_CHAPTERS; i++)
		if (s->kept[i].trace.store)
			tui_trace_close(&s->kept[i].trace);
	free(s);
}

static void go_step(struct tui_show *s, int step)
{
	int chapter = s->config.talk->step[step].chapter;

	s->step = step;
	if (chapter != s->chapter)
		tui_show_go_chapter(s, chapter);
	apply_step(s);
}

int tui_show_step(struct tui_show *s, int dir)
{
	int step = s->step + (dir > 0 ? 1 : -1);

	if (step < 0 || step >= s->config.talk->steps)
		return 0;
	go_step(s, step);
	return 1;
}

void tui_show_chapter(struct tui_show *s, int chapter)
{
	const struct tui_talk *talk = s->config.talk;

	chapter = chapter < 0		      ? 0
		  : chapter >= talk->chapters ? talk->chapters - 1
					      : chapter;
	go_step(s, talk->chapter[chapter].first_step);
}

void tui_show_again(struct tui_show *s, int live)
{
	tui_show_end_run(s);
	tui_show_drop_trace(s);
	tui_show_begin_chapter(s, live);
	apply_step(s);
}

void tui_show_blank(struct tui_show *s, int on)
{
	s->presenter.blank = on;
}

int tui_show_is_blank(const struct tui_show *s)
{
	return s->presenter.blank;
}

void tui_show_timer(struct tui_show *s, int on)
{
	s->timer = on;
}

int tui_show_timer_is_on(const struct tui_show *s)
{
	return s->timer;
}

const char *tui_show_why(const struct tui_show *s)
{
	return s->why;
}

static void add(char *buf, size_t size, const char *label, const char *text)
{
	size_t at = strlen(buf);

	if (text && text[0])
		snprintf(buf + at, size - at, "%s%s\n", label, text);
}

char *tui_show_notes(const struct tui_show *s, char *buf, size_t size)
{
	const struct tui_talk *talk = s->config.talk;
	const struct tui_talk_chapter *c = chapter_of(s);
	uint64_t s_gone = (tui_app_now_ns() - s->began_ns) / NS_PER_S;
	int next = s->step + 1;

	snprintf(buf, size, "%s\n%d/%d %s   step %d/%d   %llu:%02llu\n\n", talk->title,
		 s->chapter + 1, talk->chapters, c->title, s->step - c->first_step + 1,
		 c->steps, (unsigned long long)s_gone / 60,
		 (unsigned long long)s_gone % 60);
	add(buf, size, "", step_of(s)->notes);
	add(buf, size, "\nrecorded: ", s->why);
	if (next < talk->steps) {
		const struct tui_talk_step *n = &talk->step[next];

		add(buf, size, "\nnext: ",
		    n->chapter != s->chapter ? talk->chapter[n->chapter].title
					     : n->caption[0]);
	} else {
		add(buf, size, "\n", "this is the last step");
	}
	return buf;
}

/* ---- the screen ---- */

/* Another view, without its own title, status and keys, between the talk's. */
static void draw_framed(struct tui_canvas *canvas, const struct tui_view_ops *view,
			const struct tui_scene *scene, int bottom)
{
	int top = tui_presenter_top(canvas->rows);
	int rows = canvas->rows - top - bottom;
	struct tui_canvas inner;

	if (tui_canvas_init(&inner, canvas->cols, rows + 3))
		return;
	tui_canvas_clear(&inner);
	(void)view->draw(&inner, scene);
	for (int y = 0; y < rows; y++)
		memcpy(tui_canvas_at(canvas, 0, top + y), tui_canvas_at(&inner, 0, y + 1),
		       (size_t)canvas->cols * sizeof(struct tui_cell));
	tui_canvas_fini(&inner);
}

void tui_show_draw(struct tui_show *s, struct tui_canvas *canvas)
{
	const struct tui_view_ops *view = tui_view_by_id(s->app->view);
	struct tui_scene scene;

	tui_trace_scene(trace_of(s), &scene);
	if (s->presenter.blank)
		return;
	int bottom = tui_presenter_bottom(canvas->rows);

	if (!trace_of(s)->store) {
		tui_presenter_frame(canvas, &scene, bottom);
	} else if (view && view->id == TUI_VIEW_PRESENTER) {
		(void)view->draw(canvas, &scene);
	} else if (view) {
		/* Tables need the rows more than the figure does. */
		bottom = bottom > FRAMED_ROWS ? FRAMED_ROWS : bottom;
		draw_framed(canvas, view, &scene, bottom);
		tui_presenter_frame(canvas, &scene, bottom);
	}
}
