/* SPDX-License-Identifier: MIT
 * Fuzzes the import of CTF. An input is the folder's "metadata", a line "#STREAM", and
 * one stream of events.
 */
#include <sys/stat.h>

#include "tests/fuzz/import_whole.h"

#define MARK "\n#STREAM\n"

static void put(int dir, const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = memmem(data, size, MARK, strlen(MARK));
	size_t text = mark ? (size_t)(mark - data) + 1 : size;
	size_t stream = mark ? text + strlen(MARK) - 1 : size;
	char path[] = "/tmp/gtviz-ctf-XXXXXX";
	int dir;

	if (!mkdtemp(path))
		abort();
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(dir, "metadata", data, text);
	put(dir, "stream", data + stream, size - stream);
	import_whole(dir, path);
	unlinkat(dir, "metadata", 0);
	unlinkat(dir, "stream", 0);
	close(dir);
	rmdir(path);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
