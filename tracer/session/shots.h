/* SPDX-License-Identifier: MIT
 *
 * A recording with a trigger: what has fired, what came after it is still to be waited
 * for, and when that is in the file. With --ring each hit has a file of its own; without,
 * the recording ends so long after the last.
 */
#ifndef GTV_SESSION_SHOTS_H
#define GTV_SESSION_SHOTS_H

#include "tracer/model/trigger.h"
#include "tracer/session/session.h"

struct gtv_shots {
	struct gtv_condition condition;
	struct gtv_watch *watch;
	const struct gtv_names *names;
	uint64_t post_ns, start_ns;
	unsigned wanted, hits;	    /* as --hits says; so far, the one below too */
	struct gtv_trigger_hit hit; /* the last */
	uint64_t due_ns;	    /* it is complete then; 0: none is waited for */
};

/* Copies all of trigger; Borrows names. level: of the kernel source. Returns owned, NULL
 * without memory. */
struct gtv_shots *gtv_shots_new(const struct gtv_session_trigger *trigger, int level,
				const struct gtv_names *names, uint64_t start_ns);
void gtv_shots_free(struct gtv_shots *shots); /* may be NULL */
/* After a batch, up to now_ns. Returns 1 when a hit is new. */
int gtv_shots_look(struct gtv_shots *shots, const struct gtv_model *model, uint64_t now_ns);
/* Whether what belongs to the hit is all there at now_ns. The caller writes it, and says
 * so by gtv_shots_done; that returns whether it was the last wanted. */
int gtv_shots_due(const struct gtv_shots *shots, uint64_t now_ns);
int gtv_shots_done(struct gtv_shots *shots);
/* "G3 echo waits for GIL, for 5 ms, at 1.204 512 s", escaped. Returns buf. */
char *gtv_shots_say(const struct gtv_shots *shots, char *buf, size_t size);

#endif
