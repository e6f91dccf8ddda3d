/* SPDX-License-Identifier: MIT
 *
 * Text as `cat trace` of tracefs, `trace-cmd report` and `perf script` print it: a
 * line an event,
 *
 *	COMM-TID [(TGID)] [CORE] [FLAGS] SECONDS: EVENT: FIELDS
 *	COMM TID[/..] [CORE] SECONDS: [SYSTEM:]EVENT: FIELDS
 *
 * where COMM may hold anything. So a line is read from its time outwards; a line that
 * is no event is passed over.
 */
#include "tracer/import/importers.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/base/progress.h"

#define LINE_MAX_BYTES 1024
#define TELL_BYTES     65536 /* how often it is told how far we are */

struct line {
	char text[LINE_MAX_BYTES];
	uint64_t ts_ns;
	int core;
	uint32_t tid, pid;
	const char *comm;
	size_t comm_len;
	const char *event, *fields;
};

struct text {
	struct gtv__feed *feed;
	int wakings; /* the file has sched_waking: its wake-ups add nothing */
	uint64_t lines, events, odd;
	struct lost {
		int core;
		uint64_t count;
	} lost[64]; /* told before the time of it is known */
	size_t lost_count;
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *p into *v; 0 if there are none or they do not fit. */
static int number(const char **p, uint64_t *v)
{
	uint64_t n = 0;
	const char *at = *p;

	for (; is_digit(*at); at++)
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*at - '0'), &n))
			return 0;
	if (at == *p)
		return 0;
	*v = n;
	*p = at;
	return 1;
}

/* "1234.567890:" at p. */
static int time_at(const char *p, uint64_t *ts_ns, const char **behind)
{
	uint64_t s, part, unit = 1000000000;
	const char *start;

	if (!number(&p, &s) || *p++ != '.' || s > 4000000000ull)
		return 0;
	start = p;
	if (!number(&p, &part) || p - start > 9 || *p != ':')
		return 0;
	for (ptrdiff_t i = p - start; i; i--)
		unit /= 10;
	*ts_ns = s * 1000000000 + part * unit;
	*behind = p + 1;
	return 1;
}

/* What stands before the time, from behind: flags, "[core]", "(tgid)", the thread. */
static int read_who(struct line *l, const char *end)
{
	const char *p = end, *word;
	uint64_t n;

	for (int tries = 0;; tries++) {
		while (p > l->text && p[-1] == ' ')
			p--;
		word = p;
		while (word > l->text && word[-1] != ' ')
			word--;
		if (*word == '[' && p[-1] == ']')
			break;
		/* one word of flags may stand between */
		if (tries || word == l->text || p - word > 12)
			return 0;
		p = word;
	}
	const char *digits = word + 1;

	if (!number(&digits, &n) || digits != p - 1 || n >= GTV__IMPORT_CORES)
		return 0;
	l->core = (int)n;
	for (p = word; p > l->text && p[-1] == ' ';)
		p--;
	if (p > l->text && p[-1] == ')') {
		while (p > l->text && *p != '(')
			p--;
		const char *pid = p + 1 + strspn(p + 1, " ");
		if (number(&pid, &n) && n <= INT32_MAX)
			l->pid = (uint32_t)n;
		while (p > l->text && p[-1] == ' ')
			p--;
	}
	word = p;
	while (word > l->text && is_digit(word[-1]))
		word--;
	digits = word;
	if (!number(&digits, &n) || n > INT32_MAX)
		return 0;
	/* perf: "-1" is a thread that is gone: which it was, is not known. */
	if (n == 1 && word > l->text + 1 && word[-1] == '-' && word[-2] == ' ')
		n = 0;
	l->tid = (uint32_t)n;
	if (word > l->text && word[-1] == '/') { /* perf: PID/TID */
		for (p = word - 1; p > l->text && is_digit(p[-1]);)
			p--;
		digits = p;
		if (number(&digits, &n) && n <= INT32_MAX)
			l->pid = (uint32_t)n;
		word = p;
	}
	if (word > l->text && word[-1] == '-')
		word--;
	while (word > l->text && word[-1] == ' ')
		word--;
	l->comm = l->text + strspn(l->text, " ");
	l->comm_len = word > l->comm ? (size_t)(word - l->comm) : 0;
	return 1;
}

/* "sched:sched_switch: FIELDS", perhaps with a number (perf's period) before it. */
static int read_event(struct line *l, char *p)
{
	char *end, *colon;

	p += strspn(p, " ");
	if (is_digit(*p)) {
		p += strspn(p, "0123456789");
		p += strspn(p, " ");
	}
	end = p + strcspn(p, " ");
	if (end == p || end[-1] != ':')
		return 0;
	l->fields = *end ? end + 1 + strspn(end + 1, " ") : end;
	end[-1] = 0;
	colon = strrchr(p, ':');
	l->event = colon ? colon + 1 : p;
	return 1;
}

static int read_line(struct line *l)
{
	const char *behind;

	l->pid = l->tid = 0;
	for (char *p = l->text; (p = strchr(p, ' ')); p++) {
		if (!is_digit(p[1]) || !time_at(p + 1, &l->ts_ns, &behind))
			continue;
		if (read_who(l, p + 1))
			return read_event(l, l->text + (behind - l->text));
	}
	return 0;
}

/* ------------------------------------------------------------------ fields */

/* The value of KEY= as a number. */
static int value(const char *fields, const char *key, uint64_t *v)
{
	size_t len = strlen(key);

	for (const char *p = fields; (p = strstr(p, key)); p += len) {
		if ((p == fields || p[-1] == ' ') && p[len] == '=') {
			p += len + 1;
			return number(&p, v);
		}
	}
	return 0;
}

static uint8_t off_of(const char *state)
{
	size_t len = strcspn(state, " ");

	/* "+": preempted, whatever it was about to do. */
	if (len && state[len - 1] == '+')
		return GTV_OFF_PREEMPTED;
	for (size_t i = 0; i < len; i++)
		switch (state[i]) {
		case 'R':
			return GTV_OFF_PREEMPTED;
		case 'D':
			return GTV_OFF_DISK;
		case 'I':
			return GTV_OFF_IDLE;
		case 'T':
		case 't':
			return GTV_OFF_STOPPED;
		case 'X':
		case 'x':
		case 'Z':
			return GTV_OFF_DEAD;
		case 'S':
		case 'P':
			return GTV_OFF_SLEEP;
		default:
			break;
		}
	return GTV_OFF_UNKNOWN;
}

struct thread {
	const char *comm;
	size_t comm_len;
	uint64_t tid;
	const char *rest;
};

/* "COMM:TID [PRIO] REST", as trace-cmd's plugins print. The last of what looks so. */
static int plugin_thread(const char *text, size_t len, struct thread *t)
{
	for (const char *p = text + len; p > text; p--) {
		const char *q;

		if (p[-1] != '[' || p - text < 2 || p[-2] != ' ')
			continue;
		for (q = p - 2; q > text && is_digit(q[-1]);)
			q--;
		if (q == text || q[-1] != ':' || !is_digit(*q))
			continue;
		t->comm = text;
		t->comm_len = (size_t)(q - 1 - text);
		t->rest = p + strcspn(p, "]");
		t->rest += *t->rest ? 1 + strspn(t->rest + 1, " ") : 0;
		return number(&q, &t->tid) && t->tid <= INT32_MAX;
	}
	return 0;
}

/* "comm=COMM pid=TID" with a word before both names ("prev_"). */
static int keyed_thread(const char *text, const char *comm_key, const char *pid_key,
			struct thread *t)
{
	const char *comm = strstr(text, comm_key), *pid;

	if (!comm)
		return 0;
	t->comm = comm + strlen(comm_key);
	pid = strstr(t->comm, pid_key);
	if (!pid)
		return 0;
	t->comm_len = (size_t)(pid - t->comm);
	pid += strlen(pid_key);
	t->rest = pid;
	return number(&t->rest, &t->tid) && t->tid <= INT32_MAX;
}

static int name(struct text *x, const struct thread *t)
{
	return gtv__feed_thread(x->feed, (uint32_t)t->tid, 0, t->comm, t->comm_len);
}

/* Returns 1 if the line is none. */
static int on_switch(struct text *x, const struct line *l)
{
	const char *arrow = strstr(l->fields, " ==> "), *state;
	struct thread prev, next;
	int rc;

	if (!arrow)
		return 1;
	if (keyed_thread(l->fields, "prev_comm=", " prev_pid=", &prev)) {
		state = strstr(prev.rest, " prev_state=");
		if (!state || !keyed_thread(arrow, "next_comm=", " next_pid=", &next))
			return 1;
		state += strlen(" prev_state=");
	} else {
		size_t len = (size_t)(arrow - l->fields);

		if (!plugin_thread(l->fields, len, &prev) ||
		    !plugin_thread(arrow + 5, strlen(arrow + 5), &next))
			return 1;
		state = prev.rest;
	}
	rc = name(x, &prev);
	if (!rc)
		rc = name(x, &next);
	if (!rc)
		rc = gtv__feed_switch(x->feed, l->ts_ns, l->core, (uint32_t)prev.tid,
				      off_of(state), (uint32_t)next.tid);
	return rc;
}

static int on_wake(struct text *x, const struct line *l, uint16_t kind, uint32_t waker)
{
	struct thread woken;
	uint64_t core = 0;
	const char *cpu;
	int rc;

	if (keyed_thread(l->fields, "comm=", " pid=", &woken)) {
		value(woken.rest, "target_cpu", &core);
	} else {
		if (!plugin_thread(l->fields, strlen(l->fields), &woken))
			return 1;
		cpu = strstr(woken.rest, "CPU:");
		if (cpu && (cpu += 4))
			number(&cpu, &core);
	}
	rc = name(x, &woken);
	return rc ? rc
		  : gtv__feed_wake(x->feed, l->ts_ns, l->core, kind, waker,
				   (uint32_t)woken.tid, kind == GTV_EV_K_NEW ? core : 0);
}

static int on_migrate(struct text *x, const struct line *l)
{
	struct gtv_ev ev = {.ts_ns = l->ts_ns, .kind = GTV_EV_K_MIGRATE};
	struct thread moved;
	uint64_t from;
	int rc;

	if (!keyed_thread(l->fields, "comm=", " pid=", &moved) ||
	    !value(moved.rest, "orig_cpu", &from) || from >= GTV__IMPORT_CORES ||
	    !value(moved.rest, "dest_cpu", &ev.arg))
		return 1;
	ev.core = (int32_t)from;
	ev.obj = (uint32_t)moved.tid;
	rc = name(x, &moved);
	return rc ? rc : gtv__feed_event(x->feed, &ev);
}

static int on_task(struct text *x, const struct line *l, uint16_t kind)
{
	struct gtv_ev ev = {
		.ts_ns = l->ts_ns, .kind = kind, .core = l->core, .tid = l->tid};
	struct thread a, b;
	uint64_t n;
	int rc = 0;

	switch (kind) {
	case GTV_EV_K_FORK: /* "comm=… pid=… child_comm=… child_pid=…" */
		if (!keyed_thread(l->fields, "comm=", " pid=", &a) ||
		    !keyed_thread(a.rest, "child_comm=", " child_pid=", &b))
			return 1;
		ev.tid = (uint32_t)a.tid;
		ev.obj = (uint32_t)b.tid;
		rc = name(x, &b);
		break;
	case GTV_EV_K_EXIT:
		if (!keyed_thread(l->fields, "comm=", " pid=", &a))
			return 1;
		ev.tid = (uint32_t)a.tid;
		ev.arg = gtv__feed_pid(x->feed, ev.tid);
		break;
	default:
		if (value(l->fields, "pid", &n) && n <= INT32_MAX)
			ev.tid = (uint32_t)n;
	}
	return rc ? rc : gtv__feed_event(x->feed, &ev);
}

static int on_event(struct text *x, const struct line *l)
{
	const char *event = l->event;

	if (!strcmp(event, "sched_switch"))
		return on_switch(x, l);
	if (!strcmp(event, "sched_waking"))
		return on_wake(x, l, GTV_EV_K_WAKING, l->tid);
	/* Who makes the wake-up is not always who asked for it. */
	if (!strcmp(event, "sched_wakeup"))
		return x->wakings ? 1 : on_wake(x, l, GTV_EV_K_WAKING, 0);
	if (!strcmp(event, "sched_wakeup_new"))
		return on_wake(x, l, GTV_EV_K_NEW, l->tid);
	if (!strcmp(event, "sched_migrate_task"))
		return on_migrate(x, l);
	if (!strcmp(event, "sched_process_fork"))
		return on_task(x, l, GTV_EV_K_FORK);
	if (!strcmp(event, "sched_process_exec"))
		return on_task(x, l, GTV_EV_K_EXEC);
	if (!strcmp(event, "sched_process_exit"))
		return on_task(x, l, GTV_EV_K_EXIT);
	return 1;
}

/* ------------------------------------------------------------------- lines */

/* "CPU:1 [LOST 123 EVENTS]", "CPU:1 [123 EVENTS DROPPED]", "CPU:1 [EVENTS DROPPED]" */
static int lost_line(struct text *x, const char *p)
{
	uint64_t core, count = 0;

	p += strspn(p, " ");
	if (strncmp(p, "CPU", 3) || !(p[3] == ':' || p[3] == ' '))
		return 0;
	p += 4;
	if (!number(&p, &core) || core >= GTV__IMPORT_CORES || !(p = strchr(p, '[')))
		return 0;
	if (!strstr(p, "LOST") && !strstr(p, "DROPPED"))
		return 0;
	p += strcspn(p, "0123456789]");
	number(&p, &count);
	if (x->lost_count == sizeof x->lost / sizeof *x->lost)
		x->lost_count--;
	/* How many is not always said: one at least. */
	x->lost[x->lost_count++] = (struct lost){(int)core, count ? count : 1};
	return 1;
}

/* What was lost before the first event of that core after the line. */
static int tell_lost(struct text *x, const struct line *l)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < x->lost_count; i++) {
		if (x->lost[i].core != l->core || rc)
			x->lost[kept++] = x->lost[i];
		else
			rc = gtv__feed_lost(x->feed, l->core, x->lost[i].count, l->ts_ns);
	}
	x->lost_count = kept;
	return rc;
}

static int on_line(struct text *x, struct line *l)
{
	int rc;

	x->lines++;
	if (!read_line(l)) {
		if (!lost_line(x, l->text) && l->text[0] && l->text[0] != '#')
			x->odd++;
		return 0;
	}
	rc = tell_lost(x, l);
	if (!rc)
		rc = gtv__feed_thread(x->feed, l->tid, l->pid,
				      l->comm[0] == '<' ? NULL : l->comm, l->comm_len);
	if (!rc)
		rc = on_event(x, l);
	x->events += rc == 0;
	/* Text is in order of time; a little later is waited for. */
	if (rc >= 0 && x->events % 4096 == 4095)
		rc = gtv__feed_until(x->feed, l->ts_ns > 1000000 ? l->ts_ns - 1000000 : 0);
	return rc < 0 ? rc : 0;
}

int gtv__import_text(struct gtv__feed *f, const uint8_t *bytes, size_t size,
		     struct gtv_err *err)
{
	struct text x = {.feed = f,
			 .wakings = memmem(bytes, size, "sched_waking:", 13) != NULL};
	struct line l;
	int rc = 0;

	for (size_t at = 0; at < size && !rc;) {
		const uint8_t *nl = memchr(bytes + at, '\n', size - at);
		size_t len = nl ? (size_t)(nl - bytes) - at : size - at;
		size_t kept = len < sizeof l.text - 1 ? len : sizeof l.text - 1;

		memcpy(l.text, bytes + at, kept);
		l.text[strnlen(l.text, kept)] = 0;
		l.text[kept] = 0;
		rc = on_line(&x, &l);
		at += len + 1;
		if (nl && at / TELL_BYTES != (at - len - 1) / TELL_BYTES)
			gtv_progress_at(GTV_STEP_IMPORT, at, size);
	}
	if (!rc && !x.events)
		return gtv_err_set(err, GTV_EFORMAT, "import",
				   "perf.data, trace.dat, ftrace text or CTF",
				   "this is no trace with events of the scheduler");
	if (x.odd)
		gtv__feed_note(f, "%llu lines are no events", (unsigned long long)x.odd);
	if (!rc)
		rc = gtv__feed_end(f);
	return rc ? gtv_err_set(err, -rc, "text", "", "out of memory") : 0;
}
