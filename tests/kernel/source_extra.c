/* SPDX-License-Identifier: MIT
 *
 * What level 3 tells beside switches: system calls, futexes with their holders, waits
 * for input and page faults, interrupts. The program knows what it did (struct did),
 * and every program of the kernel part is loaded and attached here.
 */
#include "tests/kernel/source_load.h"
#include <sys/mman.h>

#define CALLS	  5000
#define SOFT_IRQS 10
#define NAP_NS	  5000000
#define FILE_SIZE (4u << 20)

/* What the program says it did: in the place of the truths of others. */
struct did {
	uint32_t tid, waiter_tid, pi_waiter_tid;
	uint32_t naps;	 /* of NAP_NS: all but the last were over before they began */
	uint64_t nap_ns; /* around the last, as it saw it */
	uint64_t mutex, pi_mutex;
	uint64_t major_faults; /* of a cold file */
	uint64_t all_major_faults;
	uint64_t soft_irqs; /* by the kernel's count, on its core while it computed */
};
_Static_assert(sizeof(struct did) <= sizeof(struct truth[ROLES]), "room");

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, inheriting;
static _Atomic uint32_t waiter_tid;

static void *wait_for(void *mutex)
{
	waiter_tid = (uint32_t)gettid();
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
	return NULL;
}

/* Until the thread sleeps in the kernel, for that word: the kernel tells a call's arguments
 * of those only who have left their core. Where it tells none: it is so by its state, and
 * has left its core of its own will (who is about to sleep has the state already). */
static int sleeps_for(uint32_t tid, const void *word)
{
	char path[64], text[4096];
	uint64_t arg = 0;
	long nr = -1;
	int fd, told;

	snprintf(path, sizeof path, "/proc/self/task/%u/syscall", tid);
	told = fd = open(path, O_RDONLY);
	if (fd < 0) {
		snprintf(path, sizeof path, "/proc/self/task/%u/status", tid);
		fd = open(path, O_RDONLY);
	}
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	if (told >= 0)
		return sscanf(text, "%ld 0x%" SCNx64, &nr, &arg) == 2 && nr == SYS_futex &&
		       arg == (uint64_t)(uintptr_t)word;
	const char *left = strstr(text, "\nvoluntary_ctxt_switches:");
	return strstr(text, "State:\tS") && left && atoi(left + 25) > 0;
}

static void await_sleep(uint32_t tid, const void *word)
{
	const struct timespec nap = {.tv_nsec = 100000};

	/* It may spin for as long as who has the lock is on a core. */
	while (!sleeps_for(tid, word))
		nanosleep(&nap, NULL);
}

static uint32_t contend(pthread_mutex_t *mutex)
{
	pthread_t thread;

	waiter_tid = 0;
	pthread_mutex_lock(mutex);
	pthread_create(&thread, NULL, wait_for, mutex);
	while (!waiter_tid)
		sched_yield();
	await_sleep(waiter_tid, mutex);
	pthread_mutex_unlock(mutex);
	pthread_join(thread, NULL);
	return waiter_tid;
}

/* Touches a file that was put out of memory; how many faults had to read it. */
static uint64_t fault_in(const char *near)
{
	char path[300];
	struct rusage before, after;
	uint64_t sum = 0;

	snprintf(path, sizeof path, "%s.cold", near);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (size_t i = 0; i < FILE_SIZE / sizeof path; i++)
		if (write(fd, path, sizeof path) != sizeof path)
			break;
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	const volatile unsigned char *at =
		mmap(NULL, FILE_SIZE / 2, PROT_READ, MAP_SHARED, fd, 0);
	getrusage(RUSAGE_THREAD, &before);
	for (size_t i = 0; at != MAP_FAILED && i < FILE_SIZE / 2; i += 4096)
		sum += at[i];
	getrusage(RUSAGE_THREAD, &after);
	close(fd);
	unlink(path);
	return (uint64_t)(after.ru_majflt - before.ru_majflt) + 0 * sum;
}

static long slept_often(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* Until it has slept: whose core is taken away for so long has no need to. */
static void nap(struct did *did)
{
	const struct timespec ts = {.tv_nsec = NAP_NS};
	long before;

	do {
		before = slept_often();
		uint64_t begin = gtv_clock_mono_ns();
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL);
		did->nap_ns = gtv_clock_mono_ns() - begin;
		did->naps++;
	} while (slept_often() == before);
}

/* The kernel's count of soft interrupts on a core. */
static uint64_t soft_irqs_on(int core)
{
	static char line[1 << 16];
	FILE *f = fopen("/proc/softirqs", "re");
	uint64_t sum = 0;
	int column = -1, n;

	for (int row = 0; f && fgets(line, sizeof line, f); row++) {
		char *at = line, name[32];

		for (int i = 0; sscanf(at, "%31s%n", name, &n) == 1; at += n, i++) {
			if (!row && !strncmp(name, "CPU", 3) && atoi(name + 3) == core)
				column = i + 1; /* the rows have a name before */
			else if (row && i == column)
				sum += strtoull(name, NULL, 10);
		}
	}
	if (f)
		fclose(f);
	return sum;
}

/* Computes until some interrupts have come by: 50 ms by its own clock, and more. */
static uint64_t compute(void)
{
	uint64_t least = work_ran_ns() + 50000000, most = gtv_clock_mono_ns() + 60000000000;
	int core = sched_getcpu();
	uint64_t before, now;

	work_pin(core);
	before = now = soft_irqs_on(core);
	while (work_ran_ns() < least ||
	       (now - before < SOFT_IRQS && gtv_clock_mono_ns() < most)) {
		for (volatile int i = 0; i < 200000; i++)
			;
		now = soft_irqs_on(core);
	}
	return now - before;
}

static int extra_main(const char *path)
{
	struct truth room[ROLES] = {0};
	struct did did = {.tid = (uint32_t)gettid()};
	pthread_mutexattr_t attr;
	struct rusage usage;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inheriting, &attr);
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	syscall(SYS_dup, -1);
	nap(&did);
	did.mutex = (uint64_t)(uintptr_t)&plain;
	did.waiter_tid = contend(&plain);
	did.pi_mutex = (uint64_t)(uintptr_t)&inheriting;
	did.pi_waiter_tid = contend(&inheriting);
	did.major_faults = fault_in(path);
	getrusage(RUSAGE_THREAD, &usage);
	did.all_major_faults = (uint64_t)usage.ru_majflt;
	did.soft_irqs = compute();
	memcpy(room, &did, sizeof did);
	int fd = open(path, O_WRONLY | O_TRUNC);
	ssize_t n = write(fd, room, sizeof room);
	close(fd);
	return n == sizeof room ? 0 : 1;
}

/* ------------------------------------------------------------------- tests */

static int run_with(struct watch *w, struct did *did, int syscalls, int irq)
{
	struct gtv_source_config wanted = {.syscalls = syscalls, .irq = irq};
	struct gtv_err err = {0};
	char line[700];

	if (watch_open_with(w, &gtv_source_bpf, &wanted, &err)) {
		print_message("skipped: %s\n", gtv_err_line(&err, line, sizeof line));
		watch_close(w);
		return 0;
	}
	watch_run(w, 1);
	memcpy(did, w->truth, sizeof *did);
	assert_int_equal(w->stats.lost, 0);
	assert_int_equal(w->stats.corrupt, 0);
	return 1;
}

static size_t calls_of(const struct watch *w, uint32_t tid, long nr,
		       const struct gtv_ev **last)
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->ev[i].kind == GTV_EV_K_SYSCALL && w->ev[i].tid == tid &&
		    w->ev[i].seq == (uint32_t)nr + 1) {
			count++;
			*last = &w->ev[i];
		}
	return count;
}

static void check_nap(const struct watch *w, const struct did *did, size_t naps)
{
	const struct gtv_ev *ev = NULL;

	assert_int_equal(calls_of(w, did->tid, SYS_clock_nanosleep, &ev), naps);
	assert_int_equal(ev->arg, 0);
	assert_true(ev->flags & GTV_KF_SLEPT);
	assert_in_range(gtv_ev_took_ns(ev), NAP_NS, did->nap_ns);
}

static void every_call_is_told(void **state)
{
	const struct gtv_ev *ev = NULL;
	struct watch w;
	struct did did;

	(void)state;
	if (!run_with(&w, &did, GTV_SYSCALLS_ALL, 0))
		skip();
	assert_int_equal(calls_of(&w, did.tid, SYS_getppid, &ev), CALLS);
	assert_int_equal(ev->arg, getpid());
	assert_int_equal(calls_of(&w, did.tid, SYS_dup, &ev), 1);
	assert_int_equal((int64_t)ev->arg, -EBADF);
	assert_false(ev->flags & GTV_KF_SLEPT);
	check_nap(&w, &did, did.naps);
	watch_close(&w);
}

static void only_calls_that_slept_are_told(void **state)
{
	const struct gtv_ev *ev = NULL;
	struct watch w;
	struct did did;

	(void)state;
	if (!run_with(&w, &did, GTV_SYSCALLS_SLEPT, 0))
		skip();
	for (size_t i = 0; i < w.count; i++)
		if (w.ev[i].kind == GTV_EV_K_SYSCALL) {
			struct gtv_name name;
			assert_true(w.ev[i].flags & GTV_KF_SLEPT);
			assert_int_equal(gtv_names_get(w.names, GTV_CLASS_THREAD,
						       w.ev[i].tid, &name),
					 0);
			assert_true(name.flags & GTV_NAME_OURS);
		}
	assert_int_equal(calls_of(&w, did.tid, SYS_getppid, &ev), 0);
	check_nap(&w, &did, 1);
	watch_close(&w);
}

/* A futex wait of tid at that address, held by owner, right before its switch. */
static void expect_futex(const struct watch *w, uint32_t tid, uint64_t address,
			 unsigned how, uint32_t owner)
{
	size_t found = 0;

	for (size_t i = 0; i + 1 < w->count; i++) {
		const struct gtv_ev *ev = &w->ev[i], *next = ev + 1;

		if (ev->kind != GTV_EV_K_FUTEX || ev->tid != tid || ev->arg != address)
			continue;
		assert_int_equal(ev->state, how);
		found += ev->obj == owner;
		while (next->core != ev->core && next < w->ev + w->count - 1)
			next++;
		assert_int_equal(next->kind, GTV_EV_K_SWITCH);
		assert_int_equal(next->tid, tid);
		assert_int_equal(next->ts_ns, ev->ts_ns);
		assert_int_equal(next->state, GTV_OFF_SLEEP);
	}
	if (!found)
		fail_msg("no futex wait of T%u at %lx, held by T%u", tid,
			 (unsigned long)address, owner);
}

static void futexes_have_holders_and_faults_are_told(void **state)
{
	struct watch w;
	struct did did;
	size_t faults = 0, io = 0;

	(void)state;
	if (!run_with(&w, &did, 0, 0))
		skip();
	expect_futex(&w, did.waiter_tid, did.mutex, GTV_FUTEX_WAIT, did.tid);
	expect_futex(&w, did.pi_waiter_tid, did.pi_mutex, GTV_FUTEX_PI, did.tid);
	for (size_t i = 0; i < w.count; i++) {
		const struct gtv_ev *ev = &w.ev[i];

		if (ev->kind != GTV_EV_K_SWITCH)
			continue;
		if (ev->flags & GTV_KF_FAULT)
			assert_true(ev->state == GTV_OFF_DISK && !ev->seq);
		if (ev->state == GTV_OFF_PREEMPTED)
			assert_false(ev->flags & (GTV_KF_IO | GTV_KF_FAULT));
		faults += ev->tid == did.tid && ev->flags & GTV_KF_FAULT;
		io += ev->tid == did.tid && ev->flags & GTV_KF_IO;
	}
	print_message("%lu major faults, %lu with those of its beginning: %zu sleeps in a "
		      "fault, %zu for input or output\n",
		      (unsigned long)did.major_faults, (unsigned long)did.all_major_faults,
		      faults, io);
	/* A fault need not sleep: reading ahead may have been fast enough. */
	assert_true(did.all_major_faults || !faults);
	watch_close(&w);
}

static void interrupts_are_told(void **state)
{
	struct watch w;
	struct did did;
	size_t hard = 0, soft = 0;

	(void)state;
	if (!run_with(&w, &did, GTV_SYSCALLS_SLEPT, 1))
		skip();
	for (size_t i = 0; i < w.count; i++) {
		const struct gtv_ev *ev = &w.ev[i];

		if (ev->kind != GTV_EV_K_IRQ && ev->kind != GTV_EV_K_SOFTIRQ)
			continue;
		hard += ev->kind == GTV_EV_K_IRQ;
		soft += ev->kind == GTV_EV_K_SOFTIRQ;
		assert_true(ev->core >= 0);
		assert_true(gtv_ev_took_ns(ev) < w.end_ns - w.start_ns);
	}
	print_message("%zu interrupts, %zu soft ones, of which the program's core counted "
		      "%lu\n",
		      hard, soft, (unsigned long)did.soft_irqs);
	assert_true(soft > 0 || !did.soft_irqs);
	assert_true(did.soft_irqs >= SOFT_IRQS); /* the clock's, at least */
	watch_close(&w);
}

/* Nobody reads: what does not fit is counted, by kind. */
static void calls_that_do_not_fit_are_counted(void **state)
{
	struct gtv_source_config wanted = {.syscalls = GTV_SYSCALLS_ALL,
					   .extra_ring_bytes =
						   (size_t)sysconf(_SC_PAGESIZE)};
	struct gtv_err err = {0};
	struct watch w;
	uint64_t lost = 0, kept = 0;

	(void)state;
	if (watch_open_with(&w, &gtv_source_bpf, &wanted, &err)) {
		watch_close(&w);
		print_message("skipped: no BPF\n");
		skip();
	}
	watch_run(&w, 0);
	for (size_t i = 0; i < w.count; i++) {
		kept += w.ev[i].kind == GTV_EV_K_SYSCALL;
		if (w.ev[i].kind == GTV_EV_LOSS && w.ev[i].seq == GTV_EV_K_SYSCALL)
			lost += w.ev[i].arg;
	}
	assert_true(lost > 0 && kept > 0);
	assert_true(lost + kept >= CALLS);
	assert_int_equal(lost, w.stats.lost_kind[GTV_EV_K_SYSCALL]);
	watch_close(&w);
}

/* What this kernel has not is said, in words. */
static void what_is_lacking_is_said(void **state)
{
	char lacks[512];
	struct gtv_err err = {0};

	(void)state;
	if (gtv_source_bpf.probe(&err)) {
		print_message("skipped: %s\n", err.why);
		skip();
	}
	gtv_source_bpf.lacks(lacks, sizeof lacks);
	print_message("lacks: %s\n", lacks[0] ? lacks : "nothing");
	struct gtv_source_config wanted = {.syscalls = GTV_SYSCALLS_ALL, .irq = 1};
	struct watch w;
	int rc = watch_open_with(&w, &gtv_source_bpf, &wanted, &err);
	assert_int_equal(rc != 0, strstr(lacks, "no --") != NULL);
	watch_close(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_told),
		cmocka_unit_test(only_calls_that_slept_are_told),
		cmocka_unit_test(futexes_have_holders_and_faults_are_told),
		cmocka_unit_test(interrupts_are_told),
		cmocka_unit_test(calls_that_do_not_fit_are_counted),
		cmocka_unit_test(what_is_lacking_is_said),
	};

	if (argc == 3 && !strcmp(argv[1], "work"))
		return extra_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
