/* SPDX-License-Identifier: MIT
 *
 * Which variable of a running program lies at an address: its memory map says which
 * file is there, that file's symbol table says the rest. For names of locks. The
 * program and its files are hostile: what is too large or damaged has no names.
 */
#ifndef GTV_SYMBOLS_H
#define GTV_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct gtv_mapped;
struct gtv_symbols;

struct gtv_symbols *gtv_symbols_new(void); /* Returns owned, NULL without memory */
void gtv_symbols_free(struct gtv_symbols *s);
/* mapped: as the kernel told it, or NULL: asked of /proc, which may be forbidden.
 * "counter_lock", or "pool+16" for what lies within a larger variable. 1 if there is
 * one at ts_ns, else 0 and buf is empty. Reads files: not for every event. */
int gtv_symbols_name(struct gtv_symbols *s, const struct gtv_mapped *mapped, uint32_t pid,
		     uint64_t ts_ns, uint64_t addr, char *buf, size_t size);
/* The same of a file whose bytes from `offset` on lie at `start`. */
int gtv_symbols_in_file(struct gtv_symbols *s, const char *path, uint64_t start,
			uint64_t offset, uint64_t addr, char *buf, size_t size);

#endif
