/* SPDX-License-Identifier: MIT
 *
 * What talk_run.c and talk_notes.c are in a gtviz that only views (make
 * REPLAY_ONLY=1): a talk shows its recordings, and nobody reads along.
 */
#include <stddef.h>

#include "tracer/cmd/cmd.h"
#include "tui/app/talk_notes.h"
#include "tui/app/talk_run.h"

int tui_talk_runs_new(struct tui_talk_runs **out, struct gtv_err *err)
{
	(void)err;
	*out = NULL;
	return 0;
}

void tui_talk_runs_free(struct tui_talk_runs *r)
{
	(void)r;
}

int tui_talk_runs_start(struct tui_talk_runs *r, char *const *args,
			struct tui_talk_running *out, struct gtv_err *err)
{
	(void)r;
	(void)args;
	(void)out;
	return gtv_cmd_viewer_only("run", err);
}

void tui_talk_runs_stop(struct tui_talk_runs *r)
{
	(void)r;
}

struct tui_notes *tui_notes_new(void)
{
	return NULL;
}

void tui_notes_free(struct tui_notes *n)
{
	(void)n;
}

int tui_notes_fd(const struct tui_notes *n)
{
	(void)n;
	return -1;
}

int tui_notes_readers(const struct tui_notes *n)
{
	(void)n;
	return 0;
}

void tui_notes_tell(struct tui_notes *n, const char *text)
{
	(void)n;
	(void)text;
}

int tui_notes_key(struct tui_notes *n)
{
	(void)n;
	return 0;
}

int tui_notes_read(const struct gtv_options *opts)
{
	struct gtv_err err = {0};

	(void)opts;
	gtv_cmd_viewer_only("talk --notes", &err);
	return gtv_cmd_error(&err);
}
