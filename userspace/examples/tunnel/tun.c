// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "tun.h"

/* Segmentation of UDP came with 6.2. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static const unsigned int segmentation = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
					 TUN_F_TSO_ECN;

static void name_device(const struct tun *tun, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, tun->name, sizeof(tun->name));
}

static int ask(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int make_device(struct tun *tun)
{
	struct ifreq ifr;
	int hdr_len = sizeof(struct virtio_net_hdr);
	int err;

	name_device(tun, &ifr);
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
	err = ask(tun->fd, TUNSETIFF, &ifr);
	if (err)
		return err == -EBUSY ? -EEXIST : err;
	err = ask(tun->fd, TUNSETVNETHDRSZ, &hdr_len);
	if (err)
		return err;
	if (!ioctl(tun->fd, TUNSETOFFLOAD,
		   segmentation | TUN_F_USO4 | TUN_F_USO6))
		return 0;
	return ioctl(tun->fd, TUNSETOFFLOAD, segmentation) ? -errno : 0;
}

static int find_index(struct tun *tun)
{
	struct ifreq ifr;
	int err;

	name_device(tun, &ifr);
	err = ask(tun->control, SIOCGIFINDEX, &ifr);
	tun->index = ifr.ifr_ifindex;
	return err;
}

int tun_open(struct tun *tun, const char *name)
{
	int err;

	memset(tun, 0, sizeof(*tun));
	tun->control = -1;
	if (strlen(name) >= sizeof(tun->name))
		return -ENAMETOOLONG;
	memcpy(tun->name, name, strlen(name));
	tun->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun->fd < 0)
		return -errno;
	err = make_device(tun);
	if (!err)
		tun->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!err && tun->control < 0)
		err = -errno;
	if (!err)
		err = find_index(tun);
	if (!err)
		return 0;
	if (tun->control >= 0)
		close(tun->control);
	close(tun->fd);
	return err;
}

int tun_set_mtu(struct tun *tun, unsigned int mtu)
{
	struct ifreq ifr;
	int err;

	name_device(tun, &ifr);
	ifr.ifr_mtu = mtu;
	err = ask(tun->control, SIOCSIFMTU, &ifr);
	if (!err)
		tun->mtu = mtu;
	return err;
}

/* The network's mask, or all ones. */
static void fill_ipv4(struct sockaddr *to, const struct prefix *p, bool mask)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	in->sin_family = AF_INET;
	if (mask)
		in->sin_addr.s_addr = p->bits ? htonl(~0u << (32 - p->bits)) :
						0;
	else
		memcpy(&in->sin_addr, p->address.bytes, 4);
}

static int add_ipv4(struct tun *tun, const struct prefix *p)
{
	struct ifreq ifr;
	int err;

	name_device(tun, &ifr);
	fill_ipv4(&ifr.ifr_addr, p, false);
	err = ask(tun->control, SIOCSIFADDR, &ifr);
	if (err)
		return err;
	fill_ipv4(&ifr.ifr_netmask, p, true);
	return ask(tun->control, SIOCSIFNETMASK, &ifr);
}

/* Devices know IPv6 by sockets of its own. */
static int ask_ipv6(unsigned long request, void *arg)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = ask(fd, request, arg);
	close(fd);
	return err;
}

static int add_ipv6(struct tun *tun, const struct prefix *p)
{
	struct in6_ifreq ifr = {
		.ifr6_prefixlen = p->bits,
		.ifr6_ifindex = tun->index,
	};

	memcpy(&ifr.ifr6_addr, p->address.bytes, 16);
	return ask_ipv6(SIOCSIFADDR, &ifr);
}

int tun_add_address(struct tun *tun, const struct prefix *address)
{
	return address->address.len == 4 ? add_ipv4(tun, address) :
					   add_ipv6(tun, address);
}

int tun_up(struct tun *tun)
{
	struct ifreq ifr;
	int err;

	name_device(tun, &ifr);
	err = ask(tun->control, SIOCGIFFLAGS, &ifr);
	if (err)
		return err;
	ifr.ifr_flags |= IFF_UP;
	return ask(tun->control, SIOCSIFFLAGS, &ifr);
}

static int route_ipv4(struct tun *tun, const struct prefix *route)
{
	struct rtentry entry = {
		.rt_flags = RTF_UP,
		.rt_dev = tun->name,
	};

	fill_ipv4(&entry.rt_dst, route, false);
	fill_ipv4(&entry.rt_genmask, route, true);
	return ask(tun->control, SIOCADDRT, &entry);
}

static int route_ipv6(struct tun *tun, const struct prefix *route)
{
	struct in6_rtmsg message = {
		.rtmsg_dst_len = route->bits,
		.rtmsg_flags = RTF_UP,
		.rtmsg_metric = 1024,
		.rtmsg_ifindex = tun->index,
	};

	memcpy(&message.rtmsg_dst, route->address.bytes, 16);
	return ask_ipv6(SIOCADDRT, &message);
}

int tun_add_route(struct tun *tun, const struct prefix *route)
{
	int err = route->address.len == 4 ? route_ipv4(tun, route) :
					    route_ipv6(tun, route);

	return err == -EEXIST ? 0 : err;
}

ssize_t tun_read(struct tun *tun, struct tun_packet *packet)
{
	ssize_t n = read(tun->fd, packet, sizeof(*packet));

	if (n < 0)
		return -errno;
	return n < (ssize_t)sizeof(packet->hdr) ?
		       -EBADMSG :
		       n - (ssize_t)sizeof(packet->hdr);
}

void tun_write(struct tun *tun, struct coalesce *c)
{
	size_t len = coalesce_finish(c);

	/* A full queue or a packet that the stack refuses: lost, as on a wire. */
	if (len && write(tun->fd, &c->hdr, len) < 0)
		errno = 0;
	coalesce_clear(c);
}
