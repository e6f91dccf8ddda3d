/* SPDX-License-Identifier: MIT
 *
 * The row of the collector: what one event of a program costs the one thread that takes it
 * out of its ring, puts it in order, models it, sums it up in tiles and stores it, all in
 * time of its own processor. The events are those of two green threads that yield to each
 * other, written into a ring of the default size as the runtime does, and what is drained
 * stays in the merge for a round, as it does when events come at ten million a second.
 *
 * From the environment: O (where the file goes).
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/abi/gtv_ring.h"
#include "tests/bench/bench.h"
#include "tracer/session/internal.h"

#define CANNOT -1.0 /* "cannot be measured here" */
#define ROUNDS 20u
#define EVENTS 100000u /* a round: what waits in the merge at ten million a second */
#define STEP   100u    /* ns between two events */

struct producer {
	struct gtv_shm *shm;
	size_t size;
	struct gtv_ring *ring;
	struct gtv_event *events;
	uint64_t head, slots;
	uint32_t seq[2];
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void span_closed(void *zoom, const struct gtv_span *span)
{
	gtv_zoom_span(zoom, span);
}

/* The part of a session that the collector works on, without a program. */
static int session_init(struct gtv_session *s)
{
	char path[512];
	const char *dir = getenv("O");
	struct gtv_err err = {0};
	struct gtv_store_info info = {.level = 0, .core_count = 1};

	memset(s, 0, sizeof *s);
	snprintf(path, sizeof path, "%s/bench-collect.gtv", dir && *dir ? dir : "build");
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unlink(path);
	if (fd < 0)
		return -1;
	s->names = gtv_names_new();
	s->merge = gtv_merge_new();
	gtv_clock_init(&s->clock, GTV_CLOCK_MONO);
	struct gtv_source_config config = {
		.names = s->names, .merge = s->merge, .clock = &s->clock, .self = getpid()};
	info.start_ns = gtv_clock_mono_ns();
	s->batch = malloc((GTV_BATCH + 2) * sizeof *s->batch);
	s->family = gtv_family_new();
	s->futexes = gtv_futexes_new(s->names);
	if (!s->batch || !s->family || !s->futexes ||
	    gtv_store_create(&s->store, fd, &info, s->names, &err) ||
	    gtv_source_ring.open(&s->rings, &config, &err) ||
	    s->rings->ops->attach(s->rings, getpid(), &err))
		return -1;
	gtv_store_unread(s->store);
	s->zoom = gtv_zoom_new(s->store);
	struct gtv_model_sink sink = {.arg = s->zoom, .span = span_closed};
	s->model = gtv_model_new(0, s->names, &sink);
	return s->zoom && s->model ? 0 : -1;
}

static void session_fini(struct gtv_session *s)
{
	if (s->rings)
		s->rings->ops->close(s->rings);
	gtv_model_free(s->model);
	gtv_zoom_free(s->zoom);
	if (s->store)
		gtv_store_close(s->store);
	gtv_futexes_free(s->futexes);
	gtv_family_free(s->family);
	gtv_merge_free(s->merge);
	gtv_names_free(s->names);
	free(s->batch);
}

static int producer_init(struct producer *p, struct gtv_session *s)
{
	int fd = gtv_source_ring_fd(s->rings);

	memset(p, 0, sizeof *p);
	struct stat sb;
	if (fstat(fd, &sb))
		return -1;
	p->size = (size_t)sb.st_size;
	p->shm = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p->shm == MAP_FAILED)
		return -1;
	p->slots = p->shm->ring_bytes / sizeof *p->events;
	char *base = (char *)p->shm;
	p->ring = (void *)(base + gtv_ring_control_offset(0));
	p->events = (void *)(base + gtv_ring_data_offset(p->shm->ring_count,
							 p->shm->ring_bytes, 0));
	p->ring->state = GTV_RING_LIVE;
	p->ring->pid = (uint32_t)getpid();
	p->ring->tid = (uint32_t)gettid();
	return 0;
}

static void publish(struct producer *p, uint64_t ts_ns, uint16_t kind, uint32_t gt,
		    uint32_t obj, uint32_t seq, uint64_t arg)
{
	p->events[p->head++ & (p->slots - 1)] = (struct gtv_event){
		.ts_raw = ts_ns, .kind = kind, .gt = gt, .u.f = {obj, seq, arg}};
}

static void begin(struct producer *p, uint64_t ts_ns)
{
	publish(p, ts_ns, GTV_EV_PROC_START, 0, 0, 0, 0);
	publish(p, ts_ns, GTV_EV_WORKER_START, 0, 0, 0, 0);
	for (uint32_t g = 1; g <= 2; g++)
		publish(p, ts_ns, GTV_EV_SPAWN, g, 0, p->seq[g - 1] = 1, 0);
	publish(p, ts_ns, GTV_EV_SWITCH_RUN, 0, 1, 0, (uint64_t)++p->seq[0] << 32);
	__atomic_store_n(&p->ring->head, p->head, __ATOMIC_RELEASE);
}

/* Yields, so spaced that the last is at `now`. Returns the time of the last. */
static uint64_t fill(struct producer *p, uint64_t now_ns)
{
	uint64_t ts_ns = now_ns - (uint64_t)EVENTS * STEP;

	for (uint32_t i = 0; i < EVENTS; i++) {
		uint32_t from = i % 2, to = 1 - from, seq = ++p->seq[from];
		ts_ns += STEP - 40 + (i * 2654435761u >> 26);
		publish(p, ts_ns, GTV_EV_SWITCH_YIELD, from + 1, to + 1, seq,
			(uint64_t)++p->seq[to] << 32);
	}
	__atomic_store_n(&p->ring->head, p->head, __ATOMIC_RELEASE);
	return ts_ns;
}

static void wait_until(uint64_t ns)
{
	while (bench_now_ns() < ns)
		;
}

static double collect_ours(void)
{
	static struct gtv_session s;
	struct producer p;
	double ns = CANNOT;
	double spent[ROUNDS];
	uint64_t before_ns = 0;

	if (session_init(&s) || producer_init(&p, &s)) {
		session_fini(&s);
		return CANNOT;
	}
	begin(&p, bench_now_ns());
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t now_ns = bench_now_ns();
		wait_until(now_ns + (uint64_t)EVENTS * STEP);
		uint64_t last_ns = fill(&p, bench_now_ns());
		wait_until(last_ns + 1);
		uint64_t start_ns = cpu_ns();
		s.rings->ops->drain(s.rings);
		gtv_session_advance(&s, before_ns);
		spent[round] = (double)(cpu_ns() - start_ns) / EVENTS;
		before_ns = last_ns;
	}
	struct gtv_store_stats stats;
	gtv_store_flush(s.store, 0);
	gtv_store_get_stats(s.store, &stats);
	if (stats.events >= (ROUNDS - 1) * (uint64_t)EVENTS &&
	    !gtv_store_error(s.store)->code)
		ns = bench_median(spent, ROUNDS);
	munmap(p.shm, p.size);
	session_fini(&s);
	return ns;
}

static double collect_copy(void)
{
	static struct gtv_event from[EVENTS], to[EVENTS];

	from[0].ts_raw++;
	memcpy(to, from, sizeof to);
	uint64_t start_ns = cpu_ns();
	for (unsigned round = 0; round < ROUNDS; round++) {
		memcpy(to, from, sizeof to);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return (double)(cpu_ns() - start_ns) / (ROUNDS * (double)EVENTS);
}

static const struct bench_row rows[] = {
	{.name = "collect", .unit = "ns", .ours = collect_ours, .reference = collect_copy},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
