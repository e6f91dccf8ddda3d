/* SPDX-License-Identifier: MIT
 *
 * Channels. Either side that finds the other waiting passes the element straight
 * across, stack to stack. An element that was sent is told as sent where and when it
 * is passed on, even if its sender still sleeps: so in a trace every receive comes
 * after its send.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/arena.h"
#include "runtime/core/cancel.h"
#include "runtime/sync/chan.h"
#include "runtime/core/fiber.h"
#include "runtime/io/link.h"

#define BUFFER_BYTES_MAX ((size_t)1 << 40)

/* For the parts of a send and a receive: one function each, one set of registers saved. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

void gt__line_add(struct gt__line *line, struct gt__side *side)
{
	side->queued = GT__SIDE_QUEUED;
	side->next = NULL;
	side->prev = line->first ? line->last : NULL;
	if (line->first)
		line->last->next = side;
	else
		line->first = side;
	line->last = side;
}

void gt__line_remove(struct gt__line *line, struct gt__side *side)
{
	side->queued = GT__SIDE_OUT;
	if (side->prev)
		side->prev->next = side->next;
	else
		line->first = side->next;
	if (side->next)
		side->next->prev = side->prev;
	else
		line->last = side->prev;
}

/* A select can be taken by one only; it is open from when it can be made ready. */
static int claim(struct gt__side *side)
{
	uint32_t open = GT__SELECT_OPEN;

	if (!__atomic_compare_exchange_n(&side->selection->state, &open, GT__SELECT_CLAIMED,
					 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return 0;
	side->selection->winner = side;
	return 1;
}

/* The first who waits and still can be had. */
static ALWAYS_INLINE struct gt__side *line_take(struct gt__line *line)
{
	struct gt__side *side;

	while ((side = line->first)) {
		line->first = side->next;
		if (side->next)
			side->next->prev = NULL;
		side->queued = 0;
		if (__builtin_expect(!side->selection, 1) || claim(side))
			return side;
	}
	return NULL;
}

static ALWAYS_INLINE void copy(struct gt_chan *ch, void *to, const void *from)
{
	if (!to)
		return;
	/* Pointers and numbers are most of what is sent; nothing at all is a signal. */
	if (__builtin_expect(ch->elem_bytes == 8, 1))
		memcpy(to, from, 8);
	else if (ch->elem_bytes)
		memcpy(to, from, ch->elem_bytes);
}

struct gt_chan *gt_chan_new(size_t elem_bytes, size_t capacity, const char *name)
{
	struct gt_chan *ch;

	if (elem_bytes > GT__ELEM_BYTES_MAX ||
	    (elem_bytes && capacity > BUFFER_BYTES_MAX / elem_bytes))
		return NULL;
	ch = gt__shared_alloc(sizeof *ch + elem_bytes * capacity);
	if (!ch)
		return NULL;
	memset(ch, 0, sizeof *ch);
	ch->id = gt__next_id(&gt__rt.chan_ids);
	ch->elem_bytes = elem_bytes;
	ch->capacity = capacity;
	if (name)
		strncpy(ch->name, name, sizeof ch->name - 1);
	return ch;
}

void gt_chan_free(struct gt_chan *ch)
{
	if (ch && ch->link && gt__link_freed(ch->link))
		return;
	gt_shared_free(ch);
}

/* Under procs another process must reach what a side waits with. *reached: memory that
 * stands in for it, or NULL if there is no need. -ENOMEM. */
static int stand_in(const struct gt_chan *ch, const void *elem, void **reached)
{
	*reached = NULL;
	if (!gt__rt.shared_ids || !elem || gt__arena_has(elem))
		return 0;
	*reached = gt__arena_alloc(ch->elem_bytes);
	return *reached ? 0 : -ENOMEM;
}

/* Names it in the trace at its first event: it may have been made before the run. */
static inline void tell_name(struct gt__os *os, struct gt_chan *ch)
{
	if (gt__trace_wants(&os->tr) && ch->told != gt__trace_round) {
		ch->told = gt__trace_round;
		if (ch->name[0])
			gt__trace_text(&os->tr, GTV_TEXT_CHAN, ch->id, ch->name);
	}
}

static inline void tell_send(struct gt__os *os, struct gt_chan *ch, const struct gt *gt,
			     uint32_t receiver)
{
	GT_COUNT(os, CHAN_SENDS);
	gt__emit(&os->tr, GTV_EV_CHAN_SEND, 0, 0, gt->id, ch->id, 0, receiver);
}

/* An element leaves a sender that waits, or goes to a receiver that does, within one
 * call: what is told of it after the first event shares that one's time stamp. */
static inline void tell_send_too(struct gt__os *os, struct gt_chan *ch, const struct gt *gt,
				 uint32_t receiver)
{
	GT_COUNT(os, CHAN_SENDS);
	gt__emit_too(&os->tr, GTV_EV_CHAN_SEND, 0, 0, gt->id, ch->id, 0, receiver);
}

static inline void tell_recv_too(struct gt__os *os, struct gt_chan *ch, const struct gt *gt,
				 uint32_t sender)
{
	GT_COUNT(os, CHAN_RECEIVES);
	gt__emit_too(&os->tr, GTV_EV_CHAN_RECV, 0, 0, gt->id, ch->id, 0, sender);
}

static inline void tell_recv(struct gt__os *os, struct gt_chan *ch, const struct gt *gt,
			     uint32_t sender)
{
	GT_COUNT(os, CHAN_RECEIVES);
	gt__emit(&os->tr, GTV_EV_CHAN_RECV, 0, 0, gt->id, ch->id, 0, sender);
}

static void *slot(struct gt_chan *ch, size_t idx)
{
	size_t at = ch->head + idx; /* idx <= capacity: once round at most */

	return ch->buffer + (at < ch->capacity ? at : at - ch->capacity) * ch->elem_bytes;
}

static ALWAYS_INLINE int pass_to(struct gt__os *os, struct gt_chan *ch, const void *elem,
				 struct gt__side *receiver, struct gt **wake)
{
	*wake = receiver->gt;
	copy(ch, receiver->to, elem);
	receiver->peer = os->current->id;
	receiver->done = 1;
	tell_send(os, ch, os->current, receiver->gt->id);
	return 0;
}

static ALWAYS_INLINE int try_send(struct gt__os *os, struct gt_chan *ch, const void *elem,
				  struct gt **wake)
{
	struct gt__side *receiver;

	*wake = NULL;
	tell_name(os, ch);
	if (__builtin_expect(ch->closed, 0))
		return -EPIPE;
	receiver = line_take(&ch->receivers);
	if (receiver)
		return pass_to(os, ch, elem, receiver, wake);
	if (ch->count == ch->capacity)
		return -EAGAIN;
	copy(ch, slot(ch, ch->count++), elem);
	tell_send(os, ch, os->current, 0);
	return 0;
}

int gt__chan_try_send(struct gt__os *os, struct gt_chan *ch, const void *elem,
		      struct gt **wake)
{
	return try_send(os, ch, elem, wake);
}

/* For struct gt__wait_how; it waits on one channel. */
static int leave(struct gt *gt, int sends)
{
	struct gt_chan *ch = (struct gt_chan *)(uintptr_t)gt->wait_on;
	struct gt__side *side = gt->wait_arg;
	int left;

	gt__guard_lock(&ch->guard);
	left = side->queued == GT__SIDE_QUEUED;
	if (left) {
		gt__line_remove(sends ? &ch->senders : &ch->receivers, side);
		side->queued = GT__SIDE_LEFT;
	}
	gt__guard_unlock(&ch->guard);
	return left;
}

static int leave_senders(struct gt__os *os, struct gt *gt)
{
	(void)os;
	return leave(gt, 1);
}

static int leave_receivers(struct gt__os *os, struct gt *gt)
{
	(void)os;
	return leave(gt, 0);
}

static const struct gt__wait_how sending = {"to send on channel", leave_senders};
static const struct gt__wait_how receiving = {"to receive from channel", leave_receivers};

/* The guard is held; it is released once we can be found in the line. */
static ALWAYS_INLINE struct gt__os *wait_in(struct gt__os *os, struct gt_chan *ch,
					    struct gt__line *line, struct gt__side *me)
{
	gt__line_add(line, me);
	return gt__park_here(os, GTV_EV_SWITCH_CHAN, 0, ch->id, gt__publish_guard,
			     &ch->guard);
}

static int send_waits(void *arg, void *chan, void *elem)
{
	struct gt__os *os = arg;
	struct gt_chan *ch = chan;
	struct gt__side me = {.gt = os->current, .from = elem};
	void *reached;
	int err = me.gt->no_wait ? -EDEADLK : stand_in(ch, elem, &reached);

	if (__builtin_expect(err, 0)) {
		gt__guard_unlock(&ch->guard);
		return err;
	}
	if (reached)
		me.from = memcpy(reached, elem, ch->elem_bytes);
	if (gt__wait_begin(me.gt, &sending, ch, &me)) {
		me.queued = GT__SIDE_LEFT;
		gt__guard_unlock(&ch->guard);
	} else {
		wait_in(os, ch, &ch->senders, &me);
	}
	if (reached)
		gt__arena_free(reached);
	if (gt__wait_end(me.gt) && me.queued == GT__SIDE_LEFT)
		gt__cancel_act();
	return me.done ? 0 : -EPIPE;
}

/* --- the short way ---------------------------------------------------------
 *
 * On one OS thread nobody can come between, and no other process reaches for what lies
 * here. A number or pointer that goes to one who waits for nothing else, and a wait for
 * one, are most of what channels are for: written out, they take half the instructions.
 */
static inline int is_short(const struct gt__os *os, const struct gt_chan *ch)
{
	return __builtin_expect(gt__rt.single, 1) && !ch->closed &&
	       (__builtin_expect(!os->tr.on, 1) || ch->told);
}

static ALWAYS_INLINE int wait_alone(struct gt__os *os, struct gt_chan *ch, void *to,
				    const void *from, struct gt__line *line,
				    const struct gt__wait_how *how, struct gt__side *me,
				    struct gt__os **on)
{
	struct gt *self = os->current;

	me->gt = self;
	me->selection = NULL;
	me->to = to;
	me->from = from;
	me->done = 0;
	if (__builtin_expect(self->no_wait, 0))
		return -EDEADLK;
	if (gt__wait_begin_with(self, how, ch, me, 0)) {
		me->queued = GT__SIDE_LEFT;
	} else {
		gt__line_add(line, me);
		os = gt__park_alone(os, GTV_EV_SWITCH_CHAN, 0, ch->id, gt__publish_guard,
				    &ch->guard);
	}
	if (gt__wait_end_with(os->current, 0) && me->queued == GT__SIDE_LEFT)
		gt__cancel_act();
	*on = os;
	return 0;
}

static int send_waits_alone(void *os, void *chan, void *elem)
{
	struct gt_chan *ch = chan;
	struct gt__side me;
	struct gt__os *on;
	int err = wait_alone(os, ch, NULL, elem, &ch->senders, &sending, &me, &on);

	return err || me.done ? err : -EPIPE;
}

/* It goes on because something was received, or nothing ever will be. */
static int recv_waits_alone(void *os, void *chan, void *elem)
{
	struct gt_chan *ch = chan;
	struct gt__side me;
	struct gt__os *on;
	int err;

	me.peer = 0;
	err = wait_alone(os, ch, elem, NULL, &ch->receivers, &receiving, &me, &on);
	if (__builtin_expect(err || !me.done, 0))
		return err ? err : gt__chan_received(on, ch, &me);
	/* The last event is the switch that brought us here. */
	tell_recv_too(on, ch, me.gt, me.peer);
	return 0;
}

/* Functions of their own, for they take many registers and are seldom called. */
static __attribute__((noinline)) void tell_passed(struct gt__os *os,
						  const struct gt_chan *ch, struct gt *to)
{
	struct gtv_producer *tr = &os->tr;
	uint32_t self = os->current->id, seq = ++to->seq;

	if (gt__together_begin(tr, 2)) {
		gt__together_put(tr, 0, GTV_EV_CHAN_SEND, 0, self, ch->id, 0, to->id);
		gt__together_put(tr, 1, GTV_EV_READY, GTV_BY_GT, to->id, self, seq, 0);
		gt__together_end(tr, 2);
		return;
	}
	gt__emit_on(tr, GTV_EV_CHAN_SEND, 0, 0, self, ch->id, 0, to->id);
	gt__emit_too_on(tr, GTV_EV_READY, 0, GTV_BY_GT, to->id, self, seq, 0);
}

static __attribute__((noinline)) void tell_taken(struct gt__os *os,
						 const struct gt_chan *ch, struct gt *from)
{
	struct gtv_producer *tr = &os->tr;
	uint32_t self = os->current->id, seq = ++from->seq;

	if (gt__together_begin(tr, 3)) {
		gt__together_put(tr, 0, GTV_EV_CHAN_SEND, 0, from->id, ch->id, 0, self);
		gt__together_put(tr, 1, GTV_EV_CHAN_RECV, 0, self, ch->id, 0, from->id);
		gt__together_put(tr, 2, GTV_EV_READY, GTV_BY_GT, from->id, self, seq, 0);
		gt__together_end(tr, 3);
		return;
	}
	gt__emit_on(tr, GTV_EV_CHAN_SEND, 0, 0, from->id, ch->id, 0, self);
	gt__emit_too_on(tr, GTV_EV_CHAN_RECV, 0, 0, self, ch->id, 0, from->id);
	gt__emit_too_on(tr, GTV_EV_READY, 0, GTV_BY_GT, from->id, self, seq, 0);
}

static ALWAYS_INLINE void line_drop_first(struct gt__line *line)
{
	struct gt__side *side = line->first;

	line->first = side->next;
	if (side->next)
		side->next->prev = NULL;
	side->queued = GT__SIDE_OUT;
	side->done = 1;
}

/* To the first of the line, who goes on. */
static ALWAYS_INLINE int pass_alone(struct gt__os *os, struct gt_chan *ch, const void *elem,
				    struct gt__side *receiver)
{
	struct gt *gt = receiver->gt;

	line_drop_first(&ch->receivers);
	memcpy(receiver->to, elem, 8);
	receiver->peer = os->current->id;
	GT_COUNT(os, CHAN_SENDS);
	GT_COUNT(os, WAKES);
	gt__wait_over_now(gt);
	if (__builtin_expect(os->tr.on, 0))
		tell_passed(os, ch, gt);
	gt__rt.policy->ready(os, gt);
	return 0;
}

/* From the first of the line, who goes on. */
static ALWAYS_INLINE int take_alone(struct gt__os *os, struct gt_chan *ch,
				    struct gt__side *sender, void *elem)
{
	struct gt *gt = sender->gt;

	line_drop_first(&ch->senders);
	memcpy(elem, sender->from, 8);
	GT_COUNT(os, CHAN_SENDS);
	GT_COUNT(os, CHAN_RECEIVES);
	GT_COUNT(os, WAKES);
	gt__wait_over_now(gt);
	if (__builtin_expect(os->tr.on, 0))
		tell_taken(os, ch, gt);
	gt__rt.policy->ready(os, gt);
	return 0;
}

/* --------------------------------------------------------------------------- */

static __attribute__((noinline)) int chan_send(struct gt__os *os, struct gt_chan *ch,
					       const void *elem)
{
	struct gt *self = os->current, *wake;
	int err;

	gt__guard_lock(&ch->guard);
	err = try_send(os, ch, elem, &wake);
	if (err == -EAGAIN)
		return gt__ctx_call(os, ch, (void *)(uintptr_t)elem, send_waits);
	gt__guard_unlock(&ch->guard);
	if (wake)
		gt__ready_too(os, wake, GTV_BY_GT, self->id);
	return err;
}

int gt_chan_send(struct gt_chan *ch, const void *elem)
{
	struct gt__os *os = gt__os();
	struct gt__side *receiver;

	if (__builtin_expect(!os || !os->current, 0))
		return -EPERM;
	if (!is_short(os, ch))
		return chan_send(os, ch, elem);
	receiver = ch->receivers.first;
	if (!receiver && ch->count == ch->capacity)
		return gt__ctx_call(os, ch, (void *)(uintptr_t)elem, send_waits_alone);
	if (!receiver || receiver->selection || !receiver->to || ch->elem_bytes != 8)
		return chan_send(os, ch, elem);
	return pass_alone(os, ch, elem, receiver);
}

/* The buffer has an element: takes it, and fills the gap from a sender that waits,
 * which the caller makes ready. */
static struct gt *take_buffered(struct gt__os *os, struct gt_chan *ch, void *elem)
{
	struct gt__side *sender;

	copy(ch, elem, slot(ch, 0));
	ch->head = ch->head + 1 < ch->capacity ? ch->head + 1 : 0;
	ch->count--;
	tell_recv(os, ch, os->current, 0);
	sender = line_take(&ch->senders);
	if (!sender)
		return NULL;
	copy(ch, slot(ch, ch->count++), sender->from);
	sender->done = 1;
	tell_send_too(os, ch, sender->gt, 0);
	return sender->gt;
}

static ALWAYS_INLINE struct gt *take_direct(struct gt__os *os, struct gt_chan *ch,
					    struct gt__side *sender, void *elem)
{
	copy(ch, elem, sender->from);
	sender->done = 1;
	tell_send(os, ch, sender->gt, os->current->id);
	tell_recv_too(os, ch, os->current, sender->gt->id);
	return sender->gt;
}

static int received_nothing(struct gt_chan *ch, void *elem)
{
	if (elem)
		memset(elem, 0, ch->elem_bytes);
	return -EPIPE;
}

static ALWAYS_INLINE int try_recv(struct gt__os *os, struct gt_chan *ch, void *elem,
				  struct gt **wake)
{
	struct gt__side *sender;

	*wake = NULL;
	tell_name(os, ch);
	if (ch->count) {
		*wake = take_buffered(os, ch, elem);
		return 0;
	}
	sender = line_take(&ch->senders);
	if (sender) {
		*wake = take_direct(os, ch, sender, elem);
		return 0;
	}
	if (!ch->closed)
		return -EAGAIN;
	tell_recv(os, ch, os->current, 0);
	return received_nothing(ch, elem);
}

int gt__chan_try_recv(struct gt__os *os, struct gt_chan *ch, void *elem, struct gt **wake)
{
	return try_recv(os, ch, elem, wake);
}

int gt__chan_received(struct gt__os *os, struct gt_chan *ch, const struct gt__side *side)
{
	tell_recv(os, ch, side->gt, side->peer);
	return side->done ? 0 : received_nothing(ch, side->to);
}

static int recv_waits(void *arg, void *chan, void *elem)
{
	struct gt__os *os = arg;
	struct gt_chan *ch = chan;
	struct gt__side me = {.gt = os->current, .to = elem};
	void *reached;
	int err = me.gt->no_wait ? -EDEADLK : stand_in(ch, elem, &reached);

	if (__builtin_expect(err, 0)) {
		gt__guard_unlock(&ch->guard);
		return err;
	}
	if (reached)
		me.to = reached;
	if (gt__wait_begin(me.gt, &receiving, ch, &me)) {
		me.queued = GT__SIDE_LEFT;
		gt__guard_unlock(&ch->guard);
	} else {
		os = wait_in(os, ch, &ch->receivers, &me);
	}
	if (gt__wait_end(me.gt) && me.queued == GT__SIDE_LEFT) {
		if (reached)
			gt__arena_free(reached);
		gt__cancel_act();
	}
	err = gt__chan_received(os, ch, &me);
	if (reached) {
		memcpy(elem, reached, ch->elem_bytes);
		gt__arena_free(reached);
	}
	return err;
}

static __attribute__((noinline)) int chan_recv(struct gt__os *os, struct gt_chan *ch,
					       void *elem)
{
	struct gt *self = os->current, *wake;
	int err;

	gt__guard_lock(&ch->guard);
	err = try_recv(os, ch, elem, &wake);
	if (err == -EAGAIN)
		return gt__ctx_call(os, ch, elem, recv_waits);
	gt__guard_unlock(&ch->guard);
	if (wake)
		gt__ready_too(os, wake, GTV_BY_GT, self->id);
	return err;
}

int gt_chan_recv(struct gt_chan *ch, void *elem)
{
	struct gt__os *os = gt__os();
	struct gt__side *sender;

	if (__builtin_expect(!os || !os->current, 0))
		return -EPERM;
	if (!is_short(os, ch) || ch->count)
		return chan_recv(os, ch, elem);
	sender = ch->senders.first;
	if (!sender)
		return gt__ctx_call(os, ch, elem, recv_waits_alone);
	if (sender->selection || !elem || ch->elem_bytes != 8)
		return chan_recv(os, ch, elem);
	return take_alone(os, ch, sender, elem);
}

/* All in the line, linked by next. */
static struct gt__side *line_take_all(struct gt__line *line)
{
	struct gt__side *first = NULL, **tail = &first, *side;

	while ((side = line_take(line))) {
		side->next = NULL;
		*tail = side;
		tail = &side->next;
	}
	return first;
}

/* They go on empty-handed. */
static void dismiss(struct gt__os *os, struct gt__side *side)
{
	while (side) {
		struct gt *gt = side->gt;

		side = side->next; /* lies on the stack that runs again */
		gt__ready(os, gt, GTV_BY_GT, os->current->id);
	}
}

int gt_chan_close(struct gt_chan *ch)
{
	struct gt__os *os = gt__os();
	struct gt__side *senders, *receivers;

	if (!os || !os->current)
		return -EPERM;
	gt__guard_lock(&ch->guard);
	tell_name(os, ch);
	if (ch->closed) {
		gt__guard_unlock(&ch->guard);
		return -EPIPE;
	}
	ch->closed = 1;
	senders = line_take_all(&ch->senders);
	receivers = line_take_all(&ch->receivers);
	gt__emit(&os->tr, GTV_EV_CHAN_CLOSE, 0, 0, os->current->id, ch->id, 0, 0);
	gt__guard_unlock(&ch->guard);
	if (ch->link)
		gt__link_closed(ch->link);
	dismiss(os, receivers);
	dismiss(os, senders);
	return 0;
}
