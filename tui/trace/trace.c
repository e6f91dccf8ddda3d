/* SPDX-License-Identifier: MIT */
#include "tui/trace/trace.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/abi/gtv_ring.h"
#include "tracer/base/progress.h"
#include "tracer/cmd/out.h"
#include "tui/trace/asking.h"
#include "tui/trace/scope.h"
#include "tui/trace/panes.h"
#include "tui/trace/critical.h"
#include "tui/scene/roles.h"
#include "tui/scene/sieve.h"
#include "tui/trace/seek.h"
#include "tui/trace/span.h"

/* A wait worth selecting: neither running nor over. */
#define WAITS                                                                              \
	(1u << GTV_ST_LOCK | 1u << GTV_ST_GIL | 1u << GTV_ST_CHAN | 1u << GTV_ST_IO |      \
	 1u << GTV_ST_SLEEP | 1u << GTV_ST_SYSCALL | 1u << GTV_ST_READY |                  \
	 1u << GTV_ST_PREEMPTED | 1u << GTV_ST_STALLED | 1u << GTV_ST_RUNNABLE |           \
	 1u << GTV_ST_SLEEPING | 1u << GTV_ST_DISK | 1u << GTV_ST_HELD_PREEMPTED |         \
	 1u << GTV_ST_HELD_ASLEEP)

/* The traced program's policy, or that of a child which has one. */
static void find_policy(struct tui_trace *t, uint32_t pid)
{
	struct gtv_name name;
	size_t count = gtv_names_count(t->names, GTV_CLASS_PROCESS);

	if (gtv_names_get(t->names, GTV_CLASS_PROCESS, pid, &name) || !name.extra[0])
		for (size_t i = 0; i < count; i++)
			if (!gtv_names_at(t->names, GTV_CLASS_PROCESS, i, &name) &&
			    name.extra[0])
				break;
	gtv_names_escape(name.extra, t->facts.policy, sizeof(t->facts.policy));
}

static void count_workers(struct tui_trace *t)
{
	size_t count = gtv_names_count(t->names, GTV_CLASS_THREAD);
	struct gtv_name name;

	t->facts.workers = 0;
	for (size_t i = 0; i < count; i++)
		if (!gtv_names_at(t->names, GTV_CLASS_THREAD, i, &name) && name.local)
			t->facts.workers++;
}

/* What the names tell; looked at again only when they changed. */
static void learn_names(struct tui_trace *t, uint32_t pid)
{
	uint64_t version = gtv_names_version(t->names);

	if (version == t->names_version)
		return;
	t->names_version = version;
	find_policy(t, pid);
	count_workers(t);
	t->facts.green_threads = (int)gtv_names_count(t->names, GTV_CLASS_GT);
}

static void learn_facts(struct tui_trace *t)
{
	struct gtv_store_stats stats;
	struct gtv_store_info info;

	gtv_store_get_info(t->store, &info);
	gtv_store_get_stats(t->store, &stats);
	gtv_names_escape(info.command, t->facts.command, sizeof(t->facts.command));
	t->facts.level = info.level;
	t->facts.simulated = info.clock == GTV_CLOCK_SIM;
	t->facts.cores = (int)info.core_count;
	t->facts.events = stats.events;
	t->facts.lost = stats.lost;
	t->facts.gaps = stats.gaps;
	t->facts.bytes = stats.bytes;
	learn_names(t, info.pid);
}

static int make_windows(struct tui_trace *t, struct gtv_err *err)
{
	t->names = gtv_store_names(t->store);
	t->window = gtv_window_new(t->store);
	t->overview = gtv_window_new(t->store);
	t->roles = tui_roles_new(t->names);
	if (t->window && t->overview && t->roles)
		return 0;
	tui_trace_close(t);
	return gtv_err_set(err, GTV_ENOMEM, "trace", "", "out of memory");
}

/* The range shown: from the trace's start, so that times begin at nought, to its
 * end; never empty. */
static void get_range(const struct tui_trace *t, uint64_t *first_ns, uint64_t *last_ns)
{
	uint64_t at_ns;
	size_t block;

	*first_ns = *last_ns = t->start_ns;
	if (gtv_store_range(t->store, first_ns, last_ns))
		*first_ns = *last_ns = t->start_ns;
	/* The flight recorder's begins with a checkpoint: before it nothing is kept. */
	if (!gtv_store_checkpoint(t->store, gtv_store_first_checkpoint(t->store), &at_ns,
				  &block) &&
	    block <= gtv_store_first_block(t->store))
		*first_ns = at_ns;
	else if (t->start_ns && t->start_ns < *first_ns)
		*first_ns = t->start_ns;
	if (*last_ns <= *first_ns)
		*last_ns = *first_ns + 1;
}

static void begin_at_start(struct tui_trace *t)
{
	struct gtv_store_info info;

	gtv_store_get_info(t->store, &info);
	t->start_ns = info.start_ns;
}

/* The store is there, and ours. */
static int look_at(struct tui_trace *t, const char *file, struct gtv_err *err)
{
	const char *name = strrchr(file, '/');
	int grows = gtv_store_stream(t->store) != GTV_STREAM_NONE, rc;
	uint64_t first_ns, last_ns;

	t->owned = 1;
	if ((rc = make_windows(t, err)))
		return rc;
	begin_at_start(t);
	get_range(t, &first_ns, &last_ns);
	tui_nav_init(&t->nav, first_ns, last_ns, grows);
	t->facts.kept_ns = first_ns > t->start_ns ? last_ns - first_ns : 0;
	t->facts.mode = grows ? TUI_LIVE : TUI_REPLAY;
	t->facts.streamed = grows;
	gtv_names_escape(name && name[1] ? name + 1 : file, t->facts.file,
			 sizeof(t->facts.file));
	learn_facts(t);
	return 0;
}

int tui_trace_open(struct tui_trace *t, const char *file, struct gtv_err *err)
{
	memset(t, 0, sizeof(*t));
	int rc = gtv_out_open(file, &t->store, err);
	return rc ? rc : look_at(t, file, err);
}

int tui_trace_open_fd(struct tui_trace *t, int fd, const char *file, int growing,
		      struct gtv_err *err)
{
	memset(t, 0, sizeof(*t));
	int rc = gtv_out_open_fd(fd, file, growing, &t->store, err);
	return rc ? rc : look_at(t, file, err);
}

int tui_trace_attach(struct tui_trace *t, struct gtv_store *store, struct gtv_err *err)
{
	uint64_t first_ns, last_ns;
	int rc;

	memset(t, 0, sizeof(*t));
	t->store = store;
	if ((rc = make_windows(t, err)))
		return rc;
	begin_at_start(t);
	get_range(t, &first_ns, &last_ns);
	tui_nav_init(&t->nav, first_ns, last_ns, 1);
	t->facts.mode = TUI_LIVE;
	learn_facts(t);
	return 0;
}

void tui_trace_close(struct tui_trace *t)
{
	tui_asking_forget(t);
	gtv_window_free(t->window);
	gtv_window_free(t->overview);
	tui_panes_forget(t);
	tui_trace_critical_forget(t);
	tui_scope_forget(t);
	if (t->sieve)
		tui_sieve_fini(t->sieve);
	free(t->sieve);
	free(t->roles);
	if (t->owned)
		gtv_store_close(t->store);
	memset(t, 0, sizeof(*t));
}

/* The selected span may have gone on since it was chosen. */
static void renew_selected(struct tui_trace *t)
{
	const struct gtv_span *old = &t->nav.span;

	if (old->flags & GTV_SP_OPEN && old->to_ns > old->from_ns)
		tui_span_renew(t);
}

int tui_trace_grow(struct tui_trace *t, int cells)
{
	uint64_t first_ns, last_ns;

	get_range(t, &first_ns, &last_ns);
	int moved = first_ns != t->nav.first_ns;

	if (last_ns <= t->nav.last_ns && !moved)
		return 0;
	t->nav.first_ns = first_ns; /* the flight recorder drops what is old */
	t->facts.kept_ns = first_ns > t->start_ns ? last_ns - first_ns : 0;
	tui_nav_grow(&t->nav, last_ns, cells);
	renew_selected(t);
	learn_facts(t);
	return 1;
}

void tui_trace_scene(struct tui_trace *t, struct tui_scene *scene)
{
	*scene = (struct tui_scene){
		.store = t->store,
		.names = t->names,
		.window = t->window,
		.overview = t->overview,
		.nav = &t->nav,
		.facts = &t->facts,
		.explanation = t->explained ? &t->explanation : NULL,
		.findings = &t->findings,
		.threads = t->threads,
		.locks = t->locks,
		.latency = t->latency,
		.load = t->load,
		.calls = t->calls,
		.events = t->events,
		.compare = t->compare,
		.scope = t->scope,
		.critical = t->critical,
		.presenter = t->presenter,
		.sieve = t->sieve,
		.roles = t->roles,
	};
}

/* "G12": a letter and a number that is all of the rest. */
static int lane_number(const char *name, uint32_t *out)
{
	unsigned long n;
	char *end;

	if (!isdigit((unsigned char)name[1]))
		return -1;
	n = strtoul(name + 1, &end, 10);
	if (*end || n > UINT32_MAX)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

struct called {
	const char *text;
	uint32_t id;
	int found;
};

static int is_called(void *arg, const struct gtv_name *name)
{
	struct called *c = arg;

	c->found = !strcmp(name->text, c->text);
	c->id = name->id;
	return c->found;
}

static int find_name(const struct gtv_names *names, enum gtv_class cls, const char *text,
		     uint32_t *id)
{
	size_t count = gtv_names_count(names, cls);
	struct called c = {.text = text};

	for (size_t i = 0; i < count && !c.found;)
		i = gtv_names_some(names, cls, i, is_called, &c);
	*id = c.id;
	return c.found ? 0 : -GTV_ENOTFOUND;
}

static int find_worker(const struct gtv_names *names, uint32_t worker, uint32_t *tid)
{
	size_t count = gtv_names_count(names, GTV_CLASS_THREAD);
	struct gtv_name name;

	for (size_t i = 0; i < count; i++) {
		if (gtv_names_at(names, GTV_CLASS_THREAD, i, &name) ||
		    name.local != worker + 1)
			continue;
		*tid = name.id;
		return 0;
	}
	return -GTV_ENOTFOUND;
}

int tui_trace_lane(const struct tui_trace *t, const char *name, struct gtv_lane *out)
{
	static const char letters[] = "CTGL"; /* in the order of enum gtv_lane_kind */
	const char *letter = *name ? strchr(letters, *name) : NULL;
	uint32_t n;

	if (letter && !lane_number(name, &n)) {
		*out = (struct gtv_lane){
			.kind = (uint8_t)(letter - letters + GTV_LANE_CORE), .id = n};
		return 0;
	}
	if (*name == 'W' && !lane_number(name, &n)) {
		out->kind = GTV_LANE_THREAD;
		return find_worker(t->names, n, &out->id);
	}
	out->kind = GTV_LANE_LOCK;
	if (!find_name(t->names, GTV_CLASS_LOCK, name, &out->id))
		return 0;
	out->kind = GTV_LANE_GT;
	return find_name(t->names, GTV_CLASS_GT, name, &out->id);
}

/* The middle of the lane's longest wait in the window, looked at from so near that each is
 * there; that of the window: it has none. */
static uint64_t longest_of_pieces(struct tui_trace *t, struct gtv_lane lane)
{
	const struct tui_nav *nav = &t->nav;
	uint64_t at_ns = nav->from_ns + (nav->to_ns - nav->from_ns) / 2, longest_ns = 0;
	size_t count;
	const struct gtv_piece *pieces = gtv_window_pieces(t->window, lane, &count);

	for (size_t i = 0; i < count; i++) {
		const struct gtv_span *s = &pieces[i].span;

		if (!(WAITS >> s->state & 1) || s->to_ns - s->from_ns <= longest_ns)
			continue;
		longest_ns = s->to_ns - s->from_ns;
		at_ns = s->from_ns + longest_ns / 2;
	}
	return at_ns;
}

/* From afar there are only sums: all of the window is read. */
static uint64_t longest_read(struct tui_trace *t, struct gtv_lane lane)
{
	const struct tui_nav *nav = &t->nav;
	uint64_t at_ns = nav->from_ns + (nav->to_ns - nav->from_ns) / 2;
	struct tui_seek *seek = tui_seek_longest_in(t, lane, nav->from_ns, nav->to_ns);

	gtv_progress_at(GTV_STEP_SEEK, 0, 0);
	if (seek && tui_seek_go(seek, UINT64_MAX) == TUI_SEEK_FOUND)
		at_ns = tui_seek_ts_ns(seek);
	tui_seek_free(seek);
	return at_ns;
}

/* Selects the lane's longest wait in the window, or what it does in its middle. */
static int select_wait(struct tui_trace *t, struct gtv_lane lane)
{
	struct tui_nav *nav = &t->nav;
	struct gtv_span span;

	int rc = gtv_window_look(t->window, nav->from_ns, nav->to_ns,
				 (nav->to_ns - nav->from_ns) / 1000 + 1);
	if (rc)
		return rc;
	uint64_t at_ns = gtv_window_exact(t->window) ? longest_of_pieces(t, lane)
						     : longest_read(t, lane);
	rc = gtv_window_span_at(t->window, lane, at_ns, &span);
	if (rc)
		return rc;
	tui_nav_select(nav, &span);
	return 0;
}

static int place_window(struct tui_trace *t, const struct gtv_options *opts,
			struct gtv_err *err)
{
	struct tui_nav *nav = &t->nav;
	uint64_t from_ns = nav->first_ns, to_ns = nav->last_ns;

	if (opts->from_ns == UINT64_MAX && opts->to_ns == UINT64_MAX)
		return 0;
	if (opts->from_ns != UINT64_MAX &&
	    __builtin_add_overflow(t->start_ns, opts->from_ns, &from_ns))
		from_ns = UINT64_MAX;
	if (opts->to_ns != UINT64_MAX &&
	    __builtin_add_overflow(t->start_ns, opts->to_ns, &to_ns))
		to_ns = UINT64_MAX;
	if (to_ns > nav->last_ns)
		to_ns = nav->last_ns;
	if (from_ns >= to_ns)
		return gtv_err_set(err, GTV_EUSAGE, "--from", "an earlier time",
				   "the trace is only %.3f s long",
				   (double)(nav->last_ns - t->start_ns) / 1e9);
	tui_nav_window(nav, from_ns, to_ns);
	nav->cursor_ns = nav->from_ns + (nav->to_ns - nav->from_ns) / 2;
	nav->undo_count = 0;
	return 0;
}

static int place_cursor(struct tui_trace *t, const struct gtv_options *opts,
			struct gtv_err *err)
{
	uint64_t at_ns;

	if (!gtv_options_given(opts, GTV_OPTION_AT))
		return 0;
	if (__builtin_add_overflow(t->start_ns, opts->at_ns, &at_ns) ||
	    at_ns < t->nav.first_ns || at_ns > t->nav.last_ns)
		return gtv_err_set(err, GTV_EUSAGE, "--at", "a time after its start", "%s",
				   "the trace has no such time");
	tui_nav_jump(&t->nav, at_ns);
	return 0;
}

static int place_critical(struct tui_trace *t, const struct gtv_options *opts,
			  struct gtv_err *err)
{
	int rc = opts->critical ? tui_trace_critical_find(t) : 0;

	if (!rc)
		return 0;
	return gtv_err_set(err, -rc, "--critical",
			   rc == -GTV_EUSAGE ? "--from and --to, or --select" : "", "%s",
			   rc == -GTV_EUSAGE ? "too many events to follow at once"
			   : rc == -GTV_ENOTFOUND
				   ? "there is nobody here to follow"
				   : "this part of the trace cannot be read");
}

int tui_trace_place(struct tui_trace *t, const struct gtv_options *opts,
		    struct gtv_err *err)
{
	static const char *const kinds[] = {"core", "thread", "green", "lock", "worker"};
	struct gtv_lane lane;
	int rows = -1;
	int rc = place_window(t, opts, err);

	if (rc)
		return rc;
	for (int i = 0; opts->rows && i < TUI_ROWS_MAX; i++)
		if (!strcmp(opts->rows, kinds[i]))
			rows = i;
	if (opts->rows && rows < 0)
		return gtv_err_set(err, GTV_EUSAGE, "--rows",
				   "core, thread, green, lock or worker",
				   "there are no rows by \"%s\"", opts->rows);
	if (rows >= 0)
		t->nav.rows = (enum tui_rows)rows;
	if (!opts->select) {
		rc = place_cursor(t, opts, err);
		return rc ? rc : place_critical(t, opts, err);
	}
	if (tui_trace_lane(t, opts->select, &lane) || select_wait(t, lane))
		return gtv_err_set(err, GTV_ENOTFOUND, "--select",
				   "gtviz report lists them",
				   "\"%s\" is no lane in this window", opts->select);
	rc = place_cursor(t, opts, err);
	return rc ? rc : place_critical(t, opts, err);
}

int tui_trace_explain(struct tui_trace *t)
{
	int rc;

	if (t->nav.span.to_ns <= t->nav.span.from_ns)
		return -GTV_ENOTFOUND;
	rc = gtv_explain(t->window, t->names, &t->nav.span, &t->explanation);
	t->explained = rc == 0;
	return rc;
}
