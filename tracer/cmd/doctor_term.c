/* SPDX-License-Identifier: MIT */
#include "tracer/cmd/doctor.h"

#include <stddef.h>

#ifdef GTV_HAVE_CURSES
#include <unistd.h>

#include <term.h>

int gtv_doctor_colours(const char *term)
{
	int status = 0, colours;

	/* With `status` to fill, an unknown terminal is an answer, not an exit. */
	if (!term || !*term || setupterm(term, STDOUT_FILENO, &status) < 0)
		return -1;
	colours = tigetnum("colors");
	del_curterm(cur_term);
	return colours;
}

const char *gtv_doctor_curses_version(void)
{
	return NCURSES_VERSION;
}
#else
int gtv_doctor_colours(const char *term)
{
	(void)term;
	return -1;
}

const char *gtv_doctor_curses_version(void)
{
	return NULL;
}
#endif
