/* SPDX-License-Identifier: MIT
 *
 * The screen in a terminal: gtviz in a pseudo-terminal of 200×60, as a user has it. What
 * it takes of a core, what it sends, what it keeps in memory, and how soon a key shows.
 */
#include "tests/bench/screen.h"
#include "tests/bench/terminal.h"

#define QUIET_NS   150000000u /* nothing is sent for so long: the frame is whole */
#define SETTLE_NS  1500000000u
#define MEASURE_NS 3000000000u
#define KEYS	   60
#define ARGS	   12

static int start(struct terminal *t, const char *const *argv)
{
	return terminal_start(t, SCREEN_COLS, SCREEN_ROWS, argv);
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

/* A key that opens the help or closes it, and the time until so many bytes came that the
 * screen must be another: frames of running figures send less. */
#define OTHER_VIEW 4000

/* Of one key: real time; of it, the loop's thread on a core, and waiting for one because
 * the program, the collector or others had them. */
enum { WALL, ON_CORE, WAITED, FIGURES };
struct answers {
	double ms[FIGURES][KEYS];
	int count; /* 0: not measured, or not measurable */
};

static int answer(struct terminal *t, double ms[FIGURES])
{
	char seen[65536];
	size_t size = 0;
	uint64_t from_ns = bench_now_ns();
	struct turns before = turns_of(t->pid);

	if (keys(t, "?"))
		return -1;
	while (size <= OTHER_VIEW) {
		struct pollfd fd = {.fd = t->master, .events = POLLIN};
		if (bench_now_ns() - from_ns >= 3000000000u)
			return -1;
		if (poll(&fd, 1, 100) <= 0)
			continue;
		ssize_t got = read(t->master, seen, sizeof seen);
		if (got <= 0)
			return -1;
		size += (size_t)got;
	}
	ms[WALL] = (double)(bench_now_ns() - from_ns) / 1e6;
	struct turns after = turns_of(t->pid);
	ms[ON_CORE] = (double)(after.on_ns - before.on_ns) / 1e6;
	ms[WAITED] = (double)(after.waited_ns - before.waited_ns) / 1e6;
	return 0;
}

static double part_of(const struct answers *a, int figure, int percent)
{
	return a->count ? a->ms[figure][(a->count - 1) * percent / 100] : CANNOT;
}

static void say_answers(const struct answers *a, const char *rate)
{
	static const char *const names[] = {"real time", "of it on a core",
					    "of it waiting for a core"};

	for (int f = 0; f < FIGURES && screen_verbose(); f++)
		fprintf(stderr,
			"%s events/s, %d keys: %s: median %.1f ms, 95%% %.1f, worst %.1f\n",
			rate, a->count, names[f], part_of(a, f, 50), part_of(a, f, 95),
			part_of(a, f, 100));
}

static void answers(struct answers *a, const char *rate)
{
	struct terminal t;
	double ms[FIGURES];

	a->count = 0;
	if (start_live(&t, rate, "20"))
		return;
	watch(&t, SETTLE_NS, SETTLE_NS);
	for (int i = 0; i < KEYS && !answer(&t, ms); i++) {
		for (int f = 0; f < FIGURES; f++)
			a->ms[f][i] = ms[f];
		a->count = i + 1;
		watch(&t, 130000000u + (uint64_t)(i * 7919 % 50) * 1000000u, QUIET_NS * 4);
	}
	if (!is_alive(&t) || a->count < KEYS / 2)
		a->count = 0;
	stop(&t, "q");
	for (int f = 0; f < FIGURES; f++)
		qsort(a->ms[f], (size_t)a->count, sizeof a->ms[f][0], bench__cmp);
	say_answers(a, rate);
}

/* What was measured last: the row's other columns are of the same keys. */
static struct answers with_1m;

static double key_1m(void)
{
	answers(&with_1m, "1000000");
	return part_of(&with_1m, WALL, 50);
}

static double key_1m_95(void)
{
	return part_of(&with_1m, WALL, 95);
}

static double key_1m_on_core(void)
{
	return part_of(&with_1m, ON_CORE, 50);
}

static double key_1m_on_core_95(void)
{
	return part_of(&with_1m, ON_CORE, 95);
}

static double key_1m_waited(void)
{
	return part_of(&with_1m, WAITED, 50);
}

static double key_1m_waited_95(void)
{
	return part_of(&with_1m, WAITED, 95);
}

static double key_1m_worst(void)
{
	answers(&with_1m, "1000000");
	return part_of(&with_1m, WALL, 100);
}

static double key_1m_worst_on_core(void)
{
	return part_of(&with_1m, ON_CORE, 100);
}

static double key_1m_worst_waited(void)
{
	return part_of(&with_1m, WAITED, 100);
}

static double key_0(void)
{
	struct answers a;

	answers(&a, "0");
	return part_of(&a, WALL, 50);
}

static double key_0_worst(void)
{
	struct answers a;

	answers(&a, "0");
	return part_of(&a, WALL, 100);
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
 * again at three places, every view opened and read to its end. */
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
		watch(&t, 60000000000u, 1500000000u); /* until it has read all */
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
	{.name = "key_1m",
	 .unit = "ms",
	 .ours = key_1m,
	 .reference = key_0,
	 .peers = {{"95%", key_1m_95},
		   {"on a core", key_1m_on_core},
		   {"on a core, 95%", key_1m_on_core_95},
		   {"waiting for a core", key_1m_waited},
		   {"waiting for a core, 95%", key_1m_waited_95}},
	 .rounds = 1},
	{.name = "key_worst_1m",
	 .unit = "ms",
	 .ours = key_1m_worst,
	 .reference = frame_goal,
	 .peers = {{"on a core", key_1m_worst_on_core},
		   {"waiting for a core", key_1m_worst_waited},
		   {"no events", key_0_worst}},
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
