/* SPDX-License-Identifier: MIT
 *
 * A storm: random keys, mouse and sizes for the real program in a real terminal, faster
 * than it can draw, on a trace and on a program that runs. It lives, still knows its keys,
 * ends when it is told to, and leaves the terminal as it was; and whatever signal kills it,
 * the terminal is restored.
 *
 * STORM_SEED: which storm.
 */
#include "tests/e2e/pty.h"

#define BURSTS 250

static char trace[] = "/tmp/gtviz-storm-XXXXXX";
static uint64_t random_state;

static uint32_t chance(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 11) % below;
}

static int make_trace(void **state)
{
	const char *seed = pty_env("STORM_SEED", "20261122");
	char out[512];
	int fd = mkstemp(trace);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	random_state = strtoull(seed, NULL, 10) * 2654435761u + 1;
	/* tracegen lies beside the tests' own directories. */
	return pty_command(out, sizeof(out), "%s/tests/tracegen 60000 4 %s >/dev/null",
			   pty_env("O", "build"), trace);
}

static int remove_trace(void **state)
{
	(void)state;
	return unlink(trace);
}

/* All keys that mean something, but for those that end it, suspend it or leave the program
 * alone (q D ^C ^Z), and Tab, which completes a command to "quit" now and then, and the
 * left arrow, which ends in a D if it is cut; and words for the prompts. */
static size_t random_input(char *out, size_t room, const struct pty *p)
{
	static const char letters[] =
		"wsadhlgGfz {}jk,.[]e\r123456789o?bSucx=vmtTABnN/:\\PX()rLRZ";
	static const char *const whole[] = {
		"\033[A",
		"\033[B",
		"\033[C",
		"\033[B",
		"\033[5~",
		"\033[6~",
		"\033[H",
		"\033[F",
		"\033OP",
		"\177",
		"\033",
		"\xc3\xa9",
		":goto 0.01s\r",
		":filter core:0\r",
		":theme light\r",
		":rows lock\r",
		":view events\r",
		"/W1\r",
		":trigger wait>1ms\r",
		"\\\r",
		":zoom 5ms\r",
		":nonsense\r",
		":set\r",
		"\033[200~",
	};
	uint32_t kind = chance(10);

	if (kind < 6) {
		out[0] = letters[chance(sizeof(letters) - 1)];
		return 1;
	}
	if (kind < 9)
		return (size_t)snprintf(out, room, "%s",
					whole[chance(sizeof(whole) / sizeof(*whole))]);
	/* A button, its release, the wheel; on the screen or just beside it. */
	return (size_t)snprintf(out, room, "\033[<%u;%u;%u%c",
				chance(2) ? 64 + chance(2) : chance(3),
				chance((uint32_t)p->cols + 2) + 1,
				chance((uint32_t)p->rows + 2) + 1, chance(3) ? 'M' : 'm');
}

static void storm(struct pty *p)
{
	char input[64];

	for (int i = 0; i < BURSTS; i++) {
		int keys = 1 + (int)chance(12);

		for (int k = 0; k < keys; k++) {
			size_t size = random_input(input, sizeof(input), p);

			/* A full terminal loses keys: it is a storm. */
			if (write(p->fd, input, size) < 0)
				assert_int_equal(errno, EAGAIN);
		}
		if (chance(6) == 0)
			pty_resize(p, 1 + (int)chance(200), 1 + (int)chance(60));
		if (pty__pump(p, pty_now_ms() + 10)) {
			print_error("after burst %d: status %#x\n", i,
				    (unsigned)pty_status(p));
			pty_fail(p, "it ended or stopped in the storm");
		}
	}
}

/* Back from prompts, from typing and from wherever the storm has led, the help answers.
 * Each turn waits longer for it: one more key closes it again, and a machine may be slow.
 */
static void help_answers(struct pty *p)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;

	pty_resize(p, 120, 40);
	for (int turn = 0; !pty__has(p, "PgDn more"); turn++) {
		uint64_t quiet_ms = pty_now_ms() + 300 + 200 * (uint64_t)turn;

		if (pty_now_ms() > deadline_ms)
			pty_fail(p, "it no longer answers");
		pty_keys(p, turn % 2 ? "?" : "\033");
		while (pty_now_ms() < quiet_ms && !pty__has(p, "PgDn more"))
			pty__pump(p, quiet_ms);
	}
}

static void ends(struct pty *p, int code)
{
	pty_keys(p, "q");
	int status = pty_status(p);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
	pty_wait_restored(p);
	pty_close(p);
}

static void on_a_trace(void **state)
{
	struct pty p;

	(void)state;
	pty_gtviz_start(&p, 120, 40, trace, NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "lost 0"); /* while it opens, Esc ends it */
	storm(&p);
	help_answers(&p);
	ends(&p, 0);
}

static void while_it_runs(void **state)
{
	const char *fib = pty_sample("fib");
	struct pty p;

	(void)state;
	if (!fib) {
		print_message("skip: the samples are not built\n");
		skip();
	}
	pty_gtviz_start(&p, 120, 40, "--policy", "gmp", fib, "22", "3", "--seconds", "300",
			NULL);
	pty_wait_taken(&p);
	pty_wait_text(&p, "LIVE");
	storm(&p);
	help_answers(&p);
	ends(&p, 128 + SIGTERM);
}

/* Those that do not end a program, and those that gtviz has another use for. */
static int is_harmless(int sig)
{
	static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH, SIGSTOP,
				       SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1,  SIGPIPE};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (sig == harmless[i])
			return 1;
	return 0;
}

static void killed_by_every_signal(void **state)
{
	(void)state;
	for (int sig = 1; sig < 32; sig++) {
		struct pty p;

		if (is_harmless(sig))
			continue;
		pty_gtviz_start(&p, 80, 24, trace, NULL);
		pty_wait_taken(&p);
		pty_wait_text(&p, "lost 0");
		kill(p.pid, sig);
		int status = pty_status(&p);

		/* A sanitizer has a handler of its own for some, and exits. */
		if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
			print_message("signal %d: it ended with %#x\n", sig,
				      (unsigned)status);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
		pty_wait_restored(&p);
		pty_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_trace),
		cmocka_unit_test(while_it_runs),
		cmocka_unit_test(killed_by_every_signal),
	};

	return cmocka_run_group_tests(tests, make_trace, remove_trace);
}
