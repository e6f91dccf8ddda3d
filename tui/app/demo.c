/* SPDX-License-Identifier: MIT
 *
 * `gtviz demo`: a bundled program, run under the policy and on the screen that its table
 * has for it. Without a terminal it is recorded, and one frame of it printed. At the end
 * what was to be seen is told in numbers, read from the trace.
 */
#include "tui/app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/demo.h"
#include "tracer/cmd/out.h"
#include "tui/app/shot.h"

#define ARGS_MAX   24
#define RINGS	   128 /* a hundred OS threads, and some */
#define FRAME_COLS 100
#define FRAME_ROWS 30

/* A demo about to be run. */
struct play {
	const struct gtv_demo *demo;
	char program[PATH_MAX], words[256], trace[PATH_MAX], screen[200], policy[256];
	char *argv[ARGS_MAX + 2];
	struct gtv_options opts; /* as `gtviz run` would have them */
};

/* A trace of our own, where temporary files are. It is made by who records. */
static void name_trace(char *path, size_t size, const char *demo)
{
	const char *dir = getenv("TMPDIR");

	snprintf(path, size, "%s/gtviz-demo-%ld-%s.gtv", dir && *dir ? dir : "/tmp",
		 (long)getpid(), demo);
}

static void take_args(struct play *p, const char *args, char *const *given)
{
	int n = 0;

	p->argv[n++] = p->program;
	snprintf(p->words, sizeof p->words, "%s", args);
	for (char *word = strtok(p->words, " "); !given && word && n <= ARGS_MAX;
	     word = strtok(NULL, " "))
		p->argv[n++] = word;
	for (int i = 0; given && given[i] && n <= ARGS_MAX; i++)
		p->argv[n++] = given[i];
	p->argv[n] = NULL;
}

/* Which policy, with which parameters; of one named twice the later value holds. */
static void choose_policy(struct play *p, const struct gtv_options *asked, int mine)
{
	const struct gtv_demo_extra *extra = gtv_demo_extra(p->demo);
	const char *policy = p->demo->policy;

	if (mine && asked->policy)
		policy = asked->policy;
	else if (getenv("GT_SIM") && extra && extra->sim_policy)
		policy = extra->sim_policy;
	snprintf(p->policy, sizeof p->policy, "%s%s%s", policy,
		 mine && asked->param ? "," : "", mine && asked->param ? asked->param : "");
	p->opts.policy = p->policy;
	/* Interrupts are for who may see the kernel. */
	p->opts.irq =
		extra && extra->irq && !geteuid() && asked->level < 0 && !getenv("GT_SIM");
	if (!p->opts.rings)
		p->opts.rings = RINGS;
}

static int prepare(struct play *p, const struct gtv_demo *demo,
		   const struct gtv_options *asked, int quick, struct gtv_err *err)
{
	int mine = !strcmp(asked->topic, demo->name);
	int rc = gtv_demo_program(demo, p->program, sizeof p->program, err);

	if (rc)
		return rc;
	p->demo = demo;
	p->opts = *asked;
	p->opts.command = GTV_COMMAND_RUN;
	take_args(p, quick ? demo->quick : demo->args, mine ? asked->program : NULL);
	p->opts.program = p->argv;
	choose_policy(p, asked, mine);
	if (!asked->view)
		p->opts.view = demo->view;
	if (!asked->rows)
		p->opts.rows = demo->rows;
	if (*demo->zoom)
		gtv_options_time(demo->zoom, &p->opts.zoom_ns);
	snprintf(p->screen, sizeof p->screen, "%s%s", *demo->trigger ? "trigger " : "",
		 demo->trigger);
	p->opts.screen = p->screen;
	name_trace(p->trace, sizeof p->trace, demo->name);
	if (!mine || !asked->output)
		p->opts.output = p->trace;
	return 0;
}

/* Recorded by a process of its own: recording gives privileges up for good, and another
 * may have to follow. silent: what it prints is left out, and if asked for twice what
 * gtviz says as well. Returns the wait status. */
static int record(const struct play *p, int silent)
{
	struct gtv_options opts = p->opts;
	int status = -1;
	pid_t pid;

	opts.command = GTV_COMMAND_RECORD;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int null = silent ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;

		if (null >= 0)
			dup2(null, STDOUT_FILENO);
		if (null >= 0 && silent > 1)
			dup2(null, STDERR_FILENO);
		status = gtv_cmd_record(&opts);
		fflush(NULL);
		_exit(status);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void forget_trace(const struct play *p)
{
	if (p->opts.output == p->trace)
		unlink(p->trace);
}

/* One frame: the middle of the run, as wide as the screen would have shown it. */
static int print_frame(const struct play *p, const struct gtv_options *asked)
{
	struct gtv_options shot = *asked;
	struct gtv_store *store;
	struct gtv_err err = {0};
	uint64_t from_ns, to_ns, zoom_ns = p->opts.zoom_ns;

	if (gtv_out_open(p->opts.output, &store, &err))
		return gtv_cmd_error(&err);
	shot.command = GTV_COMMAND_SHOT;
	shot.file = p->opts.output;
	shot.output = NULL;
	shot.view = p->opts.view;
	shot.rows = p->opts.rows;
	shot.format = GTV_FORMAT_TEXT;
	if (!shot.cols_count) {
		shot.cols_count = FRAME_COLS;
		shot.rows_count = FRAME_ROWS;
	}
	if (zoom_ns && !gtv_store_range(store, &from_ns, &to_ns) &&
	    to_ns - from_ns > zoom_ns) {
		shot.from_ns = (to_ns - from_ns - zoom_ns) / 2;
		shot.to_ns = shot.from_ns + zoom_ns;
	}
	gtv_store_close(store);
	return tui_shot(&shot);
}

/* The demo beside it, recorded unseen. NULL: there is none, or it failed and said so. */
static struct play *record_beside(const struct gtv_demo *demo,
				  const struct gtv_options *asked, int quick)
{
	const struct gtv_demo *other = demo->beside ? gtv_demo_find(demo->beside) : NULL;
	struct play *p = other ? calloc(1, sizeof *p) : NULL;
	struct gtv_err err = {0};
	int status;

	if (!p)
		return NULL;
	if (!prepare(p, other, asked, quick, &err)) {
		if (!quick)
			fprintf(stderr, "gtviz: recording %s, to compare with\n",
				other->name);
		status = record(p, quick ? 1 : 2);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return p;
		fprintf(stderr, "gtviz: demo %s: it failed: nothing to compare with\n",
			other->name);
		forget_trace(p);
	}
	free(p);
	return NULL;
}

/* Reads both traces and tells. */
static int tell(const struct play *p, const struct play *other, int verify)
{
	struct gtv_err err = {0};
	struct gtv_seen *seen = gtv_seen_read(p->opts.output, &err);
	struct gtv_seen *beside;
	int wrong;

	if (!seen)
		return gtv_cmd_error(&err);
	beside = other ? gtv_seen_read(other->opts.output, &err) : NULL;
	wrong = gtv_demo_tell(stdout, p->demo, seen, beside, verify);
	gtv_seen_free(seen);
	gtv_seen_free(beside);
	return gtv_out_flush(stdout) || wrong ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
}

static int tell_beside(const struct play *p, const struct gtv_options *asked, int frame)
{
	struct play *other = record_beside(p->demo, asked, asked->verify);
	int rc = frame ? print_frame(p, asked) : GTV_EXIT_GOOD;

	if (!rc)
		rc = tell(p, other, asked->verify);
	if (other)
		forget_trace(other);
	free(other);
	return rc;
}

static int has_screen(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

static int play(struct play *p, const struct gtv_options *asked)
{
	int status;

	if (!asked->verify && has_screen()) {
		status = tui_app_run(&p->opts);
		if (access(p->opts.output, R_OK))
			return status;
		puts("");
		return tell_beside(p, asked, 0);
	}
	status = record(p, asked->verify);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "gtviz: demo %s: its program failed: %s %d\n",
			p->demo->name, WIFEXITED(status) ? "exit status" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return WIFEXITED(status) ? WEXITSTATUS(status) : GTV_EXIT_FAILED;
	}
	return tell_beside(p, asked, !asked->verify);
}

int tui_app_demo(const struct gtv_options *asked)
{
	const struct gtv_demo *demo;
	struct gtv_err err = {0};
	struct play *p;
	int rc;

	if (!asked->topic) {
		gtv_demo_list(stdout, asked->about);
		return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
	}
	demo = gtv_demo_find(asked->topic);
	if (!demo) {
		gtv_err_set(&err, GTV_EUSAGE, asked->topic, "gtviz demo lists them", "%s",
			    "there is no demo of that name");
		return gtv_cmd_error(&err);
	}
	if (asked->about) {
		gtv_demo_about(stdout, demo);
		return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
	}
	if (getenv("GT_SIM") && !demo->simulates) {
		gtv_err_set(&err, GTV_EUNAVAIL, asked->topic, "unset GT_SIM", "%s",
			    "it needs other processes, or the real kernel");
		return gtv_cmd_error(&err);
	}
	p = calloc(1, sizeof *p);
	rc = p ? prepare(p, demo, asked, asked->verify, &err)
	       : gtv_err_set(&err, GTV_ENOMEM, "demo", "", "out of memory");
	rc = rc ? gtv_cmd_error(&err) : play(p, asked);
	if (p)
		forget_trace(p);
	free(p);
	return rc;
}
