/* SPDX-License-Identifier: MIT
 *
 * Threads and processes as /proc has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"
#include "tracer/base/procs.h"

static int go[2], up[2];
static sem_t told, over;
static pid_t thread_tid;

static void *thread(void *unused)
{
	thread_tid = (pid_t)syscall(SYS_gettid);
	sem_post(&told);
	sem_wait(&over);
	return unused;
}

/* A child whose name is as bad as a name can be, with a child of its own. */
static pid_t family(const char *name)
{
	char byte = 0;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(up), 0);
	pid_t child = fork();
	if (!child) {
		prctl(PR_SET_NAME, name);
		if (fork() == 0)
			prctl(PR_SET_NAME, name);
		close(go[1]);
		(void)!write(up[1], &byte, 1);
		(void)!read(go[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	assert_int_equal(read(up[0], &byte, 1), 1);
	return child;
}

static void end_family(pid_t child)
{
	close(go[1]);
	waitpid(child, NULL, 0);
	close(go[0]);
	close(up[0]);
	close(up[1]);
}

static const struct gtv_procs_thread *find(const struct gtv_procs *tree, pid_t tid)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->thread[i].tid == (uint32_t)tid)
			return &tree->thread[i];
	return NULL;
}

static void threads_and_descendants_are_listed(void **state)
{
	struct gtv_procs tree = {0};
	const struct gtv_procs_thread *t;
	pthread_t other;
	uint32_t call;
	uint64_t ns;

	(void)state;
	sem_init(&told, 0, 0);
	sem_init(&over, 0, 0);
	pthread_create(&other, NULL, thread, NULL);
	sem_wait(&told);
	pid_t child = family("a) (S 1 b");
	assert_int_equal(gtv_procs_read(&tree, getpid(), 0), 0);
	assert_non_null(find(&tree, getpid()));
	t = find(&tree, thread_tid);
	assert_non_null(t);
	assert_int_equal(t->pid, getpid());
	t = find(&tree, child);
	assert_non_null(t);
	assert_int_equal(t->parent, getpid());
	assert_string_equal(t->comm, "a) (S 1 b");
	size_t grandchildren = 0;
	for (size_t i = 0; i < tree.count; i++)
		grandchildren += tree.thread[i].parent == (uint32_t)child;
	assert_int_equal(grandchildren, 1);
	/* Whoever runs is not said to do anything. */
	assert_int_equal(gtv_procs_state(find(&tree, getpid()), &call, &ns),
			 GTV_OFF_UNKNOWN);
	assert_int_equal(gtv_procs_read(&tree, getpid(), child), 0);
	assert_null(find(&tree, child));
	assert_int_equal(tree.count, 2);
	end_family(child);
	sem_post(&over);
	pthread_join(other, NULL);
	assert_int_equal(gtv_procs_read(&tree, child, 0), -GTV_ENOTFOUND);
	gtv_procs_fini(&tree);
}

static void a_sleep_is_told_with_its_call(void **state)
{
	struct gtv_procs tree = {0};
	uint8_t seen = GTV_OFF_UNKNOWN;
	uint32_t call = 0;
	uint64_t ns = 0;

	(void)state;
	pid_t child = family("sleeper");
	assert_int_equal(gtv_procs_read(&tree, child, 0), 0);
	for (int i = 0; i < 1000 && seen != GTV_OFF_SLEEP; i++) {
		seen = gtv_procs_state(find(&tree, child), &call, &ns);
		usleep(1000);
	}
	assert_int_equal(seen, GTV_OFF_SLEEP);
	assert_true(ns > 0);
	/* Where another's calls may not be read it is not known. */
	if (call)
		assert_int_equal(call, SYS_read + 1);
	end_family(child);
	gtv_procs_fini(&tree);
}

static void a_name_means_one_family(void **state)
{
	char name[16], why[160] = "";
	pid_t pid = 0;

	(void)state;
	snprintf(name, sizeof name, "procs-%d", (int)getpid());
	pid_t child = family(name);
	assert_int_equal(gtv_procs_find(name, &pid, why, sizeof why), 0);
	assert_int_equal(pid, child);
	end_family(child);
	assert_int_equal(gtv_procs_find("no such name here", &pid, why, sizeof why),
			 -GTV_ENOTFOUND);
	assert_non_null(strstr(why, "no process"));
	char number[16];
	snprintf(number, sizeof number, "%d", (int)getpid());
	assert_int_equal(gtv_procs_find(number, &pid, why, sizeof why), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(gtv_procs_find("4194303999", &pid, why, sizeof why),
			 -GTV_ENOTFOUND);
	assert_int_equal(gtv_procs_uid(getpid()), getuid());
	char command[256];
	gtv_procs_command(getpid(), command, sizeof command);
	assert_non_null(strstr(command, "base_procs"));
}

static void several_of_a_name_are_listed(void **state)
{
	char name[16], why[160] = "", number[16];
	pid_t pid, first[2];

	(void)state;
	snprintf(name, sizeof name, "two-%d", (int)getpid());
	first[0] = family(name);
	int keep = go[1];
	go[1] = dup(keep);
	first[1] = family(name);
	assert_int_equal(gtv_procs_find(name, &pid, why, sizeof why), -GTV_EUSAGE);
	for (int i = 0; i < 2; i++) {
		snprintf(number, sizeof number, "%d", (int)first[i]);
		assert_non_null(strstr(why, number));
	}
	end_family(first[1]);
	kill(first[0], SIGKILL);
	waitpid(first[0], NULL, 0);
	close(keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_descendants_are_listed),
		cmocka_unit_test(a_sleep_is_told_with_its_call),
		cmocka_unit_test(a_name_means_one_family),
		cmocka_unit_test(several_of_a_name_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
