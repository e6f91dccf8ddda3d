/* SPDX-License-Identifier: MIT
 *
 * Who asked for the trace.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tracer/launch/launch.h"

/* A decimal id from the environment; `none` if there is none, or it is nonsense. */
static unsigned env_id(const char *name, unsigned none)
{
	const char *text = getenv(name);
	char *end;

	if (!text || *text < '0' || *text > '9')
		return none;
	errno = 0;
	unsigned long id = strtoul(text, &end, 10);
	return errno || *end || id >= 0xffffffffu ? none : (unsigned)id;
}

int gtv_user_get(struct gtv_user *out, struct gtv_err *err)
{
	*out = (struct gtv_user){.uid = getuid(), .gid = getgid()};
	unsigned uid = geteuid() == 0 ? env_id("SUDO_UID", 0) : 0;

	if (uid) {
		out->uid = uid;
		out->sudo = 1;
	}
	const struct passwd *pw = getpwuid(out->uid);
	if (pw) {
		snprintf(out->name, sizeof out->name, "%s", pw->pw_name);
		snprintf(out->home, sizeof out->home, "%s", pw->pw_dir);
		if (out->sudo)
			out->gid = env_id("SUDO_GID", pw->pw_gid);
	}
	if (out->sudo && !pw)
		return gtv_err_set(err, GTV_EPERM, "sudo",
				   "unset SUDO_UID to run as root itself",
				   "SUDO_UID %u names no user to run the program as", uid);
	return 0;
}
