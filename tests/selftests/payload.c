// SPDX-License-Identifier: GPL-2.0
/* Limits of a record's content below those of DTLS: RFC 8449 and RFC 6066, 4. */
#include "state.h"

FIXTURE_BED_KINDS(payload)

FIXTURE_SETUP(payload)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(payload)
{
}

static const uint32_t limits[] = { 64, 512, 1024, 16383, 16384 };
static uint8_t text[RECORD_CONTENT_MAX + 1];

static void fill_text(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + i / 251);
}

/* A socket with these limits, and keys. */
static void open_bed(struct __test_metadata *_metadata, struct bed *bed,
		     const struct bed *like, uint32_t tx, uint32_t rx)
{
	struct dtls_params params;
	int fd[2];

	*bed = *like;
	ASSERT_EQ(0, bed_pair(bed->family, fd));
	bed->fd = fd[0];
	bed->peer = fd[1];
	ASSERT_EQ(0, bed_room(bed->fd));
	ASSERT_EQ(0, dtls_attach(bed->fd));
	ASSERT_EQ(0, get(bed->fd, DTLS_PARAMS, &params, sizeof(params)));
	params.tx_payload_max = tx;
	params.rx_payload_max = rx;
	ASSERT_EQ(0, set(bed->fd, DTLS_PARAMS, &params, sizeof(params)));
	ASSERT_EQ(0, dtls_cid(bed->fd, &bed->tx, &bed->rx));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
}

static void close_bed(struct __test_metadata *_metadata, struct bed *bed)
{
	ASSERT_EQ(0, dtls_close(bed->fd));
	ASSERT_EQ(0, close(bed->peer));
}

TEST_F(payload, E1_E2_sent_is_no_longer_than_the_peer_takes)
{
	fill_text();
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct bed bed;
		uint32_t max = limits[i];

		open_bed(_metadata, &bed, &self->bed, max, 16384);
		for (uint32_t over = 1; over < 2000; over = over * 5 + 1)
			EXPECT_ERRNO(EMSGSIZE,
				     send(bed.fd, text, max + over, 0));
		EXPECT_ERRNO(EMSGSIZE, msg_send(bed.fd, RECORD_HANDSHAKE, text,
						max + 1, 0));
		EXPECT_STATS(bed.fd);
		ASSERT_EQ(max, send(bed.fd, text, max, 0));
		expect_sealed(_metadata, __LINE__, &bed, RECORD_DATA, 1, 0,
			      text, max);
		ASSERT_EQ(max, msg_send(bed.fd, RECORD_HANDSHAKE, text, max, 0));
		expect_sealed(_metadata, __LINE__, &bed, RECORD_HANDSHAKE, 1, 1,
			      text, max);
		ASSERT_EQ(0, send(bed.fd, text, 0, 0));
		expect_sealed(_metadata, __LINE__, &bed, RECORD_DATA, 1, 2,
			      text, 0);
		close_bed(_metadata, &bed);
	}
}

TEST_F(payload, E1_received_is_no_longer_than_agreed)
{
	fill_text();
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct bed bed;
		uint32_t max = limits[i];
		uint64_t seq = 0;

		open_bed(_metadata, &bed, &self->bed, 16384, max);
		for (uint32_t over = 1; over < 2000; over = over * 5 + 1)
			ASSERT_EQ(0, inject(&bed, RECORD_DATA, 1, seq++, text,
					    max + over > sizeof(text) ?
						    max + 1 :
						    max + over));
		ASSERT_EQ(0, inject(&bed, RECORD_HANDSHAKE, 1, seq++, text,
				    max + 1));
		EXPECT_NOTHING(bed.fd);
		EXPECT_STATS(bed.fd, .rx_malformed = seq);
		ASSERT_EQ(0, inject(&bed, RECORD_DATA, 1, seq++, text, max));
		EXPECT_RECORD(bed.fd, RECORD_DATA, text, max);
		ASSERT_EQ(0, inject(&bed, RECORD_DATA, 1, seq++, text, 1));
		EXPECT_RECORD(bed.fd, RECORD_DATA, text, 1);
		close_bed(_metadata, &bed);
	}
}

/* One that's too long costs no other in its datagram. */
TEST_F(payload, E1_the_rest_of_the_datagram_is_read)
{
	static const size_t lens[] = { 64, 65, 64 };
	uint8_t wire[500];
	struct bed bed;
	size_t len = 0;

	fill_text();
	open_bed(_metadata, &bed, &self->bed, 64, 64);
	for (uint64_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct record record = record_make(RECORD_DATA, 1, i);

		len += record_seal(&bed.rx, &record, text, lens[i], wire + len);
	}
	ASSERT_EQ(0, bed_inject(&bed, wire, len));
	EXPECT_RECORD(bed.fd, RECORD_DATA, text, 64);
	EXPECT_RECORD(bed.fd, RECORD_DATA, text, 64);
	EXPECT_NOTHING(bed.fd);
	EXPECT_STATS(bed.fd, .rx_delivered = 2, .rx_malformed = 1);
}

TEST_F(payload, E1_E2_info_tells_the_limit)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct dtls_info info;
		struct bed bed;

		open_bed(_metadata, &bed, &self->bed, limits[i], 16384);
		ASSERT_EQ(0, dtls_info(bed.fd, &info));
		/* The loopback's route takes any. */
		EXPECT_EQ(limits[i], info.tx_payload);
		close_bed(_metadata, &bed);
	}
}

/* Type and padding are sealed with the content, where there are any. */
TEST_F(payload, E1_info_leaves_room_for_the_type)
{
	struct dtls_info info;
	struct bed bed;

	secret_set_cid(&self->bed.tx, 4);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		open_bed(_metadata, &bed, &self->bed, limits[i], 16384);
		ASSERT_EQ(0, dtls_info(bed.fd, &info));
		EXPECT_EQ(limits[i] - 1, info.tx_payload);
		ASSERT_EQ(info.tx_payload,
			  send(bed.fd, text, info.tx_payload, 0));
		EXPECT_ERRNO(EMSGSIZE,
			     send(bed.fd, text, info.tx_payload + 1, 0));
		close_bed(_metadata, &bed);
	}
}

/* With a connection ID, type and padding are sealed too: RFC 8449, 4. */
TEST_F(payload, E1_type_and_padding_are_within_the_limit)
{
	static uint8_t wire[RECORD_ROOM], content[RECORD_ROOM];
	struct dtls_params params;
	struct bed *bed = &self->bed;

	fill_text();
	secret_set_cid(&bed->tx, 4);
	ASSERT_EQ(0, dtls_cid(bed->fd, &bed->tx, &bed->rx));
	ASSERT_EQ(0, get(bed->fd, DTLS_PARAMS, &params, sizeof(params)));
	params.tx_pad = 100;
	params.tx_payload_max = 512;
	ASSERT_EQ(0, set(bed->fd, DTLS_PARAMS, &params, sizeof(params)));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	for (size_t len = 381; len < 512; len += 13) {
		struct record record;
		ssize_t n;

		ASSERT_EQ(len, send(bed->fd, text, len, 0));
		ASSERT_EQ(0, bed_settle(bed));
		n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);
		ASSERT_EQ(len, record_open(&bed->tx, wire, (size_t)n, &record,
					   content));
		EXPECT_EQ(0, memcmp(text, content, len));
		EXPECT_GE(512, len + 1 + record.pad);
	}
	EXPECT_ERRNO(EMSGSIZE, send(bed->fd, text, 512, 0));
}

TEST_HARNESS_MAIN
