/* SPDX-License-Identifier: MIT */
#include "tui/scene/ident.h"

#include <stdio.h>
#include <string.h>

#include "tui/canvas/glyph.h"

#define SLOTS (TUI_ID12 - TUI_ID1 + 1)

static unsigned preferred(const struct gtv_name *name, uint32_t nth)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	if (!name->text[0])
		return nth % SLOTS;
	for (const char *s = name->text; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	return hash % SLOTS;
}

/* Some themes have half as many fills, each for two slots: the first six to be born have
 * different ones there too. */
#define FEWER (SLOTS / 2)

static int is_free(unsigned taken, unsigned slot, unsigned nth)
{
	unsigned other = (slot + FEWER) % SLOTS;
	return !(taken & 1u << slot) && (nth > FEWER || !(taken & 1u << other));
}

/*
 * The first twelve to be born get a fill each: their preferred one, or the next
 * that is free. Everybody later shares, by name; the label tells them apart. So a
 * lookup costs twelve steps, however many there are.
 */
static void find_first(const struct gtv_names *names, enum gtv_class cls, uint32_t must,
		       struct tui_ident_first *out)
{
	struct gtv_name name;
	unsigned taken = 0;
	size_t count = gtv_names_count(names, cls);
	out->count = 0;
	for (size_t i = 0; i < count && out->count < SLOTS && i < 4 * SLOTS; i++) {
		if (gtv_names_at(names, cls, i, &name))
			break;
		if ((name.flags & must) != must)
			continue;
		/* nth counts this one too, as is_free wants it. */
		unsigned slot = preferred(&name, out->count), nth = out->count + 1;
		while (!is_free(taken, slot, nth))
			slot = (slot + 1) % SLOTS;
		taken |= 1u << slot;
		out->id[out->count] = name.id;
		out->role[out->count++] = (uint8_t)(TUI_ID1 + slot);
	}
}

static int slot_of(const struct gtv_names *names, enum gtv_class cls, uint32_t id,
		   const struct tui_ident_first *first)
{
	struct gtv_name name;
	for (unsigned i = 0; i < first->count; i++)
		if (first->id[i] == id)
			return first->role[i];
	gtv_names_get(names, cls, id, &name);
	return TUI_ID1 + (int)preferred(&name, id);
}

void tui_ident_first_gts(const struct gtv_names *names, struct tui_ident_first *out)
{
	find_first(names, GTV_CLASS_GT, 0, out);
}

int tui_ident_gt_of(const struct gtv_names *names, const struct tui_ident_first *first,
		    uint32_t gt)
{
	return slot_of(names, GTV_CLASS_GT, gt, first);
}

int tui_ident_gt(const struct gtv_names *names, uint32_t gt)
{
	struct tui_ident_first first;
	tui_ident_first_gts(names, &first);
	return tui_ident_gt_of(names, &first, gt);
}

int tui_ident_is_ours(const struct gtv_names *names, uint32_t tid)
{
	struct gtv_name name;
	return gtv_names_get(names, GTV_CLASS_THREAD, tid, &name) == 0 &&
	       (name.flags & GTV_NAME_OURS);
}

int tui_ident_thread(const struct gtv_names *names, uint32_t tid)
{
	if (gtv_names_count(names, GTV_CLASS_GT) > 0 || !tui_ident_is_ours(names, tid))
		return TUI_OTHER;
	struct tui_ident_first first;
	find_first(names, GTV_CLASS_THREAD, GTV_NAME_OURS, &first);
	return slot_of(names, GTV_CLASS_THREAD, tid, &first);
}

int tui_ident_is_gil(const struct gtv_names *names, uint32_t lock)
{
	struct gtv_name name;
	return gtv_names_get(names, GTV_CLASS_LOCK, lock, &name) == 0 &&
	       (name.flags & GTV_NAME_IS_GIL);
}

int tui_ident_lane(const struct gtv_names *names, struct gtv_lane lane)
{
	switch (lane.kind) {
	case GTV_LANE_GT:
		return tui_ident_gt(names, lane.id);
	case GTV_LANE_THREAD: {
		int role = tui_ident_thread(names, lane.id);
		return role == TUI_OTHER ? TUI_TEXT : role;
	}
	case GTV_LANE_LOCK:
		return tui_ident_is_gil(names, lane.id) ? TUI_GIL : TUI_LOCK;
	default:
		return TUI_BOLD;
	}
}

static enum gtv_class class_of(struct gtv_lane lane)
{
	return lane.kind == GTV_LANE_GT	    ? GTV_CLASS_GT
	       : lane.kind == GTV_LANE_LOCK ? GTV_CLASS_LOCK
					    : GTV_CLASS_THREAD;
}

char *tui_ident_id(const struct gtv_names *names, struct gtv_lane lane, char *buf,
		   size_t size)
{
	struct gtv_name name = {0};
	if (lane.kind != GTV_LANE_CORE)
		gtv_names_get(names, class_of(lane), lane.id, &name);
	if (lane.kind == GTV_LANE_CORE)
		snprintf(buf, size, "C%u", lane.id);
	else if (lane.kind == GTV_LANE_GT)
		snprintf(buf, size, "G%u", lane.id);
	else if (lane.kind == GTV_LANE_LOCK && (name.flags & GTV_NAME_IS_GIL))
		snprintf(buf, size, "GIL");
	else if (lane.kind == GTV_LANE_LOCK)
		snprintf(buf, size, "L%u", lane.id);
	else if (name.local > 0)
		snprintf(buf, size, "W%u", name.local - 1);
	else
		snprintf(buf, size, "T%u", lane.id);
	return buf;
}

char *tui_ident_name(const struct gtv_names *names, struct gtv_lane lane, char *buf,
		     size_t size)
{
	struct gtv_name name = {0};
	char id[TUI_LABEL];
	buf[0] = '\0';
	if (lane.kind == GTV_LANE_CORE ||
	    gtv_names_get(names, class_of(lane), lane.id, &name) != 0)
		return buf;
	gtv_names_escape(name.text, buf, size);
	/* "GIL GIL" says it once too often. */
	if (strcmp(buf, tui_ident_id(names, lane, id, sizeof(id))) == 0)
		buf[0] = '\0';
	return buf;
}

char *tui_ident_label(const struct gtv_names *names, struct gtv_lane lane, char *buf,
		      size_t size)
{
	char id[TUI_LABEL], name[TUI_LABEL];
	tui_ident_id(names, lane, id, sizeof(id));
	tui_ident_name(names, lane, name, sizeof(name));
	snprintf(buf, size, "%s%s%s", id, name[0] ? " " : "", name);
	return buf;
}
