// SPDX-License-Identifier: GPL-2.0
/* Cards go away, and routes lead elsewhere: the sockets go on. */
#include <net/if.h>
#include <sched.h>

#include "offload.h"

FIXTURE_NIC_FAMILY(leave)

FIXTURE_SETUP(leave)
{
	NIC_SETUP(NIC_BOTH);
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
}

FIXTURE_TEARDOWN(leave)
{
	NIC_TEARDOWN();
}

/* Longer than sending takes. */
#define HOLD_BACK \
	"tc qdisc replace dev card root tbf rate 100kbit burst 1600 limit 1mb"

/* Records that stand in a card's queue. */
static void fill_queue(struct __test_metadata *_metadata, struct nic *nic,
		       struct path *path)
{
	ASSERT_EQ(0, nic_at(nic, NEAR, HOLD_BACK));
	for (int i = 0; i < 20; i++)
		ASSERT_EQ(700, leave(path, NEAR, -1, 700, 0));
}

/* As plain UDP's: the route is gone. */
static void expect_no_way(struct __test_metadata *_metadata, struct path *path)
{
	EXPECT_EQ(-1, leave(path, NEAR, -1, 100, 0));
	EXPECT_NE(0, errno == ENETUNREACH || errno == EADDRNOTAVAIL ||
			     errno == EINVAL || errno == ENODEV)
	TH_LOG("%s", strerror(errno));
}

TEST_F(leave, card_is_taken_down_and_up)
{
	struct dtls_info info;

	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link set card down"));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	EXPECT_STATE(NEAR, "keys_tx", 0);
	EXPECT_STATE(NEAR, "keys_rx", 0);
	expect_no_way(_metadata, &self->path);
	ASSERT_EQ(0, nic_configure(&self->nic, NEAR));
	ASSERT_EQ(0, nic_wait(&self->nic));
	CARRY_BOTH_WAYS();
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
	ASSERT_EQ(0, dtls_info(self->path.fd[NEAR], &info));
	EXPECT_LT(1300, info.tx_payload);
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
}

/* What has arrived is there, whoever has opened it. */
TEST_F(leave, what_was_received_before_is_read)
{
	ASSERT_EQ(700, leave(&self->path, FAR, -1, 700, 0));
	ASSERT_EQ(0, nic_settle(&self->nic));
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link set card down"));
	arrive(_metadata, __LINE__, &self->path, NEAR, RECORD_DATA, 700);
}

/* No carrier is no reason to forget keys. */
TEST_F(leave, cable_is_pulled_and_put_back)
{
	ASSERT_EQ(0, nic_at(&self->nic, FAR, "ip link set far down"));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	for (int i = 0; i < 5; i++)
		leave(&self->path, NEAR, -1, 700, 0);
	ASSERT_EQ(0, nic_at(&self->nic, FAR, "ip link set far up"));
	ASSERT_EQ(0, nic_configure(&self->nic, FAR));
	ASSERT_EQ(0, nic_wait(&self->nic));
	/* Some may have waited for it. */
	for (char byte; recv(self->path.fd[FAR], &byte, 1, MSG_DONTWAIT) >= 0;)
		;
	CARRY_BOTH_WAYS();
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_STATE(NEAR, "rx_bad", 0);
}

/* Without its card the wire is a plain device. */
static void configure_wires(struct __test_metadata *_metadata, struct nic *nic)
{
	static const char *const wires[] = { "near", "far" };

	for (enum nic_end end = NEAR; end <= FAR; end++) {
		if (nic_at(nic, end, "ip link show card >/dev/null 2>&1"))
			strcpy(nic->ends[end].device, wires[end]);
		ASSERT_EQ(0, nic_configure(nic, end));
	}
	ASSERT_EQ(0, nic_wait(nic));
}

TEST_F(leave, card_is_deleted_with_packets_in_its_queue)
{
	fill_queue(_metadata, &self->nic, &self->path);
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link del card"));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
	expect_no_way(_metadata, &self->path);
	configure_wires(_metadata, &self->nic);
	for (char byte; recv(self->path.fd[FAR], &byte, 1, MSG_DONTWAIT) >= 0;)
		;
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	CARRY_BOTH_WAYS();
}

TEST_F(leave, driver_is_unloaded_with_packets_in_a_queue)
{
	fill_queue(_metadata, &self->nic, &self->path);
	ASSERT_EQ(0, link_command("modprobe -r dtls_sim"));
	for (enum nic_end end = NEAR; end <= FAR; end++)
		EXPECT_CONF(end, TLS_CONF_SW, TLS_CONF_SW);
	configure_wires(_metadata, &self->nic);
	for (char byte; recv(self->path.fd[FAR], &byte, 1, MSG_DONTWAIT) >= 0;)
		;
	CARRY_BOTH_WAYS();
	EXPECT_EQ(1, self->nic.ends[NEAR].card.fd > 0);
}

/* The wire's end and the card on it. */
TEST_F(leave, device_below_is_deleted)
{
	fill_queue(_metadata, &self->nic, &self->path);
	ASSERT_EQ(0, link_delete());
	for (enum nic_end end = NEAR; end <= FAR; end++)
		EXPECT_CONF(end, TLS_CONF_SW, TLS_CONF_SW);
	expect_no_way(_metadata, &self->path);
	ASSERT_EQ(0, path_close(&self->path));
}

TEST_F(leave, other_namespace_goes)
{
	struct nic *nic = &self->nic;

	ASSERT_EQ(0, dtls_close(self->path.fd[FAR]));
	ASSERT_EQ(0, close(nic->ends[FAR].plain));
	ASSERT_EQ(0, nic_drain(nic));
	ASSERT_EQ(0, close(nic->ends[FAR].wire.fd));
	ASSERT_EQ(0, close(nic->ends[FAR].card.fd));
	ASSERT_EQ(0, close(nic->link.far));
	/* Its devices, and thus ours, go when the kernel comes to that. */
	while (if_nametoindex("near")) {
		leave(&self->path, NEAR, -1, 100, 0);
		sched_yield();
	}
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	expect_no_way(_metadata, &self->path);
	/* For what the teardown looks at. */
	nic->link.far = nic->link.near;
	ASSERT_EQ(0, sniffer_open(&nic->ends[FAR].wire));
	nic->ends[FAR].card.fd = 0;
}

/* Datagrams, one behind the other, in a thread of their own. */
struct stream {
	struct path *path;
	unsigned int sent;
	unsigned int may_send; /* until the next move, so that none is lost */
	int stop, err;
	pthread_t thread;
};

static void *run_stream(void *arg)
{
	struct stream *stream = arg;
	uint8_t text[600];

	while (!__atomic_load_n(&stream->stop, __ATOMIC_RELAXED)) {
		if (stream->sent ==
		    __atomic_load_n(&stream->may_send, __ATOMIC_RELAXED)) {
			sched_yield();
			continue;
		}
		marked_text(text, sizeof(text), stream->sent);
		if (send(stream->path->fd[NEAR], text, sizeof(text), 0) !=
		    sizeof(text)) {
			stream->err = errno;
			break;
		}
		stream->sent++;
	}
	return NULL;
}

static unsigned int read_stream(const struct path *path, unsigned int count)
{
	uint8_t text[600], seen[700];
	unsigned int got = 0;

	while (got < count &&
	       recv(path->fd[FAR], seen, sizeof(seen), 0) == sizeof(text)) {
		marked_text(text, sizeof(text), got);
		if (memcmp(text, seen, sizeof(text)))
			break;
		got++;
	}
	return got;
}

/* All arrive, in order, and none in clear on the wire without a card. */
TEST_F(leave, route_moves_to_a_plain_device_and_back)
{
	struct stream stream = { .path = &self->path };
	unsigned int moves = is_slow() ? 4 : 10;
	struct dtls_stats stats;

	ASSERT_EQ(0, nic_second_wire(&self->nic));
	ASSERT_EQ(0, sniffer_watch(&self->nic.more[0], self->path.fd[NEAR]));
	ASSERT_EQ(0, pthread_create(&stream.thread, NULL, run_stream, &stream));
	for (unsigned int i = 0; i < moves; i++) {
		__atomic_add_fetch(&stream.may_send, 100, __ATOMIC_RELAXED);
		ASSERT_EQ(0, nic_route(&self->nic, NEAR,
				       i % 2 ? "card" : "near2"));
	}
	__atomic_store_n(&stream.stop, 1, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(stream.thread, NULL));
	EXPECT_EQ(0, stream.err);
	EXPECT_LT(0, stream.sent);
	EXPECT_EQ(stream.sent, read_stream(&self->path, stream.sent));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	ASSERT_EQ(0, dtls_stats(self->path.fd[FAR], &stats));
	EXPECT_EQ(stream.sent + EACH_WAY, stats.rx_delivered);
	EXPECT_EQ(0, stats.rx_bad_tag + stats.rx_wrong_mark);
	ASSERT_EQ(0, nic_drain(&self->nic));
	EXPECT_LT(0, self->nic.more[0].datagrams);
}

/* The key stays where it was; a new one is where the route leads to. */
TEST_F(leave, next_key_follows_the_route)
{
	struct dtls_stats stats;

	ASSERT_EQ(0, nic_second_wire(&self->nic));
	ASSERT_EQ(0, nic_route(&self->nic, NEAR, "near2"));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY(NEAR, RECORD_DATA, 500);
	ASSERT_EQ(1700, leave_batch(&self->path, NEAR, 1700, 100));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 1700);
	ASSERT_EQ(0, dtls_stats(self->path.fd[NEAR], &stats));
	/* In software from the start, or by the time it left. */
	EXPECT_EQ(EACH_WAY, stats.tx_device - stats.tx_fallback);
	EXPECT_EQ(EACH_WAY + 18, stats.tx_records);
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	CARRY(NEAR, RECORD_DATA, 500);
	ASSERT_EQ(0, nic_route(&self->nic, NEAR, "card"));
	ASSERT_EQ(0, path_keys(&self->path, 3));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
}

/* Checksums are over what only the card knows; cutting is anyone's. */
TEST_F(leave, features_are_switched_off)
{
	static const char *const features[] = {
		"tx off",
		"rx off",
		"sg off",
		"tx-udp-segmentation off",
		"tx on rx on sg on tx-udp-segmentation on",
	};
	ssize_t sent;

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		for (enum nic_end end = NEAR; end <= FAR; end++)
			ASSERT_EQ(0, nic_at(&self->nic, end,
					    "ethtool -K card %s >/dev/null",
					    features[i]));
		CARRY_BOTH_WAYS();
		sent = leave_batch(&self->path, NEAR, 5300, 500);
		/* UDP itself, before Linux 6.11, where checksums are off. */
		if (sent < 0 && errno == EIO && i + 1 < ARRAY_SIZE(features))
			continue;
		ASSERT_EQ(5300, sent);
		arrive_batch(_metadata, __LINE__, &self->path, FAR, 5300);
		CARRY_BOTH_WAYS();
	}
	EXPECT_STATE(NEAR, "rx_bad", 0);
	EXPECT_STATE(FAR, "rx_bad", 0);
}

TEST_HARNESS_MAIN
