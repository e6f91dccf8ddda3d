/* SPDX-License-Identifier: MIT */
#include "tracer/model/where.h"

#include <string.h>

#define SHIFT_LEAST 10 /* a microsecond */

static int bit_of(const struct gtv_where *w, uint64_t i)
{
	return (int)(w->bits[i / 64] >> (i % 64) & 1);
}

/* Steps twice as long. */
static void double_steps(struct gtv_where *w)
{
	uint64_t first = w->first / 2, bits[GTV_WHERE_STEPS / 64] = {0};

	for (uint64_t i = 0; i <= w->last - w->first; i++) {
		uint64_t to = (w->first + i) / 2 - first;

		bits[to / 64] |= (uint64_t)bit_of(w, i) << (to % 64);
	}
	memcpy(w->bits, bits, sizeof(bits));
	w->first = first;
	w->last /= 2;
	w->shift++;
}

/* The first bit stands for an earlier step. */
static void begin_earlier(struct gtv_where *w, uint64_t first)
{
	uint64_t by = w->first - first, bits[GTV_WHERE_STEPS / 64] = {0};

	for (uint64_t i = 0; i <= w->last - w->first; i++)
		bits[(i + by) / 64] |= (uint64_t)bit_of(w, i) << ((i + by) % 64);
	memcpy(w->bits, bits, sizeof(bits));
	w->first = first;
}

void gtv_where_add(struct gtv_where *w, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t last_ns = to_ns > from_ns ? to_ns - 1 : from_ns, lo, hi;

	if (!w->any) {
		w->any = 1;
		w->shift = SHIFT_LEAST;
		w->first = w->last = from_ns >> w->shift;
	}
	for (;; double_steps(w)) {
		lo = from_ns >> w->shift < w->first ? from_ns >> w->shift : w->first;
		hi = last_ns >> w->shift > w->last ? last_ns >> w->shift : w->last;
		if (hi - lo < GTV_WHERE_STEPS)
			break;
	}
	if (lo < w->first)
		begin_earlier(w, lo);
	w->last = hi;
	for (uint64_t i = (from_ns >> w->shift) - lo; i <= (last_ns >> w->shift) - lo; i++)
		w->bits[i / 64] |= 1ull << (i % 64);
}

int gtv_where_has(const struct gtv_where *w, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t lo = from_ns >> w->shift,
		 hi = (to_ns > from_ns ? to_ns - 1 : from_ns) >> w->shift;

	if (!w->any || hi < w->first || lo > w->last)
		return 0;
	lo = lo < w->first ? w->first : lo;
	hi = hi > w->last ? w->last : hi;
	for (; lo <= hi; lo++)
		if (bit_of(w, lo - w->first))
			return 1;
	return 0;
}
