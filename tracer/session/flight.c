/* SPDX-License-Identifier: MIT */
#include "tracer/session/flight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURN_EVENTS_MIN 1000u /* a spool is worth its names */

/* A spool, and the state at its beginning; NULL: it is the session's first. */
struct spool {
	struct gtv_store *store;
	void *state;
	size_t state_bytes;
	uint64_t from_ns;
};

struct gtv_flight {
	int fd;
	struct gtv_store_info info;
	struct gtv_names *names;
	uint64_t max_bytes, max_ns;
	struct spool old, now; /* now.store: the session's */
};

struct gtv_flight *gtv_flight_new(int out_fd, const struct gtv_store_info *info,
				  struct gtv_names *names, uint64_t max_bytes,
				  uint64_t max_ns)
{
	struct gtv_flight *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->fd = out_fd;
	f->info = *info;
	f->names = names;
	f->max_bytes = max_bytes;
	f->max_ns = max_ns;
	f->now.from_ns = info->start_ns;
	return f;
}

static void drop(struct spool *spool)
{
	if (spool->store)
		gtv_store_close(spool->store);
	free(spool->state);
	*spool = (struct spool){0};
}

void gtv_flight_free(struct gtv_flight *f)
{
	if (!f)
		return;
	f->now.store = NULL; /* the session's */
	drop(&f->old);
	drop(&f->now);
	close(f->fd);
	free(f);
}

static int is_full(const struct gtv_flight *f, const struct gtv_store *store,
		   uint64_t ts_ns)
{
	struct gtv_store_stats stats;

	gtv_store_get_stats(store, &stats);
	if (stats.events < TURN_EVENTS_MIN)
		return 0;
	return (f->max_bytes && stats.bytes >= f->max_bytes / 2) ||
	       (f->max_ns && ts_ns > f->now.from_ns && ts_ns - f->now.from_ns >= f->max_ns);
}

int gtv_flight_turn(struct gtv_flight *f, struct gtv_store **store,
		    const struct gtv_model *model, uint64_t ts_ns)
{
	struct spool next = {.from_ns = ts_ns};
	struct gtv_err err = {0};
	int rc;

	if (!is_full(f, *store, ts_ns))
		return 0;
	rc = gtv_model_save(model, &next.state, &next.state_bytes);
	if (!rc)
		rc = gtv_store_flush(*store, 0);
	if (!rc)
		rc = gtv_store_create_temp(&next.store, &f->info, f->names, &err);
	if (rc < 0) {
		drop(&next);
		return rc;
	}
	drop(&f->old);
	f->old = f->now;
	f->old.store = *store;
	*store = next.store;
	next.store = NULL;
	f->now = next;
	return 1;
}

/* ----------------------------------------------------------------- writing */

/* No zoom summaries: what is kept is bounded, and a wide look decodes it. */
struct copy {
	struct gtv_store *out;
	struct gtv_ev *evs;
};

/* Takes fd. */
static int copy_begin(struct copy *c, const struct gtv_flight *f, int fd,
		      const struct spool *first, struct gtv_err *err)
{
	int rc;

	if (fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		if (fd >= 0)
			close(fd);
		return gtv_err_set(err, GTV_EIO, "--ring", "", "%s", strerror(errno));
	}
	rc = gtv_store_create(&c->out, fd, &f->info, f->names, err);
	if (rc < 0)
		return rc;
	c->evs = malloc(GTV_BLOCK_MAX * sizeof *c->evs);
	if (!c->evs)
		return gtv_err_set(err, GTV_ENOMEM, "--ring", "", "out of memory");
	return first->state ? gtv_store_put_checkpoint(c->out, first->from_ns, first->state,
						       first->state_bytes)
			    : 0;
}

static int copy_spool(struct copy *c, const struct gtv_store *store)
{
	int rc = 0;

	for (size_t i = 0; i < gtv_store_block_count(store) && !rc; i++) {
		long n = gtv_store_read(store, i, c->evs);
		if (n < 0)
			return (int)n;
		rc = gtv_store_append(c->out, c->evs, (size_t)n);
	}
	return rc;
}

static int copy_all(struct copy *c, const struct gtv_flight *f, struct gtv_store *store,
		    int wait_status)
{
	int rc = f->old.store ? copy_spool(c, f->old.store) : 0;

	if (!rc)
		rc = copy_spool(c, store);
	if (rc)
		return rc;
	if (wait_status != -1)
		gtv_store_set_exit(c->out, wait_status);
	return gtv_store_finish(c->out);
}

int gtv_flight_write(struct gtv_flight *f, struct gtv_store *store, int wait_status,
		     struct gtv_err *err)
{
	return gtv_flight_write_to(f, fcntl(f->fd, F_DUPFD_CLOEXEC, 3), store, wait_status,
				   err);
}

int gtv_flight_write_to(struct gtv_flight *f, int fd, struct gtv_store *store,
			int wait_status, struct gtv_err *err)
{
	struct copy c = {0};
	int flushed = gtv_store_flush(store, 0);
	int rc = copy_begin(&c, f, fd, f->old.store ? &f->old : &f->now, err);

	if (!rc)
		rc = flushed;
	if (!rc)
		rc = copy_all(&c, f, store, wait_status);
	if (rc < 0 && c.out && gtv_store_error(c.out) && gtv_store_error(c.out)->code)
		*err = *gtv_store_error(c.out);
	else if (rc < 0 && !err->code)
		gtv_err_set(err, -rc, "--ring", "", "%s", "what is kept cannot be written");
	if (c.out)
		gtv_store_close(c.out);
	free(c.evs);
	return rc;
}
