/* SPDX-License-Identifier: MIT
 *
 * One table a class: entries in an array in order of first sight, with two hash
 * indexes beside it, by id and by (process, local number). The indexes hold
 * positions in the array, so growing it moves nothing but memory.
 *
 * A log remembers the order of changes, for the store: a position per change,
 * outdated as soon as its entry changes again. It is squeezed when most of it is
 * outdated, so it stays in proportion to the entries.
 */
#include "tracer/base/names.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/base/err.h"

struct entry {
	struct gtv_name name;
	uint64_t version; /* of its last change */
};

/* Open addressing; a slot holds position + 1, 0 is empty. Always a power of two,
 * at most half full. A slot may be outdated (its entry has another key by now):
 * every hit is compared with the entry itself. */
struct hash {
	uint32_t *slot;
	uint32_t size, used;
};

struct table {
	struct entry *entry;
	uint32_t count, room;
	uint32_t last_id; /* the highest ever seen */
	struct hash by_id, by_local;
};

struct change {
	uint64_t version;
	uint32_t cls, pos;
};

struct gtv_names {
	pthread_rwlock_t lock;
	struct table table[GTV_CLASS_MAX];
	uint64_t version;
	struct change *log; /* in order of version */
	size_t log_count, log_room;
	char kernel[96];
};

#define NOWHERE UINT32_MAX

static uint32_t mix(uint32_t a, uint32_t b)
{
	uint64_t h = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

static uint32_t hash_of(const struct gtv_name *name, int local)
{
	return local ? mix(name->pid, name->local) : mix(name->id, 0);
}

static void hash_put(struct hash *h, uint32_t key, uint32_t pos)
{
	uint32_t i = key & (h->size - 1);
	while (h->slot[i])
		i = (i + 1) & (h->size - 1);
	h->slot[i] = pos + 1;
	h->used++;
}

/* Makes room for one more key: counts anew from the entries, which also drops the
 * outdated slots. */
static int hash_reserve(struct hash *h, const struct table *t, int local)
{
	if (h->size && h->used + 1 <= h->size / 2)
		return 0;
	uint32_t size = 64;
	while (size / 4 < t->count + 1 && size < 1u << 31)
		size *= 2;
	uint32_t *slot = calloc(size, sizeof *slot);
	if (!slot)
		return -GTV_ENOMEM;
	free(h->slot);
	*h = (struct hash){.slot = slot, .size = size};
	for (uint32_t pos = 0; pos < t->count; pos++)
		hash_put(h, hash_of(&t->entry[pos].name, local), pos);
	return 0;
}

static uint32_t find_id(const struct table *t, uint32_t id)
{
	const struct hash *h = &t->by_id;
	for (uint32_t i = mix(id, 0); h->size; i++) {
		uint32_t pos = h->slot[i & (h->size - 1)];
		if (!pos)
			break;
		if (t->entry[pos - 1].name.id == id)
			return pos - 1;
	}
	return NOWHERE;
}

static uint32_t find_local(const struct table *t, uint32_t pid, uint32_t local)
{
	const struct hash *h = &t->by_local;
	for (uint32_t i = mix(pid, local); h->size; i++) {
		uint32_t pos = h->slot[i & (h->size - 1)];
		if (!pos)
			break;
		const struct gtv_name *name = &t->entry[pos - 1].name;
		if (name->pid == pid && name->local == local)
			return pos - 1;
	}
	return NOWHERE;
}

struct gtv_names *gtv_names_new(void)
{
	struct gtv_names *names = calloc(1, sizeof *names);
	if (!names)
		return NULL;
	/* The writer is the collector, which must not wait behind a busy screen. */
	pthread_rwlockattr_t attr;
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	int rc = pthread_rwlock_init(&names->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	if (rc) {
		free(names);
		return NULL;
	}
	return names;
}

void gtv_names_free(struct gtv_names *names)
{
	if (!names)
		return;
	for (int cls = 0; cls < GTV_CLASS_MAX; cls++) {
		free(names->table[cls].entry);
		free(names->table[cls].by_id.slot);
		free(names->table[cls].by_local.slot);
	}
	free(names->log);
	pthread_rwlock_destroy(&names->lock);
	free(names);
}

static struct table *table_of(const struct gtv_names *names, enum gtv_class cls)
{
	if ((unsigned)cls < 1 || (unsigned)cls >= GTV_CLASS_MAX)
		return NULL;
	return (struct table *)&names->table[cls];
}

/* The lock is the only thing that a lookup changes. */
static void lock_read(const struct gtv_names *names)
{
	pthread_rwlock_rdlock((pthread_rwlock_t *)&names->lock);
}

static void unlock(const struct gtv_names *names)
{
	pthread_rwlock_unlock((pthread_rwlock_t *)&names->lock);
}

static int log_reserve(struct gtv_names *names)
{
	if (names->log_count < names->log_room)
		return 0;
	size_t kept = 0;
	for (size_t i = 0; i < names->log_count; i++) {
		struct change c = names->log[i];
		if (names->table[c.cls].entry[c.pos].version == c.version)
			names->log[kept++] = c;
	}
	names->log_count = kept;
	if (kept < names->log_room / 2)
		return 0;
	size_t room = names->log_room ? 2 * names->log_room : 256;
	struct change *log = realloc(names->log, room * sizeof *log);
	if (!log)
		return -GTV_ENOMEM;
	names->log = log;
	names->log_room = room;
	return 0;
}

static int table_reserve(struct table *t)
{
	if (t->count < t->room)
		return 0;
	uint32_t room = t->room ? 2 * t->room : 64;
	struct entry *entry =
		t->room < 1u << 28 ? realloc(t->entry, room * sizeof *entry) : NULL;
	if (!entry)
		return -GTV_ENOMEM;
	t->entry = entry;
	t->room = room;
	return 0;
}

static void note_change(struct gtv_names *names, unsigned cls, uint32_t pos)
{
	names->table[cls].entry[pos].version = ++names->version;
	names->log[names->log_count++] = (struct change){names->version, cls, pos};
}

/* Puts an entry at `pos` (t->count: a new one). All that can fail comes first. */
static int place(struct gtv_names *names, unsigned cls, uint32_t pos,
		 const struct gtv_name *name)
{
	struct table *t = &names->table[cls];

	if (log_reserve(names) || table_reserve(t) || hash_reserve(&t->by_id, t, 0) ||
	    hash_reserve(&t->by_local, t, 1))
		return -GTV_ENOMEM;
	struct entry *e = &t->entry[pos];
	int fresh = pos == t->count;
	if (fresh || e->name.pid != name->pid || e->name.local != name->local)
		hash_put(&t->by_local, hash_of(name, 1), pos);
	if (fresh) {
		hash_put(&t->by_id, hash_of(name, 0), pos);
		t->count++;
	}
	e->name = *name;
	if (name->id > t->last_id)
		t->last_id = name->id;
	note_change(names, cls, pos);
	return 0;
}

/* A copy in which every byte is settled: texts end and are padded with zeros. */
static struct gtv_name settled(const struct gtv_name *from)
{
	struct gtv_name name = {.id = from->id,
				.pid = from->pid,
				.local = from->local,
				.flags = from->flags};
	memcpy(name.text, from->text, strnlen(from->text, GTV_NAME_BYTES - 1));
	memcpy(name.extra, from->extra, strnlen(from->extra, GTV_KIND_BYTES - 1));
	return name;
}

int gtv_names_set(struct gtv_names *names, enum gtv_class cls, const struct gtv_name *entry)
{
	struct table *t = table_of(names, cls);
	if (!t)
		return -GTV_EUSAGE;
	struct gtv_name name = settled(entry);
	int rc = 0;

	pthread_rwlock_wrlock(&names->lock);
	uint32_t pos = find_id(t, name.id);
	if (pos == NOWHERE)
		rc = place(names, cls, t->count, &name);
	else if (memcmp(&t->entry[pos].name, &name, sizeof name))
		rc = place(names, cls, pos, &name);
	unlock(names);
	return rc;
}

int gtv_names_get(const struct gtv_names *names, enum gtv_class cls, uint32_t id,
		  struct gtv_name *out)
{
	const struct table *t = table_of(names, cls);
	uint32_t pos = NOWHERE;

	*out = (struct gtv_name){.id = id};
	if (!t)
		return -GTV_ENOTFOUND;
	lock_read(names);
	pos = find_id(t, id);
	if (pos != NOWHERE)
		*out = t->entry[pos].name;
	unlock(names);
	return pos == NOWHERE ? -GTV_ENOTFOUND : 0;
}

uint32_t gtv_names_pid(const struct gtv_names *names, enum gtv_class cls, uint32_t id)
{
	const struct table *t = table_of(names, cls);

	if (!t)
		return 0;
	lock_read(names);
	uint32_t pos = find_id(t, id), pid = pos == NOWHERE ? 0 : t->entry[pos].name.pid;
	unlock(names);
	return pid;
}

uint32_t gtv_names_intern(struct gtv_names *names, enum gtv_class cls, uint32_t pid,
			  uint32_t local)
{
	struct table *t = table_of(names, cls);
	if (!t)
		return 0;
	uint32_t id = 0;

	lock_read(names);
	uint32_t pos = find_local(t, pid, local);
	if (pos != NOWHERE)
		id = t->entry[pos].name.id;
	unlock(names);
	if (id)
		return id;

	pthread_rwlock_wrlock(&names->lock);
	pos = find_local(t, pid, local); /* somebody may have come first */
	if (pos != NOWHERE) {
		id = t->entry[pos].name.id;
	} else if (t->last_id < UINT32_MAX) {
		struct gtv_name name = {.id = t->last_id + 1, .pid = pid, .local = local};
		if (!place(names, cls, t->count, &name))
			id = name.id;
	}
	unlock(names);
	return id;
}

size_t gtv_names_count(const struct gtv_names *names, enum gtv_class cls)
{
	const struct table *t = table_of(names, cls);
	if (!t)
		return 0;
	lock_read(names);
	size_t count = t->count;
	unlock(names);
	return count;
}

int gtv_names_at(const struct gtv_names *names, enum gtv_class cls, size_t idx,
		 struct gtv_name *out)
{
	const struct table *t = table_of(names, cls);
	int rc = -GTV_ENOTFOUND;

	*out = (struct gtv_name){0};
	if (!t)
		return rc;
	lock_read(names);
	if (idx < t->count) {
		*out = t->entry[idx].name;
		rc = 0;
	}
	unlock(names);
	return rc;
}

#define SOME 512 /* at 20 ns each a writer waits 10 us */

size_t gtv_names_some(const struct gtv_names *names, enum gtv_class cls, size_t idx,
		      int (*each)(void *arg, const struct gtv_name *name), void *arg)
{
	const struct table *t = table_of(names, cls);
	int over = 0;

	if (!t)
		return idx;
	lock_read(names);
	for (size_t n = 0; idx < t->count && n < SOME && !over; n++)
		over = each(arg, &t->entry[idx++].name);
	unlock(names);
	return idx;
}

void gtv_names_set_kernel(struct gtv_names *names, const char *kernel)
{
	size_t len = strnlen(kernel, sizeof names->kernel - 1);

	pthread_rwlock_wrlock(&names->lock);
	memcpy(names->kernel, kernel, len);
	names->kernel[len] = 0;
	pthread_rwlock_unlock(&names->lock);
}

char *gtv_names_machine(const struct gtv_names *names, char *buf, size_t size)
{
	lock_read(names);
	const char *space = strrchr(names->kernel, ' ');
	size_t len = space ? strnlen(space + 1, size - 1) : 0;
	if (len)
		memcpy(buf, space + 1, len);
	buf[len] = 0;
	unlock(names);
	return buf;
}

uint64_t gtv_names_version(const struct gtv_names *names)
{
	lock_read(names);
	uint64_t version = names->version;
	unlock(names);
	return version;
}

size_t gtv_names_changes(const struct gtv_names *names, uint64_t since,
			 struct gtv_name_change *out, size_t max, uint64_t *upto)
{
	size_t count = 0;

	*upto = since;
	lock_read(names);
	size_t low = 0, high = names->log_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (names->log[mid].version <= since)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < names->log_count && count < max; low++) {
		struct change c = names->log[low];
		const struct entry *e = &names->table[c.cls].entry[c.pos];
		*upto = c.version;
		if (e->version != c.version)
			continue;
		out[count].cls = (enum gtv_class)c.cls;
		out[count].idx = c.pos;
		out[count++].name = e->name;
	}
	if (low == names->log_count && names->version > since)
		*upto = names->version;
	unlock(names);
	return count;
}
