/* SPDX-License-Identifier: MIT
 *
 * `-p PID|NAME`: which process is meant, and whether we may look at it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/base/procs.h"
#include "tracer/cmd/cmd.h"

#define CAP_PTRACE 19 /* CAP_SYS_PTRACE */

static int has_ptrace(void)
{
	char line[256];
	unsigned long long caps = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	return (caps >> CAP_PTRACE & 1) != 0;
}

int gtv_cmd_attach_pid(const char *text, pid_t *pid, struct gtv_err *err)
{
	char why[160], what[96], mend[64];
	int rc = gtv_procs_find(text, pid, why, sizeof why);

	snprintf(what, sizeof what, "-p %.80s", text);
	if (rc < 0)
		return gtv_err_set(err, GTV_EIO, what,
				   rc == -GTV_EUSAGE ? "give the PID of one" : "see ps -e",
				   "%s", why);
	if (*pid == getpid())
		return gtv_err_set(err, GTV_EUSAGE, what, "another PID", "%s",
				   "that is gtviz itself");
	int64_t uid = gtv_procs_uid(*pid);
	if (uid >= 0 && (uid_t)uid != geteuid() && !has_ptrace()) {
		snprintf(mend, sizeof mend, "sudo gtviz -p %d", (int)*pid);
		return gtv_err_set(err, GTV_EPERM, what, mend, "%s",
				   "it is another user's process");
	}
	return 0;
}
