/* SPDX-License-Identifier: MIT
 *
 * What the model summed: by lane, by kind, and the faults.
 */
#include "tracer/model/model_priv.h"

static uint64_t lane_end_ns(const struct gtv__lane *lane)
{
	return gtv__lane_alive(lane) ? lane->cur.from_ns : lane->end_ns;
}

size_t gtv_model_gt_count(const struct gtv_model *m)
{
	return m->gts.count;
}

size_t gtv_model_thread_count(const struct gtv_model *m)
{
	return m->threads.count;
}

size_t gtv_model_lock_count(const struct gtv_model *m)
{
	return m->locks.count;
}

size_t gtv_model_core_count(const struct gtv_model *m)
{
	return m->cores.count;
}

int gtv_model_gt_totals(const struct gtv_model *m, size_t idx, struct gtv_gt_totals *out)
{
	if (idx >= m->gts.count)
		return -GTV_ENOTFOUND;
	const struct gtv__gt *g = gtv__pool_at(&m->gts, idx);
	*out = (struct gtv_gt_totals){.id = g->id,
				      .spawn_ns = g->lane.first_ns,
				      .end_ns = lane_end_ns(&g->lane),
				      .exited = g->exited,
				      .switches = g->switches,
				      .waits = g->waits,
				      .irq_ns = g->irq_ns};
	memcpy(out->state_ns, g->lane.state_ns, sizeof out->state_ns);
	return 0;
}

int gtv_model_thread_totals(const struct gtv_model *m, size_t idx,
			    struct gtv_thread_totals *out)
{
	if (idx >= m->threads.count)
		return -GTV_ENOTFOUND;
	const struct gtv__thread *t = gtv__pool_at(&m->threads, idx);
	*out = (struct gtv_thread_totals){.tid = t->tid,
					  .pid = t->pid,
					  .first_ns = t->lane.first_ns,
					  .end_ns = lane_end_ns(&t->lane),
					  .switches = t->switches,
					  .voluntary = t->voluntary,
					  .migrations = t->migrations,
					  .irq_ns = t->irq_ns,
					  .ours = 1};
	memcpy(out->state_ns, t->lane.state_ns, sizeof out->state_ns);
	return 0;
}

int gtv_model_lock_totals(const struct gtv_model *m, size_t idx,
			  struct gtv_lock_totals *out)
{
	if (idx >= m->locks.count)
		return -GTV_ENOTFOUND;
	const struct gtv__lock *l = gtv__pool_at(&m->locks, idx);
	*out = (struct gtv_lock_totals){
		.id = l->id,
		.first_ns = l->lane.first_ns,
		.end_ns = lane_end_ns(&l->lane),
		.addr = l->addr,
		.mutex = l->mutex,
		.handoffs = l->handoffs,
		.takes = l->takes,
		.waits = l->waits,
		.false_wakeups = l->false_wakeups,
		.requests = l->requests,
		.held_on_ns = l->lane.state_ns[GTV_ST_HELD],
		.held_preempted_ns = l->lane.state_ns[GTV_ST_HELD_PREEMPTED],
		.held_asleep_ns = l->lane.state_ns[GTV_ST_HELD_ASLEEP],
		.free_ns = l->lane.state_ns[GTV_ST_FREE],
		.unknown_ns = l->lane.state_ns[GTV_ST_UNKNOWN],
		.wait_ns = l->wait_ns,
		.wait_max_ns = l->wait_max_ns};
	return 0;
}

int gtv_model_core_totals(const struct gtv_model *m, size_t idx,
			  struct gtv_core_totals *out)
{
	if (idx >= m->cores.count)
		return -GTV_ENOTFOUND;
	const struct gtv__core *c = gtv__pool_at(&m->cores, idx);
	*out = (struct gtv_core_totals){.core = c->core,
					.first_ns = c->lane.first_ns,
					.end_ns = lane_end_ns(&c->lane),
					.busy_ns = c->lane.state_ns[GTV_ST_BUSY],
					.other_ns = c->lane.state_ns[GTV_ST_OTHER],
					.idle_ns = c->lane.state_ns[GTV_ST_IDLE],
					.away_ns = c->lane.state_ns[GTV_ST_AWAY],
					.unknown_ns = c->lane.state_ns[GTV_ST_UNKNOWN],
					.switches = c->switches,
					.irq_ns = c->irq_ns};
	return 0;
}

const uint64_t *gtv_model_counts(const struct gtv_model *m)
{
	/* Counted by kind on the way in; what a kind adds to is known here. The
	 * array belongs to the model, which is never a const object. */
	uint64_t *counts = (uint64_t *)(uintptr_t)m->counts;

	memset(counts, 0, sizeof m->counts);
	for (unsigned kind = 0; kind < GTV_EV_USER_MAX; kind++) {
		uint64_t bits = m->kind_count[kind] ? gtv_event_counts(kind) : 0;
		for (unsigned c = 0; c < GTV_COUNT_MAX; c++) {
			if (bits >> c & 1)
				counts[c] += m->kind_count[kind];
		}
	}
	return counts;
}

const uint64_t *gtv_model_lost(const struct gtv_model *m)
{
	return m->lost;
}

uint64_t gtv_model_futex_untold(const struct gtv_model *m)
{
	return m->futex_untold;
}

const char *gtv_fault_name(unsigned fault)
{
	static const char *const name[GTV_FAULT_MAX] = {
		[GTV_FAULT_TIME] = "events out of order",
		[GTV_FAULT_SEQ] = "a number is missing, and nothing is known lost",
		[GTV_FAULT_TWO_CORES] = "a thread on two cores, or two on one",
		[GTV_FAULT_TWO_PLACES] = "a green thread in two places",
		[GTV_FAULT_LOCK] = "a lock taken while held, or dropped by another",
		[GTV_FAULT_OFF_CORE] = "a user event of a thread that was not on a core",
		[GTV_FAULT_WAKE] = "a wait that ended before its wake",
		[GTV_FAULT_CLAMPED] = "a boundary moved to keep order",
	};

	return fault < GTV_FAULT_MAX ? name[fault] : "?";
}

/* Suspicions that no loss has explained count as faults. */
uint64_t gtv_model_faults(const struct gtv_model *m, unsigned fault)
{
	uint64_t n = fault < GTV_FAULT_MAX ? m->fault[fault].count : 0;

	for (size_t i = 0; i < m->suspects; i++)
		n += m->suspect[i].fault == fault ? m->suspect[i].count : 0;
	return n;
}

const char *gtv_model_fault_text(const struct gtv_model *m, unsigned fault, uint64_t *ts_ns)
{
	uint64_t at = 0;
	const char *text = "";

	if (fault < GTV_FAULT_MAX && m->fault[fault].count) {
		text = m->fault[fault].text;
		at = m->fault[fault].ts_ns;
	}
	for (size_t i = 0; i < m->suspects && !*text; i++) {
		if (m->suspect[i].fault == fault) {
			text = m->suspect[i].text;
			at = m->suspect[i].ts_ns;
		}
	}
	if (ts_ns)
		*ts_ns = at;
	return text;
}
