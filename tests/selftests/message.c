// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/uio.h>

#include "message.h"

static void take(struct message *message, const struct cmsghdr *cmsg)
{
	if (cmsg->cmsg_level != SOL_TLS)
		return;
	if (cmsg->cmsg_type == TLS_GET_RECORD_TYPE &&
	    cmsg->cmsg_len == CMSG_LEN(1))
		message->type = *CMSG_DATA(cmsg);
	if (cmsg->cmsg_type == DTLS_GET_RECORD &&
	    cmsg->cmsg_len == CMSG_LEN(sizeof(message->info))) {
		memcpy(&message->info, CMSG_DATA(cmsg), sizeof(message->info));
		message->has_info = 1;
	}
}

/* As datagrams of @segment bytes, in one piece as far as the stack can. */
ssize_t segments_send(int fd, const void *data, size_t len, uint16_t segment,
		      int flags)
{
	char control[CMSG_SPACE(sizeof(segment))] = {};
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_UDP;
	cmsg->cmsg_type = UDP_SEGMENT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
	return sendmsg(fd, &msg, flags);
}

/*
 * message_recv() - receive a record with a control buffer that holds anything
 * @message: gets what came with it
 * @flags: as recvmsg() takes them
 */
ssize_t message_recv(int fd, struct message *message, void *content, size_t len,
		     int flags)
{
	char control[256];
	struct iovec iov = { content, len };
	struct msghdr msg = {
		.msg_name = &message->from,
		.msg_namelen = sizeof(message->from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, flags);

	message->type = -1;
	message->has_info = 0;
	message->flags = msg.msg_flags;
	message->from_len = msg.msg_namelen;
	if (n < 0)
		return n;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg;
	     cmsg = CMSG_NXTHDR(&msg, cmsg))
		take(message, cmsg);
	return n;
}

/* Send whole unprotected records of epoch 0 as they are. */
ssize_t epoch0_send(int fd, const void *records, size_t len)
{
	char control[CMSG_SPACE(0)];
	struct iovec iov = { (void *)records, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = DTLS_SET_EPOCH0;
	cmsg->cmsg_len = CMSG_LEN(0);
	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

/* The next event of this socket's keys: EAGAIN if there's none. */
int event_recv(int fd, struct sock_extended_err *event)
{
	char control[256], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_len < CMSG_LEN(sizeof(*event)) ||
	    !(msg.msg_flags & MSG_ERRQUEUE)) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(event, CMSG_DATA(cmsg), sizeof(*event));
	return 0;
}
