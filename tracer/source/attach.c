/* SPDX-License-Identifier: MIT */
#include "tracer/source/attach.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/abi/gtv_attach.h"
#include "tracer/base/err.h"

#define HEADERS_MAX 64	   /* program headers of a file that are looked at */
#define NOTES_MAX   65536u /* bytes of its notes */
#define FILES_MAX   4096

static int read_at(const struct gtv_attached *at, uint64_t address, void *to, size_t size)
{
	return address <= INT64_MAX &&
	       pread(at->memory, to, size, (off_t)address) == (ssize_t)size;
}

static int write_at(const struct gtv_attached *at, uint64_t address, const void *from,
		    size_t size)
{
	return pwrite(at->memory, from, size, (off_t)address) == (ssize_t)size;
}

/* --------------------------------------------------------------- the note */

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~3ull;
}

/* Where the note among these bytes points, 0: there is none that leads to a program that
 * may be asked. */
static uint64_t find_note(struct gtv_attached *at, uint64_t address, uint64_t size)
{
	uint64_t done = 0;

	while (size <= NOTES_MAX && size - done >= sizeof(Elf64_Nhdr)) {
		struct {
			Elf64_Nhdr head;
			char name[8];
			int64_t behind;
		} __attribute__((packed, aligned(4))) note;
		struct gtv_attach point;
		uint64_t here = address + done, whole;

		if (!read_at(at, here, &note.head, sizeof note.head))
			return 0;
		whole = sizeof note.head + padded(note.head.n_namesz) +
			padded(note.head.n_descsz);
		if (whole > size - done)
			return 0;
		done += whole;
		if (note.head.n_type != GTV_NOTE_ATTACH || whole != sizeof note ||
		    !read_at(at, here, &note, sizeof note) ||
		    memcmp(note.name, GTV_NOTE_NAME, sizeof GTV_NOTE_NAME) != 0)
			continue;
		here += offsetof(__typeof__(note), behind) + (uint64_t)note.behind;
		if (!read_at(at, here, &point, sizeof point) ||
		    point.version != GTV_ATTACH_VERSION)
			continue;
		if (point.magic == GTV_ATTACH_MAGIC)
			return here;
		if (!point.magic && point.result < 0)
			at->refused = point.result;
	}
	return 0;
}

/* In a file that is mapped with its header at `start`. */
static uint64_t find_in_file(struct gtv_attached *at, uint64_t start)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph[HEADERS_MAX];
	uint64_t bias = start, found = 0;

	if (!read_at(at, start, &eh, sizeof eh) || memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof *ph ||
	    eh.e_phnum > HEADERS_MAX ||
	    !read_at(at, start + eh.e_phoff, ph, eh.e_phnum * sizeof *ph))
		return 0;
	for (unsigned i = 0; i < eh.e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && !ph[i].p_offset) {
			bias = start - ph[i].p_vaddr;
			break;
		}
	for (unsigned i = 0; i < eh.e_phnum && !found; i++)
		if (ph[i].p_type == PT_NOTE)
			found = find_note(at, bias + ph[i].p_vaddr, ph[i].p_memsz);
	return found;
}

int gtv_attached_open(struct gtv_attached *at, pid_t pid)
{
	char path[48], line[512];
	uint64_t start, offset;
	FILE *maps;
	int files = 0;

	*at = (struct gtv_attached){.pid = pid, .memory = -1};
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	if (maps)
		at->memory = open(path, O_RDWR | O_CLOEXEC);
	while (at->memory >= 0 && !at->address && files < FILES_MAX &&
	       fgets(line, sizeof line, maps))
		if (sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64, &start, &offset) == 2 &&
		    !offset && strchr(line, '/')) {
			files++;
			at->address = find_in_file(at, start);
		}
	if (maps)
		fclose(maps);
	if (at->address)
		return 0;
	int denied = at->memory < 0 && (errno == EACCES || errno == EPERM);
	gtv_attached_close(at);
	return denied ? -GTV_EPERM : -GTV_ENOTFOUND;
}

void gtv_attached_close(struct gtv_attached *at)
{
	if (at->memory >= 0)
		close(at->memory);
	at->memory = -1;
}

/* ------------------------------------------------------------- the request */

static int runs_now(pid_t pid, uint32_t tid)
{
	char path[64], line[256];
	const char *state;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/task/%u/stat", (int)pid, tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, line, sizeof line - 1);
	close(fd);
	line[n > 0 ? n : 0] = 0;
	state = strrchr(line, ')');
	return state && !strncmp(state, ") R", 3);
}

/* A sleep of the program's own would end early. libgt's are until a time (the flag
 * TIMER_ABSTIME), and begun again. */
static int may_be_woken(pid_t pid, uint32_t tid)
{
	char path[64], line[128];
	unsigned long long clock = 0, flags = 0;
	long call = -1;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/task/%u/syscall", (int)pid, tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT; /* cannot be told: old kernels, or no rights */
	n = read(fd, line, sizeof line - 1);
	close(fd);
	if (n <= 0) /* without the privileges that we had: not while it sleeps */
		return runs_now(pid, tid);
	line[n] = 0;
	if (sscanf(line, "%ld %llx %llx", &call, &clock, &flags) < 1)
		return 1; /* "running" */
	if (call == SYS_clock_nanosleep)
		return (flags & TIMER_ABSTIME) != 0;
	return call != SYS_nanosleep;
}

void gtv_attached_wake(const struct gtv_attached *at)
{
	struct gtv_attach point;
	uint32_t tid;

	if (!read_at(at, at->address, &point, sizeof point))
		return;
	tid = point.helper ? point.helper : point.tid;
	if (point.helper || may_be_woken(at->pid, tid))
		syscall(SYS_tgkill, at->pid, tid, SIGURG);
}

int gtv_attached_ask(struct gtv_attached *at, uint32_t want, const char *socket)
{
	struct gtv_attach point;

	if (!read_at(at, at->address, &point, sizeof point) ||
	    point.magic != GTV_ATTACH_MAGIC)
		return -GTV_EIO;
	at->request = point.request + 1;
	if (at->request == point.answered)
		at->request++;
	memset(point.socket, 0, sizeof point.socket);
	if (socket)
		memcpy(point.socket, socket, strnlen(socket, sizeof point.socket - 1));
	if (!write_at(at, at->address + offsetof(struct gtv_attach, socket), point.socket,
		      sizeof point.socket) ||
	    !write_at(at, at->address + offsetof(struct gtv_attach, want), &want,
		      sizeof want) ||
	    !write_at(at, at->address + offsetof(struct gtv_attach, request), &at->request,
		      sizeof at->request))
		return -GTV_EIO;
	gtv_attached_wake(at);
	return 0;
}

int gtv_attached_answer(const struct gtv_attached *at, int *result)
{
	struct gtv_attach point;

	if (!read_at(at, at->address, &point, sizeof point))
		return -GTV_EIO;
	*result = point.result;
	return point.answered == at->request;
}
