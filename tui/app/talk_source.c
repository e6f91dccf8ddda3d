/* SPDX-License-Identifier: MIT
 *
 * Where a chapter's trace comes from: a recorder that runs now, the recording beside the
 * talk, or what was shown before.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tui/trace/panes.h"
#include "tui/app/search.h"
#include "tui/app/talk_check.h"
#include "tui/app/talk_inside.h"
#include "tui/trace/critical.h"
#include "tui/trace/scope.h"

/* ---- a chapter's trace comes and goes ---- */

void tui_show_end_seeks(struct tui_show *s)
{
	tui_seek_free(s->expect);
	tui_seek_free(s->place);
	s->expect = s->place = NULL;
}

static void *open_growing(void *arg)
{
	struct opener *o = arg;

	o->rc = tui_trace_open_fd(&o->trace, o->fd, "live", 1, &o->err);
	__atomic_store_n(&o->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* The recorder has been told to end: the pipe's end ends the wait. */
static void end_opener(struct tui_show *s)
{
	struct opener *o = &s->opener;

	if (o->begun) {
		pthread_join(o->thread, NULL);
		if (!o->rc)
			tui_trace_close(&o->trace);
	} else if (o->fd >= 0) {
		close(o->fd);
	}
	memset(o, 0, sizeof(*o));
	o->fd = -1;
}

void tui_show_end_run(struct tui_show *s)
{
	if (s->config.runs)
		tui_talk_runs_stop(s->config.runs);
	end_opener(s);
	if (s->said_fd >= 0)
		close(s->said_fd);
	s->said_fd = -1;
}

/* What views gathered points at the trace where it was: it is gathered anew. */
static void forget(struct tui_trace *t)
{
	tui_panes_forget(t);
	tui_trace_critical_forget(t);
	tui_scope_forget(t);
}

void tui_show_drop_trace(struct tui_show *s)
{
	struct tui_trace *t = trace_of(s);
	struct tui_facts facts = t->facts;

	tui_show_end_seeks(s);
	if (t->store)
		tui_trace_close(t);
	memset(t, 0, sizeof(*t));
	t->facts.ascii = facts.ascii;
	t->presenter = &s->presenter;
	s->app->streaming = 0;
	s->origin = FROM_NOTHING;
}

/* Off the screen, to be shown again. */
static void keep_trace(struct tui_show *s)
{
	struct kept *k = &s->kept[s->chapter];
	struct tui_trace *t = trace_of(s);

	tui_show_end_seeks(s);
	if (!t->store) {
		tui_show_drop_trace(s);
		return;
	}
	if (k->trace.store)
		tui_trace_close(&k->trace);
	forget(t);
	k->trace = *t;
	k->trace.facts.mode = TUI_ENDED;
	k->origin = s->origin;
	memset(&t->store, 0, sizeof(t->store));
	t->window = t->overview = NULL;
	tui_show_drop_trace(s);
}

static void take_kept(struct tui_show *s)
{
	struct kept *k = &s->kept[s->chapter];
	int ascii = trace_of(s)->facts.ascii;

	*trace_of(s) = k->trace;
	trace_of(s)->facts.ascii = ascii;
	trace_of(s)->presenter = &s->presenter;
	s->origin = k->origin;
	s->expected = s->judged = 1;
	memset(k, 0, sizeof(*k));
}

/* What is shown instead; and why, for the speaker. */
void tui_show_fall_back(struct tui_show *s, const char *why)
{
	const struct tui_talk *talk = s->config.talk;
	struct gtv_err err = {0};
	char path[1200];

	snprintf(s->why, sizeof(s->why), "%s", why);
	tui_show_end_run(s);
	tui_show_drop_trace(s);
	s->expected = 1;
	s->placed = 0;
	if (!chapter_of(s)->recording)
		return;
	tui_talk_path(talk, chapter_of(s)->recording, path, sizeof(path));
	if (tui_trace_open(trace_of(s), path, &err)) {
		size_t at = strlen(s->why);

		tui_show_drop_trace(s);
		snprintf(s->why + at, sizeof(s->why) - at, "%sthe recording: %s",
			 at ? "; " : "", err.why);
		return;
	}
	trace_of(s)->presenter = &s->presenter;
	trace_of(s)->facts.ascii = s->app->opts->ascii || tui_term_is_ascii(s->app->term);
	s->origin = FROM_RECORDING;
}

static int start_run(struct tui_show *s, struct gtv_err *err)
{
	const struct tui_talk_chapter *c = chapter_of(s);
	char *args[TUI_TALK_ARGS + 4] = {0}, path[1024];
	struct tui_talk_running running;
	int n = tui_talk_program(c), count = 0, rc;

	tui_talk_find_program(s->config.talk, c->run[n], path, sizeof(path));
	for (int i = 0; i < n; i++)
		args[count++] = c->run[i];
	args[count++] = path;
	for (int i = n + 1; c->run[i]; i++)
		args[count++] = c->run[i];
	rc = tui_talk_runs_start(s->config.runs, args, &running, err);
	if (rc)
		return rc;
	s->opener.fd = running.trace_fd;
	s->said_fd = running.said_fd;
	s->said[0] = 0;
	return 0;
}

void tui_show_begin_chapter(struct tui_show *s, int live)
{
	struct gtv_err err = {0};

	s->why[0] = 0;
	s->expected = s->judged = 0;
	s->chapter_ns = tui_app_now_ns();
	if (!live || !s->config.runs || !chapter_of(s)->run[0]) {
		tui_show_fall_back(s, "");
	} else if (start_run(s, &err)) {
		tui_show_fall_back(s, err.why);
	} else {
		s->origin = FROM_START;
	}
}

void tui_show_go_chapter(struct tui_show *s, int chapter)
{
	tui_show_end_run(s);
	keep_trace(s);
	tui_search_free(s->app->search);
	s->app->search = NULL;
	s->chapter = chapter;
	s->why[0] = 0;
	if (s->kept[chapter].trace.store)
		take_kept(s);
	else
		tui_show_begin_chapter(s, 1);
}

/* ---- turns ---- */

/* What the recorder says on stderr: its last line is why it failed, if it did. */
static void hear(struct tui_show *s)
{
	char buf[1024];
	ssize_t n;

	while (s->said_fd >= 0 && (n = read(s->said_fd, buf, sizeof(buf) - 1)) > 0) {
		buf[n] = 0;
		for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
			gtv_names_escape(line, s->said, sizeof(s->said));
	}
}

static void turn_start(struct tui_show *s)
{
	struct opener *o = &s->opener;
	struct pollfd pfd = {.fd = o->fd, .events = POLLIN};
	uint64_t waited_ns = tui_app_now_ns() - s->chapter_ns;
	char why[300];

	if (!o->begun && poll(&pfd, 1, 0) > 0) {
		o->begun = !pthread_create(&o->thread, NULL, open_growing, o);
		if (!o->begun)
			tui_show_fall_back(s, "there is no memory for a thread");
		return;
	}
	if (__atomic_load_n(&o->done, __ATOMIC_ACQUIRE)) {
		if (o->rc) {
			hear(s);
			snprintf(why, sizeof(why), "%s", s->said[0] ? s->said : o->err.why);
			tui_show_fall_back(s, why);
			return;
		}
		pthread_join(o->thread, NULL);
		*trace_of(s) = o->trace;
		trace_of(s)->presenter = &s->presenter;
		trace_of(s)->facts.ascii =
			s->app->opts->ascii || tui_term_is_ascii(s->app->term);
		memset(o, 0, sizeof(*o));
		o->fd = -1;
		s->app->streaming = 1;
		s->origin = FROM_LIVE;
		s->app->dirty = 1;
	} else if (waited_ns > chapter_of(s)->within_ns) {
		tui_show_fall_back(s, "the live run did not begin in time");
	}
}

/* Whether the live run shows what the chapter needs. */
static void turn_expect(struct tui_show *s)
{
	const struct tui_talk_chapter *c = chapter_of(s);
	uint64_t now_ns = tui_app_now_ns();
	char why[300];

	if (s->expected || s->origin != FROM_LIVE)
		return;
	if (!c->expect.alts) {
		s->expected = 1;
		return;
	}
	if (!s->expect)
		s->expect = tui_seek_condition(trace_of(s), &c->expect, 1);
	enum tui_seek_state state =
		s->expect ? tui_seek_go(s->expect, TUI_TALK_SEEK_NS) : TUI_SEEK_NONE;

	if (state == TUI_SEEK_FOUND)
		s->expected = 1;
	else if (state == TUI_SEEK_NONE || now_ns - s->chapter_ns > c->within_ns) {
		snprintf(why, sizeof(why), "the live run did not show %s", c->expect.text);
		tui_show_fall_back(s, why);
	}
}

/* Why a run that has ended is none to show; NULL: it is. */
static const char *why_not(const struct tui_show *s, char *buf, size_t size)
{
	const struct tui_talk_step *step = &s->config.talk->step[chapter_of(s)->first_step];
	struct gtv_store_info info;
	struct gtv_lane lane;

	gtv_store_get_info(s->app->trace.store, &info);
	if (info.exit_status != -1 && WIFSIGNALED(info.exit_status)) {
		snprintf(buf, size, "the live run died of signal %d",
			 WTERMSIG(info.exit_status));
		return buf;
	}
	if (info.exit_status != -1 && WEXITSTATUS(info.exit_status)) {
		snprintf(buf, size, "the live run failed: exit status %d",
			 WEXITSTATUS(info.exit_status));
		return buf;
	}
	for (int i = 0; i < step->lanes; i++) {
		if (!tui_trace_lane(&s->app->trace, step->lane[i], &lane))
			return NULL;
		snprintf(buf, size, "the live run has no \"%s\"", step->lane[0]);
	}
	return step->lanes ? buf : NULL;
}

/* A run that failed, or had nothing of what the chapter shows, gives way to the recording.
 */
static void turn_end(struct tui_show *s)
{
	char buf[160];
	const char *why;

	if (s->judged || s->origin != FROM_LIVE || s->app->trace.facts.mode == TUI_LIVE)
		return;
	s->judged = 1;
	why = chapter_of(s)->recording ? why_not(s, buf, sizeof(buf)) : NULL;
	if (!why)
		return;
	tui_show_fall_back(s, why);
	s->app->dirty = 1;
}

void tui_show_turn_source(struct tui_show *s)
{
	hear(s);
	if (s->origin == FROM_START)
		turn_start(s);
	turn_expect(s);
	turn_end(s);
}
