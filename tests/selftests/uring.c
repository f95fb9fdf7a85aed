// SPDX-License-Identifier: GPL-2.0
/* io_uring: requests that complete at once, later, by a thread of its own. */
#include "compare.h"
#include "uring.h"

FIXTURE_COMPARE(uring)

static char text[1 << 16], buffer[1 << 16];

static long ring_send(struct run *run, struct uring *ring, int fd,
		      unsigned int id, size_t len, uint8_t flags)
{
	struct io_uring_sqe sqe =
		uring_sqe(IORING_OP_SEND, fd, text, len, MSG_NOSIGNAL);

	marked_text(text, len, id);
	run->texts++;
	sqe.flags = flags;
	return uring_call(ring, &sqe);
}

static int submit_recv(struct uring *ring, int fd, size_t len, uint32_t flags,
		       uint8_t how)
{
	struct io_uring_sqe sqe =
		uring_sqe(IORING_OP_RECV, fd, buffer, len, flags);

	sqe.flags = how;
	return uring_submit(ring, &sqe);
}

static void see_completion(struct run *run, struct uring *ring)
{
	long n;

	errno = 0;
	n = uring_wait(ring, NULL);
	see(run, n, "completion");
	if (n >= 0)
		see_text(run, buffer, n);
}

static void see_nothing(struct run *run, struct uring *ring)
{
	struct io_uring_cqe cqe;

	/* Whatever the kernel has put off for this task is done first. */
	uring_enter(ring, 0, 0, IORING_ENTER_GETEVENTS);
	tell(run, "%d completions", uring_get(ring, &cqe));
}

/* Requests may be tried at once, or go to a worker first. */
static const uint8_t hows[] = { 0, IOSQE_ASYNC };

SCENARIO(uring, send_and_recv)
{
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		SEE(ring_send(run, &ring, run->bed.fd, i, 40, hows[i]));
		SEE(ring_send(run, &ring, run->bed.fd, i, 0, hows[i]));
		SEE(ring_send(run, &ring, run->bed.fd, i, 16384, hows[i]));
		SETTLE();
		for (int n = 0; n < 2; n++) {
			SEE(submit_recv(&ring, run->bed.peer, 100, 0, hows[i]));
			see_completion(run, &ring);
		}
		SEE(submit_recv(&ring, run->bed.peer, 20000, MSG_PEEK, hows[i]));
		see_completion(run, &ring);
		SEE(submit_recv(&ring, run->bed.peer, 100, MSG_TRUNC, hows[i]));
		errno = 0;
		SEE(uring_wait(&ring, NULL));
		SEE(submit_recv(&ring, run->bed.peer, 100, MSG_DONTWAIT,
				hows[i]));
		see_completion(run, &ring);
	}
}

/* What's submitted before there's anything to read completes when there is. */
SCENARIO(uring, recv_waits)
{
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		SEE(submit_recv(&ring, run->bed.fd, 100, 0, hows[i]));
		see_nothing(run, &ring);
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		see_completion(run, &ring);
	}
	/* Several of them get one message each. */
	for (int i = 0; i < 3; i++)
		SEE(submit_recv(&ring, run->bed.fd, 100, 0, 0));
	for (unsigned int i = 0; i < 3; i++)
		SEE(run_send(run, run->bed.peer, 7, 40, 0));
	for (int i = 0; i < 3; i++)
		see_completion(run, &ring);
	see_nothing(run, &ring);
}

SCENARIO(uring, messages_and_vectors)
{
	struct sockaddr_storage addr;
	struct iovec iov[2] = { { text, 20 }, { text + 20, 30 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct io_uring_sqe sqes[] = {
		uring_sqe(IORING_OP_SENDMSG, run->bed.peer, &msg, 1, 0),
		uring_sqe(IORING_OP_WRITEV, run->bed.peer, iov, 2, 0),
		uring_sqe(IORING_OP_WRITE, run->bed.peer, text, 60, 0),
	};
	struct io_uring_sqe readers[] = {
		uring_sqe(IORING_OP_RECVMSG, run->bed.fd, &msg, 1, 0),
		uring_sqe(IORING_OP_READV, run->bed.fd, iov, 2, 0),
		uring_sqe(IORING_OP_READ, run->bed.fd, buffer, 100, 0),
	};
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	marked_text(text, 100, 1);
	run->texts++;
	for (size_t i = 0; i < ARRAY_SIZE(sqes); i++)
		SEE(uring_call(&ring, &sqes[i]));
	SETTLE();
	iov[0].iov_base = buffer;
	iov[1].iov_base = buffer + 20;
	msg.msg_name = &addr;
	msg.msg_namelen = sizeof(addr);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		memset(buffer, 0, 100);
		SEE(uring_call(&ring, &readers[i]));
		see_text(run, buffer, 100);
	}
	tell(run, "address of %u bytes", msg.msg_namelen);
}

/* A later request waits for the one before it. */
SCENARIO(uring, requests_are_linked)
{
	struct io_uring_sqe out =
		uring_sqe(IORING_OP_SEND, run->bed.fd, text, 40, 0);
	struct io_uring_sqe in =
		uring_sqe(IORING_OP_RECV, run->bed.peer, buffer, 100, 0);
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	marked_text(text, 40, 1);
	run->texts++;
	out.flags = IOSQE_IO_LINK;
	uring_put(&ring, &out);
	uring_put(&ring, &in);
	SEE(uring_enter(&ring, 2, 2, 0));
	SEE(uring_wait(&ring, NULL));
	see_completion(run, &ring);
}

/* Time's up, or it's no longer wanted. */
SCENARIO(uring, recv_is_cancelled)
{
	struct __kernel_timespec soon = { .tv_nsec = 10000000 };
	struct io_uring_sqe in =
		uring_sqe(IORING_OP_RECV, run->bed.fd, buffer, 100, 0);
	struct io_uring_sqe limit =
		uring_sqe(IORING_OP_LINK_TIMEOUT, -1, &soon, 1, 0);
	struct io_uring_sqe cancel =
		uring_sqe(IORING_OP_ASYNC_CANCEL, -1, (void *)42, 0, 0);
	struct io_uring_cqe cqe;
	struct uring ring;
	long sum = 0;

	ASSERT_EQ(0, uring_open(&ring, 0));
	in.flags = IOSQE_IO_LINK;
	uring_put(&ring, &in);
	uring_put(&ring, &limit);
	SEE(uring_enter(&ring, 2, 2, 0));
	for (int i = 0; i < 2; i++) {
		uring_wait(&ring, &cqe);
		sum += cqe.res;
	}
	tell(run, "both: %ld", sum);
	in.flags = 0;
	in.user_data = 42;
	SEE(uring_submit(&ring, &in));
	SEE(uring_submit(&ring, &cancel));
	for (int i = 0; i < 2; i++) {
		uring_wait(&ring, &cqe);
		sum += cqe.res;
	}
	tell(run, "all: %ld", sum);
	/* It took nothing with it. */
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

static int submit_poll(struct uring *ring, int fd, uint32_t events, uint32_t len)
{
	struct io_uring_sqe sqe =
		uring_sqe(IORING_OP_POLL_ADD, fd, NULL, len, 0);

	sqe.poll32_events = events;
	return uring_submit(ring, &sqe);
}

SCENARIO(uring, poll_once)
{
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	SEE(submit_poll(&ring, run->bed.fd, POLLIN | POLLOUT, 0));
	SEE(uring_wait(&ring, NULL));
	SEE(submit_poll(&ring, run->bed.fd, POLLIN, 0));
	see_nothing(run, &ring);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SEE(uring_wait(&ring, NULL));
	SEE(submit_poll(&ring, run->bed.fd, POLLIN, 0));
	SEE(uring_wait(&ring, NULL));
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	SEE(submit_poll(&ring, run->bed.fd, POLLIN, 0));
	see_nothing(run, &ring);
}

SCENARIO(uring, poll_many_times)
{
	struct io_uring_cqe cqe;
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	SEE(submit_poll(&ring, run->bed.fd, POLLIN, IORING_POLL_ADD_MULTI));
	see_nothing(run, &ring);
	for (unsigned int i = 0; i < 3; i++) {
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SEE(uring_wait(&ring, &cqe));
		tell(run, "flags %#x", cqe.flags);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
	see_nothing(run, &ring);
}

enum {
	BUFFERS = 8,
	BUFFER_LEN = 200,
};

/* One request, and a completion a message, in buffers that were provided. */
SCENARIO(uring, recv_many_times)
{
	struct io_uring_sqe provide = uring_sqe(IORING_OP_PROVIDE_BUFFERS,
						BUFFERS, buffer, BUFFER_LEN, 0);
	struct io_uring_sqe in =
		uring_sqe(IORING_OP_RECV, run->bed.fd, NULL, 0, 0);
	struct io_uring_cqe cqe;
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	provide.buf_group = 1;
	SEE(uring_call(&ring, &provide));
	in.ioprio = IORING_RECV_MULTISHOT;
	in.flags = IOSQE_BUFFER_SELECT;
	in.buf_group = 1;
	SEE(uring_submit(&ring, &in));
	see_nothing(run, &ring);
	for (unsigned int i = 0; i < 5; i++) {
		SEE(run_send(run, run->bed.peer, i, 40 + i, 0));
		SEE(uring_wait(&ring, &cqe));
		tell(run, "flags %#x", cqe.flags & 0xffff);
		see_text(run,
			 buffer + BUFFER_LEN * (cqe.flags >>
						IORING_CQE_BUFFER_SHIFT),
			 cqe.res);
	}
	see_nothing(run, &ring);
}

SCENARIO(uring, error_completes_what_waits)
{
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	SEE(submit_recv(&ring, run->bed.fd, 100, 0, 0));
	run_close_peer(run);
	SEE(run_send(run, run->bed.fd, 1, 40, 0));
	see_completion(run, &ring);
	SEE(submit_recv(&ring, run->bed.fd, 100, 0, 0));
	SEE(shutdown(run->bed.fd, SHUT_RD));
	see_completion(run, &ring);
}

static const struct difference zerocopy[] = {
	DIFFERS("uring_wait(&ring, &cqe) = 40",
		"uring_wait(&ring, &cqe) = EOPNOTSUPP",
		"nothing would be sent without a copy"),
	DIFFERS("message = 40", "message = EAGAIN", "likewise"),
	{}
};

SCENARIO_BUT(uring, send_without_a_copy_is_refused, zerocopy)
{
	struct io_uring_sqe out =
		uring_sqe(IORING_OP_SEND_ZC, run->bed.fd, text, 40, 0);
	char seen[100];
	struct io_uring_cqe cqe;
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	marked_text(text, 40, 1);
	SEE(uring_submit(&ring, &out));
	SEE(uring_wait(&ring, &cqe));
	SETTLE();
	SEE_AS(recv(run->bed.peer, seen, sizeof(seen), MSG_DONTWAIT), "message");
	/* That the buffer is free comes apart. */
	if (cqe.flags & IORING_CQE_F_MORE)
		uring_wait(&ring, &cqe);
	tell(run, "flags %#x", cqe.flags);
	SEE(run_send(run, run->bed.fd, 2, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* The kernel's own thread takes the requests. */
SCENARIO(uring, kernel_thread_submits)
{
	struct io_uring_sqe out =
		uring_sqe(IORING_OP_SEND, run->bed.fd, text, 40, 0);
	struct io_uring_sqe in =
		uring_sqe(IORING_OP_RECV, run->bed.peer, buffer, 100, 0);
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, IORING_SETUP_SQPOLL));
	marked_text(text, 40, 1);
	run->texts++;
	for (int i = 0; i < 3; i++) {
		memset(buffer, 0, 40);
		uring_put(&ring, &in);
		uring_put(&ring, &out);
		SEE(uring_enter(&ring, 2, 0, IORING_ENTER_SQ_WAKEUP));
		SEE(uring_wait(&ring, NULL));
		SEE(uring_wait(&ring, NULL));
		see_text(run, buffer, 40);
	}
}

/*
 * What is refused completes no recv(), however often it wakes the request, and
 * with whatever the kernel does after so many times.
 */
FIXTURE_BED_FAMILY(uring_refused)

FIXTURE_SETUP(uring_refused)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(uring_refused)
{
}

TEST_F(uring_refused, completes_no_recv)
{
	struct io_uring_cqe cqe;
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	ASSERT_EQ(0, submit_recv(&ring, self->bed.fd, 100, 0, 0));
	for (int i = 0; i < 300; i++) {
		ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
		uring_enter(&ring, 0, 0, IORING_ENTER_GETEVENTS);
	}
	EXPECT_EQ(0, uring_get(&ring, &cqe));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_EQ(5, uring_wait(&ring, &cqe));
	EXPECT_EQ(0, memcmp("there", buffer, 5));
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1, .rx_malformed = 300);
}

/* A one-shot poll takes any arrival for an answer; then there's EAGAIN. */
TEST_F(uring_refused, poll_may_be_wrong_and_loses_nothing)
{
	struct io_uring_cqe cqe;
	struct uring ring;

	ASSERT_EQ(0, uring_open(&ring, 0));
	ASSERT_EQ(0, submit_poll(&ring, self->bed.fd, POLLIN, 0));
	ASSERT_EQ(0, bed_inject(&self->bed, "garbage", 7));
	uring_enter(&ring, 0, 0, IORING_ENTER_GETEVENTS);
	if (uring_get(&ring, &cqe)) {
		EXPECT_ERRNO(EAGAIN,
			     recv(self->bed.fd, buffer, 100, MSG_DONTWAIT));
		ASSERT_EQ(0, submit_poll(&ring, self->bed.fd, POLLIN, 0));
	}
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	EXPECT_LT(0, uring_wait(&ring, &cqe));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
}

TEST_HARNESS_MAIN
