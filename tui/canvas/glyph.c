/* SPDX-License-Identifier: MIT */
#include "tui/canvas/glyph.h"

uint32_t tui_glyph_left(int eighths)
{
	if (eighths <= 0)
		return ' ';
	return eighths >= 8 ? 0x2588u : 0x2590u - (uint32_t)eighths;
}

int tui_glyph_left_eighths(uint32_t glyph)
{
	return glyph >= 0x2588u && glyph <= 0x258fu ? (int)(0x2590u - glyph) : -1;
}

uint32_t tui_glyph_level(int eighths)
{
	if (eighths <= 0)
		return ' ';
	return 0x2580u + (uint32_t)(eighths > 8 ? 8 : eighths);
}

int tui_glyph_decode(const char *text, size_t size, uint32_t *glyph)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	if (size == 0)
		return 0;
	int bytes = s[0] < 0x80	  ? 1
		    : s[0] < 0xc2 ? 0
		    : s[0] < 0xe0 ? 2
		    : s[0] < 0xf0 ? 3
				  : 4;
	if (bytes == 0 || s[0] > 0xf4 || (size_t)bytes > size)
		return 0;
	uint32_t code = bytes == 1 ? s[0] : s[0] & (0x7fu >> bytes);
	for (int i = 1; i < bytes; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	/* Overlong forms and surrogates are not characters. */
	if ((bytes > 1 && code < least[bytes]) || (code >= 0xd800 && code < 0xe000) ||
	    code > 0x10ffff)
		return 0;
	*glyph = code;
	return bytes;
}

int tui_glyph_encode(uint32_t glyph, char *out)
{
	if (glyph < 0x80) {
		out[0] = (char)glyph;
		return 1;
	}
	if (glyph < 0x800) {
		out[0] = (char)(0xc0 | glyph >> 6);
		out[1] = (char)(0x80 | (glyph & 0x3f));
		return 2;
	}
	if (glyph < 0x10000) {
		out[0] = (char)(0xe0 | glyph >> 12);
		out[1] = (char)(0x80 | (glyph >> 6 & 0x3f));
		out[2] = (char)(0x80 | (glyph & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (glyph >> 18 & 7));
	out[1] = (char)(0x80 | (glyph >> 12 & 0x3f));
	out[2] = (char)(0x80 | (glyph >> 6 & 0x3f));
	out[3] = (char)(0x80 | (glyph & 0x3f));
	return 4;
}

/* Left to right, not combining, not wide: blocks chosen to be surely so rather than
 * a full width table, since what is left out is only shown escaped. */
int tui_glyph_is_plain(uint32_t glyph)
{
	static const uint32_t range[][2] = {
		{0x20, 0x7e},	  {0xa1, 0xac},	    {0xae, 0x24f},    /* Latin */
		{0x391, 0x3a1},	  {0x3a3, 0x3ce},		      /* Greek */
		{0x400, 0x482},	  {0x48a, 0x52f},		      /* Cyrillic */
		{0x2010, 0x2016}, {0x2018, 0x2027}, {0x2030, 0x205e}, /* punctuation */
		{0x2190, 0x2193}, {0x2200, 0x22ff},		      /* arrows, maths */
		{0x2500, 0x259f},				      /* boxes, blocks */
		{0x25a0, 0x25a1}, {0x25b2, 0x25b2}, {0x25b6, 0x25b6}, {0x25ba, 0x25ba},
		{0x25bc, 0x25bc}, {0x25c4, 0x25c4}, {0x25c6, 0x25c6}, {0x25cf, 0x25cf},
	};
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (glyph >= range[i][0] && glyph <= range[i][1])
			return 1;
	return 0;
}

struct stand_in {
	uint16_t glyph;
	char ascii;
};

/* The states' own characters first: they must stay apart from each other. */
static const struct stand_in stand_ins[] = {
	{0x2588, '#'}, /* █ running */
	{0x2591, ':'}, /* ░ ready */
	{0x2593, '%'}, /* ▓ preempted */
	{0x2592, 'x'}, /* ▒ stalled */
	{0x253c, '+'}, /* ┼ lock */
	{0x256c, '@'}, /* ╬ gil */
	{0x2550, '='}, /* ═ chan */
	{0x2504, '.'}, /* ┄ sleep */
	{0x2501, '_'}, /* ━ syscall */
	{0x2571, '?'}, /* ╱ lost */
	{0x259a, '&'}, /* ▚ dense */
	{0x2580, '!'}, /* ▀ held off core */
	{0x2590, '#'}, /* ▐ */
	/* levels */
	{0x2581, '.'},
	{0x2582, '_'},
	{0x2583, '-'},
	{0x2584, '#'},
	{0x2585, '#'},
	{0x2586, '#'},
	{0x2587, '#'},
	/* lines */
	{0x2500, '-'},
	{0x2502, '|'},
	{0x2503, '|'},
	{0x250c, '['},
	{0x2510, ']'},
	{0x2514, '['},
	{0x2518, ']'},
	{0x251c, '|'},
	{0x2524, ']'},
	{0x252c, '|'},
	{0x2534, '^'},
	{0x2558, '['},
	{0x255b, ']'},
	{0x2567, '^'},
	/* marks */
	{0x25a0, '#'},
	{0x25a1, 'o'},
	{0x25b2, '^'},
	{0x25b6, '>'},
	{0x25ba, '>'},
	{0x25bc, 'v'},
	{0x25c4, '<'},
	{0x25c6, '*'},
	{0x25cf, '*'},
	{0xb7, '.'},
	{0xb5, 'u'},
	{0xd7, 'x'},
	{0x2013, '-'},
	{0x2014, '-'},
	{0x2026, '.'},
	{0x2190, '<'},
	{0x2192, '>'},
};

uint32_t tui_glyph_ascii(uint32_t glyph)
{
	if (glyph >= 0x20 && glyph < 0x7f)
		return glyph;
	/* Part of a fill: most of a cell is the fill, less is a thin mark. */
	int eighths = tui_glyph_left_eighths(glyph);
	if (eighths > 0)
		return eighths >= 4 ? '#' : '|';
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++)
		if (stand_ins[i].glyph == glyph)
			return (uint32_t)(unsigned char)stand_ins[i].ascii;
	return '?';
}

void tui_glyph_canvas_ascii(struct tui_canvas *c)
{
	for (int y = 0; y < c->rows; y++)
		for (int x = 0; x < c->cols; x++) {
			struct tui_cell *cell = tui_canvas_at(c, x, y);
			int eighths = tui_glyph_left_eighths(cell->glyph);
			/* Reversed, the fill is the right part. */
			if (cell->inverse && eighths > 0)
				cell->glyph = eighths > 6 ? '|' : '#';
			else
				cell->glyph = tui_glyph_ascii(cell->glyph);
			cell->inverse = 0;
		}
}
