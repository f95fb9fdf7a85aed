/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * From what the tun device gives (a packet, or one of many segments that TCP
 * or UDP left to the device, with a virtio_net_hdr) to packets for the wire.
 */
#ifndef TUNNEL_SEGMENT_H
#define TUNNEL_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/virtio_net.h>

/**
 * struct segments - packets of equal length, one after the other
 * @bytes: the first one's first byte
 * @len: bytes of all of them
 * @each: bytes of each one but the last, which may be shorter
 */
struct segments {
	uint8_t *bytes;
	size_t len;
	size_t each;
};

/**
 * segments_make() - the packets that @packet stands for
 * @hdr: what the device said of it, of this machine's byte order
 * @packet: the packet, which is changed: PACKET_UNSUMMED, or checksum filled in
 * @len: its bytes
 * @to: where to put the packets of one that has to be segmented; @size bytes. One
 *	that hasn't stays where it is
 * @out: what came of it
 *
 * TCP: sequence numbers go on, FIN and PSH are the last one's, CWR the first
 * one's (RFC 3168, 6.1.2); IPv4 identifications go on. UDP: lengths. TCP and UDP
 * right behind the IP header, unfragmented, are left unsummed if the device asks
 * for a checksum, everything else is filled in.
 *
 * Return: packets; -EBADMSG: the header or the packet doesn't make sense;
 * -ENOSPC: @size; -EOPNOTSUPP: another kind of GSO.
 */
int segments_make(const struct virtio_net_hdr *hdr, uint8_t *packet, size_t len,
		  uint8_t *to, size_t size, struct segments *out);

/*
 * The longest IP packet that segments_make() would give of these, without doing
 * it, to tell before whether all fit. 0: it doesn't make sense.
 */
size_t segments_each(const struct virtio_net_hdr *hdr, const uint8_t *packet,
		     size_t len);

#endif
