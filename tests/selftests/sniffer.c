// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "record.h"
#include "sniffer.h"

/* Frames that wait to be looked at: none may be lost. */
#define ROOM (192 << 20)

/* @device: what passes there, and nothing else; NULL: any device */
int sniffer_open_at(struct sniffer *sniffer, const char *device)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int room = ROOM;

	memset(sniffer, 0, sizeof(*sniffer));
	if (device && !(addr.sll_ifindex = (int)if_nametoindex(device)))
		return -1;
	/* From the network header on: link layers differ. */
	sniffer->fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (sniffer->fd < 0 || setsockopt(sniffer->fd, SOL_SOCKET,
					  SO_RCVBUFFORCE, &room, sizeof(room)))
		return -1;
	return bind(sniffer->fd, (struct sockaddr *)&addr, sizeof(addr));
}

int sniffer_open(struct sniffer *sniffer)
{
	return sniffer_open_at(sniffer, NULL);
}

/* From now on what @fd sends must be records. */
int sniffer_watch(struct sniffer *sniffer, int fd)
{
	struct sockaddr_in6 addr; /* AF_INET has its port at the same place */
	socklen_t len = sizeof(addr);

	if (sniffer->port_count ==
	    sizeof(sniffer->ports) / sizeof(sniffer->ports[0])) {
		errno = ENOSPC;
		return -1;
	}
	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	sniffer->ports[sniffer->port_count++] = addr.sin6_port;
	return 0;
}

/* Return: the newest socket's with that port; -1: none's */
static int find_watched(const struct sniffer *sniffer, uint16_t port)
{
	for (unsigned int i = sniffer->port_count; i--;)
		if (sniffer->ports[i] == port)
			return (int)i;
	return -1;
}

/* The records of @fd, which is watched, have connection IDs of this length. */
void sniffer_set_cid(struct sniffer *sniffer, int fd, size_t len)
{
	struct sockaddr_in6 addr;
	socklen_t addr_len = sizeof(addr);
	int i = -1;

	if (!getsockname(fd, (struct sockaddr *)&addr, &addr_len))
		i = find_watched(sniffer, addr.sin6_port);
	if (i >= 0)
		sniffer->cid_lens[i] = len;
}

/* One or more whole records of DTLS 1.2, of any type that there is. */
static int is_records(const uint8_t *wire, size_t len, size_t cid_len)
{
	size_t record_len;

	if (!len)
		return 0;
	for (; len; wire += record_len, len -= record_len) {
		size_t more = wire[0] == RECORD_CID ? cid_len : 0;
		const uint8_t *end = wire + RECORD_HEADER_LEN + more;

		if (len < RECORD_HEADER_LEN + more || wire[0] < RECORD_CCS ||
		    wire[0] > RECORD_CID || wire[1] != 0xfe || wire[2] != 0xfd)
			return 0;
		record_len = RECORD_HEADER_LEN + more +
			     (size_t)(end[-2] << 8 | end[-1]);
		if (record_len > len)
			return 0;
	}
	return 1;
}

/*
 * Does a socket with that port send what this is? Ports come again, from the kernel
 * or in another namespace, and what was sent long ago is looked at late.
 */
static int is_of_watched(const struct sniffer *sniffer, uint16_t port,
			 const uint8_t *wire, size_t len)
{
	for (unsigned int i = 0; i < sniffer->port_count; i++)
		if (sniffer->ports[i] == port &&
		    is_records(wire, len, sniffer->cid_lens[i]))
			return 1;
	return 0;
}

/* A whole UDP datagram, behind the header of IPv4 or IPv6. */
static void check_udp(struct sniffer *sniffer, const uint8_t *frame, size_t len)
{
	struct udphdr udp;

	if (len < sizeof(udp))
		return;
	memcpy(&udp, frame, sizeof(udp));
	if (find_watched(sniffer, udp.source) < 0)
		return;
	sniffer->datagrams++;
	if (len == ntohs(udp.len) &&
	    is_of_watched(sniffer, udp.source, frame + sizeof(udp),
			  len - sizeof(udp)))
		return;
	if (!sniffer->problem[0])
		snprintf(sniffer->problem, sizeof(sniffer->problem),
			 "a datagram of %zu bytes is no record",
			 len - sizeof(udp));
}

static void check_ipv4(struct sniffer *sniffer, const uint8_t *frame, size_t len)
{
	struct iphdr ip;

	if (len < sizeof(ip))
		return;
	memcpy(&ip, frame, sizeof(ip));
	if (ip.protocol == IPPROTO_UDP &&
	    !(ip.frag_off & htons(IP_MF | IP_OFFMASK)) &&
	    len >= ntohs(ip.tot_len))
		check_udp(sniffer, frame + ip.ihl * 4,
			  ntohs(ip.tot_len) - (size_t)ip.ihl * 4);
}

/*
 * Where the payload begins, behind options and routing headers (RFC 8200, 4);
 * 0 if it isn't a whole UDP datagram.
 */
static size_t ipv6_udp_offset(const uint8_t *frame, size_t len)
{
	uint8_t next = frame[6];
	size_t offset = sizeof(struct ip6_hdr);

	while (next != IPPROTO_UDP) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_ROUTING)
			return 0;
		if (offset + 2 > len)
			return 0;
		next = frame[offset];
		offset += ((size_t)frame[offset + 1] + 1) * 8;
	}
	return offset;
}

static void check_ipv6(struct sniffer *sniffer, const uint8_t *frame, size_t len)
{
	struct ip6_hdr ip;
	size_t offset, end;

	if (len < sizeof(ip))
		return;
	memcpy(&ip, frame, sizeof(ip));
	end = sizeof(ip) + ntohs(ip.ip6_plen);
	offset = ipv6_udp_offset(frame, len);
	if (offset && offset <= end && end <= len)
		check_udp(sniffer, frame + offset, end - offset);
}

static void check_frame(struct sniffer *sniffer, uint16_t protocol,
			const uint8_t *frame, size_t len)
{
	sniffer->frames++;
	if (memmem(frame, len, MARKER, MARKER_LEN))
		sniffer->marked++;
	if (protocol == ETH_P_IP)
		check_ipv4(sniffer, frame, len);
	else if (protocol == ETH_P_IPV6)
		check_ipv6(sniffer, frame, len);
}

/*
 * Look at the frames that came so far. Not before the test has read what they
 * carry: until then the packet's bytes are the sniffer's too, and who opens a
 * record there shows it what's in it.
 */
int sniffer_drain(struct sniffer *sniffer)
{
	static _Thread_local uint8_t frame[1 << 17];
	struct tpacket_stats stats;
	socklen_t stats_len = sizeof(stats);
	struct sockaddr_ll from;
	ssize_t n;

	for (;;) {
		socklen_t from_len = sizeof(from);

		n = recvfrom(sniffer->fd, frame, sizeof(frame), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &from_len);
		if (n < 0 && errno == ENETDOWN)
			continue;
		if (n < 0)
			break;
		check_frame(sniffer, ntohs(from.sll_protocol), frame, (size_t)n);
	}
	if (errno != EAGAIN)
		return -1;
	if (getsockopt(sniffer->fd, SOL_PACKET, PACKET_STATISTICS, &stats,
		       &stats_len))
		return -1;
	errno = ENOBUFS;
	return stats.tp_drops ? -1 : 0;
}

/*
 * Text that a sniffer knows, and that differs by @id and from place to place:
 * the marker and eight digits in turn.
 */
void marked_text(void *text, size_t len, unsigned int id)
{
	char piece[MARKER_LEN + 9];
	uint8_t *to = text;

	for (size_t i = 0; i < len; i += sizeof(piece) - 1) {
		size_t n = len - i < sizeof(piece) - 1 ? len - i :
							 sizeof(piece) - 1;

		snprintf(piece, sizeof(piece), MARKER "%03x%05zx", id & 0xfff,
			 i & 0xfffff);
		memcpy(to + i, piece, n);
	}
}
