// SPDX-License-Identifier: GPL-2.0
/* Two attached sockets, and threads that send and receive at the same time. */
#include <sched.h>

#include "check.h"

FIXTURE_BED(data)

FIXTURE_SETUP(data)
{
	BED_SETUP_KEYED();
	ASSERT_EQ(0, bed_unpin_cpu());
}

FIXTURE_TEARDOWN(data)
{
}

/*
 * The peer becomes a DTLS socket, too. Its window is wider than any test has
 * records: a sender may be held up between taking a number and sending it,
 * while others send a thousand.
 */
static int attach_peer(const struct bed *bed)
{
	return dtls_attach(bed->peer) ||
	       dtls_window_bits(bed->peer, DTLS_WINDOW_MAX) ||
	       dtls_key(bed->peer, TLS_TX, &bed->rx, 1, 0) ||
	       dtls_key(bed->peer, TLS_RX, &bed->tx, 1, 0);
}

TEST_F(data, both_ends_understand_each_other)
{
	static const size_t lens[] = { 0, 1, 16, 1400, 16384 };
	static uint8_t text[RECORD_CONTENT_MAX], seen[RECORD_CONTENT_MAX];
	int ends[] = { self->bed.fd, self->bed.peer };

	ASSERT_EQ(0, attach_peer(&self->bed));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		for (int from = 0; from < 2; from++) {
			ASSERT_EQ(lens[i], send(ends[from], text, lens[i], 0));
			ASSERT_EQ(lens[i],
				  recv(ends[!from], seen, sizeof(seen), 0));
			EXPECT_EQ(0, memcmp(text, seen, lens[i]));
		}
	}
	EXPECT_STATS(self->bed.fd, .tx_records = ARRAY_SIZE(lens),
		     .rx_delivered = ARRAY_SIZE(lens));
	EXPECT_STATS(self->bed.peer, .tx_records = ARRAY_SIZE(lens),
		     .rx_delivered = ARRAY_SIZE(lens));
}

TEST_F(data, types_reach_the_other_end)
{
	static const int types[] = { RECORD_ALERT, RECORD_HANDSHAKE,
				     RECORD_DATA };

	ASSERT_EQ(0, bed_pin_cpu());
	ASSERT_EQ(0, attach_peer(&self->bed));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(2, msg_send(self->bed.peer, types[i], "\1", 2, 0));
		ASSERT_EQ(0, bed_settle(&self->bed));
		EXPECT_RECORD(self->bed.fd, types[i], "\1", 2);
	}
}

/* Each end moves to epoch 2 while records of epoch 1 are under way. */
TEST_F(data, A5_both_ends_change_keys)
{
	struct bed *bed = &self->bed;
	struct secret tx, rx;

	ASSERT_EQ(0, bed_pin_cpu());
	ASSERT_EQ(0, attach_peer(bed));
	secret_make(&tx, bed->tx.cipher, 5);
	secret_make(&rx, bed->tx.cipher, 6);
	ASSERT_EQ(3, send(bed->peer, "old", 3, 0));
	ASSERT_EQ(0, dtls_key(bed->peer, TLS_TX, &rx, 2, 0));
	ASSERT_EQ(3, send(bed->peer, "new", 3, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &rx, 2, 0));
	ASSERT_EQ(0, bed_settle(bed));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "old", 3);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "new", 3);
	ASSERT_EQ(0, dtls_key(bed->peer, TLS_RX, &tx, 2, 0));
	ASSERT_EQ(3, send(bed->fd, "old", 3, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &tx, 2, 0));
	ASSERT_EQ(3, send(bed->fd, "new", 3, 0));
	ASSERT_EQ(0, bed_settle(bed));
	EXPECT_RECORD(bed->peer, RECORD_DATA, "old", 3);
	EXPECT_RECORD(bed->peer, RECORD_DATA, "new", 3);
}

enum {
	SENDERS = 4,
	SENDS = 500,
	RECORDS = SENDERS * SENDS
};

struct sender {
	int fd, id, err;
	uint32_t sends;
};

static void *send_many(void *arg)
{
	struct sender *sender = arg;

	for (uint32_t i = 0; i < sender->sends && !sender->err; i++) {
		uint32_t text[2] = { (uint32_t)sender->id, i };

		if (send(sender->fd, text, sizeof(text), 0) != sizeof(text))
			sender->err = errno;
	}
	return NULL;
}

static void run_senders(struct __test_metadata *_metadata, int fd,
			uint32_t sends)
{
	struct sender sender[SENDERS];
	pthread_t thread[SENDERS];

	for (int i = 0; i < SENDERS; i++) {
		sender[i] =
			(struct sender) { .fd = fd, .id = i, .sends = sends };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, send_many,
					    &sender[i]));
	}
	for (int i = 0; i < SENDERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, sender[i].err);
	}
}

/* RFC 6347, 4.1: numbers grow by one a record and are never used twice. */
TEST_F(data, A2_numbers_of_parallel_senders_are_unique_and_contiguous)
{
	static uint8_t seen[RECORDS], content[SENDERS][SENDS];
	uint8_t wire[128];
	struct record record;
	uint32_t text[2];
	ssize_t n;

	run_senders(_metadata, self->bed.fd, SENDS);
	for (int i = 0; i < RECORDS; i++) {
		n = recv(self->bed.peer, wire, sizeof(wire), 0);
		ASSERT_EQ(sizeof(text),
			  record_open(&self->bed.tx, wire, (size_t)n, &record,
				      (uint8_t *)text));
		ASSERT_GT(RECORDS, record.seq);
		ASSERT_GT(SENDERS, text[0]);
		ASSERT_GT(SENDS, text[1]);
		seen[record.seq]++;
		content[text[0]][text[1]]++;
	}
	EXPECT_ERRNO(EAGAIN, recv(self->bed.peer, wire, 1, MSG_DONTWAIT));
	/* As many as were sent, none twice: so none is missing. */
	for (int i = 0; i < RECORDS; i++) {
		EXPECT_EQ(1, seen[i]);
		EXPECT_EQ(1, content[i / SENDS][i % SENDS]);
	}
	EXPECT_STATS(self->bed.fd, .tx_records = RECORDS);
}

/* Readers share a socket; each counts what it got. */
enum {
	READERS = 3
};

struct reader {
	int fd;
	uint8_t *seen; /* by the record's content, for all readers */
	int delivered, bad;
};

/* An empty record says that it's over, to one reader. */
static void *read_many(void *arg)
{
	struct reader *reader = arg;
	uint32_t text[2];

	for (;;) {
		ssize_t n = recv(reader->fd, text, sizeof(text), 0);

		if (n == 0)
			return NULL;
		if (n != sizeof(text) || text[0] >= SENDERS ||
		    text[1] >= SENDS) {
			reader->bad++;
			continue;
		}
		__atomic_fetch_add(&reader->delivered, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&reader->seen[text[0] * SENDS + text[1]], 1,
				   __ATOMIC_RELAXED);
	}
}

TEST_F(data, each_record_reaches_one_of_several_readers)
{
	static uint8_t seen[RECORDS];
	struct reader reader[READERS];
	pthread_t thread[READERS];
	int delivered = 0;

	ASSERT_EQ(0, attach_peer(&self->bed));
	for (int i = 0; i < READERS; i++) {
		reader[i] =
			(struct reader) { .fd = self->bed.peer, .seen = seen };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_many,
					    &reader[i]));
	}
	run_senders(_metadata, self->bed.fd, SENDS);
	for (int i = 0; i < READERS; i++)
		ASSERT_EQ(0, send(self->bed.fd, "", 0, 0));
	for (int i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, reader[i].bad);
		delivered += reader[i].delivered;
	}
	EXPECT_EQ(RECORDS, delivered);
	for (int i = 0; i < RECORDS; i++)
		EXPECT_EQ(1, seen[i]);
	EXPECT_STATS(self->bed.peer, .rx_delivered = RECORDS + READERS);
}

/*
 * The same records, several times each, raced by readers: the window decides
 * under its lock, after authentication, so each is accepted once.
 */
TEST_F(data, A13_A14_raced_copies_are_accepted_once)
{
	enum {
		COPIES = 3,
		FIRST = 500,
		LEN = 4000
	};
	static uint8_t seen[RECORDS], wire[FIRST][LEN + 64];
	size_t len = 0;
	struct reader reader[READERS];
	pthread_t thread[READERS];
	int delivered = 0;

	for (uint32_t i = 0; i < FIRST; i++) {
		struct record record = record_make(RECORD_DATA, 1, i);
		/* Long, so that one is at work on it when the next begins. */
		uint32_t text[LEN / 4] = { 0, i };

		len = record_seal(&self->bed.rx, &record, text, sizeof(text),
				  wire[i]);
	}
	for (int i = 0; i < READERS; i++) {
		reader[i] =
			(struct reader) { .fd = self->bed.fd, .seen = seen };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_many,
					    &reader[i]));
	}
	for (uint32_t i = 0; i < FIRST * COPIES; i++)
		ASSERT_EQ(len, send(self->bed.peer, wire[i / COPIES], len, 0));
	for (uint64_t i = 0; i < READERS; i++)
		INJECT(RECORD_DATA, 1, FIRST + i, "", 0);
	for (int i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, reader[i].bad);
		delivered += reader[i].delivered;
	}
	EXPECT_EQ(FIRST, delivered);
	for (int i = 0; i < FIRST; i++)
		EXPECT_EQ(1, seen[i]);
	EXPECT_STATS(self->bed.fd, .rx_delivered = FIRST + READERS,
		     .rx_replayed = FIRST * (COPIES - 1));
}

/* Each has several records: who opens it wakes the others, who slept on. */
TEST_F(data, readers_share_a_datagram)
{
	enum {
		ROUNDS = 300
	};
	static uint8_t seen[RECORDS];
	struct reader reader[READERS];
	pthread_t thread[READERS];
	uint8_t wire[READERS * 64];

	for (int i = 0; i < READERS; i++) {
		reader[i] =
			(struct reader) { .fd = self->bed.fd, .seen = seen };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_many,
					    &reader[i]));
	}
	for (uint32_t seq = 0; seq < ROUNDS * READERS; seq += READERS) {
		int delivered;
		size_t len = 0;

		for (uint32_t i = seq; i < seq + READERS; i++) {
			struct record record = record_make(RECORD_DATA, 1, i);
			uint32_t text[2] = { 0, i % SENDS };

			len += record_seal(&self->bed.rx, &record, text,
					   sizeof(text), wire + len);
		}
		ASSERT_EQ(len, send(self->bed.peer, wire, len, 0));
		/* Nothing else comes that would wake them. */
		do {
			delivered = 0;
			for (int i = 0; i < READERS; i++)
				delivered +=
					__atomic_load_n(&reader[i].delivered,
							__ATOMIC_RELAXED);
			sched_yield();
		} while (delivered < (int)(seq + READERS));
	}
	for (uint64_t i = 0; i < READERS; i++)
		INJECT(RECORD_DATA, 1, ROUNDS * READERS + i, "", 0);
	for (int i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, reader[i].bad);
	}
	EXPECT_STATS(self->bed.fd, .rx_delivered = ROUNDS * READERS + READERS);
}

/* Senders go on while keys change: each record opens with its epoch's key. */
TEST_F(data, A2_keys_change_under_senders)
{
	enum {
		EPOCHS = 8
	};
	struct secret secrets[EPOCHS + 2];
	uint64_t next[EPOCHS + 2] = {};
	struct sender sender = { .fd = self->bed.fd, .sends = SENDS };
	pthread_t thread;
	uint8_t wire[128];
	struct record record;
	uint32_t text[2];

	secrets[1] = self->bed.tx;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_many, &sender));
	for (uint16_t epoch = 2; epoch <= EPOCHS; epoch++) {
		secret_make(&secrets[epoch], self->bed.tx.cipher, 50u + epoch);
		ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &secrets[epoch],
				      epoch, 0));
	}
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, sender.err);
	for (uint32_t i = 0; i < SENDS; i++) {
		ssize_t n = recv(self->bed.peer, wire, sizeof(wire), 0);
		uint16_t epoch = (uint16_t)(wire[3] << 8 | wire[4]);

		ASSERT_LT(0, epoch);
		ASSERT_GE(EPOCHS, epoch);
		ASSERT_EQ(sizeof(text),
			  record_open(&secrets[epoch], wire, (size_t)n, &record,
				      (uint8_t *)text));
		EXPECT_EQ(next[epoch]++, record.seq);
		EXPECT_EQ(i, text[1]);
	}
	EXPECT_STATS(self->bed.fd, .tx_records = SENDS);
}

/* The socket goes away while others wait in it, and use it. */
TEST_F(data, close_under_threads)
{
	struct sender sender = { .fd = dup(self->bed.fd), .sends = SENDS };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_many, &sender));
	ASSERT_EQ(0, dtls_close(self->bed.fd));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, sender.err);
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
	ASSERT_EQ(0, close(sender.fd));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
}

/* Where two senders could take the same number is a matter of nanoseconds. */
FIXTURE(many)
{
	struct bed bed;
};

FIXTURE_SETUP(many)
{
	ASSERT_EQ(0, bed_init(&self->bed, BED_IPV4,
			      cipher_by_type(TLS_CIPHER_AES_GCM_128)));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(0, bed_unpin_cpu());
}

FIXTURE_TEARDOWN(many)
{
}

enum {
	MANY_SENDS = 25000,
	MANY = SENDERS * MANY_SENDS
};

TEST_F_TIMEOUT(many, A2_hundred_thousand_numbers_are_unique, 120)
{
	static uint8_t seen[MANY];
	const unsigned int sends = times(MANY_SENDS), many = SENDERS * sends;
	int room = 256 << 20; /* for all of them at once */
	uint8_t wire[128];

	ASSERT_EQ(0, setsockopt(self->bed.peer, SOL_SOCKET, SO_RCVBUFFORCE,
				&room, sizeof(room)));
	run_senders(_metadata, self->bed.fd, sends);
	for (unsigned int i = 0; i < many; i++) {
		uint64_t number;

		ASSERT_LT(RECORD_HEADER_LEN, recv(self->bed.peer, wire,
						  sizeof(wire), MSG_DONTWAIT));
		memcpy(&number, wire + 3, sizeof(number));
		number = be64toh(number) - (1ULL << 48);
		ASSERT_GT(many, number);
		seen[number]++;
		/* The nonce is the same number. */
		EXPECT_EQ(0, memcmp(wire + 3, wire + RECORD_HEADER_LEN, 8));
	}
	for (unsigned int i = 0; i < many; i++)
		ASSERT_EQ(1, seen[i]);
	EXPECT_STATS(self->bed.fd, .tx_records = many);
}

TEST_HARNESS_MAIN
