/* SPDX-License-Identifier: MIT
 *
 * The predictor, in the words of docs/gtviz-format.5.
 *
 * An event belongs to a stream: that of its core if it names one (kernel events),
 * else that of its OS thread (user events). A stream knows who is on it now: a
 * core's stream the thread that runs there, a thread's stream the green thread.
 * Beside the streams there are three tables, all without keys: a collision is a
 * wrong prediction, nothing worse.
 *
 *   kinds   (stream, its last two kinds) -> the next kind
 *   last    (kind, who is on the stream) -> the other fields as they last were
 *   number  (green thread or lock) -> its last transition number
 *
 * The order of the fields matters: each is predicted from those before it.
 */
#include "tracer/store/codec.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/store/bytes.h"

/* Bits of the mask: this field was not as predicted. */
enum {
	MISS_STREAM = 1,
	MISS_KIND = 2,
	MISS_SUBJECT = 4, /* who: the thread on a core's stream, else the green thread */
	MISS_OBJ = 8,
	MISS_SEQ = 16,
	MISS_LO = 32, /* arg, low and high half */
	MISS_HI = 64,
	MISS_FLAGS = 128, /* flags and state */
};

/* Columns of mispredicted values, in the order of the file. */
enum {
	COL_STREAM,
	COL_KIND,
	COL_SUBJECT,
	COL_OBJ,
	COL_SEQ,
	COL_LO,
	COL_HI,
	COL_FLAGS,
	COL_STATE,
	COL_GT, /* the green thread of an event in a core's stream */
	COL_MAX,
	COL_TIME = COL_MAX, /* in memory: times that fit in 32 bits */
	ROWS,
};

/* What is special about a kind. Part of the format: rules of existing kinds are
 * never changed, a new kind has none. */
enum {
	RULE_SELF = 1,	 /* the subject is who is on the stream */
	RULE_SWITCH = 2, /* obj is on the stream from now */
	RULE_NUMBER = 4, /* seq is the subject's next number (a green thread) */
	RULE_LOCK = 8,	 /* seq is the next number of obj, a lock */
	RULE_SPAWN = 16, /* the subject is the one after the last spawned */
	RULE_NEXT = 32,	 /* arg's high half is the next number of obj */
};

#define RULES_NUMBERED (RULE_NUMBER | RULE_LOCK | RULE_SPAWN | RULE_NEXT)
#define GT_SWITCH      (RULE_SELF | RULE_SWITCH | RULE_NUMBER | RULE_NEXT)

static const uint8_t rules[GTV_EV_MAX] = {
	[GTV_EV_SPAWN] = RULE_SPAWN,
	[GTV_EV_SWITCH_RUN] = GT_SWITCH,
	[GTV_EV_SWITCH_YIELD] = GT_SWITCH,
	[GTV_EV_SWITCH_PREEMPT] = GT_SWITCH,
	[GTV_EV_SWITCH_LOCK] = GT_SWITCH,
	[GTV_EV_SWITCH_GIL] = GT_SWITCH,
	[GTV_EV_SWITCH_CHAN] = GT_SWITCH,
	[GTV_EV_SWITCH_JOIN] = GT_SWITCH,
	[GTV_EV_SWITCH_IO] = GT_SWITCH,
	[GTV_EV_SWITCH_SLEEP] = GT_SWITCH,
	[GTV_EV_SWITCH_SYSCALL] = GT_SWITCH,
	[GTV_EV_SWITCH_EXIT] = GT_SWITCH,
	[GTV_EV_READY] = RULE_NUMBER,
	[GTV_EV_LOCK_TAKE] = RULE_SELF | RULE_LOCK,
	[GTV_EV_LOCK_DROP] = RULE_SELF | RULE_LOCK,
	[GTV_EV_GIL_TAKE] = RULE_SELF | RULE_LOCK,
	[GTV_EV_GIL_RETAKE] = RULE_SELF | RULE_LOCK,
	[GTV_EV_GIL_DROP] = RULE_SELF | RULE_LOCK,
	[GTV_EV_GIL_REQUEST] = RULE_SELF,
	[GTV_EV_CHAN_SEND] = RULE_SELF,
	[GTV_EV_CHAN_RECV] = RULE_SELF,
	[GTV_EV_CHAN_CLOSE] = RULE_SELF,
	[GTV_EV_MARK] = RULE_SELF,
	[GTV_EV_K_SWITCH] = RULE_SELF | RULE_SWITCH,
	[GTV_EV_K_WAKING] = RULE_SELF,
	[GTV_EV_K_NEW] = RULE_SELF,
	[GTV_EV_K_FORK] = RULE_SELF,
	[GTV_EV_K_EXEC] = RULE_SELF,
	[GTV_EV_K_EXIT] = RULE_SELF,
	[GTV_EV_K_ON] = RULE_SELF,
	[GTV_EV_K_OFF] = RULE_SELF,
};

struct stream {
	uint32_t value;	  /* the core, or the OS thread */
	uint32_t who;	  /* the OS thread on that core, or the green thread */
	uint32_t context; /* its last two kinds */
	uint16_t kinds;	  /* the place in the table of kinds that they lead to */
	uint16_t next;	  /* the stream that followed the last time */
	uint8_t is_core;
};

struct last {
	uint32_t subject, obj, seq, lo, hi;
	uint8_t flags, state;
};

#define KINDS_BITS  12
#define LAST_BITS   11
#define NUMBER_BITS 12
#define FIND_SLOTS  (2 * GTV_BLOCK_MAX)
#define SEAMS_MAX   (1 + 8 + 1 + COL_MAX * 4 + 1)

struct gtv_codec {
	/* The predictor: cleared for every block. */
	uint32_t stream_count;
	uint32_t spawned; /* the last spawned green thread */
	uint16_t kinds[1u << KINDS_BITS];
	uint32_t number[1u << NUMBER_BITS];
	struct last last[1u << LAST_BITS];
	/* Set up as streams come. */
	struct stream stream[GTV_BLOCK_MAX];
	uint16_t find[FIND_SLOTS]; /* encoding: (core or thread) -> stream + 1 */
	/* Columns. */
	uint8_t mask[GTV_BLOCK_MAX];
	uint64_t delta[GTV_BLOCK_MAX];
	/* A little longer than a block: a value behind the last is read in vain, and rows
	 * are not to share places in a cache. */
	uint32_t col[ROWS][GTV_BLOCK_MAX + 16];
	uint32_t used[COL_MAX];
	int wide; /* times are in delta, else in col[COL_TIME] */
	uint32_t seam[SEAMS_MAX];
	size_t seams;
};

struct gtv_codec *gtv_codec_new(void)
{
	return malloc(sizeof(struct gtv_codec));
}

void gtv_codec_free(struct gtv_codec *c)
{
	free(c);
}

static void reset(struct gtv_codec *c)
{
	memset(c, 0, offsetof(struct gtv_codec, stream));
	memset(c->used, 0, sizeof c->used);
}

/* ---- The predictor, shared by both directions ---- */

static inline uint32_t hash(uint32_t a, uint32_t b, unsigned bits)
{
	return (a * 0x9e3779b1u ^ b * 0x85ebca6bu) * 0xc2b2ae35u >> (32 - bits);
}

static inline uint8_t rule_of(uint16_t kind)
{
	return kind < GTV_EV_MAX ? rules[kind] : 0;
}

/* Where the next kind of a stream is guessed: known as soon as its last kind is, long
 * before the stream's next event is looked at. */
static inline uint16_t kinds_at(uint32_t context, uint32_t slot)
{
	return (uint16_t)hash(context, slot, KINDS_BITS);
}

/* Nobody in particular (the scheduler, an idle core): then the stream stands for
 * its who. */
static inline struct last *last_of(struct gtv_codec *c, uint32_t slot, uint16_t kind)
{
	uint32_t who = c->stream[slot].who;
	return &c->last[hash(kind, who ? who : ~slot, LAST_BITS)];
}

static inline uint32_t *number_of(struct gtv_codec *c, uint32_t id, uint8_t is_lock)
{
	return &c->number[hash(id, is_lock ? 1 : 0, NUMBER_BITS)];
}

static inline uint32_t guess_subject(const struct gtv_codec *c, const struct stream *s,
				     const struct last *last, uint8_t rule)
{
	if (rule & RULE_SELF)
		return s->who;
	return rule & RULE_SPAWN ? c->spawned + 1 : last->subject;
}

/* Numbers are predicted before and learned after their field is known. */
static inline uint32_t guess_seq(struct gtv_codec *c, const struct last *last, uint8_t rule,
				 uint32_t subject, uint32_t obj)
{
	if (rule & RULE_NUMBER)
		return subject ? *number_of(c, subject, 0) + 1 : 0;
	if (rule & RULE_LOCK)
		return *number_of(c, obj, 1) + 1;
	return last->seq;
}

static inline void learn_seq(struct gtv_codec *c, uint8_t rule, uint32_t subject,
			     uint32_t obj, uint32_t seq)
{
	if (rule & (RULE_NUMBER | RULE_SPAWN))
		*number_of(c, subject, 0) = seq;
	else if (rule & RULE_LOCK)
		*number_of(c, obj, 1) = seq;
}

static inline uint32_t guess_hi(struct gtv_codec *c, const struct last *last, uint8_t rule,
				uint32_t obj)
{
	if (rule & RULE_NEXT)
		return obj ? *number_of(c, obj, 0) + 1 : 0;
	return last->hi;
}

static inline void learn(struct gtv_codec *c, uint32_t slot, uint8_t rule, uint16_t kind,
			 uint32_t subject, uint32_t obj, uint32_t hi)
{
	struct stream *s = &c->stream[slot];

	if ((rule & RULE_NEXT) && obj)
		*number_of(c, obj, 0) = hi;
	if (rule & RULE_SPAWN)
		c->spawned = subject;
	if (rule & RULE_SWITCH)
		s->who = obj;
	else if (rule & RULE_SELF)
		s->who = subject;
	s->context = (s->context << 16) | kind;
	s->kinds = kinds_at(s->context, slot);
}

/* ---- Columns: a count, a width in bytes, then that many planes of bytes ---- */

static uint8_t *seam(struct gtv_codec *c, const uint8_t *start, uint8_t *out)
{
	c->seam[c->seams++] = (uint32_t)(out - start);
	return out;
}

const uint32_t *gtv_codec_seams(const struct gtv_codec *c, size_t *count)
{
	*count = c->seams;
	return c->seam;
}

static uint8_t *put_column(struct gtv_codec *c, const uint8_t *start, uint8_t *out,
			   const uint32_t *v, uint32_t count)
{
	uint32_t all = 0;
	for (uint32_t i = 0; i < count; i++)
		all |= v[i];
	uint8_t width = 0;
	while (width < 4 && all >> (8 * width))
		width++;
	out = put_u32(out, count);
	*out++ = width;
	for (unsigned shift = 0; shift < 8u * width; shift += 8) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = (uint8_t)(v[i] >> shift);
		out = seam(c, start, out + count);
	}
	return out;
}

static uint8_t *put_column64(struct gtv_codec *c, const uint8_t *start, uint8_t *out,
			     const uint64_t *v, uint32_t count)
{
	uint64_t all = 0;
	for (uint32_t i = 0; i < count; i++)
		all |= v[i];
	uint8_t width = 0;
	while (width < 8 && all >> (8 * width))
		width++;
	out = put_u32(out, count);
	*out++ = width;
	for (unsigned shift = 0; shift < 8u * width; shift += 8) {
		for (uint32_t i = 0; i < count; i++)
			out[i] = (uint8_t)(v[i] >> shift);
		out = seam(c, start, out + count);
	}
	return out;
}

/* Reads a column's head; its planes, or NULL if it does not fit. */
static const uint8_t *take_planes(struct cursor *in, uint32_t max, uint8_t width_max,
				  uint32_t *count, uint8_t *width)
{
	*count = take_u32(in);
	*width = take_u8(in);
	if (in->short_read || *count > max || *width > width_max)
		return NULL;
	return take(in, (size_t)*count * *width);
}

/*
 * Planes back to values, eight at a time. `width` is a constant wherever this is
 * inlined, so that the shifts are too, and a value is written once.
 */
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint64_t longs8 __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) void join32(uint32_t *v, const uint8_t *plane,
							 uint32_t count, unsigned width)
{
	uint32_t i = 0;

	for (; i + 8 <= count; i += 8) {
		words8 sum = {0};
		for (unsigned k = 0; k < width; k++) {
			bytes8 b;
			memcpy(&b, plane + (size_t)k * count + i, sizeof b);
			sum |= __builtin_convertvector(b, words8) << (8 * k);
		}
		memcpy(v + i, &sum, sizeof sum);
	}
	for (; i < count; i++) {
		v[i] = 0;
		for (unsigned k = 0; k < width; k++)
			v[i] |= (uint32_t)plane[(size_t)k * count + i] << (8 * k);
	}
}

static inline __attribute__((always_inline)) void join64(uint64_t *v, const uint8_t *plane,
							 uint32_t count, unsigned width)
{
	uint32_t i = 0;

	for (; i + 8 <= count; i += 8) {
		longs8 sum = {0};
		for (unsigned k = 0; k < width; k++) {
			bytes8 b;
			memcpy(&b, plane + (size_t)k * count + i, sizeof b);
			sum |= __builtin_convertvector(b, longs8) << (8 * k);
		}
		memcpy(v + i, &sum, sizeof sum);
	}
	for (; i < count; i++) {
		v[i] = 0;
		for (unsigned k = 0; k < width; k++)
			v[i] |= (uint64_t)plane[(size_t)k * count + i] << (8 * k);
	}
}

static void join_column(uint32_t *v, const uint8_t *plane, uint32_t count, unsigned width)
{
	switch (width) {
	case 0:
		memset(v, 0, count * sizeof *v);
		break;
	case 1:
		join32(v, plane, count, 1);
		break;
	case 2:
		join32(v, plane, count, 2);
		break;
	case 3:
		join32(v, plane, count, 3);
		break;
	default:
		join32(v, plane, count, 4);
	}
}

static int take_column(struct cursor *in, uint32_t *v, uint32_t max, uint32_t *count)
{
	uint8_t width;
	const uint8_t *plane = take_planes(in, max, 4, count, &width);

	if (!plane)
		return -GTV_ECORRUPT;
	join_column(v, plane, *count, width);
	return 0;
}

static int take_times(struct gtv_codec *c, struct cursor *in, uint32_t count)
{
	uint8_t width;
	uint32_t found;
	const uint8_t *plane = take_planes(in, count, 8, &found, &width);

	if (!plane || found != count)
		return -GTV_ECORRUPT;
	c->wide = width > 4;
	if (c->wide)
		join64(c->delta, plane, count, width);
	else
		join_column(c->col[COL_TIME], plane, count, width);
	return 0;
}

/* ---- Encoding ---- */

static uint32_t stream_of(struct gtv_codec *c, const struct gtv_ev *ev)
{
	uint8_t is_core = ev->core != GTV_CORE_NONE;
	uint32_t value = is_core ? (uint32_t)ev->core : ev->tid;
	uint32_t i = hash(value, is_core, 15);

	_Static_assert(FIND_SLOTS == 1u << 15, "the hash covers the table");
	for (; c->find[i]; i = (i + 1) & (FIND_SLOTS - 1)) {
		const struct stream *s = &c->stream[c->find[i] - 1];
		if (s->value == value && s->is_core == is_core)
			return c->find[i] - 1u;
	}
	uint32_t slot = c->stream_count++;
	c->stream[slot] = (struct stream){
		.value = value, .kinds = kinds_at(0, slot), .is_core = is_core};
	c->find[i] = (uint16_t)(slot + 1);
	return slot;
}

static inline uint8_t miss(struct gtv_codec *c, int col, uint32_t value, uint8_t bit)
{
	c->col[col][c->used[col]++] = value;
	return bit;
}

static inline uint8_t encode_one(struct gtv_codec *c, const struct gtv_ev *ev,
				 uint32_t slot)
{
	struct stream *s = &c->stream[slot];
	uint8_t mask = 0, rule = rule_of(ev->kind);

	uint16_t *kind = &c->kinds[s->kinds];
	if (*kind != ev->kind)
		mask |= miss(c, COL_KIND, ev->kind, MISS_KIND);
	*kind = ev->kind;

	struct last *last = last_of(c, slot, ev->kind);
	uint32_t subject = s->is_core ? ev->tid : ev->gt;
	if (subject != guess_subject(c, s, last, rule) || (s->is_core && ev->gt)) {
		mask |= miss(c, COL_SUBJECT, subject, MISS_SUBJECT);
		if (s->is_core)
			miss(c, COL_GT, ev->gt, 0);
	}
	if (ev->obj != last->obj)
		mask |= miss(c, COL_OBJ, ev->obj, MISS_OBJ);
	uint32_t seq = guess_seq(c, last, rule, subject, ev->obj);
	if (ev->seq != seq)
		mask |= miss(c, COL_SEQ, ev->seq - seq, MISS_SEQ);
	learn_seq(c, rule, subject, ev->obj, ev->seq);
	uint32_t lo = (uint32_t)ev->arg, hi = (uint32_t)(ev->arg >> 32);
	if (lo != last->lo)
		mask |= miss(c, COL_LO, lo, MISS_LO);
	uint32_t hi_guess = guess_hi(c, last, rule, ev->obj);
	if (hi != hi_guess)
		mask |= miss(c, COL_HI, hi - hi_guess, MISS_HI);
	if (ev->flags != last->flags || ev->state != last->state) {
		mask |= miss(c, COL_FLAGS, ev->flags, MISS_FLAGS);
		miss(c, COL_STATE, ev->state, 0);
	}
	*last = (struct last){subject, ev->obj, ev->seq, lo, hi, ev->flags, ev->state};
	learn(c, slot, rule, ev->kind, subject, ev->obj, hi);
	return mask;
}

size_t gtv_codec_encode(struct gtv_codec *c, uint64_t base_ns, const struct gtv_ev *evs,
			uint32_t count, uint8_t *out)
{
	uint8_t *start = out;
	uint32_t before = 0;
	uint64_t ts_ns = base_ns;

	reset(c);
	memset(c->find, 0, sizeof c->find);
	for (uint32_t i = 0; i < count; i++) {
		const struct stream *last = &c->stream[before];
		uint8_t is_core = evs[i].core != GTV_CORE_NONE, mask = 0;
		uint32_t value = is_core ? (uint32_t)evs[i].core : evs[i].tid;
		uint32_t slot = i && last->value == value && last->is_core == is_core
					? before
					: stream_of(c, &evs[i]);
		if (slot != c->stream[before].next)
			mask = miss(c, COL_STREAM, slot, MISS_STREAM);
		c->stream[before].next = (uint16_t)slot;
		before = slot;
		c->mask[i] = mask | encode_one(c, &evs[i], slot);
		c->delta[i] = evs[i].ts_ns - ts_ns;
		ts_ns = evs[i].ts_ns;
	}

	out = put_u32(out, c->stream_count);
	for (uint32_t i = 0; i < c->stream_count; i++)
		out = put_u32(out, c->stream[i].value);
	for (uint32_t i = 0; i < c->stream_count; i++)
		*out++ = c->stream[i].is_core;
	c->seams = 0;
	out = put_column64(c, start, seam(c, start, out), c->delta, count);
	out = seam(c, start, put_bytes(out, c->mask, count));
	for (int col = 0; col < COL_MAX; col++)
		out = put_column(c, start, out, c->col[col], c->used[col]);
	if (c->seam[c->seams - 1] != (uint32_t)(out - start))
		seam(c, start, out);
	return (size_t)(out - start);
}

/* ---- Decoding ---- */

static int take_streams(struct gtv_codec *c, struct cursor *in, uint32_t count)
{
	c->stream_count = take_u32(in);
	if (!c->stream_count || c->stream_count > count)
		return -GTV_ECORRUPT;
	for (uint32_t i = 0; i < c->stream_count; i++)
		c->stream[i] =
			(struct stream){.value = take_u32(in), .kinds = kinds_at(0, i)};
	for (uint32_t i = 0; i < c->stream_count; i++)
		c->stream[i].is_core = take_u8(in) & 1;
	return in->short_read ? -GTV_ECORRUPT : 0;
}

/* How many of the bytes have that bit: sixteen at a time, and as long as each of the
 * sixteen sums fits in a byte. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));

static uint32_t count_bit(const uint8_t *bytes, uint32_t count, uint8_t bit)
{
	const bytes16 bits = (bytes16){0} + bit;
	uint32_t sum = 0, i = 0;

	while (i + 16 <= count) {
		bytes16 sums = {0};
		for (unsigned k = 0; k < 255 && i + 16 <= count; k++, i += 16) {
			bytes16 some;
			memcpy(&some, bytes + i, sizeof some);
			sums -= (bytes16)((some & bits) == bits);
		}
		for (unsigned k = 0; k < 16; k++)
			sum += sums[k];
	}
	for (; i < count; i++)
		sum += (bytes[i] & bit) != 0;
	return sum;
}

/* Are there as many values as the masks ask for? After this the hot loop needs no
 * checks of bounds but for COL_GT, which depends on the streams. */
static int columns_fit(const struct gtv_codec *c, uint32_t count)
{
	static const uint8_t bit_of[COL_MAX] = {
		[COL_STREAM] = 0, [COL_KIND] = 1,  [COL_SUBJECT] = 2,
		[COL_OBJ] = 3,	  [COL_SEQ] = 4,   [COL_LO] = 5,
		[COL_HI] = 6,	  [COL_FLAGS] = 7, [COL_STATE] = 7,
	};
	uint32_t bits[8] = {0};

	for (unsigned b = 0; b < 8; b++)
		bits[b] = count_bit(c->mask, count, (uint8_t)(1u << b));
	for (int col = 0; col < COL_GT; col++)
		if (c->used[col] != bits[bit_of[col]])
			return 0;
	for (uint32_t i = 0; i < c->used[COL_STREAM]; i++)
		if (c->col[COL_STREAM][i] >= c->stream_count)
			return 0;
	return 1;
}

/*
 * Which stream and which kind come, and by which rule, is as good as random where many
 * cores are at work: a jump that the processor foretells wrongly costs more than a value
 * that is read in vain. What is mostly so or mostly not stays a jump.
 */
static inline uint32_t either(uint32_t cond, uint32_t yes, uint32_t no)
{
	return no ^ ((yes ^ no) & -cond);
}

static inline uint32_t next_or(uint32_t miss, const uint32_t **in, uint32_t guess)
{
	uint32_t value = **in;

	*in += miss;
	return either(miss, value, guess);
}
_Static_assert(MISS_STREAM == 1 && MISS_KIND == 2 && RULE_SELF == 1 && RULE_SWITCH == 2,
	       "bits made to 0 or 1");

static int decode_events(struct gtv_codec *c, uint64_t ts_ns, struct gtv_ev *evs,
			 uint32_t count)
{
	const uint32_t *in[COL_MAX];
	for (int col = 0; col < COL_MAX; col++)
		in[col] = c->col[col];
	const uint32_t *gt_end = in[COL_GT] + c->used[COL_GT];
	uint32_t before = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint8_t mask = c->mask[i];
		uint32_t slot = next_or(mask & MISS_STREAM, &in[COL_STREAM],
					c->stream[before].next);
		c->stream[before].next = (uint16_t)slot;
		before = slot;
		struct stream *s = &c->stream[slot];

		uint16_t *kind_guess = &c->kinds[s->kinds];
		uint16_t kind =
			(uint16_t)next_or(mask >> 1 & 1, &in[COL_KIND], *kind_guess);
		*kind_guess = kind;

		uint32_t rule = rule_of(kind), gt = 0, more_seq = 0, more_hi = 0;
		struct last *last = last_of(c, slot, kind);
		uint32_t subject = either(rule & RULE_SELF, s->who, last->subject);
		if (rule & RULE_SPAWN)
			subject = c->spawned + 1;
		if (mask & MISS_SUBJECT) {
			subject = *in[COL_SUBJECT]++;
			if (s->is_core) {
				if (in[COL_GT] == gt_end)
					return -GTV_ECORRUPT;
				gt = *in[COL_GT]++;
			}
		}
		if (mask & MISS_OBJ)
			last->obj = *in[COL_OBJ]++;
		uint32_t obj = last->obj;
		if (mask & (MISS_SEQ | MISS_LO | MISS_HI | MISS_FLAGS)) {
			if (mask & MISS_SEQ)
				more_seq = *in[COL_SEQ]++;
			if (mask & MISS_LO)
				last->lo = *in[COL_LO]++;
			if (mask & MISS_HI)
				more_hi = *in[COL_HI]++;
			if (mask & MISS_FLAGS) {
				last->flags = (uint8_t)*in[COL_FLAGS]++;
				last->state = (uint8_t)*in[COL_STATE]++;
			}
		}
		uint32_t seq = last->seq + more_seq, hi = last->hi + more_hi;
		if (rule & RULES_NUMBERED) {
			seq = guess_seq(c, last, (uint8_t)rule, subject, obj) + more_seq;
			learn_seq(c, (uint8_t)rule, subject, obj, seq);
			hi = guess_hi(c, last, (uint8_t)rule, obj) + more_hi;
			if ((rule & RULE_NEXT) && obj)
				*number_of(c, obj, 0) = hi;
			if (rule & RULE_SPAWN)
				c->spawned = subject;
		}
		last->subject = subject;
		last->seq = seq;
		last->hi = hi;
		s->who = either(rule >> 1 & 1, obj,
				either(rule & RULE_SELF, subject, s->who));
		s->context = (s->context << 16) | kind;
		s->kinds = kinds_at(s->context, slot);

		ts_ns += c->wide ? c->delta[i] : c->col[COL_TIME][i];
		evs[i] = (struct gtv_ev){
			.ts_ns = ts_ns,
			.kind = kind,
			.flags = last->flags,
			.state = last->state,
			.core = s->is_core ? (int32_t)s->value : GTV_CORE_NONE,
			.tid = s->is_core ? subject : s->value,
			.gt = s->is_core ? gt : subject,
			.obj = obj,
			.seq = seq,
			.arg = (uint64_t)hi << 32 | last->lo,
		};
	}
	return in[COL_GT] == gt_end ? 0 : -GTV_ECORRUPT;
}

int gtv_codec_decode(struct gtv_codec *c, uint64_t base_ns, const uint8_t *raw, size_t size,
		     struct gtv_ev *evs, uint32_t count)
{
	struct cursor in = {.p = raw, .end = raw + size};

	if (!count || count > GTV_BLOCK_MAX)
		return -GTV_ECORRUPT;
	reset(c);
	if (take_streams(c, &in, count) || take_times(c, &in, count))
		return -GTV_ECORRUPT;
	const uint8_t *mask = take(&in, count);
	if (!mask)
		return -GTV_ECORRUPT;
	memcpy(c->mask, mask, count);
	for (int col = 0; col < COL_MAX; col++)
		if (take_column(&in, c->col[col], count, &c->used[col]))
			return -GTV_ECORRUPT;
	if (in.p != in.end || !columns_fit(c, count))
		return -GTV_ECORRUPT;
	return decode_events(c, base_ns, evs, count);
}
