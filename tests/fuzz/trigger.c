/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the conditions of triggers: any bytes are one, and what is taken is a condition
 * that can be watched for; what is refused says why in one line.
 *
 * Built by libFuzzer, or as a program that replays files.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/model/trigger.h"
#include "tests/fuzz/files.h"

#define BYTES_MAX 4096

static void need(int is_so)
{
	if (!is_so)
		abort();
}

static void is_whole(const char *text, size_t room)
{
	need(memchr(text, 0, room) != NULL);
}

/* Some events of a story, so that patterns meet names. */
static void watch(const struct gtv_condition *c)
{
	struct gtv_watch *w = gtv_watch_new(c, 0, NULL, 0);
	struct gtv_model_sink sink = gtv_watch_sink(w, NULL);
	struct gtv_model *m = gtv_model_new(0, NULL, &sink);
	struct gtv_trigger_hit hit;
	char text[40];
	const struct gtv_ev evs[] = {
		{.ts_ns = 10, .kind = GTV_EV_SPAWN, .core = -1, .tid = 9, .gt = 1},
		{.ts_ns = 11, .kind = GTV_EV_SWITCH_RUN, .core = -1, .tid = 9, .obj = 1},
		{.ts_ns = 12,
		 .kind = GTV_EV_MARK,
		 .core = -1,
		 .tid = 9,
		 .gt = 1,
		 .obj = 'x'},
		{.ts_ns = 13,
		 .kind = GTV_EV_LOCK_TAKE,
		 .core = -1,
		 .tid = 9,
		 .gt = 1,
		 .obj = 1},
		{.ts_ns = UINT64_MAX / 2, .kind = GTV_EV_TICK, .core = -1},
	};

	need(w && m);
	gtv_watch_feed(w, m, evs, sizeof(evs) / sizeof(*evs));
	while (gtv_watch_next(w, &hit)) {
		gtv_trigger_say(c, &hit, NULL, text, sizeof(text));
		is_whole(text, sizeof(text));
	}
	gtv_model_free(m);
	gtv_watch_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gtv_condition c;
	struct gtv_err err = {0};
	char *text;

	if (size > BYTES_MAX || !(text = malloc(size + 1)))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	int rc = gtv_condition_parse(&c, text, &err);

	if (rc)
		need(err.code == -rc && err.what[0] && err.why[0] && err.mend[0]);
	for (int i = 0; !rc && i < c.alts; i++) {
		is_whole(c.alt[i].who, sizeof(c.alt[i].who));
		is_whole(c.alt[i].gt, sizeof(c.alt[i].gt));
		is_whole(c.alt[i].lock, sizeof(c.alt[i].lock));
		is_whole(c.alt[i].mark, sizeof(c.alt[i].mark));
	}
	if (!rc) {
		need(c.alts >= 1 && c.alts <= GTV_TRIGGER_ALTS);
		watch(&c);
	}
	free(text);
	return 0;
}

#ifndef GTV_LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_files(argc, argv);
}
#endif
