/* SPDX-License-Identifier: MIT
 *
 * Processes as the rings show them. A pid stays over an exec while all local ids
 * start again; so ids are kept per image (a program in a process), and a PROC_START
 * in a process that already had one begins a new image.
 *
 * The processes of one run under `procs` share their ids, and say in their PROC_START
 * with whom. That is a program's word: it can name only a process that this source has
 * seen itself, and one that has ids of its own; else it keeps to itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <stdio.h>

#include "tracer/source/naming.h"
#include "tracer/source/ring.h"

#define PID_BITS 22 /* PID_MAX_LIMIT is 2^22 */

static const enum gtv_class map_class[GTV_MAP_COUNT] = {
	[GTV_MAP_GT] = GTV_CLASS_GT,
	[GTV_MAP_LOCK] = GTV_CLASS_LOCK,
	[GTV_MAP_CHAN] = GTV_CLASS_CHAN,
	[GTV_MAP_CALL] = GTV_CLASS_CALL,
};

static void image_free(struct gtv_image *image)
{
	if (image->leader)
		image->leader->followers--;
	for (int i = 0; i < GTV_MAP_COUNT; i++)
		gtv_idmap_fini(&image->map[i]);
	free(image);
}

void gtv_images_free(struct gtv_ring_source *src)
{
	for (uint32_t i = 0; i < src->image_count; i++)
		src->image[i]->leader = NULL; /* they all go, in any order */
	for (uint32_t i = 0; i < src->image_count; i++)
		image_free(src->image[i]);
	free(src->image);
	gtv_idmap_fini(&src->pids);
	src->image = NULL;
	src->image_count = 0;
}

static int process_lives(uint32_t pid)
{
	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Forgets images that nothing can come from any more. */
static void sweep(struct gtv_ring_source *src)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < src->image_count; i++) {
		struct gtv_image *image = src->image[i];
		if (!image->ring_count && !image->followers &&
		    (image->over || !process_lives(image->pid)))
			image_free(image);
		else
			src->image[kept++] = image;
	}
	src->image_count = kept;
}

/* How many images the pid has had before this one (pids are used again, too). */
static uint32_t count_image(struct gtv_ring_source *src, uint32_t pid)
{
	uint32_t before = gtv_idmap_get(&src->pids, pid);

	if (before)
		gtv_idmap_set(&src->pids, pid, before + 1);
	else
		gtv_idmap_put(&src->pids, pid, 1);
	return before;
}

static struct gtv_image *image_new(struct gtv_ring_source *src, uint32_t pid)
{
	if (src->image_count == GTV_RING_IMAGES_MAX)
		sweep(src);
	if (src->image_count == GTV_RING_IMAGES_MAX)
		return NULL;
	if (!src->image) {
		src->image = calloc(GTV_RING_IMAGES_MAX, sizeof(struct gtv_image *));
		if (!src->image)
			return NULL;
	}
	struct gtv_image *image = calloc(1, sizeof *image);
	if (!image)
		return NULL;
	image->pid = image->name_pid = pid;
	image->number = count_image(src, pid);
	for (int i = 0; i < GTV_MAP_COUNT; i++)
		image->map[i].salt = src->salt;
	src->image[src->image_count++] = image;
	return image;
}

/* The process's uid, if it is one that we can see at all. */
static int uid_allowed(const struct gtv_ring_source *src, uint32_t pid, uint8_t *seen)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u", pid);
	if (stat(path, &st) < 0)
		return 1; /* gone already, or in a namespace of its own */
	*seen = 1;
	for (unsigned i = 0; i < src->uid_count; i++)
		if (src->uid[i] == st.st_uid)
			return 1;
	return 0;
}

struct gtv_image *gtv_image_get(struct gtv_ring_source *src, uint32_t pid, int fresh)
{
	struct gtv_image *image = NULL;
	uint8_t seen = 0;

	if (!pid || pid >> PID_BITS)
		return NULL;
	for (uint32_t i = 0; i < src->image_count; i++)
		if (src->image[i]->pid == pid && !src->image[i]->over)
			image = src->image[i];
	if (image && !(fresh && image->started))
		return image;
	if (!uid_allowed(src, pid, &seen))
		return NULL;
	if (image)
		image->over = 1;
	image = image_new(src, pid);
	if (image)
		image->seen_alive = seen;
	return image;
}

void gtv_image_starts(struct gtv_image *image, uint64_t arg)
{
	uint32_t pid = (uint32_t)(arg >> 32);

	if (arg & GTV_PROC_SHARED_IDS && pid != image->pid)
		image->run_pid = pid;
}

/* Where the ids of this class are kept. Looked for when they are first needed: then all
 * starts that were published before are known. */
static struct gtv_image *keeper(struct gtv_ring_source *src, struct gtv_image *image,
				unsigned map, uint32_t local)
{
	if (!image->run_pid || map == GTV_MAP_CALL || local & GTV_ID_OWN)
		return image;
	if (image->leader)
		return image->leader;
	for (uint32_t i = src->image_count; i-- > 0 && !image->leader;)
		if (src->image[i]->pid == image->run_pid && !src->image[i]->run_pid)
			image->leader = src->image[i];
	if (!image->leader) {
		image->run_pid = 0;
		src->stats.corrupt++;
		return image;
	}
	image->leader->followers++;
	return image->leader;
}

void gtv_image_gone(struct gtv_ring_source *src, uint32_t pid)
{
	struct gtv_image *image = gtv_image_get(src, pid, 0);

	if (image)
		image->reaped = 1;
}

void gtv_images_bury(struct gtv_ring_source *src)
{
	for (uint32_t i = 0; i < src->image_count; i++)
		src->image[i]->over |= src->image[i]->reaped;
}

/* Names knows objects by (pid, local). A later image's would be mistaken for those of
 * the first, so they are made under a pid that cannot be, and then put right. */
static uint32_t intern_later_image(struct gtv_names *names, enum gtv_class cls,
				   const struct gtv_image *image, uint32_t local)
{
	struct gtv_name name;
	uint32_t id = gtv_names_intern(names, cls,
				       image->name_pid | image->number << PID_BITS, local);

	if (id && !gtv_names_get(names, cls, id, &name)) {
		name.pid = image->name_pid;
		gtv_names_set(names, cls, &name);
	}
	return id;
}

uint32_t gtv_image_intern(struct gtv_ring_source *src, struct gtv_image *image,
			  unsigned map, uint32_t local)
{
	uint32_t id;

	image = keeper(src, image, map, local);
	id = gtv_idmap_get(&image->map[map], local);
	if (id)
		return id;
	if (src->objects >= GTV_RING_OBJECTS_MAX)
		return 0;
	if (image->number)
		id = intern_later_image(src->base.config.names, map_class[map], image,
					local);
	else
		id = gtv_names_intern(src->base.config.names, map_class[map],
				      image->name_pid, local);
	if (!id || gtv_idmap_put(&image->map[map], local, id) < 0)
		return 0;
	src->objects++;
	return id;
}
