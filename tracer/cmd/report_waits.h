/* SPDX-License-Identifier: MIT
 *
 * Who made it wait: the waits of each green thread (of each OS thread, in a program without
 * any) by cause: who had the lock, who had the core, who woke it at last. Of each, the
 * causes sum to its waits exactly; what the trace does not tell is a cause of its own.
 */
#ifndef GTV_CMD_REPORT_WAITS_H
#define GTV_CMD_REPORT_WAITS_H

#include <stdio.h>

#include "tracer/model/model.h"

struct gtv_report;
struct gtv_report_waits;
struct json_object;

/* Of [from_ns, to_ns) (0 and UINT64_MAX: all). Returns owned, NULL without memory. */
struct gtv_report_waits *gtv_report_waits_new(uint64_t from_ns, uint64_t to_ns);
void gtv_report_waits_free(struct gtv_report_waits *w); /* may be NULL */
/* From a model's sink. */
void gtv_report_waits_span(struct gtv_report_waits *w, const struct gtv_span *span);
void gtv_report_waits_edge(struct gtv_report_waits *w, const struct gtv_edge *edge);

/* Tables, or nothing if nobody waited. 0, or 1 without memory. */
int gtv_report_waits_text(const struct gtv_report *r, FILE *f);
/* The idx-th who waited, most first, a thousand at most; Returns owned, NULL behind the
 * last. */
struct json_object *gtv_report_waits_json(const struct gtv_report *r, size_t idx);

#endif
