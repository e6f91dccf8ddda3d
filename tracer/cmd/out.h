/* SPDX-License-Identifier: MIT
 *
 * What the commands print with: a trace opened by its name, durations and counts as
 * people read them, tables whose columns line up.
 *
 * Nothing here uses colour or moves the cursor: reports are made to be piped.
 */
#ifndef GTV_CMD_OUT_H
#define GTV_CMD_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tracer/base/err.h"
#include "tracer/base/names.h"
#include "tracer/store/store.h"

/* Opens a trace to read; "-" is stdin. 0, or -GTV_E* with err filled. For good: gtviz
 * becomes the user who asked (sudo), and has no capability left. */
int gtv_out_open(const char *path, struct gtv_store **out, struct gtv_err *err);
/* The same in two steps, for who opens in another thread: the privileges are this one's
 * to give up. A descriptor, or -1 and err. */
int gtv_out_fd(const char *path, struct gtv_err *err);
/* Whether opening it waits for who writes to it. */
int gtv_out_is_fifo(const char *path);
/* Gives away what privileges there are, as gtv_out_fd does: for who has that done in a
 * thread, which could only give away its own. 0, or -1 and err. */
int gtv_out_drop(struct gtv_err *err);
/* Takes fd. `growing`: a pipe is not waited for to its end, the store grows
 * (gtv_store_open_stream). */
int gtv_out_open_fd(int fd, const char *path, int growing, struct gtv_store **out,
		    struct gtv_err *err);
/* Flushes; 0, or 1 after saying that not everything could be written. A reader
 * that went away (head) is not an error worth a line, but is still 1. */
int gtv_out_flush(FILE *f);

/* "9.997 s", "31.20 ms", "4.0 us", "17 ns": four figures at most. Returns buf. */
char *gtv_out_ns(uint64_t ns, char *buf, size_t size);
/* "482,114". Returns buf. */
char *gtv_out_count(uint64_t n, char *buf, size_t size);
/* "1.3 MB". Returns buf. */
char *gtv_out_bytes(uint64_t n, char *buf, size_t size);
/* Seconds since `start` with nine decimals, "-" before it. Returns buf. */
char *gtv_out_time(uint64_t ts_ns, uint64_t start_ns, char *buf, size_t size);

/* "level 3", or "simulated": what a trace's kernel events are worth. */
const char *gtv_out_level(int level, int simulated);

/* A table: a head, then rows of cells; printed when all widths are known. */
struct gtv_table;
struct gtv_table_column {
	const char *head;
	int right; /* figures stand to the right */
};
/* Borrows columns. Returns owned, NULL without memory. */
struct gtv_table *gtv_table_new(const struct gtv_table_column *columns, size_t count);
/* Fills the next cell, row by row. Without memory the table says so when printed. */
void gtv_table_cell(struct gtv_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints with two blanks between columns; 0, or 1 without memory. */
int gtv_table_print(const struct gtv_table *t, FILE *f);
void gtv_table_free(struct gtv_table *t);

#endif
