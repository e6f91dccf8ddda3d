/* SPDX-License-Identifier: MIT
 *
 * The lanes of a look, in order and each once. They come from hash tables and from the
 * lists of many blocks; to sort a hundred thousand of them costs more than a frame may,
 * so that ids are noted as bits and read back in order.
 */
#include "tracer/model/window_priv.h"

#include <stdlib.h>
#include <string.h>

static int lane_order(const void *a, const void *b)
{
	const struct gtv_lane *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int append(struct gtv_lane **array, size_t *count, size_t *cap, struct gtv_lane lane)
{
	if (*count == *cap) {
		size_t more = *cap ? *cap * 2 : 64;
		struct gtv_lane *grown = realloc(*array, more * sizeof *grown);
		if (!grown)
			return -1;
		*array = grown;
		*cap = more;
	}
	(*array)[(*count)++] = lane;
	return 0;
}

static int bits_grow(struct gtv__lane_set *s, unsigned kind, size_t word)
{
	size_t words = s->words[kind] ? s->words[kind] : 16;

	while (words <= word)
		words *= 2;
	uint64_t *grown = realloc(s->bit[kind], words * sizeof *grown);
	if (!grown)
		return -1;
	memset(grown + s->words[kind], 0, (words - s->words[kind]) * sizeof *grown);
	s->bit[kind] = grown;
	s->words[kind] = words;
	return 0;
}

void gtv__lane_set_add(struct gtv__lane_set *s, struct gtv_lane lane)
{
	size_t word = lane.id / 64;

	if (lane.kind == 0 || lane.kind >= GTV_LANE_KIND_MAX)
		return;
	if (lane.id >= GTV__SET_IDS) {
		s->no_memory |= append(&s->other, &s->others, &s->other_cap, lane) != 0;
		return;
	}
	if (word >= s->words[lane.kind] && bits_grow(s, lane.kind, word)) {
		s->no_memory = 1;
		return;
	}
	s->bit[lane.kind][word] |= 1ull << lane.id % 64;
}

void gtv__lane_set_or(struct gtv__lane_set *s, const struct gtv__lane_set *more)
{
	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++) {
		size_t words = more->words[kind];

		if (words > s->words[kind] && bits_grow(s, kind, words - 1)) {
			s->no_memory = 1;
			continue;
		}
		for (size_t i = 0; i < words; i++)
			s->bit[kind][i] |= more->bit[kind][i];
	}
	for (size_t i = 0; i < more->others; i++)
		gtv__lane_set_add(s, more->other[i]);
	s->no_memory |= more->no_memory;
}

static size_t count_bits(const struct gtv__lane_set *s)
{
	size_t count = 0;

	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++)
		for (size_t word = 0; word < s->words[kind]; word++)
			count += (size_t)__builtin_popcountll(s->bit[kind][word]);
	return count;
}

/* There is room for all of them. */
static void take_bits(struct gtv__lane_set *s, unsigned kind)
{
	for (size_t word = 0; word < s->words[kind]; word++) {
		uint64_t bits = s->bit[kind][word];

		if (!bits)
			continue;
		s->bit[kind][word] = 0;
		for (; bits; bits &= bits - 1)
			s->lane[s->lanes++] = (struct gtv_lane){
				(uint8_t)kind,
				(uint32_t)(word * 64 + (unsigned)__builtin_ctzll(bits))};
	}
}

static int make_room(struct gtv__lane_set *s)
{
	size_t count = count_bits(s) + s->others;

	if (count <= s->lane_cap)
		return 0;
	free(s->lane);
	s->lane = malloc(2 * count * sizeof *s->lane);
	s->lane_cap = s->lane ? 2 * count : 0;
	return s->lane ? 0 : -GTV_ENOMEM;
}

static void forget_bits(struct gtv__lane_set *s)
{
	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++)
		if (s->words[kind])
			memset(s->bit[kind], 0, s->words[kind] * sizeof(uint64_t));
	s->others = 0;
}

int gtv__lane_set_settle(struct gtv__lane_set *s)
{
	size_t i = 0;

	if (s->others)
		qsort(s->other, s->others, sizeof *s->other, lane_order);
	s->lanes = 0;
	if (make_room(s)) {
		forget_bits(s);
		memset(s->first, 0, sizeof s->first);
		return -GTV_ENOMEM;
	}
	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++) {
		s->first[kind] = s->lanes;
		take_bits(s, kind);
		for (; i < s->others && s->other[i].kind == kind; i++) {
			if (i && !lane_order(&s->other[i - 1], &s->other[i]))
				continue;
			s->lane[s->lanes++] = s->other[i];
		}
	}
	s->first[GTV_LANE_KIND_MAX] = s->lanes;
	s->others = 0;
	int rc = s->no_memory ? -GTV_ENOMEM : 0;
	s->no_memory = 0;
	return rc;
}

int gtv__lane_set_has(const struct gtv__lane_set *s, struct gtv_lane lane)
{
	return s->lanes &&
	       bsearch(&lane, s->lane, s->lanes, sizeof lane, lane_order) != NULL;
}

void gtv__lane_set_fini(struct gtv__lane_set *s)
{
	for (unsigned kind = 0; kind < GTV_LANE_KIND_MAX; kind++)
		free(s->bit[kind]);
	free(s->other);
	free(s->lane);
}
