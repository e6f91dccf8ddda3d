/* SPDX-License-Identifier: MIT
 *
 * crowd CORES GREEN-THREADS TURNS FILE: writes the trace of a large machine (crowd.h).
 */
#include <fcntl.h>
#include <stdio.h>

#include "tests/tools/crowd.h"

int main(int argc, char **argv)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store_info info;
	struct gtv_store *st;
	int cores, gts;

	if (argc != 5 || !names) {
		fprintf(stderr, "usage: crowd CORES GREEN-THREADS TURNS FILE\n");
		return 2;
	}
	cores = atoi(argv[1]);
	gts = atoi(argv[2]);
	info = crowd_info(cores);
	int fd = open(argv[4], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (cores < 1 || gts < 1 || fd < 0 ||
	    gtv_store_create(&st, fd, &info, names, NULL)) {
		fprintf(stderr, "crowd: %s: cannot be made\n", argv[4]);
		return 1;
	}
	crowd_fill(st, names, cores, gts, strtoul(argv[3], NULL, 10));
	gtv_store_close(st);
	gtv_names_free(names);
	return 0;
}
