/* SPDX-License-Identifier: MIT */
#include "tui/scene/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/model/window.h"

#define WINDOW_WORK 40	       /* names that cost as much as what one lane does */
#define IDS_MAX	    (1u << 22) /* lanes with higher numbers are judged each time */

void tui_sieve_fini(struct tui_sieve *s)
{
	for (int kind = 0; kind < GTV_LANE_KIND_MAX; kind++) {
		free(s->bits[kind].fits);
		free(s->bits[kind].judged);
	}
	memset(s, 0, sizeof(*s));
}

static void forget(struct tui_sieve *s, int verdicts)
{
	for (int kind = 0; kind < GTV_LANE_KIND_MAX; kind++) {
		struct tui_sieve_bits *b = &s->bits[kind];

		if (b->words)
			memset(b->judged, 0, b->words * sizeof(*b->judged));
		if (b->words && verdicts)
			memset(b->fits, 0, b->words * sizeof(*b->fits));
	}
}

void tui_sieve_begin(struct tui_sieve *s, const struct tui_filter *filter,
		     const struct gtv_names *names, const struct gtv_window *window,
		     long work)
{
	uint64_t looks = window ? gtv_window_looks(window) : 0;
	uint64_t version = gtv_names_version(names);

	if (strcmp(s->filter.text, filter->text) != 0) {
		forget(s, 1);
		s->filter = *filter;
		s->looks = looks;
		s->names = version;
	} else if (!s->unjudged && (s->looks != looks || s->names != version)) {
		forget(s, 0);
		s->looks = looks;
		s->names = version;
	}
	s->unjudged = 0;
	s->left = work;
}

static int grow(uint64_t **bits, size_t from, size_t to)
{
	uint64_t *grown = realloc(*bits, to * sizeof(*grown));

	if (!grown)
		return -1;
	memset(grown + from, 0, (to - from) * sizeof(*grown));
	*bits = grown;
	return 0;
}

/* The bits of a lane, NULL if there is no room for it. */
static struct tui_sieve_bits *bits_of(struct tui_sieve *s, struct gtv_lane lane)
{
	struct tui_sieve_bits *b;
	size_t words;

	if (lane.kind >= GTV_LANE_KIND_MAX || lane.id >= IDS_MAX)
		return NULL;
	b = &s->bits[lane.kind];
	if (lane.id / 64 < b->words)
		return b;
	for (words = b->words ? b->words : 16; words <= lane.id / 64;)
		words *= 2;
	if (grow(&b->fits, b->words, words) || grow(&b->judged, b->words, words))
		return NULL;
	b->words = words;
	return b;
}

static int asks_window(const struct tui_filter *filter, struct gtv_lane lane)
{
	for (int i = 0; i < filter->count; i++)
		switch (filter->term[i].key) {
		case TUI_FILTER_NAME:
		case TUI_FILTER_PID:
		case TUI_FILTER_PROCESS:
			if (lane.kind == GTV_LANE_CORE)
				return 1;
			break;
		case TUI_FILTER_KIND:
			break;
		default:
			return 1;
		}
	return 0;
}

int tui_sieve_lane(struct tui_sieve *s, const struct gtv_names *names,
		   struct gtv_window *window, struct gtv_lane lane)
{
	struct tui_sieve_bits *b = bits_of(s, lane);
	uint64_t bit = 1ull << lane.id % 64;
	size_t word = lane.id / 64;

	if (!b)
		return tui_filter_lane(&s->filter, names, window, lane);
	if (b->judged[word] & bit)
		return (b->fits[word] & bit) != 0;
	if (s->left <= 0) {
		s->unjudged++;
		return (b->fits[word] & bit) != 0;
	}
	int dear = asks_window(&s->filter, lane);
	int fits = tui_filter_lane(&s->filter, names, window, lane);

	s->left -= dear ? WINDOW_WORK : 1;
	b->judged[word] |= bit;
	b->fits[word] = fits ? b->fits[word] | bit : b->fits[word] & ~bit;
	/* Who does not fit is not drawn. */
	if (dear && !fits && window)
		gtv_window_drop_pieces(window, lane);
	return fits;
}

int tui_sieve_unread(const struct tui_sieve *s)
{
	return s && s->unjudged > 0;
}
