/* SPDX-License-Identifier: MIT
 *
 * Settings, keys and the file they come from: what is good takes effect, what is bad is
 * told with its line, and nothing of it can hurt. The file itself is read as a stranger's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tui/app/config.h"
#include "tui/term/term.h"

static struct tui_settings s;
static struct tui_keymap map;
static char told[4096];
static int tells;

static void tell(void *arg, const struct gtv_err *err)
{
	char line[700];

	assert_null(arg);
	strncat(told, gtv_err_line(err, line, sizeof(line)),
		sizeof(told) - strlen(told) - 2);
	strcat(told, "\n");
	tells++;
}

static int begin(void **state)
{
	(void)state;
	tui_settings_init(&s);
	memset(&map, 0, sizeof(map));
	told[0] = '\0';
	tells = 0;
	return 0;
}

static int parse(const char *text)
{
	return tui_config_parse(text, strlen(text), "config", &s, &map, tell, NULL);
}

static void good_lines(void **state)
{
	(void)state;
	assert_int_equal(parse("# mine\n"
			       "\n"
			       "theme = light\r\n"
			       "  rows=green  \n"
			       "edges = on\n"
			       "pan = 10\n"
			       "zoom = 1.5\n"
			       "speed = 0.25\n"
			       "view = events\n"
			       "filter = core:0 !busy\n"
			       "bind x zoom-in\n"
			       "bind # none\n"
			       "bind PgDn pan-right"),
			 0);
	assert_string_equal(told, "");
	assert_int_equal(s.theme, TUI_THEME_LIGHT);
	assert_int_equal(s.rows, TUI_ROWS_GT);
	assert_int_equal(s.edges, 1);
	assert_int_equal(s.pan_hundredths, 10);
	assert_int_equal(s.zoom_permille, 1500);
	assert_int_equal(s.speed_permille, 250);
	assert_int_equal(s.view, TUI_VIEW_EVENTS);
	assert_int_equal(s.filter.count, 2);
	assert_int_equal(map.count, 3);
	assert_true(s.given & 1u << TUI_SET_THEME);
	assert_false(s.given & 1u << TUI_SET_ASCII);
}

static void bad_lines_are_told_and_left_out(void **state)
{
	(void)state;
	assert_int_equal(parse("theme = purple\n"
			       "rows = green\n"
			       "colour = red\n"
			       "hello\n"
			       "bind x\n"
			       "bind xx zoom-in\n"
			       "bind x zoom-inn\n"
			       "pan = 0\n"
			       "zoom = nan\n"
			       "speed = 1e400\n"
			       "filter = state:idel\n"
			       "theme = \001light\n"),
			 11);
	assert_int_equal(tells, 11);
	assert_non_null(
		strstr(told, "config:1: theme: there is no \"purple\" (dark, light"));
	assert_non_null(strstr(told, "config:3: colour: there is no such setting"));
	assert_non_null(strstr(told, "config:4: it is neither a setting nor a key"));
	assert_non_null(strstr(told, "config:6: xx: there is no such key"));
	assert_non_null(strstr(told, "config:7: zoom-inn: there is no such action"));
	assert_non_null(strstr(told, "config:12: there are control characters"));
	assert_null(strstr(told, "config:2:"));
	assert_int_equal(s.rows, TUI_ROWS_GT);
	assert_int_equal(s.zoom_permille, 2000);
	assert_int_equal(map.count, 0);
}

static void long_lines_and_no_text_at_all(void **state)
{
	char line[3000];

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(
		tui_config_parse(line, sizeof(line), "config", &s, &map, tell, NULL), 1);
	assert_non_null(strstr(told, "config:1: the line is too long"));
	assert_int_equal(tui_config_parse("", 0, "config", &s, &map, tell, NULL), 0);
	assert_int_equal(tui_config_parse("\0\0\n\0", 4, "config", &s, &map, tell, NULL),
			 2);
	memset(&map, 0, sizeof(map));
	told[0] = '\0';
	/* More keys than there is room for. */
	for (int i = 0; i < 90; i++) {
		snprintf(line, sizeof(line), "bind %c%c quit\n", i < 60 ? '\xc3' : '\xc2',
			 (char)(i < 60 ? 0x80 + i : 0xa1 + i - 60));
		(void)parse(line);
	}
	assert_true(map.count <= 64);
	assert_non_null(strstr(told, "more keys than can be bound"));
}

static void bound_keys_win_where_their_action_has_keys(void **state)
{
	struct gtv_err err;

	(void)state;
	assert_int_equal(tui_keymap_action(&map, TUI_IN_TIMELINE, 'q'), TUI_ACT_QUIT);
	assert_int_equal(tui_keymap_bind(&map, "q", "zoom-in", &err), 0);
	assert_int_equal(tui_keymap_action(&map, TUI_IN_TIMELINE, 'q'), TUI_ACT_ZOOM_IN);
	/* Lists have no zoom: there it stays what it was. */
	assert_int_equal(tui_keymap_action(&map, TUI_IN_LIST, 'q'), TUI_ACT_QUIT);
	assert_int_equal(tui_keymap_bind(&map, "q", "none", &err), 0);
	assert_int_equal(map.count, 1);
	assert_int_equal(tui_keymap_action(&map, TUI_IN_LIST, 'q'), TUI_ACT_NONE);
	assert_int_equal(tui_keymap_bind(&map, "Enter", "quit", &err), 0);
	assert_int_equal(tui_keymap_action(&map, TUI_IN_LIST, '\n'), TUI_ACT_QUIT);
	assert_int_equal(tui_keymap_bind(&map, "Delete", "row-down", &err), 0);
	assert_int_equal(tui_keymap_action(&map, TUI_IN_LIST, TUI_KEY_DELETE),
			 TUI_ACT_ROW_DOWN);
}

static void every_action_has_a_name(void **state)
{
	char name[32];

	(void)state;
	for (const struct tui_key_binding *b = tui_keys; b->keys; b++)
		assert_int_equal(tui_key_find_action(tui_key_action_name(b->action, name,
									 sizeof(name))),
				 b->action);
	assert_int_equal(tui_key_find_action("none"), TUI_ACT_NONE);
}

static void every_choice_can_be_set(void **state)
{
	struct gtv_err err;
	const char *choice;

	(void)state;
	for (int i = 0; i < TUI_SET_MAX; i++)
		for (int k = 0; (choice = tui_settings_choice((enum tui_setting)i, k)); k++)
			assert_int_equal(
				tui_settings_set(&s, tui_settings[i].name, choice, &err),
				0);
}

/* ---- the file ---- */

static char dir[] = "/tmp/gtv-config-XXXXXX";

static int make_dir(void **state)
{
	char path[64];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/gtviz", dir);
	setenv("XDG_CONFIG_HOME", dir, 1);
	unsetenv("SUDO_UID");
	return mkdir(path, 0700);
}

static int remove_dir(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/gtviz/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text, size_t size, mode_t mode)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	fclose(f);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static int read_file(struct tui_config_file *file)
{
	return tui_config_read(file, &s, &map, tell, NULL);
}

static void the_file_is_found_and_read(void **state)
{
	struct tui_config_file file;

	(void)state;
	assert_int_equal(read_file(&file), 0);
	assert_false(file.found);
	assert_string_equal(file.path, path_of("config"));
	write_file("config", "theme = safe\nnonsense\n", 22, 0600);
	assert_int_equal(read_file(&file), 1);
	assert_true(file.found);
	assert_int_equal(s.theme, TUI_THEME_SAFE);
	assert_non_null(strstr(told, "/gtviz/config:2: "));
	/* A path that is not absolute is to be ignored. */
	setenv("XDG_CONFIG_HOME", "relative", 1);
	read_file(&file);
	assert_null(strstr(file.path, "relative"));
	setenv("XDG_CONFIG_HOME", dir, 1);
}

static void what_is_no_settings_file_is_refused(void **state)
{
	char *big = calloc(1, TUI_CONFIG_BYTES_MAX + 1);
	struct tui_config_file file;

	(void)state;
	assert_non_null(big);
	write_file("config", big, TUI_CONFIG_BYTES_MAX + 1, 0600);
	free(big);
	assert_int_equal(read_file(&file), 1);
	assert_non_null(strstr(told, "larger than settings ever are"));
	write_file("config", "theme = safe\n", 13, 0666);
	assert_int_equal(read_file(&file), 1);
	assert_non_null(strstr(told, "everybody may write it"));
	assert_int_equal(unlink(path_of("config")), 0);
	/* Nobody waits for who opens the other end of a pipe. */
	assert_int_equal(mkfifo(path_of("config"), 0600), 0);
	assert_int_equal(read_file(&file), 1);
	assert_non_null(strstr(told, "it is not a plain file"));
	assert_int_equal(unlink(path_of("config")), 0);
	assert_int_equal(mkdir(path_of("config"), 0700), 0);
	assert_int_equal(read_file(&file), 1);
	assert_int_equal(rmdir(path_of("config")), 0);
	assert_int_equal(s.given, 0);
}

/* Under sudo: only the invoking user's own file, and no link to it. Only root can be under
 * sudo, so only root can try. */
static void root_reads_for_the_user_only(void **state)
{
	struct tui_config_file file;

	(void)state;
	if (geteuid()) {
		print_message("skipped: only root can play sudo\n");
		skip();
	}
	setenv("SUDO_UID", "1", 1); /* daemon, everywhere */
	read_file(&file);
	/* Root's environment says nothing of that user. */
	assert_null(strstr(file.path, dir));
	unsetenv("SUDO_UID");
	write_file("config", "theme = safe\n", 13, 0600);
	assert_int_equal(chown(path_of("config"), 1, 1), 0);
	assert_int_equal(read_file(&file), 1);
	assert_non_null(strstr(told, "it belongs to somebody else"));
	assert_int_equal(unlink(path_of("config")), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		T(good_lines),
		T(bad_lines_are_told_and_left_out),
		T(long_lines_and_no_text_at_all),
		T(bound_keys_win_where_their_action_has_keys),
		T(every_action_has_a_name),
		T(every_choice_can_be_set),
		T(the_file_is_found_and_read),
		T(what_is_no_settings_file_is_refused),
		T(root_reads_for_the_user_only),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
