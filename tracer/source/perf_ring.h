/* SPDX-License-Identifier: MIT
 *
 * A perf event's ring, mapped: records out of it, whole and in order.
 */
#ifndef GTV_PERF_RING_H
#define GTV_PERF_RING_H

#include <stddef.h>
#include <stdint.h>

struct perf_event_mmap_page;

struct gtv_perf_ring {
	struct perf_event_mmap_page *page; /* NULL: not mapped */
	size_t page_bytes, data_bytes;
};

#define GTV_PERF_RECORD_MAX 1024 /* longer ones are none of those that we ask for */

/* Maps fd's ring: want_pages of data (rounded up to a power of two), or as many less as
 * may be locked, at least 8; *halved is stepped for each time it had to be half. 0, or
 * -1 and errno. */
int gtv_perf_ring_map(struct gtv_perf_ring *ring, int fd, size_t want_pages,
		      uint64_t *halved);
/* How long it holds what comes of a core that does little but switch, a record of so many
 * bytes each time. */
uint64_t gtv_perf_ring_room_ns(const struct gtv_perf_ring *ring, size_t record_bytes);
void gtv_perf_ring_unmap(struct gtv_perf_ring *ring);

/* Calls `take` for each record that is there now: a copy, 8-aligned, of size bytes. It
 * stops at -GTV_ENOMEM, which it returns; -GTV_ECORRUPT of a record is counted in
 * *corrupt, and the next one is taken. *fill: the ring's, percent, before. */
int gtv_perf_ring_drain(struct gtv_perf_ring *ring,
			int (*take)(void *arg, const unsigned char *record, size_t size),
			void *arg, unsigned *fill, uint64_t *corrupt);

#endif
