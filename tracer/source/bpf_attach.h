/* SPDX-License-Identifier: MIT
 *
 * The tags of sched.bpf.c for the threads of a program that runs already. See
 * bpf/attach.bpf.c.
 */
#ifndef GTV_SOURCE_BPF_ATTACH_H
#define GTV_SOURCE_BPF_ATTACH_H

#include "tracer/base/err.h"
#include "tracer/base/procs.h"

struct gtv_bpf_tagger;

/* tags_fd: the map of tags, borrowed until close. Needs the privileges of level 3. */
int gtv_bpf_tagger_open(struct gtv_bpf_tagger **out, int tags_fd, struct gtv_err *err);
/* Tags every thread of the tree's processes that has no tag. How many had none, or
 * -GTV_E*. */
int gtv_bpf_tagger_run(struct gtv_bpf_tagger *tagger, const struct gtv_procs *tree,
		       struct gtv_err *err);
void gtv_bpf_tagger_close(struct gtv_bpf_tagger *tagger); /* Takes, may be NULL */

#endif
