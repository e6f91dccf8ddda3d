/* SPDX-License-Identifier: MIT
 *
 * Lines of text made where printf must not be called: in signal handlers. What does not
 * fit into a line is cut off.
 */
#ifndef GT_TEXT_H
#define GT_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct gt__text {
	size_t len;
	char line[400];
};

void gt__text_add(struct gt__text *text, const char *more);
void gt__text_number(struct gt__text *text, uint64_t number);
void gt__text_hex(struct gt__text *text, uint64_t number);
/* With the unit that leaves a few digits: "17 us", "230 ms", "12 s". */
void gt__text_time(struct gt__text *text, uint64_t ns);
/* Writes the line with its end, and empties it. */
void gt__text_write(struct gt__text *text, int fd);

#endif
