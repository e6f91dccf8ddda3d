/* SPDX-License-Identifier: MIT
 *
 * What a key costs in a crowd: the real application on 4,096 cores and 100,000 green
 * threads, in a terminal made here. From the key that is taken to the frame that answers
 * it, in CPU time of the loop: its own work, whatever else the machine does.
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/bench/screen.h"
#include "tests/unit/tui_terminal.h"

#define QUIET_NS 150000000u  /* without a frame for so long all is read and shown */
#define LATER_NS 6000000000u /* a key after which no frame came */
#define CTRL_C	 3

/* What is typed, letter by letter. Of a line with a name each key is measured, the others
 * lead there; \b stands for a window of a thousandth, by zooms. */
static const struct line {
	const char *name, *keys;
	int key; /* instead of keys, so many times: not a letter */
} lines[] = {
	{"next row, by core", "jjjjjjkkk", 0},
	{NULL, "\t\t", 0},
	{"next row, by green thread", "jjjjjjkkk", 0},
	{"ten rows on", NULL, TUI_KEY_PGDN},
	{"ten rows back", NULL, TUI_KEY_PGUP},
	{"spans", "....,,,,", 0},
	{"edges", "[[]]", 0},
	{"explain, back", "\r\033\r\033", 0},
	{"unfold, fold", "uuuu", 0},
	{NULL, "u", 0},
	{"next row, unfolded", "jjjjjjkkk", 0},
	{"busy only", "bbbb", 0},
	{"by activity", "SSSS", 0},
	{"other rows", "\t\t\t\t\t", 0},
	{"zoom", "wwwwwwssssss", 0},
	{"go to, completed", "gG9\t\t\t\033", 0},
	{"a command, completed", ":select G99\t\t\t\033", 0},
	{"search", "/G77\rnnnN", 0},
	{"search for nobody", "/nobody of that name\033", 0},
	{"filter", "\\G5 busy\r", 0},
	{"filter by state", "\\\025state:chan\r", 0},
	{"next row, filtered", "jjjkkk", 0},
	{"filter away", "\\\025\r", 0},
	{"threads", "2", 0},
	{"threads: next row", "jjjjjjkkk", 0},
	{"threads: sort", "ssssss", 0},
	{"threads: filter", "\\G5\r\\\025\r", 0},
	{"threads: to it", "\r", 0},
	{"events", "8", 0},
	{"events: next", "jjjjjjkkk", 0},
	{"events: filter", "\\kind:gt_*\r\\\025\r", 0},
	{"load", "55", 0},
	{"findings", "7jj\r", 0},
};
#define LINES (sizeof lines / sizeof *lines)
#define TIMES 9 /* a key that is no letter */

static struct {
	size_t line, at;
	int due;		       /* the driver: press the next one */
	int pressed;		       /* and its frame has not come */
	uint64_t shown_ns, pressed_ns; /* real time */
	double began_ms;	       /* CPU */
	double worst_ms[LINES], sum_ms[LINES];
	int count[LINES], over;
} run_of;

static int key_of(const struct line *l, size_t at)
{
	if (!l->keys)
		return at < TIMES ? l->key : 0;
	return (unsigned char)l->keys[at];
}

static int press(struct tui_term *t)
{
	uint64_t told;

	if (!__atomic_load_n(&run_of.due, __ATOMIC_ACQUIRE))
		return TUI_KEY_NONE;
	if (read(t->fd, &told, sizeof told) < 0)
		return TUI_KEY_NONE;
	run_of.due = 0;
	while (run_of.line < LINES && !key_of(&lines[run_of.line], run_of.at)) {
		run_of.line++;
		run_of.at = 0;
	}
	if (run_of.line == LINES)
		return CTRL_C;
	run_of.began_ms = screen_cpu_ms();
	run_of.pressed_ns = bench_now_ns();
	__atomic_store_n(&run_of.pressed, 1, __ATOMIC_RELEASE);
	return key_of(&lines[run_of.line], run_of.at++);
}

static void look(struct tui_term *t, const struct tui_canvas *c)
{
	double ms = screen_cpu_ms() - run_of.began_ms;
	size_t line = run_of.line;

	(void)t;
	(void)c;
	__atomic_store_n(&run_of.shown_ns, bench_now_ns(), __ATOMIC_RELEASE);
	if (!run_of.pressed)
		return;
	__atomic_store_n(&run_of.pressed, 0, __ATOMIC_RELEASE);
	run_of.sum_ms[line] += ms;
	run_of.count[line]++;
	if (ms > run_of.worst_ms[line])
		run_of.worst_ms[line] = ms;
}

/* Presses the next key when nothing was shown for a while. */
static void *drive(void *arg)
{
	const struct tui_term *t = arg;
	uint64_t one = 1;

	while (!__atomic_load_n(&run_of.over, __ATOMIC_ACQUIRE)) {
		usleep(5000);
		uint64_t now_ns = bench_now_ns();
		uint64_t shown_ns = __atomic_load_n(&run_of.shown_ns, __ATOMIC_ACQUIRE);
		int pressed = __atomic_load_n(&run_of.pressed, __ATOMIC_ACQUIRE);

		if (!shown_ns || now_ns - shown_ns < QUIET_NS ||
		    (pressed && now_ns - run_of.pressed_ns < LATER_NS) ||
		    __atomic_load_n(&run_of.due, __ATOMIC_ACQUIRE))
			continue;
		__atomic_store_n(&run_of.due, 1, __ATOMIC_RELEASE);
		if (write(t->fd, &one, sizeof one) < 0)
			break;
	}
	return NULL;
}

static double worst_key(const char *path)
{
	pthread_t driver;
	double worst_ms = 0;

	if (!path)
		return CANNOT;
	memset(&run_of, 0, sizeof run_of);
	terminal = (struct tui_term){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				     .cols = SCREEN_COLS,
				     .rows = SCREEN_ROWS,
				     .press = press,
				     .look = look};
	if (terminal.fd < 0 || pthread_create(&driver, NULL, drive, &terminal))
		return CANNOT;
	int status = terminal_replay(path);
	__atomic_store_n(&run_of.over, 1, __ATOMIC_RELEASE);
	pthread_join(driver, NULL);
	close(terminal.fd);
	for (size_t i = 0; i < LINES; i++) {
		if (!lines[i].name || !run_of.count[i])
			continue;
		if (screen_verbose())
			fprintf(stderr, "%-28s %8.2f ms, worst %8.2f of %d\n",
				lines[i].name, run_of.sum_ms[i] / run_of.count[i],
				run_of.worst_ms[i], run_of.count[i]);
		if (run_of.worst_ms[i] > worst_ms)
			worst_ms = run_of.worst_ms[i];
	}
	return status ? CANNOT : worst_ms;
}

static double crowd(void)
{
	return worst_key(screen_crowd());
}

static double few(void)
{
	return worst_key(screen_1m());
}

static const struct bench_row rows[] = {
	{.name = "crowd_keys", .unit = "ms", .ours = crowd, .reference = few, .rounds = 1},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
