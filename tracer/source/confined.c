/* SPDX-License-Identifier: MIT
 *
 * A container refuses in two ways: it takes the capabilities away, and its seccomp filter
 * refuses the calls whoever makes them. What the process has says which it is.
 */
#include "tracer/source/confined.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT	  38
#define CAP_BPF_BIT	  39
#define FILTER		  2 /* SECCOMP_MODE_FILTER, as /proc tells it */

#define MEND                                                                               \
	"in a container: docker run --cap-add BPF --cap-add PERFMON, and a seccomp "       \
	"profile that allows bpf and perf_event_open; or run gtviz outside"

/* A number of /proc/self/status, by the word before it; 0 if it is not there. */
static uint64_t status_number(const char *word, int base)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t value = 0;
	size_t len = strlen(word);

	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (!strncmp(line, word, len))
			value = strtoull(line + len, NULL, base);
	fclose(f);
	return value;
}

int gtv_source_confined(const char *what, const char *call, struct gtv_err *err)
{
	uint64_t caps, admin = 1ull << CAP_SYS_ADMIN_BIT;
	uint64_t tracing = 1ull << CAP_PERFMON_BIT | 1ull << CAP_BPF_BIT;

	if (status_number("Seccomp:", 10) != FILTER)
		return 0;
	caps = status_number("CapEff:", 16);
	if ((caps & admin) || (caps & tracing) == tracing)
		return gtv_err_set(err, GTV_EPERM, what, MEND,
				   "a seccomp filter refuses %s, as in a container", call);
	return gtv_err_set(
		err, GTV_EPERM, what, MEND,
		"needs CAP_BPF and CAP_PERFMON, and a seccomp filter is in force, "
		"as in a container");
}
