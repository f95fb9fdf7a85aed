// SPDX-License-Identifier: GPL-2.0
/* Which sockets can be attached, and what an attach changes. */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "check.h"
#include "sockmap.h"

#define NOBODY 65534

/* A pair that is connected, but not attached. */
FIXTURE(attach)
{
	struct bed bed;
};

FIXTURE_VARIANT(attach)
{
	enum bed_family family;
};

FIXTURE_VARIANT_ADD(attach, ipv4) { .family = BED_IPV4 };
FIXTURE_VARIANT_ADD(attach, ipv6) { .family = BED_IPV6 };
FIXTURE_VARIANT_ADD(attach, mapped) { .family = BED_MAPPED };

FIXTURE_SETUP(attach)
{
	ASSERT_EQ(0, bed_init(&self->bed, variant->family,
			      cipher_by_type(TLS_CIPHER_AES_GCM_128)));
}

FIXTURE_TEARDOWN(attach)
{
}

/* A socket that can't be attached stays as it was. */
#define EXPECT_REFUSED(code, socket)                             \
	do {                                                     \
		struct dtls_stats _stats;                        \
		EXPECT_ERRNO(code, dtls_attach(socket));         \
		EXPECT_EQ(-1, dtls_stats(socket, &_stats));      \
		EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached")); \
	} while (0)

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

TEST_F(attach, connected_socket_is_attached)
{
	static const struct dtls_info no_info;
	struct dtls_info info;

	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_info(self->bed.fd, &info));
	EXPECT_EQ(0, memcmp(&no_info, &info, sizeof(info)));
	EXPECT_STATS(self->bed.fd);
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
}

TEST_F(attach, close_detaches)
{
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrRx"));
	ASSERT_EQ(0, dtls_close(self->bed.fd));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
}

TEST_F(attach, lasts_until_the_last_descriptor_is_closed)
{
	int other = dup(self->bed.fd);

	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(0, close(self->bed.fd));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
	ASSERT_EQ(4, send(other, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
}

TEST_F(attach, plain_datagrams_pass_before_keys)
{
	char byte;

	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_PLAIN();
	ASSERT_EQ(0, send(self->bed.peer, "", 0, 0));
	EXPECT_EQ(0, recv(self->bed.fd, &byte, 1, 0));
	ASSERT_EQ(0, send(self->bed.fd, "", 0, 0));
	EXPECT_EQ(0, recv(self->bed.peer, &byte, 1, 0));
	EXPECT_STATS(self->bed.fd);
}

TEST_F(attach, unconnected_is_refused)
{
	int fd = bed_socket(variant->family, SOCK_DGRAM, 0);

	EXPECT_REFUSED(ENOTCONN, fd);
	ASSERT_EQ(0, bed_bind(fd, variant->family));
	EXPECT_REFUSED(ENOTCONN, fd);
}

TEST_F(attach, disconnected_is_refused)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, connect(self->bed.fd, &none, sizeof(none)));
	EXPECT_REFUSED(ENOTCONN, self->bed.fd);
}

TEST_F(attach, second_time_is_refused)
{
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_ERRNO(EEXIST, dtls_attach(self->bed.fd));
	EXPECT_PLAIN();
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	EXPECT_ERRNO(EEXIST, dtls_attach(self->bed.fd));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
}

TEST_F(attach, tcp_is_refused)
{
	int listener = bed_socket(variant->family, SOCK_STREAM, 0);
	int fd = bed_socket(variant->family, SOCK_STREAM, 0);
	char text[8];
	int peer;

	ASSERT_EQ(0, bed_bind(listener, variant->family));
	ASSERT_EQ(0, listen(listener, 1));
	EXPECT_REFUSED(EOPNOTSUPP, fd);
	ASSERT_EQ(0, bed_connect(fd, listener));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_REFUSED(EOPNOTSUPP, fd);
	EXPECT_REFUSED(EOPNOTSUPP, listener);
	ASSERT_EQ(5, send(fd, "there", 5, 0));
	EXPECT_EQ(5, recv(peer, text, sizeof(text), 0));
}

TEST_F(attach, raw_is_refused)
{
	int fd = bed_socket(variant->family, SOCK_RAW, IPPROTO_UDP);

	ASSERT_LE(0, fd);
	EXPECT_REFUSED(EOPNOTSUPP, fd);
	if (variant->family == BED_MAPPED)
		return; /* A raw socket of IPv6 connects to IPv6 only. */
	ASSERT_EQ(0, bed_connect(fd, self->bed.peer));
	EXPECT_REFUSED(EOPNOTSUPP, fd);
}

TEST_F(attach, udplite_is_refused)
{
	int fd = bed_socket(variant->family, SOCK_DGRAM, IPPROTO_UDPLITE);

	if (fd < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "UDP-Lite is not in this kernel");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bed_bind(fd, variant->family));
	ASSERT_EQ(0, bed_connect(fd, fd));
	EXPECT_REFUSED(EOPNOTSUPP, fd);
}

TEST_F(attach, encapsulating_socket_is_refused)
{
	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_ENCAP,
			    UDP_ENCAP_L2TPINUDP));
	EXPECT_REFUSED(EOPNOTSUPP, self->bed.fd);
}

static int option_of(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_UDP, name, &value, &len) ? -1 : value;
}

TEST_F(attach, segmenting_socket_goes_on_segmenting)
{
	char text[16];

	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_SEGMENT, 3));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_EQ(3, option_of(self->bed.fd, UDP_SEGMENT));
	ASSERT_EQ(5, send(self->bed.fd, "plain", 5, 0));
	EXPECT_EQ(3, recv(self->bed.peer, text, sizeof(text), 0));
	EXPECT_EQ(2, recv(self->bed.peer, text, sizeof(text), 0));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(6, send(self->bed.fd, "sealed", 6, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "sea", 3);
	EXPECT_SEALED(RECORD_DATA, 1, 1, "led", 3);
	EXPECT_EQ(3, option_of(self->bed.fd, UDP_SEGMENT));
}

TEST_F(attach, coalescing_socket_goes_on_coalescing)
{
	char text[16];

	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_GRO, 1));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_EQ(1, option_of(self->bed.fd, UDP_GRO));
	ASSERT_EQ(0, option(self->bed.peer, SOL_UDP, UDP_SEGMENT, 3));
	ASSERT_EQ(5, send(self->bed.peer, "plain", 5, 0));
	EXPECT_EQ(5, recv(self->bed.fd, text, sizeof(text), 0));
}

/* sendmsg() of 5 bytes with two control messages of 16 bytes and no data. */
static ssize_t send_malformed(int fd, size_t first_len, size_t second_len)
{
	struct cmsghdr control[2] = {
		{ .cmsg_len = first_len, .cmsg_level = SOL_TLS + 1000 },
		{ .cmsg_len = second_len, .cmsg_level = SOL_TLS + 1000 },
	};
	struct iovec iov = { "plain", 5 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	return sendmsg(fd, &msg, 0);
}

/* As UDP has it, and in finite time. */
TEST_F(attach, malformed_control_message_before_the_key)
{
	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_SEGMENT, 3));
	for (int attached = 0; attached <= 1; attached++) {
		if (attached)
			ASSERT_EQ(0, dtls_attach(self->bed.fd));
		/* Longer than what is left, but not than with one of ours. */
		EXPECT_ERRNO(EINVAL, send_malformed(self->bed.fd, 16, 40));
		EXPECT_ERRNO(EINVAL, send_malformed(self->bed.fd, 16, 48));
		EXPECT_ERRNO(EINVAL, send_malformed(self->bed.fd, 16, -1UL));
		EXPECT_ERRNO(EINVAL, send_malformed(self->bed.fd, 16, -16UL));
		/* Whoever goes on from such a one never ends. */
		EXPECT_ERRNO(EINVAL, send_malformed(self->bed.fd, 16, 0));
		EXPECT_ERRNO(EINVAL, send_malformed(self->bed.fd, 0, 16));
		EXPECT_UNSENT();
	}
}

TEST_F(attach, corked_data_is_refused)
{
	char text[16];

	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_CORK, 1));
	ASSERT_EQ(3, send(self->bed.fd, "one", 3, 0));
	EXPECT_REFUSED(EBUSY, self->bed.fd);
	ASSERT_EQ(3, send(self->bed.fd, "two", 3, 0));
	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_CORK, 0));
	EXPECT_EQ(6, recv(self->bed.peer, text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp("onetwo", text, 6));
	EXPECT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_PLAIN();
}

TEST_F(attach, data_under_msg_more_is_refused)
{
	char text[16];

	ASSERT_EQ(3, send(self->bed.fd, "one", 3, MSG_MORE));
	EXPECT_REFUSED(EBUSY, self->bed.fd);
	ASSERT_EQ(3, send(self->bed.fd, "two", 3, 0));
	EXPECT_EQ(6, recv(self->bed.peer, text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp("onetwo", text, 6));
	EXPECT_EQ(0, dtls_attach(self->bed.fd));
}

/* A cork without data is no reason to refuse, but must not hold records. */
TEST_F(attach, idle_cork_holds_no_record_back)
{
	ASSERT_EQ(0, option(self->bed.fd, SOL_UDP, UDP_CORK, 1));
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(3, send(self->bed.fd, "one", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "one", 3);
	ASSERT_EQ(3, send(self->bed.fd, "two", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 1, "two", 3);
}

TEST_F(attach, other_names_are_refused)
{
	static const char *const names[] = { "t",   "tl",   "tlss",
					     "TLS", "dtls", "fifteen-letters" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		socklen_t len = (socklen_t)strlen(names[i]);

		EXPECT_ERRNO(ENOENT,
			     dtls_attach_name(self->bed.fd, names[i], len));
		EXPECT_ERRNO(ENOENT,
			     dtls_attach_name(self->bed.fd, names[i], len + 1));
	}
	EXPECT_PLAIN();
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
}

TEST_F(attach, bad_strings_are_refused)
{
	static const char sixteen[32] = "sixteen-letters!";

	EXPECT_ERRNO(EINVAL, dtls_attach_name(self->bed.fd, sixteen, 16));
	EXPECT_ERRNO(EINVAL, dtls_attach_name(self->bed.fd, sixteen, 17));
	EXPECT_ERRNO(EINVAL, dtls_attach_name(self->bed.fd, "tls", 0));
	EXPECT_ERRNO(EINVAL, dtls_attach_name(self->bed.fd, "", 1));
	EXPECT_ERRNO(EFAULT, dtls_attach_name(self->bed.fd, (char *)8, 4));
	EXPECT_PLAIN();
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
}

TEST_F(attach, terminating_zero_may_be_left_out)
{
	EXPECT_EQ(0, dtls_attach_name(self->bed.fd, "tls", 3));
}

TEST_F(attach, options_need_an_attach)
{
	union crypto_info ci;
	struct dtls_info info;
	socklen_t len = (socklen_t)dtls_crypto_info(&ci, &self->bed.tx, 1, 0);

	EXPECT_ERRNO(ENOPROTOOPT,
		     setsockopt(self->bed.fd, SOL_TLS, TLS_TX, &ci, len));
	EXPECT_ERRNO(ENOPROTOOPT,
		     setsockopt(self->bed.fd, SOL_TLS, TLS_RX, &ci, len));
	EXPECT_ERRNO(ENOPROTOOPT, dtls_window_bits(self->bed.fd, 64));
	/* Plain UDP has another errno for this on IPv4 than on IPv6. */
	EXPECT_EQ(-1, dtls_info(self->bed.fd, &info));
	EXPECT_PLAIN();
}

/* Attach, install keys, send, as the user that the process is by now. */
static void expect_usable(struct __test_metadata *_metadata,
			  const struct bed *bed)
{
	ASSERT_EQ(0, dtls_attach(bed->fd));
	ASSERT_EQ(0, dtls_window_bits(bed->fd, 64));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	expect_sealed(_metadata, __LINE__, bed, RECORD_DATA, 1, 0, "here", 4);
	ASSERT_EQ(0, inject(bed, RECORD_DATA, 1, 0, "there", 5));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

static int become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY))
		return -1;
	return setresuid(NOBODY, NOBODY, NOBODY);
}

TEST_F(attach, needs_no_privilege)
{
	ASSERT_EQ(0, become_nobody());
	expect_usable(_metadata, &self->bed);
}

TEST_F(attach, works_in_a_user_namespace)
{
	struct bed bed = self->bed;
	int fd[2];

	ASSERT_EQ(0, become_nobody());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		SKIP(return, "user namespaces are not allowed here");
	ASSERT_EQ(0, bed_loopback_up());
	ASSERT_EQ(0, bed_pair(variant->family, fd));
	bed.fd = fd[0];
	bed.peer = fd[1];
	bed.barrier = bed_socket(variant->family, SOCK_DGRAM, 0);
	ASSERT_EQ(0, bed_bind(bed.barrier, variant->family));
	ASSERT_EQ(0, bed_connect(bed.barrier, bed.barrier));
	expect_usable(_metadata, &bed);
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
}

TEST_F(attach, socket_in_a_sockmap_is_refused)
{
	int map = sockmap();

	ASSERT_LE(0, map);
	ASSERT_EQ(0, sockmap_add(map, self->bed.fd));
	EXPECT_REFUSED(EBUSY, self->bed.fd);
	EXPECT_PLAIN();
	ASSERT_EQ(0, close(map));
}

TEST_F(attach, sockmap_refuses_an_attached_socket)
{
	int map = sockmap();

	ASSERT_LE(0, map);
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_EQ(-1, sockmap_add(map, self->bed.fd));
	EXPECT_PLAIN();
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	EXPECT_EQ(-1, sockmap_add(map, self->bed.fd));
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
}

/* Two threads attach; one of them is told so. */
static void *attach_thread(void *arg)
{
	int *fd_and_result = arg;

	fd_and_result[1] =
		dtls_attach_name(fd_and_result[0], "tls", 4) ? errno : 0;
	return NULL;
}

TEST_F(attach, race_has_one_winner)
{
	ASSERT_EQ(0, bed_unpin_cpu());
	for (int round = 0; round < 20; round++) {
		pthread_t thread[2];
		int fd[2], arg[2][2];

		ASSERT_EQ(0, bed_pair(variant->family, fd));
		for (int i = 0; i < 2; i++) {
			arg[i][0] = fd[0];
			ASSERT_EQ(0, pthread_create(&thread[i], NULL,
						    attach_thread, arg[i]));
		}
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_join(thread[i], NULL));
		}
		EXPECT_EQ(EEXIST, arg[0][1] + arg[1][1]);
		EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
		close(fd[0]);
		close(fd[1]);
	}
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
}

TEST_F(attach, namespaces_count_apart)
{
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_EQ(1, dtls_net_stat("DtlsCurrAttached"));
	ASSERT_EQ(0, bed_netns());
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
	/* The socket stays in the namespace that it was made in. */
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_EQ(0, dtls_net_stat("DtlsTxRecords"));
}

TEST_HARNESS_MAIN
