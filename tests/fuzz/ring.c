/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the ring's consumer and what lives on its events: any bytes are what a program
 * does to the memory it was lent, step by step, while it is drained; what comes of it goes
 * through merge, model and findings. Nothing may crash, and times must still add up.
 *
 * Built by libFuzzer, or as a program that replays files. `ring --corpus DIR` writes the
 * corpus anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/model/findings.h"
#include "tracer/model/model.h"
#include "tracer/source/source.h"
#include "tests/fuzz/files.h"

#define RINGS	   3u
#define RING_BYTES 4096u
#define SLOTS	   (RING_BYTES / sizeof(struct gtv_event))
#define EVENTS	   512

/* What a step does is its first byte. */
enum step {
	STEP_EVENT,
	STEP_CLAIM,
	STEP_CLOSE,
	STEP_CONTROL,
	STEP_WORD,
	STEP_DRAIN,
	STEPS
};

static struct {
	const uint8_t *at, *end;
} input;

static uint64_t take(size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)(input.at < input.end ? *input.at++ : 0) << 8 * i;
	return value;
}

static struct {
	struct gtv_names *names;
	struct gtv_merge *merge;
	struct gtv_clock clock;
	struct gtv_source *src;
	struct gtv_shm *shm;
	size_t bytes;
	struct gtv_findings *findings;
	struct gtv_model *model;
	uint64_t last_ns;
} all;

static struct gtv_ring *control(uint32_t idx)
{
	return (void *)((char *)all.shm + gtv_ring_control_offset(idx));
}

static void begin(uint32_t clock)
{
	struct gtv_err err;

	memset(&all, 0, sizeof all);
	all.names = gtv_names_new();
	all.merge = gtv_merge_new();
	gtv_clock_init(&all.clock, clock);
	struct gtv_source_config config = {.names = all.names,
					   .merge = all.merge,
					   .clock = &all.clock,
					   .ring_bytes = RING_BYTES,
					   .ring_count = RINGS,
					   .self = getpid()};
	if (gtv_source_ring.open(&all.src, &config, &err) ||
	    all.src->ops->attach(all.src, getpid(), &err))
		abort();
	all.bytes = gtv_shm_size(RINGS, RING_BYTES);
	all.shm = mmap(NULL, all.bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		       gtv_source_ring_fd(all.src), 0);
	all.findings = gtv_findings_new(0, all.names);
	struct gtv_model_sink sink = gtv_findings_sink(all.findings);
	all.model = gtv_model_new(0, all.names, &sink);
	if (all.shm == MAP_FAILED || !all.findings || !all.model)
		abort();
}

/* All that is merged, into the model; time may not fall. */
static void consume(uint64_t watermark)
{
	static struct gtv_ev ev;

	while (!gtv_merge_pop(all.merge, watermark, &ev)) {
		if (ev.ts_ns < all.last_ns || !ev.kind || ev.kind >= GTV_EV_MAX)
			abort();
		all.last_ns = ev.ts_ns;
		if (gtv_findings_feed(all.findings, all.model, &ev, 1))
			abort();
	}
}

static void step(void)
{
	uint32_t idx = (uint32_t)take(1) % RINGS;
	struct gtv_ring *ring = control(idx);
	struct gtv_event ev = {0};
	char *data = (char *)all.shm + gtv_ring_data_offset(RINGS, RING_BYTES, idx);

	switch ((enum step)(take(1) % STEPS)) {
	case STEP_EVENT:
		ev.kind = (uint16_t)take(1);
		ev.flags = (uint8_t)take(1);
		ev.aux = (uint8_t)take(1);
		ev.gt = (uint32_t)take(1);
		ev.u.f.obj = (uint32_t)take(1);
		ev.u.f.seq = (uint32_t)take(1);
		ev.u.f.arg = take(1) | take(1) << 32;
		ev.ts_raw = all.clock.kind == GTV_CLOCK_SIM ? GTV_SIM_START_NS + take(2)
							    : gtv_clock_mono_ns();
		memcpy(data + (ring->head % SLOTS) * sizeof ev, &ev, sizeof ev);
		__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
		break;
	case STEP_CLAIM:
		ring->pid = (uint32_t)getpid() + (uint32_t)take(1) % 3;
		ring->tid = ring->pid + (uint32_t)take(1) % 4;
		__atomic_store_n(&ring->state, GTV_RING_LIVE, __ATOMIC_RELEASE);
		break;
	case STEP_CLOSE:
		__atomic_store_n(&ring->state, (uint32_t)take(1) & 3, __ATOMIC_RELEASE);
		break;
	case STEP_CONTROL: { /* its fields, any value */
		size_t field = take(1) * 8 % sizeof *ring;
		uint64_t value = take(8);
		memcpy((char *)ring + field, &value, sizeof value);
		break;
	}
	case STEP_WORD: { /* anything, anywhere */
		uint64_t value = take(8);
		memcpy((char *)all.shm + take(2) * 8 % all.bytes, &value, sizeof value);
		break;
	}
	default:
		if (all.src->ops->drain(all.src))
			abort();
		consume(all.clock.kind == GTV_CLOCK_SIM
				? gtv_source_ring_virtual_ns(all.src, 0)
				: gtv_clock_mono_ns());
	}
}

/* Whatever was told, a green thread's states add up to its life. */
static void add_up(void)
{
	struct gtv_gt_totals gt;
	struct gtv_thread_totals thread;

	for (size_t i = 0; !gtv_model_gt_totals(all.model, i, &gt); i++) {
		uint64_t sum = 0;
		for (int s = 0; s < GTV_ST_MAX; s++)
			sum += gt.state_ns[s];
		if (sum != gt.end_ns - gt.spawn_ns)
			abort();
	}
	for (size_t i = 0; !gtv_model_thread_totals(all.model, i, &thread); i++) {
		uint64_t sum = 0;
		for (int s = 0; s < GTV_ST_MAX; s++)
			sum += thread.state_ns[s];
		if (sum != thread.end_ns - thread.first_ns)
			abort();
	}
}

/* What is saved comes back as it was. */
static void save_and_restore(void)
{
	struct gtv_model *again = gtv_model_new(0, all.names, NULL);
	void *bytes, *bytes_again;
	size_t size, size_again;

	if (!again || gtv_model_save(all.model, &bytes, &size) ||
	    gtv_model_restore(again, bytes, size) ||
	    gtv_model_save(again, &bytes_again, &size_again) || size != size_again ||
	    memcmp(bytes, bytes_again, size))
		abort();
	free(bytes);
	free(bytes_again);
	gtv_model_free(again);
}

static void end(void)
{
	struct gtv_finding found[64];

	all.src->ops->stop(all.src);
	for (int i = 0; i < 3; i++)
		if (all.src->ops->drain(all.src))
			abort();
	consume(UINT64_MAX);
	save_and_restore();
	gtv_findings_finish(all.findings, all.model, all.last_ns + 1);
	gtv_findings_list(all.findings, found, 64);
	add_up();
	gtv_model_free(all.model);
	gtv_findings_free(all.findings);
	munmap(all.shm, all.bytes);
	all.src->ops->close(all.src);
	gtv_merge_free(all.merge);
	gtv_names_free(all.names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.at = data;
	input.end = data + size;
	begin(take(1) & 1 ? GTV_CLOCK_SIM : GTV_CLOCK_MONO);
	for (int i = 0; i < EVENTS && input.at < input.end; i++)
		step();
	end();
	return 0;
}

#ifndef GTV_LIBFUZZER

/* One ring, claimed; a process, green threads, a lock; drained and closed. */
static void make_seed(const char *dir, const char *name, int simulated)
{
	static const uint8_t kinds[] = {
		GTV_EV_PROC_START,   GTV_EV_WORKER_START, GTV_EV_SPAWN,
		GTV_EV_SPAWN,	     GTV_EV_SWITCH_RUN,	  GTV_EV_LOCK_TAKE,
		GTV_EV_SWITCH_YIELD, GTV_EV_SWITCH_LOCK,  GTV_EV_LOCK_DROP,
		GTV_EV_READY,	     GTV_EV_SWITCH_EXIT,  GTV_EV_MARK};
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f)
		exit(1);
	fputc(simulated, f);
	fwrite((const uint8_t[]){0, STEP_CLAIM, 0, 0}, 1, 4, f);
	for (size_t i = 0; i < sizeof kinds; i++) {
		const uint8_t event[] = {0,
					 STEP_EVENT,
					 kinds[i],
					 0,
					 1,
					 (uint8_t)(1 + i % 2),
					 (uint8_t)(1 + (i + 1) % 2),
					 (uint8_t)(i / 2),
					 1,
					 1};
		fwrite(event, 1, sizeof event, f);
		if (simulated)
			fwrite((const uint8_t[]){(uint8_t)(i * 10), 0}, 1, 2, f);
		if (i % 4 == 3)
			fwrite((const uint8_t[]){0, STEP_DRAIN}, 1, 2, f);
	}
	fwrite((const uint8_t[]){0, STEP_CLOSE, 2, 0, STEP_DRAIN}, 1, 5, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--corpus")) {
		make_seed(argv[2], "real", 0);
		make_seed(argv[2], "simulated", 1);
		return 0;
	}
	return fuzz_files(argc, argv);
}

#endif
