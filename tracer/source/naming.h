/* SPDX-License-Identifier: MIT
 *
 * What every source needs: names of processes and OS threads, bounded so that a
 * program which makes them without end cannot eat the recorder's memory, and the
 * record of a loss.
 */
#ifndef GTV_NAMING_H
#define GTV_NAMING_H

#include <stdint.h>
#include <sys/types.h>

#include "tracer/base/names.h"
#include "tracer/merge/merge.h"

#define GTV_COMM_BYTES 16

/* Threads and processes named in one trace; beyond, events carry bare numbers. */
#define GTV_NAMING_MAX (1u << 18)

/* Adds to what is known of a thread: whatever is 0 or NULL leaves the entry as it
 * is, flags are added. The text of a process is its first thread's. */
void gtv_naming_thread(struct gtv_names *names, uint32_t tid, uint32_t pid,
		       const char *comm, uint32_t flags);
/* The same of a process. */
void gtv_naming_process(struct gtv_names *names, uint32_t pid, uint32_t parent,
			const char *comm, uint32_t flags);
/* A child was forked by a thread: a thread of process `pid`, or a process. */
void gtv_naming_fork(struct gtv_names *names, uint32_t parent_tid, uint32_t tid,
		     uint32_t pid);
/* A thread's name as /proc has it; empty if it is gone. Returns buf. */
char *gtv_naming_comm(uint32_t pid, uint32_t tid, char buf[GTV_COMM_BYTES]);

/* Which devices each interrupt is of, as /proc/interrupts (the file `path`) has it. Without
 * the file, or a line of it, interrupts are numbers. */
void gtv_naming_interrupts(struct gtv_names *names, const char *path);

/* A loss of `count` events of `kind` (0: not known) in [from, to]. A LOSS event
 * reaches back 4.29 s at most, so a longer range is several events, the last of
 * which has the count. */
struct gtv_loss_range {
	uint32_t source; /* enum gtv_source_id */
	uint32_t tid;
	int32_t core;
	uint32_t kind;
	uint64_t count, from_ns, to_ns;
};
int gtv_naming_loss(struct gtv_merge *merge, int stream, const struct gtv_loss_range *loss);

#endif
