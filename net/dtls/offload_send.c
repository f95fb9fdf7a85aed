// SPDX-License-Identifier: GPL-2.0
/* Records in clear go to the network card on a socket's route. */
#include <linux/netdevice.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/sock.h>

#include "assoc.h"
#include "context.h"
#include "offload.h"
#include "offload_send.h"
#include "offload_xmit.h"
#include "route.h"
#include "tx.h"

/* UDP refuses them as one of several datagrams, or packets would be lost. */
static bool has_clear_way(const struct sock *sk, const struct dst_entry *dst)
{
	if (sk->sk_no_check_tx || dst->lwtstate)
		return false;
#ifdef CONFIG_XFRM
	if (dst->xfrm)
		return false;
#endif
	/* Its copy for this machine's own members would stay in clear. */
	if (dst->ops->family == AF_INET)
		return !(((const struct rtable *)dst)->rt_flags &
			 (RTCF_MULTICAST | RTCF_BROADCAST | RTCF_LOCAL));
	return !ipv6_addr_is_multicast(&sk->sk_v6_daddr);
}

static bool fits(const struct sock *sk, const struct dst_entry *dst,
		 const struct dtls_epoch *epoch,
		 const struct dtls_tx_message *message)
{
	size_t len = message->segment ? min(message->segment, message->len) :
					message->len;

	/* UDP compares with that too, where an application has set it. */
	if (dst->ops->family == AF_INET6 && inet6_sk(sk)->frag_size)
		return false;
	return len <= dtls_tx_room(epoch, dtls_route_room_on(sk, dst));
}

static bool may_send_on(const struct sock *sk, const struct dst_entry *dst,
			const struct dtls_epoch *epoch,
			const struct dtls_tx_message *message)
{
	const struct dtls_offload_key *key = dtls_offload_key(epoch);
	struct net_device *card = key ? READ_ONCE(key->dev) : NULL;

	if (!card || !dtls_offload_leads_to(dst->dev, card))
		return false;
	if (!key->batch && message->segment && message->len > message->segment)
		return false;
	return has_clear_way(sk, dst) && fits(sk, dst, epoch, message);
}

/**
 * dtls_offload_may_send() - may records go to the card in clear?
 * @sk: the socket
 * @ctx: its context
 * @message: what is to be sent
 *
 * What changes after this answer is found by dtls_offload_validate().
 *
 * Context: process.
 * Return: true if they may; else they're encrypted before.
 */
bool dtls_offload_may_send(struct sock *sk, struct dtls_context *ctx,
			   const struct dtls_tx_message *message)
{
	const struct dtls_epoch *epoch;
	struct dst_entry *dst;
	bool may = false;

	if (!ctx->offload || !(READ_ONCE(ctx->offload_flags) & DTLS_OFFLOAD_TX))
		return false;
	/*
	 * As UDP is about to do it. Where the message has control messages UDP
	 * doesn't cache what it finds.
	 */
	dst = sk_dst_check(sk, sk->sk_family == AF_INET6 ?
				       inet6_sk(sk)->dst_cookie : 0) ?:
	      dtls_route_get(sk);
	if (!dst)
		return false;
	rcu_read_lock();
	epoch = rcu_dereference(ctx->assoc->tx);
	if (epoch)
		may = may_send_on(sk, dst, epoch, message);
	rcu_read_unlock();
	dst_release(dst);
	return may;
}

/*
 * What waits in UDP's queue is ours, and one packet; were it more, each would be
 * found to be none of ours on its way. Return: false if there's nothing.
 */
static bool mark(struct sock *sk)
{
	struct sk_buff *skb;
	bool any;

	lock_sock(sk);
	any = !skb_queue_empty(&sk->sk_write_queue);
	skb_queue_walk(&sk->sk_write_queue, skb) {
#ifdef CONFIG_TLS_DEVICE
		skb->decrypted = 1;
#endif
		/* Of the ciphertext, so later. */
		skb->ip_summed = CHECKSUM_PARTIAL;
	}
	release_sock(sk);
	return any;
}

/* As corked data, so that it can be marked before it's sent. */
static int send_marked(struct sock *sk, struct dtls_context *ctx,
		       struct msghdr *out, size_t len)
{
	struct msghdr rest = { .msg_flags = out->msg_flags & ~MSG_SPLICE_PAGES };
	int ret, err;

	out->msg_flags |= MSG_MORE;
	ret = ctx->base_prot->sendmsg(sk, out, len);
	if (ret < 0 || !READ_ONCE(udp_sk(sk)->pending))
		return ret;
	if (WARN_ON_ONCE(!mark(sk)))
		return -EIO;
	iov_iter_kvec(&rest.msg_iter, ITER_SOURCE, NULL, 0, 0);
	err = ctx->base_prot->sendmsg(sk, &rest, 0);
	/*
	 * Its records may be encrypted by now, where they stand: they must not
	 * come here again.
	 */
	if (err == -EAGAIN)
		err = -ENOBUFS;
	return err < 0 ? err : ret;
}

/**
 * dtls_offload_wait() - wait for room in the socket's send buffer
 * @sk: the socket
 * @timeo: how long, jiffies; gets what is left
 *
 * UDP's sendmsg() isn't to wait where it keeps others from sending.
 *
 * Context: process.
 * Return: 0; -EAGAIN if there's no time left; -ERESTARTSYS and -EINTR; also 0
 *	where UDP's sendmsg() has an error to tell.
 */
int dtls_offload_wait(struct sock *sk, long *timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	for (;;) {
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		/* With sock_def_write_space(): one of the two sees the other. */
		smp_mb();
		if (sk_wmem_alloc_get(sk) < READ_ONCE(sk->sk_sndbuf) ||
		    READ_ONCE(sk->sk_err) ||
		    READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
			break;
		err = *timeo ? 0 : -EAGAIN;
		if (!err && signal_pending(current))
			err = sock_intr_errno(*timeo);
		if (err)
			break;
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/**
 * dtls_offload_send() - UDP's sendmsg(), of a socket that may use a card
 * @sk: the socket
 * @ctx: its context
 * @out: the message; with MSG_DONTWAIT, and UDP_SEGMENT if it's in clear
 * @len: its length, bytes
 * @in_clear: it's records that a card is to encrypt
 *
 * Context: process.
 * Return: as UDP; -ERESTARTSYS.
 */
int dtls_offload_send(struct sock *sk, struct dtls_context *ctx,
		      struct msghdr *out, size_t len, bool in_clear)
{
	struct rw_semaphore *gate = &ctx->offload->gate;
	int ret;

	if (in_clear) {
		if (down_write_killable(gate))
			return -ERESTARTSYS;
		ret = send_marked(sk, ctx, out, len);
		up_write(gate);
	} else {
		if (down_read_killable(gate))
			return -ERESTARTSYS;
		ret = ctx->base_prot->sendmsg(sk, out, len);
		up_read(gate);
	}
	return ret;
}
