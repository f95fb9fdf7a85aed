// SPDX-License-Identifier: GPL-2.0
/* How much fits a path, as far as it's known: told, enforced, and learned. */
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#include "compare.h"
#include "link.h"

FIXTURE_COMPARE(mtu)

enum {
	MTU = 1500,
};

static int is_ipv4(const struct run *run)
{
	return run->bed.family != BED_IPV6;
}

/* An option that IPv4 and IPv6 have a name each for; an AF_INET6 socket both. */
static int set_both(const struct run *run, int name4, int name6, int value)
{
	if (set_option(run->bed.fd, SOL_IP, name4, value))
		return -1;
	return run->bed.family == BED_IPV4 ?
		       0 :
		       set_option(run->bed.fd, SOL_IPV6, name6, value);
}

static int discover(const struct run *run, int value)
{
	return set_both(run, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, value);
}

/* The run's sockets move to the two ends of a link, with keys of their own. */
static void move_to_link(struct __test_metadata *_metadata, struct run *run,
			 struct link *link)
{
	int fd[2];

	ASSERT_EQ(0, link_open(link));
	ASSERT_EQ(0, link_pair(link, run->bed.family, fd));
	ASSERT_EQ(0, run_attach(run, fd[0], 0, 1));
	ASSERT_EQ(0, run_attach(run, fd[1], 1, 1));
	close(run->bed.fd);
	close(run->bed.peer);
	run->bed.fd = fd[0];
	run->bed.peer = fd[1];
}

static size_t headers(const struct run *run)
{
	return (is_ipv4(run) ? sizeof(struct iphdr) : sizeof(struct ip6_hdr)) +
	       sizeof(struct udphdr);
}

/* The longest content in a packet of this length. */
static size_t room(const struct run *run, size_t mtu)
{
	return mtu - headers(run) - run_overhead(run);
}

/* Of plain UDP nobody tells it. */
static void tell_payload(struct run *run, size_t mtu)
{
	struct dtls_info info = {};

	if (run->keyed && dtls_info(run->bed.fd, &info))
		tell(run, "no information");
	else if (run->keyed && info.tx_payload != room(run, mtu))
		tell(run, "%u bytes fit, not %zu", info.tx_payload,
		     room(run, mtu));
	else
		tell(run, "what fits is told");
}

static void see_payload(struct run *run, size_t mtu)
{
	tell_payload(run, mtu);
	/* An AF_INET6 socket that talks IPv4 never looks for another route. */
	if (run->bed.family == BED_IPV4)
		see_option(run, run->bed.fd, SOL_IP, IP_MTU);
	if (run->bed.family == BED_IPV6)
		see_option(run, run->bed.fd, SOL_IPV6, IPV6_MTU);
}

static void see_arrives(struct __test_metadata *_metadata, struct run *run,
			unsigned int id, size_t len)
{
	static char text[1 << 16], seen[1 << 16];
	ssize_t n;

	marked_text(text, len, id);
	SETTLE();
	n = recv(run->bed.peer, seen, sizeof(seen), MSG_DONTWAIT);
	tell(run, "%s",
	     n == (ssize_t)len && !memcmp(text, seen, len) ? "it arrives" :
							     "another one");
}

/* @mtu: of the path; each way to look at it, and what a length more does */
static void see_edge(struct __test_metadata *_metadata, struct run *run,
		     size_t mtu)
{
	size_t most = room(run, mtu);

	SEE_AS(run_send(run, run->bed.fd, 1, most, 0) == (ssize_t)most,
	       "what fits is sent");
	see_arrives(_metadata, run, 1, most);
	SEE_AS(run_send(run, run->bed.fd, 2, most + 1, 0), "one more");
	see_recv(run, run->bed.fd, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	see_payload(run, mtu);
}

SCENARIO(mtu, A10_device_tells_what_fits)
{
	static const int mtus[] = { 1500, 1280, 9000, 1400 };
	struct link link;

	move_to_link(_metadata, run, &link);
	SEE(discover(run, IP_PMTUDISC_DO));
	see_payload(run, MTU);
	/* What is sent must get through. */
	ASSERT_EQ(0, link_enter(&link, LINK_FAR));
	ASSERT_EQ(0, link_mtu("far", 9000));
	ASSERT_EQ(0, link_enter(&link, LINK_NEAR));
	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		ASSERT_EQ(0, link_mtu("near", mtus[i]));
		/* The socket's route is looked up anew when it's next used. */
		SEE(run_send(run, run->bed.fd, 9, 40, 0));
		see_arrives(_metadata, run, 9, 40);
		see_payload(run, (size_t)mtus[i]);
		see_edge(_metadata, run, (size_t)mtus[i]);
	}
}

static int route_mtu(const struct run *run, int mtu)
{
	return is_ipv4(run) ?
		       link_command("ip route change 192.0.2.0/24 dev near"
				    " src 192.0.2.1 mtu %d",
				    mtu) :
		       link_command("ip -6 route change 2001:db8::/64 dev near"
				    " proto kernel metric 256 mtu %d",
				    mtu);
}

/* Told at once, before anything is sent that way. */
SCENARIO(mtu, A10_route_tells_what_fits)
{
	static const int mtus[] = { 1400, 1280 };
	struct link link;

	move_to_link(_metadata, run, &link);
	SEE(discover(run, IP_PMTUDISC_DO));
	SEE(set_both(run, IP_RECVERR, IPV6_RECVERR, 1));
	see_edge(_metadata, run, MTU);
	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		ASSERT_EQ(0, route_mtu(run, mtus[i]));
		tell_payload(run, (size_t)mtus[i]);
		SEE(run_send(run, run->bed.fd, 9, 40, 0));
		see_arrives(_metadata, run, 9, 40);
		see_payload(run, (size_t)mtus[i]);
		see_edge(_metadata, run, (size_t)mtus[i]);
	}
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

/* From the other end: a datagram of this connection was too big for a link. */
static ssize_t send_too_big4(const struct run *run, uint16_t mtu)
{
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		struct udphdr udp;
	} message = {
		.icmp = { .type = ICMP_DEST_UNREACH,
			  .code = ICMP_FRAG_NEEDED,
			  .un.frag.mtu = htons(mtu) },
		.ip = { .version = 4,
			.ihl = 5,
			.tot_len = htons(MTU),
			.frag_off = htons(IP_DF),
			.protocol = IPPROTO_UDP,
			.saddr = htonl(0xc0000201),
			.daddr = htonl(0xc0000202) },
		.udp = { .source = port_of(run->bed.fd),
			 .dest = port_of(run->bed.peer),
			 .len = htons(MTU - 20) },
	};
	struct sockaddr_storage to;
	socklen_t len = link_address(BED_IPV4, LINK_NEAR, 0, &to);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	ssize_t n;

	message.icmp.checksum = checksum(&message, sizeof(message));
	n = sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&to,
		   len);
	close(fd);
	return n;
}

static ssize_t send_too_big6(const struct run *run, uint16_t mtu)
{
	struct {
		struct icmp6hdr icmp;
		struct ip6_hdr ip;
		struct udphdr udp;
	} message = {
		.icmp = { .icmp6_type = ICMPV6_PKT_TOOBIG,
			  .icmp6_mtu = htonl(mtu) },
		.ip = { .ip6_flow = htonl(6u << 28),
			.ip6_plen = htons(MTU - 40),
			.ip6_nxt = IPPROTO_UDP },
		.udp = { .source = port_of(run->bed.fd),
			 .dest = port_of(run->bed.peer),
			 .len = htons(MTU - 40) },
	};
	struct sockaddr_storage to;
	socklen_t len = link_address(BED_IPV6, LINK_NEAR, 0, &to);
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	ssize_t n;

	inet_pton(AF_INET6, "2001:db8::1", &message.ip.ip6_src);
	inet_pton(AF_INET6, "2001:db8::2", &message.ip.ip6_dst);
	n = sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&to,
		   len);
	close(fd);
	return n;
}

static void learn(struct __test_metadata *_metadata, struct run *run,
		  const struct link *link, uint16_t mtu)
{
	ASSERT_EQ(0, link_enter(link, LINK_FAR));
	SEE(is_ipv4(run) ? send_too_big4(run, mtu) : send_too_big6(run, mtu));
	/* What follows it on the same way has come behind it. */
	SEE(run_send(run, run->bed.peer, 3, 40, 0));
	ASSERT_EQ(0, link_enter(link, LINK_NEAR));
	SETTLE();
}

/* Without and with the error queue: told at once, or by the next call. */
static void see_learned(struct __test_metadata *_metadata, struct run *run,
			int how, int queue)
{
	static const uint16_t mtus[] = { 1400, 1300, 1290 };
	struct link link;

	move_to_link(_metadata, run, &link);
	SEE(discover(run, how));
	SEE(set_both(run, IP_RECVERR, IPV6_RECVERR, queue));
	see_edge(_metadata, run, MTU);
	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		learn(_metadata, run, &link, mtus[i]);
		see_poll(run, run->bed.fd, POLLIN);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT | MSG_ERRQUEUE);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		see_option(run, run->bed.fd, SOL_SOCKET, SO_ERROR);
		see_payload(run, mtus[i]);
		see_edge(_metadata, run, mtus[i]);
	}
}

SCENARIO(mtu, A10_path_tells_what_fits)
{
	see_learned(_metadata, run, IP_PMTUDISC_DO, 0);
}

SCENARIO(mtu, A10_path_tells_what_fits_by_the_error_queue)
{
	see_learned(_metadata, run, IP_PMTUDISC_DO, 1);
}

/* Whether a datagram may be cut on its way is the application's to say. */
SCENARIO(mtu, A10_longer_ones_are_cut_if_they_may)
{
	static const int hows[] = { IP_PMTUDISC_DONT,      IP_PMTUDISC_WANT,
				    IP_PMTUDISC_DO,        IP_PMTUDISC_PROBE,
				    IP_PMTUDISC_INTERFACE, IP_PMTUDISC_OMIT };
	static const size_t lens[] = { 1400, 3000, 16384 };
	struct link link;

	move_to_link(_metadata, run, &link);
	SEE(set_option(run->bed.peer, SOL_IP, 25 /* IP_RECVFRAGSIZE */, 1));
	SEE(set_option(run->bed.peer, SOL_IPV6, 77 /* IPV6_RECVFRAGSIZE */, 1));
	for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
		SEE_AS(discover(run, hows[i]), "how: %d", hows[i]);
		for (size_t n = 0; n < ARRAY_SIZE(lens); n++) {
			SEE(run_send(run, run->bed.fd, n, lens[n], 0));
			SETTLE();
			see_recv(run, run->bed.peer, 20000, MSG_DONTWAIT);
		}
	}
}

/* IPv6 tells in its own way, too. */
SCENARIO(mtu, A10_path_is_told_by_a_control_message)
{
	struct ip6_mtuinfo info;
	socklen_t len = sizeof(info);
	struct link link;

	move_to_link(_metadata, run, &link);
	SEE(discover(run, IP_PMTUDISC_DO));
	SEE(set_option(run->bed.fd, SOL_IPV6, IPV6_RECVPATHMTU, 1));
	SEE(set_option(run->bed.fd, SOL_IPV6, IPV6_DONTFRAG, 1));
	see_edge(_metadata, run, MTU);
	for (int i = 0; i < 2; i++) {
		SEE(run_send(run, run->bed.fd, 1, 2000, 0));
		SEE(run_send(run, run->bed.peer, 2, 40, 0));
		SETTLE();
		see_poll(run, run->bed.fd, POLLIN);
		see_recv(run, run->bed.fd, 100, MSG_PEEK | MSG_DONTWAIT);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
	SEE(getsockopt(run->bed.fd, SOL_IPV6, IPV6_PATHMTU, &info, &len));
	if (run->bed.family == BED_IPV6)
		tell(run, "%u", info.ip6m_mtu);
}

/* What else takes room: options of IPv4, a hop-by-hop header of IPv6. */
SCENARIO(mtu, A10_options_leave_less)
{
	static const uint8_t options[8] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	static const uint8_t padding[8] = { 0, 0, 1, 4 };
	struct link link;

	move_to_link(_metadata, run, &link);
	SEE(discover(run, IP_PMTUDISC_DO));
	if (is_ipv4(run))
		SEE(setsockopt(run->bed.fd, SOL_IP, IP_OPTIONS, options,
			       sizeof(options)));
	else
		SEE(setsockopt(run->bed.fd, SOL_IPV6, IPV6_HOPOPTS, padding,
			       sizeof(padding)));
	SEE(run_send(run, run->bed.fd, 9, 40, 0));
	see_arrives(_metadata, run, 9, 40);
	see_payload(run, MTU - 8);
	see_edge(_metadata, run, MTU - 8);
}

TEST_HARNESS_MAIN
