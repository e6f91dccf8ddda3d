/* SPDX-License-Identifier: MIT
 *
 * Words for the explanation, and its parts.
 */
#include "tracer/model/explain_priv.h"
#include "tracer/model/extra.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *gtv__word_ns(uint64_t ns, char *buf)
{
	if (ns < 1000)
		snprintf(buf, GTV__WORD, "%u ns", (unsigned)ns);
	/* From 999.5 on three digits are a thousand of the unit: the next one's turn. */
	else if (ns < 999500)
		snprintf(buf, GTV__WORD, "%.3g µs", (double)ns / 1e3);
	else if (ns < 999500000)
		snprintf(buf, GTV__WORD, "%.3g ms", (double)ns / 1e6);
	else
		snprintf(buf, GTV__WORD, "%.2f s", (double)ns / 1e9);
	return buf;
}

const char *gtv__word_gt(const struct gtv__asked *q, uint32_t gt, char *buf)
{
	return gtv_names_label(q->names, GTV_CLASS_GT, gt, buf, GTV__WORD);
}

const char *gtv__word_tid(const struct gtv__asked *q, uint32_t tid, char *buf)
{
	return gtv_names_label(q->names, GTV_CLASS_THREAD, tid, buf, GTV__WORD);
}

const char *gtv__word_holder(const struct gtv__asked *q, const struct gtv_span *s,
			     char *buf)
{
	return s->gt ? gtv__word_gt(q, s->gt, buf) : gtv__word_tid(q, s->tid, buf);
}

const char *gtv__word_lane(const struct gtv__asked *q, struct gtv_lane lane, char *buf)
{
	switch (lane.kind) {
	case GTV_LANE_GT:
		return gtv__word_gt(q, lane.id, buf);
	case GTV_LANE_THREAD:
		return gtv__word_tid(q, lane.id, buf);
	case GTV_LANE_LOCK:
		return gtv__word_lock(q, lane.id, buf);
	default:
		snprintf(buf, GTV__WORD, "C%u", lane.id);
		return buf;
	}
}

const char *gtv__word_lock(const struct gtv__asked *q, uint32_t lock, char *buf)
{
	return lock ? gtv_names_label(q->names, GTV_CLASS_LOCK, lock, buf, GTV__WORD)
		    : "a lock";
}

const char *gtv__word_syscall(const struct gtv_names *names, uint32_t call, char *buf)
{
	if (!call)
		return "the kernel";
	return gtv_extra_word(names, GTV_EV_K_SYSCALL, call - 1, buf, GTV__WORD);
}

const char *gtv__word_sleep(const struct gtv__asked *q, const struct gtv_span *s, char *buf)
{
	return gtv_extra_sleep_word(q->names, s, buf, GTV__WORD);
}

const char *gtv__word_who(const struct gtv__asked *q, const struct gtv_span *s, char *buf)
{
	if (!s->who)
		return "";
	return s->flags & GTV_SP_WHO_TID ? gtv__word_tid(q, s->who, buf)
					 : gtv__word_gt(q, s->who, buf);
}

struct gtv_cause *gtv__cause(struct gtv__asked *q, const struct gtv_span *span, uint64_t ns,
			     const char *fmt, ...)
{
	va_list ap;

	if (q->out->causes == GTV_CAUSES_MAX)
		return NULL;
	struct gtv_cause *cause = &q->out->cause[q->out->causes++];
	cause->span = *span;
	cause->ns = ns;
	va_start(ap, fmt);
	vsnprintf(cause->text, sizeof cause->text, fmt, ap);
	va_end(ap);
	return cause;
}

void gtv__detail(struct gtv_cause *cause, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	if (!cause)
		return;
	used = strlen(cause->detail);
	if (used && used + 2 < sizeof cause->detail) {
		memcpy(cause->detail + used, "; ", 3);
		used += 2;
	}
	va_start(ap, fmt);
	vsnprintf(cause->detail + used, sizeof cause->detail - used, fmt, ap);
	va_end(ap);
}

void gtv__share_add(struct gtv__asked *q, uint64_t ns, unsigned state, uint32_t gt,
		    uint32_t other, const char *fmt, ...)
{
	struct gtv__share *s = NULL;
	va_list ap;

	for (int i = 0; i < q->shares && !s; i++) {
		if (q->share[i].state == state && q->share[i].gt == gt &&
		    q->share[i].other == other)
			s = &q->share[i];
	}
	if (!s && q->shares < GTV__SHARES) {
		s = &q->share[q->shares++];
		*s = (struct gtv__share){.state = (uint8_t)state, .gt = gt, .other = other};
		va_start(ap, fmt);
		vsnprintf(s->text, sizeof s->text, fmt, ap);
		va_end(ap);
	} else if (!s) {
		s = &q->share[GTV__SHARES - 1]; /* the last one stands for many */
		s->gt = 0;
		snprintf(s->text, sizeof s->text, "others");
	}
	s->ns += ns;
}

static int by_ns(const void *a, const void *b)
{
	const struct gtv__share *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

void gtv__shares_settle(struct gtv__asked *q)
{
	struct gtv_explanation *out = q->out;
	uint64_t whole = q->span.to_ns - q->span.from_ns, told = 0;

	for (int i = 0; i < q->shares; i++)
		told += q->share[i].ns;
	if (told < whole)
		gtv__share_add(q, whole - told, GTV_ST_UNKNOWN, 0, UINT32_MAX,
			       "no evidence");
	qsort(q->share, (size_t)q->shares, sizeof *q->share, by_ns);
	for (int i = 0; i < q->shares; i++) {
		struct gtv__share *s = &q->share[i];
		if (!s->ns)
			continue;
		if (out->parts == GTV_PARTS_MAX) {
			struct gtv_part *last = &out->part[GTV_PARTS_MAX - 1];
			last->ns += s->ns;
			last->gt = 0;
			snprintf(last->text, sizeof last->text, "others");
			continue;
		}
		struct gtv_part *p = &out->part[out->parts++];
		*p = (struct gtv_part){.ns = s->ns, .state = s->state, .gt = s->gt};
		snprintf(p->text, sizeof p->text, "%s", s->text);
	}
}
