/* SPDX-License-Identifier: MIT */
#include "tui/scene/range.h"

#include <stdio.h>

#include "tui/canvas/format.h"
#include "tui/scene/nav.h"
#include "tui/scene/scope.h"

#define AGAIN_NS 500000000u /* a window that moves is counted anew so seldom */

/* What of [from, to) the trace has; kind ALL if that is nothing. */
static struct tui_range cut(const struct tui_nav *nav, unsigned kind, uint64_t from_ns,
			    uint64_t to_ns)
{
	struct tui_range all = {TUI_RANGE_ALL, nav->first_ns, UINT64_MAX};
	struct tui_range r = {(uint8_t)kind,
			      from_ns > nav->first_ns ? from_ns : nav->first_ns,
			      to_ns < nav->last_ns ? to_ns : nav->last_ns};

	return r.from_ns < r.to_ns ? r : all;
}

struct tui_range tui_range_of(const struct tui_nav *nav, const struct tui_scope *scope)
{
	uint64_t from_ns, to_ns;

	if (nav->range == TUI_RANGE_OF_WINDOW)
		return cut(nav, TUI_RANGE_WINDOW, nav->from_ns, nav->to_ns);
	if (nav->range == TUI_RANGE_AUTO && scope &&
	    tui_scope_interval(scope, &from_ns, &to_ns))
		return cut(nav, TUI_RANGE_CURSORS, from_ns, to_ns);
	return (struct tui_range){TUI_RANGE_ALL, nav->first_ns, UINT64_MAX};
}

int tui_range_differs(const struct tui_range *a, const struct tui_range *b)
{
	return a->kind != b->kind || a->from_ns != b->from_ns || a->to_ns != b->to_ns;
}

int tui_range_is_due(const struct tui_range *counted, const struct tui_nav *nav,
		     const struct tui_scope *scope, uint64_t begun_ns, uint64_t now_ns)
{
	struct tui_range wanted = tui_range_of(nav, scope);

	if (!tui_range_differs(&wanted, counted))
		return 0;
	return wanted.kind != counted->kind || wanted.kind != TUI_RANGE_WINDOW ||
	       !nav->follow || now_ns - begun_ns > AGAIN_NS;
}

const char *tui_range_next(struct tui_nav *nav, const struct tui_scope *scope)
{
	uint64_t from_ns, to_ns;
	int cursors = scope && tui_scope_interval(scope, &from_ns, &to_ns);

	if (nav->range == TUI_RANGE_OF_WINDOW)
		nav->range = TUI_RANGE_OF_ALL;
	else if (nav->range == TUI_RANGE_AUTO || !cursors)
		nav->range = TUI_RANGE_OF_WINDOW;
	else
		nav->range = TUI_RANGE_AUTO;
	return nav->range == TUI_RANGE_OF_WINDOW ? "the timeline's window only"
	       : nav->range == TUI_RANGE_OF_ALL	 ? "all of the trace"
						 : "from cursor A to B only";
}

char *tui_range_words(const struct tui_range *r, uint64_t start_ns, char *buf, size_t size)
{
	char length[TUI_FIGURE], at[TUI_FIGURE];

	buf[0] = '\0';
	if (r->kind == TUI_RANGE_ALL)
		return buf;
	tui_format_length(length, sizeof(length), r->to_ns - r->from_ns);
	tui_format_time(at, sizeof(at), (int64_t)(r->from_ns - start_ns),
			(r->to_ns - r->from_ns) / 100 + 1);
	snprintf(buf, size, "%s %s from %s s",
		 r->kind == TUI_RANGE_CURSORS ? "A–B" : "the window,", length, at);
	return buf;
}
