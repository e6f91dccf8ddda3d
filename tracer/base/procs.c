/* SPDX-License-Identifier: MIT */
#include "tracer/base/procs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"

#define LISTED_MAX 8 /* processes of one name that a message lists */

/* Reads a small file of /proc; returns its length, 0 if it is not to be had. */
static size_t read_proc(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf[0] = 0;
	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

/* "123 (any (name) S 1 …": what follows the name, *comm perhaps filled. */
static int parse_stat(const char *line, char comm[16], char *state, uint32_t *parent)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');
	unsigned up;

	if (!open || !close || close < open || sscanf(close + 1, " %c %u", state, &up) != 2)
		return -1;
	*parent = up;
	if (comm) {
		size_t len = (size_t)(close - open - 1);
		memset(comm, 0, 16);
		memcpy(comm, open + 1, len < 15 ? len : 15);
	}
	return 0;
}

/* The number that a name in /proc is, 0 none. */
static uint32_t number(const char *text)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return 0;
	n = strtoul(text, &end, 10);
	return *end || n > UINT32_MAX >> 1 ? 0 : (uint32_t)n;
}

/* ------------------------------------------------------------- all processes */

struct process {
	uint32_t pid, parent;
	uint8_t ours;
	char comm[16];
};

struct processes {
	struct process *at;
	size_t count, cap;
};

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int add_process(struct processes *all, uint32_t pid)
{
	char path[48], line[512], state;
	struct process p = {.pid = pid};

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	if (!read_proc(path, line, sizeof line) ||
	    parse_stat(line, p.comm, &state, &p.parent) || state == 'Z' || state == 'X')
		return 0;
	if (all->count == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 256;
		struct process *at = realloc(all->at, cap * sizeof *at);
		if (!at)
			return -GTV_ENOMEM;
		all->at = at;
		all->cap = cap;
	}
	all->at[all->count++] = p;
	return 0;
}

static int list_processes(struct processes *all)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int rc = 0;

	*all = (struct processes){0};
	if (!dir)
		return -GTV_ENOTFOUND;
	while (!rc && (d = readdir(dir)))
		if (number(d->d_name))
			rc = add_process(all, number(d->d_name));
	closedir(dir);
	if (all->count)
		qsort(all->at, all->count, sizeof *all->at, by_pid);
	return rc;
}

static struct process *find(const struct processes *all, uint32_t pid)
{
	const struct process key = {.pid = pid};

	return all->count ? bsearch(&key, all->at, all->count, sizeof key, by_pid) : NULL;
}

/* Marks what descends from root. Ids go round, so a child may come before its parent:
 * until nothing changes. */
static void mark_tree(const struct processes *all, uint32_t root, uint32_t except)
{
	size_t changed = 1;
	struct process *p = find(all, root), *up;

	if (p)
		p->ours = 1;
	while (changed) {
		changed = 0;
		for (size_t i = 0; i < all->count; i++) {
			p = &all->at[i];
			if (p->ours || p->pid == except)
				continue;
			up = find(all, p->parent);
			if (up && up->ours)
				p->ours = (uint8_t)(changed = 1);
		}
	}
}

/* ------------------------------------------------------------------ threads */

static int add_thread(struct gtv_procs *tree, const struct process *p, uint32_t tid)
{
	struct gtv_procs_thread *t;
	char path[64];
	size_t n;

	if (tree->count >= GTV_PROCS_MAX)
		return 0;
	if (tree->count == tree->cap) {
		size_t cap = tree->cap ? 2 * tree->cap : 64;
		t = realloc(tree->thread, cap * sizeof *t);
		if (!t)
			return -GTV_ENOMEM;
		tree->thread = t;
		tree->cap = cap;
	}
	t = &tree->thread[tree->count++];
	*t = (struct gtv_procs_thread){.tid = tid, .pid = p->pid, .parent = p->parent};
	snprintf(path, sizeof path, "/proc/%u/task/%u/comm", p->pid, tid);
	n = read_proc(path, t->comm, sizeof t->comm);
	if (n && t->comm[n - 1] == '\n')
		t->comm[n - 1] = 0;
	return 0;
}

static int add_threads(struct gtv_procs *tree, const struct process *p)
{
	char path[48];
	struct dirent *d;
	DIR *dir;
	int rc = 0;

	snprintf(path, sizeof path, "/proc/%u/task", p->pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!rc && (d = readdir(dir)))
		if (number(d->d_name))
			rc = add_thread(tree, p, number(d->d_name));
	closedir(dir);
	return rc;
}

int gtv_procs_read(struct gtv_procs *tree, pid_t root, pid_t except)
{
	struct processes all;
	int rc = list_processes(&all);

	tree->count = 0;
	if (!rc)
		mark_tree(&all, (uint32_t)root, (uint32_t)except);
	for (size_t i = 0; i < all.count && !rc; i++)
		if (all.at[i].ours && all.at[i].pid != (uint32_t)except)
			rc = add_threads(tree, &all.at[i]);
	free(all.at);
	return rc ? rc : tree->count ? 0 : -GTV_ENOTFOUND;
}

void gtv_procs_fini(struct gtv_procs *tree)
{
	free(tree->thread);
	*tree = (struct gtv_procs){0};
}

/* -------------------------------------------------------------------- states */

struct look {
	char state;
	uint64_t switches;
};

static int look_at(const struct gtv_procs_thread *t, struct look *out)
{
	char path[64], text[4096];
	const char *state, *own, *forced;

	snprintf(path, sizeof path, "/proc/%u/task/%u/status", t->pid, t->tid);
	if (!read_proc(path, text, sizeof text))
		return -1;
	state = strstr(text, "\nState:");
	own = strstr(text, "\nvoluntary_ctxt_switches:");
	forced = strstr(text, "\nnonvoluntary_ctxt_switches:");
	if (!state || !own || !forced || sscanf(state, "\nState: %c", &out->state) != 1)
		return -1;
	out->switches = strtoull(strchr(own, ':') + 1, NULL, 10) +
			strtoull(strchr(forced, ':') + 1, NULL, 10);
	return 0;
}

static uint32_t call_of(const struct gtv_procs_thread *t)
{
	char path[64], line[256];
	int number_of;

	snprintf(path, sizeof path, "/proc/%u/task/%u/syscall", t->pid, t->tid);
	if (!read_proc(path, line, sizeof line) || sscanf(line, "%d", &number_of) != 1 ||
	    number_of < 0)
		return 0;
	return (uint32_t)number_of + 1;
}

static uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint8_t gtv_procs_state(const struct gtv_procs_thread *thread, uint32_t *call,
			uint64_t *ts_ns)
{
	struct look before, after;

	*call = 0;
	if (look_at(thread, &before)) {
		*ts_ns = mono_ns();
		return GTV_OFF_UNKNOWN;
	}
	*ts_ns = mono_ns();
	uint32_t in = call_of(thread);
	if (look_at(thread, &after) || after.state != before.state ||
	    after.switches != before.switches ||
	    (before.state != 'S' && before.state != 'D'))
		return GTV_OFF_UNKNOWN;
	*call = in;
	return before.state == 'S' ? GTV_OFF_SLEEP : GTV_OFF_DISK;
}

/* ------------------------------------------------------------------ by name */

/* Its program's file without the folder is what a person calls it; ps shows comm. */
static int is_called(const struct process *p, const char *name)
{
	char path[48], file[512];
	const char *base;
	ssize_t n;

	if (!strncmp(p->comm, name, 15) && strlen(name) <= 15)
		return 1;
	snprintf(path, sizeof path, "/proc/%u/exe", p->pid);
	n = readlink(path, file, sizeof file - 1);
	if (n <= 0)
		return 0;
	file[n] = 0;
	base = strrchr(file, '/');
	return !strcmp(base ? base + 1 : file, name) || !strcmp(file, name);
}

static size_t mark_called(const struct processes *all, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (all->at[i].pid == (uint32_t)getpid() || !is_called(&all->at[i], name))
			continue;
		all->at[i].ours = 1;
		count++;
	}
	return count;
}

/* Whether any other one marked is above it. */
static int has_marked_above(const struct processes *all, const struct process *p)
{
	const struct process *up = p;

	for (size_t steps = 0; up && steps < all->count; steps++) {
		up = up->parent ? find(all, up->parent) : NULL;
		if (up && up->ours)
			return 1;
	}
	return 0;
}

static int choose(const struct processes *all, pid_t *pid, char *why, size_t why_bytes)
{
	size_t roots = 0, used = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (!all->at[i].ours || has_marked_above(all, &all->at[i]))
			continue;
		*pid = (pid_t)all->at[i].pid;
		if (roots++ < LISTED_MAX && used < why_bytes)
			used += (size_t)snprintf(
				why + used, why_bytes - used, "%s%u",
				roots > 1 ? ", " : "several: ", all->at[i].pid);
	}
	if (roots > LISTED_MAX && used < why_bytes)
		snprintf(why + used, why_bytes - used, " and %zu more", roots - LISTED_MAX);
	return roots == 1 ? 0 : -GTV_EUSAGE;
}

int gtv_procs_find(const char *text, pid_t *pid, char *why, size_t why_bytes)
{
	struct processes all;
	uint32_t n = number(text);
	int rc = list_processes(&all);

	if (!rc && n && find(&all, n)) {
		*pid = (pid_t)n;
	} else if (!rc && n) {
		snprintf(why, why_bytes, "there is no such process");
		rc = -GTV_ENOTFOUND;
	} else if (!rc && !mark_called(&all, text)) {
		snprintf(why, why_bytes, "no process is called so");
		rc = -GTV_ENOTFOUND;
	} else if (!rc) {
		rc = choose(&all, pid, why, why_bytes);
	} else {
		snprintf(why, why_bytes, "/proc cannot be read");
	}
	free(all.at);
	return rc;
}

int64_t gtv_procs_uid(pid_t pid)
{
	char path[48], text[2048];
	const char *at;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	if (!read_proc(path, text, sizeof text) || !(at = strstr(text, "\nUid:")))
		return -1;
	return (int64_t)strtoul(at + 5, NULL, 10);
}

void gtv_procs_command(pid_t pid, char *buf, size_t size)
{
	char path[48];
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	n = read_proc(path, buf, size);
	while (n && !buf[n - 1])
		n--;
	for (size_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = ' ';
}
