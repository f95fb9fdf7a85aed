// SPDX-License-Identifier: GPL-2.0
/* Keys come to a card and go, and there's not room for all. */
#include <sys/resource.h>

#include "offload.h"

FIXTURE_NIC_FAMILY(keys)

FIXTURE_SETUP(keys)
{
	NIC_SETUP(NIC_BOTH);
}

FIXTURE_TEARDOWN(keys)
{
	NIC_TEARDOWN();
}

/* Nothing is lost, and nobody is told. */
TEST_F(keys, refused_one_is_software_s)
{
	ASSERT_EQ(0, nic_knob(&self->nic, NEAR, "fail_add", 2));
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	EXPECT_CONF(FAR, TLS_CONF_HW, TLS_CONF_HW);
	EXPECT_STATE(NEAR, "add_failed", 2);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = EACH_WAY, .rx_delivered = EACH_WAY);
	EXPECT_COUNTED(FAR, .tx_records = EACH_WAY, .tx_device = EACH_WAY,
		       .rx_delivered = EACH_WAY, .rx_device = EACH_WAY);
	EXPECT_CLEAR_ABOVE(NEAR, 0);
	/* The next one is offered anew. */
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = 2 * EACH_WAY, .tx_device = EACH_WAY,
		       .rx_delivered = 2 * EACH_WAY, .rx_device = EACH_WAY);
}

TEST_F(keys, each_direction_is_refused_for_itself)
{
	ASSERT_EQ(0, nic_knob(&self->nic, NEAR, "fail_add", 1));
	ASSERT_EQ(0, path_keys(&self->path, 1));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = EACH_WAY, .rx_delivered = EACH_WAY,
		       .rx_device = EACH_WAY);
}

TEST_F(keys, option_keeps_them_out)
{
	static const uint32_t bad[] = { 4, 8, 1U << 31, ~0U };
	uint32_t value = 0;
	socklen_t len = sizeof(value);
	int fd = self->path.fd[NEAR];

	ASSERT_EQ(0, getsockopt(fd, SOL_TLS, DTLS_OFFLOAD, &value, &len));
	EXPECT_EQ(DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX, value);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ERRNO(EINVAL, path_offload(&self->path, NEAR, bad[i]));
	EXPECT_ERRNO(EINVAL, setsockopt(fd, SOL_TLS, DTLS_OFFLOAD, &value, 3));
	for (uint32_t on = 0; on < 4; on++) {
		ASSERT_EQ(0, path_offload(&self->path, NEAR, on));
		ASSERT_EQ(0,
			  getsockopt(fd, SOL_TLS, DTLS_OFFLOAD, &value, &len));
		EXPECT_EQ(on, value);
		ASSERT_EQ(0, path_keys(&self->path, (uint16_t)(on + 1)));
		EXPECT_CONF(NEAR,
			    on & DTLS_OFFLOAD_TX ? TLS_CONF_HW : TLS_CONF_SW,
			    on & DTLS_OFFLOAD_RX ? TLS_CONF_HW : TLS_CONF_SW);
		CARRY_BOTH_WAYS();
	}
	EXPECT_COUNTED(NEAR, .tx_records = 4 * EACH_WAY,
		       .tx_device = 2 * EACH_WAY, .rx_delivered = 4 * EACH_WAY,
		       .rx_device = 2 * EACH_WAY);
}

/* Off is for the keys there are too, on for those to come. */
TEST_F(keys, option_takes_them_out)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_offload(&self->path, NEAR, DTLS_OFFLOAD_RX));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_offload(&self->path, NEAR, 0));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	EXPECT_STATE(NEAR, "keys_rx", 0);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_offload(&self->path, NEAR,
				  DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = 5 * EACH_WAY,
		       .tx_device = 2 * EACH_WAY, .rx_delivered = 5 * EACH_WAY,
		       .rx_device = 3 * EACH_WAY);
}

/* As the option, for all of a card's sockets. */
TEST_F(keys, administrator_takes_them_out)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "ethtool --set-priv-flags card dtls-tx off"));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_HW);
	EXPECT_STATE(NEAR, "keys_tx", 0);
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "ethtool --set-priv-flags card dtls-rx off"));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	EXPECT_STATE(NEAR, "keys_rx", 0);
	CARRY_BOTH_WAYS();
	ASSERT_EQ(0, path_keys(&self->path, 2));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	ASSERT_EQ(0,
		  nic_at(&self->nic, NEAR,
			 "ethtool --set-priv-flags card dtls-tx on dtls-rx on"));
	EXPECT_CONF(NEAR, TLS_CONF_SW, TLS_CONF_SW);
	ASSERT_EQ(0, path_keys(&self->path, 3));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
	EXPECT_COUNTED(NEAR, .tx_records = 4 * EACH_WAY,
		       .tx_device = 2 * EACH_WAY, .rx_delivered = 4 * EACH_WAY,
		       .rx_device = 3 * EACH_WAY);
}

/* What a receiver holds of epochs, and no more, is in the card. */
TEST_F(keys, each_epoch_has_its_own)
{
	enum {
		EPOCHS = 4
	};

	for (uint16_t epoch = 1; epoch <= EPOCHS; epoch++) {
		ASSERT_EQ(0, path_keys(&self->path, epoch));
		EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
		CARRY_BOTH_WAYS();
	}
	EXPECT_COUNTED(NEAR, .tx_records = EPOCHS * EACH_WAY,
		       .tx_device = EPOCHS * EACH_WAY,
		       .rx_delivered = EPOCHS * EACH_WAY,
		       .rx_device = EPOCHS * EACH_WAY);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_rx",
				    DTLS_RX_EPOCHS_DEFAULT));
	ASSERT_EQ(0, dtls_drop_epoch(self->path.fd[NEAR], EPOCHS - 1));
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_rx", 1));
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 1));
	CARRY_BOTH_WAYS();
}

/* As fast as they come the old ones don't go: then it's software's turn. */
TEST_F(keys, come_faster_than_old_ones_go)
{
	for (uint16_t epoch = 1; epoch <= 20; epoch++) {
		ASSERT_EQ(0, path_keys(&self->path, epoch));
		CARRY_BOTH_WAYS();
	}
	EXPECT_STATE(NEAR, "rx_bad", 0);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_rx",
				    DTLS_RX_EPOCHS_DEFAULT));
	while (nic_state(&self->nic, NEAR, "keys_tx") > 1)
		sched_yield();
	ASSERT_EQ(0, path_keys(&self->path, 21));
	EXPECT_CONF(NEAR, TLS_CONF_HW, TLS_CONF_HW);
	CARRY_BOTH_WAYS();
}

/* The namespace's counters are the sum of those of its sockets. */
TEST_F(keys, namespace_counts_them)
{
	ASSERT_EQ(0, path_keys(&self->path, 1));
	CARRY_BOTH_WAYS();
	EXPECT_EQ(EACH_WAY, dtls_net_stat("DtlsTxDevice"));
	EXPECT_EQ(EACH_WAY, dtls_net_stat("DtlsRxDevice"));
	ASSERT_EQ(0, nic_knob(&self->nic, NEAR, "refuse_tx", 1));
	CARRY_BOTH_WAYS();
	EXPECT_EQ(2 * EACH_WAY, dtls_net_stat("DtlsTxDevice"));
	EXPECT_EQ(EACH_WAY, dtls_net_stat("DtlsTxFallback"));
	EXPECT_EQ(0, dtls_net_stat("DtlsRxWrongMark"));
	EXPECT_EQ(0, dtls_net_stat("DtlsTxDeviceDrop"));
}

/* Longer than sending takes, shorter than anybody waits. */
#define HOLD_BACK \
	"tc qdisc replace dev card root tbf rate 400kbit burst 1600 limit 1mb"

/* Packets that wait in a queue have their own epoch's key. */
TEST_F(keys, old_one_stays_while_packets_wait)
{
	enum {
		WAITING = 10
	};

	ASSERT_EQ(0, nic_at(&self->nic, NEAR, HOLD_BACK));
	for (uint16_t epoch = 1; epoch <= 3; epoch++) {
		ASSERT_EQ(0, path_keys(&self->path, epoch));
		for (int i = 0; i < WAITING; i++) {
			self->path.id = epoch * 100U + (unsigned int)i;
			ASSERT_EQ(700, leave(&self->path, NEAR, -1, 700, 0));
		}
		self->path.id = epoch * 100U;
		/* The receiver keeps two epochs. */
		for (int i = 0; epoch > 1 && i < WAITING; i++) {
			self->path.id = (epoch - 1) * 100U + (unsigned int)i;
			arrive(_metadata, __LINE__, &self->path, FAR,
			       RECORD_DATA, 700);
		}
	}
	self->path.id = 300;
	for (int i = 0; i < WAITING; i++)
		arrive(_metadata, __LINE__, &self->path, FAR, RECORD_DATA, 700);
	EXPECT_COUNTED(NEAR, .tx_records = 3 * WAITING,
		       .tx_device = 3 * WAITING);
	EXPECT_COUNTED(FAR, .rx_delivered = 3 * WAITING,
		       .rx_device = 3 * WAITING);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 1));
}

/* A closed socket's packets are still sent. */
TEST_F(keys, last_one_stays_while_packets_wait)
{
	enum {
		WAITING = 10
	};

	ASSERT_EQ(0, nic_at(&self->nic, NEAR, HOLD_BACK));
	ASSERT_EQ(0, path_keys(&self->path, 1));
	for (int i = 0; i < WAITING; i++) {
		ASSERT_EQ(700, leave(&self->path, NEAR, -1, 700, 0));
		self->path.id++;
	}
	ASSERT_EQ(0, dtls_close(self->path.fd[NEAR]));
	self->path.id = 0;
	for (int i = 0; i < WAITING; i++)
		arrive(_metadata, __LINE__, &self->path, FAR, RECORD_DATA, 700);
	EXPECT_STATE(NEAR, "tx_encrypted", WAITING);
	EXPECT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
	EXPECT_STATE(NEAR, "keys_rx", 0);
}

/* Somebody sends, somebody else receives, and the test goes on meanwhile. */
struct stream {
	struct path *path;
	unsigned int count;
	long failed; /* where */
};

static void *send_stream(void *arg)
{
	struct stream *stream = arg;
	uint8_t text[400];

	for (unsigned int i = 0; i < stream->count; i++) {
		marked_text(text, sizeof(text), i);
		if (send(stream->path->fd[NEAR], text, sizeof(text), 0) ==
		    sizeof(text))
			continue;
		stream->failed = __LINE__;
		break;
	}
	return NULL;
}

static void *recv_stream(void *arg)
{
	struct stream *stream = arg;
	uint8_t text[400], seen[500];

	for (unsigned int i = 0; i < stream->count; i++) {
		ssize_t n = recv(stream->path->fd[FAR], seen, sizeof(seen), 0);

		marked_text(text, sizeof(text), i);
		if (n == sizeof(text) && !memcmp(text, seen, sizeof(text)))
			continue;
		stream->failed = __LINE__;
		break;
	}
	return NULL;
}

TEST_F(keys, rekey_under_load_loses_nothing)
{
	enum {
		REKEYS = 10
	};
	struct stream out = { &self->path, times(1500), 0 }, in = out;
	pthread_t sender, receiver;
	struct dtls_stats stats;

	ASSERT_EQ(0, path_keys(&self->path, 1));
	ASSERT_EQ(0, pthread_create(&receiver, NULL, recv_stream, &in));
	ASSERT_EQ(0, pthread_create(&sender, NULL, send_stream, &out));
	for (uint16_t epoch = 2; epoch < 2 + REKEYS; epoch++) {
		/* Not faster than records are read: that would be loss. */
		do {
			ASSERT_EQ(0, dtls_stats(self->path.fd[FAR], &stats));
			sched_yield();
		} while (stats.rx_delivered <
			 out.count * (epoch - 1U) / (REKEYS + 1U));
		ASSERT_EQ(0, path_keys(&self->path, epoch));
	}
	ASSERT_EQ(0, pthread_join(sender, NULL));
	ASSERT_EQ(0, pthread_join(receiver, NULL));
	EXPECT_EQ(0, out.failed);
	EXPECT_EQ(0, in.failed);
	ASSERT_EQ(0, dtls_stats(self->path.fd[NEAR], &stats));
	EXPECT_EQ(out.count, stats.tx_records);
	EXPECT_LT(0, stats.tx_device);
	EXPECT_EQ(0, stats.tx_fallback + stats.tx_device_drop);
	EXPECT_COUNTED(FAR, .rx_delivered = out.count, .rx_device = out.count);
}

/* More sockets than slots: sixteen for both directions. */
FIXTURE_NIC_FAMILY(slots)

FIXTURE_SETUP(slots)
{
	const struct rlimit files = { 4096, 4096 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	ASSERT_EQ(0, nic_open(&self->nic, NIC_NEAR));
}

FIXTURE_TEARDOWN(slots)
{
	NIC_TEARDOWN();
}

enum {
	SOCKETS = 1000,
	SLOTS = 16,
};

/* Of which each talks to the same plain one. */
static int open_socket(const struct nic *nic, enum bed_family family, int peer,
		       const struct secret *tx, const struct secret *rx)
{
	struct sockaddr_storage addr;
	socklen_t len = link_address(family, LINK_NEAR, 0, &addr);
	int fd = bed_socket(family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) ||
	    bed_connect(fd, peer) || dtls_attach(fd) ||
	    dtls_key(fd, TLS_TX, tx, 1, 0) || dtls_key(fd, TLS_RX, rx, 1, 0))
		return -1;
	return fd;
}

static int open_peer(const struct nic *nic, enum bed_family family)
{
	struct sockaddr_storage addr;
	socklen_t len = link_address(family, LINK_FAR, 0, &addr);
	int fd = -1;

	if (link_enter(&nic->link, LINK_FAR))
		return -1;
	fd = bed_socket(family, SOCK_DGRAM, 0);
	if (bind(fd, (struct sockaddr *)&addr, len) ||
	    link_enter(&nic->link, LINK_NEAR))
		return -1;
	return fd;
}

/* It sends a record, which is opened elsewhere, and gets one. */
static int exchange(int fd, int peer, const struct secret *tx,
		    const struct secret *rx, uint64_t seq)
{
	struct record record = record_make(RECORD_DATA, 1, seq);
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t wire[500], text[500], sent[300];
	ssize_t n;

	marked_text(sent, sizeof(sent), (unsigned int)fd);
	if (send(fd, sent, sizeof(sent), 0) != sizeof(sent))
		return __LINE__;
	n = recvfrom(peer, wire, sizeof(wire), 0, (struct sockaddr *)&from,
		     &from_len);
	if (n < 0 ||
	    record_open(tx, wire, (size_t)n, &record, text) != sizeof(sent) ||
	    memcmp(sent, text, sizeof(sent)))
		return __LINE__;
	record = record_make(RECORD_DATA, 1, seq);
	n = (ssize_t)record_seal(rx, &record, sent, sizeof(sent), wire);
	if (sendto(peer, wire, (size_t)n, 0, (struct sockaddr *)&from,
		   from_len) != n)
		return __LINE__;
	if (recv(fd, text, sizeof(text), 0) != sizeof(sent) ||
	    memcmp(sent, text, sizeof(sent)))
		return __LINE__;
	return 0;
}

TEST_F_TIMEOUT(slots, thousand_sockets_share_sixteen, 200)
{
	unsigned int count = times(SOCKETS), in_card = 0;
	static int fds[SOCKETS];
	struct dtls_info info;
	struct secret tx, rx;
	int peer = open_peer(&self->nic, variant->family);

	ASSERT_LE(0, peer);
	secret_make(&tx, cipher_by_type(variant->cipher), 1);
	secret_make(&rx, cipher_by_type(variant->cipher), 2);
	for (unsigned int i = 0; i < count; i++) {
		fds[i] = open_socket(&self->nic, variant->family, peer, &tx,
				     &rx);
		ASSERT_LE(0, fds[i])
		TH_LOG("socket %u: %s", i, strerror(errno));
	}
	for (unsigned int i = 0; i < count; i++) {
		ASSERT_EQ(0, exchange(fds[i], peer, &tx, &rx, 0))
		TH_LOG("socket %u: %s", i, strerror(errno));
		ASSERT_EQ(0, dtls_info(fds[i], &info));
		in_card += info.tx_conf == TLS_CONF_HW;
		in_card += info.rx_conf == TLS_CONF_HW;
	}
	EXPECT_EQ(SLOTS, in_card);
	EXPECT_EQ(SLOTS / 2, dtls_net_stat("DtlsTxDevice"));
	EXPECT_EQ(SLOTS / 2, dtls_net_stat("DtlsRxDevice"));
	EXPECT_EQ(count, dtls_net_stat("DtlsTxRecords"));
	EXPECT_EQ(count, dtls_net_stat("DtlsRxDelivered"));
	EXPECT_STATE(NEAR, "add_failed", 2 * count - SLOTS);

	/* What others leave free is the next one's. */
	for (unsigned int i = 0; i < SLOTS / 2; i++)
		ASSERT_EQ(0, close(fds[i]));
	ASSERT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_tx", 0));
	ASSERT_EQ(0, nic_wait_state(&self->nic, NEAR, "keys_rx", 0));
	ASSERT_EQ(0, dtls_key(fds[count - 1], TLS_TX, &tx, 2, 0));
	ASSERT_EQ(0, dtls_info(fds[count - 1], &info));
	EXPECT_EQ(TLS_CONF_HW, info.tx_conf);
	EXPECT_EQ(TLS_CONF_SW, info.rx_conf);
}

TEST_HARNESS_MAIN
