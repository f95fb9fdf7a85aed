// SPDX-License-Identifier: GPL-2.0
/* send(): make a record, and let UDP send it. */
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "assoc.h"
#include "cmsg.h"
#include "context.h"
#include "event.h"
#include "tx.h"
#include "writer.h"

/* No datagram can be longer. */
#define DTLS_DATAGRAM_MAX	65535

/* UDP's own sendmsg(), with the record in place of the content. */
static int send_datagram(struct sock *sk, struct dtls_context *ctx,
			 const struct msghdr *msg, const struct kvec *datagram)
{
	struct msghdr out = *msg;
	struct kvec vec = *datagram;

	iov_iter_kvec(&out.msg_iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	return ctx->base_prot->sendmsg(sk, &out, vec.iov_len);
}

/* Unprotected records of a handshake, that go out as they are. */
static int send_epoch0(struct sock *sk, struct dtls_context *ctx,
		       struct msghdr *msg, size_t len)
{
	struct kvec datagram = { .iov_len = len };
	int ret = -EFAULT;

	if (len > DTLS_DATAGRAM_MAX)
		return -EMSGSIZE;
	datagram.iov_base = kmalloc(len ?: 1, GFP_KERNEL | __GFP_NOWARN);
	if (!datagram.iov_base)
		return -ENOMEM;
	if (!copy_from_iter_full(datagram.iov_base, len, &msg->msg_iter))
		goto free_datagram;
	ret = -EINVAL;
	if (dtls_record_all_plain(datagram.iov_base, len))
		ret = send_datagram(sk, ctx, msg, &datagram);
free_datagram:
	kfree(datagram.iov_base);
	return ret;
}

static int check_record(const struct dtls_cmsg *said, size_t len)
{
	/* RFC 5246, 6.2.1: only application data may be empty. */
	if (!len && said->type != DTLS_RECORD_DATA)
		return -EINVAL;
	return 0;
}

static int seal(struct sock *sk, struct dtls_context *ctx,
		struct iov_iter *from, size_t len, u8 type,
		struct kvec *datagram)
{
	int err;

	err = dtls_tx_seal(ctx->assoc, type, from, len, datagram);
	dtls_event_tell(sk, ctx->assoc);
	return err;
}

static int send_and_free(struct sock *sk, struct dtls_context *ctx,
			 struct msghdr *msg, struct kvec *datagram)
{
	int ret;

	ret = send_datagram(sk, ctx, msg, datagram);
	kfree(datagram->iov_base);
	if (ret < 0)
		dtls_stats_inc(&ctx->assoc->counters, DTLS_STAT_TX_ERROR);
	return ret;
}

static int send_record(struct sock *sk, struct dtls_context *ctx,
		       struct msghdr *msg, size_t len, u8 type)
{
	struct kvec datagram;
	int err;

	err = seal(sk, ctx, &msg->msg_iter, len, type, &datagram);
	if (err)
		return err;
	err = send_and_free(sk, ctx, msg, &datagram);
	return err < 0 ? err : len;
}

static size_t payload_max(struct dtls_context *ctx)
{
	struct dtls_epoch *epoch = dtls_assoc_get_tx(ctx->assoc);
	size_t max;

	if (!epoch)
		return DTLS_RECORD_PAYLOAD_MAX;
	max = dtls_tx_payload_max(epoch);
	dtls_epoch_put(epoch);
	return max;
}

/* Another time it may be sent; otherwise, as with UDP, it's lost. */
static bool is_transient(int err)
{
	return err == -EAGAIN || err == -ENOBUFS || err == -ENOMEM ||
	       err == -EINTR || err == -ERESTARTSYS;
}

/* What waits becomes a record. */
static int flush(struct sock *sk, struct dtls_context *ctx, struct msghdr *msg)
{
	struct dtls_cork *cork = &ctx->cork;
	struct kvec datagram, vec = { cork->buf, cork->len };
	struct iov_iter from;
	int err;

	iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, vec.iov_len);
	err = seal(sk, ctx, &from, vec.iov_len, cork->type, &datagram);
	if (err)
		return err;
	err = send_and_free(sk, ctx, msg, &datagram);
	if (err >= 0 || !is_transient(err))
		dtls_cork_drop(cork);
	return err < 0 ? err : 0;
}

/* Append, and flush unless more is to come. */
static int append(struct sock *sk, struct dtls_context *ctx, struct msghdr *msg,
		  size_t len, u8 type, size_t max, bool more)
{
	struct dtls_cork *cork = &ctx->cork;
	bool was_pending = cork->is_pending;
	size_t old_len = cork->len;
	int err;

	err = dtls_cork_append(cork, type, &msg->msg_iter, len, max);
	if (err || more)
		return err;
	err = flush(sk, ctx, msg);
	/* What waited before still does; the caller keeps the rest. */
	if (err && cork->is_pending)
		dtls_cork_cut(cork, old_len, was_pending);
	return err;
}

/* What is spliced fills records, as it comes in pieces of any size. */
static int splice_corked(struct sock *sk, struct dtls_context *ctx,
			 struct msghdr *msg, size_t len, u8 type, bool more)
{
	size_t max = payload_max(ctx), room;
	int err;

	if (ctx->cork.len >= max) {
		err = flush(sk, ctx, msg);
		if (err)
			return err;
	}
	room = max - ctx->cork.len;
	if (len >= room)
		more = false;
	len = min(len, room);
	err = append(sk, ctx, msg, len, type, max, more);
	return err ?: len;
}

/* A detach and a freeze come under the cork's lock, or not at all. */
static int check_corkable(struct dtls_context *ctx)
{
	lockdep_assert_held(&ctx->cork.lock);
	if (dtls_assoc_tx_mode(ctx->assoc) != DTLS_ASSOC_TX_SEALED)
		return -ENOKEY;
	return dtls_assoc_tx_is_frozen(ctx->assoc) ? -EKEYREVOKED : 0;
}

static int send_corked(struct sock *sk, struct dtls_context *ctx,
		       struct msghdr *msg, size_t len, u8 type, bool more,
		       bool spliced)
{
	int ret;

	/* Its holder may wait for room to send. */
	if (mutex_lock_interruptible(&ctx->cork.lock))
		return -ERESTARTSYS;
	more |= ctx->cork.is_set;
	ret = check_corkable(ctx);
	if (!ret && spliced)
		ret = splice_corked(sk, ctx, msg, len, type, more);
	else if (!ret)
		ret = append(sk, ctx, msg, len, type, payload_max(ctx), more) ?:
		      len;
	mutex_unlock(&ctx->cork.lock);
	return ret;
}

/* Now or never: nobody expects to wait here. */
static int push(struct sock *sk, struct dtls_context *ctx)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };

	return ctx->cork.is_pending ? flush(sk, ctx, &msg) : 0;
}

/**
 * dtls_writer_cork() - UDP_CORK: let content wait, or send what waits
 * @sk: the socket
 * @is_set: which
 *
 * Context: process.
 * Return: 0; -EOPNOTSUPP without a sending key; -ERESTARTSYS; of what waits as
 *	of dtls_writer_sendmsg(), with -EAGAIN where sending would have to wait:
 *	unless it's lost it still waits, and the cork is set.
 */
int dtls_writer_cork(struct sock *sk, bool is_set)
{
	struct dtls_context *ctx = dtls_context(sk);
	int err = 0;

	if (mutex_lock_interruptible(&ctx->cork.lock))
		return -ERESTARTSYS;
	if (!is_set)
		err = push(sk, ctx);
	else if (dtls_assoc_tx_mode(ctx->assoc) != DTLS_ASSOC_TX_SEALED)
		err = -EOPNOTSUPP;
	if (!err || (!is_set && !ctx->cork.is_pending))
		WRITE_ONCE(ctx->cork.is_set, is_set);
	mutex_unlock(&ctx->cork.lock);
	return err;
}

/**
 * dtls_writer_splice_eof() - nothing more is spliced in: send what waits
 * @sock: the socket
 *
 * Context: process.
 */
void dtls_writer_splice_eof(struct socket *sock)
{
	struct dtls_context *ctx = dtls_context(sock->sk);

	if (!dtls_cork_is_used(&ctx->cork))
		return;
	if (mutex_lock_interruptible(&ctx->cork.lock))
		return;
	/* Nobody hears of a failure; it waits for the next one. */
	if (!ctx->cork.is_set)
		push(sock->sk, ctx);
	mutex_unlock(&ctx->cork.lock);
}

static int check_message(const struct sock *sk, const struct msghdr *msg)
{
	bool is_connected = READ_ONCE(sk->sk_state) == TCP_ESTABLISHED;

	if (msg->msg_flags & (MSG_OOB | MSG_ZEROCOPY))
		return -EOPNOTSUPP;
	/* The keys are for the peer and nobody else. */
	if (msg->msg_name && is_connected)
		return -EISCONN;
	/* As UDP would say, but before a number is taken. */
	return msg->msg_name || is_connected ? 0 : -EDESTADDRREQ;
}

static int send_sealed(struct sock *sk, struct dtls_context *ctx,
		       struct msghdr *msg, size_t len, bool spliced)
{
	bool more = msg->msg_flags & MSG_MORE;
	struct dtls_cmsg said;
	int err;

	err = dtls_cmsg_get(msg, &said);
	if (err)
		return err;
	err = check_message(sk, msg);
	if (err)
		return err;
	msg->msg_flags &= ~MSG_MORE;
	if (said.is_epoch0)
		return more ? -EOPNOTSUPP : send_epoch0(sk, ctx, msg, len);
	err = check_record(&said, len);
	if (err)
		return err;
	if (more || dtls_cork_is_used(&ctx->cork))
		return send_corked(sk, ctx, msg, len, said.type, more, spliced);
	if (spliced)
		len = min(len, payload_max(ctx));
	return send_record(sk, ctx, msg, len, said.type);
}

/**
 * dtls_writer_sendmsg() - sendmsg() of an attached socket
 * @sk: the socket
 * @msg: the content of one record, and control messages; with MSG_MORE, or
 *	UDP_CORK set, a part of it
 * @len: length of the content, bytes
 *
 * Context: process; senders may run in parallel.
 * Return: @len, or less of what is spliced; -EMSGSIZE over the record's or the
 *	peer's limit, or as UDP says; -EINVAL for a type that can't be sent, or
 *	another than what waits has; -EISCONN if an address is given on a
 *	connected socket, -EDESTADDRREQ if none is on another; -EOPNOTSUPP for
 *	MSG_OOB, MSG_ZEROCOPY, UDP_SEGMENT, and without a key MSG_MORE;
 *	-EKEYEXPIRED, -EKEYREVOKED: the key is at its end; -ENOKEY after a
 *	detach; -ENOMEM; -EFAULT; else as UDP.
 * Source: RFC 6347, 4.1.
 */
int dtls_writer_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct dtls_context *ctx = dtls_context(sk);
	bool spliced = msg->msg_flags & MSG_SPLICE_PAGES;
	size_t given = iov_iter_count(&msg->msg_iter);
	int ret;

	/* Pages that are spliced in are copied: a record is of its own memory. */
	msg->msg_flags &= ~MSG_SPLICE_PAGES;
	switch (dtls_assoc_tx_mode(ctx->assoc)) {
	case DTLS_ASSOC_TX_PLAIN:
		/* In UDP's queue it would become part of a record later on. */
		if (spliced)
			msg->msg_flags &= ~MSG_MORE;
		if (msg->msg_flags & MSG_MORE)
			return -EOPNOTSUPP;
		return ctx->base_prot->sendmsg(sk, msg, len);
	case DTLS_ASSOC_TX_REFUSED:
		return -ENOKEY;
	case DTLS_ASSOC_TX_SEALED:
		break;
	}
	ret = send_sealed(sk, ctx, msg, len, spliced);
	/* io_uring comes back with the same message: it must find it whole. */
	if (ret < 0)
		iov_iter_revert(&msg->msg_iter,
				given - iov_iter_count(&msg->msg_iter));
	return ret;
}
