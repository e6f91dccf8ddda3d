/* SPDX-License-Identifier: MIT
 *
 * The report's first part: what gtviz noticed by itself, worst first, with evidence and
 * what to try; then what it checked and found fine, and what it could not check.
 */
#include "tracer/cmd/report.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/cmd/out.h"

#define LIST_MAX 200
#define SHOWN	 30
#define COLUMNS	 80

struct gtv_finding *gtv_report_list_findings(const struct gtv_report *r, size_t *count,
					     uint32_t *found)
{
	struct gtv_finding *list = calloc(LIST_MAX, sizeof *list);
	size_t all = list ? gtv_findings_list(r->findings, list, LIST_MAX) : 0;

	*found = 0;
	*count = all < LIST_MAX ? all : LIST_MAX;
	for (size_t i = 0; i < *count; i++)
		*found |= 1u << list[i].kind;
	return list;
}

/* Wraps text at blanks, each line indented. Bytes of UTF-8 that go on are no columns. */
static void print_wrapped(FILE *f, const char *head, const char *text)
{
	size_t column = strlen(head), indent = column;
	const char *word = text;

	fputs(head, f);
	while (*word) {
		size_t bytes = strcspn(word, " "), width = 0;
		for (size_t i = 0; i < bytes; i++)
			width += ((unsigned char)word[i] & 0xc0) != 0x80;
		if (column > indent && column + 1 + width > COLUMNS) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', f);
			column++;
		}
		fwrite(word, 1, bytes, f);
		column += width;
		word += bytes;
		word += strspn(word, " ");
	}
	putc('\n', f);
}

static void print_evidence(const struct gtv_report *r, const struct gtv_finding *found,
			   FILE *f)
{
	uint64_t at, to;

	static const char letter[] = "?CTGL";
	const char *sep = "";

	gtv_finding_see(found, r->start_ns, &at, &to);
	/* To the nanosecond: for --from and --to. */
	fprintf(f, "      see --from %lluns --to %lluns, ", (unsigned long long)at,
		(unsigned long long)to);
	for (int i = 0; i < found->lanes; i++, sep = " ")
		fprintf(f, "%s%c%u", sep, letter[found->lane[i].kind], found->lane[i].id);
	putc('\n', f);
}

static void print_rules(const struct gtv_report *r, uint32_t found, FILE *f)
{
	static const char *const head[] = {[GTV_RULE_FINE] = "  checked, and fine: ",
					   [GTV_RULE_NOTHING] = "  nothing to check: ",
					   [GTV_RULE_CANNOT] = "  cannot tell: "};
	char line[1600], why[96];

	for (int v = GTV_RULE_FINE; v <= GTV_RULE_CANNOT; v++) {
		size_t used = 0;
		for (unsigned k = 0; k < GTV_FIND_MAX; k++) {
			if ((int)gtv_findings_verdict(r->findings, k, (int)(found >> k & 1),
						      why, sizeof why) != v)
				continue;
			used += (size_t)snprintf(line + used, sizeof line - used,
						 "%s%s%s%s%s", used ? ", " : "",
						 gtv_finding_title(k), *why ? " (" : "",
						 why, *why ? ")" : "");
		}
		if (used)
			print_wrapped(f, head[v], line);
	}
}

int gtv_report_findings(const struct gtv_report *r, FILE *f)
{
	size_t count;
	uint32_t kinds;
	struct gtv_finding *list = gtv_report_list_findings(r, &count, &kinds);

	if (!list) {
		fprintf(stderr, "gtviz: report: out of memory\n");
		return 1;
	}
	fprintf(f, count ? "\nFINDINGS\n" : "\nNO FINDINGS\n");
	for (size_t i = 0; i < count && i < SHOWN; i++) {
		char head[96];
		snprintf(head, sizeof head, "%s %s: %s",
			 list[i].severity == GTV_SEV_NOTE ? "  ·" : "  !",
			 gtv_severity_name(list[i].severity),
			 gtv_finding_title(list[i].kind));
		fputs(head, f);
		putc('\n', f);
		print_wrapped(f, "      ", list[i].text);
		print_wrapped(f, "      try: ", list[i].advice);
		print_evidence(r, &list[i], f);
	}
	if (count > SHOWN)
		fprintf(f, "  … and %zu more (--json lists them)\n", count - SHOWN);
	print_rules(r, kinds, f);
	free(list);
	return 0;
}

void gtv_report_rules_man(FILE *f)
{
	for (unsigned k = 0; k < GTV_FIND_MAX; k++) {
		const struct gtv_rule *r = &gtv_rules[k];

		fprintf(f, "finding\t%s\n", gtv_finding_key(k));
		for (int i = 0; i < 4 && r->limit[i].name; i++)
			fprintf(f, "threshold\t%s\t%llu %s\n", gtv_finding_key(k),
				(unsigned long long)r->limit[i].value, r->limit[i].unit);
	}
}
