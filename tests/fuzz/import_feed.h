/* SPDX-License-Identifier: MIT
 *
 * What the importers' fuzzers have in common: a receiver that holds an importer to its
 * word, whatever the file, and a main that replays files.
 */
#ifndef IMPORT_FEED_H
#define IMPORT_FEED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/import/importers.h"
#include "tests/fuzz/files.h"

struct receiver {
	uint64_t events, names, last_ns;
};

/* In order of time, of kinds that importers have, on cores that may be. */
static inline int receive_events(void *arg, const struct gtv_ev *evs, size_t count)
{
	struct receiver *r = arg;

	for (size_t i = 0; i < count; i++) {
		const struct gtv_ev *ev = &evs[i];

		if (ev->ts_ns < r->last_ns || ev->ts_ns >> 62 || ev->core < GTV_CORE_NONE ||
		    ev->core >= GTV__IMPORT_CORES ||
		    (ev->kind != GTV_EV_LOSS &&
		     (ev->kind < GTV_EV_K_SWITCH || ev->kind > GTV_EV_K_EXIT)) ||
		    (ev->kind == GTV_EV_LOSS && ev->gt > ev->ts_ns))
			abort();
		r->last_ns = ev->ts_ns;
	}
	r->events += count;
	return 0;
}

static inline int receive_name(void *arg, enum gtv_class cls, const struct gtv_name *name)
{
	struct receiver *r = arg;

	if (!name->id || (cls != GTV_CLASS_THREAD && cls != GTV_CLASS_PROCESS) ||
	    !memchr(name->text, 0, sizeof name->text))
		abort();
	r->names++;
	return 0;
}

/* Runs an importer over a copy that ends where it ends. Returns what it returned. */
static inline int import_bytes(int (*import)(struct gtv__feed *, const uint8_t *, size_t,
					     struct gtv_err *),
			       const uint8_t *data, size_t size, struct receiver *r)
{
	struct gtv__feed f = {.events = receive_events, .name = receive_name, .arg = r};
	uint8_t *copy = malloc(size ? size : 1);
	struct gtv_err err = {0};
	int rc;

	if (!copy || gtv__feed_init(&f, "fuzz"))
		abort();
	memcpy(copy, data, size);
	rc = import(&f, copy, size, &err);
	if (rc > 0 || (rc < 0 && (err.code != -rc || !err.why[0])))
		abort();
	if (!memchr(f.facts.notes, 0, sizeof f.facts.notes) ||
	    !memchr(f.facts.lacks, 0, sizeof f.facts.lacks) ||
	    !memchr(f.facts.command, 0, sizeof f.facts.command) ||
	    !memchr(f.facts.host, 0, sizeof f.facts.host) ||
	    !memchr(f.facts.kernel, 0, sizeof f.facts.kernel))
		abort();
	gtv__feed_fini(&f);
	free(copy);
	return rc;
}

#endif
