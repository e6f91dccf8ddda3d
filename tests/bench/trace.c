/* SPDX-License-Identifier: MIT
 *
 * What a frame of the screen costs.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/tracers.h"
#include "tracer/model/window.h"
#include "tracer/store/store.h"
#include "tui/canvas/canvas.h"
#include "tui/scene/nav.h"
#include "tui/scene/roles.h"
#include "tui/scene/view.h"

#define FRAME_EVENTS "10000000"
#define FRAME_CORES  "8"
#define FRAME_COLS   200
#define FRAME_ROWS   60

/* ---- what a frame costs ---------------------------------------------------------- */

struct picture {
	struct gtv_store *store;
	struct gtv_window *window;
	struct tui_roles *roles;
	struct tui_canvas canvas;
	uint64_t first_ns, last_ns;
};

static int picture_open(struct picture *p, struct gtv_store *store)
{
	p->store = store;
	p->window = gtv_window_new(store);
	p->roles = tui_roles_new(gtv_store_names(store));
	if (gtv_store_range(store, &p->first_ns, &p->last_ns) != 0)
		p->first_ns = p->last_ns = 0;
	return p->window && p->roles &&
			       tui_canvas_init(&p->canvas, FRAME_COLS, FRAME_ROWS) == 0
		       ? 0
		       : -1;
}

static double draw_ms(struct picture *p, uint64_t from_ns, uint64_t to_ns)
{
	static const struct tui_facts facts = {.mode = TUI_REPLAY, .command = "bench"};
	struct tui_nav nav;
	struct tui_scene scene = {.store = p->store,
				  .names = gtv_store_names(p->store),
				  .window = p->window,
				  .roles = p->roles,
				  .nav = &nav,
				  .facts = &facts};

	tui_nav_init(&nav, p->first_ns, p->last_ns, 0);
	if (to_ns > from_ns)
		tui_nav_window(&nav, from_ns, to_ns);
	uint64_t begin_ns = bench_now_ns();
	tui_canvas_clear(&p->canvas);
	if (tui_view_by_id(TUI_VIEW_TIMELINE)->draw(&p->canvas, &scene) != 0)
		return CANNOT;
	return (double)(bench_now_ns() - begin_ns) / 1e6;
}

/* The 10 M-event trace is written once a build and kept. */
static int trace_of_10m(struct picture *p)
{
	const char *path = scratch("10m.gtv"), *generator = tool("tracegen");
	const char *argv[] = {generator, FRAME_EVENTS, FRAME_CORES, path, NULL};
	struct stat trace, maker;
	struct gtv_store *store;
	char out[256];

	if (stat(generator, &maker) < 0)
		return -1;
	if ((stat(path, &trace) < 0 || trace.st_mtime < maker.st_mtime) &&
	    run(argv, out, sizeof out) < 0)
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || gtv_store_open(&store, fd, path, NULL) != 0)
		return -1;
	return picture_open(p, store);
}

/* From the whole trace in to a microsecond around three places of it, each window
 * an eighth of the last: every level of zoom, and exact spans. The worst counts. */
static double frame_worst(void)
{
	static struct picture p;
	double worst_ms = 0;

	if (!p.store && trace_of_10m(&p) != 0)
		return CANNOT;
	for (unsigned place = 1; place <= 3; place++) {
		uint64_t middle_ns = p.first_ns + (p.last_ns - p.first_ns) / 4 * place;
		for (uint64_t width_ns = p.last_ns - p.first_ns; width_ns > 1000;
		     width_ns /= 8) {
			uint64_t half_ns = width_ns / 2;
			uint64_t from_ns = middle_ns > p.first_ns + half_ns
						   ? middle_ns - half_ns
						   : p.first_ns;
			double ms = draw_ms(&p, from_ns, from_ns + width_ns);
			if (ms < 0)
				return CANNOT;
			if (ms > worst_ms) {
				worst_ms = ms;
				if (getenv("BENCH_VERBOSE"))
					fprintf(stderr, "%.3f ms for %llu ns at place %u\n",
						ms, (unsigned long long)width_ns, place);
			}
		}
	}
	return worst_ms;
}

static double frame_empty(void)
{
	static struct picture p;
	static const struct gtv_store_info info = {.level = 3, .core_count = 8};
	struct gtv_store *store;

	if (!p.store) {
		if (gtv_store_create_temp(&store, &info, gtv_names_new(), NULL) != 0 ||
		    picture_open(&p, store) != 0)
			return CANNOT;
	}
	return draw_ms(&p, 0, 0);
}

static const struct bench_row rows[] = {
	{.name = "frame", .unit = "ms", .ours = frame_worst, .reference = frame_empty},
	{0},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
