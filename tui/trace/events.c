/* SPDX-License-Identifier: MIT */
#include "tui/trace/events.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tracer/cmd/events.h"
#include "tui/trace/pick.h"
#include "tui/trace/span.h"

#define MARGIN	  512 /* rows kept ready on both sides of the chosen one */
#define ROOM	  (4 * MARGIN)
#define NAMES_FEW 4096	     /* so many names are looked through at each change… */
#define NAMES_NS  500000000u /* …more so seldom */
#define CATCH_UP_NS                                                                        \
	15000000u /* a key may wait for so long for what the one before left               \
		   */
#define CLOCK_EVERY 64

struct tui_events_reader {
	struct tui_event_row *row; /* ROOM */
	size_t first;		   /* where those in use begin */
	size_t split;		   /* rows before the place that was sought */
	int fresh;		   /* nobody has moved since */
	struct tui_scan on, back;
	struct tui_filter filter;
	struct tui_pick pick;
	uint64_t names_version, picked_ns;
	uint64_t cursor_ns; /* as we left it */
	uint64_t *before;   /* events before each block, as far as they were counted */
	size_t counted, counted_room;
	uint64_t before_from, before_to; /* events before the range, and before its end */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void tui_trace_forget_events(struct tui_trace *t)
{
	struct tui_events *e = t->events;

	t->events = NULL;
	if (!e)
		return;
	tui_scan_fini(&e->reader->on);
	tui_scan_fini(&e->reader->back);
	tui_pick_fini(&e->reader->pick);
	free(e->reader->row);
	free(e->reader->before);
	free(e->reader);
	free(e);
}

static struct tui_events *begin(struct tui_trace *t)
{
	struct tui_events *e = calloc(1, sizeof(*e));
	struct tui_events_reader *r = calloc(1, sizeof(*r));

	if (!e || !r) {
		free(e);
		free(r);
		return NULL;
	}
	e->reader = r;
	t->events = e;
	r->row = calloc(ROOM, sizeof(*r->row));
	r->cursor_ns = UINT64_MAX;
	int rc = tui_scan_init(&r->on, t->store, 0);

	if (!rc)
		rc = tui_scan_init(&r->back, t->store, 0);
	if (rc || !r->row) {
		tui_trace_forget_events(t);
		return NULL;
	}
	return e;
}

/* ---- rows ---- */

/* From where the scan on stands, both ways. */
static void begin_here(struct tui_events *e, uint64_t ts_ns)
{
	struct tui_events_reader *r = e->reader;

	r->back.block = r->on.block;
	r->back.idx = r->on.idx;
	r->first = r->split = ROOM / 2;
	r->split = 0;
	r->fresh = 1;
	e->row = r->row + r->first;
	e->count = e->chosen = 0;
	e->at_begin = e->at_end = 0;
	e->looked_ns = ts_ns;
}

static void seek(struct tui_events *e, uint64_t ts_ns)
{
	tui_scan_seek(&e->reader->on, ts_ns);
	begin_here(e, ts_ns);
}

/* Makes room at an end by dropping what is far behind at the other, and moves what is left
 * to the middle. */
static void make_room(struct tui_events *e)
{
	struct tui_events_reader *r = e->reader;
	size_t from = e->chosen > MARGIN ? e->chosen - MARGIN : 0;
	size_t to = e->chosen + MARGIN + 1 < e->count ? e->chosen + MARGIN + 1 : e->count;
	size_t first = (ROOM - (to - from)) / 2;

	if (from > 0) {
		e->at_begin = 0;
		r->back.block = e->row[from].block;
		r->back.idx = e->row[from].idx;
	}
	if (to < e->count) {
		e->at_end = 0;
		r->on.block = e->row[to].block;
		r->on.idx = e->row[to].idx;
	}
	memmove(r->row + first, e->row + from, (to - from) * sizeof(*r->row));
	r->first = first;
	r->split = r->split > from ? r->split - from : 0;
	e->row = r->row + first;
	e->count = to - from;
	e->chosen -= from;
}

static struct tui_event_row *new_row(struct tui_events *e, int dir)
{
	struct tui_events_reader *r = e->reader;

	if (dir > 0 ? r->first + e->count == ROOM : r->first == 0)
		make_room(e);
	if (dir < 0) {
		e->row = r->row + --r->first;
		r->split++;
		e->chosen += e->count > 0;
	}
	e->count++;
	return dir > 0 ? &e->row[e->count - 1] : e->row;
}

/* Behind the end that the scan goes to. */
static int is_outside(const struct tui_range *r, uint64_t ts_ns, int dir)
{
	return r->kind && (dir > 0 ? ts_ns >= r->to_ns : ts_ns < r->from_ns);
}

/* One step of a scan, either way. */
static void step(struct tui_events *e, int dir)
{
	struct tui_events_reader *r = e->reader;
	struct tui_scan *scan = dir > 0 ? &r->on : &r->back;
	struct tui_event_row found = {.told = 0};
	enum tui_scanned rc = tui_scan_step(scan, r->pick.count ? &r->pick : NULL, dir,
					    &found.ev, &found.block, &found.idx);

	if ((rc == TUI_SCAN_FOUND || rc == TUI_SCAN_GAP) &&
	    is_outside(&e->range, found.ev.ts_ns, dir))
		rc = TUI_SCAN_END;
	if (rc == TUI_SCAN_ON && scan->count > 0 && scan->loaded == scan->block &&
	    is_outside(&e->range, scan->evs[0].ts_ns, dir))
		rc = TUI_SCAN_END;
	if (rc == TUI_SCAN_END && dir > 0)
		e->at_end = 1;
	else if (rc == TUI_SCAN_END)
		e->at_begin = 1;
	if (rc == TUI_SCAN_FOUND || rc == TUI_SCAN_GAP)
		*new_row(e, dir) = found;
	if (scan->count > 0 && scan->loaded == scan->block)
		e->looked_ns = scan->evs[0].ts_ns;
	/* Until somebody moves, the chosen one is the first from the place on. */
	if (r->fresh && e->count)
		e->chosen = e->count > r->split ? r->split : e->count - 1;
}

static int wants_on(const struct tui_events *e)
{
	return !e->at_end && e->count < e->chosen + 1 + MARGIN;
}

static int wants_back(const struct tui_events *e)
{
	return !e->at_begin && e->chosen < MARGIN;
}

/* ---- what is wanted ---- */

static void pick(struct tui_trace *t)
{
	struct tui_events *e = t->events;
	struct tui_events_reader *r = e->reader;
	uint64_t version = gtv_names_version(t->names);
	int same = !strcmp(r->filter.text, t->nav.filter.text);
	size_t names = gtv_names_count(t->names, GTV_CLASS_GT) +
		       gtv_names_count(t->names, GTV_CLASS_THREAD);

	if (same && (!r->pick.count || version == r->names_version ||
		     (names > NAMES_FEW && now_ns() - r->picked_ns < NAMES_NS)))
		return;
	tui_pick_fini(&r->pick);
	if (tui_pick_init(&r->pick, &t->nav.filter, t->names))
		tui_pick_fini(&r->pick);
	r->filter = t->nav.filter;
	r->names_version = version;
	r->picked_ns = now_ns();
	memcpy(e->filter, r->filter.text, sizeof(e->filter));
	if (!same)
		r->cursor_ns = UINT64_MAX; /* the rows are others now */
}

static int follows(const struct tui_trace *t)
{
	return t->facts.mode == TUI_LIVE && t->nav.follow && !t->nav.paused &&
	       !t->events->range.kind;
}

/* The nearest time to ts_ns that is listed. */
static uint64_t inside(const struct tui_range *r, uint64_t ts_ns)
{
	if (!r->kind)
		return ts_ns;
	return ts_ns < r->from_ns ? r->from_ns : ts_ns >= r->to_ns ? r->to_ns - 1 : ts_ns;
}

/* An event that was found at the cursor's time, and is listed. */
static int is_placed(const struct tui_trace *t)
{
	return t->found.is_new && t->found.ts_ns == t->nav.cursor_ns &&
	       inside(&t->events->range, t->found.ts_ns) == t->found.ts_ns;
}

static void seek_found(struct tui_trace *t)
{
	struct tui_events_reader *r = t->events->reader;

	r->on.block = t->found.block;
	r->on.idx = t->found.idx;
	begin_here(t->events, t->found.ts_ns);
}

/* The timeline's cursor leads; following a live end, the end does. */
static void find_place(struct tui_trace *t)
{
	struct tui_events *e = t->events;
	struct tui_events_reader *r = e->reader;
	int was_live = e->is_live, moved = t->nav.cursor_ns != r->cursor_ns;
	size_t blocks = gtv_store_block_count(t->store);

	if (r->on.block < blocks)
		e->at_end = 0;
	e->is_live = follows(t);
	r->cursor_ns = t->nav.cursor_ns;
	if (e->is_live && (!was_live || (!r->pick.count && !e->at_end)))
		seek(e, UINT64_MAX);
	else if (!e->is_live && is_placed(t))
		seek_found(t);
	else if (!e->is_live && moved)
		seek(e, inside(&e->range, t->nav.cursor_ns));
	t->found.is_new = 0;
}

/* ---- words ---- */

static void tell_texts(struct tui_trace *t)
{
	struct tui_events *e = t->events;
	struct gtv_events_printer printer = {
		.names = t->names, .format = GTV_EVENTS_TEXT, .start_ns = t->start_ns};
	size_t from = e->chosen > MARGIN ? e->chosen - MARGIN : 0;

	for (size_t i = from; i < e->count && i <= e->chosen + MARGIN; i++) {
		struct tui_event_row *row = &e->row[i];

		if (row->told)
			continue;
		row->told = 1;
		gtv_events_details(&printer, &row->ev, row->text, sizeof(row->text));
	}
}

/* Events before a block: counted once, block by block. */
static uint64_t events_before(struct tui_trace *t, size_t block)
{
	struct tui_events_reader *r = t->events->reader;
	size_t blocks = gtv_store_block_count(t->store);

	if (blocks + 1 > r->counted_room) {
		size_t room = 2 * (blocks + 1);
		uint64_t *more = realloc(r->before, room * sizeof(*more));

		if (!more)
			return 0;
		r->before = more;
		r->counted_room = room;
	}
	if (!r->counted)
		r->before[r->counted++] = 0;
	for (; r->counted <= blocks; r->counted++) {
		struct gtv_block_info info = {0};

		gtv_store_block(t->store, r->counted - 1, &info);
		r->before[r->counted] = r->before[r->counted - 1] + info.count;
	}
	return r->before[block < blocks ? block : blocks];
}

/* …and before a time. */
static uint64_t events_before_ns(struct tui_trace *t, uint64_t ts_ns)
{
	struct tui_scan scan;
	uint64_t before = 0;

	if (!tui_scan_init(&scan, t->store, ts_ns))
		before = events_before(t, scan.block) + scan.idx;
	tui_scan_fini(&scan);
	return before;
}

static void count(struct tui_trace *t)
{
	struct tui_events *e = t->events;
	const struct tui_events_reader *r = e->reader;
	const struct tui_event_row *row = &e->row[e->chosen];

	e->all = events_before(t, SIZE_MAX);
	e->number = e->count ? events_before(t, row->block) + row->idx + 1 : 0;
	if (!e->range.kind)
		return;
	e->all = r->before_to - r->before_from;
	if (e->number)
		e->number -= r->before_from;
}

/* Another range is to be listed: from anew. */
static void take_range(struct tui_trace *t)
{
	struct tui_events *e = t->events;
	struct tui_range wanted = tui_range_of(&t->nav, t->scope);

	if (!tui_range_differs(&wanted, &e->range))
		return;
	e->range = wanted;
	e->reader->cursor_ns = UINT64_MAX;
	if (!wanted.kind)
		return;
	e->reader->before_from = events_before_ns(t, wanted.from_ns);
	e->reader->before_to = events_before_ns(t, wanted.to_ns);
}

int tui_trace_read_events(struct tui_trace *t, uint64_t budget_ns)
{
	struct tui_events *e = t->events ? t->events : begin(t);
	uint64_t began_ns = now_ns();

	if (!e)
		return 0;
	struct tui_events was = *e;

	pick(t);
	take_range(t);
	find_place(t);
	for (unsigned n = 1; wants_on(e) || wants_back(e); n++) {
		if (wants_on(e))
			step(e, 1);
		if (wants_back(e))
			step(e, -1);
		if (e->is_live && e->count && e->reader->fresh)
			e->chosen = e->count - 1;
		if (n % CLOCK_EVERY == 0 && now_ns() - began_ns >= budget_ns)
			break;
	}
	e->looking = wants_on(e) || wants_back(e);
	tell_texts(t);
	count(t);
	return was.count != e->count || was.chosen != e->chosen || was.row != e->row ||
	       was.looking != e->looking || was.all != e->all || was.number != e->number ||
	       was.looked_ns != e->looked_ns || was.is_live != e->is_live;
}

int tui_trace_events_unread(const struct tui_trace *t)
{
	struct tui_range wanted = tui_range_of(&t->nav, t->scope);

	return !t->events || tui_range_differs(&wanted, &t->events->range) ||
	       t->events->looking || is_placed(t) ||
	       t->nav.cursor_ns != t->events->reader->cursor_ns ||
	       strcmp(t->events->filter, t->nav.filter.text) != 0;
}

/* ---- choosing ---- */

void tui_trace_place_event(struct tui_trace *t, size_t block, uint32_t idx)
{
	t->found.ts_ns = t->nav.cursor_ns;
	t->found.block = block;
	t->found.idx = idx;
	t->found.is_new = 1;
}

int tui_trace_choose_event(struct tui_trace *t, int by)
{
	struct tui_events *e = t->events;
	size_t to;

	/* The cursor was brought elsewhere by the key before: from there. */
	if (e && t->nav.cursor_ns != e->reader->cursor_ns)
		tui_trace_read_events(t, CATCH_UP_NS);
	if (!e || !e->count)
		return 0;
	if (by < 0)
		to = e->chosen > (size_t)-by ? e->chosen - (size_t)-by : 0;
	else
		to = e->chosen + (size_t)by < e->count ? e->chosen + (size_t)by
						       : e->count - 1;
	if (to == e->chosen)
		return 0;
	e->chosen = to;
	e->reader->fresh = 0;
	e->is_live = 0;
	tui_nav_cursor_to(&t->nav, e->row[to].ev.ts_ns);
	e->reader->cursor_ns = t->nav.cursor_ns;
	return 1;
}

/* Whose lane an event is best seen on. */
static struct gtv_lane lane_of(const struct gtv_ev *ev)
{
	if (ev->gt && ev->kind != GTV_EV_LOSS)
		return (struct gtv_lane){GTV_LANE_GT, ev->gt};
	if (ev->kind == GTV_EV_K_SWITCH && !ev->tid)
		return (struct gtv_lane){GTV_LANE_THREAD, ev->obj};
	if (ev->tid)
		return (struct gtv_lane){GTV_LANE_THREAD, ev->tid};
	if (ev->core >= 0)
		return (struct gtv_lane){GTV_LANE_CORE, (uint32_t)ev->core};
	return (struct gtv_lane){0};
}

int tui_trace_show_event(struct tui_trace *t)
{
	const struct tui_events *e = t->events;

	if (e && t->nav.cursor_ns != e->reader->cursor_ns)
		tui_trace_read_events(t, CATCH_UP_NS);
	if (!e || !e->count)
		return -GTV_ENOTFOUND;
	const struct gtv_ev *ev = &e->row[e->chosen].ev;
	struct gtv_lane lane = lane_of(ev);

	(void)tui_span_select(t, lane, ev->ts_ns);
	tui_nav_cursor_to(&t->nav, ev->ts_ns);
	tui_span_stay(t);
	return 0;
}
