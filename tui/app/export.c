/* SPDX-License-Identifier: MIT
 *
 * `:export` writes the trace in another format. It may take minutes: a thread of its own
 * does it, reading the store as the screen does.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/progress.h"
#include "tracer/cmd/cmd.h"
#include "tui/app/prompt.h"

#define WRITING "writing "

struct tui_exporting {
	const struct gtv_store *store;
	pthread_t thread;
	char format[16], file[TUI_PROMPT_BYTES];
	atomic_int stop, done;
	struct gtv_progress progress;
	int told; /* percent */
	int rc;	  /* once it is done */
	struct gtv_err err;
};

static void *work(void *arg)
{
	struct tui_exporting *x = arg;

	gtv_progress_to(&x->progress);
	x->rc = gtv_cmd_export_store(x->store, x->format, x->file, &x->stop, &x->err);
	atomic_store(&x->done, 1);
	return NULL;
}

int tui_app_export(struct tui_app *app, const char *format, const char *file,
		   struct gtv_err *err)
{
	struct tui_exporting *x;

	if (app->exporting)
		return gtv_err_set(err, GTV_EEXIST, "export", "wait until it is done", "%s",
				   "another one is still being written");
	if (app->trace.facts.mode == TUI_LIVE)
		return gtv_err_set(err, GTV_EUSAGE, "export", "wait until the program ends",
				   "%s", "the trace is still growing");
	x = calloc(1, sizeof(*x));
	if (!x)
		return gtv_err_set(err, GTV_ENOMEM, "export", "", "%s", "out of memory");
	x->store = app->trace.store;
	x->told = -1;
	snprintf(x->format, sizeof(x->format), "%s", format);
	snprintf(x->file, sizeof(x->file), "%s", file);
	if (pthread_create(&x->thread, NULL, work, x)) {
		free(x);
		return gtv_err_set(err, GTV_EIO, "export", "", "%s", "no thread for it");
	}
	app->exporting = x;
	tui_app_say(app, WRITING "%s", x->file);
	return 0;
}

int tui_app_exports(const struct tui_app *app)
{
	return app->exporting != NULL;
}

static void join(struct tui_app *app)
{
	pthread_join(app->exporting->thread, NULL);
	free(app->exporting);
	app->exporting = NULL;
}

/* How far it is; what else is said meanwhile stays until the next key. */
static void say_percent(struct tui_app *app)
{
	struct tui_exporting *x = app->exporting;
	uint64_t all = atomic_load(&x->progress.all), done = atomic_load(&x->progress.done);
	int percent = all ? (int)((double)done * 100 / (double)all) : 0;
	const char *said = app->trace.facts.message;

	if (percent == x->told || percent > 100 ||
	    (said[0] && strncmp(said, WRITING, strlen(WRITING)) != 0))
		return;
	x->told = percent;
	tui_app_say(app, WRITING "%s: %d%%; Esc stops it", x->file, percent);
}

void tui_app_look_export(struct tui_app *app)
{
	struct tui_exporting *x = app->exporting;
	char line[400];

	if (!x)
		return;
	if (!atomic_load(&x->done)) {
		say_percent(app);
		return;
	}
	if (x->rc)
		tui_app_say(app, "%s", gtv_err_line(&x->err, line, sizeof(line)));
	else
		tui_app_say(app, "%s is written", x->file);
	join(app);
}

void tui_app_stop_export(struct tui_app *app)
{
	if (!app->exporting)
		return;
	atomic_store(&app->exporting->stop, 1);
	tui_app_say(app, "stopped: %s is not complete", app->exporting->file);
	join(app);
}
