/* SPDX-License-Identifier: MIT */
#include "tracer/source/bpf_attach.h"

#ifdef GTV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bpftool writes it: not held to our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "attach.skel.h"
#pragma GCC diagnostic pop

#define WHAT "level 3 (BPF)"

struct gtv_bpf_tagger {
	struct gtv_attach_bpf *skel;
	struct bpf_link *link;
};

static int fail(struct gtv_err *err, int error, const char *doing)
{
	return gtv_err_set(err, error == EPERM ? GTV_EPERM : GTV_EUNAVAIL, WHAT,
			   error == EPERM ? "sudo gtviz" : "", "%s: %s", doing,
			   strerror(error));
}

void gtv_bpf_tagger_close(struct gtv_bpf_tagger *tagger)
{
	if (!tagger)
		return;
	bpf_link__destroy(tagger->link);
	gtv_attach_bpf__destroy(tagger->skel);
	free(tagger);
}

int gtv_bpf_tagger_open(struct gtv_bpf_tagger **out, int tags_fd, struct gtv_err *err)
{
	struct gtv_bpf_tagger *t = calloc(1, sizeof *t);
	int rc;

	if (!t)
		return gtv_err_set(err, GTV_ENOMEM, WHAT, "", "out of memory");
	t->skel = gtv_attach_bpf__open();
	rc = t->skel ? bpf_map__reuse_fd(t->skel->maps.tags, tags_fd) : -errno;
	if (!rc)
		rc = gtv_attach_bpf__load(t->skel);
	if (!rc) {
		t->link = bpf_program__attach_iter(t->skel->progs.tag_threads, NULL);
		rc = t->link ? 0 : -errno;
	}
	if (rc < 0) {
		gtv_bpf_tagger_close(t);
		return fail(err, -rc, "loading the part that finds running threads");
	}
	*out = t;
	return 0;
}

static int wish(struct gtv_bpf_tagger *t, const struct gtv_procs *tree)
{
	int fd = bpf_map__fd(t->skel->maps.wished);
	uint32_t last = 0;
	uint8_t yes = 1;

	for (size_t i = 0; i < tree->count; i++) {
		uint32_t pid = tree->thread[i].pid;
		if (pid != last && bpf_map_update_elem(fd, &pid, &yes, BPF_ANY) < 0)
			return -errno;
		last = pid;
	}
	return 0;
}

int gtv_bpf_tagger_run(struct gtv_bpf_tagger *t, const struct gtv_procs *tree,
		       struct gtv_err *err)
{
	char nothing[64];
	int fd, rc = wish(t, tree);
	ssize_t n;

	if (rc < 0)
		return fail(err, -rc, "naming the program's processes");
	t->skel->bss->tagged = t->skel->bss->refused = 0;
	fd = bpf_iter_create(bpf_link__fd(t->link));
	if (fd < 0)
		return fail(err, errno, "looking at all threads");
	while ((n = read(fd, nothing, sizeof nothing)) > 0 ||
	       (n < 0 && (errno == EAGAIN || errno == EINTR)))
		;
	rc = n < 0 ? errno : 0;
	close(fd);
	if (rc)
		return fail(err, rc, "looking at all threads");
	if (t->skel->bss->refused)
		return fail(err, ENOMEM, "tagging the program's threads");
	return (int)t->skel->bss->tagged;
}

#endif
