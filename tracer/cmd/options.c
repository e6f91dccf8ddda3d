/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/options.h"
#include "tracer/cmd/report.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/base/duration.h"
#include "tracer/base/foreign.h"
#include "tracer/store/block.h"

#define RING_BYTES_MIN ((size_t)64 << 10)
#define KEEP_BYTES_MIN ((size_t)1 << 20)
#define RING_BYTES_MAX ((size_t)1 << 30)
#define RINGS_MAX      4096
#define NO_COMMAND     GTV_COMMAND_MAX
#define GTV_HITS_MAX   10000

struct command {
	const char *name;
	enum gtv_operand operand;
	const char *usage, *summary;
};

static const struct command commands[] = {
#define X(id, name, operand, usage, summary) {name, GTV_OPERAND_##operand, usage, summary},
	GTV_COMMANDS(X)
#undef X
};

struct option_row {
	char short_name;
	const char *long_name, *arg;
	unsigned commands;
	const char *help;
};

static const struct option_row option_rows[] = {
#define X(id, short_name, long_name, arg, cmds, help)                                      \
	{short_name, long_name, arg, cmds, help},
	GTV_OPTIONS(X)
#undef X
};

/* Promised words and options of later versions. They are refused rather than taken for
 * a program's name, so that what a script means never changes under it. */
static const char *const later_commands[] = {NULL};
static const char *const later_options[] = {NULL};

static int usage_error(struct gtv_err *err, const char *what, const char *mend,
		       const char *why)
{
	return gtv_err_set(err, GTV_EUSAGE, what, mend, "%s", why);
}

static int is_in(const char *const *list, const char *word, size_t size)
{
	for (; *list; list++)
		if (strlen(*list) == size && !strncmp(*list, word, size))
			return 1;
	return 0;
}

enum gtv_command gtv_options_command(const char *name)
{
	for (int i = 0; i < GTV_COMMAND_MAX; i++)
		if (!strcmp(commands[i].name, name))
			return (enum gtv_command)i;
	return NO_COMMAND;
}

/* Does a file of this name begin as a trace does? Opened so that a FIFO or a device
 * neither blocks nor acts. */
static int is_trace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[GTV_MAGIC_BYTES];
	struct stat st;
	int yes = 0;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		yes = pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
		      !memcmp(head, GTV_BLOCK_MAGIC, sizeof(head));
	close(fd);
	return yes;
}

/* Digits at *text into *out, moving *text behind them; 0 if there are none or they do
 * not fit. */
static int digits(const char **text, uint64_t *out)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return 0;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return 0;
	*text = p;
	*out = n;
	return 1;
}

int gtv_options_time(const char *text, uint64_t *out_ns)
{
	return gtv_duration(text, strlen(text), out_ns);
}

int gtv_options_bytes(const char *text, size_t *out_bytes)
{
	uint64_t n;
	unsigned shift;

	if (!digits(&text, &n))
		return -GTV_EUSAGE;
	switch (*text) {
	case 'K':
	case 'k':
		shift = 10;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'G':
	case 'g':
		shift = 30;
		break;
	default:
		shift = 0;
	}
	if (shift)
		text++;
	if (*text || n > (uint64_t)SIZE_MAX >> shift)
		return -GTV_EUSAGE;
	*out_bytes = (size_t)n << shift;
	return 0;
}

static int parse_size(const char *text, int *cols_count, int *rows_count)
{
	uint64_t cols, rows;

	if (!digits(&text, &cols) || (*text != 'x' && *text != 'X'))
		return -1;
	text++;
	if (!digits(&text, &rows) || *text || !cols || !rows || cols > GTV_SIZE_MAX ||
	    rows > GTV_SIZE_MAX)
		return -1;
	*cols_count = (int)cols;
	*rows_count = (int)rows;
	return 0;
}

static int set_ring(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	uint64_t ns;

	if (!gtv_options_time(value, &ns) && ns)
		return usage_error(err, "--buffer", "give a size, as 8M",
				   "a ring by time is not in this version");
	if (gtv_options_bytes(value, &o->ring_bytes) || o->ring_bytes < RING_BYTES_MIN ||
	    o->ring_bytes > RING_BYTES_MAX)
		return gtv_err_set(err, GTV_EUSAGE, "--buffer", "64K to 1G, as 8M",
				   "\"%s\" is not a size of a ring", value);
	return 0;
}

static int set_rings(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	unsigned long count;

	if (!digits(&value, &count) || *value || !count || count > RINGS_MAX)
		return usage_error(err, "--rings", "1 to 4096",
				   "that is no number of rings");
	o->rings = (unsigned)count;
	return 0;
}

/* How much of the past is kept. */
static int set_keep(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	size_t bytes = 0;

	o->keep_bytes = o->keep_ns = 0;
	if (!gtv_options_time(value, &o->keep_ns) && o->keep_ns)
		return 0;
	o->keep_ns = 0;
	if (gtv_options_bytes(value, &bytes) || bytes < KEEP_BYTES_MIN)
		return gtv_err_set(err, GTV_EUSAGE, "--ring",
				   "a size from 1M, as 64M, or a time, as 30s",
				   "\"%s\" is neither", value);
	o->keep_bytes = bytes;
	return 0;
}

static int set_hits(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	uint64_t hits;

	if (!digits(&value, &hits) || *value || !hits || hits > GTV_HITS_MAX)
		return usage_error(err, "--hits", "1 to 10000",
				   "that is no number of hits");
	o->hits = (unsigned)hits;
	return 0;
}

static int set_level(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	if (value[0] < '0' || value[0] > '3' || value[1])
		return gtv_err_set(err, GTV_EUSAGE, "--level",
				   "3, 2, 1 or 0; see gtviz doctor",
				   "there is no level \"%s\"", value);
	o->level = value[0] - '0';
	return 0;
}

static int set_syscalls(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	o->syscalls = !strcmp(value, "slept") ? 1 : !strcmp(value, "all") ? 2 : 0;
	if (o->syscalls)
		return 0;
	return gtv_err_set(err, GTV_EUSAGE, "--syscalls", "slept or all",
			   "\"%s\" says not which system calls", value);
}

static int set_time(uint64_t *out_ns, const char *what, const char *value,
		    struct gtv_err *err)
{
	if (!gtv_options_time(value, out_ns))
		return 0;
	return gtv_err_set(err, GTV_EUSAGE, what, "1.5s, 20ms, 300us after the start",
			   "\"%s\" is not a time", value);
}

static int set_format(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	if (!strcmp(value, "text"))
		o->format = GTV_FORMAT_TEXT;
	else if (!strcmp(value, "ansi"))
		o->format = GTV_FORMAT_ANSI;
	else if (!strcmp(value, "svg"))
		o->format = GTV_FORMAT_SVG;
	else
		return gtv_err_set(err, GTV_EUSAGE, "--format", "text, ansi or svg",
				   "there is no format \"%s\"", value);
	return 0;
}

static int set_size(struct gtv_options *o, const char *value, struct gtv_err *err)
{
	if (!parse_size(value, &o->cols_count, &o->rows_count))
		return 0;
	return gtv_err_set(err, GTV_EUSAGE, "--size", "columns x rows, as 120x40",
			   "\"%s\" is not a size of 1x1 to %dx%d", value, GTV_SIZE_MAX,
			   GTV_SIZE_MAX);
}

/* Takes one option into *o. `value` is NULL for those without an argument. */
static int set_option(struct gtv_options *o, enum gtv_option option, const char *value,
		      struct gtv_err *err)
{
	o->given |= (uint64_t)1 << option;
	switch (option) {
	case GTV_OPTION_OUTPUT:
		o->output = value;
		return *value ? 0 : usage_error(err, "-o", "-o FILE", "no file named");
	case GTV_OPTION_PID:
		o->attach = value;
		return *value ? 0
			      : usage_error(err, "-p", "-p PID or NAME",
					    "no process named");
	case GTV_OPTION_LEVEL:
		return set_level(o, value, err);
	case GTV_OPTION_RING:
		return set_keep(o, value, err);
	case GTV_OPTION_TRIGGER:
		return gtv_condition_parse(&o->trigger, value, err);
	case GTV_OPTION_POST:
		if (gtv_options_time(value, &o->post_ns))
			return usage_error(err, "--post", "100ms, 2s", "that is no time");
		return 0;
	case GTV_OPTION_AUTO:
		if (gtv_options_time(value, &o->auto_ns) || !o->auto_ns)
			return usage_error(err, "--auto", "2s, 500ms", "that is no time");
		return 0;
	case GTV_OPTION_HITS:
		return set_hits(o, value, err);
	case GTV_OPTION_BUFFER:
		return set_ring(o, value, err);
	case GTV_OPTION_SIZE:
		return set_size(o, value, err);
	case GTV_OPTION_FROM:
		return set_time(&o->from_ns, "--from", value, err);
	case GTV_OPTION_TO:
		return set_time(&o->to_ns, "--to", value, err);
	case GTV_OPTION_AT:
		return set_time(&o->at_ns, "--at", value, err);
	case GTV_OPTION_CRITICAL:
		o->critical = 1;
		return 0;
	case GTV_OPTION_WAITS:
		o->waits = 1;
		return 0;
	case GTV_OPTION_FORMAT:
		return set_format(o, value, err);
	case GTV_OPTION_TO_FORMAT:
		o->to_format = value;
		return 0;
	case GTV_OPTION_ALL:
		o->all = 1;
		return 0;
	case GTV_OPTION_SYSCALLS:
		return set_syscalls(o, value, err);
	case GTV_OPTION_IRQ:
		o->irq = 1;
		return 0;
	case GTV_OPTION_AS_ROOT:
		o->as_root = 1;
		return 0;
	case GTV_OPTION_ABOUT:
		o->about = 1;
		return 0;
	case GTV_OPTION_CAST:
		o->cast = value;
		return 0;
	case GTV_OPTION_RECORDED:
		o->recorded = 1;
		return 0;
	case GTV_OPTION_NOTES:
		o->notes = 1;
		return 0;
	case GTV_OPTION_RECORD_TALK:
		o->record_talk = 1;
		return 0;
	case GTV_OPTION_VERIFY:
		o->verify = 1;
		return 0;
	case GTV_OPTION_ASCII:
		o->ascii = 1;
		return 0;
	case GTV_OPTION_NO_MOUSE:
		o->no_mouse = 1;
		return 0;
	case GTV_OPTION_JSON:
		o->json = 1;
		return 0;
	case GTV_OPTION_CSV:
		o->csv = 1;
		return 0;
	case GTV_OPTION_RINGS:
		return set_rings(o, value, err);
	case GTV_OPTION_PARAM:
		o->param = value;
		return 0;
	case GTV_OPTION_POLICY:
		o->policy = value;
		return 0;
	case GTV_OPTION_VIEW:
		o->view = value;
		return 0;
	case GTV_OPTION_ROWS:
		o->rows = value;
		return 0;
	case GTV_OPTION_SELECT:
		o->select = value;
		return 0;
	case GTV_OPTION_THEME:
		o->theme = value;
		return 0;
	case GTV_OPTION_LANE:
		o->lane = value;
		return 0;
	case GTV_OPTION_KIND:
		o->kind = value;
		return 0;
	case GTV_OPTION_MAN_OPTIONS:
	case GTV_OPTION_HELP:
	case GTV_OPTION_VERSION:
	case GTV_OPTION_MAX:
		return 0;
	}
	return 0;
}

/* Some names mean another thing to some commands: --to. */
static int is_for(const struct option_row *row, enum gtv_command command)
{
	return command != NO_COMMAND && row->commands >> command & 1;
}

/* The option that `word` names: "-o", "-oFILE", "--output", "--output=FILE". *value is
 * what is joined to it, or NULL. One of the command's own comes before others. */
static enum gtv_option find_option(const char *word, enum gtv_command command,
				   const char **value)
{
	enum gtv_option found = GTV_OPTION_MAX;

	*value = NULL;
	for (int i = 0; i < GTV_OPTION_MAX; i++) {
		const struct option_row *row = &option_rows[i];

		if (word[1] != '-') {
			if (word[1] != row->short_name)
				continue;
			*value = word[2] ? word + 2 : NULL;
			return (enum gtv_option)i;
		}
		if (found != GTV_OPTION_MAX && !is_for(row, command))
			continue;
		size_t size = strlen(row->long_name);

		if (strncmp(word + 2, row->long_name, size))
			continue;
		if (word[2 + size] == '=')
			*value = word + 2 + size + 1;
		else if (word[2 + size])
			continue;
		found = (enum gtv_option)i;
	}
	return found;
}

static int unknown_option(const char *word, struct gtv_err *err)
{
	size_t size = word[1] == '-' ? strcspn(word, "=") : 2;
	char what[64];

	snprintf(what, sizeof(what), "%.*s", (int)(size < 60 ? size : 60), word);
	if (is_in(later_options, word, size))
		return usage_error(err, what, "gtviz help", "not in this version");
	return usage_error(err, what, "gtviz help", "there is no such option");
}

/* Takes the option at argv[*idx] and its argument, moving *idx behind them. */
static int take_option(struct gtv_options *o, int argc, char *const *argv, int *idx,
		       struct gtv_err *err)
{
	const char *word = argv[(*idx)++], *value;
	enum gtv_option option = find_option(word, o->command, &value);

	if (option == GTV_OPTION_MAX)
		return unknown_option(word, err);
	const struct option_row *row = &option_rows[option];

	if (!row->arg) {
		if (value)
			return usage_error(err, word, "leave it off", "takes no argument");
		return set_option(o, option, NULL, err);
	}
	if (!value) {
		if (*idx >= argc)
			return gtv_err_set(err, GTV_EUSAGE, word, "gtviz help",
					   "its %s is missing", row->arg);
		value = argv[(*idx)++];
	}
	return set_option(o, option, value, err);
}

/* Is it a trace of another tool's? Then what: a program is meant by no such name. */
static int other_trace(const char *path, char known[32])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *name = NULL;
	char head[GTV_FOREIGN_BYTES];
	struct stat st;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head))
		name = gtv_foreign(head, sizeof(head));
	close(fd);
	snprintf(known, 32, "%s", name ? name : "");
	return name != NULL;
}

/* The first operand says what is meant, if no command did. */
static int choose_command(struct gtv_options *o, const char *word, struct gtv_err *err)
{
	char known[32];

	if (is_in(later_commands, word, strlen(word)))
		return usage_error(err, word, "for a program of that name: gtviz -- NAME",
				   "this command is not in this version");
	if (other_trace(word, known))
		return gtv_err_set(err, GTV_EUSAGE, word, "gtviz import -o FILE.gtv IN",
				   "it is a %s: import it first", known);
	o->command = is_trace(word) ? GTV_COMMAND_REPLAY : GTV_COMMAND_RUN;
	return 0;
}

/* Takes an operand. Returns 1 when the rest belongs to the program. */
static int take_operand(struct gtv_options *o, char *const *operand, struct gtv_err *err)
{
	switch (commands[o->command].operand) {
	case GTV_OPERAND_PROGRAM:
		o->program = operand;
		return 1;
	case GTV_OPERAND_FILES:
		if (o->file2)
			return usage_error(err, *operand, "name two traces at most",
					   "one too many");
		if (o->file) {
			o->file2 = *operand;
			return 0;
		}
		o->file = *operand;
		return 0;
	case GTV_OPERAND_FILE:
		if (o->file)
			return usage_error(err, *operand, "name one trace", "one too many");
		o->file = *operand;
		return 0;
	case GTV_OPERAND_COMMAND:
		if (o->topic || (strcmp(*operand, "keys") != 0 &&
				 gtv_options_command(*operand) == NO_COMMAND))
			return usage_error(err, *operand, "gtviz help",
					   "there is no such command");
		o->topic = *operand;
		return 0;
	case GTV_OPERAND_DEMO:
		if (!o->topic) {
			o->topic = *operand;
			return 0;
		}
		o->program = operand;
		return 1;
	case GTV_OPERAND_TALK:
		if (o->topic)
			break;
		o->topic = *operand;
		return 0;
	case GTV_OPERAND_NONE:
		break;
	}
	return usage_error(err, *operand, "leave it off", "this command takes no argument");
}

/* Each option must belong to the command; what the command needs must be there. */
static int check_options(const struct gtv_options *o, struct gtv_err *err)
{
	const struct command *command = &commands[o->command];
	char what[64], mend[128];

	snprintf(mend, sizeof(mend), "gtviz help %s", command->name);
	for (int i = 0; i < GTV_OPTION_MAX; i++) {
		if (!(o->given >> i & 1) || (option_rows[i].commands >> o->command & 1))
			continue;
		snprintf(what, sizeof(what), "--%s", option_rows[i].long_name);
		return gtv_err_set(err, GTV_EUSAGE, what, mend, "not an option of %s",
				   command->name);
	}
	if (gtv_options_given(o, GTV_OPTION_HELP) ||
	    gtv_options_given(o, GTV_OPTION_VERSION))
		return 0;
	if (o->attach && o->program)
		return usage_error(err, "-p", "one of them", "not together with a program");
	if (command->operand == GTV_OPERAND_PROGRAM && !o->attach &&
	    (!o->program || !*o->program))
		return usage_error(err, command->name, mend, "no program given");
	if (command->operand == GTV_OPERAND_PROGRAM && o->program && !**o->program)
		return usage_error(err, command->name, mend, "the program's name is empty");
	if ((command->operand == GTV_OPERAND_FILE ||
	     command->operand == GTV_OPERAND_FILES) &&
	    !o->file)
		return usage_error(err, command->name, mend, "no trace given");
	if (o->command == GTV_COMMAND_RECORD && !o->output)
		return usage_error(err, "record", "record -o FILE PROGRAM",
				   "no file to write to given");
	if (o->command == GTV_COMMAND_EXPORT && (!o->output || !o->to_format))
		return usage_error(err, "export", "export --to perfetto|chrome -o OUT FILE",
				   !o->to_format ? "no format given"
						 : "no file to write to given");
	if (o->command == GTV_COMMAND_IMPORT && !o->output)
		return usage_error(err, "import", "import -o FILE IN",
				   "no file to write to given");
	if ((o->keep_bytes || o->keep_ns) && o->output && !strcmp(o->output, "-"))
		return usage_error(err, "--ring", "-o FILE",
				   "a pipe cannot be written anew");
	if (!o->trigger.alts && (gtv_options_given(o, GTV_OPTION_POST) ||
				 gtv_options_given(o, GTV_OPTION_HITS)))
		return usage_error(
			err, gtv_options_given(o, GTV_OPTION_POST) ? "--post" : "--hits",
			"--trigger 'wait>5ms'", "there is no trigger");
	if (o->json && o->csv)
		return usage_error(err, "--csv", "one of them", "not together with --json");
	if (o->to_ns <= o->from_ns && o->from_ns != UINT64_MAX)
		return usage_error(err, "--to", "a later time", "not after --from");
	return 0;
}

int gtv_options_parse(struct gtv_options *out, int argc, char *const *argv,
		      struct gtv_err *err)
{
	int idx = 1, forced = 0, rc = 0;

	*out = (struct gtv_options){.command = NO_COMMAND,
				    .level = -1,
				    .from_ns = UINT64_MAX,
				    .to_ns = UINT64_MAX};
	while (idx < argc && rc == 0) {
		const char *word = argv[idx];

		if (!forced && !strcmp(word, "--")) {
			forced = 1;
			idx++;
			if (out->command == NO_COMMAND)
				out->command = GTV_COMMAND_RUN;
		} else if (!forced && word[0] == '-' && word[1]) {
			rc = take_option(out, argc, argv, &idx, err);
		} else if (out->command == NO_COMMAND &&
			   gtv_options_command(word) != NO_COMMAND) {
			out->command = gtv_options_command(word);
			idx++;
		} else {
			if (out->command == NO_COMMAND)
				rc = choose_command(out, word, err);
			if (!rc)
				rc = take_operand(out, argv + idx++, err);
		}
	}
	if (rc < 0)
		return rc;
	if (out->command == NO_COMMAND && out->attach)
		out->command = GTV_COMMAND_RUN;
	if (out->command == NO_COMMAND) {
		if (!gtv_options_given(out, GTV_OPTION_HELP) &&
		    !gtv_options_given(out, GTV_OPTION_VERSION))
			return usage_error(err, "no program and no trace given",
					   "gtviz help", "nothing to show");
		out->command = GTV_COMMAND_HELP;
	}
	return check_options(out, err);
}

static void print_option(FILE *out, const struct option_row *row)
{
	char left[40];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->short_name ? '-' : ' ',
		 row->short_name ? row->short_name : ' ', row->short_name ? "," : " ",
		 row->long_name, row->arg ? " " : "", row->arg ? row->arg : "");
	fprintf(out, "  %-21s %s\n", left, row->help);
}

void gtv_options_help(FILE *out, enum gtv_command command)
{
	fprintf(out, "usage: gtviz %s\n%s\n\n", commands[command].usage,
		commands[command].summary);
	for (int i = 0; i < GTV_OPTION_MAX; i++)
		if (option_rows[i].commands >> command & 1)
			print_option(out, &option_rows[i]);
}

void gtv_options_overview(FILE *out)
{
	fprintf(out, "gtviz " GTV_VERSION ": an oscilloscope for schedulers\n\n"
		     "usage: gtviz [OPTIONS] [--] PROGRAM [ARG...]\n"
		     "       gtviz FILE\n"
		     "       gtviz COMMAND [OPTIONS] ...\n\n");
	for (int i = 0; i < GTV_COMMAND_MAX; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\nOptions of a command: gtviz help COMMAND\n");
}

/* "run,record" */
static void print_commands(FILE *out, unsigned mask)
{
	const char *comma = "";

	for (int i = 0; i < GTV_COMMAND_MAX; i++) {
		if (!(mask >> i & 1))
			continue;
		fprintf(out, "%s%s", comma, commands[i].name);
		comma = ",";
	}
}

void gtv_options_man(FILE *out)
{
	for (int i = 0; i < GTV_COMMAND_MAX; i++)
		fprintf(out, "command\t%s\t%s\t%s\n", commands[i].name, commands[i].usage,
			commands[i].summary);
	for (int i = 0; i < GTV_OPTION_MAX; i++) {
		const struct option_row *row = &option_rows[i];

		fprintf(out, "option\t");
		if (row->short_name)
			fprintf(out, "-%c", row->short_name);
		else
			fputc('-', out);
		fprintf(out, "\t--%s\t%s\t", row->long_name, row->arg ? row->arg : "-");
		print_commands(out, row->commands);
		fprintf(out, "\t%s\n", row->help);
	}
	gtv_report_rules_man(out);
}
