/* SPDX-License-Identifier: MIT */
#include "tracer/session/pace.h"

void gtv_pace_begin(struct gtv_pace *pace, uint64_t room_ns)
{
	uint64_t longest_ns = room_ns / 2;

	if (longest_ns > GTV_PACE_LONGEST_NS)
		longest_ns = GTV_PACE_LONGEST_NS;
	if (longest_ns < GTV_PACE_SHORT_NS)
		longest_ns = GTV_PACE_SHORT_NS;
	pace->longest_ns = longest_ns;
	pace->round_ns = GTV_PACE_SHORT_NS;
}

void gtv_pace_turn(struct gtv_pace *pace, int came)
{
	pace->round_ns = came ? GTV_PACE_SHORT_NS : 2 * pace->round_ns;
	if (pace->round_ns > pace->longest_ns)
		pace->round_ns = pace->longest_ns;
}
