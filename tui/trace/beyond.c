/* SPDX-License-Identifier: MIT */
#include "tui/trace/beyond.h"

/* How often a dense piece is looked at nearer: each time a thousandth of it. */
#define NEARER_MAX 6

/* The first (dir > 0) or last piece of a lane that lies in a stretch of time; NULL: it has
 * none there. */
static const struct gtv_piece *end_piece(struct gtv_window *w, struct gtv_lane lane,
					 uint64_t from_ns, uint64_t to_ns, int dir)
{
	const struct gtv_piece *p, *best = NULL;
	size_t count;

	if (from_ns >= to_ns ||
	    gtv_window_look(w, from_ns, to_ns, (to_ns - from_ns) / 1000 + 1))
		return NULL;
	p = gtv_window_pieces(w, lane, &count);
	for (size_t i = 0; i < count && !(best && dir > 0); i++)
		if (p[i].span.from_ns >= from_ns && p[i].span.to_ns <= to_ns)
			best = &p[i];
	return best;
}

/* What is dense is looked at again, nearer. */
int tui_beyond(struct gtv_window *w, const struct tui_beyond *q, struct gtv_span *out)
{
	uint64_t from_ns = q->dir > 0 ? q->at_ns : q->first_ns;
	uint64_t to_ns = q->dir > 0 ? q->last_ns + 1 : q->at_ns;

	if (!q->dir)
		return gtv_window_span_at(w, q->lane, q->at_ns, out);
	for (int i = 0; i < NEARER_MAX; i++) {
		const struct gtv_piece *p = end_piece(w, q->lane, from_ns, to_ns, q->dir);

		if (!p)
			return -GTV_ENOTFOUND;
		from_ns = p->span.from_ns;
		to_ns = p->span.to_ns;
		if (p->spans == 1)
			break;
	}
	return gtv_window_span_at(w, q->lane, q->dir > 0 ? from_ns : to_ns - 1, out);
}
