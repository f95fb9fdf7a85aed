// SPDX-License-Identifier: GPL-2.0
/* Records go out as UDP's datagrams, several at once where they are alike. */
#include <linux/math.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/udp.h>
#include <net/hotdata.h>
#include <net/sock.h>

#include "assoc.h"
#include "cmsg.h"
#include "context.h"
#include "datagram.h"
#include "event.h"
#include "offload_send.h"
#include "trace.h"
#include "tx.h"

/* No datagram can be longer. */
#define DATAGRAM_MAX	65535

/* UDP's own sendmsg(). */
static int send_base(struct sock *sk, struct dtls_context *ctx,
		     struct msghdr *out, size_t len, bool in_clear)
{
	if (unlikely(ctx->offload))
		return dtls_offload_send(sk, ctx, out, len, in_clear);
	return ctx->base_prot->sendmsg(sk, out, len);
}

/* It hears of segments from us and nobody else. */
static int send_segments(struct sock *sk, struct dtls_context *ctx,
			 struct msghdr *out, size_t len, u16 segment,
			 bool in_clear)
{
	struct dtls_cmsg_control control;
	int ret;

	ret = dtls_cmsg_set_segment(out, segment, &control);
	if (ret)
		return ret;
	ret = send_base(sk, ctx, out, len, in_clear);
	dtls_cmsg_free(&control);
	return ret;
}

/* Of a packet that UDP makes without copying. */
static unsigned int count_frags(const struct dtls_tx_datagrams *datagrams)
{
	unsigned int i, n = 0;

	for (i = 0; i < datagrams->n_pages; i++)
		n += DIV_ROUND_UP(datagrams->pages[i].bv_len, PAGE_SIZE);
	return n;
}

static void fill_iter(const struct dtls_tx_datagrams *datagrams,
		      struct msghdr *out)
{
	if (datagrams->n_pages) {
		/* Nobody writes there any more: UDP needn't copy. */
		if (count_frags(datagrams) <= dtls_compat_max_frags())
			out->msg_flags |= DTLS_COMPAT_MSG_SPLICE;
		iov_iter_bvec(&out->msg_iter, ITER_SOURCE, datagrams->pages,
			      datagrams->n_pages, datagrams->size);
	} else {
		iov_iter_kvec(&out->msg_iter, ITER_SOURCE, &datagrams->vec, 1,
			      datagrams->size);
	}
}

static int send_vec(struct sock *sk, struct dtls_context *ctx,
		    const struct msghdr *msg, int flags,
		    const struct dtls_tx_datagrams *datagrams)
{
	struct msghdr out = *msg;

	out.msg_flags |= flags;
	fill_iter(datagrams, &out);
	/* Several, or one, but never cut: it must stay a packet. */
	if (datagrams->epoch)
		return send_segments(sk, ctx, &out, datagrams->size,
				     datagrams->segment ?: datagrams->size,
				     true);
	/* What the sender says counts the content; a record isn't to be cut. */
	if (datagrams->segment || READ_ONCE(udp_sk(sk)->gso_size) ||
	    (out.msg_controllen && dtls_cmsg_has_segment(&out)))
		return send_segments(sk, ctx, &out, datagrams->size,
				     datagrams->segment, false);
	return send_base(sk, ctx, &out, datagrams->size, false);
}

/*
 * Nobody may wait for room while others, who don't want to, wait for him. Kept
 * out of the way of sockets that have no card.
 */
static noinline int send_patiently(struct sock *sk, struct dtls_context *ctx,
				   const struct msghdr *msg,
				   const struct dtls_tx_datagrams *datagrams)
{
	long timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	int ret, err;

	do {
		ret = send_vec(sk, ctx, msg, MSG_DONTWAIT, datagrams);
		err = ret == -EAGAIN ? dtls_offload_wait(sk, &timeo) : ret;
	} while (ret == -EAGAIN && !err);
	return ret == -EAGAIN ? err : ret;
}

static int send_any(struct sock *sk, struct dtls_context *ctx,
		    const struct msghdr *msg,
		    const struct dtls_tx_datagrams *datagrams)
{
	if (unlikely(ctx->offload))
		return send_patiently(sk, ctx, msg, datagrams);
	return send_vec(sk, ctx, msg, 0, datagrams);
}

/**
 * dtls_datagram_seal() - make records, one a datagram
 * @sk: the socket
 * @ctx: its context
 * @message: what they are to be
 * @from: the content
 * @out: the datagrams, to be freed by dtls_datagram_send()
 *
 * Context: process.
 * Return: as dtls_tx_seal(); -EINVAL for more datagrams than UDP takes at once.
 */
int dtls_datagram_seal(struct sock *sk, struct dtls_context *ctx,
		       struct dtls_tx_message *message,
		       struct iov_iter *from, struct dtls_tx_datagrams *out)
{
	int err;

	if (message->segment &&
	    message->len > message->segment * UDP_MAX_SEGMENTS)
		return -EINVAL;
	if (unlikely(ctx->offload) && message->may_be_clear)
		message->may_be_clear = dtls_offload_may_send(sk, ctx, message);
	err = dtls_tx_seal(ctx->assoc, message, from, out);
	dtls_event_tell(sk, ctx->assoc);
	return err;
}

/**
 * dtls_datagram_send() - send records, and free them
 * @sk: the socket
 * @ctx: its context
 * @msg: the sender's message: to whom, and how
 * @datagrams: the records
 *
 * Context: process.
 * Return: as UDP.
 */
int dtls_datagram_send(struct sock *sk, struct dtls_context *ctx,
		       const struct msghdr *msg,
		       struct dtls_tx_datagrams *datagrams)
{
	int ret;

	ret = send_any(sk, ctx, msg, datagrams);
	if (ret < 0) {
		dtls_stats_add(&ctx->assoc->counters, DTLS_STAT_TX_ERROR,
			       datagrams->n);
		trace_dtls_drop(ctx->assoc->cookie, DTLS_STAT_TX_ERROR, 0,
				datagrams->size);
	} else if (datagrams->epoch) {
		dtls_stats_add(&ctx->assoc->counters, DTLS_STAT_TX_DEVICE,
			       datagrams->n);
	}
	dtls_tx_free(datagrams);
	return ret;
}

/**
 * dtls_datagram_send_epoch0() - send unprotected records of a handshake
 * @sk: the socket
 * @ctx: its context
 * @msg: the sender's message
 * @len: length of the records, bytes
 *
 * Context: process.
 * Return: @len; -EMSGSIZE; -EINVAL if that's no unprotected records; -ENOMEM;
 *	-EFAULT; else as UDP.
 */
int dtls_datagram_send_epoch0(struct sock *sk, struct dtls_context *ctx,
			      struct msghdr *msg, size_t len)
{
	struct dtls_tx_datagrams datagrams = {
		.vec.iov_len = len, .n = 1, .size = len,
	};
	int ret = -EFAULT;
	void *buf;

	if (len > DATAGRAM_MAX)
		return -EMSGSIZE;
	buf = kmalloc(len ?: 1, GFP_KERNEL | __GFP_NOWARN);
	if (!buf)
		return -ENOMEM;
	if (!copy_from_iter_full(buf, len, &msg->msg_iter))
		goto free_buf;
	ret = -EINVAL;
	datagrams.vec.iov_base = buf;
	if (dtls_record_all_plain(buf, len))
		ret = send_any(sk, ctx, msg, &datagrams);
free_buf:
	kfree(buf);
	return ret;
}

static int send_once(struct sock *sk, struct dtls_context *ctx,
		     struct msghdr *msg, size_t len)
{
	u16 segment = READ_ONCE(ctx->segment);
	struct msghdr out;
	int ret;

	if (!segment || dtls_cmsg_has_segment(msg))
		return send_base(sk, ctx, msg, len, false);
	out = *msg;
	ret = send_segments(sk, ctx, &out, len, segment, false);
	msg->msg_iter = out.msg_iter;
	return ret;
}

/**
 * dtls_datagram_send_plain() - send what was never a record
 * @sk: the socket
 * @ctx: its context
 * @msg: the sender's message
 * @len: length of its content, bytes
 *
 * Context: process.
 * Return: as UDP.
 */
int dtls_datagram_send_plain(struct sock *sk, struct dtls_context *ctx,
			     struct msghdr *msg, size_t len)
{
	long timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	size_t given = iov_iter_count(&msg->msg_iter);
	int ret, err;

	if (!ctx->offload)
		return send_once(sk, ctx, msg, len);
	/* As send_patiently(). */
	msg->msg_flags |= MSG_DONTWAIT;
	for (;;) {
		ret = send_once(sk, ctx, msg, len);
		if (ret != -EAGAIN)
			return ret;
		iov_iter_revert(&msg->msg_iter,
				given - iov_iter_count(&msg->msg_iter));
		err = dtls_offload_wait(sk, &timeo);
		if (err)
			return err;
	}
}
