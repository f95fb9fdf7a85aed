// SPDX-License-Identifier: GPL-2.0
/* The end of an association whose socket stays: DTLS_DETACH. */
#include <fcntl.h>
#include <netinet/udp.h>
#include <sched.h>

#include "sniffer.h"
#include "state.h"
#include "waiter.h"

FIXTURE_BED_KINDS(detach)

FIXTURE_SETUP(detach)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(detach)
{
}

static const uint32_t ways[] = { DTLS_DETACH_REFUSE, DTLS_DETACH_PLAINTEXT };

/* Another socket, attached and without keys. */
static void reopen(struct __test_metadata *_metadata, struct bed *bed)
{
	int fd[2];

	ASSERT_EQ(0, dtls_close(bed->fd));
	ASSERT_EQ(0, close(bed->peer));
	ASSERT_EQ(0, bed_pair(bed->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	bed->fd = fd[0];
	bed->peer = fd[1];
}

static int key_both(const struct bed *bed, uint16_t epoch)
{
	return dtls_key(bed->fd, TLS_TX, &bed->tx, epoch, 0) ||
	       dtls_key(bed->fd, TLS_RX, &bed->rx, epoch, 0);
}

/* Receiving is plain UDP's: datagrams as they come, records as well. */
static void expect_plain_rx(struct __test_metadata *_metadata,
			    const struct bed *bed)
{
	struct record record = record_make(RECORD_DATA, 1, 1000);
	uint8_t wire[100];
	size_t len = record_seal(&bed->rx, &record, "sealed", 6, wire);

	ASSERT_EQ(0, bed_inject(bed, "plain", 5));
	EXPECT_RECORD(bed->fd, -1, "plain", 5);
	ASSERT_EQ(0, bed_inject(bed, "", 0));
	EXPECT_RECORD(bed->fd, -1, "", 0);
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	EXPECT_RECORD(bed->fd, -1, wire, len);
	EXPECT_NOTHING(bed->fd);
}

/* By whichever way: nothing reaches the wire. */
static void expect_no_tx(struct __test_metadata *_metadata,
			 const struct bed *bed)
{
	struct {
		struct bed bed;
	} copy = { *bed }, *self = &copy;
	struct iovec iov = { "here", 4 };
	struct mmsghdr msgs = { .msg_hdr = { .msg_iov = &iov,
					     .msg_iovlen = 1 } };
	int fd = bed->fd, ends[2];
	uint8_t ccs[RECORD_HEADER_LEN + 1] = { 0 };
	struct record record = record_make(RECORD_CCS, 0, 0);

	record_put_header(ccs, &record, 1);
	EXPECT_ERRNO(ENOKEY, send(fd, "here", 4, 0));
	EXPECT_ERRNO(ENOKEY, send(fd, "", 0, MSG_DONTWAIT));
	EXPECT_ERRNO(ENOKEY, write(fd, "here", 4));
	EXPECT_ERRNO(ENOKEY, sendmmsg(fd, &msgs, 1, 0));
	EXPECT_ERRNO(ENOKEY, msg_send(fd, RECORD_ALERT, "\1", 2, 0));
	EXPECT_ERRNO(ENOKEY, epoch0_send(fd, ccs, sizeof(ccs)));
	EXPECT_EQ(-1, send(fd, "here", 4, MSG_MORE));
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(4, write(ends[1], "here", 4));
	EXPECT_ERRNO(ENOKEY, splice(ends[0], NULL, fd, NULL, 4, 0));
	close(ends[0]);
	close(ends[1]);
	EXPECT_UNSENT();
}

/* As after the attach. */
static void expect_defaults(struct __test_metadata *_metadata, int fd)
{
	struct dtls_params params = {
		.window_bits = DTLS_WINDOW_DEFAULT,
		.rx_epochs = DTLS_RX_EPOCHS_DEFAULT,
		.tx_payload_max = DTLS_MAX_PAYLOAD,
		.rx_payload_max = DTLS_MAX_PAYLOAD,
	}, seen_params;
	struct dtls_limits limits = {}, seen_limits;
	struct dtls_cid cid = {}, seen_cid;
	struct dtls_info info = {}, seen_info;
	struct dtls_state state;
	union crypto_info ci;
	uint32_t recv_flags = ~0u;

	ASSERT_EQ(0, get(fd, DTLS_PARAMS, &seen_params, sizeof(params)));
	EXPECT_EQ(0, memcmp(&params, &seen_params, sizeof(params)));
	ASSERT_EQ(0, get(fd, DTLS_LIMITS, &seen_limits, sizeof(limits)));
	EXPECT_EQ(0, memcmp(&limits, &seen_limits, sizeof(limits)));
	ASSERT_EQ(0, get(fd, DTLS_CID, &seen_cid, sizeof(cid)));
	EXPECT_EQ(0, memcmp(&cid, &seen_cid, sizeof(cid)));
	ASSERT_EQ(0, get(fd, DTLS_INFO, &seen_info, sizeof(info)));
	EXPECT_EQ(0, memcmp(&info, &seen_info, sizeof(info)));
	ASSERT_EQ(0, get(fd, DTLS_RECV, &recv_flags, sizeof(recv_flags)));
	EXPECT_EQ(0, recv_flags);
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		EXPECT_EQ(ENOENT, get(fd, directions[i], &ci, sizeof(ci.info)));
		EXPECT_ERRNO(ENOENT,
			     dtls_state(fd, directions[i], 1, 0, &state));
	}
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
}

/* Nothing of this is a default. */
static void settle_all(struct __test_metadata *_metadata, struct bed *bed)
{
	static const struct dtls_params params = {
		.window_bits = 256,
		.flags = DTLS_PARAM_SOFT_LIMITS,
		.rx_epochs = 3,
		.rx_epoch_ms = 1000000,
		.tx_pad = 16,
		.tx_payload_max = 512,
		.rx_payload_max = 512,
	};
	static const struct dtls_limits limits = { 100, 50, 100, 50 };

	reopen(_metadata, bed);
	secret_set_cid(&bed->tx, 4);
	secret_set_cid(&bed->rx, 8);
	ASSERT_EQ(0, set(bed->fd, DTLS_PARAMS, &params, sizeof(params)));
	ASSERT_EQ(0, set(bed->fd, DTLS_LIMITS, &limits, sizeof(limits)));
	ASSERT_EQ(0, dtls_cid(bed->fd, &bed->tx, &bed->rx));
	ASSERT_EQ(0, dtls_recv_flags(bed->fd,
				     DTLS_RECV_EPOCH0 | DTLS_RECV_EVENTS));
	for (uint16_t epoch = 1; epoch <= 3; epoch++)
		ASSERT_EQ(0, key_both(bed, epoch));
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(3, dtls_net_stat("DtlsCurrRx"));
	recv(bed->peer, (char[200]) {}, 200, 0);
}

TEST_F(detach, E5_sending_is_refused_until_plaintext_is_wanted)
{
	struct bed *bed = &self->bed;

	expect_traffic(_metadata, bed, 0);
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	expect_defaults(_metadata, bed->fd);
	for (int i = 0; i < 2; i++) {
		expect_no_tx(_metadata, bed);
		expect_plain_rx(_metadata, bed);
	}
	/* Nor does it take more than one to be sure. */
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	expect_no_tx(_metadata, bed);
	EXPECT_STATS(bed->fd, .tx_records = 1, .rx_delivered = 1);
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_PLAINTEXT));
	EXPECT_PLAIN();
	expect_plain_rx(_metadata, bed);
	EXPECT_STATS(bed->fd, .tx_records = 1, .rx_delivered = 1);
}

TEST_F(detach, E5_plaintext_may_be_wanted_at_once)
{
	struct bed *bed = &self->bed;

	expect_traffic(_metadata, bed, 0);
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_PLAINTEXT));
	expect_defaults(_metadata, bed->fd);
	EXPECT_PLAIN();
	expect_plain_rx(_metadata, bed);
	/* And taken back. */
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	expect_no_tx(_metadata, bed);
}

TEST_F(detach, all_that_was_settled_is_forgotten)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct bed *bed = &self->bed;

		settle_all(_metadata, bed);
		ASSERT_EQ(0, dtls_detach(bed->fd, ways[i]));
		expect_defaults(_metadata, bed->fd);
		/* It may be settled anew. */
		ASSERT_EQ(0, dtls_window_bits(bed->fd, 64));
		ASSERT_EQ(0, dtls_cid(bed->fd, &bed->tx, &bed->rx));
		ASSERT_EQ(0, key_both(bed, 1));
		expect_traffic(_metadata, bed, 0);
	}
}

/* Epochs and numbers of the new association are its own. */
TEST_F(detach, a_new_association_begins_afresh)
{
	struct bed *bed = &self->bed;

	for (int round = 0; round < 3; round++) {
		secret_make(&bed->tx, bed->tx.cipher, 10 + round);
		secret_make(&bed->rx, bed->rx.cipher, 20 + round);
		ASSERT_EQ(0, dtls_detach(bed->fd, ways[round % 2]));
		/* Each direction for itself. */
		ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
		INJECT(RECORD_DATA, 1, 5, "there", 5);
		EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
		if (ways[round % 2] == DTLS_DETACH_REFUSE)
			expect_no_tx(_metadata, bed);
		ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
		for (uint64_t seq = 0; seq < 3; seq++)
			expect_traffic(_metadata, bed, seq);
		EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
		EXPECT_EQ(1, dtls_net_stat("DtlsCurrRx"));
	}
}

TEST_F(detach, frozen_keys_are_forgotten)
{
	struct bed *bed = &self->bed;
	struct dtls_state state;

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		ASSERT_EQ(0, dtls_state(bed->fd, directions[i], 1,
					DTLS_STATE_FREEZE, &state));
	EXPECT_ERRNO(EKEYREVOKED, send(bed->fd, "here", 4, 0));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	expect_no_tx(_metadata, bed);
	ASSERT_EQ(0, key_both(bed, 1));
	expect_traffic(_metadata, bed, 0);
}

TEST_F(detach, staged_window_is_forgotten)
{
	struct dtls_window window = { .epoch = 2, .next = 3, .bitmap = { 5 } };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, set(bed->fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	EXPECT_ERRNO(EINVAL, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 9));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 9));
}

TEST_F(detach, works_without_keys)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct bed *bed = &self->bed;

		reopen(_metadata, bed);
		EXPECT_PLAIN();
		ASSERT_EQ(0, dtls_detach(bed->fd, ways[i]));
		if (ways[i] == DTLS_DETACH_REFUSE)
			expect_no_tx(_metadata, bed);
		else
			EXPECT_PLAIN();
		expect_plain_rx(_metadata, bed);
		ASSERT_EQ(0, key_both(bed, 1));
		expect_traffic(_metadata, bed, 0);
	}
}

TEST_F(detach, bad_values_are_refused)
{
	static const uint32_t bad[] = { 0, 3, 4, 257, 1u << 31, ~0u };
	static const uint64_t way = DTLS_DETACH_PLAINTEXT;
	struct bed *bed = &self->bed;
	uint32_t seen;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_NO_CHANGE(EINVAL, dtls_detach(bed->fd, bad[i]));
	EXPECT_NO_OTHER_LENGTH(4, sizeof(way), DTLS_DETACH, &way);
	EXPECT_NO_CHANGE(EFAULT, set(bed->fd, DTLS_DETACH, NULL, 4));
	EXPECT_EQ(ENOPROTOOPT, get(bed->fd, DTLS_DETACH, &seen, sizeof(seen)));
	expect_traffic(_metadata, bed, 0);
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ERRNO(EINVAL, dtls_detach(bed->fd, bad[i]));
	expect_no_tx(_metadata, bed);
}

/* They're authentic; what nobody opened, nobody can any more. */
TEST_F(detach, records_opened_before_stay)
{
	struct pollfd pfd = { .fd = self->bed.fd, .events = POLLIN };
	struct bed *bed = &self->bed;
	uint8_t wire[200], unopened[100];
	struct record record;
	size_t len = 0, unopened_len;

	for (uint64_t seq = 0; seq < 2; seq++) {
		record = record_make(seq ? RECORD_ALERT : RECORD_DATA, 1, seq);
		len += record_seal(&bed->rx, &record, "\1", 2, wire + len);
	}
	ASSERT_EQ(0, bed_inject(bed, wire, len));
	record = record_make(RECORD_DATA, 1, 2);
	unopened_len = record_seal(&bed->rx, &record, "there", 5, unopened);
	ASSERT_EQ(0, bed_inject(bed, unopened, unopened_len));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "\1", 2);
	EXPECT_RECORD(bed->fd, RECORD_ALERT, "\1", 2);
	EXPECT_RECORD(bed->fd, -1, unopened, unopened_len);
	EXPECT_NOTHING(bed->fd);
}

/* To the reader of the next association they'd be the new peer's. */
TEST_F(detach, records_opened_before_go_with_the_next_key)
{
	struct pollfd pfd = { .fd = self->bed.fd, .events = POLLIN };
	struct bed *bed = &self->bed;

	INJECT(RECORD_DATA, 1, 0, "old", 3);
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
	EXPECT_NOTHING(bed->fd);
	INJECT(RECORD_DATA, 1, 0, "new", 3);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "new", 3);
}

/* The age of an epoch that's gone is not that of its successor's. */
TEST_F(detach, ages_do_not_reach_over)
{
	struct bed *bed = &self->bed;
	struct dtls_window window = { .epoch = 1 };
	int other[2];

	reopen(_metadata, bed);
	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 2, 50));
	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, key_both(bed, 2));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, key_both(bed, 2));
	/* By the time that this one drops its own, that time is over. */
	ASSERT_EQ(0, bed_pair(bed->family, other));
	ASSERT_EQ(0, dtls_attach(other[0]));
	ASSERT_EQ(0, dtls_rx_epochs(other[0], 2, 100));
	ASSERT_EQ(0, dtls_key(other[0], TLS_RX, &bed->rx, 1, 0));
	ASSERT_EQ(0, dtls_key(other[0], TLS_RX, &bed->rx, 2, 0));
	while (get(other[0], DTLS_RX_WINDOW, &window, sizeof(window)) != ENOENT)
		sched_yield();
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

TEST_F(detach, a_new_age_does_not_wait_for_the_old_one)
{
	struct bed *bed = &self->bed;
	struct dtls_window window = { .epoch = 1 };

	reopen(_metadata, bed);
	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 2, 3600 * 1000));
	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, key_both(bed, 2));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	ASSERT_EQ(0, dtls_rx_epochs(bed->fd, 2, 50));
	ASSERT_EQ(0, key_both(bed, 1));
	ASSERT_EQ(0, key_both(bed, 2));
	/* If not, the harness ends it. */
	while (get(bed->fd, DTLS_RX_WINDOW, &window, sizeof(window)) != ENOENT)
		sched_yield();
}

static int set_cork(int fd, int value)
{
	return setsockopt(fd, SOL_UDP, UDP_CORK, &value, sizeof(value));
}

/* What waits to become a record is plaintext, too. */
TEST_F(detach, E5_what_waits_to_be_sent_is_wiped)
{
	struct bed *bed = &self->bed;
	char text[32];

	for (int corked = 0; corked < 2; corked++) {
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
			ASSERT_EQ(0, key_both(bed, 2));
			ASSERT_EQ(0, set_cork(bed->fd, corked));
			ASSERT_EQ(6, send(bed->fd, "secret", 6,
					  corked ? 0 : MSG_MORE));
			EXPECT_UNSENT();
			ASSERT_EQ(0, dtls_detach(bed->fd, ways[i]));
			ASSERT_EQ(0, set_cork(bed->fd, 0));
			EXPECT_UNSENT();
			/* Not even with what is sent next, in either form. */
			ASSERT_EQ(0,
				  dtls_detach(bed->fd, DTLS_DETACH_PLAINTEXT));
			ASSERT_EQ(5, send(bed->fd, "plain", 5, 0));
			EXPECT_EQ(5, recv(bed->peer, text, sizeof(text), 0));
			ASSERT_EQ(0, key_both(bed, 1));
			expect_traffic(_metadata, bed, 0);
			EXPECT_UNSENT();
		}
	}
}

/* Senders are overtaken by it: each record is sealed, or not sent. */
enum {
	SENDERS = 3,
	BEFORE = 100,
	COUNT = 3000,
	TEXT_LEN = 4 * MARKER_LEN
};

struct sender {
	const struct bed *bed;
	const void *text; /* TEXT_LEN bytes that a sniffer finds */
	uint32_t *sent;
	int *over;
};

static void *send_until_refused(void *arg)
{
	struct sender *sender = arg;

	for (;;) {
		if (__atomic_fetch_add(sender->sent, 1, __ATOMIC_RELAXED) >=
		    COUNT - SENDERS)
			while (!__atomic_load_n(sender->over, __ATOMIC_ACQUIRE))
				sched_yield();
		if (send(sender->bed->fd, sender->text, TEXT_LEN, 0) != TEXT_LEN)
			return (void *)(intptr_t)errno;
	}
}

TEST_F(detach, E5_no_plaintext_leaks_under_senders)
{
	struct bed *bed = &self->bed;
	uint32_t sent = 0, seen = 0;
	int over = 0;
	char clear[TEXT_LEN];
	struct sender sender = { bed, clear, &sent, &over };
	pthread_t thread[SENDERS];
	struct sniffer sniffer;
	uint8_t wire[200], text[200];
	ssize_t n;

	marked_text(clear, sizeof(clear), 1);
	ASSERT_EQ(0, sniffer_open(&sniffer));
	ASSERT_EQ(0, bed_unpin_cpu());
	for (int i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL,
					    send_until_refused, &sender));
	while (__atomic_load_n(&sent, __ATOMIC_RELAXED) < BEFORE)
		sched_yield();
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < SENDERS; i++) {
		void *err;

		ASSERT_EQ(0, pthread_join(thread[i], &err));
		EXPECT_EQ(ENOKEY, (intptr_t)err);
	}
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	for (;; seen++) {
		struct record record;

		n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);
		if (n < 0)
			break;
		ASSERT_EQ(TEXT_LEN, record_open(&bed->tx, wire, (size_t)n,
						&record, text));
	}
	ASSERT_EQ(0, sniffer_drain(&sniffer));
	EXPECT_LE(seen, sniffer.frames);
	EXPECT_EQ(0, sniffer.marked);
	EXPECT_STATS(bed->fd, .tx_records = seen);
}

/* What waits is never complete: it grows until there's no room left. */
static void *send_parts_until_refused(void *arg)
{
	int fd = *(int *)arg;

	while (send(fd, "secret", 6, MSG_MORE) == 6 || errno == EMSGSIZE)
		;
	return (void *)(intptr_t)errno;
}

/* Senders that found a key, and wait for each other, find none after all. */
TEST_F(detach, E5_no_part_reaches_the_next_association)
{
	struct bed *bed = &self->bed;
	pthread_t thread[SENDERS];

	ASSERT_EQ(0, bed_unpin_cpu());
	for (uint16_t round = 0; round < 20; round++) {
		for (int i = 0; i < SENDERS; i++)
			ASSERT_EQ(0, pthread_create(&thread[i], NULL,
						    send_parts_until_refused,
						    &bed->fd));
		ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
		for (int i = 0; i < SENDERS; i++) {
			void *err;

			ASSERT_EQ(0, pthread_join(thread[i], &err));
			EXPECT_EQ(ENOKEY, (intptr_t)err);
		}
		ASSERT_EQ(0, key_both(bed, 1));
		ASSERT_EQ(3, send(bed->fd, "new", 3, 0));
		EXPECT_SEALED(RECORD_DATA, 1, 0, "new", 3);
	}
}

static long receive(void *arg)
{
	char text[16];
	ssize_t n = recv(*(int *)arg, text, sizeof(text), 0);

	return n == 5 && !memcmp(text, "plain", 5) ? n : -1;
}

TEST_F(detach, a_reader_asleep_gets_what_comes_next)
{
	struct bed *bed = &self->bed;
	struct waiter waiter;

	ASSERT_EQ(0, waiter_begin(&waiter, receive, &bed->fd));
	ASSERT_EQ(0, dtls_detach(bed->fd, DTLS_DETACH_REFUSE));
	ASSERT_EQ(0, bed_inject(bed, "plain", 5));
	EXPECT_EQ(5, waiter_end(&waiter));
}

TEST_HARNESS_MAIN
