/* SPDX-License-Identifier: MIT
 *
 * Inside explain: the question, the growing answer, and words for things.
 */
#ifndef GTV_EXPLAIN_PRIV_H
#define GTV_EXPLAIN_PRIV_H

#include "tracer/model/explain.h"

#define GTV__WORD   96 /* a name, escaped and cut */
#define GTV__SHARES 64

/* A growing part: who is to blame for what. */
struct gtv__share {
	uint64_t ns;
	uint32_t gt, other; /* other tells shares of one state and gt apart */
	uint8_t state;
	char text[96];
};

struct gtv__asked {
	struct gtv_window *w;
	const struct gtv_names *names;
	struct gtv_span span;
	struct gtv_span next; /* the lane's next span; to_ns 0: not known */
	uint64_t start_ns;    /* times are told from here */
	struct gtv_explanation *out;
	struct gtv__share share[GTV__SHARES];
	int shares;
};

/* explain_words.c */
const char *gtv__word_ns(uint64_t ns, char *buf); /* "4.93 ms" */
const char *gtv__word_gt(const struct gtv__asked *q, uint32_t gt, char *buf);
const char *gtv__word_tid(const struct gtv__asked *q, uint32_t tid, char *buf);
const char *gtv__word_lock(const struct gtv__asked *q, uint32_t lock, char *buf);
/* Who has a lock, by its lane's span: a green thread, or an OS thread. */
const char *gtv__word_holder(const struct gtv__asked *q, const struct gtv_span *s,
			     char *buf);
const char *gtv__word_lane(const struct gtv__asked *q, struct gtv_lane lane, char *buf);
/* call: number + 1 */
const char *gtv__word_syscall(const struct gtv_names *names, uint32_t call, char *buf);
/* Whoever a span's `who` names. "" if nobody. */
const char *gtv__word_who(const struct gtv__asked *q, const struct gtv_span *s, char *buf);

/* explain_chain.c: what made them wait that it waited for, down to the root. */
void gtv__tell_chain(struct gtv__asked *q);
/* "kworker/1 (33) 80 %, cc1 (9) 20 %": who had a core. "" if not known. */
const char *gtv__word_core_shares(struct gtv__asked *q, uint32_t core, uint64_t from_ns,
				  uint64_t to_ns, char *buf, size_t size);

/* Adds a cause (NULL: there is no room) about `span`, saying `ns`. */
struct gtv_cause *gtv__cause(struct gtv__asked *q, const struct gtv_span *span, uint64_t ns,
			     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void gtv__detail(struct gtv_cause *cause, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* ns more for the share (state, gt, other). */
void gtv__share_add(struct gtv__asked *q, uint64_t ns, unsigned state, uint32_t gt,
		    uint32_t other, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Shares become parts, largest first; what is missing is a part without evidence. */
void gtv__shares_settle(struct gtv__asked *q);

#endif
