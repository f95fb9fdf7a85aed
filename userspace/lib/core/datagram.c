// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "association.h"
#include "kdtls-core.h"
#include "kernel.h"
#include "state.h"
#include "transport.h"

/* HandshakeType (RFC 5246, 7.4) */
enum {
	HELLO_REQUEST = 0,
	CLIENT_HELLO = 1,
	FINISHED = 20,
};

static ssize_t datagram_send(struct kdtls *k, unsigned char type,
			     const void *buf, size_t len, int flags)
{
	if (len > k->payload_max)
		return -EMSGSIZE;
	return kdtls_kernel_send(k->fd,
				 type == KDTLS_DATA ? 0 : TLS_SET_RECORD_TYPE,
				 type, buf, len, flags);
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

/*
 * RFC 5246, 7.4.1.1 and 7.4.1.2: who doesn't want to negotiate anew may ignore
 * both hellos.
 */
static int handshake_record(struct kdtls *k, const void *content, size_t len)
{
	const unsigned char *message = content;

	if (!len)
		return 0;
	switch (message[0]) {
	case FINISHED:
		kdtls_flight_repeat(&k->flight, k->fd);
		return 1;
	case HELLO_REQUEST:
	case CLIENT_HELLO:
		return 1;
	}
	return 0;
}

/**
 * struct reading - one record as the kernel gives it
 * @type: its type; 0: it's unprotected
 * @first: its first byte, if it has one
 * @control: with room for what else the application may have switched on
 */
struct reading {
	unsigned char type;
	unsigned char first;
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
};

/* -EBADMSG: it's no record of ours. */
static int find_type(struct msghdr *msg, unsigned char *type)
{
	const struct dtls_record_info *info;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_TLS)
			continue;
		info = (const void *)CMSG_DATA(cmsg);
		if (cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
			*type = *CMSG_DATA(cmsg);
		else if (cmsg->cmsg_type == DTLS_GET_RECORD &&
			 info->flags & DTLS_RECORD_UNAUTHENTICATED)
			*type = 0;
		else
			continue;
		return 0;
	}
	return -EBADMSG;
}

/*
 * A byte more than the caller has room for, so that the first byte is seen in
 * any case. The length, which may be that byte more, or -errno.
 */
static ssize_t read_record(const struct kdtls *k, struct reading *r, void *buf,
			   size_t len, int flags)
{
	unsigned char beyond;
	struct iovec iov[] = {
		{ .iov_base = buf, .iov_len = len },
		{ .iov_base = &beyond, .iov_len = 1 },
	};
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = r->control.bytes,
		.msg_controllen = sizeof(r->control.bytes),
	};
	ssize_t n = kdtls_kernel->recvmsg(k->fd, &msg, flags);
	int err;

	if (n < 0)
		return -errno;
	err = find_type(&msg, &r->type);
	if (err)
		return err;
	if (n)
		r->first = len ? *(unsigned char *)buf : beyond;
	return n;
}

/*
 * Is it not for the application? Then it's dealt with, and the kernel has it no
 * more. Unprotected records are anyone's words.
 */
static bool is_ours(struct kdtls *k, struct reading *r, ssize_t n, int flags)
{
	if (n < 0)
		return false;
	if (r->type && (r->type != KDTLS_HANDSHAKE ||
			!handshake_record(k, &r->first, n ? 1 : 0)))
		return false;
	if (flags & MSG_PEEK)
		read_record(k, r, NULL, 0, MSG_DONTWAIT);
	return true;
}

/*
 * For those who want data only, the kernel keeps a record of another type. Any
 * but application data then stands first in line.
 */
static ssize_t read_data(struct kdtls *k, struct reading *r, void *buf,
			 size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int peek = MSG_PEEK | MSG_DONTWAIT;
	ssize_t n;

	do {
		n = kdtls_kernel->recvmsg(k->fd, &msg, flags);
		if (n >= 0)
			return n;
		if (errno != EIO)
			return -errno;
		n = read_record(k, r, NULL, 0, peek);
	} while (is_ours(k, r, n, peek));
	return -EIO;
}

static ssize_t datagram_recv(struct kdtls *k, unsigned char *type, void *buf,
			     size_t len, int flags)
{
	struct reading r;
	ssize_t n;

	if (flags & (MSG_ERRQUEUE | MSG_OOB))
		return -EINVAL;
	kdtls_flight_expire(&k->flight);
	if (k->early)
		return recv_early(k, type, buf, len, flags);
	if (!type)
		return read_data(k, &r, buf, len, flags);
	do {
		n = read_record(k, &r, buf, len, flags);
	} while (is_ours(k, &r, n, flags));
	if (n < 0)
		return n;
	*type = r.type;
	return flags & MSG_TRUNC || n < (ssize_t)len ? n : (ssize_t)len;
}

static int get_stats(const struct kdtls *k, struct dtls_stats *stats,
		     size_t size)
{
	return kdtls_kernel_get(k->fd, DTLS_STATS, stats, size);
}

static int get_info(const struct kdtls *k, struct dtls_info *info, size_t size)
{
	return kdtls_kernel_get(k->fd, DTLS_INFO, info, size);
}

static int max_payload(const struct kdtls *k)
{
	struct dtls_info info;
	int err = get_info(k, &info, sizeof(info));

	if (err)
		return err;
	if (!info.tx_payload)
		return -EHOSTUNREACH;
	if (info.tx_payload > k->payload_max)
		return k->payload_max;
	return info.tx_payload;
}

/* DTLS 1.2 has no key update; a renegotiation there isn't. */
static int rekey(struct kdtls *k)
{
	(void)k;
	return -EOPNOTSUPP;
}

static ssize_t datagram_sendfile(struct kdtls *k, int in_fd, off_t *offset,
				 size_t count)
{
	return kdtls_kernel_sendfile(k->fd, in_fd, offset, count);
}

static void release(struct kdtls *k)
{
	kdtls_flight_free(&k->flight);
}

const struct kdtls_transport kdtls_datagram = {
	.send = datagram_send,
	.recv = datagram_recv,
	.sendfile = datagram_sendfile,
	.handshake_record = handshake_record,
	.max_payload = max_payload,
	.stats = get_stats,
	.info = get_info,
	.rekey = rekey,
	.export_state = kdtls_state_export,
	.detach = kdtls_state_detach,
	.release = release,
};
