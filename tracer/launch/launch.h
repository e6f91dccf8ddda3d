/* SPDX-License-Identifier: MIT
 *
 * Starts the traced program exactly as its caller's shell would have, and keeps
 * it from ever running with what gtviz was lent: under sudo it runs as the
 * invoking user with that user's groups. It is held before its exec until the
 * sources are attached.
 */
#ifndef GTV_LAUNCH_H
#define GTV_LAUNCH_H

#include <sys/types.h>

#include "tracer/base/err.h"

/* Who asked: under sudo the invoking user, else ourselves. */
struct gtv_user {
	uid_t uid;
	gid_t gid;
	int sudo; /* differs from ourselves: privileges must be dropped */
	char name[64];
	char home[256];
};
int gtv_user_get(struct gtv_user *out, struct gtv_err *err);

struct gtv_launch_config {
	char *const *argv; /* argv[0] is looked up in PATH. Borrows */
	const struct gtv_user *user;
	int as_root;	       /* --as-root: do not change the user */
	const char *policy;    /* sets GT_POLICY; NULL: as it is */
	int ring_fd;	       /* lent as GTV_FD; -1 none */
	const char *ring_sock; /* GTV_SOCK; NULL none */
	int use_pty;	       /* its own pseudo-terminal (live), else stdio as ours */
	unsigned short rows, cols;
	int stdout_to_stderr; /* record -o - */
};

struct gtv_launch {
	pid_t pid;
	int pidfd;
	int pty;		/* master, non-blocking, or -1 */
	int hold_fd;		/* private */
	int err_fd;		/* private: exec's errno comes here */
	char name[128];		/* the program, for messages */
	int ended, wait_status; /* private: once reaped */
	int adopted;		/* it ran already, and is not our child */
};

/* Forks; the child stands before its exec, in its own process group when it has
 * its own terminal. -GTV_ENOTFOUND and -GTV_ENOEXEC are told here when they can
 * be seen beforehand. */
int gtv_launch_hold(struct gtv_launch *out, const struct gtv_launch_config *config,
		    struct gtv_err *err);
/* For a process that runs already: nothing is done to it. -GTV_EIO if it is gone. */
int gtv_launch_adopt(struct gtv_launch *out, pid_t pid, struct gtv_err *err);
/* gtv_launch_poll of such a one; a wait status of -1 is not known. */
int gtv_launch_poll_adopted(struct gtv_launch *launch, int *wait_status);
/* Lets it exec (once); returns when exec succeeded, or its error. */
int gtv_launch_go(struct gtv_launch *launch, struct gtv_err *err);
/* Has it ended? 0 and *wait_status (as often as asked), 1 still running. Never blocks;
 * pidfd polls. */
int gtv_launch_poll(struct gtv_launch *launch, int *wait_status);
void gtv_launch_close(struct gtv_launch *launch);
/* The exit status that gtviz takes on: the program's own, 128+N after signal N. */
int gtv_launch_exit_code(int wait_status);

/* For good: become the user (if sudo) and drop every capability; what is open
 * stays usable. keep_root: stay uid 0 without capabilities (so that a program
 * run --as-root can still be signalled). */
int gtv_privileges_drop(const struct gtv_user *user, int keep_root, struct gtv_err *err);
/* Opens a file for writing as the user: mode 0600, follows no planted link; an
 * own regular file is overwritten, anything else refused. -1 and err. "-" gives a
 * duplicate of stdout. */
int gtv_output_open(const char *path, const struct gtv_user *user, struct gtv_err *err);

#endif
