/* SPDX-License-Identifier: MIT
 *
 * Peers that are programs of their own (tests/bench/peers): built where their compiler
 * and library are installed, beside the bench programs; else they are not here.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The figure that `program ROW` prints; negative: it cannot be had. */
static inline double peer_figure(const char *program, const char *row)
{
	const char *o = getenv("O");
	char line[512];
	double figure = -1;
	FILE *out;

	snprintf(line, sizeof line, "%s/tests/bench/peers/%s", o ? o : "build", program);
	if (access(line, X_OK))
		return -1;
	snprintf(line, sizeof line, "exec '%s/tests/bench/peers/%s' %s", o ? o : "build",
		 program, row);
	out = popen(line, "r");
	if (!out)
		return -1;
	if (fscanf(out, "%lf", &figure) != 1)
		figure = -1;
	return pclose(out) ? -1 : figure;
}

#define PEER(function, program, row)                                                       \
	static double function(void)                                                       \
	{                                                                                  \
		return peer_figure(program, row);                                          \
	}

#endif
