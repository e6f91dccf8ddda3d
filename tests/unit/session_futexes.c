/* SPDX-License-Identifier: MIT
 *
 * Futexes get numbers, once and not without bound, and the names of their variables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/session/futexes.h"
#include "tracer/session/symbols.h"

struct pool {
	char other[16];
	int word;
};
/* Not static: they are to have symbols, whatever the compiler inlines. */
int session_futexes_zeroed;
struct pool session_futexes_given = {"pool", 1};

static char *name_of(const void *at, uint32_t pid)
{
	static char buf[64];
	struct gtv_symbols *s = gtv_symbols_new();

	assert_non_null(s);
	int found = gtv_symbols_name(s, NULL, pid, 0, (uintptr_t)at, buf, sizeof buf);
	assert_int_equal(found, buf[0] != 0);
	gtv_symbols_free(s);
	return buf;
}

static void variables_have_names(void **state)
{
	(void)state;
	uint32_t self = (uint32_t)getpid();
	int *heap = malloc(sizeof *heap), stack;

	if (!*name_of(&session_futexes_zeroed, self)) {
		print_message("skipped: built without libelf\n");
		free(heap);
		skip();
	}
	assert_string_equal(name_of(&session_futexes_zeroed, self),
			    "session_futexes_zeroed");
	assert_string_equal(name_of(&session_futexes_given, self), "session_futexes_given");
	assert_string_equal(name_of(&session_futexes_given.word, self),
			    "session_futexes_given+16");
	assert_string_equal(name_of(heap, self), "");
	assert_string_equal(name_of(&stack, self), "");
	assert_string_equal(name_of((void *)8, self), "");
	assert_string_equal(name_of(&session_futexes_zeroed, 0x7ffffff0), "");
	free(heap);
}

/* ---- numbers ---- */

#define PID 500u

static struct gtv_names *names;
static struct gtv_futexes *futexes;

static void thread(uint32_t tid, uint32_t pid)
{
	struct gtv_name name = {.id = tid, .pid = pid};

	assert_int_equal(gtv_names_set(names, GTV_CLASS_THREAD, &name), 0);
}

static uint32_t wait_at(uint32_t tid, uint64_t addr, uint32_t owner, uint32_t word)
{
	struct gtv_ev tell = {.obj = 0};
	struct gtv_ev ev = {.ts_ns = 7,
			    .kind = GTV_EV_K_FUTEX,
			    .state = GTV_FUTEX_WAIT,
			    .core = 1,
			    .tid = tid,
			    .obj = owner,
			    .seq = word,
			    .arg = addr};

	if (!gtv_futexes_feed(futexes, &ev, &tell))
		return 0;
	assert_int_equal(tell.kind, GTV_EV_FUTEX_LOCK);
	assert_int_equal(tell.ts_ns, 7);
	assert_int_equal(tell.tid, tid);
	assert_int_equal(tell.arg, addr);
	assert_true(tell.obj != 0);
	return tell.obj;
}

static const char *kind_of(uint32_t id)
{
	static struct gtv_name name;

	assert_int_equal(gtv_names_get(names, GTV_CLASS_LOCK, id, &name), 0);
	return name.extra;
}

static int begin(void **state)
{
	(void)state;
	names = gtv_names_new();
	futexes = gtv_futexes_new(names);
	thread(PID, PID);
	thread(PID + 1, PID);
	thread(900, 900);
	return !names || !futexes;
}

static int end(void **state)
{
	(void)state;
	gtv_futexes_free(futexes);
	gtv_names_free(names);
	return 0;
}

static void once_each(void **state)
{
	(void)state;
	uint32_t a = wait_at(PID, 0x1000, 0, 1);
	assert_true(a != 0);
	assert_string_equal(kind_of(a), "futex");
	assert_int_equal(wait_at(PID + 1, 0x1000, 0, 1), 0);
	uint32_t b = wait_at(900, 0x1000, 0, 1); /* of another process */
	assert_true(b && b != a);
	/* It turns out to have owners. */
	assert_int_equal(wait_at(PID + 1, 0x1000, PID, 2), 0);
	assert_string_equal(kind_of(a), "mutex");
	assert_string_equal(kind_of(b), "futex");
	assert_int_equal(wait_at(4711, 0x1000, 0, 1), 0); /* whose thread is that? */
}

static void another_program(void **state)
{
	(void)state;
	struct gtv_ev exec = {.kind = GTV_EV_K_EXEC, .tid = PID}, tell;
	uint32_t a = wait_at(PID, 0x1000, 0, 1), b = wait_at(900, 0x1000, 0, 1);
	assert_int_equal(gtv_futexes_feed(futexes, &exec, &tell), 0);
	uint32_t c = wait_at(PID, 0x1000, 0, 1);
	assert_true(c && c != a && c != b);
	assert_int_equal(wait_at(900, 0x1000, 0, 1), 0);
}

static void no_locks(void **state)
{
	(void)state;
	assert_int_equal(wait_at(PID, 0x2000, 0, PID + 1), 0); /* it joins that thread */
	struct gtv_name process = {.id = PID, .extra = "gmp"};
	gtv_names_set(names, GTV_CLASS_PROCESS, &process);
	assert_int_equal(wait_at(PID, 0x3000, 0, 1), 0); /* a runtime parks there */
	assert_true(wait_at(PID, 0x3000, PID + 1, 2) != 0);
}

static void bounded(void **state)
{
	(void)state;
	size_t numbered = 0;
	for (uint64_t i = 1; i <= 3 * GTV_FUTEXES_MAX; i++)
		numbered += wait_at(PID, i * 8, 0, 1) != 0;
	assert_int_equal(numbered, GTV_FUTEXES_MAX);
	assert_int_equal(gtv_names_count(names, GTV_CLASS_LOCK), GTV_FUTEXES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_have_names),
		cmocka_unit_test_setup_teardown(once_each, begin, end),
		cmocka_unit_test_setup_teardown(another_program, begin, end),
		cmocka_unit_test_setup_teardown(no_locks, begin, end),
		cmocka_unit_test_setup_teardown(bounded, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
