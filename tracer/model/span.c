/* SPDX-License-Identifier: MIT */
#include "tracer/model/span.h"

const char *gtv_state_name(unsigned state)
{
	static const char *const name[GTV_ST_MAX] = {
#define X(id, text) [GTV_ST_##id] = text,
		GTV_STATES(X)
#undef X
	};

	return state < GTV_ST_MAX ? name[state] : "?";
}
