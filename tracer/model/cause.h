/* SPDX-License-Identifier: MIT
 *
 * Causes as links: for a span in which something waited, who or what made it wait, told
 * as an edge from that one to the waiter; and the chain of them down to the root cause.
 * Facts without words: explain says them, findings weigh them.
 */
#ifndef GTV_CAUSE_H
#define GTV_CAUSE_H

#include "tracer/model/span.h"
#include "tracer/model/window.h"

enum gtv_cause_kind {
	GTV_CAUSE_NONE,
	GTV_CAUSE_HELD,	  /* from had the lock obj */
	GTV_CAUSE_TAKEN,  /* from, an OS thread, had the core obj */
	GTV_CAUSE_WORKER, /* ready: from, a green thread, had the OS thread obj */
	GTV_CAUSE_PEER,	  /* waited for from: its message, or its end */
	GTV_CAUSE_CALL,	  /* its own call obj (as span.call); from woke it, if known */
	GTV_CAUSE_IRQ,	  /* interrupts on the core from: most of it number obj
			   * (GTV_CAUSE_SOFT | vector: a soft one) */
};

#define GTV_CAUSE_SOFT 0x80000000u

struct gtv_link {
	uint8_t kind; /* enum gtv_cause_kind */
	struct gtv_lane from, to;
	uint64_t from_ns, to_ns; /* when from began to be the cause; when the wait ended */
	uint64_t ns;		 /* so much of the wait is its doing */
	uint32_t obj;
	struct gtv_span span; /* the wait, cut to the stretch that is asked about */
};

#define GTV_CHAIN_MAX 6

/* The cause that most of the span is due to. 1 and *out, or 0: it does not wait, or
 * there is no evidence. What runs does not wait, but interrupts may have slowed it. The
 * window must cover the span (gtv_window_look). */
int gtv_cause_of(struct gtv_window *w, const struct gtv_span *span, struct gtv_link *out);

/* From the span to its root cause: link i + 1 says why link i's `from` did not go on
 * meanwhile. Ends where that one ran, or nothing is known. Returns how many. */
int gtv_cause_chain(struct gtv_window *w, const struct gtv_span *span,
		    struct gtv_link out[GTV_CHAIN_MAX]);

/* Who had a core during [from, to), most first: at most max. The times are exact where
 * the window is, and what is not known is left out. Returns how many. */
struct gtv_core_share {
	uint32_t tid; /* 0: idle */
	uint32_t gt;  /* inside it, 0 none or several */
	uint64_t ns;
};
int gtv_cause_core(struct gtv_window *w, uint32_t core, uint64_t from_ns, uint64_t to_ns,
		   struct gtv_core_share *out, int max);

#endif
