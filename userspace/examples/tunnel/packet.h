/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * IP packets as they cross the tunnel. This file and segment, coalesce, message
 * and pool know bytes only: no sockets, no files, no time.
 *
 * A packet is a record's content as it is, from its IP header on. TCP and UDP
 * may leave their checksum to be filled in: the record's own tag protects the
 * packet on its way, so neither end adds up what the next one would throw away.
 * Then bit 7 of the first byte is set (PACKET_UNSUMMED; an IP version is 4 or 6,
 * so that bit is free) and the checksum field means nothing.
 */
#ifndef TUNNEL_PACKET_H
#define TUNNEL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_UNSUMMED 0x80
#define PACKET_MAX      65535

/**
 * struct address - an IP address
 * @len: 4, 16, or 0: none
 * @bytes: in network order, what's beyond @len is 0
 */
struct address {
	uint8_t len;
	uint8_t bytes[16];
};

bool address_is(const struct address *a, const struct address *b);

/* Text for a log line, valid until the next but seven. */
const char *address_text(const struct address *a);

/**
 * struct packet - what's in an IP header, validated
 * @bytes: its first byte
 * @len: bytes, as the IP header says
 * @version: 4 or 6
 * @unsummed: PACKET_UNSUMMED is set
 * @fragment: it's a fragment of a datagram
 * @protocol: of what follows the IP header (IPv6: the first next header)
 * @ip_len: bytes of the IP header, IPv4 options included
 * @source: where from
 * @destination: where to
 */
struct packet {
	uint8_t *bytes;
	size_t len;
	uint8_t version;
	bool unsummed;
	bool fragment;
	uint8_t protocol;
	size_t ip_len;
	struct address source;
	struct address destination;
};

/*
 * Reads @len bytes as an IP packet. Bytes beyond what its header says are left
 * out; 0, or -EBADMSG: it's none (version, header length, length beyond @len).
 */
int packet_parse(struct packet *p, uint8_t *bytes, size_t len);

/* The Internet checksum (RFC 1071) of @len bytes, added to @sum, not folded. */
uint64_t packet_sum(const void *bytes, size_t len, uint64_t sum);

/* Folded and complemented, in network order as stored in a header. */
uint16_t packet_fold(uint64_t sum);

/* Of the pseudo-header of TCP and UDP over @p, not folded; @len: theirs. */
uint64_t packet_pseudo_sum(const struct packet *p, size_t len);

/*
 * Makes in @out an ICMP answer to @p, from its destination to its source: it was
 * too big for @mtu bytes (RFC 792 and 1191: type 3, code 4; RFC 4443, 3.2). @p may
 * have PACKET_UNSUMMED set, which the quoted part must not show. Return: its bytes;
 * 0: none is due: an IPv4 packet without DF, another fragment than the first, an
 * ICMP error itself, a source or destination that is multicast or unspecified.
 */
size_t packet_too_big(const struct packet *p, size_t mtu, uint8_t *out,
		      size_t size);

#endif
