/* SPDX-License-Identifier: MIT
 *
 * Explain, further down: not only who had what it waited for, but why that one did not
 * go on, and who kept that one, to the root. The first link is told in full by
 * explain.c; here come the others, a sentence each.
 */
#include "tracer/model/cause.h"
#include "tracer/model/explain_priv.h"
#include "tracer/model/extra.h"

#include <stdio.h>
#include <string.h>

#define CORE_SHARES 4

const char *gtv__word_core_shares(struct gtv__asked *q, uint32_t core, uint64_t from_ns,
				  uint64_t to_ns, char *buf, size_t size)
{
	struct gtv_core_share share[CORE_SHARES];
	int n = gtv_cause_core(q->w, core, from_ns, to_ns, share, CORE_SHARES);
	size_t used = 0;
	char who[GTV__WORD];

	buf[0] = 0;
	for (int i = 0; i < n && used + 1 < size; i++) {
		int put = snprintf(buf + used, size - used, "%s%s %.0f %%", i ? ", " : "",
				   gtv__word_tid(q, share[i].tid, who),
				   100.0 * (double)share[i].ns / (double)(to_ns - from_ns));
		/* No half a name. */
		if (put < 0 || (size_t)put >= size - used) {
			buf[used] = 0;
			break;
		}
		used += (size_t)put;
	}
	return buf;
}

static void tell_taken(struct gtv__asked *q, const struct gtv_link *l, const char *who)
{
	char by[GTV__WORD], len[GTV__WORD], shares[120];
	uint64_t ns = l->span.to_ns - l->span.from_ns;
	struct gtv_cause *c;

	c = gtv__cause(q, &l->span, ns, "%s was off core for %s because %s ran", who,
		       gtv__word_ns(ns, len), gtv__word_lane(q, l->from, by));
	gtv__detail(c, "C%u meanwhile: %s", l->obj,
		    gtv__word_core_shares(q, l->obj, l->span.from_ns, l->span.to_ns, shares,
					  sizeof shares));
}

static void tell_call(struct gtv__asked *q, const struct gtv_link *l, const char *who)
{
	char what[GTV__WORD], by[GTV__WORD], len[GTV__WORD];
	int declared = l->span.state == GTV_ST_IO || l->span.state == GTV_ST_SLEEP ||
		       l->span.state == GTV_ST_SYSCALL;
	struct gtv_cause *c;

	gtv__word_ns(l->ns, len);
	if (declared)
		c = gtv__cause(q, &l->span, l->ns, "%s was in %s for %s", who,
			       gtv_state_name(l->span.state), len);
	else
		c = gtv__cause(q, &l->span, l->ns, "%s slept in %s for %s", who,
			       gtv__word_sleep(q, &l->span, what), len);
	if (!declared)
		gtv__tell_result(q, &l->span, c);
	if (l->from.id)
		gtv__detail(c, "%s woke it", gtv__word_lane(q, l->from, by));
}

static void tell_interrupts(struct gtv__asked *q, const struct gtv_link *l, const char *who)
{
	char what[GTV__WORD], len[GTV__WORD];
	int soft = (l->obj & GTV_CAUSE_SOFT) != 0;

	gtv__cause(q, &l->span, l->ns, "%s was slowed on C%u for %s, most of it by %s", who,
		   l->from.id, gtv__word_ns(l->ns, len),
		   gtv_extra_word(q->names, soft ? GTV_EV_K_SOFTIRQ : GTV_EV_K_IRQ,
				  l->obj & ~GTV_CAUSE_SOFT, what, sizeof what));
}

static void tell_link(struct gtv__asked *q, const struct gtv_link *l)
{
	char who[GTV__WORD], from[GTV__WORD], obj[GTV__WORD], len[GTV__WORD];
	struct gtv_lane lock = {.kind = GTV_LANE_LOCK, .id = l->obj};

	gtv__word_lane(q, l->to, who);
	gtv__word_lane(q, l->from, from);
	gtv__word_ns(l->ns, len);
	switch (l->kind) {
	case GTV_CAUSE_HELD:
		gtv__cause(q, &l->span, l->ns, "%s waited itself for %s: held by %s for %s",
			   who, gtv__word_lane(q, lock, obj), from, len);
		break;
	case GTV_CAUSE_TAKEN:
		tell_taken(q, l, who);
		break;
	case GTV_CAUSE_WORKER:
		gtv__cause(q, &l->span, l->ns, "%s was ready, but %s had %s for %s", who,
			   from, gtv__word_tid(q, l->obj, obj), len);
		break;
	case GTV_CAUSE_PEER:
		gtv__cause(q, &l->span, l->ns, "%s waited itself for %s, for %s", who, from,
			   len);
		break;
	case GTV_CAUSE_CALL:
		tell_call(q, l, who);
		break;
	case GTV_CAUSE_IRQ:
		tell_interrupts(q, l, who);
		break;
	default:
		break;
	}
}

void gtv__tell_chain(struct gtv__asked *q)
{
	struct gtv_link chain[GTV_CHAIN_MAX];
	int n = gtv_cause_chain(q->w, &q->span, chain);

	for (int i = 1; i < n; i++)
		tell_link(q, &chain[i]);
}
