/* SPDX-License-Identifier: MIT
 *
 * Which files the program's processes have mapped as code, and where: told by the kernel
 * as it happens (PERF_RECORD_MMAP2), so it is known without looking into a process: that
 * may be forbidden, once privileges are dropped, and comes too late for one that has
 * ended.
 */
#ifndef GTV_MAPPED_H
#define GTV_MAPPED_H

#include <stdint.h>
#include <sys/types.h>

struct gtv_mapped;

/* For the held program and all that it will fork. May need privileges: before they are
 * dropped. Returns owned; NULL if it can't be had. */
struct gtv_mapped *gtv_mapped_open(pid_t child);
/* For programs that run already: what /proc says of each, before privileges are dropped.
 * new: Returns owned, NULL without memory. */
struct gtv_mapped *gtv_mapped_new(void);
void gtv_mapped_read(struct gtv_mapped *m, uint32_t pid);
void gtv_mapped_close(struct gtv_mapped *m);
void gtv_mapped_drain(struct gtv_mapped *m);

/* The last mapping of process pid at ts_ns that begins at or below addr: where it begins,
 * at which offset of which file. Borrows path until the next drain. 1, or 0: none. */
int gtv_mapped_below(const struct gtv_mapped *m, uint32_t pid, uint64_t ts_ns,
		     uint64_t addr, uint64_t *start, uint64_t *offset, const char **path);

#endif
