/* SPDX-License-Identifier: MIT
 *
 * A program whose scheduling is known, and the telling of what a kernel source saw of
 * it. The test binary runs itself as that program ("work FILE"): two threads on core 0
 * play ping-pong over pipes, two burn on the last core, one waits for a futex, one
 * sleeps, a child execs. Each thread writes its own truth into FILE: what the kernel
 * accounted to it, and when it asked.
 */
#ifndef SOURCE_LOAD_H
#define SOURCE_LOAD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/launch/launch.h"
#include "tracer/source/source.h"

enum role { MAIN, PING, PONG, BURN1, BURN2, FUTEX, NAP, ROLES };
#define ROUND_TRIPS 3000
#define BURN_NS	    150000000ull

/* One thread's truth. */
struct truth {
	uint32_t tid, child; /* MAIN: the process it forked */
	uint64_t at_ns;	     /* when it asked */
	uint64_t run_ns;     /* schedstat: on a core */
	uint64_t switches;   /* getrusage: voluntary and not */
	uint64_t mark;	     /* FUTEX: the word's address; PING, PONG: its descriptor */
};

/* ------------------------------------------------------------ the program */

static struct truth work_truth[ROLES];
static int work_pipe[2][2];
static uint32_t work_word, work_waiter;

static void work_pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	sched_setaffinity(0, sizeof set, &set);
}

static uint64_t work_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)(usage.ru_nvcsw + usage.ru_nivcsw);
}

/* How long the calling thread has been on a core, up to now. */
static uint64_t work_ran_ns(void)
{
	struct timespec ran;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
	return (uint64_t)ran.tv_sec * 1000000000u + (uint64_t)ran.tv_nsec;
}

/* Asked within so long; else once more, for it was kept from its core meanwhile. (Where
 * each call takes long, it has ever more time.) */
#define ASKED_WITHIN_NS 50000

/* The kernel's own figures of the calling thread. Its own clock brings schedstat up to
 * date; once more if there was a switch while asking, or it took long. A sleep first: so
 * each has slept once, whatever else it did. */
static void work_ask(enum role role)
{
	struct truth *t = &work_truth[role];
	struct timespec nap = {.tv_nsec = 500000};
	char path[64], line[128];
	uint64_t begin_ns, within_ns = ASKED_WITHIN_NS;

	t->tid = (uint32_t)gettid();
	snprintf(path, sizeof path, "/proc/self/task/%u/schedstat", t->tid);
	do {
		int fd = open(path, O_RDONLY);
		nanosleep(&nap, NULL);
		t->switches = work_switches();
		begin_ns = gtv_clock_mono_ns();
		work_ran_ns();
		ssize_t n = read(fd, line, sizeof line - 1);
		t->at_ns = gtv_clock_mono_ns();
		close(fd);
		line[n > 0 ? n : 0] = 0;
		t->run_ns = strtoull(line, NULL, 10);
		within_ns += ASKED_WITHIN_NS / 20;
	} while (work_switches() != t->switches || t->at_ns - begin_ns > within_ns);
}

static void *work_play(void *arg)
{
	enum role role = (enum role)(intptr_t)arg;
	int from = work_pipe[role == PING][0], to = work_pipe[role == PONG][1];
	char ball = 0;

	work_pin(0);
	work_truth[role].mark = (uint64_t)from;
	for (int i = 0; i < ROUND_TRIPS; i++) {
		if (role == PING && write(to, &ball, 1) != 1)
			abort();
		if (read(from, &ball, 1) != 1)
			abort();
		if (role == PONG && write(to, &ball, 1) != 1)
			abort();
	}
	work_ask(role);
	return NULL;
}

static void *work_burn(void *arg)
{
	work_pin((int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
	uint64_t end = gtv_clock_mono_ns() + BURN_NS;
	while (gtv_clock_mono_ns() < end)
		;
	work_ask((enum role)(intptr_t)arg);
	return NULL;
}

static void *work_wait(void *arg)
{
	(void)arg;
	work_truth[FUTEX].mark = (uint64_t)(uintptr_t)&work_word;
	__atomic_store_n(&work_waiter, (uint32_t)gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&work_word, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &work_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	work_ask(FUTEX);
	return NULL;
}

/* It has left its core for the word: the kernel tells a call's arguments of those only who
 * have. Where it tells none, by its state, which it has a moment before. */
static int work_sleeps(uint32_t tid)
{
	char path[64], text[256] = "", *paren;
	uint64_t word = 0;
	long nr = -1;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%u/syscall", tid);
	f = tid ? fopen(path, "re") : NULL;
	if (f) {
		text[fread(text, 1, sizeof text - 1, f)] = 0;
		fclose(f);
		return sscanf(text, "%ld 0x%" SCNx64, &nr, &word) == 2 && nr == SYS_futex &&
		       word == (uint64_t)(uintptr_t)&work_word;
	}
	snprintf(path, sizeof path, "/proc/self/task/%u/stat", tid);
	f = tid ? fopen(path, "re") : NULL;
	if (!f)
		return 0;
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	paren = strrchr(text, ')');
	return paren && !strncmp(paren, ") S", 3);
}

static void *work_nap(void *arg)
{
	struct timespec nap = {.tv_nsec = 20000000};

	(void)arg;
	nanosleep(&nap, NULL);
	work_ask(NAP);
	return NULL;
}

static uint32_t work_fork(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return (uint32_t)pid;
}

/* "work FILE": the truths go into the file. */
static inline int work_main(const char *path)
{
	void *(*body[ROLES])(void *) = {
		[PING] = work_play,  [PONG] = work_play,  [BURN1] = work_burn,
		[BURN2] = work_burn, [FUTEX] = work_wait, [NAP] = work_nap};
	pthread_t thread[ROLES];

	if (pipe(work_pipe[0]) || pipe(work_pipe[1]))
		return 1;
	for (int r = PING; r < ROLES; r++)
		pthread_create(&thread[r], NULL, body[r], (void *)(intptr_t)r);
	for (int r = PING; r <= BURN2; r++)
		pthread_join(thread[r], NULL);
	while (!work_sleeps(__atomic_load_n(&work_waiter, __ATOMIC_ACQUIRE)))
		sched_yield();
	__atomic_store_n(&work_word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &work_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(thread[FUTEX], NULL);
	pthread_join(thread[NAP], NULL);
	work_truth[MAIN].child = work_fork();
	work_ask(MAIN);
	int fd = open(path, O_WRONLY | O_TRUNC);
	ssize_t n = write(fd, work_truth, sizeof work_truth);
	close(fd);
	return n == sizeof work_truth ? 0 : 1;
}

/* ----------------------------------------------------------- watching it */

struct watch {
	struct gtv_names *names;
	struct gtv_merge *merge;
	struct gtv_clock clock;
	struct gtv_source *src;
	struct gtv_ev *ev;
	size_t count, room;
	struct truth truth[ROLES];
	uint64_t start_ns, end_ns, steal_ns;
	uint32_t pid;
	uint64_t off_ns; /* that running times were apart too much; 0: they agree */
	struct gtv_source_stats stats;
	/* While this says so, it is watched on after the program's end. */
	int (*more)(void *arg);
	void *more_arg;
};

/* Time that the hypervisor took from all cores: the kernel leaves it out of run times. */
static uint64_t watch_steal(void)
{
	unsigned long long f[8] = {0};
	FILE *file = fopen("/proc/stat", "re");

	if (!file)
		return 0;
	int n = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &f[0], &f[1],
		       &f[2], &f[3], &f[4], &f[5], &f[6], &f[7]);
	fclose(file);
	return n == 8 ? f[7] * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK)) : 0;
}

static void watch_take(struct watch *w, uint64_t upto_ns)
{
	struct gtv_ev ev;

	while (!gtv_merge_pop(w->merge, upto_ns, &ev)) {
		if (w->count == w->room) {
			w->room = w->room ? 2 * w->room : 4096;
			w->ev = realloc(w->ev, w->room * sizeof *w->ev);
			assert_non_null(w->ev);
		}
		assert_true(!w->count || ev.ts_ns >= w->ev[w->count - 1].ts_ns);
		w->ev[w->count++] = ev;
	}
}

/* Opens the source as `wanted` says (what it lends is made here); fills err and returns
 * its error if it cannot be had. */
static int watch_open_with(struct watch *w, const struct gtv_source_ops *ops,
			   const struct gtv_source_config *wanted, struct gtv_err *err)
{
	struct gtv_source_config config = *wanted;

	memset(w, 0, sizeof *w);
	w->names = gtv_names_new();
	w->merge = gtv_merge_new();
	gtv_clock_init(&w->clock, GTV_CLOCK_MONO);
	config.names = w->names;
	config.merge = w->merge;
	config.clock = &w->clock;
	config.self = getpid();
	return ops->open(&w->src, &config, err);
}

static inline int watch_open(struct watch *w, const struct gtv_source_ops *ops,
			     size_t ring_bytes, int all_tasks, struct gtv_err *err)
{
	struct gtv_source_config wanted = {.kernel_ring_bytes = ring_bytes,
					   .all_tasks = all_tasks};

	return watch_open_with(w, ops, &wanted, err);
}

static void watch_close(struct watch *w)
{
	if (w->src)
		w->src->ops->close(w->src);
	gtv_merge_free(w->merge);
	gtv_names_free(w->names);
	free(w->ev);
	memset(w, 0, sizeof *w);
}

/* Opens it, or says why it cannot be opened here: 0. */
static inline int watch_have(struct watch *w, const struct gtv_source_ops *ops,
			     size_t ring_bytes, int all_tasks)
{
	struct gtv_err err = {0};
	char line[700];

	if (watch_open(w, ops, ring_bytes, all_tasks, &err) == 0)
		return 1;
	print_message("skipped: %s\n", gtv_err_line(&err, line, sizeof line));
	watch_close(w);
	return 0;
}

/* Runs the program under the source. draining 0: only when it is over. */
static void watch_run(struct watch *w, int draining)
{
	char path[] = "/tmp/gtviz-truth-XXXXXX";
	int fd = mkstemp(path), status = -1;
	char *argv[] = {"/proc/self/exe", "work", path, NULL};
	struct gtv_user user;
	struct gtv_launch child;
	struct gtv_err err = {0};
	struct timespec pause = {.tv_nsec = 2000000};

	assert_true(fd >= 0);
	assert_int_equal(gtv_user_get(&user, &err), 0);
	struct gtv_launch_config config = {
		.argv = argv, .user = &user, .as_root = 1, .ring_fd = -1};
	w->steal_ns = watch_steal();
	w->start_ns = gtv_clock_mono_ns();
	assert_int_equal(gtv_launch_hold(&child, &config, &err), 0);
	w->pid = (uint32_t)child.pid;
	if (w->src->ops->attach(w->src, child.pid, &err) < 0) {
		char line[700];
		fail_msg("attach: %s", gtv_err_line(&err, line, sizeof line));
	}
	assert_int_equal(gtv_launch_go(&child, &err), 0);
	while (gtv_launch_poll(&child, &status)) {
		uint64_t now = gtv_clock_mono_ns();
		if (draining) {
			assert_int_equal(w->src->ops->drain(w->src), 0);
			watch_take(w, now - 8000000);
		}
		nanosleep(&pause, NULL);
	}
	while (w->more && w->more(w->more_arg))
		nanosleep(&pause, NULL);
	/* Where the machine's own owner takes time away, it tells so in ticks: one more may
	 * be on its way. */
	w->steal_ns = watch_steal() ? watch_steal() - w->steal_ns + 10000000 : 0;
	w->src->ops->stop(w->src);
	w->end_ns = gtv_clock_mono_ns();
	assert_int_equal(w->src->ops->drain(w->src), 0);
	watch_take(w, UINT64_MAX);
	w->src->ops->stats(w->src, &w->stats);
	assert_int_equal(status, 0);
	assert_int_equal(read(fd, w->truth, sizeof w->truth), sizeof w->truth);
	close(fd);
	unlink(path);
	gtv_launch_close(&child);
}

/* What was seen of a thread until it asked the kernel. */
struct seen {
	uint64_t run_ns, switches, last_on_ns;
	int on;
};

static void seen_on(struct seen *s, uint64_t ts_ns)
{
	s->on = 1;
	s->last_on_ns = ts_ns;
}

static void seen_off(struct seen *s, uint64_t ts_ns)
{
	if (s->on)
		s->run_ns += ts_ns - s->last_on_ns;
	s->on = 0;
	s->switches++;
}

static struct seen watch_thread(const struct watch *w, const struct truth *t)
{
	struct seen s = {0};

	for (size_t i = 0; i < w->count && w->ev[i].ts_ns <= t->at_ns; i++) {
		const struct gtv_ev *ev = &w->ev[i];
		if ((ev->kind == GTV_EV_K_SWITCH && ev->obj == t->tid) ||
		    (ev->kind == GTV_EV_K_ON && ev->tid == t->tid))
			seen_on(&s, ev->ts_ns);
		else if ((ev->kind == GTV_EV_K_SWITCH || ev->kind == GTV_EV_K_OFF) &&
			 ev->tid == t->tid)
			seen_off(&s, ev->ts_ns);
	}
	if (s.on)
		s.run_ns += t->at_ns - s.last_on_ns;
	return s;
}

static inline size_t watch_count(const struct watch *w, unsigned kind, uint32_t tid,
				 uint32_t obj)
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		n += w->ev[i].kind == kind && (!tid || w->ev[i].tid == tid) &&
		     (!obj || w->ev[i].obj == obj);
	return n;
}

/* What lies between one thread's leaving a core and the next one's coming, by the records
 * of the two that share core 0: half of all times it is less. */
static inline uint64_t watch_switch_ns(const struct watch *w)
{
	static uint64_t gap[4 * ROUND_TRIPS];
	uint64_t off_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->count && n < sizeof gap / sizeof *gap; i++) {
		const struct gtv_ev *ev = &w->ev[i];
		int ours = ev->tid == w->truth[PING].tid || ev->tid == w->truth[PONG].tid;

		if (ev->kind == GTV_EV_K_OFF)
			off_ns = ours ? ev->ts_ns : 0;
		else if (ev->kind == GTV_EV_K_ON && ours && off_ns)
			gap[n++] = ev->ts_ns - off_ns;
	}
	if (!n)
		return 0;
	for (size_t gone = 0; gone < n / 2; gone++) { /* the least of them, one by one */
		size_t least = gone;
		for (size_t i = gone + 1; i < n; i++)
			least = gap[i] < gap[least] ? i : least;
		uint64_t swap = gap[gone];
		gap[gone] = gap[least];
		gap[least] = swap;
	}
	return gap[n / 2];
}

/*
 * Switches as getrusage has them, but for the leader: those before it was held were told
 * to nobody, and its exec was half way then. Running times within 1% or 200 µs, and what
 * the hypervisor took, and what a switch costs before its time is taken: by how much they
 * are further apart is left in off_ns. (A machine that is taken away between the kernel's
 * look at its clock and ours, and does not say so, is in no account: see agree.)
 */
static inline void check_accounts(struct watch *w, uint64_t switch_ns)
{
	static const char *const role_name[] = {"main",	 "ping",  "pong", "burn1",
						"burn2", "futex", "nap"};

	w->off_ns = 0;
	for (int r = 0; r < ROLES; r++) {
		const struct truth *t = &w->truth[r];
		struct seen s = watch_thread(w, t);
		uint64_t off =
			s.run_ns > t->run_ns ? s.run_ns - t->run_ns : t->run_ns - s.run_ns;
		uint64_t room = t->run_ns / 100 > 200000 ? t->run_ns / 100 : 200000;
		room += t->switches * switch_ns + w->steal_ns;
		int64_t extra = (int64_t)s.switches - (int64_t)t->switches;
		print_message(
			"%-6s ran %8.3f ms (kernel %8.3f), %6lu switches (kernel %lu)\n",
			role_name[r], (double)s.run_ns / 1e6, (double)t->run_ns / 1e6,
			(unsigned long)s.switches, (unsigned long)t->switches);
		/* The leader ran before it was traced: fork and hold are not ours. */
		if (r != MAIN && off > room + w->off_ns)
			w->off_ns = off - room;
		assert_true(extra == 0 || (r == MAIN && extra <= 1));
	}
}

/* Whether running times agree in this try; in the last one they must. What a source does
 * wrong it does wrong in each. */
#define TRIES 5
static inline int agree(const struct watch *w, int try)
{
	if (!w->off_ns)
		return 1;
	print_message("%.3f ms too far apart, try %d of %d\n", (double)w->off_ns / 1e6,
		      try + 1, TRIES);
	assert_in_range(try, 0, TRIES - 2);
	return 0;
}

/*
 * Who of ping and pong sleeps in the other's pipe is woken by the other and by nobody else.
 * Which of the two does sleep, and how often, is the scheduler's to say: who is preempted
 * by the one it woke has not slept. But neither gets its byte before the other had the
 * core.
 */
static inline void check_wakers(const struct watch *w)
{
	const uint32_t tid[2] = {w->truth[PING].tid, w->truth[PONG].tid};
	size_t sleeps = 0, by_other = 0, by_none = 0, asleep[2] = {0};

	for (size_t i = 0; i < w->count; i++) {
		const struct gtv_ev *ev = &w->ev[i];

		for (int p = 0; p < 2; p++) {
			if (ev->ts_ns > w->truth[p ? PONG : PING].at_ns)
				continue;
			if (ev->kind == GTV_EV_K_WAKING && ev->obj == tid[p]) {
				by_other += asleep[p] && ev->tid == tid[!p];
				asleep[p] = 0;
			} else if (ev->kind == GTV_EV_K_SWITCH && ev->tid == tid[p]) {
				asleep[p] = ev->state == GTV_OFF_SLEEP;
				sleeps += asleep[p];
			} else if (ev->kind == GTV_EV_K_SWITCH && ev->obj == tid[p]) {
				by_none += asleep[p];
				asleep[p] = 0;
			}
		}
	}
	/* The sleeps before they ask, and whatever their beginning made them wait for, are
	 * ended by others. */
	print_message("ping and pong slept %zu times, were woken %zu times by one another, "
		      "%zu times by none\n",
		      sleeps, by_other, by_none);
	assert_true(by_other >= ROUND_TRIPS / 4);
	assert_int_equal(by_none, 0);
	assert_true(sleeps - by_other <= by_other / 10);
	assert_true(watch_count(w, GTV_EV_K_WAKING, w->pid, w->truth[FUTEX].tid) >= 1);
}

/* A thread that has ended leaves its core dead, once, and after its end was told. (It tells
 * others of its end a moment before: the last may not have left when it is no longer
 * looked.) */
static inline void check_dead(const struct watch *w)
{
	size_t dead = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (w->ev[i].kind != GTV_EV_K_SWITCH || w->ev[i].state != GTV_OFF_DEAD ||
		    !(w->ev[i].flags & GTV_KF_PREV_OURS))
			continue;
		size_t ends = 0, more = 0;
		for (size_t k = 0; k < w->count; k++) {
			ends += k < i && w->ev[k].kind == GTV_EV_K_EXIT &&
				w->ev[k].tid == w->ev[i].tid;
			more += k > i && w->ev[k].kind == GTV_EV_K_SWITCH &&
				(w->ev[k].tid == w->ev[i].tid ||
				 w->ev[k].obj == w->ev[i].tid);
		}
		assert_int_equal(ends, 1);
		assert_int_equal(more, 0);
		dead++;
	}
	print_message("%zu were seen to leave dead\n", dead);
	assert_in_range(dead, 1, ROLES + 1);
}

/* Somebody who comes and goes on a core, and is none of ours. */
static inline pid_t start_stranger(void)
{
	const struct timespec nap = {.tv_nsec = 500000};
	pid_t pid = fork();

	assert_true(pid >= 0);
	while (!pid)
		nanosleep(&nap, NULL);
	return pid;
}

struct stranger {
	pid_t pid;
	uint64_t slept; /* how often, when it was first asked; 0: not yet */
};

/* Until it has been away twice more: so it came and went while nobody of ours was there. */
static inline int stranger_has_not_moved(void *arg)
{
	struct stranger *s = arg;
	char path[64], text[4096], *left;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)s->pid);
	f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	left = strstr(text, "\nvoluntary_ctxt_switches:");
	assert_non_null(left);
	uint64_t slept = strtoull(left + 25, NULL, 10) + 1;
	if (!s->slept)
		s->slept = slept;
	return slept < s->slept + 2;
}

static inline void check_tree(const struct watch *w)
{
	uint32_t child = w->truth[MAIN].child;
	struct gtv_name name;

	assert_int_equal(watch_count(w, GTV_EV_K_FORK, w->pid, child), 1);
	assert_int_equal(watch_count(w, GTV_EV_K_EXEC, w->pid, 0), 1);
	assert_int_equal(watch_count(w, GTV_EV_K_EXEC, child, 0), 1);
	assert_int_equal(watch_count(w, GTV_EV_K_EXIT, child, 0), 1);
	for (int r = 0; r < ROLES; r++) {
		uint32_t tid = w->truth[r].tid;
		assert_int_equal(watch_count(w, GTV_EV_K_EXIT, tid, 0), 1);
		if (r != MAIN)
			assert_int_equal(watch_count(w, GTV_EV_K_FORK, w->pid, tid), 1);
		assert_int_equal(gtv_names_get(w->names, GTV_CLASS_THREAD, tid, &name), 0);
		assert_int_equal(name.pid, w->pid);
		assert_true(name.flags & GTV_NAME_OURS);
		assert_true(name.text[0] != 0);
	}
	assert_int_equal(gtv_names_get(w->names, GTV_CLASS_PROCESS, child, &name), 0);
	assert_int_equal(name.local, w->pid);
	assert_string_equal(name.text, "true");
}

#endif
