/* SPDX-License-Identifier: MIT
 *
 * The table of the bundled demos, and the table of the numbers that each is to show.
 * `gtviz demo`, its list, its screens and its checks come from here.
 *
 * Quoted are: Peretin ("Concurrency in Python": the GIL, callbacks, coroutines), Pacheco
 * ("Green threads in Python"), Chesneau ("Concurrent programming with Python and my little
 * experiment": offset), Brown ("Concurrency and Parallelism From The Ground Up"); and what
 * CPython itself does where it was measured.
 */
#ifndef GTV_DEMOS_H
#define GTV_DEMOS_H

/* X("name", "group", "policy", "program", "arguments", "those of --check", "view", "rows",
 *   "zoom", "trigger", beside, simulates, "one line", "what to look for") */
#define GTV_DEMOS(X)                                                                       \
	GTV_DEMOS_GIL(X)                                                                   \
	GTV_DEMOS_IO(X)                                                                    \
	GTV_DEMOS_WEB(X) GTV_DEMOS_CHANNELS(X) GTV_DEMOS_LOCKS(X) GTV_DEMOS_SYSTEMS(X)

#define GIL "Computing, and the global lock"
#define GTV_DEMOS_GIL(X)                                                                     \
	X("fib-sequential", GIL, "single", "fib", "40 2 --pin", "32 2 --pin", "timeline",    \
	  "green", "2s", "", NULL, 1, "fib twice, one after the other, as under MS-DOS",     \
	  "One lane is full, then the other: nothing overlaps. All else here is "            \
	  "measured against it.")                                                            \
	X("fib-gil2", GIL, "gil2,cores=2", "fib", "36 2 --pin", "32 2 --pin", "timeline",    \
	  "core", "5ms", "", "fib-sequential", 1,                                            \
	  "fib twice in two threads under CPython 2's GIL: slower than in turn",             \
	  "The lock is let go every 100 ticks and taken again at once: a comb in the "       \
	  "lock's row. Who waits is woken on the other core and finds it gone (false "       \
	  "wake-ups in view 3).")                                                            \
	X("fib-gil3", GIL, "gil3,cores=2", "fib", "40 2 --pin", "32 2 --pin", "timeline",    \
	  "core", "60ms", "", "fib-sequential", 1,                                           \
	  "fib twice in two threads under CPython 3's GIL: as long as in turn",              \
	  "Stripes of 5 ms: who waits asks for the lock after an interval, and the "         \
	  "holder lets go. Two cores, and only ever one of them computes.")                  \
	X("fib-threads", GIL, "threads,cores=2", "fib", "40 2 --pin", "32 2 --pin",          \
	  "timeline", "core", "500ms", "", "fib-sequential", 1,                              \
	  "fib twice in two threads without a lock: two full lanes",                         \
	  "Both cores are full from beginning to end. This is what a free-threaded "         \
	  "Python does.")                                                                    \
	X("fib-procs", GIL, "procs", "fib", "40 2 --pin", "32 2 --pin", "timeline",          \
	  "core", "500ms", "", "fib-sequential", 0,                                          \
	  "fib twice in two processes: two full lanes, each with memory of its own",         \
	  "Two cores are full, as without a GIL: each process has a lock of its own. Its "   \
	  "price is memory, and that results travel by pipes.")                              \
	X("fib-executor", GIL, "asyncio,executor=processes", "executor", "38 4", "33 4",     \
	  "timeline", "core", "500ms", "", NULL, 0,                                          \
	  "fib under asyncio with a process executor: the loop idles, workers are full",     \
	  "The loop's lane is empty: its green threads wait for calls (━). The cores are " \
	  "full with the executor's processes.")                                             \
	X("convoy-alone", GIL, "gil3,cores=2", "convoy", "--spin 0 --seconds 2",             \
	  "--spin 0 --seconds 0.2", "timeline", "green", "5ms", "", NULL, 1,                 \
	  "a byte goes to another process and back, and nobody computes",                    \
	  "Each round trip is short: the talker waits for its echo and nothing else.")       \
	X("convoy", GIL, "gil3,cores=2", "convoy", "--spin 1 --seconds 8",                   \
	  "--spin 1 --seconds 0.4", "timeline", "green", "40ms", "wait(GIL)>4ms",            \
	  "convoy-alone", 1, "the same beside one that computes: 5 ms a round trip",         \
	  "The talker's wait for the GIL (╬) is as long as the interval, each time, to "   \
	  "use it for an instant. The trigger stops the picture at one: Enter explains "     \
	  "it.")                                                                             \
	X("convoy-two", GIL, "gil3,cores=2", "convoy", "--spin 2 --seconds 8",               \
	  "--spin 2 --seconds 0.4", "timeline", "green", "60ms", "wait(GIL)>8ms",            \
	  "convoy-alone", 1, "beside two that compute: 10 ms and more",                      \
	  "The two that compute hand the lock to each other, and the talker waits for "      \
	  "both.")                                                                           \
	X("convoy-short", GIL, "gil3,cores=2,interval=500us", "convoy",                      \
	  "--spin 1 --seconds 8", "--spin 1 --seconds 0.4", "timeline", "green", "10ms",     \
	  "", "convoy-alone", 1, "the convoy with an interval of 0.5 ms",                    \
	  "The same picture, ten times as fast: the wait is the interval, and no "           \
	  "more.")                                                                           \
	X("convoy-gil2", GIL, "gil2,cores=2", "convoy", "--spin 1 --seconds 5",              \
	  "--spin 1 --seconds 0.2", "timeline", "green", "5ms", "", "convoy-alone", 1,       \
	  "the convoy under CPython 2's GIL: bad at computing, good at this",                \
	  "The lock is free for a moment every 100 ticks, so the talker gets it soon.")

#define IO "Waiting for others"
#define GTV_DEMOS_IO(X)                                                                      \
	X("io3-sequential", IO, "gil2", "fetch", "3 --in-turn", "3 --delay 40 --in-turn",    \
	  "timeline", "green", "600ms", "", NULL, 1,                                         \
	  "three answers of a slow service, one after the other",                            \
	  "A staircase: the next begins when the one before has its answer.")                \
	X("io3-threads", IO, "gil2", "fetch", "3", "3 --delay 40", "timeline", "green",      \
	  "600ms", "", "io3-sequential", 1, "the same by three threads under a GIL",         \
	  "The waits (~) lie above one another: the GIL is let go while one waits.")         \
	X("io3-green", IO, "gevent", "fetch", "3", "3 --delay 40", "timeline", "green",      \
	  "600ms", "", "io3-sequential", 1, "the same by three green threads (gevent)",      \
	  "As with threads, on one OS thread that sleeps meanwhile.")                        \
	X("io3-asyncio", IO, "asyncio", "fetch", "3", "3 --delay 40", "timeline", "green",   \
	  "600ms", "", "io3-sequential", 1, "the same by three coroutines and await",        \
	  "As with green threads: each await lets the next one ask.")                        \
	X("io3-executor", IO, "asyncio", "fetch", "3 --executor",                            \
	  "3 --delay 40 --executor", "timeline", "thread", "600ms", "", "io3-sequential",    \
	  1, "the same by blocking calls in an executor's threads",                          \
	  "The loop's thread sleeps, and three others wait in the kernel in its place.")     \
	X("io10-sequential", IO, "green", "fetch", "10 --delay 200 --in-turn",               \
	  "10 --delay 40 --in-turn", "timeline", "green", "2500ms", "", NULL, 1,             \
	  "ten answers, one after the other", "A staircase of ten steps.")                   \
	X("io10-threads", IO, "gil2", "fetch", "10 --delay 200", "10 --delay 40",            \
	  "timeline", "green", "600ms", "", "io10-sequential", 1,                            \
	  "ten answers by ten threads under a GIL",                                          \
	  "Ten waits at once; who waits has let the GIL go.")                                \
	X("io10-green", IO, "gevent", "fetch", "10 --delay 200", "10 --delay 40",            \
	  "timeline", "green", "600ms", "", "io10-sequential", 1,                            \
	  "ten answers by ten green threads on one OS thread (gevent)",                      \
	  "Ten waits at once, and one OS thread below them that sleeps meanwhile.")          \
	X("io10-asyncio", IO, "asyncio", "fetch", "10 --delay 200", "10 --delay 40",         \
	  "timeline", "green", "600ms", "", "io10-sequential", 1,                            \
	  "the same with asyncio and await", "As with gevent: the waits overlap.")           \
	X("io10-blocking", IO, "asyncio", "fetch", "10 --delay 200 --raw",                   \
	  "10 --delay 40 --raw", "timeline", "green", "2500ms", "run>50ms",                  \
	  "io10-sequential", 1, "asyncio with a blocking call in each coroutine",            \
	  "It looks like asyncio and is a staircase: a call that knows nothing of the "      \
	  "loop freezes it (▒), and nine others with it. That is what made it slower "     \
	  "than gevent in a talk: the call, not a prevention of races.")                     \
	X("io10-executor", IO, "asyncio", "fetch", "10 --delay 200 --executor",              \
	  "10 --delay 40 --executor", "timeline", "green", "600ms", "", "io10-sequential",   \
	  1, "the same calls made by an executor's threads",                                 \
	  "The same blocking calls, off the loop: they overlap as far as there are "         \
	  "threads in the executor.")                                                        \
	X("io10-offset", IO, "offset,pool=2", "fetch", "10 --delay 200 --executor",          \
	  "10 --delay 40 --executor", "timeline", "green", "1200ms", "",                     \
	  "io10-sequential", 1, "the same calls under offset, whose pool has two threads",   \
	  "Two at a time: 10 calls come back in five pairs.")                                \
	X("freeze", IO, "green", "freeze", "300 3", "60 2", "timeline", "green", "600ms",    \
	  "sleep>50ms and gt=heart", NULL, 1,                                                \
	  "one green thread never lets the others run",                                      \
	  "The heart stops beating: its sleep (┄) is over, but nobody looks at the clock " \
	  "for as long as the hog computes. Nobody can take the core from it: switching "    \
	  "is "                                                                              \
	  "a favour here.")                                                                  \
	X("freeze-quantum", IO, "quantum", "freeze", "300 3", "60 2", "timeline", "green",   \
	  "600ms", "", "freeze", 1, "the same program under time slices",                    \
	  "The heart goes on: at its slice's end the hog is made to wait.")                  \
	X("freeze-go", IO, "gmp,cores=1", "freeze", "300 3", "60 2", "timeline", "green",    \
	  "600ms", "", "freeze", 1, "the same under Go's scheduler, on one processor",       \
	  "Preempted after 10 ms, by a signal, in the middle of its computing.")             \
	X("callbacks", IO, "asyncio", "callbacks", "5", "5", "timeline", "green", "150ms",   \
	  "", NULL, 1, "the same work on one loop: callbacks, then coroutines",              \
	  "Up to the mark the loop calls functions, and no green thread is there to "        \
	  "follow: who asked for what is in nobody's lane. After it each page is a lane "    \
	  "with its waits.")                                                                 \
	X("loops", IO, "asyncio", "loop", "select poll epoll uring",                         \
	  "--trips 300 select poll epoll uring", "timeline", "green", "50ms", "", NULL, 0,   \
	  "a loop on select, poll, epoll and io_uring, with 450 that wait",                  \
	  "What is waited for is told anew each time to select and poll: the round trip "    \
	  "grows with what waits. epoll and io_uring remember.")

#define WEB "A web server under load"
#define GTV_DEMOS_WEB(X)                                                                   \
	X("web-inline", WEB, "threads", "webserver", "--inline --wait 1 --load 62 5",      \
	  "--inline --wait 1 --load 16 0.3", "timeline", "green", "30ms", "", NULL, 0,     \
	  "one thread answers: requests queue up",                                         \
	  "One lane, request after request; each waits for its page while 61 wait for "    \
	  "their turn.")                                                                   \
	X("web-threads", WEB, "threads", "webserver", "--wait 1 --load 62 5",              \
	  "--wait 1 --load 16 0.3", "timeline", "thread", "30ms", "", "web-inline", 0,     \
	  "a thread for each request",                                                     \
	  "Lanes come and go: each request is an OS thread "                               \
	  "that begins, waits and ends.")                                                  \
	X("web-green", WEB, "gevent", "webserver", "--wait 1 --load 62 5",                 \
	  "--wait 1 --load 16 0.3", "timeline", "green", "30ms", "", "web-inline", 0,      \
	  "a green thread for each request, on one OS thread",                             \
	  "The same fan-out, and one OS thread that is always busy with the next.")        \
	X("web-prefork", WEB, "gevent", "webserver", "--fork 4 --wait 1 --load 62 5",      \
	  "--fork 4 --wait 1 --load 16 0.3", "timeline", "thread", "30ms", "",             \
	  "web-inline", 0, "four processes, a loop in each, one socket (gunicorn's way)",  \
	  "Four OS threads of four processes take from the same socket: green threads "    \
	  "for the waits, processes for the cores.")

#define CHANNELS "Channels and actors"
#define GTV_DEMOS_CHANNELS(X)                                                              \
	X("say", CHANNELS, "goroutine", "say", "5", "5", "timeline", "green", "600ms", "", \
	  NULL, 1, "hello and world, five times each, 100 ms apart",                       \
	  "Two lanes that sleep (┄) and wake every 100 ms; nothing else happens.")         \
	X("chansum", CHANNELS, "gmp", "chansum", "", "", "timeline", "green", "", "",      \
	  NULL, 1, "two halves of a sum, sent over one channel: Go says -5 17 12",         \
	  "Who was made ready last runs next (run-next): the second half comes first. e "  \
	  "shows the arrows from send to receive.")                                        \
	X("chansum-offset", CHANNELS, "offset", "chansum", "", "", "timeline", "green",    \
	  "", "", NULL, 1, "the same under offset, whose queue is first come: 17 -5 12",   \
	  "The first half runs first, and is received first.")                             \
	X("buffered", CHANNELS, "gmp", "buffered", "3 12", "3 12", "timeline", "green",    \
	  "150ms", "", NULL, 1, "a channel with room for three",                           \
	  "The producer runs ahead by what there is room for, then waits (═) for each "  \
	  "receive.")                                                                      \
	X("fibselect", CHANNELS, "gmp", "fibselect", "10", "10", "timeline", "green", "",  \
	  "", NULL, 1, "select: offer the next Fibonacci number, or be told to quit",      \
	  "Two lanes hand the core to each other; the eleventh time it is the other "      \
	  "channel that is ready.")                                                        \
	X("ticker", CHANNELS, "gmp", "ticker", "", "", "timeline", "green", "600ms", "",   \
	  NULL, 1, "a tick every 100 ms, and a boom",                                      \
	  "Marks on main's lane, ticks 100 ms apart; the timers have a green thread.")     \
	X("latetimer", CHANNELS, "offset", "latetimer", "", "", "timeline", "green",       \
	  "1200ms", "", NULL, 1, "offset's timer of 20 ms that comes after a second",      \
	  "The region is as long as the sleeper's: who serves timers sleeps until the "    \
	  "first one is due, and is not woken for one that is due sooner.")                \
	X("latetimer-mended", CHANNELS, "offset,quirks=0", "latetimer", "", "",            \
	  "timeline", "green", "1200ms", "", NULL, 1, "the same with that mended",         \
	  "The region ends after 20 ms.")                                                  \
	X("actors", CHANNELS, "gmp", "actors", "4 25", "4 25", "timeline", "green",        \
	  "20ms", "", NULL, 1, "actors with mailboxes: an account without a lock",         \
	  "Customers wait (═) for their answers; the account takes a letter at a time "  \
	  "from its mailbox. No lock anywhere, and never two letters at once.")            \
	X("pingpong", CHANNELS, "gmp", "pingpong", "100000", "2000", "timeline", "green",  \
	  "100us", "", NULL, 1, "a ball over two channels",                                \
	  "The core is handed to and fro; each switch is some tens of nanoseconds.")       \
	X("pingpong-procs", CHANNELS, "procs", "pingpong", "20000", "500", "timeline",     \
	  "core", "2ms", "", "pingpong", 0, "the same ball between two processes",         \
	  "The same channel, and each throw is now the kernel's: wake-ups across cores.")  \
	X("link", CHANNELS, "gmp", "link", "pair 20000", "pair 200", "timeline", "green",  \
	  "5ms", "", NULL, 0,                                                              \
	  "a channel to another process: offset's goal, and channels across machines",     \
	  "Two processes, each with a green thread that talks with the socket; who sends " \
	  "waits (═) when as many are under way as the other end has room for.")

#define LOCKS "Locks and races"
#define GTV_DEMOS_LOCKS(X)                                                                 \
	X("deathstar-1", LOCKS, "gmp,cores=2", "deathstar", "1 6", "1 4", "timeline",      \
	  "green", "300ms", "", NULL, 1, "six X-wings, one flight path: concurrency",      \
	  "All have begun, one attacks, five wait for the flight path (┼).")               \
	X("deathstar-2", LOCKS, "gmp,cores=2", "deathstar", "2 6", "2 4", "timeline",      \
	  "green", "300ms", "", "deathstar-1", 1, "two Death Stars: parallelism",          \
	  "Two lanes attack at once, on two cores; the battle takes half as long.")        \
	X("flip-two-cores", LOCKS, "threads", "flip", "--flips 1000000", "--flips 200000", \
	  "timeline", "core", "50ms", "", NULL, 1, "a boolean flipped by two cores",       \
	  "Each mark is a read-back that found another's write: a race.")                  \
	X("flip-one-core", LOCKS, "quantum,tick=1ms,quantum=1", "flip", "--flips 1000000", \
	  "--flips 200000", "timeline", "core", "200ms", "", NULL, 1,                      \
	  "the same on one core, preempted",                                               \
	  "A race needs no second core: a slice that ends between write and read-back "    \
	  "will do. It is rare: at most one wrong read-back a switch.")                    \
	X("flip-mutex", LOCKS, "threads", "flip", "--flips 300000 --mutex",                \
	  "--flips 10000 --mutex", "locks", "lock", "50ms", "", NULL, 1,                   \
	  "the same with a mutex: never wrong, and not for free",                          \
	  "No marks. The lock's row shows who has it, and who waits.")                     \
	X("spinlocks", LOCKS, "threads", "spinlocks", "1 10", "0.05 10", "timeline",       \
	  "green", "50ms", "", NULL, 1,                                                    \
	  "ten threads, one lock: test-and-set, ticket, MCS",                              \
	  "With test-and-set ten lanes spin and a few win; with ticket and MCS they "      \
	  "stand in a queue.")                                                             \
	X("semaphores", LOCKS, "green", "semaphores", "3 10", "3 10", "timeline", "green", \
	  "200ms", "", NULL, 1, "ten green threads, a semaphore of three",                 \
	  "Three lanes inside, seven waiting; each that leaves lets one in.")

#define SYSTEMS "Operating systems"
#define GTV_DEMOS_SYSTEMS(X)                                                               \
	X("turns-coop", SYSTEMS, "windows1", "turns", "600 --polite 50",                   \
	  "100 --polite 50", "timeline", "green", "500ms", "", NULL, 1,                    \
	  "Windows 1.0: a turn lasts as long as a program likes",                          \
	  "The typist's key waits (░) for three programs that each give way after "      \
	  "50 ms, and for ever if one of them does not.")                                  \
	X("turns-short", SYSTEMS, "quantum,tick=1ms,quantum=1", "turns", "600", "130",     \
	  "timeline", "green", "50ms", "", NULL, 1,                                        \
	  "time slices of 1 ms: quick to answer, many switches",                           \
	  "A fine comb: the typist is answered soon, and the core changes hands all the "  \
	  "time.")                                                                         \
	X("turns-desktop", SYSTEMS, "windowsnt", "turns", "600", "130", "timeline",        \
	  "green", "500ms", "", "turns-short", 1,                                          \
	  "Windows NT in the foreground: slices of 3 ticks of 15.6 ms",                    \
	  "The same program: wider stripes, and the typist waits for three of them.")      \
	X("turns-server", SYSTEMS, "windowsserver", "turns", "600", "130", "timeline",     \
	  "green", "1s", "", "turns-short", 1,                                             \
	  "a server's slices of 120 ms: few switches, slow to answer",                     \
	  "The typist waits for a third of a second.")                                     \
	X("switches", SYSTEMS, "green", "switches", "20000", "2000", "timeline", "core",   \
	  "200us", "", NULL, 0, "what a switch costs: by the runtime, by the kernel",      \
	  "First two green threads change places on an OS thread that stays on its core. " \
	  "Then two processes do, and each change is the kernel's.")                       \
	X("migration", SYSTEMS, "threads", "affinity", "3 1000", "3 40", "timeline",       \
	  "core", "30ms", "", NULL, 1,                                                     \
	  "threads that nap wake up on whatever core is free",                             \
	  "A thread's colour moves from core to core; each time its caches stay behind.")  \
	X("affinity", SYSTEMS, "threads", "affinity", "--pin 3 1000", "--pin 3 40",        \
	  "timeline", "core", "30ms", "", "migration", 1,                                  \
	  "the same, each on its own core",                                                \
	  "Colours stay on their core, and one waits for its core while another idles.")   \
	X("ticks", SYSTEMS, "threads", "ticks", "1", "0.2", "timeline", "core", "100ms",   \
	  "", NULL, 0, "tick and tickless: a core that idles is left alone",               \
	  "While its thread sleeps the core is asked for hardly anything; while it "       \
	  "computes the kernel's timer interrupts it at every tick (!, where the kernel "  \
	  "is seen).")                                                                     \
	X("smt", SYSTEMS, "threads", "smt", "300", "30", "timeline", "core", "500ms", "",  \
	  NULL, 0, "SMT: two threads in one core, then on two",                            \
	  "Where the machine has it: the same work takes longer in one core's two halves " \
	  "than on two cores. Where it has not, that is said, and two cores are full.")    \
	X("stacks", SYSTEMS, "threads", "stacks", "100 1024", "100 1024", "threads",       \
	  "green", "", "", NULL, 0, "a hundred threads with stacks of 1 MiB",              \
	  "100 MiB of addresses are set aside; memory becomes only what is touched.")      \
	X("stacks-small", SYSTEMS, "green", "stacks", "100 64", "100 64", "threads",       \
	  "green", "", "", "stacks", 0, "a hundred green threads with stacks of 64 KiB",   \
	  "A sixteenth of the addresses, and one OS thread.")

/* X("demo", "its policy on the simulated system" or NULL, irq). There a safe point comes
 * every 100 ns; CPython 2 let go of its lock every 0.8 us. */
#define GTV_DEMO_EXTRAS(X)                                                                 \
	X("fib-gil2", "gil2,cores=2,interval=8", 0)                                        \
	X("ticks", NULL, 1)

#define MS 1e6
/* X("demo", KIND, "subject", ratio, "what", UNIT, "quoted", and what --check wants: least,
 *   most; simulated: least, most) */
#define GTV_DEMO_FIGURES(X)                                                                \
	X("fib-sequential", REGION_SUM, "fib", 0, "both took", NS,                         \
	  "5.044 s (Peretin), 5 s (Pacheco)", 1, NO_MORE, 1, NO_MORE)                      \
	X("fib-sequential", BUSY, "spin", 0, "cores at work", TIMES, "", 0, 1.05, 0.9, 1)  \
	X("fib-gil2", REGION_SUM, "fib", 0, "both took", NS, "7.462 s (Peretin)", 1,       \
	  NO_MORE, 1, NO_MORE)                                                             \
	X("fib-gil2", REGION_SUM, "fib", 1, "as long as in turn", TIMES,                   \
	  "1.48 (Peretin), 1.72 (CPython 2)", 1, NO_MORE, 1.4, 1.8)                        \
	X("fib-gil2", COUNT, "gil_drops", 0, "the GIL was let go", COUNT,                  \
	  "293,000 times (CPython 2, fib(30) twice)", 1000, NO_MORE, 1000, NO_MORE)        \
	X("fib-gil2", COUNT, "gil_handoffs", 0, "another got it", COUNT,                   \
	  "77 to 10,056 times (the same)", 1, NO_MORE, 1, NO_MORE)                         \
	X("fib-gil3", REGION_SUM, "fib", 1, "as long as in turn", TIMES,                   \
	  "1.03 (CPython 3), \"basically the same\" (Pacheco)", 0, NO_MORE, 0.95, 1.1)     \
	X("fib-gil3", COUNT, "gil_handoffs", 0, "the GIL changed hands", COUNT,            \
	  "every 5 ms and a slice", 1, NO_MORE, 250, 310)                                  \
	X("fib-gil3", STATE_MAX, "spin:gil", 0, "longest wait for the GIL", NS, "5 ms", 0, \
	  NO_MORE, 5 * MS, 6 * MS)                                                         \
	X("fib-threads", REGION_SUM, "fib", 1, "as long as in turn", TIMES, "0.5", 0.4,    \
	  NO_MORE, 0.49, 0.52)                                                             \
	X("fib-threads", BUSY, "spin", 0, "cores at work", TIMES, "2", 0, 2.05, 1.9, 2)    \
	X("fib-procs", REGION_SUM, "fib", 1, "as long as in turn", TIMES,                  \
	  "0.5 (CPython 3: 0.98 s, 0.49 s)", 0.4, NO_MORE, 0, 0)                           \
	X("fib-procs", OS_THREADS, "", 0, "OS threads, in three processes", COUNT, "", 3,  \
	  NO_MORE, 0, 0)                                                                   \
	X("fib-executor", REGION_SUM, "fib", 0, "four took", NS, "\"fast\" (Pacheco)", 1,  \
	  NO_MORE, 0, 0)                                                                   \
	X("fib-executor", COUNT, "blocking_calls", 0, "calls to the executor", COUNT, "",  \
	  4, 4, 0, 0)                                                                      \
	X("fib-executor", STATE_MEAN, ":syscall", 0,                                       \
	  "each waited for its call, off the loop", NS, "", 1, NO_MORE, 0, 0)              \
	X("convoy-alone", REGION_RATE, "round trip", 0, "round trips", RATE,               \
	  "26,373 /s (CPython 3)", 10, NO_MORE, 7000, 10000)                               \
	X("convoy-alone", STATE_MEAN, "talker:gil", 0, "wait for the GIL", NS, "none", 0,  \
	  NO_MORE, 0, 0.1 * MS)                                                            \
	X("convoy", REGION_RATE, "round trip", 0, "round trips", RATE,                     \
	  "217 /s (CPython 3)", 1, NO_MORE, 190, 200)                                      \
	X("convoy", REGION_MAX, "round trip", 0, "the longest", NS, "5.1 ms (the mean)",   \
	  5 * MS, NO_MORE, 5 * MS, 6 * MS)                                                 \
	X("convoy", REGION_RATE, "round trip", 1, "of the rate alone", PERCENT, "0.8 %",   \
	  0, 0.7, 0.01, 0.04)                                                              \
	X("convoy-two", REGION_RATE, "round trip", 0, "round trips", RATE,                 \
	  "53 /s (CPython 3)", 1, NO_MORE, 60, 200)                                        \
	X("convoy-two", REGION_MAX, "round trip", 0, "the longest", NS,                    \
	  "10.4 ms (the mean)", 5 * MS, NO_MORE, 5 * MS, 16 * MS)                          \
	X("convoy-short", REGION_RATE, "round trip", 0, "round trips", RATE,               \
	  "1,345 /s (CPython 3)", 1, NO_MORE, 1200, 1700)                                  \
	X("convoy-gil2", REGION_RATE, "round trip", 0, "round trips", RATE,                \
	  "thousands (CPython 2)", 1, NO_MORE, 1000, 10000)                                \
	X("io3-sequential", REGION_SUM, "all", 0, "three answers took", NS,                \
	  "0.375 s (Peretin)", 120 * MS, NO_MORE, 120 * MS, 121 * MS)                      \
	X("io3-sequential", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "1", 1,   \
	  1, 1, 1)                                                                         \
	X("io3-threads", REGION_SUM, "all", 0, "three answers took", NS,                   \
	  "0.145 s (Peretin)", 40 * MS, NO_MORE, 40 * MS, 41 * MS)                         \
	X("io3-threads", REGION_SUM, "all", 1, "as long as in turn", TIMES, "0.39", 0,     \
	  NO_MORE, 0.33, 0.35)                                                             \
	X("io3-threads", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "3", 2, 3,   \
	  3, 3)                                                                            \
	X("io3-green", REGION_SUM, "all", 0, "three answers took", NS,                     \
	  "0.145 s, with threads (Peretin)", 40 * MS, NO_MORE, 40 * MS, 41 * MS)           \
	X("io3-green", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "3", 3, 3, 3,  \
	  3)                                                                               \
	X("io3-asyncio", REGION_SUM, "all", 0, "three answers took", NS, "", 40 * MS,      \
	  NO_MORE, 40 * MS, 41 * MS)                                                       \
	X("io3-asyncio", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "3", 3, 3,   \
	  3, 3)                                                                            \
	X("io3-executor", REGION_SUM, "all", 0, "three answers took", NS, "", 40 * MS,     \
	  NO_MORE, 40 * MS, 42 * MS)                                                       \
	X("io3-executor", COUNT, "blocking_calls", 0, "calls off the loop", COUNT, "3", 3, \
	  3, 3, 3)                                                                         \
	X("io10-sequential", REGION_SUM, "all", 0, "ten answers took", NS, "", 400 * MS,   \
	  NO_MORE, 400 * MS, 402 * MS)                                                     \
	X("io10-threads", REGION_SUM, "all", 0, "ten answers took", NS, "", 40 * MS,       \
	  NO_MORE, 40 * MS, 43 * MS)                                                       \
	X("io10-threads", REGION_SUM, "all", 1, "as long as in turn", TIMES, "", 0, 0.9,   \
	  0.1, 0.12)                                                                       \
	X("io10-threads", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "10", 5,    \
	  10, 10, 10)                                                                      \
	X("io10-green", REGION_SUM, "all", 0, "ten answers took", NS,                      \
	  "2 s, of a slower service (Pacheco)", 40 * MS, NO_MORE, 40 * MS, 41 * MS)        \
	X("io10-green", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "10", 10, 10, \
	  10, 10)                                                                          \
	X("io10-asyncio", REGION_SUM, "all", 0, "ten answers took", NS, "", 40 * MS,       \
	  NO_MORE, 40 * MS, 41 * MS)                                                       \
	X("io10-asyncio", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "10", 10,   \
	  10, 10, 10)                                                                      \
	X("io10-blocking", REGION_SUM, "all", 0, "ten answers took", NS,                   \
	  "longer than gevent (Pacheco)", 400 * MS, NO_MORE, 400 * MS, 402 * MS)           \
	X("io10-blocking", REGION_PEAK, "fetch", 0, "asked for at once", COUNT, "", 1, 1,  \
	  1, 1)                                                                            \
	X("io10-executor", REGION_SUM, "all", 0, "ten answers took", NS,                   \
	  "\"like gevent\" (Pacheco)", 40 * MS, NO_MORE, 80 * MS, 82 * MS)                 \
	X("io10-executor", COUNT, "blocking_calls", 0, "calls off the loop", COUNT, "10",  \
	  10, 10, 10, 10)                                                                  \
	X("io10-offset", REGION_SUM, "all", 0, "ten answers took", NS,                     \
	  "pairs: 102, 202, 302 ms", 200 * MS, NO_MORE, 200 * MS, 204 * MS)                \
	X("freeze", REGION_MAX, "beat", 0, "longest beat, of 10 ms", NS, "all frozen",     \
	  60 * MS, NO_MORE, 60 * MS, 70 * MS)                                              \
	X("freeze-quantum", COUNT, "preemptions", 0, "the hog was preempted", COUNT, "",   \
	  1, NO_MORE, 1, NO_MORE)                                                          \
	X("freeze-quantum", REGION_MAX, "beat", 0, "longest beat, of 10 ms", NS, "",       \
	  10 * MS, NO_MORE, 10 * MS, 35 * MS)                                              \
	X("freeze-go", COUNT, "preemptions", 0, "the hog was preempted", COUNT, "", 1,     \
	  NO_MORE, 1, NO_MORE)                                                             \
	X("freeze-go", REGION_MAX, "beat", 0, "longest beat, of 10 ms", NS, "", 10 * MS,   \
	  NO_MORE, 10 * MS, 35 * MS)                                                       \
	X("callbacks", COUNT, "callbacks", 0, "functions that the loop called", COUNT, "", \
	  15, 15, 15, 15)                                                                  \
	X("callbacks", REGION_COUNT, "page", 0, "pages by coroutines", COUNT, "", 5, 5, 5, \
	  5)                                                                               \
	X("callbacks", REGION_MEAN, "page", 0, "a page took", NS, "40 ms of waits",        \
	  40 * MS, NO_MORE, 40 * MS, 41 * MS)                                              \
	X("loops", REGION_EACH, "select 450/trips", 0, "a round trip by select", NS, "",   \
	  1, NO_MORE, 0, 0)                                                                \
	X("loops", REGION_EACH, "poll 450/trips", 0, "by poll", NS, "", 1, NO_MORE, 0, 0)  \
	X("loops", REGION_EACH, "epoll 450/trips", 0, "by epoll", NS, "", 1, NO_MORE, 0,   \
	  0)                                                                               \
	X("loops", REGION_EACH, "uring 450/trips", 0, "by io_uring, if the kernel lets",   \
	  NS, "", 0, NO_MORE, 0, 0)                                                        \
	X("web-inline", REGION_RATE, "request", 0, "requests", RATE,                       \
	  "1,000, then 400 /s (Pacheco)", 1, 1000, 0, 0)                                   \
	X("web-inline", REGION_PEAK, "request", 0, "answered at once", COUNT, "1", 1, 1,   \
	  0, 0)                                                                            \
	X("web-threads", REGION_RATE, "request", 0, "requests", RATE, "", 1, NO_MORE, 0,   \
	  0)                                                                               \
	X("web-threads", REGION_PEAK, "request", 0, "answered at once", COUNT, "", 2,      \
	  NO_MORE, 0, 0)                                                                   \
	X("web-green", REGION_RATE, "request", 0, "requests", RATE, "2,500 /s (Pacheco)",  \
	  1, NO_MORE, 0, 0)                                                                \
	X("web-green", REGION_RATE, "request", 1, "of one at a time", TIMES,               \
	  "2.5 to 6 (Pacheco)", 0, NO_MORE, 0, 0)                                          \
	X("web-green", REGION_PEAK, "request", 0, "answered at once", COUNT, "", 2,        \
	  NO_MORE, 0, 0)                                                                   \
	X("web-prefork", REGION_RATE, "request", 0, "requests", RATE, "", 1, NO_MORE, 0,   \
	  0)                                                                               \
	X("web-prefork", OS_THREADS, "", 0, "OS threads of server and load", COUNT, "", 4, \
	  NO_MORE, 0, 0)                                                                   \
	X("say", MARKS, "hello", 0, "hello", COUNT, "5", 5, 5, 5, 5)                       \
	X("say", MARKS, "world", 0, "world", COUNT, "5", 5, 5, 5, 5)                       \
	X("say", STATE_SUM, "world:sleep", 0, "world slept", NS, "500 ms", 500 * MS,       \
	  NO_MORE, 500 * MS, 501 * MS)                                                     \
	X("chansum", SENDER, "", 0, "who sent first, of the two halves", NTH,              \
	  "number 2: -5 17 12", 2, 2, 2, 2)                                                \
	X("chansum-offset", SENDER, "", 0, "who sent first, of the two halves", NTH,       \
	  "number 1: 17 -5 12 (Chesneau)", 1, 1, 1, 1)                                     \
	X("buffered", COUNT, "chan_sends", 0, "sends", COUNT, "", 12, 12, 12, 12)          \
	X("buffered", STATE_COUNT, "producer:chan", 0, "of them waited", COUNT,            \
	  "all but those there is room for", 1, 12, 8, 9)                                  \
	X("fibselect", COUNT, "chan_receives", 0, "receives: ten numbers, and quit",       \
	  COUNT, "", 11, 11, 11, 11)                                                       \
	X("fibselect", MARKS, "quit", 0, "told to quit", COUNT, "1", 1, 1, 1, 1)           \
	X("ticker", MARKS, "tick", 0, "ticks", COUNT, "4 or 5", 1, 5, 4, 5)                \
	X("ticker", MARKS, "boom", 0, "booms", COUNT, "1", 1, 1, 1, 1)                     \
	X("latetimer", REGION_MAX, "20 ms timer", 0, "20 ms took", NS,                     \
	  "1,001 ms (offset)", 900 * MS, NO_MORE, 990 * MS, 1010 * MS)                     \
	X("latetimer-mended", REGION_MAX, "20 ms timer", 0, "20 ms took", NS, "20 ms",     \
	  20 * MS, NO_MORE, 20 * MS, 25 * MS)                                              \
	X("actors", REGION_COUNT, "letter", 0, "letters", COUNT, "", 101, 101, 101, 101)   \
	X("actors", REGION_PEAK, "letter", 0, "read at once", COUNT,                       \
	  "1: no lock is needed", 1, 1, 1, 1)                                              \
	X("actors", COUNT, "lock_waits", 0, "waits for a lock", COUNT, "0", 0, 0, 0, 0)    \
	X("pingpong", COUNT, "chan_sends", 0, "throws", COUNT, "", 4000, 200000, 4000,     \
	  4000)                                                                            \
	X("pingpong-procs", COUNT, "chan_sends", 0, "throws", COUNT, "", 1000, 40000, 0,   \
	  0)                                                                               \
	X("pingpong-procs", OS_SWITCHES, "", 0, "switches by the kernel", COUNT, "", 0,    \
	  NO_MORE, 0, 0)                                                                   \
	X("link", COUNT, "chan_receives", 0, "receives, of 200 numbers or more", COUNT,    \
	  "", 200, NO_MORE, 0, 0)                                                          \
	X("deathstar-1", REGION_PEAK, "attack", 0, "attacks at once", COUNT,               \
	  "one flight path (Pacheco)", 1, 1, 1, 1)                                         \
	X("deathstar-1", REGION_SUM, "battle", 0, "the battle took", NS, "", 120 * MS,     \
	  NO_MORE, 120 * MS, 122 * MS)                                                     \
	X("deathstar-2", REGION_PEAK, "attack", 0, "attacks at once", COUNT,               \
	  "two Death Stars (Pacheco)", 2, 2, 2, 2)                                         \
	X("deathstar-2", REGION_SUM, "battle", 1, "as long as with one", TIMES, "0.5", 0,  \
	  NO_MORE, 0.5, 0.52)                                                              \
	X("flip-two-cores", MARKS, "wrong", 0, "wrong read-backs", COUNT,                  \
	  "about 800 of 2 million (Brown)", 0, NO_MORE, 1, NO_MORE)                        \
	X("flip-one-core", MARKS, "wrong", 0, "wrong read-backs", COUNT,                   \
	  "it happens (Brown)", 0, NO_MORE, 0, 1000)                                       \
	X("flip-one-core", COUNT, "preemptions", 0, "slices that ended", COUNT, "", 0,     \
	  NO_MORE, 1, NO_MORE)                                                             \
	X("flip-mutex", MARKS, "wrong", 0, "wrong read-backs", COUNT, "never (Brown)", 0,  \
	  0, 0, 0)                                                                         \
	X("flip-mutex", COUNT, "lock_takes", 0, "times the mutex was taken", COUNT, "",    \
	  20000, 1e6, 20000, 20000)                                                        \
	X("spinlocks", LOCK_RATIO, "test-and-set", 0, "test-and-set: most to least",       \
	  TIMES, "45", 0, NO_MORE, 1, NO_MORE)                                             \
	X("spinlocks", LOCK_WORST, "test-and-set", 0, "test-and-set: worst wait", NS,      \
	  "1,012 ms", 0, NO_MORE, 1 * MS, NO_MORE)                                         \
	X("spinlocks", LOCK_RATIO, "ticket", 0, "ticket: most to least", TIMES, "1.0", 1,  \
	  NO_MORE, 1, 1.2)                                                                 \
	X("spinlocks", LOCK_WORST, "ticket", 0, "ticket: worst wait", NS, "3.2 ms", 1,     \
	  NO_MORE, 1, 1 * MS)                                                              \
	X("spinlocks", LOCK_RATIO, "mcs", 0, "MCS: most to least", TIMES, "1.0", 1,        \
	  NO_MORE, 1, 1.2)                                                                 \
	X("spinlocks", LOCK_WORST, "mcs", 0, "MCS: worst wait", NS, "1.0 ms", 1, NO_MORE,  \
	  1, 1 * MS)                                                                       \
	X("semaphores", REGION_PEAK, "inside", 0, "inside at once", COUNT, "3", 3, 3, 3,   \
	  3)                                                                               \
	X("semaphores", REGION_PEAK, "waits", 0, "waiting at once", COUNT, "7", 7, 7, 7,   \
	  7)                                                                               \
	X("turns-coop", REGION_MAX, "key", 0, "longest from key to screen", NS, "",        \
	  100 * MS, NO_MORE, 150 * MS, 152 * MS)                                           \
	X("turns-coop", COUNT, "preemptions", 0, "programs that were made to wait", COUNT, \
	  "0 (Brown)", 0, 0, 0, 0)                                                         \
	X("turns-short", REGION_MAX, "key", 0, "longest from key to screen", NS, "", 1,    \
	  NO_MORE, 3 * MS, 5 * MS)                                                         \
	X("turns-short", COUNT, "preemptions", 0, "slices that ended", COUNT, "", 50,      \
	  NO_MORE, 370, 420)                                                               \
	X("turns-desktop", REGION_MAX, "key", 0, "longest from key to screen", NS,         \
	  "slices of 15 to 60 ms (Brown)", 40 * MS, NO_MORE, 140 * MS, 145 * MS)           \
	X("turns-desktop", COUNT, "preemptions", 1, "as many switches as with 1 ms",       \
	  PERCENT, "", 0, 0.5, 0, 0.05)                                                    \
	X("turns-server", REGION_MAX, "key", 0, "longest from key to screen", NS,          \
	  "slices of 120 ms (Brown)", 100 * MS, NO_MORE, 360 * MS, 365 * MS)               \
	X("turns-server", COUNT, "preemptions", 1, "as many switches as with 1 ms",        \
	  PERCENT, "", 0, 0.5, 0, 0.02)                                                    \
	X("switches", REGION_EACH, "runtime/switches", 0, "a switch by the runtime", NS,   \
	  "", 1, NO_MORE, 0, 0)                                                            \
	X("switches", REGION_EACH, "kernel/switches", 0, "a switch by the kernel", NS, "", \
	  1, NO_MORE, 0, 0)                                                                \
	X("switches", COUNT, "yields", 0, "switches of the runtime's", COUNT, "", 2000,    \
	  NO_MORE, 0, 0)                                                                   \
	X("switches", OS_SWITCHES, "", 0, "switches of the kernel's", COUNT, "", 0,        \
	  NO_MORE, 0, 0)                                                                   \
	X("switches", VALUE, "saved by us", 0, "saved by the runtime", BYTES, "", 12, 24,  \
	  0, 0)                                                                            \
	X("switches", VALUE, "by kernel", 0, "saved by the kernel", BYTES, "", 0, NO_MORE, \
	  0, 0)                                                                            \
	X("ticks", VALUE, "idle", 0, "ticks while the core idles", RATE,                   \
	  "tickless (Brown)", 0, NO_MORE, 0, 0)                                            \
	X("ticks", VALUE, "busy", 0, "ticks while it computes", RATE,                      \
	  "every 4 to 15.6 ms (Brown)", 1, NO_MORE, 0, 0)                                  \
	X("smt", VALUE, "per core", 0, "threads in a core, seen here", COUNT, "2 (Brown)", \
	  1, 2, 0, 0)                                                                      \
	X("smt", REGION_SUM, "in one core", 0, "two threads in one core", NS, "", 0,       \
	  NO_MORE, 0, 0)                                                                   \
	X("smt", REGION_SUM, "on two cores", 0, "on two cores", NS, "", 0, NO_MORE, 0, 0)  \
	X("migration", MIGRATIONS, "", 0, "migrations", COUNT, "", 0, NO_MORE, 1, NO_MORE) \
	X("affinity", MIGRATIONS, "", 0, "migrations", COUNT, "", 0, NO_MORE, 0, 20)       \
	X("affinity", STATE_SUM, "pinned:preempted", 0, "kept waiting for their core", NS, \
	  "", 0, NO_MORE, 0, NO_MORE)                                                      \
	X("stacks", COUNT, "spawns", 0, "threads, with main", COUNT, "100", 101, 101, 0,   \
	  0)                                                                               \
	X("stacks", VALUE, "addresses", 0, "addresses", MIB, "100 MB (Brown)", 100,        \
	  NO_MORE, 0, 0)                                                                   \
	X("stacks", VALUE, "memory", 0, "memory", MIB, "", 0, 100, 0, 0)                   \
	X("stacks-small", VALUE, "addresses", 0, "addresses", MIB, "", 0, 90, 0, 0)        \
	X("stacks-small", VALUE, "memory", 0, "memory", MIB, "", 0, 90, 0, 0)              \
	X("stacks-small", OS_THREADS, "", 0, "OS threads", COUNT, "", 1, 8, 0, 0)

#endif
