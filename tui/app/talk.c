/* SPDX-License-Identifier: MIT */
#include "tui/app/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/cmd/cmd.h"
#include "tui/app/talk_check.h"
#include "tui/app/talk_notes.h"
#include "tui/app/talk_show.h"

#define NOTES_BYTES 8192

struct tui_talking {
	struct tui_show_config config;
	struct tui_show *show;	 /* from the first frame on */
	struct tui_notes *notes; /* NULL: nobody can read along */
	int exploring;
	int failed;	       /* no memory to begin */
	enum tui_view_id view; /* of the step, while exploring */
};

/* ---- what the loop asks ---- */

void tui_talking_begin(struct tui_app *app)
{
	struct tui_talking *t = app->talking;

	t->show = tui_show_new(app, &t->config);
	t->failed = !t->show;
	if (t->failed)
		app->leave = TUI_LEAVE_QUIT;
}

int tui_talking_draws(const struct tui_app *app)
{
	return !app->talking->exploring && app->talking->show;
}

void tui_talking_draw(struct tui_app *app, struct tui_canvas *canvas)
{
	tui_show_draw(app->talking->show, canvas);
}

int tui_talking_active(const struct tui_app *app)
{
	return !app->talking->show || tui_show_active(app->talking->show) ||
	       tui_notes_readers(app->talking->notes);
}

int tui_talking_fd(const struct tui_app *app)
{
	return tui_notes_fd(app->talking->notes);
}

static void tell_notes(struct tui_app *app)
{
	struct tui_talking *t = app->talking;
	char text[NOTES_BYTES];
	int key;

	if (!t->notes)
		return;
	tui_notes_tell(t->notes, tui_show_notes(t->show, text, sizeof(text)));
	while ((key = tui_notes_key(t->notes)))
		tui_talking_key(app, key);
}

void tui_talking_turn(struct tui_app *app)
{
	struct tui_talking *t = app->talking;

	if (tui_show_turn(t->show))
		app->dirty = 1;
	tell_notes(app);
	if (t->config.auto_ns && tui_show_over(t->show))
		app->leave = TUI_LEAVE_QUIT;
}

/* ---- keys ---- */

static void explore(struct tui_app *app, int on)
{
	struct tui_talking *t = app->talking;

	if (on && !app->trace.store) {
		tui_app_say(app, "there is nothing to explore");
		return;
	}
	t->exploring = on;
	if (on) {
		t->view = app->view;
		if (app->view == TUI_VIEW_PRESENTER)
			app->view = TUI_VIEW_TIMELINE;
		app->trace.nav.follow = 0;
		tui_app_say(app, "q comes back to the talk");
	} else {
		app->view = t->view;
		app->trace.facts.message[0] = 0;
		app->prompt.open = 0;
	}
}

/* While exploring, leaving is coming back. */
static int explorer_key(struct tui_app *app, int key)
{
	tui_app_key(app, key);
	if (app->leave == TUI_LEAVE_QUIT && !app->dying) {
		app->leave = TUI_STAY;
		explore(app, 0);
	}
	return 1;
}

static int move_key(struct tui_show *s, int key)
{
	switch (key) {
	case ' ':
	case 'n':
	case TUI_KEY_RIGHT:
	case TUI_KEY_DOWN:
	case TUI_KEY_PGDN:
	case TUI_KEY_ENTER:
		tui_show_step(s, 1);
		return 1;
	case 'p':
	case TUI_KEY_LEFT:
	case TUI_KEY_UP:
	case TUI_KEY_PGUP:
	case TUI_KEY_BACKSPACE:
		tui_show_step(s, -1);
		return 1;
	case TUI_KEY_HOME:
		tui_show_chapter(s, 0);
		return 1;
	case TUI_KEY_END:
		tui_show_chapter(s, TUI_TALK_CHAPTERS);
		return 1;
	default:
		if (key < '1' || key > '9')
			return 0;
		tui_show_chapter(s, key - '1');
		return 1;
	}
}

int tui_talking_key(struct tui_app *app, int key)
{
	struct tui_talking *t = app->talking;
	struct tui_show *s = t->show;

	if (!s)
		return 1;
	if (t->exploring)
		return explorer_key(app, key);
	app->dirty = 1;
	/* In the dark any key but the dark's own brings the light back, and does no more.
	 */
	if (tui_show_is_blank(s) && key != 'q') {
		tui_show_blank(s, 0);
		return 1;
	}
	if (move_key(s, key))
		return 1;
	switch (key) {
	case 'b':
	case '.':
		tui_show_blank(s, 1);
		return 1;
	case 't':
		tui_show_timer(s, !tui_show_timer_is_on(s));
		return 1;
	case 'r':
	case 'R':
		tui_show_again(s, key == 'r');
		return 1;
	case 'x':
		explore(app, 1);
		return 1;
	case 'q':
		app->leave = TUI_LEAVE_QUIT;
		return 1;
	case 3:	 /* ^C, */
	case 12: /* ^L */
	case 26: /* and ^Z are as everywhere */
		return 0;
	default:
		return 1; /* a wrong key on stage does nothing */
	}
}

/* ---- the command ---- */

static void print_fault(void *arg, int line, const char *what, const char *mend)
{
	const char *path = arg;

	if (line)
		fprintf(stderr, "gtviz: %s:%d: %s", path, line, what);
	else
		fprintf(stderr, "gtviz: %s: %s", path, what);
	fprintf(stderr, mend[0] ? " (%s)\n" : "\n", mend);
}

/* From the terminal taken to the terminal given back. */
static int give(const struct gtv_options *opts, struct tui_talking *talking)
{
	struct tui_app app = {.opts = opts, .talking = talking};
	struct gtv_err err = {0};
	int theme, cols, rows, rc;

	if (tui_app_check_options(&app, &theme, &err) ||
	    tui_term_check(&cols, &rows, "gtviz talk --check", &err))
		return gtv_cmd_error(&err);
	if (!opts->recorded && tui_talk_runs_new(&talking->config.runs, &err))
		return gtv_cmd_error(&err);
	talking->notes = tui_notes_new();
	app.view = TUI_VIEW_PRESENTER;
	rc = tui_app_show(&app, theme, &err);
	tui_show_free(talking->show);
	tui_talk_runs_free(talking->config.runs);
	tui_notes_free(talking->notes);
	if (!rc && talking->failed)
		rc = gtv_err_set(&err, GTV_ENOMEM, "talk", "", "out of memory");
	return rc ? gtv_cmd_error(&err) : tui_app_die_of(app.dying, GTV_EXIT_GOOD);
}

int tui_app_talk(const struct gtv_options *opts)
{
	struct tui_talking talking = {.config.auto_ns = opts->auto_ns};
	struct tui_talk_faults faults = {.fault = print_fault};
	struct gtv_err err = {0};
	struct tui_talk *talk;
	char path[1024];
	int status;

	if (opts->notes)
		return tui_notes_read(opts);
	if (!opts->topic)
		return tui_talk_list(stdout);
	faults.arg = tui_talk_file(opts->topic, path, sizeof(path));
	if (tui_talk_load(path, &talk, &faults, &err))
		return gtv_cmd_error(&err);
	tui_talk_use_samples(talk);
	if (opts->verify && !faults.count)
		tui_talk_check(talk, &faults);
	if (faults.count) {
		fprintf(stderr, "gtviz: %s: %d fault%s (man gtviz-talk)\n", path,
			faults.count, faults.count == 1 ? "" : "s");
		status = GTV_EXIT_FAILED;
	} else if (opts->verify) {
		printf("%s: good; %d chapters, %d steps\n", path, talk->chapters,
		       talk->steps);
		status = GTV_EXIT_GOOD;
	} else if (opts->record_talk) {
		status = tui_talk_record(talk, &err) ? gtv_cmd_error(&err) : GTV_EXIT_GOOD;
	} else {
		talking.config.talk = talk;
		status = give(opts, &talking);
	}
	tui_talk_free(talk);
	return status;
}
