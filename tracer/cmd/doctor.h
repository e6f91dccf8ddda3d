/* SPDX-License-Identifier: MIT
 * What `gtviz doctor` finds out about the terminal: apart, because the terminfo
 * headers define short common words as macros. And about io_uring: for its headers.
 */
#ifndef GTV_CMD_DOCTOR_H
#define GTV_CMD_DOCTOR_H

/* Colours that terminfo gives for the terminal type; -1 if it is not known. */
int gtv_doctor_colours(const char *term);
/* "ncurses 6.4", or NULL if not built in. */
const char *gtv_doctor_curses_version(void);

/* Why programs on libgt cannot use io_uring here; NULL: they can. */
const char *gtv_doctor_uring(void);

#define GTV_DOCTOR_PROBLEMS 16

/* The settings file of the screen: only who draws it knows. */
struct gtv_doctor_settings {
	char file[512]; /* where it is looked for; "" nowhere */
	int found;	/* …and is there */
	int problem_count;
	char problem[GTV_DOCTOR_PROBLEMS][640]; /* "FILE:LINE: WHY (HOW TO MEND)" */
};
/* Set before gtv_cmd_doctor by who has settings; NULL: nobody. */
extern void (*gtv_doctor_ask_settings)(struct gtv_doctor_settings *out);
struct json_object;
struct json_object *gtv_doctor_settings_json(void); /* Returns owned */
void gtv_doctor_print_settings(void);

#endif
