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

/* A path that shrank costs what waits, as with UDP, and nothing after it. */
TEST_F(cork, what_no_longer_fits_the_path_is_lost)
{
	int is_ipv4 = self->bed.family == BED_IPV4, how = IP_PMTUDISC_DO;
	static const char text[3000];
	int fd = self->bed.fd;
	uint64_t seq;
	struct dtls_info info;

	SENDING_KEY();
	ASSERT_EQ(0, setsockopt(fd, is_ipv4 ? SOL_IP : SOL_IPV6,
				is_ipv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
				&how, sizeof(how)));
	ASSERT_EQ(0, cork(fd, SOL_UDP, 1));
	ASSERT_EQ(3000, send(fd, text, 3000, 0));
	ASSERT_EQ(0, bed_loopback_mtu(1500));
	cork(fd, SOL_UDP, 0);
	EXPECT_EQ(0, cork(fd, SOL_UDP, 0));
	EXPECT_EQ(0, is_corked(fd));
	EXPECT_UNSENT();
	ASSERT_EQ(0, dtls_info(fd, &info));
	seq = info.tx_next;
	ASSERT_EQ(4, send(fd, "four", 4, 0));
	EXPECT_SEALED(RECORD_DATA, 1, seq, "four", 4);
}

/* What goes on elsewhere must not be told that it was sent here. */
TEST_F(cork, nothing_waits_with_a_frozen_key)
{
	struct dtls_state state = { .epoch = 1,
				    .direction = TLS_TX,
				    .flags = DTLS_STATE_FREEZE };
	socklen_t len = sizeof(state);
	int fd = self->bed.fd;

	SENDING_KEY();
	ASSERT_EQ(0, getsockopt(fd, SOL_TLS, DTLS_STATE, &state, &len));
	EXPECT_ERRNO(EKEYREVOKED, send(fd, "one", 3, MSG_MORE));
	cork(fd, SOL_UDP, 1);
	EXPECT_ERRNO(EKEYREVOKED, send(fd, "one", 3, 0));
}

static volatile int detached;

static void *send_parts(void *fd)
{
	bed_unpin_cpu();
	while (!detached)
		send(*(int *)fd, "old", 3, MSG_MORE);
	return NULL;
}

/* A sender that a detach overtakes leaves nothing for the next key's records. */
TEST_F(cork, a_detach_races_with_senders)
{
	uint32_t how = DTLS_DETACH_REFUSE;
	int fd = self->bed.fd;
	pthread_t sender;

	ASSERT_EQ(0, bed_unpin_cpu());
	for (int round = 0; round < 20; round++) {
		SENDING_KEY();
		detached = 0;
		ASSERT_EQ(0, pthread_create(&sender, NULL, send_parts, &fd));
		for (int i = 0; i < 100; i++)
			sched_yield();
		ASSERT_EQ(0, setsockopt(fd, SOL_TLS, DTLS_DETACH, &how,
					sizeof(how)));
		detached = 1;
		ASSERT_EQ(0, pthread_join(sender, NULL));
		ASSERT_EQ(0, bed_pin_cpu());
		while (recv(self->bed.peer, &how, sizeof(how), MSG_DONTWAIT) >=
		       0)
			continue;
		SENDING_KEY();
		ASSERT_EQ(3, send(fd, "new", 3, 0));
		EXPECT_SEALED(RECORD_DATA, 1, 0, "new", 3);
		how = DTLS_DETACH_REFUSE;
		ASSERT_EQ(0, setsockopt(fd, SOL_TLS, DTLS_DETACH, &how,
					sizeof(how)));
		ASSERT_EQ(0, bed_unpin_cpu());
	}
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
