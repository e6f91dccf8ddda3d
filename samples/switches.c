/* SPDX-License-Identifier: MIT
 *
 * What a switch costs: two green threads of one OS thread give way to each other by turns,
 * then two processes on one core do the same through pipes. And what each saves: a call
 * may use most registers anyway, so the runtime keeps the stack's place, the frame's and
 * where to go on; the kernel may come at any instant and must keep all, vectors too.
 *
 *   switches [TURNS=2000]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gt.h"

GT_SHARED

static long turns = 2000;
static int to_other[2], from_other[2];

static void tell(const char *what, uint64_t took_ns, long switches)
{
	printf("switches: %s: %ld switches, %.0f ns each\n", what, switches,
	       (double)took_ns / (double)switches);
}

static void give_way(void *arg)
{
	(void)arg;
	for (long i = 0; i < turns; i++) {
		if (i == turns / 2)
			gt_mark("runtime's");
		gt_yield();
	}
}

static void by_the_runtime(void)
{
	const struct gt_attr attr = {.name = "other"};
	uint64_t begin = gt_now_ns();
	struct gt *gt;

	if (gt_spawn_attr(&gt, &attr, give_way, NULL))
		exit(1);
	gt_region_begin("runtime");
	give_way(NULL);
	gt_region_end("runtime");
	gt_join(gt);
	tell("by the runtime", gt_now_ns() - begin, 2 * turns);
}

/* Plain calls: the OS thread itself waits, and the kernel switches to the other process. */
static void by_the_kernel(void)
{
	uint64_t begin = gt_now_ns();
	char byte = 'x';

	gt_region_begin("kernel");
	for (long i = 0; i < turns; i++) {
		if (i == turns / 2)
			gt_mark("kernel's");
		if (write(to_other[1], &byte, 1) != 1 || read(from_other[0], &byte, 1) != 1)
			break;
	}
	gt_region_end("kernel");
	tell("by the kernel", gt_now_ns() - begin, 2 * turns);
}

/* The kernel says how large the frame is in which it hands a signal's handler all that it
 * saved: the registers of this machine, with their vectors. */
static void tell_saved(void)
{
	unsigned long words = 3, all = getauxval(AT_MINSIGSTKSZ);
	char text[32];

	snprintf(text, sizeof text, "saved by us=%lu", words * sizeof(void *));
	gt_mark(text);
	snprintf(text, sizeof text, "by kernel=%lu", all);
	if (all)
		gt_mark(text);
	printf("switches: saved by the runtime: %lu bytes; by the kernel: %lu\n",
	       words * sizeof(void *), all);
}

static void run(void *arg)
{
	char text[32];

	(void)arg;
	tell_saved();
	snprintf(text, sizeof text, "switches=%ld", 2 * turns);
	gt_mark(text);
	by_the_runtime();
	by_the_kernel();
}

static void echo(void)
{
	char byte;

	close(to_other[1]);
	while (read(to_other[0], &byte, 1) == 1 && write(from_other[1], &byte, 1) == 1)
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	cpu_set_t one;
	pid_t pid;
	int err;

	if (argc > 2 || (argc > 1 && (turns = atol(argv[1])) < 1)) {
		fprintf(stderr, "usage: switches [TURNS=2000]\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one); /* both on one core */
	if (sched_setaffinity(0, sizeof one, &one) || pipe(to_other) || pipe(from_other) ||
	    (pid = fork()) < 0) {
		perror("switches");
		return 1;
	}
	if (!pid)
		echo();
	err = gt_run(run, NULL);
	close(to_other[1]);
	waitpid(pid, NULL, 0);
	return err ? 1 : 0;
}
