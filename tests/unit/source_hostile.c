/* SPDX-License-Identifier: MIT
 *
 * The ring source against hostile producers: they can at worst lose their own events.
 */
#include "source_rig.h"

/* Ends of processes that never were, and ids that cannot be. */
static void test_hostile_identity(void **state)
{
	(void)state;
	struct producer p;
	struct gtv_ev ev[8];
	struct {
		uint32_t pid, tid;
	} liars[] = {{0, 1}, {UINT32_MAX, 1}, {1, UINT32_MAX}, {1, 0}};

	rig_open(8);
	for (size_t i = 0; i < 4; i++) {
		claim_as(&p, liars[i].pid, liars[i].tid);
		emit(&p, mk(GTV_EV_SPAWN, 1, 0, 0, 0));
	}
	assert_int_equal(drain(), 0);
	assert_int_equal(take(ev, 8), 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ev[i].kind, GTV_EV_LOSS);
		assert_int_equal(ev[i].seq, GTV_EV_SPAWN);
		assert_int_equal(ev[i].tid, 0);
	}
	assert_int_equal(gtv_names_count(rig.names, GTV_CLASS_GT), 0);
	assert_int_equal(stats().corrupt, 4);
	rig_close();
}

/* Rings of processes that claim one another's ids in a circle, and a crowd that follows
 * one that goes: everything ends, and nothing is freed too early (sanitizers look). */
static void test_hostile_sharing(void **state)
{
	(void)state;
	const uint64_t flags = GTV_PROC_SHARED_IDS;
	uint32_t pid = (uint32_t)getpid();
	struct producer p[2];
	struct gtv_ev ev[16];

	rig_open(4);
	for (uint32_t i = 0; i < 2; i++) {
		claim_as(&p[i], pid + i, pid + i);
		emit(&p[i],
		     mk(GTV_EV_PROC_START, 0, 0, 1, flags | (uint64_t)(pid + 1 - i) << 32));
		emit(&p[i], mk(GTV_EV_SPAWN, 2, 1, 0, 0));
	}
	assert_int_equal(drain(), 0);
	assert_int_equal(take(ev, 16), 4);
	assert_int_equal(stats().corrupt, 1);
	for (uint32_t i = 0; i < 2; i++)
		release(&p[i]);
	for (uint32_t i = 0; i < 5000; i++) { /* more than there is room for */
		uint32_t here = i % 7 ? pid + 100 + i : pid;

		claim_as(&p[0], here, here);
		emit(&p[0], mk(GTV_EV_PROC_START, 0, 0, 1, flags | (uint64_t)pid << 32));
		emit(&p[0], mk(GTV_EV_SPAWN, 2, 1, 0, 0));
		release(&p[0]);
		assert_int_equal(drain(), 0);
		take(ev, 16);
	}
	rig_close();
}

static void test_hostile_head(void **state)
{
	(void)state;
	struct producer p;
	struct gtv_ev ev[8];
	uint64_t heads[] = {SLOTS + 1, UINT64_MAX, 1ull << 63, 5, 0};

	rig_open(2);
	claim(&p);
	emit(&p, mk(GTV_EV_SPAWN, 1, 0, 0, 0));
	drain();
	assert_int_equal(take(ev, 8), 1);
	for (size_t i = 0; i < 5; i++) {
		__atomic_store_n(&p.ring->head, heads[i], __ATOMIC_RELEASE);
		assert_int_equal(drain(), 0);
		__atomic_store_n(&p.ring->tail, heads[4 - i] + 3, __ATOMIC_RELEASE);
	}
	assert_true(stats().corrupt >= 4);
	take(ev, 8);
	/* It can go on being traced from wherever it says it is. */
	p.head = p.ring->head;
	publish(&p, mk(GTV_EV_SPAWN, 2, 0, 0, 0));
	drain();
	assert_int_equal(take(ev, 8), 1);
	assert_int_equal(ev[0].gt, 2);
	rig_close();
}

static void test_hostile_events(void **state)
{
	(void)state;
	static struct gtv_ev ev[SLOTS * 2];
	struct producer p;
	unsigned seed = 1;

	rig_open(2);
	claim(&p);
	uint64_t start = gtv_clock_mono_ns();
	for (int round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < SLOTS; i++) {
			union {
				struct gtv_event ev;
				uint32_t word[8];
			} junk;
			for (int w = 0; w < 8; w++)
				junk.word[w] = (uint32_t)rand_r(&seed) * 2654435761u;
			if (i % 4)
				junk.ev.kind = (uint16_t)(junk.ev.kind % 70);
			if (i % 3)
				junk.ev.ts_raw = gtv_clock_raw(rig.shm->clock);
			if (junk.ev.kind == GTV_EV_LOST)
				junk.ev.u.f.obj %= 64;
			p.events[p.head % SLOTS] = junk.ev;
			__atomic_store_n(&p.ring->head, ++p.head, __ATOMIC_RELEASE);
		}
		for (int k = 0; k < 64; k++)
			p.ring->dropped[k] = ((uint64_t)(unsigned)rand_r(&seed) << 33);
		assert_int_equal(drain(), 0);
		uint64_t now = gtv_clock_mono_ns();
		size_t n;
		while ((n = take(ev, SLOTS * 2)))
			for (size_t i = 0; i < n; i++) {
				assert_true(ev[i].ts_ns <= now + 50000000);
				assert_true(ev[i].ts_ns + 1000000000ull >= start);
				assert_true(ev[i].kind && ev[i].kind != GTV_EV_TEXT);
				assert_non_null(gtv_event_name(ev[i].kind));
			}
	}
	assert_true(stats().corrupt > 10000);
	rig_close();
}

/* A simulated system's kinds make kernel events: theirs must be plausible, too. */
static void test_hostile_simulated(void **state)
{
	(void)state;
	struct producer p;
	unsigned seed = 2;
	struct gtv_ev ev;
	uint64_t last = 0, kernel = 0;

	rig_open_clock(2, GTV_CLOCK_SIM);
	claim(&p);
	for (int round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < SLOTS; i++) {
			struct gtv_event junk;
			uint32_t *word = (void *)&junk;

			for (size_t w = 0; w < sizeof junk / sizeof *word; w++)
				word[w] = (uint32_t)rand_r(&seed) * 2654435761u;
			junk.kind = (uint16_t)(GTV_EV_SIM_PROC - 2 + junk.kind % 7);
			if (i % 4) {
				junk.gt %= 9;
				junk.u.f.obj %= 9;
				junk.u.f.seq %= 9;
				junk.u.f.arg %= 1100;
				junk.aux %= 4;
			}
			if (i % 5)
				junk.ts_raw =
					GTV_SIM_START_NS + i + SLOTS * (unsigned)round;
			p.events[p.head % SLOTS] = junk;
			__atomic_store_n(&p.ring->head, ++p.head, __ATOMIC_RELEASE);
		}
		rig.shm->sim_cores = (uint32_t)rand_r(&seed) * 2654435761u;
		assert_true(gtv_source_ring_virtual_cores(rig.src) <= 65536);
		assert_int_equal(drain(), 0);
		assert_true(gtv_source_ring_virtual_ns(rig.src, 1) < (uint64_t)1 << 62);
	}
	rig.src->ops->stop(rig.src); /* what came after a fork is held back until then */
	assert_int_equal(drain(), 0);
	while (!gtv_merge_pop(rig.merge, UINT64_MAX, &ev)) {
		assert_true(ev.ts_ns >= last && ev.ts_ns < (uint64_t)1 << 62);
		last = ev.ts_ns;
		if (ev.kind < GTV_EV_K_SWITCH || ev.kind > GTV_EV_K_THREAD)
			continue;
		kernel++;
		assert_true(ev.tid >> 22 == 0 && ev.obj >> 22 == 0);
		assert_true(ev.core >= -1 && ev.core < 65536);
		assert_true(ev.kind != GTV_EV_K_FORK || ev.arg >> 22 == 0);
	}
	assert_true(kernel > 10000);
	assert_true(stats().corrupt > 1000);
	rig_close();
}

/* Scribbles all over the file for as long as it is read. */
static void test_scribbler(void **state)
{
	(void)state;
	static struct gtv_ev ev[4096];

	rig_open(3);
	pid_t pid = fork();
	if (!pid) {
		unsigned seed = 5;
		uint64_t *words = (void *)rig.shm;
		struct producer p;
		claim(&p);
		for (;;) {
			uint32_t at =
				8 + (uint32_t)rand_r(&seed) % (uint32_t)(rig.size / 8 - 8);
			if (rand_r(&seed) % 4 == 0)
				at = 512u * (1 + (unsigned)rand_r(&seed) % 3) +
				     (unsigned)rand_r(&seed) % 30;
			words[at] = (uint64_t)rand_r(&seed) % 5000;
		}
	}
	uint64_t end = gtv_clock_mono_ns() + 300000000ull;
	while (gtv_clock_mono_ns() < end) {
		assert_int_equal(drain(), 0);
		while (take(ev, 4096))
			;
	}
	kill(pid, SIGKILL);
	wait_for(pid);
	rig_close();
}

/* More objects than the budget: their events are losses, by kind, and no memory. */
static void test_object_budget(void **state)
{
	(void)state;
	static struct gtv_ev ev[SLOTS];
	struct producer p;
	uint64_t kept = 0, lost = 0, want = 1000000 + 5000;

	rig_open(2);
	claim(&p);
	for (uint32_t id = 1; id <= want; id++) {
		emit(&p, mk(GTV_EV_SPAWN, id, 0, 0, 0));
		if (id % 1024 && id != want)
			continue;
		drain();
		for (size_t n; (n = take(ev, SLOTS));)
			for (size_t i = 0; i < n; i++) {
				kept += ev[i].kind == GTV_EV_SPAWN;
				lost += ev[i].kind == GTV_EV_LOSS ? ev[i].arg : 0;
			}
	}
	assert_int_equal(kept, 1000000);
	assert_int_equal(lost, 5000);
	assert_int_equal(gtv_names_count(rig.names, GTV_CLASS_GT), 1000000);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_identity),
		cmocka_unit_test(test_hostile_head),
		cmocka_unit_test(test_hostile_sharing),
		cmocka_unit_test(test_hostile_events),
		cmocka_unit_test(test_hostile_simulated),
		cmocka_unit_test(test_scribbler),
		cmocka_unit_test(test_object_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
