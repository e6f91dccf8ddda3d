/* SPDX-License-Identifier: MIT
 *
 * What the live screen costs: gtviz in a pseudo-terminal of 120×40, watching a
 * program that emits 100,000 events a second, beside one that sleeps. All of gtviz
 * counts, its screen, its collector and its helpers; the program does not.
 */
#include "tests/bench/terminal.h"
#include "tests/bench/tracers.h"

#define SETTLE_NS  1000000000u
#define MEASURE_NS 3000000000u
#define PROGRAM	   "evgen"
#define PROGRAM_S  "6" /* longer than both */

static double percent_of_a_core(const char *rate)
{
	const char *argv[] = {from_env("GTVIZ", "./gtviz"),
			      "run",
			      "--policy",
			      "green",
			      "--",
			      tool(PROGRAM),
			      rate,
			      PROGRAM_S,
			      NULL};
	struct terminal t;

	if (terminal_start(&t, 120, 40, argv))
		return -1;
	watch(&t, SETTLE_NS, SETTLE_NS);
	double used = percent(&t, MEASURE_NS, PROGRAM);
	int alive = is_alive(&t);
	/* q ends the program and gtviz; what it draws meanwhile must be read. */
	stop(&t, "q");
	return alive ? used : -1;
}

static double live_busy(void)
{
	return percent_of_a_core("100000");
}

static double live_idle(void)
{
	return percent_of_a_core("0");
}

static const struct bench_row rows[] = {
	{.name = "live_cpu",
	 .unit = "% core",
	 .ours = live_busy,
	 .reference = live_idle,
	 .rounds = 5},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
