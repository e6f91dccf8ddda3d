/* SPDX-License-Identifier: MIT
 *
 * Rows about what `gtviz record` costs the program that it watches, beside what other
 * tracers of the same events cost it.
 *
 * A load says its own time, so that a tracer's start and end do not count. One tracer
 * is a list of words before the load's; what a load cannot be run under is not here.
 */
#include <sys/stat.h>

#include "tests/bench/bench.h"
#include "tests/bench/empty_bpf.h"
#include "tests/bench/tracers.h"

#define ROUND_TRIPS  "20000"
#define ROUND_EVENTS (4.0 * 20000) /* two switches and two wake-ups each */
#define CALLS	     "20000"
#define CALLS_COUNT  20000.0
#define LEAST_NS     1000000 /* of a load: smaller numbers are a tracer's words */

/* ---------------------------------------------------------------- the loads */

enum load { PINGPONG, PINGPONG_CPU, SYSCALLS, MESSAGING, THREADS };

static int load_words(enum load load, const char **argv)
{
	static const char *const messaging[] = {"perf", "bench", "sched", "messaging", "-g",
						"2",	"-l",	 "300",	  NULL};
	static const char *const threads[] = {
		"sysbench", "threads", "--threads=4", "--events=20000",
		"--time=0", "run",     NULL};
	const char *pingpong[] = {tool("pingpipe"), ROUND_TRIPS, NULL};
	const char *pingpong_cpu[] = {tool("pingpipe"), ROUND_TRIPS, "cpu", NULL};
	const char *syscalls[] = {tool("sysloop"), CALLS, NULL};
	const char *const *all[] = {pingpong, pingpong_cpu, syscalls, messaging, threads};
	int argc = 0;

	for (const char *const *word = all[load]; *word; word++)
		argv[argc++] = *word;
	argv[argc] = NULL;
	return argc;
}

/* The load's own figure out of all that was printed, in ns: a line that is a number, or
 * "Total time: 0.123 [sec]", or "total time:   1.23s". */
static double load_ns(enum load load, char *out)
{
	double s;

	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		char *end;
		const char *total = strstr(line, "otal time:");
		unsigned long long ns = strtoull(line, &end, 10);

		if (load <= SYSCALLS && end != line && !*end && ns > LEAST_NS)
			return (double)ns;
		if (load >= MESSAGING && total && sscanf(total + 10, "%lf", &s) == 1)
			return s * 1e9;
	}
	return CANNOT;
}

static double load_under(enum load load, const char *const *tracer)
{
	static char out[1 << 20];
	const char *argv[ARGS_MAX];
	int argc = 0;

	while (*tracer)
		argv[argc++] = *tracer++;
	load_words(load, argv + argc);
	return run(argv, out, sizeof out) < 0 ? CANNOT : load_ns(load, out);
}

static double untraced(enum load load)
{
	static const char *const nobody[] = {NULL};

	return load_under(load, nobody);
}

/* -------------------------------------------------------------- the tracers */

/* A tracer that loses events looks fast: the first trace of a row must hold every
 * event of the load, or the row cannot be measured. */
static int holds_enough(const char *trace, const char *kind, unsigned long long least)
{
	const char *gtviz = from_env("GTVIZ", "./gtviz");
	char command[700], word[64];
	unsigned long long count = 0;
	FILE *f;

	snprintf(command, sizeof command, "'%s' events '%s' --kind %s --csv | wc -l", gtviz,
		 trace, kind);
	f = popen(command, "r");
	if (f && fgets(word, sizeof word, f))
		count = strtoull(word, NULL, 10);
	if (f)
		pclose(f);
	if (count < least)
		fprintf(stderr, "the trace holds %llu %s events of at least %llu\n", count,
			kind, least);
	return count >= least;
}

static double under_gtviz(enum load load, const char *level)
{
	static int checked;
	const char *trace = scratch("traced.gtv");
	const char *tracer[12] = {
		from_env("GTVIZ", "./gtviz"), "record", "-o", trace, "--level", level};
	int argc = 6;

	if (load == SYSCALLS) {
		tracer[argc++] = "--syscalls";
		tracer[argc++] = "all";
	}
	tracer[argc] = "--";
	double ns = load_under(load, tracer);
	if (ns >= 0 && !checked && load <= SYSCALLS) {
		checked = 1;
		if (!(load == SYSCALLS
			      ? holds_enough(trace, "syscall", (unsigned)CALLS_COUNT)
			      : holds_enough(trace,
					     level[0] == '1' ? "thread_off"
							     : "sched_switch",
					     (unsigned)(ROUND_EVENTS / 2))))
			ns = CANNOT;
	}
	unlink(trace);
	return ns;
}

static double under_perf_sched(enum load load)
{
	const char *data = scratch("perf.data");
	const char *tracer[] = {"perf", "sched", "record", "-o", data, "--", NULL};
	double ns = load_under(load, tracer);

	unlink(data);
	return ns;
}

static double under_trace_cmd(enum load load)
{
	const char *data = scratch("trace.dat");
	const char *tracer[] = {"trace-cmd",	"record", "-q",		  "-e",
				"sched_switch", "-e",	  "sched_waking", "-e",
				"sched_wakeup", "-o",	  data,		  NULL};
	double ns = load_under(load, tracer);

	unlink(data);
	return ns;
}

/* It takes the command as one word, and only counts: what the hooks alone cost. */
static double under_bpftrace_script(enum load load, const char *script)
{
	static char out[1 << 16];
	const char *words[ARGS_MAX];
	char command[700] = "";
	const char *argv[] = {"bpftrace", "-e", script, "-c", command, NULL};
	int argc = load_words(load, words);

	for (int i = 0; i < argc; i++)
		snprintf(command + strlen(command), sizeof command - strlen(command),
			 "%s%s", i ? " " : "", words[i]);
	return run(argv, out, sizeof out) < 0 ? CANNOT : load_ns(load, out);
}

static double under_bpftrace(enum load load)
{
	return under_bpftrace_script(load, "tracepoint:sched:sched_switch { @s++ } "
					   "tracepoint:sched:sched_waking { @w++ }");
}

static double in_ms(double ns)
{
	return ns < 0 ? CANNOT : ns / 1e6;
}

/* ------------------------------------------------------------------ the rows */

#define MS(function, measure)                                                              \
	static double function(void)                                                       \
	{                                                                                  \
		return in_ms(measure);                                                     \
	}
MS(pingpong_alone, untraced(PINGPONG))
MS(pingpong_l3, under_gtviz(PINGPONG, "3"))
MS(pingpong_l2, under_gtviz(PINGPONG, "2"))
MS(pingpong_l1, under_gtviz(PINGPONG, "1"))
MS(pingpong_perf, under_perf_sched(PINGPONG))
MS(pingpong_trace_cmd, under_trace_cmd(PINGPONG))
MS(pingpong_bpftrace, under_bpftrace(PINGPONG))
MS(messaging_alone, untraced(MESSAGING))
MS(messaging_l3, under_gtviz(MESSAGING, "3"))
MS(messaging_l2, under_gtviz(MESSAGING, "2"))
MS(messaging_l1, under_gtviz(MESSAGING, "1"))
MS(messaging_perf, under_perf_sched(MESSAGING))
MS(messaging_trace_cmd, under_trace_cmd(MESSAGING))
MS(messaging_bpftrace, under_bpftrace(MESSAGING))
MS(threads_alone, untraced(THREADS))
MS(threads_l3, under_gtviz(THREADS, "3"))
MS(threads_l2, under_gtviz(THREADS, "2"))
MS(threads_l1, under_gtviz(THREADS, "1"))
MS(threads_perf, under_perf_sched(THREADS))
MS(threads_trace_cmd, under_trace_cmd(THREADS))
MS(threads_bpftrace, under_bpftrace(THREADS))

/* What one event adds to the processor time of the ping-pong: what is done at its switches
 * and wake-ups is on its account. Untraced runs right before and after each traced one: a
 * core's speed changes with what others do. */
static double added_ns(double before_ns, double traced_ns, double after_ns)
{
	double alone_ns = (before_ns + after_ns) / 2;

	if (before_ns < 0 || traced_ns < 0 || after_ns < 0)
		return CANNOT;
	return traced_ns > alone_ns ? (traced_ns - alone_ns) / ROUND_EVENTS : 0;
}

#define ADDED(function, measure)                                                           \
	static double function(void)                                                       \
	{                                                                                  \
		double before_ns = untraced(PINGPONG_CPU), traced_ns = measure;            \
		return traced_ns < 0                                                       \
			       ? CANNOT                                                    \
			       : added_ns(before_ns, traced_ns, untraced(PINGPONG_CPU));   \
	}
ADDED(event_l3, under_gtviz(PINGPONG_CPU, "3"))
ADDED(event_l2, under_gtviz(PINGPONG_CPU, "2"))
ADDED(event_l1, under_gtviz(PINGPONG_CPU, "1"))
ADDED(event_perf, under_perf_sched(PINGPONG_CPU))
ADDED(event_trace_cmd, under_trace_cmd(PINGPONG_CPU))
ADDED(event_bpftrace, under_bpftrace(PINGPONG_CPU))

static double under_empty_bpf(int reads_clock)
{
	struct empty_bpf empty;

	if (empty_bpf_attach(&empty, reads_clock) < 0)
		return CANNOT;
	double ns = untraced(PINGPONG_CPU);
	empty_bpf_detach(&empty);
	return ns;
}
ADDED(event_empty, under_empty_bpf(0))
ADDED(event_clock, under_empty_bpf(1))

static double a_call(double ns)
{
	return ns < 0 ? CANNOT : ns / CALLS_COUNT;
}

static double syscall_l3(void)
{
	return a_call(under_gtviz(SYSCALLS, "3"));
}

static double syscall_alone(void)
{
	return a_call(untraced(SYSCALLS));
}

static double syscall_perf(void)
{
	static const char *const tracer[] = {"perf", "trace",	  "-e", "getppid",
					     "-o",   "/dev/null", "--", NULL};

	return a_call(load_under(SYSCALLS, tracer));
}

static double syscall_strace(void)
{
	static const char *const tracer[] = {"strace", "-f",	  "-o", "/dev/null",
					     "-e",     "getppid", "--", NULL};

	return a_call(load_under(SYSCALLS, tracer));
}

static double syscall_bpftrace(void)
{
	return a_call(under_bpftrace_script(SYSCALLS,
					    "tracepoint:raw_syscalls:sys_enter { @e++ } "
					    "tracepoint:raw_syscalls:sys_exit { @x++ }"));
}

static const struct bench_row rows[] = {
	{.name = "trace_pingpong_l3",
	 .unit = "ms",
	 .ours = pingpong_l3,
	 .reference = pingpong_alone,
	 .peers = {{"perf sched record", pingpong_perf},
		   {"trace-cmd", pingpong_trace_cmd},
		   {"bpftrace counting", pingpong_bpftrace}},
	 .rounds = 9},
	{.name = "trace_pingpong_l2",
	 .unit = "ms",
	 .ours = pingpong_l2,
	 .reference = pingpong_alone,
	 .rounds = 9},
	{.name = "trace_pingpong_l1",
	 .unit = "ms",
	 .ours = pingpong_l1,
	 .reference = pingpong_alone,
	 .rounds = 9},
	{.name = "trace_event",
	 .unit = "ns",
	 .ours = event_l3,
	 .reference = event_perf,
	 .peers = {{"level 2", event_l2},
		   {"level 1", event_l1},
		   {"trace-cmd", event_trace_cmd},
		   {"bpftrace counting", event_bpftrace}},
	 .rounds = 9},
	{.name = "trace_event_floor",
	 .unit = "ns",
	 .ours = event_l3,
	 .reference = event_empty,
	 .peers = {{"empty, reads the clock", event_clock}},
	 .rounds = 9},
	{.name = "trace_messaging",
	 .unit = "ms",
	 .ours = messaging_l3,
	 .reference = messaging_alone,
	 .peers = {{"level 2", messaging_l2},
		   {"level 1", messaging_l1},
		   {"perf sched record", messaging_perf},
		   {"trace-cmd", messaging_trace_cmd},
		   {"bpftrace counting", messaging_bpftrace}},
	 .rounds = 9},
	{.name = "trace_threads",
	 .unit = "ms",
	 .ours = threads_l3,
	 .reference = threads_alone,
	 .peers = {{"level 2", threads_l2},
		   {"level 1", threads_l1},
		   {"perf sched record", threads_perf},
		   {"trace-cmd", threads_trace_cmd},
		   {"bpftrace counting", threads_bpftrace}},
	 .rounds = 9},
	{.name = "trace_syscall",
	 .unit = "ns",
	 .ours = syscall_l3,
	 .reference = syscall_alone,
	 .peers = {{"perf trace", syscall_perf},
		   {"strace", syscall_strace},
		   {"bpftrace counting", syscall_bpftrace}},
	 .rounds = 9},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
