/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_OFFLOAD_SEND_H
#define _DTLS_OFFLOAD_SEND_H

#include <linux/types.h>

struct dtls_context;
struct dtls_tx_message;
struct msghdr;
struct sock;

bool dtls_offload_may_send(struct sock *sk, struct dtls_context *ctx,
			   const struct dtls_tx_message *message);
int dtls_offload_send(struct sock *sk, struct dtls_context *ctx,
		      struct msghdr *out, size_t len, bool in_clear);
int dtls_offload_wait(struct sock *sk, long *timeo);

#endif /* _DTLS_OFFLOAD_SEND_H */
