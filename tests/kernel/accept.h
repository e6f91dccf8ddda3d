/* SPDX-License-Identifier: MIT
 *
 * What the acceptance tests share: they run the real gtviz and the real samples,
 * as a person would, and believe nothing but what these print.
 *
 * The programs come from the build directory: $O (build) and $GTVIZ ($O/gtviz).
 * What cannot be tried here is skipped, and says why.
 */
#ifndef ACCEPT_H
#define ACCEPT_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <json-c/json.h>

#define ACCEPT_PATH 512

#define SKIP(...)                                                                          \
	do {                                                                               \
		print_message("skipped: " __VA_ARGS__);                                    \
		print_message("\n");                                                       \
		skip();                                                                    \
	} while (0)

static char accept_dir[64]; /* of this test program's files */
static uint64_t accept_timeout_ms = 600000;

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline void nap_ms(unsigned ms)
{
	struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static inline const char *build_path(const char *below)
{
	static char path[4][ACCEPT_PATH];
	static unsigned turn;
	const char *o = getenv("O");
	char *p = path[turn++ % 4];

	snprintf(p, ACCEPT_PATH, "%s/%s", o && *o ? o : "build", below);
	return p;
}

static inline const char *gtviz_path(void)
{
	static char built[ACCEPT_PATH];
	const char *path = getenv("GTVIZ");

	if (path && *path)
		return path;
	snprintf(built, sizeof built, "%s", build_path("gtviz"));
	return built;
}

static inline const char *file_path(const char *name)
{
	static char path[4][ACCEPT_PATH];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, ACCEPT_PATH, "%s/%s", accept_dir, name);
	return p;
}

static inline unsigned env_number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* Group set-up and tear-down: a directory of our own, open to other users. */
static inline int accept_setup(void **state)
{
	(void)state;
	snprintf(accept_dir, sizeof accept_dir, "/tmp/gtviz-accept-XXXXXX");
	if (!mkdtemp(accept_dir))
		return -1;
	return chmod(accept_dir, 0755);
}

static inline int accept_teardown(void **state)
{
	char command[128];

	(void)state;
	if (getenv("GTV_TEST_KEEP")) {
		print_message("kept: %s\n", accept_dir);
		return 0;
	}
	snprintf(command, sizeof command, "rm -rf '%s'", accept_dir);
	return system(command);
}

/* A program that runs, its output collected. */
struct ran {
	pid_t pid;
	int fd[2];     /* what it says: stdout, stderr */
	char *text[2]; /* NUL-terminated */
	size_t len[2];
	int status; /* wait status; -1: it ran too long and was killed */
};

struct how {
	const char *env[8];	 /* NAME=VALUE, ends with NULL */
	uid_t uid;		 /* not 0: run as this user and no group of ours */
	const char *stdout_path; /* NULL: collected */
};

static inline void become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(125);
}

static inline void start(struct ran *r, const struct how *how, const char *const *argv)
{
	int out[2], err[2];

	memset(r, 0, sizeof *r);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	fflush(NULL);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		if (how && how->stdout_path)
			out[1] = open(how->stdout_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		dup2(out[1], 1);
		dup2(err[1], 2);
		for (int i = 0; how && how->env[i]; i++)
			putenv((char *)(uintptr_t)how->env[i]);
		if (how && how->uid)
			become(how->uid);
		execvp(argv[0], (char **)(uintptr_t)argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	r->fd[0] = out[0];
	r->fd[1] = err[0];
}

static inline int take(struct ran *r, int i)
{
	char *text = realloc(r->text[i], r->len[i] + 65537);
	ssize_t n;

	assert_non_null(text);
	r->text[i] = text;
	n = read(r->fd[i], text + r->len[i], 65536);
	if (n > 0)
		r->len[i] += (size_t)n;
	text[r->len[i]] = 0;
	return n > 0;
}

/* Collects until both ends are closed and the program has ended. */
static inline void finish(struct ran *r)
{
	struct pollfd p[2] = {{r->fd[0], POLLIN, 0}, {r->fd[1], POLLIN, 0}};
	uint64_t deadline = now_ns() + accept_timeout_ms * 1000000ull;
	int open = 2;

	while (open && now_ns() < deadline) {
		if (poll(p, 2, 1000) < 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (p[i].fd < 0 || !p[i].revents || take(r, i))
				continue;
			p[i].fd = -1;
			open--;
		}
	}
	if (open)
		kill(r->pid, SIGKILL);
	close(r->fd[0]);
	close(r->fd[1]);
	waitpid(r->pid, &r->status, 0);
	if (open)
		r->status = -1;
}

static inline void ran_free(struct ran *r)
{
	free(r->text[0]);
	free(r->text[1]);
	memset(r, 0, sizeof *r);
}

static inline void run(struct ran *r, const struct how *how, const char *const *argv)
{
	start(r, how, argv);
	finish(r);
}

static inline int exit_code(const struct ran *r)
{
	return WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
}

/* Says what a program said, when that is not what was hoped for. */
static inline void expect_exit(const struct ran *r, int code, const char *what)
{
	if (exit_code(r) != code || r->status == -1)
		fail_msg("%s: wait status %#x, not exit %d\n%.2000s%.2000s", what,
			 r->status, code, r->text[0] ? r->text[0] : "",
			 r->text[1] ? r->text[1] : "");
}

/* JSON. */

static inline struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_object_get_ex(o, key, &v))
		fail_msg("no key \"%s\" in %.200s", key, json_object_to_json_string(o));
	return v;
}

static inline uint64_t get_u64(struct json_object *o, const char *key)
{
	return json_object_get_uint64(get(o, key));
}

/* `gtviz report --json FILE`, parsed. Returns owned: json_object_put. */
static inline struct json_object *report_of(const char *trace)
{
	const char *argv[] = {gtviz_path(), "report", "--json", trace, NULL};
	struct json_object *o;
	struct ran r;

	run(&r, NULL, argv);
	expect_exit(&r, 0, "report --json");
	o = json_tokener_parse(r.text[0]);
	if (!o)
		fail_msg("report is not JSON: %.400s", r.text[0]);
	ran_free(&r);
	return o;
}

/* A number of an event's line: the keys are our own, so a search will do. Returns
 * 0 if the event has no such key. */
static inline int line_number(const char *line, const char *key, int64_t *out)
{
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof quoted, "\"%s\":", key);
	at = strstr(line, quoted);
	if (!at)
		return 0;
	*out = strtoll(at + strlen(quoted), NULL, 10);
	return 1;
}

static inline int64_t line_need(const char *line, const char *key)
{
	int64_t v = 0;

	if (!line_number(line, key, &v))
		fail_msg("no key \"%s\" in %.200s", key, line);
	return v;
}

static inline int line_kind(const char *line, const char *kind)
{
	char quoted[64];

	snprintf(quoted, sizeof quoted, "\"kind\":\"%s\"", kind);
	return strstr(line, quoted) != NULL;
}

/* Calls `each` for each line of `gtviz events --json [--kind KIND] FILE`. */
static inline void each_event(const char *trace, const char *kind,
			      void (*each)(void *arg, const char *line), void *arg)
{
	char command[3 * ACCEPT_PATH];
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(command, sizeof command, "'%s' events --json %s%s%s '%s'", gtviz_path(),
		 kind ? "--kind '" : "", kind ? kind : "", kind ? "'" : "", trace);
	f = popen(command, "r");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		each(arg, line);
	free(line);
	if (pclose(f))
		fail_msg("%s failed", command);
}

/* `gtviz check FILE`: its exit status; text Returned owned in *out. */
static inline int check_of(const char *trace, char **out)
{
	const char *argv[] = {gtviz_path(), "check", trace, NULL};
	struct ran r;

	run(&r, NULL, argv);
	*out = r.text[0];
	r.text[0] = NULL;
	int code = exit_code(&r);

	if (code < 0 || (code == 1 && !*out[0] && !r.text[1][0]))
		fail_msg("check of %s: wait status %#x: %s", trace, r.status, r.text[1]);
	ran_free(&r);
	return code;
}

static inline void assert_good_trace(const char *trace)
{
	char *text;

	if (check_of(trace, &text))
		fail_msg("check: %.4000s", text);
	free(text);
}

/* Whether a level works here for who runs like that; the reason if not. */
static inline int level_works_for(const struct how *how, int level, char *why, size_t size)
{
	const char *argv[] = {gtviz_path(), "doctor", "--json", NULL};
	struct json_object *o, *list;
	struct ran r;
	int works = 0;

	snprintf(why, size, "doctor does not know level %d", level);
	run(&r, how, argv);
	o = json_tokener_parse(r.text[0] ? r.text[0] : "");
	assert_non_null(o);
	list = get(o, "levels");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *l = json_object_array_get_idx(list, i);

		if (get_u64(l, "level") != (uint64_t)level)
			continue;
		works = json_object_get_boolean(get(l, "works"));
		snprintf(why, size, "%s", json_object_get_string(get(l, "why")));
	}
	json_object_put(o);
	ran_free(&r);
	return works;
}

static inline int level_works(int level, char *why, size_t size)
{
	return level_works_for(NULL, level, why, size);
}

#define NEED_LEVEL(n)                                                                      \
	do {                                                                               \
		char why_not[256];                                                         \
		if (!level_works(n, why_not, sizeof why_not))                              \
			SKIP("level %d does not work here: %s", n, why_not);               \
	} while (0)

#endif
