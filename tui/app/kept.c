/* SPDX-License-Identifier: MIT */
#include "tui/app/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/launch/launch.h"
#include "tui/app/app.h"
#include "tui/trace/scope.h"

#define HEAD	       "gtviz marks 1"
#define PATH_MAX_BYTES 512
/* What was the present when it was marked may lie behind the last event. */
#define SLACK_NS 1000000000u

/* ---- which file ---- */

/* FNV-1a (Fowler, Noll and Vo), 64 bits. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(n >> 8 * i);
	return mix(hash, bytes, sizeof(bytes));
}

int tui_kept_name(const struct gtv_store *store, char name[TUI_KEPT_NAME])
{
	uint64_t hash = 0xcbf29ce484222325u;
	struct gtv_block_info first = {0};
	struct gtv_store_info info;

	gtv_store_get_info(store, &info);
	/* Who wrote down when it was needs no more; else what comes first has to do. */
	if (!info.wall_ns && gtv_store_block(store, 0, &first))
		return -GTV_ENOTFOUND;
	hash = mix_number(hash, info.start_ns);
	hash = mix_number(hash, info.wall_ns);
	hash = mix_number(hash, info.pid);
	hash = mix_number(hash, info.uid);
	hash = mix(hash, info.command, strnlen(info.command, sizeof(info.command)));
	hash = mix_number(hash, first.from_ns);
	hash = mix_number(hash, first.to_ns);
	hash = mix_number(hash, first.count);
	snprintf(name, TUI_KEPT_NAME, "%016" PRIx64, hash);
	return 0;
}

/* The user's home: what the environment says, if that is the user's own (under sudo it may
 * be root's). */
static const char *home_of(const struct gtv_user *user)
{
	const char *home = getenv("HOME");
	struct stat st;

	return home && home[0] == '/' && !stat(home, &st) && st.st_uid == geteuid()
		       ? home
		       : user->home;
}

/* ".../gtviz/marks". 0, or -GTV_ENOTFOUND. */
static int find_path(char *path, size_t size)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home;
	struct gtv_user user;
	int n = 0;

	if (gtv_user_get(&user, NULL))
		return -GTV_ENOTFOUND;
	home = home_of(&user);
	/* The specification: a path that is not absolute is to be ignored. */
	if (xdg && xdg[0] == '/')
		n = snprintf(path, size, "%s/gtviz/marks", xdg);
	else if (home[0] == '/')
		n = snprintf(path, size, "%s/.local/state/gtviz/marks", home);
	return n > 0 && (size_t)n < size ? 0 : -GTV_ENOTFOUND;
}

/* ---- the folder ---- */

/* What lies above our own folders is the user's affair, links and all. */
static void make_above(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700); /* or it is there */
		*p = '/';
	}
}

/* The folder of that name in another one (Takes `in`): the user's own, and no link. -1 and
 * errno. */
static int own_folder(int in, const char *name, int make)
{
	struct stat st;
	int fd, saved;

	if (in < 0)
		return -1;
	if (make)
		mkdirat(in, name, 0700); /* or it is there */
	fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	saved = errno;
	close(in);
	if (fd >= 0 && (fstat(fd, &st) || st.st_uid != geteuid() ||
			st.st_mode & (S_IWGRP | S_IWOTH))) {
		close(fd);
		fd = -1;
		saved = EPERM;
	}
	errno = saved;
	return fd;
}

/* Opens path, ".../gtviz/marks". -1 and errno. */
static int open_folder(const char *path, int make)
{
	char above[PATH_MAX_BYTES];
	int size = (int)(strlen(path) - strlen("gtviz/marks"));

	snprintf(above, sizeof(above), "%.*s", size, path);
	if (make)
		make_above(above);
	return own_folder(
		own_folder(open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "gtviz", make),
		"marks", make);
}

/* ---- reading ---- */

struct reading {
	const char *path;
	uint64_t start_ns, from_ns, to_ns;
	struct tui_scope *s;
	struct gtv_err *err;
	int line, bad;
};

static void bad_line(struct reading *r, const char *why)
{
	char what[160];

	if (r->bad++)
		return; /* the first is told */
	snprintf(what, sizeof(what), "%.140s:%d", r->path, r->line);
	gtv_err_set(r->err, GTV_EFORMAT, what, "gtviz goes on without it", "%s", why);
}

/* "NANOSECONDS NAME" */
static void take_line(struct reading *r, const char *text)
{
	char *end, name[TUI_MARK_NAME];
	uint64_t ts_ns;

	if (!*text || *text == '#')
		return;
	errno = 0;
	unsigned long long ns = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || errno || *end != ' ' || !end[1] ||
	    strlen(end + 1) >= TUI_MARK_NAME) {
		bad_line(r, "a line of marks is a time in nanoseconds and a name");
		return;
	}
	/* What another part of the same run has. */
	if (__builtin_add_overflow(r->start_ns, ns, &ts_ns) || ts_ns < r->from_ns ||
	    ts_ns > r->to_ns)
		return;
	gtv_names_escape(end + 1, name, sizeof(name));
	for (int i = 0; i < r->s->marks; i++)
		if (!strcmp(r->s->mark[i].name, name))
			return;
	if (!tui_scope_mark(r->s, ts_ns, name))
		bad_line(r, "there are more marks than can be kept");
}

static void take_lines(struct reading *r, char *bytes, size_t size)
{
	char *line = bytes, *end = bytes + size;

	for (r->line = 1; line < end; r->line++) {
		char *next = memchr(line, '\n', (size_t)(end - line));

		if (!next)
			next = end;
		*next = '\0';
		if (strlen(line) != (size_t)(next - line)) {
			bad_line(r, "it is no text");
		} else if (r->line == 1 && strcmp(line, HEAD) != 0) {
			bad_line(r, "it is no file of marks, or a later gtviz's");
			return;
		} else if (r->line > 1) {
			take_line(r, line);
		}
		line = next + 1;
	}
}

/* NULL, or why it is not read. */
static const char *refusal(int fd, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a plain file";
	if (st.st_uid != geteuid())
		return "it belongs to somebody else";
	if (st.st_size > TUI_KEPT_BYTES_MAX)
		return "it is larger than marks ever are";
	*size = (size_t)st.st_size;
	return NULL;
}

static int refuse(struct gtv_err *err, const char *path, const char *why)
{
	return gtv_err_set(err, GTV_EPERM, path, "gtviz goes on without its marks", "%s",
			   why);
}

static int read_file(struct reading *r, int fd)
{
	size_t size = 0;
	const char *why = refusal(fd, &size);
	char *bytes = why ? NULL : malloc(size + 1);
	ssize_t n = bytes ? read(fd, bytes, size) : 0;

	if (!why && (!bytes || n < 0))
		why = bytes ? strerror(errno) : "out of memory";
	if (!why)
		take_lines(r, bytes, (size_t)n);
	free(bytes);
	return why ? refuse(r->err, r->path, why) : r->bad ? -GTV_EFORMAT : 0;
}

int tui_kept_read(const char *name, uint64_t start_ns, uint64_t from_ns, uint64_t to_ns,
		  struct tui_scope *s, struct gtv_err *err)
{
	char folder[PATH_MAX_BYTES], path[PATH_MAX_BYTES + TUI_KEPT_NAME];
	struct reading r = {.path = path,
			    .start_ns = start_ns,
			    .from_ns = from_ns,
			    .to_ns = to_ns,
			    .s = s,
			    .err = err};
	int in, fd, rc;

	if (find_path(folder, sizeof(folder)))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	in = open_folder(folder, 0);
	if (in < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
			       ? 0
			       : refuse(err, folder, strerror(errno));
	/* Neither a pipe nor a device may keep us waiting. */
	fd = openat(in, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	rc = errno;
	close(in);
	if (fd < 0)
		return rc == ENOENT ? 0
				    : refuse(err, path,
					     rc == ELOOP ? "it is a link" : strerror(rc));
	rc = read_file(&r, fd);
	close(fd);
	return rc;
}

/* ---- writing ---- */

static void print_marks(FILE *f, uint64_t start_ns, const char *about,
			const struct tui_scope *s)
{
	char text[600];

	fprintf(f, HEAD "\n# %s\n", gtv_names_escape(about, text, sizeof(text)));
	for (int i = 0; i < s->marks; i++)
		if (s->mark[i].ts_ns >= start_ns)
			fprintf(f, "%" PRIu64 " %s\n", s->mark[i].ts_ns - start_ns,
				s->mark[i].name);
}

/* A new file in the folder. 0, or -1 and errno. */
static int write_new(int in, const char *name, uint64_t start_ns, const char *about,
		     const struct tui_scope *s)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, fd, bad, saved;

	/* What a killed one of the same number left. */
	unlinkat(in, name, 0);
	fd = openat(in, name, flags, 0600);
	if (fd < 0)
		return -1;
	FILE *f = fdopen(fd, "w");

	if (!f) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	print_marks(f, start_ns, about, s);
	bad = ferror(f);
	return fclose(f) || bad ? -1 : 0;
}

static int replace(int in, const char *name, uint64_t start_ns, const char *about,
		   const struct tui_scope *s)
{
	char new_name[TUI_KEPT_NAME + 24];

	if (!s->marks)
		return unlinkat(in, name, 0) && errno != ENOENT ? -1 : 0;
	snprintf(new_name, sizeof(new_name), "%s.%ld", name, (long)getpid());
	if (!write_new(in, new_name, start_ns, about, s) &&
	    !renameat(in, new_name, in, name))
		return 0;
	int saved = errno;

	unlinkat(in, new_name, 0);
	errno = saved;
	return -1;
}

int tui_kept_write(const char *name, uint64_t start_ns, const char *about,
		   const struct tui_scope *s, struct gtv_err *err)
{
	char folder[PATH_MAX_BYTES];
	int in, rc;

	if (find_path(folder, sizeof(folder)))
		return gtv_err_set(err, GTV_ENOTFOUND, "marks", "set XDG_STATE_HOME", "%s",
				   "there is no home to keep them in");
	in = open_folder(folder, s->marks > 0);
	/* Nothing there, and nothing to be there. */
	if (in < 0 && !s->marks)
		return 0;
	rc = in < 0 ? -1 : replace(in, name, start_ns, about, s);
	if (rc)
		gtv_err_set(err, GTV_EIO, folder, "they are kept while gtviz runs", "%s",
			    errno == EPERM   ? "it is not the user's own"
			    : errno == ELOOP ? "it is a link"
					     : strerror(errno));
	if (in >= 0)
		close(in);
	return rc ? -GTV_EIO : 0;
}

/* ---- on the screen ---- */

/* A live trace that nobody writes to a file is never opened again; and a talk's marks are
 * its own. */
static int is_kept(const struct tui_app *app)
{
	return !app->talking && (!app->session || app->opts->output) && app->trace.store;
}

void tui_app_keep_look(struct tui_app *app)
{
	struct tui_trace *t = &app->trace;
	char name[TUI_KEPT_NAME], line[600];
	uint64_t to_ns = t->facts.mode == TUI_LIVE ? UINT64_MAX : t->nav.last_ns + SLACK_NS;
	struct gtv_err err = {0};

	if (app->kept_store == t->store || !is_kept(app) || tui_kept_name(t->store, name))
		return;
	app->kept_store = t->store;
	t->facts.keeps_marks = 1;
	/* What this very run records has no marks yet. */
	if (app->session || !tui_scope_of(t))
		return;
	if (tui_kept_read(name, t->start_ns, t->start_ns, to_ns, t->scope, &err))
		tui_app_say(app, "%s", gtv_err_line(&err, line, sizeof(line)));
	app->dirty = 1;
}

void tui_app_keep(struct tui_app *app)
{
	struct tui_trace *t = &app->trace;
	char name[TUI_KEPT_NAME], line[600];
	struct gtv_store_info info;
	struct gtv_err err = {0};

	if (!is_kept(app) || !t->scope || tui_kept_name(t->store, name))
		return;
	gtv_store_get_info(t->store, &info);
	t->facts.keeps_marks =
		!tui_kept_write(name, t->start_ns, info.command, t->scope, &err);
	if (!t->facts.keeps_marks)
		tui_app_say(app, "%s", gtv_err_line(&err, line, sizeof(line)));
}
