/* SPDX-License-Identifier: MIT
 *
 * Triggers: what conditions are taken and refused, and when exactly a watch fires.
 */
#include "tests/unit/model_story.h"

#include "tracer/base/duration.h"
#include "tracer/model/trigger.h"

#define MS 1000000ull

/* ---- words ---- */

static struct gtv_condition parsed(const char *text)
{
	struct gtv_condition c;
	struct gtv_err err = {0};

	if (gtv_condition_parse(&c, text, &err))
		fail_msg("%s: %s (%s)", text, err.why, err.mend);
	return c;
}

static void conditions(void **state)
{
	static const char *const fine[] = {
		"wait>5ms",	    "wait(G3)>1ms",
		"hold( GIL )>=1ms", "ready > 2ms",
		"run>10ms",	    "off>0",
		"state=stalled",    "  gt=fetch-* ",
		"lock=L2",	    "mark=begin*",
		"finding=convoy",   "wait>1ms and gt=a and lock=b",
		"wait>1ms&gt=a",    "wait>1ms && gt=a, hold>2ms , mark=x, io>1s",
		"mark=x and gt=G1", "gt=andrew",
	};
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{"", "missing"},
		{" ", "missing"},
		{",", "missing"},
		{"wait>1ms,", "missing"},
		{"wait>1ms and ", "missing"},
		{"wait", "neither"},
		{"wait>5", "how long"},
		{"wait>-5ms", "how long"},
		{"wait>", "how long"},
		{"weight>5ms", "called so"},
		{">5ms", "called so"},
		{"colour=red", "called so"},
		{"state=sad", "called so"},
		{"finding=luck", "called so"},
		{"hold(GIL>1ms", "bracket"},
		{"hold()>1ms", "no name"},
		{"gt=", "no name"},
		{"wait>1ms and hold>1ms", "at a time"},
		{"mark=a and state=ready", "at a time"},
		{"gt=a and gt=b", "two names"},
		{"finding=convoy and gt=a", "by name"},
		{"mark=a and lock=b", "no lock"},
		{"wait>1s,wait>1s,wait>1s,wait>1s,wait>1s", "four"},
		{"gt=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "63"},
	};
	struct gtv_condition c;
	struct gtv_err err;
	char line[700];

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		parsed(fine[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		memset(&err, 0, sizeof(err));
		if (gtv_condition_parse(&c, wrong[i].text, &err) != -GTV_EUSAGE)
			fail_msg("\"%s\" is taken", wrong[i].text);
		if (!strstr(err.why, wrong[i].why) || !err.mend[0] || !err.what[0])
			fail_msg("\"%s\": %s", wrong[i].text,
				 gtv_err_line(&err, line, sizeof(line)));
		assert_int_equal(gtv_condition_parse(&c, wrong[i].text, NULL), -GTV_EUSAGE);
	}
	c = parsed("hold(GIL)>1ms and gt=a, mark=b");
	assert_int_equal(c.alts, 2);
	assert_int_equal(c.alt[0].min_ns, MS);
	assert_string_equal(c.alt[0].who, "GIL");
	assert_string_equal(c.alt[0].gt, "a");
	assert_string_equal(c.alt[1].mark, "b");
	assert_int_equal(c.alt[1].kind, GTV_TRIGGER_MARK);
}

static void patterns(void **state)
{
	(void)state;
	assert_true(gtv_trigger_matches("", ""));
	assert_true(gtv_trigger_matches("*", ""));
	assert_true(gtv_trigger_matches("a*c", "abbc"));
	assert_true(gtv_trigger_matches("*ab", "aab"));
	assert_true(gtv_trigger_matches("a**b*", "ab"));
	assert_false(gtv_trigger_matches("a*c", "abcd"));
	assert_false(gtv_trigger_matches("", "a"));
	assert_false(gtv_trigger_matches("ab", "a"));
	assert_false(gtv_trigger_matches("*b*c", "cab"));
}

static void durations(void **state)
{
	uint64_t ns;

	(void)state;
	assert_int_equal(gtv_duration("5msx", 3, &ns), 0);
	assert_int_equal(ns, 5 * MS);
	assert_int_equal(gtv_duration("1.5ms", 5, &ns), 0);
	assert_int_equal(ns, 1500000);
	assert_int_equal(gtv_duration("1.5", 3, &ns), -GTV_EUSAGE);
	assert_int_equal(gtv_duration("", 0, &ns), -GTV_EUSAGE);
	assert_int_equal(gtv_duration("5", 1, &ns), -GTV_EUSAGE);
	assert_int_equal(gtv_duration("99999999999999999999s", 21, &ns), -GTV_EUSAGE);
	assert_int_equal(gtv_duration("18446744073.9s", 14, &ns), -GTV_EUSAGE);
}

/* ---- stories ---- */

static struct gtv_trigger_hit hit[64];
static int hits;

/* The story so far, watched; it is known up to now. */
static void watched(const char *text, uint64_t armed_ns, size_t step)
{
	struct gtv_condition c = parsed(text);
	struct gtv_watch *w = gtv_watch_new(&c, level, NULL, armed_ns);
	struct gtv_model_sink sink = gtv_watch_sink(w, NULL);
	struct gtv_model *m = gtv_model_new(level, NULL, &sink);

	hits = 0;
	for (size_t i = 0; i < count; i += step) {
		gtv_watch_feed(w, m, evs + i, count - i < step ? count - i : step);
		while (hits < 64 && gtv_watch_next(w, &hit[hits]))
			hits++;
	}
	gtv_watch_upto(w, m, now);
	while (hits < 64 && gtv_watch_next(w, &hit[hits]))
		hits++;
	gtv_model_free(m);
	gtv_watch_free(w);
}

static void is_hit(int i, uint64_t ts_ns, enum gtv_lane_kind kind, uint32_t id)
{
	assert_true(i < hits);
	assert_int_equal(hit[i].ts_ns, ts_ns);
	assert_int_equal(hit[i].lane.kind, kind);
	assert_int_equal(hit[i].lane.id, id);
}

/* G1 has lock 1 for 8 ms, G2 waits for it 6 ms of them and then has it; level 0. */
static uint64_t lock_story(void)
{
	story(0, 2);
	uint64_t start = now;

	spawn(1);
	spawn(2);
	runs(W0, 1);
	takes(W0, 1, 1);
	now += 2 * MS;
	runs(W1, 2);
	stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
	now += 6 * MS;
	drops(W0, 1, 1);
	ready(W0, 2, 1, GTV_BY_GT);
	now += 3 * MS;
	runs(W1, 2);
	takes(W1, 2, 1);
	now += 4 * MS;
	return start;
}

static void waits_and_holds(void **state)
{
	(void)state;
	uint64_t start = lock_story();

	for (size_t step = 1; step < 20; step += 6) {
		watched("wait>5ms", 0, step);
		assert_int_equal(hits, 1);
		is_hit(0, start + 7 * MS, GTV_LANE_GT, 2);
		assert_int_equal(hit[0].from_ns, start + 2 * MS);
		assert_int_equal(hit[0].lock, 1);
		watched("wait>7ms", 0, step);
		assert_int_equal(hits, 0);
		watched("wait>6ms", 0, step); /* exactly so long: it fires as it ends */
		assert_int_equal(hits, 1);
		watched("hold>1ms", 0, step);
		assert_int_equal(hits, 2);
		is_hit(0, start + 1 * MS, GTV_LANE_LOCK, 1);
		assert_int_equal(hit[0].owner, 1);
		is_hit(1, start + 12 * MS, GTV_LANE_LOCK, 1);
		assert_int_equal(hit[1].owner, 2);
		watched("hold>1ms and gt=G2", 0, step);
		assert_int_equal(hits, 1);
		is_hit(0, start + 12 * MS, GTV_LANE_LOCK, 1);
		watched("hold(L1)>5ms", 0, step);
		assert_int_equal(hits, 1);
		is_hit(0, start + 5 * MS, GTV_LANE_LOCK, 1);
		watched("hold(L2)>5ms", 0, step);
		assert_int_equal(hits, 0);
		watched("ready>2500us and gt=G2", 0, step);
		assert_int_equal(hits, 1);
		is_hit(0, start + 10 * MS + MS / 2, GTV_LANE_GT, 2);
		watched("lock=L1", 0, step);
		assert_int_equal(hits, 2);
		is_hit(0, start, GTV_LANE_LOCK, 1);
		watched("gt=G2", start + 1, step);
		assert_int_equal(hits, 1); /* at 2 ms it waits before it has run at all */
		is_hit(0, start + 11 * MS, GTV_LANE_GT, 2);
		watched("wait>5ms, run>12ms and gt=G*", 0, step);
		assert_int_equal(hits, 2);
		is_hit(0, start + 7 * MS, GTV_LANE_GT, 2);
		is_hit(1, start + 12 * MS, GTV_LANE_GT, 1);
		assert_int_equal(hit[1].alt, 1);
	}
}

/* A wait that no event ends fires while it lasts; one that was too long already when it
 * was armed does not. */
static void open_waits(void **state)
{
	(void)state;
	uint64_t start = lock_story();
	size_t all = count;

	count -= 4; /* up to where G2 waits, and all later is silence */
	now = start + 100 * MS;
	watched("wait>5ms", 0, 3);
	assert_int_equal(hits, 1);
	is_hit(0, start + 7 * MS, GTV_LANE_GT, 2);
	watched("wait>5ms", start + 7 * MS + 1, 3);
	assert_int_equal(hits, 0);
	watched("wait>200ms", 0, 3);
	assert_int_equal(hits, 0);
	count = all;
}

static void says(unsigned kind, const char *text)
{
	char bytes[16] = {0};
	struct gtv_ev *e = ev(kind, W0, 1, 0, 0, 0);

	memcpy(bytes, text, strlen(text));
	memcpy(&e->obj, bytes, 4);
	memcpy(&e->seq, bytes + 4, 4);
	memcpy(&e->arg, bytes + 8, 8);
}

static void marks(void **state)
{
	(void)state;
	story(0, 1);
	spawn(1);
	runs(W0, 1);
	now += MS;
	says(GTV_EV_MARK, "frame 1");
	now += MS;
	says(GTV_EV_REGION_BEGIN, "frame 2");
	now += MS;
	says(GTV_EV_REGION_END, "frame 2");
	says(GTV_EV_MARK, "other");
	watched("mark=frame*", 0, 2);
	assert_int_equal(hits, 2);
	is_hit(0, 1001 * MS, GTV_LANE_GT, 1);
	is_hit(1, 1002 * MS, GTV_LANE_GT, 1);
	assert_string_equal(hit[1].note, "frame 2");
	watched("mark=other and gt=G2", 0, 2);
	assert_int_equal(hits, 0);
}

static void what_is_said(void **state)
{
	struct gtv_condition c = parsed("wait>5ms, mark=a, finding=convoy, hold>0");
	struct gtv_trigger_hit h = {.lane = {GTV_LANE_GT, 2}, .lock = 1};
	char text[200];

	(void)state;
	assert_string_equal(gtv_trigger_say(&c, &h, NULL, text, sizeof(text)),
			    "G2 waits for L1, for 5 ms");
	h.alt = 1;
	strcpy(h.note, "a\033[2J");
	gtv_trigger_say(&c, &h, NULL, text, sizeof(text));
	assert_null(strchr(text, '\033'));
	h.alt = 2;
	assert_string_equal(gtv_trigger_say(&c, &h, NULL, text, sizeof(text)),
			    "found: convoy (G2)");
	h = (struct gtv_trigger_hit){.lane = {GTV_LANE_LOCK, 1}, .alt = 3, .owner = 7};
	assert_string_equal(gtv_trigger_say(&c, &h, NULL, text, sizeof(text)),
			    "L1 is held by G7");
	assert_string_equal(gtv_trigger_say(&c, &h, NULL, text, 5), "L1 i");
}

/* Two who wait for each other: the watch finds what the rule does. */
static void findings(void **state)
{
	(void)state;
	story(0, 2);
	for (uint32_t g = 1; g <= 2; g++) {
		spawn(g);
		runs(W0 + g - 1, g);
		takes(W0 + g - 1, g, g);
	}
	now += MS;
	stops(GTV_EV_SWITCH_LOCK, W0, 1, 0, 2);
	stops(GTV_EV_SWITCH_LOCK, W1, 2, 0, 1);
	uint64_t closed = now;

	for (int i = 0; i < 20; i++) {
		now += 100 * MS;
		ev(GTV_EV_TICK, 0, 0, 0, 0, 0);
	}
	watched("finding=wait_cycle", 0, 4);
	assert_true(hits >= 1);
	assert_true(hit[0].ts_ns >= closed);
	assert_int_equal(hit[0].lane.kind, GTV_LANE_GT);
	watched("finding=convoy", 0, 4);
	assert_int_equal(hits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),	cmocka_unit_test(patterns),
		cmocka_unit_test(durations),	cmocka_unit_test(waits_and_holds),
		cmocka_unit_test(open_waits),	cmocka_unit_test(marks),
		cmocka_unit_test(what_is_said), cmocka_unit_test(findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
