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
/* In what a span's thread sleeps: "read, for disk I/O". */
const char *gtv__word_sleep(const struct gtv__asked *q, const struct gtv_span *s,
			    char *buf);
/* Whoever a span's `who` names. "" if nobody. */
const char *gtv__word_who(const struct gtv__asked *q, const struct gtv_span *s, char *buf);

/* explain_extra.c: what is known beside states. */
/* A span in which its thread was on a core: what interrupts and its system calls had of it
 * are parts, and the rest is one of `state`. */
void gtv__explain_on_core(struct gtv__asked *q);
/* ns of a core in which `who` had it, but for interrupts: those become parts of their own.
 * Returns what is left. */
uint64_t gtv__share_stolen(struct gtv__asked *q, const struct gtv_span *s, uint64_t ns);
/* "irq 24 eth0 120 µs, softirq net_rx 80 µs": who held up a core. "" if nobody did. */
const char *gtv__word_stolen(const struct gtv__asked *q, int core, uint64_t from_ns,
			     uint64_t to_ns, uint64_t *sum, char *buf, size_t size);
/* What the call returned in which the span's thread slept, as a detail. */
void gtv__tell_result(const struct gtv__asked *q, const struct gtv_span *s,
		      struct gtv_cause *cause);

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
