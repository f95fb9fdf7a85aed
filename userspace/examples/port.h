/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One UDP port: a socket for strangers, and one for each that is known. */
#ifndef KDTLS_EXAMPLES_PORT_H
#define KDTLS_EXAMPLES_PORT_H

#include <stddef.h>
#include <sys/types.h>

#include "endpoint.h"

/* A ClientHello is a good deal smaller. */
#define PORT_DATAGRAM 2048

/**
 * struct port - the port
 * @fd: socket for strangers
 * @local: its address, which may stand for all of this machine's
 * @here: the one that the datagram received last was sent to. Answers leave from
 *	there, or who wrote wouldn't know them
 */
struct port {
	int fd;
	struct endpoint local;
	struct endpoint here;
};

/* Binds it to @port->local, which then has the port's number. 0, or -1 and errno. */
int port_open(struct port *port);

/* A datagram from somebody who has no socket yet; -1: there is none. */
ssize_t port_receive(struct port *port, void *datagram, struct endpoint *peer);
void port_send(const struct port *port, const struct endpoint *peer,
	       const void *datagram, size_t len);

/* A socket there, on the same port, that only @peer reaches; -1 and errno. */
int port_connect(const struct port *port, const struct endpoint *peer);

#endif
