/* SPDX-License-Identifier: MIT */
#include "tracer/session/flight_copy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include "tracer/model/model.h"
#include "tracer/model/zoom.h"

#define CHECKPOINT_EVENTS 100000u
#define ZOOM_EVENTS	  100000u /* tiles are flushed so often, at least */
#define NICE		  10

struct making {
	struct gtv_flight_copy *copy;
	struct gtv_store *out;
	struct gtv_model *model;
	struct gtv_zoom *zoom;
	struct gtv_ev *evs;
	size_t next_output;
	uint64_t since_state, since_zoom; /* events */
	uint64_t state_bytes;		  /* of the file, at the last checkpoint */
	size_t state_size;
};

void gtv_flight_copy_yields(void)
{
	setpriority(PRIO_PROCESS, 0, NICE); /* this thread's, on Linux; lowering may all */
}

static void span_to_zoom(void *zoom, const struct gtv_span *span)
{
	gtv_zoom_span(zoom, span);
}

/* The state in which it begins; it has none if nothing was dropped yet. */
static int begin(struct making *m)
{
	const struct gtv_store *from = m->copy->from;
	size_t first = gtv_store_first_checkpoint(from), block, size;
	void *bytes;
	int rc;

	if (gtv_store_checkpoint(from, first, &m->copy->begin_ns, &block) ||
	    block > gtv_store_first_block(from)) {
		struct gtv_store_info all;

		gtv_store_get_info(from, &all);
		m->copy->begin_ns = all.start_ns;
		return 0;
	}
	if ((rc = gtv_store_load_checkpoint(from, first, &bytes, &size)))
		return rc;
	rc = gtv_model_restore(m->model, bytes, size);
	gtv_zoom_begin(m->zoom, m->copy->begin_ns);
	if (!rc)
		rc = gtv_store_put_checkpoint(m->out, m->copy->begin_ns, bytes, size);
	free(bytes);
	return rc;
}

static int open_all(struct making *m, struct gtv_err *err)
{
	struct gtv_store_info info;
	struct gtv_model_sink sink = {0};
	struct gtv_names *names = (struct gtv_names *)gtv_store_names(m->copy->from);

	gtv_store_get_info(m->copy->from, &info);
	int rc = gtv_store_create(&m->out, m->copy->fd, &info, names, err);
	if (rc < 0)
		return rc;
	m->zoom = gtv_zoom_new(m->out);
	sink.arg = m->zoom;
	sink.span = span_to_zoom;
	m->model = gtv_model_new(info.level, names, &sink);
	m->evs = malloc(GTV_BLOCK_MAX * sizeof *m->evs);
	if (!m->zoom || !m->model || !m->evs)
		return -GTV_ENOMEM;
	m->next_output = gtv_store_first_output(m->copy->from);
	return begin(m);
}

/* The program's output up to ts_ns: it stands before what comes later, as it did. */
static int copy_outputs(struct making *m, uint64_t ts_ns)
{
	int rc = 0;

	while (m->next_output < m->copy->outputs && !rc) {
		uint64_t at;
		void *bytes;
		size_t size;

		if (gtv_store_get_output(m->copy->from, m->next_output, &at, &bytes,
					 &size)) {
			m->next_output++;
			continue;
		}
		if (at > ts_ns) {
			free(bytes);
			return 0;
		}
		m->next_output++;
		rc = gtv_store_put_output(m->out, at, bytes, size);
		free(bytes);
	}
	return rc;
}

/* Seeking decodes from a checkpoint on. */
static int put_state(struct making *m, uint64_t ts_ns)
{
	struct gtv_store_stats stats;
	void *bytes;
	size_t size;

	gtv_store_get_stats(m->out, &stats);
	if (m->since_state < CHECKPOINT_EVENTS ||
	    stats.bytes - m->state_bytes < 2 * m->state_size ||
	    gtv_model_save(m->model, &bytes, &size) < 0)
		return 0;
	int rc = gtv_store_put_checkpoint(m->out, ts_ns, bytes, size);
	free(bytes);
	gtv_store_get_stats(m->out, &stats);
	m->since_state = 0;
	m->state_bytes = stats.bytes;
	m->state_size = size;
	return rc;
}

static int copy_block(struct making *m, size_t idx)
{
	long n = gtv_store_read(m->copy->from, idx, m->evs);

	if (n <= 0)
		return (int)n;
	uint64_t last_ns = m->evs[n - 1].ts_ns;
	int rc = gtv_model_feed(m->model, m->evs, (size_t)n);
	if (!rc)
		rc = gtv_store_append(m->out, m->evs, (size_t)n);
	if (!rc)
		rc = copy_outputs(m, last_ns);
	m->since_state += (uint64_t)n;
	m->since_zoom += (uint64_t)n;
	if (!rc)
		rc = put_state(m, last_ns);
	if (!rc && m->since_zoom >= ZOOM_EVENTS) {
		m->since_zoom = 0;
		rc = gtv_zoom_flush(m->zoom, last_ns, 0);
	}
	return rc;
}

static int copy_all(struct making *m, struct gtv_err *err)
{
	struct gtv_store_stats stats;
	int rc = open_all(m, err);

	for (size_t i = gtv_store_first_block(m->copy->from); i < m->copy->blocks && !rc;
	     i++)
		rc = copy_block(m, i);
	if (!rc)
		rc = copy_outputs(m, UINT64_MAX);
	if (rc)
		return rc;
	gtv_model_finish(m->model, m->copy->end_ns);
	rc = gtv_zoom_flush(m->zoom, m->copy->end_ns, 1);
	if (m->copy->wait_status != -1)
		gtv_store_set_exit(m->out, m->copy->wait_status);
	if (!rc)
		rc = gtv_store_finish(m->out);
	gtv_store_get_stats(m->out, &stats);
	m->copy->bytes = stats.bytes;
	return rc;
}

int gtv_flight_copy(struct gtv_flight_copy *copy, struct gtv_err *err)
{
	struct making m = {.copy = copy};
	int rc = copy_all(&m, err);

	if (rc < 0 && m.out && gtv_store_error(m.out)->code)
		*err = *gtv_store_error(m.out);
	else if (rc < 0 && !err->code)
		gtv_err_set(err, -rc, "--ring", "", "%s", "what is kept cannot be written");
	gtv_zoom_free(m.zoom);
	gtv_model_free(m.model);
	gtv_store_close(m.out);
	free(m.evs);
	return rc;
}
