/* SPDX-License-Identifier: MIT
 *
 * What privileges.c and output_as.c are in a gtviz that only views (make REPLAY_ONLY=1):
 * it opens no source, so all it has to give away is root itself.
 */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "tracer/launch/output.h"

int gtv_privileges_drop(const struct gtv_user *user, int keep_root, struct gtv_err *err)
{
	if (!user->sudo || keep_root || geteuid() != 0)
		return 0;
	if (initgroups(user->name, user->gid) < 0 || setgid(user->gid) < 0 ||
	    setuid(user->uid) < 0)
		return gtv_err_set(err, GTV_EPERM, "privileges", "",
				   "cannot become user %u: %s", user->uid, strerror(errno));
	if (setuid(0) == 0)
		return gtv_err_set(err, GTV_EPERM, "privileges", "", "%s",
				   "they came back after they were dropped");
	return 0;
}

int gtv_output__as(const char *path, const struct gtv_user *user, int *created)
{
	/* Who asked is who we are: the trace was opened before, and root was dropped. */
	if (user->sudo && geteuid() == 0) {
		errno = EPERM;
		return -1;
	}
	return gtv_output__careful(path, created);
}
