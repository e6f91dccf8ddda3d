/* SPDX-License-Identifier: MIT
 *
 * Starting and ending a session. The order is what keeps it safe:
 *
 *   open the output as the user -> open the user rings -> fork the program, held
 *   before its exec -> open and attach the best kernel source -> make the store ->
 *   drop privileges -> start the collector -> let the program go.
 *
 * So every privileged thing is done before the program's first instruction, and
 * nothing that follows needs a privilege.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "tracer/base/procs.h"
#include "tracer/session/internal.h"

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void join_command(char *const *argv, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = 0;
	for (int i = 0; argv[i] && used < size - 1; i++) {
		int n = snprintf(buf + used, size - used, "%s%s", i ? " " : "", argv[i]);
		used += n > 0 ? (size_t)n : 0;
	}
}

/* What the kernel source in use was asked for. */
static uint32_t scope_of(const struct gtv_session_config *config, int level)
{
	uint32_t scope = level >= 2 && config->all_tasks ? GTV_SCOPE_ALL : 0;

	if (level < 3)
		return scope;
	if (config->syscalls)
		scope |= GTV_SCOPE_SYSCALLS;
	if (config->syscalls == GTV_SYSCALLS_ALL)
		scope |= GTV_SCOPE_SYSCALLS_ALL;
	return config->irq ? scope | GTV_SCOPE_IRQ : scope;
}

static void fill_info(struct gtv_session *s, const struct gtv_session_config *config,
		      struct gtv_store_info *info)
{
	struct utsname un;

	*info = (struct gtv_store_info){
		.level = s->status.level,
		.core_count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.clock = s->clock.kind,
		.start_ns = s->status.simulated ? GTV_SIM_START_NS : s->status.start_ns,
		.wall_ns = wall_ns(),
		.uid = config->as_root ? getuid() : s->user.uid,
		.pid = gtv_session_pid(s),
		.exit_status = -1,
		.model = gtv_model_id(),
		.scope = scope_of(config, s->status.level),
	};
	if (uname(&un) == 0) {
		snprintf(info->host, sizeof info->host, "%.63s", un.nodename);
		snprintf(info->kernel, sizeof info->kernel, "%.40s %.30s %.20s", un.sysname,
			 un.release, un.machine);
	}
	if (config->attach)
		gtv_procs_command(config->attach, info->command, sizeof info->command);
	else
		join_command(config->argv, info->command, sizeof info->command);
}

/* Opens and attaches the highest kernel source that works, or just the level that
 * was asked for. */
static int open_kernel(struct gtv_session *s, const struct gtv_session_config *config,
		       const struct gtv_source_config *sources, struct gtv_err *err)
{
	struct gtv_err why = {0};

	/* A simulated system has a kernel of its own, which tells all. */
	if (s->status.simulated) {
		s->status.level = 3;
		return 0;
	}
	if (config->level == 0 && (config->syscalls || config->irq))
		return gtv_err_set(err, GTV_EUNAVAIL,
				   config->syscalls ? "--syscalls" : "--irq",
				   "leave out --level", "needs level 3");
	if (config->level == 0)
		return 0;
	for (int i = 0; gtv_sources[i]; i++) {
		const struct gtv_source_ops *ops = gtv_sources[i];
		struct gtv_err e = {0};

		if (config->level > 0 && ops->level != config->level)
			continue;
		int rc = ops->open(&s->kernel, sources, &e);
		if (rc == 0) {
			rc = s->launch.adopted ? gtv_session_follow(s, s->kernel, &e)
					       : ops->attach(s->kernel, s->launch.pid, &e);
			if (rc == 0) {
				s->status.level = ops->level;
				break;
			}
			ops->close(s->kernel);
		}
		s->kernel = NULL;
		if (!why.code)
			why = e;
	}
	if (why.code)
		gtv_err_line(&why, s->status.level_why, sizeof s->status.level_why);
	/* What only level 3 can do must not go missing unsaid. */
	if ((config->syscalls || config->irq) && s->status.level < 3)
		return gtv_err_set(
			err, GTV_EUNAVAIL, config->syscalls ? "--syscalls" : "--irq",
			why.code ? why.mend : "leave out --level", "needs level 3%s%s",
			why.code ? ": " : "", why.code ? why.why : "");
	if (config->level > 0 && !s->kernel) {
		if (why.code) {
			*err = why;
			return -why.code;
		}
		return gtv_err_set(err, GTV_EUNAVAIL, "--level", "levels are 3, 2, 1 and 0",
				   "there is no source at level %d", config->level);
	}
	return 0;
}

/* The collector must not wait behind the program it watches: a little priority,
 * taken while we may, by the one thread that is to have it. */
static int start_collector(struct gtv_session *s, int old_nice, struct gtv_err *err)
{
	sigset_t all, old;

	/* Signals are for the thread that reads keys or waits. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&s->thread, NULL, gtv_session_collect, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	setpriority(PRIO_PROCESS, 0, old_nice);
	if (rc)
		return gtv_err_set(err, GTV_EIO, "collector", "", "%s", strerror(rc));
	s->thread_started = 1;
	return 0;
}

static int make_parts(struct gtv_session *s, struct gtv_err *err)
{
	s->names = gtv_names_new();
	s->merge = gtv_merge_new();
	s->family = gtv_family_new();
	s->futexes = s->names ? gtv_futexes_new(s->names) : NULL;
	s->batch = calloc(GTV_BATCH, sizeof *s->batch);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!s->names || !s->merge || !s->family || !s->futexes || !s->batch ||
	    s->event_fd < 0)
		return gtv_err_set(err, GTV_ENOMEM, "session", "",
				   "out of memory or descriptors");
	s->recorder_stream = gtv_merge_stream(s->merge, (uint64_t)GTV_SRC_RECORDER << 32);
	return s->recorder_stream < 0 ? s->recorder_stream : 0;
}

static void span_to_zoom(void *zoom, const struct gtv_span *span)
{
	gtv_zoom_span(zoom, span);
}

/* The trace goes into a pipe that is full. What comes meanwhile waits in the rings, and
 * what has no room there is counted; nobody is to think that we are gone. */
static void output_waits(void *session)
{
	struct gtv_session *s = session;

	gtv_source_ring_alive(s->rings);
}

static void flight_told(void *session)
{
	struct gtv_session *s = session;

	eventfd_write(s->event_fd, 1);
}

static struct gtv_flight *make_flight(struct gtv_session *s,
				      const struct gtv_session_config *config, int out_fd)
{
	struct gtv_flight_config flight = {
		.fd = out_fd,
		.path = config->output ? config->output : "gtviz.gtv",
		.max_bytes = config->keep_bytes,
		.max_ns = config->keep_ns,
		.told = flight_told,
		.arg = s,
	};

	s->flight = gtv_flight_new(&flight, s->store);
	s->flight_last = config->output != NULL;
	s->status.keeping = 1;
	return s->flight;
}

static int make_store(struct gtv_session *s, const struct gtv_session_config *config,
		      int out_fd, struct gtv_err *err)
{
	struct gtv_store_info info;
	struct gtv_model_sink sink = {0};

	fill_info(s, config, &info);
	info.start_ns = info.start_ns ? info.start_ns : gtv_clock_mono_ns();
	s->status.start_ns = info.start_ns;
	int keep = config->keep_bytes || config->keep_ns;
	int rc = keep	       ? gtv_store_create_kept(&s->store, &info, s->names, err)
		 : out_fd >= 0 ? gtv_store_create(&s->store, out_fd, &info, s->names, err)
			       : gtv_store_create_temp(&s->store, &info, s->names, err);
	if (rc < 0)
		return rc;
	gtv_store_on_wait(s->store, output_waits, s);
	if (!config->screen && !keep) /* no screen: for hours, perhaps */
		gtv_store_unread(s->store);
	if (keep && !make_flight(s, config, out_fd))
		return gtv_err_set(err, GTV_ENOMEM, "--ring", "", "out of memory");
	/* What is written of a ring gets its own. */
	int zoom = !keep || config->screen;
	if (zoom)
		s->zoom = gtv_zoom_new(s->store);
	if (!s->zoom && zoom)
		return gtv_err_set(err, GTV_ENOMEM, "zoom", "", "out of memory");
	sink.arg = s->zoom;
	sink.span = zoom ? span_to_zoom : NULL;
	if (config->trigger.condition) {
		s->shots = gtv_shots_new(&config->trigger, s->status.level, s->names,
					 info.start_ns);
		if (!s->shots)
			return gtv_err_set(err, GTV_ENOMEM, "--trigger", "",
					   "out of memory");
		sink = gtv_watch_sink(s->shots->watch, &sink);
	}
	s->model = gtv_model_new(s->status.level, s->names, &sink);
	if (!s->model)
		return gtv_err_set(err, GTV_ENOMEM, "model", "", "out of memory");
	return 0;
}

/* Everything up to a held program with its sources attached. */
static int prepare(struct gtv_session *s, const struct gtv_session_config *config,
		   struct gtv_source_config *sources, struct gtv_err *err)
{
	int rc = gtv_source_ring.open(&s->rings, sources, err);
	if (rc < 0)
		return rc;
	if (config->attach) {
		if ((rc = gtv_launch_adopt(&s->launch, config->attach, err)) < 0)
			return rc;
		s->launched = 1;
		if ((rc = s->rings->ops->attach(s->rings, s->launch.pid, err)) < 0 ||
		    (rc = open_kernel(s, config, sources, err)) < 0)
			return rc;
		rc = gtv_session_rundown(s, err);
		return rc < 0 ? rc : gtv_session_ask_rings(s, err);
	}
	struct gtv_launch_config launch = {
		.argv = config->argv,
		.user = &s->user,
		.as_root = config->as_root,
		.policy = config->policy,
		.ring_fd = gtv_source_ring_fd(s->rings),
		.ring_sock = gtv_source_ring_socket(s->rings),
		.use_pty = config->use_pty,
		.rows = config->rows,
		.cols = config->cols,
		.stdout_to_stderr = config->output && !strcmp(config->output, "-"),
	};
	rc = gtv_launch_hold(&s->launch, &launch, err);
	if (rc < 0)
		return rc;
	s->launched = 1;
	if (s->launch.pty >= 0)
		s->keeper_fd = gtv_keeper_start(s->launch.pty, &s->user, config->as_root);
	if ((rc = s->rings->ops->attach(s->rings, s->launch.pid, err)) < 0)
		return rc;
	if ((rc = open_kernel(s, config, sources, err)) < 0)
		return rc;
	/* Only level 3 tells of futexes, whose variables are to be named. */
	if (s->status.level == 3 && !s->status.simulated)
		s->mapped = gtv_mapped_open(s->launch.pid);
	gtv_futexes_use(s->futexes, s->mapped);
	return 0;
}

static int is_simulated(void)
{
	const char *seed = getenv("GT_SIM");

	return seed && *seed;
}

/* How long may be slept while nothing comes: the user rings wake us. A trigger is to be
 * noticed soon; and at level 0 there is no other ring. */
static uint64_t room_ns(const struct gtv_session *s)
{
	if (s->shots)
		return 0;
	return s->kernel ? s->kernel->room_ns : UINT64_MAX;
}

static int start(struct gtv_session *s, const struct gtv_session_config *config,
		 struct gtv_err *err)
{
	int rc, out_fd = -1;

	if ((rc = gtv_user_get(&s->user, err)) < 0 || (rc = make_parts(s, err)) < 0)
		return rc;
	s->status.simulated = !config->attach && is_simulated();
	s->status.attached = config->attach != 0;
	gtv_clock_init(&s->clock,
		       s->status.simulated ? GTV_CLOCK_SIM : gtv_clock_best_kind());
	struct gtv_source_config sources = {
		.names = s->names,
		.merge = s->merge,
		.clock = &s->clock,
		.ring_bytes = config->ring_bytes,
		.ring_count = config->ring_count,
		.all_tasks = config->all_tasks,
		.syscalls = config->syscalls,
		.irq = config->irq,
		.self = getpid(),
	};
	if (config->output && (out_fd = gtv_output_open(config->output, &s->user, err)) < 0)
		return -err->code;
	s->output_opened = out_fd >= 0;
	if (config->attach) /* events come as soon as its threads are followed */
		s->status.start_ns = gtv_clock_mono_ns();
	rc = prepare(s, config, &sources, err);
	if (rc < 0) {
		if (out_fd >= 0)
			close(out_fd);
		return rc;
	}
	if ((rc = make_store(s, config, out_fd, err)) < 0)
		return rc;
	errno = 0;
	int nice = getpriority(PRIO_PROCESS, 0);
	setpriority(PRIO_PROCESS, 0, -10); /* fails, harmlessly, without privilege */
	if ((rc = gtv_privileges_drop(&s->user, config->as_root, err)) < 0)
		return rc;
	s->status.running = 1;
	s->status.now_ns = s->status.start_ns;
	s->zoom_ns = s->checkpoint_ns = s->last_ns = s->status.start_ns;
	if (!config->attach && (rc = gtv_launch_go(&s->launch, err)) < 0)
		return rc;
	gtv_pace_begin(&s->pace, room_ns(s));
	return start_collector(s, nice, err);
}

int gtv_session_start(struct gtv_session **out, const struct gtv_session_config *config,
		      struct gtv_err *err)
{
	struct gtv_session *s = calloc(1, sizeof *s);

	if (!s)
		return gtv_err_set(err, GTV_ENOMEM, "session", "", "out of memory");
	s->event_fd = s->keeper_fd = s->launch.pty = s->launch.pidfd = -1;
	s->screen = config->screen;
	pthread_mutex_init(&s->lock, NULL);
	int rc = start(s, config, err);
	if (rc < 0) {
		/* Nothing was recorded: leave no empty file behind. What the path names
		 * may have changed, so not with privileges. */
		if (s->output_opened && strcmp(config->output, "-") &&
		    gtv_privileges_drop(&s->user, config->as_root, NULL) == 0)
			unlink(config->output);
		gtv_session_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

struct gtv_store *gtv_session_store(struct gtv_session *s)
{
	return s->store;
}

void gtv_session_status(struct gtv_session *s, struct gtv_session_status *out)
{
	atomic_store(&s->told, 0); /* before it is read: what comes then is told anew */
	pthread_mutex_lock(&s->lock);
	*out = s->status;
	pthread_mutex_unlock(&s->lock);
	if (s->flight)
		gtv_flight_told(s->flight, &out->flight);
}

int gtv_session_event_fd(struct gtv_session *s)
{
	return s->event_fd;
}

int gtv_session_pty(struct gtv_session *s)
{
	return s->launch.pty;
}

void gtv_session_resize(struct gtv_session *s, unsigned short rows, unsigned short cols)
{
	struct winsize size = {.ws_row = rows, .ws_col = cols};

	if (s->launch.pty >= 0)
		ioctl(s->launch.pty, TIOCSWINSZ, &size);
}

/* The collector may be resting. */
static void wish(struct gtv_session *s, atomic_int *wanted)
{
	atomic_store(wanted, 1);
	gtv_source_ring_wake(s->rings);
}

void gtv_session_kill(struct gtv_session *s)
{
	if (s->launch.adopted) /* it was there before us */
		gtv_session_detach(s);
	else
		wish(s, &s->want_kill);
}

void gtv_session_signal(struct gtv_session *s, int sig)
{
	if (s->launch.adopted)
		return;
	/* By descriptor: the collector may reap the program meanwhile. */
	syscall(SYS_pidfd_send_signal, s->launch.pidfd, sig, NULL, 0u);
}

void gtv_session_write(struct gtv_session *s)
{
	struct gtv_session_status st;

	gtv_session_status(s, &st);
	/* The collector is over: what it kept is ours. */
	if (s->flight && st.finished)
		gtv_flight_write(s->flight, st.now_ns);
	else
		wish(s, &s->want_write);
}

void gtv_session_detach(struct gtv_session *s)
{
	wish(s, &s->want_stop);
}

int gtv_session_wait(struct gtv_session *s, struct gtv_err *err)
{
	if (s->thread_started) {
		pthread_join(s->thread, NULL);
		s->thread_started = 0;
	}
	if (s->flight) {
		struct gtv_flight_told told;

		gtv_flight_told(s->flight, &told);
		*err = told.err;
		if (err->code)
			return -err->code;
	}
	const struct gtv_err *failed = gtv_store_error(s->store);
	if (failed && failed->code) {
		*err = *failed;
		return -failed->code;
	}
	return 0;
}

void gtv_session_close(struct gtv_session *s)
{
	if (s->thread_started) {
		gtv_session_detach(s);
		pthread_join(s->thread, NULL);
	}
	if (s->kernel)
		s->kernel->ops->close(s->kernel);
	if (s->rings)
		s->rings->ops->close(s->rings);
	if (s->launched)
		gtv_launch_close(&s->launch);
	if (s->keeper_fd >= 0)
		close(s->keeper_fd);
	gtv_flight_free(s->flight);
	gtv_shots_free(s->shots);
	gtv_zoom_free(s->zoom);
	gtv_model_free(s->model);
	gtv_family_free(s->family);
	gtv_futexes_free(s->futexes);
	gtv_mapped_close(s->mapped);
	gtv_merge_free(s->merge);
	if (s->store)
		gtv_store_close(s->store);
	gtv_names_free(s->names);
	if (s->event_fd >= 0)
		close(s->event_fd);
	pthread_mutex_destroy(&s->lock);
	for (size_t i = 0; i < s->attached_count; i++)
		gtv_attached_close(&s->attached[i]);
	free(s->attached);
	free(s->batch);
	free(s);
}
