/* SPDX-License-Identifier: MIT
 *
 * Rows of `make bench`. A bench program has a table of rows; `prog --list` prints
 * their names, `prog NAME` measures one: ours, the reference and the peers in
 * turn, ROUNDS times, and prints the medians as one JSON object on stdout.
 *
 * A measure returns a figure in the row's unit, or a negative number if it cannot
 * be taken here (a peer that is not installed: it is named in "missing").
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_peer {
	const char *name;
	double (*measure)(void);
};

struct bench_row {
	const char *name, *unit;
	double (*ours)(void);
	double (*reference)(void);
	struct bench_peer peers[6];
	int rounds; /* 0: 9 */
};

#define BENCH_ROUNDS 9

static inline uint64_t bench_now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int bench__cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static inline double bench_median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, bench__cmp);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static inline int bench_run(const struct bench_row *row)
{
	double ours[64], ref[64], ratio[64], peer[6][64];
	int rounds = row->rounds ? row->rounds : BENCH_ROUNDS;
	int missing[6] = {0};

	for (int r = 0; r < rounds; r++) {
		ref[r] = row->reference();
		ours[r] = row->ours();
		if (ours[r] < 0 || ref[r] < 0) {
			printf("{\"name\":\"%s\",\"error\":\"cannot be measured here\"}\n",
			       row->name);
			return 1;
		}
		ratio[r] = ref[r] > 0 ? ours[r] / ref[r] : 0;
		for (int p = 0; p < 6 && row->peers[p].name; p++) {
			if (!missing[p])
				peer[p][r] = row->peers[p].measure();
			if (!missing[p] && peer[p][r] < 0)
				missing[p] = 1;
		}
	}
	printf("{\"name\":\"%s\",\"ours\":%.6g,\"unit\":\"%s\",\"reference\":%.6g,"
	       "\"ratio\":%.4g,"
	       "\"peers\":{",
	       row->name, bench_median(ours, rounds), row->unit, bench_median(ref, rounds),
	       bench_median(ratio, rounds));
	const char *sep = "";
	for (int p = 0; p < 6 && row->peers[p].name; p++) {
		if (missing[p])
			continue;
		printf("%s\"%s\":%.6g", sep, row->peers[p].name,
		       bench_median(peer[p], rounds));
		sep = ",";
	}
	printf("},\"missing\":[");
	sep = "";
	for (int p = 0; p < 6 && row->peers[p].name; p++) {
		if (!missing[p])
			continue;
		printf("%s\"%s\"", sep, row->peers[p].name);
		sep = ",";
	}
	printf("]}\n");
	return 0;
}

/* rows ends with a row without a name. */
static inline int bench_main(int argc, char **argv, const struct bench_row *rows)
{
	for (const struct bench_row *row = rows; row->name; row++) {
		if (argc > 1 && !strcmp(argv[1], "--list"))
			puts(row->name);
		else if (argc > 1 && !strcmp(argv[1], row->name))
			return bench_run(row);
	}
	return argc > 1 && !strcmp(argv[1], "--list") ? 0 : 2;
}

#endif
