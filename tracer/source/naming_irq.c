/* SPDX-License-Identifier: MIT
 *
 * Names of interrupts. A line of /proc/interrupts is a number, a count for each core, the
 * controller, its line and how it is triggered, and the devices, which may be several:
 *
 *   24:   1   0  IO-APIC   5-edge      ACPI:Ged
 *   41:   9   7  PCI-MSIX-0000:00:05.0   1-edge      eth0-input.0
 *
 * How many words come before the devices differs by controller: the devices begin after
 * the word that ends in how it is triggered (-edge, -level, -fasteoi, Edge, Level).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source/naming.h"

static int ends_in(const char *word, size_t size, const char *end)
{
	size_t n = strlen(end);

	return size >= n && !strncmp(word + size - n, end, n);
}

static int is_trigger(const char *word, size_t size)
{
	return ends_in(word, size, "-edge") || ends_in(word, size, "-level") ||
	       ends_in(word, size, "-fasteoi") || ends_in(word, size, "Edge") ||
	       ends_in(word, size, "Level");
}

/* The text behind the last such word; NULL if there is none. */
static const char *devices(const char *line)
{
	const char *found = NULL;

	for (const char *p = line; *p;) {
		size_t size;

		while (isspace((unsigned char)*p))
			p++;
		size = strcspn(p, " \t\n");
		if (size && !found && is_trigger(p, size))
			found = p + size;
		p += size;
	}
	while (found && isspace((unsigned char)*found))
		found++;
	return found && *found ? found : NULL;
}

void gtv_naming_interrupts(struct gtv_names *names, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *end;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		unsigned long nr = strtoul(line, &end, 10);
		const char *text = end > line && *end == ':' ? devices(end + 1) : NULL;
		struct gtv_name name = {.id = (uint32_t)nr + 1};

		if (!text || nr > 65535)
			continue;
		snprintf(name.text, sizeof name.text, "%.*s", (int)strcspn(text, "\n"),
			 text);
		gtv_names_set(names, GTV_CLASS_IRQ, &name);
	}
	free(line);
	if (f)
		fclose(f);
}
