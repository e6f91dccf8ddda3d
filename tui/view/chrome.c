/* SPDX-License-Identifier: MIT */
#include "tui/view/chrome.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/canvas/format.h"
#include "tui/scene/ident.h"
#include "tui/scene/scope.h"
#include "tui/scene/settings.h"

void tui_say(struct tui_canvas *canvas, int *x, int y, int end, int role, const char *text)
{
	*x += tui_canvas_text(canvas, *x, y, end - *x, role, text);
}

void tui_sayf(struct tui_canvas *canvas, int *x, int y, int end, int role, const char *fmt,
	      ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tui_say(canvas, x, y, end, role, text);
}

/* ---- sentences ---- */

/* A word, with its colour if it is the id of somebody ("G3", "GIL"). */
static int word_role(const struct gtv_names *names, const char *word, size_t size,
		     struct gtv_lane *who)
{
	size_t digits = 0;
	*who = (struct gtv_lane){0};
	if (size >= 3 && strncmp(word, "GIL", 3) == 0 &&
	    (size == 3 || !isalnum((unsigned char)word[3])))
		return TUI_GIL;
	while (digits + 1 < size && isdigit((unsigned char)word[digits + 1]))
		digits++;
	if (word[0] != 'G' || digits == 0 || digits > 9 ||
	    (digits + 1 < size && isalnum((unsigned char)word[digits + 1])))
		return 0;
	*who = (struct gtv_lane){GTV_LANE_GT, (uint32_t)strtoul(word + 1, NULL, 10)};
	return tui_ident_gt(names, who->id);
}

/* Columns of ASCII and UTF-8 alike are found by canvas_text: cut out and say. */
static void say_part(struct tui_canvas *canvas, int *x, int y, int end, int role,
		     const char *text, size_t size)
{
	char part[256];
	if (size >= sizeof(part))
		size = sizeof(part) - 1;
	memcpy(part, text, size);
	part[size] = '\0';
	tui_say(canvas, x, y, end, role, part);
}

void tui_say_rich(struct tui_canvas *canvas, int *x, int y, int end, int role,
		  const struct gtv_names *names, const char *text)
{
	char name[TUI_LABEL] = "";
	int name_role = 0;
	while (*text) {
		size_t size = strcspn(text, " ");
		struct gtv_lane who;
		int own = word_role(names, text, size, &who);
		if (!own && name_role && size >= strlen(name) && name[0] &&
		    strncmp(text, name, strlen(name)) == 0)
			own = name_role;
		/* What ends the sentence, or parts it, is not of the name. */
		size_t mark = own && size > 1 && strchr(",;.:?", text[size - 1]) ? 1 : 0;
		say_part(canvas, x, y, end, own ? own : role, text, size - mark);
		say_part(canvas, x, y, end, role, text + size - mark, mark);
		name_role = 0;
		if (who.kind) {
			tui_ident_name(names, who, name, sizeof(name));
			name_role = own;
		}
		text += size;
		if (*text == ' ') {
			tui_say(canvas, x, y, end, role, " ");
			text++;
		}
	}
}

/* ---- bars ---- */

static void lay_bar(struct tui_canvas *canvas, int y)
{
	for (int x = 0; x < canvas->cols; x++)
		tui_canvas_put(canvas, x, y, ' ', TUI_TEXT, TUI_BAR_GROUND);
}

struct words {
	char text[4][96];
	int role[4], count;
	char key[16]; /* before the first */
};

static void add_word(struct words *w, int role, const char *text)
{
	if (w->count == 4)
		return;
	snprintf(w->text[w->count], sizeof(w->text[0]), "%.95s", text);
	w->role[w->count++] = role;
}

static void speed_word(struct words *w, const struct tui_nav *nav)
{
	char text[48];
	int permille = nav->speed_permille;
	if (!nav->playing || nav->paused)
		add_word(w, TUI_DIM, "replay, paused");
	else {
		snprintf(text, sizeof(text),
			 permille % 1000 ? "▶ replay %.3gx" : "▶ replay %.0fx",
			 permille / 1000.0);
		add_word(w, TUI_GOOD, text);
	}
}

static void live_word(struct words *w, const struct tui_scene *scene)
{
	const struct tui_nav *nav = scene->nav;
	char length[TUI_FIGURE], text[80];
	uint64_t behind = nav->last_ns > nav->to_ns ? nav->last_ns - nav->to_ns : 0;
	if (nav->paused) {
		add_word(w, TUI_WARN, "FROZEN, capture goes on");
	} else if (nav->playing) {
		snprintf(text, sizeof(text), "LIVE %.3gx, %s behind",
			 nav->speed_permille / 1000.0,
			 tui_format_length(length, sizeof(length), behind));
		add_word(w, TUI_WARN, text);
	} else if (nav->follow || behind == 0) {
		add_word(w, TUI_GOOD, "● LIVE");
	} else {
		snprintf(text, sizeof(text), "LIVE +%s behind",
			 tui_format_length(length, sizeof(length), behind));
		add_word(w, TUI_WARN, text);
	}
}

/* The right end of the title: what this is a picture of, and when. */
static void mode_words(struct words *w, const struct tui_scene *scene)
{
	struct gtv_store_info info = {0};
	char time[TUI_FIGURE], text[TUI_FIGURE + 4];
	if (scene->store)
		gtv_store_get_info(scene->store, &info);
	uint64_t end = scene->nav->last_ns > info.start_ns
			       ? scene->nav->last_ns - info.start_ns
			       : 0;
	if (scene->facts->mode == TUI_LIVE)
		live_word(w, scene);
	else if (scene->facts->mode == TUI_ENDED)
		add_word(w, TUI_WARN, scene->facts->ended);
	else
		speed_word(w, scene->nav);
	snprintf(text, sizeof(text), "%s s",
		 tui_format_time(time, sizeof(time), (int64_t)end, 1000000));
	add_word(w,
		 scene->nav->paused && scene->facts->mode == TUI_LIVE ? TUI_WARN
								      : TUI_TITLE,
		 text);
}

static int words_width(const struct words *w)
{
	int width = w->key[0] ? (int)strlen(w->key) + 3 : 0;
	for (int i = 0; i < w->count; i++) {
		struct tui_canvas one;
		if (tui_canvas_init(&one, 128, 1))
			return 0;
		width += tui_canvas_text(&one, 0, 0, 128, 0, w->text[i]) + (i ? 3 : 0);
		tui_canvas_fini(&one);
	}
	return width;
}

static void draw_right(struct tui_canvas *canvas, int y, const struct words *w, int x)
{
	if (w->key[0]) {
		tui_say_key(canvas, &x, y, canvas->cols - 1, w->key);
		x++;
	}
	for (int i = 0; i < w->count; i++) {
		if (i)
			x += 3;
		tui_say(canvas, &x, y, canvas->cols - 1, w->role[i], w->text[i]);
	}
}

static void title_facts(struct tui_canvas *canvas, const struct tui_facts *f, int *x, int y,
			int end)
{
	int wide = canvas->cols >= 100;
	/* Whole words or none. */
	if (f->policy[0] && *x + (wide ? 10 : 2) + (int)strlen(f->policy) <= end) {
		*x += wide ? 3 : 2;
		if (wide)
			tui_say(canvas, x, y, end, TUI_DIM, "policy ");
		tui_say(canvas, x, y, end, TUI_KEY, f->policy);
	}
	const struct {
		int count;
		const char *one, *many;
	} facts[] = {{f->workers, "worker", "workers"},
		     {wide ? f->green_threads : 0, "green thread", "green threads"},
		     {f->cores, "core", "cores"}};
	int first = 1;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s%d %s",
			 first	? ""
			 : wide ? " · "
				: " ",
			 facts[i].count,
			 facts[i].count == 1 ? facts[i].one : facts[i].many);
		/* Whole words or none. */
		if (facts[i].count <= 0 || *x + 3 + (int)strlen(text) >= end)
			continue;
		if (first)
			*x += wide ? 3 : 1;
		first = 0;
		tui_say(canvas, x, y, end, TUI_DIM, text);
	}
}

char *tui_chrome_key(const struct tui_scene *scene, enum tui_action action, char *buf,
		     size_t size)
{
	buf[0] = '\0';
	for (const struct tui_key_binding *b = tui_keys; b->keys; b++)
		if (b->action == action)
			tui_keymap_words(scene->keymap, b, buf, size);
	buf[strcspn(buf, " ")] = '\0';
	return buf;
}

void tui_say_key(struct tui_canvas *canvas, int *x, int y, int end, const char *key)
{
	tui_say(canvas, x, y, end, TUI_DIM, "[");
	tui_say(canvas, x, y, end, TUI_KEY, key);
	tui_say(canvas, x, y, end, TUI_DIM, "]");
}

/* A command that has no room is cut where it can be seen. */
static void title_command(struct tui_canvas *canvas, const char *command, int *x, int y,
			  int end)
{
	tui_say(canvas, x, y, end, TUI_TEXT, command);
	if (*x == end && (int)strlen(command) > 0 && end > 0)
		tui_canvas_put(canvas, end - 1, y, 0x2026, TUI_TEXT, TUI_BAR_GROUND);
}

void tui_chrome_title(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      enum tui_action opens, const char *view)
{
	const struct tui_facts *f = scene->facts;
	struct words right = {0};
	int x = 1;
	if (y < 0)
		return;
	lay_bar(canvas, y);
	if (view) {
		add_word(&right, TUI_TITLE, view);
		tui_chrome_key(scene, opens, right.key, sizeof(right.key));
	}
	mode_words(&right, scene);
	int width = words_width(&right);
	/* Narrow screens: the words give way first, then the view's name. */
	while (right.count > 1 && width > canvas->cols - 12) {
		right.key[0] = '\0';
		memmove(&right.text[0], &right.text[1], sizeof(right.text[0]) * 3);
		memmove(&right.role[0], &right.role[1], sizeof(right.role[0]) * 3);
		right.count--;
		width = words_width(&right);
	}
	int end = canvas->cols - width - 3;
	tui_say(canvas, &x, y, end, TUI_TITLE, "gtviz");
	x += 2;
	int command_end = end - (canvas->cols >= 100 ? 14 : 8);
	title_command(canvas, f->command, &x, y, command_end > x ? command_end : x);
	title_facts(canvas, f, &x, y, end);
	draw_right(canvas, y, &right, canvas->cols - width - 1);
}

/* ---- the status bar ---- */

static void bar(struct tui_canvas *canvas, int *x, int y, int end)
{
	tui_say(canvas, x, y, end, TUI_DIM, " │ ");
}

static void status_level(struct tui_canvas *canvas, const struct tui_facts *f, int *x,
			 int y, int end)
{
	static const char *const source[] = {" runtime only", " own tasks", " perf",
					     " BPF"};
	if (f->simulated) {
		tui_say(canvas, x, y, end, TUI_WARN,
			canvas->cols >= 60 ? "simulated" : "sim");
		return;
	}
	int level = f->level < 0 || f->level > 3 ? 0 : f->level;
	tui_sayf(canvas, x, y, end, level == 3 ? TUI_GOOD : TUI_WARN, "L%d%s", level,
		 canvas->cols >= 60 ? source[level] : "");
	if (f->no_green)
		tui_say(canvas, x, y, end, TUI_WARN, ", OS threads only");
}

/* What is damaged in the file is found where it is read: then something is lost, however
 * little was counted. */
static int has_gaps(const struct tui_scene *scene)
{
	return scene->facts->gaps || (scene->window && gtv_window_damaged(scene->window)) ||
	       (scene->overview && gtv_window_damaged(scene->overview));
}

/* Loss is shouted until it was looked at, and never leaves the bar. */
static void status_lost(struct tui_canvas *canvas, const struct tui_scene *scene, int *x,
			int y, int end)
{
	const struct tui_facts *f = scene->facts;
	char count[TUI_FIGURE];
	int from = *x, gaps = has_gaps(scene), any = f->lost || gaps;
	tui_format_count(count, sizeof(count), f->lost);
	tui_sayf(canvas, x, y, end, any ? TUI_BAD : TUI_GOOD,
		 any && !f->lost_seen ? " lost %s%s " : "lost %s%s",
		 gaps && !f->lost ? "some" : count, gaps && f->lost ? "+" : "");
	if (!any || f->lost_seen)
		return;
	for (int i = from; i < *x; i++) {
		struct tui_cell *cell = tui_canvas_at(canvas, i, y);
		if (cell)
			cell->inverse = 1;
	}
}

/* What the trigger does, in words; with its condition where there is room. */
static void status_trigger(struct tui_canvas *canvas, const struct tui_scene *scene, int *x,
			   int y, int end)
{
	char text[120];
	if (!scene->scope)
		return;
	tui_trigger_status(&scene->scope->trigger, canvas->cols >= 100, text, sizeof(text));
	if (!text[0])
		return;
	bar(canvas, x, y, end);
	tui_say(canvas, x, y, end, TUI_KEY, text);
}

static void status_rows(struct tui_canvas *canvas, const struct tui_nav *nav, int *x, int y,
			int end)
{
	static const char *const name[TUI_ROWS_MAX] = {"core", "thread", "green", "lock",
						       "worker"};
	tui_say(canvas, x, y, end, canvas->cols >= 100 ? TUI_DIM : TUI_BOLD, "rows:");
	/* Workers are named where they are the rows. */
	for (int i = 0; i < TUI_ROWS_MAX; i++)
		if ((canvas->cols >= 100 && i != TUI_ROWS_WORKER) || i == (int)nav->rows)
			tui_sayf(canvas, x, y, end,
				 i == (int)nav->rows ? TUI_BOLD : TUI_DIM, " %s", name[i]);
	if (nav->busy_only)
		tui_say(canvas, x, y, end, TUI_KEY, " busy only");
	if (nav->by_activity)
		tui_say(canvas, x, y, end, TUI_KEY, " by activity");
}

static void status_window(struct tui_canvas *canvas, const struct tui_nav *nav, int *x,
			  int y, int end, int lanes)
{
	char span[TUI_FIGURE], cell[TUI_FIGURE];
	uint64_t ns = nav->to_ns - nav->from_ns;
	int cells = tui_timeline_cells_at(canvas->cols, canvas->rows);
	tui_say(canvas, x, y, end, TUI_TEXT, tui_format_length(span, sizeof(span), ns));
	if (canvas->cols >= 60 && cells > 0 && lanes)
		tui_sayf(canvas, x, y, end, TUI_TEXT, ", %s/cell",
			 tui_format_length(cell, sizeof(cell), ns / (uint64_t)cells));
}

/* At the right end, in as many words as have room: loss and window come first. */
static void status_file(struct tui_canvas *canvas, const struct tui_facts *f, int y,
			int used)
{
	char bytes[TUI_FIGURE];
	tui_format_bytes(bytes, sizeof(bytes), f->bytes);
	for (int form = canvas->cols >= 100 ? 0 : 1; f->file[0] && form < 2; form++) {
		struct words w = {0};
		char text[96];
		snprintf(text, sizeof(text), form ? "%.30s" : "%.50s %s", f->file, bytes);
		add_word(&w, TUI_DIM, text);
		int x = canvas->cols - words_width(&w) - 1;
		if (x < used + 4)
			continue;
		if (f->mode == TUI_LIVE)
			tui_canvas_text(canvas, x - 2, y, 1, TUI_BAD, "●");
		draw_right(canvas, y, &w, x);
		return;
	}
}

static void status(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		   int lanes)
{
	const struct tui_facts *f = scene->facts;
	char figure[TUI_FIGURE];
	int x = 1, end = canvas->cols - 1;
	if (y < 0)
		return;
	lay_bar(canvas, y);
	status_level(canvas, f, &x, y, end);
	if (canvas->cols >= 80) {
		bar(canvas, &x, y, end);
		if (f->mode == TUI_LIVE)
			tui_sayf(canvas, &x, y, end, TUI_TEXT, "%s ev/s",
				 tui_format_rate(figure, sizeof(figure), f->events_per_s));
		else
			tui_sayf(canvas, &x, y, end, TUI_TEXT, "%s events",
				 tui_format_count(figure, sizeof(figure), f->events));
	}
	bar(canvas, &x, y, end);
	status_lost(canvas, scene, &x, y, end);
	status_trigger(canvas, scene, &x, y, end);
	if (f->mode == TUI_LIVE && !f->streamed && canvas->cols >= 100) {
		bar(canvas, &x, y, end);
		tui_sayf(canvas, &x, y, end, TUI_TEXT, "ring %u%%", f->ring_percent);
	}
	if (f->kept_ns) {
		bar(canvas, &x, y, end);
		tui_sayf(canvas, &x, y, end, TUI_WARN, "last %s kept",
			 tui_format_length(figure, sizeof(figure), f->kept_ns));
	}
	if (canvas->cols >= 80 && lanes) {
		bar(canvas, &x, y, end);
		status_rows(canvas, scene->nav, &x, y, end);
	}
	if (!tui_filter_is_empty(&scene->nav->filter)) {
		bar(canvas, &x, y, end);
		tui_sayf(canvas, &x, y, end, TUI_WARN, "\\%.*s", canvas->cols / 4,
			 scene->nav->filter.text);
	}
	bar(canvas, &x, y, end);
	if (!lanes)
		tui_say(canvas, &x, y, end, TUI_DIM, "in sight ");
	status_window(canvas, scene->nav, &x, y, end, lanes);
	status_file(canvas, f, y, x);
}

void tui_chrome_status(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	status(canvas, scene, y, 1);
}

void tui_chrome_status_list(struct tui_canvas *canvas, const struct tui_scene *scene, int y)
{
	status(canvas, scene, y, 0);
}

/* ---- hints, rules, errors ---- */

void tui_chrome_hints(struct tui_canvas *canvas, const struct tui_scene *scene, int y,
		      const char *const *pairs)
{
	int x = 1, end = canvas->cols - 1;
	if (y < 0)
		return;
	if (scene->facts->message[0]) {
		tui_say(canvas, &x, y, end, TUI_WARN, scene->facts->message);
		return;
	}
	if (canvas->cols < 60) {
		tui_say(canvas, &x, y, end, TUI_KEY, "?");
		tui_say(canvas, &x, y, end, TUI_DIM, " help");
		return;
	}
	const char *const *last = pairs;
	while (last[2])
		last += 2;
	int kept = (int)(strlen(last[0]) + strlen(last[1])) + 1;
	for (; pairs[0]; pairs += 2) {
		/* The last, help, stays; of the others whole pairs, as many as fit. */
		int width = (int)(strlen(pairs[0]) + strlen(pairs[1])) + 1;
		if (pairs != last && x + width + 2 + kept > end)
			continue;
		int from = x;
		tui_say(canvas, &x, y, end, TUI_KEY, pairs[0]);
		x++;
		tui_say(canvas, &x, y, end, TUI_DIM, pairs[1]);
		if (tui_key_of_word(pairs[0]))
			tui_spot(scene->spots, TUI_SPOT_KEY, from, y, x - from, 1,
				 (unsigned long)tui_key_of_word(pairs[0]));
		x += 2;
	}
}

int tui_chrome_rule(struct tui_canvas *canvas, int y, const char *text)
{
	for (int x = 0; x < canvas->cols; x++)
		tui_canvas_put(canvas, x, y, 0x2500, TUI_FAINT, TUI_DEFAULT);
	if (!text[0])
		return 0;
	tui_canvas_put(canvas, 1, y, ' ', TUI_DIM, TUI_DEFAULT);
	int x = 2 + tui_canvas_text(canvas, 2, y, canvas->cols - 4, TUI_DIM, text);
	tui_canvas_put(canvas, x, y, ' ', TUI_DIM, TUI_DEFAULT);
	return x + 1;
}

int tui_chrome_too_small(struct tui_canvas *canvas, int cols, int rows)
{
	if (canvas->cols >= cols && canvas->rows >= rows)
		return 0;
	int narrow = canvas->cols < cols;
	tui_canvas_textf(canvas, 0, 0, canvas->cols, TUI_TEXT, "gtviz needs %d %s",
			 narrow ? cols : rows, narrow ? "columns" : "rows");
	return 1;
}

void tui_chrome_error(struct tui_canvas *canvas, const char *text)
{
	tui_canvas_text(canvas, 1, canvas->rows / 2, canvas->cols - 2, TUI_WARN, text);
}

void tui_chrome_range(struct tui_canvas *canvas, int *x, int y, int end,
		      const struct tui_range *r, uint64_t start_ns, uint64_t upto_ns)
{
	char text[3 * TUI_FIGURE];

	if (r->kind != TUI_RANGE_ALL) {
		tui_say(canvas, x, y, end, TUI_KEY,
			tui_range_words(r, start_ns, text, sizeof(text)));
		return;
	}
	tui_format_length(text, TUI_FIGURE,
			  upto_ns > r->from_ns ? upto_ns - r->from_ns : 0);
	tui_sayf(canvas, x, y, end, TUI_DIM, "all of %s", text);
}

int tui_chrome_table_rows(int room, int want, size_t count)
{
	int rows = room - want;

	if (rows < room * 2 / 5)
		rows = room * 2 / 5;
	if (rows < 3 || room < 9)
		rows = room;
	if (rows < 1)
		return -1;
	if ((size_t)rows > count)
		rows = (int)count;
	/* The line that says how many more there are. */
	if ((size_t)rows < count && rows == room && rows > 1)
		rows--;
	return rows;
}
