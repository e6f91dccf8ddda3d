/* SPDX-License-Identifier: MIT
 *
 * The table of demos is in order, and what is told of a run is what its trace says.
 */
#include "tests/unit/cmd_trace.h"

#include "tracer/cmd/demo.h"
#include "tracer/cmd/options.h"
#include "tracer/model/trigger.h"

/* A mark, or a region's begin or end. */
static struct gtv_ev note(unsigned kind, uint64_t us, uint32_t gt, const char *text)
{
	struct gtv_ev ev = trace_ev(kind, us, gt, 0, 0, 0);
	char raw[16] = "";

	memcpy(raw, text, strlen(text));
	memcpy(&ev.obj, raw, 4);
	memcpy(&ev.seq, raw + 4, 4);
	memcpy(&ev.arg, raw + 8, 8);
	return ev;
}

static const struct {
	unsigned kind;
	uint64_t us;
	uint32_t gt;
	const char *text;
} notes[] = {
	{GTV_EV_REGION_BEGIN, 21, 1, "work"},
	{GTV_EV_MARK, 25, 1, "x"},
	{GTV_EV_REGION_BEGIN, 35, 1, "sixteen letters!"},
	{GTV_EV_REGION_END, 45, 1, "sixteen letters!"},
	{GTV_EV_MARK, 85, 1, "size=2.5"},
	{GTV_EV_REGION_BEGIN, 95, 2, "work"},
	{GTV_EV_MARK, 96, 2, "x"},
	{GTV_EV_REGION_END, 105, 1, "work"},
	{GTV_EV_REGION_END, 125, 2, "work"},
	{GTV_EV_REGION_BEGIN, 126, 2, "never ends"},
	{GTV_EV_REGION_END, 127, 2, "never began"},
};
#define NOTES (sizeof notes / sizeof *notes)

static int by_time(const void *a, const void *b)
{
	const struct gtv_ev *x = a, *y = b;

	return x->ts_ns < y->ts_ns ? -1 : x->ts_ns > y->ts_ns;
}

static struct gtv_seen *see(void)
{
	struct gtv_store_info info = {
		.level = 3, .core_count = 2, .start_ns = SECOND_NS, .pid = PID};
	struct gtv_ev evs[TRACE_EVENTS + NOTES];
	struct gtv_names *names = trace_names();
	size_t n = trace_fill(evs);
	int fd = memfd_create("demo", MFD_CLOEXEC);
	struct gtv_store *st;
	struct gtv_err err = {0};
	char path[40];

	for (size_t i = 0; i < NOTES; i++)
		evs[n++] = note(notes[i].kind, notes[i].us, notes[i].gt, notes[i].text);
	qsort(evs, n, sizeof *evs, by_time);
	assert_true(fd >= 0);
	assert_int_equal(gtv_store_create(&st, dup(fd), &info, names, &err), 0);
	assert_int_equal(gtv_store_append(st, evs, n), 0);
	assert_int_equal(gtv_store_flush(st, 0), 0);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_names_free(names);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct gtv_seen *seen = gtv_seen_read(path, &err);

	close(fd);
	if (!seen)
		fail_msg("%s: %s", err.what, err.why);
	return seen;
}

static void is(const struct gtv_seen *s, enum gtv_seen_kind kind, const char *subject,
	       double wanted)
{
	double value = -1;

	assert_int_equal(gtv_seen_ask(s, kind, subject, &value), 0);
	if (value < wanted - 1e-9 || value > wanted + 1e-9)
		fail_msg("%d of %s: %g, not %g", (int)kind, subject, value, wanted);
}

static void is_not_there(const struct gtv_seen *s, enum gtv_seen_kind kind,
			 const char *subject)
{
	double value;

	assert_int_equal(gtv_seen_ask(s, kind, subject, &value), -GTV_ENOTFOUND);
}

static void a_trace_is_told_in_numbers(void **state)
{
	struct gtv_seen *s = see();

	(void)state;
	is(s, GTV_SEEN_REGION_COUNT, "work", 2);
	is(s, GTV_SEEN_REGION_SUM, "work", 84e3 + 30e3);
	is(s, GTV_SEEN_REGION_MAX, "work", 84e3);
	is(s, GTV_SEEN_REGION_MEAN, "work", 57e3);
	is(s, GTV_SEEN_REGION_PEAK, "work", 2);
	is(s, GTV_SEEN_REGION_RATE, "work", 2 / 104e-6);
	is(s, GTV_SEEN_REGION_SUM, "sixteen letters!", 10e3);
	is(s, GTV_SEEN_REGION_EACH, "work/size", 114e3 / 2.5);
	is(s, GTV_SEEN_MARKS, "x", 2);
	is(s, GTV_SEEN_MARKS, "was never made", 0);
	is(s, GTV_SEEN_VALUE, "size", 2.5);
	is(s, GTV_SEEN_COUNT, "spawns", 2);
	is(s, GTV_SEEN_STATE_SUM, "main:preempted", 20e3);
	is(s, GTV_SEEN_STATE_COUNT, "main:preempted", 1);
	is(s, GTV_SEEN_STATE_MAX, "main:preempted", 20e3);
	is(s, GTV_SEEN_LOCK_TAKES, "cache", 1);
	is(s, GTV_SEEN_LOCK_RATIO, "cache", 1);
	assert_int_equal(gtv_seen_level(s), 3);
	assert_int_equal(gtv_seen_lost(s), 3);
	is_not_there(s, GTV_SEEN_REGION_SUM, "never ends");
	is_not_there(s, GTV_SEEN_REGION_SUM, "is not there");
	is_not_there(s, GTV_SEEN_COUNT, "is not there");
	is_not_there(s, GTV_SEEN_STATE_SUM, "main:is not there");
	is_not_there(s, GTV_SEEN_STATE_SUM, "nobody:running");
	is_not_there(s, GTV_SEEN_LOCK_TAKES, "is not there");
	is_not_there(s, GTV_SEEN_SENDER, "");
	gtv_seen_free(s);
}

static int figures_of(const char *demo)
{
	const struct gtv_demo_figure *f;
	int count = 0;

	for (size_t i = 0; (f = gtv_demo_figure_at(i)); i++)
		count += !strcmp(f->demo, demo);
	return count;
}

/* What an audience can read. */
static void is_short(const char *source)
{
	FILE *f = fopen(source, "r");
	int lines = 0, c;

	while (f && (c = fgetc(f)) != EOF)
		lines += c == '\n';
	if (f)
		fclose(f);
	if (lines > 152)
		fail_msg("%s: %d lines", source, lines);
}

/* All that a demo names is there. */
static void every_demo_is_whole(void **state)
{
	const struct gtv_demo *d;
	char source[256];

	(void)state;
	for (size_t i = 0; (d = gtv_demo_at(i)); i++) {
		struct gtv_condition condition;
		struct gtv_err err = {0};
		uint64_t ns;

		assert_ptr_equal(gtv_demo_find(d->name), d);
		if (!figures_of(d->name))
			fail_msg("%s shows no number", d->name);
		snprintf(source, sizeof source, "samples/%s.c", d->program);
		if (!access("samples", R_OK) && access(source, R_OK))
			fail_msg("%s: there is no %s", d->name, source);
		is_short(source);
		if (d->beside && (!gtv_demo_find(d->beside) || !strcmp(d->beside, d->name)))
			fail_msg("%s: nothing is beside it", d->name);
		if (*d->zoom)
			assert_int_equal(gtv_options_time(d->zoom, &ns), 0);
		if (*d->trigger && gtv_condition_parse(&condition, d->trigger, &err))
			fail_msg("%s: %s: %s", d->name, err.what, err.why);
		assert_true(*d->line && strlen(d->line) < 80 && *d->look);
	}
	assert_null(gtv_demo_find("nothing"));
}

static void every_figure_has_a_demo(void **state)
{
	const struct gtv_demo_figure *f;

	(void)state;
	for (size_t i = 0; (f = gtv_demo_figure_at(i)); i++) {
		const struct gtv_demo *d = gtv_demo_find(f->demo);

		if (!d || f->least > f->most || f->sim_least > f->sim_most)
			fail_msg("%s: %s", f->demo, f->what);
		if (f->ratio && !d->beside)
			fail_msg("%s: %s: to what?", f->demo, f->what);
		assert_true(*f->what != 0);
	}
}

/* What does not fit is said, and counted. */
static void what_was_not_shown_is_said(void **state)
{
	struct gtv_seen *s = see();
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	assert_int_equal(gtv_demo_tell(f, gtv_demo_find("semaphores"), s, NULL, 1), 2);
	assert_int_equal(gtv_demo_tell(f, gtv_demo_find("semaphores"), s, NULL, 0), 0);
	fclose(f);
	assert_non_null(strstr(text, "not seen: WRONG"));
	assert_non_null(strstr(text, "3 events were lost"));
	free(text);
	gtv_seen_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trace_is_told_in_numbers),
		cmocka_unit_test(every_demo_is_whole),
		cmocka_unit_test(every_figure_has_a_demo),
		cmocka_unit_test(what_was_not_shown_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
