/* SPDX-License-Identifier: MIT
 *
 * The wire events: what a green-thread runtime says about itself.
 *
 * One record is 32 bytes, written by one OS thread into its own ring
 * (gtv_ring.h) and read by gtviz. Any runtime can emit it: this header and
 * gtv_ring.h need no library, and are usable from C99, C++ and BPF. Kinds are
 * append-only and never renumbered: they reach the trace file unchanged.
 */
#ifndef GTV_EVENT_H
#define GTV_EVENT_H

#if defined(__linux__) || defined(__bpf__)
#include <linux/types.h>
#else /* a viewer on another system: traces speak of these kinds too */
#include <stdint.h>
typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef uint64_t __u64;
#endif

#define GTV_ABI_VERSION 1

/*
 * What an event counts. Each kind counts a fixed set, so that a count of lost
 * events by kind can be added back: counts + lost = the runtime's own figures.
 * The names are the keys of the GT_STATS line and of `gtviz report --json`.
 */
#define GTV_COUNTERS(X)                                                                    \
	X(SPAWNS, spawns)     /* green threads created */                                  \
	X(EXITS, exits)	      /* green threads ended */                                    \
	X(SWITCHES, switches) /* a worker changed what it runs */                          \
	X(YIELDS, yields)                                                                  \
	X(PREEMPTIONS, preemptions)                                                        \
	X(LOCK_WAITS, lock_waits) /* waits begun, by what for */                           \
	X(GIL_WAITS, gil_waits)                                                            \
	X(CHAN_WAITS, chan_waits)                                                          \
	X(JOINS, joins)                                                                    \
	X(IO_WAITS, io_waits)                                                              \
	X(SLEEPS, sleeps)                                                                  \
	X(BLOCKING_CALLS, blocking_calls)                                                  \
	X(WAKES, wakes)	  /* a waiting green thread made ready */                          \
	X(STEALS, steals) /* successful steals, not threads stolen */                      \
	X(LOCK_TAKES, lock_takes)                                                          \
	X(LOCK_DROPS, lock_drops)                                                          \
	X(GIL_TAKES, gil_takes)                                                            \
	X(GIL_HANDOFFS, gil_handoffs) /* takes by another than the last owner */           \
	X(GIL_DROPS, gil_drops)                                                            \
	X(GIL_REQUESTS, gil_requests) /* drop requests set by a waiter */                  \
	X(CHAN_SENDS, chan_sends)     /* completed operations */                           \
	X(CHAN_RECEIVES, chan_receives)                                                    \
	X(CALLBACKS, callbacks) /* called by the loop */                                   \
	X(HANDOFFS, handoffs)	/* a processor passed from one worker to another */        \
	X(CANCELS, cancels)	/* green threads asked to end */

enum gtv_counter {
#define X(id, name) GTV_COUNT_##id,
	GTV_COUNTERS(X)
#undef X
		GTV_COUNT_MAX
};

#define GTV_CNT(id) (1ull << GTV_COUNT_##id)

/*
 * X(number, NAME, "json name", counts)
 *
 * Fields of struct gtv_event by kind ("gt" is the subject; ids are local to the
 * process and start at 1; 0 means none):
 *
 *  TEXT          aux class (enum gtv_text), gt the id named, text[16] a chunk;
 *                flags: chunk index | GTV_TEXT_LAST. Names are cut at 64 bytes.
 *  PROC_START    gt 0, obj workers (0: one a green thread), seq ABI version,
 *                arg flags (GTV_PROC_*): first event of a process; with
 *                GTV_PROC_SHARED_IDS, arg's high 32 bits are the pid of the process
 *                that began the run: ids of green threads, locks and channels are
 *                common to all processes of that run, but for those with GTV_ID_OWN
 *  WORKER_START  obj worker index; this OS thread is a worker from now on
 *  WORKER_STOP   obj worker index
 *  SPAWN         gt the new thread, obj parent gt, seq 0, arg entry function
 *  SWITCH_*      gt who stops (0: the scheduler), obj who goes on (0: the
 *                scheduler), seq the stopper's number (0 if gt is 0),
 *                arg low 32: what gt waits for (lock, channel, joined gt, fd,
 *                call name), high 32: the number of obj; aux: GTV_IO_* for IO,
 *                GTV_PREEMPT_* for PREEMPT
 *    RUN           gt 0: the scheduler starts or resumes obj
 *    YIELD,PREEMPT gt becomes ready
 *    LOCK..SYSCALL gt waits
 *    EXIT          gt is done
 *  READY         gt waited and is now ready, obj who made it so (0: timer,
 *                poller, pool, or outside), seq its number, aux enum gtv_by
 *  STEAL         gt first stolen thread, obj victim worker, arg how many
 *  LOCK_TAKE     gt the new owner, obj lock, seq the lock's number
 *  LOCK_DROP     gt the owner, obj lock, seq the lock's number
 *  GIL_TAKE      as LOCK_TAKE; the last owner was another (or nobody)
 *  GIL_RETAKE    as LOCK_TAKE; the last owner was gt itself
 *  GIL_DROP      as LOCK_DROP; flags GTV_GIL_FORCED if a request made it so
 *  GIL_REQUEST   gt asks the owner to drop, obj lock
 *  CHAN_SEND     gt completed a send, obj channel, arg receiving gt (0: buffer)
 *  CHAN_RECV     gt completed a receive, obj channel, arg sending gt (0: buffer
 *                or closed)
 *  CHAN_CLOSE    gt, obj channel
 *  CALL_BEGIN    a pool thread begins the call that gt waits for, obj call name
 *  CALL_END      it ends, arg the call's result
 *  PARK          this worker has nothing to run and goes to sleep, obj worker
 *  UNPARK        it goes on, obj worker
 *  LOST          written when a full ring has room again: aux 0, flags 0, obj
 *                the kind that was dropped, arg how many, gt|seq<<32 raw time
 *                of the first; ts_raw that of the last
 *  MARK          gt, text[16]: a mark of the program's author
 *  CANCEL        gt is asked to end, obj by which gt
 *  REGION_BEGIN  gt, text[16]: a named stretch of the program begins
 *  REGION_END    gt, text[16]: the innermost of that name ends
 *  CALLBACK_BEGIN the loop calls a function: gt 0, obj its name (a call's)
 *  CALLBACK_END  it has returned, as CALLBACK_BEGIN
 *  HANDOFF       a processor changes hands: gt whose call made it so (0: none),
 *                obj the worker that had it, arg the worker that gets it
 *  PREEMPT_ASK   gt's time is over and it is asked to stop, obj its worker
 *
 *  When gtviz attaches to a program that runs, it tells what it is doing: true at some
 *  moment of the telling, and older than what the thing itself tells after that:
 *  GT_STATE      gt, aux what it does: SWITCH_RUN it runs on OS thread obj, READY, or
 *                the SWITCH_* with which it waits, arg low 32 for what; seq its number
 *  LOCK_STATE    obj the lock, gt its owner (0: free), seq the lock's number
 *  WORKER_STATE  obj worker index, arg the OS thread that is this worker
 *
 *  A simulated system (GTV_CLOCK_SIM) tells what its kernel does. All threads of a
 *  process share one ring; tids and pids, here in gt, obj and arg, are virtual:
 *  SIM_PROC      first of a process: obj its first thread and its pid, gt the process
 *                that forked it (0: none)
 *  SIM_THREAD    what follows is told by thread obj
 *  SIM_SWITCH    core seq goes from thread gt to thread obj (0: idle), aux
 *                GTV_SIM_* why gt stops, arg in which system call (0: none) + 1
 *  SIM_WAKE      thread gt (0: time, or the world outside) wakes obj, seq gt's core
 *  SIM_START     thread gt starts thread obj of process arg; seq gt's core
 */
#define GTV_USER_EVENTS(X)                                                                 \
	X(1, TEXT, "text", 0)                                                              \
	X(2, PROC_START, "proc_start", 0)                                                  \
	X(3, WORKER_START, "worker_start", 0)                                              \
	X(4, WORKER_STOP, "worker_stop", 0)                                                \
	X(5, SPAWN, "gt_spawn", GTV_CNT(SPAWNS))                                           \
	X(8, SWITCH_RUN, "gt_run", GTV_CNT(SWITCHES))                                      \
	X(9, SWITCH_YIELD, "gt_yield", GTV_CNT(SWITCHES) | GTV_CNT(YIELDS))                \
	X(10, SWITCH_PREEMPT, "gt_preempt", GTV_CNT(SWITCHES) | GTV_CNT(PREEMPTIONS))      \
	X(11, SWITCH_LOCK, "gt_wait_lock", GTV_CNT(SWITCHES) | GTV_CNT(LOCK_WAITS))        \
	X(12, SWITCH_GIL, "gt_wait_gil", GTV_CNT(SWITCHES) | GTV_CNT(GIL_WAITS))           \
	X(13, SWITCH_CHAN, "gt_wait_chan", GTV_CNT(SWITCHES) | GTV_CNT(CHAN_WAITS))        \
	X(14, SWITCH_JOIN, "gt_wait_join", GTV_CNT(SWITCHES) | GTV_CNT(JOINS))             \
	X(15, SWITCH_IO, "gt_wait_io", GTV_CNT(SWITCHES) | GTV_CNT(IO_WAITS))              \
	X(16, SWITCH_SLEEP, "gt_wait_sleep", GTV_CNT(SWITCHES) | GTV_CNT(SLEEPS))          \
	X(17, SWITCH_SYSCALL, "gt_wait_syscall",                                           \
	  GTV_CNT(SWITCHES) | GTV_CNT(BLOCKING_CALLS))                                     \
	X(18, SWITCH_EXIT, "gt_exit", GTV_CNT(SWITCHES) | GTV_CNT(EXITS))                  \
	X(20, READY, "gt_ready", GTV_CNT(WAKES))                                           \
	X(21, STEAL, "gt_steal", GTV_CNT(STEALS))                                          \
	X(24, LOCK_TAKE, "lock_take", GTV_CNT(LOCK_TAKES))                                 \
	X(25, LOCK_DROP, "lock_drop", GTV_CNT(LOCK_DROPS))                                 \
	X(26, GIL_TAKE, "gil_take", GTV_CNT(GIL_TAKES) | GTV_CNT(GIL_HANDOFFS))            \
	X(27, GIL_RETAKE, "gil_retake", GTV_CNT(GIL_TAKES))                                \
	X(28, GIL_DROP, "gil_drop", GTV_CNT(GIL_DROPS))                                    \
	X(29, GIL_REQUEST, "gil_request", GTV_CNT(GIL_REQUESTS))                           \
	X(32, CHAN_SEND, "chan_send", GTV_CNT(CHAN_SENDS))                                 \
	X(33, CHAN_RECV, "chan_recv", GTV_CNT(CHAN_RECEIVES))                              \
	X(34, CHAN_CLOSE, "chan_close", 0)                                                 \
	X(36, CALL_BEGIN, "call_begin", 0)                                                 \
	X(37, CALL_END, "call_end", 0)                                                     \
	X(38, PARK, "worker_park", 0)                                                      \
	X(39, UNPARK, "worker_unpark", 0)                                                  \
	X(40, LOST, "lost", 0)                                                             \
	X(41, MARK, "mark", 0)                                                             \
	X(22, CANCEL, "gt_cancel", GTV_CNT(CANCELS))                                       \
	X(42, REGION_BEGIN, "region_begin", 0)                                             \
	X(43, REGION_END, "region_end", 0)                                                 \
	X(44, CALLBACK_BEGIN, "callback_begin", GTV_CNT(CALLBACKS))                        \
	X(45, CALLBACK_END, "callback_end", 0)                                             \
	X(46, HANDOFF, "proc_handoff", GTV_CNT(HANDOFFS))                                  \
	X(47, PREEMPT_ASK, "preempt_request", 0)                                           \
	X(48, GT_STATE, "gt_state", 0)                                                     \
	X(49, LOCK_STATE, "lock_state", 0)                                                 \
	X(50, WORKER_STATE, "worker_state", 0)                                             \
	X(59, SIM_PROC, "sim_proc", 0)                                                     \
	X(60, SIM_THREAD, "sim_thread", 0)                                                 \
	X(61, SIM_SWITCH, "sim_switch", 0)                                                 \
	X(62, SIM_WAKE, "sim_wake", 0)                                                     \
	X(63, SIM_START, "sim_start", 0)

enum gtv_user_kind {
	GTV_EV_NONE = 0, /* never valid: a hole in the ring */
#define X(num, id, name, counts) GTV_EV_##id = num,
	GTV_USER_EVENTS(X)
#undef X
		GTV_EV_USER_MAX = 64, /* user kinds stay below: loss is counted by kind */
};

/* What a TEXT event names. */
enum gtv_text {
	GTV_TEXT_GT = 1,
	GTV_TEXT_LOCK = 2, /* "GIL", or the name given to a mutex */
	GTV_TEXT_CHAN = 3,
	GTV_TEXT_CALL = 4,	/* a blocking call's name */
	GTV_TEXT_POLICY = 5,	/* id 0: the scheduling policy of the process */
	GTV_TEXT_LOCK_KIND = 6, /* "mutex", "gil3"… */
	GTV_TEXT_THREAD = 7,	/* a simulated OS thread: its virtual tid */
};
#define GTV_TEXT_CHUNK 16
#define GTV_TEXT_LAST  0x80u

/* SWITCH_PREEMPT.aux: 0 at a safe point, else in the middle of the program's code. */
#define GTV_PREEMPT_SIGNAL 1u

/* Who made a green thread ready (READY.aux). */
enum gtv_by {
	GTV_BY_GT = 1, /* another green thread: obj */
	GTV_BY_TIMER = 2,
	GTV_BY_POLLER = 3,
	GTV_BY_POOL = 4, /* its blocking call ended */
	GTV_BY_OUTSIDE = 5,
};

/* SIM_SWITCH.aux */
#define GTV_SIM_PREEMPTED 0u
#define GTV_SIM_WAITS	  1u
#define GTV_SIM_ENDS	  2u

#define GTV_IO_READ	    1u
#define GTV_IO_WRITE	    2u
#define GTV_GIL_FORCED	    1u
#define GTV_PROC_ONE_TO_ONE 1u /* each green thread is an OS thread */
#define GTV_PROC_HAS_GIL    2u
#define GTV_PROC_SHARED_IDS 4u
#define GTV_ID_OWN	    0x80000000u /* bit of an id: the process's own even then */

struct gtv_event {
	__u64 ts_raw; /* the clock that struct gtv_shm names */
	__u16 kind;   /* enum gtv_user_kind */
	__u8 flags;
	__u8 aux;
	__u32 gt;
	union {
		struct {
			__u32 obj;
			__u32 seq;
			__u64 arg;
		} f;
		char text[GTV_TEXT_CHUNK];
	} u;
};

#ifdef __cplusplus
static_assert(sizeof(struct gtv_event) == 32, "wire event");
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct gtv_event) == 32, "wire event");
_Static_assert(__builtin_offsetof(struct gtv_event, u) == 16, "wire event");
#endif

#endif
