/* SPDX-License-Identifier: MIT
 *
 * The commands of the line that `:` opens: one table, from which come the help, the
 * completion and the list of the manual page. What each does is in app/commands.c, by name.
 */
#ifndef TUI_SCENE_COMMANDS_H
#define TUI_SCENE_COMMANDS_H

#include "tracer/base/err.h"
#include "tracer/base/names.h"
#include "tui/scene/prompt.h"

/* X(ID, "name", "arguments", "help") */
#define TUI_COMMANDS(X)                                                                    \
	X(GOTO, "goto", "TIME|LANE|mark TEXT|begin|end", "go to a time, a lane, a mark")   \
	X(ZOOM, "zoom", "TIME|in|out", "show so much time")                                \
	X(FIT, "fit", "[all]", "the selected span, or all")                                \
	X(UNDO, "undo", "", "back to before the last jump")                                \
	X(REDO, "redo", "", "and on again")                                                \
	X(ROWS, "rows", "core|thread|green|lock", "rows of the timeline")                  \
	X(SELECT, "select", "LANE|none", "select a lane at the cursor")                    \
	X(SEARCH, "search", "TEXT", "as / does: n and N go on")                            \
	X(FILTER, "filter", "[EXPR]", "show only what fits")                               \
	X(TRIGGER, "trigger", "[COND]", "stop the picture when it's so")                   \
	X(MARK, "mark", "[NAME]", "mark the cursor's place")                               \
	X(DELMARK, "delmark", "[NAME]", "take a mark of yours away")                       \
	X(MARKS, "marks", "", "list all marks")                                            \
	X(VIEW, "view", "NAME", "open a view")                                             \
	X(SET, "set", "[NAME [VALUE]]", "change or tell a setting")                        \
	X(BIND, "bind", "KEY ACTION", "give a key another action")                         \
	X(THEME, "theme", "NAME", "change the colours")                                    \
	X(SHOT, "shot", "FILE", "write this picture to a file")                            \
	X(EXPORT, "export", "perfetto|chrome FILE", "write it for another tool")           \
	X(HELP, "help", "", "keys, commands, settings")                                    \
	X(QUIT, "quit", "", "quit, and end the program")

enum tui_command {
#define X(id, name, arguments, help) TUI_COMMAND_##id,
	TUI_COMMANDS(X)
#undef X
		TUI_COMMAND_MAX
};

struct tui_command_info {
	const char *name, *arguments, *help;
};
extern const struct tui_command_info tui_commands[TUI_COMMAND_MAX];

/* Which command a line means, by its whole first word or a beginning that only one has;
 * *rest is what follows, without blanks before it. -GTV_EUSAGE and err: none. */
int tui_command_find(const char *line, enum tui_command *command, const char **rest,
		     struct gtv_err *err);

/* Completion, as the prompt wants it (arg: the trace's names). */
void tui_complete(void *names, enum tui_prompt_kind kind, const char *text,
		  struct tui_candidates *out);

#endif
