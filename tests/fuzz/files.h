/* SPDX-License-Identifier: MIT
 *
 * A fuzz target without libFuzzer: its inputs are files. Each lies in memory of just its
 * size, so that a sanitizer sees a byte too far.
 */
#ifndef TESTS_FUZZ_FILES_H
#define TESTS_FUZZ_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_FILE_MAX (1u << 24) /* bytes; what comes after them is left out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's bytes, to be freed; says what is wrong and returns NULL. */
static inline uint8_t *fuzz_read(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rbe");
	uint8_t *room = in ? malloc(FUZZ_FILE_MAX) : NULL, *exact = NULL;

	if (room) {
		*size = fread(room, 1, FUZZ_FILE_MAX, in);
		exact = realloc(room, *size ? *size : 1);
	}
	if (!exact)
		perror(path);
	if (in)
		fclose(in);
	return exact;
}

/* What main does: 0, or 1 if a file could not be read. */
static inline int fuzz_files(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t size;
		uint8_t *data = fuzz_read(argv[i], &size);

		if (!data)
			return 1;
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}

#endif
