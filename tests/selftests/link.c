// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

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

/* A request to the kernel's routing code, as it's put together. */
struct request {
	struct nlmsghdr header;
	char rest[512];
};

static void *request_begin(struct request *request, uint16_t type, size_t len)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (type != RTM_DELLINK)
		request->header.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	return NLMSG_DATA(&request->header);
}

static struct rtattr *request_add(struct request *request, uint16_t type,
				  const void *value, size_t len)
{
	struct nlmsghdr *header = &request->header;
	size_t end = NLMSG_ALIGN(header->nlmsg_len);
	struct rtattr *attr = (struct rtattr *)((char *)request + end);

	attr->rta_type = type;
	attr->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attr), value, len);
	header->nlmsg_len = (uint32_t)(end + RTA_ALIGN(attr->rta_len));
	return attr;
}

static void request_add_address(struct request *request, uint16_t type,
				const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET)
		request_add(request, type,
			    &((const struct sockaddr_in *)addr)->sin_addr, 4);
	else
		request_add(request, type,
			    &((const struct sockaddr_in6 *)addr)->sin6_addr,
			    16);
}

/* All that was added since @attr is within it. */
static void request_nest(struct request *request, struct rtattr *attr)
{
	attr->rta_len =
		(unsigned short)((char *)&request->header +
				 request->header.nlmsg_len - (char *)attr);
}

static int request_send(const struct request *request)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr err;
		char rest[512];
	} answer;
	ssize_t n;

	n = send(fd, request, request->header.nlmsg_len, 0);
	if (n >= 0)
		n = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	if (n < 0)
		return -1;
	errno = -answer.err.error;
	return errno ? -1 : 0;
}

/*
 * "far" here, and its other end "near" in another namespace. Their indices
 * differ: where they're the same the kernel takes a second to notice that the
 * link is up.
 */
static int make_veth(int ns)
{
	struct rtattr *info, *data, *peer;
	struct ifinfomsg msg = { .ifi_index = 102 };
	struct request request;

	memcpy(request_begin(&request, RTM_NEWLINK, sizeof(msg)), &msg,
	       sizeof(msg));
	request_add(&request, IFLA_IFNAME, "far", sizeof("far"));
	info = request_add(&request, IFLA_LINKINFO, NULL, 0);
	request_add(&request, IFLA_INFO_KIND, "veth", sizeof("veth"));
	data = request_add(&request, IFLA_INFO_DATA, NULL, 0);
	msg.ifi_index = 101;
	peer = request_add(&request, VETH_INFO_PEER, &msg, sizeof(msg));
	request_add(&request, IFLA_IFNAME, "near", sizeof("near"));
	request_add(&request, IFLA_NET_NS_FD, &ns, sizeof(ns));
	request_nest(&request, peer);
	request_nest(&request, data);
	request_nest(&request, info);
	return request_send(&request);
}

/* A simulated network card on top of a device that's up, with crypto. */
int link_add_card(const char *below, const char *name)
{
	int index = (int)if_nametoindex(below);
	struct ifinfomsg msg = {};
	struct request request;
	struct rtattr *info;

	memcpy(request_begin(&request, RTM_NEWLINK, sizeof(msg)), &msg,
	       sizeof(msg));
	request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	request_add(&request, IFLA_LINK, &index, sizeof(index));
	info = request_add(&request, IFLA_LINKINFO, NULL, 0);
	request_add(&request, IFLA_INFO_KIND, "dtls_sim", sizeof("dtls_sim"));
	request_nest(&request, info);
	return request_send(&request);
}

static int device_ioctl(const char *device, unsigned long what,
			struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	strncpy(ifr->ifr_name, device, sizeof(ifr->ifr_name) - 1);
	err = ioctl(fd, what, ifr);
	close(fd);
	return err;
}

/* @flags: IFF_UP or 0 */
int link_flags(const char *device, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	return device_ioctl(device, SIOCSIFFLAGS, &ifr);
}

/* Of a device that's down. */
int link_rename(const char *device, const char *name)
{
	struct ifreq ifr = {};

	strncpy(ifr.ifr_newname, name, sizeof(ifr.ifr_newname) - 1);
	return device_ioctl(device, SIOCSIFNAME, &ifr);
}

static void hardware_address(int host, uint8_t address[6])
{
	const uint8_t first[5] = { 0x02 };

	memcpy(address, first, sizeof(first));
	address[5] = (uint8_t)host;
}

/* 02:00:00:00:00:HOST */
int link_hardware_address(const char *device, int host)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	hardware_address(host, (uint8_t *)ifr.ifr_hwaddr.sa_data);
	return device_ioctl(device, SIOCSIFHWADDR, &ifr);
}

static int add_address(const char *device, enum bed_family family, int host)
{
	struct ifaddrmsg msg = {
		.ifa_family = family == BED_IPV4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = family == BED_IPV4 ? 24 : 64,
		.ifa_flags = IFA_F_NODAD,
		.ifa_index = if_nametoindex(device),
	};
	struct sockaddr_storage addr;
	struct request request;

	link_address(family, host, 0, &addr);
	memcpy(request_begin(&request, RTM_NEWADDR, sizeof(msg)), &msg,
	       sizeof(msg));
	request_add_address(&request, IFA_LOCAL, &addr);
	return request_send(&request);
}

static int add_neighbour(const char *device, enum bed_family family, int host)
{
	struct ndmsg msg = {
		.ndm_family = family == BED_IPV4 ? AF_INET : AF_INET6,
		.ndm_state = NUD_PERMANENT,
		.ndm_ifindex = (int)if_nametoindex(device),
	};
	struct sockaddr_storage addr;
	struct request request;
	uint8_t hardware[6];

	link_address(family, host, 0, &addr);
	hardware_address(host, hardware);
	memcpy(request_begin(&request, RTM_NEWNEIGH, sizeof(msg)), &msg,
	       sizeof(msg));
	request.header.nlmsg_flags &= (uint16_t)~NLM_F_EXCL;
	request.header.nlmsg_flags |= NLM_F_REPLACE;
	request_add_address(&request, NDA_DST, &addr);
	request_add(&request, NDA_LLADDR, hardware, sizeof(hardware));
	return request_send(&request);
}

/* The device needn't ask for the other end's link_hardware_address(). */
int link_neighbour(const char *device, int host)
{
	if (add_neighbour(device, BED_IPV4, host))
		return -1;
	return add_neighbour(device, BED_IPV6, host);
}

/* The device has its addresses; IPv6's go whenever it's taken down. */
int link_configure(const char *device, int host)
{
	if (link_flags(device, IFF_UP))
		return -1;
	if (add_address(device, BED_IPV4, host) && errno != EEXIST)
		return -1;
	return add_address(device, BED_IPV6, host) && errno != EEXIST ? -1 : 0;
}

/* Both ends of it. */
int link_delete(void)
{
	struct ifinfomsg msg = { .ifi_index = (int)if_nametoindex("near") };
	struct request request;

	memcpy(request_begin(&request, RTM_DELLINK, sizeof(msg)), &msg,
	       sizeof(msg));
	return request_send(&request);
}

/* Of a device in the namespace that we're in. */
int link_mtu(const char *device, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	return device_ioctl(device, SIOCSIFMTU, &ifr);
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

/* Return: a UDP socket of the end @host at this address of it, or -1. */
int link_socket(const struct link *link, enum bed_family family, int host,
		const struct sockaddr_storage *addr, socklen_t len)
{
	int fd;

	if (link_enter(link, host))
		return -1;
	fd = bed_socket(family, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)addr, len) ||
	    link_enter(link, LINK_NEAR))
		return -1;
	return fd;
}

static int end_open(const struct link *link, enum bed_family family, int host,
		    uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = link_address(family, host, port, &addr);

	return link_socket(link, family, host, &addr, len);
}

/* @port: 0: of the kernel's choice */
static int pair_at(const struct link *link, enum bed_family family,
		   uint16_t port, int fd[2])
{
	fd[0] = end_open(link, family, LINK_NEAR, port);
	fd[1] = end_open(link, family, LINK_FAR, port);
	if (fd[0] < 0 || fd[1] < 0 || bed_room(fd[0]) || bed_room(fd[1]) ||
	    bed_connect(fd[0], fd[1]))
		return -1;
	return bed_connect(fd[1], fd[0]);
}

/* Two UDP sockets connected to each other, one at each end. */
int link_pair(const struct link *link, enum bed_family family, int fd[2])
{
	return pair_at(link, family, 0, fd);
}

/*
 * Return when what these sockets send each other arrives: the kernel may notice
 * later that a device is up, and loses what's sent before. The newest number
 * has been seen, so nothing is under way: for ways that are as fast as we are,
 * with no other process on them.
 */
int link_carries(int from, int to)
{
	time_t until = time(NULL) + LINK_SECONDS;
	static unsigned int number;
	unsigned int seen = 0;

	do {
		if (time(NULL) > until) {
			errno = ETIMEDOUT;
			return -1;
		}
		number++;
		send(from, &number, sizeof(number), 0);
		sched_yield();
		while (recv(to, &seen, sizeof(seen), MSG_DONTWAIT) > 0)
			;
	} while (seen != number);
	return 0;
}

/*
 * The folder of the simulated card @device of the end @host, with a slash. Its
 * name has the device's number, for which sysfs would say that of the first
 * namespace's device.
 */
int link_card_folder(const struct link *link, int host, const char *device,
		     char *folder, size_t size)
{
	unsigned int index;

	if (link_enter(link, host))
		return -1;
	index = if_nametoindex(device);
	snprintf(folder, size, "/sys/kernel/debug/dtls_sim/%u-%s/", index,
		 device);
	return link_enter(link, LINK_NEAR) || !index ? -1 : 0;
}

/* Return when the link carries such datagrams. */
int link_wait_family(const struct link *link, enum bed_family family)
{
	int fd[2], err;

	if (pair_at(link, family, BED_PLAIN_PORT, fd))
		return -1;
	err = link_carries(fd[0], fd[1]) || link_carries(fd[1], fd[0]);
	close(fd[0]);
	close(fd[1]);
	return err ? -1 : 0;
}

/* An address of IPv6 may become valid later than the device comes up. */
int link_wait(const struct link *link)
{
	if (link_wait_family(link, BED_IPV4))
		return -1;
	return link_wait_family(link, BED_IPV6);
}

/*
 * The link without addresses, down. The test's namespace is the one that it's
 * in, with its loopback up.
 */
int link_make(struct link *link)
{
	link->near = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (link->near < 0 || bed_netns())
		return -1;
	link->far = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (link->far < 0 || make_veth(link->near))
		return -1;
	return link_enter(link, LINK_NEAR);
}

int link_open(struct link *link)
{
	if (link_make(link) || link_configure("near", LINK_NEAR) ||
	    link_enter(link, LINK_FAR) || link_configure("far", LINK_FAR) ||
	    link_enter(link, LINK_NEAR))
		return -1;
	return link_wait(link);
}
