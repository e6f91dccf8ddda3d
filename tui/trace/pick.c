/* SPDX-License-Identifier: MIT */
#include "tui/trace/pick.h"

#include <stdlib.h>
#include <string.h>

#include "tui/scene/named.h"

/* ---- picking ---- */

static const struct {
	enum gtv_class cls;
	uint8_t lane, field;
} classes[] = {
	{GTV_CLASS_GT, GTV_LANE_GT, GTV_FIELD_GT},
	{GTV_CLASS_THREAD, GTV_LANE_THREAD, GTV_FIELD_TID},
	{GTV_CLASS_LOCK, GTV_LANE_LOCK, GTV_FIELD_LOCK},
};
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* One more way for the term: any kind, any lane; to be narrowed. */
static struct gtv_events_filter *new_way(struct tui_pick_term *to)
{
	struct gtv_events_filter *way = &to->way[to->ways++];

	gtv_events_filter_init(way, NULL, NULL, NULL, NULL);
	return way;
}

static int add_id(struct gtv_events_filter *way, uint32_t id)
{
	uint32_t *ids = way->ids;

	/* Room doubles: at each power of two. */
	if (!(way->id_count & (way->id_count - 1))) {
		ids = realloc(ids, (way->id_count ? 2 * way->id_count : 1) * sizeof(*ids));
		if (!ids)
			return -GTV_ENOMEM;
		way->ids = ids;
	}
	ids[way->id_count++] = id;
	return 0;
}

/* By their own names: the shorter way. */
static int add_named(struct gtv_events_filter *way, const struct tui_filter_term *from,
		     const struct gtv_names *names, size_t cls)
{
	size_t room = gtv_names_count(names, classes[cls].cls) + 1, count;
	struct gtv_lane *lane = malloc(room * sizeof(*lane));
	int rc = lane ? 0 : -GTV_ENOMEM;

	count = lane ? tui_named(from, names, classes[cls].lane, lane, room) : 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_id(way, lane[i].id);
	free(lane);
	return rc;
}

/* The lanes of a class that the word fits by their names. */
static int add_lanes(struct tui_pick_term *to, const struct tui_filter_term *from,
		     const struct gtv_names *names, size_t cls)
{
	struct tui_filter one = {.term = {*from}, .count = 1};
	size_t count = gtv_names_count(names, classes[cls].cls);
	struct gtv_events_filter *way = new_way(to);
	struct gtv_name entry;
	int rc = 0;

	one.term[0].negate = 0;
	way->lane_type = classes[cls].field;
	if (from->key == TUI_FILTER_NAME)
		rc = add_named(way, from, names, cls);
	for (size_t i = 0; i < count && !rc && from->key != TUI_FILTER_NAME; i++) {
		struct gtv_lane lane = {.kind = classes[cls].lane};

		if (gtv_names_at(names, classes[cls].cls, i, &entry))
			continue;
		lane.id = entry.id;
		if (tui_filter_lane(&one, names, NULL, lane))
			rc = add_id(way, entry.id);
	}
	if (way->id_count)
		qsort(way->ids, way->id_count, sizeof(*way->ids), by_number);
	else
		to->ways--;
	return rc;
}

static int add_cores(struct tui_pick_term *to, const char *list)
{
	struct gtv_events_filter *way = new_way(to);
	int rc = 0;

	way->lane_type = GTV_FIELD_CORE;
	while (*list && !rc) {
		char *end;

		rc = add_id(way, (uint32_t)strtoul(list, &end, 10));
		list = *end == ',' ? end + 1 : end + strlen(end);
	}
	if (way->id_count)
		qsort(way->ids, way->id_count, sizeof(*way->ids), by_number);
	return rc;
}

static void add_kinds(struct tui_pick_term *to, const char *word)
{
	struct gtv_events_filter *way = new_way(to);
	int found = 0;

	memset(way->kinds, 0, sizeof(way->kinds));
	for (unsigned k = 1; k < GTV_EV_MAX; k++) {
		const char *name = gtv_event_name(k);

		if (!name || !tui_filter_like(word, name))
			continue;
		way->kinds[k / 64] |= 1ull << k % 64;
		found = 1;
	}
	if (!found)
		to->ways--;
}

static int add_name(struct tui_pick_term *to, const struct tui_filter_term *from,
		    const struct gtv_names *names)
{
	int rc = 0;

	if (from->lane.kind == GTV_LANE_CORE)
		return add_cores(to, from->word + 1);
	for (size_t i = 0; i < CLASSES && !rc; i++)
		rc = add_lanes(to, from, names, i);
	if (from->lane.kind || from->worker >= 0)
		return rc;
	add_kinds(to, from->word);
	memcpy(to->text, from->word, sizeof(to->text));
	return rc;
}

static int add_term(struct tui_pick *pick, const struct tui_filter_term *from,
		    const struct gtv_names *names)
{
	struct tui_pick_term *to = &pick->term[pick->count];
	int rc = 0;

	if (from->key == TUI_FILTER_STATE || from->key == TUI_FILTER_BUSY)
		return 0;
	to->negate = from->negate;
	pick->count++;
	switch (from->key) {
	case TUI_FILTER_KIND:
		return gtv_events_filter_init(&to->way[to->ways++], names, from->word, NULL,
					      &(struct gtv_err){0}) == -GTV_ENOMEM
			       ? -GTV_ENOMEM
			       : 0;
	case TUI_FILTER_CORE:
		return add_cores(to, from->word);
	case TUI_FILTER_LOCK:
		return add_lanes(to, from, names, 2);
	case TUI_FILTER_NAME:
		return add_name(to, from, names);
	default:
		for (size_t i = 0; i < CLASSES && !rc; i++)
			rc = add_lanes(to, from, names, i);
		return rc;
	}
}

int tui_pick_init(struct tui_pick *pick, const struct tui_filter *filter,
		  const struct gtv_names *names)
{
	int rc = 0;

	memset(pick, 0, sizeof(*pick));
	for (int i = 0; i < filter->count && !rc; i++)
		rc = add_term(pick, &filter->term[i], names);
	return rc;
}

void tui_pick_fini(struct tui_pick *pick)
{
	for (int i = 0; i < pick->count; i++)
		for (int k = 0; k < TUI_PICK_WAYS; k++)
			gtv_events_filter_fini(&pick->term[i].way[k]);
	memset(pick, 0, sizeof(*pick));
}

static int text_fits(const struct tui_pick_term *term, const struct gtv_ev *ev)
{
	char raw[GTV_TEXT_CHUNK + 1] = "";

	if (!term->text[0] || (ev->kind != GTV_EV_MARK && ev->kind != GTV_EV_REGION_BEGIN &&
			       ev->kind != GTV_EV_REGION_END))
		return 0;
	memcpy(raw, &ev->obj, sizeof(ev->obj));
	memcpy(raw + 4, &ev->seq, sizeof(ev->seq));
	memcpy(raw + 8, &ev->arg, sizeof(ev->arg));
	return tui_filter_like(term->text, raw);
}

static int term_fits(const struct tui_pick_term *term, const struct gtv_ev *ev)
{
	for (int i = 0; i < term->ways; i++)
		if (gtv_events_wanted(&term->way[i], ev))
			return 1;
	return text_fits(term, ev);
}

int tui_pick_wants(const struct tui_pick *pick, const struct gtv_ev *ev)
{
	for (int i = 0; i < pick->count; i++)
		if (term_fits(&pick->term[i], ev) == pick->term[i].negate)
			return 0;
	return 1;
}

/* ---- scanning ---- */

int tui_scan_init(struct tui_scan *scan, const struct gtv_store *store, uint64_t ts_ns)
{
	*scan = (struct tui_scan){.store = store, .loaded = SIZE_MAX};
	scan->evs = malloc(GTV_BLOCK_MAX * sizeof(*scan->evs));
	if (!scan->evs)
		return -GTV_ENOMEM;
	tui_scan_seek(scan, ts_ns);
	return 0;
}

void tui_scan_fini(struct tui_scan *scan)
{
	free(scan->evs);
	memset(scan, 0, sizeof(*scan));
}

static void load(struct tui_scan *scan, size_t block)
{
	if (scan->loaded == block)
		return;
	scan->count = gtv_store_read(scan->store, block, scan->evs);
	scan->loaded = block;
}

void tui_scan_seek(struct tui_scan *scan, uint64_t ts_ns)
{
	size_t blocks = gtv_store_block_count(scan->store);
	uint32_t lo = 0, hi;

	scan->block = ts_ns == UINT64_MAX ? blocks : gtv_store_find(scan->store, ts_ns);
	scan->idx = 0;
	if (scan->block >= blocks)
		return;
	load(scan, scan->block);
	hi = scan->count > 0 ? (uint32_t)scan->count : 0;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (scan->evs[mid].ts_ns < ts_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	scan->idx = lo;
}

static void tell_gap(const struct tui_scan *scan, struct gtv_ev *out, size_t *block,
		     uint32_t *idx, size_t which)
{
	struct gtv_block_info info = {0};

	gtv_store_block(scan->store, which, &info);
	*out = (struct gtv_ev){.ts_ns = info.from_ns, .core = GTV_CORE_NONE};
	*block = which;
	*idx = 0;
}

static enum tui_scanned forward(struct tui_scan *scan, const struct tui_pick *pick,
				struct gtv_ev *out, size_t *block, uint32_t *idx)
{
	load(scan, scan->block);
	for (; scan->idx < scan->count; scan->idx++) {
		const struct gtv_ev *ev = &scan->evs[scan->idx];

		if (pick && !tui_pick_wants(pick, ev))
			continue;
		*out = *ev;
		*block = scan->block;
		*idx = scan->idx++;
		return TUI_SCAN_FOUND;
	}
	scan->idx = 0;
	scan->block++;
	if (scan->count >= 0)
		return TUI_SCAN_ON;
	tell_gap(scan, out, block, idx, scan->block - 1);
	return TUI_SCAN_GAP;
}

static enum tui_scanned backward(struct tui_scan *scan, const struct tui_pick *pick,
				 struct gtv_ev *out, size_t *block, uint32_t *idx)
{
	if (!scan->idx) {
		load(scan, --scan->block);
		if (scan->count < 0) {
			tell_gap(scan, out, block, idx, scan->block);
			return TUI_SCAN_GAP;
		}
		scan->idx = (uint32_t)scan->count;
	}
	load(scan, scan->block);
	while (scan->idx > 0) {
		const struct gtv_ev *ev = &scan->evs[--scan->idx];

		if (pick && !tui_pick_wants(pick, ev))
			continue;
		*out = *ev;
		*block = scan->block;
		*idx = scan->idx;
		return TUI_SCAN_FOUND;
	}
	return TUI_SCAN_ON;
}

enum tui_scanned tui_scan_step(struct tui_scan *scan, const struct tui_pick *pick, int dir,
			       struct gtv_ev *out, size_t *block, uint32_t *idx)
{
	if (dir > 0)
		return scan->block < gtv_store_block_count(scan->store)
			       ? forward(scan, pick, out, block, idx)
			       : TUI_SCAN_END;
	return scan->block > 0 || scan->idx > 0 ? backward(scan, pick, out, block, idx)
						: TUI_SCAN_END;
}
