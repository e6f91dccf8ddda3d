/* SPDX-License-Identifier: MIT
 *
 * Files are read through libelf by read calls, never mapped: a file that its owner cuts
 * short meanwhile must not kill the recorder. Their variables are kept, sorted, so that
 * a program with thousands of locks has its files read once.
 */
#include <stdlib.h>

#include "tracer/session/symbols.h"
#include "tracer/source/mapped.h"

#ifndef GTV_HAVE_ELF

struct gtv_symbols {
	int none;
};

struct gtv_symbols *gtv_symbols_new(void)
{
	return calloc(1, sizeof(struct gtv_symbols));
}

void gtv_symbols_free(struct gtv_symbols *s)
{
	free(s);
}

int gtv_symbols_name(struct gtv_symbols *s, const struct gtv_mapped *mapped, uint32_t pid,
		     uint64_t ts_ns, uint64_t addr, char *buf, size_t size)
{
	(void)s, (void)mapped, (void)pid, (void)ts_ns, (void)addr;
	if (size)
		buf[0] = 0;
	return 0;
}

int gtv_symbols_in_file(struct gtv_symbols *s, const char *path, uint64_t start,
			uint64_t offset, uint64_t addr, char *buf, size_t size)
{
	(void)s, (void)path, (void)start, (void)offset, (void)addr;
	if (size)
		buf[0] = 0;
	return 0;
}

#else

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX   64
#define LINES_MAX   8192
#define TABLE_BYTES (32u << 20) /* of a symbol table that is read at all */
#define VARS_MAX    (1u << 20)	/* of all files */
#define NAME_MAX_   48
#define LOADS_MAX   32

struct var {
	uint64_t at, size;
	char name[NAME_MAX_];
};

struct file {
	dev_t dev;
	ino_t ino;
	struct {
		uint64_t offset, stored, at, bytes;
	} load[LOADS_MAX];
	size_t loads, vars;
	struct var *var; /* by address */
};

struct gtv_symbols {
	struct file file[FILES_MAX];
	size_t files, vars;
};

struct gtv_symbols *gtv_symbols_new(void)
{
	elf_version(EV_CURRENT);
	return calloc(1, sizeof(struct gtv_symbols));
}

void gtv_symbols_free(struct gtv_symbols *s)
{
	for (size_t i = 0; s && i < s->files; i++)
		free(s->file[i].var);
	free(s);
}

/* ---- the file ---- */

static int by_address(const void *a, const void *b)
{
	const struct var *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void read_loads(Elf *elf, struct file *f)
{
	size_t n = 0;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t i = 0; i < n && i < INT_MAX && f->loads < LOADS_MAX; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		f->load[f->loads].offset = ph.p_offset;
		f->load[f->loads].stored = ph.p_filesz;
		f->load[f->loads].at = ph.p_vaddr;
		f->load[f->loads++].bytes = ph.p_memsz;
	}
}

/* The table with all symbols, or that of the dynamic ones. */
static Elf_Scn *find_table(Elf *elf, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL, *best = NULL;
	GElf_Shdr one;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &one) || one.sh_size > TABLE_BYTES ||
		    !one.sh_entsize ||
		    (one.sh_type != SHT_SYMTAB && (best || one.sh_type != SHT_DYNSYM)))
			continue;
		best = scn;
		*sh = one;
	}
	return best;
}

static void read_vars(Elf *elf, struct file *f, size_t room)
{
	GElf_Shdr sh = {0};
	Elf_Scn *scn = find_table(elf, &sh);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	size_t n = data ? (size_t)(sh.sh_size / sh.sh_entsize) : 0, cap = 0;
	GElf_Sym sym;

	for (size_t i = 0; i < n && i < INT_MAX && f->vars < room; i++) {
		if (!gelf_getsym(data, (int)i, &sym) ||
		    GELF_ST_TYPE(sym.st_info) != STT_OBJECT || !sym.st_size ||
		    sym.st_shndx == SHN_UNDEF)
			continue;
		const char *name = elf_strptr(elf, sh.sh_link, sym.st_name);
		if (!name || !*name)
			continue;
		if (f->vars == cap) {
			cap = cap ? 2 * cap : 256;
			struct var *var = realloc(f->var, cap * sizeof *var);
			if (!var)
				break;
			f->var = var;
		}
		struct var *v = &f->var[f->vars++];
		*v = (struct var){.at = sym.st_value, .size = sym.st_size};
		snprintf(v->name, sizeof v->name, "%s", name);
	}
	if (f->vars)
		qsort(f->var, f->vars, sizeof *f->var, by_address);
}

/* A file with nothing in it is remembered too. NULL: it can't be opened, or there are
 * too many. */
static struct file *file_at(struct gtv_symbols *s, const char *path)
{
	/* No pipe may hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct file *f = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		goto out;
	for (size_t i = 0; i < s->files; i++) {
		if (s->file[i].dev == st.st_dev && s->file[i].ino == st.st_ino) {
			f = &s->file[i];
			goto out;
		}
	}
	if (s->files == FILES_MAX)
		goto out;
	f = &s->file[s->files++];
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		read_loads(elf, f);
		read_vars(elf, f, VARS_MAX - s->vars);
		s->vars += f->vars;
	}
	elf_end(elf);
out:
	close(fd);
	return f;
}

/* ---- the map ---- */

/* Where a file's bytes lie in the program. */
struct place {
	uint64_t start, offset;
	char path[PATH_MAX];
};

/*
 * The file whose mapping holds addr. Zeroed variables lie behind the file's own pages,
 * in memory without a name that touches them.
 */
static int find_place(FILE *maps, uint64_t addr, struct place *out)
{
	char line[PATH_MAX + 128], path[PATH_MAX];
	uint64_t start, end, offset, last_end = 0;

	out->path[0] = 0;
	for (int i = 0; i < LINES_MAX && fgets(line, sizeof line, maps); i++) {
		path[0] = 0;
		if (sscanf(line,
			   "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %4095[^\n]",
			   &start, &end, &offset, path) < 3)
			continue;
		if (path[0] == '/') {
			out->start = start;
			out->offset = offset;
			memcpy(out->path, path, sizeof path);
		} else if (path[0] || start != last_end) {
			out->path[0] = 0;
		}
		last_end = end;
		if (addr < end)
			return addr >= start && out->path[0];
	}
	return 0;
}

static int in_memory(const struct file *f, uint64_t at)
{
	for (size_t i = 0; i < f->loads; i++) {
		if (at >= f->load[i].at && at - f->load[i].at < f->load[i].bytes)
			return 1;
	}
	return 0;
}

/* The address as the file counts: the part that is mapped at the place says how far the
 * file is off. 1, or 0 if nothing of the file is at that address. */
static int address_in_file(const struct file *f, uint64_t start, uint64_t offset,
			   uint64_t addr, uint64_t *at)
{
	uint64_t page = ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);

	for (size_t i = 0; i < f->loads; i++) {
		uint64_t first = f->load[i].offset & page;
		uint64_t stored = f->load[i].stored + (f->load[i].offset - first);
		if (offset < first || offset - first >= stored)
			continue;
		*at = addr - start + (offset - first) + (f->load[i].at & page);
		if (in_memory(f, *at))
			return 1;
	}
	return 0;
}

static const struct var *var_at(const struct file *f, uint64_t at)
{
	size_t lo = 0, hi = f->vars;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (f->var[mid].at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && at - f->var[lo - 1].at < f->var[lo - 1].size ? &f->var[lo - 1] : NULL;
}

/* As the kernel told it: code lies below its file's variables. */
static int mapped_place(const struct gtv_mapped *mapped, uint32_t pid, uint64_t ts_ns,
			uint64_t addr, struct place *out)
{
	const char *path;

	if (!gtv_mapped_below(mapped, pid, ts_ns, addr, &out->start, &out->offset, &path))
		return 0;
	snprintf(out->path, sizeof out->path, "%s", path);
	return 1;
}

static int proc_place(uint32_t pid, uint64_t addr, struct place *out)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%" PRIu32 "/maps", pid);
	FILE *maps = fopen(path, "re");
	if (!maps)
		return 0;
	int found = find_place(maps, addr, out);
	fclose(maps);
	return found;
}

int gtv_symbols_in_file(struct gtv_symbols *s, const char *path, uint64_t start,
			uint64_t offset, uint64_t addr, char *buf, size_t size)
{
	const struct file *f = file_at(s, path);
	const struct var *v;
	uint64_t at;

	buf[0] = 0;
	if (!f || !address_in_file(f, start, offset, addr, &at) || !(v = var_at(f, at)))
		return 0;
	if (at == v->at)
		snprintf(buf, size, "%s", v->name);
	else
		snprintf(buf, size, "%s+%" PRIu64, v->name, at - v->at);
	return 1;
}

int gtv_symbols_name(struct gtv_symbols *s, const struct gtv_mapped *mapped, uint32_t pid,
		     uint64_t ts_ns, uint64_t addr, char *buf, size_t size)
{
	struct place place;

	buf[0] = 0;
	if (!mapped_place(mapped, pid, ts_ns, addr, &place) &&
	    !proc_place(pid, addr, &place))
		return 0;
	return gtv_symbols_in_file(s, place.path, place.start, place.offset, addr, buf,
				   size);
}

#endif
