// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "kernel.h"

static const struct kdtls_kernel libc = {
	.setsockopt = setsockopt,
	.getsockopt = getsockopt,
};

const struct kdtls_kernel *kdtls_kernel = &libc;

static int set(int fd, int level, int name, const void *val, size_t len)
{
	return kdtls_kernel->setsockopt(fd, level, name, val, len) ? -errno : 0;
}

int kdtls_kernel_attach(int fd, int family)
{
	int level = family == AF_INET ? SOL_IP : SOL_IPV6;
	int err;

	err = set(fd, SOL_UDP, UDP_ULP, DTLS_ULP_NAME, sizeof(DTLS_ULP_NAME));
	if (err != -ENOPROTOOPT)
		return err;
	err = set(fd, level, DTLS_SO_ULP, DTLS_ULP_NAME, sizeof(DTLS_ULP_NAME));
	/* An unrelated module that is just unloading can hide ours once. */
	if (err == -ENOPROTOOPT)
		err = set(fd, level, DTLS_SO_ULP, DTLS_ULP_NAME,
			  sizeof(DTLS_ULP_NAME));
	return err;
}

int kdtls_kernel_set(int fd, int name, const void *val, size_t len)
{
	return set(fd, SOL_TLS, name, val, len);
}

int kdtls_kernel_get_len(int fd, int name, void *val, size_t *len)
{
	socklen_t got = *len;

	if (kdtls_kernel->getsockopt(fd, SOL_TLS, name, val, &got))
		return -errno;
	if (got < *len)
		memset((char *)val + got, 0, *len - got);
	*len = got;
	return 0;
}

int kdtls_kernel_get(int fd, int name, void *val, size_t len)
{
	return kdtls_kernel_get_len(fd, name, val, &len);
}
