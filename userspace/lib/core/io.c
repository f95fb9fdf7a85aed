// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "association.h"
#include "kdtls-core.h"
#include "kernel.h"

ssize_t kdtls_send(struct kdtls *k, unsigned char type, const void *buf,
		   size_t len, int flags)
{
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

	if (len > k->payload_max)
		return -EMSGSIZE;
	if (type != KDTLS_DATA) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
		cmsg->cmsg_len = CMSG_LEN(sizeof(type));
		*CMSG_DATA(cmsg) = type;
	}
	n = sendmsg(k->fd, &msg, flags);
	return n < 0 ? -errno : n;
}

static ssize_t recv_early(struct kdtls *k, unsigned char *type, void *buf,
			  size_t len, int flags)
{
	struct kdtls_early *early = k->early;
	size_t record_len = early->len;
	size_t copied = len < record_len ? len : record_len;

	if (type)
		*type = early->type;
	else if (early->type != KDTLS_DATA)
		return -EIO;
	memcpy(buf, early->content, copied);
	if (!(flags & MSG_PEEK))
		kdtls_association_pop(k);
	return flags & MSG_TRUNC ? record_len : copied;
}

static bool record_type(struct msghdr *msg, unsigned char *type)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg))
		if (cmsg->cmsg_level == SOL_TLS &&
		    cmsg->cmsg_type == TLS_GET_RECORD_TYPE) {
			*type = *CMSG_DATA(cmsg);
			return true;
		}
	return false;
}

ssize_t kdtls_recv(struct kdtls *k, unsigned char *type, void *buf, size_t len,
		   int flags)
{
	/* With room for what else the application may have switched on. */
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = type ? control.bytes : NULL,
		.msg_controllen = type ? sizeof(control.bytes) : 0,
	};
	ssize_t n;

	if (flags & (MSG_ERRQUEUE | MSG_OOB))
		return -EINVAL;
	if (k->early)
		return recv_early(k, type, buf, len, flags);
	n = recvmsg(k->fd, &msg, flags);
	if (n < 0)
		return -errno;
	if (type && !record_type(&msg, type))
		return -EBADMSG;
	return n;
}

int kdtls_close_notify(struct kdtls *k)
{
	/* warning, close_notify (RFC 5246, 7.2.1) */
	static const unsigned char alert[] = { 1, 0 };
	ssize_t n =
		kdtls_send(k, KDTLS_ALERT, alert, sizeof(alert), MSG_NOSIGNAL);

	return n < 0 ? n : 0;
}

static int route_mtu(const struct kdtls *k)
{
	bool v4 = k->family == AF_INET;
	socklen_t len = sizeof(int);
	int mtu;

	if (getsockopt(k->fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_MTU : IPV6_MTU,
		       &mtu, &len))
		return -errno;
	return mtu;
}

int kdtls_max_payload(const struct kdtls *k)
{
	/* IP without options, UDP */
	int headers = (k->family == AF_INET ? 20 : 40) + 8;
	struct dtls_info info;
	int mtu = route_mtu(k);
	int err, payload;

	if (mtu < 0)
		return mtu;
	err = kdtls_info(k, &info, sizeof(info));
	if (err)
		return err;
	payload = mtu - headers - info.tx_overhead;
	if (payload < 0)
		return -EMSGSIZE;
	if ((size_t)payload > k->payload_max)
		return k->payload_max;
	return payload;
}

int kdtls_stats(const struct kdtls *k, struct dtls_stats *stats, size_t size)
{
	return kdtls_kernel_get(k->fd, DTLS_STATS, stats, size);
}

int kdtls_info(const struct kdtls *k, struct dtls_info *info, size_t size)
{
	return kdtls_kernel_get(k->fd, DTLS_INFO, info, size);
}
