/* SPDX-License-Identifier: MIT
 *
 * How long the collector sleeps between two rounds. While something comes a round is
 * short. While nothing does it grows: to look at rings in which nothing is costs as much
 * of a core as a program that sleeps leaves to be noticed.
 */
#ifndef GTV_SESSION_PACE_H
#define GTV_SESSION_PACE_H

#include <stdint.h>

#define GTV_PACE_SHORT_NS   4000000ull
#define GTV_PACE_LONGEST_NS 16000000ull /* what comes then is still in the file in time */

struct gtv_pace {
	uint64_t round_ns;   /* the next sleep */
	uint64_t longest_ns; /* never less than the short one */
};

/* room_ns: how long the kernel's rings, when they are dry, hold the most that may come.
 * Half of that is slept at most, for nothing wakes us when they fill; 0: it is not known,
 * so rounds stay short. */
void gtv_pace_begin(struct gtv_pace *pace, uint64_t room_ns);
/* A round is over; came: it brought anything. */
void gtv_pace_turn(struct gtv_pace *pace, int came);

#endif
