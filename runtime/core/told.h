/* SPDX-License-Identifier: MIT
 *
 * The names of locks and of what is waited for, once more: they are told to the trace when
 * a thing gets its number, and a trace that begins later must hear of them too. The first
 * so many, which are those that live longest: a table, so that the handler in which a
 * trace begins needs neither lock nor allocation, and copies, for what it names may be
 * gone by then.
 */
#ifndef GT_TOLD_H
#define GT_TOLD_H

#include "runtime/core/trace.h"

/* id has got a name, or a kind (a constant; NULL: none); once each. Tells the trace, if
 * there is one. class: GTV_TEXT_LOCK or GTV_TEXT_CHAN. name may be NULL. */
void gt__told_name(struct gtv_producer *tr, enum gtv_text class, uint32_t id,
		   const char *kind, const char *name);
/* All of them, in a trace that begins. */
void gt__told_again(struct gtv_producer *tr);

#endif
