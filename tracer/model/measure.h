/* SPDX-License-Identifier: MIT
 *
 * What every lane did between two instants: fed with the spans, edges and events of a
 * model, it sums what lies in [from, to). The times of a lane's states and the time in
 * which it did not exist sum to the interval exactly.
 */
#ifndef GTV_MEASURE_H
#define GTV_MEASURE_H

#include "tracer/model/model.h"

struct gtv_measure;

struct gtv_measured {
	uint64_t state_ns[GTV_ST_MAX];
	uint64_t absent_ns; /* of the interval; all states and this are to - from */
	uint64_t spans;	    /* that meet the interval */
	uint64_t switches;  /* green thread, thread: it stopped; core: another came */
	uint64_t handoffs;  /* lock: from owner to owner; green thread: that it took part in
			     */
	uint64_t events;    /* that name it: its own, or what was done to it */
};

/* Returns owned, NULL without memory. from_ns < to_ns. */
struct gtv_measure *gtv_measure_new(uint64_t from_ns, uint64_t to_ns);
void gtv_measure_free(struct gtv_measure *m); /* may be NULL */

/* From a model's sink; arg is the measure. */
void gtv_measure_span(void *measure, const struct gtv_span *span);
void gtv_measure_edge(void *measure, const struct gtv_edge *edge);
void gtv_measure_events(void *measure, const struct gtv_ev *evs, size_t count);
/* All up to to_ns was fed, or all there is: what is still open is taken up to now_ns. */
void gtv_measure_finish(struct gtv_measure *m, const struct gtv_model *model,
			uint64_t now_ns);

/* Of a lane: 1 and *out, or 0: nothing of it was seen (*out is then all absent). */
int gtv_measure_lane(const struct gtv_measure *m, struct gtv_lane lane,
		     struct gtv_measured *out);
uint64_t gtv_measure_all_events(const struct gtv_measure *m);
/* There was no memory for all lanes. */
int gtv_measure_failed(const struct gtv_measure *m);

#endif
