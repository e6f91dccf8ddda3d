/* SPDX-License-Identifier: MIT
 *
 * Explain, with what was told beside states: what interrupts had of a core, what a thread
 * did in the kernel while it was on it, and what the call returned in which it slept.
 */
#include "tracer/model/explain_priv.h"
#include "tracer/model/extra.h"

#include <stdio.h>

#define KINDS 6

/* Whose they are: parts of a kind and number are told apart from all others. */
static uint32_t other_of(const struct gtv_extra_share *s)
{
	return (uint32_t)s->kind << 24 | (s->nr & 0xffffffu);
}

static uint64_t stolen_parts(struct gtv__asked *q, int core, uint64_t from_ns,
			     uint64_t to_ns)
{
	struct gtv_extra_share share[KINDS];
	char what[GTV__WORD];
	uint64_t sum;
	int n = gtv_extra_stolen(q->w, core, from_ns, to_ns, share, KINDS, &sum);

	for (int i = 0; i < n; i++)
		gtv__share_add(q, share[i].ns, GTV_ST_OTHER, 0, other_of(&share[i]),
			       "%s on C%d",
			       gtv_extra_word(q->names, share[i].kind, share[i].nr, what,
					      sizeof what),
			       core);
	return sum;
}

uint64_t gtv__share_stolen(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns)
{
	/* A tile tells no interrupts, and its states come with parts of its time. */
	if (s->to_ns - s->from_ns != ns)
		return ns;
	return ns - stolen_parts(q, (int)s->lane.id, s->from_ns, s->to_ns);
}

const char *gtv__word_stolen(const struct gtv__asked *q, int core, uint64_t from_ns,
			     uint64_t to_ns, uint64_t *sum, char *buf, size_t size)
{
	struct gtv_extra_share share[KINDS];
	char what[GTV__WORD], len[GTV__WORD];
	size_t used = 0;
	int n = gtv_extra_stolen(q->w, core, from_ns, to_ns, share, KINDS, sum);

	buf[0] = 0;
	for (int i = 0; i < n; i++) {
		int put = snprintf(buf + used, size - used, "%s%s %s", i ? ", " : "",
				   gtv_extra_word(q->names, share[i].kind, share[i].nr,
						  what, sizeof what),
				   gtv__word_ns(share[i].ns, len));
		/* No half a name. */
		if (put < 0 || (size_t)put >= size - used) {
			buf[used] = 0;
			break;
		}
		used += (size_t)put;
	}
	return buf;
}

static uint64_t call_parts(struct gtv__asked *q, uint32_t tid, int core)
{
	struct gtv_extra_share share[KINDS];
	char what[GTV__WORD];
	uint64_t sum;
	int n = gtv_extra_calls(q->w, tid, core, q->span.from_ns, q->span.to_ns, share,
				KINDS, &sum);

	for (int i = 0; i < n; i++)
		gtv__share_add(q, share[i].ns, GTV_ST_SYSCALL, 0, other_of(&share[i]),
			       "in %s, on its core",
			       gtv_extra_word(q->names, share[i].kind, share[i].nr, what,
					      sizeof what));
	return sum;
}

void gtv__explain_on_core(struct gtv__asked *q)
{
	const struct gtv_span *s = &q->span;
	int runs = s->state == GTV_ST_RUNNING || s->state == GTV_ST_BUSY;
	int core = s->lane.kind == GTV_LANE_CORE ? (int)s->lane.id : s->core;
	uint32_t tid = s->lane.kind == GTV_LANE_THREAD ? s->lane.id : s->tid;
	uint64_t left = s->to_ns - s->from_ns, sum = 0;
	char what[120], len[GTV__WORD];

	if (runs || s->lane.kind == GTV_LANE_CORE)
		left -= stolen_parts(q, core, s->from_ns, s->to_ns);
	if (runs)
		left -= call_parts(q, tid, core);
	gtv__share_add(q, left, s->state, s->gt, 0, "%s", gtv_state_name(s->state));
	if (!runs ||
	    !*gtv__word_stolen(q, core, s->from_ns, s->to_ns, &sum, what, sizeof what))
		return;
	gtv__detail(gtv__cause(q, s, sum, "it was slowed for %s by interrupts on C%d",
			       gtv__word_ns(sum, len), core),
		    "%s", what);
}

void gtv__tell_result(const struct gtv__asked *q, const struct gtv_span *s,
		      struct gtv_cause *cause)
{
	uint32_t tid = s->lane.kind == GTV_LANE_THREAD ? s->lane.id : s->tid;
	const struct gtv_extra *call = gtv_extra_call_at(q->w, tid, s->from_ns);
	char what[GTV__WORD], result[GTV__WORD], len[GTV__WORD];

	if (!call || call->nr + 1 != s->call)
		return;
	gtv__detail(cause, "%s returned %s after %s",
		    gtv_extra_word(q->names, call->kind, call->nr, what, sizeof what),
		    gtv_extra_result(call, result, sizeof result),
		    gtv__word_ns(call->to_ns - call->from_ns, len));
}
