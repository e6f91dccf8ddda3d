/* SPDX-License-Identifier: MIT
 *
 * The threads of a running program and of its descendants, as /proc has them at one
 * moment. What is asked is hostile and moving: whoever is gone meanwhile is left out,
 * and the caller looks again until nothing is new.
 */
#ifndef GTV_BASE_PROCS_H
#define GTV_BASE_PROCS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gtv_procs_thread {
	uint32_t tid, pid; /* pid: its process */
	uint32_t parent;   /* of the process */
	char comm[16];
};

struct gtv_procs {
	struct gtv_procs_thread *thread; /* the processes in the order of their ids */
	size_t count, cap;
};

/* More threads than this are not looked at. */
#define GTV_PROCS_MAX 65536u

/* Fills *tree (initialised, perhaps from an earlier look) with the threads of `root` and
 * its descendants, but not those of `except` (0: none). 0, -GTV_ENOTFOUND if there is no
 * such process (any more), -GTV_ENOMEM. */
int gtv_procs_read(struct gtv_procs *tree, pid_t root, pid_t except);
void gtv_procs_fini(struct gtv_procs *tree);

/* What a thread does: enum gtv_off as its state; GTV_OFF_UNKNOWN while it runs, and for
 * what cannot be told. *call: the system call's number + 1 that it sleeps in, 0 not
 * known. *ts_ns: a moment of CLOCK_MONOTONIC at which it was so: it did not go on or off
 * a core between two looks around it. */
uint8_t gtv_procs_state(const struct gtv_procs_thread *thread, uint32_t *call,
			uint64_t *ts_ns);

/* The process that `text` means: a number, or a name (of the program's file, or as ps
 * shows it). If several are called so, the one from which all others descend. 0, or
 * -GTV_ENOTFOUND, -GTV_EUSAGE (several), and `why` says it in words. */
int gtv_procs_find(const char *text, pid_t *pid, char *why, size_t why_bytes);
/* The owner of a process, -1 if it is gone; its command line, printable or not. */
int64_t gtv_procs_uid(pid_t pid);
void gtv_procs_command(pid_t pid, char *buf, size_t size);

#endif
