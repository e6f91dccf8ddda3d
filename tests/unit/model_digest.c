/* SPDX-License-Identifier: MIT
 *
 * Digests: the figures of a story that is known, and who is who in two traces.
 */
#include "tests/unit/model_story.h"
#include "tracer/model/digest.h"

#define MS 1000000ull

static void on_span(void *arg, const struct gtv_span *span)
{
	assert_int_equal(gtv_digest_span(arg, span), 0);
}

static struct gtv_digest *digest_of_story(void)
{
	struct gtv_digest *d = gtv_digest_new();
	struct gtv_model_sink sink = {.arg = d, .span = on_span};
	struct gtv_model *m = gtv_model_new(level, NULL, &sink);

	assert_non_null(d);
	assert_non_null(m);
	assert_int_equal(gtv_model_feed(m, evs, count), 0);
	gtv_model_finish(m, now);
	assert_int_equal(gtv_digest_finish(d, m), 0);
	/* Asked twice it says the same. */
	assert_int_equal(gtv_digest_finish(d, m), 0);
	gtv_model_free(m);
	return d;
}

/* G1 runs 3 ms; G2 is ready from its spawn, runs 2 ms, is ready again for 5. */
static void figures_of_a_story(void **state)
{
	const struct gtv_digest_totals *t;
	const struct gtv_digest_lane *l;
	struct gtv_digest *d;
	size_t lanes;

	(void)state;
	story(0, 1);
	spawn(1);
	runs(W0, 1);
	spawn(2);
	now += 3 * MS;
	stops(GTV_EV_SWITCH_YIELD, W0, 1, 2, 0);
	now += 2 * MS;
	stops(GTV_EV_SWITCH_YIELD, W0, 2, 1, 0);
	now += 5 * MS;
	stops(GTV_EV_SWITCH_EXIT, W0, 1, 2, 0);
	now += 1 * MS;
	stops(GTV_EV_SWITCH_EXIT, W0, 2, 0, 0);
	now += 1 * MS;
	d = digest_of_story();
	l = gtv_digest_lanes(d, &lanes);
	assert_int_equal(lanes, 2);
	assert_int_equal(l[0].lane.id, 1);
	assert_int_equal(l[0].run_ns, 8 * MS);
	assert_int_equal(l[0].ready_max_ns, 2 * MS);
	assert_true(l[0].ended);
	l = gtv_digest_lane(d, (struct gtv_lane){GTV_LANE_GT, 2});
	assert_non_null(l);
	assert_int_equal(l->run_ns, 3 * MS);
	assert_int_equal(l->ready_ns, 8 * MS);
	assert_int_equal(l->ready_count, 2);
	assert_int_equal(l->ready_max_ns, 5 * MS);
	assert_int_equal(l->ready_max_at_ns, 1000000000 + 5 * MS);
	t = gtv_digest_get_totals(d);
	assert_int_equal(t->run_ns, 11 * MS);
	assert_int_equal(t->duration_ns, 11 * MS);
	assert_null(gtv_digest_lane(d, (struct gtv_lane){GTV_LANE_GT, 3}));
	assert_null(gtv_digest_lane(d, (struct gtv_lane){GTV_LANE_THREAD, 2}));
	gtv_digest_free(d);
}

static void nothing_was_told(void **state)
{
	struct gtv_digest *d;
	size_t lanes;

	(void)state;
	story(0, 1);
	count = 0;
	d = digest_of_story();
	gtv_digest_lanes(d, &lanes);
	assert_int_equal(lanes, 0);
	assert_int_equal(gtv_digest_get_totals(d)->duration_ns, 0);
	assert_null(gtv_digest_lane(d, (struct gtv_lane){GTV_LANE_GT, 1}));
	gtv_digest_free(d);
	gtv_digest_free(NULL);
}

static struct gtv_names *names_of(const char *const *text, size_t n, uint32_t first)
{
	struct gtv_names *names = gtv_names_new();

	assert_non_null(names);
	for (size_t i = 0; i < n; i++) {
		struct gtv_name name = {.id = first + (uint32_t)i};

		snprintf(name.text, sizeof(name.text), "%s", text[i]);
		assert_int_equal(gtv_names_set(names, GTV_CLASS_GT, &name), 0);
	}
	return names;
}

/* The second "worker" is the second one in the other trace too, whatever its number. */
static void who_is_who(void **state)
{
	static const char *const a[] = {"main", "worker", "worker", "only in a"};
	static const char *const b[] = {"only in b", "worker", "main", "worker", "worker"};
	static const struct gtv_match want[] = {
		{GTV_LANE_GT, {1, 1}, {1, 12}}, {GTV_LANE_GT, {1, 1}, {2, 11}},
		{GTV_LANE_GT, {1, 1}, {3, 13}}, {GTV_LANE_GT, {1, 0}, {4, 0}},
		{GTV_LANE_GT, {0, 1}, {0, 10}}, {GTV_LANE_GT, {0, 1}, {0, 14}},
	};
	struct gtv_names *na = names_of(a, 4, 1), *nb = names_of(b, 5, 10);
	struct gtv_match got[8], few[2];

	(void)state;
	assert_int_equal(gtv_digest_match(na, nb, GTV_LANE_GT, got, 8), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(got[i].kind, want[i].kind);
		for (int s = 0; s < 2; s++) {
			assert_int_equal(got[i].has[s], want[i].has[s]);
			assert_int_equal(got[i].id[s], want[i].id[s]);
		}
	}
	assert_int_equal(gtv_digest_match(na, nb, GTV_LANE_GT, few, 2), 6);
	assert_int_equal(few[1].id[1], 11);
	assert_int_equal(gtv_digest_match(na, nb, GTV_LANE_LOCK, got, 8), 0);
	gtv_names_free(na);
	gtv_names_free(nb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_of_a_story),
		cmocka_unit_test(nothing_was_told),
		cmocka_unit_test(who_is_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
