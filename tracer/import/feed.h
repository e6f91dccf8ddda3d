/* SPDX-License-Identifier: MIT
 *
 * What an importer delivers into: events, put in order of time; names; facts.
 */
#ifndef GTV_IMPORT_FEED_H
#define GTV_IMPORT_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/base/err.h"
#include "tracer/base/event.h"
#include "tracer/base/names.h"

#define GTV__IMPORT_CORES 65536

/* Of the whole file; crosses a process: plain memory. */
struct gtv__facts {
	char format[32], host[64], kernel[96], command[256];
	char lacks[256], notes[256];
	uint32_t cores;
	uint32_t notes_cut;
};

struct gtv__waiting {
	struct gtv_ev ev;
	uint64_t order;
};

struct gtv__feed {
	/* Where it goes. */
	int (*events)(void *arg, const struct gtv_ev *evs, size_t count);
	int (*name)(void *arg, enum gtv_class cls, const struct gtv_name *name);
	void *arg;

	struct gtv__facts facts;
	struct gtv_names *names;
	struct gtv__waiting *queue;
	size_t count, cap;
	uint64_t order;
	uint64_t told_ns;  /* all up to here was delivered */
	uint64_t seen;	   /* 1 << kind - 64 */
	int wakers;	   /* a waking had its waker */
	uint64_t *last_ns; /* of each core: its last event */
	uint32_t last_count;
	struct gtv__place {
		uint64_t since_ns;
		uint32_t tid;
	} * place; /* of each core: who is there, as delivered */
	uint32_t place_count;
	uint64_t first_ns;
	uint64_t missing; /* times that somebody left who was not there */
	struct {
		uint32_t tid, pid;
		char comm[16];
	} known[1024];
};

/* 0 or -GTV_ENOMEM. */
int gtv__feed_init(struct gtv__feed *f, const char *format);
void gtv__feed_fini(struct gtv__feed *f);

/* An event of the file. Kept until gtv__feed_until says that no earlier one will come;
 * one that comes later than that is marked late. Events of threads carry flags OURS. */
int gtv__feed_event(struct gtv__feed *f, const struct gtv_ev *ev);
/* Delivers what is not later than ts_ns, in order. 0, or -GTV_E* of the receiver. */
int gtv__feed_until(struct gtv__feed *f, uint64_t ts_ns);
/* The end: delivers the rest and settles facts.lacks. */
int gtv__feed_end(struct gtv__feed *f);

/* A thread's name, process (0: not known). comm need not end within `size`. */
int gtv__feed_thread(struct gtv__feed *f, uint32_t tid, uint32_t pid, const char *comm,
		     size_t size);
/* The process of a thread, 0 if not known. */
uint32_t gtv__feed_pid(const struct gtv__feed *f, uint32_t tid);
/* `count` events were lost on core (-1: any) between its last event and to_ns. */
int gtv__feed_lost(struct gtv__feed *f, int core, uint64_t count, uint64_t to_ns);
/* The same between two times that the file names. */
int gtv__feed_lost_from(struct gtv__feed *f, int core, uint64_t count, uint64_t from_ns,
			uint64_t to_ns);
/* Something that whoever imports should know. Printf. */
void gtv__feed_note(struct gtv__feed *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What all importers make of the scheduler's events. */
int gtv__feed_switch(struct gtv__feed *f, uint64_t ts_ns, int core, uint32_t prev,
		     uint8_t state, uint32_t next);
/* kind: GTV_EV_K_WAKING or K_NEW (arg: its core). waker 0: not known. */
int gtv__feed_wake(struct gtv__feed *f, uint64_t ts_ns, int core, uint16_t kind,
		   uint32_t waker, uint32_t woken, uint64_t arg);

#endif
