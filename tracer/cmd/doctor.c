/* SPDX-License-Identifier: MIT
 *
 * `gtviz doctor [--json]`: which sources, libraries and terminal features work
 * here, and for each that does not, why and what would mend it. It is built as a
 * JSON object, which --json prints and people get as lines.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include <json-c/json.h>
#ifdef GTV_HAVE_LIBBPF
#include <bpf/libbpf.h>
#endif
#ifdef GTV_HAVE_ZSTD
#include <zstd.h>
#endif

#include "runtime/abi/gtv_ring.h"
#include "tracer/base/names.h"
#include "tracer/clock/clock.h"
#include "tracer/cmd/cmd.h"
#include "tracer/cmd/doctor.h"
#include "tracer/cmd/out.h"
#include "tracer/import/import.h"
#include "tracer/launch/launch.h"
#include "tracer/source/source.h"

static void put_text(struct json_object *o, const char *key, const char *raw)
{
	char safe[1024];

	json_object_object_add(o, key,
			       json_object_new_string(gtv_names_escape(raw ? raw : "", safe,
								       sizeof safe)));
}

static void put_int(struct json_object *o, const char *key, int v)
{
	json_object_object_add(o, key, json_object_new_int(v));
}

static void put_bool(struct json_object *o, const char *key, int v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

/* Levels. */

static struct json_object *level_object(int level, const char *source, const char *lacks,
					const struct gtv_err *err)
{
	struct json_object *o = json_object_new_object();

	put_int(o, "level", level);
	put_text(o, "source", source);
	put_bool(o, "works", !err);
	put_text(o, "why", err ? err->why : "");
	put_text(o, "mend", err ? err->mend : "");
	put_text(o, "lacks", lacks);
	return o;
}

static void add_level(struct json_object *list, const struct gtv_source_ops *ops, int *best)
{
	struct gtv_err err = {0};
	int works = ops->probe(&err) == 0;
	char lacks[512] = "";

	if (works && ops->lacks)
		ops->lacks(lacks, sizeof lacks);
	json_object_array_add(
		list, level_object(ops->level, ops->name, lacks, works ? NULL : &err));
	if (works && ops->level > *best)
		*best = ops->level;
}

static struct json_object *levels(int *best)
{
	struct json_object *list = json_object_new_array();

	*best = -1;
	for (size_t i = 0; gtv_sources[i]; i++)
		add_level(list, gtv_sources[i], best);
	add_level(list, &gtv_source_ring, best);
	return list;
}

/* Libraries. */

static void add_library(struct json_object *list, const char *name, const char *use,
			const char *version)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "name", name);
	put_text(o, "for", use);
	put_bool(o, "built_in", version != NULL);
	put_text(o, "version", version);
	json_object_array_add(list, o);
}

static const char *libbpf_version(void)
{
#if defined(GTV_HAVE_LIBBPF) && defined(GTV_HAVE_BPF)
	return libbpf_version_string();
#else
	return NULL;
#endif
}

static const char *zstd_version(void)
{
#ifdef GTV_HAVE_ZSTD
	return ZSTD_versionString();
#else
	return NULL;
#endif
}

static struct json_object *libraries(void)
{
	struct json_object *list = json_object_new_array();

	add_library(list, "libbpf", "level 3", libbpf_version());
	add_library(list, "zstd", "compressed trace files", zstd_version());
	add_library(list, "json-c", "--json", json_c_version());
	add_library(list, "ncurses", "the live screen", gtv_doctor_curses_version());

	size_t count;
	const struct gtv_import_library *import = gtv_import_libraries(&count);

	for (size_t i = 0; i < count; i++)
		add_library(list, import[i].name, import[i].use, import[i].version);
	return list;
}

/* The machine. */

/* The first line of a small file of the kernel's, or "" if it cannot be read. */
static char *read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	buf[0] = 0;
	if (!f)
		return buf;
	if (!fgets(buf, (int)size, f))
		buf[0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	fclose(f);
	return buf;
}

static struct json_object *machine(void)
{
	struct json_object *o = json_object_new_object();
	struct utsname un;
	char line[64];

	if (!uname(&un)) {
		put_text(o, "kernel", un.release);
		put_text(o, "arch", un.machine);
	}
	put_int(o, "cores_online", (int)sysconf(_SC_NPROCESSORS_ONLN));
	put_int(o, "cores_possible", (int)sysconf(_SC_NPROCESSORS_CONF));
	put_text(o, "clock", gtv_clock_best_kind() == GTV_CLOCK_TSC ? "tsc" : "monotonic");
	put_bool(o, "btf", access("/sys/kernel/btf/vmlinux", R_OK) == 0);
	put_text(o, "perf_event_paranoid",
		 read_line("/proc/sys/kernel/perf_event_paranoid", line, sizeof line));
	put_text(
		o, "unprivileged_bpf_disabled",
		read_line("/proc/sys/kernel/unprivileged_bpf_disabled", line, sizeof line));
	put_bool(o, "io_uring", !gtv_doctor_uring());
	put_text(o, "io_uring_why", gtv_doctor_uring());
	return o;
}

static struct json_object *user(void)
{
	struct json_object *o = json_object_new_object();
	struct gtv_user who = {0};
	struct gtv_err err = {0};

	put_int(o, "uid", (int)geteuid());
	if (gtv_user_get(&who, &err)) {
		put_text(o, "problem", err.why);
		return o;
	}
	put_bool(o, "sudo", who.sudo);
	put_int(o, "runs_as_uid", (int)who.uid);
	put_text(o, "runs_as", who.name);
	return o;
}

static struct json_object *terminal(void)
{
	struct json_object *o = json_object_new_object();
	const char *term = getenv("TERM");
	struct winsize size = {0};
	int tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	put_bool(o, "tty", tty);
	put_text(o, "term", term);
	put_int(o, "colours", gtv_doctor_colours(term));
	setlocale(LC_CTYPE, "");
	put_text(o, "charset", nl_langinfo(CODESET));
	put_bool(o, "utf8", !strcmp(nl_langinfo(CODESET), "UTF-8"));
	if (tty && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
		put_int(o, "columns", size.ws_col);
		put_int(o, "rows", size.ws_row);
	}
	return o;
}

/* For people. */

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static int int_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_int(v) : 0;
}

static int is(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

static void print_levels(struct json_object *list, int best)
{
	printf("LEVELS\n");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *l = json_object_array_get_idx(list, i);
		int works = is(l, "works");

		printf("  level %d  %-11s %s", int_of(l, "level"), text_of(l, "source"),
		       works ? "works" : "does not work: ");
		if (!works)
			printf("%s", text_of(l, "why"));
		if (works && int_of(l, "level") == best)
			printf(": used unless --level says otherwise");
		putchar('\n');
		if (*text_of(l, "lacks"))
			printf("                 without: %s\n", text_of(l, "lacks"));
		if (!works && *text_of(l, "mend"))
			printf("                 to mend: %s\n", text_of(l, "mend"));
	}
}

static void print_libraries(struct json_object *list)
{
	printf("\nLIBRARIES\n");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *l = json_object_array_get_idx(list, i);

		printf("  %-14s %-24s %s\n", text_of(l, "name"),
		       is(l, "built_in") ? text_of(l, "version") : "not built in",
		       text_of(l, "for"));
	}
}

static void print_machine(struct json_object *m)
{
	int tsc = !strcmp(text_of(m, "clock"), "tsc");

	printf("\nMACHINE\n");
	printf("  kernel         %s %s, BTF %s\n", text_of(m, "kernel"), text_of(m, "arch"),
	       is(m, "btf") ? "yes" : "no");
	printf("  cores          %d of %d online\n", int_of(m, "cores_online"),
	       int_of(m, "cores_possible"));
	printf("  clock          %s\n",
	       tsc ? "the processor's counter (invariant)"
		   : "clock_gettime: the processor's counter is not invariant here");
	printf("  perf paranoid  %s\n", text_of(m, "perf_event_paranoid"));
	printf("  io_uring       %s%s%s\n",
	       is(m, "io_uring") ? "yes" : "no, so GT_POLICY=asyncio,loop=uring is refused",
	       is(m, "io_uring") ? "" : ": ", text_of(m, "io_uring_why"));
}

static void print_user(struct json_object *u)
{
	printf("\nUSER\n");
	if (*text_of(u, "problem"))
		printf("  problem        %s\n", text_of(u, "problem"));
	else if (is(u, "sudo"))
		printf("  under sudo     programs run as %s (uid %d), gtviz drops root\n",
		       text_of(u, "runs_as"), int_of(u, "runs_as_uid"));
	else
		printf("  %-14s programs run as the same user (uid %d)\n",
		       text_of(u, "runs_as"), int_of(u, "uid"));
}

static void print_terminal(struct json_object *t)
{
	printf("\nTERMINAL\n");
	printf("  type           %s%s\n",
	       *text_of(t, "term") ? text_of(t, "term") : "not set",
	       is(t, "tty") ? "" : " (not a terminal here)");
	if (int_of(t, "colours") >= 0)
		printf("  colours        %d%s\n", int_of(t, "colours"),
		       int_of(t, "colours") >= 256 ? "" : ": fewer than the 256 wanted");
	else
		printf("  colours        unknown: terminfo has no such type\n");
	printf("  characters     %s%s\n", text_of(t, "charset"),
	       is(t, "utf8") ? "" : ": drawn in ASCII (use a UTF-8 locale)");
	if (int_of(t, "columns"))
		printf("  size           %dx%d%s\n", int_of(t, "columns"),
		       int_of(t, "rows"),
		       int_of(t, "columns") < 80 || int_of(t, "rows") < 24
			       ? ": 80x24 is the least that is fully usable"
			       : "");
}

int gtv_cmd_doctor(const struct gtv_options *opts)
{
	struct json_object *o = json_object_new_object(), *lv, *lib, *m, *u, *t;
	int best;

	put_text(o, "version", GTV_VERSION);
	json_object_object_add(o, "levels", lv = levels(&best));
	put_int(o, "best_level", best);
	json_object_object_add(o, "libraries", lib = libraries());
	json_object_object_add(o, "machine", m = machine());
	json_object_object_add(o, "user", u = user());
	json_object_object_add(o, "terminal", t = terminal());
	json_object_object_add(o, "settings", gtv_doctor_settings_json());
	if (opts->json) {
		puts(json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	} else {
		print_levels(lv, best);
		print_libraries(lib);
		print_machine(m);
		print_user(u);
		print_terminal(t);
		gtv_doctor_print_settings();
	}
	json_object_put(o);
	return gtv_out_flush(stdout) || best < 0 ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
}
