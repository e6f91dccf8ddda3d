/* SPDX-License-Identifier: MIT
 *
 * Sorting by digits, the least first (Knuth, The Art of Computer Programming 3, 5.2.5).
 * Digits that all rows have in common take no pass: of times most have three that differ.
 */
#include "tui/scene/ranking.h"

#include <string.h>

#define BITS   11
#define DIGITS 6 /* times 11 bits */
#define VALUES (1u << BITS)

static unsigned digit_of(const struct tui_ranked *r, unsigned digit)
{
	return (unsigned)(~r->key >> digit * BITS) & (VALUES - 1);
}

static void count_digits(const struct tui_ranked *row, size_t count,
			 uint32_t counts[DIGITS][VALUES])
{
	memset(counts, 0, DIGITS * sizeof(counts[0]));
	for (size_t i = 0; i < count; i++)
		for (unsigned d = 0; d < DIGITS; d++)
			counts[d][digit_of(&row[i], d)]++;
}

void tui_rank(struct tui_ranked *row, struct tui_ranked *spare, size_t count)
{
	uint32_t counts[DIGITS][VALUES];
	struct tui_ranked *from = row, *to = spare;

	if (!count)
		return;
	count_digits(row, count, counts);
	for (unsigned d = 0; d < DIGITS; d++) {
		uint32_t at = 0;

		if (counts[d][digit_of(&row[0], d)] == count)
			continue;
		for (unsigned v = 0; v < VALUES; v++) {
			uint32_t here = counts[d][v];
			counts[d][v] = at;
			at += here;
		}
		for (size_t i = 0; i < count; i++)
			to[counts[d][digit_of(&from[i], d)]++] = from[i];
		struct tui_ranked *was = from;
		from = to;
		to = was;
	}
	if (from != row)
		memcpy(row, from, count * sizeof(*row));
}
