/* SPDX-License-Identifier: MIT
 *
 * Finds the critical path of what is selected.
 */
#ifndef TUI_TRACE_CRITICAL_H
#define TUI_TRACE_CRITICAL_H

#include "tui/scene/critical.h"
#include "tui/trace/trace.h"

/* Of the selected span; without one, of the window for the selected lane; without that, for
 * the green thread (or OS thread of the program) that ends last in it. 0, -GTV_ENOTFOUND:
 * there is nobody to follow, -GTV_EUSAGE: more than can be decoded at once, or another
 * -GTV_E*. */
int tui_trace_critical_find(struct tui_trace *t);
void tui_trace_critical_forget(struct tui_trace *t);

#endif
