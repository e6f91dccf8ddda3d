// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * The kernel part of level 3: what the scheduler does to the program's threads.
 *
 * Threads of the program's tree carry a tag (task storage), inherited at fork. A
 * switch is kept if the thread that stops or the one that goes on is tagged, or if
 * some tagged thread is waiting for that core: who kept it waiting is evidence. For
 * that each core counts its tagged runnable threads; a tag says where its thread is
 * counted, and moves by exchange, so that the counts stay true whoever moves it.
 *
 * The price of every instruction here is paid by the whole machine: what is not ours
 * leaves after one or two look-ups.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "tracer/bpf/gtv_bpf.h"
#include "tracer/bpf/kernel_compat.bpf.h"

#define KF_PREEMPTED  1u
#define KF_PREV_OURS  2u
#define KF_NEXT_OURS  4u
#define KF_RECOVERED  8u
#define KF_IO	      16u
#define KF_FUTEX      16u /* of a waking */
#define KF_FAULT      32u
#define KF_FOREIGN    64u
#define KF_SLEPT      1u /* of a system call */
#define OFF_PREEMPTED 0
#define OFF_SLEEP     1
#define OFF_DISK      2
#define OFF_DEAD      4
#define CORES_LOOP    256u

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 core_count = 1;
const volatile __u32 slots = 1; /* records a core, a power of two */
const volatile bool all_tasks = false;
const volatile __u32 calls = GTV_CALLS_NONE;
const volatile bool switch_has_state = false; /* the tracepoint's 4th argument, 5.18 */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gtv_bpf_rec);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gtv_bpf_core);
} cores SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct gtv_bpf_tag);
} tags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* nobody maps it: so it begins with a page */
	__uint(max_entries, GTV_BPF_HOT);
	__type(key, __u32);
	__type(value, struct gtv_bpf_hot);
} hot SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} slow SEC(".maps");

/* What is opt-in; a page while nothing is. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} extra SEC(".maps");

static __always_inline struct gtv_bpf_core *core_of(__u32 core)
{
	return bpf_map_lookup_elem(&cores, &core);
}

/* ------------------------------------------------------------------- tags */

static __always_inline struct gtv_bpf_hot *place_of(struct task_struct *task)
{
	/* Fibonacci hashing: Knuth, The Art of Computer Programming, 6.4. */
	__u32 idx = (kc_low(task) >> 6) * 2654435769u / (~0u / GTV_BPF_HOT + 1);

	return bpf_map_lookup_elem(&hot, &idx);
}

static __always_inline struct gtv_bpf_tag *tag_of(struct task_struct *task)
{
	struct gtv_bpf_hot *place = place_of(task);

	if (place && place->task == (__u64)task)
		return &place->tag;
	if (!kc_has_storage(task))
		return NULL;
	return bpf_task_storage_get(&tags, task, NULL, 0);
}

/*
 * A thread that comes on a core takes its tag to its place, if that is free. Right then
 * nobody else holds its tag: who woke or moved it was done before it could be chosen,
 * and who wakes it next finds it running, which is no waking.
 */
static __always_inline struct gtv_bpf_tag *heat(struct task_struct *task,
						struct gtv_bpf_tag *tag)
{
	struct gtv_bpf_hot *place = place_of(task);

	if (!place || place->task || __sync_val_compare_and_swap(&place->task, 0, 1))
		return tag;
	place->tag = *tag;
	__sync_lock_test_and_set(&place->task, (__u64)task);
	return &place->tag;
}

/* At its end, and for the next task at the same address should that not have been seen. */
static __always_inline void cool(struct task_struct *task)
{
	struct gtv_bpf_hot *place = place_of(task);

	if (place && place->task == (__u64)task)
		*(volatile __u64 *)&place->task = 0;
}

/* ------------------------------------------------------------------ rings */

static __always_inline void count_drop(struct gtv_bpf_core *c, __u32 kind, __u64 now)
{
	__u64 epoch = *(volatile __u64 *)&c->epoch;

	__sync_fetch_and_add(&c->dropped[kind & (GTV_BPF_KINDS - 1)], 1);
	if (c->loss_epoch != epoch) {
		c->loss_first_ns = now;
		c->loss_epoch = epoch;
	}
	c->loss_last_ns = now;
}

/* The next free record of this core, or NULL (counted). */
static __always_inline struct gtv_bpf_rec *reserve(struct gtv_bpf_core *c, __u32 core,
						   __u32 kind, __u64 now)
{
	__u64 head = c->head;
	__u32 idx;

	if (head - *(volatile __u64 *)&c->tail >= slots) {
		count_drop(c, kind, now);
		return NULL;
	}
	idx = core * slots + ((__u32)head & (slots - 1));
	return bpf_map_lookup_elem(&records, &idx);
}

static __always_inline void publish(struct gtv_bpf_core *c)
{
#if defined(__TARGET_ARCH_x86)
	/* Stores are not reordered here: the compiler is all that must be held. */
	barrier();
	*(volatile __u64 *)&c->head = c->head + 1;
#else
	__sync_lock_test_and_set(&c->head, c->head + 1);
#endif
}

static __always_inline void put_slow(__u8 kind, __u8 flags, __u32 tid, __u32 obj, __u32 seq,
				     __u64 arg)
{
	__u64 now = bpf_ktime_get_ns();
	struct gtv_bpf_slow *s = bpf_ringbuf_reserve(&slow, sizeof *s, 0);
	struct gtv_bpf_core *stray;

	if (!s) {
		stray = core_of(core_count);
		if (stray)
			count_drop(stray, kind, now);
		return;
	}
	s->rec = (struct gtv_bpf_rec){
		.kind = kind, .flags = flags, .tid = tid, .obj = obj, .seq = seq};
	s->rec.u.t.ts_ns = now;
	s->rec.u.t.arg = arg;
	s->core = bpf_get_smp_processor_id();
	s->pad = 0;
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
}

static __always_inline void put_name_slow(struct task_struct *task, const char *comm,
					  bool ours)
{
	struct gtv_bpf_slow *s = bpf_ringbuf_reserve(&slow, sizeof *s, 0);

	if (!s)
		return; /* a name, not an event: the next rename or /proc mends it */
	s->rec = (struct gtv_bpf_rec){
		.kind = GTV_BPF_NAME, .tid = task->pid, .obj = task->tgid, .seq = ours};
	bpf_probe_read_kernel_str(s->rec.u.comm, sizeof s->rec.u.comm, comm);
	s->core = 0;
	s->pad = 0;
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
}

/* A thread of others is named when it is first seen on a core; task NULL: the current. */
static __always_inline void name_once(struct gtv_bpf_core *c, __u32 core, __u32 pid,
				      struct task_struct *task, __u64 now)
{
	__u32 idx = core * GTV_BPF_SEEN + (pid & (GTV_BPF_SEEN - 1));
	__u32 *last = bpf_map_lookup_elem(&seen, &idx);
	struct gtv_bpf_rec *r;

	if (!pid || !last || *last == pid)
		return;
	if (!task)
		task = bpf_get_current_task_btf();
	r = reserve(c, core, GTV_BPF_NAME, now);
	if (!r)
		return;
	*last = pid;
	*r = (struct gtv_bpf_rec){.kind = GTV_BPF_NAME, .tid = pid, .obj = task->tgid};
	__builtin_memcpy(r->u.comm, task->comm, sizeof r->u.comm);
	publish(c);
}

/* ------------------------------------------------- tagged runnable threads */

static __always_inline void count_at(__s32 core, int by)
{
	struct gtv_bpf_core *c;

	if (core < 0)
		return;
	c = core_of((__u32)core);
	if (c)
		__sync_fetch_and_add(&c->runnable, by);
}

static __always_inline void move_tag(struct gtv_bpf_tag *tag, __s32 to)
{
	__s32 from;

	if (tag->core == to)
		return;
	from = __sync_lock_test_and_set(&tag->core, to);
	count_at(from, -1);
	count_at(to, 1);
}

/* --------------------------------------------------------------- programs */

/*
 * A thread of the tree leaves a core, and was never seen to come: the switch that
 * brought it was not reported. (Some sandboxes keep a thread of their own out of all
 * tracing: a switch from it is told to nobody.) The kernel's account of its running
 * time says when it came.
 */
static __always_inline void tell_coming(struct gtv_bpf_core *c, __u32 core, __u32 pid,
					__u64 ran_ns, __u64 now)
{
	struct gtv_bpf_rec *r = reserve(c, core, GTV_BPF_ON, now);

	if (!r)
		return;
	*r = (struct gtv_bpf_rec){.kind = GTV_BPF_ON, .flags = KF_RECOVERED, .tid = pid};
	r->u.t.ts_ns = now - ran_ns;
	r->u.t.arg = now;
	publish(c);
}

static __always_inline void put(struct gtv_bpf_core *c, __u32 core, __u8 kind, __u32 tid,
				__u32 obj, __u32 seq, __u64 arg, __u64 now)
{
	struct gtv_bpf_rec *r = reserve(c, core, kind, now);

	if (!r)
		return;
	*r = (struct gtv_bpf_rec){.kind = kind, .tid = tid, .obj = obj, .seq = seq};
	r->u.t.ts_ns = now;
	r->u.t.arg = arg;
	publish(c);
}

/* Why a thread of the tree sleeps, beside the call: KF_* */
static __always_inline __u32 reason_of(struct task_struct *prev, __u8 off, __u32 nr)
{
	__u32 why = 0;

	if (off != OFF_SLEEP && off != OFF_DISK)
		return 0;
	if (kc_in_iowait(prev))
		why |= KF_IO;
	barrier_var(why);
	if (off == OFF_DISK && !nr && kc_in_fault(prev))
		why |= KF_FAULT;
	return why;
}

/* Right before the switch of a thread that goes to sleep on a futex. */
static __always_inline void tell_futex(struct gtv_bpf_core *c, __u32 core,
				       struct task_struct *prev, struct gtv_bpf_tag *tag,
				       __u32 nr, __u64 arg, __u64 now)
{
	/* glibc's mutex: the word, a count, the owner, users, its kind. */
	__u32 op, owner = 0, mutex[5] = {};
	struct gtv_bpf_rec *r;
	__u8 how;

	if (nr == KC_NR_FUTEX + 1) {
		op = (__u32)kc_syscall_arg2(prev) & 127;
		if (op == 0 || op == 9) /* FUTEX_WAIT, _WAIT_BITSET */
			how = GTV_BPF_FUTEX_WAIT;
		else if (op == 6 || op == 13) /* FUTEX_LOCK_PI, _LOCK_PI2 */
			how = GTV_BPF_FUTEX_PI;
		else if (op == 11) /* FUTEX_WAIT_REQUEUE_PI */
			how = GTV_BPF_FUTEX_REQUEUE;
		else
			return;
	} else if (nr == KC_NR_FUTEX_WAIT + 1) {
		how = GTV_BPF_FUTEX_WAIT;
	} else if (nr == KC_NR_FUTEX_WAITV + 1) {
		how = GTV_BPF_FUTEX_WAITV; /* the array's entries are value, address, flags
					    */
		if (bpf_probe_read_user(&arg, sizeof arg, (void *)(arg + 8)))
			return;
	} else {
		return;
	}
	/* The word may be the last in its page. */
	if (bpf_probe_read_user(mutex, sizeof mutex, (void *)arg) &&
	    bpf_probe_read_user(mutex, sizeof mutex[0], (void *)arg))
		return;
	tag->futex = arg;
	if (how == GTV_BPF_FUTEX_PI)
		owner = mutex[0] & 0x3fffffff; /* FUTEX_TID_MASK */
	else if (how == GTV_BPF_FUTEX_WAIT && mutex[0] & 0x80000000)
		owner = mutex[0] & 0x3fffffff; /* robust, or musl's: FUTEX_WAITERS */
	else if (how == GTV_BPF_FUTEX_WAIT && mutex[0] == 2 && mutex[3] &&
		 mutex[3] < 1 << 22 && mutex[4] < 1 << 10)
		owner = mutex[2]; /* locked, with waiters, and all else is as in a mutex */
	r = reserve(c, core, GTV_BPF_FUTEX, now);
	if (!r)
		return;
	*r = (struct gtv_bpf_rec){.kind = GTV_BPF_FUTEX,
				  .state = how,
				  .tid = prev->pid,
				  .obj = owner,
				  .seq = mutex[0]};
	r->u.t.ts_ns = now;
	r->u.t.arg = arg;
	publish(c);
}

SEC("tp_btf/sched_switch")
int on_switch(__u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1], *next = (void *)ctx[2];
	__u32 core = bpf_get_smp_processor_id(), prev_pid = prev->pid, next_pid = next->pid;
	struct gtv_bpf_tag *prev_tag = prev_pid ? tag_of(prev) : NULL;
	struct gtv_bpf_tag *next_tag = next_pid ? tag_of(next) : NULL;
	struct gtv_bpf_core *c = core_of(core);
	struct gtv_bpf_rec *r;
	unsigned int state;
	__u64 now, ran, arg = 0;
	__u32 nr = 0, ours = 0;
	__u8 off;

	/* As numbers: the compiler would OR the pointers, which no verifier allows. */
	if (prev_tag)
		ours |= KF_PREV_OURS;
	barrier_var(ours);
	if (next_tag)
		ours |= KF_NEXT_OURS;
	barrier_var(ours);
	if (!c || (!ours && c->runnable <= 0 && !all_tasks))
		return 0;
	state = kc_state(prev);
	off = kc_off((int)ctx[0], switch_has_state ? (unsigned int)ctx[3] : state, state);
	now = bpf_ktime_get_ns();
	if (prev_tag) {
		prev_tag->futex = 0;
		if (off != OFF_PREEMPTED && off != OFF_DEAD) {
			nr = kc_syscall(prev, &arg);
			ours |= reason_of(prev, off, nr);
			if (calls)
				prev_tag->slept = 1;
		}
		move_tag(prev_tag, off == OFF_PREEMPTED ? (__s32)core : -1);
		ran = prev->se.sum_exec_runtime;
		if (prev_tag->on == GTV_TAG_OFF)
			tell_coming(c, core, prev_pid, ran - prev_tag->ran_ns, now);
		prev_tag->on = GTV_TAG_OFF;
		prev_tag->ran_ns = ran;
		if (off == OFF_SLEEP && nr)
			tell_futex(c, core, prev, prev_tag, nr, arg, now);
		if (off == OFF_DEAD)
			cool(prev);
	} else {
		name_once(c, core, prev_pid, prev, now);
	}
	if (next_tag) {
		next_tag = heat(next, next_tag);
		move_tag(next_tag, (__s32)core);
		next_tag->on = GTV_TAG_ON;
	} else
		name_once(c, core, next_pid, next, now);
	r = reserve(c, core, GTV_BPF_SWITCH, now);
	if (!r)
		return 0;
	r->kind = GTV_BPF_SWITCH;
	r->flags = (__u8)(ours | (off == OFF_PREEMPTED ? KF_PREEMPTED : 0));
	r->state = off;
	r->pad = 0;
	r->tid = prev_pid;
	r->obj = next_pid;
	r->seq = nr;
	r->u.t.ts_ns = now;
	r->u.t.arg = arg;
	publish(c);
	return 0;
}

/* Is the current thread in a call that wakes who sleeps on the word at addr? Else time
 * or a signal woke it. */
static __always_inline bool wakes_futex(__u64 addr)
{
	struct task_struct *waker = bpf_get_current_task_btf();
	__u64 arg = 0;
	__u32 nr = kc_syscall(waker, &arg), op;

	if (arg != addr)
		return false;
	if (nr == KC_NR_FUTEX_WAKE + 1)
		return true;
	if (nr != KC_NR_FUTEX + 1)
		return false;
	op = (__u32)kc_syscall_arg2(waker) & 127;
	/* FUTEX_WAKE, _REQUEUE, _CMP_REQUEUE, _WAKE_OP, _UNLOCK_PI, _WAKE_BITSET */
	return op < 11 &&
	       (1u << op & (1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 10));
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct gtv_bpf_tag *tag = tag_of(task);
	__u32 core, waker, pid;
	struct gtv_bpf_core *c;
	struct gtv_bpf_rec *r;
	__u8 flags = 0;
	__u64 now;

	if (!tag && !all_tasks)
		return 0;
	pid = task->pid;
	waker = (__u32)bpf_get_current_pid_tgid();
	if (waker == pid) {
		/* It had not gone to sleep yet, and interrupts may be on. */
		put_slow(GTV_BPF_WAKING, 0, waker, pid, 0, 0);
		return 0;
	}
	core = bpf_get_smp_processor_id();
	c = core_of(core);
	if (!c)
		return 0;
	now = bpf_ktime_get_ns();
	if (tag && tag->core < 0)
		move_tag(tag, kc_cpu(task));
	name_once(c, core, waker, NULL, now);
	r = reserve(c, core, GTV_BPF_WAKING, now);
	if (!r)
		return 0;
	if (tag && tag->futex && wakes_futex(tag->futex))
		flags = KF_FUTEX;
	r->kind = GTV_BPF_WAKING;
	r->flags = flags;
	r->state = 0;
	r->pad = 0;
	r->tid = waker;
	r->obj = pid;
	r->seq = 0;
	r->u.t.ts_ns = now;
	r->u.t.arg = 0;
	publish(c);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_new, struct task_struct *task)
{
	__u32 core = bpf_get_smp_processor_id();
	struct gtv_bpf_core *c;
	struct gtv_bpf_tag *tag;
	int at;

	cool(task);
	tag = tag_of(task);
	if (!tag && !all_tasks)
		return 0;
	c = core_of(core);
	if (!c)
		return 0;
	at = kc_cpu(task);
	if (tag)
		move_tag(tag, at);
	put(c, core, GTV_BPF_NEW, (__u32)bpf_get_current_pid_tgid(), task->pid, 0,
	    (__u64)at, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *task, int to)
{
	struct gtv_bpf_tag *tag = tag_of(task);
	__u32 core = bpf_get_smp_processor_id();
	struct gtv_bpf_core *c;

	if (!tag && !all_tasks)
		return 0;
	c = core_of(core);
	if (!c)
		return 0;
	if (tag && tag->core >= 0)
		move_tag(tag, to);
	put(c, core, GTV_BPF_MIGRATE, 0, task->pid, (__u32)kc_cpu(task), (__u64)to,
	    bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct gtv_bpf_tag unborn = {.core = -1, .on = GTV_TAG_OFF, .ran_ns = 0};
	bool ours = tag_of(parent) != NULL;
	struct gtv_bpf_core *stray;

	if (!ours && !all_tasks)
		return 0;
	if (ours &&
	    !bpf_task_storage_get(&tags, child, &unborn, BPF_LOCAL_STORAGE_GET_F_CREATE)) {
		stray = core_of(core_count);
		if (stray)
			__sync_fetch_and_add(&stray->untagged, 1);
	}
	put_slow(GTV_BPF_FORK, ours ? 0 : KF_FOREIGN, parent->pid, child->pid, ours,
		 (__u64)child->tgid);
	put_name_slow(child, child->comm, ours);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid)
{
	bool ours = tag_of(task) != NULL;

	if (all_tasks || ours)
		put_slow(GTV_BPF_EXEC, ours ? 0 : KF_FOREIGN, task->pid,
			 (__u32)old_pid == (__u32)task->pid ? 0 : old_pid, 0, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	bool ours = tag_of(task) != NULL;

	if (all_tasks || ours)
		put_slow(GTV_BPF_EXIT, ours ? 0 : KF_FOREIGN, task->pid, 0, 0,
			 (__u64)task->tgid);
	return 0;
}

/* Others' threads are told again when they are next seen, under the new name. */
static __always_inline void forget_name(__u32 pid)
{
	for (__u32 core = 0; core < CORES_LOOP && core < core_count; core++) {
		__u32 idx = core * GTV_BPF_SEEN + (pid & (GTV_BPF_SEEN - 1));
		__u32 *last = bpf_map_lookup_elem(&seen, &idx);

		if (last && *last == pid)
			*last = 0;
	}
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *comm)
{
	if (tag_of(task))
		put_name_slow(task, comm, true);
	else
		forget_name(task->pid);
	return 0;
}

#include "tracer/bpf/extra.bpf.h"
