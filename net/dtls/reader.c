// SPDX-License-Identifier: GPL-2.0
/*
 * recv() and poll(): whoever reads opens the datagrams, in his own time and on
 * his own processor.
 */
#include <asm/ioctls.h>
#include <linux/poll.h>
#include <linux/skbuff.h>
#include <linux/sockios.h>
#include <linux/udp.h>
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
 * Open what was read too early to be opened, or what UDP has next; its records
 * go to @records, which stays empty if it had none.
 *
 * Return: 0, or an errno of UDP's: there's nothing to open.
 */
static int open_next(struct sock *sk, struct dtls_context *ctx,
		     struct dtls_rx_record *raw, struct list_head *records)
{
	struct sk_buff *skb;
	int err, off = 0;

	if (raw) {
		skb = skb_get(raw->block->skb);
		dtls_rx_record_put(raw);
	} else {
		skb = __skb_recv_udp(sk, MSG_DONTWAIT, &off, &err);
		if (!skb)
			return err;
		if (is_damaged(sk, skb)) {
			kfree_skb(skb);
			return 0;
		}
		count_udp(sk, UDP_MIB_INDATAGRAMS);
	}
	dtls_rx_open(ctx->assoc, skb, records);
	return 0;
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

/* One recv() gives several datagrams, if they came as one and are alike. */
static bool may_join(const struct sock *sk, const struct dtls_context *ctx)
{
	return udp_test_bit(GRO_ENABLED, sk) &&
	       !(READ_ONCE(ctx->assoc->recv_flags) & DTLS_RECV_INFO);
}

/*
 * Take from @records, just opened, what is to be read at once. Readers that
 * sleep are told of the rest.
 */
static void take_run(struct sock *sk, struct dtls_context *ctx, bool peek,
		     struct list_head *records, struct dtls_run *run)
{
	struct dtls_rx_record *last;

	last = dtls_ready_measure(records, may_join(sk, ctx), run);
	if (peek) {
		dtls_rx_record_get(run->first);
		dtls_ready_push_front(sk, records);
		wake_readers(sk);
		return;
	}
	list_cut_position(&run->records, records, &last->list);
	if (!list_empty(records)) {
		dtls_ready_push(sk, records);
		sk->sk_data_ready(sk);
	}
}

/* Records, without waiting for any; the caller's references. */
static int open_first(struct sock *sk, struct dtls_context *ctx, bool peek,
		      struct dtls_run *run)
{
	struct dtls_rx_record *raw;
	LIST_HEAD(records);
	unsigned int n = 0;
	bool unopened;
	int err;

	for (;;) {
		raw = NULL;
		INIT_LIST_HEAD(&run->records);
		if (!list_empty(&ctx->rx_ready) &&
		    dtls_ready_get(ctx, peek, may_join(sk, ctx), run,
				   &unopened)) {
			if (!unopened)
				return 0;
			raw = run->first;
			INIT_LIST_HEAD(&run->records);
		}
		err = open_next(sk, ctx, raw, &records);
		if (!list_empty(&records))
			break;
		if (!err && !n)
			n = count_queued(sk) + 2;
		if (err || !--n)
			return err ?: -EAGAIN;
		cond_resched();
	}
	take_run(sk, ctx, peek, &records, run);
	return 0;
}

/*
 * Records, without waiting for any; if only to @peek at, they're in the list
 * too. What is refused on the way moved its counter; it neither fails nor holds
 * up the reader.
 */
static int take(struct sock *sk, struct dtls_context *ctx, bool peek,
		struct dtls_run *run)
{
	int err;

	/* First of all, as for UDP. */
	err = READ_ONCE(sk->sk_err) ? sock_error(sk) : 0;
	if (err)
		return err;
	if (peek) {
		/* A poller must not miss what is taken out and put back. */
		mutex_lock(&ctx->poll_lock);
		err = open_first(sk, ctx, true, run);
		mutex_unlock(&ctx->poll_lock);
	} else {
		err = open_first(sk, ctx, false, run);
	}
	dtls_event_tell(sk, ctx->assoc);
	if (err != -EAGAIN)
		return err;
	/* Nothing, and perhaps nothing to hope for. */
	wake_at_end(sk, ctx);
	return dtls_assoc_rx_status(ctx->assoc) ?: -EAGAIN;
}

/*
 * A poller may have had the last datagram, or an error, in hand, which the
 * caller was told of before: what it finds must not wait for the next arrival.
 */
static int take_from_poller(struct sock *sk, struct dtls_context *ctx,
			    bool peek, struct dtls_run *run)
{
	mutex_lock(&ctx->poll_lock);
	mutex_unlock(&ctx->poll_lock);
	return dtls_ready_is_any(ctx) || READ_ONCE(sk->sk_err) ?
		       take(sk, ctx, peek, run) :
		       -EAGAIN;
}

/* 1 with records, 0 after shutdown(), or an errno. */
static int wait_for_records(struct sock *sk, struct dtls_context *ctx,
			    bool peek, long timeo, struct dtls_run *run)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int ret;

	ret = take(sk, ctx, peek, run);
	if (ret == -EAGAIN && !timeo)
		ret = take_from_poller(sk, ctx, peek, run);
	if (ret != -EAGAIN || !timeo)
		return ret ?: 1;

	/* What arrives from here on is not slept through. */
	add_wait_queue(sk_sleep(sk), &wait);
	/* With skwq_has_sleeper(): one of the two sees the other. */
	smp_mb();
	for (;;) {
		ret = take(sk, ctx, peek, run) ?: 1;
		if (ret != -EAGAIN || !timeo)
			break;
		ret = 0;
		if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN)
			break;
		ret = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return ret;
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
 * Return: bytes of one record's content, or with UDP_GRO of several; 0 also
 *	after shutdown(); -EAGAIN, -EINTR and the socket's error as UDP has
 *	them; -EIO for a control record and no control buffer, -EFAULT: the
 *	record stays; -EOPNOTSUPP; -EKEYEXPIRED, -EKEYREVOKED: the newest key
 *	is at its end.
 */
int dtls_reader_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			int flags, int *addr_len)
{
	struct dtls_context *ctx = dtls_context(sk);
	bool peek = flags & MSG_PEEK;
	struct dtls_run run;
	int ret;

	if (flags & MSG_ERRQUEUE)
		return ctx->base_prot->recvmsg(sk, msg, len, flags, addr_len);
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (dtls_delivery_has_path_mtu(sk))
		return dtls_delivery_put_path_mtu(sk, msg, addr_len);

	ret = wait_for_records(sk, ctx, peek,
			       sock_rcvtimeo(sk, flags & MSG_DONTWAIT), &run);
	if (ret <= 0)
		return ret;

	ret = dtls_delivery_put(sk, &run, msg, len, flags, addr_len);
	if (ret >= 0 || peek) {
		dtls_ready_put_run(&run);
		return ret;
	}
	/* Not lost: the next reader may have the room for it. */
	dtls_ready_push_front(sk, &run.records);
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
	LIST_HEAD(records);

	lockdep_assert_held(&ctx->poll_lock);
	while (!dtls_ready_is_any(ctx) && n--) {
		int ret = open_next(sk, ctx, dtls_ready_get_unopened(ctx),
				    &records);

		if (ret == -EAGAIN)
			break;
		if (ret) {
			err = ret;
		} else if (!list_empty(&records)) {
			dtls_ready_push_front(sk, &records);
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
 * Return: 0, and for SIOCINQ the length of what recv() would give, or 0 if
 *	there's nothing; else UDP's answer.
 */
int dtls_reader_ioctl(struct sock *sk, int cmd, dtls_compat_ioctl_arg_t arg)
{
	struct dtls_context *ctx = dtls_context(sk);

	if (cmd != SIOCINQ ||
	    (!dtls_ready_is_any(ctx) && !dtls_assoc_has_rx(ctx->assoc)))
		return ctx->base_prot->ioctl(sk, cmd, arg);
	make_ready(sk, ctx);
	return dtls_compat_ioctl_answer(arg, dtls_ready_first_len(ctx, may_join(sk, ctx)));
}
