/* SPDX-License-Identifier: MIT
 *
 * Fuzzes all that reads a trace, with one whose events have no sense (senseless.h), though
 * its file is whole: tiles and windows, explanations and critical paths, both exports, the
 * report, and every view of the screen. Nothing may crash, and no view writes outside its
 * canvas.
 *
 * An input is two bytes (the level; the size of the screen) and events.
 *
 * Built by libFuzzer, or as a program that replays files. `screen --corpus DIR` writes the
 * corpus anew.
 */
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/senseless.h"
#include "tracer/cmd/report.h"
#include "tracer/export/export.h"
#include "tracer/model/critical.h"
#include "tracer/model/explain.h"
#include "tracer/model/model.h"
#include "tracer/model/zoom.h"
#include "tui/trace/panes.h"
#include "tui/canvas/back.h"
#include "tui/trace/trace.h"

#define BATCH 64

static FILE *nowhere;

static void into_tiles(void *arg, const struct gtv_span *span)
{
	gtv_zoom_span(arg, span);
}

/* Names that a hostile program would choose. */
static void make_names(struct gtv_names *names)
{
	static const char *const text[] = {"\033[2J",  "",     "a\nb",
					   "\xff\xfe", "%s%n", "\xe4\xb8"};

	for (uint32_t i = 1; i < 7; i++)
		for (int cls = 1; cls < GTV_CLASS_MAX; cls++) {
			struct gtv_name name = {.id = i, .pid = 1, .flags = i};

			snprintf(name.text, sizeof name.text, "%s", text[i - 1]);
			sense(!gtv_names_set(names, (enum gtv_class)cls, &name));
		}
}

/* As the recorder does: blocks, tiles and checkpoints. */
static void record(struct gtv_store *st, struct gtv_names *names, int level,
		   const struct gtv_ev *evs, size_t count)
{
	struct gtv_zoom *zoom = gtv_zoom_new(st);
	struct gtv_model_sink sink = {.arg = zoom, .span = into_tiles};
	struct gtv_model *m = gtv_model_new(level, names, &sink);
	size_t size;
	void *bytes;

	sense(zoom && m);
	for (size_t i = 0; i < count; i += BATCH) {
		size_t n = count - i < BATCH ? count - i : BATCH;

		sense(!gtv_model_feed(m, evs + i, n) && !gtv_store_append(st, evs + i, n));
		if (i / BATCH % 4 == 3) {
			sense(!gtv_model_save(m, &bytes, &size));
			gtv_store_put_checkpoint(st, evs[i + n - 1].ts_ns, bytes, size);
			free(bytes);
			gtv_zoom_flush(zoom, evs[i + n - 1].ts_ns, 0);
		}
	}
	uint64_t end_ns = count ? evs[count - 1].ts_ns : SENSELESS_START;
	gtv_model_finish(m, end_ns);
	gtv_zoom_flush(zoom, end_ns, 1);
	gtv_model_free(m);
	gtv_zoom_free(zoom);
}

static void explain_lane(struct gtv_window *w, const struct gtv_store *st,
			 struct gtv_lane lane, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_explanation why;
	struct gtv_critical path;
	struct gtv_span span;
	uint64_t sum = 0;

	if (gtv_window_span_at(w, lane, from_ns + (to_ns - from_ns) / 2, &span))
		return;
	if (!gtv_explain(w, gtv_store_names(st), &span, &why)) {
		for (int i = 0; i < why.parts; i++)
			sum += why.part[i].ns;
		sense(!why.parts || sum == span.to_ns - span.from_ns);
	}
	sum = 0;
	if (gtv_critical_find(w, lane, from_ns, to_ns, &path))
		return;
	for (size_t i = 0; i < path.count; i++)
		sum += path.piece[i].to_ns - path.piece[i].from_ns;
	sense(!path.count || sum == to_ns - from_ns);
	gtv_critical_fini(&path);
}

static void look(const struct gtv_store *st, uint64_t from_ns, uint64_t to_ns)
{
	struct gtv_window *w = gtv_window_new(st);

	sense(w != NULL);
	for (int kind = GTV_LANE_CORE; kind < GTV_LANE_KIND_MAX; kind++)
		for (size_t i = 0; i < 4; i++) {
			struct gtv_lane lane;
			size_t n;

			if (gtv_window_look(w, from_ns, to_ns, 1) ||
			    i >= gtv_window_lane_count(w, (enum gtv_lane_kind)kind))
				break;
			lane = gtv_window_lane(w, (enum gtv_lane_kind)kind, i);
			gtv_window_pieces(w, lane, &n);
			explain_lane(w, st, lane, from_ns, to_ns);
		}
	gtv_window_free(w);
}

static void tell(const struct gtv_store *st, const struct gtv_ev *evs, size_t count,
		 uint64_t end_ns)
{
	static const enum gtv_export_format formats[] = {GTV_EXPORT_CHROME,
							 GTV_EXPORT_PERFETTO};
	struct gtv_report r = {0};

	for (int i = 0; i < 2; i++) {
		struct gtv_export *x =
			gtv_export_new(formats[i], nowhere, st, SENSELESS_START);

		sense(x && !gtv_export_events(x, evs, count));
		sense(!gtv_export_finish(x, end_ns));
		gtv_export_free(x);
	}
	if (!gtv_report_read(&r, st, NULL, NULL, NULL)) {
		sense(!gtv_report_text(&r, nowhere));
		sense(!gtv_report_json(&r, nowhere));
	}
	gtv_report_fini(&r);
}

static void draw(struct gtv_store *st, int cols, int rows)
{
	struct tui_canvas canvas;
	struct tui_scene scene;
	struct tui_trace t;

	if (tui_trace_attach(&t, st, NULL))
		return;
	sense(!tui_canvas_init(&canvas, cols, rows));
	for (int id = TUI_VIEW_TIMELINE; id <= TUI_VIEW_HELP; id++) {
		const struct tui_view_ops *view = tui_view_by_id((enum tui_view_id)id);
		struct tui_buf buf = {0};

		if (!view)
			continue;
		tui_pane_read(&t, (enum tui_view_id)id, UINT64_MAX);
		tui_trace_scene(&t, &scene);
		sense(!view->draw(&canvas, &scene) && !tui_back_text(&canvas, &buf));
		/* What a terminal would take for more than text. */
		for (size_t i = 0; i < buf.size; i++)
			sense(buf.bytes[i] == '\n' || (uint8_t)buf.bytes[i] >= 32);
		tui_buf_fini(&buf);
	}
	tui_canvas_fini(&canvas);
	tui_trace_close(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gtv_names *names = gtv_names_new();
	struct gtv_store *st;
	size_t count;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	sense(nowhere && names);
	if (size < 2) {
		gtv_names_free(names);
		return 0;
	}
	struct gtv_store_info info = {.level = data[0] & 3,
				      .core_count = 4,
				      .start_ns = SENSELESS_START,
				      .model = gtv_model_id(),
				      .command = "./x"};
	struct gtv_ev *evs = senseless_events(data + 2, size - 2, &count);

	make_names(names);
	sense(!gtv_store_create_temp(&st, &info, names, NULL));
	record(st, names, info.level, evs, count);
	sense(!gtv_store_finish(st));
	uint64_t end_ns = count ? evs[count - 1].ts_ns : SENSELESS_START;
	if (count) {
		look(st, SENSELESS_START, end_ns);
		tell(st, evs, count, end_ns);
		draw(st, 1 + (data[1] & 15) * 12, 1 + (data[1] >> 4) * 4);
	}
	gtv_store_close(st);
	gtv_names_free(names);
	free(evs);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return senseless_main(argc, argv);
}
#endif
