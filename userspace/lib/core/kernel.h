/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The kernel's options (linux/dtls.h). Everything returns 0 or -errno. */
#ifndef KDTLS_CORE_KERNEL_H
#define KDTLS_CORE_KERNEL_H

#include <stddef.h>
#include <stdint.h>
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
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	ssize_t (*sendfile)(int fd, int in_fd, off_t *offset, size_t count);
	/* on a clock that only goes forward, by milliseconds */
	uint64_t (*now_ms)(void);
};

extern const struct kdtls_kernel *kdtls_kernel;

/* An option of any level. */
int kdtls_kernel_set_level(int fd, int level, int name, const void *val,
			   size_t len);

int kdtls_kernel_attach(int fd, int family);
int kdtls_kernel_set(int fd, int name, const void *val, size_t len);

/*
 * One datagram, or record, with the control message @name of SOL_TLS: of one
 * byte @type if it's TLS_SET_RECORD_TYPE, empty otherwise; 0: with none. The
 * length or -errno.
 */
ssize_t kdtls_kernel_send(int fd, int name, unsigned char type, const void *buf,
			  size_t len, int flags);

/* Bytes sent, or -errno. */
ssize_t kdtls_kernel_sendfile(int fd, int in_fd, off_t *offset, size_t count);

/* What the kernel leaves out is zero. */
int kdtls_kernel_get(int fd, int name, void *val, size_t len);

/* An option of any level; @len: in and out, how much it filled in. */
int kdtls_kernel_get_level(int fd, int level, int name, void *val, size_t *len);

/* The same of SOL_TLS. */
int kdtls_kernel_get_len(int fd, int name, void *val, size_t *len);

#endif
