// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/filter.h>

#include "port.h"

static int bind_shared(const struct endpoint *local)
{
	int fd = socket(local->addr.ss_family,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	int err;

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) &&
	    !bind(fd, (const struct sockaddr *)&local->addr, local->len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/*
 * Sockets on one port share what comes from strangers. Between its bind() and
 * its connect() a client's socket would get its share: so all of it goes to the
 * first socket of the port, which is the listening one.
 */
static int strangers_come_here(int fd)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &first };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program));
}

int port_open(struct port *port)
{
	struct endpoint *local = &port->local;
	int err;

	port->fd = bind_shared(local);
	if (port->fd < 0)
		return -1;
	if (strangers_come_here(port->fd)) {
		err = errno;
		close(port->fd);
		errno = err;
		return -1;
	}
	local->len = sizeof(local->addr);
	getsockname(port->fd, (struct sockaddr *)&local->addr, &local->len);
	endpoint_name(local);
	return 0;
}

ssize_t port_receive(const struct port *port, void *datagram,
		     struct endpoint *peer)
{
	ssize_t n;

	/* Its unused bytes are compared and hashed too. */
	memset(peer, 0, sizeof(*peer));
	peer->len = sizeof(peer->addr);
	do {
		n = recvfrom(port->fd, datagram, PORT_DATAGRAM, 0,
			     (struct sockaddr *)&peer->addr, &peer->len);
	} while (n < 0 && errno != EAGAIN);
	if (n >= 0)
		endpoint_name(peer);
	return n;
}

void port_send(const struct port *port, const struct endpoint *peer,
	       const void *datagram, size_t len)
{
	/* Should it be lost, the client asks again. */
	sendto(port->fd, datagram, len, 0, (const struct sockaddr *)&peer->addr,
	       peer->len);
}

int port_connect(const struct port *port, const struct endpoint *peer)
{
	int fd = bind_shared(&port->local);
	int err;

	if (fd < 0 ||
	    !connect(fd, (const struct sockaddr *)&peer->addr, peer->len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
