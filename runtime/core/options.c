/* SPDX-License-Identifier: MIT
 *
 * GT_POLICY=NAME,PARAMETER=VALUE…: one place that parses, one table a policy that
 * says what it takes. A new policy is a new file and a line in `policies`; a name that
 * is another's algorithm is a line in `aliases`. A test compares both with gtviz.1.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/rt.h"

static const struct gt__policy *const policies[] = {
	&gt__policy_single,  &gt__policy_coop,	 &gt__policy_quantum, &gt__policy_green,
	&gt__policy_asyncio, &gt__policy_offset, &gt__policy_gmp,     &gt__policy_threads,
	&gt__policy_gil2,    &gt__policy_gil3,	 &gt__policy_procs,
};
#define POLICIES (sizeof policies / sizeof policies[0])

/* Systems that are one of ours under another name, with the parameters that make it so.
 * What is asked for beside the name comes after these, and wins. */
static const struct alias {
	const char *name, *policy, *params;
} aliases[] = {
	{"dos", "single", ""},
	{"windows1", "coop", ""},
	{"windows95", "quantum", ",tick=20ms,quantum=1"},
	{"windowsnt", "quantum", ",tick=15.6ms,units=9"}, /* foreground; background: 3 */
	{"windowsxp", "quantum", ",tick=15.6ms,units=9"},
	{"xp", "quantum", ",tick=15.6ms,units=9"},
	{"windowsserver", "quantum", ",tick=10ms,units=36"}, /* 120 ms */
	{"linuxdesktop", "quantum", ",tick=4ms"},
	{"linuxserver", "quantum", ",tick=10ms"},
	{"unix", "quantum", ",tick=10ms"},
	{"gevent", "green", ""},
	{"eventlet", "green", ""},
	{"evergreen", "green", ""},
	{"gruvi", "green", ""},
	{"javagreen", "green", ""}, /* Java 1.1 */
	{"uvloop", "asyncio", ""},
	{"asyncore", "asyncio", ",loop=select"},
	{"curio", "asyncio", ""},
	{"trio", "asyncio", ""},
	{"tornado", "asyncio", ""},
	{"twisted", "asyncio", ""},
	{"node", "asyncio", ""},
	{"eventmachine", "asyncio", ""},
	{"go", "gmp", ""},
	{"goroutine", "gmp", ""},
	{"pthread", "threads", ""},
	{"freethreaded", "threads", ""},
	{"cpython2", "gil2", ""},
	{"cpython3", "gil3", ""},
	{"multiprocessing", "procs", ""},
	{"fork", "procs", ""},
};
#define ALIASES (sizeof aliases / sizeof aliases[0])

static struct gt__param chosen[GT__PARAMS_MAX];
static const struct alias *alias; /* of the last parse, NULL: none */

uint64_t gt__param(const char *name)
{
	for (int i = 0; i < GT__PARAMS_MAX && chosen[i].name; i++)
		if (!strcmp(chosen[i].name, name))
			return chosen[i].value;
	return 0;
}

/* Appends, cut at the end of the buffer. */
static void add(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	if (len + 1 < size)
		snprintf(buf + len, size - len, "%s", text);
}

/* What came from outside reaches a terminal only in printable form. */
static void add_quoted(char *buf, size_t size, const char *text, size_t len)
{
	char shown[48];
	size_t n = len < sizeof shown - 1 ? len : sizeof shown - 1;

	for (size_t i = 0; i < n; i++)
		shown[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	shown[n] = '\0';
	add(buf, size, "'");
	add(buf, size, shown);
	add(buf, size, "'");
}

static void unknown_policy(const char *name, size_t len, char *error, size_t size)
{
	add(error, size, "no policy ");
	add_quoted(error, size, name, len);
	add(error, size, " (there are: ");
	for (size_t i = 0; i < POLICIES; i++) {
		add(error, size, i ? ", " : "");
		add(error, size, policies[i]->name);
	}
	add(error, size, ")");
}

static void unknown_param(const struct gt__policy *policy, const char *name, size_t len,
			  char *error, size_t size)
{
	add(error, size, "policy ");
	add(error, size, policy->name);
	add(error, size, " takes no parameter ");
	add_quoted(error, size, name, len);
	add(error, size, policy->params[0].name ? " (it takes: " : " (it takes none)");
	for (int i = 0; i < GT__PARAMS_MAX && policy->params[i].name; i++) {
		add(error, size, i ? ", " : "");
		add(error, size, policy->params[i].name);
	}
	add(error, size, policy->params[0].name ? ")" : "");
}

static void bad_value(const struct gt__param *param, const char *text, size_t len,
		      char *error, size_t size)
{
	char range[96];

	add(error, size, "parameter ");
	add(error, size, param->name);
	add(error, size, " cannot be ");
	add_quoted(error, size, text, len);
	if (param->unit == GT__UNIT_CHOICE)
		snprintf(range, sizeof range, " (one of %s)", param->choices);
	else if (param->unit == GT__UNIT_TIME)
		snprintf(range, sizeof range,
			 " (a time like 5ms or 300us, %" PRIu64 "us to %" PRIu64 "s)",
			 param->min / 1000, param->max / 1000000000);
	else
		snprintf(range, sizeof range, " (a number from %" PRIu64 " to %" PRIu64 ")",
			 param->min, param->max);
	add(error, size, range);
}

static int scale_of(const char *unit, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (!strcmp(unit, units[i].name)) {
			*ns = units[i].ns;
			return 0;
		}
	}
	return -1;
}

/* The place of `text` in "epoll|poll|select". */
static int parse_choice(struct gt__param *param, const char *text, size_t len)
{
	const char *at = param->choices;

	for (uint64_t place = 0;; place++) {
		size_t one = strcspn(at, "|");

		if (one == len && !memcmp(at, text, len)) {
			param->value = place;
			return 0;
		}
		if (!at[one])
			return -1;
		at += one + 1;
	}
}

/* The digits after a point, as a part of `scale`; *end: what follows them. */
static uint64_t parse_fraction(const char *text, char **end, uint64_t scale)
{
	uint64_t value = 0;

	while (isdigit((unsigned char)*text)) {
		scale /= 10;
		value += (uint64_t)(*text++ - '0') * scale;
	}
	*end = (char *)text;
	return value;
}

/* "5ms", "15.6ms". */
static int parse_time(struct gt__param *param, uint64_t whole, char *end)
{
	char *unit = end + (*end == '.');
	uint64_t scale, part = 0;

	while (isdigit((unsigned char)*unit) && *end == '.')
		unit++;
	if (scale_of(unit, &scale) || (*end == '.' && unit == end + 1))
		return -1;
	if (*end == '.')
		part = parse_fraction(end + 1, &unit, scale);
	if (whole > (param->max - part) / scale || whole * scale + part < param->min)
		return -1;
	param->value = whole * scale + part;
	return 0;
}

static int parse_value(struct gt__param *param, const char *text, size_t len)
{
	char copy[32], *end;
	uint64_t value;

	if (param->unit == GT__UNIT_CHOICE)
		return parse_choice(param, text, len);
	if (!len || len >= sizeof copy || !isdigit((unsigned char)text[0]))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	errno = 0;
	value = strtoull(copy, &end, 10);
	if (errno)
		return -1;
	if (param->unit == GT__UNIT_TIME)
		return parse_time(param, value, end);
	if (*end != '\0' || value > param->max || value < param->min)
		return -1;
	param->value = value;
	return 0;
}

static int parse_param(const struct gt__policy *policy, const char *text, size_t len,
		       char *error, size_t size)
{
	const char *eq = memchr(text, '=', len);
	size_t name_len = eq ? (size_t)(eq - text) : len;
	const char *value = eq ? eq + 1 : text + len;
	size_t value_len = len - (size_t)(value - text);

	for (int i = 0; i < GT__PARAMS_MAX && chosen[i].name; i++) {
		if (strlen(chosen[i].name) != name_len ||
		    memcmp(chosen[i].name, text, name_len))
			continue;
		if (!parse_value(&chosen[i], value, value_len))
			return 0;
		bad_value(&chosen[i], value, value_len, error, size);
		return -1;
	}
	unknown_param(policy, text, name_len, error, size);
	return -1;
}

static int parse_params(const struct gt__policy *policy, const char *text, char *error,
			size_t size)
{
	while (*text == ',') {
		size_t len = strcspn(++text, ",");

		if (parse_param(policy, text, len, error, size))
			return -1;
		text += len;
	}
	return 0;
}

static int is_name(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

static const struct gt__policy *find_policy(const char *text, size_t len)
{
	for (size_t i = 0; i < POLICIES; i++)
		if (is_name(policies[i]->name, text, len))
			return policies[i];
	return NULL;
}

static const struct alias *find_alias(const char *text, size_t len)
{
	for (size_t i = 0; i < ALIASES; i++)
		if (is_name(aliases[i].name, text, len))
			return &aliases[i];
	return NULL;
}

const char *gt__policy_alias(void)
{
	return alias ? alias->name : NULL;
}

const struct gt__policy *gt__policy_parse(const char *text, char *error, size_t error_bytes)
{
	size_t len = strcspn(text, ",");
	const struct gt__policy *policy;

	*error = '\0';
	alias = find_alias(text, len);
	policy = alias ? find_policy(alias->policy, strlen(alias->policy))
		       : find_policy(text, len);
	if (!policy) {
		unknown_policy(text, len, error, error_bytes);
		return NULL;
	}
	memcpy(chosen, policy->params, sizeof chosen);
	if ((alias && parse_params(policy, alias->params, error, error_bytes)) ||
	    parse_params(policy, text + len, error, error_bytes) ||
	    (policy->check && policy->check(error, error_bytes)))
		return NULL;
	return policy;
}
