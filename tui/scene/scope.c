/* SPDX-License-Identifier: MIT */
#include "tui/scene/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/duration.h"

#define SHOWN_NS 20000000u /* before and after a hit, if nothing else is said */

/* ---- the trigger's line ---- */

/* The last word of text[0, size): where it begins. */
static size_t last_word(const char *text, size_t *size)
{
	size_t from;

	while (*size && text[*size - 1] == ' ')
		--*size;
	for (from = *size; from && text[from - 1] != ' ';)
		from--;
	return from;
}

static int word_is(const char *text, size_t from, size_t size, const char *word)
{
	return strlen(word) == size - from && !memcmp(text + from, word, size - from);
}

/* Takes one word, or two as "pre 20ms", off the end. 1 if there was one. */
static int take_option(struct tui_trigger *t, const char *text, size_t *size)
{
	size_t end = *size, from = last_word(text, &end), before = from, word;
	uint64_t ns;

	if (word_is(text, from, end, "repeat") || word_is(text, from, end, "single")) {
		t->repeat = text[from] == 'r';
		*size = from;
		return 1;
	}
	if (gtv_duration(text + from, end - from, &ns))
		return 0;
	word = last_word(text, &before);
	if (word_is(text, word, before, "pre"))
		t->pre_ns = ns;
	else if (word_is(text, word, before, "post"))
		t->post_ns = ns;
	else
		return 0;
	*size = word;
	return 1;
}

int tui_trigger_parse(struct tui_trigger *out, const char *text, struct gtv_err *err)
{
	struct tui_trigger t = {0};
	char condition[512];
	size_t size = strlen(text);
	uint64_t longest_ns = 0;

	if (size >= sizeof(condition))
		size = sizeof(condition) - 1;
	while (take_option(&t, text, &size))
		;
	memcpy(condition, text, size);
	condition[size] = '\0';
	int rc = gtv_condition_parse(&t.condition, condition, err);

	if (rc)
		return rc;
	/* The beginning of what lasted too long is to be seen. */
	for (int i = 0; i < t.condition.alts; i++)
		if (t.condition.alt[i].min_ns > longest_ns)
			longest_ns = t.condition.alt[i].min_ns;
	if (!t.pre_ns)
		t.pre_ns = longest_ns + longest_ns / 2 > SHOWN_NS
				   ? longest_ns + longest_ns / 2
				   : SHOWN_NS;
	if (!t.post_ns)
		t.post_ns = SHOWN_NS;
	*out = t;
	return 0;
}

/* "20ms": as it can be typed. */
static void short_time(char *buf, size_t size, uint64_t ns)
{
	if (ns % 1000000 == 0)
		snprintf(buf, size, "%llums", (unsigned long long)(ns / 1000000));
	else if (ns % 1000 == 0)
		snprintf(buf, size, "%lluus", (unsigned long long)(ns / 1000));
	else
		snprintf(buf, size, "%lluns", (unsigned long long)ns);
}

char *tui_trigger_line(const struct tui_trigger *t, char *buf, size_t size)
{
	char pre[32], post[32];

	short_time(pre, sizeof(pre), t->pre_ns);
	short_time(post, sizeof(post), t->post_ns);
	snprintf(buf, size, "%s pre %s post %s %s", t->condition.text, pre, post,
		 t->repeat ? "repeat" : "single");
	return buf;
}

char *tui_trigger_status(const struct tui_trigger *t, int wide, char *buf, size_t size)
{
	const char *text = wide ? t->condition.text : "", *blank = wide ? " " : "";

	buf[0] = '\0';
	switch (t->state) {
	case TUI_TRIGGER_OFF:
		break;
	case TUI_TRIGGER_ARMED:
		if (t->hits)
			snprintf(buf, size, "HIT %u, ARMED%s%.60s", t->hits, blank, text);
		else
			snprintf(buf, size, "ARMED%s%.60s", blank, text);
		break;
	case TUI_TRIGGER_HIT:
		snprintf(buf, size, "HIT %u%s%.60s", t->hits, blank, text);
		break;
	case TUI_TRIGGER_NONE:
		snprintf(buf, size, "NO HIT%s%.60s", blank, text);
		break;
	}
	return buf;
}

/* ---- marks ---- */

static int find_named(const struct tui_scope *s, const char *name)
{
	for (int i = 0; i < s->marks; i++)
		if (!strcmp(s->mark[i].name, name))
			return i;
	return -1;
}

const struct tui_mark *tui_scope_mark_named(const struct tui_scope *s, const char *name)
{
	int i = find_named(s, name);

	if (i >= 0)
		return &s->mark[i];
	for (size_t k = 0; k < s->said_count; k++)
		if (!strcmp(s->said[k].name, name))
			return &s->said[k];
	return NULL;
}

static void free_letter(const struct tui_scope *s, char name[TUI_MARK_NAME])
{
	strcpy(name, "a");
	while (name[0] < 'z' && find_named(s, name) >= 0)
		name[0]++;
	for (int n = 1; find_named(s, name) >= 0; n++)
		snprintf(name, TUI_MARK_NAME, "m%d", n);
}

static void remove_mark(struct tui_scope *s, int at)
{
	s->marks--;
	memmove(&s->mark[at], &s->mark[at + 1], (size_t)(s->marks - at) * sizeof(*s->mark));
}

const struct tui_mark *tui_scope_mark(struct tui_scope *s, uint64_t ts_ns, const char *name)
{
	struct tui_mark m = {.ts_ns = ts_ns};
	int at;

	if (*name)
		gtv_names_escape(name, m.name, sizeof(m.name));
	else
		free_letter(s, m.name);
	if ((at = find_named(s, m.name)) >= 0)
		remove_mark(s, at);
	if (s->marks == TUI_MARKS_MAX)
		return NULL;
	for (at = s->marks++; at > 0 && s->mark[at - 1].ts_ns > ts_ns; at--)
		s->mark[at] = s->mark[at - 1];
	s->mark[at] = m;
	return &s->mark[at];
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

int tui_scope_unmark(struct tui_scope *s, uint64_t ts_ns, uint64_t reach_ns)
{
	int best = -1;

	for (int i = 0; i < s->marks; i++)
		if (apart(s->mark[i].ts_ns, ts_ns) <= reach_ns &&
		    (best < 0 ||
		     apart(s->mark[i].ts_ns, ts_ns) < apart(s->mark[best].ts_ns, ts_ns)))
			best = i;
	if (best < 0)
		return 0;
	remove_mark(s, best);
	return 1;
}

/* Nearer to ts_ns on the side that is asked for. */
static const struct tui_mark *nearer(const struct tui_mark *best, const struct tui_mark *m,
				     uint64_t ts_ns, int dir)
{
	if (dir > 0 ? m->ts_ns <= ts_ns : m->ts_ns >= ts_ns)
		return best;
	return !best || apart(m->ts_ns, ts_ns) < apart(best->ts_ns, ts_ns) ? m : best;
}

const struct tui_mark *tui_scope_mark_from(const struct tui_scope *s, uint64_t ts_ns,
					   int dir)
{
	const struct tui_mark *best = NULL;

	for (int i = 0; i < s->marks; i++)
		best = nearer(best, &s->mark[i], ts_ns, dir);
	for (size_t i = 0; i < s->said_count; i++)
		best = nearer(best, &s->said[i], ts_ns, dir);
	return best;
}

size_t tui_scope_mark_count(const struct tui_scope *s)
{
	return s->said_count + (size_t)s->marks;
}

/* How many of the program's come before one's own idx-th in the merged order. */
static size_t said_before(const struct tui_scope *s, uint64_t ts_ns)
{
	size_t low = 0, high = s->said_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->said[middle].ts_ns <= ts_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct tui_mark *tui_scope_mark_at(const struct tui_scope *s, size_t idx)
{
	size_t own = 0;

	for (; own < (size_t)s->marks; own++) {
		size_t at = own + said_before(s, s->mark[own].ts_ns);

		if (at == idx)
			return &s->mark[own];
		if (at > idx)
			break;
	}
	return idx - own < s->said_count ? &s->said[idx - own] : NULL;
}

/* ---- hits ---- */

void tui_trigger_keep(struct tui_trigger *t)
{
	for (int i = 0; i < t->past_count; i++)
		if (t->past[i].ts_ns == t->hit.ts_ns) {
			t->past_at = i;
			return;
		}
	if (t->past_count == TUI_HITS_KEPT)
		memmove(&t->past[0], &t->past[1],
			(size_t)(--t->past_count) * sizeof(t->past[0]));
	t->past_at = t->past_count;
	t->past[t->past_count++] = t->hit;
}

/* ---- cursors ---- */

int tui_scope_interval(const struct tui_scope *s, uint64_t *from_ns, uint64_t *to_ns)
{
	if (!s->has_a || !s->has_b || s->a_ns == s->b_ns)
		return 0;
	*from_ns = s->a_ns < s->b_ns ? s->a_ns : s->b_ns;
	*to_ns = s->a_ns < s->b_ns ? s->b_ns : s->a_ns;
	return 1;
}
