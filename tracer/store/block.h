/* SPDX-License-Identifier: MIT
 *
 * Blocks: what the file is made of. A head of 64 bytes that can be checked by
 * itself, then the payload that the head has a checksum of. Whoever finds a valid
 * head knows where the next block begins; whoever has lost the way looks for the
 * magic.
 */
#ifndef GTV_STORE_BLOCK_H
#define GTV_STORE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/store/codec.h"

#define GTV_FORMAT_VERSION 1
#define GTV_BLOCK_MAGIC	   "\x89GTV\r\n\x1a\n"
#define GTV_MAGIC_BYTES	   8
#define GTV_HEAD_BYTES	   64

/* Reaches the file: append-only. A reader passes over kinds it does not know. */
enum gtv_block_kind {
	GTV_BLOCK_INFO = 1,
	GTV_BLOCK_NAMES = 2,
	GTV_BLOCK_EVENTS = 3,
	GTV_BLOCK_CHECKPOINT = 4,
	GTV_BLOCK_ZOOM = 5,
	GTV_BLOCK_OUTPUT = 6,
	GTV_BLOCK_INDEX = 7,
	GTV_BLOCK_FOOTER = 8,
	GTV_BLOCK_KIND_MAX
};

#define GTV_BLOCK_ZSTD 1u /* flags: the payload is one zstd frame */

struct gtv_head {
	uint8_t version, kind;
	uint16_t flags;
	uint32_t count; /* of what it holds: events, names, outputs, index entries */
	uint64_t from_ns, to_ns;
	uint32_t stored_bytes; /* of the payload in the file */
	uint32_t raw_bytes;    /* of the payload */
	uint32_t aux;	       /* EVENTS: lost; ZOOM: level; NAMES: 1 in a snapshot */
	uint32_t ordinal;      /* how many EVENTS blocks the file had before it */
	uint64_t payload_hash;
};

/* The longest payload of a kind; of an unknown kind nothing is ever unpacked. */
#define GTV_RAW_MAX	  (64u << 20)
#define GTV_RAW_MAX_SMALL (1u << 20) /* INFO, NAMES, OUTPUT */
uint32_t gtv_block_raw_max(unsigned kind);
#define GTV_OUTPUT_BYTES_MIN 12 /* of one output: its time and its length */

enum gtv_head_verdict { GTV_HEAD_GOOD, GTV_HEAD_BAD, GTV_HEAD_LATER };
/* Reads a head of GTV_HEAD_BYTES; LATER: undamaged, of a later version. */
enum gtv_head_verdict gtv_head_read(struct gtv_head *head, const uint8_t *bytes);
/* Whether sizes and times are such as an undamaged head says. */
int gtv_head_plausible(const struct gtv_head *head);
void gtv_head_write(const struct gtv_head *head, uint8_t *bytes);

uint64_t gtv_payload_hash(const void *payload, size_t size);

/* Room for the payload of `raw_bytes` and its head. */
size_t gtv_block_bound(size_t raw_bytes);

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
/* A payload: its bytes, and where in it bytes of another kind begin (seam NULL: nowhere;
 * ascending, the last is the size). */
struct gtv_payload {
	const void *raw;
	size_t size;
	const uint32_t *seam;
	size_t seams;
};

/* Makes a block in `out` (room for gtv_block_bound): packs the payload, fills in sizes
 * and checksum of `head`, writes it in front. Returns the block's size. */
size_t gtv_block_pack(struct ZSTD_CCtx_s *zstd, struct gtv_head *head,
		      const struct gtv_payload *payload, uint8_t *out);
/* Checks a payload and unpacks it into `raw` (room for head->raw_bytes). 0 or
 * -GTV_ECORRUPT. */
int gtv_block_unpack(struct ZSTD_DCtx_s *zstd, const struct gtv_head *head,
		     const void *stored, void *raw);

#endif
