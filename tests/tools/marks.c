/* SPDX-License-Identifier: MIT
 *
 * Puts numbered marks into its trace and keeps its own book of them in a file that
 * survives it: what the book has, the trace must have too, whoever was killed.
 *
 * The book (a shared mapping): for each of WRITERS green threads a count, then the
 * CLOCK_MONOTONIC time after each of its marks. A count rises only when the mark is
 * in the ring. Mark n of writer w is the text "w:n".
 *
 * usage: marks BOOK MILLISECONDS     prints "marks: wrote N" at its end
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>

#include "runtime/gt.h"
#include "tests/tools/marks.h"

static struct marks_book *book;
static uint64_t end_ns;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void writer(void *arg)
{
	uintptr_t w = (uintptr_t)arg;
	struct marks_page *page = &book->writer[w];
	char text[17];

	for (uint64_t n = 0; n < MARKS_MAX && now_ns() < end_ns; n++) {
		uint64_t next = now_ns() + MARKS_EVERY_NS;

		snprintf(text, sizeof text, "%u:%u", (unsigned)w, (unsigned)n);
		gt_mark(text);
		page->ts_ns[n] = now_ns();
		__atomic_store_n(&page->count, n + 1, __ATOMIC_RELEASE);
		gt_yield();
		while (now_ns() < next)
			gt_tick();
	}
}

static void root(void *arg)
{
	struct gt *gt[MARKS_WRITERS];

	(void)arg;
	for (uintptr_t w = 0; w < MARKS_WRITERS; w++)
		if (gt_spawn(&gt[w], writer, (void *)w)) {
			perror("marks: spawn");
			exit(1);
		}
	for (int w = 0; w < MARKS_WRITERS; w++)
		gt_join(gt[w]);
}

int main(int argc, char **argv)
{
	uint64_t sum = 0;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: marks BOOK MILLISECONDS\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof *book)) {
		perror(argv[1]);
		return 1;
	}
	book = mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (book == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	end_ns = now_ns() + strtoull(argv[2], NULL, 10) * 1000000u;
	if (gt_run(root, NULL))
		return 1;
	for (int w = 0; w < MARKS_WRITERS; w++)
		sum += book->writer[w].count;
	printf("marks: wrote %llu\n", (unsigned long long)sum);
	return 0;
}
