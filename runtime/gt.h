/* SPDX-License-Identifier: MIT
 *
 * libgt: green threads whose scheduling policy is chosen when the program
 * starts: the same program can be watched as N:1 with a hub, M:N with work
 * stealing, one OS thread each, or one OS thread each under a GIL.
 *
 * Names follow pthread's, channels follow Go's. Unless said otherwise a function
 * returns 0 or a negative errno, may switch to another green thread, and must be
 * called by a green thread (-EPERM elsewhere). Times are nanoseconds of
 * CLOCK_MONOTONIC. Names are copied and cut at 63 bytes.
 *
 * fork: the child goes on as the calling green thread. Under an N:1 policy it has
 * copies of the others; under the rest it should soon exec or exit, for the other
 * OS threads are not there. errno and thread-local variables belong to the OS
 * thread, which under M:N may be another after any call that can switch (but for
 * gt_pin_begin).
 */
#ifndef GT_H
#define GT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gt;
struct gt_chan;

/* --- running ----------------------------------------------------------- */

struct gt_config {
	/* "NAME[,PARAMETER=VALUE]…": single, coop, quantum, green, asyncio, offset, gmp
	 * (the default), threads, gil2, gil3, procs, or a well-known name (gevent: see
	 * gtviz(1)); NULL takes GT_POLICY from the environment. */
	const char *policy;
	size_t stack_bytes; /* of a green thread by default; 0: 64 KiB */
};

/* Runs fn(arg) as the first green thread, "main", and returns 0 when every green
 * thread has ended; -EBUSY inside a run or beside another, -ENOMEM, -EAGAIN. A
 * policy or parameter that does not exist is told in one line on stderr, and the
 * program exits with 2; so it does when all green threads wait for one another. One
 * whose stack is full is named on stderr before the program dies by SIGSEGV, unless the
 * program has a handler of its own for that. */
int gt_run(void (*fn)(void *arg), void *arg);
int gt_run_config(const struct gt_config *config, void (*fn)(void *arg), void *arg);

/* The policy of the present run, "" outside. Borrows. Never switches. */
const char *gt_policy_name(void);

/* --- green threads ----------------------------------------------------- */

struct gt_attr {
	const char *name;   /* NULL: none */
	size_t stack_bytes; /* 0: the run's default; rounded up to pages */
	/* Nice value, -20 (first) to 19 (last). single, coop and quantum keep their line
	 * in this order, who never yields for lower ones included; where green threads
	 * are OS threads it is the thread's nice value, as far as the system grants it;
	 * others ignore it. */
	int priority;
	/* Bit i: the i-th CPU that the caller may use; 0: any. Kept where green threads
	 * are OS threads; elsewhere -ENOTSUP. */
	uint64_t cores;
	/* Memory that fn fills. Under procs, where fn runs in a process of its own, this
	 * much is copied back at the join, by the green thread that spawned it; else it
	 * is simply the same memory. */
	void *result;
	size_t result_bytes;
};

/* Starts fn(arg). *out must be joined exactly once; with out NULL nobody joins,
 * and the thread is freed at its end. -ENOMEM, -EAGAIN. -EINVAL: a wrong attribute. */
int gt_spawn(struct gt **out, void (*fn)(void *arg), void *arg);
int gt_spawn_attr(struct gt **out, const struct gt_attr *attr, void (*fn)(void *arg),
		  void *arg);
/* Waits for its end and frees it. Takes gt. -EDEADLK: oneself; -EINVAL: another
 * joins it already; -ECHILD: under procs, its process died (what it held stays held);
 * -ENOMEM: under procs, there was no memory to hand over its result. */
int gt_join(struct gt *gt);
/* Nobody joins it; it frees itself at its end. Takes gt: it must not be named again.
 * -EINVAL: somebody joins it, or it is detached already. Never switches. */
int gt_detach(struct gt *gt);
/* Ends the calling green thread, as a return from its function would. What was pushed
 * below runs first, the last one first. Does nothing elsewhere. C++ destructors of its
 * frames are not called. */
void gt_exit(void);

/* Asks gt to end, as POSIX's deferred cancellation does: it ends as by gt_exit, cleanups
 * included, at the next call that would have to wait, or in which it waits now, or at a
 * safe point (gt_tick). Waits for mutexes, reader-writer locks and spinlocks and gt_yield
 * are no such places; a condition's mutex is held again before the cleanups run; a call
 * of gt_blocking is finished first; what was received, sent or read stays so. Who is
 * cancelled while it joins has not joined. Returns at once. gt: as for gt_set_name, but
 * another may join it meanwhile; oneself too. -ESRCH: it has ended. Never switches. */
int gt_cancel(struct gt *gt);
/* Between the two a request waits; pairs nest. Cleanups run by gt_exit are not cancelled.
 * -EINVAL: enable without disable. Never switch. */
int gt_cancel_disable(void);
int gt_cancel_enable(void);

/* To be called if the green thread ends by gt_exit or is cancelled. `cleanup` is the
 * caller's, private, and stays in place until it is popped; pops go in reverse order of
 * pushes, and call the function if `execute`. Functions called by gt_exit may wait, but not
 * call gt_exit. -EPERM outside a green thread; pop, -EINVAL: another was pushed last. */
struct gt_cleanup {
	void (*fn)(void *arg);
	void *arg;
	struct gt_cleanup *next;
};
int gt_cleanup_push(struct gt_cleanup *cleanup, void (*fn)(void *arg), void *arg);
int gt_cleanup_pop(struct gt_cleanup *cleanup, int execute);

/* Lets another ready green thread run, if there is one. */
void gt_yield(void);
/* The calling green thread, NULL outside. Borrows. Never switches. */
struct gt *gt_self(void);
/* Unique in the process, from 1; 0 for NULL. Never switches. */
uint32_t gt_id(const struct gt *gt);
/* gt must be oneself or not yet joined; nobody else may name it meanwhile. */
void gt_set_name(struct gt *gt, const char *name);
const char *gt_name(const struct gt *gt); /* Borrows; "" if it has none */
/* One pointer of the caller's for each green thread, NULL at first. Set is for the
 * calling one, and does nothing elsewhere; gt as for gt_set_name. Never switch. */
void gt_set_data(void *data);
void *gt_data(const struct gt *gt);
int gt_sleep_ns(uint64_t ns);
/* The clock that sleeps and timers go by: CLOCK_MONOTONIC, or the simulated system's
 * (GT_SIM), where a look costs what a safe point does. Anywhere. Never switches. */
uint64_t gt_now_ns(void);

/* A safe point: long computations call it often; where the policy wants the
 * processor or the GIL back, it is given up here. One load when nothing is wanted. */
extern uint32_t gt__tick_wanted;
void gt__tick_slow(void);
static inline void gt_tick(void)
{
	if (__builtin_expect(__atomic_load_n(&gt__tick_wanted, __ATOMIC_RELAXED) != 0, 0))
		gt__tick_slow();
}

/* Computes for ns of the caller's own time, with safe points in between. Under the
 * simulated system (GT_SIM) that time is virtual. */
void gt_busy_ns(uint64_t ns);
/* Sleeps in the kernel, and holds up the OS thread that it runs on: what a blocking call
 * does. For gt_blocking, or to show what happens without. Returns 0. */
int gt_block_ns(uint64_t ns);

/* Between the two the calling green thread is not preempted by signal (quantum, gmp);
 * pairs nest. Elsewhere that happens in the program's own code only, never within libc or
 * the runtime. But code that libc calls back (qsort's comparison, atexit, a signal handler)
 * looks like any other: where it can run long, what makes libc call it belongs between
 * these. So does an allocator or another library without reentrance that is linked
 * statically. The signal may end a system call of the program's own with EINTR, if it is
 * one that SA_RESTART does not restart (sleeps, polls); what gt_blocking calls it never
 * meets. Never switch; nothing outside a green thread. */
void gt_nopreempt_begin(void);
void gt_nopreempt_end(void);

/* Between the two the calling green thread goes on, whenever it has waited, on the OS
 * thread that it is on now: so errno and thread-local variables stay where they were, for
 * code that is not of this header and may switch. Pairs nest; the end of the green thread
 * ends them. Under policies other than gmp that is so anyway. It costs gmp its choice:
 * use it around calls, not around lives. Never switch; nothing outside a green thread. */
void gt_pin_begin(void);
void gt_pin_end(void);

/* Puts a mark, at most 16 bytes of text, into the trace. Never switches. */
void gt_mark(const char *text);
/* A stretch of the calling green thread's life with a name, at most 16 bytes, to be seen
 * on its lane. Regions nest; each ends where the innermost of its name does. Never switch.
 */
void gt_region_begin(const char *name);
void gt_region_end(const char *name);

/* Writes all green threads to fd, a few lines each: what each does or waits for, since
 * how long, and where (frame pointers are followed: -fno-omit-frame-pointer shows more).
 * May be called anywhere, in a signal handler too; never switches. During a run SIGQUIT
 * does this to stderr, if the program has no handler of its own, and then ends the
 * program as ever, unless GT_SIGQUIT is "continue". */
void gt_dump(int fd);

/* --- processes --------------------------------------------------------- */

/* Under procs a green thread is a process: it sees a snapshot of its parent's memory, and
 * what it writes nobody else sees. Shared are stacks of green threads, channels that
 * gt_chan_new makes within the run, and what gt_shared_alloc gives: locks that several
 * use lie there. Timers go off while the process that made them waits, and are used by it
 * alone; callbacks on a loop give -ENOTSUP; SIGCHLD is the runtime's; and a green thread
 * must not call fork: two would run on its stack. It ends there with exit status 2
 * (posix_spawn is right). */

/* Cleared memory that all green threads of the run share, under every policy. Returns
 * owned; NULL without memory. Never switches. */
void *gt_shared_alloc(size_t bytes);
void gt_shared_free(void *at); /* Takes. Never switches */

/* In a file of a program whose green threads share globals or heap memory: procs refuses
 * it with one line, and exit status 2. */
extern uint32_t gt__memory_shared;
#define GT_SHARED                                                                          \
	static __attribute__((constructor)) void gt__declare_shared(void)                  \
	{                                                                                  \
		gt__memory_shared = 1;                                                     \
	}

/* --- mutex ------------------------------------------------------------- */

/* Fair: an unlock hands it to the one that waited longest. Fields are private. */
struct gt_mutex {
	uint32_t state, guard, id, seq;
	struct gt *owner, *first, *last;
	const char *name;
};
#define GT_MUTEX_INIT(lock_name)                                                           \
	{                                                                                  \
		0, 0, 0, 0, NULL, NULL, NULL, (lock_name)                                  \
	}

/* `name` is borrowed for the mutex's life; NULL: none. */
void gt_mutex_init(struct gt_mutex *mutex, const char *name);
int gt_mutex_lock(struct gt_mutex *mutex);    /* -EDEADLK: held by oneself */
int gt_mutex_trylock(struct gt_mutex *mutex); /* -EBUSY: held. Never switches */
int gt_mutex_unlock(struct gt_mutex *mutex);  /* -EPERM: not the owner */

/* --- channels ---------------------------------------------------------- */

/* Elements of elem_bytes; capacity 0 is unbuffered: a send waits for its receive.
 * Returns owned; NULL without memory or with elem_bytes over 1 MiB. */
struct gt_chan *gt_chan_new(size_t elem_bytes, size_t capacity, const char *name);
/* Takes. No green thread may be in a call on it. */
void gt_chan_free(struct gt_chan *chan);
/* Copies the element in; -EPIPE if the channel is, or becomes, closed. */
int gt_chan_send(struct gt_chan *chan, const void *elem);
/* Copies one out (elem NULL: drops it); when closed and empty -EPIPE, and zeroes. */
int gt_chan_recv(struct gt_chan *chan, void *elem);
/* No more sends; whoever waits goes on. -EPIPE: it is closed already. */
int gt_chan_close(struct gt_chan *chan);

/* --- channels to other processes and machines --------------------------- */

/* What the green threads of this process do with it. */
enum gt_chan_end { GT_CHAN_SENDS, GT_CHAN_RECEIVES };

/* One end of a channel whose other end another process has. */
struct gt_chan_link {
	enum gt_chan_end end; /* the other process must have the other one */
	size_t elem_bytes;    /* the same on both sides, and laid out the same */
	size_t capacity;      /* of a receiving end: elements sent and not yet received */
	const char *name;     /* as gt_chan_new's */
};

/* These make a channel for gt_chan_send or gt_chan_recv, gt_select, gt_chan_close and
 * gt_chan_free; an address is "unix:PATH", "unix:@NAME" (which is in no directory) or
 * "tcp:HOST:PORT" ("tcp::PORT" listens everywhere). A send returns when its element is on
 * its way, and waits while as many are under way as the other end has capacity for, 0
 * counting as 1. When one end is closed, or its process gone, the other one is closed too:
 * it receives what was sent, then both calls return -EPIPE; what was under way to an end
 * that closed is lost. Each end has green threads of its own ("link in", "link out"), and
 * the run goes on until it is closed and the other side knows. What a peer says is checked:
 * one that is no peer is cut off.
 *
 * Returned owned in *out. -EINVAL: no such address, or a number too big (elements 1 MiB,
 * capacity 2^20); -ENOENT: the host is not known; -EPROTO: the peer is none, or has the
 * same end or another elem_bytes; -ETIMEDOUT: it has not said for 2 s; -EPIPE: it went;
 * -ENOTSUP: under single, where nobody else could talk with the peer, and GT_SIM; -ENOMEM,
 * -EAGAIN, and what the sockets' system calls return. */
int gt_chan_connect(struct gt_chan **out, const char *address,
		    const struct gt_chan_link *link);
/* A descriptor for gt_chan_accept (and getsockname: port 0 is any), the caller's to close;
 * or -errno. A Unix PATH must not exist yet, and stays. */
int gt_chan_listen(const char *address);
/* The next peer that is one; others are cut off, without an error. */
int gt_chan_accept(struct gt_chan **out, int listener, const struct gt_chan_link *link);
/* Over a stream socket that is connected already. Takes fd, on errors too. */
int gt_chan_over(struct gt_chan **out, int fd, const struct gt_chan_link *link);

/* --- select ------------------------------------------------------------ */

enum gt_select_op { GT_SELECT_SEND, GT_SELECT_RECV };

struct gt_select_case {
	struct gt_chan *chan; /* NULL: never ready */
	enum gt_select_op op;
	void *elem; /* sent, or where what is received goes (NULL: dropped) */
	int result; /* of the case chosen: as gt_chan_send's or gt_chan_recv's */
};
#define GT_SELECT_MAX 64

/* Does one of the cases that can be done, any with the same probability, and returns
 * its index. If none can, waits for timeout_ns (negative: for ever; 0: not at all, as
 * Go's default): -ETIMEDOUT. -EINVAL: more than GT_SELECT_MAX cases or a wrong op;
 * -ENOMEM, -EAGAIN, -EMFILE: no timer. The way of Go's: all channels are locked in the
 * order of their addresses. */
int gt_select(struct gt_select_case *cases, size_t count, int64_t timeout_ns);
/* Where gt_select's choices start: the same seed and the same order of calls make the
 * same choices. Never switches; anywhere. */
void gt_select_seed(uint64_t seed);

/* --- timers ------------------------------------------------------------ */

struct gt_timer;

/* A channel of one uint64_t, the time at which it was sent: once after_ns from now, or
 * every period_ns (at least 1 us) if nobody is late to receive (what does not fit is
 * left out, as Go's tickers do). A run goes on until its timers are over and its
 * tickers stopped. Both are served by a green thread named "timers", which is there
 * while there are some, and 10 ms longer. Returns owned; NULL without memory or outside
 * a green thread. Never switches. */
struct gt_timer *gt_timer_new(uint64_t after_ns, const char *name);
struct gt_timer *gt_ticker_new(uint64_t period_ns, const char *name);
/* Borrows. It is never closed. */
struct gt_chan *gt_timer_chan(struct gt_timer *timer);
/* Nothing is sent after this. 1: it was still to go off, 0: not. Never switches. */
int gt_timer_stop(struct gt_timer *timer);
/* Takes; stops it. Nobody may be in a call on its channel. */
void gt_timer_free(struct gt_timer *timer);

/* --- waiting for one another ------------------------------------------- */

/* Green threads that wait, first come first served. Fields here and below are private;
 * names are borrowed for the object's life; all zero is a valid object without a name.
 * Timeouts are nanoseconds; negative: never. None of these need be destroyed, but
 * nobody may wait on one that goes. */
struct gt__waiting;
struct gt__waitline {
	uint32_t guard, id;
	struct gt__waiting *first, *last;
	const char *name;
};
#define GT__WAITLINE(line_name)                                                            \
	{                                                                                  \
		0, 0, NULL, NULL, (line_name)                                              \
	}

/* Condition. wait: -EPERM if the mutex is not one's own; holds it again whatever it
 * returns; wakes only when signalled. timedwait: -ETIMEDOUT, -ENOMEM, -EAGAIN, -EMFILE. */
struct gt_cond {
	struct gt__waitline line;
};
#define GT_COND_INIT(cond_name)                                                            \
	{                                                                                  \
		GT__WAITLINE(cond_name)                                                    \
	}
void gt_cond_init(struct gt_cond *cond, const char *name);
int gt_cond_wait(struct gt_cond *cond, struct gt_mutex *mutex);
int gt_cond_timedwait(struct gt_cond *cond, struct gt_mutex *mutex, int64_t timeout_ns);
int gt_cond_signal(struct gt_cond *cond);    /* the first. Never switches */
int gt_cond_broadcast(struct gt_cond *cond); /* all. Never switches */

/* Reader-writer lock, fair: in the order of asking, so a reader must not ask again
 * while it reads. -EDEADLK: one writes oneself. try…: -EBUSY, never switch. unlock,
 * -EPERM: nobody reads, and another or nobody writes. */
struct gt_rwlock {
	struct gt__waitline line;
	struct gt *owner; /* who writes */
	uint32_t readers, seq;
};
#define GT_RWLOCK_INIT(lock_name)                                                          \
	{                                                                                  \
		GT__WAITLINE(lock_name), NULL, 0, 0                                        \
	}
void gt_rwlock_init(struct gt_rwlock *rw, const char *name);
int gt_rwlock_rdlock(struct gt_rwlock *rw);
int gt_rwlock_wrlock(struct gt_rwlock *rw);
int gt_rwlock_tryrdlock(struct gt_rwlock *rw);
int gt_rwlock_trywrlock(struct gt_rwlock *rw);
int gt_rwlock_unlock(struct gt_rwlock *rw);

/* Semaphore that counts from `value` up to `max`; a binary one has max 1. Fair: a post
 * goes to the one that waited longest. Any green thread may post: -EOVERFLOW at max.
 * trywait: -EAGAIN at 0, never switches. timedwait: as gt_cond_timedwait. */
struct gt_sem {
	struct gt__waitline line;
	uint32_t value, max;
};
#define GT_SEM_INIT(sem_value, sem_max, sem_name)                                          \
	{                                                                                  \
		GT__WAITLINE(sem_name), (sem_value), (sem_max)                             \
	}
void gt_sem_init(struct gt_sem *sem, uint32_t value, uint32_t max, const char *name);
int gt_sem_wait(struct gt_sem *sem);
int gt_sem_timedwait(struct gt_sem *sem, int64_t timeout_ns);
int gt_sem_trywait(struct gt_sem *sem);
int gt_sem_post(struct gt_sem *sem);

/* Go's wait group: wait returns when the count is 0. add and done never switch;
 * -EINVAL: below 0, -EOVERFLOW: above INT32_MAX, and nothing is changed. */
struct gt_waitgroup {
	struct gt__waitline line;
	int32_t count;
};
#define GT_WAITGROUP_INIT(group_name)                                                      \
	{                                                                                  \
		GT__WAITLINE(group_name), 0                                                \
	}
void gt_waitgroup_init(struct gt_waitgroup *group, const char *name);
int gt_waitgroup_add(struct gt_waitgroup *group, int32_t delta);
int gt_waitgroup_done(struct gt_waitgroup *group);
int gt_waitgroup_wait(struct gt_waitgroup *group);

/* Calls fn(arg) unless that was done already with this `once`; who comes meanwhile
 * waits until it is done. -EDEADLK: from within fn. */
struct gt_once {
	struct gt_mutex mutex;
	uint32_t done;
};
#define GT_ONCE_INIT(once_name)                                                            \
	{                                                                                  \
		GT_MUTEX_INIT(once_name), 0                                                \
	}
int gt_once(struct gt_once *once, void (*fn)(void *arg), void *arg);

/* --- spinlocks --------------------------------------------------------- */

/* Who finds one held runs on, and looks again and again; now and then it yields, so
 * that they work under every policy. For a few instructions only: while a holder
 * waits for something, all others burn their cores. -EDEADLK: held by oneself;
 * -EPERM: unlocked by another than its owner. */
struct gt__spin {
	uint32_t id, seq;
	struct gt *owner;
	const char *name;
};
#define GT__SPIN(lock_name)                                                                \
	{                                                                                  \
		0, 0, NULL, (lock_name)                                                    \
	}

/* Test-and-set: whoever is there first. Unfair; under threads it never yields.
 * (Test-and-test-and-set: Rudolph and Segall, 1984.) */
struct gt_tas {
	struct gt__spin spin;
	uint32_t held;
};
#define GT_TAS_INIT(lock_name)                                                             \
	{                                                                                  \
		GT__SPIN(lock_name), 0                                                     \
	}
int gt_tas_lock(struct gt_tas *tas);
int gt_tas_trylock(struct gt_tas *tas); /* -EBUSY: held. Never switches */
int gt_tas_unlock(struct gt_tas *tas);	/* Never switches */

/* Ticket: in the order of coming, all looking at one word. (Reed and Kanodia, 1979.) */
struct gt_ticket {
	struct gt__spin spin;
	uint32_t next, serving;
};
#define GT_TICKET_INIT(lock_name)                                                          \
	{                                                                                  \
		GT__SPIN(lock_name), 0, 0                                                  \
	}
int gt_ticket_lock(struct gt_ticket *ticket);
int gt_ticket_unlock(struct gt_ticket *ticket); /* Never switches */

/* MCS: in the order of coming, each looking at a word of its own. `node` is the
 * caller's, private, and stays until unlock, which gets the same one. (Mellor-Crummey
 * and Scott, 1991.) */
struct gt_mcs_node {
	struct gt_mcs_node *next;
	uint32_t waits;
};
struct gt_mcs {
	struct gt__spin spin;
	struct gt_mcs_node *last;
};
#define GT_MCS_INIT(lock_name)                                                             \
	{                                                                                  \
		GT__SPIN(lock_name), NULL                                                  \
	}
int gt_mcs_lock(struct gt_mcs *mcs, struct gt_mcs_node *node);
int gt_mcs_unlock(struct gt_mcs *mcs, struct gt_mcs_node *node); /* Never switches */

/* --- callbacks on the loop ---------------------------------------------- */

/* Functions instead of green threads, as Twisted and Node have them. Under asyncio the
 * loop calls them itself, in the order of its turns, beside green threads that are
 * ready; elsewhere a green thread "callbacks" does, one after the other. A run goes on
 * until all have been called or cancelled, and no descriptor is watched. A callback may
 * use all of this header that need not wait; what would wait returns -EDEADLK, gt_yield
 * does nothing, gt_exit ends the callback. `name` is what it is known by in a trace
 * (copied; NULL: "callback"). -ENOMEM, -EMFILE, -EAGAIN. None of these switch. The child
 * of a fork has none of its parent's. */
struct gt_callback;
int gt_call_soon(const char *name, void (*fn)(void *arg), void *arg);
/* In ns from now, the first come first at the same time. *handle must be cancelled
 * exactly once, before or after the call; with handle NULL nobody can. */
int gt_call_later(uint64_t ns, const char *name, void (*fn)(void *arg), void *arg,
		  struct gt_callback **handle);
/* Takes. -EALREADY: it has been called, or is being called. */
int gt_call_cancel(struct gt_callback *handle);
/* Again and again while fd is ready, until taken off. -EEXIST: watched so already;
 * -EPERM: cannot be polled; off, -ENOENT: not watched. Take it off before closing fd. */
int gt_on_readable(int fd, const char *name, void (*fn)(void *arg), void *arg);
int gt_on_writable(int fd, const char *name, void (*fn)(void *arg), void *arg);
int gt_off_readable(int fd);
int gt_off_writable(int fd);

/* --- input, output, blocking calls ------------------------------------- */

/* As the system calls of these names, but only the calling green thread waits.
 * Sockets and pipes may be blocking or not; what cannot be polled (a regular file)
 * is called directly. accept and connect make fd non-blocking. Return the call's
 * result or -errno; -EINVAL too where fd is FD_SETSIZE (1024) or more and the call would
 * wait in select (asyncio,loop=select). Nobody may wait for fd when it is closed. */
ssize_t gt_read(int fd, void *buf, size_t count);
ssize_t gt_write(int fd, const void *buf, size_t count);
int gt_accept(int fd, struct sockaddr *addr, socklen_t *addr_bytes);
int gt_connect(int fd, const struct sockaddr *addr, socklen_t addr_bytes);
/* The same with a deadline, timeout_ns from now (negative: none; 0: does not wait):
 * -ETIMEDOUT, and nothing was read, written or accepted; a connection goes on being made,
 * and fd is best closed. A deadline belongs to its call, as gt_cond_timedwait's, not to
 * the descriptor: so a number that is closed and used again has none left over. */
ssize_t gt_timedread(int fd, void *buf, size_t count, int64_t timeout_ns);
ssize_t gt_timedwrite(int fd, const void *buf, size_t count, int64_t timeout_ns);
int gt_timedaccept(int fd, struct sockaddr *addr, socklen_t *addr_bytes,
		   int64_t timeout_ns);
int gt_timedconnect(int fd, const struct sockaddr *addr, socklen_t addr_bytes,
		    int64_t timeout_ns);
/* Waits until fd has one of `events` (POLLIN, POLLOUT): those it has, 0 when
 * timeout_ns is over (negative: never), or -errno. */
int gt_poll(int fd, short events, int64_t timeout_ns);

/* Calls fn(arg) where it holds up nobody else: in a pool of OS threads, or, where a
 * green thread is an OS thread, right here without the GIL. `name` is what the call
 * is known by in a trace (copied; NULL: "call"). Returns fn's result. Outside a
 * green thread it simply calls fn. fn must not use the functions of this header. */
long gt_blocking(const char *name, long (*fn)(void *arg), void *arg);

/* Registers a function that gt_executor_call is to find; before the run (-EBUSY). `name`
 * (63 bytes at most) is copied. It reads in_bytes at `in`, writes up to out_bytes to `out`,
 * and returns how many, or a negative errno of its own. -EEXIST: another has that name;
 * -EINVAL; -ENOSPC: there are 64. */
int gt_executor_register(const char *name, long (*fn)(const void *in, size_t in_bytes,
						      void *out, size_t out_bytes));
/* Has it called, and waits: under asyncio,executor=processes in one of as many processes as
 * there are cores (-ECHILD: that one died; the others go on, and when the last is dead this
 * is what every call returns), elsewhere as gt_blocking does it. Those processes are forked
 * when the run begins, and see the program's memory as it was then. -ENOENT: no such
 * function; -EMSGSIZE: its result is longer than out_bytes; else what it returned. */
long gt_executor_call(const char *name, const void *in, size_t in_bytes, void *out,
		      size_t out_bytes);

/* The GIL of policies that have one: green threads hold it whenever they run, unless
 * they have released it (as C extensions do around long computations). Calls of this
 * header that may block release it meanwhile. Elsewhere these do nothing. release
 * returns whether it was held. */
void gt_gil_acquire(void);
int gt_gil_release(void);

#ifdef __cplusplus
}
#endif

#endif
