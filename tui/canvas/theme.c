/* SPDX-License-Identifier: MIT */
#include "tui/canvas/theme.h"

#include <math.h>
#include <string.h>

#define NONE (-1)
#define B    TUI_ATTR_BOLD
#define D    TUI_ATTR_DIM
#define R    TUI_ATTR_REVERSE

/* One colour in each theme; the attributes in those with colours and in mono. */
struct entry {
	int16_t colour[TUI_THEME_MONO]; /* dark, light, safe, projector, 16 */
	uint8_t attrs, mono;
};

/* The identity fills and the state hues never compete: the first are pale and
 * carry black labels, the second are saturated lines. */
static const struct entry table[TUI_ROLE_MAX] = {
	[TUI_DEFAULT] = {{NONE, NONE, NONE, NONE, NONE}, 0, 0},
	[TUI_TEXT] = {{252, 236, 252, 255, 7}, 0, 0},
	[TUI_DIM] = {{245, 242, 245, 251, 8}, 0, D},
	[TUI_FAINT] = {{238, 252, 238, 240, 8}, 0, D},
	[TUI_BOLD] = {{255, 232, 255, 231, 15}, B, B},
	[TUI_TITLE] = {{255, 232, 255, 231, 15}, B, B},
	[TUI_KEY] = {{222, 94, 222, 227, 11}, B, B},
	[TUI_GOOD] = {{78, 28, 36, 119, 2}, B, 0},
	[TUI_WARN] = {{214, 130, 214, 220, 11}, B, B},
	[TUI_BAD] = {{197, 160, 166, 210, 9}, B, B},
	[TUI_EDGE] = {{231, 16, 231, 231, 15}, B, B},
	[TUI_BLACK] = {{16, 16, 16, 16, 0}, 0, 0},
	[TUI_BAR_GROUND] = {{236, 254, 236, 236, 0}, 0, 0},
	[TUI_SEL] = {{231, 16, 231, 231, 15}, B, B},
	[TUI_SEL_GROUND] = {{237, 254, 237, 238, 8}, 0, 0},
	[TUI_READY] = {{228, 100, 227, 229, 11}, 0, 0},
	[TUI_PREEMPTED] = {{203, 167, 166, 209, 9}, 0, 0},
	[TUI_STALLED] = {{168, 125, 175, 213, 5}, 0, 0},
	[TUI_LOCK] = {{220, 136, 214, 227, 3}, 0, 0},
	[TUI_GIL] = {{208, 166, 214, 215, 3}, 0, B},
	[TUI_CHAN] = {{43, 30, 36, 86, 6}, 0, 0},
	[TUI_IO] = {{39, 26, 74, 117, 12}, 0, 0},
	[TUI_SLEEP] = {{245, 244, 245, 250, 8}, 0, D},
	[TUI_SYSCALL] = {{135, 92, 32, 183, 13}, 0, 0},
	[TUI_UNKNOWN] = {{250, 242, 250, 254, 7}, 0, 0},
	[TUI_DONE] = {{240, 250, 240, 244, 8}, 0, D},
	[TUI_OFF] = {{197, 160, 231, 204, 15}, B, B},
	[TUI_OTHER] = {{250, 238, 250, 252, 7}, 0, D},
	[TUI_RUNNING] = {{78, 28, 36, 119, 2}, 0, 0},
	[TUI_GHOST_LOCK] = {{58, 186, 58, 143, 8}, 0, D},
	[TUI_GHOST_GIL] = {{94, 180, 94, 137, 8}, 0, D},
	[TUI_GHOST_CHAN] = {{23, 115, 23, 73, 8}, 0, D},
	[TUI_GHOST_IO] = {{24, 110, 24, 67, 8}, 0, D},
	[TUI_GHOST_SLEEP] = {{238, 250, 238, 243, 8}, 0, D},
	[TUI_GHOST_SYSCALL] = {{60, 146, 60, 97, 8}, 0, D},
	[TUI_ID1] = {{110, 67, 153, 153, 10}, 0, 0},
	[TUI_ID2] = {{150, 64, 187, 193, 14}, 0, 0},
	[TUI_ID3] = {{182, 133, 146, 225, 12}, 0, 0},
	[TUI_ID4] = {{180, 137, 223, 223, 2}, 0, 0},
	[TUI_ID5] = {{116, 66, 109, 123, 6}, 0, 0},
	[TUI_ID6] = {{144, 101, 252, 147, 7}, 0, 0},
	[TUI_ID7] = {{139, 97, 153, 153, 10}, 0, 0},
	[TUI_ID8] = {{152, 103, 187, 193, 14}, 0, 0},
	[TUI_ID9] = {{108, 65, 146, 225, 12}, 0, 0},
	[TUI_ID10] = {{115, 29, 223, 223, 2}, 0, 0},
	[TUI_ID11] = {{146, 139, 109, 123, 6}, 0, 0},
	[TUI_ID12] = {{187, 31, 252, 147, 7}, 0, 0},
};

struct tui_paint tui_theme_role(enum tui_theme theme, enum tui_role role)
{
	struct tui_paint paint = {NONE, NONE, 0};
	if ((unsigned)role >= TUI_ROLE_MAX || (unsigned)theme >= TUI_THEME_MAX)
		return paint;
	if (theme == TUI_THEME_MONO) {
		paint.attrs = table[role].mono;
		return paint;
	}
	paint.ink = table[role].colour[theme];
	paint.attrs = table[role].attrs;
	/* From the back of a hall thin letters are lost. */
	if (theme == TUI_THEME_PROJECTOR && role != TUI_FAINT && role != TUI_BLACK)
		paint.attrs |= B;
	/* Lock and gil share orange in these two: weight parts them beside the glyph. */
	if (role == TUI_GIL && (theme == TUI_THEME_SAFE || theme == TUI_THEME_16))
		paint.attrs |= B;
	return paint;
}

/* What is strong enough as a bar can be too pale for a letter: on the grounds of bars and
 * of selections, and on light everywhere, words of these roles have a tone of their own. 0:
 * the hue will do. On 16 colours the terminal decides. */
static const uint8_t word_tone[TUI_ROLE_MAX][TUI_THEME_16] = {
	[TUI_DIM] = {248, 241, 248, 0},	    [TUI_GOOD] = {0, 22, 43, 0},
	[TUI_WARN] = {0, 94, 0, 0},	    [TUI_BAD] = {210, 124, 208, 217},
	[TUI_READY] = {0, 58, 0, 0},	    [TUI_PREEMPTED] = {210, 124, 208, 216},
	[TUI_STALLED] = {211, 0, 218, 219}, [TUI_LOCK] = {0, 94, 0, 0},
	[TUI_GIL] = {0, 94, 0, 0},	    [TUI_CHAN] = {0, 23, 43, 0},
	[TUI_SLEEP] = {248, 241, 248, 252}, [TUI_SYSCALL] = {177, 0, 39, 0},
	[TUI_UNKNOWN] = {0, 241, 0, 0},	    [TUI_OFF] = {210, 124, 0, 217},
	[TUI_RUNNING] = {0, 22, 43, 0},	    [TUI_ID1] = {0, 25, 0, 0},
	[TUI_ID2] = {0, 58, 0, 0},	    [TUI_ID3] = {0, 127, 0, 0},
	[TUI_ID4] = {0, 94, 0, 0},	    [TUI_ID5] = {0, 23, 0, 0},
	[TUI_ID6] = {0, 58, 0, 0},	    [TUI_ID7] = {176, 91, 0, 0},
	[TUI_ID8] = {0, 60, 0, 0},	    [TUI_ID9] = {0, 22, 0, 0},
	[TUI_ID10] = {0, 23, 0, 0},	    [TUI_ID11] = {0, 90, 0, 0},
	[TUI_ID12] = {0, 24, 0, 0},
};

/* What is read, not seen as a bar or a line: also as ASCII, where `#` is a fill. */
int tui_theme_is_word(uint32_t glyph)
{
	return (glyph > ' ' && glyph < 0x7f && !strchr("#~=@", (int)glyph)) ||
	       (glyph >= 0xa1 && glyph < 0x530);
}

static void lay_word(struct tui_paint *paint, enum tui_theme theme,
		     const struct tui_cell *cell)
{
	int raised = cell->ground == TUI_BAR_GROUND || cell->ground == TUI_SEL_GROUND;
	if (theme >= TUI_THEME_16 || cell->ink >= TUI_ROLE_MAX ||
	    /* A blank between reversed words is of their bar. */
	    !(tui_theme_is_word(cell->glyph) || (cell->inverse && cell->glyph == ' ')) ||
	    !(raised || (theme == TUI_THEME_LIGHT && cell->ground == TUI_DEFAULT)))
		return;
	if (word_tone[cell->ink][theme])
		paint->ink = word_tone[cell->ink][theme];
}

/* Grounds: the colours of fills, or what mono has instead. */
static void lay_ground(struct tui_paint *paint, enum tui_theme theme, unsigned ground)
{
	if (ground == TUI_DEFAULT || ground >= TUI_ROLE_MAX)
		return;
	if (theme == TUI_THEME_MONO)
		paint->attrs |= R;
	else
		paint->ground = table[ground].colour[theme];
	/* What is dark enough as ink on light is too dark below a badge's figure. */
	if (theme == TUI_THEME_LIGHT && ground == TUI_KEY)
		paint->ground = 179;
}

/* Held off core is white on vermilion where red alone would not be told apart. */
static void lay_off(struct tui_paint *paint, enum tui_theme theme)
{
	if (theme == TUI_THEME_SAFE)
		paint->ground = 130;
	else if (theme == TUI_THEME_16)
		paint->ground = 1;
}

struct tui_paint tui_theme_paint(enum tui_theme theme, const struct tui_cell *cell)
{
	struct tui_paint paint = tui_theme_role(theme, (enum tui_role)cell->ink);
	lay_ground(&paint, theme, cell->ground);
	lay_word(&paint, theme, cell);
	if (cell->ink == TUI_OFF && cell->ground == TUI_DEFAULT)
		lay_off(&paint, theme);
	/* 16 colours have no second dark ground: a selection is reversed. */
	if (theme == TUI_THEME_16 && cell->ground == TUI_SEL_GROUND) {
		paint.ground = NONE;
		paint.attrs |= R;
		if (cell->glyph == ' ' ||
		    tui_theme_is_word(cell->glyph)) /* one bar, not a patch a word */
			paint.ink = NONE;
	}
	if (cell->inverse)
		paint.attrs ^= R;
	return paint;
}

static const char *const names[TUI_THEME_MAX] = {"dark",      "light", "safe",
						 "projector", "16",    "mono"};

int tui_theme_find(const char *name)
{
	for (int i = 0; i < TUI_THEME_MAX; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *tui_theme_name(enum tui_theme theme)
{
	return (unsigned)theme < TUI_THEME_MAX ? names[theme] : "";
}

uint32_t tui_theme_reference(enum tui_theme theme, int is_ground)
{
	if (theme == TUI_THEME_LIGHT)
		return is_ground ? 0xfdfdfb : 0x303030;
	return is_ground ? 0x0e1116 : 0xd0d0d0;
}

/* xterm's palette: 16 named, a 6x6x6 cube, 24 greys. */
uint32_t tui_theme_rgb(int colour)
{
	static const uint32_t named[16] = {
		0x000000, 0xcd3131, 0x0dbc79, 0xc8a21c, 0x3b78ff, 0xbc3fbc,
		0x11a8cd, 0xcccccc, 0x767676, 0xf14c4c, 0x23d18b, 0xf5f543,
		0x5c9dff, 0xd670d6, 0x29b8db, 0xffffff,
	};
	static const uint32_t step[6] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
	if (colour < 0 || colour > 255)
		return 0;
	if (colour < 16)
		return named[colour];
	if (colour >= 232) {
		uint32_t grey = 8 + 10 * (uint32_t)(colour - 232);
		return grey << 16 | grey << 8 | grey;
	}
	int cube = colour - 16;
	return step[cube / 36] << 16 | step[cube / 6 % 6] << 8 | step[cube % 6];
}

static double luminance(uint32_t rgb)
{
	static const double weight[3] = {0.2126, 0.7152, 0.0722};
	double sum = 0;
	for (int i = 0; i < 3; i++) {
		double v = (double)(rgb >> (16 - 8 * i) & 0xff) / 255.0;
		v = v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
		sum += weight[i] * v;
	}
	return sum;
}

double tui_theme_contrast(uint32_t rgb_a, uint32_t rgb_b)
{
	double a = luminance(rgb_a), b = luminance(rgb_b);
	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}
