/* SPDX-License-Identifier: MIT
 *
 * What is told beside states: system calls that ended, interrupts that had a core.
 *
 * An interrupt changes nobody's state: the kernel leaves the thread that it interrupts on
 * its core, and so do we. What it took is summed beside the states: of its core, of the
 * thread and the green thread that were there. It is always a part of their running, so
 * times conserve. They are told at their ends, the inner before the outer one.
 */
#include "tracer/model/model_priv.h"

/* ns of [from, to) on c that were not yet counted for one inside it. */
static uint64_t own_ns(struct gtv__core *c, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ns = to_ns - from_ns;

	while (c->insides && c->inside[c->insides - 1].from_ns >= from_ns) {
		c->insides--;
		ns -= c->inside[c->insides].to_ns - c->inside[c->insides].from_ns;
	}
	if (c->insides && c->inside[c->insides - 1].to_ns > from_ns) {
		ns -= c->inside[c->insides - 1].to_ns - from_ns;
		from_ns = c->inside[c->insides - 1].to_ns;
	}
	if (c->insides == GTV__INSIDES) {
		c->insides--;
		memmove(c->inside, c->inside + 1, c->insides * sizeof c->inside[0]);
	}
	c->inside[c->insides].from_ns = from_ns;
	c->inside[c->insides++].to_ns = to_ns;
	return ns;
}

static void interrupted(struct gtv_model *m, const struct gtv_ev *ev)
{
	size_t core = (size_t)ev->core;
	struct gtv__core *c = ev->core >= 0 && core < m->core_cap ? m->core[core] : NULL;
	uint64_t took = gtv_ev_took_ns(ev), from, ns, since;
	struct gtv__thread *t;

	if (!c || !took || !gtv__lane_alive(&c->lane))
		return;
	from = ev->ts_ns > took ? ev->ts_ns - took : 0;
	if (from < c->lane.first_ns)
		from = c->lane.first_ns;
	/* Out of order (told as a fault): what follows would count it once more. */
	if (from >= ev->ts_ns ||
	    (c->insides && c->inside[c->insides - 1].to_ns > ev->ts_ns))
		return;
	ns = own_ns(c, from, ev->ts_ns);
	c->irq_ns += ns;
	t = c->thread;
	/* One that came late: its time says nothing of who was there. */
	if (!t || t->tid != ev->tid || t->on != GTV__K_ON || ev->flags & GTV_EV_LATE)
		return;
	since = ev->ts_ns > t->last_ns ? ev->ts_ns - t->last_ns : 0;
	ns = ns < since ? ns : since;
	t->irq_ns += ns;
	if (t->gt)
		t->gt->irq_ns += ns;
}

void gtv__extra_event(struct gtv_model *m, const struct gtv_ev *ev)
{
	if (m->sink.extra)
		m->sink.extra(m->sink.arg, ev);
	if (ev->kind != GTV_EV_K_SYSCALL)
		interrupted(m, ev);
}
