/* SPDX-License-Identifier: MIT
 *
 * Events to columns and back: what is inside an event block, before zstd.
 *
 * Coder and decoder walk the events with the same small predictor, which starts
 * empty in every block. For each event a mask says which of its fields were not
 * as predicted; only these are written, each field into a column of its own.
 * Running green threads, transition numbers and who is on a core are known from
 * what came before, so most masks are 0 and an event costs little more than its
 * time. A wrong prediction costs bytes and is never an error: every value of
 * every field of every kind, known or not, comes back exactly.
 *
 * docs/gtviz-format.5 ("EVENTS") describes the bytes.
 */
#ifndef GTV_STORE_CODEC_H
#define GTV_STORE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/base/event.h"
#include "tracer/store/store.h"

/* No block of GTV_BLOCK_MAX events is longer: a mask byte, 8 planes of time, 10
 * columns and the table of streams at 4 planes each, and the columns' heads. */
#define GTV_CODEC_RAW_MAX (GTV_BLOCK_MAX * (1 + 8 + 10 * 4 + 2 * 4) + 256)

struct gtv_codec; /* tables for one block at a time; about 1.2 MB */

struct gtv_codec *gtv_codec_new(void); /* Returns owned, NULL without memory */
void gtv_codec_free(struct gtv_codec *c);

/* Writes 1 to GTV_BLOCK_MAX events to out (room for GTV_CODEC_RAW_MAX); times are
 * kept relative to base_ns. Returns the bytes written. */
size_t gtv_codec_encode(struct gtv_codec *c, uint64_t base_ns, const struct gtv_ev *evs,
			uint32_t count, uint8_t *out);
/* Where one plane of bytes ends and the next begins in what was written last: bytes of
 * unlike kinds, that are best packed apart. Ascending, the last is the size. Borrows. */
const uint32_t *gtv_codec_seams(const struct gtv_codec *c, size_t *count);
/* Reads `count` (1 to GTV_BLOCK_MAX) events. 0 or -GTV_ECORRUPT; trusts nothing. */
int gtv_codec_decode(struct gtv_codec *c, uint64_t base_ns, const uint8_t *raw, size_t size,
		     struct gtv_ev *evs, uint32_t count);

#endif
