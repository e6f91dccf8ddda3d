/* SPDX-License-Identifier: MIT
 *
 * A talk: chapters, each a program run live or its recording, and in them steps: what is
 * on the screen until the speaker goes on. Read from a text file (gtviz-talk.5):
 *
 *   talk "Green threads"
 *   chapter "The convoy"
 *     run --policy gil3 convoy
 *     recording convoy.gtv
 *     expect wait>2ms
 *   step
 *     caption "Three threads," "one lock."
 *     lanes C0 C1 GIL
 *     window 40ms
 *     at finding convoy
 *     note "Let it run first."
 *
 * What a step does not say stays as it was in the step before; notes and the wait are its
 * own. So a step is what the screen looks like, and going back is as simple as going on.
 * This file reads and holds; whether all can be shown is app/talk_check.h's.
 */
#ifndef TUI_SCENE_TALK_H
#define TUI_SCENE_TALK_H

#include "tracer/base/err.h"
#include "tracer/model/trigger.h"
#include "tui/scene/nav.h"
#include "tui/scene/presenter.h"
#include "tui/scene/view.h"

#define TUI_TALK_CHAPTERS 64
#define TUI_TALK_STEPS	  1000
#define TUI_TALK_ARGS	  32
#define TUI_TALK_WORD	  64 /* a lane's name */

/* Where in the trace. */
enum tui_talk_at {
	TUI_AT_LIVE,  /* the present; of a recording its end */
	TUI_AT_BEGIN, /* the trace's first window */
	TUI_AT_END,
	TUI_AT_TIME, /* at_ns after its start */
	TUI_AT_HIT,  /* where at_condition comes true for the at_nth time */
	TUI_AT_WAIT, /* the longest wait of the lane at_lane: selected, and in the middle */
};

enum tui_talk_wait {
	TUI_WAIT_KEY,
	TUI_WAIT_TIME, /* or a key, whichever comes first */
	TUI_WAIT_END,  /* the program ends */
};

struct tui_talk_step {
	int line; /* in the file */
	int chapter;
	enum tui_view_id view;
	enum tui_rows rows;
	char caption[TUI_PRESENTER_CAPTIONS][TUI_PRESENTER_TEXT];
	char big[TUI_PRESENTER_TEXT]; /* {span} in it: how long the selected span is */
	char legend[TUI_PRESENTER_TEXT];
	char lane[TUI_PRESENTER_LANES][TUI_TALK_WORD];
	int lanes;
	char light[TUI_TALK_WORD]; /* "" none */
	uint64_t window_ns;	   /* 0: all of it */
	enum tui_talk_at at;
	uint64_t at_ns;
	unsigned at_nth;
	char at_lane[TUI_TALK_WORD];
	struct gtv_condition at_condition;
	int play_permille; /* from there on, at so much of real time; 0: stands still */
	int critical;
	enum tui_talk_wait wait;
	uint64_t wait_ns;
	char *notes; /* lines; NULL none */
};

struct tui_talk_chapter {
	int line;
	char title[TUI_PRESENTER_TEXT];
	char *run[TUI_TALK_ARGS +
		  1]; /* options of `record`, then the program; NULL-ended */
	int run_line;
	char *recording; /* as written; NULL: none */
	int recording_line;
	struct gtv_condition expect; /* alts 0: any trace will do */
	uint64_t within_ns;	     /* how long the run may take to show it */
	int first_step, steps;
};

struct tui_talk {
	char title[TUI_PRESENTER_TEXT];
	char *dir; /* of the file: recordings are looked for there */
	struct tui_talk_chapter chapter[TUI_TALK_CHAPTERS];
	int chapters;
	struct tui_talk_step *step; /* of all chapters, in order */
	int steps;
};

/* Told each fault: its line (0: of the file as a whole), what is wrong, how to mend it. */
struct tui_talk_faults {
	void (*fault)(void *arg, int line, const char *what, const char *mend);
	void *arg;
	int count;
};
void tui_talk_fault(struct tui_talk_faults *f, int line, const char *mend, const char *fmt,
		    ...) __attribute__((format(printf, 4, 5)));

/* Reads the text; tells all faults, and goes on after each. Returns owned; what is in it
 * is whole only if none was told. NULL without memory. `dir` Copied. */
struct tui_talk *tui_talk_parse(const char *text, size_t size, const char *dir,
				struct tui_talk_faults *faults);
/* The same from a file. 0 and *out, or -GTV_E* and err where it cannot be read. */
int tui_talk_load(const char *path, struct tui_talk **out, struct tui_talk_faults *faults,
		  struct gtv_err *err);
void tui_talk_free(struct tui_talk *t); /* may be NULL */

/* The idx-th directive's name; NULL: there are no more. */
const char *tui_talk_directive(int idx);

/* Where the program begins in a chapter's run: past the options. */
int tui_talk_program(const struct tui_talk_chapter *c);
/* The recording's path. Returns buf. */
char *tui_talk_path(const struct tui_talk *t, const char *name, char *buf, size_t size);

#endif
