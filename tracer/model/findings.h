/* SPDX-License-Identifier: MIT
 *
 * Findings: what gtviz notices by itself. Rules watch the events and the model's
 * spans as they pass, once and in bounded memory, so that a recorded trace and a
 * running one are looked at in the same way; at any moment the list of what they
 * found can be asked for, worst first.
 *
 * Every rule, its thresholds with their units and reasons, and what to try, stand in
 * one table (findings_rules.c). A rule never guesses: what the level does not show, or
 * what was lost, makes its verdict "cannot tell" unless it found something anyway.
 */
#ifndef GTV_FINDINGS_H
#define GTV_FINDINGS_H

#include <stddef.h>

#include "tracer/base/names.h"
#include "tracer/model/model.h"
#include "tracer/model/where.h"

/* X(ID, "key", "title"). The keys are stable: scripts know them. */
#define GTV_FINDING_KINDS(X)                                                               \
	X(WAIT_CYCLE, "wait_cycle", "wait cycle")                                          \
	X(CONVOY, "convoy", "convoy")                                                      \
	X(HOLDER_OFF_CORE, "lock_holder_off_core", "lock holder off core")                 \
	X(STARVATION, "starvation", "starvation")                                          \
	X(NEVER_YIELDS, "never_yields", "never yields")                                    \
	X(BLOCKING_CALL, "blocking_call", "blocking call on a loop or worker")             \
	X(OVERSUBSCRIPTION, "oversubscription", "oversubscription")                        \
	X(UNFAIR_LOCK, "unfair_lock", "unfair lock")                                       \
	X(FALSE_WAKEUPS, "false_wakeups", "false wake-ups")                                \
	X(PING_PONG, "ping_pong", "ping-pong migration")                                   \
	X(IDLE_CORE, "idle_core", "idle core while threads wait")

enum gtv_finding_kind {
#define X(id, key, title) GTV_FIND_##id,
	GTV_FINDING_KINDS(X)
#undef X
		GTV_FIND_MAX
};

enum gtv_severity {
	GTV_SEV_NOTE,	 /* worth knowing */
	GTV_SEV_WARNING, /* costs the program at least a hundredth of its time */
	GTV_SEV_SERIOUS, /* a tenth, or it hangs */
	GTV_SEV_MAX
};
const char *gtv_severity_name(unsigned severity);
const char *gtv_finding_key(unsigned kind);
const char *gtv_finding_title(unsigned kind);

#define GTV_FINDING_LANES 4

struct gtv_finding {
	uint8_t kind, severity;
	uint8_t lanes;
	/* Whom it concerns, victims first; lane[0] is where the evidence is seen. */
	struct gtv_lane lane[GTV_FINDING_LANES];
	uint64_t from_ns, to_ns; /* the worst time it happened: the evidence, [from, to) */
	uint64_t first_ns;	 /* when it began to happen */
	struct gtv_where where;	 /* all of it, but for what a rule only sums up */
	uint64_t times, worst_ns;
	uint64_t lost_ns;   /* by all victims together; 0 where no time can be named */
	char text[360];	    /* plain words with numbers; escaped already */
	const char *advice; /* what to try */
};

/* Where to look, from the trace's start, as --from and --to take it: of an instant, what
 * led to it. */
void gtv_finding_see(const struct gtv_finding *found, uint64_t start_ns, uint64_t *from_ns,
		     uint64_t *to_ns);

/* What a rule has to say of the trace so far. */
enum gtv_verdict {
	GTV_RULE_FOUND,
	GTV_RULE_FINE,	  /* all of it was seen, and nothing was found */
	GTV_RULE_NOTHING, /* there is nothing that it could concern */
	GTV_RULE_CANNOT,  /* nothing was found, but not all of it could be seen */
};

/* A threshold of a rule, for the manual and for tests. */
struct gtv_threshold {
	const char *name; /* stable */
	uint64_t value;
	const char *unit, *why;
};

struct gtv_rule {
	const char *finds;  /* one sentence */
	const char *advice; /* what to try */
	const char *blind;  /* what a level too low does not show; NULL: nothing */
	int level;	    /* the lowest level that shows all of it */
	uint8_t needs_user, needs_kernel; /* whose lost events blind it */
	struct gtv_threshold limit[4];	  /* ends with a name of NULL */
};
extern const struct gtv_rule gtv_rules[GTV_FIND_MAX];

struct gtv_findings;

/* level and names as for the model. Borrows names, which may be NULL. Returns owned,
 * NULL without memory. */
struct gtv_findings *gtv_findings_new(int level, const struct gtv_names *names);
void gtv_findings_free(struct gtv_findings *f);
/* The kernel source was asked for the program's own threads only: what others do on a
 * core meanwhile is not known. */
void gtv_findings_filtered(struct gtv_findings *f, int filtered);
/* Where the model's spans go to: the model that gtv_findings_feed is given must be made
 * with this sink, or with one that hands its spans on to it. */
struct gtv_model_sink gtv_findings_sink(struct gtv_findings *f);

/* Feeds model and rules, in step. As gtv_model_feed. */
int gtv_findings_feed(struct gtv_findings *f, struct gtv_model *m, const struct gtv_ev *evs,
		      size_t count);
/* As gtv_model_gap, gtv_model_finish. */
int gtv_findings_gap(struct gtv_findings *f, struct gtv_model *m, uint64_t from_ns,
		     uint64_t to_ns);
void gtv_findings_finish(struct gtv_findings *f, struct gtv_model *m, uint64_t end_ns);

/* What is found so far, worst first: fills at most max, Returns how many there are.
 * Costs about as much as there are green threads alive: a few times a second at most. */
size_t gtv_findings_list(struct gtv_findings *f, struct gtv_finding *out, size_t max);
/* What a rule says; the reason, if it is not FOUND or FINE, in why[size]. `found`: of the
 * kind, from a list. */
enum gtv_verdict gtv_findings_verdict(const struct gtv_findings *f, unsigned kind,
				      int found, char *why, size_t size);

#endif
