/* SPDX-License-Identifier: MIT
 *
 * Stacks keep to themselves, for a page below each is closed to the processes that know
 * of it; the rest of what is free may be given as anything.
 *
 * Blocks are powers of two, with a list of free ones for each size, under one lock that
 * works across processes. Each change is one store: a process that is killed while it has
 * the lock takes a block with it at most.
 */
#include "runtime/core/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/os/lock_shared.h"
#include "runtime/core/rt.h"

#define ARENA_BYTES ((size_t)1 << 32) /* of addresses: pages come when touched */
#define SIZE_FIRST  6
#define SIZES	    32
#define HEAD_BYTES  16

struct block {
	struct block *next;
	uint32_t size_log;
};

struct arena {
	struct gt__common common;
	uint32_t lk;
	size_t used;
	struct block *free[SIZES];
	struct block *free_stacks[SIZES];
};

static struct arena *arena;
static int open_now;
static size_t page_bytes;

int gt__arena_open(void)
{
	void *at = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return -ENOMEM;
	if (arena)
		munmap(arena, ARENA_BYTES);
	arena = at;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	arena->used = (sizeof *arena + HEAD_BYTES - 1) & ~(size_t)(HEAD_BYTES - 1);
	open_now = 1;
	return 0;
}

void gt__arena_close(void)
{
	open_now = 0;
}

void gt__arena_died(pid_t pid)
{
	if (open_now)
		gt__shared_lock_died(&arena->lk, pid);
}

struct gt__common *gt__arena_common(void)
{
	return open_now ? &arena->common : NULL;
}

int gt__arena_has(const void *at)
{
	return arena && (uintptr_t)at - (uintptr_t)arena < ARENA_BYTES;
}

static void *carve(size_t bytes, size_t align)
{
	size_t start = (arena->used + align - 1) & ~(align - 1);

	if (start > ARENA_BYTES || bytes > ARENA_BYTES - start)
		return NULL;
	arena->used = start + bytes;
	return (char *)arena + start;
}

void *gt__arena_alloc(size_t bytes)
{
	uint32_t size_log = SIZE_FIRST;
	struct block *block;

	if (!open_now || bytes > ARENA_BYTES / 4)
		return NULL;
	while (((size_t)1 << size_log) < bytes + HEAD_BYTES)
		size_log++;
	gt__shared_lock(&arena->lk);
	block = arena->free[size_log];
	if (block)
		arena->free[size_log] = block->next;
	else
		block = carve((size_t)1 << size_log, HEAD_BYTES);
	gt__shared_unlock(&arena->lk);
	if (!block)
		return NULL;
	block->size_log = size_log;
	return (char *)block + HEAD_BYTES;
}

void gt__arena_free(void *at)
{
	struct block *block;

	if (!at || !open_now)
		return;
	block = (void *)((char *)at - HEAD_BYTES);
	gt__shared_lock(&arena->lk);
	block->next = arena->free[block->size_log];
	__atomic_store_n(&arena->free[block->size_log], block, __ATOMIC_RELEASE);
	gt__shared_unlock(&arena->lk);
}

/* Pages of the stack, without the closed one. */
static uint32_t stack_log(size_t bytes)
{
	uint32_t size_log = 0;

	while ((page_bytes << size_log) < bytes)
		size_log++;
	return size_log;
}

/* A free stack's link lies above its closed page, where all may look. */
void *gt__arena_stack_alloc(size_t bytes)
{
	uint32_t size_log;
	struct block *low;
	char *below;

	if (!open_now || bytes > ARENA_BYTES / 4)
		return NULL;
	size_log = stack_log(bytes);
	gt__shared_lock(&arena->lk);
	low = arena->free_stacks[size_log];
	if (low) {
		arena->free_stacks[size_log] = low->next;
	} else {
		below = carve(page_bytes + (page_bytes << size_log), page_bytes);
		low = below ? (void *)(below + page_bytes) : NULL;
	}
	gt__shared_unlock(&arena->lk);
	if (low && mprotect((char *)low - page_bytes, page_bytes, PROT_NONE)) {
		gt__arena_stack_free(low, bytes);
		return NULL;
	}
	return low;
}

void gt__arena_stack_free(void *low, size_t bytes)
{
	uint32_t size_log = stack_log(bytes);
	struct block *block = low;

	if (!low || !open_now)
		return;
	gt__shared_lock(&arena->lk);
	block->next = arena->free_stacks[size_log];
	__atomic_store_n(&arena->free_stacks[size_log], block, __ATOMIC_RELEASE);
	gt__shared_unlock(&arena->lk);
}

uint32_t gt__object_id(uint32_t *counter, const void *object)
{
	uint32_t own = gt__rt.shared_ids && !gt__arena_has(object) ? GTV_ID_OWN : 0;

	return gt__next_id(counter) | own;
}

void *gt__shared_alloc(size_t bytes)
{
	return open_now ? gt__arena_alloc(bytes) : malloc(bytes ? bytes : 1);
}

void *gt_shared_alloc(size_t bytes)
{
	void *at = gt__shared_alloc(bytes);

	if (at)
		memset(at, 0, bytes);
	return at;
}

void gt_shared_free(void *at)
{
	if (gt__arena_has(at))
		gt__arena_free(at);
	else
		free(at);
}
