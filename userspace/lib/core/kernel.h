/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The kernel's options (linux/dtls.h). Everything returns 0 or -errno. */
#ifndef KDTLS_CORE_KERNEL_H
#define KDTLS_CORE_KERNEL_H

#include <stddef.h>
#include <sys/socket.h>
#include <linux/dtls.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

/* What a test may replace. */
struct kdtls_kernel {
	int (*setsockopt)(int fd, int level, int name, const void *val,
			  socklen_t len);
	int (*getsockopt)(int fd, int level, int name, void *val,
			  socklen_t *len);
};

extern const struct kdtls_kernel *kdtls_kernel;

int kdtls_kernel_attach(int fd, int family);
int kdtls_kernel_set(int fd, int name, const void *val, size_t len);

/* What the kernel leaves out is zero. */
int kdtls_kernel_get(int fd, int name, void *val, size_t len);

/* The same; @len: in and out, how much it filled in. */
int kdtls_kernel_get_len(int fd, int name, void *val, size_t *len);

#endif
