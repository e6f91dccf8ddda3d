/* SPDX-License-Identifier: MIT
 *
 * A channel between two processes, or machines: one serves its receiving end, the other
 * one sends numbers into its own.
 *
 *   link serve ADDRESS         unix:PATH, unix:@NAME or tcp:HOST:PORT
 *   link ADDRESS [N=1000]      tries for 5 s, until somebody serves
 *   link pair [N=1000]         both, in a process each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gt.h"

#define TRIES	   500
#define BETWEEN_NS 10000000u
#define CAPACITY   16

static const char *address;
static long count = 1000;
static int serves, failed;

static int told(const char *what, int err)
{
	if (err)
		fprintf(stderr, "link: %s: %s: %s\n", address, what, strerror(-err));
	failed |= !!err;
	return err;
}

static void serve(void)
{
	const struct gt_chan_link end = {GT_CHAN_RECEIVES, sizeof(long), CAPACITY,
					 "numbers"};
	int listener = gt_chan_listen(address);
	struct gt_chan *chan;
	long value, sum = 0, received = 0;

	if (listener < 0) {
		told("listen", listener);
		return;
	}
	if (!told("accept", gt_chan_accept(&chan, listener, &end))) {
		for (; gt_chan_recv(chan, &value) == 0; received++)
			sum += value;
		gt_chan_free(chan);
		printf("link: received %ld numbers, their sum is %ld\n", received, sum);
	}
	close(listener);
}

static void send_numbers(void)
{
	const struct gt_chan_link end = {GT_CHAN_SENDS, sizeof(long), 0, "numbers"};
	struct gt_chan *chan;
	int err = gt_chan_connect(&chan, address, &end);

	for (int i = 0; err && i < TRIES; i++) {
		gt_sleep_ns(BETWEEN_NS);
		err = gt_chan_connect(&chan, address, &end);
	}
	if (told("connect", err))
		return;
	for (long i = 1; i <= count && !err; i++)
		err = gt_chan_send(chan, &i);
	told("send", err);
	gt_chan_free(chan);
}

static void run(void *arg)
{
	(void)arg;
	if (serves)
		serve();
	else
		send_numbers();
}

int main(int argc, char **argv)
{
	int pair = argc > 1 && !strcmp(argv[1], "pair");
	char own[64];

	serves = argc > 1 && !strcmp(argv[1], "serve");
	if (argc > 2 && !serves)
		count = atol(argv[2]);
	if (argc < 2 + serves || argc > 3 || count < 1) {
		fprintf(stderr, "usage: link serve ADDRESS | link ADDRESS [N=1000] | "
				"link pair [N=1000]\n");
		return 2;
	}
	address = argv[1 + serves];
	if (pair) {
		snprintf(own, sizeof own, "unix:@link-%ld", (long)getpid());
		address = own;
		serves = fork() > 0;
	}
	failed |= gt_run(run, NULL) != 0;
	if (pair)
		wait(NULL);
	return failed;
}
