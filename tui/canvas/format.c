/* SPDX-License-Identifier: MIT */
#include "tui/canvas/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *tui_format_length(char *buf, size_t size, uint64_t ns)
{
	static const char *const unit[] = {"ns", "µs", "ms", "s"};
	double v = (double)ns;
	int u = 0;
	/* 999.5 would be written as 1000: it belongs to the next unit. */
	while (u < 3 && v >= 999.5) {
		v /= 1000;
		u++;
	}
	int digits = u == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
	/* A round figure is told as one: 50 ms. */
	if (v == (double)(uint64_t)v)
		digits = 0;
	snprintf(buf, size, "%.*f %s", digits, v, unit[u]);
	return buf;
}

char *tui_format_short(char *buf, size_t size, uint64_t ns)
{
	static const char *const unit[] = {"ns", "µs", "ms", "s"};
	double v = (double)ns;
	int u = 0;
	while (u < 3 && v >= 999.5) {
		v /= 1000;
		u++;
	}
	snprintf(buf, size, "%.*f %s", u > 0 && v < 9.95, v, unit[u]);
	return buf;
}

char *tui_format_time(char *buf, size_t size, int64_t ns, uint64_t resolution_ns)
{
	char figure[32];
	uint64_t abs = ns < 0 ? (uint64_t)0 - (uint64_t)ns : (uint64_t)ns;
	int digits = 9;
	for (uint64_t r = resolution_ns; r >= 10 && digits > 0; r /= 10)
		digits--;
	snprintf(figure, sizeof(figure), "%09" PRIu64, abs % 1000000000u);
	int n = snprintf(buf, size, "%s%" PRIu64, ns < 0 ? "-" : "", abs / 1000000000u);
	for (int i = 0; i < digits && n > 0 && (size_t)n + 3 < size; i++) {
		if (i % 3 == 0)
			buf[n++] = i == 0 ? '.' : ' ';
		buf[n++] = figure[i];
		buf[n] = '\0';
	}
	return buf;
}

char *tui_format_count(char *buf, size_t size, uint64_t count)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t out = 0;
	for (int i = 0; i < n && out + 2 < size; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
	return buf;
}

char *tui_format_rate(char *buf, size_t size, double rate)
{
	if (!(rate > 0))
		rate = 0;
	if (rate >= 999500)
		snprintf(buf, size, "%.1f M", rate / 1e6);
	else if (rate >= 1000)
		snprintf(buf, size, "%.1f k", rate / 1e3);
	else
		snprintf(buf, size, "%.0f", rate);
	return buf;
}

char *tui_format_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double v = (double)bytes;
	int u = 0;
	while (u < 4 && v >= 1000) {
		v /= 1024;
		u++;
	}
	snprintf(buf, size, "%.*f %s", u > 0 && v < 9.95 ? 1 : 0, v, unit[u]);
	return buf;
}

char *tui_format_share(char *buf, size_t size, uint64_t part, uint64_t whole)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;
	if (part == 0)
		snprintf(buf, size, "0%%");
	else if (share < 0.1)
		snprintf(buf, size, "<0.1%%");
	else if (part < whole && share >= 99.5)
		snprintf(buf, size, "%.1f%%", share < 99.9 ? share : 99.9);
	else
		snprintf(buf, size, "%.*f%%", share < 9.95 ? 1 : 0, share);
	return buf;
}

char *tui_format_share_short(char *buf, size_t size, uint64_t part, uint64_t whole)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;
	if (part == 0)
		snprintf(buf, size, "0%%");
	else if (share < 0.95)
		snprintf(buf, size, "<1%%");
	else
		snprintf(buf, size, "%.0f%%", part < whole && share > 99 ? 99 : share);
	return buf;
}
