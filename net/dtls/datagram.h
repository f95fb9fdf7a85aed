/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_DATAGRAM_H
#define _DTLS_DATAGRAM_H

#include <linux/types.h>

struct dtls_context;
struct dtls_tx_datagrams;
struct dtls_tx_message;
struct iov_iter;
struct msghdr;
struct sock;

int dtls_datagram_seal(struct sock *sk, struct dtls_context *ctx,
		       struct dtls_tx_message *message,
		       struct iov_iter *from, struct dtls_tx_datagrams *out);
int dtls_datagram_send(struct sock *sk, struct dtls_context *ctx,
		       const struct msghdr *msg,
		       struct dtls_tx_datagrams *datagrams);
int dtls_datagram_send_epoch0(struct sock *sk, struct dtls_context *ctx,
			      struct msghdr *msg, size_t len);
int dtls_datagram_send_plain(struct sock *sk, struct dtls_context *ctx,
			     struct msghdr *msg, size_t len);

#endif /* _DTLS_DATAGRAM_H */
