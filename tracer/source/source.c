/* SPDX-License-Identifier: MIT
 *
 * The ladder of kernel sources, highest first.
 */
#include "tracer/source/source.h"

const struct gtv_source_ops *const gtv_sources[] = {
	&gtv_source_bpf,
	&gtv_source_tracepoint,
	&gtv_source_perf,
	NULL,
};
