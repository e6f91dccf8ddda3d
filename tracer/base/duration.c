/* SPDX-License-Identifier: MIT */
#include "tracer/base/duration.h"

#include <string.h>

#include "tracer/base/err.h"

struct text {
	const char *at;
	size_t left;
};

static int is_digit(const struct text *t)
{
	return t->left && *t->at >= '0' && *t->at <= '9';
}

static unsigned take(struct text *t)
{
	t->left--;
	return (unsigned)(*t->at++ - '0');
}

static uint64_t unit_of(const struct text *t)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"µs", 1000}, {"ns", 1}};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == t->left &&
		    !memcmp(t->at, units[i].name, t->left))
			return units[i].ns;
	return 0;
}

int gtv_duration(const char *text, size_t size, uint64_t *out_ns)
{
	struct text t = {text, size}, fraction = {0};
	uint64_t whole = 0, ns;

	if (!is_digit(&t))
		return -GTV_EUSAGE;
	while (is_digit(&t))
		if (__builtin_mul_overflow(whole, 10u, &whole) ||
		    __builtin_add_overflow(whole, take(&t), &whole))
			return -GTV_EUSAGE;
	if (t.left && *t.at == '.') {
		t.at++;
		t.left--;
		fraction = t;
		if (!is_digit(&t))
			return -GTV_EUSAGE;
		while (is_digit(&t))
			take(&t);
	}
	uint64_t unit_ns = unit_of(&t);

	/* Nought is the same in every unit. */
	if (!unit_ns && !(whole == 0 && !fraction.at && !t.left))
		return -GTV_EUSAGE;
	if (__builtin_mul_overflow(whole, unit_ns, &ns))
		return -GTV_EUSAGE;
	/* Decimal places, exactly; those below a nanosecond fall away. */
	for (uint64_t place = unit_ns / 10; place && is_digit(&fraction); place /= 10)
		if (__builtin_add_overflow(ns, take(&fraction) * place, &ns))
			return -GTV_EUSAGE;
	*out_ns = ns;
	return 0;
}
