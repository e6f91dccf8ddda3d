/* SPDX-License-Identifier: MIT
 *
 * Whether a refusal is a container's: then privileges alone do not mend it.
 */
#ifndef GTV_SOURCE_CONFINED_H
#define GTV_SOURCE_CONFINED_H

#include "tracer/base/err.h"

/* Call after the system call `call` gave EPERM or EACCES. If a seccomp filter is in force
 * (containers have one), fills *err as to why and how to mend it, and returns -GTV_EPERM;
 * else returns 0 and leaves *err. */
int gtv_source_confined(const char *what, const char *call, struct gtv_err *err);

#endif
