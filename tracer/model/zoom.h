/* SPDX-License-Identifier: MIT
 *
 * Zoom summaries: tiles of fixed length per lane, at several levels, made while
 * recording from the spans that the model closes, kept as bytes in the store.
 *
 * Level l has tiles of 2^(20 + 3 l) ns: 1.05 ms, 8.4 ms, 67 ms, 0.54 s, 4.3 s, 34 s.
 * A span that covers a whole tile needs none: only tiles in which something
 * changed are stored, and the spans between are runs. Where events are few even those
 * are left out: a reader decodes the events (zoom_priv.h says when).
 */
#ifndef GTV_ZOOM_H
#define GTV_ZOOM_H

#include "tracer/model/span.h"
#include "tracer/model/window.h"
#include "tracer/store/store.h"

#define GTV_ZOOM_LEVELS		6
#define GTV_ZOOM_TILE_NS(level) (1ull << (20 + 3 * (level)))

struct gtv_zoom;

struct gtv_zoom *gtv_zoom_new(struct gtv_store *st); /* Borrows. Returns owned */
void gtv_zoom_free(struct gtv_zoom *z);
/* The trace begins with a state at ts_ns: tiles begin there, though spans may have begun
 * before. */
void gtv_zoom_begin(struct gtv_zoom *z, uint64_t ts_ns);
/* A span closed: the model's sink. */
void gtv_zoom_span(struct gtv_zoom *z, const struct gtv_span *span);
/* Stores tiles that are complete at now_ns (all, if `last`); called about once a
 * second. 0 or the store's error. */
int gtv_zoom_flush(struct gtv_zoom *z, uint64_t now_ns, int last);
/* Decodes one stored block: calls `each` for its pieces, by lane and time. Trusts
 * nothing. 0 or -GTV_ECORRUPT. */
int gtv_zoom_decode(const void *bytes, size_t size,
		    void (*each)(void *arg, const struct gtv_piece *piece), void *arg);

#endif
