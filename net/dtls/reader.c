// SPDX-License-Identifier: GPL-2.0
/*
 * recv() and poll(): whoever reads opens the datagrams, in his own time and on
 * his own processor.
 */
#include <asm/ioctls.h>
#include <linux/poll.h>
#include <linux/skbuff.h>
#include <linux/sockios.h>
#include <net/sock.h>
#include <net/udp.h>

#include "assoc.h"
#include "context.h"
#include "delivery.h"
#include "event.h"
#include "reader.h"
#include "ready.h"
#include "rx.h"

static void count_udp(const struct sock *sk, int field)
{
	SNMP_INC_STATS(__UDPX_MIB(sk, sk->sk_family == AF_INET), field);
}

/*
 * How many datagrams there are to open. Whoever doesn't sleep opens so many and
 * no more: each later one wakes him again, so a flood can't hold him here.
 */
static unsigned int count_queued(const struct sock *sk)
{
	return skb_queue_len_lockless(&sk->sk_receive_queue) +
	       skb_queue_len_lockless(&udp_sk(sk)->reader_queue);
}

static bool is_damaged(struct sock *sk, struct sk_buff *skb)
{
	/* UDP keeps notes there, which a checksum error would print. */
	skb->dev = NULL;
	if (skb_csum_unnecessary(skb) || !__skb_checksum_complete(skb))
		return false;
	sk_drops_inc(sk);
	count_udp(sk, UDP_MIB_CSUMERRORS);
	count_udp(sk, UDP_MIB_INERRORS);
	return true;
}

/*
 * Open what was read too early to be opened, or what UDP has next. Readers that
 * sleep are told of records beyond the first, which is the caller's.
 *
 * Return: a record; NULL if the datagram had none; ERR_PTR.
 */
static struct dtls_rx_record *open_next(struct sock *sk,
					struct dtls_context *ctx,
					struct dtls_rx_record *raw)
{
	struct dtls_rx_record *record;
	LIST_HEAD(records);
	struct sk_buff *skb;
	int err, off = 0;

	if (raw) {
		skb = skb_get(raw->skb);
		dtls_rx_record_put(raw);
	} else {
		skb = __skb_recv_udp(sk, MSG_DONTWAIT, &off, &err);
		if (!skb)
			return ERR_PTR(err);
		if (is_damaged(sk, skb)) {
			kfree_skb(skb);
			return NULL;
		}
		count_udp(sk, UDP_MIB_INDATAGRAMS);
	}
	dtls_rx_open(ctx->assoc, skb, &records);

	record = list_first_entry_or_null(&records, struct dtls_rx_record,
					  list);
	if (!record)
		return NULL;
	list_del(&record->list);
	if (!list_empty(&records)) {
		dtls_ready_push(sk, &records);
		sk->sk_data_ready(sk);
	}
	return record;
}

/*
 * Wake readers that sleep in recv(), and no poller: the one that calls us would
 * wake itself, and others come through poll_lock. Pollers pass over a key of
 * events that they didn't ask for.
 */
static void wake_readers(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLMSG);
	rcu_read_unlock();
}

/* No record may come to wake those who found none. */
static void wake_at_end(struct sock *sk, struct dtls_context *ctx)
{
	if (dtls_assoc_rx_just_ended(ctx->assoc))
		sk_error_report(sk);
}

/* A record, without waiting for one; the caller's reference. */
static struct dtls_rx_record *open_first(struct sock *sk,
					 struct dtls_context *ctx, bool peek)
{
	unsigned int n = count_queued(sk) + 1;
	struct dtls_rx_record *record;
	bool unopened;

	do {
		record = dtls_ready_get(ctx, peek, &unopened);
		if (record && !unopened)
			return record;
		record = open_next(sk, ctx, record);
		cond_resched();
	} while (!record && n--);
	if (peek && !IS_ERR_OR_NULL(record)) {
		refcount_inc(&record->refs);
		dtls_ready_push_front(sk, record);
		wake_readers(sk);
	}
	return record ?: ERR_PTR(-EAGAIN);
}

/*
 * A record, without waiting for one; if only to @peek at, it's in the list too.
 * What is refused on the way moved its counter; it neither fails nor holds up
 * the reader.
 */
static struct dtls_rx_record *take(struct sock *sk, struct dtls_context *ctx,
				   bool peek)
{
	struct dtls_rx_record *record;
	int err;

	/* First of all, as for UDP. */
	err = READ_ONCE(sk->sk_err) ? sock_error(sk) : 0;
	if (err)
		return ERR_PTR(err);
	if (peek) {
		/* A poller must not miss what is taken out and put back. */
		mutex_lock(&ctx->poll_lock);
		record = open_first(sk, ctx, true);
		mutex_unlock(&ctx->poll_lock);
	} else {
		record = open_first(sk, ctx, false);
	}
	dtls_event_tell(sk, ctx->assoc);
	if (record != ERR_PTR(-EAGAIN))
		return record;
	/* Nothing, and perhaps nothing to hope for. */
	wake_at_end(sk, ctx);
	err = dtls_assoc_rx_status(ctx->assoc);
	return err ? ERR_PTR(err) : record;
}

/*
 * A poller may have had the last datagram, or an error, in hand, which the
 * caller was told of before: what it finds must not wait for the next arrival.
 */
static struct dtls_rx_record *take_from_poller(struct sock *sk,
					       struct dtls_context *ctx,
					       bool peek)
{
	mutex_lock(&ctx->poll_lock);
	mutex_unlock(&ctx->poll_lock);
	return dtls_ready_is_any(ctx) || READ_ONCE(sk->sk_err) ?
		       take(sk, ctx, peek) :
		       ERR_PTR(-EAGAIN);
}

/* A record, or NULL after shutdown(), or ERR_PTR. */
static struct dtls_rx_record *wait_for_record(struct sock *sk,
					      struct dtls_context *ctx,
					      bool peek, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct dtls_rx_record *record;

	record = take(sk, ctx, peek);
	if (record != ERR_PTR(-EAGAIN))
		return record;
	if (!timeo)
		return take_from_poller(sk, ctx, peek);

	/* What arrives from here on is not slept through. */
	add_wait_queue(sk_sleep(sk), &wait);
	for (;;) {
		record = take(sk, ctx, peek);
		if (record != ERR_PTR(-EAGAIN) || !timeo)
			break;
		if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) {
			record = NULL;
			break;
		}
		if (signal_pending(current)) {
			record = ERR_PTR(sock_intr_errno(timeo));
			break;
		}
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return record;
}

/**
 * dtls_reader_recvmsg() - recvmsg() of an attached socket
 * @sk: the socket
 * @msg: where the content and the control messages go
 * @len: room in @msg, bytes
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_ERRQUEUE
 * @addr_len: where the length of the source address goes
 *
 * Context: process.
 * Return: bytes of one record's content; 0 also after shutdown(); -EAGAIN,
 *	-EINTR and the socket's error as UDP has them; -EIO for a control
 *	record and no control buffer, -EFAULT: the record stays; -EOPNOTSUPP;
 *	-EKEYEXPIRED, -EKEYREVOKED: the newest key is at its end.
 */
int dtls_reader_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			int flags, int *addr_len)
{
	struct dtls_context *ctx = dtls_context(sk);
	struct dtls_rx_record *record;
	bool peek = flags & MSG_PEEK;
	int ret;

	if (flags & MSG_ERRQUEUE)
		return ctx->base_prot->recvmsg(sk, msg, len, flags, addr_len);
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (dtls_delivery_has_path_mtu(sk))
		return dtls_delivery_put_path_mtu(sk, msg, addr_len);

	record = wait_for_record(sk, ctx, peek,
				 sock_rcvtimeo(sk, flags & MSG_DONTWAIT));
	if (IS_ERR_OR_NULL(record))
		return PTR_ERR_OR_ZERO(record);

	ret = dtls_delivery_put(sk, record, msg, len, flags, addr_len);
	if (ret >= 0 || peek) {
		dtls_rx_record_put(record);
		return ret;
	}
	/* Not lost: the next reader may have the room for it. */
	dtls_ready_push_front(sk, record);
	sk->sk_data_ready(sk);
	return ret;
}

/*
 * Open datagrams until one has a record in it. An error hides none, and stays
 * for recv() to say; whoever set it has woken pollers, and those who read just
 * now may have missed it.
 */
static bool open_ready(struct sock *sk, struct dtls_context *ctx)
{
	int err = READ_ONCE(sk->sk_err) ? sock_error(sk) : 0;
	unsigned int n = count_queued(sk) + 1;
	struct dtls_rx_record *record;

	lockdep_assert_held(&ctx->poll_lock);
	while (!dtls_ready_is_any(ctx) && n--) {
		record = open_next(sk, ctx, dtls_ready_get_unopened(ctx));
		if (record == ERR_PTR(-EAGAIN))
			break;
		if (IS_ERR(record)) {
			err = PTR_ERR(record);
		} else if (record) {
			dtls_ready_push_front(sk, record);
			wake_readers(sk);
		}
		cond_resched();
	}
	if (err) {
		WRITE_ONCE(sk->sk_err, -err);
		wake_readers(sk);
	}
	dtls_event_tell(sk, ctx->assoc);
	wake_at_end(sk, ctx);
	return dtls_ready_is_any(ctx);
}

/* One at a time: another one must see what the first is opening. */
static bool make_ready(struct sock *sk, struct dtls_context *ctx)
{
	bool ready;

	mutex_lock(&ctx->poll_lock);
	ready = open_ready(sk, ctx);
	mutex_unlock(&ctx->poll_lock);
	return ready;
}

/**
 * dtls_reader_poll() - poll() of an attached socket
 * @file: its file
 * @sock: the socket
 * @wait: as for any poll
 *
 * Context: process; waits for the cipher.
 * Return: UDP's answer, readable only with a record to read.
 */
__poll_t dtls_reader_poll(struct file *file, struct socket *sock,
			  poll_table *wait)
{
	const __poll_t readable = EPOLLIN | EPOLLRDNORM;
	struct sock *sk = sock->sk;
	struct dtls_context *ctx = dtls_context(sk);
	__poll_t mask = ctx->base_ops->poll(file, sock, wait);

	if (dtls_ready_is_any(ctx))
		return mask | readable;
	if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN ||
	    !dtls_assoc_has_rx(ctx->assoc) ||
	    !(poll_requested_events(wait) & readable))
		return mask;
	if (make_ready(sk, ctx))
		return mask | readable;
	mask &= ~readable;
	if (READ_ONCE(sk->sk_err) || dtls_assoc_rx_status(ctx->assoc))
		mask |= EPOLLERR;
	return mask;
}

/**
 * dtls_reader_ioctl() - ioctl() of an attached socket
 * @sk: the socket
 * @cmd: SIOCINQ is ours, the rest goes to UDP
 * @arg: as the kernel has it
 *
 * Context: process; waits for the cipher.
 * Return: 0, and for SIOCINQ the length of the record that recv() would give,
 *	or 0 if there's none; else UDP's answer.
 */
int dtls_reader_ioctl(struct sock *sk, int cmd, dtls_compat_ioctl_arg_t arg)
{
	struct dtls_context *ctx = dtls_context(sk);

	if (cmd != SIOCINQ ||
	    (!dtls_ready_is_any(ctx) && !dtls_assoc_has_rx(ctx->assoc)))
		return ctx->base_prot->ioctl(sk, cmd, arg);
	make_ready(sk, ctx);
	return dtls_compat_ioctl_answer(arg, dtls_ready_first_len(ctx));
}
