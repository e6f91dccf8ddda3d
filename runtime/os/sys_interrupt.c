/* SPDX-License-Identifier: MIT
 *
 * What one OS thread may do to others: end their sleeps and polls, and have them all
 * see what it wrote. Both are rare: for gt_cancel.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/os/lock.h"
#include "runtime/sim/sim.h"
#include "runtime/os/sys.h"

/* Ignored by itself, and little used: the one that preemption takes, too. */
#define INTERRUPT_SIGNAL SIGURG

static void nothing(int number)
{
	(void)number;
}

/* A sleep or a poll ends by any handler. The program's own does as well. */
void gt__sys_interrupts_expect(void)
{
	struct sigaction now, ours = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	static uint32_t lk;

	gt__lk_lock(&lk);
	if (!sigaction(INTERRUPT_SIGNAL, NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
	    (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN))
		sigaction(INTERRUPT_SIGNAL, &ours, NULL);
	gt__lk_unlock(&lk);
}

void gt__sys_interrupt(pthread_t thread)
{
	if (gt__sim_on) {
		gt__sim_interrupt(thread);
		return;
	}
	gt__sys_interrupts_expect();
	pthread_kill(thread, INTERRUPT_SIGNAL);
}

void gt__sys_interrupt_process(pid_t pid)
{
	kill(pid, INTERRUPT_SIGNAL);
}

int gt__sys_barrier_is_known(void)
{
	long known = gt__sim_on ? MEMBARRIER_CMD_PRIVATE_EXPEDITED
				: syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0);

	return known > 0 && known & MEMBARRIER_CMD_PRIVATE_EXPEDITED;
}

void gt__sys_barrier(void)
{
	if (gt__sim_on)
		return;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) < 0 &&
	    errno == EPERM &&
	    !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0))
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
}
