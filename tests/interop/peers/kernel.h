/* SPDX-License-Identifier: GPL-2.0 */
/* The hand-over of a connection of mbedTLS: keys, numbers, connection IDs. */
#ifndef INTEROP_KERNEL_H
#define INTEROP_KERNEL_H

#include <sys/socket.h>

#include "connection.h"

/**
 * struct kernel - a connection whose records the kernel makes and opens
 * @fd: its socket; a server's isn't connected where the client is known by our
 *	connection ID
 * @peer: whom to send to
 * @peer_len: length of that
 */
struct kernel {
	int fd;
	struct sockaddr_storage peer;
	socklen_t peer_len;
};

/* The connection's handshake is done; its mbedTLS must say no more. */
void kernel_take(struct kernel *k, struct connection *c);

/*
 * Length, 0: the peer closed it, -EAGAIN. Says so where a record comes from another
 * address, and answers to that from then on, if no record came after it.
 */
int kernel_receive(struct kernel *k, void *buf, size_t size);
void kernel_send(struct kernel *k, const void *buf, size_t len);
void kernel_close(struct kernel *k);

#endif
