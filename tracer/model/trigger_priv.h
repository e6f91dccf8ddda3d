/* SPDX-License-Identifier: MIT
 *
 * The words that conditions know: shared by who reads and who says them.
 */
#ifndef GTV_TRIGGER_PRIV_H
#define GTV_TRIGGER_PRIV_H

#include "tracer/model/trigger.h"

#define GTV__B(state) (1u << GTV_ST_##state)

/* X(ID, "word", states of green threads, of OS threads, of locks, of cores) */
#define GTV__TRIGGER_WORDS(X)                                                              \
	X(WAIT, "wait", GTV__B(LOCK) | GTV__B(GIL) | GTV__B(CHAN), GTV__B(SLEEPING), 0, 0) \
	X(HOLD, "hold", 0, 0, GTV__B(HELD) | GTV__B(HELD_PREEMPTED) | GTV__B(HELD_ASLEEP), \
	  0)                                                                               \
	X(OFF, "off", 0, 0, GTV__B(HELD_PREEMPTED) | GTV__B(HELD_ASLEEP), 0)               \
	X(READY, "ready", GTV__B(READY), GTV__B(RUNNABLE) | GTV__B(PREEMPTED), 0, 0)       \
	X(RUN, "run", GTV__B(RUNNING) | GTV__B(PREEMPTED) | GTV__B(STALLED),               \
	  GTV__B(RUNNING), 0, 0)                                                           \
	X(RUNNING, "running", GTV__B(RUNNING), GTV__B(RUNNING), 0, 0)                      \
	X(PREEMPTED, "preempted", GTV__B(PREEMPTED), GTV__B(PREEMPTED), 0, 0)              \
	X(STALLED, "stalled", GTV__B(STALLED), 0, 0, 0)                                    \
	X(LOCK, "lock", GTV__B(LOCK), 0, 0, 0)                                             \
	X(GIL, "gil", GTV__B(GIL), 0, 0, 0)                                                \
	X(CHAN, "chan", GTV__B(CHAN), 0, 0, 0)                                             \
	X(IO, "io", GTV__B(IO), 0, 0, 0)                                                   \
	X(SLEEP, "sleep", GTV__B(SLEEP), 0, 0, 0)                                          \
	X(SYSCALL, "syscall", GTV__B(SYSCALL), 0, 0, 0)                                    \
	X(UNKNOWN, "unknown", GTV__B(UNKNOWN), GTV__B(UNKNOWN), GTV__B(UNKNOWN), 0)        \
	X(RUNNABLE, "runnable", 0, GTV__B(RUNNABLE), 0, 0)                                 \
	X(SLEEPING, "sleeping", 0, GTV__B(SLEEPING), 0, 0)                                 \
	X(DISK, "disk", 0, GTV__B(DISK), 0, 0)                                             \
	X(STOPPED, "stopped", 0, GTV__B(STOPPED), 0, 0)                                    \
	X(FREE, "free", 0, 0, GTV__B(FREE), 0)                                             \
	X(IDLE, "idle", 0, 0, 0, GTV__B(IDLE))                                             \
	X(BUSY, "busy", 0, 0, 0, GTV__B(BUSY))                                             \
	X(OTHER, "other", 0, 0, 0, GTV__B(OTHER))

enum gtv__trigger_word {
#define X(id, word, gt, thread, lock, core) GTV__WORD_##id,
	GTV__TRIGGER_WORDS(X)
#undef X
		GTV__TRIGGER_WORD_MAX
};

struct gtv__trigger_row {
	const char *word;
	uint32_t gt, thread, lock, core;
};
extern const struct gtv__trigger_row gtv__trigger_rows[GTV__TRIGGER_WORD_MAX];

#endif
