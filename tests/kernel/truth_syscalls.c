/* SPDX-License-Identifier: MIT
 *
 * System calls against others who look at the very same ones: a program of our own that
 * naps, waits and fails is run under `strace -T`, or under `perf trace`, and gtviz records
 * that. Every call must be told by both, with the same result, and as long. What the
 * program itself saw of its naps is the third witness.
 *
 * strace stops the program around each call, and so sees a little more of it than the
 * kernel; perf reads the same two tracepoints as we do, a moment before or after.
 */
#include <sys/syscall.h>

#include "tests/kernel/accept.h"

#define NAPS	 40
#define NAP_NS	 3000000
#define READS	 40
#define FAILURES 40
#define NAMES	 3
#define RUNS	 5

static const char *const names[NAMES] = {"clock_nanosleep", "pread64", "dup"};
enum { NAP, READ, FAIL };

/* What one witness says of the calls of a name, in their order. */
struct calls {
	double ms[256];
	long long result[256];
	int count;
};

struct view {
	int64_t tid;
	struct calls calls[NAMES];
};

/* What the program says, in the file that it was given. */
struct did {
	int64_t tid;
	double nap_ms[NAPS];
};

/* ---- the program ---- */

static int work(const char *path)
{
	struct timespec nap = {.tv_nsec = NAP_NS};
	struct did did = {.tid = gettid()};
	char bytes[512];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	memset(bytes, 'x', sizeof bytes);
	if (fd < 0 || write(fd, bytes, sizeof bytes) < 0)
		return 1;
	for (int i = 0; i < NAPS; i++) {
		uint64_t begin = now_ns();
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &nap, NULL);
		did.nap_ms[i] = (double)(now_ns() - begin) / 1e6;
	}
	/* Each returns another number. */
	for (int i = 0; i < READS; i++)
		if (pread(fd, bytes, (size_t)i + 1, 0) != i + 1)
			return 1;
	for (int i = 0; i < FAILURES; i++)
		if (syscall(SYS_dup, -1) != -1)
			return 1;
	if (ftruncate(fd, 0) || pwrite(fd, &did, sizeof did, 0) != sizeof did)
		return 1;
	return close(fd);
}

static void read_did(const char *path, struct did *did)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(fread(did, 1, sizeof *did, f), sizeof *did);
	fclose(f);
}

/* ---- the witnesses ---- */

static void add(struct view *v, int which, double ms, long long result)
{
	struct calls *c = &v->calls[which];

	if (c->count < (int)(sizeof c->ms / sizeof c->ms[0])) {
		c->ms[c->count] = ms;
		c->result[c->count] = result;
	}
	c->count++;
}

static void take_ours(void *arg, const char *line)
{
	struct view *v = arg;
	char quoted[64];

	if (line_need(line, "tid") != v->tid)
		return;
	for (int i = 0; i < NAMES; i++) {
		snprintf(quoted, sizeof quoted, "\"call\":\"%s\"", names[i]);
		if (strstr(line, quoted))
			add(v, i, (double)line_need(line, "took_ns") / 1e6,
			    line_need(line, "result"));
	}
}

/* 12  pread64(3, "xxx", 3, 0) = 3 <0.000012>;  dup(-1) = -1 EBADF (Bad…) <0.000009> */
static void take_strace(struct view *v, const char *line)
{
	const char *result = strstr(line, " = "), *took = strrchr(line, '<');

	/* The last one: arguments have such marks too. */
	for (const char *next = result; next; next = strstr(next + 1, " = "))
		result = next;
	for (int i = 0; i < NAMES && result && took; i++) {
		char call[64];
		long long r = strtoll(result + 3 + strspn(result + 3, " "), NULL, 10);

		snprintf(call, sizeof call, " %s(", names[i]);
		if (strstr(line, call))
			add(v, i, strtod(took + 1, NULL) * 1e3,
			    r == -1 && strstr(result, "EBADF") ? -EBADF : r);
	}
}

/* 2.199 ( 2.110 ms): name/4657 clock_nanosleep(which_clock: 1, …) = 0 */
static void take_perf(struct view *v, const char *line)
{
	const char *open = strchr(line, '('), *ms = strstr(line, " ms):");

	for (int i = 0; i < NAMES && open && ms && open < ms; i++) {
		char call[64];

		snprintf(call, sizeof call, " %s(", names[i]);
		if (strstr(ms, call))
			add(v, i, strtod(open + 1, NULL), 0);
	}
}

static void take_file(struct view *v, const char *path,
		      void (*each)(struct view *v, const char *line))
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		each(v, line);
	free(line);
	fclose(f);
}

/* ---- judging ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *ms, int count)
{
	double sorted[256];

	memcpy(sorted, ms, (size_t)count * sizeof *ms);
	qsort(sorted, (size_t)count, sizeof *sorted, by_value);
	return sorted[count / 2];
}

static int count_of(int which)
{
	return which == NAP ? NAPS : which == READ ? READS : FAILURES;
}

/* Whether both tell the same calls; what is not so is said. */
static int same_calls(const struct view *ours, const struct view *theirs, const char *who,
		      int results)
{
	int same = 1;

	for (int i = 0; i < NAMES; i++) {
		const struct calls *a = &ours->calls[i], *b = &theirs->calls[i];

		print_message("%s: gtviz %d, median %.3f ms; %s %d, %.3f ms\n", names[i],
			      a->count, median(a->ms, a->count < 256 ? a->count : 0), who,
			      b->count, median(b->ms, b->count < 256 ? b->count : 0));
		/* The dynamic linker reads too, before the program does. */
		same &= i == READ ? a->count >= READS : a->count == count_of(i);
		same &= b->count == a->count && a->count <= 256;
		for (int k = 0; k < a->count && same && results; k++) {
			if (a->result[k] != b->result[k])
				print_message("%s %d: gtviz %lld, %s %lld\n", names[i], k,
					      a->result[k], who, b->result[k]);
			same &= a->result[k] == b->result[k];
		}
	}
	for (int k = 0; k < READS && same; k++)
		same &= ours->calls[READ].result[ours->calls[READ].count - READS + k] ==
			k + 1;
	return same && ours->calls[FAIL].result[0] == -EBADF;
}

/* What the program saw of its naps has the kernel's part in it, whole. */
static void expect_naps(const struct view *ours, const struct did *did)
{
	const struct calls *a = &ours->calls[NAP];

	for (int k = 0; k < NAPS; k++)
		if (a->ms[k] < NAP_NS / 1e6 || a->ms[k] > did->nap_ms[k])
			fail_msg("nap %d: gtviz %.6f ms, the program %.6f", k, a->ms[k],
				 did->nap_ms[k]);
}

/* Records `words… PROGRAM work FILE`; the words' own output goes to `says`. Returns whether
 * nothing was lost. */
static int record(const char *trace, const char *const *words, const char *did_path,
		  const char *what)
{
	const char *argv[24] = {gtviz_path(), "record", "--syscalls", "all", "--level",
				"3",	      "-o",	trace,	      "--"};
	static char self[ACCEPT_PATH];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct json_object *report;
	uint64_t lost;
	struct ran r;
	int argc = 9;

	assert_true(n > 0);
	for (; *words; words++)
		argv[argc++] = *words;
	argv[argc++] = self;
	argv[argc++] = "work";
	argv[argc++] = did_path;
	run(&r, NULL, argv);
	if (exit_code(&r) != 0)
		print_message("%s: %.300s\n", what, r.text[1]);
	int code = exit_code(&r);
	ran_free(&r);
	if (code)
		SKIP("%s does not work here (status %d)", what, code);
	report = report_of(trace);
	lost = get_u64(get(report, "lost"), "total");
	json_object_put(report);
	if (lost)
		print_message("%" PRIu64 " events were lost, and counted\n", lost);
	return !lost;
}

static int there(const char *program)
{
	char command[64];

	snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
	return system(command) == 0;
}

/* 1: all is as strace says; 0: there must be another run. */
static int strace_agrees(void)
{
	const char *trace = file_path("strace.gtv"), *said = file_path("strace.txt"),
		   *did_path = file_path("did");
	const char *words[] = {
		"strace", "-f", "-T", "-o", said, "-e", "trace=clock_nanosleep,pread64,dup",
		NULL};
	static struct view ours, theirs;
	struct did did;

	memset(&ours, 0, sizeof ours);
	memset(&theirs, 0, sizeof theirs);
	if (!record(trace, words, did_path, "strace"))
		return 0;
	read_did(did_path, &did);
	ours.tid = did.tid;
	each_event(trace, "syscall", take_ours, &ours);
	take_file(&theirs, said, take_strace);
	assert_true(same_calls(&ours, &theirs, "strace", 1));
	expect_naps(&ours, &did);
	/* strace's part is around ours, and the program's around strace's, however long
	 * each waits for a core; strace tells whole microseconds. */
	for (int k = 0; k < NAPS; k++) {
		double at = theirs.calls[NAP].ms[k];

		if (at + 0.002 < ours.calls[NAP].ms[k] || at - 0.002 > did.nap_ms[k])
			fail_msg("nap %d: gtviz %.6f ms, strace %.6f, the program %.6f", k,
				 ours.calls[NAP].ms[k], at, did.nap_ms[k]);
	}
	assert_good_trace(trace);
	return 1;
}

static void as_strace_says(void **state)
{
	(void)state;
	NEED_LEVEL(3);
	if (!there("strace"))
		SKIP("no strace here");
	for (int run = 0; run < RUNS; run++)
		if (strace_agrees())
			return;
	SKIP("each time events were lost");
}

/* The same for perf trace: what it loses it says to nobody but a person. */
static int perf_agrees(void)
{
	const char *trace = file_path("perf.gtv"), *said = file_path("perf.txt"),
		   *did_path = file_path("did");
	const char *words[] = {
		"perf", "trace", "-o", said, "-e", "clock_nanosleep,pread64,dup", NULL};
	static struct view ours, theirs;
	const struct calls *a = &ours.calls[NAP], *b = &theirs.calls[NAP];
	double apart[NAPS];
	struct did did;

	memset(&ours, 0, sizeof ours);
	memset(&theirs, 0, sizeof theirs);
	if (!record(trace, words, did_path, "perf trace"))
		return 0;
	read_did(did_path, &did);
	ours.tid = did.tid;
	each_event(trace, "syscall", take_ours, &ours);
	take_file(&theirs, said, take_perf);
	if (!same_calls(&ours, &theirs, "perf trace", 0))
		return 0;
	expect_naps(&ours, &did);
	/* Half of the naps are as long for both. */
	for (int k = 0; k < NAPS; k++)
		apart[k] = b->ms[k] > a->ms[k] ? b->ms[k] - a->ms[k] : a->ms[k] - b->ms[k];
	print_message("naps: apart by %.4f ms (median)\n", median(apart, NAPS));
	assert_true(median(apart, NAPS) <= 0.1 * median(a->ms, NAPS));
	assert_good_trace(trace);
	return 1;
}

/* What we do wrong we do wrong in each run. */
static void as_perf_trace_says(void **state)
{
	(void)state;
	NEED_LEVEL(3);
	if (!there("perf"))
		SKIP("no perf here");
	for (int run = 0; run < RUNS; run++)
		if (perf_agrees())
			return;
	fail_msg("perf trace tells other calls, in %d runs", RUNS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_strace_says),
		cmocka_unit_test(as_perf_trace_says),
	};

	if (argc == 3 && !strcmp(argv[1], "work"))
		return work(argv[2]);
	return cmocka_run_group_tests(tests, accept_setup, accept_teardown);
}
