/* SPDX-License-Identifier: MIT */
#include "tui/trace/headline.h"

#include "tui/trace/findings.h"
#include "tui/trace/trace.h"

#define EVENTS_MAX 2000000u /* of a trace: read in some tenths of a second */
#define RATE_MAX   100000.0 /* live, events a second: within LIVE_NS a frame */
#define GTS_MAX	   4096	    /* making a list costs as much as there are */
#define DONE_NS	   3000000u /* a frame, of a trace that is complete */
#define LIVE_NS	   1000000u

/* Whether nobody need ask for it: larger traces wait until the view is opened. */
static int is_cheap(const struct tui_trace *t)
{
	struct tui_range range;

	if (!t->store || gtv_names_count(t->names, GTV_CLASS_GT) > GTS_MAX)
		return 0;
	range = tui_range_of(&t->nav, t->scope);
	if (range.kind != TUI_RANGE_ALL)
		return 0;
	return t->facts.mode == TUI_LIVE ? t->facts.events_per_s <= RATE_MAX
					 : t->facts.events <= EVENTS_MAX;
}

int tui_headline_read(struct tui_trace *t, uint64_t budget_ns)
{
	uint64_t most_ns = t->facts.mode == TUI_LIVE ? LIVE_NS : DONE_NS;

	if (!is_cheap(t))
		return 0;
	if (budget_ns != UINT64_MAX && budget_ns > most_ns)
		budget_ns = most_ns;
	return tui_trace_notice(t, budget_ns);
}

/* Live, the next frame comes anyway. */
int tui_headline_unread(const struct tui_trace *t)
{
	return t->facts.mode != TUI_LIVE && is_cheap(t) && tui_trace_findings_unread(t);
}
