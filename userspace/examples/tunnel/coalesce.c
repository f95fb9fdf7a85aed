// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bytes.h"
#include "coalesce.h"
#include "ip.h"

/* One write gives the device both. */
_Static_assert(offsetof(struct coalesce, bytes) ==
		       offsetof(struct coalesce, hdr) +
			       sizeof(struct virtio_net_hdr),
	       "the packet follows its header");

/**
 * struct tcp - what counts of a TCP header
 * @bytes: its first byte
 * @headers: bytes from the packet's begin to the content
 * @content: bytes of it
 * @seq: sequence number
 * @flags: FIN to CWR
 */
struct tcp {
	const uint8_t *bytes;
	size_t headers;
	size_t content;
	uint32_t seq;
	uint8_t flags;
};

/* With PACKET_UNSUMMED in the first byte, which the checksum knows nothing of */
static bool ipv4_sum_is_right(const struct packet *p)
{
	uint64_t without = (uint16_t)~htobe16(PACKET_UNSUMMED << 8);

	return !packet_fold(packet_sum(p->bytes, IPV4_HEADER, without));
}

/* Whether @p is TCP that can be joined with more of it. */
static bool tcp_of(struct tcp *tcp, const struct packet *p)
{
	size_t header;

	if (!p->unsummed || p->protocol != PROTOCOL_TCP)
		return false;
	/* It isn't cut to less, nor a fragment: it could not be unsummed. */
	tcp->bytes = p->bytes + p->ip_len;
	header = (tcp->bytes[TCP_OFFSET] >> 4) * 4;
	tcp->headers = p->ip_len + header;
	if (header < TCP_HEADER || p->len <= tcp->headers)
		return false;
	tcp->content = p->len - tcp->headers;
	tcp->seq = get_u32(tcp->bytes + TCP_SEQ);
	tcp->flags = tcp->bytes[TCP_FLAGS];
	if (tcp->flags & (TCP_URG | TCP_SYN | TCP_RST))
		return false;
	return p->version == 6 ||
	       (p->ip_len == IPV4_HEADER && ipv4_sum_is_right(p));
}

static bool is_same(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
	return !memcmp(a + from, b + from, to - from);
}

/* Identifications of packets that can't be cut say nothing (RFC 6864, 4.1). */
static bool ipv4_follows(const struct coalesce *c, const uint8_t *ip)
{
	const uint8_t *first = c->bytes;
	uint16_t id = get_u16(first + IPV4_ID) + c->segments;

	return is_same(first, ip, 0, IPV4_LENGTH) &&
	       is_same(first, ip, IPV4_FRAGMENT, IPV4_CHECK) &&
	       is_same(first, ip, IPV4_SOURCE, IPV4_HEADER) &&
	       ((get_u16(ip + IPV4_FRAGMENT) & IPV4_DF) ||
		get_u16(ip + IPV4_ID) == id);
}

static bool ipv6_follows(const struct coalesce *c, const uint8_t *ip)
{
	return is_same(c->bytes, ip, 0, IPV6_LENGTH) &&
	       is_same(c->bytes, ip, IPV6_NEXT, IPV6_HEADER);
}

static bool tcp_follows(const struct coalesce *c, const struct tcp *tcp)
{
	const uint8_t *first = c->bytes + c->first.ip_len;
	uint8_t differ = first[TCP_FLAGS] ^ tcp->flags;

	if (tcp->seq != c->next_seq || (tcp->flags & TCP_CWR) ||
	    (differ & ~(TCP_FIN | TCP_PSH | TCP_CWR)))
		return false;
	return is_same(first, tcp->bytes, 0, TCP_SEQ) &&
	       is_same(first, tcp->bytes, TCP_ACK, TCP_FLAGS) &&
	       is_same(first, tcp->bytes, TCP_WINDOW, TCP_CHECK) &&
	       is_same(first, tcp->bytes, TCP_URGENT,
		       c->headers - c->first.ip_len);
}

static bool is_last(const struct coalesce *c, const struct tcp *tcp)
{
	return tcp->content < c->each || (tcp->flags & (TCP_FIN | TCP_PSH));
}

static void begin(struct coalesce *c, const struct packet *p)
{
	struct tcp tcp;

	memcpy(c->bytes, p->bytes, p->len);
	c->first = *p;
	c->first.bytes = c->bytes;
	c->len = p->len;
	c->segments = 1;
	c->closed = true;
	if (!tcp_of(&tcp, p))
		return;
	c->headers = tcp.headers;
	c->each = tcp.content;
	c->next_seq = tcp.seq + tcp.content;
	c->closed = is_last(c, &tcp);
}

bool coalesce_add(struct coalesce *c, const struct packet *p)
{
	struct tcp tcp;

	if (!c->segments) {
		begin(c, p);
		return true;
	}
	if (c->closed || p->version != c->first.version || !tcp_of(&tcp, p) ||
	    tcp.content > c->each || c->len + tcp.content > PACKET_MAX ||
	    !tcp_follows(c, &tcp))
		return false;
	if (p->version == 4 ? !ipv4_follows(c, p->bytes) :
			      !ipv6_follows(c, p->bytes))
		return false;
	memcpy(c->bytes + c->len, p->bytes + tcp.headers, tcp.content);
	c->len += tcp.content;
	c->segments++;
	c->next_seq += tcp.content;
	c->bytes[c->first.ip_len + TCP_FLAGS] |= tcp.flags;
	c->closed = is_last(c, &tcp);
	return true;
}

static void finish_length(struct coalesce *c)
{
	uint8_t *ip = c->bytes;

	if (c->first.version == 6) {
		put_u16(ip + IPV6_LENGTH, c->len - IPV6_HEADER);
		return;
	}
	put_u16(ip + IPV4_LENGTH, c->len);
	memset(ip + IPV4_CHECK, 0, 2);
	put_sum(ip + IPV4_CHECK, packet_fold(packet_sum(ip, IPV4_HEADER, 0)));
}

static void finish_sum(struct coalesce *c)
{
	const struct packet *p = &c->first;
	bool is_tcp = p->protocol == PROTOCOL_TCP;
	size_t offset = is_tcp ? TCP_CHECK : UDP_CHECK;
	uint64_t sum = packet_pseudo_sum(p, c->len - p->ip_len);

	/* Not complemented: what is added to it is. */
	put_sum(c->bytes + p->ip_len + offset, ~packet_fold(sum));
	c->hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	c->hdr.csum_start = p->ip_len;
	c->hdr.csum_offset = offset;
}

static void finish_gso(struct coalesce *c)
{
	const uint8_t *tcp = c->bytes + c->first.ip_len;

	c->hdr.gso_type = c->first.version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
						  VIRTIO_NET_HDR_GSO_TCPV6;
	if (tcp[TCP_FLAGS] & TCP_CWR)
		c->hdr.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	c->hdr.gso_size = c->each;
	c->hdr.hdr_len = c->headers;
}

size_t coalesce_finish(struct coalesce *c)
{
	if (!c->segments)
		return 0;
	memset(&c->hdr, 0, sizeof(c->hdr));
	c->bytes[0] &= ~PACKET_UNSUMMED;
	if (c->segments > 1) {
		finish_length(c);
		finish_gso(c);
	}
	if (c->first.unsummed)
		finish_sum(c);
	return sizeof(c->hdr) + c->len;
}

void coalesce_clear(struct coalesce *c)
{
	c->len = 0;
	c->segments = 0;
	c->closed = false;
}
