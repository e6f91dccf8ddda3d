/* SPDX-License-Identifier: MIT
 *
 * One talk of a user at a time: its notes are at a place of his, so the talks of two tests
 * that run side by side, in two clones say, would take each other's readers.
 */
#ifndef ONE_TALK_H
#define ONE_TALK_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* Waits until no other test gives a talk; from then on to its end this one does. Where that
 * cannot be, nobody is waited for. */
static inline void one_talk(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/gtv-talk-test-%u", (unsigned)geteuid());
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX))
		close(fd);
}

#endif
