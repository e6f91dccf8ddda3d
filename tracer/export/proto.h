/* SPDX-License-Identifier: MIT
 *
 * Protocol buffers, written: bytes that grow, and the four shapes of fields that
 * Perfetto's traces have. (protobuf.dev, "Encoding", is the specification.)
 */
#ifndef GTV_EXPORT_PROTO_H
#define GTV_EXPORT_PROTO_H

#include <stddef.h>
#include <stdint.h>

struct gtv__bytes {
	uint8_t *p;
	size_t len, cap;
	int no_memory; /* what was put since is not all there */
};

void gtv__put_varint(struct gtv__bytes *b, uint64_t v);
void gtv__put_number(struct gtv__bytes *b, unsigned field, uint64_t v);
void gtv__put_fixed64(struct gtv__bytes *b, unsigned field, uint64_t v);
void gtv__put_bytes(struct gtv__bytes *b, unsigned field, const void *p, size_t len);
void gtv__put_text(struct gtv__bytes *b, unsigned field, const char *text);
/* A message inside: begin returns what end wants. */
size_t gtv__put_begin(struct gtv__bytes *b, unsigned field);
void gtv__put_end(struct gtv__bytes *b, size_t at);
void gtv__bytes_free(struct gtv__bytes *b);

#endif
