/* SPDX-License-Identifier: MIT
 * The book that tools/marks.c keeps of its marks.
 */
#ifndef MARKS_H
#define MARKS_H

#include <stdint.h>

#define MARKS_WRITERS  2
#define MARKS_MAX      65536
#define MARKS_EVERY_NS 50000u

struct marks_page {
	uint64_t count;
	uint64_t ts_ns[MARKS_MAX];
};

struct marks_book {
	struct marks_page writer[MARKS_WRITERS];
};

#endif
