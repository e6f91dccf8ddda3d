/* SPDX-License-Identifier: MIT */
#include "tracer/export/proto.h"

#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2 };

/* A message's length is known only at its end: its place is kept, in a varint that is
 * longer than it need be (as Perfetto's own writer does). */
#define LENGTH_BYTES 4

static uint8_t *more(struct gtv__bytes *b, size_t len)
{
	if (b->cap - b->len < len) {
		size_t cap = b->cap ? 2 * b->cap : 4096;

		while (cap - b->len < len)
			cap *= 2;

		uint8_t *p = realloc(b->p, cap);

		if (!p) {
			b->no_memory = 1;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	b->len += len;
	return b->p + b->len - len;
}

void gtv__put_varint(struct gtv__bytes *b, uint64_t v)
{
	uint8_t bytes[10];
	size_t len = 0;

	for (; v > 0x7f; v >>= 7)
		bytes[len++] = (uint8_t)(v | 0x80);
	bytes[len++] = (uint8_t)v;

	uint8_t *p = more(b, len);

	if (p)
		memcpy(p, bytes, len);
}

static void put_tag(struct gtv__bytes *b, unsigned field, unsigned shape)
{
	gtv__put_varint(b, (uint64_t)field << 3 | shape);
}

void gtv__put_number(struct gtv__bytes *b, unsigned field, uint64_t v)
{
	put_tag(b, field, VARINT);
	gtv__put_varint(b, v);
}

void gtv__put_fixed64(struct gtv__bytes *b, unsigned field, uint64_t v)
{
	put_tag(b, field, FIXED64);

	uint8_t *p = more(b, 8);

	for (int i = 0; p && i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void gtv__put_bytes(struct gtv__bytes *b, unsigned field, const void *bytes, size_t len)
{
	put_tag(b, field, LENGTH);
	gtv__put_varint(b, len);

	uint8_t *p = more(b, len);

	if (p && len)
		memcpy(p, bytes, len);
}

void gtv__put_text(struct gtv__bytes *b, unsigned field, const char *text)
{
	gtv__put_bytes(b, field, text, strlen(text));
}

size_t gtv__put_begin(struct gtv__bytes *b, unsigned field)
{
	put_tag(b, field, LENGTH);
	more(b, LENGTH_BYTES);
	return b->len;
}

void gtv__put_end(struct gtv__bytes *b, size_t at)
{
	size_t len = b->len - at;

	if (b->no_memory)
		return;
	for (int i = 0; i < LENGTH_BYTES; i++, len >>= 7)
		b->p[at - LENGTH_BYTES + (size_t)i] =
			(uint8_t)((len & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

void gtv__bytes_free(struct gtv__bytes *b)
{
	free(b->p);
	*b = (struct gtv__bytes){0};
}
