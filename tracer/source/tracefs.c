/* SPDX-License-Identifier: MIT */
#include "tracer/source/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/base/event.h"

#define FORMAT_BYTES 16384 /* sched_switch's has some 2,000 */

static const char *const mounts[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

/* "\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;" */
static int parse_field(struct gtv_tracefs_field *out, const char *line)
{
	const char *end = strchr(line, ';'), *from, *to;

	if (!end || sscanf(end, ";\toffset:%u;\tsize:%u;", &out->offset, &out->size) != 2)
		return -1;
	from = strstr(end, "signed:");
	out->is_signed = from && from[7] == '1';
	/* The last word of the declaration, without the length of an array. */
	for (to = end; to > line && to[-1] == ']';) {
		while (to > line && *to != '[')
			to--;
	}
	for (from = to; from > line && from[-1] != ' ' && from[-1] != '*';)
		from--;
	size_t len = (size_t)(to - from);
	if (!len || len >= sizeof out->name)
		return -1;
	memcpy(out->name, from, len);
	out->name[len] = 0;
	return 0;
}

/* { 0x00000001, "S" } and { 1, "S"}, as often as they come. */
static void parse_states(struct gtv_tracefs_format *out, const char *print)
{
	for (const char *p = strchr(print, '{'); p && out->state_count < GTV_TRACEFS_STATES;
	     p = strchr(p + 1, '{')) {
		char *end;
		uint64_t bit = strtoull(p + 1, &end, 0);

		end += strspn(end, ", ");
		if (end[0] != '"' || end[1] == '"' || end[2] != '"')
			continue; /* a name, and none of a state */
		out->state[out->state_count].bit = bit;
		out->state[out->state_count++].letter = end[1];
	}
}

int gtv_tracefs_parse(struct gtv_tracefs_format *out, const char *text)
{
	const char *print = strstr(text, "print fmt:"), *id = strstr(text, "ID: ");

	memset(out, 0, sizeof *out);
	if (!id || sscanf(id, "ID: %u", &out->id) != 1)
		return -GTV_ECORRUPT;
	for (const char *p = strstr(text, "field:"); p && (!print || p < print);
	     p = strstr(p + 1, "field:")) {
		if (out->field_count == GTV_TRACEFS_FIELDS ||
		    parse_field(&out->field[out->field_count], p + 6))
			return -GTV_ECORRUPT;
		out->field_count++;
	}
	if (print)
		parse_states(out, print);
	return out->field_count ? 0 : -GTV_ECORRUPT;
}

static int cannot(struct gtv_err *err, int error, const char *event)
{
	if (error == EACCES || error == EPERM)
		return gtv_err_set(err, GTV_EPERM, "level 2 (perf tracepoints)",
				   "sudo gtviz", "%s",
				   "needs root: /sys/kernel/tracing is closed to others");
	return gtv_err_set(err, GTV_EUNAVAIL, "level 2 (perf tracepoints)",
			   "mount -t tracefs tracefs /sys/kernel/tracing",
			   "%s cannot be read: %s", event, strerror(error));
}

int gtv_tracefs_read(struct gtv_tracefs_format *out, const char *event, struct gtv_err *err)
{
	int fd = -1, error = ENOENT;
	char path[256], *text;
	size_t used = 0;
	ssize_t n;

	for (size_t i = 0; fd < 0 && i < sizeof mounts / sizeof *mounts; i++) {
		snprintf(path, sizeof path, "%s/events/%s/format", mounts[i], event);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			error = errno;
	}
	text = fd < 0 ? NULL : malloc(FORMAT_BYTES);
	if (!text) {
		if (fd >= 0)
			close(fd);
		return cannot(err, fd < 0 ? error : ENOMEM, event);
	}
	while ((n = read(fd, text + used, FORMAT_BYTES - 1 - used)) > 0)
		used += (size_t)n;
	error = n < 0 ? errno : 0;
	close(fd);
	text[used] = 0;
	if (!error && gtv_tracefs_parse(out, text))
		error = EPROTO;
	free(text);
	return error ? cannot(err, error, event) : 0;
}

const struct gtv_tracefs_field *gtv_tracefs_find(const struct gtv_tracefs_format *format,
						 const char *name)
{
	for (size_t i = 0; i < format->field_count; i++)
		if (!strcmp(format->field[i].name, name))
			return &format->field[i];
	return NULL;
}

int64_t gtv_tracefs_number(const struct gtv_tracefs_field *field, const void *raw,
			   size_t size)
{
	const unsigned char *at = raw;
	uint64_t v = 0;

	if (!field || field->size > sizeof v || !field->size || field->offset > size ||
	    field->size > size - field->offset)
		return 0;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	memcpy((char *)&v + sizeof v - field->size, at + field->offset, field->size);
#else
	memcpy(&v, at + field->offset, field->size);
#endif
	unsigned spare = 64 - 8 * field->size;
	if (!field->is_signed || !spare)
		return (int64_t)v;
	return (int64_t)(v << spare) >> spare;
}

static uint8_t off_of(char letter)
{
	switch (letter) {
	case 'D':
		return GTV_OFF_DISK;
	case 'I':
		return GTV_OFF_IDLE;
	case 'T':
	case 't':
		return GTV_OFF_STOPPED;
	case 'X':
	case 'x':
	case 'Z':
		return GTV_OFF_DEAD;
	default: /* S, and P: parked */
		return GTV_OFF_SLEEP;
	}
}

uint8_t gtv_tracefs_off(const struct gtv_tracefs_format *format, uint64_t prev_state)
{
	uint64_t named = 0, highest = 0;
	uint8_t off = GTV_OFF_UNKNOWN;

	for (size_t i = 0; i < format->state_count; i++)
		named |= format->state[i].bit;
	if (!named)
		return prev_state ? GTV_OFF_UNKNOWN : GTV_OFF_PREEMPTED;
	highest = UINT64_C(1) << (63 - __builtin_clzll(named));
	if (!prev_state || prev_state >= 2 * highest)
		return GTV_OFF_PREEMPTED;
	/* The flags of how it may be woken (K, W, N) come beside one that says why. */
	for (size_t i = 0; i < format->state_count; i++) {
		char letter = format->state[i].letter;

		if (!(prev_state & format->state[i].bit) || strchr("KWN", letter))
			continue;
		uint8_t now = off_of(letter);
		if (off == GTV_OFF_UNKNOWN || now == GTV_OFF_DEAD)
			off = now;
	}
	/* Before there was an I, one that is idle was a D that counts for no load (N). */
	for (size_t i = 0; i < format->state_count && off == GTV_OFF_DISK; i++)
		if (format->state[i].letter == 'N' && prev_state & format->state[i].bit)
			off = GTV_OFF_IDLE;
	return off;
}
