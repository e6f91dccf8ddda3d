/* SPDX-License-Identifier: MIT
 *
 * Sums over what was told beside states, and words for it.
 */
#include "tracer/model/extra.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/model/syscall_names.h"
#include "tracer/model/window.h"

#define DEEP	 8	     /* interrupts within interrupts */
#define LONGEST	 50000000ull /* no interrupt is handled for so long, in ns */
#define KINDS	 64	     /* told apart while summing */
#define ERRNOS	 4095
#define RESTARTS 512 /* the first of the kernel's own: a signal came */
#define RESTARTE 516

struct gtv_extra gtv_extra_of(const struct gtv_ev *ev)
{
	uint64_t took = gtv_ev_took_ns(ev);
	int call = ev->kind == GTV_EV_K_SYSCALL;

	return (struct gtv_extra){.from_ns = ev->ts_ns > took ? ev->ts_ns - took : 0,
				  .to_ns = ev->ts_ns,
				  .result = call ? (int64_t)ev->arg : 0,
				  .tid = ev->tid,
				  .nr = call ? ev->seq - 1 : ev->seq,
				  .core = ev->core,
				  .kind = ev->kind,
				  .slept = call && ev->flags & GTV_KF_SLEPT};
}

/* The first that ends after ts. */
static size_t first_after(const struct gtv_extra *x, size_t count, uint64_t ts_ns)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (x[mid].to_ns <= ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct gtv_extra *gtv_extra_call_at(const struct gtv_window *w, uint32_t tid,
					  uint64_t ts_ns)
{
	size_t count;
	const struct gtv_extra *x = gtv_window_extras(w, &count);

	for (size_t i = first_after(x, count, ts_ns); tid && i < count; i++) {
		if (x[i].kind == GTV_EV_K_SYSCALL && x[i].tid == tid)
			return x[i].from_ns <= ts_ns ? &x[i] : NULL;
	}
	return NULL;
}

/* ---- sums ---- */

struct sums {
	struct gtv_extra_share share[KINDS];
	int count;
	uint64_t sum;
};

static void add(struct sums *s, const struct gtv_extra *x, uint64_t ns)
{
	int i = 0;

	while (i < s->count && (s->share[i].nr != x->nr || s->share[i].kind != x->kind))
		i++;
	if (i == KINDS)
		s->share[--i].nr = UINT32_MAX;
	else if (i == s->count)
		s->share[s->count++] =
			(struct gtv_extra_share){.nr = x->nr, .kind = x->kind};
	s->share[i].ns += ns;
	s->share[i].times++;
	s->sum += ns;
}

/* What is already counted of a core, so that what lies around it is not counted twice. */
struct inside {
	uint64_t from_ns[DEEP], to_ns[DEEP];
	int count;
};

/* ns of [from, to) that nothing inside it had; it is the last to end so far. */
static uint64_t own_ns(struct inside *in, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ns;

	if (from_ns >= to_ns)
		return 0;
	ns = to_ns - from_ns;
	while (in->count && in->from_ns[in->count - 1] >= from_ns) {
		in->count--;
		ns -= in->to_ns[in->count] - in->from_ns[in->count];
	}
	/* Two that overlap, neither in the other, are no true pair: the first one keeps it.
	 */
	if (in->count && in->to_ns[in->count - 1] > from_ns) {
		ns -= in->to_ns[in->count - 1] - from_ns;
		from_ns = in->to_ns[in->count - 1];
	}
	if (in->count == DEEP) {
		in->count--;
		memmove(in->from_ns, in->from_ns + 1, sizeof in->from_ns[0] * (DEEP - 1));
		memmove(in->to_ns, in->to_ns + 1, sizeof in->to_ns[0] * (DEEP - 1));
	}
	in->from_ns[in->count] = from_ns;
	in->to_ns[in->count++] = to_ns;
	return ns;
}

static void sum_stolen(const struct gtv_extra *x, size_t count, int core, uint64_t from_ns,
		       uint64_t to_ns, struct sums *s)
{
	struct inside in = {.count = 0};

	for (size_t i = first_after(x, count, from_ns); i < count; i++) {
		uint64_t from = x[i].from_ns > from_ns ? x[i].from_ns : from_ns;
		uint64_t to = x[i].to_ns < to_ns ? x[i].to_ns : to_ns;

		if (x[i].to_ns > to_ns && x[i].to_ns - to_ns > LONGEST)
			break;
		if (x[i].kind == GTV_EV_K_SYSCALL || x[i].core != core || from >= to)
			continue;
		add(s, &x[i], own_ns(&in, from, to));
	}
}

static int by_ns(const void *a, const void *b)
{
	const struct gtv_extra_share *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
				  : (x->nr > y->nr) - (x->nr < y->nr);
}

static int give(struct sums *s, struct gtv_extra_share *out, int max, uint64_t *sum)
{
	int n = s->count < max ? s->count : max;

	qsort(s->share, (size_t)s->count, sizeof s->share[0], by_ns);
	for (int i = 0; i < s->count && max > 0; i++) {
		if (i < max) {
			out[i] = s->share[i];
			continue;
		}
		out[max - 1].ns += s->share[i].ns;
		out[max - 1].times += s->share[i].times;
		out[max - 1].nr = UINT32_MAX;
	}
	*sum = s->sum;
	return n;
}

int gtv_extra_stolen(const struct gtv_window *w, int core, uint64_t from_ns, uint64_t to_ns,
		     struct gtv_extra_share *out, int max, uint64_t *sum)
{
	size_t count;
	const struct gtv_extra *x = gtv_window_extras(w, &count);
	struct sums s = {.count = 0};

	if (core >= 0)
		sum_stolen(x, count, core, from_ns, to_ns, &s);
	return give(&s, out, max, sum);
}

int gtv_extra_calls(const struct gtv_window *w, uint32_t tid, int core, uint64_t from_ns,
		    uint64_t to_ns, struct gtv_extra_share *out, int max, uint64_t *sum)
{
	size_t count;
	const struct gtv_extra *x = gtv_window_extras(w, &count);
	struct sums s = {.count = 0};

	for (size_t i = first_after(x, count, from_ns); tid && i < count; i++) {
		uint64_t from = x[i].from_ns > from_ns ? x[i].from_ns : from_ns;
		uint64_t to = x[i].to_ns < to_ns ? x[i].to_ns : to_ns;
		struct sums stolen = {.count = 0};

		if (x[i].kind != GTV_EV_K_SYSCALL || x[i].tid != tid)
			continue;
		if (from >= to)
			break; /* its calls come one after the other */
		sum_stolen(x, count, core, from, to, &stolen);
		add(&s, &x[i], to - from - stolen.sum);
	}
	return give(&s, out, max, sum);
}

/* ---- words ---- */

static void interrupt_word(const struct gtv_names *names, uint32_t nr, char *buf,
			   size_t size)
{
	char device[4 * GTV_NAME_BYTES];
	struct gtv_name name = {0};

	if (names)
		gtv_names_get(names, GTV_CLASS_IRQ, nr + 1, &name);
	gtv_names_escape(name.text, device, sizeof device);
	snprintf(buf, size, "irq %u%s%s", nr, device[0] ? " " : "", device);
}

char *gtv_extra_word(const struct gtv_names *names, unsigned kind, uint32_t nr, char *buf,
		     size_t size)
{
	const char *name = NULL;

	if (nr == UINT32_MAX) {
		snprintf(buf, size, "others");
	} else if (kind == GTV_EV_K_IRQ) {
		interrupt_word(names, nr, buf, size);
	} else if (kind == GTV_EV_K_SOFTIRQ) {
		name = gtv_event_softirq(nr);
		if (name)
			snprintf(buf, size, "softirq %s", name);
		else
			snprintf(buf, size, "softirq %u", nr);
	} else {
		name = gtv_syscall_name(names, nr);
		if (name)
			snprintf(buf, size, "%s", name);
		else
			snprintf(buf, size, "system call %u", nr);
	}
	return buf;
}

static const char *errno_name(int number)
{
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 32)
	return strerrorname_np(number);
#endif
#endif
	(void)number;
	return NULL;
}

char *gtv_extra_result(const struct gtv_extra *call, char *buf, size_t size)
{
	int64_t r = call->result;
	const char *name;

	if (r >= 0 || r < -ERRNOS) {
		/* Addresses are read as such. */
		snprintf(buf, size, r >> 32 ? "0x%llx" : "%lld", (long long)r);
		return buf;
	}
	if (-r >= RESTARTS && -r <= RESTARTE) {
		snprintf(buf, size, "nothing: a signal came");
		return buf;
	}
	name = errno_name((int)-r);
	if (name)
		snprintf(buf, size, "-%s", name);
	else
		snprintf(buf, size, "error %d", (int)-r);
	return buf;
}

char *gtv_extra_sleep_word(const struct gtv_names *names, const struct gtv_span *s,
			   char *buf, size_t size)
{
	const char *io = !(s->flags & GTV_SP_IO)   ? ""
			 : s->state == GTV_ST_DISK ? "disk I/O"
						   : "I/O";
	char call[48];

	if (s->call == GTV_CALL_FAULT)
		snprintf(buf, size, "a page fault%s%s", *io ? ", for " : "", io);
	else if (s->call)
		snprintf(buf, size, "%s%s%s",
			 gtv_extra_word(names, GTV_EV_K_SYSCALL, s->call - 1, call,
					sizeof call),
			 *io ? ", for " : "", io);
	else
		snprintf(buf, size, "%s", *io ? io : "the kernel");
	return buf;
}
