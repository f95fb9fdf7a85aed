/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_READY_H
#define _DTLS_READY_H

#include <linux/list.h>
#include <linux/types.h>

struct dtls_context;
struct dtls_rx_record;
struct sock;

/**
 * struct dtls_run - records that are read at once
 * @records: the records, struct dtls_rx_record; empty where they stay in the
 *	socket's list
 * @first: the first of them; the content of the others follows its own
 * @len: length of all content, bytes
 * @segment: content of each but the last, bytes; 0 if there's only one
 */
struct dtls_run {
	struct list_head	records;
	struct dtls_rx_record	*first;
	u32			len;
	u32			segment;
};

void dtls_ready_push(struct sock *sk, struct list_head *records);
void dtls_ready_push_front(struct sock *sk, struct list_head *records);
struct dtls_rx_record *dtls_ready_measure(struct list_head *records, bool join,
					  struct dtls_run *run);
bool dtls_ready_get(struct dtls_context *ctx, bool peek, bool join,
		    struct dtls_run *run, bool *unopened);
struct dtls_rx_record *dtls_ready_get_unopened(struct dtls_context *ctx);
bool dtls_ready_is_any(struct dtls_context *ctx);
int dtls_ready_first_len(struct dtls_context *ctx, bool join);
void dtls_ready_take_opened(struct dtls_context *ctx,
			    struct list_head *records);
void dtls_ready_put_run(struct dtls_run *run);
void dtls_ready_put_all(struct list_head *records);

#endif /* _DTLS_READY_H */
