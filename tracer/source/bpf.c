/* SPDX-License-Identifier: MIT
 *
 * Level 3: the user's side of bpf/sched.bpf.c. Opening loads and maps everything;
 * after that nothing needs a privilege: rings are read and freed through mappings.
 */
#include "tracer/source/source.h"

#ifndef GTV_HAVE_BPF

static int not_built_in(struct gtv_err *err)
{
	return gtv_err_set(err, GTV_EUNAVAIL, "level 3 (BPF)",
			   "install clang, libbpf-dev and bpftool, then make again", "%s",
			   "not built in");
}

static int open_nothing(struct gtv_source **out, const struct gtv_source_config *config,
			struct gtv_err *err)
{
	(void)config;
	*out = NULL;
	return not_built_in(err);
}

const struct gtv_source_ops gtv_source_bpf = {
	.name = "bpf",
	.id = GTV_SRC_BPF,
	.level = 3,
	.probe = not_built_in,
	.open = open_nothing,
};

#else

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/bpf/gtv_bpf.h"
#include "tracer/source/bpf_attach.h"
#include "tracer/source/confined.h"
#include "tracer/source/naming.h"

/* bpftool writes it: not held to our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "sched.skel.h"
#pragma GCC diagnostic pop

_Static_assert(GTV_BPF_SWITCH == (int)GTV_EV_K_SWITCH, "kinds");
_Static_assert(GTV_BPF_WAKING == (int)GTV_EV_K_WAKING, "kinds");
_Static_assert(GTV_BPF_NEW == (int)GTV_EV_K_NEW, "kinds");
_Static_assert(GTV_BPF_MIGRATE == (int)GTV_EV_K_MIGRATE, "kinds");
_Static_assert(GTV_BPF_FORK == (int)GTV_EV_K_FORK, "kinds");
_Static_assert(GTV_BPF_EXEC == (int)GTV_EV_K_EXEC, "kinds");
_Static_assert(GTV_BPF_ON == (int)GTV_EV_K_ON, "kinds");
_Static_assert(GTV_BPF_EXIT == (int)GTV_EV_K_EXIT, "kinds");
_Static_assert(GTV_BPF_SYSCALL == (int)GTV_EV_K_SYSCALL, "kinds");
_Static_assert(GTV_BPF_FUTEX == (int)GTV_EV_K_FUTEX, "kinds");
_Static_assert(GTV_BPF_IRQ == (int)GTV_EV_K_IRQ, "kinds");
_Static_assert(GTV_BPF_SOFTIRQ == (int)GTV_EV_K_SOFTIRQ, "kinds");
_Static_assert(GTV_BPF_FUTEX_WAITV == (int)GTV_FUTEX_WAITV, "ways of waiting");
_Static_assert(GTV_CALLS_ALL == (int)GTV_SYSCALLS_ALL, "which system calls");

#define WHAT	      "level 3 (BPF)"
#define BYTES_DEFAULT (1u << 22) /* 0.18 s of 700,000 events a second */
#define BYTES_MIN     (1u << 12)
#define BYTES_MAX     (1u << 28)
#define BYTES_ALL_MAX (1ull << 28) /* of all cores: the kernel gives it all at once */
#define BYTES_ALL     (1ull << 26) /* the same, if no size was asked for */
#define EXTRA_BYTES   (1u << 22)
#define SLOW_A_DRAIN  65536
#define CORES_MAX     8192
#define EVENT_NS      1000u /* between two of a core that does little but switch */

struct core_reader {
	int stream;
	uint64_t tail;
	uint64_t told[GTV_BPF_KINDS];
};

struct bpf_source {
	struct gtv_source base;
	struct gtv_sched_bpf *skel;
	struct ring_buffer *slow, *extra;
	int extra_stream;
	unsigned core_count;
	uint32_t slots;
	struct gtv_bpf_core *core; /* core_count + 1: the last is the slow ring's */
	const struct gtv_bpf_rec *record;
	size_t core_bytes, record_bytes;
	struct core_reader *reader; /* the same number */
	int slow_left, slow_rc;
	struct gtv_bpf_tagger *tagger; /* of a program that ran already */
	struct gtv_source_stats stats;
};

/* ------------------------------------------------------------- loading it */

/* libbpf talks on stderr; its last warning is the best explanation there is. One
 * thread loads. */
static char libbpf_says[200];

static int keep_warning(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(libbpf_says, sizeof libbpf_says, format, args);
	libbpf_says[strcspn(libbpf_says, "\n")] = 0;
	return 0;
}

static int fail_load(struct gtv_err *err, int error, const char *doing)
{
	if (error == EPERM && gtv_source_confined(WHAT, "bpf", err))
		return -GTV_EPERM;
	if (error == EPERM) /* EACCES is the verifier's */
		return gtv_err_set(err, GTV_EPERM, WHAT,
				   "sudo gtviz, or once: sudo setcap "
				   "cap_bpf,cap_perfmon+ep GTVIZ",
				   "%s", "needs root, or CAP_BPF and CAP_PERFMON");
	return gtv_err_set(err, GTV_EUNAVAIL, WHAT, "", "%s: %s%s%s", doing,
			   strerror(error), libbpf_says[0] ? ": " : "", libbpf_says);
}

/* sched_switch's tracepoint says the state as a 4th argument since 5.18; the type of
 * its probe has a leading void *. */
static bool switch_has_state(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	if (type)
		type = btf__type_by_id(btf, type->type);
	if (type && btf_is_ptr(type))
		type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) && btf_vlen(type) >= 5;
}

static uint32_t slots_for(size_t bytes, unsigned cores)
{
	size_t want = bytes ? bytes : BYTES_DEFAULT, have = BYTES_MIN;

	while (have < want && have < BYTES_MAX)
		have *= 2;
	while (have > BYTES_MIN && have * cores > (bytes ? BYTES_ALL_MAX : BYTES_ALL))
		have /= 2;
	return (uint32_t)(have / sizeof(struct gtv_bpf_rec));
}

/* What nobody asked for is not loaded: it would tax all tasks of the machine. */
static void configure_extra(struct bpf_source *b)
{
	const struct gtv_source_config *config = &b->base.config;
	struct gtv_sched_bpf *skel = b->skel;
	bool calls = config->syscalls != GTV_SYSCALLS_NONE, irq = config->irq != 0;

	skel->rodata->calls = (__u32)config->syscalls;
	bpf_program__set_autoload(skel->progs.on_sys_enter, calls);
	bpf_program__set_autoload(skel->progs.on_sys_exit, calls);
	bpf_program__set_autoload(skel->progs.on_irq_entry, irq);
	bpf_program__set_autoload(skel->progs.on_irq_exit, irq);
	bpf_program__set_autoload(skel->progs.on_softirq_entry, irq);
	bpf_program__set_autoload(skel->progs.on_softirq_exit, irq);
	size_t bytes = config->extra_ring_bytes ? config->extra_ring_bytes : EXTRA_BYTES;
	if (!calls && !irq)
		bytes = (size_t)sysconf(_SC_PAGESIZE);
	bpf_map__set_max_entries(skel->maps.extra, (__u32)bytes);
}

static int configure(struct bpf_source *b, struct gtv_err *err)
{
	struct gtv_sched_bpf *skel = b->skel;
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return gtv_err_set(
			err, GTV_EUNAVAIL, WHAT, "a kernel with CONFIG_DEBUG_INFO_BTF=y",
			"this kernel does not describe its types: %s", strerror(errno));
	skel->rodata->switch_has_state = switch_has_state(btf);
	b->stats.fallbacks += !skel->rodata->switch_has_state;
	/* Without it the helper is called, which only costs time. */
	skel->rodata->kc_casts =
		btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	btf__free(btf);
	skel->rodata->core_count = b->core_count;
	skel->rodata->slots = b->slots;
	skel->rodata->all_tasks = b->base.config.all_tasks != 0;
	configure_extra(b);
	bpf_map__set_max_entries(skel->maps.records, b->core_count * b->slots);
	bpf_map__set_max_entries(skel->maps.cores, b->core_count + 1);
	bpf_map__set_max_entries(skel->maps.seen, b->core_count * GTV_BPF_SEEN);
	return 0;
}

static int load(struct bpf_source *b, struct gtv_err *err)
{
	int cores, rc;

	libbpf_says[0] = 0;
	libbpf_set_print(keep_warning);
	cores = libbpf_num_possible_cpus();
	if (cores < 1 || cores > CORES_MAX)
		return gtv_err_set(err, GTV_EUNAVAIL, WHAT, "", "%d cores", cores);
	b->core_count = (unsigned)cores;
	b->slots = slots_for(b->base.config.kernel_ring_bytes, b->core_count);
	b->skel = gtv_sched_bpf__open();
	if (!b->skel)
		return fail_load(err, errno, "opening the kernel part");
	rc = configure(b, err);
	if (rc < 0)
		return rc;
	rc = gtv_sched_bpf__load(b->skel);
	return rc < 0 ? fail_load(err, -rc, "loading the kernel part") : 0;
}

static void *map_array(const struct bpf_map *map, size_t bytes, int prot)
{
	void *at = mmap(NULL, bytes, prot, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static size_t whole_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static int on_slow(void *source, void *data, size_t size);

static int map_rings(struct bpf_source *b, struct gtv_err *err)
{
	b->core_bytes = whole_pages((b->core_count + 1) * sizeof *b->core);
	b->record_bytes = whole_pages((size_t)b->core_count * b->slots * sizeof *b->record);
	b->core = map_array(b->skel->maps.cores, b->core_bytes, PROT_READ | PROT_WRITE);
	b->record = map_array(b->skel->maps.records, b->record_bytes, PROT_READ);
	b->slow = ring_buffer__new(bpf_map__fd(b->skel->maps.slow), on_slow, b, NULL);
	b->extra = ring_buffer__new(bpf_map__fd(b->skel->maps.extra), on_slow, b, NULL);
	b->reader = calloc(b->core_count + 1, sizeof *b->reader);
	if (!b->core || !b->record || !b->slow || !b->extra || !b->reader)
		return fail_load(err, errno, "mapping its rings");
	b->extra_stream = gtv_merge_stream(
		b->base.config.merge, (uint64_t)GTV_SRC_BPF << 32 | (b->core_count + 1));
	if (b->extra_stream < 0)
		return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	for (unsigned i = 0; i <= b->core_count; i++) {
		b->reader[i].stream = gtv_merge_stream(b->base.config.merge,
						       (uint64_t)GTV_SRC_BPF << 32 | i);
		if (b->reader[i].stream < 0)
			return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
		b->core[i].epoch = 1; /* the kernel part's is 0: nothing dropped yet */
	}
	return 0;
}

static void bpf_close(struct gtv_source *src)
{
	struct bpf_source *b = (struct bpf_source *)src;

	gtv_bpf_tagger_close(b->tagger);
	ring_buffer__free(b->slow);
	ring_buffer__free(b->extra);
	if (b->core)
		munmap(b->core, b->core_bytes);
	if (b->record)
		munmap((void *)b->record, b->record_bytes);
	gtv_sched_bpf__destroy(b->skel);
	free(b->reader);
	free(b);
}

static int bpf_open(struct gtv_source **out, const struct gtv_source_config *config,
		    struct gtv_err *err)
{
	struct bpf_source *b = calloc(1, sizeof *b);
	int rc;

	if (!b)
		return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	b->base.ops = &gtv_source_bpf;
	b->base.config = *config;
	rc = load(b, err);
	if (!rc)
		rc = map_rings(b, err);
	if (!rc && config->irq && config->names)
		gtv_naming_interrupts(config->names, "/proc/interrupts");
	if (rc < 0) {
		bpf_close(&b->base);
		return rc;
	}
	/* Calls and interrupts of all cores share a ring, and are faster. */
	if (!config->syscalls && !config->irq)
		b->base.room_ns = (uint64_t)b->slots * EVENT_NS;
	*out = &b->base;
	return 0;
}

/* Loads it for real: verifiers differ, and so do those who forbid. */
static int bpf_probe(struct gtv_err *err)
{
	struct bpf_source b = {.base.config.kernel_ring_bytes = BYTES_MIN};
	int rc = load(&b, err);

	gtv_sched_bpf__destroy(b.skel);
	return rc;
}

static void lack(char *buf, size_t size, const char *what, const char *why)
{
	size_t used = strlen(buf);

	snprintf(buf + used, size - used, "%s%s%s%s", used ? "; " : "", what,
		 why[0] ? ": " : "", why);
}

/* Loads it with what is opt-in, too. */
static void bpf_lacks(char *buf, size_t size)
{
	struct gtv_source_config calls = {.syscalls = GTV_SYSCALLS_ALL}, irq = {.irq = 1};
	const struct {
		const char *what;
		const struct gtv_source_config *config;
	} tries[] = {{"no --syscalls", &calls}, {"no --irq", &irq}};

	buf[0] = 0;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		struct bpf_source b = {.base.config = *tries[i].config};
		struct gtv_err err = {0};

		b.base.config.kernel_ring_bytes = BYTES_MIN;
		if (load(&b, &err) < 0)
			lack(buf, size, tries[i].what, err.why);
		if (!i && b.stats.fallbacks)
			lack(buf, size,
			     "why a thread stops is read from it, not told by the event "
			     "(before 5.18)",
			     "");
		gtv_sched_bpf__destroy(b.skel);
	}
}

/* ----------------------------------------------------------------- events */

static void tag_child(struct bpf_source *b, pid_t child, struct gtv_err *err, int *rc)
{
	struct gtv_bpf_tag asleep = {.core = -1};
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);

	*rc = pidfd < 0 ? -1
			: bpf_map_update_elem(bpf_map__fd(b->skel->maps.tags), &pidfd,
					      &asleep, BPF_ANY);
	if (*rc < 0)
		*rc = fail_load(err, errno, "tagging the program");
	if (pidfd >= 0)
		close(pidfd);
}

static int bpf_attach(struct gtv_source *src, pid_t child, struct gtv_err *err)
{
	struct bpf_source *b = (struct bpf_source *)src;
	uint32_t pid = (uint32_t)child;
	int rc = gtv_sched_bpf__attach(b->skel);

	if (rc < 0)
		return fail_load(err, -rc, "attaching the kernel part");
	tag_child(b, child, err, &rc);
	if (rc < 0)
		return rc;
	gtv_naming_process(src->config.names, pid, (uint32_t)getpid(), NULL, GTV_NAME_OURS);
	gtv_naming_thread(src->config.names, pid, pid, NULL, GTV_NAME_OURS);
	struct gtv_ev ev = {.ts_ns = gtv_clock_mono_ns(),
			    .kind = GTV_EV_K_THREAD,
			    .state = GTV_OFF_STOPPED,
			    .core = GTV_CORE_NONE,
			    .tid = pid,
			    .obj = (uint32_t)getpid(),
			    .arg = pid};
	b->stats.events++;
	return gtv_merge_push(src->config.merge, b->reader[b->core_count].stream, &ev);
}

static int bpf_adopt(struct gtv_source *src, const struct gtv_procs *tree,
		     struct gtv_err *err)
{
	struct bpf_source *b = (struct bpf_source *)src;
	int rc = 0;

	/* First the programs: whom a tagged thread starts is then tagged by them. */
	if (!b->tagger) {
		rc = gtv_sched_bpf__attach(b->skel);
		if (rc < 0)
			return fail_load(err, -rc, "attaching the kernel part");
		rc = gtv_bpf_tagger_open(&b->tagger, bpf_map__fd(b->skel->maps.tags), err);
	}
	return rc < 0 ? rc : gtv_bpf_tagger_run(b->tagger, tree, err);
}

static void take_name(struct bpf_source *b, const struct gtv_bpf_rec *rec)
{
	char comm[GTV_COMM_BYTES];
	struct gtv_name known;

	/* A waker is named in passing, with its core's next records, which are read
	 * after the ring in which one of ours told its later name. */
	if (!rec->seq &&
	    !gtv_names_get(b->base.config.names, GTV_CLASS_THREAD, rec->tid, &known) &&
	    known.flags & GTV_NAME_OURS)
		return;
	memcpy(comm, rec->u.comm, sizeof comm);
	comm[sizeof comm - 1] = 0;
	gtv_naming_thread(b->base.config.names, rec->tid, rec->obj, comm,
			  rec->seq ? GTV_NAME_OURS : 0);
}

/* A record of either ring into its stream. The kernel part is ours and trusted; an
 * unknown kind can only be our own bug, or memory that went bad. */
static int take_record(struct bpf_source *b, const struct gtv_bpf_rec *rec, int32_t core,
		       int stream)
{
	struct gtv_ev ev = {
		.ts_ns = rec->u.t.ts_ns,
		.kind = rec->kind,
		.flags = rec->flags,
		.state = rec->state,
		.core = core,
		.tid = rec->tid,
		.obj = rec->obj,
		.seq = rec->seq,
		.arg = rec->u.t.arg,
	};

	switch (rec->kind) {
	case GTV_BPF_NAME:
		take_name(b, rec);
		return 0;
	case GTV_BPF_MIGRATE:
		ev.core = (int32_t)rec->seq;
		ev.seq = 0;
		break;
	case GTV_BPF_FORK:
		if (rec->seq)
			gtv_naming_fork(b->base.config.names, rec->tid, rec->obj,
					(uint32_t)rec->u.t.arg);
		ev.seq = 0;
		break;
	case GTV_BPF_ON:
		ev.arg = ev.ts_ns;
		b->stats.fallbacks++;
		break;
	case GTV_BPF_SYSCALL:
	case GTV_BPF_IRQ:
	case GTV_BPF_SOFTIRQ:
		stream = b->extra_stream;
		break;
	case GTV_BPF_FUTEX:
	case GTV_BPF_SWITCH:
	case GTV_BPF_WAKING:
	case GTV_BPF_NEW:
	case GTV_BPF_EXEC:
	case GTV_BPF_EXIT:
		break;
	default:
		b->stats.corrupt++;
		return 0;
	}
	b->stats.events++;
	return gtv_merge_push(b->base.config.merge, stream, &ev);
}

static int on_slow(void *source, void *data, size_t size)
{
	struct bpf_source *b = source;
	const struct gtv_bpf_slow *slow = data;

	if (size < sizeof *slow) {
		b->stats.corrupt++;
		return 0;
	}
	b->slow_rc = take_record(b, &slow->rec, (int32_t)slow->core,
				 b->reader[b->core_count].stream);
	/* Others fork as fast as we read: not for ever in one drain. */
	return b->slow_rc < 0 || --b->slow_left <= 0 ? -1 : 0;
}

/* What the kernel part dropped since the last look, by kind. */
static int tell_losses(struct bpf_source *b, unsigned idx)
{
	struct gtv_bpf_core *c = &b->core[idx];
	struct core_reader *r = &b->reader[idx];
	struct gtv_loss_range loss = {
		.source = GTV_SRC_BPF,
		.core = idx < b->core_count ? (int32_t)idx : GTV_CORE_NONE,
		.from_ns = __atomic_load_n(&c->loss_first_ns, __ATOMIC_RELAXED),
		.to_ns = __atomic_load_n(&c->loss_last_ns, __ATOMIC_RELAXED),
	};
	int rc = 0, any = 0;

	for (uint32_t k = 0; k < GTV_BPF_KINDS && !rc; k++) {
		uint64_t dropped = __atomic_load_n(&c->dropped[k], __ATOMIC_RELAXED);
		uint64_t count = dropped - r->told[k];

		r->told[k] = dropped;
		any |= count != 0;
		if (!count || k == (GTV_BPF_NAME & (GTV_BPF_KINDS - 1)))
			continue; /* a lost name is told again at the next sight */
		loss.kind = GTV_BPF_SWITCH + k;
		loss.count = count;
		b->stats.lost += count;
		b->stats.lost_kind[loss.kind] += count;
		rc = gtv_naming_loss(b->base.config.merge, r->stream, &loss);
	}
	if (any)
		__atomic_store_n(&c->epoch, c->epoch + 1, __ATOMIC_RELAXED);
	return rc;
}

static int drain_core(struct bpf_source *b, unsigned core)
{
	struct gtv_bpf_core *c = &b->core[core];
	struct core_reader *r = &b->reader[core];
	const struct gtv_bpf_rec *ring = b->record + (size_t)core * b->slots;
	uint64_t head = __atomic_load_n(&c->head, __ATOMIC_ACQUIRE), count = head - r->tail;
	int rc = 0;

	if (count > b->slots) {
		b->stats.corrupt++;
		r->tail = head;
		count = 0;
	}
	unsigned fill = (unsigned)(count * 100 / b->slots);
	if (fill > b->stats.fill_percent)
		b->stats.fill_percent = fill;
	while (r->tail != head && !rc) {
		struct gtv_bpf_rec rec = ring[r->tail++ & (b->slots - 1)];
		rc = take_record(b, &rec, (int32_t)core, r->stream);
		if (!(r->tail & 1023))
			__atomic_store_n(&c->tail, r->tail, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&c->tail, r->tail, __ATOMIC_RELEASE);
	return rc ? rc : tell_losses(b, core);
}

static int bpf_drain(struct gtv_source *src)
{
	struct bpf_source *b = (struct bpf_source *)src;
	int rc = 0;

	b->stats.fill_percent = 0;
	b->slow_left = SLOW_A_DRAIN;
	b->slow_rc = 0;
	ring_buffer__consume(b->slow);
	if (b->slow_rc < 0)
		return b->slow_rc;
	b->slow_left = SLOW_A_DRAIN;
	ring_buffer__consume(b->extra);
	if (b->slow_rc < 0)
		return b->slow_rc;
	for (unsigned i = 0; i < b->core_count && !rc; i++)
		rc = drain_core(b, i);
	return rc ? rc : tell_losses(b, b->core_count);
}

static void bpf_stop(struct gtv_source *src)
{
	gtv_sched_bpf__detach(((struct bpf_source *)src)->skel);
}

static void bpf_stats(const struct gtv_source *src, struct gtv_source_stats *out)
{
	const struct bpf_source *b = (const struct bpf_source *)src;

	*out = b->stats;
	out->fallbacks +=
		__atomic_load_n(&b->core[b->core_count].untagged, __ATOMIC_RELAXED);
}

const struct gtv_source_ops gtv_source_bpf = {
	.name = "bpf",
	.id = GTV_SRC_BPF,
	.level = 3,
	.probe = bpf_probe,
	.lacks = bpf_lacks,
	.open = bpf_open,
	.attach = bpf_attach,
	.adopt = bpf_adopt,
	.drain = bpf_drain,
	.stop = bpf_stop,
	.stats = bpf_stats,
	.close = bpf_close,
};

#endif
