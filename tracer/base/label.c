/* SPDX-License-Identifier: MIT
 *
 * Names as a person sees them. Their texts come from the traced program: what a
 * terminal could take for a command, or what would make a line look like another
 * one, is shown as \xNN.
 */
#include <stdio.h>
#include <string.h>

#include "tracer/base/names.h"

/* The length of the UTF-8 character at s (1 to 4), its code in *code; 0 if it is
 * none. Overlong forms and surrogates are none. */
static size_t utf8_char(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80   ? 1
		     : s[0] < 0xc0 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf8 ? 4
				   : 0;

	if (!len)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3fu);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return len;
}

/* Characters that take no cell or turn the direction of writing can forge what a
 * reader sees; private and unassigned planes show as anything. */
static int printable(uint32_t code)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{0x00, 0x1f},	     {0x7f, 0x9f},     {0xad, 0xad},	 {0x300, 0x36f},
		{0x61c, 0x61c},	     {0x115f, 0x1160}, {0x180b, 0x180f}, {0x200b, 0x200f},
		{0x2028, 0x202e},    {0x2060, 0x206f}, {0x20d0, 0x20ff}, {0xe000, 0xf8ff},
		{0xfe00, 0xfe0f},    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xfff0, 0xffff},
		{0xe0000, 0x10ffff},
	};
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (code >= hidden[i].from && code <= hidden[i].to)
			return 0;
	return 1;
}

static char *escape(const char *text, char *buf, size_t size, int utf8)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t used = 0;

	if (!size)
		return buf;
	while (*s) {
		uint32_t code;
		size_t len = utf8_char(s, &code);
		char hex[5];
		const char *out = (const char *)s;
		size_t out_len = len;

		if (!len || !printable(code) || (len > 1 && !utf8)) {
			snprintf(hex, sizeof hex, "\\x%02x", *s);
			out = hex;
			out_len = 4;
			len = 1;
		}
		if (out_len >= size - used)
			break;
		memcpy(buf + used, out, out_len);
		used += out_len;
		s += len;
	}
	buf[used] = '\0';
	return buf;
}

char *gtv_names_escape(const char *text, char *buf, size_t size)
{
	return escape(text, buf, size, 1);
}

/* "TEXT", or "FALLBACK 3" if there is none. */
static void text_or(const char *text, const char *fallback, uint32_t id, char *buf,
		    size_t size)
{
	if (text[0])
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "%s %u", fallback, id);
}

static void thread_label(const struct gtv_name *name, const char *text, char *buf,
			 size_t size)
{
	if (!name->id)
		snprintf(buf, size, "idle");
	else if (name->local)
		snprintf(buf, size, "W%u", name->local - 1);
	else if (text[0])
		snprintf(buf, size, "%s (%u)", text, name->id);
	else
		snprintf(buf, size, "thread %u", name->id);
}

char *gtv_names_label(const struct gtv_names *names, enum gtv_class cls, uint32_t id,
		      char *buf, size_t size)
{
	struct gtv_name name;
	char text[4 * GTV_NAME_BYTES];

	gtv_names_get(names, cls, id, &name);
	escape(name.text, text, sizeof text, 0);
	switch (cls) {
	case GTV_CLASS_PROCESS:
		if (text[0])
			snprintf(buf, size, "%s (pid %u)", text, id);
		else
			snprintf(buf, size, "pid %u", id);
		break;
	case GTV_CLASS_THREAD:
		thread_label(&name, text, buf, size);
		break;
	case GTV_CLASS_GT:
		snprintf(buf, size, text[0] ? "G%u %s" : "G%u", id, text);
		break;
	case GTV_CLASS_LOCK:
		if (name.flags & GTV_NAME_IS_GIL)
			snprintf(buf, size, "%s", text[0] ? text : "GIL");
		else
			text_or(text, "lock", id, buf, size);
		break;
	case GTV_CLASS_CHAN:
		text_or(text, "chan", id, buf, size);
		break;
	case GTV_CLASS_CALL:
		text_or(text, "call", id, buf, size);
		break;
	default:
		snprintf(buf, size, "%u", id);
	}
	return buf;
}
