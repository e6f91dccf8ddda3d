/* SPDX-License-Identifier: MIT
 *
 * gtv_emit.h, as a foreign runtime uses it: what each call writes, numbers that telescope,
 * names, other OS threads, fork, and a file that is not to be believed.
 */
#define GTV_EMIT_IMPLEMENTATION
#include "runtime/gtv_emit.h"

#include <pthread.h>

#include "tests/unit/runtime_rig.h"

#define RINGS	   4u
#define RING_BYTES 65536u

static struct rig rig;
static uint64_t seen; /* events of ring 0 that a test has looked at */

/* What is static in the header begins anew. */
static int begin(uint32_t clock)
{
	char text[16];

	rig = rig_make(RINGS, RING_BYTES, clock);
	snprintf(text, sizeof text, "%d", rig.fd);
	setenv(GTV_ENV_FD, text, 1);
	unsetenv(GTV_ENV_SOCK);
	seen = 0;
	gtv_emit_on = 0;
	memset(&gtv_emit__process, 0, sizeof gtv_emit__process);
	gtv_emit__self = (struct gtv_producer){0};
	gtv_emit__claimed = 0;
	return gtv_emit_start("foreign", 2, GTV_PROC_HAS_GIL | 0x80u);
}

static void end(void)
{
	gtv_emit__close(&gtv_emit__self);
	gtv_map_close(&gtv_emit__process.map);
	gtv_emit_on = 0;
	rig_free(&rig);
}

static const struct gtv_event *next_event(void)
{
	assert_true(seen < rig_ring(&rig, 0)->head);
	return rig_event(&rig, 0, seen++);
}

static void expect(uint16_t kind, uint8_t aux, uint32_t gt, uint32_t obj, uint32_t seq,
		   uint64_t arg)
{
	const struct gtv_event *ev = next_event();

	assert_int_equal(ev->kind, kind);
	assert_int_equal(ev->aux, aux);
	assert_int_equal(ev->gt, gt);
	assert_int_equal(ev->u.f.obj, obj);
	assert_int_equal(ev->u.f.seq, seq);
	assert_int_equal(ev->u.f.arg, arg);
}

static void expect_text(uint8_t what, uint32_t id, const char *text)
{
	char whole[GTV_TEXT_BYTES + 1] = "";
	const struct gtv_event *ev;
	unsigned i = 0;

	do {
		ev = next_event();
		assert_int_equal(ev->kind, GTV_EV_TEXT);
		assert_int_equal(ev->aux, what);
		assert_int_equal(ev->gt, id);
		assert_int_equal(ev->flags & ~GTV_TEXT_LAST, i);
		memcpy(whole + GTV_TEXT_CHUNK * i++, ev->u.text, GTV_TEXT_CHUNK);
	} while (!(ev->flags & GTV_TEXT_LAST));
	assert_string_equal(whole, text);
}

static void expect_start(void)
{
	expect(GTV_EV_PROC_START, 0, 0, 2, GTV_ABI_VERSION, GTV_PROC_HAS_GIL);
	expect_text(GTV_TEXT_POLICY, 0, "foreign");
}

#define HIGH(n) ((uint64_t)(n) << 32)

static void green_threads_are_numbered(void **state)
{
	static const char name[] =
		"a name of more than sixty-four bytes, which is where each of them is cut";
	struct gtv_emit_gt a = {9, 9}, b = {0}; /* spawned anew in used memory */
	char cut[GTV_TEXT_BYTES + 1] = "";

	(void)state;
	memcpy(cut, name, GTV_TEXT_BYTES);
	assert_int_equal(begin(GTV_CLOCK_TSC), 1);
	gtv_emit_worker_start(0);
	gtv_emit_spawn(&a, NULL, "a");
	gtv_emit_spawn(&b, &a, name);
	gtv_emit_run(&a);
	gtv_emit_yield(&a, &b);
	gtv_emit_sleep(&b, &a);
	gtv_emit_ready(&b, NULL, GTV_BY_TIMER);
	gtv_emit_wait_join(&a, NULL, &b);
	gtv_emit_run(&b);
	gtv_emit_preempt(&b, NULL);
	gtv_emit_run(&b);
	gtv_emit_ready(&a, &b, GTV_BY_GT);
	gtv_emit_exit(&b, &a);
	gtv_emit_wait_io(&a, NULL, 7, GTV_IO_WRITE);
	expect_start();
	expect(GTV_EV_WORKER_START, 0, 0, 0, 0, 0);
	expect(GTV_EV_SPAWN, 0, 1, 0, 0, 0);
	expect_text(GTV_TEXT_GT, 1, "a");
	expect(GTV_EV_SPAWN, 0, 2, 1, 0, 0);
	expect_text(GTV_TEXT_GT, 2, cut);
	expect(GTV_EV_SWITCH_RUN, 0, 0, 1, 0, HIGH(1));
	expect(GTV_EV_SWITCH_YIELD, 0, 1, 2, 2, HIGH(1));
	expect(GTV_EV_SWITCH_SLEEP, 0, 2, 1, 2, HIGH(3));
	expect(GTV_EV_READY, GTV_BY_TIMER, 2, 0, 3, 0);
	expect(GTV_EV_SWITCH_JOIN, 0, 1, 0, 4, 2);
	expect(GTV_EV_SWITCH_RUN, 0, 0, 2, 0, HIGH(4));
	expect(GTV_EV_SWITCH_PREEMPT, 0, 2, 0, 5, 0);
	expect(GTV_EV_SWITCH_RUN, 0, 0, 2, 0, HIGH(6));
	expect(GTV_EV_READY, GTV_BY_GT, 1, 2, 5, 0);
	expect(GTV_EV_SWITCH_EXIT, 0, 2, 1, 7, HIGH(6));
	expect(GTV_EV_SWITCH_IO, GTV_IO_WRITE, 1, 0, 7, 7);
	assert_int_equal(seen, rig_ring(&rig, 0)->head);
	end();
}

static void locks_channels_and_calls(void **state)
{
	struct gtv_emit_gt a = {0}, b = {0};
	struct gtv_emit_lock lock = {0}, gil = {0};
	struct gtv_emit_chan chan = {0};
	struct gtv_emit_call call = {0};

	(void)state;
	assert_int_equal(begin(GTV_CLOCK_MONO), 1);
	gtv_emit_spawn(&a, NULL, NULL);
	gtv_emit_spawn(&b, NULL, NULL);
	gtv_emit_lock_name(&lock, "mutex", "ledger");
	gtv_emit_lock_take(&lock, &a);
	gtv_emit_wait_lock(&b, NULL, &lock);
	gtv_emit_lock_drop(&lock, &a);
	gtv_emit_gil_take(&gil, &a);
	gtv_emit_gil_request(&gil, &b);
	gtv_emit_gil_drop(&gil, &a, 1);
	gtv_emit_gil_take(&gil, &a);
	gtv_emit_gil_drop(&gil, &a, 0);
	gtv_emit_gil_take(&gil, &b);
	gtv_emit_wait_gil(&a, NULL, &gil);
	gtv_emit_chan_name(&chan, "pipe");
	gtv_emit_sent(&chan, &a, NULL);
	gtv_emit_received(&chan, &b, &a);
	gtv_emit_wait_chan(&b, NULL, &chan);
	gtv_emit_closed(&chan, &a);
	gtv_emit_call_name(&call, "getaddrinfo");
	gtv_emit_wait_call(&a, NULL, &call);
	gtv_emit_call_begin(&a, &call);
	gtv_emit_call_end(&a, -5);
	gtv_emit_steal(&a, 1, 3);
	gtv_emit_park(1);
	gtv_emit_unpark(1);
	gtv_emit_worker_stop(1);
	expect_start();
	expect(GTV_EV_SPAWN, 0, 1, 0, 0, 0);
	expect(GTV_EV_SPAWN, 0, 2, 0, 0, 0);
	expect_text(GTV_TEXT_LOCK, 1, "ledger");
	expect_text(GTV_TEXT_LOCK_KIND, 1, "mutex");
	expect(GTV_EV_LOCK_TAKE, 0, 1, 1, 1, 0);
	expect(GTV_EV_SWITCH_LOCK, 0, 2, 0, 1, 1);
	expect(GTV_EV_LOCK_DROP, 0, 1, 1, 2, 0);
	expect(GTV_EV_GIL_TAKE, 0, 1, 2, 1, 0);
	expect(GTV_EV_GIL_REQUEST, 0, 2, 2, 0, 0);
	assert_int_equal(rig_event(&rig, 0, seen)->flags, GTV_GIL_FORCED);
	expect(GTV_EV_GIL_DROP, 0, 1, 2, 2, 0);
	expect(GTV_EV_GIL_RETAKE, 0, 1, 2, 3, 0);
	expect(GTV_EV_GIL_DROP, 0, 1, 2, 4, 0);
	expect(GTV_EV_GIL_TAKE, 0, 2, 2, 5, 0);
	expect(GTV_EV_SWITCH_GIL, 0, 1, 0, 1, 2);
	expect_text(GTV_TEXT_CHAN, 1, "pipe");
	expect(GTV_EV_CHAN_SEND, 0, 1, 1, 0, 0);
	expect(GTV_EV_CHAN_RECV, 0, 2, 1, 0, 1);
	expect(GTV_EV_SWITCH_CHAN, 0, 2, 0, 2, 1);
	expect(GTV_EV_CHAN_CLOSE, 0, 1, 1, 0, 0);
	expect_text(GTV_TEXT_CALL, 1, "getaddrinfo");
	expect(GTV_EV_SWITCH_SYSCALL, 0, 1, 0, 2, 1);
	expect(GTV_EV_CALL_BEGIN, 0, 1, 1, 0, 0);
	expect(GTV_EV_CALL_END, 0, 1, 0, 0, (uint64_t)-5);
	expect(GTV_EV_STEAL, 0, 1, 1, 0, 3);
	expect(GTV_EV_PARK, 0, 0, 1, 0, 0);
	expect(GTV_EV_UNPARK, 0, 0, 1, 0, 0);
	expect(GTV_EV_WORKER_STOP, 0, 0, 1, 0, 0);
	end();
}

static void notes_are_cut(void **state)
{
	struct gtv_emit_gt a = {0};

	(void)state;
	assert_int_equal(begin(GTV_CLOCK_TSC), 1);
	gtv_emit_spawn(&a, NULL, NULL);
	gtv_emit_mark(&a, "short");
	gtv_emit_region_begin(&a, "of more than sixteen");
	gtv_emit_region_end(&a, "of more than sixteen");
	expect_start();
	expect(GTV_EV_SPAWN, 0, 1, 0, 0, 0);
	assert_int_equal(rig_event(&rig, 0, seen)->kind, GTV_EV_MARK);
	assert_memory_equal(rig_event(&rig, 0, seen)->u.text, "short\0\0\0\0\0\0\0\0\0\0\0",
			    16);
	assert_memory_equal(rig_event(&rig, 0, seen + 1)->u.text, "of more than six", 16);
	assert_int_equal(rig_event(&rig, 0, seen + 2)->kind, GTV_EV_REGION_END);
	end();
}

/* Each OS thread has a ring of its own, closed when the thread ends. */
static void *other_thread(void *arg)
{
	gtv_emit_park(5);
	(void)arg;
	return NULL;
}

static void threads_have_rings(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(begin(GTV_CLOCK_TSC), 1);
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(rig_ring(&rig, 0)->state, GTV_RING_LIVE);
	assert_int_equal(rig_ring(&rig, 1)->state, GTV_RING_CLOSED);
	assert_int_equal(rig_ring(&rig, 1)->head, 1);
	assert_int_equal(rig_event(&rig, 1, 0)->kind, GTV_EV_PARK);
	assert_true(rig_ring(&rig, 1)->tid != rig_ring(&rig, 0)->tid);
	end();
}

static void a_child_begins_by_itself(void **state)
{
	struct gtv_emit_gt a = {0};
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(begin(GTV_CLOCK_TSC), 1);
	gtv_emit_spawn(&a, NULL, NULL);
	child = fork();
	if (!child) {
		gtv_emit_run(&a);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(rig_ring(&rig, 1)->pid, child);
	assert_int_equal(rig_event(&rig, 1, 0)->kind, GTV_EV_PROC_START);
	assert_int_equal(rig_event(&rig, 1, rig_ring(&rig, 1)->head - 1)->kind,
			 GTV_EV_SWITCH_RUN);
	expect_start();
	expect(GTV_EV_SPAWN, 0, 1, 0, 0, 0);
	assert_int_equal(seen, rig_ring(&rig, 0)->head);
	end();
}

static void what_has_no_room_is_counted(void **state)
{
	const uint64_t slots = RING_BYTES / sizeof(struct gtv_event);
	struct gtv_ring *ring;
	uint64_t before;

	(void)state;
	assert_int_equal(begin(GTV_CLOCK_TSC), 1);
	ring = rig_ring(&rig, 0);
	before = ring->head;
	for (uint64_t i = 0; i < slots + 5; i++)
		gtv_emit_park(0);
	assert_int_equal(ring->head, slots);
	assert_int_equal(ring->dropped[GTV_EV_PARK], before + 5);
	end();
}

static void untraced_nothing_happens(void **state)
{
	struct gtv_emit_gt a = {0};
	struct gtv_emit_lock lock = {0};

	(void)state;
	assert_int_equal(begin(GTV_CLOCK_SIM), 0); /* a simulated run's clock is not ours */
	gtv_emit_spawn(&a, NULL, "a");
	gtv_emit_run(&a);
	gtv_emit_lock_take(&lock, &a);
	assert_true(!gtv_emit_on && !a.id && !a.seq && !lock.id);
	assert_int_equal(rig_ring(&rig, 0)->state, GTV_RING_FREE);
	end();
	setenv(GTV_ENV_FD, "/dev/null", 1);
	memset(&gtv_emit__process, 0, sizeof gtv_emit__process);
	assert_int_equal(gtv_emit_start("foreign", 1, 0), 0);
	assert_int_equal(gtv_emit_start("foreign", 1, 0), 0); /* asked only once */
	unsetenv(GTV_ENV_FD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: each test that begins adds a handler of fork. */
		cmocka_unit_test(a_child_begins_by_itself),
		cmocka_unit_test(green_threads_are_numbered),
		cmocka_unit_test(locks_channels_and_calls),
		cmocka_unit_test(notes_are_cut),
		cmocka_unit_test(threads_have_rings),
		cmocka_unit_test(what_has_no_room_is_counted),
		cmocka_unit_test(untraced_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
