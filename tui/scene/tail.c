/* SPDX-License-Identifier: MIT */
#include "tui/scene/tail.h"

#include <stdlib.h>
#include <string.h>

#define TAIL_BYTES 65536

/* The length of the escape sequence at text[0] == ESC: CSI to its final letter, OSC
 * and its kin to their terminator, else two bytes. */
static size_t sequence_size(const char *text, size_t size)
{
	size_t i = 2;

	if (size < 2)
		return size;
	if (text[1] == '[') {
		while (i < size && (text[i] < '@' || text[i] > '~'))
			i++;
		return i < size ? i + 1 : size;
	}
	if (!strchr("]PX^_", text[1]))
		return 2;
	for (; i < size; i++) {
		if (text[i] == '\a')
			return i + 1;
		if (text[i] == '\033')
			return i + 1 < size ? i + 2 : size;
	}
	return size;
}

size_t tui_tail_clean(char *text, size_t size)
{
	size_t out = 0, line = 0;

	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\033') {
			i += sequence_size(text + i, size - i);
			continue;
		}
		if (c == '\r' && i + 1 < size && text[i + 1] != '\n' && text[i + 1] != '\r')
			out = line;
		else if (c == '\b' && out > line)
			out--;
		else if (c == '\n' || c == '\t' || (c >= ' ' && c != 127))
			text[out++] = text[i];
		if (c == '\n')
			line = out;
		i++;
	}
	return out;
}

/* The program's last bytes: as many whole pieces as fit. Returns owned. */
static char *last_bytes(const struct gtv_store *store, size_t *out_size)
{
	size_t first = gtv_store_output_count(store), count = first, size = 0;
	char *text = malloc(TAIL_BYTES);

	if (!text)
		return NULL;
	/* Written from the end of the buffer to its begin. */
	while (first > gtv_store_first_output(store) && size < TAIL_BYTES) {
		uint64_t ts_ns;
		void *bytes;
		size_t n;

		if (gtv_store_get_output(store, --first, &ts_ns, &bytes, &n))
			continue;
		size_t take = n < TAIL_BYTES - size ? n : TAIL_BYTES - size;

		size += take;
		memcpy(text + TAIL_BYTES - size, (const char *)bytes + n - take, take);
		free(bytes);
	}
	memmove(text, text + TAIL_BYTES - size, size);
	*out_size = count ? size : 0;
	return text;
}

void tui_tail_print(const struct gtv_store *store, int lines, FILE *out)
{
	size_t size = 0, from;
	char *text = last_bytes(store, &size);

	if (!text)
		return;
	size = tui_tail_clean(text, size);
	while (size && text[size - 1] == '\n')
		size--;
	for (from = size; from > 0; from--)
		if (text[from - 1] == '\n' && --lines <= 0)
			break;
	if (size) {
		fwrite(text + from, 1, size - from, out);
		fputc('\n', out);
	}
	fflush(out);
	free(text);
}
