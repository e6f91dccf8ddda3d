/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/report_latency.h"

#include <inttypes.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "tracer/cmd/out.h"
#include "tracer/cmd/report_waits.h"

#define WORST_SHOWN 5

static void on_span(void *arg, const struct gtv_span *span)
{
	struct gtv_report_tee *tee = arg;

	if (tee->latency)
		tee->no_memory |= gtv_latency_span(tee->latency, span) != 0;
	if (tee->waits)
		gtv_report_waits_span(tee->waits, span);
	if (tee->next.span)
		tee->next.span(tee->next.arg, span);
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	struct gtv_report_tee *tee = arg;

	if (tee->latency)
		tee->no_memory |= gtv_latency_edge(tee->latency, edge) != 0;
	if (tee->waits)
		gtv_report_waits_edge(tee->waits, edge);
	if (tee->next.edge)
		tee->next.edge(tee->next.arg, edge);
}

static void on_note(void *arg, const struct gtv_ev *ev)
{
	struct gtv_report_tee *tee = arg;

	if (tee->next.note)
		tee->next.note(tee->next.arg, ev);
}

struct gtv_model_sink gtv_report_tee_sink(struct gtv_report_tee *tee)
{
	return (struct gtv_model_sink){
		.arg = tee, .span = on_span, .edge = on_edge, .note = on_note};
}

/* "G3 echo", "T4711 convoy". */
static char *lane_label(const struct gtv_report *r, struct gtv_lane lane, char *buf,
			size_t size)
{
	enum gtv_class cls = lane.kind == GTV_LANE_GT	  ? GTV_CLASS_GT
			     : lane.kind == GTV_LANE_LOCK ? GTV_CLASS_LOCK
							  : GTV_CLASS_THREAD;

	return gtv_names_label(r->names, cls, lane.id, buf, size);
}

static void cells(const struct gtv_report *r, struct gtv_table *t, unsigned kind,
		  const struct gtv_histogram *h)
{
	static const unsigned permille[] = {500, 900, 990};
	char text[128];
	struct gtv_case worst;

	gtv_table_cell(t, "%s", gtv_latency_name(kind)->title);
	gtv_table_cell(t, "%s", gtv_out_count(gtv_histogram_count(h), text, sizeof text));
	for (size_t i = 0; i < sizeof permille / sizeof *permille; i++)
		gtv_table_cell(t, "%s",
			       gtv_out_ns(gtv_histogram_percentile_ns(h, permille[i]), text,
					  sizeof text));
	gtv_table_cell(t, "%s", gtv_out_ns(gtv_histogram_max_ns(h), text, sizeof text));
	gtv_histogram_worst(h, GTV_HISTOGRAM_ALL, &worst, 1);
	gtv_table_cell(t, "%s", lane_label(r, worst.lane, text, sizeof text));
	gtv_table_cell(t, "%.6f", (double)(worst.from_ns - r->start_ns) / 1e9);
}

int gtv_report_latency_text(const struct gtv_report *r, FILE *f)
{
	static const struct gtv_table_column column[] = {
		{"LATENCY", 0}, {"COUNT", 1},	{"P50", 1}, {"P90", 1},
		{"P99", 1},	{"LONGEST", 1}, {"OF", 0},  {"AT S", 1}};
	const struct gtv_histogram *h;
	struct gtv_table *t = NULL;
	int rc = 0, any = 0;

	for (unsigned k = 0; r->latency && k < GTV_LAT_MAX; k++) {
		h = gtv_latency_histogram(r->latency, k);
		if (!h)
			continue;
		if (!any++)
			t = gtv_table_new(column, sizeof column / sizeof column[0]);
		if (t)
			cells(r, t, k, h);
	}
	if (!any)
		return 0;
	putc('\n', f);
	rc = t ? gtv_table_print(t, f) : 1;
	gtv_table_free(t);
	return rc;
}

/* ---- JSON ---- */

static void put_ns(struct json_object *o, const char *key, uint64_t ns)
{
	json_object_object_add(o, key, json_object_new_uint64(ns));
}

static struct json_object *buckets(const struct gtv_histogram *h)
{
	struct json_object *list = json_object_new_array();
	unsigned first, last;

	if (!list || gtv_histogram_range(h, &first, &last))
		return list;
	for (unsigned b = first; b <= last; b++) {
		struct json_object *o = json_object_new_object();
		put_ns(o, "from_ns", gtv_histogram_edge_ns(b));
		put_ns(o, "to_ns", gtv_histogram_edge_ns(b + 1));
		put_ns(o, "count", gtv_histogram_in(h, b));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *worst_of(const struct gtv_report *r,
				    const struct gtv_histogram *h)
{
	static const char *const kind[GTV_LANE_KIND_MAX] = {[GTV_LANE_CORE] = "core",
							    [GTV_LANE_THREAD] = "os_thread",
							    [GTV_LANE_GT] = "green_thread",
							    [GTV_LANE_LOCK] = "lock"};
	struct json_object *list = json_object_new_array();
	struct gtv_case worst[WORST_SHOWN];
	size_t count = gtv_histogram_worst(h, GTV_HISTOGRAM_ALL, worst, WORST_SHOWN);
	char text[128];

	for (size_t i = 0; list && i < count; i++) {
		const struct gtv_lane lane = worst[i].lane;
		struct json_object *o = json_object_new_object();
		put_ns(o, "from_ns", worst[i].from_ns);
		put_ns(o, "to_ns", worst[i].to_ns);
		json_object_object_add(
			o, "lane",
			json_object_new_string(lane.kind < GTV_LANE_KIND_MAX &&
							       kind[lane.kind]
						       ? kind[lane.kind]
						       : ""));
		json_object_object_add(o, "id", json_object_new_int64(lane.id));
		json_object_object_add(
			o, "name",
			json_object_new_string(lane_label(r, lane, text, sizeof text)));
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *gtv_report_latency_json(const struct gtv_report *r, unsigned kind)
{
	const struct gtv_histogram *h =
		r->latency ? gtv_latency_histogram(r->latency, kind) : NULL;
	struct json_object *o = h ? json_object_new_object() : NULL;

	if (!o)
		return NULL;
	json_object_object_add(o, "kind",
			       json_object_new_string(gtv_latency_name(kind)->key));
	put_ns(o, "count", gtv_histogram_count(h));
	put_ns(o, "sum_ns", gtv_histogram_sum_ns(h));
	put_ns(o, "min_ns", gtv_histogram_min_ns(h));
	put_ns(o, "p50_ns", gtv_histogram_percentile_ns(h, 500));
	put_ns(o, "p90_ns", gtv_histogram_percentile_ns(h, 900));
	put_ns(o, "p99_ns", gtv_histogram_percentile_ns(h, 990));
	put_ns(o, "max_ns", gtv_histogram_max_ns(h));
	json_object_object_add(o, "buckets", buckets(h));
	json_object_object_add(o, "worst", worst_of(r, h));
	return o;
}
