/* SPDX-License-Identifier: MIT
 * `gtviz report FILE [--json]`.
 */
#include "tracer/cmd/report.h"

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/out.h"

int gtv_cmd_report(const struct gtv_options *opts)
{
	struct gtv_err err = {0};
	struct gtv_store *store;
	struct gtv_report report;

	if (gtv_out_open(opts->file, &store, &err))
		return gtv_cmd_error(&err);

	int rc = gtv_report_read(&report, store, NULL, NULL, &err) ? gtv_cmd_error(&err)
		 : opts->json ? gtv_report_json(&report, stdout)
			      : gtv_report_text(&report, stdout);

	gtv_report_fini(&report);
	gtv_store_close(store);
	return gtv_out_flush(stdout) ? GTV_EXIT_FAILED : rc;
}
