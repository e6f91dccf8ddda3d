/* SPDX-License-Identifier: MIT
 *
 * Asks a running program for its rings: runtime/abi/gtv_attach.h, gtviz's side. The
 * program's memory is read and written by the rules for debuggers, and believed in
 * nothing: what it says can make us write into itself alone, and wake its own threads.
 */
#ifndef GTV_SOURCE_ATTACH_H
#define GTV_SOURCE_ATTACH_H

#include <stdint.h>
#include <sys/types.h>

struct gtv_attached {
	pid_t pid;
	int memory; /* of the process; stays writable when privileges are gone */
	uint64_t address;
	uint32_t request;
	int begun;
	int refused; /* -errno: it runs on libgt, but not so that it can be asked; 0 */
};

/* Looks for the note in all that the process has mapped. 0; -GTV_ENOTFOUND: it does not
 * run on libgt, or on nothing that can be asked; -GTV_EPERM. */
int gtv_attached_open(struct gtv_attached *at, pid_t pid);
/* Puts a request (GTV_ATTACH_*) and wakes the program. `socket`: the one that hands out
 * the memory file, may be NULL for GTV_ATTACH_END. 0 or -GTV_EIO. */
int gtv_attached_ask(struct gtv_attached *at, uint32_t want, const char *socket);
/* Wakes it again: it could not listen then. */
void gtv_attached_wake(const struct gtv_attached *at);
/* 1: it has answered, *result 0 or -errno; 0: not yet; -GTV_EIO: it is gone. */
int gtv_attached_answer(const struct gtv_attached *at, int *result);
void gtv_attached_close(struct gtv_attached *at);

#endif
