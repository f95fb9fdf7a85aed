/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests say about records and counters, on the kselftest harness.
 *
 * A test that proves rows of Documentation/networking/dtls-conformance.rst has
 * their ids in front of its name: TEST_F(replay, A14_forged_numbers_move_nothing),
 * A6_A7_... for two. tests/run reads them from what the program said: a row is
 * held where such a test ran and passed. Only a test that proves what the row
 * demands carries its id; an id that is no row's fails the run.
 */
#ifndef SELFTESTS_CHECK_H
#define SELFTESTS_CHECK_H

#include <endian.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <kselftest_harness.h>

#include "bed.h"
#include "message.h"
#include "slow.h"

#define CHECK __attribute__((unused)) static

/*
 * A fixture whose data is a struct bed, for each cipher on IPv4 and IPv6: its
 * socket under test is attached, and has no key yet.
 */
#define FIXTURE_BED(name)                                                     \
	FIXTURE(name)                                                         \
	{                                                                     \
		struct bed bed;                                               \
	};                                                                    \
	FIXTURE_VARIANT(name)                                                 \
	{                                                                     \
		enum bed_family family;                                       \
		uint16_t cipher;                                              \
	};                                                                    \
	BED_VARIANT(name, aes_gcm_128_ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128) \
	BED_VARIANT(name, aes_gcm_128_ipv6, BED_IPV6, TLS_CIPHER_AES_GCM_128) \
	BED_VARIANT(name, aes_gcm_256_ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_256) \
	BED_VARIANT(name, aes_gcm_256_ipv6, BED_IPV6, TLS_CIPHER_AES_GCM_256) \
	BED_VARIANT(name, chacha20_poly1305_ipv4, BED_IPV4,                   \
		    TLS_CIPHER_CHACHA20_POLY1305)                             \
	BED_VARIANT(name, chacha20_poly1305_ipv6, BED_IPV6,                   \
		    TLS_CIPHER_CHACHA20_POLY1305)

/* The same, with one of each kind of cipher. */
#define FIXTURE_BED_KINDS(name)                                           \
	FIXTURE(name)                                                     \
	{                                                                 \
		struct bed bed;                                           \
	};                                                                \
	FIXTURE_VARIANT(name)                                             \
	{                                                                 \
		enum bed_family family;                                   \
		uint16_t cipher;                                          \
	};                                                                \
	BED_VARIANT(name, aes_gcm_ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128) \
	BED_VARIANT(name, aes_ccm_ipv4, BED_IPV4, TLS_CIPHER_AES_CCM_128) \
	BED_VARIANT(name, chacha20_poly1305_ipv6, BED_IPV6,               \
		    TLS_CIPHER_CHACHA20_POLY1305)

/* The same for what no cipher matters to. */
#define FIXTURE_BED_FAMILY(name)                                  \
	FIXTURE(name)                                             \
	{                                                         \
		struct bed bed;                                   \
	};                                                        \
	FIXTURE_VARIANT(name)                                     \
	{                                                         \
		enum bed_family family;                           \
		uint16_t cipher;                                  \
	};                                                        \
	BED_VARIANT(name, ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128) \
	BED_VARIANT(name, ipv6, BED_IPV6, TLS_CIPHER_AES_GCM_128) \
	BED_VARIANT(name, mapped, BED_MAPPED, TLS_CIPHER_AES_GCM_128)

#define BED_VARIANT(name, variant, the_family, the_cipher) \
	FIXTURE_VARIANT_ADD(name, variant) {               \
		.family = the_family,                      \
		.cipher = the_cipher,                      \
	};

/* Opens the bed and attaches its socket. */
#define BED_SETUP()                                                      \
	do {                                                             \
		ASSERT_EQ(0, bed_init(&self->bed, variant->family,       \
				      cipher_by_type(variant->cipher))); \
		ASSERT_EQ(0, dtls_attach(self->bed.fd));                 \
	} while (0)

/* And installs both keys: epoch 1, numbers from 0. */
#define BED_SETUP_KEYED()                                                     \
	do {                                                                  \
		BED_SETUP();                                                  \
		ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, \
				      0));                                    \
		ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, \
				      0));                                    \
	} while (0)

/* A system call fails with this errno. */
#define EXPECT_ERRNO(code, call)                          \
	do {                                              \
		errno = 0;                                \
		EXPECT_EQ(-1, call) TH_LOG("%s", #call);  \
		EXPECT_EQ(code, errno)                    \
		TH_LOG("%s: %s", #call, strerror(errno)); \
	} while (0)

/* The socket's counters since the attach are those, all others zero. */
CHECK void expect_counted(struct __test_metadata *_metadata, int line, int fd,
			  const struct dtls_stats *expected)
{
	struct dtls_stats seen;
	const char *differs;

	ASSERT_EQ(0, dtls_stats(fd, &seen));
	differs = dtls_stats_mismatch(expected, &seen);
	EXPECT_EQ(NULL, differs)
	TH_LOG("line %d: %s", line, differs);
}

/*
 * The socket's counters since the attach are those named, all others zero, and
 * those of the namespace agree.
 */
#define EXPECT_STATS(fd, ...)                 \
	expect_stats(_metadata, __LINE__, fd, \
		     &(struct dtls_stats) { __VA_ARGS__ })

CHECK void expect_stats(struct __test_metadata *_metadata, int line, int fd,
			const struct dtls_stats *expected)
{
	const char *differs;

	expect_counted(_metadata, line, fd, expected);
	differs = dtls_net_mismatch();
	EXPECT_EQ(NULL, differs)
	TH_LOG("line %d: %s", line, differs);
}

/* The socket has this record for its reader. */
#define EXPECT_RECORD(fd, type, content, len) \
	expect_record(_metadata, __LINE__, fd, type, content, len)

CHECK void expect_record(struct __test_metadata *_metadata, int line, int fd,
			 int type, const void *content, size_t len)
{
	static uint8_t text[RECORD_ROOM];
	int seen_type, flags = MSG_DONTWAIT;
	ssize_t n = msg_recv(fd, &seen_type, text, sizeof(text), &flags);

	ASSERT_EQ((ssize_t)len, n)
	TH_LOG("line %d: recvmsg(): %s", line, strerror(errno));
	EXPECT_EQ(type, seen_type)
	TH_LOG("line %d", line);
	EXPECT_EQ(0, flags & (MSG_TRUNC | MSG_CTRUNC))
	TH_LOG("line %d", line);
	EXPECT_EQ(0, memcmp(content, text, len))
	TH_LOG("line %d: another content", line);
}

/* And it comes with what DTLS_GET_RECORD tells of it. */
#define EXPECT_INFO(fd, type, flags, epoch, seq, content, len)                \
	expect_info(_metadata, __LINE__, fd,                                  \
		    (struct dtls_record_info) { type, flags, epoch, 0, seq }, \
		    content, len)

CHECK void expect_info(struct __test_metadata *_metadata, int line, int fd,
		       struct dtls_record_info info, const void *content,
		       size_t len)
{
	static uint8_t text[RECORD_ROOM];
	struct message message;
	int authentic = !(info.flags & DTLS_RECORD_UNAUTHENTICATED);

	ASSERT_EQ((ssize_t)len,
		  message_recv(fd, &message, text, sizeof(text), MSG_DONTWAIT))
	TH_LOG("line %d: recvmsg(): %s", line, strerror(errno));
	EXPECT_EQ(authentic ? info.type : -1, message.type)
	TH_LOG("line %d", line);
	ASSERT_EQ(1, message.has_info)
	TH_LOG("line %d", line);
	EXPECT_EQ(info.type, message.info.type)
	TH_LOG("line %d", line);
	EXPECT_EQ(info.flags, message.info.flags)
	TH_LOG("line %d", line);
	EXPECT_EQ(info.epoch, message.info.epoch)
	TH_LOG("line %d", line);
	EXPECT_EQ(info.seq, message.info.seq)
	TH_LOG("line %d", line);
	EXPECT_EQ(0, message.info.reserved);
	EXPECT_EQ(0, message.flags & (MSG_TRUNC | MSG_CTRUNC))
	TH_LOG("line %d", line);
	EXPECT_EQ(0, memcmp(content, text, len))
	TH_LOG("line %d: another content", line);
}

/* The socket has nothing for its reader. */
#define EXPECT_NOTHING(fd) expect_nothing(_metadata, __LINE__, fd)

CHECK void expect_nothing(struct __test_metadata *_metadata, int line, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int type, flags = MSG_DONTWAIT;
	char byte;
	ssize_t n = msg_recv(fd, &type, &byte, 1, &flags);

	EXPECT_EQ(-1, n)
	TH_LOG("line %d: a record of type %d", line, type);
	EXPECT_EQ(EAGAIN, errno)
	TH_LOG("line %d: %s", line, strerror(errno));
	EXPECT_EQ(0, poll(&pfd, 1, 0))
	TH_LOG("line %d: poll() says %#x", line, pfd.revents);
}

/* Seal a record with the key of the receiving direction, and inject it. */
#define INJECT(type, epoch, seq, content, len) \
	ASSERT_EQ(0, inject(&self->bed, type, epoch, seq, content, len))

CHECK int inject(const struct bed *bed, uint8_t type, uint16_t epoch,
		 uint64_t seq, const void *content, size_t len)
{
	static uint8_t wire[RECORD_ROOM];
	struct record record = record_make(type, epoch, seq);

	return bed_inject(bed, wire,
			  record_seal(&bed->rx, &record, content, len, wire));
}

/* The peer got a record of this number that holds this content, alone. */
#define EXPECT_SEALED(type, epoch, seq, content, len)                    \
	expect_sealed(_metadata, __LINE__, &self->bed, type, epoch, seq, \
		      content, len)

CHECK void expect_sealed(struct __test_metadata *_metadata, int line,
			 const struct bed *bed, int type, uint16_t epoch,
			 uint64_t seq, const void *content, size_t len)
{
	static uint8_t wire[65536], text[65536];
	struct record record;
	ssize_t n;

	ASSERT_EQ(0, bed_settle(bed));
	n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);
	ASSERT_LT(0, n)
	TH_LOG("line %d: nothing was sent", line);
	ASSERT_EQ((ssize_t)len,
		  record_open(&bed->tx, wire, (size_t)n, &record, text))
	TH_LOG("line %d: %zd bytes that don't open", line, n);
	EXPECT_EQ(0, memcmp(content, text, len))
	TH_LOG("line %d: another content", line);
	EXPECT_EQ(type, record.type)
	TH_LOG("line %d", line);
	EXPECT_EQ(0xfefd, record.version);
	EXPECT_EQ(epoch, record.epoch)
	TH_LOG("line %d", line);
	EXPECT_EQ(seq, record.seq)
	TH_LOG("line %d", line);
	/* RFC 9325, 7.2.1 */
	if (bed->tx.cipher->explicit_len) {
		EXPECT_EQ((uint64_t)epoch << 48 | seq, record.explicit_nonce);
	}
}

/* The peer got nothing. */
#define EXPECT_UNSENT()                                                      \
	do {                                                                 \
		char _byte;                                                  \
		ASSERT_EQ(0, bed_settle(&self->bed));                        \
		EXPECT_ERRNO(EAGAIN,                                         \
			     recv(self->bed.peer, &_byte, 1, MSG_DONTWAIT)); \
	} while (0)

/* Plain datagrams pass in both directions, as on a socket not attached. */
#define EXPECT_PLAIN() expect_plain(_metadata, &self->bed)

CHECK void expect_plain(struct __test_metadata *_metadata, const struct bed *bed)
{
	char text[16];

	ASSERT_EQ(5, send(bed->fd, "there", 5, 0));
	ASSERT_EQ(5, recv(bed->peer, text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp(text, "there", 5));
	ASSERT_EQ(4, send(bed->peer, "back", 4, 0));
	ASSERT_EQ(4, recv(bed->fd, text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp(text, "back", 4));
}

#endif /* SELFTESTS_CHECK_H */
