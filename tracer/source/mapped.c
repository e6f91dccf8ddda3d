/* SPDX-License-Identifier: MIT
 *
 * The records of all cores are kept with their times and put together when somebody
 * asks: a child has its parent's mappings as they were at the fork, and an exec begins
 * anew. That is rarely asked, so a search through all that is kept will do. What is kept
 * is bounded: of a program that maps without end the older half is forgotten.
 *
 * The cores are asked, not the program: an event that belongs to a task is taken out and
 * put in again at each of its switches, which costs more than all else that level 3 does
 * there. So all programs of the machine are told, and those that are not the tree's are
 * dropped. A process may be heard of before its fork, which another core tells: so what
 * is not known to be the tree's is looked at once more after the next drain.
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
#define PAGES	  16
#define PIDS_MAX  (1u << 22) /* the kernel's PID_MAX_LIMIT */
#define LATER_MAX 256
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

/* A record of a process that may turn out to be the tree's. */
struct later {
	size_t size; /* 0: settled */
	int drains;  /* that it has seen */
	unsigned char record[GTV_PERF_RECORD_MAX];
};

struct gtv_mapped {
	uint8_t *ours; /* a bit a process; NULL: all that is told is the tree's */
	struct later *later;
	size_t later_count;
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

/* child -1: all tasks on that core. */
static int open_core(pid_t child, int core)
{
	struct perf_event_attr attr = {
		.size = sizeof attr,
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.disabled = child > 0,
		.inherit = child > 0,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.enable_on_exec = child > 0,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return (int)syscall(SYS_perf_event_open, &attr, child, core, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static void close_cores(struct gtv_mapped *m)
{
	for (int i = 0; i < m->cores; i++) {
		gtv_perf_ring_unmap(&m->ring[i]);
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	}
	m->cores = 0;
}

static int open_cores(struct gtv_mapped *m, pid_t child, long cores)
{
	uint64_t halved = 0;

	for (int i = 0; i < cores; i++) {
		m->fd[i] = open_core(child, i);
		m->cores = i + 1;
		if (m->fd[i] < 0 && (errno == ENODEV || errno == ENXIO))
			continue; /* offline */
		if (m->fd[i] < 0 ||
		    gtv_perf_ring_map(&m->ring[i], m->fd[i], PAGES, &halved) < 0) {
			close_cores(m);
			return -1;
		}
	}
	return 0;
}

void gtv_mapped_close(struct gtv_mapped *m)
{
	if (!m)
		return;
	close_cores(m);
	for (size_t i = 0; i < m->paths; i++)
		free(m->path[i]);
	free(m->ours);
	free(m->later);
	free(m->fd);
	free(m->ring);
	free(m);
}

struct gtv_mapped *gtv_mapped_new(void)
{
	return calloc(1, sizeof(struct gtv_mapped));
}

static int is_ours(const struct gtv_mapped *m, uint32_t pid)
{
	return !m->ours || (pid < PIDS_MAX && m->ours[pid / 8] >> pid % 8 & 1);
}

static void set_ours(struct gtv_mapped *m, uint32_t pid, int ours)
{
	if (!m->ours || pid >= PIDS_MAX)
		return;
	if (ours)
		m->ours[pid / 8] |= (uint8_t)(1u << pid % 8);
	else
		m->ours[pid / 8] &= (uint8_t) ~(1u << pid % 8);
}

struct gtv_mapped *gtv_mapped_open(pid_t child)
{
	struct gtv_mapped *m = gtv_mapped_new();
	long cores = sysconf(_SC_NPROCESSORS_CONF);

	if (!m)
		return NULL;
	cores = cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
	m->fd = calloc((size_t)cores, sizeof *m->fd);
	m->ring = calloc((size_t)cores, sizeof *m->ring);
	m->ours = calloc(PIDS_MAX / 8, 1);
	m->later = calloc(LATER_MAX, sizeof *m->later);
	if (!m->fd || !m->ring || !m->ours || !m->later) {
		gtv_mapped_close(m);
		return NULL;
	}
	set_ours(m, (uint32_t)child, 1);
	if (open_cores(m, -1, cores) < 0) {
		/* Not allowed to see others: dearer, but the same. */
		free(m->ours);
		m->ours = NULL;
		if (open_cores(m, child, cores) < 0) {
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

struct told {
	struct perf_event_header h;
	struct stamp stamp;
	uint32_t id[2]; /* a process; of a fork its parent */
	const unsigned char *body;
	size_t size;
};

static int parse(struct told *t, const unsigned char *record, size_t size)
{
	if (size < sizeof t->h + sizeof t->stamp + sizeof t->id)
		return -1;
	t->body = record + sizeof t->h;
	t->size = size - sizeof t->h - sizeof t->stamp;
	memcpy(&t->h, record, sizeof t->h);
	memcpy(&t->stamp, record + size - sizeof t->stamp, sizeof t->stamp);
	memcpy(t->id, t->body, sizeof t->id);
	switch (t->h.type) {
	case PERF_RECORD_MMAP2:
		return 0;
	case PERF_RECORD_FORK:
		return t->id[0] != t->id[1] ? 0 : -1; /* a thread */
	case PERF_RECORD_COMM:
		return t->h.misc & PERF_RECORD_MISC_COMM_EXEC ? 0 : -1;
	default:
		return -1;
	}
}

/* 1 if it is the tree's. */
static int settle(struct gtv_mapped *m, const struct told *t)
{
	int is_fork = t->h.type == PERF_RECORD_FORK;

	if (!is_ours(m, t->id[is_fork]))
		return 0;
	if (is_fork) {
		set_ours(m, t->id[0], 1);
		keep(m, FORK, t->id[0], t->stamp.time)->other = t->id[1];
	} else if (t->h.type == PERF_RECORD_COMM) {
		keep(m, EXEC, t->id[0], t->stamp.time);
	} else {
		take_map(m, t->body, t->size, t->stamp.time);
	}
	return 1;
}

static int take(void *arg, const unsigned char *record, size_t size)
{
	struct gtv_mapped *m = arg;
	struct told t;

	if (parse(&t, record, size) < 0 || settle(m, &t) || m->later_count == LATER_MAX)
		return 0;
	struct later *l = &m->later[m->later_count++];
	l->size = size;
	l->drains = 0;
	memcpy(l->record, record, size);
	return 0;
}

/* A process of others that has the number of an ended one of ours. */
static void disown(struct gtv_mapped *m, const struct later *l)
{
	struct told t;

	if (!parse(&t, l->record, l->size) && t.h.type == PERF_RECORD_FORK)
		set_ours(m, t.id[0], 0);
}

static void settle_later(struct gtv_mapped *m)
{
	size_t left = 0;
	int settled;

	/* A fork that is the tree's makes others so. */
	do {
		settled = 0;
		for (size_t i = 0; i < m->later_count; i++) {
			struct later *l = &m->later[i];
			struct told t;
			if (!l->size || parse(&t, l->record, l->size) < 0 || !settle(m, &t))
				continue;
			l->size = 0;
			settled = 1;
		}
	} while (settled);
	for (size_t i = 0; i < m->later_count; i++) {
		struct later *l = &m->later[i];
		if (l->size && l->drains++)
			disown(m, l);
		else if (l->size)
			m->later[left++] = *l;
	}
	m->later_count = left;
}

void gtv_mapped_drain(struct gtv_mapped *m)
{
	uint64_t corrupt = 0;
	unsigned fill;

	if (!m)
		return;
	for (int i = 0; i < m->cores; i++) {
		if (m->ring[i].page)
			gtv_perf_ring_drain(&m->ring[i], take, m, &fill, &corrupt);
	}
	settle_later(m);
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
