/* SPDX-License-Identifier: MIT
 *
 * The program's tree among all threads of the machine, for a source that is told
 * about every one of them: the rule by which level 3 filters in the kernel, applied to
 * events in order of time.
 *
 * A switch is kept if the thread that stops or the one that goes on is of the tree,
 * or if some thread of it waits for that core: who kept it waiting is evidence.
 */
#ifndef GTV_TREE_H
#define GTV_TREE_H

#include "tracer/base/event.h"

struct gtv_tree;

/* all: keep everything, and only say whose it is. Returns owned, NULL without memory. */
struct gtv_tree *gtv_tree_new(int all);
void gtv_tree_free(struct gtv_tree *tree);

/* tid of process pid is of the tree, asleep. 0 or -GTV_ENOMEM. */
int gtv_tree_add(struct gtv_tree *tree, uint32_t tid, uint32_t pid);
int gtv_tree_has(const struct gtv_tree *tree, uint32_t tid);

#define GTV_TREE_DROP 0 /* of no interest */
#define GTV_TREE_KEEP 1
#define GTV_TREE_HOLE 2 /* and ev->tid came on its core unseen, after *since_ns */

/* Follows one event of the kernel and sets its flags of whose it is. ev->gt: of a
 * K_SWITCH, the process of who stops, if known (a thread whose fork was lost is found
 * again by it); left 0. One of GTV_TREE_*, or -GTV_ENOMEM. */
int gtv_tree_take(struct gtv_tree *tree, struct gtv_ev *ev, uint64_t *since_ns);

#endif
