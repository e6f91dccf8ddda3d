/* SPDX-License-Identifier: MIT
 *
 * Events from any bytes: each of a kind that there is, in order of time, and without any
 * sense beside that. What a kernel, a perf.data or a program could tell at worst.
 *
 * Eleven bytes an event; what one tells is small numbers, so that events meet, and now and
 * then a large one.
 */
#ifndef SENSELESS_H
#define SENSELESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tracer/base/event.h"
#include "tests/fuzz/files.h"

#define SENSELESS_BYTES 11
#define SENSELESS_MAX	4096
#define SENSELESS_START 1000000000000ull

static inline void sense(int is_so)
{
	if (!is_so)
		abort();
}

/* The kinds that there are, once. */
static inline unsigned senseless_kind(unsigned n)
{
	static uint16_t kind[GTV_EV_MAX];
	static unsigned count;

	if (!count)
		for (unsigned k = 1; k < GTV_EV_MAX; k++)
			if (gtv_event_name(k))
				kind[count++] = (uint16_t)k;
	return kind[n % count];
}

/* What a byte says of an id: 0 to 7, or something far away. */
static inline uint32_t senseless_id(uint8_t byte)
{
	if (byte < 224)
		return byte & 7;
	return byte < 240 ? byte : (uint32_t)byte * 0x9e3779b1u;
}

/* Time goes on by nothing, by little, or by up to 17 s. */
static inline uint64_t senseless_step(uint8_t byte)
{
	return (uint64_t)(byte & 15) << 2 * (byte >> 4);
}

static inline struct gtv_ev senseless_event(const uint8_t at[SENSELESS_BYTES],
					    uint64_t *now)
{
	struct gtv_ev ev;

	*now += senseless_step(at[9]);
	ev.ts_ns = *now;
	ev.kind = (uint16_t)senseless_kind(at[0]);
	ev.flags = at[1];
	ev.state = at[2];
	ev.core = at[3] < 128 ? (int32_t)(at[3] & 3)
			      : (int32_t)senseless_id(at[3]) - (at[3] & 1);
	ev.tid = senseless_id(at[4]);
	ev.gt = senseless_id(at[5]);
	ev.obj = senseless_id(at[6]);
	ev.seq = at[7] < 240 ? at[7] : at[7] * 0x9e3779b1u;
	ev.arg = (uint64_t)at[7] << 32 | senseless_id(at[8]);
	if (at[10] > 250)
		ev.arg *= 0x9e3779b97f4a7c15u;
	if (ev.kind == GTV_EV_LOSS) { /* as a recorder writes it: it has a beginning */
		ev.flags = ev.state = 0;
		ev.gt = (uint32_t)(at[5] * 1000u);
		ev.seq = senseless_kind(at[7]);
	}
	return ev;
}

/* Returns owned; *count events. */
static inline struct gtv_ev *senseless_events(const uint8_t *data, size_t size,
					      size_t *count)
{
	struct gtv_ev *evs = malloc(SENSELESS_MAX * sizeof *evs);
	uint64_t now = SENSELESS_START;

	sense(evs != NULL);
	for (*count = 0; size >= SENSELESS_BYTES && *count < SENSELESS_MAX; ++*count) {
		evs[*count] = senseless_event(data, &now);
		data += SENSELESS_BYTES;
		size -= SENSELESS_BYTES;
	}
	return evs;
}

#ifndef GTV_LIBFUZZER
#include <stdio.h>

/* The main of a program that replays files; `--corpus DIR` writes seeds of noise. */
static inline int senseless_main(int argc, char **argv)
{
	static uint8_t bytes[1 << 17];
	uint64_t x = 88172645463325252ull;

	if (argc == 3 && !strcmp(argv[1], "--corpus")) {
		for (int level = 0; level < 4; level++) {
			char path[512];
			size_t size = 2 + 90 * SENSELESS_BYTES;
			FILE *f;

			for (size_t i = 0; i < size; i++) {
				x ^= x << 13;
				x ^= x >> 7;
				x ^= x << 17;
				bytes[i] = (uint8_t)x;
			}
			bytes[0] = (uint8_t)level;
			snprintf(path, sizeof path, "%s/level-%d", argv[2], level);
			f = fopen(path, "wb");
			if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
				return 1;
		}
		return 0;
	}
	return fuzz_files(argc, argv);
}
#endif
#endif
