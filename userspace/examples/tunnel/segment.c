// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "ip.h"
#include "packet.h"
#include "segment.h"

/* Older headers don't have it, their kernels neither. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/**
 * struct shape - what a packet off the device is made of
 * @ip: the packet
 * @is_udp: its segments are UDP's, else TCP's
 * @l4: where TCP or UDP begins, bytes from the packet's begin
 * @headers: bytes in front of the content
 * @content: bytes of it in each segment but the last
 * @count: segments; 1: it's one packet as it is
 */
struct shape {
	struct packet ip;
	bool is_udp;
	size_t l4;
	size_t headers;
	size_t content;
	size_t count;
};

/* TCP or UDP right behind the IP header: the other end knows where its sum is. */
static bool can_be_unsummed(const struct packet *p, size_t l4)
{
	return l4 == p->ip_len && !p->fragment &&
	       (p->protocol == PROTOCOL_TCP || p->protocol == PROTOCOL_UDP);
}

static size_t tcp_header(const uint8_t *tcp)
{
	return (tcp[TCP_OFFSET] >> 4) * 4;
}

/* The device's word of where TCP or UDP is, held against the IP header. */
static int shape_gso(struct shape *s, const struct virtio_net_hdr *hdr)
{
	const struct packet *p = &s->ip;
	size_t header_min = s->is_udp ? UDP_HEADER : TCP_HEADER;
	size_t header, content;

	s->l4 = hdr->csum_start;
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || !hdr->gso_size ||
	    hdr->csum_offset != (s->is_udp ? UDP_CHECK : TCP_CHECK) ||
	    p->fragment || s->l4 < p->ip_len || p->len < s->l4 + header_min)
		return -EBADMSG;
	/* IPv6: extension headers may be in between. */
	if (s->l4 == p->ip_len ?
		    p->protocol != (s->is_udp ? PROTOCOL_UDP : PROTOCOL_TCP) :
		    p->version == 4)
		return -EBADMSG;
	header = s->is_udp ? UDP_HEADER : tcp_header(p->bytes + s->l4);
	if (header < header_min || p->len < s->l4 + header)
		return -EBADMSG;
	s->headers = s->l4 + header;
	content = p->len - s->headers;
	if (content > hdr->gso_size) {
		s->content = hdr->gso_size;
		s->count = (content + s->content - 1) / s->content;
	}
	return 0;
}

static int shape_of(struct shape *s, const struct virtio_net_hdr *hdr,
		    uint8_t *packet, size_t len)
{
	unsigned int gso = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	/* PACKET_UNSUMMED is of the wire, no device sets it. */
	if (packet_parse(&s->ip, packet, len) || s->ip.unsummed)
		return -EBADMSG;
	s->count = 1;
	s->is_udp = gso == VIRTIO_NET_HDR_GSO_UDP_L4;
	if (gso == VIRTIO_NET_HDR_GSO_NONE)
		return 0;
	if (gso != VIRTIO_NET_HDR_GSO_TCPV4 &&
	    gso != VIRTIO_NET_HDR_GSO_TCPV6 && !s->is_udp)
		return -EOPNOTSUPP;
	if (!s->is_udp &&
	    s->ip.version != (gso == VIRTIO_NET_HDR_GSO_TCPV4 ? 4 : 6))
		return -EBADMSG;
	return shape_gso(s, hdr);
}

/*
 * Completes the checksum at @check of the bytes from @from to the packet's end,
 * where the pseudo-header's sum is so far. 0 would say that UDP has none, its
 * other form suits all.
 */
static void fill_in(uint8_t *from, size_t len, uint8_t *check)
{
	uint16_t sum = packet_fold(packet_sum(from, len, 0));

	put_sum(check, sum ? sum : 0xffff);
}

static int make_one(const struct packet *p, const struct virtio_net_hdr *hdr)
{
	size_t start = hdr->csum_start, offset = hdr->csum_offset;
	size_t expected = p->protocol == PROTOCOL_TCP ? TCP_CHECK : UDP_CHECK;

	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return 0;
	if (start < p->ip_len || start + offset + 2 > p->len)
		return -EBADMSG;
	if (can_be_unsummed(p, start) && offset == expected &&
	    p->len >= start + (expected == TCP_CHECK ? TCP_HEADER : UDP_HEADER))
		p->bytes[0] |= PACKET_UNSUMMED;
	else
		fill_in(p->bytes + start, p->len - start,
			p->bytes + start + offset);
	return 0;
}

/**
 * struct cut - what all segments have in common
 * @s: the packet
 * @ip_sum: of an IPv4 header without length, identification and checksum
 * @id: the first segment's identification
 * @seq: the first segment's sequence number
 * @is_unsummed: the segments' checksums are left out
 */
struct cut {
	const struct shape *s;
	uint64_t ip_sum;
	uint16_t id;
	uint32_t seq;
	bool is_unsummed;
};

static void cut_begin(struct cut *cut, const struct shape *s)
{
	const uint8_t *bytes = s->ip.bytes;

	cut->s = s;
	cut->is_unsummed = can_be_unsummed(&s->ip, s->l4);
	if (!s->is_udp)
		cut->seq = get_u32(bytes + s->l4 + TCP_SEQ);
	if (s->ip.version != 4)
		return;
	cut->id = get_u16(bytes + IPV4_ID);
	/* All but 2 to 6 (length, identification) and 10 to 12 (checksum) */
	cut->ip_sum = packet_sum(bytes, 2, 0);
	cut->ip_sum = packet_sum(bytes + IPV4_FRAGMENT, 4, cut->ip_sum);
	cut->ip_sum = packet_sum(bytes + IPV4_SOURCE,
				 s->ip.ip_len - IPV4_SOURCE, cut->ip_sum);
}

static void cut_ip(const struct cut *cut, uint8_t *at, size_t len, size_t i)
{
	if (cut->s->ip.version == 6) {
		put_u16(at + IPV6_LENGTH, len - IPV6_HEADER);
		return;
	}
	put_u16(at + IPV4_LENGTH, len);
	put_u16(at + IPV4_ID, cut->id + i);
	put_sum(at + IPV4_CHECK,
		packet_fold(packet_sum(at + IPV4_LENGTH, 4, cut->ip_sum)));
}

static void cut_tcp(const struct cut *cut, uint8_t *tcp, size_t i)
{
	put_u32(tcp + TCP_SEQ, cut->seq + i * cut->s->content);
	if (i)
		tcp[TCP_FLAGS] &= ~TCP_CWR;
	if (i < cut->s->count - 1)
		tcp[TCP_FLAGS] &= ~(TCP_FIN | TCP_PSH);
}

/*
 * The pseudo-header's sum is there, of the whole packet's length. It isn't made
 * from the IP header, as a routing header may have another destination.
 */
static void cut_sum(const struct cut *cut, uint8_t *l4, size_t len)
{
	uint8_t *check = l4 + (cut->s->is_udp ? UDP_CHECK : TCP_CHECK);
	uint16_t whole = htobe16(cut->s->ip.len - cut->s->l4), sum;

	memcpy(&sum, check, sizeof(sum));
	put_sum(check,
		~packet_fold((uint64_t)sum + (uint16_t)~whole + htobe16(len)));
	fill_in(l4, len, check);
}

/* @len: of the segment, whose bytes are all at @at */
static void cut_headers(const struct cut *cut, uint8_t *at, size_t len, size_t i)
{
	uint8_t *l4 = at + cut->s->l4;

	cut_ip(cut, at, len, i);
	if (cut->s->is_udp)
		put_u16(l4 + UDP_LENGTH, len - cut->s->l4);
	else
		cut_tcp(cut, l4, i);
	if (cut->is_unsummed)
		at[0] |= PACKET_UNSUMMED;
	else
		cut_sum(cut, l4, len - cut->s->l4);
}

static void make_many(const struct shape *s, uint8_t *to)
{
	const uint8_t *content = s->ip.bytes + s->headers;
	const uint8_t *end = s->ip.bytes + s->ip.len;
	struct cut cut = { 0 };
	size_t i;

	cut_begin(&cut, s);
	for (i = 0; i < s->count; i++) {
		size_t left = end - content;
		size_t n = left < s->content ? left : s->content;

		memcpy(to, s->ip.bytes, s->headers);
		memcpy(to + s->headers, content, n);
		cut_headers(&cut, to, s->headers + n, i);
		content += n;
		to += s->headers + n;
	}
}

int segments_make(const struct virtio_net_hdr *hdr, uint8_t *packet, size_t len,
		  uint8_t *to, size_t size, struct segments *out)
{
	struct shape s;
	int err = shape_of(&s, hdr, packet, len);

	if (err)
		return err;
	if (s.count == 1) {
		*out = (struct segments) { packet, s.ip.len, s.ip.len };
		err = make_one(&s.ip, hdr);
		return err ? err : 1;
	}
	out->bytes = to;
	out->len = s.ip.len + (s.count - 1) * s.headers;
	out->each = s.headers + s.content;
	if (out->len > size)
		return -ENOSPC;
	make_many(&s, to);
	return s.count;
}

size_t segments_each(const struct virtio_net_hdr *hdr, const uint8_t *packet,
		     size_t len)
{
	struct shape s;

	/* Nothing is written there. */
	if (shape_of(&s, hdr, (uint8_t *)packet, len))
		return 0;
	return s.count == 1 ? s.ip.len : s.headers + s.content;
}
