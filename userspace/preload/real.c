// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>

#include "core/kernel.h"
#include "real.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct real table;
static struct kdtls_kernel kernel;

/** struct code - a library's, by its address and length */
struct code {
	uintptr_t begin;
	uintptr_t len;
};

static struct code libcrypto, libssl, own;
static bool is_own_libssl;

static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found) {
		fprintf(stderr, "kdtls-preload: there is no %s\n", name);
		abort();
	}
	return found;
}

static int find_segment(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct code *code = arg;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD ||
		    code->begin - begin >= segment->p_memsz)
			continue;
		code->begin = begin;
		code->len = segment->p_memsz;
		return 1;
	}
	return 0;
}

static void find_code(struct code *code, void *within)
{
	code->begin = (uintptr_t)within;
	dl_iterate_phdr(find_segment, code);
}

/*
 * Nobody is there who could install further keys, and OpenSSL itself would go on
 * with these: so the kernel only tells of their limits.
 */
static int set_option(int fd, int level, int name, const void *val,
		      socklen_t len)
{
	struct dtls_params params = { 0 };

	if (level != SOL_TLS || name != DTLS_PARAMS || len > sizeof(params))
		return setsockopt(fd, level, name, val, len);
	memcpy(&params, val, len);
	params.flags |= DTLS_PARAM_SOFT_LIMITS;
	return setsockopt(fd, level, name, &params, len);
}

/* Is that function of the same library as those behind? */
static bool is_found_behind(void *function)
{
	Dl_info linked, behind;

	return dladdr(function, &linked) &&
	       dladdr((void *)(uintptr_t)table.SSL_read, &behind) &&
	       linked.dli_fbase == behind.dli_fbase;
}

#define REAL_FIND(type, name, args) *(void **)&table.name = next(#name);

static void find(void)
{
	REAL_FUNCTIONS(REAL_FIND)
	find_code(&libcrypto, next("BIO_new_dgram"));
	find_code(&libssl, next("SSL_read"));
	find_code(&own, (void *)(uintptr_t)find_code);
	is_own_libssl = is_found_behind((void *)(uintptr_t)SSL_new);
	/* The library's own calls mustn't come back to feed.c. */
	kernel = *kdtls_kernel;
	kernel.recvmsg = table.recvmsg;
	kernel.setsockopt = set_option;
	kdtls_kernel = &kernel;
}

const struct real *real(void)
{
	pthread_once(&once, find);
	return &table;
}

/* Not by a signal's handler that has interrupted the same. */
static __attribute__((constructor)) void begin(void)
{
	real();
}

static bool holds(const struct code *code, const void *at)
{
	return (uintptr_t)at - code->begin < code->len;
}

bool real_is_libcrypto(const void *code)
{
	real();
	return holds(&libcrypto, code);
}

bool real_is_inner(const void *code)
{
	real();
	return holds(&libssl, code) || holds(&own, code);
}

bool real_is_own_libssl(void)
{
	real();
	return is_own_libssl;
}
