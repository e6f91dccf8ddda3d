/* SPDX-License-Identifier: MIT
 *
 * Level 2: the scheduler's tracepoints through perf events, where BPF cannot be had:
 * who goes on when somebody stops and why, who wakes whom, who moves.
 *
 * On each core one ring takes the records of four tracepoints and, beside them, of
 * forks, exits and new names. perf filters by nothing that follows a tree, so what
 * comes is told of every thread of the machine. It is put in order here (a merge of
 * its own, over the cores), and what has nothing to do with the program is dropped
 * then, by the rule of level 3 (tree.h). What this level does not have: the system
 * call in which a thread sleeps, and why it waits there.
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
#include "tracer/source/naming.h"
#include "tracer/source/perf_ring.h"
#include "tracer/source/tracefs.h"
#include "tracer/source/tree.h"

#define WHAT	      "level 2 (perf tracepoints)"
#define RECORD_BYTES  100u  /* of a switch */
#define PAGES_DEFAULT 1024u /* of a core's ring: all cores' threads are in it */
#define CORES_MAX     4096
#define SEEN	      32768u  /* names of others that are kept at a time */
#define LATENESS_NS   2000000 /* a record is in its ring when its event returns */
#define FDS_SPARE     256

enum { SWITCH, WAKING, NEW, MIGRATE, EVENTS };

static const char *const event_name[EVENTS] = {
	"sched/sched_switch",
	"sched/sched_waking",
	"sched/sched_wakeup_new",
	"sched/sched_migrate_task",
};

/* Before each sample's raw bytes, and behind each other record (sample_id_all). */
struct stamp {
	uint32_t pid, tid;
	uint64_t time;
};
_Static_assert(sizeof(struct stamp) == 16, "sample_id of TID | TIME");

struct core {
	struct tracepoint_source *source;
	int32_t idx;
	int fd[EVENTS]; /* -1: the core is offline */
	int stream;	/* of the merge within */
	struct gtv_perf_ring ring;
	uint64_t last_ns;
	uint64_t lost_told;  /* by LOST records */
	uint64_t lost_known; /* delivered */
};

/* A thread, as it was last named. Cores are read one after the other, so what is told
 * of it does not come in order: the latest counts. */
struct seen {
	uint64_t since_ns;
	uint32_t tid, pid;
	char comm[GTV_COMM_BYTES];
	int told;
};

struct fields {
	const struct gtv_tracefs_field *pid, *next_pid, *state, *comm, *next_comm, *from,
		*to;
};

struct tracepoint_source {
	struct gtv_source base;
	struct gtv_tracefs_format format[EVENTS];
	struct fields field[EVENTS];
	struct core *core;
	int core_count, stream, stopped, counts_lost, adopting;
	struct gtv_merge *within;
	struct gtv_tree *tree;
	struct seen *seen;
	struct gtv_source_stats stats;
};

/* ------------------------------------------------------------- opening it */

static int open_event(unsigned id, int core, int side_band, uint64_t read_format)
{
	struct perf_event_attr attr = {
		.size = sizeof attr,
		.type = PERF_TYPE_TRACEPOINT,
		.config = id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.read_format = read_format,
		.disabled = 1,
		.comm = side_band != 0,
		.comm_exec = side_band != 0,
		.task = side_band != 0,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	return (int)syscall(SYS_perf_event_open, &attr, -1, core, -1, PERF_FLAG_FD_CLOEXEC);
}

static int refused(struct gtv_err *err)
{
	int error = errno;

	if ((error == EACCES || error == EPERM) &&
	    gtv_source_confined(WHAT, "perf_event_open", err))
		return -GTV_EPERM;
	if (error == EACCES || error == EPERM)
		return gtv_err_set(err, GTV_EPERM, WHAT,
				   "sudo gtviz, or sysctl kernel.perf_event_paranoid=-1",
				   "%s", "needs root, or CAP_PERFMON");
	if (error == EMFILE || error == ENFILE)
		return gtv_err_set(
			err, GTV_EUNAVAIL, WHAT, "ulimit -n 65536", "%s",
			"each core takes four descriptors, and there are too few");
	if (error == ENOSYS || error == ENOENT)
		return gtv_err_set(
			err, GTV_EUNAVAIL, WHAT,
			"a kernel with CONFIG_PERF_EVENTS and CONFIG_EVENT_TRACING", "%s",
			"this kernel has no perf tracepoints");
	return gtv_err_set(err, GTV_EUNAVAIL, WHAT, "", "%s", strerror(error));
}

static int need(const struct tracepoint_source *s, int event,
		const struct gtv_tracefs_field **out, const char *name, struct gtv_err *err)
{
	*out = gtv_tracefs_find(&s->format[event], name);
	if (*out)
		return 0;
	return gtv_err_set(err, GTV_EUNAVAIL, WHAT, "", "this kernel's %s has no %s",
			   event_name[event], name);
}

static int read_formats(struct tracepoint_source *s, struct gtv_err *err)
{
	struct fields *f = s->field;
	int rc = 0;

	for (int e = 0; e < EVENTS && !rc; e++)
		rc = gtv_tracefs_read(&s->format[e], event_name[e], err);
	if (!rc)
		rc = need(s, SWITCH, &f[SWITCH].pid, "prev_pid", err);
	if (!rc)
		rc = need(s, SWITCH, &f[SWITCH].next_pid, "next_pid", err);
	if (!rc)
		rc = need(s, SWITCH, &f[SWITCH].state, "prev_state", err);
	f[SWITCH].comm = gtv_tracefs_find(&s->format[SWITCH], "prev_comm");
	f[SWITCH].next_comm = gtv_tracefs_find(&s->format[SWITCH], "next_comm");
	for (int e = WAKING; e < EVENTS && !rc; e++)
		rc = need(s, e, &f[e].pid, "pid", err);
	if (!rc)
		rc = need(s, NEW, &f[NEW].to, "target_cpu", err);
	if (!rc)
		rc = need(s, MIGRATE, &f[MIGRATE].from, "orig_cpu", err);
	if (!rc)
		rc = need(s, MIGRATE, &f[MIGRATE].to, "dest_cpu", err);
	return rc;
}

/* As many descriptors as we may have: the program was forked with the usual number. */
static void raise_limit(int fds)
{
	struct rlimit limit;
	rlim_t want = (rlim_t)fds + FDS_SPARE;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void tracepoint_close(struct gtv_source *src)
{
	struct tracepoint_source *s = (struct tracepoint_source *)src;

	for (int i = 0; s->core && i < s->core_count; i++) {
		gtv_perf_ring_unmap(&s->core[i].ring);
		for (int e = 0; e < EVENTS; e++)
			if (s->core[i].fd[e] >= 0)
				close(s->core[i].fd[e]);
	}
	gtv_merge_free(s->within);
	gtv_tree_free(s->tree);
	free(s->seen);
	free(s->core);
	free(s);
}

/* All of a core's events, into the first one's ring. */
static int open_core(struct tracepoint_source *s, struct core *c, struct gtv_err *err)
{
	size_t want = s->base.config.kernel_ring_bytes / (size_t)sysconf(_SC_PAGESIZE);

	for (int e = 0; e < EVENTS; e++) {
		c->fd[e] = open_event(s->format[e].id, c->idx, e == SWITCH,
				      s->counts_lost ? PERF_FORMAT_LOST : 0);
		if (c->fd[e] < 0 && (errno == ENODEV || errno == ENXIO))
			return 0; /* offline */
		if (c->fd[e] < 0)
			return refused(err);
		if (e == SWITCH &&
		    gtv_perf_ring_map(&c->ring, c->fd[e], want ? want : PAGES_DEFAULT,
				      &s->stats.fallbacks) < 0)
			return gtv_err_set(err, GTV_EPERM, WHAT,
					   "raise kernel.perf_event_mlock_kb or ulimit -l",
					   "cannot map the ring of core %d: %s", c->idx,
					   strerror(errno));
		if (e != SWITCH &&
		    ioctl(c->fd[e], PERF_EVENT_IOC_SET_OUTPUT, c->fd[SWITCH]) < 0)
			return refused(err);
	}
	uint64_t room_ns = gtv_perf_ring_room_ns(&c->ring, RECORD_BYTES);
	if (!s->base.room_ns || room_ns < s->base.room_ns)
		s->base.room_ns = room_ns;
	c->stream = gtv_merge_stream(s->within, (uint64_t)c->idx);
	return c->stream < 0 ? gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory") : 0;
}

static int open_cores(struct tracepoint_source *s, struct gtv_err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_CONF);
	int fd = open_event(s->format[SWITCH].id, 0, 0, PERF_FORMAT_LOST), rc = 0;

	s->counts_lost = fd >= 0;
	s->stats.fallbacks += fd < 0;
	if (fd >= 0)
		close(fd);
	cores = cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
	s->core = calloc((size_t)cores, sizeof *s->core);
	s->within = gtv_merge_new();
	s->tree = gtv_tree_new(s->base.config.all_tasks);
	s->seen = calloc(SEEN, sizeof *s->seen);
	if (!s->core || !s->within || !s->tree || !s->seen)
		return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	s->core_count = (int)cores;
	for (int i = 0; i < s->core_count; i++) {
		s->core[i].source = s;
		s->core[i].idx = i;
		for (int e = 0; e < EVENTS; e++)
			s->core[i].fd[e] = -1;
	}
	raise_limit(s->core_count * EVENTS);
	for (int i = 0; i < s->core_count && !rc; i++)
		rc = open_core(s, &s->core[i], err);
	return rc;
}

static int tracepoint_open(struct gtv_source **out, const struct gtv_source_config *config,
			   struct gtv_err *err)
{
	struct tracepoint_source *s = calloc(1, sizeof *s);
	int rc;

	if (!s)
		return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	s->base.ops = &gtv_source_tracepoint;
	s->base.config = *config;
	rc = read_formats(s, err);
	if (!rc)
		rc = open_cores(s, err);
	if (!rc) {
		s->stream = gtv_merge_stream(config->merge, (uint64_t)GTV_SRC_PERF << 32);
		if (s->stream < 0)
			rc = gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	}
	if (rc < 0) {
		tracepoint_close(&s->base);
		return rc;
	}
	*out = &s->base;
	return 0;
}

static int tracepoint_probe(struct gtv_err *err)
{
	struct gtv_tracefs_format format;
	int fd, rc = gtv_tracefs_read(&format, event_name[SWITCH], err);

	if (rc < 0)
		return rc;
	fd = open_event(format.id, 0, 1, 0);
	if (fd < 0)
		return refused(err);
	close(fd);
	return 0;
}

static void tracepoint_lacks(char *buf, size_t size)
{
	struct gtv_tracefs_format format;
	int fd = -1;

	snprintf(buf, size, "no --syscalls, no --irq");
	if (!gtv_tracefs_read(&format, event_name[SWITCH], NULL))
		fd = open_event(format.id, 0, 0, PERF_FORMAT_LOST);
	if (fd >= 0)
		close(fd);
	else
		snprintf(buf, size,
			 "no --syscalls, no --irq; losses may be told late (before 6.0)");
}

static int enable(struct tracepoint_source *s, struct gtv_err *err)
{
	for (int i = 0; i < s->core_count; i++)
		for (int e = 0; e < EVENTS; e++)
			if (s->core[i].fd[e] >= 0 &&
			    ioctl(s->core[i].fd[e], PERF_EVENT_IOC_ENABLE, 0) < 0)
				return refused(err);
	return 0;
}

static int tracepoint_attach(struct gtv_source *src, pid_t child, struct gtv_err *err)
{
	struct tracepoint_source *s = (struct tracepoint_source *)src;
	uint32_t pid = (uint32_t)child, parent = (uint32_t)getpid();
	struct gtv_ev ev = {.ts_ns = gtv_clock_mono_ns(),
			    .kind = GTV_EV_K_THREAD,
			    .state = GTV_OFF_STOPPED,
			    .core = GTV_CORE_NONE,
			    .tid = pid,
			    .obj = parent,
			    .arg = pid};

	if (gtv_tree_add(s->tree, pid, pid) < 0)
		return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	int rc = enable(s, err);
	if (rc < 0)
		return rc;
	gtv_naming_process(src->config.names, pid, parent, NULL, GTV_NAME_OURS);
	gtv_naming_thread(src->config.names, pid, pid, NULL, GTV_NAME_OURS);
	s->stats.events++;
	return gtv_merge_push(src->config.merge, s->stream, &ev);
}

static int tracepoint_adopt(struct gtv_source *src, const struct gtv_procs *procs,
			    struct gtv_err *err)
{
	struct tracepoint_source *s = (struct tracepoint_source *)src;
	int fresh = 0, rc = s->adopting ? 0 : enable(s, err);

	s->adopting = 1;
	for (size_t i = 0; i < procs->count && !rc; i++) {
		const struct gtv_procs_thread *t = &procs->thread[i];

		if (gtv_tree_has(s->tree, t->tid))
			continue;
		fresh++;
		if (gtv_tree_add(s->tree, t->tid, t->pid) < 0)
			rc = gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	}
	return rc < 0 ? rc : fresh;
}

/* ------------------------------------------------------- names of others */

/* Of each thread that passes the newest name is kept; it is told when the thread comes
 * into the trace. pid 0, comm NULL: as before. */
static void see(struct tracepoint_source *s, uint64_t ts_ns, uint32_t tid, uint32_t pid,
		const char *comm)
{
	struct seen *e = &s->seen[tid & (SEEN - 1)];
	char text[GTV_COMM_BYTES] = "";

	if (!tid || ts_ns < e->since_ns)
		return;
	if (e->tid != tid)
		*e = (struct seen){.tid = tid};
	e->since_ns = ts_ns;
	if (comm)
		memcpy(text, comm, strnlen(comm, sizeof text - 1));
	if (comm && memcmp(e->comm, text, sizeof text)) {
		memcpy(e->comm, text, sizeof text);
		e->told = 0;
	}
	if (pid && e->pid != pid) {
		e->pid = pid;
		e->told = 0;
	}
	/* Of --all each comes into the trace. */
	if (s->base.config.all_tasks && !e->told && e->comm[0]) {
		e->told = 1;
		gtv_naming_thread(s->base.config.names, tid, e->pid, e->comm, 0);
	}
}

static void tell_name(struct tracepoint_source *s, uint32_t tid, int ours)
{
	struct seen *e = &s->seen[tid & (SEEN - 1)];

	if (!tid || ours || e->tid != tid || e->told || !e->comm[0])
		return;
	e->told = 1;
	gtv_naming_thread(s->base.config.names, tid, e->pid, e->comm, 0);
}

static const char *comm_in(const struct gtv_tracefs_field *f, const unsigned char *raw,
			   size_t size)
{
	if (!f || f->size < GTV_COMM_BYTES || f->offset > size ||
	    size - f->offset < GTV_COMM_BYTES)
		return NULL;
	return (const char *)raw + f->offset;
}

/* ---------------------------------------------------------------- records */

static int push(struct core *c, struct gtv_ev *ev)
{
	c->last_ns = ev->ts_ns;
	return gtv_merge_push(c->source->within, c->stream, ev);
}

static uint32_t thread_in(const struct gtv_tracefs_field *f, const unsigned char *raw,
			  size_t size)
{
	int64_t tid = gtv_tracefs_number(f, raw, size);

	return tid > 0 ? (uint32_t)tid : 0;
}

static int on_switch(struct core *c, const struct stamp *at, const unsigned char *raw,
		     size_t size)
{
	struct tracepoint_source *s = c->source;
	const struct fields *f = &s->field[SWITCH];
	struct gtv_ev ev = {
		.ts_ns = at->time,
		.kind = GTV_EV_K_SWITCH,
		.state = gtv_tracefs_off(&s->format[SWITCH],
					 (uint64_t)gtv_tracefs_number(f->state, raw, size)),
		.core = c->idx,
		.tid = thread_in(f->pid, raw, size),
		.obj = thread_in(f->next_pid, raw, size),
	};

	ev.flags = ev.state == GTV_OFF_PREEMPTED ? GTV_KF_PREEMPTED : 0;
	/* The sample's own thread is the one that stops; dead ones have lost their number.
	 */
	ev.gt = at->tid == ev.tid ? at->pid : 0;
	see(s, at->time, ev.tid, ev.gt, comm_in(f->comm, raw, size));
	see(s, at->time, ev.obj, 0, comm_in(f->next_comm, raw, size));
	return push(c, &ev);
}

static int on_sample(struct core *c, const struct stamp *at, const unsigned char *raw,
		     size_t size)
{
	struct tracepoint_source *s = c->source;
	uint32_t who = (int32_t)at->tid > 0 ? at->tid : 0;
	uint16_t type;
	int e = 0;

	if (size < sizeof type)
		return -GTV_ECORRUPT;
	memcpy(&type, raw, sizeof type); /* common_type, the first of all records' fields */
	while (e < EVENTS && s->format[e].id != type)
		e++;
	if (e == SWITCH)
		return on_switch(c, at, raw, size);
	if (e == EVENTS)
		return -GTV_ECORRUPT;
	struct gtv_ev ev = {.ts_ns = at->time,
			    .kind = e == WAKING ? GTV_EV_K_WAKING : GTV_EV_K_NEW,
			    .core = c->idx,
			    .tid = who,
			    .obj = thread_in(s->field[e].pid, raw, size)};
	if (e == NEW)
		ev.arg = (uint64_t)gtv_tracefs_number(s->field[NEW].to, raw, size);
	if (e == WAKING)
		see(s, at->time, who, at->pid, NULL);
	if (e == MIGRATE) {
		ev.kind = GTV_EV_K_MIGRATE;
		ev.tid = 0;
		ev.core = (int32_t)gtv_tracefs_number(s->field[e].from, raw, size);
		ev.arg = (uint64_t)gtv_tracefs_number(s->field[e].to, raw, size);
	}
	return push(c, &ev);
}

static int on_task(struct core *c, unsigned type, const unsigned char *body, size_t size,
		   const struct stamp *at)
{
	uint32_t id[4]; /* pid, ppid, tid, ptid */
	struct gtv_ev ev = {.ts_ns = at->time, .core = c->idx};

	if (size < sizeof id)
		return -GTV_ECORRUPT;
	memcpy(id, body, sizeof id);
	ev.kind = type == PERF_RECORD_EXIT ? GTV_EV_K_EXIT : GTV_EV_K_FORK;
	ev.tid = type == PERF_RECORD_EXIT ? id[2] : id[3];
	ev.obj = type == PERF_RECORD_EXIT ? 0 : id[2];
	ev.arg = id[0];
	struct seen *e = &c->source->seen[ev.obj & (SEEN - 1)];
	if (ev.obj && e->since_ns <= at->time) /* the number is a new thread's */
		*e = (struct seen){.since_ns = at->time, .tid = ev.obj, .pid = id[0]};
	return push(c, &ev);
}

/* A new name; by an exec, that too. */
static int on_comm(struct core *c, unsigned misc, const unsigned char *body, size_t size,
		   const struct stamp *at)
{
	struct tracepoint_source *s = c->source;
	uint32_t id[2]; /* pid, tid */
	char comm[GTV_COMM_BYTES] = "";

	if (size < sizeof id)
		return -GTV_ECORRUPT;
	memcpy(id, body, sizeof id);
	size -= sizeof id;
	memcpy(comm, body + sizeof id, size < sizeof comm - 1 ? size : sizeof comm - 1);
	see(s, at->time, id[1], id[0], comm);
	/* A little early for its time, which a name does not mind. */
	if (gtv_tree_has(s->tree, id[1]) || gtv_tree_has(s->tree, id[0]))
		gtv_naming_thread(s->base.config.names, id[1], id[0], comm, GTV_NAME_OURS);
	if (!(misc & PERF_RECORD_MISC_COMM_EXEC))
		return 0;
	struct gtv_ev ev = {
		.ts_ns = at->time, .kind = GTV_EV_K_EXEC, .core = c->idx, .tid = id[1]};
	return push(c, &ev);
}

/* `lost` records in all are known to be lost from this core's ring: what is new of it
 * becomes a loss that ends at to_ns. (Of whom they told nobody knows: they count.) */
static int tell_lost(struct core *c, uint64_t lost, uint64_t to_ns)
{
	struct tracepoint_source *s = c->source;

	if (lost <= c->lost_known)
		return 0;
	struct gtv_loss_range loss = {.source = GTV_SRC_PERF,
				      .core = c->idx,
				      .count = lost - c->lost_known,
				      .from_ns = c->last_ns ? c->last_ns : to_ns,
				      .to_ns = to_ns};
	c->lost_known = lost;
	c->last_ns = to_ns;
	s->stats.lost += loss.count;
	s->stats.lost_kind[0] += loss.count;
	return gtv_naming_loss(s->within, c->stream, &loss);
}

static int on_lost(struct core *c, const unsigned char *body, size_t size,
		   const struct stamp *at)
{
	uint64_t field[2]; /* id, lost */

	if (size < sizeof field)
		return -GTV_ECORRUPT;
	memcpy(field, body, sizeof field);
	c->lost_told += field[1];
	return tell_lost(c, c->lost_told, at->time);
}

static int on_record(void *arg, const unsigned char *rec, size_t size)
{
	struct core *c = arg;
	struct perf_event_header h;
	struct stamp at;
	uint32_t raw_size;

	if (size < sizeof h + sizeof at)
		return -GTV_ECORRUPT;
	memcpy(&h, rec, sizeof h);
	if (h.type == PERF_RECORD_SAMPLE) {
		if (size < sizeof h + sizeof at + sizeof raw_size)
			return -GTV_ECORRUPT;
		memcpy(&at, rec + sizeof h, sizeof at);
		memcpy(&raw_size, rec + sizeof h + sizeof at, sizeof raw_size);
		size -= sizeof h + sizeof at + sizeof raw_size;
		if (raw_size > size)
			return -GTV_ECORRUPT;
		return on_sample(c, &at, rec + sizeof h + sizeof at + sizeof raw_size,
				 raw_size);
	}
	memcpy(&at, rec + size - sizeof at, sizeof at);
	const unsigned char *body = rec + sizeof h;
	size -= sizeof h + sizeof at;
	switch (h.type) {
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return on_task(c, h.type, body, size, &at);
	case PERF_RECORD_COMM:
		return on_comm(c, h.misc, body, size, &at);
	case PERF_RECORD_LOST:
		return on_lost(c, body, size, &at);
	default:
		return 0;
	}
}

/* ---------------------------------------------------------------- draining */

/* One of ours left a core on which it was never seen to come: that switch was told to
 * nobody (some sandboxes keep a thread of their own out of all tracing). */
static int tell_hole(struct tracepoint_source *s, const struct gtv_ev *ev,
		     uint64_t since_ns)
{
	struct gtv_loss_range loss = {.source = GTV_SRC_PERF,
				      .core = ev->core,
				      .kind = GTV_EV_K_SWITCH,
				      .count = 1,
				      .from_ns = since_ns,
				      .to_ns = ev->ts_ns};

	s->stats.fallbacks++;
	s->stats.lost++;
	s->stats.lost_kind[GTV_EV_K_SWITCH]++;
	return gtv_naming_loss(s->base.config.merge, s->stream, &loss);
}

/* What the child was named since is here already: its rings are read before this. */
static void name_child(struct tracepoint_source *s, const struct gtv_ev *ev)
{
	const struct seen *e = &s->seen[ev->obj & (SEEN - 1)];

	gtv_naming_fork(s->base.config.names, ev->tid, ev->obj, (uint32_t)ev->arg);
	if (e->tid == ev->obj && e->comm[0])
		gtv_naming_thread(s->base.config.names, ev->obj, (uint32_t)ev->arg, e->comm,
				  GTV_NAME_OURS);
}

static void name_all(struct tracepoint_source *s, const struct gtv_ev *ev)
{
	if (ev->kind == GTV_EV_K_SWITCH) {
		tell_name(s, ev->tid, ev->flags & GTV_KF_PREV_OURS);
		tell_name(s, ev->obj, ev->flags & GTV_KF_NEXT_OURS);
	} else if (ev->kind == GTV_EV_K_WAKING || ev->kind == GTV_EV_K_NEW) {
		tell_name(s, ev->tid, gtv_tree_has(s->tree, ev->tid));
	} else if (ev->kind == GTV_EV_K_FORK && !(ev->flags & GTV_KF_FOREIGN)) {
		name_child(s, ev);
	}
}

static int deliver(struct tracepoint_source *s, uint64_t upto_ns)
{
	uint64_t since_ns = 0;
	struct gtv_ev ev;
	int rc = 0;

	while (rc >= 0 && !gtv_merge_pop(s->within, upto_ns, &ev)) {
		int kept = gtv_tree_take(s->tree, &ev, &since_ns);

		if (kept <= 0) {
			rc = kept;
			continue;
		}
		name_all(s, &ev);
		if (kept == GTV_TREE_HOLE)
			rc = tell_hole(s, &ev, since_ns);
		s->stats.events += ev.kind != GTV_EV_LOSS;
		if (rc >= 0)
			rc = gtv_merge_push(s->base.config.merge, s->stream, &ev);
	}
	return rc < 0 ? rc : 0;
}

/* The kernel tells of a loss with the next record that finds room, which may be late
 * or never: after a full ring its counts are asked for. */
static int ask_lost(struct tracepoint_source *s, struct core *c)
{
	uint64_t value[2], sum = 0; /* the event's count, what was lost */

	for (int e = 0; s->counts_lost && e < EVENTS; e++)
		if (c->fd[e] >= 0 &&
		    read(c->fd[e], value, sizeof value) == (ssize_t)sizeof value)
			sum += value[1];
	return tell_lost(c, sum, gtv_clock_mono_ns());
}

static int tracepoint_drain(struct gtv_source *src)
{
	struct tracepoint_source *s = (struct tracepoint_source *)src;
	uint64_t now = gtv_clock_mono_ns();
	int rc = 0;

	s->stats.fill_percent = 0;
	for (int i = 0; i < s->core_count && rc >= 0; i++) {
		struct core *c = &s->core[i];
		unsigned fill = 0;

		if (!c->ring.page)
			continue;
		rc = gtv_perf_ring_drain(&c->ring, on_record, c, &fill, &s->stats.corrupt);
		if (fill > s->stats.fill_percent)
			s->stats.fill_percent = fill;
		if (rc >= 0 && (fill >= 90 || s->stopped))
			rc = ask_lost(s, c);
	}
	if (rc < 0)
		return rc;
	return deliver(s, s->stopped ? UINT64_MAX : now - LATENESS_NS);
}

static void tracepoint_stop(struct gtv_source *src)
{
	struct tracepoint_source *s = (struct tracepoint_source *)src;

	s->stopped = 1;
	for (int i = 0; i < s->core_count; i++)
		for (int e = 0; e < EVENTS; e++)
			if (s->core[i].fd[e] >= 0)
				ioctl(s->core[i].fd[e], PERF_EVENT_IOC_DISABLE, 0);
}

static void tracepoint_stats(const struct gtv_source *src, struct gtv_source_stats *out)
{
	*out = ((const struct tracepoint_source *)src)->stats;
}

const struct gtv_source_ops gtv_source_tracepoint = {
	.name = "tracepoints",
	.id = GTV_SRC_PERF,
	.level = 2,
	.probe = tracepoint_probe,
	.lacks = tracepoint_lacks,
	.open = tracepoint_open,
	.attach = tracepoint_attach,
	.adopt = tracepoint_adopt,
	.drain = tracepoint_drain,
	.stop = tracepoint_stop,
	.stats = tracepoint_stats,
	.close = tracepoint_close,
};
