/* SPDX-License-Identifier: MIT */
#include "tracer/base/err.h"

#include <stdio.h>
#include <string.h>

#include "tracer/base/names.h"

int gtv_err_set(struct gtv_err *err, int code, const char *what, const char *mend,
		const char *why_fmt, ...)
{
	if (!err)
		return -code;
	err->code = code;
	snprintf(err->what, sizeof err->what, "%s", what ? what : "");
	snprintf(err->mend, sizeof err->mend, "%s", mend ? mend : "");
	va_list ap;
	va_start(ap, why_fmt);
	vsnprintf(err->why, sizeof err->why, why_fmt, ap);
	va_end(ap);
	return -code;
}

/* Appends, escaped: file names and kernel texts may hold anything. */
static size_t put(char *buf, size_t size, size_t used, const char *text)
{
	if (used < size)
		gtv_names_escape(text, buf + used, size - used);
	return used + strlen(buf + used);
}

char *gtv_err_line(const struct gtv_err *err, char *buf, unsigned long size)
{
	if (!size)
		return buf;
	buf[0] = '\0';
	size_t used = put(buf, size, 0, err->what);
	if (err->why[0]) {
		used = put(buf, size, used, used ? ": " : "");
		used = put(buf, size, used, err->why);
	}
	if (err->mend[0]) {
		used = put(buf, size, used, " (");
		used = put(buf, size, used, err->mend);
		put(buf, size, used, ")");
	}
	return buf;
}
