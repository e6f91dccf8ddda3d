/* SPDX-License-Identifier: MIT
 * Fuzzes the import of perf.data.
 */
#include "tests/fuzz/import_feed.h"

#ifdef GTV_LIBFUZZER
#include <dlfcn.h>
#include <errno.h>
#include <event-parse.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIED 4096

typedef enum tep_errno parse_fn(struct tep_handle *tep, const char *buf, unsigned long size,
				const char *system);
void __sanitizer_set_death_callback(void (*callback)(void));

static void nothing(void)
{
}

/* Whether libtraceevent stands this text, found out in another process. */
static int survives(parse_fn *parse, struct tep_handle *tep, const char *buf,
		    unsigned long size, const char *system)
{
	static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM};
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		__sanitizer_set_death_callback(nothing);
		for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
			signal(crashes[i], SIG_DFL);
		alarm(5);
		parse(tep, buf, size, system);
		_exit(0);
	}
	if (child < 0)
		return 0; /* no room for a process: not to be blamed on the text */
	while (waitpid(child, &status, 0) != child) /* libFuzzer's own alarms */
		if (errno != EINTR)
			abort();
	return status == 0;
}

/* Stands before the library's. Some texts that are no formats crash it; gtviz runs it in a
 * process of its own (import.c), and what is fuzzed here is ours. */
enum tep_errno tep_parse_event(struct tep_handle *tep, const char *buf, unsigned long size,
			       const char *system)
{
	static struct {
		uint64_t hash;
		int stands;
	} tried[TRIED];
	static parse_fn *parse;
	uint64_t hash = 14695981039346656037u;

	if (!parse)
		*(void **)&parse = dlsym(RTLD_NEXT, "tep_parse_event");
	for (unsigned long i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)buf[i]) * 1099511628211u;
	if (tried[hash % TRIED].hash != hash) {
		tried[hash % TRIED].stands = survives(parse, tep, buf, size, system);
		tried[hash % TRIED].hash = hash;
	}
	return tried[hash % TRIED].stands ? parse(tep, buf, size, system)
					  : TEP_ERRNO__PARSE_EVENT_FAILED;
}
#endif

/* Of damaged formats libtraceevent forgets some memory: the process that it runs in ends
 * soon after. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct receiver r = {0};

	import_bytes(gtv__import_perf, data, size, &r);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
