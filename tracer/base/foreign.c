/* SPDX-License-Identifier: MIT */
#include "tracer/base/foreign.h"

#include <string.h>

const char *gtv_foreign(const void *bytes, size_t size)
{
	if (size >= 8 && (!memcmp(bytes, "PERFILE2", 8) || !memcmp(bytes, "2ELIFREP", 8)))
		return GTV_FOREIGN_PERF;
	if (size >= 10 && !memcmp(bytes, "\x17\x08\x44tracing", 10))
		return GTV_FOREIGN_DAT;
	return NULL;
}
