/* SPDX-License-Identifier: MIT
 *
 * Where a green thread may be stopped by a signal: the section .text of the program's
 * own file. Linkage stubs have sections of their own, shared libraries files of their
 * own, and the build gives the runtime's code the section gt_text (or it is in the
 * preload library, which is a file of its own). What a static libc
 * or link-time optimisation has mixed into .text cannot be told apart: then nowhere.
 *
 * Section headers are not loaded, so they are read from the file.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/os/preempt.h"

/* By the linker, from the section's name; none if no code is in it. */
extern const char __start_gt_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_gt_text[] __attribute__((weak, visibility("hidden")));

static struct {
	uintptr_t low, high;
} text;

struct image {
	uintptr_t base;
	int found, interpreted;
	int has_us; /* the runtime is in it */
};

/* The first that is told is the program. */
static int look_at_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct image *image = arg;

	(void)size;
	image->found = 1;
	image->base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t low = info->dlpi_addr + part->p_vaddr;

		image->interpreted |= part->p_type == PT_INTERP;
		image->has_us |= part->p_type == PT_LOAD &&
				 (uintptr_t)gt__preempt_text_find - low < part->p_memsz;
	}
	return 1;
}

static int in_file(size_t bytes, uint64_t at, uint64_t len)
{
	return at <= bytes && len <= bytes - at;
}

/* The section .text in a file of `bytes`; -1: there is none. */
static int find_section(const char *file, size_t bytes, uintptr_t base)
{
	const ElfW(Ehdr) *head = (const void *)file;
	const ElfW(Shdr) * section, *names;

	if (bytes < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    !head->e_shoff || head->e_shentsize != sizeof *section ||
	    head->e_shstrndx >= head->e_shnum || head->e_shoff % 8 ||
	    !in_file(bytes, head->e_shoff, (uint64_t)head->e_shnum * sizeof *section))
		return -1;
	section = (const void *)(file + head->e_shoff);
	names = &section[head->e_shstrndx];
	if (!in_file(bytes, names->sh_offset, names->sh_size))
		return -1;
	for (int i = 0; i < head->e_shnum; i++) {
		uint64_t name = section[i].sh_name;

		if (name + sizeof ".text" > names->sh_size ||
		    memcmp(file + names->sh_offset + name, ".text", sizeof ".text"))
			continue;
		text.low = base + section[i].sh_addr;
		text.high = text.low + section[i].sh_size;
		return 0;
	}
	return -1;
}

static int read_sections(uintptr_t base)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err = -1;
	struct stat st;
	void *file;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && st.st_size > 0) {
		file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file != MAP_FAILED) {
			err = find_section(file, (size_t)st.st_size, base);
			munmap(file, (size_t)st.st_size);
		}
	}
	close(fd);
	return err;
}

const char *gt__preempt_text_find(void)
{
	uintptr_t ours = (uintptr_t)gt__preempt_text_find;
	struct image image = {0};

	dl_iterate_phdr(look_at_program, &image);
	if (image.has_us &&
	    (ours < (uintptr_t)__start_gt_text || ours >= (uintptr_t)__stop_gt_text))
		return "the runtime's code is not in a section of its own "
		       "(link-time optimisation?)";
	if (!image.found || !image.interpreted)
		return "libc is linked statically";
	if (read_sections(image.base))
		return "the program's file has no section headers";
	return NULL;
}

int gt__preempt_text_holds(uintptr_t pc)
{
	return pc >= text.low && pc < text.high;
}
