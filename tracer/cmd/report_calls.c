/* SPDX-License-Identifier: MIT
 *
 * The part of a report that is there if it was recorded: system calls and interrupts,
 * summed by number as the events go by.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "tracer/cmd/out.h"
#include "tracer/cmd/report.h"
#include "tracer/cmd/report_calls.h"
#include "tracer/model/extra.h"
#include "tracer/model/syscall_names.h"

#define CALLS_MAX  1024u /* numbers told apart; the rest is one row */
#define ROWS_SHOWN 20

struct gtv_report_calls {
	struct gtv_report_call row[CALLS_MAX];
	size_t count;
};

/* The row of that kind and number, a new one if there is room, else the last. */
static struct gtv_report_call *row_of(struct gtv_report_calls *c, unsigned kind,
				      uint32_t number)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->row[i].kind == kind && c->row[i].number == number) {
			/* What comes often is found at once. */
			if (i > 0 && c->row[i].count > c->row[i - 1].count) {
				struct gtv_report_call other = c->row[i - 1];
				c->row[i - 1] = c->row[i];
				c->row[i--] = other;
			}
			return &c->row[i];
		}
	if (c->count == CALLS_MAX)
		return NULL;
	c->row[c->count] = (struct gtv_report_call){.kind = kind, .number = number};
	return &c->row[c->count++];
}

int gtv_report_calls_note(struct gtv_report_calls **calls, const struct gtv_ev *ev)
{
	struct gtv_report_call *row;
	uint64_t took = gtv_ev_took_ns(ev);
	uint32_t number = ev->seq;

	if (ev->kind == GTV_EV_K_SYSCALL)
		number--;
	else if (ev->kind != GTV_EV_K_IRQ && ev->kind != GTV_EV_K_SOFTIRQ)
		return 0;
	if (!*calls && !(*calls = calloc(1, sizeof **calls)))
		return -GTV_ENOMEM;
	row = row_of(*calls, ev->kind, number);
	if (!row)
		return 0;
	row->count++;
	row->total_ns += took;
	row->max_ns = took > row->max_ns ? took : row->max_ns;
	if (ev->kind != GTV_EV_K_SYSCALL)
		return 0;
	row->slept += (ev->flags & GTV_KF_SLEPT) != 0;
	row->errors += (int64_t)ev->arg < 0 && (int64_t)ev->arg >= -4095;
	return 0;
}

void gtv_report_calls_free(struct gtv_report_calls *calls)
{
	free(calls);
}

/* System calls before interrupts; the longest first. */
static int by_total(const void *a, const void *b)
{
	const struct gtv_report_call *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static const char *name_of(const struct gtv_report *r, const struct gtv_report_call *row,
			   char *buf, size_t size)
{
	const char *name = NULL;

	if (row->kind == GTV_EV_K_SYSCALL)
		name = gtv_syscall_name(r->names, row->number);
	if (row->kind == GTV_EV_K_IRQ)
		return gtv_extra_word(r->names, row->kind, row->number, buf, size);
	if (row->kind == GTV_EV_K_SOFTIRQ)
		name = gtv_event_softirq(row->number);
	if (name)
		snprintf(buf, size, "%s%s", name,
			 row->kind == GTV_EV_K_SOFTIRQ ? " (soft)" : "");
	else
		snprintf(buf, size, "%s%" PRIu32,
			 row->kind == GTV_EV_K_SOFTIRQ ? "softirq " : "call ", row->number);
	return buf;
}

static void cells(const struct gtv_report *r, struct gtv_table *t,
		  const struct gtv_report_call *row)
{
	char text[48];

	gtv_table_cell(t, "%s", name_of(r, row, text, sizeof text));
	gtv_table_cell(t, "%s", gtv_out_count(row->count, text, sizeof text));
	gtv_table_cell(t, "%s",
		       row->slept ? gtv_out_count(row->slept, text, sizeof text) : "-");
	gtv_table_cell(t, "%s",
		       row->errors ? gtv_out_count(row->errors, text, sizeof text) : "-");
	gtv_table_cell(t, "%s", gtv_out_ns(row->total_ns, text, sizeof text));
	gtv_table_cell(t, "%s", gtv_out_ns(row->max_ns, text, sizeof text));
}

int gtv_report_calls_text(const struct gtv_report *r, FILE *f)
{
	static const struct gtv_table_column column[] = {{"SYSTEM CALL, INTERRUPT", 0},
							 {"COUNT", 1},
							 {"SLEPT", 1},
							 {"ERRORS", 1},
							 {"TOTAL", 1},
							 {"LONGEST", 1}};
	struct gtv_report_calls *c = r->calls;
	struct gtv_table *t;
	size_t shown = 0, left = 0;
	int rc;

	if (!c || !c->count)
		return 0;
	qsort(c->row, c->count, sizeof c->row[0], by_total);
	t = gtv_table_new(column, sizeof column / sizeof column[0]);
	for (size_t i = 0; t && i < c->count; i++) {
		/* So many of each kind. */
		shown = i && c->row[i].kind == c->row[i - 1].kind ? shown + 1 : 0;
		if (shown < ROWS_SHOWN)
			cells(r, t, &c->row[i]);
		else
			left++;
	}
	putc('\n', f);
	rc = t ? gtv_table_print(t, f) : 1;
	gtv_table_free(t);
	if (left)
		fprintf(f, "  and %zu more (--json)\n", left);
	return rc;
}

const struct gtv_report_call *gtv_report_calls_at(const struct gtv_report *r, size_t idx)
{
	return r->calls && idx < r->calls->count ? &r->calls->row[idx] : NULL;
}

struct json_object *gtv_report_calls_json(const struct gtv_report *r, size_t idx)
{
	const struct gtv_report_call *row = gtv_report_calls_at(r, idx);
	struct json_object *o = row ? json_object_new_object() : NULL;
	char text[48];

	if (!o)
		return NULL;
	json_object_object_add(o, "kind",
			       json_object_new_string(gtv_event_name(row->kind)));
	json_object_object_add(o, "number", json_object_new_int64(row->number));
	json_object_object_add(o, "name",
			       json_object_new_string(name_of(r, row, text, sizeof text)));
	json_object_object_add(o, "count", json_object_new_uint64(row->count));
	json_object_object_add(o, "slept", json_object_new_uint64(row->slept));
	json_object_object_add(o, "errors", json_object_new_uint64(row->errors));
	json_object_object_add(o, "total_ns", json_object_new_uint64(row->total_ns));
	json_object_object_add(o, "max_ns", json_object_new_uint64(row->max_ns));
	return o;
}
