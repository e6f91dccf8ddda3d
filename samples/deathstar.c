/* SPDX-License-Identifier: MIT
 *
 * Concurrency against parallelism: X-wings attack all at once, but a Death Star has one
 * flight path, and who flies it has it alone. One Death Star: one attack at a time, the
 * others wait (concurrency). Two: two at a time (parallelism).
 *
 *   deathstar [STARS=1] [XWINGS=6]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

GT_SHARED

#define STARS_MAX  8
#define XWINGS_MAX 100
#define ATTACK_NS  30000000u

static int stars = 1, xwings = 6;
static struct gt_mutex path[STARS_MAX];

static void attack(void *arg)
{
	struct gt_mutex *mine = arg;

	gt_mutex_lock(mine);
	gt_region_begin("attack");
	gt_busy_ns(ATTACK_NS);
	gt_region_end("attack");
	gt_mutex_unlock(mine);
}

static void run(void *arg)
{
	struct gt *gt[XWINGS_MAX];
	uint64_t begin = gt_now_ns();

	(void)arg;
	for (int i = 0; i < stars; i++)
		gt_mutex_init(&path[i], i ? "flight path 2" : "flight path 1");
	gt_region_begin("battle");
	for (int i = 0; i < xwings; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name};

		snprintf(name, sizeof name, "x-wing-%d", i + 1);
		if (gt_spawn_attr(&gt[i], &attr, attack, &path[i % stars])) {
			fprintf(stderr, "deathstar: out of memory\n");
			exit(1);
		}
	}
	for (int i = 0; i < xwings; i++)
		gt_join(gt[i]);
	gt_region_end("battle");
	printf("deathstar: %d X-wings, %d flight path%s: %.0f ms, under %s\n", xwings,
	       stars, stars > 1 ? "s" : "", (double)(gt_now_ns() - begin) / 1e6,
	       gt_policy_name());
}

int main(int argc, char **argv)
{
	if (argc > 1)
		stars = atoi(argv[1]);
	if (argc > 2)
		xwings = atoi(argv[2]);
	if (argc > 3 || stars < 1 || stars > STARS_MAX || xwings < 1 ||
	    xwings > XWINGS_MAX) {
		fprintf(stderr, "usage: deathstar [STARS=1] [XWINGS=6]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
