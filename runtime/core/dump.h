/* SPDX-License-Identifier: MIT
 *
 * The listing of all green threads, asked for by gt_dump or by SIGQUIT. It is made in
 * the signal's handler, with nothing but write, process_vm_readv and dladdr (which is
 * not on POSIX's list, but takes no lock that a green thread holds unless it is within
 * dlopen): so it appears even if one green thread never lets the others run.
 */
#ifndef GT_DUMP_H
#define GT_DUMP_H

/* The beginning and the end of a run: SIGQUIT, if the program has no handler. */
void gt__dump_open(void);
void gt__dump_close(void);
/* In a process that is one of several of a run: the first one lists them all. */
void gt__dump_leave(void);

#endif
