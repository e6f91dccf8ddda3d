/* SPDX-License-Identifier: MIT
 *
 * For the tests of attaching: plain pthreads that go on until they are told to stop.
 * Two pass a byte to and fro, one sleeps, one starts short threads, a forked process
 * sleeps too. Prints "ready" when all are there. On SIGUSR2 it prints how often the byte
 * went round, and "intact" if nothing that a thread waited for failed; on SIGTERM it ends
 * with status 7.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_ulong rounds, started, wrong;
static int to[2], fro[2];

static void nap(long ms)
{
	struct timespec ts = {.tv_nsec = ms * 1000000};

	if (nanosleep(&ts, NULL))
		wrong++; /* nothing of ours interrupts it */
}

static void *ping(void *unused)
{
	char byte = 1;

	for (;;) {
		if (write(to[1], &byte, 1) != 1 || read(fro[0], &byte, 1) != 1)
			wrong++;
		rounds++;
		nap(1);
	}
	return unused;
}

static void *pong(void *unused)
{
	char byte;

	for (;;)
		if (read(to[0], &byte, 1) != 1 || write(fro[1], &byte, 1) != 1)
			wrong++;
	return unused;
}

static void *sleeper(void *unused)
{
	for (;;)
		nap(50);
	return unused;
}

static void *nothing(void *unused)
{
	return unused;
}

static void *starter(void *unused)
{
	pthread_t t;

	for (;;) {
		if (pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL))
			wrong++;
		started++;
		nap(5);
	}
	return unused;
}

int main(void)
{
	void *(*const body[])(void *) = {ping, pong, sleeper, starter};
	sigset_t wanted;
	pthread_t t;
	int sig;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGUSR2);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	pid_t child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "attached-child");
		for (;;)
			nap(10);
	}
	if (child < 0 || pipe(to) || pipe(fro))
		return 1;
	for (size_t i = 0; i < sizeof body / sizeof *body; i++)
		if (pthread_create(&t, NULL, body[i], NULL))
			return 1;
	/* What they make at their first time, a stack, is made. */
	while (!started || !rounds)
		nap(1);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (sigwait(&wanted, &sig))
			return 1;
		if (sig == SIGTERM)
			break;
		printf("%lu %s\n", rounds, wrong ? "harmed" : "intact");
		fflush(stdout);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 7;
}
