/* SPDX-License-Identifier: MIT
 *
 * epoll for a loop on one OS thread: a descriptor stays watched when it has answered, so
 * that a green thread which waits for it again and again asks the kernel but once. What
 * answers while nobody waits for it is taken out.
 *
 * Descriptors may be closed, and their numbers used again, without our being told. So
 * what is taken for watched is asked for after all when the loop has nothing else to do,
 * when it was taken for so long, or so often: a wait for a new file under an old number
 * is at most that late. A file that is closed here and open elsewhere still answers, under
 * a number that is not its own any more, and cannot be taken out: such an answer bears an
 * old mark, or cannot be silenced, and then all begins anew with another epoll.
 */
#include "runtime/io/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/os/sys.h"

#define EVENTS_MAX  16
#define TRUST_MAX   256u    /* waits in a row without asking */
#define SWEEP_EVERY 128u    /* waits of the loop; what is older is asked for */
#define FEW	    4u	    /* so many are asked for at once, as cheap as to wait first */
#define PATIENCE_NS 200000u /* idle for so long, all are asked for */
#define ALWAYS	    (POLLERR | POLLHUP | POLLNVAL)

/* What we know of a descriptor. */
struct kept {
	short armed;	/* what the kernel watches it for; 0: it does not */
	short wanted;	/* what somebody waits for; 0: nobody */
	uint16_t trust; /* waits since we asked */
	uint16_t listed;
	uint32_t mark;	/* of its last addition */
	uint32_t since; /* `turns` at which it was last taken for watched */
};

static struct {
	int epoll_fd, kick_fd;
	struct kept *at; /* by descriptor */
	uint32_t max;
	int *trusted; /* descriptors taken for watched, and some that were */
	uint32_t trusted_count, trusted_max;
	uint32_t turns;
	int stray; /* an answer came that cannot be silenced */
} l = {.epoll_fd = -1};

static int control(int op, int fd, short events, uint32_t mark)
{
	struct epoll_event ev = {.events = (uint32_t)(unsigned short)events,
				 .data.u64 = (uint64_t)mark << 32 | (uint32_t)fd};

	return gt__sys_epoll_ctl(l.epoll_fd, op, fd, &ev);
}

static int add(int fd, struct kept *k)
{
	int err = control(EPOLL_CTL_ADD, fd, k->wanted, ++k->mark);

	return err == -EEXIST ? control(EPOLL_CTL_MOD, fd, k->wanted, k->mark) : err;
}

/* Asks the kernel. */
static int arm(int fd, struct kept *k)
{
	int err = k->armed ? control(EPOLL_CTL_MOD, fd, k->wanted, k->mark) : -ENOENT;

	if (err == -ENOENT)
		err = add(fd, k);
	k->trust = 0;
	k->armed = err ? 0 : k->wanted;
	return err;
}

/* Does without. 0: cannot. */
static int trust(int fd, struct kept *k)
{
	if (!k->armed || (k->wanted & ~k->armed) || k->trust >= TRUST_MAX)
		return 0;
	if (!k->listed && l.trusted_count == l.trusted_max) {
		uint32_t max = l.trusted_max ? 2 * l.trusted_max : 64;
		int *grown = realloc(l.trusted, max * sizeof *grown);

		if (!grown)
			return 0;
		l.trusted = grown;
		l.trusted_max = max;
	}
	if (!k->listed)
		l.trusted[l.trusted_count++] = fd;
	k->listed = 1;
	k->trust++;
	k->since = l.turns;
	return 1;
}

static int kept_watch(int fd, short events)
{
	int err = gt__loop_grow((void **)&l.at, sizeof *l.at, &l.max, fd);
	struct kept *k;

	if (err)
		return err;
	k = &l.at[fd];
	k->wanted = events;
	if (trust(fd, k))
		return 0;
	err = arm(fd, k);
	if (err)
		k->wanted = 0;
	return err;
}

/* Asks for those that have been taken for watched for `turns`, and forgets those that
 * nobody waits for. What is refused now is an answer: the waiter will see for itself. */
static int check(uint32_t turns, struct gt__loop_event *events, int max)
{
	uint32_t kept = 0;
	int n = 0;

	for (uint32_t i = 0; i < l.trusted_count; i++) {
		int fd = l.trusted[i];
		struct kept *k = &l.at[fd];

		if (k->wanted && (n == max || l.turns - k->since < turns)) {
			l.trusted[kept++] = fd;
			continue;
		}
		k->listed = 0;
		if (k->wanted && arm(fd, k)) {
			events[n++] = (struct gt__loop_event){fd, k->wanted};
			k->wanted = 0;
		}
	}
	l.trusted_count = kept;
	return n;
}

/* Nobody waits for what fd answered. */
static void silence(int fd, struct kept *k)
{
	if (k->wanted) /* for something else, and it was watched for more than that */
		l.stray |= arm(fd, k) != 0;
	else
		l.stray |= control(EPOLL_CTL_DEL, fd, 0, 0) != 0;
	if (!k->wanted)
		k->armed = 0;
}

static int answers(const struct epoll_event *got, int n, struct gt__loop_event *events)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		int fd = (int)(uint32_t)got[i].data.u64;
		struct kept *k = fd == l.kick_fd ? NULL : &l.at[fd];
		short has = (short)got[i].events;

		if (k && k->mark != (uint32_t)(got[i].data.u64 >> 32)) {
			l.stray = 1;
			continue;
		}
		if (k && !(k->wanted && has & (k->wanted | ALWAYS))) {
			silence(fd, k);
			continue;
		}
		if (k)
			k->wanted = 0;
		events[count++] = (struct gt__loop_event){fd, has};
	}
	return count;
}

static int fresh(void)
{
	int fd = gt__sys_epoll_new(), err;

	if (fd < 0)
		return fd;
	if (l.epoll_fd >= 0)
		close(l.epoll_fd);
	l.epoll_fd = fd;
	err = control(EPOLL_CTL_ADD, l.kick_fd, POLLIN, 0);
	return err;
}

/* Another epoll, with what is waited for only. */
static void begin_anew(void)
{
	if (fresh())
		return; /* tried again with the next stray answer */
	l.stray = 0;
	for (uint32_t fd = 0; fd < l.max; fd++) {
		struct kept *k = &l.at[fd];

		k->armed = 0;
		if (k->wanted)
			arm((int)fd, k);
	}
}

static int kept_wait(struct gt__loop_event *events, int max, uint64_t timeout_ns)
{
	struct epoll_event got[EVENTS_MAX];
	uint64_t first_ns = timeout_ns;
	int n;

	if (max > EVENTS_MAX)
		max = EVENTS_MAX;
	if (++l.turns % SWEEP_EVERY == 0 && (n = check(SWEEP_EVERY, events, max)))
		return n;
	if (timeout_ns && l.trusted_count && l.trusted_count <= FEW &&
	    (n = check(0, events, max)))
		return n;
	if (l.trusted_count && first_ns > PATIENCE_NS)
		first_ns = PATIENCE_NS;
	n = gt__sys_epoll_wait(l.epoll_fd, got, max, first_ns);
	if (!n && first_ns < timeout_ns) {
		if ((n = check(0, events, max)))
			return n;
		n = gt__sys_epoll_wait(l.epoll_fd, got, max,
				       timeout_ns == GT__NEVER ? GT__NEVER
							       : timeout_ns - first_ns);
	}
	n = n < 0 ? n : answers(got, n, events);
	if (l.stray)
		begin_anew();
	return n == -EINTR ? 0 : n;
}

static void kept_close(void)
{
	if (l.epoll_fd >= 0)
		close(l.epoll_fd);
	free(l.at);
	free(l.trusted);
	memset(&l, 0, sizeof l);
	l.epoll_fd = -1;
}

static int kept_open(int kick_fd)
{
	int err;

	l.kick_fd = kick_fd;
	err = fresh();
	if (err)
		kept_close();
	return err;
}

const struct gt__loop gt__loop_kept = {
	.name = "epoll",
	.open = kept_open,
	.close = kept_close,
	.watch = kept_watch,
	.wait = kept_wait,
};
