/* SPDX-License-Identifier: MIT
 *
 * The rows of the model: what an event costs to turn into spans and edges, and what the
 * rules of the findings add. The events are those of a synthetic trace, in memory: decoding
 * is a row of its own.
 *
 * From the environment: TOOLS (tracegen) and O (where files go).
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tracer/model/findings.h"
#include "tracer/model/model.h"
#include "tracer/store/store.h"

#define CANNOT -1.0 /* "cannot be measured here" */
#define EVENTS "1000000"
#define CORES  "8"

extern char **environ;

static struct gtv_ev *events, *copied;
static size_t count;
static struct gtv_store *store;

static const char *from_env(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

static int generate(const char *path)
{
	char generator[512];
	int status = -1;
	pid_t pid;

	snprintf(generator, sizeof generator, "%s/tracegen",
		 from_env("TOOLS", "build/tests"));
	char *argv[] = {generator, EVENTS, CORES, (char *)(uintptr_t)path, NULL};
	if (posix_spawn(&pid, generator, NULL, NULL, argv, environ))
		return -1;
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}

/* All events of a generated trace, once. */
static int load(void)
{
	char path[512];
	struct gtv_err err = {0};
	struct gtv_store_stats stats;

	if (events)
		return 0;
	snprintf(path, sizeof path, "%s/bench-model.gtv", from_env("O", "build"));
	if (generate(path))
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	if (fd < 0 || gtv_store_open(&store, fd, path, &err))
		return -1;
	gtv_store_get_stats(store, &stats);
	events = malloc((stats.events + GTV_BLOCK_MAX) * sizeof *events);
	copied = malloc((stats.events + GTV_BLOCK_MAX) * sizeof *copied);
	if (!events || !copied)
		return -1;
	for (size_t i = 0; i < gtv_store_block_count(store); i++) {
		long n = gtv_store_read(store, i, events + count);
		count += n > 0 ? (size_t)n : 0;
	}
	memset(copied, 0, count * sizeof *copied); /* its pages are there */
	return count ? 0 : -1;
}

static uint64_t spans;

static void count_span(void *arg, const struct gtv_span *span)
{
	(void)arg;
	(void)span;
	spans++;
}

static double report_ours(void)
{
	struct gtv_model_sink sink = {.span = count_span};

	if (load())
		return CANNOT;
	struct gtv_model *m = gtv_model_new(3, gtv_store_names(store), &sink);
	if (!m)
		return CANNOT;
	uint64_t from_ns = bench_now_ns();
	int err = gtv_model_feed(m, events, count);
	uint64_t ns = bench_now_ns() - from_ns;
	gtv_model_free(m);
	return err ? CANNOT : (double)ns / (double)count;
}

static double report_copy(void)
{
	if (load())
		return CANNOT;
	uint64_t from_ns = bench_now_ns();
	memcpy(copied, events, count * sizeof *events);
	__asm__ volatile("" : : "r"(copied) : "memory");
	return (double)(bench_now_ns() - from_ns) / (double)count;
}

static double findings_ours(void)
{
	if (load())
		return CANNOT;
	struct gtv_findings *f = gtv_findings_new(3, gtv_store_names(store));
	struct gtv_model_sink sink = f ? gtv_findings_sink(f) : (struct gtv_model_sink){0};
	struct gtv_model *m = gtv_model_new(3, gtv_store_names(store), &sink);
	if (!f || !m)
		return CANNOT;
	uint64_t from_ns = bench_now_ns();
	int err = gtv_findings_feed(f, m, events, count);
	uint64_t ns = bench_now_ns() - from_ns;
	gtv_model_free(m);
	gtv_findings_free(f);
	return err ? CANNOT : (double)ns / (double)count;
}

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{.name = "report",
		 .unit = "ns",
		 .ours = report_ours,
		 .reference = report_copy},
		{.name = "findings",
		 .unit = "ns",
		 .ours = findings_ours,
		 .reference = report_ours},
		{0},
	};
	return bench_main(argc, argv, rows);
}
