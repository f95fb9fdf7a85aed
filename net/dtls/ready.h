/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_READY_H
#define _DTLS_READY_H

#include <linux/types.h>

struct dtls_context;
struct dtls_rx_record;
struct list_head;
struct sock;

void dtls_ready_push(struct sock *sk, struct list_head *records);
void dtls_ready_push_front(struct sock *sk, struct dtls_rx_record *record);
struct dtls_rx_record *dtls_ready_get(struct dtls_context *ctx, bool peek,
				      bool *unopened);
struct dtls_rx_record *dtls_ready_get_unopened(struct dtls_context *ctx);
bool dtls_ready_is_any(struct dtls_context *ctx);
int dtls_ready_first_len(struct dtls_context *ctx);
void dtls_ready_take_opened(struct dtls_context *ctx,
			    struct list_head *records);
void dtls_ready_put_all(struct list_head *records);

#endif /* _DTLS_READY_H */
