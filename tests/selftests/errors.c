// SPDX-License-Identifier: GPL-2.0
/* Errors that come back from the net: at once, later, and by the error queue. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sys/epoll.h>

#include "compare.h"
#include "waiter.h"

FIXTURE_COMPARE(errors)

/* What the socket says of itself when nobody reads or writes. */
static void see_state(struct run *run, int fd)
{
	see_poll(run, fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP);
	see_option(run, fd, SOL_SOCKET, SO_ERROR);
}

static void want_errors(struct run *run, int fd)
{
	SEE(set_option(fd, SOL_IP, IP_RECVERR, 1));
	SEE(set_option(fd, SOL_IPV6, IPV6_RECVERR, 1));
}

/* An answer that nobody is there makes one call fail, whichever comes first. */
SCENARIO(errors, refusal_fails_one_call)
{
	int fd = run->bed.fd;

	run_close_peer(run);
	for (int way = 0; way < 5; way++) {
		SEE(run_send(run, fd, way, 40, 0));
		SETTLE();
		see_poll(run, fd, POLLIN | POLLOUT);
		if (way == 0)
			SEE(run_send(run, fd, way, 40, 0));
		else if (way == 1)
			see_recv(run, fd, 100, MSG_DONTWAIT);
		else if (way == 2)
			see_recv(run, fd, 100, MSG_DONTWAIT | MSG_PEEK);
		else if (way == 3)
			see_recv(run, fd, 100, 0);
		else
			see_option(run, fd, SOL_SOCKET, SO_ERROR);
		see_state(run, fd);
		see_recv(run, fd, 100, MSG_DONTWAIT);
	}
}

/* What arrived before the error is read after it. */
SCENARIO(errors, refusal_comes_before_data)
{
	int fd = run->bed.fd;

	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	run_close_peer(run);
	SEE(run_send(run, fd, 2, 40, 0));
	SETTLE();
	see_poll(run, fd, POLLIN | POLLOUT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_poll(run, fd, POLLIN | POLLOUT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
}

/* Likewise where poll() has looked at the data before. */
SCENARIO(errors, refusal_comes_before_data_polled_for)
{
	int fd = run->bed.fd;

	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_poll(run, fd, POLLIN | POLLOUT);
	run_close_peer(run);
	SEE(run_send(run, fd, 2, 40, 0));
	SETTLE();
	see_poll(run, fd, POLLIN | POLLOUT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_poll(run, fd, POLLIN | POLLOUT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
}

static long receive(void *arg)
{
	char text[100];

	return recv(*(int *)arg, text, sizeof(text), 0);
}

static long poll_in(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&pfd, 1, -1) * 0x10000 + pfd.revents;
}

static long epoll_in(void *arg)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(0);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, *(int *)arg, &event))
		return -1;
	return epoll_wait(ep, &event, 1, -1) * 0x10000 + (long)event.events;
}

SCENARIO(errors, refusal_wakes_who_waits)
{
	static long (*const waits[])(void *) = { receive, poll_in, epoll_in };
	struct waiter waiter;

	run_close_peer(run);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		ASSERT_EQ(0, waiter_begin(&waiter, waits[i], &run->bed.fd));
		SEE(run_send(run, run->bed.fd, i, 40, 0));
		SEE_AS(waiter_end(&waiter), "waiter %zu", i);
		see_state(run, run->bed.fd);
	}
}

static void see_edges(struct __test_metadata *_metadata, struct run *run,
		      uint32_t wanted)
{
	struct epoll_event event = { .events = wanted };
	int fd = run->bed.fd, ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	SEE(run_send(run, fd, 2, 40, 0));
	SETTLE();
	for (int n = 0; n < 3; n++) {
		event.events = 0;
		SEE(epoll_wait(ep, &event, 1, 0));
		tell(run, "%#x", event.events);
	}
	close(ep);
	see_option(run, fd, SOL_SOCKET, SO_ERROR);
}

/* Of an error that nobody takes there is one edge, with or without data. */
SCENARIO(errors, refusal_with_data_is_one_edge)
{
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	run_close_peer(run);
	see_edges(_metadata, run, EPOLLIN | EPOLLET);
	see_edges(_metadata, run, EPOLLIN | EPOLLOUT | EPOLLET);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

static void see_queue(struct run *run, int fd)
{
	see_recv(run, fd, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
}

/* Each error is told with the datagram, sealed, that it's about. */
SCENARIO(errors, error_queue_keeps_each)
{
	int fd = run->bed.fd;

	want_errors(run, fd);
	see_queue(run, fd);
	run_close_peer(run);
	for (unsigned int i = 0; i < 3; i++) {
		SEE(run_send(run, fd, i, 40 + i, 0));
		SETTLE();
	}
	see_poll(run, fd, POLLIN | POLLOUT | POLLPRI);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	for (int i = 0; i < 4; i++) {
		see_poll(run, fd, POLLIN | POLLOUT | POLLPRI);
		see_queue(run, fd);
	}
	see_state(run, fd);
	see_recv(run, fd, 100, MSG_DONTWAIT);
}

SCENARIO(errors, error_queue_is_told_by_priority)
{
	int fd = run->bed.fd;

	want_errors(run, fd);
	SEE(set_option(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1));
	run_close_peer(run);
	SEE(run_send(run, fd, 1, 40, 0));
	SETTLE();
	see_state(run, fd);
	see_poll(run, fd, POLLIN | POLLOUT | POLLPRI);
	see_recv(run, fd, 10, MSG_ERRQUEUE | MSG_DONTWAIT | MSG_TRUNC);
	see_poll(run, fd, POLLIN | POLLOUT | POLLPRI);
}

SCENARIO(errors, error_queue_goes_with_the_option)
{
	int fd = run->bed.fd;

	want_errors(run, fd);
	run_close_peer(run);
	SEE(run_send(run, fd, 1, 40, 0));
	SETTLE();
	SEE(set_option(fd, SOL_IP, IP_RECVERR, 0));
	SEE(set_option(fd, SOL_IPV6, IPV6_RECVERR, 0));
	see_queue(run, fd);
	see_state(run, fd);
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);

	getsockname(fd, (struct sockaddr *)&addr, &len);
	return addr.sin6_port;
}

/* A router's word on a datagram from @fd to the peer. */
static ssize_t send_icmp4(const struct run *run, uint8_t type, uint8_t code)
{
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		struct udphdr udp;
	} message = {
		.icmp = { .type = type, .code = code },
		.ip = { .version = 4,
			.ihl = 5,
			.tot_len = htons(100),
			.protocol = IPPROTO_UDP,
			.saddr = htonl(INADDR_LOOPBACK),
			.daddr = htonl(INADDR_LOOPBACK) },
		.udp = { .source = port_of(run->bed.fd),
			 .dest = port_of(run->bed.peer),
			 .len = htons(80) },
	};
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	ssize_t n;

	message.icmp.checksum = checksum(&message, sizeof(message));
	n = sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&to,
		   sizeof(to));
	close(fd);
	return n;
}

static ssize_t send_icmp6(const struct run *run, uint8_t type, uint8_t code)
{
	struct {
		struct icmp6hdr icmp;
		struct ip6_hdr ip;
		struct udphdr udp;
	} message = {
		.icmp = { .icmp6_type = type, .icmp6_code = code },
		.ip = { .ip6_flow = htonl(6u << 28),
			.ip6_plen = htons(80),
			.ip6_nxt = IPPROTO_UDP,
			.ip6_src = IN6ADDR_LOOPBACK_INIT,
			.ip6_dst = IN6ADDR_LOOPBACK_INIT },
		.udp = { .source = port_of(run->bed.fd),
			 .dest = port_of(run->bed.peer),
			 .len = htons(80) },
	};
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	ssize_t n;

	n = sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&to,
		   sizeof(to));
	close(fd);
	return n;
}

static void see_icmp(struct __test_metadata *_metadata, struct run *run,
		     uint8_t type, uint8_t code)
{
	int fd = run->bed.fd;

	SEE_AS(run->bed.family == BED_IPV6 ? send_icmp6(run, type, code) :
					     send_icmp4(run, type, code),
	       "ICMP %u/%u", type, code);
	SETTLE();
	see_poll(run, fd, POLLIN | POLLOUT | POLLPRI);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, fd, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
	see_option(run, fd, SOL_SOCKET, SO_ERROR);
}

static void see_each_icmp(struct __test_metadata *_metadata, struct run *run)
{
	static const uint8_t types4[] = { ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH,
					  ICMP_TIME_EXCEEDED,
					  ICMP_PARAMETERPROB };
	static const uint8_t types6[] = { ICMPV6_DEST_UNREACH,
					  ICMPV6_TIME_EXCEED, ICMPV6_PARAMPROB,
					  77 };
	const uint8_t *types = run->bed.family == BED_IPV6 ? types6 : types4;

	for (size_t i = 0; i < ARRAY_SIZE(types4); i++)
		for (uint8_t code = 0; code < 17; code++)
			see_icmp(_metadata, run, types[i], code);
	/* Nothing of that ends the association. */
	SEE(run_send(run, run->bed.fd, 1, 40, 0));
	SEE(run_send(run, run->bed.peer, 2, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

SCENARIO(errors, each_word_of_a_router)
{
	see_each_icmp(_metadata, run);
}

SCENARIO(errors, each_word_of_a_router_by_the_error_queue)
{
	want_errors(run, run->bed.fd);
	see_each_icmp(_metadata, run);
}

/* Of another connection: no business of this socket's. */
SCENARIO(errors, E6_word_on_another_connection_is_ignored)
{
	struct run other = *run;

	other.bed.peer = run->bed.barrier;
	want_errors(run, run->bed.fd);
	SEE(run->bed.family == BED_IPV6 ?
		    send_icmp6(&other, ICMPV6_DEST_UNREACH, 4) :
		    send_icmp4(&other, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH));
	SETTLE();
	see_state(run, run->bed.fd);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_queue(run, run->bed.fd);
}

TEST_HARNESS_MAIN
