// SPDX-License-Identifier: GPL-2.0
/* The module can't go while a socket is attached, and can go afterwards. */
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "check.h"
#include "sockmap.h"

FIXTURE(unload)
{
	struct bed bed;
};

FIXTURE_VARIANT(unload)
{
	enum bed_family family;
};

FIXTURE_VARIANT_ADD(unload, ipv4) { .family = BED_IPV4 };
FIXTURE_VARIANT_ADD(unload, ipv6) { .family = BED_IPV6 };

FIXTURE_SETUP(unload)
{
	ASSERT_EQ(0, bed_init(&self->bed, variant->family,
			      cipher_by_type(TLS_CIPHER_AES_GCM_128)));
}

static int load(void)
{
	return system("modprobe dtls");
}

FIXTURE_TEARDOWN(unload)
{
	EXPECT_EQ(0, load());
}

static int unload(void)
{
	return (int)syscall(SYS_delete_module, "dtls", O_NONBLOCK);
}

TEST_F(unload, attached_socket_holds_the_module)
{
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	EXPECT_LT(0, dtls_references());
	EXPECT_ERRNO(EAGAIN, unload());
	EXPECT_PLAIN();
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	EXPECT_ERRNO(EAGAIN, unload());
	ASSERT_EQ(4, send(self->bed.fd, "here", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "here", 4);
	ASSERT_EQ(0, dtls_close(self->bed.fd));
	ASSERT_EQ(0, dtls_wait_for_no_reference());
	EXPECT_EQ(0, unload());
}

TEST_F(unload, without_the_module_nothing_is_attached)
{
	ASSERT_EQ(0, dtls_wait_for_no_reference());
	ASSERT_EQ(0, unload());
	EXPECT_ERRNO(ENOPROTOOPT, dtls_attach(self->bed.fd));
	EXPECT_EQ(-1, dtls_net_stat("DtlsCurrAttached"));
	EXPECT_PLAIN();
	ASSERT_EQ(0, load());
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
	EXPECT_EQ(0, dtls_attach(self->bed.fd));
}

/*
 * The first socket that asks may have operations that aren't UDP's own: no
 * later one must suffer from that.
 */
TEST_F(unload, first_socket_may_be_anothers)
{
	int map = sockmap();
	int fd[2];

	ASSERT_LE(0, map);
	ASSERT_EQ(0, dtls_wait_for_no_reference());
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load());
	ASSERT_EQ(0, sockmap_add(map, self->bed.fd));
	EXPECT_ERRNO(EBUSY, dtls_attach(self->bed.fd));
	ASSERT_EQ(0, bed_pair(variant->family, fd));
	EXPECT_EQ(0, dtls_attach(fd[0]))
	TH_LOG("%s", strerror(errno));
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(0, dtls_wait_for_no_reference());
}

/* A refused attach leaves no reference behind, a served one doesn't either. */
TEST_F(unload, references_are_balanced)
{
	int fd[2];

	EXPECT_ERRNO(ENOENT, dtls_attach_name(self->bed.fd, "none", 5));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, bed_pair(variant->family, fd));
		ASSERT_EQ(0, dtls_attach_name(fd[0], "tls", 4));
		EXPECT_ERRNO(EEXIST, dtls_attach_name(fd[0], "tls", 4));
		ASSERT_EQ(0, dtls_key(fd[0], TLS_RX, &self->bed.rx, 1, 0));
		ASSERT_EQ(0, dtls_key(fd[0], TLS_TX, &self->bed.tx, 1, 0));
		close(fd[0]);
		close(fd[1]);
	}
	ASSERT_EQ(0, dtls_wait_for_no_reference());
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrAttached"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
	EXPECT_EQ(0, unload());
}

/* Unread records and keys of all epochs go with the socket. */
TEST_F(unload, nothing_is_left_of_a_busy_socket)
{
	ASSERT_EQ(0, dtls_attach(self->bed.fd));
	for (uint16_t epoch = 1; epoch <= 3; epoch++) {
		ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx,
				      epoch, 0));
		ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx,
				      epoch, 0));
	}
	for (uint64_t seq = 0; seq < 10; seq++)
		INJECT(RECORD_DATA, 3, seq, "unread", 6);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "unread", 6);
	ASSERT_EQ(0, dtls_close(self->bed.fd));
	ASSERT_EQ(0, dtls_wait_for_no_reference());
	EXPECT_EQ(0, unload());
}

TEST_HARNESS_MAIN
