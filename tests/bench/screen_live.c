/* SPDX-License-Identifier: MIT
 *
 * The screen in a terminal: gtviz in a pseudo-terminal of 200×60, as a user has it. What
 * it takes of a core, what it sends, what it keeps in memory, and how soon a key shows.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "tests/bench/screen.h"

#define QUIET_NS   150000000u /* nothing is sent for so long: the frame is whole */
#define SETTLE_NS  1500000000u
#define MEASURE_NS 3000000000u
#define KEYS	   60
#define ARGS	   12

struct terminal {
	int master;
	pid_t pid;
	uint64_t sent; /* bytes that it was sent */
};

/* Starts a program as the leader of its own terminal. 0 or -1. */
static int start(struct terminal *t, const char *const *argv)
{
	struct winsize size = {.ws_row = SCREEN_ROWS, .ws_col = SCREEN_COLS};

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
static uint64_t watch(struct terminal *t, uint64_t for_ns, uint64_t quiet_ns)
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
static int keys(struct terminal *t, const char *text)
{
	return write(t->master, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static void stop(struct terminal *t, const char *quit)
{
	int status;

	if (keys(t, quit) == 0)
		watch(t, 5000000000u, 5000000000u);
	kill(t->pid, SIGKILL);
	waitpid(t->pid, &status, 0);
	close(t->master);
}

static int is_alive(const struct terminal *t)
{
	int status;

	return waitpid(t->pid, &status, WNOHANG) == 0;
}

static int first_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int ok = file && fgets(line, size, file);

	if (file)
		fclose(file);
	return ok;
}

/* CPU time of a process and its children, but not of a traced `program`. */
static uint64_t cpu_ns(pid_t pid, const char *program)
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

static double percent(struct terminal *t, uint64_t for_ns, const char *program)
{
	uint64_t from_ns = bench_now_ns(), before_ns = cpu_ns(t->pid, program);

	watch(t, for_ns, for_ns);
	uint64_t used_ns = cpu_ns(t->pid, program) - before_ns;
	return (double)used_ns * 100 / (double)(bench_now_ns() - from_ns);
}

/* ---- live ---- */

static int start_live(struct terminal *t, const char *rate, const char *seconds)
{
	const char *argv[] = {from_env("GTVIZ", "./gtviz"),
			      "run",
			      "--policy",
			      "green",
			      "--",
			      tool("evgen"),
			      rate,
			      seconds,
			      NULL};

	return start(t, argv);
}

static double live(const char *rate)
{
	struct terminal t;

	if (start_live(&t, rate, "7"))
		return CANNOT;
	watch(&t, SETTLE_NS, SETTLE_NS);
	double used = percent(&t, MEASURE_NS, "evgen");
	int alive = is_alive(&t);
	stop(&t, "q");
	return alive ? used : CANNOT;
}

static double live_10k(void)
{
	return live("10000");
}

static double live_1m(void)
{
	return live("1000000");
}

static double live_0(void)
{
	return live("0");
}

static double three_percent(void)
{
	return 3;
}

/* ---- a replay that nobody touches ---- */

static int start_replay(struct terminal *t, const char *path)
{
	const char *argv[] = {from_env("GTVIZ", "./gtviz"), "replay", path, NULL};

	if (!path || start(t, argv))
		return -1;
	watch(t, 20000000000u, 1000000000u);
	return is_alive(t) ? 0 : -1;
}

static double idle(void)
{
	struct terminal t;

	if (start_replay(&t, screen_10m()))
		return CANNOT;
	uint64_t sent = t.sent;
	double used = percent(&t, MEASURE_NS, NULL);
	if (screen_verbose())
		fprintf(stderr, "idle: %.4f%%, %llu bytes sent\n", used,
			(unsigned long long)(t.sent - sent));
	stop(&t, "q");
	return used;
}

/* ---- bytes a frame ---- */

static double bytes_of(struct terminal *t, const char *key, int times)
{
	uint64_t sent = t->sent;

	for (int i = 0; i < times; i++) {
		if (keys(t, key))
			return CANNOT;
		watch(t, 3000000000u, QUIET_NS);
	}
	return (double)(t->sent - sent) / times;
}

/* A frame that is wholly new: another zoom, to and fro. */
static double full_frame;

static double frame_bytes(void)
{
	struct terminal t;

	if (start_replay(&t, screen_10m()))
		return CANNOT;
	bytes_of(&t, "w", 8);
	double pan = bytes_of(&t, "d", 10), row = bytes_of(&t, "j", 10);
	full_frame = bytes_of(&t, "w", 4);
	if (screen_verbose())
		fprintf(stderr,
			"a step of the window %.0f, of the row %.0f, a zoom %.0f bytes\n",
			pan, row, full_frame);
	stop(&t, "q");
	return pan;
}

static double all_cells(void)
{
	struct screen s = {0};
	struct tui_buf buf = {0};
	double bytes = CANNOT;

	if (!screen_open(&s, screen_10m()) && screen_frame(&s, TUI_VIEW_TIMELINE) >= 0 &&
	    !tui_back_ansi(&s.canvas, TUI_THEME_DARK, &buf))
		bytes = (double)buf.size;
	tui_buf_fini(&buf);
	screen_close(&s);
	return bytes;
}

/* What others send for an ordinary frame of theirs, in a terminal of the same size. */
static double bytes_of_program(const char *const *argv, const char *quit)
{
	struct terminal t;

	if (start(&t, argv))
		return CANNOT;
	watch(&t, 3000000000u, 3000000000u);
	uint64_t sent = t.sent;
	watch(&t, 5000000000u, 5000000000u);
	double bytes = is_alive(&t) ? (double)(t.sent - sent) / 5 : CANNOT;
	stop(&t, quit);
	return bytes > 0 ? bytes : CANNOT;
}

static double bytes_of_htop(void)
{
	return bytes_of_program((const char *[]){"htop", "-d", "10", NULL}, "q");
}

static double bytes_of_top(void)
{
	return bytes_of_program((const char *[]){"top", "-d", "1", NULL}, "q");
}

static double live_bytes(void)
{
	struct terminal t;

	if (start_live(&t, "100000", "8"))
		return CANNOT;
	watch(&t, SETTLE_NS, SETTLE_NS);
	uint64_t sent = t.sent;
	watch(&t, MEASURE_NS, MEASURE_NS);
	double bytes = is_alive(&t) ? (double)(t.sent - sent) / 3 : CANNOT;
	stop(&t, "q");
	return bytes;
}

static double all_cells_30(void)
{
	double bytes = all_cells();

	return bytes < 0 ? bytes : 30 * bytes;
}

/* ---- how soon a key shows ---- */

static int by_size(const void *a, const void *b)
{
	return bench__cmp(a, b);
}

/* A key that opens the help or closes it, and the time until so many bytes came that the
 * screen must be another: frames of running figures send less. */
#define OTHER_VIEW 4000

static double answer_ms(const char *rate, int worst)
{
	double ms[KEYS];
	struct terminal t;
	int n = 0;

	if (start_live(&t, rate, "20"))
		return CANNOT;
	watch(&t, SETTLE_NS, SETTLE_NS);
	for (int i = 0; i < KEYS; i++) {
		char seen[65536];
		size_t size = 0;
		uint64_t from_ns = bench_now_ns();
		int found = 0;
		if (keys(&t, "?"))
			break;
		while (!found && bench_now_ns() - from_ns < 3000000000u) {
			struct pollfd fd = {.fd = t.master, .events = POLLIN};
			if (poll(&fd, 1, 100) <= 0)
				continue;
			ssize_t got = read(t.master, seen, sizeof seen);
			if (got <= 0)
				break;
			size += (size_t)got;
			found = size > OTHER_VIEW;
		}
		if (!found)
			break;
		ms[n++] = (double)(bench_now_ns() - from_ns) / 1e6;
		watch(&t, 130000000u + (uint64_t)(i * 7919 % 50) * 1000000u, QUIET_NS * 4);
	}
	int alive = is_alive(&t);
	stop(&t, "q");
	if (!alive || n < KEYS / 2)
		return CANNOT;
	qsort(ms, (size_t)n, sizeof *ms, by_size);
	if (screen_verbose())
		fprintf(stderr,
			"%s events/s: %d keys, median %.1f ms, 90%% %.1f, worst %.1f\n",
			rate, n, ms[n / 2], ms[n * 9 / 10], ms[n - 1]);
	return worst ? ms[n - 1] : ms[n / 2];
}

static double key_1m(void)
{
	return answer_ms("1000000", 0);
}

static double key_1m_worst(void)
{
	return answer_ms("1000000", 1);
}

static double key_0(void)
{
	return answer_ms("0", 0);
}

static double key_0_worst(void)
{
	return answer_ms("0", 1);
}

/* ---- memory ---- */

static double peak_mb(pid_t pid)
{
	char path[64], line[256];
	double mb = CANNOT;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		if (!strncmp(line, "VmHWM:", 6))
			mb = atof(line + 6) / 1024;
	if (file)
		fclose(file);
	return mb;
}

/* The whole of a hundred million events looked at: zoomed in to a microsecond and out
 * again at three places, every view opened, each for a while. */
static double replay_memory(void)
{
	static const char *const views[] = {"2", "3", "4", "5", "6", "7", "8", "1"};
	struct terminal t;

	if (start_replay(&t, screen_100m()))
		return CANNOT;
	double first_mb = peak_mb(t.pid);
	for (int place = 0; place < 2; place++) {
		for (int i = 0; i < 30; i++)
			if (keys(&t, "w"))
				return CANNOT;
			else
				watch(&t, 400000000u, 60000000u);
		bytes_of(&t, "d", 5);
		for (int i = 0; i < 30; i++)
			if (keys(&t, "s"))
				return CANNOT;
			else
				watch(&t, 400000000u, 60000000u);
		keys(&t, "ddddddd");
	}
	double zoom_mb = peak_mb(t.pid);
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		keys(&t, views[i]);
		watch(&t, 6000000000u, 1500000000u);
		if (screen_verbose())
			fprintf(stderr, "view %s: %.0f MB\n", views[i], peak_mb(t.pid));
	}
	double mb = is_alive(&t) ? peak_mb(t.pid) : CANNOT;
	if (screen_verbose())
		fprintf(stderr, "first frame %.0f MB, zooms %.0f MB, views %.0f MB\n",
			first_mb, zoom_mb, mb);
	stop(&t, "q");
	return mb;
}

static double memory_goal(void)
{
	return 512;
}

static double frame_goal(void)
{
	return 33.3;
}

static const struct bench_row rows[] = {
	{.name = "idle_cpu",
	 .unit = "% core",
	 .ours = idle,
	 .reference = three_percent,
	 .rounds = 3},
	{.name = "live_idle_cpu",
	 .unit = "% core",
	 .ours = live_0,
	 .reference = three_percent,
	 .rounds = 3},
	{.name = "live_cpu_10k",
	 .unit = "% core",
	 .ours = live_10k,
	 .reference = live_0,
	 .rounds = 3},
	{.name = "live_cpu_1m",
	 .unit = "% core",
	 .ours = live_1m,
	 .reference = live_0,
	 .rounds = 3},
	{.name = "frame_bytes",
	 .unit = "bytes",
	 .ours = frame_bytes,
	 .reference = all_cells,
	 .peers = {{"htop", bytes_of_htop}, {"top", bytes_of_top}},
	 .rounds = 1},
	{.name = "live_bytes",
	 .unit = "bytes/s",
	 .ours = live_bytes,
	 .reference = all_cells_30,
	 .rounds = 3},
	{.name = "key_1m", .unit = "ms", .ours = key_1m, .reference = key_0, .rounds = 1},
	{.name = "key_worst_1m",
	 .unit = "ms",
	 .ours = key_1m_worst,
	 .reference = frame_goal,
	 .peers = {{"no events", key_0_worst}},
	 .rounds = 1},
	{.name = "replay_memory_100m",
	 .unit = "MB",
	 .ours = replay_memory,
	 .reference = memory_goal,
	 .rounds = 1},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
