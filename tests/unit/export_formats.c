/* SPDX-License-Identifier: MIT
 * Both export formats over a trace made by hand: hostile names, every kind of event,
 * events that contradict each other. What the content should be, tests/e2e/export.sh
 * compares.
 */
#include "tests/unit/cmd_trace.h"

#include <json-c/json.h>

#include "tracer/export/export.h"

/* Exports the events (and a gap among them) of the trace in fd; Returned owned. */
static char *exported(int fd, enum gtv_export_format format, const struct gtv_ev *evs,
		      size_t count, size_t *size)
{
	struct gtv_store *st = trace_open(fd);
	char *text = NULL;
	FILE *f = open_memstream(&text, size);
	struct gtv_export *x = gtv_export_new(format, f, st, SECOND_NS);

	assert_non_null(x);
	assert_int_equal(gtv_export_events(x, evs, count / 2), 0);
	assert_int_equal(
		gtv_export_gap(x, evs[count / 2 - 1].ts_ns, evs[count / 2].ts_ns, 7), 0);
	assert_int_equal(gtv_export_events(x, evs + count / 2, count - count / 2), 0);
	assert_int_equal(gtv_export_finish(x, evs[count - 1].ts_ns), 0);
	gtv_export_free(x);
	assert_int_equal(fclose(f), 0);
	gtv_store_close(st);
	return text;
}

/* Control characters only between events. */
static void check_chrome(const char *text, size_t size)
{
	struct json_object *o = json_tokener_parse(text), *list;

	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "traceEvents", &list));
	assert_true(json_object_array_length(list) > 1);
	for (size_t i = 0; i < size; i++)
		assert_true(text[i] == '\n' || (text[i] >= ' ' && text[i] < 127));
	json_object_put(o);
}

static uint64_t varint(const uint8_t **p, const uint8_t *end)
{
	uint64_t v = 0;

	for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
		uint8_t byte = *(*p)++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	fail_msg("a number that does not end");
	return 0;
}

/* Only the frame: packets one after the other, fields of known shapes. */
static size_t check_perfetto(const char *text, size_t size)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + size;
	size_t packets = 0;

	for (; p < end; packets++) {
		assert_int_equal(*p++, 1 << 3 | 2);
		uint64_t len = varint(&p, end);
		const uint8_t *stop = p + len;
		assert_true(len <= (uint64_t)(end - p));
		while (p < stop) {
			uint64_t shape = varint(&p, stop) & 7, n = varint(&p, stop);
			assert_true(shape == 0 || shape == 2);
			if (shape == 2) {
				assert_true(n <= (uint64_t)(stop - p));
				p += n;
			}
		}
	}
	return packets;
}

static void hand_made(void **state)
{
	struct gtv_ev evs[TRACE_EVENTS];
	size_t n = trace_fill(evs), size;
	int fd = trace_file(1);
	char *text = exported(fd, GTV_EXPORT_CHROME, evs, n, &size);

	(void)state;
	check_chrome(text, size);
	assert_non_null(strstr(text, "\"name\":\"3 gt_yield lost\""));
	assert_non_null(strstr(text, "7 bytes of the file cannot be read"));
	assert_non_null(strstr(text, "\"name\":\"unknown\""));
	free(text);
	text = exported(fd, GTV_EXPORT_PERFETTO, evs, n, &size);
	assert_true(check_perfetto(text, size) > 20);
	assert_non_null(memmem(text, size, "[unknown: lost]", 15));
	free(text);
	close(fd);
}

/* Any events at all, in order of time: nothing breaks, and the frame is right. */
static void any_events(void **state)
{
	struct gtv_ev evs[3000];
	int fd = trace_file(1);
	uint64_t seed = 42;
	size_t size;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		uint64_t r[4];

		for (int k = 0; k < 4; k++)
			r[k] = (seed = seed * 6364136223846793005ull +
				       1442695040888963407ull) >>
			       33;
		evs[i] = (struct gtv_ev){.ts_ns = SECOND_NS + i / 3 * 100,
					 .kind = (uint16_t)(r[0] % GTV_EV_MAX),
					 .flags = (uint8_t)r[1],
					 .state = (uint8_t)(r[1] >> 8 & 7),
					 .core = (int32_t)(r[2] % 6) - 1,
					 .tid = (uint32_t)(r[2] >> 8) % 5,
					 .gt = (uint32_t)(r[3] % 4),
					 .obj = (uint32_t)(r[3] >> 4) % 5,
					 .seq = (uint32_t)(r[3] >> 8) % 100,
					 .arg = r[0] >> 7};
	}
	char *text = exported(fd, GTV_EXPORT_CHROME, evs, 3000, &size);
	check_chrome(text, size);
	free(text);
	text = exported(fd, GTV_EXPORT_PERFETTO, evs, 3000, &size);
	assert_true(check_perfetto(text, size) > 100);
	free(text);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hand_made),
		cmocka_unit_test(any_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
