/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * From packets off the wire to what the tun device takes: TCP segments that
 * follow each other become one, which crosses the stack once. As GRO does it, so
 * that segmenting again gives the same packets.
 */
#ifndef TUNNEL_COALESCE_H
#define TUNNEL_COALESCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/virtio_net.h>

#include "packet.h"

/**
 * struct coalesce - a packet for the device, or several in one
 * @hdr: for the device, in front of @bytes without a gap
 * @bytes: the packet
 * @len: its bytes; 0: there's none
 * @first: what was the first one's IP header, in @bytes now
 * @headers: bytes in front of the TCP content
 * @segments: how many there are in it
 * @each: TCP content of each one but the last, bytes
 * @next_seq: sequence number that would follow
 * @closed: no more fits: the last one was shorter, or had PSH or FIN set
 */
struct coalesce {
	struct virtio_net_hdr hdr;
	uint8_t bytes[PACKET_MAX];
	size_t len;
	struct packet first;
	size_t headers;
	unsigned int segments;
	size_t each;
	uint32_t next_seq;
	bool closed;
};

/*
 * Adds a packet off the wire. False: it doesn't join what's there: write that
 * first, empty it, and come again; with nothing there it's always taken. Joins
 * only TCP with content, both unsummed (else a checksum that's wrong would
 * become right), of the same flow and in sequence, with equal headers but for
 * lengths, checksums, sequence number, IPv4 identification (one up, or DF), ACK
 * number equal, flags equal but for PSH and FIN, and CWR, which only the first
 * may have; no URG, SYN, RST, no fragment, IPv4 options or IPv6 extension headers;
 * not longer than the first; 64 KiB.
 */
bool coalesce_add(struct coalesce *c, const struct packet *p);

/*
 * Completes lengths, checksums and @hdr (NEEDS_CSUM with the pseudo-header's sum
 * where PACKET_UNSUMMED was set, GSO type and size where there are several).
 * Return: bytes to be written from &c->hdr on: sizeof(c->hdr) + @len; 0: none.
 */
size_t coalesce_finish(struct coalesce *c);

/* After writing, and before the first packet. */
void coalesce_clear(struct coalesce *c);

#endif
