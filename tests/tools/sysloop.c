/* SPDX-License-Identifier: MIT
 *
 * The shortest system call there is, over and over: what a tracer of system calls adds
 * to it is all it costs. Prints the ns of all of them, start and end left out.
 *
 * usage: sysloop CALLS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#define WARM_UP_COUNT 1000

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void call(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		syscall(SYS_getppid);
}

int main(int argc, char **argv)
{
	uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 0, begin;

	if (!count) {
		fprintf(stderr, "usage: sysloop CALLS\n");
		return 2;
	}
	call(WARM_UP_COUNT);
	begin = now_ns();
	call(count);
	printf("%llu\n", (unsigned long long)(now_ns() - begin));
	return 0;
}
