/* SPDX-License-Identifier: MIT
 *
 * The line between anchors, and how it is slewed.
 *
 * Let the line say L at the new anchor's raw time, and the clock say C. The line
 * goes on from L, so it is continuous; its rate is chosen so that it would meet the
 * clock after as long a time again, if the clock kept the rate of the last interval:
 *
 *	mult = (C + dns - L) / draw        dns, draw: the last interval
 *
 * held between half and twice the clock's own rate, so that the line always rises
 * and a clock that jumped is caught up with over several intervals. An anchor's error
 * is a few ns; over an interval of 2 ms that is some ppm of rate, so the first
 * intervals double: what an anchor did wrong is never stretched over more than
 * about its own length.
 */
#include "tracer/clock/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "runtime/abi/gtv_ring.h"

__extension__ typedef unsigned __int128 u128;

#define NS_PER_S      1000000000ull
#define ONE	      (1ull << 32)
#define EARLY_NS      1000000000ull
#define FIRST_GAP_NS  2000000ull
#define BRACKET_TRIES 32
#define USE_SYNC_NS   250000000ull

uint64_t gtv_clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Fenced on both sides, unlike a producer's: an anchor must not slip out of its
 * bracket. */
static uint64_t read_counter(void)
{
#if defined(__x86_64__)
	_mm_lfence();
	uint64_t raw = __rdtsc();
	_mm_lfence();
	return raw;
#elif defined(__aarch64__)
	uint64_t raw;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(raw)::"memory");
	return raw;
#else
	return gtv_clock_mono_ns();
#endif
}

uint64_t gtv_clock_raw(uint32_t kind)
{
	return kind == GTV_CLOCK_TSC ? read_counter() : gtv_clock_mono_ns();
}

#if defined(__x86_64__)
/* The kernel takes the TSC off this list when it has seen cores disagree. */
static int kernel_trusts_tsc(void)
{
	char list[256];
	int fd = open("/sys/devices/system/clocksource/clocksource0/available_clocksource",
		      O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, list, sizeof list - 1);
	close(fd);
	if (n <= 0)
		return 0;
	list[n] = 0;
	for (char *at = list, *word; (word = strtok_r(at, " \n", &at));)
		if (!strcmp(word, "tsc"))
			return 1;
	return 0;
}
#endif

uint32_t gtv_clock_best_kind(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	if (__get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8) && kernel_trusts_tsc())
		return GTV_CLOCK_TSC;
	return GTV_CLOCK_MONO;
#elif defined(__aarch64__)
	return GTV_CLOCK_TSC;
#else
	return GTV_CLOCK_MONO;
#endif
}

static uint64_t clamp_u64(uint64_t v, uint64_t low, uint64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* (ns << 32) / raw, saturating. */
static uint64_t rate_of(uint64_t ns, uint64_t raw)
{
	u128 rate = ((u128)ns << 32) / raw;

	return rate > UINT64_MAX ? UINT64_MAX : (uint64_t)rate;
}

/* The line in force ends at raw, where it says ns. */
static void keep_piece(struct gtv_clock *c)
{
	memmove(c->piece + 1, c->piece, sizeof c->piece - sizeof c->piece[0]);
	c->piece[0] = (struct gtv_clock_piece){c->base_raw, c->base_ns, c->mult};
	if (c->piece_count < GTV_CLOCK_PIECES)
		c->piece_count++;
}

static void note_residual(struct gtv_clock *c, int64_t residual_ns)
{
	int64_t size = residual_ns < 0 ? -residual_ns : residual_ns;

	if (size > c->worst_residual_ns)
		c->worst_residual_ns = size;
}

/* The new anchor is (raw, ns), and nothing after `from` has been converted: the line goes
 * from there to the anchor, no flatter or steeper than it may. */
static void straighten(struct gtv_clock *c, uint64_t from, uint64_t raw, uint64_t ns,
		       uint64_t rate)
{
	uint64_t from_ns = gtv_clock_ns(c, from);
	uint64_t mult = ns > from_ns ? rate_of(ns - from_ns, raw - from) : 0;

	if (from > c->base_raw)
		keep_piece(c);
	c->base_raw = from;
	c->base_ns = from_ns;
	c->mult = clamp_u64(mult, rate / 2, rate * 2);
}

/* By how much what was converted since the last anchor can have been wrong: it grows from
 * there, to `off` at the new one. */
static int64_t worst_used(const struct gtv_clock *c, uint64_t used, uint64_t raw,
			  int64_t off)
{
	if (!c->used_raw)
		return off;
	return (int64_t)((double)off * (double)(used - c->anchor_raw) /
			 (double)(raw - c->anchor_raw));
}

/* From the second anchor on. */
static void slew(struct gtv_clock *c, uint64_t raw, uint64_t ns)
{
	uint64_t draw = raw - c->anchor_raw, dns = ns - c->anchor_ns;
	uint64_t rate = rate_of(dns, draw), meet_ns = ns + dns;
	uint64_t used = c->used_raw > c->anchor_raw ? c->used_raw : c->anchor_raw;

	if (c->anchors == 1) { /* no rate was known: the line starts here */
		c->mult = rate;
		return;
	}
	if (used < raw) {
		int64_t off = (int64_t)(gtv_clock_ns(c, raw) - ns);

		note_residual(c, worst_used(c, used, raw, off));
		if (c->used_raw)
			straighten(c, used, raw, ns, rate);
	}
	uint64_t line_ns = gtv_clock_ns(c, raw);
	if (c->used_raw)
		note_residual(c, (int64_t)(line_ns - ns));
	keep_piece(c);
	c->base_raw = raw;
	c->base_ns = line_ns;
	c->mult = clamp_u64(meet_ns > line_ns ? rate_of(meet_ns - line_ns, draw) : 0,
			    rate / 2, rate * 2);
}

/* The first second's rate: later ones are compared with it. */
static void note_early(struct gtv_clock *c, uint64_t raw, uint64_t ns)
{
	if (c->kind != GTV_CLOCK_TSC || c->early_mult || ns - c->first_ns < EARLY_NS)
		return;
	c->early_mult = rate_of(ns - c->first_ns, raw - c->first_raw);
	c->early_raw = raw;
	c->early_ns = ns;
}

void gtv_clock_anchor(struct gtv_clock *c, uint64_t raw, uint64_t ns)
{
	if (!c->anchors) {
		c->base_raw = raw;
		c->base_ns = c->first_ns = c->floor_ns = ns;
		c->first_raw = raw;
		c->mult = ONE;
	} else if (raw <= c->anchor_raw || ns <= c->anchor_ns) {
		return; /* no interval: nothing can be learned from it */
	} else if (c->kind == GTV_CLOCK_TSC) {
		slew(c, raw, ns);
	}
	note_early(c, raw, ns);
	c->anchor_raw = raw;
	c->anchor_ns = ns;
	c->anchors++;
}

int64_t gtv_clock_drift_ppb(const struct gtv_clock *c)
{
	uint64_t now;

	if (c->kind != GTV_CLOCK_TSC || !c->early_mult || c->anchor_ns <= c->early_ns)
		return 0;
	now = rate_of(c->anchor_ns - c->early_ns, c->anchor_raw - c->early_raw);
	return (int64_t)(((double)now / (double)c->early_mult - 1) * 1e9);
}

/* The tightest of some brackets: the counter is read on both sides of the clock, and
 * what lies between the two readings can be wrong by half of that at most. */
static void take_anchor(struct gtv_clock *c)
{
	uint64_t best_width = UINT64_MAX, best_raw = 0, best_ns = 0;

	for (int i = 0; i < BRACKET_TRIES; i++) {
		uint64_t before = gtv_clock_raw(c->kind);
		uint64_t ns = gtv_clock_mono_ns();
		uint64_t width = gtv_clock_raw(c->kind) - before;
		if (width < best_width) {
			best_width = width;
			best_raw = before + width / 2;
			best_ns = ns;
		}
	}
	if (c->kind != GTV_CLOCK_TSC)
		best_raw = best_ns;
	gtv_clock_anchor(c, best_raw, best_ns);
}

void gtv_clock_init(struct gtv_clock *clock, uint32_t kind)
{
	memset(clock, 0, sizeof *clock);
	clock->kind = kind;
	take_anchor(clock);
	if (kind != GTV_CLOCK_TSC)
		return;
	struct timespec gap = {.tv_nsec = FIRST_GAP_NS};
	nanosleep(&gap, NULL);
	take_anchor(clock);
	/* Before this nothing can have been stamped, and nothing has been converted: to
	 * load the kernel's part may take seconds, of which a rate of 2 ms knows little. */
	clock->floor_ns = clock->first_ns;
	clock->used_raw = clock->anchor_raw;
}

int gtv_clock_sync(struct gtv_clock *clock, uint64_t every_ns)
{
	uint64_t now = gtv_clock_mono_ns();
	uint64_t age = clock->anchor_ns - clock->first_ns;

	if (age && age < every_ns)
		every_ns = age;
	if (now - clock->anchor_ns < every_ns)
		return 0;
	take_anchor(clock);
	return 1;
}

void gtv_clock_used(struct gtv_clock *clock, uint64_t raw)
{
	if (raw > clock->used_raw)
		clock->used_raw = raw;
}

void gtv_clock_use(struct gtv_clock *clock)
{
	if (clock->kind != GTV_CLOCK_TSC)
		return;
	gtv_clock_sync(clock, USE_SYNC_NS);
	gtv_clock_used(clock, read_counter());
}

static uint64_t forward(uint64_t base_ns, uint64_t raw_delta, uint64_t mult)
{
	u128 ns = ((u128)raw_delta * mult >> 32) + base_ns;

	return ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}

static uint64_t backward(uint64_t base_ns, uint64_t raw_delta, uint64_t mult)
{
	u128 ns = ((u128)raw_delta * mult + (ONE - 1)) >> 32;

	return ns > base_ns ? 0 : base_ns - (uint64_t)ns;
}

/* Before the line in force: the piece that was, or the oldest one backwards. */
static uint64_t convert_past(const struct gtv_clock *c, uint64_t raw)
{
	struct gtv_clock_piece p = {c->base_raw, c->base_ns, c->mult};

	for (uint32_t i = 0; i < c->piece_count && raw < p.base_raw; i++)
		p = c->piece[i];
	if (raw >= p.base_raw)
		return forward(p.base_ns, raw - p.base_raw, p.mult);
	uint64_t ns = backward(p.base_ns, p.base_raw - raw, p.mult);
	return ns < c->floor_ns ? c->floor_ns : ns;
}

uint64_t gtv_clock_ns(const struct gtv_clock *clock, uint64_t raw)
{
	if (clock->kind != GTV_CLOCK_TSC)
		return raw; /* a simulated one's are virtual ns */
	if (raw < clock->base_raw)
		return convert_past(clock, raw);
	return forward(clock->base_ns, raw - clock->base_raw, clock->mult);
}
