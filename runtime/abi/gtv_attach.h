/* SPDX-License-Identifier: MIT
 *
 * Attaching: how gtviz asks a program that runs already for its rings.
 *
 * The program has an ELF note (name GTV_NOTE_NAME, type GTV_NOTE_ATTACH) whose
 * description is one signed 64-bit number: how far behind itself struct gtv_attach lies.
 * gtviz writes there, by what the kernel allows a debugger to write: first the name of an
 * abstract socket and what it wants, then a new number into `request`; then it wakes the
 * thread `helper` (if that is 0 `tid`) by SIGURG. The program takes the memory file
 * (gtv_ring.h) from that socket, begins its rings, tells a rundown (GT_STATE, LOCK_STATE)
 * and puts the number into `answered`. Until then it costs nothing.
 */
#ifndef GTV_ATTACH_H
#define GTV_ATTACH_H

#include <linux/types.h>

#define GTV_NOTE_NAME	"gtviz"
#define GTV_NOTE_ATTACH 1u

#define GTV_ATTACH_MAGIC   0x3168636174747467ull /* "gttatch1", little-endian */
#define GTV_ATTACH_VERSION 1u

#define GTV_ATTACH_BEGIN 1u /* want */
#define GTV_ATTACH_END	 2u

struct gtv_attach {
	__u64 magic; /* atomic, by the program: 0 while there is nothing to trace */
	__u32 version;
	__u32 tid;	/* a thread that may be woken by SIGURG, and one that */
	__u32 helper;	/* does nothing but wait for such things; 0: none */
	__u32 request;	/* atomic, by gtviz */
	__u32 answered; /* atomic, by the program: the last request that it took up */
	__s32 result;	/* of that: 0, or -errno; while magic is 0 why it cannot be asked */
	__u32 want;	/* by gtviz: GTV_ATTACH_* */
	__u32 pad;
	char socket[64]; /* by gtviz: without the leading 0 */
};

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct gtv_attach) == 104, "attach");
#endif

#endif
