/* SPDX-License-Identifier: MIT */
#include "tui/app/talk_check.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracer/cmd/cmd.h"
#include "tracer/cmd/demo.h"
#include "tui/canvas/big.h"
#include "tui/trace/trace.h"
#include "tui/trace/seek.h"

#define HALL_COLS 72 /* of an 80-column screen */
#define BESIDE	  42 /* where a figure stands beside it */

/* ---- where ---- */

static const char *const places[] = {"samples/talks", "../samples/talks",
				     "../share/gtviz/talks"};
#define PLACES (sizeof(places) / sizeof(*places))

/* A directory of bundled talks, by where gtviz is. 0, or -1: it is not there. */
static int place_dir(size_t i, char *buf, size_t size)
{
	char self[1024];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = 0;
	slash = strrchr(self, '/');
	if (!slash)
		return -1;
	*slash = 0;
	snprintf(buf, size, "%s/%s", self, places[i]);
	return access(buf, R_OK | X_OK);
}

char *tui_talk_file(const char *name, char *buf, size_t size)
{
	size_t length = strlen(name);
	char dir[1100];

	snprintf(buf, size, "%s", name);
	if (strchr(name, '/') || (length > 5 && !strcmp(name + length - 5, ".talk")))
		return buf;
	for (size_t i = 0; i < PLACES; i++) {
		if (place_dir(i, dir, sizeof(dir)))
			continue;
		snprintf(buf, size, "%s/%s.talk", dir, name);
		if (!access(buf, R_OK))
			return buf;
	}
	snprintf(buf, size, "%s", name);
	return buf;
}

void tui_talk_use_samples(const struct tui_talk *t)
{
	const char *old = getenv("PATH");
	char sample[1400], path[8192];

	for (int i = 0; i < t->chapters; i++) {
		const char *name = t->chapter[i].run[tui_talk_program(&t->chapter[i])];

		if (!name || strchr(name, '/') ||
		    !gtv_demo_sample(name, sample, sizeof(sample)))
			continue;
		*strrchr(sample, '/') = 0;
		if ((size_t)snprintf(path, sizeof(path), "%s%s%s", sample, old ? ":" : "",
				     old ? old : "") < sizeof(path))
			setenv("PATH", path, 1);
		return;
	}
}

char *tui_talk_find_program(const struct tui_talk *t, const char *name, char *buf,
			    size_t size)
{
	if (strchr(name, '/'))
		return tui_talk_path(t, name, buf, size);
	snprintf(buf, size, "%s", name);
	return buf;
}

static void list_one(FILE *out, const char *dir, const char *file)
{
	struct tui_talk_faults faults = {0};
	struct tui_talk *talk;
	char path[1400];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (tui_talk_load(path, &talk, &faults, NULL))
		return;
	fprintf(out, "%-20.*s %s (%d chapters, %d steps)\n", (int)strlen(file) - 5, file,
		talk->title, talk->chapters, talk->steps);
	tui_talk_free(talk);
}

int tui_talk_list(FILE *out)
{
	char dir[1100];
	int count = 0;

	for (size_t i = 0; i < PLACES && !count; i++) {
		struct dirent **entry;
		int n = place_dir(i, dir, sizeof(dir))
				? 0
				: scandir(dir, &entry, NULL, alphasort);

		for (int k = 0; k < n; k++) {
			size_t length = strlen(entry[k]->d_name);

			if (length > 5 && !strcmp(entry[k]->d_name + length - 5, ".talk")) {
				list_one(out, dir, entry[k]->d_name);
				count++;
			}
			free(entry[k]);
		}
		if (n > 0)
			free(entry);
	}
	fputs(count ? "gtviz talk NAME gives one; gtviz talk FILE your own (man "
		      "gtviz-talk)\n"
		    : "no talk is bundled here; gtviz talk FILE gives your own\n",
	      out);
	return fflush(out) ? GTV_EXIT_FAILED : GTV_EXIT_GOOD;
}

/* ---- whether all is there ---- */

static int columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void check_text(const struct tui_talk_step *s, struct tui_talk_faults *f,
		       const char *what, const char *text)
{
	int most = s->big[0] ? BESIDE : HALL_COLS;

	if (columns(text) > most)
		tui_talk_fault(f, s->line, "say it shorter",
			       "%s: %d columns; a hall's screen has room for %d%s", what,
			       columns(text), most, s->big[0] ? " beside the figure" : "");
}

static void check_step(const struct tui_talk_step *s, struct tui_talk_faults *f)
{
	for (int i = 0; i < TUI_PRESENTER_CAPTIONS; i++)
		check_text(s, f, "caption", s->caption[i]);
	check_text(s, f, "legend", s->legend);
	if (s->big[0] && !strchr(s->big, '{') && !tui_big_knows(s->big))
		tui_talk_fault(f, s->line, "figures and units only",
			       "big: \"%s\" has letters that cannot be drawn large",
			       s->big);
}

static void check_place(const struct tui_talk_step *s, struct tui_trace *t,
			struct tui_talk_faults *f)
{
	struct gtv_lane lane = {0};
	struct tui_seek *seek = NULL;

	if (s->at == TUI_AT_HIT)
		seek = tui_seek_condition(t, &s->at_condition, s->at_nth);
	else if (s->at == TUI_AT_WAIT && !tui_trace_lane(t, s->at_lane, &lane))
		seek = tui_seek_longest(t, lane);
	else if (s->at == TUI_AT_WAIT)
		tui_talk_fault(f, s->line, "gtviz report lists them",
			       "at wait %s: the recording has no such lane", s->at_lane);
	if (s->at == TUI_AT_TIME && t->start_ns + s->at_ns > t->nav.last_ns)
		tui_talk_fault(f, s->line, "an earlier time",
			       "at: the recording is only %.3f s long",
			       (double)(t->nav.last_ns - t->start_ns) / 1e9);
	if (seek && tui_seek_go(seek, UINT64_MAX) != TUI_SEEK_FOUND)
		tui_talk_fault(f, s->line, "gtviz talk --record makes it anew",
			       "at: the recording has no such place%s%s",
			       s->at == TUI_AT_HIT ? ": " : "",
			       s->at == TUI_AT_HIT ? s->at_condition.text : "");
	tui_seek_free(seek);
}

static void check_lanes(const struct tui_talk_step *s, const struct tui_trace *t,
			struct tui_talk_faults *f)
{
	struct gtv_lane lane;

	for (int i = 0; i < s->lanes; i++)
		if (tui_trace_lane(t, s->lane[i], &lane))
			tui_talk_fault(f, s->line, "gtviz report lists them",
				       "lanes: the recording has no \"%s\"", s->lane[i]);
	if (s->light[0] && tui_trace_lane(t, s->light, &lane))
		tui_talk_fault(f, s->line, "gtviz report lists them",
			       "light: the recording has no \"%s\"", s->light);
}

static void check_recording(const struct tui_talk *t, const struct tui_talk_chapter *c,
			    struct tui_talk_faults *f)
{
	struct gtv_err err = {0};
	struct tui_trace trace;
	struct tui_seek *seek;
	char path[1400];

	tui_talk_path(t, c->recording, path, sizeof(path));
	if (tui_trace_open(&trace, path, &err)) {
		tui_talk_fault(f, c->recording_line,
			       c->run[0] ? "gtviz talk --record makes it" : err.mend,
			       "recording %s: %s", c->recording, err.why);
		return;
	}
	seek = c->expect.alts ? tui_seek_condition(&trace, &c->expect, 1) : NULL;
	if (seek && tui_seek_go(seek, UINT64_MAX) != TUI_SEEK_FOUND)
		tui_talk_fault(f, c->recording_line, "gtviz talk --record makes it anew",
			       "recording %s: it does not show %s", c->recording,
			       c->expect.text);
	tui_seek_free(seek);
	for (int i = 0; i < c->steps; i++) {
		check_lanes(&t->step[c->first_step + i], &trace, f);
		check_place(&t->step[c->first_step + i], &trace, f);
	}
	tui_trace_close(&trace);
}

static int in_path(const char *name)
{
	const char *dirs = getenv("PATH");
	char path[1400];

	while (dirs && *dirs) {
		size_t size = strcspn(dirs, ":");

		snprintf(path, sizeof(path), "%.*s/%.255s", (int)size, dirs, name);
		if (!access(path, X_OK))
			return 1;
		dirs += size + (dirs[size] == ':');
	}
	return 0;
}

/* A program that is looked for in PATH may be on the speaker's machine. */
static void check_program(const struct tui_talk *t, const struct tui_talk_chapter *c,
			  struct tui_talk_faults *f)
{
	const char *name = c->run[tui_talk_program(c)];
	char path[1400];

	if (!name)
		return;
	tui_talk_find_program(t, name, path, sizeof(path));
	if (strchr(path, '/') ? access(path, X_OK) : !in_path(path))
		tui_talk_fault(f, c->run_line, "make; a bundled sample, a path, or in PATH",
			       "run %s: it is not there, or cannot be executed", name);
}

void tui_talk_check(const struct tui_talk *t, struct tui_talk_faults *faults)
{
	for (int i = 0; i < t->steps; i++)
		check_step(&t->step[i], faults);
	for (int i = 0; i < t->chapters; i++) {
		const struct tui_talk_chapter *c = &t->chapter[i];

		if (c->run[0])
			check_program(t, c, faults);
		if (c->recording)
			check_recording(t, c, faults);
		else
			tui_talk_fault(
				faults, c->line, "recording FILE, then talk --record",
				"the chapter has no recording: if its run fails there is "
				"nothing to show");
	}
}

/* ---- recordings ---- */

static int record_chapter(const struct tui_talk *t, const struct tui_talk_chapter *c,
			  struct gtv_err *err)
{
	char *argv[TUI_TALK_ARGS + 8] = {(char *)"gtviz", (char *)"record", (char *)"-o"};
	char out[1400], program[1400];
	int n = tui_talk_program(c), count = 3, status;

	argv[count++] = tui_talk_path(t, c->recording, out, sizeof(out));
	for (int i = 0; i < n; i++)
		argv[count++] = c->run[i];
	argv[count++] = tui_talk_find_program(t, c->run[n], program, sizeof(program));
	for (int i = n + 1; c->run[i]; i++)
		argv[count++] = c->run[i];
	printf("%s: %s\n", c->title, out);
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return gtv_err_set(err, GTV_EIO, c->title, "", "%s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return gtv_err_set(err, GTV_EIO, c->title, "its own words are above",
			   "the recording of %s was not made", c->run[n]);
}

int tui_talk_record(const struct tui_talk *t, struct gtv_err *err)
{
	for (int i = 0; i < t->chapters; i++) {
		const struct tui_talk_chapter *c = &t->chapter[i];
		int rc = c->run[0] && c->recording ? record_chapter(t, c, err) : 0;

		if (rc)
			return rc;
	}
	return 0;
}
