/* SPDX-License-Identifier: MIT
 *
 * What the findings view shows, as data: the list, what each rule said, and which one
 * is chosen. trace/findings.c fills it from a trace; the view only draws.
 */
#ifndef TUI_SCENE_FINDINGS_H
#define TUI_SCENE_FINDINGS_H

#include "tracer/model/findings.h"
#include "tui/scene/range.h"

#define TUI_FINDINGS_MAX 200

struct tui_findings {
	struct gtv_finding *list; /* the worst first; NULL: nothing was looked at yet */
	size_t count, all;	  /* in the list; there are */
	size_t chosen;
	uint32_t ignored; /* bits 1 << kind: left out of the list… */
	size_t hidden;	  /* …and so many of it */
	struct {
		enum gtv_verdict verdict;
		char why[96];
	} rule[GTV_FIND_MAX];
	struct tui_range range;	   /* what is looked at… */
	uint64_t from_ns, upto_ns; /* …and what was */
	int done;		   /* …is all there will be */
};

#endif
