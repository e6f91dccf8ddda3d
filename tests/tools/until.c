/* SPDX-License-Identifier: MIT
 *
 * until [-s COLSxROWS] [-t SECONDS] [-k KEYS] [-q] TEXT PROGRAM [ARG...]
 *
 * Runs a program in a pseudo-terminal until TEXT is on its screen ("": until anything is,
 * on the alternate screen, which is what takes a terminal over); prints how long that took,
 * and the screen (-q: not); types KEYS (q) and waits for the program's end. Exit status: 0
 * it was seen, 1 it was not, within SECONDS (60) or before the program ended.
 */
#include "tests/e2e/pty.h"

struct until {
	const char *text, *keys;
	int cols, rows, quiet;
	uint64_t limit_ms;
};

static int seen(struct pty *p, const struct until *u)
{
	const char *text = pty_screen(p);

	if (*u->text)
		return strstr(text, u->text) != NULL;
	return p->alternate && text[strspn(text, " \n")];
}

static int wait_seen(struct pty *p, const struct until *u, uint64_t deadline_ms)
{
	while (!seen(p, u)) {
		if (pty_now_ms() >= deadline_ms || p->closed)
			return 0;
		if (!pty__pump(p, deadline_ms))
			continue;
		/* It ended: what it wrote before may still be on its way. */
		struct pollfd fd = {.fd = p->fd, .events = POLLIN};

		while (!seen(p, u) && !p->closed && poll(&fd, 1, 1000) > 0)
			pty__pump(p, 0);
		return seen(p, u);
	}
	return 1;
}

/* Its end, however much it still prints. */
static void wait_end(struct pty *p, uint64_t deadline_ms)
{
	while (pty_now_ms() < deadline_ms && !p->closed && !pty__pump(p, deadline_ms))
		;
}

static int parse(struct until *u, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+s:t:k:q")) != -1) {
		if (option == 's' && sscanf(optarg, "%dx%d", &u->cols, &u->rows) != 2)
			return -1;
		if (option == 't')
			u->limit_ms = strtoull(optarg, NULL, 10) * 1000;
		if (option == 'k')
			u->keys = optarg;
		if (option == 'q')
			u->quiet = 1;
		if (option == '?')
			return -1;
	}
	if (u->cols < 1 || u->rows < 1 || u->cols * u->rows > PTY_CELLS_MAX)
		return -1;
	return argc - optind >= 2 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct until u = {.keys = "q", .cols = 120, .rows = 40, .limit_ms = 60000};
	static struct pty p;

	if (parse(&u, argc, argv)) {
		fprintf(stderr, "usage: until [-s COLSxROWS] [-t SECONDS] [-k KEYS] [-q] "
				"TEXT PROGRAM [ARG...]\n");
		return 2;
	}
	u.text = argv[optind];
	uint64_t begin_ms = pty_now_ms();

	pty_start(&p, u.cols, u.rows, argv + optind + 1);
	int was = wait_seen(&p, &u, begin_ms + u.limit_ms);
	uint64_t took_ms = pty_now_ms() - begin_ms;

	if (!was || !u.quiet)
		fputs(pty_screen(&p), stdout);
	printf("%s after %llu.%03llu s: %s\n", was ? "seen" : "NOT SEEN",
	       (unsigned long long)(took_ms / 1000), (unsigned long long)(took_ms % 1000),
	       *u.text ? u.text : "(a screen)");
	if (was && write(p.fd, u.keys, strlen(u.keys)) == (ssize_t)strlen(u.keys))
		wait_end(&p, pty_now_ms() + 10000);
	pty_close(&p);
	return !was;
}
