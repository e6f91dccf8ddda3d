/* SPDX-License-Identifier: MIT
 *
 * Policy procs: green threads that are processes. That locks and channels work across
 * them, that a result comes back and other memory does not, and what becomes of the
 * others when one dies.
 */
#include <errno.h>
#include <signal.h>

#include "runtime/core/arena.h"
#include "tests/unit/runtime_rig.h"

static const struct gt_config procs = {.policy = "procs"};
static long global;

static void run_procs(void *arg)
{
	void (**fn)(void *) = arg;

	alarm(300); /* one that waits for ever fails */
	RIG_CHECK(gt_run_config(&procs, *fn, NULL) == 0);
	RIG_CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no zombies */
}

static int status_of(void (*fn)(void *), char *err, size_t err_bytes)
{
	return rig_child(run_procs, &fn, err, err_bytes);
}

static void fill(void *arg)
{
	*(long *)arg = 42;
	global = 43;
}

/* The result comes back to memory that is not shared; a global does not. */
static void results_main(void *arg)
{
	long *result = calloc(2, sizeof *result);
	const struct gt_attr attr = {.result = result, .result_bytes = sizeof *result};
	struct gt *gt;

	(void)arg;
	RIG_CHECK(result && gt_spawn_attr(&gt, &attr, fill, result) == 0);
	RIG_CHECK(gt_join(gt) == 0);
	RIG_CHECK(result[0] == 42 && result[1] == 0 && global == 0);
	free(result);
}

static void result_comes_back(void **state)
{
	(void)state;
	assert_int_equal(status_of(results_main, NULL, 0), 0);
}

static void count_up(void *arg)
{
	struct {
		struct gt_mutex mutex;
		long count;
	} *shared = arg;

	for (int i = 0; i < 200; i++) {
		RIG_CHECK(gt_mutex_lock(&shared->mutex) == 0);
		shared->count++;
		RIG_CHECK(gt_mutex_unlock(&shared->mutex) == 0);
	}
}

static void mutex_main(void *arg)
{
	struct {
		struct gt_mutex mutex;
		long count;
	} *shared = gt_shared_alloc(sizeof *shared);
	struct gt *gt[4];

	(void)arg;
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_spawn(&gt[i], count_up, shared) == 0);
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
	RIG_CHECK(shared->count == 800);
	gt_shared_free(shared);
}

static void mutex_across_processes(void **state)
{
	(void)state;
	assert_int_equal(status_of(mutex_main, NULL, 0), 0);
}

static void send_global(void *arg)
{
	for (global = 1; global <= 50; global++)
		RIG_CHECK(gt_chan_send(arg, &global) == 0);
	RIG_CHECK(gt_chan_close(arg) == 0);
}

/* Elements on both sides lie where the other process cannot reach. */
static void private_main(void *arg)
{
	struct gt_chan *chan = gt_chan_new(sizeof global, 0, "numbers");
	static long got;
	long sum = 0;

	(void)arg;
	RIG_CHECK(chan && gt_spawn(NULL, send_global, chan) == 0);
	while (gt_chan_recv(chan, &got) == 0)
		sum += got;
	RIG_CHECK(sum == 1275 && global == 0);
	gt_chan_free(chan);
}

static void select_global(void *arg)
{
	struct gt_select_case send = {.chan = arg, .op = GT_SELECT_SEND, .elem = &global};

	for (global = 1; global <= 50; global++)
		RIG_CHECK(gt_select(&send, 1, -1) == 0 && send.result == 0);
	RIG_CHECK(gt_chan_close(arg) == 0);
}

static void private_select_main(void *arg)
{
	struct gt_chan *chan = gt_chan_new(sizeof global, 0, "numbers"),
		       *never = gt_chan_new(4, 0, "never");
	static long got;
	static struct gt_select_case cases[2];
	long sum = 0;

	(void)arg;
	cases[0] =
		(struct gt_select_case){.chan = never, .op = GT_SELECT_SEND, .elem = &got};
	cases[1] =
		(struct gt_select_case){.chan = chan, .op = GT_SELECT_RECV, .elem = &got};
	RIG_CHECK(chan && never && gt_spawn(NULL, select_global, chan) == 0);
	while (gt_select(cases, 2, -1) == 1 && cases[1].result == 0)
		sum += got;
	RIG_CHECK(cases[1].result == -EPIPE && sum == 1275 && got == 0 && global == 0);
	gt_chan_free(never);
	gt_chan_free(chan);
}

static void private_elements(void **state)
{
	(void)state;
	assert_int_equal(status_of(private_main, NULL, 0), 0);
	assert_int_equal(status_of(private_select_main, NULL, 0), 0);
}

static void all_at_once(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	print_message("skipped: a sanitizer knows one process, and stacks are shared\n");
	skip();
#endif
	assert_int_equal(status_of(work_main, NULL, 0), 0);
}

static void send_late(void *arg)
{
	long value = 5;

	gt_sleep_ns(1000000);
	RIG_CHECK(gt_chan_send(arg, &value) == 0);
}

/* Timeouts, a timer and a ticker: each process its own. */
static void timers_main(void *arg)
{
	struct gt_chan *chan = gt_chan_new(sizeof(long), 0, NULL);
	long value = 0;
	struct gt_select_case late = {.chan = chan, .op = GT_SELECT_RECV, .elem = &value};
	struct gt_sem sem = GT_SEM_INIT(0, 1, "nobody posts");
	struct gt_timer *timer, *ticker;
	uint64_t tick, last = 0;

	(void)arg;
	RIG_CHECK(gt_select(&late, 1, 2000000) == -ETIMEDOUT);
	RIG_CHECK(gt_sem_timedwait(&sem, 2000000) == -ETIMEDOUT);
	RIG_CHECK(gt_spawn(NULL, send_late, chan) == 0);
	RIG_CHECK(gt_select(&late, 1, 60000000000) == 0 && value == 5);
	timer = gt_timer_new(1000000, "once");
	ticker = gt_ticker_new(1000000, "ticker");
	RIG_CHECK(timer && ticker);
	RIG_CHECK(gt_chan_recv(gt_timer_chan(timer), &tick) == 0);
	for (int i = 0; i < 3; i++, last = tick) {
		RIG_CHECK(gt_chan_recv(gt_timer_chan(ticker), &tick) == 0);
		RIG_CHECK(tick > last);
	}
	RIG_CHECK(gt_timer_stop(ticker) == 1 && gt_timer_stop(timer) == 0);
	gt_timer_free(ticker);
	gt_timer_free(timer);
	gt_chan_free(chan);
}

static void timers_go_off(void **state)
{
	(void)state;
	assert_int_equal(status_of(timers_main, NULL, 0), 0);
}

static void die_with_timer(void *arg)
{
	RIG_CHECK(gt_timer_new(60000000000, NULL) != NULL);
	gt_chan_send(arg, NULL);
	raise(SIGKILL);
}

/* Its timer will not wake anybody any more: what is left is a deadlock. */
static void lost_timer_main(void *arg)
{
	struct gt_chan *chan = gt_chan_new(0, 0, NULL);
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_spawn(&gt, die_with_timer, chan) == 0);
	RIG_CHECK(gt_chan_recv(chan, NULL) == 0);
	RIG_CHECK(gt_join(gt) == -ECHILD);
	gt_chan_recv(chan, NULL);
}

static void a_dead_timer_hides_no_deadlock(void **state)
{
	char err[512];
	int status = status_of(lost_timer_main, err, sizeof err);

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_non_null(strstr(err, "deadlock"));
}

static void die(void *arg)
{
	(void)arg;
	raise(SIGKILL);
}

static void crash_main(void *arg)
{
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_spawn(&gt, die, NULL) == 0);
	RIG_CHECK(gt_join(gt) == -ECHILD);
}

static void crash_is_told_to_joiner(void **state)
{
	(void)state;
	assert_int_equal(status_of(crash_main, NULL, 0), 0);
}

/* The joiner's READY is in the trace, though nobody could tell it but itself. */
static void a_death_is_told(void **state)
{
	struct rig rig = rig_make(4, 65536, GTV_CLOCK_MONO);
	char fd[16];
	int told = 0;

	(void)state;
	snprintf(fd, sizeof fd, "%d", rig.fd);
	setenv(GTV_ENV_FD, fd, 1);
	assert_int_equal(status_of(crash_main, NULL, 0), 0);
	unsetenv(GTV_ENV_FD);
	for (uint32_t r = 0; r < 4; r++)
		for (uint64_t i = 0; i < rig_ring(&rig, r)->head; i++) {
			const struct gtv_event *ev = rig_event(&rig, r, i);

			told += ev->kind == GTV_EV_READY && ev->aux == GTV_BY_OUTSIDE;
		}
	assert_int_equal(told, 1);
	rig_free(&rig);
}

/* Takes and gives memory, and makes processes, until it is killed: mostly with one of the
 * run's own locks in its hand. */
static void hammer(void *arg)
{
	uint32_t *rounds = arg;

	for (;;) {
		void *at[4];

		for (int i = 0; i < 4; i++)
			at[i] = gt_shared_alloc((size_t)100 << i);
		for (int i = 0; i < 4; i++)
			gt_shared_free(at[i]);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
	}
}

#define KILLED 40

/* The kernel knows our children. */
static void kill_children(void)
{
	char path[64];
	int pid, n = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	RIG_CHECK(f);
	while (fscanf(f, "%d", &pid) == 1)
		n += kill(pid, SIGKILL) == 0;
	fclose(f);
	RIG_CHECK(n == 2);
}

static void killed_main(void *arg)
{
	uint32_t *rounds = gt_shared_alloc(sizeof *rounds);

	(void)arg;
	for (int i = 0; i < KILLED; i++) {
		struct gt *gt[2];

		__atomic_store_n(rounds, 0, __ATOMIC_RELAXED);
		for (int k = 0; k < 2; k++)
			RIG_CHECK(gt_spawn(&gt[k], hammer, rounds) == 0);
		while (__atomic_load_n(rounds, __ATOMIC_RELAXED) < 100u + (unsigned)i * 37)
			gt_shared_free(gt_shared_alloc(1000));
		kill_children();
		for (int k = 0; k < 2; k++)
			RIG_CHECK(gt_join(gt[k]) == -ECHILD);
	}
	gt_shared_free(rounds);
}

static void the_killed_stop_nobody(void **state)
{
	(void)state;
	assert_int_equal(status_of(killed_main, NULL, 0), 0);
}

static void lock_and_die(void *arg)
{
	gt_mutex_lock(arg);
	raise(SIGKILL);
}

static void orphaned_lock_main(void *arg)
{
	struct gt_mutex mutex = GT_MUTEX_INIT("held by the dead");
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_spawn(&gt, lock_and_die, &mutex) == 0);
	RIG_CHECK(gt_join(gt) == -ECHILD);
	gt_mutex_lock(&mutex);
}

static void recv_for_ever(void *arg)
{
	gt_chan_recv(arg, NULL);
}

static void deadlock_main(void *arg)
{
	struct gt *gt;

	(void)arg;
	RIG_CHECK(gt_spawn(&gt, recv_for_ever, gt_chan_new(1, 0, NULL)) == 0);
	gt_join(gt);
}

static void deadlock_is_seen(void **state)
{
	char err[512];
	int status;

	(void)state;
	status = status_of(deadlock_main, err, sizeof err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_non_null(strstr(err, "deadlock: all 2 "));
	assert_non_null(strstr(err, "G1 \"main\" waits for the end of G2"));
	status = status_of(orphaned_lock_main, err, sizeof err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_non_null(strstr(err, "deadlock"));
}

static void fork_main(void *arg)
{
	(void)arg;
	fork();
	RIG_CHECK(0);
}

static void own_fork_is_refused(void **state)
{
	char err[512];
	int status = status_of(fork_main, err, sizeof err);

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_non_null(strstr(err, "must not call fork"));
}

/* What the arena has no room for is an error, and nothing else is lost by it. */
static void full_main(void *arg)
{
	static char elem;
	struct gt_chan *chan = gt_chan_new(1, 0, NULL);
	size_t bytes = (size_t)1 << 29;

	(void)arg;
	for (; bytes >= 32; bytes /= 2)
		while (gt__arena_alloc(bytes))
			;
	RIG_CHECK(!gt_chan_new(1, 4096, NULL));
	RIG_CHECK(gt_spawn(NULL, die, NULL) == -ENOMEM);
	RIG_CHECK(gt_chan_recv(chan, &elem) == -ENOMEM);
}

static void full_arena_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(status_of(full_main, NULL, 0), 0);
}

static volatile int bottomless = 1;

static void overflow(void *arg)
{
	volatile char page[4096];

	page[0] = 1;
	if (bottomless)
		overflow(arg);
	page[1] = page[0];
}

static void guard_main(void *arg)
{
	struct gt *gt;

	(void)arg;
	signal(SIGSEGV, SIG_DFL); /* cmocka's would be inherited */
	RIG_CHECK(gt_spawn(&gt, overflow, NULL) == 0);
	RIG_CHECK(gt_join(gt) == -ECHILD);
}

static void stacks_have_an_end(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	print_message("skipped: a sanitizer reports the overflow itself\n");
	skip();
#endif
	assert_int_equal(status_of(guard_main, NULL, 0), 0);
}

static void shared_run(void *arg)
{
	gt__memory_shared = 1;
	gt_run_config(&procs, deadlock_main, arg);
}

static void shared_memory_is_refused(void **state)
{
	char err[512];
	int status = rig_child(shared_run, NULL, err, sizeof err);

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_non_null(strstr(err, "GT_SHARED"));
}

#ifdef __SANITIZE_THREAD__
static void not_here(void **state)
{
	(void)state;
	print_message("skipped: ThreadSanitizer knows one process: memory that another "
		      "one writes is a race to it\n");
	skip();
}
#endif

/* A program that exits with all its threads waiting leaves what they had; a process of
 * ours has a copy of what its parent had. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
	const struct CMUnitTest skipped[] = {cmocka_unit_test(not_here)};

	return cmocka_run_group_tests(skipped, NULL, NULL);
#endif
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(result_comes_back),
		cmocka_unit_test(mutex_across_processes),
		cmocka_unit_test(private_elements),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(timers_go_off),
		cmocka_unit_test(a_dead_timer_hides_no_deadlock),
		cmocka_unit_test(crash_is_told_to_joiner),
		cmocka_unit_test(a_death_is_told),
		cmocka_unit_test(the_killed_stop_nobody),
		cmocka_unit_test(deadlock_is_seen),
		cmocka_unit_test(own_fork_is_refused),
		cmocka_unit_test(full_arena_is_an_error),
		cmocka_unit_test(stacks_have_an_end),
		cmocka_unit_test(shared_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
