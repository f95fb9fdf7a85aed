// SPDX-License-Identifier: GPL-2.0
/* send(): make records, and let UDP send them. */
#include <linux/socket.h>
#include <linux/udp.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "assoc.h"
#include "cmsg.h"
#include "context.h"
#include "datagram.h"
#include "tx.h"
#include "writer.h"

static int check_record(const struct dtls_cmsg *said, size_t len)
{
	/* RFC 5246, 6.2.1: only application data may be empty. */
	if (!len && said->type != DTLS_RECORD_DATA)
		return -EINVAL;
	return 0;
}

static int send_records(struct sock *sk, struct dtls_context *ctx,
			struct msghdr *msg, struct dtls_tx_message *message)
{
	struct dtls_tx_datagrams datagrams;
	int err;

	err = dtls_datagram_seal(sk, ctx, message, &msg->msg_iter, &datagrams);
	if (err)
		return err;
	err = dtls_datagram_send(sk, ctx, msg, &datagrams);
	return err < 0 ? err : message->len;
}

/* Content that can be sent at once. */
static size_t batch_max(struct dtls_context *ctx, size_t segment)
{
	struct dtls_epoch *epoch = dtls_assoc_get_tx(ctx->assoc);
	size_t max;

	if (!epoch)
		return DTLS_RECORD_PAYLOAD_MAX;
	max = segment ? dtls_tx_batch_max(epoch, segment, UDP_MAX_SEGMENTS) :
			dtls_tx_payload_max(epoch);
	dtls_epoch_put(epoch);
	return max;
}

/* Another time it may be sent; otherwise, as with UDP, it's lost. */
static bool is_transient(int err)
{
	return err == -EAGAIN || err == -ENOBUFS || err == -ENOMEM ||
	       err == -EINTR || err == -ERESTARTSYS;
}

/* What waits becomes records. */
static int flush(struct sock *sk, struct dtls_context *ctx, struct msghdr *msg)
{
	struct dtls_cork *cork = &ctx->cork;
	struct dtls_tx_message message = {
		.type = cork->type,
		.len = cork->len,
		.segment = cork->segment,
		.may_be_clear = !msg->msg_controllen,
	};
	struct kvec vec = { cork->buf, cork->len };
	struct dtls_tx_datagrams datagrams;
	struct iov_iter from;
	int err;

	iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, vec.iov_len);
	err = dtls_datagram_seal(sk, ctx, &message, &from, &datagrams);
	if (err)
		return err;
	err = dtls_datagram_send(sk, ctx, msg, &datagrams);
	if (err >= 0 || !is_transient(err))
		dtls_cork_drop(cork);
	return err < 0 ? err : 0;
}

/* Append, and flush unless more is to come. */
static int append(struct sock *sk, struct dtls_context *ctx, struct msghdr *msg,
		  const struct dtls_tx_message *message, size_t max, bool more)
{
	struct dtls_cork *cork = &ctx->cork;
	bool was_pending = cork->is_pending;
	size_t old_len = cork->len;
	int err;

	err = dtls_cork_append(cork, message, &msg->msg_iter, max);
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
			 struct msghdr *msg,
			 const struct dtls_tx_message *message, size_t max,
			 bool more)
{
	struct dtls_tx_message part = *message;
	size_t room;
	int err;

	if (ctx->cork.len >= max) {
		err = flush(sk, ctx, msg);
		if (err)
			return err;
	}
	room = max - ctx->cork.len;
	part.len = min(part.len, room);
	/* It needn't wait. */
	if (part.len == max)
		return send_records(sk, ctx, msg, &part);
	err = append(sk, ctx, msg, &part, max, more && part.len < room);
	return err ?: part.len;
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
		       struct msghdr *msg,
		       const struct dtls_tx_message *message, bool more,
		       bool spliced)
{
	struct dtls_cork *cork = &ctx->cork;
	size_t max;
	int ret;

	/* Its holder may wait for room to send. */
	if (mutex_lock_interruptible(&cork->lock))
		return -ERESTARTSYS;
	more |= cork->is_set;
	max = batch_max(ctx, cork->is_pending ? cork->segment :
						message->segment);
	ret = check_corkable(ctx);
	if (!ret && spliced)
		ret = splice_corked(sk, ctx, msg, message, max, more);
	else if (!ret)
		ret = append(sk, ctx, msg, message, max, more) ?: message->len;
	mutex_unlock(&cork->lock);
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
	struct dtls_tx_message message;
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
		return more ? -EOPNOTSUPP :
			      dtls_datagram_send_epoch0(sk, ctx, msg, len);
	err = check_record(&said, len);
	if (err)
		return err;
	message = (struct dtls_tx_message){
		.type = said.type,
		.len = len,
		.segment = said.has_segment ? said.segment :
					      READ_ONCE(ctx->segment),
		.may_be_clear = !said.has_others,
	};
	if (more || dtls_cork_is_used(&ctx->cork))
		return send_corked(sk, ctx, msg, &message, more, spliced);
	if (spliced)
		message.len = min(len, batch_max(ctx, message.segment));
	return send_records(sk, ctx, msg, &message);
}

/**
 * dtls_writer_sendmsg() - sendmsg() of an attached socket
 * @sk: the socket
 * @msg: the content of one record, or with UDP_SEGMENT of several, and control
 *	messages; with MSG_MORE, or UDP_CORK set, a part of it
 * @len: length of the content, bytes
 *
 * Context: process; senders may run in parallel.
 * Return: @len, or less of what is spliced; -EMSGSIZE over the record's or the
 *	peer's limit, or as UDP says; -EINVAL for a type that can't be sent, or
 *	another than what waits has, or too many datagrams; -EISCONN if an address is given on a
 *	connected socket, -EDESTADDRREQ if none is on another; -EOPNOTSUPP for
 *	MSG_OOB, MSG_ZEROCOPY, and without a key MSG_MORE;
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
		return dtls_datagram_send_plain(sk, ctx, msg, len);
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
