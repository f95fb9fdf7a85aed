// SPDX-License-Identifier: GPL-2.0
/* poll(), select() and epoll: readable means that recv() has a record. */
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>

#include "check.h"
#include "waiter.h"

FIXTURE_BED(poll)

FIXTURE_SETUP(poll)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(poll)
{
}

static char buffer[100];

static short events_of(int fd, short wanted)
{
	struct pollfd pfd = { .fd = fd, .events = wanted };

	return poll(&pfd, 1, 0) < 0 ? -1 : pfd.revents;
}

/* A record that fails to authenticate. */
static int inject_forged(const struct bed *bed, uint64_t seq)
{
	uint8_t wire[100];
	struct record record = record_make(RECORD_DATA, 1, seq);
	size_t len = record_seal(&bed->rx, &record, "forged", 6, wire);

	wire[len - 1] ^= 1;
	return bed_inject(bed, wire, len);
}

TEST_F(poll, idle_socket_is_writable_only)
{
	EXPECT_EQ(POLLOUT, events_of(self->bed.fd, POLLIN | POLLOUT));
}

TEST_F(poll, record_is_readable)
{
	short both = POLLIN | POLLRDNORM;

	INJECT(RECORD_DATA, 1, 0, "there", 5);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(both, events_of(self->bed.fd, both));
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	EXPECT_EQ(0, events_of(self->bed.fd, both));
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1);
}

TEST_F(poll, siocinq_is_the_length_of_the_content)
{
	int len = -1;

	ASSERT_EQ(0, inject_forged(&self->bed, 7));
	ASSERT_EQ(0, ioctl(self->bed.fd, FIONREAD, &len));
	EXPECT_EQ(0, len);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	ASSERT_EQ(0, ioctl(self->bed.fd, FIONREAD, &len));
	EXPECT_EQ(5, len);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	ASSERT_EQ(0, ioctl(self->bed.fd, FIONREAD, &len));
	EXPECT_EQ(0, len);
}

TEST_F(poll, A9_empty_record_is_readable)
{
	INJECT(RECORD_DATA, 1, 0, "", 0);
	EXPECT_EQ(POLLIN, events_of(self->bed.fd, POLLIN));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "", 0);
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
}

TEST_F(poll, refused_datagram_is_not_readable)
{
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
	ASSERT_EQ(0, inject_forged(&self->bed, 1));
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
	ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
	ASSERT_EQ(0, bed_inject(&self->bed, "", 0));
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1, .rx_replayed = 1,
		     .rx_bad_tag = 1, .rx_malformed = 2);
}

/* However much rubbish stands before it: nobody else would wake the reader. */
TEST_F(poll, record_behind_many_refused_is_readable)
{
	for (int i = 0; i < 300; i++)
		ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(POLLIN, events_of(self->bed.fd, POLLIN));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1, .rx_malformed = 300);
}

TEST_F(poll, rest_of_a_datagram_is_readable)
{
	uint8_t wire[200];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t len = record_seal(&self->bed.rx, &record, "first", 5, wire);

	record = record_make(RECORD_DATA, 1, 1);
	len += record_seal(&self->bed.rx, &record, "second", 6, wire + len);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "first", 5);
	EXPECT_EQ(POLLIN, events_of(self->bed.fd, POLLIN));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "second", 6);
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
}

/* And a rest that is refused isn't. */
TEST_F(poll, refused_rest_of_a_datagram_is_not_readable)
{
	uint8_t wire[200];
	struct record record = record_make(RECORD_DATA, 1, 0);
	size_t len = record_seal(&self->bed.rx, &record, "first", 5, wire);

	len += record_seal(&self->bed.rx, &record, "first", 5, wire + len);
	ASSERT_EQ(0, bed_inject(&self->bed, wire, len));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "first", 5);
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1, .rx_replayed = 1);
}

TEST_F(poll, select_agrees)
{
	struct timeval now = {};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(self->bed.fd, &set);
	ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	EXPECT_EQ(0, select(self->bed.fd + 1, &set, NULL, NULL, &now));
	FD_SET(self->bed.fd, &set);
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(1, select(self->bed.fd + 1, &set, NULL, NULL, &now));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
}

static int epoll_of(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(0);

	return ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

TEST_F(poll, epoll_agrees)
{
	int ep = epoll_of(self->bed.fd, EPOLLIN);
	struct epoll_event event;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	INJECT(RECORD_DATA, 1, 1, "two", 3);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "two", 3);
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
}

/* An edge comes for each datagram that has a record, though none was read. */
TEST_F(poll, epoll_edges_come_with_records)
{
	int ep = epoll_of(self->bed.fd, EPOLLIN | EPOLLET);
	struct epoll_event event;

	ASSERT_LE(0, ep);
	for (uint64_t seq = 0; seq < 3; seq++) {
		INJECT(RECORD_DATA, 1, seq, "x", 1);
		EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
		EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	}
	for (int i = 0; i < 3; i++)
		EXPECT_RECORD(self->bed.fd, RECORD_DATA, "x", 1);
	ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	INJECT(RECORD_DATA, 1, 3, "x", 1);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
}

/* Waiters are woken by a record, and by nothing before it: then it's there. */
static long wait_in_poll(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLIN };

	if (poll(&pfd, 1, -1) != 1)
		return -1;
	return recv(pfd.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
}

static long wait_in_recv(void *arg)
{
	return recv(*(int *)arg, buffer, sizeof(buffer), 0);
}

static long wait_in_epoll(void *arg)
{
	int ep = epoll_of(*(int *)arg, EPOLLIN);
	struct epoll_event event;

	if (epoll_wait(ep, &event, 1, -1) != 1)
		return -1;
	return recv(*(int *)arg, buffer, sizeof(buffer), MSG_DONTWAIT);
}

TEST_F(poll, waiters_are_woken_by_a_record_only)
{
	static long (*const waits[])(void *) = { wait_in_recv, wait_in_poll,
						 wait_in_epoll };
	struct waiter waiter;

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		ASSERT_EQ(0, waiter_begin(&waiter, waits[i], &self->bed.fd));
		ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
		ASSERT_EQ(0, inject_forged(&self->bed, 1000 + i));
		INJECT(RECORD_DATA, 1, i, "there", 5);
		EXPECT_EQ(5, waiter_end(&waiter));
		EXPECT_EQ(0, memcmp("there", buffer, 5));
	}
	EXPECT_STATS(self->bed.fd, .rx_delivered = 3, .rx_malformed = 3,
		     .rx_bad_tag = 3);
}

/* A reader that waits since before the key came gets the record, opened. */
TEST_F(poll, reader_may_wait_for_the_key)
{
	struct bed bed = self->bed;
	struct waiter waiter;
	int fd[2];

	ASSERT_EQ(0, bed_pair(variant->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	bed.fd = fd[0];
	bed.peer = fd[1];
	ASSERT_EQ(0, waiter_begin(&waiter, wait_in_recv, &bed.fd));
	ASSERT_EQ(0, dtls_key(bed.fd, TLS_RX, &bed.rx, 1, 0));
	ASSERT_EQ(0, bed_inject(&bed, "garbage", 7));
	ASSERT_EQ(0, inject(&bed, RECORD_DATA, 1, 0, "there", 5));
	EXPECT_EQ(5, waiter_end(&waiter));
	EXPECT_EQ(0, memcmp("there", buffer, 5));
}

TEST_F(poll, error_is_told)
{
	ASSERT_EQ(0, close(self->bed.peer));
	ASSERT_EQ(1, send(self->bed.fd, "x", 1, 0));
	ASSERT_EQ(0, bed_settle(&self->bed));
	EXPECT_EQ(POLLERR, events_of(self->bed.fd, POLLIN) & POLLERR);
	EXPECT_ERRNO(ECONNREFUSED, recv(self->bed.fd, buffer, 1, MSG_DONTWAIT));
	EXPECT_EQ(0, events_of(self->bed.fd, POLLIN));
}

TEST_F(poll, shutdown_is_told)
{
	ASSERT_EQ(0, shutdown(self->bed.fd, SHUT_RD));
	EXPECT_EQ(POLLIN | POLLRDHUP,
		  events_of(self->bed.fd, POLLIN | POLLRDHUP));
	ASSERT_EQ(0, shutdown(self->bed.fd, SHUT_WR));
	EXPECT_EQ(POLLHUP, events_of(self->bed.fd, POLLIN) & POLLHUP);
}

TEST_HARNESS_MAIN
