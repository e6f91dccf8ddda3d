/* SPDX-License-Identifier: MIT
 *
 * The ring source against a tiny producer that writes the ABI by hand: honest,
 * forked, killed.
 */
#include "source_rig.h"

static void test_file_is_sealed_and_described(void **state)
{
	(void)state;
	rig_open(4);
	int fd = gtv_source_ring_fd(rig.src), seals = fcntl(fd, F_GET_SEALS);

	assert_true((seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) ==
		    (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
	assert_true(ftruncate(fd, 0) < 0);
	assert_true(ftruncate(fd, (off_t)rig.size * 2) < 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(rig.shm->magic == GTV_SHM_MAGIC);
	assert_int_equal(rig.shm->total_bytes, rig.size);
	assert_int_equal(rig.shm->enabled, 1);
	assert_int_equal(rig.shm->clock, rig.clock.kind);
	uint64_t before = rig.shm->heartbeat_ns;
	assert_int_equal(drain(), 0);
	assert_true(rig.shm->heartbeat_ns >= before);
	rig.src->ops->stop(rig.src);
	assert_int_equal(rig.shm->enabled, 0);
	rig_close();
}

/* Every id of every kind becomes the trace's own, by class; the rest stays. */
static void test_ids_by_kind(void **state)
{
	(void)state;
	struct producer p;
	struct gtv_ev ev[64];
	const uint64_t high = 77ull << 32;

	rig_open(4);
	/* Somebody else's objects come first, so that local and unique ids differ. */
	for (uint32_t i = 1; i <= 5; i++) {
		gtv_names_intern(rig.names, GTV_CLASS_GT, 1, i);
		gtv_names_intern(rig.names, GTV_CLASS_LOCK, 1, i);
		gtv_names_intern(rig.names, GTV_CLASS_CHAN, 1, i);
		gtv_names_intern(rig.names, GTV_CLASS_CALL, 1, i);
	}
	claim(&p);
	emit(&p, mk(GTV_EV_PROC_START, 0, 2, GTV_ABI_VERSION, GTV_PROC_ONE_TO_ONE));
	emit(&p, mk(GTV_EV_WORKER_START, 0, 3, 0, 0));
	emit(&p, mk(GTV_EV_SPAWN, 1, 0, 0, 0xabcdef0123456789ull));
	emit(&p, mk(GTV_EV_SPAWN, 2, 1, 0, 1));
	emit(&p, mk(GTV_EV_SWITCH_LOCK, 1, 2, 9, high | 1));
	emit(&p, mk(GTV_EV_SWITCH_CHAN, 1, 2, 9, high | 1));
	emit(&p, mk(GTV_EV_SWITCH_JOIN, 1, 2, 9, high | 2));
	emit(&p, mk(GTV_EV_SWITCH_SYSCALL, 1, 2, 9, high | 1));
	emit(&p, mk(GTV_EV_SWITCH_IO, 1, 2, 9, high | 1));
	emit(&p, mk(GTV_EV_GIL_TAKE, 2, 2, 9, 0));
	emit(&p, mk(GTV_EV_CHAN_SEND, 1, 1, 0, 2));
	emit(&p, mk(GTV_EV_CALL_BEGIN, 1, 1, 0, 0));
	emit(&p, mk(GTV_EV_CALL_END, 1, 0, 0, 12345));
	emit(&p, mk(GTV_EV_STEAL, 2, 1, 0, 3));
	emit(&p, mk(GTV_EV_PARK, 0, 3, 0, 0));
	struct gtv_event mark = {.kind = GTV_EV_MARK, .gt = 1, .u.text = "hello, world mk"};
	emit(&p, mark);
	assert_int_equal(drain(), 0);
	assert_int_equal(take(ev, 64), 16);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(ev[i].tid, gettid());
		assert_int_equal(ev[i].core, GTV_CORE_NONE);
		assert_true(i == 0 || ev[i].ts_ns >= ev[i - 1].ts_ns);
	}
	assert_int_equal(ev[1].obj, 3);
	assert_int_equal(ev[2].gt, 6);
	assert_true(ev[2].arg == 0xabcdef0123456789ull);
	assert_int_equal(ev[3].gt, 7);
	assert_int_equal(ev[3].obj, 6);
	for (int i = 4; i <= 8; i++) {
		assert_int_equal(ev[i].gt, 6);
		assert_int_equal(ev[i].obj, 7);
		assert_int_equal(ev[i].seq, 9);
		assert_int_equal(ev[i].arg >> 32, 77);
	}
	assert_int_equal((uint32_t)ev[4].arg, 6); /* lock */
	assert_int_equal((uint32_t)ev[5].arg, 6); /* channel */
	assert_int_equal((uint32_t)ev[6].arg, 7); /* joined */
	assert_int_equal((uint32_t)ev[7].arg, 6); /* call */
	assert_int_equal((uint32_t)ev[8].arg, 1); /* descriptor */
	assert_int_equal(ev[9].obj, 7);
	assert_int_equal(ev[10].obj, 6);
	assert_int_equal(ev[10].arg, 7);
	assert_int_equal(ev[11].obj, 6);
	assert_int_equal(ev[12].arg, 12345);
	assert_int_equal(ev[13].obj, 1);
	assert_int_equal(ev[14].obj, 3);
	assert_memory_equal(&ev[15].obj, "hello, world mk", 16);

	struct gtv_name name;
	gtv_names_get(rig.names, GTV_CLASS_LOCK, 7, &name);
	assert_true(name.flags & GTV_NAME_IS_GIL);
	gtv_names_get(rig.names, GTV_CLASS_LOCK, 6, &name);
	assert_false(name.flags & GTV_NAME_IS_GIL);
	gtv_names_get(rig.names, GTV_CLASS_PROCESS, (uint32_t)getpid(), &name);
	assert_true(name.flags & GTV_NAME_ONE_TO_ONE);
	assert_true(name.flags & GTV_NAME_OURS);
	gtv_names_get(rig.names, GTV_CLASS_THREAD, (uint32_t)gettid(), &name);
	assert_int_equal(name.local, 4);
	assert_int_equal(name.pid, getpid());
	assert_true(strlen(name.text) > 0);
	assert_int_equal(stats().corrupt, 0);
	rig_close();
}

static void test_names(void **state)
{
	(void)state;
	struct producer p;
	struct gtv_name name;
	char longest[80];

	rig_open(2);
	claim(&p);
	memset(longest, 'x', 64);
	longest[64] = 0;
	emit_text(&p, GTV_TEXT_GT, 1, "fetch-3");
	emit_text(&p, GTV_TEXT_GT, 2, longest);
	emit_text(&p, GTV_TEXT_LOCK, 1, "the interpreter's own lock");
	emit_text(&p, GTV_TEXT_LOCK_KIND, 1, "gil3");
	emit_text(&p, GTV_TEXT_LOCK_KIND, 2, "mutex");
	emit_text(&p, GTV_TEXT_CALL, 1, "getaddrinfo");
	emit_text(&p, GTV_TEXT_POLICY, 0, "gmp");
	assert_int_equal(drain(), 0);
	assert_int_equal(gtv_merge_queued(rig.merge), 0);
	gtv_names_get(rig.names, GTV_CLASS_GT, 1, &name);
	assert_string_equal(name.text, "fetch-3");
	gtv_names_get(rig.names, GTV_CLASS_GT, 2, &name);
	assert_int_equal(strlen(name.text), 63);
	gtv_names_get(rig.names, GTV_CLASS_LOCK, 1, &name);
	assert_string_equal(name.text, "the interpreter's own lock");
	assert_string_equal(name.extra, "gil3");
	assert_true(name.flags & GTV_NAME_IS_GIL);
	gtv_names_get(rig.names, GTV_CLASS_LOCK, 2, &name);
	assert_false(name.flags & GTV_NAME_IS_GIL);
	gtv_names_get(rig.names, GTV_CLASS_CALL, 1, &name);
	assert_string_equal(name.text, "getaddrinfo");
	gtv_names_get(rig.names, GTV_CLASS_PROCESS, (uint32_t)getpid(), &name);
	assert_string_equal(name.extra, "gmp");
	/* Chunks out of order, of nothing, of nonsense. */
	publish(&p, (struct gtv_event){.kind = GTV_EV_TEXT, .aux = 1, .gt = 3, .flags = 2});
	publish(&p,
		(struct gtv_event){.kind = GTV_EV_TEXT, .aux = 1, .gt = 3, .flags = 0x7f});
	publish(&p,
		(struct gtv_event){.kind = GTV_EV_TEXT, .aux = 99, .gt = 3, .flags = 0x80});
	publish(&p,
		(struct gtv_event){.kind = GTV_EV_TEXT, .aux = 1, .gt = 0, .flags = 0x80});
	assert_int_equal(drain(), 0);
	assert_int_equal(stats().corrupt, 4);
	rig_close();
}

#define CLOCK_ROOM_NS 20000000u /* a clock that has just begun is not exact */

/* A full ring: what was dropped is counted by kind and located, once, and at the
 * first drain, though the producer tells of it again later. */
static void test_overflow(void **state)
{
	(void)state;
	static struct gtv_ev ev[4 * SLOTS];
	struct producer p;
	size_t seen[2] = {0}, lost[2] = {0}, extra = 1000;

	rig_open(2);
	claim(&p);
	for (int round = 0; round < 3; round++) {
		uint64_t t0 = gtv_clock_mono_ns();
		for (uint32_t i = 0; i < SLOTS + extra; i++)
			emit(&p, mk(i % 2 ? GTV_EV_SWITCH_YIELD : GTV_EV_SWITCH_RUN, i % 2,
				    1, 0, 0));
		uint64_t t1 = gtv_clock_mono_ns();
		assert_int_equal(drain(), 0);
		assert_true(stats().fill_percent >= 99);
		size_t n = take(ev, 4 * SLOTS);
		for (size_t i = 0; i < n; i++) {
			if (ev[i].kind == GTV_EV_LOSS) {
				assert_int_equal(ev[i].obj, GTV_SRC_RING);
				assert_int_equal(ev[i].tid, gettid());
				lost[ev[i].seq == GTV_EV_SWITCH_YIELD] += ev[i].arg;
				assert_true(gtv_ev_loss_from(&ev[i]) + CLOCK_ROOM_NS >= t0);
				assert_true(ev[i].ts_ns <= t1 + CLOCK_ROOM_NS);
			} else {
				seen[ev[i].kind == GTV_EV_SWITCH_YIELD]++;
			}
		}
	}
	assert_int_equal(seen[0] + lost[0], 3 * (SLOTS + extra) / 2);
	assert_int_equal(seen[1] + lost[1], 3 * (SLOTS + extra) / 2);
	assert_true(lost[0] > extra && lost[1] > extra);
	assert_int_equal(stats().lost, lost[0] + lost[1]);
	assert_int_equal(stats().lost_kind[GTV_EV_SWITCH_YIELD], lost[1]);
	assert_int_equal(stats().corrupt, 0);
	/* The last loss is told by nobody but the counts. */
	for (uint32_t i = 0; i < SLOTS + 10; i++)
		emit(&p, mk(GTV_EV_STEAL, 1, 0, 0, 0));
	release(&p);
	drain();
	drain();
	assert_int_equal(p.ring->state, GTV_RING_FREE);
	size_t n = take(ev, 4 * SLOTS);
	uint64_t told = 0, got = 0;
	for (size_t i = 0; i < n; i++) {
		if (ev[i].kind == GTV_EV_LOSS && ev[i].seq == GTV_EV_STEAL)
			told += ev[i].arg;
		got += ev[i].kind == GTV_EV_STEAL;
	}
	assert_int_equal(told + got, SLOTS + 10);
	/* The next owner starts with a clean page. */
	claim(&p);
	emit(&p, mk(GTV_EV_STEAL, 1, 0, 0, 0));
	drain();
	assert_int_equal(take(ev, 8), 1);
	rig_close();
}

static void *emit_numbers(void *arg)
{
	struct producer p;

	claim(&p);
	for (uint32_t i = 1; i <= 400000; i++)
		emit(&p, mk(GTV_EV_READY, 1, 0, i, 0));
	__atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* A producer that is faster than the reader loses again and again, also while it is
 * being drained: wherever a number is missing in what comes out, the loss is told
 * between the two, and nothing is counted twice. */
static void test_gaps_are_located(void **state)
{
	(void)state;
	static struct gtv_ev ev[SLOTS];
	pthread_t thread;
	uint64_t kept = 0, lost = 0, gaps = 0;
	uint32_t last = 0;
	int over = 0, told = 0, dry = 0;

	rig_open(2);
	pthread_create(&thread, NULL, emit_numbers, &over);
	while (!dry) {
		dry = __atomic_load_n(&over, __ATOMIC_ACQUIRE);
		assert_int_equal(drain(), 0);
		for (size_t n; (n = take(ev, SLOTS));)
			for (size_t i = 0; i < n; i++) {
				if (ev[i].kind == GTV_EV_LOSS) {
					lost += ev[i].arg;
					told = 1;
					continue;
				}
				assert_true(ev[i].seq > last);
				assert_true(ev[i].seq == last + 1 || told);
				gaps += ev[i].seq != last + 1;
				last = ev[i].seq;
				told = 0;
				kept++;
			}
	}
	pthread_join(thread, NULL);
	print_message("%lu kept, %lu lost in %lu gaps\n", (unsigned long)kept,
		      (unsigned long)lost, (unsigned long)gaps);
	assert_int_equal(kept + lost, 400000);
	rig_close();
}

static void test_no_ring_left(void **state)
{
	(void)state;
	struct gtv_ev ev[8];

	rig_open(1);
	__atomic_fetch_add(&rig.shm->unringed[GTV_EV_SPAWN], 12, __ATOMIC_RELAXED);
	drain();
	drain();
	assert_int_equal(take(ev, 8), 1);
	assert_int_equal(ev[0].kind, GTV_EV_LOSS);
	assert_int_equal(ev[0].seq, GTV_EV_SPAWN);
	assert_int_equal(ev[0].arg, 12);
	assert_int_equal(ev[0].tid, 0);
	rig_close();
}

/* Children have rings of their own, and their ids are not their parent's. */
static void test_forked_producer(void **state)
{
	(void)state;
	struct producer p;
	struct gtv_ev ev[64];

	rig_open(4);
	claim(&p);
	emit(&p, mk(GTV_EV_SPAWN, 1, 0, 0, 0));
	pid_t pid = fork();
	if (!pid) {
		struct producer mine;
		claim(&mine);
		emit(&mine, mk(GTV_EV_PROC_START, 0, 1, 1, 0));
		emit(&mine, mk(GTV_EV_SPAWN, 1, 0, 0, 0));
		_exit(0);
	}
	wait_for(pid);
	drain();
	assert_int_equal(take(ev, 64), 3);
	assert_int_equal(ev[0].gt, 1);
	assert_int_equal(ev[2].gt, 2);
	assert_int_equal(ev[2].tid, pid);
	/* Its ring comes back: nobody closed it, but it is dead and seen to be. */
	gtv_source_ring_process_gone(rig.src, pid);
	drain();
	struct producer q;
	assert_int_equal(claim(&q), 1);
	rig_close();
}

/* Killed at any moment: all that was committed is there. */
static void test_killed_producer(void **state)
{
	(void)state;
	static struct gtv_ev ev[SLOTS];

	for (int round = 0; round < 20; round++) {
		rig_open(2);
		pid_t pid = fork();
		if (!pid) {
			struct producer mine;
			claim(&mine);
			for (uint32_t i = 1;; i++)
				if (mine.head < SLOTS)
					publish(&mine, mk(GTV_EV_READY, 1, 0, i, 0));
		}
		struct gtv_ring *ring =
			(void *)((char *)rig.shm + gtv_ring_control_offset(0));
		while (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) <
		       (uint64_t)round * 50 + 1)
			;
		kill(pid, SIGKILL);
		wait_for(pid);
		uint64_t committed = ring->head;
		gtv_source_ring_process_gone(rig.src, pid);
		drain();
		size_t n = take(ev, SLOTS);
		assert_int_equal(n, committed);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(ev[i].seq, i + 1);
		assert_int_equal(ring->state, GTV_RING_FREE);
		rig_close();
	}
}

/* A dead thread's ring comes back without anybody saying so. */
static void *emit_and_leave(void *arg)
{
	struct producer p;

	(void)arg;
	claim(&p);
	emit(&p, mk(GTV_EV_STEAL, 1, 0, 0, 0));
	return NULL;
}

static void test_dead_thread(void **state)
{
	(void)state;
	pthread_t thread;
	struct producer p;
	struct gtv_ev ev[8];

	rig_open(1);
	pthread_create(&thread, NULL, emit_and_leave, NULL);
	pthread_join(thread, NULL);
	uint64_t end = gtv_clock_mono_ns() + 60000000000ull;
	while (claim(&p) < 0 && gtv_clock_mono_ns() < end) {
		drain();
		gtv_source_ring_wait(rig.src, 10000000);
	}
	emit(&p, mk(GTV_EV_STEAL, 1, 0, 0, 0));
	drain();
	assert_int_equal(take(ev, 8), 2);
	assert_int_not_equal(ev[0].tid, ev[1].tid);
	rig_close();
}

/* Exec: the same pid and thread, but the ids start again. The old program's rings
 * are drained and freed. */
static void test_exec(void **state)
{
	(void)state;
	struct producer old, old2, new2, new;
	struct gtv_ev ev[16];
	uint32_t pid = (uint32_t)getpid();

	rig_open(4);
	claim(&old);
	emit(&old, mk(GTV_EV_PROC_START, 0, 1, 1, 0));
	emit(&old, mk(GTV_EV_SPAWN, 1, 0, 0, 0));
	drain();
	claim_as(&old2, pid, pid + 1);
	emit(&old2, mk(GTV_EV_SPAWN, 2, 1, 0, 0));
	drain();
	assert_int_equal(take(ev, 16), 3);
	emit(&old, mk(GTV_EV_SWITCH_EXIT, 1, 0, 1, 0));
	/* The new worker's ring has a lower number than the new main thread's. */
	assert_int_equal(claim_as(&new2, pid, pid + 2), 2);
	assert_int_equal(claim(&new), 3);
	emit(&new, mk(GTV_EV_PROC_START, 0, 1, 1, 0));
	emit(&new, mk(GTV_EV_SPAWN, 1, 0, 0, 0));
	emit(&new2, mk(GTV_EV_SPAWN, 2, 1, 0, 0));
	drain();
	size_t n = take(ev, 16);
	assert_int_equal(n, 4);
	assert_int_equal(ev[0].gt, 1);
	/* Ids go by ring: the worker's came first. */
	assert_int_equal(ev[2].gt, 4);
	assert_int_equal(ev[3].gt, 3);
	assert_int_equal(ev[3].obj, 4);
	assert_int_equal(old.ring->state, GTV_RING_FREE);
	assert_int_equal(old2.ring->state, GTV_RING_FREE);
	assert_int_equal(new.ring->state, GTV_RING_LIVE);
	struct gtv_name name;
	gtv_names_get(rig.names, GTV_CLASS_GT, 4, &name);
	assert_int_equal(name.pid, pid);
	assert_int_equal(name.local, 1);
	rig_close();
}

/* Three processes of one run: what one calls G2 is the others' G2 too, but for calls and
 * what each has for itself. The first's ring is looked at last. */
static void test_shared_ids(void **state)
{
	(void)state;
	const uint64_t flags = GTV_PROC_SHARED_IDS, own = GTV_ID_OWN | 7;
	uint32_t pid = (uint32_t)getpid(), liar = pid + 9;
	struct producer root, child, other, alone;
	struct gtv_ev ev[16];
	struct gtv_name name;

	rig_open(4);
	claim_as(&child, pid + 1, pid + 1);
	claim_as(&other, pid + 2, pid + 2);
	claim_as(&alone, pid + 3, pid + 3);
	claim_as(&root, pid, pid);
	emit(&root, mk(GTV_EV_PROC_START, 0, 0, 1, flags | (uint64_t)pid << 32));
	emit(&root, mk(GTV_EV_SPAWN, 2, 1, 0, 0));
	emit(&child, mk(GTV_EV_PROC_START, 0, 0, 1, flags | (uint64_t)pid << 32));
	emit(&child, mk(GTV_EV_READY, 1, 2, 3, GTV_BY_GT));
	emit(&child, mk(GTV_EV_LOCK_TAKE, 2, (uint32_t)own, 1, 0));
	emit(&other, mk(GTV_EV_PROC_START, 0, 0, 1, flags | (uint64_t)pid << 32));
	emit(&other, mk(GTV_EV_LOCK_TAKE, 2, (uint32_t)own, 1, 0));
	emit(&alone, mk(GTV_EV_PROC_START, 0, 0, 1, flags | (uint64_t)liar << 32));
	emit(&alone, mk(GTV_EV_SPAWN, 2, 1, 0, 0));
	assert_int_equal(drain(), 0);
	assert_int_equal(take(ev, 16), 9);
	assert_int_equal(ev[1].gt, ev[3].obj); /* SPAWN, READY: G2 */
	assert_int_equal(ev[1].obj, ev[3].gt);
	assert_int_equal(ev[4].gt, ev[1].gt);
	assert_int_equal(ev[6].gt, ev[1].gt);
	assert_int_not_equal(ev[4].obj, ev[6].obj);
	assert_int_not_equal(ev[8].gt, ev[1].gt); /* whom it named is not known */
	assert_int_equal(stats().corrupt, 1);
	gtv_names_get(rig.names, GTV_CLASS_GT, ev[1].gt, &name);
	assert_int_equal(name.pid, pid);
	rig_close();
}

static int ask_socket(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	memcpy(addr.sun_path + 1, name, len);
	assert_int_equal(
		connect(sock, (struct sockaddr *)&addr,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)),
		0);
	return sock;
}

static int receive_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof control};
	int fd = -1;

	if (recvmsg(sock, &msg, 0) <= 0 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
	return fd;
}

static void test_socket(void **state)
{
	(void)state;
	struct stat a, b;

	rig_open(2);
	int sock = ask_socket(gtv_source_ring_socket(rig.src));
	drain();
	int fd = receive_fd(sock);
	assert_true(fd >= 0);
	fstat(fd, &a);
	fstat(gtv_source_ring_fd(rig.src), &b);
	assert_int_equal(a.st_ino, b.st_ino);
	close(fd);
	close(sock);
	rig_close();
}

static void test_socket_refuses_strangers(void **state)
{
	(void)state;
	int status;

	if (geteuid() != 0) {
		print_message("skipped: needs root, to become somebody else\n");
		skip();
	}
	rig_open(2);
	pid_t pid = fork();
	if (!pid) {
		if (setresuid(12345, 12345, 12345))
			_exit(2);
		_exit(receive_fd(ask_socket(gtv_source_ring_socket(rig.src))) >= 0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		gtv_source_ring_wait(rig.src, 1000000);
		drain();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	rig_close();
}

static void *ring_the_bell(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&rig.shm->waiting, __ATOMIC_ACQUIRE))
		;
	__atomic_fetch_add(&rig.shm->doorbell, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &rig.shm->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
	return NULL;
}

static void test_doorbell(void **state)
{
	(void)state;
	pthread_t thread;

	rig_open(2);
	uint64_t start = gtv_clock_mono_ns();
	pthread_create(&thread, NULL, ring_the_bell, NULL);
	gtv_source_ring_wait(rig.src, 20000000000ull);
	assert_true(gtv_clock_mono_ns() - start < 10000000000ull);
	pthread_join(thread, NULL);
	start = gtv_clock_mono_ns();
	gtv_source_ring_wait(rig.src, 5000000);
	assert_true(gtv_clock_mono_ns() - start >= 5000000);
	/* Who is woken before it sleeps does not sleep. */
	gtv_source_ring_wake(rig.src);
	start = gtv_clock_mono_ns();
	gtv_source_ring_wait(rig.src, 20000000000ull);
	assert_true(gtv_clock_mono_ns() - start < 10000000000ull);
	rig_close();
}

static void test_speed(void **state)
{
	(void)state;
	static struct gtv_ev ev[SLOTS];
	struct producer p;
	uint64_t ns = 0, n = 0;

	rig_open(2);
	claim(&p);
	for (int round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < SLOTS; i++)
			publish(&p, mk(GTV_EV_SWITCH_YIELD, 1 + i % 100, 1 + (i + 1) % 100,
				       i, 0));
		uint64_t start = gtv_clock_mono_ns();
		drain();
		ns += gtv_clock_mono_ns() - start;
		n += take(ev, SLOTS);
	}
	print_message("drain: %.1f ns an event\n", (double)ns / (double)n);
	assert_int_equal(n, 200 * SLOTS);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_is_sealed_and_described),
		cmocka_unit_test(test_ids_by_kind),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_gaps_are_located),
		cmocka_unit_test(test_no_ring_left),
		cmocka_unit_test(test_forked_producer),
		cmocka_unit_test(test_killed_producer),
		cmocka_unit_test(test_dead_thread),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_shared_ids),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_socket_refuses_strangers),
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_speed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
