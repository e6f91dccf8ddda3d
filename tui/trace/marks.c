/* SPDX-License-Identifier: MIT */
#include "tui/trace/marks.h"

#include "tui/trace/scope.h"

int tui_marks_read(struct tui_trace *t, uint64_t budget_ns)
{
	struct tui_scope *s = tui_scope_of(t);
	size_t before = s ? s->said_count : 0;
	int all = s ? s->said_all : 1;

	if (s)
		s->said_all = tui_scope_said(t, budget_ns);
	return s && (s->said_count != before || s->said_all != all);
}

int tui_marks_unread(const struct tui_trace *t)
{
	return !t->scope || !t->scope->said_all || t->facts.mode == TUI_LIVE;
}
