/* SPDX-License-Identifier: MIT
 *
 * GT_PRELOAD=threads: pthread_create and what else is about a thread as a whole.
 */
#include "runtime/preload/threads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC	    0x6774707468726561ull /* "gtpthrea" */
#define MAIN_BYTES  ((size_t)8 << 20)	  /* address space: it costs what is touched */
#define STACK_BYTES ((size_t)1 << 20)	  /* by default */

enum { RUNNING, ENDED, DETACHED };

/* The caller is a green thread; a value of its own kind under the name gt_data. */
struct preload_thread *preload_thread_self(void)
{
	return preload_is_mapped() ? gt_data(gt_self()) : NULL;
}

/* NULL: it is libc's, whose descriptors begin with their own address. */
static struct preload_thread *thread_of(pthread_t name)
{
	struct preload_thread *thread = (struct preload_thread *)(uintptr_t)name;

	return preload_threads_on && thread && thread->magic == MAGIC ? thread : NULL;
}

static pthread_t name_of(const struct preload_thread *thread)
{
	return (pthread_t)(uintptr_t)thread;
}

static void forget(struct preload_thread *thread)
{
	thread->magic = 0;
	free(thread);
}

/* The last that a thread does, whether it returns or exits. */
static void finish(void *arg)
{
	struct preload_thread *thread = arg;

	preload_keys_end(thread);
	gt_set_data(NULL);
	if (__atomic_exchange_n(&thread->state, ENDED, __ATOMIC_ACQ_REL) == DETACHED)
		forget(thread);
}

static void begin(struct preload_thread *thread)
{
	__atomic_store_n(&thread->gt, gt_self(), __ATOMIC_RELAXED);
	gt_set_data(thread);
	gt_cleanup_push(&thread->cleanup, finish, thread);
}

/* It stays on its worker to its end: pthread functions that wait are many, and what the
 * program keeps in thread-local variables is there. */
static void thread_body(void *arg)
{
	struct preload_thread *thread = arg;

	gt_pin_begin();
	begin(thread);
	thread->result = thread->fn(thread->arg);
	gt_exit(); /* not a pop: finish frees the cleanup itself */
}

static struct preload_thread *thread_new(void *(*fn)(void *), void *arg, int state)
{
	struct preload_thread *thread = calloc(1, sizeof *thread);

	if (!thread)
		return NULL;
	thread->magic = MAGIC;
	thread->state = (uint32_t)state;
	thread->fn = fn;
	thread->arg = arg;
	return thread;
}

/* A size that the program set; libc's own default is much more than is needed. */
static size_t stack_of(const pthread_attr_t *attr)
{
	pthread_attr_t usual;
	size_t wanted = 0, by_default = 0;

	if (!attr || pthread_attr_getstacksize(attr, &wanted))
		return STACK_BYTES;
	if (!pthread_attr_init(&usual)) {
		pthread_attr_getstacksize(&usual, &by_default);
		pthread_attr_destroy(&usual);
	}
	return wanted == by_default ? STACK_BYTES : wanted;
}

int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *),
		   void *arg)
{
	struct gt_attr gt_attr = {.stack_bytes = stack_of(attr)};
	struct preload_thread *thread;
	int detached = PTHREAD_CREATE_JOINABLE, err;

	if (!preload_is_mapped())
		return preload_pthread()->pthread_create(out, attr, fn, arg);
	if (attr)
		pthread_attr_getdetachstate(attr, &detached);
	thread = thread_new(fn, arg,
			    detached == PTHREAD_CREATE_DETACHED ? DETACHED : RUNNING);
	if (!thread)
		return EAGAIN;
	*out = name_of(thread); /* before it begins: it may look */
	err = gt_spawn_attr(detached == PTHREAD_CREATE_DETACHED ? NULL : &thread->gt,
			    &gt_attr, thread_body, thread);
	if (err)
		forget(thread);
	return err ? EAGAIN : 0;
}

int pthread_join(pthread_t name, void **result)
{
	struct preload_thread *thread = thread_of(name);
	int err;

	if (!thread)
		return preload_pthread()->pthread_join(name, result);
	if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == DETACHED)
		return EINVAL;
	err = gt_join(__atomic_load_n(&thread->gt, __ATOMIC_RELAXED));
	if (err)
		return -err;
	if (result)
		*result = thread->result;
	forget(thread);
	return 0;
}

int pthread_detach(pthread_t name)
{
	struct preload_thread *thread = thread_of(name);
	struct gt *gt;
	uint32_t before;

	if (!thread)
		return preload_pthread()->pthread_detach(name);
	gt = __atomic_load_n(&thread->gt, __ATOMIC_RELAXED);
	before = __atomic_exchange_n(&thread->state, DETACHED, __ATOMIC_ACQ_REL);
	if (before == DETACHED)
		return EINVAL;
	if (before == ENDED)
		forget(thread);
	return -gt_detach(gt);
}

pthread_t pthread_self(void)
{
	struct preload_thread *thread = preload_thread_self();

	return thread ? name_of(thread) : preload_pthread()->pthread_self();
}

#undef pthread_equal
int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

void pthread_exit(void *result)
{
	struct preload_thread *thread = preload_thread_self();

	if (thread) {
		thread->result = result;
		gt_exit();
	}
	preload_pthread()->pthread_exit(result);
	__builtin_unreachable();
}

int pthread_setname_np(pthread_t name, const char *text)
{
	struct preload_thread *thread = thread_of(name);

	if (!thread)
		return preload_pthread()->pthread_setname_np(name, text);
	gt_set_name(__atomic_load_n(&thread->gt, __ATOMIC_RELAXED), text);
	return 0;
}

int pthread_getname_np(pthread_t name, char *text, size_t bytes)
{
	struct preload_thread *thread = thread_of(name);
	const char *said;

	if (!thread)
		return preload_pthread()->pthread_getname_np(name, text, bytes);
	said = gt_name(__atomic_load_n(&thread->gt, __ATOMIC_RELAXED));
	if (strlen(said) >= bytes)
		return ERANGE;
	memcpy(text, said, strlen(said) + 1);
	return 0;
}

/* --- main ---------------------------------------------------------------------- */

struct program {
	int (*fn)(int, char **, char **);
	int argc;
	char **argv, **envp;
};

/* A return from main ends the process, whoever else is there. */
static void main_body(void *arg)
{
	const struct program *program = arg;
	struct preload_thread *thread = thread_new(NULL, NULL, DETACHED);

	gt_pin_begin();
	if (thread)
		begin(thread);
	exit(program->fn(program->argc, program->argv, program->envp));
}

int preload_threads_main(int (*fn)(int, char **, char **), int argc, char **argv,
			 char **envp)
{
	const struct gt_config config = {.stack_bytes = MAIN_BYTES};
	struct program program = {fn, argc, argv, envp};

	preload_threads_on = 1;
	if (gt_run_config(&config, main_body, &program) == 0)
		return 0; /* main left by pthread_exit */
	preload_threads_on = 0;
	return fn(argc, argv, envp);
}
