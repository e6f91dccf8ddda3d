/* SPDX-License-Identifier: MIT */
#include "tracer/source/naming.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tracer/base/err.h"

/* Pieces of one loss: 64 of 4.29 s. What reaches further back is told too late for
 * anybody to draw it. */
#define PIECES_MAX 64u

static void set_text(struct gtv_name *name, const char *comm)
{
	if (!comm || !comm[0])
		return;
	memset(name->text, 0, sizeof name->text);
	memcpy(name->text, comm, strnlen(comm, GTV_COMM_BYTES - 1));
}

/* 0: `name` may be set; it is what is known now. */
static int look_up(struct gtv_names *names, enum gtv_class cls, uint32_t id,
		   struct gtv_name *name)
{
	if (!id)
		return -1;
	if (!gtv_names_get(names, cls, id, name))
		return 0;
	return gtv_names_count(names, cls) >= GTV_NAMING_MAX ? -1 : 0;
}

void gtv_naming_process(struct gtv_names *names, uint32_t pid, uint32_t parent,
			const char *comm, uint32_t flags)
{
	struct gtv_name name;

	if (look_up(names, GTV_CLASS_PROCESS, pid, &name))
		return;
	name.pid = pid;
	if (parent)
		name.local = parent;
	name.flags |= flags;
	set_text(&name, comm);
	gtv_names_set(names, GTV_CLASS_PROCESS, &name);
}

void gtv_naming_thread(struct gtv_names *names, uint32_t tid, uint32_t pid,
		       const char *comm, uint32_t flags)
{
	struct gtv_name name;

	if (tid && tid == pid)
		gtv_naming_process(names, pid, 0, comm, flags);
	if (look_up(names, GTV_CLASS_THREAD, tid, &name))
		return;
	if (pid)
		name.pid = pid;
	name.flags |= flags;
	set_text(&name, comm);
	gtv_names_set(names, GTV_CLASS_THREAD, &name);
}

void gtv_naming_fork(struct gtv_names *names, uint32_t parent_tid, uint32_t tid,
		     uint32_t pid)
{
	struct gtv_name parent, child;
	const char *text;

	gtv_names_get(names, GTV_CLASS_THREAD, parent_tid, &parent);
	/* Another core's ring may have told the child's later name already. */
	gtv_names_get(names, GTV_CLASS_THREAD, tid, &child);
	text = child.text[0] ? NULL : parent.text;
	if (tid == pid)
		gtv_naming_process(names, pid, parent.pid ? parent.pid : parent_tid, text,
				   GTV_NAME_OURS);
	gtv_naming_thread(names, tid, pid, text, GTV_NAME_OURS);
}

char *gtv_naming_comm(uint32_t pid, uint32_t tid, char buf[GTV_COMM_BYTES])
{
	char path[64];

	memset(buf, 0, GTV_COMM_BYTES);
	snprintf(path, sizeof path, "/proc/%u/task/%u/comm", pid, tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return buf;
	ssize_t n = read(fd, buf, GTV_COMM_BYTES - 1);
	close(fd);
	if (n > 0 && buf[n - 1] == '\n')
		buf[n - 1] = 0;
	return buf;
}

static int push_piece(struct gtv_merge *merge, int stream,
		      const struct gtv_loss_range *loss, uint64_t from_ns, uint64_t to_ns,
		      uint64_t count)
{
	struct gtv_ev ev = {
		.ts_ns = to_ns,
		.kind = GTV_EV_LOSS,
		.core = loss->core,
		.tid = loss->tid,
		.gt = (uint32_t)(to_ns - from_ns),
		.obj = loss->source,
		.seq = loss->kind,
		.arg = count,
	};
	return gtv_merge_push(merge, stream, &ev);
}

int gtv_naming_loss(struct gtv_merge *merge, int stream, const struct gtv_loss_range *loss)
{
	uint64_t to = loss->to_ns, from = loss->from_ns < to ? loss->from_ns : to;

	if (to - from > (uint64_t)PIECES_MAX * UINT32_MAX)
		from = to - (uint64_t)PIECES_MAX * UINT32_MAX;
	for (; to - from > UINT32_MAX; from += UINT32_MAX) {
		int rc = push_piece(merge, stream, loss, from, from + UINT32_MAX, 0);
		if (rc < 0)
			return rc;
	}
	return push_piece(merge, stream, loss, from, to, loss->count);
}
