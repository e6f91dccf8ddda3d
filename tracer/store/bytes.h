/* SPDX-License-Identifier: MIT
 *
 * Little-endian integers in byte buffers, and a reader of them that cannot leave
 * its buffer: past the end it gives zeros and remembers that it was asked.
 */
#ifndef GTV_STORE_BYTES_H
#define GTV_STORE_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint8_t *put_u16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline uint8_t *put_u32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline uint8_t *put_u64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t size)
{
	if (!size) /* p or bytes may be NULL */
		return p;
	memcpy(p, bytes, size);
	return p + size;
}

struct cursor {
	const uint8_t *p, *end;
	int short_read; /* somebody asked for more than there was */
};

/* The next `size` bytes, or NULL. */
static inline const uint8_t *take(struct cursor *c, size_t size)
{
	if ((size_t)(c->end - c->p) < size) {
		c->short_read = 1;
		c->p = c->end;
		return NULL;
	}
	c->p += size;
	return c->p - size;
}

static inline uint8_t take_u8(struct cursor *c)
{
	const uint8_t *p = take(c, 1);
	return p ? *p : 0;
}

static inline uint16_t take_u16(struct cursor *c)
{
	const uint8_t *p = take(c, 2);
	uint16_t v = 0;
	if (p)
		memcpy(&v, p, sizeof v);
	return le16toh(v);
}

static inline uint32_t take_u32(struct cursor *c)
{
	const uint8_t *p = take(c, 4);
	uint32_t v = 0;
	if (p)
		memcpy(&v, p, sizeof v);
	return le32toh(v);
}

static inline uint64_t take_u64(struct cursor *c)
{
	const uint8_t *p = take(c, 8);
	uint64_t v = 0;
	if (p)
		memcpy(&v, p, sizeof v);
	return le64toh(v);
}

#endif
