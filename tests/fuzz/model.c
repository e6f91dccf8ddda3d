/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the model with events that have no sense (senseless.h): a kernel that lies, a
 * perf.data that somebody made. Nothing may crash; every lane's states sum to its life,
 * every lock's and core's to theirs; a model restored in the middle has the same state
 * and lives on; findings, attribution, latencies and triggers live through it.
 *
 * An input is two bytes (the level; where it is saved) and events.
 *
 * Built by libFuzzer, or as a program that replays files. `model --corpus DIR` writes the
 * corpus anew.
 */
#include <string.h>

#include "tests/fuzz/senseless.h"
#include "tracer/model/attribution.h"
#include "tracer/model/findings.h"
#include "tracer/model/latency.h"
#include "tracer/model/model.h"
#include "tracer/model/trigger.h"

/* Who looks at the spans and edges, beside the findings. */
static struct {
	struct gtv_model_sink findings;
	struct gtv_attribution *attribution;
	struct gtv_latency *latency;
} to;

static void on_span(void *arg, const struct gtv_span *span)
{
	(void)arg;
	sense(span->from_ns <= span->to_ns && span->state < GTV_ST_MAX);
	if (to.findings.span)
		to.findings.span(to.findings.arg, span);
	gtv_attribution_span(to.attribution, span);
	sense(!gtv_latency_span(to.latency, span));
}

static void on_edge(void *arg, const struct gtv_edge *edge)
{
	(void)arg;
	if (to.findings.edge)
		to.findings.edge(to.findings.arg, edge);
	gtv_attribution_edge(to.attribution, edge);
	sense(!gtv_latency_edge(to.latency, edge));
}

static uint64_t sum_of(const uint64_t state_ns[GTV_ST_MAX])
{
	uint64_t sum = 0;

	for (int s = 0; s < GTV_ST_MAX; s++)
		sum += state_ns[s];
	return sum;
}

static void lanes_conserve(const struct gtv_model *m)
{
	struct gtv_gt_totals gt;
	struct gtv_thread_totals thread;
	struct gtv_lock_totals lock;
	struct gtv_core_totals core;

	for (size_t i = 0; !gtv_model_gt_totals(m, i, &gt); i++)
		sense(sum_of(gt.state_ns) == gt.end_ns - gt.spawn_ns);
	for (size_t i = 0; !gtv_model_thread_totals(m, i, &thread); i++)
		sense(sum_of(thread.state_ns) == thread.end_ns - thread.first_ns);
	for (size_t i = 0; !gtv_model_lock_totals(m, i, &lock); i++)
		/* One whose number was used again keeps what it had before. */
		sense(lock.addr || lock.held_on_ns + lock.held_preempted_ns +
						   lock.held_asleep_ns + lock.free_ns +
						   lock.unknown_ns >=
					   lock.end_ns - lock.first_ns);
	for (size_t i = 0; !gtv_model_core_totals(m, i, &core); i++)
		sense(core.busy_ns + core.other_ns + core.idle_ns + core.away_ns +
			      core.unknown_ns ==
		      core.end_ns - core.first_ns);
}

/* The shares of each wait sum to it. */
static void waits_conserve(const struct gtv_attribution *a, enum gtv_lane_kind kind)
{
	struct gtv_attr_wait wait[64];
	struct gtv_attr_share share[64];
	struct gtv_attr_lane lane;
	uint64_t ns[GTV_ST_MAX];

	for (size_t i = 0; !gtv_attr_lane(a, kind, i, &lane); i++) {
		gtv_attr_times(a, kind, i, ns);
		sense(sum_of(ns) == lane.life_ns);
		size_t waits = gtv_attr_waits(a, lane.lane, wait, 64);
		for (size_t w = 0; w < waits && w < 64; w++) {
			uint64_t sum = 0;
			size_t shares =
				gtv_attr_shares(a, lane.lane, wait[w].lock, share, 64);
			for (size_t s = 0; s < shares && s < 64; s++)
				sum += share[s].on_ns + share[s].off_ns;
			sense(shares > 64 || sum == wait[w].ns);
		}
	}
}

/* A model with m's state, which must be all of it. (It is not all that m knows: of who has
 * ended m keeps that, so with events of the dead they part.) */
static struct gtv_model *twin_of(const struct gtv_model *m, int level)
{
	struct gtv_model *twin = gtv_model_new(level, NULL, NULL);
	void *bytes[2] = {NULL, NULL};
	size_t size[2] = {0, 0};

	sense(twin && !gtv_model_save(m, &bytes[0], &size[0]));
	sense(!gtv_model_restore(twin, bytes[0], size[0]));
	sense(!gtv_model_save(twin, &bytes[1], &size[1]));
	sense(size[0] == size[1] && !memcmp(bytes[0], bytes[1], size[0]));
	free(bytes[0]);
	free(bytes[1]);
	return twin;
}

static void look(struct gtv_findings *findings, struct gtv_model *m,
		 const struct gtv_ev *evs, size_t count, uint64_t end_ns, unsigned saved_at,
		 int level)
{
	struct gtv_finding found[32];
	struct gtv_model *twin = NULL;
	char why[96];

	for (size_t i = 0; i < count; i++) {
		if (i == saved_at)
			twin = twin_of(m, level);
		sense(!gtv_latency_event(to.latency, &evs[i]));
		if (evs[i].kind == GTV_EV_OUTPUT && evs[i].flags == 255) {
			uint64_t from = evs[i].ts_ns - evs[i].arg % 1000;
			sense(!gtv_findings_gap(findings, m, from, evs[i].ts_ns));
			sense(!twin || !gtv_model_gap(twin, from, evs[i].ts_ns));
			gtv_latency_gap(to.latency);
			continue;
		}
		sense(!gtv_findings_feed(findings, m, &evs[i], 1));
		sense(!twin || !gtv_model_feed(twin, &evs[i], 1));
	}
	if (twin) {
		gtv_model_finish(twin, end_ns);
		lanes_conserve(twin);
	}
	gtv_model_free(twin);
	gtv_attribution_now(to.attribution, m, end_ns);
	waits_conserve(to.attribution, GTV_LANE_GT);
	waits_conserve(to.attribution, GTV_LANE_THREAD);
	gtv_findings_finish(findings, m, end_ns);
	size_t n = gtv_findings_list(findings, found, 32);
	for (size_t i = 0; i < n && i < 32; i++)
		sense(found[i].from_ns <= found[i].to_ns &&
		      memchr(found[i].text, 0, sizeof found[i].text));
	for (unsigned kind = 0; kind < GTV_FIND_MAX; kind++)
		gtv_findings_verdict(findings, kind, 0, why, sizeof why);
	lanes_conserve(m);
}

/* The same events, watched for everything at once. */
static void watch(const struct gtv_ev *evs, size_t count, int level)
{
	static const char *const texts[] = {"wait>1us", "hold(*)>1us", "off>1us",
					    "state=stalled", "finding=convoy"};
	struct gtv_trigger_hit hit;
	struct gtv_condition c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (gtv_condition_parse(&c, texts[i], NULL))
			continue;
		struct gtv_watch *w = gtv_watch_new(&c, level, NULL, 0);
		struct gtv_model_sink sink = gtv_watch_sink(w, NULL);
		struct gtv_model *m = gtv_model_new(level, NULL, &sink);
		uint64_t last = 0;

		sense(w && m && !gtv_watch_feed(w, m, evs, count));
		while (gtv_watch_next(w, &hit)) {
			sense(hit.ts_ns >= last);
			last = hit.ts_ns;
		}
		gtv_model_free(m);
		gtv_watch_free(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gtv_model_sink sink = {.span = on_span, .edge = on_edge};
	size_t count;

	if (size < 2)
		return 0;
	int level = data[0] & 3;
	struct gtv_ev *evs = senseless_events(data + 2, size - 2, &count);
	uint64_t end_ns = (count ? evs[count - 1].ts_ns : SENSELESS_START) + 1000;
	struct gtv_findings *findings = gtv_findings_new(level, NULL);

	to.findings = gtv_findings_sink(findings);
	to.attribution = gtv_attribution_new(0, UINT64_MAX);
	to.latency = gtv_latency_new(0, UINT64_MAX);
	struct gtv_model *m = gtv_model_new(level, NULL, &sink);
	sense(findings && to.attribution && to.latency && m);
	look(findings, m, evs, count, end_ns, data[1], level);
	gtv_model_free(m);
	gtv_findings_free(findings);
	gtv_attribution_free(to.attribution);
	gtv_latency_free(to.latency);
	watch(evs, count, level);
	free(evs);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return senseless_main(argc, argv);
}
#endif
