/* SPDX-License-Identifier: MIT
 *
 * Names of system calls. A trace may come from another kind of machine: its own numbers
 * count, not ours.
 */
#ifndef GTV_SYSCALL_NAMES_H
#define GTV_SYSCALL_NAMES_H

#include "tracer/base/names.h"

/* "futex", "page fault" for GTV_CALL_FAULT - 1, or NULL if the number has no name on the
 * machine that the trace is of. Where that is not known (gtv_names_machine; names may be
 * NULL) it is taken for one like ours.
 */
const char *gtv_syscall_name(const struct gtv_names *names, unsigned nr);

#endif
