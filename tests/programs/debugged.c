/* SPDX-License-Identifier: MIT
 *
 * A program to be looked at by gdb and valgrind: green threads that wait, are cancelled,
 * exit, and one that comes to stop_here three calls deep.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

static struct gt_chan *numbers;

__attribute__((noinline)) void stop_here(long number)
{
	__asm__ volatile("" : : "r"(number) : "memory");
}

static __attribute__((noinline)) long deeper(long number)
{
	stop_here(number);
	return number + 1;
}

static __attribute__((noinline)) long deep(long number)
{
	return deeper(number) + 1;
}

static void receiver(void *arg)
{
	long number = 0, *sum = arg;

	while (gt_chan_recv(numbers, &number) == 0)
		*sum += deep(number);
}

static void exits(void *arg)
{
	(void)arg;
	gt_sleep_ns(100000);
	gt_exit();
}

static void sleeps(void *arg)
{
	(void)arg;
	gt_sleep_ns(60000000000);
}

static void first(void *arg)
{
	struct gt *gt[3];
	long sum = 0;

	(void)arg;
	numbers = gt_chan_new(sizeof(long), 1, "numbers");
	if (!numbers || gt_spawn(&gt[0], receiver, &sum) || gt_spawn(&gt[1], exits, NULL) ||
	    gt_spawn(&gt[2], sleeps, NULL))
		exit(1);
	for (long i = 0; i < 5; i++)
		gt_chan_send(numbers, &i);
	gt_chan_close(numbers);
	gt_yield();
	gt_cancel(gt[2]);
	for (int i = 0; i < 3; i++)
		gt_join(gt[i]);
	gt_chan_free(numbers);
	printf("sum %ld\n", sum);
}

int main(void)
{
	return gt_run(first, NULL) ? 1 : 0;
}
