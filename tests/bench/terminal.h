/* SPDX-License-Identifier: MIT
 *
 * A program in a pseudo-terminal, as a user has it: what it takes of a core, what it sends,
 * the keys it is given.
 */
#ifndef BENCH_TERMINAL_H
#define BENCH_TERMINAL_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/bench/bench.h"

struct terminal {
	int master;
	pid_t pid;
	uint64_t sent; /* bytes that it was sent */
};

/* Starts a program as the leader of its own terminal, of that size. 0 or -1. */
static inline int terminal_start(struct terminal *t, int cols, int rows,
				 const char *const *argv)
{
	struct winsize size = {.ws_row = (unsigned short)rows,
			       .ws_col = (unsigned short)cols};

	*t = (struct terminal){.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
	if (t->master < 0 || grantpt(t->master) || unlockpt(t->master))
		return -1;
	ioctl(t->master, TIOCSWINSZ, &size);
	int slave = open(ptsname(t->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -1;
	t->pid = fork();
	if (t->pid == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("NO_COLOR");
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(slave);
	return t->pid > 0 ? 0 : -1;
}

/* Reads what is sent until the deadline, or until nothing came for quiet_ns; of what came
 * first it says when (0: nothing came). */
static inline uint64_t watch(struct terminal *t, uint64_t for_ns, uint64_t quiet_ns)
{
	uint64_t now_ns = bench_now_ns(), end_ns = now_ns + for_ns, last_ns = now_ns;
	uint64_t first_ns = 0;
	char bytes[65536];

	while ((now_ns = bench_now_ns()) < end_ns && now_ns - last_ns < quiet_ns) {
		struct pollfd fd = {.fd = t->master, .events = POLLIN};
		uint64_t wait_ns = end_ns - now_ns;
		if (quiet_ns - (now_ns - last_ns) < wait_ns)
			wait_ns = quiet_ns - (now_ns - last_ns);
		if (poll(&fd, 1, (int)(wait_ns / 1000000u) + 1) <= 0)
			continue;
		ssize_t n = read(t->master, bytes, sizeof bytes);
		if (n <= 0)
			break;
		t->sent += (uint64_t)n;
		last_ns = bench_now_ns();
		first_ns = first_ns ? first_ns : last_ns;
	}
	return first_ns;
}

/* Every byte on its own: a key. */
static inline int keys(struct terminal *t, const char *text)
{
	return write(t->master, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static inline void stop(struct terminal *t, const char *quit)
{
	int status;

	if (keys(t, quit) == 0)
		watch(t, 5000000000u, 5000000000u);
	kill(t->pid, SIGKILL);
	waitpid(t->pid, &status, 0);
	close(t->master);
}

static inline int is_alive(const struct terminal *t)
{
	int status;

	return waitpid(t->pid, &status, WNOHANG) == 0;
}

static inline int first_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int ok = file && fgets(line, size, file);

	if (file)
		fclose(file);
	return ok;
}

/* CPU time of a process and its children, but not of a traced `program`. */
static inline uint64_t cpu_ns(pid_t pid, const char *program)
{
	char path[64], line[4096];
	uint64_t sum_ns = 0;
	struct dirent *task;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	if (!first_line(path, line, sizeof line) ||
	    (program && !strncmp(line, program, strlen(program))))
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
			sum_ns += cpu_ns((pid_t)child, program);
	}
	if (tasks)
		closedir(tasks);
	return sum_ns;
}

static inline double percent(struct terminal *t, uint64_t for_ns, const char *program)
{
	uint64_t from_ns = bench_now_ns(), before_ns = cpu_ns(t->pid, program);

	watch(t, for_ns, for_ns);
	uint64_t used_ns = cpu_ns(t->pid, program) - before_ns;
	return (double)used_ns * 100 / (double)(bench_now_ns() - from_ns);
}

/* Of one OS thread, what the kernel has counted: its time on a core, to the last tick, and
 * how long it waited for one. */
struct turns {
	uint64_t on_ns, waited_ns;
};

static inline struct turns turns_of(pid_t tid)
{
	struct turns turns = {0};
	char path[64], line[128], *end;

	snprintf(path, sizeof path, "/proc/%d/schedstat", tid);
	if (first_line(path, line, sizeof line)) {
		turns.on_ns = strtoull(line, &end, 10);
		turns.waited_ns = strtoull(end, NULL, 10);
	}
	return turns;
}

#endif
