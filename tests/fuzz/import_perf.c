/* SPDX-License-Identifier: MIT
 * Fuzzes the import of perf.data.
 */
#include "tests/fuzz/import_feed.h"

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
	return replay_files(argc, argv);
}
#endif
