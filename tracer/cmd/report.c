/* SPDX-License-Identifier: MIT
 * `gtviz report FILE [--json]`.
 */
#include "tracer/cmd/report.h"

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"

/* After the trace's start, as events has it. */
static uint64_t later(uint64_t start_ns, uint64_t by_ns)
{
	return by_ns > UINT64_MAX - start_ns ? UINT64_MAX : start_ns + by_ns;
}

static int read_trace(struct gtv_report *r, const struct gtv_store *store,
		      const struct gtv_options *opts, struct gtv_err *err)
{
	uint64_t start_ns, end_ns;
	struct gtv_store_info info;

	if (!gtv_options_given(opts, GTV_OPTION_FROM) &&
	    !gtv_options_given(opts, GTV_OPTION_TO))
		return gtv_report_read(r, store, NULL, NULL, err);
	gtv_store_get_info(store, &info);
	start_ns = info.start_ns;
	if (!start_ns && gtv_store_range(store, &start_ns, &end_ns))
		start_ns = 0;
	return gtv_report_read_part(
		r, store,
		gtv_options_given(opts, GTV_OPTION_FROM) ? later(start_ns, opts->from_ns)
							 : 0,
		gtv_options_given(opts, GTV_OPTION_TO) ? later(start_ns, opts->to_ns)
						       : UINT64_MAX,
		err);
}

int gtv_cmd_report(const struct gtv_options *opts)
{
	struct gtv_err err = {0};
	struct gtv_store *store;
	struct gtv_report report = {.with_waits = opts->waits};

	if (gtv_out_open(opts->file, &store, &err))
		return gtv_cmd_error(&err);

	int rc = read_trace(&report, store, opts, &err) ? gtv_cmd_error(&err)
		 : opts->json				? gtv_report_json(&report, stdout)
							: gtv_report_text(&report, stdout);

	gtv_report_fini(&report);
	gtv_store_close(store);
	return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : rc;
}
