/* SPDX-License-Identifier: MIT
 *
 * How long is a turn? Three programs compute; a fourth, where somebody types, wants the
 * core for an instant every 20 ms. Short slices feel live and cost switches, long ones
 * the reverse. With --polite each gives way by itself after so many ms, as a program for
 * Windows 1.0 should; that it does is its own choice.
 *
 *   turns [MS=600] [--polite SLICE_MS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gt.h"

GT_SHARED

#define MS	 1000000u
#define COMPUTES 3

static uint64_t each_ms = 600, polite_ms;
static int running;

static void compute(void *arg)
{
	uint64_t piece_ms = polite_ms ? polite_ms : each_ms;

	(void)arg;
	for (uint64_t done = 0; done < each_ms; done += piece_ms) {
		gt_busy_ns(piece_ms * MS);
		gt_yield();
	}
	running--;
}

/* From the key to the letter on the screen. */
static void typist(void *arg)
{
	(void)arg;
	while (running > 0) {
		uint64_t next_ns = gt_now_ns() + 20 * MS;

		gt_region_begin("key");
		gt_yield();
		gt_busy_ns(MS / 10);
		gt_region_end("key");
		/* It types on; who cannot sleep without holding up everybody looks on. */
		while (gt_now_ns() < next_ns && running > 0)
			gt_yield();
	}
}

static void run(void *arg)
{
	struct gt *gt[COMPUTES + 1];

	(void)arg;
	running = COMPUTES;
	for (int i = 0; i <= COMPUTES; i++) {
		char name[32] = "typist";
		const struct gt_attr attr = {.name = name};

		if (i)
			snprintf(name, sizeof name, "calc-%d", i);
		if (gt_spawn_attr(&gt[i], &attr, i ? compute : typist, NULL)) {
			fprintf(stderr, "turns: out of memory\n");
			exit(1);
		}
	}
	for (int i = 0; i <= COMPUTES; i++)
		gt_join(gt[i]);
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--polite") && i + 1 < argc)
			bad |= !(polite_ms = strtoul(argv[++i], NULL, 10));
		else
			bad |= !(each_ms = strtoul(argv[i], NULL, 10));
	}
	if (bad) {
		fprintf(stderr, "usage: turns [MS=600] [--polite SLICE_MS]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
