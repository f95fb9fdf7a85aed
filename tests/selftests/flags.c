// SPDX-License-Identifier: GPL-2.0
/* The flags of send() and recv(), buffers that are too short, time limits. */
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#include "compare.h"
#include "waiter.h"

FIXTURE_COMPARE(flags)

SCENARIO(flags, E4_peek_leaves_the_message)
{
	SEE(run_send(run, run->bed.peer, 1, 100, 0));
	SEE(run_send(run, run->bed.peer, 2, 50, 0));
	SETTLE();
	for (int i = 0; i < 3; i++)
		see_recv(run, run->bed.fd, 200, MSG_PEEK);
	see_recv(run, run->bed.fd, 10, MSG_PEEK);
	see_recv(run, run->bed.fd, 10, MSG_PEEK | MSG_TRUNC);
	see_recv(run, run->bed.fd, 0, MSG_PEEK | MSG_TRUNC);
	see_recv(run, run->bed.fd, 0, MSG_PEEK);
	see_recv(run, run->bed.fd, 200, 0);
	see_recv(run, run->bed.fd, 200, MSG_PEEK);
	see_recv(run, run->bed.fd, 200, MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 200, MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 200, MSG_DONTWAIT | MSG_PEEK);
}

SCENARIO(flags, E4_short_buffer_cuts_one_message)
{
	static const size_t rooms[] = { 0, 1, 15, 16, 99, 100, 101 };
	static const int flags[] = { 0, MSG_TRUNC };

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		for (size_t f = 0; f < ARRAY_SIZE(flags); f++) {
			SEE(run_send(run, run->bed.peer, i, 100, 0));
			SEE(run_send(run, run->bed.peer, i + 50, 30, 0));
			SETTLE();
			see_recv(run, run->bed.fd, rooms[i], flags[f]);
			see_recv(run, run->bed.fd, 200, MSG_DONTWAIT);
			see_recv(run, run->bed.fd, 200, MSG_DONTWAIT);
		}
	}
}

/* All bits, those that mean nothing to UDP as well. */
static const struct difference send_bits[] = {
	DIFFERS("flag 0x4000000 = 40", "flag 0x4000000 = EOPNOTSUPP",
		"MSG_ZEROCOPY: nothing would be sent without a copy"),
	DIFFERS("0x4000000: 40 bytes arrive", "0x4000000: -1 bytes arrive",
		"likewise"),
	DIFFERS_ON(ON_IPV6, "flag 0x1 = 40", "flag 0x1 = EOPNOTSUPP",
		   "MSG_OOB: there's no such data; UDP over IPv6 doesn't look"),
	DIFFERS_ON(ON_IPV6, "0x1: 40 bytes arrive", "0x1: -1 bytes arrive",
		   "likewise"),
	{}
};

SCENARIO_BUT(flags, each_bit_of_send, send_bits)
{
	static char text[200];

	for (int bit = 0; bit < 32; bit++) {
		int flag = (int)(1U << bit);
		ssize_t n;

		if (flag == MSG_MORE)
			continue;
		SEE_AS(run_send(run, run->bed.fd, bit, 40, flag), "flag %#x",
		       flag);
		SETTLE();
		n = recv(run->bed.peer, text, sizeof(text), MSG_DONTWAIT);
		tell(run, "%#x: %zd bytes arrive", flag, n);
	}
}

static const struct difference recv_bits[] = {
	DIFFERS("flag 0x1 = 40", "flag 0x1 = EOPNOTSUPP",
		"MSG_OOB: UDP doesn't look at it, but there's no such data"),
	DIFFERS("0x1: -1 bytes are left", "0x1: 40 bytes are left", "likewise"),
	{}
};

SCENARIO_BUT(flags, each_bit_of_recv, recv_bits)
{
	static char text[200];

	for (int bit = 0; bit < 32; bit++) {
		int flag = (int)(1U << bit);

		SEE(run_send(run, run->bed.fd, bit, 40, 0));
		SETTLE();
		SEE_AS(recv(run->bed.peer, text, sizeof(text),
			    flag | MSG_DONTWAIT),
		       "flag %#x", flag);
		tell(run, "%#x: %zd bytes are left", flag,
		     recv(run->bed.peer, text, sizeof(text), MSG_DONTWAIT));
	}
}

SCENARIO(flags, nonblocking_descriptor_is_eagain)
{
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
	SEE(fcntl(run->bed.fd, F_SETFL, O_NONBLOCK));
	see_recv(run, run->bed.fd, 100, 0);
	see_recv(run, run->bed.fd, 100, MSG_WAITALL);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, 0);
	see_recv(run, run->bed.fd, 100, 0);
	SEE(run_send(run, run->bed.fd, 2, 40, 0));
}

static int set_timeout(int fd, int name, long usec)
{
	struct timeval timeout = { .tv_sec = usec / 1000000,
				   .tv_usec = usec % 1000000 };

	return setsockopt(fd, SOL_SOCKET, name, &timeout, sizeof(timeout));
}

SCENARIO(flags, time_limit_is_eagain)
{
	int fd = run->bed.fd;

	SEE(set_timeout(fd, SO_RCVTIMEO, 20000));
	see_recv(run, fd, 100, 0);
	see_recv(run, fd, 100, MSG_PEEK);
	see_recv(run, fd, 100, MSG_WAITALL);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_recv(run, fd, 100, 0);
	see_recv(run, fd, 100, 0);
	SEE(set_timeout(fd, SO_RCVTIMEO, 1));
	see_recv(run, fd, 100, 0);
	SEE(set_timeout(fd, SO_SNDTIMEO, 1));
	SEE(run_send(run, fd, 2, 40, 0));
	SEE(set_timeout(fd, SO_RCVTIMEO, -1));
	see_recv(run, fd, 100, MSG_DONTWAIT);
	SEE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, "", 1));
}

/* Of one message: there's no stream to wait for the rest of. */
SCENARIO(flags, waitall_is_one_message)
{
	for (unsigned int i = 0; i < 3; i++)
		SEE(run_send(run, run->bed.peer, i, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 1000, MSG_WAITALL);
	see_recv(run, run->bed.fd, 1000, MSG_WAITALL | MSG_PEEK);
	see_recv(run, run->bed.fd, 10, MSG_WAITALL);
	see_recv(run, run->bed.fd, 40, MSG_WAITALL);
	see_recv(run, run->bed.fd, 40, MSG_WAITALL | MSG_DONTWAIT);
}

/* It looks at the length of the queue, as for any datagrams. */
SCENARIO(flags, low_water_mark_counts_for_nothing)
{
	SEE(set_option(run->bed.fd, SOL_SOCKET, SO_RCVLOWAT, 1000));
	see_option(run, run->bed.fd, SOL_SOCKET, SO_RCVLOWAT);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_poll(run, run->bed.fd, POLLIN);
	see_recv(run, run->bed.fd, 1000, 0);
}

static const struct difference peek_offset[] = {
	DIFFERS("set_option(run->bed.fd, SOL_SOCKET, SO_PEEK_OFF, 0) = 0",
		"set_option(run->bed.fd, SOL_SOCKET, SO_PEEK_OFF, 0) = EOPNOTSUPP",
		"a peek begins with the record"),
	DIFFERS("option 1/42: -1 of 4 bytes = 0",
		"option 1/42: -1 of 4 bytes = EOPNOTSUPP", "likewise"),
	{}
};

SCENARIO_BUT(flags, peek_offset_is_refused, peek_offset)
{
	see_option(run, run->bed.fd, SOL_SOCKET, SO_PEEK_OFF);
	SEE(set_option(run->bed.fd, SOL_SOCKET, SO_PEEK_OFF, 0));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_PEEK);
	see_recv(run, run->bed.fd, 100, 0);
}

/* The address buffer may be too short, too long, or missing. */
SCENARIO(flags, address_is_cut_to_its_buffer)
{
	static const int rooms[] = { 0, 1, 8, 16, 28, 100, -1 };
	struct sockaddr_storage addr;
	char text[100];

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		socklen_t len = (socklen_t)rooms[i];

		memset(&addr, 0x55, sizeof(addr));
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SETTLE();
		SEE(recvfrom(run->bed.fd, text, sizeof(text), 0,
			     (struct sockaddr *)&addr, &len));
		/* The port comes third and fourth. */
		memset((char *)&addr + 2, 0, 2);
		see_text(run, &addr, sizeof(addr));
		tell(run, "%d of %d bytes", (int)len, rooms[i]);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

struct receiver {
	int fd, flags;
	char text[200];
};

static long receive(void *arg)
{
	struct receiver *receiver = arg;

	return recv(receiver->fd, receiver->text, sizeof(receiver->text),
		    receiver->flags);
}

static const int blocking_flags[] = { 0, MSG_PEEK, MSG_TRUNC, MSG_WAITALL };

SCENARIO(flags, reader_waits_for_a_message)
{
	for (size_t i = 0; i < ARRAY_SIZE(blocking_flags); i++) {
		struct receiver receiver = { .fd = run->bed.fd,
					     .flags = blocking_flags[i] };
		struct waiter waiter;

		ASSERT_EQ(0, waiter_begin(&waiter, receive, &receiver));
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SEE(waiter_end(&waiter));
		see_text(run, receiver.text, 40);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

static int signals;

static void on_signal(int signal)
{
	__atomic_add_fetch(&signals, 1, __ATOMIC_RELEASE);
}

/* @sa_flags: SA_RESTART or 0; @usec: SO_RCVTIMEO, which is no longer restarted */
static void see_signal(struct __test_metadata *_metadata, struct run *run,
		       int sa_flags, long usec)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = sa_flags };
	struct receiver receiver = { .fd = run->bed.fd };
	struct waiter waiter;
	int before = signals, restarts = sa_flags && !usec;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, set_timeout(run->bed.fd, SO_RCVTIMEO, usec));
	ASSERT_EQ(0, waiter_begin(&waiter, receive, &receiver));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	while (__atomic_load_n(&signals, __ATOMIC_ACQUIRE) == before)
		sched_yield();
	if (!restarts)
		SEE(waiter_end(&waiter));
	ASSERT_EQ(0, restarts ? waiter_sleeps(&waiter) : 0);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	if (restarts)
		SEE(waiter_end(&waiter));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

SCENARIO(flags, signal_interrupts_or_restarts)
{
	see_signal(_metadata, run, 0, 0);
	see_signal(_metadata, run, SA_RESTART, 0);
	see_signal(_metadata, run, 0, 600000000);
	see_signal(_metadata, run, SA_RESTART, 600000000);
}

TEST_HARNESS_MAIN
