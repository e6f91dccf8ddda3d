/* SPDX-License-Identifier: MIT
 *
 * The least that the kernel can do for a tracer: BPF programs on sched_switch and
 * sched_waking that return at once, or that read the clock and return. What they cost
 * is the floor under every tracer of these events. Written as instructions, so that
 * no library and no compiler for BPF is needed.
 */
#ifndef BENCH_EMPTY_BPF_H
#define BENCH_EMPTY_BPF_H

#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct empty_bpf {
	int fds[2]; /* of the attached programs, -1: none */
};

static inline int empty__bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static inline int empty__attach(const char *tracepoint, int reads_clock)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn *first = reads_clock ? insns : insns + 1;
	union bpf_attr attr;
	int program, fd;

	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = (uintptr_t)first;
	attr.insn_cnt = (uint32_t)(insns + 3 - first);
	attr.license = (uintptr_t) "GPL";
	program = empty__bpf(BPF_PROG_LOAD, &attr);
	if (program < 0)
		return -1;
	memset(&attr, 0, sizeof attr);
	attr.raw_tracepoint.name = (uintptr_t)tracepoint;
	attr.raw_tracepoint.prog_fd = (uint32_t)program;
	fd = empty__bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(program);
	return fd;
}

static inline void empty_bpf_detach(struct empty_bpf *empty)
{
	for (int i = 0; i < 2; i++)
		if (empty->fds[i] >= 0)
			close(empty->fds[i]);
}

/* 0, or -1: the kernel or a lack of privilege forbids it. */
static inline int empty_bpf_attach(struct empty_bpf *empty, int reads_clock)
{
	empty->fds[0] = empty__attach("sched_switch", reads_clock);
	empty->fds[1] = empty__attach("sched_waking", reads_clock);
	if (empty->fds[0] >= 0 && empty->fds[1] >= 0)
		return 0;
	empty_bpf_detach(empty);
	return -1;
}

#endif
