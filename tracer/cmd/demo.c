/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/demo.h"

#include <float.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "tracer/cmd/demos.h"
#include "tracer/cmd/out.h"

#define SELF "/proc/self/exe"

static const struct gtv_demo demos[] = {
#define X(name, group, policy, program, args, quick, view, rows, zoom, trigger, beside,    \
	  simulates, line, look)                                                           \
	{name, group, policy,  program, args,	   quick, view,                            \
	 rows, zoom,  trigger, beside,	simulates, line,  look},
	GTV_DEMOS(X)
#undef X
};

#define NO_MORE DBL_MAX
static const struct gtv_demo_figure figures[] = {
#define X(demo, kind, subject, ratio, what, unit, talk, least, most, sim_least, sim_most)  \
	{demo, GTV_SEEN_##kind, subject, ratio,	    what,    GTV_UNIT_##unit,              \
	 talk, least,		most,	 sim_least, sim_most},
	GTV_DEMO_FIGURES(X)
#undef X
};

static const struct gtv_demo_extra extras[] = {
#define X(demo, sim_policy, irq) {demo, sim_policy, irq},
	GTV_DEMO_EXTRAS(X)
#undef X
};

const struct gtv_demo_extra *gtv_demo_extra(const struct gtv_demo *demo)
{
	for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
		if (!strcmp(extras[i].demo, demo->name))
			return &extras[i];
	return NULL;
}

const struct gtv_demo *gtv_demo_at(size_t idx)
{
	return idx < sizeof demos / sizeof *demos ? &demos[idx] : NULL;
}

const struct gtv_demo_figure *gtv_demo_figure_at(size_t idx)
{
	return idx < sizeof figures / sizeof *figures ? &figures[idx] : NULL;
}

const struct gtv_demo *gtv_demo_find(const char *name)
{
	for (size_t i = 0; i < sizeof demos / sizeof *demos; i++)
		if (!strcmp(demos[i].name, name))
			return &demos[i];
	return NULL;
}

/* Text in lines of at most `cols` columns, each behind `margin` blanks. */
static void put_folded(FILE *out, const char *text, int margin, int cols)
{
	int used = 0;

	while (*text) {
		int size = (int)strcspn(text, " ");

		if (used && used + 1 + size > cols) {
			fputc('\n', out);
			used = 0;
		}
		fprintf(out, "%*s%.*s", used ? 1 : margin, "", size, text);
		used += (used ? 1 : 0) + size;
		text += size + (text[size] == ' ');
	}
	fputc('\n', out);
}

void gtv_demo_list(FILE *out, int looks)
{
	const char *group = "";

	if (!looks)
		fputs("gtviz demo NAME runs one; --about says what to look for\n", out);
	for (size_t i = 0; i < sizeof demos / sizeof *demos; i++) {
		const struct gtv_demo *d = &demos[i];

		if (strcmp(d->group, group) != 0)
			fprintf(out, "\n%s\n", d->group);
		group = d->group;
		fprintf(out, "  %-18s %s\n", d->name, d->line);
		if (looks)
			put_folded(out, d->look, 21, 75);
	}
}

void gtv_demo_about(FILE *out, const struct gtv_demo *d)
{
	fprintf(out, "%s: %s\n\n", d->name, d->line);
	put_folded(out, d->look, 0, 78);
	fprintf(out, "\npolicy   %s\nprogram  %s %s\nscreen   view %s", d->policy,
		d->program, d->args, d->view);
	if (!strcmp(d->view, "timeline"))
		fprintf(out, ", rows %s", d->rows);
	if (*d->zoom)
		fprintf(out, ", %s across", d->zoom);
	if (*d->trigger)
		fprintf(out, ", trigger %s", d->trigger);
	fprintf(out, "\n%s%s%s", d->beside ? "beside   " : "", d->beside ? d->beside : "",
		d->beside ? "\n" : "");
	fputs("\nIn numbers:\n", out);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		const struct gtv_demo_figure *f = &figures[i];

		if (strcmp(f->demo, d->name) != 0)
			continue;
		fprintf(out, "  %s%s%s\n", f->what, *f->talk ? "; quoted: " : "", f->talk);
	}
	fprintf(out, "\nIt is run as\n  GT_POLICY=%s %s %s\n", d->policy, d->program,
		d->args);
}

int gtv_demo_sample(const char *name, char *path, size_t size)
{
	static const char *const places[] = {"samples", "build/samples", "../libexec/gtviz",
					     "../lib/gtviz/samples"};
	char dir[PATH_MAX];
	ssize_t n = readlink(SELF, dir, sizeof dir - 1);
	char *slash;

	if (n > 0) {
		dir[n] = 0;
		slash = strrchr(dir, '/');
		if (slash)
			*slash = 0;
	}
	for (size_t i = 0; n > 0 && i < sizeof places / sizeof *places; i++) {
		if ((size_t)snprintf(path, size, "%s/%s/%s", dir, places[i], name) < size &&
		    !access(path, X_OK))
			return 1;
	}
	return 0;
}

int gtv_demo_program(const struct gtv_demo *demo, char *path, size_t size,
		     struct gtv_err *err)
{
	if (gtv_demo_sample(demo->program, path, size))
		return 0;
	return gtv_err_set(err, GTV_ENOTFOUND, demo->name, "make, or make install",
			   "its program %s is neither beside gtviz nor installed",
			   demo->program);
}

/* ---- the numbers ---- */

static char *value_text(enum gtv_demo_unit unit, double v, char *buf, size_t size)
{
	char figure[40];

	switch (unit) {
	case GTV_UNIT_NS:
		return gtv_out_ns(v > 0 ? (uint64_t)(v + 0.5) : 0, buf, size);
	case GTV_UNIT_COUNT:
		return gtv_out_count((uint64_t)(v + 0.5), buf, size);
	case GTV_UNIT_TIMES:
		snprintf(buf, size, "%.2f times", v);
		return buf;
	case GTV_UNIT_RATE:
		snprintf(buf, size, "%s /s",
			 gtv_out_count((uint64_t)(v + 0.5), figure, sizeof figure));
		return buf;
	case GTV_UNIT_MIB:
		snprintf(buf, size, "%.1f MiB", v);
		return buf;
	case GTV_UNIT_BYTES:
		snprintf(buf, size, "%.0f bytes", v);
		return buf;
	case GTV_UNIT_PERCENT:
		snprintf(buf, size, "%.1f %%", 100 * v);
		return buf;
	case GTV_UNIT_NTH:
		snprintf(buf, size, "number %.0f", v);
		return buf;
	}
	return buf;
}

/* 0, or -GTV_ENOTFOUND. */
static int ask(const struct gtv_demo_figure *f, const struct gtv_seen *seen,
	       const struct gtv_seen *beside, double *value)
{
	double other;
	int rc = gtv_seen_ask(seen, f->kind, f->subject, value);

	if (rc || !f->ratio)
		return rc;
	if (!beside || gtv_seen_ask(beside, f->kind, f->subject, &other) || other <= 0)
		return -GTV_ENOTFOUND;
	*value /= other;
	return 0;
}

static const char *verdict(const struct gtv_demo_figure *f, int simulated, int rc,
			   double value, char *buf, size_t size)
{
	double least = simulated ? f->sim_least : f->least;
	double most = simulated ? f->sim_most : f->most;
	char low[48], high[48];

	/* What only a kernel tells is not there without one. */
	if (rc)
		return least > 0 ? "not seen: WRONG" : "not seen";
	if (value >= least && value <= most)
		return "good";
	value_text(f->unit, least, low, sizeof low);
	if (most == NO_MORE)
		snprintf(high, sizeof high, "any more");
	else
		value_text(f->unit, most, high, sizeof high);
	snprintf(buf, size, "WRONG: it must be %s to %s", low, high);
	return buf;
}

int gtv_demo_tell(FILE *out, const struct gtv_demo *demo, const struct gtv_seen *seen,
		  const struct gtv_seen *beside, int verify)
{
	static const struct gtv_table_column columns[] = {
		{"", 0}, {"seen here", 1}, {"quoted", 0}, {"", 0}};
	struct gtv_table *table = gtv_table_new(columns, sizeof columns / sizeof *columns);
	int simulated = gtv_seen_level(seen) < 0, wrong = 0;

	fprintf(out, "%s: %s\n", demo->name, demo->line);
	for (size_t i = 0; table && i < sizeof figures / sizeof *figures; i++) {
		const struct gtv_demo_figure *f = &figures[i];
		char text[64], why[160];
		double value = 0;

		if (strcmp(f->demo, demo->name) != 0)
			continue;
		int rc = ask(f, seen, beside, &value);
		const char *judged = verdict(f, simulated, rc, value, why, sizeof why);

		wrong += strstr(judged, "WRONG") != NULL;
		gtv_table_cell(table, "  %s", f->what);
		gtv_table_cell(table, "%s",
			       rc ? "not seen"
				  : value_text(f->unit, value, text, sizeof text));
		gtv_table_cell(table, "%s", f->talk);
		gtv_table_cell(table, "%s", verify ? judged : "");
	}
	if (!table || gtv_table_print(table, out))
		wrong++;
	gtv_table_free(table);
	if (gtv_seen_lost(seen))
		fprintf(out, "%llu events were lost: the numbers are of the others\n",
			(unsigned long long)gtv_seen_lost(seen));
	return verify ? wrong : 0;
}
