// SPDX-License-Identifier: GPL-2.0
/* MSG_MORE and UDP_CORK: parts of content that become one record. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "check.h"

FIXTURE_BED(cork)

FIXTURE_SETUP(cork)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(cork)
{
}

static int cork(int fd, int level, int value)
{
	return setsockopt(fd, level, UDP_CORK, &value, sizeof(value));
}

static int is_corked(int fd)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_UDP, UDP_CORK, &value, &len) ? -1 : value;
}

#define SENDING_KEY() \
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0))

TEST_F(cork, E4_parts_with_more_to_come_are_one_record)
{
	int fd = self->bed.fd;

	SENDING_KEY();
	ASSERT_EQ(3, send(fd, "one", 3, MSG_MORE));
	ASSERT_EQ(0, send(fd, "", 0, MSG_MORE));
	ASSERT_EQ(3, send(fd, "two", 3, MSG_MORE));
	EXPECT_UNSENT();
	ASSERT_EQ(5, send(fd, "three", 5, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "onetwothree", 11);
	ASSERT_EQ(4, send(fd, "four", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 1, "four", 4);
	EXPECT_STATS(fd, .tx_records = 2);
}

TEST_F(cork, E4_parts_under_a_cork_are_one_record)
{
	static const int levels[] = { SOL_UDP, IPPROTO_UDPLITE };
	int fd = self->bed.fd;

	SENDING_KEY();
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		EXPECT_EQ(0, is_corked(fd));
		ASSERT_EQ(0, cork(fd, levels[i], 1));
		EXPECT_EQ(1, is_corked(fd));
		ASSERT_EQ(3, send(fd, "one", 3, 0));
		ASSERT_EQ(3, send(fd, "two", 3, MSG_MORE));
		ASSERT_EQ(5, send(fd, "three", 5, 0));
		EXPECT_UNSENT();
		ASSERT_EQ(0, cork(fd, levels[i], 0));
		EXPECT_SEALED(RECORD_DATA, 1, i, "onetwothree", 11);
	}
	EXPECT_EQ(0, is_corked(fd));
	ASSERT_EQ(0, cork(fd, SOL_UDP, 0));
	EXPECT_UNSENT();
}

TEST_F(cork, A9_an_empty_record_may_wait_too)
{
	int fd = self->bed.fd;

	SENDING_KEY();
	ASSERT_EQ(0, send(fd, "", 0, MSG_MORE));
	EXPECT_UNSENT();
	ASSERT_EQ(0, send(fd, "", 0, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "", 0);
}

TEST_F(cork, A8_what_does_not_fit_leaves_what_waits)
{
	static uint8_t content[RECORD_CONTENT_MAX + 1];
	int fd = self->bed.fd;

	SENDING_KEY();
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 7 + i / 256);
	ASSERT_EQ(10000, send(fd, content, 10000, MSG_MORE));
	EXPECT_ERRNO(EMSGSIZE, send(fd, content, 6385, MSG_MORE));
	EXPECT_ERRNO(EMSGSIZE, send(fd, content, 6385, 0));
	EXPECT_ERRNO(EFAULT, send(fd, NULL, 5, MSG_MORE));
	EXPECT_ERRNO(EFAULT, send(fd, NULL, 5, 0));
	EXPECT_ERRNO(EINVAL, msg_send(fd, RECORD_ALERT, "alert", 5, 0));
	EXPECT_UNSENT();
	ASSERT_EQ(6384, send(fd, content + 10000, 6384, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, content, RECORD_CONTENT_MAX);
}

TEST_F(cork, a_control_record_may_wait_too)
{
	int fd = self->bed.fd;

	SENDING_KEY();
	ASSERT_EQ(2, msg_send(fd, RECORD_ALERT, "ab", 2, MSG_MORE));
	EXPECT_ERRNO(EINVAL, send(fd, "data", 4, 0));
	ASSERT_EQ(1, msg_send(fd, RECORD_ALERT, "c", 1, 0));
	EXPECT_SEALED(RECORD_ALERT, 1, 0, "abc", 3);
}

TEST_F(cork, a_record_that_cannot_be_sent_still_waits)
{
	struct bed *bed = &self->bed;
	struct secret next;

	ASSERT_EQ(0, dtls_params(bed->fd, DTLS_WINDOW_DEFAULT,
				 DTLS_PARAM_SOFT_LIMITS));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, RECORD_SEQ_MAX));
	ASSERT_EQ(4, send(bed->fd, "last", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, RECORD_SEQ_MAX, "last", 4);
	ASSERT_EQ(3, send(bed->fd, "one", 3, MSG_MORE));
	EXPECT_ERRNO(EKEYEXPIRED, send(bed->fd, "two", 3, 0));
	secret_make(&next, bed->tx.cipher, 9);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &next, 2, 0));
	bed->tx = next;
	ASSERT_EQ(3, send(bed->fd, "two", 3, 0));
	EXPECT_SEALED(RECORD_DATA, 2, 0, "onetwo", 6);
}

TEST_F(cork, nothing_waits_without_a_key)
{
	int fd = self->bed.fd;

	EXPECT_ERRNO(EOPNOTSUPP, send(fd, "one", 3, MSG_MORE));
	EXPECT_ERRNO(EOPNOTSUPP, cork(fd, SOL_UDP, 1));
	EXPECT_EQ(0, is_corked(fd));
	EXPECT_PLAIN();
}

/* Whether the end of a file is known, or only that there's no more of it. */
TEST_F(cork, E4_a_file_fills_records)
{
	static uint8_t content[100000];
	const size_t counts[] = { sizeof(content), sizeof(content) + 1000 };
	int file = memfd_create("content", 0);
	uint64_t seq = 0;

	SENDING_KEY();
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 31 + i / 251);
	ASSERT_EQ((ssize_t)sizeof(content),
		  write(file, content, sizeof(content)));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		off_t offset = 0;

		ASSERT_EQ((ssize_t)sizeof(content),
			  sendfile(self->bed.fd, file, &offset, counts[i]));
		for (size_t at = 0; at < sizeof(content); seq++) {
			size_t len = sizeof(content) - at;

			if (len > RECORD_CONTENT_MAX)
				len = RECORD_CONTENT_MAX;
			EXPECT_SEALED(RECORD_DATA, 1, seq, content + at, len);
			at += len;
		}
		EXPECT_UNSENT();
	}
}

TEST_HARNESS_MAIN
