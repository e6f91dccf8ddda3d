/* SPDX-License-Identifier: MIT */
#include "tracer/import/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/model/model.h"
#include "tracer/model/zoom.h"
#include "tracer/store/store.h"

#define CHECKPOINT_EVENTS 100000u
#define ZOOM_NS		  500000000ull
#define LEVEL		  2 /* the scheduler's tracepoints, as perf's */

struct gtv__write {
	int out_fd; /* until the first event: the trace's start is in its head */
	struct gtv_names *names;
	struct gtv_store *store;
	struct gtv_model *model;
	struct gtv_zoom *zoom;
	uint64_t now_ns, zoom_ns, events, lost;
	uint64_t checkpoint_events, checkpoint_bytes;
	size_t checkpoint_size;
};

struct gtv__write *gtv__write_new(int out_fd, struct gtv_err *err)
{
	struct gtv__write *w = calloc(1, sizeof *w);

	if (w)
		w->names = gtv_names_new();
	if (!w || !w->names) {
		gtv_err_set(err, GTV_ENOMEM, "import", "", "out of memory");
		close(out_fd);
		free(w);
		return NULL;
	}
	w->out_fd = out_fd;
	return w;
}

static void span_to_zoom(void *zoom, const struct gtv_span *span)
{
	gtv_zoom_span(zoom, span);
}

static int begin(struct gtv__write *w, uint64_t start_ns)
{
	struct gtv_store_info info = {.level = LEVEL,
				      .core_count = 1,
				      .start_ns = start_ns,
				      .uid = getuid(),
				      .exit_status = -1};
	struct gtv_model_sink sink = {.span = span_to_zoom};
	int fd = w->out_fd, rc;

	w->out_fd = -1;
	rc = gtv_store_create(&w->store, fd, &info, w->names, NULL);
	if (rc)
		return rc;
	w->zoom = gtv_zoom_new(w->store);
	sink.arg = w->zoom;
	w->model = w->zoom ? gtv_model_new(LEVEL, w->names, &sink) : NULL;
	w->now_ns = w->zoom_ns = start_ns;
	return w->model ? 0 : -GTV_ENOMEM;
}

/* Only what importers deliver, and in order; a core is a core. */
static int settle(const struct gtv__write *w, struct gtv_ev *ev)
{
	if ((ev->kind < GTV_EV_K_SWITCH || ev->kind > GTV_EV_K_EXIT) &&
	    ev->kind != GTV_EV_LOSS)
		return -1;
	if (ev->core < 0 || ev->core >= GTV__IMPORT_CORES)
		ev->core = GTV_CORE_NONE;
	if (ev->ts_ns < w->now_ns)
		ev->ts_ns = w->now_ns;
	return 0;
}

static void put_checkpoint(struct gtv__write *w)
{
	struct gtv_store_stats stats;
	void *bytes;
	size_t size;

	if (w->events - w->checkpoint_events < CHECKPOINT_EVENTS)
		return;
	w->checkpoint_events = w->events;
	gtv_store_get_stats(w->store, &stats);
	if (stats.bytes - w->checkpoint_bytes < 2 * w->checkpoint_size ||
	    gtv_model_save(w->model, &bytes, &size) < 0)
		return;
	gtv_store_put_checkpoint(w->store, w->now_ns, bytes, size);
	free(bytes);
	gtv_store_get_stats(w->store, &stats);
	w->checkpoint_bytes = stats.bytes;
	w->checkpoint_size = size;
}

static int write_one(struct gtv__write *w, const struct gtv_ev *from)
{
	struct gtv_ev ev = *from;
	int rc;

	if (!w->store && (rc = begin(w, ev.ts_ns)))
		return rc;
	if (settle(w, &ev))
		return 0;
	w->now_ns = ev.ts_ns;
	w->events++;
	w->lost += ev.kind == GTV_EV_LOSS ? ev.arg : 0;
	rc = gtv_model_feed(w->model, &ev, 1);
	return rc ? rc : gtv_store_append(w->store, &ev, 1);
}

int gtv__write_events(void *arg, const struct gtv_ev *evs, size_t count)
{
	struct gtv__write *w = arg;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		rc = write_one(w, &evs[i]);
	if (rc || !w->store)
		return rc;
	put_checkpoint(w);
	if (w->now_ns - w->zoom_ns >= ZOOM_NS) {
		w->zoom_ns = w->now_ns;
		rc = gtv_zoom_flush(w->zoom, w->now_ns, 0);
	}
	return rc;
}

int gtv__write_name(void *arg, enum gtv_class cls, const struct gtv_name *name)
{
	struct gtv__write *w = arg;
	struct gtv_name own = *name;

	if (cls != GTV_CLASS_PROCESS && cls != GTV_CLASS_THREAD)
		return 0;
	own.text[sizeof own.text - 1] = 0;
	own.extra[sizeof own.extra - 1] = 0;
	own.flags &= GTV_NAME_OURS;
	own.local = 0;
	return gtv_names_set(w->names, cls, &own);
}

static void set_facts(struct gtv__write *w, const struct gtv__facts *facts)
{
	char command[sizeof facts->command + sizeof facts->lacks + 64];

	snprintf(command, sizeof command, "%s%s[imported from %s%s%s]", facts->command,
		 facts->command[0] ? " " : "", facts->format, facts->lacks[0] ? ": " : "",
		 facts->lacks);
	gtv_store_set_origin(w->store, command, facts->host, facts->kernel);
	gtv_store_set_cores(w->store, facts->cores && facts->cores <= GTV__IMPORT_CORES
					      ? facts->cores
					      : 1);
}

int gtv__write_end(struct gtv__write *w, const struct gtv__facts *facts,
		   struct gtv_err *err)
{
	const struct gtv_err *failed;
	int rc;

	if (!w->store || !w->model)
		return gtv_err_set(err, GTV_EFORMAT, "import", "",
				   "there are no events of the scheduler in it");
	gtv_model_finish(w->model, w->now_ns);
	gtv_zoom_flush(w->zoom, w->now_ns, 1);
	set_facts(w, facts);
	rc = gtv_store_finish(w->store);
	failed = gtv_store_error(w->store);
	if (failed && failed->code) {
		*err = *failed;
		return -failed->code;
	}
	return rc ? gtv_err_set(err, -rc, "import", "", "the trace cannot be written") : 0;
}

uint64_t gtv__write_count(const struct gtv__write *w)
{
	return w->events;
}

uint64_t gtv__write_lost(const struct gtv__write *w)
{
	return w->lost;
}

void gtv__write_free(struct gtv__write *w)
{
	if (w->out_fd >= 0)
		close(w->out_fd);
	gtv_model_free(w->model);
	if (w->zoom)
		gtv_zoom_free(w->zoom);
	if (w->store)
		gtv_store_close(w->store);
	gtv_names_free(w->names);
	free(w);
}
