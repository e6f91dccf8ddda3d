/* SPDX-License-Identifier: MIT
 *
 * The settings file: $XDG_CONFIG_HOME/gtviz/config, else ~/.config/gtviz/config; under sudo
 * the invoking user's. It is only ever read. Whoever can write it is not trusted with more
 * than settings: it must be a plain file of the user's own, of a sane size, and where gtviz
 * has root's rights no link is followed to it.
 */
#ifndef TUI_APP_CONFIG_H
#define TUI_APP_CONFIG_H

#include "tui/scene/settings.h"

struct tui_config_file {
	char path[512]; /* "" there is nowhere to look */
	int found;	/* it is there, and was read */
};

/* Reads the file, if there is one, into s and map; tells of what is wrong with it. Returns
 * how many lines (or the whole file: 1) had to be left out. */
int tui_config_read(struct tui_config_file *file, struct tui_settings *s,
		    struct tui_keymap *map,
		    void (*tell)(void *arg, const struct gtv_err *err), void *arg);
/* For `gtviz doctor`: which file, and what is wrong with it. */
struct gtv_doctor_settings;
void tui_config_doctor(struct gtv_doctor_settings *out);

#endif
