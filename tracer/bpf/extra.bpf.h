/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
 *
 * The end of sched.bpf.c: what is opt-in, because to be attached to these tracepoints
 * costs every task of the machine something. System calls of the program's tree, with
 * what they returned and how long they took; interrupts on the cores on which a thread
 * of the tree runs or waits. Programs that are not asked for are not loaded.
 *
 * All of them can be interrupted by the scheduler's tracepoints, and none by itself on
 * the same core: so the times of beginnings lie in the task and in the core.
 */
#ifndef GTV_EXTRA_BPF_H
#define GTV_EXTRA_BPF_H

static __always_inline void put_extra(__u8 kind, __u8 flags, __u32 seq, __u64 took,
				      __u64 arg, __u64 now)
{
	struct gtv_bpf_slow *s = bpf_ringbuf_reserve(&extra, sizeof *s, 0);
	struct gtv_bpf_core *stray;
	__u8 shift = 0;

	if (!s) {
		stray = core_of(core_count);
		if (stray)
			count_drop(stray, kind, now);
		return;
	}
	if (took >> 44)
		shift = 24;
	else if (took >> 32)
		shift = 12;
	s->rec = (struct gtv_bpf_rec){.kind = kind,
				      .flags = flags,
				      .state = shift,
				      .tid = (__u32)bpf_get_current_pid_tgid(),
				      .obj = (__u32)(took >> shift),
				      .seq = seq};
	s->rec.u.t.ts_ns = now;
	s->rec.u.t.arg = arg;
	s->core = bpf_get_smp_processor_id();
	s->pad = 0;
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long nr)
{
	struct gtv_bpf_tag *tag = tag_of(bpf_get_current_task_btf());

	(void)regs;
	if (!tag)
		return 0;
	tag->call = nr >= 0 && nr < KC_NR_MAX ? (__u32)nr + 1 : 0;
	tag->slept = 0;
	tag->call_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
	struct gtv_bpf_tag *tag = tag_of(bpf_get_current_task_btf());
	__u32 call;
	__u64 now;

	(void)regs;
	if (!tag)
		return 0;
	call = tag->call;
	tag->call = 0;
	if (!call || (calls != GTV_CALLS_ALL && !tag->slept))
		return 0;
	now = bpf_ktime_get_ns();
	put_extra(GTV_BPF_SYSCALL, tag->slept ? KF_SLEPT : 0, call, now - tag->call_ns,
		  (__u64)result, now);
	return 0;
}

/* Does what happens on the core touch the program? */
static __always_inline bool matters(const struct gtv_bpf_core *c)
{
	return all_tasks || c->runnable > 0;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(on_irq_entry)
{
	struct gtv_bpf_core *c = core_of(bpf_get_smp_processor_id());

	if (c)
		c->irq_ns = matters(c) ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(on_irq_exit, int irq)
{
	struct gtv_bpf_core *c = core_of(bpf_get_smp_processor_id());
	__u64 now;

	if (!c || !c->irq_ns)
		return 0;
	now = bpf_ktime_get_ns();
	put_extra(GTV_BPF_IRQ, 0, (__u32)irq, now - c->irq_ns, 0, now);
	c->irq_ns = 0;
	return 0;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(on_softirq_entry)
{
	struct gtv_bpf_core *c = core_of(bpf_get_smp_processor_id());

	if (c)
		c->softirq_ns = matters(c) ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(on_softirq_exit, unsigned int vector)
{
	struct gtv_bpf_core *c = core_of(bpf_get_smp_processor_id());
	__u64 now;

	if (!c || !c->softirq_ns)
		return 0;
	now = bpf_ktime_get_ns();
	put_extra(GTV_BPF_SOFTIRQ, 0, vector, now - c->softirq_ns, 0, now);
	c->softirq_ns = 0;
	return 0;
}

#endif
