/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the naming of locks: any bytes are a file that the traced program has mapped,
 * and are asked for the variables in it.
 *
 * Built by libFuzzer, or as a program that replays files.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tracer/session/symbols.h"
#include "tests/fuzz/files.h"

#define BYTES_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gtv_symbols *s = gtv_symbols_new();
	int fd = memfd_create("symbols", MFD_CLOEXEC);
	char path[32], name[64];

	if (!s || fd < 0 || size > BYTES_MAX || write(fd, data, size) != (ssize_t)size)
		goto out;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	for (uint64_t offset = 0; offset <= size; offset += 4096) {
		for (uint64_t addr = 0; addr < 4 * 4096; addr += 40) {
			int found = gtv_symbols_in_file(s, path, 0x10000, offset,
							0x10000 + addr, name, sizeof name);
			if (found != (name[0] != 0) ||
			    strnlen(name, sizeof name) == sizeof name)
				abort();
		}
	}
out:
	gtv_symbols_free(s);
	if (fd >= 0)
		close(fd);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
