/* SPDX-License-Identifier: MIT
 *
 * Which importer, and the process that it runs in. What it sends is a stream of
 * messages: a head, then events, a name, the facts, or the error it ended with.
 */
#include "tracer/import/import.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef GTV_HAVE_BABELTRACE
#include <babeltrace2/babeltrace.h>
#endif

#include "tracer/base/foreign.h"
#include "tracer/base/progress.h"
#include "tracer/import/importers.h"
#include "tracer/import/write.h"

enum kind { PERF, DAT, TEXT, CTF, KINDS };

static const char *const kind_name[KINDS] = {"perf.data", "trace.dat", "ftrace text",
					     "CTF"};

enum { MSG_EVENTS = 1, MSG_NAME, MSG_FACTS, MSG_ERROR };

struct message {
	uint32_t kind;
	uint32_t size; /* of what follows */
	uint32_t cls, unused;
};

#define EVENTS_MAX 1024
#define BODY_MAX   (EVENTS_MAX * sizeof(struct gtv_ev))

int gtv__import_without(const char *library, const char *package, struct gtv_err *err)
{
	char mend[128];

	snprintf(mend, sizeof mend, "install %s and build gtviz again", package);
	return gtv_err_set(err, GTV_EUNAVAIL, "import", mend,
			   "this gtviz was built without %s", library);
}

const struct gtv_import_library *gtv_import_libraries(size_t *count)
{
	static struct gtv_import_library list[] = {
		{"libtraceevent", "import of perf.data and trace.dat", NULL},
		{"libtracecmd", "import of trace.dat", NULL},
		{"libbabeltrace2", "import of CTF", NULL},
	};

#ifdef GTV_HAVE_TRACEEVENT
	list[0].version = GTV_TRACEEVENT_VERSION;
#endif
#ifdef GTV_HAVE_TRACECMD
	list[1].version = GTV_TRACECMD_VERSION;
#endif
#ifdef GTV_HAVE_BABELTRACE
	static char version[32];

	snprintf(version, sizeof version, "%u.%u.%u", bt_version_get_major(),
		 bt_version_get_minor(), bt_version_get_patch());
	list[2].version = version;
#endif
	*count = sizeof list / sizeof *list;
	return list;
}

/* ------------------------------------------------------------------- child */

struct child {
	FILE *out;
	uint64_t sent;
	int knows_place; /* the importer tells by itself how far it is in the file */
};

static int send_message(struct child *c, uint32_t kind, uint32_t cls, const void *body,
			size_t size)
{
	struct message m = {.kind = kind, .size = (uint32_t)size, .cls = cls};

	return fwrite(&m, sizeof m, 1, c->out) == 1 && fwrite(body, 1, size, c->out) == size
		       ? 0
		       : -GTV_EIO;
}

static int send_events(void *arg, const struct gtv_ev *evs, size_t count)
{
	struct child *c = arg;

	c->sent += count;
	if (!c->knows_place)
		gtv_progress_at(GTV_STEP_IMPORT, c->sent, 0);
	return send_message(arg, MSG_EVENTS, 0, evs, count * sizeof *evs);
}

static int send_name(void *arg, enum gtv_class cls, const struct gtv_name *name)
{
	return send_message(arg, MSG_NAME, (uint32_t)cls, name, sizeof *name);
}

/* A damaged file must not eat the machine's memory: libbabeltrace2, for one, indexes
 * packets without a size for as long as there is room. AddressSanitizer reserves more than
 * any limit. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMITED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LIMITED 0
#endif
#endif
#ifndef LIMITED
#define LIMITED 1
#endif
#define MEMORY_MAX ((rlim_t)2 << 30)

/* A crash is the child's end and nobody else's affair: no core file, and none of the
 * handlers that the parent may have. */
static void confine(void)
{
	static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
	struct rlimit none = {0, 0}, memory = {MEMORY_MAX, MEMORY_MAX};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		signal(crashes[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	if (LIMITED)
		setrlimit(RLIMIT_DATA, &memory);
}

/* Runs the importer. What a library wants to say, nobody hears. */
static void be_child(enum kind kind, int in_fd, const char *path, int out_fd)
{
	struct child c = {.out = fdopen(out_fd, "w"),
			  .knows_place = kind == PERF || kind == TEXT};
	struct gtv__feed feed = {.events = send_events, .name = send_name, .arg = &c};
	struct gtv_err err = {0};
	int silent = open("/dev/null", O_RDWR | O_CLOEXEC), rc = 0;
	struct stat st = {0};
	void *bytes = NULL;
	size_t size;

	confine();
	if (silent >= 0) {
		dup2(silent, STDOUT_FILENO);
		dup2(silent, STDERR_FILENO);
	}
	if (!c.out || gtv__feed_init(&feed, kind_name[kind]) || fstat(in_fd, &st))
		_exit(1);
	setvbuf(c.out, NULL, _IOFBF, 1u << 16);
	size = (size_t)st.st_size;
	if ((kind == PERF || kind == TEXT) && size) {
		bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, in_fd, 0);
		if (bytes == MAP_FAILED)
			rc = gtv_err_set(&err, GTV_EIO, "import", "", "mmap: %s",
					 strerror(errno));
	}
	if (!rc && kind == PERF)
		rc = gtv__import_perf(&feed, bytes, size, &err);
	else if (!rc && kind == TEXT)
		rc = gtv__import_text(&feed, bytes, size, &err);
	else if (!rc && kind == DAT)
		rc = gtv__import_dat(&feed, in_fd, &err);
	else if (!rc)
		rc = gtv__import_ctf(&feed, path, &err);
	send_message(&c, MSG_FACTS, 0, &feed.facts, sizeof feed.facts);
	send_message(&c, MSG_ERROR, 0, &err, sizeof err);
	fflush(c.out);
	_exit(0);
}

/* ------------------------------------------------------------------ parent */

struct parent {
	FILE *in;
	struct gtv__write *write;
	struct gtv__facts facts;
	struct gtv_err err;
	int done; /* the child said how it ended */
};

static void end_texts(struct gtv__facts *f, struct gtv_err *e)
{
	f->format[sizeof f->format - 1] = f->host[sizeof f->host - 1] = 0;
	f->kernel[sizeof f->kernel - 1] = f->command[sizeof f->command - 1] = 0;
	f->lacks[sizeof f->lacks - 1] = f->notes[sizeof f->notes - 1] = 0;
	e->what[sizeof e->what - 1] = e->why[sizeof e->why - 1] = 0;
	e->mend[sizeof e->mend - 1] = 0;
}

static int on_message(struct parent *p, const struct message *m, const void *body)
{
	switch (m->kind) {
	case MSG_EVENTS:
		return gtv__write_events(p->write, body, m->size / sizeof(struct gtv_ev));
	case MSG_NAME:
		return m->size == sizeof(struct gtv_name)
			       ? gtv__write_name(p->write, (enum gtv_class)m->cls, body)
			       : 0;
	case MSG_FACTS:
		if (m->size == sizeof p->facts)
			memcpy(&p->facts, body, sizeof p->facts);
		break;
	case MSG_ERROR:
		if (m->size == sizeof p->err)
			memcpy(&p->err, body, sizeof p->err);
		p->done = 1;
		break;
	default:
		break;
	}
	end_texts(&p->facts, &p->err);
	return 0;
}

static int receive(struct parent *p)
{
	_Alignas(16) static unsigned char body[BODY_MAX];
	struct message m;
	int rc = 0;

	while (!rc && !p->done && fread(&m, sizeof m, 1, p->in) == 1) {
		if (m.size > sizeof body || fread(body, 1, m.size, p->in) != m.size)
			break;
		rc = on_message(p, &m, body);
	}
	return rc;
}

/* 0, or the importer's error, or that it crashed. */
static int verdict(struct parent *p, enum kind kind, int status, struct gtv_err *err)
{
	if (p->done && p->err.code > 0) {
		*err = p->err;
		return -err->code;
	}
	if (p->done)
		return 0;
	return gtv_err_set(
		err, GTV_EFORMAT, kind_name[kind], "what came before it was imported",
		WIFSIGNALED(status) ? "its reader crashed (signal %d): the file is "
				      "damaged or made to do so, or wants over 2 GiB"
				    : "its reader ended early (%d)",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int collect(struct parent *p, enum kind kind, pid_t child, struct gtv_err *err)
{
	struct gtv_err store_err = {0};
	int rc = receive(p), status = 0, said;

	fclose(p->in);
	if (rc)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	said = rc ? 0 : verdict(p, kind, status, err);
	/* An error of the file's is told before one that only follows from it. */
	if (said && !gtv__write_count(p->write))
		return said;
	if (!p->facts.format[0])
		snprintf(p->facts.format, sizeof p->facts.format, "%s", kind_name[kind]);
	rc = gtv__write_end(p->write, &p->facts, said ? &store_err : err);
	return said ? said : rc;
}

static int import_kind(enum kind kind, int in_fd, const char *path, int out_fd,
		       struct gtv_import_result *result, struct gtv_err *err)
{
	struct parent p = {.done = 0};
	int ends[2], rc;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		close(out_fd);
		return gtv_err_set(err, GTV_EIO, "import", "", "%s", strerror(errno));
	}
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(out_fd);
		close(ends[0]);
		be_child(kind, in_fd, path, ends[1]);
	}
	close(ends[1]);
	p.in = child < 0 ? NULL : fdopen(ends[0], "r");
	p.write = gtv__write_new(out_fd, err);
	if (!p.in || !p.write) {
		close(ends[0]);
		return gtv_err_set(err, GTV_EIO, "import", "", "%s", strerror(errno));
	}
	rc = collect(&p, kind, child, err);
	result->events = gtv__write_count(p.write);
	result->lost = gtv__write_lost(p.write);
	snprintf(result->format, sizeof result->format, "%s", kind_name[kind]);
	snprintf(result->lacks, sizeof result->lacks, "%s", p.facts.lacks);
	snprintf(result->notes, sizeof result->notes, "%s", p.facts.notes);
	gtv__write_free(p.write);
	return rc;
}

/* A pipe is copied into memory: most formats are read from several places. */
static int seekable(int fd, struct gtv_err *err)
{
	static char buf[1 << 16];
	int copy;
	ssize_t n;

	if (lseek(fd, 0, SEEK_CUR) >= 0)
		return dup(fd);
	copy = memfd_create("import", MFD_CLOEXEC);
	while (copy >= 0 && (n = read(fd, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write(copy, buf, (size_t)n) != n) {
			close(copy);
			copy = -1;
		}
	}
	if (copy < 0)
		gtv_err_set(err, GTV_EIO, "import", "give a file", "the pipe: %s",
			    strerror(errno));
	return copy;
}

/* What the file is, by its first bytes. -1 and err if gtviz knows no such. */
static int kind_of(int fd, struct gtv_err *err)
{
	unsigned char head[4096];
	ssize_t n = pread(fd, head, sizeof head, 0);
	const char *known = n > 0 ? gtv_foreign(head, (size_t)n) : NULL;

	if (known)
		return strcmp(known, GTV_FOREIGN_PERF) ? DAT : PERF;
	if (n >= 8 && !memcmp(head, "\x89GTV", 4)) {
		gtv_err_set(err, GTV_EUSAGE, "import", "gtviz FILE",
			    "it is one of gtviz's own "
			    "traces already");
		return -1;
	}
	if (n >= 4 && (!memcmp(head, "\xc1\x1f\xfc\xc1", 4) ||
		       !memcmp(head, "\xc1\xfc\x1f\xc1", 4))) {
		gtv_err_set(err, GTV_EUSAGE, "import", "name the folder that it is in",
			    "it is one of the files of a CTF trace");
		return -1;
	}
	for (ssize_t i = 0; i < n; i++)
		if (head[i] == 0 || n == 0) {
			gtv_err_set(err, GTV_EFORMAT, "import",
				    "perf.data, trace.dat, ftrace text or CTF",
				    "gtviz knows no such file");
			return -1;
		}
	return TEXT;
}

int gtv_import(int in_fd, const char *in_name, int out_fd, struct gtv_import_result *result,
	       struct gtv_err *err)
{
	struct stat st;
	int own, kind, rc;

	memset(result, 0, sizeof *result);
	if (!fstat(in_fd, &st) && S_ISDIR(st.st_mode))
		return import_kind(CTF, in_fd, in_name, out_fd, result, err);
	own = seekable(in_fd, err);
	kind = own < 0 ? -1 : kind_of(own, err);
	if (kind < 0) {
		close(out_fd);
		if (own >= 0)
			close(own);
		return -err->code;
	}
	rc = import_kind((enum kind)kind, own, in_name, out_fd, result, err);
	close(own);
	return rc;
}
