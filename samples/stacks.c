/* SPDX-License-Identifier: MIT
 *
 * What stacks take: a hundred threads of 1 MiB each want 100 MiB of addresses, of which
 * only what they touch becomes memory. All are alive at once, and the process looks at
 * itself before and then.
 *
 *   stacks [THREADS=100] [KIB=1024]
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gt.h"

GT_SHARED

#define THREADS_MAX 10000

static int threads = 100;
static size_t kib = 1024;
static struct gt_sem arrived, go;

static void stand(void *arg)
{
	volatile char touched[4096];

	(void)arg;
	touched[0] = 1;
	(void)touched[0];
	gt_sem_post(&arrived);
	gt_sem_wait(&go);
}

/* MiB of addresses and of memory. */
static void look(double *addresses, double *memory)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages[2] = {0, 0};
	double mib = (double)sysconf(_SC_PAGESIZE) / (1 << 20);

	if (!f || fscanf(f, "%ld %ld", &pages[0], &pages[1]) != 2)
		fprintf(stderr, "stacks: /proc/self/statm cannot be read\n");
	if (f)
		fclose(f);
	*addresses = (double)pages[0] * mib;
	*memory = (double)pages[1] * mib;
}

static void tell(const char *what, double mib)
{
	char text[24];

	snprintf(text, sizeof text, "%s=%.1f", what, mib);
	gt_mark(text);
	printf("stacks: %s: %.1f MiB for %d threads of %zu KiB, under %s\n", what, mib,
	       threads, kib, gt_policy_name());
}

static void run(void *arg)
{
	struct gt **gt = calloc((size_t)threads, sizeof(struct gt *));
	double addresses[2], memory[2];

	(void)arg;
	look(&addresses[0], &memory[0]);
	for (int i = 0; gt && i < threads; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name, .stack_bytes = kib << 10};

		snprintf(name, sizeof name, "stands-%d", i + 1);
		if (gt_spawn_attr(&gt[i], &attr, stand, NULL)) {
			fprintf(stderr, "stacks: out of memory at thread %d\n", i + 1);
			exit(1);
		}
	}
	for (int i = 0; i < threads; i++)
		gt_sem_wait(&arrived);
	look(&addresses[1], &memory[1]);
	tell("addresses", addresses[1] - addresses[0]);
	tell("memory", memory[1] - memory[0]);
	for (int i = 0; i < threads; i++)
		gt_sem_post(&go);
	for (int i = 0; gt && i < threads; i++)
		gt_join(gt[i]);
	free(gt);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		threads = atoi(argv[1]);
	if (argc > 2)
		kib = strtoul(argv[2], NULL, 10);
	if (argc > 3 || threads < 1 || threads > THREADS_MAX || kib < 16 || kib > 1 << 20) {
		fprintf(stderr, "usage: stacks [THREADS=100] [KIB=1024]\n");
		return 2;
	}
	gt_sem_init(&arrived, 0, THREADS_MAX, "arrived");
	gt_sem_init(&go, 0, THREADS_MAX, "go");
	return gt_run(run, NULL) ? 1 : 0;
}
