/* SPDX-License-Identifier: MIT
 *
 * What the terminal is sent, through curses and a real pseudo-terminal: nothing for a frame
 * that has not changed, and for one that has no more than its changed cells are worth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "tui/term/term.h"

#define COLS	   100
#define ROWS	   30
#define CELL_BYTES 48 /* of one cell: the cursor goes there, two colours, the character */

static struct {
	int master, to,
		from; /* of the child: its terminal, and what is asked and answered */
	pid_t pid;
} child;

/* Cells that are spread over the screen, each in another colour. */
static void change(struct tui_canvas *c, int cells, int turn)
{
	for (int i = 0; i < cells; i++)
		tui_canvas_put(c, (i * 37 + 5) % COLS, (i * 11 + 3) % ROWS,
			       (uint32_t)('A' + (turn + i) % 26), 1 + (turn + i) % 8,
			       TUI_DEFAULT);
}

/* Shows a frame for each number that it reads, so many cells other than the last one. */
static int play(int asked, int answer)
{
	struct tui_canvas canvas;
	struct tui_term *term;
	struct gtv_err err;
	unsigned char cells;
	int turn = 0;

	if (tui_term_open(&term, TUI_THEME_DARK, &err) ||
	    tui_canvas_init(&canvas, COLS, ROWS))
		return 1;
	tui_canvas_clear(&canvas);
	while (read(asked, &cells, 1) == 1) {
		change(&canvas, cells, ++turn);
		tui_term_show(term, &canvas);
		if (write(answer, &cells, 1) != 1)
			break;
	}
	tui_term_close(term);
	return 0;
}

static int start(void **state)
{
	struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
	int to[2], from[2];

	(void)state;
	child.master = posix_openpt(O_RDWR | O_NOCTTY);
	if (child.master < 0 || grantpt(child.master) || unlockpt(child.master) ||
	    ioctl(child.master, TIOCSWINSZ, &size) || pipe(to) || pipe(from))
		return -1;
	child.pid = fork();
	if (child.pid == 0) {
		setsid();
		int slave = open(ptsname(child.master), O_RDWR);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		close(to[1]);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		_exit(play(to[0], from[1]));
	}
	close(to[0]);
	close(from[1]);
	child.to = to[1];
	child.from = from[0];
	return child.pid > 0 ? 0 : -1;
}

static int stop(void **state)
{
	char bytes[4096];
	int status;

	(void)state;
	close(child.to);
	while (read(child.master, bytes, sizeof(bytes)) > 0)
		;
	waitpid(child.pid, &status, 0);
	close(child.master);
	close(child.from);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* What is there to read now. */
static size_t drain(void)
{
	struct pollfd fd = {.fd = child.master, .events = POLLIN};
	char bytes[65536];
	size_t sum = 0;

	while (poll(&fd, 1, 0) > 0 && fd.revents & POLLIN) {
		ssize_t n = read(child.master, bytes, sizeof(bytes));

		if (n <= 0)
			break;
		sum += (size_t)n;
	}
	return sum;
}

/* The bytes of a frame in which so many cells are others. */
static size_t frame(int cells)
{
	struct pollfd fds[] = {{.fd = child.master, .events = POLLIN},
			       {.fd = child.from, .events = POLLIN}};
	unsigned char byte = (unsigned char)cells;
	size_t sum = 0;

	assert_int_equal(write(child.to, &byte, 1), 1);
	do {
		assert_true(poll(fds, 2, 60000) > 0);
		sum += drain();
	} while (!(fds[1].revents & (POLLIN | POLLHUP)));
	assert_int_equal(read(child.from, &byte, 1), 1);
	return sum + drain();
}

static void nothing_for_the_same(void **state)
{
	(void)state;
	assert_true(frame(200) > 200);
	for (int i = 0; i < 20; i++)
		assert_int_equal(frame(0), 0);
}

static void what_changed_alone(void **state)
{
	static const int cells[] = {1, 2, 5, 10, 50, 100, 200};

	(void)state;
	frame(200);
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		size_t bytes = frame(cells[i]);

		assert_true(bytes >= (size_t)cells[i]);
		if (bytes > (size_t)cells[i] * CELL_BYTES)
			fail_msg("%d cells: %zu bytes", cells[i], bytes);
	}
	assert_int_equal(frame(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_for_the_same, start, stop),
		cmocka_unit_test_setup_teardown(what_changed_alone, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
