/* SPDX-License-Identifier: MIT
 *
 * SIGKILL to the program, to gtviz, to both, at random moments. Every trace opens;
 * `gtviz check` passes, or says that the recorder was killed; what was drained 50 ms
 * before the recorder's death is there, and after the program's death everything it
 * had committed; a program whose recorder died runs on unharmed.
 *
 * The program is tests/tools/marks.c, which keeps a book of its own marks. The seed
 * is printed; GTV_TEST_SEED repeats a run, GTV_TEST_KILLS (100; `make soak` 200) sets its
 * length.
 */
#include "tests/kernel/accept.h"
#include "tests/kernel/steal.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mman.h>

#include "tests/tools/marks.h"

#define STEP_MS	   5
#define STEPS_MAX  128
#define RUN_MS	   "400"
#define PRESENT_NS 50000000u /* before the recorder's death */

enum victim { PROGRAM, GTVIZ, BOTH, VICTIMS };
static const char *const victim_name[] = {"the program", "gtviz", "both"};

static uint64_t seed;
static uint64_t marks_seen, farthest_back_ns; /* for the reader of the log */
static unsigned runs_late;		      /* in which some came late to the file */

static unsigned random_below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

struct run {
	struct ran gtviz;
	pid_t program;
	struct marks_book *book;
	enum victim victim;
	uint64_t killed_ns;
	/* How long gtviz could not run, in steps up to the blow. */
	struct step {
		uint64_t to_ns, starved_ns;
	} step[STEPS_MAX];
	unsigned steps;
	char what[96];
	uint64_t missing;	    /* marks that must be there */
	uint64_t oldest_missing_ns; /* how long before the blow it was made */
	uint64_t starved_ns;	    /* since then */
};

/* The first child of a process, 0 if it has none yet. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &child) != 1)
		child = 0;
	if (f)
		fclose(f);
	return child;
}

static struct marks_book *open_book(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof(struct marks_book)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	p = mmap(NULL, sizeof(struct marks_book), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Starts a recording and waits until the program has written its first mark. */
static void begin(struct run *run, const char *trace, const char *book)
{
	char program[ACCEPT_PATH];
	const char *argv[] = {gtviz_path(), "record", "-o", trace,  "--policy", "gmp",
			      "--",	    program,  book, RUN_MS, NULL};
	uint64_t deadline = now_ns() + 20000000000u;

	snprintf(program, sizeof program, "%s", build_path("tests/marks"));
	unlink(book);
	unlink(trace);
	start(&run->gtviz, NULL, argv);
	while (!run->book && now_ns() < deadline) {
		run->book = open_book(book);
		if (!run->book)
			sched_yield();
	}
	if (!run->book) {
		finish(&run->gtviz);
		fail_msg("marks did not start: %s%s", run->gtviz.text[0],
			 run->gtviz.text[1]);
	}
	while (!__atomic_load_n(&run->book->writer[0].count, __ATOMIC_ACQUIRE) &&
	       now_ns() < deadline)
		sched_yield();
	/* The kernel's list of children is no snapshot: one may be passed over. */
	while ((run->program = child_of(run->gtviz.pid)) <= 0 && now_ns() < deadline)
		sched_yield();
	assert_true(run->program > 0);
}

/* We are the subreaper: the program comes to us when gtviz is gone. */
static int reap_program(pid_t pid)
{
	int status = 0;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* What the threads of a process have had so far, and whether one of them wants a core or
 * waits for a disk. */
struct lot {
	uint64_t ran_ns, waited_ns, at_ns, stolen_ns;
	int wants;
};

static int is_held_up(const char *stat)
{
	const char *state = strrchr(stat, ')');

	return state && (!strncmp(state, ") R", 3) || !strncmp(state, ") D", 3));
}

static struct lot lot_of(pid_t pid)
{
	char path[64], line[512];
	uint64_t ran, waited;
	struct lot lot = {.at_ns = now_ns(), .stolen_ns = machine_steal_ns()};
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%.16s/stat", pid, d->d_name);
		FILE *f = fopen(path, "re");
		lot.wants |= f && fgets(line, sizeof line, f) && is_held_up(line);
		if (f)
			fclose(f);
		snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", pid,
			 d->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%" SCNu64 " %" SCNu64, &ran, &waited) == 2) {
			lot.ran_ns += ran;
			lot.waited_ns += waited;
		}
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return lot;
}

/* How much of a step the recorder could not run in: what it waited for a core, as the
 * kernel says when that is over; all of it if it wanted one, or a disk, and has not run;
 * what was taken from the machine; and by how much we ourselves came too late to look. */
static uint64_t starved_in(const struct lot *from, const struct lot *to)
{
	uint64_t took = to->at_ns - from->at_ns, late = 0,
		 waited = to->waited_ns - from->waited_ns;

	if (took > 2 * STEP_MS * 1000000ull)
		late = took - STEP_MS * 1000000ull;
	if (to->ran_ns == from->ran_ns && (to->wants || from->wants) && waited < took)
		waited = took;
	return (waited > late ? waited : late) + to->stolen_ns - from->stolen_ns;
}

/* How long the recorder could not run, of late: other programs may keep it from draining,
 * which is no fault of its. */
static void kill_it(struct run *run)
{
	unsigned after_ms = random_below(300);
	struct lot last = lot_of(run->gtviz.pid), now;

	for (unsigned at_ms = 0; at_ms < after_ms; at_ms += STEP_MS) {
		nap_ms(after_ms - at_ms < STEP_MS ? after_ms - at_ms : STEP_MS);
		now = lot_of(run->gtviz.pid);
		run->step[run->steps++] = (struct step){now.at_ns, starved_in(&last, &now)};
		last = now;
	}
	run->killed_ns = now_ns();
	if (run->victim != PROGRAM)
		kill(run->gtviz.pid, SIGKILL);
	if (run->victim != GTVIZ)
		kill(run->program, SIGKILL);
}

/* How it all ended. */
static void expect_end(struct run *run)
{

	finish(&run->gtviz);
	if (run->victim == PROGRAM) {
		/* 128 + 9, or 0 if the program had ended before the blow. */
		if (exit_code(&run->gtviz) != 0)
			expect_exit(&run->gtviz, 128 + SIGKILL, run->what);
	}
	if (run->victim == GTVIZ) {
		/* Unharmed: its own exit status, its output whole. */
		int status = reap_program(run->program);

		if (status != -1 && status != 0)
			fail_msg("%s: the program ended with wait status %#x: %s",
				 run->what, status, run->gtviz.text[1]);
		if (!strstr(run->gtviz.text[0], "marks: wrote "))
			fail_msg("%s: the program's output is not whole: %s", run->what,
				 run->gtviz.text[0]);
	}
	if (run->victim == BOTH)
		reap_program(run->program);
}

/* Which marks the trace has. */
struct found {
	uint8_t *seen[MARKS_WRITERS];
};

static void note_mark(void *arg, const char *line)
{
	struct found *f = arg;
	const char *text = strstr(line, "\"text\":\"");
	unsigned w, n;

	if (text && sscanf(text + 8, "%u:%u", &w, &n) == 2 && w < MARKS_WRITERS &&
	    n < MARKS_MAX)
		f->seen[w][n] = 1;
}

/* From a time up to the blow: so long gtviz could not run. */
static uint64_t starved_since(const struct run *run, uint64_t ts_ns)
{
	uint64_t sum = 0;

	for (unsigned i = run->steps; i-- && run->step[i].to_ns > ts_ns;)
		sum += run->step[i].starved_ns;
	return sum;
}

/* Compares the book with the trace, one writer's pages. */
static void compare_marks(struct run *run, const struct marks_page *page,
			  const uint8_t *seen)
{
	uint64_t count = __atomic_load_n(&page->count, __ATOMIC_ACQUIRE);

	for (uint64_t n = 0; n < count && n < MARKS_MAX; n++) {
		uint64_t ts = page->ts_ns[n];

		if (seen[n]) {
			marks_seen++;
		} else if (run->victim == PROGRAM ||
			   ts + PRESENT_NS + starved_since(run, ts) < run->killed_ns) {
			run->missing++;
			if (run->killed_ns - ts > run->oldest_missing_ns &&
			    ts < run->killed_ns) {
				run->oldest_missing_ns = run->killed_ns - ts;
				run->starved_ns = starved_since(run, ts);
			}
		} else if (ts < run->killed_ns && run->killed_ns - ts > farthest_back_ns) {
			farthest_back_ns = run->killed_ns - ts;
		}
	}
}

static void expect_marks(struct run *run, const char *trace)
{
	struct found found;

	for (int w = 0; w < MARKS_WRITERS; w++) {
		found.seen[w] = calloc(MARKS_MAX, 1);
		assert_non_null(found.seen[w]);
	}
	each_event(trace, "mark", note_mark, &found);
	for (int w = 0; w < MARKS_WRITERS; w++) {
		compare_marks(run, &run->book->writer[w], found.seen[w]);
		free(found.seen[w]);
	}
	if (!run->missing)
		return;
	print_message("%s: %" PRIu64 " marks are missing, the oldest made %.1f ms before "
		      "(gtviz could not run for %.1f ms)\n",
		      run->what, run->missing, (double)run->oldest_missing_ns / 1e6,
		      (double)run->starved_ns / 1e6);
	/* A program that died has left all; a recorder may have waited for its disk. */
	assert_int_not_equal(run->victim, PROGRAM);
	runs_late++;
}

static void expect_good_trace(const struct run *run, const char *trace)
{
	char *text;

	if (check_of(trace, &text))
		fail_msg("%s: check: %.3000s", run->what, text);
	/* gtviz may have finished before it was killed. */
	if (run->victim == PROGRAM && strstr(text, "not finished"))
		fail_msg("%s: gtviz lived, but: %s", run->what, text);
	free(text);
}

static void one_run(unsigned i, enum victim victim)
{
	static const char *const names[] = {"program.gtv", "gtviz.gtv", "both.gtv"};
	const char *trace = file_path(names[victim]), *book = file_path("book");
	struct run run = {.victim = victim};

	begin(&run, trace, book);
	kill_it(&run);
	snprintf(run.what, sizeof run.what, "run %u, killing %s", i, victim_name[victim]);
	expect_end(&run);
	expect_good_trace(&run, trace);
	expect_marks(&run, trace);
	munmap(run.book, sizeof *run.book);
	ran_free(&run.gtviz);
}

static void kill_often(enum victim victim)
{
	unsigned runs = env_number("GTV_TEST_KILLS", 100) / VICTIMS + 1;

	marks_seen = farthest_back_ns = runs_late = 0;
	for (unsigned i = 0; i < runs; i++)
		one_run(i, victim);
	print_message("%u kills; %" PRIu64
		      " marks found; what is missing was at most %.1f ms "
		      "old\n",
		      runs, marks_seen, (double)farthest_back_ns / 1e6);
	assert_true(marks_seen > 0);
	assert_in_range(runs_late, 0, 1 + runs / 10);
}

static void a_killed_program_leaves_all_it_committed(void **state)
{
	(void)state;
	kill_often(PROGRAM);
}

static void a_killed_recorder_leaves_what_it_drained(void **state)
{
	(void)state;
	kill_often(GTVIZ);
}

static void both_killed_leave_what_was_drained(void **state)
{
	(void)state;
	kill_often(BOTH);
}

static int setup(void **state)
{
	seed = env_number("GTV_TEST_SEED", (unsigned)now_ns());
	print_message("seed %" PRIu64 "\n", seed);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return accept_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_program_leaves_all_it_committed),
		cmocka_unit_test(a_killed_recorder_leaves_what_it_drained),
		cmocka_unit_test(both_killed_leave_what_was_drained),
	};

	return cmocka_run_group_tests(tests, setup, accept_teardown);
}
