/* SPDX-License-Identifier: MIT
 *
 * Programs that the rows about tracing and drawing run: found through the environment
 * that `make bench` gives: GTVIZ, TOOLS (pingpipe, tracegen…) and O (where temporary
 * files go).
 */
#ifndef BENCH_TRACERS_H
#define BENCH_TRACERS_H

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT	 -1.0 /* "cannot be measured here" */
#define ARGS_MAX 32

extern char **environ;

static inline const char *from_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

static inline const char *tool(const char *name)
{
	static char path[2][512];
	static int turn;
	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", from_env("TOOLS", "build/tests"),
		 name);
	return path[turn];
}

static inline const char *scratch(const char *name)
{
	static char path[2][512];
	static int turn;
	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/bench-%s", from_env("O", "build"),
		 name);
	return path[turn];
}

/* Runs a command and keeps the beginning of its stdout; stderr is dropped unless
 * it fails. 0, or -1 if it cannot be run or does not end well. */
static inline int run(const char *const *argv, char *out, size_t size)
{
	posix_spawn_file_actions_t actions;
	int fds[2], status = -1;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	int error =
		posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);

	size_t used = 0;
	char rest[4096];
	while (!error) {
		char *to = used + 1 < size ? out + used : rest;
		size_t room = used + 1 < size ? size - 1 - used : sizeof rest;
		ssize_t got = read(fds[0], to, room);
		if (got <= 0)
			break;
		if (to != rest)
			used += (size_t)got;
	}
	close(fds[0]);
	out[used] = 0;
	if (error || waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "%s: %s\n", argv[0], error ? strerror(error) : "failed");
		return -1;
	}
	return 0;
}

#endif
