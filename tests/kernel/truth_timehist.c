/* SPDX-License-Identifier: MIT
 *
 * What `perf sched timehist` says of the very run that gtviz records: who woke whom and
 * how often, how often each thread moved to another core, how long it waited for one
 * when it had been woken, and how long it ran.
 */
#include "tests/kernel/burned.h"

#define WAKERS_MAX 64
#define RUNS	   5
#define EACH_NS	   4000 /* both are told of an event one after the other */

struct waker {
	int tid;
	uint64_t count;
};

/* What one of the two says of a thread. */
struct told {
	uint64_t moves, outs, wait_ns, run_ns;
	struct waker waker[WAKERS_MAX];
	int wakers;
	uint64_t ready_ns, on_ns; /* in the making */
	int on;
};

struct view {
	const struct burned *burned;
	struct told told[THREADS_MAX];
};

/* Until its figures were read: it had parked then. (Of a thread that ends, perf forgets
 * the number before its last switch.) */
static struct told *told_of(struct view *v, int64_t tid, uint64_t ts)
{
	for (int i = 0; i < v->burned->count; i++)
		if (v->burned->th[i].tid == tid && ts <= v->burned->th[i].read_at_ns)
			return &v->told[i];
	return NULL;
}

static void add_waking(struct view *v, int64_t waker, int64_t woken, uint64_t ts)
{
	struct told *t = told_of(v, woken, ts);
	int i = 0;

	/* Of what interrupts an idle core wakes, timehist leaves some out. */
	if (!t || !waker)
		return;
	while (i < t->wakers && t->waker[i].tid != waker)
		i++;
	if (i == WAKERS_MAX)
		return;
	if (i == t->wakers)
		t->waker[t->wakers++].tid = (int)waker;
	t->waker[i].count++;
}

/* ------------------------------------------------------------- gtviz's events */

static void take_switch(struct view *v, const char *line, uint64_t ts)
{
	struct told *t = told_of(v, line_need(line, "prev_tid"), ts);

	if (t) {
		t->outs++;
		if (t->on && t->ready_ns && t->ready_ns <= t->on_ns)
			t->wait_ns += t->on_ns - t->ready_ns;
		t->run_ns += t->on ? ts - t->on_ns : 0;
		t->on = 0;
		t->ready_ns = 0;
	}
	t = told_of(v, line_need(line, "next_tid"), ts);
	if (t) {
		t->on = 1;
		t->on_ns = ts;
	}
}

static void take_ours(void *arg, const char *line)
{
	struct view *v = arg;
	uint64_t ts = (uint64_t)line_need(line, "ts_ns");
	struct told *t;

	if (line_kind(line, "sched_switch")) {
		take_switch(v, line, ts);
	} else if (line_kind(line, "sched_migrate")) {
		t = told_of(v, line_need(line, "moved_tid"), ts);
		if (t)
			t->moves++;
	} else {
		add_waking(v, line_need(line, "tid"), line_need(line, "woken_tid"), ts);
		t = told_of(v, line_need(line, "woken_tid"), ts);
		if (t && !t->ready_ns)
			t->ready_ns = ts;
	}
}

/* ----------------------------------------------------------- timehist's lines */

/* "burn[15435/15420]", "perf[15405]", "<idle>": the thread in the brackets; *end: behind.
 */
static int tid_at(const char *at, const char **end)
{
	const char *open = strchr(at, '['), *close = open ? strchr(open, ']') : NULL;

	*end = close ? close + 1 : at + strlen(at);
	return close ? atoi(open + 1) : 0;
}

static uint64_t ns_of(double ms)
{
	return (uint64_t)(ms * 1e6 + 0.5);
}

/* "  12.345678 [0001]  burn[7/6]   WAIT  DELAY  RUN", or "… awakened: burn[9/6]", or
 * "… migrated: burn[9/6] cpu 0 => 1" */
static void take_theirs(struct view *v, const char *line)
{
	const char *at = strchr(line, ']'), *word, *end; /* behind the core */
	double wait, delay, ran;
	struct told *t;
	uint64_t sec, us, ts;
	int tid;

	if (!at || sscanf(line, " %" SCNu64 ".%" SCNu64 " [", &sec, &us) != 2)
		return;
	ts = sec * 1000000000u + us * 1000u;
	at++;
	if ((word = strstr(at, "awakened: "))) {
		tid = tid_at(at, &end);
		if (end > word) /* the idle task has no brackets */
			tid = 0;
		add_waking(v, tid, tid_at(word, &end), ts);
	} else if ((word = strstr(at, "migrated: "))) {
		t = told_of(v, tid_at(word, &end), ts);
		if (t)
			t->moves++;
	} else {
		t = told_of(v, tid_at(at, &end), ts);
		if (!t || sscanf(end, "%lf %lf %lf", &wait, &delay, &ran) != 3)
			return;
		t->outs++;
		t->wait_ns += ns_of(delay);
		t->run_ns += ns_of(ran);
	}
}

/* 0 if perf itself lost events, or cannot tell. */
static int read_timehist(struct view *v, const char *data)
{
	char command[3 * ACCEPT_PATH], *line = NULL;
	size_t size = 0, lines = 0;
	FILE *f;

	snprintf(command, sizeof command,
		 "perf script --show-lost-events -F event -i '%s' 2>/dev/null | grep -q "
		 "LOST",
		 data);
	if (system(command) == 0)
		return 0;
	snprintf(command, sizeof command, "perf sched timehist -w -M -i '%s' 2>/dev/null",
		 data);
	f = popen(command, "r");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0) {
		take_theirs(v, line);
		lines++;
	}
	free(line);
	return pclose(f) == 0 && lines > 10;
}

/* ------------------------------------------------------------------ the test */

/* In what the two do not agree; empty: in nothing. */
static char differ[256];
#define DIFFER(...) snprintf(differ, sizeof differ, __VA_ARGS__)

static void compare_ns(const char *what, int tid, uint64_t ours, uint64_t theirs,
		       uint64_t within)
{
	if ((ours > theirs ? ours - theirs : theirs - ours) > within)
		DIFFER("T%d %s: gtviz %" PRIu64 " ns, timehist %" PRIu64 " ns", tid, what,
		       ours, theirs);
}

static void compare_wakers(int tid, const struct told *ours, const struct told *theirs)
{
	if (ours->wakers != theirs->wakers)
		DIFFER("T%d: gtviz knows %d wakers, timehist %d", tid, ours->wakers,
		       theirs->wakers);
	for (int i = 0; i < ours->wakers; i++) {
		int j = 0;

		while (j < theirs->wakers && theirs->waker[j].tid != ours->waker[i].tid)
			j++;
		if (j == theirs->wakers || theirs->waker[j].count != ours->waker[i].count)
			DIFFER("T%d: woken by T%d %" PRIu64
			       " times, timehist says %" PRIu64,
			       tid, ours->waker[i].tid, ours->waker[i].count,
			       j < theirs->wakers ? theirs->waker[j].count : 0);
	}
}

static void compare(const struct burned *b, const struct view *ours,
		    const struct view *theirs)
{
	differ[0] = 0;
	for (int i = 0; i < b->count; i++) {
		const struct told *o = &ours->told[i], *t = &theirs->told[i];
		uint64_t each = o->outs * EACH_NS + b->steal_ns;
		int tid = b->th[i].tid;

		if (o->outs != t->outs || o->moves != t->moves)
			DIFFER("T%d leaves a core %" PRIu64 " times and moves %" PRIu64
			       " times, timehist says %" PRIu64 " and %" PRIu64,
			       tid, o->outs, o->moves, t->outs, t->moves);
		compare_wakers(tid, o, t);
		compare_ns("waits for a core", tid, o->wait_ns, t->wait_ns,
			   o->wait_ns / 200 + each);
		compare_ns("runs", tid, o->run_ns, t->run_ns, o->run_ns / 200 + each);
		print_message("T%d: %" PRIu64 " switches, %d wakers, %" PRIu64
			      " moves, waited %" PRIu64 " us, ran %" PRIu64 " us\n",
			      tid, o->outs, o->wakers, o->moves, o->wait_ns / 1000,
			      o->run_ns / 1000);
	}
}

/* One run, seen by both. 1: differ says in what they do not agree; 0: one of the two lost
 * something, and why says which. */
static int seen_by_both(const char *level, const char **why)
{
	struct burned b;
	struct view ours = {.burned = &b}, theirs = {.burned = &b};
	const char *trace = file_path("both.gtv"), *data = file_path("hist.data");
	struct json_object *report;
	uint64_t lost;

	burn_under_perf(&b, level, data, trace);
	report = report_of(trace);
	lost = get_u64(get(report, "lost"), "total");
	json_object_put(report);
	*why = "a switch was told to nobody, or lost";
	if (lost)
		return 0;
	each_event(trace, "sched_switch,sched_waking,sched_wakeup_new,sched_migrate",
		   take_ours, &ours);
	*why = "perf lost events, by its own account, or has no timehist";
	if (!read_timehist(&theirs, data))
		return 0;
	compare(&b, &ours, &theirs);
	return 1;
}

/* perf does not say of all that it lost, so it has some runs: what gtviz did wrong, it
 * would do wrong in each. */
static void agree_at(const char *level)
{
	const char *lost = "";
	char why[256];
	int seen = 0;

	if (!perf_works(why, sizeof why))
		SKIP("perf sched record does not work here: %s", why);
	for (int run = 0; run < RUNS; run++) {
		if (!seen_by_both(level, &lost))
			continue;
		if (!differ[0])
			return;
		print_message("%s\n", differ);
		seen++;
	}
	if (seen)
		fail_msg("%s", differ);
	SKIP("%s", lost);
}

static void timehist_agrees(void **state)
{
	(void)state;
	NEED_LEVEL(3);
	agree_at("3");
}

static void timehist_agrees_at_level_2(void **state)
{
	(void)state;
	NEED_LEVEL(2);
	agree_at("2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timehist_agrees),
		cmocka_unit_test(timehist_agrees_at_level_2),
	};

	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
