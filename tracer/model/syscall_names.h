/* SPDX-License-Identifier: MIT
 *
 * Names of system calls, by the numbers of the machine that gtviz was built for.
 */
#ifndef GTV_SYSCALL_NAMES_H
#define GTV_SYSCALL_NAMES_H

/* "futex", or NULL if the number has no name. */
const char *gtv_syscall_name(unsigned nr);

#endif
