/* SPDX-License-Identifier: MIT
 *
 * Who holds a plain mutex, as gtviz tells it from futex waits, against what the holders
 * themselves wrote down (tests/tools/locklog.c).
 *
 * Neither is exact to the nanosecond: who drops a lock has written that down before, and
 * wakes a waiter after, and may lose its core in between while another takes the lock. So
 * not each nanosecond must agree, but nearly all.
 */
#include "tests/kernel/accept.h"

#include "tracer/model/model.h"
#include "tracer/store/block.h"
#include "tracer/store/store.h"

#define SPANS_MAX 262144
#define RUNS	  5

struct hold {
	uint64_t from_ns, to_ns;
	uint32_t tid;
};

struct truth {
	struct hold *hold; /* in order of time: they don't overlap */
	size_t holds;
	struct gtv_span *span; /* of the lock's lane */
	size_t spans;
	const struct gtv_names *names;
};

static int by_time(const void *a, const void *b)
{
	const struct hold *x = a, *y = b;

	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static void parse(struct truth *t, const char *text)
{
	size_t cap = 0;

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		struct hold h;
		line += *line == '\n';
		if (sscanf(line, "%" SCNu32 " %" SCNu64 " %" SCNu64, &h.tid, &h.from_ns,
			   &h.to_ns) != 3)
			break;
		if (t->holds == cap) {
			cap = cap ? 2 * cap : 4096;
			t->hold = realloc(t->hold, cap * sizeof *t->hold);
			assert_non_null(t->hold);
		}
		t->hold[t->holds++] = h;
	}
	assert_true(t->holds > 0);
	qsort(t->hold, t->holds, sizeof *t->hold, by_time);
	for (size_t i = 1; i < t->holds; i++)
		assert_true(t->hold[i].from_ns >= t->hold[i - 1].to_ns);
}

static void on_span(void *arg, const struct gtv_span *s)
{
	struct truth *t = arg;
	struct gtv_name name;

	if (s->lane.kind != GTV_LANE_LOCK || t->spans == SPANS_MAX ||
	    gtv_names_get(t->names, GTV_CLASS_LOCK, s->lane.id, &name) ||
	    strcmp(name.text, "the_lock"))
		return;
	t->span[t->spans++] = *s;
}

static void read_lane(struct truth *t, const char *trace)
{
	static struct gtv_ev evs[GTV_BLOCK_MAX];
	struct gtv_model_sink sink = {.arg = t, .span = on_span};
	struct gtv_store_info info;
	struct gtv_err err = {0};
	struct gtv_store *store;
	uint64_t from, to;

	assert_int_equal(
		gtv_store_open(&store, open(trace, O_RDONLY | O_CLOEXEC), trace, &err), 0);
	gtv_store_get_info(store, &info);
	t->names = gtv_store_names(store);
	t->span = calloc(SPANS_MAX, sizeof *t->span);
	assert_non_null(t->span);
	struct gtv_model *m = gtv_model_new(info.level, t->names, &sink);
	assert_non_null(m);
	for (size_t i = 0; i < gtv_store_block_count(store); i++) {
		long n = gtv_store_read(store, i, evs);
		assert_true(n >= 0);
		assert_int_equal(gtv_model_feed(m, evs, (size_t)n), 0);
	}
	assert_int_equal(gtv_store_range(store, &from, &to), 0);
	gtv_model_finish(m, to);
	gtv_model_free(m);
	gtv_store_close(store);
}

static int is_held(unsigned state)
{
	return state == GTV_ST_HELD || state == GTV_ST_HELD_PREEMPTED ||
	       state == GTV_ST_HELD_ASLEEP;
}

/* ns of the span in which the one that it names had it, and in which another had. */
static void compare(const struct truth *t, const struct gtv_span *s, uint64_t *own,
		    uint64_t *other)
{
	size_t lo = 0, hi = t->holds;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->hold[mid].to_ns <= s->from_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < t->holds && t->hold[lo].from_ns < s->to_ns; lo++) {
		const struct hold *h = &t->hold[lo];
		uint64_t from = h->from_ns > s->from_ns ? h->from_ns : s->from_ns;
		uint64_t to = h->to_ns < s->to_ns ? h->to_ns : s->to_ns;
		*(h->tid == s->tid ? own : other) += to - from;
	}
}

/* One run: ns that it was held while others waited, in which the one that we name had it,
 * and in which another had. */
static void held_in_one_run(uint64_t *held, uint64_t *own, uint64_t *other)
{
	const char *trace = file_path("locklog.gtv");
	char program[ACCEPT_PATH];
	const char *argv[] = {gtviz_path(), "record", "--level", "3", "-o",
			      trace,	    "--",     program,	 NULL};
	struct truth t = {.holds = 0};
	uint64_t off = 0;
	struct ran r;

	*held = *own = *other = 0;
	snprintf(program, sizeof program, "%s", build_path("tests/locklog"));
	run(&r, NULL, argv);
	expect_exit(&r, 0, "locklog");
	parse(&t, r.text[0]);
	ran_free(&r);
	read_lane(&t, trace);
	for (size_t i = 0; i < t.spans; i++) {
		const struct gtv_span *s = &t.span[i];
		if (!is_held(s->state))
			continue;
		assert_true(s->tid != 0 && s->waiters > 0);
		*held += s->to_ns - s->from_ns;
		off += s->state != GTV_ST_HELD ? s->to_ns - s->from_ns : 0;
		compare(&t, s, own, other);
	}
	print_message("held for %" PRIu64 " µs while others waited, %" PRIu64
		      " off core; by whom we name for %" PRIu64
		      " µs, by another for %" PRIu64 "\n",
		      *held / 1000, off / 1000, *own / 1000, *other / 1000);
	free(t.hold);
	free(t.span);
}

/* There are naps under it, so it was waited for; and whom we name had it. One that is kept
 * from its core just after it let go, for longer than all else takes, may spoil a run; what
 * we do wrong we do wrong in each. */
static void holders_are_those_that_held(void **state)
{
	uint64_t held = 0, own = 0, other = 0;

	(void)state;
	NEED_LEVEL(3);
	for (int run = 0; run < RUNS; run++) {
		held_in_one_run(&held, &own, &other);
		assert_true(held > 0);
		if (own > held / 4 && other < held / 20)
			return;
	}
	fail_msg("held for %" PRIu64 " ns, by whom we name for %" PRIu64
		 ", by another for %" PRIu64 ", and so in %d runs",
		 held, own, other, RUNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holders_are_those_that_held),
	};
	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
