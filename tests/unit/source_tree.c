/* SPDX-License-Identifier: MIT
 *
 * What level 2 does in user space: the format files of tracefs, and the rule of whose
 * events are kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tracer/source/tracefs.h"
#include "tracer/source/tree.h"

/* Linux 6.18 and 4.9, as their format files are. */
static const char now[] =
	"name: sched_switch\nID: 372\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"
	"\tfield:__data_loc char[] comm;\toffset:40;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"prev_comm=%s ==> %s\", REC->prev_comm, (REC->prev_state & ((((0x1) + "
	"1) << 1) - 1)) ? __print_flags(REC->prev_state & 0xff, \"|\", { 0x00000001, \"S\" "
	"}, { 0x00000002, \"D\" }, { 0x00000004, \"T\" }, { 0x00000008, \"t\" }, { "
	"0x00000010, \"X\" }, { 0x00000020, \"Z\" }, { 0x00000040, \"P\" }, { 0x00000080, "
	"\"I\" }) : \"R\"\n";
static const char then[] =
	"name: sched_switch\nID: 310\nformat:\n"
	"\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n"
	"print fmt: \"%s\", REC->prev_state & (2048-1) ? __print_flags(REC->prev_state & "
	"(2048-1), \"|\", { 1, \"S\"} , { 2, \"D\" }, { 4, \"T\" }, { 8, \"t\" }, { 16, "
	"\"Z\" "
	"}, { 32, \"X\" }, { 64, \"x\" }, { 128, \"K\" }, { 256, \"W\" }, { 512, \"P\" }, "
	"{ "
	"1024, \"N\" }) : \"R\", REC->prev_state & 2048 ? \"+\" : \"\"\n";

static void fields_lie_where_the_file_says(void **state)
{
	struct gtv_tracefs_format f;
	unsigned char raw[44] = {0};
	int32_t pid = -7;

	(void)state;
	assert_int_equal(gtv_tracefs_parse(&f, now), 0);
	assert_int_equal(f.id, 372);
	assert_int_equal(gtv_tracefs_find(&f, "prev_comm")->size, 16);
	assert_int_equal(gtv_tracefs_find(&f, "comm")->offset, 40);
	assert_null(gtv_tracefs_find(&f, "next_pid"));
	memcpy(raw + 24, &pid, sizeof pid);
	assert_int_equal(gtv_tracefs_number(gtv_tracefs_find(&f, "prev_pid"), raw, 44), -7);
	/* A record that is cut off, and a field that is none. */
	assert_int_equal(gtv_tracefs_number(gtv_tracefs_find(&f, "prev_pid"), raw, 27), 0);
	assert_int_equal(gtv_tracefs_number(NULL, raw, 44), 0);
}

static void states_are_the_kernels_own(void **state)
{
	struct gtv_tracefs_format f;

	(void)state;
	assert_int_equal(gtv_tracefs_parse(&f, now), 0);
	assert_int_equal(f.state_count, 8);
	assert_int_equal(gtv_tracefs_off(&f, 0), GTV_OFF_PREEMPTED);
	assert_int_equal(gtv_tracefs_off(&f, 0x100), GTV_OFF_PREEMPTED);
	assert_int_equal(gtv_tracefs_off(&f, 1), GTV_OFF_SLEEP);
	assert_int_equal(gtv_tracefs_off(&f, 2), GTV_OFF_DISK);
	assert_int_equal(gtv_tracefs_off(&f, 8), GTV_OFF_STOPPED);
	assert_int_equal(gtv_tracefs_off(&f, 0x20), GTV_OFF_DEAD);
	assert_int_equal(gtv_tracefs_off(&f, 0x80), GTV_OFF_IDLE);
	assert_int_equal(gtv_tracefs_parse(&f, then), 0);
	assert_int_equal(gtv_tracefs_off(&f, 0x10), GTV_OFF_DEAD);
	assert_int_equal(gtv_tracefs_off(&f, 0x82), GTV_OFF_DISK);
	assert_int_equal(gtv_tracefs_off(&f, 0x402), GTV_OFF_IDLE);
	assert_int_equal(gtv_tracefs_off(&f, 2048), GTV_OFF_PREEMPTED);
	assert_int_equal(gtv_tracefs_off(&f, 2049), GTV_OFF_PREEMPTED);
}

static void what_is_no_format_is_refused(void **state)
{
	struct gtv_tracefs_format f;
	char cut[sizeof now];

	(void)state;
	assert_int_not_equal(gtv_tracefs_parse(&f, ""), 0);
	assert_int_not_equal(gtv_tracefs_parse(&f, "ID: 7\nfield:int x"), 0);
	/* Cut anywhere: an answer or none, and nothing read beyond its end. */
	for (size_t n = 0; n < sizeof now; n++) {
		memcpy(cut, now, n);
		cut[n] = 0;
		gtv_tracefs_parse(&f, cut);
	}
}

static int take(struct gtv_tree *t, unsigned kind, int core, uint32_t tid, uint32_t obj,
		unsigned off)
{
	struct gtv_ev ev = {.ts_ns = 1,
			    .kind = (uint16_t)kind,
			    .core = core,
			    .tid = tid,
			    .obj = obj,
			    .arg = obj,
			    .state = (uint8_t)off};
	uint64_t since;

	return gtv_tree_take(t, &ev, &since);
}

static void others_are_kept_while_one_of_ours_waits(void **state)
{
	struct gtv_tree *t = gtv_tree_new(0);

	(void)state;
	assert_int_equal(gtv_tree_add(t, 10, 10), 0);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 5, 6, GTV_OFF_SLEEP), GTV_TREE_DROP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 6, 10, GTV_OFF_SLEEP), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 10, 7, GTV_OFF_PREEMPTED),
			 GTV_TREE_KEEP);
	/* It waits for core 0, not for core 1. */
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 7, 8, GTV_OFF_SLEEP), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 1, 7, 8, GTV_OFF_SLEEP), GTV_TREE_DROP);
	struct gtv_ev move = {
		.kind = GTV_EV_K_MIGRATE, .core = 0, .obj = 10, .arg = 1, .ts_ns = 2};
	uint64_t since;
	assert_int_equal(gtv_tree_take(t, &move, &since), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 8, 9, GTV_OFF_SLEEP), GTV_TREE_DROP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 1, 8, 10, GTV_OFF_SLEEP), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 1, 10, 0, GTV_OFF_SLEEP), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 1, 0, 9, GTV_OFF_PREEMPTED),
			 GTV_TREE_DROP);
	/* Woken, it waits where it last ran. */
	assert_int_equal(take(t, GTV_EV_K_WAKING, 0, 9, 10, 0), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_WAKING, 0, 9, 11, 0), GTV_TREE_DROP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 1, 9, 0, GTV_OFF_SLEEP), GTV_TREE_KEEP);
	gtv_tree_free(t);
}

static void the_tree_grows_and_dies(void **state)
{
	struct gtv_tree *t = gtv_tree_new(0);
	struct gtv_ev ev;
	uint64_t since;

	(void)state;
	assert_int_equal(gtv_tree_add(t, 10, 10), 0);
	for (uint32_t i = 1; i < 1000; i++) { /* threads of process 10 */
		ev = (struct gtv_ev){
			.kind = GTV_EV_K_FORK, .tid = 10, .obj = 1000 + i, .arg = 10};
		assert_int_equal(gtv_tree_take(t, &ev, &since), GTV_TREE_KEEP);
	}
	for (uint32_t i = 1; i < 1000; i += 2)
		take(t, GTV_EV_K_SWITCH, 0, 1000 + i, 0, GTV_OFF_DEAD);
	for (uint32_t i = 1; i < 1000; i++)
		assert_int_equal(gtv_tree_has(t, 1000 + i), i % 2 == 0);
	/* Others' children are not ours, nor a number of ours that they use again. */
	assert_int_equal(take(t, GTV_EV_K_FORK, 0, 5, 1002, 0), GTV_TREE_DROP);
	assert_false(gtv_tree_has(t, 1002));
	/* Its fork was lost, its process tells whose it is. */
	ev = (struct gtv_ev){.kind = GTV_EV_K_SWITCH, .tid = 7777, .gt = 10};
	assert_int_equal(gtv_tree_take(t, &ev, &since), GTV_TREE_KEEP);
	assert_int_equal(ev.gt, 0);
	assert_true(ev.flags & GTV_KF_PREV_OURS);
	/* The first thread ends, and another one's exec makes it the first. */
	take(t, GTV_EV_K_SWITCH, 0, 10, 0, GTV_OFF_DEAD);
	assert_int_equal(take(t, GTV_EV_K_EXEC, 0, 10, 0, 0), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 10, 0, GTV_OFF_SLEEP), GTV_TREE_KEEP);
	/* It leaves a core that it never came to. */
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 10, 0, GTV_OFF_SLEEP), GTV_TREE_HOLE);
	/* So does one that has just been made. */
	ev = (struct gtv_ev){.kind = GTV_EV_K_FORK, .tid = 10, .obj = 11, .arg = 10};
	assert_int_equal(gtv_tree_take(t, &ev, &since), GTV_TREE_KEEP);
	assert_int_equal(take(t, GTV_EV_K_SWITCH, 0, 11, 0, GTV_OFF_SLEEP), GTV_TREE_HOLE);
	gtv_tree_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_lie_where_the_file_says),
		cmocka_unit_test(states_are_the_kernels_own),
		cmocka_unit_test(what_is_no_format_is_refused),
		cmocka_unit_test(others_are_kept_while_one_of_ours_waits),
		cmocka_unit_test(the_tree_grows_and_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
