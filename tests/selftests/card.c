// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated card by itself (tests/modules/dtls_sim): as a network device
 * like any other, and what it puts on the wire.
 */
#include <net/if.h>
#include <sched.h>
#include <stdatomic.h>

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "offload.h"

/* Beside a pair of cards, what tests of them have. */
#define FIXTURE_CARD(name)                                          \
	FIXTURE(name)                                               \
	{                                                           \
		struct nic nic;                                     \
		struct path path; /* where a test has opened it */  \
		int fd[2];        /* plain sockets */               \
		int wire;         /* sees the near wire's frames */ \
	};                                                          \
	FIXTURE_VARIANT(name)                                       \
	{                                                           \
		enum bed_family family;                             \
		int vlan;                                           \
	};                                                          \
	FIXTURE_VARIANT_ADD(name, ipv4) { .family = BED_IPV4 };     \
	FIXTURE_VARIANT_ADD(name, ipv6) { .family = BED_IPV6 };

FIXTURE_CARD(card)
/* What is on the wire, in a VLAN too. */
FIXTURE_CARD(wire)
FIXTURE_VARIANT_ADD(wire, ipv4_vlan) { .family = BED_IPV4, .vlan = 1 };
FIXTURE_VARIANT_ADD(wire, ipv6_vlan) { .family = BED_IPV6, .vlan = 1 };

static int wire_open(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("near"),
	};

	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -1 : fd;
}

static int add_vlan(struct nic *nic, enum nic_end end)
{
	strcpy(nic->ends[end].device, "card.5");
	return nic_at(nic, end,
		      "ip link set card up && "
		      "ip link add link card name card.5 type vlan id 5");
}

#define OPEN_CARDS()                                                      \
	open_cards(_metadata, &self->nic, variant->family, variant->vlan, \
		   self->fd, &self->wire)

static void open_cards(struct __test_metadata *_metadata, struct nic *nic,
		       enum bed_family family, int vlan, int fd[2], int *wire)
{
	struct timeval limit = { .tv_sec = 20 };

	ASSERT_EQ(0, bed_netns());
	ASSERT_EQ(0, nic_make(nic, NIC_BOTH));
	for (enum nic_end end = NEAR; end <= FAR && vlan; end++)
		ASSERT_EQ(0, add_vlan(nic, end));
	ASSERT_EQ(0, nic_start(nic));
	ASSERT_EQ(0, link_pair(&nic->link, family, fd));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, setsockopt(fd[i], SOL_SOCKET, SO_RCVTIMEO, &limit,
					sizeof(limit)));
	*wire = wire_open();
	ASSERT_LE(0, *wire);
}

FIXTURE_SETUP(card)
{
	OPEN_CARDS();
}

FIXTURE_TEARDOWN(card)
{
	close(self->wire);
	NIC_TEARDOWN();
}

FIXTURE_SETUP(wire)
{
	OPEN_CARDS();
}

FIXTURE_TEARDOWN(wire)
{
	close(self->wire);
	NIC_TEARDOWN();
}

/* An association, its keys in the cards. */
#define OPEN_PATH() \
	open_path(_metadata, &self->nic, &self->path, variant->family)

static void open_path(struct __test_metadata *_metadata, struct nic *nic,
		      struct path *path, enum bed_family family)
{
	ASSERT_EQ(0, path_open(path, nic, family, TLS_CIPHER_AES_GCM_128));
	ASSERT_EQ(0, path_keys(path, 1));
}

/* RFC 1071 */
static uint32_t sum(uint32_t total, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		total += (uint32_t)(data[i] << 8 | data[i + 1]);
	if (len % 2)
		total += (uint32_t)data[len - 1] << 8;
	return total;
}

/* @pseudo: sum of what isn't in @data */
static int is_intact(uint32_t pseudo, const uint8_t *data, size_t len)
{
	uint32_t total = sum(pseudo, data, len);

	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total == 0xffff;
}

/* RFC 768; RFC 8200, 8.1: of the addresses that it was sent with */
static uint32_t pseudo_header(const uint8_t *addresses, size_t addresses_len,
			      uint32_t protocol, size_t len)
{
	return sum(protocol + (uint32_t)len, addresses, addresses_len);
}

struct frames {
	int count, tagged, damaged;
	int errors, quotes; /* of ICMP; those with content of a datagram */
};

/* Does it quote any byte of a datagram but its headers? */
static int is_quote(const uint8_t *quote, size_t len)
{
	size_t at = (quote[0] >> 4 == 4 ? sizeof(struct iphdr) :
					  sizeof(struct ip6_hdr)) +
		    sizeof(struct udphdr);

	while (at < len)
		if (quote[at++])
			return 1;
	return 0;
}

static void look_ipv4(struct frames *frames, const uint8_t *ip, uint16_t port)
{
	size_t len = (size_t)(ip[2] << 8 | ip[3]) - sizeof(struct iphdr);
	const uint8_t *data = ip + sizeof(struct iphdr);

	if (ip[9] == IPPROTO_UDP && !memcmp(data, &port, sizeof(port))) {
		frames->count++;
		frames->damaged +=
			!is_intact(pseudo_header(ip + 12, 8, IPPROTO_UDP, len),
				   data, len);
	} else if (ip[9] == IPPROTO_ICMP && data[0] == 3) {
		frames->errors++;
		frames->damaged += !is_intact(0, data, len);
		frames->quotes += is_quote(data + 8, len - 8);
	}
}

static void look_ipv6(struct frames *frames, const uint8_t *ip, uint16_t port)
{
	size_t len = (size_t)(ip[4] << 8 | ip[5]);
	const uint8_t *data = ip + sizeof(struct ip6_hdr);

	if (ip[6] == IPPROTO_UDP && !memcmp(data, &port, sizeof(port))) {
		frames->count++;
		frames->damaged +=
			!is_intact(pseudo_header(ip + 8, 32, IPPROTO_UDP, len),
				   data, len);
	} else if (ip[6] == IPPROTO_ICMPV6 && data[0] == 1) {
		frames->errors++;
		frames->damaged +=
			!is_intact(pseudo_header(ip + 8, 32, IPPROTO_ICMPV6,
						 len),
				   data, len);
		frames->quotes += is_quote(data + 8, len - 8);
	}
}

/* Datagrams of this source port, and errors. */
static void look(struct frames *frames, const uint8_t *frame, uint16_t port)
{
	const uint8_t *ip = frame + ETHER_HDR_LEN;
	int before = frames->count;

	if (!memcmp(frame + 12, "\x81\x00\x00\x05", 4))
		ip += 4;
	if (ip[0] >> 4 == 4)
		look_ipv4(frames, ip, port);
	else if (ip[0] >> 4 == 6)
		look_ipv6(frames, ip, port);
	if (ip != frame + ETHER_HDR_LEN)
		frames->tagged += frames->count - before;
}

/* What has passed up to now: what was sent from @fd's port there, or came. */
static struct frames look_at_wire(int wire, int fd, int is_sent)
{
	struct frames frames = {};
	struct sockaddr_in6 addr; /* AF_INET has its port at the same place */
	struct sockaddr_ll from;
	socklen_t addr_len = sizeof(addr), len = sizeof(from);
	uint8_t frame[2048] = {};

	getsockname(fd, (struct sockaddr *)&addr, &addr_len);
	while (recvfrom(wire, frame, sizeof(frame), MSG_DONTWAIT,
			(struct sockaddr *)&from, &len) > 0)
		if ((from.sll_pkttype == PACKET_OUTGOING) == is_sent)
			look(&frames, frame, addr.sin6_port);
	return frames;
}

static void expect_frames(struct __test_metadata *_metadata, int wire, int fd,
			  int count, int tagged)
{
	struct frames frames = look_at_wire(wire, fd, 1);

	EXPECT_EQ(count, frames.count);
	EXPECT_EQ(tagged ? count : 0, frames.tagged);
	EXPECT_EQ(0, frames.damaged);
}

static void carry_plain(struct __test_metadata *_metadata, const int fd[2],
			enum nic_end from, size_t len)
{
	uint8_t text[4096], seen[4096];

	memset(text, (int)len & 0xff, len);
	ASSERT_EQ((ssize_t)len, send(fd[from], text, len, 0));
	ASSERT_EQ((ssize_t)len, recv(fd[!from], seen, sizeof(seen), 0));
	EXPECT_EQ(0, memcmp(text, seen, len));
}

TEST_F(wire, plain_datagrams_pass)
{
	static const size_t lengths[] = { 1, 64, 999, 1400 };

	for (size_t i = 0; i < 4; i++)
		for (enum nic_end from = NEAR; from <= FAR; from++)
			carry_plain(_metadata, self->fd, from, lengths[i]);
	expect_frames(_metadata, self->wire, self->fd[NEAR], 4, variant->vlan);
	EXPECT_STATE(NEAR, "tx_encrypted", 0);
	EXPECT_STATE(NEAR, "rx_decrypted", 0);
}

TEST_F(wire, plain_datagrams_in_fragments_pass)
{
	for (enum nic_end from = NEAR; from <= FAR; from++)
		carry_plain(_metadata, self->fd, from, 4000);
}

TEST_F(wire, plain_batches_are_cut)
{
	uint8_t text[5 * 999 + 7] = {}, seen[1500];
	int segment = 999;

	ASSERT_EQ(0, setsockopt(self->fd[NEAR], SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment)));
	ASSERT_EQ(sizeof(text),
		  (size_t)send(self->fd[NEAR], text, sizeof(text), 0));
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(999, recv(self->fd[FAR], seen, sizeof(seen), 0));
	ASSERT_EQ(7, recv(self->fd[FAR], seen, sizeof(seen), 0));
	expect_frames(_metadata, self->wire, self->fd[NEAR], 6, variant->vlan);
}

/* Alone and in batches; the tag's last byte makes lengths odd and even. */
TEST_F(wire, records_have_right_checksums)
{
	OPEN_PATH();
	EXPECT_STATE(NEAR, "keys_tx", 1);
	EXPECT_STATE(NEAR, "keys_rx", 1);
	CARRY(NEAR, RECORD_DATA, 100);
	CARRY(NEAR, RECORD_DATA, 1201);
	CARRY(FAR, RECORD_DATA, 100);
	ASSERT_EQ(2500, leave_batch(&self->path, NEAR, 2500, 601));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 2500);
	expect_frames(_metadata, self->wire, self->path.fd[NEAR], 7,
		      variant->vlan);
	EXPECT_STATE(NEAR, "tx_encrypted", 7);
	EXPECT_STATE(NEAR, "tx_dropped", 0);
	EXPECT_STATE(FAR, "rx_decrypted", 7);
	EXPECT_STATE(FAR, "rx_records", 7);
	EXPECT_STATE(FAR, "rx_bad", 0);
	EXPECT_STATE(NEAR, "rx_decrypted", 1);
}

/* A batch that a plain device sent, and the wire carried as one packet. */
TEST_F(wire, batches_received_are_cut)
{
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link del card"));
	strcpy(self->nic.ends[NEAR].device, "near");
	if (variant->vlan) {
		ASSERT_EQ(0, nic_at(&self->nic, NEAR,
				    "ip link add link near name near.5 "
				    "type vlan id 5"));
		strcpy(self->nic.ends[NEAR].device, "near.5");
	}
	ASSERT_EQ(0, nic_configure(&self->nic, NEAR));
	ASSERT_EQ(0, nic_wait(&self->nic));
	OPEN_PATH();
	ASSERT_EQ(2500, leave_batch(&self->path, NEAR, 2500, 601));
	arrive_batch(_metadata, __LINE__, &self->path, FAR, 2500);
	EXPECT_STATE(FAR, "rx_decrypted", 5);
	EXPECT_STATE(FAR, "rx_unmarked", 0);
}

/* What came for the near end is an error that quotes no content. */
static void expect_error(struct __test_metadata *_metadata, int wire, int fd)
{
	struct frames frames;
	char byte;

	EXPECT_EQ(-1, recv(fd, &byte, 1, 0));
	EXPECT_EQ(ECONNREFUSED, errno);
	frames = look_at_wire(wire, fd, 0);
	EXPECT_EQ(1, frames.errors);
	EXPECT_EQ(0, frames.quotes);
	EXPECT_EQ(0, frames.damaged);
}

/* A datagram was decrypted when its socket was still there. */
TEST_F(card, error_for_a_closed_socket_quotes_nothing)
{
	OPEN_PATH();
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "reorder", 1));
	ASSERT_EQ(300, leave(&self->path, NEAR, RECORD_DATA, 300, 0));
	ASSERT_EQ(0, nic_wait_state(&self->nic, FAR, "rx_decrypted", 1));
	ASSERT_EQ(0, close(self->path.fd[FAR]));
	carry_plain(_metadata, self->fd, NEAR, 100);
	expect_error(_metadata, self->wire, self->path.fd[NEAR]);
}

/* A packet filter says no. */
TEST_F(card, error_of_a_filter_quotes_nothing)
{
	OPEN_PATH();
	CARRY(NEAR, RECORD_DATA, 300);
	ASSERT_EQ(0, nic_at(&self->nic, FAR,
			    "nft 'table inet t { chain c { type filter hook "
			    "input priority 0; udp length > 200 "
			    "reject with icmpx port-unreachable; }; }'"));
	ASSERT_EQ(300, leave(&self->path, NEAR, RECORD_DATA, 300, 0));
	expect_error(_metadata, self->wire, self->path.fd[NEAR]);
	EXPECT_STATE(FAR, "rx_decrypted", 2);
}

/* Every second one goes up behind the next. */
TEST_F(card, datagrams_change_places)
{
	static const char order[] = "132465";
	char byte;

	ASSERT_EQ(0, nic_settle(&self->nic));
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "reorder", 2));
	for (const char *p = "123456"; *p; p++)
		ASSERT_EQ(1, send(self->fd[NEAR], p, 1, 0));
	for (int i = 0; i < 6; i++) {
		ASSERT_EQ(1, recv(self->fd[FAR], &byte, 1, 0));
		EXPECT_EQ(order[i], byte);
	}
}

TEST_F(card, datagrams_are_delayed_in_order)
{
	char byte;

	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "delay_ms", 30));
	for (char c = 'a'; c < 'k'; c++)
		ASSERT_EQ(1, send(self->fd[NEAR], &c, 1, 0));
	for (char c = 'a'; c < 'k'; c++) {
		ASSERT_EQ(1, recv(self->fd[FAR], &byte, 1, 0));
		EXPECT_EQ(c, byte);
	}
	/* One that's held when the device goes down is lost. */
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "delay_ms", 1000000));
	ASSERT_EQ(1, send(self->fd[NEAR], "z", 1, 0));
	ASSERT_EQ(0, nic_at(&self->nic, FAR, "ip link set card down"));
	EXPECT_EQ(-1, recv(self->fd[FAR], &byte, 1, MSG_DONTWAIT));
}

TEST_F(card, wire_has_one_card_and_its_size)
{
	EXPECT_NE(0, nic_at(&self->nic, NEAR,
			    "ip link add link near type dtls_sim 2>/dev/null"));
	EXPECT_NE(0, nic_at(&self->nic, NEAR,
			    "ip link set card mtu 1501 2>/dev/null"));
	EXPECT_EQ(0, nic_at(&self->nic, NEAR, "ip link set near mtu 1400"));
	EXPECT_EQ(0, nic_at(&self->nic, NEAR,
			    "ip link show card | grep -q 'mtu 1400 '"));
	EXPECT_EQ(0, nic_at(&self->nic, FAR, "ip link set far down"));
	EXPECT_EQ(0, nic_at(&self->nic, NEAR,
			    "ip link show card | grep -q NO-CARRIER"));
	EXPECT_EQ(0, nic_at(&self->nic, FAR, "ip link set far up"));
	EXPECT_EQ(0, nic_at(&self->nic, NEAR,
			    "! ip link show card | grep -q NO-CARRIER"));
}

/* Sends without regard to what becomes of it. */
struct traffic {
	pthread_t thread;
	struct path *path;
	int fd;
	atomic_int end;
};

static void *send_on(void *arg)
{
	struct traffic *traffic = arg;
	char text[1200] = "", seen[2048];

	while (!traffic->end) {
		send(traffic->fd, text, sizeof(text), MSG_DONTWAIT);
		leave_batch(traffic->path, NEAR, 2500, 601);
		leave(traffic->path, FAR, RECORD_DATA, 300, MSG_DONTWAIT);
		while (recv(traffic->path->fd[NEAR], seen, sizeof(seen),
			    MSG_DONTWAIT) > 0)
			;
		while (recv(traffic->path->fd[FAR], seen, sizeof(seen),
			    MSG_DONTWAIT) > 0)
			;
	}
	return NULL;
}

static void traffic_start(struct __test_metadata *_metadata,
			  struct traffic *traffic, struct path *path, int fd)
{
	traffic->path = path;
	traffic->fd = fd;
	traffic->end = 0;
	ASSERT_EQ(0, pthread_create(&traffic->thread, NULL, send_on, traffic));
}

static void traffic_stop(struct __test_metadata *_metadata,
			 struct traffic *traffic)
{
	traffic->end = 1;
	ASSERT_EQ(0, pthread_join(traffic->thread, NULL));
}

/* Return when the card has encrypted something more. */
static void wait_for_traffic(const struct nic *nic)
{
	long long before = nic_state(nic, NEAR, "tx_encrypted");

	while (nic_state(nic, NEAR, "tx_encrypted") == before)
		sched_yield();
}

static void goes_under_traffic(struct __test_metadata *_metadata,
			       struct nic *nic, struct path *path, int fd,
			       const char *command)
{
	struct traffic traffic;

	ASSERT_EQ(0, nic_knob(nic, FAR, "delay_ms", 5));
	traffic_start(_metadata, &traffic, path, fd);
	wait_for_traffic(nic);
	EXPECT_EQ(0, nic_at(nic, NEAR, "%s", command));
	EXPECT_EQ(0, if_nametoindex("card"));
	EXPECT_EQ(-1, nic_state(nic, NEAR, "keys_tx"));
	traffic_stop(_metadata, &traffic);
}

TEST_F(card, goes_under_traffic)
{
	OPEN_PATH();
	goes_under_traffic(_metadata, &self->nic, &self->path, self->fd[NEAR],
			   "ip link del card");
}

TEST_F(card, goes_with_its_wire_under_traffic)
{
	OPEN_PATH();
	goes_under_traffic(_metadata, &self->nic, &self->path, self->fd[NEAR],
			   "ip link del near");
}

TEST_F(card, driver_goes_under_traffic)
{
	OPEN_PATH();
	goes_under_traffic(_metadata, &self->nic, &self->path, self->fd[NEAR],
			   "rmmod dtls_sim");
}

/* The namespace that the card was moved to isn't that of its wire. */
TEST_F(card, goes_with_a_wire_in_another_namespace)
{
	ASSERT_EQ(0, nic_at(&self->nic, NEAR,
			    "ip link set card down && "
			    "ip link set card netns /proc/%d/fd/%d name moved",
			    getpid(), self->nic.link.far));
	EXPECT_EQ(0, nic_at(&self->nic, FAR,
			    "ip link set moved up && ip link show moved "
			    ">/dev/null"));
	ASSERT_EQ(0, nic_at(&self->nic, NEAR, "ip link del near"));
	EXPECT_NE(0, nic_at(&self->nic, FAR,
			    "ip link show moved >/dev/null 2>&1"));
}

/* All that's open there is closed: something of the near end takes its place. */
static void leave_far(struct nic *nic, struct path *path, int fd[2])
{
	dup2(fd[NEAR], fd[FAR]);
	dup2(path->fd[NEAR], path->fd[FAR]);
	dup2(nic->ends[NEAR].plain, nic->ends[FAR].plain);
	dup2(nic->ends[NEAR].wire.fd, nic->ends[FAR].wire.fd);
	dup2(nic->ends[NEAR].card.fd, nic->ends[FAR].card.fd);
	dup2(nic->link.near, nic->link.far);
}

/* With its sockets, and what waits to go up. */
TEST_F(card, goes_with_its_namespace)
{
	OPEN_PATH();
	ASSERT_EQ(0, nic_knob(&self->nic, FAR, "delay_ms", 5));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(300, leave(&self->path, NEAR, RECORD_DATA, 300, 0));
	leave_far(&self->nic, &self->path, self->fd);
	/* When the kernel comes to that. */
	while (if_nametoindex("near"))
		sched_yield();
	EXPECT_EQ(0, if_nametoindex("card"));
	EXPECT_EQ(-1, nic_state(&self->nic, FAR, "keys_rx"));
}

TEST_HARNESS_MAIN
