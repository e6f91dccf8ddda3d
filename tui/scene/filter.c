/* SPDX-License-Identifier: MIT */
#include "tui/scene/filter.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/event.h"
#include "tracer/model/window.h"

static const struct {
	const char *word;
	uint8_t key;
} keys[] = {
	{"core", TUI_FILTER_CORE},	 {"lock", TUI_FILTER_LOCK},
	{"state", TUI_FILTER_STATE},	 {"pid", TUI_FILTER_PID},
	{"process", TUI_FILTER_PROCESS}, {"kind", TUI_FILTER_KIND},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

const char *const tui_filter_words[] = {
	"busy", "core:", "kind:", "lock:", "pid:", "process:", "state:", NULL};

/* ---- parsing ---- */

static int wrong(struct gtv_err *err, const char *word, const char *mend, const char *why)
{
	return gtv_err_set(err, GTV_EUSAGE, word, mend, "%s", why);
}

/* The next part of a list parted by commas into `part`. 0 at its end. */
static int next_part(const char **list, char part[TUI_FILTER_WORD])
{
	size_t size = strcspn(*list, ",");

	if (!**list)
		return 0;
	memcpy(part, *list, size);
	part[size] = '\0';
	*list += size + ((*list)[size] == ',');
	return 1;
}

static int state_of(const char *word, uint32_t *states)
{
	uint32_t found = 0;

	for (unsigned s = 1; s < GTV_ST_MAX; s++)
		if (!strcasecmp(gtv_state_name(s), word))
			found |= 1u << s;
	if (!strcasecmp(word, "waiting"))
		found |= 1u << GTV_ST_LOCK | 1u << GTV_ST_GIL | 1u << GTV_ST_CHAN |
			 1u << GTV_ST_IO | 1u << GTV_ST_SLEEP | 1u << GTV_ST_SYSCALL;
	if (!strcasecmp(word, "off"))
		found |= 1u << GTV_ST_HELD_PREEMPTED | 1u << GTV_ST_HELD_ASLEEP;
	*states |= found;
	return found != 0;
}

static int is_kind(const char *pattern)
{
	for (unsigned k = 1; k < GTV_EV_MAX; k++)
		if (gtv_event_name(k) && !fnmatch(pattern, gtv_event_name(k), 0))
			return 1;
	return 0;
}

static int is_number(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0' && strlen(word) < 10;
}

static int parse_value(struct tui_filter_term *term, const char *whole, struct gtv_err *err)
{
	const char *list = term->word;
	char part[TUI_FILTER_WORD];

	if (!*list)
		return wrong(err, whole, "as core:0 or lock:GIL",
			     "nothing stands after the colon");
	while (next_part(&list, part)) {
		if (term->key == TUI_FILTER_STATE && !state_of(part, &term->states))
			return wrong(err, whole, "as running, gil, lock, io, waiting, off",
				     "there is no such state");
		if (term->key == TUI_FILTER_KIND && !is_kind(part))
			return wrong(err, whole, "as gt_*, sched_switch; Tab lists them",
				     "there is no event of that kind");
		if ((term->key == TUI_FILTER_CORE || term->key == TUI_FILTER_PID) &&
		    !is_number(part))
			return wrong(err, whole, "as core:0,1 or pid:123",
				     "numbers, parted by commas, belong there");
	}
	return 0;
}

/* "G12": that very one, not all that have it in their names. */
static void find_id(struct tui_filter_term *term)
{
	static const char letters[] = "CTGLW"; /* the first as enum gtv_lane_kind */
	const char *at = term->word[0] ? strchr(letters, term->word[0]) : NULL;

	term->worker = -1;
	if (!at || !is_number(term->word + 1))
		return;
	if (*at == 'W')
		term->worker = atoi(term->word + 1);
	else
		term->lane = (struct gtv_lane){(uint8_t)(GTV_LANE_CORE + (at - letters)),
					       (uint32_t)strtoul(term->word + 1, NULL, 10)};
}

static int parse_word(struct tui_filter_term *term, const char *word, int quoted,
		      struct gtv_err *err)
{
	const char *colon = quoted ? NULL : strchr(word, ':');

	term->key = TUI_FILTER_NAME;
	for (size_t i = 0; colon && i < KEYS; i++)
		if (strlen(keys[i].word) == (size_t)(colon - word) &&
		    !strncasecmp(keys[i].word, word, (size_t)(colon - word)))
			term->key = keys[i].key;
	if (!quoted && !strcasecmp(word, "busy")) {
		term->key = TUI_FILTER_BUSY;
		return 0;
	}
	/* A colon in a name is no reason to refuse it. */
	snprintf(term->word, sizeof(term->word), "%s",
		 term->key == TUI_FILTER_NAME ? word : colon + 1);
	if (term->key != TUI_FILTER_NAME)
		return parse_value(term, word, err);
	find_id(term);
	return 0;
}

/* The next word, without its ! and quotes. 1, 0 at the end, or -1: too long. */
static int next_word(const char **text, char word[TUI_FILTER_WORD], int *negate,
		     int *quoted)
{
	size_t size = 0;
	const char *p = *text + strspn(*text, " \t");

	*negate = *quoted = 0;
	if (!*p)
		return 0;
	for (; *p == '!'; p++)
		*negate = !*negate;
	*quoted = *p == '"';
	p += *quoted;
	for (; *p && (*quoted ? *p != '"' : !strchr(" \t", *p)); p++) {
		if (size + 1 == TUI_FILTER_WORD)
			return -1;
		word[size++] = *p;
	}
	word[size] = '\0';
	*text = p + (*quoted && *p == '"');
	return 1;
}

static int parse(struct tui_filter *filter, const char *text, struct gtv_err *err)
{
	char word[TUI_FILTER_WORD];
	int negate, quoted, rc;

	while ((rc = next_word(&text, word, &negate, &quoted)) == 1) {
		struct tui_filter_term *term = &filter->term[filter->count];

		if (filter->count == TUI_FILTER_TERMS)
			return wrong(err, "filter", "leave some out",
				     "more words than it can hold");
		if (!*word && quoted)
			return wrong(err, "\"", "as \"G3 fetch\"",
				     "nothing stands behind it to be looked for");
		if (!*word)
			return wrong(err, "!", "as !busy",
				     "nothing stands after it that could be left out");
		*term = (struct tui_filter_term){.negate = negate != 0};
		if ((rc = parse_word(term, word, quoted, err)))
			return rc;
		filter->count++;
	}
	return rc ? wrong(err, "filter", "a part of a name will do",
			  "a word is longer than any name")
		  : 0;
}

int tui_filter_parse(struct tui_filter *filter, const char *text, struct gtv_err *err)
{
	int rc = 0;

	memset(filter, 0, sizeof(*filter));
	if (strlen(text) >= sizeof(filter->text))
		rc = wrong(err, "filter", "leave some out", "longer than it can hold");
	if (!rc)
		rc = parse(filter, text, err);
	if (rc)
		memset(filter, 0, sizeof(*filter));
	else if (filter->count)
		snprintf(filter->text, sizeof(filter->text), "%s", text);
	return rc;
}

/* ---- names ---- */

int tui_filter_like(const char *word, const char *text)
{
	return strpbrk(word, "*?[") ? !fnmatch(word, text, FNM_CASEFOLD)
				    : strcasestr(text, word) != NULL;
}

static const enum gtv_class classes[GTV_LANE_KIND_MAX] = {
	[GTV_LANE_THREAD] = GTV_CLASS_THREAD,
	[GTV_LANE_GT] = GTV_CLASS_GT,
	[GTV_LANE_LOCK] = GTV_CLASS_LOCK,
};

/* The entry of a lane; 0 for one without (cores). */
static int entry_of(const struct gtv_names *names, struct gtv_lane lane,
		    struct gtv_name *out)
{
	return lane.kind < GTV_LANE_KIND_MAX && classes[lane.kind] &&
	       !gtv_names_get(names, classes[lane.kind], lane.id, out);
}

static int process_like(const char *word, const struct gtv_names *names, uint32_t pid)
{
	struct gtv_name process;

	return pid && !gtv_names_get(names, GTV_CLASS_PROCESS, pid, &process) &&
	       *process.text && tui_filter_like(word, process.text);
}

int tui_filter_name(const struct tui_filter_term *term, const struct gtv_names *names,
		    struct gtv_lane lane)
{
	struct gtv_name entry;
	char label[4 * GTV_NAME_BYTES + 16];
	int known = entry_of(names, lane, &entry);

	if (term->lane.kind)
		return term->lane.kind == lane.kind && term->lane.id == lane.id;
	if (term->worker >= 0)
		return known && lane.kind == GTV_LANE_THREAD &&
		       entry.local == (uint32_t)term->worker + 1;
	if (lane.kind == GTV_LANE_CORE) {
		snprintf(label, sizeof(label), "C%u", lane.id);
		return tui_filter_like(term->word, label);
	}
	if (!known)
		return 0;
	/* Its own name; a lock without one by what it is called ("GIL"). */
	if (*entry.text && tui_filter_like(term->word, entry.text))
		return 1;
	if (!*entry.text && lane.kind == GTV_LANE_LOCK &&
	    tui_filter_like(term->word, gtv_names_label(names, GTV_CLASS_LOCK, lane.id,
							label, sizeof(label))))
		return 1;
	return process_like(term->word, names, entry.pid);
}

/* ---- lanes ---- */

/* In a comma-parted list of numbers? */
static int has_number(const char *list, uint64_t number)
{
	while (*list) {
		char *end;

		if (strtoull(list, &end, 10) == number)
			return 1;
		list = *end == ',' ? end + 1 : end + strlen(end);
	}
	return 0;
}

static int lock_like(const char *list, const struct gtv_names *names, uint32_t lock)
{
	char part[TUI_FILTER_WORD], label[4 * GTV_NAME_BYTES + 16];
	struct gtv_name entry;

	if (!lock)
		return 0;
	gtv_names_label(names, GTV_CLASS_LOCK, lock, label, sizeof(label));
	gtv_names_get(names, GTV_CLASS_LOCK, lock, &entry);
	while (next_part(&list, part))
		if ((part[0] == 'L' && is_number(part + 1) &&
		     strtoul(part + 1, NULL, 10) == lock) ||
		    (*entry.text && tui_filter_like(part, entry.text)) ||
		    tui_filter_like(part, label))
			return 1;
	return 0;
}

/* Who is inside a core's piece: the green thread and the OS thread under it. */
static int inhabitant_fits(const struct tui_filter_term *term,
			   const struct gtv_names *names, const struct gtv_span *s)
{
	struct gtv_lane gt = {GTV_LANE_GT, s->gt}, thread = {GTV_LANE_THREAD, s->tid};
	struct tui_filter one = {.term = {*term}, .count = 1};

	one.term[0].negate = 0;
	return (gt.id && tui_filter_lane(&one, names, NULL, gt)) ||
	       (thread.id && tui_filter_lane(&one, names, NULL, thread));
}

/* One piece of what the lane does. */
static int fits_piece(const struct tui_filter_term *term, const struct gtv_names *names,
		      const struct gtv_piece *p)
{
	switch (term->key) {
	case TUI_FILTER_STATE:
		return ((p->spans > 1 ? p->states : 1u << p->span.state) & term->states) !=
		       0;
	case TUI_FILTER_CORE:
		return p->span.core >= 0 && has_number(term->word, (uint64_t)p->span.core);
	case TUI_FILTER_LOCK:
		return lock_like(term->word, names, p->span.lock);
	default:
		return inhabitant_fits(term, names, &p->span);
	}
}

/* Two pieces with the same names in them are judged alike: look them up once. */
static int same_names(const struct gtv_piece *a, const struct gtv_piece *b)
{
	return a->span.lock == b->span.lock && a->span.gt == b->span.gt &&
	       a->span.tid == b->span.tid;
}

static int fits_window(const struct tui_filter_term *term, const struct gtv_names *names,
		       const struct gtv_window *window, struct gtv_lane lane)
{
	int by_name = term->key != TUI_FILTER_STATE && term->key != TUI_FILTER_CORE;
	const struct gtv_piece *pieces;
	size_t count = 0;

	/* Where no window is looked at, what happens in one does not matter. */
	if (!window)
		return !term->negate;
	pieces = gtv_window_pieces(window, lane, &count);
	for (size_t i = 0; i < count; i++) {
		if (by_name && i && same_names(&pieces[i], &pieces[i - 1]))
			continue;
		if (fits_piece(term, names, &pieces[i]))
			return 1;
	}
	return 0;
}

/* Cores are wanted for themselves, or for who was on them. */
static int core_fits(const struct tui_filter_term *term, const struct gtv_names *names,
		     const struct gtv_window *window, struct gtv_lane lane)
{
	if (term->key == TUI_FILTER_CORE)
		return has_number(term->word, lane.id);
	if (term->key == TUI_FILTER_NAME && tui_filter_name(term, names, lane))
		return 1;
	return (window || term->key != TUI_FILTER_NAME) &&
	       fits_window(term, names, window, lane);
}

static int process_fits(const struct tui_filter_term *term, const struct gtv_names *names,
			struct gtv_lane lane)
{
	struct gtv_name entry;
	char part[TUI_FILTER_WORD];
	const char *list = term->word;

	if (!entry_of(names, lane, &entry))
		return 0;
	if (term->key == TUI_FILTER_PID)
		return has_number(term->word, entry.pid);
	while (next_part(&list, part))
		if (process_like(part, names, entry.pid))
			return 1;
	return 0;
}

static int fits(const struct tui_filter_term *term, const struct gtv_names *names,
		const struct gtv_window *window, struct gtv_lane lane)
{
	if (term->key == TUI_FILTER_BUSY)
		return window ? gtv_window_activity(window, lane) > 0 : !term->negate;
	/* Kinds are of events: rows are not judged by them. */
	if (term->key == TUI_FILTER_KIND)
		return !term->negate;
	if (lane.kind == GTV_LANE_CORE)
		return core_fits(term, names, window, lane);
	if (term->key == TUI_FILTER_NAME)
		return tui_filter_name(term, names, lane);
	if (term->key == TUI_FILTER_PID || term->key == TUI_FILTER_PROCESS)
		return process_fits(term, names, lane);
	if (term->key == TUI_FILTER_LOCK && lane.kind == GTV_LANE_LOCK)
		return lock_like(term->word, names, lane.id);
	return fits_window(term, names, window, lane);
}

int tui_filter_lane(const struct tui_filter *filter, const struct gtv_names *names,
		    const struct gtv_window *window, struct gtv_lane lane)
{
	for (int i = 0; i < filter->count; i++)
		if (fits(&filter->term[i], names, window, lane) == filter->term[i].negate)
			return 0;
	return 1;
}
