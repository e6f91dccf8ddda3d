/* SPDX-License-Identifier: MIT
 *
 * The part of a report about latencies (tracer/model/latency.h): how long waits for
 * locks and cores, handoffs, wake-ups and calls took, each as count and percentiles.
 */
#ifndef GTV_CMD_REPORT_LATENCY_H
#define GTV_CMD_REPORT_LATENCY_H

#include "tracer/cmd/report.h"
#include "tracer/model/latency.h"

struct json_object;

/* A sink that tells r->latency too what it passes on to `next`. Borrows both. */
struct gtv_report_tee {
	struct gtv_model_sink next;
	struct gtv_latency *latency;	/* NULL: nobody */
	struct gtv_report_waits *waits; /* as above */
	int no_memory;
};
struct gtv_model_sink gtv_report_tee_sink(struct gtv_report_tee *tee);

/* A table, or nothing if nothing of the kind happened. 0, or 1 without memory. */
int gtv_report_latency_text(const struct gtv_report *r, FILE *f);
/* The row of a kind, Returns owned; NULL: there was none, or no memory. */
struct json_object *gtv_report_latency_json(const struct gtv_report *r, unsigned kind);

#endif
