/* SPDX-License-Identifier: MIT
 *
 * What a trace tells beside states, where it was asked for (--syscalls, --irq): system
 * calls that ended, and interrupts that had a core. They are no states. A thread that an
 * interrupt holds up is still on its core, as the kernel sees it, so its time stays
 * `running`; but whose doing it was is told here: so much of it went to irq 24. An
 * interrupt within another counts once, for the inner one.
 *
 * Only exact windows know them; elsewhere all of these say that there is nothing.
 */
#ifndef GTV_EXTRA_H
#define GTV_EXTRA_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/base/event.h"
#include "tracer/base/names.h"
#include "tracer/model/span.h"

struct gtv_window;

struct gtv_extra {
	uint64_t from_ns, to_ns;
	int64_t result; /* of a system call */
	uint32_t tid;	/* whose call; whom an interrupt interrupted, 0 idle */
	uint32_t nr;	/* of the call, the interrupt or the soft interrupt's vector */
	int32_t core;
	uint16_t kind; /* GTV_EV_K_SYSCALL, _IRQ or _SOFTIRQ */
	uint8_t slept; /* a call that left its core */
};

/* Of an event of one of those kinds. */
struct gtv_extra gtv_extra_of(const struct gtv_ev *ev);

/* Those that were decoded, in order of their ends; some may lie outside of the window.
 * Borrows until the next look. */
const struct gtv_extra *gtv_window_extras(const struct gtv_window *w, size_t *count);

/* The call that tid was in at ts. NULL: not told, or it has not ended yet. */
const struct gtv_extra *gtv_extra_call_at(const struct gtv_window *w, uint32_t tid,
					  uint64_t ts_ns);

/* Time by kind and number. */
struct gtv_extra_share {
	uint64_t ns, times;
	uint32_t nr;
	uint16_t kind;
};
/* What interrupts had of a core within [from, to), most first: at most max, of which the
 * last stands for what there is no room for (nr UINT32_MAX). *sum: all of it. Returns how
 * many. */
int gtv_extra_stolen(const struct gtv_window *w, int core, uint64_t from_ns, uint64_t to_ns,
		     struct gtv_extra_share *out, int max, uint64_t *sum);
/* The same of tid's system calls, without what interrupts had of that core meanwhile. */
int gtv_extra_calls(const struct gtv_window *w, uint32_t tid, int core, uint64_t from_ns,
		    uint64_t to_ns, struct gtv_extra_share *out, int max, uint64_t *sum);

/* "read", "irq 24 eth0", "softirq net_rx", "others": escaped. Returns buf. */
char *gtv_extra_word(const struct gtv_names *names, unsigned kind, uint32_t nr, char *buf,
		     size_t size);
/* What a call returned: "4096", "-EAGAIN", "nothing: a signal came". Returns buf. */
char *gtv_extra_result(const struct gtv_extra *call, char *buf, size_t size);
/* In what a span's thread sleeps: "read, for disk I/O", "a page fault", "the kernel".
 * Returns buf. */
char *gtv_extra_sleep_word(const struct gtv_names *names, const struct gtv_span *s,
			   char *buf, size_t size);

#endif
