// SPDX-License-Identifier: GPL-2.0
/* How far a key is, by direction and epoch (DTLS_STATE), and its freezing. */
#include <sched.h>

#include "state.h"

#define STATE_LEN(words) \
	(offsetof(struct dtls_state, bitmap) + 8 * (size_t)(words))

FIXTURE_BED_KINDS(progress)

FIXTURE_SETUP(progress)
{
	BED_SETUP();
	ASSERT_EQ(0, dtls_rx_epochs(self->bed.fd, 4, 0));
}

FIXTURE_TEARDOWN(progress)
{
}

static int key_both(const struct bed *bed, uint16_t epoch)
{
	return dtls_key(bed->fd, TLS_TX, &bed->tx, epoch, 0) ||
	       dtls_key(bed->fd, TLS_RX, &bed->rx, epoch, 0);
}

static struct dtls_limits limits_of(int fd)
{
	struct dtls_limits limits = {};

	get(fd, DTLS_LIMITS, &limits, sizeof(limits));
	return limits;
}

static int inject_forged(const struct bed *bed, uint16_t epoch)
{
	struct record record = record_make(RECORD_DATA, epoch, 3000);
	uint8_t wire[100];
	size_t len = record_seal(&bed->rx, &record, "forged", 6, wire);

	wire[len - 1] ^= 1;
	return bed_inject(bed, wire, len);
}

TEST_F(progress, of_sending_is_told)
{
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 3, 100));
	for (uint64_t sent = 0; sent < 3; sent++) {
		ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 3, 0, &state));
		EXPECT_EQ(3, state.epoch);
		EXPECT_EQ(TLS_TX, state.direction);
		EXPECT_EQ(0, state.flags);
		EXPECT_EQ(100 + sent, state.next);
		EXPECT_EQ(sent, state.records);
		EXPECT_EQ(0, state.failures);
		EXPECT_EQ(limits_of(bed->fd).tx_records, state.limit);
		EXPECT_EQ(limits_of(bed->fd).tx_warn, state.warn);
		ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	}
}

TEST_F(progress, of_sending_ends_at_2_to_the_48)
{
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, dtls_flags(bed->fd, DTLS_PARAM_SOFT_LIMITS));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, RECORD_SEQ_MAX));
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, 0, &state));
	EXPECT_EQ(RECORD_SEQ_MAX, state.next);
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	for (int i = 0; i < 3; i++) {
		EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "here", 4, 0));
		ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, 0, &state));
		EXPECT_EQ(RECORD_SEQ_MAX + 1, state.next);
		EXPECT_EQ(1, state.records);
	}
}

TEST_F(progress, of_receiving_is_told_by_epoch)
{
	static const uint64_t seqs[] = { 0, 1, 3, 70 };
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, dtls_window_bits(bed->fd, 128));
	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, key_both(bed, 2));
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
		INJECT(RECORD_DATA, 1, seqs[i], "x", 1);
		EXPECT_RECORD(bed->fd, RECORD_DATA, "x", 1);
	}
	INJECT(RECORD_DATA, 2, 5, "x", 1);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "x", 1);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, inject_forged(bed, 1));
	INJECT(RECORD_DATA, 1, 70, "x", 1);
	EXPECT_NOTHING(bed->fd);

	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, 0, &state));
	EXPECT_EQ(1, state.epoch);
	EXPECT_EQ(TLS_RX, state.direction);
	EXPECT_EQ(128, state.window_bits);
	EXPECT_EQ(71, state.next);
	EXPECT_EQ(4, state.records);
	EXPECT_EQ(3, state.failures);
	EXPECT_EQ(limits_of(bed->fd).rx_failures, state.limit);
	EXPECT_EQ(limits_of(bed->fd).rx_warn, state.warn);
	/* Bit i is number 70 - i. */
	EXPECT_EQ(1, state.bitmap[0]);
	EXPECT_EQ(1ULL << (67 - 64) | 1ULL << (69 - 64) | 1ULL << (70 - 64),
		  state.bitmap[1]);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 2, 0, &state));
	EXPECT_EQ(6, state.next);
	EXPECT_EQ(1, state.records);
	EXPECT_EQ(0, state.failures);
	EXPECT_EQ(1, state.bitmap[0]);
	EXPECT_EQ(0, state.bitmap[1]);
}

TEST_F(progress, agrees_with_the_window)
{
	struct dtls_window window = { .epoch = 1 };
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 100));
	for (uint64_t seq = 103; seq < 2000; seq = seq * 5 / 4) {
		INJECT(RECORD_DATA, 1, seq, "x", 1);
		EXPECT_RECORD(bed->fd, RECORD_DATA, "x", 1);
	}
	ASSERT_EQ(0, get(bed->fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, 0, &state));
	EXPECT_EQ(window.next, state.next);
	EXPECT_EQ(window.window_bits, state.window_bits);
	EXPECT_EQ(0, memcmp(window.bitmap, state.bitmap, sizeof(window.bitmap)));
}

TEST_F(progress, of_what_is_not_held_is_not_told)
{
	static const uint16_t epochs[] = { 0, 1, 2, 4, 6, 65535 };
	struct bed *bed = &self->bed;
	struct dtls_state state;

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		EXPECT_ERRNO(ENOENT,
			     dtls_state(bed->fd, directions[i], 1, 0, &state));
	/* In one direction an epoch is held, which the other one lacks. */
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	EXPECT_ERRNO(ENOENT, dtls_state(bed->fd, TLS_RX, 1, 0, &state));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 5, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 3, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 5, 0));
	EXPECT_ERRNO(ENOENT, dtls_state(bed->fd, TLS_TX, 3, 0, &state));
	ASSERT_EQ(0, dtls_drop_epoch(bed->fd, 3));
	EXPECT_ERRNO(ENOENT, dtls_state(bed->fd, TLS_RX, 3, 0, &state));
	for (size_t i = 0; i < ARRAY_SIZE(epochs); i++) {
		EXPECT_ERRNO(ENOENT, dtls_state(bed->fd, TLS_TX, epochs[i],
						DTLS_STATE_FREEZE, &state));
		EXPECT_ERRNO(ENOENT, dtls_state(bed->fd, TLS_RX, epochs[i],
						DTLS_STATE_FREEZE, &state));
	}
	/* Nothing was frozen by that. */
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 5, 0, "here", 4);
	INJECT(RECORD_DATA, 5, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(progress, bad_questions_are_refused)
{
	static const int others[] = { 0, 3, 4, 128, 255 };
	struct bed *bed = &self->bed;
	struct dtls_state state;
	socklen_t len = sizeof(state);

	ASSERT_EQ(0, key_both(bed, 1));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_ERRNO(EINVAL,
			     dtls_state(bed->fd, others[i], 1, 0, &state));
	for (int bit = 1; bit < 8; bit++)
		for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
			EXPECT_ERRNO(EINVAL,
				     dtls_state(bed->fd, directions[i], 1,
						(uint8_t)(1 << bit | 1),
						&state));
	state = (struct dtls_state) { .epoch = 1, .direction = TLS_TX };
	state.flags = DTLS_STATE_FREEZE;
	for (len = 0; len < STATE_LEN(128); len++)
		if (len < STATE_LEN(0) || len % 8)
			EXPECT_EQ(EINVAL, get(bed->fd, DTLS_STATE, &state, len));
	EXPECT_ERRNO(EFAULT,
		     getsockopt(bed->fd, SOL_TLS, DTLS_STATE, NULL, &len));
	EXPECT_ERRNO(EFAULT,
		     getsockopt(bed->fd, SOL_TLS, DTLS_STATE, &state, NULL));
	EXPECT_ERRNO(ENOPROTOOPT,
		     set(bed->fd, DTLS_STATE, &state, sizeof(state)));
	/* None of these froze anything. */
	expect_traffic(_metadata, bed, 0);
}

TEST_F(progress, map_may_be_cut)
{
	struct bed *bed = &self->bed;
	struct dtls_state state, whole;

	ASSERT_EQ(0, key_both(bed, 1));
	for (uint64_t seq = 0; seq < 300; seq += 3) {
		INJECT(RECORD_DATA, 1, seq, "x", 1);
		EXPECT_RECORD(bed->fd, RECORD_DATA, "x", 1);
	}
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, 0, &whole));
	for (size_t words = 0; words <= 128; words++) {
		socklen_t len = (socklen_t)STATE_LEN(words);

		memset(&state, 0xff, sizeof(state));
		state.epoch = 1;
		state.direction = TLS_RX;
		state.flags = 0;
		ASSERT_EQ(0, getsockopt(bed->fd, SOL_TLS, DTLS_STATE, &state,
					&len));
		EXPECT_EQ(STATE_LEN(words), len);
		EXPECT_EQ(0, memcmp(&whole, &state, len));
		if (words < 128)
			EXPECT_EQ(~0ULL, state.bitmap[words]);
	}
}

#define EXPECT_FROZEN_TX()                                                  \
	do {                                                                \
		struct bed *_bed = &self->bed;                              \
		EXPECT_ERRNO(EKEYREVOKED, send(_bed->fd, "here", 4, 0));    \
		EXPECT_ERRNO(EKEYREVOKED,                                   \
			     msg_send(_bed->fd, RECORD_ALERT, "\1", 2, 0)); \
		for (uint16_t _epoch = 1; _epoch < 5; _epoch++)             \
			EXPECT_ERRNO(EKEYREVOKED,                           \
				     dtls_key(_bed->fd, TLS_TX, &_bed->tx,  \
					      _epoch, 0));                  \
		EXPECT_UNSENT();                                            \
	} while (0)

TEST_F(progress, frozen_sending_is_over_for_good)
{
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, key_both(bed, 2));
	for (uint64_t seq = 0; seq < 3; seq++) {
		ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
		EXPECT_SEALED(RECORD_DATA, 2, seq, "here", 4);
	}
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 2, DTLS_STATE_FREEZE, &state));
	EXPECT_EQ(3, state.next);
	EXPECT_EQ(3, state.records);
	for (int i = 0; i < 3; i++) {
		EXPECT_FROZEN_TX();
		/* Asked again, it says the same. */
		ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 2,
					i ? DTLS_STATE_FREEZE : 0, &state));
		EXPECT_EQ(3, state.next);
		EXPECT_EQ(3, state.records);
	}
	/* The other direction goes on. */
	INJECT(RECORD_DATA, 2, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 3, 0));
	EXPECT_STATS(bed->fd, .tx_records = 3, .rx_delivered = 1);
}

TEST_F(progress, frozen_receiving_is_over_for_good)
{
	struct bed *bed = &self->bed;
	struct dtls_state first, state;

	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, key_both(bed, 2));
	INJECT(RECORD_DATA, 1, 3, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	INJECT(RECORD_DATA, 2, 7, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, DTLS_STATE_FREEZE, &first));
	EXPECT_EQ(4, first.next);
	INJECT(RECORD_DATA, 1, 4, "x", 1);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 2, DTLS_STATE_FREEZE, &state));
	EXPECT_EQ(8, state.next);
	INJECT(RECORD_DATA, 2, 8, "x", 1);
	INJECT(RECORD_DATA, 1, 5, "x", 1);
	/* Nothing is opened, or marked, any more. */
	recv(bed->fd, &state, 1, MSG_DONTWAIT);
	EXPECT_STATS(bed->fd, .rx_delivered = 2, .rx_expired = 3);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 2, 0, &state));
	EXPECT_EQ(8, state.next);
	EXPECT_EQ(1, state.records);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, 0, &state));
	EXPECT_EQ(0, memcmp(first.bitmap, state.bitmap, sizeof(state.bitmap)));
	/* The other direction goes on. */
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 2, 0, "here", 4);
}

/* It would wait for ever. */
TEST_F(progress, what_waits_is_sent_before_the_freeze)
{
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(5, send(bed->fd, "first", 5, MSG_MORE));
	EXPECT_NO_CHANGE(EBUSY, dtls_state(bed->fd, TLS_TX, 1,
					   DTLS_STATE_FREEZE, &state));
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, 0, &state));
	EXPECT_EQ(0, state.next);
	ASSERT_EQ(6, send(bed->fd, "second", 6, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "firstsecond", 11);
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, DTLS_STATE_FREEZE, &state));
	EXPECT_EQ(1, state.next);
	/* Nor does anything begin to wait after it. */
	EXPECT_ERRNO(EKEYREVOKED, send(bed->fd, "third", 5, MSG_MORE));
	EXPECT_FROZEN_TX();
}

/* What was authentic before can still be read. */
TEST_F(progress, records_opened_before_the_freeze_stay)
{
	struct pollfd pfd = { .fd = self->bed.fd, .events = POLLIN };
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, key_both(bed, 1));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, DTLS_STATE_FREEZE, &state));
	EXPECT_EQ(1, state.next);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

/* Threads use the keys until they're frozen under them. */
enum {
	THREADS = 3,
	BEFORE = 200, /* records before the freeze, at least */
	COUNT = 3000  /* and at most */
};

struct traffic {
	const struct bed *bed;
	uint32_t sent, delivered;
	int frozen, err;
	uint8_t seen[COUNT];
};

static int is_frozen(struct traffic *traffic)
{
	return __atomic_load_n(&traffic->frozen, __ATOMIC_ACQUIRE);
}

static void *send_until_frozen(void *arg)
{
	struct traffic *traffic = arg;

	for (;;) {
		if (__atomic_fetch_add(&traffic->sent, 1, __ATOMIC_RELAXED) >=
		    COUNT - THREADS)
			while (!is_frozen(traffic))
				sched_yield();
		if (send(traffic->bed->fd, "here", 4, 0) != 4)
			return (void *)(intptr_t)errno;
	}
}

TEST_F(progress, A2_next_is_one_past_the_highest_number_sent)
{
	static struct traffic traffic;
	pthread_t thread[THREADS];
	struct bed *bed = &self->bed;
	struct dtls_state state;
	uint8_t wire[100], text[100];

	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, bed_unpin_cpu());
	traffic.bed = bed;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, send_until_frozen,
					    &traffic));
	while (__atomic_load_n(&traffic.sent, __ATOMIC_RELAXED) < BEFORE)
		sched_yield();
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, DTLS_STATE_FREEZE, &state));
	__atomic_store_n(&traffic.frozen, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < THREADS; i++) {
		void *err;

		ASSERT_EQ(0, pthread_join(thread[i], &err));
		EXPECT_EQ(EKEYREVOKED, (intptr_t)err);
	}
	ASSERT_GE(COUNT, state.next);
	for (uint64_t i = 0; i < state.next; i++) {
		struct record record;
		ssize_t n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);

		ASSERT_EQ(4, record_open(&bed->tx, wire, (size_t)n, &record,
					 text));
		ASSERT_GT(state.next, record.seq);
		ASSERT_EQ(0, traffic.seen[record.seq]++);
	}
	EXPECT_ERRNO(EAGAIN, recv(bed->peer, wire, 1, MSG_DONTWAIT));
	EXPECT_STATS(bed->fd, .tx_records = state.next);
}

/* Until it's frozen, and then until there's nothing left. */
static void *receive_until_frozen(void *arg)
{
	struct traffic *traffic = arg;
	uint32_t seq;

	for (;;) {
		int last = is_frozen(traffic);

		while (recv(traffic->bed->fd, &seq, sizeof(seq),
			    MSG_DONTWAIT) == sizeof(seq)) {
			if (seq < COUNT)
				__atomic_fetch_add(&traffic->seen[seq], 1,
						   __ATOMIC_RELAXED);
			__atomic_fetch_add(&traffic->delivered, 1,
					   __ATOMIC_RELAXED);
		}
		if (last)
			return NULL;
		sched_yield();
	}
}

static void *seal_until_frozen(void *arg)
{
	struct traffic *traffic = arg;
	uint8_t wire[100];

	for (uint32_t seq = 0; seq < COUNT && !is_frozen(traffic); seq++) {
		struct record record = record_make(RECORD_DATA, 1, seq ^ 3);
		uint32_t text = seq ^ 3;
		size_t len = record_seal(&traffic->bed->rx, &record, &text,
					 sizeof(text), wire);

		if (send(traffic->bed->peer, wire, len, 0) != (ssize_t)len)
			traffic->err = errno;
	}
	return NULL;
}

TEST_F(progress, map_has_what_was_delivered_and_nothing_else)
{
	static struct traffic traffic;
	pthread_t thread[THREADS];
	struct bed *bed = &self->bed;
	struct dtls_state state;

	ASSERT_EQ(0, dtls_window_bits(bed->fd, DTLS_WINDOW_MAX));
	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, bed_unpin_cpu());
	traffic.bed = bed;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL,
					    i ? receive_until_frozen :
						seal_until_frozen,
					    &traffic));
	while (__atomic_load_n(&traffic.delivered, __ATOMIC_RELAXED) < BEFORE)
		sched_yield();
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, 1, DTLS_STATE_FREEZE, &state));
	__atomic_store_n(&traffic.frozen, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	EXPECT_EQ(0, traffic.err);
	EXPECT_EQ(traffic.delivered, state.records);
	for (uint64_t seq = 0; seq < COUNT; seq++) {
		uint64_t i = state.next - 1 - seq;
		int marked = seq < state.next &&
			     (state.bitmap[i / 64] >> i % 64 & 1);

		ASSERT_EQ(traffic.seen[seq], marked)
		TH_LOG("number %llu of %llu", (unsigned long long)seq,
		       (unsigned long long)state.next);
	}
}

TEST_HARNESS_MAIN
