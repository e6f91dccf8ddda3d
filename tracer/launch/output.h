/* SPDX-License-Identifier: MIT
 * How a file that will be written is opened: what output.c and output_as.c share.
 */
#ifndef GTV_LAUNCH_OUTPUT_H
#define GTV_LAUNCH_OUTPUT_H

#include "tracer/launch/launch.h"

/* O_NOFOLLOW guards the last step; O_NONBLOCK keeps a planted pipe from holding us
 * up; nothing is truncated before we know what it is. */
#define GTV_OUTPUT_CAREFUL (O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Opens or makes it as who we are: the descriptor, or -1 and errno. */
int gtv_output__careful(const char *path, int *created);
/* The same as the user, who may be another while we are root. */
int gtv_output__as(const char *path, const struct gtv_user *user, int *created);

#endif
