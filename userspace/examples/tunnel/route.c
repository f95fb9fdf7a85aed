// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "route.h"

static int netlink = -1;

int route_watch(struct source *source)
{
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};

	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			 NETLINK_ROUTE);
	if (netlink < 0)
		return -errno;
	if (bind(netlink, (struct sockaddr *)&groups, sizeof(groups)))
		return -errno;
	return loop_watch(source, netlink);
}

void route_heard(void)
{
	char unread[4096];

	/* ENOBUFS: some was lost, which says as much. */
	while (recv(netlink, unread, sizeof(unread), 0) >= 0 || errno == ENOBUFS)
		;
}

int route_connect(const struct endpoint *remote)
{
	int fd = socket(remote->addr.ss_family,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0 ||
	    !connect(fd, (const struct sockaddr *)&remote->addr, remote->len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

void route_local(int fd, struct endpoint *local)
{
	memset(local, 0, sizeof(*local));
	local->len = sizeof(local->addr);
	getsockname(fd, (struct sockaddr *)&local->addr, &local->len);
	endpoint_name(local);
}

bool route_has_moved(int fd, const struct endpoint *remote)
{
	int probe = route_connect(remote);
	struct endpoint now, then;

	if (probe < 0)
		return false;
	route_local(probe, &now);
	route_local(fd, &then);
	close(probe);
	return !endpoint_same_host(&now, &then);
}
