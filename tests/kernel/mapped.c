/* SPDX-License-Identifier: MIT
 *
 * The kernel tells of the mappings of all programs (source/mapped.h): the tree's are kept,
 * of a grandchild too, wherever it ran; others' are not.
 */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tracer/clock/clock.h"
#include "tracer/source/mapped.h"

#define FILE_OF_CODE "/proc/self/exe"

struct mapping {
	pid_t pid;
	void *at;
};

static void on_core(unsigned turn)
{
	cpu_set_t may, one;
	unsigned seen = 0, count;

	if (sched_getaffinity(0, sizeof may, &may) < 0)
		return;
	count = (unsigned)CPU_COUNT(&may);
	CPU_ZERO(&one);
	for (size_t core = 0; core < CPU_SETSIZE; core++) {
		if (CPU_ISSET(core, &may) && seen++ == turn % count)
			CPU_SET(core, &one);
	}
	sched_setaffinity(0, sizeof one, &one);
}

/* Maps the program's own code once more, says where, and waits to be killed. */
static void map_and_tell(int to)
{
	int fd = open(FILE_OF_CODE, O_RDONLY | O_CLOEXEC);
	struct mapping m = {.pid = getpid()};

	m.at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (write(to, &m, sizeof m) != sizeof m)
		_exit(1);
	for (;;)
		pause();
}

static pid_t start_mapper(int to, unsigned turn)
{
	pid_t pid = fork();

	if (pid == 0) {
		on_core(turn);
		map_and_tell(to);
	}
	return pid;
}

/* The root of the tree: when it is told to, starts one who starts one that maps. */
static pid_t start_tree(int go, int to)
{
	pid_t pid = fork();
	char byte;

	if (pid != 0)
		return pid;
	setpgid(0, 0);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (unsigned turn = 0; turn < 4; turn++) {
		if (fork() == 0) {
			on_core(turn + 1);
			start_mapper(to, turn);
			for (;;)
				pause();
		}
	}
	for (;;)
		pause();
}

static int found(struct gtv_mapped *m, const struct mapping *one)
{
	uint64_t start, offset;
	const char *path;

	return gtv_mapped_below(m, (uint32_t)one->pid, gtv_clock_mono_ns(),
				(uint64_t)one->at, &start, &offset, &path) &&
	       start == (uint64_t)one->at && offset == 0 && strstr(path, "/mapped");
}

static void keeps_the_trees(void **state)
{
	int go[2], tell[2];
	struct mapping ours[4], other;
	(void)state;

	if (geteuid() != 0) {
		print_message("all cores can only be asked by root\n");
		skip();
	}
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(tell), 0);
	pid_t tree = start_tree(go[0], tell[1]);
	assert_true(tree > 0);
	setpgid(tree, tree);
	struct gtv_mapped *m = gtv_mapped_open(tree);
	if (!m) {
		kill(-tree, SIGKILL);
		waitpid(tree, NULL, 0);
		print_message("the kernel tells nobody of mappings here\n");
		skip();
	}
	assert_int_equal(write(go[1], "", 1), 1);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(read(tell[0], &ours[i], sizeof *ours), sizeof *ours);
		gtv_mapped_drain(m);
	}
	pid_t stranger = start_mapper(tell[1], 0);
	assert_true(stranger > 0);
	assert_int_equal(read(tell[0], &other, sizeof other), sizeof other);
	for (int i = 0; i < 3; i++)
		gtv_mapped_drain(m);
	for (int i = 0; i < 4; i++)
		assert_true(found(m, &ours[i]));
	assert_false(found(m, &other));
	kill(-tree, SIGKILL);
	kill(stranger, SIGKILL);
	waitpid(tree, NULL, 0);
	waitpid(stranger, NULL, 0);
	gtv_mapped_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_the_trees)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
