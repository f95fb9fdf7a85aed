// SPDX-License-Identifier: GPL-2.0
/* send(): make a record, and let UDP send it. */
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "assoc.h"
#include "cmsg.h"
#include "context.h"
#include "tx.h"
#include "writer.h"

/* UDP's own sendmsg(), with the record in place of the content. */
static int send_datagram(struct sock *sk, struct dtls_context *ctx,
			 const struct msghdr *msg, const struct kvec *datagram)
{
	struct msghdr out = *msg;
	struct kvec vec = *datagram;
	int ret;

	iov_iter_kvec(&out.msg_iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	ret = ctx->base_prot->sendmsg(sk, &out, vec.iov_len);
	if (ret < 0)
		dtls_stats_inc(&ctx->assoc->counters, DTLS_STAT_TX_ERROR);
	return ret;
}

static int check_record(const struct msghdr *msg, u8 type, size_t len)
{
	if (msg->msg_flags & (MSG_OOB | MSG_ZEROCOPY))
		return -EOPNOTSUPP;
	/* The keys are for the peer and nobody else. */
	if (msg->msg_name)
		return -EISCONN;
	if (len > DTLS_RECORD_PAYLOAD_MAX)
		return -EMSGSIZE;
	/* RFC 5246, 6.2.1: only application data may be empty. */
	if (!len && type != DTLS_RECORD_DATA)
		return -EINVAL;
	return 0;
}

static int send_record(struct sock *sk, struct dtls_context *ctx,
		       struct msghdr *msg, size_t len)
{
	u8 type = DTLS_RECORD_DATA;
	struct kvec datagram;
	int err;

	err = dtls_cmsg_get_type(msg, &type);
	if (err)
		return err;
	err = check_record(msg, type, len);
	if (err)
		return err;

	err = dtls_tx_seal(ctx->assoc, type, &msg->msg_iter, len, &datagram);
	if (err)
		return err;
	err = send_datagram(sk, ctx, msg, &datagram);
	kfree(datagram.iov_base);
	return err < 0 ? err : len;
}

/**
 * dtls_writer_sendmsg() - sendmsg() of an attached socket
 * @sk: the socket
 * @msg: the content of one record, and control messages
 * @len: length of the content, bytes
 *
 * Context: process; senders may run in parallel.
 * Return: @len, or less of what is spliced; -EMSGSIZE over 16384 bytes or as
 *	UDP says; -EINVAL for a type that can't be sent; -EISCONN if an address
 *	is given; -EOPNOTSUPP for MSG_MORE, MSG_OOB, MSG_ZEROCOPY and
 *	UDP_SEGMENT; -EKEYEXPIRED after number 2^48 - 1; -ENOMEM; -EFAULT; else
 *	as UDP.
 * Source: RFC 6347, 4.1.
 */
int dtls_writer_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct dtls_context *ctx = dtls_context(sk);
	bool spliced = msg->msg_flags & MSG_SPLICE_PAGES;

	/*
	 * Pages that are spliced in are copied: a record is of its own memory.
	 * More of them may follow, and no record waits for it.
	 */
	if (spliced)
		msg->msg_flags &= ~(MSG_SPLICE_PAGES | MSG_MORE);
	if (msg->msg_flags & MSG_MORE)
		return -EOPNOTSUPP;
	if (!dtls_assoc_has_tx(ctx->assoc))
		return ctx->base_prot->sendmsg(sk, msg, len);
	if (spliced)
		len = min_t(size_t, len, DTLS_RECORD_PAYLOAD_MAX);
	return send_record(sk, ctx, msg, len);
}
