/* SPDX-License-Identifier: MIT
 *
 * The command line: one table of commands, one of options. Parsing, `--help` of
 * each command and the list that the manual page is checked against all come
 * from them; what is not in these tables does not exist.
 */
#ifndef GTV_OPTIONS_H
#define GTV_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tracer/base/err.h"
#include "tracer/model/trigger.h"

/* What stands after a command's options. */
enum gtv_operand {
	GTV_OPERAND_NONE,
	GTV_OPERAND_PROGRAM, /* the program and all that follows it */
	GTV_OPERAND_FILE,    /* one trace */
	GTV_OPERAND_FILES,   /* one trace, or two to be compared */
	GTV_OPERAND_COMMAND, /* perhaps a command's name */
	GTV_OPERAND_DEMO,    /* perhaps a demo's name, and all that follows it */
	GTV_OPERAND_TALK,    /* perhaps a talk's name, or its file */
};

/* X(ID, "name", operand, "usage", "summary") */
#define GTV_COMMANDS(X)                                                                    \
	X(RUN, "run", PROGRAM, "[run] [OPTIONS] [--] PROGRAM [ARG...]",                    \
	  "run a program and watch its scheduling live")                                   \
	X(RECORD, "record", PROGRAM, "record -o FILE [OPTIONS] [--] PROGRAM [ARG...]",     \
	  "run a program and write its trace")                                             \
	X(REPLAY, "replay", FILES, "[replay] [OPTIONS] FILE [FILE2]",                      \
	  "open a recorded trace on the same screen, or two side by side")                 \
	X(REPORT, "report", FILE, "report [OPTIONS] FILE",                                 \
	  "print what every thread, lock and core did")                                    \
	X(EVENTS, "events", FILE, "events [OPTIONS] FILE", "print the events, one a line") \
	X(SHOT, "shot", FILES, "shot [OPTIONS] FILE [FILE2]",                              \
	  "print one frame of the screen, without a terminal")                             \
	X(CHECK, "check", FILE, "check FILE",                                              \
	  "check a trace: whole, and true to what any trace obeys")                        \
	X(EXPORT, "export", FILE, "export --to FORMAT -o OUT FILE",                        \
	  "write a trace in another tool's format: perfetto, chrome")                      \
	X(IMPORT, "import", FILE, "import -o FILE IN",                                     \
	  "make a trace of another tool's: perf.data, trace.dat, text, CTF")               \
	X(DEMO, "demo", DEMO, "demo [OPTIONS] [NAME] [ARG...]",                            \
	  "list the bundled demos, or run one: it says what to look for")                  \
	X(TALK, "talk", TALK, "talk [OPTIONS] [NAME|FILE]",                                \
	  "give a talk: chapters that run programs live, or their recordings")             \
	X(DOCTOR, "doctor", NONE, "doctor [OPTIONS]", "say what works here, and why not")  \
	X(HELP, "help", COMMAND, "help [COMMAND]", "print how a command is used")

enum gtv_command {
#define X(id, name, operand, usage, summary) GTV_COMMAND_##id,
	GTV_COMMANDS(X)
#undef X
		GTV_COMMAND_MAX
};

/* Which commands an option belongs to. */
#define GTV_FOR(id)    (1u << GTV_COMMAND_##id)
#define GTV_FOR_SCREEN (GTV_FOR(RUN) | GTV_FOR(REPLAY) | GTV_FOR(DEMO) | GTV_FOR(TALK))
#define GTV_FOR_TRACER (GTV_FOR(RUN) | GTV_FOR(RECORD))
#define GTV_FOR_PART   (GTV_FOR(REPLAY) | GTV_FOR(SHOT) | GTV_FOR(EVENTS) | GTV_FOR(REPORT))
#define GTV_FOR_ALL    ((1u << GTV_COMMAND_MAX) - 1)

/* X(ID, 'short' or 0, "long" or NULL, "ARGUMENT" or NULL, commands, "help") */
#define GTV_OPTIONS(X)                                                                     \
	X(OUTPUT, 'o', "output", "FILE",                                                   \
	  GTV_FOR(DEMO) | GTV_FOR_TRACER | GTV_FOR(SHOT) | GTV_FOR(EXPORT) |               \
		  GTV_FOR(IMPORT),                                                         \
	  "write to FILE; - is the standard output")                                       \
	X(PID, 'p', "pid", "PID|NAME", GTV_FOR_TRACER,                                     \
	  "attach to a running process, by number or name; leaving it is harmless")        \
	X(LEVEL, 0, "level", "N", GTV_FOR(DEMO) | GTV_FOR_TRACER,                          \
	  "kernel source: 3 BPF, 2 tracepoints, 1 own threads, 0 none (best that works)")  \
	X(ALL, 0, "all", NULL, GTV_FOR_TRACER,                                             \
	  "levels 3, 2: record every task of the machine, not only the program's")         \
	X(SYSCALLS, 0, "syscalls", "WHICH", GTV_FOR_TRACER,                                \
	  "level 3: tell system calls: slept (those that did) or all")                     \
	X(IRQ, 0, "irq", NULL, GTV_FOR_TRACER,                                             \
	  "level 3: tell interrupts that come while the program runs or waits")            \
	X(BUFFER, 0, "buffer", "SIZE", GTV_FOR_TRACER,                                     \
	  "event ring of each thread: 64K to 1G (32M; less where memory is short)")        \
	X(RINGS, 0, "rings", "N", GTV_FOR_TRACER,                                          \
	  "how many OS threads of a program on libgt can have one at once (64)")           \
	X(RING, 0, "ring", "SIZE|TIME", GTV_FOR_TRACER,                                    \
	  "keep only the last so much; R, SIGUSR1 and the end write it: 64M, 30s")         \
	X(TRIGGER, 0, "trigger", "COND", GTV_FOR(RECORD),                                  \
	  "record until COND comes true, as wait>5ms; with --ring a file a hit")           \
	X(POST, 0, "post", "TIME", GTV_FOR(RECORD),                                        \
	  "how much of what comes after the trigger is recorded (100ms)")                  \
	X(HITS, 0, "hits", "N", GTV_FOR(RECORD),                                           \
	  "end after the Nth hit of the trigger (1)")                                      \
	X(POLICY, 0, "policy", "NAME", GTV_FOR(DEMO) | GTV_FOR_TRACER,                     \
	  "on libgt: how it is scheduled, as gmp or gil3,interval=1ms; ? lists them")      \
	X(PARAM, 0, "param", "NAME=VALUE", GTV_FOR(DEMO),                                  \
	  "of the demo's policy: another value, as interval=1ms; several by commas")       \
	X(AS_ROOT, 0, "as-root", NULL, GTV_FOR_TRACER,                                     \
	  "under sudo: run the program as root, not as the invoking user")                 \
	X(VIEW, 0, "view", "NAME", GTV_FOR(RUN) | GTV_FOR(REPLAY) | GTV_FOR(SHOT),         \
	  "which view: timeline, threads, locks, latency, load, marks, …")                 \
	X(ROWS, 0, "rows", "KIND", GTV_FOR(RUN) | GTV_FOR(REPLAY) | GTV_FOR(SHOT),         \
	  "rows of the timeline: core, thread, green, lock")                               \
	X(SELECT, 0, "select", "LANE", GTV_FOR(REPLAY) | GTV_FOR(SHOT),                    \
	  "select the longest wait of a lane: C0, G12, T4711, L3")                         \
	X(AT, 0, "at", "TIME", GTV_FOR(REPLAY) | GTV_FOR(SHOT),                            \
	  "put the cursor at TIME after the trace's start")                                \
	X(CRITICAL, 0, "critical", NULL, GTV_FOR(REPLAY) | GTV_FOR(SHOT),                  \
	  "show the critical path of what is selected, or of the window")                  \
	X(WAITS, 0, "waits", NULL, GTV_FOR(REPORT),                                        \
	  "who made whom wait, of however many events (else up to a million)")             \
	X(SIZE, 0, "size", "CxR", GTV_FOR(DEMO) | GTV_FOR(SHOT),                           \
	  "columns and rows of the frame (120x40)")                                        \
	X(FROM, 0, "from", "TIME", GTV_FOR_PART,                                           \
	  "begin at TIME after the trace's start: 1.5s, 20ms, 300us")                      \
	X(TO, 0, "to", "TIME", GTV_FOR_PART, "end at TIME after the trace's start")        \
	X(TO_FORMAT, 0, "to", "FORMAT", GTV_FOR(EXPORT), "write as perfetto or chrome")    \
	X(FORMAT, 0, "format", "FORMAT", GTV_FOR(SHOT),                                    \
	  "text, ansi or svg (ansi on a terminal, else text)")                             \
	X(THEME, 0, "theme", "NAME", GTV_FOR_SCREEN | GTV_FOR(SHOT),                       \
	  "colours: dark, light, safe (colour-blind), projector, 16, mono")                \
	X(ASCII, 0, "ascii", NULL, GTV_FOR_SCREEN | GTV_FOR(SHOT), "draw in ASCII only")   \
	X(NO_MOUSE, 0, "no-mouse", NULL, GTV_FOR_SCREEN,                                   \
	  "leave the mouse to the terminal")                                               \
	X(ABOUT, 0, "about", NULL, GTV_FOR(DEMO),                                          \
	  "say what the demo shows and what to look for; do not run it")                   \
	X(RECORDED, 0, "recorded", NULL, GTV_FOR(TALK),                                    \
	  "show recordings only, run nothing")                                             \
	X(AUTO, 0, "auto", "TIME", GTV_FOR(TALK),                                          \
	  "go on by itself: TIME after a step is shown; ends after the last")              \
	X(NOTES, 0, "notes", NULL, GTV_FOR(TALK),                                          \
	  "on another terminal: the notes of the talk that is being given")                \
	X(RECORD_TALK, 0, "record", NULL, GTV_FOR(TALK),                                   \
	  "run each chapter here, and write its recording")                                \
	X(VERIFY, 0, "check", NULL, GTV_FOR(DEMO) | GTV_FOR(TALK),                         \
	  "fail if it does not show what it is to show: a demo is run unseen")             \
	X(CAST, 0, "cast", "FILE", GTV_FOR_SCREEN,                                         \
	  "also write the screen to FILE as it goes, for asciinema (asciicast v2)")        \
	X(JSON, 0, "json", NULL, GTV_FOR(REPORT) | GTV_FOR(EVENTS) | GTV_FOR(DOCTOR),      \
	  "print JSON")                                                                    \
	X(CSV, 0, "csv", NULL, GTV_FOR(EVENTS), "print comma-separated values")            \
	X(LANE, 0, "lane", "LANE", GTV_FOR(EVENTS),                                        \
	  "only events of a lane: C0, G12, T4711, W0, a lock's name")                      \
	X(KIND, 0, "kind", "KIND", GTV_FOR(EVENTS), "only events of a kind: gt_yield")     \
	X(MAN_OPTIONS, 0, "man-options", NULL, GTV_FOR(HELP),                              \
	  "print all commands and options, and the words they take, one a line")           \
	X(HELP, 'h', "help", NULL, GTV_FOR_ALL, "print this")                              \
	X(VERSION, 'V', "version", NULL, GTV_FOR_ALL, "print the version")

enum gtv_option {
#define X(id, short_name, long_name, arg, commands, help) GTV_OPTION_##id,
	GTV_OPTIONS(X)
#undef X
		GTV_OPTION_MAX
};

enum gtv_format {
	GTV_FORMAT_AUTO, /* as the output is a terminal or not */
	GTV_FORMAT_TEXT,
	GTV_FORMAT_ANSI,
	GTV_FORMAT_SVG,
};

#define GTV_SIZE_MAX 1000 /* columns or rows of --size */

/* A command line, parsed. Texts are borrowed from argv. */
struct gtv_options {
	enum gtv_command command;
	uint64_t given;	      /* 1 << enum gtv_option: what stood there */
	char *const *program; /* NULL-terminated: PROGRAM and its arguments */
	const char *file;     /* FILE, "-" the standard input */
	const char *file2;    /* FILE2, to be compared with it; NULL: none */
	const char *topic; /* of help: a command's name, "keys"; a demo's name; or NULL */

	const char *output;
	const char *attach; /* -p */
	int level;	    /* -1: the best that works */
	int all, as_root;
	int syscalls; /* 0 none, 1 those that slept, 2 all */
	int irq;
	uint64_t keep_bytes, keep_ns; /* --ring */
	size_t ring_bytes;	      /* 0: default */
	unsigned rings;		      /* 0: default */
	struct gtv_condition trigger; /* alts 0: none */
	uint64_t post_ns;
	unsigned hits; /* 0: default */
	const char *policy, *param;
	const char *view, *rows, *select, *theme; /* NULL: default */
	int cols_count, rows_count;		  /* --size; 0: default */
	/* After the trace's start; UINT64_MAX: not given. */
	uint64_t from_ns, to_ns, at_ns;
	int critical, waits;
	enum gtv_format format;
	const char *to_format; /* of export */
	int ascii, no_mouse, json, csv;
	int recorded, notes, record_talk; /* of talk */
	uint64_t auto_ns;		  /* 0: a key is waited for */
	const char *cast;
	const char *lane, *kind;
	int about, verify; /* of demo, and talk */
	/* Not typed: how much a live screen shows at first (0: as ever), and commands as
	 * behind `:`, parted by ';', with which it begins (NULL: none). */
	uint64_t zoom_ns;
	const char *screen;
};

static inline int gtv_options_given(const struct gtv_options *opts, enum gtv_option option)
{
	return (opts->given >> option & 1) != 0;
}

/* Parses argv[1…]. A first operand that is not a command is a trace (replay) if a
 * file of that name begins with a trace's magic, else a program (run). 0, or
 * -GTV_EUSAGE and err: exit status 2. --help and --version come back as given. */
int gtv_options_parse(struct gtv_options *out, int argc, char *const *argv,
		      struct gtv_err *err);

/* "1.5s" "20ms" "300us" "7ns" "0" into ns; -GTV_EUSAGE for anything else. */
int gtv_options_time(const char *text, uint64_t *out_ns);
/* "64K" "8M" "1G" "4096" into bytes; -GTV_EUSAGE for anything else. */
int gtv_options_bytes(const char *text, size_t *out_bytes);

/* The command of that name, GTV_COMMAND_MAX if there is none. */
enum gtv_command gtv_options_command(const char *name);
/* How the command is used, with its options. */
void gtv_options_help(FILE *out, enum gtv_command command);
/* All commands, a line each. */
void gtv_options_overview(FILE *out);
/* The tables, one entry a line, fields parted by tabs: "command NAME USAGE
 * SUMMARY" and "option -o --output ARGUMENT COMMAND,COMMAND HELP" ("-" is an
 * empty field). What the manual page is checked against. */
void gtv_options_man(FILE *out);

#endif
