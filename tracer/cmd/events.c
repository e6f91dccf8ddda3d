/* SPDX-License-Identifier: MIT
 * `gtviz events FILE [--json|--csv] [--from T --to T --lane L --kind K]`.
 */
#include "tracer/cmd/events.h"

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"

#define OUT_BUFFER_BYTES (256u << 10)

struct job {
	struct gtv_events_printer printer;
	struct gtv_events_filter filter;
	uint64_t printed;
};

static uint64_t later(uint64_t start_ns, uint64_t by_ns)
{
	return by_ns > UINT64_MAX - start_ns ? UINT64_MAX : start_ns + by_ns;
}

static int set_times(struct job *job, const struct gtv_options *opts, struct gtv_err *err)
{
	uint64_t start = job->printer.start_ns;

	if (opts->from_ns != UINT64_MAX)
		job->filter.from_ns = later(start, opts->from_ns);
	if (opts->to_ns != UINT64_MAX)
		job->filter.to_ns = later(start, opts->to_ns);
	if (job->filter.from_ns > job->filter.to_ns)
		return gtv_err_set(err, GTV_EUSAGE, "--from", "", "it is later than --to");
	return 0;
}

static void print_item(struct job *job, const struct gtv_walk_item *item)
{
	if (item->gap && item->to_ns >= job->filter.from_ns) {
		gtv_events_print_gap(&job->printer, item);
		return;
	}
	for (size_t i = 0; i < item->count; i++) {
		if (!gtv_events_wanted(&job->filter, &item->evs[i]))
			continue;
		gtv_events_print(&job->printer, &item->evs[i]);
		job->printed++;
	}
}

static int print_all(struct job *job, const struct gtv_store *store, struct gtv_err *err)
{
	struct gtv_walk walk;
	struct gtv_walk_item item;
	int rc = gtv_walk_init(&walk, store, job->filter.from_ns);

	gtv_events_head(&job->printer);
	/* A reader that has seen enough (head) ends the walk. */
	while (!rc && !ferror(job->printer.f)) {
		rc = gtv_walk_next(&walk, &item);
		if (!rc && item.from_ns >= job->filter.to_ns)
			rc = 1;
		if (!rc)
			print_item(job, &item);
	}
	gtv_walk_fini(&walk);
	return rc < 0 ? gtv_err_set(err, -rc, "events", "",
				    rc == -GTV_ENOMEM ? "out of memory"
						      : "cannot be read to the end")
		      : 0;
}

/* A core that nothing happened on is as good as none: say so, rather than nothing. */
static int check_core(const struct job *job, const struct gtv_store *store,
		      struct gtv_err *err)
{
	struct gtv_store_info info;

	gtv_store_get_info(store, &info);
	if (job->printed || job->filter.lane_type != GTV_FIELD_CORE ||
	    job->filter.ids[0] < info.core_count)
		return 0;
	return gtv_err_set(err, GTV_ENOTFOUND, "--lane", "",
			   "there is no core C%u in this trace", job->filter.ids[0]);
}

static int run(struct job *job, const struct gtv_store *store,
	       const struct gtv_options *opts, struct gtv_err *err)
{
	struct gtv_store_info info;
	int rc;

	gtv_store_get_info(store, &info);
	job->printer = (struct gtv_events_printer){
		.f = stdout,
		.names = gtv_store_names(store),
		.format = opts->json  ? GTV_EVENTS_JSON
			  : opts->csv ? GTV_EVENTS_CSV
				      : GTV_EVENTS_TEXT,
		.start_ns = info.start_ns,
	};
	rc = gtv_events_filter_init(&job->filter, job->printer.names, opts->kind,
				    opts->lane, err);
	if (!rc)
		rc = set_times(job, opts, err);
	if (!rc)
		rc = print_all(job, store, err);
	if (!rc)
		rc = check_core(job, store, err);
	gtv_events_filter_fini(&job->filter);
	return rc;
}

int gtv_cmd_events(const struct gtv_options *opts)
{
	static char buffer[OUT_BUFFER_BYTES];
	struct gtv_err err = {0};
	struct gtv_store *store;
	struct job job = {.printed = 0};
	int rc;

	if (opts->json && opts->csv) {
		gtv_err_set(&err, GTV_EUSAGE, "--csv", "", "it cannot go with --json");
		return gtv_cmd_error(&err);
	}
	if (gtv_out_open(opts->file, &store, &err))
		return gtv_cmd_error(&err);
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	rc = run(&job, store, opts, &err) ? gtv_cmd_error(&err) : GTV_EXIT_GOOD;
	gtv_store_close(store);
	return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : rc;
}
