/* SPDX-License-Identifier: MIT
 *
 * Inside a talk being given: what its files share. talk_show.c is what the speaker does
 * and the turns, talk_source.c where a chapter's trace comes from, talk_place.c
 * where in it a step looks.
 */
#ifndef TUI_APP_TALK_INSIDE_H
#define TUI_APP_TALK_INSIDE_H

#include <pthread.h>

#include "tui/app/talk_show.h"
#include "tui/trace/seek.h"

#define TUI_TALK_SEEK_NS 10000000u /* of a turn */

enum origin {
	FROM_NOTHING,
	FROM_START, /* the recorder was started, and has written nothing yet */
	FROM_LIVE,
	FROM_RECORDING,
};

/* Opens what a recorder writes: that waits for the first events. */
struct opener {
	pthread_t thread;
	int fd, begun, done, rc;
	struct tui_trace trace;
	struct gtv_err err;
};

/* A chapter that is not on the screen. */
struct kept {
	struct tui_trace trace; /* store NULL: nothing is kept */
	enum origin origin;
};

struct tui_show {
	struct tui_app *app;
	struct tui_show_config config;
	struct tui_presenter presenter;
	struct kept kept[TUI_TALK_CHAPTERS];
	int chapter, step; /* step: of all */
	enum origin origin;
	struct opener opener;
	int said_fd;
	char said[240]; /* the last line that came from there */
	char why[320];
	uint64_t began_ns, chapter_ns, step_ns; /* real time */
	struct tui_seek *expect, *place;
	int expected, placed, over;
	int judged;	      /* the run has ended, and how */
	uint64_t recorded_ns; /* how long the first chapter's recording is; 0: not known */
	int timer;
	long shown_s; /* of the timer */
};

static inline const struct tui_talk_chapter *chapter_of(const struct tui_show *s)
{
	return &s->config.talk->chapter[s->chapter];
}

static inline const struct tui_talk_step *step_of(const struct tui_show *s)
{
	return &s->config.talk->step[s->step];
}

static inline struct tui_trace *trace_of(struct tui_show *s)
{
	return &s->app->trace;
}

static inline int grows(const struct tui_show *s)
{
	return s->app->trace.store && s->app->trace.facts.mode == TUI_LIVE;
}

/* talk_source.c */
/* The chapter is begun: run live, if that can be; else its recording. */
void tui_show_begin_chapter(struct tui_show *s, int live);
/* What is on the screen is kept; the chapter comes, or begins. */
void tui_show_go_chapter(struct tui_show *s, int chapter);
/* The recording, and why; "" if it was meant to be. */
void tui_show_fall_back(struct tui_show *s, const char *why);
/* Takes in what a start has brought, and whether the run shows what the chapter needs. */
void tui_show_turn_source(struct tui_show *s);
void tui_show_end_seeks(struct tui_show *s);
void tui_show_end_run(struct tui_show *s);
void tui_show_drop_trace(struct tui_show *s);

/* talk_place.c */
/* To where the step looks, as soon as that is there. */
void tui_show_turn_place(struct tui_show *s);

#endif
