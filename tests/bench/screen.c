/* SPDX-License-Identifier: MIT
 *
 * What the screen costs: opening, and frames at every zoom, of every view, of crowds.
 */
#include "tests/bench/screen.h"
#include "tui/scene/commands.h"
#include "tui/scene/threads.h"

/* ---- an empty frame: the reference ---- */

static double empty_frame(void)
{
	static struct screen s;
	static const struct gtv_store_info info = {.level = 3, .core_count = 8};
	struct gtv_store *store;
	struct gtv_err err = {0};

	if (!s.open) {
		if (gtv_store_create_temp(&store, &info, gtv_names_new(), NULL) ||
		    tui_trace_attach(&s.trace, store, &err) ||
		    tui_canvas_init(&s.canvas, SCREEN_COLS, SCREEN_ROWS))
			return CANNOT;
		s.open = 1;
	}
	return screen_frame(&s, TUI_VIEW_TIMELINE);
}

/* ---- open_1m ---- */

/* Opened, drawn, and turned into what a terminal is sent. */
static double open_and_draw(const char *path)
{
	struct screen s = {0};
	struct tui_buf buf = {0};
	uint64_t began_ns = bench_now_ns();

	if (screen_open(&s, path) || screen_frame(&s, TUI_VIEW_TIMELINE) < 0 ||
	    tui_back_ansi(&s.canvas, TUI_THEME_DARK, &buf))
		return CANNOT;
	double ms = (double)(bench_now_ns() - began_ns) / 1e6;
	tui_buf_fini(&buf);
	screen_close(&s);
	return ms;
}

static double open_1m(void)
{
	return open_and_draw(screen_1m());
}

static double open_10m(void)
{
	return open_and_draw(screen_10m());
}

static double open_100m(void)
{
	return open_and_draw(screen_100m());
}

/* ---- frames at any zoom ---- */

struct sweep {
	double worst_ms, whole_ms; /* of a frame; until one was read in full */
};

/* From the whole trace down to a microsecond around three places, by powers of two, as
 * who zooms does; at each also a step to the side. */
static int sweep(struct screen *s, struct sweep *out)
{
	struct tui_nav *nav = &s->trace.nav;
	uint64_t all_ns = nav->last_ns - nav->first_ns;

	*out = (struct sweep){0};
	for (unsigned place = 1; place <= 3; place++) {
		uint64_t middle_ns = nav->first_ns + all_ns / 4 * place;
		for (uint64_t width_ns = all_ns; width_ns >= 1000; width_ns /= 2) {
			uint64_t from_ns =
				middle_ns - (width_ns / 2 < middle_ns - nav->first_ns
						     ? width_ns / 2
						     : middle_ns - nav->first_ns);
			double sum_ms, ms;
			for (unsigned step = 0; step < 2; step++) {
				tui_nav_window(nav, from_ns + step * width_ns / 8,
					       from_ns + step * width_ns / 8 + width_ns);
				ms = screen_settle(s, TUI_VIEW_TIMELINE, &sum_ms);
				if (ms < 0)
					return -1;
				if (screen_verbose() && ms > 5)
					fprintf(stderr,
						"%u: %llu ns: %.2f ms, whole %.2f ms\n",
						place, (unsigned long long)width_ns, ms,
						sum_ms);
				out->worst_ms = ms > out->worst_ms ? ms : out->worst_ms;
				out->whole_ms =
					sum_ms > out->whole_ms ? sum_ms : out->whole_ms;
			}
		}
	}
	return 0;
}

static double zoom_worst(void)
{
	static struct screen s;
	struct sweep got;

	return screen_open(&s, screen_100m()) || sweep(&s, &got) ? CANNOT : got.worst_ms;
}

static double zoom_whole(void)
{
	static struct screen s;
	struct sweep got;

	return screen_open(&s, screen_100m()) || sweep(&s, &got) ? CANNOT : got.whole_ms;
}

/* ---- frames of every view ---- */

static const enum tui_view_id views[] = {
	TUI_VIEW_TIMELINE, TUI_VIEW_THREADS, TUI_VIEW_LOCKS,	TUI_VIEW_LATENCY,
	TUI_VIEW_LOAD,	   TUI_VIEW_CALLS,   TUI_VIEW_FINDINGS, TUI_VIEW_EVENTS,
	TUI_VIEW_OUTPUT,   TUI_VIEW_HELP,
};
#define VIEWS (sizeof views / sizeof *views)

/* The median of a few frames of each view when it has read all; the dearest view's. */
static double views_worst(struct screen *s)
{
	double worst_ms = 0;

	for (size_t i = 0; i < VIEWS; i++) {
		double ms[9], median_ms;
		if (views[i] == TUI_VIEW_LOAD)
			tui_load_for(&s->trace, SCREEN_COLS);
		tui_pane_read(&s->trace, views[i], UINT64_MAX);
		if (screen_settle(s, views[i], NULL) < 0)
			return CANNOT;
		while (tui_pane_unread(&s->trace, views[i]))
			tui_pane_read(&s->trace, views[i], SCREEN_READ_NS);
		for (int k = 0; k < 9; k++) {
			double began_ms = screen_cpu_ms();
			tui_pane_read(&s->trace, views[i], SCREEN_READ_NS);
			if (screen_frame(s, views[i]) < 0)
				return CANNOT;
			ms[k] = screen_cpu_ms() - began_ms;
		}
		median_ms = bench_median(ms, 9);
		if (screen_verbose())
			fprintf(stderr, "%s: %.3f ms\n", tui_view_by_id(views[i])->name,
				median_ms);
		worst_ms = median_ms > worst_ms ? median_ms : worst_ms;
	}
	return worst_ms;
}

static double views_10m(void)
{
	static struct screen s;

	return screen_open(&s, screen_10m()) ? CANNOT : views_worst(&s);
}

/* ---- crowds ---- */

static double crowd_first(void)
{
	struct screen s = {0};
	double ms = screen_open(&s, screen_crowd()) ? CANNOT
						    : screen_frame(&s, TUI_VIEW_TIMELINE);

	screen_close(&s);
	return ms;
}

static double crowd_settle(void)
{
	struct screen s = {0};
	double ms = CANNOT, sum_ms = 0;

	if (!screen_open(&s, screen_crowd()))
		ms = screen_settle(&s, TUI_VIEW_TIMELINE, &sum_ms);
	if (screen_verbose())
		fprintf(stderr,
			"crowd: %.2f ms the worst frame, %.0f ms until all is read, %.0f "
			"ms "
			"the longest between two\n",
			ms, sum_ms, screen_piece_ms);
	screen_close(&s);
	return ms;
}

/* All pivots, whole trace and a thousandth of it, as it is and busy only: once read. */
static double crowd_frames(void)
{
	static struct screen s;
	double worst_ms = 0;

	if (screen_open(&s, screen_crowd()))
		return CANNOT;
	struct tui_nav *nav = &s.trace.nav;
	uint64_t all_ns = nav->last_ns - nav->first_ns;
	for (int wide = 0; wide < 2; wide++) {
		uint64_t width_ns = wide ? all_ns : all_ns / 1000;
		tui_nav_window(nav, nav->first_ns + (all_ns - width_ns) / 2,
			       nav->first_ns + (all_ns - width_ns) / 2 + width_ns);
		for (int how = 0; how < 2 * TUI_ROWS_MAX; how++) {
			double ms[5];
			nav->rows = (enum tui_rows)(how / 2);
			nav->busy_only = how % 2;
			if (screen_settle(&s, TUI_VIEW_TIMELINE, NULL) < 0)
				return CANNOT;
			for (int k = 0; k < 5; k++)
				ms[k] = screen_frame(&s, TUI_VIEW_TIMELINE);
			double median_ms = bench_median(ms, 5);
			if (screen_verbose())
				fprintf(stderr, "%s, rows %d%s: %.2f ms\n",
					wide ? "wide" : "narrow", how / 2,
					how % 2 ? ", busy" : "", median_ms);
			worst_ms = median_ms > worst_ms ? median_ms : worst_ms;
		}
	}
	return worst_ms;
}

static double crowd_views(void)
{
	static struct screen s;

	return screen_open(&s, screen_crowd()) ? CANNOT : views_worst(&s);
}

/* A hundred thousand rows made and sorted again, as three times a second while a table
 * still reads. */
static double crowd_rows(void)
{
	static struct screen s;

	if (screen_open(&s, screen_crowd()))
		return CANNOT;
	tui_pane_read(&s.trace, TUI_VIEW_THREADS, UINT64_MAX);
	if (!s.trace.threads || s.trace.threads->count < 50000)
		return CANNOT;
	double began_ms = screen_cpu_ms();
	if (tui_threads_list(s.trace.threads, s.trace.names, s.trace.window))
		return CANNOT;
	return screen_cpu_ms() - began_ms;
}

static int numbers_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double sorted_numbers(void)
{
	static uint64_t number[100000];
	uint64_t rng = 1;

	for (size_t i = 0; i < 100000; i++)
		number[i] = rng = rng * 6364136223846793005u + 1442695040888963407u;
	double began_ms = screen_cpu_ms();
	qsort(number, 100000, sizeof *number, numbers_order);
	return screen_cpu_ms() - began_ms;
}

/* ---- completion ---- */

static double complete_us(struct gtv_names *names, int count)
{
	static const char *const typed[] = {"",	  "f",	"fe", "fetch-9",
					    "G9", "T1", "z",  "none"};
	struct tui_candidates found;
	struct gtv_name name = {0};

	for (int i = (int)gtv_names_count(names, GTV_CLASS_GT); i < count; i++) {
		name.id = (uint32_t)i + 1;
		snprintf(name.text, sizeof name.text, "fetch-%d", i);
		if (gtv_names_set(names, GTV_CLASS_GT, &name))
			return CANNOT;
	}
	double worst_us = 0;
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		double us[9];
		for (int k = 0; k < 9; k++) {
			double began_ms = screen_cpu_ms();
			memset(&found, 0, sizeof found);
			tui_complete(names, TUI_PROMPT_SEARCH, typed[i], &found);
			us[k] = (screen_cpu_ms() - began_ms) * 1e3;
		}
		double median_us = bench_median(us, 9);
		if (screen_verbose())
			fprintf(stderr, "%d names, \"%s\": %.1f us\n", count, typed[i],
				median_us);
		worst_us = median_us > worst_us ? median_us : worst_us;
	}
	return worst_us;
}

static double complete_many(void)
{
	static struct gtv_names *names;

	names = names ? names : gtv_names_new();
	return names ? complete_us(names, 100000) : CANNOT;
}

static double complete_few(void)
{
	static struct gtv_names *names;

	names = names ? names : gtv_names_new();
	return names ? complete_us(names, 100) : CANNOT;
}

static const struct bench_row rows[] = {
	{.name = "open_1m", .unit = "ms", .ours = open_1m, .reference = empty_frame},
	{.name = "open_10m", .unit = "ms", .ours = open_10m, .reference = empty_frame},
	{.name = "first_frame_100m",
	 .unit = "ms",
	 .ours = open_100m,
	 .reference = empty_frame,
	 .rounds = 5},
	{.name = "zoom_100m",
	 .unit = "ms",
	 .ours = zoom_worst,
	 .reference = empty_frame,
	 .rounds = 3},
	{.name = "zoom_whole_100m",
	 .unit = "ms",
	 .ours = zoom_whole,
	 .reference = empty_frame,
	 .rounds = 3},
	{.name = "view_frames",
	 .unit = "ms",
	 .ours = views_10m,
	 .reference = empty_frame,
	 .rounds = 3},
	{.name = "crowd_first",
	 .unit = "ms",
	 .ours = crowd_first,
	 .reference = empty_frame,
	 .rounds = 3},
	{.name = "crowd_reading",
	 .unit = "ms",
	 .ours = crowd_settle,
	 .reference = empty_frame,
	 .rounds = 1},
	{.name = "crowd_frames",
	 .unit = "ms",
	 .ours = crowd_frames,
	 .reference = empty_frame,
	 .rounds = 1},
	{.name = "crowd_views",
	 .unit = "ms",
	 .ours = crowd_views,
	 .reference = empty_frame,
	 .rounds = 1},
	{.name = "crowd_rows",
	 .unit = "ms",
	 .ours = crowd_rows,
	 .reference = sorted_numbers,
	 .rounds = 5},
	{.name = "complete_100k",
	 .unit = "us",
	 .ours = complete_many,
	 .reference = complete_few},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
