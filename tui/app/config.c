/* SPDX-License-Identifier: MIT */
#include "tui/app/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/cmd/doctor.h"
#include "tracer/launch/launch.h"

/* Under sudo root's environment says nothing of the user who asked. */
static void find_path(struct tui_config_file *file, const struct gtv_user *user)
{
	const char *xdg = user->sudo ? NULL : getenv("XDG_CONFIG_HOME");
	const char *home = user->sudo ? NULL : getenv("HOME");

	file->path[0] = '\0';
	if (!home || home[0] != '/')
		home = user->home;
	/* The specification: a path that is not absolute is to be ignored. */
	if (xdg && xdg[0] == '/')
		snprintf(file->path, sizeof(file->path), "%s/gtviz/config", xdg);
	else if (home[0] == '/')
		snprintf(file->path, sizeof(file->path), "%s/.config/gtviz/config", home);
}

/* NULL, or why it is not read. */
static const char *refusal(int fd, const struct gtv_user *user, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a plain file";
	/* What is root's own may be read by root's friends; by sudo only the user's own. */
	if (st.st_uid != user->uid && (user->sudo || st.st_uid != 0))
		return "it belongs to somebody else";
	if (st.st_mode & S_IWOTH)
		return "everybody may write it";
	if (st.st_size > TUI_CONFIG_BYTES_MAX)
		return "it is larger than settings ever are";
	*size = (size_t)st.st_size;
	return NULL;
}

/* Reads at most `size` bytes. -1 and errno. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int tell_of_file(const struct tui_config_file *file, const char *why,
			void (*tell)(void *arg, const struct gtv_err *err), void *arg)
{
	struct gtv_err err = {0};

	gtv_err_set(&err, GTV_EPERM, file->path, "gtviz goes on without it", "%s", why);
	if (tell)
		tell(arg, &err);
	return 1;
}

int tui_config_read(struct tui_config_file *file, struct tui_settings *s,
		    struct tui_keymap *map,
		    void (*tell)(void *arg, const struct gtv_err *err), void *arg)
{
	struct gtv_user user;
	const char *why;
	size_t size = 0;
	int bad = 0;

	memset(file, 0, sizeof(*file));
	if (gtv_user_get(&user, NULL))
		return 0;
	find_path(file, &user);
	if (!file->path[0])
		return 0;
	/* Neither a pipe nor a device may keep us waiting. */
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
					  (user.sudo ? O_NOFOLLOW : 0));

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : tell_of_file(file, strerror(errno), tell, arg);
	why = refusal(fd, &user, &size);
	char *bytes = why ? NULL : malloc(size + 1);
	ssize_t got = bytes ? read_all(fd, bytes, size) : 0;

	if (!why && (!bytes || got < 0))
		why = bytes ? strerror(errno) : "out of memory";
	if (why) {
		bad = tell_of_file(file, why, tell, arg);
	} else {
		file->found = 1;
		bad = tui_config_parse(bytes, (size_t)got, file->path, s, map, tell, arg);
	}
	free(bytes);
	close(fd);
	return bad;
}

static void note_problem(void *arg, const struct gtv_err *err)
{
	struct gtv_doctor_settings *out = arg;

	if (out->problem_count < GTV_DOCTOR_PROBLEMS)
		gtv_err_line(err, out->problem[out->problem_count++],
			     sizeof(out->problem[0]));
}

void tui_config_doctor(struct gtv_doctor_settings *out)
{
	static struct tui_keymap map;
	struct tui_config_file file;
	struct tui_settings s;

	tui_settings_init(&s);
	out->problem_count = 0;
	tui_config_read(&file, &s, &map, note_problem, out);
	snprintf(out->file, sizeof(out->file), "%s", file.path);
	out->found = file.found;
}
