// SPDX-License-Identifier: GPL-2.0
/*
 * The tunnel's packets in the hands of an enemy: whatever comes off the wire or
 * the device, nothing is read or written outside, and what's taken is sound. All
 * memory is of just the size that is said. test_tunnel_packets_py has what must
 * come of honest packets.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "coalesce.h"
#include "packet.h"
#include "segment.h"
#include "unit.h"

#define ROUNDS 20000
#define ROOM   20000

/* TCP from 10.9.0.2 to 10.9.0.1, without content; its length is set later. */
static const uint8_t tcp4[] = {
	0x45, 0, 0,  40,   0,    1, 0x40, 0, 64, 6, 0, 0, 10, 9,
	0,    2, 10, 9,    0,    1, 0x9c, 0, 1,  0, 0, 0, 3,  0,
	0,    0, 0,  0x4d, 0x50, 0, 1,    0, 0,  0, 0, 0,
};

/* UDP from fd09::2 to fd09::1 */
static const uint8_t udp6[] = {
	0x60, 0, 0, 0, 0, 8, 17, 64, 0xfd, 9,    0, 0,  0, 0, 0, 0,
	0,    0, 0, 0, 0, 0, 0,  2,  0xfd, 9,    0, 0,  0, 0, 0, 0,
	0,    0, 0, 0, 0, 0, 0,  1,  0x9c, 0x40, 0, 53, 0, 8, 0, 0,
};

/* Many of a packet's numbers are about its length, or at an edge. */
static uint16_t interesting_number(size_t len)
{
	static const uint16_t edges[] = { 0,  1,  5,  6,      8,      16,
					  20, 40, 60, 0x7fff, 0x8000, 0xffff };

	if (random_below(2))
		return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	return len + random_below(5) - 2;
}

static void set_length(uint8_t *packet, size_t len)
{
	bool six = packet[0] >> 4 == 6;
	uint8_t *at = packet + (six ? 4 : 2);

	if (len < (six ? sizeof(udp6) : sizeof(tcp4)))
		return;
	len -= six ? 40 : 0;
	at[0] = len >> 8;
	at[1] = len;
}

/* On the heap, of @len bytes: nearly a packet, maybe with some bytes wrong. */
static uint8_t *random_packet(size_t len)
{
	bool six = random_below(2);
	const uint8_t *good = six ? udp6 : tcp4;
	size_t headers = six ? sizeof(udp6) : sizeof(tcp4);
	uint8_t *packet = malloc(len);

	for (size_t i = 0; i < len; i++)
		packet[i] = i < headers ? good[i] : random_u64();
	if (len)
		set_length(packet, len);
	for (int wrong = random_below(4); len && wrong; wrong--)
		packet[random_below(len < 48 ? len : 48)] = random_u64();
	if (len > 9 && !random_below(4))
		packet[six ? 6 : 9] = random_below(64);
	return packet;
}

/* Nearly one that goes with such a packet, maybe with a field that's wrong. */
static struct virtio_net_hdr random_header(bool is_udp, size_t len)
{
	static const uint8_t kinds[] = { 0, 1, 3, 4, 5, 0x81, 0x84, 0xff };
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = is_udp ? 5 : 1,
		.hdr_len = interesting_number(len),
		.gso_size = 1 + random_below(1400),
		.csum_start = is_udp ? 40 : 20,
		.csum_offset = is_udp ? 6 : 16,
	};

	switch (random_below(10)) {
	case 0:
		hdr.flags = random_u64();
		break;
	case 1:
		hdr.gso_type = kinds[random_below(sizeof(kinds))];
		break;
	case 2:
		hdr.gso_size = interesting_number(len);
		break;
	case 3:
		hdr.csum_start = interesting_number(len);
		break;
	case 4:
		hdr.csum_offset = interesting_number(len);
		break;
	case 5:
		hdr.gso_type = 0;
		break;
	}
	return hdr;
}

static void check_segments(const struct segments *s, int n, size_t each)
{
	struct packet p;
	int count = 0;

	CHECK(s->each == each);
	for (size_t at = 0; at < s->len; at += s->each, count++) {
		size_t left = s->len - at;
		size_t len = left < s->each ? left : s->each;

		CHECK(!packet_parse(&p, s->bytes + at, len) && p.len == len);
	}
	CHECK(count == n);
}

static void any_header_and_packet_makes_sound_segments_or_none(void)
{
	int made = 0, cut = 0;

	for (int i = 0; i < ROUNDS; i++) {
		size_t len = random_below(random_below(2) ? 200 : 5000);
		uint8_t *packet = random_packet(len);
		bool is_udp = len && packet[0] >> 4 == 6;
		struct virtio_net_hdr hdr = random_header(is_udp, len);
		size_t room = random_below(ROOM);
		uint8_t *to = malloc(room);
		size_t each = segments_each(&hdr, packet, len);
		struct segments s;
		int n = segments_make(&hdr, packet, len, to, room, &s);

		if (n > 0) {
			check_segments(&s, n, each);
			made++;
			cut += n > 1;
		} else {
			CHECK(n == -EBADMSG || n == -ENOSPC || n == -EOPNOTSUPP);
			CHECK(n != -EOPNOTSUPP || !each);
		}
		free(to);
		free(packet);
	}
	/* Most rounds went beyond the first look. */
	CHECK(made > ROUNDS / 20 && cut > ROUNDS / 100);
}

/* What a coalesced packet's header says of it must hold for the device. */
static void check_coalesced(struct coalesce *c)
{
	unsigned int segments = c->segments;
	size_t len = coalesce_finish(c) - sizeof(c->hdr);
	struct packet p;

	CHECK(len <= PACKET_MAX);
	CHECK(!packet_parse(&p, c->bytes, len) && p.len == len && !p.unsummed);
	CHECK(!c->hdr.gso_size == (segments == 1));
	CHECK(!c->hdr.gso_size || c->hdr.flags);
	if (c->hdr.flags)
		CHECK(c->hdr.csum_start + c->hdr.csum_offset + 2u <= len);
	if (c->hdr.gso_size)
		CHECK(c->hdr.hdr_len + c->hdr.gso_size < len);
}

/* Now and then one that could go on what's there, but for a byte. */
static void make_follow(uint8_t *packet, size_t len, const struct coalesce *c)
{
	if (!c->segments || c->closed || len <= c->headers || c->len < len)
		return;
	memcpy(packet, c->bytes, c->headers);
	set_length(packet, len);
	packet[c->first.ip_len + 4] = c->next_seq >> 24;
	packet[c->first.ip_len + 5] = c->next_seq >> 16;
	packet[c->first.ip_len + 6] = c->next_seq >> 8;
	packet[c->first.ip_len + 7] = c->next_seq;
	if (!random_below(8))
		packet[random_below(c->headers)] ^= 1 << random_below(8);
}

static void set_ipv4_sum(uint8_t *packet)
{
	uint8_t first = packet[0];
	uint16_t sum;

	packet[0] &= ~PACKET_UNSUMMED;
	packet[10] = packet[11] = 0;
	sum = packet_fold(packet_sum(packet, 20, 0));
	memcpy(packet + 10, &sum, 2);
	packet[0] = first;
}

static void any_packets_are_joined_to_a_sound_one(void)
{
	static struct coalesce c;
	int joined = 0;

	coalesce_clear(&c);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = random_below(random_below(4) ? 200 : 3000);
		uint8_t *packet = random_packet(len);
		struct packet p;

		if (len && random_below(8))
			packet[0] |= PACKET_UNSUMMED;
		if (random_below(8))
			make_follow(packet, len, &c);
		if (len >= 20 && (packet[0] & 0x7f) == 0x45 && random_below(8))
			set_ipv4_sum(packet);
		if (!packet_parse(&p, packet, len) && !coalesce_add(&c, &p)) {
			check_coalesced(&c);
			coalesce_clear(&c);
			CHECK(coalesce_add(&c, &p));
		}
		joined += c.segments > 1;
		free(packet);
	}
	CHECK(joined > ROUNDS / 20);
}

static void any_packet_is_answered_soundly_or_not_at_all(void)
{
	int answered = 0;

	for (int i = 0; i < ROUNDS; i++) {
		size_t len = random_below(random_below(2) ? 100 : 2000);
		size_t room = random_below(2000), made;
		uint8_t *packet = random_packet(len), *out = malloc(room);
		struct packet p, answer;

		if (len && random_below(2))
			packet[0] |= PACKET_UNSUMMED;
		if (!packet_parse(&p, packet, len)) {
			made = packet_too_big(&p, 1400, out, room);
			CHECK(made <= room);
			CHECK(!made || (!packet_parse(&answer, out, made) &&
					answer.len == made));
			answered += made > 0;
		}
		free(out);
		free(packet);
	}
	CHECK(answered > ROUNDS / 20);
}

static void every_cut_of_a_packet_is_refused(void)
{
	const uint8_t *whole[] = { tcp4, udp6 };
	const size_t lens[] = { sizeof(tcp4), sizeof(udp6) };

	for (int i = 0; i < 2; i++) {
		for (size_t len = 0; len <= lens[i]; len++) {
			uint8_t *cut = malloc(len);
			struct packet p;

			memcpy(cut, whole[i], len);
			CHECK(packet_parse(&p, cut, len) ==
			      (len < lens[i] ? -EBADMSG : 0));
			free(cut);
		}
	}
}

static void ipv4_header_shorter_than_it_can_be_is_refused(void)
{
	uint8_t packet[sizeof(tcp4)];
	struct packet p;

	memcpy(packet, tcp4, sizeof(tcp4));
	for (packet[0] = 0x40; packet[0] < 0x45; packet[0]++)
		CHECK(packet_parse(&p, packet, sizeof(packet)) == -EBADMSG);
	CHECK(!packet_parse(&p, packet, sizeof(packet)));
}

static void ipv6_beyond_what_a_packet_may_have_is_refused(void)
{
	size_t len = PACKET_MAX + 1;
	uint8_t *packet = calloc(1, len);
	struct packet p;

	memcpy(packet, udp6, sizeof(udp6));
	set_length(packet, len);
	CHECK(packet_parse(&p, packet, len) == -EBADMSG);
	set_length(packet, len - 1);
	CHECK(!packet_parse(&p, packet, len) && p.len == PACKET_MAX);
	free(packet);
}

static void addresses_are_compared_and_named(void)
{
	struct address four = { 4, { 10, 9, 0, 1 } }, none = { 0 };
	struct address six = { 16, { 10, 9, 0, 1 } };
	const char *texts[8];

	CHECK(address_is(&four, &four) && !address_is(&four, &six));
	CHECK(!address_is(&four, &none) && address_is(&none, &none));
	CHECK(!strcmp(address_text(&none), "none"));
	CHECK(!strcmp(address_text(&six), "a09:1::"));
	for (int i = 0; i < 8; i++, four.bytes[3]++)
		texts[i] = address_text(&four);
	CHECK(!strcmp(texts[0], "10.9.0.1") && !strcmp(texts[7], "10.9.0.8"));
}

int main(void)
{
	RUN(every_cut_of_a_packet_is_refused);
	RUN(ipv4_header_shorter_than_it_can_be_is_refused);
	RUN(ipv6_beyond_what_a_packet_may_have_is_refused);
	RUN(addresses_are_compared_and_named);
	RUN(any_header_and_packet_makes_sound_segments_or_none);
	RUN(any_packets_are_joined_to_a_sound_one);
	RUN(any_packet_is_answered_soundly_or_not_at_all);
	DONE();
}
