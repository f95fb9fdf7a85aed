// SPDX-License-Identifier: GPL-2.0
/*
 * Where a peer is. Records of another address reach a socket that isn't
 * connected just now; where it sends to is what the application says.
 */
#include <netinet/in.h>

#include "state.h"

enum {
	OURS = 5000,
	PEERS,
	OTHERS
};

FIXTURE(address)
{
	struct bed bed;
	int other; /* a plain UDP socket of another address */
};

FIXTURE_VARIANT(address)
{
	enum bed_family family;
	uint16_t cipher;
	size_t cid_len;
};

FIXTURE_VARIANT_ADD(address, cid_ipv4) {
	.family = BED_IPV4,
	.cipher = TLS_CIPHER_AES_GCM_128,
	.cid_len = 8,
};

FIXTURE_VARIANT_ADD(address, cid_ipv6) {
	.family = BED_IPV6,
	.cipher = TLS_CIPHER_CHACHA20_POLY1305,
	.cid_len = 1,
};

FIXTURE_VARIANT_ADD(address, plain_ipv4) {
	.family = BED_IPV4,
	.cipher = TLS_CIPHER_AES_GCM_128,
};

static int bind_port(int fd, enum bed_family family, uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	if (family == BED_IPV4)
		return bind(fd, (struct sockaddr *)&in, sizeof(in));
	return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

/* A socket that keeps its port when it's disconnected. */
static int socket_of(enum bed_family family, uint16_t port)
{
	int fd = bed_socket(family, SOCK_DGRAM, 0);

	return fd < 0 || bind_port(fd, family, port) ? -1 : fd;
}

FIXTURE_SETUP(address)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, bed_init(bed, variant->family,
			      cipher_by_type(variant->cipher)));
	bed->fd = socket_of(variant->family, OURS);
	bed->peer = socket_of(variant->family, PEERS);
	self->other = socket_of(variant->family, OTHERS);
	ASSERT_EQ(0, bed_connect(bed->fd, bed->peer));
	ASSERT_EQ(0, bed_connect(bed->peer, bed->fd));
	ASSERT_EQ(0, bed_connect(self->other, bed->fd));
	ASSERT_EQ(0, dtls_attach(bed->fd));
	secret_set_cid(&bed->tx, variant->cid_len);
	secret_set_cid(&bed->rx, variant->cid_len);
	ASSERT_EQ(0, dtls_cid(bed->fd, &bed->tx, &bed->rx));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
}

FIXTURE_TEARDOWN(address)
{
}

static int disconnect(int fd)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	return connect(fd, &none, sizeof(none));
}

/* A record comes from this socket. */
static int inject_from(const struct bed *bed, int from, uint64_t seq,
		       const char *content)
{
	struct bed sender = *bed;

	sender.peer = from;
	return inject(&sender, RECORD_DATA, 1, seq, content, strlen(content));
}

static uint16_t port_of(const struct message *message)
{
	const struct sockaddr_in *in = (const void *)&message->from;
	const struct sockaddr_in6 *in6 = (const void *)&message->from;

	if (in->sin_family == AF_INET &&
	    in->sin_addr.s_addr == htonl(INADDR_LOOPBACK))
		return ntohs(in->sin_port);
	if (in->sin_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
		return ntohs(in6->sin6_port);
	return 0;
}

#define EXPECT_FROM(port, the_seq, the_flags, content)                 \
	do {                                                           \
		struct message _message;                               \
		char _text[32];                                        \
		ASSERT_EQ(strlen(content),                             \
			  message_recv(self->bed.fd, &_message, _text, \
				       sizeof(_text), MSG_DONTWAIT));  \
		EXPECT_EQ(0, memcmp(content, _text, strlen(content))); \
		EXPECT_EQ(port, port_of(&_message));                   \
		EXPECT_EQ(RECORD_DATA, _message.type);                 \
		EXPECT_EQ(the_seq, _message.info.seq);                 \
		EXPECT_EQ(the_flags, _message.info.flags);             \
	} while (0)

TEST_F(address, E6_records_from_elsewhere_do_not_reach_a_connected_socket)
{
	struct bed *bed = &self->bed;
	char byte;

	ASSERT_EQ(0, inject_from(bed, self->other, 0, "elsewhere"));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd);
	/* As to a port where nobody is. */
	EXPECT_ERRNO(ECONNREFUSED, recv(self->other, &byte, 1, MSG_DONTWAIT));
	ASSERT_EQ(0, inject_from(bed, bed->peer, 0, "here"));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "here", 4);
}

TEST_F(address, C8_a_record_comes_with_its_address)
{
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_recv_flags(bed->fd, DTLS_RECV_INFO));
	ASSERT_EQ(0, inject_from(bed, bed->peer, 0, "here"));
	EXPECT_FROM(PEERS, 0, DTLS_RECORD_NEWEST, "here");
	ASSERT_EQ(0, disconnect(bed->fd));
	ASSERT_EQ(0, inject_from(bed, self->other, 3, "moved"));
	EXPECT_FROM(OTHERS, 3, DTLS_RECORD_NEWEST, "moved");
	/* One that was overtaken tells so: RFC 9146, 6. */
	ASSERT_EQ(0, inject_from(bed, self->other, 4, "moved"));
	ASSERT_EQ(0, inject_from(bed, bed->peer, 1, "late"));
	ASSERT_EQ(0, inject_from(bed, self->other, 5, "again"));
	EXPECT_FROM(OTHERS, 4, DTLS_RECORD_NEWEST, "moved");
	EXPECT_FROM(PEERS, 1, 0, "late");
	EXPECT_FROM(OTHERS, 5, DTLS_RECORD_NEWEST, "again");
	EXPECT_STATS(bed->fd, .rx_delivered = 5);
}

TEST_F(address, C7_what_is_not_authentic_and_fresh_is_not_reported)
{
	struct record record = record_make(RECORD_DATA, 1, 9);
	struct bed *bed = &self->bed;
	uint8_t wire[100];
	size_t len = record_seal(&bed->rx, &record, "forged", 6, wire);

	ASSERT_EQ(0, inject_from(bed, bed->peer, 0, "here"));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "here", 4);
	ASSERT_EQ(0, disconnect(bed->fd));
	ASSERT_EQ(0, inject_from(bed, self->other, 0, "here"));
	wire[len - 1] ^= 1;
	ASSERT_EQ(len, send(self->other, wire, len, 0));
	ASSERT_EQ(0, bed_settle(bed));
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_delivered = 1, .rx_replayed = 1,
		     .rx_bad_tag = 1);
}

/* Where the next record of the socket goes: neither the other gets one. */
#define EXPECT_SENT_TO(to, not_to)                              \
	do {                                                    \
		ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0)); \
		EXPECT_GOT(to, not_to);                         \
	} while (0)

#define EXPECT_GOT(to, not_to)                                              \
	do {                                                                \
		struct bed _bed = self->bed;                                \
		uint8_t _wire[200], _text[200];                             \
		struct record _record;                                      \
		ssize_t _n;                                                 \
		ASSERT_EQ(0, bed_settle(&_bed));                            \
		_n = recv(to, _wire, sizeof(_wire), MSG_DONTWAIT);          \
		ASSERT_EQ(4, record_open(&_bed.tx, _wire, (size_t)_n,       \
					 &_record, _text));                 \
		EXPECT_ERRNO(EAGAIN, recv(not_to, _wire, 1, MSG_DONTWAIT)); \
	} while (0)

TEST_F(address, C7_sending_moves_by_connect)
{
	struct bed *bed = &self->bed;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char byte;

	EXPECT_SENT_TO(bed->peer, self->other);
	ASSERT_EQ(0, disconnect(bed->fd));
	ASSERT_EQ(0, inject_from(bed, self->other, 3, "moved"));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "moved", 5);
	/* To nobody, as for plain UDP. */
	EXPECT_ERRNO(EDESTADDRREQ, send(bed->fd, "here", 4, 0));
	EXPECT_UNSENT();
	EXPECT_ERRNO(EAGAIN, recv(self->other, &byte, 1, MSG_DONTWAIT));

	ASSERT_EQ(0, getsockname(self->other, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(0, connect(bed->fd, (struct sockaddr *)&addr, len));
	EXPECT_SENT_TO(self->other, bed->peer);
	ASSERT_EQ(0, inject_from(bed, self->other, 4, "moved"));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "moved", 5);
	/* And back, without a disconnect between. */
	ASSERT_EQ(0, bed_connect(bed->fd, bed->peer));
	ASSERT_EQ(0, inject_from(bed, bed->peer, 5, "back"));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "back", 4);
	EXPECT_SENT_TO(bed->peer, self->other);
}

/* While it's connected to nobody a call may say to whom: for that record. */
TEST_F(address, C7_sending_goes_where_a_call_says)
{
	struct bed *bed = &self->bed;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	ASSERT_EQ(0, getsockname(self->other, (struct sockaddr *)&addr, &len));
	EXPECT_ERRNO(EISCONN, sendto(bed->fd, "here", 4, 0,
				     (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, disconnect(bed->fd));
	ASSERT_EQ(4,
		  sendto(bed->fd, "here", 4, 0, (struct sockaddr *)&addr, len));
	EXPECT_GOT(self->other, bed->peer);
	EXPECT_ERRNO(EDESTADDRREQ, send(bed->fd, "here", 4, 0));
	ASSERT_EQ(0, bed_connect(bed->fd, bed->peer));
	EXPECT_SENT_TO(bed->peer, self->other);
}

TEST_HARNESS_MAIN
