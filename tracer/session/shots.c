/* SPDX-License-Identifier: MIT */
#include "tracer/session/shots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gtv_shots *gtv_shots_new(const struct gtv_session_trigger *trigger, int level,
				const struct gtv_names *names, uint64_t start_ns)
{
	struct gtv_shots *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->condition = *trigger->condition;
	s->names = names;
	s->post_ns = trigger->post_ns;
	s->wanted = trigger->hits ? trigger->hits : 1;
	s->start_ns = start_ns;
	s->watch = gtv_watch_new(&s->condition, level, names, 0);
	if (!s->watch) {
		free(s);
		return NULL;
	}
	return s;
}

void gtv_shots_free(struct gtv_shots *s)
{
	if (!s)
		return;
	gtv_watch_free(s->watch);
	free(s);
}

int gtv_shots_look(struct gtv_shots *s, const struct gtv_model *model, uint64_t now_ns)
{
	if (s->due_ns || s->hits == s->wanted)
		return 0;
	gtv_watch_upto(s->watch, model, now_ns);
	if (!gtv_watch_next(s->watch, &s->hit))
		return 0;
	s->hits++;
	s->due_ns = s->hit.ts_ns + s->post_ns;
	/* The next one may come when this one is in its file. */
	gtv_watch_hold(s->watch, s->hits == s->wanted ? UINT64_MAX : s->due_ns + 1);
	return 1;
}

int gtv_shots_due(const struct gtv_shots *s, uint64_t now_ns)
{
	return s->due_ns && now_ns >= s->due_ns;
}

int gtv_shots_done(struct gtv_shots *s)
{
	s->due_ns = 0;
	return s->hits == s->wanted;
}

char *gtv_shots_say(const struct gtv_shots *s, char *buf, size_t size)
{
	char what[240];
	uint64_t at = s->hit.ts_ns > s->start_ns ? s->hit.ts_ns - s->start_ns : 0;

	gtv_trigger_say(&s->condition, &s->hit, s->names, what, sizeof what);
	snprintf(buf, size, "%s, at %llu.%06llu s", what,
		 (unsigned long long)(at / 1000000000),
		 (unsigned long long)(at % 1000000000 / 1000));
	return buf;
}
