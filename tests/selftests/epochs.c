// SPDX-License-Identifier: GPL-2.0
/* Several epochs: keys that come while traffic runs, and how the old ones go. */
#include <sched.h>
#include <time.h>

#include "state.h"

FIXTURE_BED_KINDS(epochs)

FIXTURE_SETUP(epochs)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(epochs)
{
}

/* Each epoch has a secret of its own. */
static struct secret tx_secret(const struct bed *bed, uint16_t epoch)
{
	struct secret secret;

	secret_make(&secret, bed->tx.cipher, 1000u + epoch);
	return secret;
}

static struct secret rx_secret(const struct bed *bed, uint16_t epoch)
{
	struct secret secret;

	secret_make(&secret, bed->rx.cipher, 2000u + epoch);
	return secret;
}

static int key_tx(const struct bed *bed, uint16_t epoch)
{
	struct secret secret = tx_secret(bed, epoch);

	return dtls_key(bed->fd, TLS_TX, &secret, epoch, 0);
}

static int key_rx(const struct bed *bed, uint16_t epoch)
{
	struct secret secret = rx_secret(bed, epoch);

	return dtls_key(bed->fd, TLS_RX, &secret, epoch, 0);
}

/* What the content says, so that a reader sees which record it was. */
struct tag {
	uint32_t epoch, seq;
};

static int send_record(const struct bed *bed, uint16_t epoch, uint32_t seq)
{
	struct bed sealing = *bed;
	struct tag tag = { epoch, seq };
	struct record record = record_make(RECORD_DATA, epoch, seq);
	uint8_t wire[100];
	size_t len;

	sealing.rx = rx_secret(bed, epoch);
	len = record_seal(&sealing.rx, &record, &tag, sizeof(tag), wire);
	return send(bed->peer, wire, len, 0) == (ssize_t)len ? 0 : -1;
}

/* A record of this epoch comes, and is delivered. */
#define EXPECT_HELD(epoch, seq)                                                \
	do {                                                                   \
		struct tag _tag = { epoch, seq };                              \
		ASSERT_EQ(0, send_record(&self->bed, epoch, seq));             \
		ASSERT_EQ(0, bed_settle(&self->bed));                          \
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, &_tag, sizeof(_tag)); \
	} while (0)

/* One comes, and this counter moves instead. */
#define EXPECT_REFUSED(epoch, seq, counter)                               \
	do {                                                              \
		struct dtls_stats _stats;                                 \
		ASSERT_EQ(0, dtls_stats(self->bed.fd, &_stats));          \
		ASSERT_EQ(0, send_record(&self->bed, epoch, seq));        \
		ASSERT_EQ(0, bed_settle(&self->bed));                     \
		EXPECT_NOTHING(self->bed.fd);                             \
		_stats.counter++;                                         \
		expect_stats(_metadata, __LINE__, self->bed.fd, &_stats); \
	} while (0)

static int is_held(int fd, uint16_t epoch)
{
	struct dtls_window window = { .epoch = epoch };

	return get(fd, DTLS_RX_WINDOW, &window, sizeof(window)) != ENOENT;
}

TEST_F(epochs, A5_as_many_are_held_as_was_said)
{
	for (uint32_t held = DTLS_RX_EPOCHS_MIN; held <= DTLS_RX_EPOCHS_MAX;
	     held++) {
		int fd[2];

		ASSERT_EQ(0, bed_pair(self->bed.family, fd));
		ASSERT_EQ(0, dtls_attach(fd[0]));
		self->bed.fd = fd[0];
		self->bed.peer = fd[1];
		ASSERT_EQ(0, dtls_rx_epochs(fd[0], held, 0));
		for (uint16_t newest = 1; newest <= 6; newest++) {
			uint16_t oldest =
				newest > held ? newest - (uint16_t)held + 1 : 1;

			ASSERT_EQ(0, key_rx(&self->bed, newest));
			EXPECT_EQ(newest - oldest + 1,
				  dtls_net_stat("DtlsCurrRx"));
			for (uint16_t epoch = oldest; epoch <= newest; epoch++)
				EXPECT_HELD(epoch, newest);
			if (oldest > 1)
				EXPECT_REFUSED(oldest - 1, newest,
					       rx_wrong_epoch);
			EXPECT_REFUSED(newest + 1, newest, rx_no_key);
		}
		ASSERT_EQ(0, dtls_close(fd[0]));
		EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
	}
}

TEST_F(epochs, two_are_held_by_default)
{
	for (uint16_t epoch = 1; epoch <= 3; epoch++)
		ASSERT_EQ(0, key_rx(&self->bed, epoch));
	EXPECT_EQ(2, dtls_net_stat("DtlsCurrRx"));
	EXPECT_REFUSED(1, 0, rx_wrong_epoch);
	EXPECT_HELD(2, 0);
	EXPECT_HELD(3, 0);
}

TEST_F(epochs, each_has_a_window_of_its_own)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_window_bits(bed->fd, 64));
	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 4, 0));
	for (uint16_t epoch = 1; epoch <= 4; epoch++)
		ASSERT_EQ(0, key_rx(bed, epoch * 10));
	/* Each window ends elsewhere. */
	for (uint16_t epoch = 10; epoch <= 40; epoch += 10)
		EXPECT_HELD(epoch, epoch * 100);
	for (uint16_t epoch = 10; epoch <= 40; epoch += 10) {
		EXPECT_REFUSED(epoch, epoch * 100, rx_replayed);
		EXPECT_REFUSED(epoch, epoch * 100 - 64, rx_too_old);
		EXPECT_HELD(epoch, epoch * 100 - 63);
		EXPECT_HELD(epoch, epoch * 100 + 1);
		EXPECT_REFUSED(epoch, epoch * 100 - 63, rx_too_old);
	}
	/* Between them, and around them, there's nothing. */
	EXPECT_REFUSED(9, 0, rx_wrong_epoch);
	EXPECT_REFUSED(15, 0, rx_wrong_epoch);
	EXPECT_REFUSED(39, 0, rx_wrong_epoch);
	EXPECT_REFUSED(41, 0, rx_no_key);
}

TEST_F(epochs, one_is_dropped_by_command)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 4, 0));
	for (uint16_t epoch = 1; epoch <= 4; epoch++)
		ASSERT_EQ(0, key_rx(bed, epoch));
	ASSERT_EQ(0, dtls_drop_epoch(bed->fd, 2));
	EXPECT_EQ(3, dtls_net_stat("DtlsCurrRx"));
	EXPECT_EQ(0, is_held(bed->fd, 2));
	EXPECT_REFUSED(2, 0, rx_wrong_epoch);
	EXPECT_HELD(1, 0);
	EXPECT_HELD(3, 0);
	EXPECT_HELD(4, 0);
	/* Its place is free: the next key drops none, the one after it does. */
	ASSERT_EQ(0, key_rx(bed, 5));
	EXPECT_EQ(4, dtls_net_stat("DtlsCurrRx"));
	EXPECT_HELD(1, 1);
	ASSERT_EQ(0, key_rx(bed, 6));
	EXPECT_EQ(4, dtls_net_stat("DtlsCurrRx"));
	EXPECT_REFUSED(1, 2, rx_wrong_epoch);
	for (uint16_t epoch = 3; epoch <= 6; epoch++)
		EXPECT_HELD(epoch, 3);
}

TEST_F(epochs, all_but_the_newest_may_be_dropped)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 4, 0));
	for (uint16_t epoch = 1; epoch <= 4; epoch++)
		ASSERT_EQ(0, key_rx(bed, epoch));
	for (uint16_t epoch = 1; epoch <= 3; epoch++) {
		ASSERT_EQ(0, dtls_drop_epoch(bed->fd, epoch));
		EXPECT_EQ(4 - epoch, dtls_net_stat("DtlsCurrRx"));
	}
	EXPECT_NO_CHANGE(EBUSY, dtls_drop_epoch(bed->fd, 4));
	EXPECT_HELD(4, 0);
	for (uint16_t epoch = 1; epoch <= 3; epoch++)
		EXPECT_REFUSED(epoch, 0, rx_wrong_epoch);
	ASSERT_EQ(0, dtls_close(bed->fd));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
}

TEST_F(epochs, what_is_not_held_cannot_be_dropped)
{
	static const uint32_t others[] = { 0, 1, 4, 6, 65535 };
	static const uint32_t none[] = { 0x10000, 0x10003, 0x10005, ~0u };
	struct bed *bed = &self->bed;
	uint32_t epoch = 3;

	EXPECT_NO_CHANGE(ENOENT, dtls_drop_epoch(bed->fd, 3));
	ASSERT_EQ(0, key_tx(bed, 6));
	ASSERT_EQ(0, key_rx(bed, 3));
	ASSERT_EQ(0, key_rx(bed, 5));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_NO_CHANGE(ENOENT, dtls_drop_epoch(bed->fd, others[i]));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_NO_CHANGE(EINVAL, dtls_drop_epoch(bed->fd, none[i]));
	EXPECT_NO_OTHER_LENGTH(sizeof(epoch), 2 * sizeof(epoch),
			       DTLS_DROP_EPOCH, others);
	EXPECT_NO_CHANGE(EFAULT,
			 set(bed->fd, DTLS_DROP_EPOCH, NULL, sizeof(epoch)));
	EXPECT_EQ(ENOPROTOOPT,
		  get(bed->fd, DTLS_DROP_EPOCH, &epoch, sizeof(epoch)));
	ASSERT_EQ(0, dtls_drop_epoch(bed->fd, 3));
	EXPECT_NO_CHANGE(ENOENT, dtls_drop_epoch(bed->fd, 3));
}

/* It was authentic when it was opened; the rest of the queue wasn't opened. */
TEST_F(epochs, records_opened_before_the_drop_stay)
{
	struct bed *bed = &self->bed;
	struct pollfd pfd = { .fd = bed->fd, .events = POLLIN };
	struct tag tag = { 1, 0 };

	ASSERT_EQ(0, key_rx(bed, 1));
	ASSERT_EQ(0, key_rx(bed, 2));
	ASSERT_EQ(0, send_record(bed, 1, 0));
	ASSERT_EQ(0, send_record(bed, 1, 1));
	ASSERT_EQ(0, bed_settle(bed));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_STATS(bed->fd, .rx_delivered = 1);
	ASSERT_EQ(0, dtls_drop_epoch(bed->fd, 1));
	EXPECT_RECORD(bed->fd, RECORD_DATA, &tag, sizeof(tag));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_delivered = 1, .rx_wrong_epoch = 1);
}

/*
 * Of the clock that goes on with the kernel's ticks, which timers go by: on a
 * machine that's held up both stand still, and then leap.
 */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The harness ends a test that waits for ever. */
static void wait_until_dropped(int fd, uint16_t epoch)
{
	while (is_held(fd, epoch))
		sched_yield();
}

static void wait_for_curr_rx(long long count)
{
	while (dtls_net_stat("DtlsCurrRx") != count)
		sched_yield();
}

TEST_F(epochs, old_one_is_dropped_at_its_age)
{
	enum {
		AGE_MS = 100,
		TICK_MS = 10 /* at most */
	};
	struct bed *bed = &self->bed;
	uint64_t begin;

	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 4, AGE_MS));
	ASSERT_EQ(0, key_rx(bed, 1));
	begin = now_ns();
	ASSERT_EQ(0, key_rx(bed, 2));
	wait_until_dropped(bed->fd, 1);
	/* Not before its time, which is counted in ticks. */
	EXPECT_LE((AGE_MS - TICK_MS) * 1000000ull, now_ns() - begin);
	wait_for_curr_rx(1);
	EXPECT_REFUSED(1, 0, rx_wrong_epoch);
	EXPECT_NO_CHANGE(ENOENT, dtls_drop_epoch(bed->fd, 1));
	/* The newest one has no age. */
	EXPECT_HELD(2, 0);

	for (uint16_t epoch = 3; epoch <= 5; epoch++)
		ASSERT_EQ(0, key_rx(bed, epoch));
	for (uint16_t epoch = 2; epoch <= 4; epoch++)
		wait_until_dropped(bed->fd, epoch);
	wait_for_curr_rx(1);
	EXPECT_HELD(5, 0);
	EXPECT_REFUSED(4, 0, rx_wrong_epoch);
}

/* A reader that's asleep holds nothing up. */
static void *receive_one(void *arg)
{
	struct tag tag;
	int fd = *(int *)arg;

	return recv(fd, &tag, sizeof(tag), 0) == sizeof(tag) ? arg : NULL;
}

TEST_F(epochs, age_goes_on_under_a_reader)
{
	struct bed *bed = &self->bed;
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 2, 50));
	ASSERT_EQ(0, key_rx(bed, 1));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_one, &bed->fd));
	ASSERT_EQ(0, key_rx(bed, 2));
	wait_for_curr_rx(1);
	ASSERT_EQ(0, send_record(bed, 1, 0));
	ASSERT_EQ(0, send_record(bed, 2, 0));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_NE(NULL, result);
	EXPECT_STATS(bed->fd, .rx_delivered = 1, .rx_wrong_epoch = 1);
}

TEST_F(epochs, age_and_number_may_both_drop_one)
{
	struct bed *bed = &self->bed;

	/* An hour, which nobody waits for: the number drops it. */
	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 2, 3600 * 1000));
	for (uint16_t epoch = 1; epoch <= 3; epoch++)
		ASSERT_EQ(0, key_rx(bed, epoch));
	EXPECT_EQ(2, dtls_net_stat("DtlsCurrRx"));
	EXPECT_REFUSED(1, 0, rx_wrong_epoch);
	EXPECT_HELD(2, 0);
	ASSERT_EQ(0, dtls_drop_epoch(bed->fd, 2));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrRx"));
	ASSERT_EQ(0, key_rx(bed, 4));
	EXPECT_EQ(2, dtls_net_stat("DtlsCurrRx"));
	/* And what still runs goes with the socket. */
	ASSERT_EQ(0, dtls_close(bed->fd));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
}

TEST_F(epochs, A4_sending_goes_to_a_greater_one_only)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, key_tx(bed, 1));
	bed->tx = tx_secret(bed, 1);
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
	ASSERT_EQ(0, key_tx(bed, 7));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
	for (uint16_t epoch = 1; epoch <= 7; epoch++)
		EXPECT_NO_CHANGE(EBUSY, key_tx(bed, epoch));
	bed->tx = tx_secret(bed, 7);
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 7, 0, "here", 4);
}

/* It's the record that has an epoch, not its parts. */
TEST_F(epochs, what_waits_is_sealed_with_the_new_key)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, key_tx(bed, 1));
	ASSERT_EQ(5, send(bed->fd, "first", 5, MSG_MORE));
	ASSERT_EQ(0, key_tx(bed, 2));
	EXPECT_UNSENT();
	ASSERT_EQ(6, send(bed->fd, "second", 6, 0));
	bed->tx = tx_secret(bed, 2);
	EXPECT_SEALED(RECORD_DATA, 2, 0, "firstsecond", 11);
}

/* Keys come in both directions while threads send and receive. */
enum {
	EPOCHS = 12,
	HELD = 4,
	SENDERS = 2,
	READERS = 2,
	SENDS = 300, /* of each sender */
	EARLY = 20,  /* records of an epoch before the next one's key */
	BOTH = 2 * EARLY
};

struct traffic {
	const struct bed *bed;
	uint16_t newest; /* receiving epoch that has its key */
	int delivered[EPOCHS + 1];
	uint8_t seen[EPOCHS + 1][BOTH];
	int bad;
};

static void *send_all(void *arg)
{
	struct traffic *traffic = arg;

	for (uint32_t i = 0; i < SENDS; i++)
		if (send(traffic->bed->fd, &i, sizeof(i), 0) != sizeof(i))
			__atomic_fetch_add(&traffic->bad, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* The first half of each epoch's records, with the other half of the last's. */
static void *seal_all(void *arg)
{
	struct traffic *traffic = arg;

	for (uint16_t epoch = 1; epoch <= EPOCHS + 1; epoch++) {
		while (epoch <= EPOCHS &&
		       __atomic_load_n(&traffic->newest, __ATOMIC_ACQUIRE) <
			       epoch)
			sched_yield();
		for (uint32_t i = 0; i < EARLY; i++) {
			if (epoch <= EPOCHS &&
			    send_record(traffic->bed, epoch, i))
				traffic->bad++;
			if (epoch > 1 &&
			    send_record(traffic->bed, epoch - 1, EARLY + i))
				traffic->bad++;
		}
	}
	return NULL;
}

/* An empty record says that it's over, to one reader. */
static void *receive_all(void *arg)
{
	struct traffic *traffic = arg;
	struct tag tag;

	for (;;) {
		ssize_t n = recv(traffic->bed->fd, &tag, sizeof(tag), 0);

		if (n == 0)
			return NULL;
		if (n != sizeof(tag) || tag.epoch > EPOCHS || tag.seq >= BOTH) {
			__atomic_fetch_add(&traffic->bad, 1, __ATOMIC_RELAXED);
			continue;
		}
		__atomic_fetch_add(&traffic->seen[tag.epoch][tag.seq], 1,
				   __ATOMIC_RELAXED);
		__atomic_fetch_add(&traffic->delivered[tag.epoch], 1,
				   __ATOMIC_RELAXED);
	}
}

/* A key drops the epoch HELD before it: not before that one's records are read. */
static int change_keys(struct traffic *traffic)
{
	for (uint16_t epoch = 2; epoch <= EPOCHS; epoch++) {
		while (epoch > HELD &&
		       __atomic_load_n(&traffic->delivered[epoch - HELD],
				       __ATOMIC_RELAXED) < BOTH)
			sched_yield();
		if (key_rx(traffic->bed, epoch) || key_tx(traffic->bed, epoch))
			return -1;
		__atomic_store_n(&traffic->newest, epoch, __ATOMIC_RELEASE);
	}
	return 0;
}

/* Each number of each epoch was used once, beginning with 0. */
static void expect_sent(struct __test_metadata *_metadata, const struct bed *bed)
{
	static uint8_t seen[EPOCHS + 1][SENDERS * SENDS], content[SENDS];
	uint32_t next[EPOCHS + 1] = {};

	for (int i = 0; i < SENDERS * SENDS; i++) {
		uint8_t wire[100];
		struct record record;
		struct secret secret;
		uint32_t text;
		ssize_t n = recv(bed->peer, wire, sizeof(wire), 0);

		ASSERT_LT(RECORD_HEADER_LEN, n);
		secret = tx_secret(bed, (uint16_t)(wire[3] << 8 | wire[4]));
		ASSERT_EQ(sizeof(text), record_open(&secret, wire, (size_t)n,
						    &record, (void *)&text));
		ASSERT_GE(EPOCHS, record.epoch);
		ASSERT_GT(SENDERS * SENDS, record.seq);
		ASSERT_GT(SENDS, text);
		ASSERT_EQ(0, seen[record.epoch][record.seq]++);
		if (next[record.epoch] < record.seq + 1)
			next[record.epoch] = (uint32_t)record.seq + 1;
		content[text]++;
	}
	for (int epoch = 1; epoch <= EPOCHS; epoch++)
		for (uint32_t seq = 0; seq < next[epoch]; seq++)
			ASSERT_EQ(1, seen[epoch][seq]);
	for (int i = 0; i < SENDS; i++)
		ASSERT_EQ(SENDERS, content[i]);
}

static int send_end(const struct bed *bed, uint32_t seq)
{
	struct bed ending = *bed;

	ending.rx = rx_secret(bed, EPOCHS);
	return inject(&ending, RECORD_DATA, EPOCHS, seq, "", 0);
}

TEST_F(epochs, A2_keys_change_under_traffic_both_ways)
{
	static struct traffic traffic;
	struct bed *bed = &self->bed;
	void *(*const roles[])(void *) = { send_all, send_all, receive_all,
					   receive_all, seal_all };
	pthread_t thread[ARRAY_SIZE(roles)];

	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, HELD, 0));
	ASSERT_EQ(0, key_tx(bed, 1));
	ASSERT_EQ(0, key_rx(bed, 1));
	traffic.bed = bed;
	traffic.newest = 1;
	ASSERT_EQ(0, bed_unpin_cpu());
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		ASSERT_EQ(0,
			  pthread_create(&thread[i], NULL, roles[i], &traffic));
	ASSERT_EQ(0, change_keys(&traffic));
	ASSERT_EQ(0, pthread_join(thread[4], NULL));
	for (uint32_t i = 0; i < READERS; i++)
		ASSERT_EQ(0, send_end(bed, BOTH + i));
	for (size_t i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));

	EXPECT_EQ(0, traffic.bad);
	for (int epoch = 1; epoch <= EPOCHS; epoch++)
		for (int seq = 0; seq < BOTH; seq++)
			ASSERT_EQ(1, traffic.seen[epoch][seq]);
	expect_sent(_metadata, bed);
	EXPECT_STATS(bed->fd, .tx_records = SENDERS * SENDS,
		     .rx_delivered = EPOCHS * BOTH + READERS);
	EXPECT_EQ(HELD, dtls_net_stat("DtlsCurrRx"));
}

TEST_HARNESS_MAIN
