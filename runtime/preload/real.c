/* SPDX-License-Identifier: MIT
 *
 * Finds libc's functions behind the ones of the same name here.
 */
#include "runtime/preload/preload.h"

#include <dlfcn.h>
#include <errno.h>

static struct preload_real real;
static uint32_t resolved; /* atomic */

/* Two may do this at once: they store the same. */
static __attribute__((noinline)) void resolve(void)
{
#define X(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name);
	PRELOAD_REAL(X)
#undef X
	__atomic_store_n(&resolved, 1, __ATOMIC_RELEASE);
}

static __attribute__((constructor(101))) void at_load(void)
{
	resolve();
}

const struct preload_real *preload_real(void)
{
	if (__builtin_expect(!__atomic_load_n(&resolved, __ATOMIC_ACQUIRE), 0))
		resolve();
	return &real;
}

__attribute__((noinline)) ssize_t preload_result(ssize_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}
