/* SPDX-License-Identifier: MIT
 *
 * Figures in tables: one unit a column, named in its head, so that figures below each
 * other can be compared by their length alone.
 */
#ifndef TUI_CANVAS_UNIT_H
#define TUI_CANVAS_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "tui/canvas/canvas.h"

struct tui_unit {
	const char *name; /* "s", "ms", "µs", "ns" */
	uint64_t ns;
	int digits; /* behind the point */
};

/* The unit in which the largest of a column has one to three digits before the point. */
struct tui_unit tui_unit_of(uint64_t most_ns);
/* "9.997". Returns buf. */
char *tui_unit_format(char *buf, size_t size, uint64_t ns, struct tui_unit unit);
/* Right-aligned: its last column is `right`. A head with its unit: "TOTAL s". */
void tui_unit_right(struct tui_canvas *canvas, int right, int y, int width, int role,
		    const char *text);
/* What is not nothing is not shown as 0.000: "<0.001". */
void tui_unit_ns(struct tui_canvas *canvas, int right, int y, int width, int role,
		 uint64_t ns, struct tui_unit unit);
/* Less than the unit can show, but something. */
int tui_unit_is_least(uint64_t ns, struct tui_unit unit);
void tui_unit_count(struct tui_canvas *canvas, int right, int y, int width, int role,
		    uint64_t count);
/* "91.6%"; 100% only if it is all of it. */
void tui_unit_share(struct tui_canvas *canvas, int right, int y, int width, int role,
		    uint64_t part, uint64_t whole, const char *sign);
void tui_unit_head(struct tui_canvas *canvas, int right, int y, int width, const char *word,
		   const char *unit);

#endif
