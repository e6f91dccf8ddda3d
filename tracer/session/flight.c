/* SPDX-License-Identifier: MIT */
#include "tracer/session/flight.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/session/flight_copy.h"

#define STATE_EVENTS_MIN 1000u /* a checkpoint is worth its bytes */
#define PARTS		 8u    /* what is dropped at once: one of so many */
#define NAMES_MAX	 9999u /* files beside each other */

struct gtv_flight {
	struct gtv_flight_config config;
	struct gtv_store *store;
	uint64_t state_ns, state_bytes, state_events; /* at the last checkpoint */
	unsigned number;			      /* of the next file */
	pthread_t thread;
	int thread_started; /* and not joined */
	struct gtv_flight_copy copy;
	pthread_mutex_t lock; /* guards told */
	struct gtv_flight_told told;
};

struct gtv_flight *gtv_flight_new(const struct gtv_flight_config *config,
				  struct gtv_store *store)
{
	struct gtv_flight *f = calloc(1, sizeof *f);
	struct gtv_store_info info;

	if (!f)
		return NULL;
	gtv_store_get_info(store, &info);
	f->config = *config;
	f->store = store;
	f->number = 1;
	f->state_ns = info.start_ns;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

static void join(struct gtv_flight *f)
{
	if (f->thread_started)
		pthread_join(f->thread, NULL);
	f->thread_started = 0;
}

void gtv_flight_free(struct gtv_flight *f)
{
	if (!f)
		return;
	join(f);
	if (f->config.fd >= 0)
		close(f->config.fd);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

void gtv_flight_told(struct gtv_flight *f, struct gtv_flight_told *out)
{
	pthread_mutex_lock(&f->lock);
	*out = f->told;
	pthread_mutex_unlock(&f->lock);
}

static int is_writing(struct gtv_flight *f)
{
	pthread_mutex_lock(&f->lock);
	int writing = f->told.writing;
	pthread_mutex_unlock(&f->lock);
	return writing;
}

/* ---- what is kept ---- */

int gtv_flight_wants_state(const struct gtv_flight *f, uint64_t ts_ns)
{
	const struct gtv_flight_config *c = &f->config;
	struct gtv_store_stats stats;

	gtv_store_get_stats(f->store, &stats);
	if (stats.events - f->state_events < STATE_EVENTS_MIN)
		return 0;
	return (c->max_bytes && stats.bytes - f->state_bytes >= c->max_bytes / PARTS) ||
	       (c->max_ns && ts_ns > f->state_ns &&
		ts_ns - f->state_ns >= c->max_ns / PARTS);
}

void gtv_flight_state(struct gtv_flight *f, uint64_t ts_ns)
{
	struct gtv_store_stats stats;

	gtv_store_get_stats(f->store, &stats);
	f->state_ns = ts_ns;
	f->state_bytes = stats.bytes;
	f->state_events = stats.events;
}

#define NONE SIZE_MAX

/* The checkpoint to begin with, or NONE if that need not change. By time: the
 * last that leaves as much as is wanted. By size: the first that leaves less than is
 * allowed by a part. */
static size_t new_beginning(const struct gtv_flight *f, uint64_t ts_ns)
{
	const struct gtv_flight_config *c = &f->config;
	size_t best = NONE, block;
	struct gtv_block_info info;
	struct gtv_store_stats stats;
	uint64_t at;

	gtv_store_get_stats(f->store, &stats);
	if (c->max_bytes && stats.bytes - stats.dropped_bytes <= c->max_bytes)
		return NONE;
	for (size_t i = gtv_store_first_checkpoint(f->store);
	     !gtv_store_checkpoint(f->store, i, &at, &block) &&
	     !gtv_store_block(f->store, block, &info);
	     i++) {
		if (c->max_ns && at + c->max_ns > ts_ns)
			break;
		best = i;
		if (c->max_bytes &&
		    stats.bytes - info.offset <= c->max_bytes - c->max_bytes / PARTS)
			break;
	}
	return best;
}

void gtv_flight_turn(struct gtv_flight *f, uint64_t ts_ns)
{
	size_t best = is_writing(f) ? NONE : new_beginning(f, ts_ns);

	if (best != NONE)
		gtv_store_drop(f->store, best);
}

/* ---- where it is written ---- */

/* "x.gtv", "x-2.gtv", "x-3.gtv"… */
static void name_of(const char *path, unsigned number, char *out, size_t size)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');

	if (!dot || dot == path || (slash && dot <= slash + 1))
		dot = path + strlen(path);
	if (number == 1)
		snprintf(out, size, "%s", path);
	else
		snprintf(out, size, "%.*s-%u%s", (int)(dot - path), path, number, dot);
}

/* A new file: -GTV_E* and err, or its descriptor; *path is its name. By now we have no
 * privilege left: who asked must be allowed to. */
static int open_next(struct gtv_flight *f, char *path, size_t size, struct gtv_err *err)
{
	if (f->number == 1 && f->config.fd >= 0) {
		int fd = f->config.fd;
		name_of(f->config.path, f->number++, path, size);
		f->config.fd = -1;
		return fd;
	}
	for (; f->number <= NAMES_MAX; f->number++) {
		name_of(f->config.path, f->number, path, size);
		int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			      0600);
		if (fd >= 0) {
			f->number++;
			return fd;
		}
		if (errno != EEXIST)
			return gtv_err_set(err, GTV_EIO, path, "name another file with -o",
					   "%s", strerror(errno));
	}
	return gtv_err_set(err, GTV_EEXIST, path, "remove some",
			   "there are too many files of that name");
}

static void tell_end(struct gtv_flight *f, const struct gtv_err *err)
{
	pthread_mutex_lock(&f->lock);
	f->told.writing = 0;
	f->told.written++;
	f->told.err = *err;
	f->told.bytes = f->copy.bytes;
	f->told.kept_ns =
		f->copy.end_ns > f->copy.begin_ns ? f->copy.end_ns - f->copy.begin_ns : 0;
	pthread_mutex_unlock(&f->lock);
	if (f->config.told)
		f->config.told(f->config.arg);
}

/* Everything but the copying itself. */
static int prepare(struct gtv_flight *f, uint64_t end_ns, int wait_status)
{
	struct gtv_err err = {0};
	char path[sizeof f->told.path] = "";

	gtv_store_flush(f->store, 0); /* refused when it was finished, and all is there */
	memset(&f->copy, 0, sizeof f->copy);
	f->copy.from = f->store;
	f->copy.end_ns = end_ns;
	f->copy.wait_status = wait_status;
	f->copy.fd = open_next(f, path, sizeof path, &err);
	f->copy.blocks = gtv_store_block_count(f->store);
	f->copy.outputs = gtv_store_output_count(f->store);
	pthread_mutex_lock(&f->lock);
	f->told.writing = 1;
	snprintf(f->told.path, sizeof f->told.path, "%s", path);
	pthread_mutex_unlock(&f->lock);
	if (f->copy.fd >= 0)
		return 0;
	tell_end(f, &err);
	return -err.code;
}

static void *write_it(void *arg)
{
	struct gtv_flight *f = arg;
	struct gtv_err err = {0};

	gtv_flight_copy_yields();
	gtv_flight_copy(&f->copy, &err);
	tell_end(f, &err);
	return NULL;
}

int gtv_flight_write(struct gtv_flight *f, uint64_t end_ns)
{
	if (is_writing(f))
		return -GTV_EUSAGE;
	join(f);
	int rc = prepare(f, end_ns, -1);
	if (rc)
		return rc;
	rc = pthread_create(&f->thread, NULL, write_it, f);
	f->thread_started = !rc;
	if (rc) { /* then here */
		struct gtv_err err = {0};
		gtv_flight_copy(&f->copy, &err);
		tell_end(f, &err);
	}
	return 0;
}

void gtv_flight_wait(struct gtv_flight *f)
{
	join(f);
}

int gtv_flight_finish(struct gtv_flight *f, uint64_t end_ns, int wait_status)
{
	struct gtv_err err = {0};

	join(f);
	int rc = prepare(f, end_ns, wait_status);
	if (rc)
		return rc;
	rc = gtv_flight_copy(&f->copy, &err);
	tell_end(f, &err);
	return rc;
}
