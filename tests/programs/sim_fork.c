/* SPDX-License-Identifier: MIT
 *
 * A program on libgt that forks in the middle of a run, as often as it is told: parent
 * and children go on, each with a clock of its own.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gt.h"

static void works(void *arg)
{
	for (int i = 0; i < 20; i++) {
		gt_busy_ns((unsigned long)*(int *)arg * 1000);
		gt_yield();
	}
}

static void two_work(int us)
{
	struct gt *gt[2];

	for (int i = 0; i < 2; i++)
		if (gt_spawn(&gt[i], works, &us))
			exit(1);
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
}

static void run(void *count)
{
	pid_t pid[8];
	int status;

	for (int i = 0; i < *(int *)count; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			exit(1);
		if (!pid[i]) {
			two_work(10 + i);
			exit(0);
		}
	}
	two_work(15);
	for (int i = 0; i < *(int *)count; i++)
		if (waitpid(pid[i], &status, 0) != pid[i] || status)
			exit(1);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;

	return count > 8 || gt_run(run, &count) != 0;
}
