/* SPDX-License-Identifier: MIT
 *
 * `gtviz record`: run a program and write its trace. Its standard streams are
 * untouched; we speak on stderr only, and a progress line only on a terminal.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"
#include "tracer/session/session.h"

#define PROGRESS_MS 250
#define POST_NS	    100000000u

/* Signals that reach us come out of here: a terminal's Ctrl-C has reached the
 * program already, what was sent to us alone is passed on. */
static int signal_fd = -1;
static volatile sig_atomic_t passed_on;
static volatile sig_atomic_t want_write; /* --ring */
static int detaching; /* attached: each of them ends the recording, and nothing else */

static void on_signal(int sig)
{
	int saved = errno;

	if (sig == SIGTERM || sig == SIGHUP || (detaching && sig != SIGUSR1))
		passed_on = sig;
	if (sig == SIGUSR1)
		want_write = 1;
	eventfd_write(signal_fd, 1);
	errno = saved;
}

/* Handlers, not SIG_IGN: the program's exec puts them back to their defaults. */
static int catch_signals(void)
{
	static const int caught[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (signal_fd < 0)
		return -1;
	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
		struct sigaction old;
		/* What the caller ignores (nohup) the program goes on ignoring. */
		if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		sigaction(caught[i], &sa, NULL);
	}
	return 0;
}

static void show_progress(const struct gtv_session_status *st)
{
	double s =
		st->now_ns > st->start_ns ? (double)(st->now_ns - st->start_ns) / 1e9 : 0;

	fprintf(stderr,
		"\r\033[Kgtviz: recording %.1f s  %s  %llu events  lost %llu  %.1f "
		"MiB",
		s, gtv_out_level(st->level, st->simulated), (unsigned long long)st->events,
		(unsigned long long)st->lost, (double)st->bytes / (1 << 20));
	fflush(stderr);
}

/* --ring: where it went. */
static void say_written(const struct gtv_session_status *st, int progress)
{
	const struct gtv_flight_told *told = &st->flight;
	char path[256], line[700];

	if (progress)
		fputs("\r\033[K", stderr);
	if (told->err.code)
		fprintf(stderr, "gtviz: %s\n", gtv_err_line(&told->err, line, sizeof line));
	else
		fprintf(stderr, "gtviz: %s: the last %.3f s, %.1f MiB\n",
			gtv_names_escape(told->path, path, sizeof path),
			(double)told->kept_ns / 1e9, (double)told->bytes / (1 << 20));
}

/* Said when it happens: the program may run for long yet. */
static void say_failed(struct gtv_session *session, int progress)
{
	char line[700];

	if (progress)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "gtviz: %s; the program runs on, no longer recorded\n",
		gtv_err_line(gtv_store_error(gtv_session_store(session)), line,
			     sizeof line));
}

/* A hit of --trigger, when it happens; and when no more are wanted. */
static void say_hits(const struct gtv_session_status *st, unsigned *told, int *stopped,
		     int progress)
{
	if (st->hits == *told && st->stopped == *stopped)
		return;
	if (progress)
		fputs("\r\033[K", stderr);
	if (st->hits != *told)
		fprintf(stderr, "gtviz: hit %u: %s\n", st->hits, st->hit_text);
	if (st->stopped && !*stopped && st->running)
		fputs("gtviz: the recording ends; the program runs on\n", stderr);
	*told = st->hits;
	*stopped = st->stopped;
}

/* Returns whether it was said that the trace cannot be written. */
static int wait_for_end(struct gtv_session *session, int progress)
{
	struct pollfd fds[] = {
		{.fd = gtv_session_event_fd(session), .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
	};
	struct gtv_session_status st;
	eventfd_t value;
	unsigned hits = 0, written = 0;
	int said = 0, stopped = 0;

	for (;;) {
		gtv_session_status(session, &st);
		say_hits(&st, &hits, &stopped, progress);
		if (st.flight.written != written && !(st.finished && st.flight.err.code))
			say_written(&st, progress);
		written = st.flight.written;
		if (st.finished)
			break;
		if (st.failed && !said) {
			say_failed(session, progress);
			said = 1;
			progress = 0;
		}
		if (progress && !stopped)
			show_progress(&st);
		poll(fds, 2, progress ? PROGRESS_MS : -1);
		eventfd_read(fds[0].fd, &value);
		eventfd_read(fds[1].fd, &value);
		if (want_write) {
			want_write = 0;
			gtv_session_write(session);
		}
		int sig = passed_on;
		if (sig) {
			passed_on = 0;
			if (detaching)
				gtv_session_detach(session);
			else
				gtv_session_signal(session, sig);
		}
	}
	if (progress)
		fputs("\r\033[K", stderr);
	return said;
}

static void say_goodbye(const struct gtv_options *opts, const struct gtv_session_status *st,
			int progress)
{
	if (progress)
		fprintf(stderr, "gtviz: %s: %llu events, %s, %.1f MiB\n", opts->output,
			(unsigned long long)st->events,
			gtv_out_level(st->level, st->simulated),
			(double)st->bytes / (1 << 20));
	if (progress && st->level_why[0])
		fprintf(stderr, "gtviz: level %d only: %s\n", st->level, st->level_why);
	if (opts->trigger.alts && !st->hits)
		fprintf(stderr, "gtviz: %s: the trigger %s never fired\n", opts->output,
			opts->trigger.text);
	if (st->lost)
		fprintf(stderr,
			"gtviz: %s: %llu events were lost, and are marked (larger rings: "
			"--buffer 64M; where more than 64 OS threads run: --rings 256)\n",
			opts->output, (unsigned long long)st->lost);
	if (st->corrupt)
		fprintf(stderr,
			"gtviz: %s: %llu records that no producer writes were left out "
			"(the "
			"program wrote over the rings it was lent, or lies)\n",
			opts->output, (unsigned long long)st->corrupt);
	if (detaching && st->running)
		return;
	if (st->survivors)
		fprintf(stderr, "gtviz: still running, no longer recorded: %s\n",
			st->survivor_names);
}

int gtv_cmd_record(const struct gtv_options *opts)
{
	struct gtv_session *session;
	struct gtv_session_status st;
	struct gtv_err err = {0};
	/* Where a stream goes there is a screen, and it would be drawn over. */
	int progress = isatty(STDERR_FILENO) && opts->output && strcmp(opts->output, "-");
	pid_t attach = 0;

	if (!opts->output) {
		gtv_err_set(&err, GTV_EUSAGE, "record", "record -o FILE -- PROGRAM", "%s",
			    "no output file was given");
		return gtv_cmd_launch_error(&err);
	}
	if (!strcmp(opts->output, "-") && isatty(STDOUT_FILENO)) {
		gtv_err_set(&err, GTV_EUSAGE, "-o -", "redirect it, or name a file", "%s",
			    "a trace is not for a terminal");
		return gtv_cmd_launch_error(&err);
	}
	if (opts->attach && gtv_cmd_attach_pid(opts->attach, &attach, &err) < 0)
		return gtv_cmd_launch_error(&err);
	detaching = attach != 0;
	if (catch_signals() < 0) {
		gtv_err_set(&err, GTV_EIO, "signals", "", "%s", strerror(errno));
		return gtv_cmd_launch_error(&err);
	}
	if ((opts->keep_bytes || opts->keep_ns) && signal(SIGUSR1, on_signal) == SIG_ERR) {
		gtv_err_set(&err, GTV_EIO, "signals", "", "%s", strerror(errno));
		return gtv_cmd_launch_error(&err);
	}
	struct gtv_session_config config = {
		.argv = opts->program,
		.attach = attach,
		.output = opts->output,
		.policy = opts->policy,
		.level = opts->level,
		.all_tasks = opts->all,
		.syscalls = opts->syscalls,
		.irq = opts->irq,
		.as_root = opts->as_root,
		.ring_bytes = opts->ring_bytes,
		.ring_count = opts->rings,
		.keep_bytes = opts->keep_bytes,
		.keep_ns = opts->keep_ns,
		.trigger = {.condition = opts->trigger.alts ? &opts->trigger : NULL,
			    .post_ns = gtv_options_given(opts, GTV_OPTION_POST)
					       ? opts->post_ns
					       : POST_NS,
			    .hits = opts->hits},
	};
	if (gtv_session_start(&session, &config, &err) < 0)
		return gtv_cmd_launch_error(&err);
	gtv_session_status(session, &st);
	if (st.rings_why[0])
		fprintf(stderr, "gtviz: -p %s: its green threads are not shown: %s\n",
			opts->attach, st.rings_why);
	int said = wait_for_end(session, progress);
	int rc = gtv_session_wait(session, &err);
	gtv_session_status(session, &st);
	gtv_session_close(session);
	if (rc < 0)
		return said ? GTV_EXIT_GTVIZ : gtv_cmd_launch_error(&err);
	say_goodbye(opts, &st, progress);
	return attach ? GTV_EXIT_GOOD : gtv_launch_exit_code(st.wait_status);
}
