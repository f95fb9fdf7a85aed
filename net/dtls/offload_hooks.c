// SPDX-License-Identifier: GPL-2.0
/*
 * What a card is to encrypt, or has decrypted, in namespaces where there's one.
 *
 * Packets that IP cuts lose their mark: they're encrypted before.
 *
 * An ICMP error quotes the datagram that it's about: one that a network card has
 * decrypted, and that a closed socket, or a packet filter, doesn't take. So in a
 * namespace where cards decrypt, nothing of a UDP datagram behind its header
 * is quoted (RFC 792 asks for no more than that).
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dst.h>
#include <net/gso.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "offload.h"
#include "offload_hooks.h"
#include "offload_xmit.h"

/**
 * struct hooks_net - of a network namespace
 * @is_hooked: what leaves it is looked at; under the lock of all
 */
struct hooks_net {
	bool	is_hooked;
};

static unsigned int net_id __read_mostly;
static DEFINE_MUTEX(hooks_lock);

static bool is_error_ipv4(const struct icmphdr *icmp)
{
	return icmp->type == ICMP_DEST_UNREACH ||
	       icmp->type == ICMP_SOURCE_QUENCH ||
	       icmp->type == ICMP_REDIRECT || icmp->type == ICMP_TIME_EXCEEDED ||
	       icmp->type == ICMP_PARAMETERPROB;
}

/* Return: where what isn't to be quoted begins; 0: nowhere. */
static unsigned int find_text_ipv4(struct sk_buff *skb, unsigned int icmp_at)
{
	unsigned int quote_at = icmp_at + sizeof(struct icmphdr);
	const struct icmphdr *icmp;
	const struct iphdr *quote;
	struct icmphdr icmp_buf;
	struct iphdr quote_buf;

	icmp = skb_header_pointer(skb, icmp_at, sizeof(icmp_buf), &icmp_buf);
	if (!icmp || !is_error_ipv4(icmp))
		return 0;
	quote = skb_header_pointer(skb, quote_at, sizeof(quote_buf),
				   &quote_buf);
	if (!quote || quote->protocol != IPPROTO_UDP)
		return 0;
	/* Of a later fragment all is content. */
	return quote_at + quote->ihl * 4 +
	       (quote->frag_off & htons(IP_OFFSET) ? 0 :
						     sizeof(struct udphdr));
}

static unsigned int find_text_ipv6(struct sk_buff *skb, unsigned int icmp_at)
{
	unsigned int quote_at = icmp_at + sizeof(struct icmp6hdr);
	const struct icmp6hdr *icmp;
	const struct ipv6hdr *quote;
	struct icmp6hdr icmp_buf;
	struct ipv6hdr quote_buf;
	__be16 frag_off;
	u8 protocol;
	int at;

	icmp = skb_header_pointer(skb, icmp_at, sizeof(icmp_buf), &icmp_buf);
	/* RFC 4443, 2.1: errors have the lower half of the types. */
	if (!icmp || icmp->icmp6_type & ICMPV6_INFOMSG_MASK)
		return 0;
	quote = skb_header_pointer(skb, quote_at, sizeof(quote_buf),
				   &quote_buf);
	if (!quote)
		return 0;
	protocol = quote->nexthdr;
	at = ipv6_skip_exthdr(skb, quote_at + sizeof(*quote), &protocol,
			      &frag_off);
	if (at < 0 || protocol != IPPROTO_UDP)
		return 0;
	return at + (frag_off & htons(IP6_OFFSET) ? 0 : sizeof(struct udphdr));
}

/* Return: 0, or an errno: it must not leave. */
static int wipe(struct sk_buff *skb, unsigned int at)
{
	int err;

	err = skb_ensure_writable(skb, skb->len);
	if (err)
		return err;
	memset(skb->data + at, 0, skb->len - at);
	return 0;
}

static void sum_ipv4(struct sk_buff *skb, unsigned int icmp_at)
{
	struct icmphdr *icmp = (void *)(skb->data + icmp_at);

	icmp->checksum = 0;
	icmp->checksum = csum_fold(skb_checksum(skb, icmp_at,
						skb->len - icmp_at, 0));
	skb->ip_summed = CHECKSUM_NONE;
}

static void sum_ipv6(struct sk_buff *skb, unsigned int icmp_at)
{
	struct icmp6hdr *icmp = (void *)(skb->data + icmp_at);
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	unsigned int len = skb->len - icmp_at;

	icmp->icmp6_cksum = 0;
	icmp->icmp6_cksum = csum_ipv6_magic(&ip->saddr, &ip->daddr, len,
					    IPPROTO_ICMPV6,
					    skb_checksum(skb, icmp_at, len, 0));
	skb->ip_summed = CHECKSUM_NONE;
}

static unsigned int leave_ipv4(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	unsigned int icmp_at = ip_hdrlen(skb), text_at;

	if (ip_hdr(skb)->protocol != IPPROTO_ICMP ||
	    ip_is_fragment(ip_hdr(skb)))
		return NF_ACCEPT;
	text_at = find_text_ipv4(skb, icmp_at);
	if (!text_at || text_at >= skb->len)
		return NF_ACCEPT;
	if (wipe(skb, text_at))
		return NF_DROP;
	sum_ipv4(skb, icmp_at);
	return NF_ACCEPT;
}

static unsigned int leave_ipv6(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	unsigned int icmp_at = sizeof(struct ipv6hdr), text_at;

	/* The kernel's own errors have no further headers before theirs. */
	if (ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6)
		return NF_ACCEPT;
	text_at = find_text_ipv6(skb, icmp_at);
	if (!text_at || text_at >= skb->len)
		return NF_ACCEPT;
	if (wipe(skb, text_at))
		return NF_DROP;
	sum_ipv6(skb, icmp_at);
	return NF_ACCEPT;
}

static bool is_too_long(const struct sk_buff *skb, unsigned int mtu)
{
	return skb_is_gso(skb) ? !skb_gso_validate_network_len(skb, mtu) :
				 skb->len > mtu;
}

static unsigned int route_ipv4(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	unsigned int mtu;

	if (!dtls_offload_is_clear(skb))
		return NF_ACCEPT;
	mtu = ip_skb_dst_mtu(state->sk, skb);
	return dtls_offload_post_routing(skb, state->out,
					 is_too_long(skb, mtu)) ?
		       NF_ACCEPT : NF_DROP;
}

static unsigned int route_ipv6(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	bool is_cut;

	if (!dtls_offload_is_clear(skb))
		return NF_ACCEPT;
	/* Older kernels put a fragment header into each, if a route says so. */
	is_cut = is_too_long(skb, ip6_skb_dst_mtu(skb)) ||
		 dst_feature(skb_dst(skb), RTAX_FEATURE_ALLFRAG);
	return dtls_offload_post_routing(skb, state->out, is_cut) ?
		       NF_ACCEPT : NF_DROP;
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook		= leave_ipv4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP_PRI_FIRST,
	},
	{
		.hook		= leave_ipv6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP6_PRI_FIRST,
	},
	{
		.hook		= route_ipv4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= route_ipv6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/**
 * dtls_offload_hooks_add() - from now on look at what leaves
 * @net: a namespace where a card is about to get a key
 *
 * It stays so until the namespace's end, or the module's.
 *
 * Context: process.
 * Return: 0; -ENOMEM.
 */
int dtls_offload_hooks_add(struct net *net)
{
	struct hooks_net *hooked = net_generic(net, net_id);
	int err = 0;

	if (READ_ONCE(hooked->is_hooked))
		return 0;
	mutex_lock(&hooks_lock);
	if (!hooked->is_hooked)
		err = nf_register_net_hooks(net, hooks, ARRAY_SIZE(hooks));
	if (!err)
		WRITE_ONCE(hooked->is_hooked, true);
	mutex_unlock(&hooks_lock);
	return err;
}

static void __net_exit hooks_net_exit(struct net *net)
{
	struct hooks_net *hooked = net_generic(net, net_id);

	if (hooked->is_hooked)
		nf_unregister_net_hooks(net, hooks, ARRAY_SIZE(hooks));
}

static struct pernet_operations hooks_net_ops = {
	.exit	= hooks_net_exit,
	.id	= &net_id,
	.size	= sizeof(struct hooks_net),
};

/**
 * dtls_offload_hooks_init() - be able to
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int dtls_offload_hooks_init(void)
{
	return register_pernet_subsys(&hooks_net_ops);
}

/**
 * dtls_offload_hooks_exit() - look no more
 *
 * Context: process, module unload; no key is in a card.
 */
void dtls_offload_hooks_exit(void)
{
	unregister_pernet_subsys(&hooks_net_ops);
}
