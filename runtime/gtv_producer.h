/* SPDX-License-Identifier: MIT
 *
 * The producer's side of the rings; abi/gtv_ring.h is the contract. C99 and C++, Linux.
 *
 * The memory file was lent by gtviz, but its descriptor came through processes that
 * may have closed it and opened something else in its place: it is believed only if
 * it is sealed, says the magic, and its own arithmetic agrees with its size. Later
 * nothing is read from it but tails, dropped counts and flags; our own index is
 * private and masked, so whatever another process writes there costs events only.
 *
 * libgt writes by this, and so does whoever includes gtv_emit.h.
 */
#ifndef GTV_PRODUCER_H
#define GTV_PRODUCER_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "runtime/abi/gtv_ring.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* In the headers of Linux since 3.17; hidden unless _GNU_SOURCE is defined. */
#ifndef F_GET_SEALS
#define F_GET_SEALS   1034
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW   4
#endif

#define GTV_RING_BYTES_MIN 4096u
#define GTV_RING_BYTES_MAX (1u << 30)
#define GTV_RINGS_MAX	   65536u
#define GTV_TEXT_BYTES	   64 /* names are cut there */

/* A process's mapping of the memory file, and the figures of it that we believed. */
struct gtv_map {
	struct gtv_shm *shm; /* NULL: not traced */
	uint64_t bytes;
	uint32_t ring_count, ring_bytes, clock;
	uint32_t gone; /* atomic: the reader went away, or asked us to stop */
};

/* What one OS thread writes with. All zero is a valid one that is off. */
struct gtv_producer {
	uint32_t on;	/* else nothing is written: the one branch */
	uint32_t clock; /* enum gtv_clock_kind */
	uint64_t head;	/* events ever published */
	uint64_t limit; /* head at which to look at the ring again */
	uint64_t mask;
	struct gtv_event *events;
	struct gtv_ring *ring; /* NULL: there was none left */
	uint64_t last_raw;     /* the last stamp taken */
	uint64_t lost;	       /* events that never reached a ring */
	uint32_t lossy;	       /* LOST events are owed */
	uint32_t round;	       /* libgt: which of its traces the ring is of */
};

/* ---------------------------------------------------------------- mapping */

static inline int gtv_map__agrees(const struct gtv_shm *h, uint64_t size)
{
	return h->magic == GTV_SHM_MAGIC && h->version == GTV_ABI_VERSION &&
	       h->clock <= GTV_CLOCK_SIM && h->ring_count >= 1 &&
	       h->ring_count <= GTV_RINGS_MAX && h->ring_bytes >= GTV_RING_BYTES_MIN &&
	       h->ring_bytes <= GTV_RING_BYTES_MAX &&
	       !(h->ring_bytes & (h->ring_bytes - 1)) && h->total_bytes == size &&
	       gtv_shm_size(h->ring_count, h->ring_bytes) == size;
}

/* Maps the memory file behind `fd` (Borrows). 0, -EINVAL if it is not to be believed, or
 * -errno. */
static inline int gtv_map_fd(struct gtv_map *map, int fd)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW;
	struct stat st;
	struct gtv_shm head;
	void *shm;
	int seals = fcntl(fd, F_GET_SEALS);

	/* Without the seals, whoever holds the file could shrink it under us. */
	if (seals < 0 || (seals & sealed) != sealed || fstat(fd, &st) < 0 ||
	    st.st_size < (off_t)GTV_SHM_PAGE ||
	    pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
	    !gtv_map__agrees(&head, (uint64_t)st.st_size))
		return -EINVAL;
	shm = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm == MAP_FAILED)
		return -errno;
	map->shm = (struct gtv_shm *)shm;
	map->bytes = (uint64_t)st.st_size;
	map->ring_count = head.ring_count;
	map->ring_bytes = head.ring_bytes;
	map->clock = head.clock;
	map->gone = 0;
	return 0;
}

static inline void gtv_map_close(struct gtv_map *map)
{
	if (map->shm)
		munmap(map->shm, map->bytes);
	memset(map, 0, sizeof *map);
}

/* A file descriptor that comes with the next message, or -1. */
static inline int gtv_map__receive(int sock)
{
	char byte;
	struct iovec iov;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg;
	struct cmsghdr *c;
	int fd = -1;

	iov.iov_base = &byte;
	iov.iov_len = 1;
	memset(&msg, 0, sizeof msg);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof control.bytes;
	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* Connects to the abstract socket `name` and asks for the descriptor. The wait is
 * bounded: a program must start even if its tracer hangs. */
static inline int gtv_map__ask(const char *name, int type)
{
	struct sockaddr_un addr;
	struct timeval patience;
	size_t len = strlen(name);
	int sock, fd = -1;

	memset(&addr, 0, sizeof addr);
	addr.sun_family = AF_UNIX;
	patience.tv_sec = 1;
	patience.tv_usec = 0;
	if (!len || len >= sizeof addr.sun_path)
		return -1;
	memcpy(addr.sun_path + 1, name, len);
	sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -1;
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (!connect(sock, (struct sockaddr *)&addr,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)))
		fd = gtv_map__receive(sock);
	close(sock);
	return fd;
}

/* The same, from the socket that hands the file out. 0 or -errno. */
static inline int gtv_map_socket(struct gtv_map *map, const char *name)
{
	int fd, err;

	if (*name == '@')
		name++;
	fd = gtv_map__ask(name, SOCK_STREAM);
	if (fd < 0)
		fd = gtv_map__ask(name, SOCK_SEQPACKET);
	if (fd < 0)
		return -ENOENT;
	err = gtv_map_fd(map, fd);
	close(fd);
	return err;
}

/* The file that the environment names. Returns whether there is one. */
static inline int gtv_map_environment(struct gtv_map *map)
{
	const char *fd_text = getenv(GTV_ENV_FD), *sock = getenv(GTV_ENV_SOCK);
	char *end;
	long fd;

	if (fd_text && *fd_text) {
		errno = 0;
		fd = strtol(fd_text, &end, 10);
		if (!errno && !*end && fd >= 0 && fd <= INT_MAX &&
		    !gtv_map_fd(map, (int)fd))
			return 1;
	}
	return sock && !gtv_map_socket(map, sock);
}

static inline int gtv_map_is_on(const struct gtv_map *map)
{
	return map->shm && !__atomic_load_n(&map->gone, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------ rings */

static inline int gtv_producer__claim(const struct gtv_map *map, uint32_t idx,
				      struct gtv_producer *p, uint32_t tid)
{
	struct gtv_ring *ring =
		(struct gtv_ring *)((char *)map->shm + gtv_ring_control_offset(idx));
	uint32_t expected = GTV_RING_FREE;

	if (__atomic_load_n(&ring->state, __ATOMIC_RELAXED) != expected ||
	    !__atomic_compare_exchange_n(&ring->state, &expected, GTV_RING_LIVE, 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return 0;
	__atomic_store_n(&ring->pid, (uint32_t)getpid(), __ATOMIC_RELAXED);
	__atomic_store_n(&ring->tid, tid, __ATOMIC_RELAXED);
	__atomic_fetch_add(&ring->generation, 1, __ATOMIC_RELEASE);
	p->ring = ring;
	p->events = (struct gtv_event *)((char *)map->shm +
					 gtv_ring_data_offset(map->ring_count,
							      map->ring_bytes, idx));
	p->mask = map->ring_bytes / sizeof(struct gtv_event) - 1;
	p->head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
	return 1;
}

static inline void gtv_map_doorbell(const struct gtv_map *map)
{
	if (!__atomic_load_n(&map->shm->waiting, __ATOMIC_ACQUIRE))
		return;
	__atomic_fetch_add(&map->shm->doorbell, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &map->shm->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Claims a ring for the OS thread `tid`. The first event looks at it; if none is left,
 * every event does, and is counted. The first that is free is taken, so one of the upper
 * half says that rings grow few: where threads come and go by the thousand, most are
 * closed already and wait for the reader to free them. */
static inline void gtv_producer_claim(const struct gtv_map *map, struct gtv_producer *p,
				      uint32_t tid)
{
	uint32_t i;

	for (i = 0; i < map->ring_count; i++)
		if (gtv_producer__claim(map, i, p, tid))
			break;
	if (i > map->ring_count / 2)
		gtv_map_doorbell(map);
	__atomic_store_n(&p->limit, p->head, __ATOMIC_RELAXED);
}

/* Hands it back: the reader frees it once it is drained. */
static inline void gtv_producer_close(struct gtv_producer *p)
{
	struct gtv_ring *ring = p->ring;

	__atomic_store_n(&p->on, 0, __ATOMIC_RELAXED);
	p->ring = NULL;
	if (ring)
		__atomic_store_n(&ring->state, GTV_RING_CLOSED, __ATOMIC_RELEASE);
}

/* ---------------------------------------------------- the ring's far side */

/* Whether the reader has been still for so long. */
static inline int gtv_map_reader_is_still(const struct gtv_map *map, uint64_t for_ns)
{
	struct timespec ts;
	uint64_t beat = __atomic_load_n(&map->shm->heartbeat_ns, __ATOMIC_ACQUIRE), now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	return now > beat && now - beat > for_ns;
}

static inline int gtv_map_reader_is_gone(const struct gtv_map *map)
{
	return gtv_map_reader_is_still(map, GTV_HEARTBEAT_GONE_NS);
}

/* Free slots; a tail that no reader can have written counts as a full ring. */
static inline uint64_t gtv_producer_room(const struct gtv_producer *p)
{
	uint64_t used = p->head - __atomic_load_n(&p->ring->tail, __ATOMIC_ACQUIRE);

	return used > p->mask + 1 ? 0 : p->mask + 1 - used;
}

static inline void gtv_producer_publish(struct gtv_producer *p, const struct gtv_event *ev)
{
	p->events[p->head & p->mask] = *ev;
	__atomic_store_n(&p->ring->head, ++p->head, __ATOMIC_RELEASE);
}

static inline void gtv_producer__drop(struct gtv_map *map, struct gtv_producer *p,
				      const struct gtv_event *ev)
{
	struct gtv_ring *ring = p->ring;

	/* The heartbeat is worth a look at the first loss, then now and then. */
	if (!(p->lost++ & 255) && gtv_map_reader_is_gone(map)) {
		__atomic_store_n(&map->gone, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&p->on, 0, __ATOMIC_RELAXED);
	}
	if (!p->lossy)
		__atomic_store_n(&ring->loss_first_raw, ev->ts_raw, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->loss_last_raw, ev->ts_raw, __ATOMIC_RELAXED);
	p->lossy = 1;
	__atomic_fetch_add(&ring->dropped[ev->kind], 1, __ATOMIC_RELEASE);
}

static inline unsigned gtv_producer__untold(const struct gtv_ring *ring)
{
	unsigned n = 0;
	int k;

	for (k = 0; k < GTV_EV_USER_MAX; k++)
		n += __atomic_load_n(&ring->dropped[k], __ATOMIC_RELAXED) !=
		     __atomic_load_n(&ring->told[k], __ATOMIC_RELAXED);
	return n;
}

/* One LOST event a kind: how many, and between which two times. */
static inline void gtv_producer__tell_losses(struct gtv_producer *p)
{
	struct gtv_ring *ring = p->ring;
	uint64_t first = __atomic_load_n(&ring->loss_first_raw, __ATOMIC_RELAXED);
	uint64_t last = __atomic_load_n(&ring->loss_last_raw, __ATOMIC_RELAXED);
	uint32_t k;

	for (k = 0; k < GTV_EV_USER_MAX; k++) {
		uint64_t dropped = __atomic_load_n(&ring->dropped[k], __ATOMIC_RELAXED);
		uint64_t told = __atomic_load_n(&ring->told[k], __ATOMIC_RELAXED);
		struct gtv_event ev;

		if (dropped == told)
			continue;
		memset(&ev, 0, sizeof ev);
		ev.ts_raw = last;
		ev.kind = GTV_EV_LOST;
		ev.gt = (uint32_t)first;
		ev.u.f.obj = k;
		ev.u.f.seq = (uint32_t)(first >> 32);
		ev.u.f.arg = dropped - told;
		gtv_producer_publish(p, &ev);
		__atomic_store_n(&ring->told[k], dropped, __ATOMIC_RELEASE);
	}
	p->lossy = 0;
}

/* The next look: where it is full, or at the next eighth of the ring. */
static inline void gtv_producer__set_limit(struct gtv_producer *p, uint64_t room)
{
	uint64_t eighth = (p->mask + 1) / 8, step = eighth - p->head % eighth;

	__atomic_store_n(&p->limit, p->head + (room < step ? room : step),
			 __ATOMIC_RELAXED);
}

/* Where head meets limit: sees to the doorbell, to overflow and its telling, and to a
 * reader that went away or asks us to stop. */
static inline void gtv_producer_slow(struct gtv_map *map, struct gtv_producer *p,
				     const struct gtv_event *ev)
{
	uint64_t room;

	if (__atomic_load_n(&map->gone, __ATOMIC_RELAXED) ||
	    !__atomic_load_n(&map->shm->enabled, __ATOMIC_RELAXED)) {
		__atomic_store_n(&p->on, 0, __ATOMIC_RELAXED);
		return;
	}
	if (!p->ring) {
		p->lost++;
		__atomic_fetch_add(&map->shm->unringed[ev->kind], 1, __ATOMIC_RELAXED);
		return;
	}
	room = gtv_producer_room(p);
	if (room <= (p->mask + 1) / 2)
		gtv_map_doorbell(map);
	if (!room || (p->lossy && room < gtv_producer__untold(p->ring) + 1u)) {
		gtv_producer__drop(map, p, ev);
		return;
	}
	if (p->lossy)
		gtv_producer__tell_losses(p);
	gtv_producer_publish(p, ev);
	gtv_producer__set_limit(p, gtv_producer_room(p));
}

/* The time of an event on the clock that the file names. */
static inline uint64_t gtv_producer_now(const struct gtv_producer *p)
{
	struct timespec ts;

#if defined(__x86_64__)
	if (p->clock == GTV_CLOCK_TSC)
		return __rdtsc();
#elif defined(__aarch64__)
	if (p->clock == GTV_CLOCK_TSC) {
		uint64_t raw;
		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(raw)::"memory");
		return raw;
	}
#endif
	(void)p;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The pieces of a name, one a TEXT event: how many, and piece `i` of them in *ev, all but
 * its time. */
static inline unsigned gtv_text_pieces(const char *text)
{
	size_t len = strnlen(text, GTV_TEXT_BYTES);

	return len ? (unsigned)((len + GTV_TEXT_CHUNK - 1) / GTV_TEXT_CHUNK) : 1;
}

static inline void gtv_text_piece(struct gtv_event *ev, unsigned i, uint8_t what,
				  uint32_t id, const char *text)
{
	size_t len = strnlen(text, GTV_TEXT_BYTES), at = i * (size_t)GTV_TEXT_CHUNK;

	memset(ev, 0, sizeof *ev);
	ev->kind = GTV_EV_TEXT;
	ev->flags = (uint8_t)(i | (i + 1 == gtv_text_pieces(text) ? GTV_TEXT_LAST : 0));
	ev->aux = what;
	ev->gt = id;
	memcpy(ev->u.text, text + at,
	       len - at < GTV_TEXT_CHUNK ? len - at : (size_t)GTV_TEXT_CHUNK);
}

#endif
