// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "ip.h"
#include "packet.h"

#define TEXTS 8 /* of address_text() that are valid at a time */

bool address_is(const struct address *a, const struct address *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

const char *address_text(const struct address *a)
{
	static char texts[TEXTS][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *text = texts[next++ % TEXTS];

	if (!a->len)
		return "none";
	return inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->bytes, text,
			 sizeof(texts[0]));
}

/* @size is a constant at each call: 4 or 16. */
static inline void address_set(struct address *a, const uint8_t *bytes,
			       uint8_t size)
{
	*a = (struct address) { .len = size };
	memcpy(a->bytes, bytes, size);
}

static bool parse_ipv4(struct packet *p, const uint8_t *bytes, size_t len)
{
	if (len < IPV4_HEADER)
		return false;
	p->len = get_u16(bytes + IPV4_LENGTH);
	p->ip_len = (bytes[0] & 0x0f) * 4;
	p->protocol = bytes[IPV4_PROTOCOL];
	p->fragment = get_u16(bytes + IPV4_FRAGMENT) & (IPV4_MF | IPV4_OFFSET);
	address_set(&p->source, bytes + IPV4_SOURCE, 4);
	address_set(&p->destination, bytes + IPV4_DESTINATION, 4);
	return p->ip_len >= IPV4_HEADER;
}

static bool parse_ipv6(struct packet *p, const uint8_t *bytes, size_t len)
{
	if (len < IPV6_HEADER)
		return false;
	p->len = IPV6_HEADER + get_u16(bytes + IPV6_LENGTH);
	p->ip_len = IPV6_HEADER;
	p->protocol = bytes[IPV6_NEXT];
	p->fragment = p->protocol == PROTOCOL_FRAGMENT;
	address_set(&p->source, bytes + IPV6_SOURCE, 16);
	address_set(&p->destination, bytes + IPV6_DESTINATION, 16);
	return true;
}

/* Whether there's a checksum that can have been left out. */
static bool has_sum(const struct packet *p)
{
	size_t len = p->len - p->ip_len;

	if (p->fragment)
		return false;
	return (p->protocol == PROTOCOL_TCP && len >= TCP_HEADER) ||
	       (p->protocol == PROTOCOL_UDP && len >= UDP_HEADER);
}

int packet_parse(struct packet *p, uint8_t *bytes, size_t len)
{
	bool is_whole = false;

	if (!len)
		return -EBADMSG;
	p->bytes = bytes;
	p->unsummed = bytes[0] & PACKET_UNSUMMED;
	p->version = (bytes[0] & ~PACKET_UNSUMMED) >> 4;
	if (p->version == 4)
		is_whole = parse_ipv4(p, bytes, len);
	else if (p->version == 6)
		is_whole = parse_ipv6(p, bytes, len);
	if (!is_whole || p->len < p->ip_len || p->len > len ||
	    p->len > PACKET_MAX)
		return -EBADMSG;
	return p->unsummed && !has_sum(p) ? -EBADMSG : 0;
}

/* End-around carry: 2^64 is 1 modulo 2^16 - 1. */
static inline uint64_t add(uint64_t sum, uint64_t n)
{
	sum += n;
	return sum + (sum < n);
}

static inline uint64_t load(const uint8_t *from)
{
	uint64_t n;

	memcpy(&n, from, sizeof(n));
	return n;
}

/*
 * In words of this machine's order: swapping the bytes of all words swaps those
 * of the sum (RFC 1071, 2. (B)), so that it's in network order as it's stored.
 */
uint64_t packet_sum(const void *bytes, size_t len, uint64_t sum)
{
	const uint8_t *at = bytes;
	uint32_t word = 0;

	for (; len >= 32; len -= 32, at += 32) {
		sum = add(sum, load(at));
		sum = add(sum, load(at + 8));
		sum = add(sum, load(at + 16));
		sum = add(sum, load(at + 24));
	}
	for (; len >= 8; len -= 8, at += 8)
		sum = add(sum, load(at));
	if (len >= 4) {
		memcpy(&word, at, 4);
		sum = add(sum, word);
		len -= 4, at += 4;
	}
	if (!len)
		return sum;
	/* As if zeros followed. */
	word = 0;
	memcpy(&word, at, len);
	return add(sum, word);
}

uint16_t packet_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ~((sum >> 16) + (sum & 0xffff));
}

uint64_t packet_pseudo_sum(const struct packet *p, size_t len)
{
	/* Both addresses, which are side by side */
	uint64_t sum = p->version == 4 ?
			       packet_sum(p->bytes + IPV4_SOURCE, 8, 0) :
			       packet_sum(p->bytes + IPV6_SOURCE, 32, 0);

	return add(sum, (uint64_t)htobe16(len) + htobe16(p->protocol));
}
