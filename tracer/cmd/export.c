/* SPDX-License-Identifier: MIT
 * `gtviz export FILE --to chrome|perfetto -o OUT`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "tracer/base/progress.h"
#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"
#include "tracer/cmd/walk.h"
#include "tracer/export/export.h"
#include "tracer/launch/launch.h"

#define OUT_BUFFER_BYTES (1u << 20)

static int out_of_memory(struct gtv_err *err)
{
	return gtv_err_set(err, GTV_ENOMEM, "export", "", "out of memory");
}

/* Where the trace begins, and its last event: as report has them. */
static void range_of(const struct gtv_store *store, uint64_t *start_ns, uint64_t *end_ns)
{
	struct gtv_store_info info;
	uint64_t from;

	gtv_store_get_info(store, &info);
	*start_ns = info.start_ns;
	if (gtv_store_range(store, &from, end_ns))
		from = *end_ns = *start_ns;
	else
		(*end_ns)--;
	if (!*start_ns || *start_ns > *end_ns)
		*start_ns = from;
}

static int export_item(struct gtv_export *x, const struct gtv_walk_item *item,
		       uint64_t end_ns)
{
	uint64_t to = item->to_ns < end_ns ? item->to_ns : end_ns;
	uint64_t from = item->from_ns < to ? item->from_ns : to;

	if (!item->gap)
		return gtv_export_events(x, item->evs, item->count);
	return gtv_export_gap(x, from, to, item->gap_bytes);
}

static int export_all(const struct gtv_store *store, enum gtv_export_format format, FILE *f,
		      const atomic_int *stop, struct gtv_err *err)
{
	uint64_t start_ns, end_ns;
	struct gtv_walk walk;
	struct gtv_walk_item item;
	int rc;

	range_of(store, &start_ns, &end_ns);

	struct gtv_export *x = gtv_export_new(format, f, store, start_ns);

	rc = gtv_walk_init(&walk, store, 0);
	if (!x)
		rc = -GTV_ENOMEM;
	while (!rc && !ferror(f) && !(stop && atomic_load(stop))) {
		rc = gtv_walk_next(&walk, &item);
		if (!rc)
			rc = export_item(x, &item, end_ns);
		if (!rc && item.from_ns >= start_ns && item.from_ns < end_ns)
			gtv_progress_at(GTV_STEP_WRITE, item.from_ns - start_ns,
					end_ns - start_ns);
	}
	if (rc == 1)
		rc = gtv_export_finish(x, end_ns);
	gtv_walk_fini(&walk);
	gtv_export_free(x);
	if (rc == -GTV_ENOMEM)
		return out_of_memory(err);
	return rc < 0 ? gtv_err_set(err, -rc, "events", "", "cannot be read to the end")
		      : 0;
}

/* Opens the output, as whom gtviz became when it opened the trace. */
static FILE *open_output(const char *output, struct gtv_err *err)
{
	struct gtv_user user;
	int fd;

	if (gtv_user_get(&user, err))
		return NULL;
	fd = gtv_output_open(output, &user, err);
	if (fd < 0)
		return NULL;

	FILE *f = fdopen(fd, "w");

	if (!f) {
		gtv_err_set(err, GTV_EIO, output, "", "%s", strerror(errno));
		close(fd);
	}
	return f;
}

/* 0, or 1 after saying why not. A reader that went away needs no line. */
static int close_output(FILE *f, const char *path)
{
	struct gtv_err err;
	int bad = ferror(f), why = errno;

	if (fclose(f)) {
		bad = 1;
		why = errno;
	}
	if (!bad)
		return GTV_EXIT_GOOD;
	if (why != EPIPE) {
		gtv_err_set(&err, GTV_EIO, path, "", "%s", strerror(why));
		gtv_cmd_error(&err);
	}
	return GTV_EXIT_FAILED;
}

static int no_format(const char *what, const char *format, struct gtv_err *err)
{
	return gtv_err_set(err, GTV_EUSAGE, what, "perfetto or chrome",
			   "there is no format \"%.60s\"", format);
}

int gtv_cmd_export_store(const struct gtv_store *store, const char *format,
			 const char *output, const atomic_int *stop, struct gtv_err *err)
{
	enum gtv_export_format to = gtv_export_format(format);
	FILE *f = NULL;
	int rc, why;

	if (to == GTV_EXPORT_NONE)
		return no_format("export", format, err);
	if (!(f = open_output(output, err)))
		return -GTV_EIO;
	rc = export_all(store, to, f, stop, err);
	why = ferror(f) ? EIO : 0;
	if (fclose(f))
		why = errno;
	if (!rc && why)
		rc = gtv_err_set(err, GTV_EIO, output, "", "%s", strerror(why));
	return rc;
}

int gtv_cmd_export(const struct gtv_options *opts)
{
	static char buffer[OUT_BUFFER_BYTES];
	enum gtv_export_format format = gtv_export_format(opts->to_format);
	struct gtv_err err = {0};
	struct gtv_store *store;
	FILE *f;
	int rc;

	if (format == GTV_EXPORT_NONE) {
		no_format("--to", opts->to_format, &err);
		return gtv_cmd_error(&err);
	}
	if (!strcmp(opts->output, "-") && isatty(STDOUT_FILENO)) {
		gtv_err_set(&err, GTV_EUSAGE, "-o -", "redirect it, or name a file", "%s",
			    "an export is not for a terminal");
		return gtv_cmd_error(&err);
	}
	if (gtv_out_open(opts->file, &store, &err))
		return gtv_cmd_error(&err);
	f = open_output(opts->output, &err);
	if (!f) {
		gtv_store_close(store);
		return gtv_cmd_error(&err);
	}
	__fsetlocking(f, FSETLOCKING_BYCALLER); /* nobody else writes there */
	setvbuf(f, buffer, _IOFBF, sizeof buffer);
	rc = export_all(store, format, f, NULL, &err) ? gtv_cmd_error(&err) : GTV_EXIT_GOOD;
	gtv_store_close(store);
	return close_output(f, opts->output) || rc ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
}
