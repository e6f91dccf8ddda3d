/* SPDX-License-Identifier: MIT
 *
 * Why did this wait? From a span back to the last cause that the trace proves:
 * what it waited for, who had that, what that one was doing. The parts of the
 * wait add up to it; what has no evidence is a part of its own.
 */
#ifndef GTV_EXPLAIN_H
#define GTV_EXPLAIN_H

#include "tracer/base/names.h"
#include "tracer/model/span.h"
#include "tracer/model/window.h"

#define GTV_CAUSES_MAX 8
#define GTV_PARTS_MAX  8

/* A link of the chain: a sentence about a span of some lane. */
struct gtv_cause {
	struct gtv_span span; /* its evidence; the screen puts badge n on it */
	uint64_t ns;	      /* the length it speaks of */
	char text[160];	      /* "held by G2 spin-b on C1": escaped already */
	char detail[200];     /* a second, dimmer line; may be empty */
};

/* A part of the explained span's time. */
struct gtv_part {
	uint64_t ns;
	uint8_t state; /* how to draw it: enum gtv_state of who is to blame */
	uint32_t gt;   /* whose colour, 0 none */
	char text[96];
};

struct gtv_explanation {
	struct gtv_cause cause[GTV_CAUSES_MAX];
	int causes;
	struct gtv_part part[GTV_PARTS_MAX]; /* ns sum = the span's length, exactly */
	int parts;
	/* The same wait over the window: how many, median length. */
	uint64_t similar, similar_median_ns;
	int similar_known; /* 0: the window was looked at from too far to count them */
};

/* The two below, of one window. 0, or -GTV_E*. Looks through `w` (moves its window). */
int gtv_explain(struct gtv_window *w, const struct gtv_names *names,
		const struct gtv_span *span, struct gtv_explanation *out);
/* All but how often it is so: for that `w` need not have looked at anything. */
int gtv_explain_wait(struct gtv_window *w, const struct gtv_names *names,
		     const struct gtv_span *span, struct gtv_explanation *out);
/* How often it is so in what `w` looks at: sets similar and similar_median_ns. */
void gtv_explain_similar(struct gtv_window *w, const struct gtv_span *span,
			 struct gtv_explanation *out);

#endif
