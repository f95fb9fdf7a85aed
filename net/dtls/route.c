// SPDX-License-Identifier: GPL-2.0
/* How much fits the route to the peer. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "route.h"

static size_t ipv4_header_len(const struct sock *sk)
{
	const struct ip_options_rcu *opt;
	size_t len = sizeof(struct iphdr);

	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (opt)
		len += opt->opt.optlen;
	rcu_read_unlock();
	return len;
}

static size_t ipv6_header_len(const struct sock *sk)
{
	const struct ipv6_txoptions *opt;
	size_t len = sizeof(struct ipv6hdr);

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	/* UDP itself takes the first ones for twice as long. */
	if (opt)
		len += 2 * opt->opt_flen + opt->opt_nflen;
	rcu_read_unlock();
	return len;
}

/* The route as it's now; what is cached may have been replaced since. */
static struct dst_entry *get_route(struct sock *sk)
{
	struct dst_entry *dst;

	lock_sock(sk);
	if (sk->sk_family == AF_INET ||
	    ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		ip4_datagram_release_cb(sk);
	else
		ip6_datagram_release_cb(sk);
	dst = sk_dst_get(sk);
	release_sock(sk);
	return dst;
}

/**
 * dtls_route_room() - content of the longest datagram that isn't cut on its way
 * @sk: the socket
 *
 * Context: process.
 * Return: bytes, as far as the route's MTU is known; 0 without a route.
 */
size_t dtls_route_room(struct sock *sk)
{
	struct dst_entry *dst = get_route(sk);
	size_t mtu, headers;

	if (!dst)
		return 0;
	mtu = dst_mtu(dst);
	headers = sizeof(struct udphdr);
	/* An AF_INET6 socket may talk IPv4. */
	headers += dst->ops->family == AF_INET ? ipv4_header_len(sk) :
						 ipv6_header_len(sk);
	dst_release(dst);
	return mtu > headers ? mtu - headers : 0;
}
