/* SPDX-License-Identifier: MIT
 *
 * The end of what a screen was live with, a session or a stream: what is said of it, and
 * how the screen becomes a replay's.
 */
#include "tui/app/app.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *signal_name(int sig, char *buf, size_t size)
{
#ifdef __GLIBC__
	const char *name = sigabbrev_np(sig);

	snprintf(buf, size, "SIG%s", name ? name : "?");
#else
	snprintf(buf, size, "signal %d", sig);
#endif
	return buf;
}

int tui_live_active(const struct tui_app *app)
{
	/* Not by the status: a program that was over before the first look must still be
	 * told so. */
	return (app->session || app->streaming) && app->trace.facts.mode == TUI_LIVE;
}

void tui_live_say_end(struct tui_app *app, int wait_status)
{
	struct tui_facts *facts = &app->trace.facts;
	char name[24];

	if (wait_status == -1)
		snprintf(facts->ended, sizeof(facts->ended), "it has ended; q quits");
	else if (WIFSIGNALED(wait_status))
		snprintf(facts->ended, sizeof(facts->ended), "killed by %s; q quits",
			 signal_name(WTERMSIG(wait_status), name, sizeof(name)));
	else
		snprintf(facts->ended, sizeof(facts->ended), "exited %d; q quits",
			 WEXITSTATUS(wait_status));
}

/* A short run that was followed to its end is shown whole. */
void tui_live_become_ended(struct tui_app *app)
{
	struct tui_nav *nav = &app->trace.nav;

	app->trace.facts.mode = TUI_ENDED;
	app->trace.facts.events_per_s = 0;
	if (nav->follow && !nav->paused && nav->from_ns <= nav->first_ns &&
	    nav->to_ns > nav->last_ns) {
		tui_nav_window(nav, nav->first_ns, nav->last_ns);
		nav->undo_count = 0;
	}
	nav->follow = nav->paused = 0;
	if (app->typing) {
		app->typing = 0;
		app->view = app->view_before;
		app->trace.facts.message[0] = 0;
	}
}
