/* SPDX-License-Identifier: MIT
 *
 * Times as people write them: 1.5s, 20ms, 300us. The command line, conditions of
 * triggers and the screen read them alike.
 */
#ifndef GTV_DURATION_H
#define GTV_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* The first `size` bytes of text, all of them a time ("1.5s" "20ms" "300us" "7ns" "0"),
 * into ns; -GTV_EUSAGE for anything else. */
int gtv_duration(const char *text, size_t size, uint64_t *out_ns);

#endif
