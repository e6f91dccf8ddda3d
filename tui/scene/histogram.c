/* SPDX-License-Identifier: MIT */
#include "tui/scene/histogram.h"

int tui_histogram_chosen(const struct gtv_histogram *h, int chosen)
{
	unsigned first, last, most;
	if (!h || gtv_histogram_range(h, &first, &last))
		return -1;
	if (chosen >= 0)
		return chosen < (int)first  ? (int)first
		       : chosen > (int)last ? (int)last
					    : chosen;
	most = first;
	for (unsigned b = first; b <= last; b++)
		if (gtv_histogram_in(h, b) > gtv_histogram_in(h, most))
			most = b;
	return (int)most;
}
