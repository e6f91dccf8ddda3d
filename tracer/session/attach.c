/* SPDX-License-Identifier: MIT
 *
 * A session with a program that runs already. Everything privileged is done here, before
 * the privileges are dropped; nothing is done to the program but to look at it.
 *
 * A source follows threads from a list, and whoever a followed thread starts. Between the
 * listing and the following others may start: so it is listed again until nothing is new.
 * Only then is told what each thread is doing, from two looks that agree; all else is
 * unknown until its first event.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tracer/base/procs.h"
#include "tracer/session/internal.h"
#include "tracer/source/naming.h"

#define LOOKS_MAX 100 /* a program that starts threads faster is followed as it is */

static int look(struct gtv_session *s, struct gtv_procs *tree, struct gtv_err *err)
{
	int rc = gtv_procs_read(tree, s->launch.pid, getpid());

	if (rc < 0)
		return gtv_err_set(err, rc == -GTV_ENOMEM ? GTV_ENOMEM : GTV_EIO,
				   s->launch.name, "", "%s",
				   rc == -GTV_ENOMEM ? "out of memory" : "it has ended");
	for (size_t i = 0; i < tree->count; i++) {
		const struct gtv_procs_thread *t = &tree->thread[i];
		if (t->tid == t->pid)
			gtv_naming_process(s->names, t->pid, t->parent, t->comm,
					   GTV_NAME_OURS);
		gtv_naming_thread(s->names, t->tid, t->pid, t->comm, GTV_NAME_OURS);
	}
	return 0;
}

int gtv_session_follow(struct gtv_session *s, struct gtv_source *source,
		       struct gtv_err *err)
{
	struct gtv_procs tree = {0};
	int fresh = 1, rc = 0;

	if (!source->ops->adopt)
		return gtv_err_set(err, GTV_EUNAVAIL, source->ops->name,
				   "another --level, see gtviz doctor", "%s",
				   "it cannot follow a program that runs already");
	for (int i = 0; i < LOOKS_MAX && fresh > 0 && !rc; i++) {
		rc = look(s, &tree, err);
		fresh = rc ? 0 : source->ops->adopt(source, &tree, err);
		rc = fresh < 0 ? fresh : rc;
	}
	gtv_procs_fini(&tree);
	return rc;
}

/* The rundown: what each OS thread does now. */
static int tell_threads(struct gtv_session *s, const struct gtv_procs *tree)
{
	int rc = 0;

	for (size_t i = 0; i < tree->count && !rc; i++) {
		const struct gtv_procs_thread *t = &tree->thread[i];
		struct gtv_ev ev = {.kind = GTV_EV_K_THREAD,
				    .core = GTV_CORE_NONE,
				    .tid = t->tid,
				    .obj = t->parent,
				    .arg = t->pid};
		uint32_t call;

		ev.state = gtv_procs_state(t, &call, &ev.ts_ns);
		ev.seq = call;
		rc = gtv_merge_push(s->merge, s->recorder_stream, &ev);
	}
	return rc;
}

int gtv_session_rundown(struct gtv_session *s, struct gtv_err *err)
{
	struct gtv_procs tree = {0};
	int rc = look(s, &tree, err);

	/* For the names of its locks; it may be forbidden afterwards. */
	if (!rc && s->status.level == 3 && (s->mapped = gtv_mapped_new()))
		for (size_t i = 0; i < tree.count; i++)
			if (tree.thread[i].tid == tree.thread[i].pid)
				gtv_mapped_read(s->mapped, tree.thread[i].pid);
	gtv_futexes_use(s->futexes, s->mapped);
	/* At level 0 nothing would ever say that it went on. */
	if (!rc && s->kernel && tell_threads(s, &tree) < 0)
		rc = gtv_err_set(err, GTV_ENOMEM, "session", "", "out of memory");
	gtv_procs_fini(&tree);
	return rc;
}
