/* SPDX-License-Identifier: MIT
 *
 * 0: free; else the holder's pid, and whether somebody may be asleep for it. A death is
 * noticed twice: by the parent, which says so before it reaps; and by who waits, which now
 * and then looks whether the holder still lives, for a parent may itself wait for the lock.
 */
#include "runtime/os/lock_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/os/sys.h"

#define WAITED	0x80000000u
#define HOLDER	0x7fffffffu
#define NOBODY	HOLDER /* as a holder: it died */
#define SPINS	100
#define LOOK_NS 10000000u /* how long to sleep before a look at the holder */

static uint32_t read_word(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static int put_word(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, 0, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Ended, perhaps not reaped. */
static int is_dead(uint32_t pid)
{
	char path[32], text[128], *state;
	ssize_t n;
	int fd;

	if (pid == NOBODY)
		return 1;
	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return n == -1 && errno == ESRCH;
	text[n] = '\0';
	state = strrchr(text, ')');
	return state && (state[2] == 'Z' || state[2] == 'X');
}

/* -EBUSY, or as gt__shared_trylock. */
static int take(uint32_t *word, uint32_t waited)
{
	uint32_t seen = read_word(word), me = (uint32_t)getpid() | waited;

	if (!(seen & HOLDER))
		return put_word(word, seen, me | (seen & WAITED)) ? 0 : -EBUSY;
	if ((seen & HOLDER) == NOBODY)
		return put_word(word, seen, me | (seen & WAITED)) ? 1 : -EBUSY;
	return -EBUSY;
}

int gt__shared_trylock(uint32_t *word)
{
	return take(word, 0);
}

/* Sleeps for a while; 1: the holder is dead, and the lock is ours. */
static int wait(uint32_t *word)
{
	uint32_t seen = read_word(word);

	if (!(seen & HOLDER) || (!(seen & WAITED) && !put_word(word, seen, seen | WAITED)))
		return 0;
	seen |= WAITED;
	if (gt__sys_futex_wait(word, seen, gt__sys_now_ns() + LOOK_NS) != -ETIMEDOUT)
		return 0;
	return is_dead(seen & HOLDER) && put_word(word, seen, (uint32_t)getpid() | WAITED);
}

int gt__shared_lock(uint32_t *word)
{
	uint32_t waited = 0;
	int got;

	for (int i = 0; (got = take(word, waited)) < 0; i++) {
		if (i < SPINS) {
			gt__sys_relax();
			continue;
		}
		if (wait(word))
			return 1;
		waited = WAITED; /* others may be asleep, too */
	}
	return got;
}

void gt__shared_unlock(uint32_t *word)
{
	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) & WAITED)
		gt__sys_futex_wake(word, 1);
}

void gt__shared_lock_died(uint32_t *word, pid_t pid)
{
	uint32_t seen = read_word(word);

	while ((seen & HOLDER) == (uint32_t)pid) {
		if (put_word(word, seen, NOBODY | (seen & WAITED))) {
			gt__sys_futex_wake(word, 1);
			return;
		}
		seen = read_word(word);
	}
}
