/* SPDX-License-Identifier: MIT
 *
 * Actors, as in Erlang: each has a mailbox and state of its own, shares nothing, and does
 * one letter at a time. Customers send an account letters; it answers each in the
 * customer's mailbox. There is no lock, and no money is lost.
 *
 *   actors [CUSTOMERS=4] [LETTERS=25]
 */
#include <stdio.h>
#include <stdlib.h>

#include "gt.h"

#define CUSTOMERS_MAX 100
#define MAILBOX	      8 /* so many letters wait before who writes has to */

enum word { DEPOSIT, BALANCE, CLOSE };

struct letter {
	enum word word;
	long amount;
	struct gt_chan *from; /* the mailbox for the answer, NULL: none is wanted */
};

static int customers = 4, letters = 25;
static struct gt_chan *account_mailbox;

static long ask(struct gt_chan *mine, enum word word, long amount)
{
	const struct letter letter = {word, amount, mine};
	long answer = 0;

	gt_chan_send(account_mailbox, &letter);
	if (mine)
		gt_chan_recv(mine, &answer);
	return answer;
}

/* The account: nobody but this one sees the balance. */
static void account(void *arg)
{
	struct letter letter;
	long balance = 0;

	(void)arg;
	while (!gt_chan_recv(account_mailbox, &letter) && letter.word != CLOSE) {
		gt_region_begin("letter");
		gt_busy_ns(200000);
		if (letter.word == DEPOSIT)
			balance += letter.amount;
		if (letter.from)
			gt_chan_send(letter.from, &balance);
		gt_region_end("letter");
	}
}

static void customer(void *arg)
{
	struct gt_chan *mailbox = gt_chan_new(sizeof(long), 1, "customer's");

	(void)arg;
	for (int i = 0; mailbox && i < letters; i++)
		ask(mailbox, DEPOSIT, 10);
	gt_chan_free(mailbox);
}

static struct gt *start(const char *name, void (*fn)(void *))
{
	const struct gt_attr attr = {.name = name};
	struct gt *gt;

	if (gt_spawn_attr(&gt, &attr, fn, NULL)) {
		fprintf(stderr, "actors: out of memory\n");
		exit(1);
	}
	return gt;
}

static void run(void *arg)
{
	struct gt *gt[CUSTOMERS_MAX], *keeper;
	struct gt_chan *mine = gt_chan_new(sizeof(long), 1, "main's");

	(void)arg;
	account_mailbox = gt_chan_new(sizeof(struct letter), MAILBOX, "account's");
	if (!mine || !account_mailbox)
		exit(1);
	keeper = start("account", account);
	for (int i = 0; i < customers; i++) {
		char name[32];

		snprintf(name, sizeof name, "buyer-%d", i + 1);
		gt[i] = start(name, customer);
	}
	for (int i = 0; i < customers; i++)
		gt_join(gt[i]);
	printf("actors: the balance is %ld, of %d letters, under %s\n",
	       ask(mine, BALANCE, 0), customers * letters, gt_policy_name());
	ask(NULL, CLOSE, 0);
	gt_join(keeper);
	gt_chan_free(account_mailbox);
	gt_chan_free(mine);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		customers = atoi(argv[1]);
	if (argc > 2)
		letters = atoi(argv[2]);
	if (argc > 3 || customers < 1 || customers > CUSTOMERS_MAX || letters < 1) {
		fprintf(stderr, "usage: actors [CUSTOMERS=4] [LETTERS=25]\n");
		return 2;
	}
	return gt_run(run, NULL) ? 1 : 0;
}
