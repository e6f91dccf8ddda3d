/* SPDX-License-Identifier: MIT
 *
 * A program that does to the memory it was lent whatever it can, each way by itself:
 *
 *   hostile truncate | punch | scribble | heads | close | swap | names | locks | lies
 *
 * It ends with status 0 if gtviz let it do so; what it wrote is for gtviz to survive.
 */
#define GTV_EMIT_IMPLEMENTATION
#include "runtime/gtv_emit.h"

#include <linux/falloc.h>
#include <stdio.h>

#define SCRIBBLE_NS 300000000ull

static int fd = -1;
static struct gtv_map map;
static uint64_t random_state = 88172645463325252ull;

static uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A few honest events first: something to lose. */
static void behave(void)
{
	static struct gtv_emit_gt gt[2];
	static struct gtv_emit_lock lock;

	gtv_emit_start("hostile", 1, 0);
	gtv_emit_worker_start(0);
	gtv_emit_spawn(&gt[0], NULL, "one");
	gtv_emit_spawn(&gt[1], &gt[0], "two");
	gtv_emit_run(&gt[0]);
	for (int i = 0; i < 100; i++) {
		gtv_emit_lock_take(&lock, &gt[i & 1]);
		gtv_emit_lock_drop(&lock, &gt[i & 1]);
		gtv_emit_yield(&gt[i & 1], &gt[~i & 1]);
	}
}

static int truncates(void)
{
	return ftruncate(fd, 0) == 0 ||
	       ftruncate(fd, 1 << 30) == 0; /* sealed: both refused */
}

static int punches(void)
{
	const int how = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	for (uint64_t until = now_ns() + SCRIBBLE_NS; now_ns() < until;) {
		behave();
		if (fallocate(fd, how, 0, (off_t)map.bytes))
			return 1;
	}
	return 0;
}

/* All of it: header, control pages, data. */
static int scribbles(void)
{
	uint64_t *word = (uint64_t *)(void *)map.shm;
	uint64_t pages = GTV_SHM_PAGE * (1ull + map.ring_count);

	for (uint64_t until = now_ns() + SCRIBBLE_NS; now_ns() < until;) {
		for (int i = 0; i < 1000; i++) {
			uint64_t within = rnd() & 1 ? pages : map.bytes;

			word[rnd() % (within / 8)] = rnd() & 3 ? rnd() : rnd() & 255;
		}
	}
	return 0;
}

/* Rings that are claimed by anybody, and whose indexes go anywhere. */
static int moves_heads(void)
{
	for (uint64_t until = now_ns() + SCRIBBLE_NS; now_ns() < until;) {
		struct gtv_ring *ring =
			(void *)((char *)map.shm +
				 gtv_ring_control_offset((uint32_t)rnd() % map.ring_count));

		ring->pid = (uint32_t)(rnd() & 1 ? 1 : getpid());
		ring->tid = (uint32_t)rnd();
		ring->head += rnd() & 1 ? rnd() : rnd() & 1023;
		ring->state = (uint32_t)rnd() & 3;
		ring->dropped[rnd() % GTV_EV_USER_MAX] += rnd();
		ring->loss_first_raw = rnd();
	}
	return 0;
}

static int swaps(void)
{
	int other = memfd_create("other", MFD_ALLOW_SEALING),
	    null = open("/dev/null", O_RDWR);

	return dup2(null, fd) < 0 || dup2(other, fd) < 0 || ftruncate(other, 1 << 20);
}

static int floods_names(void)
{
	struct gtv_emit_gt gt = {0, 0};
	char name[64];

	for (int i = 0; i < 20000; i++) {
		gtv_emit_spawn(&gt, NULL,
			       "\033]0;owned\007\033[2J\r\n\x9b"
			       "31m\xff\xfe");
		snprintf(name, sizeof name, "\033[%dA%c%%s%%n", i, i & 0x1f ? i & 0x1f : 1);
		gtv_emit__text(GTV_TEXT_GT, gt.id, name);
		gtv_emit__text((uint8_t)i, (uint32_t)rnd(), name);
		gtv_emit_mark(&gt, "\033[31m\n\r");
	}
	return 0;
}

/* Far more than 4,096 locks a second, each with a name. */
static int floods_locks(void)
{
	struct gtv_emit_gt gt = {0, 0};
	char name[32];

	gtv_emit_spawn(&gt, NULL, "locker");
	gtv_emit_run(&gt);
	for (int i = 0; i < 100000; i++) {
		struct gtv_emit_lock lock = {0, 0, 0};

		snprintf(name, sizeof name, "lock %d", i);
		gtv_emit_lock_name(&lock, "mutex", name);
		gtv_emit_lock_take(&lock, &gt);
	}
	return 0;
}

/* Events whose form is right and whose content is not. */
static int lies(void)
{
	for (int i = 0; i < 100000; i++) {
		struct gtv_event ev;

		ev.kind = (uint16_t)(rnd() % 70);
		ev.flags = (uint8_t)rnd();
		ev.aux = (uint8_t)rnd();
		ev.gt = (uint32_t)(rnd() % 4 ? rnd() % 5 : rnd());
		ev.u.f.obj = (uint32_t)(rnd() % 4 ? rnd() % 5 : rnd());
		ev.u.f.seq = (uint32_t)(rnd() % 4 ? rnd() % 500 : rnd());
		ev.u.f.arg = rnd() % 4 ? rnd() % 5 : rnd();
		gtv_emit__put(gtv_emit__producer(), &ev);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*deed)(void);
	} deeds[] = {{"truncate", truncates}, {"punch", punches}, {"scribble", scribbles},
		     {"heads", moves_heads},  {"swap", swaps},	  {"names", floods_names},
		     {"locks", floods_locks}, {"lies", lies}};
	const char *text = getenv(GTV_ENV_FD);

	if (argc != 2 || !text || gtv_map_fd(&map, fd = atoi(text)))
		return 2; /* not started by gtviz */
	behave();
	if (!strcmp(argv[1], "close")) {
		close(fd);
		behave(); /* its mapping outlives the descriptor */
		return 0;
	}
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
		if (!strcmp(argv[1], deeds[i].name))
			return deeds[i].deed();
	return 2;
}
