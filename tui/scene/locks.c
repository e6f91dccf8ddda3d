/* SPDX-License-Identifier: MIT */
#include "tui/scene/locks.h"

const char *tui_locks_sort_word(unsigned sort)
{
	static const char *const words[] = {
#define X(id, word) word,
		TUI_LOCKS_SORTS(X)
#undef X
	};
	return sort < TUI_LOCKS_BY_MAX ? words[sort] : "";
}

static struct gtv_lane lane_of(uint32_t lock)
{
	return (struct gtv_lane){.kind = GTV_LANE_LOCK, .id = lock};
}

static int add_totals(const struct tui_locks_row *r, struct tui_locks_line *out)
{
	int n = 0;
	if (r->a.waits)
		out[n++] = (struct tui_locks_line){.part = TUI_LOCKS_WORST_WAIT,
						   .lane = r->a.wait_max_who,
						   .from_ns = r->a.wait_max_from_ns,
						   .to_ns = r->a.wait_max_from_ns +
							    r->a.wait_max_ns};
	if (r->a.handed)
		out[n++] = (struct tui_locks_line){.part = TUI_LOCKS_SLOWEST,
						   .lane = lane_of(r->a.id),
						   .from_ns = r->a.handed_max_from_ns,
						   .to_ns = r->a.handed_max_from_ns +
							    r->a.handed_max_ns};
	return n;
}

int tui_locks_lines(const struct tui_locks *l, struct tui_locks_line out[TUI_LOCKS_LINES])
{
	struct gtv_attr_holder holder[TUI_LOCKS_HOLDERS];
	const struct tui_locks_row *r;
	size_t count;
	int n = 0;
	if (!l->attr || l->chosen >= l->count)
		return 0;
	r = &l->row[l->chosen];
	for (int i = 0; i < TUI_LOCKS_QUEUE && i < (int)r->waiting; i++)
		out[n++] = (struct tui_locks_line){.part = TUI_LOCKS_WAITER,
						   .num = i,
						   .lane = r->queue[i].lane,
						   .from_ns = r->queue[i].since_ns,
						   .to_ns = r->queue[i].to_ns};
	n += add_totals(r, out + n);
	count = gtv_attr_holders(l->attr, r->a.id, holder, TUI_LOCKS_HOLDERS);
	for (size_t i = 0; i < count && i < TUI_LOCKS_HOLDERS; i++)
		out[n++] = (struct tui_locks_line){
			.part = TUI_LOCKS_HOLDER,
			.num = (int)i,
			.lane = lane_of(r->a.id),
			.from_ns = holder[i].off_max_from_ns,
			.to_ns = holder[i].off_max_ns
					 ? holder[i].off_max_from_ns + holder[i].off_max_ns
					 : 0};
	for (int i = 0; i < l->handoffs; i++)
		out[n++] = (struct tui_locks_line){.part = TUI_LOCKS_HANDOFF,
						   .num = i,
						   .lane = lane_of(r->a.id),
						   .from_ns = l->handoff[i].from_ns,
						   .to_ns = l->handoff[i].to_ns};
	return n;
}
