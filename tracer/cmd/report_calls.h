/* SPDX-License-Identifier: MIT
 *
 * System calls and interrupts of a trace, summed by number: there if they were recorded
 * (--syscalls, --irq).
 */
#ifndef GTV_CMD_REPORT_CALLS_H
#define GTV_CMD_REPORT_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tracer/base/event.h"

struct gtv_report;
struct gtv_report_calls;
struct json_object;

struct gtv_report_call {
	unsigned kind; /* GTV_EV_K_SYSCALL, _IRQ, _SOFTIRQ */
	uint32_t number;
	uint64_t count, slept, errors; /* the last two of system calls */
	uint64_t total_ns, max_ns;
};

/* Adds an event, of whatever kind; makes *calls when there is something to keep. 0 or
 * -GTV_ENOMEM. */
int gtv_report_calls_note(struct gtv_report_calls **calls, const struct gtv_ev *ev);
void gtv_report_calls_free(struct gtv_report_calls *calls);

/* A table, or nothing if nothing was recorded. 0, or 1 without memory. */
int gtv_report_calls_text(const struct gtv_report *r, FILE *f);
/* The idx-th row, NULL behind the last; and as JSON, Returns owned. */
const struct gtv_report_call *gtv_report_calls_at(const struct gtv_report *r, size_t idx);
struct json_object *gtv_report_calls_json(const struct gtv_report *r, size_t idx);

#endif
