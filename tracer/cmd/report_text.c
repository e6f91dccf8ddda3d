/* SPDX-License-Identifier: MIT
 *
 * `gtviz report` for people: what is certain and important first, then tables.
 * A table shows at most TABLE_ROWS rows, those with the most in them; the line
 * under it counts the rest, which --json lists.
 */
#include "tracer/cmd/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/cmd/out.h"
#include "tracer/cmd/report_calls.h"
#include "tracer/cmd/report_latency.h"
#include "tracer/cmd/report_waits.h"

#define TABLE_ROWS 50

/* Which rows of a table are shown, and in what order. */
struct row {
	uint64_t weight;
	uint32_t id;
	size_t idx;
};

static int heavier(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static int lower_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The heaviest TABLE_ROWS of `count` rows, by id. Returns how many. */
static size_t choose_rows(struct row *rows, size_t count)
{
	size_t shown = count < TABLE_ROWS ? count : TABLE_ROWS;

	qsort(rows, count, sizeof *rows, heavier);
	qsort(rows, shown, sizeof *rows, lower_id);
	return shown;
}

static void print_rest(FILE *f, size_t count, size_t shown)
{
	char n[32];

	if (count > shown)
		fprintf(f, "… and %s more (--json lists them)\n",
			gtv_out_count(count - shown, n, sizeof n));
}

static void cell_ns(struct gtv_table *t, uint64_t ns)
{
	char buf[32];

	gtv_table_cell(t, "%s", ns ? gtv_out_ns(ns, buf, sizeof buf) : "-");
}

static void cell_count(struct gtv_table *t, uint64_t n)
{
	char buf[32];

	gtv_table_cell(t, "%s", gtv_out_count(n, buf, sizeof buf));
}

static void cell_percent(struct gtv_table *t, uint64_t part, uint64_t whole)
{
	if (part && whole)
		gtv_table_cell(t, "%.1f", 100.0 * (double)part / (double)whole);
	else
		gtv_table_cell(t, "-");
}

/* Head of the report. */

static void print_title(const struct gtv_report *r, FILE *f)
{
	char command[4 * sizeof r->info.command], policy[GTV_KIND_BYTES];
	char safe[4 * GTV_KIND_BYTES], how[64], span[32];

	gtv_names_escape(r->info.command, command, sizeof command);
	fprintf(f, "%s\n", *command ? command : "(command not known)");
	gtv_report_policy(r, policy);
	if (*policy)
		fprintf(f, "policy %s, ", gtv_names_escape(policy, safe, sizeof safe));
	fprintf(f, "%s, %s, %s, %u cores\n",
		gtv_out_ns(r->end_ns - r->start_ns, span, sizeof span),
		gtv_report_exit(r, how, sizeof how),
		gtv_out_level(r->info.level, r->info.clock == GTV_CLOCK_SIM),
		r->info.core_count);
	if (r->is_part)
		fprintf(f, "only from %.6f s to %.6f s, %s: what goes on is cut there\n",
			(double)(r->from_ns - r->start_ns) / 1e9,
			(double)(gtv_report_end(r) - r->start_ns) / 1e9,
			gtv_out_ns(gtv_report_end(r) - r->from_ns, span, sizeof span));
}

static void print_lost_kinds(FILE *f, const char *whose, const uint64_t *lost)
{
	char n[32];

	for (unsigned k = 0; k < GTV_EV_MAX; k++) {
		const char *name = gtv_event_name(k);

		if (lost[k])
			fprintf(f, "    %s %s %s\n", gtv_out_count(lost[k], n, sizeof n),
				whose, name ? name : "of unknown kind");
	}
}

/* What limits the rest of the report: said first, and only what is certain. */
static void print_limits(const struct gtv_report *r, FILE *f)
{
	uint64_t lost = gtv_report_lost(r), gaps = r->gap_count;
	char n[32], t[32], b[32];

	fprintf(f, r->is_part ? "%s events of %s" : "%s events in %s",
		gtv_out_count(r->events, n, sizeof n),
		gtv_out_bytes(r->stats.bytes, b, sizeof b));
	fprintf(f, lost || gaps ? "\n" : ", nothing lost\n");
	if (lost) {
		fprintf(f, "! %s events lost: their spans are unknown\n",
			gtv_out_count(lost, n, sizeof n));
		print_lost_kinds(f, "user", r->user_lost);
		print_lost_kinds(f, "kernel", r->kernel_lost);
	}
	if (gaps)
		fprintf(f, "! %s damaged parts of the file: %s and %s of time unreadable\n",
			gtv_out_count(gaps, n, sizeof n),
			gtv_out_bytes(r->gap_bytes, b, sizeof b),
			gtv_out_ns(r->gap_ns, t, sizeof t));
	if (gtv_model_futex_untold(r->model))
		fprintf(f,
			"! %s waits for locks are not told: too many locks, or whose "
			"process "
			"was not known yet\n",
			gtv_out_count(gtv_model_futex_untold(r->model), n, sizeof n));
	if (!r->stats.complete)
		fprintf(f, "! not finished: the recorder was killed; "
			   "this is what it had written\n");
	if (r->info.implausible)
		fprintf(f,
			"! %u records that no producer writes were left out: the program "
			"wrote over the rings it was lent, or lies\n",
			r->info.implausible);
	if (r->info.clock == GTV_CLOCK_SIM)
		fprintf(f, "! simulated: time, OS threads and cores are virtual\n");
	if (r->info.scope & GTV_SCOPE_ALL)
		fprintf(f, "! --all: cores show every task; threads are the program's\n");
	if (r->info.fallbacks)
		fprintf(f,
			"! the kernel left out %u times what its source wants: a feature "
			"(gtviz doctor), or a switch that it told nobody\n",
			r->info.fallbacks);
	if (r->info.level == 2)
		fprintf(f, "! level 2: the system call in which a thread sleeps is not "
			   "known\n");
	if (r->info.level == 1)
		fprintf(f, "! level 1: who took a core, and who woke a thread, is not "
			   "known\n");
	if (r->info.level == 0)
		fprintf(f, "! level 0: without the kernel, running means claimed: "
			   "preempted and stalled cannot be told\n");
}

static void print_counts(const struct gtv_report *r, FILE *f)
{
	const uint64_t *counts = gtv_model_counts(r->model);
	const char *sep = "\nCOUNTS  ";
	int in_line = 0;
	char n[32];

	for (unsigned c = 0; c < GTV_COUNT_MAX; c++) {
		if (!counts[c])
			continue;
		fprintf(f, "%s%s %s", sep, gtv_counter_name(c),
			gtv_out_count(counts[c], n, sizeof n));
		sep = ++in_line % 6 ? "  " : "\n        ";
	}
	if (in_line)
		putc('\n', f);
}

/* Green threads: a column for each state that any of them had. */

struct gt_table {
	struct gtv_table_column column[GTV_ST_MAX + 3];
	char head[GTV_ST_MAX][24];
	uint8_t state[GTV_ST_MAX];
	size_t states, columns;
};

static void gt_columns(struct gt_table *g, int level, uint32_t seen)
{
	g->column[g->columns++] = (struct gtv_table_column){"GREEN THREAD", 0};
	g->column[g->columns++] = (struct gtv_table_column){"LIFETIME", 1};
	for (const uint8_t *s = gtv_report_states(level); *s != GTV_ST_NONE; s++) {
		if (!(seen >> *s & 1))
			continue;
		snprintf(g->head[g->states], sizeof g->head[0], "%s %%",
			 gtv_state_name(*s));
		g->column[g->columns++] = (struct gtv_table_column){g->head[g->states], 1};
		g->state[g->states++] = *s;
	}
	g->column[g->columns++] = (struct gtv_table_column){"SWITCHES", 1};
}

static void gt_cells(const struct gtv_report *r, struct gtv_table *t,
		     const struct gt_table *g, size_t idx)
{
	struct gtv_gt_totals gt;
	char label[4 * GTV_NAME_BYTES + 16];

	if (gtv_model_gt_totals(r->model, idx, &gt))
		return;
	gtv_table_cell(t, "%s",
		       gtv_names_label(r->names, GTV_CLASS_GT, gt.id, label, sizeof label));
	cell_ns(t, gt.end_ns - gt.spawn_ns);
	for (size_t s = 0; s < g->states; s++)
		cell_percent(t, gt.state_ns[g->state[s]], gt.end_ns - gt.spawn_ns);
	cell_count(t, gt.switches);
}

/* The threads that waited longest matter most. */
static size_t gt_rows(const struct gtv_report *r, struct row *rows, uint32_t *seen)
{
	struct gtv_gt_totals gt;
	size_t count = 0;

	for (size_t i = 0; i < gtv_model_gt_count(r->model); i++) {
		if (gtv_model_gt_totals(r->model, i, &gt) || !gtv_report_has(r, gt.end_ns))
			continue;
		rows[count++] = (struct row){
			gt.end_ns - gt.spawn_ns - gt.state_ns[GTV_ST_RUNNING], gt.id, i};
		for (unsigned s = 0; s < GTV_ST_MAX; s++)
			*seen |= (uint32_t)(gt.state_ns[s] != 0) << s;
	}
	return count;
}

static int print_gts(const struct gtv_report *r, struct row *rows, FILE *f)
{
	struct gt_table g = {.states = 0};
	uint32_t seen = 0;
	size_t count = gt_rows(r, rows, &seen), shown = choose_rows(rows, count);

	if (!count)
		return 0;
	gt_columns(&g, r->info.level, seen);

	struct gtv_table *t = gtv_table_new(g.column, g.columns);

	for (size_t i = 0; t && i < shown; i++)
		gt_cells(r, t, &g, rows[i].idx);
	putc('\n', f);

	int rc = t ? gtv_table_print(t, f) : 1;

	print_rest(f, count, shown);
	gtv_table_free(t);
	return rc;
}

static int print_locks(const struct gtv_report *r, struct row *rows, FILE *f)
{
	static const struct gtv_table_column column[] = {
		{"LOCK", 0},	{"KIND", 0},	   {"TAKES", 1}, {"HANDOFFS", 1},
		{"ON CORE", 1}, {"OFF CORE", 1},   {"WAITS", 1}, {"WAITED", 1},
		{"LONGEST", 1}, {"FALSE WAKES", 1}};
	struct gtv_lock_totals lock;
	struct gtv_name name;
	char label[4 * GTV_NAME_BYTES + 16], kind[4 * GTV_KIND_BYTES];
	size_t count = 0;

	for (size_t i = 0; i < gtv_model_lock_count(r->model); i++)
		if (!gtv_model_lock_totals(r->model, i, &lock) &&
		    gtv_report_lock_told(r, &lock))
			rows[count++] = (struct row){lock.wait_ns, lock.id, i};

	size_t shown = choose_rows(rows, count);
	struct gtv_table *t = gtv_table_new(column, sizeof column / sizeof column[0]);

	for (size_t i = 0; t && i < shown; i++) {
		gtv_model_lock_totals(r->model, rows[i].idx, &lock);
		gtv_names_get(r->names, GTV_CLASS_LOCK, lock.id, &name);
		gtv_table_cell(t, "%s",
			       gtv_names_label(r->names, GTV_CLASS_LOCK, lock.id, label,
					       sizeof label));
		gtv_table_cell(t, "%s", gtv_names_escape(name.extra, kind, sizeof kind));
		cell_count(t, lock.takes);
		cell_count(t, lock.handoffs);
		cell_ns(t, lock.held_on_ns);
		cell_ns(t, gtv_report_held_off(&lock));
		cell_count(t, lock.waits);
		cell_ns(t, lock.wait_ns);
		cell_ns(t, lock.wait_max_ns);
		cell_count(t, lock.false_wakeups);
	}
	if (count)
		putc('\n', f);

	int rc = !t ? 1 : count ? gtv_table_print(t, f) : 0;

	print_rest(f, count, shown);
	gtv_table_free(t);
	return rc;
}

static void thread_cells(const struct gtv_report *r, struct gtv_table *t, size_t idx)
{
	struct gtv_thread_totals th;
	struct gtv_name name;
	char comm[4 * GTV_NAME_BYTES];

	if (gtv_model_thread_totals(r->model, idx, &th))
		return;

	const uint64_t *st = th.state_ns;

	gtv_names_get(r->names, GTV_CLASS_THREAD, th.tid, &name);
	gtv_table_cell(t, "T%u", th.tid);
	if (name.local)
		gtv_table_cell(t, "W%u", name.local - 1);
	else
		gtv_table_cell(t, "-");
	gtv_table_cell(t, "%s", gtv_names_escape(name.text, comm, sizeof comm));
	cell_ns(t, st[GTV_ST_RUNNING]);
	cell_ns(t, st[GTV_ST_RUNNABLE] + st[GTV_ST_PREEMPTED]);
	cell_ns(t, st[GTV_ST_SLEEPING]);
	cell_ns(t, st[GTV_ST_DISK] + st[GTV_ST_STOPPED]);
	cell_ns(t, st[GTV_ST_UNKNOWN]);
	cell_count(t, th.switches);
	cell_count(t, th.switches - th.voluntary);
	cell_count(t, th.migrations);
	if (r->info.scope & GTV_SCOPE_IRQ)
		cell_ns(t, th.irq_ns);
}

/* How many of the columns there are: the last one is of what --irq recorded. */
static size_t columns_of(const struct gtv_report *r, size_t count)
{
	return r->info.scope & GTV_SCOPE_IRQ ? count : count - 1;
}

static int print_threads(const struct gtv_report *r, struct row *rows, FILE *f)
{
	static const struct gtv_table_column column[] = {
		{"OS THREAD", 0}, {"WORKER", 0},   {"NAME", 0},	      {"RUNNING", 1},
		{"RUNNABLE", 1},  {"SLEEPING", 1}, {"DISK, STOP", 1}, {"UNKNOWN", 1},
		{"SWITCHES", 1},  {"FORCED", 1},   {"MIGRATIONS", 1}, {"INTERRUPTED", 1}};
	struct gtv_thread_totals th;
	size_t count = 0;

	for (size_t i = 0; i < gtv_model_thread_count(r->model); i++)
		if (!gtv_model_thread_totals(r->model, i, &th) && th.ours &&
		    gtv_report_has(r, th.end_ns))
			rows[count++] = (struct row){th.end_ns - th.first_ns, th.tid, i};
	if (!count)
		return 0;

	size_t shown = choose_rows(rows, count);
	struct gtv_table *t =
		gtv_table_new(column, columns_of(r, sizeof column / sizeof column[0]));

	for (size_t i = 0; t && i < shown; i++)
		thread_cells(r, t, rows[i].idx);
	putc('\n', f);

	int rc = t ? gtv_table_print(t, f) : 1;

	print_rest(f, count, shown);
	gtv_table_free(t);
	return rc;
}

static int print_cores(const struct gtv_report *r, FILE *f)
{
	static const struct gtv_table_column column[] = {
		{"CORE", 0},	   {"PROGRAM %", 1}, {"OTHERS %", 1}, {"IDLE %", 1},
		{"NOT OURS %", 1}, {"UNKNOWN %", 1}, {"SWITCHES", 1}, {"INTERRUPTED %", 1}};
	struct gtv_core_totals c;
	size_t count = gtv_model_core_count(r->model);
	struct gtv_table *t;
	int rc;

	if (!count)
		return 0;
	t = gtv_table_new(column, columns_of(r, sizeof column / sizeof column[0]));
	for (size_t i = 0; t && i < count; i++) {
		if (gtv_model_core_totals(r->model, i, &c) || !gtv_report_has(r, c.end_ns))
			continue;
		uint64_t all =
			c.busy_ns + c.other_ns + c.idle_ns + c.away_ns + c.unknown_ns;

		gtv_table_cell(t, "C%d", c.core);
		cell_percent(t, c.busy_ns, all);
		cell_percent(t, c.other_ns, all);
		cell_percent(t, c.idle_ns, all);
		cell_percent(t, c.away_ns, all);
		cell_percent(t, c.unknown_ns, all);
		cell_count(t, c.switches);
		if (r->info.scope & GTV_SCOPE_IRQ)
			cell_percent(t, c.irq_ns, all);
	}
	putc('\n', f);
	rc = t ? gtv_table_print(t, f) : 1;
	gtv_table_free(t);
	return rc;
}

static size_t most_rows(const struct gtv_model *m)
{
	size_t n = gtv_model_gt_count(m);

	if (gtv_model_thread_count(m) > n)
		n = gtv_model_thread_count(m);
	if (gtv_model_lock_count(m) > n)
		n = gtv_model_lock_count(m);
	return n;
}

int gtv_report_text(const struct gtv_report *r, FILE *f)
{
	struct row *rows = calloc(most_rows(r->model) + 1, sizeof *rows);
	int rc;

	if (!rows) {
		fprintf(stderr, "gtviz: report: out of memory\n");
		return 1;
	}
	print_title(r, f);
	print_limits(r, f);
	rc = gtv_report_findings(r, f);
	print_counts(r, f);
	rc = rc || print_gts(r, rows, f) || print_locks(r, rows, f) ||
	     print_threads(r, rows, f) || print_cores(r, f) ||
	     gtv_report_waits_text(r, f) || gtv_report_latency_text(r, f) ||
	     gtv_report_calls_text(r, f);
	free(rows);
	return rc;
}
