/* SPDX-License-Identifier: GPL-2.0 */
/* Messages with all that may come with them: types, numbers, senders, events. */
#ifndef SELFTESTS_MESSAGE_H
#define SELFTESTS_MESSAGE_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/dtls.h>
#include <linux/errqueue.h>

/* What recvmsg() tells of a record beside its content. */
struct message {
	int type; /* TLS_GET_RECORD_TYPE; -1: it didn't come */
	int has_info;
	struct dtls_record_info info; /* DTLS_GET_RECORD */
	int flags;
	struct sockaddr_storage from;
	socklen_t from_len;
};

/* Functions return -1 with errno set, as system calls do. */
ssize_t message_recv(int fd, struct message *message, void *content, size_t len,
		     int flags);
ssize_t segments_send(int fd, const void *data, size_t len, uint16_t segment,
		      int flags);
ssize_t epoch0_send(int fd, const void *records, size_t len);
int event_recv(int fd, struct sock_extended_err *event);

#endif /* SELFTESTS_MESSAGE_H */
