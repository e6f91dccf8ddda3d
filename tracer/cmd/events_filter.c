/* SPDX-License-Identifier: MIT
 * Which events `gtviz events` prints: --from --to --lane --kind.
 */
#include "tracer/cmd/events.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* One name or pattern of --kind. Returns how many kinds it means. */
static int add_kinds(struct gtv_events_filter *filter, const char *pattern)
{
	int found = 0;

	for (unsigned k = 1; k < GTV_EV_MAX; k++) {
		const char *name = gtv_event_name(k);

		if (!name || fnmatch(pattern, name, 0))
			continue;
		filter->kinds[k / 64] |= 1ull << k % 64;
		found++;
	}
	return found;
}

static int parse_kinds(struct gtv_events_filter *filter, const char *text,
		       struct gtv_err *err)
{
	char pattern[64];
	size_t len;

	for (const char *p = text;; p += len + 1) {
		len = strcspn(p, ",");
		if (len < sizeof pattern) {
			memcpy(pattern, p, len);
			pattern[len] = 0;
		}
		if (len >= sizeof pattern || !add_kinds(filter, pattern))
			return gtv_err_set(err, GTV_EUSAGE, "--kind",
					   "kinds are as `gtviz events` prints them: "
					   "gt_yield, sched_switch…",
					   "there is no event of kind %.*s",
					   (int)(len < 60 ? len : 60), p);
		if (!p[len])
			return 0;
	}
}

static int add_id(struct gtv_events_filter *filter, uint32_t id)
{
	uint32_t *ids = realloc(filter->ids, (filter->id_count + 1) * sizeof *ids);

	if (!ids)
		return -GTV_ENOMEM;
	filter->ids = ids;
	ids[filter->id_count++] = id;
	return 0;
}

static int lock_is(const struct gtv_names *names, const struct gtv_name *lock,
		   const char *text)
{
	char label[4 * GTV_NAME_BYTES + 16];

	return (*text && !strcmp(lock->text, text)) ||
	       !strcmp(gtv_names_label(names, GTV_CLASS_LOCK, lock->id, label,
				       sizeof label),
		       text);
}

/* All locks of that name: two processes may have a GIL each. */
static int add_locks(struct gtv_events_filter *filter, const struct gtv_names *names,
		     const char *text)
{
	struct gtv_name lock;

	filter->lane_type = GTV_FIELD_LOCK;
	for (size_t i = 0; i < gtv_names_count(names, GTV_CLASS_LOCK); i++)
		if (!gtv_names_at(names, GTV_CLASS_LOCK, i, &lock) &&
		    lock_is(names, &lock, text) && add_id(filter, lock.id))
			return -GTV_ENOMEM;
	return 0;
}

/* The OS threads that were worker `idx`, in all processes. */
static int add_workers(struct gtv_events_filter *filter, const struct gtv_names *names,
		       uint32_t idx)
{
	struct gtv_name thread;

	filter->lane_type = GTV_FIELD_TID;
	for (size_t i = 0; i < gtv_names_count(names, GTV_CLASS_THREAD); i++)
		if (!gtv_names_at(names, GTV_CLASS_THREAD, i, &thread) && thread.local &&
		    thread.local - 1 == idx && add_id(filter, thread.id))
			return -GTV_ENOMEM;
	return 0;
}

/* "G12" into 12. 1 if the text is a letter and a number. */
static int letter_and_number(const char *text, char *letter, uint32_t *number)
{
	unsigned long n;
	char *end;

	if (!text[0] || !strchr("CGTWL", text[0]) || text[1] < '0' || text[1] > '9')
		return 0;
	errno = 0;
	n = strtoul(text + 1, &end, 10);
	if (*end || errno || n > UINT32_MAX)
		return 0;
	*letter = text[0];
	*number = (uint32_t)n;
	return 1;
}

static int add_numbered(struct gtv_events_filter *filter, const struct gtv_names *names,
			char letter, uint32_t n)
{
	static const struct {
		char letter;
		uint8_t type, cls;
	} kinds[] = {{'G', GTV_FIELD_GT, GTV_CLASS_GT},
		     {'T', GTV_FIELD_TID, GTV_CLASS_THREAD},
		     {'L', GTV_FIELD_LOCK, GTV_CLASS_LOCK}};
	struct gtv_name name;

	if (letter == 'W')
		return add_workers(filter, names, n);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].letter != letter)
			continue;
		filter->lane_type = kinds[i].type;
		return gtv_names_get(names, kinds[i].cls, n, &name) ? 0 : add_id(filter, n);
	}
	/* Cores have no names: whether there is such a one, the events say. */
	filter->lane_type = GTV_FIELD_CORE;
	return add_id(filter, n);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int parse_lane(struct gtv_events_filter *filter, const struct gtv_names *names,
		      const char *text, struct gtv_err *err)
{
	uint32_t number;
	char letter;
	int rc = letter_and_number(text, &letter, &number)
			 ? add_numbered(filter, names, letter, number)
			 : add_locks(filter, names, text);

	if (rc)
		return gtv_err_set(err, GTV_ENOMEM, "--lane", "", "out of memory");
	if (!filter->id_count)
		return gtv_err_set(err, GTV_ENOTFOUND, "--lane",
				   "lanes are C0, G12, T4711, W0, L3 or a lock's name",
				   "there is no lane %.60s in this trace", text);
	qsort(filter->ids, filter->id_count, sizeof *filter->ids, by_number);
	return 0;
}

int gtv_events_filter_init(struct gtv_events_filter *filter, const struct gtv_names *names,
			   const char *kind, const char *lane, struct gtv_err *err)
{
	*filter = (struct gtv_events_filter){.to_ns = UINT64_MAX};
	if (!kind)
		memset(filter->kinds, 0xff, sizeof filter->kinds);
	else if (parse_kinds(filter, kind, err))
		return -err->code;
	return lane ? parse_lane(filter, names, lane, err) : 0;
}

void gtv_events_filter_fini(struct gtv_events_filter *filter)
{
	free(filter->ids);
	filter->ids = NULL;
}

static int has_id(const struct gtv_events_filter *filter, uint64_t id)
{
	uint32_t key = (uint32_t)id;

	return id <= UINT32_MAX && bsearch(&key, filter->ids, filter->id_count,
					   sizeof *filter->ids, by_number) != NULL;
}

static int on_lane(const struct gtv_events_filter *filter, const struct gtv_ev *ev)
{
	uint64_t own = filter->lane_type == GTV_FIELD_CORE  ? (uint64_t)(int64_t)ev->core
		       : filter->lane_type == GTV_FIELD_TID ? ev->tid
		       : filter->lane_type == GTV_FIELD_GT && ev->kind != GTV_EV_LOSS
			       ? ev->gt
			       : UINT64_MAX;

	if (has_id(filter, own))
		return 1;
	for (const struct gtv_field *fd = gtv_event_fields(ev->kind); fd->key; fd++)
		if (fd->type == filter->lane_type &&
		    has_id(filter, gtv_event_field(ev, fd)))
			return 1;
	return 0;
}

int gtv_events_wanted(const struct gtv_events_filter *filter, const struct gtv_ev *ev)
{
	return ev->ts_ns >= filter->from_ns && ev->ts_ns < filter->to_ns &&
	       (ev->kind >= GTV_EV_MAX ||
		filter->kinds[ev->kind / 64] >> ev->kind % 64 & 1) &&
	       (!filter->lane_type || on_lane(filter, ev));
}
