/* SPDX-License-Identifier: MIT
 * Fuzzes the import of ftrace's and perf's text.
 */
#include "tests/fuzz/import_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct receiver r = {0};

	import_bytes(gtv__import_text, data, size, &r);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
