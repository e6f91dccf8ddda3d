/* SPDX-License-Identifier: MIT
 *
 * Callbacks: functions called soon, at a time, or when a descriptor is ready.
 *
 * A green thread of ours, "callbacks", waits for times and descriptors under every
 * policy; it is there while there is something to wait for. What is due a policy with a
 * loop of its own calls itself, in its line with the green threads (struct gt__policy's
 * call_soon); elsewhere "callbacks" does.
 */
#ifndef GT_CALLBACK_H
#define GT_CALLBACK_H

#include "runtime/core/rt.h"

/* Calls what call_soon was given, as `self`, which is the current green thread or stands
 * for the loop (id 0); frees it. What would wait is refused with -EDEADLK meanwhile. */
void gt__callback_call(struct gt *self, struct gt *node);
/* Timers that are kept, cancelled ones included. */
uint32_t gt__callback_timers(void);

#endif
