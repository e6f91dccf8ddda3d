/* SPDX-License-Identifier: MIT
 *
 * The bundled demos: what the talks tell, each a short program in samples/ with the
 * policy, the view and the question that show it. demos.h is the table of them.
 */
#ifndef GTV_DEMO_H
#define GTV_DEMO_H

#include <stdio.h>

#include "tracer/base/err.h"
#include "tracer/cmd/demo_seen.h"

enum gtv_demo_unit {
	GTV_UNIT_NS,
	GTV_UNIT_COUNT,
	GTV_UNIT_TIMES, /* as often, as long */
	GTV_UNIT_RATE,	/* a second */
	GTV_UNIT_MIB,
	GTV_UNIT_BYTES,
	GTV_UNIT_PERCENT, /* of a share */
	GTV_UNIT_NTH,
};

struct gtv_demo {
	const char *name, *group;
	const char *policy, *program, *args; /* words parted by blanks */
	const char *quick;		     /* arguments of --check: a short run */
	const char *view, *rows;
	const char *zoom, *trigger; /* "": none */
	const char *beside;	    /* a demo that it is measured against; NULL none */
	int simulates;		    /* it runs on the simulated system too */
	const char *line, *look;
};

/* What a few demos want beside. */
struct gtv_demo_extra {
	const char *demo;
	const char *sim_policy; /* on the simulated system; NULL: the same */
	int irq;		/* --irq, where the kernel can be seen */
};

/* A number that the demo is to show. */
struct gtv_demo_figure {
	const char *demo; /* its name */
	enum gtv_seen_kind kind;
	const char *subject;
	int ratio; /* to that of the demo beside it */
	const char *what;
	enum gtv_demo_unit unit;
	const char *talk; /* what a talk quoted, and whose; "": nobody did */
	/* --check: what it must be, on the real system and on the simulated one. A real
	 * machine is shared: there only what holds however busy it is. */
	double least, most, sim_least, sim_most;
};

/* The idx-th; NULL: there are no more. */
const struct gtv_demo *gtv_demo_at(size_t idx);
const struct gtv_demo_figure *gtv_demo_figure_at(size_t idx);
/* NULL: there is none of that name. */
const struct gtv_demo *gtv_demo_find(const char *name);

/* NULL: nothing beside. */
const struct gtv_demo_extra *gtv_demo_extra(const struct gtv_demo *demo);

/* All of them, a line each by group; with `looks` also what to look for. */
void gtv_demo_list(FILE *out, int looks);
/* One of them, at length. */
void gtv_demo_about(FILE *out, const struct gtv_demo *demo);

/* Where a bundled sample is: beside gtviz in a build tree, or installed. Whether it is. */
int gtv_demo_sample(const char *name, char *path, size_t size);
/* Where its program is: beside gtviz in a build tree, or installed. 0, or
 * -GTV_ENOTFOUND and err. */
int gtv_demo_program(const struct gtv_demo *demo, char *path, size_t size,
		     struct gtv_err *err);

/* The numbers beside what the talks quoted. `beside`: of the demo beside it; may be NULL.
 * verify: each with what it must be, and whether it is. Returns how many are not. */
int gtv_demo_tell(FILE *out, const struct gtv_demo *demo, const struct gtv_seen *seen,
		  const struct gtv_seen *beside, int verify);

#endif
