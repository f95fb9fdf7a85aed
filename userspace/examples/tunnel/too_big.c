// SPDX-License-Identifier: GPL-2.0 OR MIT
/* ICMP's answer to a packet that is too big for the tunnel. */
#include <string.h>

#include "bytes.h"
#include "ip.h"
#include "packet.h"

#define IPV4_ANSWER_MAX 576  /* RFC 1812, 4.3.2.3 */
#define IPV6_ANSWER_MAX 1280 /* RFC 4443, 2.4 (c) */
#define QUOTED_MIN      8    /* RFC 792: beyond the IP header */

#define TOS_INTERNETWORK_CONTROL 0xc0 /* RFC 1812, 4.3.2.5 */
#define HOPS                     64

/* No host's own: RFC 1122, 3.2.2 and RFC 4443, 2.4 (e) don't answer these. */
static bool is_single_host(const struct address *a)
{
	static const struct address unspecified = { .len = 16 };

	if (a->len == 4)
		return a->bytes[0] && a->bytes[0] < 224;
	return a->bytes[0] != 0xff && !address_is(a, &unspecified);
}

static bool is_icmp_error(const struct packet *p)
{
	static const uint8_t errors[] = { 3, 4, 5, 11, 12 };

	return p->len == p->ip_len ||
	       memchr(errors, p->bytes[p->ip_len], sizeof(errors));
}

/* IPv4: without DF it would have been cut; all but the first have an offset. */
static bool ipv4_is_answered(const struct packet *p)
{
	unsigned int fragment = get_u16(p->bytes + IPV4_FRAGMENT);

	if (!(fragment & IPV4_DF) || (fragment & IPV4_OFFSET))
		return false;
	return p->protocol != PROTOCOL_ICMP || !is_icmp_error(p);
}

/* Errors, and redirects (RFC 4443, 2.4 (e)) */
static bool is_icmpv6_error(uint8_t type)
{
	return type < 128 || type == 137;
}

/*
 * IPv6: looks through the extension headers for ICMPv6. A packet that is cut
 * within them isn't answered either.
 */
static bool ipv6_is_answered(const struct packet *p)
{
	uint8_t protocol = p->protocol;
	size_t at = p->ip_len;

	while (protocol == PROTOCOL_HOP_BY_HOP ||
	       protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_DSTOPTS ||
	       protocol == PROTOCOL_FRAGMENT) {
		const uint8_t *header = p->bytes + at;

		if (p->len < at + 8)
			return false;
		if (protocol == PROTOCOL_FRAGMENT && get_u16(header + 2) >> 3)
			return false;
		at += protocol == PROTOCOL_FRAGMENT ? 8 : (header[1] + 1) * 8;
		protocol = header[0];
	}
	if (protocol != PROTOCOL_ICMPV6)
		return at <= p->len;
	return at < p->len && !is_icmpv6_error(p->bytes[at]);
}

/* Answers begin with headers of @head bytes, then as much of @p as there may be. */
static size_t quote(const struct packet *p, size_t head, size_t max,
		    uint8_t *out, size_t size)
{
	size_t len = head + p->len;

	if (len > max)
		len = max;
	if (len > size)
		len = size;
	if (len < head + p->len && len < head + p->ip_len + QUOTED_MIN)
		return 0;
	memset(out, 0, head);
	memcpy(out + head, p->bytes, len - head);
	out[head] &= ~PACKET_UNSUMMED;
	return len;
}

static size_t ipv4_answer(const struct packet *p, size_t mtu, uint8_t *out,
			  size_t size)
{
	uint8_t *icmp = out + IPV4_HEADER;
	size_t len =
		quote(p, IPV4_HEADER + ICMP_HEADER, IPV4_ANSWER_MAX, out, size);

	if (!len)
		return 0;
	out[0] = 0x45;
	out[IPV4_TOS] = TOS_INTERNETWORK_CONTROL;
	put_u16(out + IPV4_LENGTH, len);
	put_u16(out + IPV4_FRAGMENT, IPV4_DF);
	out[IPV4_TTL] = HOPS;
	out[IPV4_PROTOCOL] = PROTOCOL_ICMP;
	memcpy(out + IPV4_SOURCE, p->destination.bytes, 4);
	memcpy(out + IPV4_DESTINATION, p->source.bytes, 4);
	put_sum(out + IPV4_CHECK, packet_fold(packet_sum(out, IPV4_HEADER, 0)));
	icmp[0] = 3; /* unreachable: */
	icmp[1] = 4; /* to be fragmented, and DF is set */
	put_u16(icmp + ICMP_MTU + 2, mtu < 0xffff ? mtu : 0xffff);
	put_sum(icmp + ICMP_CHECK,
		packet_fold(packet_sum(icmp, len - IPV4_HEADER, 0)));
	return len;
}

static size_t ipv6_answer(const struct packet *p, size_t mtu, uint8_t *out,
			  size_t size)
{
	struct packet answer = { .bytes = out, .version = 6 };
	uint8_t *icmp = out + IPV6_HEADER;
	uint64_t sum;
	size_t len =
		quote(p, IPV6_HEADER + ICMP_HEADER, IPV6_ANSWER_MAX, out, size);

	if (!len)
		return 0;
	answer.protocol = PROTOCOL_ICMPV6;
	out[0] = 0x60;
	put_u16(out + IPV6_LENGTH, len - IPV6_HEADER);
	out[IPV6_NEXT] = PROTOCOL_ICMPV6;
	out[IPV6_HOPS] = HOPS;
	memcpy(out + IPV6_SOURCE, p->destination.bytes, 16);
	memcpy(out + IPV6_DESTINATION, p->source.bytes, 16);
	icmp[0] = 2; /* packet too big */
	put_u32(icmp + ICMP_MTU, mtu);
	sum = packet_pseudo_sum(&answer, len - IPV6_HEADER);
	put_sum(icmp + ICMP_CHECK,
		packet_fold(packet_sum(icmp, len - IPV6_HEADER, sum)));
	return len;
}

size_t packet_too_big(const struct packet *p, size_t mtu, uint8_t *out,
		      size_t size)
{
	if (!is_single_host(&p->source) || !is_single_host(&p->destination))
		return 0;
	if (p->version == 4)
		return ipv4_is_answered(p) ? ipv4_answer(p, mtu, out, size) : 0;
	return ipv6_is_answered(p) ? ipv6_answer(p, mtu, out, size) : 0;
}
