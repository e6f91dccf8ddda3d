/* SPDX-License-Identifier: MIT
 *
 * How gtviz gives its privileges away, for good.
 */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#ifdef GTV_HAVE_CAP
#include <sys/capability.h>
#else
#include <linux/capability.h>
#include <sys/syscall.h>
#endif

#include "tracer/launch/launch.h"

#ifdef GTV_HAVE_CAP
static int drop_capabilities(void)
{
	cap_t none = cap_init();

	if (!none)
		return -1;
	int rc = cap_set_proc(none);
	cap_free(none);
	return rc;
}
#else
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	return (int)syscall(SYS_capset, &head, none);
}
#endif

int gtv_privileges_drop(const struct gtv_user *user, int keep_root, struct gtv_err *err)
{
	if (user->sudo && !keep_root && geteuid() == 0) {
		if (initgroups(user->name, user->gid) < 0 ||
		    setresgid(user->gid, user->gid, user->gid) < 0 ||
		    setresuid(user->uid, user->uid, user->uid) < 0)
			return gtv_err_set(err, GTV_EPERM, "privileges", "",
					   "cannot become user %u: %s", user->uid,
					   strerror(errno));
		if (setresuid(0, 0, 0) == 0)
			return gtv_err_set(err, GTV_EPERM, "privileges", "", "%s",
					   "they came back after they were dropped");
		/* The kernel made us undumpable, and it stays so: what we hold (the
		 * kernel's rings) is not for other processes of the user to take. */
	}
	/* Ambient ones first: they would come back with an exec, which we never do. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (drop_capabilities() < 0)
		return gtv_err_set(err, GTV_EPERM, "privileges", "",
				   "cannot drop the capabilities: %s", strerror(errno));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}
