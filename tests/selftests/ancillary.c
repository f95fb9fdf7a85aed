// SPDX-License-Identifier: GPL-2.0
/* What comes and goes beside the content: times, addresses, hop limits, ... */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <time.h>

#include "compare.h"

/* Debian's libc headers lack some of what its kernels have. */
#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif
#ifndef IP_CHECKSUM
#define IP_CHECKSUM 23
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE 25
#endif
#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE 77
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif
#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR 74
#endif

FIXTURE_COMPARE(ancillary)

struct option {
	int level, name, value;
};

#define RX_TIMES (SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)

static const struct option received[] = {
	{ SOL_SOCKET, SO_TIMESTAMP, 1 },
	{ SOL_SOCKET, SO_TIMESTAMPNS, 1 },
	{ SOL_SOCKET, SO_TIMESTAMPING, RX_TIMES },
	{ SOL_SOCKET, SO_RXQ_OVFL, 1 },
	{ SOL_SOCKET, SO_RCVMARK, 1 },
	{ SOL_IP, IP_PKTINFO, 1 },
	{ SOL_IP, IP_RECVTTL, 1 },
	{ SOL_IP, IP_RECVTOS, 1 },
	{ SOL_IP, IP_RECVOPTS, 1 },
	{ SOL_IP, IP_RETOPTS, 1 },
	{ SOL_IP, IP_RECVORIGDSTADDR, 1 },
	{ SOL_IP, IP_CHECKSUM, 1 },
	{ SOL_IP, IP_RECVFRAGSIZE, 1 },
	{ SOL_IPV6, IPV6_RECVPKTINFO, 1 },
	{ SOL_IPV6, IPV6_2292PKTINFO, 1 },
	{ SOL_IPV6, IPV6_RECVHOPLIMIT, 1 },
	{ SOL_IPV6, IPV6_2292HOPLIMIT, 1 },
	{ SOL_IPV6, IPV6_RECVTCLASS, 1 },
	{ SOL_IPV6, IPV6_FLOWINFO, 1 },
	{ SOL_IPV6, IPV6_RECVHOPOPTS, 1 },
	{ SOL_IPV6, IPV6_2292HOPOPTS, 1 },
	{ SOL_IPV6, IPV6_RECVDSTOPTS, 1 },
	{ SOL_IPV6, IPV6_2292DSTOPTS, 1 },
	{ SOL_IPV6, IPV6_RECVRTHDR, 1 },
	{ SOL_IPV6, IPV6_RECVORIGDSTADDR, 1 },
	{ SOL_IPV6, IPV6_RECVFRAGSIZE, 1 },
};

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long time_of(int fd)
{
	char control[256], text[100];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct timespec ts = {};

	if (recvmsg(fd, &msg, MSG_DONTWAIT) < 0)
		return -1;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg;
	     cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SO_TIMESTAMPNS)
			memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* A datagram waits a while: was it told when it came, or when it was read? */
static int is_time_of_arrival(struct run *run, int from, int to, int looked_at)
{
	long long before = now(), after, seen;

	if (run_send(run, from, 1, MARKER_LEN - 1, 0) < 0 ||
	    bed_settle(&run->bed))
		return -1;
	after = now();
	if (looked_at)
		see_poll(run, to, POLLIN);
	while (now() == after)
		;
	seen = time_of(to);
	return before <= seen && seen <= after;
}

/* The kernel begins to note times a while after somebody asks. */
static void note_times(struct __test_metadata *_metadata, struct run *run)
{
	int fd[2];

	ASSERT_EQ(0, bed_pair(run->bed.family, fd));
	ASSERT_EQ(0, set_option(fd[0], SOL_SOCKET, SO_TIMESTAMPNS, 1));
	while (!is_time_of_arrival(run, fd[1], fd[0], 0))
		;
}

/* Hop-by-hop or destination options: padding (RFC 8200, 4.2). */
static const uint8_t padding[8] = { 0, 0, 1, 4 };
/* Record route, with room for two addresses (RFC 791, 3.1). */
static const uint8_t route[12] = { 7, 11, 4 };

/* The datagrams that @fd sends have something of everything. */
static void adorn(int fd)
{
	set_option(fd, SOL_SOCKET, SO_MARK, 0x1234);
	set_option(fd, SOL_IP, IP_TTL, 33);
	set_option(fd, SOL_IP, IP_TOS, 0x28);
	setsockopt(fd, SOL_IP, IP_OPTIONS, route, sizeof(route));
	set_option(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 44);
	set_option(fd, SOL_IPV6, IPV6_TCLASS, 0x48);
	set_option(fd, SOL_IPV6, IPV6_AUTOFLOWLABEL, 0);
	setsockopt(fd, SOL_IPV6, IPV6_HOPOPTS, padding, sizeof(padding));
	setsockopt(fd, SOL_IPV6, IPV6_DSTOPTS, padding, sizeof(padding));
}

SCENARIO(ancillary, each_option_of_a_receiver)
{
	note_times(_metadata, run);
	adorn(run->bed.peer);
	for (size_t i = 0; i < ARRAY_SIZE(received); i++) {
		const struct option *o = &received[i];

		SEE_AS(set_option(run->bed.fd, o->level, o->name, o->value),
		       "set %d/%d", o->level, o->name);
		see_option(run, run->bed.fd, o->level, o->name);
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SETTLE();
		see_recv(run, run->bed.fd, 100, MSG_PEEK | MSG_DONTWAIT);
		see_poll(run, run->bed.fd, POLLIN);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		SEE(set_option(run->bed.fd, o->level, o->name, 0));
	}
}

SCENARIO(ancillary, all_options_of_a_receiver)
{
	note_times(_metadata, run);
	adorn(run->bed.peer);
	for (size_t i = 0; i < ARRAY_SIZE(received); i++)
		set_option(run->bed.fd, received[i].level, received[i].name,
			   received[i].value);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SEE(run_send(run, run->bed.peer, 2, 0, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_PEEK | MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 10, MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 10, MSG_DONTWAIT);
}

/* What doesn't fit is cut, and that's told; no room goes to a record's type. */
SCENARIO(ancillary, control_buffer_may_be_short)
{
	char control[256], text[100];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control };

	note_times(_metadata, run);
	SEE(set_option(run->bed.fd, SOL_SOCKET, SO_TIMESTAMP, 1));
	SEE(set_option(run->bed.fd, SOL_IP, IP_PKTINFO, 1));
	SEE(set_option(run->bed.fd, SOL_IPV6, IPV6_RECVPKTINFO, 1));
	for (size_t room = 16; room < 100; room += 8) {
		SEE(run_send(run, run->bed.peer, room, 40, 0));
		SETTLE();
		msg.msg_controllen = room;
		see_message(run, &msg, recvmsg(run->bed.fd, &msg, MSG_DONTWAIT));
	}
}

/* Of the arrival, not of the reading; and be it looked at in between. */
SCENARIO(ancillary, time_is_that_of_the_arrival)
{
	note_times(_metadata, run);
	SEE(set_option(run->bed.fd, SOL_SOCKET, SO_TIMESTAMPNS, 1));
	for (int looked_at = 0; looked_at < 2; looked_at++)
		SEE(is_time_of_arrival(run, run->bed.peer, run->bed.fd,
				       looked_at));
}

/* The old way to learn it. */
SCENARIO(ancillary, time_by_ioctl)
{
	struct timeval tv = {};
	struct timespec ts = {};

	note_times(_metadata, run);
	SEE(ioctl(run->bed.fd, SIOCGSTAMP, &tv));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	SEE(ioctl(run->bed.fd, SIOCGSTAMP, &tv));
	SEE(ioctl(run->bed.fd, SIOCGSTAMPNS, &ts));
	tell(run, "%s", tv.tv_sec && ts.tv_sec ? "a time" : "none");
}

/* sendmsg() with a control message. */
static ssize_t send_with(struct run *run, int level, int type,
			 const void *value, size_t len)
{
	char control[CMSG_SPACE(64)] = {}, text[40];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = CMSG_SPACE(len) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	marked_text(text, sizeof(text), (unsigned int)type);
	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), value, len);
	n = sendmsg(run->bed.peer, &msg, 0);
	run->texts += n > 0;
	return n;
}

/* Lengths and values that are right, and some that aren't. */
static const struct {
	int level, type, value;
	size_t len;
} sent[] = {
	{ SOL_IP, IP_TTL, 77, 4 },
	{ SOL_IP, IP_TTL, 0, 4 },
	{ SOL_IP, IP_TTL, 256, 4 },
	{ SOL_IP, IP_TTL, 77, 3 },
	{ SOL_IP, IP_TOS, 0x48, 4 },
	{ SOL_IP, IP_TOS, 0x48, 1 },
	{ SOL_IP, IP_TOS, 0x48, 2 },
	{ SOL_IP, IP_PROTOCOL, 17, 4 },
	{ SOL_IP, 99, 1, 4 },
	{ SOL_IPV6, IPV6_HOPLIMIT, 77, 4 },
	{ SOL_IPV6, IPV6_HOPLIMIT, -1, 4 },
	{ SOL_IPV6, IPV6_HOPLIMIT, 256, 4 },
	{ SOL_IPV6, IPV6_HOPLIMIT, 77, 2 },
	{ SOL_IPV6, IPV6_2292HOPLIMIT, 78, 4 },
	{ SOL_IPV6, IPV6_TCLASS, 0x48, 4 },
	{ SOL_IPV6, IPV6_TCLASS, 300, 4 },
	{ SOL_IPV6, IPV6_DONTFRAG, 1, 4 },
	{ SOL_IPV6, IPV6_DONTFRAG, 2, 4 },
	{ SOL_IPV6, 99, 1, 4 },
	{ SOL_SOCKET, SO_MARK, 0x77, 4 },
	{ SOL_SOCKET, SO_MARK, 0x77, 2 },
	{ SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE, 4 },
	{ SOL_SOCKET, SO_TIMESTAMPING, -1, 4 },
	{ SOL_SOCKET, 99, 1, 4 },
	{ SOL_UDP, 99, 1, 4 },
	{ 99, 99, 1, 4 },
};

SCENARIO(ancillary, each_control_message_of_a_sender)
{
	static const struct option wanted[] = {
		{ SOL_IP, IP_RECVTTL, 1 },
		{ SOL_IP, IP_RECVTOS, 1 },
		{ SOL_IP, IP_PKTINFO, 1 },
		{ SOL_SOCKET, SO_RCVMARK, 1 },
		{ SOL_IPV6, IPV6_RECVTCLASS, 1 },
		{ SOL_IPV6, IPV6_RECVHOPLIMIT, 1 },
	};

	SEE(set_option(run->bed.peer, SOL_IPV6, IPV6_AUTOFLOWLABEL, 0));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		set_option(run->bed.fd, wanted[i].level, wanted[i].name, 1);
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		SEE_AS(send_with(run, sent[i].level, sent[i].type,
				 &sent[i].value, sent[i].len),
		       "%d/%d of %zu bytes: %d", sent[i].level, sent[i].type,
		       sent[i].len, sent[i].value);
		SETTLE();
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

/* The source: the address that it has, another one of this host's, none. */
SCENARIO(ancillary, source_address_of_a_sender)
{
	static const char *const sources4[] = { "127.0.0.1", "127.0.0.9",
						"192.0.2.1" };
	static const char *const sources6[] = { "::1", "2001:db8::1",
						"::ffff:127.0.0.1" };

	for (int device = 0; device < 3; device++) {
		for (size_t i = 0; i < ARRAY_SIZE(sources4); i++) {
			struct in_pktinfo info4 = { .ipi_ifindex = device };
			struct in6_pktinfo info6 = {
				.ipi6_ifindex = (unsigned int)device
			};

			inet_pton(AF_INET, sources4[i], &info4.ipi_spec_dst);
			inet_pton(AF_INET6, sources6[i], &info6.ipi6_addr);
			SEE_AS(send_with(run, SOL_IP, IP_PKTINFO, &info4,
					 sizeof(info4)),
			       "device %d, %s", device, sources4[i]);
			SETTLE();
			see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
			SEE_AS(send_with(run, SOL_IPV6, IPV6_PKTINFO, &info6,
					 sizeof(info6)),
			       "device %d, %s", device, sources6[i]);
			SETTLE();
			see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		}
	}
}

static const int tx_times[] = {
	SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
	SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_SOFTWARE,
	SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		SOF_TIMESTAMPING_OPT_ID,
	SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID,
	SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		SOF_TIMESTAMPING_OPT_CMSG | SOF_TIMESTAMPING_OPT_ID,
};

/* The datagram comes back with its time, as it went out. */
SCENARIO(ancillary, times_of_sending)
{
	note_times(_metadata, run);
	for (size_t i = 0; i < ARRAY_SIZE(tx_times); i++) {
		SEE_AS(set_option(run->bed.peer, SOL_SOCKET, SO_TIMESTAMPING,
				  tx_times[i]),
		       "set %#x", tx_times[i]);
		for (unsigned int id = 0; id < 2; id++) {
			SEE(run_send(run, run->bed.peer, id, 40, 0));
			SETTLE();
			see_poll(run, run->bed.peer, POLLIN | POLLPRI);
			/* With OPT_TSONLY there's no datagram. */
			see_recv(run, run->bed.peer,
				 tx_times[i] & SOF_TIMESTAMPING_OPT_TSONLY ?
					 0 :
					 200,
				 MSG_ERRQUEUE | MSG_DONTWAIT);
			see_recv(run, run->bed.peer, 200,
				 MSG_ERRQUEUE | MSG_DONTWAIT);
			see_poll(run, run->bed.peer, POLLIN | POLLPRI);
			see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		}
	}
}

TEST_HARNESS_MAIN
