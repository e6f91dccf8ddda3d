/* SPDX-License-Identifier: MIT
 *
 * Conditions as they are written: alternatives by commas, terms by "and". Whatever is
 * wrong is told with an example of how to put it.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/base/duration.h"
#include "tracer/model/findings.h"
#include "tracer/model/trigger_priv.h"

#define EXAMPLES                                                                           \
	"wait>5ms, hold(GIL)>1ms, state=stalled, gt=NAME, mark=NAME, finding=convoy"

const struct gtv__trigger_row gtv__trigger_rows[GTV__TRIGGER_WORD_MAX] = {
#define X(id, word, gt, thread, lock, core) {word, gt, thread, lock, core},
	GTV__TRIGGER_WORDS(X)
#undef X
};

/* A piece of the text. */
struct part {
	const char *at;
	size_t size;
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct part trim(struct part p)
{
	while (p.size && is_blank(p.at[0])) {
		p.at++;
		p.size--;
	}
	while (p.size && is_blank(p.at[p.size - 1]))
		p.size--;
	return p;
}

static int is(struct part p, const char *word)
{
	return strlen(word) == p.size && !memcmp(p.at, word, p.size);
}

static const char *quote(struct part p, char buf[80])
{
	snprintf(buf, 80, "%.*s", (int)(p.size < 60 ? p.size : 60), p.at);
	return buf;
}

static int wrong(struct gtv_err *err, struct part what, const char *mend, const char *why)
{
	char text[80];

	return gtv_err_set(err, GTV_EUSAGE, what.size ? quote(what, text) : "trigger", mend,
			   "%s", why);
}

/* One pattern of a kind for each alternative. */
static int set_name(char out[GTV_TRIGGER_NAME], struct part name, struct part term,
		    struct gtv_err *err)
{
	if (!name.size)
		return wrong(err, term, "gt=fetch-*", "no name is given");
	if (name.size >= GTV_TRIGGER_NAME)
		return wrong(err, term, "fewer bytes, and *",
			     "names have at most 63 bytes");
	if (out[0])
		return wrong(err, term, "a comma says or", "two names of one thing");
	memcpy(out, name.at, name.size);
	out[name.size] = '\0';
	return 0;
}

/* What an alternative has been told so far. */
struct reading {
	struct gtv_trigger_alt *alt;
	int has_kind; /* a state, mark or finding: there is one of them at most */
};

static int claim(struct reading *r, enum gtv_trigger_kind kind, struct part term,
		 struct gtv_err *err)
{
	if (r->has_kind)
		return wrong(err, term, "a comma says or",
			     "one state, mark or finding at a time");
	r->has_kind = 1;
	r->alt->kind = (uint8_t)kind;
	return 0;
}

static void set_states(struct gtv_trigger_alt *alt, enum gtv__trigger_word word)
{
	const struct gtv__trigger_row *row = &gtv__trigger_rows[word];

	alt->word = (uint8_t)word;
	alt->states[GTV_LANE_GT] = row->gt;
	alt->states[GTV_LANE_THREAD] = row->thread;
	alt->states[GTV_LANE_LOCK] = row->lock;
	alt->states[GTV_LANE_CORE] = row->core;
}

static int set_word(struct reading *r, struct part word, struct part term,
		    struct gtv_err *err)
{
	int rc = claim(r, GTV_TRIGGER_SPAN, term, err);

	if (rc)
		return rc;
	for (int i = 0; i < GTV__TRIGGER_WORD_MAX; i++)
		if (is(word, gtv__trigger_rows[i].word)) {
			set_states(r->alt, (enum gtv__trigger_word)i);
			return 0;
		}
	return wrong(err, term,
		     "wait, hold, off, ready, run, or a state: stalled, gil, lock, io, "
		     "syscall, preempted",
		     "nothing is called so");
}

/* WORD[(NAME)]>TIME */
static int parse_length(struct reading *r, struct part term, size_t at, struct gtv_err *err)
{
	struct part left = trim((struct part){term.at, at}), who = {0};
	struct part right = trim((struct part){term.at + at + 1, term.size - at - 1});
	const char *open = left.size ? memchr(left.at, '(', left.size) : NULL;
	int rc;

	if (right.size && right.at[0] == '=') /* >= is meant the same */
		right = trim((struct part){right.at + 1, right.size - 1});
	if (open) {
		size_t before = (size_t)(open - left.at);

		if (left.at[left.size - 1] != ')')
			return wrong(err, term, "hold(GIL)>1ms", "a bracket is not closed");
		who = trim((struct part){open + 1, left.size - before - 2});
		left = trim((struct part){left.at, before});
		if ((rc = set_name(r->alt->who, who, term, err)))
			return rc;
	}
	if ((rc = set_word(r, left, term, err)))
		return rc;
	if (gtv_duration(right.at, right.size, &r->alt->min_ns))
		return wrong(err, term, "5ms, 300us, 1.5s", "it is not said how long");
	return 0;
}

static int set_finding(struct reading *r, struct part name, struct part term,
		       struct gtv_err *err)
{
	char known[240];
	size_t size = 0;
	int rc = claim(r, GTV_TRIGGER_FINDING, term, err);

	if (rc)
		return rc;
	for (unsigned k = 0; k < GTV_FIND_MAX; k++) {
		if (is(name, gtv_finding_key(k))) {
			r->alt->finding = (uint8_t)k;
			return 0;
		}
		size += (size_t)snprintf(known + size, sizeof(known) - size, "%s%s",
					 k ? ", " : "", gtv_finding_key(k));
	}
	return wrong(err, term, known, "no finding is called so");
}

/* NAME=VALUE */
static int parse_equal(struct reading *r, struct part term, size_t at, struct gtv_err *err)
{
	struct part left = trim((struct part){term.at, at});
	struct part right = trim((struct part){term.at + at + 1, term.size - at - 1});
	int rc;

	if (is(left, "state"))
		return set_word(r, right, term, err);
	if (is(left, "gt"))
		return set_name(r->alt->gt, right, term, err);
	if (is(left, "lock"))
		return set_name(r->alt->lock, right, term, err);
	if (is(left, "finding"))
		return set_finding(r, right, term, err);
	if (!is(left, "mark"))
		return wrong(err, term,
			     "state=, gt=, lock=, mark=, finding=", "nothing is called so");
	rc = claim(r, GTV_TRIGGER_MARK, term, err);
	return rc ? rc : set_name(r->alt->mark, right, term, err);
}

static int parse_term(struct reading *r, struct part term, struct gtv_err *err)
{
	const char *more, *equal;

	term = trim(term);
	if (!term.size)
		return wrong(err, term, EXAMPLES, "a condition is missing");
	more = memchr(term.at, '>', term.size);
	equal = memchr(term.at, '=', term.size);
	if (more && (!equal || more < equal))
		return parse_length(r, term, (size_t)(more - term.at), err);
	if (equal)
		return parse_equal(r, term, (size_t)(equal - term.at), err);
	return wrong(err, term, EXAMPLES, "it has neither > nor =");
}

/* Where " and " or a & parts terms: its place and length; the end if nowhere. */
static size_t find_and(struct part p, size_t *length)
{
	for (size_t i = 0; i < p.size; i++) {
		if (p.at[i] == '&') {
			*length = i + 1 < p.size && p.at[i + 1] == '&' ? 2 : 1;
			return i;
		}
		size_t left = p.size - i;

		if (left >= 4 && is_blank(p.at[i]) && !memcmp(p.at + i + 1, "and", 3) &&
		    (left == 4 || is_blank(p.at[i + 4]))) {
			*length = left == 4 ? 4 : 5;
			return i;
		}
	}
	*length = 0;
	return p.size;
}

/* gt= and lock= alone say when: it comes to run, it is taken. */
static int settle(struct reading *r, struct part text, struct gtv_err *err)
{
	struct gtv_trigger_alt *alt = r->alt;

	if (!r->has_kind)
		set_states(alt,
			   alt->gt[0] && !alt->lock[0] ? GTV__WORD_RUN : GTV__WORD_HOLD);
	if (alt->gt[0]) /* the thread that carries it is another thing */
		alt->states[GTV_LANE_THREAD] = 0;
	if (alt->kind == GTV_TRIGGER_FINDING && (alt->gt[0] || alt->lock[0]))
		return wrong(err, text, "finding=convoy alone",
			     "a finding cannot be asked for by name");
	if (alt->kind == GTV_TRIGGER_MARK && alt->lock[0])
		return wrong(err, text, "mark=NAME and gt=NAME", "a mark has no lock");
	return 0;
}

static int parse_alternative(struct gtv_condition *c, struct part text, struct gtv_err *err)
{
	struct reading r = {.alt = &c->alt[c->alts]};
	struct part rest = text;
	size_t length;
	int rc;

	if (c->alts == GTV_TRIGGER_ALTS)
		return wrong(err, trim(text), "leave some out",
			     "four alternatives at most");
	c->alts++;
	do {
		size_t at = find_and(rest, &length);

		if ((rc = parse_term(&r, (struct part){rest.at, at}, err)))
			return rc;
		rest.at += at + length;
		rest.size -= at + length;
	} while (length);
	return settle(&r, trim(text), err);
}

int gtv_condition_parse(struct gtv_condition *out, const char *text, struct gtv_err *err)
{
	struct part all = trim((struct part){text, strlen(text)}), rest = all;
	int more;

	memset(out, 0, sizeof(*out));
	if (!all.size)
		return wrong(err, all, EXAMPLES, "a condition is missing");
	if (all.size >= sizeof(out->text))
		return wrong(err, (struct part){0}, "say it shorter",
			     "a condition has at most 159 bytes");
	memcpy(out->text, all.at, all.size);
	do {
		const char *comma = memchr(rest.at, ',', rest.size);
		size_t size = comma ? (size_t)(comma - rest.at) : rest.size;
		int rc = parse_alternative(out, (struct part){rest.at, size}, err);

		if (rc)
			return rc;
		more = comma != NULL;
		rest.at += size + (size_t)more;
		rest.size -= size + (size_t)more;
	} while (more);
	return 0;
}
