/* SPDX-License-Identifier: MIT
 *
 * What makes the screen an oscilloscope, as data: the trigger, the marks, the two cursors
 * and what was measured between them. Pure; trace/scope.c fills it from a trace, keys
 * change it (app/scope.c), the timeline draws it (view/timeline_scope.c).
 */
#ifndef TUI_SCENE_SCOPE_H
#define TUI_SCENE_SCOPE_H

#include "tracer/model/measure.h"
#include "tracer/model/trigger.h"

#define TUI_MARKS_MAX 200
#define TUI_MARK_NAME 32
#define TUI_HITS_KEPT 64

enum tui_trigger_state {
	TUI_TRIGGER_OFF,
	TUI_TRIGGER_ARMED, /* looks for the next hit, or waits for what follows it */
	TUI_TRIGGER_HIT,
	TUI_TRIGGER_NONE, /* there is no further hit up to the end */
};

struct tui_trigger {
	enum tui_trigger_state state;
	struct gtv_condition condition;
	int repeat; /* live: each hit is shown; else the first, until armed anew */
	uint64_t pre_ns, post_ns;   /* shown before and after it */
	uint64_t armed_ns;	    /* hits before do not count */
	uint64_t upto_ns;	    /* looked for up to here */
	unsigned hits;		    /* since it was set */
	int pending;		    /* hit, but what follows it is not yet there */
	struct gtv_trigger_hit hit; /* the last */
	char words[200];	    /* of it, escaped */
	/* In a replay, repeating: the hits that were shown, for n and N. */
	struct gtv_trigger_hit past[TUI_HITS_KEPT];
	int past_count, past_at;
};

struct tui_mark {
	uint64_t ts_ns;
	uint32_t gt;		  /* of a program's: whose; 0 a mark of the user's */
	uint8_t said;		  /* by the program */
	char name[TUI_MARK_NAME]; /* escaped */
};

struct tui_scope {
	struct tui_trigger trigger;
	struct tui_mark mark[TUI_MARKS_MAX]; /* the user's, by time */
	int marks;
	struct tui_mark *said; /* the program's, by time, as far as they were looked for */
	size_t said_count;
	int said_all;  /* these are all that there are so far */
	size_t chosen; /* in the list of all marks */
	int has_a, has_b;
	uint64_t a_ns, b_ns;
	/* Of [A, B) in order; NULL: not yet. measured_ns: how far it was read. */
	struct gtv_measure *measure;
	int measured;
	uint64_t measured_ns;
};

/* "wait>5ms pre 20ms post 80ms repeat" into a trigger that is off; what is not said stays
 * as it is by default. 0, or -GTV_EUSAGE and err. */
int tui_trigger_parse(struct tui_trigger *out, const char *text, struct gtv_err *err);
/* The same line again. Returns buf. */
char *tui_trigger_line(const struct tui_trigger *t, char *buf, size_t size);
/* "ARMED wait>5ms", "HIT 2 …", "NO HIT …"; wide 0: without the condition. "" if off. */
char *tui_trigger_status(const struct tui_trigger *t, int wide, char *buf, size_t size);

/* Adds a mark of the user's; "" takes the first free letter. Returns it, or NULL: there
 * are too many. One of the same name moves. */
const struct tui_mark *tui_scope_mark(struct tui_scope *s, uint64_t ts_ns,
				      const char *name);
/* The user's mark nearest to ts_ns within reach_ns, removed. Returns whether there was. */
int tui_scope_unmark(struct tui_scope *s, uint64_t ts_ns, uint64_t reach_ns);
/* The next (dir > 0) or previous mark of either kind beyond ts_ns; NULL: none. */
const struct tui_mark *tui_scope_mark_from(const struct tui_scope *s, uint64_t ts_ns,
					   int dir);
/* All marks in order of time; NULL behind the last. */
const struct tui_mark *tui_scope_mark_at(const struct tui_scope *s, size_t idx);
size_t tui_scope_mark_count(const struct tui_scope *s);
/* The hit that is shown is the newest of `past`, unless it is there already. */
void tui_trigger_keep(struct tui_trigger *t);
const struct tui_mark *tui_scope_mark_named(const struct tui_scope *s, const char *name);
/* [from, to) between the cursors; 0 if there are not two, or no time between them. */
int tui_scope_interval(const struct tui_scope *s, uint64_t *from_ns, uint64_t *to_ns);

#endif
