// SPDX-License-Identifier: GPL-2.0
/* What recvmsg() gives: content, source address and control messages. */
#include <linux/bpf-cgroup.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/transp_v6.h>
#include <net/udp.h>

#include "assoc.h"
#include "cmsg.h"
#include "context.h"
#include "delivery.h"
#include "ready.h"
#include "rx.h"

static void put_source_ipv4(struct sock *sk, struct msghdr *msg,
			    const struct sk_buff *skb, int *addr_len)
{
	DECLARE_SOCKADDR(struct sockaddr_in *, sin, msg->msg_name);

	if (!sin)
		return;
	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_port = udp_hdr(skb)->source;
	sin->sin_addr.s_addr = ip_hdr(skb)->saddr;
	*addr_len = sizeof(*sin);
	dtls_compat_bpf_recvmsg4(sk, (struct sockaddr *)sin, addr_len);
}

static void put_source_ipv6(struct sock *sk, struct msghdr *msg,
			    const struct sk_buff *skb, int *addr_len)
{
	DECLARE_SOCKADDR(struct sockaddr_in6 *, sin6, msg->msg_name);

	if (!sin6)
		return;
	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = udp_hdr(skb)->source;
	if (skb->protocol == htons(ETH_P_IP)) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &sin6->sin6_addr);
	} else {
		sin6->sin6_addr = ipv6_hdr(skb)->saddr;
		sin6->sin6_scope_id = ipv6_iface_scope_id(&sin6->sin6_addr,
							  inet6_iif(skb));
	}
	*addr_len = sizeof(*sin6);
	dtls_compat_bpf_recvmsg6(sk, (struct sockaddr *)sin6, addr_len);
}

/* Source address and control messages, as udp_recvmsg() gives them. */
static void put_ipv4(struct sock *sk, struct msghdr *msg, struct sk_buff *skb,
		     int *addr_len)
{
	put_source_ipv4(sk, msg, skb, addr_len);
	ip_cmsg_recv_offset(msg, sk, skb, sizeof(struct udphdr), 0);
}

/* IPV6_PKTINFO of an IPv4 datagram; UDP's own function isn't exported. */
static void put_pktinfo_v4mapped(struct sock *sk, struct msghdr *msg,
				 const struct sk_buff *skb)
{
	struct in6_pktinfo info = {
		.ipi6_ifindex = PKTINFO_SKB_CB(skb)->ipi_ifindex,
	};

	if (!inet6_sk(sk)->rxopt.bits.rxinfo)
		return;
	ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &info.ipi6_addr);
	put_cmsg(msg, SOL_IPV6, IPV6_PKTINFO, sizeof(info), &info);
}

static void put_ipv6(struct sock *sk, struct msghdr *msg, struct sk_buff *skb,
		     int *addr_len)
{
	put_source_ipv6(sk, msg, skb, addr_len);
	if (skb->protocol == htons(ETH_P_IP)) {
		put_pktinfo_v4mapped(sk, msg, skb);
		ip_cmsg_recv_offset(msg, sk, skb, sizeof(struct udphdr), 0);
	} else if (inet6_sk(sk)->rxopt.all) {
		ip6_datagram_recv_ctl(sk, msg, skb);
	}
}

/* As UDP tells it of datagrams that the stack joined. */
static void put_segment(struct sock *sk, const struct dtls_run *run,
			struct msghdr *msg)
{
	const struct sk_buff *skb = run->first->block->skb;
	int segment = run->segment;

	if (run->first->type == DTLS_RX_RAW && skb_is_gso(skb) &&
	    udp_test_bit(GRO_ENABLED, sk))
		segment = skb_shinfo(skb)->gso_size;
	if (segment)
		put_cmsg(msg, SOL_UDP, UDP_GRO, sizeof(segment), &segment);
}

static int copy_content(const struct dtls_rx_record *record,
			struct msghdr *msg, size_t len)
{
	const struct sk_buff *text = record->block->text;
	size_t n;

	if (skb_is_nonlinear(text))
		return skb_copy_datagram_msg(text, record->offset, msg, len);
	n = copy_to_iter(text->data + record->offset, len, &msg->msg_iter);
	if (n == len)
		return 0;
	iov_iter_revert(&msg->msg_iter, n);
	return -EFAULT;
}

/**
 * dtls_delivery_put() - give records to the application
 * @sk: the socket
 * @run: the records
 * @msg: where content, address and control messages go
 * @len: room in @msg, bytes
 * @flags: MSG_TRUNC
 * @addr_len: where the length of the source address goes
 *
 * Context: process.
 * Return: bytes copied, or with MSG_TRUNC the content's; -EIO for a control
 *	record and no room for its type; -EFAULT.
 */
int dtls_delivery_put(struct sock *sk, const struct dtls_run *run,
		      struct msghdr *msg, size_t len, int flags, int *addr_len)
{
	bool want_info = READ_ONCE(dtls_context(sk)->assoc->recv_flags) &
			 DTLS_RECV_INFO;
	const struct dtls_rx_record *record = run->first;
	struct sk_buff *skb = record->block->skb;
	size_t copied = min_t(size_t, len, run->len);
	int err;

	if (record->type != DTLS_RX_RAW && !dtls_rx_record_is_data(record)) {
		err = dtls_cmsg_put(msg, record, want_info);
		if (err)
			return err;
	}
	err = copy_content(record, msg, copied);
	if (err)
		return err;
	if (copied < run->len)
		msg->msg_flags |= MSG_TRUNC;

	sock_recv_cmsgs(msg, sk, skb);
	put_segment(sk, run, msg);
	if (sk->sk_family == AF_INET)
		put_ipv4(sk, msg, skb, addr_len);
	else
		put_ipv6(sk, msg, skb, addr_len);
	if (dtls_rx_record_is_data(record))
		dtls_cmsg_put_data(msg, record, want_info);
	return flags & MSG_TRUNC ? run->len : copied;
}

/**
 * dtls_delivery_has_path_mtu() - is there a path MTU to tell of?
 * @sk: the socket
 *
 * Context: any.
 * Return: true if IPV6_RECVPATHMTU is set and the MTU has changed.
 * Source: RFC 3542, 11.3.
 */
bool dtls_delivery_has_path_mtu(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 && READ_ONCE(inet6_sk(sk)->rxpmtu) &&
	       inet6_sk(sk)->rxopt.bits.rxpmtu;
}

/**
 * dtls_delivery_put_path_mtu() - tell the application of a path MTU
 * @sk: the socket
 * @msg: where address and control message go
 * @addr_len: where the length of the address goes
 *
 * As UDP does, whose own function isn't exported.
 *
 * Context: process.
 * Return: 0; -EAGAIN if somebody else was faster.
 */
int dtls_delivery_put_path_mtu(struct sock *sk, struct msghdr *msg,
			       int *addr_len)
{
	DECLARE_SOCKADDR(struct sockaddr_in6 *, sin6, msg->msg_name);
	struct ip6_mtuinfo info;
	struct sk_buff *skb;

	skb = xchg(&inet6_sk(sk)->rxpmtu, NULL);
	if (!skb)
		return -EAGAIN;
	sock_recv_timestamp(msg, sk, skb);
	memcpy(&info, IP6CBMTU(skb), sizeof(info));
	if (sin6) {
		*sin6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_scope_id = info.ip6m_addr.sin6_scope_id,
			.sin6_addr = info.ip6m_addr.sin6_addr,
		};
		*addr_len = sizeof(*sin6);
	}
	put_cmsg(msg, SOL_IPV6, IPV6_PATHMTU, sizeof(info), &info);
	kfree_skb(skb);
	return 0;
}
