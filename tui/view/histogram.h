/* SPDX-License-Identifier: MIT
 *
 * A histogram (tracer/model/histogram.h) as rows of a view: a power of two a row, or two or
 * four where there is no room, with its count and a bar; and the words about one bucket.
 * The latency view and the system calls have it in common.
 */
#ifndef TUI_VIEW_HISTOGRAM_H
#define TUI_VIEW_HISTOGRAM_H

#include "tui/scene/histogram.h"
#include "tui/scene/view.h"

struct tui_histogram {
	const struct gtv_histogram *h;
	int x, y, width, height; /* of its rows, the summary in the last */
	int role;		 /* of the bars */
	int chosen;		 /* bucket, or TUI_HISTOGRAM_MOST */
	int marked;		 /* the chosen bucket is marked */
	int log;		 /* bars grow with the count's logarithm */
	const char *many;	 /* "waits" */
	struct tui_spots *spots; /* its buckets are parts, from… */
	unsigned long part;	 /* …this number on; NULL: they cannot be chosen */
};

#define TUI_HISTOGRAM_PART                                                                 \
	1024 /* what is chosen: a kind times this, and a bucket + 1 or 0 */

void tui_histogram_draw(struct tui_canvas *canvas, const struct tui_histogram *d);
/* Rows that all of its buckets need, with the summary. */
int tui_histogram_rows(const struct gtv_histogram *h);
/* "4.096 - 8.192 ms". Returns buf. */
char *tui_histogram_label(char *buf, size_t size, unsigned bucket);
/* Count and percentiles: "3,609 waits  p50 4.97 ms  p99 11.8 ms  max 17.2 ms". */
void tui_histogram_summary(struct tui_canvas *canvas, const struct gtv_histogram *h,
			   const char *many, int x, int y, int end);
/* Who is in a bucket (GTV_HISTOGRAM_ALL: in all), most first, as many as fit. */
void tui_histogram_who(struct tui_canvas *canvas, const struct tui_scene *scene,
		       const struct gtv_histogram *h, int bucket, int *x, int y, int end);
/* "bucket 4.096 - 8.192 ms: 3,201 of 3,609 waits, 88.7%". */
void tui_histogram_bucket(struct tui_canvas *canvas, const struct gtv_histogram *h,
			  unsigned bucket, const char *many, int *x, int y, int end);
/* One of the worst: length, when, who, and `about`. number: its rank from 1. */
void tui_histogram_case(struct tui_canvas *canvas, const struct tui_scene *scene,
			const struct gtv_case *c, size_t number, const char *about,
			int about_role, int x, int y, int end);

#endif
