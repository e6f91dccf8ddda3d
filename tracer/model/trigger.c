/* SPDX-License-Identifier: MIT
 *
 * The watch. For each lane that is, or has just been, in a state that is asked for, it
 * remembers since when it has been so without a break: spans that touch are one wait,
 * though the lock's owner changed meanwhile. A span that ends is looked at when the
 * model tells it; what is still open a few hundred times a second at most, and always
 * before a hit is told, so that hits come in order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/model/explain_priv.h"
#include "tracer/model/findings.h"
#include "tracer/model/trigger_priv.h"

#define NONE	    UINT64_MAX
#define PENDING_MAX 256
#define LOOK_MIN_NS 200000u
#define LOOK_MAX_NS 10000000u
#define LANE_NS	    2000u      /* looks are so far apart for each lane they meet */
#define LIST_NS	    100000000u /* the findings are asked for so seldom */
#define FOUND_MAX   64

/* A lane in a state that is asked for, by alternative: since when (NONE: it is not), by
 * whom or for what, and whether that was told. */
struct lane_state {
	struct gtv_lane lane;
	uint64_t to_ns; /* up to when all of this is known; 0 and kind 0: a free place */
	uint64_t from_ns[GTV_TRIGGER_ALTS];
	uint32_t key[GTV_TRIGGER_ALTS];
	uint8_t fired, met; /* a bit for each alternative; the last look met it */
};

struct gtv_watch {
	struct gtv_condition c;
	const struct gtv_names *names;
	struct gtv_model_sink next;
	uint32_t any[GTV_LANE_KIND_MAX]; /* states of all alternatives */
	int has_spans, has_marks;
	uint64_t quiet_ns; /* no hit before */
	uint64_t now_ns;   /* the model knows all up to here */
	uint64_t look_ns;  /* when to look at what is open */
	uint64_t apart_ns; /* between looks, at least */
	int green;	   /* the program has green threads */

	struct lane_state *lane; /* open addressing */
	size_t size, used;
	size_t met; /* lanes by the last look */

	struct gtv_trigger_hit pending[PENDING_MAX]; /* the earliest first */
	int count;
	int looked; /* what is open was looked at since the last event */

	struct gtv_findings *findings; /* NULL: none is asked for */
	struct gtv_model_sink to_findings;
	uint64_t list_ns;
	uint64_t times[GTV_FIND_MAX]; /* as they were told last */
};

/* ---- names ---- */

/* Bytes of the pattern are taken one after the other; after a * the rest is tried from
 * each place, going back to the last * only: as in the usual iterative matcher. */
int gtv_trigger_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return 0;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static int is_id(const char *pattern, struct gtv_lane lane)
{
	static const char letters[] = "?CTGL"; /* by enum gtv_lane_kind */
	char id[16];

	snprintf(id, sizeof(id), "%c%u", letters[lane.kind], lane.id);
	return gtv_trigger_matches(pattern, id);
}

static int lane_is(const struct gtv_watch *w, const char *pattern, enum gtv_lane_kind kind,
		   uint32_t id)
{
	static const enum gtv_class cls[GTV_LANE_KIND_MAX] = {
		[GTV_LANE_THREAD] = GTV_CLASS_THREAD,
		[GTV_LANE_GT] = GTV_CLASS_GT,
		[GTV_LANE_LOCK] = GTV_CLASS_LOCK};
	char label[GTV_NAME_BYTES * 4];
	struct gtv_name name;

	if (!id && kind != GTV_LANE_CORE)
		return 0;
	if (is_id(pattern, (struct gtv_lane){(uint8_t)kind, id}))
		return 1;
	if (kind == GTV_LANE_CORE || !w->names)
		return 0;
	if (!gtv_names_get(w->names, cls[kind], id, &name) &&
	    gtv_trigger_matches(pattern, name.text))
		return 1;
	/* As it is shown, too: a GIL without a name is called GIL, a worker W0. */
	gtv_names_label(w->names, cls[kind], id, label, sizeof(label));
	return gtv_trigger_matches(pattern, label);
}

static int who_is(const struct gtv_watch *w, const char *pattern, const struct gtv_span *s)
{
	enum gtv_lane_kind kind = (enum gtv_lane_kind)s->lane.kind;

	return lane_is(w, pattern, kind, s->lane.id) ||
	       lane_is(w, pattern, GTV_LANE_LOCK, s->lock) ||
	       (kind != GTV_LANE_GT && lane_is(w, pattern, GTV_LANE_GT, s->gt)) ||
	       (kind == GTV_LANE_LOCK && !s->gt &&
		lane_is(w, pattern, GTV_LANE_THREAD, s->tid));
}

static int gt_is(const struct gtv_watch *w, const char *pattern, const struct gtv_span *s)
{
	uint32_t gt = s->lane.kind == GTV_LANE_GT ? s->lane.id : s->gt;

	return lane_is(w, pattern, GTV_LANE_GT, gt);
}

static int lock_is(const struct gtv_watch *w, const char *pattern, const struct gtv_span *s)
{
	uint32_t lock = s->lane.kind == GTV_LANE_LOCK ? s->lane.id : s->lock;

	return lane_is(w, pattern, GTV_LANE_LOCK, lock);
}

/* Threads: the program's own only; where there are green threads, it is these that wait
 * and run, and their workers' waits for work are nobody's loss. */
static int thread_counts(const struct gtv_watch *w, const struct gtv_trigger_alt *a,
			 const struct gtv_span *s)
{
	struct gtv_name name;

	if (a->word == GTV__WORD_WAIT && !s->lock)
		return 0;
	if (!w->names)
		return 1;
	if ((a->word == GTV__WORD_WAIT || a->word == GTV__WORD_RUN) &&
	    gtv_names_count(w->names, GTV_CLASS_GT))
		return 0;
	return !gtv_names_get(w->names, GTV_CLASS_THREAD, s->lane.id, &name) &&
	       name.flags & GTV_NAME_OURS;
}

static int concerns(const struct gtv_watch *w, const struct gtv_trigger_alt *a,
		    const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_THREAD && !a->who[0] && !thread_counts(w, a, s))
		return 0;
	return (!a->who[0] || who_is(w, a->who, s)) && (!a->gt[0] || gt_is(w, a->gt, s)) &&
	       (!a->lock[0] || lock_is(w, a->lock, s));
}

/* ---- hits ---- */

static int rank_of(const struct gtv_trigger_hit *hit)
{
	static const int rank[GTV_LANE_KIND_MAX] = {[GTV_LANE_GT] = 0,
						    [GTV_LANE_LOCK] = 1,
						    [GTV_LANE_THREAD] = 2,
						    [GTV_LANE_CORE] = 3};

	return rank[hit->lane.kind % GTV_LANE_KIND_MAX];
}

static int comes_before(const struct gtv_trigger_hit *a, const struct gtv_trigger_hit *b)
{
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns;
	if (rank_of(a) != rank_of(b))
		return rank_of(a) < rank_of(b);
	return a->lane.id < b->lane.id;
}

/* Into its place; of too many the latest go. */
static void add_hit(struct gtv_watch *w, const struct gtv_trigger_hit *hit)
{
	int i;

	if (hit->ts_ns < w->quiet_ns)
		return;
	if (w->count == PENDING_MAX) {
		if (!comes_before(hit, &w->pending[w->count - 1]))
			return;
		w->count--;
	}
	for (i = w->count++; i > 0 && comes_before(hit, &w->pending[i - 1]); i--)
		w->pending[i] = w->pending[i - 1];
	w->pending[i] = *hit;
}

int gtv_watch_next(struct gtv_watch *w, struct gtv_trigger_hit *out)
{
	if (!w->count)
		return 0;
	*out = w->pending[0];
	memmove(&w->pending[0], &w->pending[1], (size_t)--w->count * sizeof(*w->pending));
	return 1;
}

void gtv_watch_hold(struct gtv_watch *w, uint64_t ts_ns)
{
	int kept = 0;

	w->quiet_ns = ts_ns;
	for (int i = 0; i < w->count; i++)
		if (w->pending[i].ts_ns >= ts_ns)
			w->pending[kept++] = w->pending[i];
	w->count = kept;
}

/* ---- lanes ---- */

static size_t slot_of(const struct gtv_watch *w, struct gtv_lane lane)
{
	uint64_t h = ((uint64_t)lane.kind << 32 | lane.id) * 0x9e3779b97f4a7c15u;

	for (size_t i = (size_t)(h >> 20) & (w->size - 1);; i = (i + 1) & (w->size - 1))
		if (!w->lane[i].lane.kind ||
		    (w->lane[i].lane.kind == lane.kind && w->lane[i].lane.id == lane.id))
			return i;
}

/* A table of this size with the lanes that are worth it: those that the last look did not
 * meet have ended. 0 or -GTV_ENOMEM. */
static int rebuild(struct gtv_watch *w, size_t size, int all)
{
	struct lane_state *old = w->lane;
	size_t old_size = w->size;

	w->lane = calloc(size, sizeof(*w->lane));
	if (!w->lane) {
		w->lane = old;
		return -GTV_ENOMEM;
	}
	w->size = size;
	w->used = 0;
	for (size_t i = 0; i < old_size; i++) {
		if (!old[i].lane.kind || (!all && !old[i].met))
			continue;
		w->lane[slot_of(w, old[i].lane)] = old[i];
		w->used++;
	}
	free(old);
	return 0;
}

/* Its place, a new one if it has none; NULL without memory. */
static struct lane_state *state_of(struct gtv_watch *w, struct gtv_lane lane)
{
	if (2 * (w->used + 1) > w->size && rebuild(w, 2 * w->size, 1))
		return NULL;
	struct lane_state *l = &w->lane[slot_of(w, lane)];

	if (l->lane.kind)
		return l;
	l->lane = lane;
	l->met = 1;
	for (int i = 0; i < GTV_TRIGGER_ALTS; i++)
		l->from_ns[i] = NONE;
	w->used++;
	return l;
}

/* What must stay the same for it to be one and the same wait, or hold. */
static uint32_t key_of(const struct gtv_trigger_alt *a, const struct gtv_span *s)
{
	if (s->lane.kind == GTV_LANE_LOCK)
		return s->gt ? s->gt : s->tid;
	return a->word == GTV__WORD_WAIT ? s->lock : 0;
}

/* It has been so up to s->to_ns: is that long enough? */
static void try_fire(struct gtv_watch *w, struct lane_state *l, int alt,
		     const struct gtv_span *s)
{
	const struct gtv_trigger_alt *a = &w->c.alt[alt];
	uint64_t from = l->from_ns[alt], ts;

	if (l->fired >> alt & 1 || s->to_ns - from < a->min_ns)
		return;
	ts = from + a->min_ns;
	if (ts >= w->quiet_ns && concerns(w, a, s))
		add_hit(w, &(struct gtv_trigger_hit){
				   .ts_ns = ts,
				   .from_ns = from,
				   .lane = s->lane,
				   .alt = (uint8_t)alt,
				   .state = s->state,
				   .lock = s->lane.kind == GTV_LANE_LOCK ? s->lane.id
									 : s->lock,
				   .owner = s->lane.kind == GTV_LANE_LOCK ? s->gt : 0});
	/* By this span or not: that name is another's, until the next span. */
	if (ts < w->quiet_ns || concerns(w, a, s))
		l->fired |= (uint8_t)(1u << alt);
}

/* A span of a state that is asked for, up to s->to_ns. It goes on where the lane was. */
static void take_span(struct gtv_watch *w, const struct gtv_span *s, int open)
{
	struct lane_state *l = state_of(w, s->lane);

	if (!l)
		return;
	l->met = 1;
	for (int i = 0; i < w->c.alts; i++) {
		const struct gtv_trigger_alt *a = &w->c.alt[i];

		if (a->kind != GTV_TRIGGER_SPAN ||
		    !(a->states[s->lane.kind] >> s->state & 1)) {
			l->from_ns[i] = NONE;
			continue;
		}
		uint32_t key = key_of(a, s);
		int goes_on =
			l->from_ns[i] != NONE && l->to_ns == s->from_ns && l->key[i] == key;

		if (!goes_on) {
			l->from_ns[i] = s->from_ns;
			l->key[i] = key;
			l->fired &= (uint8_t) ~(1u << i);
		}
		try_fire(w, l, i, s);
	}
	/* What is open will be told again, from its beginning. */
	l->to_ns = open ? s->from_ns : s->to_ns;
}

static int is_asked(const struct gtv_watch *w, const struct gtv_span *s)
{
	return w->any[s->lane.kind % GTV_LANE_KIND_MAX] >> (s->state & 31) & 1;
}

static void open_span(void *arg, const struct gtv_span *s)
{
	struct gtv_watch *w = arg;

	w->met++;
	/* What begins now may end at this very instant, and never be told. */
	if (is_asked(w, s) && s->to_ns > s->from_ns)
		take_span(w, s, 1);
}

/* What is open now, which no event may ever end. */
static void look(struct gtv_watch *w, const struct gtv_model *m)
{
	for (size_t i = 0; i < w->size; i++)
		w->lane[i].met = 0;
	w->met = 0;
	gtv_model_open_spans(m, w->now_ns, open_span, w);
	w->looked = 1;
	uint64_t apart = w->met * LANE_NS;

	w->look_ns = w->now_ns + (apart > w->apart_ns ? apart : w->apart_ns);
	if (w->used > 1024 && w->used > 2 * w->met)
		rebuild(w, w->size, 0);
}

/* ---- the model's sink ---- */

static void on_span(void *arg, const struct gtv_span *s)
{
	struct gtv_watch *w = arg;

	if (w->next.span)
		w->next.span(w->next.arg, s);
	if (w->to_findings.span)
		w->to_findings.span(w->to_findings.arg, s);
	if (is_asked(w, s))
		take_span(w, s, 0);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	struct gtv_watch *w = arg;

	if (w->next.edge)
		w->next.edge(w->next.arg, edge);
	if (w->to_findings.edge)
		w->to_findings.edge(w->to_findings.arg, edge);
}

static void take_note(struct gtv_watch *w, int alt, const struct gtv_ev *ev)
{
	const struct gtv_trigger_alt *a = &w->c.alt[alt];
	struct gtv_trigger_hit hit = {.ts_ns = ev->ts_ns,
				      .from_ns = ev->ts_ns,
				      .lane = {GTV_LANE_GT, ev->gt},
				      .alt = (uint8_t)alt};

	memcpy(hit.note, &ev->obj, sizeof(ev->obj));
	memcpy(hit.note + 4, &ev->seq, sizeof(ev->seq));
	memcpy(hit.note + 8, &ev->arg, sizeof(ev->arg));
	if (!ev->gt)
		hit.lane = (struct gtv_lane){GTV_LANE_THREAD, ev->tid};
	struct gtv_span who = {.lane = hit.lane};

	if (gtv_trigger_matches(a->mark, hit.note) && (!a->gt[0] || gt_is(w, a->gt, &who)))
		add_hit(w, &hit);
}

static void on_note(void *arg, const struct gtv_ev *ev)
{
	struct gtv_watch *w = arg;

	if (w->next.note)
		w->next.note(w->next.arg, ev);
	if (w->to_findings.note)
		w->to_findings.note(w->to_findings.arg, ev);
	if (ev->kind != GTV_EV_REGION_END)
		for (int i = 0; i < w->c.alts; i++)
			if (w->c.alt[i].kind == GTV_TRIGGER_MARK)
				take_note(w, i, ev);
}

static void on_extra(void *arg, const struct gtv_ev *ev)
{
	struct gtv_watch *w = arg;

	if (w->next.extra)
		w->next.extra(w->next.arg, ev);
	if (w->to_findings.extra)
		w->to_findings.extra(w->to_findings.arg, ev);
}

struct gtv_model_sink gtv_watch_sink(struct gtv_watch *w, const struct gtv_model_sink *next)
{
	w->next = next ? *next : (struct gtv_model_sink){0};
	return (struct gtv_model_sink){
		.arg = w,
		.span = on_span,
		.edge = w->next.edge || w->to_findings.edge ? on_edge : NULL,
		.note = w->next.note || w->to_findings.note || w->has_marks ? on_note
									    : NULL,
		.extra = w->next.extra || w->to_findings.extra ? on_extra : NULL,
	};
}

/* ---- findings ---- */

static void found(struct gtv_watch *w, const struct gtv_finding *f)
{
	struct gtv_trigger_hit hit = {.from_ns = f->from_ns, .lane = f->lane[0]};
	int is_new = f->times > w->times[f->kind];

	/* Of the first the evidence is shown; of those after it what is known is that it
	 * has happened again. */
	hit.ts_ns = w->times[f->kind] || f->to_ns > w->now_ns ? w->now_ns : f->to_ns;
	w->times[f->kind] = f->times;
	for (int i = 0; i < w->c.alts && is_new; i++) {
		if (w->c.alt[i].kind != GTV_TRIGGER_FINDING ||
		    w->c.alt[i].finding != f->kind)
			continue;
		hit.alt = (uint8_t)i;
		add_hit(w, &hit);
	}
}

static void ask_findings(struct gtv_watch *w)
{
	struct gtv_finding list[FOUND_MAX];
	uint8_t seen[GTV_FIND_MAX] = {0};
	size_t count = gtv_findings_list(w->findings, list, FOUND_MAX);

	for (size_t i = 0; i < count && i < FOUND_MAX; i++) {
		if (!seen[list[i].kind]++) /* of a kind the worst */
			found(w, &list[i]);
	}
	w->list_ns = w->now_ns + LIST_NS;
}

/* ---- feeding ---- */

void gtv_watch_upto(struct gtv_watch *w, const struct gtv_model *m, uint64_t now_ns)
{
	if (now_ns > w->now_ns)
		w->now_ns = now_ns;
	if (w->has_spans && (w->now_ns >= w->look_ns || (w->count && !w->looked)))
		look(w, m);
	if (w->findings && w->now_ns >= w->list_ns)
		ask_findings(w);
}

int gtv_watch_feed(struct gtv_watch *w, struct gtv_model *m, const struct gtv_ev *evs,
		   size_t count)
{
	int rc = w->findings ? gtv_findings_feed(w->findings, m, evs, count)
			     : gtv_model_feed(m, evs, count);

	w->looked = 0;
	if (count)
		gtv_watch_upto(w, m, evs[count - 1].ts_ns);
	return rc;
}

int gtv_watch_gap(struct gtv_watch *w, struct gtv_model *m, uint64_t from_ns,
		  uint64_t to_ns)
{
	int rc = w->findings ? gtv_findings_gap(w->findings, m, from_ns, to_ns)
			     : gtv_model_gap(m, from_ns, to_ns);

	w->looked = 0;
	gtv_watch_upto(w, m, to_ns);
	return rc;
}

/* ---- life ---- */

static void learn_condition(struct gtv_watch *w)
{
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < w->c.alts; i++) {
		const struct gtv_trigger_alt *a = &w->c.alt[i];

		w->has_marks |= a->kind == GTV_TRIGGER_MARK;
		if (a->kind != GTV_TRIGGER_SPAN)
			continue;
		w->has_spans = 1;
		for (int k = 0; k < GTV_LANE_KIND_MAX; k++)
			w->any[k] |= a->states[k];
		if (a->min_ns < shortest)
			shortest = a->min_ns;
	}
	w->apart_ns = shortest / 4 < LOOK_MIN_NS   ? LOOK_MIN_NS
		      : shortest / 4 > LOOK_MAX_NS ? LOOK_MAX_NS
						   : shortest / 4;
}

struct gtv_watch *gtv_watch_new(const struct gtv_condition *condition, int level,
				const struct gtv_names *names, uint64_t armed_ns)
{
	struct gtv_watch *w = calloc(1, sizeof(*w));
	int wants = 0;

	if (!w)
		return NULL;
	w->c = *condition;
	w->names = names;
	w->quiet_ns = armed_ns;
	learn_condition(w);
	for (int i = 0; i < w->c.alts; i++)
		wants |= w->c.alt[i].kind == GTV_TRIGGER_FINDING;
	if (wants && (w->findings = gtv_findings_new(level, names)))
		w->to_findings = gtv_findings_sink(w->findings);
	if ((wants && !w->findings) || rebuild(w, 64, 1)) {
		gtv_watch_free(w);
		return NULL;
	}
	return w;
}

void gtv_watch_free(struct gtv_watch *w)
{
	if (!w)
		return;
	gtv_findings_free(w->findings);
	free(w->lane);
	free(w);
}

/* ---- words ---- */

static const char *label_of(const struct gtv_names *names, struct gtv_lane lane,
			    char buf[GTV__WORD])
{
	static const enum gtv_class cls[GTV_LANE_KIND_MAX] = {
		[GTV_LANE_THREAD] = GTV_CLASS_THREAD,
		[GTV_LANE_GT] = GTV_CLASS_GT,
		[GTV_LANE_LOCK] = GTV_CLASS_LOCK};

	if (lane.kind == GTV_LANE_CORE || !cls[lane.kind % GTV_LANE_KIND_MAX] || !names)
		snprintf(buf, GTV__WORD, "%c%u", "?CTGL"[lane.kind % GTV_LANE_KIND_MAX],
			 lane.id);
	else
		gtv_names_label(names, cls[lane.kind], lane.id, buf, GTV__WORD);
	return buf;
}

/* What it did, by the word that was asked for. */
static const char *phrase(const struct gtv_trigger_alt *a,
			  const struct gtv_trigger_hit *hit)
{
	switch (a->word) {
	case GTV__WORD_WAIT:
		return "waits";
	case GTV__WORD_HOLD:
		return "is held";
	case GTV__WORD_OFF:
		return "is held off core";
	case GTV__WORD_READY:
		return "is ready, and not on a core";
	case GTV__WORD_RUN:
		return a->min_ns ? "runs, and does not yield" : "runs";
	default:
		return gtv_state_name(hit->state);
	}
}

char *gtv_trigger_say(const struct gtv_condition *c, const struct gtv_trigger_hit *hit,
		      const struct gtv_names *names, char *buf, size_t size)
{
	const struct gtv_trigger_alt *a = &c->alt[hit->alt % GTV_TRIGGER_ALTS];
	char who[GTV__WORD], other[GTV__WORD], ns[GTV__WORD];
	const char *link = "";

	label_of(names, hit->lane, who);
	other[0] = ns[0] = '\0';
	if (a->kind == GTV_TRIGGER_FINDING) {
		snprintf(buf, size, "found: %s (%s)", gtv_finding_title(a->finding), who);
		return buf;
	}
	if (a->kind == GTV_TRIGGER_MARK) {
		gtv_names_escape(hit->note, other, sizeof(other));
		snprintf(buf, size, "%s marks \"%s\"", who, other);
		return buf;
	}
	if (hit->lane.kind == GTV_LANE_LOCK && hit->owner) {
		link = " by ";
		label_of(names, (struct gtv_lane){GTV_LANE_GT, hit->owner}, other);
	} else if (hit->lane.kind != GTV_LANE_LOCK && hit->lock &&
		   a->word == GTV__WORD_WAIT) {
		link = " for ";
		label_of(names, (struct gtv_lane){GTV_LANE_LOCK, hit->lock}, other);
	}
	if (a->min_ns)
		gtv__word_ns(a->min_ns, ns);
	snprintf(buf, size, "%s %s%s%s%s%s", who, phrase(a, hit), link, other,
		 a->min_ns ? ", for " : "", ns);
	return buf;
}
