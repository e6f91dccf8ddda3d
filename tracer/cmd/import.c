/* SPDX-License-Identifier: MIT
 * `gtviz import IN -o FILE`: a trace of another tool becomes one of gtviz.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tracer/base/names.h"
#include "tracer/base/progress.h"
#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"
#include "tracer/import/import.h"
#include "tracer/launch/launch.h"

/* Becomes the user who asked and gives up every capability: what follows reads a
 * file that may be hostile. The descriptors, or -1 and err. */
static int open_both(const struct gtv_options *opts, int *out_fd, struct gtv_err *err)
{
	int from_stdin = !strcmp(opts->file, "-"), in_fd;
	struct gtv_user user;

	if (gtv_user_get(&user, err) || gtv_privileges_drop(&user, 0, err))
		return -1;
	in_fd = from_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			   : open(opts->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in_fd < 0) {
		gtv_err_set(err, errno == ENOENT ? GTV_ENOTFOUND : GTV_EIO, opts->file, "",
			    "%s", strerror(errno));
		return -1;
	}
	*out_fd = gtv_output_open(opts->output, &user, err);
	if (*out_fd >= 0)
		return in_fd;
	close(in_fd);
	return -1;
}

/* One line of what came in, on a terminal; what a user must know, always. */
static void say(const struct gtv_options *opts, const struct gtv_import_result *r)
{
	char count[32], name[512], text[1024];

	gtv_names_escape(opts->file, name, sizeof name);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "gtviz: %s: %s, %s events%s%s\n", name, r->format,
			gtv_out_count(r->events, count, sizeof count),
			r->lacks[0] ? "; " : "", r->lacks);
	if (r->notes[0])
		fprintf(stderr, "gtviz: %s: %s\n", name,
			gtv_names_escape(r->notes, text, sizeof text));
	if (r->lost)
		fprintf(stderr,
			"gtviz: %s: %s events were lost when it was recorded, and are "
			"marked\n",
			name, gtv_out_count(r->lost, count, sizeof count));
}

/* ---- how far it is, on a terminal ---- */

#define SOON_MS	 200 /* what is over sooner needs no word */
#define AGAIN_MS 250

struct watching {
	struct gtv_progress *progress; /* shared with the importer's process */
	const char *file;
	pthread_t thread;
	int stop[2]; /* a pipe: closed, it ends the thread */
	int runs;
};

static void print_progress(const struct watching *w, double s)
{
	uint64_t done = atomic_load(&w->progress->done),
		 all = atomic_load(&w->progress->all);
	char line[256], name[96], count[32];
	int n;

	gtv_names_escape(w->file, name, sizeof name);
	if (all)
		n = snprintf(line, sizeof line, "\r\033[Kgtviz: importing %s  %u%%  %.1f s",
			     name, (unsigned)((double)done * 100 / (double)all), s);
	else
		n = snprintf(line, sizeof line,
			     "\r\033[Kgtviz: importing %s  %s events  %.1f s", name,
			     gtv_out_count(done, count, sizeof count), s);
	/* Not by stdio: a fork must not find it locked. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

static void *watch(void *arg)
{
	const struct watching *w = arg;
	struct pollfd fd = {.fd = w->stop[0], .events = POLLIN};
	int ms = SOON_MS, shown = 0;
	double s = 0;

	while (!poll(&fd, 1, ms)) {
		s += ms / 1e3;
		ms = AGAIN_MS;
		print_progress(w, s);
		shown = 1;
	}
	if (shown && write(STDERR_FILENO, "\r\033[K", 4) < 0)
		return NULL;
	return NULL;
}

/* Nobody is told where there is no terminal, or where it cannot be. */
static void begin_watching(struct watching *w, const char *file)
{
	w->file = file;
	w->runs = 0;
	if (!isatty(STDERR_FILENO) || pipe2(w->stop, O_CLOEXEC))
		return;
	w->progress = mmap(NULL, sizeof *w->progress, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->progress != MAP_FAILED)
		w->runs = !pthread_create(&w->thread, NULL, watch, w);
	if (w->runs)
		gtv_progress_to(w->progress);
}

static void end_watching(struct watching *w)
{
	if (!w->runs)
		return;
	gtv_progress_to(NULL);
	close(w->stop[1]);
	pthread_join(w->thread, NULL);
	close(w->stop[0]);
	munmap(w->progress, sizeof *w->progress);
}

int gtv_cmd_import(const struct gtv_options *opts)
{
	struct gtv_import_result result;
	struct watching watching = {0};
	struct gtv_err err = {0};
	int in_fd, out_fd, rc;

	if (!strcmp(opts->output, "-") && isatty(STDOUT_FILENO)) {
		gtv_err_set(&err, GTV_EUSAGE, "-o -", "redirect it, or name a file", "%s",
			    "a trace is not for a terminal");
		return gtv_cmd_error(&err);
	}
	in_fd = open_both(opts, &out_fd, &err);
	if (in_fd < 0)
		return gtv_cmd_error(&err);
	begin_watching(&watching, opts->file);
	rc = gtv_import(in_fd, opts->file, out_fd, &result, &err);
	end_watching(&watching);
	close(in_fd);
	/* Nothing came: leave no empty file behind. */
	if (rc && !result.events && strcmp(opts->output, "-"))
		unlink(opts->output);
	if (result.events)
		say(opts, &result);
	return rc ? gtv_cmd_error(&err) : GTV_EXIT_GOOD;
}
