/* SPDX-License-Identifier: MIT */
#include "tracer/source/perf_ring.h"

#include <string.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/mman.h>

#include "tracer/base/err.h"

#define PAGES_MIN 8u
#define PAGES_MAX 16384u
#define EVENT_NS  1000u

int gtv_perf_ring_map(struct gtv_perf_ring *ring, int fd, size_t want_pages,
		      uint64_t *halved)
{
	size_t pages = PAGES_MIN;

	ring->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	while (pages < want_pages && pages < PAGES_MAX)
		pages *= 2;
	for (; pages >= PAGES_MIN; pages /= 2) {
		size_t bytes = pages * ring->page_bytes;
		void *map = mmap(NULL, ring->page_bytes + bytes, PROT_READ | PROT_WRITE,
				 MAP_SHARED, fd, 0);
		if (map != MAP_FAILED) {
			ring->page = map;
			ring->data_bytes = bytes;
			return 0;
		}
		++*halved;
	}
	return -1;
}

uint64_t gtv_perf_ring_room_ns(const struct gtv_perf_ring *ring, size_t record_bytes)
{
	return ring->data_bytes / record_bytes * EVENT_NS;
}

void gtv_perf_ring_unmap(struct gtv_perf_ring *ring)
{
	if (ring->page)
		munmap(ring->page, ring->page_bytes + ring->data_bytes);
	ring->page = NULL;
}

int gtv_perf_ring_drain(struct gtv_perf_ring *ring,
			int (*take)(void *arg, const unsigned char *record, size_t size),
			void *arg, unsigned *fill, uint64_t *corrupt)
{
	struct perf_event_mmap_page *page = ring->page;
	const unsigned char *data = (const unsigned char *)page + ring->page_bytes;
	uint64_t bytes = ring->data_bytes, mask = bytes - 1;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = page->data_tail;
	unsigned char rec[GTV_PERF_RECORD_MAX] __attribute__((aligned(8)));
	int rc = 0;

	*fill = (unsigned)((head - tail) * 100 / bytes);
	while (rc != -GTV_ENOMEM && head - tail >= sizeof(struct perf_event_header)) {
		struct perf_event_header h;
		memcpy(&h, data + (tail & mask), sizeof h); /* records are 8-aligned */
		if (h.size < sizeof h || h.size > head - tail) {
			++*corrupt;
			tail = head;
			break;
		}
		rc = -GTV_ECORRUPT;
		if (h.size <= sizeof rec) {
			size_t first = bytes - (tail & mask);
			if (first > h.size)
				first = h.size;
			memcpy(rec, data + (tail & mask), first);
			memcpy(rec + first, data, h.size - first);
			rc = take(arg, rec, h.size);
		}
		*corrupt += rc == -GTV_ECORRUPT;
		tail += h.size;
	}
	__atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
	return rc == -GTV_ENOMEM ? rc : 0;
}
