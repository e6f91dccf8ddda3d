/* SPDX-License-Identifier: MIT
 *
 * Who is who in a trace: processes, OS threads, green threads, locks, channels
 * and blocking calls, by trace-unique id. Grows while a trace is recorded; a
 * reader in another thread may look things up at any time.
 *
 * Texts come from the traced program and are hostile: they are kept as bytes
 * (at most 63), and escaped where they are shown (gtv_names_label).
 */
#ifndef GTV_BASE_NAMES_H
#define GTV_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* Reaches the file: append-only. */
enum gtv_class {
	GTV_CLASS_PROCESS = 1, /* id: tgid; local: parent tgid; text: comm, extra: policy */
	GTV_CLASS_THREAD = 2,  /* id: tid; pid; local: worker index + 1, 0 if none */
	GTV_CLASS_GT = 3,
	GTV_CLASS_LOCK = 4, /* extra: its kind, "mutex" or "gil3" */
	GTV_CLASS_CHAN = 5,
	GTV_CLASS_CALL = 6, /* a declared blocking call's name */
	GTV_CLASS_IRQ = 7,  /* id: an interrupt's number + 1; text: its devices */
	GTV_CLASS_MAX
};

#define GTV_NAME_BYTES 64
#define GTV_KIND_BYTES 16

#define GTV_NAME_OURS	    1u /* of the traced program's tree */
#define GTV_NAME_ONE_TO_ONE 2u /* process: each green thread is an OS thread */
#define GTV_NAME_IS_GIL	    4u /* lock */

struct gtv_name {
	uint32_t id;
	uint32_t pid;		    /* whose it is, 0 unknown */
	uint32_t local;		    /* its number in that process */
	uint32_t flags;		    /* GTV_NAME_* */
	char text[GTV_NAME_BYTES];  /* NUL-terminated; empty: unnamed */
	char extra[GTV_KIND_BYTES]; /* NUL-terminated */
};

struct gtv_names;

struct gtv_names *gtv_names_new(void); /* Returns owned, NULL without memory */
void gtv_names_free(struct gtv_names *names);

/* Adds or replaces the entry (class, entry->id). Counts a version if that changes
 * anything. 0, -GTV_ENOMEM, or -GTV_EUSAGE for a class that is none. */
int gtv_names_set(struct gtv_names *names, enum gtv_class cls,
		  const struct gtv_name *entry);
/* Copies the entry into *out; 0, or -GTV_ENOTFOUND (then *out is zeroed but
 * for id). */
int gtv_names_get(const struct gtv_names *names, enum gtv_class cls, uint32_t id,
		  struct gtv_name *out);
/* Its pid alone, 0 if there is no such entry: for callers with a hundred thousand. */
uint32_t gtv_names_pid(const struct gtv_names *names, enum gtv_class cls, uint32_t id);
/* The trace-unique id of a process-local object (green thread, lock, channel,
 * call); makes a new one, numbered from 1 in order of first sight, if there is
 * none. 0 without memory. */
uint32_t gtv_names_intern(struct gtv_names *names, enum gtv_class cls, uint32_t pid,
			  uint32_t local);
/* Entries of a class, and the idx-th in order of first sight. */
size_t gtv_names_count(const struct gtv_names *names, enum gtv_class cls);
int gtv_names_at(const struct gtv_names *names, enum gtv_class cls, size_t idx,
		 struct gtv_name *out);
/* Calls for the entries of a class from the idx-th on, without copies: for callers with a
 * hundred thousand. Ends when `each` returns not 0, and after a few hundred in any case,
 * for a writer waits meanwhile. Returns where to go on: the count, if there are no more, or
 * behind the entry that ended it. `each` must not ask the names anything. */
size_t gtv_names_some(const struct gtv_names *names, enum gtv_class cls, size_t idx,
		      int (*each)(void *arg, const struct gtv_name *name), void *arg);
/* Rises with each change: what a writer must still store. */
uint64_t gtv_names_version(const struct gtv_names *names);
/* What changed after version `since`, oldest first: copies up to max entries and
 * says the version they bring the taker to (`since` if there is nothing). An entry
 * that changed twice comes once, as it is now. Returns how many. */
struct gtv_name_change {
	enum gtv_class cls;
	uint32_t idx; /* as of gtv_names_at */
	struct gtv_name name;
};
size_t gtv_names_changes(const struct gtv_names *names, uint64_t since,
			 struct gtv_name_change *out, size_t max, uint64_t *upto);

/* The kernel that the trace is of, as uname tells it ("Linux 6.1.0 aarch64"): its last word
 * says whose system calls the numbers are. Copied, and cut at 95 bytes. */
void gtv_names_set_kernel(struct gtv_names *names, const char *kernel);
/* Its last word, "" if it is not known. Returns buf. */
char *gtv_names_machine(const struct gtv_names *names, char *buf, size_t size);

/* What to show: "G12 fetch-3", "W0", "GIL", "cc1 (pid 9001)"…, control and
 * non-ASCII-printable bytes escaped as \xNN. Returns buf, always terminated. */
char *gtv_names_label(const struct gtv_names *names, enum gtv_class cls, uint32_t id,
		      char *buf, size_t size);
/* Escapes any text for a terminal or a report. Valid UTF-8 printable text
 * passes. Returns buf. */
char *gtv_names_escape(const char *text, char *buf, size_t size);

#endif
