// SPDX-License-Identifier: GPL-2.0
/* Datagrams of several records, of broken ones, and of none. */
#include <netinet/in.h>
#include <netinet/udp.h>

#include "check.h"

FIXTURE_BED(records)

FIXTURE_SETUP(records)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(records)
{
}

/* A datagram in the making. */
static struct {
	uint8_t wire[65536];
	size_t len;
} datagram;

static void add_bytes(const void *bytes, size_t len)
{
	memcpy(datagram.wire + datagram.len, bytes, len);
	datagram.len += len;
}

/* Return: where the record begins, for changing it. */
static uint8_t *add_record(const struct bed *bed, uint8_t type, uint64_t seq,
			   const void *content, size_t len)
{
	struct record record = record_make(type, 1, seq);
	uint8_t *wire = datagram.wire + datagram.len;

	datagram.len += record_seal(&bed->rx, &record, content, len, wire);
	return wire;
}

static uint8_t *add_data(const struct bed *bed, uint64_t seq)
{
	return add_record(bed, RECORD_DATA, seq, &seq, sizeof(seq));
}

#define INJECT_DATAGRAM()                                          \
	do {                                                       \
		ASSERT_EQ(0, bed_inject(&self->bed, datagram.wire, \
					datagram.len));            \
		datagram.len = 0;                                  \
	} while (0)

/* The record that add_data() made of this number. */
#define EXPECT_DATA(seq)                                                       \
	do {                                                                   \
		uint64_t _seq = seq;                                           \
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, &_seq, sizeof(_seq)); \
	} while (0)

TEST_F(records, A6_several_in_a_datagram_are_all_read)
{
	uint64_t seq = 0;

	for (int count = 2; count <= 5; count++) {
		for (int i = 0; i < count; i++)
			add_data(&self->bed, seq + i);
		INJECT_DATAGRAM();
		for (int i = 0; i < count; i++)
			EXPECT_DATA(seq + i);
		EXPECT_NOTHING(self->bed.fd);
		seq += count;
	}
	EXPECT_STATS(self->bed.fd, .rx_delivered = seq);
}

TEST_F(records, A6_hundreds_in_a_datagram_are_all_read)
{
	enum {
		COUNT = 500
	};

	for (uint64_t seq = 0; seq < COUNT; seq++)
		add_data(&self->bed, seq);
	INJECT_DATAGRAM();
	for (uint64_t seq = 0; seq < COUNT; seq++)
		EXPECT_DATA(seq);
	EXPECT_STATS(self->bed.fd, .rx_delivered = COUNT);
}

TEST_F(records, A6_types_mix_in_a_datagram)
{
	add_record(&self->bed, RECORD_HANDSHAKE, 0, "finished", 8);
	add_record(&self->bed, RECORD_DATA, 1, "", 0);
	add_record(&self->bed, RECORD_ALERT, 2, "\1", 2);
	INJECT_DATAGRAM();
	EXPECT_RECORD(self->bed.fd, RECORD_HANDSHAKE, "finished", 8);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "", 0);
	EXPECT_RECORD(self->bed.fd, RECORD_ALERT, "\1", 2);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 3);
}

TEST_F(records, A6_bad_one_in_the_middle_costs_no_other)
{
	uint8_t *wire;

	add_data(&self->bed, 0);
	wire = add_data(&self->bed, 1);
	wire[RECORD_HEADER_LEN + 9] ^= 1;
	add_data(&self->bed, 2);
	add_data(&self->bed, 0);
	add_data(&self->bed, 3);
	INJECT_DATAGRAM();
	EXPECT_DATA(0);
	EXPECT_DATA(2);
	EXPECT_DATA(3);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 3, .rx_bad_tag = 1,
		     .rx_replayed = 1);
	/* What was refused may still come, intact. */
	add_data(&self->bed, 1);
	INJECT_DATAGRAM();
	EXPECT_DATA(1);
}

/* Its length is to be trusted as far as finding the next one. */
TEST_F(records, A6_foreign_one_in_the_middle_costs_no_other)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} foreign[] = { { 0, 20 }, { 0, 24 }, { 0, 99 },
			{ 0, 25 }, { 1, 3 },  { 2, 0xff } };

	for (uint64_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		add_data(&self->bed, 3 * i);
		add_data(&self->bed, 3 * i + 1)[foreign[i].offset] =
			foreign[i].value;
		add_data(&self->bed, 3 * i + 2);
		INJECT_DATAGRAM();
		EXPECT_DATA(3 * i);
		EXPECT_DATA(3 * i + 2);
		EXPECT_NOTHING(self->bed.fd);
		EXPECT_STATS(self->bed.fd, .rx_delivered = 2 * i + 2,
			     .rx_malformed = i + 1 - (i >= 3),
			     .rx_wrong_cid = i >= 3);
	}
}

TEST_F(records, A7_trailing_bytes_cost_no_record)
{
	static const uint8_t garbage[40] = { 0x17, 0xfe, 0xfd };
	static const size_t lens[] = { 1, 5, 12 };

	for (uint64_t i = 0; i < ARRAY_SIZE(lens); i++) {
		add_data(&self->bed, i);
		add_bytes(garbage, lens[i]);
		INJECT_DATAGRAM();
		EXPECT_DATA(i);
		EXPECT_NOTHING(self->bed.fd);
		EXPECT_STATS(self->bed.fd, .rx_delivered = i + 1,
			     .rx_malformed = i + 1);
	}
}

TEST_F(records, A7_runts_are_malformed)
{
	uint8_t wire[100];
	struct record record = record_make(RECORD_DATA, 1, 0);

	record_seal(&self->bed.rx, &record, "record", 6, wire);
	for (size_t len = 0; len < RECORD_HEADER_LEN; len++) {
		ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
		EXPECT_NOTHING(self->bed.fd);
		EXPECT_STATS(self->bed.fd, .rx_malformed = len + 1);
	}
}

/* RFC 5288, 3: nonce and tag must fit in; a header alone is less than that. */
TEST_F(records, B4_too_short_for_the_cipher_is_malformed)
{
	size_t least = cipher_overhead(self->bed.rx.cipher) - RECORD_HEADER_LEN;
	uint8_t wire[100] = {};
	struct record record = record_make(RECORD_DATA, 1, 0);

	for (size_t len = 0; len < least; len++) {
		record_put_header(wire, &record, len);
		ASSERT_EQ(0, bed_inject(&self->bed, wire,
					RECORD_HEADER_LEN + len));
		EXPECT_NOTHING(self->bed.fd);
		EXPECT_STATS(self->bed.fd, .rx_malformed = len + 1);
	}
	/* The shortest possible is judged by its tag. */
	record_put_header(wire, &record, least);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, RECORD_HEADER_LEN + least));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_malformed = least, .rx_bad_tag = 1);
}

TEST_F(records, A7_length_past_the_end_is_malformed)
{
	uint8_t wire[100];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t len = record_seal(&self->bed.rx, &record, "record", 6, wire);
	const size_t lies[] = { 1, 2, 100, 16384, 18432, 18433, 32768 };
	size_t right = len - RECORD_HEADER_LEN;

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		record_put_header(wire, &record, right + lies[i]);
		ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	}
	record_put_header(wire, &record, 0xffff);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_malformed = ARRAY_SIZE(lies) + 1);
	record_put_header(wire, &record, right);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "record", 6);
}

/* A datagram that was cut on its way. */
TEST_F(records, A7_cut_datagram_is_malformed)
{
	uint8_t wire[100];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t len = record_seal(&self->bed.rx, &record, "record", 6, wire);

	for (size_t cut = 1; cut < len; cut++) {
		ASSERT_EQ(0, bed_inject(&self->bed, wire, len - cut));
	}
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_malformed = len - 1);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "record", 6);
}

/* A shorter length is a record that doesn't authenticate, and a rest. */
TEST_F(records, A7_A11_length_before_the_end_is_refused)
{
	uint8_t wire[100];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t len = record_seal(&self->bed.rx, &record, "a record", 8, wire);

	for (size_t cut = 1; cut <= 8; cut++) {
		record_put_header(wire, &record, len - RECORD_HEADER_LEN - cut);
		ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	}
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_bad_tag = 8, .rx_malformed = 8);
}

TEST_F(records, A7_noise_counts_once_a_datagram)
{
	static const uint8_t zeros[1300];

	add_bytes(zeros, 13);
	add_bytes(zeros, 13);
	add_bytes(zeros, 13);
	add_bytes(zeros, 5);
	INJECT_DATAGRAM();
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_malformed = 1);
	add_bytes(zeros, sizeof(zeros));
	INJECT_DATAGRAM();
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_malformed = 2);
}

TEST_F(records, A1_other_versions_are_malformed)
{
	static const uint16_t versions[] = { 0,      0x0303, 0xfeff, 0xfefc,
					     0xfefe, 0xfdfd, 0xffff };
	uint8_t wire[100];

	for (uint64_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct record record = record_make(RECORD_DATA, 1, i);
		size_t len;

		/* Well sealed, with that version authenticated. */
		record.version = versions[i];
		len = record_seal(&self->bed.rx, &record, "record", 6, wire);
		ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
		EXPECT_NOTHING(self->bed.fd);
		EXPECT_STATS(self->bed.fd, .rx_malformed = i + 1);
	}
	add_data(&self->bed, 0);
	INJECT_DATAGRAM();
	EXPECT_DATA(0);
}

TEST_F(records, A20_other_types_are_malformed)
{
	uint64_t refused = 0;

	for (int type = 0; type <= 255; type++) {
		if (type >= RECORD_ALERT && type <= RECORD_DATA)
			continue;
		/* Well sealed, with that type authenticated. */
		add_record(&self->bed, (uint8_t)type, 0, "record", 6);
		INJECT_DATAGRAM();
		refused++;
	}
	EXPECT_NOTHING(self->bed.fd);
	/* RFC 9146, 3: 25 is for those who agreed on connection IDs. */
	EXPECT_STATS(self->bed.fd, .rx_malformed = refused - 1,
		     .rx_wrong_cid = 1);
	add_data(&self->bed, 0);
	INJECT_DATAGRAM();
	EXPECT_DATA(0);
}

/* RFC 5246, 6.2.1. */
TEST_F(records, A8_content_has_its_limit)
{
	static uint8_t text[RECORD_CONTENT_MAX + 100];

	memset(text, 'x', sizeof(text));
	add_record(&self->bed, RECORD_DATA, 0, text, RECORD_CONTENT_MAX);
	INJECT_DATAGRAM();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, text, RECORD_CONTENT_MAX);
	add_record(&self->bed, RECORD_DATA, 1, text, RECORD_CONTENT_MAX + 1);
	INJECT_DATAGRAM();
	add_record(&self->bed, RECORD_DATA, 2, text, RECORD_CONTENT_MAX + 100);
	INJECT_DATAGRAM();
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1, .rx_malformed = 2);
}

/* The largest datagram that UDP carries, full of records. */
TEST_F(records, longest_datagram_is_read)
{
	static uint8_t text[RECORD_CONTENT_MAX];

	for (uint64_t seq = 0; seq < 3; seq++)
		add_record(&self->bed, RECORD_DATA, seq, text, sizeof(text));
	add_record(&self->bed, RECORD_DATA, 3, text, 16000);
	INJECT_DATAGRAM();
	for (uint64_t seq = 0; seq < 3; seq++)
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, text, sizeof(text));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, text, 16000);
}

/* The stack may carry the peer's datagrams in one packet, up to the socket. */
TEST_F(records, E3_segmented_batch_is_taken_apart)
{
	enum {
		COUNT = 20
	};
	uint16_t size = (uint16_t)(cipher_overhead(self->bed.rx.cipher) + 8);

	for (uint64_t seq = 0; seq < COUNT; seq++)
		add_data(&self->bed, seq);
	/* Runs across the border between two records, were they merged. */
	datagram.wire[size * 3 + 11] = 0xff;
	ASSERT_EQ(datagram.len, segments_send(self->bed.peer, datagram.wire,
					      datagram.len, size, 0));
	ASSERT_EQ(0, bed_settle(&self->bed));
	for (uint64_t seq = 0; seq < COUNT; seq++) {
		if (seq != 3)
			EXPECT_DATA(seq);
	}
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = COUNT - 1, .rx_malformed = 1);
}

/* Checksum errors that UDP counted in this namespace; -1: not told. */
static long long checksum_errors(enum bed_family family)
{
	FILE *file = fopen("/proc/net/snmp6", "r");
	long long value, found = -1;
	char line[1024], name[64];

	if (family == BED_IPV6) {
		while (file && fscanf(file, "%63s %lld", name, &value) == 2)
			if (!strcmp(name, "Udp6InCsumErrors"))
				found = value;
		fclose(file);
		return found;
	}
	/* A line of names, one of values: InCsumErrors is the seventh. */
	file = freopen("/proc/net/snmp", "r", file);
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Udp: %*d %*d %*d %*d %*d %*d %lld", &value) ==
		    1)
			found = value;
	fclose(file);
	return found;
}

/*
 * A raw socket sends what UDP wouldn't: a datagram with a wrong checksum. It's
 * so long that the stack leaves the checksum to the reader.
 */
TEST_F(records, wrong_checksum_counts_as_for_udp)
{
	int raw = bed_socket(variant->family, SOCK_RAW, IPPROTO_UDP);
	struct sockaddr_storage from, to, dest;
	socklen_t len = sizeof(from);
	static const uint8_t text[200];
	uint8_t packet[400];
	struct udphdr *udp = (struct udphdr *)packet;
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t n = sizeof(*udp) + record_seal(&self->bed.rx, &record, text,
					      sizeof(text),
					      packet + sizeof(*udp));

	ASSERT_LE(0, raw);
	ASSERT_EQ(0,
		  getsockname(self->bed.peer, (struct sockaddr *)&from, &len));
	ASSERT_EQ(0, getsockname(self->bed.fd, (struct sockaddr *)&to, &len));
	/* The port is at the same place for both families. */
	udp->uh_sport = ((struct sockaddr_in *)&from)->sin_port;
	udp->uh_dport = ((struct sockaddr_in *)&to)->sin_port;
	udp->uh_ulen = htons((uint16_t)n);
	udp->uh_sum = htons(0x1234);
	dest = to;
	((struct sockaddr_in *)&dest)->sin_port = 0;
	ASSERT_EQ(n, sendto(raw, packet, n, 0, (struct sockaddr *)&dest, len));
	ASSERT_EQ(0, bed_settle(&self->bed));
	EXPECT_EQ(0, checksum_errors(variant->family));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_EQ(1, checksum_errors(variant->family));
	EXPECT_STATS(self->bed.fd);
	ASSERT_EQ(0, bed_inject(&self->bed, packet + sizeof(*udp),
				n - sizeof(*udp)));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, text, sizeof(text));
}

TEST_HARNESS_MAIN
