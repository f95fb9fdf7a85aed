// SPDX-License-Identifier: GPL-2.0
/* How much a key may be used: DTLS_LIMITS, its events, and the end. */
#include "state.h"
#include "waiter.h"

FIXTURE_BED_KINDS(limits)

FIXTURE_SETUP(limits)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(limits)
{
}

static void key_both(struct __test_metadata *_metadata, const struct bed *bed,
		     uint16_t epoch)
{
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, epoch, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, epoch, 0));
}

static struct dtls_limits limits_of(int fd)
{
	struct dtls_limits limits;

	memset(&limits, 0xaa, sizeof(limits));
	get(fd, DTLS_LIMITS, &limits, sizeof(limits));
	return limits;
}

/* Records that fail to authenticate. */
static int inject_forged(const struct bed *bed, uint16_t epoch, int count)
{
	struct record record = record_make(RECORD_DATA, epoch, 1000);
	uint8_t wire[100];
	size_t len = record_seal(&bed->rx, &record, "forged", 6, wire);

	wire[len - 1] ^= 1;
	while (count--)
		if (send(bed->peer, wire, len, 0) != (ssize_t)len)
			return -1;
	return bed_settle(bed);
}

static int try_recv(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
}

static short poll_events(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

#define EXPECT_EVENT(direction, code, epoch)                             \
	do {                                                             \
		struct sock_extended_err _event;                         \
		EXPECT_EQ(POLLERR, poll_events(self->bed.fd) & POLLERR); \
		ASSERT_EQ(0, event_recv(self->bed.fd, &_event));         \
		EXPECT_EQ(EKEYEXPIRED, _event.ee_errno);                 \
		EXPECT_EQ(SO_EE_ORIGIN_DTLS, _event.ee_origin);          \
		EXPECT_EQ(direction, _event.ee_type);                    \
		EXPECT_EQ(code, _event.ee_code);                         \
		EXPECT_EQ(epoch, _event.ee_info);                        \
	} while (0)

#define EXPECT_NO_EVENT()                                                \
	do {                                                             \
		struct sock_extended_err _event;                         \
		EXPECT_EQ(0, poll_events(self->bed.fd) & POLLERR);       \
		EXPECT_ERRNO(EAGAIN, event_recv(self->bed.fd, &_event)); \
	} while (0)

/* Seven eighths, rounded in either direction. */
static int is_default_warning(uint64_t warn, uint64_t limit)
{
	return warn >= limit / 8 * 7 && warn <= limit / 8 * 7 + 7;
}

/* RFC 9325, 4.4; RFC 9147, 4.5.3 and B; RFC 8446, 5.5. */
TEST_F(limits, B7_each_cipher_has_its_own)
{
	static const struct {
		uint16_t cipher;
		uint64_t records, failures;
	} table[] = {
		{ TLS_CIPHER_AES_GCM_128, 23726566, 1ull << 28 },
		{ TLS_CIPHER_AES_GCM_256, 23726566, 1ull << 28 },
		{ TLS_CIPHER_CHACHA20_POLY1305, 1ull << 48, 1ull << 36 },
		{ TLS_CIPHER_AES_CCM_128, 1ull << 23, 11863283 },
		{ DTLS_CIPHER_AES_CCM_256, 1ull << 23, 11863283 },
		{ DTLS_CIPHER_AES_CCM_8_128, 1ull << 23, 11863283 },
		{ DTLS_CIPHER_AES_CCM_8_256, 1ull << 23, 11863283 },
	};
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_flags(bed->fd, DTLS_PARAM_CCM_8));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct dtls_limits limits;

		secret_make(&bed->tx, cipher_by_type(table[i].cipher), 5);
		secret_make(&bed->rx, cipher_by_type(table[i].cipher), 6);
		key_both(_metadata, bed, (uint16_t)(i + 1));
		limits = limits_of(bed->fd);
		EXPECT_EQ(table[i].records, limits.tx_records);
		EXPECT_EQ(table[i].failures, limits.rx_failures);
		EXPECT_EQ(1, is_default_warning(limits.tx_warn,
						limits.tx_records));
		EXPECT_EQ(1, is_default_warning(limits.rx_warn,
						limits.rx_failures));
	}
}

TEST_F(limits, without_a_key_what_was_set_is_told)
{
	struct dtls_limits none = {}, limits = { 100, 90, 80, 70 }, seen;

	seen = limits_of(self->bed.fd);
	EXPECT_EQ(0, memcmp(&none, &seen, sizeof(seen)));
	ASSERT_EQ(0, dtls_limits(self->bed.fd, &limits));
	seen = limits_of(self->bed.fd);
	EXPECT_EQ(0, memcmp(&limits, &seen, sizeof(seen)));
	/* And it holds for the keys to come. */
	key_both(_metadata, &self->bed, 1);
	seen = limits_of(self->bed.fd);
	EXPECT_EQ(0, memcmp(&limits, &seen, sizeof(seen)));
	key_both(_metadata, &self->bed, 2);
	seen = limits_of(self->bed.fd);
	EXPECT_EQ(0, memcmp(&limits, &seen, sizeof(seen)));
}

TEST_F(limits, warning_is_seven_eighths_of_a_lower_limit)
{
	struct dtls_limits limits = { .tx_records = 800, .rx_failures = 80 };

	key_both(_metadata, &self->bed, 1);
	ASSERT_EQ(0, dtls_limits(self->bed.fd, &limits));
	EXPECT_EQ(700, limits_of(self->bed.fd).tx_warn);
	EXPECT_EQ(70, limits_of(self->bed.fd).rx_warn);
	EXPECT_EQ(800, limits_of(self->bed.fd).tx_records);
	EXPECT_EQ(80, limits_of(self->bed.fd).rx_failures);
}

TEST_F(limits, B7_none_is_above_the_ciphers)
{
	struct dtls_limits high = { .tx_records = ~0ull, .rx_failures = ~0ull };
	struct dtls_limits own, seen;

	ASSERT_EQ(0, dtls_limits(self->bed.fd, &high));
	key_both(_metadata, &self->bed, 1);
	seen = limits_of(self->bed.fd);
	ASSERT_EQ(0, dtls_limits(self->bed.fd, &(struct dtls_limits) {}));
	own = limits_of(self->bed.fd);
	EXPECT_EQ(0, memcmp(&own, &seen, sizeof(seen)));
	high.tx_records = own.tx_records + 1;
	high.rx_failures = own.rx_failures + 1;
	ASSERT_EQ(0, dtls_limits(self->bed.fd, &high));
	seen = limits_of(self->bed.fd);
	EXPECT_EQ(own.tx_records, seen.tx_records);
	EXPECT_EQ(own.rx_failures, seen.rx_failures);
}

TEST_F(limits, other_lengths_are_refused)
{
	struct dtls_limits limits[2] = { { .tx_records = 5 } };

	EXPECT_NO_OTHER_LENGTH(sizeof(limits[0]), sizeof(limits), DTLS_LIMITS,
			       limits);
	EXPECT_NO_CHANGE(EFAULT, set(self->bed.fd, DTLS_LIMITS, NULL,
				     sizeof(limits[0])));
}

#define SEND(text)                  \
	ASSERT_EQ(sizeof(text) - 1, \
		  send(self->bed.fd, text, sizeof(text) - 1, 0))

TEST_F(limits, B7_sending_ends_at_the_limit)
{
	struct dtls_limits limits = { .tx_records = 10, .tx_warn = 7 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EVENTS));
	key_both(_metadata, bed, 3);
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	for (uint64_t seq = 0; seq < 10; seq++) {
		SEND("here");
		EXPECT_SEALED(RECORD_DATA, 3, seq, "here", 4);
		if (seq == 6)
			EXPECT_EVENT(TLS_TX, DTLS_EVENT_NEAR, 3);
		if (seq < 9)
			EXPECT_NO_EVENT();
	}
	EXPECT_EVENT(TLS_TX, DTLS_EVENT_END, 3);
	for (int i = 0; i < 3; i++)
		EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	EXPECT_UNSENT();
	EXPECT_NO_EVENT();
	EXPECT_STATS(bed->fd, .tx_records = 10);
	/* The other direction goes on. */
	INJECT(RECORD_DATA, 3, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	/* And so does this one with a new key, which counts from its own. */
	secret_make(&bed->tx, bed->tx.cipher, 9);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 4, 0));
	for (uint64_t seq = 0; seq < 10; seq++) {
		SEND("new");
		EXPECT_SEALED(RECORD_DATA, 4, seq, "new", 3);
	}
	EXPECT_EVENT(TLS_TX, DTLS_EVENT_NEAR, 4);
	EXPECT_EVENT(TLS_TX, DTLS_EVENT_END, 4);
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
}

/* Numbers used in the handshake were used with the same key. */
TEST_F(limits, numbers_before_the_hand_over_count)
{
	struct dtls_limits limits = { .tx_records = 105 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 100));
	for (uint64_t seq = 100; seq < 105; seq++) {
		SEND("here");
		EXPECT_SEALED(RECORD_DATA, 1, seq, "here", 4);
	}
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	EXPECT_UNSENT();
}

/* A record that finds the key at its end waits for the next key. */
TEST_F(limits, what_waits_is_not_lost_at_the_limit)
{
	struct dtls_limits limits = { .tx_records = 1 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	key_both(_metadata, bed, 1);
	SEND("here");
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
	ASSERT_EQ(5, send(bed->fd, "first", 5, MSG_MORE));
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "second", 6, 0));
	EXPECT_UNSENT();
	key_both(_metadata, bed, 2);
	ASSERT_EQ(6, send(bed->fd, "second", 6, 0));
	EXPECT_SEALED(RECORD_DATA, 2, 0, "firstsecond", 11);
}

TEST_F(limits, may_be_lowered_below_what_was_used)
{
	struct dtls_limits limits = { .tx_records = 2, .rx_failures = 2 };
	struct bed *bed = &self->bed;

	key_both(_metadata, bed, 1);
	for (int i = 0; i < 3; i++)
		SEND("here");
	ASSERT_EQ(0, inject_forged(bed, 1, 3));
	EXPECT_EQ(EAGAIN, try_recv(bed->fd));
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	EXPECT_EQ(EKEYEXPIRED, try_recv(bed->fd));
}

/* Not the numbers that were asked for past the limit. */
TEST_F(limits, records_are_those_sent_whatever_the_limit)
{
	struct dtls_limits limits = { .tx_records = 2 };
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	for (int i = 0; i < 3; i++)
		SEND("here");
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, 0, &state));
	EXPECT_EQ(3, state.records);
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	limits.tx_records = 1000;
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	SEND("here");
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, DTLS_STATE_FREEZE, &state));
	EXPECT_EQ(4, state.records);
}

TEST_F(limits, B7_receiving_ends_at_the_limit)
{
	struct dtls_limits limits = { .rx_failures = 5, .rx_warn = 3 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EVENTS));
	key_both(_metadata, bed, 1);
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	ASSERT_EQ(0, inject_forged(bed, 1, 2));
	EXPECT_EQ(EAGAIN, try_recv(bed->fd));
	EXPECT_NO_EVENT();
	ASSERT_EQ(0, inject_forged(bed, 1, 1));
	/* An event that waits is no error of another call's. */
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(EAGAIN, try_recv(bed->fd));
	EXPECT_EVENT(TLS_RX, DTLS_EVENT_NEAR, 1);
	EXPECT_NO_EVENT();
	/* Until then what is authentic is welcome. */
	ASSERT_EQ(0, inject_forged(bed, 1, 1));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	ASSERT_EQ(0, inject_forged(bed, 1, 1));
	EXPECT_EQ(EKEYEXPIRED, try_recv(bed->fd));
	EXPECT_EVENT(TLS_RX, DTLS_EVENT_END, 1);
	INJECT(RECORD_DATA, 1, 1, "there", 5);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(EKEYEXPIRED, try_recv(bed->fd));
		EXPECT_EQ(POLLERR, poll_events(bed->fd) & POLLERR);
	}
	EXPECT_STATS(bed->fd, .rx_delivered = 1, .rx_bad_tag = 5,
		     .rx_expired = 1);
	SEND("here");
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
}

TEST_F(limits, B7_a_new_key_ends_the_end)
{
	struct dtls_limits limits = { .rx_failures = 2 };
	struct secret old;
	struct bed *bed = &self->bed;

	key_both(_metadata, bed, 1);
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	ASSERT_EQ(0, inject_forged(bed, 1, 2));
	EXPECT_EQ(EKEYEXPIRED, try_recv(bed->fd));
	old = bed->rx;
	secret_make(&bed->rx, bed->rx.cipher, 9);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 0));
	EXPECT_NOTHING(bed->fd);
	INJECT(RECORD_DATA, 2, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	/* The old one stays at its end: that's nobody's concern. */
	bed->rx = old;
	INJECT(RECORD_DATA, 1, 0, "x", 1);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_bad_tag = 2, .rx_expired = 1,
		     .rx_delivered = 1);
}

/* Authentic records that were opened before are given first. */
TEST_F(limits, records_before_the_end_are_delivered)
{
	struct dtls_limits limits = { .rx_failures = 2 };
	struct record record;
	struct bed *bed = &self->bed;
	uint8_t wire[300];
	size_t len = 0, one;

	key_both(_metadata, bed, 1);
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	/* Two good ones, two forged, and a good one, in a datagram. */
	for (uint64_t seq = 0; seq < 5; seq++) {
		record = record_make(RECORD_DATA, 1, seq);
		one = record_seal(&bed->rx, &record, "there", 5, wire + len);
		len += one;
		if (seq == 2 || seq == 3)
			wire[len - 1] ^= 1;
	}
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	EXPECT_EQ(POLLIN, poll_events(bed->fd) & POLLIN);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	EXPECT_EQ(EKEYEXPIRED, try_recv(bed->fd));
	EXPECT_STATS(bed->fd, .rx_delivered = 2, .rx_bad_tag = 2,
		     .rx_expired = 1);
}

/* What's no record, is of another epoch, or was seen already is no failure. */
TEST_F(limits, only_forgeries_are_failures)
{
	struct dtls_limits limits = { .rx_failures = 2 };
	struct dtls_state state;
	struct bed *bed = &self->bed;

	key_both(_metadata, bed, 1);
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	for (int i = 0; i < 3; i++) {
		INJECT(RECORD_DATA, 1, 0, "there", 5);
		INJECT(RECORD_DATA, 2, 0, "there", 5);
		ASSERT_EQ(0, bed_inject(bed, "garbage", 7));
	}
	EXPECT_NOTHING(bed->fd);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, 0, &state));
	EXPECT_EQ(0, state.failures);
	EXPECT_STATS(bed->fd, .rx_delivered = 1, .rx_replayed = 3,
		     .rx_no_key = 3, .rx_malformed = 3);
}

TEST_F(limits, B7_failures_are_told_by_key)
{
	struct dtls_state state;
	struct bed *bed = &self->bed;

	key_both(_metadata, bed, 1);
	key_both(_metadata, bed, 2);
	ASSERT_EQ(0, inject_forged(bed, 1, 3));
	ASSERT_EQ(0, inject_forged(bed, 2, 4));
	EXPECT_NOTHING(bed->fd);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, 0, &state));
	EXPECT_EQ(3, state.failures);
	EXPECT_EQ(limits_of(bed->fd).rx_failures, state.limit);
	EXPECT_EQ(limits_of(bed->fd).rx_warn, state.warn);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 2, 0, &state));
	EXPECT_EQ(4, state.failures);
	EXPECT_EQ(0, state.next);
	EXPECT_EQ(0, state.records);
	EXPECT_STATS(bed->fd, .rx_bad_tag = 7);
}

/* An older key at its end is no reason to stop reading. */
TEST_F(limits, end_of_an_older_key_is_no_error)
{
	struct dtls_limits limits = { .rx_failures = 2 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EVENTS));
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	key_both(_metadata, bed, 1);
	key_both(_metadata, bed, 2);
	ASSERT_EQ(0, inject_forged(bed, 1, 2));
	EXPECT_EQ(EAGAIN, try_recv(bed->fd));
	EXPECT_EVENT(TLS_RX, DTLS_EVENT_NEAR, 1);
	EXPECT_EVENT(TLS_RX, DTLS_EVENT_END, 1);
	EXPECT_NO_EVENT();
	INJECT(RECORD_DATA, 1, 0, "x", 1);
	EXPECT_NOTHING(bed->fd);
	INJECT(RECORD_DATA, 2, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	EXPECT_STATS(bed->fd, .rx_bad_tag = 2, .rx_expired = 1,
		     .rx_delivered = 1);
}

TEST_F(limits, events_come_if_wanted_only)
{
	struct dtls_limits limits = { 4, 2, 4, 2 };
	struct bed *bed = &self->bed;

	key_both(_metadata, bed, 1);
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	for (int i = 0; i < 3; i++)
		SEND("here");
	ASSERT_EQ(0, inject_forged(bed, 1, 3));
	EXPECT_EQ(EAGAIN, try_recv(bed->fd));
	EXPECT_NO_EVENT();
	SEND("here");
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	EXPECT_NO_EVENT();
}

TEST_F(limits, B7_soft_limits_are_told_and_not_enforced)
{
	struct dtls_limits limits = { 4, 2, 4, 2 };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_flags(bed->fd, DTLS_PARAM_SOFT_LIMITS));
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EVENTS));
	key_both(_metadata, bed, 1);
	for (uint64_t seq = 0; seq < 9; seq++) {
		SEND("here");
		EXPECT_SEALED(RECORD_DATA, 1, seq, "here", 4);
	}
	EXPECT_EVENT(TLS_TX, DTLS_EVENT_NEAR, 1);
	EXPECT_EVENT(TLS_TX, DTLS_EVENT_END, 1);
	EXPECT_NO_EVENT();
	ASSERT_EQ(0, inject_forged(bed, 1, 9));
	EXPECT_EQ(EAGAIN, try_recv(bed->fd));
	EXPECT_EVENT(TLS_RX, DTLS_EVENT_NEAR, 1);
	EXPECT_EVENT(TLS_RX, DTLS_EVENT_END, 1);
	EXPECT_NO_EVENT();
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	EXPECT_STATS(bed->fd, .tx_records = 9, .rx_bad_tag = 9,
		     .rx_delivered = 1);
}

TEST_F(limits, A3_numbers_end_under_soft_limits_too)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_flags(bed->fd, DTLS_PARAM_SOFT_LIMITS));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, RECORD_SEQ_MAX - 1));
	for (uint64_t seq = RECORD_SEQ_MAX - 1; seq <= RECORD_SEQ_MAX; seq++) {
		SEND("here");
		EXPECT_SEALED(RECORD_DATA, 1, seq, "here", 4);
	}
	for (int i = 0; i < 3; i++)
		EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
	EXPECT_UNSENT();
}

static long wait_in_recv(void *arg)
{
	char byte;

	return recv(*(int *)arg, &byte, 1, 0);
}

static long wait_in_poll(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLIN };
	char byte;

	if (poll(&pfd, 1, -1) != 1 || !(pfd.revents & POLLERR))
		return 0;
	return recv(pfd.fd, &byte, 1, MSG_DONTWAIT);
}

TEST_F(limits, waiters_are_told_of_the_end)
{
	static long (*const waits[])(void *) = { wait_in_recv, wait_in_poll };
	struct dtls_limits limits = { .rx_failures = 3 };
	struct bed *bed = &self->bed;
	struct waiter waiter;

	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	for (uint16_t i = 0; i < ARRAY_SIZE(waits); i++) {
		key_both(_metadata, bed, i + 1);
		ASSERT_EQ(0, waiter_begin(&waiter, waits[i], &bed->fd));
		ASSERT_EQ(0, inject_forged(bed, i + 1, 3));
		EXPECT_ERRNO(EKEYEXPIRED, waiter_end(&waiter));
	}
}

/* Parallel senders get the numbers that there are, and not one more. */
enum {
	SENDERS = 4,
	LIMIT = 500
};

static void *send_to_the_end(void *arg)
{
	int fd = *(int *)arg;

	while (send(fd, "here", 4, 0) == 4)
		;
	return (void *)(intptr_t)errno;
}

TEST_F(limits, B7_parallel_senders_stop_at_the_limit)
{
	struct dtls_limits limits = { .tx_records = LIMIT, .tx_warn = 100 };
	pthread_t thread[SENDERS];
	struct bed *bed = &self->bed;
	uint8_t wire[100], seen[LIMIT] = {};
	int codes = 0;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_EVENTS));
	ASSERT_EQ(0, dtls_limits(bed->fd, &limits));
	key_both(_metadata, bed, 1);
	ASSERT_EQ(0, bed_unpin_cpu());
	for (int i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, send_to_the_end,
					    &bed->fd));
	for (int i = 0; i < SENDERS; i++) {
		void *err;

		ASSERT_EQ(0, pthread_join(thread[i], &err));
		EXPECT_EQ(EKEYEXPIRED, (intptr_t)err);
	}
	for (int i = 0; i < LIMIT; i++) {
		struct record record;
		char text[8];
		ssize_t n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);

		ASSERT_EQ(4, record_open(&bed->tx, wire, (size_t)n, &record,
					 (uint8_t *)text));
		ASSERT_GT(LIMIT, record.seq);
		EXPECT_EQ(0, seen[record.seq]++);
	}
	EXPECT_ERRNO(EAGAIN, recv(bed->peer, wire, 1, MSG_DONTWAIT));
	/* Each once, by whichever threads, which may overtake each other. */
	for (int i = 0; i < 2; i++) {
		struct sock_extended_err event;

		ASSERT_EQ(0, event_recv(bed->fd, &event));
		codes += event.ee_code;
	}
	EXPECT_EQ(DTLS_EVENT_NEAR + DTLS_EVENT_END, codes);
	EXPECT_NO_EVENT();
	EXPECT_STATS(bed->fd, .tx_records = LIMIT);
}

TEST_HARNESS_MAIN
