/* SPDX-License-Identifier: MIT
 *
 * perf.data, as `perf record` and `perf sched record` write it (the layout is in the
 * kernel's tools/perf/Documentation/perf.data-file-format.txt and perf_event.h):
 *
 *   file: a header with the places of the attributes and the records, then sections of
 *   features behind the records; one of those has the formats of the tracepoints.
 *   pipe: a short header, then records only; attributes, formats and features are
 *   records too.
 *
 * Records come ring by ring, in rounds: when a round ends, nothing earlier than the
 * round before it can come any more. Compressed records hold more records.
 */
#include "tracer/import/importers.h"

#ifdef GTV_HAVE_TRACEEVENT

#include <event-parse.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tracer/base/progress.h"
#include "tracer/import/tep.h"

#define TELL_BYTES    65536 /* how often it is told how far we are */
#define MAGIC	      "PERFILE2"
#define MAGIC_SWAPPED "2ELIFREP"

/* What linux/perf_event.h has not: tools/perf's own records. */
enum {
	REC_ATTR = 64,
	REC_TRACING_DATA = 66,
	REC_FINISHED_ROUND = 68,
	REC_AUXTRACE = 71,
	REC_FEATURE = 80,
	REC_COMPRESSED = 81,
	REC_COMPRESSED2 = 83,
};

enum {
	FEAT_TRACING_DATA = 1,
	FEAT_HOSTNAME = 3,
	FEAT_OSRELEASE = 4,
	FEAT_ARCH = 6,
	FEAT_NRCPUS = 7,
	FEAT_CMDLINE = 11,
	FEATURES = 256,
};

struct bytes {
	const uint8_t *p;
	size_t left;
};

struct attr {
	uint64_t sample_type, read_format;
	int id_all;
};

struct id {
	uint64_t id;
	size_t attr;
};

struct perf {
	struct gtv__feed *feed;
	struct attr *attr;
	size_t attr_count;
	struct id *id; /* sorted once they are needed */
	size_t id_count;
	int sorted, sampled;
	struct gtv__tep *tep;
	struct gtv_err *err;
	uint64_t max_ns, round_ns; /* the latest seen; that of the round before */
	ZSTD_DStream *zstd;
	uint8_t *unpacked; /* what compressed records held that is not yet used up */
	size_t unpacked_len, unpacked_cap;
	uint64_t skipped;
	struct bytes file;
	const uint8_t *told; /* up to where it was told how far we are */
};

/* ------------------------------------------------------------------- bytes */

static const uint8_t *take(struct bytes *b, size_t n)
{
	const uint8_t *p = b->p;

	if (n > b->left)
		return NULL;
	b->p += n;
	b->left -= n;
	return p;
}

static int take64(struct bytes *b, uint64_t *v)
{
	const uint8_t *p = take(b, sizeof *v);

	if (p)
		memcpy(v, p, sizeof *v);
	return p ? 0 : -1;
}

static int take32(struct bytes *b, uint32_t *v)
{
	const uint8_t *p = take(b, sizeof *v);

	if (p)
		memcpy(v, p, sizeof *v);
	return p ? 0 : -1;
}

/* [at, at + size) of b, cut to what is there. */
static struct bytes part(struct bytes b, uint64_t at, uint64_t size)
{
	if (at > b.left)
		at = b.left;
	if (size > b.left - at)
		size = b.left - at;
	return (struct bytes){b.p + at, (size_t)size};
}

/* A text that ends with a zero. */
static const char *take_text(struct bytes *b)
{
	const uint8_t *end = memchr(b->p, 0, b->left);

	return end ? (const char *)take(b, (size_t)(end - b->p) + 1) : NULL;
}

static int damaged(struct perf *p, const char *what)
{
	return gtv_err_set(p->err, GTV_EFORMAT, "perf.data", "record it again", "%s", what);
}

static int no_memory(struct perf *p)
{
	return gtv_err_set(p->err, GTV_ENOMEM, "perf.data", "", "out of memory");
}

/* -------------------------------------------------------------- attributes */

/* One struct perf_event_attr, however long it was when the file was written. */
static int add_attr(struct perf *p, struct bytes in)
{
	struct perf_event_attr a = {0};
	struct attr *all = realloc(p->attr, (p->attr_count + 1) * sizeof *all);

	if (!all)
		return no_memory(p);
	p->attr = all;
	memcpy(&a, in.p, in.left < sizeof a ? in.left : sizeof a);
	all[p->attr_count++] = (struct attr){a.sample_type, a.read_format, a.sample_id_all};
	return 0;
}

static int add_ids(struct perf *p, struct bytes in)
{
	size_t n = in.left / 8;
	struct id *all = realloc(p->id, (p->id_count + n + 1) * sizeof *all);

	if (!all)
		return no_memory(p);
	p->id = all;
	p->sorted = 0;
	for (; n; n--) {
		take64(&in, &all[p->id_count].id);
		all[p->id_count++].attr = p->attr_count - 1;
	}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct id *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static const struct attr *attr_of(struct perf *p, uint64_t id)
{
	struct id key = {.id = id}, *found;

	if (!p->sorted && p->id_count)
		qsort(p->id, p->id_count, sizeof *p->id, by_id);
	p->sorted = 1;
	found = p->id_count ? bsearch(&key, p->id, p->id_count, sizeof key, by_id) : NULL;
	return &p->attr[found && found->attr < p->attr_count ? found->attr : 0];
}

/* ---------------------------------------------------------- tracing data */

static int skip_sized(struct bytes *b, int wide)
{
	uint64_t size = 0;
	uint32_t size32;

	if (wide ? take64(b, &size) : take32(b, &size32))
		return -1;
	if (!wide)
		size = size32;
	return size <= b->left && take(b, (size_t)size) ? 0 : -1;
}

static int read_systems(struct tep_handle *tep, struct bytes *b)
{
	uint32_t systems, events;
	uint64_t size;

	if (take32(b, &systems))
		return -1;
	for (; systems; systems--) {
		const char *system = take_text(b);

		if (!system || take32(b, &events))
			return -1;
		for (; events; events--) {
			if (take64(b, &size) || size > b->left)
				return -1;
			const uint8_t *text = take(b, (size_t)size);
			/* What cannot be parsed is not looked up later. */
			if (!strcmp(system, "sched"))
				tep_parse_event(tep, (const char *)text,
						(unsigned long)size, system);
		}
	}
	return 0;
}

/* "\x17\x08\x44tracing", version, byte order, size of a long, of a page; header_page,
 * header_event; ftrace's own formats; the systems'. What follows is not wanted. */
static int read_tracing(struct tep_handle *tep, struct bytes b)
{
	const uint8_t *magic = take(&b, 10), *how;
	uint32_t count;

	if (!magic || memcmp(magic, "\x17\x08\x44tracing", 10) || !take_text(&b))
		return -1;
	how = take(&b, 6);
	if (!how || how[0] > 1 || how[0] != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		return -1;
	tep_set_long_size(tep, how[1]);
	for (int i = 0; i < 2; i++)
		if (!take_text(&b) || skip_sized(&b, 1))
			return -1;
	if (take32(&b, &count))
		return -1;
	for (; count; count--)
		if (skip_sized(&b, 1))
			return -1;
	return read_systems(tep, &b);
}

static int take_tracing(struct perf *p, struct bytes b)
{
	struct tep_handle *tep = tep_alloc();
	int rc = 0;

	if (!tep)
		return no_memory(p);
	tep_set_loglevel(TEP_LOG_NONE);
	if (read_tracing(tep, b))
		gtv__feed_note(p->feed, "its event formats are damaged");
	gtv__tep_free(p->tep);
	p->tep = gtv__tep_new(tep);
	if (!p->tep)
		rc = no_memory(p);
	tep_free(tep);
	return rc;
}

/* ---------------------------------------------------------------- features */

static void feature_text(struct bytes b, char *to, size_t size)
{
	uint32_t len;

	if (take32(&b, &len) || !size)
		return;
	if (len > b.left)
		len = (uint32_t)b.left;
	if (len > size - 1)
		len = (uint32_t)size - 1;
	memcpy(to, b.p, strnlen((const char *)b.p, len));
	to[strnlen((const char *)b.p, len)] = 0;
}

static void feature_command(struct perf *p, struct bytes b)
{
	char *to = p->feed->facts.command, word[128];
	uint32_t words, len;
	size_t at = 0;

	if (take32(&b, &words))
		return;
	for (; words && at + 2 < sizeof p->feed->facts.command; words--) {
		struct bytes text = b;

		if (take32(&b, &len) || !take(&b, len))
			return;
		memset(word, 0, sizeof word);
		feature_text(text, word, sizeof word);
		at += (size_t)snprintf(to + at, sizeof p->feed->facts.command - at, "%s%s",
				       at ? " " : "", word);
		if (at >= sizeof p->feed->facts.command)
			return;
	}
}

static int take_feature(struct perf *p, unsigned feature, struct bytes b)
{
	struct gtv__facts *facts = &p->feed->facts;
	char text[64] = "";
	uint32_t online;

	switch (feature) {
	case FEAT_TRACING_DATA:
		return take_tracing(p, b);
	case FEAT_HOSTNAME:
		feature_text(b, facts->host, sizeof facts->host);
		break;
	case FEAT_OSRELEASE:
		feature_text(b, text, sizeof text);
		snprintf(facts->kernel, sizeof facts->kernel, "Linux %s", text);
		break;
	case FEAT_NRCPUS:
		if (!take32(&b, &online) && !take32(&b, &online) &&
		    online <= GTV__IMPORT_CORES)
			facts->cores = online > facts->cores ? online : facts->cores;
		break;
	case FEAT_CMDLINE:
		feature_command(p, b);
		break;
	default:
		break;
	}
	return 0;
}

/* ----------------------------------------------------------------- samples */

struct sample {
	uint64_t ip, time, id;
	uint32_t pid, tid, cpu;
	struct bytes raw;
	int has_time, has_cpu;
};

static int skip_read(struct bytes *b, uint64_t format)
{
	uint64_t nr = 1, each = 1, skip = 0;

	each += (format & PERF_FORMAT_ID) != 0;
	each += (format & (1u << 4)) != 0; /* PERF_FORMAT_LOST */
	skip += (format & PERF_FORMAT_TOTAL_TIME_ENABLED) != 0;
	skip += (format & PERF_FORMAT_TOTAL_TIME_RUNNING) != 0;
	if (format & PERF_FORMAT_GROUP && (take64(b, &nr) || nr > b->left / 8))
		return -1;
	return take(b, (size_t)(8 * (skip + nr * each))) ? 0 : -1;
}

/* Where the id lies: first if there is an identifier, else behind what comes before it
 * in all samples alike. */
static uint64_t id_of(const struct perf *p, struct bytes b)
{
	uint64_t type = p->attr[0].sample_type, id = 0;

	if (!(type & PERF_SAMPLE_IDENTIFIER)) {
		size_t before = 0;

		if (!(type & PERF_SAMPLE_ID))
			return 0;
		before += (type & PERF_SAMPLE_IP) != 0;
		before += (type & PERF_SAMPLE_TID) != 0;
		before += (type & PERF_SAMPLE_TIME) != 0;
		before += (type & PERF_SAMPLE_ADDR) != 0;
		if (!take(&b, 8 * before))
			return 0;
	}
	take64(&b, &id);
	return id;
}

static int read_sample(struct perf *p, struct bytes b, struct sample *s)
{
	const struct attr *a = attr_of(p, id_of(p, b));
	uint64_t type = a->sample_type, skip, n;
	uint32_t unused, size;

	*s = (struct sample){.tid = 0};
#define WORD(bit, to) ((type & (bit)) && take64(&b, &(to)))
	if (WORD(PERF_SAMPLE_IDENTIFIER, s->id) || WORD(PERF_SAMPLE_IP, s->ip))
		return -1;
	if (type & PERF_SAMPLE_TID && (take32(&b, &s->pid) || take32(&b, &s->tid)))
		return -1;
	if (WORD(PERF_SAMPLE_TIME, s->time) || WORD(PERF_SAMPLE_ADDR, skip) ||
	    WORD(PERF_SAMPLE_ID, s->id) || WORD(PERF_SAMPLE_STREAM_ID, skip))
		return -1;
	if (type & PERF_SAMPLE_CPU && (take32(&b, &s->cpu) || take32(&b, &unused)))
		return -1;
	if (WORD(PERF_SAMPLE_PERIOD, skip))
		return -1;
	if (type & PERF_SAMPLE_READ && skip_read(&b, a->read_format))
		return -1;
	if (type & PERF_SAMPLE_CALLCHAIN &&
	    (take64(&b, &n) || n > b.left / 8 || !take(&b, (size_t)(8 * n))))
		return -1;
#undef WORD
	if (!(type & PERF_SAMPLE_RAW) || take32(&b, &size) || size > b.left)
		return -1;
	s->raw = (struct bytes){b.p, size};
	s->has_time = (type & PERF_SAMPLE_TIME) != 0;
	s->has_cpu = (type & PERF_SAMPLE_CPU) != 0;
	return 0;
}

static void saw_time(struct perf *p, uint64_t ts_ns)
{
	if (ts_ns > p->max_ns)
		p->max_ns = ts_ns;
}

static int on_sample(struct perf *p, struct bytes b)
{
	struct gtv__tep_at at;
	struct sample s;

	if (!p->attr_count)
		return 0;
	if (read_sample(p, b, &s) || !s.has_time) {
		p->skipped++;
		return 0;
	}
	if (!s.has_cpu)
		gtv__feed_note(p->feed, "its samples have no core (perf record -C or -a)");
	p->sampled = 1;
	at = (struct gtv__tep_at){.ts_ns = s.time,
				  .core = s.has_cpu && s.cpu < GTV__IMPORT_CORES
						  ? (int)s.cpu
						  : GTV_CORE_NONE};
	if ((int32_t)s.tid > 0 && (int32_t)s.pid > 0) {
		at.pid = s.pid;
		at.tid = s.tid;
	}
	saw_time(p, s.time);
	return p->tep ? gtv__tep_record(p->tep, p->feed, &at, s.raw.p, s.raw.left) : 0;
}

/* The end of records that are no samples: who, when, where. */
static struct sample trailer(const struct perf *p, struct bytes b)
{
	const struct attr *a = p->attr_count ? &p->attr[0] : NULL;
	struct sample s = {.tid = 0};
	uint64_t type = a && a->id_all ? a->sample_type : 0;
	size_t size = 0;
	uint32_t unused;
	uint64_t skip;

	size += type & PERF_SAMPLE_TID ? 8 : 0;
	size += type & PERF_SAMPLE_TIME ? 8 : 0;
	size += type & PERF_SAMPLE_ID ? 8 : 0;
	size += type & PERF_SAMPLE_STREAM_ID ? 8 : 0;
	size += type & PERF_SAMPLE_CPU ? 8 : 0;
	size += type & PERF_SAMPLE_IDENTIFIER ? 8 : 0;
	if (size > b.left)
		return s;
	take(&b, b.left - size);
	if (type & PERF_SAMPLE_TID && (take32(&b, &s.pid) || take32(&b, &s.tid)))
		return s;
	if (type & PERF_SAMPLE_TIME)
		s.has_time = !take64(&b, &s.time);
	if (type & PERF_SAMPLE_ID)
		take64(&b, &skip);
	if (type & PERF_SAMPLE_STREAM_ID)
		take64(&b, &skip);
	if (type & PERF_SAMPLE_CPU)
		s.has_cpu = !take32(&b, &s.cpu) && !take32(&b, &unused);
	return s;
}

static int on_lost(struct perf *p, unsigned type, struct bytes b)
{
	struct sample s = trailer(p, b);
	uint64_t id, lost;

	if (type == PERF_RECORD_LOST && take64(&b, &id))
		return 0;
	if (take64(&b, &lost) || !lost)
		return 0;
	return gtv__feed_lost(p->feed,
			      s.has_cpu && s.cpu < GTV__IMPORT_CORES ? (int)s.cpu : -1,
			      lost, s.has_time ? s.time : p->max_ns);
}

/* FORK and EXIT say whose thread it is, which the tracepoints do not. The tracepoints
 * come too where they were asked for; if not, these are the events. */
static int on_task(struct perf *p, unsigned type, struct bytes b)
{
	uint32_t pid, ppid, tid, ptid;
	struct gtv_ev ev = {.core = GTV_CORE_NONE};
	int rc;

	if (take32(&b, &pid) || take32(&b, &ppid) || take32(&b, &tid) ||
	    take32(&b, &ptid) || take64(&b, &ev.ts_ns) || (int32_t)tid <= 0)
		return 0;
	rc = gtv__feed_thread(p->feed, tid, pid, NULL, 0);
	/* perf's own list of who was there already has no time. */
	if (rc || !ev.ts_ns)
		return rc;
	ev.kind = type == PERF_RECORD_EXIT ? GTV_EV_K_EXIT : GTV_EV_K_FORK;
	ev.tid = type == PERF_RECORD_EXIT ? tid : ptid;
	ev.obj = type == PERF_RECORD_EXIT ? 0 : tid;
	ev.arg = pid;
	if (p->tep && gtv__tep_tells(p->tep, ev.kind))
		return 0;
	saw_time(p, ev.ts_ns);
	return gtv__feed_event(p->feed, &ev);
}

static int on_comm(struct perf *p, unsigned misc, struct bytes b)
{
	struct sample s = trailer(p, b);
	uint32_t pid, tid;
	int rc;

	if (take32(&b, &pid) || take32(&b, &tid) || (int32_t)tid <= 0)
		return 0;
	rc = gtv__feed_thread(p->feed, tid, pid, (const char *)b.p, b.left);
	if (rc || !(misc & PERF_RECORD_MISC_COMM_EXEC) || !s.has_time || !s.time ||
	    (p->tep && gtv__tep_tells(p->tep, GTV_EV_K_EXEC)))
		return rc;

	struct gtv_ev ev = {.ts_ns = s.time,
			    .kind = GTV_EV_K_EXEC,
			    .core = s.has_cpu && s.cpu < GTV__IMPORT_CORES ? (int)s.cpu
									   : GTV_CORE_NONE,
			    .tid = tid};

	return gtv__feed_event(p->feed, &ev);
}

/* ----------------------------------------------------------------- records */

static int records(struct perf *p, struct bytes *b, int inside);

/* Unpacks, and reads the records that are whole; what is left of one waits for the
 * next compressed record. */
static int on_compressed(struct perf *p, struct bytes b)
{
	ZSTD_inBuffer in = {b.p, b.left, 0};
	size_t got = 1;
	int rc = 0;

	if (!p->zstd && !(p->zstd = ZSTD_createDStream()))
		return no_memory(p);
	while (!rc && (in.pos < in.size || got)) {
		if (p->unpacked_cap - p->unpacked_len < 1u << 17) {
			size_t cap = p->unpacked_cap + (1u << 18);
			uint8_t *more = realloc(p->unpacked, cap);

			if (!more)
				return no_memory(p);
			p->unpacked = more;
			p->unpacked_cap = cap;
		}
		ZSTD_outBuffer out = {p->unpacked, p->unpacked_cap, p->unpacked_len};
		size_t left = ZSTD_decompressStream(p->zstd, &out, &in);

		if (ZSTD_isError(left)) {
			gtv__feed_note(p->feed, "a compressed part is damaged");
			p->unpacked_len = 0;
			ZSTD_initDStream(p->zstd);
			return 0;
		}
		got = out.pos - p->unpacked_len;
		p->unpacked_len = out.pos;

		struct bytes whole = {p->unpacked, p->unpacked_len};

		rc = records(p, &whole, 1);
		memmove(p->unpacked, whole.p, whole.left);
		p->unpacked_len = whole.left;
		/* A record that does not become whole is none. */
		if (p->unpacked_len > 1u << 16) {
			gtv__feed_note(p->feed, "a compressed part is damaged");
			p->unpacked_len = 0;
		}
	}
	return rc;
}

/* What follows some records, beside their own size. */
static uint64_t behind(unsigned type, struct bytes body)
{
	uint64_t size = 0;
	uint32_t size32 = 0;

	if (type == REC_AUXTRACE)
		take64(&body, &size);
	if (type == REC_TRACING_DATA && !take32(&body, &size32))
		size = ((uint64_t)size32 + 7) & ~7ull;
	return size;
}

static int on_attr(struct perf *p, struct bytes body)
{
	uint32_t size = 0;
	struct bytes in = body;

	if (!take32(&in, &size) && !take32(&in, &size) && size >= 64 && size <= body.left) {
		int rc = add_attr(p, part(body, 0, size));

		return rc ? rc : add_ids(p, part(body, size, body.left));
	}
	return 0;
}

static int on_record(struct perf *p, unsigned type, unsigned misc, struct bytes body,
		     struct bytes after)
{
	uint64_t feature, size;
	int rc;

	switch (type) {
	case PERF_RECORD_SAMPLE:
		return on_sample(p, body);
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return on_lost(p, type, body);
	case PERF_RECORD_COMM:
		return on_comm(p, misc, body);
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return on_task(p, type, body);
	case REC_ATTR:
		return on_attr(p, body);
	case REC_TRACING_DATA:
		return take_tracing(p, after);
	case REC_FEATURE:
		return take64(&body, &feature) || feature >= FEATURES
			       ? 0
			       : take_feature(p, (unsigned)feature, body);
	case REC_FINISHED_ROUND:
		rc = gtv__feed_until(p->feed, p->round_ns);
		p->round_ns = p->max_ns;
		return rc;
	case REC_COMPRESSED:
		return on_compressed(p, body);
	case REC_COMPRESSED2:
		return take64(&body, &size) ? 0 : on_compressed(p, part(body, 0, size));
	default:
		return 0;
	}
}

static void tell_place(struct perf *p, const uint8_t *at)
{
	if ((size_t)(at - p->told) < TELL_BYTES)
		return;
	p->told = at;
	gtv_progress_at(GTV_STEP_IMPORT, (uint64_t)(at - p->file.p), p->file.left);
}

/* Reads records as long as they are whole; moves b to what is left. */
static int records(struct perf *p, struct bytes *b, int inside)
{
	struct perf_event_header head;
	int rc = 0;

	while (!rc && b->left >= sizeof head) {
		memcpy(&head, b->p, sizeof head);
		/* One without length has none after it. */
		if (head.size < sizeof head) {
			gtv__feed_note(p->feed,
				       "a record is damaged: what follows is lost");
			*b = (struct bytes){b->p, 0};
			break;
		}
		if (head.size > b->left)
			break;
		struct bytes body = {b->p + sizeof head, head.size - sizeof head};
		uint64_t more = behind(head.type, body);

		if (inside && head.type >= REC_COMPRESSED) /* none inside another */
			more = b->left;
		if (more > b->left - head.size)
			break;
		if (!inside || head.type < REC_COMPRESSED)
			rc = on_record(p, head.type, head.misc, body,
				       part(*b, head.size, more));
		take(b, head.size + (size_t)more);
		if (!inside)
			tell_place(p, b->p);
	}
	return rc;
}

/* -------------------------------------------------------------------- file */

struct section {
	uint64_t at, size;
};

static int take_section(struct bytes *b, struct section *s)
{
	return take64(b, &s->at) || take64(b, &s->size);
}

static int read_attrs(struct perf *p, struct bytes file, struct section attrs,
		      uint64_t each)
{
	struct bytes b = part(file, attrs.at, attrs.size);
	struct section ids;
	int rc = 0;

	if (each < 64 + 16 || each > 4096)
		return damaged(p, "its header is damaged");
	while (!rc && b.left >= each) {
		struct bytes one = part(b, 0, each - 16), where = part(b, each - 16, 16);

		take_section(&where, &ids);
		rc = add_attr(p, one);
		if (!rc)
			rc = add_ids(p, part(file, ids.at, ids.size));
		take(&b, (size_t)each);
	}
	return rc;
}

static int read_features(struct perf *p, struct bytes file, uint64_t at,
			 const uint64_t *bits)
{
	struct bytes b = part(file, at, UINT64_MAX);
	struct section s;
	int rc = 0;

	for (unsigned i = 0; i < FEATURES && !rc; i++) {
		if (!(bits[i / 64] >> i % 64 & 1))
			continue;
		if (take_section(&b, &s))
			return 0;
		rc = take_feature(p, i, part(file, s.at, s.size));
	}
	return rc;
}

static int read_file(struct perf *p, struct bytes file)
{
	struct bytes head = part(file, 16, 88);
	struct section attrs, data, types;
	uint64_t attr_size, bits[FEATURES / 64];
	int rc;

	if (take64(&head, &attr_size) || take_section(&head, &attrs) ||
	    take_section(&head, &data) || take_section(&head, &types))
		return damaged(p, "its header is cut off");
	for (size_t i = 0; i < FEATURES / 64; i++)
		if (take64(&head, &bits[i]))
			return damaged(p, "its header is cut off");
	rc = read_attrs(p, file, attrs, attr_size);
	/* The size of the records is written at the end: 0 if perf was killed. */
	if (!rc && data.size)
		rc = read_features(p, file, data.at + data.size, bits);
	if (rc)
		return rc;
	if (!data.size)
		gtv__feed_note(p->feed, "perf was killed before it could finish the file");

	struct bytes b = part(file, data.at, data.size ? data.size : UINT64_MAX);

	if (data.size && b.left < data.size)
		gtv__feed_note(p->feed, "the file is cut off");
	return records(p, &b, 0);
}

static int read_pipe(struct perf *p, struct bytes file)
{
	struct bytes b = part(file, 16, UINT64_MAX);
	int rc = records(p, &b, 0);

	if (!rc && b.left)
		gtv__feed_note(p->feed, "the file is cut off");
	return rc;
}

static int verdict(struct perf *p)
{
	if (!p->tep)
		return gtv_err_set(p->err, GTV_EFORMAT, "perf.data", "perf sched record",
				   "it has no tracepoints, or their formats are missing");
	if (!gtv__tep_any(p->tep))
		return gtv_err_set(p->err, GTV_EFORMAT, "perf.data", "perf sched record",
				   "it has no events of the scheduler");
	if (p->skipped)
		gtv__feed_note(p->feed, "%llu samples could not be read",
			       (unsigned long long)p->skipped);
	return 0;
}

int gtv__import_perf(struct gtv__feed *f, const uint8_t *bytes, size_t size,
		     struct gtv_err *err)
{
	struct bytes file = {bytes, size}, head = part(file, 8, 8);
	struct perf p = {.feed = f, .err = err, .file = file, .told = bytes};
	uint64_t head_size = 0;
	int rc;

	if (size >= 8 && !memcmp(bytes, MAGIC_SWAPPED, 8))
		return gtv_err_set(err, GTV_EUNAVAIL, "perf.data", "import it there",
				   "it comes from a machine of the other byte order");
	if (size < 8 || memcmp(bytes, MAGIC, 8) || take64(&head, &head_size))
		return damaged(&p, "its header is cut off");
	rc = head_size == 16 ? read_pipe(&p, file) : read_file(&p, file);
	if (!rc)
		rc = verdict(&p);
	if (!rc)
		rc = gtv__feed_end(f);
	if (rc == -GTV_ENOMEM)
		no_memory(&p);
	free(p.attr);
	free(p.id);
	free(p.unpacked);
	ZSTD_freeDStream(p.zstd);
	gtv__tep_free(p.tep);
	return rc;
}

#else

int gtv__import_perf(struct gtv__feed *f, const uint8_t *bytes, size_t size,
		     struct gtv_err *err)
{
	(void)f, (void)bytes, (void)size;
	return gtv__import_without("libtraceevent", "libtraceevent-dev", err);
}

#endif
