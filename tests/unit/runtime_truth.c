/* SPDX-License-Identifier: MIT
 *
 * The events against the truth: a mixed load under every policy, traced into rings
 * that lose nothing. Every rule that runtime/abi/gtv_event.h states is checked, and the
 * counts that the events add up to must be the runtime's own, to the last one.
 */
#include "tests/unit/runtime_rig.h"

#define RINGS	   256u
#define RING_BYTES (1u << 18)
#define OBJECTS	   4096u

struct tagged {
	struct gtv_event ev;
	uint64_t ring, pos;
};

enum where { UNBORN, READY, RUNNING, WAITING, DONE };

static struct {
	struct tagged *ev;
	size_t count;
	uint64_t counts[GTV_COUNT_MAX];
	enum where where[OBJECTS];
	uint32_t seq[OBJECTS];
	uint32_t owner[OBJECTS], lock_seq[OBJECTS], last_owner[OBJECTS];
	int call[OBJECTS];
	int named_gt, named_lock, named_chan, named_call, named_policy, kind_of_lock;
	uint32_t proc_flags;
} t;

static int by_time(const void *a, const void *b)
{
	const struct tagged *x = a, *y = b;

	if (x->ev.ts_raw != y->ev.ts_raw)
		return x->ev.ts_raw < y->ev.ts_raw ? -1 : 1;
	if (x->ring != y->ring)
		return x->ring < y->ring ? -1 : 1;
	return x->pos < y->pos ? -1 : x->pos > y->pos;
}

static void collect(const struct rig *rig)
{
	memset(&t, 0, sizeof t);
	for (uint32_t i = 0; i < RINGS; i++)
		t.count += rig_ring(rig, i)->head;
	t.ev = calloc(t.count, sizeof *t.ev);
	RIG_CHECK(t.ev);
	t.count = 0;
	for (uint32_t i = 0; i < RINGS; i++) {
		struct gtv_ring *ring = rig_ring(rig, i);

		RIG_CHECK(ring->state != GTV_RING_LIVE);
		RIG_CHECK(!ring->head || ring->pid == (uint32_t)getpid());
		for (uint64_t pos = 0; pos < ring->head; pos++) {
			struct tagged *to = &t.ev[t.count++];
			*to = (struct tagged){*rig_event(rig, i, pos), i, pos};
			RIG_CHECK(!pos || to->ev.ts_raw >= to[-1].ev.ts_raw);
		}
		for (int k = 0; k < GTV_EV_USER_MAX; k++)
			RIG_CHECK(!ring->dropped[k] && !rig->shm->unringed[k]);
	}
	qsort(t.ev, t.count, sizeof *t.ev, by_time);
}

static void count(uint32_t kind, uint64_t times)
{
	static const uint64_t adds[GTV_EV_USER_MAX] = {
#define X(num, id, name, counts) [num] = (counts),
		GTV_USER_EVENTS(X)
#undef X
	};

	RIG_CHECK(kind < GTV_EV_USER_MAX);
	for (int c = 0; c < GTV_COUNT_MAX; c++)
		t.counts[c] += (adds[kind] >> c & 1) * times;
}

static void step(uint32_t gt, uint32_t seq, enum where from, enum where to)
{
	RIG_CHECK(gt && gt < OBJECTS);
	if (t.where[gt] != from || seq != t.seq[gt] + 1)
		fprintf(stderr, "gt %u: state %d (not %d), number %u after %u\n", gt,
			t.where[gt], from, seq, t.seq[gt]);
	RIG_CHECK(t.where[gt] == from);
	RIG_CHECK(seq == t.seq[gt] + 1);
	t.seq[gt] = seq;
	t.where[gt] = to;
}

static void feed_switch(const struct gtv_event *ev)
{
	uint32_t obj = ev->u.f.obj, obj_seq = (uint32_t)(ev->u.f.arg >> 32);
	enum where to = WAITING;

	if (ev->kind == GTV_EV_SWITCH_YIELD || ev->kind == GTV_EV_SWITCH_PREEMPT)
		to = READY;
	if (ev->kind == GTV_EV_SWITCH_EXIT)
		to = DONE;
	RIG_CHECK(ev->kind != GTV_EV_SWITCH_RUN || !ev->gt);
	RIG_CHECK(ev->gt || obj);
	if (ev->gt)
		step(ev->gt, ev->u.f.seq, RUNNING, to);
	else
		RIG_CHECK(ev->u.f.seq == 0);
	if (obj)
		step(obj, obj_seq, READY, RUNNING);
	else
		RIG_CHECK(obj_seq == 0);
}

static void feed_lock(const struct gtv_event *ev)
{
	uint32_t lock = ev->u.f.obj;
	int take = ev->kind != GTV_EV_LOCK_DROP && ev->kind != GTV_EV_GIL_DROP;

	RIG_CHECK(lock && lock < OBJECTS && ev->gt);
	RIG_CHECK(ev->u.f.seq == ++t.lock_seq[lock]);
	RIG_CHECK(t.owner[lock] == (take ? 0 : ev->gt));
	t.owner[lock] = take ? ev->gt : 0;
	if (ev->kind == GTV_EV_GIL_TAKE)
		RIG_CHECK(t.last_owner[lock] != ev->gt);
	if (ev->kind == GTV_EV_GIL_RETAKE)
		RIG_CHECK(t.last_owner[lock] == ev->gt);
	t.last_owner[lock] = ev->gt;
}

static void feed_text(const struct gtv_event *ev)
{
	int last = !!(ev->flags & GTV_TEXT_LAST);

	t.named_gt += ev->aux == GTV_TEXT_GT && last;
	t.named_lock += ev->aux == GTV_TEXT_LOCK && last;
	t.kind_of_lock += ev->aux == GTV_TEXT_LOCK_KIND && last;
	t.named_chan += ev->aux == GTV_TEXT_CHAN && last;
	t.named_call += ev->aux == GTV_TEXT_CALL && last;
	t.named_policy += ev->aux == GTV_TEXT_POLICY && last;
}

static void feed(const struct gtv_event *ev)
{
	count(ev->kind, 1);
	switch (ev->kind) {
	case GTV_EV_TEXT:
		feed_text(ev);
		break;
	case GTV_EV_PROC_START:
		t.proc_flags = (uint32_t)ev->u.f.arg;
		break;
	case GTV_EV_SPAWN:
		RIG_CHECK(ev->gt < OBJECTS && t.where[ev->gt] == UNBORN &&
			  ev->u.f.seq == 0);
		t.where[ev->gt] = READY;
		break;
	case GTV_EV_READY:
		step(ev->gt, ev->u.f.seq, WAITING, READY);
		break;
	case GTV_EV_LOCK_TAKE:
	case GTV_EV_LOCK_DROP:
	case GTV_EV_GIL_TAKE:
	case GTV_EV_GIL_RETAKE:
	case GTV_EV_GIL_DROP:
		feed_lock(ev);
		break;
	case GTV_EV_CALL_BEGIN:
		RIG_CHECK(t.where[ev->gt] == WAITING && !t.call[ev->gt]++ && ev->u.f.obj);
		break;
	case GTV_EV_CALL_END:
		RIG_CHECK(t.where[ev->gt] == WAITING && t.call[ev->gt]-- == 1);
		break;
	default:
		if (ev->kind >= GTV_EV_SWITCH_RUN && ev->kind <= GTV_EV_SWITCH_EXIT)
			feed_switch(ev);
	}
}

struct setup {
	const char *policy;
	uint32_t clock;
};

static void judge(const struct setup *setup)
{
	uint64_t own[GTV_COUNT_MAX], lost;

	RIG_CHECK(t.ev[0].ev.kind == GTV_EV_PROC_START);
	for (size_t i = 0; i < t.count; i++)
		feed(&t.ev[i].ev);
	gt__process_counts(own, &lost);
	RIG_CHECK(lost == 0);
	for (int c = 0; c < GTV_COUNT_MAX; c++) {
		if (own[c] != t.counts[c])
			fprintf(stderr, "%s: counter %d: %llu in events, %llu truly\n",
				setup->policy, c, (unsigned long long)t.counts[c],
				(unsigned long long)own[c]);
		RIG_CHECK(own[c] == t.counts[c]);
	}
	for (uint32_t i = 0; i < OBJECTS; i++)
		RIG_CHECK((t.where[i] == UNBORN || t.where[i] == DONE) && !t.owner[i]);
	RIG_CHECK(own[GTV_COUNT_SPAWNS] == own[GTV_COUNT_EXITS]);
	RIG_CHECK(own[GTV_COUNT_BLOCKING_CALLS] == 10 && own[GTV_COUNT_SLEEPS] == 10);
	RIG_CHECK(own[GTV_COUNT_CHAN_SENDS] == 180 && own[GTV_COUNT_LOCK_TAKES] == 150);
	RIG_CHECK(t.named_gt >= 4 && t.named_chan == 2 && t.named_call == 1);
	RIG_CHECK(t.named_policy == 1);
	if (!strncmp(setup->policy, "gil", 3)) {
		RIG_CHECK(t.proc_flags == (GTV_PROC_ONE_TO_ONE | GTV_PROC_HAS_GIL));
		RIG_CHECK(own[GTV_COUNT_GIL_TAKES] && t.kind_of_lock == 2);
	} else {
		RIG_CHECK(t.proc_flags ==
			  (strcmp(setup->policy, "threads") ? 0 : GTV_PROC_ONE_TO_ONE));
		RIG_CHECK(own[GTV_COUNT_GIL_TAKES] == 0 && t.kind_of_lock == 1);
	}
}

static void traced_run(void *arg)
{
	const struct setup *setup = arg;
	const struct gt_config config = {.policy = setup->policy};
	struct rig rig = rig_make(RINGS, RING_BYTES, setup->clock);

	RIG_CHECK(gt__trace_map(rig.fd) == 0);
	RIG_CHECK(gt_run_config(&config, work_main, NULL) == 0);
	collect(&rig);
	judge(setup);
	free(t.ev);
	rig_free(&rig);
	gt__trace_unmap();
}

/* All of them, and coop: it runs this work, though its sleeps freeze everybody. */
static const char *policy_at(size_t i)
{
	return i < RIG_POLICIES ? rig_policies[i] : "coop";
}

static void every_event_is_true(void **state)
{
	(void)state;
	for (size_t i = 0; i <= RIG_POLICIES; i++) {
		for (int round = 0; round < 5; round++) {
			struct setup setup = {policy_at(i),
					      round ? GTV_CLOCK_TSC : GTV_CLOCK_MONO};
			int status = rig_child(traced_run, &setup, NULL, 0);

			if (status)
				print_error("policy %s, round %d\n", setup.policy, round);
			assert_int_equal(status, 0);
		}
	}
}

/* Rings far too small and too few, and nobody drains them: what is missing is counted
 * by kind, so that the sum is still the truth. */
static void lossy_run(void *arg)
{
	const struct gt_config config = {.policy = arg};
	struct rig rig = rig_make(3, 4096, GTV_CLOCK_TSC);
	uint64_t own[GTV_COUNT_MAX], lost, dropped = 0;

	memset(&t, 0, sizeof t);
	RIG_CHECK(gt__trace_map(rig.fd) == 0);
	RIG_CHECK(gt_run_config(&config, work_main, NULL) == 0);
	for (uint32_t i = 0; i < 3; i++)
		for (uint64_t pos = 0; pos < rig_ring(&rig, i)->head; pos++)
			count(rig_event(&rig, i, pos)->kind, 1);
	for (uint32_t k = 0; k < GTV_EV_USER_MAX; k++) {
		uint64_t n = rig.shm->unringed[k];

		for (uint32_t i = 0; i < 3; i++)
			n += rig_ring(&rig, i)->dropped[k];
		count(k, n);
		dropped += n;
	}
	gt__process_counts(own, &lost);
	RIG_CHECK(lost == dropped && lost > 0);
	RIG_CHECK(!memcmp(own, t.counts, sizeof own));
	rig_free(&rig);
	gt__trace_unmap();
}

static void counts_and_losses_add_up(void **state)
{
	(void)state;
	for (size_t i = 0; i <= RIG_POLICIES; i++)
		assert_int_equal(
			rig_child(lossy_run, (void *)(uintptr_t)policy_at(i), NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_is_true),
		cmocka_unit_test(counts_and_losses_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
