/* SPDX-License-Identifier: MIT
 *
 * The only file that knows of curses. Curses already sends no more than what
 * changed; we spare it the cells that we know are the same, and ask it for colour
 * pairs as they come up, so that a terminal with 64 pairs does as well.
 */
#include "tui/term/term.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "tui/term/guard.h"
#include "tui/term/sequence.h"

#define ESC_DELAY_MS 25

/* Buttons, movement with one down, and all of it in figures, which have no widest screen.
 * Curses could ask for the first, but of events that come together it tells only one. */
#define MOVES_ON  "\033[?1000;1002;1006h"
#define MOVES_OFF "\033[?1006;1002;1000l"
/* Of a console's mouse only curses knows. */
#define BUTTONS                                                                            \
	(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED |          \
	 REPORT_MOUSE_POSITION)

struct tui_term {
	SCREEN *screen;
	FILE *in; /* standard input, or /dev/tty */
	int ascii, cols, rows;
	int mouse;	      /* it is asked for */
	struct tui_mouse did; /* what it did last, where curses did not read it */
	enum tui_theme theme;
	struct termios saved;
	struct tui_canvas last; /* what is shown; cols 0: nothing is known */
};

/* The program's modes go back in this order: the mouse (which a terminal without one
 * ignores), colours, keypad, cursor, screen. */
static size_t restore_bytes(char *buf, size_t room)
{
	static const char *const names[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};
	size_t size = strlen(MOVES_OFF);

	memcpy(buf, MOVES_OFF, size);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *p = tigetstr(names[i]);

		if (!p || p == (const char *)-1)
			continue;
		while (*p && size < room) {
			/* "$<5>" is a pause for old terminals, not bytes to send. */
			const char *end =
				p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;

			if (end)
				p = end + 1;
			else
				buf[size++] = *p++;
		}
	}
	return size;
}

static enum tui_theme choose_theme(int asked)
{
	const char *no_color = getenv("NO_COLOR");

	if (COLORS < 8 || !has_colors() || (asked < 0 && no_color && *no_color))
		return TUI_THEME_MONO;
	if (asked >= 0 && (COLORS >= 256 || asked >= TUI_THEME_16))
		return (enum tui_theme)asked;
	return COLORS >= 256 ? TUI_THEME_DARK : TUI_THEME_16;
}

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	curs_set(0);
	leaveok(stdscr, TRUE);
	set_escdelay(ESC_DELAY_MS);
}

/* Arrows come in two spellings, by a mode that not every terminal keeps to; the one
 * that the description leaves out would be read as Esc and two letters. */
static void know_both_spellings(void)
{
	static const struct {
		const char *bytes;
		int key;
	} spellings[] = {
		{"\033[A", KEY_UP},    {"\033OA", KEY_UP},    {"\033[B", KEY_DOWN},
		{"\033OB", KEY_DOWN},  {"\033[C", KEY_RIGHT}, {"\033OC", KEY_RIGHT},
		{"\033[D", KEY_LEFT},  {"\033OD", KEY_LEFT},  {"\033[H", KEY_HOME},
		{"\033OH", KEY_HOME},  {"\033[F", KEY_END},   {"\033OF", KEY_END},
		{"\033[1~", KEY_HOME}, {"\033[4~", KEY_END},
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++)
		define_key(spellings[i].bytes, spellings[i].key);
}

/* Only where the terminal is known to speak of a mouse: others would print the request. */
static int speaks_of_mouse(void)
{
	const char *name = tigetstr("kmous");

	return name && name != (const char *)-1 && !strncmp(name, "\033[", 2);
}

static int is_console(void)
{
	const char *name = termname();

	return name && !strncmp(name, "linux", 5);
}

static void move_reports(const struct tui_term *t, int on)
{
	if (!t->mouse)
		return;
	fputs(on ? MOVES_ON : MOVES_OFF, stdout);
	fflush(stdout);
}

#define COPY_BYTES_MAX 74994u /* what xterm takes, before base64 */

static void put_base64(FILE *out, const unsigned char *p, size_t size)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		unsigned bits = (unsigned)p[i] << 16;

		bits |= i + 1 < size ? (unsigned)p[i + 1] << 8 : 0;
		bits |= i + 2 < size ? (unsigned)p[i + 2] : 0;
		putc(digit[bits >> 18 & 63], out);
		putc(digit[bits >> 12 & 63], out);
		putc(i + 1 < size ? digit[bits >> 6 & 63] : '=', out);
		putc(i + 2 < size ? digit[bits & 63] : '=', out);
	}
}

enum tui_copied tui_term_copy(struct tui_term *t, const char *text, size_t size)
{
	const char *name = termname();
	const char *says = tigetstr("Ms");

	(void)t;
	/* Consoles print what they do not know. */
	if (size > COPY_BYTES_MAX || !name || !strncmp(name, "linux", 5) ||
	    !strncmp(name, "vt", 2) || !strcmp(name, "dumb"))
		return TUI_COPY_NONE;
	fputs("\033]52;c;", stdout);
	put_base64(stdout, (const unsigned char *)text, size);
	putc('\a', stdout);
	fflush(stdout);
	return says && says != (const char *)-1 ? TUI_COPY_TAKEN : TUI_COPY_SENT;
}

void tui_term_use_mouse(struct tui_term *t)
{
	if (is_console()) {
		mousemask(BUTTONS, NULL);
		mouseinterval(0); /* presses at once: what is a click we say */
	} else if (speaks_of_mouse()) {
		keyok(KEY_MOUSE, FALSE); /* sequence.h reads it */
		t->mouse = 1;
		move_reports(t, 1);
	}
}

void tui_term_mouse(struct tui_term *t, struct tui_mouse *out)
{
	MEVENT event;

	*out = t->did;
	t->did = (struct tui_mouse){0};
	if (t->mouse || getmouse(&event) != OK)
		return;
	out->x = event.x;
	out->y = event.y;
	if (event.bstate & BUTTON4_PRESSED)
		out->act = TUI_MOUSE_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		out->act = TUI_MOUSE_WHEEL_DOWN;
	else if (event.bstate & BUTTON1_PRESSED)
		out->act = TUI_MOUSE_PRESS;
	else if (event.bstate & BUTTON1_RELEASED)
		out->act = TUI_MOUSE_RELEASE;
	else if (event.bstate & REPORT_MOUSE_POSITION)
		out->act = TUI_MOUSE_DRAG;
}

static FILE *open_keys(void)
{
	if (isatty(STDIN_FILENO))
		return stdin;
	return fopen("/dev/tty", "r+e");
}

static int can_place_text(void)
{
	const char *cup;
	int found = 0;

	if (setupterm(NULL, STDOUT_FILENO, &found) == ERR)
		return 0;
	cup = tigetstr("cup");
	int can = cup && cup != (const char *)-1;

	del_curterm(cur_term);
	return can;
}

int tui_term_check(int *cols, int *rows, const char *instead, struct gtv_err *err)
{
	const char *name = getenv("TERM");
	char use[120];
	struct winsize size;

	snprintf(use, sizeof(use), "use %s", instead);
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return gtv_err_set(err, GTV_EUSAGE, "standard output", use, "%s",
				   "not a terminal");
	if (!can_place_text())
		return gtv_err_set(err, GTV_EUSAGE, "terminal",
				   "try TERM=xterm-256color, or use a better one",
				   "the type \"%s\" is unknown or cannot place text",
				   name ? name : "");
	*cols = size.ws_col ? size.ws_col : 80;
	*rows = size.ws_row ? size.ws_row : 24;
	return 0;
}

int tui_term_open(struct tui_term **out, int theme, struct gtv_err *err)
{
	struct tui_term *t = calloc(1, sizeof(*t));
	char restore[256];
	sigset_t all, before;

	if (!t)
		return gtv_err_set(err, GTV_ENOMEM, "terminal", "", "out of memory");
	t->in = open_keys();
	if (!t->in || tcgetattr(STDOUT_FILENO, &t->saved)) {
		free(t);
		return gtv_err_set(err, GTV_EUSAGE, "terminal",
				   "run it in a terminal, or use gtviz record",
				   "no keyboard");
	}
	setlocale(LC_CTYPE, "");
	t->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	/* From the first change of the terminal to its guard no signal comes between. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	t->screen = newterm(NULL, stdout, t->in);
	if (!t->screen) {
		const char *name = getenv("TERM");

		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (t->in != stdin)
			fclose(t->in);
		free(t);
		return gtv_err_set(err, GTV_EUSAGE, "terminal", "TERM=xterm-256color",
				   "the type \"%s\" is not known", name ? name : "");
	}
	set_modes();
	know_both_spellings();
	tui_guard_arm(STDOUT_FILENO, &t->saved, restore,
		      restore_bytes(restore, sizeof(restore)));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (start_color() == OK)
		use_default_colors();
	t->theme = choose_theme(theme);
	getmaxyx(stdscr, t->rows, t->cols);
	*out = t;
	return 0;
}

void tui_term_close(struct tui_term *t)
{
	if (!t)
		return;
	move_reports(t, 0);
	endwin();
	/* Curses puts back the modes it found; ours are the caller's, to the bit. */
	tcsetattr(STDOUT_FILENO, TCSADRAIN, &t->saved);
	tui_guard_release();
	delscreen(t->screen);
	if (t->in != stdin)
		fclose(t->in);
	tui_canvas_fini(&t->last);
	free(t);
}

void tui_term_size(const struct tui_term *t, int *cols, int *rows)
{
	*cols = t->cols;
	*rows = t->rows;
}

void tui_term_resized(struct tui_term *t)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	resizeterm(size.ws_row, size.ws_col);
	getmaxyx(stdscr, t->rows, t->cols);
	tui_term_repaint(t);
}

int tui_term_is_ascii(const struct tui_term *t)
{
	return t->ascii;
}

enum tui_theme tui_term_theme(const struct tui_term *t)
{
	return t->theme;
}

void tui_term_set_theme(struct tui_term *t, enum tui_theme theme)
{
	t->theme = choose_theme((int)theme);
	/* The cells are the same, what they look like is not. */
	tui_term_repaint(t);
}

/* 16-colour themes use 8 … 15; where there are only 8, bold stands for bright. */
static int fit_colour(int colour, attr_t *attrs, int is_ink)
{
	if (colour < COLORS)
		return colour;
	if (is_ink)
		*attrs |= A_BOLD;
	return colour & 7;
}

static void put_cell(const struct tui_term *t, int x, int y, const struct tui_cell *cell)
{
	struct tui_paint paint = tui_theme_paint(t->theme, cell);
	wchar_t text[2] = {(wchar_t)(cell->glyph ? cell->glyph : ' '), 0};
	attr_t attrs = A_NORMAL;
	cchar_t cc;
	int pair = 0;

	if (paint.attrs & TUI_ATTR_BOLD)
		attrs |= A_BOLD;
	if (paint.attrs & TUI_ATTR_DIM)
		attrs |= A_DIM;
	if (paint.attrs & TUI_ATTR_REVERSE)
		attrs |= A_REVERSE;
	if (paint.ink >= 0 || paint.ground >= 0) {
		int ink = fit_colour(paint.ink, &attrs, 1);
		int ground = fit_colour(paint.ground, &attrs, 0);

		pair = alloc_pair(ink, ground);
		if (pair < 0)
			pair = 0;
	}
	/* The pair travels as the extension, which has room for more than 255. */
	if (setcchar(&cc, text, attrs, 0, &pair) == OK)
		mvadd_wch(y, x, &cc);
}

void tui_term_show(struct tui_term *t, const struct tui_canvas *c)
{
	int same = t->last.cols == c->cols && t->last.rows == c->rows;

	if (!same) {
		tui_canvas_fini(&t->last);
		if (tui_canvas_init(&t->last, c->cols, c->rows))
			memset(&t->last, 0, sizeof(t->last));
		erase();
	}
	for (int y = 0; y < c->rows && y < t->rows; y++) {
		for (int x = 0; x < c->cols && x < t->cols; x++) {
			size_t at = (size_t)y * (size_t)c->cols + (size_t)x;

			if (same &&
			    !memcmp(&t->last.cells[at], &c->cells[at], sizeof(*c->cells)))
				continue;
			put_cell(t, x, y, &c->cells[at]);
		}
	}
	if (t->last.cells)
		memcpy(t->last.cells, c->cells,
		       (size_t)c->cols * (size_t)c->rows * sizeof(*c->cells));
	refresh();
}

void tui_term_repaint(struct tui_term *t)
{
	tui_canvas_fini(&t->last);
	memset(&t->last, 0, sizeof(t->last));
	clearok(stdscr, TRUE);
}

int tui_term_fd(const struct tui_term *t)
{
	return fileno(t->in);
}

static int named_key(wint_t code)
{
	switch (code) {
	case KEY_LEFT:
		return TUI_KEY_LEFT;
	case KEY_RIGHT:
		return TUI_KEY_RIGHT;
	case KEY_UP:
		return TUI_KEY_UP;
	case KEY_DOWN:
		return TUI_KEY_DOWN;
	case KEY_HOME:
		return TUI_KEY_HOME;
	case KEY_END:
		return TUI_KEY_END;
	case KEY_PPAGE:
		return TUI_KEY_PGUP;
	case KEY_NPAGE:
		return TUI_KEY_PGDN;
	case KEY_DC:
		return TUI_KEY_DELETE;
	case KEY_BACKSPACE:
		return TUI_KEY_BACKSPACE;
	case KEY_MOUSE:
		return TUI_KEY_MOUSE;
	case KEY_ENTER:
		return TUI_KEY_ENTER;
	default:
		return TUI_KEY_OTHER;
	}
}

static int next_byte(void *arg, int wait_ms)
{
	struct pollfd fd = {.fd = tui_term_fd(arg), .events = POLLIN};
	int byte = getch();

	if (byte == ERR && wait_ms && poll(&fd, 1, wait_ms) > 0)
		byte = getch();
	return byte == ERR ? -1 : byte;
}

static void byte_back(void *arg, int byte)
{
	(void)arg;
	ungetch(byte);
}

int tui_term_key(struct tui_term *t)
{
	const struct tui_sequence_in in = {next_byte, byte_back, t};
	wint_t code = 0;
	int rc, key;

	/* To curses a new size is a key; we were told by a signal. */
	do
		rc = get_wch(&code);
	while (rc == KEY_CODE_YES && code == KEY_RESIZE);

	if (rc == KEY_CODE_YES)
		return named_key(code);
	if (rc != ERR && code == TUI_KEY_ESC &&
	    (key = tui_sequence_key(&in, &t->did)) != TUI_KEY_NONE)
		return key;
	if (rc != ERR)
		return (int)code;
	/* Nothing to read, or nobody there any more? */
	int waiting = 0;

	if (ioctl(fileno(t->in), FIONREAD, &waiting) && errno != EINTR)
		return -1;
	return TUI_KEY_NONE;
}

void tui_term_suspend(struct tui_term *t)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, old;

	move_reports(t, 0);
	endwin();
	tcsetattr(STDOUT_FILENO, TCSADRAIN, &t->saved);
	tui_guard_away(1);
	sigaction(SIGTSTP, &stop, &old);
	raise(SIGTSTP); /* returns when the shell lets us go on */
	sigaction(SIGTSTP, &old, NULL);
	tui_guard_away(0);
	tui_term_retake(t);
}

void tui_term_retake(struct tui_term *t)
{
	endwin();
	refresh(); /* back to the alternate screen */
	set_modes();
	move_reports(t, 1);
	tui_term_resized(t);
	tui_term_repaint(t);
}
