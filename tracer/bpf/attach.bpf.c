// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Attaching to a running program at level 3: an iterator over all threads that gives
 * those of the wished processes the tag by which sched.bpf.c knows its own. User space
 * has nothing that could: before 6.9 there is no descriptor of a thread. The maps are
 * those of sched.bpf.c; it is loaded with them in place.
 *
 * A tag says at first that its thread sleeps and was never seen (core -1, GTV_TAG_NEW):
 * then no core counts it, and the next switch says where it is.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "tracer/bpf/gtv_bpf.h"
#include "tracer/bpf/kernel_compat.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct gtv_bpf_tag);
} tags SEC(".maps");

/* The processes: their ids. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} wished SEC(".maps");

__u32 tagged = 0, refused = 0; /* in this look */

struct bpf_iter_meta;
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

SEC("iter/task")
int tag_threads(struct bpf_iter__task *ctx)
{
	struct gtv_bpf_tag unseen = {.core = -1, .on = GTV_TAG_NEW, .ran_ns = 0};
	struct task_struct *task = ctx->task;
	__u32 tgid;

	if (!task)
		return 0;
	tgid = task->tgid;
	if (!bpf_map_lookup_elem(&wished, &tgid) ||
	    bpf_task_storage_get(&tags, task, NULL, 0))
		return 0;
	if (bpf_task_storage_get(&tags, task, &unseen, BPF_LOCAL_STORAGE_GET_F_CREATE))
		tagged++;
	else
		refused++;
	return 0;
}
