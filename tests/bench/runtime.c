/* SPDX-License-Identifier: MIT
 *
 * What the runtime costs. References are measured beside it: a switch that saves six
 * registers and nothing else, a bare read of the time stamp counter, a locked
 * instruction.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/peer.h"
#include "runtime/os/ctx.h"
#include "runtime/gt.h"
#include "runtime/os/os.h"

#define BURSTS	  500 /* of those below */
#define EMITS	  5000
#define SWITCHES  10000
#define YIELDS	  10000
#define LOCKS	  5000
#define CALLS	  500
#define SPAWNS	  1000
#define TRIPS	  1000
#define CROSSINGS 100

/* --- bursts -------------------------------------------------------------------- */

/* What is measured in nanoseconds is cut into bursts of some 50 us, and the figure is
 * their median: whoever else uses the machine meanwhile takes time from few of them. */
#define BURSTS_MAX 4096

static struct {
	double each[BURSTS_MAX];
	int count;
	uint64_t start_ns;
} bursts;

static void bursts_begin(void)
{
	bursts.count = 0;
	bursts.start_ns = bench_now_ns();
}

/* One is over, of `count`; the next begins. */
static void burst_of(uint64_t count)
{
	uint64_t now = bench_now_ns();

	if (bursts.count < BURSTS_MAX)
		bursts.each[bursts.count++] =
			(double)(now - bursts.start_ns) / (double)count;
	bursts.start_ns = bench_now_ns();
}

static double bursts_end(void)
{
	return bench_median(bursts.each, bursts.count);
}

/* `times` bursts of `count`, each made by one call. */
static double bursts_of(int times, void (*burst)(void *arg, int count), void *arg,
			int count)
{
	burst(arg, count); /* its memory is there from here on */
	bursts_begin();
	for (int i = 0; i < times; i++) {
		burst(arg, count);
		burst_of((uint64_t)count);
	}
	return bursts_end();
}

/* --- references -------------------------------------------------------------- */

#if defined(__x86_64__)
__asm__(".text\n"
	".type bench_switch, @function\n"
	"bench_switch:\n\t" /* rdi: where to save, rsi: what to load */
	"pushq %rbp\n\t"
	"pushq %rbx\n\t"
	"pushq %r12\n\t"
	"pushq %r13\n\t"
	"pushq %r14\n\t"
	"pushq %r15\n\t"
	"movq %rsp, (%rdi)\n\t"
	"movq %rsi, %rsp\n\t"
	"popq %r15\n\t"
	"popq %r14\n\t"
	"popq %r13\n\t"
	"popq %r12\n\t"
	"popq %rbx\n\t"
	"popq %rbp\n\t"
	"popq %rcx\n\t"
	"jmpq *%rcx\n\t"
	".size bench_switch, . - bench_switch\n");
void bench_switch(void **save, void *load);
#elif defined(__aarch64__)
__asm__(".text\n"
	".type bench_switch, %function\n"
	"bench_switch:\n\t"
	"stp x29, x30, [sp, #-96]!\n\t"
	"stp x19, x20, [sp, #16]\n\t"
	"stp x21, x22, [sp, #32]\n\t"
	"stp x23, x24, [sp, #48]\n\t"
	"stp x25, x26, [sp, #64]\n\t"
	"stp x27, x28, [sp, #80]\n\t"
	"mov x9, sp\n\t"
	"str x9, [x0]\n\t"
	"mov sp, x1\n\t"
	"ldp x19, x20, [sp, #16]\n\t"
	"ldp x21, x22, [sp, #32]\n\t"
	"ldp x23, x24, [sp, #48]\n\t"
	"ldp x25, x26, [sp, #64]\n\t"
	"ldp x27, x28, [sp, #80]\n\t"
	"ldp x29, x30, [sp], #96\n\t"
	"br x30\n\t"
	".size bench_switch, . - bench_switch\n");
void bench_switch(void **save, void *load);
#else
#define NO_REFERENCE 1
#endif

#ifndef NO_REFERENCE
static void *bench_home, *bench_away;
static char bench_stack[65536] __attribute__((aligned(64)));

static void bench_other(void)
{
	for (;;)
		bench_switch(&bench_away, bench_home);
}

static void switch_burst(void *unused, int count)
{
	(void)unused;
	for (int i = 0; i < count / 2; i++)
		bench_switch(&bench_home, bench_away);
}

static double minimal_switch(void)
{
	uintptr_t *top = (uintptr_t *)(void *)(bench_stack + sizeof bench_stack);

	memset(bench_stack + sizeof bench_stack - 256, 0, 256);
#if defined(__x86_64__)
	top[-2] = (uintptr_t)bench_other; /* and the stack as a call leaves it */
	bench_away = top - 2 - 6;
#else
	top[-11] = (uintptr_t)bench_other;
	bench_away = top - 12;
#endif
	return bursts_of(BURSTS, switch_burst, NULL, SWITCHES);
}
#else
static double minimal_switch(void)
{
	return -1;
}
#endif

static void stamp_burst(void *tr, int count)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += gt__trace_now(tr);
	__asm__ volatile("" ::"r"(sum));
}

static double bare_stamp(void)
{
	struct gtv_producer tr = {.clock = GTV_CLOCK_TSC};

	return bursts_of(BURSTS, stamp_burst, &tr, EMITS);
}

static void locked_burst(void *word, int count)
{
	for (int i = 0; i < count; i++)
		__atomic_fetch_add((uint32_t *)word, 1, __ATOMIC_SEQ_CST);
}

static double locked_instruction(void)
{
	uint32_t word = 0;

	return bursts_of(BURSTS, locked_burst, &word, LOCKS);
}

static long short_call(void *arg)
{
	(void)arg;
	return (long)getppid();
}

static void bare_burst(void *unused, int count)
{
	for (int i = 0; i < count; i++)
		short_call(unused);
}

static double bare_call(void)
{
	return bursts_of(BURSTS / 5, bare_burst, NULL, CALLS);
}

/* --- a ring that is always drained --------------------------------------------- */

#define RING_BYTES (8u << 20)
#define RINGS	   4u

static struct gtv_shm *shm;
static pthread_t drainer;
static int drainer_stop;

static struct gtv_ring *ring_at(uint32_t idx)
{
	return (void *)((char *)shm + gtv_ring_control_offset(idx));
}

/* Moves the tails on, and frees what is closed: a reader that looks at nothing. */
static void *drain(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&drainer_stop, __ATOMIC_RELAXED)) {
		__atomic_store_n(&shm->heartbeat_ns, bench_now_ns(), __ATOMIC_RELEASE);
		for (uint32_t i = 0; i < RINGS; i++) {
			struct gtv_ring *ring = ring_at(i);
			uint32_t state = __atomic_load_n(&ring->state, __ATOMIC_ACQUIRE);
			uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);

			__atomic_store_n(&ring->tail, head, __ATOMIC_RELEASE);
			if (state == GTV_RING_CLOSED)
				__atomic_store_n(&ring->state, GTV_RING_FREE,
						 __ATOMIC_RELEASE);
		}
		usleep(200);
	}
	return NULL;
}

static int tracing_start(void)
{
	int fd = memfd_create("bench-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint64_t bytes = gtv_shm_size(RINGS, RING_BYTES);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -1;
	shm = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm == MAP_FAILED)
		return -1;
	shm->version = GTV_ABI_VERSION;
	shm->clock = GTV_CLOCK_TSC;
	shm->ring_count = RINGS;
	shm->ring_bytes = RING_BYTES;
	shm->total_bytes = bytes;
	shm->enabled = 1;
	shm->heartbeat_ns = bench_now_ns();
	shm->magic = GTV_SHM_MAGIC;
	if (gt__trace_map(fd))
		return -1;
	close(fd);
	drainer_stop = 0;
	return pthread_create(&drainer, NULL, drain, NULL);
}

static void tracing_stop(void)
{
	__atomic_store_n(&drainer_stop, 1, __ATOMIC_RELAXED);
	pthread_join(drainer, NULL);
	munmap(shm, gtv_shm_size(RINGS, RING_BYTES));
	gt__trace_unmap();
}

static double traced(double (*measure)(void))
{
	double result;

	if (tracing_start())
		return -1;
	result = measure();
	tracing_stop();
	return result;
}

/* --- rows ----------------------------------------------------------------------- */

static void emit_burst(void *tr, int count)
{
	for (int i = 0; i < count; i++)
		gt__emit(tr, GTV_EV_READY, 0, GTV_BY_GT, 1, 2, (uint32_t)i, 0);
}

static double emit_events(void)
{
	struct gtv_producer tr = {0};
	double result;

	gt__trace_claim(&tr);
	result = bursts_of(BURSTS, emit_burst, &tr, EMITS);
	if (tr.lost > BURSTS * EMITS / 100)
		fprintf(stderr, "emit: %llu events lost\n", (unsigned long long)tr.lost);
	gt__trace_close(&tr);
	return result;
}

static double row_emit(void)
{
	return traced(emit_events);
}

static struct gt__ctx here, there;
static char there_stack[65536] __attribute__((aligned(64)));

static void there_entry(void *message)
{
	gt__ctx_begun();
	for (;;)
		message = gt__ctx_switch(&there, &here, message);
}

static void ctx_burst(void *unused, int count)
{
	(void)unused;
	for (int i = 0; i < count / 2; i++)
		gt__ctx_switch(&here, &there, NULL);
}

static double row_switch(void)
{
	gt__ctx_adopt(&here);
	gt__ctx_make(&there, there_stack, sizeof there_stack, there_entry);
	return bursts_of(BURSTS, ctx_burst, NULL, SWITCHES);
}

static struct {
	const char *policy;
	int threads;
	double result;
} job;

/* The first of them looks at the clock now and then. */
static void yielder(void *is_first)
{
	int each = YIELDS / job.threads;

	if (is_first)
		bursts_begin();
	for (int i = 0; i < BURSTS; i++) {
		for (int n = 0; n < each; n++)
			gt_yield();
		if (is_first)
			burst_of((uint64_t)each * (uint64_t)job.threads);
	}
	if (is_first)
		job.result = bursts_end();
}

static void yield_main(void *arg)
{
	struct gt **gt = calloc((size_t)job.threads, sizeof *gt);

	(void)arg;
	for (int i = 0; i < job.threads; i++)
		gt_spawn(&gt[i], yielder, i ? NULL : gt);
	for (int i = 0; i < job.threads; i++)
		gt_join(gt[i]);
	free(gt);
}

static double run(const char *policy, int threads, void (*fn)(void *))
{
	const struct gt_config config = {.policy = policy};

	job.threads = threads;
	if (gt_run_config(&config, fn, NULL))
		return -1;
	return job.result;
}

static double row_yield_n1(void)
{
	return run("green", 2, yield_main);
}

static double row_yield_n1_1000(void)
{
	return run("green", 1000, yield_main);
}

static double row_yield_mn(void)
{
	return run("gmp,cores=1", 2, yield_main);
}

static double row_yield_n1_traced(void)
{
	return traced(row_yield_n1);
}

static double row_yield_mn_traced(void)
{
	return traced(row_yield_mn);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void spawn_burst(void *unused, int count)
{
	struct gt *gt;

	(void)unused;
	for (int i = 0; i < count; i++) {
		gt_spawn(&gt, nothing, NULL);
		gt_join(gt);
	}
}

static void spawn_main(void *arg)
{
	(void)arg;
	job.result = bursts_of(BURSTS, spawn_burst, NULL, SPAWNS);
}

static double row_spawn_join(void)
{
	return run("green", 0, spawn_main);
}

static void echo(void *arg)
{
	struct gt_chan **ch = arg;
	long ball;

	while (!gt_chan_recv(ch[0], &ball))
		gt_chan_send(ch[1], &ball);
}

static void chan_burst(void *arg, int count)
{
	struct gt_chan **ch = arg;
	long ball = 0;

	for (int i = 0; i < count; i++) {
		gt_chan_send(ch[0], &ball);
		gt_chan_recv(ch[1], &ball);
	}
}

static void round_trips(int trips)
{
	struct gt_chan *ch[2] = {gt_chan_new(8, 0, NULL), gt_chan_new(8, 0, NULL)};
	struct gt *gt;

	gt_spawn(&gt, echo, ch);
	job.result = bursts_of(BURSTS, chan_burst, ch, trips);
	gt_chan_close(ch[0]);
	gt_join(gt);
	gt_chan_free(ch[0]);
	gt_chan_free(ch[1]);
}

static void chan_main(void *arg)
{
	(void)arg;
	round_trips(TRIPS);
}

static double row_chan_roundtrip(void)
{
	return run("green", 0, chan_main);
}

static double row_chan_roundtrip_traced(void)
{
	return traced(row_chan_roundtrip);
}

static void cross_main(void *arg)
{
	(void)arg;
	round_trips(CROSSINGS);
}

/* Two workers, as Go's two processors: whoever is made ready goes next on the worker of
 * who did it, so that mostly both sides come to one. */
static double row_chan_roundtrip_mn(void)
{
	return run("gmp,cores=2", 0, chan_main);
}

/* Under 1:1 the two are on OS threads of their own, so each pass crosses. */
static double row_chan_cross_worker(void)
{
	return run("threads", 0, cross_main);
}

/* One of four channels has an element. */
static void select_burst(void *arg, int count)
{
	struct gt_select_case *cases = arg;
	long ball = 0;

	for (int i = 0; i < count; i++) {
		gt_chan_send(cases[i & 3].chan, &ball);
		gt_select(cases, 4, -1);
	}
}

static void select4_main(void *arg)
{
	struct gt_chan *ch[4];
	struct gt_select_case cases[4];
	long ball = 0;

	(void)arg;
	for (int i = 0; i < 4; i++) {
		ch[i] = gt_chan_new(8, 1, NULL);
		cases[i] = (struct gt_select_case){
			.chan = ch[i], .op = GT_SELECT_RECV, .elem = &ball};
	}
	job.result = bursts_of(BURSTS, select_burst, cases, TRIPS);
	for (int i = 0; i < 4; i++)
		gt_chan_free(ch[i]);
}

static double row_select4(void)
{
	return run("green", 0, select4_main);
}

static void mutex_burst(void *mutex, int count)
{
	for (int i = 0; i < count; i++) {
		gt_mutex_lock(mutex);
		gt_mutex_unlock(mutex);
	}
}

static void mutex_main(void *arg)
{
	struct gt_mutex m = GT_MUTEX_INIT(NULL);

	(void)arg;
	job.result = bursts_of(BURSTS, mutex_burst, &m, LOCKS);
}

/* gmp with two workers: a second OS thread is alive. */
static double row_mutex(void)
{
	return run("gmp,cores=2", 0, mutex_main);
}

static void blocking_burst(void *unused, int count)
{
	for (int i = 0; i < count; i++)
		gt_blocking("getppid", short_call, unused);
}

static void blocking_main(void *arg)
{
	(void)arg;
	job.result = bursts_of(BURSTS / 5, blocking_burst, NULL, CALLS);
}

static double row_blocking_handoff(void)
{
	double all = run("gmp", 0, blocking_main);

	return all < 0 ? all : all - bare_call();
}

/* --- peers ---------------------------------------------------------------------- */

PEER(boost_yield, "boost_fiber", "yield")
PEER(boost_yield_1000, "boost_fiber", "yield_1000")
PEER(boost_spawn, "boost_fiber", "spawn_join")
PEER(boost_chan, "boost_fiber", "chan_roundtrip")
PEER(boost_mutex, "boost_fiber", "mutex")
PEER(go_yield, "go", "yield")
PEER(go_yield_1000, "go", "yield_1000")
PEER(go_spawn, "go", "spawn_join")
PEER(go_chan, "go", "chan_roundtrip")
PEER(go_cross, "go", "chan_cross_worker")
PEER(go_select4, "go", "select4")
PEER(go_mutex, "go", "mutex")
PEER(pthreads_yield, "pthreads", "yield")
PEER(pthreads_spawn, "pthreads", "spawn_join")
PEER(pthreads_chan, "pthreads", "chan_roundtrip")
PEER(pthreads_cross, "pthreads", "chan_cross_worker")
PEER(pthreads_mutex, "pthreads", "mutex")

#define ROUNDS 5

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"emit", "ns", row_emit, bare_stamp, {{NULL, NULL}}, 0},
		{"switch", "ns", row_switch, minimal_switch, {{NULL, NULL}}, 0},
		{"yield_n1",
		 "ns",
		 row_yield_n1,
		 minimal_switch,
		 {{"Boost.Fiber", boost_yield},
		  {"Go", go_yield},
		  {"pthreads", pthreads_yield}},
		 ROUNDS},
		{"yield_n1_1000",
		 "ns",
		 row_yield_n1_1000,
		 minimal_switch,
		 {{"Boost.Fiber", boost_yield_1000}, {"Go", go_yield_1000}},
		 ROUNDS},
		{"yield_mn",
		 "ns",
		 row_yield_mn,
		 minimal_switch,
		 {{"Boost.Fiber", boost_yield},
		  {"Go", go_yield},
		  {"pthreads", pthreads_yield}},
		 ROUNDS},
		{"yield_n1_traced",
		 "ns",
		 row_yield_n1_traced,
		 bare_stamp,
		 {{NULL, NULL}},
		 0},
		{"yield_mn_traced",
		 "ns",
		 row_yield_mn_traced,
		 bare_stamp,
		 {{NULL, NULL}},
		 0},
		{"spawn_join",
		 "ns",
		 row_spawn_join,
		 minimal_switch,
		 {{"Boost.Fiber", boost_spawn},
		  {"Go", go_spawn},
		  {"pthreads", pthreads_spawn}},
		 ROUNDS},
		{"chan_roundtrip",
		 "ns",
		 row_chan_roundtrip,
		 minimal_switch,
		 {{"Boost.Fiber", boost_chan},
		  {"Go", go_chan},
		  {"pthreads", pthreads_chan}},
		 ROUNDS},
		{"chan_roundtrip_mn",
		 "ns",
		 row_chan_roundtrip_mn,
		 minimal_switch,
		 {{"Go", go_cross}},
		 ROUNDS},
		{"chan_roundtrip_traced",
		 "ns",
		 row_chan_roundtrip_traced,
		 minimal_switch,
		 {{NULL, NULL}},
		 0},
		{"chan_cross_worker",
		 "ns",
		 row_chan_cross_worker,
		 minimal_switch,
		 {{"Go", go_cross}, {"pthreads", pthreads_cross}},
		 ROUNDS},
		{"mutex",
		 "ns",
		 row_mutex,
		 locked_instruction,
		 {{"Boost.Fiber", boost_mutex},
		  {"Go", go_mutex},
		  {"pthreads", pthreads_mutex}},
		 ROUNDS},
		{"select4",
		 "ns",
		 row_select4,
		 minimal_switch,
		 {{"Go", go_select4}},
		 ROUNDS},
		{"blocking_handoff",
		 "ns",
		 row_blocking_handoff,
		 bare_call,
		 {{NULL, NULL}},
		 0},
		{NULL, NULL, NULL, NULL, {{NULL, NULL}}, 0},
	};

	return bench_main(argc, argv, rows);
}
