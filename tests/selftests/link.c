// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "link.h"

/* Return: 0 if the command succeeded, in the namespace that we're in. */
int link_command(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return system(text) ? -1 : 0;
}

/* Without checksums in the device: frames are what goes over a wire. */
static int configure(const char *device, int host)
{
	return link_command("ip -batch - <<-END\n"
			    "link set %s up mtu 1500\n"
			    "addr add 192.0.2.%d/24 dev %s\n"
			    "addr add 2001:db8::%d/64 dev %s nodad\n"
			    "END\n",
			    device, host, device, host, device);
}

/* The test's namespace is the one that it's in, with its loopback up. */
int link_open(struct link *link)
{
	link->near = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (link->near < 0 || bed_netns())
		return -1;
	link->far = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (link->far < 0 ||
	    link_command("ip link add far type veth peer name near netns"
			 " /proc/%d/fd/%d",
			 getpid(), link->near) ||
	    configure("far", LINK_FAR) || link_enter(link, LINK_NEAR))
		return -1;
	return configure("near", LINK_NEAR);
}

int link_enter(const struct link *link, int where)
{
	return setns(where == LINK_NEAR ? link->near : link->far, CLONE_NEWNET);
}

/* Return: the address's length. */
socklen_t link_address(enum bed_family family, int host, uint16_t port,
		       struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	char text[INET6_ADDRSTRLEN];

	memset(addr, 0, sizeof(*addr));
	if (family == BED_IPV4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(0xc0000200U | (uint32_t)host);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	snprintf(text, sizeof(text),
		 family == BED_IPV6 ? "2001:db8::%d" : "::ffff:192.0.2.%d",
		 host);
	inet_pton(AF_INET6, text, &in6->sin6_addr);
	return sizeof(*in6);
}

static int end_open(const struct link *link, enum bed_family family, int host)
{
	struct sockaddr_storage addr;
	socklen_t len = link_address(family, host, 0, &addr);
	int fd;

	if (link_enter(link, host))
		return -1;
	fd = bed_socket(family, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) ||
	    link_enter(link, LINK_NEAR))
		return -1;
	return fd;
}

/* Two UDP sockets connected to each other, one at each end. */
int link_pair(const struct link *link, enum bed_family family, int fd[2])
{
	fd[0] = end_open(link, family, LINK_NEAR);
	fd[1] = end_open(link, family, LINK_FAR);
	if (fd[0] < 0 || fd[1] < 0 || bed_room(fd[0]) || bed_room(fd[1]) ||
	    bed_connect(fd[0], fd[1]))
		return -1;
	return bed_connect(fd[1], fd[0]);
}
