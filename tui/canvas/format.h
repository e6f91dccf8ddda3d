/* SPDX-License-Identifier: MIT
 *
 * Figures as people read them: lengths and moments of time, counts, sizes. The
 * same figure looks the same in every view.
 */
#ifndef TUI_CANVAS_FORMAT_H
#define TUI_CANVAS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TUI_FIGURE 40 /* bytes that hold any of them */

/* "4.93 ms", "30 µs", "1.25 s": three digits and a unit. Each returns buf. */
char *tui_format_length(char *buf, size_t size, uint64_t ns);
/* For a hall, two digits: "4.9 ms", "12 µs". */
char *tui_format_short(char *buf, size_t size, uint64_t ns);
/* A moment: "1.202 72", digits in threes, as many as resolution_ns needs; seconds. */
char *tui_format_time(char *buf, size_t size, int64_t ns, uint64_t resolution_ns);
/* "1,204". */
char *tui_format_count(char *buf, size_t size, uint64_t count);
/* "48.2 k", "3.1 M". */
char *tui_format_rate(char *buf, size_t size, double rate);
/* "4 MiB". */
char *tui_format_bytes(char *buf, size_t size, uint64_t bytes);
/* "40%", "2.0%", "<0.1%", and "99.8%": 100% is all of it; short: "2%", "<1%". */
char *tui_format_share(char *buf, size_t size, uint64_t part, uint64_t whole);
char *tui_format_share_short(char *buf, size_t size, uint64_t part, uint64_t whole);

#endif
