/* SPDX-License-Identifier: MIT
 *
 * Completion of what is typed at a prompt: commands and what may follow each, words of
 * filters, names of lanes.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tracer/base/event.h"
#include "tui/scene/scope.h"
#include "tui/scene/commands.h"
#include "tui/scene/settings.h"

/* What is typed of the word at the cursor. */
struct typed {
	const char *word;
	size_t size;
	const struct gtv_names *names;
	struct tui_candidates *out;
};

static void add(const struct typed *t, const char *word)
{
	tui_candidates_add(t->out, t->word, t->size, word);
}

/* "G77" of what is typed: which number, and how it must begin. */
struct number {
	char letter;	 /* 0: no number is typed */
	uint64_t begins; /* 0: any */
};

static struct number number_of(const struct typed *t)
{
	struct number n = {.letter = t->size ? t->word[0] : '\0'};

	for (size_t i = 1; i < t->size; i++) {
		if (t->word[i] < '0' || t->word[i] > '9' || n.begins > UINT32_MAX ||
		    (i == 1 && t->word[i] == '0'))
			return (struct number){0};
		n.begins = 10 * n.begins + (uint64_t)(t->word[i] - '0');
	}
	return n;
}

static int begins_so(uint64_t id, uint64_t begins)
{
	while (begins && id > begins)
		id /= 10;
	return !begins || id == begins;
}

struct lanes {
	const struct typed *t;
	struct number number;
	char letter;
	char last[GTV_NAME_BYTES]; /* the last name that fitted: many have the same */
};

/* There may be a hundred thousand: only what fits is escaped, or put into words. */
static int add_lane(void *arg, const struct gtv_name *name)
{
	struct lanes *l = arg;
	const struct typed *t = l->t;
	char id[24], safe[4 * GTV_NAME_BYTES];

	if (*name->text && !strncasecmp(name->text, t->word, t->size)) {
		if (strcmp(l->last, name->text) != 0)
			add(t, gtv_names_escape(name->text, safe, sizeof(safe)));
		memcpy(l->last, name->text, sizeof(l->last));
	} else if (!*name->text && name->flags & GTV_NAME_IS_GIL && l->letter == 'L') {
		add(t, "GIL");
	}
	if (l->number.letter == l->letter && begins_so(name->id, l->number.begins)) {
		snprintf(id, sizeof(id), "%c%u", l->letter, name->id);
		add(t, id);
	}
	return t->out->more >= TUI_CANDIDATES;
}

/* Lanes by name: of green threads, locks, OS threads; and by number once a letter of
 * theirs is typed. */
static void add_lanes(const struct typed *t, int only_locks)
{
	static const struct {
		enum gtv_class cls;
		char letter;
	} classes[] = {{GTV_CLASS_LOCK, 'L'}, {GTV_CLASS_GT, 'G'}, {GTV_CLASS_THREAD, 'T'}};
	struct lanes l = {.t = t, .number = number_of(t)};

	for (size_t c = 0; c < (only_locks ? 1 : 3); c++) {
		size_t count = gtv_names_count(t->names, classes[c].cls);

		l.letter = classes[c].letter;
		l.last[0] = '\0';
		for (size_t i = 0; i < count && t->out->more < TUI_CANDIDATES;)
			i = gtv_names_some(t->names, classes[c].cls, i, add_lane, &l);
	}
}

/* Marks by their names; own: only those of the user. */
static void add_marks(const struct typed *t, int own)
{
	const struct tui_scope *s = t->out->marks;

	for (int i = 0; s && i < s->marks; i++)
		add(t, s->mark[i].name);
	for (size_t i = 0; s && !own && i < s->said_count && t->out->more < TUI_CANDIDATES;
	     i++)
		add(t, s->said[i].name);
}

static void add_kinds(const struct typed *t)
{
	for (unsigned k = 1; k < GTV_EV_MAX; k++)
		if (gtv_event_name(k))
			add(t, gtv_event_name(k));
}

static void add_states(const struct typed *t)
{
	add(t, "waiting");
	for (unsigned s = GTV_ST_RUNNING; s < GTV_ST_MAX; s++)
		if (!strpbrk(gtv_state_name(s), " ,"))
			add(t, gtv_state_name(s));
	add(t, "off");
}

static void add_processes(const struct typed *t)
{
	char safe[4 * GTV_NAME_BYTES];

	for (size_t i = 0; i < gtv_names_count(t->names, GTV_CLASS_PROCESS); i++) {
		struct gtv_name name;

		if (!gtv_names_at(t->names, GTV_CLASS_PROCESS, i, &name))
			add(t, gtv_names_escape(name.text, safe, sizeof(safe)));
	}
}

/* The part of `word` behind the last of the characters that end one; moves the place where
 * candidates are put in along. */
static void behind(struct typed *t, const char *ends)
{
	for (size_t i = t->size; i-- > 0;) {
		if (!strchr(ends, t->word[i]))
			continue;
		t->out->from += i + 1;
		t->word += i + 1;
		t->size -= i + 1;
		return;
	}
}

static int begins(const struct typed *t, const char *with)
{
	return t->size >= strlen(with) && !strncmp(t->word, with, strlen(with));
}

static void complete_filter(struct typed t)
{
	behind(&t, " !");
	struct typed value = t;
	size_t from = t.out->from;

	behind(&value, ":,");
	if (begins(&t, "lock:"))
		add_lanes(&value, 1);
	else if (begins(&t, "state:"))
		add_states(&value);
	else if (begins(&t, "kind:"))
		add_kinds(&value);
	else if (begins(&t, "process:"))
		add_processes(&value);
	else {
		t.out->from = from;
		for (const char *const *w = tui_filter_words; *w; w++)
			add(&t, *w);
		if (t.size)
			add_lanes(&t, 0);
	}
}

static void complete_choices(const struct typed *t, enum tui_setting setting)
{
	const char *choice;

	for (int i = 0; (choice = tui_settings_choice(setting, i)); i++)
		add(t, choice);
}

/* `set NAME VALUE`: which of the two the cursor is at. */
static void complete_set(struct typed t)
{
	char name[24];
	size_t size = 0;

	while (size < t.size && t.word[size] != ' ')
		size++;
	if (size == t.size) {
		for (int i = 0; i < TUI_SET_MAX; i++)
			add(&t, tui_settings[i].name);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(size < 23 ? size : 23), t.word);
	enum tui_setting setting = tui_settings_find(name);

	if (setting == TUI_SET_FILTER) {
		complete_filter(t);
	} else if (setting < TUI_SET_MAX) {
		behind(&t, " ");
		complete_choices(&t, setting);
	}
}

static void complete_bind(struct typed t)
{
	char name[32];

	if (!memchr(t.word, ' ', t.size))
		return;
	behind(&t, " ");
	for (int a = TUI_ACT_NONE; a < TUI_ACT_MAX; a++)
		add(&t, tui_key_action_name((enum tui_action)a, name, sizeof(name)));
}

static void complete_goto(struct typed t)
{
	if (begins(&t, "mark ")) {
		t.out->from += strlen("mark ");
		t.word += strlen("mark ");
		t.size -= strlen("mark ");
		add_marks(&t, 0);
		return;
	}
	add(&t, "begin");
	add(&t, "end");
	add(&t, "mark");
	add_marks(&t, 0);
	add_lanes(&t, 0);
}

static void complete_arguments(enum tui_command command, struct typed t)
{
	switch (command) {
	case TUI_COMMAND_GOTO:
		complete_goto(t);
		break;
	case TUI_COMMAND_MARK:
	case TUI_COMMAND_DELMARK:
		add_marks(&t, 1);
		break;
	case TUI_COMMAND_SELECT:
	case TUI_COMMAND_SEARCH:
		add_lanes(&t, 0);
		break;
	case TUI_COMMAND_ZOOM:
		add(&t, "in");
		add(&t, "out");
		break;
	case TUI_COMMAND_FIT:
		add(&t, "all");
		break;
	case TUI_COMMAND_ROWS:
		complete_choices(&t, TUI_SET_ROWS);
		break;
	case TUI_COMMAND_VIEW:
		complete_choices(&t, TUI_SET_VIEW);
		break;
	case TUI_COMMAND_THEME:
		complete_choices(&t, TUI_SET_THEME);
		break;
	case TUI_COMMAND_FILTER:
		complete_filter(t);
		break;
	case TUI_COMMAND_SET:
		complete_set(t);
		break;
	case TUI_COMMAND_BIND:
		complete_bind(t);
		break;
	case TUI_COMMAND_EXPORT:
		add(&t, "perfetto");
		add(&t, "chrome");
		break;
	default:
		break;
	}
}

static void complete_command(struct typed t)
{
	struct gtv_err err;
	enum tui_command command;
	const char *rest;

	if (!memchr(t.word, ' ', t.size)) {
		for (int i = 0; i < TUI_COMMAND_MAX; i++)
			add(&t, tui_commands[i].name);
	}
	if (!t.size || tui_command_find(t.word, &command, &rest, &err))
		return;
	snprintf(t.out->hint, sizeof(t.out->hint), "%s%s%s",
		 tui_commands[command].arguments,
		 *tui_commands[command].arguments ? "  " : "", tui_commands[command].help);
	if (!memchr(t.word, ' ', t.size))
		return;
	t.out->from = (size_t)(rest - t.word);
	t.size -= t.out->from;
	t.word = rest;
	complete_arguments(command, t);
}

/* Says at once what is wrong with a filter that is being typed. */
static void judge_filter(const char *text, struct tui_candidates *out)
{
	struct tui_filter filter;
	struct gtv_err err;

	if (!*text) {
		snprintf(out->hint, sizeof(out->hint),
			 "part of a name, core:0, state:gil, busy, !word; empty shows all");
	} else if (text[strlen(text) - 1] != ':' && text[strlen(text) - 1] != '!' &&
		   tui_filter_parse(&filter, text, &err)) {
		snprintf(out->hint, sizeof(out->hint), "%.40s: %.100s", err.what, err.why);
		out->hint_is_error = 1;
	}
}

/* What may follow, or what is wrong so far. */
static void judge_trigger(const char *text, struct tui_candidates *out)
{
	struct tui_trigger trigger;
	struct gtv_err err = {0};

	if (!text[strspn(text, " ")]) {
		snprintf(out->hint, sizeof(out->hint),
			 "wait>5ms, hold(GIL)>1ms, run>10ms, gt=NAME, mark=NAME; empty: "
			 "off");
	} else if (tui_trigger_parse(&trigger, text, &err)) {
		snprintf(out->hint, sizeof(out->hint), "%.40s (%.100s)", err.why, err.mend);
		out->hint_is_error = 1;
	} else {
		snprintf(out->hint, sizeof(out->hint), "and NAME.., pre 20ms post 80ms %s",
			 "repeat");
	}
}

void tui_complete(void *names, enum tui_prompt_kind kind, const char *text,
		  struct tui_candidates *out)
{
	struct typed t = {text, strlen(text), names, out};

	out->from = 0;
	switch (kind) {
	case TUI_PROMPT_COMMAND:
		complete_command(t);
		break;
	case TUI_PROMPT_FILTER:
		complete_filter(t);
		judge_filter(text, out);
		break;
	case TUI_PROMPT_GOTO:
		if (!t.size)
			snprintf(out->hint, sizeof(out->hint),
				 "1.2s, +5ms, G3, GIL, mark TEXT, begin, end");
		complete_arguments(TUI_COMMAND_GOTO, t);
		break;
	case TUI_PROMPT_TRIGGER:
		judge_trigger(text, out);
		break;
	case TUI_PROMPT_MARK:
		snprintf(out->hint, sizeof(out->hint), "a letter or words; %s",
			 "nothing: the next free letter");
		break;
	default:
		if (!t.size)
			snprintf(out->hint, sizeof(out->hint),
				 "part of a lane's name, a mark, a kind of event");
		else
			add_lanes(&t, 0);
		break;
	}
}
