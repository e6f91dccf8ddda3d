/* SPDX-License-Identifier: MIT
 *
 * Runs in a child, on the simulated system, and what they leave behind: virtual times,
 * figures of the test's own, the counts, and a hash of all events.
 */
#ifndef RUNTIME_PLAY_H
#define RUNTIME_PLAY_H

#include "tests/unit/runtime_rig.h"

#include "runtime/sim/sim.h"

#define US 1000ull
#define MS 1000000ull

/* What a simulated run in a child leaves behind. */
struct outcome {
	uint64_t ns, figure[8], n[GTV_COUNT_MAX], hash;
};

struct play {
	const char *policy;
	unsigned seed, cores; /* cores 0: as the policy says */
	void (*fn)(void *arg);
	struct outcome *outcome; /* shared with the child */
};

static inline void fold(struct outcome *outcome, uint64_t value)
{
	outcome->hash = (outcome->hash ^ value) * 1099511628211ull; /* FNV-1a */
}

/* The ring, event by event: all simulated threads write there. */
static inline void fold_events(const struct rig *rig, struct outcome *outcome)
{
	const struct gtv_ring *ring = rig_ring(rig, 0);
	uint64_t before = 0;

	fold(outcome, ring->head);
	for (uint64_t at = 0; at < ring->head; at++) {
		const struct gtv_event *ev = rig_event(rig, 0, at);

		RIG_CHECK(ev->ts_raw >= before);
		before = ev->ts_raw;
		fold(outcome, ev->ts_raw);
		fold(outcome, ev->kind | (uint64_t)ev->gt << 32);
		fold(outcome, ev->u.f.arg);
		fold(outcome, ev->u.f.obj | (uint64_t)ev->u.f.seq << 32);
	}
}

static inline void play_child(void *arg)
{
	struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};
	struct rig rig = rig_make(1, 1u << 25, GTV_CLOCK_SIM);
	char seed[32];
	uint64_t lost;

	snprintf(seed, sizeof seed, play->cores ? "%u,cores=%u" : "%u", play->seed,
		 play->cores);
	setenv("GT_SIM", seed, 1);
	RIG_CHECK(gt__trace_map(rig.fd) == 0);
	alarm(600);
	RIG_CHECK(gt_run_config(&config, play->fn, play->outcome) == 0);
	gt__process_counts(play->outcome->n, &lost);
	RIG_CHECK(lost == 0 || play->fn != work_main);
	fold_events(&rig, play->outcome);
}

static inline struct outcome run_on(unsigned cores, const char *policy, unsigned seed,
				    void (*fn)(void *))
{
	struct play play = {.policy = policy, .seed = seed, .cores = cores, .fn = fn};
	struct outcome outcome;
	int status;

	play.outcome = mmap(NULL, sizeof outcome, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(play.outcome != MAP_FAILED);
	status = rig_child(play_child, &play, NULL, 0);
	outcome = *play.outcome;
	munmap(play.outcome, sizeof outcome);
	if (status)
		print_error("policy %s, GT_SIM=%u\n", policy, seed);
	assert_int_equal(status, 0);
	return outcome;
}

static inline struct outcome run(const char *policy, unsigned seed, void (*fn)(void *))
{
	return run_on(0, policy, seed, fn);
}

#endif
