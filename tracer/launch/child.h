/* SPDX-License-Identifier: MIT
 *
 * The child between fork and exec: everything that makes the program run as its
 * caller's shell would have started it.
 */
#ifndef GTV_LAUNCH_CHILD_H
#define GTV_LAUNCH_CHILD_H

#include "tracer/launch/launch.h"

/* What the child reports: once that it is ready (error 0), later exec's errno. */
struct gtv_child_report {
	int error;
	char step[28]; /* what failed; empty: finding or executing the program */
};

/* Never returns. pty_name: its terminal, if config says it has one. */
_Noreturn void gtv_child_run(const struct gtv_launch_config *config, const char *pty_name,
			     int hold_fd, int report_fd);

/* inherit.c: what gtviz itself was started with, noted before main. In the child:
 * signals as they were then, and only descriptors that were there then (and are still
 * the same files) stay open over the exec. */
void gtv_inherit_signals(void);
void gtv_inherit_descriptors(void);

#endif
