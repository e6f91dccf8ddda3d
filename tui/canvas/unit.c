/* SPDX-License-Identifier: MIT */
#include "tui/canvas/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui/canvas/format.h"

struct tui_unit tui_unit_of(uint64_t most_ns)
{
	if (most_ns >= 1000000000u)
		return (struct tui_unit){"s", 1000000000u, 3};
	if (most_ns >= 1000000u)
		return (struct tui_unit){"ms", 1000000u, 3};
	if (most_ns >= 1000u)
		return (struct tui_unit){"µs", 1000u, 3};
	return (struct tui_unit){"ns", 1u, 0};
}

char *tui_unit_format(char *buf, size_t size, uint64_t ns, struct tui_unit unit)
{
	uint64_t step = unit.ns, scale = 1, rest;
	for (int i = 0; i < unit.digits; i++) {
		step /= 10;
		scale *= 10;
	}
	if (!step)
		step = 1;
	rest = ns / step + (ns % step >= step - step / 2 && step > 1);
	if (unit.digits)
		snprintf(buf, size, "%" PRIu64 ".%0*" PRIu64, rest / scale, unit.digits,
			 rest % scale);
	else
		snprintf(buf, size, "%" PRIu64, rest);
	return buf;
}

static int columns(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void tui_unit_right(struct tui_canvas *canvas, int right, int y, int width, int role,
		    const char *text)
{
	int n = columns(text);
	if (n > width)
		n = width;
	tui_canvas_text(canvas, right - n + 1, y, n, role, text);
}

int tui_unit_is_least(uint64_t ns, struct tui_unit unit)
{
	char text[TUI_FIGURE];
	tui_unit_format(text, sizeof(text), ns, unit);
	return ns > 0 && text[strspn(text, "0.")] == '\0';
}

void tui_unit_ns(struct tui_canvas *canvas, int right, int y, int width, int role,
		 uint64_t ns, struct tui_unit unit)
{
	char text[TUI_FIGURE] = "<";
	int least = tui_unit_is_least(ns, unit);
	tui_unit_format(text + least, sizeof(text) - 1, ns, unit);
	if (least)
		text[strlen(text) - 1] = '1';
	tui_unit_right(canvas, right, y, width, role, text);
}

void tui_unit_count(struct tui_canvas *canvas, int right, int y, int width, int role,
		    uint64_t count)
{
	char text[TUI_FIGURE];
	tui_format_count(text, sizeof(text), count);
	if ((int)strlen(text) > width)
		tui_format_rate(text, sizeof(text), (double)count);
	tui_unit_right(canvas, right, y, width, role, text);
}

void tui_unit_share(struct tui_canvas *canvas, int right, int y, int width, int role,
		    uint64_t part, uint64_t whole, const char *sign)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;
	char text[TUI_FIGURE];
	if (part < whole && share > 99.9)
		share = 99.9;
	if (part && share < 0.1)
		snprintf(text, sizeof(text), "<0.1%s", sign);
	else
		snprintf(text, sizeof(text), "%.1f%s", share, sign);
	tui_unit_right(canvas, right, y, width, role, text);
}

void tui_unit_head(struct tui_canvas *canvas, int right, int y, int width, const char *word,
		   const char *unit)
{
	char text[64];
	snprintf(text, sizeof(text), "%s%s%s", word, *unit ? " " : "", unit);
	tui_unit_right(canvas, right, y, width, TUI_DIM, text);
}
