/* SPDX-License-Identifier: MIT
 *
 * Channels between two processes, over Unix sockets and TCP, under policies of each sort:
 * order, capacity, closing from either side, a peer that dies, one that does not fit, and
 * strangers that say whatever they like.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/un.h>

#include "tests/unit/runtime_rig.h"

#define NUMBERS 500

/* What a process of the two does; `address` is where the server listens. */
typedef void role(int listener, const char *address);

static struct {
	const char *policy, *address;
	role *role;
	int listener;
	int say; /* the server's end of the pipe that carries the address */
	char where[128];
} me;

/* Each test has two pairs of pipes by which the two tell one another what to do next. */
static int go[2][2];

static void tell(int who)
{
	RIG_CHECK(write(go[who][1], "x", 1) == 1);
}

static void await(int who)
{
	char byte;

	RIG_CHECK(gt_read(go[who][0], &byte, 1) == 1);
}

/* --- two processes ------------------------------------------------------------- */

static void find_out_where(int listener)
{
	struct sockaddr_in addr;
	socklen_t bytes = sizeof addr;

	snprintf(me.where, sizeof me.where, "%s", me.address);
	if (strncmp(me.address, "tcp:", 4) != 0)
		return;
	RIG_CHECK(getsockname(listener, (struct sockaddr *)&addr, &bytes) == 0);
	snprintf(me.where, sizeof me.where, "tcp:127.0.0.1:%d", ntohs(addr.sin_port));
}

static void server_main(void *unused)
{
	int listener = gt_chan_listen(me.address);

	(void)unused;
	RIG_CHECK(listener >= 0);
	find_out_where(listener);
	RIG_CHECK(write(me.say, me.where, sizeof me.where) == sizeof me.where);
	me.role(listener, me.where);
	close(listener);
}

static void client_main(void *unused)
{
	(void)unused;
	me.role(-1, me.where);
}

static pid_t start(const char *policy, role *what, void (*fn)(void *))
{
	const struct gt_config config = {.policy = policy};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	me.role = what;
	RIG_CHECK(gt_run_config(&config, fn, NULL) == 0);
	_exit(0);
}

/* The exit statuses of the two. */
static void play(const char *policy, const char *address, role *server, role *client,
		 int status[2])
{
	pid_t pid[2];
	int say[2];

	assert_int_equal(pipe(say), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipe(go[i]), 0);
	fflush(NULL);
	me.address = address;
	me.say = say[1];
	pid[0] = start(policy, server, server_main);
	close(say[1]);
	assert_int_equal(read(say[0], me.where, sizeof me.where), sizeof me.where);
	pid[1] = start(policy, client, client_main);
	close(say[0]);
	for (int i = 0; i < 2; i++)
		assert_int_equal(waitpid(pid[i], &status[i], 0), pid[i]);
	for (int i = 0; i < 2; i++) {
		close(go[i][0]);
		close(go[i][1]);
	}
}

static const char *unix_address(void)
{
	static char address[64];
	static int count;

	snprintf(address, sizeof address, "unix:@gt-link-%d-%d", (int)getpid(), count++);
	return address;
}

static void expect(const char *policy, const char *address, role *server, role *client)
{
	int status[2];

	play(policy, address, server, client, status);
	if (status[0] || status[1])
		fail_msg("%s over %s: wait statuses %#x %#x", policy, address, status[0],
			 status[1]);
}

/* Under policies of each sort. procs shares memory between processes, in which thread
 * sanitizer sees races, and stacks, of which address sanitizer knows too little. */
static void everywhere(role *server, role *client)
{
	static const char *const policies[] = {
		"green",
		"asyncio",
		"gmp",
		"threads",
		"gil3",
		"coop",
		"offset",
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		"procs",
#endif
	};

	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		expect(policies[i], unix_address(), server, client);
		expect(policies[i], "tcp:127.0.0.1:0", server, client);
	}
}

/* --- ends ------------------------------------------------------------------------ */

static struct gt_chan_link link_of(enum gt_chan_end end, size_t capacity)
{
	return (struct gt_chan_link){end, sizeof(long), capacity, "numbers"};
}

static struct gt_chan *accepted(int listener, enum gt_chan_end end, size_t capacity)
{
	const struct gt_chan_link spec = link_of(end, capacity);
	struct gt_chan *chan = NULL;

	RIG_CHECK(gt_chan_accept(&chan, listener, &spec) == 0 && chan);
	return chan;
}

static struct gt_chan *connected(const char *address, enum gt_chan_end end, size_t capacity)
{
	const struct gt_chan_link spec = link_of(end, capacity);
	struct gt_chan *chan = NULL;

	RIG_CHECK(gt_chan_connect(&chan, address, &spec) == 0 && chan);
	return chan;
}

/* --- the ordinary ----------------------------------------------------------------- */

static void receive_all(int listener, const char *address)
{
	struct gt_chan *chan = accepted(listener, GT_CHAN_RECEIVES, 4);
	long value;

	(void)address;
	for (long i = 1; i <= NUMBERS; i++)
		RIG_CHECK(gt_chan_recv(chan, &value) == 0 && value == i);
	RIG_CHECK(gt_chan_recv(chan, &value) == -EPIPE && value == 0);
	gt_chan_free(chan);
}

static void send_all(int listener, const char *address)
{
	struct gt_chan *chan = connected(address, GT_CHAN_SENDS, 0);

	(void)listener;
	for (long i = 1; i <= NUMBERS; i++)
		RIG_CHECK(gt_chan_send(chan, &i) == 0);
	RIG_CHECK(gt_chan_close(chan) == 0);
	RIG_CHECK(gt_chan_send(chan, &(long){0}) == -EPIPE);
	gt_chan_free(chan);
}

static void elements_come_in_order(void **state)
{
	(void)state;
	everywhere(receive_all, send_all);
}

/* There and back: a link each way, the accepting side sends first. */
static void echo(int listener, const char *address)
{
	struct gt_chan *out = accepted(listener, GT_CHAN_SENDS, 0);
	struct gt_chan *in = accepted(listener, GT_CHAN_RECEIVES, 0);
	long value;

	(void)address;
	while (gt_chan_recv(in, &value) == 0) {
		value = -value;
		RIG_CHECK(gt_chan_send(out, &value) == 0);
	}
	gt_chan_free(out); /* closes it too */
	gt_chan_free(in);
}

static void ask(int listener, const char *address)
{
	struct gt_chan *in = connected(address, GT_CHAN_RECEIVES, 0);
	struct gt_chan *out = connected(address, GT_CHAN_SENDS, 0);
	long value;

	(void)listener;
	for (long i = 1; i <= 50; i++) {
		RIG_CHECK(gt_chan_send(out, &i) == 0);
		RIG_CHECK(gt_chan_recv(in, &value) == 0 && value == -i);
	}
	gt_chan_free(out);
	RIG_CHECK(gt_chan_recv(in, &value) == -EPIPE);
	gt_chan_free(in);
}

static void there_and_back(void **state)
{
	(void)state;
	expect("green", unix_address(), echo, ask);
	expect("gmp", "tcp:127.0.0.1:0", echo, ask);
}

/* --- capacity and select ------------------------------------------------------------ */

static void receive_when_told(int listener, const char *address)
{
	struct gt_chan *chan = accepted(listener, GT_CHAN_RECEIVES, 3);
	long value;

	(void)address;
	await(0);
	for (long i = 0; i < 4; i++)
		RIG_CHECK(gt_chan_recv(chan, &value) == 0 && value == i);
	RIG_CHECK(gt_chan_recv(chan, &value) == -EPIPE);
	gt_chan_free(chan);
}

/* Three are on their way while nobody receives, and a fourth is not. */
static void send_ahead(int listener, const char *address)
{
	struct gt_chan *chan = connected(address, GT_CHAN_SENDS, 0);
	long value = 0;
	struct gt_select_case send = {.chan = chan, .op = GT_SELECT_SEND, .elem = &value};

	(void)listener;
	for (; value < 3; value++)
		RIG_CHECK(gt_select(&send, 1, 60000000000) == 0);
	RIG_CHECK(gt_select(&send, 1, 30000000) == -ETIMEDOUT);
	tell(0);
	RIG_CHECK(gt_select(&send, 1, 60000000000) == 0 && send.result == 0);
	gt_chan_free(chan);
}

static void capacity_is_the_receivers(void **state)
{
	(void)state;
	expect("green", unix_address(), receive_when_told, send_ahead);
	expect("threads", "tcp:127.0.0.1:0", receive_when_told, send_ahead);
}

/* --- ends that go --------------------------------------------------------------------- */

static void receive_one_and_close(int listener, const char *address)
{
	struct gt_chan *chan = accepted(listener, GT_CHAN_RECEIVES, 1);
	long value;

	(void)address;
	RIG_CHECK(gt_chan_recv(chan, &value) == 0);
	RIG_CHECK(gt_chan_close(chan) == 0);
	gt_chan_free(chan);
}

static void send_until_closed(int listener, const char *address)
{
	struct gt_chan *chan = connected(address, GT_CHAN_SENDS, 0);
	long value = 1;

	(void)listener;
	while (gt_chan_send(chan, &value) == 0)
		;
	RIG_CHECK(gt_chan_send(chan, &value) == -EPIPE);
	gt_chan_free(chan);
}

static void receiver_may_close(void **state)
{
	(void)state;
	everywhere(receive_one_and_close, send_until_closed);
}

static void send_one_and_die(int listener, const char *address)
{
	struct gt_chan *chan = connected(address, GT_CHAN_SENDS, 0);
	long value = 7;

	(void)listener;
	RIG_CHECK(gt_chan_send(chan, &value) == 0);
	await(0);
	raise(SIGKILL);
}

static void receive_from_the_dead(int listener, const char *address)
{
	struct gt_chan *chan = accepted(listener, GT_CHAN_RECEIVES, 1);
	long value;

	(void)address;
	RIG_CHECK(gt_chan_recv(chan, &value) == 0 && value == 7);
	tell(0);
	RIG_CHECK(gt_chan_recv(chan, &value) == -EPIPE);
	gt_chan_free(chan);
}

static void receive_one_and_die(int listener, const char *address)
{
	long value;

	(void)address;
	RIG_CHECK(gt_chan_recv(accepted(listener, GT_CHAN_RECEIVES, 1), &value) == 0);
	raise(SIGKILL);
}

static void the_dead_hang_nobody(void **state)
{
	static const char *const policies[] = {"green", "gmp", "threads"};
	int status[2];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *address = i & 1 ? unix_address() : "tcp:127.0.0.1:0";

		play(policies[i], address, receive_from_the_dead, send_one_and_die, status);
		assert_int_equal(status[0], 0);
		assert_true(WIFSIGNALED(status[1]));
		play(policies[i], address, receive_one_and_die, send_until_closed, status);
		assert_true(WIFSIGNALED(status[0]));
		assert_int_equal(status[1], 0);
	}
}

/* --- peers that do not fit ------------------------------------------------------------ */

/* Only the last of these fits. */
static void misfits(int listener, const char *address)
{
	struct gt_chan_link spec = link_of(GT_CHAN_SENDS, 0);
	struct gt_chan *chan = NULL;

	(void)listener;
	spec.elem_bytes = 4;
	RIG_CHECK(gt_chan_connect(&chan, address, &spec) == -EPROTO);
	spec = link_of(GT_CHAN_RECEIVES, 0);
	RIG_CHECK(gt_chan_connect(&chan, address, &spec) == -EPROTO);
	spec = link_of(GT_CHAN_SENDS, 0);
	spec.elem_bytes = (size_t)2 << 20;
	RIG_CHECK(gt_chan_connect(&chan, address, &spec) == -EINVAL);
	spec = link_of(GT_CHAN_SENDS, 0);
	RIG_CHECK(gt_chan_connect(&chan, "tcp:127.0.0.1", &spec) == -EINVAL);
	RIG_CHECK(gt_chan_connect(&chan, "pigeon:", &spec) == -EINVAL);
	RIG_CHECK(gt_chan_connect(&chan, "unix:", &spec) == -EINVAL);
	RIG_CHECK(gt_chan_connect(&chan, "unix:/nowhere/at/all", &spec) == -ENOENT);
	RIG_CHECK(gt_chan_over(&chan, -1, &spec) == -EBADF && !chan);
	send_all(listener, address);
}

static void misfits_are_refused(void **state)
{
	(void)state;
	expect("green", unix_address(), receive_all, misfits);
	expect("gmp", "tcp:127.0.0.1:0", receive_all, misfits);
}

static void not_under_single(void *arg)
{
	const struct gt_chan_link spec = link_of(GT_CHAN_SENDS, 0);
	struct gt_chan *chan;
	int fd[2];

	(void)arg;
	RIG_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	RIG_CHECK(gt_chan_over(&chan, fd[0], &spec) == -ENOTSUP);
}

static void greet_nobody(void *fd)
{
	const struct gt_chan_link spec = link_of(GT_CHAN_SENDS, 0);
	struct gt_chan *chan;

	gt_chan_over(&chan, *(int *)fd, &spec);
	RIG_CHECK(0);
}

/* Who is cancelled while it waits for a greeting leaves no socket open. */
static void cancelled_main(void *arg)
{
	char bytes[64];
	int fd[2];
	struct gt *gt;

	(void)arg;
	RIG_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	RIG_CHECK(gt_spawn(&gt, greet_nobody, &fd[0]) == 0);
	RIG_CHECK(gt_read(fd[1], bytes, 20) == 20);
	RIG_CHECK(gt_cancel(gt) == 0 && gt_join(gt) == -ECANCELED);
	RIG_CHECK(gt_read(fd[1], bytes, 1) == 0);
	close(fd[1]);
}

static void cancelled_child(void *policy)
{
	const struct gt_config config = {.policy = policy};

	RIG_CHECK(gt_run_config(&config, cancelled_main, NULL) == 0);
}

static void the_cancelled_close(void **state)
{
	char policies[][8] = {"green", "gmp", "threads"};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig_child(cancelled_child, policies[i], NULL, 0), 0);
}

static void single_child(void *arg)
{
	const struct gt_config config = {.policy = "single"};

	RIG_CHECK(gt_run_config(&config, not_under_single, arg) == 0);
}

static void single_refuses(void **state)
{
	(void)state;
	assert_int_equal(rig_child(single_child, NULL, NULL, 0), 0);
}

/* --- strangers
 * ---------------------------------------------------------------------------- */

#define GREETING_BYTES 20

static int stranger(const char *address)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(address + 6);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path + 1, address + 6, len);
	RIG_CHECK(gt_connect(fd, (struct sockaddr *)&addr,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					 len)) == 0);
	return fd;
}

/* A greeting as an honest peer's, of this end and capacity. */
static void greet_as(int fd, unsigned char end, uint32_t capacity)
{
	unsigned char theirs[GREETING_BYTES], ours[GREETING_BYTES] = "gtchan01";

	ours[8] = end;
	ours[12] = sizeof(long);
	memcpy(ours + 16, &capacity, 4); /* the tests run where numbers are little-endian */
	RIG_CHECK(gt_write(fd, ours, sizeof ours) == sizeof ours);
	for (size_t at = 0; at < sizeof theirs;) {
		ssize_t n = gt_read(fd, theirs + at, sizeof theirs - at);

		RIG_CHECK(n > 0);
		at += (size_t)n;
	}
}

static void cut_off(int fd)
{
	char bytes[64];
	ssize_t n;

	do
		n = gt_read(fd, bytes, sizeof bytes);
	while (n > 0);
	RIG_CHECK(n == 0 || n == -ECONNRESET);
	close(fd);
}

static void strangers(int listener, const char *address)
{
	static const char rubbish[64] = "GET / HTTP/1.1\r\n\r\n";
	int fd = stranger(address);

	RIG_CHECK(gt_write(fd, rubbish, sizeof rubbish) == sizeof rubbish);
	cut_off(fd);
	close(stranger(address)); /* says nothing and goes */
	fd = stranger(address);
	RIG_CHECK(gt_write(fd, "gtch", 4) == 4);
	close(fd); /* half a greeting */
	fd = stranger(address);
	greet_as(fd, GT_CHAN_SENDS, 0); /* no such capacity; a sender's says nothing */
	RIG_CHECK(gt_write(fd, "Z", 1) == 1); /* no such tag */
	cut_off(fd);
	send_all(listener, address);
}

static void receive_in_spite(int listener, const char *address)
{
	struct gt_chan *chan = accepted(listener, GT_CHAN_RECEIVES, 1);
	long value;

	RIG_CHECK(gt_chan_recv(chan, &value) == -EPIPE); /* the one with a wrong tag */
	gt_chan_free(chan);
	receive_all(listener, address);
}

/* Receivers: one with no capacity, one that answers what nobody sent, one that stops in
 * the middle of everything. */
static void wrong_receivers(int listener, const char *address)
{
	int fd = stranger(address);

	(void)listener;
	greet_as(fd, GT_CHAN_RECEIVES, 0);
	cut_off(fd);
	fd = stranger(address);
	greet_as(fd, GT_CHAN_RECEIVES, 1u << 31);
	cut_off(fd);
	fd = stranger(address);
	greet_as(fd, GT_CHAN_RECEIVES, 2);
	RIG_CHECK(gt_write(fd, "AAAAAAAA", 8) == 8);
	cut_off(fd);
	fd = stranger(address);
	greet_as(fd, GT_CHAN_RECEIVES, 2);
	RIG_CHECK(gt_write(fd, "A", 0) == 0);
	close(fd);
}

static void send_in_spite(int listener, const char *address)
{
	long value = 1;

	(void)address;
	for (int i = 0; i < 2; i++) {
		struct gt_chan *chan = accepted(listener, GT_CHAN_SENDS, 0);

		while (gt_chan_send(chan, &value) == 0)
			;
		gt_chan_free(chan);
	}
}

static void strangers_are_cut_off(void **state)
{
	(void)state;
	expect("green", unix_address(), receive_in_spite, strangers);
	expect("gmp", unix_address(), receive_in_spite, strangers);
	expect("green", unix_address(), send_in_spite, wrong_receivers);
	expect("threads", unix_address(), send_in_spite, wrong_receivers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_come_in_order),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(capacity_is_the_receivers),
		cmocka_unit_test(receiver_may_close),
		cmocka_unit_test(the_dead_hang_nobody),
		cmocka_unit_test(misfits_are_refused),
		cmocka_unit_test(single_refuses),
		cmocka_unit_test(the_cancelled_close),
		cmocka_unit_test(strangers_are_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
