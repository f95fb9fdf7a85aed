// SPDX-License-Identifier: GPL-2.0
/* recv() with a key: records, their types, short buffers, ancillary data. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "check.h"

FIXTURE_BED(recv)

FIXTURE_SETUP(recv)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(recv)
{
}

static uint8_t text[RECORD_CONTENT_MAX], buffer[RECORD_CONTENT_MAX + 100];

static void fill_text(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + i / 251);
}

/* Two records in one datagram. */
static int inject_two(const struct bed *bed, uint64_t seq, const char *first,
		      const char *second)
{
	uint8_t wire[2048];
	struct record record = record_make(RECORD_DATA, 1, seq);
	size_t len = record_seal(&bed->rx, &record, first, strlen(first), wire);

	record = record_make(RECORD_DATA, 1, seq + 1);
	len += record_seal(&bed->rx, &record, second, strlen(second),
			   wire + len);
	return bed_inject(bed, wire, len);
}

TEST_F(recv, E4_one_record_a_call)
{
	static const size_t lens[] = { 0,    1,    15,    16,   17,
				       1400, 8191, 16383, 16384 };
	size_t i;

	fill_text();
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		INJECT(RECORD_DATA, 1, i, text, lens[i]);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, text, lens[i]);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = ARRAY_SIZE(lens));
}

TEST_F(recv, plain_calls_need_no_control_buffer)
{
	char small[16];

	INJECT(RECORD_DATA, 1, 0, "one", 3);
	INJECT(RECORD_DATA, 1, 1, "two", 3);
	INJECT(RECORD_DATA, 1, 2, "", 0);
	INJECT(RECORD_DATA, 1, 3, "four", 4);
	EXPECT_EQ(3, recv(self->bed.fd, small, sizeof(small), 0));
	EXPECT_EQ(0, memcmp("one", small, 3));
	EXPECT_EQ(3, read(self->bed.fd, small, sizeof(small)));
	EXPECT_EQ(0, memcmp("two", small, 3));
	EXPECT_EQ(0, recv(self->bed.fd, small, sizeof(small), 0));
	EXPECT_EQ(4,
		  recvfrom(self->bed.fd, small, sizeof(small), 0, NULL, NULL));
	EXPECT_EQ(0, memcmp("four", small, 4));
}

TEST_F(recv, E4_short_buffer_cuts_one_record)
{
	struct iovec iov = { buffer, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	ASSERT_EQ(0, inject_two(&self->bed, 0, "truncated", "second"));
	INJECT(RECORD_DATA, 1, 2, "third", 5);
	ASSERT_EQ(4, recvmsg(self->bed.fd, &msg, 0));
	EXPECT_EQ(MSG_TRUNC, msg.msg_flags & MSG_TRUNC);
	EXPECT_EQ(0, memcmp("trun", buffer, 4));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "second", 6);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "third", 5);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 3);
}

TEST_F(recv, E4_true_length_is_told_on_demand)
{
	INJECT(RECORD_DATA, 1, 0, "truncated", 9);
	INJECT(RECORD_DATA, 1, 1, "second", 6);
	INJECT(RECORD_DATA, 1, 2, "third", 5);
	EXPECT_EQ(9, recv(self->bed.fd, buffer, 4, MSG_TRUNC));
	EXPECT_EQ(6, recv(self->bed.fd, NULL, 0, MSG_TRUNC | MSG_PEEK));
	EXPECT_EQ(0, recv(self->bed.fd, NULL, 0, 0));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "third", 5);
}

TEST_F(recv, E4_peek_leaves_the_record)
{
	int type, flags;

	ASSERT_EQ(0, inject_two(&self->bed, 0, "first", "second"));
	for (int i = 0; i < 3; i++) {
		flags = MSG_PEEK | MSG_DONTWAIT;
		ASSERT_EQ(5, msg_recv(self->bed.fd, &type, buffer, 100, &flags));
		EXPECT_EQ(RECORD_DATA, type);
		EXPECT_EQ(0, memcmp("first", buffer, 5));
	}
	flags = MSG_PEEK;
	ASSERT_EQ(2, msg_recv(self->bed.fd, &type, buffer, 2, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "first", 5);
	EXPECT_EQ(6, recv(self->bed.fd, buffer, 100, MSG_PEEK));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "second", 6);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 2);
}

TEST_F(recv, content_is_scattered)
{
	struct iovec iov[] = { { buffer, 1 },
			       { buffer + 100, 0 },
			       { buffer + 200, 1000 },
			       { buffer + 2000, 9000 } };

	fill_text();
	INJECT(RECORD_DATA, 1, 0, text, 5000);
	ASSERT_EQ(5000, readv(self->bed.fd, iov, ARRAY_SIZE(iov)));
	EXPECT_EQ(0, memcmp(text, buffer, 1));
	EXPECT_EQ(0, memcmp(text + 1, buffer + 200, 1000));
	EXPECT_EQ(0, memcmp(text + 1001, buffer + 2000, 3999));
}

TEST_F(recv, A19_types_come_with_a_control_buffer)
{
	static const uint8_t types[] = { RECORD_ALERT, RECORD_HANDSHAKE,
					 RECORD_DATA };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		INJECT(types[i], 1, i, "\1", 2);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_RECORD(self->bed.fd, types[i], "\1", 2);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 3);
}

TEST_F(recv, A19_A20_control_record_waits_for_a_control_buffer)
{
	struct pollfd pfd = { .fd = self->bed.fd, .events = POLLIN };

	INJECT(RECORD_ALERT, 1, 0, "\1", 2);
	INJECT(RECORD_DATA, 1, 1, "data", 4);
	for (int i = 0; i < 3; i++) {
		EXPECT_ERRNO(EIO, recv(self->bed.fd, buffer, 100, 0));
		EXPECT_ERRNO(EIO, recv(self->bed.fd, buffer, 100,
				       MSG_DONTWAIT | MSG_PEEK));
		EXPECT_ERRNO(EIO, recv(self->bed.fd, buffer, 0, 0));
	}
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_RECORD(self->bed.fd, RECORD_ALERT, "\1", 2);
	EXPECT_EQ(4, recv(self->bed.fd, buffer, 100, 0));
	EXPECT_STATS(self->bed.fd, .rx_delivered = 2);
}

TEST_F(recv, control_buffer_may_be_too_short_for_the_type)
{
	char control[sizeof(struct cmsghdr)];
	struct iovec iov = { buffer, 100 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	INJECT(RECORD_ALERT, 1, 0, "\1", 2);
	EXPECT_ERRNO(EIO, recvmsg(self->bed.fd, &msg, MSG_DONTWAIT));
	EXPECT_RECORD(self->bed.fd, RECORD_ALERT, "\1", 2);
	/* Application data needs no type. */
	INJECT(RECORD_DATA, 1, 1, "data", 4);
	msg.msg_controllen = sizeof(control);
	EXPECT_EQ(4, recvmsg(self->bed.fd, &msg, MSG_DONTWAIT));
}

TEST_F(recv, bad_pointer_loses_no_record)
{
	struct iovec iov[2] = { { buffer, 2 }, { (void *)8, 8 } };

	ASSERT_EQ(0, inject_two(&self->bed, 0, "first", "second"));
	EXPECT_ERRNO(EFAULT, recv(self->bed.fd, (void *)8, 8, 0));
	EXPECT_ERRNO(EFAULT, readv(self->bed.fd, iov, 2));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "first", 5);
	EXPECT_ERRNO(EFAULT, recv(self->bed.fd, (void *)8, 8, 0));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "second", 6);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 2);
}

static int is_filled(const uint8_t *bytes, size_t len, uint8_t value)
{
	while (len--)
		if (*bytes++ != value)
			return 0;
	return 1;
}

/* A record of @len times 's' that fails to authenticate, at the end of @wire. */
static size_t add_forged(const struct bed *bed, uint64_t seq, size_t len,
			 uint8_t *wire)
{
	struct record record = record_make(RECORD_DATA, 1, seq);

	memset(text, 's', len);
	len = record_seal(&bed->rx, &record, text, len, wire);
	wire[len - 1] ^= 1;
	return len;
}

/* RFC 5116, 2.2: nothing of what a forgery decrypts to is given out. */
TEST_F(recv, B8_forgery_leaves_the_buffer_alone)
{
	static const int flags[] = { 0, MSG_PEEK, MSG_TRUNC,
				     MSG_PEEK | MSG_TRUNC };
	struct mmsghdr msgs[1] = {};
	struct iovec iov = { buffer, sizeof(buffer) };
	static uint8_t wire[RECORD_ROOM];
	int pipes[2], waiting = -1, fd = self->bed.fd;
	size_t len;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	msgs[0].msg_hdr.msg_iov = &iov;
	msgs[0].msg_hdr.msg_iovlen = 1;
	memset(buffer, 0xaa, sizeof(buffer));
	for (uint64_t i = 0; i < ARRAY_SIZE(flags) + 3; i++) {
		/* Short and long: in one piece of memory, and in several. */
		len = add_forged(&self->bed, i, i % 2 ? 16000 : 100, wire);
		ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
		if (i < ARRAY_SIZE(flags))
			EXPECT_ERRNO(EAGAIN, recv(fd, buffer, sizeof(buffer),
						  flags[i]));
		else if (i == ARRAY_SIZE(flags))
			EXPECT_ERRNO(EAGAIN, recvmmsg(fd, msgs, 1, 0, NULL));
		else if (i == ARRAY_SIZE(flags) + 1)
			EXPECT_ERRNO(EAGAIN,
				     splice(fd, NULL, pipes[1], NULL, 100, 0));
		else
			ASSERT_EQ(0, ioctl(fd, FIONREAD, &waiting));
	}
	EXPECT_EQ(0, waiting);
	ASSERT_EQ(0, ioctl(pipes[0], FIONREAD, &waiting));
	EXPECT_EQ(0, waiting);
	EXPECT_EQ(1, is_filled(buffer, sizeof(buffer), 0xaa));
	EXPECT_STATS(fd, .rx_bad_tag = ARRAY_SIZE(flags) + 3);
}

/* Nor together with the content of a record that does authenticate. */
TEST_F(recv, B8_forgery_beside_a_record_leaves_the_buffer_alone)
{
	struct record record = record_make(RECORD_DATA, 1, 1);
	static uint8_t wire[RECORD_ROOM];
	size_t len = add_forged(&self->bed, 0, 1000, wire);

	len += record_seal(&self->bed.rx, &record, "there", 5, wire + len);
	len += add_forged(&self->bed, 2, 2000, wire + len);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	memset(buffer, 0xaa, sizeof(buffer));
	ASSERT_EQ(5, recv(self->bed.fd, buffer, sizeof(buffer), 0));
	EXPECT_EQ(0, memcmp("there", buffer, 5));
	EXPECT_EQ(1, is_filled(buffer + 5, sizeof(buffer) - 5, 0xaa));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1, .rx_bad_tag = 2);
}

TEST_F(recv, nothing_is_eagain)
{
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_ERRNO(EAGAIN,
		     recv(self->bed.fd, buffer, 100, MSG_DONTWAIT | MSG_PEEK));
}

TEST_F(recv, timeout_is_eagain_whatever_arrives)
{
	struct timeval timeout = { .tv_usec = 100000 };

	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
				sizeof(timeout)));
	EXPECT_ERRNO(EAGAIN, recv(self->bed.fd, buffer, 100, 0));
	ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	EXPECT_ERRNO(EAGAIN, recv(self->bed.fd, buffer, 100, 0));
	EXPECT_STATS(self->bed.fd, .rx_malformed = 1);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(5, recv(self->bed.fd, buffer, 100, 0));
}

TEST_F(recv, out_of_band_is_refused)
{
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_ERRNO(EOPNOTSUPP, recv(self->bed.fd, buffer, 100, MSG_OOB));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
}

static void on_signal(int signal)
{
}

TEST_F(recv, signal_interrupts)
{
	struct sigaction action = { .sa_handler = on_signal };
	/* Repeated: the first may come before recv() waits. */
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = {};

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_ERRNO(EINTR, recv(self->bed.fd, buffer, 100, 0));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
}

TEST_F(recv, shut_down_socket_is_at_its_end)
{
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	ASSERT_EQ(0, shutdown(self->bed.fd, SHUT_RD));
	EXPECT_EQ(5, recv(self->bed.fd, buffer, 100, 0));
	EXPECT_EQ(0, recv(self->bed.fd, buffer, 100, 0));
}

TEST_F(recv, E4_recvmmsg_takes_a_record_a_message)
{
	struct iovec iov[4];
	struct mmsghdr msgs[4] = {};

	for (size_t i = 0; i < 4; i++) {
		iov[i] = (struct iovec) { buffer + 100 * i, 100 };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(0, inject_two(&self->bed, 0, "first", "second"));
	INJECT(RECORD_DATA, 1, 2, "third", 5);
	ASSERT_EQ(3, recvmmsg(self->bed.fd, msgs, 4, MSG_DONTWAIT, NULL));
	EXPECT_EQ(5, msgs[0].msg_len);
	EXPECT_EQ(6, msgs[1].msg_len);
	EXPECT_EQ(5, msgs[2].msg_len);
	EXPECT_EQ(0, memcmp("first", buffer, 5));
	EXPECT_EQ(0, memcmp("second", buffer + 100, 6));
	EXPECT_EQ(0, memcmp("third", buffer + 200, 5));
}

TEST_F(recv, source_address_is_that_of_udp)
{
	struct sockaddr_storage peer, from;
	socklen_t peer_len = sizeof(peer), from_len;

	ASSERT_EQ(0, getsockname(self->bed.peer, (struct sockaddr *)&peer,
				 &peer_len));
	ASSERT_EQ(0, inject_two(&self->bed, 0, "first", "second"));
	for (int i = 0; i < 2; i++) {
		memset(&from, 0, sizeof(from));
		from_len = sizeof(from);
		ASSERT_LT(0, recvfrom(self->bed.fd, buffer, 100, 0,
				      (struct sockaddr *)&from, &from_len));
		EXPECT_EQ(peer_len, from_len);
		EXPECT_EQ(0, memcmp(&peer, &from, peer_len));
	}
}

static int enable(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on));
}

/* How many control messages of this level and type a message carries. */
static int count_cmsg(struct msghdr *msg, int level, int type)
{
	int count = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
	     cmsg = CMSG_NXTHDR(msg, cmsg))
		count += cmsg->cmsg_level == level && cmsg->cmsg_type == type;
	return count;
}

/* Those of UDP and IP come with each record of a datagram. */
TEST_F(recv, control_messages_of_udp_come_too)
{
	int ipv4 = variant->family == BED_IPV4;
	int level = ipv4 ? SOL_IP : SOL_IPV6;
	char control[512];
	struct iovec iov = { buffer, 100 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control };

	ASSERT_EQ(0, enable(self->bed.fd, SOL_SOCKET, SO_TIMESTAMP));
	ASSERT_EQ(0, enable(self->bed.fd, level,
			    ipv4 ? IP_PKTINFO : IPV6_RECVPKTINFO));
	ASSERT_EQ(0, enable(self->bed.fd, level,
			    ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT));
	ASSERT_EQ(0, inject_two(&self->bed, 0, "first", "second"));
	for (int i = 0; i < 2; i++) {
		msg.msg_controllen = sizeof(control);
		ASSERT_LT(0, recvmsg(self->bed.fd, &msg, 0));
		EXPECT_EQ(1, count_cmsg(&msg, SOL_TLS, TLS_GET_RECORD_TYPE));
		EXPECT_EQ(1, count_cmsg(&msg, SOL_SOCKET, SCM_TIMESTAMP));
		EXPECT_EQ(1, count_cmsg(&msg, level,
					ipv4 ? IP_PKTINFO : IPV6_PKTINFO));
		EXPECT_EQ(1, count_cmsg(&msg, level,
					ipv4 ? IP_TTL : IPV6_HOPLIMIT));
	}
}

TEST_F(recv, E6_other_senders_are_not_heard)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	uint8_t wire[128];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t n = record_seal(&self->bed.rx, &record, "spoofed", 7, wire);
	int other = bed_socket(variant->family, SOCK_DGRAM, 0);

	ASSERT_EQ(0, bed_bind(other, variant->family));
	ASSERT_EQ(0, getsockname(self->bed.fd, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(n, sendto(other, wire, n, 0, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, bed_settle(&self->bed));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, n));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "spoofed", 7);
}

/* All that UDP and IP may say of a datagram, on each family. */
FIXTURE_BED_FAMILY(ancillary)

FIXTURE_SETUP(ancillary)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(ancillary)
{
}

static const struct {
	int level, name;
} ancillary_options[] = {
	{ SOL_SOCKET, SO_TIMESTAMPNS }, { SOL_SOCKET, SO_RXQ_OVFL },
	{ SOL_IP, IP_PKTINFO },         { SOL_IP, IP_RECVTTL },
	{ SOL_IP, IP_RECVTOS },         { SOL_IP, IP_RECVORIGDSTADDR },
	{ SOL_IPV6, IPV6_RECVPKTINFO }, { SOL_IPV6, IPV6_RECVHOPLIMIT },
	{ SOL_IPV6, IPV6_RECVTCLASS },  { SOL_IPV6, IPV6_RECVORIGDSTADDR },
};

/* Level, type and length of each control message but the record's type. */
static int list_ancillary(int fd, int list[][3])
{
	char control[1024];
	struct iovec iov = { buffer, 100 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int count = 0;

	if (recvmsg(fd, &msg, 0) < 0)
		return -1;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg;
	     cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_TLS)
			continue;
		list[count][0] = cmsg->cmsg_level;
		list[count][1] = cmsg->cmsg_type;
		list[count][2] = (int)cmsg->cmsg_len;
		count++;
	}
	return count;
}

TEST_F(ancillary, control_messages_are_those_of_a_plain_socket)
{
	int with_key[16][3] = {}, without[16][3] = {}, plain[16][3] = {};
	int fd[2], count;

	ASSERT_EQ(0, bed_pair(variant->family, fd));
	for (size_t i = 0; i < ARRAY_SIZE(ancillary_options); i++) {
		int level = ancillary_options[i].level;
		int name = ancillary_options[i].name;

		/* Those of IPv6 are no options of an IPv4 socket. */
		EXPECT_EQ(enable(fd[0], level, name),
			  enable(self->bed.fd, level, name));
	}
	ASSERT_EQ(1, send(fd[1], "x", 1, 0));
	count = list_ancillary(fd[0], plain);
	EXPECT_LT(4, count);
	ASSERT_EQ(1, send(self->bed.peer, "x", 1, 0));
	EXPECT_EQ(count, list_ancillary(self->bed.fd, without));
	EXPECT_EQ(0, memcmp(plain, without, sizeof(plain)));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	INJECT(RECORD_DATA, 1, 0, "x", 1);
	EXPECT_EQ(count, list_ancillary(self->bed.fd, with_key));
	EXPECT_EQ(0, memcmp(plain, with_key, sizeof(plain)));
}

/* Datagrams that waited before there was an attach, or a key, are records. */
FIXTURE_BED(backlog)

FIXTURE_SETUP(backlog)
{
	ASSERT_EQ(0, bed_init(&self->bed, variant->family,
			      cipher_by_type(variant->cipher)));
}

FIXTURE_TEARDOWN(backlog)
{
}

enum {
	BACKLOG = 50
};

/* One bad datagram in each ten. */
static int inject_backlog(const struct bed *bed, uint64_t seq, uint64_t count)
{
	for (uint64_t end = seq + count; seq < end; seq++) {
		int err = seq % 10 == 5 ?
				  bed_inject(bed, "garbage", 7) :
				  inject(bed, RECORD_DATA, 1, seq, &seq, 8);

		if (err)
			return err;
	}
	return 0;
}

static void expect_backlog(struct __test_metadata *_metadata,
			   const struct bed *bed)
{
	for (uint64_t seq = 0; seq < BACKLOG; seq++)
		if (seq % 10 != 5)
			EXPECT_RECORD(bed->fd, RECORD_DATA, &seq, 8);
	EXPECT_NOTHING(bed->fd);
	EXPECT_STATS(bed->fd, .rx_delivered = BACKLOG / 10 * 9,
		     .rx_malformed = BACKLOG / 10);
}

TEST_F(backlog, E3_before_the_attach_is_read)
{
	ASSERT_EQ(0, inject_backlog(&self->bed, 0, BACKLOG));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	expect_backlog(_metadata, &self->bed);
}

TEST_F(backlog, E3_before_the_key_is_read)
{
	ASSERT_EQ(0, inject_backlog(&self->bed, 0, 20));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, inject_backlog(&self->bed, 20, 20));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	ASSERT_EQ(0, inject_backlog(&self->bed, 40, BACKLOG - 40));
	expect_backlog(_metadata, &self->bed);
}

/* Looked at as a plain datagram first, it's a record all the same. */
TEST_F(backlog, peeked_at_before_the_key_is_read)
{
	struct pollfd pfd = { .fd = self->bed.fd, .events = POLLIN };

	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, inject_backlog(&self->bed, 0, BACKLOG));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_LT(8, recv(self->bed.fd, buffer, 100, MSG_PEEK));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	expect_backlog(_metadata, &self->bed);
}

TEST_HARNESS_MAIN
