/* SPDX-License-Identifier: MIT
 *
 * What the live screen costs: gtviz in a pseudo-terminal of 120×40, watching a
 * program that emits 100,000 events a second, beside one that sleeps. All of gtviz
 * counts, its screen, its collector and its helpers; the program does not.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define SETTLE_NS  1000000000u
#define MEASURE_NS 3000000000u
#define PROGRAM	   "evgen"
#define PROGRAM_S  "6" /* longer than both */

static const char *from_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

/* Starts gtviz on `rate` as the leader of its own terminal. Its pid, or -1. */
static pid_t start(const char *rate, int *master)
{
	char program[512];
	struct winsize size = {.ws_row = 40, .ws_col = 120};

	snprintf(program, sizeof program, "%s/" PROGRAM, from_env("TOOLS", "build/tests"));
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0)
		return -1;
	ioctl(*master, TIOCSWINSZ, &size);
	int slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		const char *gtviz = from_env("GTVIZ", "./gtviz");
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		setenv("TERM", "xterm-256color", 1);
		execl(gtviz, gtviz, "run", "--policy", "green", "--", program, rate,
		      PROGRAM_S, (char *)NULL);
		_exit(127);
	}
	close(slave);
	return pid;
}

/* Reads what the screen writes for a while, as a terminal does. */
static void watch(int master, uint64_t for_ns)
{
	char bytes[65536];
	uint64_t end_ns = bench_now_ns() + for_ns, now_ns;
	while ((now_ns = bench_now_ns()) < end_ns) {
		struct pollfd poll_fd = {.fd = master, .events = POLLIN};
		int wait_ms = (int)((end_ns - now_ns) / 1000000u) + 1;
		if (poll(&poll_fd, 1, wait_ms) > 0 &&
		    read(master, bytes, sizeof bytes) <= 0)
			return;
	}
}

static int first_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int ok = file && fgets(line, size, file);
	if (file)
		fclose(file);
	return ok;
}

/* CPU time of a process and its children, without PROGRAM's. */
static uint64_t cpu_ns(pid_t pid)
{
	char path[64], line[4096];
	struct dirent *task;
	uint64_t sum_ns = 0;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	if (!first_line(path, line, sizeof line) ||
	    !strncmp(line, PROGRAM, strlen(PROGRAM)))
		return 0;
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	while (tasks && (task = readdir(tasks))) {
		int tid = atoi(task->d_name);
		if (tid <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, tid);
		if (first_line(path, line, sizeof line))
			sum_ns += strtoull(line, NULL, 10);
		snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, tid);
		if (!first_line(path, line, sizeof line))
			continue;
		char *at = line, *end;
		for (long child; (child = strtol(at, &end, 10)) > 0 && end != at; at = end)
			sum_ns += cpu_ns((pid_t)child);
	}
	if (tasks)
		closedir(tasks);
	return sum_ns;
}

static double percent_of_a_core(const char *rate)
{
	int master, status;
	pid_t pid = start(rate, &master);

	if (pid < 0)
		return -1;
	watch(master, SETTLE_NS);
	uint64_t from_ns = bench_now_ns(), before_ns = cpu_ns(pid);
	watch(master, MEASURE_NS);
	uint64_t used_ns = cpu_ns(pid) - before_ns, wall_ns = bench_now_ns() - from_ns;
	int alive = waitpid(pid, &status, WNOHANG) == 0;
	if (alive) {
		/* q ends the program and gtviz; what it draws meanwhile must be read. */
		if (write(master, "q", 1) != 1)
			kill(pid, SIGTERM);
		watch(master, 10 * SETTLE_NS);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	close(master);
	return alive ? (double)used_ns * 100 / (double)wall_ns : -1;
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
