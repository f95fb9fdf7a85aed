// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/sendfile.h>

#include "kernel.h"

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static const struct kdtls_kernel libc = {
	.setsockopt = setsockopt,
	.getsockopt = getsockopt,
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.sendfile = sendfile,
	.now_ms = now_ms,
};

const struct kdtls_kernel *kdtls_kernel = &libc;

int kdtls_kernel_set_level(int fd, int level, int name, const void *val,
			   size_t len)
{
	return kdtls_kernel->setsockopt(fd, level, name, val, len) ? -errno : 0;
}

int kdtls_kernel_attach(int fd, int family)
{
	int level = family == AF_INET ? SOL_IP : SOL_IPV6;
	int err;

	err = kdtls_kernel_set_level(fd, SOL_UDP, UDP_ULP, DTLS_ULP_NAME,
				     sizeof(DTLS_ULP_NAME));
	if (err != -ENOPROTOOPT)
		return err;
	err = kdtls_kernel_set_level(fd, level, DTLS_SO_ULP, DTLS_ULP_NAME,
				     sizeof(DTLS_ULP_NAME));
	/* An unrelated module that is just unloading can hide ours once. */
	if (err == -ENOPROTOOPT)
		err = kdtls_kernel_set_level(fd, level, DTLS_SO_ULP,
					     DTLS_ULP_NAME,
					     sizeof(DTLS_ULP_NAME));
	return err;
}

int kdtls_kernel_set(int fd, int name, const void *val, size_t len)
{
	return kdtls_kernel_set_level(fd, SOL_TLS, name, val, len);
}

ssize_t kdtls_kernel_send(int fd, int name, unsigned char type, const void *buf,
			  size_t len, int flags)
{
	size_t type_len = name == TLS_SET_RECORD_TYPE ? sizeof(type) : 0;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(type))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct cmsghdr *cmsg;
	ssize_t n;

	if (name) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(type_len);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = name;
		cmsg->cmsg_len = CMSG_LEN(type_len);
		memcpy(CMSG_DATA(cmsg), &type, type_len);
	}
	n = kdtls_kernel->sendmsg(fd, &msg, flags);
	return n < 0 ? -errno : n;
}

ssize_t kdtls_kernel_sendfile(int fd, int in_fd, off_t *offset, size_t count)
{
	ssize_t n = kdtls_kernel->sendfile(fd, in_fd, offset, count);

	return n < 0 ? -errno : n;
}

int kdtls_kernel_get_level(int fd, int level, int name, void *val, size_t *len)
{
	socklen_t got = *len;

	if (kdtls_kernel->getsockopt(fd, level, name, val, &got))
		return -errno;
	if (got < *len)
		memset((char *)val + got, 0, *len - got);
	*len = got;
	return 0;
}

int kdtls_kernel_get_len(int fd, int name, void *val, size_t *len)
{
	return kdtls_kernel_get_level(fd, SOL_TLS, name, val, len);
}

int kdtls_kernel_get(int fd, int name, void *val, size_t len)
{
	return kdtls_kernel_get_len(fd, name, val, &len);
}
