/* SPDX-License-Identifier: MIT
 *
 * Triggers, as an oscilloscope has them: a condition in words, and a watch that is fed
 * with a model's events and spans and says when, and on which lane, the condition came
 * true. A wait longer than 5 ms fires at its fifth millisecond, not when it ends: what
 * is open is looked at now and then, and the instant is exact however late that is.
 *
 * A condition is one to four alternatives parted by commas, each of terms joined by
 * "and" that are true of one thing at one time:
 *
 *   wait>5ms  hold(GIL)>1ms  ready>2ms  run>10ms  off>500us  STATE>TIME   for how long
 *   state=stalled      it begins to be in that state
 *   gt=NAME  lock=NAME alone: it comes to run, it is taken; with others: only of that one
 *   mark=NAME          the program says so (gt_mark, gt_region_begin)
 *   finding=convoy     a rule has found something
 *
 * NAME is an id (G3, T4711, L2, C0) or a name in which * stands for anything.
 */
#ifndef GTV_TRIGGER_H
#define GTV_TRIGGER_H

#include <stddef.h>

#include "tracer/base/err.h"
#include "tracer/model/model.h"

#define GTV_TRIGGER_ALTS 4
#define GTV_TRIGGER_NAME 64
#define GTV_TRIGGER_TEXT 160

enum gtv_trigger_kind { GTV_TRIGGER_SPAN, GTV_TRIGGER_MARK, GTV_TRIGGER_FINDING };

/* One alternative. Patterns: "" is anything. */
struct gtv_trigger_alt {
	uint8_t kind;	 /* enum gtv_trigger_kind */
	uint8_t word;	 /* what it was called: index of the table of words */
	uint8_t finding; /* enum gtv_finding_kind */
	uint32_t states[GTV_LANE_KIND_MAX]; /* SPAN: 1 << enum gtv_state, by kind of lane */
	uint64_t min_ns;		    /* it lasts so long */
	char who[GTV_TRIGGER_NAME]; /* in brackets: the lane, its lock or its holder */
	char gt[GTV_TRIGGER_NAME], lock[GTV_TRIGGER_NAME], mark[GTV_TRIGGER_NAME];
};

struct gtv_condition {
	struct gtv_trigger_alt alt[GTV_TRIGGER_ALTS];
	int alts;
	char text[GTV_TRIGGER_TEXT]; /* as it was written; blanks around it left out */
};

/* 0, or -GTV_EUSAGE and err (may be NULL): one line that says what is wrong and how
 * to put it. */
int gtv_condition_parse(struct gtv_condition *out, const char *text, struct gtv_err *err);

struct gtv_trigger_hit {
	uint64_t ts_ns;	  /* when it fired */
	uint64_t from_ns; /* since when what fired had lasted by then */
	struct gtv_lane lane;
	uint8_t alt;	/* which alternative */
	uint8_t state;	/* of the lane then; 0 of marks and findings */
	uint32_t lock;	/* that it waits for, 0 none; of a lock's lane: itself */
	uint32_t owner; /* of a lock's lane: the green thread, else 0 */
	char note[24];	/* a mark's words, as the program wrote them: to be escaped */
};

struct gtv_watch;

/* level and names as for the model that it watches. Copies the condition, Borrows names
 * (may be NULL). What happens before armed_ns is no hit. Returns owned, NULL without
 * memory. */
struct gtv_watch *gtv_watch_new(const struct gtv_condition *condition, int level,
				const struct gtv_names *names, uint64_t armed_ns);
void gtv_watch_free(struct gtv_watch *w); /* may be NULL */
/* The sink to make the model with. Hands all on to `next` (Copied; NULL: to nobody). */
struct gtv_model_sink gtv_watch_sink(struct gtv_watch *w,
				     const struct gtv_model_sink *next);
/* Feeds model and watch in step; gtv_model_feed's result. */
int gtv_watch_feed(struct gtv_watch *w, struct gtv_model *m, const struct gtv_ev *evs,
		   size_t count);
int gtv_watch_gap(struct gtv_watch *w, struct gtv_model *m, uint64_t from_ns,
		  uint64_t to_ns);
/* The model knows all up to now_ns: looks at what is open if it is time to. */
void gtv_watch_upto(struct gtv_watch *w, const struct gtv_model *m, uint64_t now_ns);
/* The earliest hit that was not told yet. 1 and *out, or 0. They come in order of time,
 * of one instant green threads first. */
int gtv_watch_next(struct gtv_watch *w, struct gtv_trigger_hit *out);
/* What fires before ts_ns is no hit: the one that was told is still being shown. */
void gtv_watch_hold(struct gtv_watch *w, uint64_t ts_ns);

/* "G3 echo waits for GIL: 5 ms", escaped. Returns buf. */
char *gtv_trigger_say(const struct gtv_condition *c, const struct gtv_trigger_hit *hit,
		      const struct gtv_names *names, char *buf, size_t size);

/* Whether `text` is what the pattern says: * stands for any bytes, also none. */
int gtv_trigger_matches(const char *pattern, const char *text);

#endif
