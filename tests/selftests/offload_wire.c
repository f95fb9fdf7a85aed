// SPDX-License-Identifier: GPL-2.0
/* What comes from the wire to a card, and what cards that are broken make of it. */
#include <netinet/udp.h>
#include <sys/ioctl.h>

#include "offload.h"

/* Two cards, and a wire that does what wires do. */
FIXTURE_NIC_FAMILY(wire)

FIXTURE_SETUP(wire)
{
	NIC_SETUP(NIC_BOTH);
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
}

FIXTURE_TEARDOWN(wire)
{
	NIC_TEARDOWN();
}

enum {
	SENT = 200,
};

static int send_numbered(const struct path *path, unsigned int count)
{
	uint8_t text[300];

	for (unsigned int i = 0; i < count; i++) {
		marked_text(text, sizeof(text), i);
		if (send(path->fd[NEAR], text, sizeof(text), 0) != sizeof(text))
			return -1;
	}
	return 0;
}

/*
 * Return: how many of those sent are there, each once and as it was; -1 if
 * there's anything else
 */
static int count_numbered(const struct path *path, unsigned int count)
{
	uint8_t text[300], seen[400], known[SENT] = {};
	int got = 0;
	ssize_t n;

	while ((n = recv(path->fd[FAR], seen, sizeof(seen), MSG_DONTWAIT)) >=
	       0) {
		unsigned int i = 0;

		for (; i < count; i++) {
			marked_text(text, sizeof(text), i);
			if (n == sizeof(text) &&
			    !memcmp(text, seen, sizeof(text)))
				break;
		}
		if (i == count || known[i]++)
			return -1;
		got++;
	}
	return got;
}

TEST_F(wire, loses_reorders_and_duplicates)
{
	struct dtls_stats stats;
	int got;

	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "tc qdisc add dev near root netem loss 10%% "
			    "duplicate 30%% delay 1ms reorder 50%%"));
	ASSERT_EQ(0, send_numbered(&self->path, SENT));
	/* With it goes what it holds; the rest has arrived. */
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "tc qdisc del dev near root"));
	ASSERT_EQ(0, nic_settle(&self->nic));
	got = count_numbered(&self->path, SENT);
	EXPECT_LT(0, got);
	EXPECT_GT(SENT, got);
	ASSERT_EQ(0, dtls_stats(self->path.fd[FAR], &stats));
	EXPECT_EQ(got, stats.rx_delivered);
	EXPECT_EQ(got, stats.rx_device);
	EXPECT_LT(0, stats.rx_replayed);
	EXPECT_EQ(0, stats.rx_bad_tag + stats.rx_wrong_mark);
	CARRY_BOTH_WAYS();
}

TEST_F(wire, damages_what_the_card_sent)
{
	ASSERT_EQ(0, nic_knob(&self->nic, NEAR, "corrupt_tx", 1));
	ASSERT_EQ(0, send_numbered(&self->path, 10));
	ASSERT_EQ(0, nic_knob(&self->nic, NEAR, "corrupt_tx", 0));
	ASSERT_EQ(0, nic_settle(&self->nic));
	EXPECT_NOTHING(self->path.fd[FAR]);
	EXPECT_STATE(FAR, "rx_bad", 10);
	EXPECT_STATE(FAR, "rx_decrypted", 0);
	EXPECT_COUNTED(FAR, .rx_bad_tag = 10);
	CARRY_BOTH_WAYS();
}

/* Datagrams as a whole: their checksum tells before the tag does. */
TEST_F(wire, damages_what_the_card_receives)
{
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "corrupt_rx", 2));
	ASSERT_EQ(0, send_numbered(&self->path, 10));
	/* What the card hasn't received yet would find the knob as it was. */
	ASSERT_EQ(0, nic_settle(&self->nic));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "corrupt_rx", 0));
	EXPECT_EQ(5, count_numbered(&self->path, 10));
	EXPECT_STATE(FAR, "rx_decrypted", 5);
	CARRY_BOTH_WAYS();
}

TEST_F(wire, is_slow)
{
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "delay_ms", 20));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "delay_ms", 0));
	EXPECT_COUNTED(FAR, .tx_records = EACH_WAY, .tx_device = EACH_WAY,
		       .rx_delivered = EACH_WAY + 11,
		       .rx_device = EACH_WAY + 11);
}

TEST_F(wire, cards_reorder)
{
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "reorder", 2));
	ASSERT_EQ(0, send_numbered(&self->path, 100));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "reorder", 0));
	ASSERT_EQ(0, nic_settle(&self->nic));
	EXPECT_EQ(100, count_numbered(&self->path, 100));
	EXPECT_COUNTED(FAR, .rx_delivered = 100, .rx_device = 100);
}

TEST_F(wire, card_leaves_all_to_software)
{
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "no_keys_rx", 1));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "refuse_tx", 1));
	CARRY_BOTH_WAYS();
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_COUNTED(FAR, .tx_records = EACH_WAY, .tx_device = EACH_WAY,
		       .tx_fallback = EACH_WAY, .rx_delivered = EACH_WAY);
	EXPECT_STATE(FAR, "tx_refused", EACH_WAY);
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "no_keys_rx", 0));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "refuse_tx", 0));
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(FAR, .tx_records = 2 * EACH_WAY,
		       .tx_device = 2 * EACH_WAY, .tx_fallback = EACH_WAY,
		       .rx_delivered = 2 * EACH_WAY, .rx_device = EACH_WAY);
}

/* Two datagrams in three records each, and all are read. */
TEST_F(wire, batch_is_refused_by_the_card)
{
	ASSERT_EQ(0, nic_knob(&self->nic, NEAR, "refuse_tx", 1));
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	EXPECT_COUNTED(NEAR, .tx_records = 11, .tx_device = 11,
		       .tx_fallback = 11);
	EXPECT_COUNTED(FAR, .rx_delivered = 11, .rx_device = 11);
}

/*
 * What knob "mark_wrong" makes the card do. That it marks what it has not
 * decrypted (1) isn't among these: of a key that it has it can't be found out.
 */
enum {
	WITH_ANOTHER_COOKIE = 2,
	WITHOUT_A_KEY = 3,
};

TEST_F(wire, mark_with_another_cookie_is_refused)
{
	ASSERT_EQ(0,
		  nic_knob(&self->nic, FAR, "mark_wrong", WITH_ANOTHER_COOKIE));
	ASSERT_EQ(0, send_numbered(&self->path, 10));
	ASSERT_EQ(0, nic_settle(&self->nic));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "mark_wrong", 0));
	EXPECT_NOTHING(self->path.fd[FAR]);
	EXPECT_COUNTED(FAR, .rx_wrong_mark = 10);
	CARRY_BOTH_WAYS();
}

/* Neither ciphertext nor plaintext is taken for content. */
TEST_F(wire, mark_without_a_key_is_refused)
{
	ASSERT_EQ(0, path_offload(&self->path, FAR, DTLS_OFFLOAD_TX));
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_SW);
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "mark_wrong", WITHOUT_A_KEY));
	ASSERT_EQ(0, send_numbered(&self->path, 10));
	/* A socket that's no DTLS one minds no marks. */
	ASSERT_EQ(0, nic_settle(&self->nic));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "mark_wrong", 0));
	EXPECT_NOTHING(self->path.fd[FAR]);
	EXPECT_COUNTED(FAR, .rx_wrong_mark = 10);
	CARRY_BOTH_WAYS();
}

/* A card, and on the other side of the wire who sends what he likes. */
FIXTURE(forged)
{
	struct nic nic;
	struct bed bed;
};

FIXTURE_VARIANT(forged)
{
	enum bed_family family;
	uint16_t cipher;
};

BED_VARIANT(forged, aes_gcm_ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128)
BED_VARIANT(forged, aes_ccm_ipv6, BED_IPV6, TLS_CIPHER_AES_CCM_128)
BED_VARIANT(forged, chacha20_poly1305_ipv6, BED_IPV6,
	    TLS_CIPHER_CHACHA20_POLY1305)

FIXTURE_SETUP(forged)
{
	struct bed *bed = &self->bed;
	int fd[2];

	ASSERT_EQ(0, nic_open(&self->nic, NIC_NEAR));
	ASSERT_EQ(0, link_pair(&self->nic.link, variant->family, fd));
	bed->fd = fd[0];
	bed->peer = fd[1];
	bed->barrier = self->nic.ends[FAR].plain;
	secret_make(&bed->tx, cipher_by_type(variant->cipher), 1);
	secret_make(&bed->rx, cipher_by_type(variant->cipher), 2);
	ASSERT_EQ(0, dtls_attach(bed->fd));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
}

FIXTURE_TEARDOWN(forged)
{
	NIC_TEARDOWN();
}

static uint8_t wire[4096];
static size_t wire_len;

static void add(const struct bed *bed, uint16_t epoch, uint64_t seq,
		const char *content)
{
	struct record record = record_make(RECORD_DATA, epoch, seq);

	wire_len += record_seal(&bed->rx, &record, content, strlen(content),
				wire + wire_len);
}

/* All that was added is one datagram, and has arrived. */
#define SEND_ADDED()                                                \
	do {                                                        \
		ASSERT_EQ((ssize_t)wire_len,                        \
			  send(self->bed.peer, wire, wire_len, 0)); \
		wire_len = 0;                                       \
		ASSERT_EQ(0, nic_settle(&self->nic));               \
	} while (0)

#define EXPECT_OPENED(...)                                \
	expect_counted(_metadata, __LINE__, self->bed.fd, \
		       &(struct dtls_stats) { __VA_ARGS__ })

TEST_F(forged, replay_that_the_card_marks_is_refused)
{
	for (int i = 0; i < 3; i++) {
		add(&self->bed, 1, 7, "once");
		SEND_ADDED();
	}
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "once", 4);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_OPENED(.rx_delivered = 1, .rx_device = 1, .rx_replayed = 2);
	EXPECT_STATE(NEAR, "rx_decrypted", 3);
	/* Left of the window too. */
	add(&self->bed, 1, 5000, "new");
	SEND_ADDED();
	add(&self->bed, 1, 8, "old");
	SEND_ADDED();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "new", 3);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_OPENED(.rx_delivered = 2, .rx_device = 2, .rx_replayed = 2,
		      .rx_too_old = 1);
}

TEST_F(forged, all_records_of_a_datagram_or_none)
{
	for (uint64_t seq = 0; seq < 3; seq++)
		add(&self->bed, 1, seq, "good");
	SEND_ADDED();
	for (int i = 0; i < 3; i++)
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, "good", 4);
	EXPECT_STATE(NEAR, "rx_decrypted", 1);
	EXPECT_STATE(NEAR, "rx_records", 3);
	EXPECT_OPENED(.rx_delivered = 3, .rx_device = 3);

	add(&self->bed, 1, 3, "good");
	add(&self->bed, 1, 4, "bad");
	wire[wire_len - 1] ^= 1;
	add(&self->bed, 1, 5, "good");
	SEND_ADDED();
	for (int i = 0; i < 2; i++)
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, "good", 4);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATE(NEAR, "rx_decrypted", 1);
	EXPECT_STATE(NEAR, "rx_bad", 1);
	EXPECT_OPENED(.rx_delivered = 5, .rx_device = 3, .rx_bad_tag = 1);
}

/* One number twice in one datagram. */
TEST_F(forged, replay_within_a_datagram)
{
	add(&self->bed, 1, 0, "once");
	add(&self->bed, 1, 0, "once");
	add(&self->bed, 1, 1, "next");
	SEND_ADDED();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "once", 4);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "next", 4);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_OPENED(.rx_delivered = 2, .rx_device = 2, .rx_replayed = 1);
}

TEST_F(forged, what_has_no_key_counts_as_in_software)
{
	add(&self->bed, 2, 0, "too new");
	SEND_ADDED();
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_OPENED(.rx_no_key = 1);
	add(&self->bed, 1, 0, "good");
	memset(wire + wire_len, 0, 5);
	wire_len += 5;
	SEND_ADDED();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "good", 4);
	EXPECT_OPENED(.rx_no_key = 1, .rx_delivered = 1, .rx_malformed = 1);
	EXPECT_NOTHING(self->bed.fd);
}

/* Both epochs in one datagram, and both keys in the card. */
TEST_F(forged, records_of_two_epochs)
{
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 2, 0));
	add(&self->bed, 1, 0, "old");
	add(&self->bed, 2, 0, "new");
	add(&self->bed, 1, 1, "old");
	SEND_ADDED();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "old", 3);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "new", 3);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "old", 3);
	EXPECT_STATE(NEAR, "rx_bad", 0);
	EXPECT_EQ(3, dtls_net_stat("DtlsRxDelivered"));
}

/* RFC 5288, 3: it's the sender's own affair. */
TEST_F(forged, explicit_nonce_is_taken_as_it_is)
{
	struct record record = record_make(RECORD_DATA, 1, 3);

	record.explicit_nonce = 0x123456789abcdef0;
	wire_len = record_seal(&self->bed.rx, &record, "nonce", 5, wire);
	SEND_ADDED();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "nonce", 5);
	EXPECT_OPENED(.rx_delivered = 1, .rx_device = 1);
}

/* Plaintext that only says of itself that it's a record. */
TEST_F(forged, plaintext_is_no_record)
{
	struct record record = record_make(RECORD_DATA, 1, 0);

	record_put_header(wire, &record, 60);
	memset(wire + RECORD_HEADER_LEN, 'x', 60);
	wire_len = RECORD_HEADER_LEN + 60;
	SEND_ADDED();
	record = record_make(RECORD_DATA, 0, 0);
	record_put_header(wire, &record, 60);
	wire_len = RECORD_HEADER_LEN + 60;
	SEND_ADDED();
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_OPENED(.rx_bad_tag = 1, .rx_wrong_epoch = 1);
}

/* In pieces it can't be decrypted on its way. */
TEST_F(forged, fragments_are_software_s)
{
	struct record record = record_make(RECORD_DATA, 1, 0);
	static uint8_t content[3000];

	memset(content, 'x', sizeof(content));
	wire_len = record_seal(&self->bed.rx, &record, content, sizeof(content),
			       wire);
	SEND_ADDED();
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, content, sizeof(content));
	EXPECT_OPENED(.rx_delivered = 1);
}

/* Who isn't the peer may send what he likes: it's another 5-tuple. */
TEST_F(forged, another_sender_s_is_not_looked_at)
{
	int fd[2];

	ASSERT_EQ(0, link_pair(&self->nic.link, variant->family, fd));
	ASSERT_EQ(0, bed_connect(fd[1], self->bed.fd));
	add(&self->bed, 1, 0, "stranger");
	ASSERT_EQ((ssize_t)wire_len, send(fd[1], wire, wire_len, 0));
	ASSERT_EQ(0, nic_settle(&self->nic));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATE(NEAR, "rx_decrypted", 0);
}

TEST_HARNESS_MAIN
