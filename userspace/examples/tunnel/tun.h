/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The tun device: packets to and from this machine, many in one. */
#ifndef TUNNEL_TUN_H
#define TUNNEL_TUN_H

#include <net/if.h>
#include <linux/virtio_net.h>

#include "coalesce.h"
#include "message.h"
#include "packet.h"

/**
 * struct tun - a device, which goes with its file
 * @fd: its file, doesn't block
 * @control: a socket for questions about devices
 * @name: its name
 * @index: its number
 * @mtu: longest packet
 */
struct tun {
	int fd;
	int control;
	char name[IFNAMSIZ];
	int index;
	unsigned int mtu;
};

/**
 * struct tun_packet - as the device gives it
 * @hdr: what the device says of it
 * @bytes: the packet
 */
struct tun_packet {
	struct virtio_net_hdr hdr;
	uint8_t bytes[PACKET_MAX];
};

/*
 * These need CAP_NET_ADMIN, and return 0 or -errno. tun_open(): -EEXIST: there is
 * one of that name.
 */
int tun_open(struct tun *tun, const char *name);
int tun_set_mtu(struct tun *tun, unsigned int mtu);
int tun_add_address(struct tun *tun, const struct prefix *address);
int tun_up(struct tun *tun);
int tun_add_route(struct tun *tun, const struct prefix *route);

/* Bytes of the packet; -EAGAIN: there's none; or -errno. */
ssize_t tun_read(struct tun *tun, struct tun_packet *packet);

/* What's in @c, if anything, goes to the device; a packet it refuses is lost. */
void tun_write(struct tun *tun, struct coalesce *c);

#endif
