/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
 *
 * All that depends on the kernel's version or architecture: the fields that are used
 * (CO-RE finds where they are), how they were called before, and what states mean.
 */
#ifndef GTV_KERNEL_COMPAT_BPF_H
#define GTV_KERNEL_COMPAT_BPF_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct thread_info {
	__u32 status; /* x86 */
	__u32 cpu;    /* x86 since 5.16, arm64 since 5.16 */
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct task_struct {
	struct thread_info thread_info;
	struct sched_entity se;
	unsigned int __state; /* since 5.14 */
	unsigned int flags;
	unsigned int in_iowait : 1;
	int pid;
	int tgid;
	char comm[16];
	void *stack;
	void *bpf_storage; /* since 5.11, as the storage itself */
};

struct task_struct___old {
	long state;
	unsigned int cpu;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
};
#else
struct pt_regs {
	unsigned long unused;
};
#endif

#pragma clang attribute pop

/* include/linux/sched.h; the same since 4.14. */
#define KC_STOPPED (0x4u | 0x8u)	   /* __TASK_STOPPED, __TASK_TRACED */
#define KC_DEAD	   (0x10u | 0x20u | 0x80u) /* EXIT_DEAD, EXIT_ZOMBIE, TASK_DEAD */
#define KC_FROZEN  0x8000u
#define KC_DISK	   (0x2u | 0x1000u) /* TASK_UNINTERRUPTIBLE, TASK_RTLOCK_WAIT */
#define KC_NOLOAD  0x400u
/* PF_KTHREAD, PF_IO_WORKER, PF_USER_WORKER: no system call brought them here. */
#define KC_NO_USER (0x200000u | 0x10u | 0x4000u)
#define KC_COMPAT  0x2u /* TS_COMPAT: a 32-bit call, numbered otherwise */
#define KC_NR_MAX  4096
#define KC_EXITING 0x4u /* PF_EXITING */

/* System calls that wait for a futex; those of the later numbers are the same on all. */
#if defined(__TARGET_ARCH_x86)
#define KC_NR_FUTEX 202
#else
#define KC_NR_FUTEX 98
#endif
#define KC_NR_FUTEX_WAITV 449 /* since 5.16 */
#define KC_NR_FUTEX_WAKE  454 /* since 6.7 */
#define KC_NR_FUTEX_WAIT  455

static __always_inline unsigned int kc_state(struct task_struct *task)
{
	const struct task_struct___old *old = (const void *)task;

	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return (unsigned int)BPF_CORE_READ(old, state);
}

static __always_inline int kc_cpu(struct task_struct *task)
{
	const struct task_struct___old *old = (const void *)task;

	if (bpf_core_field_exists(task->thread_info.cpu))
		return (int)task->thread_info.cpu;
	return (int)BPF_CORE_READ(old, cpu);
}

/* Has anybody's BPF program put something into this task? */
static __always_inline int kc_has_storage(struct task_struct *task)
{
	return !bpf_core_field_exists(task->bpf_storage) || task->bpf_storage;
}

/* The lower half of an address, as a number (no verifier lets pointers be shifted). */
static __always_inline __u32 kc_low(const void *address)
{
	__u32 low = (__u32)(__u64)address;

	asm volatile("%0 = %0" : "+w"(low));
	return low;
}

/* bpf_rdonly_cast (since 6.2) becomes no call at all: then the user's registers are found
 * from the stack, as far from its begin as the helper once said. */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;
const volatile bool kc_casts = false;
__u32 kc_regs_at;

static __always_inline struct pt_regs *kc_regs(struct task_struct *task)
{
	struct pt_regs *regs;

	if (!kc_casts)
		return (struct pt_regs *)bpf_task_pt_regs(task);
	if (!kc_regs_at) {
		regs = (struct pt_regs *)bpf_task_pt_regs(task);
		kc_regs_at = kc_low(regs) - kc_low(task->stack);
		return regs;
	}
	return bpf_rdonly_cast((const char *)task->stack + kc_regs_at,
			       bpf_core_type_id_kernel(struct pt_regs));
}

/* The system call in which `task` is, as number + 1 (0: none), and its first argument.
 * Valid when the task is going to sleep; page faults and interrupts have left no
 * number. */
static __always_inline __u32 kc_syscall(struct task_struct *task, __u64 *arg)
{
	struct pt_regs *regs;
	long nr = -1;

	if (task->flags & KC_NO_USER)
		return 0;
	regs = kc_regs(task);
#if defined(__TARGET_ARCH_x86)
	if (bpf_core_field_exists(task->thread_info.status) &&
	    (task->thread_info.status & KC_COMPAT))
		return 0;
	nr = (int)regs->orig_ax;
	*arg = regs->di;
#elif defined(__TARGET_ARCH_arm64)
	nr = regs->syscallno;
	*arg = regs->orig_x0;
#endif
	if (nr < 0 || nr >= KC_NR_MAX) {
		*arg = 0;
		return 0;
	}
	return (__u32)nr + 1;
}

/* The second argument of the system call that kc_syscall found. */
static __always_inline __u64 kc_syscall_arg2(struct task_struct *task)
{
	struct pt_regs *regs = kc_regs(task);

#if defined(__TARGET_ARCH_x86)
	return regs->si;
#elif defined(__TARGET_ARCH_arm64)
	return regs->regs[1];
#else
	return (__u64)(regs != NULL);
#endif
}

/* Did a fault of its memory bring `task` into the kernel? (An exception leaves -1 where a
 * call leaves its number.) */
static __always_inline int kc_in_fault(struct task_struct *task)
{
	struct pt_regs *regs;

	if (task->flags & (KC_NO_USER | KC_EXITING))
		return 0;
	regs = kc_regs(task);
#if defined(__TARGET_ARCH_x86)
	return (int)regs->orig_ax == -1;
#elif defined(__TARGET_ARCH_arm64)
	return regs->syscallno == -1;
#else
	return regs == NULL;
#endif
}

/* Is it accounted as waiting for input or output? */
static __always_inline int kc_in_iowait(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->in_iowait))
		return 0;
	return BPF_CORE_READ_BITFIELD(task, in_iowait) != 0;
}

/* enum gtv_off (tracer/base/event.h) of a thread that leaves its core. `said` is the
 * tracepoint's own word where it has one; a state of 0 right now (a signal was
 * pending, so it did not sleep after all) is the surer sign of being runnable. */
static __always_inline __u8 kc_off(int preempted, unsigned int said, unsigned int now)
{
	if (preempted || !now || !said)
		return 0; /* GTV_OFF_PREEMPTED */
	if (said & KC_DEAD)
		return 4; /* GTV_OFF_DEAD */
	if (said & (KC_STOPPED | KC_FROZEN))
		return 3; /* GTV_OFF_STOPPED */
	if (said & KC_DISK)
		return said & KC_NOLOAD ? 5 : 2; /* GTV_OFF_IDLE, GTV_OFF_DISK */
	return 1;				 /* GTV_OFF_SLEEP */
}

#endif
