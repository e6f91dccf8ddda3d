/* SPDX-License-Identifier: MIT
 *
 * Channels whose other end another process has. An end is an ordinary channel; behind it
 * green threads of ours, who talk with a socket, are its only senders or its only
 * receivers. So select, close and the rest are the channels' own.
 *
 * What is said on the socket, once either side has told its greeting:
 *
 *   greeting  "gtchan01", which end (1), three zeroes, element's bytes (4), the receiving
 *             end's capacity (4); numbers are little-endian
 *   sender    'E' and an element, any number of them; 'C', nothing more comes
 *   receiver  'A', an element was received: another may be sent
 *
 * The sender may send as many elements unanswered as the receiving end's capacity, at
 * least one. Whoever breaks a rule is cut off.
 */
#ifndef GT_LINK_H
#define GT_LINK_H

#include "runtime/gt.h"

struct gt__link;

/* `chan` was closed or is freed by the program: ends the talk. free: returns whether the
 * channel is to be kept, for those who are still in calls on it. */
void gt__link_closed(struct gt__link *link);
int gt__link_freed(struct gt__link *link);
/* A cleanup that closes the descriptor *fd. */
void gt__link_drop(void *fd);

#endif
