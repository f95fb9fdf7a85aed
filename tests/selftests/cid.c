// SPDX-License-Identifier: GPL-2.0
/* Connection IDs: RFC 9146. Known answers are in vectors.c. */
#include "state.h"

FIXTURE_BED_KINDS(cid)

FIXTURE_SETUP(cid)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(cid)
{
}

static uint8_t text[RECORD_CONTENT_MAX + 1];

static void fill_text(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + i / 251);
}

/* These connection IDs, and keys for both directions. */
static void agree(struct __test_metadata *_metadata, struct bed *bed,
		  size_t tx_len, size_t rx_len)
{
	secret_set_cid(&bed->tx, tx_len);
	secret_set_cid(&bed->rx, rx_len);
	ASSERT_EQ(0, dtls_cid(bed->fd, &bed->tx, &bed->rx));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
}

static int set_tx_pad(int fd, uint32_t pad)
{
	struct dtls_params params;

	if (get(fd, DTLS_PARAMS, &params, sizeof(params)))
		return -1;
	params.tx_pad = pad;
	return set(fd, DTLS_PARAMS, &params, sizeof(params));
}

/* Another socket of the same family, attached. */
static void reopen(struct __test_metadata *_metadata, struct bed *bed)
{
	int fd[2];

	ASSERT_EQ(0, dtls_close(bed->fd));
	ASSERT_EQ(0, close(bed->peer));
	ASSERT_EQ(0, bed_pair(bed->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	bed->fd = fd[0];
	bed->peer = fd[1];
	ASSERT_EQ(0, bed_room(bed->fd));
}

TEST_F(cid, is_told_as_it_was_set)
{
	struct dtls_cid none = {}, cid, seen;
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, get(bed->fd, DTLS_CID, &seen, sizeof(seen)));
	EXPECT_EQ(0, memcmp(&none, &seen, sizeof(seen)));
	for (uint8_t len = 0; len <= DTLS_CID_MAX; len++) {
		memset(&cid, 0, sizeof(cid));
		cid.tx_len = len;
		cid.rx_len = DTLS_CID_MAX - len;
		memset(cid.tx, 0xa0, cid.tx_len);
		memset(cid.rx, 0x50, cid.rx_len);
		ASSERT_EQ(0, set(bed->fd, DTLS_CID, &cid, sizeof(cid)));
		ASSERT_EQ(0, get(bed->fd, DTLS_CID, &seen, sizeof(seen)));
		EXPECT_EQ(0, memcmp(&cid, &seen, sizeof(seen)));
	}
}

TEST_F(cid, bad_ones_are_refused)
{
	static const uint8_t lens[] = { DTLS_CID_MAX + 1, 32, 128, 255 };
	struct dtls_cid good[2] = { { .tx_len = 4, .rx_len = 8 } }, bad;
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, set(bed->fd, DTLS_CID, good, sizeof(good[0])));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		bad = good[0], bad.tx_len = lens[i];
		EXPECT_NO_CHANGE(EINVAL,
				 set(bed->fd, DTLS_CID, &bad, sizeof(bad)));
		bad = good[0], bad.rx_len = lens[i];
		EXPECT_NO_CHANGE(EINVAL,
				 set(bed->fd, DTLS_CID, &bad, sizeof(bad)));
	}
	for (size_t i = 0; i < sizeof(bad.reserved); i++) {
		bad = good[0], bad.reserved[i] = 1;
		EXPECT_NO_CHANGE(EINVAL,
				 set(bed->fd, DTLS_CID, &bad, sizeof(bad)));
	}
	EXPECT_NO_OTHER_LENGTH(sizeof(good[0]), sizeof(good), DTLS_CID, good);
	EXPECT_NO_CHANGE(EFAULT, set(bed->fd, DTLS_CID, NULL, sizeof(good[0])));
}

TEST_F(cid, a_key_settles_it)
{
	static const struct dtls_cid cid = { .tx_len = 4, .rx_len = 4 };

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		struct bed *bed = &self->bed;

		ASSERT_EQ(0, dtls_key(bed->fd, directions[i], &bed->tx, 1, 0));
		EXPECT_NO_CHANGE(EBUSY,
				 set(bed->fd, DTLS_CID, &cid, sizeof(cid)));
		reopen(_metadata, bed);
	}
}

/* RFC 9146, 4: type, version, epoch, number, connection ID, length. */
static void expect_header(struct __test_metadata *_metadata,
			  const struct bed *bed, uint64_t seq)
{
	uint8_t wire[200], expected[RECORD_HEADER_LEN];
	struct record record = record_make(25, 1, seq);
	size_t cid_len = bed->tx.cid_len, len;

	ASSERT_EQ(0, bed_settle(bed));
	len = (size_t)recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);
	ASSERT_EQ(4 + secret_overhead(&bed->tx), len);
	record_put_header(expected, &record, len - RECORD_HEADER_LEN - cid_len);
	EXPECT_EQ(0, memcmp(expected, wire, 11));
	EXPECT_EQ(0, memcmp(bed->tx.cid, wire + 11, cid_len));
	EXPECT_EQ(0, memcmp(expected + 11, wire + 11 + cid_len, 2));
}

TEST_F(cid, C1_each_direction_has_its_own_length)
{
	static const size_t lens[][2] = { { 0, 4 },  { 4, 0 },  { 8, 4 },
					  { 1, 20 }, { 20, 1 }, { 8, 8 },
					  { 0, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct bed *bed = &self->bed;

		agree(_metadata, bed, lens[i][0], lens[i][1]);
		for (uint64_t seq = 0; seq < 3; seq++)
			expect_traffic(_metadata, bed, seq);
		if (bed->tx.cid_len) {
			ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
			expect_header(_metadata, bed, 3);
		}
		reopen(_metadata, bed);
	}
}

TEST_F(cid, C1_each_type_is_within)
{
	static const uint8_t types[] = { RECORD_ALERT, RECORD_HANDSHAKE,
					 RECORD_DATA };
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 4, 8);
	for (uint64_t i = 0; i < ARRAY_SIZE(types); i++) {
		INJECT(types[i], 1, i, "\1", 2);
		EXPECT_RECORD(bed->fd, types[i], "\1", 2);
		ASSERT_EQ(2, msg_send(bed->fd, types[i], "\1", 2, 0));
		EXPECT_SEALED(types[i], 1, i, "\1", 2);
	}
	INJECT(RECORD_DATA, 1, 3, "", 0);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "", 0);
	ASSERT_EQ(0, send(bed->fd, "", 0, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 3, "", 0);
	EXPECT_STATS(bed->fd, .rx_delivered = 4, .tx_records = 4);
}

TEST_F(cid, info_tells_the_overhead)
{
	struct dtls_info info;

	for (size_t len = 0; len <= DTLS_CID_MAX; len++) {
		agree(_metadata, &self->bed, len, 0);
		ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
		EXPECT_EQ(secret_overhead(&self->bed.tx), info.tx_overhead);
		reopen(_metadata, &self->bed);
	}
}

TEST_F(cid, numbers_and_epochs_are_told)
{
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 0, 8);
	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_INFO));
	INJECT(RECORD_ALERT, 1, 5, "\1", 2);
	EXPECT_INFO(bed->fd, RECORD_ALERT, DTLS_RECORD_NEWEST, 1, 5, "\1", 2);
	INJECT(RECORD_DATA, 1, 4, "there", 5);
	EXPECT_INFO(bed->fd, RECORD_DATA, 0, 1, 4, "there", 5);
}

/* Epochs change, the connection ID stays. */
TEST_F(cid, holds_for_all_epochs)
{
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 3, 5);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 2, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 0));
	for (uint16_t epoch = 1; epoch <= 2; epoch++) {
		INJECT(RECORD_DATA, epoch, 0, "there", 5);
		EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	}
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 2, 0, "here", 4);
}

/* A record sealed with the key of the direction, but this connection ID. */
static int inject_with_cid(struct bed *bed, size_t len, const uint8_t *cid,
			   uint64_t seq)
{
	struct bed other = *bed;

	other.rx.cid_len = len;
	memcpy(other.rx.cid, cid, len);
	return inject(&other, RECORD_DATA, 1, seq, "there", 5);
}

TEST_F(cid, C2_records_without_it_are_refused)
{
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 4, 4);
	/* Of the other format, authentic but for that. */
	ASSERT_EQ(0, inject_with_cid(bed, 0, NULL, 0));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_wrong_cid = 1);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(cid, C2_records_with_an_empty_one_are_refused)
{
	struct record record = record_make(RECORD_CID, 1, 0);
	struct secret secret = self->bed.rx;
	struct bed *bed = &self->bed;
	uint8_t wire[100];
	size_t len;

	agree(_metadata, bed, 4, 0);
	/* Type 25, with all that goes with it, but for the connection ID. */
	len = record_seal_inner(&secret, &record, "there\27", 6, wire);
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_wrong_cid = 1);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

/* How long it is nobody knows here, so nor where the record ends. */
TEST_F(cid, C2_records_with_one_where_none_is_expected_are_refused)
{
	static const uint8_t cid[] = { 0, 30, 0xc0, 1 };
	struct dtls_stats stats;
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 4, 0);
	for (uint64_t len = 1; len <= sizeof(cid); len++)
		ASSERT_EQ(0, inject_with_cid(bed, len, cid, len));
	EXPECT_NOTHING(bed->fd);
	ASSERT_EQ(0, dtls_stats(bed->fd, &stats));
	EXPECT_EQ(0, stats.rx_delivered);
	EXPECT_EQ(0, stats.rx_bad_tag);
	EXPECT_LT(0, stats.rx_wrong_cid);
	INJECT(RECORD_DATA, 1, 9, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(cid, C3_another_one_is_refused)
{
	struct bed *bed = &self->bed;
	uint8_t cid[RECORD_CID_MAX];
	uint64_t count = 0;

	agree(_metadata, bed, 4, 8);
	for (size_t i = 0; i < bed->rx.cid_len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(cid, bed->rx.cid, sizeof(cid));
			cid[i] ^= (uint8_t)(1 << bit);
			ASSERT_EQ(0, inject_with_cid(bed, 8, cid, count++));
		}
	}
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_wrong_cid = count);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

/* The length is then read from somewhere else: it may be no record at all. */
TEST_F(cid, C3_one_of_another_length_is_refused)
{
	static const size_t lens[] = { 1, 4, 7, 9, 20, 255 };
	struct bed *bed = &self->bed;
	struct dtls_stats stats;

	agree(_metadata, bed, 4, 8);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct secret other;

		secret_set_cid(&other, lens[i]);
		ASSERT_EQ(0, inject_with_cid(bed, lens[i], other.cid, i));
		memcpy(other.cid, bed->rx.cid, 8);
		ASSERT_EQ(0, inject_with_cid(bed, lens[i], other.cid, i));
	}
	EXPECT_NOTHING(bed->fd);
	ASSERT_EQ(0, dtls_stats(bed->fd, &stats));
	EXPECT_LE(2 * ARRAY_SIZE(lens),
		  stats.rx_wrong_cid + stats.rx_malformed + stats.rx_bad_tag);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

/* One for another connection costs those around it nothing. */
TEST_F(cid, C3_the_rest_of_the_datagram_is_read)
{
	struct bed *bed = &self->bed;
	struct secret other;
	uint8_t wire[500];
	size_t len = 0;

	agree(_metadata, bed, 4, 8);
	other = bed->rx;
	other.cid[3] ^= 1;
	for (uint64_t seq = 0; seq < 3; seq++) {
		struct record record = record_make(RECORD_DATA, 1, seq);

		len += record_seal(seq == 1 ? &other : &bed->rx, &record,
				   "there", 5, wire + len);
	}
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_delivered = 2, .rx_wrong_cid = 1);
}

/* RFC 9146, 4: they have the type proper, and no connection ID. */
TEST_F(cid, C3_unprotected_records_have_none)
{
	struct bed *bed = &self->bed;
	struct record record = record_make(RECORD_CCS, 0, 4);
	uint8_t wire[100] = {};
	size_t len;

	agree(_metadata, bed, 4, 4);
	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	record_put_header(wire, &record, 1);
	wire[RECORD_HEADER_LEN] = 1;
	len = RECORD_HEADER_LEN + 1;
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	EXPECT_INFO(bed->fd, RECORD_CCS, DTLS_RECORD_UNAUTHENTICATED, 0, 4,
		    wire, len);
	/* One of epoch 0 that has it is none. */
	record.type = RECORD_CID;
	record_put_header(wire, &record, 0);
	memcpy(wire + 11, bed->rx.cid, 4);
	memcpy(wire + 15, "\0\1\26", 3);
	ASSERT_EQ(0, bed_inject(bed, wire, 18));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_epoch0 = 1, .rx_wrong_epoch = 1);
	/* Nor may one go out. */
	EXPECT_ERRNO(EINVAL, epoch0_send(bed->fd, wire, 18));
	EXPECT_UNSENT();
}

/* A record of this inner plaintext. */
static int inject_inner(const struct bed *bed, uint64_t seq, const void *inner,
			size_t len)
{
	static uint8_t wire[RECORD_ROOM];
	struct record record = record_make(RECORD_CID, 1, seq);

	return bed_inject(bed, wire,
			  record_seal_inner(&bed->rx, &record, inner, len,
					    wire));
}

TEST_F(cid, C4_padding_is_taken_off)
{
	static const char *const contents[] = { "there", "", "x" };
	struct bed *bed = &self->bed;
	uint64_t seq = 0;
	uint8_t inner[300];

	agree(_metadata, bed, 0, 4);
	for (size_t pad = 0; pad <= 255; pad++) {
		const char *content = contents[pad % ARRAY_SIZE(contents)];
		size_t len = strlen(content);

		memset(inner, 0, sizeof(inner));
		memcpy(inner, content, len);
		inner[len] = RECORD_DATA;
		ASSERT_EQ(0, inject_inner(bed, seq++, inner, len + 1 + pad));
		EXPECT_RECORD(bed->fd, RECORD_DATA, content, len);
	}
	/* Zeros before the type are the application's. */
	memset(inner, 0, sizeof(inner));
	inner[200] = RECORD_DATA;
	ASSERT_EQ(0, inject_inner(bed, seq++, inner, 300));
	EXPECT_RECORD(bed->fd, RECORD_DATA, inner, 200);
	EXPECT_STATS(bed->fd, .rx_delivered = seq);
}

TEST_F(cid, C4_a_record_without_type_is_refused)
{
	static const uint8_t zeros[RECORD_CONTENT_MAX];
	static const size_t lens[] = { 0, 1, 2, 16, 255, 1400, sizeof(zeros) };
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 0, 4);
	for (uint64_t i = 0; i < ARRAY_SIZE(lens); i++)
		ASSERT_EQ(0, inject_inner(bed, i, zeros, lens[i]));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_malformed = ARRAY_SIZE(lens));
	INJECT(RECORD_DATA, 1, 100, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(cid, A20_C4_other_types_within_are_refused)
{
	static const uint8_t types[] = { 1,  RECORD_CCS, 24, 26,
					 99, RECORD_CID, 255 };
	struct bed *bed = &self->bed;

	agree(_metadata, bed, 0, 4);
	for (uint64_t i = 0; i < ARRAY_SIZE(types); i++)
		INJECT(types[i], 1, i, "x", 1);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_malformed = ARRAY_SIZE(types));
}

TEST_F(cid, C4_sent_records_are_padded)
{
	static const uint32_t pads[] = { 0, 1, 2, 16, 255, 1000, 16384 };
	static uint8_t wire[RECORD_ROOM], content[RECORD_ROOM];

	fill_text();
	for (size_t i = 0; i < ARRAY_SIZE(pads); i++) {
		size_t unit = pads[i] ? pads[i] : 1;
		struct bed *bed = &self->bed;

		ASSERT_EQ(0, set_tx_pad(bed->fd, pads[i]));
		agree(_metadata, bed, 4, 0);
		for (size_t len = 0; len < 40; len++) {
			struct record record;
			ssize_t n;

			ASSERT_EQ(len, send(bed->fd, text, len, 0));
			ASSERT_EQ(0, bed_settle(bed));
			n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);
			ASSERT_EQ(len, record_open(&bed->tx, wire, (size_t)n,
						   &record, content));
			EXPECT_EQ(0, memcmp(text, content, len));
			/* To the next multiple, and no further. */
			EXPECT_EQ((unit - (len + 1) % unit) % unit, record.pad)
			TH_LOG("%zu bytes to %zu: %zu", len, unit, record.pad);
		}
		reopen(_metadata, bed);
	}
}

/* Without a connection ID there's nowhere to put it. */
TEST_F(cid, plain_records_are_not_padded)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, set_tx_pad(bed->fd, 1000));
	agree(_metadata, bed, 0, 4);
	expect_traffic(_metadata, bed, 0);
}

TEST_F(cid, C5_content_type_and_padding_are_limited)
{
	static uint8_t inner[RECORD_CONTENT_MAX + 10];
	/* Content, and padding behind it, of records too long. */
	static const size_t over[][2] = { { 16384, 0 }, { 16383, 1 },
					  { 16380, 4 }, { 0, 16384 },
					  { 5, 16379 }, { 16384, 1 } };
	static const size_t right[][2] = {
		{ 16383, 0 }, { 16382, 1 }, { 16000, 383 }, { 0, 16383 }
	};
	struct bed *bed = &self->bed;
	uint64_t seq = 0;

	fill_text();
	agree(_metadata, bed, 4, 4);
	for (size_t i = 0; i < ARRAY_SIZE(over); i++) {
		memset(inner, 0, sizeof(inner));
		memcpy(inner, text, over[i][0]);
		inner[over[i][0]] = RECORD_DATA;
		ASSERT_EQ(0, inject_inner(bed, seq++, inner,
					  over[i][0] + 1 + over[i][1]));
	}
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_malformed = ARRAY_SIZE(over));
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		memset(inner, 0, sizeof(inner));
		memcpy(inner, text, right[i][0]);
		inner[right[i][0]] = RECORD_DATA;
		ASSERT_EQ(0, inject_inner(bed, seq++, inner,
					  right[i][0] + 1 + right[i][1]));
		EXPECT_RECORD(bed->fd, RECORD_DATA, text, right[i][0]);
	}
}

TEST_F(cid, C5_longest_content_sent)
{
	/* Padding doesn't make a record too long. */
	static const uint32_t pads[] = { 0, 16384, 1000 };

	fill_text();
	for (size_t i = 0; i < ARRAY_SIZE(pads); i++) {
		struct bed *bed = &self->bed;

		ASSERT_EQ(0, set_tx_pad(bed->fd, pads[i]));
		agree(_metadata, bed, 4, 4);
		EXPECT_ERRNO(EMSGSIZE, send(bed->fd, text, 16384, 0));
		EXPECT_UNSENT();
		ASSERT_EQ(16383, send(bed->fd, text, 16383, 0));
		EXPECT_SEALED(RECORD_DATA, 1, 0, text, 16383);
		ASSERT_EQ(16001, send(bed->fd, text, 16001, 0));
		EXPECT_SEALED(RECORD_DATA, 1, 1, text, 16001);
		reopen(_metadata, bed);
	}
	agree(_metadata, &self->bed, 0, 4);
	ASSERT_EQ(16384, send(self->bed.fd, text, 16384, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, text, 16384);
}

TEST_HARNESS_MAIN
