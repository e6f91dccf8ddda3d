/* SPDX-License-Identifier: MIT
 *
 * tracegen EVENTS CORES FILE [SEED]: writes a synthetic trace of about that many
 * events. The same arguments give the same file.
 *
 * It is no noise: a small machine is simulated, so that what a true trace obeys
 * holds. Each core has a clock and a queue of OS threads; the core whose clock is
 * behind makes the next step. On the cores run the workers of one program (green
 * threads with run queues, stealing, a mutex a few share, a GIL, channels, timers),
 * its pool threads (blocking calls), and threads of other programs, which come and
 * go and take the core from it.
 *
 * Time only moves forward over all cores: an event of a step is at the core's
 * clock, or right after the last event of all if that is later. So the order of the
 * file is the order in which things happened, and no cause comes after its effect.
 *
 * Events go the way that the recorder takes: model and store, zoom and checkpoints.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "tests/tools/machine.h"

/* ---- Events: to the model and the store ---- */

static void put_checkpoint(struct sim *s)
{
	void *bytes;
	size_t size;

	if (gtv_model_save(s->model, &bytes, &size))
		die("model", "cannot be saved");
	gtv_store_put_checkpoint(s->store, s->now_ns, bytes, size);
	free(bytes);
	s->checkpoint_block = gtv_store_block_count(s->store);
}

static void write_batch(struct sim *s)
{
	gtv_model_feed(s->model, s->batch, s->batched);
	gtv_store_append(s->store, s->batch, s->batched);
	gtv_store_flush(s->store, s->now_ns);
	s->batched = 0;
	if (gtv_store_block_count(s->store) >= s->checkpoint_block + 64)
		put_checkpoint(s);
	if (s->now_ns - s->zoom_ns >= 1000 * MS) {
		gtv_zoom_flush(s->zoom, s->now_ns, 0);
		s->zoom_ns = s->now_ns;
	}
	if (gtv_store_error(s->store)->code)
		die("writing", gtv_store_error(s->store)->why);
}

static struct gtv_ev *emit_gt(struct sim *s, int c, unsigned kind, uint32_t gt,
			      uint32_t obj)
{
	struct gtv_ev *ev = emit(s, c, kind, s->thread[s->core[c].running].tid);
	ev->gt = gt;
	ev->obj = obj;
	return ev;
}

static void set_name(struct sim *s, enum gtv_class cls, struct gtv_name name,
		     const char *text)
{
	snprintf(name.text, sizeof name.text, "%s", text);
	if (gtv_names_set(s->names, cls, &name))
		die("names", "no memory");
}

/* ---- The runtime ---- */

static void wake_worker(struct sim *s, int c)
{
	for (int t = 0; t < s->cores; t++) /* workers come first */
		if (s->thread[t].asleep) {
			wake_thread(s, c, t);
			return;
		}
}

/* Makes green thread g ready, from the thread on core c. */
static void make_ready(struct sim *s, int c, int g, enum gtv_by by)
{
	struct thread *th = &s->thread[s->core[c].running];
	uint32_t waker = th->kind == WORKER && th->gt != NOBODY ? s->gt[th->gt].id : 0;
	struct gtv_ev *ev =
		emit_gt(s, c, GTV_EV_READY, s->gt[g].id, by == GTV_BY_GT ? waker : 0);

	ev->state = (uint8_t)by;
	ev->seq = ++s->gt[g].seq;
	int w = th->kind == WORKER ? th->index : (int)(chance(s) % (unsigned)s->cores);
	push(s, &s->thread[w].ready, g);
	wake_worker(s, c);
}

/* The worker's green thread stops; the next in its queue goes on. */
static void stop_gt(struct sim *s, int c, unsigned kind, uint32_t what, uint8_t aux)
{
	struct thread *th = &s->thread[s->core[c].running];
	struct gt *g = &s->gt[th->gt];
	int next = pop(s, &th->ready);
	struct gtv_ev *ev = emit_gt(s, c, kind, g->id, next == NOBODY ? 0 : s->gt[next].id);

	ev->state = aux;
	ev->seq = ++g->seq;
	ev->arg = what;
	if (next != NOBODY)
		ev->arg |= (uint64_t)++s->gt[next].seq << 32;
	th->gt = next;
}

static int talks(enum role role)
{
	return role == ROLE_SENDER || role == ROLE_RECEIVER;
}

static void spawn(struct sim *s, int c, enum role role, int chan)
{
	struct thread *th = &s->thread[s->core[c].running];
	char text[64];
	int slot = 0;

	while (s->gt[slot].alive)
		if (++slot == GTS_MAX)
			die("simulation", "too many green threads");
	struct gt *g = &s->gt[slot];
	*g = (struct gt){.id = ++s->last_gt, .alive = 1, .role = role, .next = NOBODY};
	g->rounds = (int)between(s, 20, 600);
	g->lock = role == ROLE_INTERP ? 0 : 1 + (int)(chance(s) % (LOCKS - 1));
	g->chan = chan;
	if (talks(role))
		s->chan[chan].alive[role == ROLE_SENDER]++;
	s->gts_alive++;
	snprintf(text, sizeof text, "%s-%u", role_names[role], g->id);
	set_name(s, GTV_CLASS_GT,
		 (struct gtv_name){.id = g->id, .pid = PID, .local = g->id}, text);
	struct gtv_ev *ev =
		emit_gt(s, c, GTV_EV_SPAWN, g->id, th->gt == NOBODY ? 0 : s->gt[th->gt].id);
	ev->arg = 0x401000u + 0x140u * (unsigned)role;
	push(s, &th->ready, slot);
	wake_worker(s, c);
}

/* Takes a lock, or begins to wait for it. */
static int take_lock(struct sim *s, int c, int g)
{
	struct gt *gt = &s->gt[g];
	struct lock *l = &s->lock[gt->lock];
	int gil = gt->lock == 0;

	if (l->owner != NOBODY) {
		push(s, &l->waiters, g);
		if (gil)
			emit_gt(s, c, GTV_EV_GIL_REQUEST, gt->id, l->id);
		stop_gt(s, c, gil ? GTV_EV_SWITCH_GIL : GTV_EV_SWITCH_LOCK, l->id, 0);
		return 0;
	}
	unsigned kind = !gil			  ? GTV_EV_LOCK_TAKE
			: l->last_owner == gt->id ? GTV_EV_GIL_RETAKE
						  : GTV_EV_GIL_TAKE;
	emit_gt(s, c, kind, gt->id, l->id)->seq = ++l->seq;
	l->owner = g;
	l->last_owner = gt->id;
	return 1;
}

static void drop_lock(struct sim *s, int c, int g)
{
	struct lock *l = &s->lock[s->gt[g].lock];
	unsigned kind = s->gt[g].lock == 0 ? GTV_EV_GIL_DROP : GTV_EV_LOCK_DROP;
	struct gtv_ev *ev = emit_gt(s, c, kind, s->gt[g].id, l->id);

	ev->seq = ++l->seq;
	ev->flags = kind == GTV_EV_GIL_DROP && l->waiters.count ? GTV_GIL_FORCED : 0;
	l->owner = NOBODY;
	int waiter = pop(s, &l->waiters);
	if (waiter != NOBODY)
		make_ready(s, c, waiter, GTV_BY_GT);
}

/* One operation on its channel; 0 if it has to wait. */
static int channel_step(struct sim *s, int c, int g)
{
	struct gt *gt = &s->gt[g];
	struct chan *ch = &s->chan[gt->chan];
	int sends = gt->role == ROLE_SENDER;

	if (sends ? ch->filled == CHAN_ROOM : ch->filled == 0) {
		push(s, sends ? &ch->senders : &ch->receivers, g);
		stop_gt(s, c, GTV_EV_SWITCH_CHAN, ch->id, 0);
		return 0;
	}
	ch->filled += sends ? 1 : -1;
	emit_gt(s, c, sends ? GTV_EV_CHAN_SEND : GTV_EV_CHAN_RECV, gt->id, ch->id);
	int other = pop(s, sends ? &ch->receivers : &ch->senders);
	if (other != NOBODY)
		make_ready(s, c, other, GTV_BY_GT);
	return 1;
}

static void sleep_gt(struct sim *s, int c, int g, unsigned kind, uint64_t ns)
{
	struct thread *th = &s->thread[s->core[c].running];

	s->gt[g].wake_ns = s->core[c].clock + ns;
	push(s, &th->timers, g);
	stop_gt(s, c, kind, kind == GTV_EV_SWITCH_IO ? 5 : 0,
		kind == GTV_EV_SWITCH_IO ? GTV_IO_READ : 0);
}

static void call_gt(struct sim *s, int c, int g)
{
	push(s, &s->calls, g);
	stop_gt(s, c, GTV_EV_SWITCH_SYSCALL, 1 + (uint32_t)(chance(s) % 2), 0);
	for (int t = s->cores; t < s->threads && s->thread[t].kind == POOL; t++)
		if (s->thread[t].asleep && s->thread[t].gt == NOBODY) {
			wake_thread(s, c, t);
			return;
		}
}

/* A channel on which somebody would wait for ever, NOBODY if there is none; *role:
 * who is missing there. */
static int lonely_channel(const struct sim *s, enum role *role)
{
	for (int i = 0; i < CHANS; i++) {
		const struct chan *ch = &s->chan[i];
		if (!ch->alive[0] == !ch->alive[1])
			continue;
		*role = ch->alive[0] ? ROLE_SENDER : ROLE_RECEIVER;
		return i;
	}
	return NOBODY;
}

/* main spawns what is missing, and else sleeps. */
static void main_step(struct sim *s, int c, int g)
{
	enum role role;
	int chan = lonely_channel(s, &role);

	if (chan == NOBODY && s->gts_alive < s->gts_wanted) {
		role = (enum role)between(s, ROLE_MAIN + 1, ROLES - 1);
		chan = (int)(chance(s) % CHANS);
	}
	if (chan != NOBODY)
		spawn(s, c, role, chan);
	else
		sleep_gt(s, c, g, GTV_EV_SWITCH_SLEEP, between(s, 1 * MS, 3 * MS));
}

/* A green thread of a role that takes, works, drops, works. */
static void locking_step(struct sim *s, int c, int g)
{
	struct gt *gt = &s->gt[g];

	if (gt->phase == 1) {
		drop_lock(s, c, g);
		gt->phase = 0;
		gt->rounds--;
		s->core[c].clock += spread(s, 4 * US);
	} else if (take_lock(s, c, g)) {
		gt->phase = 1;
		s->core[c].clock += spread(s, gt->lock == 0 ? 20 * US : 2 * US);
	}
}

static void yield_gt(struct sim *s, int c, int g, unsigned kind)
{
	struct thread *th = &s->thread[s->core[c].running];

	if (!th->ready.count)
		return; /* nobody else wants to run */
	push(s, &th->ready, g);
	stop_gt(s, c, kind, 0, 0);
}

static void gt_step(struct sim *s, int c, int g)
{
	struct gt *gt = &s->gt[g];
	int holds = gt->phase == 1 && (gt->role == ROLE_LOCKER || gt->role == ROLE_INTERP);

	if (gt->role != ROLE_MAIN && gt->rounds <= 0 && !holds) {
		gt->alive = 0;
		s->gts_alive--;
		if (talks(gt->role))
			s->chan[gt->chan].alive[gt->role == ROLE_SENDER]--;
		stop_gt(s, c, GTV_EV_SWITCH_EXIT, 0, 0);
		return;
	}
	switch (gt->role) {
	case ROLE_MAIN:
		main_step(s, c, g);
		break;
	case ROLE_LOCKER:
	case ROLE_INTERP:
		locking_step(s, c, g);
		break;
	case ROLE_SENDER:
	case ROLE_RECEIVER:
		if (channel_step(s, c, g))
			s->core[c].clock += spread(s, 10 * US);
		gt->rounds--;
		break;
	case ROLE_SLEEPER:
		gt->rounds -= 4;
		sleep_gt(s, c, g, chance(s) % 2 ? GTV_EV_SWITCH_SLEEP : GTV_EV_SWITCH_IO,
			 spread(s, 400 * US));
		break;
	case ROLE_CALLER:
		gt->rounds -= 4;
		call_gt(s, c, g);
		break;
	default:
		gt->rounds--;
		s->core[c].clock += spread(s, 15 * US);
		yield_gt(s, c, g,
			 chance(s) % 8 ? GTV_EV_SWITCH_YIELD : GTV_EV_SWITCH_PREEMPT);
		break;
	}
	s->core[c].clock += spread(s, 300);
}

/* The due sleeper of a worker, taken off its list; NOBODY. *next: the time of the
 * first that remains. */
static int due_timer(struct sim *s, struct thread *th, uint64_t now, uint64_t *next)
{
	int due = NOBODY;
	struct list rest = empty();

	*next = NEVER;
	for (int g; (g = pop(s, &th->timers)) != NOBODY;) {
		if (due == NOBODY && s->gt[g].wake_ns <= now) {
			due = g;
			continue;
		}
		if (s->gt[g].wake_ns < *next)
			*next = s->gt[g].wake_ns;
		push(s, &rest, g);
	}
	th->timers = rest;
	return due;
}

static int steal(struct sim *s, int c, struct thread *th)
{
	for (int i = 1; i < s->cores; i++) {
		int victim = (th->index + i) % s->cores;
		int g = pop(s, &s->thread[victim].ready);
		if (g == NOBODY)
			continue;
		emit_gt(s, c, GTV_EV_STEAL, s->gt[g].id, (uint32_t)victim)->arg = 1;
		return g;
	}
	return NOBODY;
}

/* The scheduler of a worker: a timer, its queue, another's queue, or sleep. */
static void schedule(struct sim *s, int c)
{
	struct thread *th = &s->thread[s->core[c].running];
	uint64_t next_timer;

	int g = due_timer(s, th, s->core[c].clock, &next_timer);
	if (g != NOBODY) {
		make_ready(s, c, g, GTV_BY_TIMER);
		return;
	}
	g = pop(s, &th->ready);
	if (g == NOBODY)
		g = steal(s, c, th);
	if (g != NOBODY) {
		struct gtv_ev *ev = emit_gt(s, c, GTV_EV_SWITCH_RUN, 0, s->gt[g].id);
		ev->arg = (uint64_t)++s->gt[g].seq << 32;
		th->gt = g;
		return;
	}
	emit_gt(s, c, GTV_EV_PARK, 0, (uint32_t)th->index);
	th->phase = 1;
	sleep_thread(s, c, GTV_OFF_SLEEP, CALL_FUTEX,
		     0x7f0000400000ull + 64u * (unsigned)th->index, next_timer);
}

static void worker_step(struct sim *s, int c)
{
	struct thread *th = &s->thread[s->core[c].running];

	if (th->phase == 2) { /* its first step ever */
		emit_gt(s, c, GTV_EV_WORKER_START, 0, (uint32_t)th->index);
		th->phase = 0;
	} else if (th->phase == 1) {
		emit_gt(s, c, GTV_EV_UNPARK, 0, (uint32_t)th->index);
		th->phase = 0;
	}
	if (th->gt == NOBODY)
		schedule(s, c);
	else
		gt_step(s, c, th->gt);
}

/* ---- Pool threads and other programs ---- */

static void pool_step(struct sim *s, int c)
{
	struct thread *th = &s->thread[s->core[c].running];

	if (th->phase == 1) { /* back from the kernel */
		struct gtv_ev *ev = emit_gt(s, c, GTV_EV_CALL_END, s->gt[th->gt].id, 1);
		ev->arg = between(s, 0, 4096);
		make_ready(s, c, th->gt, GTV_BY_POOL);
		th->gt = NOBODY;
		th->phase = 0;
	}
	th->gt = pop(s, &s->calls);
	if (th->gt == NOBODY) {
		sleep_thread(s, c, GTV_OFF_SLEEP, CALL_FUTEX, 0x7f0000500000ull, NEVER);
		return;
	}
	s->gt[th->gt].rounds--;
	emit_gt(s, c, GTV_EV_CALL_BEGIN, s->gt[th->gt].id, 1);
	th->phase = 1;
	sleep_thread(s, c, GTV_OFF_DISK, CALL_READ, 5,
		     s->core[c].clock + spread(s, 60 * US));
}

static void other_step(struct sim *s, int c)
{
	struct thread *th = &s->thread[s->core[c].running];

	if (!th->phase) {
		th->phase = 1;
		s->core[c].clock += spread(s, 150 * US);
		return;
	}
	th->phase = 0;
	sleep_thread(s, c, GTV_OFF_SLEEP, CALL_POLL, 0x7ffc1000u,
		     s->core[c].clock + spread(s, 6 * MS));
}

/* ---- The machine ---- */

static void step(struct sim *s, int c)
{
	struct core *core = &s->core[c];

	wake_due(s, c);
	if (core->running == NOBODY) {
		if (core->queued)
			switch_core(s, c, GTV_OFF_IDLE, 0, 0);
		else
			core->clock = core->next_wake;
		return;
	}
	tick(s, c);
	if (core->running == NOBODY)
		return;
	switch (s->thread[core->running].kind) {
	case WORKER:
		worker_step(s, c);
		break;
	case POOL:
		pool_step(s, c);
		break;
	default:
		other_step(s, c);
	}
}

static void add_thread(struct sim *s, enum kind kind, uint32_t tid, int index, int core,
		       const char *comm)
{
	struct thread *th = &s->thread[s->threads++];

	*th = (struct thread){.kind = kind, .tid = tid, .index = index, .core = core};
	th->gt = NOBODY;
	th->wake_ns = NEVER;
	th->ready = th->timers = empty();
	struct gtv_name name = {.id = tid, .pid = kind == OTHER ? tid : PID};
	name.local = kind == WORKER ? (uint32_t)index + 1 : 0;
	name.flags = kind == OTHER ? 0 : GTV_NAME_OURS;
	set_name(s, GTV_CLASS_THREAD, name, comm);
}

static void name_things(struct sim *s)
{
	struct gtv_name process = {
		.id = PID, .pid = PID, .flags = GTV_NAME_OURS, .extra = "gmp"};
	char text[64];

	set_name(s, GTV_CLASS_PROCESS, process, "machine");
	for (uint32_t i = 0; i < LOCKS; i++) {
		struct gtv_name lock = {.id = i + 1, .pid = PID, .local = i + 1};
		lock.flags = i ? 0 : GTV_NAME_IS_GIL;
		snprintf(lock.extra, sizeof lock.extra, "%s", i ? "mutex" : "gil3");
		snprintf(text, sizeof text, i ? "table-%u" : "GIL", i);
		set_name(s, GTV_CLASS_LOCK, lock, text);
	}
	for (uint32_t i = 0; i < CHANS; i++) {
		struct gtv_name chan = {.id = i + 1, .pid = PID, .local = i + 1};
		snprintf(text, sizeof text, "chan-%u", i);
		set_name(s, GTV_CLASS_CHAN, chan, text);
	}
	set_name(s, GTV_CLASS_CALL, (struct gtv_name){.id = 1, .pid = PID, .local = 1},
		 "read");
	set_name(s, GTV_CLASS_CALL, (struct gtv_name){.id = 2, .pid = PID, .local = 2},
		 "getaddrinfo");
}

/* The program has just been started: its main thread is on core 0 and makes the
 * other threads, which then start as the kernel lets them. */
static void boot(struct sim *s)
{
	char comm[32];
	int pools = 1 + s->cores / 4;

	name_things(s);
	for (int i = 0; i < LOCKS; i++)
		s->lock[i] = (struct lock){(uint32_t)i + 1, 0, 0, NOBODY, empty()};
	for (int i = 0; i < CHANS; i++)
		s->chan[i] = (struct chan){(uint32_t)i + 1, 0, {0}, empty(), empty()};
	s->calls = empty();
	for (int c = 0; c < s->cores; c++) {
		s->core[c].running = NOBODY;
		s->core[c].clock = s->core[c].next_wake = NEVER;
		snprintf(comm, sizeof comm, "worker-%d", c);
		add_thread(s, WORKER, PID + (uint32_t)c, c, c, c ? comm : "machine");
		s->thread[c].phase = 2;
	}
	for (int i = 0; i < pools; i++) {
		snprintf(comm, sizeof comm, "pool-%d", i);
		add_thread(s, POOL, PID + (uint32_t)(s->cores + i), i, i % s->cores, comm);
	}
	for (int c = 0; c < s->cores; c++) {
		snprintf(comm, sizeof comm, "%s", c % 3 ? "kworker" : "cc1");
		add_thread(s, OTHER, 300 + (uint32_t)c, c, c, comm);
		s->thread[s->threads - 1].asleep = 1;
		s->thread[s->threads - 1].wake_ns = s->now_ns + spread(s, 5 * MS);
		s->core[c].next_wake = s->thread[s->threads - 1].wake_ns;
		s->core[c].clock = s->core[c].next_wake;
	}

	s->core[0].clock = s->now_ns;
	emit(s, 0, GTV_EV_K_THREAD, PID)->arg = PID;
	s->core[0].queue[s->core[0].queued++] = 0;
	switch_core(s, 0, GTV_OFF_IDLE, 0, 0);
	struct gtv_ev *ev = emit_gt(s, 0, GTV_EV_PROC_START, 0, (uint32_t)s->cores);
	ev->seq = GTV_ABI_VERSION;
	ev->arg = GTV_PROC_HAS_GIL;
	spawn(s, 0, ROLE_MAIN, 0);
	for (int t = 1; t < s->cores + pools; t++) {
		ev = emit(s, 0, GTV_EV_K_FORK, PID);
		ev->obj = s->thread[t].tid;
		ev->arg = PID;
		ev = emit(s, 0, GTV_EV_K_NEW, PID);
		ev->obj = s->thread[t].tid;
		ev->arg = (uint64_t)s->thread[t].core;
		enqueue(s, t, s->thread[t].core);
	}
}

/* exit_group: each thread of the program comes to a core once more and dies. */
static void shut_down(struct sim *s)
{
	int c = 0;

	for (int t = 0; t < s->threads; t++) {
		struct thread *th = &s->thread[t];
		if (th->kind == OTHER)
			continue;
		c = th->core;
		struct core *core = &s->core[c];
		if (core->clock == NEVER || core->clock < s->now_ns)
			core->clock = s->now_ns;
		if (th->asleep) {
			th->asleep = 0;
			emit(s, c, GTV_EV_K_WAKING, tid_of(s, core->running))->obj =
				th->tid;
			core->queue[core->queued++] = t;
		}
		while (core->running != t) /* those before it make way */
			switch_core(s, c, GTV_OFF_PREEMPTED, 0, 0);
		emit(s, c, GTV_EV_K_EXIT, th->tid)->arg = PID;
		switch_core(s, c, GTV_OFF_DEAD, 0, 0);
	}
	emit(s, c, GTV_EV_END, PID);
}

static int earliest(const struct sim *s)
{
	int best = 0;
	for (int c = 1; c < s->cores; c++)
		if (s->core[c].clock < s->core[best].clock)
			best = c;
	return best;
}

static void span_closed(void *arg, const struct gtv_span *span)
{
	gtv_zoom_span(((struct sim *)arg)->zoom, span);
}

static void open_trace(struct sim *s, const char *path)
{
	struct gtv_model_sink sink = {.arg = s, .span = span_closed};
	struct gtv_store_info info = {.level = 3,
				      .core_count = (uint32_t)s->cores,
				      .clock = 0,
				      .start_ns = s->now_ns,
				      .wall_ns = 1767225600000000000ull,
				      .uid = 1000,
				      .pid = PID,
				      .exit_status = -1,
				      .model = gtv_model_id(),
				      .host = "tracegen",
				      .kernel = "simulated"};
	struct gtv_err err;
	char line[700];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		die(path, strerror(errno));
	snprintf(info.command, sizeof info.command, "tracegen %" PRIu64 " %d", s->target,
		 s->cores);
	s->names = gtv_names_new();
	if (!s->names)
		die("names", "no memory");
	if (gtv_store_create(&s->store, fd, &info, s->names, &err))
		die(path, gtv_err_line(&err, line, sizeof line));
	s->model = gtv_model_new(3, s->names, &sink);
	s->zoom = gtv_zoom_new(s->store);
	if (!s->model || !s->zoom)
		die("model", "no memory");
}

static void close_trace(struct sim *s)
{
	if (s->batched)
		write_batch(s);
	gtv_model_finish(s->model, s->now_ns);
	gtv_zoom_flush(s->zoom, s->now_ns, 1);
	gtv_store_set_exit(s->store, 0);
	if (gtv_store_finish(s->store))
		die("writing", gtv_store_error(s->store)->why);
	gtv_zoom_free(s->zoom);
	gtv_model_free(s->model);
	gtv_store_close(s->store);
	gtv_names_free(s->names);
}

static uint64_t number(const char *text, uint64_t low, uint64_t high, const char *what)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);
	if (*end || !*text || v < low || v > high)
		die(what, "not a sensible number");
	return v;
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: tracegen EVENTS CORES FILE [SEED]\n");
		return 2;
	}
	struct sim *s = calloc(1, sizeof *s);
	if (!s)
		die("memory", "none");
	s->target = number(argv[1], 1, 1000000000, "EVENTS");
	s->cores = (int)number(argv[2], 1, CORES_MAX, "CORES");
	s->rnd = (argc > 4 ? number(argv[4], 0, UINT64_MAX, "SEED") : 1) * 2 + 1;
	s->gts_wanted = GTS_PER_CORE * s->cores;
	s->now_ns = 5000000000ull;
	s->zoom_ns = s->now_ns;
	s->batch_full = write_batch;
	open_trace(s, argv[3]);
	boot(s);
	while (s->events < s->target)
		step(s, earliest(s));
	shut_down(s);
	close_trace(s);
	free(s);
	return 0;
}
