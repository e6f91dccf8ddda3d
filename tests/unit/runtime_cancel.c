/* SPDX-License-Identifier: MIT
 *
 * gt_cancel under every policy: whatever a green thread waits in, it leaves, cleans up,
 * and ends; what it waited for goes on working for others. And who waits for descriptors
 * waits no longer than it said.
 */
#include <errno.h>
#include <netinet/in.h>

#include "tests/unit/runtime_rig.h"

#define LONG_NS	 3600000000000
#define SHORT_NS 2000000
#define ROUNDS	 60

/* (coop and single sleep with all of them; their line is quantum's. By its quirk offset
 * serves a timer late that comes while a later one is slept for: here that is an hour.) */
static const char *const more_policies[] = {"offset,pool=8,quirks=0"};
#define MORE (sizeof more_policies / sizeof more_policies[0])

static const char *policy;

static void run_child(void *fn)
{
	const struct gt_config config = {.policy = policy};
	void (*const *inside)(void *) = fn;

	RIG_CHECK(gt_run_config(&config, *inside, NULL) == 0);
}

static void under(const char *name, void (*fn)(void *))
{
	int status;

	policy = name;
	status = rig_child(run_child, &fn, NULL, 0);
	if (status)
		print_error("under %s\n", policy);
	assert_int_equal(status, 0);
}

static void under_every_policy(void (*fn)(void *))
{
	for (size_t i = 0; i < RIG_POLICIES; i++)
		under(rig_policies[i], fn);
	for (size_t i = 0; i < MORE; i++)
		under(more_policies[i], fn);
}

/* --- each wait ------------------------------------------------------------- */

static struct {
	struct gt_mutex mutex;
	struct gt_cond cond;
	struct gt_sem sem;
	struct gt_waitgroup group;
	struct gt_chan *empty, *full;
	struct gt *slow;
	int pipe_fd[2], listen_fd;
	uint32_t begun, cleaned, slow_stop; /* atomic */
} w;

static uint32_t seen(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void begin(void)
{
	__atomic_store_n(&w.begun, 1, __ATOMIC_RELEASE);
}

static void clean(void *arg)
{
	(void)arg;
	gt_yield(); /* cleanups may wait, and are not cancelled */
	RIG_CHECK(gt_sleep_ns(1000) == 0);
	__atomic_add_fetch(&w.cleaned, 1, __ATOMIC_RELEASE);
}

static void in_sleep(void)
{
	gt_sleep_ns(LONG_NS);
}

static void in_recv(void)
{
	long got;

	gt_chan_recv(w.empty, &got);
}

static void in_send(void)
{
	long one = 1;

	gt_chan_send(w.full, &one);
}

static void select_for(int64_t timeout_ns)
{
	long one = 1, got;
	struct gt_select_case cases[] = {{w.empty, GT_SELECT_RECV, &got, 0},
					 {w.full, GT_SELECT_SEND, &one, 0}};

	gt_select(cases, 2, timeout_ns);
}

static void in_select(void)
{
	select_for(-1);
}

static void in_timed_select(void)
{
	select_for(LONG_NS);
}

static void in_empty_select(void)
{
	gt_select(NULL, 0, -1);
}

static void unlock(void *mutex)
{
	RIG_CHECK(gt_mutex_unlock(mutex) == 0); /* held again, as in POSIX */
}

static void cond_for(int64_t timeout_ns)
{
	struct gt_cleanup cleanup;

	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	gt_cleanup_push(&cleanup, unlock, &w.mutex);
	gt_cond_timedwait(&w.cond, &w.mutex, timeout_ns);
	RIG_CHECK(0);
}

static void in_cond(void)
{
	cond_for(-1);
}

static void in_timed_cond(void)
{
	cond_for(LONG_NS);
}

static void in_sem(void)
{
	gt_sem_wait(&w.sem);
}

static void in_timed_sem(void)
{
	gt_sem_timedwait(&w.sem, LONG_NS);
}

static void in_waitgroup(void)
{
	gt_waitgroup_wait(&w.group);
}

static void in_join(void)
{
	gt_join(w.slow);
}

static void in_poll(void)
{
	gt_poll(w.pipe_fd[0], POLLIN, -1);
}

static void in_timed_poll(void)
{
	gt_poll(w.pipe_fd[0], POLLIN, LONG_NS);
}

static void in_read(void)
{
	char byte;

	gt_read(w.pipe_fd[0], &byte, 1);
}

static void in_accept(void)
{
	gt_accept(w.listen_fd, NULL, NULL);
}

static void in_ticks(void)
{
	for (;;) {
		gt_tick();
		gt_yield();
	}
}

static long call(void *arg)
{
	(void)arg;
	return gt__sys_poll(w.pipe_fd[0], POLLIN, gt__sys_now_ns() + SHORT_NS, &(short){0});
}

static void in_calls(void)
{
	for (;;) {
		gt_blocking("call", call, NULL);
		gt_yield();
	}
}

static const struct {
	const char *name;
	void (*wait)(void);
} waits[] = {
	{"sleep", in_sleep},
	{"recv", in_recv},
	{"send", in_send},
	{"select", in_select},
	{"select with a timeout", in_timed_select},
	{"select of nothing", in_empty_select},
	{"cond", in_cond},
	{"cond with a timeout", in_timed_cond},
	{"sem", in_sem},
	{"sem with a timeout", in_timed_sem},
	{"wait group", in_waitgroup},
	{"join", in_join},
	{"poll", in_poll},
	{"poll with a timeout", in_timed_poll},
	{"read", in_read},
	{"accept", in_accept},
	{"ticks", in_ticks},
	{"calls", in_calls},
};
#define WAITS (sizeof waits / sizeof waits[0])

static void waiter(void *arg)
{
	struct gt_cleanup cleanup;

	gt_cleanup_push(&cleanup, clean, NULL);
	begin();
	waits[(intptr_t)arg].wait();
	RIG_CHECK(0);
}

static void slow(void *arg)
{
	(void)arg;
	while (!seen(&w.slow_stop))
		RIG_CHECK(gt_sleep_ns(200000) == 0);
}

static void make(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	long one = 1;

	memset(&w, 0, sizeof w);
	gt_sem_init(&w.sem, 0, 1, "sem");
	w.empty = gt_chan_new(sizeof(long), 0, "empty");
	w.full = gt_chan_new(sizeof(long), 1, "full");
	RIG_CHECK(w.empty && w.full && gt_chan_send(w.full, &one) == 0);
	RIG_CHECK(gt_waitgroup_add(&w.group, 1) == 0 && pipe(w.pipe_fd) == 0);
	w.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	RIG_CHECK(w.listen_fd >= 0);
	RIG_CHECK(bind(w.listen_fd, (struct sockaddr *)&addr, sizeof addr) == 0 &&
		  listen(w.listen_fd, 8) == 0);
	RIG_CHECK(gt_spawn(&w.slow, slow, NULL) == 0);
}

static void send_one(void *arg)
{
	long one = 7;

	(void)arg;
	RIG_CHECK(gt_chan_send(w.empty, &one) == 0);
}

/* Nobody who left stands in a line any more, and nothing is lost. */
static void unmake(void)
{
	struct gt *gt;
	long got;

	RIG_CHECK(gt_chan_recv(w.full, &got) == 0 && got == 1);
	RIG_CHECK(gt_spawn(&gt, send_one, NULL) == 0);
	RIG_CHECK(gt_chan_recv(w.empty, &got) == 0 && got == 7);
	RIG_CHECK(gt_join(gt) == 0);
	RIG_CHECK(gt_sem_post(&w.sem) == 0 && gt_sem_trywait(&w.sem) == 0);
	RIG_CHECK(gt_mutex_trylock(&w.mutex) == 0 && gt_mutex_unlock(&w.mutex) == 0);
	RIG_CHECK(gt_cond_signal(&w.cond) == 0);
	RIG_CHECK(gt_waitgroup_done(&w.group) == 0 && gt_waitgroup_wait(&w.group) == 0);
	RIG_CHECK(write(w.pipe_fd[1], "x", 1) == 1);
	RIG_CHECK(gt_poll(w.pipe_fd[0], POLLIN, -1) == POLLIN);
	__atomic_store_n(&w.slow_stop, 1, __ATOMIC_RELEASE);
	RIG_CHECK(gt_join(w.slow) == 0);
	gt_chan_free(w.empty);
	gt_chan_free(w.full);
	close(w.pipe_fd[0]);
	close(w.pipe_fd[1]);
	close(w.listen_fd);
}

/* Cancelled before it waits, about when it does, or long after. */
static void cancel_one(intptr_t which, int settle)
{
	struct gt *gt;

	w.begun = w.cleaned = 0;
	RIG_CHECK(gt_spawn(&gt, waiter, (void *)which) == 0);
	if (settle)
		while (!seen(&w.begun))
			gt_sleep_ns(20000);
	if (settle > 1)
		gt_sleep_ns(300000);
	RIG_CHECK(gt_cancel(gt) == 0);
	if (gt_cancel(gt) != 0) /* twice is once */
		RIG_CHECK(seen(&w.cleaned) == 1);
	if (gt_join(gt) != -ECANCELED || w.cleaned != 1) {
		fprintf(stderr, "in %s, %d: %u\n", waits[which].name, settle, w.cleaned);
		RIG_CHECK(0);
	}
}

static void waits_inside(void *arg)
{
	(void)arg;
	make();
	for (size_t i = 0; i < WAITS; i++)
		for (int settle = 0; settle < 3; settle++)
			cancel_one((intptr_t)i, settle);
	unmake();
}

static void every_wait_is_left(void **state)
{
	(void)state;
	under_every_policy(waits_inside);
}

static void every_wait_is_left_in_simulated_time(void **state)
{
	static const char *const seeds[] = {"1", "2", "3", "4"};

	(void)state;
	for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
		setenv("GT_SIM", seeds[i], 1);
		under("green", waits_inside);
		under("gmp,cores=4", waits_inside);
		under("threads,cores=2", waits_inside);
		under("gil3,cores=2", waits_inside);
		under("offset,pool=8", waits_inside);
	}
	unsetenv("GT_SIM");
}

/* --- not now --------------------------------------------------------------- */

static void disabled(void *arg)
{
	long got;

	(void)arg;
	RIG_CHECK(gt_cancel_enable() == -EINVAL);
	RIG_CHECK(gt_cancel_disable() == 0 && gt_cancel_disable() == 0);
	begin();
	RIG_CHECK(gt_chan_recv(w.empty, &got) == 0 && got == 5);
	RIG_CHECK(gt_cancel_enable() == 0);
	gt_tick();
	RIG_CHECK(gt_sleep_ns(1000) == 0);
	RIG_CHECK(gt_cancel_enable() == 0);
	w.cleaned = 1;
	gt_sleep_ns(LONG_NS);
	RIG_CHECK(0);
}

static void in_mutex(void *arg)
{
	(void)arg;
	begin();
	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	RIG_CHECK(gt_mutex_unlock(&w.mutex) == 0);
	w.cleaned = 2;
	in_sleep();
	RIG_CHECK(0);
}

static void ends_first(void *arg)
{
	(void)arg;
}

static void cancels_itself(void *arg)
{
	(void)arg;
	RIG_CHECK(gt_cancel(gt_self()) == 0);
	gt_yield();
	w.cleaned = 3;
	gt_sleep_ns(0);
	RIG_CHECK(0);
}

static void once_fn(void *arg)
{
	if (arg) {
		begin();
		in_sleep();
	}
	w.cleaned = 4;
}

static struct gt_once once;

static void in_once(void *arg)
{
	gt_once(&once, once_fn, arg);
	RIG_CHECK(0);
}

static void exits_meanwhile(void *arg)
{
	struct gt_cleanup cleanup;

	(void)arg;
	gt_cleanup_push(&cleanup, clean, NULL);
	RIG_CHECK(gt_cancel(gt_self()) == 0);
	gt_exit(); /* its cleanups wait, and are not cancelled */
}

static struct gt *begun(void (*fn)(void *), void *arg)
{
	struct gt *gt;

	w.begun = w.cleaned = 0;
	RIG_CHECK(gt_spawn(&gt, fn, arg) == 0);
	while (!seen(&w.begun))
		gt_sleep_ns(20000);
	return gt;
}

static void not_now_inside(void *arg)
{
	struct gt *gt;
	long five = 5;

	(void)arg;
	make();
	gt = begun(disabled, NULL);
	RIG_CHECK(gt_cancel(gt) == 0);
	gt_sleep_ns(200000);
	RIG_CHECK(gt_chan_send(w.empty, &five) == 0);
	RIG_CHECK(gt_join(gt) == -ECANCELED && w.cleaned == 1);

	RIG_CHECK(gt_mutex_lock(&w.mutex) == 0);
	gt = begun(in_mutex, NULL);
	gt_sleep_ns(200000);
	RIG_CHECK(gt_cancel(gt) == 0);
	gt_sleep_ns(200000);
	RIG_CHECK(w.cleaned == 0 && gt_mutex_unlock(&w.mutex) == 0);
	RIG_CHECK(gt_join(gt) == -ECANCELED && w.cleaned == 2);

	RIG_CHECK(gt_spawn(&gt, cancels_itself, NULL) == 0);
	RIG_CHECK(gt_join(gt) == -ECANCELED && w.cleaned == 3);

	gt = begun(in_once, &w);
	RIG_CHECK(gt_cancel(gt) == 0 && gt_join(gt) == -ECANCELED);
	RIG_CHECK(gt_once(&once, once_fn, NULL) == 0 && w.cleaned == 4);

	w.cleaned = 0;
	RIG_CHECK(gt_spawn(&gt, exits_meanwhile, NULL) == 0);
	RIG_CHECK(gt_join(gt) == 0 && w.cleaned == 1);

	/* It may be over, but nobody has joined it. */
	RIG_CHECK(gt_spawn(&gt, ends_first, NULL) == 0);
	while (gt_cancel(gt) == 0)
		gt_sleep_ns(20000);
	RIG_CHECK(gt_cancel(gt) == -ESRCH);
	RIG_CHECK(gt_join(gt) == 0);
	RIG_CHECK(gt_cancel(NULL) == -EINVAL);
	unmake();
}

static void a_request_waits_for_its_place(void **state)
{
	(void)state;
	assert_int_equal(gt_cancel(NULL), -EPERM);
	assert_int_equal(gt_cancel_disable(), -EPERM);
	under_every_policy(not_now_inside);
}

/* --- races ------------------------------------------------------------------ */

/* What wakes it and what cancels it come at the same time: either way it ends, and what
 * was sent is received or still there. */
static struct {
	struct gt_chan *chan;
	struct gt_sem sem;
	long sent, received; /* atomic */
} race;

static void takes(void *arg)
{
	struct gt_select_case cases[] = {{race.chan, GT_SELECT_RECV, &(long){0}, 0},
					 {race.chan, GT_SELECT_RECV, &(long){0}, 0}};
	long got;

	for (intptr_t i = (intptr_t)arg;; i++) {
		int err = i % 3 == 0   ? gt_chan_recv(race.chan, &got)
			  : i % 3 == 1 ? gt_select(cases, 2, i % 2 ? -1 : LONG_NS)
				       : gt_sem_timedwait(&race.sem, LONG_NS);

		RIG_CHECK(err >= 0);
		if (i % 3 < 2)
			__atomic_add_fetch(&race.received, 1, __ATOMIC_RELAXED);
	}
}

static void gives(void *arg)
{
	long one = 1;

	(void)arg;
	for (int i = 0; i < ROUNDS * 4; i++) {
		struct gt_select_case c = {race.chan, GT_SELECT_SEND, &one, 0};

		if (gt_select(&c, 1, i % 2 ? 0 : 100000) == 0)
			__atomic_add_fetch(&race.sent, 1, __ATOMIC_RELAXED);
		gt_sem_post(&race.sem);
	}
}

static void joins(void *gt)
{
	RIG_CHECK(gt_join(gt) == -ECANCELED);
}

static void races_inside(void *arg)
{
	struct gt *giver[2], *taker[3], *joiner;

	(void)arg;
	race.chan = gt_chan_new(sizeof(long), 0, "race");
	gt_sem_init(&race.sem, 0, 1000000, "race");
	RIG_CHECK(race.chan);
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_spawn(&giver[i], gives, NULL) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		for (intptr_t k = 0; k < 3; k++)
			RIG_CHECK(gt_spawn(&taker[k], takes, (void *)(i + k)) == 0);
		RIG_CHECK(gt_spawn(&joiner, joins, taker[2]) == 0);
		if (i % 3)
			gt_sleep_ns((uint64_t)(i % 7) * 10000);
		for (int k = 0; k < 3; k++)
			RIG_CHECK(gt_cancel(taker[k]) == 0);
		RIG_CHECK(gt_join(taker[0]) == -ECANCELED);
		RIG_CHECK(gt_join(taker[1]) == -ECANCELED);
		RIG_CHECK(gt_join(joiner) == 0);
	}
	for (int i = 0; i < 2; i++)
		RIG_CHECK(gt_join(giver[i]) == 0);
	RIG_CHECK(race.sent == race.received);
	gt_chan_free(race.chan);
}

static void wakes_and_cancels_may_meet(void **state)
{
	(void)state;
	under_every_policy(races_inside);
}

/* Joiners that are cancelled while what they join ends. */
static void short_life(void *arg)
{
	for (intptr_t i = (intptr_t)arg % 4; i > 0; i--)
		gt_yield();
}

static struct gt *joined_one;
static uint32_t join_done;

static void joins_short(void *arg)
{
	(void)arg;
	gt_join(joined_one);
	__atomic_store_n(&join_done, 1, __ATOMIC_RELEASE);
}

static void joiners_inside(void *arg)
{
	struct gt *joiner;

	(void)arg;
	for (intptr_t i = 0; i < ROUNDS * 4; i++) {
		join_done = 0;
		RIG_CHECK(gt_spawn(&joined_one, short_life, (void *)i) == 0);
		RIG_CHECK(gt_spawn(&joiner, joins_short, NULL) == 0);
		for (intptr_t k = i % 3; k > 0; k--)
			gt_yield();
		gt_cancel(joiner);
		/* Either it has joined, or the other is still to be joined. */
		if (gt_join(joiner) == -ECANCELED && !seen(&join_done))
			RIG_CHECK(gt_join(joined_one) == 0);
	}
}

static void a_joiner_joins_or_leaves_it(void **state)
{
	(void)state;
	under_every_policy(joiners_inside);
}

/* --- the events -------------------------------------------------------------- */

static void events_inside(void *arg)
{
	struct gt *gt;

	(void)arg;
	make();
	for (intptr_t i = 0; i < 3; i++) {
		gt = begun(waiter, (void *)i);
		RIG_CHECK(gt_cancel(gt) == 0 && gt_cancel(gt) <= 0);
		RIG_CHECK(gt_join(gt) == -ECANCELED);
	}
	unmake();
}

static void events_child(void *arg)
{
	struct rig rig = rig_make(64, 1 << 22, GTV_CLOCK_MONO);
	const struct gt_config config = {.policy = arg};
	uint64_t n[GTV_COUNT_MAX], lost, cancels = 0, marks = 0;

	RIG_CHECK(gt__trace_map(rig.fd) == 0);
	RIG_CHECK(gt_run_config(&config, events_inside, NULL) == 0);
	gt__process_counts(n, &lost);
	for (uint32_t i = 0; i < 64; i++)
		for (uint64_t pos = 0; pos < rig_ring(&rig, i)->head; pos++) {
			const struct gtv_event *ev = rig_event(&rig, i, pos);

			marks += ev->kind == GTV_EV_MARK &&
				 !strncmp(ev->u.text, "asked to end", GTV_TEXT_CHUNK);
			if (ev->kind != GTV_EV_CANCEL)
				continue;
			cancels++;
			RIG_CHECK(ev->gt > 1 && ev->u.f.obj == 1);
		}
	RIG_CHECK(!lost && cancels == 3 && marks == 3 && n[GTV_COUNT_CANCELS] == 3);
	rig_free(&rig);
}

static void requests_are_told(void **state)
{
	(void)state;
	assert_int_equal(rig_child(events_child, "green", NULL, 0), 0);
	assert_int_equal(rig_child(events_child, "gmp", NULL, 0), 0);
	assert_int_equal(rig_child(events_child, "threads", NULL, 0), 0);
}

/* --- processes ---------------------------------------------------------------- */

static struct shared {
	struct gt_chan *chan;
	struct gt_sem sem;
	uint32_t at; /* atomic */
} * shared;

static void process(void *arg)
{
	long got;

	__atomic_store_n(&shared->at, 1, __ATOMIC_RELEASE);
	if (arg == (void *)1)
		gt_chan_recv(shared->chan, &got);
	else if (arg == (void *)2)
		gt_sem_wait(&shared->sem);
	else if (arg == (void *)3)
		gt_sleep_ns(LONG_NS);
	else
		for (;;)
			gt_tick();
	RIG_CHECK(0);
}

static void processes_inside(void *arg)
{
	struct gt *gt;
	long one = 1;

	(void)arg;
	shared = gt_shared_alloc(sizeof *shared);
	RIG_CHECK(shared);
	shared->chan = gt_chan_new(sizeof(long), 1, "shared");
	gt_sem_init(&shared->sem, 0, 1, "shared");
	for (intptr_t i = 0; i < 8; i++) {
		shared->at = 0;
		RIG_CHECK(gt_spawn(&gt, process, (void *)(i % 4)) == 0);
		while (!seen(&shared->at))
			gt_sleep_ns(100000);
		if (i > 3)
			gt_sleep_ns(SHORT_NS);
		RIG_CHECK(gt_cancel(gt) == 0);
		RIG_CHECK(gt_join(gt) == -ECANCELED);
	}
	RIG_CHECK(gt_chan_send(shared->chan, &one) == 0);
	RIG_CHECK(gt_chan_recv(shared->chan, &one) == 0 && one == 1);
	RIG_CHECK(gt_sem_post(&shared->sem) == 0 && gt_sem_trywait(&shared->sem) == 0);
	gt_chan_free(shared->chan);
	gt_shared_free(shared);
}

static void processes_are_cancelled(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	print_message("skipped: a sanitizer knows one process, and stacks are shared\n");
	skip();
#endif
	under("procs", processes_inside);
}

/* --- deadlines ----------------------------------------------------------------- */

static void deadlines_inside(void *arg)
{
	struct sockaddr_in addr;
	socklen_t bytes = sizeof addr;
	char page[4096] = "";
	int pair[2], fd, begun_fd, full;
	ssize_t n;

	(void)arg;
	make();
	RIG_CHECK(gt_timedread(w.pipe_fd[0], page, 1, SHORT_NS) == -ETIMEDOUT);
	RIG_CHECK(gt_timedread(w.pipe_fd[0], page, 1, 0) == -ETIMEDOUT);
	RIG_CHECK(gt_timedaccept(w.listen_fd, NULL, NULL, SHORT_NS) == -ETIMEDOUT);
	RIG_CHECK(write(w.pipe_fd[1], "ab", 2) == 2);
	RIG_CHECK(gt_timedread(w.pipe_fd[0], page, 1, LONG_NS) == 1 && page[0] == 'a');
	RIG_CHECK(gt_timedread(w.pipe_fd[0], page, 1, -1) == 1 && page[0] == 'b');

	RIG_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	while ((n = gt_timedwrite(pair[0], page, sizeof page, SHORT_NS)) > 0)
		;
	RIG_CHECK(n == -ETIMEDOUT);
	RIG_CHECK(gt_timedread(pair[1], page, sizeof page, LONG_NS) > 0);
	close(pair[0]);
	close(pair[1]);

	/* Who listens and does not accept lets a few in, and then none. */
	RIG_CHECK(getsockname(w.listen_fd, (struct sockaddr *)&addr, &bytes) == 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	RIG_CHECK(gt_timedconnect(fd, (struct sockaddr *)&addr, bytes, LONG_NS) == 0);
	begun_fd = gt_timedaccept(w.listen_fd, NULL, NULL, LONG_NS);
	RIG_CHECK(begun_fd >= 0);
	close(begun_fd);
	close(fd);
	RIG_CHECK(listen(w.listen_fd, 0) == 0);
	for (full = 0; full < 4; full++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		n = gt_timedconnect(fd, (struct sockaddr *)&addr, bytes, 30 * SHORT_NS);
		if (n)
			break;
	}
	RIG_CHECK(n == -ETIMEDOUT);
	unmake();
}

static void io_keeps_deadlines(void **state)
{
	(void)state;
	assert_int_equal(gt_timedread(0, NULL, 0, 0), -EPERM);
	under_every_policy(deadlines_inside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wait_is_left),
		cmocka_unit_test(every_wait_is_left_in_simulated_time),
		cmocka_unit_test(a_request_waits_for_its_place),
		cmocka_unit_test(wakes_and_cancels_may_meet),
		cmocka_unit_test(a_joiner_joins_or_leaves_it),
		cmocka_unit_test(requests_are_told),
		cmocka_unit_test(processes_are_cancelled),
		cmocka_unit_test(io_keeps_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
