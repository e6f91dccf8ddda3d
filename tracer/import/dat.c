/* SPDX-License-Identifier: MIT
 * trace.dat of trace-cmd, versions 6 and 7, through libtracecmd.
 */
#include "tracer/import/importers.h"

#if defined(GTV_HAVE_TRACEEVENT) && defined(GTV_HAVE_TRACECMD)

#include <string.h>
#include <trace-cmd.h>
#include <unistd.h>

#include "tracer/import/tep.h"

struct dat {
	struct gtv__feed *feed;
	struct gtv__tep *tep;
	int rc;
};

static int on_record(struct tracecmd_input *in, struct tep_record *record, int core,
		     void *arg)
{
	struct dat *d = arg;
	struct gtv__tep_at at = {.ts_ns = record->ts, .core = core};

	(void)in;
	/* Less than nought: some, but how many is not known. */
	if (record->missed_events)
		d->rc = gtv__feed_lost(
			d->feed, core,
			record->missed_events > 0 ? (uint64_t)record->missed_events : 1,
			record->ts);
	if (!d->rc && record->size > 0)
		d->rc = gtv__tep_record(d->tep, d->feed, &at, record->data,
					(size_t)record->size);
	/* Records come in order of time. */
	if (!d->rc && d->feed->count >= 4096)
		d->rc = gtv__feed_until(d->feed, record->ts);
	return d->rc;
}

static int read_all(struct dat *d, struct tracecmd_input *in, struct gtv_err *err)
{
	struct tep_handle *tep = tracecmd_get_tep(in);

	if (tep_is_file_bigendian(tep) != tep_is_local_bigendian(tep))
		return gtv_err_set(err, GTV_EUNAVAIL, "trace.dat", "import it there",
				   "it comes from a machine of the other byte order");
	d->tep = gtv__tep_new(tep);
	if (!d->tep)
		return gtv_err_set(err, GTV_ENOMEM, "trace.dat", "", "out of memory");
	if (!gtv__tep_any(d->tep))
		return gtv_err_set(err, GTV_EFORMAT, "trace.dat",
				   "trace-cmd record -e sched", "%s",
				   "it has no events of the scheduler");
	if (tep_get_cpus(tep) > 0 && tep_get_cpus(tep) <= GTV__IMPORT_CORES)
		d->feed->facts.cores = (uint32_t)tep_get_cpus(tep);
	if (tracecmd_iterate_events(in, NULL, 0, on_record, d) < 0 && !d->rc)
		gtv__feed_note(d->feed,
			       "the file is damaged: it could not be read to its end");
	if (tracecmd_buffer_instances(in))
		gtv__feed_note(d->feed, "its other instances were left out");
	return d->rc;
}

int gtv__import_dat(struct gtv__feed *f, int fd, struct gtv_err *err)
{
	struct dat d = {.feed = f};
	struct tracecmd_input *in;
	int own = dup(fd), rc;

	tracecmd_set_loglevel(TEP_LOG_NONE);
	tep_set_loglevel(TEP_LOG_NONE);
	/* Plugins are programs of whoever's home this is: none. */
	in = own < 0 ? NULL
		     : tracecmd_open_fd(own, TRACECMD_FL_LOAD_NO_PLUGINS |
						     TRACECMD_FL_LOAD_NO_SYSTEM_PLUGINS);
	if (!in)
		return gtv_err_set(err, GTV_EFORMAT, "trace.dat", "record it again",
				   "libtracecmd cannot read it: cut off, damaged, or of a "
				   "later version");
	rc = read_all(&d, in, err);
	if (!rc)
		rc = gtv__feed_end(f);
	if (rc && !err->code)
		gtv_err_set(err, GTV_ENOMEM, "trace.dat", "", "out of memory");
	gtv__tep_free(d.tep);
	tracecmd_close(in);
	return rc;
}

#else

int gtv__import_dat(struct gtv__feed *f, int fd, struct gtv_err *err)
{
	(void)f, (void)fd;
	return gtv__import_without("libtracecmd", "libtracecmd-dev libtraceevent-dev", err);
}

#endif
