/* SPDX-License-Identifier: MIT
 *
 * `y`: what is looked at, as text, to the terminal's clipboard (OSC 52, which works over
 * ssh too). Whether a terminal takes it nobody can ask; what is known is said.
 */
#include <stdio.h>
#include <string.h>

#include "tui/app/app.h"
#include "tui/canvas/back.h"
#include "tui/canvas/glyph.h"

/* The chosen finding, as a report prints it. Returns how long it is; 0: there is none. */
static size_t finding_text(const struct tui_app *app, char *text, size_t size)
{
	const struct tui_findings *f = &app->trace.findings;
	const struct gtv_finding *it = f->count ? &f->list[f->chosen] : NULL;
	uint64_t from_ns, to_ns;
	int n;

	if (!it)
		return 0;
	gtv_finding_see(it, app->trace.start_ns, &from_ns, &to_ns);
	n = snprintf(text, size, "%s: %s\n%s\ntry: %s\nsee --from %lluns --to %lluns\n",
		     gtv_severity_name(it->severity), gtv_finding_title(it->kind), it->text,
		     it->advice, (unsigned long long)from_ns, (unsigned long long)to_ns);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static void copy(struct tui_app *app, const char *text, size_t size, const char *what)
{
	switch (tui_term_copy(app->term, text, size)) {
	case TUI_COPY_TAKEN:
		tui_app_say(app, "%s: %zu bytes are in the terminal's clipboard", what,
			    size);
		break;
	case TUI_COPY_SENT:
		tui_app_say(
			app,
			"%s: sent to the terminal's clipboard (OSC 52); it does not say "
			"whether it takes that: else :shot FILE",
			what);
		break;
	default:
		tui_app_say(
			app,
			"this terminal has no clipboard that can be written: :shot FILE "
			"writes the picture");
	}
}

void act_COPY(struct tui_app *app)
{
	struct tui_buf buf = {0};
	char text[2000];
	size_t size =
		app->view == TUI_VIEW_FINDINGS ? finding_text(app, text, sizeof(text)) : 0;

	if (size) {
		copy(app, text, size, "the finding");
		return;
	}
	if (!app->canvas.cells || tui_back_text(&app->canvas, &buf))
		tui_app_say(app, "there is nothing to copy");
	else
		copy(app, buf.bytes, buf.size, "this picture");
	tui_buf_fini(&buf);
}
