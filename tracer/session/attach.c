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
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/abi/gtv_attach.h"
#include "tracer/base/procs.h"
#include "tracer/session/internal.h"
#include "tracer/source/naming.h"

#define ANSWER_MS 2000 /* a program that computes without a pause may need some time */
#define AGAIN_MS  20
#define SYNC_NS	  250000000ull
#define RETURN_MS 300
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

/* ------------------------------------------------------------ green threads */

static const char *why_not(int result)
{
	switch (result) {
	case -EBUSY:
		return "another gtviz traces it";
	case -ENOTSUP:
		return "its policy is procs, or its system simulated: start it under gtviz";
	case -ENOENT:
		return "it cannot reach gtviz's socket (another network namespace?)";
	case -EADDRINUSE:
		return "it has a handler of SIGURG of its own";
	case -ESRCH:
		return "no green threads run in it now";
	default:
		return "it could not map the rings";
	}
}

static void say_why_not(struct gtv_session *s, int result)
{
	snprintf(s->status.rings_why, sizeof s->status.rings_why, "%s", why_not(result));
}

static int open_all(struct gtv_session *s, const struct gtv_procs *procs)
{
	uint32_t last = 0;

	s->attached = calloc(procs->count, sizeof *s->attached);
	if (!s->attached)
		return -GTV_ENOMEM;
	for (size_t i = 0; i < procs->count; i++) {
		uint32_t pid = procs->thread[i].pid;
		struct gtv_attached *at = &s->attached[s->attached_count];

		if (pid == last)
			continue;
		last = pid;
		if (!gtv_attached_open(at, (pid_t)pid))
			s->attached_count++;
		else if (at->refused)
			say_why_not(s, at->refused);
	}
	return 0;
}

/* One that has not answered is waked again: it was where it could not listen. */
static size_t take_answers(struct gtv_session *s, int begins, int wake)
{
	size_t open = 0;

	for (size_t i = 0; i < s->attached_count; i++) {
		struct gtv_attached *at = &s->attached[i];
		int result = 0, rc;

		if (at->begun == begins || at->begun == 2)
			continue;
		rc = gtv_attached_answer(at, &result);
		if (rc == 1 && result < 0)
			say_why_not(s, result);
		if (rc) {
			at->begun = rc == 1 && !result ? begins : 2;
			continue;
		}
		open++;
		if (wake)
			gtv_attached_wake(at);
	}
	return open;
}

static void await_answers(struct gtv_session *s, int begins, int limit_ms)
{
	struct timespec pause = {.tv_nsec = 1000000};
	size_t open = 1;

	for (int ms = 0; open && ms < limit_ms; ms++) {
		gtv_clock_sync(&s->clock, SYNC_NS);
		/* Its rings come through a socket that this serves. */
		s->rings->ops->drain(s->rings);
		if (s->kernel)
			s->kernel->ops->drain(s->kernel);
		open = take_answers(s, begins, ms % AGAIN_MS == AGAIN_MS - 1);
		if (open)
			nanosleep(&pause, NULL);
	}
	if (open && begins)
		snprintf(s->status.rings_why, sizeof s->status.rings_why,
			 "it did not answer (it sleeps, or has a handler of SIGURG)");
}

int gtv_session_ask_rings(struct gtv_session *s, struct gtv_err *err)
{
	struct gtv_procs procs = {0};
	int rc = look(s, &procs, err);

	if (!rc && open_all(s, &procs) < 0)
		rc = gtv_err_set(err, GTV_ENOMEM, "session", "", "out of memory");
	gtv_procs_fini(&procs);
	gtv_clock_sync(&s->clock, 0);
	for (size_t i = 0; i < s->attached_count && !rc; i++)
		if (gtv_attached_ask(&s->attached[i], GTV_ATTACH_BEGIN,
				     gtv_source_ring_socket(s->rings)) < 0)
			s->attached[i].begun = 2;
	if (!rc)
		await_answers(s, 1, ANSWER_MS);
	return rc;
}

void gtv_session_return_rings(struct gtv_session *s)
{
	size_t asked = 0;

	for (size_t i = 0; i < s->attached_count; i++) {
		struct gtv_attached *at = &s->attached[i];

		if (at->begun == 1 && !gtv_attached_ask(at, GTV_ATTACH_END, NULL))
			asked++;
		else
			at->begun = 2;
	}
	if (asked)
		await_answers(s, 0, RETURN_MS);
}
