/* SPDX-License-Identifier: MIT */
#include "runtime/os/stack.h"
#include "runtime/core/registry.h"
#include "runtime/os/stack_told.h"

#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

#define COLOURS	     16u
#define COLOUR_BYTES 128u
#define POOL_MAX     4096u

static struct {
	uint32_t lk, count, colour;
	struct gt *first;
} pool;

size_t gt__stack_page, gt__stack_kept;

static size_t page_bytes(void)
{
	size_t known = __atomic_load_n(&gt__stack_page, __ATOMIC_RELAXED);

	if (!known) {
		known = (size_t)sysconf(_SC_PAGESIZE);
		__atomic_store_n(&gt__stack_page, known, __ATOMIC_RELAXED);
	}
	return known;
}

/* The mapping's size for `bytes` of stack: guard page, and room for struct gt. */
static size_t mapping_bytes(size_t bytes)
{
	size_t page = page_bytes();

	return page + ((bytes + page - 1) & ~(page - 1));
}

/* A guard by madvise splits no mapping, so a hundred thousand stacks stay one; by
 * mprotect it costs two mappings a stack, of which a process has 65530. */
static int install_guard(void *low)
{
	if (!madvise(low, page_bytes(), MADV_GUARD_INSTALL))
		return 0;
	return mprotect(low, page_bytes(), PROT_NONE);
}

static void unmap(struct gt *gt)
{
	void *low = gt->stack_low;
	size_t bytes = gt->stack_bytes;

	gt__registry_remove(gt);
	gt__stack_untell(gt->stack_told);
#ifdef GT_ASAN
	/* Frames that never returned left their marks; what is mapped here next is
	 * not theirs. */
	__asan_unpoison_memory_region(low, bytes);
#endif
	munmap(low, bytes);
}

static struct gt *map_new(size_t total)
{
	char *low = mmap(NULL, total, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	uint32_t colour = __atomic_fetch_add(&pool.colour, 1, __ATOMIC_RELAXED) % COLOURS;
	uintptr_t top;
	struct gt *gt;

	if (low == MAP_FAILED)
		return NULL;
	if (install_guard(low)) {
		munmap(low, total);
		return NULL;
	}
	top = (uintptr_t)low + total - colour * COLOUR_BYTES - sizeof(struct gt);
	gt = (struct gt *)(top & ~(uintptr_t)63);
	gt->stack_low = low;
	gt->stack_bytes = total;
	gt->stack_told = gt__stack_tell(low, total);
	gt__registry_add(gt);
	return gt;
}

/* Half a magazine at a time, so that the pool's lock is seldom taken. */
static void refill(struct gt__magazine *magazine)
{
	gt__lk_lock(&pool.lk);
	while (pool.first && magazine->count < GT__MAGAZINE / 2) {
		struct gt *gt = pool.first;

		pool.first = gt->next;
		pool.count--;
		gt->next = magazine->first;
		magazine->first = gt;
		magazine->count++;
	}
	gt__lk_unlock(&pool.lk);
}

static void spill(struct gt__magazine *magazine, uint32_t keep)
{
	struct gt *surplus = NULL, *gt;

	gt__lk_lock(&pool.lk);
	while (magazine->count > keep) {
		gt = magazine->first;
		magazine->first = gt->next;
		magazine->count--;
		if (pool.count < POOL_MAX) {
			gt->next = pool.first;
			pool.first = gt;
			pool.count++;
		} else {
			gt->next = surplus;
			surplus = gt;
		}
	}
	gt__lk_unlock(&pool.lk);
	while ((gt = surplus)) {
		surplus = gt->next;
		unmap(gt);
	}
}

struct gt *gt__stack_alloc_slow(struct gt__magazine *magazine, size_t bytes)
{
	size_t total = mapping_bytes(bytes);

	if (bytes != gt__rt.stack_bytes)
		return map_new(total);
	refill(magazine);
	if (magazine->first)
		return gt__stack_alloc(magazine, bytes);
	__atomic_store_n(&gt__stack_kept, total, __ATOMIC_RELAXED);
	return map_new(total);
}

void gt__stack_free_slow(struct gt__magazine *magazine, struct gt *gt)
{
	if (gt->stack_bytes != __atomic_load_n(&gt__stack_kept, __ATOMIC_RELAXED)) {
		unmap(gt);
		return;
	}
	spill(magazine, GT__MAGAZINE / 2);
	gt__stack_free(magazine, gt);
}

void gt__magazine_empty(struct gt__magazine *magazine)
{
	spill(magazine, 0);
}

void gt__stack_pool_drain(void)
{
	struct gt *gt;

	while ((gt = pool.first)) {
		pool.first = gt->next;
		unmap(gt);
	}
	pool.count = 0;
	gt__stack_kept = 0;
}
