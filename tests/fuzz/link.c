/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the ends of channels to other processes: any bytes are what a peer says, in
 * pieces of any size. The receiving end must give out exactly the elements that lie in
 * them, the sending end send no more than it may.
 *
 * An input is two bytes and what the peer says: which end we are and how long elements
 * are; the size of the pieces.
 *
 * Built by libFuzzer, or as a program that replays files. `link --corpus DIR` writes the
 * corpus anew.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/gt.h"
#include "tests/fuzz/files.h"

#define GREETING_BYTES 20
#define CAPACITY_MAX   (1u << 20)
#define ELEM_BYTES     64
#define OURS	       3 /* capacity, when we receive */

static const uint8_t elem_sizes[] = {0, 1, 8, ELEM_BYTES};

static struct {
	const uint8_t *said;
	size_t size, piece, elem_bytes;
	enum gt_chan_end end;
	int fd[2];
	struct gt_chan_link spec;
} in;

static void expect(int good)
{
	if (!good)
		abort();
}

/* The peer's writer: all that it has to say, then no more. */
static void says(void *arg)
{
	size_t at = 0;

	(void)arg;
	while (at < in.size) {
		size_t left = in.size - at;
		ssize_t n = send(in.fd[1], in.said + at, left < in.piece ? left : in.piece,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno != EAGAIN || gt_poll(in.fd[1], POLLOUT, -1) < 0))
			break;
		at += n > 0 ? (size_t)n : 0;
		gt_yield();
	}
	shutdown(in.fd[1], SHUT_WR);
}

/* The peer's reader, so that nobody waits for room. */
static void listens(void *arg)
{
	char bytes[4096];

	(void)arg;
	while (gt_read(in.fd[1], bytes, sizeof bytes) > 0)
		;
}

static uint32_t get32(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/* Whether the peer's greeting fits ours. */
static int fits(void)
{
	const uint8_t *g = in.said;
	uint32_t capacity;

	if (in.size < GREETING_BYTES || memcmp(g, "gtchan01", 8) || g[8] > 1 ||
	    g[8] == (uint8_t)in.end || g[9] || g[10] || g[11] ||
	    get32(g + 12) != in.elem_bytes)
		return 0;
	capacity = in.end == GT_CHAN_SENDS ? get32(g + 16) : OURS;
	return capacity && capacity <= CAPACITY_MAX;
}

static void receive(struct gt_chan *chan)
{
	size_t at = GREETING_BYTES, bytes = in.elem_bytes;
	char got[ELEM_BYTES + 1];

	for (; gt_chan_recv(chan, got) == 0; at += 1 + bytes) {
		expect(in.size - at >= 1 + bytes && in.said[at] == 'E');
		expect(!memcmp(got, in.said + at + 1, bytes));
	}
	expect(in.size - at < 1 + bytes || in.said[at] != 'E');
}

/* As often as it may before the first wrong answer, and those it has no answer to. */
static void send_all(struct gt_chan *chan)
{
	uint64_t may = get32(in.said + 16), sent = 0;
	char elem[ELEM_BYTES] = "element";

	for (size_t at = GREETING_BYTES; at < in.size && in.said[at] == 'A'; at++)
		may++;
	while (gt_chan_send(chan, elem) == 0)
		sent++;
	expect(sent <= may);
}

static void talk(void *arg)
{
	struct gt *gt[2];
	struct gt_chan *chan = NULL;
	int err;

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.fd))
		return;
	expect(gt_spawn(&gt[0], says, NULL) == 0 && gt_spawn(&gt[1], listens, NULL) == 0);
	err = gt_chan_over(&chan, in.fd[0], &in.spec);
	expect(err == -ENOMEM || fits() == (err == 0));
	if (!err) {
		if (in.end == GT_CHAN_RECEIVES)
			receive(chan);
		else
			send_all(chan);
		gt_chan_free(chan);
	}
	for (int i = 0; i < 2; i++)
		gt_join(gt[i]);
	close(in.fd[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gt_config config = {.policy = "green"};

	if (size < 2)
		return 0;
	in.end = data[0] & 1 ? GT_CHAN_RECEIVES : GT_CHAN_SENDS;
	in.elem_bytes = elem_sizes[data[0] >> 1 & 3];
	in.piece = 1 + data[1];
	in.said = data + 2;
	in.size = size - 2;
	in.spec = (struct gt_chan_link){in.end, in.elem_bytes, OURS, "fuzzed"};
	expect(gt_run_config(&config, talk, NULL) == 0);
	return 0;
}

#ifndef GTV_LIBFUZZER

static void put(const char *dir, const char *name, const uint8_t *bytes, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static size_t greeting(uint8_t *to, enum gt_chan_end theirs, uint8_t elem_bytes,
		       uint8_t capacity)
{
	memset(to, 0, GREETING_BYTES);
	memcpy(to, "gtchan01", 8);
	to[8] = (uint8_t)theirs;
	to[12] = elem_bytes;
	to[16] = capacity;
	return GREETING_BYTES;
}

static void make_corpus(const char *dir)
{
	uint8_t in_bytes[256] = {0};
	size_t size = 2;

	/* A sender of three elements of eight bytes, who closes. */
	in_bytes[0] = 1 | 2 << 1;
	in_bytes[1] = 6;
	size += greeting(in_bytes + 2, GT_CHAN_SENDS, 8, 1);
	for (int i = 0; i < 3; i++) {
		in_bytes[size] = 'E';
		memset(in_bytes + size + 1, 'a' + i, 8);
		size += 9;
	}
	in_bytes[size++] = 'C';
	put(dir, "sender", in_bytes, size);
	put(dir, "sender-cut", in_bytes, size - 6);
	put(dir, "half-greeting", in_bytes, 11);
	/* A receiver that answers four times; one that answers more than there was. */
	in_bytes[0] = 0 | 1 << 1;
	in_bytes[1] = 255;
	size = 2 + greeting(in_bytes + 2, GT_CHAN_RECEIVES, 1, 2);
	memset(in_bytes + size, 'A', 40);
	put(dir, "receiver", in_bytes, size + 4);
	put(dir, "receiver-lies", in_bytes, size + 40);
	in_bytes[size + 1] = 'Z';
	put(dir, "receiver-wrong", in_bytes, size + 4);
	/* Both send; a capacity of nothing; elements of nothing. */
	in_bytes[2 + 8] = GT_CHAN_SENDS;
	put(dir, "both-send", in_bytes, size);
	in_bytes[2 + 8] = GT_CHAN_RECEIVES;
	in_bytes[2 + 16] = 0;
	put(dir, "no-capacity", in_bytes, size);
	in_bytes[0] = 1;
	size = 2 + greeting(in_bytes + 2, GT_CHAN_SENDS, 0, 1);
	memset(in_bytes + size, 'E', 5);
	put(dir, "empty-elements", in_bytes, size + 5);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--corpus")) {
		make_corpus(argv[2]);
		return 0;
	}
	return fuzz_files(argc, argv);
}

#endif
