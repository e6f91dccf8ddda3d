/* SPDX-License-Identifier: MIT
 * Figures and tables. See out.h.
 */
#include "tracer/cmd/out.h"
#include "tracer/base/foreign.h"
#include "tracer/base/progress.h"
#include "tracer/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A trace of another tool's is no damaged one of ours. */
static void say_other(const char *path, struct gtv_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char head[GTV_FOREIGN_BYTES];
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
	const char *known = n > 0 ? gtv_foreign(head, (size_t)n) : NULL;

	if (fd >= 0)
		close(fd);
	if (known)
		gtv_err_set(err, GTV_EFORMAT, path, "gtviz import -o FILE.gtv IN",
			    "it is a %s: import it first", known);
}

int gtv_out_is_fifo(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && !stat(path, &st) && S_ISFIFO(st.st_mode);
}

int gtv_out_drop(struct gtv_err *err)
{
	struct gtv_user user;

	return gtv_user_get(&user, err) || gtv_privileges_drop(&user, 0, err) ? -1 : 0;
}

int gtv_out_fd(const char *path, struct gtv_err *err)
{
	struct gtv_user user;
	int fd;

	/* Under sudo the file is opened as the person who asked. And a trace may be
	 * hostile: nothing of it is read with a privilege. */
	if (gtv_user_get(&user, err) || (user.sudo && gtv_privileges_drop(&user, 0, err)))
		return -1;
	if (gtv_out_is_fifo(path))
		gtv_progress_at(GTV_STEP_WRITER, 0, 0);
	fd = !strcmp(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		gtv_err_set(err, errno == ENOENT ? GTV_ENOTFOUND : GTV_EIO, path, "", "%s",
			    strerror(errno));
		return -1;
	}
	if (user.sudo || !gtv_privileges_drop(&user, 0, err))
		return fd;
	close(fd);
	return -1;
}

int gtv_out_open_fd(int fd, const char *path, int growing, struct gtv_store **out,
		    struct gtv_err *err)
{
	int from_stdin = !strcmp(path, "-");
	const char *name = from_stdin ? "stdin" : path;
	int rc = growing ? gtv_store_open_stream(out, fd, name, err)
			 : gtv_store_open(out, fd, name, err);

	if (rc == -GTV_EFORMAT && !from_stdin)
		say_other(path, err);
	return rc;
}

int gtv_out_open(const char *path, struct gtv_store **out, struct gtv_err *err)
{
	struct gtv_err why = {0};
	int fd = gtv_out_fd(path, &why);

	if (fd >= 0)
		return gtv_out_open_fd(fd, path, 0, out, err);
	if (err)
		*err = why;
	return -why.code;
}

int gtv_out_flush(FILE *f)
{
	if (!fflush(f) && !ferror(f))
		return 0;
	if (errno != EPIPE)
		fprintf(stderr, "gtviz: output: %s\n", strerror(errno));
	return 1;
}

char *gtv_out_ns(uint64_t ns, char *buf, size_t size)
{
	static const struct {
		uint64_t from;
		const char *unit;
	} scale[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};

	for (size_t i = 0; i < sizeof scale / sizeof scale[0]; i++) {
		if (ns < scale[i].from)
			continue;
		double v = (double)ns / (double)scale[i].from;
		int decimals = v < 10 ? 3 : v < 100 ? 2 : 1;

		snprintf(buf, size, "%.*f %s", decimals, v, scale[i].unit);
		return buf;
	}
	snprintf(buf, size, "%" PRIu64 " ns", ns);
	return buf;
}

char *gtv_out_count(uint64_t n, char *buf, size_t size)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
	size_t at = 0;

	for (int i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	if (size)
		buf[at] = 0;
	return buf;
}

char *gtv_out_bytes(uint64_t n, char *buf, size_t size)
{
	static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
	double v = (double)n;
	size_t i = 0;

	for (; v >= 1000 && i < 4; i++)
		v /= 1000;
	snprintf(buf, size, "%.*f %s", i && v < 100 ? 1 : 0, v, unit[i]);
	return buf;
}

const char *gtv_out_level(int level, int simulated)
{
	static const char *const text[] = {"level 0", "level 1", "level 2", "level 3"};

	return simulated ? "simulated" : text[level >= 0 && level <= 3 ? level : 0];
}

char *gtv_out_time(uint64_t ts_ns, uint64_t start_ns, char *buf, size_t size)
{
	int before = ts_ns < start_ns;
	uint64_t d = before ? start_ns - ts_ns : ts_ns - start_ns;

	snprintf(buf, size, "%s%" PRIu64 ".%09" PRIu64, before ? "-" : "", d / 1000000000,
		 d % 1000000000);
	return buf;
}

struct gtv_table {
	const struct gtv_table_column *column;
	size_t columns;
	char **cell;
	size_t cells, room;
	int out_of_memory;
};

struct gtv_table *gtv_table_new(const struct gtv_table_column *columns, size_t count)
{
	struct gtv_table *t = calloc(1, sizeof *t);

	if (t) {
		t->column = columns;
		t->columns = count;
	}
	return t;
}

void gtv_table_free(struct gtv_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->cells; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t);
}

static int table_grow(struct gtv_table *t)
{
	size_t room = t->room ? 2 * t->room : 64;
	char **cell = t->cells < t->room ? t->cell : realloc(t->cell, room * sizeof *cell);

	if (!cell)
		return -GTV_ENOMEM;
	if (t->cells == t->room)
		t->room = room;
	t->cell = cell;
	return 0;
}

void gtv_table_cell(struct gtv_table *t, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0 || table_grow(t)) {
		if (n >= 0)
			free(text);
		t->out_of_memory = 1;
		return;
	}
	t->cell[t->cells++] = text;
}

/* Columns of a terminal that a text takes: its characters, not its bytes. */
static size_t text_width(const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static void table_line(const struct gtv_table *t, const size_t *width,
		       const char *const *text, FILE *f)
{
	size_t owed = 0; /* blanks not yet written: none at a line's end */

	for (size_t c = 0; c < t->columns; c++) {
		size_t pad = width[c] - text_width(text[c]);

		if (t->column[c].right)
			owed += pad;
		fprintf(f, "%*s%s", *text[c] ? (int)owed : 0, "", text[c]);
		owed = (*text[c] ? 0 : owed) + 2 + (t->column[c].right ? 0 : pad);
	}
	putc('\n', f);
}

int gtv_table_print(const struct gtv_table *t, FILE *f)
{
	size_t *width = calloc(t->columns, sizeof *width);
	const char **head = calloc(t->columns, sizeof *head);
	size_t whole = t->cells - t->cells % t->columns;

	if (!width || !head || t->out_of_memory) {
		free(width);
		free(head);
		fprintf(stderr, "gtviz: table: out of memory\n");
		return 1;
	}
	for (size_t c = 0; c < t->columns; c++) {
		head[c] = t->column[c].head;
		width[c] = text_width(head[c]);
		for (size_t i = c; i < whole; i += t->columns) {
			size_t w = text_width(t->cell[i]);

			if (w > width[c])
				width[c] = w;
		}
	}
	table_line(t, width, head, f);
	for (size_t i = 0; i < whole; i += t->columns)
		table_line(t, width, (const char *const *)t->cell + i, f);
	free(width);
	free(head);
	return 0;
}
