/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/demo_seen.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/cmd/out.h"
#include "tracer/cmd/report.h"

#define TEXT_BYTES 17 /* a mark's, with its end */
#define TEXTS_MAX  64 /* names of regions and marks that are told apart */
#define OWNERS_MAX 256

/* A region's or a mark's name. */
struct text {
	char name[TEXT_BYTES];
	uint64_t marks;
	double value;
	uint64_t count, sum_ns, max_ns, from_ns, to_ns;
	unsigned open, peak;
};

/* A region that has not ended. */
struct opened {
	uint64_t from_ns;
	uint32_t gt;
	unsigned text;
};

struct state {
	uint64_t count, sum_ns, max_ns;
};

struct green {
	struct state state[GTV_ST_MAX];
	uint64_t first_ns, last_ns;
};

/* One that takes a lock. */
struct owner {
	uint32_t lock, gt;
	uint64_t takes, dropped_ns, worst_ns;
	int over; /* the region of its name has ended */
};

struct gtv_seen {
	struct text text[TEXTS_MAX];
	unsigned text_count;
	struct opened *open;
	size_t open_count, open_room;
	struct green *green; /* by trace-unique id */
	size_t green_room;
	struct owner owner[OWNERS_MAX];
	unsigned owner_count;
	uint64_t counts[GTV_COUNT_MAX];
	uint64_t migrations, os_switches, os_threads, lost;
	uint32_t first_sender;
	int level, no_memory;
	struct gtv_store *store; /* open for its names */
};

/* ---- reading ---- */

static void *grown(void *at, size_t *room, size_t wanted, size_t size)
{
	size_t more = *room ? *room : 16;

	while (more <= wanted)
		more *= 2;
	char *new = realloc(at, more * size);

	if (!new)
		return NULL;
	memset(new + *room *size, 0, (more - *room) * size);
	*room = more;
	return new;
}

static struct green *green_of(struct gtv_seen *s, uint32_t id)
{
	if (id >= s->green_room) {
		void *new = grown(s->green, &s->green_room, id, sizeof *s->green);

		if (!new) {
			s->no_memory = 1;
			return NULL;
		}
		s->green = new;
	}
	return &s->green[id];
}

static void on_span(void *arg, const struct gtv_span *span)
{
	struct gtv_seen *s = arg;
	uint64_t ns = span->to_ns - span->from_ns;
	struct green *g;

	if (span->lane.kind != GTV_LANE_GT || !(g = green_of(s, span->lane.id)))
		return;
	struct state *state = &g->state[span->state % GTV_ST_MAX];

	if (!g->first_ns)
		g->first_ns = span->from_ns;
	if (span->state != GTV_ST_DONE)
		g->last_ns = span->to_ns;
	state->count++;
	state->sum_ns += ns;
	if (ns > state->max_ns)
		state->max_ns = ns;
}

static unsigned text_of(struct gtv_seen *s, const struct gtv_ev *ev)
{
	char name[TEXT_BYTES] = "";

	memcpy(name, &ev->obj, 4);
	memcpy(name + 4, &ev->seq, 4);
	memcpy(name + 8, &ev->arg, 8);
	char *number = ev->kind == GTV_EV_MARK ? strchr(name, '=') : NULL;
	double value = number ? strtod(number + 1, NULL) : 0;

	if (number)
		*number = 0;
	unsigned i = 0;

	while (i < s->text_count && strcmp(s->text[i].name, name) != 0)
		i++;
	if (i == TEXTS_MAX)
		return TEXTS_MAX - 1;
	if (i == s->text_count)
		memcpy(s->text[s->text_count++].name, name, sizeof name);
	s->text[i].value = value;
	return i;
}

/* Where there is a region of a lock's name, what was before and comes after is not
 * counted: who comes first has it alone for a while. */
static void limit_lock(struct gtv_seen *s, const char *name, int over)
{
	for (unsigned i = 0; i < s->owner_count; i++) {
		struct gtv_name known;

		gtv_names_get(gtv_store_names(s->store), GTV_CLASS_LOCK, s->owner[i].lock,
			      &known);
		if (strcmp(known.text, name) != 0)
			continue;
		s->owner[i].over = over;
		if (!over)
			s->owner[i].takes = s->owner[i].worst_ns = 0;
	}
}

static void begin_region(struct gtv_seen *s, const struct gtv_ev *ev)
{
	unsigned i = text_of(s, ev);
	struct text *t = &s->text[i];

	limit_lock(s, t->name, 0);

	if (s->open_count >= s->open_room) {
		void *new = grown(s->open, &s->open_room, s->open_count, sizeof *s->open);

		if (!new) {
			s->no_memory = 1;
			return;
		}
		s->open = new;
	}
	s->open[s->open_count++] = (struct opened){ev->ts_ns, ev->gt, i};
	if (!t->from_ns)
		t->from_ns = ev->ts_ns;
	if (++t->open > t->peak)
		t->peak = t->open;
}

static void end_region(struct gtv_seen *s, const struct gtv_ev *ev)
{
	unsigned i = text_of(s, ev);
	struct text *t = &s->text[i];
	size_t at = s->open_count;

	while (at > 0 && (s->open[at - 1].gt != ev->gt || s->open[at - 1].text != i))
		at--;
	if (!at)
		return;
	uint64_t ns = ev->ts_ns - s->open[at - 1].from_ns;

	limit_lock(s, t->name, 1);
	memmove(&s->open[at - 1], &s->open[at], (s->open_count - at) * sizeof *s->open);
	s->open_count--;
	t->open--;
	t->count++;
	t->sum_ns += ns;
	if (ns > t->max_ns)
		t->max_ns = ns;
	t->to_ns = ev->ts_ns;
}

static void on_note(void *arg, const struct gtv_ev *ev)
{
	struct gtv_seen *s = arg;

	if (ev->kind == GTV_EV_REGION_BEGIN)
		begin_region(s, ev);
	else if (ev->kind == GTV_EV_REGION_END)
		end_region(s, ev);
	else if (ev->kind == GTV_EV_MARK)
		s->text[text_of(s, ev)].marks++;
}

/* Has the region of the lock's name come and gone? */
static int is_over(const struct gtv_seen *s, uint32_t lock)
{
	struct gtv_name known;

	gtv_names_get(gtv_store_names(s->store), GTV_CLASS_LOCK, lock, &known);
	for (unsigned i = 0; known.text[0] && i < s->text_count; i++)
		if (!strcmp(s->text[i].name, known.text))
			return s->text[i].count && !s->text[i].open;
	return 0;
}

static struct owner *owner_of(struct gtv_seen *s, const struct gtv_ev *ev)
{
	for (unsigned i = 0; i < s->owner_count; i++)
		if (s->owner[i].lock == ev->obj && s->owner[i].gt == ev->gt)
			return &s->owner[i];
	if (s->owner_count == OWNERS_MAX)
		return NULL;
	s->owner[s->owner_count] =
		(struct owner){.lock = ev->obj, .gt = ev->gt, .over = is_over(s, ev->obj)};
	return &s->owner[s->owner_count++];
}

static void note_event(struct gtv_seen *s, const struct gtv_ev *ev)
{
	struct owner *o;

	if (ev->kind == GTV_EV_CHAN_SEND && !s->first_sender)
		s->first_sender = ev->gt;
	if ((ev->kind != GTV_EV_LOCK_TAKE && ev->kind != GTV_EV_LOCK_DROP) ||
	    !(o = owner_of(s, ev)))
		return;
	if (ev->kind == GTV_EV_LOCK_DROP) {
		o->dropped_ns = ev->ts_ns;
		return;
	}
	if (o->over)
		return;
	o->takes++;
	if (o->dropped_ns && ev->ts_ns - o->dropped_ns > o->worst_ns)
		o->worst_ns = ev->ts_ns - o->dropped_ns;
}

static int feed(struct gtv_seen *s, struct gtv_model *model, uint64_t end_ns)
{
	struct gtv_walk walk;
	struct gtv_walk_item item;
	int rc = gtv_walk_init(&walk, s->store, 0);

	while (!rc && !(rc = gtv_walk_next(&walk, &item))) {
		if (item.gap) {
			uint64_t to = item.to_ns < end_ns ? item.to_ns : end_ns;

			s->lost++;
			rc = item.from_ns < to ? gtv_model_gap(model, item.from_ns, to) : 0;
			continue;
		}
		for (size_t i = 0; i < item.count && !rc; i++) {
			note_event(s, &item.evs[i]);
			if (item.evs[i].kind == GTV_EV_LOSS)
				s->lost += item.evs[i].arg;
			rc = gtv_model_feed(model, &item.evs[i], 1);
		}
	}
	gtv_walk_fini(&walk);
	if (rc == 1)
		gtv_model_finish(model, end_ns);
	return rc == 1 ? 0 : rc;
}

static void take_totals(struct gtv_seen *s, const struct gtv_model *model)
{
	memcpy(s->counts, gtv_model_counts(model), sizeof s->counts);
	for (size_t i = 0; i < gtv_model_thread_count(model); i++) {
		struct gtv_thread_totals t;

		if (gtv_model_thread_totals(model, i, &t) || !t.ours)
			continue;
		s->os_threads++;
		s->migrations += t.migrations;
		s->os_switches += t.switches;
	}
}

static int read_store(struct gtv_seen *s)
{
	const struct gtv_model_sink sink = {.arg = s, .span = on_span, .note = on_note};
	struct gtv_store_info info;
	uint64_t from_ns, end_ns;
	struct gtv_model *model;
	int rc;

	gtv_store_get_info(s->store, &info);
	s->level = info.clock == GTV_CLOCK_SIM ? -1 : info.level;
	if (gtv_store_range(s->store, &from_ns, &end_ns))
		return 0;
	model = gtv_model_new(info.level, gtv_store_names(s->store), &sink);
	if (!model)
		return -GTV_ENOMEM;
	rc = feed(s, model, end_ns - 1);
	take_totals(s, model);
	gtv_model_free(model);
	return s->no_memory ? -GTV_ENOMEM : rc;
}

struct gtv_seen *gtv_seen_read(const char *file, struct gtv_err *err)
{
	struct gtv_seen *s = calloc(1, sizeof *s);
	int rc;

	if (!s) {
		gtv_err_set(err, GTV_ENOMEM, file, "", "out of memory");
		return NULL;
	}
	rc = gtv_out_open(file, &s->store, err);
	if (!rc && (rc = read_store(s)))
		gtv_err_set(err, -rc, file, "gtviz check FILE", "%s",
			    rc == -GTV_ENOMEM ? "out of memory" : "it cannot be read");
	if (!rc)
		return s;
	gtv_seen_free(s);
	return NULL;
}

void gtv_seen_free(struct gtv_seen *s)
{
	if (!s)
		return;
	gtv_store_close(s->store);
	free(s->open);
	free(s->green);
	free(s);
}

int gtv_seen_level(const struct gtv_seen *s)
{
	return s->level;
}

uint64_t gtv_seen_lost(const struct gtv_seen *s)
{
	return s->lost;
}

/* ---- asking ---- */

static int begins(const char *text, const char *with, size_t size)
{
	return !strncmp(text, with, size);
}

/* All green threads whose names begin so, as one. Returns how many. */
static unsigned gather(const struct gtv_seen *s, const char *name, size_t size,
		       struct green *out)
{
	unsigned found = 0;

	memset(out, 0, sizeof *out);
	for (uint32_t id = 1; id < s->green_room; id++) {
		const struct green *g = &s->green[id];
		struct gtv_name known;

		if (!g->first_ns)
			continue;
		gtv_names_get(gtv_store_names(s->store), GTV_CLASS_GT, id, &known);
		if (!begins(known.text, name, size))
			continue;
		found++;
		if (!out->first_ns || g->first_ns < out->first_ns)
			out->first_ns = g->first_ns;
		if (g->last_ns > out->last_ns)
			out->last_ns = g->last_ns;
		for (unsigned i = 0; i < GTV_ST_MAX; i++) {
			out->state[i].count += g->state[i].count;
			out->state[i].sum_ns += g->state[i].sum_ns;
			if (g->state[i].max_ns > out->state[i].max_ns)
				out->state[i].max_ns = g->state[i].max_ns;
		}
	}
	return found;
}

static int ask_state(const struct gtv_seen *s, enum gtv_seen_kind kind, const char *subject,
		     double *value)
{
	size_t size = strcspn(subject, ":");
	const char *word = subject + size + (subject[size] == ':');
	uint64_t life_ns = 0;
	struct green g;
	unsigned st = 0;

	if (!gather(s, subject, size, &g))
		return -GTV_ENOTFOUND;
	if (kind == GTV_SEEN_BUSY) {
		if (g.last_ns <= g.first_ns)
			return -GTV_ENOTFOUND;
		*value = (double)g.state[GTV_ST_RUNNING].sum_ns /
			 (double)(g.last_ns - g.first_ns);
		return 0;
	}
	while (st < GTV_ST_MAX && strcmp(gtv_state_name(st), word) != 0)
		st++;
	if (st == GTV_ST_MAX)
		return -GTV_ENOTFOUND;
	for (unsigned i = 0; i < GTV_ST_MAX; i++)
		life_ns += i == GTV_ST_DONE ? 0 : g.state[i].sum_ns;
	const struct state *in = &g.state[st];

	if (kind == GTV_SEEN_STATE_SUM)
		*value = (double)in->sum_ns;
	else if (kind == GTV_SEEN_STATE_MEAN)
		*value = in->count ? (double)in->sum_ns / (double)in->count : 0;
	else if (kind == GTV_SEEN_STATE_MAX)
		*value = (double)in->max_ns;
	else if (kind == GTV_SEEN_STATE_COUNT)
		*value = (double)in->count;
	else
		*value = life_ns ? (double)in->sum_ns / (double)life_ns : 0;
	return 0;
}

/* s->text_count: there is none. */
static unsigned find_text(const struct gtv_seen *s, const char *name, size_t size)
{
	unsigned i = 0;

	while (i < s->text_count &&
	       (strncmp(s->text[i].name, name, size) != 0 || s->text[i].name[size]))
		i++;
	return i;
}

static int ask_each(const struct gtv_seen *s, const char *subject, double *value)
{
	size_t size = strcspn(subject, "/");
	unsigned i = find_text(s, subject, size);
	unsigned n = find_text(s, subject + size + 1, strlen(subject + size + 1));

	if (i == s->text_count || n == s->text_count || s->text[n].value <= 0)
		return -GTV_ENOTFOUND;
	*value = (double)s->text[i].sum_ns / s->text[n].value;
	return 0;
}

static int ask_text(const struct gtv_seen *s, enum gtv_seen_kind kind, const char *subject,
		    double *value)
{
	unsigned i = find_text(s, subject, strlen(subject));

	/* What never happened was never named: that is a count too. */
	if (i == s->text_count) {
		*value = 0;
		return kind == GTV_SEEN_MARKS ? 0 : -GTV_ENOTFOUND;
	}
	const struct text *t = &s->text[i];

	if (kind == GTV_SEEN_MARKS)
		*value = (double)t->marks;
	else if (kind == GTV_SEEN_VALUE)
		*value = t->value;
	else if (kind == GTV_SEEN_REGION_PEAK)
		*value = (double)t->peak;
	else if (!t->count)
		return -GTV_ENOTFOUND;
	else if (kind == GTV_SEEN_REGION_SUM)
		*value = (double)t->sum_ns;
	else if (kind == GTV_SEEN_REGION_MEAN)
		*value = (double)t->sum_ns / (double)t->count;
	else if (kind == GTV_SEEN_REGION_MAX)
		*value = (double)t->max_ns;
	else if (kind == GTV_SEEN_REGION_COUNT)
		*value = (double)t->count;
	else if (t->to_ns > t->from_ns)
		*value = (double)t->count * 1e9 / (double)(t->to_ns - t->from_ns);
	else
		return -GTV_ENOTFOUND;
	return 0;
}

static int ask_lock(const struct gtv_seen *s, enum gtv_seen_kind kind, const char *subject,
		    double *value)
{
	uint64_t least = UINT64_MAX, most = 0, sum = 0, worst_ns = 0;
	unsigned owners = 0;
	struct green g;

	for (unsigned i = 0; i < s->owner_count; i++) {
		const struct owner *o = &s->owner[i];
		struct gtv_name known;

		gtv_names_get(gtv_store_names(s->store), GTV_CLASS_LOCK, o->lock, &known);
		if (strcmp(known.text, subject) != 0)
			continue;
		least = o->takes < least ? o->takes : least;
		most = o->takes > most ? o->takes : most;
		worst_ns = o->worst_ns > worst_ns ? o->worst_ns : worst_ns;
		sum += o->takes;
		owners++;
	}
	if (!sum)
		return -GTV_ENOTFOUND;
	/* Who wants it is named after it; some may never have had it. */
	if (gather(s, subject, strlen(subject), &g) > owners)
		least = 0;
	*value = kind == GTV_SEEN_LOCK_TAKES   ? (double)sum
		 : kind == GTV_SEEN_LOCK_RATIO ? (double)most / (double)(least ? least : 1)
					       : (double)worst_ns;
	return 0;
}

static int ask_count(const struct gtv_seen *s, const char *subject, double *value)
{
	for (unsigned c = 0; c < GTV_COUNT_MAX; c++) {
		if (strcmp(gtv_counter_name(c), subject) != 0)
			continue;
		*value = (double)s->counts[c];
		return 0;
	}
	return -GTV_ENOTFOUND;
}

int gtv_seen_ask(const struct gtv_seen *s, enum gtv_seen_kind kind, const char *subject,
		 double *value)
{
	struct gtv_name known;

	switch (kind) {
	case GTV_SEEN_REGION_EACH:
		return ask_each(s, subject, value);
	case GTV_SEEN_REGION_SUM:
	case GTV_SEEN_REGION_MEAN:
	case GTV_SEEN_REGION_MAX:
	case GTV_SEEN_REGION_COUNT:
	case GTV_SEEN_REGION_PEAK:
	case GTV_SEEN_REGION_RATE:
	case GTV_SEEN_MARKS:
	case GTV_SEEN_VALUE:
		return ask_text(s, kind, subject, value);
	case GTV_SEEN_COUNT:
		return ask_count(s, subject, value);
	case GTV_SEEN_STATE_SUM:
	case GTV_SEEN_STATE_MEAN:
	case GTV_SEEN_STATE_MAX:
	case GTV_SEEN_STATE_COUNT:
	case GTV_SEEN_STATE_SHARE:
	case GTV_SEEN_BUSY:
		return ask_state(s, kind, subject, value);
	case GTV_SEEN_LOCK_TAKES:
	case GTV_SEEN_LOCK_RATIO:
	case GTV_SEEN_LOCK_WORST:
		return ask_lock(s, kind, subject, value);
	case GTV_SEEN_SENDER:
		if (!s->first_sender)
			return -GTV_ENOTFOUND;
		/* The first of all is main. */
		gtv_names_get(gtv_store_names(s->store), GTV_CLASS_GT, s->first_sender,
			      &known);
		*value = (double)known.local - 1;
		return 0;
	case GTV_SEEN_MIGRATIONS:
	case GTV_SEEN_OS_SWITCHES:
		/* Without a kernel nobody has told. */
		if (!s->level)
			return -GTV_ENOTFOUND;
		*value = (double)(kind == GTV_SEEN_MIGRATIONS ? s->migrations
							      : s->os_switches);
		return 0;
	case GTV_SEEN_OS_THREADS:
		*value = (double)s->os_threads;
		return 0;
	}
	return -GTV_ENOTFOUND;
}
