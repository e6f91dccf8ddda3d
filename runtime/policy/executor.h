/* SPDX-License-Identifier: MIT
 *
 * The processes that gt_executor_call has its functions called in (asyncio's
 * executor=processes). They are forked before the run begins, when nothing else goes on.
 */
#ifndef GT_EXECUTOR_H
#define GT_EXECUTOR_H

#include <stdint.h>

/* Starts that many processes, for the run that begins. 0 or -errno. */
int gt__executor_open(uint32_t processes);
/* Ends them; no call may be under way. Nothing if there are none. */
void gt__executor_close(void);
/* In the child of a program's own fork: they are its parent's. */
void gt__executor_forked(void);

#endif
