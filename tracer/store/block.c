/* SPDX-License-Identifier: MIT */
#include "tracer/store/block.h"

#include <xxhash.h>
#include <zstd.h>

#include "tracer/store/bytes.h"

#define HASH_OFFSET 56 /* of the head's own checksum; fixed in every version */

uint32_t gtv_block_raw_max(unsigned kind)
{
	switch (kind) {
	case GTV_BLOCK_INFO:
	case GTV_BLOCK_NAMES:
	case GTV_BLOCK_OUTPUT:
		return GTV_RAW_MAX_SMALL;
	case GTV_BLOCK_EVENTS:
		return GTV_CODEC_RAW_MAX;
	case GTV_BLOCK_FOOTER:
		return 0;
	case GTV_BLOCK_ZOOM:
		return GTV_ZOOM_BYTES_MAX;
	default:
		return GTV_RAW_MAX;
	}
}

void gtv_head_write(const struct gtv_head *head, uint8_t *bytes)
{
	uint8_t *p = put_bytes(bytes, GTV_BLOCK_MAGIC, GTV_MAGIC_BYTES);

	*p++ = head->version;
	*p++ = head->kind;
	p = put_u16(p, head->flags);
	p = put_u32(p, head->count);
	p = put_u64(p, head->from_ns);
	p = put_u64(p, head->to_ns);
	p = put_u32(p, head->stored_bytes);
	p = put_u32(p, head->raw_bytes);
	p = put_u32(p, head->aux);
	p = put_u32(p, head->ordinal);
	p = put_u64(p, head->payload_hash);
	put_u64(p, XXH3_64bits(bytes, HASH_OFFSET));
}

int gtv_head_plausible(const struct gtv_head *head)
{
	if (!head->kind || head->raw_bytes > gtv_block_raw_max(head->kind))
		return 0;
	if (head->kind == GTV_BLOCK_EVENTS &&
	    (!head->count || head->count > GTV_BLOCK_MAX || head->count > head->raw_bytes ||
	     head->from_ns > head->to_ns))
		return 0;
	if (head->kind == GTV_BLOCK_OUTPUT &&
	    head->count > head->raw_bytes / GTV_OUTPUT_BYTES_MIN)
		return 0;
	/* A payload that packing would make longer is stored as it is. */
	return head->stored_bytes <= head->raw_bytes;
}

enum gtv_head_verdict gtv_head_read(struct gtv_head *head, const uint8_t *bytes)
{
	struct cursor in = {.p = bytes + GTV_MAGIC_BYTES, .end = bytes + GTV_HEAD_BYTES};

	head->version = take_u8(&in);
	head->kind = take_u8(&in);
	head->flags = take_u16(&in);
	head->count = take_u32(&in);
	head->from_ns = take_u64(&in);
	head->to_ns = take_u64(&in);
	head->stored_bytes = take_u32(&in);
	head->raw_bytes = take_u32(&in);
	head->aux = take_u32(&in);
	head->ordinal = take_u32(&in);
	head->payload_hash = take_u64(&in);
	if (memcmp(bytes, GTV_BLOCK_MAGIC, GTV_MAGIC_BYTES) ||
	    take_u64(&in) != XXH3_64bits(bytes, HASH_OFFSET))
		return GTV_HEAD_BAD;
	if (head->version > GTV_FORMAT_VERSION)
		return GTV_HEAD_LATER;
	return head->version && gtv_head_plausible(head) ? GTV_HEAD_GOOD : GTV_HEAD_BAD;
}

uint64_t gtv_payload_hash(const void *payload, size_t size)
{
	return XXH3_64bits(payload, size);
}

size_t gtv_block_bound(size_t raw_bytes)
{
	return GTV_HEAD_BYTES + ZSTD_compressBound(raw_bytes);
}

/* zstd's level. A small block, closed by its age, comes 40 times a second at most: it may
 * take up to 0.3 ms. Zoom blocks come about once a second, and leave time for more. */
static int effort(unsigned kind, size_t raw_bytes)
{
	if (raw_bytes <= 4096)
		return 12;
	return kind == GTV_BLOCK_ZOOM || raw_bytes <= 32768 ? 6 : 1;
}

/* zstd counts how often each byte comes in a stretch of its own choosing, whatever it is a
 * byte of. Telling it where planes end (a flush: it begins a stretch) makes some 10% of
 * a block's size. A stretch has a head of its own, so small planes stay together. */
static int seam_pays(size_t before, size_t after, size_t least)
{
	return before >= least / 4 && (before >= least || after >= least);
}

/* 0 or what is left, if it does not fit. */
static size_t pack_some(ZSTD_CCtx *zstd, ZSTD_outBuffer *to, const void *from, size_t size,
			int last)
{
	ZSTD_inBuffer in = {from, size, 0};
	size_t left, pos;

	do {
		pos = to->pos + in.pos;
		left = ZSTD_compressStream2(zstd, to, &in,
					    last ? ZSTD_e_end : ZSTD_e_flush);
	} while (!ZSTD_isError(left) && left && to->pos + in.pos > pos);
	return left;
}

/* One zstd frame. Its size, or more than `room`. */
static size_t pack(ZSTD_CCtx *zstd, const struct gtv_payload *p, int level, uint8_t *out,
		   size_t room)
{
	ZSTD_outBuffer to = {out, room, 0};
	size_t at = 0, least = p->size / 32 > 1024 ? p->size / 32 : 1024;

	if (!p->size)
		return 0; /* a footer: all is in its head */

	ZSTD_CCtx_reset(zstd, ZSTD_reset_session_only);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setPledgedSrcSize(zstd, p->size);
	for (size_t i = 0; i + 1 < p->seams; i++) {
		size_t end = p->seam[i];
		if (!seam_pays(end - at, p->seam[i + 1] - end, least))
			continue;
		if (pack_some(zstd, &to, (const uint8_t *)p->raw + at, end - at, 0))
			return room + 1;
		at = end;
	}
	if (pack_some(zstd, &to, (const uint8_t *)p->raw + at, p->size - at, 1))
		return room + 1;
	return to.pos;
}

size_t gtv_block_pack(ZSTD_CCtx *zstd, struct gtv_head *head, const struct gtv_payload *p,
		      uint8_t *out)
{
	uint8_t *payload = out + GTV_HEAD_BYTES;
	size_t stored = pack(zstd, p, effort(head->kind, p->size), payload,
			     ZSTD_compressBound(p->size));

	head->version = GTV_FORMAT_VERSION;
	head->flags = GTV_BLOCK_ZSTD;
	if (stored >= p->size) {
		head->flags = 0;
		stored = p->size;
		put_bytes(payload, p->raw, p->size);
	}
	head->raw_bytes = (uint32_t)p->size;
	head->stored_bytes = (uint32_t)stored;
	head->payload_hash = gtv_payload_hash(payload, stored);
	gtv_head_write(head, out);
	return GTV_HEAD_BYTES + stored;
}

int gtv_block_unpack(ZSTD_DCtx *zstd, const struct gtv_head *head, const void *stored,
		     void *raw)
{
	if (gtv_payload_hash(stored, head->stored_bytes) != head->payload_hash)
		return -GTV_ECORRUPT;
	if (!(head->flags & GTV_BLOCK_ZSTD)) {
		if (head->stored_bytes != head->raw_bytes)
			return -GTV_ECORRUPT;
		put_bytes(raw, stored, head->raw_bytes);
		return 0;
	}
	size_t size =
		ZSTD_decompressDCtx(zstd, raw, head->raw_bytes, stored, head->stored_bytes);
	return ZSTD_isError(size) || size != head->raw_bytes ? -GTV_ECORRUPT : 0;
}
