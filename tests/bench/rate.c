/* SPDX-License-Identifier: MIT
 *
 * The row of the rate: a program on a core of its own writes ten million events a second
 * for ten seconds, gtviz has another core and default buffers. Ours is what was recorded,
 * the reference what the program wrote (recorded and lost, as counted): a ratio of 1 says
 * that nothing was lost, and the row shows beside it how many were.
 *
 * Where it may, it takes both cores from all others meanwhile (SCHED_FIFO): what somebody
 * else's work costs is not what is asked.
 *
 * From the environment: GTVIZ, TOOLS (evgen) and O (where the file goes).
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tracer/store/store.h"

#define CANNOT	-1.0 /* "cannot be measured here" */
#define RATE	"10000000"
#define SECONDS "10"

static struct gtv_store_stats stats; /* of the run measured last */

static const char *from_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

/* Two cores that we may use; the number of cores that there are. */
static int two_cores(int core[2])
{
	cpu_set_t set;
	int found = 0;

	if (sched_getaffinity(0, sizeof set, &set))
		return 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			core[found++] = (int)cpu;
	return found;
}

static void run_recorder(const char *path, const int core[2])
{
	char program[512], other[16];
	const char *gtviz = from_env("GTVIZ", "./gtviz");
	struct sched_param param = {.sched_priority = 1};
	cpu_set_t set;

	snprintf(program, sizeof program, "%s/evgen", from_env("TOOLS", "build/tests"));
	snprintf(other, sizeof other, "%d", core[1]);
	CPU_ZERO(&set);
	CPU_SET((unsigned)core[0], &set);
	sched_setaffinity(0, sizeof set, &set);
	sched_setscheduler(0, SCHED_FIFO, &param); /* refused: then as it is */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	execl(gtviz, gtviz, "record", "--level", "0", "-o", path, "--", program, RATE,
	      SECONDS, other, (char *)NULL);
	_exit(127);
}

/* Records once. 0, or -1. */
static int record(void)
{
	char path[512];
	struct gtv_err err = {0};
	struct gtv_store *st;
	int core[2], status = -1, fd;

	snprintf(path, sizeof path, "%s/bench-rate.gtv", from_env("O", "build"));
	if (two_cores(core) < 2) {
		fprintf(stderr, "only one core\n");
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		run_recorder(path, core);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || gtv_store_open(&st, fd, path, &err))
		return -1;
	gtv_store_get_stats(st, &stats);
	gtv_store_close(st);
	unlink(path);
	return 0;
}

static double rate_written(void)
{
	if (record())
		return CANNOT;
	return (double)(stats.events + stats.lost) / strtod(SECONDS, NULL) / 1e6;
}

static double rate_recorded(void)
{
	return (double)stats.events / strtod(SECONDS, NULL) / 1e6;
}

static double events_lost(void)
{
	return (double)stats.lost;
}

static const struct bench_row rows[] = {
	{.name = "user_10m",
	 .unit = "M/s",
	 .ours = rate_recorded,
	 .reference = rate_written,
	 .peers = {{"events lost", events_lost}},
	 .rounds = 1},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
