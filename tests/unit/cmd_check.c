/* SPDX-License-Identifier: MIT
 *
 * Every invariant that `gtviz check` knows, broken by itself: a trace that is true but
 * for one thing must be found to have just that fault.
 */
#include <fcntl.h>

#include "tests/unit/cmd_trace.h"
#include "tracer/cmd/cmd.h"
#include "tracer/model/model.h"
#include "tracer/model/zoom.h"
#include "tracer/store/block.h"

#define EVENTS_MAX 64

/* A trace in the making: events and names to be spoilt before it is written. */
struct draft {
	struct gtv_ev ev[EVENTS_MAX];
	size_t count, split; /* events in the first block */
	struct gtv_names *names;
};

static int run_check(void *path)
{
	struct gtv_options opts = {.file = path};

	return gtv_cmd_check(&opts);
}

static char *verdict_of(int fd, int *rc)
{
	return captured(run_check, (void *)fd_path(fd), rc);
}

static void begin(struct draft *d)
{
	d->names = trace_names();
	d->count = trace_fill(d->ev);
	d->split = d->count / 2;
}

static void put_event(struct draft *d, size_t at, struct gtv_ev ev)
{
	assert_true(d->count < EVENTS_MAX);
	memmove(d->ev + at + 1, d->ev + at, (d->count - at) * sizeof ev);
	d->ev[at] = ev;
	d->count++;
}

static void drop_event(struct draft *d, size_t at)
{
	d->count--;
	memmove(d->ev + at, d->ev + at + 1, (d->count - at) * sizeof *d->ev);
}

static size_t find(const struct draft *d, unsigned kind, unsigned nth)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->ev[i].kind == kind && !nth--)
			return i;
	fail_msg("there is no event %u", kind);
	return 0;
}

static void to_zoom(void *zoom, const struct gtv_span *span)
{
	gtv_zoom_span(zoom, span);
}

/* What the recorder would do, with a checkpoint between the blocks and tiles at the
 * end; `model_ev` are the events that its model saw. Leaves the store open. */
static struct gtv_store *put(struct draft *d, int fd, const struct gtv_ev *model_ev,
			     uint32_t model_id)
{
	struct gtv_store_info info = {.level = 3,
				      .core_count = 2,
				      .start_ns = SECOND_NS,
				      .pid = PID,
				      .exit_status = -1,
				      .model = model_id,
				      .command = "./prog"};
	struct gtv_store *st;
	void *bytes;
	size_t size;

	assert_int_equal(gtv_store_create(&st, dup(fd), &info, d->names, NULL), 0);
	struct gtv_zoom *zoom = gtv_zoom_new(st);
	struct gtv_model_sink sink = {.arg = zoom, .span = to_zoom};
	struct gtv_model *m = gtv_model_new(3, d->names, &sink);
	assert_true(m && zoom);
	assert_int_equal(gtv_store_append(st, d->ev, d->split), 0);
	assert_int_equal(gtv_model_feed(m, model_ev, d->split), 0);
	assert_int_equal(gtv_model_save(m, &bytes, &size), 0);
	assert_int_equal(
		gtv_store_put_checkpoint(st, d->ev[d->split - 1].ts_ns, bytes, size), 0);
	free(bytes);
	assert_int_equal(gtv_store_append(st, d->ev + d->split, d->count - d->split), 0);
	assert_int_equal(gtv_model_feed(m, model_ev + d->split, d->count - d->split), 0);
	gtv_model_finish(m, AT(200));
	assert_int_equal(gtv_zoom_flush(zoom, AT(200), 1), 0);
	gtv_model_free(m);
	gtv_zoom_free(zoom);
	return st;
}

static int written(struct draft *d)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct gtv_store *st = put(d, fd, d->ev, gtv_model_id());

	gtv_store_set_exit(st, 0);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_names_free(d->names);
	return fd;
}

/* Faults are lines; one of them speaks of `text`, and none but of it or `also`. */
static void assert_found(int fd, const char *text, const char *also)
{
	int rc, found = 0;
	char *said = verdict_of(fd, &rc), *rest = NULL;

	if (rc != 1)
		fail_msg("no fault, but '%s' was wanted: %s", text, said);
	char *copy = strdup(said);
	for (char *line = strtok_r(copy, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "fault: ", 7))
			continue;
		found |= strstr(line, text) != NULL;
		if (!strstr(line, text) && (!also || !strstr(line, also)))
			fail_msg("another fault than '%s': %s", text, line);
	}
	if (!found)
		fail_msg("nothing of '%s': %s", text, said);
	free(copy);
	free(said);
	close(fd);
}

static void the_whole_one_is_good(void **state)
{
	struct draft d;
	int rc;

	(void)state;
	begin(&d);
	int fd = written(&d);
	char *said = verdict_of(fd, &rc);
	if (rc)
		fail_msg("%s", said);
	free(said);
	close(fd);
}

static void time_goes_on(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	/* 50 us and 70 us: the other way round, and nothing else. */
	size_t at = find(&d, GTV_EV_LOSS, 0);
	d.ev[at + 1].ts_ns = d.ev[at].ts_ns - 1;
	assert_found(written(&d), "are earlier than the one before", "out of order");
}

static void kinds_are_known(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	put_event(&d, d.count - 1, trace_ev(GTV_EV_MAX - 1, 141, 0, 0, 0, 0));
	assert_found(written(&d), "of no known kind", NULL);
}

/* "New kinds of event do not change the version" (docs/gtviz-format.5): a file of another
 * gtviz may have them, and what its model made is its own affair. */
static void what_others_wrote_is_not_judged(void **state)
{
	static const unsigned char private[] = "tiles in another version's own words";
	int fd = memfd_create("trace", MFD_CLOEXEC), rc;
	struct draft d;
	char *said;

	(void)state;
	begin(&d);
	put_event(&d, d.count - 1, trace_ev(GTV_EV_MAX - 1, 141, 0, 0, 0, 0));
	struct gtv_store *st = put(&d, fd, d.ev, gtv_model_id() ^ 1);
	assert_int_equal(gtv_store_put_zoom(st, 5, AT(0), AT(200), private, sizeof private),
			 0);
	gtv_store_set_exit(st, 0);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_names_free(d.names);
	said = verdict_of(fd, &rc);
	if (rc || !strstr(said, "good") ||
	    !strstr(said, "1 event of kinds that this gtviz does not know"))
		fail_msg("%d: %s", rc, said);
	free(said);
	close(fd);
}

/* The oldest file holds random events, which obey nothing: that is told, but none of its
 * parts is damaged. */
static void the_oldest_file_is_whole(void **state)
{
	int fd = open("tests/golden/trace-v1.gtv", O_RDONLY | O_CLOEXEC), rc;

	(void)state;
	assert_true(fd >= 0);
	char *said = verdict_of(fd, &rc);
	assert_int_equal(rc, 1);
	if (strstr(said, "damaged") || !strstr(said, "a number is missing") ||
	    !strstr(said, "109 events of kinds that this gtviz does not know"))
		fail_msg("%s", said);
	free(said);
	close(fd);
}

static void numbers_are_without_gaps(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	d.count = find(&d, GTV_EV_LOSS, 0); /* or the loss would explain it */
	size_t at = find(&d, GTV_EV_LOCK_DROP, 0);
	d.ev[at].seq += 3;
	assert_found(written(&d), "a number is missing", NULL);
}

static void a_core_has_one_thread(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	/* It goes on at core 1 while it is at core 0. */
	struct gtv_ev k = trace_ev(GTV_EV_K_SWITCH, 45, 0, PID, 0, 0);
	k.tid = 0;
	k.core = 1;
	k.state = GTV_OFF_IDLE;
	k.flags = GTV_KF_NEXT_OURS;
	put_event(&d, find(&d, GTV_EV_K_SWITCH, 1), k);
	assert_found(written(&d), "a thread on two cores", "not on a core");
}

static void a_green_thread_is_in_one_place(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	/* It stops though another one runs. */
	struct gtv_ev ev = trace_ev(GTV_EV_SWITCH_YIELD, 85, 2, 1, 1, 2ull << 32);
	d.count = find(&d, GTV_EV_LOCK_DROP, 0) + 1;
	put_event(&d, d.count, ev);
	assert_found(written(&d), "a green thread in two places", "number is missing");
}

static void a_lock_has_one_owner(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	size_t at = find(&d, GTV_EV_LOCK_DROP, 0);
	d.ev[at].gt = 2; /* who never took it */
	d.count = at + 1;
	assert_found(written(&d), "a lock taken while held, or dropped by another", NULL);
}

static void who_is_off_core_does_nothing(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	/* Between being preempted at 50 us and being back at 70. */
	d.count = find(&d, GTV_EV_K_SWITCH, 2);
	struct gtv_ev ev = trace_ev(GTV_EV_LOCK_DROP, 60, 1, 1, 2, 0);
	put_event(&d, d.count, ev);
	struct gtv_ev on = trace_ev(GTV_EV_K_SWITCH, 70, 0, PID, 0, 0);
	on.tid = 999;
	on.state = GTV_OFF_SLEEP;
	on.flags = GTV_KF_NEXT_OURS;
	put_event(&d, d.count, on);
	assert_found(written(&d), "a user event of a thread that was not on a core", NULL);
}

static void who_waits_is_woken_first(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	size_t at = find(&d, GTV_EV_READY, 0);
	drop_event(&d, at);
	/* Numbers as if nobody had ever said that it was ready. */
	d.count = find(&d, GTV_EV_SWITCH_EXIT, 0) + 1;
	d.ev[d.count - 1].arg = 3ull << 32;
	assert_found(written(&d), "a wait that ended before its wake", NULL);
}

static void who_ends_has_begun(void **state)
{
	struct draft d;

	(void)state;
	begin(&d);
	drop_event(&d, find(&d, GTV_EV_LOSS, 0));
	drop_event(&d, find(&d, GTV_EV_SPAWN, 1));
	assert_found(written(&d), "green threads ended, 1 began", "number is missing");
}

/* ---- The file ---- */

/* Makes the head at an offset say something else, checksum and all. */
static void spoil_head(int fd, uint64_t offset, uint32_t lost)
{
	uint8_t bytes[GTV_HEAD_BYTES];
	struct gtv_head head;

	assert_int_equal(pread(fd, bytes, sizeof bytes, (off_t)offset), sizeof bytes);
	assert_int_equal(gtv_head_read(&head, bytes), GTV_HEAD_GOOD);
	head.aux = lost;
	gtv_head_write(&head, bytes);
	assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)offset), sizeof bytes);
}

static void losses_are_accounted_for(void **state)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct gtv_block_info block;
	struct draft d;

	(void)state;
	begin(&d);
	struct gtv_store *st = put(&d, fd, d.ev, gtv_model_id());
	assert_int_equal(gtv_store_flush(st, 0), 0);
	assert_int_equal(gtv_store_block(st, 1, &block), 0);
	gtv_store_close(st); /* killed: there is no index that says otherwise */
	gtv_names_free(d.names);
	spoil_head(fd, block.offset, 7);
	assert_found(fd, "heads say that 7 events were lost, their loss events 3", NULL);
}

/* The recorder's model saw something else. */
static int written_for(struct draft *d, const struct gtv_ev *model_ev, uint32_t id)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct gtv_store *st = put(d, fd, model_ev, id);

	gtv_store_set_exit(st, 0);
	assert_int_equal(gtv_store_finish(st), 0);
	gtv_store_close(st);
	gtv_names_free(d->names);
	return fd;
}

static void checkpoints_are_the_state(void **state)
{
	struct gtv_ev other[EVENTS_MAX];
	struct draft d;

	(void)state;
	begin(&d);
	memcpy(other, d.ev, sizeof other);
	/* That the lock was never taken is all over when the lock is free again. */
	other[find(&d, GTV_EV_LOCK_TAKE, 0)] =
		trace_ev(GTV_EV_K_WAKING, 30, 0, 12345, 0, 0);
	assert_found(written_for(&d, other, gtv_model_id()),
		     "not the state that the events lead to", "do not sum to the spans");
}

static void tiles_are_the_sums(void **state)
{
	struct gtv_ev other[EVENTS_MAX];
	struct draft d;

	(void)state;
	begin(&d);
	memcpy(other, d.ev, sizeof other);
	size_t at = find(&d, GTV_EV_SWITCH_EXIT, 1); /* behind the checkpoint */
	assert_true(at >= d.split);
	other[at].ts_ns += 1;
	assert_found(written_for(&d, other, gtv_model_id()), "do not sum to the spans",
		     NULL);
}

/* Another version's model may have seen it otherwise: that is no fault. */
static void another_model_is_not_judged(void **state)
{
	struct gtv_ev other[EVENTS_MAX];
	struct draft d;
	int rc;

	(void)state;
	begin(&d);
	memcpy(other, d.ev, sizeof other);
	other[find(&d, GTV_EV_LOCK_TAKE, 0)] =
		trace_ev(GTV_EV_K_WAKING, 30, 0, 12345, 0, 0);
	int fd = written_for(&d, other, gtv_model_id() ^ 1);
	char *said = verdict_of(fd, &rc);
	if (rc)
		fail_msg("%s", said);
	free(said);
	close(fd);
}

static void payloads_are_whole(void **state)
{
	struct gtv_block_info block;
	struct draft d;
	uint8_t byte;

	(void)state;
	begin(&d);
	int fd = written(&d);
	struct gtv_store *st = trace_open(fd);
	assert_int_equal(gtv_store_block(st, 1, &block), 0);
	gtv_store_close(st);
	off_t at = (off_t)block.offset + GTV_HEAD_BYTES + 9;
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_found(fd, "damaged: the block of", NULL);
}

/* Bytes after the last part but the index: finish writes them last. */
static off_t index_begins(int fd)
{
	uint8_t bytes[GTV_HEAD_BYTES];
	struct gtv_head footer;
	off_t size = lseek(fd, 0, SEEK_END);

	assert_int_equal(pread(fd, bytes, sizeof bytes, size - GTV_HEAD_BYTES),
			 sizeof bytes);
	assert_int_equal(gtv_head_read(&footer, bytes), GTV_HEAD_GOOD);
	return (off_t)footer.from_ns;
}

static void the_index_is_whole(void **state)
{
	struct draft d;

	(void)state;
	for (int in_footer = 0; in_footer < 2; in_footer++) {
		begin(&d);
		int fd = written(&d);
		off_t at = in_footer ? lseek(fd, 0, SEEK_END) - 9
				     : index_begins(fd) + GTV_HEAD_BYTES + 3;
		uint8_t byte;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 4;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_found(fd, "the index is damaged or missing", NULL);
	}
}

/* Wherever in it: nothing is damaged then, and nothing is missing but what can be made
 * anew. */
static void a_recorder_may_be_killed_while_it_writes_the_index(void **state)
{
	struct draft d;
	int rc;

	(void)state;
	begin(&d);
	int fd = written(&d);
	off_t index = index_begins(fd);
	for (off_t size = lseek(fd, 0, SEEK_END) - 1; size >= index; size--) {
		assert_int_equal(ftruncate(fd, size), 0);
		char *said = verdict_of(fd, &rc);

		if (rc || !strstr(said, "not finished: the recorder was killed"))
			fail_msg("%ld bytes of the index: %s", (long)(size - index), said);
		free(said);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_one_is_good),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(kinds_are_known),
		cmocka_unit_test(what_others_wrote_is_not_judged),
		cmocka_unit_test(the_oldest_file_is_whole),
		cmocka_unit_test(numbers_are_without_gaps),
		cmocka_unit_test(a_core_has_one_thread),
		cmocka_unit_test(a_green_thread_is_in_one_place),
		cmocka_unit_test(a_lock_has_one_owner),
		cmocka_unit_test(who_is_off_core_does_nothing),
		cmocka_unit_test(who_waits_is_woken_first),
		cmocka_unit_test(who_ends_has_begun),
		cmocka_unit_test(losses_are_accounted_for),
		cmocka_unit_test(checkpoints_are_the_state),
		cmocka_unit_test(tiles_are_the_sums),
		cmocka_unit_test(another_model_is_not_judged),
		cmocka_unit_test(payloads_are_whole),
		cmocka_unit_test(the_index_is_whole),
		cmocka_unit_test(a_recorder_may_be_killed_while_it_writes_the_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
