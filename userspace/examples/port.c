// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "port.h"

static int bind_socket(const struct endpoint *local, int is_shared)
{
	int fd = socket(local->addr.ss_family,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &is_shared,
			sizeof(is_shared)) &&
	    !bind(fd, (const struct sockaddr *)&local->addr, local->len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/*
 * Another server of ours would let us in, and go on getting all that strangers
 * send: so one socket that shares with nobody asks first. -1 and errno: it's taken.
 */
static int port_is_free(const struct endpoint *local)
{
	int fd;

	if (!endpoint_port(local))
		return 0;
	fd = bind_socket(local, 0);
	return fd < 0 ? -1 : close(fd);
}

/*
 * Sockets on one port and address share what comes from strangers: all of it goes
 * to the first one, which is the listening one.
 */
static int strangers_come_here(int fd)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &first };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			  sizeof(program));
}

/* With each datagram comes the address that it was sent to. */
static int tell_addresses(const struct port *port)
{
	bool is_ipv6 = port->local.addr.ss_family == AF_INET6;
	int on = 1;

	return setsockopt(port->fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
			  is_ipv6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &on,
			  sizeof(on));
}

int port_open(struct port *port)
{
	struct endpoint *local = &port->local;
	int err;

	if (port_is_free(local))
		return -1;
	port->fd = bind_socket(local, 1);
	if (port->fd < 0)
		return -1;
	if (strangers_come_here(port->fd) || tell_addresses(port)) {
		err = errno;
		close(port->fd);
		errno = err;
		return -1;
	}
	local->len = sizeof(local->addr);
	getsockname(port->fd, (struct sockaddr *)&local->addr, &local->len);
	endpoint_name(local);
	port->here = *local;
	return 0;
}

/* Room for either. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* The port stays, the address is the one that was told. */
static void find_here(struct port *port, struct msghdr *msg)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&port->here.addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&port->here.addr;
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	const struct in6_pktinfo *info6;
	const struct in_pktinfo *info;

	port->here = port->local;
	if (!cmsg)
		return;
	if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
		info = (const void *)CMSG_DATA(cmsg);
		in->sin_addr = info->ipi_spec_dst;
	} else if (cmsg->cmsg_level == IPPROTO_IPV6 &&
		   cmsg->cmsg_type == IPV6_PKTINFO) {
		info6 = (const void *)CMSG_DATA(cmsg);
		in6->sin6_addr = info6->ipi6_addr;
		if (IN6_IS_ADDR_LINKLOCAL(&info6->ipi6_addr))
			in6->sin6_scope_id = info6->ipi6_ifindex;
	}
}

ssize_t port_receive(struct port *port, void *datagram, struct endpoint *peer)
{
	union control control;
	struct iovec iov = { .iov_base = datagram, .iov_len = PORT_DATAGRAM };
	struct msghdr msg;
	ssize_t n;

	/* Its unused bytes are compared and hashed too. */
	memset(peer, 0, sizeof(*peer));
	do {
		msg = (struct msghdr) {
			.msg_name = &peer->addr,
			.msg_namelen = sizeof(peer->addr),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes),
		};
		n = recvmsg(port->fd, &msg, 0);
	} while (n < 0 && errno != EAGAIN);
	if (n < 0)
		return n;
	peer->len = msg.msg_namelen;
	endpoint_name(peer);
	find_here(port, &msg);
	return n;
}

/* Bytes of the control message that has a datagram leave from @port->here. */
static size_t say_here(const struct port *port, union control *control)
{
	const struct sockaddr_in *in = (const void *)&port->here.addr;
	const struct sockaddr_in6 *in6 = (const void *)&port->here.addr;
	struct cmsghdr *cmsg = &control->align;
	struct in6_pktinfo info6 = { 0 };
	struct in_pktinfo info = { 0 };

	if (port->here.addr.ss_family == AF_INET) {
		info.ipi_spec_dst = in->sin_addr;
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		return CMSG_SPACE(sizeof(info));
	}
	info6.ipi6_addr = in6->sin6_addr;
	info6.ipi6_ifindex = in6->sin6_scope_id;
	cmsg->cmsg_level = IPPROTO_IPV6;
	cmsg->cmsg_type = IPV6_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(info6));
	memcpy(CMSG_DATA(cmsg), &info6, sizeof(info6));
	return CMSG_SPACE(sizeof(info6));
}

void port_send(const struct port *port, const struct endpoint *peer,
	       const void *datagram, size_t len)
{
	union control control = { 0 };
	struct iovec iov = { .iov_base = (void *)datagram, .iov_len = len };
	struct msghdr msg = {
		.msg_name = (void *)&peer->addr,
		.msg_namelen = peer->len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = say_here(port, &control),
	};

	/* Should it be lost, the client asks again. */
	sendmsg(port->fd, &msg, 0);
}

/*
 * Bound to an address of its own, the socket would get what strangers send there
 * until it's connected: meanwhile it takes nothing.
 */
static int connect_unheard(int fd, const struct endpoint *here,
			   const struct endpoint *peer)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &nothing };
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) ||
	    bind(fd, (const struct sockaddr *)&here->addr, here->len) ||
	    connect(fd, (const struct sockaddr *)&peer->addr, peer->len))
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof(on));
}

int port_connect(const struct port *port, const struct endpoint *peer)
{
	int fd = socket(port->here.addr.ss_family,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0 || !connect_unheard(fd, &port->here, peer))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
