/* SPDX-License-Identifier: MIT */
#include "tui/trace/asking.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/trace/beyond.h"
#include "tui/trace/follow.h"
#include "tui/trace/span.h"

/* What is known so soon is in the frame that answers the key. */
#define AT_ONCE_NS 3000000u

/* A question, and its answer. */
struct question {
	enum tui_asked kind;
	int dir;
	struct gtv_span span;	/* to_ns 0: the selected one, which is still sought */
	struct gtv_span before; /* what was selected when it was asked; and whose */
	struct gtv_lane lane;
	struct tui_follow follow;
	struct tui_followed followed;
	struct gtv_explanation why;
	struct tui_beyond far;
	int rc;
};

struct tui_asking {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct gtv_window *window;
	const struct gtv_names *names;
	struct question now;  /* the thread's while it runs */
	struct question next; /* kind 0: none waits */
	int runs;	      /* there is a thread */
	int done;	      /* it has answered: under the lock */
	int stop;	      /* nobody wants to know: atomic */
	int crowd;	      /* so many lanes that the window is not kept */
};

#define CROWD 4096u

static int is_known(const struct gtv_span *s)
{
	return s->to_ns > s->from_ns;
}

static int same_span(const struct gtv_span *a, const struct gtv_span *b)
{
	return a->lane.kind == b->lane.kind && a->lane.id == b->lane.id &&
	       a->from_ns == b->from_ns && is_known(a) == is_known(b);
}

static int stopped(void *arg, int worked)
{
	const struct tui_asking *a = arg;

	(void)worked;
	return __atomic_load_n(&a->stop, __ATOMIC_ACQUIRE);
}

static void find_out(struct gtv_window *w, const struct gtv_names *names,
		     struct question *q)
{
	if (q->kind == TUI_ASKED_EDGE)
		q->rc = tui_follow(w, &q->follow, &q->followed);
	else if (q->kind == TUI_ASKED_SPAN)
		q->rc = tui_beyond(w, &q->far, &q->span);
	else
		q->rc = gtv_explain_wait(w, names, &q->span, &q->why);
}

static void *answer(void *arg)
{
	struct tui_asking *a = arg;

	find_out(a->window, a->names, &a->now);
	/* It may have taken hundreds of megabytes, and the time to give them back. */
	if (a->crowd) {
		gtv_window_free(a->window);
		a->window = NULL;
	}
	pthread_mutex_lock(&a->lock);
	a->done = 1;
	pthread_cond_signal(&a->answered);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static struct tui_asking *asking_of(struct tui_trace *t)
{
	struct tui_asking *a = t->asking;
	pthread_condattr_t clock;

	if (a)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->names = t->names;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&a->answered, &clock);
	pthread_condattr_destroy(&clock);
	t->asking = a;
	return a;
}

static int make_window(const struct tui_trace *t, struct tui_asking *a)
{
	a->crowd = gtv_names_count(t->names, GTV_CLASS_GT) +
			   gtv_names_count(t->names, GTV_CLASS_THREAD) >
		   CROWD;
	if (a->window)
		return 0;
	a->window = gtv_window_new(t->store);
	if (!a->window)
		return -GTV_ENOMEM;
	gtv_window_until(a->window, stopped, a);
	return 0;
}

static int is_done(struct tui_asking *a)
{
	pthread_mutex_lock(&a->lock);
	int done = a->done;
	pthread_mutex_unlock(&a->lock);
	return done;
}

static void wait_a_moment(struct tui_asking *a)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += AT_ONCE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&a->lock);
	while (!a->done && !pthread_cond_timedwait(&a->answered, &a->lock, &until))
		;
	pthread_mutex_unlock(&a->lock);
}

static void end_thread(struct tui_asking *a)
{
	if (a->runs)
		pthread_join(a->thread, NULL);
	a->runs = 0;
}

/* What was found out, into the trace. Returns what the asker is told. */
static int take(struct tui_trace *t, struct question *q)
{
	if (!same_span(&t->nav.span, &q->before))
		return -GTV_EUSAGE;
	if (q->rc)
		return q->rc;
	if (q->kind == TUI_ASKED_EDGE) {
		tui_follow_take(t, &q->follow, &q->followed);
		return 0;
	}
	if (q->kind == TUI_ASKED_SPAN) {
		tui_nav_select(&t->nav, &q->span);
		return 0;
	}
	/* Of what is seen now. */
	gtv_explain_similar(t->window, &q->span, &q->why);
	t->explanation = q->why;
	t->explained = 1;
	if (!same_span(&q->span, &q->before))
		tui_nav_select(&t->nav, &q->span);
	return 0;
}

/* The span of the question is known. */
static int settle(struct tui_trace *t, struct question *q)
{
	if (q->kind == TUI_ASKED_SPAN)
		return 0;
	if (!is_known(&q->span)) {
		q->span = t->nav.span;
		q->before = t->nav.span;
	}
	if (!is_known(&q->span))
		return -GTV_ENOTFOUND;
	return q->kind == TUI_ASKED_EDGE ? tui_follow_ask(t, q->dir, &q->follow) : 0;
}

static int ask_at_once(struct tui_trace *t, struct question *q)
{
	int rc = settle(t, q);

	if (rc)
		return rc;
	find_out(t->window, t->names, q);
	return take(t, q);
}

static int begin(struct tui_trace *t, struct question *q)
{
	struct tui_asking *a = asking_of(t);
	int rc = settle(t, q);

	if (rc)
		return rc;
	if (!a || make_window(t, a))
		return ask_at_once(t, q);
	a->now = *q;
	a->next.kind = TUI_ASKED_NOTHING;
	a->done = 0;
	__atomic_store_n(&a->stop, 0, __ATOMIC_RELEASE);
	if (pthread_create(&a->thread, NULL, answer, a))
		return ask_at_once(t, q);
	a->runs = 1;
	wait_a_moment(a);
	if (!is_done(a))
		return TUI_ASKED_LATER;
	end_thread(a);
	return take(t, &a->now);
}

static int ask(struct tui_trace *t, struct question *q)
{
	struct tui_asking *a;
	int is_sought =
		q->kind != TUI_ASKED_SPAN && !is_known(&q->span) && !is_known(&t->nav.span);

	q->before = t->nav.span;
	q->lane = t->nav.selected;
	if (is_sought && !tui_span_unread(t))
		return -GTV_ENOTFOUND;
	if (!t->sought.later)
		return ask_at_once(t, q);
	tui_asking_drop(t);
	a = asking_of(t);
	if (!a)
		return ask_at_once(t, q);
	if (!is_sought && !a->runs)
		return begin(t, q);
	a->next = *q;
	return TUI_ASKED_LATER;
}

int tui_ask_edge(struct tui_trace *t, int dir)
{
	struct question q = {.kind = TUI_ASKED_EDGE, .dir = dir};

	return ask(t, &q);
}

int tui_ask_why(struct tui_trace *t, const struct gtv_span *span)
{
	struct question q = {.kind = TUI_ASKED_WHY};

	if (span)
		q.span = *span;
	return ask(t, &q);
}

int tui_ask_span(struct tui_trace *t, struct gtv_lane lane, uint64_t at_ns, int dir)
{
	struct question q = {.kind = TUI_ASKED_SPAN,
			     .far = {.lane = lane,
				     .at_ns = at_ns,
				     .dir = dir,
				     .first_ns = t->nav.first_ns,
				     .last_ns = t->nav.last_ns}};

	return ask(t, &q);
}

int tui_asking_unread(const struct tui_trace *t)
{
	return t->asking && (t->asking->runs || t->asking->next.kind);
}

/* Something else was selected since it was asked. */
static int is_stale(const struct tui_trace *t, const struct question *q)
{
	const struct tui_nav *nav = &t->nav;

	return nav->selected.kind != q->lane.kind || nav->selected.id != q->lane.id ||
	       (is_known(&q->before) && !same_span(&nav->span, &q->before));
}

/* The one that waits, if its span is known by now. */
static enum tui_asked take_next(struct tui_trace *t, int *rc)
{
	struct question q = t->asking->next;

	if (q.kind && is_stale(t, &q)) {
		t->asking->next.kind = TUI_ASKED_NOTHING;
		*rc = -GTV_EUSAGE;
		return q.kind;
	}
	if (!q.kind || (q.kind != TUI_ASKED_SPAN && !is_known(&q.span) &&
			!is_known(&t->nav.span) && tui_span_unread(t)))
		return TUI_ASKED_NOTHING;
	t->asking->next.kind = TUI_ASKED_NOTHING;
	*rc = begin(t, &q);
	return *rc == TUI_ASKED_LATER ? TUI_ASKED_NOTHING : q.kind;
}

enum tui_asked tui_asking_take(struct tui_trace *t, int *rc)
{
	struct tui_asking *a = t->asking;

	if (!a)
		return TUI_ASKED_NOTHING;
	if (!a->runs)
		return take_next(t, rc);
	if (!is_done(a))
		return TUI_ASKED_NOTHING;
	end_thread(a);
	if (__atomic_load_n(&a->stop, __ATOMIC_ACQUIRE))
		return take_next(t, rc);
	*rc = take(t, &a->now);
	return a->now.kind;
}

void tui_asking_drop(struct tui_trace *t)
{
	struct tui_asking *a = t->asking;

	if (!a)
		return;
	a->next.kind = TUI_ASKED_NOTHING;
	__atomic_store_n(&a->stop, 1, __ATOMIC_RELEASE);
}

void tui_asking_forget(struct tui_trace *t)
{
	struct tui_asking *a = t->asking;

	memset(&t->followed, 0, sizeof(t->followed));
	t->asking = NULL;
	if (!a)
		return;
	__atomic_store_n(&a->stop, 1, __ATOMIC_RELEASE);
	end_thread(a);
	gtv_window_free(a->window);
	pthread_cond_destroy(&a->answered);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
