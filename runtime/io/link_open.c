/* SPDX-License-Identifier: MIT
 *
 * Addresses of channels to other processes, and how one comes by a socket.
 *
 * Apart from link.c, because a program that is linked statically and has no such
 * channels should not get libc's resolver.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/io/link.h"
#include "runtime/core/rt.h"

#define HOST_BYTES 256
#define BACKLOG	   64

struct place {
	struct sockaddr_storage addr;
	socklen_t bytes;
};

/* --------------------------------------------------------------- addresses */

static int unix_place(struct place *place, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (!len || len >= sizeof addr.sun_path)
		return -EINVAL;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	place->bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
				   (path[0] != '@'));
	memcpy(&place->addr, &addr, sizeof addr);
	return 0;
}

struct lookup {
	char host[HOST_BYTES];
	const char *port;
	int listens;
	struct place *place;
};

/* In the pool: resolvers block. */
static long resolve(void *arg)
{
	const struct lookup *l = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags =
					 AI_NUMERICSERV | (l->listens ? AI_PASSIVE : 0)};
	struct addrinfo *found;

	if (getaddrinfo(l->host[0] ? l->host : NULL, l->port, &hints, &found))
		return -ENOENT;
	memcpy(&l->place->addr, found->ai_addr, found->ai_addrlen);
	l->place->bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* "HOST:PORT"; an IPv6 address in brackets. */
static int tcp_place(struct place *place, const char *text, int listens)
{
	struct lookup lookup = {.listens = listens, .place = place};
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!colon || !colon[1] || len >= HOST_BYTES)
		return -EINVAL;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (!len && !listens)
		return -EINVAL;
	memcpy(lookup.host, text, len);
	lookup.port = colon + 1;
	return (int)gt_blocking("getaddrinfo", resolve, &lookup);
}

static int place_of(struct place *place, const char *address, int listens)
{
	memset(place, 0, sizeof *place);
	if (!gt_self())
		return -EPERM;
	if (!address)
		return -EINVAL;
	if (!strncmp(address, "unix:", 5))
		return unix_place(place, address + 5);
	if (!strncmp(address, "tcp:", 4))
		return tcp_place(place, address + 4, listens);
	return -EINVAL;
}

/* ----------------------------------------------------------------- sockets */

static __attribute__((noinline)) int new_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static __attribute__((noinline)) int bind_and_listen(int fd, const struct place *place)
{
	const int yes = 1;

	if (place->addr.ss_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (const struct sockaddr *)&place->addr, place->bytes) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

/* Elements and answers are small, and somebody waits for each. */
static void answer_at_once(int fd)
{
	const int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int gt_chan_listen(const char *address)
{
	struct place place;
	int err = place_of(&place, address, 1), fd;

	if (err)
		return err;
	fd = new_socket(place.addr.ss_family);
	err = fd < 0 ? fd : bind_and_listen(fd, &place);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

int gt_chan_connect(struct gt_chan **out, const char *address,
		    const struct gt_chan_link *link)
{
	struct gt_cleanup cleanup;
	struct place place;
	int err = place_of(&place, address, 0), fd;

	if (err)
		return err;
	fd = new_socket(place.addr.ss_family);
	if (fd < 0)
		return fd;
	gt_cleanup_push(&cleanup, gt__link_drop, &fd);
	err = gt_connect(fd, (const struct sockaddr *)&place.addr, place.bytes);
	gt_cleanup_pop(&cleanup, 0);
	if (err) {
		close(fd);
		return err;
	}
	answer_at_once(fd);
	return gt_chan_over(out, fd, link);
}

/* What a stranger has said, or not said, is no error of ours. */
static int is_peers(int err)
{
	return err == -EPROTO || err == -ETIMEDOUT || err == -EPIPE || err == -ECONNRESET;
}

int gt_chan_accept(struct gt_chan **out, int listener, const struct gt_chan_link *link)
{
	int fd, err;

	do {
		fd = gt_accept(listener, NULL, NULL);
		if (fd < 0)
			return fd;
		answer_at_once(fd);
		err = gt_chan_over(out, fd, link);
	} while (is_peers(err));
	return err;
}
