/* SPDX-License-Identifier: MIT
 *
 * What a hall sees beside the lanes: chapter, caption, one big figure. Plain data; a talk
 * fills it (talk.h, app/talk.c), view/presenter.c draws it.
 */
#ifndef TUI_SCENE_PRESENTER_H
#define TUI_SCENE_PRESENTER_H

#include "tracer/model/span.h"
#include "tui/canvas/canvas.h"

#define TUI_PRESENTER_LANES    8
#define TUI_PRESENTER_CAPTIONS 2
#define TUI_PRESENTER_TEXT     96

struct tui_scene;

struct tui_presenter {
	int chapter, chapters; /* from 1; 0: not in a talk */
	char title[TUI_PRESENTER_TEXT];
	char caption[TUI_PRESENTER_CAPTIONS][TUI_PRESENTER_TEXT]; /* short lines */
	char big[16];						  /* "4.9 ms"; "" none */
	char key[TUI_PRESENTER_TEXT]; /* what a glyph means: "▀ held by a thread on no core"
				       */
	char corner[48];	      /* "recorded"; "" none */
	char timer[16];		      /* "12:05"; "" none */
	struct gtv_lane lane[TUI_PRESENTER_LANES]; /* from top to bottom */
	int lanes;		   /* 0: cores, or green threads, and the busiest lock */
	struct gtv_lane highlight; /* the others are dimmed; kind 0: none are */
	int blank;		   /* the screen is dark: all look at the speaker */
};

/* Rows that the frame takes above and below what another view draws. */
int tui_presenter_top(int rows);
int tui_presenter_bottom(int rows);
/* Title, and caption and figure in the last `bottom` rows; the rest is left as it is. */
void tui_presenter_frame(struct tui_canvas *canvas, const struct tui_scene *scene,
			 int bottom);

#endif
