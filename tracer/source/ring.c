/* SPDX-License-Identifier: MIT
 *
 * The user rings: a sealed memory file, lent to the program and to its descendants.
 *
 * Everything in the file can be written by the program at any time, so the reader
 * keeps its own tail, its own idea of whose a ring is, and its own counts; of the
 * file it reads an index once, bounds it, and copies an event before it looks at it.
 *
 * A ring goes round: claimed by a thread (its state says LIVE, then its identity is
 * written, then its first event published: only with that do we believe the
 * identity), drained, closed by the thread or found dead, drained dry, freed.
 *
 * The order of a drain matters for exec: the new program's ids start again, its
 * PROC_START is the first thing it publishes, and rings are looked at one after
 * another. So all claims are looked at before any event is taken, again and again
 * until no new one turns up: then whoever published after a PROC_START is seen
 * together with it.
 */
#include "tracer/source/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tracer/source/naming.h"

#define RINGS_MAX	 65536u
#define RING_BYTES_MAX	 (1u << 30)
#define RING_BYTES_USUAL (32u << 20)
/* What one drain takes, of all rings and at least of each: the rest waits in the rings,
 * where it is no less safe, and not in our own memory. */
#define DRAIN_EVENTS  98304u
#define DRAIN_LEAST   4096u
#define CHECK_NS      200000000ull /* between two looks whether a thread lives */
#define WAKE_APART_NS 200000ull	   /* a program that rings all the time is not heard */
#define PEERS_A_DRAIN 64

static struct gtv_ring_source *of(struct gtv_source *src)
{
	return (struct gtv_ring_source *)src;
}

/* ------------------------------------------------------------ memory file */

static uint32_t power_of_two(size_t bytes)
{
	uint32_t p = GTV_SHM_PAGE;

	while (p < bytes && p < RING_BYTES_MAX)
		p *= 2;
	return p;
}

/* A ring holds what its thread writes while we are kept from reading: for a tenth of a
 * second at ten million events a second, where there is memory for that. If all rings were
 * written full they would be an eighth of it at most. */
static size_t usual_ring_bytes(uint32_t ring_count)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t most = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 8 : 0;
	uint64_t bytes = RING_BYTES_USUAL;
	struct rlimit limit;

	/* The program maps the file, too. */
	if (!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur / 8 < most)
		most = limit.rlim_cur / 8;
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur < most)
		most = limit.rlim_cur;
	while (bytes > GTV_RING_BYTES_DEFAULT && bytes * ring_count > most)
		bytes /= 2;
	return bytes;
}

static void fill_header(const struct gtv_ring_source *src)
{
	struct gtv_shm *shm = src->shm;

	shm->version = GTV_ABI_VERSION;
	shm->clock = src->base.config.clock->kind;
	shm->ring_count = src->ring_count;
	shm->ring_bytes = src->ring_bytes;
	shm->total_bytes = src->total_bytes;
	shm->heartbeat_ns = gtv_clock_mono_ns();
	shm->enabled = 1;
	shm->magic = GTV_SHM_MAGIC;
}

/* The header is ours: who wrote over it (or punched a hole there) switched other producers
 * off. They find it as it was when they look again. */
static void heal_header(struct gtv_ring_source *src)
{
	const struct gtv_shm *shm = src->shm;

	if (src->stopped ||
	    (__atomic_load_n(&shm->magic, __ATOMIC_RELAXED) == GTV_SHM_MAGIC &&
	     __atomic_load_n(&shm->enabled, __ATOMIC_RELAXED) == 1 &&
	     shm->ring_count == src->ring_count && shm->ring_bytes == src->ring_bytes &&
	     shm->total_bytes == src->total_bytes))
		return;
	src->stats.corrupt++;
	fill_header(src);
}

static int make_file(struct gtv_ring_source *src, struct gtv_err *err)
{
	const char *what = "event rings",
		   *mend = "a smaller --buffer SIZE needs less memory";

	src->fd = memfd_create("gtviz-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (src->fd < 0)
		return gtv_err_set(err, GTV_EIO, what, "", "memfd_create: %s",
				   strerror(errno));
	if (ftruncate(src->fd, (off_t)src->total_bytes) < 0 ||
	    fcntl(src->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return gtv_err_set(err, GTV_EIO, what, mend, "%s", strerror(errno));
	src->shm = mmap(NULL, src->total_bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_NORESERVE, src->fd, 0);
	if (src->shm == MAP_FAILED) {
		src->shm = NULL;
		return gtv_err_set(err, GTV_ENOMEM, what, mend, "mmap: %s",
				   strerror(errno));
	}
	fill_header(src);
	return 0;
}

static int make_readers(struct gtv_ring_source *src)
{
	src->reader = calloc(src->ring_count, sizeof *src->reader);
	if (!src->reader)
		return -GTV_ENOMEM;
	for (uint32_t i = 0; i < src->ring_count; i++) {
		struct gtv_reader *r = &src->reader[i];
		char *base = (char *)src->shm;
		r->control = (void *)(base + gtv_ring_control_offset(i));
		r->events = (void *)(base + gtv_ring_data_offset(src->ring_count,
								 src->ring_bytes, i));
		r->stream = -1;
	}
	return 0;
}

/* ----------------------------------------------------------------- socket */

static void allow_uid(struct gtv_ring_source *src, uid_t uid)
{
	for (unsigned i = 0; i < src->uid_count; i++)
		if (src->uid[i] == uid)
			return;
	if (src->uid_count < GTV_RING_UIDS_MAX)
		src->uid[src->uid_count++] = uid;
}

static int make_socket(struct gtv_ring_source *src, struct gtv_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	unsigned char random[16];
	int used = snprintf(src->socket_name, sizeof src->socket_name, "gtviz-");

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return gtv_err_set(err, GTV_EIO, "event rings", "", "getrandom: %s",
				   strerror(errno));
	for (size_t i = 0; i < sizeof random; i++)
		used += snprintf(src->socket_name + used,
				 sizeof src->socket_name - (size_t)used, "%02x", random[i]);
	memcpy(&src->salt, random, sizeof src->salt);
	memcpy(addr.sun_path + 1, src->socket_name, (size_t)used);
	src->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (src->socket < 0 ||
	    bind(src->socket, (struct sockaddr *)&addr,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)used)) <
		    0 ||
	    listen(src->socket, PEERS_A_DRAIN) < 0)
		return gtv_err_set(err, GTV_EIO, "event rings", "", "socket: %s",
				   strerror(errno));
	return 0;
}

static int peer_allowed(const struct gtv_ring_source *src, int peer)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return 0;
	for (unsigned i = 0; i < src->uid_count; i++)
		if (src->uid[i] == cred.uid)
			return 1;
	return 0;
}

static void send_fd(int peer, int fd)
{
	char byte = 1;
	struct iovec iov = {&byte, 1};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = ""};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof control.bytes};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	/* A peer that went away, or does not read, is no concern of ours. */
	(void)!sendmsg(peer, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* No thread for this: one made before the privileges are dropped would keep them. */
static void serve_peers(struct gtv_ring_source *src)
{
	struct pollfd asked = {.fd = src->socket, .events = POLLIN};

	/* To accept nobody makes a descriptor and takes it back. */
	for (int i = 0; i < PEERS_A_DRAIN && poll(&asked, 1, 0) > 0; i++) {
		int peer = accept4(src->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (peer < 0)
			return;
		if (peer_allowed(src, peer))
			send_fd(peer, src->fd);
		close(peer);
	}
}

/* ------------------------------------------------------------------ claims */

static uint64_t read_head(const struct gtv_reader *r)
{
	return __atomic_load_n(&r->control->head, __ATOMIC_ACQUIRE);
}

static uint32_t read_state(const struct gtv_reader *r)
{
	return __atomic_load_n(&r->control->state, __ATOMIC_ACQUIRE);
}

static int thread_lives(uint32_t pid, uint32_t tid)
{
	return syscall(SYS_tgkill, pid, tid, 0) == 0 || errno != ESRCH;
}

static void name_claimer(struct gtv_ring_source *src, const struct gtv_reader *r)
{
	struct gtv_names *names = src->base.config.names;
	char comm[GTV_COMM_BYTES] = "";
	struct gtv_name name;

	gtv_names_get(names, GTV_CLASS_THREAD, r->tid, &name);
	if (!name.text[0])
		gtv_naming_comm(r->pid, r->tid, comm);
	gtv_naming_thread(names, r->tid, r->pid, comm, GTV_NAME_OURS);
	if (!gtv_names_get(names, GTV_CLASS_PROCESS, r->pid, &name) && name.text[0])
		return;
	gtv_naming_process(names, r->pid, 0, gtv_naming_comm(r->pid, r->pid, comm),
			   GTV_NAME_OURS);
}

/* Whose ring it is, as its control page says: plausible numbers only. `starting`: only
 * if a program starts in it. */
static void identify(struct gtv_ring_source *src, struct gtv_reader *r, int starting)
{
	uint32_t pid = __atomic_load_n(&r->control->pid, __ATOMIC_RELAXED);
	uint32_t tid = __atomic_load_n(&r->control->tid, __ATOMIC_RELAXED);
	struct gtv_event first;

	gtv_ring_copy_event(r, r->tail, src->slots, &first);
	if (starting && first.kind != GTV_EV_PROC_START && first.kind != GTV_EV_SIM_PROC)
		return;
	r->fresh = 0;
	r->image = tid && tid >> 22 == 0 ? gtv_image_get(src, pid, starting) : NULL;
	r->pid = r->os_pid = r->image ? pid : 0;
	r->tid = r->os_tid = r->image ? tid : 0;
	if (!r->image) {
		src->stats.corrupt++;
		return;
	}
	r->image->ring_count++;
	if (starting && !r->image->started)
		gtv_image_starts(r->image, first.u.f.arg);
	r->image->started |= (uint8_t)starting;
	if (gtv_ring_is_simulated(src))
		gtv_ring_identify_simulated(src, r, &first);
	else
		name_claimer(src, r);
}

/* Takes a new claim in hand if there is one with something published. */
static int take_claim(struct gtv_ring_source *src, uint32_t idx, uint64_t now_ns)
{
	struct gtv_reader *r = &src->reader[idx];

	if (r->taken || read_state(r) == GTV_RING_FREE || read_head(r) == r->tail)
		return 0;
	if (r->stream < 0)
		r->stream = gtv_merge_stream(src->base.config.merge,
					     (uint64_t)GTV_SRC_RING << 32 | idx);
	if (r->stream < 0)
		return 0;
	r->taken = 1;
	r->fresh = 1;
	r->last_ns = 0;
	r->last_loss_ns = 0;
	r->next_check_ns = now_ns + CHECK_NS;
	memset(&r->name, 0, sizeof r->name);
	memset(r->known, 0, sizeof r->known);
	memset(r->loss, 0, sizeof r->loss);
	memset(r->told, 0, sizeof r->told);
	return 1;
}

/* All claims that are there; then whose they are, those that start a program first. */
static void take_claims(struct gtv_ring_source *src, uint64_t now_ns)
{
	uint32_t found, any = 0;

	do {
		found = 0;
		for (uint32_t i = 0; i < src->ring_count; i++)
			found += (uint32_t)take_claim(src, i, now_ns);
		any += found;
	} while (found);
	for (int starting = 1; any && starting >= 0; starting--)
		for (uint32_t i = 0; i < src->ring_count; i++)
			if (src->reader[i].fresh)
				identify(src, &src->reader[i], starting);
}

/* Hands a drained ring back. Nobody has it now, so its page is ours to clean. */
static void free_ring(struct gtv_reader *r)
{
	struct gtv_ring *c = r->control;

	if (r->image)
		r->image->ring_count--;
	r->image = NULL;
	r->staged = NULL;
	r->taken = 0;
	c->pid = c->tid = 0;
	c->loss_first_raw = c->loss_last_raw = 0;
	memset(c->dropped, 0, sizeof c->dropped);
	memset(c->told, 0, sizeof c->told);
	__atomic_store_n(&c->head, r->tail, __ATOMIC_RELAXED);
	__atomic_store_n(&c->tail, r->tail, __ATOMIC_RELAXED);
	__atomic_store_n(&c->state, GTV_RING_FREE, __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------- drain */

/* How much of it this drain takes. What is simulated waits for nobody. */
static uint64_t bounded(struct gtv_ring_source *src, uint64_t count)
{
	uint64_t most = src->drain_left > DRAIN_LEAST ? src->drain_left : DRAIN_LEAST;

	if (count > most && !gtv_ring_is_simulated(src))
		count = most;
	src->drain_left -= count < src->drain_left ? count : src->drain_left;
	return count;
}

/* Takes what is published, or some of it. Returns how many, or -GTV_E*. */
static int64_t take_events(struct gtv_ring_source *src, struct gtv_reader *r)
{
	uint64_t head = read_head(r), count = head - r->tail;
	uint64_t now_ns = gtv_clock_mono_ns();
	unsigned fill;

	if (count > src->slots) { /* no producer may be that far ahead */
		src->stats.corrupt++;
		r->tail = head;
		__atomic_store_n(&r->control->tail, head, __ATOMIC_RELEASE);
		return 0;
	}
	fill = (unsigned)(count * 100 / src->slots);
	if (fill > src->stats.fill_percent)
		src->stats.fill_percent = fill;
	count = bounded(src, count);
	if (count) /* not earlier: what is published by now is converted */
		gtv_clock_use(src->base.config.clock);
	for (uint64_t i = 0; i < count; i++) {
		struct gtv_event wire;
		int64_t run = gtv_ring_ingest_run(src, r, count - i, now_ns);
		if (run < 0)
			return run;
		i += (uint64_t)run;
		if (i == count)
			break;
		gtv_ring_copy_event(r, r->tail++, src->slots, &wire);
		int rc = gtv_ring_stages(src, r) ? gtv_ring_stage(src, r, &wire)
						 : gtv_ring_ingest(src, r, &wire, now_ns);
		if (rc < 0)
			return rc;
		if (!(r->tail & (GTV_RING_TAIL_BATCH - 1)))
			__atomic_store_n(&r->control->tail, r->tail, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&r->control->tail, r->tail, __ATOMIC_RELEASE);
	if (r->tail != head && r->last_ns < src->behind_ns)
		src->behind_ns = r->last_ns;
	/* If more was published meanwhile, its producer has told there what it dropped
	 * before, and where exactly: the next drain will read it. */
	int rc = gtv_ring_tell_losses(src, r, read_head(r) == r->tail);
	return rc < 0 ? rc : (int64_t)count;
}

/* Whether nothing more will be published. Asking the kernel is for idle rings, and
 * only about processes that we can see: elsewhere a pid says nothing. */
static int ring_is_over(struct gtv_reader *r, int idle, uint64_t now_ns)
{
	if (read_state(r) == GTV_RING_CLOSED ||
	    (r->image && (r->image->over || r->image->reaped)))
		return 1;
	if (!idle || now_ns < r->next_check_ns)
		return 0;
	r->next_check_ns = now_ns + CHECK_NS;
	return r->image && r->image->seen_alive && !thread_lives(r->os_pid, r->os_tid);
}

static int drain_ring(struct gtv_ring_source *src, struct gtv_reader *r, uint64_t now_ns)
{
	/* What was published before the end was seen is all there is: so first look
	 * for the end, then drain. */
	uint64_t head = read_head(r);
	int over = ring_is_over(r, head == r->tail, now_ns);
	int64_t n = take_events(src, r);

	if (n < 0)
		return (int)n;
	if (over && (int64_t)(r->tail - head) >= 0)
		free_ring(r);
	return 0;
}

/* A thread that claimed a ring and closed it, or died, without an event. */
static void free_unused(struct gtv_ring_source *src, struct gtv_reader *r, uint64_t now_ns)
{
	uint32_t state = read_state(r), pid, tid;

	if (state == GTV_RING_FREE)
		return;
	if (state == GTV_RING_CLOSED) {
		if (read_head(r) == r->tail)
			free_ring(r);
		return;
	}
	if (now_ns < r->next_check_ns)
		return;
	r->next_check_ns = now_ns + CHECK_NS;
	pid = __atomic_load_n(&r->control->pid, __ATOMIC_RELAXED);
	tid = __atomic_load_n(&r->control->tid, __ATOMIC_RELAXED);
	for (uint32_t i = 0; pid && tid && i < src->image_count; i++)
		if (src->image[i]->pid == pid && src->image[i]->seen_alive &&
		    !thread_lives(pid, tid) && read_head(r) == r->tail) {
			free_ring(r);
			return;
		}
}

/* What was dropped for want of a ring, up to now: the drain may have taken long. */
static int tell_unringed(struct gtv_ring_source *src)
{
	uint64_t n[GTV_EV_USER_MAX], to_ns;
	int rc = 0;

	for (uint32_t k = 1; k < GTV_EV_USER_MAX; k++)
		n[k] = __atomic_load_n(&src->shm->unringed[k], __ATOMIC_ACQUIRE);
	to_ns = gtv_clock_mono_ns();
	for (uint32_t k = 1; k < GTV_EV_USER_MAX && !rc; k++) {
		if (n[k] <= src->unringed[k])
			continue;
		rc = gtv_ring_push_loss(src, src->stray_stream, 0, k,
					n[k] - src->unringed[k], src->last_drain_ns, to_ns);
		src->unringed[k] = n[k];
	}
	return rc;
}

static int ring_drain(struct gtv_source *base)
{
	struct gtv_ring_source *src = of(base);
	uint64_t now_ns = gtv_clock_mono_ns();
	int rc = 0;

	__atomic_store_n(&src->shm->heartbeat_ns, now_ns, __ATOMIC_RELEASE);
	heal_header(src);
	src->stats.fill_percent = 0;
	src->drain_left = DRAIN_EVENTS;
	src->behind_ns = UINT64_MAX;
	serve_peers(src);
	take_claims(src, now_ns);
	for (uint32_t i = 0; i < src->ring_count && !rc; i++) {
		if (src->reader[i].taken)
			rc = drain_ring(src, &src->reader[i], now_ns);
		else
			free_unused(src, &src->reader[i], now_ns);
	}
	if (!rc)
		rc = tell_unringed(src);
	if (!rc && src->stopped)
		rc = gtv_ring_unstage(src, now_ns);
	gtv_images_bury(src);
	src->last_drain_ns = now_ns;
	return rc;
}

uint64_t gtv_source_ring_behind_ns(const struct gtv_source *base)
{
	return ((const struct gtv_ring_source *)base)->behind_ns;
}

void gtv_source_ring_alive(struct gtv_source *base)
{
	__atomic_store_n(&of(base)->shm->heartbeat_ns, gtv_clock_mono_ns(),
			 __ATOMIC_RELEASE);
}

void gtv_source_ring_wait(struct gtv_source *base, uint64_t timeout_ns)
{
	struct gtv_ring_source *src = of(base);
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
				   .tv_nsec = (long)(timeout_ns % 1000000000u)};

	if (gtv_clock_mono_ns() - src->last_wake_ns < WAKE_APART_NS) {
		struct timespec pause = {.tv_nsec = WAKE_APART_NS};
		nanosleep(&pause, NULL);
	}
	__atomic_store_n(&src->shm->waiting, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &src->shm->doorbell, FUTEX_WAIT, src->rung, &timeout, NULL, 0);
	__atomic_store_n(&src->shm->waiting, 0, __ATOMIC_RELAXED);
	uint32_t rung = __atomic_load_n(&src->shm->doorbell, __ATOMIC_ACQUIRE);
	if (rung != src->rung)
		src->last_wake_ns = gtv_clock_mono_ns();
	src->rung = rung;
}

void gtv_source_ring_wake(struct gtv_source *base)
{
	struct gtv_shm *shm = of(base)->shm;

	__atomic_fetch_add(&shm->doorbell, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &shm->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* -------------------------------------------------------------- life cycle */

static void ring_close(struct gtv_source *base)
{
	struct gtv_ring_source *src = of(base);

	if (src->shm) {
		__atomic_store_n(&src->shm->enabled, 0, __ATOMIC_RELEASE);
		/* A program that runs on may keep it mapped: without its memory. */
		fallocate(src->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)gtv_ring_data_offset(src->ring_count, src->ring_bytes, 0),
			  (off_t)src->ring_count * src->ring_bytes);
		munmap(src->shm, src->total_bytes);
	}
	if (src->fd >= 0)
		close(src->fd);
	if (src->socket >= 0)
		close(src->socket);
	gtv_ring_stage_drop(src);
	gtv_images_free(src);
	gtv_idmap_fini(&src->gil);
	free(src->reader);
	free(src);
}

/* Whoever started us, and root. Under sudo that is the invoking user. */
static void allow_our_users(struct gtv_ring_source *src)
{
	const char *sudo = getenv("SUDO_UID");
	char *end;

	allow_uid(src, 0);
	allow_uid(src, getuid());
	if (geteuid() != 0 || !sudo || *sudo < '0' || *sudo > '9')
		return;
	unsigned long uid = strtoul(sudo, &end, 10);
	if (!*end && uid < UINT32_MAX)
		allow_uid(src, (uid_t)uid);
}

static int ring_open(struct gtv_source **out, const struct gtv_source_config *config,
		     struct gtv_err *err)
{
	struct gtv_ring_source *src = calloc(1, sizeof *src);
	int rc;

	if (!src)
		return gtv_err_set(err, GTV_ENOMEM, "event rings", "", "out of memory");
	src->base.ops = &gtv_source_ring;
	src->base.config = *config;
	src->fd = src->socket = -1;
	src->ring_count = config->ring_count ? config->ring_count : GTV_SHM_RINGS_DEFAULT;
	if (src->ring_count > RINGS_MAX)
		src->ring_count = RINGS_MAX;
	src->ring_bytes =
		power_of_two(config->ring_bytes ? config->ring_bytes
						: usual_ring_bytes(src->ring_count));
	src->slots = src->ring_bytes / sizeof(struct gtv_event);
	src->total_bytes = gtv_shm_size(src->ring_count, src->ring_bytes);
	src->begun_ns = src->last_drain_ns = gtv_clock_mono_ns();
	allow_our_users(src);
	rc = make_file(src, err);
	if (!rc)
		rc = make_socket(src, err);
	if (!rc) {
		src->stray_stream = gtv_merge_stream(
			config->merge, (uint64_t)GTV_SRC_RING << 32 | UINT32_MAX);
		if (src->stray_stream < 0 || make_readers(src) < 0)
			rc = gtv_err_set(err, GTV_ENOMEM, "event rings", "",
					 "out of memory");
	}
	if (rc < 0) {
		ring_close(&src->base);
		return rc;
	}
	src->gil.salt = src->pids.salt = src->salt;
	*out = &src->base;
	return 0;
}

/* The uid that the held program has taken on. */
static int uid_of(pid_t pid, uid_t *uid)
{
	char path[32], line[256];
	int found = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	while (!found && fgets(line, sizeof line, f))
		found = sscanf(line, "Uid: %u", uid) == 1;
	fclose(f);
	return found;
}

static int ring_attach(struct gtv_source *base, pid_t child, struct gtv_err *err)
{
	struct gtv_ring_source *src = of(base);
	uid_t uid;

	(void)err;
	if (uid_of(child, &uid))
		allow_uid(src, uid);
	if (gtv_ring_is_simulated(src))
		return 0;
	gtv_naming_process(base->config.names, (uint32_t)child, (uint32_t)getpid(), NULL,
			   GTV_NAME_OURS);
	gtv_naming_thread(base->config.names, (uint32_t)child, (uint32_t)child, NULL,
			  GTV_NAME_OURS);
	return 0;
}

static void ring_stop(struct gtv_source *base)
{
	__atomic_store_n(&of(base)->shm->enabled, 0, __ATOMIC_RELEASE);
	of(base)->stopped = 1;
}

static void ring_stats(const struct gtv_source *base, struct gtv_source_stats *out)
{
	*out = ((const struct gtv_ring_source *)base)->stats;
}

static int ring_probe(struct gtv_err *err)
{
	int fd = memfd_create("gtviz-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return gtv_err_set(err, GTV_EUNAVAIL, "event rings", "", "memfd_create: %s",
				   strerror(errno));
	close(fd);
	return 0;
}

int gtv_source_ring_fd(const struct gtv_source *src)
{
	return ((const struct gtv_ring_source *)src)->fd;
}

const char *gtv_source_ring_socket(const struct gtv_source *src)
{
	return ((const struct gtv_ring_source *)src)->socket_name;
}

void gtv_source_ring_process_gone(struct gtv_source *src, pid_t pid)
{
	gtv_image_gone(of(src), (uint32_t)pid);
}

const struct gtv_source_ops gtv_source_ring = {
	.name = "ring",
	.id = GTV_SRC_RING,
	.level = 0,
	.probe = ring_probe,
	.open = ring_open,
	.attach = ring_attach,
	.drain = ring_drain,
	.stop = ring_stop,
	.stats = ring_stats,
	.close = ring_close,
};
