/* SPDX-License-Identifier: MIT
 *
 * The producer's side of the rings: what it believes, what it claims, what it drops
 * and says about it, fork, and a reader that goes away.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/un.h>

#include "tests/unit/runtime_rig.h"
#include "runtime/core/rt.h"

#define RING_BYTES 4096u
#define SLOTS	   (RING_BYTES / 32)

static void emit_marks(struct gtv_producer *tr, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		gt__emit(tr, GTV_EV_MARK, 0, 0, 1, i, 0, 0);
}

/* --- what is believed ---------------------------------------------------------- */

static void only_a_sound_file_is_mapped(void **state)
{
	struct rig rig = rig_make(2, RING_BYTES, GTV_CLOCK_MONO);
	struct gtv_shm good = *rig.shm;
	int unsealed = memfd_create("unsealed", MFD_ALLOW_SEALING),
	    null = open("/dev/null", O_RDWR);

	(void)state;
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_unmap();
#define REFUSED(field, value)                                                              \
	do {                                                                               \
		rig.shm->field = (value);                                                  \
		assert_int_equal(gt__trace_map(rig.fd), -EINVAL);                          \
		*rig.shm = good;                                                           \
	} while (0)
	REFUSED(magic, good.magic + 1);
	REFUSED(version, 2);
	REFUSED(clock, 3);
	REFUSED(ring_count, 0);
	REFUSED(ring_count, 1);
	REFUSED(ring_count, UINT32_MAX);
	REFUSED(ring_bytes, 0);
	REFUSED(ring_bytes, RING_BYTES + 32);
	REFUSED(ring_bytes, RING_BYTES * 2);
	REFUSED(ring_bytes, 1u << 31);
	REFUSED(total_bytes, good.total_bytes + 4096);
	assert_int_equal(ftruncate(unsealed, (off_t)rig.bytes), 0);
	assert_int_equal(pwrite(unsealed, &good, sizeof good, 0), sizeof good);
	assert_int_equal(gt__trace_map(unsealed), -EINVAL);
	assert_int_equal(gt__trace_map(null), -EINVAL);
	assert_int_equal(gt__trace_map(-1), -EINVAL);
	close(unsealed);
	close(null);
	rig_free(&rig);
}

/* --- claims -------------------------------------------------------------------- */

static void rings_are_claimed_and_closed(void **state)
{
	struct rig rig = rig_make(2, RING_BYTES, GTV_CLOCK_TSC);
	struct gtv_producer a = {0}, b = {0}, c = {0};

	(void)state;
	gt__trace_claim(&a); /* nothing is mapped */
	assert_false(a.on);
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_claim(&a);
	gt__trace_claim(&b);
	gt__trace_claim(&c);
	assert_true(a.ring && b.ring && !c.ring && a.on && b.on && c.on);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(rig_ring(&rig, i)->state, GTV_RING_LIVE);
		assert_int_equal(rig_ring(&rig, i)->pid, getpid());
		assert_int_equal(rig_ring(&rig, i)->tid, gt__sys_tid());
		assert_int_equal(rig_ring(&rig, i)->generation, 1);
	}
	emit_marks(&a, 5);
	emit_marks(&c, 7);
	assert_int_equal(rig_ring(&rig, 0)->head, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(rig_event(&rig, 0, i)->u.f.obj, i);
	assert_int_equal(rig.shm->unringed[GTV_EV_MARK], 7);
	assert_int_equal(c.lost, 7);
	gt__trace_close(&a);
	gt__trace_close(&b);
	gt__trace_close(&c);
	assert_int_equal(rig_ring(&rig, 0)->state, GTV_RING_CLOSED);
	/* Drained and freed by the reader: the next claim goes on where it ended. */
	rig_ring(&rig, 0)->tail = 5;
	rig_ring(&rig, 0)->state = GTV_RING_FREE;
	gt__trace_claim(&a);
	emit_marks(&a, 1);
	assert_int_equal(rig_ring(&rig, 0)->head, 6);
	assert_int_equal(rig_ring(&rig, 0)->generation, 2);
	gt__trace_close(&a);
	gt__trace_unmap();
	rig_free(&rig);
}

/* --- overflow -------------------------------------------------------------------- */

static void loss_is_counted_and_told(void **state)
{
	struct rig rig = rig_make(1, RING_BYTES, GTV_CLOCK_MONO);
	struct gtv_ring *ring = rig_ring(&rig, 0);
	struct gtv_producer tr = {0};
	uint64_t before, after, told = 0;

	(void)state;
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_claim(&tr);
	emit_marks(&tr, SLOTS);
	assert_int_equal(ring->head, SLOTS);
	before = gt__sys_now_ns();
	emit_marks(&tr, 10);
	gt__emit(&tr, GTV_EV_SPAWN, 0, 0, 3, 1, 0, 0);
	after = gt__sys_now_ns();
	assert_int_equal(ring->head, SLOTS);
	assert_int_equal(ring->dropped[GTV_EV_MARK], 10);
	assert_int_equal(ring->dropped[GTV_EV_SPAWN], 1);
	assert_in_range(ring->loss_first_raw, before, after);
	assert_in_range(ring->loss_last_raw, ring->loss_first_raw, after);
	assert_int_equal(tr.lost, 11);

	/* Room for two is not enough: two kinds are to be told, and the event itself. */
	ring->tail = 2;
	emit_marks(&tr, 1);
	assert_int_equal(ring->head, SLOTS);
	assert_int_equal(ring->dropped[GTV_EV_MARK], 11);
	ring->tail = 3;
	emit_marks(&tr, 1);
	assert_int_equal(ring->head, SLOTS + 3);
	for (uint64_t pos = SLOTS; pos < SLOTS + 2; pos++) {
		const struct gtv_event *ev = rig_event(&rig, 0, pos);
		uint64_t first = ev->gt | (uint64_t)ev->u.f.seq << 32;

		assert_int_equal(ev->kind, GTV_EV_LOST);
		assert_int_equal(ev->flags, 0);
		assert_int_equal(ev->aux, 0);
		assert_int_equal(first, ring->loss_first_raw);
		assert_int_equal(ev->ts_raw, ring->loss_last_raw);
		assert_int_equal(ev->u.f.arg, ring->dropped[ev->u.f.obj]);
		assert_int_equal(ring->told[ev->u.f.obj], ring->dropped[ev->u.f.obj]);
		told += ev->u.f.arg;
	}
	assert_int_equal(told, 12);
	assert_int_equal(rig_event(&rig, 0, SLOTS + 2)->kind, GTV_EV_MARK);

	/* A tail that cannot be is a full ring, no more. */
	ring->tail = ring->head + 1000;
	emit_marks(&tr, SLOTS);
	assert_true(ring->dropped[GTV_EV_MARK] > 11 && tr.on);
	gt__trace_close(&tr);
	gt__trace_unmap();
	rig_free(&rig);
}

static void the_doorbell_rings_at_half_full(void **state)
{
	struct rig rig = rig_make(1, RING_BYTES, GTV_CLOCK_TSC);
	struct gtv_producer tr = {0};

	(void)state;
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_claim(&tr);
	rig.shm->waiting = 1;
	emit_marks(&tr, SLOTS / 2);
	assert_int_equal(rig.shm->doorbell, 0);
	emit_marks(&tr, 1);
	assert_int_equal(rig.shm->doorbell, 1);
	rig.shm->waiting = 0;
	emit_marks(&tr, SLOTS);
	assert_int_equal(rig.shm->doorbell, 1);
	gt__trace_close(&tr);
	gt__trace_unmap();
	rig_free(&rig);
}

static void the_doorbell_rings_when_rings_grow_few(void **state)
{
	struct rig rig = rig_make(4, RING_BYTES, GTV_CLOCK_TSC);
	struct gtv_producer tr[5] = {0};

	(void)state;
	assert_int_equal(gt__trace_map(rig.fd), 0);
	rig.shm->waiting = 1;
	for (int i = 0; i < 3; i++)
		gt__trace_claim(&tr[i]);
	assert_int_equal(rig.shm->doorbell, 0);
	gt__trace_claim(&tr[3]);
	assert_int_equal(rig.shm->doorbell, 1);
	gt__trace_claim(&tr[4]); /* there is none left */
	assert_null(tr[4].ring);
	assert_int_equal(rig.shm->doorbell, 2);
	/* Freed, those of the lower half are taken first. */
	gt__trace_close(&tr[0]);
	rig_ring(&rig, 0)->state = GTV_RING_FREE;
	gt__trace_claim(&tr[0]);
	assert_int_equal(rig.shm->doorbell, 2);
	for (int i = 0; i < 5; i++)
		gt__trace_close(&tr[i]);
	gt__trace_unmap();
	rig_free(&rig);
}

static void without_a_reader_tracing_ends(void **state)
{
	struct rig rig = rig_make(2, RING_BYTES, GTV_CLOCK_TSC);
	struct gtv_producer tr = {0}, other = {0};

	(void)state;
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_claim(&tr);
	gt__trace_claim(&other);
	rig.shm->heartbeat_ns = gt__sys_now_ns() - 2 * GTV_HEARTBEAT_GONE_NS;
	emit_marks(&tr, SLOTS);
	assert_true(tr.on); /* not full yet: nobody asks */
	/* It may only be waiting for a core: what it misses is counted. */
	rig.shm->heartbeat_ns = gt__sys_now_ns() - 2 * GTV_HEARTBEAT_STALE_NS;
	emit_marks(&tr, 1000);
	assert_true(tr.on);
	assert_int_equal(rig_ring(&rig, 0)->dropped[GTV_EV_MARK], 1000);
	rig.shm->heartbeat_ns = gt__sys_now_ns() - 2 * GTV_HEARTBEAT_GONE_NS;
	emit_marks(&tr, 256); /* it is asked now and then */
	assert_false(tr.on);
	emit_marks(&other, 1); /* the whole process is off */
	assert_false(other.on);
	gt__trace_close(&tr);
	gt__trace_claim(&tr);
	assert_false(tr.on);
	gt__trace_unmap();

	/* Asked to stop. */
	rig_ring(&rig, 0)->state = GTV_RING_FREE;
	rig_ring(&rig, 0)->tail = rig_ring(&rig, 0)->head;
	rig.shm->heartbeat_ns = gt__sys_now_ns();
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_claim(&tr);
	rig.shm->enabled = 0;
	emit_marks(&tr, SLOTS);
	assert_false(tr.on);
	gt__trace_unmap();
	rig_free(&rig);
}

/* --- processes ---------------------------------------------------------------------- */

static pid_t forked;

static void fork_inside(void *arg)
{
	(void)arg;
	forked = fork();
	gt_yield();
	RIG_CHECK(gt_sleep_ns(1000) == 0);
	if (!forked)
		_exit(0);
	RIG_CHECK(waitpid(forked, NULL, 0) == forked);
}

static void fork_child(void *arg)
{
	struct rig *rig = arg;
	const struct gt_config config = {.policy = "green"};
	int rings[2] = {0, 0};

	RIG_CHECK(gt__trace_map(rig->fd) == 0);
	RIG_CHECK(gt_run_config(&config, fork_inside, NULL) == 0);
	for (uint32_t i = 0; i < 8; i++) {
		struct gtv_ring *ring = rig_ring(rig, i);
		uint64_t last = 0;

		if (!ring->head)
			continue;
		rings[ring->pid == (uint32_t)forked]++;
		RIG_CHECK(ring->pid == (uint32_t)forked || ring->pid == (uint32_t)getpid());
		RIG_CHECK(rig_event(rig, i, 0)->kind == GTV_EV_PROC_START);
		for (uint64_t pos = 0; pos < ring->head; pos++) {
			const struct gtv_event *ev = rig_event(rig, i, pos);

			RIG_CHECK(ev->kind && ev->ts_raw >= last);
			RIG_CHECK(!pos || ev->kind != GTV_EV_PROC_START);
			RIG_CHECK(ev->kind != GTV_EV_SPAWN ||
				  ring->pid != (uint32_t)forked);
			last = ev->ts_raw;
		}
	}
	RIG_CHECK(rings[0] == 1 && rings[1] == 1);
	exit(0);
}

static void a_forked_child_has_its_own_ring(void **state)
{
	struct rig rig = rig_make(8, 65536, GTV_CLOCK_MONO);

	(void)state;
#ifdef GT_TSAN
	print_message("skipped: ThreadSanitizer loses its fibers over a fork\n");
	skip();
#endif
	assert_int_equal(rig_child(fork_child, &rig, NULL, 0), 0);
	rig_free(&rig);
}

/* Each forks and the child execs: under policies with several OS threads too. */
static void exec_inside(void *arg)
{
	pid_t pid = fork();
	int status;

	(void)arg;
	if (!pid) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	RIG_CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void exec_many(void *arg)
{
	struct gt *gt[4];

	(void)arg;
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_spawn(&gt[i], exec_inside, NULL) == 0);
	for (int i = 0; i < 4; i++)
		RIG_CHECK(gt_join(gt[i]) == 0);
}

static void exec_child(void *arg)
{
	const struct gt_config config = {.policy = arg};

	RIG_CHECK(gt_run_config(&config, exec_many, NULL) == 0);
	exit(0);
}

static void fork_and_exec_work_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < RIG_POLICIES; i++)
		assert_int_equal(
			rig_child(exec_child, (void *)(uintptr_t)rig_policies[i], NULL, 0),
			0);
}

static void crash_inside(void *arg)
{
	gt_mark(arg);
	abort();
}

static void crash_child(void *arg)
{
	const struct gt_config config = {.policy = "gmp"};
	struct rig *rig = arg;

	gt__trace_map(rig->fd);
	gt_run_config(&config, crash_inside, (void *)(uintptr_t) "last words");
}

static void a_crash_leaves_what_was_committed(void **state)
{
	struct rig rig = rig_make(8, 65536, GTV_CLOCK_MONO);
	int found = 0;

	(void)state;
	assert_true(WIFSIGNALED(rig_child(crash_child, &rig, (char[4096]){0}, 4096)));
	for (uint32_t i = 0; i < 8; i++) {
		uint64_t head = rig_ring(&rig, i)->head;
		const struct gtv_event *ev = head ? rig_event(&rig, i, head - 1) : NULL;

		found += ev && ev->kind == GTV_EV_MARK && !strcmp(ev->u.text, "last words");
	}
	assert_int_equal(found, 1);
	rig_free(&rig);
}

/* --- the environment ------------------------------------------------------------------ */

static int serve(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path + 1, name, strlen(name));
	assert_int_equal(bind(sock, (void *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					  strlen(name))),
			 0);
	assert_int_equal(listen(sock, 1), 0);
	return sock;
}

static void hand_out_one(const int *sock_and_fd, int conn)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &sock_and_fd[1], sizeof(int));
	sendmsg(conn, &msg, MSG_NOSIGNAL);
	close(conn);
}

/* To everybody who asks, until nobody can any more. */
static void *hand_out(void *arg)
{
	const int *sock_and_fd = arg;
	int conn;

	while ((conn = accept(sock_and_fd[0], NULL, NULL)) >= 0)
		hand_out_one(sock_and_fd, conn);
	return NULL;
}

/* Who asks waits for a second, for a reader may be gone: one that lives but has no core for
 * so long is asked again. */
static int open_in_the_end(void)
{
	for (int i = 0; i < 30; i++) {
		if (gt__trace_open())
			return 1;
		gt__trace_unmap();
	}
	return 0;
}

static void found_through_the_environment(void **state)
{
	struct rig rig = rig_make(1, RING_BYTES, GTV_CLOCK_TSC);
	char text[32], name[64];
	int sock_and_fd[2];
	pthread_t thread;

	(void)state;
	unsetenv(GTV_ENV_FD);
	unsetenv(GTV_ENV_SOCK);
	assert_int_equal(gt__trace_open(), 0);
	gt__trace_unmap();
	snprintf(text, sizeof text, "%d", rig.fd);
	setenv(GTV_ENV_FD, text, 1);
	assert_int_equal(gt__trace_open(), 1);
	gt__trace_unmap();

	/* The descriptor is something else by now: the socket hands it out again. */
	static const char *const bad[] = {"0",	"-1", "99999",
					  "7x", "",   "99999999999999999999"};
	snprintf(name, sizeof name, "gt-test-%d", (int)getpid());
	sock_and_fd[0] = serve(name);
	sock_and_fd[1] = rig.fd;
	pthread_create(&thread, NULL, hand_out, sock_and_fd);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		setenv(GTV_ENV_FD, bad[i], 1);
		unsetenv(GTV_ENV_SOCK);
		assert_int_equal(gt__trace_open(), 0);
		gt__trace_unmap();
		setenv(GTV_ENV_SOCK, name, 1);
		assert_int_equal(open_in_the_end(), 1);
		gt__trace_unmap();
	}
	shutdown(sock_and_fd[0], SHUT_RDWR);
	pthread_join(thread, NULL);
	setenv(GTV_ENV_SOCK, "nobody-listens-here", 1);
	assert_int_equal(gt__trace_open(), 0);
	gt__trace_unmap();
	unsetenv(GTV_ENV_FD);
	unsetenv(GTV_ENV_SOCK);
	close(sock_and_fd[0]);
	rig_free(&rig);
}

static void names_come_in_chunks(void **state)
{
	struct rig rig = rig_make(1, RING_BYTES, GTV_CLOCK_TSC);
	struct gtv_producer tr = {0};
	char whole[100], back[100] = "";

	(void)state;
	memset(whole, 'n', sizeof whole);
	whole[99] = '\0';
	assert_int_equal(gt__trace_map(rig.fd), 0);
	gt__trace_claim(&tr);
	gt__trace_text(&tr, GTV_TEXT_GT, 7, "");
	gt__trace_text(&tr, GTV_TEXT_GT, 8, "exactly sixteen.");
	gt__trace_text(&tr, GTV_TEXT_GT, 9, whole);
	assert_int_equal(rig_ring(&rig, 0)->head, 1 + 1 + 4);
	assert_int_equal(rig_event(&rig, 0, 0)->flags, GTV_TEXT_LAST);
	assert_int_equal(rig_event(&rig, 0, 1)->flags, GTV_TEXT_LAST);
	for (uint64_t i = 0; i < 4; i++) {
		const struct gtv_event *ev = rig_event(&rig, 0, 2 + i);

		assert_int_equal(ev->flags, i == 3 ? 3 | GTV_TEXT_LAST : i);
		assert_int_equal(ev->gt, 9);
		memcpy(back + i * 16, ev->u.text, 16);
	}
	assert_int_equal(strlen(back), 64);
	gt__trace_close(&tr);
	gt__trace_unmap();
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_sound_file_is_mapped),
		cmocka_unit_test(rings_are_claimed_and_closed),
		cmocka_unit_test(loss_is_counted_and_told),
		cmocka_unit_test(the_doorbell_rings_at_half_full),
		cmocka_unit_test(the_doorbell_rings_when_rings_grow_few),
		cmocka_unit_test(without_a_reader_tracing_ends),
		cmocka_unit_test(a_forked_child_has_its_own_ring),
		cmocka_unit_test(fork_and_exec_work_everywhere),
		cmocka_unit_test(a_crash_leaves_what_was_committed),
		cmocka_unit_test(found_through_the_environment),
		cmocka_unit_test(names_come_in_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
