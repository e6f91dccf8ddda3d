/* SPDX-License-Identifier: MIT
 *
 * The producer's side of the rings; abi/gtv_ring.h is the contract.
 *
 * The memory file was lent by gtviz, but its descriptor came through processes that
 * may have closed it and opened something else in its place: it is believed only if
 * it is sealed, says the magic, and its own arithmetic agrees with its size. Later
 * nothing is read from it but tails, dropped counts and flags; our own index is
 * private and masked, so whatever another process writes there costs events only.
 */
#include "runtime/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/raw.h"
#include "runtime/sim.h"
#include "runtime/sys.h"

#define MIN_RING_BYTES 4096u
#define MAX_RING_BYTES (1u << 30)
#define MAX_RINGS      65536u
#define NAME_BYTES     64

uint32_t gt__fences;

/* The process's mapping, and the figures of it that we believed. */
static struct {
	struct gtv_shm *shm; /* NULL: not traced */
	uint64_t bytes;
	uint32_t ring_count, ring_bytes, clock;
	uint32_t gone; /* atomic: the reader went away, or asked us to stop */
	int opened;
} map;

/* ---------------------------------------------------------------- mapping */

static int figures_agree(const struct gtv_shm *h, uint64_t size)
{
	return h->magic == GTV_SHM_MAGIC && h->version == GTV_ABI_VERSION &&
	       h->clock <= GTV_CLOCK_SIM && h->ring_count >= 1 &&
	       h->ring_count <= MAX_RINGS && h->ring_bytes >= MIN_RING_BYTES &&
	       h->ring_bytes <= MAX_RING_BYTES && !(h->ring_bytes & (h->ring_bytes - 1)) &&
	       h->total_bytes == size && gtv_shm_size(h->ring_count, h->ring_bytes) == size;
}

int gt__trace_map(int fd)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW;
	struct stat st;
	struct gtv_shm head, *shm;
	int seals = fcntl(fd, F_GET_SEALS);

	/* Without the seals, whoever holds the file could shrink it under us. */
	if (seals < 0 || (seals & sealed) != sealed || fstat(fd, &st) < 0 ||
	    st.st_size < (off_t)GTV_SHM_PAGE ||
	    pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
	    !figures_agree(&head, (uint64_t)st.st_size))
		return -EINVAL;
	shm = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm == MAP_FAILED)
		return -errno;
	map.shm = shm;
	map.bytes = (uint64_t)st.st_size;
	map.ring_count = head.ring_count;
	map.ring_bytes = head.ring_bytes;
	map.clock = head.clock;
	map.gone = 0;
	return 0;
}

void gt__trace_unmap(void)
{
	if (map.shm)
		munmap(map.shm, map.bytes);
	memset(&map, 0, sizeof map);
}

/* A file descriptor that comes with the next message, or -1. */
static int receive_fd(int sock)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof control.bytes};
	struct cmsghdr *c;
	int fd = -1;

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
static int fd_from_socket(const char *name, int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};
	size_t len = strlen(name);
	int sock, fd = -1;

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
		fd = receive_fd(sock);
	close(sock);
	return fd;
}

static int map_from_socket(const char *name)
{
	int fd, err;

	if (*name == '@')
		name++;
	fd = fd_from_socket(name, SOCK_STREAM);
	if (fd < 0)
		fd = fd_from_socket(name, SOCK_SEQPACKET);
	if (fd < 0)
		return -ENOENT;
	err = gt__trace_map(fd);
	close(fd);
	return err;
}

/* A trace's clock is a real one unless gtviz was started with GT_SIM, and its times must
 * be true. */
static int clock_is_right(void)
{
	static const char line[] = "gt: GT_SIM: a simulated run is not traced here "
				   "(give gtviz the same GT_SIM)\n";
	const char *seed = getenv("GT_SIM");

	if (!seed || !*seed || map.clock == GTV_CLOCK_SIM)
		return 1;
	(void)!gt__raw_write(STDERR_FILENO, line, sizeof line - 1);
	gt__trace_unmap();
	map.opened = 1;
	return 0;
}

int gt__trace_open(void)
{
	const char *fd_text = getenv(GTV_ENV_FD), *sock = getenv(GTV_ENV_SOCK);
	char *end;
	long fd;

	if (map.opened || map.shm)
		return map.shm != NULL;
	map.opened = 1;
	if (fd_text && *fd_text) {
		errno = 0;
		fd = strtol(fd_text, &end, 10);
		if (!errno && !*end && fd >= 0 && fd <= INT_MAX && !gt__trace_map((int)fd))
			return clock_is_right();
	}
	return sock && !map_from_socket(sock) && clock_is_right();
}

/* ------------------------------------------------------------------ rings */

static struct gtv_ring *ring_at(uint32_t idx)
{
	return (struct gtv_ring *)((char *)map.shm + gtv_ring_control_offset(idx));
}

static int claim(uint32_t idx, struct gt__tracer *tr)
{
	struct gtv_ring *ring = ring_at(idx);
	uint32_t expected = GTV_RING_FREE;

	if (__atomic_load_n(&ring->state, __ATOMIC_RELAXED) != expected ||
	    !__atomic_compare_exchange_n(&ring->state, &expected, GTV_RING_LIVE, 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return 0;
	__atomic_store_n(&ring->pid, (uint32_t)getpid(), __ATOMIC_RELAXED);
	__atomic_store_n(&ring->tid, (uint32_t)gt__sys_tid(), __ATOMIC_RELAXED);
	__atomic_fetch_add(&ring->generation, 1, __ATOMIC_RELEASE);
	tr->ring = ring;
	tr->events = (void *)((char *)map.shm +
			      gtv_ring_data_offset(map.ring_count, map.ring_bytes, idx));
	tr->mask = map.ring_bytes / sizeof(struct gtv_event) - 1;
	tr->head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
	return 1;
}

int gt__trace_is_on(void)
{
	return map.shm && !__atomic_load_n(&map.gone, __ATOMIC_RELAXED);
}

void gt__trace_claim(struct gt__tracer *tr)
{
	uint64_t lost = tr->lost;

	memset(tr, 0, sizeof *tr);
	tr->lost = lost;
	if (!gt__trace_is_on() || gt__sim_on != (map.clock == GTV_CLOCK_SIM))
		return;
	tr->clock = map.clock;
	tr->on = 1;
	tr->last_raw = gt__trace_now(tr);
	/* A simulated thread has none: every event goes the slow way. */
	if (!gt__sim_on)
		gt__trace_claim_ring(tr);
}

void gt__trace_claim_ring(struct gt__tracer *tr)
{
	for (uint32_t i = 0; i < map.ring_count; i++)
		if (claim(i, tr))
			break;
	/* The first event looks at the ring; without one, every event does. */
	tr->limit = tr->head;
}

void gt__trace_close(struct gt__tracer *tr)
{
	struct gtv_ring *ring = tr->ring;

	tr->on = 0;
	tr->ring = NULL;
	if (ring)
		__atomic_store_n(&ring->state, GTV_RING_CLOSED, __ATOMIC_RELEASE);
}

void gt__trace_forget(struct gt__tracer *tr)
{
	memset(tr, 0, sizeof *tr);
}

/* ---------------------------------------------------- the ring's far side */

static void doorbell(void)
{
	if (!__atomic_load_n(&map.shm->waiting, __ATOMIC_ACQUIRE))
		return;
	__atomic_fetch_add(&map.shm->doorbell, 1, __ATOMIC_RELEASE);
	gt__sys_futex_wake_shared(&map.shm->doorbell, 1);
}

static int reader_is_gone(void)
{
	struct timespec ts; /* real time, though ours may be virtual */
	uint64_t beat = __atomic_load_n(&map.shm->heartbeat_ns, __ATOMIC_ACQUIRE);
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	return now > beat && now - beat > GTV_HEARTBEAT_STALE_NS;
}

/* Free slots; a tail that no reader can have written counts as a full ring. */
static uint64_t room(const struct gt__tracer *tr)
{
	uint64_t used = tr->head - __atomic_load_n(&tr->ring->tail, __ATOMIC_ACQUIRE);

	return used > tr->mask + 1 ? 0 : tr->mask + 1 - used;
}

static void publish(struct gt__tracer *tr, const struct gtv_event *ev)
{
	tr->events[tr->head & tr->mask] = *ev;
	__atomic_store_n(&tr->ring->head, ++tr->head, __ATOMIC_RELEASE);
}

static void drop(struct gt__tracer *tr, const struct gtv_event *ev)
{
	struct gtv_ring *ring = tr->ring;

	/* The heartbeat is worth a look at the first loss, then now and then. */
	if (!(tr->lost++ & 255) && reader_is_gone()) {
		__atomic_store_n(&map.gone, 1, __ATOMIC_RELAXED);
		tr->on = 0;
	}
	if (!tr->lossy)
		__atomic_store_n(&ring->loss_first_raw, ev->ts_raw, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->loss_last_raw, ev->ts_raw, __ATOMIC_RELAXED);
	tr->lossy = 1;
	__atomic_fetch_add(&ring->dropped[ev->kind], 1, __ATOMIC_RELEASE);
}

static unsigned kinds_untold(const struct gtv_ring *ring)
{
	unsigned n = 0;

	for (int k = 0; k < GTV_EV_USER_MAX; k++)
		n += __atomic_load_n(&ring->dropped[k], __ATOMIC_RELAXED) !=
		     __atomic_load_n(&ring->told[k], __ATOMIC_RELAXED);
	return n;
}

/* One LOST event a kind: how many, and between which two times. */
static void tell_losses(struct gt__tracer *tr)
{
	struct gtv_ring *ring = tr->ring;
	uint64_t first = __atomic_load_n(&ring->loss_first_raw, __ATOMIC_RELAXED);
	uint64_t last = __atomic_load_n(&ring->loss_last_raw, __ATOMIC_RELAXED);

	for (uint32_t k = 0; k < GTV_EV_USER_MAX; k++) {
		uint64_t dropped = __atomic_load_n(&ring->dropped[k], __ATOMIC_RELAXED);
		uint64_t told = __atomic_load_n(&ring->told[k], __ATOMIC_RELAXED);

		if (dropped == told)
			continue;
		publish(tr, &(struct gtv_event){
				    .ts_raw = last,
				    .kind = GTV_EV_LOST,
				    .gt = (uint32_t)first,
				    .u.f = {.obj = k,
					    .seq = (uint32_t)(first >> 32),
					    .arg = dropped - told},
			    });
		__atomic_store_n(&ring->told[k], dropped, __ATOMIC_RELEASE);
	}
	tr->lossy = 0;
}

struct gtv_shm *gt__trace_simulated(void)
{
	return gt__trace_is_on() && map.clock == GTV_CLOCK_SIM ? map.shm : NULL;
}

int gt__trace_put(struct gt__tracer *tr, const struct gtv_event *ev)
{
	struct timespec pause = {.tv_nsec = 100000};
	uint64_t free_slots;

	while (!(free_slots = room(tr))) {
		if (!__atomic_load_n(&map.shm->enabled, __ATOMIC_RELAXED) ||
		    reader_is_gone()) {
			__atomic_store_n(&map.gone, 1, __ATOMIC_RELAXED);
			return 0;
		}
		doorbell();
		gt__raw_ppoll(NULL, 0, &pause, NULL);
		pause.tv_nsec = 100000; /* the kernel wrote there */
	}
	publish(tr, ev);
	if (free_slots == (tr->mask + 1) / 2)
		doorbell();
	return 1;
}

/* The next look: where it is full, or at the next eighth of the ring. */
static void set_limit(struct gt__tracer *tr, uint64_t free_slots)
{
	uint64_t eighth = (tr->mask + 1) / 8, step = eighth - tr->head % eighth;

	tr->limit = tr->head + (free_slots < step ? free_slots : step);
}

__attribute__((cold)) void gt__emit_slow(struct gt__tracer *tr, const struct gtv_event *ev)
{
	uint64_t free_slots;

	if (gt__sim_on) {
		gt__sim_emit(tr, ev);
		return;
	}
	if (__atomic_load_n(&map.gone, __ATOMIC_RELAXED) ||
	    !__atomic_load_n(&map.shm->enabled, __ATOMIC_RELAXED)) {
		tr->on = 0;
		return;
	}
	if (!tr->ring) {
		tr->lost++;
		__atomic_fetch_add(&map.shm->unringed[ev->kind], 1, __ATOMIC_RELAXED);
		return;
	}
	free_slots = room(tr);
	if (free_slots <= (tr->mask + 1) / 2)
		doorbell();
	if (!free_slots || (tr->lossy && free_slots < kinds_untold(tr->ring) + 1u)) {
		drop(tr, ev);
		return;
	}
	if (tr->lossy)
		tell_losses(tr);
	publish(tr, ev);
	set_limit(tr, room(tr));
}

void gt__trace_text(struct gt__tracer *tr, enum gtv_text class, uint32_t id,
		    const char *text)
{
	size_t len = strnlen(text, NAME_BYTES),
	       chunks = (len + GTV_TEXT_CHUNK - 1) / GTV_TEXT_CHUNK;

	if (!tr->on)
		return;
	if (!chunks)
		chunks = 1;
	for (size_t i = 0; i < chunks; i++) {
		union {
			struct {
				uint32_t obj, seq;
				uint64_t arg;
			} f;
			char text[GTV_TEXT_CHUNK];
		} part = {.text = ""};
		size_t at = i * GTV_TEXT_CHUNK;
		unsigned flags = (unsigned)i | (i + 1 == chunks ? GTV_TEXT_LAST : 0);

		memcpy(part.text, text + at,
		       len - at < GTV_TEXT_CHUNK ? len - at : GTV_TEXT_CHUNK);
		gt__emit(tr, GTV_EV_TEXT, (uint8_t)flags, (uint8_t) class, id, part.f.obj,
			 part.f.seq, part.f.arg);
	}
}
