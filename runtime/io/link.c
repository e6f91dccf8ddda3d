/* SPDX-License-Identifier: MIT
 *
 * The sending end has two green threads: one takes from the channel what may be sent, one
 * hears the answers. The receiving end has one, which asks for no more before somebody has
 * received: so what waits, waits in the sockets, and the sender's count bounds it.
 *
 * A link lies where its channel does; the last of its green threads and the program frees
 * both.
 */
#include "runtime/io/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/core/arena.h"
#include "runtime/sync/chan.h"
#include "runtime/os/raw.h"

#define GREETING_BYTES 20
#define GREETING_NS    2000000000u /* to wait for a peer's */
#define CAPACITY_MAX   (1u << 20)
#define ANSWERS	       64

struct gt__link {
	struct gt_chan *chan;
	struct gt_sem credits; /* elements that may be sent */
	size_t elem_bytes;
	enum gt_chan_end end;
	int fd;
	pid_t pid;	/* where fd is that */
	uint32_t users; /* atomic: our green threads, and the program */
	uint32_t cut;	/* atomic: the peer is gone */
	char frame[];	/* a tag and an element */
};

/* ------------------------------------------------------------------ socket */

static __attribute__((noinline)) ssize_t try_send(int fd, const void *buf, size_t bytes)
{
	ssize_t n = gt__raw_send(fd, buf, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

static int send_whole(int fd, const void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		ssize_t n = try_send(fd, (const char *)buf + at, bytes - at);
		int events = n == -EAGAIN ? gt_poll(fd, POLLOUT, -1) : 1;

		if (events < 0)
			return events;
		if (n < 0 && n != -EAGAIN && n != -EINTR)
			return (int)n;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int recv_whole(int fd, void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		ssize_t n = gt_read(fd, (char *)buf + at, bytes - at);

		if (n <= 0)
			return n ? (int)n : -EPIPE;
		at += (size_t)n;
	}
	return 0;
}

static void put32(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t get32(const unsigned char *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/* A peer that says nothing does not hold us up for ever. */
static int hear_greeting(int fd, unsigned char *greeting)
{
	uint64_t now = gt__sys_now_ns(), end = now + GREETING_NS;

	for (size_t at = 0; at < GREETING_BYTES; now = gt__sys_now_ns()) {
		int events = now < end ? gt_poll(fd, POLLIN, (int64_t)(end - now)) : 0;
		ssize_t n;

		if (events <= 0)
			return events ? events : -ETIMEDOUT;
		n = gt_read(fd, greeting + at, GREETING_BYTES - at);
		if (n <= 0)
			return n ? (int)n : -EPROTO;
		at += (size_t)n;
	}
	return 0;
}

/* Both sides say what they are: *credits, how many elements may be under way. */
static int greet(int fd, const struct gt_chan_link *spec, uint32_t *credits)
{
	unsigned char ours[GREETING_BYTES] = "gtchan01", theirs[GREETING_BYTES];
	size_t mine = spec->capacity ? spec->capacity : 1;
	int err;

	ours[8] = (unsigned char)spec->end;
	put32(ours + 12, (uint32_t)spec->elem_bytes);
	put32(ours + 16, (uint32_t)mine);
	err = send_whole(fd, ours, sizeof ours);
	if (!err)
		err = hear_greeting(fd, theirs);
	if (err)
		return err;
	*credits = spec->end == GT_CHAN_SENDS ? get32(theirs + 16) : (uint32_t)mine;
	if (memcmp(ours, theirs, 8) || theirs[8] > 1 || theirs[8] == ours[8] ||
	    memcmp(ours + 9, theirs + 9, 7) || !*credits || *credits > CAPACITY_MAX)
		return -EPROTO;
	return 0;
}

void gt__link_drop(void *fd)
{
	close(*(const int *)fd);
}

/* -------------------------------------------------------------------- ends */

static void leave(struct gt__link *link)
{
	if (__atomic_sub_fetch(&link->users, 1, __ATOMIC_ACQ_REL))
		return;
	gt__acquired();
	if (link->pid == getpid())
		close(link->fd);
	gt_shared_free(link->chan);
	gt_shared_free(link);
}

/* No more comes from the peer, and nothing goes to it. */
static void cut(struct gt__link *link)
{
	__atomic_store_n(&link->cut, 1, __ATOMIC_RELEASE);
	shutdown(link->fd, SHUT_RDWR);
	gt_chan_close(link->chan);
}

/* Hears answers until the peer closes: the sign that it has all, or wants no more. */
static void hear_answers(void *arg)
{
	struct gt__link *link = arg;
	char answer[ANSWERS];
	ssize_t n;
	int good = 1;

	while (good && (n = gt_read(link->fd, answer, sizeof answer)) > 0)
		for (ssize_t i = 0; i < n && good; i++)
			good = answer[i] == 'A' && !gt_sem_post(&link->credits);
	cut(link);
	gt_sem_post(&link->credits); /* at its maximum nobody waits for one */
	leave(link);
}

static void send_elements(void *arg)
{
	struct gt__link *link = arg;
	int err = 0;

	while (!err && !gt_sem_wait(&link->credits) &&
	       !__atomic_load_n(&link->cut, __ATOMIC_ACQUIRE)) {
		link->frame[0] = 'E';
		if (gt_chan_recv(link->chan, link->frame + 1)) {
			link->frame[0] = 'C';
			send_whole(link->fd, link->frame, 1);
			shutdown(link->fd, SHUT_WR);
			break;
		}
		err = send_whole(link->fd, link->frame, 1 + link->elem_bytes);
	}
	if (err)
		cut(link);
	leave(link);
}

static void receive_elements(void *arg)
{
	struct gt__link *link = arg;

	while (!recv_whole(link->fd, link->frame, 1) && link->frame[0] == 'E' &&
	       !recv_whole(link->fd, link->frame + 1, link->elem_bytes) &&
	       !gt_chan_send(link->chan, link->frame + 1) && !send_whole(link->fd, "A", 1))
		;
	cut(link);
	leave(link);
}

void gt__link_closed(struct gt__link *link)
{
	/* The sending end still says so, after what is under way. */
	if (link->end == GT_CHAN_RECEIVES && link->pid == getpid())
		shutdown(link->fd, SHUT_RDWR);
}

int gt__link_freed(struct gt__link *link)
{
	if (gt_self())
		gt_chan_close(link->chan);
	if (gt__rt.shared_ids && link->pid == getpid()) {
		close(link->fd); /* our green threads are processes, and have their own */
		link->pid = 0;
	}
	leave(link);
	return 1;
}

/* ------------------------------------------------------------------ making */

static struct gt__link *link_new(int fd, const struct gt_chan_link *spec, uint32_t credits)
{
	struct gt__link *link = gt__shared_alloc(sizeof *link + 1 + spec->elem_bytes);

	if (!link)
		return NULL;
	memset(link, 0, sizeof *link);
	link->chan = gt_chan_new(spec->elem_bytes, 0, spec->name);
	if (!link->chan) {
		gt_shared_free(link);
		return NULL;
	}
	link->chan->link = link;
	link->elem_bytes = spec->elem_bytes;
	link->end = spec->end;
	link->fd = fd;
	link->pid = getpid();
	link->users = 1;
	gt_sem_init(&link->credits, credits, credits, "elements under way");
	return link;
}

static int start(struct gt__link *link, const char *name, void (*fn)(void *))
{
	const struct gt_attr attr = {.name = name};
	int err;

	__atomic_fetch_add(&link->users, 1, __ATOMIC_RELAXED);
	err = gt_spawn_attr(NULL, &attr, fn, link);
	if (err)
		__atomic_fetch_sub(&link->users, 1, __ATOMIC_RELAXED);
	return err;
}

static int check(const struct gt_chan_link *spec)
{
	/* Under single nobody else would begin to hear and speak; what a peer does is not
	 * simulated. */
	if (gt__sim_on || gt__rt.policy == &gt__policy_single)
		return -ENOTSUP;
	if (spec->elem_bytes > GT__ELEM_BYTES_MAX || spec->capacity > CAPACITY_MAX ||
	    (spec->end != GT_CHAN_SENDS && spec->end != GT_CHAN_RECEIVES))
		return -EINVAL;
	return 0;
}

static int begin(struct gt__link *link)
{
	int err;

	if (link->end == GT_CHAN_RECEIVES)
		return start(link, "link in", receive_elements);
	err = start(link, "link answers", hear_answers);
	if (err)
		return err;
	err = start(link, "link out", send_elements);
	if (err) /* so that the other one ends */
		shutdown(link->fd, SHUT_RDWR);
	return err;
}

int gt_chan_over(struct gt_chan **out, int fd, const struct gt_chan_link *spec)
{
	struct gt__link *link = NULL;
	struct gt_cleanup cleanup;
	uint32_t credits;
	int err = gt_self() ? check(spec) : -EPERM;

	if (!err) { /* who waits there may be cancelled */
		gt_cleanup_push(&cleanup, gt__link_drop, &fd);
		err = greet(fd, spec, &credits);
		gt_cleanup_pop(&cleanup, 0);
	}
	if (!err) {
		link = link_new(fd, spec, credits);
		err = link ? 0 : -ENOMEM;
	}
	if (err) {
		close(fd);
		return err;
	}
	err = begin(link);
	if (err)
		leave(link);
	else
		*out = link->chan;
	return err;
}
