/* SPDX-License-Identifier: MIT
 *
 * A trace that comes by a pipe while it is being recorded, on this machine or on
 * another. A thread reads what comes, appends it to a spool, and walks on over it: each
 * block that is whole is listed, its names and facts taken in first. To readers the
 * store grows exactly as a live one does.
 *
 * The walk knows damage already, so a pipe that brings nonsense costs what a file of
 * nonsense does. A pipe that ends without a footer was cut: what came stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/base/progress.h"
#include "tracer/store/inside.h"

#define PIECE (256u << 10)

struct stream {
	struct gtv_store *st;
	int fd;
	int stop_fd, hold_fd; /* stop_fd hangs up when hold_fd, its other end, is closed */
	char name[160];
	char *buf;
	struct gtv_walker walker;
	int info_seen;
	pthread_t thread;
	int started;
	_Atomic(enum gtv_stream_state) state;
};

/* ---- What a block brings beside its place in a list ---- */

static int take_info(struct stream *s, const void *raw, size_t size)
{
	struct gtv_store_info info;

	gtv_store_get_info(s->st, &info);
	int rc = gtv_info_read(&info, raw, size);
	if (rc)
		return rc;
	pthread_rwlock_wrlock(&s->st->lock);
	s->st->info = info;
	pthread_rwlock_unlock(&s->st->lock);
	gtv_names_set_kernel(s->st->names, info.kernel);
	s->info_seen = 1;
	return 0;
}

/* The header was damaged: time is shown relative to what is known first. */
static void start_here(struct stream *s, uint64_t ns)
{
	pthread_rwlock_wrlock(&s->st->lock);
	s->st->info.start_ns = ns;
	pthread_rwlock_unlock(&s->st->lock);
	s->info_seen = 1;
}

static int take_block(struct gtv_walker *w, const struct gtv_head *head, uint64_t offset)
{
	struct stream *s = w->st->stream;
	struct ref ref = {.offset = offset,
			  .from_ns = head->from_ns,
			  .to_ns = head->to_ns,
			  .count = head->count,
			  .stored_bytes = head->stored_bytes,
			  .raw_bytes = head->raw_bytes,
			  .aux = head->aux};
	void *raw;

	if (head->kind == GTV_BLOCK_EVENTS && !s->info_seen)
		start_here(s, head->from_ns);
	if (head->kind != GTV_BLOCK_INFO && head->kind != GTV_BLOCK_NAMES)
		return 0;
	int rc = gtv_store__load(w->st, head->kind, &ref, &raw);
	if (!rc)
		rc = head->kind == GTV_BLOCK_INFO
			     ? take_info(s, raw, head->raw_bytes)
			     : gtv_names_read(w->st->names, raw, head->raw_bytes);
	free(raw);
	if (rc && rc != -GTV_ENOMEM)
		rc = gtv_store__note_gap(w->st, head->from_ns, head->from_ns,
					 GTV_HEAD_BYTES + head->stored_bytes);
	return rc;
}

/* ---- Reading ---- */

/* Waits for bytes: 1 there are, 0 the store is being closed. */
static int wait_bytes(const struct stream *s)
{
	struct pollfd fds[] = {{.fd = s->fd, .events = POLLIN},
			       {.fd = s->stop_fd, .events = POLLIN}};

	while (poll(fds, s->stop_fd >= 0 ? 2 : 1, -1) < 0 && errno == EINTR)
		;
	return s->stop_fd < 0 || !fds[1].revents;
}

/* Takes in what one read brings. 1, 0 at the end, or -GTV_E* and err. */
static int take_piece(struct stream *s, struct gtv_err *err)
{
	ssize_t n = read(s->fd, s->buf, PIECE);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n < 0)
		return gtv_err_set(err, GTV_EIO, s->name, NULL, "%s", strerror(errno));
	if (!n)
		s->walker.growing = 0;
	size_t kept = gtv_spool_write(s->st->fd, s->buf, (size_t)n, s->walker.size);
	int error = kept < (size_t)n ? errno : 0;
	s->walker.size += kept;
	if (gtv_walk__on(&s->walker))
		return gtv_err_set(err, GTV_ENOMEM, s->name, NULL, "no memory");
	return error ? gtv_spool_failed(error, s->name, err) : n > 0;
}

/* Nothing more comes: rc 0 the stream is over, else it failed. Returns 0. */
static int end(struct stream *s, int rc, const struct gtv_err *err)
{
	struct gtv_store *st = s->st;

	if (rc < 0) {
		st->err = *err;
		atomic_store_explicit(&st->failed, 1, memory_order_release);
		s->state = GTV_STREAM_FAILED;
	} else {
		pthread_rwlock_wrlock(&st->lock);
		st->stats.complete = s->walker.ended;
		pthread_rwlock_unlock(&st->lock);
		s->state = s->walker.ended ? GTV_STREAM_ENDED : GTV_STREAM_CUT;
	}
	/* Whoever writes learns that nobody reads any more. */
	close(s->fd);
	s->fd = -1;
	return 0;
}

static void *feed(void *stream)
{
	struct stream *s = stream;
	struct gtv_err err = {0};
	int rc = 1;

	while (rc > 0) {
		if (!wait_bytes(s))
			return NULL;
		rc = take_piece(s, &err);
	}
	end(s, rc, &err);
	return NULL;
}

/* ---- Beginning and end ---- */

/* Whether what came so far is to be refused: it is of a later version, or after so much
 * (or all) of it there is no block yet. 0, or -GTV_E* and err. */
static int refused(struct stream *s, int ended, struct gtv_err *err)
{
	const struct gtv_walker *w = &s->walker;
	int enough = ended || w->size > GTV_FIRST_BLOCK_WITHIN;
	struct gtv_err why = {0};

	if (!ended && w->size < GTV_HEAD_BYTES)
		return 0;
	int rc = gtv_store__recognise(w, s->name, &why);
	if (!rc || (rc != -GTV_EVERSION && (w->blocks || !enough)))
		return 0;
	*err = why;
	return rc;
}

/* Reads up to the first block, whatever it is. 1, 0 if the stream has ended as well,
 * or -GTV_E* and err. */
static int begin(struct stream *s, struct gtv_err *err)
{
	struct gtv_walker *w = &s->walker;
	int rc = 1;

	while (rc > 0 && !w->blocks) {
		gtv_progress_at(GTV_STEP_FIRST, w->size, 0);
		wait_bytes(s);
		rc = take_piece(s, err);
		int no = rc < 0 ? 0 : refused(s, !rc, err);
		if (no) {
			w->blocks = 0; /* what was walked over is not to be shown */
			return no;
		}
	}
	if (!rc && !w->blocks)
		return gtv_store__unreadable(s->name, err);
	return rc;
}

void gtv_stream__free(struct stream *s)
{
	if (!s)
		return;
	if (s->started) {
		close(s->hold_fd);
		s->hold_fd = -1;
		pthread_join(s->thread, NULL);
	}
	gtv_walk__fini(&s->walker);
	if (s->fd >= 0)
		close(s->fd);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	if (s->hold_fd >= 0)
		close(s->hold_fd);
	free(s->buf);
	free(s);
}

static int start_thread(struct stream *s, struct gtv_err *err)
{
	sigset_t all, old;

	int ends[2];

	if (pipe(ends))
		return gtv_err_set(err, GTV_EIO, s->name, NULL, "%s", strerror(errno));
	s->stop_fd = ends[0];
	s->hold_fd = ends[1];
	fcntl(s->stop_fd, F_SETFD, FD_CLOEXEC);
	fcntl(s->hold_fd, F_SETFD, FD_CLOEXEC);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&s->thread, NULL, feed, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return gtv_err_set(err, GTV_EIO, s->name, NULL, "%s", strerror(rc));
	s->started = 1;
	return 0;
}

static struct stream *stream_new(struct gtv_store *st, const char *name)
{
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->st = st;
	s->fd = s->stop_fd = s->hold_fd = -1;
	s->state = GTV_STREAM_GROWS;
	strncpy(s->name, name, sizeof s->name - 1);
	s->buf = malloc(PIECE);
	if (!s->buf || gtv_walk__init(&s->walker, st)) {
		gtv_stream__free(s);
		return NULL;
	}
	s->walker.growing = 1;
	s->walker.before = take_block;
	return s;
}

static int open_stream(struct gtv_store **out, int fd, const char *name,
		       struct gtv_err *err)
{
	int spool = gtv_spool_open();
	if (spool < 0) {
		int rc = gtv_spool_failed(errno, name, err);
		close(fd);
		return rc;
	}
	struct gtv_store *st = gtv_store__new_reader(spool);
	struct stream *s = st ? stream_new(st, name) : NULL;
	if (!s) {
		if (st)
			gtv_store__free(st);
		close(spool);
		close(fd);
		return gtv_err_set(err, GTV_ENOMEM, name, NULL, "no memory");
	}
	st->stream = s;
	s->fd = fd;
	struct gtv_err why = {0};
	int rc = begin(s, &why);
	if (rc > 0)
		rc = start_thread(s, &why);
	else if (!rc || s->walker.blocks)
		rc = end(s, rc, &why);
	if (rc && err)
		*err = why;
	if (rc < 0)
		gtv_store_close(st);
	else
		*out = st;
	return rc;
}

int gtv_store_open_stream(struct gtv_store **out, int fd, const char *name,
			  struct gtv_err *err)
{
	struct stat sb;

	*out = NULL;
	if (fstat(fd, &sb) || S_ISREG(sb.st_mode) || S_ISDIR(sb.st_mode))
		return gtv_store_open(out, fd, name, err);
	return open_stream(out, fd, name, err);
}

enum gtv_stream_state gtv_store_stream(const struct gtv_store *st)
{
	return st->stream ? st->stream->state : GTV_STREAM_NONE;
}
