/* SPDX-License-Identifier: MIT
 *
 * CTF, as LTTng's kernel tracer and `perf data convert --to-ctf` write it, through
 * libbabeltrace2: its reader of files, its muxer, and a sink of ours.
 *
 * LTTng's events do not say who made them, so a waker is who was last told to come
 * on the core.
 */
#include "tracer/import/importers.h"

#ifdef GTV_HAVE_BABELTRACE

#include <babeltrace2/babeltrace.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source/tracefs.h"

struct ctf {
	struct gtv__feed *feed;
	bt_message_iterator *iterator;
	uint32_t *here; /* of each core: who is there, + 1 */
	uint32_t here_count;
	int wakings, rc;
	uint64_t now_ns;
};

/* The kernel's own bits since 4.14: both write numbers without saying what they mean. */
static const struct gtv_tracefs_format states = {
	.state = {{0x01, 'S'},
		  {0x02, 'D'},
		  {0x04, 'T'},
		  {0x08, 't'},
		  {0x10, 'X'},
		  {0x20, 'Z'},
		  {0x40, 'P'},
		  {0x80, 'I'}},
	.state_count = 8,
};

/* ------------------------------------------------------------------ fields */

static const bt_field *member(const bt_field *structure, const char *name)
{
	char hidden[64];
	const bt_field *field;

	if (!structure)
		return NULL;
	field = bt_field_structure_borrow_member_field_by_name_const(structure, name);
	if (field)
		return field;
	hidden[0] = '_';
	strncpy(hidden + 1, name, sizeof hidden - 2);
	hidden[sizeof hidden - 1] = 0;
	return bt_field_structure_borrow_member_field_by_name_const(structure, hidden);
}

static int number_of(const bt_field *field, int64_t *v)
{
	bt_field_class_type type;

	if (!field)
		return 0;
	type = bt_field_get_class_type(field);
	if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
		*v = (int64_t)bt_field_integer_unsigned_get_value(field);
	else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
		*v = bt_field_integer_signed_get_value(field);
	else
		return 0;
	return 1;
}

/* The number of the first of these fields that is there. */
static int number_in(const bt_field *s, const char *a, const char *b, int64_t *v)
{
	return number_of(member(s, a), v) || (b && number_of(member(s, b), v));
}

static uint32_t thread_in(const bt_field *s, const char *a, const char *b)
{
	int64_t v;

	return number_in(s, a, b, &v) && v > 0 && v <= INT32_MAX ? (uint32_t)v : 0;
}

/* A text, or an array of characters as numbers. */
static void text_in(const bt_field *s, const char *name, char buf[16])
{
	const bt_field *field = member(s, name);
	bt_field_class_type type;
	int64_t c;

	memset(buf, 0, 16);
	if (!field)
		return;
	type = bt_field_get_class_type(field);
	if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_STRING)) {
		const char *text = bt_field_string_get_value(field);

		memcpy(buf, text, strnlen(text, 15));
	} else if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_ARRAY)) {
		uint64_t len = bt_field_array_get_length(field);

		for (uint64_t i = 0; i < len && i < 15; i++)
			if (number_of(bt_field_array_borrow_element_field_by_index_const(
					      field, i),
				      &c))
				buf[i] = (char)c;
	}
}

static int name(struct ctf *c, const bt_field *s, const char *comm, uint32_t tid,
		uint32_t pid)
{
	char text[16];

	text_in(s, comm, text);
	return gtv__feed_thread(c->feed, tid, pid, text, sizeof text);
}

/* LTTng has the core in the packet's context, perf in a field. */
static int core_of(const bt_event *event, const bt_field *payload)
{
	const bt_stream *stream = bt_event_borrow_stream_const(event);
	const bt_packet *packet = NULL;
	int64_t core;

	if (bt_stream_class_supports_packets(bt_stream_borrow_class_const(stream)))
		packet = bt_event_borrow_packet_const(event);
	if ((packet && number_in(bt_packet_borrow_context_field_const(packet), "cpu_id",
				 NULL, &core)) ||
	    number_in(payload, "perf_cpu", "cpu_id", &core) ||
	    number_in(bt_event_borrow_common_context_field_const(event), "perf_cpu",
		      "cpu_id", &core))
		return core >= 0 && core < GTV__IMPORT_CORES ? (int)core : GTV_CORE_NONE;
	return GTV_CORE_NONE;
}

/* ------------------------------------------------------------------ events */

struct event {
	uint64_t ts_ns;
	int core;
	uint32_t tid; /* who made it, 0 not known */
	const bt_field *p;
};

static uint32_t *here(struct ctf *c, int core)
{
	if (core < 0)
		return NULL;
	if ((uint32_t)core >= c->here_count) {
		uint32_t count = (uint32_t)core + 1;
		uint32_t *all = realloc(c->here, count * sizeof *all);

		if (!all)
			return NULL;
		memset(all + c->here_count, 0, (count - c->here_count) * sizeof *all);
		c->here = all;
		c->here_count = count;
	}
	return &c->here[core];
}

static int on_switch(struct ctf *c, const struct event *e)
{
	uint32_t prev = thread_in(e->p, "prev_tid", "prev_pid");
	uint32_t next = thread_in(e->p, "next_tid", "next_pid"), *at = here(c, e->core);
	uint8_t off = GTV_OFF_UNKNOWN;
	int64_t state;
	int rc = name(c, e->p, "prev_comm", prev, 0);

	if (number_in(e->p, "prev_state", NULL, &state))
		off = gtv_tracefs_off(&states, (uint64_t)state);
	if (at)
		*at = next + 1;
	if (!rc)
		rc = name(c, e->p, "next_comm", next, 0);
	return rc ? rc : gtv__feed_switch(c->feed, e->ts_ns, e->core, prev, off, next);
}

static int on_wake(struct ctf *c, const struct event *e, uint16_t kind, int known)
{
	uint32_t woken = thread_in(e->p, "tid", "pid");
	int64_t core = 0;
	int rc = name(c, e->p, "comm", woken, 0);

	number_in(e->p, "target_cpu", NULL, &core);
	return rc ? rc
		  : gtv__feed_wake(c->feed, e->ts_ns, e->core, kind, known ? e->tid : 0,
				   woken, kind == GTV_EV_K_NEW ? (uint64_t)core : 0);
}

static int on_task(struct ctf *c, const struct event *e, uint16_t kind)
{
	struct gtv_ev ev = {
		.ts_ns = e->ts_ns, .kind = kind, .core = e->core, .tid = e->tid};
	uint32_t tid = thread_in(e->p, "tid", "pid");
	int64_t from = e->core, to = 0;
	int rc = 0;

	switch (kind) {
	case GTV_EV_K_FORK: /* LTTng: pid is the process, tid the thread; perf: pid the
			       thread */
		ev.tid = thread_in(e->p, "parent_tid", "parent_pid");
		ev.obj = thread_in(e->p, "child_tid", "child_pid");
		if (member(e->p, "child_tid"))
			ev.arg = thread_in(e->p, "child_pid", NULL);
		rc = name(c, e->p, "child_comm", ev.obj, (uint32_t)ev.arg);
		break;
	case GTV_EV_K_MIGRATE:
		number_in(e->p, "orig_cpu", NULL, &from);
		number_in(e->p, "dest_cpu", NULL, &to);
		ev.core = from >= 0 && from < GTV__IMPORT_CORES ? (int)from : GTV_CORE_NONE;
		ev.tid = 0;
		ev.obj = tid;
		ev.arg = (uint64_t)to;
		rc = name(c, e->p, "comm", tid, 0);
		break;
	case GTV_EV_K_EXIT:
		ev.tid = tid ? tid : e->tid;
		ev.arg = gtv__feed_pid(c->feed, ev.tid);
		break;
	default:
		ev.tid = tid ? tid : e->tid;
	}
	return rc ? rc : gtv__feed_event(c->feed, &ev);
}

static int on_event(struct ctf *c, const bt_message *message)
{
	const bt_event *event = bt_message_event_borrow_event_const(message);
	const char *full = bt_event_class_get_name(bt_event_borrow_class_const(event));
	const char *colon = full ? strrchr(full, ':') : NULL, *n = colon ? colon + 1 : full;
	struct event e = {.p = bt_event_borrow_payload_field_const(event)};
	int64_t ns = 0, tid;
	uint32_t *at;

	if (!n || strncmp(n, "sched_", 6) || !e.p ||
	    bt_field_get_class_type(e.p) != BT_FIELD_CLASS_TYPE_STRUCTURE)
		return 0;
	if (!bt_message_event_borrow_stream_class_default_clock_class_const(message) ||
	    bt_clock_snapshot_get_ns_from_origin(
		    bt_message_event_borrow_default_clock_snapshot_const(message), &ns) ||
	    ns < 0)
		return 0;
	e.ts_ns = c->now_ns = (uint64_t)ns;
	e.core = core_of(event, e.p);
	at = here(c, e.core);
	if (number_in(e.p, "perf_tid", "common_pid", &tid) && tid > 0 && tid <= INT32_MAX)
		e.tid = (uint32_t)tid;
	else if (at && *at)
		e.tid = *at - 1;
	if (!strcmp(n, "sched_switch"))
		return on_switch(c, &e);
	if (!strcmp(n, "sched_waking")) {
		c->wakings = 1;
		return on_wake(c, &e, GTV_EV_K_WAKING, 1);
	}
	if (!strcmp(n, "sched_wakeup"))
		return c->wakings ? 0 : on_wake(c, &e, GTV_EV_K_WAKING, 0);
	if (!strcmp(n, "sched_wakeup_new"))
		return on_wake(c, &e, GTV_EV_K_NEW, 1);
	if (!strcmp(n, "sched_migrate_task"))
		return on_task(c, &e, GTV_EV_K_MIGRATE);
	if (!strcmp(n, "sched_process_fork"))
		return on_task(c, &e, GTV_EV_K_FORK);
	if (!strcmp(n, "sched_process_exec"))
		return on_task(c, &e, GTV_EV_K_EXEC);
	if (!strcmp(n, "sched_process_exit"))
		return on_task(c, &e, GTV_EV_K_EXIT);
	return 0;
}

static int on_discarded(struct ctf *c, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_events_borrow_stream_const(message);
	int64_t from = 0, to = (int64_t)c->now_ns;
	uint64_t count = 1;

	/* How many is not always said: one at least. */
	if (bt_message_discarded_events_get_count(message, &count) !=
	    BT_PROPERTY_AVAILABILITY_AVAILABLE)
		count = 1;
	if (bt_stream_class_discarded_events_have_default_clock_snapshots(
		    bt_stream_borrow_class_const(stream)) &&
	    (bt_clock_snapshot_get_ns_from_origin(
		     bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(
			     message),
		     &from) ||
	     bt_clock_snapshot_get_ns_from_origin(
		     bt_message_discarded_events_borrow_end_default_clock_snapshot_const(
			     message),
		     &to)))
		return 0;
	return gtv__feed_lost_from(c->feed, GTV_CORE_NONE, count,
				   from > 0 ? (uint64_t)from : 0,
				   to > 0 ? (uint64_t)to : 0);
}

/* ------------------------------------------------------------------- graph */

static bt_graph_simple_sink_component_initialize_func_status on_begin(
	bt_message_iterator *iterator, void *data)
{
	((struct ctf *)data)->iterator = iterator;
	return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status on_messages(
	bt_message_iterator *iterator, void *data)
{
	struct ctf *c = data;
	bt_message_array_const messages;
	uint64_t count;

	switch (bt_message_iterator_next(iterator, &messages, &count)) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		break;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_MEMORY_ERROR;
	default:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
	}
	for (uint64_t i = 0; i < count; i++) {
		bt_message_type type = bt_message_get_type(messages[i]);

		if (type == BT_MESSAGE_TYPE_EVENT && !c->rc)
			c->rc = on_event(c, messages[i]);
		if (type == BT_MESSAGE_TYPE_DISCARDED_EVENTS && !c->rc)
			c->rc = on_discarded(c, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	if (!c->rc && c->feed->count >= 4096) /* the muxer puts them in order */
		c->rc = gtv__feed_until(c->feed, c->now_ns);
	return c->rc ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR
		     : BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static const bt_plugin *plugin(const char *name)
{
	const bt_plugin *found = NULL;

	/* Not from the user's own folders: a plugin is a program. */
	return bt_plugin_find(name, BT_FALSE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE,
			      &found) == BT_PLUGIN_FIND_STATUS_OK
		       ? found
		       : NULL;
}

/* Connects each port of the reader to the muxer, which grows one for it. */
static int connect_all(bt_graph *graph, const bt_component_source *source,
		       const bt_component_filter *muxer, const bt_component_sink *sink)
{
	uint64_t ports = bt_component_source_get_output_port_count(source);

	for (uint64_t i = 0; i < ports; i++)
		if (bt_graph_connect_ports(
			    graph,
			    bt_component_source_borrow_output_port_by_index_const(source,
										  i),
			    bt_component_filter_borrow_input_port_by_index_const(
				    muxer,
				    bt_component_filter_get_input_port_count(muxer) - 1),
			    NULL))
			return -1;
	return ports && !bt_graph_connect_ports(
				graph,
				bt_component_filter_borrow_output_port_by_index_const(muxer,
										      0),
				bt_component_sink_borrow_input_port_by_index_const(sink, 0),
				NULL)
		       ? 0
		       : -1;
}

static bt_graph *make_graph(struct ctf *c, const bt_plugin *ctf, const bt_plugin *utils,
			    const char *path)
{
	bt_graph *graph = bt_graph_create(0);
	bt_value *params = bt_value_map_create(), *inputs = NULL;
	const bt_component_source *source;
	const bt_component_filter *muxer;
	const bt_component_sink *sink;
	int bad;

	bad = !graph || !params ||
	      bt_value_map_insert_empty_array_entry(params, "inputs", &inputs) ||
	      bt_value_array_append_string_element(inputs, path) ||
	      bt_graph_add_source_component(
		      graph,
		      bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs"),
		      "in", params, BT_LOGGING_LEVEL_NONE, &source) ||
	      bt_graph_add_filter_component(
		      graph,
		      bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer"),
		      "muxer", NULL, BT_LOGGING_LEVEL_NONE, &muxer) ||
	      bt_graph_add_simple_sink_component(graph, "out", on_begin, on_messages, NULL,
						 c, &sink) ||
	      connect_all(graph, source, muxer, sink);
	if (params)
		bt_value_put_ref(params);
	if (!bad)
		return graph;
	if (graph)
		bt_graph_put_ref(graph);
	return NULL;
}

static int run(struct ctf *c, const char *path, struct gtv_err *err)
{
	const bt_plugin *ctf = plugin("ctf"), *utils = plugin("utils");
	bt_graph *graph;

	if (!ctf || !utils)
		return gtv_err_set(err, GTV_EUNAVAIL, "CTF", "install libbabeltrace2-0",
				   "libbabeltrace2 does not find its plugins");
	graph = make_graph(c, ctf, utils, path);
	if (!graph)
		return gtv_err_set(err, GTV_EFORMAT, "CTF", "record it again",
				   "libbabeltrace2 cannot read it: damaged, or empty");
	if (bt_graph_run(graph) != BT_GRAPH_RUN_STATUS_OK && !c->rc)
		gtv__feed_note(c->feed,
			       "the trace is damaged: it could not be read to its end");
	bt_graph_put_ref(graph);
	bt_plugin_put_ref(ctf);
	bt_plugin_put_ref(utils);
	return c->rc;
}

int gtv__import_ctf(struct gtv__feed *f, const char *path, struct gtv_err *err)
{
	struct ctf c = {.feed = f};
	int rc;

	bt_logging_set_global_level(BT_LOGGING_LEVEL_NONE);
	rc = run(&c, path, err);
	if (!rc)
		rc = gtv__feed_end(f);
	if (rc && !err->code)
		gtv_err_set(err, GTV_ENOMEM, "CTF", "", "out of memory");
	bt_current_thread_clear_error();
	free(c.here);
	return rc;
}

#else

int gtv__import_ctf(struct gtv__feed *f, const char *path, struct gtv_err *err)
{
	(void)f, (void)path;
	return gtv__import_without("libbabeltrace2", "libbabeltrace2-dev", err);
}

#endif
