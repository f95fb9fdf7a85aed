// SPDX-License-Identifier: GPL-2.0
/* What the stack does to packets above a card, and who else sees them there. */
#include <sched.h>

#include "offload.h"

/* Something on top of the cards, that has the addresses. */
#define STACK_SETUP()                                                      \
	do {                                                               \
		ASSERT_EQ(0, nic_start(&self->nic));                       \
		ASSERT_EQ(0, path_open(&self->path, &self->nic,            \
				       variant->family, variant->cipher)); \
		ASSERT_EQ(0, path_keys(&self->path, 1));                   \
	} while (0)

FIXTURE_NIC_FAMILY(vlan)

FIXTURE_SETUP(vlan)
{
	ASSERT_EQ(0, nic_make(&self->nic, NIC_BOTH))
	TH_LOG("%s", strerror(errno));
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		ASSERT_EQ(0, nic_at(&self->nic, end,
				    "ip link set card up && ip link add link "
				    "card name vlan type vlan id 7"));
		strcpy(self->nic.ends[end].device, "vlan");
	}
	STACK_SETUP();
}

FIXTURE_TEARDOWN(vlan)
{
	NIC_TEARDOWN();
}

TEST_F(vlan, keys_go_to_the_card_below)
{
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	EXPECT_COUNTED(NEAR, .tx_records = EACH_WAY + 11,
		       .tx_device = EACH_WAY + 11, .rx_delivered = EACH_WAY,
		       .rx_device = EACH_WAY);
	EXPECT_COUNTED(FAR, .tx_records = EACH_WAY, .tx_device = EACH_WAY,
		       .rx_delivered = EACH_WAY + 11,
		       .rx_device = EACH_WAY + 11);
	EXPECT_CLEAR_ABOVE(NEAR, 1);
	EXPECT_CLEAR_ABOVE(FAR, 1);
}

TEST_F(vlan, features_are_switched_off)
{
	static const char *const features[] = {
		"tx off",
		"tx-udp-segmentation off",
		"sg off",
		"tx on sg on tx-udp-segmentation on",
	};
	ssize_t sent;

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		ASSERT_EQ(0,
			  nic_at(&self->nic, NEAR,
				 "ethtool -K vlan %s >/dev/null", features[i]));
		CARRY_BOTH_WAYS();
		sent = leave_batch(&self->path, NEAR, 5300, 500);
		/* UDP itself, before Linux 6.11, where checksums are off. */
		if (sent < 0 && errno == EIO && i + 1 < ARRAY_SIZE(features))
			continue;
		ASSERT_EQ(5300, sent);
		arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	}
	EXPECT_STATE(FAR, "rx_bad", 0);
}

TEST_F(vlan, goes_down_and_away)
{
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link set vlan down"));
	EXPECT_EQ(-1, leave(&self->path, NEAR, -1, 100, 0));
	ASSERT_EQ(0, nic_configure(&self->nic, NEAR));
	ASSERT_EQ(0, nic_wait(&self->nic));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link del vlan"));
	EXPECT_EQ(-1, leave(&self->path, NEAR, -1, 100, 0));
	ASSERT_EQ(0, path_close(&self->path));
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
	EXPECT_STATE(NEAR, "keys_rx", 0);
}

/* Two cards at each end; what one sends the other one's end takes too. */
FIXTURE_NIC_FAMILY(bond)

FIXTURE_SETUP(bond)
{
	ASSERT_EQ(0, nic_make(&self->nic, NIC_BOTH))
	TH_LOG("%s", strerror(errno));
	ASSERT_EQ(0, nic_second_wire(&self->nic));
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		ASSERT_EQ(0,
			  nic_at(&self->nic, end,
				 "ip link add link %s name card2 type dtls_sim && "
				 "ip link add bond type bond mode active-backup "
				 "miimon 10 all_slaves_active 1 && "
				 "ip link set card master bond && "
				 "ip link set card2 master bond && "
				 "ip link set bond up && "
				 "ip link set bond type bond active_slave card",
				 end == NEAR ? "near2" : "far2"));
		strcpy(self->nic.ends[end].device, "bond");
	}
	STACK_SETUP();
}

FIXTURE_TEARDOWN(bond)
{
	NIC_TEARDOWN();
}

TEST_F(bond, keys_go_to_the_active_card)
{
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_STATE(NEAR, "keys_tx", 1);
	EXPECT_STATE(NEAR, "keys_rx", 1);
	CARRY_BOTH_WAYS();
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	EXPECT_COUNTED(NEAR, .tx_records = EACH_WAY + 11,
		       .tx_device = EACH_WAY + 11, .rx_delivered = EACH_WAY,
		       .rx_device = EACH_WAY);
	EXPECT_CLEAR_ABOVE(NEAR, 1);
}

/* The other card hasn't got the key. */
TEST_F(bond, fails_over)
{
	struct dtls_stats stats;

	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "ip link set bond type bond active_slave card2"));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	ASSERT_EQ(0, dtls_stats(self->path.fd[NEAR], &stats));
	EXPECT_EQ(EACH_WAY, stats.tx_device - stats.tx_fallback);
	EXPECT_STATE(NEAR, "tx_encrypted", EACH_WAY);
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_drain(&self->nic));
	EXPECT_LT(0, self->nic.more[0].frames);
}

/* The active card goes; the other one takes over. */
TEST_F(bond, loses_its_card)
{
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link del card"));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	CARRY(NEAR, RECORD_DATA, 500);
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY(NEAR, RECORD_DATA, 500);
}

/* Packets that are led away from a card, or copied. */
FIXTURE_NIC_FAMILY(detour)

FIXTURE_SETUP(detour)
{
	NIC_SETUP(NIC_BOTH);
	ASSERT_EQ(0, nic_second_wire(&self->nic));
	ASSERT_EQ(0, sniffer_watch(&self->nic.more[0], self->path.fd[NEAR]));
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
}

FIXTURE_TEARDOWN(detour)
{
	NIC_TEARDOWN();
}

#define MIRRED                                                    \
	"tc qdisc add dev card clsact && tc filter add dev card " \
	"egress matchall action mirred egress "

#define NFT_EGRESS                                              \
	"nft 'add table netdev t; add chain netdev t c { type " \
	"filter hook egress device card priority 0; }; add rule netdev t c "

/* The other device is none that has the key. */
TEST_F(detour, forwarded_ones_are_encrypted)
{
	struct dtls_stats stats;

	ASSERT_EQ(0, nic_at(&self->nic, NEAR, NFT_EGRESS "fwd to near2'"));
	CARRY(NEAR, RECORD_DATA, 700);
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	ASSERT_EQ(0, dtls_stats(self->path.fd[NEAR], &stats));
	EXPECT_EQ(12, stats.tx_records);
	EXPECT_EQ(12, stats.tx_fallback);
	EXPECT_STATE(NEAR, "tx_encrypted", 0);
	ASSERT_EQ(0, nic_drain(&self->nic));
	EXPECT_LT(0, self->nic.more[0].datagrams);
}

/* A copy has no socket, and nobody to encrypt it: tc redirects copies too. */
TEST_F(detour, redirected_ones_do_not_leave)
{
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, MIRRED "redirect dev near2"));
	ASSERT_EQ(700, leave(&self->path, NEAR, -1, 700, 0));
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "tc qdisc del dev card clsact"));
	CARRY(NEAR, RECORD_DATA, 100);
	ASSERT_EQ(0, nic_settle(&self->nic));
	EXPECT_NOTHING(self->path.fd[FAR]);
	ASSERT_EQ(0, nic_drain(&self->nic));
	EXPECT_EQ(0, self->nic.more[0].datagrams);
}

TEST_F(detour, mirrored_ones_do_not_leave)
{
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, MIRRED "mirror dev near2"));
	CARRY(NEAR, RECORD_DATA, 700);
	ASSERT_EQ(5300, leave_batch(&self->path, NEAR, 5300, 500));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
	EXPECT_NOTHING(self->path.fd[FAR]);
	EXPECT_STATE(NEAR, "tx_encrypted", 12);
	ASSERT_EQ(0, nic_drain(&self->nic));
	EXPECT_EQ(0, self->nic.more[0].datagrams);
}

TEST_F(detour, duplicates_of_a_filter_do_not_leave)
{
	int is_ipv4 = variant->family == BED_IPV4;

	ASSERT_EQ(0,
		  nic_at(&self->nic, NEAR,
			 "nft 'add table %s t; add chain %s t c { type filter "
			 "hook postrouting priority 0; }; add rule %s t c "
			 "udp dport != 9 dup to %s device near2'",
			 is_ipv4 ? "ip" : "ip6", is_ipv4 ? "ip" : "ip6",
			 is_ipv4 ? "ip" : "ip6",
			 is_ipv4 ? "192.0.2.2" : "2001:db8::2"));
	CARRY(NEAR, RECORD_DATA, 700);
	ASSERT_EQ(0, nic_settle(&self->nic));
	EXPECT_NOTHING(self->path.fd[FAR]);
	ASSERT_EQ(0, nic_drain(&self->nic));
	EXPECT_EQ(0, self->nic.more[0].datagrams);
}

/* It takes sockets from packets: those are lost. */
TEST_F(detour, netem_on_the_card_lets_nothing_out_in_clear)
{
	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "tc qdisc add dev card root netem delay 1ms"));
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(700, leave(&self->path, NEAR, -1, 700, 0));
	ASSERT_EQ(0, nic_settle(&self->nic));
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "tc qdisc del dev card root"));
	for (char byte; recv(self->path.fd[FAR], &byte, 1, MSG_DONTWAIT) >= 0;)
		;
	CARRY_BOTH_WAYS();
}

static void *send_all(void *arg)
{
	const struct path *path = arg;
	unsigned int count = times(1000);
	uint8_t text[1200];

	for (unsigned int i = 0; i < count; i++) {
		marked_text(text, sizeof(text), i);
		if (send(path->fd[NEAR], text, sizeof(text), 0) != sizeof(text))
			return (void *)(long)errno;
		sched_yield();
	}
	return NULL;
}

/* Whole, or in fragments, which no card can encrypt. */
TEST_F(detour, path_gets_narrower_and_wider)
{
	int level = variant->family == BED_IPV4 ? SOL_IP : SOL_IPV6;
	int name = variant->family == BED_IPV4 ? IP_MTU_DISCOVER :
						 IPV6_MTU_DISCOVER;
	int fragment = IP_PMTUDISC_DONT;
	struct dtls_stats stats;
	pthread_t sender;
	void *failed;

	ASSERT_EQ(0, setsockopt(self->path.fd[NEAR], level, name, &fragment,
				sizeof(fragment)));
	ASSERT_EQ(0, pthread_create(&sender, NULL, send_all, &self->path));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(0,
			  nic_at(&self->nic, NEAR,
				 "ip route replace 192.0.2.2/32 dev card mtu %d; "
				 "ip route replace 2001:db8::2/128 dev card mtu %d",
				 i % 2 ? 1500 : 1000, i % 2 ? 1500 : 1000));
	ASSERT_EQ(0, pthread_join(sender, &failed));
	EXPECT_EQ(NULL, failed)
	TH_LOG("%s", strerror((int)(long)failed));
	for (unsigned int i = 0; i < times(1000); i++) {
		self->path.id = i;
		arrive(_metadata, __LINE__, &self->path, FAR, RECORD_DATA, 1200);
	}
	ASSERT_EQ(0, dtls_stats(self->path.fd[NEAR], &stats));
	EXPECT_EQ(times(1000), stats.tx_records);
	EXPECT_EQ(0, stats.tx_error + stats.tx_device_drop);
}

/* One that's too long for the path from the start. */
TEST_F(detour, long_ones_are_fragmented_in_ciphertext)
{
	struct dtls_stats stats;

	CARRY(NEAR, RECORD_DATA, 4000);
	CARRY(NEAR, RECORD_DATA, DTLS_MAX_PAYLOAD);
	CARRY(NEAR, RECORD_DATA, 100);
	ASSERT_EQ(0, dtls_stats(self->path.fd[NEAR], &stats));
	/* In software from the start, or when it was cut. */
	EXPECT_EQ(1, stats.tx_device - stats.tx_fallback);
	EXPECT_EQ(3, stats.tx_records);
	EXPECT_EQ(0, stats.tx_device_drop);
	EXPECT_COUNTED(FAR, .rx_delivered = 3, .rx_device = 1);
}

TEST_HARNESS_MAIN
