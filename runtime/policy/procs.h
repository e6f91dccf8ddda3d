/* SPDX-License-Identifier: MIT
 *
 * What others tell the policy procs (procs.c).
 */
#ifndef GT_PROCS_H
#define GT_PROCS_H

/* This process has timers that are to go off, or none any more: until then the others do
 * not wait for ever. */
void gt__procs_timers(int pending);

#endif
