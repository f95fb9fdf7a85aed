// SPDX-License-Identifier: GPL-2.0
/*
 * Records that aren't application data, and what is told of each: protected
 * ones with their numbers, unprotected ones of epoch 0 in both directions.
 */
#include <sys/ioctl.h>

#include "state.h"

FIXTURE_BED_KINDS(control)

FIXTURE_SETUP(control)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(control)
{
}

static const uint8_t handshake_types[] = { RECORD_CCS, RECORD_ALERT,
					   RECORD_HANDSHAKE };

static uint8_t buffer[RECORD_ROOM];

/* A datagram in the making: unprotected records. */
static struct {
	uint8_t wire[4096];
	size_t len;
} flight;

/* Return: the record's length. */
static size_t add_record(uint8_t type, uint16_t epoch, uint64_t seq,
			 const void *content, size_t len)
{
	struct record record = record_make(type, epoch, seq);
	uint8_t *wire = flight.wire + flight.len;

	record_put_header(wire, &record, len);
	memcpy(wire + RECORD_HEADER_LEN, content, len);
	flight.len += RECORD_HEADER_LEN + len;
	return RECORD_HEADER_LEN + len;
}

static int inject_flight(const struct bed *bed)
{
	size_t len = flight.len;

	flight.len = 0;
	return bed_inject(bed, flight.wire, len);
}

/* One record, alone. Leaves its bytes in @flight. */
static int inject_unprotected(const struct bed *bed, uint8_t type, uint64_t seq,
			      const char *content)
{
	add_record(type, 0, seq, content, strlen(content));
	return inject_flight(bed);
}

/* The reader gets this record of @flight, marked as anyone's word. */
#define EXPECT_UNPROTECTED(type, seq, offset, len)                           \
	EXPECT_INFO(self->bed.fd, type, DTLS_RECORD_UNAUTHENTICATED, 0, seq, \
		    flight.wire + (offset), len)

TEST_F(control, what_is_told_may_be_changed_at_any_time)
{
	static const uint32_t all = DTLS_RECV_INFO | DTLS_RECV_EPOCH0 |
				    DTLS_RECV_EVENTS;
	uint32_t seen = ~0u, longer[2] = {};
	struct bed *bed = &self->bed;
	struct state before;

	ASSERT_EQ(0, get(bed->fd, DTLS_RECV, &seen, sizeof(seen)));
	EXPECT_EQ(0, seen);
	for (uint32_t flags = 0; flags <= all; flags++) {
		ASSERT_EQ(0, dtls_recv_flags(bed->fd, flags));
		ASSERT_EQ(0, get(bed->fd, DTLS_RECV, &seen, sizeof(seen)));
		EXPECT_EQ(flags, seen);
	}
	before = state_of(bed);
	for (int bit = 3; bit < 32; bit++) {
		EXPECT_ERRNO(EINVAL, dtls_recv_flags(bed->fd, 1u << bit));
		EXPECT_ERRNO(EINVAL, dtls_recv_flags(bed->fd, 1u << bit | 1));
	}
	EXPECT_UNCHANGED(before);
	EXPECT_NO_OTHER_LENGTH(sizeof(all), sizeof(longer), DTLS_RECV, longer);
	EXPECT_NO_CHANGE(EFAULT, set(bed->fd, DTLS_RECV, NULL, sizeof(all)));
}

TEST_F(control, A19_each_record_comes_with_its_number)
{
	static const uint8_t types[] = { RECORD_DATA, RECORD_HANDSHAKE,
					 RECORD_ALERT };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_INFO));
	for (uint64_t i = 0; i < ARRAY_SIZE(types); i++) {
		/* In order, then one that was overtaken. */
		uint64_t seq = (1ull << 40) + i * 10;

		INJECT(types[i], 1, seq, "\1", 2);
		EXPECT_INFO(bed->fd, types[i], DTLS_RECORD_NEWEST, 1, seq, "\1",
			    2);
		INJECT(types[i], 1, seq - 5, "\1", 2);
		EXPECT_INFO(bed->fd, types[i], 0, 1, seq - 5, "\1", 2);
	}
	INJECT(RECORD_DATA, 1, RECORD_SEQ_MAX, "", 0);
	EXPECT_INFO(bed->fd, RECORD_DATA, DTLS_RECORD_NEWEST, 1, RECORD_SEQ_MAX,
		    "", 0);
	/* Newest of its own epoch, that is. */
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 65535, 0));
	INJECT(RECORD_DATA, 65535, 0, "new", 3);
	EXPECT_INFO(bed->fd, RECORD_DATA, DTLS_RECORD_NEWEST, 65535, 0, "new",
		    3);
	INJECT(RECORD_DATA, 1, RECORD_SEQ_MAX - 1, "old", 3);
	EXPECT_INFO(bed->fd, RECORD_DATA, 0, 1, RECORD_SEQ_MAX - 1, "old", 3);
}

TEST_F(control, records_of_a_datagram_have_their_own_numbers)
{
	static const uint64_t seqs[] = { 7, 3, 9, 8 };
	static const uint8_t flags[] = { DTLS_RECORD_NEWEST, 0,
					 DTLS_RECORD_NEWEST, 0 };
	struct bed *bed = &self->bed;
	size_t len = 0;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_INFO));
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
		struct record record = record_make(RECORD_DATA, 1, seqs[i]);

		len += record_seal(&bed->rx, &record, &seqs[i], 8, buffer + len);
	}
	ASSERT_EQ(0, bed_inject(bed, buffer, len));
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++)
		EXPECT_INFO(bed->fd, RECORD_DATA, flags[i], 1, seqs[i],
			    &seqs[i], 8);
}

TEST_F(control, numbers_come_if_wanted_only)
{
	struct message message;
	struct bed *bed = &self->bed;

	INJECT(RECORD_HANDSHAKE, 1, 0, "finished", 8);
	ASSERT_EQ(8, message_recv(bed->fd, &message, buffer, sizeof(buffer), 0));
	EXPECT_EQ(0, message.has_info);
	EXPECT_EQ(RECORD_HANDSHAKE, message.type);
	/* What is told is decided when it's read. */
	INJECT(RECORD_HANDSHAKE, 1, 1, "finished", 8);
	ASSERT_EQ(8, message_recv(bed->fd, &message, buffer, sizeof(buffer),
				  MSG_PEEK));
	EXPECT_EQ(0, message.has_info);
	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_INFO));
	ASSERT_EQ(8, message_recv(bed->fd, &message, buffer, sizeof(buffer),
				  MSG_PEEK));
	EXPECT_EQ(1, message.has_info);
	EXPECT_INFO(bed->fd, RECORD_HANDSHAKE, DTLS_RECORD_NEWEST, 1, 1,
		    "finished", 8);
	EXPECT_NOTHING(bed->fd);
}

TEST_F(control, data_needs_no_control_buffer)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_INFO));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(5, recv(bed->fd, buffer, sizeof(buffer), MSG_DONTWAIT));
	INJECT(RECORD_ALERT, 1, 1, "\1", 2);
	for (int i = 0; i < 3; i++)
		EXPECT_ERRNO(EIO, recv(bed->fd, buffer, sizeof(buffer),
				       MSG_DONTWAIT));
	EXPECT_INFO(bed->fd, RECORD_ALERT, DTLS_RECORD_NEWEST, 1, 1, "\1", 2);
}

TEST_F(control, A20_other_types_are_dropped)
{
	static const uint8_t types[] = {
		0, 1, RECORD_CCS, 24, 26, 99, 254, 255
	};
	struct bed *bed = &self->bed;

	ASSERT_EQ(0,
		  dtls_recv_flags(bed->fd, DTLS_RECV_INFO | DTLS_RECV_EPOCH0));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		INJECT(types[i], 1, i, "x", 1);
	EXPECT_NOTHING(bed->fd);
	INJECT(RECORD_DATA, 1, ARRAY_SIZE(types), "there", 5);
	EXPECT_INFO(bed->fd, RECORD_DATA, DTLS_RECORD_NEWEST, 1,
		    ARRAY_SIZE(types), "there", 5);
	EXPECT_STATS(bed->fd, .rx_malformed = ARRAY_SIZE(types),
		     .rx_delivered = 1);
}

/* ClientHello, ServerHello, ChangeCipherSpec, Finished, and data. */
static void inject_handshake(struct __test_metadata *_metadata,
			     const struct bed *bed)
{
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_HANDSHAKE, 0, "\1hello"));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_HANDSHAKE, 1, "\2hello"));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_CCS, 2, "\1"));
	/* A fatal alert, and close_notify. */
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_ALERT, 3, "\2\50"));
	add_record(RECORD_ALERT, 0, 4, "\1", 2);
	ASSERT_EQ(0, inject_flight(bed));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_DATA, 5, "plain"));
}

TEST_F(control, A17_A18_unprotected_records_do_nothing)
{
	struct bed *bed = &self->bed;

	inject_handshake(_metadata, bed);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_wrong_epoch = 6);
	expect_traffic(_metadata, bed, 0);
}

TEST_F(control, A17_A18_unprotected_records_are_given_to_who_wants_them)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	for (uint64_t i = 0; i < ARRAY_SIZE(handshake_types); i++) {
		ASSERT_EQ(0, inject_unprotected(bed, handshake_types[i], i,
						"unprotected"));
		EXPECT_UNPROTECTED(handshake_types[i], i, 0,
				   RECORD_HEADER_LEN + 11);
		EXPECT_NOTHING(bed->fd);
	}
	EXPECT_STATS(bed->fd, .rx_epoch0 = 3);
	/* None of them was acted on. */
	expect_traffic(_metadata, bed, 0);
	EXPECT_STATS(bed->fd, .rx_epoch0 = 3, .rx_delivered = 1,
		     .tx_records = 1);
}

TEST_F(control, A18_A20_only_types_of_a_handshake_are_given)
{
	struct bed *bed = &self->bed;
	uint64_t others = 0;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	for (int type = 0; type <= 255; type++) {
		if ((type >= RECORD_CCS && type <= RECORD_HANDSHAKE) ||
		    type == RECORD_CID)
			continue;
		ASSERT_EQ(0, inject_unprotected(bed, (uint8_t)type, 0, "x"));
		others++;
	}
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_wrong_epoch = others);
}

/* No number of theirs is looked at: a repeated flight is what they're for. */
TEST_F(control, unprotected_records_may_be_repeated)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	for (int i = 0; i < 3; i++) {
		size_t hello = add_record(RECORD_HANDSHAKE, 0, 5, "hello", 5);
		size_t ccs = add_record(RECORD_CCS, 0, 6, "\1", 1);

		ASSERT_EQ(0, inject_flight(bed));
		EXPECT_UNPROTECTED(RECORD_HANDSHAKE, 5, 0, hello);
		EXPECT_UNPROTECTED(RECORD_CCS, 6, hello, ccs);
	}
	EXPECT_STATS(bed->fd, .rx_epoch0 = 6);
}

/* The client's last flight: ChangeCipherSpec and Finished in a datagram. */
TEST_F(control, protected_and_unprotected_share_a_datagram)
{
	struct record finished = record_make(RECORD_HANDSHAKE, 1, 0);
	struct bed *bed = &self->bed;
	size_t ccs;

	ASSERT_EQ(0,
		  dtls_recv_flags(bed->fd, DTLS_RECV_INFO | DTLS_RECV_EPOCH0));
	ccs = add_record(RECORD_CCS, 0, 6, "\1", 1);
	flight.len += record_seal(&bed->rx, &finished, "finished", 8,
				  flight.wire + ccs);
	ASSERT_EQ(0, inject_flight(bed));
	EXPECT_UNPROTECTED(RECORD_CCS, 6, 0, ccs);
	EXPECT_INFO(bed->fd, RECORD_HANDSHAKE, DTLS_RECORD_NEWEST, 1, 0,
		    "finished", 8);
	EXPECT_STATS(bed->fd, .rx_epoch0 = 1, .rx_delivered = 1);
}

/* A datagram that is read is opened whole: so many of it may wait. */
TEST_F(control, so_many_unprotected_records_wait)
{
	enum {
		COUNT = DTLS_RECV_EPOCH0_MAX + 9
	};
	struct bed *bed = &self->bed;
	size_t len = 0;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	for (int round = 0; round < 2; round++) {
		for (uint64_t seq = 0; seq < COUNT; seq++)
			len = add_record(RECORD_HANDSHAKE, 0, seq, "hello", 5);
		ASSERT_EQ(0, inject_flight(bed));
		for (uint64_t seq = 0; seq < DTLS_RECV_EPOCH0_MAX; seq++)
			EXPECT_UNPROTECTED(RECORD_HANDSHAKE, seq, seq * len,
					   len);
		EXPECT_NOTHING(bed->fd);
	}
	EXPECT_STATS(bed->fd, .rx_epoch0 = 2 * DTLS_RECV_EPOCH0_MAX,
		     .rx_wrong_epoch = 2 * (COUNT - DTLS_RECV_EPOCH0_MAX));
	/* Protected ones aren't held up by them, nor counted among them. */
	for (uint64_t seq = 0; seq < COUNT; seq++)
		add_record(RECORD_HANDSHAKE, 0, seq, "hello", 5);
	ASSERT_EQ(0, inject_flight(bed));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	for (uint64_t seq = 0; seq < DTLS_RECV_EPOCH0_MAX; seq++)
		EXPECT_UNPROTECTED(RECORD_HANDSHAKE, seq, seq * len, len);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

/* Nobody may take such a record for one of the peer's. */
TEST_F(control, a_reader_must_see_that_it_is_unprotected)
{
	struct bed *bed = &self->bed;
	int type, flags;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_HANDSHAKE, 3, "hello"));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	for (int i = 0; i < 3; i++) {
		EXPECT_ERRNO(EIO, recv(bed->fd, buffer, sizeof(buffer),
				       MSG_DONTWAIT));
		EXPECT_ERRNO(EIO, read(bed->fd, buffer, sizeof(buffer)));
		/* Nor with room for the type alone. */
		flags = MSG_DONTWAIT;
		EXPECT_ERRNO(EIO, msg_recv(bed->fd, &type, buffer,
					   sizeof(buffer), &flags));
	}
	EXPECT_UNPROTECTED(RECORD_HANDSHAKE, 3, 0, RECORD_HEADER_LEN + 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(control, unprotected_records_are_read_as_others_are)
{
	struct pollfd pfd = { .fd = self->bed.fd, .events = POLLIN };
	struct message message;
	struct bed *bed = &self->bed;
	int len = -1;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_HANDSHAKE, 3, "hello"));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(POLLIN, pfd.revents);
	ASSERT_EQ(0, ioctl(bed->fd, FIONREAD, &len));
	EXPECT_EQ(RECORD_HEADER_LEN + 5, len);
	ASSERT_EQ(RECORD_HEADER_LEN + 5, message_recv(bed->fd, &message, buffer,
						      sizeof(buffer), MSG_PEEK));
	EXPECT_EQ(-1, message.type);
	EXPECT_EQ(DTLS_RECORD_UNAUTHENTICATED, message.info.flags);
	/* A short buffer cuts it. */
	ASSERT_EQ(4, message_recv(bed->fd, &message, buffer, 4, MSG_DONTWAIT));
	EXPECT_EQ(MSG_TRUNC, message.flags & MSG_TRUNC);
	EXPECT_EQ(1, message.has_info);
	EXPECT_NOTHING(bed->fd);
}

TEST_F(control, before_the_key_datagrams_pass)
{
	struct bed *bed = &self->bed;
	struct message message;
	int fd[2];

	ASSERT_EQ(0, bed_pair(bed->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	bed->fd = fd[0];
	bed->peer = fd[1];
	ASSERT_EQ(0,
		  dtls_recv_flags(bed->fd, DTLS_RECV_INFO | DTLS_RECV_EPOCH0));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_HANDSHAKE, 3, "hello"));
	ASSERT_EQ(RECORD_HEADER_LEN + 5,
		  message_recv(bed->fd, &message, buffer, sizeof(buffer), 0));
	EXPECT_EQ(-1, message.type);
	EXPECT_EQ(0, message.has_info);
	expect_plain(_metadata, bed);
}

TEST_F(control, flag_may_be_taken_back)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EPOCH0));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_CCS, 3, "\1"));
	EXPECT_UNPROTECTED(RECORD_CCS, 3, 0, RECORD_HEADER_LEN + 1);
	ASSERT_EQ(0, dtls_recv_flags(bed->fd, 0));
	ASSERT_EQ(0, inject_unprotected(bed, RECORD_CCS, 3, "\1"));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_epoch0 = 1, .rx_wrong_epoch = 1);
}

/* The peer gets these bytes. */
static void expect_raw(struct __test_metadata *_metadata, const struct bed *bed)
{
	ASSERT_EQ(0, bed_settle(bed));
	ASSERT_EQ(flight.len,
		  recv(bed->peer, buffer, sizeof(buffer), MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(flight.wire, buffer, flight.len));
}

TEST_F(control, a_flight_goes_out_as_it_is)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
	for (size_t i = 0; i < ARRAY_SIZE(handshake_types); i++) {
		flight.len = 0;
		add_record(handshake_types[i], 0, 100 + i, "content", 7);
		ASSERT_EQ(flight.len,
			  epoch0_send(bed->fd, flight.wire, flight.len));
		expect_raw(_metadata, bed);
	}
	/* NewSessionTicket, longer than most, and ChangeCipherSpec. */
	flight.len = 0;
	add_record(RECORD_HANDSHAKE, 0, RECORD_SEQ_MAX, buffer, 1200);
	add_record(RECORD_CCS, 0, 6, "\1", 1);
	ASSERT_EQ(flight.len, epoch0_send(bed->fd, flight.wire, flight.len));
	expect_raw(_metadata, bed);
	/* And the Finished as a record of the key's, which lost no number. */
	ASSERT_EQ(8, msg_send(bed->fd, RECORD_HANDSHAKE, "finished", 8, 0));
	EXPECT_SEALED(RECORD_HANDSHAKE, 1, 1, "finished", 8);
	EXPECT_STATS(bed->fd, .tx_records = 2);
}

/* The bytes of @flight don't go out. */
#define EXPECT_UNSENDABLE(len)                                             \
	do {                                                               \
		EXPECT_ERRNO(EINVAL,                                       \
			     epoch0_send(self->bed.fd, flight.wire, len)); \
		EXPECT_UNSENT();                                           \
	} while (0)

TEST_F(control, nothing_else_goes_out_unprotected)
{
	struct bed *bed = &self->bed;

	EXPECT_UNSENDABLE(0);
	for (int type = 0; type <= 255; type++) {
		if (type >= RECORD_CCS && type <= RECORD_HANDSHAKE)
			continue;
		flight.len = 0;
		add_record((uint8_t)type, 0, 1, "secret", 6);
		EXPECT_UNSENDABLE(flight.len);
	}
	for (uint32_t epoch = 1; epoch <= 65535; epoch = epoch * 2 + 1) {
		flight.len = 0;
		add_record(RECORD_HANDSHAKE, (uint16_t)epoch, 1, "secret", 6);
		EXPECT_UNSENDABLE(flight.len);
	}
	/* A good one first doesn't help. */
	flight.len = 0;
	add_record(RECORD_CCS, 0, 1, "\1", 1);
	add_record(RECORD_DATA, 0, 2, "secret", 6);
	EXPECT_UNSENDABLE(flight.len);
	flight.len = 0;
	add_record(RECORD_CCS, 0, 1, "\1", 1);
	add_record(RECORD_HANDSHAKE, 1, 2, "secret", 6);
	EXPECT_UNSENDABLE(flight.len);
	EXPECT_STATS(bed->fd);
	expect_traffic(_metadata, bed, 0);
}

TEST_F(control, cut_records_do_not_go_out)
{
	struct bed *bed = &self->bed;
	size_t first, len;

	flight.len = 0;
	first = add_record(RECORD_CCS, 0, 1, "\1", 1);
	add_record(RECORD_HANDSHAKE, 0, 2, "hello", 5);
	for (len = 1; len < flight.len; len++)
		if (len != first)
			EXPECT_UNSENDABLE(len);
	/* Nor with a byte behind the last one. */
	flight.wire[flight.len] = 0;
	EXPECT_UNSENDABLE(flight.len + 1);
	ASSERT_EQ(flight.len, epoch0_send(bed->fd, flight.wire, flight.len));
	expect_raw(_metadata, bed);
}

TEST_HARNESS_MAIN
