/* SPDX-License-Identifier: MIT
 *
 * Raw clock -> nanoseconds of CLOCK_MONOTONIC, once, before anything is stored.
 *
 * The reader takes anchors (raw, ns) all through the run and keeps a line
 * between them. The line is integer, continuous and monotone: at a new anchor
 * it is slewed so as to meet the clock at the next one, never stepped.
 */
#ifndef GTV_CLOCK_H
#define GTV_CLOCK_H

#include <stdint.h>

#include "runtime/abi/gtv_ring.h"

/* A piece of the line that is no longer in force: what was raw before its end is
 * still converted by it, so that a time converts the same whenever it is read. */
struct gtv_clock_piece {
	uint64_t base_raw, base_ns, mult;
};
#define GTV_CLOCK_PIECES 32

struct gtv_clock {
	uint32_t kind;	   /* enum gtv_clock_kind */
	uint64_t base_raw; /* the line in force starts here */
	uint64_t base_ns;
	uint64_t mult;	     /* ns = base_ns + (raw - base_raw) * mult >> 32 */
	uint64_t anchor_raw; /* the last anchor taken */
	uint64_t anchor_ns;
	uint64_t used_raw; /* nothing later has been converted; 0: not told */
	uint64_t floor_ns; /* nothing converts to less: the line is monotone */
	uint64_t anchors;
	int64_t worst_residual_ns; /* largest |line - clock| seen at an anchor */
	uint64_t first_ns;	   /* the first anchor */
	/* The rate that was known when the clock was young, and from when on. */
	uint64_t first_raw, early_raw, early_ns, early_mult;
	uint32_t piece_count; /* pieces before the one in force, newest first */
	struct gtv_clock_piece piece[GTV_CLOCK_PIECES];
};

/* Whether this machine's TSC (aarch64: virtual counter) is invariant and shared
 * by all cores; else events must carry clock_gettime. */
uint32_t gtv_clock_best_kind(void);
/* The clock's present value, as a producer would read it. */
uint64_t gtv_clock_raw(uint32_t kind);
uint64_t gtv_clock_mono_ns(void);

/* Takes the first two anchors (about 2 ms for TSC). */
void gtv_clock_init(struct gtv_clock *clock, uint32_t kind);
/* Takes an anchor if the last is over `every_ns` old; returns 1 if it did. A young
 * clock, whose rate is known from a short time only, takes them more often: always
 * when its age has doubled. */
int gtv_clock_sync(struct gtv_clock *clock, uint64_t every_ns);
/* Before events are converted that have been published by now: takes an anchor if one is
 * due, however late that is, and notes how far the line is needed. */
void gtv_clock_use(struct gtv_clock *clock);
/* Nothing after raw was converted so far: what comes after may still be put right. */
void gtv_clock_used(struct gtv_clock *clock, uint64_t raw);
/* For tests: an anchor from outside. */
void gtv_clock_anchor(struct gtv_clock *clock, uint64_t raw, uint64_t ns);
/* By how much the counter's rate since then differs from what it was after the first
 * second or so, in parts of 10^9: 0 as long as nothing is known. */
int64_t gtv_clock_drift_ppb(const struct gtv_clock *clock);
/* Converts. What is before the oldest piece kept is extrapolated backwards, down to
 * floor_ns; what is too far ahead to be true saturates. */
uint64_t gtv_clock_ns(const struct gtv_clock *clock, uint64_t raw);
/* The same, for who converts millions: by the line in force, without a call. */
static inline uint64_t gtv_clock_ns_now(const struct gtv_clock *clock, uint64_t raw)
{
	uint64_t since = raw - clock->base_raw;

	/* Neither product nor sum can be too large; the rest is rare. */
	if (clock->kind == GTV_CLOCK_TSC && raw >= clock->base_raw && !(since >> 31) &&
	    !(clock->mult >> 33))
		return clock->base_ns + (since * clock->mult >> 32);
	return gtv_clock_ns(clock, raw);
}

#endif
