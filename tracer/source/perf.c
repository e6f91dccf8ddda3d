/* SPDX-License-Identifier: MIT
 *
 * Level 1: when and on which core the program's own threads ran, without any
 * privilege.
 *
 * A software event that never counts ("dummy") is opened for the held program on
 * each core, inherited by its threads and children and switched on by its exec. It
 * brings no samples, only the side-band records: SWITCH, FORK, EXIT, COMM, each
 * with thread, core and CLOCK_MONOTONIC time behind it (sample_id_all). Who ran
 * instead, and who woke a thread, is not to be had at this level.
 */
#include "tracer/source/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tracer/source/confined.h"
#include "tracer/source/idmap.h"
#include "tracer/source/naming.h"
#include "tracer/source/perf_ring.h"

/* A core's ring, in pages, powers of two. Every user may lock 516 KiB a core for all
 * the rings he has: the first session gets what it wants, a second one what is left. */
#define PAGES_DEFAULT 128u
#define RECORD_BYTES  32u /* of a switch */
#define CORES_MAX     4096

/* What sample_id_all puts behind each record, for TID | TIME | CPU. */
struct trailer {
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
};
_Static_assert(sizeof(struct trailer) == 24, "sample_id");

struct core_ring {
	int fd; /* -1: the core is offline */
	int stream;
	struct gtv_perf_ring ring;
	uint64_t last_ns;
	uint64_t lost_told;  /* by LOST records */
	uint64_t lost_known; /* delivered */
	uint32_t on;	     /* adopted: the thread that came last, 0 it left */
	uint32_t left;	     /* who left last */
};

struct perf_source {
	struct gtv_source base;
	int core_count;
	struct core_ring *core;
	int counts_lost; /* the event's own count of what was dropped (6.0) */
	int stopped;
	uint32_t held; /* the program, until its first exec switches the events on */
	/* Of a program that ran already: its threads, those that they started, and the
	 * threads' own events, which write to the cores' rings. */
	int adopting;
	uint64_t from_ns; /* before, not all of them were followed everywhere */
	uint64_t stop_ns; /* after, not all any more */
	struct gtv_idmap known;
	int *follow;
	size_t follow_count, follow_cap;
	struct gtv_source_stats stats;
};

static int open_event(pid_t pid, int core, uint64_t read_format, int running)
{
	struct perf_event_attr attr = {
		.size = sizeof attr,
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
		.read_format = read_format,
		.disabled = !running,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.enable_on_exec = !running,
		.sample_id_all = 1,
		.context_switch = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	return (int)syscall(SYS_perf_event_open, &attr, pid, core, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static int refused(struct gtv_err *err)
{
	int error = errno;

	if ((error == EACCES || error == EPERM) &&
	    gtv_source_confined("level 1 (perf_event)", "perf_event_open", err))
		return -GTV_EPERM;
	if (error == EACCES || error == EPERM)
		return gtv_err_set(err, GTV_EPERM, "level 1 (perf_event)",
				   "sysctl kernel.perf_event_paranoid=2",
				   "not permitted: %s", strerror(error));
	if (error == ENOSYS)
		return gtv_err_set(err, GTV_EUNAVAIL, "level 1 (perf_event)",
				   "a kernel with CONFIG_PERF_EVENTS", "%s",
				   "this kernel has no perf events");
	return gtv_err_set(err, GTV_EUNAVAIL, "level 1 (perf_event)", "", "%s",
			   strerror(error));
}

static int perf_probe(struct gtv_err *err)
{
	int fd = open_event(0, -1, 0, 0);

	if (fd < 0)
		return refused(err);
	close(fd);
	return 0;
}

static void perf_close(struct gtv_source *src)
{
	struct perf_source *p = (struct perf_source *)src;

	for (int i = 0; i < p->core_count; i++) {
		gtv_perf_ring_unmap(&p->core[i].ring);
		if (p->core[i].fd >= 0)
			close(p->core[i].fd);
	}
	for (size_t i = 0; i < p->follow_count; i++)
		close(p->follow[i]);
	gtv_idmap_fini(&p->known);
	free(p->follow);
	free(p->core);
	free(p);
}

static int perf_open(struct gtv_source **out, const struct gtv_source_config *config,
		     struct gtv_err *err)
{
	int rc = perf_probe(err);
	if (rc < 0)
		return rc;
	long cores = sysconf(_SC_NPROCESSORS_CONF);
	struct perf_source *p = calloc(1, sizeof *p);
	if (!p)
		return gtv_err_set(err, GTV_ENOMEM, "level 1", "", "out of memory");
	p->base.ops = &gtv_source_perf;
	p->base.config = *config;
	p->core_count = (int)(cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : cores);
	p->core = calloc((size_t)p->core_count, sizeof *p->core);
	if (!p->core) {
		free(p);
		return gtv_err_set(err, GTV_ENOMEM, "level 1", "", "out of memory");
	}
	for (int i = 0; i < p->core_count; i++)
		p->core[i].fd = -1;
	int fd = open_event(0, -1, PERF_FORMAT_LOST, 0);
	p->counts_lost = fd >= 0;
	p->stats.fallbacks += fd < 0;
	if (fd >= 0)
		close(fd);
	*out = &p->base;
	return 0;
}

static int map_ring(struct perf_source *p, struct core_ring *r)
{
	size_t want = p->base.config.kernel_ring_bytes / (size_t)sysconf(_SC_PAGESIZE);

	return gtv_perf_ring_map(&r->ring, r->fd, want ? want : PAGES_DEFAULT,
				 &p->stats.fallbacks);
}

static int attach_core(struct perf_source *p, int core, pid_t child, struct gtv_err *err)
{
	struct core_ring *r = &p->core[core];

	r->fd = open_event(child, core, p->counts_lost ? PERF_FORMAT_LOST : 0, p->adopting);
	if (r->fd < 0 && (errno == ENODEV || errno == ENXIO))
		return 0; /* offline */
	if (r->fd < 0)
		return refused(err);
	if (map_ring(p, r) < 0)
		return gtv_err_set(err, GTV_EPERM, "level 1 (perf_event)",
				   "raise kernel.perf_event_mlock_kb or ulimit -l",
				   "cannot map the ring of core %d: %s", core,
				   strerror(errno));
	uint64_t room_ns = gtv_perf_ring_room_ns(&r->ring, RECORD_BYTES);
	if (!p->base.room_ns || room_ns < p->base.room_ns)
		p->base.room_ns = room_ns;
	r->stream = gtv_merge_stream(p->base.config.merge,
				     (uint64_t)GTV_SRC_PERF << 32 | (unsigned)core);
	return r->stream < 0 ? r->stream : 0;
}

/* The program, before anything happens to it. */
static int know_child(struct perf_source *p, uint32_t pid)
{
	uint32_t parent = (uint32_t)getpid();
	struct gtv_ev ev = {.ts_ns = gtv_clock_mono_ns(),
			    .kind = GTV_EV_K_THREAD,
			    .state = GTV_OFF_STOPPED,
			    .core = GTV_CORE_NONE,
			    .tid = pid,
			    .obj = parent,
			    .arg = pid};

	gtv_naming_process(p->base.config.names, pid, parent, NULL, GTV_NAME_OURS);
	gtv_naming_thread(p->base.config.names, pid, pid, NULL, GTV_NAME_OURS);
	for (int i = 0; i < p->core_count; i++)
		if (p->core[i].ring.page) {
			p->stats.events++;
			return gtv_merge_push(p->base.config.merge, p->core[i].stream, &ev);
		}
	return 0;
}

static int perf_attach(struct gtv_source *src, pid_t child, struct gtv_err *err)
{
	struct perf_source *p = (struct perf_source *)src;

	for (int i = 0; i < p->core_count; i++) {
		int rc = attach_core(p, i, child, err);
		if (rc < 0)
			return rc;
	}
	p->held = (uint32_t)child;
	return know_child(p, (uint32_t)child);
}

/* ------------------------------------------------- a program that runs already */

enum { ALIVE = 1, ENDED = 2 }; /* in `known` */

static int keep(struct perf_source *p, int fd)
{
	if (p->follow_count == p->follow_cap) {
		size_t cap = p->follow_cap ? 2 * p->follow_cap : 64;
		int *follow = realloc(p->follow, cap * sizeof *follow);
		if (!follow)
			return -GTV_ENOMEM;
		p->follow = follow;
		p->follow_cap = cap;
	}
	p->follow[p->follow_count++] = fd;
	return 0;
}

/* Another thread's event, into the ring of the first that was opened for the core. */
static int follow_on_core(struct perf_source *p, int core, pid_t tid, struct gtv_err *err)
{
	int fd = open_event(tid, core, p->counts_lost ? PERF_FORMAT_LOST : 0, 1);

	if (fd < 0)
		return errno == ESRCH || errno == ENODEV || errno == ENXIO ? 0
									   : refused(err);
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, p->core[core].fd) < 0 || keep(p, fd) < 0) {
		int rc = refused(err);
		close(fd);
		return rc;
	}
	return 0;
}

static int follow_thread(struct perf_source *p, pid_t tid, struct gtv_err *err)
{
	for (int i = 0; i < p->core_count; i++) {
		int rc;

		if (p->core[i].ring.page) {
			rc = follow_on_core(p, i, tid, err);
		} else {
			rc = attach_core(p, i, tid, err);
			if (rc < 0 && p->core[i].fd < 0 && errno == ESRCH)
				return 0; /* it is gone */
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A descriptor for each thread and core: as many as we may have. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int perf_drain(struct gtv_source *src);

/* Whom a followed thread started is followed by the kernel, and told by a record: not
 * necessarily before it is listed, so who seems new is looked for once more. */
static int perf_adopt(struct gtv_source *src, const struct gtv_procs *tree,
		      struct gtv_err *err)
{
	struct perf_source *p = (struct perf_source *)src;
	struct timespec pause = {.tv_nsec = 2000000};
	int fresh = 0, rc = 0;

	p->from_ns = UINT64_MAX;
	if (!p->adopting)
		allow_descriptors();
	else
		nanosleep(&pause, NULL);
	for (size_t i = 0; i < tree->count && rc >= 0; i++) {
		uint32_t tid = tree->thread[i].tid;

		if (p->adopting)
			rc = perf_drain(src);
		if (rc < 0 || gtv_idmap_get(&p->known, tid))
			continue;
		if (gtv_idmap_put(&p->known, tid, ALIVE) < 0)
			return gtv_err_set(err, GTV_ENOMEM, "level 1", "", "out of memory");
		p->adopting = 1;
		rc = follow_thread(p, (pid_t)tid, err);
		fresh++;
	}
	p->from_ns = gtv_clock_mono_ns();
	return rc < 0 ? rc : fresh;
}

/* Events are switched on and off one by one: what only some threads tell is not told. */
static int is_outside(const struct perf_source *p, uint64_t ns)
{
	return p->adopting && (ns < p->from_ns || (p->stop_ns && ns >= p->stop_ns));
}

/* A thread begins or ends, of which another event may have told already. */
static int is_news(struct perf_source *p, uint32_t tid, int ends)
{
	uint32_t was = gtv_idmap_get(&p->known, tid), is = ends ? ENDED : ALIVE;

	if (was == is)
		return 0;
	if (was)
		gtv_idmap_set(&p->known, tid, is);
	else
		gtv_idmap_put(&p->known, tid, is);
	return 1;
}

/* Should a thread be followed twice after all, its records come twice in a row. */
static int is_double(struct perf_source *p, int core, uint32_t tid, int out)
{
	struct core_ring *r = &p->core[core];
	int twice = out ? !r->on && r->left == tid : r->on == tid;

	r->on = out ? 0 : tid;
	r->left = out ? tid : 0;
	p->stats.fallbacks += (unsigned)twice;
	return twice;
}

static int push(struct perf_source *p, int core, const struct trailer *at, unsigned kind,
		uint32_t tid, uint32_t obj, uint64_t arg, unsigned flags)
{
	struct core_ring *r = &p->core[core];

	if (is_outside(p, at->time))
		return 0;
	struct gtv_ev ev = {.ts_ns = at->time,
			    .kind = (uint16_t)kind,
			    .flags = (uint8_t)flags,
			    .core = core,
			    .tid = tid,
			    .obj = obj,
			    .arg = arg};

	if (kind == GTV_EV_K_OFF)
		ev.state = flags & GTV_KF_PREEMPTED ? GTV_OFF_PREEMPTED : GTV_OFF_SLEEP;
	r->last_ns = at->time;
	p->stats.events++;
	return gtv_merge_push(p->base.config.merge, r->stream, &ev);
}

static int on_task(struct perf_source *p, int core, const struct perf_event_header *h,
		   const unsigned char *body, size_t size, const struct trailer *at)
{
	uint32_t id[4]; /* pid, ppid, tid, ptid */

	if (size < sizeof id)
		return -GTV_ECORRUPT;
	memcpy(id, body, sizeof id);
	if (p->adopting && !is_news(p, id[2], h->type == PERF_RECORD_EXIT))
		return 0;
	if (h->type == PERF_RECORD_EXIT)
		return push(p, core, at, GTV_EV_K_EXIT, id[2], 0, id[0], 0);
	gtv_naming_fork(p->base.config.names, id[3], id[2], id[0]);
	return push(p, core, at, GTV_EV_K_FORK, id[3], id[2], id[0], 0);
}

/* A new name, with a flag if by an exec. The program's own first one switched the events
 * on: nothing has told yet that its thread is on this core. */
static int on_comm(struct perf_source *p, int core, const struct perf_event_header *h,
		   const unsigned char *body, size_t size, const struct trailer *at)
{
	uint32_t id[2]; /* pid, tid */
	char comm[GTV_COMM_BYTES] = "";

	if (size < sizeof id)
		return -GTV_ECORRUPT;
	memcpy(id, body, sizeof id);
	size -= sizeof id;
	memcpy(comm, body + sizeof id, size < sizeof comm - 1 ? size : sizeof comm - 1);
	gtv_naming_thread(p->base.config.names, id[1], id[0], comm, GTV_NAME_OURS);
	if (!(h->misc & PERF_RECORD_MISC_COMM_EXEC))
		return 0;
	int rc = 0;
	if (id[1] == p->held) {
		rc = push(p, core, at, GTV_EV_K_ON, id[1], 0, 0, 0);
		p->held = 0;
	}
	return rc < 0 ? rc : push(p, core, at, GTV_EV_K_EXEC, id[1], 0, 0, 0);
}

/* `lost` records in all are known to be lost from this core's ring: what is new of it
 * becomes a loss that ends at to_ns. */
static int tell_lost(struct perf_source *p, int core, uint64_t lost, uint64_t to_ns)
{
	struct core_ring *r = &p->core[core];

	if (lost <= r->lost_known)
		return 0;
	struct gtv_loss_range loss = {.source = GTV_SRC_PERF,
				      .core = core,
				      .count = lost - r->lost_known,
				      .from_ns = r->last_ns ? r->last_ns : to_ns,
				      .to_ns = to_ns};
	r->lost_known = lost;
	r->last_ns = to_ns;
	p->stats.lost += loss.count;
	p->stats.lost_kind[0] += loss.count;
	return gtv_naming_loss(p->base.config.merge, r->stream, &loss);
}

static int on_lost(struct perf_source *p, int core, const unsigned char *body, size_t size,
		   const struct trailer *at)
{
	uint64_t field[2]; /* id, lost */

	if (size < sizeof field)
		return -GTV_ECORRUPT;
	memcpy(field, body, sizeof field);
	p->core[core].lost_told += field[1];
	return tell_lost(p, core, p->core[core].lost_told, at->time);
}

/* The kernel tells of a loss with the next record that finds room, which may be late
 * or never: after a full ring its count is asked for. */
static int ask_lost(struct perf_source *p, int core)
{
	uint64_t value[2]; /* the event's count (0), what was lost */

	if (!p->counts_lost ||
	    read(p->core[core].fd, value, sizeof value) != (ssize_t)sizeof value)
		return 0;
	return tell_lost(p, core, value[1], gtv_clock_mono_ns());
}

/* `rec` is a whole record, copied out of the ring. */
static int on_record(struct perf_source *p, int core, const unsigned char *rec, size_t size)
{
	struct perf_event_header h;
	struct trailer at;

	if (size < sizeof h + sizeof at)
		return -GTV_ECORRUPT;
	memcpy(&h, rec, sizeof h);
	memcpy(&at, rec + size - sizeof at, sizeof at);
	const unsigned char *body = rec + sizeof h;
	size_t body_size = size - sizeof h - sizeof at;

	switch (h.type) {
	case PERF_RECORD_SWITCH:
		if (p->adopting &&
		    is_double(p, core, at.tid, !!(h.misc & PERF_RECORD_MISC_SWITCH_OUT)))
			return 0;
		if (!(h.misc & PERF_RECORD_MISC_SWITCH_OUT))
			return push(p, core, &at, GTV_EV_K_ON, at.tid, 0, 0, 0);
		return push(p, core, &at, GTV_EV_K_OFF, at.tid, 0, 0,
			    h.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT ? GTV_KF_PREEMPTED
									 : 0);
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return on_task(p, core, &h, body, body_size, &at);
	case PERF_RECORD_COMM:
		return on_comm(p, core, &h, body, body_size, &at);
	case PERF_RECORD_LOST:
		return on_lost(p, core, body, body_size, &at);
	default:
		return 0;
	}
}

/* What a record belongs to, for the ring's drain. */
struct taking {
	struct perf_source *source;
	int core;
};

static int take_record(void *arg, const unsigned char *rec, size_t size)
{
	const struct taking *t = arg;

	return on_record(t->source, t->core, rec, size);
}

static int drain_core(struct perf_source *p, int core)
{
	struct taking taking = {p, core};
	unsigned fill;
	int rc = gtv_perf_ring_drain(&p->core[core].ring, take_record, &taking, &fill,
				     &p->stats.corrupt);

	if (fill > p->stats.fill_percent)
		p->stats.fill_percent = fill;
	if (rc < 0)
		return rc;
	return fill >= 90 || p->stopped ? ask_lost(p, core) : 0;
}

static int perf_drain(struct gtv_source *src)
{
	struct perf_source *p = (struct perf_source *)src;

	p->stats.fill_percent = 0;
	for (int i = 0; i < p->core_count; i++) {
		int rc = p->core[i].ring.page ? drain_core(p, i) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void perf_stop(struct gtv_source *src)
{
	struct perf_source *p = (struct perf_source *)src;

	p->stopped = 1;
	p->stop_ns = gtv_clock_mono_ns();
	for (int i = 0; i < p->core_count; i++)
		if (p->core[i].fd >= 0)
			ioctl(p->core[i].fd, PERF_EVENT_IOC_DISABLE, 0);
	for (size_t i = 0; i < p->follow_count; i++)
		ioctl(p->follow[i], PERF_EVENT_IOC_DISABLE, 0);
}

static void perf_stats(const struct gtv_source *src, struct gtv_source_stats *out)
{
	*out = ((const struct perf_source *)src)->stats;
}

const struct gtv_source_ops gtv_source_perf = {
	.name = "perf",
	.id = GTV_SRC_PERF,
	.level = 1,
	.probe = perf_probe,
	.open = perf_open,
	.attach = perf_attach,
	.adopt = perf_adopt,
	.drain = perf_drain,
	.stop = perf_stop,
	.stats = perf_stats,
	.close = perf_close,
};
