/* SPDX-License-Identifier: MIT
 *
 * For tests of who runs when: green threads write down what they do, a letter a step,
 * and a run's letters are compared with what must come out.
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include "tests/unit/runtime_rig.h"

static char log_text[64];
static size_t log_len;

static inline void log_step(char letter)
{
	RIG_CHECK(log_len + 1 < sizeof log_text);
	log_text[log_len++] = letter;
	log_text[log_len] = '\0';
}

struct play {
	const char *policy;
	void (*fn)(void *arg);
	const char *log; /* what must come out; NULL: fn checks for itself */
};

static inline void play_child(void *arg)
{
	const struct play *play = arg;
	const struct gt_config config = {.policy = play->policy};

	RIG_CHECK(gt_run_config(&config, play->fn, NULL) == 0);
	if (play->log && strcmp(log_text, play->log))
		fprintf(stderr, "%s: %s instead of %s\n", play->policy, log_text,
			play->log);
	RIG_CHECK(!play->log || !strcmp(log_text, play->log));
}

/* In a child, so that runs know nothing of one another. */
static inline void expect_log(const char *policy, void (*fn)(void *), const char *log)
{
	struct play play = {policy, fn, log};

	assert_int_equal(rig_child(play_child, &play, NULL, 0), 0);
}

#endif
