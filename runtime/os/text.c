/* SPDX-License-Identifier: MIT */
#include "runtime/os/text.h"

#include "runtime/os/raw.h"

void gt__text_add(struct gt__text *text, const char *more)
{
	/* One byte is kept for the end of the line. */
	while (*more && text->len < sizeof text->line - 1)
		text->line[text->len++] = *more++;
}

static void add_digits(struct gt__text *text, uint64_t number, unsigned base)
{
	char digits[24];
	size_t i = sizeof digits;

	digits[--i] = '\0';
	do
		digits[--i] = "0123456789abcdef"[number % base];
	while (number /= base);
	gt__text_add(text, digits + i);
}

void gt__text_number(struct gt__text *text, uint64_t number)
{
	add_digits(text, number, 10);
}

void gt__text_hex(struct gt__text *text, uint64_t number)
{
	gt__text_add(text, "0x");
	add_digits(text, number, 16);
}

void gt__text_time(struct gt__text *text, uint64_t ns)
{
	if (ns < 10000000u) {
		add_digits(text, ns / 1000u, 10);
		gt__text_add(text, " us");
	} else if (ns < 10000000000u) {
		add_digits(text, ns / 1000000u, 10);
		gt__text_add(text, " ms");
	} else {
		add_digits(text, ns / 1000000000u, 10);
		gt__text_add(text, " s");
	}
}

void gt__text_write(struct gt__text *text, int fd)
{
	size_t done = 0;

	text->line[text->len++] = '\n';
	while (done < text->len) {
		ssize_t n = gt__raw_write(fd, text->line + done, text->len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	text->len = 0;
}
