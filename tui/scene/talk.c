/* SPDX-License-Identifier: MIT */
#include "tui/scene/talk.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tracer/base/duration.h"

#define FILE_MOST  (1u << 20)
#define LINE_MOST  1024
#define WORDS_MOST (TUI_TALK_ARGS + 2)
#define WITHIN_NS  10000000000ull

/* A line, as words. */
struct words {
	char text[LINE_MOST + WORDS_MOST];
	char *word[WORDS_MOST];
	int count;
};

struct reader {
	struct tui_talk *talk;
	struct tui_talk_faults *faults;
	struct tui_talk_step look; /* what the next step begins with */
	int line;
	int in_chapter, in_step;
};

void tui_talk_fault(struct tui_talk_faults *f, int line, const char *mend, const char *fmt,
		    ...)
{
	char what[320];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	f->count++;
	if (f->fault)
		f->fault(f->arg, line, what, mend ? mend : "");
}

#define fault(r, mend, ...) tui_talk_fault((r)->faults, (r)->line, mend, __VA_ARGS__)

/* ---- words ---- */

static void put(char **to, char c)
{
	*(*to)++ = c;
}

/* "with blanks" is one word; \" and \\ are themselves in it. 0, or -1: no end. */
static int quoted(const char **at, const char *end, char **to)
{
	for ((*at)++; *at < end && **at != '"'; (*at)++) {
		if (**at == '\\' && *at + 1 < end)
			(*at)++;
		put(to, **at);
	}
	if (*at == end)
		return -1;
	(*at)++;
	return 0;
}

static int split(struct reader *r, const char *at, const char *end, struct words *w)
{
	char *to = w->text;

	memset(w, 0, sizeof(*w));
	if (end - at > LINE_MOST) {
		fault(r, "break it up", "the line is longer than %d bytes", LINE_MOST);
		return -1;
	}
	for (;;) {
		while (at < end && isspace((unsigned char)*at))
			at++;
		if (at == end || *at == '#')
			return 0;
		if (w->count == WORDS_MOST) {
			fault(r, "break it up", "there are more than %d words", WORDS_MOST);
			return -1;
		}
		w->word[w->count++] = to;
		if (*at == '"') {
			if (quoted(&at, end, &to)) {
				fault(r, "close the \"", "a quoted text does not end");
				return -1;
			}
		} else {
			while (at < end && !isspace((unsigned char)*at))
				put(&to, *at++);
		}
		put(&to, '\0');
	}
}

/* ---- values ---- */

static int copy_text(struct reader *r, char *to, size_t size, const char *text)
{
	if (strlen(text) >= size) {
		fault(r, "shorten it", "\"%.40s…\" is longer than %zu bytes", text,
		      size - 1);
		return -1;
	}
	snprintf(to, size, "%s", text);
	return 0;
}

static int take_time(struct reader *r, const char *word, uint64_t *out_ns)
{
	if (!gtv_duration(word, strlen(word), out_ns))
		return 0;
	fault(r, "as 40ms, 1.5s or 300us", "\"%s\" is no time", word);
	return -1;
}

static int take_condition(struct reader *r, const char *text, struct gtv_condition *out)
{
	struct gtv_err err = {0};

	if (!gtv_condition_parse(out, text, &err))
		return 0;
	fault(r, err.mend, "%s: %s", text, err.why);
	return -1;
}

static char *copy(struct reader *r, const char *text)
{
	char *out = strdup(text);

	if (!out)
		fault(r, NULL, "out of memory");
	return out;
}

/* ---- directives: of the talk and its chapters ---- */

static struct tui_talk_chapter *chapter(struct reader *r)
{
	return &r->talk->chapter[r->talk->chapters - 1];
}

static void do_talk(struct reader *r, const struct words *w)
{
	copy_text(r, r->talk->title, sizeof(r->talk->title), w->word[1]);
}

static void do_chapter(struct reader *r, const struct words *w)
{
	static const struct tui_talk_step blank = {.view = TUI_VIEW_PRESENTER, .at_nth = 1};

	if (r->talk->chapters == TUI_TALK_CHAPTERS) {
		fault(r, "join some", "there are more than %d chapters", TUI_TALK_CHAPTERS);
		return;
	}
	r->talk->chapters++;
	r->in_chapter = 1;
	r->in_step = 0;
	r->look = blank;
	r->look.chapter = r->talk->chapters - 1;
	chapter(r)->line = r->line;
	chapter(r)->first_step = r->talk->steps;
	chapter(r)->within_ns = WITHIN_NS;
	copy_text(r, chapter(r)->title, sizeof(chapter(r)->title), w->word[1]);
}

/* A talk is a stranger's file: it may run programs as whoever gives it, and no more. What
 * it must not say is where the trace goes, what is looked into, and who runs it. */
static int is_refused(const char *option)
{
	static const char *const refused[] = {"--as-root", "--output", "--pid"};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		size_t size = strlen(refused[i]);

		if (!strncmp(option, refused[i], size) &&
		    (!option[size] || option[size] == '='))
			return 1;
	}
	return option[0] == '-' && (option[1] == 'o' || option[1] == 'p');
}

/* Beside the talk, or in a folder there. */
static int is_outside(const char *name)
{
	const char *at = name;

	while ((at = strstr(at, ".."))) {
		if ((at == name || at[-1] == '/') && (!at[2] || at[2] == '/'))
			return 1;
		at += 2;
	}
	return name[0] == '/';
}

static void do_run(struct reader *r, const struct words *w)
{
	struct tui_talk_chapter *c = chapter(r);

	if (c->run[0]) {
		fault(r, "begin another chapter", "the chapter runs a program already");
		return;
	}
	c->run_line = r->line;
	for (int i = 1; i < w->count && i <= TUI_TALK_ARGS; i++)
		c->run[i - 1] = copy(r, w->word[i]);
	for (int i = 0; i < tui_talk_program(c); i++)
		if (is_refused(c->run[i]))
			fault(r, "leave it out", "%s is not for a talk to say", c->run[i]);
	if (!c->run[tui_talk_program(c)])
		fault(r, "run [OPTIONS] PROGRAM [ARG...]", "no program is named");
}

static void do_recording(struct reader *r, const struct words *w)
{
	struct tui_talk_chapter *c = chapter(r);

	free(c->recording);
	c->recording = copy(r, w->word[1]);
	if (is_outside(w->word[1]))
		fault(r, "recording FILE, without .. and not beginning with /",
		      "\"%s\" is not beside the talk", w->word[1]);
	c->recording_line = r->line;
}

static void do_expect(struct reader *r, const struct words *w)
{
	take_condition(r, w->word[1], &chapter(r)->expect);
}

static void do_within(struct reader *r, const struct words *w)
{
	take_time(r, w->word[1], &chapter(r)->within_ns);
}

static void do_step(struct reader *r, const struct words *w)
{
	struct tui_talk *t = r->talk;
	struct tui_talk_step *more;

	(void)w;
	if (t->steps == TUI_TALK_STEPS) {
		fault(r, "join some", "there are more than %d steps", TUI_TALK_STEPS);
		return;
	}
	more = realloc(t->step, (size_t)(t->steps + 1) * sizeof(*more));
	if (!more) {
		fault(r, NULL, "out of memory");
		return;
	}
	t->step = more;
	if (r->in_step)
		r->look = t->step[t->steps - 1];
	r->look.line = r->line;
	r->look.notes = NULL;
	r->look.wait = TUI_WAIT_KEY;
	t->step[t->steps++] = r->look;
	chapter(r)->steps++;
	r->in_step = 1;
}

/* ---- directives: of steps; before a chapter's first, of all of its steps ---- */

static struct tui_talk_step *step(struct reader *r)
{
	return r->in_step ? &r->talk->step[r->talk->steps - 1] : &r->look;
}

static void do_caption(struct reader *r, const struct words *w)
{
	for (int i = 0; i < TUI_PRESENTER_CAPTIONS; i++)
		copy_text(r, step(r)->caption[i], sizeof(step(r)->caption[i]),
			  i + 1 < w->count ? w->word[i + 1] : "");
}

static void do_big(struct reader *r, const struct words *w)
{
	copy_text(r, step(r)->big, sizeof(step(r)->big), w->word[1]);
}

static void do_legend(struct reader *r, const struct words *w)
{
	copy_text(r, step(r)->legend, sizeof(step(r)->legend), w->word[1]);
}

static void do_note(struct reader *r, const struct words *w)
{
	struct tui_talk_step *s = step(r);
	size_t have = s->notes ? strlen(s->notes) + 1 : 0, size = strlen(w->word[1]) + 1;

	if (!r->in_step) {
		fault(r, "put it below a step", "a note belongs to a step");
		return;
	}
	char *more = realloc(s->notes, have + size);

	if (!more) {
		fault(r, NULL, "out of memory");
		return;
	}
	s->notes = more;
	if (have)
		more[have - 1] = '\n';
	memcpy(more + have, w->word[1], size);
}

static void do_view(struct reader *r, const struct words *w)
{
	const struct tui_view_ops *view = tui_view_find(w->word[1]);

	if (view)
		step(r)->view = view->id;
	else
		fault(r, "gtviz help shot lists them", "there is no view \"%s\"",
		      w->word[1]);
}

static void do_rows(struct reader *r, const struct words *w)
{
	static const char *const kinds[] = {"core", "thread", "green", "lock", "worker"};

	for (int i = 0; i < TUI_ROWS_MAX; i++) {
		if (strcmp(w->word[1], kinds[i]))
			continue;
		step(r)->rows = (enum tui_rows)i;
		return;
	}
	fault(r, "core, thread, green, lock or worker", "there are no rows by \"%s\"",
	      w->word[1]);
}

static void do_lanes(struct reader *r, const struct words *w)
{
	struct tui_talk_step *s = step(r);

	s->lanes = 0;
	if (w->count - 1 > TUI_PRESENTER_LANES) {
		fault(r, "name fewer", "a hall sees %d lanes at most", TUI_PRESENTER_LANES);
		return;
	}
	if (w->count == 2 && !strcmp(w->word[1], "auto"))
		return;
	for (int i = 1; i < w->count; i++)
		if (!copy_text(r, s->lane[s->lanes], sizeof(s->lane[0]), w->word[i]))
			s->lanes++;
}

static void do_light(struct reader *r, const struct words *w)
{
	int none = !strcmp(w->word[1], "nothing");

	copy_text(r, step(r)->light, sizeof(step(r)->light), none ? "" : w->word[1]);
}

static void do_window(struct reader *r, const struct words *w)
{
	if (!strcmp(w->word[1], "all"))
		step(r)->window_ns = 0;
	else if (!take_time(r, w->word[1], &step(r)->window_ns) && !step(r)->window_ns)
		fault(r, "as 40ms, or all", "a window of no time shows nothing");
}

/* at mark NAME [N], at finding NAME [N], at hit CONDITION [N] */
static void at_hit(struct reader *r, const struct words *w)
{
	struct tui_talk_step *s = step(r);
	char text[GTV_TRIGGER_TEXT + 16];
	const char *kind = w->word[1];

	if (w->count < 3) {
		fault(r, "at mark NAME, at finding NAME, at hit CONDITION",
		      "at %s: which is not said", kind);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%.160s", strcmp(kind, "hit") ? kind : "",
		 strcmp(kind, "hit") ? "=" : "", w->word[2]);
	s->at = TUI_AT_HIT;
	s->at_nth = 1;
	take_condition(r, text, &s->at_condition);
	if (w->count == 4) {
		char *end;
		unsigned long nth = strtoul(w->word[3], &end, 10);

		if (*end || nth < 1 || nth > 1000000)
			fault(r, "1 is the first", "\"%s\" says not which", w->word[3]);
		else
			s->at_nth = (unsigned)nth;
	}
}

static void do_at(struct reader *r, const struct words *w)
{
	struct tui_talk_step *s = step(r);
	const char *word = w->word[1];

	if (!strcmp(word, "live"))
		s->at = TUI_AT_LIVE;
	else if (!strcmp(word, "begin"))
		s->at = TUI_AT_BEGIN;
	else if (!strcmp(word, "end"))
		s->at = TUI_AT_END;
	else if (!strcmp(word, "mark") || !strcmp(word, "finding") || !strcmp(word, "hit"))
		at_hit(r, w);
	else if (!strcmp(word, "wait") && w->count == 3) {
		s->at = TUI_AT_WAIT;
		copy_text(r, s->at_lane, sizeof(s->at_lane), w->word[2]);
	} else if (!gtv_duration(word, strlen(word), &s->at_ns))
		s->at = TUI_AT_TIME;
	else
		fault(r,
		      "live, begin, end, TIME, mark NAME, finding NAME, hit CONDITION or "
		      "wait LANE",
		      "\"%s\" is no place in a trace", word);
}

static void do_play(struct reader *r, const struct words *w)
{
	char *end;
	double speed = strtod(w->word[1], &end);

	if (*end || !(speed >= 0 && speed <= 10) || end == w->word[1])
		fault(r, "1 is real time, 0.01 a hundredth, 0 stands still",
		      "\"%s\" is no speed", w->word[1]);
	else
		step(r)->play_permille = (int)(speed * 1000 + 0.5);
	if (speed > 0 && speed < 0.001)
		fault(r, "0.001 is the slowest", "\"%s\" is too slow to be seen",
		      w->word[1]);
}

static void do_critical(struct reader *r, const struct words *w)
{
	if (strcmp(w->word[1], "on") && strcmp(w->word[1], "off"))
		fault(r, "on or off", "critical: what is \"%s\"?", w->word[1]);
	step(r)->critical = !strcmp(w->word[1], "on");
}

static void do_wait(struct reader *r, const struct words *w)
{
	struct tui_talk_step *s = step(r);

	if (!r->in_step)
		fault(r, "put it below a step", "a wait belongs to a step");
	else if (!strcmp(w->word[1], "key"))
		s->wait = TUI_WAIT_KEY;
	else if (!strcmp(w->word[1], "end"))
		s->wait = TUI_WAIT_END;
	else if (!take_time(r, w->word[1], &s->wait_ns))
		s->wait = TUI_WAIT_TIME;
}

enum where { ANYWHERE, IN_CHAPTER, IN_LOOK }; /* IN_LOOK: in a chapter, or its steps */

static const struct directive {
	const char *name, *usage;
	int least, most; /* words after it */
	enum where where;
	void (*take)(struct reader *r, const struct words *w);
} directives[] = {
	{"talk", "talk \"TITLE\"", 1, 1, ANYWHERE, do_talk},
	{"chapter", "chapter \"TITLE\"", 1, 1, ANYWHERE, do_chapter},
	{"run", "run [OPTIONS] PROGRAM [ARG...]", 1, TUI_TALK_ARGS, IN_CHAPTER, do_run},
	{"recording", "recording FILE", 1, 1, IN_CHAPTER, do_recording},
	{"expect", "expect CONDITION", 1, 1, IN_CHAPTER, do_expect},
	{"within", "within TIME", 1, 1, IN_CHAPTER, do_within},
	{"step", "step", 0, 0, IN_LOOK, do_step},
	{"caption", "caption \"LINE\" [\"LINE\"]", 1, 2, IN_LOOK, do_caption},
	{"big", "big \"4.9 ms\"", 1, 1, IN_LOOK, do_big},
	{"legend", "legend \"TEXT\"", 1, 1, IN_LOOK, do_legend},
	{"note", "note \"TEXT\"", 1, 1, IN_LOOK, do_note},
	{"view", "view NAME", 1, 1, IN_LOOK, do_view},
	{"rows", "rows KIND", 1, 1, IN_LOOK, do_rows},
	{"lanes", "lanes LANE...", 1, WORDS_MOST, IN_LOOK, do_lanes},
	{"light", "light LANE", 1, 1, IN_LOOK, do_light},
	{"window", "window TIME", 1, 1, IN_LOOK, do_window},
	{"at", "at PLACE", 1, 3, IN_LOOK, do_at},
	{"play", "play SPEED", 1, 1, IN_LOOK, do_play},
	{"critical", "critical on", 1, 1, IN_LOOK, do_critical},
	{"wait", "wait key, wait TIME or wait end", 1, 1, IN_LOOK, do_wait},
};

#define DIRECTIVES (sizeof(directives) / sizeof(*directives))

static const struct directive *find_directive(const char *name)
{
	for (size_t i = 0; i < DIRECTIVES; i++)
		if (!strcmp(directives[i].name, name))
			return &directives[i];
	return NULL;
}

const char *tui_talk_directive(int idx)
{
	return idx < (int)DIRECTIVES ? directives[idx].name : NULL;
}

static void take_line(struct reader *r, const struct words *w)
{
	const struct directive *d = find_directive(w->word[0]);
	static char names[256];

	if (!names[0])
		for (size_t i = 0; i < DIRECTIVES; i++)
			snprintf(names + strlen(names), sizeof(names) - strlen(names),
				 "%s%s", i ? " " : "", directives[i].name);
	if (!d)
		fault(r, names, "nobody knows what \"%.40s\" is", w->word[0]);
	else if (w->count - 1 < d->least || w->count - 1 > d->most)
		fault(r, d->usage, "%s: too %s words", d->name,
		      w->count - 1 < d->least ? "few" : "many");
	else if (d->where != ANYWHERE && !r->in_chapter)
		fault(r, "chapter \"TITLE\"", "%s stands before the first chapter",
		      d->name);
	else if (d->where == IN_CHAPTER && r->in_step)
		fault(r, "put it before the chapter's first step",
		      "%s belongs to the chapter", d->name);
	else
		d->take(r, w);
}

/* What only the whole can tell. */
static void look_back(struct reader *r)
{
	struct tui_talk *t = r->talk;

	if (!t->title[0])
		tui_talk_fault(r->faults, 0, "talk \"TITLE\"", "the talk has no title");
	if (!t->chapters)
		tui_talk_fault(r->faults, 0, "chapter \"TITLE\"",
			       "the talk has no chapter");
	for (int i = 0; i < t->chapters; i++) {
		const struct tui_talk_chapter *c = &t->chapter[i];

		if (!c->steps)
			tui_talk_fault(r->faults, c->line, "step",
				       "the chapter has no step");
		if (!c->run[0] && !c->recording)
			tui_talk_fault(r->faults, c->line, "run PROGRAM, recording FILE",
				       "the chapter has nothing to show");
	}
}

struct tui_talk *tui_talk_parse(const char *text, size_t size, const char *dir,
				struct tui_talk_faults *faults)
{
	struct reader r = {.faults = faults};
	const char *end = text + size;
	struct words *w = malloc(sizeof(*w));

	r.talk = calloc(1, sizeof(*r.talk));
	if (r.talk)
		r.talk->dir = strdup(dir);
	if (!w || !r.talk || !r.talk->dir) {
		free(w);
		tui_talk_free(r.talk);
		return NULL;
	}
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop ? stop : end;
		r.line++;
		if (memchr(text, '\0', (size_t)(stop - text)))
			fault(&r, "write it as text", "a NUL byte: this is no text");
		else if (!split(&r, text, stop, w) && w->count)
			take_line(&r, w);
		text = stop + 1;
	}
	look_back(&r);
	free(w);
	return r.talk;
}

int tui_talk_load(const char *path, struct tui_talk **out, struct tui_talk_faults *faults,
		  struct gtv_err *err)
{
	const char *slash = strrchr(path, '/');
	char dir[1024];
	FILE *f = fopen(path, "re");
	struct stat st;

	if (!f)
		return gtv_err_set(err, errno == ENOENT ? GTV_ENOTFOUND : GTV_EIO, path,
				   "gtviz talk lists the bundled ones", "%s",
				   strerror(errno));
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MOST) {
		fclose(f);
		return gtv_err_set(err, GTV_EFORMAT, path, "man gtviz-talk",
				   "it is no text file of at most 1 MiB");
	}
	char *text = malloc((size_t)st.st_size + 1);
	size_t size = text ? fread(text, 1, (size_t)st.st_size, f) : 0;
	int failed = ferror(f);

	fclose(f);
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 0, path);
	*out = text && !failed ? tui_talk_parse(text, size, dir, faults) : NULL;
	free(text);
	if (*out)
		return 0;
	return failed ? gtv_err_set(err, GTV_EIO, path, "", "it cannot be read")
		      : gtv_err_set(err, GTV_ENOMEM, path, "", "out of memory");
}

void tui_talk_free(struct tui_talk *t)
{
	if (!t)
		return;
	for (int i = 0; i < t->chapters; i++) {
		for (int k = 0; k < TUI_TALK_ARGS; k++)
			free(t->chapter[i].run[k]);
		free(t->chapter[i].recording);
	}
	for (int i = 0; i < t->steps; i++)
		free(t->step[i].notes);
	free(t->step);
	free(t->dir);
	free(t);
}

int tui_talk_program(const struct tui_talk_chapter *c)
{
	int i = 0;

	/* All of record's options that a talk has a use for take a value but two. */
	while (c->run[i] && c->run[i][0] == '-') {
		int alone = strchr(c->run[i], '=') || !strcmp(c->run[i], "--irq") ||
			    !strcmp(c->run[i], "--all") || !strcmp(c->run[i], "--");

		i += alone || !c->run[i + 1] ? 1 : 2;
	}
	return i;
}

char *tui_talk_path(const struct tui_talk *t, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", name[0] == '/' ? "" : t->dir, name);
	return buf;
}
