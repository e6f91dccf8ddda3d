/* SPDX-License-Identifier: MIT */
#include "tui/app/talk_notes.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tracer/cmd/cmd.h"
#include "tui/term/term.h"

#define READERS	    4
#define NOTES_BYTES 8192
#define MARGIN	    3

struct tui_notes {
	int fd, poll_fd; /* poll_fd: of all of them */
	struct sockaddr_un at;
	int reader[READERS], readers;
	int told; /* readers that have last */
	char last[NOTES_BYTES];
};

/* ---- where ---- */

/* The user's own directory, of nobody else's making. 0, or -1. */
static int socket_address(struct sockaddr_un *at, int make)
{
	char dir[64];
	struct stat st;

	snprintf(dir, sizeof(dir), "/tmp/gtviz-%u", (unsigned)geteuid());
	if (make)
		mkdir(dir, 0700);
	if (lstat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077))
		return -1;
	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(at->sun_path, sizeof(at->sun_path), "%s/talk", dir);
	return 0;
}

static int connect_to(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- the talk's side ---- */

static void watch(const struct tui_notes *n, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	epoll_ctl(n->poll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static int listen_at(struct tui_notes *n)
{
	int other = connect_to(&n->at);

	if (other >= 0) {
		close(other);
		return -1;
	}
	unlink(n->at.sun_path); /* of a talk that was killed */
	n->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0 || bind(n->fd, (struct sockaddr *)&n->at, sizeof(n->at)) ||
	    listen(n->fd, READERS))
		return -1;
	watch(n, n->fd);
	return 0;
}

struct tui_notes *tui_notes_new(void)
{
	struct tui_notes *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->fd = -1;
	n->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (n->poll_fd >= 0 && !socket_address(&n->at, 1) && !listen_at(n))
		return n;
	if (n->fd >= 0)
		close(n->fd);
	if (n->poll_fd >= 0)
		close(n->poll_fd);
	free(n);
	return NULL;
}

void tui_notes_free(struct tui_notes *n)
{
	if (!n)
		return;
	for (int i = 0; i < n->readers; i++)
		close(n->reader[i]);
	unlink(n->at.sun_path);
	close(n->fd);
	close(n->poll_fd);
	free(n);
}

int tui_notes_fd(const struct tui_notes *n)
{
	return n ? n->poll_fd : -1;
}

int tui_notes_readers(const struct tui_notes *n)
{
	return n ? n->readers : 0;
}

static void take_readers(struct tui_notes *n)
{
	int fd;

	while ((fd = accept4(n->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (n->readers == READERS) {
			close(fd);
			continue;
		}
		n->reader[n->readers++] = fd;
		n->told = 0;
		watch(n, fd);
	}
}

static void drop_reader(struct tui_notes *n, int i)
{
	close(n->reader[i]);
	n->reader[i] = n->reader[--n->readers];
}

void tui_notes_tell(struct tui_notes *n, const char *text)
{
	take_readers(n);
	if (n->told && !strcmp(n->last, text))
		return;
	snprintf(n->last, sizeof(n->last), "%s", text);
	/* One that does not read misses this; the next comes within a second. */
	for (int i = n->readers - 1; i >= 0; i--)
		if (send(n->reader[i], n->last, strlen(n->last),
			 MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
		    errno != EAGAIN)
			drop_reader(n, i);
	n->told = 1;
}

int tui_notes_key(struct tui_notes *n)
{
	for (int i = n->readers - 1; i >= 0; i--) {
		uint32_t key = 0;
		ssize_t got = recv(n->reader[i], &key, sizeof(key), MSG_DONTWAIT);

		if (got == sizeof(key) && key && key <= TUI_KEY_MOUSE)
			return (int)key;
		if (got == 0 || (got < 0 && errno != EAGAIN))
			drop_reader(n, i);
	}
	return 0;
}

/* ---- the reader's side ---- */

static void draw_notes(struct tui_canvas *c, const char *text)
{
	int y = 1, bold = 1;

	tui_canvas_clear(c);
	while (*text && y < c->rows) {
		size_t size = strcspn(text, "\n");
		int x = 0;
		char line[512];

		snprintf(line, sizeof(line), "%.*s", (int)size, text);
		/* Words that do not fit go on below. */
		for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
			int wide = (int)strlen(word);

			if (x && MARGIN + x + wide > c->cols - MARGIN) {
				y++;
				x = 0;
			}
			x += tui_canvas_text(c, MARGIN + x, y, c->cols - MARGIN - x,
					     bold ? TUI_BOLD : TUI_TEXT, word) +
			     1;
		}
		y++;
		bold = bold && size;
		text += size + (text[size] == '\n');
	}
}

/* Keys until q or the talk's end. */
static void read_along(struct tui_term *term, int fd)
{
	struct tui_canvas canvas = {0};
	char text[NOTES_BYTES] = "the talk has not begun\n";

	for (;;) {
		struct pollfd fds[] = {{.fd = tui_term_fd(term), .events = POLLIN},
				       {.fd = fd, .events = POLLIN}};
		int cols, rows, key;
		ssize_t got;

		tui_term_resized(term);
		tui_term_size(term, &cols, &rows);
		if (cols != canvas.cols || rows != canvas.rows) {
			tui_canvas_fini(&canvas);
			if (tui_canvas_init(&canvas, cols, rows))
				return;
		}
		draw_notes(&canvas, text);
		tui_term_show(term, &canvas);
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		while ((key = tui_term_key(term)) != TUI_KEY_NONE) {
			uint32_t wire = (uint32_t)key;

			if (key < 0 || key == 'q' || key == 3) {
				tui_canvas_fini(&canvas);
				return;
			}
			if (send(fd, &wire, sizeof(wire), MSG_NOSIGNAL) < 0)
				break;
		}
		got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (got > 0)
			text[got] = 0;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	tui_canvas_fini(&canvas);
}

int tui_notes_read(const struct gtv_options *opts)
{
	struct gtv_err err = {0};
	struct sockaddr_un at;
	struct tui_term *term;
	int cols, rows, fd;
	int theme = opts->theme ? tui_theme_find(opts->theme) : -1;

	if (tui_term_check(&cols, &rows, "a terminal", &err))
		return gtv_cmd_error(&err);
	if (socket_address(&at, 0) || (fd = connect_to(&at)) < 0) {
		gtv_err_set(&err, GTV_ENOTFOUND, "notes",
			    "gtviz talk NAME, on another terminal",
			    "no talk is being given by this user");
		return gtv_cmd_error(&err);
	}
	if (tui_term_open(&term, theme, &err)) {
		close(fd);
		return gtv_cmd_error(&err);
	}
	read_along(term, fd);
	tui_term_close(term);
	close(fd);
	return GTV_EXIT_GOOD;
}
