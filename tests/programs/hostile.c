/* SPDX-License-Identifier: MIT
 *
 * A program that does to the memory it was lent whatever it can, each way by itself:
 *
 *   hostile truncate | punch | scribble | heads | close | swap | names | locks | lies
 *   hostile offer WAY        runs already, and offers its rings to who attaches; two more
 *                            ways: `mute` never answers, `fickle` answers anything
 *
 * It ends with status 0 if gtviz let it do so; what it wrote is for gtviz to survive.
 * `offer` prints "ready" first.
 */
#define GTV_EMIT_IMPLEMENTATION
#include "runtime/gtv_emit.h"

#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "runtime/abi/gtv_attach.h"

#define SCRIBBLE_NS 300000000ull
#define PATIENCE_NS 30000000000ull /* with a reader that has no core */
#define LOOKS	    20

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

	const uint64_t *beat = &map.shm->heartbeat_ns, begin = now_ns();
	unsigned looks = 0;

	/* Until the reader has looked into it some times: each time it writes its own. */
	while (now_ns() - begin < SCRIBBLE_NS ||
	       (looks < LOOKS && now_ns() - begin < PATIENCE_NS)) {
		behave();
		looks += __atomic_load_n(beat, __ATOMIC_RELAXED) != 0;
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

/* ------------------------------------------------------------------- offers */

__attribute__((visibility("hidden"))) struct gtv_attach offer;

__asm__(".pushsection .note.gtviz,\"a\",@note\n"
	"	.balign 4\n"
	"	.long 6\n"
	"	.long 8\n"
	"	.long 1\n"
	"	.asciz \"" GTV_NOTE_NAME "\"\n"
	"	.balign 4\n"
	"	.quad offer - .\n"
	".popsection");

/* Until somebody asks; signals that are not requests are heard, too. */
static void await_request(uint32_t answered)
{
	sigset_t urgent;
	int number;

	sigemptyset(&urgent);
	sigaddset(&urgent, SIGURG);
	while (__atomic_load_n(&offer.request, __ATOMIC_ACQUIRE) == answered)
		sigwait(&urgent, &number);
}

/* Who asked looks at this while it is written. */
static int is_fickle(void)
{
	for (uint64_t until = now_ns() + SCRIBBLE_NS; now_ns() < until;) {
		offer.magic = rnd() & 1 ? GTV_ATTACH_MAGIC : rnd();
		offer.answered = (uint32_t)rnd() & 7;
		offer.result = (int32_t)rnd();
		offer.tid = offer.helper = (uint32_t)rnd();
		memset(offer.socket, (int)rnd(), sizeof offer.socket);
	}
	return 0;
}

/* 0: the rings are ours, as if we had been started with them. */
static int take_rings(void)
{
	char number[16];
	sigset_t urgent;

	sigemptyset(&urgent);
	sigaddset(&urgent, SIGURG);
	sigprocmask(SIG_BLOCK, &urgent, NULL);
	offer.version = GTV_ATTACH_VERSION;
	offer.tid = (uint32_t)getpid();
	__atomic_store_n(&offer.magic, GTV_ATTACH_MAGIC, __ATOMIC_RELEASE);
	puts("ready");
	fflush(stdout);
	await_request(0);
	fd = gtv_map__ask(offer.socket, SOCK_STREAM);
	if (fd < 0)
		return -1;
	snprintf(number, sizeof number, "%d", fd);
	return setenv(GTV_ENV_FD, number, 1);
}

static int offers(const char *way)
{
	int rc = take_rings();

	if (rc || !strcmp(way, "mute"))
		return rc ? rc : (int)usleep(1000000);
	if (!strcmp(way, "fickle"))
		return is_fickle();
	__atomic_store_n(&offer.answered, offer.request, __ATOMIC_RELEASE);
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
	const char *text;

	if (argc == 3 && !strcmp(argv[1], "offer")) {
		int rc = offers(argv[2]);

		if (rc || !strcmp(argv[2], "mute") || !strcmp(argv[2], "fickle"))
			return rc;
		argv++;
		argc--;
	}
	text = getenv(GTV_ENV_FD);
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
