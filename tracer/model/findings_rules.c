/* SPDX-License-Identifier: MIT
 *
 * The rules: one table. Each says what it finds, from when on (its thresholds, with
 * their units and reasons), what to try, and what it needs to see. Ratios and counts
 * are thresholds wherever they can be, so that a trace of milliseconds and one of hours
 * are judged alike; the few absolute times are those of people and of kernels.
 *
 * Below the table: when what the other files gathered is a finding, and how severe.
 */
#include "tracer/model/findings_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define MATTERS                                                                            \
	{                                                                                  \
		"matters_ms", GTV__MATTERS_NS / MS, "ms",                                  \
			"or a hundredth of the trace in sum: less is nobody's reason to "  \
			"look"                                                             \
	}
#define SEES_KERNEL .needs_kernel = 1
#define SEES_USER   .needs_user = 1

const struct gtv_rule gtv_rules[GTV_FIND_MAX] = {
	[GTV_FIND_WAIT_CYCLE] =
		{
			.finds =
				"Green threads wait for one another in a circle, or OS "
				"threads "
				"for futexes, or all of a program's green threads wait for "
				"each other at its end.",
			.advice = "Take locks in one order everywhere, and hold none while "
				  "joining or waiting for who may need it.",
			SEES_USER,
			SEES_KERNEL,
			.limit =
				{{"hung_ms", GTV__HUNG_NS / MS, "ms",
				  "without a circle all must have waited so long at the "
				  "trace's end: a wake-up from outside may be on its way"}},
		},
	[GTV_FIND_CONVOY] =
		{
			.finds = "A green thread, or an OS thread by what it waits for "
				 "futexes, that needs a lock for moments waits for "
				 "long holds of others, again and again.",
			.advice = "Let who computes give the lock up sooner or work "
				  "without it; a shorter interval (gil3,interval=500us) "
				  "shortens each wait; processes or threads without a "
				  "common lock end them.",
			SEES_USER,
			.limit = {{"waits", GTV__CONVOY_WAITS, "waits", "fewer are chance"},
				  {"ratio", GTV__CONVOY_RATIO, "times as long as it holds",
				   "the wait is not for the work done under the lock"},
				  {"hold", GTV__CONVOY_HOLD, "times its own hold",
				   "are the others' holds: equals that share a lock are no "
				   "convoy"},
				  MATTERS},
		},
	[GTV_FIND_HOLDER_OFF_CORE] =
		{
			.finds = "A lock is held by one that is not on a core, while "
				 "others wait for it.",
			.advice = "Hold it for less and never over a sleep, a system call "
				  "or a fault; run no more threads than cores; give who "
				  "holds it a core of its own.",
			.blind = "what the kernel does to a holder",
			.level = 1,
			SEES_USER,
			SEES_KERNEL,
			.limit = {{"spin_share", 100 / GTV__SPIN_OFF, "% of its holding",
				   "for locks that spin: nobody tells that he waits"},
				  MATTERS},
		},
	[GTV_FIND_STARVATION] =
		{
			.finds = "A green thread is ready, or an OS thread waits for a "
				 "core, and others run before it over and over.",
			.advice = "Look who runs instead: one that makes itself ready "
				  "again and again, a queue that is served last-in "
				  "first-out, threads of a higher priority.",
			SEES_USER,
			.limit = {{"starved_ms", GTV__STARVED_NS / MS, "ms",
				   "what people notice, and what event loops call slow"},
				  {"runs", GTV__STARVED_RUNS, "runs of others",
				   "and four for each that was ready before it: a fair "
				   "queue needs one"}},
		},
	[GTV_FIND_NEVER_YIELDS] =
		{
			.finds = "A green thread, or a callback of the loop, keeps its "
				 "worker, and others could have run there.",
			.advice = "Yield in long loops, or move the work to an executor, "
				  "a thread or a process; a policy that preempts (gmp, "
				  "quantum) does it for you.",
			SEES_USER,
			.limit = {{"hog_ms", GTV__HOG_NS / MS, "ms",
				   "what people notice, and what event loops call slow"}},
		},
	[GTV_FIND_BLOCKING_CALL] =
		{
			.finds = "The only worker sleeps in the kernel, or a green thread "
				 "does on its worker, while others could run.",
			.advice = "Make the call cooperative (gt_read, gt_sleep_ns), hand "
				  "it to the pool (gt_blocking), or preload "
				  "libgtpreload.so.",
			.blind = "calls that the runtime does not declare",
			.level = 1,
			SEES_USER,
			SEES_KERNEL,
			.limit = {{"call_ms", GTV__BLOCK_NS / MS, "ms",
				   "shorter ones cost less than a switch and a wake-up of "
				   "another"},
				  MATTERS},
		},
	[GTV_FIND_OVERSUBSCRIPTION] =
		{
			.finds = "The program's own threads wait for cores that its other "
				 "threads have, and none is idle.",
			.advice = "Run as many threads that compute as there are cores "
				  "(cores=N of the policy), or give it more cores.",
			.blind = "who has the core that a thread waits for",
			.level = 2,
			SEES_KERNEL,
			.limit = {{"ratio", 100 / GTV__OVER_RATIO, "% of the time they run",
				   "three threads for two cores wait as much"},
				  MATTERS},
		},
	[GTV_FIND_UNFAIR_LOCK] =
		{
			.finds = "Others take a lock many times while one waits for it; "
				 "of a lock that spins, one takes it many times as often "
				 "as another that runs as long.",
			.advice = "Use a lock that goes round (a ticket or MCS lock, "
				  "gt_mutex), or let who drops it not take it again at "
				  "once.",
			SEES_USER,
			.limit = {{"overtaken", GTV__OVERTAKEN, "takes by others",
				   "beyond those that were in line before it"},
				  {"overtaken_waits", GTV__OVERTAKEN_WAITS, "such waits",
				   "and a tenth of all: once is chance"},
				  {"unequal", GTV__UNEQUAL, "times as often",
				   "of locks that spin"}},
		},
	[GTV_FIND_FALSE_WAKEUPS] =
		{
			.finds = "Green threads are woken for a lock that is gone again "
				 "when they run.",
			.advice = "Hand the lock over instead of dropping it (gil3 waits "
				  "until it was taken), or wake one waiter and not all.",
			SEES_USER,
			.limit = {{"false_times", GTV__FALSE_TIMES, "times",
				   "fewer are chance"},
				  {"false_share", 100 / GTV__FALSE_SHARE,
				   "% of its wake-ups",
				   "a few are the price of locks that may be taken by "
				   "whoever comes"}},
		},
	[GTV_FIND_PING_PONG] =
		{
			.finds = "A thread goes to and fro between two cores, or a green "
				 "thread between two workers.",
			.advice = "Pin it (cores=N of the policy, gt_attr.cores), or keep "
				  "those that wake each other on one core.",
			.blind = "on which core a thread runs",
			.level = 1,
			SEES_KERNEL,
			.limit = {{"ping_times", GTV__PING_TIMES, "times back",
				   "fewer are the kernel's balancing"},
				  {"ping_share", 100 / GTV__PING_SHARE, "% of its runs",
				   "mostly elsewhere than its caches are"}},
		},
	[GTV_FIND_IDLE_CORE] =
		{
			.finds = "A thread waits for a core while another core is idle.",
			.advice = "Look what binds it to its core: a pin (cores=N, "
				  "taskset), a cpuset; or wake it where there is room.",
			.blind = "which cores are idle",
			.level = 2,
			SEES_KERNEL,
			.limit = {{"idle_ms", GTV__IDLE_NS / MS, "ms",
				   "a tick: waking an idle core takes some of it"},
				  MATTERS},
		},
};

static const struct {
	const char *key, *title;
} kinds[] = {
#define X(id, key, title) {key, title},
	GTV_FINDING_KINDS(X)
#undef X
};

const char *gtv_finding_key(unsigned kind)
{
	return kind < GTV_FIND_MAX ? kinds[kind].key : "?";
}

const char *gtv_finding_title(unsigned kind)
{
	return kind < GTV_FIND_MAX ? kinds[kind].title : "?";
}

const char *gtv_severity_name(unsigned severity)
{
	static const char *const name[GTV_SEV_MAX] = {"note", "warning", "serious"};

	return severity < GTV_SEV_MAX ? name[severity] : "?";
}

/* ---- when it is a finding ---- */

static uint64_t duration(const struct gtv_findings *f)
{
	return f->now_ns > f->first_ns ? f->now_ns - f->first_ns : 1;
}

static int matters(const struct gtv_findings *f, const struct gtv__found *a)
{
	return a->times && (a->lost_ns * GTV__MATTERS_SHARE >= duration(f) ||
			    a->to_ns - a->from_ns >= GTV__MATTERS_NS);
}

static unsigned severity(const struct gtv_findings *f, uint64_t lost_ns)
{
	if (lost_ns >= duration(f) / 10)
		return GTV_SEV_SERIOUS;
	return lost_ns >= duration(f) / 100 ? GTV_SEV_WARNING : GTV_SEV_NOTE;
}

struct list {
	struct gtv_findings *f;
	struct gtv_finding *out;
	size_t max, count;
};

/* The rule found it. A list that is full keeps the worst. */
static void put(struct list *l, unsigned kind, unsigned sev, const struct gtv__found *a,
		const struct gtv__f_lock *lock, const struct gtv__f_proc *proc);

static void of_lock(struct list *out, const struct gtv__f_lock *l)
{
	struct gtv_findings *f = out->f;
	const struct gtv__found *a = &l->found[GTV__L_CONVOY];
	struct gtv__found unequal;

	if (matters(f, a))
		put(out, GTV_FIND_CONVOY, severity(f, a->lost_ns), a, l, NULL);
	a = &l->found[GTV__L_OFF];
	if (matters(f, a) &&
	    (!l->spins || (l->takers > 1 && l->off_ns * GTV__SPIN_OFF >= l->held_ns)))
		put(out, GTV_FIND_HOLDER_OFF_CORE, severity(f, a->lost_ns), a, l, NULL);
	a = &l->found[GTV__L_UNFAIR];
	if (l->overtaken >= GTV__OVERTAKEN_WAITS &&
	    l->overtaken * GTV__OVERTAKEN_SHARE >= l->wants)
		put(out, GTV_FIND_UNFAIR_LOCK, severity(f, a->lost_ns), a, l, NULL);
	else if (l->spins && gtv__f_lock_unequal(f, l, &unequal))
		put(out, GTV_FIND_UNFAIR_LOCK, GTV_SEV_WARNING, &unequal, l, NULL);
	a = &l->found[GTV__L_FALSE];
	if (a->times && l->false_wakes >= GTV__FALSE_TIMES &&
	    l->false_wakes * GTV__FALSE_SHARE >= l->wakes)
		put(out, GTV_FIND_FALSE_WAKEUPS,
		    l->false_wakes * 2 >= l->wakes ? GTV_SEV_WARNING : GTV_SEV_NOTE, a, l,
		    NULL);
}

static unsigned at_least(unsigned sev, unsigned least)
{
	return sev < least ? least : sev;
}

static void of_proc(struct list *out, const struct gtv__f_proc *p)
{
	struct gtv_findings *f = out->f;
	const struct gtv__found *a = &p->shown[GTV__P_CYCLE];

	/* OS threads that were killed in it are woken first. */
	if (a->times)
		put(out, GTV_FIND_WAIT_CYCLE,
		    a->open || (a->who.kind == GTV_LANE_THREAD &&
				a->to_ns - a->from_ns >= GTV__HUNG_NS)
			    ? GTV_SEV_SERIOUS
			    : GTV_SEV_WARNING,
		    a, NULL, p);
	a = &p->shown[GTV__P_STARVED];
	if (a->times)
		put(out, GTV_FIND_STARVATION,
		    at_least(severity(f, a->lost_ns), GTV_SEV_WARNING), a, NULL, p);
	a = &p->shown[GTV__P_HOG];
	if (a->times)
		put(out, GTV_FIND_NEVER_YIELDS,
		    at_least(severity(f, a->lost_ns), GTV_SEV_WARNING), a, NULL, p);
	a = &p->shown[GTV__P_BLOCK];
	if (matters(f, a))
		put(out, GTV_FIND_BLOCKING_CALL, severity(f, a->lost_ns), a, NULL, p);
	a = &p->shown[GTV__P_PING];
	if (a->times)
		put(out, GTV_FIND_PING_PONG, GTV_SEV_NOTE, a, NULL, p);
}

static void of_all(struct list *out)
{
	struct gtv_findings *f = out->f;

	if (f->level >= 2 && f->over.times &&
	    (f->over.lost_ns * GTV__MATTERS_SHARE >= duration(f) ||
	     f->over.measure >= GTV__MATTERS_NS) &&
	    f->over.lost_ns * GTV__OVER_RATIO >= f->over_run_ns)
		put(out, GTV_FIND_OVERSUBSCRIPTION, severity(f, f->over.lost_ns), &f->over,
		    NULL, NULL);
	if (f->level >= 2 && matters(f, &f->idle_core))
		put(out, GTV_FIND_IDLE_CORE, severity(f, f->idle_core.lost_ns),
		    &f->idle_core, NULL, NULL);
}

static int worse(const void *a, const void *b)
{
	const struct gtv_finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? 1 : -1;
	if (x->lost_ns != y->lost_ns)
		return x->lost_ns < y->lost_ns ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (x->lane[0].id > y->lane[0].id) - (x->lane[0].id < y->lane[0].id);
}

static void put(struct list *l, unsigned kind, unsigned sev, const struct gtv__found *a,
		const struct gtv__f_lock *lock, const struct gtv__f_proc *proc)
{
	struct gtv_finding found = {.kind = (uint8_t)kind,
				    .severity = (uint8_t)sev,
				    .from_ns = a->from_ns,
				    .to_ns = a->to_ns,
				    .first_ns = a->first_ns,
				    .where = a->where,
				    .times = a->times,
				    .worst_ns = a->to_ns - a->from_ns,
				    .lost_ns = a->lost_ns,
				    .advice = gtv_rules[kind].advice};
	struct gtv__f_about about = {l->f, a, lock, proc};
	size_t at = l->count++;

	if (at >= l->max) {
		for (size_t i = at = 0; i < l->max; i++)
			if (worse(&l->out[i], &l->out[at]) > 0)
				at = i;
		if (!l->max || worse(&found, &l->out[at]) > 0)
			return;
	}
	gtv__f_text(&about, &found);
	l->out[at] = found;
}

/* With what goes on. */
static void show_open(struct gtv_findings *f)
{
	struct gtv__f_proc *p;
	const struct gtv__f_gt *g;
	uint32_t at = 0;

	while ((p = gtv__f_next(&f->procs, &at))) {
		gtv__f_proc_advance(p, f->now_ns);
		for (int r = 0; r < GTV__P_MAX; r++)
			p->shown[r] = p->found[r];
		gtv__f_gt_cycles(f, p, f->now_ns, &p->shown[GTV__P_CYCLE]);
		if (f->finished && f->now_ns - p->changed_ns >= GTV__HUNG_NS)
			gtv__f_gt_hung(f, p, f->now_ns, &p->shown[GTV__P_CYCLE]);
	}
	for (at = 0; (g = gtv__f_next(&f->gts, &at));)
		gtv__f_gt_open(f, g, g->proc, f->now_ns, g->proc->shown);
}

size_t gtv_findings_list(struct gtv_findings *f, struct gtv_finding *out, size_t max)
{
	struct list l = {f, out, max, 0};
	const struct gtv__f_proc *p;
	const struct gtv__f_lock *lock;
	uint32_t at = 0;

	show_open(f);
	while ((lock = gtv__f_next(&f->locks, &at)))
		of_lock(&l, lock);
	for (at = 0; (p = gtv__f_next(&f->procs, &at));)
		of_proc(&l, p);
	of_all(&l);
	if (max)
		qsort(out, l.count < max ? l.count : max, sizeof *out, worse);
	return l.count;
}

/* ---- verdicts ---- */

/* What it could concern: NULL if there is some. */
static const char *nothing(const struct gtv_findings *f, unsigned kind)
{
	switch (kind) {
	case GTV_FIND_HOLDER_OFF_CORE:
		return f->saw_lock || f->saw_futex ? NULL : "no locks";
	case GTV_FIND_CONVOY:
	case GTV_FIND_UNFAIR_LOCK:
	case GTV_FIND_FALSE_WAKEUPS:
		return f->saw_lock ? NULL : "no locks";
	case GTV_FIND_NEVER_YIELDS:
	case GTV_FIND_BLOCKING_CALL:
		return !f->saw_gt      ? "no green threads"
		       : f->saw_shared ? NULL
				       : "each green thread is an OS thread";
	case GTV_FIND_WAIT_CYCLE:
		return f->saw_gt || f->saw_futex ? NULL : "nobody waits for a lock";
	case GTV_FIND_STARVATION:
		return f->saw_gt || f->saw_thread ? NULL : "no threads";
	default:
		return f->saw_thread ? NULL : "no threads";
	}
}

static int level_needed(const struct gtv_findings *f, unsigned kind)
{
	/* Those on run queues of a runtime are told at every level; who waits for a
	 * core is not. */
	if (kind == GTV_FIND_STARVATION)
		return f->saw_shared ? 0 : 2;
	return gtv_rules[kind].level;
}

/* It looks at takes and wants: what is known of a futex are waits. */
static int of_takes(unsigned kind)
{
	return kind == GTV_FIND_CONVOY || kind == GTV_FIND_UNFAIR_LOCK ||
	       kind == GTV_FIND_FALSE_WAKEUPS;
}

enum gtv_verdict gtv_findings_verdict(const struct gtv_findings *f, unsigned kind,
				      int found, char *why, size_t size)
{
	const struct gtv_rule *r = &gtv_rules[kind];
	const char *none = nothing(f, kind);
	uint64_t lost =
		(r->needs_user ? f->lost_user : 0) + (r->needs_kernel ? f->lost_kernel : 0);

	snprintf(why, size, "%s", "");
	if (found)
		return GTV_RULE_FOUND;
	if (f->level < level_needed(f, kind)) {
		snprintf(why, size, "level %d does not show %s", f->level,
			 r->blind ? r->blind : "who waits for a core");
		return GTV_RULE_CANNOT;
	}
	if (kind == GTV_FIND_IDLE_CORE && f->filtered) {
		snprintf(why, size, "without --all, what others do on a core is left out");
		return GTV_RULE_CANNOT;
	}
	if (f->saw_futex && of_takes(kind)) {
		snprintf(why, size, "who takes a futex without waiting is not seen");
		return GTV_RULE_CANNOT;
	}
	if (lost) {
		snprintf(why, size, "some of the evidence is lost");
		return GTV_RULE_CANNOT;
	}
	if (f->gts.full || f->locks.full || f->threads.full || f->procs.full) {
		snprintf(why, size, "more threads or locks at once than are looked at");
		return GTV_RULE_CANNOT;
	}
	if (none) {
		snprintf(why, size, "%s", none);
		return GTV_RULE_NOTHING;
	}
	return GTV_RULE_FINE;
}
