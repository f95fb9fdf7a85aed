// SPDX-License-Identifier: GPL-2.0
/* Buffers that are full, in each direction, and how much is in them. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "compare.h"
#include "uring.h"
#include "waiter.h"

FIXTURE_COMPARE(buffers)

enum {
	/* A datagram has the same truesize with and without a record around. */
	LEN = 1000,
	MANY = 100,
};

/* A counter of /proc/net/snmp's and snmp6's for UDP, both added. */
static long long udp_counter(const char *name)
{
	char path[64], line[2][1024], *save[2], *word[2];
	long long sum = 0, value;
	FILE *file = fopen("/proc/thread-self/net/snmp", "r");

	while (file && fgets(line[0], sizeof(line[0]), file) &&
	       fgets(line[1], sizeof(line[1]), file)) {
		if (strncmp(line[0], "Udp:", 4))
			continue;
		for (int i = 0; i < 2; i++)
			word[i] = strtok_r(line[i], " \n", &save[i]);
		while (word[0] && strcmp(word[0], name))
			for (int i = 0; i < 2; i++)
				word[i] = strtok_r(NULL, " \n", &save[i]);
		sum += word[0] ? atoll(word[1]) : 0;
	}
	if (file)
		fclose(file);
	file = fopen("/proc/thread-self/net/snmp6", "r");
	snprintf(path, sizeof(path), "Udp6%s", name);
	while (file && fscanf(file, "%1023s %lld", line[0], &value) == 2)
		sum += strcmp(line[0], path) ? 0 : value;
	if (file)
		fclose(file);
	return sum;
}

static int receive_all(int fd)
{
	static char text[1 << 17];
	int count = 0;

	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) >= 0)
		count++;
	return count;
}

static void see_udp(struct run *run)
{
	static const char *const names[] = { "InDatagrams", "InErrors",
					     "NoPorts", "RcvbufErrors",
					     "SndbufErrors" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tell(run, "%s: %lld", names[i], udp_counter(names[i]));
}

/* What there's no room for is lost, and counted; what comes later isn't. */
SCENARIO(buffers, full_receive_buffer_loses_the_newest)
{
	int fd = run->bed.fd, count;

	SEE(set_option(fd, SOL_SOCKET, SO_RCVBUF, 30000));
	SEE(set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1));
	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < MANY; i++)
			SEE(run_send(run, run->bed.peer, i, LEN, 0));
		SETTLE();
		see_recv(run, fd, LEN, MSG_DONTWAIT);
		count = receive_all(fd);
		tell(run, "%d of %d arrived", count, MANY);
		ASSERT_LT(0, count);
		ASSERT_GT(MANY, count);
		SEE(run_send(run, run->bed.peer, 200, LEN, 0));
		SETTLE();
		see_recv(run, fd, LEN, MSG_DONTWAIT);
		see_udp(run);
	}
}

/* One that fills it alone is taken all the same. */
SCENARIO(buffers, smallest_receive_buffer_takes_one)
{
	int fd = run->bed.fd;

	SEE(set_option(fd, SOL_SOCKET, SO_RCVBUF, 1));
	see_option(run, fd, SOL_SOCKET, SO_RCVBUF);
	for (unsigned int i = 0; i < 3; i++)
		SEE(run_send(run, run->bed.peer, i, 16384, 0));
	SETTLE();
	tell(run, "%d arrived", receive_all(fd));
	SEE(run_send(run, run->bed.peer, 9, LEN, 0));
	SETTLE();
	see_recv(run, fd, LEN, MSG_DONTWAIT);
}

/* A large one needs its memory, and no more. */
SCENARIO(buffers, smallest_send_buffer_sends_one)
{
	int fd = run->bed.fd;

	SEE(set_option(fd, SOL_SOCKET, SO_SNDBUF, 1));
	see_option(run, fd, SOL_SOCKET, SO_SNDBUF);
	for (unsigned int i = 0; i < 5; i++)
		SEE(run_send(run, fd, i, 16384, MSG_DONTWAIT));
	SETTLE();
	tell(run, "%d arrived", receive_all(run->bed.peer));
}

static void see_queued(struct run *run, int fd)
{
	int in = -1, out = -1;

	SEE(ioctl(fd, SIOCINQ, &in));
	SEE(ioctl(fd, SIOCOUTQ, &out));
	tell(run, "%d bytes come next, %s", in,
	     out ? "some are on their way" : "none is on its way");
}

SCENARIO(buffers, siocinq_is_the_next_length)
{
	static const size_t lens[] = { 40, 0, 1, 16384, 17 };
	int fd = run->bed.fd;

	see_queued(run, fd);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		SEE(run_send(run, run->bed.peer, i, lens[i], 0));
	SETTLE();
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		see_queued(run, fd);
		see_recv(run, fd, 10, MSG_PEEK | MSG_DONTWAIT);
		see_queued(run, fd);
		see_recv(run, fd, 10, MSG_DONTWAIT);
	}
	see_queued(run, fd);
	see_queued(run, run->bed.peer);
	SEE(ioctl(fd, SIOCINQ, NULL));
	SEE(ioctl(fd, SIOCOUTQ, NULL));
}

/*
 * A link behind a queue that lets nothing through, but for what a bucket of
 * tokens holds at first.
 */
static int slow_link(void)
{
	return system("ip -batch - <<-END\n"
		      "link add slow type dummy\n"
		      "link set slow up mtu 1500\n"
		      "addr add 192.0.2.1/24 dev slow\n"
		      "addr add 2001:db8::1/64 dev slow nodad\n"
		      "END\n"
		      "tc qdisc add dev slow root tbf rate 8bit burst 1600"
		      " limit 10000000");
}

static int fast_link(void)
{
	return system("tc qdisc del dev slow root");
}

/* A socket whose peer is at the other end of that link. */
static int slow_socket(struct run *run)
{
	struct sockaddr_in6 addr6 = { .sin6_family = AF_INET6,
				      .sin6_port = htons(9) };
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(9),
				    .sin_addr.s_addr = htonl(0xc0000202) };
	int fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	int err;

	addr6.sin6_addr = (struct in6_addr) { .s6_addr = { 0x20, 1, 0xd,
							   0xb8, [15] = 2 } };
	if (run->bed.family == BED_MAPPED)
		addr6.sin6_addr = (struct in6_addr) {
			.s6_addr = { [10] = 255, 255, 192, 0, 2, 2 }
		};
	if (slow_link())
		return -1;
	if (run->bed.family == BED_IPV4)
		err = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	else
		err = connect(fd, (struct sockaddr *)&addr6, sizeof(addr6));
	return err || run_attach(run, fd, 0, 1) ? -1 : fd;
}

/* Send until there's no more room. */
static int fill(struct run *run, int fd)
{
	int count = 0;

	while (run_send(run, fd, (unsigned int)count, LEN, MSG_DONTWAIT) >= 0)
		count++;
	return errno == EAGAIN ? count : -1;
}

static long send_one(void *arg)
{
	char text[LEN];

	marked_text(text, sizeof(text), 77);
	return send(*(int *)arg, text, sizeof(text), 0);
}

static long poll_out(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLOUT };

	return poll(&pfd, 1, -1) * 0x10000 + pfd.revents;
}

static long epoll_out(void *arg)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, *(int *)arg, &event))
		return -1;
	return epoll_wait(ep, &event, 1, -1) * 0x10000 + (long)event.events;
}

SCENARIO(buffers, full_send_buffer_is_eagain)
{
	struct timeval limit = { .tv_usec = 20000 };
	int fd = slow_socket(run);

	ASSERT_LE(0, fd);
	SEE(set_option(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	see_poll(run, fd, POLLIN | POLLOUT);
	SEE(fill(run, fd));
	see_poll(run, fd, POLLIN | POLLOUT);
	see_queued(run, fd);
	SEE(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	SEE(run_send(run, fd, 1, LEN, 0));
	SEE(run_send(run, fd, 1, 0, MSG_DONTWAIT));
	SEE(fcntl(fd, F_SETFL, O_NONBLOCK));
	SEE(run_send(run, fd, 1, LEN, 0));
	/* Reading is another matter. */
	see_recv(run, fd, LEN, 0);
	ASSERT_EQ(0, fast_link());
	see_queued(run, fd);
	see_poll(run, fd, POLLIN | POLLOUT);
	SEE(run_send(run, fd, 1, LEN, 0));
	see_udp(run);
}

SCENARIO(buffers, sender_waits_for_room)
{
	static long (*const waits[])(void *) = { send_one, poll_out, epoll_out };
	struct waiter waiter[ARRAY_SIZE(waits)];
	int fd = slow_socket(run);

	ASSERT_LE(0, fd);
	SEE(set_option(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	SEE(fill(run, fd));
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		ASSERT_EQ(0, waiter_begin(&waiter[i], waits[i], &fd));
	ASSERT_EQ(0, fast_link());
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		SEE_AS(waiter_end(&waiter[i]), "waiter %zu", i);
	see_queued(run, fd);
}

/* It comes again with the same message where there was no room at first. */
SCENARIO(buffers, uring_waits_for_room)
{
	static char text[LEN];
	struct iovec iov = { text, LEN };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe sqe[] = {
		uring_sqe(IORING_OP_SEND, -1, text, LEN, 0),
		uring_sqe(IORING_OP_SENDMSG, -1, &msg, 1, 0),
	};
	int fd = slow_socket(run);
	struct io_uring_cqe cqe;
	struct uring ring;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, uring_open(&ring, 0));
	SEE(set_option(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	SEE(fill(run, fd));
	marked_text(text, LEN, 78);
	for (size_t i = 0; i < ARRAY_SIZE(sqe); i++) {
		sqe[i].fd = fd;
		SEE(uring_submit(&ring, &sqe[i]));
	}
	tell(run, "%d completions", uring_get(&ring, &cqe));
	ASSERT_EQ(0, fast_link());
	for (size_t i = 0; i < ARRAY_SIZE(sqe); i++)
		SEE(uring_wait(&ring, &cqe));
	see_udp(run);
}

/*
 * Plain UDP has the room already when the cork goes. Here the record is made
 * then, and setsockopt() must not wait any more than UDP's does.
 */
SCENARIO(buffers, uncorking_does_not_wait_for_room)
{
	int fd = slow_socket(run);

	ASSERT_LE(0, fd);
	if (!run->keyed)
		return;
	ASSERT_EQ(0, set_option(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	ASSERT_LT(0, fill(run, fd));
	ASSERT_EQ(0, set_option(fd, SOL_UDP, UDP_CORK, 1));
	ASSERT_EQ(LEN, run_send(run, fd, 1, LEN, 0));
	EXPECT_ERRNO(EAGAIN, set_option(fd, SOL_UDP, UDP_CORK, 0));
	ASSERT_EQ(0, fast_link());
	EXPECT_EQ(0, set_option(fd, SOL_UDP, UDP_CORK, 0));
}

/* What's on its way when the socket is closed goes there all the same. */
SCENARIO(buffers, close_with_data_on_its_way)
{
	int fd = slow_socket(run);

	ASSERT_LE(0, fd);
	SEE(set_option(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	SEE(fill(run, fd));
	SEE(close(fd));
	if (run->keyed)
		EXPECT_EQ(2, dtls_net_stat("DtlsCurrAttached"));
	ASSERT_EQ(0, system("tc qdisc change dev slow root tbf rate 1gbit"
			    " burst 100000 limit 10000000"));
	SETTLE();
}

TEST_HARNESS_MAIN
