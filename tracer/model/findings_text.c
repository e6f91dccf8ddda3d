/* SPDX-License-Identifier: MIT
 *
 * The words of a finding, and its lanes.
 */
#include "tracer/model/findings_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tracer/model/explain_priv.h"

/* Names that a sentence needs: each in a buffer of its own. */
struct words {
	const struct gtv_findings *f;
	struct gtv_finding *out;
	char buf[12][GTV__WORD];
	int used;
};

static char *room(struct words *w)
{
	return w->buf[w->used++ % 12];
}

static const char *ns(struct words *w, uint64_t t)
{
	return gtv__word_ns(t, room(w));
}

static const char *lane(struct words *w, struct gtv_lane l)
{
	static const enum gtv_class cls[GTV_LANE_KIND_MAX] = {
		[GTV_LANE_THREAD] = GTV_CLASS_THREAD,
		[GTV_LANE_GT] = GTV_CLASS_GT,
		[GTV_LANE_LOCK] = GTV_CLASS_LOCK,
	};
	static const char letter[] = "?CTGL";
	char *buf = room(w);

	if (l.kind == GTV_LANE_CORE || (l.kind && !w->f->names))
		snprintf(buf, GTV__WORD, "%c%u", letter[l.kind], l.id);
	else if (l.kind)
		gtv_names_label(w->f->names, cls[l.kind], l.id, buf, GTV__WORD);
	else
		snprintf(buf, GTV__WORD, "somebody");
	return buf;
}

/* "nanosleep", or "the kernel". */
static const char *call(struct words *w, const struct gtv__found *a)
{
	char *buf = room(w);

	if (a->call_name && w->f->names)
		return gtv_names_label(w->f->names, GTV_CLASS_CALL, a->call_name, buf,
				       GTV__WORD);
	return gtv__word_syscall(w->f->names, a->call, buf);
}

static void say(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void say(struct words *w, const char *fmt, ...)
{
	size_t used = strlen(w->out->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->out->text + used, sizeof w->out->text - used, fmt, ap);
	va_end(ap);
}

static void add_lane(struct words *w, struct gtv_lane l)
{
	struct gtv_finding *out = w->out;

	for (int i = 0; i < out->lanes; i++)
		if (out->lane[i].kind == l.kind && out->lane[i].id == l.id)
			return;
	if (l.kind && out->lanes < GTV_FINDING_LANES)
		out->lane[out->lanes++] = l;
}

static const char *times(uint64_t n)
{
	return n == 1 ? "time" : "times";
}

static void convoy(struct words *w, const struct gtv__found *a, struct gtv_lane lock)
{
	uint64_t waits = a->extra[0] ? a->extra[0] : 1;

	say(w,
	    "%s waits %s in the mean for %s, to hold it %s%s: %" PRIu64
	    " waits, %s together; the longest took %s, behind %s",
	    lane(w, a->who), ns(w, a->measure / waits), lane(w, lock),
	    a->who.kind == GTV_LANE_THREAD ? "at most " : "",
	    a->extra[1] < US ? "under 1 µs" : ns(w, a->extra[1]), waits, ns(w, a->measure),
	    ns(w, a->to_ns - a->from_ns), lane(w, a->by));
	if (a->victims > 1)
		say(w, "; %u %sthreads are in it, and lose %s", a->victims,
		    a->who.kind == GTV_LANE_THREAD ? "" : "green ", ns(w, a->lost_ns));
	add_lane(w, a->who);
	add_lane(w, lock);
	add_lane(w, a->by);
}

static void off_core(struct words *w, const struct gtv__found *a,
		     const struct gtv__f_lock *l, struct gtv_lane lock)
{
	struct gtv_lane core = {GTV_LANE_CORE, (uint32_t)a->extra[1] - 1};

	say(w, "%s was held off core %s of the %s that it was held", lane(w, lock),
	    ns(w, l->off_ns), ns(w, l->held_ns));
	if (a->victims)
		say(w, ", while up to %u waited and lost %s", a->victims,
		    ns(w, a->lost_ns));
	else
		say(w, " (it spins: who wants it does not say so)");
	say(w, "; the longest, %s: %s ", ns(w, a->to_ns - a->from_ns), lane(w, a->who));
	if (a->extra[0] == GTV_ST_HELD_ASLEEP)
		say(w, "slept in %s", call(w, a));
	else if (a->extra[0] == GTV_ST_LOCK)
		say(w, "waited for %s",
		    a->by.kind ? lane(w, a->by) : "something else with it in its hand");
	else if (a->by.kind == GTV_LANE_GT)
		say(w, "gave its worker to %s", lane(w, a->by));
	else if (a->by.kind)
		say(w, "lost its core to %s", lane(w, a->by));
	else
		say(w, "lost its core or its worker");
	add_lane(w, lock);
	add_lane(w, a->who);
	add_lane(w, a->by);
	if (a->extra[1])
		add_lane(w, core);
}

static void starvation(struct words *w, const struct gtv__found *a)
{
	if (a->who.kind == GTV_LANE_GT)
		say(w,
		    "%s was ready for %s and did not run, while others began to run "
		    "%" PRIu64 " times (%" PRIu64 " had been ready before it)",
		    lane(w, a->who), ns(w, a->to_ns - a->from_ns), a->extra[0],
		    a->extra[1]);
	else
		say(w, "%s waited %s for a core, which at first %s had", lane(w, a->who),
		    ns(w, a->to_ns - a->from_ns), lane(w, a->by));
	if (a->times > 1)
		say(w, "; %" PRIu64 " such waits, %s together", a->times,
		    ns(w, a->lost_ns));
	add_lane(w, a->who);
	add_lane(w, a->by);
}

static void hog(struct words *w, const struct gtv__found *a)
{
	if (a->call_name)
		say(w, "the callback %s kept the loop on %s for %s", call(w, a),
		    lane(w, a->who), ns(w, a->to_ns - a->from_ns));
	else
		say(w, "%s kept its worker for %s%s", lane(w, a->who),
		    ns(w, a->to_ns - a->from_ns), a->open ? " and still does" : "");
	if (a->by.kind)
		say(w, "; right after that %s was found ready", lane(w, a->by));
	else
		say(w, " while others were ready");
	say(w, "; %" PRIu64 " %s, %s lost", a->times, times(a->times), ns(w, a->lost_ns));
	if (w->f->level == 0)
		say(w, " (level 0 does not show whether it computed or slept)");
	add_lane(w, a->who);
	add_lane(w, a->by);
}

static void blocking(struct words *w, const struct gtv__found *a)
{
	say(w, "%s was in %s for %s on its worker, and nobody else could run there",
	    lane(w, a->who), call(w, a), ns(w, a->to_ns - a->from_ns));
	if (a->by.kind)
		say(w, "; right after that %s was found ready", lane(w, a->by));
	say(w, "; %" PRIu64 " %s, %s lost by those who were ready", a->times,
	    times(a->times), ns(w, a->lost_ns));
	add_lane(w, a->who);
	add_lane(w, a->by);
}

static void oversubscribed(struct words *w, const struct gtv__found *a)
{
	struct gtv_lane core = {GTV_LANE_CORE, (uint32_t)a->extra[0] - 1};

	say(w,
	    "the program's threads ran %s, and waited %s for cores that its other "
	    "threads had; in the worst wait, of %s, %s was behind %s for %s",
	    ns(w, w->f->over_run_ns), ns(w, a->lost_ns), ns(w, a->to_ns - a->from_ns),
	    lane(w, a->who), lane(w, a->by), ns(w, a->measure));
	add_lane(w, a->who);
	add_lane(w, a->by);
	if (a->extra[0])
		add_lane(w, core);
}

static void unfair(struct words *w, const struct gtv__found *a, const struct gtv__f_lock *l,
		   struct gtv_lane lock)
{
	if (l->overtaken >= GTV__OVERTAKEN_WAITS)
		say(w,
		    "%s waited %s for %s while others took it %" PRIu64 " times (%" PRIu64
		    " had waited before it); so did %" PRIu64 " of %" PRIu64 " waits",
		    lane(w, a->who), ns(w, a->to_ns - a->from_ns), lane(w, lock),
		    a->measure, a->extra[0], l->overtaken, l->wants);
	else
		say(w,
		    "%s took %s %" PRIu64 " times, %s %" PRIu64
		    " %s, and both ran for about as long (it spins: who wants it "
		    "does not say so)",
		    lane(w, a->by), lane(w, lock), a->extra[0], lane(w, a->who),
		    a->extra[1], times(a->extra[1]));
	add_lane(w, a->who);
	add_lane(w, lock);
	add_lane(w, a->by);
}

static void false_wakeups(struct words *w, const struct gtv__found *a,
			  const struct gtv__f_lock *l, struct gtv_lane lock)
{
	say(w,
	    "%" PRIu64 " of %" PRIu64 " wake-ups for %s were in vain: it was gone "
	    "again; %s was woken %" PRIu64 " times in vain for one take",
	    l->false_wakes, l->wakes, lane(w, lock), lane(w, a->who), a->measure);
	add_lane(w, a->who);
	add_lane(w, lock);
}

static void ping_pong(struct words *w, const struct gtv__found *a)
{
	struct gtv_lane other = {a->by.kind, (uint32_t)a->extra[0]};

	say(w,
	    "%s came back to where it had been before %" PRIu64 " times of %" PRIu64
	    ", as between %s and %s",
	    lane(w, a->who), a->measure, a->extra[1], lane(w, a->by), lane(w, other));
	if (a->victims > 1)
		say(w, a->victims == 2 ? "; so does one more" : "; so do %u more",
		    a->victims - 1);
	add_lane(w, a->who);
	add_lane(w, a->by);
	add_lane(w, other);
}

static void idle_core(struct words *w, const struct gtv__found *a)
{
	struct gtv_lane core = {GTV_LANE_CORE, (uint32_t)a->extra[0] - 1};

	say(w,
	    "%s waited %s for %s while %s was idle; %" PRIu64
	    " %s, %s together (whether it may run there is not shown)",
	    lane(w, a->who), ns(w, a->to_ns - a->from_ns),
	    a->extra[0] ? lane(w, core) : "a core", lane(w, a->by), a->times,
	    times(a->times), ns(w, a->lost_ns));
	add_lane(w, a->who);
	add_lane(w, a->by);
	if (a->extra[0])
		add_lane(w, core);
}

static const char *member(struct words *w, const struct gtv__found *a, int i)
{
	return lane(w, gtv__f_lane(a->who.kind, a->member[i % a->members]));
}

/* What the i-th waits for. */
static void awaited(struct words *w, const struct gtv__found *a, int i)
{
	const char *next = member(w, a, i + 1);

	say(w, "%s waits for ", member(w, a, i));
	if (a->lock[i])
		say(w, "%s, held by %s", lane(w, gtv__f_lane(GTV_LANE_LOCK, a->lock[i])),
		    next);
	else if (a->who.kind == GTV_LANE_THREAD)
		say(w, "a lock that says %s has it", next);
	else
		say(w, "the end of %s", next);
}

static void cycle(struct words *w, const struct gtv__found *a)
{
	if (a->victims) {
		say(w, "all %u green threads wait for one another", a->victims);
		for (int i = 0; i < a->members; i++)
			say(w, "%s %s", i ? "," : ":", member(w, a, i));
	} else {
		for (int i = 0; i < a->members; i++) {
			say(w, "%s", i ? "; " : "");
			awaited(w, a, i);
		}
	}
	if (a->members == 1 && !a->victims)
		say(w, " itself");
	if (a->to_ns == a->from_ns)
		say(w, "; it ends so");
	else if (a->who.kind == GTV_LANE_THREAD)
		say(w, "; for %s", ns(w, a->to_ns - a->from_ns));
	else
		say(w, a->open ? "; for %s, to the end" : "; for %s, until one gave up",
		    ns(w, a->to_ns - a->from_ns));
	for (int i = 0; i < a->members; i++)
		add_lane(w, gtv__f_lane(a->who.kind, a->member[i]));
}

#define INSTANT_NS 1000000u /* so much before an instant is told as its place */

void gtv_finding_see(const struct gtv_finding *found, uint64_t start_ns, uint64_t *from_ns,
		     uint64_t *to_ns)
{
	uint64_t from = found->from_ns, to = found->to_ns;

	if (to <= from) {
		to = from + 1;
		from -= from > INSTANT_NS ? INSTANT_NS : from;
	}
	*from_ns = from > start_ns ? from - start_ns : 0;
	*to_ns = to > start_ns ? to - start_ns : 1;
}

void gtv__f_text(const struct gtv__f_about *q, struct gtv_finding *out)
{
	struct words w = {.f = q->f, .out = out};
	struct gtv_lane lock = gtv__f_lane(GTV_LANE_LOCK, q->lock ? q->lock->id : 0);

	switch (out->kind) {
	case GTV_FIND_WAIT_CYCLE:
		cycle(&w, q->a);
		break;
	case GTV_FIND_CONVOY:
		convoy(&w, q->a, lock);
		break;
	case GTV_FIND_HOLDER_OFF_CORE:
		off_core(&w, q->a, q->lock, lock);
		break;
	case GTV_FIND_STARVATION:
		starvation(&w, q->a);
		break;
	case GTV_FIND_NEVER_YIELDS:
		hog(&w, q->a);
		break;
	case GTV_FIND_BLOCKING_CALL:
		blocking(&w, q->a);
		break;
	case GTV_FIND_OVERSUBSCRIPTION:
		oversubscribed(&w, q->a);
		break;
	case GTV_FIND_UNFAIR_LOCK:
		unfair(&w, q->a, q->lock, lock);
		break;
	case GTV_FIND_FALSE_WAKEUPS:
		false_wakeups(&w, q->a, q->lock, lock);
		break;
	case GTV_FIND_PING_PONG:
		ping_pong(&w, q->a);
		break;
	default:
		idle_core(&w, q->a);
	}
}
