/* SPDX-License-Identifier: MIT
 *
 * What all rules of the findings have in common: what they cannot tell, order, memory,
 * and streams that no machine makes.
 */
#include "tests/unit/model_story.h"

/* ---- what cannot be told ---- */

static void loss_blinds(void **state)
{
	(void)state;
	embrace(0);
	lost_one(GTV_SRC_RING);
	told_with(NULL);
	assert_int_equal(found, 0);
	assert_int_equal(verdict[GTV_FIND_WAIT_CYCLE], GTV_RULE_CANNOT);
	assert_string_equal(why[GTV_FIND_WAIT_CYCLE], "some of the evidence is lost");
	waits_beside_idle(MS / 2, 1);
	lost_one(GTV_SRC_BPF);
	told_with(NULL);
	assert_int_equal(found, 0);
	assert_int_equal(verdict[GTV_FIND_IDLE_CORE], GTV_RULE_CANNOT);
	assert_int_equal(verdict[GTV_FIND_FALSE_WAKEUPS], GTV_RULE_NOTHING);
	/* What lies before the loss is found, what it interrupts is not. */
	short_behind_long(20, MS, 10 * US, MS);
	lost_one(GTV_SRC_RING);
	told_with(NULL);
	assert_int_equal(found, 1);
	assert_int_equal(verdict[GTV_FIND_CONVOY], GTV_RULE_FOUND);
	kept(1, GTV__HOG_NS / 2);
	lost_one(GTV_SRC_RING);
	now += GTV__HOG_NS / 2 + 1;
	told_with(NULL);
	assert_int_equal(found, 0);
}

static void a_gap_blinds(void **state)
{
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	char text[96];

	(void)state;
	embrace(1);
	assert_int_equal(gtv_findings_feed(f, m, evs, count), 0);
	assert_int_equal(gtv_findings_gap(f, m, now, now + MS), 0);
	gtv_findings_finish(f, m, now + 2 * MS);
	assert_int_equal(gtv_findings_list(f, list, 32), 0);
	assert_int_equal(gtv_findings_verdict(f, GTV_FIND_WAIT_CYCLE, 0, text, sizeof text),
			 GTV_RULE_CANNOT);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* ---- the engine ---- */

/* Live: at any moment, and asking changes nothing. */
static void asked_meanwhile(void **state)
{
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);

	(void)state;
	short_behind_long(30, MS, 10 * US, MS);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(gtv_findings_feed(f, m, &evs[i], 1), 0);
		size_t n = gtv_findings_list(f, list, 32);
		assert_int_equal(gtv_findings_list(f, list, 32), n);
	}
	gtv_findings_finish(f, m, now);
	assert_int_equal(gtv_findings_list(f, list, 32), 1);
	struct gtv_finding whole = *only(GTV_FIND_CONVOY), again;
	gtv_findings_list(f, &again, 1);
	assert_int_equal(again.lost_ns, whole.lost_ns);
	assert_int_equal(again.times, whole.times);
	assert_string_equal(again.text, whole.text);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* A list that is too short has the worst. */
static void the_worst_come_first(void **state)
{
	struct gtv_finding one;

	(void)state;
	barging(40, 12, 10, GTV_BY_GT);
	told_with(NULL);
	assert_true(found >= 2);
	for (size_t i = 1; i < found; i++)
		assert_true(list[i - 1].severity > list[i].severity ||
			    (list[i - 1].severity == list[i].severity &&
			     list[i - 1].lost_ns >= list[i].lost_ns));
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	gtv_findings_feed(f, m, evs, count);
	gtv_findings_finish(f, m, now);
	assert_int_equal(gtv_findings_list(f, &one, 1), found);
	assert_int_equal(one.kind, list[0].kind);
	assert_int_equal(gtv_findings_list(f, NULL, 0), found);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* A million green threads, one after the other: the memory of one. */
static void memory_is_of_the_living(void **state)
{
	struct gtv_findings *f = gtv_findings_new(0, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	uint32_t last = 300000;

	(void)state;
	story(0, 1);
	gtv_findings_feed(f, m, evs, count);
	for (uint32_t id = 1; id <= last; id++) {
		count = 0;
		now += US;
		ev(GTV_EV_SPAWN, W0, id, 0, 0, 0);
		ev(GTV_EV_SWITCH_RUN, W0, 0, id, 0, 1ull << 32);
		takes(W0, id, 1);
		drops(W0, id, 1);
		ev(GTV_EV_SWITCH_EXIT, W0, id, 0, 2, 0);
		gtv_findings_feed(f, m, evs, count);
	}
	assert_int_equal(f->gts.used, 0);
	assert_int_equal(f->gts.chunks, 1);
	assert_int_equal(f->gts.full, 0);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* The table keeps what is put in, through removals, and its bound. */
static void the_table_holds(void **state)
{
	struct gtv__f_table t;
	uint8_t in[2000] = {0};
	struct sim rnd = {.rng = 88172645463325252ull};

	(void)state;
	gtv__f_table_init(&t, 64, 1000);
	for (int i = 0; i < 200000; i++) {
		uint32_t id = sim_below(&rnd, 1999) + 1;
		if (sim_below(&rnd, 2)) {
			int full = t.used == 1000 && !in[id];
			assert_int_equal(!gtv__f_make(&t, id), full);
			in[id] = !full;
		} else {
			gtv__f_drop(&t, id);
			in[id] = 0;
		}
		id = sim_below(&rnd, 1999) + 1;
		assert_int_equal(gtv__f_get(&t, id) != NULL, in[id]);
		assert_int_equal(gtv__f_peek(&t, id) != NULL, in[id]);
	}
	gtv__f_table_free(&t);
}

static void feed_all(int at_level, const struct gtv_ev *e, size_t n)
{
	struct gtv_findings *f = gtv_findings_new(at_level, NULL);
	struct gtv_model_sink sink = gtv_findings_sink(f);
	struct gtv_model *m = gtv_model_new(at_level, NULL, &sink);
	char text[96];
	size_t all;

	gtv_findings_feed(f, m, e, n / 2);
	gtv_findings_list(f, list, 32);
	gtv_findings_feed(f, m, e + n / 2, n - n / 2);
	gtv_findings_finish(f, m, n ? e[n - 1].ts_ns : 0);
	all = gtv_findings_list(f, list, 32);
	for (size_t i = 0; i < all && i < 32; i++)
		assert_true(list[i].lanes <= GTV_FINDING_LANES && *list[i].text);
	for (unsigned k = 0; k < GTV_FIND_MAX; k++)
		gtv_findings_verdict(f, k, 0, text, sizeof text);
	gtv_model_free(m);
	gtv_findings_free(f);
}

/* Streams that no machine makes: true ones, damaged, and pure noise. */
static void no_stream_is_too_odd(void **state)
{
	static struct sim s; /* large */
	struct sim rnd = {.rng = 2463534242ull};

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		sim_init(&s, seed, 3);
		s.blind = 1;
		while (s.count < 20000)
			sim_step(&s);
		feed_all(3, s.ev, s.count);
		for (int i = 0; i < 4000; i++) {
			struct gtv_ev *e = &s.ev[sim_below(&s, (uint32_t)s.count)];
			switch (sim_below(&rnd, 5)) {
			case 0:
				e->kind = (uint16_t)sim_below(&rnd, 130);
				break;
			case 1:
				e->gt = sim_below(&rnd, 200);
				break;
			case 2:
				e->obj = sim_below(&rnd, 200);
				break;
			case 3:
				e->ts_ns = sim_rand(&rnd);
				break;
			default:
				e->arg = sim_rand(&rnd);
			}
		}
		for (int at_level = 0; at_level <= 3; at_level++)
			feed_all(at_level, s.ev, s.count);
		for (size_t i = 0; i < s.count; i++) {
			uint64_t *words = (uint64_t *)&s.ev[i];
			for (size_t w = 0; w < sizeof *s.ev / sizeof *words; w++)
				words[w] = sim_rand(&rnd) << 20 ^ sim_rand(&rnd);
			s.ev[i].kind &= 127;
			if (i % 2)
				s.ev[i].gt %= 50;
			if (i % 3)
				s.ev[i].obj %= 50;
			s.ev[i].tid %= 60;
		}
		feed_all(3, s.ev, s.count);
		free(s.ev);
		free(s.fact);
		s.ev = NULL;
		s.fact = NULL;
	}
}

static void the_table_of_rules_is_whole(void **state)
{
	(void)state;
	for (unsigned k = 0; k < GTV_FIND_MAX; k++) {
		const struct gtv_rule *r = &gtv_rules[k];
		assert_true(*gtv_finding_key(k) && *gtv_finding_title(k));
		assert_true(r->finds && *r->finds && r->advice && *r->advice);
		assert_true(r->needs_user || r->needs_kernel);
		assert_int_equal(r->level > 0, r->blind != NULL);
		assert_true(r->limit[0].name != NULL);
		for (int i = 0; i < 4 && r->limit[i].name; i++)
			assert_true(r->limit[i].value && *r->limit[i].unit &&
				    *r->limit[i].why);
		for (unsigned j = 0; j < k; j++)
			assert_string_not_equal(gtv_finding_key(j), gtv_finding_key(k));
	}
}

static int clean(void **state)
{
	(void)state;
	free(evs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_blinds),
		cmocka_unit_test(a_gap_blinds),
		cmocka_unit_test(asked_meanwhile),
		cmocka_unit_test(the_worst_come_first),
		cmocka_unit_test(memory_is_of_the_living),
		cmocka_unit_test(the_table_holds),
		cmocka_unit_test(no_stream_is_too_odd),
		cmocka_unit_test(the_table_of_rules_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
