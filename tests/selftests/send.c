// SPDX-License-Identifier: GPL-2.0
/* send() with a key: what goes out, and what is refused. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/uio.h>
#include <linux/errqueue.h>

#include "check.h"

FIXTURE_BED(send)

FIXTURE_SETUP(send)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(send)
{
}

static uint8_t text[RECORD_CONTENT_MAX + 1];

static void fill_text(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + i / 251);
}

/* The next record has number @seq: nothing before took it, nor another one. */
#define EXPECT_NEXT(seq)                                        \
	do {                                                    \
		ASSERT_EQ(4, send(self->bed.fd, "next", 4, 0)); \
		EXPECT_SEALED(RECORD_DATA, 1, seq, "next", 4);  \
	} while (0)

TEST_F(send, E4_one_record_a_send)
{
	static const size_t lens[] = { 0,    1,    15,    16,   17,
				       1400, 8191, 16383, 16384 };

	fill_text();
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_EQ(lens[i], send(self->bed.fd, text, lens[i], 0));
		EXPECT_SEALED(RECORD_DATA, 1, i, text, lens[i]);
		EXPECT_UNSENT();
	}
	EXPECT_STATS(self->bed.fd, .tx_records = ARRAY_SIZE(lens));
}

TEST_F(send, A8_longer_than_a_record_is_refused)
{
	static const size_t lens[] = { 16385, 20000, 65535, 100000 };
	static uint8_t long_text[100000];

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		EXPECT_ERRNO(EMSGSIZE,
			     send(self->bed.fd, long_text, lens[i], 0));
	EXPECT_UNSENT();
	EXPECT_STATS(self->bed.fd);
	EXPECT_NEXT(0);
}

TEST_F(send, A10_overhead_is_what_info_says)
{
	uint8_t wire[128];
	struct dtls_info info;
	ssize_t n;

	ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
	ASSERT_EQ(10, send(self->bed.fd, "ten bytes.", 10, 0));
	n = recv(self->bed.peer, wire, sizeof(wire), 0);
	EXPECT_EQ(10 + info.tx_overhead, n);
	EXPECT_EQ(10 + cipher_overhead(self->bed.tx.cipher), n);
}

/* The routes' MTU still counts; a number that was taken isn't used again. */
TEST_F(send, A2_A10_datagram_over_the_mtu_is_refused)
{
	int level = variant->family == BED_IPV4 ? SOL_IP : SOL_IPV6;
	int name = variant->family == BED_IPV4 ? IP_MTU_DISCOVER :
						 IPV6_MTU_DISCOVER;
	int headers = variant->family == BED_IPV4 ? 28 : 48;
	int discover = IP_PMTUDISC_DO;
	int room = 1280 - headers - (int)cipher_overhead(self->bed.tx.cipher);
	struct dtls_stats stats;
	uint8_t wire[2048], content[2048];
	struct record record;
	ssize_t n;

	ASSERT_EQ(0, bed_loopback_mtu(1280));
	ASSERT_EQ(0, setsockopt(self->bed.fd, level, name, &discover,
				sizeof(discover)));
	ASSERT_EQ(room, send(self->bed.fd, text, room, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, text, room);
	EXPECT_ERRNO(EMSGSIZE, send(self->bed.fd, text, room + 1, 0));
	EXPECT_UNSENT();
	ASSERT_EQ(4, send(self->bed.fd, "next", 4, 0));
	n = recv(self->bed.peer, wire, sizeof(wire), 0);
	EXPECT_EQ(4, record_open(&self->bed.tx, wire, n, &record, content));
	ASSERT_EQ(0, dtls_stats(self->bed.fd, &stats));
	EXPECT_EQ(record.seq + 1, stats.tx_records);
	EXPECT_EQ(record.seq - 1, stats.tx_error);
}

TEST_F(send, shut_down_socket_sends_nothing)
{
	ASSERT_EQ(3, send(self->bed.fd, "one", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "one", 3);
	ASSERT_EQ(0, shutdown(self->bed.fd, SHUT_WR));
	EXPECT_ERRNO(EPIPE, send(self->bed.fd, "two", 3, MSG_NOSIGNAL));
	EXPECT_UNSENT();
}

TEST_F(send, record_types)
{
	static const int types[] = { RECORD_ALERT, RECORD_HANDSHAKE,
				     RECORD_DATA };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(2, msg_send(self->bed.fd, types[i], "\1", 2, 0));
		EXPECT_SEALED(types[i], 1, i, "\1", 2);
	}
	EXPECT_STATS(self->bed.fd, .tx_records = 3);
}

TEST_F(send, other_record_types_are_refused)
{
	for (int type = 0; type <= 255; type++) {
		if (type >= RECORD_ALERT && type <= RECORD_DATA)
			continue;
		EXPECT_ERRNO(EINVAL, msg_send(self->bed.fd, type, "x", 1, 0));
	}
	EXPECT_UNSENT();
	EXPECT_NEXT(0);
}

TEST_F(send, A9_only_application_data_may_be_empty)
{
	EXPECT_ERRNO(EINVAL, msg_send(self->bed.fd, RECORD_ALERT, "", 0, 0));
	EXPECT_ERRNO(EINVAL, msg_send(self->bed.fd, RECORD_HANDSHAKE, "", 0, 0));
	EXPECT_UNSENT();
	ASSERT_EQ(0, msg_send(self->bed.fd, RECORD_DATA, "", 0, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "", 0);
}

/* sendmsg() of one byte with this control message. */
static ssize_t send_cmsg(int fd, int level, int type, const void *value,
			 size_t len, size_t cmsg_len)
{
	char control[CMSG_SPACE(64)] = {};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(len),
	};
	struct cmsghdr *cmsg = (struct cmsghdr *)control;

	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = cmsg_len;
	memcpy(CMSG_DATA(cmsg), value, len);
	return sendmsg(fd, &msg, 0);
}

TEST_F(send, malformed_control_message_is_refused)
{
	static const uint8_t type = RECORD_ALERT;
	int fd = self->bed.fd;

	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_TLS, TLS_SET_RECORD_TYPE, &type,
				       1, sizeof(struct cmsghdr) - 1));
	EXPECT_ERRNO(EINVAL,
		     send_cmsg(fd, SOL_TLS, TLS_SET_RECORD_TYPE, &type, 1, 0));
	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_TLS, TLS_SET_RECORD_TYPE, &type,
				       1, CMSG_LEN(0)));
	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_TLS, TLS_SET_RECORD_TYPE, &type,
				       1, 1000));
	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_TLS, TLS_GET_RECORD_TYPE, &type,
				       1, CMSG_LEN(1)));
	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_TLS, 77, &type, 1, CMSG_LEN(1)));
	EXPECT_UNSENT();
	EXPECT_NEXT(0);
}

TEST_F(send, segmenting_control_message_is_checked)
{
	static const uint32_t size = 10;
	int fd = self->bed.fd;

	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_UDP, UDP_SEGMENT, &size, 4,
				       CMSG_LEN(4)));
	EXPECT_ERRNO(EINVAL, send_cmsg(fd, SOL_UDP, UDP_SEGMENT, &size, 1,
				       CMSG_LEN(1)));
	EXPECT_UNSENT();
	EXPECT_NEXT(0);
}

/* TTL or hop limit of the datagram that the peer gets next. */
static int received_ttl(int fd)
{
	char control[128], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int value = -1;

	if (recvmsg(fd, &msg, 0) < 0 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&value, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(value));
	return value;
}

TEST_F(send, control_messages_of_ip_work)
{
	int ipv4 = variant->family == BED_IPV4, on = 1, ttl = 77;
	int level = ipv4 ? SOL_IP : SOL_IPV6;
	int name = ipv4 ? IP_TTL : IPV6_HOPLIMIT;

	ASSERT_EQ(0, setsockopt(self->bed.peer, level,
				ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, &on,
				sizeof(on)));
	ASSERT_EQ(1, send_cmsg(self->bed.fd, level, name, &ttl, sizeof(ttl),
			       CMSG_LEN(sizeof(ttl))));
	EXPECT_EQ(77, received_ttl(self->bed.peer));
}

/* The record's type and the hop limit in one call. */
TEST_F(send, control_messages_mix)
{
	int ipv4 = variant->family == BED_IPV4, on = 1, ttl = 77;
	char control[CMSG_SPACE(1) + CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { "\1", 2 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(cmsg) = RECORD_ALERT;
	cmsg = CMSG_NXTHDR(&msg, cmsg);
	cmsg->cmsg_level = ipv4 ? SOL_IP : SOL_IPV6;
	cmsg->cmsg_type = ipv4 ? IP_TTL : IPV6_HOPLIMIT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &ttl, sizeof(ttl));
	ASSERT_EQ(0, setsockopt(self->bed.peer, cmsg->cmsg_level,
				ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, &on,
				sizeof(on)));
	ASSERT_EQ(2, sendmsg(self->bed.fd, &msg, 0));
	EXPECT_SEALED(RECORD_ALERT, 1, 0, "\1", 2);
	ASSERT_EQ(2, sendmsg(self->bed.fd, &msg, 0));
	EXPECT_EQ(77, received_ttl(self->bed.peer));
}

TEST_F(send, address_is_refused)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_name = &addr,
			      .msg_iov = &iov,
			      .msg_iovlen = 1 };

	ASSERT_EQ(0, getsockname(self->bed.barrier, (struct sockaddr *)&addr,
				 &len));
	EXPECT_ERRNO(EISCONN, sendto(self->bed.fd, "x", 1, 0,
				     (struct sockaddr *)&addr, len));
	EXPECT_ERRNO(EAGAIN, recv(self->bed.barrier, text, 1, MSG_DONTWAIT));
	len = sizeof(addr);
	ASSERT_EQ(0,
		  getsockname(self->bed.peer, (struct sockaddr *)&addr, &len));
	EXPECT_ERRNO(EISCONN, sendto(self->bed.fd, "x", 1, 0,
				     (struct sockaddr *)&addr, len));
	msg.msg_namelen = len;
	EXPECT_ERRNO(EISCONN, sendmsg(self->bed.fd, &msg, 0));
	EXPECT_UNSENT();
	EXPECT_NEXT(0);
}

TEST_F(send, flags_that_break_records_are_refused)
{
	static const int flags[] = { MSG_ZEROCOPY, MSG_OOB,
				     MSG_ZEROCOPY | MSG_MORE };
	int on = 1;

	for (int zerocopy = 0; zerocopy < 2; zerocopy++) {
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			EXPECT_ERRNO(EOPNOTSUPP,
				     send(self->bed.fd, "x", 1, flags[i]));
		ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_SOCKET, SO_ZEROCOPY,
					&on, sizeof(on)));
	}
	EXPECT_UNSENT();
	EXPECT_NEXT(0);
}

TEST_F(send, other_flags_are_those_of_udp)
{
	static const int flags[] = { MSG_DONTWAIT, MSG_NOSIGNAL, MSG_CONFIRM,
				     MSG_DONTROUTE };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(1, send(self->bed.fd, "x", 1, flags[i]));
		EXPECT_SEALED(RECORD_DATA, 1, i, "x", 1);
	}
}

TEST_F(send, E4_scattered_content_is_one_record)
{
	struct iovec iov[40];
	size_t offset = 0;

	fill_text();
	for (size_t i = 0; i < ARRAY_SIZE(iov); i++) {
		iov[i].iov_base = text + offset;
		iov[i].iov_len = i * 10 % 97;
		offset += iov[i].iov_len;
	}
	ASSERT_EQ(offset, writev(self->bed.fd, iov, ARRAY_SIZE(iov)));
	EXPECT_SEALED(RECORD_DATA, 1, 0, text, offset);
	ASSERT_EQ(5, write(self->bed.fd, "plain", 5));
	EXPECT_SEALED(RECORD_DATA, 1, 1, "plain", 5);
}

TEST_F(send, E4_sendmmsg_makes_a_record_a_message)
{
	struct iovec iov[3] = { { "one", 3 }, { "", 0 }, { "three", 5 } };
	struct mmsghdr msgs[3] = {};

	for (size_t i = 0; i < 3; i++) {
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(3, sendmmsg(self->bed.fd, msgs, 3, 0));
	for (size_t i = 0; i < 3; i++) {
		EXPECT_EQ(iov[i].iov_len, msgs[i].msg_len);
		EXPECT_SEALED(RECORD_DATA, 1, i, iov[i].iov_base,
			      iov[i].iov_len);
	}
}

TEST_F(send, bad_pointer_is_refused)
{
	struct iovec iov[2] = { { "fine", 4 }, { (void *)8, 4 } };

	EXPECT_ERRNO(EFAULT, send(self->bed.fd, (void *)8, 4, 0));
	EXPECT_ERRNO(EFAULT, writev(self->bed.fd, iov, 2));
	EXPECT_UNSENT();
	ASSERT_EQ(4, send(self->bed.fd, "next", 4, 0));
	EXPECT_EQ(0, bed_settle(&self->bed));
	EXPECT_LT(0, recv(self->bed.peer, text, sizeof(text), MSG_DONTWAIT));
	EXPECT_UNSENT();
}

/* As for plain UDP: the answer to a datagram is an error of the next call. */
TEST_F(send, refusal_by_the_peer_is_told)
{
	ASSERT_EQ(0, close(self->bed.peer));
	ASSERT_EQ(3, send(self->bed.fd, "one", 3, 0));
	ASSERT_EQ(0, bed_settle(&self->bed));
	EXPECT_ERRNO(ECONNREFUSED, send(self->bed.fd, "two", 3, 0));
	ASSERT_EQ(5, send(self->bed.fd, "three", 5, 0));
	ASSERT_EQ(0, bed_settle(&self->bed));
	EXPECT_ERRNO(ECONNREFUSED, recv(self->bed.fd, text, 1, MSG_DONTWAIT));
	EXPECT_ERRNO(EAGAIN, recv(self->bed.fd, text, 1, MSG_DONTWAIT));
}

TEST_F(send, error_queue_is_that_of_udp)
{
	int ipv4 = variant->family == BED_IPV4, on = 1;
	char control[256];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err *err;
	size_t overhead = cipher_overhead(self->bed.tx.cipher);

	ASSERT_EQ(0, setsockopt(self->bed.fd, ipv4 ? SOL_IP : SOL_IPV6,
				ipv4 ? IP_RECVERR : IPV6_RECVERR, &on,
				sizeof(on)));
	EXPECT_ERRNO(EAGAIN, recvmsg(self->bed.fd, &msg, MSG_ERRQUEUE));
	ASSERT_EQ(0, close(self->bed.peer));
	ASSERT_EQ(6, send(self->bed.fd, "secret", 6, 0));
	ASSERT_EQ(0, bed_settle(&self->bed));
	/* The datagram comes back as it went out: sealed. */
	msg.msg_controllen = sizeof(control);
	ASSERT_EQ(6 + overhead, recvmsg(self->bed.fd, &msg, MSG_ERRQUEUE));
	EXPECT_EQ(MSG_ERRQUEUE, msg.msg_flags & MSG_ERRQUEUE);
	EXPECT_EQ(NULL, memmem(text, 6 + overhead, "secret", 6));
	ASSERT_NE(NULL, CMSG_FIRSTHDR(&msg));
	err = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
	EXPECT_EQ(ECONNREFUSED, err->ee_errno);
}

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

TEST_F(send, E3_options_that_break_records_are_refused)
{
	int fd = self->bed.fd;

	EXPECT_ERRNO(EOPNOTSUPP,
		     option(fd, SOL_UDP, UDP_ENCAP, UDP_ENCAP_L2TPINUDP));
	EXPECT_ERRNO(EOPNOTSUPP,
		     option(fd, SOL_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP));
	EXPECT_NEXT(0);
}

/* UDP takes the options of its sister for its own. */
TEST_F(send, options_of_udplite_are_no_way_around)
{
	int fd = self->bed.fd;

	EXPECT_ERRNO(EOPNOTSUPP, option(fd, IPPROTO_UDPLITE, UDP_ENCAP,
					UDP_ENCAP_ESPINUDP));
	/* Of content, as that of UDP: no record is cut. */
	EXPECT_EQ(0, option(fd, IPPROTO_UDPLITE, UDP_SEGMENT, 20));
	EXPECT_NEXT(0);
}

TEST_F(send, other_options_are_those_of_udp)
{
	int level = variant->family == BED_IPV4 ? SOL_IP : SOL_IPV6;
	int name = variant->family == BED_IPV4 ? IP_TTL : IPV6_UNICAST_HOPS;
	int fd = self->bed.fd, value = 0;
	socklen_t len = sizeof(value);

	ASSERT_EQ(0, option(fd, level, name, 33));
	ASSERT_EQ(0, getsockopt(fd, level, name, &value, &len));
	EXPECT_EQ(33, value);
	ASSERT_EQ(0, getsockopt(fd, SOL_UDP, UDP_CORK, &value, &len));
	EXPECT_EQ(0, value);
	ASSERT_EQ(0, option(fd, SOL_SOCKET, SO_PRIORITY, 3));
	EXPECT_NEXT(0);
}

/* It would give the socket back UDP's own functions: plaintext on the wire. */
FIXTURE(mapped)
{
	struct bed bed;
};

FIXTURE_SETUP(mapped)
{
	ASSERT_EQ(0, bed_init(&self->bed, BED_MAPPED,
			      cipher_by_type(TLS_CIPHER_AES_GCM_128)));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
}

FIXTURE_TEARDOWN(mapped)
{
}

TEST_F(mapped, socket_cannot_become_ipv4)
{
	EXPECT_ERRNO(EOPNOTSUPP,
		     option(self->bed.fd, SOL_IPV6, IPV6_ADDRFORM, PF_INET));
	EXPECT_NEXT(0);
}

TEST_HARNESS_MAIN
