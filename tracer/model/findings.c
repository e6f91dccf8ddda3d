/* SPDX-License-Identifier: MIT
 *
 * The findings' frame: life, which event and span goes to which file, processes, loss.
 *
 * Each event goes to the model first. So the spans that it ends are seen while the
 * records still say what was so until now; then the event changes the records.
 */
#include "tracer/model/findings_priv.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"

struct gtv_findings *gtv_findings_new(int level, const struct gtv_names *names)
{
	struct gtv_findings *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->level = level;
	f->names = names;
	f->epoch = 1;
	gtv__f_table_init(&f->gts, sizeof(struct gtv__f_gt), GTV__F_GTS);
	gtv__f_table_init(&f->locks, sizeof(struct gtv__f_lock), GTV__F_LOCKS);
	gtv__f_table_init(&f->threads, sizeof(struct gtv__f_thread), GTV__F_THREADS);
	gtv__f_table_init(&f->procs, sizeof(struct gtv__f_proc), GTV__F_PROCS);
	return f;
}

void gtv_findings_free(struct gtv_findings *f)
{
	struct gtv__f_lock *l;
	uint32_t at = 0;

	if (!f)
		return;
	while ((l = gtv__f_next(&f->locks, &at)))
		free(l->share);
	gtv__f_table_free(&f->gts);
	gtv__f_table_free(&f->locks);
	gtv__f_table_free(&f->threads);
	gtv__f_table_free(&f->procs);
	free(f->core);
	free(f);
}

void gtv_findings_filtered(struct gtv_findings *f, int filtered)
{
	f->filtered = filtered;
}

int gtv__found(struct gtv__found *a, uint64_t from_ns, uint64_t to_ns, uint64_t lost_ns,
	       uint64_t measure)
{
	if (!a->times++ || from_ns < a->first_ns)
		a->first_ns = from_ns;
	a->lost_ns += lost_ns;
	gtv_where_add(&a->where, from_ns, to_ns);
	if (a->times > 1 && measure <= a->measure)
		return 0;
	a->measure = measure;
	a->from_ns = from_ns;
	a->to_ns = to_ns;
	a->call = a->call_name = 0;
	a->by = (struct gtv_lane){0};
	return 1;
}

/* ---- processes ---- */

struct gtv__f_proc *gtv__f_proc(struct gtv_findings *f, uint32_t pid)
{
	struct gtv__f_proc *p = gtv__f_get(&f->procs, pid);
	struct gtv_name name = {0};

	if (p)
		return p;
	p = gtv__f_make(&f->procs, pid);
	if (!p)
		return NULL;
	if (f->names)
		gtv_names_get(f->names, GTV_CLASS_PROCESS, pid, &name);
	p->one_to_one = (name.flags & GTV_NAME_ONE_TO_ONE) != 0;
	p->sums.ns = f->now_ns;
	return p;
}

void gtv__f_proc_advance(struct gtv__f_proc *p, uint64_t ns)
{
	uint64_t since = ns > p->sums.ns ? ns - p->sums.ns : 0;

	if (!since)
		return;
	p->sums.ns = ns;
	if (p->in[GTV__F_READY])
		p->sums.any_ns += since;
	p->sums.sum_ns += since * p->in[GTV__F_READY];
}

struct gtv__f_mark gtv__f_mark(struct gtv__f_proc *p, uint64_t ns)
{
	struct gtv__f_mark mark;

	gtv__f_proc_advance(p, ns);
	mark = p->sums;
	mark.ns = ns;
	mark.runs = p->runs;
	return mark;
}

void gtv__f_pend(struct gtv__f_proc *p, const struct gtv__f_pending *hold)
{
	p->pending = *hold;
	p->pending.ns = hold->to_ns - hold->from_ns;
}

static void proc_event(struct gtv_findings *f, struct gtv__f_thread *t,
		       const struct gtv_ev *ev)
{
	struct gtv__f_proc *p = t->proc;

	switch (ev->kind) {
	case GTV_EV_PROC_START:
		p->told = 1;
		p->one_to_one = (ev->arg & GTV_PROC_ONE_TO_ONE) != 0;
		p->workers = ev->obj;
		break;
	case GTV_EV_WORKER_START:
		t->worker = 1;
		if (!p->told)
			p->workers++;
		break;
	default:
		t->worker = 0;
	}
	f->saw_shared |= !p->one_to_one;
}

/* ---- loss ---- */

/* What was begun and not ended may have ended unseen. */
static void forget(struct gtv_findings *f, int user, int kernel)
{
	struct gtv__f_proc *p;
	struct gtv__f_thread *t;
	uint32_t at = 0;

	if (kernel) {
		for (uint32_t c = 0; c < f->cores; c++)
			f->core[c].idle_ns = f->core[c].ours_since_ns = 0;
		f->idle = 0;
		while ((t = gtv__f_next(&f->threads, &at))) {
			t->off = 0;
			t->core = t->old_core = t->queue = GTV_CORE_NONE;
			t->waits_tid = t->cycle = 0;
			t->futex.lock = 0;
		}
	}
	for (int i = 0; i < GTV__F_CYCLES; i++)
		if (f->cycle[i].threads ? kernel : user)
			f->cycle[i].proc = NULL;
	if (!user)
		return;
	f->epoch++;
	for (at = 0; (p = gtv__f_next(&f->procs, &at));) {
		gtv__f_proc_advance(p, f->now_ns);
		memset(p->in, 0, sizeof p->in);
		p->live = 0;
		p->pending.to_ns = 0;
	}
	for (at = 0; (t = gtv__f_next(&f->threads, &at));)
		t->call_gt = t->back_name = 0;
}

static void ev_loss(struct gtv_findings *f, const struct gtv_ev *ev)
{
	int user = ev->obj != GTV_SRC_BPF && ev->obj != GTV_SRC_PERF;
	int kernel = ev->obj != GTV_SRC_RING;

	f->lost_user += user ? ev->arg : 0;
	f->lost_kernel += kernel ? ev->arg : 0;
	forget(f, user, kernel);
}

/* ---- events and spans ---- */

/* Another says that it is one. */
static void worker_state(struct gtv_findings *f, const struct gtv__f_thread *teller,
			 const struct gtv_ev *ev)
{
	struct gtv__f_thread *t = gtv__f_thread(f, (uint32_t)ev->arg, 0);

	if (t && t->proc == teller->proc)
		t->worker = 1;
}

static void user_event(struct gtv_findings *f, const struct gtv_ev *ev)
{
	struct gtv__f_thread *t = gtv__f_thread(f, ev->tid, 0);

	if (!t || !t->proc)
		return;
	if (gtv_event_is_switch(ev->kind)) {
		gtv__f_gt_event(f, t, ev);
		return;
	}
	switch (ev->kind) {
	case GTV_EV_PROC_START:
	case GTV_EV_WORKER_START:
	case GTV_EV_WORKER_STOP:
		proc_event(f, t, ev);
		break;
	case GTV_EV_WORKER_STATE:
		worker_state(f, t, ev);
		break;
	case GTV_EV_SPAWN:
	case GTV_EV_READY:
		gtv__f_gt_event(f, t, ev);
		break;
	case GTV_EV_LOCK_TAKE:
	case GTV_EV_LOCK_DROP:
	case GTV_EV_GIL_TAKE:
	case GTV_EV_GIL_RETAKE:
	case GTV_EV_GIL_DROP:
		gtv__f_lock_event(f, t, ev);
		break;
	case GTV_EV_CALL_BEGIN:
	case GTV_EV_CALL_END:
		gtv__f_thread_call(f, t, ev);
		break;
	case GTV_EV_CALLBACK_BEGIN:
	case GTV_EV_CALLBACK_END:
		gtv__f_thread_callback(f, t, ev);
		break;
	default:
		break;
	}
}

static void event(struct gtv_findings *f, const struct gtv_ev *ev)
{
	if (ev->ts_ns > f->now_ns)
		f->now_ns = ev->ts_ns;
	if (!f->first_ns)
		f->first_ns = f->now_ns;
	if (ev->kind < GTV_EV_USER_MAX)
		user_event(f, ev);
	else if (ev->kind == GTV_EV_LOSS)
		ev_loss(f, ev);
	else
		gtv__f_thread_event(f, ev);
}

int gtv_findings_feed(struct gtv_findings *f, struct gtv_model *m, const struct gtv_ev *evs,
		      size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		int err = gtv_model_feed(m, &evs[i], 1);
		rc = err ? err : rc;
		event(f, &evs[i]);
	}
	return f->no_memory ? -GTV_ENOMEM : rc;
}

static void on_span(void *arg, const struct gtv_span *s)
{
	struct gtv_findings *f = arg;

	switch (s->lane.kind) {
	case GTV_LANE_GT:
		gtv__f_gt_span(f, s);
		break;
	case GTV_LANE_THREAD:
		gtv__f_thread_span(f, s);
		break;
	case GTV_LANE_LOCK:
		gtv__f_lock_span(f, s);
		break;
	default:
		break;
	}
}

struct gtv_model_sink gtv_findings_sink(struct gtv_findings *f)
{
	return (struct gtv_model_sink){.arg = f, .span = on_span};
}

int gtv_findings_gap(struct gtv_findings *f, struct gtv_model *m, uint64_t from_ns,
		     uint64_t to_ns)
{
	int rc = gtv_model_gap(m, from_ns, to_ns);

	f->lost_user++;
	f->lost_kernel++;
	if (to_ns > f->now_ns)
		f->now_ns = to_ns;
	forget(f, 1, 1);
	return rc;
}

void gtv_findings_finish(struct gtv_findings *f, struct gtv_model *m, uint64_t end_ns)
{
	struct gtv__f_proc *p;
	uint32_t at = 0;

	gtv_model_finish(m, end_ns);
	if (end_ns > f->now_ns)
		f->now_ns = end_ns;
	while ((p = gtv__f_next(&f->procs, &at)))
		gtv__f_proc_advance(p, f->now_ns);
	f->finished = 1;
}
