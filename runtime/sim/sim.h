/* SPDX-License-Identifier: MIT
 *
 * The simulated system (GT_SIM=seed): what sys.h asks of the operating system, played
 * on one real OS thread. Every OS thread of the runtime becomes a simulated one, a
 * context on a stack of its own; N cores with clocks of their own run them, and always
 * the core that is furthest behind goes on. So a run depends on its seed alone, as long
 * as the program asks nothing of the real system that answers differently each time.
 *
 * Code costs virtual time only where it enters the simulation: at safe points, yields,
 * waits and system calls. Writing an event costs none: traced or not, a seed is one run.
 */
#ifndef GT_SIM_H
#define GT_SIM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

struct gt__policy;

/* Virtual ns. They are round, of the order of a current machine's. */
#define GT__SIM_START	  1000000000ull /* the clock when the first run starts */
#define GT__SIM_TICK	  100ull	/* from one safe point to the next */
#define GT__SIM_SWITCH_GT 100ull	/* a yield or a wait of a green thread */
#define GT__SIM_CALL	  300ull	/* a system call */
/* A lock that is let go and taken back while a thread on another core wants it: the wake-up
 * that finds nobody any more, and the lock's line there and back. Measured on CPython 2.7:
 * fib(35) twice takes 4.60 s on two cores and 2.67 s on one, with 3.25 million releases. */
#define GT__SIM_FIGHT	     600ull
#define GT__SIM_SWITCH	     2000ull	/* a core goes on with another thread */
#define GT__SIM_WAKE	     10000ull	/* until a woken thread is on a core */
#define GT__SIM_WAKE_JITTER  10000ull	/* above that, at most */
#define GT__SIM_SLICE	     4000000ull /* as Linux's tick on a desktop */
#define GT__SIM_CREDIT	     2000000ull /* what a sleeper may be behind the others */
#define GT__SIM_WAKE_PREEMPT 1000000ull /* so far behind, one preempts */
#define GT__SIM_POLL	     20000ull	/* between two looks at real descriptors */

extern uint32_t gt__sim_on;

/* If GT_SIM is set ("SEED" or "SEED,cores=N"), the calling OS thread becomes the first
 * simulated one, on N cores, or else on `cores` (0: 2). Returns the policy to use: itself,
 * or one that charges for its switches. Another GT_SIM ends the program with a clear
 * line. A later run goes on where the clock of the one before stopped. */
const struct gt__policy *gt__sim_begin(const struct gt__policy *policy, uint64_t cores);
/* All simulated threads but the first were joined. */
void gt__sim_end(void);
/* Before a fork; and in its child, where only the calling simulated thread came along. */
void gt__sim_before_fork(void);
void gt__sim_forked(void);
/* A safe point. Whether the policy wants one. */
int gt__sim_tick(void);

/* As in sys.h. */
uint64_t gt__sim_now(void);
void gt__sim_sleep(uint64_t deadline_ns);
int gt__sim_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline_ns);
void gt__sim_futex_wake(uint32_t *word, int count);
int gt__sim_epoll_wait(int epoll_fd, struct epoll_event *events, int max,
		       uint64_t timeout_ns);
int gt__sim_poll(int fd, short events, uint64_t deadline_ns, const uint32_t *stop,
		 short *revents);
void gt__sim_interrupt(pthread_t thread);
void gt__sim_event_was_set(void);
int gt__sim_thread_start(pthread_t *out, size_t stack_bytes, void *(*fn)(void *),
			 void *arg);
void gt__sim_thread_join(pthread_t thread);
pthread_t gt__sim_thread_self(void);
pid_t gt__sim_tid(void);
void gt__sim_yield(void);
void gt__sim_relax(void);
void gt__sim_fight(void);
unsigned gt__sim_cpu_count(void);
void gt__sim_cpu_limit(unsigned count);
void gt__sim_cpu_only(uint64_t mask);

/* For tests: called whenever a thread of the simulation goes on; NULL: nothing. */
extern void (*gt__sim_step)(void);
/* For tests: chooses below limit in the seed's place; NULL: the seed does. */
extern uint64_t (*gt__sim_choose)(uint64_t limit);

#endif
