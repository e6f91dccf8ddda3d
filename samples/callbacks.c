/* SPDX-License-Identifier: MIT
 *
 * The same work twice on one loop: a page is asked for, parsed, and stored, each after a
 * wait. As callbacks (Twisted, Tornado) every step is a function that names the next, and
 * what is known between them travels by hand. As coroutines the steps stand in one
 * function, and its variables stay.
 *
 *   callbacks [PAGES=5]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

GT_SHARED

#define MS	  1000000u
#define PAGES_MAX 1000

static int pages = 5;
static int stored[2]; /* by callbacks, by coroutines */

struct page {
	int number, words;
};

/* ---- callbacks: read from the bottom to the top ---- */

static void page_stored(void *arg)
{
	free(arg);
	if (++stored[0] == pages)
		gt_mark("callbacks done");
}

static void page_parsed(void *arg)
{
	struct page *page = arg;

	page->words = 100 * page->number;
	gt_call_later(10 * MS, "store", page_stored, page, NULL);
}

static void page_came(void *arg)
{
	gt_call_later(10 * MS, "parse", page_parsed, arg, NULL);
}

static void ask_for_page(int number)
{
	struct page *page = calloc(1, sizeof *page);

	if (!page)
		exit(1);
	page->number = number;
	gt_call_later(20 * MS, "fetch", page_came, page, NULL);
}

/* ---- coroutines ---- */

static void handle_page(void *arg)
{
	struct page page = {.number = (int)(intptr_t)arg};

	gt_region_begin("page");
	gt_sleep_ns(20 * MS); /* fetched */
	gt_sleep_ns(10 * MS); /* parsed */
	page.words = 100 * page.number;
	gt_sleep_ns(10 * MS); /* stored */
	gt_region_end("page");
	stored[1] += page.words > 0;
}

static void run(void *arg)
{
	struct gt *gt[PAGES_MAX];

	(void)arg;
	gt_mark("callbacks");
	for (int i = 1; i <= pages; i++)
		ask_for_page(i);
	gt_sleep_ns(60 * MS);
	gt_mark("coroutines");
	for (int i = 0; i < pages; i++) {
		char name[32];
		const struct gt_attr attr = {.name = name};

		snprintf(name, sizeof name, "page-%d", i + 1);
		if (gt_spawn_attr(&gt[i], &attr, handle_page, (void *)(intptr_t)(i + 1)))
			exit(1);
	}
	for (int i = 0; i < pages; i++)
		gt_join(gt[i]);
	printf("callbacks: %d pages by callbacks, %d by coroutines, under %s\n", stored[0],
	       stored[1], gt_policy_name());
}

int main(int argc, char **argv)
{
	if (argc > 2 || (argc > 1 && (pages = atoi(argv[1])) < 1) || pages > PAGES_MAX) {
		fprintf(stderr, "usage: callbacks [PAGES=5]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
