// SPDX-License-Identifier: GPL-2.0
/* A card's records are software's, in each combination of the two. */
#include "offload.h"

FIXTURE_NIC(combinations)

BED_VARIANT(combinations, aes_gcm_128_ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128)
BED_VARIANT(combinations, aes_gcm_128_mapped, BED_MAPPED, TLS_CIPHER_AES_GCM_128)
BED_VARIANT(combinations, aes_gcm_256_ipv6, BED_IPV6, TLS_CIPHER_AES_GCM_256)
BED_VARIANT(combinations, chacha20_poly1305_ipv4, BED_IPV4,
	    TLS_CIPHER_CHACHA20_POLY1305)
BED_VARIANT(combinations, chacha20_poly1305_ipv6, BED_IPV6,
	    TLS_CIPHER_CHACHA20_POLY1305)
BED_VARIANT(combinations, aes_ccm_128_ipv6, BED_IPV6, TLS_CIPHER_AES_CCM_128)
BED_VARIANT(combinations, aes_ccm_256_ipv4, BED_IPV4, DTLS_CIPHER_AES_CCM_256)

FIXTURE_SETUP(combinations)
{
	ASSERT_EQ(0, nic_open(&self->nic, NIC_BOTH));
}

FIXTURE_TEARDOWN(combinations)
{
	NIC_TEARDOWN();
}

/* Bits of a combination, for what goes from the near end to the far one. */
enum {
	TX_BY_CARD = 1,
	RX_BY_CARD = 2,
	COMBINATIONS = 4,
};

static int conf(int by_card)
{
	return by_card ? TLS_CONF_HW : TLS_CONF_SW;
}

/* A path whose near end sends and whose far end receives by card, or not. */
#define OPEN(combination)                                                  \
	do {                                                               \
		ASSERT_EQ(0, path_open(&self->path, &self->nic,            \
				       variant->family, variant->cipher)); \
		ASSERT_EQ(0, path_offload(&self->path, NEAR,               \
					  (combination)&TX_BY_CARD ?       \
						  DTLS_OFFLOAD_TX :        \
						  0));                     \
		ASSERT_EQ(0, path_offload(&self->path, FAR,                \
					  (combination)&RX_BY_CARD ?       \
						  DTLS_OFFLOAD_RX :        \
						  0));                     \
	} while (0)

#define CLOSE(combination, records)                                             \
	do {                                                                    \
		unsigned int _count = (unsigned int)(records);                  \
		EXPECT_CONF(NEAR, conf((combination)&TX_BY_CARD), TLS_CONF_SW); \
		EXPECT_CONF(FAR, TLS_CONF_SW, conf((combination)&RX_BY_CARD));  \
		EXPECT_COUNTED(NEAR, .tx_records = _count,                      \
			       .tx_device =                                     \
				       (combination)&TX_BY_CARD ? _count : 0);  \
		EXPECT_COUNTED(FAR, .rx_delivered = _count,                     \
			       .rx_device =                                     \
				       (combination)&RX_BY_CARD ? _count : 0);  \
		ASSERT_EQ(0, path_close(&self->path));                          \
	} while (0)

TEST_F(combinations, software_and_card_understand_each_other)
{
	static const size_t lengths[] = { 0, 1, 16, 17, 255, 1000, 1380 };

	for (int c = 0; c < COMBINATIONS; c++) {
		OPEN(c);
		ASSERT_EQ(0, path_keys(&self->path, 1));
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
			CARRY(NEAR, RECORD_DATA, lengths[i]);
		CLOSE(c, ARRAY_SIZE(lengths));
	}
	EXPECT_STATE(NEAR, "tx_encrypted", 2 * ARRAY_SIZE(lengths));
	EXPECT_STATE(FAR, "rx_records", 2 * ARRAY_SIZE(lengths));
	EXPECT_STATE(FAR, "rx_bad", 0);
	EXPECT_CLEAR_ABOVE(NEAR, 1);
	EXPECT_CLEAR_ABOVE(FAR, 1);
}

TEST_F(combinations, with_connection_ids)
{
	static const size_t lengths[] = { 1, 5, DTLS_CID_MAX };

	for (int c = 0; c < COMBINATIONS; c++) {
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			OPEN(c);
			ASSERT_EQ(0, path_cids(&self->path, &self->nic,
					       lengths[i], 3));
			ASSERT_EQ(0, path_keys(&self->path, 1));
			CARRY(NEAR, RECORD_DATA, 700);
			CARRY(NEAR, RECORD_HANDSHAKE, 20);
			CLOSE(c, 2);
		}
	}
	EXPECT_STATE(FAR, "rx_bad", 0);
}

TEST_F(combinations, control_records)
{
	for (int c = 0; c < COMBINATIONS; c++) {
		OPEN(c);
		ASSERT_EQ(0, path_keys(&self->path, 1));
		CARRY(NEAR, RECORD_ALERT, 2);
		CARRY(NEAR, RECORD_HANDSHAKE, 300);
		CARRY(NEAR, RECORD_DATA, 300);
		CLOSE(c, 3);
	}
}

/* A record of each batch's datagrams; the receiver would have them joined. */
TEST_F(combinations, batches)
{
	int on = 1;

	for (int c = 0; c < COMBINATIONS; c++) {
		OPEN(c);
		ASSERT_EQ(0, setsockopt(self->path.fd[FAR], SOL_UDP, UDP_GRO,
					&on, sizeof(on)));
		ASSERT_EQ(0, path_keys(&self->path, 1));
		ASSERT_EQ(20500, leave_batch(&self->path, NEAR, 20500, 1000));
		arrive_batch(_metadata, __LINE__, &self->path, FAR, 20500);
		ASSERT_EQ(1700, leave_batch(&self->path, NEAR, 1700, 100));
		arrive_batch(_metadata, __LINE__, &self->path, FAR, 1700);
		CLOSE(c, 21 + 17);
	}
	EXPECT_STATE(FAR, "rx_bad", 0);
}

/* In one piece, and with all devices to take it. */
TEST_F(combinations, longest_records)
{
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		ASSERT_EQ(0, nic_at(&self->nic, end,
				    "ip link set %s mtu 20000 && "
				    "ip link set card mtu 20000",
				    end == NEAR ? "near" : "far"));
	}
	for (int c = 0; c < COMBINATIONS; c++) {
		OPEN(c);
		ASSERT_EQ(0, path_keys(&self->path, 1));
		CARRY(NEAR, RECORD_DATA, DTLS_MAX_PAYLOAD);
		CARRY(NEAR, RECORD_DATA, DTLS_MAX_PAYLOAD - 1);
		CLOSE(c, 2);
	}
}

/* The line of /proc/net/dtls_cards begins with these, in any width. */
static int line_says(const struct nic *nic, const char *switches,
		     unsigned int sent, unsigned int received)
{
	return nic_at(nic, NEAR,
		      "awk '$1 == \"card\" { ok = $2 \" \" $3 \" \" $4 \" \" $5 "
		      "== \"%s\" && $6 == %u && $7 > 0 && $8 == %u && $9 > 0 "
		      "&& $10 == 0 } END { exit !ok }' /proc/net/dtls_cards",
		      switches, sent, received);
}

/* What an end needs not be told: there's no card at the other one. */
FIXTURE_NIC_FAMILY(one_card)

FIXTURE_SETUP(one_card)
{
	NIC_SETUP(NIC_NEAR);
}

FIXTURE_TEARDOWN(one_card)
{
	NIC_TEARDOWN();
}

TEST_F(one_card, needs_no_other)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_CONF(FAR, TLS_CONF_SW, TLS_CONF_SW);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = EACH_WAY, .tx_device = EACH_WAY,
		       .rx_delivered = EACH_WAY, .rx_device = EACH_WAY);
	EXPECT_COUNTED(FAR, .tx_records = EACH_WAY, .rx_delivered = EACH_WAY);
	EXPECT_STATE(NEAR, "keys_tx", 1);
	EXPECT_STATE(NEAR, "keys_rx", 1);
}

TEST_F(one_card, administrator_finds_it)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	CARRY_BOTH_WAYS();
	EXPECT_EQ(0, line_says(&self->nic, "on on 1 1", EACH_WAY, EACH_WAY));
	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "ethtool --set-priv-flags card dtls-tx off"));
	EXPECT_EQ(0, line_says(&self->nic, "off on 0 1", EACH_WAY, EACH_WAY));
	EXPECT_NE(0, nic_at(&self->nic, FAR,
			    "grep -q ^card /proc/net/dtls_cards"));
}

TEST_F(one_card, without_a_key_there_is_none)
{
	EXPECT_CONF(NEAR, 0, 0);
	ASSERT_EQ(0, dtls_key(self->path.fd[NEAR], TLS_RX,
			      &self->path.secret[FAR], 1, 0));
	EXPECT_CONF(NEAR, 0, TLS_CONF_HW);
	EXPECT_STATE(NEAR, "keys_tx", 0);
	EXPECT_STATE(NEAR, "keys_rx", 1);
	ASSERT_EQ(0, dtls_key(self->path.fd[FAR], TLS_TX,
			      &self->path.secret[FAR], 1, 0));
	CARRY(FAR, RECORD_DATA, 100);
	EXPECT_COUNTED(NEAR, .rx_delivered = 1, .rx_device = 1);
}

/* Parts that wait, splice and sendmmsg() make the same records. */
TEST_F(one_card, takes_what_was_gathered)
{
	int cork = 1;

	ASSERT_EQ(0, path_keys(&self->path, 1));
	ASSERT_EQ(500, leave(&self->path, NEAR, -1, 500, MSG_MORE));
	ASSERT_EQ(0, send(self->path.fd[NEAR], "", 0, 0));
	arrive(_metadata, __LINE__, &self->path, FAR, RECORD_DATA, 500);
	ASSERT_EQ(0, setsockopt(self->path.fd[NEAR], SOL_UDP, UDP_CORK, &cork,
				sizeof(cork)));
	ASSERT_EQ(300, leave(&self->path, NEAR, -1, 300, 0));
	cork = 0;
	ASSERT_EQ(0, setsockopt(self->path.fd[NEAR], SOL_UDP, UDP_CORK, &cork,
				sizeof(cork)));
	arrive(_metadata, __LINE__, &self->path, FAR, RECORD_DATA, 300);
	EXPECT_COUNTED(NEAR, .tx_records = 2, .tx_device = 2);
}

/* The card doesn't offer it. */
TEST_F(one_card, another_cipher_is_software_s)
{
	ASSERT_EQ(0, path_close(&self->path));
	ASSERT_EQ(0, path_open(&self->path, &self->nic, variant->family,
			       DTLS_CIPHER_AES_CCM_8_128));
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = EACH_WAY, .rx_delivered = EACH_WAY);
	EXPECT_STATE(NEAR, "add_failed", 0);
	EXPECT_CLEAR_ABOVE(NEAR, 0);
}

TEST_F(one_card, close_frees_the_slots)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_close(&self->path));
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_rx", 0));
	EXPECT_STATE(NEAR, "added", 2);
	EXPECT_STATE(NEAR, "deleted", 2);
}

TEST_F(one_card, detach_frees_the_slots)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, dtls_detach(self->path.fd[NEAR], DTLS_DETACH_REFUSE));
	EXPECT_STATE(NEAR, "keys_rx", 0);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
}

TEST_HARNESS_MAIN
