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

#endif
