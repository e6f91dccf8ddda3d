/* SPDX-License-Identifier: MIT
 *
 * Drives the real gtviz in a pseudo-terminal and reads its screen with libvterm.
 *
 * As in life there is a shell in between: a session leader that starts gtviz as a
 * job in the foreground, waits for it, and outlives it. So the terminal is still
 * there after a SIGKILL, and what it was left like can be looked at.
 *
 * Nothing sleeps: every wait is for something to be seen, until a deadline.
 */
#ifndef TESTS_E2E_PTY_H
#define TESTS_E2E_PTY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#define PTY_WAIT_MS  120000 /* slow machines and sanitizers */
#define PTY_ARGS_MAX 24
#define PTY_LINE     4096

struct pty {
	int fd;	   /* the terminal's other side */
	int shell; /* statuses of the job come out, orders go in */
	pid_t shell_pid, pid;
	VTerm *vt;
	VTermScreen *screen;
	int cols, rows;
	int alternate, cursor; /* as the terminal shows them now */
	int closed, mode_at;   /* mode_at: how much of "Esc [ ?" has come */
	unsigned mode;
	char cut[4]; /* the beginning of a character whose rest is still to come */
	size_t cut_bytes;
	struct termios before;
};

/* What the shell tells. */
struct pty_news {
	pid_t pid;
	int status;
};

/* What whoever calls has in his surroundings is none of a test's: a policy, settings,
 * colours, who he was before sudo, which files others may read. Before anything else runs.
 */
__attribute__((constructor)) static void pty__surroundings(void)
{
	static const char *const theirs[] = {
		"GT_SIM",     "GT_POLICY",  "GT_VERBOSE", "GT_STATS", "GT_PREEMPT",
		"GT_PRELOAD", "GT_SIGQUIT", "NO_COLOR",	  "LINES",    "COLUMNS",
		"SUDO_UID",   "SUDO_GID",   "SUDO_USER"};

	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		unsetenv(theirs[i]);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	umask(022);
}

static inline const char *pty_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && *value ? value : fallback;
}

static inline const char *pty_gtviz(void)
{
	static char path[PTY_LINE];

	snprintf(path, sizeof(path), "%s/gtviz", pty_env("O", "build"));
	return pty_env("GTVIZ", path);
}

/* The path of a sample; NULL if it is not built. */
static inline const char *pty_sample(const char *name)
{
	static char path[PTY_LINE];
	char dir[PTY_LINE / 2];

	snprintf(dir, sizeof(dir), "%s/samples", pty_env("O", "build"));
	snprintf(path, sizeof(path), "%s/%s", pty_env("SAMPLES", dir), name);
	return access(path, X_OK) ? NULL : path;
}

static inline uint64_t pty_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Encodes a code point of the basic plane. Returns the bytes. */
static inline size_t pty__encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | (c >> 12 & 0xf));
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

static inline uint32_t pty__glyph(const VTermScreenCell *cell)
{
	return cell->chars[0] && cell->chars[0] != (uint32_t)-1 ? cell->chars[0] : ' ';
}

/* What is on a screen: rows parted by newlines, all cells as UTF-8. */
static inline void pty__text(VTermScreen *screen, int cols, int rows, char *out,
			     size_t room)
{
	size_t size = 0;

	for (int y = 0; y < rows && size + 2 < room; y++) {
		for (int x = 0; x < cols && size + 8 < room; x++) {
			VTermScreenCell cell = {0};

			vterm_screen_get_cell(screen, (VTermPos){y, x}, &cell);
			size += pty__encode(pty__glyph(&cell), out + size);
		}
		out[size++] = '\n';
	}
	out[size] = 0;
}

#define PTY_TEXT_MAX (256 * 100 * 3 + 1)

/* The screen's text in a buffer of its own. */
static inline char *pty_screen(const struct pty *p)
{
	static char text[PTY_TEXT_MAX];

	pty__text(p->screen, p->cols, p->rows, text, sizeof(text));
	return text;
}

static inline const char *pty_row(const struct pty *p, int y)
{
	static char row[PTY_LINE];
	const char *text = pty_screen(p);

	for (; y > 0 && text; y--)
		if ((text = strchr(text, '\n')))
			text++;
	snprintf(row, sizeof(row), "%.*s", (int)strcspn(text ? text : "", "\n"),
		 text ? text : "");
	return row;
}

static inline int pty__prop(VTermProp prop, VTermValue *val, void *user)
{
	struct pty *p = user;

	if (prop == VTERM_PROP_ALTSCREEN)
		p->alternate = val->boolean;
	return 1;
}

/* Whether the cursor is to be seen, by what was said of it last ("Esc [ ? 25 h" or "l").
 * libvterm keeps that with a saved place, too, and so takes it for hidden when curses has
 * saved one meanwhile; terminals do not. */
static inline void pty__cursor(struct pty *p, const char *buf, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char c = buf[i];

		if (c == '\033') {
			p->mode_at = 1;
		} else if (p->mode_at < 3) {
			p->mode_at =
				c == "?[?"[p->mode_at] && p->mode_at ? p->mode_at + 1 : 0;
			p->mode = 0;
		} else if (c >= '0' && c <= '9') {
			p->mode = p->mode * 10 + (unsigned)(c - '0');
		} else {
			if (p->mode == 25 && (c == 'h' || c == 'l'))
				p->cursor = c == 'h';
			p->mode = 0;
			p->mode_at = c == ';' ? 3 : 0;
		}
	}
}

static inline void pty__answer(const char *bytes, size_t size, void *user)
{
	const struct pty *p = user;

	if (write(p->fd, bytes, size) < 0)
		perror("pty");
}

/* The shell: starts the job, tells its statuses, continues it when told to. */
__attribute__((noreturn)) static inline void pty__shell(int slave, int talk,
							char *const *argv)
{
	struct pty_news news = {0};
	char order;

	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	news.pid = fork();
	if (news.pid == 0) {
		sigset_t none;

		setpgid(0, 0);
		tcsetpgrp(slave, getpid());
		/* Who called the test may ignore some. */
		for (int sig = 1; sig < NSIG; sig++)
			signal(sig, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		close_range(3, ~0u, 0);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("NO_COLOR");
		unsetenv("LINES");
		unsetenv("COLUMNS");
		execv(argv[0], argv);
		_exit(99);
	}
	news.status = -1;
	if (write(talk, &news, sizeof(news)) < 0)
		_exit(1);
	while (waitpid(news.pid, &news.status, WUNTRACED) == news.pid) {
		tcsetpgrp(slave, getpgrp());
		if (write(talk, &news, sizeof(news)) < 0 || read(talk, &order, 1) <= 0)
			break;
		tcsetpgrp(slave, news.pid);
		kill(-news.pid, SIGCONT);
	}
	while (read(talk, &order, 1) > 0)
		;
	_exit(0);
}

/* How many of the bytes are whole characters. */
static inline size_t pty__whole(const char *bytes, size_t count)
{
	for (size_t back = 1; back <= 3 && back <= count; back++) {
		unsigned char c = (unsigned char)bytes[count - back];
		size_t size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if (c < 0x80 || c >= 0xc0)
			return size > back ? count - back : count;
	}
	return count;
}

/* libvterm loses a character whose bytes come in two writes: it gets whole ones. */
static inline void pty__feed(struct pty *p, char *buf, size_t count)
{
	size_t whole = pty__whole(buf, count);

	vterm_input_write(p->vt, buf, whole);
	pty__cursor(p, buf, whole);
	p->cut_bytes = count - whole;
	memcpy(p->cut, buf + whole, p->cut_bytes);
	vterm_screen_flush_damage(p->screen);
}

/* Waits until bytes come from the terminal and takes them, or until the shell has
 * news (returns 1), or until the deadline (0). */
static inline int pty__pump(struct pty *p, uint64_t deadline_ms)
{
	struct pollfd fds[] = {{.fd = p->closed ? -1 : p->fd, .events = POLLIN},
			       {.fd = p->shell, .events = POLLIN}};
	uint64_t now_ms = pty_now_ms();
	char buf[65536];

	if (poll(fds, 2, now_ms < deadline_ms ? (int)(deadline_ms - now_ms) : 0) < 0)
		return 0;
	if (fds[0].revents) {
		ssize_t n = read(p->fd, buf + p->cut_bytes, sizeof(buf) - p->cut_bytes);

		memcpy(buf, p->cut, p->cut_bytes);
		if (n > 0)
			pty__feed(p, buf, p->cut_bytes + (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			p->closed = 1;
	}
	return (fds[1].revents & POLLIN) != 0;
}

/* What gtviz keeps from one time to the next lies in a folder of the test's own, which is
 * another one each time a screen is started, unless pty_same_state is set. */
static int pty_same_state;

static inline void pty__remove_state(void)
{
	char line[64];

	snprintf(line, sizeof(line), "rm -rf /tmp/gtv-state-%d-*", (int)getpid());
	if (system(line))
		fprintf(stderr, "%s: failed\n", line);
}

static inline const char *pty_state_home(void)
{
	static char path[64];
	static int number;

	if (!number)
		atexit(pty__remove_state);
	if (!number || !pty_same_state)
		snprintf(path, sizeof(path), "/tmp/gtv-state-%d-%d", (int)getpid(),
			 ++number);
	return path;
}

/* A descriptor that no dup2 to the standard ones meets, should the test have been started
 * without those. */
static inline int pty__high(int fd)
{
	int high = fd >= 0 && fd < 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;

	if (high != fd)
		close(fd);
	return high;
}

static inline void pty_start(struct pty *p, int cols, int rows, char *const *argv)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = pty__prop};
	struct winsize size = {.ws_row = (unsigned short)rows,
			       .ws_col = (unsigned short)cols};
	struct pty_news news;
	int talk[2];

	setenv("XDG_STATE_HOME", pty_state_home(), 1);
	memset(p, 0, sizeof(*p));
	p->cols = cols;
	p->rows = rows;
	p->cursor = 1;
	p->fd = pty__high(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
	assert_true(p->fd >= 0 && !grantpt(p->fd) && !unlockpt(p->fd));
	int slave = pty__high(open(ptsname(p->fd), O_RDWR | O_NOCTTY | O_CLOEXEC));

	assert_true(slave >= 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	assert_int_equal(tcgetattr(slave, &p->before), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk), 0);
	p->shell = talk[0] = pty__high(talk[0]);
	talk[1] = pty__high(talk[1]);
	p->vt = vterm_new(rows, cols);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_set_callbacks(p->screen, &callbacks, p);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_output_set_callback(p->vt, pty__answer, p);
	vterm_screen_reset(p->screen, 1);
	p->shell_pid = fork();
	if (p->shell_pid == 0) {
		close(talk[0]);
		pty__shell(slave, talk[1], argv);
	}
	close(talk[1]);
	close(slave);
	assert_int_equal(read(p->shell, &news, sizeof(news)), (ssize_t)sizeof(news));
	p->pid = news.pid;
}

/* Starts gtviz with these arguments, the last one NULL. */
static inline void pty_gtviz_start(struct pty *p, int cols, int rows, ...)
{
	const char *args[PTY_ARGS_MAX + 2] = {pty_gtviz()};
	va_list list;
	int n = 1;

	va_start(list, rows);
	while (n <= PTY_ARGS_MAX && (args[n] = va_arg(list, const char *)))
		n++;
	va_end(list);
	pty_start(p, cols, rows, (char *const *)args);
}

static inline void pty_close(struct pty *p)
{
	kill(-p->pid, SIGKILL);
	close(p->shell);
	kill(p->shell_pid, SIGKILL);
	waitpid(p->shell_pid, NULL, 0);
	vterm_free(p->vt);
	close(p->fd);
}

static inline void pty_fail(const struct pty *p, const char *what)
{
	/* Row by row: cmocka cuts a long message. */
	for (int y = 0; y < p->rows; y++) {
		const char *row = pty_row(p, y);

		if (row[strspn(row, " ")])
			print_error("%2d|%s|\n", y, row);
	}
	fail_msg("%s", what);
}

typedef int pty_test_fn(struct pty *p, const void *arg);

/* Waits until `test` holds. */
static inline void pty_wait(struct pty *p, const char *what, pty_test_fn *test,
			    const void *arg)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;

	while (!test(p, arg)) {
		if (pty_now_ms() >= deadline_ms || (p->closed && !test(p, arg))) {
			char line[PTY_LINE];

			snprintf(line, sizeof(line), "waited in vain for: %s", what);
			pty_fail(p, line);
		}
		if (pty__pump(p, deadline_ms)) {
			/* It ended or stopped: what it wrote before is on the way. */
			while (!test(p, arg) && !p->closed) {
				struct pollfd fd = {.fd = p->fd, .events = POLLIN};

				if (poll(&fd, 1, 5000) <= 0) {
					struct pty_news news = {0};

					recv(p->shell, &news, sizeof(news), MSG_PEEK);
					print_error("it ended or stopped: status %#x\n",
						    (unsigned)news.status);
					pty_fail(p, what);
				}
				pty__pump(p, 0);
			}
		}
	}
}

static inline int pty__has(struct pty *p, const void *text)
{
	return strstr(pty_screen(p), text) != NULL;
}

static inline int pty__lacks(struct pty *p, const void *text)
{
	return strstr(pty_screen(p), text) == NULL;
}

static inline void pty_wait_text(struct pty *p, const char *text)
{
	pty_wait(p, text, pty__has, text);
}

static inline void pty_wait_gone(struct pty *p, const char *text)
{
	pty_wait(p, text, pty__lacks, text);
}

/* A whole frame, with its colours. */
#define PTY_CELLS_MAX (256 * 100)
struct pty_frame {
	int cols, rows;
	char text[PTY_TEXT_MAX];
	uint64_t look[PTY_CELLS_MAX]; /* glyph, colours, attributes as one number */
};

static inline uint64_t pty__colour(const VTermColor *c, uint64_t standard)
{
	if (c->type & standard)
		return 0;
	return VTERM_COLOR_IS_INDEXED(c) ? 1u + c->indexed.idx : 300;
}

/* What one sees of a cell: a blank has no ink, and reversed its ink is its ground. */
static inline uint64_t pty__look(const VTermScreenCell *cell)
{
	uint64_t glyph = pty__glyph(cell), reverse = cell->attrs.reverse;
	uint64_t ink = pty__colour(&cell->fg, VTERM_COLOR_DEFAULT_FG);
	uint64_t ground = pty__colour(&cell->bg, VTERM_COLOR_DEFAULT_BG);

	if (glyph == ' ')
		return reverse ? 1u << 21 | ink << 32 : ground << 44;
	return glyph | reverse << 21 | (uint64_t)cell->attrs.bold << 22 | ink << 32 |
	       ground << 44;
}

static inline void pty__frame(VTermScreen *screen, int cols, int rows, struct pty_frame *f)
{
	assert_true(cols * rows <= PTY_CELLS_MAX);
	f->cols = cols;
	f->rows = rows;
	pty__text(screen, cols, rows, f->text, sizeof(f->text));
	for (int y = 0; y < rows; y++) {
		for (int x = 0; x < cols; x++) {
			VTermScreenCell cell = {0};

			vterm_screen_get_cell(screen, (VTermPos){y, x}, &cell);
			f->look[y * cols + x] = pty__look(&cell);
		}
	}
}

/* How a terminal of this size shows some bytes. */
static inline void pty_render(struct pty_frame *f, int cols, int rows, const char *bytes)
{
	VTerm *vt = vterm_new(rows, cols);
	VTermScreen *screen = vterm_obtain_screen(vt);

	vterm_set_utf8(vt, 1);
	vterm_screen_reset(screen, 1);
	for (int y = 0; y < rows && *bytes; y++) {
		size_t size = strcspn(bytes, "\n");

		vterm_input_write(vt, bytes, size);
		if (y + 1 < rows)
			vterm_input_write(vt, "\r\n", 2);
		bytes += size + (bytes[size] == '\n');
	}
	pty__frame(screen, cols, rows, f);
	vterm_free(vt);
}

/* Says where the screen is not the wanted one. */
static inline void pty__differences(const struct pty_frame *shown,
				    const struct pty_frame *wanted)
{
	const char *a = shown->text, *b = wanted->text;

	for (int y = 0; y < shown->rows; y++) {
		const uint64_t *look = shown->look + y * shown->cols;
		int x = 0;
		int a_size = (int)strcspn(a, "\n"), b_size = (int)strcspn(b, "\n");

		while (x < shown->cols && look[x] == wanted->look[y * wanted->cols + x])
			x++;
		if (x < shown->cols)
			print_error("%2d from column %d, %llx not %llx\n shown "
				    "|%.*s|\nwanted |%.*s|\n",
				    y, x, (unsigned long long)look[x],
				    (unsigned long long)wanted->look[y * wanted->cols + x],
				    a_size, a, b_size, b);
		a += a_size + 1;
		b += b_size + 1;
	}
}

/* Waits until the screen is this frame: its glyphs and, if asked for, its colours. */
static inline void pty_wait_frame(struct pty *p, const struct pty_frame *wanted,
				  int colours)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;
	static struct pty_frame shown;
	size_t size = (size_t)(wanted->cols * wanted->rows) * sizeof(*wanted->look);

	for (;;) {
		pty__frame(p->screen, p->cols, p->rows, &shown);
		if (!strcmp(shown.text, wanted->text) &&
		    (!colours || !memcmp(shown.look, wanted->look, size)))
			return;
		if (pty_now_ms() >= deadline_ms || p->closed) {
			pty__differences(&shown, wanted);
			fail_msg("waited in vain for another frame");
		}
		pty__pump(p, deadline_ms);
	}
}

static inline void pty_keys(struct pty *p, const char *keys)
{
	assert_int_equal(write(p->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* The next news of the job: its wait status, whether ended or stopped. */
static inline int pty_status(struct pty *p)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;
	struct pty_news news;

	while (!pty__pump(p, deadline_ms))
		if (pty_now_ms() >= deadline_ms)
			pty_fail(p, "it neither ended nor stopped");
	assert_int_equal(read(p->shell, &news, sizeof(news)), (ssize_t)sizeof(news));
	return news.status;
}

/* Puts the stopped job to the foreground again. */
static inline void pty_continue(struct pty *p)
{
	assert_int_equal(write(p->shell, "c", 1), 1);
}

static inline void pty_resize(struct pty *p, int cols, int rows)
{
	struct winsize size = {.ws_row = (unsigned short)rows,
			       .ws_col = (unsigned short)cols};

	p->cols = cols;
	p->rows = rows;
	vterm_set_size(p->vt, rows, cols);
	assert_int_equal(ioctl(p->fd, TIOCSWINSZ, &size), 0);
}

static inline int pty__restored(struct pty *p, const void *unused)
{
	struct termios now;

	(void)unused;
	return !p->alternate && p->cursor && !tcgetattr(p->fd, &now) &&
	       now.c_iflag == p->before.c_iflag && now.c_oflag == p->before.c_oflag &&
	       now.c_cflag == p->before.c_cflag && now.c_lflag == p->before.c_lflag &&
	       !memcmp(now.c_cc, p->before.c_cc, sizeof(now.c_cc));
}

/* The terminal as it was: its modes to the bit, the normal screen, a cursor. */
static inline void pty_wait_restored(struct pty *p)
{
	uint64_t deadline_ms = pty_now_ms() + PTY_WAIT_MS;

	while (!pty__restored(p, NULL) && pty_now_ms() < deadline_ms) {
		struct pollfd fd = {.fd = p->fd, .events = POLLIN};

		/* Modes change without a byte: look now and then. */
		if (poll(&fd, 1, 20) > 0)
			pty__pump(p, 0);
	}
	if (!pty__restored(p, NULL)) {
		char line[80];

		snprintf(line, sizeof(line), "not restored: alternate %d, cursor %d",
			 p->alternate, p->cursor);
		pty_fail(p, line);
	}
}

static inline int pty__taken(struct pty *p, const void *unused)
{
	(void)unused;
	return p->alternate && !p->cursor;
}

static inline void pty_wait_taken(struct pty *p)
{
	pty_wait(p, "the alternate screen without a cursor", pty__taken, NULL);
}

/* Runs a command line; its output into `out`. Returns the exit status. */
static inline int pty_command(char *out, size_t room, const char *fmt, ...)
{
	char line[PTY_LINE];
	size_t size = 0, n;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	FILE *f = popen(line, "re");

	assert_non_null(f);
	while (size + 1 < room && (n = fread(out + size, 1, room - 1 - size, f)) > 0)
		size += n;
	out[size] = 0;
	int status = pclose(f);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What stands where cores are: the first of them or, where the kernel tells nothing of
 * them (a container may forbid that), that it does not. */
static inline const char *pty_cores(void)
{
	static char doctor[65536];
	const char *best;

	pty_command(doctor, sizeof(doctor), "%s doctor --json 2>&1", pty_gtviz());
	best = strstr(doctor, "\"best_level\"");
	assert_non_null(best);
	return atoi(best + strcspn(best, "0123456789")) ? " C0" : "level 0";
}

#endif
