// SPDX-License-Identifier: GPL-2.0
/* The connection: another peer, shutdown() each way, close() in between. */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>

#include "compare.h"
#include "waiter.h"

FIXTURE_COMPARE(connection)

/* Another peer, with the keys of the first; its numbers begin elsewhere. */
static int other_peer(struct run *run)
{
	int fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);

	if (fd < 0 || bed_bind(fd, run->bed.family) ||
	    bed_connect(fd, run->bed.fd) || run_attach_at(run, fd, 1, 0, 500))
		return -1;
	return fd;
}

/* The association goes where the connection goes, and hears nobody else. */
SCENARIO(connection, E6_new_address_is_the_only_peer)
{
	int other = other_peer(run), fd = run->bed.fd;

	ASSERT_LE(0, other);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SEE(run_send(run, other, 2, 40, 0));
	SETTLE();
	SEE(bed_connect(fd, other));
	/* What came before is read still. */
	see_recv(run, fd, 100, MSG_DONTWAIT);
	SEE(run_send(run, run->bed.peer, 3, 40, 0));
	SEE(run_send(run, other, 4, 40, 0));
	SEE(run_send(run, fd, 5, 40, 0));
	SETTLE();
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	see_recv(run, other, 100, MSG_DONTWAIT);
	SEE(bed_connect(fd, run->bed.peer));
	SEE(run_send(run, run->bed.peer, 6, 40, 0));
	SEE(run_send(run, fd, 7, 40, 0));
	SETTLE();
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

SCENARIO(connection, same_address_again_changes_nothing)
{
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	SEE(bed_connect(run->bed.fd, run->bed.peer));
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	SEE(run_send(run, run->bed.fd, 2, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* What can't be connected to leaves the connection as it was. */
SCENARIO(connection, bad_address_changes_nothing)
{
	struct sockaddr_in6 addr6 = { .sin6_family = AF_INET6,
				      .sin6_port = htons(9) };
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(9),
				    .sin_addr.s_addr = htonl(0x08080808) };
	int fd = run->bed.fd;

	/* No route leads there. */
	SEE(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	addr6.sin6_addr.s6_addr[0] = 0x20;
	SEE(connect(fd, (struct sockaddr *)&addr6, sizeof(addr6)));
	SEE(connect(fd, (struct sockaddr *)&addr, 3));
	SEE(connect(fd, (struct sockaddr *)&addr6, 20));
	SEE(connect(fd, (void *)8, 16));
	addr.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	SEE(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	addr.sin_family = AF_UNIX;
	SEE(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	SEE(run_send(run, fd, 1, 40, 0));
	SEE(run_send(run, run->bed.peer, 2, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
}

SCENARIO(connection, other_calls_fail_as_ever)
{
	int fd = run->bed.fd, value = 0;

	SEE(listen(fd, 1));
	SEE(accept(fd, NULL, NULL));
	SEE(bed_bind(fd, run->bed.family));
	SEE(ioctl(fd, SIOCATMARK, &value));
	SEE(ioctl(fd, 0x1234, &value));
	SEE(sockatmark(fd));
	see_option(run, fd, SOL_SOCKET, SO_ACCEPTCONN);
	see_option(run, fd, SOL_SOCKET, SO_TYPE);
	see_option(run, fd, SOL_SOCKET, SO_PROTOCOL);
}

static const short all_events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP |
				POLLRDNORM | POLLWRNORM | POLLMSG;

static void see_both(struct __test_metadata *_metadata, struct run *run)
{
	int fd = run->bed.fd, peer = run->bed.peer;

	see_poll(run, fd, all_events);
	SEE(run_send(run, fd, 1, 40, MSG_NOSIGNAL));
	SEE(run_send(run, peer, 2, 40, MSG_NOSIGNAL));
	SETTLE();
	see_poll(run, fd, all_events);
	see_poll(run, peer, all_events);
	for (int i = 0; i < 3; i++) {
		see_recv(run, fd, 100, MSG_DONTWAIT | MSG_PEEK);
		see_recv(run, fd, 100, MSG_DONTWAIT);
		see_recv(run, peer, 100, MSG_DONTWAIT);
	}
	see_poll(run, fd, all_events);
}

/* With a message that waits, with one that poll() found, and without. */
static void see_shutdown(struct __test_metadata *_metadata, struct run *run,
			 int how, int waiting)
{
	if (waiting)
		SEE(run_send(run, run->bed.peer, 9, 40, 0));
	SETTLE();
	if (waiting > 1)
		see_poll(run, run->bed.fd, all_events);
	SEE(shutdown(run->bed.fd, how));
	see_both(_metadata, run);
	SEE(shutdown(run->bed.fd, how));
	/* It may be connected anew; what was shut stays so. */
	SEE(bed_connect(run->bed.fd, run->bed.peer));
	see_both(_metadata, run);
}

SCENARIO(connection, shut_for_reading)
{
	see_shutdown(_metadata, run, SHUT_RD, 0);
}

SCENARIO(connection, shut_for_reading_with_data)
{
	see_shutdown(_metadata, run, SHUT_RD, 1);
}

SCENARIO(connection, shut_for_reading_with_data_polled_for)
{
	see_shutdown(_metadata, run, SHUT_RD, 2);
}

SCENARIO(connection, shut_for_writing)
{
	see_shutdown(_metadata, run, SHUT_WR, 1);
}

SCENARIO(connection, shut_both_ways)
{
	see_shutdown(_metadata, run, SHUT_RDWR, 1);
}

SCENARIO(connection, shut_no_way)
{
	SEE(shutdown(run->bed.fd, 3));
	SEE(shutdown(run->bed.fd, -1));
	see_both(_metadata, run);
}

/* Nothing to wait for: it's at its end, if nobody sends. */
SCENARIO(connection, shut_socket_has_an_end)
{
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	SEE(shutdown(run->bed.fd, SHUT_RD));
	see_recv(run, run->bed.fd, 100, 0);
	see_recv(run, run->bed.fd, 100, 0);
	see_recv(run, run->bed.fd, 100, MSG_PEEK);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

static long receive(void *arg)
{
	char text[100];

	return recv(*(int *)arg, text, sizeof(text), 0);
}

static long poll_in(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLIN | POLLRDHUP };

	return poll(&pfd, 1, -1) * 0x10000 + pfd.revents;
}

static long epoll_in(void *arg)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET | EPOLLRDHUP };
	int ep = epoll_create1(0);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, *(int *)arg, &event))
		return -1;
	return epoll_wait(ep, &event, 1, -1) * 0x10000 + (long)event.events;
}

static long (*const waits[])(void *) = { receive, poll_in, epoll_in };

SCENARIO(connection, shutdown_wakes_who_waits)
{
	struct waiter waiter;

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		int fd[2];

		ASSERT_EQ(0, bed_pair(run->bed.family, fd));
		ASSERT_EQ(0, run_attach(run, fd[0], 0, 1));
		ASSERT_EQ(0, waiter_begin(&waiter, waits[i], &fd[0]));
		SEE(shutdown(fd[0], i % 2 ? SHUT_RDWR : SHUT_RD));
		SEE_AS(waiter_end(&waiter), "waiter %zu", i);
	}
}

/* The reader holds the socket: it's there until he has read. */
SCENARIO(connection, close_under_a_reader)
{
	int fd = run->bed.fd, alias = dup(fd), read_from = alias;
	struct waiter waiter;

	ASSERT_EQ(0, waiter_begin(&waiter, receive, &read_from));
	SEE(close(fd));
	SEE(close(alias));
	run->bed.fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SEE(waiter_end(&waiter));
	SEE(run_send(run, run->bed.peer, 2, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* Whatever waits in either queue goes with the socket. */
SCENARIO(connection, close_with_data_queued)
{
	for (int opened = 0; opened < 3; opened++) {
		int fd[2];

		ASSERT_EQ(0, bed_pair(run->bed.family, fd));
		ASSERT_EQ(0, run_attach(run, fd[0], 0, 1));
		ASSERT_EQ(0, run_attach(run, fd[1], 1, 1));
		for (unsigned int i = 0; i < 3; i++)
			SEE(run_send(run, fd[1], i, 40, 0));
		SETTLE();
		if (opened > 0)
			see_poll(run, fd[0], POLLIN);
		if (opened > 1)
			see_recv(run, fd[0], 100, MSG_PEEK);
		SEE(close(fd[0]));
		SEE(run_send(run, fd[1], 9, 40, 0));
		SETTLE();
		see_recv(run, fd[1], 100, MSG_DONTWAIT);
		SEE(close(fd[1]));
	}
	if (run->keyed)
		EXPECT_EQ(2, dtls_net_stat("DtlsCurrAttached"));
}

/*
 * A socket with a port that the caller chose: it stays when the connection is
 * dissolved.
 */
static int fixed_socket(const struct run *run, uint16_t port)
{
	int fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	/* Of the same address as another one's. */
	if (getsockname(run->bed.barrier, (struct sockaddr *)&addr, &len))
		return -1;
	((struct sockaddr_in *)&addr)->sin_port = htons(port);
	return bind(fd, (struct sockaddr *)&addr, len) ? -1 : fd;
}

/* The run's sockets with such ports, and one more that talks to the first. */
static int fix_sockets(struct run *run)
{
	int other = fixed_socket(run, 5003);

	close(run->bed.fd);
	close(run->bed.peer);
	run->bed.fd = fixed_socket(run, 5001);
	run->bed.peer = fixed_socket(run, 5002);
	if (bed_connect(run->bed.fd, run->bed.peer) ||
	    bed_connect(run->bed.peer, run->bed.fd) ||
	    bed_connect(other, run->bed.fd) ||
	    run_attach(run, run->bed.fd, 0, 1) ||
	    run_attach(run, run->bed.peer, 1, 1) ||
	    run_attach_at(run, other, 1, 1, 500))
		return -1;
	return other;
}

static int disconnect(int fd)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	return connect(fd, &none, sizeof(none));
}

static ssize_t send_to(struct run *run, int fd, int to, unsigned int id,
		       size_t len)
{
	struct sockaddr_storage addr;
	socklen_t addr_len = sizeof(addr);
	char text[100];
	ssize_t n;

	marked_text(text, len, id);
	if (getsockname(to, (struct sockaddr *)&addr, &addr_len))
		return -1;
	n = sendto(fd, text, len, 0, (struct sockaddr *)&addr, addr_len);
	run->texts += n > 0;
	return n;
}

/* Whoever has the key is heard then, and sending needs an address. */
SCENARIO(connection, dissolved_connection)
{
	int other = fix_sockets(run), fd = run->bed.fd;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	ASSERT_LE(0, other);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	SEE(disconnect(fd));
	SEE(getpeername(fd, (struct sockaddr *)&addr, &len));
	see_poll(run, fd, all_events);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	SEE(run_send(run, run->bed.peer, 2, 40, 0));
	SEE(run_send(run, other, 3, 40, 0));
	SETTLE();
	see_poll(run, fd, all_events);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	SEE(run_send(run, fd, 4, 40, 0));
	SEE(send_to(run, fd, run->bed.peer, 5, 40));
	SEE(send_to(run, fd, other, 6, 50));
	SEE(send_to(run, fd, other, 7, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	see_recv(run, other, 100, MSG_DONTWAIT);
	see_recv(run, other, 100, MSG_DONTWAIT);
	SEE(shutdown(fd, SHUT_RDWR));
	SEE(disconnect(fd));
}

/* And may be there again. */
SCENARIO(connection, dissolved_connection_is_made_anew)
{
	int other = fix_sockets(run), fd = run->bed.fd;

	ASSERT_LE(0, other);
	SEE(disconnect(fd));
	SEE(bed_connect(fd, other));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SEE(run_send(run, other, 2, 40, 0));
	SEE(run_send(run, fd, 3, 40, 0));
	SETTLE();
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, other, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* Nobody listens where it sends to: it's told only if it asked for that. */
SCENARIO(connection, dissolved_connection_and_errors)
{
	int nobody = fix_sockets(run), fd = run->bed.fd;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	SEE(disconnect(fd));
	SEE(getsockname(nobody, (struct sockaddr *)&addr, &len));
	for (int asked = 0; asked < 2; asked++) {
		SEE(set_option(fd, SOL_IP, IP_RECVERR, asked));
		SEE(set_option(fd, SOL_IPV6, IPV6_RECVERR, asked));
		if (!asked)
			SEE(close(nobody));
		SEE_AS(sendto(fd, MARKER MARKER, 16, 0,
			      (struct sockaddr *)&addr, len),
		       "sent");
		SETTLE();
		see_poll(run, fd, all_events);
		see_recv(run, fd, 100, MSG_DONTWAIT | MSG_ERRQUEUE);
		see_recv(run, fd, 100, MSG_DONTWAIT);
	}
}

static const struct difference addressed[] = {
	DIFFERS("send_to(run, fd, run->bed.peer, 1, 40) = 40",
		"send_to(run, fd, run->bed.peer, 1, 40) = EISCONN",
		"the association is with the peer, by its connection"),
	DIFFERS("send_to(run, fd, other, 2, 40) = 40",
		"send_to(run, fd, other, 2, 40) = EISCONN", "likewise"),
	DIFFERS("the peer = 40", "the peer = EAGAIN", "likewise"),
	DIFFERS("the other = 40", "the other = EAGAIN", "likewise"),
	{}
};

SCENARIO_BUT(connection, address_on_a_connection, addressed)
{
	int other = fix_sockets(run), fd = run->bed.fd;
	char text[100];

	ASSERT_LE(0, other);
	/* The other one hears it as far as plain UDP is concerned. */
	SEE(disconnect(other));
	SEE(send_to(run, fd, run->bed.peer, 1, 40));
	SEE(send_to(run, fd, other, 2, 40));
	SETTLE();
	SEE_AS(recv(run->bed.peer, text, sizeof(text), MSG_DONTWAIT),
	       "the peer");
	SEE_AS(recv(other, text, sizeof(text), MSG_DONTWAIT), "the other");
	SEE(run_send(run, fd, 3, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* Its end doesn't end the peer's. */
SCENARIO(connection, peer_may_come_back)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	ASSERT_EQ(0, getsockname(run->bed.peer, (struct sockaddr *)&addr, &len));
	run_close_peer(run);
	SEE(run_send(run, run->bed.fd, 1, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	run->bed.peer = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	SEE(bind(run->bed.peer, (struct sockaddr *)&addr, len));
	SEE(bed_connect(run->bed.peer, run->bed.fd));
	ASSERT_EQ(0, run_attach_at(run, run->bed.peer, 1, 0, 500));
	SEE(run_send(run, run->bed.fd, 2, 40, 0));
	SEE(run_send(run, run->bed.peer, 3, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

/* A stranger's record, under the right key, from another port. */
SCENARIO(connection, E6_stranger_is_not_heard)
{
	int stranger = other_peer(run);

	ASSERT_LE(0, stranger);
	SEE(run_send(run, stranger, 1, 40, 0));
	SETTLE();
	see_poll(run, run->bed.fd, all_events);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	/* Nobody listens for it: it's told. */
	see_recv(run, stranger, 100, MSG_DONTWAIT);
}

TEST_HARNESS_MAIN
