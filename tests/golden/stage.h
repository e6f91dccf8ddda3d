/* SPDX-License-Identifier: MIT
 *
 * The acts of the golden screens: every view of the convoy scene as a user would come to
 * it, by name. views.c compares their frames, sweep.c draws them at every size.
 */
#ifndef STAGE_H
#define STAGE_H

#include "convoy.h"
#include "frame.h"
#include "tui/scene/commands.h"
#include "tui/scene/latency.h"
#include "tui/scene/threads.h"
#include "tui/trace/compare.h"
#include "tui/trace/critical.h"
#include "tui/trace/scope.h"
#include "tui/trace/threads.h"

#define STAGE_STRIPES 60

struct stage {
	struct gtv_names *names[2]; /* [1]: of the trace that is beside it */
	struct tui_trace trace;
	struct tui_prompt prompt; /* over the view's foot, if it is open */
};

struct act {
	const char *name;
	enum tui_view_id view;
	void (*script)(struct convoy *c); /* what else happens; NULL: nothing */
	void (*place)(struct stage *s, unsigned what); /* NULL: nothing more */
	unsigned what;
};

/* ---- what else happens ---- */

/* Reads and writes of the peer, behind the scene: some fail, some sleep. */
static inline void stage_calls(struct convoy *c)
{
	uint64_t ts = c->ev[c->count - 1].ts_ns + CONVOY_MS;

	for (uint32_t i = 0; i < 400; i++) {
		struct gtv_ev *ev = convoy_ev(c, ts + i * 10000, GTV_EV_K_SYSCALL,
					      i % 3 ? CONVOY_PEER : convoy_tid(3), 3);
		ev->seq = 1 + (i % 7 == 0 ? 202 : i % 2);
		ev->obj = 700 + i * i;
		ev->arg = i % 10 ? 64 : (uint64_t)-11;
		ev->flags = ev->obj > 50000 ? GTV_KF_SLEPT : 0;
	}
}

/* The ring of spin-b's thread was full for six milliseconds. */
static inline void stage_loss(struct convoy *c)
{
	uint64_t from = CONVOY_START + 1232 * CONVOY_MS, to = from + 6 * CONVOY_MS;
	size_t kept = 0, lost = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct gtv_ev *ev = &c->ev[i];

		if (ev->ts_ns >= from && ev->ts_ns <= to && ev->tid == convoy_tid(2) &&
		    ev->kind < GTV_EV_USER_MAX)
			lost++;
		else
			c->ev[kept++] = *ev;
	}
	c->count = kept;
	struct gtv_ev *loss = convoy_ev(c, to, GTV_EV_LOSS, convoy_tid(2), GTV_CORE_NONE);
	loss->obj = GTV_SRC_RING;
	loss->gt = (uint32_t)(to - from);
	loss->arg = lost;
	qsort(c->ev, c->count, sizeof(*c->ev), convoy_order);
}

/* ---- the trace ---- */

static inline struct gtv_store *stage_store(struct gtv_names *names, int stripes,
					    void (*script)(struct convoy *))
{
	struct gtv_store_info info = {
		.level = 3,
		.core_count = 4,
		.start_ns = CONVOY_START,
		.pid = CONVOY_PID,
		.scope = script == stage_calls ? GTV_SCOPE_SYSCALLS | GTV_SCOPE_SYSCALLS_ALL
					       : 0,
		.command = "./convoy --spin 2 --echo"};
	struct gtv_store *st;
	struct convoy c;

	if (!script)
		return convoy_store(names, stripes);
	convoy_names(names);
	convoy_script(&c, stripes);
	script(&c);
	assert_int_equal(gtv_store_create_temp(&st, &info, names, NULL), 0);
	assert_int_equal(gtv_store_append(st, c.ev, c.count), 0);
	gtv_store_set_exit(st, 0);
	assert_int_equal(gtv_store_finish(st), 0);
	free(c.ev);
	return st;
}

static inline void stage_trace(struct tui_trace *t, struct gtv_store *store,
			       const char *file, const char *policy)
{
	struct gtv_err err;

	assert_int_equal(tui_trace_attach(t, store, &err), 0);
	t->owned = 1;
	tui_nav_init(&t->nav, t->nav.first_ns, t->nav.last_ns, 0);
	t->facts.mode = TUI_REPLAY;
	t->facts.bytes = 4 << 20; /* what compression makes of it may differ */
	t->facts.workers = t->facts.green_threads = 4;
	snprintf(t->facts.file, sizeof(t->facts.file), "%s", file);
	snprintf(t->facts.policy, sizeof(t->facts.policy), "%s", policy);
}

/* ---- places ---- */

static inline void stage_select(struct stage *s, uint32_t gt, uint64_t ms)
{
	struct tui_trace *t = &s->trace;
	struct gtv_span span;

	assert_int_equal(gtv_window_look(t->window, t->nav.from_ns, t->nav.to_ns, 500000),
			 0);
	assert_int_equal(gtv_window_span_at(t->window, (struct gtv_lane){GTV_LANE_GT, gt},
					    CONVOY_START + ms * CONVOY_MS, &span),
			 0);
	tui_nav_select(&t->nav, &span);
}

/* The window of the mock-ups: 50 ms from 1.200 s; the echo thread's wait is selected. */
static inline void stage_rows(struct stage *s, unsigned rows)
{
	tui_nav_window(&s->trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	s->trace.nav.rows = (enum tui_rows)rows;
	stage_select(s, 3, 1204);
}

/* All edges are drawn, and spin-b's wait is selected, which ends behind the loss. */
static inline void stage_lost(struct stage *s, unsigned rows)
{
	stage_rows(s, rows);
	s->trace.nav.all_edges = 1;
	stage_select(s, 2, 1229);
}

static inline void stage_live(struct stage *s, unsigned lost)
{
	struct tui_trace *t = &s->trace;

	tui_nav_init(&t->nav, CONVOY_START, t->nav.last_ns, 1);
	t->facts.mode = TUI_LIVE;
	t->facts.events_per_s = 48200;
	t->facts.lost = lost;
	t->facts.file[0] = '\0';
}

static inline void stage_filtered(struct stage *s, unsigned what)
{
	stage_rows(s, TUI_ROWS_CORE);
	assert_int_equal(tui_filter_parse(&s->trace.nav.filter,
					  what ? "lock:GIL !G1" : "state:gil core:0,1",
					  NULL),
			 0);
}

static inline void stage_critical(struct stage *s, unsigned rows)
{
	stage_rows(s, rows);
	assert_int_equal(tui_trace_critical_find(&s->trace), 0);
}

static inline void stage_explained(struct stage *s, unsigned unused)
{
	stage_rows(s, TUI_ROWS_CORE);
	assert_int_equal(tui_trace_explain(&s->trace), 0);
	(void)unused;
}

static inline struct tui_scope *stage_hit(struct stage *s)
{
	struct tui_scope *scope = tui_scope_of(&s->trace);
	struct tui_trigger set;

	assert_int_equal(tui_trigger_parse(&set, "wait(GIL)>4ms pre 15ms post 35ms", NULL),
			 0);
	assert_int_equal(tui_scope_arm(&s->trace, &set, CONVOY_START + 1212 * CONVOY_MS),
			 0);
	while (tui_scope_unread(&s->trace) && !tui_scope_seek(&s->trace, 1))
		;
	assert_int_equal(scope->trigger.hits, 1);
	scope->trigger.state = TUI_TRIGGER_HIT;
	return scope;
}

/* As the live screen freezes around it. */
static inline void stage_trigger(struct stage *s, unsigned rows)
{
	const struct tui_scope *scope = stage_hit(s);
	uint64_t at_ns = scope->trigger.hit.ts_ns;

	stage_live(s, 0);
	s->trace.nav.rows = (enum tui_rows)rows;
	tui_nav_window(&s->trace.nav, at_ns - 15 * CONVOY_MS, at_ns + 35 * CONVOY_MS);
	s->trace.nav.cursor_ns = at_ns;
	s->trace.nav.paused = 1;
	assert_int_equal(scope->trigger.hit.lane.kind, GTV_LANE_GT);
	stage_select(s, scope->trigger.hit.lane.id, (at_ns - 1 - CONVOY_START) / CONVOY_MS);
	s->trace.nav.cursor_ns = at_ns;
}

/* A mark, and the cursors 20 ms apart with what was measured between them. */
static inline void stage_cursors(struct stage *s, unsigned rows)
{
	struct tui_scope *scope = tui_scope_of(&s->trace);

	stage_rows(s, rows);
	tui_scope_mark(scope, CONVOY_START + 1230 * CONVOY_MS, "here");
	scope->has_a = scope->has_b = 1;
	scope->a_ns = CONVOY_START + 1205 * CONVOY_MS;
	scope->b_ns = CONVOY_START + 1225 * CONVOY_MS;
	while (!scope->measured)
		tui_scope_measure(&s->trace, 1);
}

static inline void stage_prompt(struct stage *s, unsigned kind)
{
	stage_rows(s, TUI_ROWS_GT);
	s->prompt.complete = tui_complete;
	s->prompt.arg = s->names[0];
	tui_prompt_open(&s->prompt, (enum tui_prompt_kind)kind,
			kind == TUI_PROMPT_COMMAND ? "goto " : "state:gil ");
}

static inline void stage_os_threads(struct stage *s, unsigned unused)
{
	stage_rows(s, TUI_ROWS_THREAD);
	tui_pane_read(&s->trace, TUI_VIEW_THREADS, UINT64_MAX);
	tui_trace_threads_kind(&s->trace);
	tui_trace_threads_sort(&s->trace);
	(void)unused;
}

static inline void stage_worst(struct stage *s, unsigned row)
{
	tui_pane_read(&s->trace, TUI_VIEW_LATENCY, UINT64_MAX);
	s->trace.latency->listing = 1;
	s->trace.latency->row = row;
}

static inline void stage_beside(struct stage *s, unsigned unused)
{
	struct tui_trace other;
	struct gtv_err err;

	s->names[1] = gtv_names_new();
	assert_non_null(s->names[1]);
	stage_trace(&other, convoy_store(s->names[1], 90), "after.gtv", "gil2");
	assert_int_equal(tui_trace_compare_with(&s->trace, &other, &err), 0);
	tui_nav_window(&s->trace.nav, CONVOY_START + 1200 * CONVOY_MS,
		       CONVOY_START + 1250 * CONVOY_MS);
	(void)unused;
}

/* The second page, where there is one. */
static inline void stage_page(struct stage *s, unsigned page)
{
	s->trace.nav.help_page = (int)page;
}

/* ---- the acts ---- */

static const struct act acts[] = {
	{"timeline-core", TUI_VIEW_TIMELINE, NULL, stage_rows, TUI_ROWS_CORE},
	{"timeline-thread", TUI_VIEW_TIMELINE, NULL, stage_rows, TUI_ROWS_THREAD},
	{"timeline-green", TUI_VIEW_TIMELINE, NULL, stage_rows, TUI_ROWS_GT},
	{"timeline-lock", TUI_VIEW_TIMELINE, NULL, stage_rows, TUI_ROWS_LOCK},
	{"timeline-worker", TUI_VIEW_TIMELINE, NULL, stage_rows, TUI_ROWS_WORKER},
	{"timeline-filtered", TUI_VIEW_TIMELINE, NULL, stage_filtered, 0},
	{"timeline-live", TUI_VIEW_TIMELINE, NULL, stage_live, 1204},
	{"timeline-lost", TUI_VIEW_TIMELINE, stage_loss, stage_lost, TUI_ROWS_CORE},
	{"critical", TUI_VIEW_TIMELINE, NULL, stage_critical, TUI_ROWS_CORE},
	{"scope", TUI_VIEW_TIMELINE, NULL, stage_cursors, TUI_ROWS_CORE},
	{"trigger", TUI_VIEW_TIMELINE, NULL, stage_trigger, TUI_ROWS_CORE},
	{"prompt", TUI_VIEW_TIMELINE, NULL, stage_prompt, TUI_PROMPT_COMMAND},
	{"explain", TUI_VIEW_EXPLAIN, NULL, stage_explained, 0},
	{"threads", TUI_VIEW_THREADS, NULL, stage_rows, TUI_ROWS_GT},
	{"threads-os", TUI_VIEW_THREADS, NULL, stage_os_threads, 0},
	{"locks", TUI_VIEW_LOCKS, NULL, stage_rows, TUI_ROWS_LOCK},
	{"latency", TUI_VIEW_LATENCY, NULL, stage_rows, TUI_ROWS_CORE},
	{"latency-list", TUI_VIEW_LATENCY, NULL, stage_worst, 2},
	{"load", TUI_VIEW_LOAD, NULL, stage_rows, TUI_ROWS_CORE},
	{"calls", TUI_VIEW_CALLS, stage_calls, NULL, 0},
	{"findings", TUI_VIEW_FINDINGS, NULL, stage_rows, TUI_ROWS_CORE},
	{"events", TUI_VIEW_EVENTS, NULL, stage_rows, TUI_ROWS_CORE},
	{"events-filtered", TUI_VIEW_EVENTS, NULL, stage_filtered, 1},
	{"compare", TUI_VIEW_COMPARE, NULL, stage_beside, 0},
	{"marks", TUI_VIEW_MARKS, NULL, stage_cursors, TUI_ROWS_CORE},
	{"output", TUI_VIEW_OUTPUT, NULL, NULL, 0},
	{"help", TUI_VIEW_HELP, NULL, stage_page, 0},
	{"presenter", TUI_VIEW_PRESENTER, NULL, stage_rows, TUI_ROWS_CORE},
};
#define ACTS (sizeof(acts) / sizeof(*acts))

static inline void stage_open(struct stage *s, const struct act *act)
{
	memset(s, 0, sizeof(*s));
	s->names[0] = gtv_names_new();
	assert_non_null(s->names[0]);
	/* Events are told with the kernel's names of calls. */
	gtv_names_set_kernel(s->names[0], "Linux 6.1.0 x86_64");
	stage_trace(&s->trace, stage_store(s->names[0], STAGE_STRIPES, act->script),
		    "convoy.gtv", "gil3");
	if (act->place)
		act->place(s, act->what);
	tui_pane_read(&s->trace, act->view, UINT64_MAX);
}

static inline void stage_close(struct stage *s)
{
	tui_trace_close(&s->trace);
	gtv_names_free(s->names[0]);
	gtv_names_free(s->names[1]);
}

/* Onto a canvas of its own size. */
static inline void stage_draw(struct stage *s, enum tui_view_id view,
			      struct tui_canvas *canvas)
{
	struct tui_scene scene;

	tui_trace_scene(&s->trace, &scene);
	assert_int_equal(tui_view_by_id(view)->draw(canvas, &scene), 0);
	tui_prompt_draw(&s->prompt, canvas);
}

#endif
