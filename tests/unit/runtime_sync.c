/* SPDX-License-Identifier: MIT
 *
 * Conditions, reader-writer locks, semaphores, wait groups, once, spinlocks, under every
 * policy: what they promise, their errors, and that their events are the truth.
 */
#include <errno.h>

#include "tests/unit/runtime_rig.h"

#define WORKERS	   4
#define ROUNDS	   40
#define RINGS	   64u
#define RING_BYTES (1u << 22) /* room for all: spinners yield a lot */
#define OBJECTS	   4096u
#define LOST	   77 /* exit status: events did, so nothing can be judged */
#define SHORT_NS   2000000
#define LONG_NS	   3600000000000

static const char *policy;

static void run(void (*fn)(void *), void *arg)
{
	const struct gt_config config = {.policy = policy};

	RIG_CHECK(gt_run_config(&config, fn, arg) == 0);
}

static void under_every_policy(void (*fn)(void *))
{
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		int status;

		policy = rig_policies[i];
		status = rig_child(fn, NULL, NULL, 0);
		if (status)
			print_error("under %s\n", policy);
		assert_int_equal(status, 0);
	}
}

/* --- all of them at once ------------------------------------------------------ */

static struct {
	struct gt_mutex mutex;
	struct gt_cond more, less;
	int filled;
	long moved;
	struct gt_rwlock rw;
	long left, right;
	struct gt_sem three;
	uint32_t inside;
	struct gt_tas tas;
	struct gt_ticket ticket;
	struct gt_mcs mcs;
	long by_tas, by_ticket, by_mcs;
	struct gt_once once;
	int once_count;
	struct gt_waitgroup done;
} w;

static void once_fn(void *arg)
{
	RIG_CHECK(gt_once(&w.once, once_fn, arg) == -EDEADLK);
	gt_yield();
	w.once_count++;
}

/* A bounded buffer of two: the classic use of two conditions. */
static void producer(void)
{
	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	while (w.filled == 2)
		RIG_CHECK(gt_cond_wait(&w.less, &w.mutex) == 0);
	w.filled++;
	RIG_CHECK(gt_cond_signal(&w.more) == 0);
	RIG_CHECK(gt_mutex_unlock(&w.mutex) == 0);
}

static void consumer(int64_t timeout_ns)
{
	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	while (!w.filled)
		RIG_CHECK(gt_cond_timedwait(&w.more, &w.mutex, timeout_ns) == 0);
	w.filled--;
	w.moved++;
	RIG_CHECK(gt_cond_broadcast(&w.less) == 0);
	RIG_CHECK(gt_mutex_unlock(&w.mutex) == 0);
}

static void share(long i)
{
	if (i % 3 == 0) {
		RIG_CHECK(gt_rwlock_wrlock(&w.rw) == 0);
		w.left++;
		gt_yield();
		w.right++;
	} else {
		RIG_CHECK(gt_rwlock_rdlock(&w.rw) == 0);
		long left = w.left;
		gt_yield();
		RIG_CHECK(left == w.left && left == w.right);
	}
	RIG_CHECK(gt_rwlock_unlock(&w.rw) == 0);
}

static void limited(int64_t timeout_ns)
{
	RIG_CHECK(gt_sem_timedwait(&w.three, timeout_ns) == 0);
	RIG_CHECK(__atomic_add_fetch(&w.inside, 1, __ATOMIC_RELAXED) <= 3);
	gt_yield();
	__atomic_sub_fetch(&w.inside, 1, __ATOMIC_RELAXED);
	RIG_CHECK(gt_sem_post(&w.three) == 0);
}

/* The holder lets others run, so that some do spin. */
static void spun(void)
{
	struct gt_mcs_node node;

	RIG_CHECK(gt_tas_lock(&w.tas) == 0);
	long seen = w.by_tas;
	gt_yield();
	w.by_tas = seen + 1;
	RIG_CHECK(gt_tas_unlock(&w.tas) == 0);
	RIG_CHECK(gt_ticket_lock(&w.ticket) == 0);
	seen = w.by_ticket;
	gt_yield();
	w.by_ticket = seen + 1;
	RIG_CHECK(gt_ticket_unlock(&w.ticket) == 0);
	RIG_CHECK(gt_mcs_lock(&w.mcs, &node) == 0);
	seen = w.by_mcs;
	gt_yield();
	w.by_mcs = seen + 1;
	RIG_CHECK(gt_mcs_unlock(&w.mcs, &node) == 0);
}

static void worker(void *arg)
{
	intptr_t me = (intptr_t)arg;

	RIG_CHECK(gt_once(&w.once, once_fn, NULL) == 0 && w.once_count == 1);
	for (long i = 0; i < ROUNDS; i++) {
		if (me % 2)
			producer();
		else
			consumer(i % 2 ? LONG_NS : -1);
		share(i + me);
		limited(i % 2 ? LONG_NS : -1);
		spun();
	}
	RIG_CHECK(gt_waitgroup_done(&w.done) == 0);
}

static void all_main(void *arg)
{
	(void)arg;
	memset(&w, 0, sizeof w);
	gt_cond_init(&w.more, "more");
	gt_mutex_init(&w.mutex, "buffer");
	gt_rwlock_init(&w.rw, "shared");
	gt_sem_init(&w.three, 3, 3, "three");
	gt_waitgroup_init(&w.done, "done");
	RIG_CHECK(gt_waitgroup_add(&w.done, WORKERS) == 0);
	for (intptr_t i = 0; i < WORKERS; i++)
		RIG_CHECK(gt_spawn(NULL, worker, (void *)i) == 0);
	RIG_CHECK(gt_waitgroup_wait(&w.done) == 0 && gt_waitgroup_wait(&w.done) == 0);
	RIG_CHECK(w.moved == WORKERS / 2 * ROUNDS && !w.filled && w.left == w.right);
	RIG_CHECK(w.by_tas == WORKERS * ROUNDS && w.by_ticket == WORKERS * ROUNDS &&
		  w.by_mcs == WORKERS * ROUNDS && w.once_count == 1);
}

static void run_all(void *arg)
{
	run(all_main, arg);
	run(all_main, arg); /* what a run leaves behind does not hurt the next */
}

static void all_together(void **state)
{
	(void)state;
	under_every_policy(run_all);
}

/* --- errors and edges ---------------------------------------------------------- */

static void other_thread(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_tas_unlock(&w.tas) == -EPERM && gt_tas_trylock(&w.tas) == -EBUSY);
	RIG_CHECK(gt_ticket_unlock(&w.ticket) == -EPERM);
	RIG_CHECK(gt_rwlock_unlock(&w.rw) == -EPERM);
	RIG_CHECK(gt_rwlock_tryrdlock(&w.rw) == -EBUSY);
	RIG_CHECK(gt_cond_wait(&w.more, &w.mutex) == -EPERM);
}

static void edges_locks(void)
{
	struct gt_mcs_node node, second;
	struct gt *gt;

	RIG_CHECK(gt_tas_lock(&w.tas) == 0 && gt_tas_lock(&w.tas) == -EDEADLK);
	RIG_CHECK(gt_ticket_lock(&w.ticket) == 0 && gt_ticket_lock(&w.ticket) == -EDEADLK);
	RIG_CHECK(gt_mcs_lock(&w.mcs, &node) == 0);
	RIG_CHECK(gt_mcs_lock(&w.mcs, &second) == -EDEADLK);
	RIG_CHECK(gt_rwlock_wrlock(&w.rw) == 0 && gt_rwlock_wrlock(&w.rw) == -EDEADLK &&
		  gt_rwlock_rdlock(&w.rw) == -EDEADLK);
	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	RIG_CHECK(gt_spawn(&gt, other_thread, NULL) == 0 && gt_join(gt) == 0);
	RIG_CHECK(gt_mutex_unlock(&w.mutex) == 0 && gt_rwlock_unlock(&w.rw) == 0);
	RIG_CHECK(gt_tas_unlock(&w.tas) == 0 && gt_ticket_unlock(&w.ticket) == 0);
	RIG_CHECK(gt_mcs_unlock(&w.mcs, &node) == 0);
	RIG_CHECK(gt_tas_trylock(&w.tas) == 0 && gt_tas_unlock(&w.tas) == 0);
	RIG_CHECK(gt_tas_unlock(&w.tas) == -EPERM);
	RIG_CHECK(gt_rwlock_tryrdlock(&w.rw) == 0 && gt_rwlock_trywrlock(&w.rw) == -EBUSY);
	RIG_CHECK(gt_rwlock_tryrdlock(&w.rw) == 0 && gt_rwlock_unlock(&w.rw) == 0);
	RIG_CHECK(gt_rwlock_unlock(&w.rw) == 0 && gt_rwlock_unlock(&w.rw) == -EPERM);
	RIG_CHECK(gt_rwlock_trywrlock(&w.rw) == 0 && gt_rwlock_unlock(&w.rw) == 0);
}

static void edges_main(void *arg)
{
	struct gt_sem binary = GT_SEM_INIT(0, 1, NULL);
	uint64_t before = gt__sys_now_ns();

	(void)arg;
	edges_locks();
	RIG_CHECK(gt_sem_trywait(&binary) == -EAGAIN);
	RIG_CHECK(gt_sem_timedwait(&binary, SHORT_NS) == -ETIMEDOUT);
	RIG_CHECK(gt_sem_timedwait(&binary, 0) == -ETIMEDOUT);
	RIG_CHECK(gt__sys_now_ns() - before >= SHORT_NS);
	RIG_CHECK(gt_sem_post(&binary) == 0 && gt_sem_post(&binary) == -EOVERFLOW);
	RIG_CHECK(gt_sem_wait(&binary) == 0 && gt_sem_trywait(&binary) == -EAGAIN);
	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	before = gt__sys_now_ns();
	RIG_CHECK(gt_cond_timedwait(&w.more, &w.mutex, SHORT_NS) == -ETIMEDOUT);
	RIG_CHECK(gt__sys_now_ns() - before >= SHORT_NS);
	RIG_CHECK(gt_mutex_unlock(&w.mutex) == 0);
	RIG_CHECK(gt_cond_signal(&w.more) == 0 && gt_cond_broadcast(&w.more) == 0);
	RIG_CHECK(gt_waitgroup_done(&w.done) == -EINVAL);
	RIG_CHECK(gt_waitgroup_add(&w.done, INT32_MAX) == 0);
	RIG_CHECK(gt_waitgroup_add(&w.done, 1) == -EOVERFLOW);
	RIG_CHECK(gt_waitgroup_add(&w.done, -INT32_MAX) == 0);
}

static void edges_child(void *arg)
{
	struct gt_sem sem = GT_SEM_INIT(1, 1, NULL);

	memset(&w, 0, sizeof w);
	RIG_CHECK(gt_sem_wait(&sem) == -EPERM && gt_sem_post(&sem) == -EPERM);
	RIG_CHECK(gt_tas_lock(&w.tas) == -EPERM && gt_tas_unlock(&w.tas) == -EPERM);
	RIG_CHECK(gt_rwlock_rdlock(&w.rw) == -EPERM && gt_cond_signal(&w.more) == -EPERM);
	RIG_CHECK(gt_waitgroup_wait(&w.done) == -EPERM);
	RIG_CHECK(gt_once(&w.once, once_fn, NULL) == -EPERM);
	run(edges_main, arg);
}

static void errors_and_edges(void **state)
{
	(void)state;
	under_every_policy(edges_child);
}

/* --- deadlock ------------------------------------------------------------------- */

static void hopeless_main(void *arg)
{
	struct gt_sem never = GT_SEM_INIT(0, 1, "never");

	(void)arg;
	/* A wait with a timeout is no deadlock; once no timer is left, it is one. */
	RIG_CHECK(gt_sem_timedwait(&never, SHORT_NS) == -ETIMEDOUT);
	gt_sem_wait(&never);
}

static void hopeless_child(void *arg)
{
	run(hopeless_main, arg);
}

static void deadlock_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		char err[256];
		int status;

		policy = rig_policies[i];
		status = rig_child(hopeless_child, NULL, err, sizeof err);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
		assert_non_null(strstr(err, "deadlock"));
	}
}

/* --- the events are the truth ----------------------------------------------------- */

static struct {
	uint64_t counts[GTV_COUNT_MAX];
	uint64_t numbers[OBJECTS]; /* of a green thread: how many, and their sum */
	uint64_t number_sum[OBJECTS];
	uint32_t *owner[OBJECTS]; /* by the lock's number */
	int texts[8];
} t;

static void number(uint32_t gt, uint32_t seq)
{
	RIG_CHECK(gt && gt < OBJECTS && seq);
	t.numbers[gt]++;
	t.number_sum[gt] += seq;
}

static void feed(const struct gtv_event *ev)
{
	static const uint64_t adds[GTV_EV_USER_MAX] = {
#define X(num, id, name, counts) [num] = (counts),
		GTV_USER_EVENTS(X)
#undef X
	};
	uint32_t lock = ev->u.f.obj;

	RIG_CHECK(ev->kind < GTV_EV_USER_MAX);
	for (int c = 0; c < GTV_COUNT_MAX; c++)
		t.counts[c] += adds[ev->kind] >> c & 1;
	if (ev->kind == GTV_EV_TEXT)
		t.texts[ev->aux & 7] += !!(ev->flags & GTV_TEXT_LAST);
	if (ev->kind == GTV_EV_READY)
		number(ev->gt, ev->u.f.seq);
	if (ev->kind >= GTV_EV_SWITCH_RUN && ev->kind <= GTV_EV_SWITCH_EXIT) {
		if (ev->gt)
			number(ev->gt, ev->u.f.seq);
		if (lock)
			number(lock, (uint32_t)(ev->u.f.arg >> 32));
	}
	if (ev->kind != GTV_EV_LOCK_TAKE && ev->kind != GTV_EV_LOCK_DROP)
		return;
	RIG_CHECK(lock < OBJECTS && ev->u.f.seq && ev->u.f.seq < OBJECTS);
	if (!t.owner[lock])
		t.owner[lock] = calloc(OBJECTS, sizeof(uint32_t));
	RIG_CHECK(t.owner[lock] && !t.owner[lock][ev->u.f.seq]);
	/* A lock's odd numbers are takes; its even ones drops, by the same. */
	RIG_CHECK(ev->u.f.seq % 2 == (ev->kind == GTV_EV_LOCK_TAKE));
	t.owner[lock][ev->u.f.seq] = ev->gt;
}

static void judge(void)
{
	uint64_t own[GTV_COUNT_MAX], lost;

	gt__process_counts(own, &lost);
	if (lost)
		_exit(LOST);
	RIG_CHECK(!memcmp(own, t.counts, sizeof own));
	for (uint32_t i = 0; i < OBJECTS; i++) {
		RIG_CHECK(t.number_sum[i] == t.numbers[i] * (t.numbers[i] + 1) / 2);
		for (uint32_t seq = 1; t.owner[i] && seq + 1 < OBJECTS; seq += 2)
			RIG_CHECK(t.owner[i][seq] == t.owner[i][seq + 1]);
		free(t.owner[i]);
	}
	/* Mutexes by two names, the shared lock, three spinlocks without one. */
	RIG_CHECK(t.texts[GTV_TEXT_LOCK_KIND] >= 6 && t.texts[GTV_TEXT_LOCK] >= 2);
	RIG_CHECK(own[GTV_COUNT_SPAWNS] == own[GTV_COUNT_EXITS]);
}

static void truth_child(void *arg)
{
	struct rig rig = rig_make(RINGS, RING_BYTES, GTV_CLOCK_TSC);

	RIG_CHECK(gt__trace_map(rig.fd) == 0);
	run(all_main, arg);
	for (uint32_t i = 0; i < RINGS; i++) {
		for (uint64_t pos = 0; pos < rig_ring(&rig, i)->head; pos++)
			feed(rig_event(&rig, i, pos));
	}
	judge();
	rig_free(&rig);
	gt__trace_unmap();
}

/* While a holder is kept from its core others spin, and fill their rings: again. */
static void every_event_is_true(void **state)
{
	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++) {
		int status, tries = 0;

		policy = rig_policies[i];
		do
			status = rig_child(truth_child, NULL, NULL, 0);
		while (WIFEXITED(status) && WEXITSTATUS(status) == LOST && ++tries < 100);
		if (status)
			print_error("under %s\n", policy);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_together),
		cmocka_unit_test(errors_and_edges),
		cmocka_unit_test(deadlock_is_told),
		cmocka_unit_test(every_event_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
