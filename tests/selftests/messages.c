// SPDX-License-Identifier: GPL-2.0
/* Messages in pieces, several in a call, empty ones, and the longest. */
#include <sys/uio.h>
#include <time.h>

#include "compare.h"
#include "waiter.h"

FIXTURE_COMPARE(messages)

enum {
	PIECES = 64,
};

static uint8_t text[1 << 17], buffer[1 << 17];

/* @bytes of a buffer in @count pieces of unlike lengths, some empty. */
static void cut(struct iovec *iov, size_t count, uint8_t *from, size_t bytes)
{
	size_t left = bytes;

	for (size_t i = 0; i < count; i++) {
		size_t len = i % 5 == 3 ? 0 :
					  (i * 37 + 1) % (2 * bytes / count);

		if (len > left || i == count - 1)
			len = left;
		iov[i] = (struct iovec) { from + bytes - left, len };
		left -= len;
	}
}

SCENARIO(messages, E4_pieces_sent_are_one_message)
{
	struct iovec iov[PIECES];

	for (size_t count = 1; count <= PIECES; count++) {
		marked_text(text, 1000, count);
		cut(iov, count, text, 1000);
		run->texts++;
		SEE(writev(run->bed.fd, iov, (int)count));
		SETTLE();
		see_recv(run, run->bed.peer, 2000, MSG_DONTWAIT);
		see_recv(run, run->bed.peer, 2000, MSG_DONTWAIT);
	}
}

SCENARIO(messages, E4_message_is_received_in_pieces)
{
	struct iovec iov[PIECES];

	for (size_t count = 1; count <= PIECES; count++) {
		memset(buffer, 0, 2000);
		cut(iov, count, buffer, 1000);
		SEE(run_send(run, run->bed.peer, count, 990 + count % 20, 0));
		SETTLE();
		SEE(readv(run->bed.fd, iov, (int)count));
		see_text(run, buffer, 2000);
	}
	see_recv(run, run->bed.fd, 2000, MSG_DONTWAIT);
}

SCENARIO(messages, pieces_may_be_none_or_too_many)
{
	static struct iovec iov[UIO_MAXIOV + 1];
	struct msghdr msg = { .msg_iov = iov };

	marked_text(text, UIO_MAXIOV, 1);
	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec) { text + i, 1 };
	for (size_t count = UIO_MAXIOV - 1; count <= UIO_MAXIOV + 1; count++) {
		msg.msg_iovlen = count;
		SEE_AS(sendmsg(run->bed.fd, &msg, 0), "%zu pieces", count);
		SETTLE();
		see_recv(run, run->bed.peer, 2000, MSG_DONTWAIT);
	}
	SEE(writev(run->bed.fd, iov, UIO_MAXIOV + 1));
	SEE(readv(run->bed.fd, iov, UIO_MAXIOV + 1));
	msg = (struct msghdr) {};
	SEE(sendmsg(run->bed.fd, &msg, 0));
	SETTLE();
	SEE(recvmsg(run->bed.peer, &msg, MSG_DONTWAIT));
	SEE(writev(run->bed.fd, iov, 0));
	iov[0].iov_len = (size_t)-1;
	SEE(writev(run->bed.fd, iov, 1));
	SETTLE();
	see_recv(run, run->bed.peer, 2000, MSG_DONTWAIT);
}

/* Where a piece is bad. */
static const struct difference bad_pieces[] = {
	DIFFERS("a message is left: -1", "a message is left: 40",
		"UDP drops what it couldn't copy, a record stays"),
	{}
};

SCENARIO_BUT(messages, bad_piece_is_efault, bad_pieces)
{
	struct iovec iov[2] = { { text, 20 }, { (void *)8, 20 } };

	marked_text(text, 20, 1);
	SEE(writev(run->bed.fd, iov, 2));
	SEE(send(run->bed.fd, (void *)8, 20, 0));
	SEE(sendmsg(run->bed.fd, (void *)8, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	SEE(recvmsg(run->bed.fd, (void *)8, 0));
	SEE(readv(run->bed.fd, iov, 2));
	tell(run, "a message is left: %zd",
	     recv(run->bed.fd, buffer, 100, MSG_DONTWAIT));
}

enum {
	BATCH = 8,
};

/* Messages of a length of their own each; @rooms: NULL: enough */
static void make_batch(struct mmsghdr *msgs, struct iovec *iov, uint8_t *from)
{
	memset(msgs, 0, BATCH * sizeof(*msgs));
	for (size_t i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec) { from + i * 200, 20 + i };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		marked_text(from + i * 200, 200, i);
	}
}

static void see_batch(struct run *run, const struct mmsghdr *msgs, int count)
{
	for (int i = 0; i < count; i++) {
		tell(run, "message %d: %u, flags %#x", i, msgs[i].msg_len,
		     msgs[i].msg_hdr.msg_flags);
		see_text(run, msgs[i].msg_hdr.msg_iov->iov_base,
			 msgs[i].msg_len);
	}
}

SCENARIO(messages, E4_sendmmsg_sends_each_for_itself)
{
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	make_batch(msgs, iov, text);
	iov[3].iov_len = 0;
	run->texts++;
	SEE(n = sendmmsg(run->bed.fd, msgs, BATCH, 0));
	see_batch(run, msgs, n);
	SETTLE();
	for (int i = 0; i <= BATCH; i++)
		see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	SEE(sendmmsg(run->bed.fd, msgs, 0, 0));
	SEE(sendmmsg(run->bed.fd, (void *)8, 1, 0));
}

/* What follows a bad one isn't sent; what's before it is. */
SCENARIO(messages, sendmmsg_stops_at_what_fails)
{
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];

	make_batch(msgs, iov, text);
	iov[3].iov_len = 70000;
	run->texts++;
	SEE(sendmmsg(run->bed.fd, msgs, BATCH, 0));
	SEE(sendmmsg(run->bed.fd, msgs + 3, BATCH - 3, 0));
	iov[3].iov_base = (void *)8;
	iov[3].iov_len = 10;
	SEE(sendmmsg(run->bed.fd, msgs, BATCH, 0));
	SEE(sendmmsg(run->bed.fd, msgs + 3, BATCH - 3, 0));
	SETTLE();
	for (int i = 0; i <= BATCH; i++)
		see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

static int send_some(struct run *run, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (run_send(run, run->bed.peer, i, 20 + i, 0) < 0)
			return -1;
	return bed_settle(&run->bed);
}

SCENARIO(messages, E4_recvmmsg_takes_each_for_itself)
{
	static const int flags[] = { MSG_DONTWAIT, MSG_WAITFORONE,
				     MSG_DONTWAIT | MSG_PEEK,
				     MSG_DONTWAIT | MSG_TRUNC };
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(0, send_some(run, 5));
		make_batch(msgs, iov, buffer);
		iov[1].iov_len = 3;
		SEE_AS(n = recvmmsg(run->bed.fd, msgs, BATCH, flags[i], NULL),
		       "flags %#x", flags[i]);
		see_batch(run, msgs, n);
		while (recv(run->bed.fd, buffer, 100, MSG_DONTWAIT) >= 0)
			;
	}
	SEE(recvmmsg(run->bed.fd, msgs, BATCH, MSG_DONTWAIT, NULL));
}

/* It's looked at when a message has come, and no sooner. */
SCENARIO(messages, recvmmsg_has_a_time_limit)
{
	struct timespec limit = {}, bad = { .tv_nsec = 1000000000 };
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	ASSERT_EQ(0, send_some(run, 5));
	make_batch(msgs, iov, buffer);
	SEE(n = recvmmsg(run->bed.fd, msgs, BATCH, 0, &limit));
	see_batch(run, msgs, n);
	SEE(recvmmsg(run->bed.fd, msgs, BATCH, 0, &bad));
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

struct batch_receiver {
	int fd;
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
};

static long receive_three(void *arg)
{
	struct batch_receiver *receiver = arg;

	return recvmmsg(receiver->fd, receiver->msgs, 3, 0, NULL);
}

SCENARIO(messages, recvmmsg_waits_for_all)
{
	struct batch_receiver receiver = { .fd = run->bed.fd };
	struct waiter waiter;

	make_batch(receiver.msgs, receiver.iov, buffer);
	ASSERT_EQ(0, waiter_begin(&waiter, receive_three, &receiver));
	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_EQ(0, waiter_sleeps(&waiter));
		SEE(run_send(run, run->bed.peer, i, 20 + i, 0));
	}
	SEE(waiter_end(&waiter));
	see_batch(run, receiver.msgs, 3);
}

static ssize_t send_way(int fd, int way)
{
	struct iovec iov = { text, 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	switch (way) {
	case 0:
		return send(fd, text, 0, 0);
	case 1:
		return send(fd, NULL, 0, 0);
	case 2:
		return write(fd, text, 0);
	case 3:
		return writev(fd, &iov, 1);
	case 4:
		return sendmsg(fd, &msg, 0);
	default:
		return send(fd, text, 0, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

static ssize_t receive_way(int fd, int way)
{
	struct iovec iov = { buffer, 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	switch (way) {
	case 0:
		return recv(fd, buffer, 0, MSG_DONTWAIT);
	case 1:
		return recv(fd, NULL, 0, MSG_DONTWAIT);
	case 2:
		return read(fd, buffer, 0);
	case 3:
		return readv(fd, &iov, 1);
	case 4:
		return recvmsg(fd, &msg, MSG_DONTWAIT);
	default:
		return read(fd, buffer, 100);
	}
}

/* An empty message is a message: it's sent, waited for, polled for and read. */
SCENARIO(messages, empty_message_is_a_message)
{
	for (int way = 0; way < 6; way++) {
		SEE_AS(send_way(run->bed.peer, way), "way %d", way);
		SETTLE();
		see_poll(run, run->bed.fd, POLLIN | POLLRDNORM);
		see_recv(run, run->bed.fd, 100, MSG_PEEK | MSG_DONTWAIT);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		see_poll(run, run->bed.fd, POLLIN | POLLRDNORM);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

SCENARIO(messages, message_is_read_without_a_buffer)
{
	for (int way = 0; way < 6; way++) {
		SEE(run_send(run, run->bed.peer, way, 40, 0));
		SEE(run_send(run, run->bed.peer, way, 0, 0));
		SEE(run_send(run, run->bed.peer, way + 50, 40, 0));
		SETTLE();
		for (int i = 0; i < 2; i++)
			SEE_AS(receive_way(run->bed.fd, way), "way %d", way);
		for (int i = 0; i < 3; i++)
			see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

static const size_t lens[] = { 1,     2,     15,    16,    17,    255,
			       1400,  4095,  4096,  4097,  8191,  16383,
			       16384, 16385, 32768, 65507, 65508, 65527,
			       65528, 65535, 65536, 100000 };

/* RFC 5246, 6.2.1. */
#define TOO_LONG(families, len)                         \
	DIFFERS_ON(families, #len " bytes: 0, as sent", \
		   #len " bytes: EMSGSIZE, nothing",    \
		   "longer than a record may be")

static const struct difference lens_differ[] = {
	TOO_LONG(0, 16385),       TOO_LONG(0, 32768),       TOO_LONG(0, 65507),
	TOO_LONG(ON_IPV6, 65508), TOO_LONG(ON_IPV6, 65527), {}
};

static const char *arrived(int fd, unsigned int id, size_t len)
{
	ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	marked_text(text, len, id);
	if (n < 0)
		return "nothing";
	return n == (ssize_t)len && !memcmp(buffer, text, len) ?
		       "as sent" :
		       "something else";
}

SCENARIO_BUT(messages, A8_content_is_up_to_16384_bytes, lens_differ)
{
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		size_t len = lens[i];
		ssize_t n = run_send(run, run->bed.fd, i, len, 0);
		int err = n < 0 ? errno : n != (ssize_t)len;

		SETTLE();
		tell(run, "%zu bytes: %s, %s", len, strerrorname_np(err),
		     arrived(run->bed.peer, i, len));
	}
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

TEST_HARNESS_MAIN
