/* SPDX-License-Identifier: MIT
 *
 * Streams and the resolver. libc's own reads and writes inside them do not come by
 * here, so on a green thread the whole call runs in the pool.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "runtime/preload/preload.h"

/* errno is the pool thread's there: it is carried over. */
struct call {
	union {
		void *pointer;
		size_t size;
		ssize_t ssize;
		int number;
	} result;
	int error;
	const void *a[6];
	size_t n[3];
	va_list args;
};

static __attribute__((noinline)) void take_error(struct call *call)
{
	call->error = errno;
}

static __attribute__((noinline)) void give_error(const struct call *call)
{
	if (call->error)
		errno = call->error;
}

static void in_pool(const char *name, struct call *call, long (*fn)(void *))
{
	preload_blocking(name, fn, call);
	give_error(call);
}

#define P(type, i) ((type)(uintptr_t)call->a[i])
/* What runs in the pool: sets errno to 0 and carries over what the call left. */
#define IN_POOL(fn_name, field, expression)                                                \
	static long fn_name##_whole(void *arg)                                             \
	{                                                                                  \
		struct call *call = arg;                                                   \
                                                                                           \
		errno = 0;                                                                 \
		call->result.field = (expression);                                         \
		take_error(call);                                                          \
		return 0;                                                                  \
	}

IN_POOL(fread, size,
	preload_real()->fread(P(void *, 0), call->n[0], call->n[1], P(FILE *, 1)))
IN_POOL(fwrite, size,
	preload_real()->fwrite(P(void *, 0), call->n[0], call->n[1], P(FILE *, 1)))
IN_POOL(fgets, pointer, preload_real()->fgets(P(char *, 0), (int)call->n[0], P(FILE *, 1)))
IN_POOL(fgetc, number, preload_real()->fgetc(P(FILE *, 0)))
IN_POOL(fputs, number, preload_real()->fputs(P(char *, 0), P(FILE *, 1)))
IN_POOL(puts, number, preload_real()->puts(P(char *, 0)))
IN_POOL(getline, ssize,
	preload_real()->getline(P(char **, 0), P(size_t *, 1), P(FILE *, 2)))
IN_POOL(fflush, number, preload_real()->fflush(P(FILE *, 0)))
IN_POOL(vfprintf, number, preload_real()->vfprintf(P(FILE *, 0), P(char *, 1), call->args))
IN_POOL(getaddrinfo, number,
	preload_real()->getaddrinfo(P(char *, 0), P(char *, 1), P(struct addrinfo *, 2),
				    P(struct addrinfo **, 3)))
IN_POOL(getnameinfo, number,
	preload_real()->getnameinfo(P(struct sockaddr *, 0), (socklen_t)call->n[0],
				    P(char *, 1), (socklen_t)call->n[1], P(char *, 2),
				    (socklen_t)(call->n[2] >> 32), (int)call->n[2]))

size_t fread(void *buf, size_t size, size_t count, FILE *file)
{
	struct call call = {.a = {buf, file}, .n = {size, count}};

	if (!preload_is_green())
		return preload_real()->fread(buf, size, count, file);
	in_pool("fread", &call, fread_whole);
	return call.result.size;
}

size_t fwrite(const void *buf, size_t size, size_t count, FILE *file)
{
	struct call call = {.a = {buf, file}, .n = {size, count}};

	if (!preload_is_green())
		return preload_real()->fwrite(buf, size, count, file);
	in_pool("fwrite", &call, fwrite_whole);
	return call.result.size;
}

char *fgets(char *buf, int size, FILE *file)
{
	struct call call = {.a = {buf, file}, .n = {(size_t)size}};

	if (!preload_is_green())
		return preload_real()->fgets(buf, size, file);
	in_pool("fgets", &call, fgets_whole);
	return call.result.pointer;
}

int fgetc(FILE *file)
{
	struct call call = {.a = {file}};

	if (!preload_is_green())
		return preload_real()->fgetc(file);
	in_pool("fgetc", &call, fgetc_whole);
	return call.result.number;
}

int fputs(const char *text, FILE *file)
{
	struct call call = {.a = {text, file}};

	if (!preload_is_green())
		return preload_real()->fputs(text, file);
	in_pool("fputs", &call, fputs_whole);
	return call.result.number;
}

int puts(const char *text)
{
	struct call call = {.a = {text}};

	if (!preload_is_green())
		return preload_real()->puts(text);
	in_pool("puts", &call, puts_whole);
	return call.result.number;
}

ssize_t getline(char **line, size_t *bytes, FILE *file)
{
	struct call call = {.a = {line, bytes, file}};

	if (!preload_is_green())
		return preload_real()->getline(line, bytes, file);
	in_pool("getline", &call, getline_whole);
	return call.result.ssize;
}

int fflush(FILE *file)
{
	struct call call = {.a = {file}};

	if (!preload_is_green())
		return preload_real()->fflush(file);
	in_pool("fflush", &call, fflush_whole);
	return call.result.number;
}

int vfprintf(FILE *file, const char *format, va_list args)
{
	struct call call = {.a = {file, format}};

	if (!preload_is_green())
		return preload_real()->vfprintf(file, format, args);
	va_copy(call.args, args);
	in_pool("fprintf", &call, vfprintf_whole);
	va_end(call.args);
	return call.result.number;
}

int vprintf(const char *format, va_list args)
{
	return vfprintf(stdout, format, args);
}

int fprintf(FILE *file, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(file, format, args);
	va_end(args);
	return n;
}

int printf(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(stdout, format, args);
	va_end(args);
	return n;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	struct call call = {.a = {node, service, hints, out}};

	if (!preload_is_green())
		return preload_real()->getaddrinfo(node, service, hints, out);
	in_pool("getaddrinfo", &call, getaddrinfo_whole);
	return call.result.number;
}

int getnameinfo(const struct sockaddr *addr, socklen_t bytes, char *host,
		socklen_t host_bytes, char *service, socklen_t service_bytes, int flags)
{
	struct call call = {
		.a = {addr, host, service},
		.n = {bytes, host_bytes, (size_t)service_bytes << 32 | (unsigned)flags}};

	if (!preload_is_green())
		return preload_real()->getnameinfo(addr, bytes, host, host_bytes, service,
						   service_bytes, flags);
	in_pool("getnameinfo", &call, getnameinfo_whole);
	return call.result.number;
}
