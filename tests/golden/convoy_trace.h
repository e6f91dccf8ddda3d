/* SPDX-License-Identifier: MIT
 *
 * The convoy as an open trace, for tests that read it anew each: set-up and tear-down.
 */
#ifndef CONVOY_TRACE_H
#define CONVOY_TRACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/golden/convoy.h"
#include "tui/trace/trace.h"

static struct gtv_names *names;
static struct tui_trace trace;

/* As a replay has it, the whole of it in the window. */
static int open_trace(void **state)
{
	struct gtv_err err;

	(void)state;
	names = gtv_names_new();
	assert_non_null(names);
	assert_int_equal(tui_trace_attach(&trace, convoy_store(names, 60), &err), 0);
	trace.owned = 1;
	tui_nav_init(&trace.nav, trace.nav.first_ns, trace.nav.last_ns, 0);
	trace.facts.mode = TUI_REPLAY;
	return 0;
}

static int close_trace(void **state)
{
	(void)state;
	tui_trace_close(&trace);
	gtv_names_free(names);
	return 0;
}

#endif
