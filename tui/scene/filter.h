/* SPDX-License-Identifier: MIT
 *
 * Filters: which rows, threads, locks and events are wanted, in a few words. Parsed
 * once into plain data; the timeline, the tables and the list of events ask it.
 *
 *	spin		whose name, or whose process' name, has "spin" in it; with *, ?
 *			or [] in it: is like that; G3, C0, T4711, L2, W0: that one
 *	core:0,1	on these cores (rows: somewhere in the window)
 *	lock:GIL	the lock of that name, who waits for it and who holds it
 *	state:gil,lock	in one of these states (rows: somewhere in the window)
 *	pid:123		of that process; process:NAME
 *	kind:gt_*	events: of these kinds, as `gtviz events --kind` takes them
 *	busy		on a core, held or with work at all in the window
 *	!word		not that; "two words": one with a blank in it
 *
 * Words parted by blanks must all hold. Names from a trace are compared without regard to
 * case.
 */
#ifndef TUI_SCENE_FILTER_H
#define TUI_SCENE_FILTER_H

#include "tracer/base/err.h"
#include "tracer/base/names.h"
#include "tracer/model/span.h"

struct gtv_window;

#define TUI_FILTER_TERMS 12
#define TUI_FILTER_WORD	 64
#define TUI_FILTER_TEXT	 192

enum tui_filter_key {
	TUI_FILTER_NAME,
	TUI_FILTER_CORE,
	TUI_FILTER_LOCK,
	TUI_FILTER_STATE,
	TUI_FILTER_PID,
	TUI_FILTER_PROCESS,
	TUI_FILTER_KIND,
	TUI_FILTER_BUSY,
	TUI_FILTER_KEY_MAX
};

struct tui_filter_term {
	uint8_t key, negate;	    /* enum tui_filter_key */
	uint32_t states;	    /* STATE: 1 << enum gtv_state */
	struct gtv_lane lane;	    /* NAME: the word is this lane's id, kind 0 if none */
	int worker;		    /* NAME: W3, else -1 */
	char word[TUI_FILTER_WORD]; /* what stands after the colon; commas part */
};

struct tui_filter {
	char text[TUI_FILTER_TEXT]; /* as it was typed; "": all are wanted */
	struct tui_filter_term term[TUI_FILTER_TERMS];
	int count;
};

/* 0, or -GTV_EUSAGE and err: then the filter is empty. */
int tui_filter_parse(struct tui_filter *filter, const char *text, struct gtv_err *err);

static inline int tui_filter_is_empty(const struct tui_filter *filter)
{
	return filter->count == 0;
}

/* Whether a lane is wanted, by its name and by what it does in the window looked at.
 * window NULL: by its name alone, words of states, cores and busy do not matter. */
int tui_filter_lane(const struct tui_filter *filter, const struct gtv_names *names,
		    const struct gtv_window *window, struct gtv_lane lane);
/* Whether the names of a lane fit a NAME word; for lists of other things. */
int tui_filter_name(const struct tui_filter_term *term, const struct gtv_names *names,
		    struct gtv_lane lane);
/* Whether `text` has the word in it or, if that has *, ? or [ in it, is like it. */
int tui_filter_like(const char *word, const char *text);
/* The words that may begin a term ("core:"), for completion; NULL-terminated. */
extern const char *const tui_filter_words[];

#endif
