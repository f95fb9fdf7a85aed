// SPDX-License-Identifier: GPL-2.0
/* Is a packet received a UDP datagram, whole and intact, and whose? */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "dtls_sim.h"

static bool parse_ipv4(const struct sk_buff *skb, unsigned int offset,
		       struct sim_datagram *dgram)
{
	const struct iphdr *iph;
	struct iphdr buffer;

	iph = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!iph || iph->version != 4 || iph->ihl != sizeof(*iph) / 4 ||
	    iph->protocol != IPPROTO_UDP || ip_is_fragment(iph) ||
	    ntohs(iph->tot_len) < sizeof(*iph) + sizeof(struct udphdr))
		return false;
	ipv6_addr_set_v4mapped(iph->daddr, &dgram->local);
	ipv6_addr_set_v4mapped(iph->saddr, &dgram->remote);
	dgram->offset = offset + sizeof(*iph);
	dgram->len = ntohs(iph->tot_len) - sizeof(*iph);
	dgram->is_ipv4 = true;
	return true;
}

static bool parse_ipv6(const struct sk_buff *skb, unsigned int offset,
		       struct sim_datagram *dgram)
{
	const struct ipv6hdr *iph;
	struct ipv6hdr buffer;

	iph = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!iph || iph->version != 6 || iph->nexthdr != IPPROTO_UDP ||
	    ntohs(iph->payload_len) < sizeof(struct udphdr))
		return false;
	dgram->local = iph->daddr;
	dgram->remote = iph->saddr;
	dgram->offset = offset + sizeof(*iph);
	dgram->len = ntohs(iph->payload_len);
	dgram->is_ipv4 = false;
	return true;
}

/* Behind VLAN tags that are still in the packet. */
static __be16 skip_tags(const struct sk_buff *skb, unsigned int *offset)
{
	const struct vlan_hdr *tag;
	__be16 protocol = skb->protocol;
	struct vlan_hdr buffer;

	*offset = 0;
	while (eth_type_vlan(protocol)) {
		tag = skb_header_pointer(skb, *offset, sizeof(buffer), &buffer);
		if (!tag)
			return 0;
		protocol = tag->h_vlan_encapsulated_proto;
		*offset += sizeof(*tag);
	}
	return protocol;
}

/*
 * skb->data is behind the Ethernet header. A packet that's to be segmented
 * counts as one datagram.
 * Return: false for whatever isn't a whole datagram without options.
 */
bool sim_datagram_parse(const struct sk_buff *skb, struct sim_datagram *dgram)
{
	const struct udphdr *uh;
	struct udphdr buffer;
	unsigned int offset;
	bool is_udp;

	switch (skip_tags(skb, &offset)) {
	case htons(ETH_P_IP):
		is_udp = parse_ipv4(skb, offset, dgram);
		break;
	case htons(ETH_P_IPV6):
		is_udp = parse_ipv6(skb, offset, dgram);
		break;
	default:
		return false;
	}
	if (!is_udp)
		return false;
	uh = skb_header_pointer(skb, dgram->offset, sizeof(buffer), &buffer);
	if (!uh || dgram->offset + dgram->len > skb->len ||
	    ntohs(uh->len) != dgram->len)
		return false;
	dgram->remote_port = uh->source;
	dgram->local_port = uh->dest;
	return true;
}

/* Is the checksum right, or was that seen to already? */
bool sim_datagram_is_intact(const struct sk_buff *skb,
			    const struct sim_datagram *dgram)
{
	const struct udphdr *uh;
	struct udphdr buffer;
	__wsum sum;

	if (skb->ip_summed == CHECKSUM_PARTIAL ||
	    skb->ip_summed == CHECKSUM_UNNECESSARY)
		return true;
	uh = skb_header_pointer(skb, dgram->offset, sizeof(buffer), &buffer);
	if (!uh->check)
		return dgram->is_ipv4;
	sum = skb_checksum(skb, dgram->offset, dgram->len, 0);
	if (dgram->is_ipv4)
		return !csum_tcpudp_magic(dgram->remote.s6_addr32[3],
					  dgram->local.s6_addr32[3], dgram->len,
					  IPPROTO_UDP, sum);
	return !csum_ipv6_magic(&dgram->remote, &dgram->local, dgram->len,
				IPPROTO_UDP, sum);
}
