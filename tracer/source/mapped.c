/* SPDX-License-Identifier: MIT
 *
 * The records of all cores are kept with their times and put together when somebody
 * asks: a child has its parent's mappings as they were at the fork, and an exec begins
 * anew. That is rarely asked, so a search through all that is kept will do. What is kept
 * is bounded: of a program that maps without end the older half is forgotten.
 */
#include "tracer/source/mapped.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include "tracer/base/err.h"
#include "tracer/source/perf_ring.h"

#define CORES_MAX 4096
#define LINES_MAX 8192
#define PAGES	  8
#define KEPT_MAX  16384
#define PATHS_MAX 4096
#define FORKS_MAX 64 /* from a process up to who made the mapping */

enum { MAP, FORK, EXEC };

struct kept {
	uint64_t ts_ns;
	uint64_t start, offset; /* MAP */
	uint32_t pid;
	uint32_t other; /* MAP: path; FORK: the parent */
	uint8_t what;
};

struct gtv_mapped {
	int cores;
	int *fd;
	struct gtv_perf_ring *ring;
	struct kept kept[KEPT_MAX];
	size_t count;
	char *path[PATHS_MAX];
	size_t paths;
};

/* Behind each record. */
struct stamp {
	uint32_t pid, tid;
	uint64_t time;
};
_Static_assert(sizeof(struct stamp) == 16, "sample_id of TID | TIME");

static int open_core(pid_t child, int core)
{
	struct perf_event_attr attr = {
		.size = sizeof attr,
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.enable_on_exec = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return (int)syscall(SYS_perf_event_open, &attr, child, core, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

void gtv_mapped_close(struct gtv_mapped *m)
{
	if (!m)
		return;
	for (int i = 0; i < m->cores; i++) {
		gtv_perf_ring_unmap(&m->ring[i]);
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	}
	for (size_t i = 0; i < m->paths; i++)
		free(m->path[i]);
	free(m->fd);
	free(m->ring);
	free(m);
}

struct gtv_mapped *gtv_mapped_new(void)
{
	return calloc(1, sizeof(struct gtv_mapped));
}

struct gtv_mapped *gtv_mapped_open(pid_t child)
{
	struct gtv_mapped *m = gtv_mapped_new();
	long cores = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t halved = 0;

	if (!m)
		return NULL;
	cores = cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
	m->fd = calloc((size_t)cores, sizeof *m->fd);
	m->ring = calloc((size_t)cores, sizeof *m->ring);
	if (!m->fd || !m->ring) {
		gtv_mapped_close(m);
		return NULL;
	}
	for (int i = 0; i < cores; i++) {
		m->fd[i] = open_core(child, i);
		m->cores = i + 1;
		if (m->fd[i] < 0 && (errno == ENODEV || errno == ENXIO))
			continue; /* offline */
		if (m->fd[i] < 0 ||
		    gtv_perf_ring_map(&m->ring[i], m->fd[i], PAGES, &halved) < 0) {
			gtv_mapped_close(m);
			return NULL;
		}
	}
	return m;
}

static struct kept *keep(struct gtv_mapped *m, unsigned what, uint32_t pid, uint64_t ts_ns)
{
	if (m->count == KEPT_MAX) {
		m->count /= 2;
		memmove(m->kept, m->kept + KEPT_MAX - m->count, m->count * sizeof *m->kept);
	}
	struct kept *k = &m->kept[m->count++];
	*k = (struct kept){.what = (uint8_t)what, .pid = pid, .ts_ns = ts_ns};
	return k;
}

/* A path's number; PATHS_MAX: too many. */
static uint32_t path_number(struct gtv_mapped *m, const char *path)
{
	size_t i = m->paths;

	while (i > 0 && strcmp(m->path[i - 1], path))
		i--;
	if (i)
		return (uint32_t)(i - 1);
	if (m->paths == PATHS_MAX || !(m->path[m->paths] = strdup(path)))
		return PATHS_MAX;
	return (uint32_t)m->paths++;
}

void gtv_mapped_read(struct gtv_mapped *m, uint32_t pid)
{
	char line[PATH_MAX + 128], path[PATH_MAX], prot[8];
	uint64_t start, offset;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%" PRIu32 "/maps", pid);
	maps = fopen(path, "re");
	for (int i = 0; maps && i < LINES_MAX && fgets(line, sizeof line, maps); i++) {
		if (sscanf(line, "%" SCNx64 "-%*x %7s %" SCNx64 " %*s %*s %4095[^\n]",
			   &start, prot, &offset, path) != 4 ||
		    prot[2] != 'x' || path[0] != '/')
			continue;
		uint32_t number = path_number(m, path);
		if (number == PATHS_MAX)
			break;
		struct kept *k = keep(m, MAP, pid, 0);
		k->start = start;
		k->offset = offset;
		k->other = number;
	}
	if (maps)
		fclose(maps);
}

static void take_map(struct gtv_mapped *m, const unsigned char *body, size_t size,
		     uint64_t ts_ns)
{
	struct {
		uint32_t pid, tid;
		uint64_t addr, len, pgoff;
		uint32_t maj, min;
		uint64_t ino, ino_generation;
		uint32_t prot, flags;
	} map;
	char path[GTV_PERF_RECORD_MAX];

	if (size <= sizeof map || size - sizeof map >= sizeof path)
		return;
	memcpy(&map, body, sizeof map);
	memcpy(path, body + sizeof map, size - sizeof map);
	path[size - sizeof map] = 0;
	if (path[0] != '/' || path[1] == '/')
		return; /* "//anon", "[vdso]" */
	uint32_t number = path_number(m, path);
	if (number == PATHS_MAX)
		return;
	struct kept *k = keep(m, MAP, map.pid, ts_ns);
	k->start = map.addr;
	k->offset = map.pgoff;
	k->other = number;
}

static int take(void *arg, const unsigned char *record, size_t size)
{
	const unsigned char *body = record + sizeof(struct perf_event_header);
	struct perf_event_header h;
	struct gtv_mapped *m = arg;
	struct stamp stamp;
	uint32_t id[2];

	if (size < sizeof h + sizeof stamp + sizeof id)
		return 0;
	memcpy(&h, record, sizeof h);
	memcpy(&stamp, record + size - sizeof stamp, sizeof stamp);
	memcpy(id, body, sizeof id);
	size -= sizeof h + sizeof stamp;
	if (h.type == PERF_RECORD_MMAP2)
		take_map(m, body, size, stamp.time);
	else if (h.type == PERF_RECORD_FORK && id[0] != id[1]) /* pid, its parent */
		keep(m, FORK, id[0], stamp.time)->other = id[1];
	else if (h.type == PERF_RECORD_COMM && h.misc & PERF_RECORD_MISC_COMM_EXEC)
		keep(m, EXEC, id[0], stamp.time);
	return 0;
}

void gtv_mapped_drain(struct gtv_mapped *m)
{
	uint64_t corrupt = 0;
	unsigned fill;

	for (int i = 0; m && i < m->cores; i++) {
		if (m->ring[i].page)
			gtv_perf_ring_drain(&m->ring[i], take, m, &fill, &corrupt);
	}
}

/* The last that happened of a kind to a process by ts_ns; NULL: nothing. */
static const struct kept *last_of(const struct gtv_mapped *m, unsigned what, uint32_t pid,
				  uint64_t ts_ns)
{
	const struct kept *last = NULL;

	for (size_t i = 0; i < m->count; i++) {
		const struct kept *k = &m->kept[i];
		if (k->what == what && k->pid == pid && k->ts_ns <= ts_ns &&
		    (!last || k->ts_ns >= last->ts_ns))
			last = k;
	}
	return last;
}

int gtv_mapped_below(const struct gtv_mapped *m, uint32_t pid, uint64_t ts_ns,
		     uint64_t addr, uint64_t *start, uint64_t *offset, const char **path)
{
	const struct kept *best = NULL;

	for (int forks = 0; m && forks < FORKS_MAX; forks++) {
		const struct kept *exec = last_of(m, EXEC, pid, ts_ns);
		const struct kept *fork = last_of(m, FORK, pid, ts_ns);
		uint64_t since = exec ? exec->ts_ns : 0;
		if (fork && fork->ts_ns > since)
			since = fork->ts_ns;
		for (size_t i = 0; i < m->count; i++) {
			const struct kept *k = &m->kept[i];
			if (k->what == MAP && k->pid == pid && k->ts_ns >= since &&
			    k->ts_ns <= ts_ns && k->start <= addr &&
			    (!best || k->start > best->start ||
			     (k->start == best->start && k->ts_ns > best->ts_ns)))
				best = k;
		}
		/* What it has from its parent, if it has executed nothing since. */
		if (!fork || fork->ts_ns != since)
			break;
		pid = fork->other;
		ts_ns = fork->ts_ns;
	}
	if (!best)
		return 0;
	*start = best->start;
	*offset = best->offset;
	*path = m->path[best->other];
	return 1;
}
