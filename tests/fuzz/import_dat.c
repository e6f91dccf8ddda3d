/* SPDX-License-Identifier: MIT
 * Fuzzes the import of trace.dat.
 */
#include "tests/fuzz/import_whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("in", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	import_whole(fd, "in");
	close(fd);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
