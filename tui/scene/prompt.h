/* SPDX-License-Identifier: MIT
 *
 * The prompt: one line that is typed at the foot of the screen, for commands, searches,
 * filters and places to go to. It knows keys, a history and completion, and nothing of what
 * a line means; who opens it says which words may stand where the cursor is.
 */
#ifndef TUI_SCENE_PROMPT_H
#define TUI_SCENE_PROMPT_H

#include <stddef.h>

#include "tui/canvas/canvas.h"

#define TUI_PROMPT_BYTES   256 /* of a line, with its NUL */
#define TUI_PROMPT_HISTORY 32
#define TUI_CANDIDATES	   48
#define TUI_CANDIDATE	   72

enum tui_prompt_kind {
	TUI_PROMPT_COMMAND, /* : */
	TUI_PROMPT_SEARCH,  /* / */
	TUI_PROMPT_FILTER,  /* \ */
	TUI_PROMPT_GOTO,    /* g */
	TUI_PROMPT_TRIGGER, /* t */
	TUI_PROMPT_MARK,    /* m */
	TUI_PROMPT_KINDS
};

struct tui_scope;

/* What the word at the cursor may become. */
struct tui_candidates {
	size_t from; /* where in the line that word begins */
	int count, more;
	char word[TUI_CANDIDATES][TUI_CANDIDATE];
	char hint[160]; /* shown behind the line: what may follow, or what is wrong */
	int hint_is_error;
	const struct tui_scope *marks; /* whose names may stand there; NULL: none */
};
/* Adds a word if it begins with the `size` bytes typed, without regard to case; counts it
 * if there is no room. A word twice in a row is one. */
void tui_candidates_add(struct tui_candidates *c, const char *typed, size_t size,
			const char *word);

/* Fills in what may stand at the end of `text`, of which the cursor is behind. */
typedef void tui_completer(void *arg, enum tui_prompt_kind kind, const char *text,
			   struct tui_candidates *out);

struct tui_history {
	char line[TUI_PROMPT_HISTORY][TUI_PROMPT_BYTES]; /* the oldest first */
	int count;
};

struct tui_prompt {
	int open;
	enum tui_prompt_kind kind;
	char text[TUI_PROMPT_BYTES];
	size_t size, cursor; /* bytes */
	int suggested;	     /* the text is only proposed: what is typed takes its place */
	struct tui_history history[TUI_PROMPT_KINDS];
	int at;			      /* in the history; its count: the line being typed */
	char typed[TUI_PROMPT_BYTES]; /* that one, while an old one is shown */
	struct tui_candidates candidates;
	int chosen;		 /* the candidate that Tab put in, -1 none */
	tui_completer *complete; /* NULL: none */
	void *arg;
};

enum tui_prompt_answer {
	TUI_PROMPT_GOES_ON,
	TUI_PROMPT_DONE,      /* Enter: text is what was typed, and the prompt is closed */
	TUI_PROMPT_CANCELLED, /* Esc, ^C, or Backspace in an empty line */
};

/* Opens it with `text` (may be "") and the cursor behind it. */
void tui_prompt_open(struct tui_prompt *p, enum tui_prompt_kind kind, const char *text);
/* What it was opened with is a proposal: Enter takes it, a first character replaces it, any
 * other key begins to edit it. */
void tui_prompt_suggest(struct tui_prompt *p);
/* A key (key_codes.h), or a control character. */
enum tui_prompt_answer tui_prompt_key(struct tui_prompt *p, int key);
/* Draws it over the last row and, if there are candidates, the one above. Nothing if it is
 * closed. */
void tui_prompt_draw(const struct tui_prompt *p, struct tui_canvas *canvas);
/* A line for the user over the last row, where a view has no room for it. */
void tui_prompt_draw_message(const char *text, struct tui_canvas *canvas);

#endif
