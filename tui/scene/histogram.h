/* SPDX-License-Identifier: MIT
 *
 * Which bucket of a histogram (tracer/model/histogram.h) is chosen.
 */
#ifndef TUI_SCENE_HISTOGRAM_H
#define TUI_SCENE_HISTOGRAM_H

#include "tracer/model/histogram.h"

#define TUI_HISTOGRAM_MOST (-1) /* chosen: the bucket that most are in */

/* The bucket meant: itself, or the one that most are in; -1 if it is empty. */
int tui_histogram_chosen(const struct gtv_histogram *h, int chosen);

#endif
