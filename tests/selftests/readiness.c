// SPDX-License-Identifier: GPL-2.0
/* select(), poll(), epoll and signals say what they say for plain UDP. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "compare.h"
#include "waiter.h"

FIXTURE_COMPARE(readiness)

static const short all_events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP |
				POLLRDNORM | POLLWRNORM | POLLRDBAND |
				POLLWRBAND | POLLMSG;

static void see_select(struct run *run, int fd)
{
	struct timeval now = {};
	fd_set in, out, except;
	int n;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = except = in;
	n = select(fd + 1, &in, &out, &except, &now);
	see(run, n, "select(): %d%d%d", FD_ISSET(fd, &in), FD_ISSET(fd, &out),
	    FD_ISSET(fd, &except));
}

static int epoll_of(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(0);

	return ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

static void see_epoll(struct run *run, int ep)
{
	struct epoll_event event = {};
	int n = epoll_wait(ep, &event, 1, 0);

	see(run, n, "epoll_wait(): %#x", event.events);
}

static void see_all(struct run *run, int fd)
{
	int ep = epoll_of(fd, 0x3fff);

	see_epoll(run, ep);
	close(ep);
	see_poll(run, fd, 0);
	see_poll(run, fd, POLLIN);
	see_poll(run, fd, POLLOUT);
	see_poll(run, fd, all_events);
	see_select(run, fd);
}

/* Each state of a socket, by each call, in whichever order. */
SCENARIO(readiness, each_state_by_each_call)
{
	int fd = run->bed.fd;

	see_all(run, fd);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_all(run, fd);
	SEE(run_send(run, run->bed.peer, 2, 0, 0));
	SETTLE();
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_all(run, fd);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_all(run, fd);
	SEE(set_option(fd, SOL_IP, IP_RECVERR, 1));
	SEE(set_option(fd, SOL_IPV6, IPV6_RECVERR, 1));
	run_close_peer(run);
	SEE(run_send(run, fd, 3, 40, 0));
	SETTLE();
	see_all(run, fd);
	SEE(set_option(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1));
	see_all(run, fd);
	see_recv(run, fd, 100, MSG_DONTWAIT | MSG_ERRQUEUE);
	see_all(run, fd);
	SEE(shutdown(fd, SHUT_WR));
	see_all(run, fd);
	SEE(shutdown(fd, SHUT_RD));
	see_all(run, fd);
}

SCENARIO(readiness, sets_of_several_sockets)
{
	struct timeval now = {};
	struct pollfd pfd[4] = { { .fd = run->bed.fd, .events = POLLIN },
				 { .fd = -1, .events = POLLIN },
				 { .fd = run->bed.peer, .events = POLLIN },
				 { .fd = 1000, .events = POLLIN } };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(run->bed.fd, &in);
	FD_SET(run->bed.peer, &in);
	SEE(run_send(run, run->bed.fd, 1, 40, 0));
	SETTLE();
	SEE(poll(pfd, 4, 0));
	for (int i = 0; i < 4; i++)
		tell(run, "%d: %#x", i, pfd[i].revents);
	SEE(select(run->bed.peer + 1, &in, NULL, NULL, &now));
	tell(run, "%d%d", FD_ISSET(run->bed.fd, &in),
	     FD_ISSET(run->bed.peer, &in));
}

SCENARIO(readiness, epoll_level)
{
	int fd = run->bed.fd, ep = epoll_of(fd, EPOLLIN);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };

	see_epoll(run, ep);
	for (unsigned int i = 0; i < 3; i++)
		SEE(run_send(run, run->bed.peer, i, 40, 0));
	SETTLE();
	for (int i = 0; i < 4; i++) {
		see_epoll(run, ep);
		see_epoll(run, ep);
		see_recv(run, fd, 100, MSG_DONTWAIT);
	}
	see_epoll(run, ep);
	SEE(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &event));
	see_epoll(run, ep);
	see_epoll(run, ep);
	SEE(epoll_ctl(ep, EPOLL_CTL_DEL, fd, &event));
	see_epoll(run, ep);
}

SCENARIO(readiness, epoll_edge)
{
	int fd = run->bed.fd, ep = epoll_of(fd, EPOLLIN | EPOLLET);

	see_epoll(run, ep);
	for (unsigned int i = 0; i < 3; i++) {
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SETTLE();
		see_epoll(run, ep);
		see_epoll(run, ep);
	}
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_epoll(run, ep);
	see_recv(run, fd, 100, MSG_DONTWAIT | MSG_PEEK);
	see_epoll(run, ep);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_epoll(run, ep);
	for (unsigned int i = 0; i < 2; i++)
		SEE(run_send(run, run->bed.peer, i, 40, 0));
	SETTLE();
	see_epoll(run, ep);
	see_epoll(run, ep);
}

/* It's told once, though poll() looks past it for a record. */
SCENARIO(readiness, epoll_edge_of_an_error)
{
	int ep = epoll_of(run->bed.fd, EPOLLIN | EPOLLET);

	see_epoll(run, ep);
	run_close_peer(run);
	for (unsigned int i = 0; i < 2; i++) {
		SEE(run_send(run, run->bed.fd, i, 40, 0));
		SETTLE();
		for (int n = 0; n < 3; n++)
			see_epoll(run, ep);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
	see_epoll(run, ep);
}

/* Each send is an edge of its own where room is waited for. */
SCENARIO(readiness, epoll_edge_both_ways)
{
	int fd = run->bed.fd;
	int ep = epoll_of(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);

	see_epoll(run, ep);
	see_epoll(run, ep);
	SEE(run_send(run, fd, 1, 40, 0));
	SETTLE();
	see_epoll(run, ep);
	see_epoll(run, ep);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_epoll(run, ep);
	see_epoll(run, ep);
	SEE(shutdown(fd, SHUT_RD));
	see_epoll(run, ep);
	see_epoll(run, ep);
}

SCENARIO(readiness, epoll_once)
{
	int fd = run->bed.fd, ep = epoll_of(fd, EPOLLIN | EPOLLONESHOT);
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };

	for (unsigned int i = 0; i < 3; i++)
		SEE(run_send(run, run->bed.peer, i, 40, 0));
	SETTLE();
	for (int i = 0; i < 4; i++) {
		see_epoll(run, ep);
		see_epoll(run, ep);
		see_recv(run, fd, 100, MSG_DONTWAIT);
		SEE(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &event));
	}
	see_epoll(run, ep);
}

/* What waits already when the socket is added is told of. */
SCENARIO(readiness, epoll_finds_what_waits)
{
	static const uint32_t kinds[] = { 0, EPOLLET, EPOLLONESHOT,
					  EPOLLEXCLUSIVE,
					  EPOLLET | EPOLLEXCLUSIVE };

	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int ep = epoll_of(run->bed.fd, EPOLLIN | kinds[i]);

		see_epoll(run, ep);
		see_epoll(run, ep);
	}
}

SCENARIO(readiness, epoll_within_epoll)
{
	int inner = epoll_of(run->bed.fd, EPOLLIN);
	int outer = epoll_of(inner, EPOLLIN);
	int edge = epoll_of(inner, EPOLLIN | EPOLLET);

	see_epoll(run, outer);
	see_poll(run, inner, POLLIN);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	for (int i = 0; i < 2; i++) {
		see_epoll(run, outer);
		see_epoll(run, edge);
		see_poll(run, inner, POLLIN);
		see_epoll(run, inner);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

SCENARIO(readiness, epoll_outlives_a_descriptor)
{
	int other = dup(run->bed.fd), ep = epoll_of(other, EPOLLIN);

	SEE(close(other));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_epoll(run, ep);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_epoll(run, ep);
	SEE(close(run->bed.fd));
	see_epoll(run, ep);
	run->bed.fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
}

static long wait_poll(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&pfd, 1, -1) * 0x10000 + pfd.revents;
}

static long wait_select(void *arg)
{
	int fd = *(int *)arg;
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	return select(fd + 1, &in, NULL, NULL, NULL) * 0x10000 +
	       !!FD_ISSET(fd, &in);
}

static long wait_epoll(int fd, uint32_t kind)
{
	struct epoll_event event;

	return epoll_wait(epoll_of(fd, EPOLLIN | kind), &event, 1, -1) *
		       0x10000 +
	       (long)event.events;
}

static long wait_level(void *arg)
{
	return wait_epoll(*(int *)arg, 0);
}

static long wait_edge(void *arg)
{
	return wait_epoll(*(int *)arg, EPOLLET);
}

/* All that wait are told of one message, for none of them reads it. */
SCENARIO(readiness, all_pollers_are_woken)
{
	static long (*const waits[])(
		void *) = { wait_poll, wait_select, wait_level, wait_edge,
			    wait_poll, wait_select, wait_level, wait_edge };
	struct waiter waiter[ARRAY_SIZE(waits)];

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		ASSERT_EQ(0, waiter_begin(&waiter[i], waits[i], &run->bed.fd));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		SEE_AS(waiter_end(&waiter[i]), "waiter %zu", i);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_all(run, run->bed.fd);
}

static volatile sig_atomic_t signalled;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	signalled++;
}

SCENARIO(readiness, owner_is_signalled)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO };
	int fd = run->bed.fd;

	signalled = 0;
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	SEE(fcntl(fd, F_SETOWN, getpid()));
	SEE(fcntl(fd, F_SETSIG, SIGUSR1));
	SEE(fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK));
	for (unsigned int i = 0; i < 3; i++) {
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SETTLE();
		tell(run, "%d signals", signalled);
		see_recv(run, fd, 100, 0);
		see_recv(run, fd, 100, 0);
	}
	run_close_peer(run);
	SEE(run_send(run, fd, 9, 40, 0));
	SETTLE();
	tell(run, "%d signals", signalled);
	SEE(fcntl(fd, F_SETFL, 0));
}

TEST_HARNESS_MAIN
