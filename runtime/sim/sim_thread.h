/* SPDX-License-Identifier: MIT
 *
 * Threads of the simulated system: what its kernel (sim.c) and its calls
 * (sim_thread.c) share.
 */
#ifndef GT_SIM_THREAD_H
#define GT_SIM_THREAD_H

#include "runtime/os/ctx.h"
#include "runtime/sim/sim.h"

enum gt__sim_state { GT__SIM_READY, GT__SIM_RUNNING, GT__SIM_WAITING, GT__SIM_OVER };

struct gt__os;

struct gt__sim_thread {
	struct gt__ctx ctx; /* where it stopped, maybe on the stack of a fiber */
	struct gt__os *os;  /* what its gt__os() is */
	int saved_errno;
	enum gt__sim_state state;
	pid_t tid;
	unsigned core, cores;	 /* where it ran last; it may use 0…cores-1, */
	uint64_t only;		 /* of them those whose bit is set (0: all) */
	uint64_t ready_at;	 /* ready: from when on */
	uint64_t runtime, slice; /* on a core: ever (for fairness), and since it came */
	/* waiting: for what */
	uint64_t deadline, blocked; /* blocked: numbers the waits */
	uint32_t call;		    /* in which system call, + 1 */
	uint32_t child_pid;	    /* of its fork in progress */
	uint32_t *word;
	struct gt__sim_thread *joins;
	int fd; /* -1: none */
	short events;
	int result;
	/* its life */
	void *stack;
	size_t stack_bytes;
	void *(*fn)(void *);
	void *arg;
	struct gt__sim_thread *next;
};

struct gt__sim_thread *gt__sim_self(void);
struct gt__sim_thread *gt__sim_all(void); /* by next; Borrows */
unsigned gt__sim_core_count(void);	  /* of the machine */
/* `cost` is charged, and whatever happens earlier than the new time happens first. */
void gt__sim_enter(uint64_t cost);
/* The caller waits, for what it has set: the result that its waker gave. */
int gt__sim_wait(uint64_t deadline);
void gt__sim_make_ready(struct gt__sim_thread *t, uint64_t now, int result);
void gt__sim_switch(struct gt__sim_thread *from, struct gt__sim_thread *to);
void gt__sim_add(struct gt__sim_thread *t);
void gt__sim_remove(struct gt__sim_thread *t);
void gt__sim_over(void) __attribute__((noreturn));

#endif
