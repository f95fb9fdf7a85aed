// SPDX-License-Identifier: GPL-2.0
/* How much fits the route to the peer. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/tcp_states.h>

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

static bool talks_ipv4(const struct sock *sk)
{
	return sk->sk_family == AF_INET || ipv6_addr_v4mapped(&sk->sk_v6_daddr);
}

static struct dst_entry *look_up_ipv4(struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct flowi4 flow;
	struct rtable *rt;

	rt = ip_route_output_ports(sock_net(sk), &flow, sk, inet->inet_daddr,
				   inet->inet_saddr, inet->inet_dport,
				   inet->inet_sport, IPPROTO_UDP,
				   RT_TOS(inet->tos), sk->sk_bound_dev_if);
	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *look_up_ipv6(struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct flowi6 flow = {
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_oif = sk->sk_bound_dev_if,
		.flowi6_mark = READ_ONCE(sk->sk_mark),
		.flowi6_uid = sk->sk_uid,
		.daddr = sk->sk_v6_daddr,
		.saddr = inet6_sk(sk)->saddr,
		.fl6_sport = inet->inet_sport,
		.fl6_dport = inet->inet_dport,
	};
	struct dst_entry *dst;

	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &flow, NULL);
	return IS_ERR(dst) ? NULL : dst;
}

/**
 * dtls_route_get() - the route to the peer as it's now
 * @sk: the socket
 *
 * What is cached may have been replaced since, or forgotten.
 *
 * Context: process.
 * Return: the route, to be released by the caller; NULL if there's none.
 */
struct dst_entry *dtls_route_get(struct sock *sk)
{
	struct dst_entry *dst;

	lock_sock(sk);
	if (talks_ipv4(sk))
		ip4_datagram_release_cb(sk);
	else
		ip6_datagram_release_cb(sk);
	dst = sk_dst_get(sk);
	if (!dst && sk->sk_state == TCP_ESTABLISHED)
		dst = talks_ipv4(sk) ? look_up_ipv4(sk) : look_up_ipv6(sk);
	release_sock(sk);
	return dst;
}

/**
 * dtls_route_room_on() - content of the longest datagram that fits a route
 * @sk: the socket
 * @dst: the route
 *
 * Context: any.
 * Return: bytes, as far as the route's MTU is known.
 */
size_t dtls_route_room_on(const struct sock *sk, const struct dst_entry *dst)
{
	size_t headers = sizeof(struct udphdr), mtu = dst_mtu(dst);

	/* An AF_INET6 socket may talk IPv4. */
	headers += dst->ops->family == AF_INET ? ipv4_header_len(sk) :
						 ipv6_header_len(sk);
	return mtu > headers ? mtu - headers : 0;
}

static size_t room_and_release(const struct sock *sk, struct dst_entry *dst)
{
	size_t room = dst ? dtls_route_room_on(sk, dst) : 0;

	dst_release(dst);
	return room;
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
	return room_and_release(sk, dtls_route_get(sk));
}

/**
 * dtls_route_room_cached() - dtls_route_room() by the route that's at hand
 * @sk: the socket
 *
 * For those who only look on: they neither wait for the socket's owner nor look
 * up a route in its stead.
 *
 * Context: process.
 * Return: bytes; 0 if no route is cached.
 */
size_t dtls_route_room_cached(struct sock *sk)
{
	return room_and_release(sk, sk_dst_get(sk));
}
