// SPDX-License-Identifier: GPL-2.0
/* The replay window, by records of chosen numbers: RFC 6347, 4.1.2.6. */
#include "check.h"

FIXTURE_BED(replay)

FIXTURE_SETUP(replay)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(replay)
{
}

static const uint32_t widths[] = { 64, 128, 256, 512, 1024, 2048, 4096, 8192 };

/* A socket of its own, its window this wide, its first number @seq. */
static void open_bed(struct __test_metadata *_metadata, struct bed *bed,
		     uint32_t bits, uint64_t seq)
{
	int fd[2];

	ASSERT_EQ(0, bed_pair(bed->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	bed->fd = fd[0];
	bed->peer = fd[1];
	ASSERT_EQ(0, bed_room(bed->fd));
	ASSERT_EQ(0, dtls_window_bits(bed->fd, bits));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, seq));
}

static void close_bed(struct __test_metadata *_metadata, struct bed *bed)
{
	ASSERT_EQ(0, dtls_close(bed->fd));
	ASSERT_EQ(0, close(bed->peer));
}

enum verdict {
	ACCEPTED,
	REPLAYED,
	TOO_OLD
};

/* A record of this number comes; this is what becomes of it. */
static void expect_verdict(struct __test_metadata *_metadata, int line,
			   const struct bed *bed, uint64_t seq,
			   enum verdict verdict)
{
	struct dtls_stats before, after;
	const char *differs;

	ASSERT_EQ(0, dtls_stats(bed->fd, &before));
	ASSERT_EQ(0, inject(bed, RECORD_DATA, 1, seq, &seq, sizeof(seq)));
	if (verdict == ACCEPTED)
		expect_record(_metadata, line, bed->fd, RECORD_DATA, &seq,
			      sizeof(seq));
	else
		expect_nothing(_metadata, line, bed->fd);
	before.rx_delivered += verdict == ACCEPTED;
	before.rx_replayed += verdict == REPLAYED;
	before.rx_too_old += verdict == TOO_OLD;
	ASSERT_EQ(0, dtls_stats(bed->fd, &after));
	differs = dtls_stats_mismatch(&before, &after);
	EXPECT_EQ(NULL, differs)
	TH_LOG("line %d, number %llu: %s", line, (unsigned long long)seq,
	       differs);
}

#define EXPECT_VERDICT(seq, verdict) \
	expect_verdict(_metadata, __LINE__, bed, seq, verdict)

TEST_F(replay, A13_edges_are_exact_at_every_width)
{
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct bed copy = self->bed, *bed = &copy;
		uint64_t w = widths[i], top = 100000 + i;

		open_bed(_metadata, bed, widths[i], 0);
		EXPECT_VERDICT(top, ACCEPTED);
		EXPECT_VERDICT(top, REPLAYED);
		EXPECT_VERDICT(top - w, TOO_OLD);
		EXPECT_VERDICT(top - w + 1, ACCEPTED);
		EXPECT_VERDICT(top - w + 1, REPLAYED);
		EXPECT_VERDICT(top - 1, ACCEPTED);
		EXPECT_VERDICT(0, TOO_OLD);
		/* One more on the right: the left edge moves with it. */
		EXPECT_VERDICT(top + 1, ACCEPTED);
		EXPECT_VERDICT(top - w + 1, TOO_OLD);
		EXPECT_VERDICT(top - w + 2, ACCEPTED);
		EXPECT_VERDICT(top, REPLAYED);
		close_bed(_metadata, bed);
	}
}

TEST_F(replay, A13_jumps_clear_what_they_pass)
{
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct bed copy = self->bed, *bed = &copy;
		uint64_t w = widths[i], top = 50000 + i;
		const uint64_t jumps[] = { 1,         63,         64,
					   65,        w - 1,      w,
					   w + 1,     2 * w - 1,  2 * w,
					   2 * w + 1, 10 * w + 7, 1ULL << 33 };

		open_bed(_metadata, bed, widths[i], 0);
		EXPECT_VERDICT(top, ACCEPTED);
		for (size_t j = 0; j < ARRAY_SIZE(jumps); j++) {
			uint64_t old = top;

			top += jumps[j];
			EXPECT_VERDICT(top, ACCEPTED);
			EXPECT_VERDICT(old, jumps[j] < w ? REPLAYED : TOO_OLD);
			/* Between them nothing was seen. */
			if (jumps[j] > 1) {
				EXPECT_VERDICT(top - 1, ACCEPTED);
				EXPECT_VERDICT(top - 1, REPLAYED);
			}
			if (jumps[j] >= w) {
				EXPECT_VERDICT(top - w + 1, ACCEPTED);
				EXPECT_VERDICT(top - w, TOO_OLD);
			}
		}
		close_bed(_metadata, bed);
	}
}

TEST_F(replay, A13_first_and_last_number_count)
{
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct bed copy = self->bed, *bed = &copy;
		uint64_t w = widths[i];

		open_bed(_metadata, bed, widths[i], 0);
		EXPECT_VERDICT(0, ACCEPTED);
		EXPECT_VERDICT(0, REPLAYED);
		EXPECT_VERDICT(w - 1, ACCEPTED);
		EXPECT_VERDICT(0, REPLAYED);
		EXPECT_VERDICT(w, ACCEPTED);
		EXPECT_VERDICT(0, TOO_OLD);
		EXPECT_VERDICT(RECORD_SEQ_MAX, ACCEPTED);
		EXPECT_VERDICT(RECORD_SEQ_MAX, REPLAYED);
		EXPECT_VERDICT(RECORD_SEQ_MAX - 1, ACCEPTED);
		EXPECT_VERDICT(RECORD_SEQ_MAX - w + 1, ACCEPTED);
		EXPECT_VERDICT(RECORD_SEQ_MAX - w, TOO_OLD);
		EXPECT_VERDICT(w, TOO_OLD);
		close_bed(_metadata, bed);
	}
}

TEST_F(replay, A15_all_below_the_first_number_count_as_received)
{
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct bed copy = self->bed, *bed = &copy;
		uint64_t w = widths[i], first = 20000 + i;

		open_bed(_metadata, bed, widths[i], first);
		EXPECT_VERDICT(first - 1, REPLAYED);
		EXPECT_VERDICT(first - w, REPLAYED);
		EXPECT_VERDICT(first - w - 1, TOO_OLD);
		EXPECT_VERDICT(first, ACCEPTED);
		EXPECT_VERDICT(first - w, TOO_OLD);
		EXPECT_VERDICT(first - w + 1, REPLAYED);
		close_bed(_metadata, bed);
	}
}

TEST_F(replay, A13_window_may_begin_at_the_end)
{
	struct bed copy = self->bed, *bed = &copy;

	open_bed(_metadata, bed, 64, RECORD_SEQ_MAX);
	EXPECT_VERDICT(RECORD_SEQ_MAX - 1, REPLAYED);
	EXPECT_VERDICT(RECORD_SEQ_MAX, ACCEPTED);
	EXPECT_VERDICT(RECORD_SEQ_MAX, REPLAYED);
}

/* Every number of a stretch, the right half first, then all of it again. */
TEST_F(replay, A13_each_number_is_accepted_once)
{
	enum {
		COUNT = 256
	};
	struct bed copy = self->bed, *bed = &copy;

	open_bed(_metadata, bed, COUNT, 1000);
	for (uint64_t i = 0; i < COUNT; i++)
		EXPECT_VERDICT(1000 + (i + COUNT / 2) % COUNT, ACCEPTED);
	for (uint64_t i = 0; i < COUNT; i++)
		EXPECT_VERDICT(1000 + i, REPLAYED);
	EXPECT_STATS(bed->fd, .rx_delivered = COUNT, .rx_replayed = COUNT);
}

/* RFC 6347, 4.1.2.6: the window moves only for what authenticated. */
TEST_F(replay, A14_forged_numbers_move_nothing)
{
	static const uint64_t forged[] = { 6,       63,         1024,
					   1000000, 1ULL << 40, RECORD_SEQ_MAX };
	struct bed copy = self->bed, *bed = &copy;
	uint8_t wire[100];

	open_bed(_metadata, bed, 64, 0);
	EXPECT_VERDICT(5, ACCEPTED);
	for (size_t i = 0; i < ARRAY_SIZE(forged); i++) {
		struct record record = record_make(RECORD_DATA, 1, forged[i]);
		size_t len = record_seal(&bed->rx, &record, "forged", 6, wire);

		wire[len - 1] ^= 0x80;
		ASSERT_EQ(0, bed_inject(bed, wire, len));
	}
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_delivered = 1,
		     .rx_bad_tag = ARRAY_SIZE(forged));
	EXPECT_VERDICT(4, ACCEPTED);
	EXPECT_VERDICT(5, REPLAYED);
	EXPECT_VERDICT(6, ACCEPTED);
	EXPECT_VERDICT(63, ACCEPTED);
}

/*
 * RFC 6347, 4.1.2.1 and 4.1.2.7: a forgery doesn't end the association, however
 * often, nor is it answered.
 */
TEST_F(replay, A11_A12_ten_thousand_forgeries_change_nothing)
{
	enum {
		COUNT = 10000,
		BULK = 1000 /* what the queue has room for, and more */
	};
	struct bed copy = self->bed, *bed = &copy;
	uint8_t wire[100];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t len;

	open_bed(_metadata, bed, 64, 0);
	len = record_seal(&bed->rx, &record, "record", 6, wire);
	wire[len - 7] ^= 1;
	for (int i = 1; i <= COUNT; i++) {
		ASSERT_EQ(len, send(bed->peer, wire, len, 0));
		if (i % BULK)
			continue;
		ASSERT_EQ(0, bed_settle(bed));
		EXPECT_NOTHING(bed->fd);
	}
	wire[len - 7] ^= 1;
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "record", 6);
	EXPECT_STATS(bed->fd, .rx_bad_tag = COUNT, .rx_delivered = 1);
	EXPECT_ERRNO(EAGAIN, recv(bed->peer, wire, 1, MSG_DONTWAIT));
}

static void stage(struct __test_metadata *_metadata, const struct bed *bed,
		  uint64_t next, const uint64_t *bitmap, size_t words)
{
	struct dtls_window window = { .epoch = 1, .next = next };
	size_t len = offsetof(struct dtls_window, bitmap) + 8 * words;

	memcpy(window.bitmap, bitmap, 8 * words);
	ASSERT_EQ(0, setsockopt(bed->fd, SOL_TLS, DTLS_RX_WINDOW, &window,
				(socklen_t)len));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, next));
}

/* Bit i is number next - 1 - i. */
TEST_F(replay, A15_handed_over_gaps_are_open)
{
	static const uint64_t bitmap[] = { 0x15, 1 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_window_bits(bed->fd, 256));
	stage(_metadata, bed, 300, bitmap, 2);
	for (uint64_t i = 0; i < 5; i++)
		EXPECT_VERDICT(299 - i, i % 2 ? ACCEPTED : REPLAYED);
	EXPECT_VERDICT(299 - 5, ACCEPTED);
	EXPECT_VERDICT(299 - 63, ACCEPTED);
	EXPECT_VERDICT(299 - 64, REPLAYED);
	EXPECT_VERDICT(299 - 65, ACCEPTED);
	EXPECT_VERDICT(299 - 127, ACCEPTED);
	/* What the map doesn't reach counts as received. */
	EXPECT_VERDICT(299 - 128, REPLAYED);
	EXPECT_VERDICT(299 - 255, REPLAYED);
	EXPECT_VERDICT(299 - 256, TOO_OLD);
	EXPECT_VERDICT(300, ACCEPTED);
}

TEST_F(replay, A15_handed_over_window_may_be_wider_or_empty)
{
	static const uint64_t bitmap[8];
	struct bed copy = self->bed, *bed = &self->bed;
	int fd[2];

	/* 512 numbers known, none of them received; 64 are kept. */
	ASSERT_EQ(0, dtls_window_bits(bed->fd, 64));
	stage(_metadata, bed, 1000, bitmap, 8);
	EXPECT_VERDICT(1000 - 64, ACCEPTED);
	EXPECT_VERDICT(1000 - 65, TOO_OLD);
	EXPECT_VERDICT(999, ACCEPTED);

	/* No number received at all. */
	ASSERT_EQ(0, bed_pair(bed->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	bed = &copy;
	bed->fd = fd[0];
	bed->peer = fd[1];
	stage(_metadata, bed, 0, bitmap, 0);
	EXPECT_VERDICT(0, ACCEPTED);
	EXPECT_VERDICT(0, REPLAYED);
	EXPECT_VERDICT(1, ACCEPTED);
}

/* The usual hand-over: the peer's Finished was number 0. */
TEST_F(replay, A15_handshake_records_are_seen_already)
{
	static const uint64_t bitmap[] = { 1 };
	struct bed *bed = &self->bed;

	stage(_metadata, bed, 1, bitmap, 1);
	EXPECT_VERDICT(0, REPLAYED);
	EXPECT_VERDICT(1, ACCEPTED);
}

/* Two epochs are held, each with its window. */
TEST_F(replay, A5_A13_epochs_have_windows_of_their_own)
{
	struct bed *bed = &self->bed;
	struct secret first = bed->rx, second, third;

	secret_make(&second, bed->rx.cipher, 7);
	secret_make(&third, bed->rx.cipher, 8);
	INJECT(RECORD_DATA, 3, 0, "plain", 5);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &first, 3, 0));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "plain", 5);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &second, 5, 0));
	INJECT(RECORD_DATA, 3, 0, "again", 5);
	INJECT(RECORD_DATA, 3, 1, "late", 4);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "late", 4);
	bed->rx = second;
	INJECT(RECORD_DATA, 5, 0, "new", 3);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "new", 3);
	EXPECT_STATS(bed->fd, .rx_delivered = 3, .rx_replayed = 1);

	/* Between those held, below, above, and epoch 0. */
	INJECT(RECORD_DATA, 4, 9, "x", 1);
	INJECT(RECORD_DATA, 2, 9, "x", 1);
	INJECT(RECORD_DATA, 0, 9, "x", 1);
	INJECT(RECORD_DATA, 6, 9, "x", 1);
	INJECT(RECORD_DATA, 65535, 9, "x", 1);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_delivered = 3, .rx_replayed = 1,
		     .rx_wrong_epoch = 3, .rx_no_key = 2);

	/* A third key, and the first is gone. */
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &third, 6, 0));
	bed->rx = first;
	INJECT(RECORD_DATA, 3, 2, "x", 1);
	bed->rx = second;
	INJECT(RECORD_DATA, 5, 1, "late", 4);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "late", 4);
	bed->rx = third;
	INJECT(RECORD_DATA, 6, 0, "third", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "third", 5);
	EXPECT_STATS(bed->fd, .rx_delivered = 5, .rx_replayed = 1,
		     .rx_wrong_epoch = 4, .rx_no_key = 2);
}

/* The keys of one epoch don't open the other's records. */
TEST_F(replay, A5_epochs_have_keys_of_their_own)
{
	struct bed *bed = &self->bed;
	struct secret second;

	secret_make(&second, bed->rx.cipher, 7);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &second, 2, 0));
	INJECT(RECORD_DATA, 2, 0, "x", 1);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_bad_tag = 1);
}

/* RFC 6347, 4.1 and 4.2.8: what comes unprotected is never acted on. */
TEST_F(replay, A17_A18_unprotected_records_are_refused)
{
	static const uint8_t types[] = { RECORD_CCS, RECORD_ALERT,
					 RECORD_HANDSHAKE, RECORD_DATA };
	struct bed copy = self->bed, *bed = &copy;

	open_bed(_metadata, bed, 64, 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct record record = record_make(types[i], 0, i);
		uint8_t wire[RECORD_HEADER_LEN + 2] = {};

		record_put_header(wire, &record, 2);
		wire[RECORD_HEADER_LEN] = 2; /* as an alert: fatal */
		ASSERT_EQ(0, bed_inject(bed, wire, sizeof(wire)));
	}
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_wrong_epoch = ARRAY_SIZE(types));
	EXPECT_VERDICT(0, ACCEPTED);
}

TEST_HARNESS_MAIN
