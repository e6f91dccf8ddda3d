/* SPDX-License-Identifier: MIT
 *
 * GT_PRELOAD=threads: main is the first green thread. libc calls main from
 * __libc_start_main, which comes by here; a program that has a runtime of its own is
 * left alone.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/preload/threads.h"

typedef int main_fn(int argc, char **argv, char **envp);
typedef int start_fn(main_fn *fn, int argc, char **argv, void (*init)(void),
		     void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
start_fn __libc_start_main;

int preload_threads_on;
static struct preload_pthread real;
static uint32_t resolved; /* atomic */
static main_fn *program_main;

/* Conditions have an older form under the same name, which dlsym may take. */
static void *find(const char *name)
{
	void *found = NULL;

	if (!strncmp(name, "pthread_cond_", 13))
		found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
	return found ? found : dlsym(RTLD_NEXT, name);
}

static __attribute__((noinline)) void resolve(void)
{
#define X(name) *(void **)&real.name = find(#name);
	PRELOAD_PTHREAD(X)
#undef X
	__atomic_store_n(&resolved, 1, __ATOMIC_RELEASE);
}

const struct preload_pthread *preload_pthread(void)
{
	if (__builtin_expect(!__atomic_load_n(&resolved, __ATOMIC_ACQUIRE), 0))
		resolve();
	return &real;
}

/* What the runtime itself asks for is libc's: the linker's --wrap leads its calls here. */
__typeof__(pthread_create) __wrap_pthread_create;
__typeof__(pthread_join) __wrap_pthread_join;
__typeof__(pthread_self) __wrap_pthread_self;

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg)
{
	return preload_pthread()->pthread_create(out, attr, fn, arg);
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	return preload_pthread()->pthread_join(thread, result);
}

pthread_t __wrap_pthread_self(void)
{
	return preload_pthread()->pthread_self();
}

static int is_asked_for(void)
{
	const char *asked = getenv("GT_PRELOAD");

	return asked && !strcmp(asked, "threads");
}

static int runtime_is_ours(void)
{
	Dl_info runtime, here;

	return dladdr((void *)(uintptr_t)gt_run, &runtime) &&
	       dladdr((void *)(uintptr_t)runtime_is_ours, &here) &&
	       runtime.dli_fbase == here.dli_fbase;
}

static int start_main(int argc, char **argv, char **envp)
{
	gt__memory_shared = 1; /* pthreads do: procs is not for them */
	return preload_threads_main(program_main, argc, argv, envp);
}

int __libc_start_main(main_fn *fn, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	start_fn *libc_start;

	*(void **)&libc_start = dlsym(RTLD_NEXT, "__libc_start_main");
	program_main = fn;
	return libc_start(is_asked_for() && runtime_is_ours() ? start_main : fn, argc, argv,
			  init, fini, rtld_fini, stack_end);
}
